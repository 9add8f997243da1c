package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// Alerts keeps alerts.
type Alerts struct{ s *Store }

// Alerts returns the store of alerts.
func (s *Store) Alerts() *Alerts { return &Alerts{s} }

var _ alert.Store = (*Alerts)(nil)

const alertColumns = `id, key, at, last_at, times, fell, title, severity, category, source, policy, link, detail, techniques, query, from_at, to_at, count, status, owner, note, incident, changed, changed_by, resolved, revision, more`

func scanAlert(row scanner, more ...any) (alert.Alert, error) {
	var (
		a                                           alert.Alert
		at, last, fell, from, to, changed, resolved int64
		severity                                    int
		techniques                                  string
	)
	err := row.Scan(append([]any{&a.ID, &a.Key, &at, &last, &a.Times, &fell, &a.Title, &severity, &a.Category, &a.Source, &a.Policy, &a.Link, &a.Detail, &techniques, &a.Query, &from, &to, &a.Count,
		&a.Status, &a.Owner, &a.Note, &a.Incident, &changed, &a.By, &resolved, &a.Revision, &a.More}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return a, alert.ErrNotFound
	} else if err != nil {
		return a, wrap("alert", err)
	}
	if severity >= 1 && severity <= len(alert.Severities()) {
		a.Severity = alert.Severities()[severity-1]
	}
	a.Time, a.Last, a.Fell, a.From, a.To, a.Changed, a.Resolved = fromMicros(at), fromMicros(last), fromMicros(fell), fromMicros(from), fromMicros(to), fromMicros(changed), fromMicros(resolved)
	return a, wrap("alert", json.Unmarshal([]byte(techniques), &a.Techniques))
}

// Raise keeps a, or adds it to the open alert with its key.
func (d *Alerts) Raise(ctx context.Context, a alert.Alert) (now alert.Alert, isNew bool, err error) {
	err = d.s.InTx(ctx, func(tx *sql.Tx) error {
		now, err = scanAlert(tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT `+alertColumns+` FROM alerts WHERE open_key = ?`+d.s.dialect.forUpdate), a.Key))
		isNew = errors.Is(err, alert.ErrNotFound)
		switch {
		case isNew:
			now = a
			if err := d.insert(ctx, tx, &a); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if !a.To.Equal(now.To) || a.To.IsZero() { // the same range is the same finding, told again after a crash
				now.Times++
			}
			now.Last, now.Fell, now.Query, now.From, now.To, now.Count, now.Detail = a.Last, time.Time{}, a.Query, a.From, a.To, a.Count, a.Detail
			if a.Severity.Rank() > now.Severity.Rank() {
				now.Severity = a.Severity
			}
			_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE alerts SET last_at = ?, times = ?, fell = 0, query = ?, from_at = ?, to_at = ?, count = ?, detail = ?, search = ?, severity = ? WHERE id = ?`),
				micros(now.Last), now.Times, now.Query, micros(now.From), micros(now.To), now.Count, now.Detail, searchOf(&now), now.Severity.Rank(), now.ID)
			if err != nil {
				return wrap("alert", err)
			}
		}
		return d.addEvidence(ctx, tx, now.ID, a.Evidence)
	})
	return now, isNew, err
}

func searchOf(a *alert.Alert) string {
	return strings.ToLower(a.Title + "\n" + a.Policy + "\n" + a.Detail)
}

func (d *Alerts) insert(ctx context.Context, tx *sql.Tx, a *alert.Alert) error {
	var open int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM alerts WHERE open_key IS NOT NULL`).Scan(&open); err != nil {
		return wrap("alerts", err)
	}
	if open >= alert.MaxOpen {
		return alert.ErrFull
	}
	techniques, err := json.Marshal(listOf(a.Techniques))
	if err != nil {
		return wrap("alert", err)
	}
	_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO alerts (`+alertColumns+`, open_key, search, untold, told_info) VALUES (`+marks(31)+`)`),
		a.ID, a.Key, micros(a.Time), micros(a.Last), a.Times, micros(a.Fell), a.Title, a.Severity.Rank(), a.Category, a.Source, a.Policy, a.Link, a.Detail, string(techniques), a.Query, micros(a.From), micros(a.To), a.Count,
		string(a.Status), a.Owner, a.Note, a.Incident, micros(a.Changed), a.By, micros(a.Resolved), a.Revision, a.More, a.Key, searchOf(a), true, false)
	return wrap("alert", err)
}

