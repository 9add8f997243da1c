package app_test

import (
	"slices"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/test/rig"
)

// TestWatchedFolderOnDovecot: people move mail into a folder with their own mail program, and it is a report; also after the mail
// server was away.
func TestWatchedFolderOnDovecot(t *testing.T) {
	t.Parallel()
	const bob = "bob@harbour.test"
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{bob: "bob's own"}, Master: "soc", MasterPassword: "master's"})
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.Mailboxes = []app.Mailboxes{{Name: "Dovecot", Address: r.IMAP, TLS: "none", SignIn: "master", User: "soc", Password: "master's", Connections: 4, SignIns: 1000, Timeout: 20 * time.Second}}
		c.Submissions.Folders, c.Submissions.Every = []string{"Report phishing"}, 100*time.Millisecond
		c.Organisation.People = []app.Person{{Name: "Bob", Address: bob}}
	})
	for secret, want := range map[string]app.State{"master's": app.Good, "an old one": app.Bad} {
		c := app.Defaults()
		c.Data, c.DNS.Enabled = s.dir, false
		c.Organisation = app.Organisation{Domains: []string{"harbour.test"}, People: []app.Person{{Name: "Bob", Address: bob}}}
		c.Mailboxes = []app.Mailboxes{{Name: "Dovecot", Address: r.IMAP, TLS: "none", User: "soc", Password: secret, Timeout: 20 * time.Second}}
		all := app.Doctor(t.Context(), c, nil)
		if i := slices.IndexFunc(all, func(f app.Finding) bool { return f.About == "mailboxes Dovecot" }); i < 0 || all[i].State != want {
			t.Errorf("doctor with the password %s: %+v", secret, all)
		}
	}
	reader := s.as(t, auth.SecurityReader)
	first, second := simple("moved one"), simple("moved two")
	id := s.take(t, first, bob)
	r.Deliver("bounce@sender.test", bob, first)
	r.Deliver("bounce@sender.test", bob, second)
	c, err := imapclient.DialInsecure(r.IMAP, nil)
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
	must(c.Login(bob, "bob's own").Wait())
	must(c.Create("Report phishing", nil).Wait())
	_, err = c.Select("INBOX", nil).Wait()
	must(err)
	_, err = c.Move(goimap.SeqSetNum(1), "Report phishing").Wait()
	must(err)
	comes(t, "what was moved is no report", func() bool { return len(reader.submissions(t)) == 1 })
	x := reader.submissions(t)[0]
	if x.Match != "Exact" || x.NetworkMessageID != id || x.Unproven != 0 || x.Reports != 1 {
		t.Errorf("%+v", x)
	}

	r.StopDovecot()
	r.StartDovecot()
	if c, err = imapclient.DialInsecure(r.IMAP, nil); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	must(c.Login(bob, "bob's own").Wait())
	_, err = c.Select("INBOX", nil).Wait()
	must(err)
	_, err = c.Move(goimap.SeqSetNum(1), "Report phishing").Wait()
	must(err)
	comes(t, "after the mail server was away nothing is taken", func() bool { return len(reader.submissions(t)) == 2 })
	if again := reader.submissions(t, "message", id); len(again) != 1 || again[0].Reports != 1 {
		t.Errorf("taken twice: %+v", again)
	}
}
