package rejudge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
)

var began = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// world is all that a worker sees, in memory: it forgets nothing when a worker dies, as stores do.
type world struct {
	run      Run
	results  map[int64]Result
	messages []Message
	events   map[string]*event.EmailEvent
	rows     map[string]event.PostDelivery // by ReportId
	order    []string

	saves  int
	broken func(at string) error // a crash, by the place where it happens
	told   map[string]int        // how often memory heard of a message
	score  int                   // of every message
	notes  []detect.Note
}

func newWorld(messages int) *world {
	w := &world{
		run:     Run{ID: "r", Kind: Rejudge, State: Queued, Trigger: "rules changed", Automatic: true, Spec: Spec{Since: began, Until: began.Add(time.Hour)}},
		results: map[int64]Result{}, events: map[string]*event.EmailEvent{}, rows: map[string]event.PostDelivery{}, told: map[string]int{}, score: 90,
		broken: func(string) error { return nil },
	}
	for i := range messages {
		id := fmt.Sprintf("m%03d", i)
		w.messages = append(w.messages, Message{SHA256: id, NetworkMessageID: id, Time: began.Add(time.Duration(i/3) * time.Second)})
		w.events[id] = &event.EmailEvent{NetworkMessageId: id, RecipientEmailAddress: "a@b.test", LatestDeliveryLocation: "Inbox/folder", AdditionalFields: "{}"}
	}
	return w
}

func (w *world) Run(context.Context, string) (Run, error) { return w.run, nil }

func (w *world) Runs(context.Context, Kind, string, int) ([]Run, error) { return nil, nil }

func (w *world) SaveRun(_ context.Context, r Run, results []Result) (bool, error) {
	w.saves++
	if err := w.broken("before save"); err != nil {
		return false, err
	}
	cancel := w.run.Cancel
	w.run = r
	w.run.Cancel = cancel
	for _, x := range results {
		if _, twice := w.results[x.Seq]; twice {
			return false, fmt.Errorf("result %d twice", x.Seq)
		}
		w.results[x.Seq] = x
	}
	return cancel, nil
}

func (w *world) CancelRun(context.Context, string, time.Time) error { return nil }

func (w *world) Results(context.Context, string, Change, bool, int64, int) ([]Result, error) {
	return nil, nil
}

func (w *world) CountBetween(context.Context, time.Time, time.Time) (int64, error) {
	return int64(len(w.messages)), nil
}

func (w *world) MessagesBetween(_ context.Context, _, _ time.Time, after Cursor, limit int) (out []Message, err error) {
	for _, m := range w.messages {
		if len(out) < limit && (m.Time.After(after.At) || m.Time.Equal(after.At) && m.SHA256 > after.SHA256) {
			out = append(out, m)
		}
	}
	return out, nil
}

func (w *world) MessagesNamed(_ context.Context, ids []string) (out []Message, err error) {
	for _, m := range w.messages {
		if slices.Contains(ids, m.NetworkMessageID) {
			out = append(out, m)
		}
	}
	return out, nil
}

func (w *world) Delivered(_ context.Context, ids []string) (map[string]*Delivered, error) {
	out := map[string]*Delivered{}
	for _, id := range ids {
		d := &Delivered{Events: []event.EmailEvent{*w.events[id]}}
		for _, key := range w.order {
			if r := w.rows[key]; r.NetworkMessageId == id {
				d.After = append(d.After, r)
			}
		}
		out[id] = d
	}
	return out, nil
}

func (w *world) Decide(_ context.Context, list []Later) error {
	for _, l := range list {
		if err := w.broken("row"); err != nil {
			return err
		}
		if _, have := w.rows[l.Row.ReportId]; !have && l.Row.ReportId != "" {
			w.rows[l.Row.ReportId] = l.Row
			w.order = append(w.order, l.Row.ReportId)
		}
	}
	if err := w.broken("between row and patch"); err != nil {
		return err
	}
	for _, l := range list {
		w.events[l.Row.NetworkMessageId].LatestThreatTypes = l.Threats
	}
	return nil
}

func (w *world) Examine(_ context.Context, m Message, _ *Delivered, _ *mailauth.Results, _ *event.Extra) (Examined, error) {
	c := &detect.Context{Message: email.Parse([]byte("From: x@y.test\r\n\r\nz"), email.Limits{}), Recipients: []string{"a@b.test"}, Now: m.Time}
	v := detect.Combine(nil, nil, 0, nil)
	if w.score > 0 {
		v = detect.Combine([]detect.Signal{{ID: "a-rule", Threat: detect.Phish, Technology: detect.GeneralFilter, Weight: w.score}}, nil, 0, nil)
	}
	v.Notes = append(v.Notes, w.notes...)
	return Examined{Context: c, Verdict: v, Trace: m.SHA256}, nil
}

func (w *world) remember(_ context.Context, traces []any) error {
	if err := w.broken("memory"); err != nil {
		return err
	}
	for _, x := range traces {
		w.told[x.(string)]++
	}
	return nil
}

func (w *world) worker() *Worker {
	p := detect.DefaultPolicy()
	p.Mode = detect.Act
	book := detect.NewBook(p, nil)
	return &Worker{Store: w, Ledger: w, Events: w, Examiner: w, Book: func() *detect.Book { return book }, Yield: func(context.Context) {}, Now: func() time.Time { return began.Add(time.Hour) }, Remember: w.remember}
}

