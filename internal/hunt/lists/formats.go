package lists

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"tocsin/internal/kql"
)

// separators of the formats that hold cells in lines.
var separators = map[string]rune{"csv": ',', "tsv": '\t', "psv": '|', "scsv": ';', "sohsv": '\x01'}

// formatOf is the format of a list: the one that is written, or the one that its name tells; csv otherwise.
func formatOf(ref kql.ExternalRef, name string) (string, error) {
	format := ref.Format
	if format == "" {
		name = strings.ToLower(name)
		for _, packed := range []string{".gz", ".zip"} {
			name = strings.TrimSuffix(name, packed)
		}
		if format = strings.TrimPrefix(path.Ext(name), "."); !known(format) {
			return "csv", nil
		}
	}
	if !known(format) {
		return "", fmt.Errorf("lists of the format %q are not read; there are csv, tsv, psv, scsv, sohsv, txt, raw, json and multijson", format)
	}
	return format, nil
}

func known(format string) bool {
	_, ok := separators[format]
	return ok || format == "txt" || format == "raw" || format == "json" || format == "multijson"
}

// rowReader gathers the rows of several lists. Cells are nil, text, or pieces of JSON.
type rowReader struct {
	columns []kql.Column
	skip    bool
	rows    [][]any
	cells   int
}

func (r *rowReader) add(row []any) error {
	if r.cells += max(len(row), len(r.columns)); len(r.rows) == maxRows || r.cells > maxCells {
		return fmt.Errorf("the list is too long; at most %d rows and %d values are read", maxRows, maxCells)
	}
	r.rows = append(r.rows, row)
	return nil
}

func (r *rowReader) read(format string, data []byte) error {
	data = bytes.ToValidUTF8(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\ufffd"))
	switch format {
	case "raw":
		return r.add([]any{string(data)})
	case "txt":
		return r.lines(data, func(_ int, line []byte) error { return r.add([]any{string(line)}) })
	case "json":
		return r.lines(data, func(n int, line []byte) error {
			if err := r.object(line); err != nil {
				return fmt.Errorf("line %d is %w", n, err)
			}
			return nil
		})
	case "multijson":
		return r.objects(data)
	}
	return r.delimited(data, separators[format])
}

// lines calls each for every line that is not empty. The first one may be a headline.
func (r *rowReader) lines(data []byte, each func(n int, line []byte) error) error {
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, maxBytes+1)
	skip := r.skip
	for n := 1; s.Scan(); n++ {
		if len(s.Bytes()) == 0 {
			continue
		}
		if skip {
			skip = false
			continue
		}
		if err := each(n, s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}

// delimited reads cells between separators, in quotes where they hold one (RFC 4180). Quotes that are out of place are text.
func (r *rowReader) delimited(data []byte, separator rune) error {
	c := csv.NewReader(bytes.NewReader(data))
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = separator, -1, true, true
	skip := r.skip
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the list does not read: %w", err)
		}
		if skip {
			skip = false
			continue
		}
		row := make([]any, min(len(record), max(len(r.columns), 1)))
		for i := range row {
			row[i] = record[i]
		}
		if err := r.add(row); err != nil {
			return err
		}
	}
}

// objects reads JSON objects one after another, or an array of them.
func (r *rowReader) objects(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		if _, err := d.Token(); err != nil {
			return errors.New("the list is not JSON")
		}
	}
	for n := 1; d.More(); n++ {
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return fmt.Errorf("record %d is not JSON", n)
		}
		if n == 1 && r.skip {
			continue
		}
		if err := r.object(one); err != nil {
			return fmt.Errorf("record %d is %w", n, err)
		}
	}
	return nil
}

// object makes a row of a JSON object: the properties that have the names of columns.
func (r *rowReader) object(data []byte) error {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(data, &o); err != nil {
		return errors.New("no JSON object")
	}
	row := make([]any, len(r.columns))
	for i, c := range r.columns {
		if v, ok := o[c.Name]; ok {
			row[i] = v
		}
	}
	return r.add(row)
}
