// Package reports answers the reports: what happened to the mail of a range of time, one subject a report, as figures, one chart and tables,
// on the screen, as CSV, as PDF, and in letters on a schedule.
//
// Every number is a question in KQL that stands beside it. A figure about email events carries the state of Explorer that shows them, and every row
// of a table leads to Explorer, or to a query in Hunting, with as many rows as its first number says. This package knows no SQL, and keeps nothing
// between two answers but the orders of letters.
package reports

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// Bounds of a report.
const (
	Longest  = dashboard.Longest // range of time
	Screen   = 500               // rows of a table on the screen, and in a PDF at most
	File     = 20_000            // rows of a CSV file
	Attached = 5_000             // rows of one that comes with a letter

	turns = 2 // questions that run at the same time
)

// Options are what Reports are made of.
type Options struct {
	Board   *dashboard.Dashboard // knows filters and coverage
	Store   hunt.Store
	Now     func() time.Time // default time.Now
	Domains []string         // of the organisation
}

// Reports answers. It is safe for concurrent use.
type Reports struct {
	opt   Options
	turns chan struct{}
}

// New returns Reports.
func New(o Options) *Reports {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Reports{opt: o, turns: make(chan struct{}, turns)}
}

// Ask is what somebody wants to know.
type Ask struct {
	Name     string
	From, To time.Time // [From, To); zero: the last 7 days
	Filter   dashboard.Filter
	Split    string // of the chart; "": the first that the report has
	Rows     int    // of each table at most; 0: Screen
}

// ReportChoice is a way to split the chart of a report.
type ReportChoice struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

// ReportKind is one of the reports.
type ReportKind struct {
	Name   string         `json:"name"`
	Title  string         `json:"title"`
	Says   string         `json:"says" doc:"What it answers, one sentence"`
	Splits []ReportChoice `json:"splits" doc:"Ways to split its chart, the usual one first"`

	Submitted bool `json:"submitted" doc:"Tells what people reported: needs submission.read"`

	fill func(ctx context.Context, x *making) error
}

// Kinds lists the reports in the order of the page.
func Kinds() []ReportKind {
	return []ReportKind{threatProtection, fileTypes, disposition, spoofMail, urlProtection, topPeople, submissions}
}

// KindOf finds a report by name.
func KindOf(name string) (ReportKind, bool) {
	all := Kinds()
	i := slices.IndexFunc(all, func(k ReportKind) bool { return k.Name == name })
	if i < 0 {
		return ReportKind{}, false
	}
	return all[i], true
}

// Report is an answer.
type Report struct {
	Name     string             `json:"name"`
	Title    string             `json:"title"`
	Says     string             `json:"says"`
	From     time.Time          `json:"from" doc:"Included"`
	To       time.Time          `json:"to" doc:"Excluded"`
	AsOf     time.Time          `json:"as_of"`
	TookMS   int64              `json:"took_ms"`
	Whom     string             `json:"whom" doc:"Who the filter leaves, in words; empty: everybody"`
	Coverage dashboard.Coverage `json:"coverage"`
	Figures  []ReportNumber     `json:"figures"`
	Chart    ReportChart        `json:"chart"`
	Tables   []ReportTable      `json:"tables"`
}

// ReportNumber is one figure with its name.
type ReportNumber struct {
	Key    string           `json:"key"`
	Label  string           `json:"label"`
	Says   string           `json:"says" doc:"What exactly it counts"`
	Unit   string           `json:"unit" enum:"count,seconds"`
	Figure dashboard.Figure `json:"figure"`
}

// ReportChart is numbers over time.
type ReportChart struct {
	Split         string         `json:"split"`
	Splits        []ReportChoice `json:"splits"`
	What          string         `json:"what" doc:"What is counted, as one of them"`
	Overlaps      bool           `json:"overlaps" doc:"One thing can count in several series, so they add up to more than there is"`
	BucketSeconds int64          `json:"bucket_seconds"`
	Starts        []time.Time    `json:"starts" doc:"Start of each bucket, UTC"`
	Series        []ReportSeries `json:"series"`
	KQL           string         `json:"kql"`
}

// ReportSeries is one part of a chart.
type ReportSeries struct {
	Key    string  `json:"key"`
	Label  string  `json:"label"`
	Other  bool    `json:"other" doc:"All values that have no series of their own"`
	Total  int64   `json:"total"`
	Counts []int64 `json:"counts" doc:"One a bucket"`

	Explorer *dashboard.ExplorerState `json:"explorer,omitempty" doc:"Explorer's state that shows what the total counts"`
}

