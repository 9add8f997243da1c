package smtp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// One conversation a case: lines that the client sends, each with the beginnings of what it is answered.
func TestConversations(t *testing.T) {
	type turn struct {
		send string
		want []string
	}
	on := func(send string, want ...string) turn { return turn{send + "\r\n", want} }
	hello := on("EHLO x", "250")
	for _, c := range []struct {
		name  string
		cfg   Config
		turns []turn
		got   []string // messages taken in
		ends  bool     // the server hangs up at the end
	}{
		{name: "in order", turns: []turn{
			on("MAIL FROM:<a@b>", "503"), hello, on("RCPT TO:<c@d>", "503"), on("DATA", "503"), on("MAIL FROM:<a@b>", "250"), on("DATA", "503"),
			on("MAIL FROM:<e@f>", "503"), on("RCPT TO:<c@d>", "250"), on("DATA now", "501"), on("DATA", "354"), on("x\r\n.", "250"), on("DATA", "503"),
		}, got: []string{"x\r\n"}},
		{name: "reset", turns: []turn{
			hello, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), on("RSET", "250"), on("DATA", "503"), on("RCPT TO:<c@d>", "503"),
			on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), hello, on("DATA", "503"),
		}},
		{name: "paths", turns: []turn{
			hello, on("MAIL FROM:", "501"), on("MAIL FROM:<a@b", "501"), on("MAIL TO:<a@b>", "501"), on("mail from: <> size=10", "250"),
			on("RCPT TO:<>", "501"), on("RCPT FROM:<a@b>", "501"), on("RCPT TO:<@relay.test,@other.test:c@d> ", "250"), on(`rcpt to:<"c d"@e>`, "250"),
			on("RCPT TO:c@d", "250"), on("RCPT TO:<postmaster>", "250"),
		}},
		{name: "parameters", turns: []turn{
			hello, on("MAIL FROM:<a@b> SIZE=x", "501"), on("MAIL FROM:<a@b> BODY=9BIT", "501"), on("MAIL FROM:<a@b> WHAT=1", "555"),
			on("MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME SMTPUTF8", "250"), on("RCPT TO:<c@d> NOTIFY=NEVER", "555"), on("RCPT TO:<c@d>", "250"),
		}},
		{name: "small talk", turns: []turn{
			on("NOOP what", "250"), on("VRFY a@b", "252"), on("HELP", "214"), on("EXPN list", "500"), on("EHLO", "501"), on("STARTTLS", "503"), on("RSET", "250"),
			on("", "500"), on("QUIT", "221"),
		}, ends: true},
		{name: "bare line feed ends a command", turns: []turn{{"EHLO x\n", []string{"250"}}, {"NOOP\n", []string{"250"}}}},
		{name: "all in one packet", turns: []turn{
			{"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n", []string{"250", "250", "250", "250", "354"}},
			{"one\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n", []string{"250", "250", "250", "354", "250", "221"}},
		}, got: []string{"one\r\n", "two\r\n"}, ends: true},
		{name: "refused sender in a pipeline", cfg: Config{MaxSize: 100}, turns: []turn{
			hello, {"MAIL FROM:<a@b> SIZE=101\r\n" + strings.Repeat("RCPT TO:<c@d>\r\n", 50) + "DATA\r\n", append(append([]string{"552 5.3.4"}, repeated("503", 50)...), "503")},
			on("NOOP", "250"),
		}},
		{name: "chunks", turns: []turn{
			hello, on("MAIL FROM:<a@b> BODY=BINARYMIME", "250"), on("RCPT TO:<c@d>", "250"), on("DATA", "503"),
			{"BDAT 7\r\na\r\n.\r\nb", []string{"250"}}, on("DATA", "503"), on("RCPT TO:<e@f>", "503"), on("MAIL FROM:<e@f>", "503"),
			{"BDAT 0\r\nBDAT 3 LAST\r\n\x00\n.", []string{"250", "250"}}, on("NOOP", "250"),
		}, got: []string{"a\r\n.\r\nb\x00\n."}},
		{name: "chunks in a pipeline", turns: []turn{
			hello, {"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 5\r\nhelloBDAT 6 LAST\r\n worldQUIT\r\n", []string{"250", "250", "250", "250", "221"}},
		}, got: []string{"hello world"}, ends: true},
		{name: "chunks without an envelope", turns: []turn{
			hello, {"BDAT 12 LAST\r\nMAIL FROM:\r\n", []string{"503"}}, on("NOOP", "250"), on("MAIL FROM:<a@b>", "250"), {"BDAT 6 LAST\r\nQUIT\r\n", []string{"503"}}, on("NOOP", "250"),
		}},
		{name: "chunks with bad arguments", turns: []turn{
			hello, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), {"BDAT 6 FIRST\r\nQUIT\r\n", []string{"501"}}, on("NOOP", "250"), on("BDAT -1 LAST", "501"),
		}, ends: true},
		{name: "chunks given up", turns: []turn{
			hello, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), {"BDAT 5\r\nhello", []string{"250"}}, on("RSET", "250"),
			on("MAIL FROM:<e@f>", "250"), on("RCPT TO:<g@h>", "250"), {"BDAT 3 LAST\r\nbye", []string{"250"}},
		}, got: []string{"bye"}},
		{name: "chunks too large", cfg: Config{MaxSize: 10}, turns: []turn{
			hello, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"),
			{"BDAT 5\r\nhelloBDAT 6\r\nworld!BDAT 2\r\nxxBDAT 1 LAST\r\nx", []string{"250", "552", "552", "552"}}, on("RCPT TO:<c@d>", "503"),
			on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), {"BDAT 11\r\nhello world", []string{"552"}}, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"),
			{"BDAT 10 LAST\r\n0123456789", []string{"250"}},
		}, got: []string{"0123456789"}},
		{name: "chunks over LMTP", cfg: Config{LMTP: true, MaxSize: 10}, turns: []turn{
			on("LHLO x", "250"), on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), on("RCPT TO:<c@d>", "250"),
			{"BDAT 5\r\nhelloBDAT 1 LAST\r\n!", []string{"250", "250", "250"}}, on("NOOP", "250"),
			on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), on("RCPT TO:<e@f>", "250"), {"BDAT 11\r\nhello worldBDAT 1 LAST\r\n!", []string{"552", "552", "552"}}, on("NOOP", "250"),
		}, got: []string{"hello!"}},
		{name: "too large while it streams", cfg: Config{MaxSize: 10}, turns: []turn{
			hello, on("MAIL FROM:<a@b> SIZE=11", "552 5.3.4"), on("MAIL FROM:<a@b> SIZE=1", "250"), on("RCPT TO:<c@d>", "250"), on("DATA", "354"),
			on(strings.Repeat("0123456789\r\n", 20_000)+".", "552 5.3.4"), on("MAIL FROM:<a@b> SIZE=10", "250"), on("RCPT TO:<c@d>", "250"), on("DATA", "354"),
			on("01234567\r\n.", "250"),
		}, got: []string{"01234567\r\n"}},
		{name: "many recipients", cfg: Config{MaxRecipients: 2}, turns: []turn{
			hello, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), on("RCPT TO:<e@f>", "250"), on("RCPT TO:<g@h>", "452 4.5.3"), on("DATA", "354"), on("x\r\n.", "250"),
		}, got: []string{"x\r\n"}},
		{name: "many messages", cfg: Config{MaxMessages: 1}, turns: []turn{
			hello, on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<c@d>", "250"), on("DATA", "354"), on(".", "250"), on("MAIL FROM:<a@b>", "421 4.7.0"),
		}, got: []string{""}, ends: true},
		{name: "nonsense", turns: []turn{
			{strings.Repeat("BLAH\r\n", maxMistakes), append(repeated("500", maxMistakes), "421 4.7.0")},
		}, ends: true},
		{name: "a web page", turns: []turn{
			{"POST / HTTP/1.1\r\nHost: localhost\r\n\r\nEHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n", []string{"554"}},
		}, ends: true},
		{name: "long commands", turns: []turn{
			hello, on("NOOP "+strings.Repeat("x", 100_000), "500"), on("MAIL FROM:<a@b>", "250"), on("RCPT TO:<"+strings.Repeat("c", 5000)+"@d>", "250"),
			on("NOOP "+strings.Repeat("x", maxForgotten+2*inBuffer), "421"),
		}, ends: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &recorder{}
			_, addr := start(t, c.cfg, in)
			p := dial(t, addr)
			p.want("220")
			for _, turn := range c.turns {
				go func() { _, _ = p.Write([]byte(turn.send)) }()
				p.want(turn.want...)
			}
			if c.ends {
				p.ends()
			}
			if d := cmp.Diff(c.got, in.raws()); d != "" {
				t.Errorf("taken in (-want +got)\n%s", d)
			}
		})
	}
}

