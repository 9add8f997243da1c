package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/eventstore/mailtest"
	"tocsin/internal/hunt"
)

var now = time.Date(2026, 4, 20, 12, 0, 0, 0, time.UTC)

// made is mail that a test writes down, one line an event.
type made struct{ mailtest.Made }

// mail adds an event of some hours ago; change makes it what the test needs.
func (m *made) mail(hours int, change func(e *event.EmailEvent)) *event.EmailEvent {
	return m.Mail(now, hours, change)
}

func (m *made) click(e *event.EmailEvent) {
	m.Batch.Clicks = append(m.Batch.Clicks, event.UrlClick{Timestamp: e.Timestamp.Add(time.Minute), NetworkMessageId: e.NetworkMessageId, AccountUpn: strings.ToUpper(e.RecipientEmailAddress), ActionType: "ClickAllowed", ReportId: fmt.Sprint("click", m.Next())})
}

func (m *made) report(e *event.EmailEvent, reporter, kind, result string) {
	id := fmt.Sprint("report", m.Next())
	m.Batch.Submissions = append(m.Batch.Submissions, event.UserSubmission{Timestamp: e.Timestamp.Add(time.Minute), ActionType: "UserSubmission", SubmissionId: id, SubmissionType: kind, ReporterEmailAddress: reporter, IsReporterProven: true, NetworkMessageId: e.NetworkMessageId, RecipientEmailAddress: e.RecipientEmailAddress, ReportId: id})
	if result != "" {
		m.Batch.Submissions = append(m.Batch.Submissions, event.UserSubmission{Timestamp: e.Timestamp.Add(time.Hour), ActionType: "UserSubmissionTriage", SubmissionId: id, SubmissionType: kind, Result: result, ReportId: id + "-closed"})
	}
}

// desk has what people work on, as a test says.
type desk struct {
	dashboard.Desk
	releases, actions, reports, incidents dashboard.Queue
}

func (d *desk) ReleaseRequests(context.Context) (dashboard.Queue, error) { return d.releases, nil }
func (d *desk) WaitingActions(context.Context, time.Time) (dashboard.Queue, error) {
	return d.actions, nil
}
func (d *desk) UntriagedReports(context.Context, time.Time) (dashboard.Queue, error) {
	return d.reports, nil
}
func (d *desk) UnownedIncidents(context.Context, time.Time) (dashboard.Queue, error) {
	return d.incidents, nil
}
func (d *desk) ActionStates(context.Context, time.Time, time.Time) (map[string]int64, error) {
	return map[string]int64{"Queued": 1, "Running": 2, "Failed": 4}, nil
}
func (d *desk) OpenIncidents(context.Context, time.Time) ([]dashboard.IncidentCount, error) {
	return nil, nil
}

// world is a store with made mail, and what the dashboard is told of the installation.
type world struct {
	t       *testing.T
	store   *duckdb.Store
	known   dashboard.Known
	posture dashboard.Posture
	desk    desk
	options dashboard.Options
}

func newWorld(t *testing.T, batch event.Batch) *world {
	t.Helper()
	store, _ := mailtest.Store(t, batch)
	w := &world{t: t, store: store, known: dashboard.Known{Oldest: now.Add(-200 * 24 * time.Hour), Newest: now, GeoIP: true, Files: true}, posture: dashboard.Posture{Domains: []string{"corp.example"}}}
	w.options = dashboard.Options{
		Store: store, Now: func() time.Time { return now }, Known: func(context.Context) (dashboard.Known, error) { return w.known, nil },
		Posture: func(context.Context) (dashboard.Posture, error) { return w.posture, nil }, Desk: &w.desk, Triage: 4 * time.Hour,
	}
	return w
}

var everything = dashboard.Sight{Actions: true, Reports: true, Incidents: true, Quarantine: true, Policy: true, Rules: true, Content: true}

