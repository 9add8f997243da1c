package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// Owner is the operator as whom a tracked query runs.
type Owner struct {
	Email    string
	Disabled bool
	MayTrack bool // run and keep queries
	Content  bool // read columns that quote messages
}

// Operators know the owners as they are now.
type Operators interface {
	Owner(ctx context.Context, id string) (Owner, error)
}

// Shelf is where the saved queries are.
type Shelf interface {
	SavedQuery(ctx context.Context, id string) (hunt.Saved, error)
}

// Alerts takes what a tracker found, and hears when it is no longer so.
type Alerts interface {
	Raise(ctx context.Context, a alert.Alert) (id string, isNew bool, err error)
	Rest(ctx context.Context, key string) (bool, error)
}

var _ Alerts = (*alert.Desk)(nil)

// Clock runs tracked queries when they are due. What is due stands in the store, so that a restart neither forgets nor repeats: a slot has
// one run. Slots that passed while nobody ran them are made up by one run, of the newest of them; it says how many were missed.
type Clock struct {
	Store     Store
	Shelf     Shelf
	Runner    Runner
	Operators Operators
	Alerts    Alerts
	Now       func() time.Time
	Log       *slog.Logger
	// Stopped is told of a tracker that stopped by itself, for the record; nil: nobody is.
	Stopped func(ctx context.Context, t Tracked, why string)
}

// dueAtOnce is how many trackers one round runs. They run one after the other: hunting has few turns, and people want them too.
const dueAtOnce = 20

// Round runs what is due and reports how many came to an end.
func (c *Clock) Round(ctx context.Context) (ran int, err error) {
	due, err := c.Store.DueTracked(ctx, c.Now().UTC().Add(-settle), dueAtOnce)
	if err != nil {
		return 0, err
	}
	for i := range due {
		t := &due[i]
		slot := t.slot(c.Now())
		r := Run{Slot: slot, Missed: int(slot.Sub(t.Next) / t.Every)}
		done, err := c.run(ctx, t, r, slot.Add(t.Every))
		if ctx.Err() != nil {
			return ran, ctx.Err() // it is due still, and runs at the next start
		}
		if err != nil {
			return ran, err
		}
		if done {
			ran++
		}
	}
	return ran, nil
}

// RunNow runs a tracker by a person's wish, apart from its slots.
func (c *Clock) RunNow(ctx context.Context, t Tracked) (Tracked, error) {
	slot := c.Now().UTC().Truncate(time.Second)
	done, err := c.run(ctx, &t, Run{Slot: slot, Hand: true}, time.Time{})
	if err == nil && !done {
		now, err := c.Store.Tracked(ctx, t.ID)
		switch {
		case err != nil:
			return now, err
		case now.Stopped != "":
			return now, &Wrong{"", now.Stopped}
		default:
			return now, &hunt.LimitError{Limit: hunt.LimitBusy, Msg: now.Waiting}
		}
	}
	if err != nil {
		return t, err
	}
	return c.Store.Tracked(ctx, t.ID)
}