// ReportTable is the detail of a report.
type ReportTable struct {
	Key     string         `json:"key"`
	Title   string         `json:"title"`
	Says    string         `json:"says" doc:"What a row is"`
	Columns []ReportColumn `json:"columns"`
	Rows    []ReportRow    `json:"rows"`
	Cut     bool           `json:"cut" doc:"There are more rows than these"`
	KQL     string         `json:"kql" doc:"The question that gives these rows, and those that were cut off"`
}

// Column of a table. Texts of mail are hostile, and stand in columns of the kinds address, link and text.
// Threats are names of threats, ", " between them.
type ReportColumn struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Kind  string `json:"kind" enum:"text,number,time,day,address,link,threats"`
}

// Row of a table.
type ReportRow struct {
	Cells    []string                 `json:"cells" doc:"One a column. Numbers have digits alone, times are RFC 3339, days YYYY-MM-DD"`
	Explorer *dashboard.ExplorerState `json:"explorer,omitempty" doc:"Explorer's state with as many email events as the first number says"`
	KQL      string                   `json:"kql,omitempty" doc:"A query for Hunting with as many rows as the first number says"`
}

// making is a report being made.
type making struct {
	*Reports
	from, to, now time.Time
	step          time.Duration
	narrow        dashboard.Narrowed
	split         string
	rows          int
	out           *Report
}

// Make answers. What cannot be asked is a *dashboard.WrongError.
func (r *Reports) Make(ctx context.Context, a Ask) (*Report, error) {
	began := time.Now()
	kind, ok := KindOf(a.Name)
	if !ok {
		return nil, &dashboard.WrongError{Field: "name", Say: fmt.Sprintf("there is no report %q", a.Name)}
	}
	x, err := r.making(a, &kind)
	if err != nil {
		return nil, err
	}
	if x.out.Coverage, err = r.opt.Board.Cover(ctx, x.from); err != nil {
		return nil, err
	}
	if err := kind.fill(ctx, x); err != nil {
		return nil, fmt.Errorf("report %s: %w", a.Name, err)
	}
	x.out.TookMS = time.Since(began).Milliseconds()
	return x.out, nil
}

func (r *Reports) making(a Ask, kind *ReportKind) (*making, error) {
	now := r.opt.Now().UTC().Truncate(time.Microsecond)
	x := &making{Reports: r, now: now, from: a.From.UTC().Truncate(time.Microsecond), to: a.To.UTC().Truncate(time.Microsecond), split: a.Split, rows: a.Rows}
	if a.To.IsZero() {
		x.to = now
	}
	if a.From.IsZero() {
		x.from = x.to.Add(-dashboard.Usual)
	}
	length := x.to.Sub(x.from)
	switch {
	case length <= 0:
		return nil, &dashboard.WrongError{Field: "to", Say: fmt.Sprintf("the range ends (%s) before it begins (%s)", x.to.Format(time.RFC3339), x.from.Format(time.RFC3339))}
	case length > Longest:
		return nil, &dashboard.WrongError{Field: "from", Say: "a report is about 90 days at most; choose a shorter time"}
	}
	if x.rows <= 0 {
		x.rows = Screen
	}
	if x.split == "" {
		x.split = kind.Splits[0].Key
	}
	if !slices.ContainsFunc(kind.Splits, func(c ReportChoice) bool { return c.Key == x.split }) {
		return nil, &dashboard.WrongError{Field: "split", Say: fmt.Sprintf("the report %s cannot be split by %q", kind.Name, x.split)}
	}
	var err error
	if x.narrow, err = r.opt.Board.Narrow(a.Filter); err != nil {
		return nil, err
	}
	x.step = stepOf(x.from, x.to)
	x.out = &Report{
		Name: kind.Name, Title: kind.Title, Says: kind.Says, From: x.from, To: x.to, AsOf: now, Whom: a.Filter.Words(), Figures: []ReportNumber{}, Tables: []ReportTable{},
		Chart: ReportChart{Split: x.split, Splits: kind.Splits, What: "email event", BucketSeconds: int64(x.step / time.Second), Series: []ReportSeries{}},
	}
	for t := x.from.Truncate(x.step); t.Before(x.to); t = t.Add(x.step) {
		x.out.Chart.Starts = append(x.out.Chart.Starts, t)
	}
	return x, nil
}

// stepOf is the length of a bucket: a day from four days on, so that bars are days.
func stepOf(from, to time.Time) time.Duration {
	if to.Sub(from) > 4*24*time.Hour {
		return 24 * time.Hour
	}
	return hunt.Bucket(from, to)
}

// ask runs a question and calls each for every row. It waits for a turn.
func (r *Reports) ask(ctx context.Context, text string, each func(row []any)) error {
	q, err := kql.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	stmt, err := kql.Compile(q, kql.Options{Now: r.opt.Now()}, r.opt.Store.Dialect())
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	select {
	case r.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.turns }()
	return r.opt.Store.Query(ctx, stmt, func(row []any) error {
		each(row)
		return nil
	})
}