// addEvidence adds the pieces that an alert does not have, as many as it may have.
func (d *Alerts) addEvidence(ctx context.Context, tx *sql.Tx, id string, all []alert.Evidence) error {
	var have, added, over int
	if err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*) FROM alert_evidence WHERE alert = ?`), id).Scan(&have); err != nil {
		return wrap("evidence", err)
	}
	for i := range all {
		e := &all[i]
		var there int
		if err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*) FROM alert_evidence WHERE alert = ? AND key = ?`), id, e.Key()).Scan(&there); err != nil {
			return wrap("evidence", err)
		}
		if there > 0 {
			continue
		}
		if have+added >= alert.MaxEvidence {
			over++
			continue
		}
		body, err := json.Marshal(e)
		if err != nil {
			return wrap("evidence", err)
		}
		if _, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO alert_evidence (alert, key, n, message, body, told) VALUES (?, ?, ?, ?, ?, ?)`),
			id, e.Key(), have+added, e.NetworkMessageID, string(body), false); err != nil {
			return wrap("evidence", err)
		}
		added++
	}
	if added == 0 && over == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE alerts SET untold = ?, more = more + ? WHERE id = ?`), true, over, id)
	return wrap("alert", err)
}

// Rest notes that what raised the open alert with the key is no longer so.
func (d *Alerts) Rest(ctx context.Context, key string, at time.Time) (bool, error) {
	res, err := d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE alerts SET fell = ? WHERE open_key = ? AND fell = 0`), micros(at), key)
	if err != nil {
		return false, wrap("alert", err)
	}
	n, err := res.RowsAffected()
	return n > 0, wrap("alert", err)
}

// Alert returns one with its evidence.
func (d *Alerts) Alert(ctx context.Context, id string) (alert.Alert, error) {
	a, err := scanAlert(d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT `+alertColumns+` FROM alerts WHERE id = ?`), id))
	if err == nil {
		a.Evidence, err = d.evidence(ctx, id, false)
	}
	return a, err
}

func (d *Alerts) evidence(ctx context.Context, id string, untold bool) ([]alert.Evidence, error) {
	only := ""
	if untold {
		only = ` AND NOT told`
	}
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT body FROM alert_evidence WHERE alert = ?`+only+` ORDER BY n`), id)
	if err != nil {
		return nil, wrap("evidence", err)
	}
	defer rows.Close()
	var all []alert.Evidence
	for rows.Next() {
		var (
			e    alert.Evidence
			body string
		)
		if err := rows.Scan(&body); err != nil {
			return nil, wrap("evidence", err)
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return nil, wrap("evidence", err)
		}
		all = append(all, e)
	}
	return all, wrap("evidence", rows.Err())
}

// Alerts returns a list, the newest first, without evidence.
func (d *Alerts) Alerts(ctx context.Context, f alert.Filter) ([]alert.Alert, error) {
	where, args := []string{"1 = 1"}, []any{}
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if len(f.Statuses) > 0 {
		and(`status IN (`+marks(len(f.Statuses))+`)`, anyOf(f.Statuses)...)
	}
	if len(f.Severities) > 0 {
		ranks := make([]any, len(f.Severities))
		for i, s := range f.Severities {
			ranks[i] = s.Rank()
		}
		and(`severity IN (`+marks(len(ranks))+`)`, ranks...)
	}
	if len(f.Sources) > 0 {
		and(`source IN (`+marks(len(f.Sources))+`)`, anyOf(f.Sources)...)
	}
	if f.Owner == "-" {
		and(`owner = ''`)
	} else if f.Owner != "" {
		and(`owner = ?`, f.Owner)
	}
	if f.Link != "" {
		and(`link = ?`, f.Link)
	}
	if f.Message != "" {
		and(`id IN (SELECT alert FROM alert_evidence WHERE message = ?)`, f.Message)
	}
	if f.Text != "" {
		and(`search LIKE ? ESCAPE '\'`, "%"+escapeLike(strings.ToLower(f.Text))+"%")
	}
	if !f.From.IsZero() {
		and(`at >= ?`, micros(f.From))
	}
	if !f.To.IsZero() {
		and(`at < ?`, micros(f.To))
	}
	if f.Before.ID != "" {
		at := micros(f.Before.Time)
		and(`(at < ? OR at = ? AND id < ?)`, at, at, f.Before.ID)
	}
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT `+alertColumns+` FROM alerts WHERE `+strings.Join(where, " AND ")+` ORDER BY at DESC, id DESC LIMIT ?`), append(args, f.Limit)...)
	if err != nil {
		return nil, wrap("alerts", err)
	}
	defer rows.Close()
	var all []alert.Alert
	for rows.Next() {
		a, err := scanAlert(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, wrap("alerts", rows.Err())
}

// Change is what a person does to an alert.
func (d *Alerts) Change(ctx context.Context, id string, c alert.Change) (a alert.Alert, err error) {
	err = d.s.InTx(ctx, func(tx *sql.Tx) error {
		a, err = scanAlert(tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT `+alertColumns+` FROM alerts WHERE id = ?`+d.s.dialect.forUpdate), id))
		if err != nil {
			return err
		}
		if err := c.Apply(&a); err != nil {
			return err
		}
		var open any // NULL
		if a.Status != alert.Resolved {
			var other int
			if err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*) FROM alerts WHERE open_key = ? AND id <> ?`), a.Key, id).Scan(&other); err != nil {
				return wrap("alert", err)
			}
			if other > 0 {
				return alert.ErrOpen
			}
			open = a.Key
		}
		_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE alerts SET open_key = ?, status = ?, owner = ?, note = ?, incident = ?, changed = ?, changed_by = ?, resolved = ?, revision = ? WHERE id = ?`),
			open, string(a.Status), a.Owner, a.Note, a.Incident, micros(a.Changed), a.By, micros(a.Resolved), a.Revision, id)
		return wrap("alert", err)
	})
	if err == nil {
		a.Evidence, err = d.evidence(ctx, id, false)
	}
	return a, err
}

