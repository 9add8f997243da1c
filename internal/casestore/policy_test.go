package casestore_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/policy"
)

// Two processes with the same file: what one changes, the other takes up.
func TestPolicyAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.sqlite")
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	desk := func() *policy.Desk {
		s, err := casestore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		d, err := policy.Open(t.Context(), s, detect.DefaultPolicy(), func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, two := desk(), desk()
	changed := 0
	two.Changed = func(before, after *policy.State) {
		if before.Generation >= after.Generation {
			t.Errorf("%d after %d", after.Generation, before.Generation)
		}
		changed++
	}
	refresh := func(want bool) {
		t.Helper()
		if got, err := two.Refresh(t.Context()); err != nil || got != want {
			t.Fatalf("refreshed %v, %v; want %v", got, err, want)
		}
	}
	refresh(false)
	me := policy.Who{Name: "ada@example.test", Via: "token"}

	p := detect.DefaultPolicy()
	p.Mode = detect.Act
	if _, err := one.SetPolicy(t.Context(), me, p, 0, " "); !isWrong(err, "reason") {
		t.Errorf("without a reason: %v", err)
	}
	v, err := one.SetPolicy(t.Context(), me, p, 0, "trust it")
	if err != nil || v.Number != 1 || v.By != me.Name {
		t.Fatalf("%+v %v", v, err)
	}
	var stale *policy.Outdated
	if _, err := two.SetPolicy(t.Context(), me, p, 0, "late"); !errors.As(err, &stale) || stale.Now != 1 {
		t.Errorf("an old version was edited: %v", err)
	}
	refresh(true)
	if s := two.State(); s.Version.Number != 1 || s.Book.Policy().Mode != detect.Act || s.Book.Policy().ID != "default:1" {
		t.Errorf("%+v", s.Version)
	}
	p.Phish = "burn"
	if _, err := one.SetPolicy(t.Context(), me, p, 1, "x"); !isWrong(err, "policy") {
		t.Errorf("a wrong policy: %v", err)
	}

	soon := now.Add(time.Hour)
	added, err := one.AddEntries(t.Context(), me, policy.Draft{Kind: detect.OverrideURL, Values: []string{"hxxps://evil[.]example/x", "https://evil.example/x", "*.Bad.example"}, Reason: "seen", Expires: soon})
	if err != nil || len(added) != 2 || added[0].Value != "https://evil.example/x" || added[1].Value != "bad.example" {
		t.Fatalf("%+v %v", added, err)
	}
	refresh(true)
	if n := two.Book().Entries().Len(); n != 2 {
		t.Errorf("%d entries", n)
	}
	var same *policy.Same
	again := policy.Draft{Kind: detect.OverrideURL, Values: []string{"other.example", "bad.example"}, Allow: true, Reason: "no"}
	if _, err := two.AddEntries(t.Context(), me, again); !errors.As(err, &same) || same.Entry.ID != added[1].ID {
		t.Errorf("twice: %v", err)
	}
	if all, total, err := one.Store().Entries(t.Context(), policy.Filter{Limit: 10}); err != nil || total != 2 || len(all) != 2 {
		t.Errorf("all or none: %d %v", total, err)
	}
	if _, _, err := two.ChangeEntry(t.Context(), me, added[0].ID, 7, again); !errors.As(err, &stale) {
		t.Errorf("revision 7: %v", err)
	}
	_, after, err := two.ChangeEntry(t.Context(), me, added[0].ID, 1, policy.Draft{Reason: "for ever"})
	if err != nil || after.Revision != 2 || !after.Expires.IsZero() || after.Value != added[0].Value || after.By != me.Name {
		t.Errorf("%+v %v", after, err)
	}
	now = soon // what expired makes room
	if _, err := two.AddEntries(t.Context(), me, again); err != nil {
		t.Error(err)
	}
	for state, want := range map[string]int64{"": 3, "active": 3, "expired": 0} {
		if _, total, err := one.Store().Entries(t.Context(), policy.Filter{State: state, Now: now, Limit: 1}); err != nil || total != want {
			t.Errorf("%q: %d %v, want %d", state, total, err, want)
		}
	}
	for search, want := range map[string]int64{"EVIL": 1, "ada@": 3, "for ever": 1, "%": 0, "_": 0} {
		if _, total, err := one.Store().Entries(t.Context(), policy.Filter{Search: search, Limit: 1}); err != nil || total != want {
			t.Errorf("search %q: %d %v, want %d", search, total, err, want)
		}
	}
	allow := true
	page, _, err := one.Store().Entries(t.Context(), policy.Filter{Allow: &allow, Limit: 1})
	if err != nil || len(page) != 1 || page[0].Value != "bad.example" && page[0].Value != "other.example" {
		t.Errorf("%+v %v", page, err)
	}
	next, _, err := one.Store().Entries(t.Context(), policy.Filter{Allow: &allow, Limit: 5, After: policy.EntryKey{Created: page[0].Created, ID: page[0].ID}})
	if err != nil || len(next) != 1 || next[0].ID == page[0].ID {
		t.Errorf("second page %+v %v", next, err)
	}

	if _, _, err := one.PutMailbox(t.Context(), me, detect.Mailbox{Address: " Bob@Example.test ", SafeDomains: []string{"@Partner.test", "partner.test"}}); err != nil {
		t.Fatal(err)
	}
	m, err := two.Store().Mailbox(t.Context(), "bob@example.test")
	if err != nil || len(m.SafeDomains) != 1 || m.SafeDomains[0] != "partner.test" || m.By != me.Name {
		t.Errorf("%+v %v", m, err)
	}
	if _, err := one.RemoveMailbox(t.Context(), "BOB@example.test"); err != nil {
		t.Error(err)
	}
	if _, err := one.RemoveMailbox(t.Context(), "bob@example.test"); !errors.Is(err, policy.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if changed == 0 {
		t.Error("nobody was told")
	}
	// A third process that starts now has all of it.
	if s := desk().State(); s.Version.Number != 1 || s.Entries != 3 || s.Mailboxes != 0 {
		t.Errorf("%+v", s)
	}
}

func isWrong(err error, field string) bool {
	var w *policy.Wrong
	return errors.As(err, &w) && w.Field == field
}
