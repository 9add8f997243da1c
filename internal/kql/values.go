package kql

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

type (
	// values is a table of constants.
	values struct {
		cols []*column
		rows *rowSet
	}
	// series is a table of one column: from, from + step, ... up to to.
	series struct {
		from, to, step scalar
		col            *column
	}
)

func (*values) inputs() []node { return nil }
func (*series) inputs() []node { return nil }

// rowSet holds rows by column, as Literal holds values. Several plan nodes may share one.
type rowSet struct {
	types []event.Type
	cols  [][]any
	n     int
	texts []string // of each column, once it was asked for
}

func newRowSet(types []event.Type) *rowSet {
	return &rowSet{types: types, cols: make([][]any, len(types)), texts: make([]string, len(types))}
}

func (r *rowSet) add(row ...any) {
	for i := range r.cols {
		r.cols[i] = append(r.cols[i], row[i])
	}
	r.n++
}

// text is column i as a JSON array, in the form that dialects open: datetimes are microseconds since 1970, timespans
// ticks, reals and dynamic values text.
func (r *rowSet) text(i int) string {
	if r.texts[i] != "" {
		return r.texts[i]
	}
	var b strings.Builder
	b.WriteByte('[')
	for j, v := range r.cols[i] {
		if j > 0 {
			b.WriteByte(',')
		}
		switch v := v.(type) {
		case nil:
			b.WriteString("null")
		case string:
			b.WriteString(jsonString(v))
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		case float64:
			b.WriteString(`"` + strconv.FormatFloat(v, 'g', -1, 64) + `"`)
		case time.Time:
			b.WriteString(strconv.FormatInt(v.UnixMicro(), 10))
		}
	}
	b.WriteByte(']')
	r.texts[i] = b.String()
	return r.texts[i]
}

// relation makes a table of r with new columns.
func (b *binder) constants(at Span, names []string, r *rowSet) *relation {
	v := &values{rows: r}
	rel := &relation{}
	for i, name := range names {
		col := &column{typ: r.types[i]}
		v.cols = append(v.cols, col)
		rel.fields = append(rel.fields, field{name, col})
	}
	rel.plan = b.add(at, v)
	return rel
}

// cellOf gives a constant of a datatable the type of its column; false when it does not have it.
func cellOf(c *constant, to event.Type) (any, bool) {
	switch {
	case c.value == nil && to == event.String:
		return "", true
	case c.value == nil || c.typ == to:
		return c.value, true
	case to == event.Dynamic:
		var b strings.Builder
		jsonLiteral(&b, token{lit: &Literal{Type: c.typ, Value: c.value}})
		return b.String(), true
	}
	if k, ok := convert(c, to).(*constant); ok {
		return k.value, true
	}
	if s, ok := c.value.(string); ok && c.typ == event.String {
		return parseTyped(to, strings.TrimSpace(s))
	}
	return nil, false
}

// readCell reads what Options.External gave for one cell: nil, text, or a piece of JSON. What does not read is null.
func readCell(v any, to event.Type) any {
	if raw, ok := v.(json.RawMessage); ok {
		return readJSON(raw, to)
	}
	s, ok := v.(string)
	switch {
	case !ok && to == event.String:
		return ""
	case !ok:
		return nil
	case to == event.String:
		return s
	case to == event.Dynamic:
		if strings.TrimSpace(s) == "" {
			return nil
		}
		if out, ok := compactJSON([]byte(s)); ok {
			return out
		}
		return jsonString(s)
	}
	if out, ok := parseTyped(to, strings.TrimSpace(s)); ok {
		return out
	}
	return nil
}

func readJSON(raw json.RawMessage, to event.Type) any {
	out, ok := compactJSON(raw)
	switch {
	case !ok || out == nil:
		return readCell(nil, to)
	case to == event.Dynamic:
		return out
	}
	text := out.(string)
	if text[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return readCell(nil, to)
		}
		return readCell(s, to)
	}
	if integer(to) { // 5.0 is a whole number too
		if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			text = strconv.FormatInt(int64(f), 10)
		}
	}
	return readCell(text, to)
}

// compactJSON gives the compact form of a JSON value, nil for null.
func compactJSON(raw []byte) (any, bool) {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil, false
	}
	if b.String() == "null" {
		return nil, true
	}
	return b.String(), true
}
