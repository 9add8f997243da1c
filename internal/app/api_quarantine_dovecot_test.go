package app_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
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

// inboxOf is what the owner's own mail program reads in the inbox.
func inboxOf(t *testing.T, r *rig.Rig, address string) (out [][]byte) {
	t.Helper()
	ownMail(t, r, address, func(c *imapclient.Client) {
		data, err := c.Select("INBOX", &goimap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if data.NumMessages == 0 {
			return
		}
		body := &goimap.FetchItemBodySection{Peek: true}
		messages, err := c.Fetch(goimap.SeqSet{{Start: 1, Stop: 0}}, &goimap.FetchOptions{BodySection: []*goimap.FetchItemBodySection{body}}).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			out = append(out, m.FindBodySection(body))
		}
	})
	return out
}

// TestQuarantineOnDovecot: Postfix asks the milter, which holds a letter; it is listed, released to one of two, and lies in the inbox of that one with
// the octets that came in.
func TestQuarantineOnDovecot(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts Postfix and Dovecot")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().String()
	_ = l.Close()
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{"bob@harbour.test": "their own", "cat@harbour.test": "their own"}, Master: "soc", MasterPassword: "master's", Postfix: true, Milter: port})
	s := open(t, acting, func(c *app.Config, _ *app.Options) {
		c.Milter.Listen, c.Milter.Deadline = port, 30*time.Second
		c.Mailboxes = []app.Mailboxes{{Name: "Dovecot", Address: r.IMAP, TLS: "none", User: "soc", Password: "master's", SignIns: 1000, Timeout: 20 * time.Second}}
	})
	reader, analyst, second := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityOperator, auth.Approve)
	sent := append(phish("sign in"), "one\r\n..two\r\n\r\n"...)
	for _, raw := range [][]byte{sent, simple("hello")} {
		if err := r.Send("bounce@paypal.test", []string{"bob@harbour.test", "cat@harbour.test"}, raw); err != nil {
			t.Fatal(err)
		}
	}
	comes(t, "nothing is held", func() bool { return len(held(t, reader)) == 2 })
	for _, who := range []string{"bob@harbour.test", "cat@harbour.test"} {
		comes(t, "the other letter does not come", func() bool { return len(inboxOf(t, r, who)) == 1 })
	}
	e := ok[api.QuarantinePage](reader.get(t, "/quarantine", "recipient", "bob@")).Entries[0]
	if e.Subject != "sign in" || e.Policy == "" || e.State != "held" || e.Threats == "" {
		t.Errorf("%+v", e)
	}
	release := api.QuarantineRelease{QuarantineAsk: api.QuarantineAsk{Events: []api.ActionEvent{{NetworkMessageID: e.NetworkMessageID, Recipient: e.Recipient}}, Reason: "known sender"}}
	a := analyst.over(t, ok[api.Action](analyst.post(t, "/quarantine/release", release)))
	if a.State != "Done" || a.Counts.Done != 1 {
		t.Fatalf("%+v", a)
	}
	sum := ok[api.Email](reader.get(t, "/emails/"+e.NetworkMessageID)).Event.RawSHA256
	var found []byte
	for _, raw := range inboxOf(t, r, "bob@harbour.test") {
		if fmt.Sprintf("%x", sha256.Sum256(raw)) == sum {
			found = raw
		}
	}
	head, rest, _ := bytes.Cut(found, []byte("From: "))
	if !bytes.Equal(append([]byte("From: "), rest...), sent) || !strings.HasPrefix(string(head), "Received: ") {
		t.Errorf("in the inbox lies\n%q\nand sent was\n%q", found, sent)
	}
	if n := len(inboxOf(t, r, "cat@harbour.test")); n != 1 {
		t.Errorf("cat has %d letters", n)
	}
	if got := held(t, reader, "state", "all", "sort", "recipient", "desc", "false"); strings.Join(got, ",") != "bob@harbour.test released,cat@harbour.test held" {
		t.Error(got)
	}
	// Released again, it is left as it lies; undone, it is held again.
	u := analyst.over(t, undone(t, analyst, second, a))
	if u.State != "Done" || len(inboxOf(t, r, "bob@harbour.test")) != 1 {
		t.Errorf("%+v", u)
	}
	all := api.QuarantineRelease{QuarantineAsk: api.QuarantineAsk{Filter: &api.QuarantineFilter{}, Reason: "known sender"}}
	if a = analyst.over(t, ok[api.Action](analyst.post(t, "/quarantine/release", all))); a.State != "Done" || a.Counts.Done != 2 {
		t.Errorf("%+v", a)
	}
	for _, who := range []string{"bob@harbour.test", "cat@harbour.test"} {
		if n := len(inboxOf(t, r, who)); n != 2 {
			t.Errorf("%s has %d letters", who, n)
		}
	}
	if got := held(t, reader); len(got) != 0 {
		t.Error(got)
	}
}
