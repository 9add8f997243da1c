package casestore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/incident"
	"tocsin/internal/remediate"
)

func openIncidents(t *testing.T) (*Store, *Incidents) {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, s.Incidents()
}

var incidentNoon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

func actorAt(at time.Time) incident.Actor {
	return incident.Actor{ID: "7", Email: "dana@harbour.example", At: at}
}

func newIncident(t *testing.T, x *Incidents, n int, change func(*incident.Incident)) incident.Incident {
	t.Helper()
	i := incident.Incident{ID: fmt.Sprintf("id-%d", n), Name: fmt.Sprint("incident ", n), Created: incidentNoon, Updated: incidentNoon}
	i.Severity, i.Status, i.Classification, i.Determination = incident.Medium, incident.Active, incident.NotSet, incident.Undetermined
	if change != nil {
		change(&i)
	}
	i, err := x.Create(t.Context(), i, incident.Intake{}, actorAt(i.Created))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestDueIsTheSameInSQL holds dueSQL and incident.Clocks.Of together.
func TestDueIsTheSameInSQL(t *testing.T) {
	_, x := openIncidents(t)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		newIncident(t, x, n, func(i *incident.Incident) {
			i.Created = incidentNoon.Add(time.Duration(random.IntN(100)) * time.Hour)
			i.Severity = incident.Severity(1 + random.IntN(4))
			if random.IntN(2) == 0 {
				i.Acknowledged = i.Created.Add(time.Minute)
			}
			if random.IntN(4) == 0 {
				i.Status, i.Resolved = incident.Resolved, i.Created.Add(time.Hour)
			}
		})
	}
	for _, clocks := range []incident.Clocks{incident.DefaultClocks(), {}, {incident.High: {Resolve: time.Hour}, incident.Low: {Acknowledge: time.Hour}}, {incident.Medium: {Acknowledge: 5 * time.Hour, Resolve: time.Hour}}} {
		for _, ahead := range []time.Duration{0, 50 * time.Hour, 105 * time.Hour, 1000 * time.Hour} {
			f := incident.Filter{Sort: incident.ByDue, Limit: 500, Now: incidentNoon.Add(ahead), Clocks: clocks}
			all, err := x.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			f.Overdue = true
			late, err := x.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			over := 0
			last := time.Time{}
			for k := range all.Incidents {
				d := clocks.Of(&all.Incidents[k], f.Now)
				if d.Overdue {
					over++
				}
				if d.Next.IsZero() {
					d.Next = incidentNoon.AddDate(100, 0, 0)
				}
				if d.Next.Before(last) {
					t.Errorf("%s stands after %s", d.Next, last)
				}
				last = d.Next
			}
			if over != late.Total || len(all.Incidents) != 200 {
				t.Errorf("%v after %s: %d overdue, SQL says %d", clocks, ahead, over, late.Total)
			}
		}
	}
}

func TestIncidentMailIsAFrozenList(t *testing.T) {
	_, x := openIncidents(t)
	ctx := t.Context()
	i := newIncident(t, x, 1, nil)
	var picks []incident.Pick
	for n := range 2500 {
		picks = append(picks, incident.Pick{NetworkMessageID: fmt.Sprintf("m%04d", n/2), Recipient: fmt.Sprintf("p%d@harbour.example", n%2), At: incidentNoon.Add(time.Duration(n/2) * time.Minute)})
	}
	got, err := x.Put(ctx, i.ID, incident.Intake{Picks: picks[:2000]}, actorAt(incidentNoon))
	if err != nil || got != (incident.Taken{Added: 2000, Total: 2000}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = x.Put(ctx, "1", incident.Intake{Picks: picks[1000:]}, actorAt(incidentNoon)); err != nil || got != (incident.Taken{Added: 500, Already: 1000, Total: 2500}) {
		t.Errorf("%+v, %v", got, err)
	}
	var seen []incident.Pick
	f := incident.MessageFilter{Incident: i.ID, Limit: 777}
	for {
		page, err := x.Messages(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, page...)
		if len(page) < f.Limit {
			break
		}
		f.Before = page[len(page)-1]
	}
	if len(seen) != 2500 || seen[0] != picks[2499] || seen[2499] != picks[0] {
		t.Errorf("%d events, %+v", len(seen), seen[0])
	}
	if n, err := x.Remove(ctx, i.ID, append(picks[:3:3], incident.Pick{NetworkMessageID: "none"}), actorAt(incidentNoon)); err != nil || n != 3 {
		t.Error(n, err)
	}
	who, err := x.Recipients(ctx, i.ID, incident.Counted{}, 1)
	if err != nil || len(who) != 1 || who[0] != (incident.Counted{Value: "p1@harbour.example", Count: 1249}) {
		t.Errorf("%+v, %v", who, err)
	}
	if who, err = x.Recipients(ctx, i.ID, who[0], 5); err != nil || len(who) != 1 || who[0].Count != 1248 {
		t.Errorf("%+v, %v", who, err)
	}
	many := make([]incident.Pick, incident.MaxMessages)
	for n := range many {
		many[n] = incident.Pick{NetworkMessageID: fmt.Sprintf("x%06d", n), Recipient: "p@harbour.example", At: incidentNoon}
	}
	started := time.Now()
	if _, err := x.Put(ctx, i.ID, incident.Intake{Picks: many}, actorAt(incidentNoon)); !errors.Is(err, incident.ErrFull) {
		t.Error(err)
	}
	t.Logf("%d email events were put in and taken back in %s", len(many), time.Since(started).Round(time.Millisecond))
	if now, err := x.Incident(ctx, i.ID); err != nil || now.Messages != 2497 {
		t.Errorf("%+v, %v", now, err)
	}
}

// TestIncidentLinesComeWithTheirChange: what is rolled back has no line, and each change has one.
func TestIncidentLinesComeWithTheirChange(t *testing.T) {
	s, x := openIncidents(t)
	ctx := t.Context()
	i := newIncident(t, x, 1, nil)
	severity := incident.Severity(9)
	if _, err := x.Change(ctx, i.ID, incident.Change{Severity: &severity}, actorAt(incidentNoon)); err == nil {
		t.Error("a wrong severity was taken")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := x.AddNote(ended, incident.Note{ID: "n", Incident: i.ID, Text: "x"}, nil, actorAt(incidentNoon)); err == nil {
		t.Error("a note was kept after its request had ended")
	}
	acts := s.Remediation()
	a := remediate.Action{ID: "a1", Kind: remediate.SoftDelete, Name: "run", State: remediate.Queued, By: "dana@harbour.example", Incident: i.ID, Created: incidentNoon}
	target := remediate.Target{Action: a.ID, Mailbox: "bob@harbour.example", Recipient: "bob@harbour.example", Outcome: remediate.Todo}
	if _, err := acts.Create(ctx, a, []remediate.Target{target}); err != nil {
		t.Fatal(err)
	}
	if _, err := acts.Create(ctx, a, []remediate.Target{target}); err == nil {
		t.Error("an action was kept twice")
	}
	if _, err := acts.Cancel(ctx, a.ID, incidentNoon); err != nil {
		t.Fatal(err)
	}
	lost := a
	lost.ID, lost.Incident = "a2", "no such incident"
	if _, err := acts.Create(ctx, lost, []remediate.Target{target}); err != nil {
		t.Errorf("an action of an incident that is none: %v", err)
	}
	var got []incident.Kind
	all, err := x.Timeline(ctx, incident.EntryFilter{Incident: i.ID, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		got = append(got, e.Kind)
	}
	if fmt.Sprint(got) != "[action over action decided action asked for created]" {
		t.Error(got)
	}
}
