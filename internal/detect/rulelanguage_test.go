package detect

import (
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"tocsin/internal/intel"
)

// Every name of the environment is explained, and nothing is explained that is not there.
func TestLanguageIsExplained(t *testing.T) {
	l, err := Language()
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Names) < 40 || len(l.Functions) < 25 {
		t.Fatalf("%d names, %d functions", len(l.Names), len(l.Functions))
	}
	for _, n := range append(slices.Clone(l.Names), l.Keys...) {
		if n.Doc == "" {
			t.Errorf("%s.%s is not explained in ruledocs.go", n.Of, n.Name)
		}
	}
	for _, n := range l.Names {
		if n.Type == "" || strings.Contains(n.Type, "detect.") {
			t.Errorf("%s.%s: type %q", n.Of, n.Name, n.Type)
		}
	}
	for _, f := range l.Functions {
		if len(f.Signatures) == 0 || f.Signatures[0] == "" || strings.Contains(f.Signatures[0], "detect.") {
			t.Errorf("%s: %q", f.Name, f.Signatures)
		}
	}
	env, err := newRuleEnv(intel.ShippedBrands(), intel.ShippedHosts(), &phrases{index: map[string]int{}})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := cel.NewEnv(ext.Strings())
	if err != nil {
		t.Fatal(err)
	}
	for name := range env.Functions() {
		if !plain.HasFunction(name) && functionDocs[name] == "" {
			t.Errorf("function %s is not explained in ruledocs.go", name)
		}
	}
}

func TestCheckRuleTellsEveryPlace(t *testing.T) {
	const rule = `id: two-errors
title: Two errors
description: x
author: Test
threat: Spam
technology: General filter
severity: low
weight: 50
when: |
  msg.colour == "red"
    || msg.sayz(["x"])
evidence: |
  msg.size
`
	f, errs := CheckRule("two-errors.yaml", []byte(rule))
	if f == nil || len(errs) != 3 {
		t.Fatalf("%v", errs)
	}
	for i, want := range []struct {
		line, column int
		says         string
	}{{10, 6, "colour"}, {11, 16, "sayz"}, {13, 0, "must give string"}} {
		if e := errs[i]; e.Line != want.line || e.Column != want.column || !strings.Contains(e.Msg, want.says) {
			t.Errorf("%d: %d:%d %s", i, e.Line, e.Column, e.Msg)
		}
	}
	if _, errs := CheckRule("x.yaml", []byte("id: [")); len(errs) != 1 || errs[0].Line == 0 {
		t.Errorf("%v", errs)
	}
	f, errs = CheckRule("ok.yaml", []byte(strings.NewReplacer("two-errors", "ok", `msg.colour == "red"`, `has_signal("no-such")`, `msg.sayz(["x"])`, `has_signal("link-shortener")`, "msg.size", "msg.subject").Replace(rule)))
	if len(errs) != 0 {
		t.Fatalf("%v", errs)
	}
	var warned []string
	for _, w := range f.Warnings() {
		warned = append(warned, w.Error())
	}
	if got := strings.Join(warned, "\n"); len(warned) != 5 || !strings.Contains(got, `ok.yaml:10:15: has_signal("no-such")`) || !strings.Contains(got, "50 points flag") {
		t.Errorf("%s", got)
	}
	if f, errs := CheckRule("brand-free-mail.yaml", []byte(strings.ReplaceAll(rule, "two-errors", "brand-free-mail"))); f == nil || len(errs) != 1 || !strings.Contains(errs[0].Msg, "built-in") {
		t.Errorf("%v", errs)
	}
}

// FuzzCheckRule: whatever is typed in the editor, every error has a place in the text.
func FuzzCheckRule(f *testing.F) {
	for _, s := range []string{"", "id: x", "id: [", "id: a\nwhen: |\n  msg.\n", "id: a\ntitle: t\nthreat: Spam\ntechnology: General filter\nseverity: low\nweight: 1\nwhen: |\n  has_signal(\"x\") && msg.says([1])\nevidence: msg.size\n", "a: &a [*a]", "\t", "id: a\nwhen: 'x\n\n y'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		file, errs := CheckRule("a.yaml", []byte(s))
		if file != nil {
			errs = append(errs, file.Warnings()...)
		} else if len(errs) == 0 {
			t.Fatal("cannot be read, and nothing is wrong")
		}
		for _, e := range errs {
			if e.Line < 0 || e.Line > strings.Count(s, "\n")+strings.Count(s, "\r")+2 || e.Column < 0 || e.Msg == "" {
				t.Errorf("%d:%d: %q", e.Line, e.Column, e.Msg)
			}
		}
	})
}
