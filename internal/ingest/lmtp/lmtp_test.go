package lmtp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/roadtest"
	"tocsin/internal/ingest/smtp"
	"tocsin/internal/ingest/treatment"
)

// mailboxes is a mailbox server in memory. It answers by the recipient: "full@" 452, "gone@" 550 when named, "later@" 451 at the end.
type mailboxes struct {
	l net.Listener

	mu      sync.Mutex
	mail    map[string][]string // by recipient
	words   []string            // commands
	die     string              // closes the connection at this command, once; "." at the end of a message, before it is kept
	dieKept bool                // at the end of a message, after it was kept
	conns   []net.Conn
}

func serveMailboxes(t testing.TB, address string) *mailboxes {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	b := &mailboxes{l: l, mail: map[string][]string{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.conns = append(b.conns, c)
			b.mu.Unlock()
			go b.serve(c)
		}
	}()
	t.Cleanup(b.close)
	return b
}

func (b *mailboxes) close() {
	_ = b.l.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		_ = c.Close()
	}
}

func (b *mailboxes) of(address string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mail[address])
}

func (b *mailboxes) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// dies reports whether the connection ends at this word.
func (b *mailboxes) dies(word string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.words = append(b.words, word)
	if b.die != word {
		return false
	}
	b.die = ""
	return true
}

func (b *mailboxes) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	say := func(s string) { _, _ = c.Write([]byte(s + "\r\n")) }
	say("220 mailboxes")
	var rcpts []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		word, arg, _ := strings.Cut(line, " ")
		if b.dies(word) {
			return
		}
		switch word {
		case "LHLO":
			say("250-mailboxes\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SIZE 1000000")
		case "MAIL":
			rcpts = nil
			say("250 2.1.0 OK")
		case "RSET":
			rcpts = nil
			say("250 OK")
		case "RCPT":
			to := strings.Trim(strings.TrimPrefix(arg, "TO:"), "<>")
			switch {
			case strings.HasPrefix(to, "gone@"):
				say("550 5.1.1 <" + to + "> nobody here")
				continue
			case strings.HasPrefix(to, "full@"):
				say("452-4.2.2 the mailbox\r\n452 4.2.2 is full")
				continue
			}
			rcpts = append(rcpts, to)
			say("250 2.1.5 OK")
		case "DATA":
			say("354 go on")
			var body bytes.Buffer
			for {
				l, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				body.WriteString(strings.TrimPrefix(l, "."))
			}
			if b.dies(".") {
				return
			}
			b.mu.Lock()
			for _, to := range rcpts {
				if !strings.HasPrefix(to, "later@") {
					b.mail[to] = append(b.mail[to], body.String())
				}
			}
			dead := b.dieKept
			b.dieKept = false
			b.mu.Unlock()
			if dead {
				return
			}
			for _, to := range rcpts {
				if strings.HasPrefix(to, "later@") {
					say("451 4.2.0 <" + to + "> busy")
				} else {
					say("250 2.0.0 <" + to + "> saved")
				}
			}
		case "QUIT":
			return
		default:
			say("500 what")
		}
	}
}

// bed is a proxy between the test and mailboxes.
type bed struct {
	*roadtest.Road
	boxes      *mailboxes
	address    string
	deliveries *ingest.Deliveries
}

func build(t testing.TB, c Config) *bed {
	t.Helper()
	return buildAt(t, "127.0.0.1:0", c)
}

func buildAt(t testing.TB, address string, c Config) *bed {
	t.Helper()
	b := &bed{}
	b.Road = roadtest.New(t, func(cfg *ingest.PipelineConfig, s *casestore.Store) {
		b.deliveries = ingest.NewDeliveries(s)
		cfg.Treatments = map[string]ingest.Treatment{"lmtp": Treatment(b.deliveries)}
	})
	t.Cleanup(b.deliveries.Close)
	if c.Next == "" {
		b.boxes = serveMailboxes(t, "127.0.0.1:0")
		c.Next = b.boxes.l.Addr().String()
	}
	c.Logger = b.Logger
	b.serve(t, address, c)
	return b
}

