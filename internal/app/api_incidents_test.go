package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/mailout/mailouttest"
	"tocsin/internal/remediate/providertest"
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

// opened is a new incident with the mail that a filter finds.
func (c caller) opened(t *testing.T, name, filter string) api.Incident {
	t.Helper()
	ask := api.NewIncident{Name: name}
	if filter != "" {
		ask.Mail = &api.IncidentMailAsk{Query: &api.ActionQuery{Q: "EmailEvents | where " + filter}}
	}
	return ok[api.Incident](c.post(t, "/incidents", ask))
}

func TestIncidentsMergeAndSeparate(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	s.take(t, simple("one"), "bob@harbour.test", "cat@harbour.test")
	s.take(t, simple("two"), "bob@harbour.test")
	a, b, third := c.opened(t, "first", `Subject == "one"`), c.opened(t, "second", `Subject in ("one", "two")`), c.opened(t, "third", "")
	ok[api.IncidentNote](c.post(t, "/incidents/1/notes", api.IncidentWords{Text: "of the first"}))
	ok[api.IncidentTask](c.post(t, "/incidents/1/tasks", api.IncidentTaskDraft{Title: "of the first"}))
	c.post(t, "/incidents/1/merge", api.IncidentMerge{Into: "INC-0001"}).problem(http.StatusConflict)
	c.post(t, "/incidents/1/merge", api.IncidentMerge{Into: "99"}).problem(http.StatusNotFound)

	whole := ok[api.Incident](c.post(t, "/incidents/1/merge", api.IncidentMerge{Into: b.ID, Reason: "the same run"}))
	if whole.ID != b.ID || whole.Messages != 3 || whole.People != 2 || whole.Counts.Notes != 1 || whole.Counts.OpenTasks != 1 || whole.Counts.Merged != 1 {
		t.Errorf("%+v", whole)
	}
	pointer := ok[api.Incident](c.get(t, "/incidents/1"))
	if pointer.MergedInto != b.ID || pointer.MayWork || pointer.Messages != 2 {
		t.Errorf("%+v", pointer)
	}
	if p := c.post(t, "/incidents/1/notes", api.IncidentWords{Text: "too late"}).problem(http.StatusConflict); !strings.Contains(p.Detail, "INC-0001 was merged") {
		t.Errorf("%+v", p)
	}
	c.post(t, "/incidents/2/merge", api.IncidentMerge{Into: "1"}).problem(http.StatusConflict)
	if p := ok[api.IncidentPage](c.get(t, "/incidents")); p.Total != 2 {
		t.Errorf("%+v", p)
	}
	if p := ok[api.IncidentPage](c.get(t, "/incidents", "merged", "true")); p.Total != 3 {
		t.Errorf("%+v", p)
	}
	// All the way: the third takes both.
	all := ok[api.Incident](c.post(t, "/incidents/2/merge", api.IncidentMerge{Into: "3"}))
	if all.ID != third.ID || all.Messages != 3 || all.Counts.Merged != 2 || all.Counts.Notes != 1 {
		t.Errorf("%+v", all)
	}
	if m := ok[api.IncidentMembers](c.get(t, "/incidents/3/members")); len(m.Incidents) != 2 || m.Incidents[0].ID != a.ID {
		t.Errorf("%+v", m)
	}
	if e := ok[api.IncidentTimeline](c.get(t, "/incidents/3/timeline", "only", "notes")).Entries; len(e) != 1 || e[0].Incident != a.ID || e[0].Note.Text != "of the first" {
		t.Errorf("%+v", e)
	}
	if mail := ok[api.IncidentEmails](c.get(t, "/incidents/3/messages")); len(mail.Rows) != 3 {
		t.Errorf("%+v", mail)
	}
	// And back: the second goes with what was merged into it before.
	back := ok[api.Incident](c.post(t, "/incidents/2/separate", api.IncidentReason{Reason: "another run after all"}))
	if back.ID != b.ID || back.MergedInto != "" || back.Messages != 3 || back.Counts.Merged != 1 {
		t.Errorf("%+v", back)
	}
	if i := ok[api.Incident](c.get(t, "/incidents/3")); i.Messages != 0 || i.Counts.Merged != 0 || i.Counts.Notes != 0 || i.FirstActivity != nil {
		t.Errorf("%+v", i)
	}
	if i := ok[api.Incident](c.post(t, "/incidents/1/separate", api.IncidentReason{})); i.Messages != 2 || i.Counts.Notes != 1 || !i.MayWork {
		t.Errorf("%+v", i)
	}
	c.post(t, "/incidents/1/separate", api.IncidentReason{}).problem(http.StatusConflict)
	if i := ok[api.Incident](c.get(t, "/incidents/2")); i.Messages != 3 || i.Counts.Notes != 0 {
		t.Errorf("%+v", i)
	}
}

