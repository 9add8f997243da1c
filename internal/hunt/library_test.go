package hunt

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/internal/kql"
)

// TestLibrary: what ships compiles, for whoever may hunt, and is found under its own name.
func TestLibrary(t *testing.T) {
	all := Library()
	if len(all) < 30 {
		t.Errorf("%d queries", len(all))
	}
	technique := regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
	seen := map[string]bool{}
	for _, q := range all {
		if seen[q.Name] || q.Folder == "" || !strings.HasSuffix(q.Description, ".") || q.Technique != "" && !technique.MatchString(q.Technique) {
			t.Errorf("%s: the head is wrong, or its name is taken: %+v", q.File, q)
		}
		seen[q.Name] = true
		parsed, err := kql.Parse(q.Query)
		if err != nil {
			t.Errorf("%s: %v", q.File, err)
			continue
		}
		st, err := kql.Compile(parsed, kql.Options{Withheld: withheld}, kql.DuckDB())
		if err != nil {
			t.Errorf("%s: %v", q.File, err)
			continue
		}
		if len(st.Withheld) > 0 {
			t.Errorf("%s shows whole tables, without %v", q.File, st.Withheld)
		}
		if c, ok := parsed.Chart(); ok {
			names := map[string]bool{}
			for _, col := range st.Columns {
				names[col.Name] = true
			}
			for _, key := range []string{"xcolumn", "ycolumns", "series"} {
				for _, name := range c.Properties[key] {
					if !names[name] {
						t.Errorf("%s draws %s, which it does not give", q.File, name)
					}
				}
			}
		}
	}
}

func TestLibraryRefusesWrongHeads(t *testing.T) {
	for _, text := range []string{"", "// name: x\n", "// name: x\n\nEmailEvents", "// name: x\n// description: y\n\n ", "// title: x\n// description: y\n\nEmailEvents", "name\n\nEmailEvents"} {
		files := fstest.MapFS{"library/01-x/FOLDER": {Data: []byte("X\n")}, "library/01-x/01-y.kql": {Data: []byte(text)}}
		if got, err := readLibrary(files); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}
