package email

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse checks what message.go promises of every Message, and that the same bytes give the same one.
func FuzzParse(f *testing.F) {
	for _, raw := range goldenMessages(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		parse := func() *Message {
			m := &Message{Size: len(raw)}
			m.read(raw, newBudget(Limits{Time: time.Minute})) // not Parse: a panic must be seen
			return m
		}
		m := parse()
		checkMessage(t, m, len(raw))
		total := 0
		for _, p := range m.Parts {
			if len(p.Children) == 0 {
				total += len(p.Content)
			}
		}
		// An embedded message that was transfer-encoded stands in the sum as itself and as its parts.
		if total > 64*len(raw)+1024 {
			t.Errorf("%d octets decoded from %d", total, len(raw))
		}
		if !reflect.DeepEqual(viewOf(m), viewOf(parse())) {
			t.Error("read twice, two results")
		}
	})
}

// words are encoded words with what they must become.
var words = []struct{ in, want, problem string }{
	{"plain", "plain", ""},
	{"=?utf-8?Q?caf=C3=A9?=", "café", ""},
	{"=?UTF-8?b?Y2Fmw6k=?=", "café", ""},
	{"=?utf-8?B?Y2Fmw6k====?=", "café", "word-bad-base64"},
	{"=?utf-8?B?Y2Fmw6k?=", "café", "word-bad-base64"},
	{"=?utf-8?B?Y2Fm w6k=?=", "café", "word-bad-base64"},
	{"=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café", ""},
	{"=?utf-8?B?Y2Fmww==?= =?utf-8?B?qQ==?=", "café", ""},
	{"=?utf-8?B?SGVsbG8gd2?= =?utf-8?B?9ybGQ=?=", "Hello world", "word-bad-base64"},
	{"=?utf-8?Q?a b c?=", "a b c", "word-space"},
	{"=?utf-8?Q?a_b?=", "a b", ""},
	{"=?utf-8?Q?unfinished", "unfinished", "word-unfinished"},
	{"=?utf-8?Q?unfinished and more", "unfinished and more", "word-unfinished"},
	{"=?utf-8?Q?one =?utf-8?Q?two?=", "onetwo", "word-unfinished"},
	{"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", ""},
	{"=?utf-8?Q?a?= \t =?utf-8?Q?b?=", "ab", ""},
	{"=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b", ""},
	{"text=?utf-8?Q?glued?=text", "textgluedtext", ""},
	{`"=?utf-8?Q?quoted?="`, `"quoted"`, ""},
	{"=?nonsense?Q?caf=C3=A9?=", "café", "word-unknown-charset"},
	{"=?nonsense?Q?caf=E9?=", "café", "word-unknown-charset"},
	{"=??Q?empty?=", "empty", ""},
	{"=?utf-8*en?Q?lang?=", "lang", ""},
	{"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本", ""},
	{"=?gb2312?B?xOM=?= =?utf-8?Q?_b?=", "你 b", ""},
	{"=?utf-8?X?what?=", "=?utf-8?X?what?=", ""},
	{"=?utf-8?", "=?utf-8?", ""},
	{"=?", "=?", ""},
	{"a =?b c", "a =?b c", ""},
	{"raw \xe9", "raw é", ""},
	{"raw é", "raw é", ""},
	{"\xe9 =?utf-8?Q?=C3=A9?=", "é é", ""},
	{"=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=", "=?utf-8?Q?x?=", ""},
	{"=?utf-8?Q?=zz=4?=", "=zz=4", ""},
}

func TestWords(t *testing.T) {
	for _, c := range words {
		got, problem := decodeWords(c.in, "")
		if got != c.want || problem != c.problem {
			t.Errorf("%q: got %q (%s), want %q (%s)", c.in, got, problem, c.want, c.problem)
		}
	}
	if got, _ := decodeWords("\xcf\xf0", "windows-1251"); got != "Пр" {
		t.Errorf("raw bytes in the message's charset: %q", got)
	}
}

func FuzzWord(f *testing.F) {
	for _, c := range words {
		f.Add(c.in, "koi8-r")
	}
	f.Fuzz(func(t *testing.T, s, hint string) {
		got, _ := decodeWords(s, hint)
		if !utf8.ValidString(got) {
			t.Errorf("%q: not UTF-8: %q", s, got)
		}
		if len(got) > 8*len(s)+8 {
			t.Errorf("%d octets from %d", len(got), len(s))
		}
		if isASCII(s) && !bytes.Contains([]byte(s), []byte("=?")) && got != s {
			t.Errorf("%q was changed to %q", s, got)
		}
	})
}

