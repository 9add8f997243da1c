package tracker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casestore"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/tracker"
)

// quiet takes rows of alerts.
type quiet struct{}

func (quiet) AppendAlerts(context.Context, []event.Alert, []event.AlertEvidence) error { return nil }

// watched is a world with a case store that can be closed and opened again, as a restart does.
type watched struct {
	*world
	path   string
	cases  *casestore.Store
	desk   *alert.Desk
	clock  *tracker.Clock
	owner  tracker.Owner
	ids    int
	wraps  func(tracker.Runner) tracker.Runner
	gone   []string // why trackers stopped
	queryN int
}

func (w *watched) Owner(context.Context, string) (tracker.Owner, error) { return w.owner, nil }

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{world: newWorld(t), path: filepath.Join(t.TempDir(), "cases.sqlite"), owner: tracker.Owner{Email: "ann@harbour.example", MayTrack: true}}
	w.start(t)
	if err := w.cases.AddOperator(t.Context(), auth.Operator{ID: "ann", Email: w.owner.Email, Roles: []auth.Role{auth.SecurityOperator}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.cases.Close() })
	return w
}

// start opens the case store and makes a new clock over it.
func (w *watched) start(t *testing.T) {
	t.Helper()
	if w.cases != nil {
		if err := w.cases.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if w.cases, err = casestore.Open(t.Context(), w.path); err != nil {
		t.Fatal(err)
	}
	now, log := func() time.Time { return w.now }, slog.New(slog.DiscardHandler)
	w.desk = &alert.Desk{Store: w.cases.Alerts(), Events: quiet{}, Now: now, Log: log, NewID: func(time.Time) string { w.ids++; return fmt.Sprintf("alert-%d", w.ids) }}
	var runner tracker.Runner = w.runner
	if w.wraps != nil {
		runner = w.wraps(runner)
	}
	w.clock = &tracker.Clock{Store: w.cases.Trackers(), Shelf: w.cases, Runner: runner, Operators: w, Alerts: w.desk, Now: now, Log: log,
		Stopped: func(_ context.Context, _ tracker.Tracked, why string) { w.gone = append(w.gone, why) }}
}

// track saves a query and tracks it.
func (w *watched) track(t *testing.T, query string, change func(*tracker.Tracked)) string {
	t.Helper()
	w.queryN++
	q := hunt.Saved{ID: fmt.Sprint("q", w.queryN), Name: fmt.Sprint("Query ", w.queryN), Query: query, OwnerID: "ann", Created: w.now, Updated: w.now, Revision: 1}
	x := tracker.Tracked{ID: fmt.Sprint("t", w.queryN), QueryID: q.ID, Name: q.Name, OwnerID: "ann", Every: time.Hour, Window: time.Hour, Condition: tracker.Above, Threshold: 5, Severity: alert.High, On: true, Created: w.now, Updated: w.now}
	if change != nil {
		change(&x)
	}
	x.Next = x.First(w.now)
	err := errors.Join(w.cases.AddSavedQuery(t.Context(), q), x.Check(), w.cases.Trackers().AddTracked(t.Context(), x))
	if err != nil {
		t.Fatal(err)
	}
	return x.ID
}

// at sets the clock and runs a round.
func (w *watched) at(t *testing.T, now time.Time) int {
	t.Helper()
	w.now = now
	ran, err := w.clock.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ran
}

// history is the runs as "hour:count", with +n for slots that were missed.
func (w *watched) history(t *testing.T, id string) string {
	t.Helper()
	runs, err := w.cases.Trackers().Runs(t.Context(), id, time.Time{}, w.now.Add(24*time.Hour), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range runs {
		s := fmt.Sprintf("%s:%d", r.Slot.Format("15"), r.Count)
		if r.Missed > 0 {
			s += fmt.Sprintf("+%d", r.Missed)
		}
		if r.Error != "" {
			s += "!"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func (w *watched) alerts(t *testing.T) []alert.Alert {
	t.Helper()
	all, err := w.desk.Store.Alerts(t.Context(), alert.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestClockAcrossARestart follows one tracker over its slots, over a stop of some hours, and over a crash in the middle of a run.
func TestClockAcrossARestart(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	hour := func(h, m int) time.Time { return time.Date(2026, 11, 4, h, m, 0, 0, time.UTC) }
	for h, n := range map[int]int{11: 2, 12: 3, 13: 9, 14: 7, 15: 1, 16: 6, 17: 4} { // in the hour that begins then
		w.mail(n, hour(h, 30), nil)
	}
	w.flush(t)
	w.now = hour(12, 5)
	id := w.track(t, "EmailEvents", nil)
	if w.at(t, hour(12, 5)) != 1 || w.at(t, hour(12, 30)) != 0 || w.at(t, hour(13, 0)) != 0 || w.at(t, hour(13, 1)) != 1 || w.at(t, hour(13, 2)) != 0 {
		t.Errorf("ran at the wrong times: %s", w.history(t, id))
	}
	if got := w.history(t, id); got != "12:2 13:3" || len(w.alerts(t)) != 0 {
		t.Errorf("%s %v", got, w.alerts(t))
	}
	// The server stands still from 13:10 to 16:20: one run makes up for three slots, with the newest hour.
	w.start(t)
	if w.at(t, hour(16, 20)) != 1 || w.at(t, hour(16, 21)) != 0 {
		t.Error("made up more or less than once")
	}
	if got := w.history(t, id); got != "12:2 13:3 16:1+2" {
		t.Error(got)
	}
	// A run that is broken off in the middle is taken again after the start, and its slot has one run.
	w.wraps = func(r tracker.Runner) tracker.Runner { return cutOff{r} }
	w.start(t)
	w.now = hour(17, 3)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := w.clock.Round(context.WithValue(ctx, cutKey{}, cancel)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := w.history(t, id); got != "12:2 13:3 16:1+2" {
		t.Error("a run that was broken off is kept: " + got)
	}
	w.wraps = nil
	w.start(t)
	if w.at(t, hour(17, 4)) != 1 {
		t.Error("it was not taken again")
	}
	all := w.alerts(t)
	if len(all) != 1 || all[0].Count != 6 || all[0].Severity != alert.High || all[0].Times != 1 || !strings.Contains(all[0].Detail, "6 rows in the hour before 4 November 17:00 UTC, more than 5") || all[0].Query != "EmailEvents" || !all[0].From.Equal(hour(16, 0)) || !all[0].To.Equal(hour(17, 0)) {
		t.Fatalf("%+v", all)
	}
	one, err := w.desk.Store.Alert(t.Context(), all[0].ID)
	if err != nil || len(one.Evidence) != 6 || one.Evidence[0].Type != "MailMessage" || one.Evidence[0].Account != "ann@harbour.example" || one.Evidence[0].Subject != "hello" {
		t.Errorf("%+v %v", one.Evidence, err)
	}
	// It fell: the alert stays open and says so. Over the threshold again, it is the same alert.
	w.at(t, hour(18, 2))
	if all = w.alerts(t); len(all) != 1 || all[0].Fell.IsZero() || all[0].Status != alert.New {
		t.Errorf("%+v", all)
	}
	w.mail(20, hour(18, 10), nil)
	w.flush(t)
	w.at(t, hour(19, 2))
	if all = w.alerts(t); len(all) != 1 || !all[0].Fell.IsZero() || all[0].Times != 2 || all[0].Count != 20 {
		t.Errorf("%+v", all)
	}
	x, err := w.cases.Trackers().Tracked(t.Context(), id)
	if err != nil || !x.Held || x.AlertID != all[0].ID || !x.Next.Equal(hour(20, 0)) || x.Last.Count != 20 {
		t.Errorf("%+v %v", x, err)
	}
	// By hand it runs at once, and the slots stay.
	w.now = hour(19, 10)
	if x, err = w.clock.RunNow(t.Context(), x); err != nil || !x.Last.Hand || !x.Next.Equal(hour(20, 0)) {
		t.Errorf("%+v %v", x, err)
	}
	if got := w.history(t, id); got != "12:2 13:3 16:1+2 17:6 18:4 19:20 19:20" {
		t.Error(got)
	}
	// A slot that is due after a look by hand is older than that look: it neither takes its place nor lets the alert fall.
	w.mail(9, hour(19, 30), nil)
	w.flush(t)
	fresh := w.track(t, `EmailEvents | where Timestamp > datetime(2026-11-04T19:00:00Z)`, nil)
	w.now = hour(19, 40)
	x, _ = w.cases.Trackers().Tracked(t.Context(), fresh)
	if x, err = w.clock.RunNow(t.Context(), x); err != nil || !x.Held || x.Last.Count != 9 {
		t.Errorf("%+v %v", x, err)
	}
	w.at(t, hour(19, 41))
	x, _ = w.cases.Trackers().Tracked(t.Context(), fresh)
	if a, err := w.desk.Store.Alert(t.Context(), x.AlertID); err != nil || !a.Fell.IsZero() || !x.Held || x.Last.Count != 9 || w.history(t, fresh) != "19:0 19:9" {
		t.Errorf("%+v %v %s", x, err, w.history(t, fresh))
	}
	if err := w.cases.Trackers().ForgetRuns(t.Context(), hour(18, 30)); err != nil || w.history(t, id) != "19:20 19:20" {
		t.Error(w.history(t, id), err)
	}
}

// cutOff is a runner that a stopping process breaks off.
type cutOff struct{ tracker.Runner }
type cutKey struct{}

func (c cutOff) Run(ctx context.Context, h *hunt.Hunt, out hunt.Sink) (hunt.Done, error) {
	if cancel, ok := ctx.Value(cutKey{}).(context.CancelFunc); ok {
		cancel()
	}
	return c.Runner.Run(ctx, h, out)
}

func TestClockStopsWithItsOwner(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.mail(9, noon.Add(-time.Minute), func(e *event.EmailEvent) { e.AdditionalFields = `{"source":"x"}` })
	w.flush(t)
	w.now = noon.Add(2 * time.Minute)
	for name, c := range map[string]struct {
		owner tracker.Owner
		do    func(id string)
		why   string
	}{
		"disabled":   {tracker.Owner{Email: "ann@harbour.example", Disabled: true, MayTrack: true}, nil, "disabled"},
		"permission": {tracker.Owner{Email: "ann@harbour.example"}, nil, "may not run"},
		"removed":    {w.owner, func(string) { _ = w.cases.RemoveSavedQuery(t.Context(), fmt.Sprint("q", w.queryN)) }, "removed"},
	} {
		id := w.track(t, "EmailEvents", nil)
		if c.do != nil {
			c.do(id)
		}
		owner := w.owner
		w.owner = c.owner
		ran := w.at(t, w.now)
		w.owner = owner
		x, err := w.cases.Trackers().Tracked(t.Context(), id)
		if err != nil || ran != 0 || !strings.Contains(x.Stopped, c.why) || len(w.gone) == 0 || w.gone[len(w.gone)-1] != x.Stopped || w.history(t, id) != "" {
			t.Errorf("%s: ran %d, %+v %v", name, ran, x, err)
		}
		if w.at(t, w.now.Add(time.Hour)); w.history(t, id) != "" {
			t.Errorf("%s: it ran after it had stopped", name)
		}
		// A person who may switches it on again, and it runs.
		x.Stopped, x.Next = "", x.First(w.now)
		if x, err = w.cases.Trackers().ChangeTracked(t.Context(), x); err != nil || x.Stopped != "" {
			t.Errorf("%s: %+v %v", name, x, err)
		}
		if w.at(t, w.now); c.do == nil && w.history(t, id) == "" {
			t.Errorf("%s: it does not run again", name)
		}
	}
	// It may read what its owner may: a column that quotes messages needs more.
	quotes := w.track(t, `EmailEvents | where AdditionalFields has "source"`, func(x *tracker.Tracked) { x.Window = 24 * time.Hour })
	w.at(t, w.now)
	if x, _ := w.cases.Trackers().Tracked(t.Context(), quotes); x.Last.Error == "" || x.Last.Held {
		t.Errorf("%+v", x)
	}
	w.owner.Content = true
	if w.at(t, w.now.Add(time.Hour)); !strings.HasSuffix(w.history(t, quotes), ":9") {
		t.Error(w.history(t, quotes))
	}
}

// TestClockSeesGrowth compares windows of a day with the days before.
func TestClockSeesGrowth(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for d := range 9 {
		w.mail(10, noon.AddDate(0, 0, d).Add(-time.Hour), nil)
	}
	w.mail(30, noon.AddDate(0, 0, 8).Add(-time.Hour), nil)
	w.flush(t)
	w.now = noon.Add(5 * time.Minute)
	id := w.track(t, "EmailUrlInfo | count | project Count | union (EmailEvents | project Count = 1)", func(x *tracker.Tracked) {
		x.Every, x.Window, x.Condition, x.Threshold = 12*time.Hour, 24*time.Hour, tracker.Grows, 0
	})
	for d := range 8 {
		w.at(t, noon.AddDate(0, 0, d).Add(5*time.Minute))
	}
	if len(w.alerts(t)) != 0 {
		t.Fatalf("%s %+v", w.history(t, id), w.alerts(t))
	}
	w.at(t, noon.AddDate(0, 0, 8).Add(5*time.Minute))
	all := w.alerts(t)
	if len(all) != 1 || all[0].Count != 41 || !strings.Contains(all[0].Detail, "after the 8 windows before") || !strings.Contains(all[0].Detail, "11.1 are expected") {
		t.Errorf("%s %+v", w.history(t, id), all)
	}
	x, _ := w.cases.Trackers().Tracked(t.Context(), id)
	past, err := w.clock.Before(t.Context(), &x, x.Last.Slot)
	if err != nil || !slices.Equal(past, []int64{11, 11, 11, 11, 11, 11, 11, 11}) {
		t.Errorf("%v %v", past, err)
	}
}

// TestClockWaitsForItsTurn: when hunting is busy nothing is kept but why, and the next round takes the same slot.
func TestClockWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	busy := &turns{}
	w.wraps = func(r tracker.Runner) tracker.Runner { busy.Runner = r; return busy }
	w.start(t)
	w.now = noon.Add(2 * time.Minute)
	id := w.track(t, "EmailEvents", nil)
	broken := w.track(t, "EmailEvents | where NoColumn == 1", nil)
	busy.full = true
	if w.at(t, w.now) != 1 { // the broken one needs no turn
		t.Error("it ran without a turn")
	}
	if x, _ := w.cases.Trackers().Tracked(t.Context(), id); x.Waiting == "" || w.history(t, id) != "" {
		t.Errorf("%+v", x)
	}
	busy.full = false
	if w.at(t, w.now.Add(time.Minute)) != 1 || w.history(t, id) != "12:0" {
		t.Error(w.history(t, id))
	}
	x, _ := w.cases.Trackers().Tracked(t.Context(), id)
	y, _ := w.cases.Trackers().Tracked(t.Context(), broken)
	if x.Waiting != "" || !strings.HasPrefix(y.Last.Error, "line 1, column 21") || !strings.Contains(y.Last.Error, "NoColumn") || !y.Next.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v %+v", x, y)
	}
}

// turns is a runner that may have none.
type turns struct {
	tracker.Runner
	full bool
}

func (r *turns) Run(ctx context.Context, h *hunt.Hunt, out hunt.Sink) (hunt.Done, error) {
	if r.full {
		return hunt.Done{}, &hunt.LimitError{Limit: hunt.LimitBusy, Msg: "busy"}
	}
	return r.Runner.Run(ctx, h, out)
}
