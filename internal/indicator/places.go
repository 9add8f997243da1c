package indicator

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/intel"
	"tocsin/internal/kql"
)

// place is a column of the hunting tables in which indicators stand.
type place struct {
	name   string
	table  string
	column string
	kinds  []intel.Kind
	find   func(x *intel.Indicators, value string) (intel.Indicator, bool)
	// narrow is a condition that keeps at least what fits one of few indicators, "" when there is none. nil: never narrowed.
	narrow func(few []Row) string
}

// places are where it is looked, the same parts of a message that judging looks at. Values are compared by the same functions.
var places = []place{
	{"sender", "EmailEvents", "SenderFromAddress", []intel.Kind{intel.Sender}, findSender, narrowValues(intel.Sender, "SenderFromAddress", lower)},
	{"sender domain", "EmailEvents", "SenderFromDomain", []intel.Kind{intel.Domain}, findHost, narrowHosts(intel.Domain, "SenderFromDomain")},
	{"server", "EmailEvents", "SenderIPv4", []intel.Kind{intel.IP}, findIP, nil},
	{"server (IPv6)", "EmailEvents", "SenderIPv6", []intel.Kind{intel.IP}, findIP, nil},
	{"subject", "EmailEvents", "Subject", []intel.Kind{intel.Subject}, findSubject, nil},
	{"link", "EmailUrlInfo", "Url", []intel.Kind{intel.URL}, findURL, narrowURLs("Url")},
	{"link's target", "EmailUrlInfo", "UrlTarget", []intel.Kind{intel.URL, intel.Domain, intel.IP}, findTarget, narrowTargets("UrlTarget")},
	{"link's host", "EmailUrlInfo", "UrlDomain", []intel.Kind{intel.Domain, intel.IP}, findHostOrIP, narrowHosts(intel.Domain, "UrlDomain", intel.IP)},
	{"file", "EmailAttachmentInfo", "SHA256", []intel.Kind{intel.Hash}, findHash, narrowValues(intel.Hash, "SHA256", lower)},
	{"file (SHA-1)", "EmailAttachmentInfo", "SHA1", []intel.Kind{intel.Hash}, findHash, narrowValues(intel.Hash, "SHA1", lower)},
	{"file (MD5)", "EmailAttachmentInfo", "MD5", []intel.Kind{intel.Hash}, findHash, narrowValues(intel.Hash, "MD5", lower)},
	{"click", "UrlClickEvents", "Url", []intel.Kind{intel.URL, intel.Domain, intel.IP}, findTarget, narrowTargets("Url")},
}

var noTime = time.Time{}

func placeNamed(name string) (*place, bool) {
	i := slices.IndexFunc(places, func(p place) bool { return p.name == name })
	if i < 0 {
		return nil, false
	}
	return &places[i], true
}

func findSender(x *intel.Indicators, v string) (intel.Indicator, bool) {
	return x.FindSender(v, noTime)
}
func findHash(x *intel.Indicators, v string) (intel.Indicator, bool) { return x.FindHash(v, noTime) }
func findSubject(x *intel.Indicators, v string) (intel.Indicator, bool) {
	return x.FindSubject(v, noTime)
}
func findURL(x *intel.Indicators, v string) (intel.Indicator, bool) { return x.FindURL(v, noTime) }
func findHost(x *intel.Indicators, v string) (intel.Indicator, bool) {
	return x.FindHost(strings.ToLower(v), noTime)
}

func findIP(x *intel.Indicators, v string) (intel.Indicator, bool) {
	a, err := netip.ParseAddr(strings.Trim(v, "[]"))
	if err != nil {
		return intel.Indicator{}, false
	}
	return x.FindIP(a, noTime)
}

func findHostOrIP(x *intel.Indicators, v string) (intel.Indicator, bool) {
	if in, ok := findIP(x, v); ok {
		return in, true
	}
	return findHost(x, v)
}

// findTarget looks for a whole address, and then for its host.
func findTarget(x *intel.Indicators, v string) (intel.Indicator, bool) {
	if in, ok := x.FindURL(v, noTime); ok {
		return in, true
	}
	return findHostOrIP(x, hostOf(v))
}

func hostOf(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		rest = rest[:i]
	}
	return strings.ToLower(rest)
}

