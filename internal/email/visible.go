package email

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textWriter collects text the way a page lays it out: runs of white space become one space, blocks begin lines, no more than
// one empty line stands between paragraphs. Characters without width are left out, except where a script or an
// emoji needs them; a word that had some inside is noted, because "pay\u200bpal" is a way around word filters.
type textWriter struct {
	b     strings.Builder
	limit int // octets after which text is dropped; 0: none

	lines int  // line ends owed before the next text
	space bool // a space is owed
	tab   bool // a table cell begins
	mark  string

	last      rune // last rune written, 0 at a line's start
	wordStart int  // where in b the current word begins
	holes     []hole
	noted     []string
}

// hole is a character without width inside a word.
type hole struct {
	at int
	r  rune
}

const (
	maxHoles = 64 // of one word
	maxNoted = 32 // words in one text
)

// breakLine owes n line ends (1: a new line, 2: an empty line between).
func (w *textWriter) breakLine(n int) {
	w.endWord()
	w.lines = max(w.lines, n)
	w.space, w.tab = false, false
}

// cell begins a table cell: it stands apart from the one before it in the same line.
func (w *textWriter) cell() {
	w.endWord()
	w.tab = true
}

// item writes a list mark at the next text's line.
func (w *textWriter) item(mark string) {
	w.breakLine(1)
	w.mark = mark
}

// text adds s. pre keeps line breaks.
func (w *textWriter) text(s string, pre bool) {
	if len(s) > 64<<10 && !w.full() { // one step instead of many, each of which would copy
		most := len(s)
		if w.limit > 0 {
			most = min(most, w.limit-w.b.Len())
		}
		w.b.Grow(most + utf8.UTFMax)
	}
	for i := 0; i < len(s) && !w.full(); {
		if c := s[i]; c < utf8.RuneSelf {
			if c > ' ' && c != 0x7F {
				i += w.word(s[i:])
				continue
			}
			i++
			switch {
			case pre && c == '\r' && i < len(s) && s[i] == '\n':
			case pre && (c == '\n' || c == '\r'):
				w.endWord()
				w.lines, w.space = min(w.lines+1, 2), false
			case pre && c == '\t':
				w.tab = true
				w.endWord()
			case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
				w.endWord()
				w.space = true
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == 0x2028 || r == 0x2029:
			w.breakLine(1)
		case unicode.IsSpace(r) || r == 0x2800:
			w.endWord()
			w.space = true
		case noWidth(r):
			w.invisible(r)
		case unicode.IsControl(r):
		default:
			w.put(r)
		}
	}
}

func (w *textWriter) full() bool { return w.limit > 0 && w.b.Len() >= w.limit }

// word writes the visible ASCII that s begins with, at least one character, and returns its length.
func (w *textWriter) word(s string) int {
	n := 1
	most := len(s)
	if w.limit > 0 {
		most = min(most, w.limit-w.b.Len())
	}
	for n < most && s[n] > ' ' && s[n] < 0x7F {
		n++
	}
	if w.lines > 0 || w.space || w.tab || w.mark != "" {
		w.pay()
	}
	w.b.WriteString(s[:n])
	w.last = rune(s[n-1])
	return n
}

func (w *textWriter) put(r rune) {
	if w.lines > 0 || w.space || w.tab || w.mark != "" {
		w.pay()
	}
	w.b.WriteRune(r)
	w.last = r
}

// pay writes the white space that is owed.
func (w *textWriter) pay() {
	empty := w.b.Len() == 0
	switch {
	case empty:
	case w.lines >= 2:
		w.b.WriteString("\n\n")
	case w.lines == 1:
		w.b.WriteByte('\n')
	case w.tab:
		w.b.WriteByte('\t')
	case w.space:
		w.b.WriteByte(' ')
	}
	w.b.WriteString(w.mark)
	w.lines, w.space, w.tab, w.mark = 0, false, false, ""
	w.wordStart, w.last = w.b.Len(), 0
}

// invisible handles a character without width: kept after a script or symbol that joins with it, noted inside a word, else dropped.
func (w *textWriter) invisible(r rune) {
	if w.space || w.lines > 0 || w.tab || w.last == 0 {
		return
	}
	joins := r == 0x200C || r == 0x200D || r >= 0xFE00 && r <= 0xFE0F
	if joins && !unicode.In(w.last, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Nd, unicode.P) {
		w.b.WriteRune(r)
		return
	}
	if len(w.holes) < maxHoles {
		w.holes = append(w.holes, hole{w.b.Len(), r})
	}
}

// endWord notes the word that ends here when it had characters without width inside, not only behind it.
func (w *textWriter) endWord() {
	if len(w.holes) == 0 {
		return
	}
	holes, end := w.holes, w.b.Len()
	w.holes = w.holes[:0]
	start := w.wordStart
	if holes[0].at >= end || holes[0].at <= start || len(w.noted) >= maxNoted || end-start > 256 {
		return
	}
	var b strings.Builder
	word := w.b.String()
	for _, h := range holes {
		b.WriteString(word[start:h.at])
		fmt.Fprintf(&b, "[U+%04X]", h.r)
		start = h.at
	}
	b.WriteString(word[start:end])
	for _, have := range w.noted {
		if have == b.String() {
			return
		}
	}
	w.noted = append(w.noted, b.String())
}

// String is what was written. noted has the words with invisible characters inside, each such character as "[U+200B]".
func (w *textWriter) String() string {
	w.endWord()
	return w.b.String()
}

// noWidth reports whether browsers draw nothing for r: zero-width and soft hyphens, direction controls, fillers, tags, selectors.
func noWidth(r rune) bool {
	switch {
	case r == 0xAD || r == 0x34F || r == 0x61C || r == 0x115F || r == 0x1160 || r == 0x17B4 || r == 0x17B5 || r == 0x3164 || r == 0xFEFF || r == 0xFFA0:
		return true
	case r >= 0x180B && r <= 0x180F, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xFFF9 && r <= 0xFFFB, r >= 0x1D173 && r <= 0x1D17A, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}
