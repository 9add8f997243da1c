package scan

import (
	"bytes"
	"math"
	"strconv"
)

// Values of a PDF (ISO 32000-1 section 7.3): nil, bool, float64, pdfName, pdfString, pdfArray, pdfDict, pdfRef.
type (
	pdfName   string // without "/", #xx undone
	pdfString string // as octets, escapes undone
	pdfArray  []any
	pdfDict   map[pdfName]any
	pdfRef    struct{ num, gen int }
	pdfWord   string // operator of a content stream, or keyword
)

const (
	maxPDFDepth = 40      // nested arrays and dictionaries
	maxPDFItems = 100_000 // of one array or dictionary
)

// pdfLexer reads values from octets. It never fails: what it does not understand it skips.
type pdfLexer struct {
	b     []byte
	at    int
	items int // of the value that is read now
}

func isPDFSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isPDFDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (l *pdfLexer) skipSpace() {
	for l.at < len(l.b) {
		c := l.b[l.at]
		if c == '%' {
			for l.at < len(l.b) && l.b[l.at] != '\n' && l.b[l.at] != '\r' {
				l.at++
			}
			continue
		}
		if !isPDFSpace(c) {
			return
		}
		l.at++
	}
}

// closing marks the end of an array or dictionary.
type closing byte

// value reads one value; ok is false at the end. Two numbers and "R" become a reference.
func (l *pdfLexer) value(depth int) (v any, ok bool) {
	v, ok = l.token(depth)
	n, isNumber := v.(float64)
	if !ok || !isNumber || n < 0 || n != math.Trunc(n) || n > 1<<31 {
		return v, ok
	}
	// "12 0 R"
	back := l.at
	l.skipSpace()
	start := l.at
	for l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '9' && l.at-start < 6 {
		l.at++
	}
	if l.at > start {
		gen, _ := strconv.Atoi(string(l.b[start:l.at]))
		l.skipSpace()
		if l.at < len(l.b) && l.b[l.at] == 'R' && (l.at+1 == len(l.b) || isPDFSpace(l.b[l.at+1]) || isPDFDelimiter(l.b[l.at+1])) {
			l.at++
			return pdfRef{int(n), gen}, true
		}
	}
	l.at = back
	return v, true
}

func (l *pdfLexer) token(depth int) (v any, ok bool) {
	l.skipSpace()
	if l.at >= len(l.b) || l.items > maxPDFItems {
		return nil, false
	}
	l.items++
	c := l.b[l.at]
	switch c {
	case '/':
		l.at++
		return l.name(), true
	case '(':
		return l.literal(), true
	case '<':
		if l.at+1 < len(l.b) && l.b[l.at+1] == '<' {
			l.at += 2
			return l.dict(depth), true
		}
		return l.hex(), true
	case '>':
		l.at++
		if l.at < len(l.b) && l.b[l.at] == '>' {
			l.at++
		}
		return closing('>'), true
	case '[':
		l.at++
		return l.array(depth), true
	case ']', '}', ')':
		l.at++
		return closing(c), true
	case '{':
		l.at++
		return l.token(depth)
	}
	start := l.at
	for l.at < len(l.b) && !isPDFSpace(l.b[l.at]) && !isPDFDelimiter(l.b[l.at]) {
		l.at++
	}
	return word(l.b[start:l.at]), true
}

func word(w []byte) any {
	if c := w[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		if f, err := strconv.ParseFloat(string(w), 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return float64(0)
	}
	switch string(w) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	return pdfWord(w[:min(len(w), 64)])
}

func (l *pdfLexer) name() pdfName {
	start := l.at
	for l.at < len(l.b) && !isPDFSpace(l.b[l.at]) && !isPDFDelimiter(l.b[l.at]) {
		l.at++
	}
	raw := l.b[start:l.at]
	if bytes.IndexByte(raw, '#') < 0 {
		return pdfName(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) && hexValue(raw[i+1]) >= 0 && hexValue(raw[i+2]) >= 0 {
			out = append(out, byte(hexValue(raw[i+1])<<4|hexValue(raw[i+2])))
			i += 2
			continue
		}
		out = append(out, raw[i])
	}
	return pdfName(out)
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *pdfLexer) hex() pdfString {
	l.at++
	var out []byte
	high := -1
	for l.at < len(l.b) {
		c := l.b[l.at]
		l.at++
		if c == '>' {
			break
		}
		v := hexValue(c)
		switch {
		case v < 0:
		case high < 0:
			high = v
		default:
			out = append(out, byte(high<<4|v))
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4))
	}
	return pdfString(out)
}

// literal reads "(...)" with its escapes (section 7.3.4.2).
func (l *pdfLexer) literal() pdfString {
	l.at++
	var out []byte
	open := 1
	for l.at < len(l.b) {
		c := l.b[l.at]
		l.at++
		switch c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return pdfString(out)
			}
		case '\\':
			out = l.escape(out)
			continue
		}
		out = append(out, c)
	}
	return pdfString(out)
}

func (l *pdfLexer) escape(out []byte) []byte {
	if l.at >= len(l.b) {
		return out
	}
	c := l.b[l.at]
	l.at++
	switch c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\r':
		if l.at < len(l.b) && l.b[l.at] == '\n' {
			l.at++
		}
		return out
	case '\n':
		return out
	}
	if c < '0' || c > '7' {
		return append(out, c)
	}
	v := int(c - '0')
	for range 2 {
		if l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '7' {
			v = v<<3 | int(l.b[l.at]-'0')
			l.at++
		}
	}
	return append(out, byte(v))
}

func (l *pdfLexer) array(depth int) pdfArray {
	var a pdfArray
	for {
		v, ok := l.inner(depth)
		if _, end := v.(closing); !ok || end {
			return a
		}
		a = append(a, v)
	}
}

func (l *pdfLexer) dict(depth int) pdfDict {
	d := pdfDict{}
	for {
		k, ok := l.token(depth)
		if _, end := k.(closing); !ok || end {
			return d
		}
		name, isName := k.(pdfName)
		if !isName {
			if w, isWord := k.(pdfWord); isWord && (w == "endobj" || w == "stream") { // never closed
				l.at -= len(w)
				return d
			}
			continue
		}
		v, ok := l.inner(depth)
		if _, end := v.(closing); !ok || end {
			return d
		}
		if _, have := d[name]; !have {
			d[name] = v
		}
	}
}

// inner reads a value inside another; too deep, it skips what is there.
func (l *pdfLexer) inner(depth int) (any, bool) {
	if depth >= maxPDFDepth {
		l.at = len(l.b)
		return nil, false
	}
	return l.value(depth + 1)
}
