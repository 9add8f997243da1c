package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"tocsin/internal/incident"
	"tocsin/internal/remediate"
)

// Remediation keeps actions on mailboxes. Spread and Visit put jobs into the queue, inside the transaction that makes them necessary; nil
// makes none.
type Remediation struct {
	s *Store
	// Spread makes the one job that makes the jobs of an action's mailboxes (Enlist), a few at a time: an action has thousands.
	Spread func(ctx context.Context, tx *sql.Tx, action string) error
	// Visit makes the jobs of mailboxes.
	Visit func(ctx context.Context, tx *sql.Tx, action string, mailboxes []string) error
}

// Remediation returns the store of actions.
func (s *Store) Remediation() *Remediation { return &Remediation{s: s} }

var _ remediate.Store = (*Remediation)(nil)

const actionColumns = `id, kind, name, reason, state, author, author_id, automatic, unread, query, incident, undoes, undone, created, started, ended, expires, needs, why, policy, approvals, cancel,
	targets, mailboxes, todo, done, not_found, skipped, failed, cancelled, drifted`

func scanAction(row scanner) (remediate.Action, error) {
	var (
		a                                remediate.Action
		created, started, ended, expires int64
		approvals                        string
		c                                = &a.Counts
	)
	err := row.Scan(&a.ID, &a.Kind, &a.Name, &a.Reason, &a.State, &a.By, &a.ByID, &a.Automatic, &a.Unread, &a.Query, &a.Incident, &a.Undoes, &a.Undone, &created, &started, &ended, &expires,
		&a.Needs, &a.Why, &a.Policy, &approvals, &a.Cancel, &c.Targets, &c.Mailboxes, &c.Todo, &c.Done, &c.NotFound, &c.Skipped, &c.Failed, &c.Cancelled, &c.Drifted)
	if errors.Is(err, sql.ErrNoRows) {
		return a, remediate.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(approvals), &a.Approvals)
	}
	a.Created, a.Started, a.Ended, a.Expires = fromMicros(created), fromMicros(started), fromMicros(ended), fromMicros(expires)
	return a, wrap("action", err)
}

// Action returns one action.
func (r *Remediation) Action(ctx context.Context, id string) (remediate.Action, error) {
	return scanAction(r.s.reader.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT `+actionColumns+` FROM actions WHERE id = ?`), id))
}

// locked returns one action inside a transaction that will change it.
func (r *Remediation) locked(ctx context.Context, tx *sql.Tx, id string) (remediate.Action, error) {
	return scanAction(tx.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT `+actionColumns+` FROM actions WHERE id = ?`+r.s.dialect.forUpdate), id))
}

