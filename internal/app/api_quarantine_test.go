package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/mailout"
	"tocsin/internal/remediate/providertest"
)

// baited is a lure of its own: another Message-ID, another subject.
func baited(t testing.TB, subject string) []byte {
	t.Helper()
	raw := string(lure(t))
	head, rest, _ := strings.Cut(raw, "\r\n")
	return []byte(head + "\r\nX-Copy: " + subject + "\r\n" + rest)
}

// digesting makes a site that would send mail, and never does: nobody listens there.
func digesting(c *app.Config, _ *app.Options) {
	c.Outgoing = app.Outgoing{Server: "127.0.0.1:1", TLS: "none", From: "Security <security@harbour.test>"}
	c.HTTP.PublicURL = "https://tocsin.harbour.test"
	c.Quarantine.Digest.At = "00:00"
}

func held(t testing.TB, c caller, pairs ...string) (out []string) {
	t.Helper()
	for _, e := range ok[api.QuarantinePage](c.get(t, "/quarantine", pairs...)).Entries {
		out = append(out, e.Recipient+" "+e.State)
	}
	return out
}

func (s *site) heldRound(t testing.TB) {
	t.Helper()
	if err := s.HeldRound(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// letters are those that wait to be sent, newest first.
func (s *site) letters(t testing.TB, purpose string) []mailout.Entry {
	t.Helper()
	list, err := s.KeptLetters().Page(t.Context(), mailout.Filter{Purpose: purpose, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestQuarantineFromListToRelease(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, acting, mailed(m))
	reader, analyst := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	second := s.as(t, auth.SecurityOperator, auth.Approve)
	for _, who := range []string{"bob", "cat", "dan"} {
		m.Deliver(who+"@harbour.test", "INBOX", simple("hello"), nil, time.Now())
	}
	id := s.take(t, lure(t), "bob@harbour.test", "cat@harbour.test", "dan@harbour.test")
	s.clock.move(time.Second)
	later := s.take(t, simple("lunch"), "bob@harbour.test")
	m.Deliver("bob@harbour.test", "INBOX", simple("lunch"), nil, time.Now())
	if got := held(t, reader); !sameLines(got, []string{"bob@harbour.test held", "cat@harbour.test held", "dan@harbour.test held"}) {
		t.Fatal(got)
	}
	page := ok[api.QuarantinePage](reader.get(t, "/quarantine", "sort", "recipient", "desc", "false", "limit", "2"))
	if len(page.Entries) != 2 || page.Entries[0].Recipient != "bob@harbour.test" || page.Next == "" {
		t.Fatalf("%+v", page)
	}
	if e := page.Entries[0]; e.Threats == "" || e.Policy == "" || e.Expires == nil || e.Expires.Sub(e.Since) != 30*24*time.Hour || e.MovedBy != "" || e.Request != nil || !e.Since.Equal(e.Received) {
		t.Errorf("%+v", e)
	}
	rest := ok[api.QuarantinePage](reader.get(t, "/quarantine", "sort", "recipient", "desc", "false", "limit", "2", "cursor", page.Next))
	if len(rest.Entries) != 1 || rest.Entries[0].Recipient != "dan@harbour.test" || rest.Next != "" {
		t.Errorf("%+v", rest)
	}
	reader.get(t, "/quarantine", "sort", "subject", "cursor", page.Next).problem(http.StatusUnprocessableEntity)
	for want, filter := range map[int][]string{3: {"threat", "Phish"}, 0: {"threat", "Spam"}, 1: {"recipient", "dan@"}} {
		if n := len(held(t, reader, filter...)); n != want {
			t.Errorf("%v: %d", filter, n)
		}
	}
	for _, odd := range []string{`zebra' or 1 == 1`, `"`, `\`, "%", "|", "\x00"} {
		if got := held(t, reader, "text", odd, "state", "all"); len(got) != 0 {
			t.Errorf("%q finds %q", odd, got)
		}
	}
	// What an action puts there is there since then, and says who did.
	s.clock.move(time.Minute)
	a := analyst.over(t, ok[api.Action](analyst.post(t, "/actions", api.ActionAsk{Kind: "Quarantine", Reason: "ticket 1", Events: []api.ActionEvent{{NetworkMessageID: later, Recipient: "bob@harbour.test"}}})))
	if a.State != "Done" {
		t.Fatalf("%+v", a)
	}
	newest := ok[api.QuarantinePage](reader.get(t, "/quarantine", "limit", "1")).Entries[0]
	if newest.NetworkMessageID != later || newest.MovedBy != "Manual remediation" || newest.Policy != "" || newest.Since.Sub(newest.Received) < 59*time.Second || !strings.Contains(newest.MovedFor, "nobody.") {
		t.Errorf("%+v", newest)
	}
	if sum := ok[api.QuarantineSummary](reader.get(t, "/quarantine/summary")); sum.Held != 4 || sum.Asked != 0 || sum.KeepHours != 720 || sum.Digest != "" || sum.Expiring != 0 {
		t.Errorf("%+v", sum)
	}

	// Two of three are let go; the third stays.
	release := api.QuarantineRelease{QuarantineAsk: api.QuarantineAsk{Events: []api.ActionEvent{{NetworkMessageID: strings.ToUpper(id), Recipient: "bob@harbour.test"}, {NetworkMessageID: id, Recipient: "cat@harbour.test"}}, Reason: "ticket 2"}, FalsePositive: true}
	reader.post(t, "/quarantine/release", release).problem(http.StatusForbidden)
	second.post(t, "/quarantine/release", release).problem(http.StatusForbidden)
	plan := ok[api.ActionPlan](analyst.post(t, "/quarantine/plan", api.QuarantinePlanAsk{QuarantineAsk: release.QuarantineAsk, Kind: "Release"}))
	if plan.Targets != 2 || plan.Possible != 2 || plan.Approvals != 0 || !plan.Undoable {
		t.Errorf("%+v", plan)
	}
	release.Plan = strings.Repeat("0", 64)
	analyst.post(t, "/quarantine/release", release).problem(http.StatusConflict)
	release.Plan = plan.Digest
	if a = analyst.over(t, ok[api.Action](analyst.post(t, "/quarantine/release", release))); a.State != "Done" || a.Counts.Done != 2 {
		t.Fatalf("%+v", a)
	}
	raw := m.Look("cat@harbour.test")
	if len(raw) != 2 || string(raw[1].Raw) != string(lure(t)) && string(raw[0].Raw) != string(lure(t)) {
		t.Errorf("%d letters, and none is what came in", len(raw))
	}
	if n := len(s.audited(t, auth.ActLabel)); n != 1 {
		t.Errorf("%d labels", n)
	}
	if got := held(t, reader, "state", "all", "text", "@harbour.test", "sort", "recipient", "desc", "false", "to", newest.Since.Format(time.RFC3339Nano)); strings.Join(got, ",") != "bob@harbour.test released,cat@harbour.test released,dan@harbour.test held" {
		t.Error(got)
	}
	// Undone, it is held again, since then.
	u := analyst.over(t, ok[api.Action](analyst.post(t, "/actions/"+a.ID+"/undo", api.ActionWords{Reason: "too early"})))
	if got := held(t, reader, "recipient", "cat@"); u.State != "Done" || len(got) != 1 || got[0] != "cat@harbour.test held" {
		t.Errorf("%+v %q", u, got)
	}

	// All that match, for good: the approval policy asks for another person.
	del := api.QuarantineAsk{Filter: &api.QuarantineFilter{Threat: "Phish"}, Reason: "ticket 3"}
	analyst.post(t, "/quarantine/delete", api.QuarantineAsk{Filter: &api.QuarantineFilter{State: "released"}, Reason: "x"}).problem(http.StatusUnprocessableEntity)
	d := ok[api.Action](analyst.post(t, "/quarantine/delete", del))
	if d.State != "Waiting for approval" || d.Counts.Targets != 3 || !strings.Contains(d.Query, "Quarantine") {
		t.Errorf("%+v", d)
	}
	second.post(t, "/actions/"+d.ID+"/approve", api.ActionWords{}).want(http.StatusOK)
	if d = analyst.over(t, d); d.State != "Done" || d.Counts.Done != 3 {
		t.Errorf("%+v", d)
	}
	if got := held(t, reader, "state", "deleted"); len(got) != 3 {
		t.Error(got)
	}
	if got := held(t, reader); len(got) != 1 {
		t.Error(got)
	}
	analyst.post(t, "/quarantine/plan", api.QuarantinePlanAsk{QuarantineAsk: release.QuarantineAsk, Kind: "Release"}).problem(http.StatusUnprocessableEntity)
}

// TestHeldMailIsDeletedWithoutAMailSystem: what was stopped at delivery lies in no mailbox.
func TestHeldMailIsDeletedWithoutAMailSystem(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	analyst, second := s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityOperator, auth.Approve)
	id := s.take(t, lure(t), "bob@harbour.test")
	s.take(t, simple("lunch"), "bob@harbour.test")
	ask := api.QuarantineAsk{Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "bob@harbour.test"}}, Reason: "x"}
	if p := ok[api.ActionPlan](analyst.post(t, "/quarantine/plan", api.QuarantinePlanAsk{QuarantineAsk: ask, Kind: "Release"})); p.Possible != 0 || p.Impossible[0].Why != "No mail system is connected for this mailbox." {
		t.Errorf("%+v", p)
	}
	// Beside one that cannot be.
	both := ok[api.Action](analyst.post(t, "/actions", api.ActionAsk{Kind: "Hard delete", Reason: "x", Query: &api.ActionQuery{}}))
	second.post(t, "/actions/"+both.ID+"/approve", api.ActionWords{}).want(http.StatusOK)
	if both = analyst.over(t, both); both.State != "Partly done" || both.Counts.Done != 1 || both.Counts.Skipped != 1 {
		t.Errorf("%+v", both)
	}
	if got := held(t, analyst, "state", "all"); len(got) != 1 || got[0] != "bob@harbour.test deleted" {
		t.Error(got)
	}
}

func TestHeldMailExpires(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, acting, mailed(m), func(c *app.Config, _ *app.Options) { c.Quarantine.Keep = 48 * time.Hour })
	reader, analyst := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	m.Deliver("cat@harbour.test", "INBOX", simple("other"), nil, time.Now())
	id := s.take(t, lure(t), "bob@harbour.test", "cat@harbour.test")
	sum := ok[api.Email](reader.get(t, "/emails/"+id)).Event.RawSHA256
	kept := func() bool {
		t.Helper()
		has, err := s.Raw().Exists(t.Context(), sum)
		if err != nil {
			t.Fatal(err)
		}
		return has
	}
	expire := func(want int) {
		t.Helper()
		if n, err := s.ExpireQuarantine(t.Context()); err != nil || n != want {
			t.Fatalf("%d expired, %v; want %d", n, err, want)
		}
	}
	needed := func() bool {
		t.Helper()
		f, err := s.NeededByQuarantine(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return f(sum)
	}
	s.clock.move(47 * time.Hour)
	expire(0)
	if !needed() {
		t.Error("retention would take the bytes of held mail")
	}
	release := api.QuarantineRelease{QuarantineAsk: api.QuarantineAsk{Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "cat@harbour.test"}}, Reason: "x"}}
	if a := analyst.over(t, ok[api.Action](analyst.post(t, "/quarantine/release", release))); a.State != "Done" {
		t.Fatalf("%+v", a)
	}
	s.clock.move(2 * time.Hour)
	expire(1)
	expire(0)
	if !kept() || needed() {
		t.Error("cat has it: its bytes go with the retention of mail, and not before")
	}
	if got := held(t, reader, "state", "all", "sort", "recipient", "desc", "false"); strings.Join(got, ",") != "bob@harbour.test expired,cat@harbour.test released" {
		t.Error(got)
	}
	if got := s.kql(t, `EmailPostDeliveryEvents | where Action == "Expired in quarantine" | project strcat(RecipientEmailAddress, " ", ActionTrigger, " ", DeliveryLocation)`); len(got) != 1 || got[0] != "bob@harbour.test held for 2 days Removed" {
		t.Error(got)
	}
	// With the last entry, the bytes go.
	alone := s.take(t, baited(t, "alone"), "bob@harbour.test")
	sum = ok[api.Email](reader.get(t, "/emails/"+alone)).Event.RawSHA256
	s.clock.move(49 * time.Hour)
	if !kept() {
		t.Fatal("too early")
	}
	expire(1)
	if kept() {
		t.Error("expired, and the bytes are still there")
	}
	// A copy that an action took out is forgotten with its entry.
	m.Deliver("cat@harbour.test", "INBOX", simple("moved"), nil, time.Now())
	moved := s.take(t, simple("moved"), "cat@harbour.test")
	a := analyst.over(t, ok[api.Action](analyst.post(t, "/actions", api.ActionAsk{Kind: "Quarantine", Reason: "x", Events: []api.ActionEvent{{NetworkMessageID: moved, Recipient: "cat@harbour.test"}}})))
	s.clock.move(49 * time.Hour)
	expire(1)
	if held, err := s.Cases().Remediation().Held(t.Context(), "cat@harbour.test", moved); err != nil || len(held) != 0 {
		t.Errorf("%+v %v", held, err)
	}
	if u := analyst.over(t, ok[api.Action](analyst.post(t, "/actions/"+a.ID+"/undo", api.ActionWords{Reason: "x"}))); u.Counts.Done != 0 {
		t.Errorf("%+v", u)
	}
}
