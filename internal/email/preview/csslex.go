package preview

import (
	"strings"
	"unicode/utf8"
)

// cssKind is the kind of a token of CSS Syntax Module Level 3 section 4, as far as this package tells them apart.
type cssKind uint8

const (
	cssEnd      cssKind = iota
	cssSpace            // any white space, and what joins the parts of a descendant selector
	cssWord             // an identifier
	cssFunction         // an identifier and its opening bracket
	cssAt               // @ and an identifier
	cssHash             // # and a name
	cssString           // quoted text
	cssNumber           // a number, with its unit
	cssRemote           // url(...), quoted or not
	cssMark             // any other single character
	cssBad              // a string that ends with its line
	cssFence            // <!-- or -->, which old mail still puts around its rules
)

// cssToken is one token with escapes undone, so that nothing which is compared with an allow list can be spelled in two ways.
type cssToken struct {
	kind cssKind
	text string // name without the bracket, string without quotes, number without the unit
	unit string // of a number: lower case, "%" or ""
	mark byte   // of cssMark
}

func (t cssToken) is(mark byte) bool { return t.kind == cssMark && t.mark == mark }

// cssLexer reads tokens. It never goes back, so that any input takes time in proportion to its length.
type cssLexer struct {
	s  string
	at int
}

func (l *cssLexer) peek(n int) byte {
	if l.at+n < len(l.s) {
		return l.s[l.at+n]
	}
	return 0
}

// next reads one token. Comments part tokens and are not seen.
func (l *cssLexer) next() cssToken {
	for l.at < len(l.s) && l.s[l.at] == '/' && l.peek(1) == '*' {
		end := strings.Index(l.s[l.at+2:], "*/")
		if end < 0 {
			l.at = len(l.s)
			break
		}
		l.at += end + 4
	}
	if l.at >= len(l.s) {
		return cssToken{}
	}
	c := l.s[l.at]
	switch {
	case c == '<' && strings.HasPrefix(l.s[l.at:], "<!--"):
		l.at += 4
		return cssToken{kind: cssFence}
	case c == '-' && strings.HasPrefix(l.s[l.at:], "-->"):
		l.at += 3
		return cssToken{kind: cssFence}
	case isCSSSpace(c):
		for l.at < len(l.s) && isCSSSpace(l.s[l.at]) {
			l.at++
		}
		return cssToken{kind: cssSpace}
	case c == '"' || c == '\'':
		return l.quoted(c)
	case l.startsNumber():
		return l.number()
	case l.startsName(0):
		return l.named()
	case c == '#' && (isNameByte(l.peek(1)) || l.startsEscape(1)):
		l.at++
		return cssToken{kind: cssHash, text: l.name()}
	case c == '@' && l.startsName(1):
		l.at++
		return cssToken{kind: cssAt, text: strings.ToLower(l.name())}
	}
	l.at++
	return cssToken{kind: cssMark, mark: c}
}

func isCSSSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isNameByte reports bytes of names. NUL stands for U+FFFD (section 3.3), which is one.
func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || isDigit(c) || c == '_' || c == '-' || c >= utf8.RuneSelf
}

func (l *cssLexer) startsEscape(n int) bool {
	if l.peek(n) != '\\' || l.at+n+1 >= len(l.s) {
		return false
	}
	c := l.s[l.at+n+1]
	return c != '\n' && c != '\r' && c != '\f'
}

func (l *cssLexer) startsName(n int) bool {
	c := l.peek(n)
	if c == '-' {
		return l.peek(n+1) == '-' || isNameByte(l.peek(n+1)) && !isDigit(l.peek(n+1)) || l.startsEscape(n+1)
	}
	return isNameByte(c) && !isDigit(c) || l.startsEscape(n)
}

func (l *cssLexer) startsNumber() bool {
	n := 0
	if c := l.peek(0); c == '+' || c == '-' {
		n = 1
	}
	return isDigit(l.peek(n)) || l.peek(n) == '.' && isDigit(l.peek(n+1))
}

// named reads what begins with an identifier.
func (l *cssLexer) named() cssToken {
	name := l.name()
	if l.peek(0) != '(' || l.at >= len(l.s) {
		return cssToken{kind: cssWord, text: name}
	}
	l.at++
	name = strings.ToLower(name)
	if name == "url" || name == "url-prefix" || name == "domain" {
		l.skipURL()
		return cssToken{kind: cssRemote}
	}
	return cssToken{kind: cssFunction, text: name}
}

