package detect

import (
	"bufio"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"tocsin/internal/intel"
)

// Bounds of what is read as sentences.
const (
	maxStory     = 8 << 10 // octets of one text
	maxSentence  = 1000    // octets; what goes on longer is cut
	maxSentences = 160
	shortLine    = 45 // a shorter line ends a sentence: only longer ones were broken by a mail program
)

//go:embed stories/words.txt
var storyWords string

// ideas is a set of what a sentence speaks of, one bit for each class of stories/words.txt.
type ideas uint64

const (
	saysNot ideas = 1 << iota
	saysIf
	saysConsent
	saysDenied
	saysCharge
	saysUndo
	saysCall
	saysUrgent
	saysAvailable
	saysUnreachable
	saysSecret
	saysPay
	saysGift
	saysData
	saysSend
	saysFavour
	saysAccount
	saysNew
	saysChanged
	saysReason
	saysSalary
	saysMine
	saysSwitched
	saysApproved
	saysInstead
	saysProof
	saysCheck
	saysIsolate
	saysReach
	saysWaits
	saysPaper
	saysAct
	saysHanded
	saysThreat
	saysSignIn
	saysElsewhere
	saysWage
	saysPassword
	asks  // ends in a question mark
	phone // shows a telephone number
)

var ideaNames = map[string]ideas{"not": saysNot, "if": saysIf, "consent": saysConsent, "denied": saysDenied, "charge": saysCharge, "undo": saysUndo, "call": saysCall,
	"urgent": saysUrgent, "available": saysAvailable, "unreachable": saysUnreachable, "secret": saysSecret, "pay": saysPay, "gift": saysGift, "data": saysData,
	"send": saysSend, "favour": saysFavour, "account": saysAccount, "new": saysNew, "changed": saysChanged, "reason": saysReason, "salary": saysSalary,
	"mine": saysMine, "switched": saysSwitched, "approved": saysApproved, "instead": saysInstead, "proof": saysProof, "check": saysCheck,
	"isolate": saysIsolate, "reach": saysReach, "waits": saysWaits, "paper": saysPaper, "act": saysAct, "handed": saysHanded, "threat": saysThreat, "signin": saysSignIn, "elsewhere": saysElsewhere, "wage": saysWage, "password": saysPassword}

// ideaBook finds the words of stories/words.txt.
type ideaBook struct {
	words *intel.Matcher
	of    []ideas // phrase -> class
}

var shippedIdeas = sync.OnceValue(func() *ideaBook {
	b, err := readIdeas(storyWords)
	if err != nil {
		panic(err) // embedded at build time; TestStoryWords reads it
	}
	return b
})

// readIdeas reads lines "class: phrase, phrase"; "#" starts a comment, "*" at the end lets a word go on.
func readIdeas(text string) (*ideaBook, error) {
	b := &ideaBook{}
	var phrases []string
	sc := bufio.NewScanner(strings.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		class, list, ok := strings.Cut(line, ":")
		id := ideaNames[class]
		if !ok || id == 0 {
			return nil, fmt.Errorf("stories/words.txt:%d: no class %q", n, class)
		}
		for p := range strings.SplitSeq(list, ",") {
			if intel.Fold(p) == "" {
				return nil, fmt.Errorf("stories/words.txt:%d: a phrase without letters", n)
			}
			phrases, b.of = append(phrases, strings.TrimSpace(p)), append(b.of, id)
		}
	}
	b.words = intel.NewMatcher(phrases)
	return b, sc.Err()
}

// story is a text as the ideas of its sentences.
type story struct {
	said     []ideas // a sentence each
	all      ideas
	first    map[ideas]string // the first words that say it, for evidence
	number   string           // a telephone number to ring, "" when none
	account  string           // an IBAN, "" when none
	numbered string           // an account by another number, "" when none
	money    bool             // a sum with its currency
	letters  int
}

