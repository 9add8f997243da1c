package casestore

import (
	"context"
	"database/sql"

	"tocsin/internal/auth"
)

// AddKey keeps a key, and recovery codes unless hashes is nil, both or neither. auth.ErrKeyThere when somebody has this key.
func (s *Store) AddKey(ctx context.Context, k auth.Key, hashes []string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO keys (id, operator_id, credential, name, body, made) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (credential) DO NOTHING`),
			k.ID, k.OperatorID, k.Credential, k.Name, string(k.Body), micros(k.Made))
		if err := oneRow(res, err, auth.ErrKeyThere); err != nil || hashes == nil {
			return err
		}
		return s.putCodes(ctx, tx, k.OperatorID, hashes)
	})
}

// KeysOf lists the keys of an operator, oldest first.
func (s *Store) KeysOf(ctx context.Context, operatorID string) ([]auth.Key, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT id, operator_id, credential, name, body, made, used, suspect FROM keys WHERE operator_id = ? ORDER BY id`), operatorID)
	if err != nil {
		return nil, wrap("keys", err)
	}
	defer rows.Close()
	var all []auth.Key
	for rows.Next() {
		var k auth.Key
		var body string
		var made, used int64
		if err := rows.Scan(&k.ID, &k.OperatorID, &k.Credential, &k.Name, &body, &made, &used, &k.Suspect); err != nil {
			return nil, wrap("keys", err)
		}
		k.Body, k.Made, k.Used = []byte(body), fromMicros(made), fromMicros(used)
		all = append(all, k)
	}
	return all, wrap("keys", rows.Err())
}

// UseKey keeps what changed in use. A key that is suspect stays so.
func (s *Store) UseKey(ctx context.Context, k auth.Key) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE keys SET body = ?, used = ?, suspect = suspect OR ? WHERE id = ?`), string(k.Body), micros(k.Used), k.Suspect, k.ID)
	return wrap("key", err)
}

// RenameKey gives a key another name.
func (s *Store) RenameKey(ctx context.Context, id, name string) error {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE keys SET name = ? WHERE id = ?`), name, id)
	return oneRow(res, err, auth.ErrNoKey)
}

// RemoveKey forgets a key, and the recovery codes when no factor is left.
func (s *Store) RemoveKey(ctx context.Context, operatorID, id string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM keys WHERE id = ? AND operator_id = ?`), id, operatorID)
		if err := oneRow(res, err, auth.ErrNoKey); err != nil {
			return err
		}
		return s.tidyCodes(ctx, tx, operatorID)
	})
}

// tidyCodes forgets the recovery codes of somebody without a second factor.
func (s *Store) tidyCodes(ctx context.Context, tx *sql.Tx, operatorID string) error {
	_, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM recovery_codes WHERE operator_id = ? AND NOT EXISTS (SELECT 1 FROM keys WHERE keys.operator_id = ?)
		AND NOT EXISTS (SELECT 1 FROM totp WHERE totp.operator_id = ? AND totp.confirmed > 0)`), operatorID, operatorID, operatorID)
	return wrap("recovery codes", err)
}