func TestRelatedIncidents(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	mail := func(id, from, to, subject, text string) {
		s.take(t, letter("From: "+from, "To: "+to, "Subject: "+subject, "Message-ID: <"+id+">", "", text), to)
	}
	mail("1", "m@evil.test", "bob@harbour.test", "a", "https://kit.test/1")
	mail("2", "m@evil.test", "cat@harbour.test", "b", "nothing")
	mail("3", "x@else.test", "dan@harbour.test", "c", "https://kit.test/2")
	mail("4", "y@else.test", "bob@harbour.test", "d", "nothing")
	mail("5", "z@else.test", "eve@harbour.test", "e", "nothing")
	for n, subject := range []string{"a", "b", "c", "d", "e"} {
		c.opened(t, fmt.Sprint("incident ", n+1), fmt.Sprintf("Subject == %q", subject))
	}
	c.opened(t, "again", `Subject == "a"`)
	got := ok[api.IncidentRelated](c.get(t, "/incidents/1/related"))
	var lines []string
	for _, r := range got.Related {
		for _, why := range r.Reasons {
			lines = append(lines, fmt.Sprintf("%d %s %s", r.Incident.Number, why.Kind, why.Value))
		}
	}
	want := "6 message , 6 sender m@evil.test, 6 url_host kit.test, 6 recipient , 3 url_host kit.test, 2 sender m@evil.test, 4 recipient "
	if strings.Join(lines, ", ") != want || got.Say != "" || got.Related[0].Score != 100 || got.Related[0].Reasons[0].Say != "1 message in both" {
		t.Errorf("%q\n%+v", lines, got)
	}
	c.opened(t, "empty", "")
	if r := ok[api.IncidentRelated](c.get(t, "/incidents/7/related")); len(r.Related) != 0 || !strings.Contains(r.Say, "no mail") {
		t.Errorf("%+v", r)
	}
}

// TestActionsInsideAnIncident: its timeline tells what was asked, who agreed, what became of it, and that it came back.
func TestActionsInsideAnIncident(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, mailed(m), func(_ *app.Config, o *app.Options) { o.CheckAfter = []time.Duration{time.Second} })
	asker, second := s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityOperator, auth.Approve)
	for _, to := range []string{"bob@harbour.test", "cat@harbour.test"} {
		m.Deliver(to, "INBOX", simple("campaign"), nil, time.Now())
	}
	s.take(t, simple("campaign"), "bob@harbour.test", "cat@harbour.test")
	asker.opened(t, "campaign", `Subject == "campaign"`)
	ask := api.ActionAsk{Kind: "Hard delete", Reason: "ticket 1", Incident: "INC-0001"}
	s.as(t, auth.SearchAndPurge).post(t, "/actions/plan", ask).problem(http.StatusForbidden)
	bad := ask
	bad.Incident = "INC-0002"
	if p := asker.post(t, "/actions/plan", bad).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.incident" {
		t.Errorf("%+v", p)
	}
	if p := ok[api.ActionPlan](asker.post(t, "/actions/plan", ask)); p.Targets != 2 || p.Possible != 2 {
		t.Errorf("%+v", p)
	}
	a := ok[api.Action](asker.post(t, "/actions", ask))
	a = ok[api.Action](second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{Reason: "seen it"}))
	asker.over(t, a)
	if p := ok[api.ActionPage](second.get(t, "/actions", "incident", a.Incident)); len(p.Actions) != 1 {
		t.Errorf("%+v", p)
	}
	i := ok[api.Incident](asker.get(t, "/incidents/1"))
	if i.Counts.Actions != 1 || i.Counts.OpenActions != 0 || a.Incident != i.ID {
		t.Errorf("%+v", i)
	}
	if sum := ok[api.IncidentSummary](asker.get(t, "/incidents/1/summary")); sum.Still != 0 || sum.Outcomes[3].Count != 2 {
		t.Errorf("%+v", sum)
	}
	m.Deliver("bob@harbour.test", "INBOX", simple("campaign"), nil, time.Now())
	var lines []string
	comes(t, "the drift is not told", func() bool {
		s.clock.move(time.Second)
		lines = nil
		for _, e := range ok[api.IncidentTimeline](second.get(t, "/incidents/1/timeline", "only", "system")).Entries {
			lines = append(lines, e.Kind+": "+e.Say)
		}
		return strings.HasPrefix(lines[0], "action drifted")
	})
	want := []string{
		"action drifted: found mail again that hard delete had dealt with, in the mailbox of bob@harbour.test", "action over: ended hard delete: Done; 2 of 2 done", "action decided: approved hard delete: seen it",
		"action asked for: asked for hard delete: 2 email events in 2 mailboxes; it waits for 1 approval", "messages added: put 2 email events in by a query", "created: opened it with the severity Medium",
	}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("%q", lines)
	}
}