// skipURL goes behind the closing bracket of an address. It does not matter which one it was.
func (l *cssLexer) skipURL() {
	for l.at < len(l.s) && isCSSSpace(l.s[l.at]) {
		l.at++
	}
	if c := l.peek(0); c == '"' || c == '\'' {
		l.quoted(c)
	}
	for l.at < len(l.s) {
		c := l.s[l.at]
		l.at++
		if c == '\\' && l.at < len(l.s) {
			l.at++
		} else if c == ')' {
			return
		}
	}
}

func (l *cssLexer) name() string {
	from := l.at
	for l.at < len(l.s) && isNameByte(l.s[l.at]) {
		l.at++
	}
	if !l.startsEscape(0) && (l.at >= len(l.s) || l.s[l.at] != 0) {
		return l.s[from:l.at]
	}
	var b strings.Builder
	b.WriteString(l.s[from:l.at])
	for l.at < len(l.s) {
		switch c := l.s[l.at]; {
		case isNameByte(c):
			b.WriteByte(c)
			l.at++
		case c == 0:
			b.WriteRune(utf8.RuneError)
			l.at++
		case l.startsEscape(0):
			l.at++
			b.WriteRune(l.escape())
		default:
			return b.String()
		}
	}
	return b.String()
}

// escape reads what follows a backslash (section 4.3.7).
func (l *cssLexer) escape() rune {
	n, digits := rune(0), 0
	for digits < 6 && l.at < len(l.s) {
		d, ok := hexDigit(l.s[l.at])
		if !ok {
			break
		}
		n = n<<4 | d
		digits++
		l.at++
	}
	if digits == 0 {
		c, size := utf8.DecodeRuneInString(l.s[l.at:])
		l.at += size
		return c
	}
	if l.peek(0) == '\r' && l.peek(1) == '\n' {
		l.at++
	}
	if l.at < len(l.s) && isCSSSpace(l.s[l.at]) {
		l.at++
	}
	if n == 0 || !utf8.ValidRune(n) {
		return utf8.RuneError
	}
	return n
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case isDigit(c):
		return rune(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10, true
	}
	return 0, false
}

func (l *cssLexer) number() cssToken {
	from := l.at
	if c := l.s[l.at]; c == '+' || c == '-' {
		l.at++
	}
	digits := func() {
		for l.at < len(l.s) && isDigit(l.s[l.at]) {
			l.at++
		}
	}
	digits()
	if l.peek(0) == '.' && isDigit(l.peek(1)) {
		l.at++
		digits()
	}
	if l.peek(0)|0x20 == 'e' {
		sign := 1
		if c := l.peek(1); c == '+' || c == '-' {
			sign = 2
		}
		if isDigit(l.peek(sign)) {
			l.at += sign
			digits()
		}
	}
	t := cssToken{kind: cssNumber, text: l.s[from:l.at]}
	switch {
	case l.peek(0) == '%':
		l.at++
		t.unit = "%"
	case l.startsName(0):
		t.unit = strings.ToLower(l.name())
	}
	return t
}

func (l *cssLexer) quoted(quote byte) cssToken {
	l.at++
	from := l.at
	var b *strings.Builder
	text := func() string {
		if b != nil {
			return b.String()
		}
		return l.s[from:l.at]
	}
	for l.at < len(l.s) {
		c := l.s[l.at]
		switch {
		case c == quote:
			t := cssToken{kind: cssString, text: text()}
			l.at++
			return t
		case c == '\n' || c == '\r' || c == '\f':
			return cssToken{kind: cssBad}
		case c == '\\':
			if b == nil {
				b = &strings.Builder{}
				b.WriteString(l.s[from:l.at])
			}
			if l.startsEscape(0) {
				l.at++
				b.WriteRune(l.escape())
				continue
			}
			l.at += min(2, len(l.s)-l.at) // a line end that does not count, or the last byte
			continue
		}
		if b != nil {
			b.WriteByte(c)
		}
		l.at++
	}
	return cssToken{kind: cssString, text: text()}
}
