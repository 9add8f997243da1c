package hunt

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// Limits bound what hunting may take, so that no query of a person stops intake, Explorer or the queries of others. Zero fields
// take the default.
type Limits struct {
	Time       time.Duration // of one query, from its turn to its last row; default 3 minutes
	Rows       int64         // of one answer; default 1,000,000; negative: any number
	Bytes      int64         // of the values of one answer; default 1 GiB; negative: any number
	RowBytes   int64         // of the values of one row; default 64 MiB
	Concurrent int           // queries that run at once; default 2. More wait for their turn
	Wait       time.Duration // for a turn; default 10 s
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Time:       cmp.Or(l.Time, 3*time.Minute),
		Rows:       unlimited(cmp.Or(l.Rows, 1_000_000)),
		Bytes:      unlimited(cmp.Or(l.Bytes, 1<<30)),
		RowBytes:   cmp.Or(l.RowBytes, 64<<20),
		Concurrent: cmp.Or(l.Concurrent, 2),
		Wait:       cmp.Or(l.Wait, 10*time.Second),
	}
}

// unlimited is a limit that is never met, when n is negative.
func unlimited(n int64) int64 {
	if n < 0 {
		return math.MaxInt64
	}
	return n
}

// Ask is one hunting query and what narrows it. It can only narrow what Limits allow.
type Ask struct {
	Query    string
	From, To time.Time     // of every table: [From, To); zero: open
	Rows     int64         // at most so many rows; 0: what Limits allow
	Time     time.Duration // at most so long; 0: what Limits allow
	Check    bool          // only to see whether it compiles: neither lists from elsewhere nor data are read
	Content  bool          // whoever asks may read columns that quote messages
}

// Hunt is a query that compiled and may run. It may run more than once.
type Hunt struct {
	Query     *kql.Query
	Statement *kql.Statement
	Notes     []string // what the reader of the answer must know, one sentence each: which tables nothing fills

	ask  Ask
	rows int64
	time time.Duration
}

// Sink takes the answer of a hunt. An error of either method ends the query and is returned as it is.
type Sink interface {
	// Head comes once, when the query has its turn and before any row.
	Head(columns []kql.Column) error
	// Row takes one row in order: values as eventstore.Store gives them. The slice is reused.
	Row(values []any) error
}

// Done closes an answer.
type Done struct {
	Rows   int64
	Cut    string // "": these are all rows. Otherwise one sentence that says which limit cut them off
	Took   time.Duration
	Waited time.Duration // for its turn, before Took begins
}

// Limit names what ended a query.
type Limit string

const (
	LimitTime   Limit = "time"
	LimitMemory Limit = "memory"
	LimitBusy   Limit = "busy" // it had no turn
	LimitValue  Limit = "value"
)

// LimitError says that a query needed more than it may have. Its text is for people and says what would help.
type LimitError struct {
	Limit Limit
	Msg   string
}

func (e *LimitError) Error() string { return e.Msg }

// HuntStore is what a Runner needs of the event store: Hunt is Query for what people write, and ends with ErrMemory when there is not
// enough memory for it.
type HuntStore interface {
	Hunt(ctx context.Context, s *kql.Statement, each func(row []any) error) error
	Dialect() kql.Dialect
}

// ErrMemory is what a HuntStore returns for a query that needs too much.
var ErrMemory = errors.New("the query needs more memory than there is for it")

// Runner runs hunting queries within limits. It is the one road for the API, the command line and whatever else lets people ask
// in KQL. It is safe for concurrent use.
type Runner struct {
	store  HuntStore
	now    func() time.Time
	limits Limits
	lists  Lists
	turns  chan struct{}
}

// RunnerOptions are what a Runner needs beside the store. Zero fields take the default.
type RunnerOptions struct {
	Now    func() time.Time // the clock of now() and ago(); default time.Now
	Limits Limits
	Lists  Lists // what externaldata may read; nil: nothing
}

// NewRunner returns a Runner over s.
func NewRunner(s HuntStore, o RunnerOptions) *Runner {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := o.Limits.withDefaults()
	return &Runner{store: s, now: o.Now, limits: l, lists: o.Lists, turns: make(chan struct{}, l.Concurrent)}
}

// Limits are those that hold.
func (r *Runner) Limits() Limits { return r.limits }

// options is the one place where the options of a hunting query are made.
func (r *Runner) options(ctx context.Context, a Ask, rows int64) kql.Options {
	o := kql.Options{Now: r.now(), From: a.From, To: a.To, External: r.external(ctx, a.Check), Probe: r.probe(ctx, a.Check, narrow(a.Time, r.limits.Time))}
	if rows < math.MaxInt {
		o.Limit = int(rows) + 1 // one row more than may be shown tells whether there are more
	}
	if !a.Content {
		o.Withheld = withheld
	}
	return o
}

