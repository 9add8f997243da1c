package milter

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-milter"

	"tocsin/internal/event"
	"tocsin/internal/ingest/roadtest"
	"tocsin/internal/ingest/treatment"
)

const (
	inbox = "Delivered, Inbox/folder"
	held  = "Blocked, Quarantine"
)

// with is a message with a text and files.
func TestOutcomes(t *testing.T) {
	ada, bea := "ada@rig.example", "bea@rig.example"
	for _, c := range []struct {
		name, raw string
		last      milter.ActionCode
		text      string // of a refusal
		junk      bool
		removed   string
		body      string // in the new one
		rows      map[string]string
	}{
		{name: "accept", raw: roadtest.Simple("hello"), last: milter.ActAccept, rows: map[string]string{ada: inbox, bea: inbox}},
		{name: "junk", raw: roadtest.Simple("junk"), last: milter.ActAccept, junk: true, rows: map[string]string{ada: "Junked, Junk folder", bea: "Junked, Junk folder"}},
		{name: "junk for one", raw: roadtest.Simple("junk for " + ada), last: milter.ActAccept, rows: map[string]string{ada: inbox, bea: inbox}},
		{name: "quarantine", raw: roadtest.Simple("quarantine"), last: milter.ActDiscard, rows: map[string]string{ada: held, bea: held}},
		{name: "quarantine for one", raw: roadtest.Simple("quarantine for " + ada), last: milter.ActAccept, removed: "<ada@rig.example>", rows: map[string]string{ada: held, bea: inbox}},
		{name: "reject", raw: roadtest.Simple("reject"), last: milter.ActReplyCode, text: "5.7.1 ", rows: map[string]string{ada: "Blocked, Failed", bea: "Blocked, Failed"}},
		{name: "reject for one", raw: roadtest.Simple("reject for " + ada), last: milter.ActAccept, removed: "<ada@rig.example>", rows: map[string]string{ada: held, bea: inbox}},
		{name: "drop", raw: roadtest.Simple("drop"), last: milter.ActDiscard, rows: map[string]string{ada: "Blocked, Dropped", bea: "Blocked, Dropped"}},
		{name: "replace", raw: roadtest.WithFiles("replace", "note.txt", "invoice.exe"), last: milter.ActAccept, body: "File: invoice.exe\n",
			rows: map[string]string{ada: "Replaced, Inbox/folder", bea: "Replaced, Inbox/folder"}},
		{name: "replace for one", raw: roadtest.WithFiles("replace for "+ada, "invoice.exe"), last: milter.ActAccept, removed: "<ada@rig.example>", rows: map[string]string{ada: held, bea: inbox}},
		{name: "replace without a file", raw: roadtest.Simple("replace"), last: milter.ActDiscard, rows: map[string]string{ada: held, bea: held}},
		{name: "a judge that falls", raw: roadtest.Simple("kaboom quarantine"), last: milter.ActAccept, rows: map[string]string{ada: inbox, bea: inbox}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := build(t, Config{})
			got := letter(t, dial(t, r.address), "Q1", c.raw, ada, bea)
			if got.last.Code != c.last || !strings.HasPrefix(got.last.SMTPText, c.text) && c.text != "" {
				t.Errorf("answer %c %d %q, want %c %q", got.last.Code, got.last.SMTPCode, got.last.SMTPText, c.last, c.text)
			}
			if len(got.header("X-Spam-Flag")) == 1 != c.junk || strings.Join(got.removed(), " ") != c.removed {
				t.Errorf("junk %q, removed %q", got.header("X-Spam-Flag"), got.removed())
			}
			if b := got.body(); !strings.Contains(b, c.body) || (b == "") != (c.body == "") {
				t.Errorf("body:\n%s", b)
			}
			if rows := r.Rows(); !maps.Equal(rows, c.rows) {
				t.Errorf("events %v, want %v", rows, c.rows)
			}
		})
	}
}

