package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tocsin/internal/indicator"
)

// RetroHunts keeps searches backwards for indicators.
type RetroHunts struct{ s *Store }

var _ indicator.HuntStore = RetroHunts{}

// RetroHunts returns the searches of this store.
func (s *Store) RetroHunts() RetroHunts { return RetroHunts{s} }

const huntColumns = `id, state, automatic, reason, operator, spec, created, started, ended, cancel, counts, step, run, alert, error`

func scanHunt(row scanner) (indicator.Hunt, error) {
	var (
		h                       indicator.Hunt
		spec, counts            string
		created, started, ended int64
	)
	err := row.Scan(&h.ID, &h.State, &h.Automatic, &h.Trigger, &h.By, &spec, &created, &started, &ended, &h.Cancel, &counts, &h.Step, &h.Run, &h.Alert, &h.Error)
	if errors.Is(err, sql.ErrNoRows) {
		return h, indicator.ErrNotFound
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(spec), &h.Spec), json.Unmarshal([]byte(counts), &h.Counts))
	}
	h.Created, h.Started, h.Ended = fromMicros(created), fromMicros(started), fromMicros(ended)
	return h, wrap("retro-hunt", err)
}

// AddHunt keeps a new search inside a transaction. Automatic ones that wait for the same source, or for batches that follow each other, are
// not put together: each is small.
func (r RetroHunts) AddHunt(ctx context.Context, tx *sql.Tx, h indicator.Hunt) error {
	spec, err := json.Marshal(h.Spec)
	if err != nil {
		return wrap("retro-hunt", err)
	}
	_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`INSERT INTO retro_hunts (`+huntColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, '{}', 0, '', '', '')`),
		h.ID, string(indicator.Queued), h.Automatic, h.Trigger, h.By, string(spec), micros(h.Created), false)
	return wrap("retro-hunt", err)
}

// WidenHunt lets an automatic search that waits reach up to a later batch, and reports whether there was one.
func (r RetroHunts) WidenHunt(ctx context.Context, tx *sql.Tx, upTo int64, until time.Time) (bool, error) {
	h, err := scanHunt(tx.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT `+huntColumns+` FROM retro_hunts WHERE state = ? AND automatic ORDER BY id DESC LIMIT 1`), string(indicator.Queued)))
	if errors.Is(err, indicator.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h.Spec.UpTo, h.Spec.Until = max(h.Spec.UpTo, upTo), until
	spec, err := json.Marshal(h.Spec)
	if err != nil {
		return false, wrap("retro-hunt", err)
	}
	_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE retro_hunts SET spec = ? WHERE id = ?`), string(spec), h.ID)
	return err == nil, wrap("retro-hunt", err)
}

// Hunt returns one search.
func (r RetroHunts) Hunt(ctx context.Context, id string) (indicator.Hunt, error) {
	return scanHunt(r.s.reader.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT `+huntColumns+` FROM retro_hunts WHERE id = ?`), id))
}

