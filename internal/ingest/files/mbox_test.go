package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// split reads all messages, from an offset on.
func split(content []byte, position int64, limit int) ([]Message, error) {
	r := bufio.NewReaderSize(iotest.HalfReader(bytes.NewReader(content[position:])), 4096)
	m := newMbox(r, position, limit)
	var out []Message
	for {
		msg, err := m.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return out, err
		}
		out = append(out, msg)
	}
}

func TestMbox(t *testing.T) {
	const (
		sep  = separator
		head = "Subject: x\n\n"
	)
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"nothing", "", nil},
		{"one", sep + head + "hello\n\n", []string{head + "hello\n"}},
		{"two", sep + head + "one\n\n" + sep + head + "two\n\n", []string{head + "one\n", head + "two\n"}},
		{"no empty line at the end", sep + head + "one\n\n" + sep + head + "two\n", []string{head + "one\n", head + "two\n"}},
		{"no line end at the end", sep + head + "one\n\n" + sep + head + "two", []string{head + "one\n", head + "two"}},
		{"empty lines are kept but one", sep + head + "one\n\n\n\n" + sep + head + "two\n", []string{head + "one\n\n\n", head + "two\n"}},
		{"no body", sep + "Subject: x\n\n" + sep + "Subject: y\n\n\n", []string{"Subject: x\n", "Subject: y\n\n"}},
		{"a separator at the very end", sep + head + "one\n\n" + sep, []string{head + "one\n"}},
		{"only a separator", sep, nil},
		{"CRLF", crlf(sep + head + "one\n\n" + sep + head + "two\n\n"), []string{crlf(head + "one\n"), crlf(head + "two\n")}},
		{"mixed line ends", crlf(sep+head) + "one\n\r\n" + sep + head + "two\r\n\n", []string{crlf(head) + "one\n", head + "two\r\n"}},
		{"mboxo", sep + head + ">From me\n", []string{head + "From me\n"}},
		{"mboxrd", sep + head + ">From me\n>>From you\n>>>From them\n> From here\n>Fromage\n", []string{head + "From me\n>From you\n>>From them\n> From here\n>Fromage\n"}},
		{"From in a sentence", sep + head + "I come\n\nFrom here to there it takes\nFrom 12:00 to 13:00.\n\nFrom 12:00 of 2025 on\nno field follows.\n", []string{
			head + "I come\n\nFrom here to there it takes\nFrom 12:00 to 13:00.\n\nFrom 12:00 of 2025 on\nno field follows.\n",
		}},
		{"From without an empty line before", sep + head + "text\n" + sep + "Subject: y\n", []string{head + "text\n" + sep + "Subject: y\n"}},
		{"From without a date", sep + head + "text\n\nFrom a@b.test\nSubject: y\n", []string{head + "text\n\nFrom a@b.test\nSubject: y\n"}},
		{"From without a header", sep + head + "text\n\n" + sep + "Dear reader,\n", []string{head + "text\n\n" + sep + "Dear reader,\n"}},
		{"two separators in a row", sep + head + "one\n\n" + sep + sep + head + "two\n", []string{head + "one\n\n" + sep + sep + head + "two\n"}},
		{"quoted separator after the separator", sep + ">" + sep + head + "x\n\n" + sep + ">" + sep + head + "y\n", []string{sep + head + "x\n", sep + head + "y\n"}},
		{"Content-Length that is true", sep + "Content-Length: 4\n\none\n\n" + sep + head + "two\n", []string{"Content-Length: 4\n\none\n", head + "two\n"}},
		{"Content-Length that would hide a message", sep + "Content-Length: 64\n\none\n\n" + sep + head + "evil\n\n" + sep + head + "three\n", []string{
			"Content-Length: 64\n\none\n", head + "evil\n", head + "three\n",
		}},
		{"Content-Length that is too short", sep + "Content-Length: 1\n\none\n\n" + sep + head + "two\n", []string{"Content-Length: 1\n\none\n", head + "two\n"}},
		{"Content-Length is nonsense", sep + "Content-Length: -99999999999999999999\n\none\n\n" + sep + head + "two\n", []string{
			"Content-Length: -99999999999999999999\n\none\n", head + "two\n",
		}},
		{"something before the first separator", "junk\n\n" + sep + head + "one\n", []string{"junk\n", head + "one\n"}},
		{"a long line", sep + head + strings.Repeat("x", 100_000) + "\n\n" + sep + head + "two\n", []string{head + strings.Repeat("x", 100_000) + "\n", head + "two\n"}},
		{"a long line after a separator", sep + "Subject: " + strings.Repeat("x", 100_000) + "\n\none\n\n" + sep + "Subject: " + strings.Repeat("y", 100_000) + "\n", []string{
			"Subject: " + strings.Repeat("x", 100_000) + "\n\none\n", "Subject: " + strings.Repeat("y", 100_000) + "\n",
		}},
		{"a separator within a long line", sep + head + strings.Repeat("x", 4096) + sep + "Subject: y\n", []string{head + strings.Repeat("x", 4096) + sep + "Subject: y\n"}},
		{"zero octets", sep + "Subject: \x00\n\n\x00\n\n" + sep + head + "\x00\xff", []string{"Subject: \x00\n\n\x00\n", head + "\x00\xff"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := split([]byte(c.content), 0, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			var raws []string
			for _, m := range got {
				raws = append(raws, string(m.Raw))
			}
			if d := cmp.Diff(c.want, raws); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			accountsForAll(t, []byte(c.content), 1<<20)
		})
	}
}

