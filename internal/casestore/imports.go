package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Import is how far a file of mail has been taken in. It holds for the file as it was: when size or time of
// change differ, the file is read again from the start (messages that are known cost little).
type Import struct {
	Path     string // absolute
	Size     int64  // octets of the file
	Modified time.Time
	Position int64 // everything before this offset (of the unpacked content) is taken in
	Messages int64 // taken in from this file so far
	Complete bool
}

// ImportOf returns the progress of a file; the zero Import when it was never read or has changed since.
func (s *Store) ImportOf(ctx context.Context, path string, size int64, modified time.Time) (Import, error) {
	var (
		i  = Import{Path: path}
		us int64
	)
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(
		`SELECT size, modified, position, messages, complete FROM imports WHERE path = ?`), path).
		Scan(&i.Size, &us, &i.Position, &i.Messages, &i.Complete)
	if errors.Is(err, sql.ErrNoRows) {
		return Import{}, nil
	} else if err != nil {
		return Import{}, fmt.Errorf("import progress of %s: %w", path, err)
	}
	if i.Size != size || us != micros(modified) {
		return Import{}, nil
	}
	i.Modified = fromMicros(us)
	return i, nil
}

// SaveImports records progress of several files in one transaction.
func (s *Store) SaveImports(ctx context.Context, imports []Import) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`
			INSERT INTO imports (path, size, modified, position, messages, complete, updated) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified = excluded.modified, position = excluded.position,
				messages = excluded.messages, complete = excluded.complete, updated = excluded.updated`))
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		now := micros(time.Now())
		for _, i := range imports {
			if _, err := stmt.ExecContext(ctx, i.Path, i.Size, micros(i.Modified), i.Position, i.Messages, i.Complete, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save import progress: %w", err)
	}
	return nil
}
