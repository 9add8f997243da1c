package email

import (
	"strings"

	"golang.org/x/net/html"
)

// tokenKind is what the HTML scanner found.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota // nothing is left
	tokenText
	tokenStart
	tokenVoid // a start tag that ends in "/>"
	tokenClose
	tokenComment // also what browsers take for one: "<?xml ...>", "</ >", "<![if ...]>"
	tokenDoctype
)

// htmlScanner cuts an HTML document into text, tags and comments by the rules of the HTML Standard, section 13.2.5. It
// does what the tokenizer of x/net/html does (a fuzz target holds the two against each other), but reads a string that
// is at hand instead of a stream: nothing is copied, a large document costs no second one, and names that nobody asks
// for are not kept. A tag that the end of the document cuts off is no token, as in browsers.
type htmlScanner struct {
	doc string
	at  int
	raw string // the element whose raw text comes next: nothing but its end tag is markup

	// The current token.
	start  int
	data   string // text, comment or tag name, as written
	isRaw  bool   // text without character references
	noNULs bool   // text in which browsers replace NUL
	cut    bool   // raw text or a comment that the document ends in
	attrs  []htmlAttr
	every  bool // keep every attribute, not only those that the reader asks for
}

// htmlAttr is one attribute: its name in lower case, its value as written, without quotes.
type htmlAttr struct{ key, value string }

// next moves to the next token.
func (z *htmlScanner) next() tokenKind {
	z.start, z.cut = z.at, false
	if z.raw != "" {
		z.data = z.rawText()
		if z.data != "" {
			return tokenText
		}
	}
	z.isRaw, z.noNULs = false, false
	for at := z.at; ; {
		i := strings.IndexByte(z.doc[at:], '<')
		if i < 0 || at+i+1 >= len(z.doc) {
			return z.lastText()
		}
		at += i
		c := z.doc[at+1]
		if !isLetter(c) && c != '/' && c != '!' && c != '?' {
			at++
			continue
		}
		if at > z.start {
			z.data, z.at = z.doc[z.start:at], at
			return tokenText
		}
		z.at = at + 2
		switch {
		case c == '/':
			return z.endTag()
		case c == '!':
			return z.declaration()
		case c == '?':
			z.at--
			return z.bogusComment()
		}
		z.at--
		return z.startTag()
	}
}

// skipRaw says that what follows is not raw text after all.
func (z *htmlScanner) skipRaw() { z.raw = "" }

// source is the current token as written.
func (z *htmlScanner) source() string { return z.doc[z.start:z.at] }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isHTMLSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f'
}

func (z *htmlScanner) lastText() tokenKind {
	z.data, z.at = z.doc[z.start:], len(z.doc)
	if z.data == "" {
		return tokenEnd
	}
	return tokenText
}

// rawText reads up to the end tag of z.raw.
func (z *htmlScanner) rawText() string {
	name := z.raw
	z.raw = ""
	z.isRaw, z.noNULs = name != "textarea" && name != "title", true
	end := len(z.doc)
	switch name {
	case "plaintext":
	case "script":
		end = z.scriptEnd()
	default:
		end = z.findEndTag(z.at, name)
	}
	text := z.doc[z.at:end]
	z.at, z.cut = end, end == len(z.doc)
	return text
}

// findEndTag is where the next end tag of the name starts at or after pos, or the length of the document.
func (z *htmlScanner) findEndTag(pos int, name string) int {
	for {
		i := strings.Index(z.doc[pos:], "</")
		if i < 0 {
			return len(z.doc)
		}
		pos += i
		if z.isEndTag(pos, name) {
			return pos
		}
		pos += 2
	}
}

// isEndTag reports whether the "</" at pos opens the end tag of the name.
func (z *htmlScanner) isEndTag(pos int, name string) bool {
	rest := z.doc[pos+2:]
	if len(rest) <= len(name) || !strings.EqualFold(rest[:len(name)], name) {
		return false
	}
	c := rest[len(name)]
	return isHTMLSpace(c) || c == '/' || c == '>'
}

// scriptEnd is where the end tag of the script starts whose content stands at z.at. Inside "<!--" a "<script>" hides
// the end tag that follows it (sections 13.2.5.18 to 13.2.5.31).
func (z *htmlScanner) scriptEnd() int {
	doc, pos := z.doc, z.at
	escaped, double := false, false
	for {
		i := strings.IndexAny(doc[pos:], "<-")
		if i < 0 {
			return len(doc)
		}
		pos += i
		rest := doc[pos:]
		switch {
		case rest[0] == '-':
			if escaped && strings.HasPrefix(rest, "-->") {
				escaped, double = false, false
			}
			pos++
		case !escaped && strings.HasPrefix(rest, "<!--"):
			escaped = true
			pos += 2 // the dashes may belong to "-->" already
		case strings.HasPrefix(rest, "</") && z.isEndTag(pos, "script"):
			if !double {
				return pos
			}
			double = false
			pos += len("</script")
		case escaped && !double && z.isScriptTag(pos):
			double = true
			pos += len("<script")
		default:
			pos++
		}
	}
}

