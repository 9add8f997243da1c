package smtp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readAll reads content through a buffer of a given size.
func readAll(wire []byte, buffer int, from func(io.Reader) io.Reader) (content, rest []byte, err error) {
	r := bufio.NewReaderSize(from(bytes.NewReader(wire)), buffer)
	var b bytes.Buffer
	err = copyContent(r, func(p []byte) { b.Write(p) })
	rest, _ = io.ReadAll(r)
	return b.Bytes(), rest, err
}

// reference is RFC 5321 section 4.5.2 written down plainly: lines are what stands between two CRLF, and nothing else
// is.
func reference(wire []byte) (content, rest []byte, ended bool) {
	for {
		line, more, found := bytes.Cut(wire, []byte("\r\n"))
		if !found {
			return content, nil, false
		}
		wire = more
		if string(line) == "." {
			return content, wire, true
		}
		content = append(append(content, bytes.TrimPrefix(line, []byte("."))...), "\r\n"...)
	}
}

func TestCopyContent(t *testing.T) {
	for _, c := range []struct{ wire, want string }{
		{".\r\n", ""},
		{"\r\n.\r\n", "\r\n"},
		{"a\r\n.\r\n", "a\r\n"},
		{"..\r\n.\r\n", ".\r\n"},
		{"...a\r\n.\r\n", "..a\r\n"},
		{".a\r\n.\r\n", "a\r\n"},
		{"a\r\n.\n.\r\n.\r\n", "a\r\n\n.\r\n"}, // a dot before a line of its own is taken off, whoever put it there
		{"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n"},
		{"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"},
		{"a\r.\rb\r\n.\r\n", "a\r.\rb\r\n"},
		{"a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n"},
		{"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n"},
		{"a\r\r\n.\r\n", "a\r\r\n"}, // the end counts after a lone CR, or the client waits for ever
		{"a\r\n..\r\r\n.\r\n", "a\r\n.\r\r\n"},
		{"a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n"},
		{"a\r\n\r\n.\r\n", "a\r\n\r\n"},
		{"a\x00\r\n.\r\n", "a\x00\r\n"},
	} {
		for buffer := 16; buffer < 24; buffer++ {
			got, rest, err := readAll([]byte(c.wire+"NEXT"), buffer, iotest.OneByteReader)
			if err != nil || string(got) != c.want || string(rest) != "NEXT" {
				t.Errorf("%q: got %q, %q left, %v; want %q", c.wire, got, rest, err, c.want)
			}
		}
	}
	for _, wire := range []string{"", ".", ".\r", ".\n", "a", "a\r\n", "a\r\n.", "a\r\n.\r", "a\n.\n", "a\n.\r\n", "a\r.\r", "\n.\r\n", "a\r\n\r."} {
		if _, _, err := readAll([]byte(wire), 16, func(r io.Reader) io.Reader { return r }); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q has an end: %v", wire, err)
		}
	}
	broken := io.MultiReader(strings.NewReader("a\r\n"), iotest.ErrReader(os.ErrDeadlineExceeded))
	if err := copyContent(bufio.NewReader(broken), func([]byte) {}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection that failed: %v", err)
	}
}

// Every message of up to seven octets that matter, as a client would send it, comes out as it was and leaves what
// follows alone.
func TestEveryShortMessage(t *testing.T) {
	const alphabet = "\r\n.a"
	var try func(message []byte)
	try = func(message []byte) {
		wire := append(stuff(slices.Concat(message, []byte("\r\n"))), ".\r\nNEXT"...)
		got, rest, err := readAll(wire, 16, func(r io.Reader) io.Reader { return r })
		if err != nil || string(got) != string(message)+"\r\n" || string(rest) != "NEXT" {
			t.Fatalf("%q was sent as %q and read as %q, %q left: %v", message, wire, got, rest, err)
		}
		if len(message) == 7 {
			return
		}
		for _, c := range []byte(alphabet) {
			try(append(slices.Clip(message), c))
		}
	}
	try(nil)
}

// stuff puts a dot before every line that begins with one.
func stuff(message []byte) []byte {
	if bytes.HasPrefix(message, []byte(".")) {
		message = slices.Concat([]byte("."), message)
	}
	return bytes.ReplaceAll(message, []byte("\r\n."), []byte("\r\n.."))
}

func FuzzContent(f *testing.F) {
	for _, s := range []string{"a\r\n.\r\nb", "a\r\n..b\r\n.\r\n", "a\n.\n\r\r\n.\r\n", strings.Repeat("x", 40) + "\r\n.\r\n", strings.Repeat("x", 15) + "\r\n.\r\n"} {
		f.Add([]byte(s), 16)
	}
	f.Fuzz(func(t *testing.T, wire []byte, buffer int) {
		want, rest, ended := reference(wire)
		for _, from := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader} {
			got, left, err := readAll(wire, 16+buffer&63, from)
			if (err == nil) != ended {
				t.Fatalf("%q: %v, want an end: %v", wire, err, ended)
			}
			if ended && (!bytes.Equal(got, want) || !bytes.Equal(left, rest)) {
				t.Fatalf("%q: read %q and left %q, want %q and %q", wire, got, left, want, rest)
			}
		}
	})
}

