package kql

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// TestRealQueries parses and compiles every query of a folder of real hunting queries. What compiles must also run.
func TestRealQueries(t *testing.T) {
	dir := os.Getenv("TOCSIN_KQL_DIR")
	if dir == "" {
		t.Skip("TOCSIN_KQL_DIR names no folder of real queries")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.kql"))
	if err != nil || len(files) == 0 {
		t.Fatal("no .kql files in", dir)
	}
	s := openStore(t)
	parsed, compiled, noTable := 0, 0, 0
	reasons := map[string]int{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(string(src))
		if err == nil {
			parsed++
			_, err = Compile(q, Options{Now: now, External: anyList}, DuckDB())
		}
		if err == nil {
			compiled++
			if _, _, err := s.query(string(src), Options{External: anyList}); err != nil {
				t.Errorf("%s: %v", f, err)
			}
			if again, err := Parse(q.String()); err != nil {
				t.Errorf("%s: canonical text does not parse: %v\n%s", f, err, q)
			} else if again.String() != q.String() {
				t.Errorf("%s: canonical text changes:\n%s\n%s", f, q, again)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %T %v", f, err, err)
			continue
		}
		if e.Table != "" {
			noTable++
		}
		reasons[e.Msg]++
		t.Logf("%s: %v", filepath.Base(f), err)
	}
	var list []string
	for r := range reasons {
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return reasons[list[i]] > reasons[list[j]] })
	var b strings.Builder
	for _, r := range list {
		b.WriteString("\n")
		b.WriteString(strings.Repeat(" ", 4))
		b.WriteString(r)
		b.WriteString(" ×")
		b.WriteString(strconv.Itoa(reasons[r]))
	}
	t.Logf("%d queries: %d parse, %d compile and run, %d more need a table that is not there%s", len(files), parsed, compiled, noTable, b.String())
}

// anyList stands for any list that externaldata may read.
func anyList(ref ExternalRef) ([][]any, error) {
	rows := make([][]any, 3)
	for i := range rows {
		rows[i] = make([]any, len(ref.Columns))
		for j := range rows[i] {
			rows[i][j] = strconv.Itoa(i)
		}
	}
	return rows, nil
}
