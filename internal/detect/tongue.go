package detect

import (
	"strings"

	"tocsin/internal/intel"
)

// tongues are small words that one language has and its neighbours do not, folded. Words that two of these languages share stand in neither.
var tongues = func() map[string]string {
	m := map[string]string{}
	for lang, words := range map[string]string{
		"English":    "the and you your for with this that please have has are will from kindly thank thanks our not would could is it of dear hello",
		"German":     "der die das und ist sie ihr ihre nicht mit fur wir uns ich auf vielen dank bitte bis sehr konnen wird einen dem zum guten anbei",
		"French":     "le les des vous votre nous est une pour avec dans merci bonjour pas que je sur veuillez cordialement notre aux du au",
		"Spanish":    "el los las usted su para con por una gracias hola que del esta le saludos nuestra nos muchas buenos adjunto",
		"Portuguese": "os voce seu sua obrigado obrigada ola nao uma com para segue pelo pela nosso em favor boa bom atenciosamente",
		"Italian":    "il gli che della del per con una grazie buongiorno le sono nostro allegato ci non saluti cordiali prego di",
		"Dutch":      "het een en van je u voor niet met dat zijn bedankt graag wij ons hierbij beste groet dank wel op",
		"Polish":     "nie jest prosze dzien dobry sie dla na oraz dziekuje pani pan czy do za od pozdrawiam nasz zalaczeniu",
	} {
		for w := range strings.FieldsSeq(words) {
			if have, ok := m[w]; ok && have != lang {
				m[w] = ""
				continue
			}
			m[w] = lang
		}
	}
	return m
}()

// tongue guesses the language of a text from its small words: at least four of them, and twice as many as of any other. "" when unsure.
func tongue(text string) string {
	counts := map[string]int{}
	n := 0
	for w := range strings.FieldsSeq(intel.Fold(cut(text, 2000))) {
		if n++; n > 300 {
			break
		}
		if lang := tongues[w]; lang != "" {
			counts[lang]++
		}
	}
	best, second := "", 0
	for lang, c := range counts {
		switch {
		case c > counts[best] || c == counts[best] && lang < best:
			second, best = counts[best], lang
		case c > second:
			second = c
		}
	}
	if counts[best] < 4 || counts[best] < 2*second {
		return ""
	}
	return best
}