// SMTP smuggling: whatever looks like the end of a message without being one, followed by the commands for another, is
// one message. (Longin, "SMTP Smuggling", 2023; CVE-2023-51764 and its siblings.)
func TestSmuggling(t *testing.T) {
	in := &recorder{}
	_, addr := start(t, Config{}, in)
	p := greeted(t, addr)
	var want []string
	for _, end := range []string{
		"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\n. \r\n", "\n\n.\n\n", "\r\r.\r\r", "\x85.\x85",
	} {
		smuggled := "MAIL FROM:<ceo@example.test>\r\nRCPT TO:<victim@example.test>\r\nDATA\r\nFrom: ceo@example.test\r\n\r\nPay."
		p.envelope("a@b.test", "c@d.test")
		p.say("DATA", "354")
		content := "Subject: x\r\n\r\nbody" + end + smuggled + "\r\n"
		p.send(content + ".\r\n")
		p.want("250")
		kept, _, _ := reference([]byte(content + ".\r\n"))
		want = append(want, string(kept))
	}
	p.say("NOOP", "250") // and no answer is left over
	if d := cmp.Diff(want, in.raws()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for _, m := range in.all() {
		if m.env.MailFrom != "a@b.test" || !strings.Contains(m.raw, "Pay.") {
			t.Errorf("a message from %s was read out of another: %q", m.env.MailFrom, m.raw)
		}
	}
}

func TestParsePath(t *testing.T) {
	for _, c := range []struct{ arg, path, params string }{
		{"FROM:<>", "", ""},
		{"from:<a@b>", "a@b", ""},
		{"FROM: <a@b> SIZE=1 ", "a@b", "SIZE=1"},
		{"FROM:a@b BODY=7BIT", "a@b", "BODY=7BIT"},
		{"FROM:<@r1,@r2:a@b>", "a@b", ""},
		{"FROM:<@b>", "@b", ""},
		{`FROM:<"a>b"@c> X`, `"a>b"@c`, "X"},
		{`FROM:<"a\">b"@c>`, `"a\">b"@c`, ""},
		{`FROM:<"alice"@c>`, `alice@c`, ""},
		{`FROM:<"a.b+c"@d>`, `a.b+c@d`, ""},
		{`FROM:<"a..b"@c>`, `"a..b"@c`, ""},
		{`FROM:<"a b"@c>`, `"a b"@c`, ""},
		{`FROM:<""@c>`, `""@c`, ""},
		{`FROM:<"@>`, `"@`, ""},
		{`FROM:<o"brien@c>`, `o"brien@c`, ""}, // strangers write such things and are let in elsewhere
		{"FROM:<two words@c>", "two words@c", ""},
		{"FROM:<\xe4@c>", "\xe4@c", ""},
		{"FROM:<a@[IPv6:::1]>", "a@[IPv6:::1]", ""},
	} {
		path, params, err := parsePath(c.arg, "FROM:")
		if err != nil || path != c.path || params != c.params {
			t.Errorf("%q: %q %q %v", c.arg, path, params, err)
		}
	}
	for _, arg := range []string{"", "FROM", "FROM:", "FROM: ", "FROM:<a@b", "TO:<a@b>", `FROM:<"a@b`} {
		if path, _, err := parsePath(arg, "FROM:"); err == nil {
			t.Errorf("%q: %q", arg, path)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"FROM:<a@b> SIZE=1", `FROM:<"a>\"b"@c>`, "FROM:<@a:b@c>", "FROM:a b", `FROM:<"a"@b>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		path, params, err := parsePath(arg, "FROM:")
		if err != nil {
			return
		}
		if len(path)+len(params) > len(arg)-len("FROM:") || !strings.Contains(arg, params) {
			t.Fatalf("%q: %q %q", arg, path, params)
		}
		// What was read, written in brackets, reads the same, when it can be written so.
		if closingBracket("<"+path+">") == len(path)+1 && !strings.HasPrefix(path, "@") {
			if again, _, err := parsePath("FROM:<"+path+">", "FROM:"); err != nil || again != path {
				t.Fatalf("%q, then %q: %v", path, again, err)
			}
		}
		_, _ = parseMailParams(params)
	})
}

func TestParseChunk(t *testing.T) {
	for arg, want := range map[string]string{
		"0": "0 false <nil>", "5": "5 false <nil>", "5 LAST": "5 true <nil>", "5  last": "5 true <nil>", "5 x": "5 false " + errChunkWord.Error(),
		"": "0 false " + errBadChunk.Error(), "-1": "0 false " + errBadChunk.Error(), "0x5": "0 false " + errBadChunk.Error(),
		"9223372036854775808": "0 false " + errBadChunk.Error(), "LAST": "0 false " + errBadChunk.Error(),
	} {
		size, last, err := parseChunk(arg)
		if got := fmt.Sprintf("%d %v %v", size, last, err); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}

// The buffer of a message never holds more than the budget knows of.
func TestSpool(t *testing.T) {
	b := budget{max: 400_000}
	s := spool{budget: &b, max: 200_000}
	part := bytes.Repeat([]byte("x"), 1000)
	for range 200 {
		s.write(part)
		if int64(cap(s.b)) != b.held.Load() {
			t.Fatalf("%d octets are held, %d accounted for", cap(s.b), b.held.Load())
		}
	}
	if s.err != nil || len(s.b) != 200_000 {
		t.Fatalf("%d octets, %v", len(s.b), s.err)
	}
	other := spool{budget: &b, max: 200_000}
	for range 200 {
		other.write(part)
	}
	if !errors.Is(other.err, errBusy) || other.b != nil || b.held.Load() != int64(cap(s.b)) {
		t.Fatalf("%v, %d octets accounted for", other.err, b.held.Load())
	}
	s.write([]byte("y"))
	if s.err == nil || s.b != nil || b.held.Load() != 0 {
		t.Fatalf("%v, %d octets accounted for", s.err, b.held.Load())
	}
	s.write(part)
	if s.b != nil {
		t.Error("went on after its error")
	}
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "journal", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
