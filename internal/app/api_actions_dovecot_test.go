package app_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/test/rig"
)

// ownMail is what the owner of a mailbox sees with a mail program of their own: folder, flags, time of arrival and hash of every copy.
func ownMail(t *testing.T, r *rig.Rig, address string, before func(c *imapclient.Client)) (out []string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := imapclient.DialInsecure(r.IMAP, nil)
	must(err)
	defer func() { _ = c.Close() }()
	must(c.Login(address, "their own").Wait())
	if before != nil {
		before(c)
	}
	list, err := c.List("", "*", nil).Collect()
	must(err)
	for _, l := range list {
		if slices.Contains(l.Attrs, goimap.MailboxAttrNoSelect) || slices.Contains(l.Attrs, goimap.MailboxAttrNonExistent) || strings.HasPrefix(l.Mailbox, "Public") || strings.HasPrefix(l.Mailbox, "Virtual") {
			continue
		}
		data, err := c.Select(l.Mailbox, &goimap.SelectOptions{ReadOnly: true}).Wait()
		must(err)
		if data.NumMessages == 0 {
			continue
		}
		body := &goimap.FetchItemBodySection{Peek: true}
		messages, err := c.Fetch(goimap.SeqSet{{Start: 1, Stop: 0}}, &goimap.FetchOptions{Flags: true, InternalDate: true, BodySection: []*goimap.FetchItemBodySection{body}}).Collect()
		must(err)
		for _, m := range messages {
			var flags []string
			for _, f := range m.Flags {
				if f != `\Recent` {
					flags = append(flags, string(f))
				}
			}
			slices.Sort(flags)
			out = append(out, fmt.Sprintf("%s %v %s %x", l.Mailbox, flags, m.InternalDate.UTC().Format(time.RFC3339), sha256.Sum256(m.FindBodySection(body))))
		}
	}
	slices.Sort(out)
	return out
}

// TestActionsOnDovecot takes a campaign out of real mailboxes while the mail system goes away, puts it back, and deletes a part for good.
func TestActionsOnDovecot(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a minute")
	}
	const people, letters = 20, 8
	boxes := map[string]string{}
	for n := range people {
		boxes[fmt.Sprintf("p%02d@harbour.test", n)] = "their own"
	}
	r := rig.Start(t, rig.Options{Mailboxes: boxes, Master: "soc", MasterPassword: "master's"})
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.Mailboxes = []app.Mailboxes{{Name: "Dovecot", Address: r.IMAP, TLS: "none", User: "soc", Password: "master's", SignIns: 1000, Timeout: 20 * time.Second}}
	})
	addresses := slices.Sorted(maps.Keys(boxes))
	for n := range letters {
		raw := append(simple(fmt.Sprintf("campaign %d", n)), "one\r\n..two\r\n\r\n"...)
		s.take(t, raw, addresses...)
		for _, to := range addresses {
			r.Deliver("bounce@sender.test", to, raw)
		}
	}
	for _, to := range addresses { // mail that nobody asks about
		r.Deliver("bounce@sender.test", to, simple("lunch"))
	}
	before := map[string][]string{}
	for i, to := range addresses {
		before[to] = ownMail(t, r, to, func(c *imapclient.Client) { // people read, answer and file
			_, err := c.Select("INBOX", nil).Wait()
			if err == nil {
				err = c.Store(goimap.SeqSetNum(uint32(i%letters+1)), &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{`\Seen`, `\Answered`, "$Forwarded"}}, nil).Close()
			}
			if err == nil && i%3 == 0 {
				_ = c.Create("Projects", nil).Wait()
				_, err = c.Move(goimap.SeqSetNum(2), "Projects").Wait()
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	asker, second := s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityOperator, auth.Approve)
	ask := api.ActionAsk{Kind: "Soft delete", Reason: "ticket 9", Query: &api.ActionQuery{Q: `EmailEvents | where Subject startswith "campaign"`}}
	began := time.Now()
	a := ok[api.Action](asker.post(t, "/actions", ask))
	comes(t, "nothing is done", func() bool { return ok[api.Action](asker.get(t, "/actions/"+a.ID)).Counts.Done > people })
	r.StopDovecot()
	half := ok[api.Action](asker.get(t, "/actions/"+a.ID)).Counts
	r.StartDovecot()
	a = asker.over(t, a)
	t.Logf("%d copies in %s, the mail system was away after %d", a.Counts.Targets, time.Since(began).Round(time.Millisecond), half.Done)
	if a.State != "Done" || a.Counts.Done != people*letters || half.Done == people*letters {
		t.Fatalf("%+v, half way %+v", a, half)
	}
	for _, to := range addresses {
		if left := ownMail(t, r, to, nil); len(left) != 1 {
			t.Fatalf("%s has %q", to, left)
		}
	}
	began = time.Now()
	u := asker.over(t, undone(t, asker, second, a))
	t.Logf("put back in %s", time.Since(began).Round(time.Millisecond))
	if u.State != "Done" || u.Counts.Done != people*letters {
		t.Fatalf("%+v", u)
	}
	for _, to := range addresses {
		if now := ownMail(t, r, to, nil); !slices.Equal(now, before[to]) {
			t.Errorf("%s has\n%s\nand had\n%s", to, strings.Join(now, "\n"), strings.Join(before[to], "\n"))
		}
	}
	// For good.
	ask.Kind, ask.Query.Q = "Hard delete", `EmailEvents | where Subject == "campaign 3"`
	d := ok[api.Action](asker.post(t, "/actions", ask))
	second.post(t, "/actions/"+d.ID+"/approve", api.ActionWords{}).want(http.StatusOK)
	if d = asker.over(t, d); d.State != "Done" || d.Counts.Done != people || d.Undoable {
		t.Errorf("%+v", d)
	}
	for _, to := range addresses {
		if now := ownMail(t, r, to, nil); len(now) != letters {
			t.Errorf("%s has %d letters", to, len(now))
		}
	}
	// Its owner puts a removed letter back: drift.
	ask.Kind, ask.Query.Q = "Move to junk", `EmailEvents | where Subject == "campaign 5"`
	j := asker.over(t, ok[api.Action](asker.post(t, "/actions", ask)))
	ownMail(t, r, addresses[0], func(c *imapclient.Client) {
		_, err := c.Select("Junk", nil).Wait()
		if err == nil {
			_, err = c.Move(goimap.SeqSetNum(1), "INBOX").Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	s.clock.move(61 * time.Minute)
	comes(t, "no drift is found", func() bool { return ok[api.Action](asker.get(t, "/actions/"+j.ID)).Counts.Drifted == 1 })
}

// undone asks for an undo, and has it approved when it must be.
func undone(t *testing.T, asker, second caller, a api.Action) api.Action {
	t.Helper()
	u := ok[api.Action](asker.post(t, "/actions/"+a.ID+"/undo", api.ActionWords{Reason: "a mistake"}))
	if u.State == "Waiting for approval" {
		u = ok[api.Action](second.post(t, "/actions/"+u.ID+"/approve", api.ActionWords{}))
	}
	return u
}
