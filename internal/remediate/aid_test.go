package remediate_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
)

const aidBox = "bo@own.example"

var aidRules = []remediate.MailboxRule{
	{ID: "1", Script: "main", Version: "v1", Text: "keep;\n"},
	{ID: "2", Script: "main", Version: "v1", Text: "redirect \"eve@outside.example\";\n", Why: "forwards to eve@outside.example"},
	{ID: "3", Script: "main", Version: "v1", Text: "discard;\n", Why: "deletes all mail"},
}

// aided opens a store and a mail system with a mailbox that somebody broke into.
func aided(t *testing.T) (*remediate.Aid, *providertest.Memory, *casestore.Store) {
	t.Helper()
	s, err := casestore.Open(t.Context(), filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	m := providertest.NewMemory(aidBox)
	m.SetRules(aidBox, aidRules...)
	return &remediate.Aid{Store: s, Provider: func(string) remediate.Provider { return m }, Now: time.Now}, m, s
}

// TestAidSettlesAfterACrash: Tocsin dies between writing down and doing, or between doing and looking; the next process looks.
func TestAidSettlesAfterACrash(t *testing.T) {
	for name, want := range map[string]remediate.DeedState{"before it was done": remediate.DeedFailed, "after it was done": remediate.DeedDone} {
		t.Run(name, func(t *testing.T) {
			aid, m, s := aided(t)
			dead := false
			die := func(_ context.Context, op providertest.Op, _ string) error {
				dead = dead || op == providertest.OpRewrite
				if dead && op != providertest.OpClose {
					return errors.New("killed")
				}
				return nil
			}
			if want == remediate.DeedFailed {
				m.Before = die
			} else {
				m.After = die
			}
			told := 0
			who := remediate.Asker{By: "ann@own.example", Reason: "ticket 9", Record: func(context.Context, remediate.Deed) error { told++; return nil }}
			d, err := aid.Remove(t.Context(), aidBox, aidRules[1], who)
			if err != nil || d.State != remediate.DeedBegun || told != 1 {
				t.Fatalf("%+v, %v, told %d times", d, err, told)
			}
			m.Before, m.After = nil, nil
			next := &remediate.Aid{Store: s, Provider: aid.Provider, Now: time.Now}
			if err := next.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d, err = s.Deed(t.Context(), d.ID); err != nil || d.State != want || d.Ended.IsZero() || d.Change.Before == "" {
				t.Errorf("%+v, %v", d, err)
			}
			if open, err := s.OpenDeeds(t.Context(), "", 10); err != nil || len(open) != 0 {
				t.Errorf("%+v, %v", open, err)
			}
		})
	}
}

// TestAidThatIsNotOnRecord: what cannot be written into the audit log is not done.
func TestAidThatIsNotOnRecord(t *testing.T) {
	aid, m, s := aided(t)
	full := errors.New("the disk is full")
	who := remediate.Asker{By: "ann@own.example", Reason: "ticket 9", Record: func(context.Context, remediate.Deed) error { return full }}
	if _, err := aid.Remove(t.Context(), aidBox, aidRules[1], who); !errors.Is(err, full) {
		t.Error(err)
	}
	if _, err := aid.SignOut(t.Context(), aidBox, who); !errors.Is(err, full) || m.SignOuts(aidBox) != 0 {
		t.Error(err)
	}
	if seen, err := aid.Look(t.Context(), aidBox); err != nil || len(seen.Rules) != 3 || seen.Rules[0].ID != "2" {
		t.Errorf("%+v, %v", seen, err)
	}
	if deeds, err := s.Deeds(t.Context(), aidBox, 10); err != nil || len(deeds) != 2 || deeds[0].State != remediate.DeedFailed || deeds[1].State != remediate.DeedFailed {
		t.Errorf("%+v, %v", deeds, err)
	}
}

// TestAidByTwoAtOnce: a rule is put back once, however many ask.
func TestAidByTwoAtOnce(t *testing.T) {
	aid, _, _ := aided(t)
	who := remediate.Asker{By: "ann@own.example", Reason: "ticket 9", Record: func(context.Context, remediate.Deed) error { return nil }}
	d, err := aid.Remove(t.Context(), aidBox, aidRules[1], who)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = aid.PutBack(t.Context(), aidBox, d.ID, who) })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, remediate.ErrNotToBack) {
			t.Error(err)
		}
	}
	if seen, err := aid.Look(t.Context(), aidBox); done != 1 || err != nil || len(seen.Rules) != 3 {
		t.Errorf("put back %d times: %+v, %v", done, seen, err)
	}
}
