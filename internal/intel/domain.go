package intel

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// OrgDomain returns the registrable domain of host (public suffix plus one label, private suffixes such as github.io
// included): the smallest name that one registrant is answerable for. Hosts that are addresses, single labels or themselves
// public suffixes come back as they are. host is lower case A-labels.
func OrgDomain(host string) string {
	host = strings.TrimSuffix(host, ".")
	if host == "" || !strings.Contains(host, ".") || isIP(host) {
		return host
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return d
}

// PublicSuffix reports whether anybody can register a name under host: "co.uk", "github.io", a top-level domain.
func PublicSuffix(host string) bool {
	suffix, known := publicsuffix.PublicSuffix(host)
	return suffix == host && (known || strings.Contains(host, ".") || !isIP(host))
}

// Under reports whether host is domain or one of its subdomains.
func Under(host, domain string) bool {
	return domain != "" && (host == domain || len(host) > len(domain) && host[len(host)-len(domain)-1] == '.' && strings.HasSuffix(host, domain))
}

// DomainOf returns the lower-case domain of an address or URL or host, "" when there is none.
func DomainOf(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
		if j := strings.IndexAny(s, "/?#\\"); j >= 0 {
			s = s[:j]
		}
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.Count(s, ":") == 1 {
		s = s[:i]
	}
	return strings.Trim(strings.ToLower(s), "<>[]. ")
}

// Unicode shows A-labels of host as the Unicode they stand for; labels that do not decode stay.
func Unicode(host string) string {
	if !strings.Contains(host, "xn--") {
		return host
	}
	u, err := idna.Punycode.ToUnicode(host)
	if err != nil {
		return host
	}
	return u
}

// label splits a registrable domain into its own label and its public suffix: "amazon", "co.uk".
func label(org string) (name, suffix string) {
	name, suffix, _ = strings.Cut(org, ".")
	return name, suffix
}

// TLD is the last label of host.
func TLD(host string) string { return host[strings.LastIndexByte(host, '.')+1:] }

func isIP(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}