func (w *world) board(a dashboard.Ask) *dashboard.Board {
	w.t.Helper()
	b, err := dashboard.New(w.options).Board(w.t.Context(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(b.Failed) > 0 {
		w.t.Fatalf("%+v", b.Failed)
	}
	return b
}

// opened is how much Explorer shows in a state.
func (w *world) opened(s *dashboard.ExplorerState) int64 {
	w.t.Helper()
	c, err := hunt.New(w.store, func() time.Time { return now }).Count(w.t.Context(), hunt.Request{View: hunt.View(s.View), Query: s.Q, From: s.From, To: s.To, Content: true})
	if err != nil {
		w.t.Fatalf("%s: %v", s.Q, err)
	}
	return c.Events
}

// TestInsights gives each kind of finding what it looks for, beside mail that it must not count.
func TestInsights(t *testing.T) {
	var m made
	bad := func(threat string, change func(e *event.EmailEvent)) *event.EmailEvent {
		return m.mail(30, func(e *event.EmailEvent) {
			e.ThreatTypes = threat
			if change != nil {
				change(e)
			}
		})
	}
	m.mail(20*24, func(e *event.EmailEvent) { e.AttachmentCount = 1 }) // sender.example is known
	m.mail(40, func(e *event.EmailEvent) { e.AttachmentCount = 1 })
	m.mail(40, nil)
	bad("Phish", func(e *event.EmailEvent) { e.OrgLevelAction, e.SenderFromDomain = "Allow", "partner.example" })
	bad("Phish", func(e *event.EmailEvent) {
		e.OrgLevelAction, e.DeliveryAction, e.DeliveryLocation = "Allow", "Junked", "Junk folder"
	})
	bad("Spam", func(e *event.EmailEvent) { e.OrgLevelAction = "Allow" })
	bad("Spam", func(e *event.EmailEvent) { e.UserLevelAction = "Allow" })
	bad("Phish", func(e *event.EmailEvent) { e.IsPriorityAccount, e.RecipientEmailAddress = true, "boss@corp.example" })
	for i := range 4 {
		c := bad("Phish", func(e *event.EmailEvent) { e.RecipientEmailAddress = "clicker@corp.example" })
		if i < 3 {
			m.click(c)
			m.click(c)
		}
	}
	m.click(bad("Phish", func(e *event.EmailEvent) { e.RecipientEmailAddress = "once@corp.example" }))
	zap := bad("Malware", func(e *event.EmailEvent) { e.Timestamp = e.Timestamp.Add(-20 * 24 * time.Hour) })
	m.Batch.PostDelivery = append(m.Batch.PostDelivery, event.PostDelivery{Timestamp: now.Add(-time.Hour), NetworkMessageId: zap.NetworkMessageId, RecipientEmailAddress: zap.RecipientEmailAddress, ActionType: "Malware ZAP", ActionResult: "Error", ReportId: "zap"},
		event.PostDelivery{Timestamp: now.Add(-time.Hour), NetworkMessageId: zap.NetworkMessageId, RecipientEmailAddress: zap.RecipientEmailAddress, ActionType: "Manual remediation", ActionResult: "Error", ReportId: "by hand"})
	m.mail(30, func(e *event.EmailEvent) {
		e.SenderFromDomain, e.AuthDMARC, e.SenderIPv4 = "corp.example", "fail", "192.0.2.9"
	})
	m.mail(30, func(e *event.EmailEvent) { e.SenderFromDomain, e.AuthDMARC = "corp.example", "pass" })
	bad("Phish", func(e *event.EmailEvent) {
		e.DetectionTechnologies, e.SenderFromDomain = "Impersonation domain", "c0rp.example"
	})
	bad("Phish", func(e *event.EmailEvent) {
		e.DetectionTechnologies, e.SenderDisplayName = "General filter, Impersonation user", "Ann Boss"
	})
	m.mail(30, func(e *event.EmailEvent) {
		e.EmailDirection, e.RecipientEmailAddress, e.RecipientDomain = "Outbound", "ann@home.example", "home.example"
	})
	m.mail(30, func(e *event.EmailEvent) {
		e.EmailDirection, e.SenderFromDomain, e.RecipientDomain = "Outbound", "corp.example", "home.example"
	})
	bad("Malware", func(e *event.EmailEvent) { e.ThreatNames = "Newbot, Oldbot" })
	bad("Malware", func(e *event.EmailEvent) { e.ThreatNames, e.Timestamp = "Oldbot", e.Timestamp.Add(-40*24*time.Hour) })
	m.mail(30, func(e *event.EmailEvent) { e.SenderFromDomain, e.AttachmentCount = "fresh.example", 2 })
	m.mail(30, func(e *event.EmailEvent) { e.SenderFromDomain = "fresh.example" })
	m.mail(30, func(e *event.EmailEvent) { e.Defects = "judge-partial" })
	for range 12 {
		m.mail(30, func(e *event.EmailEvent) { e.AdditionalFields = `{"signals":[{"id":"own-loud","weight":5}]}` })
	}
	for i := range 3 {
		e := bad("Phish", nil)
		m.report(e, "good@corp.example", "Phish", "Phishing")
		m.report(e, "poor@corp.example", "Not junk", "Phishing")
		if i < 2 {
			m.report(e, "new@corp.example", "Phish", "Phishing")
		}
	}
	bad("Spam", func(e *event.EmailEvent) { e.SenderCountry = "BR" })
	w := newWorld(t, m.Batch)
	w.posture = dashboard.Posture{
		Domains: []string{"corp.example", "safe.example"}, Watching: true, Engines: []dashboard.EngineState{{Name: "ClamAV", Away: true, Problem: "connection refused"}, {Name: "YARA"}},
		Rules: []dashboard.RuleState{{ID: "own-loud", Title: "Loud", Since: now.Add(-90 * 24 * time.Hour), Weight: 20}, {ID: "own-still", Title: "Still", Since: now.Add(-90 * 24 * time.Hour), Weight: 20}, {ID: "own-young", Since: now.Add(-time.Hour), Weight: 20}},
	}
	w.known.Sources = []dashboard.Source{{Name: "milter", Listening: true, Last: now.Add(-30 * time.Hour)}, {Name: "smtp", Listening: true, Last: now.Add(-time.Hour)}, {Name: "files", Last: now.Add(-90 * time.Hour)}}
	w.desk.releases = dashboard.Queue{Count: 2, Oldest: now.Add(-48 * time.Hour)}
	w.options.DMARC = func(_ context.Context, domain string) (string, error) {
		return map[string]string{"corp.example": "none", "safe.example": "reject"}[domain], nil
	}
	want := map[string]int64{
		"allowed_threats": 1, "user_allowed_threats": 1, "priority_threats": 1, "frequent_clickers": 1, "failed_removals": 1, "own_dmarc": 1, "own_spoofed": 1, "look_alikes": 1, "imitated_people": 1,
		"forwarded_outside": 1, "new_families": 1, "new_domains": 1, "unread_mail": 1, "engines_away": 1, "sources_silent": 1, "release_waits": 2, "rules_silent": 1, "rules_on_clean": 1,
		"good_reporters": 1, "wrong_reporters": 1, "spam_regions": 1,
		"watch_only": int64(len(slices.DeleteFunc(slices.Clone(m.Batch.Emails), func(e event.EmailEvent) bool {
			return e.ThreatTypes == "" || e.DeliveryAction != "Delivered" || e.EmailDirection == "Outbound" || e.Timestamp.Before(now.Add(-7*24*time.Hour))
		}))),
	}
	b := w.board(dashboard.Ask{Widgets: []string{dashboard.InsightsWidget}, May: everything})
	for _, l := range b.Insights.Looked {
		if l.Held != "" || l.Doc == "" {
			t.Errorf("%s: held %q, doc %q", l.Kind, l.Held, l.Doc)
		}
		if _, ok := want[l.Kind]; !ok {
			t.Errorf("no test gives %s what it looks for", l.Kind)
		}
	}
	for _, f := range b.Insights.Findings {
		if f.Figure.Value != want[f.Kind] {
			t.Errorf("%s found %d, want %d: %s", f.Kind, f.Figure.Value, want[f.Kind], f.Text)
		}
		delete(want, f.Kind)
		if f.Title == "" || f.Text == "" || f.Unit == "" || len(f.Do) == 0 || f.Do[0].Label == "" {
			t.Errorf("%s says too little: %+v", f.Kind, f)
		}
		if s := f.Figure.Explorer; s != nil && w.opened(s) != f.Figure.Value {
			t.Errorf("%s is %d, and Explorer shows %d: %s", f.Kind, f.Figure.Value, w.opened(s), s.Q)
		}
		for _, e := range f.Examples {
			if s := e.Figure.Explorer; s != nil && w.opened(s) != e.Figure.Value {
				t.Errorf("%s, %s is %d, and Explorer shows %d", f.Kind, e.Value, e.Figure.Value, w.opened(s))
			}
		}
	}
	for kind := range want {
		t.Errorf("%s found nothing", kind)
	}
	severities := []string{"High", "Medium", "Low", "Informational"}
	if !slices.IsSortedFunc(b.Insights.Findings, func(a, b dashboard.Finding) int {
		return slices.Index(severities, a.Severity) - slices.Index(severities, b.Severity)
	}) {
		t.Error("the gravest do not come first")
	}
}

// TestNothing: an empty organisation has no findings, nothing that needs a person, and no error.
func TestNothing(t *testing.T) {
	w := newWorld(t, event.Batch{})
	w.known = dashboard.Known{}
	b := w.board(dashboard.Ask{May: everything})
	if len(b.Insights.Findings) != 0 || len(b.Needs.Items) != 0 {
		t.Errorf("%+v %+v", b.Insights.Findings, b.Needs.Items)
	}
	ids := []string{}
	for _, g := range b.Coverage.Gaps {
		ids = append(ids, g.ID)
	}
	if want := []string{"since", "geoip", "files"}; !slices.Equal(ids, want) {
		t.Errorf("gaps %v, want %v", ids, want)
	}
	held := 0
	for _, l := range b.Insights.Looked {
		if l.Held != "" {
			held++
		}
	}
	if held == 0 {
		t.Error("without mail of the past nobody can say which senders are new, and it does not say so")
	}
}

func TestNeeds(t *testing.T) {
	var m made
	m.mail(50, func(e *event.EmailEvent) { e.ThreatTypes = "Phish" })
	m.mail(40, func(e *event.EmailEvent) {
		e.ThreatTypes, e.DeliveryAction, e.DeliveryLocation = "Phish", "Blocked", "Quarantine"
	})
	m.click(m.mail(20*24, func(e *event.EmailEvent) { e.ThreatTypes = "Malware" }))
	w := newWorld(t, m.Batch)
	w.desk = desk{actions: dashboard.Queue{Count: 3, Soon: 1, Oldest: now.Add(-time.Hour), Due: now.Add(time.Hour)}, reports: dashboard.Queue{Count: 2, Late: 1, Oldest: now.Add(-5 * time.Hour)}, incidents: dashboard.Queue{Count: 1, Late: 1, Names: []string{"INC-0001 x"}}}
	b := w.board(dashboard.Ask{Widgets: []string{dashboard.NeedsWidget}, May: everything})
	var keys []string
	for _, n := range b.Needs.Items {
		keys = append(keys, n.Key)
		if s := n.Figure.Explorer; s != nil && w.opened(s) != n.Figure.Value {
			t.Errorf("%s is %d, and Explorer shows %d", n.Key, n.Figure.Value, w.opened(s))
		}
		if n.Figure.Explorer == nil && n.Figure.Page == "" {
			t.Errorf("%s leads nowhere", n.Key)
		}
	}
	// The mail of three weeks ago is there although the range is a week; what is late stands before what is not.
	if want := []string{"delivered_threats", "unowned_incidents", "untriaged_reports", "waiting_actions"}; !slices.Equal(keys, want) {
		t.Fatalf("%v, want %v", keys, want)
	}
	first := b.Needs.Items[0]
	if first.Figure.Value != 2 || first.Oldest == nil || len(first.Details) != 1 || first.Details[0].Figure.Value != 1 {
		t.Errorf("%+v", first)
	}
	if due := b.Needs.Items[2].Due; due == nil || !due.Equal(now.Add(-time.Hour)) {
		t.Errorf("reports are due %v", due)
	}
	b = w.board(dashboard.Ask{Widgets: []string{dashboard.NeedsWidget}})
	if len(b.Needs.Items) != 1 || len(b.Needs.Unread) != 4 {
		t.Errorf("who may see only mail is shown %+v", b.Needs)
	}
}

func TestWrongAsks(t *testing.T) {
	w := newWorld(t, event.Batch{})
	for field, a := range map[string]dashboard.Ask{
		"widgets":    {Widgets: []string{"weather"}},
		"from":       {From: now.Add(-91 * 24 * time.Hour), To: now},
		"to":         {From: now, To: now.Add(-time.Hour)},
		"department": {Filter: dashboard.Filter{Department: "Finance"}},
	} {
		_, err := dashboard.New(w.options).Board(t.Context(), a)
		var wrong *dashboard.WrongError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
