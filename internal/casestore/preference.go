package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

// Preferences returns the operator's preferences as they were put, nil when there are none.
func (s *Store) Preferences(ctx context.Context, operatorID string) (json.RawMessage, error) {
	var body string
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT body FROM preferences WHERE operator_id = ?`), operatorID).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return json.RawMessage(body), wrap("preferences", err)
}

// PutPreferences keeps the operator's preferences.
func (s *Store) PutPreferences(ctx context.Context, operatorID string, body json.RawMessage) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO preferences (operator_id, body) VALUES (?, ?) ON CONFLICT (operator_id) DO UPDATE SET body = excluded.body`), operatorID, string(body))
	return wrap("preferences", err)
}