func (z *htmlScanner) isScriptTag(pos int) bool {
	rest := z.doc[pos+1:]
	if len(rest) <= len("script") || !strings.EqualFold(rest[:len("script")], "script") {
		return false
	}
	c := rest[len("script")]
	return isHTMLSpace(c) || c == '/' || c == '>'
}

// startTag reads the tag whose name starts at z.at.
func (z *htmlScanner) startTag() tokenKind {
	valueEnd, ok := z.tag(true)
	if !ok {
		z.data, z.at = "", len(z.doc)
		return tokenEnd
	}
	switch z.data[0] | 0x20 {
	case 'i', 'n', 'p', 's', 't', 'x':
		if name := lowerASCII(z.data); hasRawText(name) {
			z.raw = name
		}
	}
	if slash := z.at - 2; z.doc[slash] == '/' && slash != valueEnd-1 {
		return tokenVoid
	}
	return tokenStart
}

func hasRawText(name string) bool {
	switch name {
	case "iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title", "xmp":
		return true
	}
	return false
}

// endTag reads what stands behind "</".
func (z *htmlScanner) endTag() tokenKind {
	if z.at >= len(z.doc) {
		return z.lastText()
	}
	switch c := z.doc[z.at]; {
	case c == '>': // "</>" is nothing at all
		z.data = ""
		z.at++
		return tokenComment
	case isLetter(c):
		if _, ok := z.tag(false); !ok {
			z.data, z.at = "", len(z.doc)
			return tokenEnd
		}
		return tokenClose
	}
	return z.bogusComment()
}

// tag reads a tag up to its ">". valueEnd is where the last attribute's value ends; ok is false when the document ends before.
func (z *htmlScanner) tag(keep bool) (valueEnd int, ok bool) {
	doc, at := z.doc, z.at
	z.attrs = z.attrs[:0]
	for at < len(doc) && !isHTMLSpace(doc[at]) && doc[at] != '/' && doc[at] != '>' {
		at++
	}
	z.data = doc[z.at:at]
	for {
		for at < len(doc) && (isHTMLSpace(doc[at]) || doc[at] == '/') {
			at++
		}
		if at >= len(doc) {
			return 0, false
		}
		if doc[at] == '>' {
			z.at = at + 1
			return valueEnd, true
		}
		var a htmlAttr
		if a, valueEnd, at = readAttr(doc, at); keep {
			z.keep(a)
		}
	}
}

// keep adds an attribute; the first of a name counts, as in browsers. Names that nobody asks for are dropped, so that a tag of nothing
// but attributes costs no memory.
func (z *htmlScanner) keep(a htmlAttr) {
	name, known := knownAttribute(a.key)
	if !known {
		if !z.every {
			return
		}
		name = lowerASCII(replaceNULs(a.key))
	}
	for i := range z.attrs {
		if z.attrs[i].key == name {
			return
		}
	}
	z.attrs = append(z.attrs, htmlAttr{name, a.value})
}

// readAttr reads the attribute at "at", which is neither white space nor "/" nor ">", and returns where its value ends and what to
// read next.
func readAttr(doc string, at int) (a htmlAttr, valueEnd, next int) {
	from := at
	for at++; at < len(doc); at++ { // a "=" in the first place belongs to the name
		if c := doc[at]; c == '=' || c == '/' || c == '>' || isHTMLSpace(c) {
			break
		}
	}
	a.key, valueEnd = doc[from:at], at
	for at < len(doc) && isHTMLSpace(doc[at]) {
		at++
	}
	if at >= len(doc) || doc[at] != '=' {
		return a, valueEnd, at
	}
	for at++; at < len(doc) && isHTMLSpace(doc[at]); {
		at++
	}
	if at >= len(doc) || doc[at] == '>' {
		return a, valueEnd, at
	}
	if quote := doc[at]; quote == '"' || quote == '\'' {
		at++
		end := strings.IndexByte(doc[at:], quote)
		if end < 0 {
			return a, len(doc), len(doc)
		}
		a.value = doc[at : at+end]
		return a, at + end, at + end + 1
	}
	from = at
	for at < len(doc) && doc[at] != '>' && !isHTMLSpace(doc[at]) {
		at++
	}
	a.value = doc[from:at]
	return a, at, at
}

