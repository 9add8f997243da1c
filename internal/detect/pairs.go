package detect

import (
	"strings"

	"tocsin/internal/detect/model"
	"tocsin/internal/intel"
)

// Bounds of what pairs looks at.
const (
	pairText   = 8 << 10 // octets of visible text
	pairPlaces = 40      // signs of addresses or amounts in it
	hardlyText = 40      // letters
	shortText  = 400     // letters
)

// pairs adds facts that say little alone and much together: who writes, to whom, and what the reader is to do. All of them may only
// speak for the threat.
func (g *features) pairs(f *Facts, signals []Signal) {
	m := f.Message
	const p = model.Pairs
	first := !f.list && len(m.InReplyTo) == 0 && len(m.References) == 0
	free := f.freeMail != ""
	elsewhere, toFree := false, free
	if len(m.ReplyTo) > 0 {
		elsewhere = intel.OrgDomain(m.ReplyTo[0].Domain) != f.fromOrg
		toFree = toFree || f.judge.hosts.FreeMail.Match(m.ReplyTo[0].Domain) != ""
	}
	letters := 0
	for _, b := range f.body[:min(len(f.body), pairText)] {
		if b != ' ' {
			letters++
		}
	}
	hosted := false
	for i := range f.web {
		if i == 40 {
			break
		}
		hosted = hosted || f.web[i].org != f.fromOrg && f.judge.hosts.Hosting.Match(f.web[i].host) != ""
	}
	t := f.asks()
	add := func(yes bool, name string) { g.addIf(yes, p, model.Raises, name) }
	add(first && free && f.foreign, "a stranger with a free mail address sends a link")
	add(first && free && hosted, "a stranger with a free mail address sends a link to a file or form")
	add(first && hosted && letters < shortText, "little text and a link to a file or form")
	add(free && letters < hardlyText && f.foreign, "a free mail address sends a link and hardly any text")
	add(first && letters < hardlyText && f.foreign, "hardly any text, and the links lead away")
	add(first && letters < shortText && f.foreign && len(f.web) < 4, "a short text with few links, which lead away")
	add(!first && f.images > 0 && letters < hardlyText, "in a list or an answer, a picture and hardly any text")
	add(first && letters < shortText && len(m.Attachments) > 0 && len(f.web) == 0, "a short text with a file and no link")
	add(first && t.money && toFree, "speaks of an amount of money, and answers go to a free mail address")
	add(first && t.money && elsewhere, "speaks of an amount of money, and answers go to another domain")
	add(first && t.money && f.foreign && f.htmlOnly, "speaks of an amount of money, HTML only, and the links lead away")
	add(first && t.address, "asks to write to somebody else's free mail address")
	add(first && t.phone && len(f.web) == 0, "a phone number and no link")
	add(first && t.phone && free, "a free mail address and a phone number")
	add(first && len(m.To) == 0 && toFree, "names no recipient, and answers go to a free mail address")
	add(first && elsewhere && letters < shortText && len(f.web) == 0, "a short text without links, and answers go to another domain")
	add(first && free && f.htmlOnly, "a free mail address sends HTML only")
	add(betweenSigns(m.Subject), "subject between signs")
	families := map[Family]bool{}
	strong := 0
	for i := range signals {
		s := &signals[i]
		if s.Threat != Phish || s.Weight <= 0 {
			continue
		}
		fam := Rule
		if k, ok := kinds[s.ID]; ok {
			fam = k.Family
		}
		families[fam] = true
		if !weak[fam] {
			strong += s.Weight
		}
	}
	g.grade(len(families), p, model.Raises, "kinds of evidence", "2", "3", "4", "5")
	g.grade(strong, p, model.Raises, "points without wording and looks", "5", "10", "16", "22", "30", "40")
}

// asked is what a text wants from its reader, as far as signs tell.
type asked struct {
	money   bool // an amount with a sign of currency
	address bool // a free mail address that is neither the sender's nor a recipient's
	phone   bool // ten digits or more in one number
}

func (f *Facts) asks() asked {
	var a asked
	text := cut(f.Message.Visible, pairText)
	places, digits := 0, 0
	for i := 0; i < len(text) && places < pairPlaces; i++ {
		b := text[i]
		switch {
		case b >= '0' && b <= '9':
			if digits++; digits >= 10 && digits <= 15 {
				a.phone = true
			}
			continue
		case b == ' ' || b == '-' || b == '(' || b == ')' || b == '+' || b == '.':
			continue
		}
		digits = 0
		switch {
		case b == '$', b == 0xe2 && strings.HasPrefix(text[i:], "€"), b == 0xc2 && strings.HasPrefix(text[i:], "£"):
			places++
			a.money = a.money || nearDigit(text, i)
		case b == '@':
			places++
			a.address = a.address || f.strange(text, i)
		}
	}
	return a
}

func nearDigit(s string, i int) bool {
	for k := max(0, i-2); k < min(len(s), i+6); k++ {
		if s[k] >= '0' && s[k] <= '9' {
			return true
		}
	}
	return false
}

// strange says that the sign at i stands in a free mail address that nobody of the header has.
func (f *Facts) strange(text string, i int) bool {
	from, to := i, i+1
	for from > 0 && i-from < 64 && addressRune(text[from-1]) {
		from--
	}
	for to < len(text) && to-i < 64 && addressRune(text[to]) {
		to++
	}
	addr := strings.ToLower(strings.TrimRight(text[from:to], ".-_"))
	_, domain, _ := strings.Cut(addr, "@")
	if from == i || f.judge.hosts.FreeMail.Match(domain) == "" {
		return false
	}
	m := f.Message
	if strings.EqualFold(addr, f.from.Addr) {
		return false
	}
	for k := range m.To {
		if k < 10 && strings.EqualFold(m.To[k].Addr, addr) {
			return false
		}
	}
	return true
}

func addressRune(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '.' || b == '-' || b == '_' || b == '+'
}

// betweenSigns says that a subject begins and ends with a sign that no sentence does.
func betweenSigns(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) > 2 && strings.IndexByte("_*#=~|/", s[0]) >= 0 && strings.IndexByte("_*#=~|/!", s[len(s)-1]) >= 0
}
