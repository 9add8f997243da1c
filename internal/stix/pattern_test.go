package stix

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const (
	md5hex = "d41d8cd98f00b204e9800998ecf8427e"
	sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

func TestUnderstand(t *testing.T) {
	for _, c := range []struct{ pattern, want, note, no string }{
		{`[url:value = 'https://bad.example/a?b=\'c\'']`, `url https://bad.example/a?b='c'`, "", ""},
		{`[domain-name:value='a.example' OR domain-name:value = 'b.example']`, "domain a.example, domain b.example", "", ""},
		{`[domain-name:value IN ('a.example', 'b.example','a.example')]`, "domain a.example, domain b.example", "", ""},
		{`[ipv4-addr:value ISSUBSET '198.51.100.0/24']`, "ip 198.51.100.0/24", "", ""},
		{`[ipv6-addr:value = '2001:db8::1'] OR [ipv4-addr:value = '203.0.113.7/32']`, "ip 2001:db8::1, ip 203.0.113.7/32", "", ""},
		{`[file:hashes.'SHA-256' = '` + sha256 + `' OR file:hashes.MD5 = '` + md5hex + `']`, "hash " + sha256 + ", hash " + md5hex, "", ""},
		{`[file:hashes.'SHA-256' = '` + sha256 + `' AND file:name = 'invoice.exe']`, "hash " + sha256, "taken without file:name", ""},
		{`[file:hashes.'SHA-256' = '` + sha256 + `' AND file:hashes.MD5 = '` + md5hex + `']`, "hash " + sha256 + ", hash " + md5hex, "", ""},
		{`[email-addr:value = 'a@bad.example']`, "sender a@bad.example", "", ""},
		{`[email-message:from_ref.value = 'a@bad.example' OR email-message:sender_ref.value = 'b@bad.example']`, "sender a@bad.example, sender b@bad.example", "", ""},
		{`[email-message:subject LIKE '%unpaid invoice%']`, "subject *unpaid invoice*", "", ""},
		{`[email-message:subject = 'Your parcel']`, "subject Your parcel", "", ""},
		{`[domain-name:value LIKE '%.bad.example']`, "domain bad.example", "", ""},
		{`[url:value = 'https://bad.example/x' AND ipv4-addr:value = '203.0.113.1']`, "url https://bad.example/x", "taken without ipv4-addr:value", ""},
		{`([url:value = 'https://a.example/'] OR [process:name = 'x.exe']) WITHIN 300 SECONDS`, "url https://a.example/", "left out", ""},
		{`[url:value = 'https://a.example/'] REPEATS 1 TIMES`, "url https://a.example/", "", ""},
		{"[ /* why */ url:value = 'https://a.example/' // so\n]", "url https://a.example/", "", ""},
		{`[email-message:body_multipart[*].body_raw_ref.hashes.MD5 = '` + md5hex + `']`, "hash " + md5hex, "", ""},
		{`[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443]`, "", "", "several things at once"},
		{`[email-message:subject = 'Hello' AND email-message:from_ref.value = 'a@b.example']`, "", "", "several things at once"},
		{`[url:value = 'https://a.example/'] REPEATS 5 TIMES WITHIN 10 SECONDS`, "", "", "REPEATS 5 TIMES"},
		{`[url:value = 'https://a.example/'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'`, "", "", "START"},
		{`[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']`, "", "", "several things"},
		{`[url:value != 'https://a.example/']`, "", "", "what is not there"},
		{`[NOT url:value = 'https://a.example/']`, "", "", "what is not there"},
		{`[url:value MATCHES '.*']`, "", "", "is not looked for"},
		{`[windows-registry-key:key = 'HKLM']`, "", "", "nothing that is seen in mail"},
		{`[email-message:subject LIKE '%']`, "", "", "is not looked for"},
		{`[file:hashes.MD5 = 'short']`, "", "", "is no MD5"},
		{`[ipv4-addr:value = 'x']`, "", "", "neither an address"},
		{`[url:value = ]`, "", "", "at character 14: a value is missing"},
		{`[url:value = 'x'`, "", "", `']' is missing`},
		{`[url:value 'x']`, "", "", "comparison is missing"},
		{`url:value = 'x'`, "", "", "begins with"},
		{`[url:value = 'x]`, "", "", "does not end"},
		{``, "", "", "begins with"},
		{`[url:value = 'x'] AND`, "", "", "begins with"},
		{`[url:value = 'x'] [url:value = 'y']`, "", "", "nothing more"},
		{strings.Repeat("(", 100) + `[url:value = 'x']` + strings.Repeat(")", 100), "", "", "deeper"},
		{`[` + strings.Repeat("(", 100) + `url:value = 'x'` + strings.Repeat(")", 100) + `]`, "", "", "deeper"},
	} {
		wanted, notes, err := Understand(c.pattern)
		var got []string
		for _, w := range wanted {
			got = append(got, string(w.Kind)+" "+w.Value)
		}
		switch {
		case c.no != "":
			if err == nil || !strings.Contains(err.Error(), c.no) {
				t.Errorf("%s: %v %v, want %q", c.pattern, got, err, c.no)
			}
		case err != nil || strings.Join(got, ", ") != c.want || !strings.Contains(fmt.Sprint(notes), c.note) || (c.note == "") != (len(notes) == 0):
			t.Errorf("%s: %v %q %v", c.pattern, got, notes, err)
		}
	}
}

// FuzzPattern wants an answer for every text, and that what Tocsin writes means the same when it is read.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{`[url:value = 'x'] REPEATS 5 TIMES`, `[a:b.c[*].'d' NOT IN (1,2.5,t'x')]`, `([a:b=1] AND [c:d LIKE 'e']) WITHIN 1 SECONDS`, `[EXISTS a:b OR (a:b >= -1)]`, "bad.example", "a@b.example", "198.51.100.0/24"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, _, err := Understand(s); err != nil {
			var at *PatternError
			if !errors.As(err, &at) && !errors.Is(err, ErrNotUnderstood) {
				t.Fatal(err)
			}
		}
		for _, k := range []Kind{URL, Domain, Sender, Subject} {
			if strings.TrimSpace(s) != s || s == "" || k == Subject && strings.ContainsAny(s, "%_*") || !validText(s) {
				continue
			}
			p := PatternOf(Wanted{k, s})
			w, _, err := Understand(p)
			if err != nil || len(w) != 1 || w[0] != (Wanted{k, s}) {
				t.Fatalf("%s is read as %v, %v", p, w, err)
			}
		}
	})
}

func validText(s string) bool { return strings.ToValidUTF8(s, "") == s && len(s) < 1000 }

// FuzzRead wants that no text makes the reader fail otherwise than with an error.
func FuzzRead(f *testing.F) {
	f.Add(`{"type":"bundle","objects":[` + aURL + `,{]}`)
	f.Add(`[{"type":"url","id":1}]`)
	f.Fuzz(func(t *testing.T, s string) {
		n := 0
		for o, err := range Read(strings.NewReader(s), Limits{Object: 4096, Objects: 100}, nil) {
			if (o == nil) == (err == nil) {
				t.Fatal(o, err)
			}
			n++
		}
		if n > 102 {
			t.Fatal(n)
		}
	})
}
