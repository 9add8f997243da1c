package quarantine

import (
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func links(t testing.TB) *Links {
	t.Helper()
	var key [32]byte // of an installation of its own
	_, _ = rand.Read(key[:])
	l, err := NewLinks(key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTokens(t *testing.T) {
	l, other, now := links(t), links(t), time.Unix(1_800_000_000, 0)
	key := Key{"01890000-0000-7000-8000-000000000000", "ann@harbour.example"}
	token := l.Token(key, now.Add(time.Hour))
	if got, err := l.Open(token, now); err != nil || got != key {
		t.Fatalf("%+v %v", got, err)
	}
	if again := l.Token(key, now.Add(time.Hour)); again == token {
		t.Error("two links of one message are the same, so they tell that they are")
	}
	if _, err := l.Open(token, now.Add(time.Hour)); !errors.Is(err, ErrLink) {
		t.Errorf("too old: %v", err)
	}
	if _, err := other.Open(token, now); !errors.Is(err, ErrLink) {
		t.Errorf("of another key: %v", err)
	}
	for i := range token { // every character counts
		for _, c := range []byte("AB-") {
			b := []byte(token)
			if b[i] == c {
				continue
			}
			b[i] = c
			if got, err := l.Open(string(b), now); err == nil {
				t.Fatalf("changed at %d: %+v", i, got)
			}
		}
		if _, err := l.Open(token[:i], now); err == nil {
			t.Fatalf("cut at %d", i)
		}
	}
	if strings.ContainsFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }) {
		t.Errorf("%s needs escaping", token)
	}
}

func FuzzOpen(f *testing.F) {
	l, now := links(f), time.Now()
	f.Add(l.Token(Key{"a", "b"}, now.Add(time.Hour))+"x", int64(0))
	f.Add("", int64(1))
	f.Fuzz(func(t *testing.T, s string, at int64) {
		if k, err := l.Open(s, time.Unix(at, 0)); err == nil && k != (Key{"a", "b"}) {
			t.Fatalf("%q opens %+v", s, k)
		}
	})
}

// live is what mail programs make links of: a scheme, or something that ends as a host name does.
var live = regexp.MustCompile(`(?i)[a-z][a-z0-9+]*:[/\\]|[\pL\pN][.。．｡][\pL\pN]|mailto:[\pL\pN]`)

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"Hello":                            "Hello",
		"see https://evil.example/a.b?c=d": "see https[:]//evil[.]example/a[.]b?c=d",
		"WWW.EVIL.EXAMPLE":                 "WWW[.]EVIL[.]EXAMPLE",
		"Ann <ann@evil.example>":           "Ann <ann@evil[.]example>",
		"mailto:a@b.example":               "mailto[:]a@b[.]example",
		"Dr. Who, 12:30. End.":             "Dr. Who, 12[:]30. End.",
		"a\r\nBcc: x\x00\u202etxt":         "a  Bcc: xtxt",
		"evil。example":                     "evil[.]example",
		"evil.\u200bexample":               "evil[.]example",
	} {
		if got := Inert(in); got != want || live.MatchString(got) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Inert(strings.Repeat("ü", 1000)); utf8.RuneCountInString(got) != maxShown+1 {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

func FuzzInert(f *testing.F) {
	f.Add("https://evil.example")
	f.Add("evil.\u200bexample.\u00adnet")
	f.Add("\xff\xfe.a")
	f.Fuzz(func(t *testing.T, s string) {
		got := Inert(s)
		if live.MatchString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) || !utf8.ValidString(got) {
			t.Fatalf("%q: %q", s, got)
		}
	})
}

func TestDigestIsInert(t *testing.T) {
	d := Digest{Organisation: "Harbour & Sons", Zone: time.UTC, More: 3, Malware: 1, Items: []Item{
		{Sender: `"<script>" <x@evil.example>`, Subject: `</b><a href="https://evil.example">click</a>`, Why: "Phish", Link: "https://tocsin.example/release#abc"},
		{Why: "Spam"},
	}}
	l, err := d.Compose()
	if err != nil {
		t.Fatal(err)
	}
	if l.Subject != "6 messages held for you at Harbour & Sons" {
		t.Error(l.Subject)
	}
	if strings.Count(l.HTML, "<a ") != 1 || !strings.Contains(l.HTML, `href="https://tocsin.example/release#abc"`) || strings.Contains(l.HTML, "<script") || strings.Contains(l.HTML, "<img") {
		t.Error(l.HTML)
	}
	for _, text := range []string{l.HTML, l.Text} {
		if strings.Contains(text, "evil.example") || !strings.Contains(text, "evil[.]example") || !strings.Contains(text, "(no subject)") || !strings.Contains(text, "3 more") || !strings.Contains(text, "asks for no password") {
			t.Error(text)
		}
	}
}
