package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// ErrNoChain says that a store is older than the chain of the audit log.
var ErrNoChain = errors.New("its audit log is not chained yet: an older Tocsin wrote it; start tocsin serve on it once")

// OpenReadOnly opens the database for reading alone, also while another process works with it, and changes nothing: it is for looking
// at evidence. A copy on a medium that cannot be written is read as well.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("case store %s: %w", path, err)
	}
	if info, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("case store: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("case store %s is no file", abs)
	}
	open := func(how string) (*Store, error) {
		q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "query_only(1)", "cache_size(-32000)"}}
		if how != "" {
			q.Set(how, "1")
		}
		db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String())
		if err != nil {
			return nil, err
		}
		s := &Store{path: abs, dialect: SQLite, writer: db, reader: db}
		var n int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'audit_head'`).Scan(&n); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if n == 0 {
			return nil, errors.Join(ErrNoChain, db.Close())
		}
		return s, nil
	}
	s, err := open("")
	if err != nil && !errors.Is(err, ErrNoChain) {
		// Without a write-ahead log the file is all there is, and its folder need not be written to.
		if _, wal := os.Stat(abs + "-wal"); errors.Is(wal, fs.ErrNotExist) {
			if again, e := open("immutable"); e == nil || errors.Is(e, ErrNoChain) {
				s, err = again, e
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("case store %s: %w", abs, err)
	}
	return s, nil
}
