package hunt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Cancelled says who stopped a run. It is the cause of the run's context.
type Cancelled struct {
	By string // "" when it was who ran it
}

func (e *Cancelled) Error() string {
	if e.By == "" {
		return "cancelled"
	}
	return "cancelled by " + e.By
}

// TooMany refuses a run while the operator has enough of them.
type TooMany struct{ Limit int }

func (e *TooMany) Error() string {
	return fmt.Sprintf("%d of your queries are running, and no more may at a time; wait for one to end, or cancel one", e.Limit)
}

// ErrRunning refuses the id of a run that is not over.
var ErrRunning = errors.New("a query with this id is running; choose another id")

// Runs are the queries that are being answered: who runs what, and the way to stop it. It is safe for concurrent use.
type Runs struct {
	most  int
	turns int
	now   func() time.Time

	mu    sync.Mutex
	by    map[string]*Run
	slots map[string]chan struct{} // by operator: one for each of their runs that has its turn
}

// NewRuns returns an empty set of runs. most is how many an operator may have at a time, whether they run or wait for their turn;
// turns is how many of those may have it, so that one operator cannot take the turns of all.
func NewRuns(most, turns int, now func() time.Time) *Runs {
	return &Runs{most: most, turns: turns, now: now, by: map[string]*Run{}, slots: map[string]chan struct{}{}}
}

// Most is how many runs an operator may have at a time.
func (r *Runs) Most() int { return r.most }

// Run is one query that is being answered.
type Run struct {
	ID         string
	OperatorID string // "" is this machine's command line
	Operator   string
	Query      string
	Started    time.Time

	rows   atomic.Int64
	cancel context.CancelCauseFunc
	slots  chan struct{} // of the operator
	turn   bool          // one of them is this run's
}

// Rows tells how many rows were sent so far.
func (r *Run) Rows() int64 { return r.rows.Load() }

// Count counts one more row.
func (r *Run) Count() { r.rows.Add(1) }

// Begin takes a run in and sets its start, or answers *TooMany or ErrRunning. The context that it returns ends with ctx, or with Cancel (cause
// *Cancelled). Whoever begins a run calls end, from
// the goroutine that calls Turn.
func (r *Runs) Begin(ctx context.Context, run *Run) (within context.Context, end func(), err error) {
	run.Started = r.now().UTC().Truncate(time.Microsecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by[run.ID] != nil {
		return nil, nil, ErrRunning
	}
	own := 0
	for _, other := range r.by {
		if other.OperatorID == run.OperatorID {
			own++
		}
	}
	if own >= r.most {
		return nil, nil, &TooMany{r.most}
	}
	within, run.cancel = context.WithCancelCause(ctx)
	r.by[run.ID] = run
	if own == 0 {
		r.slots[run.OperatorID] = make(chan struct{}, r.turns)
	}
	run.slots = r.slots[run.OperatorID]
	return within, sync.OnceFunc(func() { r.end(run) }), nil
}

func (r *Runs) end(run *Run) {
	run.cancel(nil)
	if run.turn {
		<-run.slots
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.by, run.ID)
	for _, other := range r.by {
		if other.OperatorID == run.OperatorID {
			return
		}
	}
	delete(r.slots, run.OperatorID)
}

// Turn waits until the run may take a turn from those of all operators. Its error is ctx's.
func (r *Run) Turn(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		r.turn = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// List returns the runs of one operator, or of everybody, oldest first.
func (r *Runs) List(operatorID string, everybody bool) []*Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*Run
	for _, run := range r.by {
		if everybody || run.OperatorID == operatorID {
			out = append(out, run)
		}
	}
	slices.SortFunc(out, func(a, b *Run) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Find returns the run with this id, nil when it is over.
func (r *Runs) Find(id string) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by[id]
}

// Cancel stops the run; by is who asks for it, "" for its own operator.
func (r *Run) Cancel(by string) { r.cancel(&Cancelled{by}) }
