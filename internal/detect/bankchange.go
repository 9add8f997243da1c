package detect

import (
	"strings"

	"tocsin/internal/intel"
)

// detectBankChange finds the announcement of another bank account to pay to. It is said twice when it comes with what thieves need and honest
// people do not: a pretext that the old account cannot be used, hurry, a proof of the payment, this very bill, and nothing to check it by. Who
// really changes banks names a day ahead, or tells the old number to ring, and does not mind. That the sender is proven says little here: the
// mailbox of a supplier is what thieves take over for this.
func detectBankChange(f *Facts, s *story, free bool, raise Raise) {
	house := f.house()
	attached := accountIn(cut(f.Files.Text, maxStory))
	if attached == "" {
		attached = numberedAccount(cut(f.Files.Text, maxStory))
	}
	number := orElse(orElse(s.account, s.numbered), attached)
	other := otherAccount(s) || s.account+s.numbered != "" && s.has(saysInstead) && s.has(saysAccount|saysReason)
	if !other && attached != "" { // the letter says it
		d := tell(f.Files.Text)
		if other = otherAccount(d) && s.has(saysPay|saysCharge|saysChanged|saysNew) && len(f.docs) < 1200; other {
			s = tell(f.Message.Subject, ownText(cut(f.Message.Visible, maxBody)), f.Files.Text)
		}
	}
	if !other && s.account != "" && f.midPayment() && s.count(saysUrgent, saysProof, saysReason, saysInstead, saysSecret, saysUnreachable) >= 2 {
		visible := cut(f.Message.Visible, maxBody)
		other = !strings.Contains(strings.ReplaceAll(visible[len(ownText(visible)):], " ", ""), strings.ReplaceAll(s.account, " ", "")) // they had none, or another
	}
	if !other || !s.has(saysPay|saysCharge) {
		return
	}
	checked := s.together(saysCall|phone) || house && s.has(saysCheck)
	if checked && house {
		return
	}
	raise("bank-change", say("%s %s; from %s", s.quote(saysInstead, saysNew, saysChanged, saysAccount), number, f.from.Addr))
	if checked {
		return
	}
	pushes := s.count(saysReason, saysUrgent, saysUnreachable, saysSecret)
	elsewhere := f.answersElsewhere() || free
	pressed := number != "" && pushes > 0 || number != "" && elsewhere || pushes > 0 && elsewhere
	if house && !elsewhere {
		n := s.count(saysReason, saysUrgent, saysUnreachable, saysSecret, saysProof, saysInstead)
		if f.midPayment() {
			n += 2
		}
		pressed = n >= 3 && s.has(saysReason|saysInstead) || number != "" && n >= 2
	}
	if pressed {
		raise("bank-change-pressed", say("%s %s", s.quote(saysInstead, saysReason, saysProof, saysUrgent, saysUnreachable, saysSecret), number))
		f.turned = true
	}
}

// house says that the sender is a firm that is what it says: proven, not free mail, and nobody's double.
func (f *Facts) house() bool {
	return f.proven() && f.freeMail == "" && !f.impersonates && !f.newcomer
}

// midPayment says that the message answers another one, and what it quotes speaks of paying.
func (f *Facts) midPayment() bool {
	if !f.converses() {
		return false
	}
	visible := cut(f.Message.Visible, maxBody)
	return tell(f.Message.Subject, cut(visible[len(ownText(visible)):], 2000)).has(saysPay | saysCharge)
}

// accountLabels stand before an account's number that is no IBAN, folded.
var accountLabels = [...]string{"account number", "account no", "acct no", "acct", "a c no", "routing number", "sort code", "clabe", "agencia", "chave pix", "pix", "konto nr", "kontonummer",
	"numero de cuenta", "numero de compte", "numer konta", "rekeningnummer"}

// numberedAccount finds an account that is named by a label and a number of six digits and more, or by a key of the Brazilian PIX.
func numberedAccount(text string) string {
	folded := intel.Fold(cut(text, maxStory))
	for _, label := range accountLabels {
		i := strings.Index(folded, label)
		if i < 0 || i > 0 && wordByte(folded[i-1]) {
			continue
		}
		if n := longNumber(cut(folded[i+len(label):], 40)); n != "" {
			return label + " " + n
		}
		if strings.HasSuffix(label, "pix") {
			if at := addressIn(cut(text, maxStory)); at != "" {
				return label + " " + at
			}
		}
	}
	return ""
}

// longNumber returns the number near the beginning of text when it has six digits and more, with gaps or without.
func longNumber(text string) string {
	digits, start, end := 0, -1, 0
	for i := 0; i < len(text); i++ {
		switch {
		case isDigit(text[i]):
			if digits++; start < 0 {
				start = i
			}
			end = i + 1
		case start < 0 && i <= 12, start >= 0 && digits < 17 && (text[i] == ' ' || text[i] == '-'):
		default:
			i = len(text)
		}
	}
	if digits < 6 {
		return ""
	}
	return text[start:end]
}

// otherAccount says that the text speaks of an account that is not the old one.
func otherAccount(s *story) bool {
	return s.sentence(saysAccount|saysNew, 0) || s.sentence(saysAccount|saysChanged, saysNot) || s.account != "" && s.together(saysAccount|saysReason) ||
		s.sentence(saysAccount|saysChanged|saysReason, 0) || s.sentence(saysAccount|saysInstead, 0)
}
