package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/remediate/providertest"
)

// mailed connects a mail system in memory.
func mailed(m *providertest.Memory) setting {
	return func(_ *app.Config, o *app.Options) { o.MailSystems = []app.MailSystem{{Provider: m}} }
}

// over waits until an action is.
func (c caller) over(t *testing.T, a api.Action) api.Action {
	t.Helper()
	comes(t, "the action is never over", func() bool {
		a = ok[api.Action](c.get(t, "/actions/"+a.ID))
		return a.Over
	})
	return a
}

// lies says what lies in a mailbox: folder and subject.
func lies(m *providertest.Memory, address string) (out []string) {
	for _, h := range m.Look(address) {
		_, after, _ := strings.Cut(string(h.Raw), "Subject: ")
		subject, _, _ := strings.Cut(after, "\r\n")
		out = append(out, h.Folder+" "+subject)
	}
	slices.Sort(out)
	return out
}

const acted = `EmailPostDeliveryEvents | sort by Timestamp asc, RecipientEmailAddress asc | project strcat(RecipientEmailAddress, " ", ActionType, " ", Action, " ", ActionResult, " ", SourceLocation, " ", DeliveryLocation)`

func TestActionsFromPlanToUndo(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, mailed(m), boss)
	asker := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	second := s.as(t, auth.SecurityOperator, auth.Approve)
	reader := s.as(t, auth.SecurityReader)
	campaign := simple("campaign")
	for _, to := range []string{"bob@harbour.test", "cat@harbour.test"} {
		m.Deliver(to, "INBOX", append([]byte("Received: by mx\r\n"), campaign...), []string{`\Seen`}, time.Now())
		m.Deliver(to, "INBOX", simple("other"), nil, time.Now())
	}
	before := fmt.Sprint(m.Look("bob@harbour.test"))
	id := s.take(t, campaign, "bob@harbour.test", "cat@harbour.test", "dan@harbour.test", "far@else.test")
	s.take(t, simple("other"), "bob@harbour.test")

	ask := api.ActionAsk{Kind: "Soft delete", Query: &api.ActionQuery{Q: `EmailEvents | where Subject == "campaign"`}}
	reader.post(t, "/actions/plan", ask).problem(http.StatusForbidden)
	s.as(t, auth.SearchAndPurge).post(t, "/actions/plan", ask).problem(http.StatusForbidden)
	plan := ok[api.ActionPlan](asker.post(t, "/actions/plan", ask))
	if plan.Targets != 4 || plan.Possible != 3 || plan.Mailboxes != 3 || plan.PriorityAccounts != 1 || plan.Messages != 1 || plan.Approvals != 1 || plan.Rule != "Priority accounts" || !plan.Undoable || len(plan.Sample) != 4 || len(plan.Impossible) != 1 {
		t.Errorf("%+v", plan)
	}
	peek := ask
	peek.Look = true
	if l := ok[api.ActionPlan](asker.post(t, "/actions/plan", peek)); plan.Looked != nil || l.Looked == nil || l.Looked.Read != 2 || l.Looked.Asked != 2 || l.Looked.Unasked != 1 || l.Sample[0].Marks[0] != "read" || l.Digest != plan.Digest {
		t.Errorf("%+v", l)
	}
	if p := asker.post(t, "/actions", ask).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.reason" {
		t.Errorf("%+v", p)
	}
	ask.Reason, ask.Name, ask.Plan = "ticket 9", "Campaign", plan.Digest
	other := ask
	other.Plan = strings.Repeat("0", 64)
	asker.post(t, "/actions", other).problem(http.StatusConflict)
	a := ok[api.Action](asker.post(t, "/actions", ask))
	if a.State != "Waiting for approval" || a.Needs != 1 || !a.Mine || a.MayApprove || a.Counts.Targets != 4 || a.Counts.Skipped != 1 || !strings.Contains(a.Query, "campaign") {
		t.Errorf("%+v", a)
	}
	// Who may, and who may not.
	asker.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}).problem(http.StatusForbidden)
	reader.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}).problem(http.StatusForbidden)
	if p := ok[api.ActionPage](second.get(t, "/actions", "for_me", "true")); len(p.Actions) != 1 || !p.Actions[0].MayApprove || p.Waiting != 1 {
		t.Errorf("%+v", p)
	}
	if p := ok[api.ActionPage](reader.get(t, "/actions", "for_me", "true")); len(p.Actions) != 0 || p.Waiting != 0 {
		t.Errorf("%+v", p)
	}
	second.post(t, "/actions/"+a.ID+"/reject", api.ActionWords{}).problem(http.StatusUnprocessableEntity)
	if a = ok[api.Action](second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{Reason: "seen it"})); len(a.Approvals) != 1 || a.Approvals[0].Comment != "seen it" {
		t.Errorf("%+v", a)
	}
	second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}).problem(http.StatusConflict)
	a = reader.over(t, a)
	if a.State != "Partly done" || a.Counts.Done != 2 || a.Counts.Skipped != 2 || a.Progress != 1 || !a.Undoable || a.Retryable {
		t.Errorf("%+v", a)
	}
	if got := fmt.Sprint(lies(m, "bob@harbour.test"), lies(m, "cat@harbour.test")); got != "[INBOX other] [INBOX other]" {
		t.Error(got)
	}
	targets := ok[api.ActionTargets](reader.get(t, "/actions/"+a.ID+"/targets", "limit", "2"))
	if len(targets.Targets) != 2 || targets.Next != 1 || targets.Targets[0].Outcome != "Done" || targets.Targets[0].Receipt.Steps[0].Did != "removed" || !targets.Targets[0].Receipt.Steps[0].Held || targets.Targets[0].Receipt.Steps[0].From.Flags[0] != `\Seen` {
		t.Errorf("%+v", targets)
	}
	rest := ok[api.ActionTargets](reader.get(t, "/actions/"+a.ID+"/targets", "after", "1", "outcome", "Impossible"))
	if len(rest.Targets) != 2 || rest.Next != -1 || !strings.Contains(rest.Targets[0].Say, "no mailbox dan@harbour.test") {
		t.Errorf("%+v", rest)
	}
	want := []string{
		"bob@harbour.test Manual remediation Soft deleted Success Inbox/folder Removed", "cat@harbour.test Manual remediation Soft deleted Success Inbox/folder Removed",
		"dan@harbour.test Manual remediation Soft deleted Error Inbox/folder Inbox/folder",
	}
	if got := s.kql(t, acted); !sameLines(got, want) {
		t.Errorf("%q", got)
	}
	if e := ok[api.Email](reader.get(t, "/emails/"+id, "recipient", "bob@harbour.test")).Event; e.Outcome != "removed" || e.LatestDeliveryLocation != "Removed" || e.LatestDeliveryAction != "Soft delete" {
		t.Errorf("%+v", e)
	}

	// What was taken out is held, and put back as it was.
	undo := ok[api.ActionPlan](asker.get(t, "/actions/"+a.ID+"/undo"))
	if undo.Kind != "Undo" || undo.Targets != 2 || undo.Approvals != 0 {
		t.Errorf("%+v", undo)
	}
	u := asker.over(t, ok[api.Action](asker.post(t, "/actions/"+a.ID+"/undo", api.ActionWords{Reason: "a mistake"})))
	if u.State != "Done" || u.Undoes != a.ID || u.Counts.Done != 2 {
		t.Errorf("%+v", u)
	}
	asker.post(t, "/actions/"+a.ID+"/undo", api.ActionWords{Reason: "again"}).problem(http.StatusConflict)
	if got := fmt.Sprint(sortedLook(m, "bob@harbour.test")); len(got) != len(before) || !slices.Equal(lies(m, "bob@harbour.test"), []string{"INBOX campaign", "INBOX other"}) {
		t.Errorf("%s\nwas\n%s", got, before)
	}
	if e := ok[api.Email](reader.get(t, "/emails/"+id, "recipient", "bob@harbour.test")).Event; e.Outcome != "delivered" || e.LatestDeliveryLocation != "Inbox/folder" {
		t.Errorf("%+v", e)
	}
	// Records of everything that somebody decided.
	for act, n := range map[auth.Action]int{auth.ActActionAsked: 1, auth.ActActionApproved: 1, auth.ActActionUndone: 1} {
		if r := s.audited(t, act); len(r) != n || r[0].Subject != a.ID || r[0].Operator == "" {
			t.Errorf("%s: %+v", act, r)
		}
	}
	reader.get(t, "/actions/none").problem(http.StatusNotFound)
	if p := ok[api.ActionPage](asker.get(t, "/actions", "mine", "true", "limit", "1")); len(p.Actions) != 1 || p.Actions[0].ID != u.ID || p.Next == "" {
		t.Errorf("%+v", p)
	} else if p = ok[api.ActionPage](asker.get(t, "/actions", "state", "over", "cursor", p.Next)); len(p.Actions) != 1 || p.Actions[0].ID != a.ID || p.Next != "" {
		t.Errorf("%+v", p)
	}
}