// A message is the same octets, and with that the same message, while the mailbox grows behind it.
func TestMboxGrows(t *testing.T) {
	var letters []string
	for i := range 5 {
		letters = append(letters, mail(i))
	}
	for n := range letters {
		got, err := split([]byte(mailbox(letters[:n+1]...)), 0, 1<<20)
		if err != nil || len(got) != n+1 {
			t.Fatalf("%d messages: %v", len(got), err)
		}
		for i, m := range got {
			if string(m.Raw) != letters[i] {
				t.Errorf("message %d of %d: %s", i, n+1, cmp.Diff(letters[i], string(m.Raw)))
			}
		}
	}
}

// The limit is for the message alone, and the messages around one that is over it are read.
func TestMboxLimit(t *testing.T) {
	letter := func(n int) string { return "Subject: x\n\n" + strings.Repeat("x", n-13) + "\n" }
	content := mailbox(letter(100), letter(101), letter(100), letter(500_000), letter(99))
	got, err := split([]byte(content), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []string
	for _, m := range got {
		if m.Err != nil {
			if !errors.Is(m.Err, ErrTooLarge) || m.Raw != nil {
				t.Errorf("%v with %d octets", m.Err, len(m.Raw))
			}
			sizes = append(sizes, "too large")
			continue
		}
		sizes = append(sizes, fmt.Sprint(len(m.Raw)))
	}
	if d := cmp.Diff([]string{"100", "too large", "100", "too large", "99"}, sizes); d != "" {
		t.Error(d)
	}
	accountsForAll(t, []byte(content), 100)
}

func TestMboxReadError(t *testing.T) {
	r := io.MultiReader(strings.NewReader(mailbox(mail(1), mail(2))+"From "), iotest.ErrReader(io.ErrClosedPipe))
	m := newMbox(bufio.NewReader(r), 0, 1000)
	if first, err := m.next(); err != nil || string(first.Raw) != mail(1) {
		t.Errorf("%q %v", first.Raw, err)
	}
	if half, err := m.next(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%q %v: half a message", half.Raw, err)
	}
}

func TestIsSeparator(t *testing.T) {
	for line, want := range map[string]bool{
		"From a@b.test Sat Jan  3 01:05:34 1996\n":               true,
		"From MAILER-DAEMON Fri Jul 08 12:08:34 2011\r\n":        true,
		"From - Mon Jan 01 00:00:00 2024\n":                      true, // Thunderbird
		"From 17@xxx Mon Jan 01 00:00:00 +0000 2024\n":           true, // Google's export
		"From ???@??? Mon Apr 14 09:15:01 2003\n":                true, // Eudora
		"From 0000000000000000 Mon Sep 17 00:00:00 2001\n":       true, // git
		"From aaa at bbb.test  Fri Jan  5 1:05 2007\n":           true, // Pipermail
		"From a@b.test Sat Jan  3 01:05:34 1996 remote from c\n": true,
		"From a@b.test Sat, 3 Jan 1996 01:05:34 +0100\n":         true,
		"From : a@b.test\n":                                      false,
		"From: a@b.test Sat Jan  3 01:05:34 1996\n":              false,
		" From a@b.test Sat Jan  3 01:05:34 1996\n":              false,
		">From a@b.test Sat Jan  3 01:05:34 1996\n":              false,
		"From\n":               false,
		"From \n":              false,
		"From here on\n":       false,
		"From 1996 on\n":       false,
		"From 01:05 on\n":      false,
		"From :::: to 1996\n":  false,
		"From 1:2:3:4 1996\n":  false,
		"From 123:45 1996\n":   false,
		"From 01:5 1996\n":     false,
		"From 01:05:34 3996\n": false,
		"From 01:05 19961\n":   false,
		"From 01:05 1996 " + strings.Repeat("x", 1000) + "\n":        false,
		"From a@b.test\tSat\tJan\t3\t01:05:34\t1996":                 true,
		"From \xff\xfe Sat Jan  3 01:05:34 1996\n":                   true,
		"From " + strings.Repeat("x ", 400) + "01:05:34 2026 \r\r\n": true,
	} {
		if isSeparator([]byte(line)) != want {
			t.Errorf("%.60q: %v", line, !want)
		}
	}
}

// part is what plainSplit says of one message.
type part struct {
	offset, end int64
	raw         string
}

// plainSplit is the rule of mbox written down plainly, with everything in memory.
func plainSplit(content []byte) (parts []part) {
	lines := bytes.SplitAfter(content, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	begins := func(i int) bool {
		if !isSeparator(lines[i]) || i > 0 && len(bytes.TrimRight(lines[i-1], "\r\n")) > 0 || i > 0 && !isBlank(lines[i-1]) {
			return false
		}
		return i+1 == len(lines) || fieldName(lines[i+1]) != "" || bytes.HasPrefix(lines[i+1], []byte(">From "))
	}
	var offset int64
	for i := 0; i < len(lines); {
		p := part{offset: offset}
		first := i
		if begins(i) {
			offset += int64(len(lines[i]))
			i++
		}
		for ; i < len(lines) && (i == first || !begins(i)); i++ {
			offset += int64(len(lines[i]))
			l := string(lines[i])
			if unquoted := strings.TrimLeft(l, ">"); unquoted != l && strings.HasPrefix(unquoted, "From ") {
				l = l[1:]
			}
			p.raw += l
		}
		p.end = offset
		empty := p.raw == ""
		for _, blank := range []string{"\n\r\n", "\n\n"} {
			if strings.HasSuffix(p.raw, blank) {
				p.raw = p.raw[:len(p.raw)-len(blank)+1]
				break
			}
		}
		if !empty {
			parts = append(parts, p)
		}
	}
	return parts
}

// accountsForAll checks that no octet of a mailbox is lost or read twice: messages stand end to end, each holds what
// the plain rule says, and reading may go on after any of them.
func accountsForAll(t *testing.T, content []byte, limit int) {
	t.Helper()
	got, err := split(content, 0, limit)
	if err != nil {
		t.Fatal(err)
	}
	want := plainSplit(content)
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	at := int64(0)
	for i, m := range got {
		w := want[i]
		if m.Offset != at || m.Offset != w.offset || m.End != w.end {
			t.Fatalf("message %d stands at %d to %d, want %d to %d", i, m.Offset, m.End, w.offset, w.end)
		}
		at = m.End
		switch {
		case len(w.raw) > limit:
			if !errors.Is(m.Err, ErrTooLarge) || m.Raw != nil {
				t.Fatalf("message %d has %d octets: %v", i, len(w.raw), m.Err)
			}
		case m.Err != nil || string(m.Raw) != w.raw:
			t.Fatalf("message %d is %q (%v), want %q", i, m.Raw, m.Err, w.raw)
		}
	}
	// What is left can only be a separator that nothing follows.
	if rest := content[at:]; len(rest) > 0 && !isSeparator(rest) {
		t.Fatalf("%q belongs to no message", rest)
	}
	for i, m := range got {
		after, err := split(content, m.End, limit)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(fmt.Sprint(got[i+1:]), fmt.Sprint(after)); d != "" {
			t.Fatalf("going on after message %d (-want +got)\n%s", i, d)
		}
	}
}

func FuzzMbox(f *testing.F) {
	for _, s := range []string{
		mailbox(mail(1), mail(2)), mailbox("Subject: x\n\nFrom me\n>From you\n"), strings.ReplaceAll(mailbox(mail(1), mail(2)), "\n", "\r\n"),
		separator, "\n" + separator + separator + "a: b\n\n" + separator + ">From x\n", separator + "a: b\n\n\r\n" + separator + "\n",
		"a\n\n" + separator + "b: c", separator + "a: b\r\n\r\n" + separator + "c: d\r\n\n\r\n", "From 1:00 2000\nFrom 1:00 2000\nx:\n\n",
		separator + "a: " + strings.Repeat("x", 5000) + "\n\n" + separator + strings.Repeat("y", 5000) + ":\n",
	} {
		f.Add([]byte(s), uint16(60))
	}
	f.Fuzz(func(t *testing.T, content []byte, limit uint16) {
		if bytes.Contains(content, bytes.Repeat([]byte(">"), 4000)) {
			return // the plain rule sees through any number of them
		}
		accountsForAll(t, content, int(limit)+1)
	})
}
