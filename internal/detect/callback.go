package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/intel"
)

// detectCallBack finds mail about an order nobody made, with a telephone number as the only way out. Two readings lead there: several phrases
// of the list, or sentences that together tell the story, in whatever words: something was charged; if it was not you, ring this number.
func detectCallBack(f *Facts, raise Raise) {
	if f.reply && len(f.Message.InReplyTo) > 0 || f.ownLink && f.foreignBrand() == "" || f.bulkLevel() >= 4 || f.org.owns(f.from.Domain) && f.proven() {
		return
	}
	brand := f.foreignBrand()
	house := f.proven() && f.freeMail == "" && brand == ""
	h := &f.lures
	n := h.count("callback")
	listed := !(n < 3 || n < 5 && f.freeMail == "" && len(f.web) > 0) && !(f.proven() && f.freeMail == "")
	if !listed && len(f.web) > 3 {
		return
	}
	s := tell(f.Message.Subject, f.Message.Visible, f.Files.Text)
	if s.number == "" {
		return
	}
	denied, told := f.callStory(s, brand != "", house)
	if !listed && !told {
		return
	}
	quote := h.quote("callback")
	if told {
		quote = s.quote(saysCharge, saysDenied, saysConsent, saysUndo, saysCall)
	}
	raise("call-back", say("%s; the number is %s", quote, s.number))
	if told && denied {
		raise("call-back-disputed", say("%s; the number is %s", s.quote(saysIf, saysNot, saysConsent, saysDenied, saysUndo, saysUrgent), s.number))
	}
	if brand != "" {
		raise("call-back-brand", say("speaks for %s, sent from %s", brand, f.from.Addr))
	}
}

// foreignBrand returns a brand that text or documents speak of and that did not send the message, "" when there is none.
func (f *Facts) foreignBrand() string {
	for _, text := range [2][]byte{f.body, f.docs} {
		for i, m := range f.judge.brands.Match(text[:min(len(text), 4000)], false) {
			if i == 8 {
				break
			}
			if !f.officialSender(m.Brand) {
				return m.Brand.Name
			}
		}
	}
	return ""
}

// callStory says whether the sentences tell of a charge to be disputed on the telephone, and whether they doubt that the reader ordered it.
// Honest bills and bookings name a number too: they do not ask whether it was you, or they know the reader's name and press for nothing. A
// house that is proven may have been rented for this: there the number must be the only way, for a sum, from somebody who does not know the
// reader's name, and with a doubt or a limit of time.
func (f *Facts) callStory(s *story, brand, house bool) (denied, told bool) {
	if len(f.web) > 3 || !s.has(saysCharge) || !s.has(saysCall) || !s.together(saysCall|phone) {
		return false, false
	}
	named := f.greetsByName()
	denied = s.has(saysDenied) || s.sentence(saysNot|saysConsent|saysIf, 0) || s.sentence(saysNot|saysConsent|asks, 0)
	undo := s.together(saysUndo | saysCall)
	if house {
		told = s.money && len(f.web) == 0 && (!named || denied && undo) && (denied && (undo || s.has(saysUrgent)) || undo && s.has(saysUrgent))
		return told, told
	}
	points := 0
	for _, x := range [...]struct {
		there bool
		n     int
	}{{denied, 2}, {undo, 1}, {s.has(saysUrgent), 1}, {s.money, 1}, {brand, 1}, {f.freeMail != "", 1}, {!named, 1}} {
		if x.there {
			points += x.n
		}
	}
	stop := undo && s.money && len(f.web) == 0 && !named // nothing but the number to stop it with
	return denied || stop || undo && brand, points >= 4 && (denied || undo && s.has(saysUrgent)) || points >= 3 && stop
}

// greetsByName says that a recipient's name stands near the beginning of the text.
func (f *Facts) greetsByName() bool {
	head := f.body[:min(len(f.body), 160)]
	for i, a := range f.Message.To {
		if i == 3 {
			break
		}
		name := intel.Fold(cut(a.Name, 100))
		if name == "" || strings.Contains(name, "@") {
			name, _, _ = strings.Cut(a.Addr, "@")
			name = intel.Fold(cut(name, 100))
		}
		for w := range strings.FieldsSeq(name) {
			if len(w) >= 3 && bytes.Contains(head, []byte(w)) {
				return true
			}
		}
	}
	return false
}