func repeated(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}

// Lines of any length are content: a program that writes a megabyte of HTML in one line is seen as well.
func TestLongLines(t *testing.T) {
	in := &recorder{}
	_, addr := start(t, Config{MaxSize: 8 << 20}, in)
	p := greeted(t, addr)
	var sizes []int
	for _, n := range []int{998, inBuffer - 2, inBuffer - 1, inBuffer, inBuffer + 1, 2*inBuffer - 1, 8<<20 - 2} {
		p.envelope("a@b.test", "c@d.test")
		p.say("DATA", "354")
		go p.send(strings.Repeat("x", n) + "\r\n.\r\n")
		p.want("250")
		sizes = append(sizes, n+2)
	}
	for i, raw := range in.raws() {
		if len(raw) != sizes[i] {
			t.Errorf("%d octets of %d", len(raw), sizes[i])
		}
	}
}

// A client that goes away in the middle has sent nothing: half a message is none, however it was sent.
func TestVanished(t *testing.T) {
	const envelope = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	for _, sent := range []string{
		envelope + "DATA\r\nSubject: x\r\n\r\nPay 1,000",
		envelope + "DATA\r\nSubject: x\r\n\r\nPay 1,000\r\n",
		envelope + "DATA\r\nSubject: x\r\n\r\nPay 1,000\r\n.",
		envelope + "DATA\r\nSubject: x\r\n\r\nPay 1,000\r\n.\r",
		envelope + "DATA\r\nSubject: x\r\n\r\nPay 1,000\r\n.\n",
		envelope + "DATA\r\n",
		envelope + "BDAT 100 LAST\r\nSubject: x",
		envelope + "BDAT 5\r\nhelloBDAT 100 LAST\r\nx",
		envelope + "BDAT 5\r\nhello",
		envelope + "BDAT 5\r\nhelloQUIT\r\n",
		envelope,
	} {
		in := &recorder{}
		s, addr := start(t, Config{}, in)
		p := greeted(t, addr)
		p.send(sent)
		if err := p.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(p.r)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range strings.Split(string(rest), "\r\n") {
			if strings.HasPrefix(l, "250 2.0.0 OK, it is kept") {
				t.Errorf("%q was answered %q", sent, rest)
			}
		}
		eventually(t, "the connection is given up", func() bool { return s.Counts().Connections == 0 })
		if got := in.raws(); len(got) != 0 {
			t.Errorf("%q was taken in as %q", sent, got)
		}
	}
}

