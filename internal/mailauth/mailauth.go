// Package mailauth asks who really sent a message.
//
// SPF (RFC 7208) checks whether the client's address may send for the envelope domain, DKIM (RFC 6376, RFC 8463)
// whether a domain signed the content, DMARC (RFC 7489, RFC 9091) whether either of them speaks for the domain a reader sees in
// From, and ARC (RFC 8617) what earlier hands saw before they changed the message. A receiving server that the
// administrator trusts may have checked already and said so in Authentication-Results (RFC 8601); claims of anybody else
// are noted and ignored. A pass proves only that the domain is theirs, never that the message is harmless.
package mailauth

import (
	"context"
	"net"
	"net/netip"
)

// Result of one method, in the words of RFC 8601 section 2.7.
type Result string

const (
	None      Result = "none"
	Pass      Result = "pass"
	Fail      Result = "fail"
	SoftFail  Result = "softfail"
	Neutral   Result = "neutral"
	Policy    Result = "policy"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// Origin says where a result came from.
type Origin string

const (
	Checked  Origin = "checked"  // evaluated here
	Reported Origin = "reported" // from Authentication-Results of a trusted server
	Unknown  Origin = "unknown"  // no DNS and nobody trusted said it
)

// Check is one evaluated method.
type Check struct {
	Result Result
	Origin Origin
	Domain string // the domain the result speaks for
	Detail string // for people: selector, mechanism, reason
}

// Results is what is known about one message.
type Results struct {
	SPF   Check
	DKIM  []Check // one a signature, in header order; empty when unsigned
	DMARC Check
	// Aligned says that SPF or DKIM passed for a domain aligned with From (relaxed unless the record asks for strict).
	Aligned      bool
	AlignedBy    string // "SPF", "DKIM", "SPF and DKIM", ""
	Policy       string // DMARC policy that applies: "none", "quarantine", "reject", "" when there is no record
	ARC          Check
	ARCInstances int
	OrgDomain    string   // organisational domain of From
	Forged       []string // authserv-ids that claimed to be trusted but stood below the trust boundary or are not configured
}

// BestDKIM is the strongest of the DKIM checks: pass before anything else; None when there is no signature.
func (r Results) BestDKIM() Check {
	best := Check{Result: None, Origin: Unknown}
	for i, c := range r.DKIM {
		if i == 0 || c.Result == Pass && best.Result != Pass {
			best = c
		}
	}
	return best
}

// Resolver is the part of net.Resolver that is asked. A nil Resolver means no DNS: only Authentication-Results are read.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

var _ Resolver = (*net.Resolver)(nil)

// Envelope is how the message came over SMTP. Zero fields mean unknown.
type Envelope struct {
	ClientIP netip.Addr
	Helo     string
	MailFrom string // without angle brackets; "" is the null path
}