// Counts say how many alerts there are of each status, and of each severity among those that are open.
func (d *Alerts) Counts(ctx context.Context) (alert.Counts, error) {
	out := alert.Counts{Status: map[alert.Status]int{}, Severity: map[alert.Severity]int{}}
	rows, err := d.s.reader.QueryContext(ctx, `SELECT status, severity, count(*) FROM alerts GROUP BY status, severity`)
	if err != nil {
		return out, wrap("alerts", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			status      alert.Status
			severity, n int
		)
		if err := rows.Scan(&status, &severity, &n); err != nil {
			return out, wrap("alerts", err)
		}
		out.Status[status] += n
		if status != alert.Resolved && severity >= 1 && severity <= len(alert.Severities()) {
			out.Severity[alert.Severities()[severity-1]] += n
		}
	}
	return out, wrap("alerts", rows.Err())
}

// ForgetAlerts forgets what was resolved before the given time and stands in no incident.
func (d *Alerts) ForgetAlerts(ctx context.Context, before time.Time) error {
	return d.s.InTx(ctx, func(tx *sql.Tx) error {
		const old = `resolved > 0 AND resolved < ? AND incident = ''`
		if _, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`DELETE FROM alert_evidence WHERE alert IN (SELECT id FROM alerts WHERE `+old+`)`), micros(before)); err != nil {
			return wrap("evidence", err)
		}
		_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`DELETE FROM alerts WHERE `+old), micros(before))
		return wrap("alerts", err)
	})
}

// Untold returns alerts that the event store does not know whole.
func (d *Alerts) Untold(ctx context.Context, limit int) ([]alert.Untold, error) {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT `+alertColumns+`, told_info FROM alerts WHERE untold ORDER BY at, id LIMIT ?`), limit)
	if err != nil {
		return nil, wrap("alerts", err)
	}
	defer rows.Close()
	var all []alert.Untold
	for rows.Next() {
		var told bool
		a, err := scanAlert(rows, &told)
		if err != nil {
			return nil, err
		}
		all = append(all, alert.Untold{Alert: a, Info: !told})
	}
	if err := rows.Err(); err != nil {
		return nil, wrap("alerts", err)
	}
	for i := range all {
		if all[i].Alert.Evidence, err = d.evidence(ctx, all[i].Alert.ID, true); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Told marks what the event store now knows. What came meanwhile stays untold.
func (d *Alerts) Told(ctx context.Context, list []alert.Untold) error {
	return d.s.InTx(ctx, func(tx *sql.Tx) error {
		for i := range list {
			a := &list[i].Alert
			for j := range a.Evidence {
				if _, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE alert_evidence SET told = ? WHERE alert = ? AND key = ?`), true, a.ID, a.Evidence[j].Key()); err != nil {
					return wrap("evidence", err)
				}
			}
			if _, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE alerts SET told_info = ?, untold = EXISTS (SELECT 1 FROM alert_evidence WHERE alert = ? AND NOT told) WHERE id = ?`), true, a.ID, a.ID); err != nil {
				return wrap("alert", err)
			}
		}
		return nil
	})
}