// Actions returns actions, newest first.
func (r *Remediation) Actions(ctx context.Context, f remediate.ActionFilter) ([]remediate.Action, error) {
	where, args := []string{"1 = 1"}, []any{}
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if len(f.States) > 0 {
		states := make([]any, len(f.States))
		for i, s := range f.States {
			states[i] = string(s)
		}
		and(`state IN (`+marks(len(states))+`)`, states...)
	}
	if f.Kind != "" {
		and(`kind = ?`, string(f.Kind))
	}
	if f.ByID != "" {
		and(`author_id = ?`, f.ByID)
	}
	if f.NotByID != "" {
		// Answers hold ids as JSON strings; ids are UUIDs, which LIKE takes as they are.
		and(`author_id <> ? AND approvals NOT LIKE ?`, f.NotByID, `%"`+escapeLike(f.NotByID)+`"%`)
	}
	if f.Incident != "" {
		and(`(incident = ? OR incident IN (SELECT id FROM incidents WHERE root = ?))`, f.Incident, f.Incident) // with what was merged into it
	}
	if f.Before != "" {
		and(`id < ?`, f.Before)
	}
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(`SELECT `+actionColumns+` FROM actions WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT ?`), append(args, f.Limit)...)
	if err != nil {
		return nil, wrap("actions", err)
	}
	defer rows.Close()
	var all []remediate.Action
	for rows.Next() {
		a, err := scanAction(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, wrap("actions", rows.Err())
}

// listOf is the same list, never null in JSON.
func listOf[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// marks is n question marks for a list.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// saveAction keeps what changes of an action.
func (r *Remediation) saveAction(ctx context.Context, tx *sql.Tx, a *remediate.Action) error {
	approvals, err := json.Marshal(listOf(a.Approvals))
	if err != nil {
		return wrap("action", err)
	}
	c := &a.Counts
	_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET state = ?, started = ?, ended = ?, approvals = ?, cancel = ?, undone = ?, todo = ?, done = ?, not_found = ?, skipped = ?, failed = ?, cancelled = ?, drifted = ? WHERE id = ?`),
		string(a.State), micros(a.Started), micros(a.Ended), string(approvals), a.Cancel, a.Undone, c.Todo, c.Done, c.NotFound, c.Skipped, c.Failed, c.Cancelled, c.Drifted, a.ID)
	return wrap("action", err)
}

// Create keeps a new action.
func (r *Remediation) Create(ctx context.Context, a remediate.Action, targets []remediate.Target) (remediate.Action, error) {
	err := r.s.InTx(ctx, func(tx *sql.Tx) error {
		fresh, err := r.uncaused(ctx, tx, targets)
		if err != nil {
			return err
		}
		if len(fresh) == 0 {
			return remediate.ErrNothing
		}
		if a.Undoes != "" {
			if err := r.markUndone(ctx, tx, a.Undoes, a.ID); err != nil {
				return err
			}
		}
		a.Counts = remediate.Counts{Targets: len(fresh)}
		untold := 0
		boxes := map[string]bool{}
		for i := range fresh {
			t := &fresh[i]
			t.Action = a.ID
			*a.Counts.Of(t.Outcome)++
			if !t.Told {
				untold++
				boxes[t.Mailbox] = true
			}
		}
		a.Counts.Mailboxes = len(boxes)
		if err := r.insert(ctx, tx, &a, untold); err != nil {
			return err
		}
		if err := r.insertTargets(ctx, tx, fresh, boxes); err != nil {
			return err
		}
		if err := r.tellIncident(ctx, tx, &a, incident.ActionAsked, askedSay(&a), a.By, a.Created); err != nil {
			return err
		}
		return r.spread(ctx, tx, &a)
	})
	return a, err
}

// markUndone notes which action undoes another; only one may.
func (r *Remediation) markUndone(ctx context.Context, tx *sql.Tx, id, by string) error {
	res, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`UPDATE actions SET undone = ? WHERE id = ? AND undone = ''`), by, id)
	if err != nil {
		return wrap("action", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(remediate.ErrUndone, err)
	}
	return nil
}

func (r *Remediation) spread(ctx context.Context, tx *sql.Tx, a *remediate.Action) error {
	if a.State != remediate.Queued || r.Spread == nil {
		return nil
	}
	return r.Spread(ctx, tx, a.ID)
}

// uncaused leaves out targets whose cause another action has.
func (r *Remediation) uncaused(ctx context.Context, tx *sql.Tx, targets []remediate.Target) (out []remediate.Target, err error) {
	for _, t := range targets {
		if t.Cause != "" {
			var n int
			if err := tx.QueryRowContext(ctx, r.s.dialect.Rebind(`SELECT count(*) FROM action_targets WHERE cause = ? AND cause <> ''`), t.Cause).Scan(&n); err != nil {
				return nil, wrap("targets", err)
			}
			if n > 0 {
				continue
			}
		}
		out = append(out, t)
	}
	return out, nil
}

func (r *Remediation) insert(ctx context.Context, tx *sql.Tx, a *remediate.Action, untold int) error {
	approvals, err := json.Marshal(listOf(a.Approvals))
	if err != nil {
		return wrap("action", err)
	}
	c := &a.Counts
	_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`INSERT INTO actions (`+actionColumns+`, untold) VALUES (`+marks(32)+`)`),
		a.ID, string(a.Kind), a.Name, a.Reason, string(a.State), a.By, a.ByID, a.Automatic, a.Unread, a.Query, a.Incident, a.Undoes, a.Undone, micros(a.Created), micros(a.Started), micros(a.Ended), micros(a.Expires),
		a.Needs, a.Why, a.Policy, string(approvals), a.Cancel, c.Targets, c.Mailboxes, c.Todo, c.Done, c.NotFound, c.Skipped, c.Failed, c.Cancelled, c.Drifted, untold)
	return wrap("action", err)
}

// rowsAStatement is how many rows one INSERT takes; SQLite allows 32,766 arguments.
const rowsAStatement = 100

func (r *Remediation) insertTargets(ctx context.Context, tx *sql.Tx, list []remediate.Target, boxes map[string]bool) error {
	action := list[0].Action
	const width = 17
	for len(list) > 0 {
		n := min(len(list), rowsAStatement)
		args := make([]any, 0, n*width)
		for i := range list[:n] {
			t := &list[i]
			message, err := json.Marshal(t.Message)
			if err != nil {
				return wrap("targets", err)
			}
			args = append(args, t.Action, t.Seq, t.Message.NetworkMessageID, t.Recipient, t.Mailbox, t.Priority, string(t.Outcome), t.Tries, micros(t.Next), t.Error, micros(t.At), t.Told, false, t.Cause, string(message), "[]", "")
		}
		values := strings.TrimSuffix(strings.Repeat("("+marks(width)+"), ", n), ", ")
		if _, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`INSERT INTO action_targets (`+targetColumns+`) VALUES `+values), args...); err != nil {
			return wrap("targets", err)
		}
		list = list[n:]
	}
	args := []any{}
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		values := strings.TrimSuffix(strings.Repeat("("+marks(5)+"), ", len(args)/5), ", ")
		_, err := tx.ExecContext(ctx, r.s.dialect.Rebind(`INSERT INTO action_mailboxes (action, mailbox, queued, checks, check_at) VALUES `+values), args...)
		args = args[:0]
		return wrap("targets", err)
	}
	for box := range boxes {
		args = append(args, action, box, false, 0, int64(0))
		if len(args) >= 5*rowsAStatement {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
