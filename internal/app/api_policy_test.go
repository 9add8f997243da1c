package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/policy"
)

// kql returns the first column of a query's rows.
func (s *site) kql(t testing.TB, query string) (out []string) {
	t.Helper()
	tt, _ := t.(*testing.T)
	_, rows, _ := answer(tt, s.as(t, auth.SecurityOperator, auth.Preview).post(t, "/hunt", api.HuntAsk{Query: query}))
	for _, r := range rows {
		out = append(out, fmt.Sprint(r...))
	}
	return out
}

// boss makes bob a priority account.
func boss(c *app.Config, _ *app.Options) {
	c.Organisation.People = []app.Person{{Name: "Bob Boss", Address: "bob@harbour.test", Priority: true}, {Name: "Cat Clerk", Address: "cat@harbour.test"}}
}

func TestPolicyIsEditedAndRulesAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader, operator, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityAdministrator)
	first := ok[api.PolicyInForce](reader.get(t, "/policy"))
	if first.Version != 0 || first.Source != "settings" || first.Policy.Mode != "watch" || first.At != nil || first.Policy != first.Settings {
		t.Errorf("%+v", first)
	}
	change := api.PolicyChange{Policy: first.Policy, Version: 0, Reason: "we trust it"}
	change.Policy.Mode, change.Policy.Malware, change.Policy.Priority.Points = "act", "reject", 10
	operator.send(t, http.MethodPut, "/policy", change).problem(http.StatusForbidden)
	wrong := change
	wrong.Reason = " "
	if p := chief.send(t, http.MethodPut, "/policy", wrong).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "say why") {
		t.Errorf("%+v", p)
	}
	now := ok[api.PolicyInForce](chief.send(t, http.MethodPut, "/policy", change))
	if now.Version != 1 || now.Source != "product" || now.Policy.Mode != "act" || now.By != "nobody.security-administrator@harbour.test" || now.Settings.Mode != "watch" {
		t.Errorf("%+v", now)
	}
	chief.send(t, http.MethodPut, "/policy", change).problem(http.StatusConflict)
	id := s.take(t, lure(t), "bob@harbour.test")
	mail := ok[api.Email](reader.get(t, "/emails/"+id))
	if p := mail.Policy; p.Action != "Blocked" || p.Location != "Failed" || p.PolicyID != "default:1" || !strings.HasPrefix(p.Reason, "Malware, score") || p.Watched {
		t.Errorf("%+v", p)
	}
	change.Version, change.Reason, change.Policy.Malware = 1, "back", "quarantine"
	ok[api.PolicyInForce](chief.send(t, http.MethodPut, "/policy", change))
	page := ok[api.PolicyVersions](reader.get(t, "/policy/versions", "limit", "1"))
	if len(page.Versions) != 1 || page.Versions[0].Version != 2 || fmt.Sprint(page.Versions[0].Changes) != "[{malware reject quarantine}]" || page.Next != 2 {
		t.Errorf("%+v", page)
	}
	page = ok[api.PolicyVersions](reader.get(t, "/policy/versions", "limit", "1", "below", "2"))
	if len(page.Versions) != 1 || page.Versions[0].Reason != "we trust it" || page.Next != 0 || len(page.Versions[0].Changes) != 3 {
		t.Errorf("%+v", page)
	}
	records := s.audited(t, auth.ActPolicyChanged)
	if len(records) != 2 || records[0].Subject != "1" || records[0].Reason != "we trust it" || !strings.Contains(string(records[0].Detail), `"before":{"mode":"watch"`) || !strings.Contains(string(records[0].Detail), `"after":{"mode":"act"`) {
		t.Errorf("%+v", records)
	}
	// The store rules over the settings file, after the next start too.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	again := open(t, func(c *app.Config, _ *app.Options) { c.Data = s.dir })
	if p := ok[api.PolicyInForce](again.as(t, auth.SecurityReader).get(t, "/policy")); p.Version != 2 || p.Policy.Mode != "act" {
		t.Errorf("%+v", p)
	}
}

