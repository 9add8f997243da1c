package detect

import (
	"strings"
	"unicode"

	"tocsin/internal/intel"
)

// detectShape looks for the marks of mass mailers and careless tools. None of them says what the message wants.
func detectShape(f *Facts, raise Raise) {
	m := f.Message
	if f.list {
		return
	}
	if entry := f.judge.hosts.RiskyTLDs.Match(intel.TLD(f.from.Domain)); entry != "" && strings.Contains(f.from.Domain, ".") {
		raise("risky-sender-tld", say("%s", host(f.from.Domain)))
	}
	if w := randomPart(f.from.Addr, f.judge.brands); w != "" && f.inbound {
		raise("random-sender", say("%q in %s", w, f.from.Addr))
	}
	if e := emojiIn(m.Subject + " " + f.from.Name); e != "" && m.HTML != "" {
		raise("emoji-bait", say("%s", e))
	}
	switch p := strings.TrimSpace(f.header("X-Priority")); {
	case strings.HasPrefix(p, "1"), strings.HasPrefix(p, "2"), strings.EqualFold(strings.TrimSpace(f.header("Importance")), "high"):
		if m.HTML != "" {
			raise("high-priority", say("X-Priority %q, Importance %q", p, f.header("Importance")))
		}
	}
	if t := m.Root.Type; t == "multipart/digest" || t == "multipart/parallel" {
		raise("odd-structure", say("%s", t))
	}
	if s := paddedSubject(m.Subject, f.from.Name); s != "" {
		raise("spaced-subject", say("%q", s))
	}
	if len(m.To) == 0 && len(m.Cc) == 0 && f.htmlOnly {
		raise("no-recipient", say("To is %q", f.header("To")))
	}
	if w := answerMark(m.Subject); w != "" && !f.reply && len(m.References) == 0 && m.HTML != "" && (f.htmlOnly || f.otherText) {
		raise("fake-reply", say("subject %q answers nothing", m.Subject))
	}
	if shouts(m.Subject) {
		raise("shouting-subject", say("%q", m.Subject))
	}
	if n := decorated(f.from.Name); n != "" && m.HTML != "" {
		raise("decorated-name", say("%q", n))
	}
	if w := sumIn(m.Subject); w != "" {
		raise("money-in-subject", say("%q in the subject", w))
	}
	if m.HTML != "" && len(f.web) > 0 && f.inbound && !f.reply && f.strangeName() {
		raise("name-unlike-address", say("%q and %s have nothing in common", f.from.Name, f.from.Addr))
	}
	if f.modern && m.HTML != "" && f.inbound && !f.reply && !f.report {
		if _, ok := m.Lookup("List-Unsubscribe"); !ok && f.lures.unsubscribe {
			raise("bulk-undeclared", say("no List-Unsubscribe field"))
		}
		if !f.signed && !f.known && len(f.web) > 0 && !(f.htmlOnly && f.foreign) {
			raise("unsigned-mail", say("no signature of %s or anybody else", f.from.Domain))
		}
	}
	for _, key := range [...]string{"X-Php-Originating-Script", "X-Php-Script"} {
		if v, ok := m.Lookup(key); ok {
			raise("script-mailer", say("%s: %s", key, v))
			break
		}
	}
}

// randomPart returns the local part or a domain label that nobody would choose: letters and digits in turns, capitals at random, or
// no vowels for long. Long tokens that services put before "@" for replies (with "+", "=", "#" or more than 40 characters) are left out.
func randomPart(addr string, brands *intel.Brands) string {
	local, domain, ok := strings.Cut(addr, "@")
	if !ok || strings.ContainsAny(local, "+=#") || len(local) > 40 {
		return ""
	}
	if oddCase(local) || looksRandom(strings.ToLower(local)) || unpronounceable(strings.ToLower(local)) {
		return local
	}
	org := intel.OrgDomain(domain)
	if label, _, _ := strings.Cut(org, "."); len(brands.Of(org)) == 0 && (looksRandom(label) || unpronounceable(label)) {
		return label
	}
	return ""
}

func looksRandom(s string) bool {
	if strings.HasPrefix(s, "xn--") || len(s) < 8 {
		return false
	}
	turns, run, longest, vowels, digits := 0, 0, 0, 0, 0
	for i := 0; i < len(s); i++ {
		b := s[i]
		digit := b >= '0' && b <= '9'
		if digit {
			digits++
		}
		if i > 0 && digit != (s[i-1] >= '0' && s[i-1] <= '9') && b != '-' && b != '.' && b != '_' {
			turns++
		}
		switch {
		case strings.IndexByte("aeiouy", b) >= 0:
			vowels++
			run = 0
		case b >= 'a' && b <= 'z':
			run++
			longest = max(longest, run)
		default:
			run = 0
		}
	}
	return longest >= 6 || turns >= 4 && digits < len(s)-2 || len(s) >= 10 && vowels == 0 && digits < len(s)/2
}

// caseTurns counts changes between small and capital letters, word starts left out.
func caseTurns(s string) int {
	n := 0
	for i := 1; i < len(s); i++ {
		if isASCIILetter(s[i]) && isASCIILetter(s[i-1]) && (s[i] < 'a') != (s[i-1] < 'a') {
			n++
		}
	}
	return n
}

// emojiIn returns the emoji of s, at most five.
func emojiIn(s string) string {
	var out []rune
	for _, r := range s {
		if r >= 0x1f300 && r <= 0x1faff || r >= 0x2600 && r <= 0x27bf || r == 0x2b50 || r == 0x2b55 || r == 0x23f0 || r == 0x23f3 || r >= 0x1f1e6 && r <= 0x1f1ff {
			if out = append(out, r); len(out) == 5 {
				break
			}
		}
	}
	return string(out)
}

// paddedSubject returns subject or name when it ends in a machine's serial number, is stretched with blanks, or spells words out with
// dots, so that no two copies are alike.
func paddedSubject(subject, name string) string {
	for _, s := range [...]string{name, subject} {
		if strings.Contains(s, "    ") || strings.Contains(s, "___") {
			return s
		}
		dots := 0
		for i := 1; i+1 < len(s); i++ {
			if s[i] == '.' && isASCIILetter(s[i-1]) && isASCIILetter(s[i+1]) && (i < 2 || s[i-2] == '.' || s[i-2] == ' ') {
				dots++
			}
		}
		if dots >= 3 {
			return s
		}
	}
	if last := subject[strings.LastIndexAny(subject, " #:-_")+1:]; len(last) >= 6 && len(last) < len(subject) && mixedSerial(last) {
		return subject
	}
	return ""
}

func mixedSerial(s string) bool {
	upper, lower, digit := 0, 0, 0
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII:
			return false
		case r >= '0' && r <= '9':
			digit++
		case r >= 'A' && r <= 'Z':
			upper++
		case r >= 'a' && r <= 'z':
			lower++
		default:
			return false
		}
	}
	return digit > 0 && lower > 0 && upper > 0 || digit > 1 && lower > 1 && caseTurns(s) == 0 && upper == 0
}
