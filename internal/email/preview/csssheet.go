package preview

import "strings"

const (
	maxRules     = 1000      // of one message
	maxSheet     = 256 << 10 // octets of rules, read and written
	maxPrelude   = 800       // tokens before one block
	maxCompounds = 8         // of one selector
	maxBlocks    = 3         // media conditions in one another
)

// sheet filters the rules of one style element: only properties of the allow list stay, and every selector reaches only what is
// inside the message. media is the element's own condition, "" for none. Importance is kept, because phone layouts live by it; our
// own important rules stand in a cascade layer and win all the same.
func (r *renderer) sheet(text, media string) {
	left := min(maxSheet, r.limit/4) - r.css.Len()
	if left <= 0 {
		return
	}
	l := cssLexer{s: text[:min(len(text), maxSheet)]}
	if media = strings.TrimSpace(media); media != "" {
		m := cssLexer{s: media[:min(len(media), 1000)]}
		var tokens []cssToken
		for t := m.next(); t.kind != cssEnd; t = m.next() {
			tokens = append(tokens, t)
		}
		condition, ok := mediaQueries(tokens)
		if !ok {
			r.rules(nil, &l, 0, maxSheet) // for what it would have loaded
			return
		}
		media = condition
	}
	out := r.rules(nil, &l, 0, left-len(media)-10)
	if len(out) == 0 || !harmlessSheet(out) {
		return
	}
	if media != "" {
		r.css.WriteString("@media " + media + "{")
		defer r.css.WriteByte('}')
	}
	r.css.Write(out)
}

// harmlessSheet looks once more at the rules as they will stand in the document, without knowing how they were made: only letters that
// selectors, sizes and colours need, no at-rule but @media, no escape, no address.
func harmlessSheet(css []byte) bool {
	for i, c := range css {
		switch {
		case isNameByte(c) && c < 0x80:
		case c == '@':
			if !strings.HasPrefix(string(css[i:min(len(css), i+7)]), "@media ") {
				return false
			}
		case c == '(':
			if strings.HasSuffix(strings.ToLower(string(css[max(0, i-3):i])), "url") {
				return false
			}
		case strings.IndexByte(" #.,:;{}()[]=\"'%*>+~!/^$|", c) < 0:
			return false
		}
	}
	return true
}

// rules reads rules up to the end of the text, or of the block when depth is not 0.
func (r *renderer) rules(out []byte, l *cssLexer, depth, left int) []byte {
	t := l.next()
	for {
		for t.kind == cssSpace || t.kind == cssFence && depth == 0 {
			t = l.next()
		}
		switch {
		case t.kind == cssEnd || depth > 0 && t.is('}'):
			return out
		case t.kind == cssAt:
			out = r.atRule(out, l, t.text, depth, left)
		default:
			head, end := l.prelude(r.prelude[:0], t, false)
			r.prelude = head
			if !end.is('{') {
				return out
			}
			out = r.rule(out, l, head, left)
		}
		t = l.next()
	}
}

// prelude reads what stands before a block: up to the opening brace, or the semicolon that ends an at-rule without one.
func (l *cssLexer) prelude(into []cssToken, t cssToken, isAt bool) (head []cssToken, end cssToken) {
	var open brackets
	for ; t.kind != cssEnd; t = l.next() {
		if open.depth() == 0 && (t.is('{') || isAt && t.is(';')) {
			break
		}
		open.see(t)
		if len(into) <= maxPrelude {
			into = append(into, t)
		}
	}
	return into, t
}

func (r *renderer) rule(out []byte, l *cssLexer, head []cssToken, left int) []byte {
	from := len(out)
	out, ok := selectors(out, head)
	out = append(out, '{')
	start := len(out)
	out = r.declarations(out, l, true)
	r.ruleCount++
	if !ok || len(out) == start || len(out) >= left || r.ruleCount > maxRules {
		return out[:from]
	}
	return append(out, '}')
}

func (r *renderer) atRule(out []byte, l *cssLexer, name string, depth, left int) []byte {
	head, end := l.prelude(r.prelude[:0], l.next(), true)
	r.prelude = head
	if !end.is('{') {
		if name == "import" {
			r.p.Removed.RemoteStyles++
		}
		return out
	}
	switch name {
	case "media":
		condition, ok := mediaQueries(head)
		if depth < maxBlocks {
			from := len(out)
			out = append(append(append(out, "@media "...), condition...), '{')
			start := len(out)
			out = r.rules(out, l, depth+1, left-1)
			if !ok || len(out) == start {
				return out[:from]
			}
			return append(out, '}')
		}
	case "keyframes", "-webkit-keyframes", "-moz-keyframes":
		r.p.Removed.Styles++
	}
	if l.skipBlock() { // a font, most of the time
		r.p.Removed.RemoteStyles++
	}
	return out
}

// skipBlock goes behind the end of the block whose brace was read, and reports whether something in it would have been loaded.
func (l *cssLexer) skipBlock() (loaded bool) {
	open := brackets{'}'}
	for open.depth() > 0 {
		t := l.next()
		if t.kind == cssEnd {
			break
		}
		loaded = loaded || t.loads()
		open.see(t)
	}
	return loaded
}

// mediaQueries writes a media condition anew. Queries about anything but the width of a screen are left out: print, and dark themes,
// which a preview on white paper never has. A device is as wide as the frame that stands for it.
func mediaQueries(tokens []cssToken) (string, bool) {
	var kept []string
	for len(tokens) > 0 {
		end := comma(tokens)
		if q, ok := mediaQuery(tokens[:end]); ok {
			kept = append(kept, q)
		}
		if end == len(tokens) {
			break
		}
		tokens = tokens[end+1:]
		if len(kept) > 16 {
			break
		}
	}
	return strings.Join(kept, ","), len(kept) > 0
}

// comma is the place of the first comma outside of brackets.
func comma(tokens []cssToken) int {
	var open brackets
	for i, t := range tokens {
		if open.depth() == 0 && t.is(',') {
			return i
		}
		open.see(t)
	}
	return len(tokens)
}

func mediaQuery(tokens []cssToken) (string, bool) {
	var b strings.Builder
	put := func(s string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t.kind == cssSpace:
		case t.kind == cssWord:
			switch w := strings.ToLower(t.text); w {
			case "only", "screen", "all", "and":
				put(w)
			default:
				return "", false
			}
		case t.is('('):
			feature, n, ok := mediaFeature(tokens[i+1:])
			if !ok {
				return "", false
			}
			put(feature)
			i += n
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0 && b.Len() < 200
}

// mediaFeature reads "max-width: 600px)" and returns how many tokens that were.
func mediaFeature(tokens []cssToken) (feature string, n int, ok bool) {
	var part []cssToken
	for n < len(tokens) && !tokens[n].is(')') {
		if tokens[n].kind != cssSpace {
			part = append(part, tokens[n])
		}
		n++
	}
	if n == len(tokens) || len(part) != 3 || part[0].kind != cssWord || !part[1].is(':') || part[2].kind != cssNumber {
		return "", 0, false
	}
	name := strings.Replace(strings.ToLower(part[0].text), "device-", "", 1)
	v := part[2]
	if name != "min-width" && name != "max-width" || len(v.text) > 8 || strings.Trim(v.text, "0123456789.") != "" ||
		v.unit != "px" && v.unit != "em" && v.unit != "rem" && (v.unit != "" || v.text != "0") {
		return "", 0, false
	}
	return "(" + name + ":" + v.text + v.unit + ")", n + 1, true
}
