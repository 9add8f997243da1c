package mailauth

import (
	"context"
	"errors"
	"fmt"
	"net"

	"blitiri.com.ar/go/spf"
)

// spf evaluates RFC 7208 for the envelope sender, or for the HELO name when the path is null (section 2.4).
func (c *Checker) spf(ctx context.Context, env Envelope) Check {
	domain := domainOf(env.MailFrom)
	identity := "envelope sender"
	if env.MailFrom == "" {
		domain, identity = normalDomain(env.Helo), "HELO name"
	}
	switch {
	case c.Resolver == nil:
		return Check{Result: None, Origin: Unknown, Domain: domain, Detail: "DNS was not asked"}
	case !env.ClientIP.IsValid():
		return Check{Result: None, Origin: Unknown, Domain: domain, Detail: "the address of the client is not known"}
	case domain == "":
		return Check{Result: None, Origin: Checked, Detail: "neither an envelope sender nor a HELO name to check"}
	}
	sender := env.MailFrom
	if sender == "" {
		sender = "postmaster@" + domain
	}
	ip := env.ClientIP.Unmap()
	result, err := spf.CheckHostWithSender(net.IP(ip.AsSlice()), env.Helo, sender,
		spf.WithContext(ctx), spf.WithResolver(c.Resolver))
	check := Check{Result: Result(result), Origin: Checked, Domain: domain,
		Detail: fmt.Sprintf("%s %s, client %s", identity, domain, ip)}
	if check.Result == "" {
		check.Result = None
	}
	if err != nil && !errors.Is(err, spf.ErrNoResult) {
		check.Detail += ": " + err.Error()
	}
	return check
}
