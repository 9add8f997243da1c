package detect_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/internal/detect"
)

const goodRule = `id: r
title: A rule
threat: Phish
technology: General filter
severity: low
weight: 20
when: |
  msg.subject == "x"
evidence: '"subject " + msg.subject'
samples:
  - match: true
    message: |
      From: a@b.test
      Subject: x

      hello
  - match: false
    message: |
      From: a@b.test
      Subject: y

      hello
`

func ruleFS(text string) fstest.MapFS { return fstest.MapFS{"r.yaml": {Data: []byte(text)}} }

func TestRuleErrors(t *testing.T) {
	if set := detect.LoadRules(ruleFS(goodRule)); len(set.Problems()) > 0 || len(set.Rules()) != 1 {
		t.Fatal(set.Problems())
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "weight: 20", "weihgt: 20", `r.yaml:6:1: unknown key "weihgt"`},
		{"unknown key in a sample", "  - match: true", "  - matches: true", `r.yaml:11:5: unknown key "matches"`},
		{"repeated key", "weight: 20", "weight: 20\nweight: 30", `r.yaml:7:1: key "weight" stands twice`},
		{"wrong type", "weight: 20", "weight: heavy", "r.yaml:6: "},
		{"broken yaml", "severity: low", "severity: [low", "r.yaml:4: the list is not closed"},
		{"no weight", "weight: 20", "weight: 0", "r.yaml:6: weight 0"},
		{"id is not the file's", "id: r", "id: q", `r.yaml:1: id "q"`},
		{"threat", "threat: Phish", "threat: phishing", "r.yaml:3: threat"},
		{"technology", "General filter", "General filters", "r.yaml:4: technology"},
		{"severity", "severity: low", "severity: bad", "r.yaml:5: severity"},
		{"syntax", `msg.subject == "x"`, `msg.subject == `, "r.yaml:8:"},
		{"field", `msg.subject == "x"`, `msg.subjekt == "x"`, "r.yaml:8:6: when: undefined field 'subjekt'"},
		{"second line", `  msg.subject == "x"`, "  msg.subject == \"x\"\n    && msg.html > 3", "r.yaml:9:"},
		{"type", `msg.subject == "x"`, `msg.subject`, "r.yaml:8: when gives string; it must give bool"},
		{"evidence type", `'"subject " + msg.subject'`, "msg.size", "r.yaml:9: evidence gives int; it must give string"},
		{"has_signal", `msg.subject == "x"`, `has_signal(msg.subject)`, "has_signal wants the id"},
		{"builtin id", "id: r", "id: link-shortener", "stands in a file named"},
		{"sample", "    message: |\n      From: a@b.test\n      Subject: x\n\n      hello\n", "", "r.yaml:11: sample 1: want either file or message"},
		{"attack", "severity: low", "severity: low\nattack: [phishing]", "r.yaml:6: attack"},
	} {
		text := strings.Replace(goodRule, c.old, c.new, 1)
		if text == goodRule {
			t.Fatalf("%s changes nothing", c.name)
		}
		set := detect.LoadRules(ruleFS(text))
		if len(set.Rules()) != 0 || len(set.Problems()) != 1 {
			t.Errorf("%s: %d rules, problems %v", c.name, len(set.Rules()), set.Problems())
			continue
		}
		if got := set.Problems()[0].Error(); !strings.HasPrefix(got, c.want) && !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestBadRuleBesideGood: a rule that does not compile is set aside; the others speak.
func TestBadRuleBesideGood(t *testing.T) {
	set := detect.LoadRules(fstest.MapFS{"r.yaml": {Data: []byte(goodRule)}, "s.yaml": {Data: []byte("id: s\n")}},
		fstest.MapFS{"r.yaml": {Data: []byte(goodRule)}})
	if len(set.Rules()) != 1 || len(set.Problems()) != 2 {
		t.Fatalf("%d rules, %v", len(set.Rules()), set.Problems())
	}
	if got := set.Problems()[1].Error(); got != `r.yaml:1: id "r" is taken by r.yaml` {
		t.Error(got)
	}
}

func TestRuleSamples(t *testing.T) {
	one := func(text string) detect.RuleResult {
		t.Helper()
		got := detect.TestRules(ruleFS(text))
		if len(got) != 1 {
			t.Fatalf("%d results", len(got))
		}
		return got[0]
	}
	if r := one(goodRule); !r.OK() || r.Samples[0].Evidence != "subject x" {
		t.Errorf("%+v", r)
	}
	if r := one(strings.Replace(goodRule, "Subject: y", "Subject: x", 1)); r.OK() || !strings.Contains(r.Samples[1].Problem, "must not match, and does") {
		t.Errorf("%+v", r)
	}
	if r := one(strings.Replace(goodRule, "Subject: x", "Subject: z", 1)); r.OK() || !strings.Contains(r.Samples[0].Problem, "must match, and does not") {
		t.Errorf("%+v", r)
	}
	if r := one(strings.Replace(goodRule, "match: true", "match: false", 1)); r.OK() || len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "no sample that must match") {
		t.Errorf("%+v", r)
	}
	if r := one(strings.Replace(goodRule, `msg.subject == "x"`, `msg.subject == "x" && msg.links[0].host == ""`, 1)); r.OK() || !strings.Contains(r.Samples[0].Problem, "index out of bounds") {
		t.Errorf("%+v", r)
	}
	if r := one("id: [\n"); r.OK() || r.ID != "" {
		t.Errorf("%+v", r)
	}
}

