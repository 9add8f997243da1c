package hunt

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// topValues is how many values a chart shows by name; the rest is one series.
const topValues = 10

// Chart is mail over time, split into series. Counts are email events. Starts are the beginnings of the buckets in UTC, whole
// multiples of the bucket's length; the first and last bucket hold only what lies in [From, To).
type Chart struct {
	Answer
	From          time.Time   `json:"from"`
	To            time.Time   `json:"to"`
	BucketSeconds int64       `json:"bucket_seconds"`
	Starts        []time.Time `json:"starts"`
	Series        []Series    `json:"series"`
	Total         int64       `json:"total"`     // events; less than the sum of the series when a list column counts some twice
	Mailboxes     int64       `json:"mailboxes"` // different recipients
}

// Series is one split of a chart. Key is the value ("" for an absent one), or an Outcome. Other marks the sum of what is
// not shown by name; its key means nothing.
type Series struct {
	Key    string  `json:"key"`
	Label  string  `json:"label"`
	Other  bool    `json:"other,omitempty"`
	Total  int64   `json:"total"`
	Counts []int64 `json:"counts"` // one a bucket
}

// steps are the lengths of buckets. All divide the day or are whole weeks, so that buckets begin where people expect.
var steps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 364 * 24 * time.Hour,
}

// maxBuckets keeps a chart readable and its answer small: a week in hours is 168, or 169 when it begins inside one.
const maxBuckets = 170

// bucket is the shortest step that covers [from, to) with at most maxBuckets.
func bucket(from, to time.Time) time.Duration {
	for _, s := range steps {
		if int64(to.Sub(from)/s)+2 <= maxBuckets {
			return s
		}
	}
	last := steps[len(steps)-1]
	return last * (to.Sub(from)/last/maxBuckets + 1)
}

// timespan is a KQL literal of a whole number of seconds.
func timespan(d time.Duration) string { return fmt.Sprintf("%ds", int64(d/time.Second)) }

