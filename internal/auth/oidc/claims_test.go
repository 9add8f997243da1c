package oidc

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func provider(t *testing.T, groups string, factors ...string) *Provider {
	t.Helper()
	p, err := New(Config{Issuer: "https://id.example", ClientID: "t", GroupsClaim: groups, SecondFactor: factors, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestClaims reads what providers write in their different ways.
func TestClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, claim, body string
		groups            []string
		verified, factor  bool
		proven            int64
	}{
		{"a list", "groups", `{"groups":["a","b"],"email_verified":true,"amr":["pwd","mfa"],"auth_time":1700000000}`, []string{"a", "b"}, true, true, 1_700_000_000},
		{"one", "groups", `{"groups":"a","email_verified":"true","acr":"mfa"}`, []string{"a"}, true, true, 0},
		{"a path", "realm_access.roles", `{"realm_access":{"roles":["a"]},"email_verified":false}`, []string{"a"}, false, false, 0},
		{"a name with dots", "https://x.example/groups", `{"https://x.example/groups":["a"]}`, []string{"a"}, false, false, 0},
		{"none", "groups", `{"email_verified":"yes","amr":"mfa"}`, nil, false, true, 0},
		{"no groups", "groups", `{"groups":{"a":1},"email_verified":1,"amr":["pwd"]}`, nil, false, false, 0},
		{"too long", "groups", `{"groups":["` + strings.Repeat("x", 300) + `","a"]}`, []string{"a"}, false, false, 0},
		{"from the future", "groups", `{"auth_time":1900000000}`, nil, false, false, 1_800_000_000},
		{"before all time", "groups", `{"auth_time":-5}`, nil, false, false, 0},
	} {
		p := provider(t, c.claim, "mfa")
		got, err := p.read(func(v any) error { return json.Unmarshal([]byte(c.body), v) })
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		id := p.identity("s", got)
		proven := int64(0)
		if !id.Proven.IsZero() {
			proven = id.Proven.Unix()
		}
		if !slices.Equal(id.Groups, c.groups) || id.EmailVerified != c.verified || id.Factor != c.factor || proven != c.proven {
			t.Errorf("%s: %+v", c.name, id)
		}
	}
}

func TestIssuers(t *testing.T) {
	t.Parallel()
	for issuer, good := range map[string]bool{
		"https://id.example/realms/staff": true, "http://127.0.0.1:8080": true, "http://localhost/x": true, "http://[::1]:1": true,
		"http://id.example": false, "ftp://id.example": false, "id.example": false, "https://id.example?x": false, "https://": false, "http://127.0.0.1.evil.example": false,
	} {
		if _, err := New(Config{Issuer: issuer, ClientID: "t"}); (err == nil) != good {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

// TestPlain: what a provider says of an error is one line of bounded text.
func TestPlain(t *testing.T) {
	t.Parallel()
	if got := plain("a\r\n\x1b[31mb\u202ec\xff  d", 100); got != "a [31mb c d" {
		t.Errorf("%q", got)
	}
	if got := plain(strings.Repeat("ä", 500), 10); got != strings.Repeat("ä", 10)+"…" {
		t.Errorf("%q", got)
	}
	if l := provider(t, "", "mfa", "urn:x:phr", AnySecondFactor, "otp").levels(); l != "urn:x:phr" {
		t.Errorf("asks for %q", l)
	}
}

// FuzzClaims: nothing that a provider writes breaks the reader.
func FuzzClaims(f *testing.F) {
	f.Add(`{"groups":["a"],"auth_time":1e300,"email_verified":"true"}`)
	f.Add(`{"realm_access":{"roles":"x"},"amr":[1]}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, claim := range []string{"groups", "realm_access.roles", "a.b.c", "."} {
			p, err := New(Config{Issuer: "https://id.example", GroupsClaim: claim})
			if err != nil {
				t.Fatal(err)
			}
			c, err := p.read(func(v any) error { return json.Unmarshal([]byte(body), v) })
			if err != nil {
				continue
			}
			if id := p.identity("s", c); len(id.Groups) > maxGroups || len([]rune(id.Name)) > 201 {
				t.Errorf("%d groups, name %q", len(id.Groups), id.Name)
			}
		}
	})
}
