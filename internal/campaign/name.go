package campaign

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/email"
)

// maxTitle is the longest name, in characters.
const maxTitle = 80

// connectors are words that say nothing once the word behind them is gone.
var connectors = map[string]bool{"for": true, "from": true, "of": true, "to": true, "by": true, "in": true, "at": true, "on": true, "until": true, "before": true, "no": true, "nr": true, "für": true, "von": true, "bis": true, "de": true, "da": true, "di": true, "voor": true, "van": true, "do": true, "dla": true}

// Title is what people call a campaign: what its mail says it is about, without what changes from copy to copy (numbers, addresses, the
// readers' names), behind what it imitates or carries. It is never empty.
func Title(m *email.Message, recipients []string, subtype string) string {
	named := recipientWords(m, recipients)
	var words []string
	for w := range strings.FieldsSeq(subjectCore(m.Subject)) {
		bare := strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
		if strings.ContainsAny(w, "@/0123456789") || named[bare] {
			for n := len(words); n > 0 && connectors[strings.ToLower(words[n-1])]; n = len(words) {
				words = words[:n-1]
			}
			if n := len(words); n > 0 && strings.HasSuffix(w, ":") {
				words[n-1] += ":"
			}
			continue
		}
		if bare != "" {
			words = append(words, w)
		}
	}
	for n := len(words); n > 1 && connectors[strings.ToLower(words[n-1])]; n = len(words) {
		words = words[:n-1]
	}
	title := strings.Trim(strings.Join(words, " "), " ,;:-")
	if title == "" && len(m.From) > 0 {
		title = strings.Join(strings.Fields(m.From[0].Name), " ")
	}
	if title == "" {
		title = "Without a subject"
	}
	if subtype != "" && !strings.Contains(strings.ToLower(title), strings.ToLower(subtype)) {
		title = subtype + ": " + title
	}
	if utf8.RuneCountInString(title) > maxTitle {
		title = string([]rune(title)[:maxTitle-1]) + "…"
	}
	return title
}
