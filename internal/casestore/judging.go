package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"tocsin/internal/rejudge"
)

var (
	_ rejudge.Store  = (*Store)(nil)
	_ rejudge.Ledger = (*Store)(nil)
)

const runColumns = `id, kind, state, automatic, reason, operator, via, spec, created, started, ended, cancel, counts, cursor_at, cursor_sum, error`

func scanRun(row scanner) (rejudge.Run, error) {
	var (
		r                           rejudge.Run
		spec, counts                string
		created, started, ended, at int64
	)
	err := row.Scan(&r.ID, &r.Kind, &r.State, &r.Automatic, &r.Trigger, &r.By, &r.Via, &spec, &created, &started, &ended, &r.Cancel, &counts, &at, &r.Cursor.SHA256, &r.Error)
	if errors.Is(err, sql.ErrNoRows) {
		return r, rejudge.ErrNotFound
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(spec), &r.Spec), json.Unmarshal([]byte(counts), &r.Counts))
	}
	r.Created, r.Started, r.Ended, r.Cursor.At = fromMicros(created), fromMicros(started), fromMicros(ended), fromMicros(at)
	return r, wrap("run", err)
}

// Run returns one run.
func (s *Store) Run(ctx context.Context, id string) (rejudge.Run, error) {
	return scanRun(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+runColumns+` FROM judging_runs WHERE id = ?`), id))
}

// Runs returns runs, newest first.
func (s *Store) Runs(ctx context.Context, kind rejudge.Kind, before string, limit int) ([]rejudge.Run, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+runColumns+` FROM judging_runs WHERE (? = '' OR kind = ?) AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?`),
		string(kind), string(kind), before, before, limit)
	if err != nil {
		return nil, wrap("runs", err)
	}
	defer rows.Close()
	var all []rejudge.Run
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, wrap("runs", rows.Err())
}

// maxWaiting is how many runs of a kind may wait.
const maxWaiting = 20

// namesMessages fits the spec of a run that judges a few messages: it does not do what a run over all of them would.
const namesMessages = `%"messages":[%`

// AddRun keeps a new run inside a transaction. An automatic one that waits already for the same kind is enough: added is false then.
func (s *Store) AddRun(ctx context.Context, tx *sql.Tx, r rejudge.Run) (added bool, err error) {
	var waiting, automatic int
	err = tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*), coalesce(sum(CASE WHEN automatic AND spec NOT LIKE ? THEN 1 ELSE 0 END), 0) FROM judging_runs WHERE kind = ? AND state = ?`), namesMessages, string(r.Kind), string(rejudge.Queued)).Scan(&waiting, &automatic)
	switch {
	case err != nil:
		return false, wrap("run", err)
	case r.Automatic && automatic > 0 && len(r.Spec.Messages) == 0:
		return false, nil
	case waiting >= maxWaiting && !r.Automatic:
		return false, rejudge.ErrTooMany
	}
	spec, err := json.Marshal(r.Spec)
	if err != nil {
		return false, wrap("run", err)
	}
	_, err = tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO judging_runs (`+runColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, '{}', 0, '', '')`),
		r.ID, string(r.Kind), string(rejudge.Queued), r.Automatic, r.Trigger, r.By, r.Via, string(spec), micros(r.Created), false)
	return err == nil, wrap("run", err)
}

// SaveRun keeps how far a run is. One that is over stays as it is.
func (s *Store) SaveRun(ctx context.Context, r rejudge.Run, results []rejudge.Result) (cancel bool, err error) {
	counts, err := json.Marshal(r.Counts)
	if err != nil {
		return false, wrap("run", err)
	}
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE judging_runs SET state = ?, started = ?, ended = ?, counts = ?, cursor_at = ?, cursor_sum = ?, error = ? WHERE id = ? AND state IN (?, ?)`),
			string(r.State), micros(r.Started), micros(r.Ended), string(counts), micros(r.Cursor.At), r.Cursor.SHA256, r.Error, r.ID, string(rejudge.Queued), string(rejudge.Running))
		if err != nil {
			return wrap("run", err)
		}
		for i := range results {
			text, err := json.Marshal(results[i])
			if err != nil {
				return wrap("run", err)
			}
			_, err = tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO judging_results (run_id, seq, change, contradicts, result) VALUES (?, ?, ?, ?, ?)`),
				r.ID, results[i].Seq, string(results[i].Change), results[i].Contradicts != "", string(text))
			if err != nil {
				return wrap("run", err)
			}
		}
		err = tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT cancel OR state = ? FROM judging_runs WHERE id = ?`), string(rejudge.Cancelled), r.ID).Scan(&cancel)
		return wrap("run", err)
	})
	return cancel, err
}