func FuzzParam(f *testing.F) {
	for _, s := range []string{
		`text/plain; charset=utf-8`, `a/b; name="x;y"; name*0*=utf-8''%e2; name*1=b`, `a/b name=c d`, `a/b; x="`, `; =`, `a/b; (c) d=e(f)`,
		`text/html; charset='utf-8'`, `a/b; n*=iso-8859-1'de'%fc; n=x`, `a/b; n="a\"b\\c\d"`, `a/b; n="=?utf-8?q?x?="`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := parseParams(s)
		for name, v := range p.values {
			if !utf8.ValidString(v) {
				t.Errorf("%q: %s is not UTF-8: %q", s, name, v)
			}
		}
		if len(p.values) > maxParams {
			t.Errorf("%d parameters", len(p.values))
		}
		if !reflect.DeepEqual(p, parseParams(s)) {
			t.Error("read twice, two results")
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		"a@example.com", `"Doe, J" <a@b>, C <d@e`, "g: a@b, c@d;", "<@r:a@b>", "a (c) @ b (d)", "=?utf-8?B?PGFAYj4=?=", `"q q"@x`, "<a@b> <c@d>",
		"Name, <a@b>", "<a@b, c@d>", "((((", `"""`, "a:b:c;;,", "<<a@b>>", "x,(<a@b>)",
	} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, author bool) {
		list, _ := parseAddresses(s, "", author)
		size := 0
		for _, a := range list {
			if !utf8.ValidString(a.Name) || !utf8.ValidString(a.Addr) || !utf8.ValidString(a.Domain) {
				t.Errorf("%q: not UTF-8: %q", s, a)
			}
			size += len(a.Name) + len(a.Addr)
		}
		if size > 20*len(s)+20 {
			t.Errorf("%d octets from %d", size, len(s))
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"SGVsbG8=", "SGV!sbG8", "a=3Db=\n c ", "begin 644 x\n#0V%T\n`\nend\n", "=", "====", "+AOk-"} {
		f.Add([]byte(s), "utf-7")
	}
	f.Fuzz(func(t *testing.T, b []byte, charset string) {
		out, bad := decodeBase64(b)
		if want, err := base64.StdEncoding.DecodeString(string(b)); err == nil && (!bytes.Equal(out, want) || bad >= 0) {
			t.Errorf("base64 %q: got %q, the standard library %q", b, out, want)
		}
		if len(out) > len(b)/4*3+3 {
			t.Errorf("base64: %d octets from %d", len(out), len(b))
		}
		if bad >= 0 {
			if whole := withFooter(out, b, bad); len(whole) > len(b) {
				t.Errorf("base64 with a footer: %d octets from %d", len(whole), len(b))
			}
		}
		qp, bad := decodeQP(b)
		if want, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b))); err == nil && bad < 0 && !bytes.Equal(normal(qp), normal(want)) &&
			!bytes.ContainsAny(b, "\r\t ") {
			t.Errorf("quoted-printable %q: got %q, the standard library %q", b, qp, want)
		}
		if len(qp) > len(b) {
			t.Errorf("quoted-printable: %d octets from %d", len(qp), len(b))
		}
		files, rest := splitUU(b)
		size := len(rest)
		for _, file := range files {
			size += len(file.content)
		}
		if size > len(b) {
			t.Errorf("uuencode: %d octets from %d", size, len(b))
		}
		text, _ := toUTF8(b, charset)
		if !utf8.ValidString(text) {
			t.Errorf("charset %q: not UTF-8: %q", charset, text)
		}
		if len(text) > 4*len(b)+4 {
			t.Errorf("charset %q: %d octets from %d", charset, len(text), len(b))
		}
	})
}

func FuzzTNEF(f *testing.F) {
	for _, name := range []string{"tnef.eml", "tnef-cut.eml"} {
		raw, err := os.ReadFile(filepath.Join("testdata/messages", name))
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range Parse(raw, Limits{}).Parts {
			if isTNEF(p) {
				f.Add(p.Content)
				if t, ok := parseTNEF(p.Content); ok {
					f.Add(t.rtf)
				}
			}
		}
	}
	f.Add([]byte(`{\rtf1\ansi{\field{\*\fldinst HYPERLINK "https://example.com"}{\fldrslt x}}\u8364 ?\'e9\bin3 {{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append([]byte(nil), b...)
		m := &Message{Root: &Part{Type: "application/ms-tnef", Content: b}}
		r := &reader{b: newBudget(Limits{}), m: m}
		r.openTNEF(m.Root, 0)
		if c, ok := parseTNEF(b); ok {
			for _, file := range c.files {
				if !utf8.ValidString(file.title) || !utf8.ValidString(file.long) || !utf8.ValidString(file.tag) {
					t.Errorf("a name is not UTF-8: %q %q %q", file.title, file.long, file.tag)
				}
			}
		}
		out, _ := decompressRTF(b, 1<<20)
		if len(out) > 9*len(b) {
			t.Errorf("RTF: %d octets from %d", len(out), len(b))
		}
		for _, rtf := range [][]byte{b, out} {
			if text, _ := readRTF(rtf); !utf8.ValidString(text) || len(text) > 4*len(rtf)+8 {
				t.Errorf("RTF text of %d octets from %d: %.100q", len(text), len(rtf), text)
			}
		}
	})
}

func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\nSUMMARY;X=\"a:b\":c\\nd\n e\nURL:https://a.example/\nX-ALT-DESC;FMTTYPE=text/html:<a href=\"https://b.exa\n mple/\">x</a>\n")
	f.Add("DESCRIPTION:a\r\n\tb\r\n\r\n c\\")
	f.Fuzz(func(t *testing.T, text string) {
		m := &Message{Root: &Part{Type: "text/calendar", Content: []byte(text)}}
		c := &content{reader: &reader{b: newBudget(Limits{Time: time.Minute}), m: m}}
		c.collect()
		if len(m.Visible) > 3*len(text) || !utf8.ValidString(m.Visible) {
			t.Errorf("%d octets from %d: %.100q", len(m.Visible), len(text), m.Visible)
		}
		checkLinks(t, m.Links)
		lines := 0
		calendarLines(text, func(line string) bool {
			lines++
			if strings.ContainsRune(line, '\n') {
				t.Errorf("line %q", line)
			}
			return true
		})
		if lines > strings.Count(text, "\n")+1 {
			t.Errorf("%d lines", lines)
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, c := range dates {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ParseDate(s)
		if ok && (d.Year() < 1 || d.Year() > 10000 || d.Location() != time.UTC) || !ok && !d.IsZero() {
			t.Errorf("%q: %v %v", s, d, ok)
		}
		if ok {
			again, ok := ParseDate(d.Format(time.RFC1123Z))
			if !ok || !again.Equal(d.Truncate(time.Second)) {
				t.Errorf("%q is %v, but that reads as %v", s, d, again)
			}
		}
	})
}
