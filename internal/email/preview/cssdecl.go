package preview

import (
	"slices"
	"strings"
)

const (
	maxDeclarations = 400  // of one rule or style attribute
	maxTokens       = 96   // of one value
	maxStyleText    = 8000 // octets of one style attribute that are read
	maxStyle        = 4000 // octets of one that are written, give or take a declaration
)

// style filters the text of a style attribute. The result stands between double quotes without further escapes. Importance is
// dropped: an important declaration on an element would win over ours.
func (r *renderer) style(text string) string {
	if text == "" {
		return ""
	}
	l := cssLexer{s: text[:min(len(text), maxStyleText)]}
	return string(r.declarations(nil, &l, false))
}

// declarations reads declarations up to the end of the text, or of the block when inBlock, and appends those that are allowed.
func (r *renderer) declarations(out []byte, l *cssLexer, inBlock bool) []byte {
	t := l.next()
	for n := 0; ; n++ {
		for t.kind == cssSpace || t.is(';') {
			t = l.next()
		}
		if t.kind == cssEnd || inBlock && t.is('}') {
			return out
		}
		name := ""
		if t.kind == cssWord {
			name = strings.ToLower(t.text)
			t = l.skipSpace()
		}
		if name == "" || !t.is(':') {
			t = l.skipDeclaration(t, inBlock)
			continue
		}
		var end cssToken
		r.value, end = l.value(r.value[:0], inBlock)
		if n < maxDeclarations && (inBlock || len(out) < maxStyle) {
			out = r.declaration(out, name, r.value, inBlock)
		}
		t = end
	}
}

func (l *cssLexer) skipSpace() cssToken {
	t := l.next()
	for t.kind == cssSpace {
		t = l.next()
	}
	return t
}

// value reads tokens up to the semicolon or the end of the block, whatever brackets are open inside (CSS Syntax 3 section 5.4.6),
// and returns the one that ended it. Of a value that is too long it keeps more than is allowed, so that it is refused.
func (l *cssLexer) value(into []cssToken, inBlock bool) (value []cssToken, end cssToken) {
	var open brackets
	for {
		t := l.next()
		if t.kind == cssEnd || open.depth() == 0 && (t.is(';') || inBlock && t.is('}')) {
			return into, t
		}
		open.see(t)
		if len(into) <= maxTokens {
			into = append(into, t)
		}
	}
}

// skipDeclaration goes behind what is no declaration: to the next semicolon, the end of the block, or behind a block of its own.
func (l *cssLexer) skipDeclaration(t cssToken, inBlock bool) cssToken {
	var open brackets
	for ; t.kind != cssEnd; t = l.next() {
		if open.depth() == 0 && (t.is(';') || inBlock && t.is('}')) {
			return t
		}
		open.see(t)
		if t.is('}') && open.depth() == 0 {
			return l.next()
		}
	}
	return t
}

// brackets remembers which brackets are open: one of another kind does not close it.
type brackets []byte

func (b brackets) depth() int { return len(b) }

func (b *brackets) see(t cssToken) {
	switch {
	case t.kind == cssFunction || t.is('('):
		*b = append(*b, ')')
	case t.is('['):
		*b = append(*b, ']')
	case t.is('{'):
		*b = append(*b, '}')
	case t.kind == cssMark && len(*b) > 0 && t.mark == (*b)[len(*b)-1]:
		*b = (*b)[:len(*b)-1]
	}
}

// declaration appends "name:value;" when it is allowed, or counts it.
func (r *renderer) declaration(out []byte, name string, value []cssToken, inSheet bool) []byte {
	value, important := cutImportant(value)
	from := len(out)
	if name == "background" {
		return r.background(out, value, important && inSheet)
	}
	is, ok := allowed[name]
	if ok && len(value) <= maxTokens {
		out = append(append(out, name...), ':')
		if out, ok = is.write(out, value); ok {
			return endDeclaration(out, important && inSheet)
		}
		out = out[:from]
	}
	r.refused(name, value)
	return out
}

func endDeclaration(out []byte, important bool) []byte {
	if important {
		out = append(out, "!important"...)
	}
	return append(out, ';')
}

