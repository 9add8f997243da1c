package casestore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions keeps sign-in sessions for scs, which hands over hashes of cookies, never cookies.
type Sessions struct{ store *Store }

var _ scs.CtxStore = Sessions{}

// Sessions returns the session table.
func (s *Store) Sessions() Sessions { return Sessions{s} }

// FindCtx returns the data of a session that neither ended nor expired.
func (t Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := t.store.reader.QueryRowContext(ctx, t.store.dialect.Rebind(`SELECT data FROM sessions WHERE token = ? AND expires > ? AND ended = FALSE`), token, micros(time.Now())).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, wrap("session", err)
}

// CommitCtx keeps a session. One that was ended stays ended: a request that was under way while its operator signed out
// must not bring the session back.
func (t Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := t.store.writer.ExecContext(ctx, t.store.dialect.Rebind(`INSERT INTO sessions (token, data, expires) VALUES (?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires WHERE sessions.ended = FALSE`), token, data, micros(expiry))
	return wrap("session", err)
}

// DeleteCtx ends a session.
func (t Sessions) DeleteCtx(ctx context.Context, token string) error {
	_, err := t.store.writer.ExecContext(ctx, t.store.dialect.Rebind(`UPDATE sessions SET ended = TRUE, data = ? WHERE token = ?`), []byte{}, token)
	return wrap("session", err)
}

// Find, Commit and Delete are the same without a context, as scs.Store asks; scs calls the others.
func (t Sessions) Find(token string) ([]byte, bool, error) {
	return t.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (t Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return t.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (t Sessions) Delete(token string) error { return t.DeleteCtx(context.Background(), token) }

// RemoveExpired forgets sessions that are over at the time now, and returns how many.
func (t Sessions) RemoveExpired(ctx context.Context, now time.Time) (int64, error) {
	res, err := t.store.writer.ExecContext(ctx, t.store.dialect.Rebind(`DELETE FROM sessions WHERE expires <= ?`), micros(now))
	if err != nil {
		return 0, wrap("sessions", err)
	}
	return res.RowsAffected()
}
