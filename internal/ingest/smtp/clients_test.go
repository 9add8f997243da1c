package smtp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	netsmtp "net/smtp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"tocsin/internal/ingest"
)

// What net/smtp sends arrives octet for octet, with the whole envelope: also those that no header names.
func TestNetSMTP(t *testing.T) {
	in := &recorder{}
	_, addr := start(t, Config{Journals: []string{"<Journal@Tocsin.test>"}}, in)
	raw := letter(1)
	before := time.Now()
	to := []string{"alice@example.test", "Hidden.Bcc@example.test", "journal@tocsin.test"}
	if err := netsmtp.SendMail(addr, nil, "bounce@sender.test", to, raw); err != nil {
		t.Fatal(err)
	}
	got := in.only(t)
	if got.raw != string(raw) {
		t.Error(cmp.Diff(string(raw), got.raw))
	}
	if at := got.env.Time; at.Before(before) || at.After(time.Now()) {
		t.Errorf("time %v", at)
	}
	got.env.Time = time.Time{}
	want := ingest.Envelope{
		Source: "smtp", ClientIP: loopback, OwnClient: true, Helo: "localhost", MailFrom: "bounce@sender.test", MailFromKnown: true,
		Recipients: to[:2],
	}
	if d := cmp.Diff(want, got.env, cmp.Comparer(func(a, b ingest.Envelope) bool { return fmt.Sprint(a) == fmt.Sprint(b) })); d != "" {
		t.Errorf("envelope (-want +got)\n%s", d)
	}
}

// The options of a server reach the envelope.
func TestEnvelopeOfConfig(t *testing.T) {
	in := &recorder{}
	journals := []string{"Journal@Tocsin.test"}
	_, addr := start(t, Config{Source: "exchange", Reports: true, Journals: journals}, in)
	if err := netsmtp.SendMail(addr, nil, "", []string{"journal@tocsin.test"}, letter(1)); err != nil {
		t.Fatal(err)
	}
	env := in.only(t).env
	if env.Source != "exchange" || !env.Journal || len(env.Recipients) != 0 || env.MailFrom != "" || !env.MailFromKnown {
		t.Errorf("envelope %+v", env)
	}
	if journals[0] != "Journal@Tocsin.test" {
		t.Errorf("the caller's configuration was changed to %q", journals[0])
	}
}

