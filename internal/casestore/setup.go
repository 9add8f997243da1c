package casestore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tocsin/internal/auth"
)

// PutSetup replaces every set-up link by this one.
func (s *Store) PutSetup(ctx context.Context, hash string, expires time.Time) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup_links`); err != nil {
			return wrap("set-up link", err)
		}
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO setup_links (hash, expires) VALUES (?, ?)`), hash, micros(expires))
		return wrap("set-up link", err)
	})
}

// SetupExpiry says until when the link with this hash works.
func (s *Store) SetupExpiry(ctx context.Context, hash string) (time.Time, error) {
	var at int64
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT expires FROM setup_links WHERE hash = ?`), hash).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, auth.ErrNotFound
	}
	return fromMicros(at), wrap("set-up link", err)
}

// TakeSetup uses the link up and adds the first operator, both or neither.
func (s *Store) TakeSetup(ctx context.Context, hash string, now time.Time, first auth.Operator) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM setup_links WHERE hash = ? AND expires > ?`), hash, micros(now))
		if err != nil {
			return wrap("set-up link", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(auth.ErrSetupLink, err)
		}
		var operators int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM operators`).Scan(&operators); err != nil {
			return wrap("operators", err)
		}
		if operators > 0 {
			return auth.ErrSetupLink
		}
		return addOperator(ctx, tx, s.dialect, first)
	})
}
