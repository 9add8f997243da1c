package detect

import (
	"strings"

	"tocsin/internal/intel"
)

// signing are the providers of free mail that have signed every message of their users for years. What comes from them without a
// signature of theirs did not come from them.
var signing = map[string]bool{"gmail.com": true, "googlemail.com": true, "outlook.com": true, "hotmail.com": true, "live.com": true, "msn.com": true, "yahoo.com": true,
	"ymail.com": true, "aol.com": true, "icloud.com": true, "me.com": true, "mac.com": true, "gmx.de": true, "gmx.net": true, "gmx.at": true, "gmx.ch": true, "web.de": true,
	"proton.me": true, "protonmail.com": true, "zoho.com": true, "fastmail.com": true, "mail.ru": true, "yandex.ru": true, "yandex.com": true, "uol.com.br": true,
	"orange.fr": true, "free.fr": true, "wp.pl": true, "libero.it": true}

// detectSender looks at what the sender's domain is and who signed for it. It speaks of claims, not of checks: where a check was made,
// detectAuthentication has the better word.
func detectSender(f *Facts, raise Raise) {
	if f.org.owns(f.from.Domain) || f.list {
		return
	}
	if w := brokenAddress(f.from.Addr, f.from.Domain); w != "" {
		raise("malformed-sender", say("%q", w))
	}
	if entry := f.judge.rented(f.from.Domain); entry != "" && f.inbound {
		raise("sender-rented-host", say("%s, under %s", f.from.Domain, entry))
	}
	if f.known || !f.modern || f.report || f.from.Domain == "" {
		return
	}
	switch {
	case f.signedOwn:
	case signing[f.from.Domain]:
		raise("free-mail-unsigned", say("%s signs what its users send; this is signed by %s", f.from.Domain, f.signedBy()))
	case f.brandOfSender() != nil && f.foreign:
		raise("brand-domain-unsigned", say("%s is %s's; signed by %s; links to %s", f.from.Domain, f.brandOfSender().Name, f.signedBy(), f.linkOrgs()))
	}
	if s := f.strangeSigner(); s != "" && !f.signedOwn && !f.reply {
		raise("signed-by-stranger", say("signed by %s, sent as %s", s, f.from.Domain))
	}
}

func (f *Facts) signedBy() string {
	if len(f.signers) == 0 {
		return "nobody"
	}
	return strings.Join(f.signers, ", ")
}

// brandOfSender returns the brand whose domain From claims, nil for addresses that anybody gets.
func (f *Facts) brandOfSender() *intel.Brand {
	for _, b := range f.judge.brands.Of(f.from.Domain) {
		if f.officialSender(b) {
			return b
		}
	}
	return nil
}

// strangeSigner returns a domain that signed though it has to do neither with From nor with a service that sends for others.
func (f *Facts) strangeSigner() string {
	stranger := ""
	for _, d := range f.signers {
		if f.judge.hosts.Trackers.Match(d) != "" || f.judge.hosts.Hosting.Match(d) != "" || intel.Under(d, "gappssmtp.com") || intel.Under(d, "onmicrosoft.com") || intel.Under(d, "amazonses.com") {
			return "" // a service's own signature stands beside its customer's
		}
		if intel.OrgDomain(d) == intel.OrgDomain(intel.DomainOf(f.Message.ReturnPath)) {
			continue
		}
		stranger = d
	}
	return stranger
}

// brokenAddress returns the From address when its domain cannot exist: programs that read it differently show different senders.
func brokenAddress(addr, domain string) string {
	switch {
	case addr == "" || domain == "" || domain[0] == '[':
		return ""
	case strings.Trim(domain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "" && !utf8Letters(domain),
		domain[0] == '.' || domain[0] == '-', strings.HasSuffix(domain, "."), strings.Contains(domain, ".."), strings.HasPrefix(addr, "mailto:"):
		return addr
	}
	return ""
}

// utf8Letters says that s holds no ASCII but what hosts are made of.
func utf8Letters(s string) bool {
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b < 0x80 && !isASCIILetter(b) && (b < '0' || b > '9') && b != '.' && b != '-' && b != '_' {
			return false
		}
	}
	return true
}
