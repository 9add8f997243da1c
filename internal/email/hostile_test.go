package email

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are shapes that cost naive readers minutes or gigabytes. want names defects that must be recorded.
var hostile = []struct {
	name     string
	make     func() []byte
	want     []string
	minParts int
}{
	{"5000 nested multiparts", func() []byte { return nested(5000) }, []string{"limit-depth"}, 30},
	{"5000 nested multiparts, cut", func() []byte { b := nested(5000); return b[:len(b)/3] }, []string{"limit-depth"}, 30},
	{"5000 nested multiparts with prefixes of one boundary", func() []byte {
		var b bytes.Buffer
		for i := range 5000 {
			x := strings.Repeat("a", i%60+1) + fmt.Sprint(i/60)
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%s\n\n--%s\n", x, x)
		}
		return b.Bytes()
	}, []string{"limit-depth"}, 30},
	{"100000 parts", func() []byte {
		var b bytes.Buffer
		b.WriteString("Content-Type: multipart/mixed; boundary=x\n\n")
		for range 100000 {
			b.WriteString("--x\nContent-Type: text/plain\n\ny\n")
		}
		return b.Bytes()
	}, []string{"limit-parts"}, 1000},
	{"100000 messages in messages", func() []byte {
		return bytes.Repeat([]byte("Content-Type: message/rfc822\n\n"), 100000)
	}, []string{"limit-nesting"}, 9},
	{"digest of 50000 messages", func() []byte {
		return append([]byte("Content-Type: multipart/digest; boundary=x\n\n"), bytes.Repeat([]byte("--x\n\nSubject: a\n\nb\n"), 50000)...)
	}, []string{"limit-parts"}, 1000},
	{"1 MB of small fields", func() []byte { return append(bytes.Repeat([]byte("X-A: b\n"), 150000), "\nbody"...) }, []string{"limit-header"}, 1},
	{"1 MB of one folded field", func() []byte { return append([]byte("Subject: a"), bytes.Repeat([]byte("\n b"), 350000)...) }, []string{"limit-header"}, 1},
	{"1 MB in one field", func() []byte { return append([]byte("Subject: "), bytes.Repeat([]byte("a"), 1<<20)...) }, []string{"limit-header"}, 1},
	{"1 MB of encoded word starts", func() []byte { return append([]byte("Subject: "), bytes.Repeat([]byte("=?a?q?"), 170000)...) }, []string{"limit-header", "word-unfinished"}, 1},
	{"1 MB of encoded words", func() []byte { return append([]byte("Subject: "), bytes.Repeat([]byte("=?x?b?w6k?= "), 90000)...) }, []string{"limit-header", "word-bad-base64"}, 1},
	{"encoded words in the address field", func() []byte { return append([]byte("From: "), bytes.Repeat([]byte("=?a?q?<\"(@,"), 90000)...) }, []string{"limit-header"}, 1},
	{"1 MB of addresses", func() []byte { return append([]byte("To: "), bytes.Repeat([]byte("a@b.c,"), 170000)...) }, []string{"limit-header", "limit-addresses"}, 1},
	{"1 MB of angle brackets", func() []byte { return append([]byte("To: "), bytes.Repeat([]byte("<"), 1<<20)...) }, []string{"limit-header"}, 1},
	{"1 MB of quotes", func() []byte { return append([]byte("To: "), bytes.Repeat([]byte("\""), 1<<20)...) }, []string{"limit-header"}, 1},
	{"1 MB of commas and names", func() []byte { return append([]byte("From: "), bytes.Repeat([]byte("a,"), 1<<19)...) }, []string{"limit-header"}, 1},
	{"1 MB of open comments", func() []byte {
		return append([]byte("Content-Transfer-Encoding: x\nTo: "), bytes.Repeat([]byte("("), 1<<20)...)
	}, []string{"limit-header"}, 1},
	{"1 MB of parameters", func() []byte { return append([]byte("Content-Type: a/b"), bytes.Repeat([]byte(";a*1=b"), 170000)...) }, []string{"limit-header", "limit-params"}, 1},
	{"1 MB of semicolons", func() []byte { return append([]byte("Content-Type: a/b"), bytes.Repeat([]byte(";"), 1<<20)...) }, []string{"limit-header"}, 1},
	{"1 MB of unclosed quotes in parameters", func() []byte { return append([]byte("Content-Type: a/b"), bytes.Repeat([]byte(";a=\"b"), 170000)...) }, nil, 1},
	{"vital fields behind padding", func() []byte {
		return append(bytes.Repeat([]byte("X-Padding: aaaaaaaaaaaaaaaaaaaaaaaa\n"), 20000), "Subject: here\nContent-Type: text/html\n\n<a href=\"https://example.com/\">x</a>"...)
	}, []string{"limit-header"}, 1},
	{"header of broken lines", func() []byte { return bytes.Repeat([]byte("no field\nno field\nno field\nTo: a\n"), 100000) }, []string{"limit-header"}, 1},
	{"10 MB of carriage returns", func() []byte { return bytes.Repeat([]byte("\r"), 10<<20) }, nil, 1},
	{"10 MB of fields that end in CR, then LF", func() []byte { return append(bytes.Repeat([]byte("a:b\r"), 5<<19), '\n') }, []string{"limit-header", "bare-cr"}, 1},
	{"10 MB of CR runs", func() []byte { return append(bytes.Repeat([]byte("\r\r\r\r\r\r\rx"), 10<<17), '\n') }, nil, 1},
	{"50 MB line", func() []byte { return append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("x"), 50<<20)...) }, nil, 1},
	{"50 MB line of HTML text", func() []byte {
		return append([]byte("Content-Type: text/html\n\n"), bytes.Repeat([]byte("x"), 50<<20)...)
	}, nil, 1},
	{"50 MB line of header", func() []byte { return bytes.Repeat([]byte("x"), 50<<20) }, nil, 1},
	{"50 MB line of base64", func() []byte {
		return append([]byte("Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"), bytes.Repeat([]byte("QUFB"), 50<<18)...)
	}, nil, 1},
	{"20 MB of false delimiters", func() []byte {
		return append([]byte("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n"), bytes.Repeat([]byte("--\n"), 20<<20/3)...)
	}, []string{"multipart-unclosed"}, 2},
	{"20 MB of almost delimiters", func() []byte {
		return append([]byte("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n"), bytes.Repeat([]byte("\r--x y"), 20<<20/6)...)
	}, []string{"multipart-unclosed", "boundary-trailing-text"}, 2},
	{"20 MB of delimiters in a multipart without boundary", func() []byte {
		return append([]byte("Content-Type: multipart/mixed\n\n"), bytes.Repeat([]byte("--x\n"), 5<<20)...)
	}, []string{"multipart-no-boundary"}, 1},
	{"nested wrong boundaries", func() []byte {
		var b bytes.Buffer
		for i := range 2000 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=w%d\n\n--r%d\n", i, i)
		}
		b.Write(bytes.Repeat([]byte("Content-Type: text/plain\n"), 100000))
		return b.Bytes()
	}, []string{"limit-depth", "multipart-wrong-boundary"}, 20},
	{"10 MB of NULs", func() []byte { return make([]byte, 10<<20) }, []string{"nul-byte"}, 1},
	{"10 MB of NULs as HTML", func() []byte { return append([]byte("Content-Type: text/html\n\n"), make([]byte, 10<<20)...) }, []string{"nul-byte"}, 1},
	{"uuencode starts", func() []byte {
		return append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("begin 644 x\nM\n"), 700000)...)
	}, nil, 1},
	{"100000 uuencoded files", func() []byte {
		return append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("begin 644 x\n#0V%T\n`\nend\n"), 100000)...)
	}, []string{"uuencode-inline"}, 100},
	{"calendar of folded lines", func() []byte {
		return append([]byte("Content-Type: text/calendar\n\nDESCRIPTION:"), bytes.Repeat([]byte("a\n "), 2<<20)...)
	}, nil, 1},
	{"quoted-printable of equals signs", func() []byte {
		return append([]byte("Content-Transfer-Encoding: quoted-printable\n\n"), bytes.Repeat([]byte("="), 10<<20)...)
	}, []string{"qp-illegal"}, 1},
	{"UTF-7 shifts", func() []byte {
		return append([]byte("Content-Type: text/plain; charset=utf-7\n\n"), bytes.Repeat([]byte("+A"), 5<<20)...)
	}, nil, 1},
}