// CancelRun asks a run to end.
func (s *Store) CancelRun(ctx context.Context, id string, now time.Time) error {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE judging_runs SET cancel = ?, ended = CASE WHEN state = ? THEN ? ELSE ended END, state = CASE WHEN state = ? THEN ? ELSE state END WHERE id = ?`),
		true, string(rejudge.Queued), micros(now), string(rejudge.Queued), string(rejudge.Cancelled), id)
	if err != nil {
		return wrap("run", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(rejudge.ErrNotFound, err)
	}
	return nil
}

// Results returns results of a run in their order.
func (s *Store) Results(ctx context.Context, id string, change rejudge.Change, contradicting bool, after int64, limit int) ([]rejudge.Result, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT result FROM judging_results WHERE run_id = ? AND seq > ? AND (? = '' OR change = ?) AND (contradicts OR NOT ?) ORDER BY seq LIMIT ?`),
		id, after, string(change), string(change), contradicting, limit)
	if err != nil {
		return nil, wrap("results", err)
	}
	defer rows.Close()
	var all []rejudge.Result
	for rows.Next() {
		var text string
		var r rejudge.Result
		if err := rows.Scan(&text); err != nil {
			return nil, wrap("results", err)
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return nil, wrap("results", err)
		}
		all = append(all, r)
	}
	return all, wrap("results", rows.Err())
}

// MessagesNamed returns those of the messages that have events.
func (s *Store) MessagesNamed(ctx context.Context, ids []string) ([]rejudge.Message, error) {
	var all []rejudge.Message
	for part := range slices.Chunk(ids, 500) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT sha256, network_message_id, at, source FROM messages WHERE network_message_id IN (`+strings.TrimSuffix(strings.Repeat("?, ", len(part)), ", ")+`) AND done_at > 0`), args...)
		if err != nil {
			return nil, wrap("messages", err)
		}
		for rows.Next() {
			var m rejudge.Message
			var at int64
			if err := rows.Scan(&m.SHA256, &m.NetworkMessageID, &at, &m.Source); err != nil {
				return nil, errors.Join(wrap("messages", err), rows.Close())
			}
			m.Time = fromMicros(at)
			all = append(all, m)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, wrap("messages", err)
		}
	}
	return all, nil
}

// ForgetRuns forgets runs that ended before the given time, with their results.
func (s *Store) ForgetRuns(ctx context.Context, before time.Time) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		// The results first: not every database was told to cascade.
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM judging_results WHERE run_id IN (SELECT id FROM judging_runs WHERE ended > 0 AND ended < ?)`), micros(before))
		if err == nil {
			_, err = tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM judging_runs WHERE ended > 0 AND ended < ?`), micros(before))
		}
		return wrap("runs", err)
	})
}

// CountBetween returns how many messages of that time have events.
func (s *Store) CountBetween(ctx context.Context, since, until time.Time) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM messages WHERE at >= ? AND at < ? AND done_at > 0`), micros(since), micros(until)).Scan(&n)
	return n, wrap("messages", err)
}

// MessagesBetween returns messages that have events, in the order of time and hash.
func (s *Store) MessagesBetween(ctx context.Context, since, until time.Time, after rejudge.Cursor, limit int) ([]rejudge.Message, error) {
	from := max(micros(since), micros(after.At))
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT sha256, network_message_id, at, source FROM messages WHERE at >= ? AND at < ? AND (at > ? OR sha256 > ?) AND done_at > 0 ORDER BY at, sha256 LIMIT ?`),
		from, micros(until), micros(after.At), after.SHA256, limit)
	if err != nil {
		return nil, wrap("messages", err)
	}
	defer rows.Close()
	var all []rejudge.Message
	for rows.Next() {
		var m rejudge.Message
		var at int64
		if err := rows.Scan(&m.SHA256, &m.NetworkMessageID, &at, &m.Source); err != nil {
			return nil, wrap("messages", err)
		}
		m.Time = fromMicros(at)
		all = append(all, m)
	}
	return all, wrap("messages", rows.Err())
}