// Chart counts the mail of r over time, split by "outcome" or by any facet column. An open range of time is that
// of the mail itself.
func (x *Explorer) Chart(ctx context.Context, r Request, split string) (*Chart, error) {
	started := time.Now()
	var col *event.Column
	if split != "outcome" {
		var err error
		if col, err = facetColumn("split", split); err != nil {
			return nil, err
		}
	}
	if r.From.IsZero() || r.To.IsZero() {
		if err := x.closeRange(ctx, &r); err != nil {
			return nil, err
		}
	}
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	c := &Chart{From: r.From.UTC(), To: r.To.UTC(), Series: []Series{}}
	step := bucket(c.From, c.To)
	c.BucketSeconds = int64(step / time.Second)
	for t := c.From.Truncate(step); t.Before(c.To); t = t.Add(step) {
		c.Starts = append(c.Starts, t)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		q, err := pipe(base, "| summarize Mailboxes = count_distinct(RecipientEmailAddress)")
		if err != nil {
			return err
		}
		n, err := x.numbers(gctx, q)
		if err == nil && len(n) == 1 {
			c.Mailboxes = n[0]
		}
		return err
	})
	g.Go(func() error {
		if col == nil {
			return x.chartOutcome(gctx, base, c, step)
		}
		return x.chartColumn(gctx, base, c, step, col)
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	c.TookMS = time.Since(started).Milliseconds()
	return c, nil
}

// closeRange replaces the open ends of r's range by those of its mail.
func (x *Explorer) closeRange(ctx context.Context, r *Request) error {
	base, err := x.base(*r)
	if err != nil {
		return err
	}
	q, err := pipe(base, "| summarize min(Timestamp), max(Timestamp)")
	if err != nil {
		return err
	}
	first, last := x.now(), x.now()
	err = x.run(ctx, q, func(row []any) error {
		if t, ok := row[0].(time.Time); ok {
			first = t
		}
		if t, ok := row[1].(time.Time); ok {
			last = t
		}
		return nil
	})
	if r.From.IsZero() {
		r.From = first
	}
	if r.To.IsZero() {
		r.To = last.Add(time.Microsecond)
	}
	if !r.From.Before(r.To) { // no mail in a half-open range
		r.To = r.From.Add(time.Hour)
	}
	return err
}

// series returns the series of key, which is added when it is new.
func (c *Chart) series(key, label string) *Series {
	i := slices.IndexFunc(c.Series, func(s Series) bool { return s.Key == key && !s.Other })
	if i < 0 {
		i = len(c.Series)
		c.Series = append(c.Series, Series{Key: key, Label: label, Counts: make([]int64, len(c.Starts))})
	}
	return &c.Series[i]
}

// add puts n events into the bucket that starts at t.
func (c *Chart) add(s *Series, t time.Time, n int64) {
	i := int(t.Sub(c.Starts[0]) / (time.Duration(c.BucketSeconds) * time.Second))
	if i >= 0 && i < len(s.Counts) {
		s.Counts[i] += n
		s.Total += n
	}
}

// chartOutcome groups by the columns that decide the outcome before it computes it: once for each of their few
// combinations instead of once an event.
func (x *Explorer) chartOutcome(ctx context.Context, base *kql.Query, c *Chart, step time.Duration) error {
	q, err := pipe(base, `| summarize Events = count() by Bucket = bin(Timestamp, %s), DeliveryAction, LatestDeliveryAction, LatestDeliveryLocation, LatestThreatTypes
| summarize Events = sum(Events) by Bucket, Outcome = %s`, timespan(step), outcomeKQL)
	if err != nil {
		return err
	}
	for _, o := range Outcomes {
		c.series(string(o.Key), o.Label)
	}
	c.KQL = q.String()
	return x.run(ctx, q, func(row []any) error {
		t, _ := row[0].(time.Time)
		n := kql.Integer(row[2])
		c.add(c.series(kql.Text(row[1]), kql.Text(row[1])), t, n)
		c.Total += n
		return nil
	})
}

// chartColumn asks for the top values first, then for their counts over time and for those of all others: two short
// lists instead of one row for each value and bucket.
func (x *Explorer) chartColumn(ctx context.Context, base *kql.Query, c *Chart, step time.Duration, col *event.Column) error {
	counts, err := countBy(base, col, 0)
	if err != nil {
		return err
	}
	q, err := topQuery(counts, topValues+1, true)
	if err != nil {
		return err
	}
	top, err := x.valueCounts(ctx, q)
	if err != nil {
		return err
	}
	rest := len(top) > topValues
	top = top[:min(len(top), topValues)]
	quoted := make([]string, len(top))
	for i, v := range top {
		quoted[i] = kql.Quote(v.Value)
		c.series(v.Value, valueLabel(v.Value))
	}
	if len(top) == 0 {
		c.KQL = q.String()
		return nil
	}
	named, others, err := namedAndOthers(base, col, step, strings.Join(quoted, ", "))
	if err != nil {
		return err
	}
	total, err := pipe(base, "| count")
	if err != nil {
		return err
	}
	c.KQL = named.String()
	other := Series{Label: "Other", Other: true, Counts: make([]int64, len(c.Starts))}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return x.run(ctx, named, func(row []any) error {
			t, _ := row[1].(time.Time)
			c.add(c.series(kql.Text(row[0]), valueLabel(kql.Text(row[0]))), t, kql.Integer(row[2]))
			return nil
		})
	})
	g.Go(func() error {
		if !rest {
			return nil
		}
		return x.run(ctx, others, func(row []any) error {
			t, _ := row[0].(time.Time)
			c.add(&other, t, kql.Integer(row[1]))
			return nil
		})
	})
	g.Go(func() error {
		n, err := x.numbers(ctx, total)
		if err == nil && len(n) == 1 {
			c.Total = n[0]
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	if rest {
		c.Series = append(c.Series, other)
	}
	return nil
}

// namedAndOthers are the counts of the values in list over time (Value, Bucket, Events), and those of all other values
// together (Bucket, Events).
func namedAndOthers(base *kql.Query, col *event.Column, step time.Duration, list string) (named, others *kql.Query, err error) {
	if col.List { // which values an event has is known only when its list is taken apart
		counts, err := countBy(base, col, step)
		if err != nil {
			return nil, nil, err
		}
		if named, err = pipe(counts, "| where Value in (%s) | project Value, Bucket, Events", list); err != nil {
			return nil, nil, err
		}
		others, err = pipe(counts, "| where Value !in (%s) | summarize Events = sum(Events) by Bucket", list)
		return named, others, err
	}
	in, err := pipe(base, "| where %s in (%s)", valueOf(col), list)
	if err != nil {
		return nil, nil, err
	}
	if named, err = countBy(in, col, step); err != nil {
		return nil, nil, err
	}
	if named, err = pipe(named, "| project Value, Bucket, Events"); err != nil {
		return nil, nil, err
	}
	others, err = pipe(base, "| where %s !in (%s) | summarize Events = count() by Bucket = bin(Timestamp, %s)", valueOf(col), list, timespan(step))
	return named, others, err
}

func valueLabel(v string) string {
	if v == "" {
		return "(none)"
	}
	return v
}
