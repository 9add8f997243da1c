package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
)

// Each row is one recipient of policyContext's message: what the mailbox set, what is known of the sender, and what came of it.
func TestMailboxSettingsDecideForOneRecipient(t *testing.T) {
	const me = "maren@northwind.example"
	high, normal, spam := verdict(detect.Phish, 90, detect.AdvancedFilter), verdict(detect.Phish, 50, detect.AdvancedFilter), verdict(detect.Spam, 50, detect.GeneralFilter)
	malware, clean := verdict(detect.Malware, 90, detect.FileReputation), verdict("", 0, "")
	safe := detect.Mailbox{Address: me, SafeSenders: []string{"jonas@partner.test"}}
	safeDomain := detect.Mailbox{Address: me, SafeDomains: []string{"partner.test"}}
	blocked := detect.Mailbox{Address: me, BlockedSenders: []string{"Jonas@partner.test"}}
	blockedDomain := detect.Mailbox{Address: me, BlockedDomains: []string{"mailer.test"}}
	off := detect.Mailbox{Address: me, JunkOff: true}
	block := []detect.Override{{ID: "o", Kind: detect.OverrideDomain, Value: "partner.test", Reason: "r"}}
	allow := []detect.Override{{ID: "o", Kind: detect.OverrideDomain, Value: "partner.test", Allow: true, Reason: "r"}}
	for _, c := range []struct {
		name    string
		mailbox detect.Mailbox
		entries []detect.Override
		v       detect.Verdict
		proven  bool
		action  detect.Action
		user    string
		policy  string
		reason  string
	}{
		{"a safe sender's spam", safe, nil, spam, true, detect.Delivered, "Allow", "Safe senders", "trusts jonas@partner.test"},
		{"a safe domain's phish", safeDomain, nil, normal, true, detect.Delivered, "Allow", "Safe domains", "trusts partner.test"},
		{"a forged safe sender", safe, nil, spam, false, detect.Junked, "", "", "nothing proves the sender"},
		{"never over phish of high confidence", safe, nil, high, true, detect.Blocked, "", "", "does not reach"},
		{"never over malware", safe, nil, malware, true, detect.Blocked, "", "", "does not reach"},
		{"never over a block entry", safe, block, clean, true, detect.Blocked, "", "", "against the organisation's block entry"},
		{"a blocked sender", blocked, nil, clean, false, detect.Junked, "Block", "Blocked senders", "blocked jonas@partner.test"},
		{"a blocked domain of the envelope", blockedDomain, nil, clean, false, detect.Junked, "Block", "Blocked domains", "blocked mailer.test"},
		{"a blocked sender whom the organisation allows", blocked, allow, clean, true, detect.Junked, "Block", "Blocked senders", ""},
		{"a block does not soften", blocked, nil, high, false, detect.Blocked, "Block", "Blocked senders", ""},
		{"junk off", off, nil, spam, false, detect.Delivered, "Allow", "Junk email off", "turned the junk folder off"},
		{"junk off leaves quarantine", off, nil, high, false, detect.Blocked, "", "", ""},
		{"nothing to decide", safe, nil, clean, true, detect.Delivered, "", "", "No threat"},
	} {
		p := detect.DefaultPolicy()
		p.Mode, p.Overrides = detect.Act, c.entries
		ctx := policyContext()
		ctx.Auth.Aligned = c.proven
		ctx.Recipients = []string{"else@northwind.example", me}
		book := detect.NewBook(p, []detect.Mailbox{c.mailbox})
		got := book.DecideEach(c.v, ctx)
		if d := got[1]; d.Action != c.action || d.UserLevelAction != c.user || d.UserLevelPolicy != c.policy || !strings.Contains(d.Reason, c.reason) {
			t.Errorf("%s: %+v", c.name, d)
		}
		if want := p.Decide(c.v, ctx); got[0] != want {
			t.Errorf("%s: another recipient got %+v, want %+v", c.name, got[0], want)
		}
	}
}

