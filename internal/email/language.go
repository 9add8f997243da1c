package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/abadojack/whatlanggo"
)

const (
	languageSample = 2 << 10 // octets looked at
	trigramSample  = 512     // octets of it whose trigrams are counted: more costs time and decides no better
	languageLeast  = 24      // letters under which guessing is worse than not knowing
)

// language is the ISO 639-1 code of text, judged by its first 2 KiB without addresses; "" when there is too little to tell. Most mail
// gives itself away by its small words, which is quick; the rest is left to whatlanggo's scripts and trigrams.
func language(text string) string {
	words, letters := languageWords(text, languageSample/3)
	if l := bySmallWords(words, 8, 4); l != "" && letters >= languageLeast {
		return l // most mail has said it by then
	}
	words, letters = languageWords(text, languageSample)
	if letters < languageLeast {
		return ""
	}
	if l := bySmallWords(words, 4, 2); l != "" {
		return l
	}
	sample := strings.Join(words, " ")
	sample = strings.ToValidUTF8(sample[:min(len(sample), trigramSample)], "")
	info := whatlanggo.Detect(sample)
	if info.Lang < 0 || info.Confidence < 0.2 && info.Script == unicode.Latin {
		return ""
	}
	l := info.Lang.Iso6391()
	if l == "uk" && strings.ContainsAny(sample, "ыэъё") && !strings.ContainsAny(sample, "іїєґ") {
		return "ru" // letters that the other does not have
	}
	return l
}

// languageWords is the words that belong to a language in the first "sample" octets of text, and how many letters they have.
func languageWords(text string, sample int) (words []string, letters int) {
	size := 0
	words = make([]string, 0, 128)
	for word := range strings.FieldsSeq(text[:min(len(text), 4*sample)]) {
		if notLanguage(word) {
			continue
		}
		if size += len(word) + 1; size > sample {
			if len(words) > 0 {
				break
			}
			word = word[:sample]
		}
		word = strings.ToValidUTF8(word, "")
		letters += lettersOf(word)
		words = append(words, word)
	}
	return words, letters
}

// notLanguage reports whether a word is an address or code.
func notLanguage(word string) bool {
	dots := 0
	for i := 0; i < len(word); i++ {
		switch word[i] {
		case '@', '/', '_', '=', '\\':
			return true
		case '.':
			dots++
		}
	}
	return dots > 1
}

// lettersOf counts the letters of a word; one of a script that writes words with one or two counts four.
func lettersOf(word string) int {
	n := 0
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
			if isLetter(byte(r)) {
				n++
			}
		case unicode.IsLetter(r):
			n++
			if r >= 0x2E80 {
				n += 3
			}
		}
	}
	return n
}

// bySmallWords counts function words; "" unless one language has at least so many, and so many times what the next one has.
func bySmallWords(words []string, least, lead int) string {
	var hits [len(smallWordLanguages)]int
	for _, w := range words {
		if len(w) > 24 {
			continue
		}
		w = strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }))
		for mask, i := smallWords[w], 0; mask != 0; mask, i = mask>>1, i+1 {
			if mask&1 != 0 {
				hits[i]++
			}
		}
	}
	best, second := 0, 0
	for i := 1; i < len(hits); i++ {
		if hits[i] > hits[best] {
			best, second = i, hits[best]
		} else {
			second = max(second, hits[i])
		}
	}
	if hits[best] < least || hits[best] < lead*second {
		return ""
	}
	return smallWordLanguages[best]
}

var smallWordLanguages = [...]string{"en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "da", "nb", "fi", "cs", "tr", "ro", "ru", "uk"}

// smallWords has a bit for each language that uses the word.
var smallWords = func() map[string]uint32 {
	lists := [...]string{
		"the and of to you your is for this that with are have has we our will from not it be can please if on or as in was which would any all an by at do",
		"der die das und sie ihr ihre ihren ihrem nicht ist ein eine einen einem den dem des zu mit für auf von wir sich haben wird werden bei oder wurde sind noch auch bitte um im zur zum können",
		"le la les de des et est vous votre vos pour une un dans que qui nous pas sur avec cette ce au aux du être notre par ou si avez veuillez plus",
		"el la los las de del y es que su sus para por una un con no se en al lo más usted este esta está ha como si o tu nuestro nuestra",
		"o a os as de do da dos das e é que seu sua seus para por uma um com não se em no na ao você este esta está foi mais ou como nosso nossa até",
		"il lo la gli le di del della dei e è che per una un con non si in al da tuo tua sono questo questa ha come il nostro nostra più suo",
		"de het een en van is dat je uw u wij niet voor met op te zijn aan er om door bij ook dit deze naar we hebt wordt heeft ons jouw",
		"i w na z do się nie że to jest o od za przez jak dla po twój twoje proszę są oraz ze został",
		"och att det i en på är som för av med den till du har inte om ett vi kan din ditt från eller",
		"og at det i en på er som for af med den til du har ikke om et vi kan din dit fra eller dig blevet",
		"og å det i en på er som for av med den til du har ikke om et vi kan din ditt fra eller deg blitt",
		"ja on ei että se joka ovat kun tai mutta myös voit sinun meidän kanssa tämä ole hän olet",
		"a v na se je že to s z do pro jako by si ale není jsme vás prosím byl vaše aby jsou",
		"ve bir bu için ile de da olarak sizin daha çok lütfen olan gibi veya değil var size hesabınız",
		"și de la în a cu pe nu este să un o din pentru care sunt mai dumneavoastră vă contul acest prin sau",
		"и в не на что с по для вы вас ваш это как от из к за мы или если у вам",
		"і в не на що з по для ви вас ваш це як від із до за ми або якщо та вам",
	}
	m := map[string]uint32{}
	for i, list := range lists {
		for w := range strings.FieldsSeq(list) {
			m[w] |= 1 << i
		}
	}
	return m
}()
