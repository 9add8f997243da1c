package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/alert"
)

// Condition says when a tracked query raises an alert.
type Condition string

// The conditions.
const (
	Never Condition = "Never" // it only keeps its counts
	Above Condition = "Above" // more than Threshold
	Grows Condition = "Grows" // at least Threshold, and unusually many against the windows before (Compare, Grown)
)

// Conditions lists them.
func Conditions() []Condition { return []Condition{Never, Above, Grows} }

// Tracked is a saved query on a schedule.
type Tracked struct {
	ID        string // UUIDv7
	QueryID   string // of the saved query
	Name      string // of the saved query, as it was last read
	OwnerID   string // the operator as whom it runs
	Owner     string // email address; read-only
	Every     time.Duration
	Window    time.Duration // each run counts the rows of this long before it
	Condition Condition
	Threshold int64
	Severity  alert.Severity
	Category  string
	On        bool
	Stopped   string // why it stopped by itself; ""

	Next    time.Time // the slot of the next run
	Last    Run       // zero: it never ran
	Held    bool      // the condition held at the last run that had an answer
	AlertID string    // of the alert that it raised last; ""
	Waiting string    // why the run that is due did not come to an answer yet; ""

	Created  time.Time
	Updated  time.Time
	Revision int64
}

// Run is one look: the count in [Slot-Window, Slot).
type Run struct {
	Slot   time.Time // zero: none
	At     time.Time // when it ran
	From   time.Time
	Count  int64
	Took   time.Duration
	Error  string // "" when it has an answer
	Missed int    // slots before it for which nobody ran
	Held   bool   // the condition held
	Hand   bool   // a person ran it, between the slots
}

// Bounds of schedules.
const (
	LeastEvery  = 15 * time.Minute
	MostEvery   = day
	LeastWindow = 15 * time.Minute
	MostWindow  = 30 * day
	MaxTracked  = 50 // of one operator
)

// HistoryLife is how long runs are kept.
const HistoryLife = 100 * day

// Evers are the schedules that can be chosen. Slots begin at midnight UTC, so each divides a day.
func Evers() []time.Duration {
	return []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, day}
}

// Wrong is a request that cannot be.
type Wrong struct {
	Field string // in the words of the API
	Say   string
}

func (e *Wrong) Error() string { return e.Say }

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("there is no such tracked query")
	ErrTwice    = errors.New("you track this query already; change that tracker")
	ErrFull     = fmt.Errorf("you track %d queries, which is as many as can be; remove one first", MaxTracked)
)

// Outdated says that somebody else changed it meanwhile.
type Outdated struct{ Now int64 }

func (e *Outdated) Error() string {
	return "somebody changed this tracker meanwhile; look at it again"
}

// Check says what is wrong with a tracker.
func (t *Tracked) Check() error {
	switch {
	case !slices.Contains(Evers(), t.Every):
		return &Wrong{"every_seconds", "it can run every 15 or 30 minutes, every 1, 2, 4, 6 or 12 hours, or every day"}
	case t.Window < LeastWindow || t.Window > MostWindow:
		return &Wrong{"window_seconds", "a run can look back 15 minutes to 30 days"}
	case t.Window < t.Every:
		return &Wrong{"window_seconds", "what comes between two runs would never be looked at: look back at least as long as the runs are apart"}
	case !slices.Contains(Conditions(), t.Condition):
		return &Wrong{"condition", fmt.Sprintf("%q is no condition; there are Never, Above and Grows", string(t.Condition))}
	case t.Threshold < 0:
		return &Wrong{"threshold", "a count is never below zero"}
	case t.Severity.Rank() == 0:
		return &Wrong{"severity", fmt.Sprintf("%q is no severity", string(t.Severity))}
	}
	return nil
}

// slot is the newest slot that is due at now.
func (t *Tracked) slot(now time.Time) time.Time { return now.UTC().Add(-settle).Truncate(t.Every) }

// settle is how long after its slot a run begins: mail that came just before has been judged then.
const settle = time.Minute

// First is the slot of the first run of a tracker that is made, or switched on, at now: the one that has just passed.
func (t *Tracked) First(now time.Time) time.Time { return t.slot(now) }

// Key is that of its alerts.
func (t *Tracked) Key() string { return "tracked-query:" + t.ID }

// Link is the path of its page.
func (t *Tracked) Link() string { return "/intelligence/trackers?tab=tracked&open=" + t.ID }

// Store keeps trackers and their runs.
type Store interface {
	Tracked(ctx context.Context, id string) (Tracked, error)
	AllTracked(ctx context.Context) ([]Tracked, error) // by name
	// AddTracked answers ErrTwice or ErrFull.
	AddTracked(ctx context.Context, t Tracked) error
	// ChangeTracked replaces what a person may change of revision t.Revision, with Next and Stopped.
	ChangeTracked(ctx context.Context, t Tracked) (Tracked, error)
	RemoveTracked(ctx context.Context, id string) error

	// DueTracked returns those that are on, not stopped, and whose slot is not after the given time, the longest due first.
	DueTracked(ctx context.Context, at time.Time, limit int) ([]Tracked, error)
	// FinishRun keeps a run, with what it means for its tracker: the next slot (zero: it stays) and the alert. A second run of a slot is not
	// kept: false.
	FinishRun(ctx context.Context, id string, r Run, next time.Time, name, alertID string) (bool, error)
	// WaitTracked notes why the run that is due has no answer yet.
	WaitTracked(ctx context.Context, id, why string) error
	// StopTracked notes why it runs no more until a person says so.
	StopTracked(ctx context.Context, id, why string) error
	// Runs returns the runs of a range of time, oldest first, at most limit: the newest.
	Runs(ctx context.Context, id string, from, to time.Time, limit int) ([]Run, error)
	ForgetRuns(ctx context.Context, before time.Time) error
}