// TestIncidentChangesAtOnce: of many that change the version they saw, one wins; those who name none all do.
func TestIncidentChangesAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	c.opened(t, "busy", "")
	const n = 20
	codes := make(chan int, n)
	for k := range n {
		go func() {
			name := fmt.Sprint("name ", k)
			codes <- c.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{Version: 1, Name: &name}).status
		}()
	}
	won := 0
	for range n {
		switch got := <-codes; got {
		case http.StatusOK:
			won++
		case http.StatusConflict:
		default:
			t.Errorf("status %d", got)
		}
	}
	if i := ok[api.Incident](c.get(t, "/incidents/1")); won != 1 || i.Version != 2 {
		t.Errorf("%d won, %+v", won, i)
	}
	for k := range n {
		go func() {
			codes <- c.send(t, http.MethodPut, "/incidents/1", api.IncidentChange{AddTags: []string{fmt.Sprint("tag ", k)}}).status
		}()
	}
	for range n {
		if got := <-codes; got != http.StatusOK {
			t.Errorf("status %d", got)
		}
	}
	if i := ok[api.Incident](c.get(t, "/incidents/1")); len(i.Tags) != n || i.Version != 2+n {
		t.Errorf("%+v", i)
	}
}

func TestIncidentsInBulk(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	for k := range 5 {
		c.opened(t, fmt.Sprint("incident ", k+1), "")
	}
	ok[api.Incident](c.post(t, "/incidents/5/merge", api.IncidentMerge{Into: "4"}))
	done, what, which := "Resolved", "False positive", "Not malicious"
	r := ok[api.IncidentBulkDone](c.post(t, "/incidents/bulk", api.IncidentBulk{IDs: []string{"1", "2", "5", "99"}, Change: &api.IncidentChange{Status: &done, Classification: &what, Determination: &which, AddTags: []string{"quiet"}}}))
	if r.Done != 2 || len(r.Failed) != 2 || !strings.Contains(r.Failed[0].Say, "INC-0005 was merged") || r.Failed[1].Say != "there is no such incident" {
		t.Errorf("%+v", r)
	}
	if f := ok[api.IncidentFacets](c.get(t, "/incidents/counts", "status", "Resolved")); f.All != 2 || len(f.Status) != 2 || f.Tag[0] != (api.IncidentValueCount{Value: "quiet", Count: 2}) {
		t.Errorf("%+v", f)
	}
	if r := ok[api.IncidentBulkDone](c.post(t, "/incidents/bulk", api.IncidentBulk{IDs: []string{"2", "3"}, MergeInto: "1", Reason: "one run"})); r.Done != 2 {
		t.Errorf("%+v", r)
	}
	c.post(t, "/incidents/bulk", api.IncidentBulk{IDs: []string{"2"}}).problem(http.StatusUnprocessableEntity)
}

