package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tocsin/internal/incident"
	"tocsin/internal/remediate"
)

const targetColumns = `action, seq, message_id, recipient, mailbox, priority, outcome, tries, next, error, at, told, drifted, cause, message, intents, receipt`

func scanTarget(row scanner) (remediate.Target, error) {
	var (
		t                         remediate.Target
		next, at                  int64
		message, intents, receipt string
		id                        string
		drifted                   bool
	)
	err := row.Scan(&t.Action, &t.Seq, &id, &t.Recipient, &t.Mailbox, &t.Priority, &t.Outcome, &t.Tries, &next, &t.Error, &at, &t.Told, &drifted, &t.Cause, &message, &intents, &receipt)
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(message), &t.Message), json.Unmarshal([]byte(intents), &t.Intents))
	}
	if err == nil && receipt != "" {
		err = json.Unmarshal([]byte(receipt), &t.Receipt)
	}
	if len(t.Intents) == 0 {
		t.Intents = nil
	}
	t.Next, t.At = fromMicros(next), fromMicros(at)
	return t, wrap("target", err)
}

func (r *Remediation) targets(ctx context.Context, query string, args ...any) ([]remediate.Target, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT `+targetColumns+` FROM action_targets `+query), args...)
	if err != nil {
		return nil, wrap("targets", err)
	}
	defer rows.Close()
	var all []remediate.Target
	for rows.Next() {
		t, err := scanTarget(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, wrap("targets", rows.Err())
}

// Targets returns targets by Seq.
func (r *Remediation) Targets(ctx context.Context, f remediate.TargetFilter) ([]remediate.Target, error) {
	where, args := []string{"action = ? AND seq > ?"}, []any{f.Action, f.After}
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if len(f.Seqs) > 0 {
		values := make([]any, len(f.Seqs))
		for i, n := range f.Seqs {
			values[i] = n
		}
		and(`seq IN (`+marks(len(values))+`)`, values...)
	}
	if len(f.Outcomes) > 0 {
		values := make([]any, len(f.Outcomes))
		for i, o := range f.Outcomes {
			values[i] = string(o)
		}
		and(`outcome IN (`+marks(len(values))+`)`, values...)
	}
	if f.Drifted {
		and(`drifted`)
	}
	if f.Mailbox != "" {
		and(`mailbox = ?`, f.Mailbox)
	}
	if f.Message != "" {
		and(`message_id = ?`, f.Message)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = remediate.MaxTargets
	}
	return r.targets(ctx, `WHERE `+strings.Join(where, " AND ")+` ORDER BY seq LIMIT ?`, append(args, limit)...)
}

// Open returns what is not final or not told.
func (r *Remediation) Open(ctx context.Context, id, mailbox string) ([]remediate.Target, error) {
	return r.targets(ctx, `WHERE action = ? AND mailbox = ? AND NOT told ORDER BY seq`, id, mailbox)
}

// Begin notes that an action is at work.
func (r *Remediation) Begin(ctx context.Context, id string, now time.Time) error {
	_, err := r.s.writer.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET state = ?, started = CASE WHEN started = 0 THEN ? ELSE started END WHERE id = ? AND state = ?`),
		string(remediate.Running), micros(now), id, string(remediate.Queued))
	return wrap("action", err)
}

// save keeps a target that is not final; ErrOver when it is.
func (r *Remediation) save(ctx context.Context, tx *sql.Tx, t *remediate.Target) error {
	message, err := json.Marshal(t.Message)
	if err != nil {
		return wrap("target", err)
	}
	intents, err := json.Marshal(listOf(t.Intents))
	if err != nil {
		return wrap("target", err)
	}
	receipt := []byte{}
	if t.Receipt != nil {
		if receipt, err = json.Marshal(t.Receipt); err != nil {
			return wrap("target", err)
		}
	}
	res, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_targets SET outcome = ?, tries = ?, next = ?, error = ?, at = ?, message = ?, intents = ?, receipt = ? WHERE action = ? AND seq = ? AND outcome IN (?, ?)`),
		string(t.Outcome), t.Tries, micros(t.Next), t.Error, micros(t.At), string(message), string(intents), string(receipt), t.Action, t.Seq, string(remediate.Todo), string(remediate.Working))
	if err != nil {
		return wrap("target", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(remediate.ErrOver, err)
	}
	return nil
}

// Intend keeps intents and what they hold.
func (r *Remediation) Intend(ctx context.Context, t remediate.Target) error {
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		if err := r.save(ctx, tx, &t); err != nil {
			return err
		}
		var kind string
		if err := tx.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT kind FROM actions WHERE id = ?`), t.Action).Scan(&kind); err != nil {
			return wrap("target", err)
		}
		for i, s := range t.Intents {
			if s.Held == "" || s.Stay || s.From.ID == "" || s.To.Place != "" {
				continue
			}
			lay, err := json.Marshal(s.From)
			if err != nil {
				return wrap("target", err)
			}
			_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`INSERT INTO action_held (action, seq, n, sha256, kind, mailbox, message_id, at, copy) VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT created FROM actions WHERE id = ?), ?)
				ON CONFLICT (action, seq, n) DO UPDATE SET sha256 = excluded.sha256, copy = excluded.copy`),
				t.Action, t.Seq, i, s.Held, kind, t.Mailbox, t.Message.NetworkMessageID, t.Action, string(lay))
			if err != nil {
				return wrap("target", err)
			}
		}
		return nil
	})
}

// Later keeps tries.
func (r *Remediation) Later(ctx context.Context, list []remediate.Target) error {
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		for i := range list {
			if err := r.save(ctx, tx, &list[i]); err != nil && !errors.Is(err, remediate.ErrOver) {
				return err
			}
		}
		return nil
	})
}