func (b *bed) serve(t testing.TB, address string, c Config) {
	t.Helper()
	p := New(c, b, b.Pipeline, b.deliveries)
	s, err := smtp.New(smtp.Config{LMTP: true, Onward: p, MaxSize: 10 << 20, MaxPerIP: 200, Logger: b.Logger}, b)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	b.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := errors.Join(s.Shutdown(ctx), <-done)
		p.Close(ctx)
		if err != nil {
			t.Error(err)
		}
	})
}

// client speaks LMTP.
type client struct {
	t testing.TB
	c net.Conn
	r *bufio.Reader
}

func (b *bed) dial(t testing.TB) *client {
	t.Helper()
	c, err := net.Dial("tcp", b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	x := &client{t, c, bufio.NewReader(c)}
	x.answer()
	x.say("LHLO mx.rig.example")
	return x
}

func (x *client) answer() string {
	x.t.Helper()
	_ = x.c.SetReadDeadline(time.Now().Add(20 * time.Second))
	var all []string
	for {
		line, err := x.r.ReadString('\n')
		if err != nil {
			x.t.Fatalf("after %q: %v", all, err)
		}
		all = append(all, strings.TrimRight(line, "\r\n"))
		if line[3] == ' ' {
			return strings.Join(all, "\n")
		}
	}
}

func (x *client) say(line string) string {
	x.t.Helper()
	if _, err := x.c.Write([]byte(line + "\r\n")); err != nil {
		x.t.Fatal(err)
	}
	return x.answer()
}

// send offers a message and returns an answer for each recipient: that to RCPT, when it was refused there.
func (x *client) send(raw string, to ...string) []string {
	x.t.Helper()
	x.say("MAIL FROM:<bo@partner.example>")
	out := make([]string, len(to))
	let := 0
	for i, r := range to {
		if out[i] = x.say("RCPT TO:<" + r + ">"); out[i][0] == '2' {
			let++
		}
	}
	if let == 0 {
		x.say("RSET")
		return out
	}
	x.say("DATA")
	_, _ = x.c.Write([]byte(strings.ReplaceAll(raw, "\r\n.", "\r\n..") + ".\r\n"))
	for i := range to {
		if out[i][0] == '2' {
			out[i] = x.answer()
		}
	}
	return out
}

const ada, bea, cy, dan = "ada@rig.example", "bea@rig.example", "cy@rig.example", "dan@rig.example"

// Every recipient gets what the policy says, and is answered for.
func TestEachRecipient(t *testing.T) {
	b := build(t, Config{})
	b.Start(t)
	raw := roadtest.Simple("junk for " + bea + " quarantine for " + cy + " reject for " + dan)
	raw = "X-Spam-Flag: NO\r\nX-Tocsin-Verdict: none; score=0\r\n\tfolded\r\nX-Spam-Flagged: kept\r\n" + raw
	got := b.dial(t).send(raw, ada, "Bea@rig.example", cy, dan, "gone@rig.example", "full@rig.example", "later@rig.example", ada)
	for i, want := range []string{"250 2.0.0 <ada", "250 2.0.0 <Bea", "250 2.0.0 OK, it is kept as ", "550 5.7.1 This message was refused", "550 5.1.1 <gone@rig.example> nobody here", "452 4.2.2 the mailbox is full", "451 4.2.0 <later@rig.example> busy", "250 2.0.0 <ada"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("answer %d is %q, want %q", i, got[i], want)
		}
	}
	b.Settle(t)
	if inbox := b.boxes.of(ada); len(inbox) != 1 || !strings.HasPrefix(inbox[0], "X-Tocsin-Verdict: none; score=0; id=") || strings.Contains(inbox[0], "folded") || strings.Contains(inbox[0], "X-Spam-Flag: ") || !strings.Contains(inbox[0], "X-Spam-Flagged: kept") || !strings.HasSuffix(inbox[0], "\r\n\r\nHello.\r\n") {
		t.Errorf("ada has %q", inbox)
	}
	if junk := b.boxes.of("Bea@rig.example"); len(junk) != 1 || !strings.Contains(junk[0], "X-Spam-Flag: YES\r\n") {
		t.Errorf("bea has %q", junk)
	}
	if len(b.boxes.of(cy))+len(b.boxes.of(dan)) != 0 {
		t.Error("held or refused mail was delivered")
	}
	want := map[string]string{ada: "Delivered, Inbox/folder", bea: "Junked, Junk folder", cy: "Blocked, Quarantine", dan: "Blocked, Failed", "later@rig.example": "Delivered, Inbox/folder"}
	if rows := b.Rows(); len(rows) != len(want) {
		t.Errorf("%v", rows)
	} else {
		for who, what := range want {
			if rows[who] != what {
				t.Errorf("%s: %s, want %s", who, rows[who], what)
			}
		}
	}
	// Offered again, those who have it do not get it again, and the verdict is the same.
	again := b.dial(t).send(raw, ada, bea, cy, dan, "later@rig.example")
	for i, want := range []string{"250 2.0.0 OK, it was delivered before", "250 2.0.0 OK, it was delivered before", "250 2.0.0 OK, it is kept", "550 5.7.1", "451 4.2.0"} {
		if !strings.HasPrefix(again[i], want) {
			t.Errorf("the second answer %d is %q, want %q", i, again[i], want)
		}
	}
	if len(b.boxes.of(ada)) != 1 {
		t.Error("ada has it twice")
	}
}