func nested(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\n\ndeep\n")
	for i := n - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\n", i)
	}
	return b.Bytes()
}

// TestHostile asserts that each shape is read to a bounded result. Wall time is logged, and only a run a hundred
// times slower than expected fails, since the machine may be busy.
func TestHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			raw := h.make()
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			m := Parse(raw, Limits{Time: time.Minute})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d KB in %v, %d KB allocated, %d parts, %d defects", len(raw)>>10, took.Round(time.Millisecond), allocated>>10, len(m.Parts), len(m.Defects))
			if allocated > uint64(64<<20+12*len(raw)) {
				t.Errorf("allocated %d MB for %d KB of mail", allocated>>20, len(raw)>>10)
			}
			if took > 30*time.Second {
				t.Errorf("took %v", took)
			}
			if len(m.Parts) < h.minParts {
				t.Errorf("%d parts, want %d at least", len(m.Parts), h.minParts)
			}
			for _, id := range h.want {
				if !hasDefect(m, id) {
					t.Errorf("no defect %q: %v", id, m.Defects)
				}
			}
			if hasDefect(m, "limit-time") {
				t.Error("ran into the time limit")
			}
			if len(raw) < 2<<20 {
				checkMessage(t, m, len(raw))
			}
		})
	}
}

func hasDefect(m *Message, id string) bool {
	for _, d := range m.Defects {
		if d.ID == id {
			return true
		}
	}
	return false
}

