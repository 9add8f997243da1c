package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/auth"
)

// ChangeOperator keeps name, roles, whether the operator is disabled, and when the rights changed (a zero Changed leaves sessions
// alone). It answers auth.ErrLastAdministrator, and keeps nothing, when nobody could manage operators any more.
func (s *Store) ChangeOperator(ctx context.Context, o auth.Operator) error {
	roles, err := json.Marshal(o.Roles)
	if err != nil {
		return fmt.Errorf("operator %s: %w", o.Email, err)
	}
	return s.InTx(ctx, func(tx *sql.Tx) error {
		before, err := administrators(ctx, tx)
		if err != nil {
			return err
		}
		at := micros(o.Changed)
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE operators SET name = ?, roles = ?, disabled = ?, changed = CASE WHEN ? > changed THEN ? ELSE changed END WHERE id = ?`),
			o.Name, string(roles), o.Disabled, at, at, o.ID)
		if err != nil {
			return wrap("operator", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(auth.ErrNotFound, err)
		}
		after, err := administrators(ctx, tx)
		if err == nil && after == 0 && before > 0 {
			return auth.ErrLastAdministrator
		}
		return err
	})
}

// administrators counts the Global Administrators who can sign in: those who were only invited cannot yet.
func administrators(ctx context.Context, tx *sql.Tx) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM operators WHERE disabled = FALSE AND (password <> '' OR signed_in > 0) AND roles LIKE '%"`+string(auth.GlobalAdministrator)+`"%'`).Scan(&n)
	return n, wrap("operators", err)
}

// EndSessions ends all sessions of an operator but one; except may be "".
func (s *Store) EndSessions(ctx context.Context, operatorID, except string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE session_facts SET ended = TRUE WHERE operator_id = ? AND id <> ?`), operatorID, except)
	return wrap("sessions", err)
}

// PutInvitation replaces the operator's invitation by this one.
func (s *Store) PutInvitation(ctx context.Context, hash, operatorID string, expires time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO invitations (hash, operator_id, expires) VALUES (?, ?, ?)
		ON CONFLICT (operator_id) DO UPDATE SET hash = excluded.hash, expires = excluded.expires`), hash, operatorID, micros(expires))
	return wrap("invitation", err)
}

// Invitation says whose link has this hash, and until when it works.
func (s *Store) Invitation(ctx context.Context, hash string) (operatorID string, expires time.Time, err error) {
	var at int64
	err = s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT operator_id, expires FROM invitations WHERE hash = ?`), hash).Scan(&operatorID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, auth.ErrNotFound
	}
	return operatorID, fromMicros(at), wrap("invitation", err)
}

// TakeInvitation uses the link up and keeps the password, both or neither. A link that is not there or over is auth.ErrInvitation.
func (s *Store) TakeInvitation(ctx context.Context, hash string, now time.Time, operatorID, phc string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM invitations WHERE hash = ? AND operator_id = ? AND expires > ?`), hash, operatorID, micros(now))
		if err != nil {
			return wrap("invitation", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(auth.ErrInvitation, err)
		}
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE operators SET password = ?, changed = ? WHERE id = ?`), phc, micros(now), operatorID)
		return wrap("password", err)
	})
}
