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

// TestRealQueries parses and compiles every query of a folder of real hunting queries. What compiles must also run. Of those that
// Microsoft's parser accepts (the column "status" of ../index.tsv says so) and that read only tables of this installation, 97 in
// a hundred must.
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
	right := accepted(t, filepath.Join(filepath.Dir(filepath.Clean(dir)), "index.tsv"))
	parsed, compiled, noTable := 0, 0, 0
	due, ran := 0, 0
	reasons := map[string]int{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(string(src))
		if err == nil {
			parsed++
			_, err = Compile(q, Options{Now: now, External: anyList, Probe: usualKeys}, DuckDB())
		}
		name := filepath.Base(f)
		var e *Error
		if missing := errors.As(err, &e) && e.Table != ""; right[name] && !missing {
			due++
		}
		if err == nil {
			compiled++
			if right[name] {
				ran++
			}
			if _, _, err := s.query(string(src), Options{External: anyList, Probe: usualKeys}); err != nil {
				t.Errorf("%s: %v", f, err)
			}
			if again, err := Parse(q.String()); err != nil {
				t.Errorf("%s: canonical text does not parse: %v\n%s", f, err, q)
			} else if again.String() != q.String() {
				t.Errorf("%s: canonical text changes:\n%s\n%s", f, q, again)
			}
			continue
		}
		if e == nil {
			t.Errorf("%s: %T %v", f, err, err)
			continue
		}
		if e.Table != "" {
			noTable++
		}
		reasons[e.Msg]++
		t.Logf("%s: %v", name, err)
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
	if due > 0 {
		t.Logf("%d of the %d that Microsoft's parser accepts and whose tables are here run: %.1f %%", ran, due, 100*float64(ran)/float64(due))
		if ran*100 < due*97 {
			t.Error("that is less than 97 %")
		}
	}
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

// accepted reads which queries are right for Microsoft's parser, some of them with columns that it dropped since. None when
// there is no such file.
func accepted(t *testing.T, index string) map[string]bool {
	t.Helper()
	right := map[string]bool{}
	text, err := os.ReadFile(index)
	if errors.Is(err, os.ErrNotExist) {
		return right
	} else if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "\t"); len(cells) > 2 && strings.HasPrefix(cells[2], "ok") {
			right[filepath.Base(cells[0])] = true
		}
	}
	return right
}

// usualKeys are what bag_unpack finds in the JSON columns of mail.
func usualKeys(*Statement) ([][]any, error) {
	return [][]any{{"SPF", "string"}, {"DKIM", "string"}, {"DMARC", "string"}, {"CompAuth", "string"}, {"Phish", "dynamic"}, {"Malware", "dynamic"}, {"Spam", "dynamic"}}, nil
}
