package casestore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tocsin/internal/auth"
)

// PutTOTP keeps a sealed secret that is not confirmed yet, in place of an earlier one of that kind; auth.ErrFactorThere when one is
// confirmed.
func (s *Store) PutTOTP(ctx context.Context, operatorID, sealed string) error {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO totp (operator_id, secret, confirmed, step) VALUES (?, ?, 0, 0)
		ON CONFLICT (operator_id) DO UPDATE SET secret = excluded.secret, step = 0 WHERE totp.confirmed = 0`), operatorID, sealed)
	return oneRow(res, err, auth.ErrFactorThere)
}

// TOTP returns what is kept for an operator, auth.ErrNoFactor when nothing is.
func (s *Store) TOTP(ctx context.Context, operatorID string) (auth.TOTP, error) {
	var t auth.TOTP
	var confirmed int64
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT secret, confirmed, step FROM totp WHERE operator_id = ?`), operatorID).Scan(&t.Sealed, &confirmed, &t.Step)
	if errors.Is(err, sql.ErrNoRows) {
		return t, auth.ErrNoFactor
	}
	t.Confirmed = fromMicros(confirmed)
	return t, wrap("second factor", err)
}

// ConfirmTOTP makes the secret count and keeps the hashes of recovery codes unless they are nil, both or neither.
func (s *Store) ConfirmTOTP(ctx context.Context, operatorID, sealed string, at time.Time, step int64, hashes []string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE totp SET confirmed = ?, step = ? WHERE operator_id = ? AND secret = ? AND confirmed = 0`), micros(at), step, operatorID, sealed)
		if err := oneRow(res, err, auth.ErrFactorThere); err != nil {
			return err
		}
		if hashes == nil {
			return nil
		}
		return s.putCodes(ctx, tx, operatorID, hashes)
	})
}

// UseStep uses up a time step and all before it. It is false when that happened already.
func (s *Store) UseStep(ctx context.Context, operatorID string, step int64) (bool, error) {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE totp SET step = ? WHERE operator_id = ? AND step < ?`), step, operatorID, step)
	return changed(res, err)
}

// PutRecoveryCodes replaces the recovery codes of an operator.
func (s *Store) PutRecoveryCodes(ctx context.Context, operatorID string, hashes []string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error { return s.putCodes(ctx, tx, operatorID, hashes) })
}

func (s *Store) putCodes(ctx context.Context, tx *sql.Tx, operatorID string, hashes []string) error {
	if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM recovery_codes WHERE operator_id = ?`), operatorID); err != nil {
		return wrap("recovery codes", err)
	}
	for _, h := range hashes {
		if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO recovery_codes (operator_id, hash) VALUES (?, ?)`), operatorID, h); err != nil {
			return wrap("recovery codes", err)
		}
	}
	return nil
}

// UseRecoveryCode uses a code up. It is false when there is none with this hash.
func (s *Store) UseRecoveryCode(ctx context.Context, operatorID, hash string) (bool, error) {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM recovery_codes WHERE operator_id = ? AND hash = ?`), operatorID, hash)
	return changed(res, err)
}

// RecoveryCodesLeft counts the codes that are not used.
func (s *Store) RecoveryCodesLeft(ctx context.Context, operatorID string) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM recovery_codes WHERE operator_id = ?`), operatorID).Scan(&n)
	return n, wrap("recovery codes", err)
}

// RemoveFactor forgets every second factor of an operator, and the recovery codes with them.
func (s *Store) RemoveFactor(ctx context.Context, operatorID string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM keys WHERE operator_id = ?`), operatorID); err != nil {
			return wrap("keys", err)
		}
		return s.removeTOTP(ctx, tx, operatorID)
	})
}

// RemoveTOTP forgets the authenticator app of an operator, and the recovery codes when there is no key.
func (s *Store) RemoveTOTP(ctx context.Context, operatorID string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error { return s.removeTOTP(ctx, tx, operatorID) })
}

func (s *Store) removeTOTP(ctx context.Context, tx *sql.Tx, operatorID string) error {
	if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM totp WHERE operator_id = ?`), operatorID); err != nil {
		return wrap("second factor", err)
	}
	return s.tidyCodes(ctx, tx, operatorID)
}

func changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, wrap("second factor", err)
	}
	n, err := res.RowsAffected()
	return n == 1, wrap("second factor", err)
}

func oneRow(res sql.Result, err, none error) error {
	did, err := changed(res, err)
	if err == nil && !did {
		return none
	}
	return err
}
