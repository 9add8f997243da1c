package detect

import (
	"strings"
	"unicode"

	"tocsin/internal/intel"
)

// personal are the providers whose domain is a brand's own and everybody's at once.
var personal = map[string]bool{"gmail.com": true, "googlemail.com": true, "icloud.com": true, "me.com": true, "mac.com": true, "msn.com": true}

// officialSender reports whether From is under one of the brand's domains, and not at an address or page that the brand rents out.
func (f *Facts) officialSender(b *intel.Brand) bool {
	d := f.from.Domain
	if !f.judge.brands.Official(b, d) {
		return false
	}
	if personal[d] || strings.HasPrefix(d, "hotmail.") || strings.HasPrefix(d, "outlook.") || strings.HasPrefix(d, "live.") {
		return false
	}
	return f.judge.rented(d) == ""
}

// officialLink says that a link leads to the brand itself.
func (f *Facts) officialLink(b *intel.Brand) bool {
	for _, l := range append(f.web[:len(f.web):len(f.web)], f.beyond...) {
		if f.judge.brands.Official(b, l.host) && f.judge.hosts.Hosting.Match(l.host) == "" && f.judge.hosts.Shorteners.Match(l.host) == "" {
			return true
		}
	}
	return false
}

// detectIdentity compares who the message says it is from with where it comes from.
func detectIdentity(f *Facts, raise Raise) {
	detectBrandName(f, raise)
	detectOwnPeople(f, raise)
	detectNameTricks(f, raise)

	if len(f.Message.ReplyTo) > 0 && f.freeMail == "" && !f.list {
		r := f.Message.ReplyTo[0]
		if entry := f.judge.hosts.FreeMail.Match(r.Domain); entry != "" && intel.OrgDomain(r.Domain) != f.fromOrg && f.from.Domain != "" {
			raise("reply-to-free-mail", say("From is at %s, Reply-To is %s", f.from.Domain, r.Addr))
		}
	}
	if n := len(f.Message.From); n != 1 || f.from.Domain == "" || !strings.Contains(f.from.Domain, ".") {
		if _, dsn := f.Message.Lookup("Auto-Submitted"); !dsn && f.Message.ReturnPath != "" {
			raise("several-from", say("%d addresses in From; the first is %q", n, f.from.Addr))
		}
	}
}

func detectBrandName(f *Facts, raise Raise) {
	if f.org.owns(f.from.Domain) {
		return
	}
	for _, m := range f.judge.brands.Match(f.name, true) {
		if f.officialSender(m.Brand) {
			continue
		}
		switch {
		case f.list:
			continue // a member's name with an employer in it
		case f.officialLink(m.Brand):
			raise("brand-display-name-linked", say("%q names %s; the sender is at %s", f.from.Name, m.Brand.Name, host(f.from.Domain)))
		default:
			raise("brand-display-name", say("%q names %s; the sender is at %s", f.from.Name, m.Brand.Name, host(f.from.Domain)))
		}
		if f.freeMail != "" {
			raise("brand-free-mail", say("%q writes from %s", f.from.Name, f.from.Addr))
		}
		if f.judge.brands.Alone(f.name) && !f.report && !f.officialLink(m.Brand) {
			raise("brand-name-bare", say("%q", f.from.Name))
		}
		if intel.Disguised(f.from.Name) {
			raise("brand-name-disguised", say("%q is read as %q", f.from.Name, string(f.name)))
		}
		return
	}
	if f.list {
		return
	}
	if word, b := f.judge.brands.Disguise(f.name); b != nil && !f.officialSender(b) {
		raise("brand-name-disguised", say("%q in %q is read as %s", word, f.from.Name, b.Name))
	}
	detectBrandAddress(f, raise)
	if !f.htmlOnly && f.proven() || len(f.web) == 0 || f.reply {
		return
	}
	for _, m := range f.judge.brands.Match(f.subject, false) {
		if !f.officialSender(m.Brand) && !f.officialLink(m.Brand) {
			raise("brand-subject", say("subject names %s; the sender is at %s, no link is the brand's", m.Brand.Name, host(f.from.Domain)))
			return
		}
	}
}

// detectBrandAddress finds a brand before the "@" of an address that is not the brand's: "paypal-support@notice.example". Tags behind
// "+" are the recipient's own notes.
func detectBrandAddress(f *Facts, raise Raise) {
	local, _, ok := strings.Cut(strings.ToLower(f.from.Addr), "@")
	if !ok || strings.ContainsAny(local, "+=") || !f.inbound || len(f.web) == 0 {
		return
	}
	for w := range strings.FieldsFuncSeq(local, func(r rune) bool { return !(r >= 'a' && r <= 'z') }) {
		if b := f.judge.lookalikes.Owner(w); b != "" && len(f.judge.brands.Of(f.from.Domain)) == 0 && !strings.Contains(f.from.Domain, w) {
			raise("brand-in-address", say("%s names %s", f.from.Addr, b))
			return
		}
	}
}

