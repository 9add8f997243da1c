package mailauth

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"tocsin/internal/email"
)

// Checker evaluates the methods for one message after another. It keeps no state between messages and may be used from many goroutines.
type Checker struct {
	// Resolver answers DNS questions; nil means none is asked, and only trusted Authentication-Results speak.
	Resolver Resolver
	// TrustedIDs are the authserv-ids (RFC 8601 section 2.2) whose Authentication-Results are believed, lower case.
	TrustedIDs []string
	// Own reports addresses of the organisation's own servers. The topmost Received field that names a client outside
	// marks the trust boundary: what stands below it may be forged. Nil means private and loopback addresses.
	Own func(netip.Addr) bool
	// Timeout bounds all look-ups for one message; default 10 s.
	Timeout time.Duration
}

const (
	defaultTimeout   = 10 * time.Second
	maxSignatures    = 8  // more DKIM signatures than this are not verified: each costs a look-up and a public-key operation
	maxARCInstances  = 50 // RFC 8617 section 4.2.1
	maxHeaderOctets  = 1 << 20
	maxHeaderFields  = 5000
	maxTXTOctets     = 16 << 10
	minRSABits       = 1024 // RFC 8301 section 3.2
	domainKeyService = "_domainkey"
)

// Check evaluates SPF, DKIM, DMARC and ARC for a message with its bytes as received. Methods that cannot be evaluated
// here, for want of DNS or of a client address, take what a trusted server reported. It never fails: what
// went wrong is the result of the method.
func (c *Checker) Check(ctx context.Context, m *email.Message, raw []byte, env Envelope) Results {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	claims, forged := c.reported(m)
	r := Results{Forged: forged}
	wire := wireForm(raw)

	r.SPF = c.spf(ctx, env)
	r.DKIM = c.dkim(ctx, wire)
	r.ARC, r.ARCInstances = c.arc(ctx, wire)
	c.believe(&r, claims)
	c.dmarc(ctx, m, raw, &r, claims)
	return r
}

// believe fills what could not be checked here from what a trusted server reported.
func (c *Checker) believe(r *Results, said claims) {
	if r.SPF.Origin == Unknown && said.spf != nil {
		r.SPF = *said.spf
	}
	if len(said.dkim) > 0 && !anyChecked(r.DKIM) {
		r.DKIM = said.dkim
	}
	if r.ARC.Origin == Unknown && said.arc != nil {
		r.ARC = *said.arc
	}
}

func anyChecked(checks []Check) bool {
	for _, k := range checks {
		if k.Origin == Checked {
			return true
		}
	}
	return false
}

// own reports whether an address belongs to the organisation.
func (c *Checker) own(ip netip.Addr) bool {
	if c.Own != nil {
		return c.Own(ip)
	}
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
}

func domainOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return normalDomain(address[i+1:])
	}
	return ""
}

func normalDomain(d string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(d), "."))
}
