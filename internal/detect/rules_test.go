package detect_test

import (
	"context"
	"io/fs"
	"reflect"
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

// TestShippedLater: shipped rules that are compiled when a message needs them are the rules that TestShippedRules tries, and judge alike.
func TestShippedLater(t *testing.T) {
	now, later := detect.LoadRules(rules.FS), detect.LoadRules(detect.Shipped{FS: rules.FS})
	want, got := now.Rules(), later.Rules()
	if len(later.Problems()) > 0 || len(got) != len(want) {
		t.Fatalf("%d rules of %d, problems %v", len(got), len(want), later.Problems())
	}
	for i := range want {
		a, b := want[i], got[i]
		if a.Samples = nil; b.Samples != nil || !reflect.DeepEqual(shown(a), shown(b)) {
			t.Errorf("%s is read as\n%+v\nwithout its samples, which must stand last, and as\n%+v\nwith them", a.ID, b, a)
		}
	}
	first, second := detect.NewJudge(detect.Options{Rules: now}), detect.NewJudge(detect.Options{Rules: later})
	for _, vc := range readCases(t) {
		c := vc.context()
		if a, b := first.Judge(context.Background(), c), second.Judge(context.Background(), c); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %+v\nand %+v", vc.name, a, b)
		}
	}
}

// shown are the fields of a rule that can be written in its file.
func shown(f detect.RuleFile) map[string]any {
	out := map[string]any{}
	for v, i := reflect.ValueOf(f), 0; i < v.NumField(); i++ {
		if v.Type().Field(i).IsExported() {
			out[v.Type().Field(i).Name] = v.Field(i).Interface()
		}
	}
	return out
}

// BenchmarkLoadRules takes in the shipped rules as a program does that starts, and as one that checks them.
func BenchmarkLoadRules(b *testing.B) {
	for _, run := range []struct {
		name   string
		source fs.FS
	}{{"later", detect.Shipped{FS: rules.FS}}, {"checked", rules.FS}} {
		b.Run(run.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				detect.LoadRules(run.source)
			}
		})
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
