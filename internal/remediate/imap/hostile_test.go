package imap

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/internal/remediate"
)

// fake is a server that says what a test wants. say answers a command, of which line is all after the tag, in upper case; "" leaves it to
// the fake, which has an inbox with one message. An answer without a tagged line gets OK; "close" ends the connection, "silent" says nothing.
type fake struct {
	greeting string
	say      func(line string) string
	flood    string // repeated without end after the greeting
}

func (f *fake) start(t *testing.T) Options {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(c)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return Options{Name: "the fake", Address: l.Addr().String(), TLS: TLSNone, User: "soc", Password: "x", Timeout: 300 * time.Millisecond, Pause: time.Millisecond, SignIns: 1000, MaxMessage: 1 << 20}
}

func (f *fake) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if f.greeting == "silent" {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	_, _ = io.WriteString(c, cmp.Or(f.greeting, "* OK [CAPABILITY IMAP4rev1 UIDPLUS MOVE AUTH=PLAIN SASL-IR] ready\r\n"))
	for f.flood != "" {
		if _, err := io.WriteString(c, f.flood); err != nil {
			return
		}
	}
	in := bufio.NewReader(c)
	removed := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		tag, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.ToUpper(rest)
		answer := ""
		if f.say != nil {
			answer = f.say(rest)
		}
		switch n := 0; {
		case answer != "":
		case strings.HasPrefix(rest, "APPEND"):
			if _, err := fmt.Sscanf(rest[strings.LastIndexByte(rest, '{'):], "{%d}", &n); err != nil {
				return
			}
			_, _ = io.WriteString(c, "+ go\r\n")
			_, _ = io.CopyN(io.Discard, in, int64(n)+2)
			answer = "TAG OK [APPENDUID 7 5] put"
		case strings.HasPrefix(rest, "UID EXPUNGE"):
			removed = true
		case removed && strings.HasPrefix(rest, "UID FETCH"):
			answer = "TAG OK nothing"
		}
		if answer == "" {
			answer = usual(rest)
		}
		switch answer {
		case "close":
			return
		case "silent":
			continue
		}
		text, cut := strings.CutSuffix(answer, "!cut")
		if !strings.HasSuffix(text, "\r\n") && text != "" && !cut {
			text += "\r\n"
		}
		if !strings.Contains(text, "TAG ") && !cut {
			text += "TAG OK done\r\n"
		}
		if _, err := io.WriteString(c, strings.ReplaceAll(text, "TAG ", tag+" ")); err != nil || cut {
			return
		}
	}
}

const oneHeader = "Message-ID: <a@partner.example>\r\n\r\n"

func usual(line string) string {
	switch {
	case strings.HasPrefix(line, "CAPABILITY"):
		return "* CAPABILITY IMAP4rev1 UIDPLUS MOVE AUTH=PLAIN SASL-IR"
	case strings.HasPrefix(line, "LIST"):
		return `* LIST () "/" INBOX` + "\r\n" + `* LIST (\Junk) "/" Junk`
	case strings.HasPrefix(line, "SELECT"), strings.HasPrefix(line, "EXAMINE"):
		return "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 6] next"
	case strings.HasPrefix(line, "UID SEARCH"):
		return "* SEARCH 5"
	case strings.Contains(line, "BODY.PEEK[]"):
		return "* 1 FETCH (UID 5 BODY[] {3}\r\nabc)"
	case strings.Contains(line, "BODY.PEEK[HEADER.FIELDS"):
		return fmt.Sprintf("* 1 FETCH (UID 5 FLAGS () INTERNALDATE \"09-Mar-2024 13:14:15 +0000\" RFC822.SIZE 3 BODY[HEADER.FIELDS (MESSAGE-ID)]<0> {%d}\r\n%s)", len(oneHeader), oneHeader)
	case strings.HasPrefix(line, "UID FETCH"):
		return "* 1 FETCH (UID 5 FLAGS () INTERNALDATE \"09-Mar-2024 13:14:15 +0000\" RFC822.SIZE 3)"
	}
	return "TAG OK done"
}

// on answers commands that begin so.
func on(prefix, answer string) func(string) string {
	return func(line string) string {
		if strings.HasPrefix(line, prefix) {
			return answer
		}
		return ""
	}
}