// The queue and the milter judge the same message at the same time: it is judged once, and the job finds it done.
func TestQueueBeside(t *testing.T) {
	r := build(t, Config{})
	r.Start(t)
	s := dial(t, r.address)
	for i := range 30 {
		if got := letter(t, s, fmt.Sprint("Q", i), roadtest.Simple(fmt.Sprint("quarantine ", i))); got.last.Code != milter.ActDiscard {
			t.Fatalf("message %d: %c", i, got.last.Code)
		}
	}
	r.Settle(t)
	if n := len(r.Events); n != 30 {
		t.Errorf("%d events, want 30", n)
	}
	for k, e := range r.Events {
		if e.DeliveryLocation != "Quarantine" {
			t.Errorf("%s: %s", k, e.DeliveryLocation)
		}
	}
}

func TestEnvelopeAndHeader(t *testing.T) {
	r := build(t, Config{})
	raw := strings.Replace(roadtest.Simple("junk"), "Subject:", "X-Tocsin-Verdict: none\r\nx-spam-flag: NO\r\nX-TOCSIN-verdict:  none; id=1\r\n\tfolded\r\nSubject:", 1)
	got := letter(t, dial(t, r.address), "4Zq8", raw)
	var gone []string
	for _, c := range got.changes {
		if c.Code == milter.ActChangeHeader && c.HeaderValue == "" {
			gone = append(gone, fmt.Sprint(c.HeaderName, c.HeaderIndex))
		}
	}
	if strings.Join(gone, " ") != "X-Tocsin-Verdict2 X-Tocsin-Verdict1 X-Spam-Flag1" || len(got.header(treatment.VerdictField)) != 1 || got.header("X-Spam-Flag")[0] != "YES" {
		t.Errorf("taken out %v, added %q %q", gone, got.header(treatment.VerdictField), got.header("X-Spam-Flag"))
	}
	for _, e := range r.Events {
		if e.Subject != "junk" {
			continue
		}
		var x event.Extra
		if err := json.Unmarshal([]byte(e.AdditionalFields), &x); err != nil {
			t.Fatal(err)
		}
		if x.QueueID != "4Zq8" || x.TLS != "TLSv1.3" || x.ClientName != "out.partner.example" || e.SenderIPv4 != "203.0.113.9" || e.SenderMailFromAddress != "bo@partner.example" || e.Connectors != "milter" {
			t.Errorf("%+v\n%+v", x, e)
		}
		kept, err := r.Blobs.Get(t.Context(), e.RawSHA256)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(kept), "+0000\r\n")
		if want := raw; rest != want || !strings.HasPrefix(string(kept), "Received: from out.partner.example (out.partner.example [203.0.113.9])\r\n\tby mx.rig.example (Tocsin milter) with ESMTPS id 4Zq8;") {
			t.Errorf("kept:\n%q\nwant:\n%q", kept, want)
		}
	}
}

