package milter

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"tocsin/internal/ingest/roadtest"
	"tocsin/test/rig"
)

const ada = "ada@rig.example"

func TestPostfix(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Postfix and Dovecot")
	}
	road := build(t, Config{})
	road.Start(t)
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{ada: "one", "bea@rig.example": "two"}, Postfix: true, Milter: road.address, JunkHeader: "X-Spam-Flag: YES"})
	send := func(raw string, to ...string) error {
		return r.Send("bo@partner.example", append(to, ada), []byte(raw))
	}
	in := func(folder, subject string) string {
		for _, m := range roadtest.Mailbox(r.Home(ada), folder) {
			if strings.Contains(m, "Subject: "+subject+"\r\n") {
				return m
			}
		}
		return ""
	}
	for _, s := range []string{roadtest.Simple("hello"), roadtest.Simple("junk"), roadtest.Simple("quarantine"), roadtest.WithFiles("replace", "note.txt", "invoice.exe"), roadtest.Simple("quarantine for " + ada)} {
		if err := send(s, "bea@rig.example"); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(roadtest.Simple("reject")); err == nil || !strings.Contains(err.Error(), "550") || !strings.Contains(err.Error(), "looks harmful") {
		t.Errorf("a refusal reached the client as %v", err)
	}
	roadtest.Eventually(t, "hello in the inbox", func() bool { return in("", "hello") != "" })
	roadtest.Eventually(t, "junk in Junk", func() bool { return in("Junk", "junk") != "" })
	roadtest.Eventually(t, "the message with the notice", func() bool { return in("", "replace") != "" })
	roadtest.Eventually(t, "the other recipient's copy", func() bool { return len(roadtest.Mailbox(r.Home("bea@rig.example"), "")) == 3 })
	roadtest.Eventually(t, "an empty queue", func() bool { return strings.TrimSpace(r.Queue()) == "" })
	if m := in("", "hello"); !strings.Contains(m, "X-Tocsin-Verdict: none; score=0; id=") {
		t.Errorf("no verdict:\n%s", m)
	}
	m := in("", "replace")
	if strings.Contains(m, base64.StdEncoding.EncodeToString([]byte("MZ the file invoice.exe"))) || !strings.Contains(m, "File: invoice.exe\r\n") || !strings.Contains(m, base64.StdEncoding.EncodeToString([]byte("MZ the file note.txt"))) || !strings.HasSuffix(m, "--b1--\r\n") {
		t.Errorf("the replaced message:\n%s", m)
	}
	for _, folder := range []string{"", "Junk"} {
		if in(folder, "quarantine") != "" || in(folder, "quarantine for "+ada) != "" {
			t.Errorf("held mail lies in %q", folder)
		}
	}
	road.Settle(t)
	held := 0
	for _, e := range road.Events {
		if e.DeliveryLocation == "Quarantine" {
			if _, err := road.Blobs.Get(t.Context(), e.RawSHA256); err != nil {
				t.Error(err)
			}
			held++
		}
	}
	if held != 3 || len(road.Events) != 11 {
		t.Errorf("%d copies are held, want 3; %d events, want 11", held, len(road.Events))
	}
}

// A signature over every octet of header and body holds for what Tocsin kept and for what was delivered.
func TestPostfixKeepsSignatures(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Postfix and Dovecot")
	}
	road := build(t, Config{})
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{ada: "one"}, Postfix: true, Milter: road.address})
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := "From:bo@partner.example\r\nTo: ada@rig.example,\r\n\tBea <bea@rig.example>\r\nSubject:  two spaces \t and a tab\r\nX-Empty:\r\nX-Tab:\tx\r\nX-Twice: 1\r\nX-Fold:\r\n on the next line\r\nX-Twice: 2\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"Message-ID: <signed@partner.example>\r\nDate: Thu, 01 Jan 2026 10:00:00 +0000\r\n\r\nHellö.\r\n.\r\n..dots\r\n \r\n\t\r\n" + strings.Repeat("many lines \r\n", 20_000) + "\r\n\r\n"
	var signed bytes.Buffer
	keys := []string{"From", "To", "Subject", "X-Empty", "X-Tab", "X-Fold", "X-Twice", "X-Twice", "Content-Type", "Message-ID", "Date"}
	if err := dkim.Sign(&signed, strings.NewReader(raw), &dkim.SignOptions{Domain: "partner.example", Selector: "s", Signer: private, HeaderKeys: keys,
		HeaderCanonicalization: dkim.CanonicalizationSimple, BodyCanonicalization: dkim.CanonicalizationSimple}); err != nil {
		t.Fatal(err)
	}
	if err := r.Send("bo@partner.example", []string{ada}, signed.Bytes()); err != nil {
		t.Fatal(err)
	}
	roadtest.Eventually(t, "the mail", func() bool { return len(roadtest.Mailbox(r.Home(ada), "")) == 1 })
	var kept []byte
	for _, e := range road.Events {
		if kept, err = road.Blobs.Get(t.Context(), e.RawSHA256); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasSuffix(kept, signed.Bytes()) {
		i := bytes.Index(kept, []byte("DKIM-Signature"))
		t.Errorf("the octets differ:\n%q\n%q", kept[i:min(len(kept), i+1500)], signed.Bytes()[:min(signed.Len(), 1500)])
	}
	for name, m := range map[string][]byte{"kept": kept, "delivered": []byte(roadtest.Mailbox(r.Home(ada), "")[0])} {
		got, err := dkim.VerifyWithOptions(bytes.NewReader(m), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}})
		if err != nil || len(got) != 1 || got[0].Err != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Without Tocsin Postfix does what milter_default_action says, and nothing is lost.
