package hunt

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/kql"
)

// Format of an export.
type Format string

const (
	CSV    Format = "csv"    // RFC 4180 with a header line, UTF-8; see Cell
	JSON   Format = "json"   // one array of objects
	NDJSON Format = "ndjson" // one object a line
)

// ExportOptions say what an export writes.
type ExportOptions struct {
	Format  Format
	Columns []string // of EmailEvents, in this order, and "outcome"; empty: those of EmailRow
	Max     int64    // at most so many rows; 0: all
}

// exportPage is how many rows are in memory at once.
const exportPage = 10_000

// Export writes the mail of r to w, newest first, and returns the number of rows. It reads page by page, so that neither
// the store nor this process ever holds the whole; mail that arrives meanwhile is not in it.
func (x *Explorer) Export(ctx context.Context, w io.Writer, r Request, o ExportOptions) (n int64, err error) {
	if len(o.Columns) == 0 {
		o.Columns = append(slices.Clone(rowColumns), "outcome")
	}
	stored, outcomeAt, err := exportColumns(r, o.Columns)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	enc, err := newEncoder(out, o)
	if err != nil {
		return 0, err
	}
	base, err := x.base(r)
	if err != nil {
		return 0, err
	}
	s, err := sortOf(Page{})
	if err != nil {
		return 0, err
	}
	row := make([]any, len(o.Columns))
	for p := (Page{}); ; {
		limit := int64(exportPage)
		if o.Max > 0 {
			limit = min(limit, o.Max-n)
		}
		if limit <= 0 {
			break
		}
		slice, err := x.slice(ctx, base, s, p, limit)
		if err != nil {
			return n, err
		}
		q, err := s.page(slice, p, stored, int(limit))
		if err != nil {
			return n, err
		}
		var got int64
		err = x.run(ctx, q, func(values []any) error {
			got++
			fillExport(row, o.Columns, stored, values, outcomeAt)
			if got == limit {
				p.Cursor = s.cursor(values[len(stored):])
			}
			return enc.row(row)
		})
		n += got
		if err != nil {
			return n, err
		}
		if got < limit {
			break
		}
	}
	if err := enc.end(); err != nil {
		return n, err
	}
	return n, out.Flush()
}

// slice is base without what is older than the page after p's cursor. Finding that out reads one column; without it every page
// would read all columns of all that is left.
func (x *Explorer) slice(ctx context.Context, base *kql.Query, s ordering, p Page, limit int64) (*kql.Query, error) {
	q, err := s.from(base, p)
	if err != nil {
		return nil, err
	}
	if q, err = pipe(q, "| sort by Timestamp desc | take %d | summarize Oldest = min(Timestamp)", limit); err != nil {
		return nil, err
	}
	var oldest time.Time
	err = x.run(ctx, q, func(row []any) error {
		oldest, _ = row[0].(time.Time) // none when nothing is left
		return nil
	})
	if err != nil || oldest.IsZero() {
		return base, err
	}
	return pipe(base, "| where Timestamp >= %s", datetime(oldest))
}

// exportColumns returns the stored columns that an export reads: those named, and behind them, when the outcome is asked
// for, the four that decide it, which begin at position outcome (or -1).
func exportColumns(r Request, names []string) (stored []string, outcome int, err error) {
	outcome = -1
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, 0, inputError("columns", "%s is named twice", name)
		}
		if name == "outcome" {
			outcome = 0
			continue
		}
		if _, err := r.column("columns", name); err != nil {
			return nil, 0, err
		}
		stored = append(stored, name)
	}
	if outcome == 0 {
		outcome = len(stored)
		for i, name := range []string{"DeliveryAction", "LatestDeliveryAction", "LatestDeliveryLocation", "LatestThreatTypes"} {
			stored = append(stored, fmt.Sprintf("Outcome%d = %s", i, name))
		}
	}
	return stored, outcome, nil
}

func fillExport(row []any, names, stored []string, values []any, outcome int) {
	i := 0
	for j, name := range names {
		if name == "outcome" {
			row[j] = string(outcomeOf(kql.Text(values[outcome]), kql.Text(values[outcome+1]), kql.Text(values[outcome+2]), kql.Text(values[outcome+3])))
			continue
		}
		row[j] = values[i]
		i++
	}
}

// encoder writes rows of values in one format.
type encoder struct {
	row func(row []any) error
	end func() error
}

func newEncoder(w *bufio.Writer, o ExportOptions) (*encoder, error) {
	switch o.Format {
	case CSV:
		c := csv.NewWriter(w)
		if err := c.Write(o.Columns); err != nil {
			return nil, err
		}
		cells := make([]string, len(o.Columns))
		return &encoder{
			row: func(row []any) error {
				for i, v := range row {
					cells[i] = Cell(v)
				}
				return c.Write(cells)
			},
			end: func() error { c.Flush(); return c.Error() },
		}, nil
	case JSON, NDJSON:
		return jsonEncoder(w, o), nil
	}
	return nil, inputError("format", "%q is no format; there are csv, json and ndjson", string(o.Format))
}

func jsonEncoder(w *bufio.Writer, o ExportOptions) *encoder {
	names := make([][]byte, len(o.Columns))
	for i, name := range o.Columns {
		quoted, _ := json.Marshal(name) // column names are plain words
		names[i] = append(quoted, ':')
	}
	array, rows := o.Format == JSON, 0
	return &encoder{
		row: func(row []any) error {
			switch {
			case array && rows == 0:
				w.WriteString("[\n")
			case array:
				w.WriteString(",\n")
			}
			rows++
			w.WriteByte('{')
			for i, v := range row {
				if i > 0 {
					w.WriteByte(',')
				}
				w.Write(names[i])
				b, err := json.Marshal(v)
				if err != nil {
					return err
				}
				w.Write(b)
			}
			w.WriteByte('}')
			if !array {
				return w.WriteByte('\n')
			}
			return nil
		},
		end: func() error {
			if !array {
				return nil
			}
			if rows == 0 {
				w.WriteString("[")
			}
			_, err := w.WriteString("\n]\n")
			return err
		},
	}
}

// Cell is a value as the text of a CSV cell. Text that a spreadsheet would run as a formula (OWASP, CSV injection: it begins
// with = + - @, tab or carriage return) gets an apostrophe in front; so it does after leading spaces and in
// full-width forms, which some programs strip or fold. Numbers stay numbers.
func Cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return safeCell(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case time.Duration:
		return v.String()
	case json.RawMessage:
		return safeCell(string(v))
	}
	return safeCell(fmt.Sprint(v))
}

func safeCell(s string) string {
	if s == "" {
		return s
	}
	if s[0] == '\t' || s[0] == '\r' || s[0] == '\n' {
		return "'" + s
	}
	switch r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0\u3000")); r {
	case '=', '+', '-', '@', '\t', '\r', '\n', '\uff1d', '\uff0b', '\uff0d', '\uff20':
		return "'" + s
	}
	return s
}

func joinColumns(names []string) string { return strings.Join(names, ", ") }
