package indicator

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/intel"
)

// KnownGood says which indicators would hit what must not be hit: large public domains, hosts that anybody may use, the organisation's
// own domains and servers, and values that are in much of the mail.
type KnownGood struct {
	Domains  []string              // of the organisation
	Own      func(netip.Addr) bool // addresses of the organisation's servers
	Networks []netip.Prefix        // and their networks
	Hosts    *intel.Hosts          // nil: intel.ShippedHosts
	Brands   *intel.Brands         // nil: intel.ShippedBrands
	// Common returns values that are in much of the mail of the last days, with their share. nil: not asked.
	Common func(ctx context.Context) ([]Common, error)

	hits     map[intel.Fingerprint]Common // what would hit a common value
	subjects []Common
}

// Common is a value that much of the mail has.
type Common struct {
	Kind  intel.Kind // Sender, Domain, IP or Subject
	Value string
	Share float64 // of the messages, 0 to 1
}

// With returns a copy that knows what is common now.
func (g *KnownGood) With(ctx context.Context) *KnownGood {
	c := *g
	if g.Common == nil {
		return &c
	}
	list, err := g.Common(ctx)
	if err != nil {
		return &c // what is common is a warning, not a wall: the lists are there without it
	}
	c.hits = map[intel.Fingerprint]Common{}
	for _, one := range list {
		c.learn(one)
	}
	return &c
}

// learn notes every value that would hit a common one: it, and what is wider.
func (g *KnownGood) learn(c Common) {
	note := func(value string) {
		fp := intel.FingerprintOf(c.Kind, value)
		if have, ok := g.hits[fp]; !ok || have.Share < c.Share {
			g.hits[fp] = c
		}
	}
	if c.Kind == intel.Subject {
		g.subjects = append(g.subjects, c)
		return
	}
	kind, value, err := intel.Normalise(c.Kind, c.Value)
	if err != nil || kind != c.Kind {
		return
	}
	switch kind {
	case intel.Domain:
		for h := value; strings.Contains(h, "."); _, h, _ = strings.Cut(h, ".") {
			note(h)
		}
	case intel.IP:
		a, err := netip.ParseAddr(intel.ShowNetwork(value))
		if err != nil {
			return
		}
		a = netip.AddrFrom16(a.As16())
		for bits := 128; bits >= 0; bits-- {
			if p, err := a.Prefix(bits); err == nil {
				note(p.String())
			}
		}
	default:
		note(value)
	}
}

// Why says what an indicator would hit, as the end of a sentence that begins with "it": "" when nothing.
func (g *KnownGood) Why(kind intel.Kind, value string) string {
	why := ""
	switch kind {
	case intel.Domain:
		why = g.host(value)
	case intel.Sender:
		if _, domain, _ := strings.Cut(value, "@"); g.own(domain) {
			why = "would hit a sender of the own domain " + domain
		}
	case intel.URL:
		_, rest, _ := strings.Cut(value, "://")
		host, path, _ := strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, ":")
		host = strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
		switch {
		case g.own(host):
			why = "would hit links to the own domain " + host
		case strings.Trim(path, "/") == "":
			why = g.host(host)
		}
	case intel.IP:
		why = g.network(value)
	}
	if why != "" {
		return why
	}
	return g.much(kind, value)
}

func (g *KnownGood) own(host string) bool {
	return slices.ContainsFunc(g.Domains, func(d string) bool { return intel.Under(host, d) })
}

func (g *KnownGood) host(host string) string {
	h, b := g.Hosts, g.Brands
	if h == nil {
		h = intel.ShippedHosts()
	}
	if b == nil {
		b = intel.ShippedBrands()
	}
	over := func(list []string) string { // list holds host or something below it
		for _, d := range list {
			if intel.Under(d, host) {
				return d
			}
		}
		return ""
	}
	if g.own(host) {
		return "would hit the own domain " + host
	}
	if d := over(g.Domains); d != "" {
		return "would hit the own domain " + d
	}
	if intel.PublicSuffix(host) {
		return "would hit every domain under ." + host
	}
	for _, set := range []struct {
		hosts intel.HostSet
		what  string
	}{{h.FreeMail, "a large mail provider"}, {h.Shorteners, "a link shortener for everybody"}, {h.Hosting, "a host where anybody may put pages"}, {h.Trackers, "a mailing service"}, {h.DynamicDNS, "a provider of names for everybody"}, {h.CDN, "a network that serves everybody's content"}} {
		// Only the place itself: a customer's name below it is one customer.
		if _, ok := set.hosts[host]; ok {
			return "would hit " + set.what + ", " + host
		}
	}
	for _, brand := range b.Of(host) {
		return "would hit " + brand.Name + ", to whom " + host + " really belongs"
	}
	if d := h.Large.Match(host); d != "" {
		return "would hit a large public domain, " + d
	}
	return ""
}

// Networks larger than these are held back: they are a provider's, not an attacker's.
const (
	widest4 = 20
	widest6 = 40
)

func (g *KnownGood) network(value string) string {
	p, err := netip.ParsePrefix(value)
	if err != nil {
		a, err := netip.ParseAddr(value)
		if err != nil {
			return ""
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	a := p.Addr()
	switch {
	case a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast():
		return "would hit private addresses (" + value + ")"
	case g.Own != nil && g.Own(a), slices.ContainsFunc(g.Networks, p.Overlaps):
		return "would hit the organisation's own servers (" + value + ")"
	case a.Is4() && p.Bits() < widest4, a.Is6() && p.Bits() < widest6:
		return fmt.Sprintf("would hit a whole network of /%d", p.Bits())
	}
	return ""
}

// much says how much of the mail of the last days has the value, when it is much.
func (g *KnownGood) much(kind intel.Kind, value string) string {
	var c Common
	ok := false
	if kind == intel.Subject {
		set := intel.NewIndicators()
		if len(g.subjects) == 0 || set.Add(intel.Indicator{Kind: kind, Value: value}) != nil {
			return ""
		}
		for _, s := range g.subjects {
			if _, hit := set.FindSubject(s.Value, time.Time{}); hit {
				c, ok = Common{Value: s.Value, Share: c.Share + s.Share}, true
			}
		}
	} else if len(g.hits) > 0 {
		_, normal, err := intel.Normalise(kind, value)
		if err != nil {
			return ""
		}
		c, ok = g.hits[intel.FingerprintOf(kind, normal)]
	}
	if !ok {
		return ""
	}
	return fmt.Sprintf("would hit %.1f %% of the mail of the last 30 days (%s)", 100*c.Share, clip(c.Value, 100))
}