// onLook answers a look at a copy, whose items the library asks for in any order.
func onLook(answer string) func(string) string {
	return func(line string) string {
		if strings.HasPrefix(line, "UID FETCH") && !strings.Contains(line, "BODY") {
			return answer
		}
		return ""
	}
}

func TestHostileGreetings(t *testing.T) {
	for name, c := range map[string]struct {
		f    fake
		tls  string
		want error // nil: any
	}{
		"silence":             {fake{greeting: "silent"}, TLSNone, remediate.ErrOverloaded},
		"BYE":                 {fake{greeting: "* BYE too many connections\r\n"}, TLSNone, remediate.ErrOverloaded},
		"an endless line":     {fake{greeting: "* OK ", flood: strings.Repeat("a", 4096)}, TLSNone, remediate.ErrOverloaded},
		"nonsense":            {fake{greeting: "\x00\xff\r\n"}, TLSNone, remediate.ErrOverloaded},
		"PREAUTH before TLS":  {fake{greeting: "* PREAUTH welcome\r\n"}, TLSStart, nil},
		"no STARTTLS":         {fake{say: on("STARTTLS", "TAG NO never")}, TLSStart, nil},
		"STARTTLS, no TLS":    {fake{say: on("STARTTLS", "TAG OK go\r\n* OK injected")}, TLSStart, nil},
		"no TLS":              {fake{}, TLSImplicit, nil},
		"endless lines":       {fake{flood: "* 1 EXISTS\r\n"}, TLSNone, nil},
		"endless lists":       {fake{flood: strings.Repeat("(", 500)}, TLSNone, nil},
		"silence, then TLS":   {fake{greeting: "silent"}, TLSStart, remediate.ErrOverloaded},
		"refuses the sign-in": {fake{say: on("AUTHENTICATE", "TAG NO [UNAVAILABLE] later")}, TLSNone, remediate.ErrOverloaded},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.f.start(t)
			o.TLS = c.tls
			start := time.Now()
			m, err := provider(t, o).Open(t.Context(), owner)
			if err == nil {
				t.Fatalf("opened %v", m)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v; want %v", err, c.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestHostileAnswers(t *testing.T) {
	many := strings.Builder{}
	for i := range 20000 {
		fmt.Fprintf(&many, " %d", 40000-i)
	}
	cases := map[string]struct {
		say  func(string) string
		step string // that fails: open, find, fetch, move, remove, append
		want error  // nil: any
	}{
		"endless folders":           {on("LIST", strings.Repeat("* LIST () \"/\" x\r\n", 400000)), "open", nil},
		"too many folders":          {on("LIST", manyFolders(6000)), "open", nil},
		"folders without an inbox":  {on("LIST", `* LIST () "/" other`), "open", remediate.ErrNoMailbox},
		"silence":                   {on("LIST", "silent"), "open", nil},
		"all numbers":               {on("UID SEARCH", `* ESEARCH (TAG "T9") UID ALL 1:4294967295`), "find", nil},
		"many candidates":           {on("UID SEARCH", "* SEARCH"+many.String()), "find", nil},
		"very many candidates":      {on("UID SEARCH", "* SEARCH"+strings.Repeat(many.String(), 20)), "find", nil},
		"a header without end":      {on("UID FETCH", "* 1 FETCH (UID 5 BODY[HEADER.FIELDS (MESSAGE-ID)]<0> {99999999999}\r\n"+strings.Repeat("x", 1<<20)), "find", nil},
		"no UIDVALIDITY":            {on("EXAMINE", "* 1 EXISTS"), "find", remediate.ErrCannot},
		"the search breaks":         {on("UID SEARCH", "close"), "find", nil},
		"another message's octets":  {on("UID FETCH 5 (UID BODY.PEEK[])", "* 2 FETCH (UID 6 BODY[] {3}\r\nabc)"), "fetch", remediate.ErrGone},
		"octets that do not come":   {on("UID FETCH 5 (UID BODY.PEEK[])", "* 1 FETCH (UID 5 BODY[] {900}\r\nabc!cut"), "fetch", nil},
		"more octets than allowed":  {on("UID FETCH 5 (UID BODY.PEEK[])", "* 1 FETCH (UID 5 BODY[] {3000000}\r\n"+strings.Repeat("x", 3000000)+")"), "fetch", nil},
		"a size beyond all bounds":  {on("UID FETCH 5 (UID BODY.PEEK[])", "* 1 FETCH (UID 5 BODY[] {9223372036854775807}\r\nabc"), "fetch", nil},
		"a number beyond bounds":    {on("UID FETCH 5 (UID BODY.PEEK[])", "* 1 FETCH (UID 99999999999 BODY[] {3}\r\nabc)"), "fetch", nil},
		"flags without end":         {onLook("* 1 FETCH (UID 5 FLAGS (" + strings.Repeat("a ", 200000)), "fetch", nil},
		"another UIDVALIDITY":       {on("EXAMINE", "* OK [UIDVALIDITY 8] x"), "stat after", remediate.ErrGone},
		"the folder is gone":        {on("EXAMINE", "TAG NO [NONEXISTENT] x"), "stat after", remediate.ErrGone},
		"MOVE that moves nothing":   {on("UID MOVE", "TAG OK moved"), "", nil}, // and is found by its size and time
		"MOVE is refused":           {on("UID MOVE", "TAG NO [OVERQUOTA] full"), "move", nil},
		"MOVE, told wrongly":        {on("UID MOVE", "TAG OK [COPYUID 7 5 1:4294967295] moved"), "", nil},
		"MOVE, and silence":         {on("UID MOVE", "silent"), "move", nil},
		"MOVE may wait":             {on("UID MOVE", "TAG NO [INUSE] busy"), "move", remediate.ErrOverloaded},
		"MOVE is not allowed":       {on("UID MOVE", "TAG NO [NOPERM] no"), "move", remediate.ErrCannot},
		"EXPUNGE removes nothing":   {on("UID EXPUNGE", "TAG OK removed"), "remove", nil},
		"APPEND is refused":         {on("APPEND", "TAG NO [OVERQUOTA] full"), "append", nil},
		"APPEND, unasked go-ahead":  {on("SELECT", "+ go ahead\r\n* OK [UIDVALIDITY 7] x"), "move", nil},
		"APPEND, and the end":       {on("APPEND", "close"), "append", nil},
		"a copy without a date":     {onLook("* 1 FETCH (UID 5)"), "fetch", nil},
		"an answer of another kind": {on("UID MOVE", "* VANISHED 5"), "move", nil},
		"a tag that is not ours":    {on("UID MOVE", "T99999 OK moved"), "move", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var armed atomic.Bool
			armed.Store(c.step != "stat after")
			f := fake{say: func(line string) string {
				if !armed.Load() {
					return ""
				}
				return c.say(line)
			}}
			o := f.start(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			step, err := walk(t, provider(t, o), func() { armed.Store(true) })
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("took %v", took)
			}
			runtime.ReadMemStats(&after)
			if used := int64(after.TotalAlloc-before.TotalAlloc) >> 20; used > 200 {
				t.Errorf("%d MB were allocated", used)
			}
			if step != c.step {
				t.Fatalf("failed at %q (%v), want %q", step, err, c.step)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v; want %v", err, c.want)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("an error of %d octets", len(err.Error()))
			}
		})
	}
}

func manyFolders(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "* LIST () \"/\" f%d\r\n", i)
	}
	return b.String()
}

// walk does everything in turn and says which step failed first.
func walk(t *testing.T, p *Provider, later func()) (string, error) {
	ctx := t.Context()
	m, err := p.Open(ctx, owner)
	if err != nil {
		return "open", err
	}
	defer m.Close()
	got, err := m.Find(ctx, remediate.Message{InternetMessageID: "<a@partner.example>"})
	if err != nil || len(got) == 0 {
		return "find", err
	}
	if _, _, err := m.Fetch(ctx, got[0]); err != nil {
		return "fetch", err
	}
	later()
	if _, err := m.Stat(ctx, got[0]); err != nil {
		return "stat after", err
	}
	if _, err := m.Move(ctx, got[0], remediate.Junk, ""); err != nil {
		return "move", err
	}
	if _, err := m.Append(ctx, []byte("abc"), remediate.Junk, "", nil, then); err != nil {
		return "append", err
	}
	if err := m.Remove(ctx, got[0]); err != nil {
		return "remove", err
	}
	return "", nil
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
