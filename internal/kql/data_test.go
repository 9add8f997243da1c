package kql

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The data files in testdata/*.test are read line by line:
//
//	load TABLE       then one JSON object a line: rows for that table
//	eval [ordered] [ours]
//	                 then the query; ordered: the order of the rows counts; ours: Microsoft's parser refuses the query, or gives
//	                 other names or types to its columns
//	expect           then a line "Name:type, ..." and one line a row, values separated by " | "
//	error L:C TEXT   instead of expect: where the query fails, and a part of the sentence that says why
//	from/to TIME     for the next eval: the range pushed into every scan
//	limit N          for the next eval
//	external URI     then one JSON array a line: the cells of a row, for externaldata
//	clear            empties all tables
//
// Lines of a block are indented; # begins a comment.
func TestData(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata/*.test", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".test"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			(&script{store: openStore(t), file: f}).play(string(text))
		})
	}
}

type script struct {
	*store
	file    string
	opts    Options
	query   string
	line    int
	ordered bool
	lists   map[string][][]any
}

// external gives externaldata the rows that the file has for its addresses.
func (s *script) external(ref ExternalRef) ([][]any, error) {
	var out [][]any
	for _, uri := range ref.URIs {
		rows, ok := s.lists[uri]
		if !ok {
			return nil, fmt.Errorf("%s is not approved", uri)
		}
		if ref.SkipFirst {
			rows = rows[1:]
		}
		out = append(out, rows...)
	}
	return out, nil
}

// cells reads a row of a list: text, null, or anything else as JSON.
func (s *script) cells(line string) []any {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(line), &raw); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	out := make([]any, len(raw))
	for i, r := range raw {
		var text string
		switch {
		case string(r) == "null":
		case json.Unmarshal(r, &text) == nil:
			out[i] = text
		default:
			out[i] = r
		}
	}
	return out
}

// dataBlock is one command of a data file with the indented lines under it.
type dataBlock struct {
	line  int
	head  string
	words []string // of head
	lines []string
}

func blocks(text string) []dataBlock {
	var out []dataBlock
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		b := dataBlock{line: i + 1, head: lines[i], words: strings.Fields(lines[i])}
		i++
		if len(b.words) == 0 || strings.HasPrefix(b.head, "#") {
			continue
		}
		for i < len(lines) && (strings.HasPrefix(lines[i], "    ") || strings.TrimSpace(lines[i]) == "") {
			b.lines = append(b.lines, strings.TrimPrefix(lines[i], "    "))
			i++
		}
		for len(b.lines) > 0 && strings.TrimSpace(b.lines[len(b.lines)-1]) == "" {
			b.lines = b.lines[:len(b.lines)-1]
		}
		out = append(out, b)
	}
	return out
}

func (s *script) play(text string) {
	for _, b := range blocks(text) {
		s.command(b.line, b.words, b.head, b.lines)
	}
}

func (s *script) command(at int, words []string, head string, block []string) {
	s.t.Helper()
	s.opts.External = s.external
	switch words[0] {
	case "external":
		if s.lists == nil {
			s.lists = map[string][][]any{}
		}
		s.lists[words[1]] = nil
		for _, line := range block {
			s.lists[words[1]] = append(s.lists[words[1]], s.cells(line))
		}
	case "load":
		s.load(words[1], block...)
	case "clear":
		for _, name := range []string{"EmailEvents", "EmailUrlInfo", "EmailAttachmentInfo", "EmailPostDeliveryEvents", "UrlClickEvents"} {
			s.exec(fmt.Sprintf("DELETE FROM %q", name))
		}
	case "from", "to":
		v, err := time.Parse(time.RFC3339, words[1])
		if err != nil {
			s.t.Fatal(err)
		}
		if words[0] == "from" {
			s.opts.From = v
		} else {
			s.opts.To = v
		}
	case "limit":
		fmt.Sscan(words[1], &s.opts.Limit)
	case "eval":
		s.query, s.line, s.ordered = strings.Join(block, "\n"), at, slices.Contains(words, "ordered")
	case "expect":
		st, rows, err := s.store.query(s.query, s.opts)
		s.opts = Options{}
		if err != nil {
			s.t.Errorf("%s:%d: %v", s.file, s.line, err)
			return
		}
		s.check(st, rows, block)
	case "error":
		_, _, err := s.store.query(s.query, s.opts)
		s.opts = Options{}
		var e *Error
		if !errors.As(err, &e) {
			s.t.Errorf("%s:%d: expected an error, got %v", s.file, s.line, err)
			return
		}
		want := strings.TrimSpace(strings.TrimPrefix(head, "error "+words[1]))
		if got := fmt.Sprintf("%d:%d", e.Line, e.Column); got != words[1] || !strings.Contains(e.Msg, want) {
			s.t.Errorf("%s:%d: error %s %s\nexpected %s %s", s.file, s.line, got, e.Msg, words[1], want)
		}
	default:
		s.t.Fatalf("%s:%d: unknown command %s", s.file, at, words[0])
	}
}

func (s *script) check(st *Statement, rows [][]string, block []string) {
	s.t.Helper()
	var cols []string
	for _, c := range st.Columns {
		cols = append(cols, c.Name+":"+string(c.Type))
	}
	got := []string{strings.Join(cols, ", ")}
	for _, r := range rows {
		got = append(got, strings.Join(r, " | "))
	}
	want := slices.Clone(block)
	if !s.ordered {
		slices.Sort(got[1:])
		if len(want) > 1 {
			slices.Sort(want[1:])
		}
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("%s:%d: got\n    %s\nexpected\n    %s\n%s", s.file, s.line, strings.Join(got, "\n    "), strings.Join(want, "\n    "), st.SQL)
	}
}