func sortedLook(m *providertest.Memory, address string) []providertest.Held {
	list := m.Look(address)
	slices.SortFunc(list, func(a, b providertest.Held) int { return strings.Compare(string(a.Raw), string(b.Raw)) })
	return list
}

func sameLines(got, want []string) bool {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	return slices.Equal(got, want)
}

func TestPickedEventsAndDrift(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, mailed(m))
	asker := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	m.Deliver("bob@harbour.test", "INBOX", simple("one"), nil, time.Now())
	id := s.take(t, simple("one"), "bob@harbour.test", "cat@harbour.test")
	ask := api.ActionAsk{Kind: "Move to junk", Reason: "x", Events: []api.ActionEvent{{NetworkMessageID: strings.ToUpper(id), Recipient: "bob@harbour.test"}, {NetworkMessageID: "nothing", Recipient: "x"}}}
	a := asker.over(t, ok[api.Action](asker.post(t, "/actions", ask)))
	if a.State != "Done" || a.Counts.Targets != 1 || !slices.Equal(lies(m, "bob@harbour.test"), []string{"Junk one"}) {
		t.Errorf("%+v", a)
	}
	both := ask
	both.Query = &api.ActionQuery{}
	asker.post(t, "/actions", both).problem(http.StatusUnprocessableEntity)
	asker.post(t, "/actions/plan", api.ActionAsk{Kind: "Release", Query: &api.ActionQuery{Q: "EmailEvents | count"}}).problem(http.StatusUnprocessableEntity)
	// Its owner takes it out of junk; the check after an hour sees it.
	m.Deliver("bob@harbour.test", "INBOX", simple("one"), nil, time.Now())
	s.clock.move(61 * time.Minute)
	comes(t, "no drift is found", func() bool { return ok[api.Action](asker.get(t, "/actions/"+a.ID)).Counts.Drifted == 1 })
	drifted := ok[api.ActionTargets](asker.get(t, "/actions/"+a.ID+"/targets", "drifted", "true")).Targets
	if len(drifted) != 1 || !drifted[0].Drifted || drifted[0].Receipt.Checks[0].Where != "INBOX" || drifted[0].Receipt.Checks[0].AfterSeconds != 3600 {
		t.Errorf("%+v", drifted)
	}
	if got := s.kql(t, acted); len(got) != 2 || got[1] != "bob@harbour.test User moved Moved to INBOX Success Junk folder Inbox/folder" {
		t.Errorf("%q", got)
	}
}

