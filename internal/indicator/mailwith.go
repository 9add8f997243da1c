package indicator

import (
	"net/netip"
	"strings"

	"tocsin/internal/intel"
	"tocsin/internal/kql"
)

// Bounds of MailWith.
const (
	filterValues = 100
	filterOctets = 15_000
)

// MailWith is KQL over EmailEvents that finds mail with one of some indicators, as Explorer takes it: by sender, sender's domain and server,
// subject, links and files. It is a question that anybody can read and ask again, so unlike a search it says each value as it was told:
// links are compared without their scheme, fragment and, when the indicator has none, their query; a subject has all parts of a pattern. Parts
// that read other tables look at 31 days, so that they stay quick over years of mail. asked says how many of the indicators are in it; they are
// left out from the end. "" when none is.
func MailWith(list []intel.Indicator) (query string, asked int) {
	for n := min(len(list), filterValues); n > 0; n /= 2 {
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
	for _, name := range []string{"sender", "sender domain", "file", "file (SHA-1)", "file (MD5)"} {
		p, _ := placeNamed(name)
		if len(of(rows, p.kinds...)) == 0 {
			continue
		}
		if cond := p.narrow(rows); p.table == "EmailEvents" {
			mail = append(mail, cond)
		} else {
			files = append(files, cond)
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
	if domains := of(rows, intel.Domain); len(domains) > 0 {
		links = append(links, narrowHosts(intel.Domain, "UrlDomain")(rows))
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

// pages is the condition on links: the host first, which is quick, then the whole address in the ways in which it is written.
func pages(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	var hosts, whole, begin []string
	for _, v := range list {
		hosts = append(hosts, hostOf(v))
		schemes := []string{""}
		if rest, web := strings.CutPrefix(v, "http://"); web { // of Normalise: https too
			v, schemes = rest, []string{"http://", "https://"}
		}
		for _, s := range schemes {
			whole = append(whole, s+v)
			if bare, root := strings.CutSuffix(v, "/"); root && !strings.Contains(bare, "/") {
				whole = append(whole, s+bare)
			}
			begin = append(begin, s+v+"#")
			if !strings.Contains(v, "?") {
				begin = append(begin, s+v+"?")
			}
		}
	}
	var starts []string
	for _, b := range begin {
		starts = append(starts, "Url startswith "+kql.Quote(b))
	}
	return []string{"UrlDomain in~ (" + quoted(hosts) + ") and (Url in~ (" + quoted(whole) + ") or " + strings.Join(starts, " or ") + ")", "UrlTarget in~ (" + quoted(whole) + ")"}
}
