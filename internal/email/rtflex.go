package email

import "strconv"

// RTFKind tells what an RTFToken is.
type RTFKind byte

const (
	RTFOpen   RTFKind = iota // {
	RTFClose                 // }
	RTFWord                  // \word, \word7
	RTFSymbol                // \ and a character that is no letter; Char is it
	RTFText                  // one octet of text as it stands
	RTFHex                   // one octet of text, written \'hh
)

// RTFToken is one piece of RTF.
type RTFToken struct {
	Kind   RTFKind
	Char   byte   // RTFSymbol, RTFText, RTFHex
	Word   []byte // RTFWord: its letters, a piece of the input
	Number int    // RTFWord: the number behind the letters
	Plain  bool   // RTFWord: without a number
}

// RTFLexer cuts RTF into its pieces (RTF 1.9.1, "RTF syntax"). It never fails: what does not fit is text or read over.
type RTFLexer struct {
	b  []byte
	at int
}

// Octets of one control word and its number. The rules allow 32 and 10; Word reads longer ones.
const (
	maxRTFWord   = 64
	maxRTFNumber = 12
)

// NewRTFLexer reads b.
func NewRTFLexer(b []byte) *RTFLexer { return &RTFLexer{b: b} }

// Next returns the next piece; false at the end. Line ends and NUL are no text.
func (l *RTFLexer) Next() (RTFToken, bool) {
	for l.at < len(l.b) {
		c := l.b[l.at]
		l.at++
		switch c {
		case '{':
			return RTFToken{Kind: RTFOpen}, true
		case '}':
			return RTFToken{Kind: RTFClose}, true
		case '\\':
			if l.at < len(l.b) {
				return l.control(), true
			}
		case '\r', '\n', 0:
		default:
			return RTFToken{Kind: RTFText, Char: c}, true
		}
	}
	return RTFToken{}, false
}

// control reads what follows a backslash.
func (l *RTFLexer) control() RTFToken {
	start := l.at
	for l.at < len(l.b) && isLetter(l.b[l.at]) && l.at-start < maxRTFWord {
		l.at++
	}
	if l.at > start {
		t := RTFToken{Kind: RTFWord, Word: l.b[start:l.at]}
		t.Number, t.Plain = l.number()
		return t
	}
	c := l.b[l.at]
	l.at++
	if c == '\'' && l.at+1 < len(l.b) {
		if h, low := hexValue(l.b[l.at]), hexValue(l.b[l.at+1]); h < 16 && low < 16 {
			l.at += 2
			return RTFToken{Kind: RTFHex, Char: h<<4 | low}
		}
	}
	return RTFToken{Kind: RTFSymbol, Char: c}
}

// number reads the number behind a control word, and the blank that ends both.
func (l *RTFLexer) number() (n int, none bool) {
	start := l.at
	if l.at < len(l.b) && l.b[l.at] == '-' {
		l.at++
	}
	for l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '9' && l.at-start < maxRTFNumber {
		l.at++
	}
	n, err := strconv.Atoi(string(l.b[start:l.at]))
	if l.at < len(l.b) && l.b[l.at] == ' ' {
		l.at++
	}
	return n, err != nil
}

// Binary returns the n octets that follow and steps over them, as after \bin; fewer at the end.
func (l *RTFLexer) Binary(n int) []byte {
	from := l.at
	l.at += max(0, min(n, len(l.b)-l.at))
	return l.b[from:l.at]
}

// ahead returns up to n octets that follow.
func (l *RTFLexer) ahead(n int) []byte { return l.b[l.at:min(len(l.b), l.at+n)] }