// A worker that dies anywhere leaves what an undisturbed one leaves, once another has gone on.
func TestCrashesLoseAndDoubleNothing(t *testing.T) {
	calm := newWorld(100)
	if over, err := calm.worker().Work(t.Context(), "r"); !over || err != nil || calm.run.State != Done {
		t.Fatal(over, err, calm.run)
	}
	if c := calm.run.Counts; c.Decided != 100 || c.NowFlagged != 100 || c.Results != 100 || len(calm.rows) != 100 {
		t.Fatalf("%+v, %d rows", c, len(calm.rows))
	}
	errCrash := errors.New("crash")
	for _, place := range []string{"before save", "memory", "row", "between row and patch"} {
		for nth := range 120 {
			w := newWorld(100)
			left := nth
			w.broken = func(at string) error {
				if at == place {
					if left--; left == -1 {
						return errCrash
					}
				}
				return nil
			}
			for range 3 {
				over, err := w.worker().Work(t.Context(), "r")
				if over {
					break
				}
				if !errors.Is(err, errCrash) {
					t.Fatalf("%s %d: %v", place, nth, err)
				}
			}
			if w.run.State != Done || !slices.Equal(slices.Sorted(maps.Keys(w.rows)), slices.Sorted(maps.Keys(calm.rows))) {
				t.Fatalf("%s %d: %s with %d rows", place, nth, w.run.State, len(w.rows))
			}
			for id, e := range w.events {
				if e.LatestThreatTypes != "Phish" || w.told[id] == 0 {
					t.Fatalf("%s %d: %s has %q, told %d times", place, nth, id, e.LatestThreatTypes, w.told[id])
				}
			}
		}
	}
}

func TestTheSameOutcomeAddsNothing(t *testing.T) {
	w := newWorld(5)
	again := func(score int, rows int) {
		t.Helper()
		w.run.State, w.run.Cursor, w.run.Counts, w.results, w.score = Queued, Cursor{}, Counts{}, map[int64]Result{}, score
		if over, err := w.worker().Work(t.Context(), "r"); !over || err != nil {
			t.Fatal(over, err)
		}
		if len(w.rows) != rows {
			t.Fatalf("%d rows, want %d", len(w.rows), rows)
		}
	}
	again(90, 5)
	again(90, 5)
	again(0, 10) // harmless: told, without an action
	again(0, 10)
	again(90, 15) // and back: told again
	last := w.rows[w.order[7]]
	var x event.Rejudged
	if err := json.Unmarshal([]byte(last.AdditionalFields), &x); err != nil || last.ActionType != "Verdict changed" || x.Before != "Phish" || x.Run != "r" || last.ActionTrigger != "ZAP: rules changed" {
		t.Errorf("%+v %+v", last, x)
	}
	// Half a judgement takes nothing back.
	w.notes = []detect.Note{{ID: "engine", Text: "x"}}
	again(0, 15)
	for id, n := range w.told {
		if n != 3 {
			t.Errorf("memory heard of %s %d times; it turned 3 times", id, n)
		}
	}
	if w.run.Counts.Broken != 5 {
		t.Errorf("%+v", w.run.Counts)
	}
}

func TestRunsEndWhenTheyAreTold(t *testing.T) {
	w := newWorld(100)
	w.run.Cancel = true
	if over, err := w.worker().Work(t.Context(), "r"); !over || err != nil || w.run.State != Cancelled || len(w.rows) != 0 {
		t.Error(over, err, w.run.State, len(w.rows))
	}
	if over, err := w.worker().Work(t.Context(), "r"); !over || err != nil {
		t.Error("it is over", over, err)
	}
	w = newWorld(100)
	ctx, stop := context.WithCancel(t.Context())
	worker := w.worker()
	worker.Yield = func(context.Context) {
		if w.saves > 2 {
			stop()
		}
	}
	if over, err := worker.Work(ctx, "r"); over || err != nil || w.run.State != Running {
		t.Error(over, err, w.run.State)
	}
	if over, err := w.worker().Work(t.Context(), "r"); !over || err != nil || len(w.rows) != 100 || w.run.Counts.Messages != 100 {
		t.Error(over, err, len(w.rows), w.run.Counts.Messages)
	}
}

func TestSpecsThatCannotBe(t *testing.T) {
	now := began
	for _, c := range []struct {
		kind Kind
		s    Spec
		bad  string
	}{
		{Rejudge, Spec{Since: now, Until: now}, "since"},
		{Rejudge, Spec{Since: now.Add(-31 * 24 * time.Hour), Until: now}, "since"},
		{Rejudge, Spec{Since: now.Add(-time.Hour), Until: now, Threat: "Evil"}, "threat"},
		{WhatIf, Spec{Since: now.Add(-time.Hour), Until: now}, "rule"},
		{Rejudge, Spec{Since: now.Add(-MaxWindow), Until: now}, ""},
	} {
		err := c.s.Check(c.kind, now)
		var w *Wrong
		if errors.As(err, &w) != (c.bad != "") || w != nil && w.Field != c.bad {
			t.Errorf("%+v: %v", c.s, err)
		}
	}
}

// A run that names its messages judges them and no other, also when it is interrupted between them.
func TestNamedMessages(t *testing.T) {
	w := newWorld(100)
	for i := 0; i < len(w.messages); i += 2 {
		w.run.Spec.Messages = append(w.run.Spec.Messages, w.messages[i].NetworkMessageID)
	}
	w.run.Spec.Messages = append(w.run.Spec.Messages, "no such message")
	slices.Reverse(w.run.Spec.Messages)
	worker := w.worker()
	worker.Remember = nil
	if over, err := worker.Work(t.Context(), "r"); !over || err != nil || w.run.State != Done {
		t.Fatal(over, err, w.run)
	}
	if c := w.run.Counts; c.Total != 51 || c.Messages != 50 || c.Decided != 50 || len(w.rows) != 50 {
		t.Errorf("%+v, %d rows", c, len(w.rows))
	}
}