// TestIncidentPages: every sort gives every incident once, in both directions.
func TestIncidentPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	for k := range 9 {
		ok[api.Incident](c.post(t, "/incidents", api.NewIncident{Name: fmt.Sprint("incident ", k%3), Severity: []string{"Low", "High", "Medium"}[k%3]}))
	}
	for _, sort := range []string{"number", "created", "updated", "severity", "status", "name", "owner", "due", "messages", "last_activity"} {
		for _, desc := range []string{"true", "false"} {
			seen := map[int64]bool{}
			cursor, pages := "", 0
			for {
				p := ok[api.IncidentPage](c.get(t, "/incidents", "sort", sort, "desc", desc, "limit", "4", "cursor", cursor))
				for _, i := range p.Incidents {
					if seen[i.Number] {
						t.Errorf("%s %s: %s twice", sort, desc, i.Label)
					}
					seen[i.Number] = true
				}
				if pages++; p.Next == "" || pages > 5 {
					break
				}
				cursor = p.Next
			}
			if len(seen) != 9 || pages != 3 {
				t.Errorf("%s %s: %d incidents on %d pages", sort, desc, len(seen), pages)
			}
		}
	}
	if p := ok[api.IncidentPage](c.get(t, "/incidents", "sort", "severity")); p.Incidents[0].Severity != "High" || p.Incidents[8].Severity != "Low" {
		t.Errorf("%+v", p.Incidents)
	}
	c.get(t, "/incidents", "cursor", "nonsense").problem(http.StatusUnprocessableEntity)
	ok[api.Incident](c.post(t, "/incidents", api.NewIncident{Name: "Платёж", Description: "ЭТО наш отдел", Tags: []string{"Срочно"}}))
	for text, want := range map[string]int{"ПЛАТЁЖ": 1, "это НАШ": 1, "срочно": 1, "INC-0003": 1, "incident 1": 3, "nothing": 0, "%": 0} {
		if p := ok[api.IncidentPage](c.get(t, "/incidents", "text", text)); p.Total != want {
			t.Errorf("%q finds %d", text, p.Total)
		}
	}
}

func TestIncidentReportAndBundle(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	evil := `<script>alert("1")</script>`
	s.take(t, letter("From: m@evil.test", "To: bob@harbour.test", "Subject: "+evil, "Message-ID: <1>", "", "See https://evil.test/a"), "bob@harbour.test")
	s.take(t, letter("From: m@evil.test", "To: bob@harbour.test", "Subject: =1+1", "Message-ID: <2>", "", "See https://evil.test/b"), "bob@harbour.test")
	c.opened(t, "Фишинг "+evil, `SenderFromAddress == "m@evil.test"`)
	ok[api.IncidentNote](c.post(t, "/incidents/1/notes", api.IncidentWords{Text: evil}))
	r := c.get(t, "/incidents/1/report").want(http.StatusOK)
	if page := string(r.body); strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "hxxps://evil[.]test/a") || !strings.Contains(page, "Harbour") ||
		!strings.Contains(r.header.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(r.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%s\n%v", page, r.header)
	}
	if r := c.get(t, "/incidents/1/report", "format", "pdf").want(http.StatusOK); !strings.HasPrefix(string(r.body), "%PDF-") || r.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%v", r.header)
	}

	const secret = "correct horse battery"
	ask := api.IncidentBundle{Reason: "ticket 1", Password: secret}
	if p := c.post(t, "/incidents/1/bundle", ask).problem(http.StatusForbidden); !strings.Contains(p.Detail, "email.preview") || !strings.Contains(p.Detail, "2 messages") {
		t.Errorf("%+v", p)
	}
	short := ask
	short.Password = "пароль-пароль"
	c.post(t, "/incidents/1/bundle", short).problem(http.StatusUnprocessableEntity)
	without := ask
	none := false
	without.Messages = &none
	c.post(t, "/incidents/1/bundle", without).want(http.StatusOK)
	before := len(s.audited(t, auth.ActDownload))
	raw := s.as(t, auth.SecurityReader, auth.Preview).post(t, "/incidents/1/bundle", ask).want(http.StatusOK).body
	if got := s.audited(t, auth.ActDownload); len(got) != before+2 || got[0].Reason != "ticket 1" {
		t.Errorf("%+v", got)
	}
	unpacked(t, raw, secret)
	line := ok[api.IncidentTimeline](c.get(t, "/incidents/1/timeline"))
	if e := line.Entries[0]; e.Kind != "exported" || !strings.Contains(e.Say, "with 2 messages; the manifest's SHA-256 is ") {
		t.Errorf("%+v", e)
	}
}

