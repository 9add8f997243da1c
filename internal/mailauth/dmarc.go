package mailauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"tocsin/internal/email"
)

// OrgDomain is the organisational domain of RFC 7489 section 3.2: the public suffix and one label. A public suffix is its own.
func OrgDomain(domain string) string {
	domain = normalDomain(domain)
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return org
}

// record is a DMARC policy (RFC 7489 section 6.3, np of RFC 9091, psd of DMARCbis).
type record struct {
	policy, subdomain, missing string // p, sp, np: none, quarantine, reject; sp and np fall back as the RFCs say
	strictSPF, strictDKIM      bool
	percent                    int
	suffix                     bool // psd=y: published by a public suffix for all below it
}

var errNoRecord = errors.New("no DMARC record")

// parseRecord reads a TXT record; errNoRecord when it is something else.
func parseRecord(txt string) (record, error) {
	first, rest, _ := strings.Cut(txt, ";")
	name, version, _ := strings.Cut(first, "=")
	if strings.TrimSpace(name) != "v" || strings.TrimSpace(version) != "DMARC1" {
		return record{}, errNoRecord
	}
	r := record{percent: 100}
	reports := false
	for spec := range strings.SplitSeq(rest, ";") {
		name, value, ok := strings.Cut(spec, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
		if !ok {
			continue // RFC 7489 section 6.3: unknown and broken tags are ignored
		}
		switch name {
		case "p":
			r.policy = policyWord(value)
		case "sp":
			r.subdomain = policyWord(value)
		case "np":
			r.missing = policyWord(value)
		case "aspf":
			r.strictSPF = value == "s"
		case "adkim":
			r.strictDKIM = value == "s"
		case "pct":
			if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= 100 {
				r.percent = n
			}
		case "psd":
			r.suffix = value == "y"
		case "rua":
			reports = strings.HasPrefix(value, "mailto:")
		}
	}
	if r.policy == "" {
		if !reports { // RFC 7489 section 6.6.3: without a valid p it counts only when reports are asked for
			return record{}, fmt.Errorf("%w: the p tag is missing or unknown", errNoRecord)
		}
		r.policy = "none"
	}
	if r.subdomain == "" {
		r.subdomain = r.policy
	}
	if r.missing == "" {
		r.missing = r.subdomain
	}
	return r, nil
}

func policyWord(s string) string {
	switch s {
	case "none", "quarantine", "reject":
		return s
	}
	return ""
}

// dmarc evaluates RFC 7489 section 6.6 for the From domain, from the SPF and DKIM results already in r.
func (c *Checker) dmarc(ctx context.Context, m *email.Message, raw []byte, r *Results, said claims) {
	domain, problem := fromDomain(m)
	r.OrgDomain = OrgDomain(domain)
	align(r, domain, record{})
	switch {
	case problem != "":
		r.DMARC = Check{Result: PermError, Origin: Checked, Domain: domain, Detail: problem}
		return
	case c.Resolver == nil:
		r.DMARC = Check{Result: None, Origin: Unknown, Domain: domain, Detail: "DNS was not asked"}
		if said.dmarc != nil {
			r.DMARC, r.Policy = *said.dmarc, said.policy
		}
		return
	}
	rec, at, err := c.findRecord(ctx, domain)
	switch {
	case errors.Is(err, errNoRecord):
		r.DMARC = Check{Result: None, Origin: Checked, Domain: domain, Detail: "no DMARC record at " + domain + " or " + r.OrgDomain}
		return
	case err != nil:
		r.DMARC = Check{Result: TempError, Origin: Checked, Domain: domain, Detail: err.Error()}
		return
	}
	align(r, domain, rec)
	r.Policy = c.policyFor(ctx, rec, at, domain)
	detail := "policy " + r.Policy + " at " + at
	if rec.percent < 100 && r.Policy != "none" {
		if sampled(raw, rec.percent) {
			detail += fmt.Sprintf(", asked for %d%% of messages, this one among them", rec.percent)
		} else {
			r.Policy = weaker(r.Policy)
			detail += fmt.Sprintf(", asked for %d%% of messages, this one not among them: %s", rec.percent, r.Policy)
		}
	}
	result := Fail
	switch {
	case r.Aligned:
		result, detail = Pass, "aligned by "+r.AlignedBy+", "+detail
	case undecided(r):
		result, detail = TempError, "SPF or DKIM could not be decided, "+detail
	}
	r.DMARC = Check{Result: result, Origin: Checked, Domain: domain, Detail: detail}
}

// fromDomain is the one domain of the From field; several or none cannot be judged (RFC 7489 section 6.6.1).
func fromDomain(m *email.Message) (domain, problem string) {
	if m == nil {
		return "", "no message"
	}
	for _, a := range m.From {
		d := normalDomain(a.Domain)
		switch {
		case d == "":
			continue
		case domain != "" && d != domain:
			return domain, "From names several domains: " + domain + " and " + d
		}
		domain = d
	}
	if domain == "" {
		return "", "From has no readable domain"
	}
	return domain, ""
}

// align looks for a pass whose domain speaks for From (RFC 7489 section 3.1).
func align(r *Results, from string, rec record) {
	bySPF := r.SPF.Result == Pass && aligned(r.SPF.Domain, from, rec.strictSPF)
	byDKIM := false
	for _, k := range r.DKIM {
		byDKIM = byDKIM || k.Result == Pass && aligned(k.Domain, from, rec.strictDKIM)
	}
	r.Aligned = bySPF || byDKIM
	switch {
	case bySPF && byDKIM:
		r.AlignedBy = "SPF and DKIM"
	case bySPF:
		r.AlignedBy = "SPF"
	case byDKIM:
		r.AlignedBy = "DKIM"
	default:
		r.AlignedBy = ""
	}
}

func aligned(a, b string, strict bool) bool {
	if a == "" || b == "" {
		return false
	}
	return a == b || !strict && OrgDomain(a) == OrgDomain(b)
}

func undecided(r *Results) bool {
	if r.SPF.Result == TempError {
		return true
	}
	for _, k := range r.DKIM {
		if k.Result == TempError {
			return true
		}
	}
	return false
}

// findRecord looks at the domain, then at its organisational domain, then at the public suffix when that publishes for all
// below it (RFC 9091 section 3.3), and says where it found the record.
func (c *Checker) findRecord(ctx context.Context, domain string) (record, string, error) {
	org := OrgDomain(domain)
	places := []string{domain}
	if org != domain {
		places = append(places, org)
	}
	suffix, _ := publicsuffix.PublicSuffix(org)
	if suffix != org && suffix != "" {
		places = append(places, suffix)
	}
	for _, at := range places {
		rec, err := c.recordAt(ctx, at)
		if errors.Is(err, errNoRecord) || err == nil && at == suffix && at != domain && !rec.suffix {
			continue
		}
		return rec, at, err
	}
	return record{}, "", errNoRecord
}

func (c *Checker) recordAt(ctx context.Context, domain string) (record, error) {
	answers, err := c.Resolver.LookupTXT(ctx, "_dmarc."+domain)
	if err != nil {
		if missing(err) {
			return record{}, errNoRecord
		}
		return record{}, fmt.Errorf("asking for _dmarc.%s: %w", domain, err)
	}
	var found []record
	for _, txt := range answers {
		if len(txt) > maxTXTOctets {
			continue
		}
		if rec, err := parseRecord(txt); err == nil {
			found = append(found, rec)
		}
	}
	if len(found) != 1 { // RFC 7489 section 6.6.3: several records count as none
		return record{}, errNoRecord
	}
	return found[0], nil
}

// policyFor picks p, sp or np for the From domain, given where the record was found.
func (c *Checker) policyFor(ctx context.Context, rec record, at, domain string) string {
	if at == domain {
		return rec.policy
	}
	if rec.missing != rec.subdomain && c.nonexistent(ctx, domain) {
		return rec.missing
	}
	return rec.subdomain
}

// nonexistent is RFC 9091 section 2.7: no A, AAAA or MX record.
func (c *Checker) nonexistent(ctx context.Context, domain string) bool {
	if _, err := c.Resolver.LookupIPAddr(ctx, domain); !missing(err) {
		return false
	}
	_, err := c.Resolver.LookupMX(ctx, domain)
	return missing(err)
}

func missing(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// sampled decides pct (RFC 7489 section 6.6.4) from the message itself, so that judging it again ends the same.
func sampled(raw []byte, percent int) bool {
	sum := sha256.Sum256(raw)
	return (int(sum[0])<<8|int(sum[1]))%100 < percent
}

func weaker(policy string) string {
	if policy == "reject" {
		return "quarantine"
	}
	return "none"
}