func cutImportant(value []cssToken) (rest []cssToken, important bool) {
	trim := func() {
		for len(value) > 0 && value[len(value)-1].kind == cssSpace {
			value = value[:len(value)-1]
		}
	}
	trim()
	if n := len(value); n > 0 && value[n-1].kind == cssWord && strings.EqualFold(value[n-1].text, "important") {
		whole := value
		value = value[:n-1]
		trim()
		if n = len(value); n == 0 || !value[n-1].is('!') {
			return whole, false
		}
		value = value[:n-1]
		trim()
		return value, true
	}
	return value, false
}

// loads reports a token that names something outside of the message.
func (t cssToken) loads() bool {
	if t.kind == cssFunction {
		switch t.text {
		case "image-set", "-webkit-image-set", "image", "cross-fade", "-webkit-cross-fade", "src", "element", "-moz-element", "paint":
			return true
		}
	}
	return t.kind == cssRemote
}

func loads(value []cssToken) bool { return slices.ContainsFunc(value, cssToken.loads) }

func (r *renderer) refused(name string, value []cssToken) {
	switch {
	case loads(value):
		r.p.Removed.RemoteStyles++
	case idle(name):
	case name == "position" && len(value) > 0 && (strings.EqualFold(value[len(value)-1].text, "relative") || strings.EqualFold(value[len(value)-1].text, "static")):
	default:
		r.p.Removed.Styles++
	}
}

// background keeps the colour and the gradient of the shorthand. Text that stands on a picture is often readable only on the
// colour behind it, so nothing is written when there is no colour beside the picture: another declaration may have one.
func (r *renderer) background(out []byte, value []cssToken, important bool) []byte {
	if len(value) > maxTokens {
		r.p.Removed.Styles++
		return out
	}
	remote := loads(value)
	if remote {
		r.p.Removed.RemoteStyles++
	}
	is := allowed["background"]
	var colour, gradient []cssToken
	none := false
	for i := 0; i < len(value); i++ {
		t := value[i]
		switch {
		case t.kind == cssHash:
			colour = value[i : i+1]
		case t.kind == cssWord:
			w := strings.ToLower(t.text)
			if w == "none" || w == "initial" || w == "unset" {
				none = true
			} else if !isBackgroundWord(w) {
				colour = value[i : i+1]
			}
		case t.kind == cssFunction:
			end := closing(value, i)
			if strings.HasSuffix(t.text, "-gradient") {
				gradient = value[i:end]
			} else if strings.HasPrefix(t.text, "rgb") || strings.HasPrefix(t.text, "hsl") {
				colour = value[i:end]
			} else if !remote {
				r.p.Removed.Styles++
			}
			i = end - 1
		case t.kind == cssMark && t.mark != ',' && t.mark != '/', t.kind == cssString, t.kind == cssBad:
			if !remote {
				r.p.Removed.Styles++
			}
			return out
		}
	}
	wrote := false
	add := func(name string, value []cssToken) {
		from := len(out)
		out = append(out, name...)
		var ok bool
		if out, ok = is.write(out, value); ok {
			out = endDeclaration(out, important)
			wrote = true
		} else {
			out = out[:from]
			r.p.Removed.Styles++
		}
	}
	if colour != nil {
		add("background-color:", colour)
	}
	if gradient != nil {
		add("background-image:", gradient)
	}
	if none && !wrote && !remote {
		out = endDeclaration(append(out, "background-color:transparent;background-image:none"...), important)
	}
	return out
}

// closing is the place behind the bracket that value[i] opens.
func closing(value []cssToken, i int) int {
	var open brackets
	for j := i; j < len(value); j++ {
		open.see(value[j])
		if open.depth() == 0 {
			return j + 1
		}
	}
	return len(value)
}

func isBackgroundWord(w string) bool {
	switch w {
	case "repeat", "no-repeat", "repeat-x", "repeat-y", "space", "round", "center", "top", "bottom", "left", "right", "scroll", "fixed", "local",
		"border-box", "padding-box", "content-box", "cover", "contain", "auto":
		return true
	}
	return false
}
