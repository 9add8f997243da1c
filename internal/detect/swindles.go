package detect

import "strings"

// detectSwindles finds the frauds that need no link: they stand on several phrases of one story and the way they are sent. What the
// documents in the message say counts like its text.
func detectSwindles(f *Facts, raise Raise) {
	h := &f.lures
	free := f.freeMail != "" || f.answersToFreeMail()
	if n := h.count("extortion"); n >= 4 && !f.reply && (coinAddress(f.Message.Visible) || coinAddress(f.Files.Text) || n >= 6) {
		raise("extortion", say("%s", h.quote("extortion")))
	}
	n := h.count("advance-fee") - h.long
	if !f.reply && (n >= 7 && !f.bulky() || n >= 4 && free && len(f.web) == 0) {
		raise("advance-fee", say("%d phrases: %s", n, h.quote("advance-fee")))
	}
	detectImpostor(f, free, raise)
	detectCallBack(f, raise)
}

// bulky says that the message is openly mass mail, which tells long stories of money without being a swindle.
func (f *Facts) bulky() bool { return f.bulkLevel() >= 4 || len(f.web) > 6 }

func (f *Facts) answersToFreeMail() bool {
	return len(f.Message.ReplyTo) > 0 && f.judge.hosts.FreeMail.Match(f.Message.ReplyTo[0].Domain) != ""
}

// detectImpostor finds what business email compromise asks for: a favour, a transfer, another account, gift cards, a list of customers.
// Such words are everyday among colleagues, so they count only from somebody who is not one: in a name of one's own people, or from
// free mail.
func detectImpostor(f *Facts, free bool, raise Raise) {
	h := &f.lures
	if len(f.web) > 2 || f.org.owns(f.from.Domain) && !f.unproven() {
		return
	}
	best := ""
	for _, t := range [...]string{"giftcard", "payroll", "bec"} {
		if h.has(t, 2) && (best == "" || h.count(t) > h.count(best)) {
			best = t
		}
	}
	if best == "" && f.impersonates && len(h.found["bec"])+len(h.found["payroll"])+len(h.found["giftcard"]) > 0 {
		best = "bec"
		for _, t := range [...]string{"payroll", "giftcard"} {
			if len(h.found[t]) > 0 {
				best = t
			}
		}
	}
	switch {
	case best == "":
	case f.impersonates:
		raise("impostor-of-own", say("%s, in the name of one of your people from %s", h.quote(best), f.from.Addr))
	case free && !f.reply && len(f.web) == 0:
		raise("impostor-request", say("%s, from %s", h.quote(best), f.from.Addr))
	}
}

// phoneIn returns the first telephone number that text shows: seven to fifteen digits in groups, or behind "+" or in brackets. Dates,
// sums, long numbers without gaps and parts of words are none. "O" and "l" among digits are read as digits, as people do.
func phoneIn(text string) string {
	for i := 0; i < len(text); i++ {
		b := text[i]
		if b != '+' && b != '(' && (b < '0' || b > '9') || i > 0 && (wordByte(text[i-1]) || strings.IndexByte("/#$.,:=&-_", text[i-1]) >= 0) {
			continue
		}
		end, digits, groups := phoneEnd(text, i)
		if digits >= 10 && digits <= 15 && groups >= 3 || digits >= 9 && digits <= 15 && groups >= 2 && (b == '+' || b == '(' || b == '0') || digits >= 10 && digits <= 15 && b == '+' {
			if end == len(text) || !wordByte(text[end]) {
				return strings.TrimSpace(text[i:end])
			}
		}
		if end > i {
			i = end
		}
	}
	return ""
}

// phoneEnd walks over one candidate: groups of digits with one or two of " -.()" between them.
func phoneEnd(text string, i int) (end, digits, groups int) {
	gap := 3
	end = i
	for ; i < len(text) && digits < 16; i++ {
		b := text[i]
		switch {
		case b >= '0' && b <= '9', (digits > 0 || gap == 3) && (b == 'O' || b == 'o' || b == 'l') && i+1 < len(text) && (text[i+1] >= '0' && text[i+1] <= '9' || gap == 0 || digits > 0 && i+2 < len(text) && strings.IndexByte(".- ", text[i+1]) >= 0 && isDigit(text[i+2])):
			if gap > 0 {
				groups++
			}
			gap, digits, end = 0, digits+1, i+1
		case b == ' ' || b == '-' || b == '.' || b == '(' || b == ')' || b == '+' && digits == 0:
			if gap++; gap > 3 && digits > 0 {
				return end, digits, groups
			}
		case b == 0xc2 && i+1 < len(text) && text[i+1] == 0xa0: // no-break space
			i++
			if gap++; gap > 3 {
				return end, digits, groups
			}
		case b == 0xe2 && i+2 < len(text) && text[i+1] == 0x80 && text[i+2] >= 0x90 && text[i+2] <= 0x95: // dashes
			i += 2
			gap++
		default:
			return end, digits, groups
		}
	}
	return end, digits, groups
}

// coinAddress says that the text holds something shaped like a Bitcoin address.
func coinAddress(text string) bool {
	for w := range strings.FieldsFuncSeq(cut(text, maxBody), func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) {
		if len(w) < 26 || len(w) > 62 {
			continue
		}
		if strings.HasPrefix(w, "bc1") || (w[0] == '1' || w[0] == '3') && len(w) <= 35 && strings.IndexAny(w, "0OIl") < 0 && caseTurns(w) > 3 {
			return true
		}
	}
	return false
}
