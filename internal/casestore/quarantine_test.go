package casestore

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/quarantine"
)

func TestReleaseRequests(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	q, ctx, day := s.Quarantine(), t.Context(), 24*time.Hour
	now := time.Unix(1_800_000_000, 0).UTC()
	one := quarantine.Request{Message: "m1", Recipient: "ann@harbour.example", Asked: now, Note: "please", State: quarantine.Open}
	key := quarantine.Key{Message: one.Message, Recipient: one.Recipient}
	ask := func(r quarantine.Request, since time.Time) (quarantine.Request, bool) {
		t.Helper()
		stands, fresh, err := q.Ask(ctx, r, since)
		if err != nil {
			t.Fatal(err)
		}
		return stands, fresh
	}
	if got, fresh := ask(one, now.Add(-day)); !fresh || got != one {
		t.Errorf("%+v %v", got, fresh)
	}
	again := one
	again.Note, again.Asked = "again", now.Add(time.Hour)
	if got, fresh := ask(again, now.Add(-day)); fresh || got.Note != "please" {
		t.Errorf("%+v %v", got, fresh)
	}
	no := quarantine.Request{Message: "m1", Recipient: "ann@harbour.example", State: quarantine.Refused, Answered: now.Add(2 * time.Hour), By: "ben@harbour.example", Reason: "no"}
	if err := q.Answer(ctx, no); err != nil {
		t.Fatal(err)
	}
	if err := q.Answer(ctx, no); !errors.Is(err, quarantine.ErrNoRequest) {
		t.Errorf("answered twice: %v", err)
	}
	if got, fresh := ask(again, now.Add(-day)); fresh || got.State != quarantine.Refused || got.Reason != "no" {
		t.Errorf("%+v %v", got, fresh)
	}
	if list, err := q.Untold(ctx, 10); err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	if err := q.Told(ctx, key); err != nil {
		t.Fatal(err)
	}
	// It was released and held again: an answer from before does not count.
	if got, fresh := ask(again, now.Add(3*time.Hour)); !fresh || got.State != quarantine.Open || got.Note != "again" {
		t.Errorf("%+v %v", got, fresh)
	}
	if all, err := q.Requests(ctx, []quarantine.Key{key, {Message: "m2"}}); err != nil || len(all) != 1 || all[key].Told || all[key].Reason != "" || !all[key].Answered.IsZero() {
		t.Errorf("%+v %v", all, err)
	}
	for n := range quarantine.MaxOpen - 1 {
		ask(quarantine.Request{Message: fmt.Sprint("x", n), Recipient: "a", Asked: now.Add(time.Duration(n) * time.Second), State: quarantine.Open}, now)
	}
	if _, _, err := q.Ask(ctx, quarantine.Request{Message: "one more", State: quarantine.Open}, now); !errors.Is(err, quarantine.ErrTooMany) {
		t.Errorf("%v", err)
	}
	if n, err := q.CountOpen(ctx); err != nil || n != quarantine.MaxOpen {
		t.Errorf("%d %v", n, err)
	}

	keys := []quarantine.Key{key, {Message: "m1", Recipient: "ben@harbour.example"}}
	for range 2 {
		if err := q.List(ctx, keys[:1], now); err != nil {
			t.Fatal(err)
		}
	}
	if told, err := q.Listed(ctx, keys); err != nil || len(told) != 1 || !told[key] {
		t.Errorf("%v %v", told, err)
	}
	if err := q.Forget(ctx, now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if told, err := q.Listed(ctx, keys); err != nil || len(told) != 0 {
		t.Errorf("%v %v", told, err)
	}
	for _, day := range []string{"2026-05-20", "2026-05-21"} {
		if err := q.SetDigestDay(ctx, day); err != nil {
			t.Fatal(err)
		}
		if got, err := q.DigestDay(ctx); err != nil || got != day {
			t.Errorf("%q %v", got, err)
		}
	}
}
