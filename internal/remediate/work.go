package remediate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Worker carries actions out, one mailbox of one action at a time. All but After and Log must be set. It is safe for concurrent use; two
// calls about the same mailbox follow each other.
type Worker struct {
	Store    Store
	Events   Events
	Vault    Vault
	Mail     Mail
	Provider func(mailbox string) Provider // nil: none reaches it
	Now      func() time.Time
	After    []time.Duration // when finished targets are looked at again; nil: CheckAfter
	Log      *slog.Logger

	mu      sync.Mutex
	busy    map[string]bool
	digests map[string]string // by SHA-256 of the bytes that came in
}

// Turn is what one call of Work leaves to do.
type Turn struct {
	Over bool          // nothing is left in this mailbox
	Wait time.Duration // call again after so long
}

const (
	// overloadWait is how long a mailbox waits when its mail system asks for it, or cannot be had.
	overloadWait = 15 * time.Second
	// busyWait is how long it waits for another action on the same mailbox.
	busyWait = time.Second
	// slice is how long one call of Work lasts at most, about.
	slice = 5 * time.Minute
	// tellEvery is how many targets are finished before the event store is told.
	tellEvery = 64
)

// Work goes on with one mailbox of an action. What it did is durable step by step: whatever a crash cuts off is concluded by the next call.
func (w *Worker) Work(ctx context.Context, action, mailbox string) (Turn, error) {
	free := w.take(mailbox)
	if free == nil {
		return Turn{Wait: busyWait}, nil
	}
	defer free()
	a, err := w.Store.Action(ctx, action)
	if errors.Is(err, ErrNotFound) || err == nil && (a.State == Waiting || a.State == Rejected || a.State == Expired) {
		return Turn{Over: true}, nil
	}
	if err != nil {
		return Turn{}, err
	}
	open, err := w.Store.Open(ctx, action, mailbox)
	if err != nil || len(open) == 0 {
		return Turn{Over: err == nil}, err
	}
	if a.State == Queued {
		if err := w.Store.Begin(ctx, action, w.Now()); err != nil {
			return Turn{}, err
		}
	}
	r := &round{w: w, a: &a, mailbox: mailbox}
	err = r.visit(ctx, open)
	if ctx.Err() != nil {
		return Turn{}, ctx.Err()
	}
	if err := errors.Join(err, r.tell(ctx, open)); err != nil {
		return Turn{}, err
	}
	return r.turn(open), nil
}

// take makes the mailbox the caller's own; nil when it is somebody else's.
func (w *Worker) take(mailbox string) (free func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[mailbox] {
		return nil
	}
	if w.busy == nil {
		w.busy = map[string]bool{}
	}
	w.busy[mailbox] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.busy, mailbox)
	}
}

// round is one visit to one mailbox.
type round struct {
	w       *Worker
	a       *Action
	mailbox string
	wait    time.Duration // the mail system asks for it
	again   bool          // the list has changed
	mb      Mailbox
	name    string // of the provider
}

// fault is an error of a mail system.
type fault struct{ err error }

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// visit works on the targets whose time has come.
func (r *round) visit(ctx context.Context, open []Target) error {
	now, until := r.w.Now(), time.Now().Add(slice)
	due := func(t *Target) bool { return !t.Outcome.Final() && !t.Next.After(now) }
	if !slices.ContainsFunc(open, func(t Target) bool { return due(&t) }) {
		return nil
	}
	if err := r.open(ctx, open, due); err != nil || r.mb == nil {
		return err
	}
	defer func() { _ = r.mb.Close() }()
	finished := 0
	for i := range open {
		t := &open[i]
		if !due(t) {
			continue
		}
		if ctx.Err() != nil || time.Now().After(until) {
			r.again = true
			return ctx.Err()
		}
		k := &task{round: r, t: t}
		err := k.run(ctx)
		var bad *fault
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrOver): // cancelled meanwhile
			r.again = true
			return nil
		case errors.As(err, &bad):
			// The connection may be broken: the others come in the next turn, with another one.
			r.again = true
			return r.failed(ctx, bad.err, []*Target{t})
		case err != nil:
			return err
		}
		if finished++; finished%tellEvery == 0 {
			if err := r.tell(ctx, open); err != nil {
				return err
			}
		}
	}
	return nil
}

// open opens the mailbox, or says to every target why that cannot be.
func (r *round) open(ctx context.Context, open []Target, due func(*Target) bool) error {
	var list []*Target
	for i := range open {
		if due(&open[i]) {
			list = append(list, &open[i])
		}
	}
	p := r.w.Provider(r.mailbox)
	if p == nil {
		return r.without(ctx, list, "No mail system is connected for "+r.mailbox+".")
	}
	r.name = p.Name()
	mb, err := p.Open(ctx, r.mailbox)
	switch {
	case err == nil:
		r.mb = mb
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrNoMailbox):
		return r.without(ctx, list, "The mail system has no mailbox "+r.mailbox+".")
	}
	return r.failed(ctx, err, list)
}