// Mail to the address for reports is handed on to it as addressed, at once, whatever stands in it.
func TestReportsAreHandedOn(t *testing.T) {
	b := build(t, Config{})
	for i, to := range [][]string{{roadtest.ReportsTo}, {roadtest.ReportsTo, ada}} {
		start := time.Now()
		for j, got := range b.dial(t).send(roadtest.Simple(fmt.Sprint("quarantine ", i)), to...) {
			if got[:3] != "250" || time.Since(start) > 5*time.Second {
				t.Errorf("%s: %s after %s", to[j], got, time.Since(start))
			}
		}
	}
	if len(b.boxes.of(roadtest.ReportsTo)) != 2 || len(b.boxes.of(ada)) != 0 || len(b.Reports) != 2 {
		t.Errorf("%d and %d delivered, %d reports", len(b.boxes.of(roadtest.ReportsTo)), len(b.boxes.of(ada)), len(b.Reports))
	}
	if rows := b.Rows(); len(rows) != 1 || rows[ada] != "Blocked, Quarantine" {
		t.Errorf("events %v", rows)
	}
}

func TestReplacedAttachment(t *testing.T) {
	b := build(t, Config{})
	got := b.dial(t).send(roadtest.WithFiles("replace for "+ada, "note.txt", "invoice.exe"), ada, bea)
	if got[0][:3] != "250" || got[1][:3] != "250" {
		t.Fatal(got)
	}
	if m := b.boxes.of(ada); len(m) != 1 || !strings.Contains(m[0], "File: invoice.exe\r\n") || !strings.Contains(m[0], "note.txt") || strings.Contains(m[0], `filename="invoice.exe"`) {
		t.Errorf("ada has %q", m)
	}
	if m := b.boxes.of(bea); len(m) != 1 || !strings.Contains(m[0], `filename="invoice.exe"`) {
		t.Errorf("bea has %q", m)
	}
}