// tell reads texts, sentence by sentence.
func tell(texts ...string) *story {
	s := &story{first: map[ideas]string{}}
	for _, t := range texts {
		t = cut(t, maxStory)
		for t != "" && len(s.said) < maxSentences {
			n := sentenceEnd(t)
			s.add(t[:n])
			t = t[n:]
		}
	}
	return s
}

func (s *story) add(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	folded := intel.AppendFold(nil, text)
	book := shippedIdeas()
	var said ideas
	book.words.Find(folded, func(m intel.Match) bool {
		id := book.of[m.Phrase]
		said |= id
		if s.first[id] == "" {
			s.first[id] = string(folded[m.Start:m.End])
		}
		return true
	})
	if strings.HasSuffix(strings.TrimSpace(text), "?") {
		said |= asks
	}
	visible := plainDigits(withoutInvisible(text))
	if s.numbered == "" && said&(saysAccount|saysPay) != 0 {
		s.numbered = numberedAccount(visible)
	}
	s.money = s.money || sumNamed(visible, string(folded))
	if a := accountIn(visible); a != "" {
		if s.account == "" {
			s.account = a
		}
	} else if n := phoneIn(visible); n != "" {
		said |= phone
		s.number = n
	} else if said&saysCall != 0 || len(s.said) > 0 && s.said[len(s.said)-1]&saysCall != 0 {
		if n := shortPhoneIn(visible); n != "" {
			said |= phone
			if s.number == "" {
				s.number = n
			}
		}
	}
	s.said = append(s.said, said)
	s.all |= said
	s.letters += len(folded)
}

// together says that all ideas stand in one sentence, or in two that follow each other.
func (s *story) together(all ideas) bool {
	for i, x := range s.said {
		if i > 0 {
			x |= s.said[i-1]
		}
		if x&all == all {
			return true
		}
	}
	return false
}

// sentence says that one sentence holds all of the ideas and none of the others.
func (s *story) sentence(all, none ideas) bool {
	for _, x := range s.said {
		if x&all == all && x&none == 0 {
			return true
		}
	}
	return false
}

func (s *story) has(any ideas) bool { return s.all&any != 0 }

// count is how many of the ideas are there.
func (s *story) count(list ...ideas) int {
	n := 0
	for _, x := range list {
		if s.all&x != 0 {
			n++
		}
	}
	return n
}

// quote shows the words that say the ideas.
func (s *story) quote(list ...ideas) string {
	var out []string
	for _, x := range list {
		if w := s.first[x]; w != "" && s.all&x != 0 {
			out = append(out, `"`+w+`"`)
		}
	}
	return strings.Join(out, ", ")
}

// sentenceEnd returns the length of the first sentence of text with the blanks behind it.
func sentenceEnd(text string) int {
	line := 0
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case i >= maxSentence && b < utf8.RuneSelf:
			return i
		case b == '\n':
			if line < shortLine || i+1 < len(text) && text[i+1] == '\n' {
				return i + 1
			}
			line = 0
			continue
		case (b == '.' || b == '!' || b == '?' || b == ';') && (i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\n' || text[i+1] == '\r'):
			if b == '.' && i > 1 && i+2 < len(text) && (isDigit(text[i-1]) || text[i-1] == ' ' && isDigit(text[i-2])) && digitLike(text[i+2]) {
				break // a number with gaps
			}
			return i + 1
		}
		line++
	}
	return len(text)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// digitLike says that b is a digit or a letter that stands in for a nought.
func digitLike(b byte) bool { return isDigit(b) || b == 'O' || b == 'o' }