func TestEntriesOverTheAPI(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	reader, operator, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityAdministrator)
	block := api.EntryDraft{Kind: "domain", Values: []string{"Sender[.]test", "evil.test"}, Action: "Block", Reason: "ticket 7"}
	reader.post(t, "/policy/entries", block).problem(http.StatusForbidden)
	added := ok[[]api.Entry](operator.post(t, "/policy/entries", block))
	if len(added) != 2 || added[0].Value != "sender.test" || added[0].Action != "Block" || added[0].Expires != nil || !strings.Contains(added[0].Effect, "quarantine") {
		t.Fatalf("%+v", added)
	}
	if p := operator.post(t, "/policy/entries", block).problem(http.StatusConflict); !strings.Contains(p.Detail, "sender.test") {
		t.Errorf("%+v", p)
	}
	allow := api.EntryDraft{Kind: "sender", Values: []string{"ann@sender.test"}, Action: "Allow", Reason: "x"}
	if p := operator.post(t, "/policy/entries", allow).problem(http.StatusForbidden); !strings.Contains(p.Detail, "policy.edit") {
		t.Errorf("%+v", p)
	}
	ok[[]api.Entry](chief.post(t, "/policy/entries", allow))
	past := time.Now().Add(-time.Hour)
	for field, d := range map[string]api.EntryDraft{
		"body.values[0]": {Kind: "ip", Values: []string{"300.1.2.3"}, Action: "Block", Reason: "x"},
		"body.reason":    {Kind: "ip", Values: []string{"192.0.2.1"}, Action: "Block", Reason: " "},
		"body.expires":   {Kind: "ip", Values: []string{"192.0.2.1"}, Action: "Block", Reason: "x", Expires: &past},
		"body.unproven":  {Kind: "ip", Values: []string{"192.0.2.1"}, Action: "Block", Reason: "x", Unproven: true},
	} {
		p := operator.post(t, "/policy/entries", d).problem(http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Location != field {
			t.Errorf("%s: %+v", field, p)
		}
	}
	id := s.take(t, simple("blocked"), "bob@harbour.test")
	if p := ok[api.Email](reader.get(t, "/emails/"+id)).Policy; p.Action != "Blocked" || p.OrgOverride != "Block" || p.OrgPolicy != "Allow/block list (domain)" || p.PolicyID != added[0].ID || !strings.Contains(p.Reason, "ticket 7") {
		t.Errorf("%+v", p)
	}

	page := ok[api.EntryPage](reader.get(t, "/policy/entries", "limit", "2", "search", "sender"))
	if page.Total != 2 || len(page.Entries) != 2 || page.Entries[0].Kind != "sender" || page.Next == "" {
		t.Errorf("%+v", page)
	}
	if rest := ok[api.EntryPage](reader.get(t, "/policy/entries", "limit", "2", "search", "sender", "cursor", page.Next)); len(rest.Entries) != 0 || rest.Next != "" {
		t.Errorf("%+v", rest)
	}
	if p := ok[api.EntryPage](reader.get(t, "/policy/entries", "action", "Block", "kind", "domain", "state", "active")); p.Total != 2 {
		t.Errorf("%+v", p)
	}
	at := "/policy/entries/" + added[0].ID
	soon := s.clock.now().Add(time.Hour)
	operator.send(t, http.MethodPut, at, api.EntryChange{Action: "Block", Reason: "y", Revision: 1}).problem(http.StatusForbidden)
	changed := ok[api.Entry](chief.send(t, http.MethodPut, at, api.EntryChange{Action: "Block", Reason: "until noon", Expires: &soon, Revision: 1}))
	if changed.Revision != 2 || changed.Expires == nil || changed.Value != "sender.test" || changed.UpdatedBy != "nobody.security-administrator@harbour.test" {
		t.Errorf("%+v", changed)
	}
	chief.send(t, http.MethodPut, at, api.EntryChange{Action: "Block", Reason: "y", Revision: 1}).problem(http.StatusConflict)
	s.clock.move(2 * time.Hour)
	if !ok[api.Entry](reader.get(t, at)).Expired {
		t.Error("it did not expire")
	}
	id = s.take(t, simple("over"), "bob@harbour.test")
	if p := ok[api.Email](reader.get(t, "/emails/"+id)).Policy; p.Action != "Delivered" || p.OrgOverride != "" {
		t.Errorf("%+v", p)
	}
	chief.send(t, http.MethodDelete, at, nil).want(http.StatusNoContent)
	reader.get(t, at).problem(http.StatusNotFound)
	var acts []string
	for _, r := range s.audited(t, auth.ActEntryAdded, auth.ActEntryChanged, auth.ActEntryRemoved) {
		if r.Subject == "domain sender.test" {
			acts = append(acts, string(r.Action))
			if strings.Contains(string(r.Detail), `"before":null`) != (r.Action == auth.ActEntryAdded) || strings.Contains(string(r.Detail), `"after":null`) != (r.Action == auth.ActEntryRemoved) {
				t.Errorf("%s: %s", r.Action, r.Detail)
			}
		}
	}
	if got := strings.Join(acts, ", "); got != "entry added, entry changed, entry removed" {
		t.Error(got)
	}
}