// Finish keeps an outcome and counts it.
func (r *Remediation) Finish(ctx context.Context, t remediate.Target) error {
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		if err := r.save(ctx, tx, &t); err != nil {
			return err
		}
		a, err := r.locked(ctx, tx, t.Action)
		if err != nil {
			return err
		}
		a.Counts.Todo--
		*a.Counts.Of(t.Outcome)++
		return r.saveAction(ctx, tx, &a)
	})
}

// Told notes what the event store knows, and ends the action with its last target.
func (r *Remediation) Told(ctx context.Context, id, mailbox string, seqs []int, now, check time.Time) error {
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		told := int64(0)
		for _, seq := range seqs {
			res, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_targets SET told = ? WHERE action = ? AND seq = ? AND NOT told`), true, id, seq)
			if err != nil {
				return wrap("targets", err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return wrap("targets", err)
			}
			told += n
		}
		if !check.IsZero() {
			_, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE action_mailboxes SET checks = 0, check_at = ? WHERE action = ? AND mailbox = ?`), micros(check), id, mailbox)
			if err != nil {
				return wrap("targets", err)
			}
		}
		return r.settle(ctx, tx, id, told, now)
	})
}

// settle counts told targets and ends the action when it was the last of them.
func (r *Remediation) settle(ctx context.Context, tx *sql.Tx, id string, told int64, now time.Time) error {
	var untold int64
	err := tx.QueryRowContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET untold = untold - ? WHERE id = ? RETURNING untold`), told, id).Scan(&untold)
	if err != nil {
		return wrap("action", err)
	}
	if untold > 0 {
		return nil
	}
	a, err := r.locked(ctx, tx, id)
	if err != nil || a.State.Over() {
		return err
	}
	a.State, a.Ended = a.Counts.End(a.Cancel), now
	if err := r.saveAction(ctx, tx, &a); err != nil {
		return err
	}
	if err := r.tellIncident(ctx, tx, &a, incident.ActionOver, overSay(&a), tocsin, now); err != nil {
		return err
	}
	if a.Undoes != "" && a.Counts.Done == 0 { // nothing was undone: it may be tried again
		_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET undone = '' WHERE id = ? AND undone = ?`), a.Undoes, a.ID)
	}
	return wrap("action", err)
}

// Held lists what is kept of a message.
func (r *Remediation) Held(ctx context.Context, mailbox, message string) ([]remediate.Holding, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT sha256, action, seq, kind, at, copy FROM action_held WHERE message_id = ? AND mailbox = ? ORDER BY action, seq, n`), message, mailbox)
	if err != nil {
		return nil, wrap("held mail", err)
	}
	defer rows.Close()
	var all []remediate.Holding
	for rows.Next() {
		var (
			h   remediate.Holding
			at  int64
			lay string
		)
		if err := rows.Scan(&h.SHA256, &h.Action, &h.Seq, &h.Kind, &at, &lay); err != nil {
			return nil, wrap("held mail", err)
		}
		if err := json.Unmarshal([]byte(lay), &h.From); err != nil {
			return nil, wrap("held mail", err)
		}
		h.At = fromMicros(at)
		all = append(all, h)
	}
	return all, wrap("held mail", rows.Err())
}

// Drop forgets what is kept of a message. Octets are put into the vault after their row is committed, and removed here while no other
// transaction writes: so no row can stand without its octets.
func (r *Remediation) Drop(ctx context.Context, mailbox, message string, forget func(string) error) error {
	return r.drop(ctx, `message_id = ? AND mailbox = ?`, []any{message, mailbox}, forget)
}

// ForgetHeld forgets what is kept of actions from before a time, at most limit copies, and returns how many there were. What was put into
// quarantine has a time of its own.
func (r *Remediation) ForgetHeld(ctx context.Context, before, quarantined time.Time, limit int, forget func(string) error) (n int, err error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT DISTINCT message_id, mailbox FROM action_held WHERE at < CASE WHEN kind = ? THEN ? ELSE ? END LIMIT ?`), string(remediate.Quarantine), micros(quarantined), micros(before), limit)
	if err != nil {
		return 0, wrap("held mail", err)
	}
	defer rows.Close()
	var keys [][2]string
	for rows.Next() {
		var k [2]string
		if err := rows.Scan(&k[0], &k[1]); err != nil {
			return 0, wrap("held mail", err)
		}
		keys = append(keys, k)
	}
	if err := rows.Err(); err != nil {
		return 0, wrap("held mail", err)
	}
	for _, k := range keys {
		if err := r.drop(ctx, `message_id = ? AND mailbox = ? AND at < CASE WHEN kind = ? THEN ? ELSE ? END`, []any{k[0], k[1], string(remediate.Quarantine), micros(quarantined), micros(before)}, forget); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (r *Remediation) drop(ctx context.Context, where string, args []any, forget func(string) error) error {
	return r.s.InTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, r.s.dialect.Rebind(`DELETE FROM action_held WHERE `+where+` RETURNING sha256`), args...)
		if err != nil {
			return wrap("held mail", err)
		}
		var sums []string
		for rows.Next() {
			var sum string
			if err := rows.Scan(&sum); err != nil {
				return wrap("held mail", errors.Join(err, rows.Close()))
			}
			sums = append(sums, sum)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return wrap("held mail", err)
		}
		for _, sum := range sums {
			var n int
			if err := tx.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT count(*) FROM action_held WHERE sha256 = ?`), sum).Scan(&n); err != nil {
				return wrap("held mail", err)
			}
			if n > 0 {
				continue
			}
			if err := forget(sum); err != nil {
				return err
			}
		}
		return nil
	})
}
