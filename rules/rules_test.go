package rules_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"tocsin/internal/detect"
	"tocsin/rules"
)

// TestIndex: README.md names every rule once, with its title, threat and weight as they are, and no rule that is not there.
func TestIndex(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	index := string(b)
	set := detect.LoadRules(rules.FS)
	for _, r := range set.Rules() {
		row := fmt.Sprintf("| [%s](%s.yaml) | %s | %s | %d |\n", r.ID, r.ID, r.Title, r.Threat, r.Weight)
		if n := strings.Count(index, row); n != 1 {
			t.Errorf("README.md has %d times the row\n%s", n, row)
		}
	}
	if got, want := strings.Count(index, ".yaml) |"), len(set.Rules()); got != want {
		t.Errorf("README.md has %d rows for %d rules", got, want)
	}
}

// TestEarned: a shipped rule teaches, says when it is wrong, and is proven by at least two messages on either side.
func TestEarned(t *testing.T) {
	set := detect.LoadRules(rules.FS)
	if n := len(set.Rules()); n < 80 {
		t.Errorf("%d rules", n)
	}
	used := map[string]bool{}
	for _, r := range set.Rules() {
		match, miss := 0, 0
		for _, s := range r.Samples {
			used[s.File] = true
			if s.Match {
				match++
			} else {
				miss++
			}
		}
		for what, bad := range map[string]bool{
			"fewer than two samples that match":         match < 2,
			"fewer than two samples that must not":      miss < 2,
			"no technique":                              len(r.Attack) == 0,
			"no reference":                              len(r.References) == 0,
			"no word about false positives":             len(r.FalsePositives) == 0,
			"a description that says no more than that": len(strings.Fields(r.Description)) < 12,
			"no evidence":                               r.Evidence == "",
		} {
			if bad {
				t.Errorf("%s: %s", r.File, what)
			}
		}
	}
	files, err := fs.Glob(rules.FS, "samples/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !used[f] {
			t.Errorf("%s belongs to no rule", f)
		}
	}
}