// Another process edits the same file: the running judge takes it up by itself.
func TestEntriesOfAnotherProcess(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	other, err := casestore.Open(t.Context(), s.dir+"/cases.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	desk, err := policy.Open(t.Context(), other, detect.DefaultPolicy(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.AddEntries(t.Context(), policy.Who{Name: "x"}, policy.Draft{Kind: detect.OverrideSender, Values: []string{"ann@sender.test"}, Reason: "r"}); err != nil {
		t.Fatal(err)
	}
	reader := s.as(t, auth.SecurityReader)
	comes(t, "the entry is not taken up", func() bool { return ok[api.PolicyInForce](reader.get(t, "/policy")).Entries == 1 })
	id := s.take(t, simple("blocked"), "bob@harbour.test")
	if p := ok[api.Email](reader.get(t, "/emails/"+id)).Policy; p.OrgOverride != "Block" {
		t.Errorf("%+v", p)
	}
}

func TestMailboxSettingsAndPriorityShowPerRecipient(t *testing.T) {
	t.Parallel()
	s := open(t, acting, boss)
	reader, operator, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityAdministrator)
	settings := api.MailboxSettings{SafeSenders: []string{}, SafeDomains: []string{}, BlockedSenders: []string{"Ann@Sender.test"}, BlockedDomains: []string{}}
	operator.send(t, http.MethodPut, "/policy/mailboxes/Cat@harbour.test", settings).problem(http.StatusForbidden)
	m := ok[api.Mailbox](chief.send(t, http.MethodPut, "/policy/mailboxes/Cat@harbour.test", settings))
	if m.Address != "cat@harbour.test" || m.BlockedSenders[0] != "ann@sender.test" || m.By == "" {
		t.Errorf("%+v", m)
	}
	wrong := settings
	wrong.SafeDomains = []string{"no domain"}
	if p := chief.send(t, http.MethodPut, "/policy/mailboxes/cat@harbour.test", wrong).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.safe_domains[0]" {
		t.Errorf("%+v", p)
	}
	s.take(t, simple("two readers"), "bob@harbour.test", "cat@harbour.test")
	rows := s.kql(t, `EmailEvents | sort by RecipientEmailAddress asc | project strcat(RecipientEmailAddress, " ", DeliveryAction, " ", UserLevelAction, " ", UserLevelPolicy, " ", tostring(parse_json(AdditionalFields).decided.treatment))`)
	if got := strings.Join(rows, "; "); got != "bob@harbour.test Delivered   ; cat@harbour.test Junked Block Blocked senders junk" {
		t.Error(got)
	}
	if p := ok[api.MailboxPage](reader.get(t, "/policy/mailboxes", "search", "CAT")); len(p.Mailboxes) != 1 || p.Next != "" {
		t.Errorf("%+v", p)
	}
	chief.send(t, http.MethodDelete, "/policy/mailboxes/cat@harbour.test", nil).want(http.StatusNoContent)
	reader.get(t, "/policy/mailboxes/cat@harbour.test").problem(http.StatusNotFound)
	if n := len(s.audited(t, auth.ActMailboxChanged, auth.ActMailboxRemoved)); n != 2 {
		t.Errorf("%d records", n)
	}

	// The same phish is junk for cat and quarantine for bob, who is a priority account.
	verdict := detect.Verdict{Threats: []detect.Threat{detect.Phish}, Confidence: detect.Normal, Score: 50, Scores: map[detect.Threat]int{detect.Phish: 50}}
	p := ok[api.PolicyInForce](reader.get(t, "/policy")).Policy.Policy()
	c := &detect.Context{Org: detect.Organisation{People: []detect.Person{{Address: "bob@harbour.test", Priority: true}}}, Recipients: []string{"bob@harbour.test", "cat@harbour.test"}}
	d := detect.NewBook(p, nil).DecideEach(verdict, c)
	if d[0].Location != detect.Quarantine || d[1].Location != detect.JunkFolder || !d[0].Priority {
		t.Errorf("%+v", d)
	}
}
