package app_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/dashboard"
	"tocsin/internal/remediate/providertest"
)

// TestDashboardDesk: what waits for people is as much as the pages list that the numbers lead to.
func TestDashboardDesk(t *testing.T) {
	t.Parallel()
	mail := providertest.NewMemory()
	mail.Deliver("cat@harbour.test", "INBOX", simple("one"), nil, time.Now())
	s := open(t, acting, mailed(mail))
	id := s.take(t, simple("one"), "cat@harbour.test")
	analyst := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	ok[api.Action](analyst.post(t, "/actions", api.ActionAsk{Kind: "Hard delete", Reason: "ticket 1", Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "cat@harbour.test"}}}))
	for _, severity := range []string{"High", "High", "Low"} {
		analyst.post(t, "/incidents", api.NewIncident{Name: "wave", Severity: severity}).want(http.StatusOK)
	}
	s.sql(t, `INSERT INTO submissions (id, key, type, state, result, note, owner, created, updated, closed, closed_by, revision, told, closing, matched, how, message_id, recipient, internet_id, sender, sender_name, subject, date, sha256, quoted, judged, reports, reporters, unproven)
		SELECT 'id-' || value, 'key-' || value, 'Phish', CASE value WHEN 3 THEN 'Closed' ELSE 'New' END, '', '', '', ?, ?, 0, '', 1, 0, 0, 'None', '', '', '', '', '', '', '', 0, '', '', '{}', 1, 1, 0 FROM json_each('[1, 2, 3]')`, time.Now().Add(-5*time.Hour).UnixMicro(), time.Now().UnixMicro())
	// Two people ask for mail that is held, one was refused. The first waits since the day before yesterday.
	asked := []string{s.take(t, phish("two"), "bob@harbour.test", "dan@harbour.test"), s.take(t, phish("three"), "bob@harbour.test")}
	for _, r := range []struct {
		message, recipient, state string
		at                        time.Time
	}{{asked[0], "bob@harbour.test", "Release asked", s.clock.now().Add(-48 * time.Hour)}, {asked[0], "dan@harbour.test", "Refused", s.clock.now().Add(-72 * time.Hour)}, {asked[1], "bob@harbour.test", "Release asked", s.clock.now().Add(-time.Hour)}} {
		s.sql(t, `INSERT INTO quarantine_requests (message_id, recipient, asked, note, state, answered, operator, reason, told) VALUES (?, ?, ?, '', ?, 0, '', '', false)`, r.message, r.recipient, r.at.UnixMicro(), r.state)
	}
	s.clock.move(time.Second)
	b := ok[dashboard.Board](analyst.get(t, "/dashboard", "widgets", "needs,work,insights"))
	got := map[string]dashboard.Need{}
	for _, n := range b.Needs.Items {
		got[n.Key] = n
	}
	listed := map[string]int64{
		"waiting_actions":   int64(len(ok[api.ActionPage](analyst.get(t, "/actions", "state", "waiting")).Actions)),
		"untriaged_reports": int64(len(ok[api.SubmissionPage](analyst.get(t, "/submissions", "state", "New")).Submissions)),
		"unowned_incidents": int64(ok[api.IncidentPage](analyst.get(t, "/incidents", "severity", "High", "owner", "none", "status", "Active,In progress")).Total),
		"release_requests":  int64(len(held(t, analyst, "state", "asked"))),
	}
	for key, want := range listed {
		if n := got[key]; n.Figure.Value != want || want == 0 || n.Oldest == nil || n.Figure.Page == "" {
			t.Errorf("%s: %+v, and its page lists %d", key, n, want)
		}
	}
	// The requests by hand in SQL: those without an answer, and since when the first waits. The finding is about the same ones.
	var waiting, oldest int64
	if err := s.Cases().Reader().QueryRowContext(t.Context(), `SELECT count(*), min(asked) FROM quarantine_requests WHERE state NOT IN ('Released', 'Refused', 'Gone')`).Scan(&waiting, &oldest); err != nil {
		t.Fatal(err)
	}
	if n := got["release_requests"]; waiting != 2 || n.Figure.Value != waiting || n.Oldest == nil || n.Oldest.UnixMicro() != oldest {
		t.Errorf("%+v, and SQL counts %d since %d", n, waiting, oldest)
	}
	if i := slices.IndexFunc(b.Insights.Findings, func(f dashboard.Finding) bool { return f.Kind == "release_waits" }); i < 0 || b.Insights.Findings[i].Figure.Value != waiting || b.Insights.Findings[i].Figure.Page != got["release_requests"].Figure.Page {
		t.Errorf("%d: %+v", i, b.Insights)
	}
	if n := got["untriaged_reports"]; !n.Late || len(n.Details) != 1 || n.Details[0].Figure.Value != 2 {
		t.Errorf("reports that wait for 5 hours are not late: %+v", n)
	}
	if b.Work.Actions[0].Figure.Value != 1 || b.Work.Incidents[0].Figure.Value != 2 || b.Work.Incidents[0].Details[0].Figure.Value != 2 {
		t.Errorf("%+v", b.Work)
	}
	blind := ok[dashboard.Board](s.as(t, auth.Approve).get(t, "/dashboard", "widgets", "needs,work"))
	if len(blind.Needs.Unread) != 3 || len(blind.Work.Incidents) != 0 || len(blind.Work.Actions) == 0 {
		t.Errorf("whoever may only approve sees %+v %+v", blind.Needs, blind.Work)
	}
}

// TestDashboardLayout: an arrangement is its owner's, and knows every widget there is.
func TestDashboardLayout(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ann@harbour.test", auth.SecurityReader)
	s.operator(t, "ben@harbour.test", auth.SecurityReader)
	ann, ben := s.nobody().signIn(t, "ann@harbour.test"), s.nobody().signIn(t, "ben@harbour.test")
	first := ok[api.DashboardLayout](ann.get(t, "/dashboard/layout"))
	if len(first.Widgets) != len(dashboard.Places()) || first.Widgets[0].Key != dashboard.NeedsWidget {
		t.Fatalf("%+v", first)
	}
	put := api.DashboardLayout{Widgets: []api.DashboardPlace{{Key: "flow", Wide: true}, {Key: "needs", Hidden: true}, {Key: "flow"}}, Filter: dashboard.Filter{Domain: "harbour.test"}}
	ann.send(t, http.MethodPut, "/dashboard/layout", put).want(http.StatusOK)
	now := ok[api.DashboardLayout](ann.get(t, "/dashboard/layout"))
	if len(now.Widgets) != len(first.Widgets) || now.Widgets[0].Key != "flow" || !now.Widgets[0].Wide || !now.Widgets[1].Hidden || now.Filter.Domain != "harbour.test" {
		t.Errorf("%+v", now)
	}
	if other := ok[api.DashboardLayout](ben.get(t, "/dashboard/layout")); other.Widgets[0].Key != dashboard.NeedsWidget || other.Filter.Domain != "" {
		t.Errorf("what ann arranged is ben's: %+v", other)
	}
	o := ok[api.DashboardOptions](ann.get(t, "/dashboard/options"))
	if len(o.Domains) != 1 || o.Domains[0].Name != "harbour.test" {
		t.Errorf("%+v", o)
	}
}
