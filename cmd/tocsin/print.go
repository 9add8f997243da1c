package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"tocsin/internal/api"
)

// printer writes the rows of an answer. Values are as api.Value leaves them, or as JSON brought them.
type printer interface {
	head(columns []api.HuntColumn) error
	row(values []any) error
	end(cut string) error // cut says why there are not all rows, "" when there are
}

// textColumns are the columns of a table that is all text.
func textColumns(names ...string) []api.HuntColumn {
	columns := make([]api.HuntColumn, len(names))
	for i, name := range names {
		columns[i] = api.HuntColumn{Name: name, Type: "string"}
	}
	return columns
}

// newPrinter prints to w, and to remarks what is to be said beside the rows. limit is how many rows were asked for, 0 when any number.
// On a terminal nothing that a stranger wrote moves the cursor, whatever the format.
func newPrinter(format string, limit int, w, remarks io.Writer, terminal bool) printer {
	switch format {
	case "csv":
		return &csvPrinter{w: csv.NewWriter(w), remarks: remarks, terminal: terminal}
	case "json":
		return &jsonPrinter{w: w, remarks: remarks}
	}
	return &tablePrinter{w: w, remarks: remarks, most: cmp.Or(limit, tableRows)}
}

// csvPrinter writes RFC 4180 with a header line. It is for programs: cells are as they are, unless a person looks at them.
type csvPrinter struct {
	w        *csv.Writer
	remarks  io.Writer
	terminal bool
	cells    []string
}

func (p *csvPrinter) head(columns []api.HuntColumn) error {
	for _, c := range columns {
		p.cells = append(p.cells, c.Name)
	}
	return p.w.Write(p.cells)
}

func (p *csvPrinter) row(values []any) error {
	for i, v := range values {
		p.cells[i] = cell(v)
		if p.terminal {
			p.cells[i] = visible(p.cells[i])
		}
	}
	return p.w.Write(p.cells)
}

func (p *csvPrinter) end(cut string) error {
	p.w.Flush()
	return errors.Join(p.w.Error(), remark(p.remarks, cut))
}

// jsonPrinter writes one array of row objects, columns in order.
type jsonPrinter struct {
	w, remarks io.Writer
	names      []string
	rows       int
}

func (p *jsonPrinter) head(columns []api.HuntColumn) error {
	for _, c := range columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		p.names = append(p.names, string(name))
	}
	_, err := io.WriteString(p.w, "[")
	return err
}

func (p *jsonPrinter) row(values []any) error {
	var b strings.Builder
	if p.rows > 0 {
		b.WriteByte(',')
	}
	b.WriteString("\n{")
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(p.names[i] + ":")
		var value strings.Builder
		enc := json.NewEncoder(&value)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return err
		}
		b.WriteString(jsonVisible(strings.TrimSuffix(value.String(), "\n"))) // the encoder ends values with a line
	}
	b.WriteByte('}')
	p.rows++
	_, err := io.WriteString(p.w, b.String())
	return err
}

func (p *jsonPrinter) end(cut string) error {
	_, err := io.WriteString(p.w, "\n]\n")
	return errors.Join(err, remark(p.remarks, cut))
}

// jsonVisible escapes in JSON what its encoder leaves and a terminal would obey. The values stay the same.
func jsonVisible(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r) || r == ' ':
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// remark says beside an answer what it lacks.
func remark(w io.Writer, words string) error {
	if words == "" {
		return nil
	}
	_, err := fmt.Fprintln(w, words)
	return err
}

// tablePrinter is for people: columns side by side, numbers to the right, long values cut, the first rows only.
type tablePrinter struct {
	w, remarks io.Writer
	most       int
	names      []string
	numbers    []bool // by column
	rows       [][]string
	more       int64
}

const (
	tableRows  = 1000
	tableWidth = 60
)

func (p *tablePrinter) head(columns []api.HuntColumn) error {
	for _, c := range columns {
		p.names = append(p.names, visible(c.Name))
		p.numbers = append(p.numbers, slices.Contains([]string{"int", "long", "real", "decimal"}, c.Type))
	}
	return nil
}

func (p *tablePrinter) row(values []any) error {
	if len(p.rows) == p.most {
		p.more++
		return nil
	}
	line := make([]string, len(values))
	for i, v := range values {
		line[i] = short(visible(cell(v)))
	}
	p.rows = append(p.rows, line)
	return nil
}

func (p *tablePrinter) end(cut string) error {
	width := make([]int, len(p.names))
	for _, line := range append([][]string{p.names}, p.rows...) {
		for i, s := range line {
			width[i] = max(width[i], utf8.RuneCountInString(s))
		}
	}
	for n, line := range append([][]string{p.names}, p.rows...) {
		var b strings.Builder
		for i, s := range line {
			if i > 0 {
				b.WriteString("  ")
			}
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
			if p.numbers[i] {
				s, space = space, s
			}
			b.WriteString(s + space)
		}
		if n == 0 {
			head := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(head + "\n")
			for i, w := range width {
				if i > 0 {
					b.WriteString("  ")
				}
				b.WriteString(strings.Repeat("-", w))
			}
		}
		if _, err := fmt.Fprintln(p.w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	total := int64(len(p.rows)) + p.more
	word := "rows"
	if total == 1 {
		word = "row"
	}
	words := fmt.Sprintf("%d %s", total, word)
	if p.more > 0 {
		words += fmt.Sprintf(", the first %d shown; --limit, or --format csv or json, shows more", p.most)
	}
	if cut != "" {
		words += "; " + cut
	}
	return remark(p.remarks, words)
}

// cell is a value as text.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case json.Number:
		return v.String()
	case json.RawMessage:
		return string(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// visible escapes what would move the cursor, change colours or turn the direction of writing: hostile text is text.
func visible(s string) string {
	clean := true
	for _, r := range s {
		if r < 0x20 || !unicode.IsPrint(r) && r != ' ' {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || !unicode.IsPrint(r) && r != ' ':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func short(s string) string {
	if utf8.RuneCountInString(s) <= tableWidth {
		return s
	}
	r := []rune(s)
	return string(r[:tableWidth-1]) + "…"
}
