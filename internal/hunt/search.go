package hunt

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"tocsin/internal/kql"
)

// Kind is what a search text was taken for.
type Kind string

const (
	KindAddress          Kind = "address"
	KindDomain           Kind = "domain"
	KindURL              Kind = "url"
	KindHash             Kind = "hash"
	KindMessageID        Kind = "message_id"
	KindNetworkMessageID Kind = "network_message_id"
	KindIP               Kind = "ip"
	KindText             Kind = "text"
)

// Found is a search text understood: the filter that finds it, and how many events match.
type Found struct {
	Kind    Kind   `json:"kind"`
	Query   string `json:"q"`
	Matches int64  `json:"matches"`
}

// maxSearch is the longest text that is searched for.
const maxSearch = 4096

var (
	hexHash    = regexp.MustCompile(`^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$`)
	uuid       = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	messageID  = regexp.MustCompile(`^<[^<>\s]+>$`)
	address    = regexp.MustCompile(`^[^@\s<>"(),;:]+@[^@\s<>"(),;:/]+\.[^@\s<>"(),;:/]+$`)
	domainName = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
)

// Search takes what somebody typed or pasted (perhaps defanged, in brackets, in quotes) for what it most likely is, and counts
// the mail in r's range and view that has to do with it. r's own query does not count.
func (x *Explorer) Search(ctx context.Context, r Request, typed string) (*Found, error) {
	kind, query, err := Recognise(typed)
	if err != nil {
		return nil, err
	}
	r.Query = query
	if kind == KindNetworkMessageID { // the id says when; a range of time could only hide it
		from, to := idTime(strings.ToLower(refang(typed)))
		r.From, r.To = from, to
	}
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "| count")
	if err != nil {
		return nil, err
	}
	n, err := x.numbers(ctx, q)
	if err != nil {
		return nil, err
	}
	f := &Found{Kind: kind, Query: query}
	if len(n) == 1 {
		f.Matches = n[0]
	}
	return f, nil
}

// Recognise turns a search text into a filter over EmailEvents.
func Recognise(typed string) (Kind, string, error) {
	s := refang(typed)
	switch {
	case s == "":
		return "", "", inputError("q", "type an address, domain, URL, hash, message id, IP or words of a subject")
	case len(s) > maxSearch:
		return "", "", inputError("q", "at most %d bytes can be searched for", maxSearch)
	case !utf8.ValidString(s):
		return "", "", inputError("q", "it is not valid UTF-8")
	}
	kind, condition, err := recognise(s)
	if err != nil {
		return "", "", err
	}
	query := "EmailEvents\n| where " + condition
	if _, err := kql.Parse(query); err != nil {
		return "", "", fmt.Errorf("hunt: search for %q: %w", s, err)
	}
	return kind, query, nil
}

func recognise(s string) (Kind, string, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		condition, err := network(p)
		return KindIP, condition, err
	}
	kind, condition := recogniseValue(s)
	return kind, condition, nil
}

func recogniseValue(s string) (Kind, string) {
	lower := strings.ToLower(s)
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		if a.Is4() {
			return KindIP, "SenderIPv4 == " + kql.Quote(a.String())
		}
		return KindIP, "SenderIPv6 == " + kql.Quote(a.String())
	}
	switch {
	case uuid.MatchString(s):
		return KindNetworkMessageID, "NetworkMessageId == " + kql.Quote(lower)
	case hexHash.MatchString(s):
		h := kql.Quote(lower)
		column := map[int]string{32: "MD5", 40: "SHA1", 64: "SHA256"}[len(s)]
		files := "NetworkMessageId in ((EmailAttachmentInfo | where " + column + " == " + h + " | project NetworkMessageId))"
		if len(s) == 64 {
			files = "RawSHA256 == " + h + " or " + files
		}
		return KindHash, files
	case messageID.MatchString(s):
		return KindMessageID, "InternetMessageId == " + kql.Quote(s)
	case isURL(s):
		u := kql.Quote(s)
		return KindURL, "NetworkMessageId in ((EmailUrlInfo | where Url == " + u + " or UrlTarget == " + u + " or Url startswith " + u + " | project NetworkMessageId))"
	case address.MatchString(s):
		a := kql.Quote(s)
		return KindAddress, "SenderFromAddress =~ " + a + " or RecipientEmailAddress =~ " + a + " or SenderMailFromAddress =~ " + a + " or ReplyToAddress =~ " + a
	}
	if d, err := idna.Lookup.ToASCII(strings.TrimPrefix(lower, "@")); err == nil && domainName.MatchString(d) {
		q, sub := kql.Quote(d), kql.Quote("."+d)
		return KindDomain, "SenderFromDomain == " + q + " or SenderFromDomain endswith " + sub + " or SenderMailFromDomain == " + q + " or RecipientDomain == " + q +
			" or NetworkMessageId in ((EmailUrlInfo | where UrlDomain == " + q + " or UrlDomain endswith " + sub + " | project NetworkMessageId))"
	}
	t := kql.Quote(s)
	return KindText, "Subject contains " + t + " or SenderDisplayName contains " + t + " or SenderFromAddress contains " + t
}

// network is the condition of a prefix like 192.0.2.0/24. KQL here compares IPv6 addresses as text, which their shortest form
// (RFC 5952) allows only for whole groups that are not zero.
func network(p netip.Prefix) (string, error) {
	p = p.Masked()
	if p.Addr().Is4() {
		return "ipv4_is_in_range(SenderIPv4, " + kql.Quote(p.String()) + ")", nil
	}
	if p.Addr().Is4In6() || p.Bits() == 0 || p.Bits()%16 != 0 {
		return "", inputError("q", "IPv6 networks can be searched for by whole groups, like 2001:db8::/32")
	}
	var prefix strings.Builder
	bytes := p.Addr().As16()
	for i := 0; i < p.Bits()/8; i += 2 {
		group := uint16(bytes[i])<<8 | uint16(bytes[i+1])
		if group == 0 {
			return "", inputError("q", "IPv6 networks can be searched for when none of their groups is zero, like 2001:db8::/32")
		}
		fmt.Fprintf(&prefix, "%x:", group)
	}
	if p.Bits() == 128 {
		return "SenderIPv6 == " + kql.Quote(p.Addr().String()), nil
	}
	return "SenderIPv6 startswith " + kql.Quote(prefix.String()), nil
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ftp")
}

// refang undoes what people do to indicators to make them harmless, and what they are pasted with.
func refang(s string) string {
	s = strings.TrimSpace(s)
	s = strings.Trim(s, "\"'`“”‘’")
	if !strings.ContainsAny(s, " \t\n") { // in a sentence, brackets are brackets
		s = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "[@]", "@", "[at]", "@", "[:]", ":", "[://]", "://").Replace(s)
		for _, p := range []struct{ fanged, real string }{{"hxxps://", "https://"}, {"hxxp://", "http://"}, {"hXXps://", "https://"}, {"hXXp://", "http://"}, {"fxp://", "ftp://"}} {
			if rest, ok := strings.CutPrefix(s, p.fanged); ok {
				s = p.real + rest
				break
			}
		}
	}
	return strings.TrimSpace(s)
}
