package reports

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/paper"
)

// About is what stands on paper beside a report.
type About struct {
	Organisation string
	By           string // who had it made
	Version      string // of Tocsin
	Zone         *time.Location
}

//go:embed report.html
var files embed.FS

const (
	maxText = 300 // characters of one cell
	onPaper = 100 // rows of a table; the library needs seconds for more, and nobody reads them
	bars    = 31  // of a chart on paper
)

// sheet is a report before it is laid out.
type sheet struct {
	*Report
	About
	Bars, Shares []bar
	Span         string
	Sheets       []sheetTable
}

// bar is a line of a chart: a length, and its number.
type bar struct {
	Label  string
	N      string
	Length int // percent of the longest
}

// sheetTable is a table, cut, with widths.
type sheetTable struct {
	*ReportTable
	Shown int
	Parts [][]ReportRow
}

// PDF lays a report out: title, whose figures of which time, the numbers, a chart of bars, the tables cut to what people read, coverage.
func PDF(ctx context.Context, p *paper.Printer, r *Report, about About) ([]byte, error) {
	if about.Zone == nil {
		about.Zone = time.UTC
	}
	s := &sheet{Report: r, About: about, Span: span(r.From, r.To, about.Zone), Bars: overTime(r, about.Zone), Shares: shares(&r.Chart)}
	for i := range r.Tables {
		t := &r.Tables[i]
		rows := t.Rows[:min(len(t.Rows), onPaper)]
		s.Sheets = append(s.Sheets, sheetTable{t, len(rows), paper.Chunks(rows)})
	}
	return p.PDF(ctx, paper.Document{Title: r.Title, Author: about.Organisation, Write: func(set func(string) template.HTML, style template.CSS) ([]byte, error) {
		return s.write(set, style)
	}})
}

func (s *sheet) write(set func(string) template.HTML, style template.CSS) ([]byte, error) {
	t := template.New("report.html").Funcs(template.FuncMap{
		"t":     func(text string) template.HTML { return set(paper.Plain(text, maxText)) },
		"cell":  func(c ReportColumn, text string) template.HTML { return set(paper.Plain(s.cell(c, text), maxText)) },
		"time":  func(t time.Time) string { return t.In(s.Zone).Format("2 January 2006, 15:04 MST") },
		"style": func() template.CSS { return style },
		"value": value,
		"class": func(c ReportColumn) string {
			if c.Kind == "number" {
				return "n"
			}
			return "v"
		},
	})
	t, err := t.ParseFS(files, "report.html")
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return out.Bytes(), nil
}

func (s *sheet) cell(c ReportColumn, text string) string {
	switch c.Kind {
	case "number":
		return grouped(text)
	case "time":
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t.In(s.Zone).Format("2006-01-02 15:04")
		}
	}
	return shown(c.Kind, text)
}

// span is a range of time in words.
func span(from, to time.Time, zone *time.Location) string {
	return from.In(zone).Format("2 January 2006, 15:04") + " to " + to.In(zone).Format("2 January 2006, 15:04 MST")
}

// overTime is the chart as one bar a bucket, or a few buckets together.
func overTime(r *Report, zone *time.Location) (out []bar) {
	c := &r.Chart
	if c.Overlaps { // what counts twice has no height of its own; the shares say it
		return nil
	}
	step := (len(c.Starts) + bars - 1) / bars
	most, sums := int64(0), []int64{}
	for i := 0; i < len(c.Starts); i += step {
		var n int64
		for _, s := range c.Series {
			for _, k := range s.Counts[i:min(i+step, len(s.Counts))] {
				n += k
			}
		}
		sums, most = append(sums, n), max(most, n)
	}
	layout := "Mon 2 January"
	if c.BucketSeconds < 24*60*60 {
		layout = "Mon 2 January, 15:04"
	} else {
		zone = time.UTC // buckets are days of UTC
	}
	for i, n := range sums {
		label := c.Starts[i*step].In(zone).Format(layout)
		if step > 1 {
			label += fmt.Sprintf(" and %d more", min(step, len(c.Starts)-i*step)-1)
		}
		out = append(out, bar{label, grouped(strconv.FormatInt(n, 10)), percent(n, most)})
	}
	return out
}

// shares are the series with their totals.
func shares(c *ReportChart) (out []bar) {
	var most int64
	for _, s := range c.Series {
		most = max(most, s.Total)
	}
	for _, s := range c.Series {
		out = append(out, bar{s.Label, grouped(strconv.FormatInt(s.Total, 10)), percent(s.Total, most)})
	}
	return out
}

// percent is the length of a bar; what is there is seen.
func percent(n, of int64) int {
	if n == 0 || of == 0 {
		return 0
	}
	return max(1, int(100*n/of))
}

// value is a figure for people.
func value(n ReportNumber) string {
	if n.Unit != "seconds" {
		return grouped(strconv.FormatInt(n.Figure.Value, 10))
	}
	d := time.Duration(n.Figure.Value) * time.Second
	switch {
	case d == 0:
		return "–"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// grouped is a whole number as people read it.
func grouped(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
