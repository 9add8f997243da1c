package app_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/test/rig"
)

// Mail that arrives in a watched mailbox is judged; what is bad is taken out, unless the mailbox may only be read. The coverage says how it stands.
func TestWatchedMailboxes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts Dovecot")
	}
	const bob, cat = "bob@harbour.test", "cat@closed.test"
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{bob: "their own", cat: "their own"}, Master: "soc", MasterPassword: "master's"})
	s := open(t, acting, func(c *app.Config, _ *app.Options) {
		system := app.Mailboxes{Name: "Dovecot", Address: r.IMAP, TLS: "none", User: "soc", Password: "master's", SignIns: 1000, Timeout: 20 * time.Second}
		system.Watching = app.Watching{Watch: true, Watched: []string{bob}, Idle: 1, Poll: time.Second}
		closed := system
		closed.Name, closed.Domains, closed.ReadOnly, closed.Watched, closed.Idle = "Closed", []string{"closed.test"}, true, []string{cat, "nobody@closed.test"}, 0
		c.Organisation.Domains = append(c.Organisation.Domains, "closed.test")
		system.Domains = []string{"harbour.test"}
		c.Mailboxes = []app.Mailboxes{system, closed}
	})
	reader, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityAdministrator)
	watched := func() map[string]api.WatchedSystem {
		out := map[string]api.WatchedSystem{}
		for _, w := range ok[api.Coverage](reader.get(t, "/coverage")).Watched {
			out[w.Name] = w
		}
		return out
	}
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "sender", Values: []string{"ann@sender.test"}, Action: "Block", Reason: "seen elsewhere"}))
	comes(t, "the mailboxes are not read", func() bool {
		w := watched()
		return w["Dovecot"].Looked != nil && w["Dovecot"].Listening == 1 && w["Closed"].Unread == 1
	})
	for _, to := range []string{bob, cat} {
		r.Deliver("bounce@sender.test", to, simple("bad"))
	}
	comes(t, "nothing is taken out", func() bool {
		list := ok[api.ActionPage](reader.get(t, "/actions", "state", "over")).Actions
		return len(list) == 1 && list[0].State == "Done" && len(ownMail(t, r, bob, nil)) == 0
	})
	comes(t, "the other mailbox is not judged", func() bool { return len(s.kql(t, `EmailEvents | where RecipientEmailAddress == "`+cat+`"`)) == 1 })
	if got := ownMail(t, r, cat, nil); len(got) != 1 {
		t.Errorf("a mailbox that is only read holds %q", got)
	}
	comes(t, "the coverage does not say so", func() bool {
		w := watched()
		e := w["Closed"].Errors
		return w["Dovecot"].Taken == 1 && w["Dovecot"].Behind == 0 && w["Closed"].Taken == 1 && len(e) == 1 && e[0].Mailbox == "nobody@closed.test" && strings.Contains(e[0].Text, "no mailbox")
	})
}
