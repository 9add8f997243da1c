package scan

import (
	"fmt"
	"strconv"
	"strings"
)

// maxFolded bounds the octets that are written while texts are put together, for all modules of a document.
const (
	maxFolded    = 8 << 20
	maxVariables = 2000
	maxValue     = 16 << 10 // octets of one text that is put together
	manyLetters  = 12       // Chr() of letters from which on a text is taken to be hidden
	longBlob     = 400      // characters of a text without a space that holds data
)

// macroReader reads VBA ([MS-VBAL] section 3.3) far enough to know identifiers, texts and procedures. It keeps what simple assignments
// put into variables, so that a text in pieces is seen whole.
type macroReader struct {
	found   *macroFindings
	started []string
	fold    int // octets that may still be written

	s    string
	i    int
	kind macroToken
	text string // of the token: identifiers in small letters, texts without quotes
	num  int

	before1, before2 string // identifiers before this one in the same statement
	proc             bool   // inside a procedure
	vars             map[string]string
	chars            int // Chr() of letters
	has              map[string]bool
	depth            int // of texts in brackets
}

type macroToken byte

const (
	tokEnd macroToken = iota
	tokLine
	tokName
	tokText
	tokNumber
	tokSign // text is one character
)

func (r *macroReader) read(source string) {
	r.s, r.i, r.proc, r.before1, r.before2 = source, 0, false, "", ""
	if r.vars == nil {
		r.vars, r.has = map[string]string{}, map[string]bool{}
	}
	r.next()
	for r.kind != tokEnd {
		r.statement()
	}
}

// statement reads to the end of a line or to a colon.
func (r *macroReader) statement() {
	target, first := "", true
	for r.kind != tokEnd && r.kind != tokLine {
		if first && r.kind == tokName {
			switch r.text {
			case "rem", "attribute":
				r.skipLine()
				continue
			}
			if r.proc && r.text != "end" {
				r.found.code = true
			}
		}
		switch {
		case r.kind == tokName && target == "" && r.text != "set" && r.text != "let" && r.text != "const" && r.text != "dim":
			name := r.text
			if v, ok := r.expression(); ok {
				r.say(v, false)
			} else if r.kind == tokSign && r.text == "=" {
				target = name
				r.next()
				if v, ok := r.expression(); ok && (r.kind == tokLine || r.kind == tokEnd) {
					r.assign(target, v)
				}
				continue
			}
		case r.kind == tokName || r.kind == tokText:
			r.expression()
		default:
			r.next()
		}
		first = false
	}
	r.before1, r.before2 = "", ""
	r.next()
}

func (r *macroReader) assign(name, v string) {
	if _, ok := r.vars[name]; (ok || len(r.vars) < maxVariables) && r.fold > 0 {
		r.fold -= len(v)
		r.vars[name] = v
	}
}

// expression reads texts that are joined by & or +. ok is false when the place holds none; then one token is read.
func (r *macroReader) expression() (whole string, ok bool) {
	v, made, ok := r.term()
	if !ok {
		return "", false
	}
	var parts int
	for parts = 1; r.kind == tokSign && (r.text == "&" || r.text == "+"); parts++ {
		r.next()
		more, m, ok := r.term()
		if !ok {
			break
		}
		if r.fold > 0 && len(v) < maxValue {
			r.fold -= len(v) + len(more)
			if parts == 1 && !made {
				r.say(v, false)
			}
			if !m {
				r.say(more, false)
			}
			v += more
		} else if !m {
			r.say(more, false)
		}
		made = made || m
	}
	r.say(v, parts > 1 || made)
	return v, true
}

