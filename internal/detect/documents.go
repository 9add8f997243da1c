package detect

import (
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// maxDocs is how much of the text of documents is matched, in octets: lures stand at the beginning, and a long report holds every word.
const maxDocs = 8 << 10

// detectDocuments joins what package scan found in documents with who sent them: a QR code, a link in a PDF or an invitation is as good or
// bad as where it leads, and what the reader is told about it.
func detectDocuments(f *Facts, raise Raise) {
	if len(f.Message.Attachments) == 0 && f.Message.HTML == "" && len(f.Files.Facts) == 0 && !f.hasCode() {
		return
	}
	detectCodes(f, raise)
	detectPictureLink(f, raise)
	if len(f.docs) > 0 {
		detectDocumentLure(f, raise)
	}
	detectInvitation(f, raise)
}

func (f *Facts) hasCode() bool {
	for i := range f.web {
		if f.web[i].Where == email.InQRCode {
			return true
		}
	}
	return false
}

// official are sites that codes and documents of everybody lead to: application stores, maps, conference rooms.
var official = set(`apps.apple.com play.google.com itunes.apple.com appstore.huawei.com maps.google.com goo.gl.maps maps.app.goo.gl wa.me teams.microsoft.com
	teams.live.com zoom.us zoom.com meet.google.com webex.com gotomeeting.com whereby.com meet.jit.si calendar.google.com outlook.office.com linkedin.com
	youtube.com youtu.be instagram.com facebook.com w3.org adobe.com creativecommons.org doi.org orcid.org`)

// foreignLink says that l leads neither to the sender, nor home, nor to a site that everybody links to.
func (f *Facts) foreignLink(l *link) bool {
	if l.host == "" || l.org == f.fromOrg || f.org.owns(l.host) {
		return false
	}
	if f.judge.rented(l.host) != "" || f.judge.hosts.Shorteners.Match(l.host) != "" {
		return true
	}
	return !official[l.host] && !official[l.org] && len(f.judge.brands.Of(l.host)) == 0
}

// bait are the lures that count together with a document: a bill alone is what documents are for.
var bait = []string{"access", "account", "share", "voicemail", "payroll", "delivery", "prize", "crypto", "staff"}

// baitIn returns the first topic of bait that n different phrases of the texts speak of, and the phrases.
func (f *Facts) baitIn(n int, texts ...[]byte) (topic, quote string) {
	book := f.judge.lures
	found := map[string][]string{}
	for _, text := range texts {
		book.words.Find(text, func(m intel.Match) bool {
			t, phrase := book.topic[m.Phrase], book.text[m.Phrase]
			for _, have := range found[t] {
				if have == phrase {
					return true
				}
			}
			if len(found[t]) < maxPhrases {
				found[t] = append(found[t], phrase)
			}
			return true
		})
	}
	for _, t := range bait {
		if len(found[t]) >= n {
			list := make([]string, 0, 4)
			for _, p := range found[t][:min(4, len(found[t]))] {
				list = append(list, `"`+strings.TrimSuffix(p, "*")+`"`)
			}
			return t, strings.Join(list, ", ")
		}
	}
	return "", ""
}

// detectCodes judges QR codes. One that leads to the sender, home or to an application store is harmless; tickets, contacts and payments are
// no links at all.
func detectCodes(f *Facts, raise Raise) {
	var code *link
	others := 0
	for i := range f.web {
		l := &f.web[i]
		switch {
		case l.Where != email.InQRCode:
			if l.Where == email.InBody || l.Where == email.InAttachment {
				others++
			}
		case f.foreignLink(l) && f.from.Domain != "" && code == nil:
			code = l
		}
	}
	if code == nil {
		return
	}
	raise("qr-link", say("the code leads to %s", host(code.host)))
	if f.list {
		return
	}
	if fact, ok := f.Files.Has("qr-drawn"); ok {
		raise("qr-drawn-link", say("%s; leads to %s", fact.Detail, host(code.host)))
	}
	need := 1
	if f.proven() && f.freeMail == "" {
		need = 2 // a known sender may speak of an account in passing
	}
	if topic, quote := f.baitIn(need, f.subject, f.name, f.body, f.docs); topic != "" {
		raise("qr-lure", say("%s (%s); the code leads to %s", topic, quote, host(code.host)))
	}
	if others == 0 && letters(f.Message.Visible, 600) < 600 {
		raise("qr-only-way", say("no other link; the code leads to %s", host(code.host)))
	}
}

// detectDocumentLure finds a document whose words and links would be those of a phishing mail.
func detectDocumentLure(f *Facts, raise Raise) {
	if f.list || f.inThread() {
		return
	}
	for i := range f.web {
		l := &f.web[i]
		if l.Where != email.InAttachment || !f.foreignLink(l) {
			continue
		}
		if topic, quote := f.baitIn(2, f.docs, f.subject); topic != "" {
			raise("document-lure-link", say("%s (%s); leads to %s", topic, quote, host(l.host)))
		}
		return
	}
}

// opensInBrowser says that the file at the end of way is a page or a picture that can hold links.
func opensInBrowser(way string) bool {
	i := strings.LastIndexByte(way, '.')
	return i >= 0 && (pages[strings.ToLower(way[i+1:])] || strings.EqualFold(way[i+1:], "svg"))
}

var pages = set(`html htm shtml xhtml xht mht mhtml`)

// detectPictureLink finds an attached drawing that is a button: a click on it opens a site, past filters that look for links in text.
func detectPictureLink(f *Facts, raise Raise) {
	if f.list || f.inThread() || f.org.owns(f.from.Domain) {
		return
	}
	for i := range f.web {
		l := &f.web[i]
		if l.Where != email.InAttachment || !strings.HasSuffix(strings.ToLower(l.Part), ".svg") || l.Tag != "a" && l.Tag != "area" || !f.foreignLink(l) || f.says("page-redirects", l.Part) ||
			f.says("page-frames-site", l.Part) {
			continue
		}
		raise("picture-link", say("%q leads to %s", shortWay(l.Part), host(l.host)))
		for _, to := range f.Recipients {
			if carrier, _ := f.linkWith(strings.ToLower(to)); carrier != nil {
				raise("picture-link-reader", say("%s", carrier.URL))
				break
			}
		}
		return
	}
}

func (f *Facts) inThread() bool { return len(f.Message.InReplyTo) > 0 }

// detectInvitation finds invitations that are a phishing mail in another form: calendars show them even when nobody accepts.
func detectInvitation(f *Facts, raise Raise) {
	fact, ok := f.Files.Has("calendar-invitation")
	if !ok || f.list || f.inThread() || f.org.owns(f.from.Domain) || f.from.Domain == "" {
		return
	}
	organiser := intel.OrgDomain(intel.DomainOf(afterLast(fact.Detail, "@")))
	for i := range f.web {
		l := &f.web[i]
		if l.Where == email.InHeader || !f.foreignLink(l) || l.org == organiser && organiser != "" && f.proven() {
			continue
		}
		need := 1
		if f.proven() {
			need = 2
		}
		if topic, quote := f.baitIn(need, f.subject, f.body, f.docs); topic != "" {
			raise("invitation-lure", say("%s; %s (%s); leads to %s", fact.Detail, topic, quote, host(l.host)))
			return
		}
	}
}

func afterLast(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):]
	}
	return ""
}
