package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/api"
)

// printer writes the rows of an answer. Values are as api.Value leaves them, or as JSON brought them.
type printer interface {
	head(columns []api.HuntColumn) error
	row(values []any) error
	end(cut string) error // cut says why there are not all rows, "" when there are
}

func newPrinter(format string, w, remarks io.Writer) printer {
	switch format {
	case "csv":
		return &csvPrinter{w: csv.NewWriter(w), remarks: remarks}
	case "json":
		return &jsonPrinter{w: w, remarks: remarks}
	}
	return &tablePrinter{w: w, remarks: remarks}
}

// csvPrinter writes RFC 4180 with a header line. It is for programs: cells are as they are.
type csvPrinter struct {
	w       *csv.Writer
	remarks io.Writer
	cells   []string
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
		b.WriteString(strings.TrimSuffix(value.String(), "\n")) // the encoder ends values with a line
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

// remark says beside an answer what it lacks.
func remark(w io.Writer, words string) error {
	if words == "" {
		return nil
	}
	_, err := fmt.Fprintln(w, words)
	return err
}

// tablePrinter is for people: columns side by side, long values cut, the first rows only.
type tablePrinter struct {
	w, remarks io.Writer
	names      []string
	rows       [][]string
	more       int64
}

const (
	tableRows  = 1000
	tableWidth = 60
)

func (p *tablePrinter) head(columns []api.HuntColumn) error {
	for _, c := range columns {
		p.names = append(p.names, c.Name)
	}
	return nil
}

func (p *tablePrinter) row(values []any) error {
	if len(p.rows) == tableRows {
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
			b.WriteString(s)
			if i < len(line)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(s)))
			}
		}
		if n == 0 {
			b.WriteByte('\n')
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
		words += fmt.Sprintf(", the first %d shown; --format csv or json shows all", tableRows)
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
