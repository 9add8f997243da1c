package kql

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/event"
)

// verdict is what Microsoft's parser and binder say to a query.
type verdict struct {
	Errors  []string `json:"errors"`
	Columns []string `json:"columns"` // "name:type" of the result
}

// askMicrosoft gives queries to Microsoft's own parser (npm @kusto/language-service-next), with the tables of this package.
// It skips the test where that is not installed.
func askMicrosoft(t *testing.T, queries []string) []verdict {
	t.Helper()
	pkg, err := filepath.Abs("../../ui/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(pkg), "node_modules/@kusto/language-service-next")); err != nil {
		t.Skip("Microsoft's parser is not installed: npm ci --ignore-scripts in ui")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node to run Microsoft's parser with")
	}
	tables := map[string]string{}
	for _, table := range event.Schema() {
		var cols []string
		for _, c := range table.Columns {
			cols = append(cols, fmt.Sprintf("['%s']: %s", c.Name, c.Type))
		}
		tables[table.Name] = "(" + strings.Join(cols, ", ") + ")"
	}
	in, err := json.Marshal(map[string]any{"package": pkg, "tables": tables, "queries": queries})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "testdata/oracle.mjs")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []verdict
	if err := json.Unmarshal(out, &all); err != nil || len(all) != len(queries) {
		t.Fatalf("%d answers to %d queries: %v", len(all), len(queries), err)
	}
	return all
}

// Every query of the data files that has an answer is right for Microsoft's parser too, and its columns have the same names and types, but for
// those marked "ours".
func TestMicrosoftAgrees(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata/*.test", err)
	}
	var cases []dataCase
	for _, f := range files {
		cases = append(cases, answered(t, f)...)
	}
	queries := make([]string, len(cases))
	for i, c := range cases {
		queries[i] = c.query
	}
	agreed := 0
	for i, v := range askMicrosoft(t, queries) {
		c := cases[i]
		var wrong string
		switch {
		case len(v.Errors) > 0:
			wrong = "is refused: " + strings.Join(v.Errors, " ")
		case !slices.Equal(v.Columns, c.columns):
			wrong = fmt.Sprintf("has the columns\n    %s\nhere\n    %s", strings.Join(v.Columns, ", "), strings.Join(c.columns, ", "))
		}
		switch {
		case wrong == "" && c.ours:
			t.Errorf("%s:%d is marked \"ours\", and Microsoft's parser agrees with it", c.file, c.line)
		case wrong != "" && !c.ours:
			t.Errorf("%s:%d at Microsoft's %s", c.file, c.line, wrong)
		case wrong == "":
			agreed++
		}
	}
	t.Logf("%d queries, %d of them alike", len(cases), agreed)
}

// dataCase is a query of a data file that has an answer.
type dataCase struct {
	file    string
	line    int
	query   string
	columns []string
	ours    bool
}

func answered(t *testing.T, file string) []dataCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []dataCase
	var last dataCase
	for _, b := range blocks(string(text)) {
		switch b.words[0] {
		case "eval":
			last = dataCase{file: file, line: b.line, query: strings.Join(b.lines, "\n"), ours: slices.Contains(b.words, "ours")}
		case "expect":
			last.columns = strings.Split(b.lines[0], ", ")
			out = append(out, last)
		}
	}
	return out
}