// plainDigits writes digits of other scripts and styles, wide ones and those on keys as ASCII, and a wide plus and brackets too, as people read
// them. Text of ASCII alone comes back as it is.
func plainDigits(s string) string {
	if ascii(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == 0xfe0f || r == 0x20e3: // the frame of a key
			return -1
		case r >= 0xff08 && r <= 0xff19: // wide brackets, plus, signs and digits
			return r - 0xfee0
		case r >= 0x1d7ce && r <= 0x1d7ff: // mathematical digits, five styles
			return '0' + (r-0x1d7ce)%10
		case r >= 0x2460 && r <= 0x2468: // enclosed 1 to 9
			return '1' + r - 0x2460
		case r == 0x24ea || r == 0x24ff:
			return '0'
		case r >= 0x660 && r <= 0x669: // Arabic-Indic
			return '0' + r - 0x660
		case r >= 0x6f0 && r <= 0x6f9:
			return '0' + r - 0x6f0
		case r >= 0x966 && r <= 0x96f: // Devanagari
			return '0' + r - 0x966
		}
		return r
	}, s)
}

// withoutInvisible drops what is drawn as nothing, which numbers are broken up with. Text of ASCII alone comes back as it is.
func withoutInvisible(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				if intel.Invisible(r) {
					return -1
				}
				return r
			}, s)
		}
	}
	return s
}

// currencies stand before or behind a sum, folded.
var currencies = set("usd eur gbp chf pln zl brl btc euro euros dollar dollars pounds cad aud reais zlotych zloty sek nok dkk czk us")

// sumNamed says that text names a sum of money. folded is the same text folded.
func sumNamed(text, folded string) bool {
	for i, r := range text {
		if r != '$' && r != '€' && r != '£' {
			continue
		}
		behind := strings.TrimLeft(text[i+utf8.RuneLen(r):], " \u00a0")
		before := strings.TrimRight(text[:i], " \u00a0")
		if behind != "" && isDigit(behind[0]) || before != "" && isDigit(before[len(before)-1]) {
			return true
		}
	}
	number, currency := false, false
	for w := range strings.FieldsSeq(folded) {
		n, c := isDigit(w[0]), currencies[w]
		if n && currency || c && number {
			return true
		}
		number, currency = n, c
	}
	return false
}

// shortPhoneIn finds a telephone number where the text says that one is to be called: seven to twelve digits in groups, as local and toll-free
// numbers are written.
func shortPhoneIn(text string) string {
	for i := 0; i < len(text); i++ {
		if b := text[i]; b != '(' && !isDigit(b) || i > 0 && (wordByte(text[i-1]) || strings.IndexByte("/#$.,:=&-_", text[i-1]) >= 0) {
			continue
		}
		end, digits, groups := phoneEnd(text, i)
		shown := text[i:min(end, len(text))]
		if digits >= 7 && digits <= 12 && (groups >= 2 || text[i] == '0' && digits >= 9) && (end == len(text) || !wordByte(text[end])) && !strings.Contains(shown, ". ") {
			return strings.TrimSpace(shown)
		}
		if end > i {
			i = end
		}
	}
	return ""
}

// accountIn finds an IBAN (ISO 13616: two letters, two check digits, up to thirty letters and digits, often in groups of four). Whether its
// check digits are right does not matter: whoever reads it will try.
func accountIn(text string) string {
	for i := 0; i+15 < len(text); i++ {
		if i > 0 && wordByte(text[i-1]) || !upper(text[i]) || !upper(text[i+1]) || !isDigit(text[i+2]) || !isDigit(text[i+3]) {
			continue
		}
		n, digits, end := 0, 0, i
		for j := i; j < len(text) && n < 34; j++ {
			b := text[j]
			switch {
			case isDigit(b):
				digits++
				n++
			case upper(b) && (isDigit(text[j-min(1, j)]) || text[j-min(1, j)] == ' ' || upper(text[j-min(1, j)])):
				n++
			case b == ' ' && j+1 < len(text) && text[j+1] != ' ':
				continue
			default:
				j = len(text)
				continue
			}
			end = j + 1
		}
		if n >= 15 && digits >= 10 {
			return strings.TrimSpace(text[i:end])
		}
	}
	return ""
}

func upper(b byte) bool { return b >= 'A' && b <= 'Z' }
