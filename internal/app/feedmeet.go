package app

import (
	"net/netip"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/intel"
)

// meet looks a value of mail up in a set of indicators, as the judge would.
func meet(set *intel.Indicators, m *hunt.Met, now time.Time) (intel.Indicator, bool) {
	switch m.Column {
	case "Url", "UrlTarget":
		return set.FindURL(m.Value, now)
	case "UrlDomain", "SenderFromDomain":
		return set.FindHost(m.Value, now)
	case "SenderFromAddress", "SenderMailFromAddress":
		return set.FindSender(m.Value, now)
	case "SenderIPv4", "SenderIPv6":
		if a, err := netip.ParseAddr(m.Value); err == nil {
			return set.FindIP(a, now)
		}
	case "Subject":
		return set.FindSubject(m.Value, now)
	case "SHA256", "SHA1", "MD5":
		return set.FindHash(m.Value, now)
	}
	return intel.Indicator{}, false
}
