package casestore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"tocsin/internal/quarantine"
)

// Quarantine keeps what people said about mail that is held.
type Quarantine struct{ s *Store }

// Quarantine returns that store.
func (s *Store) Quarantine() *Quarantine { return &Quarantine{s} }

var _ quarantine.Store = (*Quarantine)(nil)

const requestColumns = `message_id, recipient, asked, note, state, answered, operator, reason, told`

func scanRequest(row scanner) (quarantine.Request, error) {
	var (
		r               quarantine.Request
		asked, answered int64
	)
	err := row.Scan(&r.Message, &r.Recipient, &asked, &r.Note, &r.State, &answered, &r.By, &r.Reason, &r.Told)
	r.Asked, r.Answered = fromMicros(asked), fromMicros(answered)
	return r, err
}

// Ask keeps a request unless one stands.
func (q *Quarantine) Ask(ctx context.Context, r quarantine.Request, since time.Time) (stands quarantine.Request, fresh bool, err error) {
	err = q.s.InTx(ctx, func(tx *sql.Tx) error {
		stands, err = scanRequest(tx.QueryRowContext(ctx, q.s.dialect.Rebind(`SELECT `+requestColumns+` FROM quarantine_requests WHERE message_id = ? AND recipient = ?`), r.Message, r.Recipient))
		switch {
		case err == nil && (stands.State == quarantine.Open || !stands.Answered.Before(since)):
			return nil
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return wrap("release request", err)
		}
		var open int
		if err := tx.QueryRowContext(ctx, q.s.dialect.Rebind(`SELECT count(*) FROM quarantine_requests WHERE state = ?`), string(quarantine.Open)).Scan(&open); err != nil {
			return wrap("release request", err)
		}
		if open >= quarantine.MaxOpen {
			return quarantine.ErrTooMany
		}
		stands, fresh = r, true
		_, err := tx.ExecContext(ctx, q.s.dialect.Rebind(`INSERT INTO quarantine_requests (`+requestColumns+`) VALUES (`+marks(9)+`)
			ON CONFLICT (message_id, recipient) DO UPDATE SET asked = excluded.asked, note = excluded.note, state = excluded.state, answered = excluded.answered, operator = excluded.operator, reason = excluded.reason, told = excluded.told`),
			r.Message, r.Recipient, micros(r.Asked), r.Note, string(r.State), micros(r.Answered), r.By, r.Reason, r.Told)
		return wrap("release request", err)
	})
	return stands, fresh, err
}

func (q *Quarantine) requests(ctx context.Context, rest string, args ...any) ([]quarantine.Request, error) {
	rows, err := q.s.reader.QueryContext(ctx, q.s.dialect.Rebind(`SELECT `+requestColumns+` FROM quarantine_requests `+rest), args...)
	if err != nil {
		return nil, wrap("release requests", err)
	}
	defer rows.Close()
	var all []quarantine.Request
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, wrap("release requests", err)
		}
		all = append(all, r)
	}
	return all, wrap("release requests", rows.Err())
}

// keysAtOnce is how many messages one question names.
const keysAtOnce = 500

// messagesOf are the different messages of keys, as arguments.
func messagesOf(keys []quarantine.Key) []any {
	var out []any
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.Message] {
			seen[k.Message] = true
			out = append(out, k.Message)
		}
	}
	return out
}

// Requests returns those that there are.
func (q *Quarantine) Requests(ctx context.Context, keys []quarantine.Key) (map[quarantine.Key]quarantine.Request, error) {
	out := map[quarantine.Key]quarantine.Request{}
	for part := range slices.Chunk(messagesOf(keys), keysAtOnce) {
		list, err := q.requests(ctx, `WHERE message_id IN (`+marks(len(part))+`)`, part...)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			out[quarantine.Key{Message: r.Message, Recipient: r.Recipient}] = r
		}
	}
	return out, nil
}

// Waiting returns open requests.
func (q *Quarantine) Waiting(ctx context.Context, limit int) ([]quarantine.Request, error) {
	return q.requests(ctx, `WHERE state = ? ORDER BY asked, message_id, recipient LIMIT ?`, string(quarantine.Open), limit)
}