func TestZAPTakesMailOut(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory("cat@harbour.test")
	s := open(t, acting, mailed(m))
	reader, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityAdministrator)
	m.Deliver("bob@harbour.test", "INBOX", simple("later"), []string{`\Seen`}, time.Now())
	id := s.take(t, simple("later"), "bob@harbour.test", "cat@harbour.test")
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "sender", Values: []string{"ann@sender.test"}, Action: "Block", Reason: "seen elsewhere"}))
	run := chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{Reason: "ticket 9"}))
	if run.Counts.Decided != 2 {
		t.Fatalf("%+v", run.Counts)
	}
	var list []api.Action
	comes(t, "nobody carries it out", func() bool {
		list = ok[api.ActionPage](reader.get(t, "/actions", "state", "over")).Actions
		return len(list) == 1
	})
	a := list[0]
	if a.Kind != "Quarantine" || a.By != "Phish ZAP" || !a.Automatic || a.Mine || a.Counts.Targets != 2 || a.Counts.Done != 1 || a.Counts.NotFound != 1 || a.State != "Done" || len(lies(m, "bob@harbour.test")) != 0 {
		t.Errorf("%+v", a)
	}
	want := []string{
		"bob@harbour.test Phish ZAP Moved to quarantine Pending Inbox/folder Inbox/folder", "cat@harbour.test Phish ZAP Moved to quarantine Pending Inbox/folder Inbox/folder",
		"bob@harbour.test Phish ZAP Moved to quarantine Success Inbox/folder Quarantine", "cat@harbour.test Phish ZAP Moved to quarantine Error Inbox/folder Inbox/folder",
	}
	if got := s.kql(t, acted); !sameLines(got, want) {
		t.Errorf("%q", got)
	}
	if e := ok[api.Email](reader.get(t, "/emails/"+id, "recipient", "bob@harbour.test")); e.Again == nil || e.Again.Pending || e.Event.LatestDeliveryLocation != "Quarantine" || e.Event.Outcome != "removed" {
		t.Errorf("%+v %+v", e.Again, e.Event)
	}
	// Again with the same outcome asks for nothing.
	chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{}))
	if r := s.audited(t, auth.ActActionAsked); len(r) != 1 || r[0].Operator != "Phish ZAP" || r[0].Subject != a.ID {
		t.Errorf("%+v", r)
	}
	// A release puts it back.
	asker := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	back := asker.over(t, ok[api.Action](asker.post(t, "/actions", api.ActionAsk{Kind: "Release", Reason: "it was good", Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "bob@harbour.test"}}})))
	if back.State != "Done" || !slices.Equal(lies(m, "bob@harbour.test"), []string{"INBOX later"}) || m.Look("bob@harbour.test")[0].Flags[0] != `\Seen` {
		t.Errorf("%+v %q", back, lies(m, "bob@harbour.test"))
	}
}

