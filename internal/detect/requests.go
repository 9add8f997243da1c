package detect

import (
	"strings"

	"tocsin/internal/intel"
)

// maxRequest is how long a text may be, in octets after folding, to be taken for a hurried request. Contracts and newsletters hold every word.
const maxRequest = 1800

// detectRequests finds the requests of impostors by what their sentences ask for together, without knowing the organisation: colleagues and
// partners write each of these sentences, hardly ever several of them, and not from outside.
func detectRequests(f *Facts, raise Raise) {
	if f.list || len(f.web) > 2 || f.bulkLevel() >= 4 || f.report || f.fromInside() {
		return
	}
	own := ownText(cut(f.Message.Visible, maxBody))
	if len(own) > 3*maxRequest {
		return
	}
	s := tell(f.Message.Subject, own)
	if s.letters > maxRequest {
		return
	}
	free := f.freeMail != "" || f.answersToFreeMail()
	if f.house() {
		detectHouseFavour(f, s, raise)
	} else {
		detectFavour(f, s, raise)
	}
	detectSalary(f, s, raise)
	detectBankChange(f, s, free, raise)
}

// fromInside says that the sender is under the domain of a recipient, and nothing disproves it.
func (f *Facts) fromInside() bool {
	if f.unproven() || f.freeMail != "" || f.fromOrg == "" {
		return false
	}
	if f.org.owns(f.from.Domain) {
		return true
	}
	for i, r := range f.Recipients {
		if i == 20 {
			break
		}
		if intel.OrgDomain(intel.DomainOf(r)) == f.fromOrg {
			return true
		}
	}
	return false
}

// answersElsewhere says that answers would leave the sender's domain.
func (f *Facts) answersElsewhere() bool {
	return len(f.Message.ReplyTo) > 0 && f.Message.ReplyTo[0].Domain != "" && intel.OrgDomain(f.Message.ReplyTo[0].Domain) != f.fromOrg
}

// detectFavour finds what somebody asks in a chief's name: a payment, cards or lists, now, in secret, and do not ring me.
func detectFavour(f *Facts, s *story, raise Raise) {
	if s.together(saysCall | phone) {
		return // who gives a number wants to be asked back
	}
	pressure := s.count(saysAvailable, saysUnreachable, saysSecret, saysUrgent, saysSend, saysFavour)
	hides := s.count(saysUnreachable, saysSecret)
	wants := ""
	switch {
	case s.has(saysGift) && s.has(saysUnreachable|saysSecret|saysUrgent) && s.has(saysSend|saysFavour):
		wants = "gift"
	case s.sentence(saysData|saysSend, 0) && (pressure >= 2 || f.freeMail != "") || s.has(saysData) && s.has(saysSend) && pressure >= 3:
		wants = "data"
	case (s.has(saysPay) || s.money) && pressure >= 3 && hides > 0 && s.count(saysUrgent, saysSend, saysFavour) > 0:
		wants = "payment"
	case s.has(saysFavour) && s.has(saysUnreachable) && pressure >= 3 && s.letters < 700,
		s.has(saysReach) && s.has(saysFavour) && s.letters < 400 && (f.freeMail != "" || f.impersonates):
		wants = "favour"
	case s.has(saysIsolate) && (s.has(saysPay) || s.money) && s.count(saysUrgent, saysFavour, saysSend, saysApproved) > 0 && s.has(saysSecret):
		wants = "payment"
	default:
		return
	}
	id := "request-hurried"
	if wants == "data" {
		id = "request-lists"
	}
	raise(id, say("%s; from %s", s.quote(saysGift, saysData, saysPay, saysReach, saysFavour, saysIsolate, saysAvailable, saysUnreachable, saysSecret, saysUrgent, saysSend), f.from.Addr))
}

// detectHouseFavour finds the same from a firm that is what it says: somebody rented its domain for this, or its mailbox was taken over. Its people
// have favours to ask as well, so it takes what they never say: a payment that nobody may be told of, or lists of your people and customers in the
// name of one of yours.
func detectHouseFavour(f *Facts, s *story, raise Raise) {
	if s.together(saysCall | phone) {
		return
	}
	own := f.namesOwn()
	pays := s.has(saysPay) || s.money
	switch {
	case s.has(saysIsolate) && pays && s.count(saysUrgent, saysFavour, saysSend, saysApproved, saysAvailable) > 0 && (own != "" || s.has(saysSecret|saysUnreachable)):
		raise("request-hurried", say("%s %s; from %s", s.quote(saysIsolate, saysPay, saysUrgent, saysFavour, saysSend), own, f.from.Addr))
	case s.has(saysData) && s.has(saysSend) && own != "" && s.has(saysUrgent|saysSecret) && len(f.Message.InReplyTo) == 0:
		raise("request-lists", say("%s in the name of %s; from %s", s.quote(saysData, saysSend, saysUrgent), own, f.from.Addr))
	case s.has(saysGift) && s.has(saysSend|saysFavour) && s.has(saysUrgent) && s.has(saysUnreachable|saysSecret|saysIsolate):
		raise("request-hurried", say("%s; from %s", s.quote(saysGift, saysSend, saysUrgent, saysUnreachable, saysSecret), f.from.Addr))
	}
}

