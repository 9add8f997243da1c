package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// A code or an invitation of a proven sender is judged by what it wants: a domain registered for an attack is proven too, and its links lead to
// itself. What honest mail of this form does not do is ask for a sign-in, a payment or a signature and press for it, put on the name of the
// reader's own offices, or write the reader's address into the link.

// pressing collects what a message of this form says.
type pressing struct {
	ask, why string // quotes
	topics   int    // how many kinds of pretext and request there are
	reasons  int    // of press, house, aim
}

// pretexts are lures that say what the reader would get to see or has to do.
var pretexts = [...]string{"ask", "access", "account", "payroll", "delivery", "voicemail", "share", "crypto", "prize"}

// tells reports whether a topic stands in text and files together: once with a phrase that honest mail seldom uses, or twice.
func (f *Facts) tells(topic string, n int) bool {
	h := &f.lures
	if h.plain[topic] <= 0 {
		n++
	}
	return h.count(topic) >= n+h.long
}

// pressed looks for a request and a reason to hurry or to obey. l is the link in question, nil when there are several.
func (f *Facts) pressed(links []*link) (p pressing) {
	h := &f.lures
	for _, t := range pretexts {
		if f.tells(t, 1) {
			p.topics++
			if p.ask == "" {
				p.ask = h.quote(t)
			}
		}
	}
	why := func(s string) {
		p.reasons++
		if p.why == "" {
			p.why = s
		}
	}
	if f.tells("pressure", 1) || f.tells("urgency", 1) {
		q := h.quote("pressure")
		if q == "" {
			q = h.quote("urgency")
		}
		why(q)
	}
	switch {
	case f.putsOnOwnName():
		why("in the name of " + f.Org.Name)
	case len(f.lures.found["house"]) > 0 && (f.inHead("house") || f.tells("house", 1)):
		why(h.quote("house"))
	}
	for _, l := range links {
		if f.aimedAt(l) {
			why("the link holds the recipient's address")
			break
		}
	}
	return p
}

// inHead says that a phrase of the topic stands in the sender's name.
func (f *Facts) inHead(topic string) bool {
	found := false
	f.judge.lures.words.Find(f.name, func(m intel.Match) bool {
		found = found || f.judge.lures.topic[m.Phrase] == topic
		return !found
	})
	return found
}

// putsOnOwnName says that somebody outside signs with the organisation's name: as sender, or below the text.
func (f *Facts) putsOnOwnName() bool {
	name := f.org.name
	if len(name) < 5 || f.org.owns(f.from.Domain) {
		return false
	}
	tail := bytes.TrimSpace(f.body[max(0, len(f.body)-160):])
	return containsWord(f.name, name) || len(f.body) > 300 && containsWord(tail, name)
}

// aimedAt says that a link carries the address of a recipient, or the name before its @ when that is no office.
func (f *Facts) aimedAt(l *link) bool {
	low := strings.ToLower(cut(l.URL, maxURL))
	for _, rcpt := range f.Recipients[:min(len(f.Recipients), 20)] {
		local, domain, ok := strings.Cut(rcpt, "@")
		if !ok || len(local) < 4 {
			continue
		}
		if strings.Contains(low, rcpt) || strings.Contains(low, local+"%40"+domain) || !roles[local] && strings.ContainsAny(local, "._-") && strings.Contains(low, local) {
			return true
		}
	}
	return false
}

// knownWay says that a link leads to a site that everybody leads to, or to the sender as the brand it is.
func (f *Facts) knownWay(l *link) bool {
	if f.org.owns(l.host) || f.judge.rented(l.host) == "" && (official[l.host] || official[l.org]) {
		return true
	}
	return f.sentBy(l.host) && l.org == f.fromOrg && len(f.judge.brands.Of(l.host)) > 0
}

// codePressed judges codes by what is asked beside them.
func (f *Facts) codePressed(raise Raise) {
	if f.list || f.inThread() || f.org.owns(f.from.Domain) && !f.unproven() {
		return
	}
	var codes []*link
	for i := range f.web {
		if l := &f.web[i]; l.Where == email.InQRCode && !f.knownWay(l) && len(codes) < 8 {
			codes = append(codes, l)
		}
	}
	if len(codes) == 0 {
		return
	}
	p := f.pressed(codes)
	foreign := f.foreignLink(codes[0])
	_, drawn := f.Files.Has("qr-drawn")
	if drawn && !foreign {
		p.reasons++
	}
	asks := f.tells("ask", 1)
	if p.topics > 0 && p.reasons > 0 && (asks || foreign || p.topics > 1 || p.reasons > 1) {
		raise("qr-pressed", say("%s; %s; the code leads to %s", p.ask, orElse(p.why, "the code is drawn with characters"), host(codes[0].host)))
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// programs are what a link to software ends in.
var programEndings = [...]string{".exe", ".msi", ".msix", ".appinstaller", ".dmg", ".pkg", ".apk", ".js", ".vbs", ".hta", ".bat", ".cmd", ".ps1", ".scr", ".iso", ".img", ".zip", ".rar", ".7z", ".jar", ".lnk"}

// invitationPressed judges invitations by what they ask for. who is method and organiser as found.
func (f *Facts) invitationPressed(who string, raise Raise) {
	var ways []*link
	foreign := false
	for i := range f.web {
		l := &f.web[i]
		if l.Where == email.InHeader || f.knownWay(l) || len(ways) >= 20 {
			continue
		}
		p := strings.ToLower(partsOf(cut(l.target(), maxURL)).path)
		for _, e := range programEndings {
			if strings.HasSuffix(p, e) {
				raise("invitation-program", say("%s; %s", who, l.URL))
				break
			}
		}
		ways = append(ways, l)
		foreign = foreign || f.foreignLink(l)
	}
	f.organiserName(who, raise)
	if len(ways) == 0 {
		f.hookNumber(who, raise)
		return
	}
	f.falseMeeting(who, ways, raise)
	if why := f.hooked(who, ways, foreign); why != "" {
		raise("invitation-pressed", say("%s; %s; leads to %s", who, why, host(ways[0].host)))
		return
	}
	p := f.pressed(ways)
	asks := f.tells("ask", 1)
	if p.topics > 0 && p.reasons > 0 && (asks && (p.topics > 1 || p.reasons > 1 || foreign || f.lures.plain["pressure"] > 0) || foreign && (p.topics > 1 || p.reasons > 1)) {
		raise("invitation-pressed", say("%s; %s; %s; leads to %s", who, p.ask, p.why, host(ways[0].host)))
	}
}
