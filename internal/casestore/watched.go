package casestore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// WatchedFolder is how far a folder of a watched mailbox is taken in.
type WatchedFolder struct {
	System, Mailbox, Folder string
	Validity, Last          uint32    // UIDVALIDITY, and the UID up to which everything is taken in
	Since                   time.Time // what arrived before is not taken in
}

// WatchedFolders are those of a mail system.
func (s *Store) WatchedFolders(ctx context.Context, system string) ([]WatchedFolder, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT mailbox, folder, validity, last, since FROM watched_folders WHERE system = ?`), system)
	if err != nil {
		return nil, fmt.Errorf("watched folders: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WatchedFolder
	for rows.Next() {
		w := WatchedFolder{System: system}
		var since int64
		if err := rows.Scan(&w.Mailbox, &w.Folder, &w.Validity, &w.Last, &since); err != nil {
			return nil, fmt.Errorf("watched folders: %w", err)
		}
		w.Since = fromMicros(since)
		out = append(out, w)
	}
	return out, wrap("watched folders", rows.Err())
}

// SaveWatchedFolders keeps how far folders are, in one transaction.
func (s *Store) SaveWatchedFolders(ctx context.Context, list []WatchedFolder) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`
			INSERT INTO watched_folders (system, mailbox, folder, validity, last, since) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (system, mailbox, folder) DO UPDATE SET validity = excluded.validity, last = excluded.last, since = excluded.since`))
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		for _, w := range list {
			if _, err := stmt.ExecContext(ctx, w.System, w.Mailbox, w.Folder, w.Validity, w.Last, micros(w.Since)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("watched folders: %w", err)
	}
	return nil
}