// What the settings say is done when there is no judgement.
func TestNoJudgement(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    Config
		break_ func(*bed)
		want   string
		mail   int
		row    string
	}{
		{"late, goes on", Config{Deadline: 100 * time.Millisecond}, func(b *bed) { b.Slow = 500 * time.Millisecond }, "250", 1, "Delivered, Inbox/folder"},
		{"late, again", Config{Deadline: 100 * time.Millisecond, Late: treatment.TempFail}, func(b *bed) { b.Slow = 500 * time.Millisecond }, "451 4.7.1", 0, "Blocked, Quarantine"},
		{"full, again", Config{}, func(b *bed) { b.Full = true }, "451 4.7.1", 0, ""},
		{"full, goes on", Config{Broken: treatment.Accept}, func(b *bed) { b.Full = true }, "250", 1, ""},
		{"event store away", Config{}, func(b *bed) { b.Away = true }, "250 2.0.0 OK, it is kept", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := build(t, c.cfg)
			b.Set(func() { c.break_(b) })
			got := b.dial(t).send(roadtest.Simple("quarantine"), ada)
			if !strings.HasPrefix(got[0], c.want) || len(b.boxes.of(ada)) != c.mail {
				t.Errorf("answered %q, %d mails", got[0], len(b.boxes.of(ada)))
			}
			if c.row == "" {
				return
			}
			b.Start(t)
			b.Settle(t)
			if r := b.Rows()[ada]; r != c.row {
				t.Errorf("stored as %s", r)
			}
			b.Mu.Lock()
			pending := len(b.Pending)
			b.Mu.Unlock()
			if pending != c.mail {
				t.Errorf("%d copies are to be taken out, want %d", pending, c.mail)
			}
			b.Set(func() { b.Slow = 0 })
			if again := b.dial(t).send(roadtest.Simple("quarantine"), ada); again[0][:3] != "250" || len(b.boxes.of(ada)) != c.mail {
				t.Errorf("the second time: %q, %d mails", again[0], len(b.boxes.of(ada)))
			}
		})
	}
}

// A mailbox server that dies costs a try, and never a message.
func TestMailboxServerDies(t *testing.T) {
	for _, c := range []struct {
		word   string
		kept   bool
		answer string
		mail   int
	}{
		{"MAIL", false, "250", 1}, {"RCPT", false, "250", 1}, {"DATA", false, "250", 1},
		{".", false, "451 4.4.2", 1}, // then again
		{"", true, "451 4.4.2", 2},   // it had the message: the one gap
	} {
		t.Run(c.word, func(t *testing.T) {
			b := build(t, Config{})
			x := b.dial(t)
			if got := x.send(roadtest.Simple("first"), bea); got[0][:3] != "250" { // a connection that is kept
				t.Fatal(got)
			}
			b.boxes.set(func() { b.boxes.die, b.boxes.dieKept = c.word, c.kept })
			got := x.send(roadtest.Simple("hello"), ada)
			if !strings.HasPrefix(got[0], c.answer) {
				t.Errorf("%q", got)
			}
			if got[0][0] != '2' {
				if got = x.send(roadtest.Simple("hello"), ada); got[0][:3] != "250" {
					t.Errorf("again: %q", got)
				}
			}
			if n := len(b.boxes.of(ada)); n != c.mail {
				t.Errorf("ada has %d, want %d", n, c.mail)
			}
		})
	}
	t.Run("away", func(t *testing.T) {
		b := build(t, Config{Next: "127.0.0.1:1", DialTimeout: time.Second})
		if got := b.dial(t).send(roadtest.Simple("x"), ada); !strings.HasPrefix(got[0], "451 4.4.1") {
			t.Errorf("%q", got)
		}
	})
}

// The same message over many connections at the same time, a recipient each, as Postfix does with lmtp_destination_recipient_limit=1.
func TestManyConnections(t *testing.T) {
	b := build(t, Config{})
	b.Start(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			to := fmt.Sprintf("p%d@rig.example", i%20) // each twice
			for range 10 {
				got := b.dial(t).send(roadtest.Simple("to many"), to)
				if got[0][:3] == "250" {
					return
				}
				if !strings.Contains(got[0], "at this moment") {
					t.Errorf("%q", got)
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Error("never delivered")
		})
	}
	wg.Wait()
	b.Settle(t)
	for i := range 20 {
		if n := len(b.boxes.of(fmt.Sprintf("p%d@rig.example", i))); n != 1 {
			t.Errorf("p%d has %d", i, n)
		}
	}
	if n := len(b.Rows()); n != 20 {
		t.Errorf("%d rows", n)
	}
}

