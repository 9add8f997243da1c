// Package indicatorstore keeps indicators in one SQLite file of its own.
//
// Indicators come by the million and can nearly all be fetched again; what people decide about cases comes by the dozen and cannot. In one
// file the writer of the case store, on which every delivery waits, would be held up for minutes while a large feed is taken in, and each
// backup would carry a gigabyte of other people's lists. So they have a file, with one writer and several readers, and the same care:
// every commit is on disk when it returns. docs/design/indicators.md has the figures.
package indicatorstore

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"tocsin/internal/indicator"
)

//go:embed schema.sql
var schema string

// version of the tables; a file with a higher one is from a newer Tocsin.
const version = 1

// Store is an open file of indicators. It is safe for concurrent use.
type Store struct {
	writer, reader *sql.DB

	mu      sync.RWMutex
	sources map[string]int64
	names   map[int64]string
}

var _ indicator.Store = (*Store)(nil)

// Open opens the file at path, and makes it when it is absent. The folder must exist.
func Open(ctx context.Context, path string) (_ *Store, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("indicators %s: %w", path, err)
	}
	f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("indicators: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("indicators: %w", err)
	}
	s := &Store{sources: map[string]int64{}, names: map[int64]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("indicators %s: %w", abs, err), s.Close())
		}
	}()
	// The index of fingerprints is written all over: it fits into this cache, or every batch would be read back from the disk.
	if s.writer, err = sql.Open("sqlite", dsn(abs, "immediate", 96_000)); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", dsn(abs, "deferred", 8_000)+"&_pragma=query_only(1)"); err != nil {
		return nil, err
	}
	s.reader.SetMaxOpenConns(max(3, runtime.NumCPU()))
	var at int
	if err = s.writer.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&at); err != nil {
		return nil, err
	}
	if at > version {
		return nil, fmt.Errorf("written by a newer Tocsin (version %d, this one knows %d): use that version, or restore a backup made before the upgrade", at, version)
	}
	if at < version {
		if _, err = s.writer.ExecContext(ctx, schema); err != nil {
			return nil, err
		}
	}
	return s, s.readSources(ctx)
}

func dsn(abs, txlock string, cache int) string {
	q := url.Values{"_txlock": {txlock}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", fmt.Sprintf("cache_size(-%d)", cache), "temp_store(MEMORY)"}}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String()
}

// Close closes the file.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func (s *Store) readSources(ctx context.Context) error {
	rows, err := s.reader.QueryContext(ctx, `SELECT id, name FROM sources`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		s.sources[name], s.names[id] = id, name
	}
	return rows.Err()
}

func (s *Store) source(name string) (int64, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.sources[name]
	return id, ok
}

func (s *Store) name(id int64) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names[id]
}
