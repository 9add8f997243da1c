package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/event"
)

// checked reports whether the state that a kind leaves is looked at again: mail that should be out of its reader's sight.
func (k Kind) checked() bool {
	return k.Removes() || k == MoveToJunk || k == MoveToDeleted
}

func (w *Worker) after() []time.Duration {
	if w.After == nil {
		return CheckAfter
	}
	return w.After
}

// checkAgain is how long a check waits whose mail system cannot be had.
const checkAgain = 10 * time.Minute

// Check looks whether what an action did in one mailbox still holds. What came back is drift: it stands in the receipt, in the counts and in
// the event store. Nothing is done about it: people decide.
func (w *Worker) Check(ctx context.Context, d Due) (Turn, error) {
	free := w.take(d.Mailbox)
	if free == nil {
		return Turn{Wait: busyWait}, nil
	}
	defer free()
	a, err := w.Store.Action(ctx, d.Action)
	if errors.Is(err, ErrNotFound) || err == nil && (d.N >= len(w.after()) || !a.Kind.checked()) {
		return Turn{Over: true}, nil
	} else if err != nil {
		return Turn{}, err
	}
	r := &round{w: w, a: &a, mailbox: d.Mailbox}
	list, err := w.Store.Targets(ctx, TargetFilter{Action: d.Action, Mailbox: d.Mailbox, Outcomes: []Outcome{Succeeded, AlreadySo}, After: -1})
	if err != nil {
		return Turn{}, err
	}
	if err := r.look(ctx, d, list); err != nil {
		var bad *fault
		if errors.As(err, &bad) && ctx.Err() == nil {
			if w.Log != nil {
				w.Log.Warn("a mailbox could not be checked", "mailbox", d.Mailbox, "action", d.Action, "err", bad.err)
			}
			return Turn{Wait: checkAgain}, w.Store.Postpone(ctx, d, r.now().Add(checkAgain))
		}
		return Turn{}, err
	}
	var next time.Time
	if d.N+1 < len(w.after()) {
		next = r.now().Add(w.after()[d.N+1] - w.after()[d.N])
	}
	return Turn{Over: true}, w.Store.Checked(ctx, d, next)
}

func (r *round) look(ctx context.Context, d Due, list []Target) error {
	p := r.w.Provider(r.mailbox)
	if p == nil || len(list) == 0 {
		return nil
	}
	mb, err := p.Open(ctx, r.mailbox)
	if errors.Is(err, ErrNoMailbox) {
		return nil // with it, everything in it is gone
	} else if err != nil {
		return &fault{err}
	}
	defer func() { _ = mb.Close() }()
	r.mb = mb
	for i := range list {
		t := &list[i]
		after := r.w.after()[d.N]
		if t.Receipt == nil || slices.ContainsFunc(t.Receipt.Checks, func(c Check) bool { return c.After == after }) {
			continue
		}
		// Somebody else has touched it since: what holds now is theirs.
		action, seq, err := r.w.Store.Newest(ctx, r.mailbox, t.Message.NetworkMessageID)
		if err != nil {
			return err
		}
		if action != t.Action || seq != t.Seq {
			continue
		}
		if err := r.check(ctx, t, after, d.At); err != nil {
			return err
		}
	}
	return nil
}

// check looks for one message. Rows come before the receipt, so that a crash in between leaves nothing untold.
func (r *round) check(ctx context.Context, t *Target, after time.Duration, due time.Time) error {
	k := &task{round: r, t: t}
	if why, err := k.know(ctx); err != nil || why != "" {
		return err
	}
	copies, _, err := k.proven(ctx)
	if err != nil {
		return err
	}
	c := Check{After: after, At: r.now(), Holds: true}
	for _, have := range copies {
		if r.a.Kind.Removes() || have.Place == Inbox {
			c.Holds, c.Where, c.Place = false, have.Folder, have.Place
			if have.Place == Inbox {
				break // where it does most harm
			}
		}
	}
	if !c.Holds && !drifted(t) {
		row := r.row(t)
		row.Timestamp, row.ActionType, row.ActionResult = due, typeMoved, resultSuccess
		row.Action = "Moved to " + c.Where
		row.ActionTrigger = fmt.Sprintf("found by the check after %s", after)
		row.SourceLocation, row.DeliveryLocation = string(t.Receipt.To), string(c.Place)
		x := r.acted(t)
		x.Outcome, x.From, x.To = "Drifted", "", c.Where
		row.AdditionalFields = text(x)
		row.ReportId = event.RowID(t.Message.NetworkMessageID, "check", r.a.ID, t.Recipient, after.String())
		if err := r.w.Events.Note(ctx, []Noted{{Row: row, Location: c.Place, Action: typeMoved}}); err != nil {
			return err
		}
	}
	was := drifted(t)
	t.Receipt.Checks = append(t.Receipt.Checks, c)
	return r.w.Store.SaveCheck(ctx, *t, !c.Holds && !was)
}

func drifted(t *Target) bool {
	return t.Receipt != nil && slices.ContainsFunc(t.Receipt.Checks, func(c Check) bool { return !c.Holds })
}

// Drifted reports whether a check found the message where it should not be.
func (t *Target) Drifted() bool { return drifted(t) }
