package rejudge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
)

// Worker works runs. All but Log must be set.
type Worker struct {
	Store     Store
	Ledger    Ledger
	Events    Events
	Examiner  Examiner
	Book      func() *detect.Book
	Candidate Candidate
	// Remember tells the memory of correspondents what messages left in it, that became a threat or are none any more. Telling it again
	// changes nothing. nil: nothing is remembered.
	Remember func(ctx context.Context, traces []any) error
	// Yield lets work that cannot wait go first. It returns at once when there is none, and after a while in any case, so that a run
	// comes to its end on a busy day too.
	Yield func(ctx context.Context)
	Now   func() time.Time
	Log   *slog.Logger
}

// batch is how many messages are read from the stores, and written down, together.
const batch = 32

// slice is how long one call of Work lasts at most.
const slice = 5 * time.Minute

// Work goes on with a run. It returns true when the run is over, and false when there is more to do: after a while, or when ctx ended.
// What it did is saved after every few messages; what a crash undoes of that is done again with the same outcome.
func (w *Worker) Work(ctx context.Context, id string) (over bool, err error) {
	r, err := w.Store.Run(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	if err != nil || r.State.Over() {
		return err == nil, err
	}
	began := w.Now()
	if r.State == Queued {
		r.State, r.Started = Running, began.UTC()
		if n := len(r.Spec.Messages); n > 0 {
			r.Counts.Total = int64(n)
		} else if r.Counts.Total, err = w.Ledger.CountBetween(ctx, r.Spec.Since, r.Spec.Until); err != nil {
			return false, err
		}
		if r.Cancel, err = w.Store.SaveRun(ctx, r, nil); err != nil {
			return false, err
		}
	}
	var candidate Setup
	if r.Kind == WhatIf {
		if candidate, err = w.Candidate(ctx, &r.Spec); err != nil {
			return w.end(ctx, &r, Failed, err)
		}
	}
	for deadline := time.Now().Add(slice); ; {
		if r.Cancel {
			return w.end(ctx, &r, Cancelled, nil)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false, nil
		}
		start := time.Now()
		more, results, err := w.step(ctx, &r, candidate)
		if err != nil {
			return false, err // a store is away, or ctx ended: later again
		}
		r.Counts.Worked += time.Since(start)
		if !more {
			return w.end(ctx, &r, Done, nil)
		}
		if r.Cancel, err = w.Store.SaveRun(ctx, r, results); err != nil {
			return false, err
		}
	}
}

// end notes that the run is over. While that cannot be kept, it is not.
func (w *Worker) end(ctx context.Context, r *Run, s State, why error) (over bool, err error) {
	r.State, r.Ended = s, w.Now().UTC()
	if why != nil {
		r.Error = why.Error()
	}
	_, err = w.Store.SaveRun(ctx, *r, nil)
	return err == nil, err
}

// step works the next few messages; more is false when there are none.
func (w *Worker) step(ctx context.Context, r *Run, candidate Setup) (more bool, results []Result, err error) {
	messages, end, err := w.next(ctx, r)
	if err != nil || end.SHA256 == "" {
		return false, nil, err
	}
	ids := make([]string, len(messages))
	for i := range messages {
		ids[i] = messages[i].NetworkMessageID
	}
	known, err := w.Events.Delivered(ctx, ids)
	if err != nil {
		return false, nil, err
	}
	counts := r.Counts.clone()
	var decided []Later
	var traces []any
	book := w.Book()
	for i := range messages {
		w.Yield(ctx)
		m := &messages[i]
		counts.Messages++
		d := known[m.NetworkMessageID]
		if d == nil || len(d.Events) == 0 {
			counts.Missing++ // retention took its events, or it is judged for the first time right now
			continue
		}
		one := oneMessage{w: w, r: r, m: m, d: d, book: book, candidate: candidate, counts: &counts}
		if err := one.judge(ctx); err != nil {
			return false, nil, err
		}
		decided = append(decided, one.later...)
		if one.turned && one.trace != nil {
			traces = append(traces, one.trace)
		}
		for _, x := range one.results {
			if counts.Results >= MaxResults {
				counts.Unkept++
				continue
			}
			counts.Results++
			x.Seq = counts.Results
			results = append(results, x)
		}
	}
	// Before the rows: a run that finds its rows has nothing to tell any more.
	if len(traces) > 0 && w.Remember != nil {
		if err := w.Remember(ctx, traces); err != nil {
			return false, nil, err
		}
	}
	if len(decided) > 0 {
		if err := w.Events.Decide(ctx, decided); err != nil {
			return false, nil, err
		}
	}
	r.Counts, r.Cursor = counts, end
	return true, results, nil
}

// next reads the messages that come next, and the cursor behind them; one without a hash says that there are none. A run that names its
// messages goes by their ids: its cursor holds the last one instead of a hash.
func (w *Worker) next(ctx context.Context, r *Run) (messages []Message, end Cursor, err error) {
	if len(r.Spec.Messages) == 0 {
		messages, err = w.Ledger.MessagesBetween(ctx, r.Spec.Since, r.Spec.Until, r.Cursor, batch)
		if err == nil && len(messages) > 0 {
			last := messages[len(messages)-1]
			end = Cursor{last.Time, last.SHA256}
		}
		return messages, end, err
	}
	ids := slices.Sorted(slices.Values(r.Spec.Messages))
	at, _ := slices.BinarySearch(ids, r.Cursor.SHA256+"\x00")
	if ids = ids[at:]; len(ids) == 0 {
		return nil, Cursor{}, nil
	}
	ids = ids[:min(batch, len(ids))]
	messages, err = w.Ledger.MessagesNamed(ctx, ids)
	return messages, Cursor{r.Spec.Since, ids[len(ids)-1]}, err
}

func (c Counts) clone() Counts {
	actions := make(map[string]int64, len(c.Actions))
	for k, n := range c.Actions {
		actions[k] = n
	}
	c.Actions = actions
	return c
}

// oneMessage is one message of a run.
type oneMessage struct {
	w         *Worker
	r         *Run
	m         *Message
	d         *Delivered
	book      *detect.Book
	candidate Setup
	counts    *Counts

	results []Result
	later   []Later
	trace   any
	turned  bool // from harmless to a threat, or back, for good
}

func (o *oneMessage) judge(ctx context.Context) error {
	// The parts of the envelope stand in every event; one is enough.
	var x event.Extra
	_ = json.Unmarshal([]byte(o.d.Events[0].AdditionalFields), &x)
	var auth *mailauth.Results
	if len(x.Auth) > 0 {
		auth = new(mailauth.Results)
		if json.Unmarshal(x.Auth, auth) != nil {
			auth = nil
		}
	}
	got, err := o.w.Examiner.Examine(ctx, *o.m, o.d, auth, &x)
	switch {
	case errors.Is(err, ErrNoBytes):
		o.counts.Missing++
		return nil
	case err != nil:
		return err
	case len(got.Verdict.Notes) > 0:
		o.counts.Broken++
		if o.w.Log != nil {
			o.w.Log.Warn("a message could not be judged again in full", "message", o.m.NetworkMessageID, "kind", got.Verdict.Notes[0].ID, "note", got.Verdict.Notes[0].Text)
		}
	}
	c, v := got.Context, got.Verdict
	o.trace = got.Trace
	decisions := o.book.DecideEach(v, c)
	byRecipient := func(list []detect.Decision, rcpt string) *detect.Decision {
		if i := slices.Index(c.Recipients, rcpt); i >= 0 {
			return &list[i]
		}
		return nil
	}
	after, would := v, decisions
	if o.r.Kind == WhatIf {
		if o.candidate.Judge != nil {
			after = o.candidate.Judge.Judge(ctx, c)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		would = o.candidate.Book.DecideEach(after, c)
	}
	now := o.w.Now().UTC()
	for i := range o.d.Events {
		e := &o.d.Events[i]
		d, n := byRecipient(decisions, e.RecipientEmailAddress), byRecipient(would, e.RecipientEmailAddress)
		if d == nil || n == nil {
			continue
		}
		o.counts.Events++
		if o.r.Kind == WhatIf {
			a, b := sideOf(&v, d, string(d.Location)), sideOf(&after, n, string(n.Location))
			o.compare(e, a, b, true, differ(v.Signals, after.Signals))
			continue
		}
		o.decide(e, &v, d, now)
	}
	return nil
}

// decide compares with the newest judgement of the event, and makes a row when something changed.
func (o *oneMessage) decide(e *event.EmailEvent, v *detect.Verdict, d *detect.Decision, now time.Time) {
	var x event.Extra
	_ = json.Unmarshal([]byte(e.AdditionalFields), &x)
	p := priorOf(e, &x, o.d.After)
	b := sideOf(v, d, e.LatestDeliveryLocation)
	change := changeOf(&p.side, &b, p.known)
	if len(v.Notes) > 0 && b.Score < p.side.Score {
		return // half a judgement is no reason to take a whole one back
	}
	if change == "" || !concerns(o.r.Spec.Threat, &p.side, &b) {
		// A crash between row and patch leaves the event behind its last row.
		if change == "" && p.last != "" && p.latest != b.Threats && !o.r.Spec.DryRun {
			o.later = append(o.later, Later{Row: event.PostDelivery{NetworkMessageId: e.NetworkMessageId, RecipientEmailAddress: e.RecipientEmailAddress, Timestamp: now}, Threats: b.Threats, Technologies: technologies(v)})
		}
		return
	}
	signals := differ(p.signals, v.Signals)
	l := later(o.r, e, &p, v, d, b, signals, now)
	if l.Row.ActionResult == ResultPending {
		o.counts.Decided++
	} else {
		o.counts.Noted++
	}
	if at := o.compare(e, p.side, b, p.known, signals); at != nil {
		at.Decision = fmt.Sprintf("%s: %s", l.Row.ActionType, l.Row.Action)
		if l.Row.ActionResult != "" {
			at.Decision += " (" + l.Row.ActionResult + ")"
		}
	}
	if !o.r.Spec.DryRun {
		o.later = append(o.later, l)
		o.turned = o.turned || change == NowFlagged || change == NoLonger
	}
}

// maxRecipients is how many recipients a result names.
const maxRecipients = 20

// compare counts a change and puts it among the results, together with other recipients for whom it is the same.
func (o *oneMessage) compare(e *event.EmailEvent, a, b Side, known bool, signals []SignalChange) *Result {
	change := changeOf(&a, &b, known)
	if change == "" || !concerns(o.r.Spec.Threat, &a, &b) {
		return nil
	}
	c := o.counts
	switch change {
	case NowFlagged:
		c.NowFlagged++
	case NoLonger:
		c.NoLonger++
	}
	if change != ActionChanged {
		c.Verdict++
	}
	if known && (a.Treatment != b.Treatment || a.Watched != b.Watched) {
		c.Action++
		c.Actions[a.does()+" -> "+b.does()]++
	}
	why := contradicts(change, stanceOf(e.RecipientEmailAddress, o.d.After))
	if why != "" {
		c.Contradicts++
	}
	for i := range o.results {
		if r := &o.results[i]; r.Before == a && r.After == b && r.Contradicts == why {
			r.Count++
			if len(r.Recipients) < maxRecipients {
				r.Recipients = append(r.Recipients, e.RecipientEmailAddress)
			}
			return r
		}
	}
	o.results = append(o.results, Result{
		NetworkMessageID: e.NetworkMessageId, Time: e.Timestamp, Sender: e.SenderFromAddress, Subject: e.Subject, Recipients: []string{e.RecipientEmailAddress}, Count: 1,
		Change: change, Before: a, After: b, Signals: signals, Contradicts: why,
	})
	return &o.results[len(o.results)-1]
}

// does is the treatment in one word or two.
func (s *Side) does() string {
	switch {
	case s.Treatment == "":
		return "unknown"
	case s.Watched:
		return s.Treatment + " (watching)"
	}
	return s.Treatment
}
