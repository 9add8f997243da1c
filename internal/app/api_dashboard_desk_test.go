package app_test

import (
	"net/http"
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
	s.clock.move(time.Second)
	b := ok[dashboard.Board](analyst.get(t, "/dashboard", "widgets", "needs,work"))
	got := map[string]dashboard.Need{}
	for _, n := range b.Needs.Items {
		got[n.Key] = n
	}
	listed := map[string]int64{
		"waiting_actions":   int64(len(ok[api.ActionPage](analyst.get(t, "/actions", "state", "waiting")).Actions)),
		"untriaged_reports": int64(len(ok[api.SubmissionPage](analyst.get(t, "/submissions", "state", "New")).Submissions)),
		"unowned_incidents": int64(ok[api.IncidentPage](analyst.get(t, "/incidents", "severity", "High", "owner", "none", "status", "Active,In progress")).Total),
	}
	for key, want := range listed {
		if n := got[key]; n.Figure.Value != want || want == 0 || n.Oldest == nil || n.Figure.Page == "" {
			t.Errorf("%s: %+v, and its page lists %d", key, n, want)
		}
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