// TestRuleCost: an expression that would run for minutes is stopped, and says so.
func TestRuleCost(t *testing.T) {
	rule := strings.Replace(goodRule, `msg.subject == "x"`,
		`[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, [1,2,3,4,5,6,7,8,9,10].all(f, [1,2,3,4,5,6,7,8,9,10].all(g, a+b+c+d+e+f+g < 100 || msg.size < 0)))))))`, 1)
	set := detect.LoadRules(ruleFS(rule))
	if len(set.Problems()) > 0 {
		t.Fatal(set.Problems())
	}
	v := detect.NewJudge(detect.Options{Rules: set}).Judge(context.Background(), readCases(t)[0].context())
	if len(v.Notes) != 1 || v.Notes[0].ID != "rule" || !strings.Contains(v.Notes[0].Text, "cost limit exceeded") {
		t.Errorf("%+v", v.Notes)
	}
}

func FuzzRule(f *testing.F) {
	f.Add(goodRule)
	f.Add(strings.Replace(goodRule, `msg.subject == "x"`, `msg.says(["a*"]) || msg.headers("x").exists(h, h.matches("a+"))`, 1))
	f.Add("id: &a [*a]\n")
	c := readCases(f)[0].context()
	f.Fuzz(func(t *testing.T, text string) {
		set := detect.LoadRules(ruleFS(text))
		if len(set.Rules())+len(set.Problems()) != 1 {
			t.Fatalf("%d rules and %d problems from one file", len(set.Rules()), len(set.Problems()))
		}
		checkSums(t, detect.NewJudge(detect.Options{Rules: set, Detectors: []detect.Detector{}}).Judge(context.Background(), c))
	})
}

func FuzzClean(f *testing.F) {
	f.Add("a\u202e\x00\xff\n", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = max(0, min(n, 1000))
		out := detect.Clean(s, n)
		for _, r := range out {
			if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r == 0x200b {
				t.Fatalf("%U in %q", r, out)
			}
		}
		if len(out) > 12*n+len("…") {
			t.Fatalf("%d octets for at most %d runes", len(out), n)
		}
	})
}

// FuzzJudge: whatever the message, the judge answers, in full, and its sums hold.
func FuzzJudge(f *testing.F) {
	for _, vc := range readCases(f) {
		f.Add(vc.message)
	}
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(f), Indicators: testIndicators(f)})
	f.Fuzz(func(t *testing.T, raw []byte) {
		vc := verdictCase{message: raw, keys: map[string]string{"people": "Maren Okafor <maren@x.test>"}}
		c := vc.context()
		v := judge.Judge(context.Background(), c)
		checkSums(t, v)
		for _, n := range v.Notes {
			t.Fatal(n.Text)
		}
		if _, err := detect.NewScanResult("f", "", c, v, 0, 0).AppendJSON(nil); err != nil {
			t.Fatal(err)
		}
	})
}
