package reports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/kql"
)

// part is a condition with its name.
type part struct{ key, label, says, where string }

// named finds a part by its key.
func named(parts []part, key string) part {
	for _, p := range parts {
		if p.key == key {
			return p
		}
	}
	return part{key: key, label: key}
}

// table is a table of the store narrowed to the range, the filter and conditions. column holds the address of the person that the row is about.
func (x *making) table(name, column string, conditions ...string) string {
	return name + where(x.between(), x.narrow.People(column)) + where(conditions...)
}

// emails is the mail of the report.
func (x *making) emails(conditions ...string) string {
	return "EmailEvents" + where(x.between()) + where(x.narrow.Mail()...) + where(conditions...)
}

// state is Explorer's state that shows mail of the report.
func (x *making) state(conditions ...string) *dashboard.ExplorerState {
	return &dashboard.ExplorerState{View: "all", Q: tidy("EmailEvents" + where(x.narrow.Mail()...) + where(conditions...)), From: x.from, To: x.to}
}

// onDay is a state narrowed to a day.
func (x *making) onDay(s *dashboard.ExplorerState, day time.Time) *dashboard.ExplorerState {
	if day.After(s.From) {
		s.From = day
	}
	if end := day.Add(24 * time.Hour); end.Before(s.To) {
		s.To = end
	}
	return s
}

func (x *making) between() string {
	return "Timestamp >= " + datetime(x.from) + " and Timestamp < " + datetime(x.to)
}

// figures counts mail, one figure a part, with one question. Each part's mail is also of base.
func (x *making) figures(ctx context.Context, base []string, parts ...part) error {
	counts := make([]string, len(parts))
	for i, p := range parts {
		counts[i] = fmt.Sprintf("f%d = countif(%s)", i, cmp.Or(p.where, "true"))
	}
	return x.ask(ctx, x.emails(base...)+"\n| summarize "+strings.Join(counts, ", "), func(row []any) {
		for i, p := range parts {
			all := append(slices.Clone(base), p.where)
			x.add(p, "count", kql.Integer(row[i]), x.emails(all...)+"\n| count", x.state(all...))
		}
	})
}

// count adds one figure that is no count of mail.
func (x *making) count(ctx context.Context, p part, unit, question string) error {
	return x.ask(ctx, question, func(row []any) { x.add(p, unit, kql.Integer(row[0]), question, nil) })
}

func (x *making) add(p part, unit string, value int64, question string, state *dashboard.ExplorerState) {
	gaps := []string{}
	for _, g := range x.out.Coverage.Gaps {
		gaps = append(gaps, g.ID)
	}
	x.out.Figures = append(x.out.Figures, ReportNumber{Key: p.key, Label: p.label, Says: p.says, Unit: unit, Figure: dashboard.Figure{Value: value, KQL: tidy(question), Explorer: state, Gaps: gaps}})
}

// chartParts fills the chart with one series a part. overlaps: one thing can be in several.
func (x *making) chartParts(ctx context.Context, source string, overlaps bool, parts []part, state func(p part) *dashboard.ExplorerState) error {
	c := &x.out.Chart
	counts := make([]string, len(parts))
	for i, p := range parts {
		counts[i] = fmt.Sprintf("%s = countif(%s)", identifier(p.key), p.where)
		c.Series = append(c.Series, ReportSeries{Key: p.key, Label: p.label, Counts: make([]int64, len(c.Starts)), Explorer: state(p)})
	}
	question := source + fmt.Sprintf("\n| summarize %s by Bucket = bin(Timestamp, %ds)\n| sort by Bucket asc", strings.Join(counts, ", "), c.BucketSeconds)
	c.KQL, c.Overlaps = tidy(question), overlaps
	return x.ask(ctx, question, func(row []any) {
		for i := range c.Series {
			c.Series[i].add(x.bucket(row[0]), kql.Integer(row[1+i]))
		}
	})
}

// mostSeries is how many values of a column have a series of their own.
const mostSeries = 10

