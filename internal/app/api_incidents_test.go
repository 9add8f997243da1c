package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

func TestIncidentFromOpeningToClosing(t *testing.T) {
	t.Parallel()
	s := open(t)
	boss := s.operator(t, "ada@harbour.test", auth.SecurityOperator)
	s.operator(t, "kofi@harbour.test", auth.SecurityOperator)
	ada, kofi := s.nobody().signIn(t, "ada@harbour.test"), s.nobody().signIn(t, "kofi@harbour.test")
	reader := s.as(t, auth.SecurityReader)
	for _, to := range []string{"bob@harbour.test", "cat@harbour.test"} {
		s.take(t, letter("From: Mallory <m@evil.test>", "To: "+to, "Subject: payroll", "Message-ID: <"+to+">", "", "See https://evil.test/pay/"+to), to)
	}
	s.take(t, simple("other"), "bob@harbour.test")
	ask := api.NewIncident{Name: "  Payroll   phish ", Severity: "High", Tags: []string{"payroll", "Payroll", " qr "}, Mail: &api.IncidentMailAsk{
		Query: &api.ActionQuery{Q: `EmailEvents | where Subject == "payroll"`}, Live: true, Name: "Payroll mail"}}
	reader.post(t, "/incidents", ask).problem(http.StatusForbidden)
	i := ok[api.Incident](ada.post(t, "/incidents", ask))
	if i.Number != 1 || i.Label != "INC-0001" || i.Name != "Payroll phish" || i.Severity != "High" || i.Status != "Active" || i.Messages != 2 || i.People != 2 || fmt.Sprint(i.Tags) != "[payroll qr]" ||
		i.Counts.Queries != 1 || i.FirstActivity == nil || !i.MayWork || i.Due.Next == nil || i.Due.Overdue || i.Classification != "Not set" || i.Determination != "Not set" || i.CreatedBy != "ada@harbour.test" {
		t.Errorf("%+v", i)
	}
	if got := ok[api.Incident](reader.get(t, "/incidents/inc-1")); got.ID != i.ID || got.MayWork {
		t.Errorf("%+v", got)
	}
	reader.get(t, "/incidents/2").problem(http.StatusNotFound)

	// What its mail is like.
	mail := ok[api.IncidentEmails](reader.get(t, "/incidents/1/messages", "limit", "1"))
	if len(mail.Rows) != 1 || mail.Rows[0].Subject != "payroll" || mail.Next == "" {
		t.Errorf("%+v", mail)
	}
	if mail = ok[api.IncidentEmails](reader.get(t, "/incidents/1/messages", "limit", "1", "cursor", mail.Next)); len(mail.Rows) != 1 || mail.Next != "" {
		t.Errorf("%+v", mail)
	}
	sum := ok[api.IncidentSummary](reader.get(t, "/incidents/1/summary"))
	if sum.Events != 2 || sum.Messages != 2 || sum.Missing != 0 || sum.Still != 2 {
		t.Errorf("%+v", sum)
	}
	kinds := map[string]api.IncidentThings{}
	for _, e := range sum.Entities {
		kinds[e.Kind] = e
	}
	if h := kinds["url_host"]; h.Total != 1 || h.Top[0].Value != "evil.test" || h.Top[0].Events != 2 || h.Top[0].Messages != 2 {
		t.Errorf("%+v", h)
	}
	if h := kinds["sender"]; h.Total != 1 || h.Top[0].Value != "m@evil.test" || h.Top[0].Label != "Mallory" {
		t.Errorf("%+v", h)
	}
	urls := ok[api.IncidentThings](reader.get(t, "/incidents/1/entities", "kind", "url", "limit", "1"))
	if urls.Total != 2 || len(urls.Top) != 1 || urls.Next == "" {
		t.Errorf("%+v", urls)
	}
	if rest := ok[api.IncidentThings](reader.get(t, "/incidents/1/entities", "kind", "url", "cursor", urls.Next)); len(rest.Top) != 1 || rest.Top[0].Value == urls.Top[0].Value || rest.Next != "" {
		t.Errorf("%+v", rest)
	}

	// The query is asked again.
	s.take(t, letter("From: m@evil.test", "To: dan@harbour.test", "Subject: payroll", "Message-ID: <dan>", "", "again"), "dan@harbour.test")
	q := ok[api.IncidentQueries](reader.get(t, "/incidents/1/queries")).Queries[0]
	now := ok[api.IncidentMatches](reader.get(t, "/incidents/1/queries/"+q.ID))
	if now.Matches != 3 || now.Fresh != 1 || len(now.Sample) != 1 || now.Sample[0].RecipientEmailAddress != "dan@harbour.test" || now.Query.Name != "Payroll mail" {
		t.Errorf("%+v", now)
	}
	reader.post(t, "/incidents/1/queries/"+q.ID+"/take", nil).problem(http.StatusForbidden)
	took := ok[api.IncidentTaken](kofi.post(t, "/incidents/1/queries/"+q.ID+"/take", nil))
	if took.Added != 1 || took.Total != 3 || took.Incident.Messages != 3 || took.Incident.People != 3 {
		t.Errorf("%+v", took)
	}

	// Changes, and two at the same time.
	owner := "kofi@harbour.test"
	i = ok[api.Incident](ada.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{Version: i.Version, Owner: &owner}))
	if i.Owner != owner || i.Acknowledged == nil || i.Version != 2 {
		t.Errorf("%+v", i)
	}
	severity := "Low"
	kofi.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{Version: 1, Severity: &severity}).problem(http.StatusConflict)
	nobody := "nobody@else.test"
	kofi.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{Owner: &nobody}).problem(http.StatusUnprocessableEntity)
	done, right, what := "Resolved", "True positive", "Phishing"
	if p := kofi.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{Status: &done}).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.classification" {
		t.Errorf("%+v", p)
	}

	// Notes and tasks.
	n := ok[api.IncidentNote](ada.post(t, "/incidents/1/notes", api.IncidentWords{Text: "@kofi please call Dan, ada@harbour.test is out."}))
	if fmt.Sprint(n.Mentions) != "[kofi@harbour.test]" || !n.Mine {
		t.Errorf("%+v", n)
	}
	if p := ok[api.IncidentPage](kofi.get(t, "/incidents", "mentioning_me", "true")); p.Total != 1 {
		t.Errorf("%+v", p)
	}
	if p := ok[api.IncidentPage](ada.get(t, "/incidents", "mentioning_me", "true")); p.Total != 0 {
		t.Errorf("%+v", p)
	}
	kofi.send(t, http.MethodPut, "/incidents/1/notes/"+n.ID, api.IncidentWords{Text: "mine now"}).problem(http.StatusForbidden)
	task := ok[api.IncidentTask](ada.post(t, "/incidents/1/tasks", api.IncidentTaskDraft{Title: "Call Dan", Owner: owner}))
	task = ok[api.IncidentTask](kofi.send(t, http.MethodPut, "/incidents/1/tasks/"+task.ID, api.IncidentTaskDraft{Title: "Call Dan", Owner: owner, Done: true, Version: 1}))
	if task.Done == nil || task.DoneBy != owner {
		t.Errorf("%+v", task)
	}

	s.clock.move(5 * time.Hour)
	f := ok[api.IncidentFacets](kofi.get(t, "/incidents/counts"))
	if f.All != 1 || f.Overdue != 1 || f.Mine != 1 || f.MentioningMe != 1 || f.Severity[0] != (api.IncidentValueCount{Value: "High", Count: 1}) {
		t.Errorf("%+v", f)
	}
	if p := ok[api.IncidentPage](kofi.get(t, "/incidents", "overdue", "true", "sort", "due")); p.Total != 1 || !p.Incidents[0].Due.Overdue || p.Incidents[0].Due.AcknowledgeLate {
		t.Errorf("%+v", p)
	}
	i = ok[api.Incident](kofi.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{Status: &done, Classification: &right, Determination: &what}))
	if i.Status != "Resolved" || i.Resolved == nil || i.Due.Overdue || !i.Due.ResolveLate {
		t.Errorf("%+v", i)
	}
	line := ok[api.IncidentTimeline](reader.get(t, "/incidents/1/timeline"))
	var kindsSeen []string
	for _, e := range line.Entries {
		kindsSeen = append(kindsSeen, e.Kind)
	}
	if got := strings.Join(kindsSeen, ", "); got != "changed, task done, task added, note, changed, messages added, messages added, query kept, created" {
		t.Error(got)
	}
	if e := line.Entries[3]; e.Note == nil || !strings.HasPrefix(e.Note.Text, "@kofi") || e.By != boss.Email {
		t.Errorf("%+v", e)
	}
}
