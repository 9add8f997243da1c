package detect_test

import (
	"testing"

	"tocsin/internal/detect"
	"tocsin/rules"
)

func shippedRules(t testing.TB) *detect.RuleSet {
	t.Helper()
	set := detect.LoadRules(rules.FS)
	for _, p := range set.Problems() {
		t.Error(p)
	}
	return set
}

// TestShippedRules runs every shipped rule on its own samples.
func TestShippedRules(t *testing.T) {
	results := detect.TestRules(rules.FS)
	if len(results) < 15 {
		t.Fatalf("%d rules", len(results))
	}
	for _, r := range results {
		for _, p := range r.Problems {
			t.Error(p)
		}
		for _, s := range r.Samples {
			if s.Problem != "" {
				t.Errorf("%s: %s: %s", r.File, s.Name, s.Problem)
			}
			if s.Got && s.Evidence == "" {
				t.Errorf("%s: %s: no evidence", r.File, s.Name)
			}
		}
	}
}
