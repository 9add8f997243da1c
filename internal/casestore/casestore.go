// Package casestore keeps what people decide and do, and what the program still has to do.
//
// Cases are small, relational and transactional: which messages were taken in and how far each one got, who may sign
// in, which incidents are open, which actions wait for approval. They live in one SQL database: an SQLite file for
// a single process (opened here), PostgreSQL when several share it. Every statement is written in the SQL that both
// accept: ON CONFLICT, RETURNING, times as int64 microseconds since 1970 UTC, JSON as text, '?' for arguments; the
// Dialect covers the few types that differ. The durable jobs (River) are tables of the same database, so that "the
// message is taken in" and "somebody will judge it" are one transaction. Each noun has its own file; its tables have
// their own numbered migration (see migrations/README.md).
package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// ErrNotFound is returned when a row that was asked for by its key does not exist.
var ErrNotFound = errors.New("not found")

// Store is an open case database. It is safe for concurrent use.
type Store struct {
	path    string
	dialect Dialect
	writer  *sql.DB
	reader  *sql.DB
	journal journal
}

// Open opens the SQLite database at path, creates it when it is absent, and brings its tables up to date. The folder
// must exist. Every commit on the writer is on disk when it returns (WAL, synchronous=FULL). A file written by a newer
// Tocsin is refused.
func Open(ctx context.Context, path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("case store %s: %w", path, err)
	}
	// The file holds password hashes and everybody's mail metadata: create it for its owner alone. SQLite gives its
	// -wal and -shm files the same mode.
	f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("case store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("case store: %w", err)
	}

	s := &Store{path: abs, dialect: SQLite}
	if s.writer, err = sql.Open("sqlite", dsn(abs, "immediate", writerCache)); err != nil {
		return nil, fmt.Errorf("case store %s: %w", abs, err)
	}
	// SQLite has one writer at a time. With one connection the waiting happens in Go, in order and without
	// SQLITE_BUSY; River asks for the same.
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", dsn(abs, "deferred", readerCache)+"&_pragma=query_only(1)"); err != nil {
		_ = s.writer.Close()
		return nil, fmt.Errorf("case store %s: %w", abs, err)
	}
	s.reader.SetMaxOpenConns(max(4, runtime.NumCPU()))
	s.reader.SetMaxIdleConns(max(4, runtime.NumCPU()))

	if err := s.migrate(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("case store %s: %w", abs, err)
	}
	if err := s.chainAudit(ctx, time.Now()); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("case store %s: %w", abs, err)
	}
	return s, nil
}

// Pages that a connection keeps, in KiB. There are several readers, and what they let go of the system still has.
const (
	writerCache = 16_000
	readerCache = 8_000
)

// dsn is the data source name that modernc.org/sqlite reads. Pragmas hold per connection, so they belong here.
func dsn(abs, txlock string, cache int) string {
	q := url.Values{
		"_txlock": {txlock},
		"_pragma": {
			// First, so that it also covers the switch to WAL.
			"busy_timeout(" + strconv.Itoa(int((10*time.Second)/time.Millisecond)) + ")",
			"journal_mode(WAL)",
			"synchronous(FULL)",
			"foreign_keys(1)",
			"cache_size(-" + strconv.Itoa(cache) + ")",
			"temp_store(MEMORY)",
		},
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return u.String()
}

// Path of the database file.
func (s *Store) Path() string { return s.path }

// Dialect of the database behind the store.
func (s *Store) Dialect() Dialect { return s.dialect }

// Writer is the pool for everything that changes data. It has one connection: a transaction holds up every other
// writer, so it must be short, and code inside a transaction must use that transaction and never the pool (it would wait for itself).
func (s *Store) Writer() *sql.DB { return s.writer }

// Reader is the pool for everything that only reads; its connections refuse to write. It sees what was committed
// before the statement (or the read transaction) began.
func (s *Store) Reader() *sql.DB { return s.reader }

// Close waits for running statements and closes the files.
func (s *Store) Close() error {
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// InTx runs f in one write transaction: committed when f returns nil, rolled back otherwise, also when it panics.
func (s *Store) InTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// micros is how times are stored: microseconds since 1970, UTC; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the inverse of micros.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
