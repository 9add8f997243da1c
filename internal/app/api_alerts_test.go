package app_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// alert raises one with a key.
func (s *site) alert(t *testing.T, key string) string {
	t.Helper()
	id, isNew, err := s.Alerts().Raise(t.Context(), alert.Alert{Key: key, Title: "Found " + key, Source: "Tracked query", Policy: "A query", Query: "EmailEvents"})
	if err != nil || !isNew {
		t.Fatal(isNew, err)
	}
	return id
}

func TestAlertsFromRaisingToIncident(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader, operator, searcher := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SearchAndPurge)
	one := s.take(t, simple("one"), "bob@harbour.test", "cat@harbour.test")
	s.take(t, simple("two"), "bob@harbour.test")
	a := alert.Alert{
		Key: "k", Title: "Invoices <b>with</b> macros", Severity: alert.High, Category: "Phish", Source: "Tracked query", Policy: "Invoices", Link: "/intelligence/trackers?tab=tracked", Detail: "2 in a day, more than 1.",
		Query: `EmailEvents | where Subject == "one"`, Count: 2, Techniques: []string{"T1566.001"},
		Evidence: []alert.Evidence{{Type: "MailMessage", Impacted: true, NetworkMessageID: one, Account: "bob@harbour.test", Subject: "one"}},
	}
	id, isNew, err := s.Alerts().Raise(t.Context(), a)
	if err != nil || !isNew {
		t.Fatal(isNew, err)
	}
	other := s.alert(t, "other")

	searcher.get(t, "/alerts").problem(http.StatusForbidden)
	page := ok[api.AlertPage](reader.get(t, "/alerts", "status", "New", "severity", "High"))
	if len(page.Alerts) != 1 || page.Alerts[0].ID != id || page.Statuses["New"] != 2 || page.Open["High"] != 1 {
		t.Fatalf("%+v", page)
	}
	first := ok[api.AlertPage](reader.get(t, "/alerts", "limit", "1"))
	rest := ok[api.AlertPage](reader.get(t, "/alerts", "limit", "1", "cursor", first.Next))
	if len(rest.Alerts) != 1 || rest.Next != "" || rest.Alerts[0].ID == first.Alerts[0].ID {
		t.Errorf("%+v then %+v", first, rest)
	}
	d := ok[api.AlertDetail](reader.get(t, "/alerts/"+id))
	if len(d.EvidenceList) != 1 || d.Explorer == nil || ok[api.Count](reader.get(t, "/explorer/count", "q", d.Explorer.Q)).Events != d.Count {
		t.Errorf("%+v", d)
	}

	// Hunting joins the alert with what it names, and that with its mail.
	got := s.kql(t, `AlertInfo | where Severity == "High" | join kind=inner AlertEvidence on AlertId | join kind=inner EmailEvents on NetworkMessageId | where RecipientEmailAddress == AccountUpn | project strcat_delim("/", Title, DetectionSource, EntityType, EvidenceRole, Subject, AttackTechniques)`)
	if want := `Invoices <b>with</b> macros/Tracked query/MailMessage/Impacted/one/["T1566.001"]`; len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}

	status, note := "In progress", "I look"
	reader.send(t, http.MethodPut, "/alerts/"+id, api.AlertChange{Revision: 1, Status: &status}).problem(http.StatusForbidden)
	d = ok[api.AlertDetail](operator.send(t, http.MethodPut, "/alerts/"+id, api.AlertChange{Revision: 1, Status: &status, Note: &note}))
	if d.Status != status || d.Note != note || !strings.Contains(d.Owner, "security-operator") {
		t.Errorf("%+v", d)
	}
	operator.send(t, http.MethodPut, "/alerts/"+id, api.AlertChange{Revision: 1}).problem(http.StatusConflict)
	nobody := "nobody@harbour.test"
	operator.send(t, http.MethodPut, "/alerts/"+id, api.AlertChange{Revision: 2, Owner: &nobody}).problem(http.StatusUnprocessableEntity)

	// The incident begins with the mail that the query finds, and one alert has one incident.
	operator.post(t, "/alerts/"+id+"/incident", api.AlertSeen{Revision: 1}).problem(http.StatusConflict)
	d = ok[api.AlertDetail](operator.post(t, "/alerts/"+id+"/incident", api.AlertSeen{Revision: 2}))
	i := ok[api.Incident](operator.get(t, "/incidents/"+d.Incident))
	if i.Name != a.Title || i.Severity != "High" || i.Messages != 2 || !strings.Contains(i.Description, a.Query) || d.IncidentLabel == "" {
		t.Errorf("%+v %+v", d, i)
	}
	operator.post(t, "/alerts/"+id+"/incident", api.AlertSeen{Revision: d.Revision}).problem(http.StatusConflict)
	if d = ok[api.AlertDetail](operator.post(t, "/alerts/"+other+"/incident", api.AlertSeen{Revision: 1})); d.Status != "In progress" {
		t.Errorf("%+v", d.Alert)
	}
	reader.get(t, "/alerts/0192aaaa-0000-7000-8000-000000000000").problem(http.StatusNotFound)
	if text := ok[api.AlertPage](reader.get(t, "/alerts", "text", "MACROS", "owner", "me")); len(text.Alerts) != 0 {
		t.Errorf("%+v", text)
	}
}