// Nobody should agree to what nobody wants: a request that waits loses the mail whose verdict was taken back, and ends when it lost all.
func TestZAPThatWaitsIsTakenBack(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, acting, mailed(m))
	chief, second := s.as(t, auth.SecurityAdministrator), s.as(t, auth.SecurityOperator, auth.Approve)
	now := ok[api.ApprovalsInForce](chief.get(t, "/approvals"))
	now.Policy.Rules = []api.ApprovalRule{{Name: "all", Kinds: []string{}, Source: "any", Approvals: 1}}
	ok[api.ApprovalsInForce](chief.send(t, http.MethodPut, "/approvals", api.ApprovalsChange{Policy: now.Policy, Reason: "a test"}))
	for _, to := range []string{"bob@harbour.test", "cat@harbour.test"} {
		m.Deliver(to, "INBOX", simple("later for "+to), nil, time.Now())
		s.take(t, simple("later for "+to), to)
	}
	block := func(kind, value string) api.Entry {
		t.Helper()
		return ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: kind, Values: []string{value}, Action: "Block", Reason: "seen elsewhere"}))[0]
	}
	again := func() {
		t.Helper()
		chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{Reason: "ticket 9"}))
	}
	e := block("sender", "ann@sender.test")
	again()
	var a api.Action
	comes(t, "nobody asks", func() bool {
		list := ok[api.ActionPage](chief.get(t, "/actions", "state", "waiting")).Actions
		if len(list) == 1 {
			a = list[0]
		}
		return len(list) == 1
	})
	if a.Counts.Todo != 2 {
		t.Fatalf("%+v", a)
	}
	chief.send(t, http.MethodDelete, "/policy/entries/"+e.ID, nil).want(http.StatusNoContent)
	again()
	comes(t, "it still waits", func() bool { a = ok[api.Action](chief.get(t, "/actions/"+a.ID)); return a.Over })
	if a.State != "Cancelled" || a.Counts.Cancelled != 2 {
		t.Errorf("%+v", a)
	}
	second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}).problem(http.StatusConflict)
	for _, x := range ok[api.ActionTargets](chief.get(t, "/actions/"+a.ID+"/targets")).Targets {
		if x.Outcome != "Cancelled" || !strings.HasPrefix(x.Say, "Not wanted any more") {
			t.Errorf("%+v", x)
		}
	}
	if len(lies(m, "bob@harbour.test")) != 1 || len(lies(m, "cat@harbour.test")) != 1 {
		t.Error("mail was touched")
	}
	if r := s.audited(t, auth.ActActionCancelled); len(r) != 1 || r[0].Subject != a.ID || r[0].Via != "automatic" {
		t.Errorf("%+v", r)
	}
}

