package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tocsin/internal/auth"
)

const tokenColumns = `id, operator_id, name, hash, created, used, expires, revoked, scopes`

// AddToken keeps an API token's hash.
func (s *Store) AddToken(ctx context.Context, t auth.Token) error {
	scopes := ""
	if t.Scopes != nil {
		raw, err := json.Marshal(t.Scopes)
		if err != nil {
			return wrap("token", err)
		}
		scopes = string(raw)
	}
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO tokens (`+tokenColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		t.ID, t.OperatorID, t.Name, t.Hash, micros(t.Created), micros(t.Used), micros(t.Expires), t.Revoked, scopes)
	return wrap("token", err)
}

// TokenByHash finds a token by the SHA-256 of its secret.
func (s *Store) TokenByHash(ctx context.Context, hash string) (auth.Token, error) {
	return scanToken(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`), hash))
}

// Tokens returns all tokens, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]auth.Token, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT `+tokenColumns+` FROM tokens ORDER BY created, id`)
	if err != nil {
		return nil, wrap("tokens", err)
	}
	defer rows.Close()
	var all []auth.Token
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, wrap("tokens", rows.Err())
}

// MarkToken keeps the time a token was last used.
func (s *Store) MarkToken(ctx context.Context, id string, at time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE tokens SET used = ? WHERE id = ?`), micros(at), id)
	return wrap("token", err)
}

// RevokeToken makes a token useless for good.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE tokens SET revoked = TRUE WHERE id = ?`), id)
	return wrap("token", err)
}

func scanToken(row scanner) (auth.Token, error) {
	var (
		t                      auth.Token
		created, used, expires int64
		scopes                 string
	)
	err := row.Scan(&t.ID, &t.OperatorID, &t.Name, &t.Hash, &created, &used, &expires, &t.Revoked, &scopes)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Token{}, auth.ErrNotFound
	}
	if err == nil && scopes != "" {
		t.Scopes = []auth.Permission{} // what cannot be read allows nothing
		err = json.Unmarshal([]byte(scopes), &t.Scopes)
	}
	t.Created, t.Used, t.Expires = fromMicros(created), fromMicros(used), fromMicros(expires)
	return t, wrap("token", err)
}