func lower(s string) string { return strings.ToLower(s) }

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = kql.Quote(v)
	}
	return strings.Join(out, ", ")
}

func of(few []Row, kinds ...intel.Kind) (out []string) {
	for i := range few {
		if slices.Contains(kinds, few[i].Kind) {
			out = append(out, few[i].Value)
		}
	}
	return out
}

func narrowValues(kind intel.Kind, column string, as func(string) string) func([]Row) string {
	return func(few []Row) string {
		v := of(few, kind)
		for i := range v {
			v[i] = as(v[i])
		}
		return column + " in~ (" + quoted(v) + ")"
	}
}

// narrowHosts keeps hosts and what is below them. Networks are not narrowed.
func narrowHosts(kind intel.Kind, column string, also ...intel.Kind) func([]Row) string {
	return func(few []Row) string {
		if len(of(few, also...)) > 0 && len(also) > 0 {
			return ""
		}
		v := of(few, kind)
		parts := []string{column + " in~ (" + quoted(v) + ")"}
		for _, h := range v {
			parts = append(parts, column+" endswith "+kql.Quote("."+h))
		}
		return strings.Join(parts, " or ")
	}
}

// narrowURLs keeps addresses that hold the host of one of few.
func narrowURLs(column string) func([]Row) string {
	return func(few []Row) string {
		hosts := of(few, intel.URL)
		for i := range hosts {
			hosts[i] = hostOf(hosts[i])
		}
		return containsAny(column, hosts)
	}
}

func narrowTargets(column string) func([]Row) string {
	return func(few []Row) string {
		if len(of(few, intel.IP)) > 0 {
			return ""
		}
		hosts := of(few, intel.URL)
		for i := range hosts {
			hosts[i] = hostOf(hosts[i])
		}
		return containsAny(column, append(hosts, of(few, intel.Domain)...))
	}
}

func containsAny(column string, values []string) string {
	slices.Sort(values)
	values = slices.Compact(values)
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = column + " contains " + kql.Quote(v)
	}
	return strings.Join(parts, " or ")
}

// wanted reports whether indicators of a set can stand in the place.
func (p *place) wanted(x *intel.Indicators) bool {
	return slices.ContainsFunc(p.kinds, func(k intel.Kind) bool { return x.Has(k) })
}

// question asks for the different values of the place in a range of time.
func (p *place) question(s *sought, since, until time.Time) string {
	q := p.table + "\n| where " + within(since, until) + "\n| where " + p.column + ` != ""`
	if s.few != nil && p.narrow != nil {
		if cond := p.narrow(s.few); cond != "" && len(cond) < 100_000 {
			q += "\n| where " + cond
		}
	}
	return q + "\n| distinct " + p.column
}

// within is the condition of a range of time, [since, until).
func within(since, until time.Time) string {
	at := func(t time.Time) string { return "datetime(" + t.UTC().Format("2006-01-02T15:04:05.999999Z") + ")" }
	return "Timestamp >= " + at(since) + " and Timestamp < " + at(until)
}

// having is the condition on the place's own table that keeps rows with these values.
func (p *place) having(values []string) string {
	slices.Sort(values)
	return p.column + " in (" + quoted(slices.Compact(values)) + ")"
}

// mailOf is the filter of Explorer that keeps the mail of a range with these values. The range stands in the parts that read other tables
// too, so that they are as quick. A click is later than its message, so it only has a beginning.
func mailOf(found []Found, since, until time.Time) string {
	by := map[string][]string{}
	for _, f := range found {
		by[f.Place] = append(by[f.Place], f.Value)
	}
	var conds []string
	for i := range places {
		p := &places[i]
		if len(by[p.name]) == 0 {
			continue
		}
		cond := p.having(by[p.name])
		switch p.table {
		case "EmailEvents":
		case "UrlClickEvents":
			cond = "NetworkMessageId in ((UrlClickEvents | where " + cond + ` and NetworkMessageId != "" | distinct NetworkMessageId))`
		default:
			cond = "NetworkMessageId in ((" + p.table + " | where " + within(since, until) + " | where " + cond + " | distinct NetworkMessageId))"
		}
		conds = append(conds, cond)
	}
	if len(conds) == 0 {
		return ""
	}
	return "EmailEvents\n| where " + strings.Join(conds, " or ")
}
