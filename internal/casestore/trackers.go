package casestore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/tracker"
)

// Trackers keeps tracked queries and their runs.
type Trackers struct{ s *Store }

// Trackers returns the store of tracked queries.
func (s *Store) Trackers() *Trackers { return &Trackers{s} }

var _ tracker.Store = (*Trackers)(nil)

const trackedSelect = `SELECT t.id, t.query_id, t.name, t.owner_id, o.email, t.every, t.back, t.condition, t.threshold, t.severity, t.category, t.is_on, t.stopped, t.next, t.held, t.alert, t.waiting,
	t.last_slot, t.last_at, t.last_from, t.last_count, t.last_took, t.last_error, t.last_missed, t.last_held, t.last_hand, t.created, t.updated, t.revision FROM tracked t JOIN operators o ON o.id = t.owner_id `

func scanTracked(row scanner) (tracker.Tracked, error) {
	var (
		t                                                             tracker.Tracked
		every, back, next, slot, at, from, took, created, updated, sv int64
	)
	r := &t.Last
	err := row.Scan(&t.ID, &t.QueryID, &t.Name, &t.OwnerID, &t.Owner, &every, &back, &t.Condition, &t.Threshold, &sv, &t.Category, &t.On, &t.Stopped, &next, &t.Held, &t.AlertID, &t.Waiting,
		&slot, &at, &from, &r.Count, &took, &r.Error, &r.Missed, &r.Held, &r.Hand, &created, &updated, &t.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return t, tracker.ErrNotFound
	}
	if sv >= 1 && int(sv) <= len(alert.Severities()) {
		t.Severity = alert.Severities()[sv-1]
	}
	t.Every, t.Window, r.Took = length(every), length(back), length(took)
	t.Next, r.Slot, r.At, r.From, t.Created, t.Updated = fromMicros(next), fromMicros(slot), fromMicros(at), fromMicros(from), fromMicros(created), fromMicros(updated)
	return t, wrap("tracked query", err)
}

func length(micros int64) time.Duration { return time.Duration(micros) * time.Microsecond }

// Tracked returns one.
func (d *Trackers) Tracked(ctx context.Context, id string) (tracker.Tracked, error) {
	return scanTracked(d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(trackedSelect+`WHERE t.id = ?`), id))
}

// AllTracked returns all, by name.
func (d *Trackers) AllTracked(ctx context.Context) ([]tracker.Tracked, error) {
	return d.list(ctx, `ORDER BY lower(t.name), t.id`)
}

func (d *Trackers) list(ctx context.Context, rest string, args ...any) ([]tracker.Tracked, error) {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(trackedSelect+rest), args...)
	if err != nil {
		return nil, wrap("tracked queries", err)
	}
	defer rows.Close()
	var all []tracker.Tracked
	for rows.Next() {
		t, err := scanTracked(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, wrap("tracked queries", rows.Err())
}

// AddTracked keeps a new one.
func (d *Trackers) AddTracked(ctx context.Context, t tracker.Tracked) error {
	return d.s.InTx(ctx, func(tx *sql.Tx) error {
		var have, same int
		if err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*), coalesce(sum(CASE WHEN query_id = ? THEN 1 ELSE 0 END), 0) FROM tracked WHERE owner_id = ?`), t.QueryID, t.OwnerID).Scan(&have, &same); err != nil {
			return wrap("tracked queries", err)
		}
		switch {
		case same > 0:
			return tracker.ErrTwice
		case have >= tracker.MaxTracked:
			return tracker.ErrFull
		}
		_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO tracked (id, query_id, owner_id, name, every, back, condition, threshold, severity, category, is_on, stopped, next, held, alert, waiting,
			last_slot, last_at, last_from, last_count, last_took, last_error, last_missed, last_held, last_hand, created, updated, revision) VALUES (`+marks(28)+`)`),
			t.ID, t.QueryID, t.OwnerID, t.Name, t.Every.Microseconds(), t.Window.Microseconds(), string(t.Condition), t.Threshold, t.Severity.Rank(), t.Category, t.On, "", micros(t.Next), false, "", "",
			0, 0, 0, 0, 0, "", 0, false, false, micros(t.Created), micros(t.Updated), 1)
		return wrap("tracked query", err)
	})
}