func TestLateAndBroken(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		set  func(*road)
		last milter.ActionCode
		rows string // after the queue has judged it; "" for none
	}{
		{"late", Config{Deadline: 50 * time.Millisecond}, func(r *road) { r.Slow = 300 * time.Millisecond }, milter.ActAccept, inbox},
		{"late, deferred", Config{Deadline: 50 * time.Millisecond, Late: treatment.TempFail}, func(r *road) { r.Slow = 300 * time.Millisecond }, milter.ActReplyCode, "Blocked, Failed"},
		{"store away", Config{}, func(r *road) { r.Away = true }, milter.ActReplyCode, "Blocked, Failed"},
		{"store away, accepted", Config{Broken: treatment.Accept}, func(r *road) { r.Away = true }, milter.ActAccept, inbox},
		{"disk full", Config{}, func(r *road) { r.Full = true }, milter.ActReplyCode, ""},
		{"disk full, accepted", Config{Broken: treatment.Accept}, func(r *road) { r.Full = true }, milter.ActAccept, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := build(t, c.cfg)
			r.Set(func() { c.set(r) })
			got := letter(t, dial(t, r.address), "Q1", roadtest.Simple("quarantine"))
			if got.last.Code != c.last {
				t.Errorf("answer %c %q", got.last.Code, got.last.SMTPText)
			}
			r.Set(func() { r.Away, r.Full, r.Slow = false, false, 0 })
			r.Start(t)
			r.Settle(t)
			if rows := r.Rows(); rows["ada@rig.example"] != c.rows {
				t.Errorf("events %v, want %q", rows, c.rows)
			}
			if want := c.rows == inbox; len(r.Pending) == 1 != want {
				t.Errorf("%d decisions to be carried out, want one: %v", len(r.Pending), want)
			}
			for _, p := range r.Pending {
				if p.Action != "Moved to quarantine" || p.ActionResult != "Pending" || p.RecipientEmailAddress != ada {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	r := build(t, Config{MaxSize: 100_000, MaxRecipients: 2, MaxConnections: 2, Timeout: 300 * time.Millisecond})
	s := dial(t, r.address)
	if got := letter(t, s, "Q1", roadtest.Simple("big")+strings.Repeat("0123456789\r\n", 20_000)); got.last.SMTPCode != 552 {
		t.Errorf("a body that is too large: %+v", got.last)
	}
	if got := letter(t, s, "Q2", strings.Repeat("X-Field: "+strings.Repeat("x", 200)+"\r\n", 1000)+roadtest.Simple("headers")); got.last.SMTPCode != 552 {
		t.Errorf("a header that is too large: %+v", got.last)
	}
	if got := letter(t, s, "Q3", roadtest.Simple("small")); got.last.Code != milter.ActAccept {
		t.Errorf("after those: %+v", got.last)
	}
	if n := r.server.buffered.Load(); n != 0 {
		t.Errorf("%d octets are still counted", n)
	}
	if _, err := s.Mail("x@partner.example", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if a, err := s.Rcpt(fmt.Sprintf("<r%d@rig.example>", i), nil); err != nil || (a.Code != milter.ActContinue) != (i == 2) {
			t.Errorf("recipient %d: %+v, %v", i, a, err)
		}
	}
	dial(t, r.address)
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("a third connection was let in")
	}
	for end := time.Now().Add(5 * time.Second); r.server.Counts().Connections > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("silent connections stay open")
		}
	}
}

// Nonsense costs its connection and nothing else.
func TestNonsense(t *testing.T) {
	r := build(t, Config{})
	for _, s := range []string{"\x00\x00\x00\x00", "\xff\xff\xff\xffO", "\x00\x00\x00\x01D", "\x00\x00\x00\x02Cx", "\x00\x00\x00\x01Z", "\x00\x00\x00\x01E", "GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x03L\x00\x00"} {
		c, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte(s))
		_ = c.Close()
	}
	if got := letter(t, dial(t, r.address), "Q1", roadtest.Simple("hello")); got.last.Code != milter.ActAccept {
		t.Errorf("%+v", got.last)
	}
}

func TestAllowed(t *testing.T) {
	r := build(t, Config{Allowed: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || r.server.Counts().Refused != 1 {
		t.Errorf("an address that may not connect: %v, %+v", err, r.server.Counts())
	}
}

func TestExchangeOfTheWholeBody(t *testing.T) {
	r := build(t, Config{})
	raw := "From: bo@partner.example\r\nSubject: replace\r\nContent-Type: application/x-msdownload; name=\"invoice.exe\"\r\nContent-Disposition: attachment; filename=\"invoice.exe\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte("MZ all of it")) + "\r\n"
	got := letter(t, dial(t, r.address), "Q1", raw)
	if got.last.Code != milter.ActAccept || !strings.Contains(got.body(), "invoice.exe") || strings.Contains(got.body(), "TVog") {
		t.Fatalf("%+v", got)
	}
	changed := map[string]string{}
	for _, c := range got.changes {
		if c.Code == milter.ActChangeHeader {
			changed[c.HeaderName] = strings.TrimPrefix(c.HeaderValue, " ")
		}
	}
	if changed["Content-Type"] != "text/plain; charset=utf-8" || changed["Content-Transfer-Encoding"] != "8bit" || changed["Content-Disposition"] != "" {
		t.Errorf("%q", changed)
	}
}
