// Package hunt answers Explorer's questions: how much mail over time and what became of it, its top senders, the mail itself
// page by page, its links, what resembles one message.
//
// A question is a Request, which is a filter over EmailEvents in KQL with a range of time, and an operation. Explorer
// builds the KQL that answers it (parsed and piped, never glued from text), has it compiled and run, and hands the KQL
// back with the answer: what the analyst opens in Hunting is what ran. There is no SQL here and nothing is cached: an
// answer is never older than its question, and a question that nobody waits for any more is interrupted.
package hunt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// Store is what Explorer needs of the event store.
type Store interface {
	Query(ctx context.Context, s *kql.Statement, each func(row []any) error) error
	Dialect() kql.Dialect
}

// View is one of Explorer's views over EmailEvents.
type View string

const (
	All         View = "all"
	Malware     View = "malware"
	Phish       View = "phish"
	Submissions View = "submissions" // what somebody reported
)

// Request is which mail a question is about.
type Request struct {
	View  View      // "" is All
	Query string    // KQL: EmailEvents, or EmailEvents with where operators; "" is EmailEvents
	From  time.Time // inclusive; zero: open
	To    time.Time // exclusive; zero: open
	// Content: whoever asks may read columns that quote messages. Without it a filter, an order or an export that names one is refused.
	Content bool
}

// InputError is a request that cannot be answered as it stands. Field is the part of it, in the API's words.
type InputError struct {
	Field string
	Msg   string
	Err   error // a *kql.Error when the query's text is at fault
}

func (e *InputError) Error() string { return e.Field + ": " + e.Msg }
func (e *InputError) Unwrap() error { return e.Err }

func inputError(field, format string, args ...any) *InputError {
	return &InputError{Field: field, Msg: fmt.Sprintf(format, args...)}
}

// Explorer answers questions from a store. It is safe for concurrent use.
type Explorer struct {
	store Store
	now   func() time.Time
}

// New returns an Explorer over s. now is the clock of relative times like ago(1d); nil is time.Now.
func New(s Store, now func() time.Time) *Explorer {
	if now == nil {
		now = time.Now
	}
	return &Explorer{store: s, now: now}
}

// Answer is what every answer carries: the KQL that made it and how long that took.
type Answer struct {
	KQL    string `json:"kql"`
	TookMS int64  `json:"took_ms"`
}

// base is the request's mail as a query: its filter, its view, its range of time. Operators can be piped to it.
func (x *Explorer) base(r Request) (*kql.Query, error) {
	q, err := parseFilter(r.Query)
	if err != nil {
		return nil, err
	}
	if !r.Content {
		if _, err := kql.Compile(q, kql.Options{Now: x.now(), Withheld: withheld}, x.store.Dialect()); err != nil {
			return nil, queryError(err)
		}
	}
	ops := ""
	switch r.View {
	case All, "":
	case Malware, Phish, Submissions:
		ops += "| where " + ViewWhere(r.View) + " "
	default:
		return nil, inputError("view", "%q is no view; there are all, malware, phish and submissions", string(r.View))
	}
	if !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To) {
		return nil, inputError("to", "the range ends (%s) before it begins (%s)", r.To.Format(time.RFC3339), r.From.Format(time.RFC3339))
	}
	ops += timeRange(r.From, r.To)
	if ops == "" {
		return q, nil
	}
	return q.Pipe(ops)
}

// timeRange is a where operator that keeps [from, to), or "".
func timeRange(from, to time.Time) string {
	var parts []string
	if !from.IsZero() {
		parts = append(parts, "Timestamp >= "+datetime(from))
	}
	if !to.IsZero() {
		parts = append(parts, "Timestamp < "+datetime(to))
	}
	if len(parts) == 0 {
		return ""
	}
	return "| where " + strings.Join(parts, " and ")
}

// datetime is a KQL literal.
func datetime(t time.Time) string {
	return "datetime(" + t.UTC().Format("2006-01-02T15:04:05.999999Z") + ")"
}

// pipe appends operators that this package wrote; failing to is a bug here, not the caller's.
func pipe(q *kql.Query, format string, args ...any) (*kql.Query, error) {
	ops := fmt.Sprintf(format, args...)
	p, err := q.Pipe(ops)
	if err != nil {
		return nil, fmt.Errorf("hunt: pipe %q: %w", ops, err)
	}
	return p, nil
}

// run compiles q, runs it and calls each for every row.
func (x *Explorer) run(ctx context.Context, q *kql.Query, each func(row []any) error) error {
	stmt, err := kql.Compile(q, kql.Options{Now: x.now()}, x.store.Dialect())
	if err != nil {
		return queryError(err)
	}
	return x.store.Query(ctx, stmt, each)
}

// queryError says that the text of a query is at fault, when it is.
func queryError(err error) error {
	var ke *kql.Error
	if errors.As(err, &ke) {
		return &InputError{Field: "q", Msg: ke.Error(), Err: ke}
	}
	return err
}

// numbers runs q, which must return one row of whole numbers, and returns it.
func (x *Explorer) numbers(ctx context.Context, q *kql.Query) (out []int64, err error) {
	err = x.run(ctx, q, func(row []any) error {
		out = make([]int64, len(row))
		for i, v := range row {
			out[i] = kql.Integer(v)
		}
		return nil
	})
	return out, err
}

// emailEvents is the table of all questions here.
var emailEvents = func() *event.Table {
	t, ok := event.TableNamed("EmailEvents")
	if !ok {
		panic("event: no table EmailEvents")
	}
	return t
}()

// column returns the stored column of EmailEvents with that name, or says what would be right.
func column(param, name string) (*event.Column, error) {
	c, ok := emailEvents.Column(name)
	if !ok {
		return nil, inputError(param, "EmailEvents has no column %q", name)
	}
	if c.Field == nil {
		return nil, inputError(param, "%s is the same in every row; use %s", name, cmp.Or(c.Alias, "another column"))
	}
	return c, nil
}

// column is column for whoever makes the request: what they may not read is an error.
func (r Request) column(param, name string) (*event.Column, error) {
	c, err := column(param, name)
	if err != nil {
		return nil, err
	}
	if why := withheld(c); why != "" && !r.Content {
		return nil, inputError(param, "%s", why)
	}
	return c, nil
}
