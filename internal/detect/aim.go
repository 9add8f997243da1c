package detect

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// roles are local parts that many people share; in a subject or link they say nothing.
var roles = map[string]bool{"info": true, "admin": true, "office": true, "sales": true, "contact": true, "mail": true, "support": true, "hello": true,
	"webmaster": true, "postmaster": true, "service": true, "team": true, "user": true, "users": true, "list": true, "lists": true, "news": true, "help": true,
	"jobs": true, "billing": true, "accounts": true, "marketing": true, "kontakt": true, "buero": true, "test": true, "root": true, "abuse": true, "security": true}

// detectAim looks for the recipient's address where a correspondent would write a name, or nothing. It compares the text as written:
// "Maren Okafor" is a name, "maren.okafor" is an address.
func detectAim(f *Facts, raise Raise) {
	subject := strings.ToLower(cut(f.Message.Subject, 2000))
	head := strings.ToLower(cut(strings.TrimLeft(ownText(cut(f.Message.Visible, 2000)), " \t\r\n"), 220))
	named := false
	for _, rcpt := range f.Recipients[:min(len(f.Recipients), 20)] {
		local, _, ok := strings.Cut(rcpt, "@")
		if !ok || local == "" {
			continue
		}
		own := !roles[local] && len(local) >= 4 && strings.ContainsAny(local, "._-0123456789") && !f.list
		switch {
		case strings.Contains(subject, rcpt):
			raise("recipient-in-subject", say("subject %q holds %s", f.Message.Subject, rcpt))
		case own && containsWord(subject, local):
			raise("recipient-in-subject", say("subject %q holds %q of %s", f.Message.Subject, local, rcpt))
		}
		if !named && len(f.web) > 0 && !f.list && !f.report && (strings.Contains(head, rcpt) || own && greets(head, local)) {
			raise("recipient-in-greeting", say("%q", firstLine(f.Message.Visible)))
			named = true
		}
		if l, coded := f.linkWith(rcpt); coded {
			raise("recipient-in-link-coded", say("%s holds %s", l.URL, rcpt))
		} else if l != nil {
			raise("recipient-in-link", say("%s holds %s", l.URL, rcpt))
		}
	}
	if f.lures.greeting != "" && !f.list {
		raise("generic-greeting", say("%q", f.lures.greeting))
	}
}

// containsWord says that word stands in text with no letter or digit beside it.
func containsWord[T string | []byte](text, word T) bool {
	s, w := string(text), string(word)
	for off := 0; ; {
		i := strings.Index(s[off:], w)
		if i < 0 {
			return false
		}
		start, end := off+i, off+i+len(w)
		if (start == 0 || !wordByte(s[start-1])) && (end == len(s) || !wordByte(s[end])) {
			return true
		}
		off = end
	}
}

func wordByte(b byte) bool { return isASCIILetter(b) || b >= '0' && b <= '9' || b >= 0x80 }

// greets says that word follows a greeting at the head of the text.
func greets(head, word string) bool {
	i := strings.Index(head, word)
	if i < 0 || i > 60 {
		return false
	}
	for w := range strings.FieldsSeq(head[:i]) {
		switch strings.Trim(w, ",:!") {
		case "dear", "hi", "hello", "hey", "hallo", "liebe", "lieber", "bonjour", "cher", "chere", "hola", "estimado", "ola", "prezado", "caro", "ciao", "gentile", "beste", "geachte", "witaj", "drogi", "attention", "attn":
			return true
		}
	}
	return false
}

// firstLine returns the first line with something in it.
func firstLine(s string) string {
	for line := range strings.SplitSeq(cut(s, 1000), "\n") {
		if t := strings.TrimSpace(line); t != "" {
			return t
		}
	}
	return ""
}

// linkWith returns the first link that carries addr as it is, percent-encoded, in base64 or in hex, when half of the links to others
// do, or when it stands behind "#", where a page reads it to fill in its form. Newsletters have one such link among many. coded says that
// it is written so that readers do not see it, or behind "#".
func (f *Facts) linkWith(addr string) (l *link, coded bool) {
	tokens := []string{addr, strings.Replace(addr, "@", "%40", 1), strings.Replace(addr, "@", "%2540", 1)}
	inHex := hex.EncodeToString([]byte(addr))
	b64 := base64.RawStdEncoding.EncodeToString([]byte(addr))
	b64 = b64[:len(b64)-1] // the last character depends on what follows
	var first *link
	others, with := 0, 0
	for i := range f.web {
		l := &f.web[i]
		if l.org == f.fromOrg || f.org.owns(l.host) || f.list || f.judge.hosts.Trackers.Match(l.host) != "" {
			continue
		}
		others++
		low := strings.ToLower(l.URL)
		hidden := strings.Contains(l.URL, b64) || strings.Contains(low, inHex)
		found := hidden
		if !found {
			for _, t := range tokens {
				found = found || strings.Contains(low, t)
			}
		}
		if !found {
			continue
		}
		if hash := strings.IndexByte(l.URL, '#'); hash >= 0 && (strings.Contains(l.URL[hash:], b64) || strings.Contains(strings.ToLower(l.URL[hash:]), addr)) {
			return l, true
		}
		coded = coded || hidden
		if with++; first == nil {
			first = l
		}
	}
	if 2*with >= others {
		return first, coded && first != nil
	}
	return nil, false
}