// ChangeTracked replaces what a person may change.
func (d *Trackers) ChangeTracked(ctx context.Context, t tracker.Tracked) (out tracker.Tracked, err error) {
	err = d.s.InTx(ctx, func(tx *sql.Tx) error {
		now, err := scanTracked(tx.QueryRowContext(ctx, d.s.dialect.Rebind(trackedSelect+`WHERE t.id = ?`), t.ID))
		if err != nil {
			return err
		}
		if now.Revision != t.Revision {
			return &tracker.Outdated{Now: now.Revision}
		}
		_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE tracked SET every = ?, back = ?, condition = ?, threshold = ?, severity = ?, category = ?, is_on = ?, stopped = ?, waiting = '', next = ?, updated = ?, revision = ? WHERE id = ?`),
			t.Every.Microseconds(), t.Window.Microseconds(), string(t.Condition), t.Threshold, t.Severity.Rank(), t.Category, t.On, t.Stopped, micros(t.Next), micros(t.Updated), now.Revision+1, t.ID)
		if err != nil {
			return wrap("tracked query", err)
		}
		out, err = scanTracked(tx.QueryRowContext(ctx, d.s.dialect.Rebind(trackedSelect+`WHERE t.id = ?`), t.ID))
		return err
	})
	return out, err
}

// RemoveTracked forgets one and its runs.
func (d *Trackers) RemoveTracked(ctx context.Context, id string) error {
	return d.s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`DELETE FROM tracked_runs WHERE tracker = ?`), id); err != nil {
			return wrap("runs", err)
		}
		res, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`DELETE FROM tracked WHERE id = ?`), id)
		if err != nil {
			return wrap("tracked query", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(tracker.ErrNotFound, err)
		}
		return nil
	})
}

// DueTracked returns those whose slot has come.
func (d *Trackers) DueTracked(ctx context.Context, at time.Time, limit int) ([]tracker.Tracked, error) {
	return d.list(ctx, `WHERE t.is_on AND t.stopped = '' AND t.next <= ? ORDER BY t.next, t.id LIMIT ?`, micros(at), limit)
}

// FinishRun keeps a run and what it means for its tracker, in one transaction.
func (d *Trackers) FinishRun(ctx context.Context, id string, r tracker.Run, next time.Time, name, alertID string) (kept bool, err error) {
	err = d.s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO tracked_runs (tracker, slot, hand, at, from_at, count, took, error, missed, held) VALUES (`+marks(10)+`) ON CONFLICT (tracker, slot, hand) DO NOTHING`),
			id, micros(r.Slot), r.Hand, micros(r.At), micros(r.From), r.Count, r.Took.Microseconds(), r.Error, r.Missed, r.Held)
		if err != nil {
			return wrap("run", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return wrap("run", err)
		}
		kept = n > 0
		set, args := []string{}, []any{}
		and := func(s string, v ...any) { set, args = append(set, s), append(args, v...) }
		if !next.IsZero() {
			and(`next = CASE WHEN next < ? THEN ? ELSE next END`, micros(next), micros(next))
			and(`waiting = ''`)
		}
		// A slot that is run after somebody looked by hand is older than that look, which stays the last.
		var last int64
		if err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT last_slot FROM tracked WHERE id = ?`), id).Scan(&last); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return wrap("tracked query", err)
		}
		if kept && micros(r.Slot) >= last {
			and(`name = ?, alert = ?`, name, alertID)
			and(`last_slot = ?, last_at = ?, last_from = ?, last_count = ?, last_took = ?, last_error = ?, last_missed = ?, last_held = ?, last_hand = ?`,
				micros(r.Slot), micros(r.At), micros(r.From), r.Count, r.Took.Microseconds(), r.Error, r.Missed, r.Held, r.Hand)
			if r.Error == "" && (!r.Hand || r.Held) {
				and(`held = ?`, r.Held)
			}
		}
		if len(set) == 0 {
			return nil
		}
		_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE tracked SET `+strings.Join(set, ", ")+` WHERE id = ?`), append(args, id)...)
		return wrap("tracked query", err)
	})
	return kept, err
}

// WaitTracked notes why the run that is due has no answer yet.
func (d *Trackers) WaitTracked(ctx context.Context, id, why string) error {
	_, err := d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE tracked SET waiting = ? WHERE id = ?`), why, id)
	return wrap("tracked query", err)
}

// StopTracked notes why it runs no more.
func (d *Trackers) StopTracked(ctx context.Context, id, why string) error {
	_, err := d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE tracked SET stopped = ?, waiting = '' WHERE id = ?`), why, id)
	return wrap("tracked query", err)
}

// Runs returns the newest runs of a range of time, oldest first.
func (d *Trackers) Runs(ctx context.Context, id string, from, to time.Time, limit int) ([]tracker.Run, error) {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT slot, hand, at, from_at, count, took, error, missed, held FROM (
		SELECT * FROM tracked_runs WHERE tracker = ? AND slot >= ? AND slot < ? ORDER BY slot DESC, hand LIMIT ?) AS r ORDER BY slot, hand`), id, micros(from), micros(to), limit)
	if err != nil {
		return nil, wrap("runs", err)
	}
	defer rows.Close()
	var all []tracker.Run
	for rows.Next() {
		var (
			r                    tracker.Run
			slot, at, back, took int64
		)
		if err := rows.Scan(&slot, &r.Hand, &at, &back, &r.Count, &took, &r.Error, &r.Missed, &r.Held); err != nil {
			return nil, wrap("runs", err)
		}
		r.Slot, r.At, r.From, r.Took = fromMicros(slot), fromMicros(at), fromMicros(back), length(took)
		all = append(all, r)
	}
	return all, wrap("runs", rows.Err())
}

// ForgetRuns forgets runs of slots before the given time.
func (d *Trackers) ForgetRuns(ctx context.Context, before time.Time) error {
	_, err := d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`DELETE FROM tracked_runs WHERE slot < ?`), micros(before))
	return wrap("runs", err)
}
