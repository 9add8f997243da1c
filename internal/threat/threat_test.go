package threat_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/kql"
	"tocsin/internal/kql/native"
	"tocsin/internal/threat"
	"tocsin/rules"
)

// speakers are the ids of every rule that ships and of every built-in signal, and the detection technologies they stand for.
func speakers(t *testing.T) (ids, technologies map[string]bool) {
	t.Helper()
	ids, technologies = map[string]bool{}, map[string]bool{}
	for _, k := range detect.Kinds() {
		ids[k.ID], technologies[string(k.Technology)] = true, true
	}
	files, err := fs.Glob(rules.FS, "*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		ids[strings.TrimSuffix(path.Base(f), ".yaml")] = true
	}
	return ids, technologies
}

func compiles(t *testing.T, at, text string) {
	t.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		t.Errorf("%s: %v\n%s", at, err, text)
		return
	}
	if _, err := kql.Compile(q, kql.Options{Now: time.Now(), Withheld: nil}, kql.DuckDB()); err != nil {
		t.Errorf("%s: %v\n%s", at, err, text)
	}
}

// TestArticles reads every article that ships as its readers will use it.
func TestArticles(t *testing.T) {
	all := threat.Shipped()
	if len(all) < 45 {
		t.Fatalf("%d articles", len(all))
	}
	ids, technologies := speakers(t)
	byID := map[string]bool{}
	for i := range all {
		byID[all[i].ID] = true
	}
	for i := range all {
		a := &all[i]
		if len(a.Attack) == 0 || len(a.Tags) == 0 || a.Summary() == "" || a.Updated.After(time.Now().AddDate(0, 0, 1)) {
			t.Errorf("%s: attack %v, tags %v, updated %v", a.ID, a.Attack, a.Tags, a.Updated)
		}
		for _, s := range slices.Concat(a.Signals, a.Detections) {
			if !ids[s] {
				t.Errorf("%s: there is no rule or signal %q", a.ID, s)
			}
		}
		for _, s := range a.Technologies {
			if !technologies[s] {
				t.Errorf("%s: there is no detection technology %q", a.ID, s)
			}
		}
		// The operator has finds words inside ids: whatever it would count must be meant.
		for id := range ids {
			for _, s := range a.Signals {
				if id != s && native.HasTerm(id, s) && !slices.Contains(a.Signals, id) {
					t.Errorf("%s: its signal %q also finds %q; name both or none", a.ID, s, id)
				}
			}
		}
		for _, r := range a.Related {
			if !byID[r] || r == a.ID {
				t.Errorf("%s: related to %q", a.ID, r)
			}
		}
		if f := a.Filter(); f != "" {
			compiles(t, a.ID, f)
		}
		queries := 0
		for _, s := range a.Sections {
			for _, b := range s.Blocks {
				if b.Kind == threat.Query {
					queries++
					compiles(t, a.ID, b.KQL)
				}
				for _, p := range b.Spans {
					if p.Threat != "" && !byID[p.Threat] {
						t.Errorf("%s: %q leads to an article %q that is not there", a.ID, p.Text, p.Threat)
					}
				}
			}
		}
		if queries == 0 {
			t.Errorf("%s: no query", a.ID)
		}
	}
}
