package detect_test

import (
	"context"
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
	if len(results) < 80 {
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

// BenchmarkRules asks every shipped rule about the messages of the verdict tests, without any detector.
func BenchmarkRules(b *testing.B) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(b), Detectors: []detect.Detector{}})
	none := detect.NewJudge(detect.Options{Detectors: []detect.Detector{}})
	var contexts []*detect.Context
	for _, vc := range readCases(b) {
		contexts = append(contexts, vc.context())
	}
	for _, run := range []struct {
		name  string
		judge *detect.Judge
	}{{"shipped", judge}, {"none", none}} {
		b.Run(run.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				run.judge.Judge(context.Background(), contexts[i%len(contexts)])
			}
		})
	}
}
