package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/incident"
	"tocsin/internal/remediate"
)

// Answer adds an answer, and starts or ends the action that it decides.
func (r *Remediation) Answer(ctx context.Context, id string, x remediate.Approval) (remediate.Action, error) {
	var a remediate.Action
	late := false
	err := r.s.InTx(ctx, func(tx *sql.Tx) (err error) {
		if a, err = r.locked(ctx, tx, id); err != nil {
			return err
		}
		if a.State == remediate.Waiting && !a.Expires.IsZero() && !x.At.Before(a.Expires) {
			late = true
			if err := r.end(ctx, tx, &a, remediate.Expired, x.At); err != nil {
				return err
			}
			return r.tellIncident(ctx, tx, &a, incident.ActionDecided, "let the request for "+named(&a)+" expire", tocsin, x.At)
		}
		state, err := a.Answer(x)
		if err != nil {
			return err
		}
		if err := r.tellIncident(ctx, tx, &a, incident.ActionDecided, answeredSay(&a, x), x.By, x.At); err != nil {
			return err
		}
		if state == remediate.Rejected {
			return r.end(ctx, tx, &a, state, x.At)
		}
		if err := r.saveAction(ctx, tx, &a); err != nil {
			return err
		}
		return r.spread(ctx, tx, &a)
	})
	if err == nil && late {
		err = remediate.ErrOver
	}
	return a, err
}

// end ends an action that was never begun.
func (r *Remediation) end(ctx context.Context, tx *sql.Tx, a *remediate.Action, s remediate.State, now time.Time) error {
	if err := r.cancelTodo(ctx, tx, a, now); err != nil {
		return err
	}
	a.State, a.Ended = s, now
	if err := r.saveAction(ctx, tx, a); err != nil {
		return err
	}
	if a.Undoes == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET undone = '' WHERE id = ? AND undone = ?`), a.Undoes, a.ID)
	return wrap("action", err)
}

// cancelTodo cancels what is not begun.
func (r *Remediation) cancelTodo(ctx context.Context, tx *sql.Tx, a *remediate.Action, now time.Time) error {
	res, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_targets SET outcome = ?, at = ?, told = ? WHERE action = ? AND outcome = ?`),
		string(remediate.CancelledOut), micros(now), true, a.ID, string(remediate.Todo))
	if err != nil {
		return wrap("targets", err)
	}
	return wrap("targets", r.cancelled(ctx, tx, a, res))
}

// Cancel ends an action as soon as what is begun is finished.
func (r *Remediation) Cancel(ctx context.Context, id string, now time.Time) (remediate.Action, error) {
	var a remediate.Action
	err := r.s.InTx(ctx, func(tx *sql.Tx) (err error) {
		if a, err = r.locked(ctx, tx, id); err != nil {
			return err
		}
		if a.State.Over() {
			return remediate.ErrOver
		}
		if err := r.tellIncident(ctx, tx, &a, incident.ActionDecided, "cancelled "+named(&a), "", now); err != nil {
			return err
		}
		if a.State == remediate.Waiting {
			return r.end(ctx, tx, &a, remediate.Cancelled, now)
		}
		a.Cancel = true
		if err := r.cancelTodo(ctx, tx, &a, now); err != nil {
			return err
		}
		if err := r.saveAction(ctx, tx, &a); err != nil {
			return err
		}
		if err := r.settle(ctx, tx, id, 0, now); err != nil {
			return err
		}
		a, err = r.locked(ctx, tx, id)
		return err
	})
	return a, err
}

