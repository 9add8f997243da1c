package api

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
)

func TestHops(t *testing.T) {
	own := OwnServers{Hosts: []string{"mx.corp.example", ".int.corp.example"}, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/28")}, Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	at := time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)
	in := []email.Hop{ // newest first
		{From: "mx.corp.example", FromIP: netip.MustParseAddr("10.1.1.1"), By: "store.int.corp.example", With: "LMTP", Time: at, Delay: time.Second},
		{From: "friendly.example", FromName: "host9.evil.example", FromIP: netip.MustParseAddr("198.51.100.7"), By: "mx.corp.example", With: "ESMTP", Time: at.Add(-time.Second), Delay: 10 * time.Minute},
		{From: "[10.9.9.9]", FromIP: netip.MustParseAddr("10.9.9.9"), By: "mx.corp.example", With: "ESMTPS", TLS: "TLSv1.3", Time: at.Add(time.Hour)},
		{From: "nobody", By: "mx.corp.example"},
	}
	got := hops(in, own, at)
	if len(got) != len(in) {
		t.Fatal(got)
	}
	for i, want := range []struct {
		trusted bool
		odd     []string
	}{ // oldest first
		{false, []string{"time cannot be read"}}, // it names an own server, but stands below a stranger
		{false, []string{"10.9.9.9 is a private address", "clock is ahead"}},
		{true, []string{"waited 10 minutes", "no encryption", "called itself friendly.example"}},
		{true, nil},
	} {
		h := got[i]
		if h.Trusted != want.trusted {
			t.Errorf("hop %d (%s by %s): trusted %v", i, h.From, h.By, h.Trusted)
		}
		if len(h.Odd) != len(want.odd) {
			t.Errorf("hop %d: odd %q, want %q", i, h.Odd, want.odd)
			continue
		}
		for _, word := range want.odd {
			if !slices.ContainsFunc(h.Odd, func(s string) bool { return strings.Contains(s, word) }) {
				t.Errorf("hop %d: nothing odd about %q in %q", i, word, h.Odd)
			}
		}
	}
}

func TestSameOrganisation(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"mail.example.com", "a.b.example.com", true}, {"example.co.uk", "other.co.uk", false}, {"localhost", "example.com", true},
		{"[192.0.2.1]", "example.com", true}, {"[IPv6:2001:db8::1]", "example.com", true}, {"EXAMPLE.com.", "example.com", true}, {"", "x.example", true},
	} {
		if got := sameOrganisation(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		text, host string
		want       bool
	}{
		{"link goes to evil[.]example", "evil.example", true}, {"notevil.example", "evil.example", false}, {"evil.example.org is fine", "evil.example", false},
		{"sub.evil.example", "evil.example", false}, {"see evil.example.", "evil.example", true}, {"evil.example.org, then evil.example", "evil.example", true}, {"", "x.example", false},
	} {
		if got := mentions(c.text, c.host); got != c.want {
			t.Errorf("%q in %q: %v", c.host, c.text, got)
		}
	}
}