// unpacked opens a bundle with another program and checks it by its manifest.
func unpacked(t *testing.T, raw []byte, secret string) {
	t.Helper()
	tool, err := exec.LookPath("7z")
	if err != nil {
		t.Skip("7z (Debian: p7zip-full) is not installed")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "b.zip")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "x", "-y", "-p"+secret, "-o"+dir, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m api.BundleManifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		t.Fatal(err)
	}
	if m.Incident != "INC-0001" || m.Messages != 2 || m.Events != 2 || len(m.Without) != 0 || len(m.Files) != 9 || m.Reason != "ticket 1" {
		t.Errorf("%s", manifest)
	}
	mails := 0
	for _, f := range m.Files {
		got, err := os.ReadFile(filepath.Join(dir, f.Name))
		if sum := sha256.Sum256(got); err != nil || hex.EncodeToString(sum[:]) != f.SHA256 || len(got) != f.Size || !f.Encrypted {
			t.Errorf("%+v: %v", f, err)
		}
		if strings.HasPrefix(f.Name, "messages/") {
			mails++
			if !strings.HasPrefix(string(got), "From: m@evil.test\r\n") {
				t.Errorf("%s: %q", f.Name, got)
			}
		}
		if bytes.Contains(raw, got[:min(len(got), 40)]) && len(got) > 0 {
			t.Errorf("%s lies in the archive as it is", f.Name)
		}
	}
	if mails != 2 {
		t.Errorf("%d messages", mails)
	}
	sheet, err := os.ReadFile(filepath.Join(dir, "emails.csv"))
	if err != nil || !strings.Contains(string(sheet), "'=1+1") {
		t.Errorf("%v\n%s", err, sheet)
	}
}

// TestMentionsAreTold: who is mentioned gets one letter, which quotes nothing.
func TestMentionsAreTold(t *testing.T) {
	t.Parallel()
	b := mailouttest.Start(t)
	s := open(t, mailing(b), func(c *app.Config, _ *app.Options) { c.HTTP.PublicURL = "https://tocsin.harbour.test" })
	for _, who := range []string{"ada@harbour.test", "kofi@harbour.test"} {
		s.operator(t, who, auth.SecurityOperator)
	}
	s.operator(t, "zoe@harbour.test", auth.SecurityReader)
	ada := s.nobody().signIn(t, "ada@harbour.test")
	ada.opened(t, "secret name", "")
	n := ok[api.IncidentNote](ada.post(t, "/incidents/1/notes", api.IncidentWords{Text: "@kofi @ada @zoe look at the secret"}))
	ok[api.IncidentNote](ada.send(t, http.MethodPut, "/incidents/1/notes/"+n.ID, api.IncidentWords{Text: "@kofi look at the other secret"}))
	comes(t, "no letter came", func() bool { return len(b.Letters()) > 0 })
	ok[api.IncidentNote](ada.post(t, "/incidents/1/notes", api.IncidentWords{Text: "and @kofi again"}))
	comes(t, "the second letter did not come", func() bool { return len(b.Letters()) > 1 })
	for _, l := range b.Letters() {
		if text := string(l.Raw); l.To != "kofi@harbour.test" || strings.Contains(text, "secret") || !strings.Contains(text, "https://tocsin.harbour.test/incidents/1") || !strings.Contains(text, "INC-0001") {
			t.Errorf("%s: %s", l.To, text)
		}
	}
	if len(b.Letters()) != 2 {
		t.Errorf("%d letters", len(b.Letters()))
	}
}