func TestApprovalsAreEditedAndSimulated(t *testing.T) {
	t.Parallel()
	s := open(t)
	chief, operator, reader := s.as(t, auth.SecurityAdministrator), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityReader)
	s.operator(t, "zoe@harbour.test", auth.SecurityOperator, auth.Approve)
	now := ok[api.ApprovalsInForce](reader.get(t, "/approvals"))
	if now.Version != 0 || len(now.Policy.Rules) == 0 || now.Policy.ExpiresHours != 72 || now.At != nil {
		t.Errorf("%+v", now)
	}
	if a := ok[api.ApprovalAnswer](reader.post(t, "/approvals/simulate", api.ApprovalQuestion{Kind: "Hard delete", Mailboxes: 60})); a.Approvals != 2 || a.Enough || len(a.Could) != 1 || a.Could[0].Email != "zoe@harbour.test" || !strings.Contains(a.Say, "only 1") {
		t.Errorf("%+v", a)
	}
	if a := ok[api.ApprovalAnswer](reader.post(t, "/approvals/simulate", api.ApprovalQuestion{Kind: "Hard delete", Mailboxes: 1, By: "Zoe@harbour.test"})); a.Approvals != 1 || a.Enough || len(a.Could) != 0 {
		t.Errorf("%+v", a)
	}
	if a := ok[api.ApprovalAnswer](reader.post(t, "/approvals/simulate", api.ApprovalQuestion{Kind: "Soft delete", Mailboxes: 3})); a.Approvals != 0 || !a.Enough || !strings.HasPrefix(a.Say, "Nobody") {
		t.Errorf("%+v", a)
	}
	change := api.ApprovalsChange{Policy: now.Policy, Reason: "two for all"}
	change.Policy.Rules = []api.ApprovalRule{{Name: "all", Kinds: []string{}, Source: "any", Approvals: 2}}
	operator.send(t, http.MethodPut, "/approvals", change).problem(http.StatusForbidden)
	wrong := change
	wrong.Policy.Rules = []api.ApprovalRule{{Name: "all", Kinds: []string{"Burn"}, Source: "any"}}
	if p := chief.send(t, http.MethodPut, "/approvals", wrong).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.rules[0].kinds" {
		t.Errorf("%+v", p)
	}
	wrong = change
	wrong.Reason = ""
	chief.send(t, http.MethodPut, "/approvals", wrong).problem(http.StatusUnprocessableEntity)
	if now = ok[api.ApprovalsInForce](chief.send(t, http.MethodPut, "/approvals", change)); now.Version != 1 || len(now.Policy.Rules) != 1 || len(now.Settings.Rules) < 2 {
		t.Errorf("%+v", now)
	}
	chief.send(t, http.MethodPut, "/approvals", change).problem(http.StatusConflict)
	if v := ok[api.ApprovalVersions](reader.get(t, "/approvals/versions")); len(v.Versions) != 1 || v.Versions[0].Reason != "two for all" || v.Next != 0 {
		t.Errorf("%+v", v)
	}
	if r := s.audited(t, auth.ActApprovals); len(r) != 1 || r[0].Subject != "1" || !strings.Contains(string(r[0].Detail), `"before"`) {
		t.Errorf("%+v", r)
	}
}
