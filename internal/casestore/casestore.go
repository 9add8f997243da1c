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
	"time"

	"tocsin/internal/sqlitefile"
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
	f, err := sqlitefile.Open(path, sqlitefile.Options{WriterCache: 16_000, ReaderCache: 8_000, Readers: 4})
	if err != nil {
		return nil, fmt.Errorf("case store: %w", err)
	}
	s := &Store{path: f.Path, dialect: SQLite, writer: f.Writer, reader: f.Reader}
	if err := s.migrate(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("case store %s: %w", f.Path, err)
	}
	if err := s.chainAudit(ctx, time.Now()); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("case store %s: %w", f.Path, err)
	}
	return s, nil
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