// declaration reads what stands behind "<!".
func (z *htmlScanner) declaration() tokenKind {
	rest := z.doc[z.at:]
	if strings.HasPrefix(rest, "--") {
		z.at += 2
		z.comment()
		return tokenComment
	}
	if len(rest) >= 7 && strings.EqualFold(rest[:7], "doctype") {
		z.bogusComment()
		return tokenDoctype
	}
	return z.bogusComment()
}

// bogusComment reads up to the next ">".
func (z *htmlScanner) bogusComment() tokenKind {
	rest := z.doc[z.at:]
	if i := strings.IndexByte(rest, '>'); i >= 0 {
		z.data = rest[:i]
		z.at += i + 1
	} else {
		z.data, z.at = rest, len(z.doc)
	}
	return tokenComment
}

// comment reads what stands behind "<!--", up to "-->", "--!>" or the end of the document.
func (z *htmlScanner) comment() {
	text := z.doc[z.at:]
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '>')
		if i < 0 {
			z.at, z.cut = len(z.doc), true
			z.data = strings.TrimSuffix(text, "--!")
			if len(z.data) == len(text) {
				if z.data = strings.TrimSuffix(text, "--"); len(z.data) == len(text) {
					z.data = strings.TrimSuffix(text, "-")
				}
			}
			return
		}
		from += i + 1
		body := text[:from-1]
		n := -1
		switch {
		case strings.HasSuffix(body, "--"):
			n = len(body) - 2
		case strings.HasSuffix(body, "--!"):
			n = len(body) - 3
		case body == "" || body == "-": // "<!-->" and "<!--->" are whole comments
			n = 0
		}
		if n >= 0 {
			z.data = body[:n]
			z.at += from
			return
		}
	}
}

// name is the name of a tag in lower case.
func (z *htmlScanner) name() string { return lowerASCII(replaceNULs(z.data)) }

// text is the current text as a browser reads it: character references resolved, NULs replaced in raw text. Line ends stay as they are.
func (z *htmlScanner) text() string {
	s := z.data
	if z.noNULs {
		s = replaceNULs(s)
	}
	if !z.isRaw && strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	return s
}

// knownAttributes are those that the reader asks for.
var knownAttributes = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{"action", "alt", "attributename", "background", "bgcolor", "class", "color", "content", "data", "dynsrc", "formaction", "hidden",
		"href", "http-equiv", "id", "imagesrcset", "label", "lowsrc", "manifest", "open", "ping", "placeholder", "poster", "size", "src", "srcset", "style",
		"text", "to", "type", "value", "values", "xlink:href"} {
		m[name] = name
	}
	return m
}()

// knownAttribute returns the name in lower case when it is a known one.
func knownAttribute(key string) (name string, ok bool) {
	var low [16]byte
	if len(key) > len(low) {
		return "", false
	}
	for i := range len(key) {
		c := key[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	name, ok = knownAttributes[string(low[:len(key)])]
	return name, ok
}

func replaceNULs(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return string(lowerInto(make([]byte, 0, len(s)), []byte(s)))
		}
	}
	return s
}

// attributeValue resolves what an attribute's value holds. A character reference without semicolon counts there only when neither
// "=" nor a letter or digit follows, so that "?a=1&copy=2" stays an address (section 13.2.5.73).
func attributeValue(v string) string {
	v = lineFeeds(replaceNULs(v))
	amp := strings.IndexByte(v, '&')
	if amp < 0 {
		return v
	}
	var b strings.Builder
	b.Grow(len(v))
	for amp >= 0 {
		b.WriteString(v[:amp])
		v = v[amp:]
		n := referenceEnd(v)
		text := v[:n]
		if n > 1 {
			text = resolveWhole(text, v[n:])
		}
		b.WriteString(text)
		v = v[n:]
		amp = strings.IndexByte(v, '&')
	}
	b.WriteString(v)
	return b.String()
}

// resolveWhole resolves a reference, but not one of which only the beginning is a name. rest is what follows it.
func resolveWhole(ref, rest string) string {
	text := html.UnescapeString(ref)
	if ref[1] == '#' {
		return text
	}
	if ref[len(ref)-1] == ';' {
		if len(text) > 1 && text[len(text)-1] == ';' { // a reference to more than a semicolon leaves none
			return ref
		}
		return text
	}
	if strings.HasPrefix(rest, "=") || isAlnum(text[len(text)-1]) {
		return ref
	}
	return text
}

// referenceEnd is the length of the character reference that s, which starts with "&", may begin with.
func referenceEnd(s string) int {
	i := 1
	if i < len(s) && s[i] == '#' {
		i++
	}
	for i < len(s) && isAlnum(s[i]) {
		i++
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return i
}

func isAlnum(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }
