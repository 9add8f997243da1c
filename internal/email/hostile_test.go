package email

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
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
	{"4 MB of carriage returns", func() []byte { return bytes.Repeat([]byte("\r"), 4<<20) }, nil, 1},
	{"4 MB of fields that end in CR, then LF", func() []byte { return append(bytes.Repeat([]byte("a:b\r"), 1<<20), '\n') }, []string{"limit-header", "bare-cr"}, 1},
	{"4 MB of CR runs", func() []byte { return append(bytes.Repeat([]byte("\r\r\r\r\r\r\rx"), 4<<17), '\n') }, nil, 1},
	{"50 MB line", func() []byte { return append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("x"), 50<<20)...) }, nil, 1},
	{"50 MB line of HTML text", func() []byte {
		return append([]byte("Content-Type: text/html\n\n"), bytes.Repeat([]byte("x"), 50<<20)...)
	}, []string{"limit-text"}, 1},
	{"50 MB line of header", func() []byte { return bytes.Repeat([]byte("x"), 50<<20) }, nil, 1},
	{"50 MB line of base64", func() []byte {
		return append([]byte("Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"), bytes.Repeat([]byte("QUFB"), 50<<18)...)
	}, nil, 1},
	{"4 MB of false delimiters", func() []byte {
		return append([]byte("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n"), bytes.Repeat([]byte("--\n"), 4<<20/3)...)
	}, []string{"multipart-unclosed"}, 2},
	{"4 MB of almost delimiters", func() []byte {
		return append([]byte("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n"), bytes.Repeat([]byte("\r--x y"), 4<<20/6)...)
	}, []string{"multipart-unclosed", "boundary-trailing-text"}, 2},
	{"4 MB of delimiters in a multipart without boundary", func() []byte {
		return append([]byte("Content-Type: multipart/mixed\n\n"), bytes.Repeat([]byte("--x\n"), 1<<20)...)
	}, []string{"multipart-no-boundary"}, 1},
	{"nested wrong boundaries", func() []byte {
		var b bytes.Buffer
		for i := range 2000 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=w%d\n\n--r%d\n", i, i)
		}
		b.Write(bytes.Repeat([]byte("Content-Type: text/plain\n"), 100000))
		return b.Bytes()
	}, []string{"limit-depth", "multipart-wrong-boundary"}, 20},
	{"50 MB of NULs", func() []byte { return make([]byte, 50<<20) }, []string{"nul-byte"}, 1},
	{"4 MB of NULs as HTML", func() []byte { return append([]byte("Content-Type: text/html\n\n"), make([]byte, 4<<20)...) }, []string{"nul-byte"}, 1},
	{"uuencode starts", func() []byte {
		return append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("begin 644 x\nM\n"), 300000)...)
	}, nil, 1},
	{"100000 uuencoded files", func() []byte {
		return append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("begin 644 x\n#0V%T\n`\nend\n"), 100000)...)
	}, []string{"uuencode-inline"}, 100},
	{"calendar of folded lines", func() []byte {
		return append([]byte("Content-Type: text/calendar\n\nDESCRIPTION:"), bytes.Repeat([]byte("a\n "), 4<<20)...)
	}, []string{"limit-text"}, 1},
	{"quoted-printable of equals signs", func() []byte {
		return append([]byte("Content-Transfer-Encoding: quoted-printable\n\n"), bytes.Repeat([]byte("="), 4<<20)...)
	}, []string{"qp-illegal"}, 1},
	{"UTF-7 shifts", func() []byte {
		return append([]byte("Content-Type: text/plain; charset=utf-7\n\n"), bytes.Repeat([]byte("+A"), 2<<20)...)
	}, nil, 1},
	{"text that is longer in UTF-8", func() []byte {
		return append([]byte("Content-Type: text/html; charset=windows-1252\n\n"), bytes.Repeat([]byte("\x85"), 2<<20)...)
	}, nil, 1},
	{"tag of attributes", func() []byte {
		return append([]byte("Content-Type: text/html\n\n<p "), bytes.Repeat([]byte("A\n"), 2<<20)...)
	}, nil, 1},
	{"tags of invented names", func() []byte { return inventedTags("<x%d>") }, nil, 1},
	{"closed tags of invented names", func() []byte { return inventedTags("<x%d></x%[1]d>") }, nil, 1},
	{"classes", func() []byte {
		return append([]byte("Content-Type: text/html\n\n<style>p p.a{color:red}</style><p class='"), bytes.Repeat([]byte("a "), 2<<20)...)
	}, nil, 1},
	{"fonts", func() []byte {
		return append([]byte("Content-Type: text/html\n\n<p style='margin:0 0 0 0;font:"), append(bytes.Repeat([]byte("a "), 2<<20), "'>x"...)...)
	}, nil, 1},
	{"zip of zips", func() []byte { return zipOfZips() }, nil, 1},
	{"signed data in a million pieces", func() []byte {
		pieces := berOpen(berPieces, bytes.Repeat([]byte{berOctets, 1, 'x'}, 1<<20))
		return append([]byte("Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: binary\n\n"), signedData(berOpen, pieces)...)
	}, nil, 2},
	{"signed data in signed data", func() []byte {
		b := []byte("Subject: x\n\ny")
		for range 50 {
			b = append([]byte("Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: binary\n\n"), signedData(berOpen, ber(berOctets, b))...)
		}
		return b
	}, []string{"limit-nesting"}, 8},
	{"links", func() []byte {
		return append([]byte("Content-Type: text/plain\n\n"), bytes.Repeat([]byte("http://a.b/ "), 1<<18)...)
	}, nil, 1},
	{"one link of 4 MB", func() []byte {
		return append([]byte("Content-Type: text/plain\n\nhttps://a.example/"), bytes.Repeat([]byte("%41"), 4<<20/3)...)
	}, nil, 1},
}

func inventedTags(format string) []byte {
	b := bytes.NewBufferString("Content-Type: text/html\n\n")
	for i := range 100000 {
		fmt.Fprintf(b, format, i)
	}
	return b.Bytes()
}

// zipOfZips is a mail with an archive of archives, ten levels deep and ten wide at each, where the inner ones are the same: 42.zip's shape.
// This package only names the file; whoever unpacks it has limits of its own.
func zipOfZips() []byte {
	inner := []byte(strings.Repeat("0", 1<<17))
	for range 10 {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range 10 {
			f, err := w.Create(fmt.Sprintf("%d.zip", i))
			if err != nil {
				panic(err)
			}
			f.Write(inner)
		}
		w.Close()
		inner = b.Bytes()
	}
	head := "Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
	return append([]byte(head), base64.StdEncoding.EncodeToString(inner)...)
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

const (
	// mostMemory is what reading one message may take, the message included, whatever it holds. All that is allocated
	// counts, whether it is garbage by then or not: that is more than ever was in use at once, and does not depend on when the collector ran.
	mostMemory = 300 << 20
)

// mostAllocated keeps a small shape from taking what would break mostMemory when it grows to 50 MB: five octets for each, or three (the
// most that UTF-8 takes for one) and what is kept of a text at all.
func mostAllocated(size int) int {
	return max(8<<20+5*size, 2*maxHTMLText+3*size)
}

// TestHostile asserts that each shape is read to a bounded result. Wall time is logged, and only a run a hundred
// times slower than expected fails, since the machine may be busy.
func TestHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			raw := h.make()
			m, took, allocated := measure(raw)
			t.Logf("%d KB in %v, %d KB allocated, %d parts, %d defects", len(raw)>>10, took.Round(time.Millisecond), allocated>>10, len(m.Parts), len(m.Defects))
			if allocated+len(raw) > mostMemory || allocated > mostAllocated(len(raw)) {
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

// measure reads a message and tells how long that took and how much memory it asked for.
func measure(raw []byte) (m *Message, took time.Duration, allocated int) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	m = Parse(raw, Limits{Time: time.Minute})
	took = time.Since(start)
	runtime.ReadMemStats(&after)
	return m, took, int(after.TotalAlloc - before.TotalAlloc)
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

// TestTruncationOfLarge cuts a large message, in which all the golden ones are attached, at every 1000th octet. Whatever is missing is
// said.
func TestTruncationOfLarge(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("From: a@b.example\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nSubject: large\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"large\"\n")
	for i, raw := range goldenMessages(t) {
		fmt.Fprintf(&b, "\n--large\nContent-Type: message/rfc822\n\n%s\n--large\nContent-Type: application/octet-stream; name=%d\nContent-Transfer-Encoding: base64\n\n%s",
			raw, i, base64.StdEncoding.EncodeToString(bytes.Repeat(raw, 3)))
	}
	b.WriteString("\n--large--\n")
	raw := b.Bytes()
	if len(raw) < 100_000 {
		t.Fatalf("%d octets are not large", len(raw))
	}
	for n := 1000; n < len(raw)-12; n += 1000 {
		m, took, allocated := measure(raw[:n])
		checkMessage(t, m, n)
		if len(m.Defects) == 0 || allocated > mostAllocated(n) || took > 30*time.Second {
			t.Errorf("cut at %d: %d defects, %d KB allocated, %v", n, len(m.Defects), allocated>>10, took)
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
