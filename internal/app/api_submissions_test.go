package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/ingest"
	"tocsin/internal/mailout/mailouttest"
	"tocsin/internal/remediate/providertest"
)

func reporting(c *app.Config, _ *app.Options) {
	c.Submissions.Address, c.Submissions.Every = "report@harbour.test", 10*time.Second
}

// forwarded is a message to the address for reports, with others attached.
func forwarded(from, subject, text string, originals ...[]byte) []byte {
	var b strings.Builder
	b.WriteString("From: " + from + "\r\nTo: report@harbour.test\r\nSubject: " + subject + "\r\nMessage-ID: <" + url.QueryEscape(from+subject) + "@harbour.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n")
	for _, o := range originals {
		b.WriteString("--b\r\nContent-Type: message/rfc822\r\n\r\n" + string(o) + "\r\n")
	}
	return []byte(b.String() + "--b--\r\n")
}

// report hands a report in, as somebody who signed in to the mail system; "" for a stranger.
func (s *site) report(t *testing.T, raw []byte, user string, to ...string) {
	t.Helper()
	if len(to) == 0 {
		to = []string{"report@harbour.test"}
	}
	_, err := s.Intake().Accept(t.Context(), raw, ingest.Envelope{Source: "smtp", MailFrom: "x@harbour.test", MailFromKnown: true, AuthUser: user, Recipients: to, Time: s.clock.now()})
	if err == nil {
		err = s.Judged(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (c caller) submissions(t *testing.T, pairs ...string) []api.Submission {
	t.Helper()
	return ok[api.SubmissionPage](c.get(t, "/submissions", pairs...)).Submissions
}

func TestSubmissionsFromReportToAnswer(t *testing.T) {
	t.Parallel()
	b := mailouttest.Start(t)
	s := open(t, reporting, mailing(b))
	reader, operator, previewer := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityReader, auth.Preview)
	original := simple("one")
	id := s.take(t, original, "bob@harbour.test", "cat@harbour.test")
	s.report(t, forwarded("Bob Ross <bob@harbour.test>", "FW: one", "Is this good?", original), "bob@harbour.test")
	s.report(t, forwarded("cat@harbour.test", "FW: one", "me too", append([]byte("Received: by gateway\r\n"), original...)), "cat@harbour.test", "report+spam@harbour.test")
	s.report(t, forwarded("Chief <dan@harbour.test>", "FW: one", "answer me", original), "") // nobody proves it
	s.report(t, forwarded("bob@harbour.test", "Out of office", "away"), "", "report@harbour.test")

	list := reader.submissions(t)
	if len(list) != 2 {
		t.Fatalf("%d submissions: %+v", len(list), list)
	}
	x := list[1]
	if x.State != "New" || x.Type != "Phish" || x.Match != "Exact" || x.NetworkMessageID != id || x.Reports != 3 || x.Reporters != 3 || x.Unproven != 1 || x.Subject != "one" || x.Verdict.At == nil || len(x.Verdict.Threats) != 0 {
		t.Errorf("%+v", x)
	}
	d := ok[api.SubmissionDetail](reader.get(t, "/submissions/"+x.ID))
	if len(d.ReportList) != 3 || d.CanLook || d.WhyNot == "" || d.ReportList[0].Comment != "Is this good?" || d.ReportList[1].Type != "Spam" || d.ReportList[2].Proven || !strings.Contains(d.ReportList[2].Proof, "not proven") {
		t.Errorf("%+v", d)
	}
	// The local model hears of the two whose report is proven.
	if l := ok[api.Learning](reader.get(t, "/learning")); l.Phish != 1 || l.Spam != 1 {
		t.Errorf("learned %+v", l)
	}
	// A report is no mail of its own, and nobody counts it as an attack.
	if n := ok[api.Count](reader.get(t, "/explorer/count", "q", `EmailEvents | where RecipientEmailAddress startswith "report"`)); n.Events != 0 {
		t.Errorf("%d events of the address for reports", n.Events)
	}
	comes(t, "hunting does not know the reports", func() bool {
		return len(s.kql(t, `UserSubmissions | where ActionType == "UserSubmission" and NetworkMessageId == "`+id+`"`)) == 3
	})
	if n := ok[api.Count](reader.get(t, "/explorer/count", "view", "submissions")); n.Events != 2 || n.Messages != 1 {
		t.Errorf("Explorer's view: %+v", n)
	}
	timeline := string(reader.get(t, "/emails/"+id+"/timeline").want(http.StatusOK).body)
	for _, say := range []string{"Reported as phish", "Reported as spam", "sender not proven", "bob@harbour.test"} {
		if !strings.Contains(timeline, say) {
			t.Errorf("the timeline does not say %q: %s", say, timeline)
		}
	}

	// Who may work on it.
	state := func(v string) *string { return &v }
	reader.send(t, http.MethodPut, "/submissions/"+x.ID, api.SubmissionChange{Revision: x.Revision, State: state("In triage")}).problem(http.StatusForbidden)
	operator.send(t, http.MethodPut, "/submissions/"+x.ID, api.SubmissionChange{Revision: 99, State: state("In triage")}).problem(http.StatusConflict)
	d = ok[api.SubmissionDetail](operator.send(t, http.MethodPut, "/submissions/"+x.ID, api.SubmissionChange{Revision: x.Revision, State: state("In triage"), Owner: state("me")}))
	if d.State != "In triage" || !strings.Contains(d.Owner, "security-operator") || len(operator.submissions(t, "owner", "me")) != 1 || len(operator.submissions(t, "owner", "none")) != 1 {
		t.Errorf("%+v", d)
	}
	if n := len(operator.submissions(t, "state", "New", "state", "In triage")); n != 2 {
		t.Errorf("%d submissions wait", n)
	}
	if p := operator.send(t, http.MethodPut, "/submissions/"+x.ID, api.SubmissionChange{Revision: d.Revision, State: state("Closed")}).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.result" {
		t.Errorf("%+v", p)
	}
	operator.post(t, "/submissions/"+x.ID+"/content", api.Reason{Reason: "ticket"}).problem(http.StatusForbidden)
	if c := ok[api.SubmissionContent](previewer.post(t, "/submissions/"+x.ID+"/content", api.Reason{Reason: "ticket"})); !strings.Contains(c.Plain, "Shall we meet at noon?") || c.Quoted {
		t.Errorf("%+v", c)
	}
	ok[api.SubmissionDetail](operator.post(t, "/submissions/"+x.ID+"/judge", nil))

	// Closing answers who is proven, in the organisation's words, once.
	chief := s.as(t, auth.SecurityAdministrator)
	a := ok[api.SubmissionAnswers](reader.get(t, "/submissions/answers"))
	a.Texts["Not junk"] = "Dear {{name}}, {{subject}} is fine. {{note}}"
	a.Placeholders, a.At, a.By, a.Address, a.Folders = nil, nil, "", "", nil
	operator.send(t, http.MethodPut, "/submissions/answers", a).problem(http.StatusForbidden)
	a = ok[api.SubmissionAnswers](chief.send(t, http.MethodPut, "/submissions/answers", a))
	if a.Revision != 1 || a.Address != "report@harbour.test" {
		t.Errorf("%+v", a)
	}
	d = ok[api.SubmissionDetail](operator.send(t, http.MethodPut, "/submissions/"+x.ID, api.SubmissionChange{Revision: d.Revision, State: state("Closed"), Result: state("Not junk"), Note: state("It is Ann."), Label: true}))
	if d.State != "Closed" || d.Result != "Not junk" || d.Closed == nil || !strings.Contains(d.Labelled, "good") {
		t.Errorf("%+v", d)
	}
	comes(t, "nobody is answered", func() bool { return len(b.Letters()) == 2 })
	var told []string
	for _, l := range b.Letters() {
		told = append(told, l.To)
		if !strings.Contains(string(l.Raw), "one is fine. It is Ann.") {
			t.Errorf("letter: %s", l.Raw)
		}
	}
	if slices.Sort(told); !slices.Equal(told, []string{"bob@harbour.test", "cat@harbour.test"}) {
		t.Errorf("answered %v", told)
	}
	comes(t, "hunting does not know the result", func() bool {
		return len(s.kql(t, `UserSubmissions | where ActionType == "UserSubmissionTriage" and Result == "Not junk"`)) == 1
	})
	from, to := s.clock.now().Add(-time.Hour).Format(time.RFC3339), s.clock.now().Add(time.Hour).Format(time.RFC3339)
	for split, want := range map[string]int64{"SubmissionType": 4, "Result": 4, "ReporterEmailAddress": 4} {
		c := ok[api.Chart](reader.get(t, "/submissions/chart", "split", split, "from", from, "to", to))
		if c.Total != want || len(c.Series) < 2 {
			t.Errorf("chart by %s: %+v", split, c)
		}
	}
	m := ok[api.SubmissionMetrics](reader.get(t, "/submissions/metrics", "to", to))
	if m.Reports != 4 || m.Open != 1 || len(m.Days) == 0 || len(m.Reporters) != 2 || m.Reporters[0].Wrong != 1 || m.Reporters[0].Right != 0 {
		t.Errorf("%+v", m)
	}
	// A later report of the same message hears at once what it was.
	s.report(t, forwarded("eve@harbour.test", "FW: one", "and me", original), "eve@harbour.test")
	comes(t, "a late reporter is not answered", func() bool { return len(b.Letters()) == 3 })
}

// TestReportedMailThatTocsinNeverSaw is judged and delivered to nobody.
func TestReportedMailThatTocsinNeverSaw(t *testing.T) {
	t.Parallel()
	s := open(t, reporting)
	operator := s.as(t, auth.SecurityOperator)
	unseen := simple("unseen")
	d := ok[api.SubmissionDetail](operator.post(t, "/submissions/message?type=Malware&reporter=bob@harbour.test&comment=look", unseen))
	if d.Match != "None" || d.NetworkMessageID != "" || !d.Bytes || d.Verdict.At == nil || d.ReportList[0].Reporter != "bob@harbour.test" || d.Type != "Malware" {
		t.Errorf("%+v", d)
	}
	if n := ok[api.Count](operator.get(t, "/explorer/count")); n.Events != 0 {
		t.Error("a reported message became an event")
	}
	again := ok[api.SubmissionDetail](operator.post(t, "/submissions/message?reporter=bob@harbour.test", unseen))
	if again.ID != d.ID || again.Reports != 1 {
		t.Errorf("the same report again: %+v", again)
	}
	operator.post(t, "/submissions/message", []byte("no message")).problem(http.StatusUnprocessableEntity)
	operator.post(t, "/submissions/message?reporter=nobody", unseen).problem(http.StatusUnprocessableEntity)
	operator.post(t, "/submissions", api.SubmissionNew{NetworkMessageID: "01890000-0000-7000-8000-000000000000", Type: "Phish"}).problem(http.StatusNotFound)
	s.as(t, auth.SecurityReader).post(t, "/submissions/message", unseen).problem(http.StatusForbidden)

	id := s.take(t, simple("named"), "bob@harbour.test")
	named := ok[api.SubmissionDetail](operator.post(t, "/submissions", api.SubmissionNew{NetworkMessageID: id, Type: "Spam"}))
	if named.Match != "Exact" || named.NetworkMessageID != id || named.ReportList[0].Form != "Named" {
		t.Errorf("%+v", named)
	}
	// Quoted mail is likely the message that the reporter got, and never another's.
	s.report(t, letter("From: bob@harbour.test", "To: report@harbour.test", "Subject: WG: named", "Message-ID: <q@harbour.test>", "", "seltsam", "", "Von: Ann Sender <ann@sender.test>", "Gesendet: heute", "An: bob@harbour.test", "Betreff: named", "", "Shall we"), "bob@harbour.test")
	got := operator.submissions(t, "message", id)
	if len(got) != 1 || got[0].Reports != 2 || got[0].Match != "Exact" {
		t.Errorf("%+v", got)
	}
}

// TestWatchedFolder: what somebody moves into the folder is their report, once.
func TestWatchedFolder(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, reporting, mailed(m), func(c *app.Config, _ *app.Options) {
		c.Submissions.Folders, c.Submissions.Every = []string{"Report phishing", "Not junk"}, 50*time.Millisecond
		c.Organisation.People = []app.Person{{Name: "Bob", Address: "bob@harbour.test"}, {Name: "Cat", Address: "cat@harbour.test"}, {Name: "Nobody", Address: "none@harbour.test"}}
	})
	reader := s.as(t, auth.SecurityReader)
	id := s.take(t, simple("moved"), "bob@harbour.test")
	m.Deliver("bob@harbour.test", "Report phishing", simple("moved"), nil, time.Now())
	m.Deliver("cat@harbour.test", "Not junk", simple("liked"), nil, time.Now())
	comes(t, "nothing is taken from the folders", func() bool { return len(reader.submissions(t)) == 2 })
	m.Deliver("bob@harbour.test", "Report phishing", simple("moved"), nil, time.Now()) // taken back, and put there again
	m.Deliver("bob@harbour.test", "Report phishing", simple("third"), nil, time.Now())
	comes(t, "what came later is not taken", func() bool { return len(reader.submissions(t)) == 3 })
	x := reader.submissions(t, "message", id)
	if len(x) != 1 || x[0].Reports != 1 || x[0].Match != "Exact" || x[0].Unproven != 0 {
		t.Errorf("%+v", x)
	}
	if liked := reader.submissions(t, "type", "Not junk"); len(liked) != 1 || liked[0].Subject != "liked" {
		t.Errorf("%+v", liked)
	}
}