// chartValues fills the chart with one series a value of an expression, most first. list: the text lists several values as "a, b".
func (x *making) chartValues(ctx context.Context, source, expression string, list bool, label func(value string) string, state func(value string) *dashboard.ExplorerState) error {
	c := &x.out.Chart
	question := source + fmt.Sprintf("\n| summarize Count = count() by Value = tostring(%s), Bucket = bin(Timestamp, %ds)", expression, c.BucketSeconds)
	if list {
		question += "\n| mv-expand Value = split(Value, \", \") to typeof(string)\n| summarize Count = sum(Count) by Value, Bucket"
	}
	question += "\n| sort by Bucket asc, Value asc"
	c.KQL, c.Overlaps = tidy(question), list
	index, all := map[string]int{}, []ReportSeries{}
	err := x.ask(ctx, question, func(row []any) {
		value, at, n := kql.Text(row[0]), row[1], kql.Integer(row[2])
		i, known := index[value]
		if !known {
			i = len(all)
			index[value] = i
			all = append(all, ReportSeries{Key: value, Label: label(value), Counts: make([]int64, len(c.Starts))})
		}
		all[i].add(x.bucket(at), n)
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b ReportSeries) int { return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Key, b.Key)) })
	rest := ReportSeries{Key: "other", Label: "Other", Other: true, Counts: make([]int64, len(c.Starts))}
	for i := range all {
		if i < mostSeries {
			if state != nil {
				all[i].Explorer = state(all[i].Key)
			}
			c.Series = append(c.Series, all[i])
			continue
		}
		rest.Total += all[i].Total
		for k, n := range all[i].Counts {
			rest.Counts[k] += n
		}
	}
	if rest.Total > 0 {
		c.Series = append(c.Series, rest)
	}
	return nil
}

func (s *ReportSeries) add(bucket int, n int64) {
	s.Total += n
	if bucket >= 0 && bucket < len(s.Counts) {
		s.Counts[bucket] += n
	}
}

func (x *making) bucket(start any) int {
	t, _ := start.(time.Time)
	if len(x.out.Chart.Starts) == 0 {
		return -1
	}
	return int(t.Sub(x.out.Chart.Starts[0]) / x.step)
}

// detail adds a table. The question's columns are the table's, in order; link says where a row leads, and may change it into words.
func (x *making) detail(ctx context.Context, t ReportTable, question string, link func(row []any) (*dashboard.ExplorerState, string)) error {
	t.KQL, t.Rows = tidy(question), []ReportRow{}
	err := x.ask(ctx, question+fmt.Sprintf("\n| take %d", x.rows+1), func(row []any) {
		if len(t.Rows) == x.rows {
			t.Cut = true
			return
		}
		state, query := link(row) // which also puts labels in the place of keys
		out := ReportRow{Cells: make([]string, len(t.Columns))}
		for i, c := range t.Columns {
			out.Cells[i] = cell(c.Kind, row[i])
		}
		if out.Explorer = state; state == nil {
			out.KQL = tidy(query)
		}
		t.Rows = append(t.Rows, out)
	})
	x.out.Tables = append(x.out.Tables, t)
	return err
}

// columns are columns as "key|label|kind".
func columns(lines ...string) []ReportColumn {
	out := make([]ReportColumn, len(lines))
	for i, l := range lines {
		p := strings.Split(l, "|")
		out[i] = ReportColumn{p[0], p[1], p[2]}
	}
	return out
}

func cell(kind string, v any) string {
	switch v := v.(type) {
	case time.Time:
		if kind == "day" {
			return v.UTC().Format(time.DateOnly)
		}
		return v.UTC().Format(time.RFC3339)
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case int32:
		return strconv.FormatInt(int64(v), 10)
	case float64:
		return strconv.FormatInt(int64(v), 10)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// identifier is a key as the name of a column.
func identifier(key string) string {
	return "c_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, key)
}

// is is the condition that a column, or an expression, has a value.
func is(expression, value string) string { return expression + " == " + kql.Quote(value) }

// lists is the condition that a column which lists values as "a, b" has this one; "" is that it has none.
func lists(column, value string) string {
	if value == "" {
		return column + ` == ""`
	}
	return `strcat(", ", ` + column + `, ", ") contains_cs ` + kql.Quote(", "+value+", ")
}

// anyOf is a list of texts in brackets.
func anyOf(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = kql.Quote(s)
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func where(conditions ...string) string {
	var b strings.Builder
	for _, c := range conditions {
		if c != "" {
			b.WriteString("\n| where ")
			b.WriteString(c)
		}
	}
	return b.String()
}

// tidy is a query in canonical text. A query of this package that does not parse is a bug here.
func tidy(text string) string {
	q, err := kql.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("reports: %v: %s", err, text))
	}
	return q.String()
}

func datetime(t time.Time) string {
	return "datetime(" + t.UTC().Format("2006-01-02T15:04:05.999999Z") + ")"
}
