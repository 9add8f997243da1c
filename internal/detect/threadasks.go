package detect

import (
	"slices"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
)

// threadAsks says that somebody who came new into a conversation speaks of another account, an account's number or their salary.
func (f *Facts) threadAsks(raise Raise) bool {
	s := tell(f.Message.Subject, ownText(cut(f.Message.Visible, maxBody)))
	if s.account == "" {
		s.account = accountIn(cut(f.Files.Text, maxStory))
	}
	switch {
	case s.account != "":
		raise("thread-request", say("account %s", s.account))
	case otherAccount(s), s.has(saysAccount) && s.has(saysPay), s.has(saysPay) && s.has(saysUrgent), s.together(saysPay | saysChanged), s.sentence(saysData|saysSend, 0), s.has(saysSalary) && s.has(saysChanged):
		raise("thread-request", say("%s", s.quote(saysNew, saysChanged, saysAccount, saysPay, saysUrgent, saysData, saysSalary)))
	default:
		return false
	}
	return true
}

// threadBrings looks at what the newcomer brings: a link that leads to nobody in the conversation, or a file that filters cannot open. Who writes
// from home by free mail may well pass a link on, so there only hiding ones count;
// in plain text links are those of signatures.
func (f *Facts) threadBrings(raise Raise) {
	if n := f.lockedFile(); n != "" {
		raise("thread-brings", say("%q", n))
		return
	}
	for i := range f.web {
		l := &f.web[i]
		if f.hidingLink(l) || f.freeMail == "" && f.htmlOnly && l.Where == email.InBody && f.foreignLink(l) {
			raise("thread-brings", say("%s", l.URL))
			return
		}
	}
}

// hidingLink says that a link hides its owner: a shortener, or a page anybody can put up.
func (f *Facts) hidingLink(l *link) bool {
	return l.host != "" && (f.judge.hosts.Shorteners.Match(l.host) != "" || f.judge.rented(l.host) != "")
}

// lockedFile returns the name of an encrypted archive or document, "" when there is none.
func (f *Facts) lockedFile() string {
	for _, fact := range f.Files.Facts {
		if strings.HasPrefix(fact.ID, "locked-") || fact.ID == "program-locked" || fact.ID == "pdf-password-in-text" {
			return shortWay(fact.File)
		}
	}
	return ""
}

// threadStranger finds an answer by somebody who has no part in what it quotes, neither by name nor by domain, and brings what hijackers bring.
func (f *Facts) threadStranger(people []Participant, raise Raise) {
	if len(people) == 0 || f.mass() {
		return
	}
	names := make([]string, 0, 3)
	others := false
	for _, p := range people {
		others = others || !f.org.owns(intel.DomainOf(p.Address))
		if intel.OrgDomain(intel.DomainOf(p.Address)) == f.fromOrg {
			return
		}
		if len(names) < 3 {
			names = append(names, p.Address)
		}
	}
	if !others && f.proven() {
		return // your own people are quoted: the other side may well be this sender
	}
	evidence := ""
	if n := f.lockedFile(); n != "" {
		evidence = n
	}
	for i := range f.web {
		if evidence == "" && f.hidingLink(&f.web[i]) {
			evidence = f.web[i].URL
		}
	}
	if evidence == "" {
		if s := tell(ownText(cut(f.Message.Visible, maxBody))); s.account != "" && otherAccount(s) {
			evidence = s.account
		}
	}
	if evidence != "" {
		raise("thread-stranger", say("the conversation is between %s; %s brings %s", strings.Join(names, ", "), f.from.Addr, evidence))
	}
}

// threadApproved finds the forged chain: a bill from outside, to be paid at once, because a colleague of the reader is quoted with a yes.
func (f *Facts) threadApproved(people []Participant, raise Raise) {
	if f.fromInside() || f.mass() {
		return
	}
	who := ""
	for _, p := range people {
		d := intel.OrgDomain(intel.DomainOf(p.Address))
		if !slices.Contains(f.Recipients, p.Address) && f.judge.hosts.FreeMail.Match(d) == "" && (f.org.owns(d) || f.houseOfRecipient(d)) {
			who = p.Address
			break
		}
	}
	if who == "" {
		return
	}
	s := tell(f.Message.Subject, ownText(cut(f.Message.Visible, maxBody)))
	if s.has(saysApproved) && s.has(saysPay|saysCharge) && s.has(saysUrgent) && s.letters < maxRequest {
		raise("thread-approved", say("%s; in the name of %s, from %s", s.quote(saysApproved, saysPay, saysCharge, saysUrgent), who, f.from.Addr))
	}
}

func (f *Facts) houseOfRecipient(org string) bool {
	for i, r := range f.Recipients {
		if i < 20 && intel.OrgDomain(intel.DomainOf(r)) == org {
			return true
		}
	}
	return false
}
