package app_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
)

// broken is a mailbox that somebody broke into.
var broken = []remediate.MailboxRule{
	{ID: "1", Script: "main", Version: "v1", Text: "require \"fileinto\";\n"},
	{ID: "2", Script: "main", Version: "v1", Text: "fileinto \"News\";\n"},
	{ID: "3", Script: "main", Version: "v1", Text: "redirect \"eve@outside.example\";\n", Why: "forwards to eve@outside.example"},
}

const bob = "/mailboxes/bob@harbour.test"

func remove(r api.MailboxRule, reason string) api.RemoveRule {
	return api.RemoveRule{ID: r.ID, Script: r.Script, Version: r.Version, Reason: reason}
}

func TestFirstAid(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	m.Deliver("bob@harbour.test", "INBOX", simple("one"), nil, time.Now())
	m.SetRules("bob@harbour.test", broken...)
	s := open(t, mailed(m), func(c *app.Config, _ *app.Options) {
		c.Organisation.People = []app.Person{{Name: "Bob Ross", Address: "bob@harbour.test"}}
	})
	reader, operator := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator)
	purger := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)

	// Who may.
	reader.get(t, bob).problem(http.StatusForbidden)
	reader.get(t, bob+"/rules").problem(http.StatusForbidden)
	operator.post(t, bob+"/rules/remove", api.RemoveRule{Reason: "x"}).problem(http.StatusForbidden)
	operator.post(t, bob+"/sign-out", api.AidReason{Reason: "x"}).problem(http.StatusForbidden)
	operator.post(t, bob+"/deeds/x/put-back", api.AidReason{Reason: "x"}).problem(http.StatusForbidden)

	v := ok[api.MailboxView](operator.get(t, "/mailboxes/Bob@Harbour.test"))
	if v.Address != "bob@harbour.test" || v.Mailbox != "bob@harbour.test" || !v.Own || v.Person == nil || v.Person.Name != "Bob Ross" || v.System != "memory" || !v.Reached || v.Say != "" || len(v.Deeds) != 0 || v.MayRemove {
		t.Errorf("%+v", v)
	}
	if r := s.audited(t, auth.ActMailboxLooked); len(r) != 0 {
		t.Errorf("%+v", r)
	}
	rules := ok[api.MailboxRules](operator.get(t, bob+"/rules"))
	if !rules.Shown || len(rules.Rules) != 3 || rules.Suspicious != 1 || rules.Rules[0].ID != "3" || rules.Rules[0].Why == "" || rules.Rules[1].ID != "1" || !rules.SignOut {
		t.Errorf("%+v", rules)
	}
	if r := s.audited(t, auth.ActMailboxLooked); len(r) != 1 || r[0].Subject != "bob@harbour.test" || r[0].Operator == "" {
		t.Errorf("%+v", r)
	}
	bad := rules.Rules[0]
	if p := purger.post(t, bob+"/rules/remove", remove(bad, " ")).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.reason" {
		t.Errorf("%+v", p)
	}
	// Another script than the one that was seen.
	changed := bad
	changed.Version = "v0"
	if p := purger.post(t, bob+"/rules/remove", remove(changed, "ticket 9")).problem(http.StatusConflict); !strings.Contains(p.Detail, "changed") {
		t.Errorf("%+v", p)
	}
	d := ok[api.MailboxDeed](purger.post(t, bob+"/rules/remove", remove(bad, "ticket 9")))
	if d.State != "Done" || d.Kind != "Rule removed" || d.Rule != broken[2].Text || d.Why != bad.Why || !d.CanBack || d.Reason != "ticket 9" || d.Ended == nil {
		t.Errorf("%+v", d)
	}
	if r := ok[api.MailboxRules](operator.get(t, bob+"/rules")); len(r.Rules) != 2 || r.Suspicious != 0 {
		t.Errorf("%+v", r)
	}
	if r := s.audited(t, auth.ActAidRemoved); len(r) != 1 || r[0].Subject != "bob@harbour.test" || r[0].Reason != "ticket 9" || !strings.Contains(string(r[0].Detail), "eve@outside.example") {
		t.Errorf("%+v", r)
	}
	purger.post(t, bob+"/rules/remove", remove(bad, "again")).problem(http.StatusConflict)
	purger.post(t, "/mailboxes/cat@harbour.test/deeds/"+d.ID+"/put-back", api.AidReason{Reason: "x"}).problem(http.StatusConflict) // no such mailbox
	m.Deliver("cat@harbour.test", "INBOX", simple("two"), nil, time.Now())
	purger.post(t, "/mailboxes/cat@harbour.test/deeds/"+d.ID+"/put-back", api.AidReason{Reason: "x"}).problem(http.StatusNotFound) // another's
	back := ok[api.MailboxDeed](purger.post(t, bob+"/deeds/"+d.ID+"/put-back", api.AidReason{Reason: "it was his own"}))
	if back.State != "Done" || back.Of != d.ID || back.CanBack || back.Rule != d.Rule {
		t.Errorf("%+v", back)
	}
	purger.post(t, bob+"/deeds/"+d.ID+"/put-back", api.AidReason{Reason: "again"}).problem(http.StatusConflict)
	if r := ok[api.MailboxRules](operator.get(t, bob+"/rules")); len(r.Rules) != 3 {
		t.Errorf("%+v", r)
	}
	if out := ok[api.MailboxDeed](purger.post(t, bob+"/sign-out", api.AidReason{Reason: "ticket 9"})); out.State != "Done" || m.SignOuts("bob@harbour.test") != 1 {
		t.Errorf("%+v", out)
	}
	v = ok[api.MailboxView](purger.get(t, bob))
	if len(v.Deeds) != 3 || v.Deeds[0].Kind != "Signed out everywhere" || v.Deeds[2].PutBack != back.ID || v.Deeds[2].CanBack || !v.MayRemove {
		t.Errorf("%+v", v)
	}
	if r := s.audited(t, auth.ActAidPutBack, auth.ActAidSignedOut, auth.ActAidFailed); len(r) != 2 || r[0].Reason != "it was his own" {
		t.Errorf("%+v", r)
	}
	if r := ok[api.MailboxRules](operator.get(t, "/mailboxes/dan@harbour.test/rules")); r.Shown || !strings.Contains(r.Say, "no such mailbox") {
		t.Errorf("%+v", r)
	}
	m.NoSignOut = remediate.ErrCannot
	if r := ok[api.MailboxRules](purger.get(t, bob+"/rules")); r.SignOut || r.SignOutSay == "" {
		t.Errorf("%+v", r)
	}
	purger.post(t, bob+"/sign-out", api.AidReason{Reason: "ticket 9"}).problem(http.StatusConflict)
}

