package demo

import (
	"testing"

	"tocsin/internal/remediate"
)

func TestOneMailboxIsBrokenInto(t *testing.T) {
	m := &Mailboxes{}
	seen := false
	for _, p := range People() {
		b, err := m.Open(t.Context(), p.Address)
		if err != nil {
			t.Fatal(err)
		}
		aid := b.(remediate.FirstAid)
		rules, err := aid.Rules(t.Context())
		if err != nil || len(rules) < 2 {
			t.Fatalf("%+v, %v", rules, err)
		}
		bad := rules[len(rules)-1]
		if broken := b.(*mailbox).address == Broken; (bad.Why != "") != broken {
			t.Errorf("%s: %+v", p.Address, rules)
		} else if !broken {
			continue
		}
		seen = true
		var out remediate.ScriptChange
		keep := func(x remediate.ScriptChange) error { out = x; return nil }
		if err := aid.RemoveRule(t.Context(), bad, keep); err != nil {
			t.Fatal(err)
		}
		if rules, _ = aid.Rules(t.Context()); len(rules) != 2 {
			t.Errorf("%+v", rules)
		}
		if err := aid.PutBack(t.Context(), out, keep); err != nil || out.After != brokenRules {
			t.Errorf("%+v, %v", out, err)
		}
	}
	if !seen {
		t.Error("there is no such mailbox as " + Broken)
	}
}
