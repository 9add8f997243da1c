package detect

import (
	"strings"

	"tocsin/internal/intel"
)

// maxInvite is how long the text of an invitation may be, in octets after folding, to be read as a hook: minutes of meetings hold every word.
const maxInvite = 1500

// hooked says why an entry in the calendar is no appointment but bait, "" when it is none. who is method and organiser; ways are its links that
// lead neither home nor to a meeting service. Appointments are with somebody about something; what waits behind a link (a voice message, a full
// mailbox, a refund, your pay) needs no hour. Papers are met about, so there a second oddness must come: another organiser, a page that anybody can
// put up, free mail, a deadline, the reader's address in the link.
func (f *Facts) hooked(who string, ways []*link, foreign bool) string {
	s := tell(f.Message.Subject, f.Message.Visible, f.Files.Text)
	if s.letters > maxInvite {
		return ""
	}
	points := 0
	head := tell(f.Message.Subject)
	waits := head.has(saysWaits) || s.together(saysWaits|saysAct)
	if _, nowhere := f.Files.Has("calendar-no-place"); nowhere && !f.meetsOnline() { // your pay is met about, but then somewhere
		waits = waits || head.has(saysWage) || s.together(saysWage|saysAct)
		points++
	}
	for _, t := range [...]string{"account", "voicemail", "delivery", "crypto", "prize", "payroll"} {
		waits = waits || f.lures.strong[t]
	}
	switch {
	case waits:
		points += 2
	case s.has(saysWaits):
		points++
	}
	if s.has(saysPaper | saysWage) {
		points++
	}
	if s.has(saysUrgent) || f.tells("pressure", 1) {
		points++
	}
	if s.has(saysThreat) {
		points++
	}
	if f.freeMail != "" {
		points++
	}
	if foreign {
		points++
		for _, l := range ways {
			if f.judge.rented(l.host) != "" || f.judge.hosts.Shorteners.Match(l.host) != "" {
				points++
				break
			}
		}
	}
	if s.has(saysSignIn) {
		points++
	}
	organiser := intel.OrgDomain(intel.DomainOf(afterLast(who, "@")))
	if organiser != "" && organiser != f.fromOrg && !sharedCalendars[organiser] {
		points++
	}
	for _, l := range ways {
		if f.aimedAt(l) {
			points += 2
			break
		}
	}
	switch house := len(f.lures.found["house"]) > 0; {
	case f.putsOnOwnName(), house && f.inHead("house"):
		points += 2 // an office of the reader's own house does not write from outside
	case house && f.tells("house", 1):
		points++
	}
	if f.namesOwn() != "" && (waits || s.has(saysSignIn)) {
		points++
	}
	need := 3
	switch {
	case waits, s.has(saysPaper) && s.has(saysThreat):
		need = 2
	case !s.has(saysWaits | saysPaper | saysWage | saysSignIn | saysThreat):
		need = 5
	}
	if points < need || !s.has(saysAct|saysSignIn) && !(waits && points >= 3) {
		return ""
	}
	return s.quote(saysWaits, saysWage, saysPaper, saysAct, saysUrgent, saysThreat)
}

// sharedCalendars write invitations in everybody's name.
var sharedCalendars = set(`google.com calendar.google.com microsoft.com outlook.com office365.com calendly.com zoom.us zoom.com webex.com`)

// falseMeeting finds an invitation that speaks of a meeting service and leads to another host: the page there asks to sign in "to join".
func (f *Facts) falseMeeting(who string, ways []*link, raise Raise) {
	if len(f.body) > maxInvite {
		return
	}
	if f.meetsOnline() {
		return
	}
	for _, l := range ways {
		if w := meetingWord(l); w != "" && !f.brandSends(w) {
			raise("invitation-false-meeting", say("%s; the link looks like one of %s and leads to %s", who, w, host(l.host)))
			return
		}
	}
	text := intel.Fold(cut(f.Message.Visible, maxStory))
	for _, service := range [...]string{"microsoft teams", "teams meeting", "teams besprechung", "reunion teams", "zoom meeting", "zoom besprechung", "google meet", "webex meeting"} {
		if strings.Contains(text, service) && len(ways) > 0 && !f.brandSends(service) {
			raise("invitation-false-meeting", say("%s; speaks of %q and leads to %s", who, service, host(ways[0].host)))
			return
		}
	}
}