func TestFirstAidWhereNothingReaches(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.Mailboxes = []app.Mailboxes{{Name: "Old", Address: "127.0.0.1:1", TLS: "none", User: "u", Password: "p", Domains: []string{"old.test"}, ReadOnly: true, Watching: app.Watching{Watch: true, Watched: []string{"ann@old.test"}}},
			{Name: "Away", Address: "127.0.0.1:1", TLS: "none", User: "u", Password: "p", Domains: []string{"away.test"}, Timeout: time.Second}}
	})
	purger := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	for address, say := range map[string]string{"bob@harbour.test": "No mail system is connected", "ann@old.test": "only reads the mailboxes of Old", "x@else.example": "not of your organisation"} {
		v := ok[api.MailboxView](purger.get(t, "/mailboxes/"+address))
		if v.Reached || !strings.Contains(v.Say, say) || v.Own != (address != "x@else.example") || (len(v.Watched) > 0) != (address == "ann@old.test") {
			t.Errorf("%+v", v)
		}
		if r := ok[api.MailboxRules](purger.get(t, "/mailboxes/"+address+"/rules")); r.Shown || r.Say != v.Say || r.SignOutSay != v.Say {
			t.Errorf("%+v", r)
		}
		if p := purger.post(t, "/mailboxes/"+address+"/sign-out", api.AidReason{Reason: "x"}).problem(http.StatusConflict); p.Detail != v.Say {
			t.Errorf("%+v", p)
		}
	}
	if p := purger.get(t, "/mailboxes/ann@away.test/rules").problem(http.StatusServiceUnavailable); !strings.Contains(p.Detail, "cannot be had now") {
		t.Errorf("%+v", p)
	}
	if p := purger.post(t, "/mailboxes/ann@away.test/sign-out", api.AidReason{Reason: "x"}).problem(http.StatusServiceUnavailable); !strings.Contains(p.Detail, "cannot be had now") {
		t.Errorf("%+v", p)
	}
	purger.get(t, "/mailboxes/nobody/rules").problem(http.StatusUnprocessableEntity)
}

