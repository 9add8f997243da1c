package mailauth

import (
	"context"
	"errors"
)

// ErrNoDNS means that this installation asks no DNS.
var ErrNoDNS = errors.New("DNS is not asked")

// Published is the DMARC policy that holds for mail of a domain today: none, quarantine or reject; "" when no record is published.
func (c *Checker) Published(ctx context.Context, domain string) (policy string, err error) {
	if c.Resolver == nil {
		return "", ErrNoDNS
	}
	rec, at, err := c.findRecord(ctx, domain)
	if errors.Is(err, errNoRecord) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return c.policyFor(ctx, rec, at, domain), nil
}
