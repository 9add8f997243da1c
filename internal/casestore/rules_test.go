package casestore_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/rulebook"
)

const ruleText = `id: lamp-shop
title: An offer for lamps
description: x
author: Test
threat: Spam
technology: General filter
severity: low
weight: 42
false_positives: [a real lamp shop]
when: |
  msg.mentions(["lamps"])
samples:
  - match: true
    message: |
      From: a@lamps.example
      To: b@northwind.example
      Subject: lamps

      x
  - match: false
    message: |
      From: a@lamps.example
      To: b@northwind.example
      Subject: chairs

      x
`

// Two processes with the same file: what one decides, the other takes up.
func TestRulesAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.sqlite")
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	shipped := fstest.MapFS{"desk-shop.yaml": {Data: []byte(strings.NewReplacer("lamp-shop", "desk-shop", "lamps", "desks").Replace(ruleText))}}
	sources := []rulebook.Source{{Origin: rulebook.Shipped, FS: shipped}}
	open := func() *rulebook.Desk {
		s, err := casestore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		d, err := rulebook.Open(t.Context(), s, sources, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, two := open(), open()
	changed := 0
	two.Changed = func(before, after *rulebook.State) { changed++ }
	ids := func(d *rulebook.Desk) (out string) {
		for _, r := range d.Set().Rules() {
			out += r.ID + ":" + string(rune('0'+r.Weight/10)) + " "
		}
		return out
	}
	me := rulebook.Who{Name: "ada@example.test", Via: "token"}
	put := func(d *rulebook.Desk, id, text string, from int64) error {
		_, err := d.Put(context.Background(), me, id, text, true, from, "ticket 7")
		return err
	}
	var wrong *rulebook.Wrong
	var stale *rulebook.Outdated
	if err := put(one, "lamp-shop", strings.Replace(ruleText, "msg.mentions", "msg.mention", 1), 0); !errors.As(err, &wrong) || len(wrong.Errors) != 1 || wrong.Errors[0].Line != 11 {
		t.Errorf("%v", err)
	}
	if err := put(one, "other-shop", ruleText, 0); !errors.As(err, &wrong) {
		t.Errorf("another id: %v", err)
	}
	if _, err := one.Put(t.Context(), me, "lamp-shop", ruleText, true, 0, " "); !errors.As(err, &wrong) || wrong.Field != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	if err := put(one, "lamp-shop", ruleText, 0); err != nil {
		t.Fatal(err)
	}
	if err := put(two, "lamp-shop", ruleText, 0); !errors.As(err, &stale) || stale.Now != 1 {
		t.Errorf("%v", err)
	}
	if got, err := two.Refresh(t.Context()); err != nil || !got || changed != 1 || ids(two) != "desk-shop:4 lamp-shop:4 " {
		t.Fatalf("%v %v %d %s", got, err, changed, ids(two))
	}
	// A shipped rule is given another weight, turned off, and written anew; its file stays.
	if _, err := one.Switch(t.Context(), me, "desk-shop", true, 20, 0, "too loud"); err != nil || ids(one) != "desk-shop:2 lamp-shop:4 " {
		t.Errorf("%v %s", err, ids(one))
	}
	if _, err := one.Switch(t.Context(), me, "desk-shop", false, 0, 1, "off"); err != nil || ids(one) != "lamp-shop:4 " {
		t.Errorf("%v %s", err, ids(one))
	}
	own := strings.Replace(string(shipped["desk-shop.yaml"].Data), "weight: 42", "weight: 30", 1)
	if err := put(one, "desk-shop", own, 2); err != nil || ids(one) != "desk-shop:3 lamp-shop:4 " {
		t.Errorf("%v %s", err, ids(one))
	}
	if r, _ := one.State().Rule("desk-shop"); r.Origin != rulebook.Own || r.Under != rulebook.Shipped || !strings.Contains(r.Base, "weight: 42") {
		t.Errorf("%+v", r)
	}
	if _, err := one.Remove(t.Context(), me, "desk-shop", 3, "back"); err != nil || ids(one) != "desk-shop:4 lamp-shop:4 " {
		t.Errorf("%v %s", err, ids(one))
	}
	if _, err := one.Remove(t.Context(), me, "desk-shop", 0, "again"); !errors.As(err, &wrong) {
		t.Errorf("a shipped rule was removed: %v", err)
	}
	if err := put(one, "desk-shop", own, 0); err != nil {
		t.Errorf("after a removal: %v", err)
	}
	history, err := one.Store().RuleVersions(t.Context(), "desk-shop", 5, 10)
	if err != nil || len(history) != 4 || history[0].Number != 4 || !history[0].Removed || history[3].Weight != 20 || history[3].By != me.Name || !history[3].At.Equal(now) {
		t.Errorf("%+v %v", history, err)
	}
	if tested := one.Tested(one.State()); tested["lamp-shop"] != (rulebook.Tested{Samples: 2}) || len(tested) != 2 {
		t.Errorf("%v", tested)
	}
	// What-if: the candidate stands in the set, and nothing is kept.
	if set, f, err := one.Instead(strings.Replace(ruleText, "weight: 42", "weight: 10", 1)); err != nil || len(set.Rules()) != 2 || f.Weight != 10 || ids(one) != "desk-shop:3 lamp-shop:4 " {
		t.Errorf("%v %s", err, ids(one))
	}
}

// An own rule that a newer Tocsin cannot compile is set aside and told; a file's of the same id works meanwhile.
func TestWrongOwnRuleIsSetAside(t *testing.T) {
	s, err := casestore.Open(t.Context(), filepath.Join(t.TempDir(), "cases.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.AddRuleVersion(t.Context(), rulebook.Version{ID: "lamp-shop", Text: strings.Replace(ruleText, "mentions", "gone", 1), Enabled: true}, 0); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"lamp-shop.yaml": {Data: []byte(ruleText)}}
	for _, source := range []fstest.MapFS{{}, files} {
		d, err := rulebook.Open(t.Context(), s, []rulebook.Source{{Origin: rulebook.Folder, FS: source}}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if p := d.State().Problems(); len(p) != 1 || p[0].Line != 11 || len(d.Set().Rules()) != len(source) {
			t.Errorf("%v, %d at work", p, len(d.Set().Rules()))
		}
		if _, err := d.Switch(t.Context(), rulebook.Who{Name: "ada"}, "lamp-shop", false, 0, 1, ""); err == nil {
			t.Error("without a reason")
		}
	}
}
