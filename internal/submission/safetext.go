package submission

import (
	"strings"
	"unicode"
)

// oneLine is a text of a stranger on one line, without what turns or hides text.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return cut(strings.Join(strings.Fields(s), " "), 200)
}

// safeText is oneLine with every address and link defanged: mail programs turn them into something to click on.
func safeText(s string) string {
	words := strings.Split(oneLine(s), " ")
	for i, w := range words {
		if at := strings.Index(w, "://"); at >= 0 {
			w = strings.NewReplacer("http", "hxxp", "HTTP", "hXXp", "://", "[:]//").Replace(w)
		}
		words[i] = dotted(w)
	}
	return strings.Join(words, " ")
}

// dotted puts brackets around every dot between letters or digits.
func dotted(w string) string {
	r := []rune(w)
	var b strings.Builder
	for i, c := range r {
		inside := func(n int) bool { return n >= 0 && n < len(r) && (unicode.IsLetter(r[n]) || unicode.IsDigit(r[n])) }
		if c == '.' && inside(i-1) && inside(i+1) {
			b.WriteString("[.]")
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
