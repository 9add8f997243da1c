package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/test/rig"
)

// Outcomes of the mail that TestMailFromTheWireToTheMailboxAndBack sends: 200 messages, each to one of 20 mailboxes.
const (
	campaignMail = 150 // delivered; all of them have a link to the same host
	junkMail     = 20  // by a rule, filed by the mailbox server
	heldMail     = 15  // by a block entry
	replacedMail = 15  // by a known file
)

// offerRule makes mail of one subject spam.
const offerRule = `id: harbour-offer
title: An offer that nobody asked for
description: |
  Mail whose subject begins with the words of an offer.
author: Harbour
threat: Spam
technology: General filter
severity: medium
weight: 60
false_positives:
  - none
when: |
  msg.subject.startsWith("An offer")
evidence: |
  "the subject is that of an offer"
samples:
  - match: true
    message: |
      From: ann@sender.test
      Subject: An offer
`

var knownFile = []byte("MZ a file that is known to be bad")

// wireMail is what strangers send.
func wireMail(n int) (from, subject string, raw []byte) {
	from = "ann@sender.test"
	body := "Content-Type: text/plain; charset=utf-8\r\n\r\nHello, see http://pay.campaign.test/" + fmt.Sprint(n) + "\r\n..\r\n\r\n"
	subject = fmt.Sprintf("campaign %d", n)
	switch {
	case n >= campaignMail+junkMail+heldMail:
		subject = fmt.Sprintf("file %d", n)
		body = "Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b1\r\nContent-Type: application/octet-stream; name=\"tool.bin\"\r\n" +
			"Content-Disposition: attachment; filename=\"tool.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(knownFile) + "\r\n--b1--\r\n"
	case n >= campaignMail+junkMail:
		from, subject = "eve@blocked.test", fmt.Sprintf("blocked %d", n)
	case n >= campaignMail:
		subject = fmt.Sprintf("An offer %d", n)
	}
	return from, subject, []byte("From: <" + from + ">\r\nTo: <you@harbour.test>\r\nSubject: " + subject + "\r\nMessage-ID: <" + fmt.Sprint(n) + "@sender.test>\r\n" +
		"Date: " + time.Now().UTC().Format(time.RFC1123Z) + "\r\nMIME-Version: 1.0\r\n" + body)
}

// wholeRig is Postfix that asks Tocsin about all mail, Dovecot with 20 mailboxes, and Tocsin that may act on them.
func wholeRig(t *testing.T) (*rig.Rig, *site, []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	milter := l.Addr().String()
	_ = l.Close()
	rules, lists := t.TempDir(), filepath.Join(t.TempDir(), "known.csv")
	if err := os.WriteFile(filepath.Join(rules, "harbour-offer.yaml"), []byte(offerRule), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lists, fmt.Appendf(nil, "type,value,threat,verdict,expires\nsha256,%x,Malware,bad,\n", sha256.Sum256(knownFile)), 0o644); err != nil {
		t.Fatal(err)
	}
	boxes := map[string]string{}
	for n := range 20 {
		boxes[fmt.Sprintf("p%02d@harbour.test", n)] = "their own"
	}
	r := rig.Start(t, rig.Options{Mailboxes: boxes, Master: "soc", MasterPassword: "master's", Postfix: true, Milter: milter, JunkHeader: "X-Spam-Flag: YES"})
	s := open(t, acting, func(c *app.Config, _ *app.Options) {
		c.Milter.Listen = milter
		c.Policy.Malware = "replace"
		c.Rules.Folder, c.Indicators.Files = rules, []string{lists}
		c.Mailboxes = []app.Mailboxes{{Name: "Dovecot", Address: r.IMAP, TLS: "none", User: "soc", Password: "master's", SignIns: 1000, Timeout: 20 * time.Second}}
	})
	return r, s, slices.Sorted(maps.Keys(boxes))
}

// sendAll sends the mail over twenty connections, and waits until it has left Postfix and is judged.
func sendAll(t *testing.T, r *rig.Rig, addresses []string) (sent map[string][]byte) {
	t.Helper()
	sent = map[string][]byte{}
	next := make(chan int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for n := range next {
				from, subject, raw := wireMail(n)
				if err := r.Send(from, []string{addresses[n%len(addresses)]}, raw); err != nil {
					t.Error(err)
				}
				mu.Lock()
				sent[subject] = raw
				mu.Unlock()
			}
		})
	}
	for n := range campaignMail + junkMail + heldMail + replacedMail {
		next <- n
	}
	close(next)
	wg.Wait()
	comes(t, "Postfix keeps mail", func() bool { return strings.TrimSpace(r.Queue()) == "" })
	return sent
}

