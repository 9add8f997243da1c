package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"
)

func admit(t *testing.T, s *Store, id func(Message, int) string, m ...Message) []Admission {
	t.Helper()
	var out []Admission
	err := s.InTx(t.Context(), func(tx *sql.Tx) (err error) {
		out, err = s.AdmitMessages(t.Context(), tx, m, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func byHash(m Message, n int) string { return fmt.Sprintf("id-%s-%d", m.SHA256, n) }

func TestAdmitMessages(t *testing.T) {
	s := open(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	m := Message{SHA256: strings.Repeat("a", 64), Time: at, FirstSeen: at, Source: "smtp", Size: 10, Recipients: []string{"b@x.test"}}

	first := admit(t, s, byHash, m)[0]
	if want := (Admission{NetworkMessageID: byHash(m, 0), Time: at, New: []string{"b@x.test"}}); !cmp.Equal(first, want) || !first.Work() {
		t.Fatalf("first: %+v, want %+v", first, want)
	}

	again := m
	again.Time = at.Add(time.Hour) // the first time stays: it is in the id
	again.Recipients = []string{"a@x.test", "b@x.test"}
	if got, want := admit(t, s, byHash, again)[0], (Admission{NetworkMessageID: byHash(m, 0), Time: at, Known: true, New: []string{"a@x.test"}}); !cmp.Equal(got, want) || !got.Work() {
		t.Errorf("new recipient: %+v, want %+v", got, want)
	}
	for _, r := range [][]string{nil, {"a@x.test"}, {"a@x.test", "b@x.test"}} {
		again.Recipients = r
		if got := admit(t, s, byHash, again)[0]; got.Work() || !got.Known || got.NetworkMessageID != first.NetworkMessageID {
			t.Errorf("nothing new with %q: %+v", r, got)
		}
	}
	have, err := s.MessageBySHA256(t.Context(), m.SHA256)
	want := m
	want.NetworkMessageID = first.NetworkMessageID
	want.Recipients = []string{"a@x.test", "b@x.test"}
	if err != nil || !cmp.Equal(have, want) {
		t.Errorf("row: %v %s", err, cmp.Diff(want, have))
	}

	done := at.Add(time.Minute)
	for range 2 {
		if err := noteDone(t, s, m.SHA256, done); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := s.MessageByID(t.Context(), first.NetworkMessageID); err != nil || !have.Done.Equal(done) {
		t.Errorf("done: %v %v", have.Done, err)
	}
	if _, err := s.MessageByID(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing id: %v", err)
	}
	if known, err := s.KnownMessages(t.Context(), []string{m.SHA256, "b"}); err != nil || len(known) != 1 || !known[m.SHA256] {
		t.Errorf("known: %v %v", known, err)
	}
}

// Two messages whose ids collide are two messages.
func TestAdmitCollidingIDs(t *testing.T) {
	s := open(t)
	collide := func(m Message, n int) string {
		if n == 0 {
			return "same"
		}
		return byHash(m, n)
	}
	a, b := Message{SHA256: "a"}, Message{SHA256: "b"}
	got := admit(t, s, collide, a, b)
	if got[0].NetworkMessageID != "same" || got[1].NetworkMessageID != "id-b-1" || got[1].Known {
		t.Fatalf("%+v", got)
	}
	got = admit(t, s, collide, b, a)
	if got[0].NetworkMessageID != "id-b-1" || got[1].NetworkMessageID != "same" || got[0].Work() || got[1].Work() {
		t.Fatalf("again: %+v", got)
	}
	err := s.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := s.AdmitMessages(t.Context(), tx, []Message{{SHA256: "c"}}, func(Message, int) string { return "same" })
		return err
	})
	if err == nil {
		t.Fatal("an id that never becomes free was accepted")
	}
}

type judgeArgs struct {
	SHA256 string `json:"sha256"`
}

func (judgeArgs) Kind() string { return "judge" }

func TestMessagesWithoutWork(t *testing.T) {
	s := open(t)
	jobs, err := s.Jobs(JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ms := []Message{{SHA256: "done"}, {SHA256: "lost"}, {SHA256: "queued"}}
	err = s.InTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := s.AdmitMessages(t.Context(), tx, ms, byHash); err != nil {
			return err
		}
		_, err := jobs.InsertManyFastTx(t.Context(), tx, []river.InsertManyParams{{Args: judgeArgs{"queued"}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := noteDone(t, s, "done", time.Now()); err != nil {
		t.Fatal(err)
	}
	lost, err := s.MessagesWithoutWork(t.Context(), "judge", 10)
	if err != nil || len(lost) != 1 || lost[0].SHA256 != "lost" {
		t.Fatalf("%+v %v", lost, err)
	}
	if n, err := s.JobsWaiting(t.Context(), river.QueueDefault); n != 1 || err != nil {
		t.Errorf("waiting %d %v", n, err)
	}
}

func TestSuspects(t *testing.T) {
	s := open(t)
	err := s.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := s.AdmitMessages(t.Context(), tx, []Message{{SHA256: "a"}, {SHA256: "b"}, {SHA256: "c"}}, byHash)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		died []string
		want map[string]int
	}{
		{nil, map[string]int{}},
		{[]string{"a", "b", "never admitted"}, map[string]int{"a": 1, "b": 1}},
		{[]string{"a"}, map[string]int{"a": 2, "b": 1}},
		{nil, map[string]int{"a": 2, "b": 1}},
	} {
		if got, err := s.SuspectMessages(t.Context(), c.died); err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("after %v: %v %v, want %v", c.died, got, err, c.want)
		}
	}
	if err := s.ClearMessage(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.SuspectMessages(t.Context(), []string{"a", "b"}); err != nil || !cmp.Equal(got, map[string]int{"b": 2}) {
		t.Errorf("after a was cleared: %v %v", got, err)
	}
}

func TestReviveJobs(t *testing.T) {
	s := open(t)
	jobs, err := s.Jobs(JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.InsertMany(t.Context(), []river.InsertManyParams{{Args: judgeArgs{"a"}}, {Args: judgeArgs{"b"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), `UPDATE river_job SET state = 'running' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	if n, err := s.ReviveJobs(context.Background()); n != 1 || err != nil {
		t.Fatalf("revived %d, %v", n, err)
	}
}

func TestImports(t *testing.T) {
	s := open(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	want := Import{Path: "/mail/a.mbox", Size: 100, Modified: at, Position: 50, Messages: 3}
	for _, w := range []Import{want, {Path: want.Path, Size: 100, Modified: at, Position: 100, Messages: 6, Complete: true}} {
		if err := s.SaveImports(t.Context(), []Import{w}); err != nil {
			t.Fatal(err)
		}
		got, err := s.ImportOf(t.Context(), w.Path, w.Size, at)
		if err != nil || !cmp.Equal(got, w) {
			t.Errorf("%v %s", err, cmp.Diff(w, got))
		}
	}
	for _, changed := range []struct {
		path string
		size int64
		at   time.Time
	}{{"/mail/other", 100, at}, {want.Path, 101, at}, {want.Path, 100, at.Add(time.Second)}} {
		if got, err := s.ImportOf(t.Context(), changed.path, changed.size, changed.at); err != nil || got != (Import{}) {
			t.Errorf("%+v: got %+v, %v", changed, got, err)
		}
	}
}

func TestInTxRollsBack(t *testing.T) {
	s := open(t)
	func() {
		defer func() { _ = recover() }()
		_ = s.InTx(t.Context(), func(tx *sql.Tx) error {
			_, _ = s.AdmitMessages(t.Context(), tx, []Message{{SHA256: "x"}}, byHash)
			panic("half-way")
		})
	}()
	if known, err := s.KnownMessages(t.Context(), []string{"x"}); len(known) != 0 || err != nil {
		t.Errorf("kept after a panic: %v %v", known, err)
	}
	if !slices.Equal([]string{}, emptyNotNull(nil)) {
		t.Error("nil list")
	}
}

func noteDone(t *testing.T, s *Store, sum string, at time.Time) error {
	t.Helper()
	return s.InTx(t.Context(), func(tx *sql.Tx) error { return s.MessagesDone(t.Context(), tx, []string{sum}, at) })
}
