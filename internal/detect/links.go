package detect

import (
	"net/netip"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// detectLinks looks at where links lead and what they pretend.
func detectLinks(f *Facts, raise Raise) {
	for i := range f.links {
		l := &f.links[i]
		detectLinkScheme(l, raise)
		if l.host != "" {
			detectLinkHost(f, l, raise)
			detectLinkDisguise(f, l, raise)
			detectLinkURL(f, l, raise)
			detectLinkText(f, l, raise)
		}
	}
	for i := range f.beyond {
		detectLinkHost(f, &f.beyond[i], raise)
		detectPassing(f, &f.beyond[i], raise)
	}
	detectSameTarget(f, raise)
}

func detectLinkScheme(l *link, raise Raise) {
	switch l.scheme {
	case "javascript", "vbscript", "data", "blob":
		if l.scheme == "javascript" && l.Where == email.InAttachment && opensInBrowser(l.Part) {
			return // an attached page runs scripts anyway; what they do is said by package scan
		}
		if l.scheme != "data" || !strings.HasPrefix(strings.ToLower(l.URL), "data:image/") {
			raise("link-scheme", say("%s", l.URL))
		}
	}
}

func detectLinkHost(f *Facts, l *link, raise Raise) {
	if l.org == f.fromOrg && f.judge.hosts.Hosting.Match(l.host) == "" || f.org.owns(l.host) {
		return
	}
	h := f.judge.hosts
	if entry := h.Shorteners.Match(l.host); entry != "" && !f.list {
		raise("link-shortener", say("%s", l.URL))
	}
	if entry := f.judge.rented(l.host); entry != "" && !f.list && intel.OrgDomain(entry) != f.fromOrg && !f.reply && f.orgs <= manyOrgs {
		raise("link-rented-host", say("%s, under %s", l.host, entry))
	}
	if entry := h.DynamicDNS.Match(l.host); entry != "" {
		raise("link-dynamic-dns", say("%s, under %s", l.host, entry))
	}
	if entry := h.RiskyTLDs.Match(intel.TLD(l.host)); entry != "" && !f.list {
		raise("link-risky-tld", say("%s", host(l.host)))
	}
	if w := intel.MixedWord(intel.Unicode(l.host)); w != "" {
		raise("link-mixed-script", say("%s: %q mixes alphabets", host(l.host), w))
	}
	if a, err := netip.ParseAddr(strings.Trim(l.host, "[]")); err == nil && !a.IsPrivate() && !a.IsLoopback() && !f.list && !f.reply {
		raise("link-ip-host", say("%s", l.URL))
	}
}

func detectLinkURL(f *Facts, l *link, raise Raise) {
	target := l.Target
	if target == "" {
		target = l.URL
	}
	if !strings.ContainsAny(target[min(len(target), 8):], "@:%") || f.list {
		return
	}
	u := l.parse()
	if u == nil {
		return
	}
	if u.User != nil && strings.Contains(u.User.Username(), ".") {
		raise("link-userinfo", say("%s goes to %s", target, l.host))
	}
	switch p := u.Port(); p {
	case "", "80", "443", "8080", "8443":
	default:
		raise("link-port", say("%s", target))
	}
}

// detectPassing names open redirects: a site that is neither the sender's nor a mailing service's passes readers on to a third one.
func detectPassing(f *Facts, l *link, raise Raise) {
	by := intel.OrgDomain(l.by)
	if f.list || f.reply || l.org == f.fromOrg || by == f.fromOrg || f.org.owns(l.host) || f.org.owns(l.by) ||
		f.judge.hosts.Trackers.Match(l.by) != "" || len(f.judge.brands.Of(l.host)) > 0 {
		return
	}
	raise("link-nested", say("%s passes on to %s", l.by, host(l.host)))
}

// detectLinkText compares what a link shows with where it goes. Mailing services count clicks on hosts of their own, so the
// difference means something only when the text names a brand or oneself, or when nothing else looks like a mailing service.
func detectLinkText(f *Facts, l *link, raise Raise) {
	shown := hostInText(l.Text)
	if shown == "" || f.list {
		return
	}
	org := intel.OrgDomain(shown)
	if org == l.org || l.org == f.fromOrg || f.judge.hosts.Trackers.Match(l.host) != "" || f.org.owns(l.host) {
		return
	}
	brands := f.judge.brands.Of(shown)
	for _, b := range brands {
		if f.judge.brands.Official(b, l.host) {
			return
		}
	}
	if (len(brands) > 0 || f.org.owns(shown)) && org != f.fromOrg && !f.reply && !personal[shown] {
		raise("link-text-brand", say("text %q, goes to %s", l.Text, host(l.host)))
		return
	}
	if f.bulkLevel() < 4 && f.htmlOnly || f.unproven() {
		raise("link-text-mismatch", say("text %q, goes to %s", l.Text, host(l.host)))
	}
}

// hostInText returns the host that a link's text shows, "" when the text is not an address.
func hostInText(text string) string {
	t := strings.TrimSpace(text)
	if len(t) < 4 || len(t) > 500 || strings.ContainsAny(t, " \t\n@") || !strings.Contains(t, ".") {
		return ""
	}
	if !strings.Contains(t, "://") {
		if i := strings.IndexAny(t, "/?#"); i >= 0 {
			t = t[:i]
		}
	}
	h := intel.DomainOf(t)
	tld := intel.TLD(h)
	if len(tld) < 2 || strings.ContainsAny(h, "…*,_()!") || !strings.Contains(h, ".") || strings.Trim(tld, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	if intel.OrgDomain(h) == h && !strings.Contains(text, "://") && !strings.HasPrefix(h, "www.") && !icann(tld) {
		return "" // "report.pdf", "v1.two"
	}
	return h
}

// icann leaves file name extensions that are also top-level domains out, and keeps the domains that people print.
func icann(tld string) bool {
	switch tld {
	case "com", "org", "net", "edu", "gov", "info", "eu":
		return true
	case "md", "sh", "pl", "py", "rs", "ps", "cc", "so", "zip", "mov", "app", "doc":
		return tld == "pl"
	}
	return len(tld) == 2
}

func detectSameTarget(f *Facts, raise Raise) {
	if len(f.web) < 3 || !f.foreign || !f.htmlOnly || f.list {
		return
	}
	first := f.web[0].URL
	for i := range f.web {
		if f.web[i].URL != first {
			return
		}
	}
	raise("links-all-one", say("%d links to %s", len(f.web), first))
}
