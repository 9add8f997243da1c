package casestore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tocsin/internal/auth"
)

const sessionColumns = `id, operator_id, device, address, began, seen, ended`

// BeginSession keeps what is shown of a session.
func (s *Store) BeginSession(ctx context.Context, f auth.SessionFacts) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO session_facts (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?, FALSE)`),
		f.ID, f.OperatorID, f.Device, f.Address, micros(f.Began), micros(f.Seen))
	return wrap("session", err)
}

// SeeSession keeps when and from where a session was last used.
func (s *Store) SeeSession(ctx context.Context, id, address string, at time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE session_facts SET seen = ?, address = ? WHERE id = ?`), micros(at), address, id)
	return wrap("session", err)
}

// SessionByID returns what is known of a session, auth.ErrNoSession when it is not there or ended.
func (s *Store) SessionByID(ctx context.Context, id string) (auth.SessionFacts, error) {
	f, err := scanSession(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+sessionColumns+` FROM session_facts WHERE id = ? AND ended = FALSE`), id))
	if errors.Is(err, sql.ErrNoRows) {
		return f, auth.ErrNoSession
	}
	return f, wrap("session", err)
}

// SessionsSince returns sessions that did not end and were seen since, the latest first, at most 500; of everybody when operatorID is "".
func (s *Store) SessionsSince(ctx context.Context, operatorID string, began, seen time.Time) ([]auth.SessionFacts, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+sessionColumns+` FROM session_facts WHERE ended = FALSE AND began > ? AND seen > ? AND (? = '' OR operator_id = ?)
		AND EXISTS (SELECT 1 FROM operators o WHERE o.id = operator_id AND o.disabled = FALSE AND o.changed <= began) ORDER BY seen DESC, id LIMIT 500`), micros(began), micros(seen), operatorID, operatorID)
	if err != nil {
		return nil, wrap("sessions", err)
	}
	defer rows.Close()
	var all []auth.SessionFacts
	for rows.Next() {
		f, err := scanSession(rows)
		if err != nil {
			return nil, wrap("sessions", err)
		}
		all = append(all, f)
	}
	return all, wrap("sessions", rows.Err())
}

// EndSession ends one session; its next request finds it over.
func (s *Store) EndSession(ctx context.Context, id string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE session_facts SET ended = TRUE WHERE id = ?`), id)
	return wrap("session", err)
}

// ForgetSessions removes what is kept of sessions that began before the time.
func (s *Store) ForgetSessions(ctx context.Context, began time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM session_facts WHERE began < ?`), micros(began))
	return wrap("sessions", err)
}

func scanSession(row scanner) (f auth.SessionFacts, err error) {
	var began, seen int64
	var ended bool
	err = row.Scan(&f.ID, &f.OperatorID, &f.Device, &f.Address, &began, &seen, &ended)
	f.Began, f.Seen = fromMicros(began), fromMicros(seen)
	return f, err
}