// A client that sends everything and closes its side at once has said all there is to say.
func TestHalfClosed(t *testing.T) {
	for _, content := range []string{"DATA\r\nhello\r\n.\r\n", "BDAT 7 LAST\r\nhello\r\n"} {
		in := &recorder{}
		_, addr := start(t, Config{}, in)
		p := greeted(t, addr)
		p.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n" + content)
		if err := p.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(p.r); err != nil || !strings.Contains(string(rest), "it is kept") {
			t.Errorf("answered %q %v", rest, err)
		}
		if got := in.only(t).raw; got != "hello\r\n" {
			t.Errorf("taken in %q", got)
		}
	}
}

// Silence ends a connection; in the middle of a message nothing is taken in, and nothing that comes afterwards is read
// as a command.
func TestSilence(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		send string
	}{
		"before a command": {Config{Timeout: 50 * time.Millisecond}, ""},
		"within a command": {Config{Timeout: 50 * time.Millisecond}, "MAIL FROM"},
		"within DATA":      {Config{Timeout: 50 * time.Millisecond}, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhello\r\n"},
		"within a chunk":   {Config{Timeout: 50 * time.Millisecond}, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1000 LAST\r\nhello\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &recorder{}
			_, addr := start(t, c.cfg, in)
			p := greeted(t, addr)
			p.send(c.send)
			rest, err := io.ReadAll(p.r)
			if err != nil || !bytes.Contains(rest, []byte("421 4.4.2")) {
				t.Errorf("answered %q %v", rest, err)
			}
			if got := in.raws(); len(got) != 0 {
				t.Errorf("taken in %q", got)
			}
		})
	}
}

