package indicator

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"tocsin/internal/intel"
	"tocsin/internal/kql"
)

// Bounds of MailWith.
const (
	filterValues = 50
	filterOctets = 18_000 // Explorer takes 20,000
)

// MailWith is KQL over EmailEvents that finds mail with one of some indicators, as Explorer takes it: by sender, sender's domain and server,
// subject, links and files. It is a question that anybody can read and ask again, so unlike a search it says each value as it was told:
// links are compared without their scheme, fragment and, when the indicator has none, their query, and without regard to case; a subject has all
// parts of a pattern. Parts
// that read other tables look at 31 days, so that they stay quick over years of mail. asked says how many of the indicators are in it; they are
// left out from the end. "" when none is.
func MailWith(list []intel.Indicator) (query string, asked int) {
	for n := min(len(list), filterValues); n > 0; n = n * 3 / 4 {
		switch query = filterOf(list[:n]); {
		case query == "":
			return "", 0
		case len(query) <= filterOctets:
			return query, n
		}
	}
	return "", 0
}

func filterOf(list []intel.Indicator) string {
	var rows []Row
	for _, in := range list {
		_, normal, err := intel.Normalise(in.Kind, in.Value)
		if err != nil {
			continue
		}
		if in.Kind == intel.IP {
			normal = intel.ShowNetwork(normal)
		}
		rows = append(rows, Row{Indicator: Indicator{Kind: in.Kind, Value: normal}})
	}
	var mail, links, files []string
	if v := of(rows, intel.Sender); len(v) > 0 {
		mail = append(mail, "SenderFromAddress in~ ("+quoted(v)+")")
	}
	domains := of(rows, intel.Domain)
	if len(domains) > 0 {
		mail = append(mail, below("SenderFromDomain", domains))
	}
	for _, h := range []struct {
		column string
		digits int
	}{{"SHA256", 64}, {"SHA1", 40}, {"MD5", 32}} {
		if v := slices.DeleteFunc(of(rows, intel.Hash), func(v string) bool { return len(v) != h.digits }); len(v) > 0 {
			files = append(files, h.column+" in~ ("+quoted(v)+")")
		}
	}
	addresses, hosts := networks(of(rows, intel.IP))
	mail = append(mail, addresses...)
	for _, s := range of(rows, intel.Subject) {
		var parts []string
		for part := range strings.SplitSeq(s, "*") {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, "Subject contains "+kql.Quote(part))
			}
		}
		if len(parts) > 0 {
			mail = append(mail, "("+strings.Join(parts, " and ")+")")
		}
	}
	if len(domains) > 0 {
		links = append(links, below("UrlDomain", domains))
	}
	if len(hosts) > 0 {
		links = append(links, "UrlDomain in ("+quoted(hosts)+")")
	}
	links = append(links, pages(of(rows, intel.URL))...)
	inside := func(table string, conds []string) {
		if len(conds) > 0 {
			mail = append(mail, "NetworkMessageId in (("+table+" | where Timestamp > ago(31d) | where "+strings.Join(conds, " or ")+" | distinct NetworkMessageId))")
		}
	}
	inside("EmailUrlInfo", links)
	inside("EmailAttachmentInfo", files)
	if len(mail) == 0 {
		return ""
	}
	return "EmailEvents\n| where " + strings.Join(mail, "\n    or ")
}

// below is the condition that a host is one of some domains, or below one. One expression over all of them is many times quicker than one
// comparison for each.
func below(column string, domains []string) string {
	parts := make([]string, len(domains))
	for i, d := range domains {
		parts[i] = regexp.QuoteMeta(d)
	}
	return column + " matches regex " + kql.Quote(`(?i)(^|\.)(`+strings.Join(parts, "|")+`)$`)
}

// networks are the conditions on the server that sent, and the single addresses, which may stand in links.
func networks(list []string) (conds, hosts []string) {
	var single, ranges [2][]string // IPv4, IPv6
	for _, v := range list {
		into, text := &ranges, v
		p, err := netip.ParsePrefix(v)
		if err != nil {
			a, err := netip.ParseAddr(v)
			if err != nil {
				continue
			}
			into, p = &single, netip.PrefixFrom(a, a.BitLen())
			hosts = append(hosts, v)
		}
		i := 0
		if p.Addr().Is6() {
			i = 1
		}
		into[i] = append(into[i], text)
	}
	for i, column := range []string{"SenderIPv4", "SenderIPv6"} {
		if len(single[i]) > 0 {
			conds = append(conds, column+" in ("+quoted(single[i])+")")
		}
		if len(ranges[i]) > 0 {
			conds = append(conds, []string{"ipv4", "ipv6"}[i]+"_is_in_any_range("+column+", "+quoted(ranges[i])+")")
		}
	}
	return conds, hosts
}

// pages is the condition on links: one expression over whole addresses, with the host first where there is a column for it. An address
// without a query has any query, as in judging.
func pages(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	var hosts, plain, asking []string
	for _, v := range list {
		hosts = append(hosts, hostOf(v))
		form := regexp.QuoteMeta(v)
		if page, web := strings.CutPrefix(v, "http://"); web { // of Normalise: https is the same page
			form = "https?://" + regexp.QuoteMeta(page)
			if strings.Count(page, "/") == 1 && strings.HasSuffix(page, "/") {
				form += "?"
			}
		}
		if strings.Contains(v, "?") {
			asking = append(asking, form)
		} else {
			plain = append(plain, form)
		}
	}
	var forms []string
	if len(plain) > 0 {
		forms = append(forms, "("+strings.Join(plain, "|")+`)([?#].*)?`)
	}
	if len(asking) > 0 {
		forms = append(forms, "("+strings.Join(asking, "|")+`)(#.*)?`)
	}
	form := kql.Quote("(?i)^(" + strings.Join(forms, "|") + ")$")
	return []string{"UrlDomain in~ (" + quoted(hosts) + ") and Url matches regex " + form, "UrlTarget != \"\" and UrlTarget matches regex " + form}
}