// CountOpen counts them.
func (q *Quarantine) CountOpen(ctx context.Context) (n int, err error) {
	err = q.s.reader.QueryRowContext(ctx, q.s.dialect.Rebind(`SELECT count(*) FROM quarantine_requests WHERE state = ?`), string(quarantine.Open)).Scan(&n)
	return n, wrap("release requests", err)
}

// Answer ends an open request.
func (q *Quarantine) Answer(ctx context.Context, r quarantine.Request) error {
	res, err := q.s.writer.ExecContext(ctx, q.s.dialect.Rebind(`UPDATE quarantine_requests SET state = ?, answered = ?, operator = ?, reason = ? WHERE message_id = ? AND recipient = ? AND state = ?`),
		string(r.State), micros(r.Answered), r.By, r.Reason, r.Message, r.Recipient, string(quarantine.Open))
	if err != nil {
		return wrap("release request", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(quarantine.ErrNoRequest, err)
	}
	return nil
}

// Untold returns answers that wait to be told.
func (q *Quarantine) Untold(ctx context.Context, limit int) ([]quarantine.Request, error) {
	return q.requests(ctx, `WHERE answered > 0 AND NOT told ORDER BY answered, message_id, recipient LIMIT ?`, limit)
}

// Told notes that the person knows.
func (q *Quarantine) Told(ctx context.Context, k quarantine.Key) error {
	_, err := q.s.writer.ExecContext(ctx, q.s.dialect.Rebind(`UPDATE quarantine_requests SET told = ? WHERE message_id = ? AND recipient = ?`), true, k.Message, k.Recipient)
	return wrap("release request", err)
}

// Listed says which ones a digest has told about.
func (q *Quarantine) Listed(ctx context.Context, keys []quarantine.Key) (map[quarantine.Key]bool, error) {
	out := map[quarantine.Key]bool{}
	for part := range slices.Chunk(messagesOf(keys), keysAtOnce) {
		rows, err := q.s.reader.QueryContext(ctx, q.s.dialect.Rebind(`SELECT message_id, recipient FROM quarantine_listed WHERE message_id IN (`+marks(len(part))+`)`), part...)
		if err != nil {
			return nil, wrap("digests", err)
		}
		for rows.Next() {
			var k quarantine.Key
			if err := rows.Scan(&k.Message, &k.Recipient); err != nil {
				return nil, wrap("digests", errors.Join(err, rows.Close()))
			}
			out[k] = true
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, wrap("digests", err)
		}
	}
	return out, nil
}

// List notes what a digest tells about.
func (q *Quarantine) List(ctx context.Context, keys []quarantine.Key, at time.Time) error {
	return q.s.InTx(ctx, func(tx *sql.Tx) error {
		for part := range slices.Chunk(keys, rowsAStatement) {
			args := make([]any, 0, 3*len(part))
			for _, k := range part {
				args = append(args, k.Message, k.Recipient, micros(at))
			}
			values := strings.TrimSuffix(strings.Repeat("("+marks(3)+"), ", len(part)), ", ")
			if _, err := tx.ExecContext(ctx, q.s.dialect.Rebind(`INSERT INTO quarantine_listed (message_id, recipient, at) VALUES `+values+` ON CONFLICT (message_id, recipient) DO NOTHING`), args...); err != nil {
				return wrap("digests", err)
			}
		}
		return nil
	})
}

// Forget removes what is over since long.
func (q *Quarantine) Forget(ctx context.Context, before time.Time) error {
	return q.s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, q.s.dialect.Rebind(`DELETE FROM quarantine_listed WHERE at < ?`), micros(before)); err != nil {
			return wrap("digests", err)
		}
		_, err := tx.ExecContext(ctx, q.s.dialect.Rebind(`DELETE FROM quarantine_requests WHERE answered > 0 AND answered < ? AND told`), micros(before))
		return wrap("release requests", err)
	})
}

// DigestDay returns the last day with digests.
func (q *Quarantine) DigestDay(ctx context.Context) (day string, err error) {
	err = q.s.reader.QueryRowContext(ctx, `SELECT day FROM quarantine_digests`).Scan(&day)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return day, wrap("digests", err)
}

// SetDigestDay notes it.
func (q *Quarantine) SetDigestDay(ctx context.Context, day string) error {
	_, err := q.s.writer.ExecContext(ctx, q.s.dialect.Rebind(`INSERT INTO quarantine_digests (one, day) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET day = excluded.day`), day)
	return wrap("digests", err)
}
