package detect

import (
	"strings"
	"testing"
)

func TestPhoneNumbers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"call +1 (808) 555-0142 now", "+18085550142"},
		{"Rufen Sie an: 030 5550 1422.", "03055501422"},
		{"1-808-555-0142", "18085550142"},
		{"(808) 555 0142", "8085550142"},
		{"+34 910 555 014", "+34910555014"},
		{"+48 22 555 01 42, dzwoń", "+48225550142"},
		{"toll free 1 (8O8) 555-O142", "18085550142"},
		{"call 808.555.0142", "8085550142"},
		{"808\u00a0555\u00a00142", "8085550142"},
		{"808\u2011555\u20110142", "8085550142"},
		{"order 4500123998", ""},
		{"on 2026-11-10 09:12", ""},
		{"2026-11-10 0912", ""},
		{"total 1 234 567,89", ""},
		{"IBAN DE02 1203 0000 0000 2020 51", ""},
		{"192.0.2.17 and 10.0.0.1", ""},
		{"card 4111 1111 1111 1111 1111", ""},
		{"INV-808-555-0142", ""},
		{"https://a.example/808-555-0142", ""},
		{"x808-555-0142@a.example", ""},
		{"12 34 56", ""},
		{"", ""},
	} {
		if got := strings.Join(phoneNumbers(c.text), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	if n := len(phoneNumbers(strings.Repeat("call 808-555-0142\n", 100))); n != maxPhones {
		t.Errorf("%d numbers", n)
	}
}

func TestPartsOfAddress(t *testing.T) {
	for _, c := range []struct{ url, path, query, fragment, redirect string }{
		{"https://a.example/x/y.html?b=1&c=2#maren@b.example", "/x/y.html", "b=1&c=2", "maren@b.example", ""},
		{"https://a.example", "", "", "", ""},
		{"https://a.example?u=https%3A%2F%2Fb.example%2Fx", "", "u=https%3A%2F%2Fb.example%2Fx", "", "https://b.example/x"},
		{"https://a.example/r?u=https%253A%252F%252Fb.example", "/r", "u=https%253A%252F%252Fb.example", "", "https://b.example"},
		{"https://a.example/https://b.example/x", "/https://b.example/x", "", "", "https://b.example/x"},
		{"https://a.example/r?u=https://www.a.example/own", "/r", "u=https://www.a.example/own", "", ""},
		{"https://www.google.com/amp/s/b.example/x", "/amp/s/b.example/x", "", "", "https://b.example/x"},
		{"https://a.example/#https://b.example/", "/", "", "https://b.example/", "https://b.example/"},
		{`https://a.example\b`, `\b`, "", "", ""},
		{"mailto:a@b.example?subject=x", "", "subject=x", "", ""},
		{"%%%", "", "", "", ""},
	} {
		p := partsOf(c.url)
		if p.path != c.path || p.query != c.query || p.fragment != c.fragment {
			t.Errorf("%s: %+v", c.url, p)
		}
		if got := redirectOf(c.url); got != c.redirect {
			t.Errorf("%s passes on to %q, want %q", c.url, got, c.redirect)
		}
	}
}

// FuzzRuleText: whatever the text, numbers are numbers and parts are parts.
func FuzzRuleText(f *testing.F) {
	for _, s := range []string{"call +1 (808) 555-0142", "https://a.example/x?u=https%3A%2F%2Fb.example#f", "+", "(((", "8 O 8\u00a0\u2011", "https://a.example/amp/s/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range phoneNumbers(s) {
			digits := strings.TrimPrefix(n, "+")
			if len(digits) < 9 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
				t.Fatalf("%q", n)
			}
		}
		p := partsOf(s)
		if !strings.Contains(s, p.path) || !strings.Contains(s, p.query) || !strings.Contains(s, p.fragment) {
			t.Fatalf("%+v", p)
		}
		if r := redirectOf(s); r != "" && !strings.HasPrefix(strings.ToLower(r), "http") {
			t.Fatalf("%q", r)
		}
	})
}
