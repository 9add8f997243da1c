package casestore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

func (s *Store) person(t *testing.T, id string) {
	t.Helper()
	if err := s.AddOperator(t.Context(), auth.Operator{ID: id, Email: id + "@harbour.test", Roles: []auth.Role{auth.SecurityOperator}}); err != nil {
		t.Fatal(err)
	}
}

func TestSavedQueries(t *testing.T) {
	s := open(t)
	s.person(t, "ann")
	s.person(t, "bob")
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	one := hunt.Saved{ID: "1", Name: "Ärger", Description: "d", Folder: "b", Query: "EmailEvents", OwnerID: "ann", Created: at, Updated: at, Revision: 1}
	shared := hunt.Saved{ID: "2", Name: "Shared", Folder: "A", Query: "x", Shared: true, OwnerID: "ann", Created: at, Updated: at, Revision: 1}
	for _, q := range []hunt.Saved{one, shared} {
		if err := s.AddSavedQuery(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	same := one
	same.ID, same.Name = "3", "ärger"
	if err := s.AddSavedQuery(t.Context(), same); !errors.Is(err, hunt.ErrSameName) {
		t.Errorf("the same name in another case: %v", err)
	}
	same.OwnerID = "bob"
	if err := s.AddSavedQuery(t.Context(), same); err != nil {
		t.Errorf("somebody else's name: %v", err)
	}
	one.Owner = "ann@harbour.test"
	if got, err := s.SavedQuery(t.Context(), "1"); err != nil || got != one {
		t.Errorf("%+v, %v", got, err)
	}
	list := func(who string) (ids string) {
		all, err := s.SavedQueries(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range all {
			ids += q.ID
		}
		return ids
	}
	if a, b, nobody := list("ann"), list("bob"), list(""); a != "21" || b != "23" || nobody != "2" {
		t.Errorf("ann sees %s, bob %s, nobody %s", a, b, nobody)
	}

	change := one
	change.Name, change.Query, change.Shared, change.Updated = "Other", "EmailEvents | count", true, at.Add(time.Hour)
	got, err := s.ChangeSavedQuery(t.Context(), change)
	if err != nil || got.Revision != 2 || got.Query != change.Query || got.Created != at || got.OwnerID != "ann" {
		t.Errorf("%+v, %v", got, err)
	}
	var old *hunt.Outdated
	if _, err := s.ChangeSavedQuery(t.Context(), change); !errors.As(err, &old) || old.Revision != 2 {
		t.Errorf("a second change of revision 1: %v", err)
	}
	change.Revision, change.Name = 2, "shared"
	if _, err := s.ChangeSavedQuery(t.Context(), change); !errors.Is(err, hunt.ErrSameName) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := s.RemoveSavedQuery(t.Context(), "1"); err != nil {
		t.Error(err)
	}
	if err := s.RemoveSavedQuery(t.Context(), "1"); !errors.Is(err, hunt.ErrNoQuery) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := s.ChangeSavedQuery(t.Context(), change); !errors.Is(err, hunt.ErrNoQuery) {
		t.Errorf("changed after it was removed: %v", err)
	}
	if _, err := s.SavedQuery(t.Context(), "1"); !errors.Is(err, hunt.ErrNoQuery) {
		t.Errorf("read after it was removed: %v", err)
	}
}

func TestSavedQueriesAreCounted(t *testing.T) {
	s := open(t)
	s.person(t, "ann")
	if _, err := s.Writer().ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO hunt_queries SELECT 'x' || i, 'ann', 'n' || i, 'n' || i, '', '', 'q', FALSE, 0, 0, 1 FROM n`, hunt.MaxSaved); err != nil {
		t.Fatal(err)
	}
	q := hunt.Saved{ID: "one more", Name: "one more", Query: "q", OwnerID: "ann", Revision: 1}
	if err := s.AddSavedQuery(t.Context(), q); !errors.Is(err, hunt.ErrFull) {
		t.Errorf("one more: %v", err)
	}
}

func TestHistory(t *testing.T) {
	s := open(t)
	s.person(t, "ann")
	s.person(t, "bob")
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	add := func(id, who string, at time.Time, query string) {
		t.Helper()
		if err := s.AddPast(t.Context(), hunt.Past{ID: id, OperatorID: who, At: at, Query: query, Rows: 7, Took: 1500 * time.Microsecond, Outcome: hunt.RunCut, Error: "e"}); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(who string, before hunt.PastKey, limit int) string {
		t.Helper()
		all, err := s.PastRuns(t.Context(), who, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range all {
			out = append(out, p.ID)
		}
		return strings.Join(out, " ")
	}
	add("old", "ann", at.Add(-hunt.HistoryLife-time.Hour), "q")
	add("bobs", "bob", at, "q")
	add("a", "ann", at, "q")
	add("b", "ann", at, "q") // in the same microsecond
	add("c", "ann", at.Add(time.Second), "q")
	if got := ids("ann", hunt.PastKey{}, 10); got != "c b a" {
		t.Errorf("history %q", got)
	}
	if got := ids("ann", hunt.PastKey{At: at, ID: "b"}, 10); got != "a" {
		t.Errorf("after b: %q", got)
	}
	all, err := s.PastRuns(t.Context(), "ann", hunt.PastKey{}, 1)
	if want := (hunt.Past{ID: "c", OperatorID: "ann", At: at.Add(time.Second), Query: "q", Rows: 7, Took: 1500 * time.Microsecond, Outcome: hunt.RunCut, Error: "e"}); err != nil || all[0] != want {
		t.Errorf("%+v, %v", all, err)
	}
	// Size ends the history as well as number does.
	for i := range 12 {
		add(fmt.Sprintf("big%02d", i), "ann", at.Add(time.Duration(i+2)*time.Second), strings.Repeat("x", 2<<20))
	}
	if got := ids("ann", hunt.PastKey{}, 100); got != "big11 big10 big09 big08 big07 big06 big05 big04 big03 big02" {
		t.Errorf("after much text: %s", got)
	}
	if err := s.ForgetPast(t.Context(), at.Add(5*time.Second)); err != nil || ids("bob", hunt.PastKey{}, 9) != "" || ids("ann", hunt.PastKey{}, 1) != "big11" {
		t.Errorf("forgotten: %v", err)
	}
	if err := s.ClearPast(t.Context(), "ann"); err != nil || ids("ann", hunt.PastKey{}, 9) != "" {
		t.Errorf("cleared: %v", err)
	}
}

func TestHistoryIsCounted(t *testing.T) {
	s := open(t)
	s.person(t, "ann")
	if _, err := s.Writer().ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO hunt_runs SELECT 'x' || i, 'ann', 1767323045000000 + i, 1, 'q', 0, 0, 'done', '' FROM n`, hunt.HistoryRuns); err != nil {
		t.Fatal(err)
	}
	if err := s.AddPast(t.Context(), hunt.Past{ID: "new", OperatorID: "ann", At: time.UnixMicro(1767323045000000).Add(time.Hour), Query: "q", Outcome: hunt.RunDone}); err != nil {
		t.Fatal(err)
	}
	all, err := s.PastRuns(t.Context(), "ann", hunt.PastKey{}, 2*hunt.HistoryRuns)
	if err != nil || len(all) != hunt.HistoryRuns || all[0].ID != "new" || all[len(all)-1].ID != "x2" {
		t.Errorf("%d runs, %v", len(all), err)
	}
}