func TestFirstAidAsksForTheFactorAgain(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory("bob@harbour.test")
	m.SetRules("bob@harbour.test", broken...)
	s := open(t, mailed(m))
	s.operator(t, "ada@harbour.test", auth.SecurityOperator, auth.SearchAndPurge)
	ada, secret, _ := s.nobody().signIn(t, "ada@harbour.test").enrol(t)
	s.clock.move(auth.FactorFresh + time.Minute)
	bad := ok[api.MailboxRules](ada.get(t, bob+"/rules")).Rules[0]
	ada.post(t, bob+"/rules/remove", remove(bad, "ticket 9")).refusedAs(stepUpNeeded, http.StatusForbidden)
	ada.post(t, bob+"/sign-out", api.AidReason{Reason: "x"}).refusedAs(stepUpNeeded, http.StatusForbidden)
	ada.post(t, bob+"/deeds/x/put-back", api.AidReason{Reason: "x"}).refusedAs(stepUpNeeded, http.StatusForbidden)
	s.step()
	r := ada.post(t, "/session/step-up", api.Code{Code: s.code(t, secret, 0)}).want(http.StatusOK)
	ada = ada.with("Cookie", cookie(t, r).String())
	ok[api.MailboxDeed](ada.post(t, bob+"/rules/remove", remove(bad, "ticket 9")))
}

// TestFirstAidThatBreaks: the connection is lost, or Tocsin stops, before or after the mail system did it; and a store that cannot write.
func TestFirstAidThatBreaks(t *testing.T) {
	t.Parallel()
	away := errors.New("connection reset")
	for name, c := range map[string]struct {
		before, after bool // the rewriting breaks
		blind         bool // and then nobody can look
		state, later  string
		rules         int
	}{
		"before":                 {before: true, state: "Failed", later: "Failed", rules: 3},
		"after":                  {after: true, state: "Done", later: "Done", rules: 2},
		"before, nobody looks":   {before: true, blind: true, state: "Begun", later: "Failed", rules: 3},
		"after, nobody looks":    {after: true, blind: true, state: "Begun", later: "Done", rules: 2},
		"changed in that moment": {after: true, blind: true, state: "Begun", later: "Unclear", rules: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := providertest.NewMemory("bob@harbour.test")
			m.SetRules("bob@harbour.test", broken...)
			broke := false
			m.Before = func(_ context.Context, op providertest.Op, _ string) error {
				if op == providertest.OpRewrite && c.before {
					broke = true
					return away
				}
				if broke && c.blind && op == providertest.OpRules {
					return away
				}
				return nil
			}
			m.After = func(_ context.Context, op providertest.Op, _ string) error {
				if op == providertest.OpRewrite && c.after {
					broke = true
					return away
				}
				return nil
			}
			s := open(t, mailed(m))
			purger := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
			bad := ok[api.MailboxRules](purger.get(t, bob+"/rules")).Rules[0]
			d := ok[api.MailboxDeed](purger.post(t, bob+"/rules/remove", remove(bad, "ticket 9")))
			if d.State != c.state || (d.Say == "") != (d.State == "Done") {
				t.Errorf("%+v", d)
			}
			// The record is there whatever became of it; what failed has one more.
			failed := 0
			if c.state == "Failed" {
				failed = 1
			}
			if r := s.audited(t, auth.ActAidRemoved); len(r) != 1 {
				t.Errorf("%+v", r)
			}
			if r := s.audited(t, auth.ActAidFailed); len(r) != failed {
				t.Errorf("%+v", r)
			}
			broke = false
			if c.rules == 1 {
				m.SetRules("bob@harbour.test", broken[0])
			}
			if r := ok[api.MailboxRules](purger.get(t, bob+"/rules")); len(r.Rules) != c.rules {
				t.Errorf("%+v", r)
			}
			v := ok[api.MailboxView](purger.get(t, bob))
			if len(v.Deeds) != 1 || v.Deeds[0].State != c.later || v.Deeds[0].CanBack != (c.later == "Done") || v.Deeds[0].Ended == nil {
				t.Errorf("%+v", v.Deeds)
			}
		})
	}
}