// Prepare compiles a query; nothing runs yet. Lists that it names are read, unless it is only checked. An error in the query's text is a *kql.Error.
func (r *Runner) Prepare(ctx context.Context, a Ask) (*Hunt, error) {
	if !a.From.IsZero() && !a.To.IsZero() && !a.From.Before(a.To) {
		return nil, inputError("to", "the range ends (%s) before it begins (%s)", a.To.Format(time.RFC3339), a.From.Format(time.RFC3339))
	}
	q, err := kql.Parse(a.Query)
	if err != nil {
		return nil, err
	}
	h := &Hunt{Query: q, ask: a, rows: narrow(a.Rows, r.limits.Rows), time: narrow(a.Time, r.limits.Time)}
	h.Statement, err = kql.Compile(q, r.options(ctx, a, h.rows), r.store.Dialect())
	if errors.Is(err, ErrUnseen) {
		h.Statement = &kql.Statement{Notes: []string{err.Error()}}
	} else if err != nil {
		return nil, err
	}
	h.Notes = Notes(h.Statement)
	return h, nil
}

// Notes say what the reader of a statement's answer must know.
func Notes(s *kql.Statement) []string {
	out := slices.Clone(s.Notes)
	for _, name := range s.Tables {
		if t, ok := event.TableNamed(name); ok && !t.Collected {
			out = append(out, "nothing fills "+name+" in this installation, so it is empty: what the query looks for there is not found")
		}
	}
	return out
}

func narrow[T int64 | time.Duration](asked, allowed T) T {
	if asked <= 0 {
		return allowed
	}
	return min(asked, allowed)
}

// Run waits for a turn, runs h and gives its rows to out. A query that needs more than it may have ends in a
// *LimitError, except that too many rows or bytes only cut the answer: Done says so. When ctx ends, so does the query, and the
// error is ctx's.
func (r *Runner) Run(ctx context.Context, h *Hunt, out Sink) (done Done, err error) {
	asked := time.Now()
	leave, err := r.turn(ctx)
	done.Waited = time.Since(asked)
	if err != nil {
		return done, err
	}
	defer leave()
	began := time.Now()
	defer func() { done.Took = time.Since(began) }()
	if err = out.Head(h.Statement.Columns); err != nil {
		return done, err
	}
	tooLong := &LimitError{LimitTime, fmt.Sprintf("the query was stopped after %s; ask for less time or fewer columns, or filter before join and summarize", h.time)}
	ctx, cancel := context.WithTimeoutCause(ctx, h.time, tooLong)
	defer cancel()
	var size int64
	err = r.store.Hunt(ctx, h.Statement, func(row []any) error {
		if done.Rows == h.rows {
			done.Cut = fmt.Sprintf("only the first %s rows are here, there are more; filter, summarize or take fewer", thousands(h.rows))
			return errCut
		}
		n := octets(row)
		if n > r.limits.RowBytes {
			return &LimitError{LimitValue, fmt.Sprintf("row %s is larger than a row may be (%d MiB); make its lists shorter", thousands(done.Rows+1), r.limits.RowBytes>>20)}
		}
		if size += n; size > r.limits.Bytes {
			done.Cut = fmt.Sprintf("only the first %s rows are here, there are more: an answer holds %d MiB; project fewer columns", thousands(done.Rows), r.limits.Bytes>>20)
			return errCut
		}
		done.Rows++
		return out.Row(row)
	})
	switch {
	case err == errCut:
		return done, nil
	case errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == error(tooLong):
		return done, tooLong
	case errors.Is(err, ErrMemory):
		return done, &LimitError{LimitMemory, "the query was stopped because hunting needed more memory, or room on disk, than it has; filter earlier, project fewer columns, or summarize less at once"}
	}
	return done, err
}

// errCut ends a query whose further rows nobody may see.
var errCut = errors.New("hunt: enough rows")

// turn waits until one more query may run; leave gives the turn back.
func (r *Runner) turn(ctx context.Context) (leave func(), err error) {
	leave = func() { <-r.turns }
	late := time.NewTimer(r.limits.Wait)
	defer late.Stop()
	select {
	case r.turns <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		return nil, &LimitError{LimitBusy, fmt.Sprintf("%d hunting queries run already, and none came to its end within %s; try again, or stop one", r.limits.Concurrent, r.limits.Wait)}
	}
}

// octets is about what a row takes in an answer.
func octets(row []any) int64 {
	var n int64
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += int64(len(v))
		case json.RawMessage:
			n += int64(len(v))
		}
		n += 8
	}
	return n
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