// everybody is what the owners see, by address.
func everybody(t *testing.T, r *rig.Rig, addresses []string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, a := range addresses {
		out[a] = ownMail(t, r, a, nil)
	}
	return out
}

func total(boxes map[string][]string) (n int) {
	for _, b := range boxes {
		n += len(b)
	}
	return n
}

// TestMailFromTheWireToTheMailboxAndBack is the whole way over real servers: Postfix asks Tocsin about 200 messages, which end in four ways; then
// a campaign is taken out of the mailboxes, put back, found out by a new indicator, released, and deleted.
func TestMailFromTheWireToTheMailboxAndBack(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a minute")
	}
	r, s, addresses := wholeRig(t)
	chief := s.as(t, auth.SecurityAdministrator)
	asker, second := s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityOperator, auth.Approve)
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "domain", Values: []string{"blocked.test"}, Action: "Block", Reason: "ticket 1"}))

	began := time.Now()
	rate := func(what string, n int) {
		t.Logf("%s: %d in %s, %.0f/s", what, n, time.Since(began).Round(time.Millisecond), float64(n)/time.Since(began).Seconds())
		began = time.Now()
	}
	sent := sendAll(t, r, addresses)
	rate("Postfix, the milter and Dovecot", len(sent))
	want := []string{"Blocked Quarantine 15", "Delivered Inbox/folder 150", "Junked Junk folder 20", "Replaced Inbox/folder 15"}
	got := s.kql(t, "EmailEvents | summarize n = count() by DeliveryAction, DeliveryLocation | project strcat(DeliveryAction, ' ', DeliveryLocation, ' ', n)")
	if !sameLines(got, want) {
		t.Fatalf("outcomes %q, want %q", got, want)
	}
	before := everybody(t, r, addresses)
	if n := total(before); n != campaignMail+junkMail+replacedMail {
		t.Fatalf("%d copies are in the mailboxes", n)
	}
	inJunk := 0
	for _, m := range slices.Concat(slices.Collect(maps.Values(before))...) {
		if strings.HasPrefix(m, "Junk ") {
			inJunk++
		}
	}
	if inJunk != junkMail {
		t.Errorf("%d copies are in Junk", inJunk)
	}

	// Search, soft delete, undo.
	ask := func(kind, q string) api.Action {
		t.Helper()
		began = time.Now()
		a := ok[api.Action](asker.post(t, "/actions", api.ActionAsk{Kind: kind, Reason: "ticket 9", Query: &api.ActionQuery{Q: "EmailEvents | where " + q}}))
		if a.State == "Waiting for approval" {
			for range a.Needs {
				a = ok[api.Action](second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}))
			}
		}
		return asker.over(t, a)
	}
	if n := s.kql(t, `EmailEvents | where Subject startswith "campaign" and DeliveryLocation == "Inbox/folder" | count | project tostring(Count)`); n[0] != fmt.Sprint(campaignMail) {
		t.Fatalf("the search finds %s", n)
	}
	a := ask("Soft delete", `Subject startswith "campaign"`)
	rate("soft delete", a.Counts.Done)
	if left := everybody(t, r, addresses); a.State != "Done" || a.Counts.Done != campaignMail || total(left) != junkMail+replacedMail {
		t.Fatalf("%+v; %d are left", a, total(left))
	}
	began = time.Now()
	u := asker.over(t, undone(t, asker, second, a))
	rate("undo", u.Counts.Done)
	if now := everybody(t, r, addresses); u.Counts.Done != campaignMail || !maps.EqualFunc(now, before, slices.Equal) {
		t.Fatalf("%+v; after the undo %d copies, not what it was", u, total(now))
	}

	// Mail whose file was exchanged for a notice is that mail, though its bytes are others.
	if a := ask("Soft delete", `Subject startswith "file"`); a.Counts.Done != replacedMail {
		t.Errorf("replaced mail: %+v", a.Counts)
	} else if u := asker.over(t, undone(t, asker, second, a)); u.Counts.Done != replacedMail {
		t.Errorf("put back: %+v", u.Counts)
	}
	if now := everybody(t, r, addresses); !maps.EqualFunc(now, before, slices.Equal) {
		t.Errorf("replaced mail came back as something else")
	}

	// For good.
	if a := ask("Hard delete", `Subject startswith "An offer"`); a.Counts.Done != junkMail || a.Undoable {
		t.Errorf("%+v", a)
	}
	if now := everybody(t, r, addresses); total(now) != campaignMail+replacedMail {
		t.Errorf("%d copies are left", total(now))
	}

	// What was held at delivery goes to its recipient as it came.
	began = time.Now()
	if a := ask("Release", `Subject startswith "blocked"`); a.Counts.Done != heldMail {
		t.Errorf("%+v", a.Counts)
	}
	rate("release", heldMail)
	for n := campaignMail + junkMail; n < campaignMail+junkMail+heldMail; n++ {
		_, subject, _ := wireMail(n)
		// Above what the sender wrote stands the line that a mail server writes.
		if got := withSubject(t, r, addresses[n%len(addresses)], subject); !bytes.HasSuffix(got, sent[subject]) || !bytes.HasPrefix(got, []byte("Received: ")) {
			t.Errorf("%s is not in the inbox as it came: %q", subject, got)
		}
	}

	zapped(t, s, r, chief, second, addresses)

	// Its owner puts a removed message back from a copy: drift.
	d := ask("Soft delete", `Subject startswith "blocked"`)
	if d.Counts.Done != heldMail {
		t.Errorf("%+v", d.Counts)
	}
	n := campaignMail + junkMail
	_, subject, _ := wireMail(n)
	ownMail(t, r, addresses[n%len(addresses)], func(c *imapclient.Client) { putInto(t, c, sent[subject]) })
	s.clock.move(61 * time.Minute)
	comes(t, "no drift is found", func() bool { return ok[api.Action](asker.get(t, "/actions/"+d.ID)).Counts.Drifted == 1 })
}

