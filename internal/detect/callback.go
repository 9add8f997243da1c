package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/intel"
)

// detectCallBack finds mail about an order nobody made, with a telephone number as the only way out. Two readings lead there: several phrases
// of the list, or sentences that together tell the story, in whatever words: something was charged; if it was not you, ring this number.
func detectCallBack(f *Facts, raise Raise) {
	if f.reply && len(f.Message.InReplyTo) > 0 || f.ownLink || f.bulkLevel() >= 4 {
		return
	}
	brand := ""
	if m := f.judge.brands.Match(f.body[:min(len(f.body), 4000)], false); len(m) > 0 && !f.officialSender(m[0].Brand) {
		brand = m[0].Brand.Name
	} else if m := f.judge.brands.Match(f.docs[:min(len(f.docs), 4000)], false); len(m) > 0 && !f.officialSender(m[0].Brand) {
		brand = m[0].Brand.Name
	}
	if f.proven() && f.freeMail == "" && brand == "" {
		return
	}
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
	denied, told := f.callStory(s, brand != "")
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

// callStory says whether the sentences tell of a charge to be disputed on the telephone, and whether they doubt that the reader ordered it.
// Honest bills and bookings name a number too: they do not ask whether it was you, or they know the reader's name and press for nothing.
func (f *Facts) callStory(s *story, brand bool) (denied, told bool) {
	if len(f.web) > 3 || !s.has(saysCharge) || !s.has(saysCall) || !s.together(saysCall|phone) {
		return false, false
	}
	denied = s.has(saysDenied) || s.sentence(saysNot|saysConsent|saysIf, 0) || s.sentence(saysNot|saysConsent|asks, 0)
	undo := s.together(saysUndo | saysCall)
	points := 0
	for _, x := range [...]struct {
		there bool
		n     int
	}{{denied, 2}, {undo, 1}, {s.has(saysUrgent), 1}, {s.money, 1}, {brand, 1}, {f.freeMail != "", 1}, {!f.greetsByName(), 1}} {
		if x.there {
			points += x.n
		}
	}
	stop := undo && s.money && len(f.web) == 0 && !f.greetsByName() // nothing but the number to stop it with
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