// term reads one text: a literal, Chr(), StrReverse() or a variable with a known value. made says that it was worked out.
func (r *macroReader) term() (v string, made, ok bool) {
	switch r.kind {
	case tokText:
		v = r.text
		r.next()
		return v, false, true
	case tokName:
		name := r.text
		r.next()
		switch name {
		case "chr", "chrw", "chr$", "chrw$", "chrb":
			if !r.sign("(") {
				return "", false, false
			}
			n, ok := r.sum()
			if !ok || !r.sign(")") || n < 0 || n > 0xFFFF {
				return "", false, false
			}
			if n > 32 && n < 127 && n != 34 {
				r.chars++
			}
			return string(rune(n)), n > 32 && n != 34, true
		case "strreverse":
			if !r.sign("(") || r.depth >= 20 {
				return "", false, false
			}
			r.depth++
			inner, ok := r.expression()
			r.depth--
			if !ok {
				return "", false, false
			}
			r.sign(")")
			b := []rune(inner)
			for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
				b[i], b[j] = b[j], b[i]
			}
			r.fold -= len(inner)
			note(&r.found.hides, "text written backwards")
			r.has["backwards"] = true
			return string(b), true, true
		case "vbcrlf", "vbnewline", "vblf", "vbcr":
			return "\n", false, true
		case "vbnullstring":
			return "", false, true
		}
		if known, has := r.vars[name]; has && !(r.kind == tokSign && (r.text == "=" || r.text == "(" || r.text == ".")) {
			return known, true, true
		}
	}
	return "", false, false
}

// sum reads numbers with + and - between them.
func (r *macroReader) sum() (int, bool) {
	total, factor := 0, 1
	for {
		if r.kind == tokSign && r.text == "-" {
			factor = -factor
			r.next()
		}
		if r.kind != tokNumber {
			return 0, false
		}
		total += factor * r.num
		r.next()
		switch {
		case r.kind == tokSign && r.text == "+":
			factor = 1
		case r.kind == tokSign && r.text == "-":
			factor = -1
		default:
			return total, true
		}
		r.next()
	}
}

func (r *macroReader) sign(c string) bool {
	if r.kind == tokSign && r.text == c {
		r.next()
		return true
	}
	return false
}

// say looks at a text. joined says that it does not stand in the source as it is.
func (r *macroReader) say(v string, joined bool) {
	if len(v) < 4 {
		return
	}
	if joined {
		if r.fold -= len(v); r.fold < 0 {
			return
		}
	}
	low := strings.ToLower(v)
	for _, w := range reachTexts {
		if !strings.Contains(low, w) {
			continue
		}
		w = strings.TrimSpace(w)
		if joined && !r.has[w] {
			r.has["assembled"] = true
			note(&r.found.hides, fmt.Sprintf("%q put together from pieces", w))
		}
		r.has[w] = true
		note(&r.found.reaches, w)
	}
	if strings.Contains(low, "://") {
		note(&r.found.texts, v)
	}
	if len(v) >= longBlob && strings.IndexFunc(v, notBlob) < 0 {
		r.has["blob"] = true
		note(&r.found.hides, "data as a long text")
	}
}

func notBlob(c rune) bool {
	return !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/' || c == '=' || c == '\n' || c == ',')
}

// name notes an identifier where it stands.
func (r *macroReader) name(name string) {
	defines := r.before1 == "sub" || r.before1 == "function"
	switch {
	case defines && (r.before2 == "declare" || r.before2 == "ptrsafe"):
	case defines && r.before2 != "end" && r.before2 != "exit", r.before2 == "property" && (r.before1 == "get" || r.before1 == "let" || r.before1 == "set"):
		r.proc = true
		if startsAlone(name, r.started) {
			note(&r.found.starts, name)
		}
	case r.before1 == "end" && (name == "sub" || name == "function" || name == "property"):
		r.proc = false
	}
	switch {
	case reachNames[name], name == "shell" && r.calls():
		r.has[name] = true
		note(&r.found.reaches, name)
	case name == "xor", name == "asc", name == "ascb", name == "ascw", name == "mid", name == "callbyname", name == "chr", name == "chrw":
		r.has[name] = true
	}
	r.before2, r.before1 = r.before1, name
}

