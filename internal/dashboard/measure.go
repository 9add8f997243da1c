package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// measure is a number of email events: those of a view of Explorer that meet all conditions.
type measure struct {
	view  hunt.View
	where []string // conditions over EmailEvents
}

// and is m with further conditions.
func (m measure) and(where ...string) measure {
	m.where = slices.Concat(m.where, where)
	return m
}

// condition is m as one condition, view included.
func (m measure) condition() string {
	all := m.where
	if v := hunt.ViewWhere(m.view); v != "" {
		all = append([]string{v}, all...)
	}
	if len(all) == 0 {
		return "true"
	}
	return "(" + strings.Join(all, ") and (") + ")"
}

// figure is m in [from, to) with the scope's filter, once its value is known.
func (s *scope) figure(m measure, from, to time.Time, value int64) Figure {
	view := m.view
	if view == "" {
		view = hunt.All
	}
	return Figure{
		Value: value, Gaps: []string{},
		KQL:      tidy("EmailEvents" + where(between(from, to)) + where(s.mail...) + where(hunt.ViewWhere(m.view)) + where(m.where...) + "\n| count"),
		Explorer: s.state(m, from, to),
	}
}

// state is Explorer's state that shows m.
func (s *scope) state(m measure, from, to time.Time) *ExplorerState {
	view := m.view
	if view == "" {
		view = hunt.All
	}
	return &ExplorerState{View: string(view), Q: tidy("EmailEvents" + where(s.mail...) + where(m.where...)), From: from, To: to}
}

// here is m in the range of the answer. about are gaps that concern it beside those that concern every figure.
func (x *answering) here(m measure, value int64, about ...string) Figure {
	f := x.figure(m, x.from, x.to, value)
	f.Gaps = x.gaps(about...)
	return f
}

// counted is what a wide question says of one measure.
type counted struct {
	value, previous int64
	buckets         []int64
}

// grouped are the columns that mail with threats is grouped by. Measures of a wide question over them may look at these alone.
var grouped = []string{"ThreatTypes", "LatestThreatTypes", "LatestDetectionTechnologies", "DeliveryAction", "LatestDeliveryAction", "LatestDeliveryLocation"}

// threatened is the condition of mail with a threat, at delivery or by the latest judgement.
const threatened = `ThreatTypes != "" or LatestThreatTypes != ""`

// wide answers all measures with one question: the mail of this period and of the one before is grouped by time and columns, and every measure
// is the sum over the groups that meet its condition.
func (x *answering) wide(ctx context.Context, only string, columns []string, measures []measure) ([]counted, error) {
	sums := make([]string, len(measures))
	out := make([]counted, len(measures))
	for i, m := range measures {
		sums[i] = fmt.Sprintf("m%d = sumif(Events, %s)", i, m.condition())
		out[i].buckets = make([]int64, len(x.starts))
	}
	question := "EmailEvents" + where(between(x.before, x.to)) + where(x.mail...) + where(only) + fmt.Sprintf(
		"\n| summarize Events = count() by Now = Timestamp >= %s, Bucket = bin(Timestamp, %ds), %s\n| summarize %s by Now, Bucket",
		datetime(x.from), int64(x.step/time.Second), strings.Join(columns, ", "), strings.Join(sums, ", "))
	err := x.rows(ctx, question, func(row []any) {
		now, at := kql.Truth(row[0]), x.bucket(kql.Moment(row[1]))
		for i := range out {
			n := kql.Integer(row[2+i])
			if !now {
				out[i].previous += n
				continue
			}
			out[i].value += n
			if at >= 0 {
				out[i].buckets[at] += n
			}
		}
	})
	return out, err
}

// compared is a figure of this period beside the one before.
func (x *answering) compared(m measure, c counted, about ...string) Figure {
	f := x.here(m, c.value, append(about, "before")...)
	f.Previous = &c.previous
	return f
}

// listed is the condition that a column which lists values as "a, b" has this one. Values of which one is a part of another are told apart.
func listed(column, value string) string {
	return `strcat(", ", ` + column + `, ", ") contains_cs ` + kql.Quote(", "+value+", ")
}

// valued is what byValue says of one value.
type valued struct {
	name string
	counted
}

// byValue counts, for every value of a column, the mail that meets only, bucket by bucket, most first; with before the period before too. A list
// column counts an event once for each of its values.
func (x *answering) byValue(ctx context.Context, only, column string, list, before bool) ([]valued, error) {
	from := x.from
	if before {
		from = x.before
	}
	question := "EmailEvents" + where(between(from, x.to)) + where(x.mail...) + where(only) + fmt.Sprintf(
		"\n| summarize Events = count() by Value = %s, Now = Timestamp >= %s, Bucket = bin(Timestamp, %ds)", column, datetime(x.from), int64(x.step/time.Second))
	if list {
		question += "\n| mv-expand Value = split(Value, \", \") to typeof(string)\n| summarize Events = sum(Events) by Value, Now, Bucket"
	}
	index := map[string]int{}
	var out []valued
	err := x.rows(ctx, question, func(row []any) {
		v := kql.Text(row[0])
		i, ok := index[v]
		if !ok {
			i = len(out)
			index[v] = i
			out = append(out, valued{v, counted{buckets: make([]int64, len(x.starts))}})
		}
		n := kql.Integer(row[3])
		if !kql.Truth(row[1]) {
			out[i].previous += n
			return
		}
		out[i].value += n
		if at := x.bucket(kql.Moment(row[2])); at >= 0 {
			out[i].buckets[at] += n
		}
	})
	slices.SortFunc(out, func(a, b valued) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.name, b.name)) })
	return out, err
}
