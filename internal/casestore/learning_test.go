package casestore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/casestore"
)

func TestLearning(t *testing.T) {
	ctx := context.Background()
	s, err := casestore.Open(ctx, filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var all []casestore.LearnExample
	for i := range 20 {
		all = append(all, casestore.LearnExample{ID: fmt.Sprintf("id-%02d", i), At: start.Add(time.Duration(i) * time.Hour), Sender: "x.example", Delivered: i%2 == 0, Features: []byte{1, byte(i + 1)}})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.AddLearnExamples(ctx, all))
	must(s.AddLearnExamples(ctx, all))
	say := func(i int, who, label string) {
		t.Helper()
		must(s.PutLearnLabel(ctx, casestore.LearnLabel{ID: all[i].ID, Who: who, Source: "analyst", Label: label, At: start}))
	}
	for range 2 {
		say(1, "ann", "phish")
	}
	say(3, "ann", "phish")
	say(3, "ann", "good")
	say(3, "ben", "phish")
	say(5, "ann", "spam")
	say(5, "ann", "")
	read := func() map[string]int {
		t.Helper()
		got := map[string]int{}
		must(s.LearnExamples(ctx, func(e casestore.LearnExample) error { got[e.ID] = len(e.Labels); return nil }))
		return got
	}
	if got := read(); len(got) != 12 || got["id-01"] != 1 || got["id-03"] != 2 {
		t.Errorf("examples %v", got)
	}
	c, err := s.LearnCounts(ctx)
	if must(err); c.Examples != 20 || c.Labels["phish"] != 2 || c.Labels["good"] != 1 || c.Labels["spam"] != 0 {
		t.Errorf("counts %+v", c)
	}
	must(s.TrimLearning(ctx, start.Add(2*time.Hour), 1000)) // id-00 and id-01 are too old
	if got := read(); len(got) != 10 || got["id-03"] != 2 {
		t.Errorf("after forgetting by age %v", got)
	}
	must(s.TrimLearning(ctx, time.Time{}, 3)) // the newest three without a label, and all with one
	if got := read(); len(got) != 2 || got["id-03"] != 2 || got["id-18"] != 0 {
		t.Errorf("after forgetting by number %v", got)
	}
	must(s.ForgetLearning(ctx, "id-03"))
	if got := read(); len(got) != 1 {
		t.Errorf("after forgetting a message %v", got)
	}
}

func TestLearnModels(t *testing.T) {
	ctx := context.Background()
	s, err := casestore.Open(ctx, filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var ids []int64
	for i := range 9 {
		id, err := s.AddLearnModel(ctx, casestore.LearnModel{Threat: "Phish", Trained: time.Unix(int64(i), 0), Labels: int64(i), Model: []byte{byte(i)}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		if i < 2 {
			if err := s.SetLearnModel(ctx, casestore.LearnModel{ID: id, Threat: "Phish", State: casestore.ModelActive, Checked: "well", Passed: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	active, err := s.ActiveModels(ctx)
	if err != nil || len(active) != 1 || active["Phish"] != ids[1] {
		t.Errorf("active %v, %v", active, err)
	}
	shadow, err := s.LearnModelIn(ctx, "Phish", casestore.ModelShadow)
	if err != nil || shadow.ID != ids[8] || shadow.Labels != 8 {
		t.Errorf("shadow %+v, %v", shadow, err)
	}
	if err := s.ResetLearning(ctx, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LearnModelIn(ctx, "Phish", casestore.ModelActive); !errors.Is(err, casestore.ErrNotFound) {
		t.Errorf("after a reset: %v", err)
	}
}