// calls reports whether the identifier that was just read is used as a function: something stands behind it that can be handed over.
func (r *macroReader) calls() bool {
	if r.before1 == "dim" || r.before1 == "set" || r.before1 == "as" || r.before1 == "sub" || r.before1 == "function" {
		return false
	}
	rest := strings.TrimLeft(r.s[r.i:min(len(r.s), r.i+40)], " \t")
	if rest == "" {
		return false
	}
	c := rest[0]
	low := strings.ToLower(rest)
	if strings.HasPrefix(low, "as ") || strings.HasPrefix(low, "is ") || strings.HasPrefix(low, "then") {
		return false
	}
	return c == '(' || c == '"' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (r *macroReader) skipLine() {
	if n := strings.IndexAny(r.s[r.i:], "\r\n"); n >= 0 {
		r.i += n
	} else {
		r.i = len(r.s)
	}
	r.next()
}

// next reads one token.
func (r *macroReader) next() {
	s := r.s
	for r.i < len(s) {
		switch c := s[r.i]; {
		case c == ' ' || c == '\t':
			r.i++
		case c == '_' && blankLine(s[r.i+1:]) > 0: // the line goes on
			r.i += 1 + blankLine(s[r.i+1:])
		case c == '\r' || c == '\n' || c == ':':
			r.i++
			r.kind = tokLine
			return
		case c == '\'':
			if n := strings.IndexAny(s[r.i:], "\r\n"); n >= 0 {
				r.i += n
			} else {
				r.i = len(s)
			}
		case c == '"':
			r.kind, r.text = tokText, r.literal()
			return
		case nameByte(c) && (c < '0' || c > '9'):
			start := r.i
			for r.i < len(s) && nameByte(s[r.i]) {
				r.i++
			}
			if r.i < len(s) && s[r.i] == '$' {
				r.i++
			}
			r.kind, r.text = tokName, strings.ToLower(s[start:min(r.i, start+80)])
			r.name(r.text)
			return
		case c >= '0' && c <= '9' || c == '&' && r.i+1 < len(s) && s[r.i+1]|0x20 == 'h':
			r.number()
			return
		default:
			r.i++
			r.kind, r.text = tokSign, s[r.i-1:r.i]
			return
		}
	}
	r.kind, r.text = tokEnd, ""
}

func nameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// blankLine returns the octets up to the end of the line when nothing but white space stands before it, else 0.
func blankLine(s string) int {
	for i := 0; i < len(s) && i < 80; i++ {
		switch s[i] {
		case ' ', '\t':
		case '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				return i + 2
			}
			return i + 1
		case '\n':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// literal reads a text; a quote inside it is doubled.
func (r *macroReader) literal() string {
	s := r.s
	start := r.i + 1
	for i := start; i < len(s); i++ {
		switch s[i] {
		case '\r', '\n':
			r.i = i
			return s[start:i]
		case '"':
			if i+1 < len(s) && s[i+1] == '"' {
				i++
				continue
			}
			r.i = i + 1
			return strings.ReplaceAll(s[start:i], `""`, `"`)
		}
	}
	r.i = len(s)
	return s[start:]
}

// number reads a decimal or &H number, with a sign of its type behind it.
func (r *macroReader) number() {
	s, base, start := r.s, 10, r.i
	if s[r.i] == '&' {
		base, start = 16, r.i+2
		r.i += 2
	}
	for r.i < len(s) && (s[r.i] >= '0' && s[r.i] <= '9' || base == 16 && s[r.i]|0x20 >= 'a' && s[r.i]|0x20 <= 'f') {
		r.i++
	}
	n, err := strconv.ParseInt(s[start:min(r.i, start+12)], base, 32)
	if err != nil {
		n = -1
	}
	r.kind, r.num, r.text = tokNumber, int(n), ""
	if r.i < len(s) && strings.IndexByte("%&#!", s[r.i]) >= 0 && !(s[r.i] == '&' && r.i+1 < len(s) && s[r.i+1] == ' ') {
		r.i++
	}
}

// finish adds up how much is hidden.
func (r *macroReader) finish() {
	m := r.found
	if r.has["assembled"] {
		m.hidden += 2
	}
	if r.chars >= manyLetters {
		m.hidden += 2
		note(&m.hides, fmt.Sprintf("%d letters written as numbers", r.chars))
	}
	if r.has["backwards"] {
		m.hidden++
	}
	if r.has["blob"] {
		m.hidden++
	}
	if r.has["xor"] && (r.has["asc"] || r.has["ascb"] || r.has["ascw"] || r.has["mid"] || r.has["chr"] || r.has["chrw"]) {
		m.hidden++
		note(&m.hides, "texts decoded letter by letter")
	}
	if r.has["callbyname"] {
		m.hidden++
		note(&m.hides, "calls by name")
	}
}