// putInto puts a message into the inbox, as a mail program does.
func putInto(t *testing.T, c *imapclient.Client, raw []byte) {
	t.Helper()
	w := c.Append("INBOX", int64(len(raw)), nil)
	_, err := w.Write(raw)
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		_, err = w.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// withSubject is the message in an inbox that has a subject, as its owner reads it.
func withSubject(t *testing.T, r *rig.Rig, address, subject string) (raw []byte) {
	t.Helper()
	ownMail(t, r, address, func(c *imapclient.Client) {
		_, err := c.Select("INBOX", nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.Search(&goimap.SearchCriteria{Header: []goimap.SearchCriteriaHeaderField{{Key: "Subject", Value: subject}}}, nil).Wait()
		if err != nil || len(found.AllSeqNums()) != 1 {
			t.Fatalf("%s in %s: %v %v", subject, address, found, err)
		}
		body := &goimap.FetchItemBodySection{Peek: true}
		list, err := c.Fetch(found.All, &goimap.FetchOptions{BodySection: []*goimap.FetchItemBodySection{body}}).Collect()
		if err != nil || len(list) != 1 {
			t.Fatal(err)
		}
		raw = list[0].FindBodySection(body)
	})
	return raw
}

// zapped learns that the campaign's host is bad: what was delivered is judged again and taken out.
func zapped(t *testing.T, s *site, r *rig.Rig, chief, second caller, addresses []string) {
	t.Helper()
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "url", Values: []string{"pay.campaign.test"}, Action: "Block", Reason: "a feed names it"}))
	if run := chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{Reason: "ticket 9"})); run.Counts.Decided != campaignMail {
		t.Fatalf("%+v", run.Counts)
	}
	var a api.Action
	comes(t, "nothing is taken out", func() bool {
		for _, a = range ok[api.ActionPage](chief.get(t, "/actions")).Actions {
			if a.Automatic && a.State == "Waiting for approval" {
				second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{})
			}
			if a.Automatic && a.Over {
				return true
			}
		}
		return false
	})
	if a.By != "Phish ZAP" || a.Kind != "Quarantine" || a.Counts.Done != campaignMail {
		t.Errorf("%+v", a)
	}
	if n := total(everybody(t, r, addresses)); n != heldMail+replacedMail {
		t.Errorf("%d copies are left", n)
	}
	got := s.kql(t, "EmailPostDeliveryEvents | where ActionType == 'Phish ZAP' and ActionResult == 'Success' | summarize n = count() by DeliveryLocation | project strcat(DeliveryLocation, ' ', n)")
	if !slices.Equal(got, []string{"Quarantine 150"}) {
		t.Errorf("%q", got)
	}
}
