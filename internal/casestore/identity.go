package casestore

import (
	"context"
	"database/sql"
	"errors"

	"tocsin/internal/auth"
)

// IdentityOwner says whose identity it is, auth.ErrNotFound when nobody's.
func (s *Store) IdentityOwner(ctx context.Context, issuer, subject string) (operatorID string, err error) {
	err = s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT operator_id FROM identities WHERE issuer = ? AND subject = ?`), issuer, subject).Scan(&operatorID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", auth.ErrNotFound
	}
	return operatorID, wrap("identity", err)
}

// LinkIdentity gives an operator an identity and ends their invitation, both or neither. auth.ErrLinked when either has another partner.
func (s *Store) LinkIdentity(ctx context.Context, operatorID string, l auth.Link) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM invitations WHERE operator_id = ?`), operatorID); err != nil {
			return wrap("invitation", err)
		}
		return s.putIdentity(ctx, tx, operatorID, l)
	})
}

func (s *Store) putIdentity(ctx context.Context, tx *sql.Tx, operatorID string, l auth.Link) error {
	res, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO identities (issuer, subject, operator_id, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`), l.Issuer, l.Subject, operatorID, micros(l.Since))
	return oneRow(res, err, auth.ErrLinked)
}

// AddLinked adds an operator with an identity, both or neither.
func (s *Store) AddLinked(ctx context.Context, o auth.Operator, l auth.Link) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if err := addOperator(ctx, tx, s.dialect, o); err != nil {
			return err
		}
		return s.putIdentity(ctx, tx, o.ID, l)
	})
}

// LinkOf returns the newest identity of an operator, auth.ErrNoLink when there is none.
func (s *Store) LinkOf(ctx context.Context, operatorID string) (l auth.Link, err error) {
	var since int64
	err = s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT issuer, subject, since FROM identities WHERE operator_id = ? ORDER BY since DESC LIMIT 1`), operatorID).Scan(&l.Issuer, &l.Subject, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return l, auth.ErrNoLink
	}
	l.Since = fromMicros(since)
	return l, wrap("identity", err)
}

// Unlink forgets the identities of an operator.
func (s *Store) Unlink(ctx context.Context, operatorID string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM identities WHERE operator_id = ?`), operatorID)
	return wrap("identity", err)
}