// meetingWord returns the meeting service that a link looks like: by a word of its host, or by a path as the services have them.
func meetingWord(l *link) string {
	for w := range strings.FieldsFuncSeq(l.host, func(r rune) bool { return r == '.' || r == '-' }) {
		switch w {
		case "zoom", "teams", "webex", "msteams", "gotomeeting":
			return w
		}
	}
	p := strings.ToLower(partsOf(cut(l.target(), maxURL)).path)
	switch {
	case strings.Contains(p, "/meetup-join"):
		return "teams"
	case strings.Contains(p, "/teams/"):
		return "teams"
	case strings.Contains(p, "/zoom/"):
		return "zoom"
	}
	return ""
}

// brandSends says that the sender belongs to the service.
func (f *Facts) brandSends(service string) bool {
	for _, b := range f.judge.brands.Of(f.from.Domain) {
		if strings.Contains(service, intel.Fold(b.Name)) || strings.HasPrefix(intel.Fold(b.Name), strings.Fields(service)[0]) {
			return true
		}
	}
	return false
}

// meetsOnline says that a link leads to a service where people meet.
func (f *Facts) meetsOnline() bool {
	for i := range f.web {
		if meetingHost(&f.web[i]) {
			return true
		}
	}
	return false
}

// meetingHost says that a link leads to a service where people really meet.
func meetingHost(l *link) bool {
	switch l.org {
	case "zoom.us", "zoom.com", "webex.com", "gotomeeting.com", "whereby.com", "jit.si", "bluejeans.com", "ringcentral.com":
		return true
	}
	return l.host == "teams.microsoft.com" || l.host == "teams.live.com" || l.host == "aka.ms" || l.host == "meet.google.com"
}

// hookNumber finds the same bait with a telephone number instead of a link.
func (f *Facts) hookNumber(who string, raise Raise) {
	s := tell(f.Message.Subject, f.Message.Visible, f.Files.Text)
	if s.number == "" || s.letters > maxInvite || !s.has(saysWaits) || !s.together(saysCall|phone) {
		return
	}
	if f.greetsByName() && !s.has(saysThreat|saysDenied) {
		return
	}
	if s.has(saysThreat|saysDenied) || s.has(saysUndo) && s.has(saysUrgent) || f.freeMail != "" && s.has(saysUndo|saysUrgent) || len(f.lures.found["house"]) > 0 && f.inHead("house") {
		raise("invitation-number", say("%s; %s; the number is %s", who, s.quote(saysWaits, saysThreat, saysDenied, saysUndo, saysUrgent), s.number))
	}
}

// organiserName finds one of your people as the organiser of an invitation that comes from outside. The name in From is judged elsewhere.
func (f *Facts) organiserName(who string, raise Raise) {
	_, rest, ok := strings.Cut(who, `"`)
	end := strings.LastIndexByte(rest, '"')
	if !ok || end <= 0 || f.impersonates {
		return
	}
	name, addr := rest[:end], strings.TrimSpace(rest[end+1:])
	if d := intel.DomainOf(addr); f.org.owns(d) || f.org.addresses[addr] != nil || f.proven() && sharedCalendars[f.fromOrg] {
		return
	}
	people, how := f.org.find(intel.Fold(name))
	if len(people) > 0 && !people[0].Ordinary && how != spelledNear {
		raise("invitation-own-name", say("%q at %s is not %s", name, addr, people[0].Address))
	}
}