// Withdraw cancels targets of a waiting action, and ends it when none is left.
func (r *Remediation) Withdraw(ctx context.Context, id string, seqs []int, why string, now time.Time) (remediate.Action, error) {
	var a remediate.Action
	err := r.s.InTx(ctx, func(tx *sql.Tx) (err error) {
		if a, err = r.locked(ctx, tx, id); err != nil {
			return err
		}
		if a.State != remediate.Waiting {
			return remediate.ErrOver
		}
		for part := range slices.Chunk(seqs, 500) {
			args := []any{string(remediate.CancelledOut), why, micros(now), true, id, string(remediate.Todo)}
			for _, seq := range part {
				args = append(args, seq)
			}
			res, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_targets SET outcome = ?, error = ?, at = ?, told = ? WHERE action = ? AND outcome = ? AND seq IN (?`+
				strings.Repeat(", ?", len(part)-1)+`)`), args...)
			if err == nil {
				err = r.cancelled(ctx, tx, &a, res)
			}
			if err != nil {
				return wrap("targets", err)
			}
		}
		if a.Counts.Todo > 0 {
			return r.saveAction(ctx, tx, &a)
		}
		return r.end(ctx, tx, &a, remediate.Cancelled, now)
	})
	return a, err
}

// cancelled counts targets that an update cancelled.
func (r *Remediation) cancelled(ctx context.Context, tx *sql.Tx, a *remediate.Action, res sql.Result) error {
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	a.Counts.Todo -= int(n)
	a.Counts.Cancelled += int(n)
	_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET untold = untold - ? WHERE id = ?`), n, a.ID)
	return err
}

// Retry makes failed targets To do again. Intents that were not concluded are.
func (r *Remediation) Retry(ctx context.Context, id string, now time.Time) (remediate.Action, error) {
	var a remediate.Action
	err := r.s.InTx(ctx, func(tx *sql.Tx) (err error) {
		if a, err = r.locked(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case !a.State.Over():
			return remediate.ErrNotYet
		case a.Undone != "":
			return remediate.ErrUndone
		}
		_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_mailboxes SET queued = ? WHERE action = ? AND mailbox IN (SELECT mailbox FROM action_targets WHERE action = ? AND outcome = ?)`),
			false, id, id, string(remediate.FailedTarget))
		if err != nil {
			return wrap("targets", err)
		}
		res, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_targets SET outcome = CASE WHEN intents = '[]' THEN ? ELSE ? END, tries = 0, next = 0, at = 0, told = ?, receipt = '' WHERE action = ? AND outcome = ?`),
			string(remediate.Todo), string(remediate.Working), false, id, string(remediate.FailedTarget))
		if err != nil {
			return wrap("targets", err)
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return errors.Join(remediate.ErrNoRetry, err)
		}
		if err := r.tellIncident(ctx, tx, &a, incident.ActionDecided, fmt.Sprintf("tries %s of %s again", counted(int(n), "email event"), named(&a)), "", now); err != nil {
			return err
		}
		a.Counts.Failed -= int(n)
		a.Counts.Todo += int(n)
		a.State, a.Ended, a.Cancel = remediate.Queued, time.Time{}, false
		if err := r.saveAction(ctx, tx, &a); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET untold = untold + ? WHERE id = ?`), n, id); err != nil {
			return wrap("action", err)
		}
		return r.spread(ctx, tx, &a)
	})
	return a, err
}

// Expire ends requests that nobody answered in time.
func (r *Remediation) Expire(ctx context.Context, now time.Time) (all []remediate.Action, err error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT id FROM actions WHERE state = ? AND expires > 0 AND expires <= ? ORDER BY id LIMIT 100`), string(remediate.Waiting), micros(now))
	if err != nil {
		return nil, wrap("actions", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, wrap("actions", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap("actions", err)
	}
	for _, id := range ids {
		err := r.s.InTx(ctx, func(tx *sql.Tx) error {
			a, err := r.locked(ctx, tx, id)
			if err != nil || a.State != remediate.Waiting {
				return err
			}
			if err := r.end(ctx, tx, &a, remediate.Expired, now); err != nil {
				return err
			}
			if err := r.tellIncident(ctx, tx, &a, incident.ActionDecided, "let the request for "+named(&a)+" expire", tocsin, now); err != nil {
				return err
			}
			all = append(all, a)
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// Enlist makes the jobs of the next limit mailboxes of an action that have none, and returns how many there were.
func (r *Remediation) Enlist(ctx context.Context, id string, limit int) (n int, err error) {
	err = r.s.InTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, r.s.dialect.Rebind(`UPDATE action_mailboxes SET queued = ? WHERE action = ? AND mailbox IN (SELECT mailbox FROM action_mailboxes WHERE action = ? AND NOT queued ORDER BY mailbox LIMIT ?) RETURNING mailbox`),
			true, id, id, limit)
		if err != nil {
			return wrap("mailboxes", err)
		}
		var list []string
		for rows.Next() {
			var box string
			if err := rows.Scan(&box); err != nil {
				return wrap("mailboxes", errors.Join(err, rows.Close()))
			}
			list = append(list, box)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return wrap("mailboxes", err)
		}
		n = len(list)
		if n == 0 || r.Visit == nil {
			return nil
		}
		return r.Visit(ctx, tx, id, list)
	})
	return n, err
}

// Due returns mailboxes whose check is due.
func (r *Remediation) Due(ctx context.Context, now time.Time, limit int) ([]remediate.Due, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT action, mailbox, checks, check_at FROM action_mailboxes WHERE check_at > 0 AND check_at <= ? ORDER BY check_at, action, mailbox LIMIT ?`), micros(now), limit)
	if err != nil {
		return nil, wrap("checks", err)
	}
	defer rows.Close()
	var all []remediate.Due
	for rows.Next() {
		var d remediate.Due
		var at int64
		if err := rows.Scan(&d.Action, &d.Mailbox, &d.N, &at); err != nil {
			return nil, wrap("checks", err)
		}
		d.At = fromMicros(at)
		all = append(all, d)
	}
	return all, wrap("checks", rows.Err())
}

// Newest returns the target that touched a message in a mailbox last.
func (r *Remediation) Newest(ctx context.Context, mailbox, message string) (action string, seq int, err error) {
	err = r.s.reader.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT action, seq FROM action_targets WHERE message_id = ? AND mailbox = ? AND outcome IN (?, ?, ?) ORDER BY CASE WHEN at = 0 THEN 1 ELSE 0 END DESC, at DESC, action DESC, seq LIMIT 1`),
		message, mailbox, string(remediate.Succeeded), string(remediate.AlreadySo), string(remediate.Working)).Scan(&action, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	return action, seq, wrap("target", err)
}

// SaveCheck keeps a receipt with its new check.
func (r *Remediation) SaveCheck(ctx context.Context, t remediate.Target, drifted bool) error {
	receipt, err := json.Marshal(t.Receipt)
	if err != nil {
		return wrap("check", err)
	}
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_targets SET receipt = ?, drifted = drifted OR ? WHERE action = ? AND seq = ?`), string(receipt), drifted, t.Action, t.Seq); err != nil {
			return wrap("check", err)
		}
		if !drifted {
			return nil
		}
		a, err := scanAction(tx.QueryRowContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET drifted = drifted + 1 WHERE id = ? RETURNING `+actionColumns), t.Action))
		if err != nil || a.Counts.Drifted > 1 { // one line tells that it drifted; the action has the figures
			return err
		}
		at := t.At
		if n := len(t.Receipt.Checks); n > 0 {
			at = t.Receipt.Checks[n-1].At
		}
		return r.tellIncident(ctx, tx, &a, incident.ActionDrift, fmt.Sprintf("found mail again that %s had dealt with, in the mailbox of %s", named(&a), t.Mailbox), tocsin, at)
	})
}

// Checked notes that a check is over. One that was moved meanwhile stays.
func (r *Remediation) Checked(ctx context.Context, d remediate.Due, next time.Time) error {
	_, err := r.s.writer.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_mailboxes SET checks = ?, check_at = ? WHERE action = ? AND mailbox = ? AND checks = ? AND check_at = ?`),
		d.N+1, micros(next), d.Action, d.Mailbox, d.N, micros(d.At))
	return wrap("check", err)
}

// Postpone makes a check due later.
func (r *Remediation) Postpone(ctx context.Context, d remediate.Due, until time.Time) error {
	_, err := r.s.writer.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_mailboxes SET check_at = ? WHERE action = ? AND mailbox = ? AND checks = ? AND check_at = ?`),
		micros(until), d.Action, d.Mailbox, d.N, micros(d.At))
	return wrap("check", err)
}