func TestPriorityAccountsAreTreatedMoreStrictly(t *testing.T) {
	const chief = "maren@northwind.example"
	org := detect.Organisation{People: []detect.Person{{Address: chief, Priority: true}, {Address: "else@northwind.example"}}}
	weak := detect.Combine([]detect.Signal{{ID: "lure-invoice", Threat: detect.Phish, Weight: 60}}, nil, 0, nil)
	for _, c := range []struct {
		name   string
		set    detect.Strictness
		v      detect.Verdict
		chief  detect.Treatment
		other  detect.Treatment
		reason string
	}{
		{"off", detect.Strictness{}, verdict(detect.Phish, 50, detect.AdvancedFilter), detect.Junk, detect.Junk, ""},
		{"a step", detect.Strictness{Step: true}, verdict(detect.Phish, 50, detect.AdvancedFilter), detect.ToQuarantine, detect.Junk, "one step stricter"},
		{"no step for spam", detect.Strictness{Step: true}, verdict(detect.Spam, 50, detect.GeneralFilter), detect.Junk, detect.Junk, ""},
		{"no step above quarantine", detect.Strictness{Step: true}, verdict(detect.Malware, 50, detect.FileReputation), detect.ToQuarantine, detect.ToQuarantine, ""},
		{"points", detect.Strictness{Points: 10}, verdict(detect.Phish, 31, detect.AdvancedFilter), detect.Junk, detect.Deliver, "from 30 on"},
		{"points to high confidence", detect.Strictness{Points: 10}, verdict(detect.Phish, 62, detect.AdvancedFilter), detect.ToQuarantine, detect.Junk, "from 60 on"},
		{"points and step", detect.Strictness{Points: 10, Step: true}, verdict(detect.Phish, 31, detect.AdvancedFilter), detect.ToQuarantine, detect.Deliver, "stricter"},
		{"too few", detect.Strictness{Points: 10}, verdict(detect.Phish, 29, detect.AdvancedFilter), detect.Deliver, detect.Deliver, "No threat"},
		{"wording alone stays below", detect.Strictness{Points: 20}, weak, detect.Deliver, detect.Deliver, ""},
	} {
		p := detect.DefaultPolicy()
		p.Mode, p.Priority = detect.Act, c.set
		ctx := policyContext()
		ctx.Org, ctx.Recipients = org, []string{chief, "else@northwind.example"}
		got := detect.NewBook(p, nil).DecideEach(c.v, ctx)
		if got[0].Treatment != c.chief || got[1].Treatment != c.other || got[0].Priority != (c.chief != c.other) || !strings.Contains(got[0].Reason, c.reason) {
			t.Errorf("%s: %+v\n%+v", c.name, got[0], got[1])
		}
	}
}

// The list is looked up by what a message names: how long it is must not matter.
func TestLongLists(t *testing.T) {
	var list []detect.Override
	for i := range 50_000 {
		list = append(list, detect.Override{ID: fmt.Sprint("d", i), Kind: detect.OverrideDomain, Value: fmt.Sprintf("host%d.test", i), Reason: "r"},
			detect.Override{ID: fmt.Sprint("i", i), Kind: detect.OverrideIP, Value: fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255), Reason: "r"})
	}
	list = append(list, detect.Override{ID: "this", Kind: detect.OverrideURL, Value: "partner-files.test", Reason: "r"})
	entries := detect.NewEntries(list)
	book := detect.Policies{Policy: detect.DefaultPolicy(), Entries: entries}.Book()
	c := policyContext()
	c.Recipients = []string{"a@northwind.example"}
	began := time.Now()
	const rounds = 2000
	for range rounds {
		if d := book.DecideEach(verdict("", 0, ""), c); d[0].PolicyID != "this" {
			t.Fatalf("%+v", d)
		}
	}
	if each := time.Since(began) / rounds; each > 2*time.Millisecond {
		t.Errorf("%s a message with %d entries", each, entries.Len())
	}
	if e := entries.With([]detect.Override{{ID: "new", Kind: detect.OverrideURL, Value: "Partner-Files.test", Allow: true}}, []string{"d1"}); e.Len() != entries.Len()-1 {
		t.Errorf("%d entries, from %d", e.Len(), entries.Len())
	}
}

func TestMailboxSettingsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		m    detect.Mailbox
		want string
	}{
		{detect.Mailbox{Address: "nobody"}, "address"},
		{detect.Mailbox{Address: "a@b.test", SafeSenders: []string{"partner.test"}}, "safe_senders[0]"},
		{detect.Mailbox{Address: "a@b.test", BlockedDomains: []string{"x@y.test"}}, "blocked_domains[0]"},
		{detect.Mailbox{Address: "a@b.test", SafeSenders: []string{"x@y.test"}, BlockedSenders: []string{"X@y.test"}}, "on the safe list too"},
		{detect.Mailbox{Address: "a@b.test", SafeDomains: make([]string, detect.MaxMailboxEntries+1)}, "at most"},
	} {
		if err := c.m.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.m.Address, err, c.want)
		}
	}
	if err := (&detect.Mailbox{Address: "a@b.test", SafeSenders: []string{"x@y.test"}, JunkOff: true}).Validate(); err != nil {
		t.Error(err)
	}
}

func BenchmarkDecideEach(b *testing.B) {
	var list []detect.Override
	for i := range 50_000 {
		list = append(list, detect.Override{ID: fmt.Sprint(i), Kind: detect.OverrideDomain, Value: fmt.Sprintf("host%d.test", i), Reason: "r"})
	}
	p := detect.DefaultPolicy()
	p.Overrides = list
	book := detect.NewBook(p, nil)
	c := policyContext()
	c.Message = email.Parse([]byte("From: a@b.test\r\n\r\nx"), email.Limits{})
	c.Recipients = []string{"a@northwind.example"}
	v := verdict("", 0, "")
	for b.Loop() {
		book.DecideEach(v, c)
	}
}
