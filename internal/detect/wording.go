package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/intel"
)

const (
	maxCompared = 8 << 10 // octets of the plain part that are compared with the HTML
	minCompared = 6       // words below which nothing can be said
)

// otherText says that hardly a word of the plain part stands in the HTML, a result of folding. A plain part that only says where the
// HTML can be seen is no other text.
func otherText(text string, html []byte) bool {
	plain := intel.AppendFold(nil, cut(text, maxCompared))
	if phrasedIn(plain, "html", "browser", "mail client", "e mail program", "webversion", "web version", "view this", "view online", "navigateur", "navegador") {
		return false
	}
	have := map[string]bool{}
	for w := range bytes.FieldsSeq(html) {
		if len(w) >= 4 {
			have[string(w)] = true
		}
	}
	words, shared := 0, 0
	for w := range bytes.FieldsSeq(plain) {
		if len(w) < 4 || len(w) > 24 || bytes.HasPrefix(w, []byte("http")) {
			continue
		}
		words++
		if have[string(w)] {
			shared++
		}
	}
	return words >= minCompared && shared*6 < words
}

// leftovers are the names of fields that a sending program fills in.
var leftovers = map[string]bool{"name": true, "firstname": true, "lastname": true, "fullname": true, "username": true, "useremail": true, "toemail": true,
	"recipient": true, "recipientname": true, "recipientemail": true, "trackinglink": true, "trackingurl": true, "unsublink": true, "unsubscribelink": true,
	"unsuburl": true, "domainname": true, "companyname": true, "customername": true, "victim": true, "victimemail": true, "email": true, "emailuser": true}

// leftover returns the first placeholder of a sending program that stands in s unfilled: "[username]", "{{first_name}}", "##email##", "[random_8]".
func leftover(s string) string {
	for i := 0; i < len(s); i++ {
		end := byte(0)
		switch s[i] {
		case '[':
			end = ']'
		case '{':
			end = '}'
		case '%', '#', '$':
			if i+1 < len(s) && s[i+1] == s[i] {
				end = s[i]
			}
		}
		if end == 0 {
			continue
		}
		start := i
		for i < len(s) && s[i] == s[start] {
			i++
		}
		n := strings.IndexByte(s[i:min(len(s), i+28)], end)
		if n <= 0 {
			i = start
			continue
		}
		word := strings.ToLower(joints.Replace(s[i : i+n]))
		word = strings.TrimRight(word, "0123456789")
		if leftovers[word] || strings.HasPrefix(word, "random") || strings.HasPrefix(word, "rndm") {
			return s[start : i+n+1]
		}
		i = start
	}
	return ""
}

// joints stand between the words of a placeholder.
var joints = strings.NewReplacer("_", "", "-", "", " ", "")

// salad returns words of s, a result of folding, when many of its words are letters and digits thrown together, as tools add to make
// every copy different. A reference number or two are no salad.
func salad(s []byte) string {
	words, mixed := 0, 0
	sample := ""
	for w := range bytes.FieldsSeq(s) {
		if words++; words == 400 {
			break
		}
		if len(w) < 5 || len(w) > 40 {
			continue
		}
		letters, turns := 0, 0
		for i, b := range w {
			if isASCIILetter(b) {
				letters++
			}
			if i > 0 && isASCIILetter(b) != isASCIILetter(w[i-1]) {
				turns++
			}
		}
		if turns >= 3 && letters >= 2 {
			if mixed++; mixed <= 4 {
				sample += " " + string(w)
			}
		}
	}
	if mixed >= 8 && mixed*6 >= words {
		return strings.TrimSpace(sample)
	}
	return ""
}

// detectWording looks for what sending tools leave in the text.
func detectWording(f *Facts, raise Raise) {
	if f.list || f.reply || f.report {
		return
	}
	m := f.Message
	for _, s := range [...]string{m.Subject, f.from.Name, cut(m.Visible, 8<<10)} {
		if w := leftover(s); w != "" {
			raise("template-leftover", say("%q", w))
			break
		}
	}
	if m.HTML == "" {
		return
	}
	if w := salad(f.body); w != "" {
		raise("random-words", say("%q", w))
	} else if w := salad(intel.AppendFold(nil, cut(m.Hidden, 8<<10))); w != "" {
		raise("random-words", say("hidden: %q", w))
	}
	if f.otherText && len(f.web) > 0 {
		raise("text-differs", say("plain part: %q", firstLine(m.Text)))
	}
	if f.bulkLevel() < 4 && !f.proven() {
		if n := letters(m.Hidden, 3000); n >= 800 && 2*n > 3*letters(m.Visible, 3000) {
			raise("hidden-prose", say("%d letters nobody sees: %q", n, strings.TrimSpace(m.Hidden)))
		}
	}
}