// run takes one look and keeps it. done is false when it has to be taken again, or the tracker stopped. Errors are those of the case store.
func (c *Clock) run(ctx context.Context, t *Tracked, r Run, next time.Time) (done bool, err error) {
	r.At, r.From = c.Now().UTC(), r.Slot.Add(-t.Window)
	saved, owner, why, err := c.allowed(ctx, t)
	if err != nil {
		return false, err
	}
	if why != "" {
		c.Log.Warn("a tracked query stopped", "tracker", t.ID, "name", t.Name, "why", why)
		if err := c.Store.StopTracked(ctx, t.ID, why); err != nil {
			return false, err
		}
		if c.Stopped != nil {
			c.Stopped(ctx, *t, why)
		}
		return false, nil
	}
	q, err := Ask(saved.Query, r.From, r.Slot)
	var took hunt.Done
	if err == nil {
		r.Count, took, err = q.Count(ctx, c.Runner, owner.Content)
	}
	var limit *hunt.LimitError
	if errors.As(err, &limit) && limit.Limit == hunt.LimitBusy {
		return false, c.Store.WaitTracked(ctx, t.ID, limit.Error())
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	r.Took = took.Took
	id := t.AlertID
	if err != nil {
		r.Error = err.Error()
	} else if id, err = c.judge(ctx, t, &r, saved, &q, owner); err != nil {
		// The count is kept; that nobody was told stands beside it.
		r.Error = "no alert was raised: " + err.Error()
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return c.Store.FinishRun(ctx, t.ID, r, next, saved.Name, id)
}

// allowed reads the saved query and its owner as they are now, and says why the tracker may not run.
func (c *Clock) allowed(ctx context.Context, t *Tracked) (s hunt.Saved, o Owner, why string, err error) {
	if o, err = c.Operators.Owner(ctx, t.OwnerID); err != nil {
		return s, o, "", err
	}
	switch {
	case o.Disabled:
		return s, o, fmt.Sprintf("it runs as %s, whose account is disabled", o.Email), nil
	case !o.MayTrack:
		return s, o, fmt.Sprintf("it runs as %s, who may not run and keep queries any more (hunt.run, hunt.save)", o.Email), nil
	}
	s, err = c.Shelf.SavedQuery(ctx, t.QueryID)
	switch {
	case errors.Is(err, hunt.ErrNoQuery):
		return s, o, "its saved query was removed", nil
	case err != nil:
		return s, o, "", err
	case !s.Readable(t.OwnerID):
		return s, o, fmt.Sprintf("its saved query is not shared with %s any more", o.Email), nil
	}
	return s, o, "", nil
}

// judge asks whether the condition holds, and raises or rests the alert.
func (c *Clock) judge(ctx context.Context, t *Tracked, r *Run, s hunt.Saved, q *Question, o Owner) (alertID string, err error) {
	why, err := c.holds(ctx, t, r)
	if err != nil {
		return t.AlertID, err
	}
	if why == "" {
		if t.Held && !r.Hand && r.Slot.After(t.Last.Slot) {
			_, err = c.Alerts.Rest(ctx, t.Key())
		}
		return t.AlertID, err
	}
	r.Held = true
	a := alert.Alert{
		Key: t.Key(), Title: fmt.Sprintf("Tracked query %q has results", s.Name), Severity: t.Severity, Category: t.Category, Source: "Tracked query", Policy: s.Name, Link: t.Link(),
		Detail: why, Query: s.Query, From: q.From, To: q.To, Count: r.Count,
	}
	if a.Evidence, err = evidence(ctx, c.Runner, q, o.Content); err != nil {
		c.Log.Warn("an alert is raised without evidence", "tracker", t.ID, "err", err)
	}
	alertID, _, err = c.Alerts.Raise(ctx, a)
	return alertID, err
}

func plural(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// holds says why the condition holds; "" when it does not.
func (c *Clock) holds(ctx context.Context, t *Tracked, r *Run) (string, error) {
	until := r.Slot.UTC().Format("2 January 15:04") + " UTC"
	switch t.Condition {
	case Above:
		if r.Count > t.Threshold {
			return fmt.Sprintf("%s in the %s before %s, more than %d.", plural(r.Count), words(t.Window), until, t.Threshold), nil
		}
	case Grows:
		past, err := c.Before(ctx, t, r.Slot)
		if err != nil || len(past) < leastPast {
			return "", err
		}
		if a := Compare(r.Count, past); r.Count >= t.Threshold && a.Grown() {
			return fmt.Sprintf("%s in the %s before %s, where %.1f are expected after the %d windows before: such a count comes once in %.0f windows by chance.",
				plural(r.Count), words(t.Window), until, a.Expected, len(past), 1/max(a.Chance, 1e-9)), nil
		}
	}
	return "", nil
}

const (
	mostPast  = 8 // windows that growth is measured against
	leastPast = 3
)

// Before are the counts of the windows before the one that ends at slot, oldest first, where there was a run for them: windows that neither
// overlap nor have a gap between them. A day or less is compared with the days before it at the same hour.
func (c *Clock) Before(ctx context.Context, t *Tracked, slot time.Time) ([]int64, error) {
	step := max(t.Window, day)
	runs, err := c.Store.Runs(ctx, t.ID, slot.Add(-mostPast*step-t.Every), slot, mostRuns)
	if err != nil {
		return nil, err
	}
	var past []int64
	for i := mostPast; i >= 1; i-- {
		at := slot.Add(-time.Duration(i) * step)
		best := -1
		for j := range runs {
			away := runs[j].Slot.Sub(at).Abs()
			if runs[j].Error == "" && away < t.Every && (best < 0 || away < runs[best].Slot.Sub(at).Abs()) {
				best = j
			}
		}
		if best >= 0 {
			past = append(past, runs[best].Count)
		}
	}
	return past, nil
}

// mostRuns is more than any history holds: every 15 minutes for HistoryLife.
const mostRuns = 10_000

// words is a length of time for people.
func words(d time.Duration) string {
	switch {
	case d%day == 0 && d > day:
		return fmt.Sprintf("%d days", d/day)
	case d%time.Hour == 0 && d > time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d == time.Hour:
		return "hour"
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}

// evidence are the first rows of q that name something that an alert can be about.
func evidence(ctx context.Context, r Runner, q *Question, content bool) ([]alert.Evidence, error) {
	h, err := q.ask(ctx, r, "", hunt.Ask{Content: content, Rows: alert.MaxEvidence})
	if err != nil {
		return nil, err
	}
	s := &pieces{at: map[string]int{}}
	_, err = r.Run(ctx, h, s)
	return s.all, err
}

// pieces is a Sink that makes evidence of rows, by the names of their columns.
type pieces struct {
	at  map[string]int
	all []alert.Evidence
}

func (p *pieces) Head(columns []kql.Column) error {
	for i, c := range columns {
		p.at[c.Name] = i
	}
	return nil
}

func (p *pieces) Row(values []any) error {
	get := func(names ...string) string {
		for _, n := range names {
			if i, ok := p.at[n]; ok {
				if s, _ := values[i].(string); s != "" {
					return s
				}
			}
		}
		return ""
	}
	e := alert.Evidence{Account: get("RecipientEmailAddress", "AccountUpn")}
	if i, ok := p.at["Timestamp"]; ok {
		e.Time, _ = values[i].(time.Time)
	}
	switch {
	case get("NetworkMessageId") != "":
		e.Type, e.NetworkMessageID, e.Subject, e.Impacted, e.Family = "MailMessage", get("NetworkMessageId"), get("Subject", "EmailSubject"), true, get("ThreatNames")
	case get("SHA256") != "":
		e.Type, e.SHA256, e.FileName, e.Family = "File", get("SHA256"), get("FileName"), get("ThreatNames")
	case get("Url", "UrlDomain") != "":
		e.Type, e.URL = "Url", get("Url", "UrlDomain")
	case get("SenderIPv4", "IPAddress", "SenderIPv6") != "":
		e.Type, e.IP = "Ip", get("SenderIPv4", "IPAddress", "SenderIPv6")
	case e.Account != "":
		e.Type, e.Impacted = "Mailbox", true
	default:
		return nil
	}
	p.all = append(p.all, e)
	return nil
}
