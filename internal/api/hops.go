package api

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"tocsin/internal/email"
)

// Thresholds of what is odd about a hop.
const (
	slowHop   = 5 * time.Minute
	clockSkew = time.Minute // clocks of mail servers differ by seconds; more is worth a word
)

// OwnServers are the organisation's mail servers: what they wrote into Received fields is evidence.
type OwnServers struct {
	Hosts    []string // host names, lower case; ".example.com" means everything below
	Networks []netip.Prefix
	Private  []netip.Prefix // addresses that no stranger on the internet can have
}

// Network reports whether an address is that of an own server.
func (o OwnServers) Network(ip netip.Addr) bool {
	ip = ip.Unmap()
	return contains(o.Networks, ip) || contains(o.Private, ip)
}

func contains(networks []netip.Prefix, ip netip.Addr) bool {
	for _, n := range networks {
		if ip.IsValid() && n.Contains(ip.WithZone("")) {
			return true
		}
	}
	return false
}

func (o OwnServers) host(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for _, h := range o.Hosts {
		if name == h || strings.HasPrefix(h, ".") && strings.HasSuffix(name, h) {
			return true
		}
	}
	return false
}

// hops turns the Received fields (newest first) into the way of the message, oldest first. The topmost field was written by
// the server that handed the message over; each one below it is trusted while the client that the field above names has an
// own address (or none, as between programs of one machine, and the writer is an own server). From the first stranger on, anything
// may be invented, own names included.
// received is when the message entered the organisation.
func hops(in []email.Hop, own OwnServers, received time.Time) []Hop {
	out := make([]Hop, len(in))
	trusted := true
	for i, h := range in { // newest first
		if i > 0 {
			client := in[i-1].FromIP
			trusted = trusted && (own.Network(client) || !client.IsValid() && own.host(h.By))
		}
		line := Hop{From: h.From, FromName: h.FromName, By: h.By, With: h.With, TLS: h.TLS, DelayMS: h.Delay.Milliseconds(), Trusted: trusted, Odd: []string{}}
		if h.FromIP.IsValid() {
			line.FromIP = h.FromIP.String()
		}
		if !h.Time.IsZero() {
			at := h.Time.UTC()
			line.Time = &at
		}
		var newer *email.Hop
		if i > 0 {
			newer = &in[i-1]
		}
		line.Odd = append(line.Odd, odd(h, newer, trusted, own, received)...)
		out[len(in)-1-i] = line
	}
	return out
}

// odd says in words what is strange about one hop. newer is the hop after it on the way, nil for the last.
func odd(h email.Hop, newer *email.Hop, trusted bool, own OwnServers, received time.Time) []string {
	var out []string
	outside := h.FromIP.IsValid() && !h.FromIP.IsPrivate() && !h.FromIP.IsLoopback() && !h.FromIP.IsLinkLocalUnicast()
	if h.FromIP.IsValid() && !outside && !trusted && !contains(own.Networks, h.FromIP.Unmap()) {
		out = append(out, fmt.Sprintf("%s is a private address, claimed by a server that is not yours: the inside of their network, or invented", h.FromIP))
	}
	switch {
	case h.Time.IsZero():
		out = append(out, "the time cannot be read")
	case newer != nil && !newer.Time.IsZero() && h.Time.Sub(newer.Time) > clockSkew:
		out = append(out, fmt.Sprintf("the clock is ahead: written %s after the next server had it already", roundly(h.Time.Sub(newer.Time))))
	case newer == nil && !received.IsZero() && h.Time.Sub(received) > clockSkew:
		out = append(out, fmt.Sprintf("the clock is ahead: %s after the message arrived", roundly(h.Time.Sub(received))))
	}
	if h.Delay > slowHop {
		out = append(out, fmt.Sprintf("the message waited %s before this server", roundly(h.Delay)))
	}
	if outside && h.TLS == "" && smtp(h.With) {
		out = append(out, "no encryption was noted")
	}
	if h.From != "" && h.FromName != "" && !sameOrganisation(h.From, h.FromName) {
		out = append(out, fmt.Sprintf("the client called itself %s, its address belongs to %s", h.From, h.FromName))
	}
	return out
}

// smtp reports whether the protocol word (RFC 3848) is one over a network, without TLS in its name.
func smtp(with string) bool {
	switch strings.ToUpper(with) {
	case "SMTP", "ESMTP", "ESMTPA", "UTF8SMTP", "UTF8SMTPA":
		return true
	}
	return false
}

// sameOrganisation reports whether two host names end in the same registered domain. Address literals and names
// without a dot say nothing, so they never differ.
func sameOrganisation(a, b string) bool {
	a, b = registered(a), registered(b)
	return a == "" || b == "" || a == b
}

func registered(host string) string {
	host = strings.ToLower(strings.Trim(host, "[]. "))
	if _, err := netip.ParseAddr(strings.TrimPrefix(host, "ipv6:")); err == nil || !strings.Contains(host, ".") {
		return ""
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return d
}

func roundly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d/time.Minute))
	}
	return fmt.Sprintf("%d seconds", int(d/time.Second))
}
