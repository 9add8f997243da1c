package detect

import (
	"net/netip"
	"strings"

	"tocsin/internal/email"
)

// detectRoad looks at the server that handed the message over. A Received field may be written by strangers, so it may speak against the
// message and never for it.
func detectRoad(f *Facts, raise Raise) {
	if f.list || f.report || !f.inbound || f.org.owns(f.from.Domain) {
		return
	}
	if h := f.handover(); h != nil && !f.reply {
		if why := carelessHELO(h.From, h.FromIP); why != "" {
			raise("careless-server", say("%s calls itself %q: %s", h.FromIP.String(), h.From, why))
		}
	}
}

// handover is the newest hop at which a public server gave the message over, nil when none is written down.
func (f *Facts) handover() *email.Hop {
	for i := range f.Message.Hops {
		h := &f.Message.Hops[i]
		if ip := h.FromIP; ip.IsValid() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return h
		}
	}
	return nil
}

// carelessHELO says why a name in HELO is none that a mail server should use (RFC 5321 section 4.1.1.1 wants its full name): no dot,
// an address, the machine's factory name, or a name that the provider made of the address.
func carelessHELO(name string, ip netip.Addr) string {
	name = strings.ToLower(strings.Trim(name, "[]."))
	switch {
	case name == "":
		return ""
	case isAddress(name):
		return "an address"
	case !strings.Contains(name, "."):
		return "no full name"
	case strings.HasSuffix(name, ".local"), strings.HasSuffix(name, ".localdomain"), strings.HasSuffix(name, ".lan"), strings.HasSuffix(name, ".internal"), strings.HasPrefix(name, "localhost"):
		return "a name for inside"
	}
	if !ip.Is4() {
		return ""
	}
	octets, found := ip.As4(), 0
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return r < '0' || r > '9' }) {
		for _, o := range octets {
			if w == itoa(o) {
				found++
				break
			}
		}
	}
	if found >= 3 {
		return "a name made of the address"
	}
	return ""
}

func itoa(o byte) string {
	if o >= 100 {
		return string([]byte{'0' + o/100, '0' + o/10%10, '0' + o%10})
	}
	if o >= 10 {
		return string([]byte{'0' + o/10, '0' + o%10})
	}
	return string([]byte{'0' + o})
}