// withoutGreeting leaves out a short first line, or the first words: names there are the reader's.
func withoutGreeting(text string) string {
	text = strings.TrimLeft(text, " \t\r\n")
	if line, rest, ok := strings.Cut(text, "\n"); ok && len(line) < 40 {
		return rest
	}
	return text[min(len(text), 24):]
}

// namesOwn returns a person of the organisation's whom the text speaks of, other than those who got it; "" when none.
func (f *Facts) namesOwn() string {
	text := []byte(intel.Fold(cut(withoutGreeting(f.Message.Visible), maxStory)))
	for i := range f.Org.People {
		p := &f.Org.People[i]
		if p.Ordinary || i == 400 {
			break
		}
		got := false
		for _, r := range f.Recipients {
			got = got || strings.EqualFold(r, p.Address)
		}
		name := intel.Fold(p.Name)
		if got || len(name) < 6 {
			continue
		}
		first, _, _ := strings.Cut(name, " ")
		if last := afterLast(name, " "); len(first) >= 4 && containsWord(text, []byte(first)) || len(last) >= 4 && containsWord(text, []byte(last)) {
			return p.Name
		}
	}
	return ""
}

// detectSalary finds a request, from outside, to pay the sender's own salary to another account.
func detectSalary(f *Facts, s *story, raise Raise) {
	if len(f.web) > 0 || !s.has(saysSalary) || !s.has(saysAccount|saysSwitched) {
		return
	}
	own := s.has(saysSwitched) || s.sentence(saysMine|saysSalary, 0) || s.sentence(saysMine|saysAccount, 0)
	if own && (s.has(saysSwitched) || s.sentence(saysMine|saysAccount|saysReason, 0) || s.account != "" || s.sentence(saysAccount|saysNew, 0) || s.sentence(saysAccount|saysChanged, 0) || s.sentence(saysSalary|saysChanged, 0)) {
		raise("request-salary", say("%s; from %s", s.quote(saysSalary, saysMine, saysSwitched, saysChanged, saysNew, saysAccount), f.from.Addr))
	}
}

// ownText is text up to what it quotes: what the sender wrote this time.
func ownText(text string) string {
	at := 0
	for at < len(text) {
		line, rest := text[at:], ""
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, rest = line[:i], line[i+1:]
		}
		if at > 0 && startsQuote(line) {
			return text[:at]
		}
		at = len(text) - len(rest)
		if rest == "" {
			break
		}
	}
	return text
}

// quoteVerbs end the line above a quote.
var quoteVerbs = []string{"wrote:", "schrieb:", "écrit :", "écrit:", "escribió:", "escreveu:", "scritto:", "schreef:", "geschreven:", "napisał:", "napisała:", "napisał(a):", "pisze:"}

// quoteMiddles stand in it before the writer's name.
var quoteMiddles = []string{" schrieb ", " schreef ", " wrote ", " a écrit ", " escribió ", " escreveu ", " ha scritto ", " napisał ", " napisała ", " napisał(a) ", " pisze "}

// startsQuote says that a line begins what is quoted: a ">", the fields of the quoted message, the line that names its writer.
func startsQuote(line string) bool {
	line = strings.TrimSpace(line)
	if line == "" || len(line) > 300 {
		return false
	}
	if line[0] == '>' || strings.HasPrefix(line, "-----") || strings.HasPrefix(line, "_____") {
		return true
	}
	lower := strings.ToLower(line)
	for _, v := range quoteVerbs {
		if strings.HasSuffix(lower, v) {
			return true
		}
	}
	if strings.HasSuffix(line, ":") && strings.ContainsAny(line, "0123456789") { // "Am 16.11. schrieb Anna Berg:"
		for _, v := range quoteMiddles {
			if strings.Contains(lower, v) {
				return true
			}
		}
	}
	field, rest, ok := strings.Cut(line, ":")
	if !ok || len(field) > 16 {
		return false
	}
	if strings.HasSuffix(line, ":") {
		return false
	}
	name := strings.ToLower(strings.Trim(field, "* \t\u00a0"))
	return quoteFields[name] && (strings.Contains(rest, "@") || quoteWriters[name] && len(strings.Fields(rest)) <= 5)
}

// quoteWriters are the names of the field From.
var quoteWriters = set("from von de da van od fra från mittente remitente expéditeur absender nadawca afzender")