// without goes on where there is no mailbox: what is held in quarantine can be deleted all the same. The others are told why.
func (r *round) without(ctx context.Context, list []*Target, why string) error {
	var rest []*Target
	for _, t := range list {
		if !t.heldOnly(r.a.Kind) {
			rest = append(rest, t)
		}
	}
	if len(rest) < len(list) {
		r.mb, r.name = nowhere{}, "quarantine"
	}
	return r.impossible(ctx, rest, why)
}

func (r *round) impossible(ctx context.Context, list []*Target, why string) error {
	for _, t := range list {
		t.Outcome, t.Error, t.At = Impossible, why, r.now()
		if err := r.w.Store.Finish(ctx, *t); err != nil && !errors.Is(err, ErrOver) {
			return err
		} else if err != nil {
			r.again = true
			return nil
		}
	}
	return nil
}

// now is the time as it is stored, so that what is written twice is the same.
func (r *round) now() time.Time { return r.w.Now().UTC().Truncate(time.Microsecond) }

// failed notes what a mail system answered. What may pass is tried again; the last try is final.
func (r *round) failed(ctx context.Context, err error, list []*Target) error {
	if errors.Is(err, ErrOverloaded) {
		r.wait = overloadWait
		return nil
	}
	if r.w.Log != nil {
		r.w.Log.Warn("a mailbox could not be worked on", "mailbox", r.mailbox, "action", r.a.ID, "err", err)
	}
	var later []Target
	for _, t := range list {
		t.Tries++
		t.Error = sentence(err)
		final := errors.Is(err, ErrCannot) || errors.Is(err, ErrNoBytes)
		if t.Tries < MaxTries && !final {
			t.Next = r.now().Add(Backoff(t.Tries))
			later = append(later, *t)
			continue
		}
		t.Outcome, t.At, t.Next = FailedTarget, r.now(), time.Time{}
		if final {
			t.Outcome = Impossible
		}
		if errors.Is(err, ErrNoBytes) {
			t.Error = "What was kept of it was deleted meanwhile."
		}
		t.Receipt = r.receipt(t, t.Intents, true) // what was done before can be undone
		if err := r.w.Store.Finish(ctx, *t); errors.Is(err, ErrOver) {
			r.again = true
			return nil
		} else if err != nil {
			return err
		}
	}
	if len(later) == 0 {
		return nil
	}
	return r.w.Store.Later(ctx, later)
}

// maxSentence bounds what a mail system may have us show, in octets.
const maxSentence = 300

// sentence says an error of a mail system. Its words come from outside.
func sentence(err error) string {
	text := []rune(err.Error())
	for i, c := range text {
		if c < ' ' || c == 0x7f {
			text[i] = ' '
		}
	}
	s := string(text)
	if len(s) > maxSentence {
		s = strings.ToValidUTF8(s[:maxSentence], "") + "..."
	}
	return fmt.Sprintf("The mail system did not do it: %s", s)
}

// receipt is what was done to a target; nil when nothing was. partly leaves out what is only meant.
func (r *round) receipt(t *Target, steps []Step, partly bool) *Receipt {
	goal := r.a.Kind.Goal()
	out := &Receipt{At: r.now(), Provider: r.name, Steps: []Step{}, From: goal, To: goal}
	moved := false
	for _, s := range steps {
		if partly && !s.Did {
			continue
		}
		if out.To == "" && s.Stay {
			out.From, out.To = s.From.Place, s.To.Place
		}
		if !moved && !s.Stay {
			moved = true
			if out.From = s.From.Place; out.From == "" {
				out.From = t.Message.Place
			}
			if goal == "" { // undo
				if out.To = s.To.Place; out.To == "" {
					out.To = Quarantined
				}
			}
		}
		s.Did = false
		out.Steps = append(out.Steps, s)
	}
	if len(out.Steps) == 0 {
		return nil
	}
	return out
}

// turn says when to come again.
func (r *round) turn(open []Target) Turn {
	now := r.w.Now()
	t := Turn{Over: true, Wait: time.Hour}
	for i := range open {
		if open[i].Outcome.Final() {
			continue
		}
		t.Over = false
		t.Wait = min(t.Wait, max(open[i].Next.Sub(now), time.Millisecond))
	}
	switch {
	case r.wait > 0:
		return Turn{Wait: r.wait}
	case r.again:
		return Turn{Wait: time.Millisecond}
	case t.Over:
		t.Wait = 0
	}
	return t
}
