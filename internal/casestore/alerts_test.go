package casestore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/event"
)

// heard is an event store that may be out of order.
type heard struct {
	broken   bool
	alerts   []event.Alert
	evidence []event.AlertEvidence
}

func (h *heard) AppendAlerts(_ context.Context, a []event.Alert, e []event.AlertEvidence) error {
	if h.broken {
		return errors.New("out of order")
	}
	h.alerts, h.evidence = append(h.alerts, a...), append(h.evidence, e...)
	return nil
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	ctx, s, rows := t.Context(), open(t), &heard{}
	now, n := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC), 0
	d := &alert.Desk{Store: s.Alerts(), Events: rows, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), NewID: func(time.Time) string { n++; return fmt.Sprint(n) }}
	raise := func(key string, severity alert.Severity, count int64, messages ...string) (string, bool) {
		t.Helper()
		a := alert.Alert{Key: key, Title: "Found 50%_of it", Severity: severity, Source: "Tracked query", Policy: "Mine", Query: "EmailEvents", Count: count, Techniques: []string{"T1566"}}
		for _, m := range messages {
			a.Evidence = append(a.Evidence, alert.Evidence{Type: "MailMessage", NetworkMessageID: m, Account: "ann@x.example", Impacted: true})
		}
		id, isNew, err := d.Raise(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		return id, isNew
	}
	first, isNew := raise("a", alert.Low, 3, "m1", "m2", "m2")
	if !isNew || len(rows.alerts) != 1 || len(rows.evidence) != 2 || rows.evidence[0].EvidenceRole != "Impacted" || rows.evidence[0].AccountDomain != "x.example" || rows.alerts[0].AttackTechniques != `["T1566"]` {
		t.Fatalf("%v %+v %+v", isNew, rows.alerts, rows.evidence)
	}

	// The same again while it is open adds to it, even while hunting cannot be told.
	if fell, err := d.Rest(ctx, "a"); !fell || err != nil {
		t.Error(fell, err)
	}
	if fell, _ := d.Rest(ctx, "a"); fell {
		t.Error("it fell twice")
	}
	rows.broken, now = true, now.Add(time.Hour)
	if id, isNew := raise("a", alert.High, 5, "m2", "m3"); isNew || id != first {
		t.Errorf("%s %v", id, isNew)
	}
	raise("b", alert.Medium, 1)
	a, err := d.Store.Alert(ctx, first)
	if err != nil || a.Count != 5 || a.Times != 2 || a.Severity != alert.High || !a.Fell.IsZero() || len(a.Evidence) != 3 || !a.Last.Equal(now) || !a.Time.Equal(now.Add(-time.Hour)) {
		t.Errorf("%+v %v", a, err)
	}
	if len(rows.alerts) != 1 || len(rows.evidence) != 2 {
		t.Errorf("told while it could not be: %+v", rows)
	}
	rows.broken = false
	for more := true; more; {
		if more, err = d.Tell(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(rows.alerts) != 2 || len(rows.evidence) != 3 || rows.evidence[2].NetworkMessageId != "m3" || !rows.evidence[2].Timestamp.Equal(a.Time) {
		t.Errorf("%+v", rows)
	}

	// A person's work, with the revision that was seen.
	change := func(id string, c alert.Change) (alert.Alert, error) {
		c.By, c.At = "ann@x.example", now
		return d.Store.Change(ctx, id, c)
	}
	progress, resolved, open, note := alert.InProgress, alert.Resolved, alert.New, "false alarm"
	if a, err = change(first, alert.Change{Status: &progress, From: 1}); err != nil || a.Owner != "ann@x.example" || a.Revision != 2 {
		t.Errorf("%+v %v", a, err)
	}
	var outdated *alert.Outdated
	if _, err = change(first, alert.Change{Note: &note, From: 1}); !errors.As(err, &outdated) {
		t.Error(err)
	}
	if a, err = change(first, alert.Change{Status: &resolved, Note: &note, From: 2}); err != nil || a.Resolved.IsZero() || a.Note != note {
		t.Errorf("%+v %v", a, err)
	}
	// What is resolved stays; the next with its key is another, beside which the old one cannot be opened again.
	second, isNew := raise("a", alert.Low, 9, "m1")
	if !isNew || second == first {
		t.Error("a resolved alert was added to")
	}
	if _, err = change(first, alert.Change{Status: &open, From: 3}); !errors.Is(err, alert.ErrOpen) {
		t.Error(err)
	}

	for name, c := range map[string]struct {
		f    alert.Filter
		want string
	}{
		"all":         {alert.Filter{}, "4 3 1"},
		"open":        {alert.Filter{Statuses: []alert.Status{alert.New, alert.InProgress}}, "4 3"},
		"high":        {alert.Filter{Severities: []alert.Severity{alert.High}}, "1"},
		"owner":       {alert.Filter{Owner: "ann@x.example"}, "1"},
		"nobody":      {alert.Filter{Owner: "-"}, "4 3"},
		"message":     {alert.Filter{Message: "m3"}, "1"},
		"text":        {alert.Filter{Text: "50%_OF"}, "4 3 1"},
		"no wildcard": {alert.Filter{Text: "50%%of"}, ""},
		"range":       {alert.Filter{To: now}, "1"},
		"behind":      {alert.Filter{Before: alert.Place{Time: now, ID: "4"}}, "3 1"},
		"source":      {alert.Filter{Sources: []string{"Retro-hunt"}}, ""},
	} {
		c.f.Limit = 10
		all, err := d.Store.Alerts(ctx, c.f)
		ids := []string{}
		for i := range all {
			ids = append(ids, all[i].ID)
		}
		if got := strings.Join(ids, " "); got != c.want || err != nil {
			t.Errorf("%s: %q, not %q (%v)", name, got, c.want, err)
		}
	}
	if err := s.Alerts().ForgetAlerts(ctx, now); err != nil { // nothing is that old
		t.Fatal(err)
	}
	counts, err := d.Store.Counts(ctx)
	if err != nil || counts.Status[alert.New] != 2 || counts.Status[alert.Resolved] != 1 || counts.Severity[alert.Low] != 1 || counts.Severity[alert.High] != 0 {
		t.Errorf("%+v %v", counts, err)
	}
	if err := s.Alerts().ForgetAlerts(ctx, now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if left, err := d.Store.Alerts(ctx, alert.Filter{Limit: 10}); err != nil || len(left) != 2 {
		t.Errorf("%d alerts are left: %v", len(left), err)
	}
}

func TestAlertsAreBounded(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), open(t)
	d := &alert.Desk{Store: s.Alerts(), Events: &heard{}, Now: time.Now, Log: slog.New(slog.DiscardHandler), NewID: func(time.Time) string { return "1" }}
	a := alert.Alert{Key: "k", Title: strings.Repeat("ä", 1000), Source: "test\xff"}
	for i := range 150 {
		a.Evidence = append(a.Evidence, alert.Evidence{Type: "Url", URL: fmt.Sprint("https://x.example/", i)})
	}
	for range 2 {
		if _, _, err := d.Raise(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.Store.Alert(ctx, "1")
	if err != nil || len(got.Evidence) != alert.MaxEvidence || got.More != 50 || len(got.Title) > 300 || got.Source != "test\uFFFD" || got.Severity != alert.Medium {
		t.Errorf("%d pieces, %d more, %q %q %v", len(got.Evidence), got.More, got.Title, got.Source, err)
	}
	for name, wrong := range map[string]alert.Alert{
		"key":      {Title: "x", Source: "x"},
		"title":    {Key: "x", Source: "x"},
		"source":   {Key: "x", Title: "x"},
		"severity": {Key: "x", Title: "x", Source: "x", Severity: "Grave"},
		"evidence": {Key: "x", Title: "x", Source: "x", Evidence: []alert.Evidence{{Type: "Dog"}}},
		"link":     {Key: "x", Title: "x", Source: "x", Link: "//evil.example"},
	} {
		if _, _, err := d.Raise(ctx, wrong); err == nil || !slices.Contains([]string{"alert:"}, strings.Fields(err.Error())[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
