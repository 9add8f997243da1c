package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/abadojack/whatlanggo"
)

const (
	languageSample = 2 << 10 // octets looked at
	languageLeast  = 24      // letters under which guessing is worse than not knowing
)

// language is the ISO 639-1 code of text, judged by its first 2 KiB without addresses; "" when there is too little to tell.
func language(text string) string {
	var b strings.Builder
	b.Grow(languageSample)
	letters, wide := 0, 0
	for word := range strings.FieldsSeq(text[:min(len(text), 4*languageSample)]) {
		if strings.ContainsAny(word, "@/_=\\") || strings.Count(word, ".") > 1 {
			continue
		}
		if b.Len()+len(word) >= languageSample {
			if b.Len() > 0 {
				break
			}
			word = strings.ToValidUTF8(word[:languageSample-1], "")
		}
		for _, r := range word {
			if unicode.IsLetter(r) {
				letters++
				if r >= 0x2E80 {
					wide++
				}
			}
		}
		b.WriteString(word)
		b.WriteByte(' ')
	}
	if letters+3*wide < languageLeast || !utf8.ValidString(b.String()) {
		return ""
	}
	info := whatlanggo.Detect(b.String())
	if info.Lang < 0 || info.Confidence < 0.2 && info.Script == unicode.Latin {
		return ""
	}
	return info.Lang.Iso6391()
}