// Hunts returns searches, newest first.
func (r RetroHunts) Hunts(ctx context.Context, before string, limit int) ([]indicator.Hunt, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT `+huntColumns+` FROM retro_hunts WHERE ? = '' OR id < ? ORDER BY id DESC LIMIT ?`), before, before, limit)
	if err != nil {
		return nil, wrap("retro-hunts", err)
	}
	defer rows.Close()
	var all []indicator.Hunt
	for rows.Next() {
		h, err := scanHunt(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, wrap("retro-hunts", rows.Err())
}

// SaveHunt keeps how far a search is. One that is over stays as it is.
func (r RetroHunts) SaveHunt(ctx context.Context, h indicator.Hunt, found []indicator.Found, seen []indicator.Sighting) (cancel bool, err error) {
	counts, err := json.Marshal(h.Counts)
	if err != nil {
		return false, wrap("retro-hunt", err)
	}
	d := r.s.dialect
	err = r.s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, d.Rebind(`UPDATE retro_hunts SET state = ?, started = ?, ended = ?, counts = ?, step = ?, run = ?, alert = ?, error = ? WHERE id = ? AND state IN (?, ?)`),
			string(h.State), micros(h.Started), micros(h.Ended), string(counts), h.Step, h.Run, h.Alert, h.Error, h.ID, string(indicator.Queued), string(indicator.Running))
		if err != nil {
			return wrap("retro-hunt", err)
		}
		var last int64
		if len(found) > 0 {
			if err := tx.QueryRowContext(ctx, d.Rebind(`SELECT coalesce(max(seq), 0) FROM retro_found WHERE hunt_id = ?`), h.ID).Scan(&last); err != nil {
				return wrap("retro-hunt", err)
			}
		}
		for i, f := range found {
			if _, err := tx.ExecContext(ctx, d.Rebind(`INSERT INTO retro_found (hunt_id, seq, indicator, place, value) VALUES (?, ?, ?, ?, ?)`), h.ID, last+int64(i)+1, f.Indicator, f.Place, f.Value); err != nil {
				return wrap("retro-hunt", err)
			}
		}
		for i := range seen {
			text, err := json.Marshal(seen[i])
			if err != nil {
				return wrap("retro-hunt", err)
			}
			if _, err := tx.ExecContext(ctx, d.Rebind(`INSERT INTO retro_sightings (hunt_id, seq, sighting) VALUES (?, ?, ?) ON CONFLICT (hunt_id, seq) DO UPDATE SET sighting = excluded.sighting`), h.ID, seen[i].Seq, string(text)); err != nil {
				return wrap("retro-hunt", err)
			}
		}
		err = tx.QueryRowContext(ctx, d.Rebind(`SELECT cancel OR state = ? FROM retro_hunts WHERE id = ?`), string(indicator.Cancelled), h.ID).Scan(&cancel)
		return wrap("retro-hunt", err)
	})
	return cancel, err
}

// CancelHunt asks a search to end, and ends it at once when it was not begun.
func (r RetroHunts) CancelHunt(ctx context.Context, id string, now time.Time) error {
	q := string(indicator.Queued)
	res, err := r.s.writer.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE retro_hunts SET cancel = ?, ended = CASE WHEN state = ? THEN ? ELSE ended END, state = CASE WHEN state = ? THEN ? ELSE state END WHERE id = ?`),
		true, q, micros(now), q, string(indicator.Cancelled), id)
	if err != nil {
		return wrap("retro-hunt", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(indicator.ErrNotFound, err)
	}
	return nil
}

// Found returns the values of the mail that fitted so far.
func (r RetroHunts) Found(ctx context.Context, id string, limit int) ([]indicator.Found, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT indicator, place, value FROM retro_found WHERE hunt_id = ? ORDER BY seq LIMIT ?`), id, limit)
	if err != nil {
		return nil, wrap("retro-hunt", err)
	}
	defer rows.Close()
	var all []indicator.Found
	for rows.Next() {
		var f indicator.Found
		if err := rows.Scan(&f.Indicator, &f.Place, &f.Value); err != nil {
			return nil, wrap("retro-hunt", err)
		}
		all = append(all, f)
	}
	return all, wrap("retro-hunt", rows.Err())
}

// Sightings returns what was seen, in its order.
func (r RetroHunts) Sightings(ctx context.Context, id string, after int64, limit int) ([]indicator.Sighting, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT sighting FROM retro_sightings WHERE hunt_id = ? AND seq > ? ORDER BY seq LIMIT ?`), id, after, limit)
	if err != nil {
		return nil, wrap("retro-hunt", err)
	}
	defer rows.Close()
	var all []indicator.Sighting
	for rows.Next() {
		var text string
		var s indicator.Sighting
		if err := rows.Scan(&text); err != nil {
			return nil, wrap("retro-hunt", err)
		}
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, wrap("retro-hunt", err)
		}
		all = append(all, s)
	}
	return all, wrap("retro-hunt", rows.Err())
}

// ForgetHunts forgets searches that ended before the given time.
func (r RetroHunts) ForgetHunts(ctx context.Context, before time.Time) error {
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{`DELETE FROM retro_found WHERE hunt_id IN (SELECT id FROM retro_hunts WHERE ended > 0 AND ended < ?)`,
			`DELETE FROM retro_sightings WHERE hunt_id IN (SELECT id FROM retro_hunts WHERE ended > 0 AND ended < ?)`, `DELETE FROM retro_hunts WHERE ended > 0 AND ended < ?`} {
			if _, err := tx.ExecContext(ctx, r.s.dialect.Rebind(q), micros(before)); err != nil {
				return wrap("retro-hunts", err)
			}
		}
		return nil
	})
}