// What Postfix tells of its client is the client of the event.
func TestForwardedClient(t *testing.T) {
	b := build(t, Config{})
	x := b.dial(t)
	for _, bad := range []string{"XFORWARD ADDR=300.1.1.1", "XFORWARD NAME", "XFORWARD COLOUR=red", "XFORWARD NAME=+4"} {
		if got := x.say(bad); got[0] != '5' {
			t.Errorf("%s: %s", bad, got)
		}
	}
	if got := x.say("XFORWARD NAME=out.partner.example ADDR=203.0.113.9 PORT=4711 PROTO=ESMTP HELO=out+2Bx.partner.example IDENT=4Zq8 SOURCE=REMOTE"); got[:3] != "250" {
		t.Fatal(got)
	}
	if got := x.send(roadtest.Simple("hello"), ada); got[0][:3] != "250" {
		t.Fatal(got)
	}
	b.Start(t)
	b.Settle(t)
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, e := range b.Events {
		if e.SenderIPv4 != "203.0.113.9" || !strings.Contains(e.AdditionalFields, "4Zq8") {
			t.Errorf("%+v", e)
		}
	}
}

// Octets arrive as they came, but for a line feed alone, which would end the message at a careless server.
func TestOctets(t *testing.T) {
	b := build(t, Config{})
	body := "\r\nd\xc3\xb6ts\r\n.\r.\r\n..two\r\nbare\r and \x00\xff\r\n" + strings.Repeat("long ", 5000) + "\r\n"
	if got := b.dial(t).send(roadtest.Simple("x")+body, ada); got[0][:3] != "250" {
		t.Fatal(got)
	}
	if m := b.boxes.of(ada)[0]; !strings.HasSuffix(m, body) {
		t.Errorf("%q", m[len(m)-100:])
	}
	if got := b.dial(t).send(roadtest.Simple("y")+"a\n.\nMAIL FROM:<evil@partner.example>\r\n", ada); got[0][:3] != "250" {
		t.Fatal(got)
	}
	if m := b.boxes.of(ada); len(m) != 2 || !strings.HasSuffix(m[1], "a\r\n.\r\nMAIL FROM:<evil@partner.example>\r\n") {
		t.Errorf("%q", m)
	}
}

// FuzzAnswer reads what a hostile mailbox server says.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("250-2.1.0 a\r\n250 2.1.0 b\r\n"))
	f.Add([]byte("250\r\n"))
	f.Add([]byte("2\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		here, there := net.Pipe()
		go func() { _, _ = there.Write(raw); _ = there.Close() }()
		n := &next{conn: here, r: bufio.NewReaderSize(here, maxLine), w: bufio.NewWriter(here), timeout: time.Second}
		r, _, err := n.answer()
		if err == nil && (r.Code < 200 || r.Code > 599 || len(r.Text) > maxText || strings.ContainsAny(r.Text, "\r\n\x00")) {
			t.Errorf("%+v", r)
		}
		_ = here.Close()
	})
}

// A message that is given up before its end leaves nothing behind at the mailbox server.
func TestGivenUp(t *testing.T) {
	b := build(t, Config{})
	x := b.dial(t)
	x.say("MAIL FROM:<other@partner.example>")
	x.say("RCPT TO:<" + cy + ">")
	x.say("RSET")
	if got := x.send(roadtest.Simple("hello"), ada); got[0][:3] != "250" {
		t.Fatal(got)
	}
	if len(b.boxes.of(ada)) != 1 || len(b.boxes.of(cy)) != 0 {
		t.Errorf("ada has %d, cy %d", len(b.boxes.of(ada)), len(b.boxes.of(cy)))
	}
}

// A mailbox server that says nothing does not hold up the end of the server.
func TestStopWhileNextIsSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				r := bufio.NewReader(c)
				_, _ = c.Write([]byte("220 silent\r\n"))
				_, _ = r.ReadString('\n')
				_, _ = c.Write([]byte("250 silent\r\n"))
				_, _ = r.ReadString(0)
			}()
		}
	}()
	b := build(t, Config{Next: l.Addr().String()}) // its cleanup gives 5 s, and fails the test when they are not enough
	x := b.dial(t)
	x.say("MAIL FROM:<bo@partner.example>")
	_, _ = x.c.Write([]byte("RCPT TO:<" + ada + ">\r\n"))
	time.Sleep(50 * time.Millisecond) // it waits for the mailbox server
}
