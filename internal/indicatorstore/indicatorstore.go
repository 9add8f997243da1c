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
	"sync"

	"tocsin/internal/indicator"
	"tocsin/internal/sqlitefile"
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
	// The index of fingerprints is written all over: it fits into this cache, or every batch would be read back from the disk.
	f, err := sqlitefile.Open(path, sqlitefile.Options{WriterCache: 96_000, ReaderCache: 8_000, Readers: 3})
	if err != nil {
		return nil, fmt.Errorf("indicators: %w", err)
	}
	s := &Store{writer: f.Writer, reader: f.Reader, sources: map[string]int64{}, names: map[int64]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("indicators %s: %w", f.Path, err), s.Close())
		}
	}()
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

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }

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