// TestVitalFields checks that padding the header does not hide how the message is to be read.
func TestVitalFields(t *testing.T) {
	raw := append(bytes.Repeat([]byte("X-Padding: aaaaaaaaaaaaaaaaaaaaaaaa\n"), 20000),
		"Subject: here\nContent-Type: text/html\n\n<a href=\"https://example.com/\">x</a>"...)
	m := Parse(raw, Limits{})
	if m.Subject != "here" || m.Root.Type != "text/html" || len(m.Links) != 1 {
		t.Errorf("subject %q, type %q, links %v", m.Subject, m.Root.Type, m.Links)
	}
}

// TestTruncation cuts every golden message at every place: each piece must be read, whatever is missing.
func TestTruncation(t *testing.T) {
	for _, raw := range goldenMessages(t) {
		for n := range raw {
			checkMessage(t, Parse(raw[:n], Limits{}), n)
			if t.Failed() {
				t.Fatalf("cut at %d: %q", n, raw[:n])
			}
		}
	}
}

// TestLimits checks that every limit is kept and says so.
func TestLimits(t *testing.T) {
	raw := []byte("Subject: x https://a.example/1 https://a.example/2\nContent-Type: multipart/mixed; boundary=x\n\n" +
		"--x\nContent-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: y\n\nz\n--x\n\nhttps://a.example/3 and some text\n--x\n\nlast\n--x--\n")
	for _, c := range []struct {
		lim  Limits
		want string
	}{
		{Limits{Depth: 1}, "limit-depth"},
		{Limits{Parts: 3}, "limit-parts"},
		{Limits{Nesting: 1}, "limit-nesting"},
		{Limits{HeaderBytes: 20}, "limit-header"},
		{Limits{HeaderLines: 1}, "limit-header"},
		{Limits{DecodedBytes: 10}, "limit-decoded"},
		{Limits{Links: 1}, "limit-links"},
	} {
		m := Parse(raw, c.lim)
		if !hasDefect(m, c.want) {
			t.Errorf("%+v: no %s in %v", c.lim, c.want, m.Defects)
		}
		if n := c.lim.Parts; n > 0 && len(m.Parts) > n {
			t.Errorf("%d parts, the limit is %d", len(m.Parts), n)
		}
		if n := c.lim.Links; n > 0 && len(m.Links) > n {
			t.Errorf("%d links, the limit is %d", len(m.Links), n)
		}
	}
	if m := Parse(raw, Limits{}); len(m.Defects) != 2 { // no From, no Date
		t.Errorf("defects without a limit: %v", m.Defects)
	}
}

// TestTimeLimit checks that an expired deadline ends the reading with a defect rather than with an error.
func TestTimeLimit(t *testing.T) {
	m := Parse(nested(5000), Limits{Time: time.Nanosecond, Depth: 5000, Parts: 10000})
	if !hasDefect(m, "limit-time") {
		t.Errorf("no limit-time in %v", m.Defects)
	}
	checkMessage(t, m, m.Size)
}
