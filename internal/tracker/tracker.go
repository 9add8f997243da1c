// Package tracker keeps an eye on what changes in an organisation's mail, so that nobody has to remember to look.
//
// Noteworthy entries are questions worth asking in any organisation, each with an article that says why; they ship with Tocsin and may come
// from feeds. Trending compares a period with those before it and names what is new or grows, with the arithmetic. Tracked queries are saved
// queries that run on a schedule, keep their counts, and raise an alert over a threshold. Everything is asked in KQL, and every number is
// that of a query and a range that can be opened in Explorer or Hunting, where the count is the same.
package tracker

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// Question is a query with its range: [From, To).
type Question struct {
	Query    string
	Explorer string // the query as Explorer's filter; "" when it is more than a filter over EmailEvents
	From, To time.Time
}

// Ask returns the question for a query. The error is a *kql.Error.
func Ask(query string, from, to time.Time) (Question, error) {
	q, err := kql.Parse(query)
	if err != nil {
		return Question{}, err
	}
	return Question{Query: query, Explorer: hunt.ExplorerFilter(q), From: from, To: to}, nil
}

// Runner runs KQL within the limits of hunting.
type Runner interface {
	Prepare(ctx context.Context, a hunt.Ask) (*hunt.Hunt, error)
	Run(ctx context.Context, h *hunt.Hunt, out hunt.Sink) (hunt.Done, error)
}

var _ Runner = (*hunt.Runner)(nil)

// ask prepares q with operators behind it. Explorer narrows the mail alone, and leaves a sub-query over other tables whole; hunting narrows
// every table. Each question is asked as the screen that it leads to asks it.
func (q *Question) ask(ctx context.Context, r Runner, ops string, a hunt.Ask) (*hunt.Hunt, error) {
	parsed, err := kql.Parse(q.Query)
	if err != nil {
		return nil, err
	}
	if q.Explorer != "" {
		ops = timeRange(q.From, q.To) + ops
	} else {
		a.From, a.To = q.From, q.To
	}
	if ops != "" {
		if parsed, err = parsed.Pipe(ops); err != nil {
			return nil, err
		}
	}
	a.Query = parsed.String()
	h, err := r.Prepare(ctx, a)
	if err != nil { // what is wrong stands where its writer wrote it
		a.Query = q.Query
		if _, own := r.Prepare(ctx, a); own != nil {
			err = own
		}
	}
	return h, err
}

func timeRange(from, to time.Time) string {
	return fmt.Sprintf("| where Timestamp >= %s and Timestamp < %s ", datetime(from), datetime(to))
}

func datetime(t time.Time) string { return "datetime(" + t.UTC().Format(time.RFC3339Nano) + ")" }

// Count runs q and counts its rows. content: whoever asks may read columns that quote messages.
func (q *Question) Count(ctx context.Context, r Runner, content bool) (n int64, done hunt.Done, err error) {
	h, err := q.ask(ctx, r, "| count", hunt.Ask{Content: content})
	if err != nil {
		return 0, done, err
	}
	done, err = r.Run(ctx, h, each(func(row []any) error {
		n, _ = row[0].(int64)
		return nil
	}))
	return n, done, err
}

// each is a Sink that wants rows alone.
type each func(row []any) error

func (each) Head([]kql.Column) error  { return nil }
func (f each) Row(values []any) error { return f(values) }
