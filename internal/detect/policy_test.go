package detect_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
)

var policyNow = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

func policyContext() *detect.Context {
	raw := "From: Jonas <jonas@partner.test>\r\nTo: maren@northwind.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nSee https://docs.partner-files.test/x and https://else.test/y\r\n" +
		"--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\na file\r\n--b--\r\n"
	c := &detect.Context{Message: email.Parse([]byte(raw), email.Limits{}), Direction: detect.Inbound, Now: policyNow}
	c.Envelope.ClientIP = netip.MustParseAddr("192.0.2.7")
	c.Envelope.MailFrom = "bounce@mailer.test"
	return c
}

func verdict(threat detect.Threat, score int, tech detect.Technology) detect.Verdict {
	if threat == "" {
		return detect.Combine(nil, nil, 0, nil)
	}
	return detect.Combine([]detect.Signal{{ID: "a-rule", Threat: threat, Technology: tech, Weight: score, Claim: "c"}}, nil, 0, nil)
}

func TestDecide(t *testing.T) {
	act := detect.DefaultPolicy()
	act.Mode = detect.Act
	act.Bulk, act.BulkFrom = detect.Junk, 7
	replace := act
	replace.Malware = detect.Replace
	bulk := detect.Combine(nil, nil, 8, nil)
	for _, c := range []struct {
		name   string
		policy detect.Policy
		v      detect.Verdict
		action detect.Action
		place  detect.Location
		kind   string
		words  string
	}{
		{"clean", act, verdict("", 0, ""), detect.Delivered, detect.Inbox, "", "No action taken"},
		{"malware", act, verdict(detect.Malware, 60, detect.FileReputation), detect.Blocked, detect.Quarantine, "Antimalware", "Send to quarantine"},
		{"malware replaced", replace, verdict(detect.Malware, 60, detect.FileReputation), detect.Replaced, detect.Inbox, "Safe Attachments", "Replace attachment"},
		{"phish high", act, verdict(detect.Phish, 70, detect.AdvancedFilter), detect.Blocked, detect.Quarantine, "Antispam phishing", "Send to quarantine"},
		{"phish normal", act, verdict(detect.Phish, 69, detect.AdvancedFilter), detect.Junked, detect.JunkFolder, "Antispam phishing", "Move message to junk mail folder"},
		{"below", act, verdict(detect.Phish, 39, detect.AdvancedFilter), detect.Delivered, detect.Inbox, "", "No action taken"},
		{"spoof", act, verdict(detect.Phish, 50, detect.SpoofDMARC), detect.Junked, detect.JunkFolder, "Anti-phishing spoof", "Move message to junk mail folder"},
		{"user", act, verdict(detect.Phish, 50, detect.ImpersonationUser), detect.Junked, detect.JunkFolder, "Anti-phishing user impersonation", "Move message to junk mail folder"},
		{"domain", act, verdict(detect.Phish, 50, detect.ImpersonationDomain), detect.Junked, detect.JunkFolder, "Anti-phishing domain impersonation", "Move message to junk mail folder"},
		{"spam", act, verdict(detect.Spam, 50, detect.GeneralFilter), detect.Junked, detect.JunkFolder, "Antispam", "Move message to junk mail folder"},
		{"spam high", act, verdict(detect.Spam, 90, detect.GeneralFilter), detect.Junked, detect.JunkFolder, "Antispam high-confidence", "Move message to junk mail folder"},
		{"bulk", act, bulk, detect.Junked, detect.JunkFolder, "Antispam bulk mail", "Move message to junk mail folder"},
		{"watching", detect.DefaultPolicy(), verdict(detect.Phish, 90, detect.AdvancedFilter), detect.Delivered, detect.Inbox, "Antispam phishing", "No action taken"},
	} {
		d := c.policy.Decide(c.v, policyContext())
		if d.Action != c.action || d.Location != c.place || d.Policy != c.kind || d.EmailAction != c.words {
			t.Errorf("%s: %+v", c.name, d)
		}
		if d.Reason == "" {
			t.Errorf("%s: no reason", c.name)
		}
	}
	d := detect.DefaultPolicy().Decide(verdict(detect.Phish, 90, detect.AdvancedFilter), policyContext())
	if !d.Watched || d.Treatment != detect.ToQuarantine || !strings.Contains(d.Reason, "only watches") {
		t.Errorf("watching must show what it would do: %+v", d)
	}
	out := policyContext()
	out.Direction = detect.Outbound
	if d := act.Decide(verdict("", 0, ""), out); d.Location != detect.External {
		t.Errorf("outbound: %+v", d)
	}
}

