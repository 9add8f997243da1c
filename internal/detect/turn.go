package detect

import (
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// maxBaitText is how long an answer may be, in octets after folding, to be taken for one that does nothing but hand something over.
const maxBaitText = 420

// detectTurn finds answers of those who do take part, from their own mailbox, that turn the conversation as intruders do: a document behind a page
// of nobody's in it, in words that fit any conversation, in another language than everything before; or a copy that goes to a double.
func detectTurn(f *Facts, raise Raise) {
	if !f.inbound || f.from.Domain == "" || f.list || f.report || f.org.owns(f.from.Domain) && !f.unproven() {
		return
	}
	f.copyToDouble(raise)
	if !f.converses() || f.bulkLevel() >= 4 {
		return
	}
	visible := cut(f.Message.Visible, maxBody)
	own := ownText(visible)
	quoted := visible[len(own):]
	s := tell(own)
	f.otherContact(own, quoted, s, raise)
	l := f.carried(quoted, s.has(saysPassword) && len(f.web) < 4)
	files := f.papers()
	if l == nil && files == "" {
		return
	}
	brings := files
	if l != nil {
		brings = l.URL
	}
	short := s.letters < maxBaitText
	if l != nil && short && (s.has(saysHanded|saysAct|saysPaper) || namesFile(l.Text)) {
		raise("thread-bait", say("%s; leads to %s", orElse(s.quote(saysHanded, saysAct), shownText(l.Text)), host(l.host)))
		f.turned = true
		if why := f.dressed(l, s, own); why != "" {
			raise("thread-bait-dressed", say("%s; %s", why, l.URL))
		}
	}
	mine, before := tongue(own), tongue(quoted)
	if short && mine != "" && before != "" && mine != before && (l != nil || f.lockedFile() != "") {
		raise("thread-other-language", say("%s, after %s; brings %s", mine, before, brings))
		f.turned = true
	}
	if f.lockedFile() != "" && s.has(saysHanded) && short {
		raise("thread-locked", say("%q", f.lockedFile()))
		f.turned = true
	}
}

// converses says that the message goes on with others, by its fields or by its subject and what it quotes.
func (f *Facts) converses() bool {
	if len(f.Message.InReplyTo) > 0 || len(f.Message.References) > 0 {
		return true
	}
	visible := cut(f.Message.Visible, maxBody)
	return answers(f.Message) && len(ownText(visible)) < len(visible)
}

// dressed says what makes a link in an answer more than a link to somebody else's site, "" when nothing does.
func (f *Facts) dressed(l *link, s *story, own string) string {
	if shares[l.host] || shares[l.org] {
		return "the password comes with the link: " + s.quote(saysPassword) // carried took it for that alone
	}
	if f.judge.rented(l.host) != "" || f.judge.hosts.Shorteners.Match(l.host) != "" {
		return "a page anybody can put up, or a shortener"
	}
	if shown := hostInText(l.Text); shown != "" && intel.OrgDomain(shown) != l.org {
		return "the link shows " + host(shown)
	}
	if f.aimedAt(l) {
		return "the link holds the reader's address"
	}
	if s.has(saysSignIn) {
		return "asks to sign in: " + s.quote(saysSignIn)
	}
	if w := f.senderWord(l.org); w != "" {
		return "the host carries the sender's name " + w
	}
	if s.has(saysThreat) && s.has(saysAct) {
		return "presses: " + s.quote(saysThreat)
	}
	if im, ok := intel.NewLookalikes("", []string{f.fromOrg}).Find(l.host); ok && f.freeMail == "" {
		return "the host is like " + im.Of
	}
	for _, m := range f.judge.brands.Match([]byte(intel.Fold(cut(own, 2000)+" "+cut(l.Text, 200))), false) {
		if !f.officialSender(m.Brand) && !f.officialLink(m.Brand) {
			return "speaks of " + m.Brand.Name
		}
	}
	return ""
}

// senderWord returns a word of the sender's domain that another site's name holds too, "" when there is none.
func (f *Facts) senderWord(org string) string {
	if f.freeMail != "" {
		return ""
	}
	label, _, _ := strings.Cut(f.fromOrg, ".")
	other, _, _ := strings.Cut(org, ".")
	for w := range strings.SplitSeq(label, "-") {
		if len(w) >= 4 && strings.Contains(other, w) {
			return w
		}
	}
	return ""
}

// otherContact finds an answer that wants the next one at another address, which is an imitation of the sender's domain, or free mail in the
// sender's name.
func (f *Facts) otherContact(own, quoted string, s *story, raise Raise) {
	if len(f.Message.ReplyTo) > 0 && f.freeMail == "" && f.answersElsewhere() && s.has(saysPay|saysAccount|saysCharge) {
		r := f.Message.ReplyTo[0]
		free := f.judge.hosts.FreeMail.Match(r.Domain) != ""
		if !f.org.owns(r.Domain) && !f.sameBrand(intel.OrgDomain(r.Domain)) && !strings.Contains(strings.ToLower(quoted), strings.ToLower(r.Addr)) &&
			(free || s.has(saysUrgent|saysProof|saysInstead|saysReason)) {
			raise("thread-other-contact", say("answers would go to %s; %s", r.Addr, s.quote(saysPay, saysAccount, saysCharge)))
			f.turned = true
			return
		}
	}
	at := addressIn(own)
	d := intel.DomainOf(at)
	org := intel.OrgDomain(d)
	if at == "" || org == f.fromOrg || f.org.owns(d) || f.freeMail != "" || strings.Contains(strings.ToLower(quoted), at) {
		return
	}
	if im, ok := intel.NewLookalikes("", []string{f.fromOrg}).Find(d); ok && im.Trick != intel.OtherTLD && im.Trick != intel.AddedWords {
		raise("thread-other-contact", say("%s is like %s: %s", at, f.fromOrg, string(im.Trick)))
		f.turned = true
		return
	}
	if s.has(saysElsewhere) && s.has(saysPay|saysAccount|saysCharge) && f.judge.hosts.FreeMail.Match(d) != "" {
		raise("thread-other-contact", say("%s; %s", at, s.quote(saysElsewhere, saysPay, saysAccount)))
		f.turned = true
	}
}

// carried returns a link that the answer itself brings: to nobody in the conversation, not in what it quotes, and, unless shared is set, to no
// service where people hand each other files.
func (f *Facts) carried(quoted string, shared bool) *link {
	for i := range f.web {
		l := &f.web[i]
		drop := shares[l.host] || shares[l.org]
		if l.Where != email.InBody && l.Where != email.InAttachment || drop && !shared || !drop && !f.foreignLink(l) || strings.Contains(quoted, l.org) || f.signatureLink(l) {
			continue
		}
		return l
	}
	return nil
}

// signatureLink says that a link shows nothing but its own host, as those below a signature do.
func (f *Facts) signatureLink(l *link) bool {
	shown := hostInText(l.Text)
	return shown != "" && intel.OrgDomain(shown) == l.org && len(strings.Trim(partsOf(cut(l.target(), maxURL)).path, "/")) == 0
}

// shares are services by which people hand each other files.
var shares = set(`wetransfer.com we.tl dropbox.com dropboxusercontent.com drive.google.com docs.google.com photos.google.com photos.app.goo.gl 1drv.ms onedrive.com sharepoint.com
	onedrive.live.com box.com icloud.com mega.nz swisstransfer.com smash.com fromsmash.com transfernow.net hightail.com sendspace.com egnyte.com sharefile.com nextcloud.com
	docusign.com docusign.net adobesign.com github.com gitlab.com zoom.us youtube.com`)

// namesFile says that a link shows the name of a document.
func namesFile(text string) bool {
	t := strings.ToLower(strings.TrimSpace(text))
	if len(t) > 120 {
		return false
	}
	for _, e := range [...]string{".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip"} {
		if strings.HasSuffix(t, e) {
			return true
		}
	}
	return false
}

func shownText(s string) string { return `"` + cut(strings.TrimSpace(s), 60) + `"` }

// papers returns the name of an attached page or archive, "" when there is none.
func (f *Facts) papers() string {
	for i := range f.Message.Attachments {
		a := &f.Message.Attachments[i]
		n := strings.ToLower(a.Name)
		for _, e := range [...]string{".zip", ".rar", ".7z", ".htm", ".html", ".shtml", ".svg", ".iso", ".img", ".one", ".lnk"} {
			if strings.HasSuffix(n, e) {
				return a.Name
			}
		}
	}
	return ""
}

// copyToDouble finds a copy to an imitation of your domain or of the sender's, or to an address outside in the name of one of your people: so that
// the next answer goes there, and looks as if a colleague had read along.
func (f *Facts) copyToDouble(raise Raise) {
	var near *intel.Lookalikes
	n := 0
	for _, list := range [2][]email.Address{f.Message.Cc, f.Message.To} {
		for _, a := range list {
			if n++; n > 40 {
				return
			}
			org := intel.OrgDomain(a.Domain)
			if org == "" || org == f.fromOrg || f.org.owns(a.Domain) {
				continue
			}
			if im, ok := f.org.lookalikes.Find(a.Domain); ok && im.Trick != intel.OtherTLD && im.Trick != intel.AddedWords {
				raise("copy-to-double", say("%s is like %s: %s", a.Addr, im.Of, string(im.Trick)))
				f.turned = true
				return
			}
			if near == nil && f.freeMail == "" && f.reply {
				near = intel.NewLookalikes("", []string{f.fromOrg})
			}
			if near == nil || f.judge.hosts.FreeMail.Match(org) != "" {
				continue
			}
			if im, ok := near.Find(a.Domain); ok && im.Trick != intel.OtherTLD && im.Trick != intel.AddedWords {
				raise("copy-to-double", say("%s is like %s: %s", a.Addr, im.Of, string(im.Trick)))
				f.turned = true
				return
			}
		}
	}
	for _, a := range f.Message.Cc[:min(len(f.Message.Cc), 20)] {
		if a.Name == "" || a.Domain == "" || f.org.owns(a.Domain) || f.org.addresses[strings.ToLower(a.Addr)] != nil {
			continue
		}
		people, how := f.org.find(intel.Fold(cut(a.Name, 200)))
		if len(people) > 0 && !people[0].Ordinary && how != spelledNear {
			raise("copy-to-name", say("%q at %s is not %s", a.Name, a.Addr, people[0].Address))
			return
		}
	}
}