func TestPostfixWithoutTocsin(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Postfix and Dovecot")
	}
	for _, action := range []string{"tempfail", "accept"} {
		t.Run(action, func(t *testing.T) {
			road := build(t, Config{})
			r := rig.Start(t, rig.Options{Mailboxes: map[string]string{ada: "one"}, Postfix: true, Milter: road.address, MilterDefault: action})
			if err := road.server.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := r.Send("bo@partner.example", []string{ada}, []byte(roadtest.Simple("while away")))
			if action == "accept" {
				if err != nil {
					t.Fatal(err)
				}
				roadtest.Eventually(t, "the mail", func() bool { return len(roadtest.Mailbox(r.Home(ada), "")) == 1 })
				return
			}
			if err == nil || !strings.Contains(err.Error(), "451") && !strings.Contains(err.Error(), "4.7.1") {
				t.Errorf("the client heard %v", err)
			}
			if n := len(roadtest.Mailbox(r.Home(ada), "")); n != 0 {
				t.Errorf("%d mails were delivered", n)
			}
			again := New(Config{}, road, road.Pipeline)
			road.server = again
			road.listen(t, road.address)
			if err := r.Send("bo@partner.example", []string{ada}, []byte(roadtest.Simple("again"))); err != nil {
				t.Fatal(err)
			}
			roadtest.Eventually(t, "the mail", func() bool { return len(roadtest.Mailbox(r.Home(ada), "")) == 1 })
		})
	}
}

// BenchmarkPostfix sends b.N messages over one and over 50 connections through Postfix, with the milter and without, and reports how long a client
// waited for the answer to its message. 5,000 messages: -bench Postfix -benchtime 5000x.
func BenchmarkPostfix(b *testing.B) {
	for _, c := range []struct {
		connections int
		with        bool
	}{{1, false}, {1, true}, {50, false}, {50, true}} {
		b.Run(fmt.Sprintf("connections=%d/milter=%v", c.connections, c.with), func(b *testing.B) {
			o := rig.Options{Mailboxes: map[string]string{ada: "one"}, Postfix: true}
			if c.with {
				road := build(b, Config{})
				road.Start(b)
				o.Milter = road.address
			}
			r := rig.Start(b, o)
			_ = r.Send("bo@partner.example", []string{ada}, []byte(roadtest.Simple("first")))
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
			defer cancel()
			work, waited := make(chan int), make(chan time.Duration, b.N)
			b.ResetTimer()
			for range c.connections {
				go func() {
					for i := range work {
						start := time.Now()
						if err := r.Send("bo@partner.example", []string{ada}, []byte(roadtest.Simple(fmt.Sprint("mail ", i))+strings.Repeat("A line of text in a letter.\r\n", 200))); err != nil {
							b.Error(err)
						}
						waited <- time.Since(start)
					}
				}()
			}
			for i := range b.N {
				select {
				case work <- i:
				case <-ctx.Done():
					b.Fatal("too slow")
				}
			}
			close(work)
			all := make([]time.Duration, b.N)
			for i := range all {
				all[i] = <-waited
			}
			b.StopTimer()
			sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
			b.ReportMetric(float64(all[len(all)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Milliseconds()), "p99-ms")
		})
	}
}