func TestOverrides(t *testing.T) {
	phish, malware, clean := verdict(detect.Phish, 80, detect.AdvancedFilter), verdict(detect.Malware, 80, detect.FileReputation), verdict("", 0, "")
	entry := func(kind detect.OverrideKind, value string, allow bool) detect.Override {
		return detect.Override{ID: "o1", Kind: kind, Value: value, Allow: allow, Reason: "ticket 7"}
	}
	file := policyContext().Message.Attachments[0].SHA256
	expired := entry(detect.OverrideSender, "jonas@partner.test", false)
	expired.Expires = policyNow
	unproven := entry(detect.OverrideSender, "jonas@partner.test", true)
	unproven.Unproven = true
	for _, c := range []struct {
		name      string
		v         detect.Verdict
		proven    bool
		overrides []detect.Override
		action    detect.Action
		org       string
		reason    string
	}{
		{"blocked sender", clean, false, []detect.Override{entry(detect.OverrideSender, "Jonas@Partner.test", false)}, detect.Blocked, "Block", "ticket 7"},
		{"blocked envelope domain", clean, false, []detect.Override{entry(detect.OverrideDomain, "mailer.test", false)}, detect.Blocked, "Block", "mailer.test"},
		{"blocked parent of a link's host", clean, false, []detect.Override{entry(detect.OverrideURL, "partner-files.test", false)}, detect.Blocked, "Block", ""},
		{"blocked network", clean, false, []detect.Override{entry(detect.OverrideIP, "192.0.2.0/24", false)}, detect.Blocked, "Block", ""},
		{"not this one", clean, false, []detect.Override{entry(detect.OverrideDomain, "artner.test", false)}, detect.Delivered, "", ""},
		{"expired", clean, false, []detect.Override{expired}, detect.Delivered, "", ""},
		{"allowed and proven", phish, true, []detect.Override{entry(detect.OverrideDomain, "partner.test", true)}, detect.Delivered, "Allow", "ticket 7"},
		{"allowed but forged", phish, false, []detect.Override{entry(detect.OverrideDomain, "partner.test", true)}, detect.Blocked, "", "nothing proves the sender"},
		{"allowed though unproven", phish, false, []detect.Override{unproven}, detect.Delivered, "Allow", ""},
		{"an allowed sender does not carry malware in", malware, true, []detect.Override{entry(detect.OverrideDomain, "partner.test", true)}, detect.Blocked, "", "does not reach malware"},
		{"the envelope of an allowed sender does not count", phish, true, []detect.Override{entry(detect.OverrideDomain, "mailer.test", true)}, detect.Blocked, "", "nothing proves the sender"},
		{"all links are allowed", phish, false, []detect.Override{entry(detect.OverrideURL, "else.test", true), entry(detect.OverrideURL, "partner-files.test", true)}, detect.Delivered, "Allow", ""},
		{"an allowed link does not carry others in", phish, true, []detect.Override{entry(detect.OverrideURL, "partner-files.test", true)}, detect.Blocked, "", "has other links"},
		{"an allowed file", malware, false, []detect.Override{entry(detect.OverrideFile, file, true)}, detect.Delivered, "Allow", ""},
		{"an allowed file does not carry phish in", phish, true, []detect.Override{entry(detect.OverrideFile, file, true)}, detect.Blocked, "", "speaks for the file only"},
		{"block wins", phish, true, []detect.Override{entry(detect.OverrideDomain, "partner.test", true), entry(detect.OverrideIP, "192.0.2.7", false)}, detect.Blocked, "Block", ""},
	} {
		p := detect.DefaultPolicy()
		p.Mode, p.Overrides = detect.Act, c.overrides
		ctx := policyContext()
		ctx.Auth.Aligned = c.proven
		d := p.Decide(c.v, ctx)
		if d.Action != c.action || d.OrgLevelAction != c.org || !strings.Contains(d.Reason, c.reason) {
			t.Errorf("%s: %+v", c.name, d)
		}
		if c.org != "" && (d.PolicyID != "o1" || !strings.HasPrefix(d.OrgLevelPolicy, "Allow/block list")) {
			t.Errorf("%s: the entry does not show: %+v", c.name, d)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	if err := detect.DefaultPolicy().Validate(); err != nil {
		t.Fatal(err)
	}
	p := detect.DefaultPolicy()
	p.ID, p.Mode, p.Phish, p.Spam, p.BulkFrom = "", "on", detect.Replace, "burn", 10
	p.Overrides = []detect.Override{
		{ID: "1", Kind: detect.OverrideIP, Value: "300.0.0.1", Reason: "r"},
		{ID: "2", Kind: detect.OverrideDomain, Value: "*.x.test", Reason: "r"},
		{ID: "3", Kind: detect.OverrideSender, Value: "a@x.test"},
		{ID: "4", Kind: detect.OverrideFile, Value: "abc", Reason: "r"},
		{ID: "5", Kind: "subject", Value: "abc", Reason: "r"},
		{ID: "6", Kind: detect.OverrideURL, Value: "x.test", Reason: "r"},
		{ID: "7", Kind: detect.OverrideURL, Value: "X.test", Reason: "r", Created: policyNow, Expires: policyNow.Add(-time.Hour)},
	}
	err := p.Validate()
	if err == nil {
		t.Fatal("nothing is wrong with it?")
	}
	for _, want := range []string{"id: is missing", `mode: "on"`, "phish: replace", `spam: "burn"`, "bulk_from: 10", "overrides[0]: value \"300.0.0.1\"", "overrides[1]: value", "overrides[2]: reason is missing",
		"overrides[3]: value \"abc\": want a hash", "overrides[4]: kind \"subject\"", "overrides[6]: url X.test stands in overrides[5] too", "overrides[6]: expires before"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}