// Content that trickles in for ever is cut off, although it is never silent.
func TestTrickle(t *testing.T) {
	in := &recorder{}
	s, addr := start(t, Config{ContentTimeout: 100 * time.Millisecond}, in)
	p := greeted(t, addr)
	p.envelope("a@b", "c@d")
	p.say("DATA", "354")
	go func() {
		for s.Counts().Connections > 0 {
			if _, err := p.Write([]byte("drip\r\n")); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	p.want("421 4.4.2")
	if n := s.Counts().Failed; n != 1 || len(in.all()) != 0 {
		t.Errorf("%d failed, taken in %q", n, in.raws())
	}
}

// A client that never reads its answers can't hold a connection.
func TestDeafClient(t *testing.T) {
	s, addr := start(t, Config{Timeout: 100 * time.Millisecond}, &recorder{})
	p := dial(t, addr)
	go func() {
		noop := bytes.Repeat([]byte("NOOP\r\n"), 1000)
		for {
			if _, err := p.Write(noop); err != nil {
				return
			}
		}
	}()
	eventually(t, "the connection is given up", func() bool { return s.Counts().Connections == 0 })
}

// Octets of an envelope and of content are bounded for all connections together; what does not fit is to come again.
func TestBudget(t *testing.T) {
	entered, release := make(chan struct{}, 10), make(chan struct{})
	in := &recorder{before: func(_ context.Context, raw []byte) error {
		if len(raw) > 100_000 {
			entered <- struct{}{}
			<-release
		}
		return nil
	}}
	s, addr := start(t, Config{MaxSize: 1 << 20, MaxBuffered: 1, MaxRecipients: 1 << 20}, in)
	if s.budget.max != 2<<20+firstBuffer {
		t.Fatalf("the budget is %d octets: the largest message must fit in", s.budget.max)
	}
	message := strings.Repeat(strings.Repeat("x", 1022)+"\r\n", 1024) // as large as may be
	send := func(p *peer) {
		t.Helper()
		p.envelope("a@b.test", "c@d.test")
		p.say("DATA", "354")
		p.send(message + ".\r\n")
	}
	first, second, third := greeted(t, addr), greeted(t, addr), greeted(t, addr)
	send(first)
	<-entered
	send(second) // while it grows, it needs more than is left
	second.want("451 4.3.2")
	third.envelope("a@b.test", "c@d.test")
	third.say("DATA", "354")
	third.say("small\r\n.", "250")

	third.say("MAIL FROM:<a@b>", "250")
	refused := 0
	for range 5000 {
		if strings.HasPrefix(third.say("RCPT TO:<"+strings.Repeat("c", 1000)+"@d>", ""), "452 4.3.1") {
			refused++
		}
	}
	if refused == 0 {
		t.Error("five megabytes of recipients were remembered")
	}
	third.say("RSET", "250")

	close(release)
	first.want("250")
	send(second)
	second.want("250")
	if got := in.raws(); len(got) != 3 || got[1] != message || got[2] != message {
		t.Errorf("%d messages were taken in", len(got))
	}
}

// The whole server against any octets: it answers, keeps its books and comes to an end, and a message it took in is
// among the octets that were sent.
func FuzzConversation(f *testing.F) {
	for _, s := range []string{
		"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhello\r\n..dot\r\n.\r\nQUIT\r\n",
		"EHLO x\r\nMAIL FROM:<a@b> SIZE=10\r\nRCPT TO:<c@d>\r\nBDAT 5\r\nhelloBDAT 2 LAST\r\n\r\nRSET\r\n",
		"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhello\n.\nMAIL FROM:<x@y>\r\n.\r\n",
		"STARTTLS\r\nGET / HTTP/1.1\r\n\r\n",
		"EHLO x\r\nMAIL FROM:<\"a\\\"@b>\r\nBDAT 99999999999999999999\r\nBDAT 3 x\r\nabc",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(strings.Replace(s, "EHLO", "LHLO", 1)), true)
	}
	f.Fuzz(func(t *testing.T, sent []byte, lmtp bool) {
		in := &recorder{}
		s, err := New(Config{LMTP: lmtp, MaxSize: 64, MaxRecipients: 3, Timeout: 10 * time.Second}, in)
		if err != nil {
			t.Fatal(err)
		}
		near, far := newPipe()
		c := newConn(s, far, loopback)
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.serve()
			_ = far.Close()
		}()
		go func() {
			_, _ = near.Write(sent)
			_ = near.CloseWrite()
		}()
		answers, err := io.ReadAll(near)
		if err != nil {
			t.Fatal(err)
		}
		<-done
		kept := 0
		for l := range strings.SplitSeq(strings.TrimSuffix(string(answers), "\r\n"), "\r\n") {
			if len(l) < 4 || l[3] != ' ' && l[3] != '-' || strings.ContainsAny(l, "\r\n") {
				t.Fatalf("answered %q", l)
			}
			if strings.HasPrefix(l, "250 2.0.0 OK, it is kept") {
				kept++
			}
		}
		if held := s.budget.held.Load(); held != 0 {
			t.Fatalf("%d octets are still accounted for", held)
		}
		got := in.all()
		if lmtp {
			for _, m := range got {
				kept -= len(m.env.Recipients)
			}
		} else {
			kept -= len(got)
		}
		if kept != 0 || int64(len(got)) != s.Counts().Received {
			t.Fatalf("%d messages were taken in, the client was told otherwise by %d:\n%s", len(got), kept, answers)
		}
		for _, m := range got {
			if len(m.raw) > 64 || len(m.env.Recipients) == 0 {
				t.Fatalf("taken in: %+v", m)
			}
		}
	})
}

// pipe is one end of a connection within the process, of which each direction can end on its own.
type pipe struct {
	net.Conn // for what is not used
	r        *io.PipeReader
	w        *io.PipeWriter
}

func newPipe() (a, b pipe) {
	ar, bw := io.Pipe()
	br, aw := io.Pipe()
	return pipe{r: ar, w: aw}, pipe{r: br, w: bw}
}

func (p pipe) Read(b []byte) (int, error)       { return p.r.Read(b) }
func (p pipe) Write(b []byte) (int, error)      { return p.w.Write(b) }
func (p pipe) CloseWrite() error                { return p.w.Close() }
func (p pipe) Close() error                     { return errors.Join(p.w.Close(), p.r.Close()) }
func (p pipe) SetReadDeadline(time.Time) error  { return nil }
func (p pipe) SetWriteDeadline(time.Time) error { return nil }