// go-smtp's client pipelines nothing but speaks 8BITMIME, SMTPUTF8, SIZE and, when asked, chunks.
func TestGoSMTP(t *testing.T) {
	in := &recorder{}
	_, addr := start(t, Config{MaxSize: 5 << 20}, in)
	c, err := gosmtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, ext := range []string{"8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES"} {
		if ok, _ := c.Extension(ext); !ok {
			t.Errorf("%s is not offered", ext)
		}
	}
	if size, ok := c.MaxMessageSize(); !ok || size != 5<<20 {
		t.Errorf("SIZE %d %v", size, ok)
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		t.Error("STARTTLS is offered without a certificate")
	}
	body := "Subject: Grüße\r\n\r\nÄpfel \xe4 und \xff\r\n"
	send := func(opts *gosmtp.MailOptions, to ...string) {
		t.Helper()
		if err := c.Mail("jürgen@münchen.test", opts); err != nil {
			t.Fatal(err)
		}
		for _, r := range to {
			if err := c.Rcpt(r, nil); err != nil {
				t.Fatal(err)
			}
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	send(&gosmtp.MailOptions{UTF8: true, Body: gosmtp.Body8BitMIME, Size: int64(len(body))}, "用户@例子.test")
	send(&gosmtp.MailOptions{UTF8: true}, "a@example.test", "b@example.test")
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	got := in.all()
	if len(got) != 2 || got[0].raw != body || got[1].raw != body {
		t.Fatalf("got %q", in.raws())
	}
	if e := got[0].env; e.MailFrom != "jürgen@münchen.test" || len(e.Recipients) != 1 || e.Recipients[0] != "用户@例子.test" {
		t.Errorf("envelope %+v", e)
	}
	if e := got[1].env; len(e.Recipients) != 2 {
		t.Errorf("the second message has the recipients %q", e.Recipients)
	}
}

// LMTP answers for every recipient, in their order, also when one is named twice.
func TestLMTP(t *testing.T) {
	in := &recorder{}
	_, addr := start(t, Config{LMTP: true}, in)
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c := gosmtp.NewClientLMTP(nc)
	defer c.Close()
	deliver := func(to ...string) (answers []string) {
		t.Helper()
		if err := c.Mail("a@sender.test", nil); err != nil {
			t.Fatal(err)
		}
		for _, r := range to {
			if err := c.Rcpt(r, nil); err != nil {
				t.Fatal(err)
			}
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(letter(1)); err != nil {
			t.Fatal(err)
		}
		result, err := w.CloseWithLMTPResponse()
		var partial gosmtp.LMTPDataError
		if err != nil && !errors.As(err, &partial) {
			t.Fatal(err)
		}
		for _, r := range to {
			switch {
			case partial[r] != nil:
				answers = append(answers, fmt.Sprint(r, " ", partial[r].Code))
			case result[r] != nil:
				answers = append(answers, r+" ok")
			}
		}
		return answers
	}
	if d := cmp.Diff([]string{"a@x.test ok", "b@x.test ok", "a@x.test ok"}, deliver("a@x.test", "b@x.test", "a@x.test")); d != "" {
		t.Error(d)
	}
	in.before = func(context.Context, []byte) error { return syscall.EIO }
	if d := cmp.Diff([]string{"a@x.test 451", "b@x.test 451"}, deliver("a@x.test", "b@x.test")); d != "" {
		t.Error(d)
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	if e := in.only(t).env; e.Source != "lmtp" || len(e.Recipients) != 3 {
		t.Errorf("envelope %+v", e)
	}
}

func TestLMTPWantsLHLO(t *testing.T) {
	_, lmtp := start(t, Config{LMTP: true}, &recorder{})
	p := dial(t, lmtp)
	p.want("220 tocsin LMTP")
	p.say("EHLO x", "500 5.5.1")
	p.say("LHLO x", "250")
	_, smtp := start(t, Config{}, &recorder{})
	p = dial(t, smtp)
	p.want("220 tocsin ESMTP")
	p.say("LHLO x", "500 5.5.1")
	p.say("HELO x", "250 tocsin")
}

// What the intake says decides the answer: nothing but a message that is durable gets 250.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"durable", nil, "250 2.0.0"},
		{"too large", fmt.Errorf("accept: %w", ingest.ErrTooLarge), "552 5.3.4"},
		{"disk full", fmt.Errorf("accept: %w: %w", ingest.ErrFull, syscall.ENOSPC), "452 4.3.1"},
		{"closed", ingest.ErrClosed, "451 4.3.0"},
		{"broken", errors.New("open /var/secret/path: broken"), "451 4.3.0"},
		{"slow", context.DeadlineExceeded, "451 4.3.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &recorder{before: func(context.Context, []byte) error { return c.err }}
			s, addr := start(t, Config{}, in)
			p := greeted(t, addr)
			for range 2 { // the connection goes on afterwards
				p.envelope("a@b.test", "c@d.test")
				p.say("DATA", "354")
				got := p.say("Subject: x\r\n\r\nx\r\n.", c.want)
				if strings.Contains(got, "secret") || strings.Contains(got, "context") {
					t.Errorf("the client learns too much: %q", got)
				}
			}
			want := Counts{Failed: 2, Connections: 1}
			if c.err == nil {
				want = Counts{Received: 2, Connections: 1}
			}
			if got := s.Counts(); got != want {
				t.Errorf("counts %+v, want %+v", got, want)
			}
		})
	}
}

// A panic on the way in costs one answer, not the server.
func TestPanicIsOneAnswer(t *testing.T) {
	in := &recorder{before: func(_ context.Context, raw []byte) error {
		if strings.Contains(string(raw), "kaboom") {
			panic("kaboom")
		}
		return nil
	}}
	_, addr := start(t, Config{}, in)
	p := greeted(t, addr)
	for _, c := range [][2]string{{"kaboom", "451"}, {"calm", "250"}} {
		p.envelope("a@b.test", "c@d.test")
		p.say("DATA", "354")
		p.say(c[0]+"\r\n.", c[1])
	}
	in.only(t)
}

// The answer waits until the message is durable, and the intake is given up after AcceptTimeout.
func TestAnswerWaits(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	in := &recorder{before: func(ctx context.Context, _ []byte) error {
		entered <- struct{}{}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	_, addr := start(t, Config{AcceptTimeout: 300 * time.Millisecond}, in)
	p := greeted(t, addr)
	p.envelope("a@b.test", "c@d.test")
	p.say("DATA", "354")
	p.send("x\r\n.\r\n")
	<-entered
	if n := p.r.Buffered(); n != 0 {
		t.Errorf("%d octets of an answer before there was one", n)
	}
	p.want("451") // nobody released it
	p.envelope("a@b.test", "c@d.test")
	p.say("DATA", "354")
	p.send("y\r\n.\r\n")
	<-entered
	close(release)
	p.want("250")
	if got := in.only(t).raw; got != "y\r\n" {
		t.Errorf("taken in %q", got)
	}
}

// What was answered with 250 is in the stores at that moment, bytes and job, before anything else runs.
func TestDurableBefore250(t *testing.T) {
	h := build(t, t.TempDir())
	_, addr := start(t, Config{}, h.intake)
	const clients, each = 8, 5
	var wg sync.WaitGroup
	for k := range clients {
		wg.Go(func() {
			c, err := netsmtp.Dial(addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := range each {
				raw := letter(k*each + i)
				if err := sendOver(c, "a@sender.test", []string{"alice@example.test"}, raw); err != nil {
					t.Error(err)
					return
				}
				sum := sha256.Sum256(raw)
				hash := hex.EncodeToString(sum[:])
				if there, err := h.blobs.Exists(t.Context(), hash); err != nil || !there {
					t.Errorf("250 and no bytes: %v", err)
				}
				known, err := h.ledger.KnownMessages(t.Context(), []string{hash})
				if err != nil || !known[hash] {
					t.Errorf("250 and no row: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := h.ledger.JobsWaiting(t.Context(), ingest.Queue); err != nil || n != clients*each {
		t.Errorf("%d jobs, want %d: %v", n, clients*each, err)
	}
	if rows := h.judge(t); len(rows) != clients*each {
		t.Errorf("%d events, want %d", len(rows), clients*each)
	}
}

// The same message offered again, as a sender does that never saw the answer, is the same events.
func TestOfferedAgain(t *testing.T) {
	h := build(t, t.TempDir())
	_, addr := start(t, Config{}, h.intake)
	for range 3 {
		if err := netsmtp.SendMail(addr, nil, "a@sender.test", []string{"alice@example.test", "bob@example.test"}, letter(1)); err != nil {
			t.Fatal(err)
		}
	}
	if rows := h.judge(t); len(rows) != 2 {
		t.Errorf("%d events, want 2", len(rows))
	}
}

func sendOver(c *netsmtp.Client, from string, to []string, raw []byte) error {
	if err := c.Mail(from); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}
