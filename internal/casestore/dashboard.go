package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

// DashboardLayout returns how an operator arranged the dashboard, as it was put; nil when they did not.
func (s *Store) DashboardLayout(ctx context.Context, operatorID string) (json.RawMessage, error) {
	var body string
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT body FROM dashboard_layouts WHERE operator_id = ?`), operatorID).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return json.RawMessage(body), wrap("dashboard layout", err)
}

// PutDashboardLayout keeps it.
func (s *Store) PutDashboardLayout(ctx context.Context, operatorID string, body json.RawMessage) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO dashboard_layouts (operator_id, body) VALUES (?, ?) ON CONFLICT (operator_id) DO UPDATE SET body = excluded.body`), operatorID, string(body))
	return wrap("dashboard layout", err)
}