// addressIn returns the first word of s that looks like an address.
func addressIn(s string) string {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>()[]\"',;:", r) }) {
		if at := strings.IndexByte(w, '@'); at > 0 && strings.Contains(w[at+1:], ".") && !strings.HasSuffix(w, ".") {
			return strings.ToLower(w)
		}
	}
	return ""
}

func detectNameTricks(f *Facts, raise Raise) {
	if w := intel.MixedWord(f.from.Name + " " + f.Message.Subject); w != "" {
		raise("mixed-script-name", say("%q mixes %s", w, strings.Join(intel.Scripts(w), " and ")))
	}
	if w := intel.MixedWord(f.from.Name); w != "" {
		raise("sender-name-mixed", say("%q mixes %s", w, strings.Join(intel.Scripts(w), " and ")))
	} else if c := hiddenLetter(f.from.Name); c != "" {
		raise("sender-name-hidden", say("%q", c))
	}
	if shown := intel.Unicode(f.from.Domain); shown != f.from.Domain || !ascii(shown) {
		if w := intel.MixedWord(shown); w != "" || !alphabets[intel.TLD(f.from.Domain)] && ascii(intel.TLD(shown)) && len(shown) >= 9 && intel.Disguised(shown) {
			raise("sender-domain-mixed", say("%s is read as %q", host(f.from.Domain), intel.Fold(shown)))
		}
	}
	if w := styledWord(f.from.Name); w != "" {
		raise("sender-name-styled", say("%q stands for %q", w, intel.Fold(w)))
	}
	if w := styledWord(f.from.Name + " " + f.Message.Subject); w != "" {
		raise("styled-letters", say("%q stands for %q", w, intel.Fold(w)))
	}
}

// alphabets are countries whose own letters stand in their domains.
var alphabets = set("gr cy ru su bg ua rs mk by kz am eu")

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hiddenLetter returns the word around a character without width that stands between Latin letters of a name, "" when there is none. It has
// a meaning between Arabic or Indic letters and in emoji, never there.
func hiddenLetter(name string) string {
	if ascii(name) {
		return ""
	}
	for w := range strings.FieldsSeq(cut(name, 1000)) {
		last, hidden := rune(0), false
		for _, r := range w {
			switch {
			case intel.Invisible(r):
				hidden = unicode.Is(unicode.Latin, last)
				continue
			case hidden && unicode.Is(unicode.Latin, r):
				return w
			}
			last, hidden = r, false
		}
	}
	return ""
}

// styledWord returns the first word with three or more letters from the mathematical, fullwidth or enclosed blocks, which mail
// programs show like styled Latin and filters do not match.
func styledWord(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < 0x80
	}
	if ascii {
		return ""
	}
	for w := range strings.FieldsSeq(s) {
		n := 0
		for _, r := range w {
			if styled(r) {
				n++
			}
		}
		if n >= 3 {
			return w
		}
	}
	return ""
}

// styled reports a letter of the mathematical, fullwidth and enclosed blocks.
func styled(r rune) bool {
	return r >= 0x1d400 && r <= 0x1d7ff || r >= 0xff21 && r <= 0xff5a || r >= 0x24b6 && r <= 0x24e9 || r >= 0x1f130 && r <= 0x1f189
}

// detectLookalikes finds sender and link hosts made to be taken for a brand's or the organisation's own.
func detectLookalikes(f *Facts, raise Raise) {
	if f.from.Domain != "" {
		if im, ok := f.org.lookalikes.Find(f.from.Domain); ok && f.inbound {
			raise("own-lookalike-sender", say("%s for %s: %s", host(f.from.Domain), im.Of, string(im.Trick)))
		} else if im, ok := f.judge.lookalikes.Find(f.from.Domain); ok && !f.org.owns(f.from.Domain) {
			id := "brand-lookalike-sender"
			if im.Trick == intel.OtherTLD {
				id = "brand-cousin-sender"
			}
			raise(id, say("%s for %s (%s): %s", host(f.from.Domain), im.Of, im.Name, string(im.Trick)))
		}
	}
	seen := map[string]bool{f.from.Domain: true}
	for _, links := range [2][]link{f.web, f.beyond} {
		for i := range links {
			if l := &links[i]; !seen[l.host] && l.org != f.fromOrg {
				seen[l.host] = true
				detectLookalikeLink(f, l, raise)
			}
		}
	}
}

func detectLookalikeLink(f *Facts, l *link, raise Raise) {
	if im, ok := f.org.lookalikes.Find(l.host); ok {
		raise("own-lookalike-link", say("%s for %s: %s", host(l.host), im.Of, string(im.Trick)))
	}
	if im, ok := f.judge.lookalikes.Find(l.host); ok && im.Trick != intel.OtherTLD && !f.list && !f.org.owns(l.host) {
		raise("brand-lookalike-link", say("%s for %s (%s): %s", host(l.host), im.Of, im.Name, string(im.Trick)))
	}
}
