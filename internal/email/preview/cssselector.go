package preview

import "strings"

// selectors appends the selectors of one rule, each reaching only what is inside the message. Those that cannot match anything in
// the new document, or that depend on what the reader does, are left out; false when none is left.
func selectors(out []byte, head []cssToken) ([]byte, bool) {
	if len(head) > maxPrelude {
		return out, false
	}
	from := len(out)
	for len(head) > 0 {
		end := comma(head)
		start := len(out)
		if start > from {
			out = append(out, ',')
		}
		var ok bool
		if out, ok = selector(out, head[:end]); !ok {
			out = out[:start]
		}
		if end == len(head) {
			break
		}
		head = head[end+1:]
	}
	return out, len(out) > from
}

// selector appends one complex selector (Selectors 4). Those that look at brothers and sisters, or count them, are left out: a few
// hundred of them on a list of ten thousand elements keep a browser busy for minutes, and mail has no use for them.
func selector(out []byte, tokens []cssToken) ([]byte, bool) {
	s := selectorReader{out: append(out, ".tocsin-mail "...), tokens: tokens}
	s.skip()
	for n := 0; ; n++ {
		if n == maxCompounds || !s.compound() {
			return s.out, false
		}
		space := s.skip()
		if s.at == len(s.tokens) {
			if s.root {
				s.out = append(s.out, bodySelector...)
			}
			return s.out, true
		}
		switch t := s.tokens[s.at]; {
		case t.is('>'):
			s.at++
			s.skip()
			if !s.root {
				s.out = append(s.out, '>')
			}
		case !space:
			return s.out, false
		case !s.root:
			s.out = append(s.out, ' ')
		}
		s.root = false
	}
}

// The elements that stand for others are told apart by their class. where() keeps the weight of the selector as it was.
const bodySelector = "div:where(.tocsin-body)"

type selectorReader struct {
	out    []byte
	tokens []cssToken
	at     int
	root   bool // the compound was the document itself, for which nothing is written
}

func (s *selectorReader) skip() (any bool) {
	for s.at < len(s.tokens) && s.tokens[s.at].kind == cssSpace {
		s.at++
		any = true
	}
	return any
}

// take returns the next token, cssEnd at the end.
func (s *selectorReader) take() cssToken {
	if s.at == len(s.tokens) {
		return cssToken{}
	}
	s.at++
	return s.tokens[s.at-1]
}

// compound reads one run of simple selectors.
func (s *selectorReader) compound() bool {
	n := 0
	for ; s.at < len(s.tokens); n++ {
		t := s.tokens[s.at]
		if t.kind == cssSpace || t.is('>') {
			return n > 0
		}
		s.at++
		if s.root {
			return false
		}
		ok := false
		switch {
		case t.kind == cssWord && n == 0:
			ok = s.element(strings.ToLower(t.text))
		case t.is('*') && n == 0:
			s.out = append(s.out, '*')
			ok = true
		case t.kind == cssHash:
			ok = isName(t.text) && !isOurs(t.text)
			s.out = append(append(s.out, '#'), idPrefix+t.text...)
		case t.is('.'):
			name := s.take()
			ok = name.kind == cssWord && isName(name.text) && !isOurs(name.text)
			s.out = append(append(s.out, '.'), name.text...)
		case t.is('['):
			ok = s.attribute()
		case t.is(':'):
			ok = s.pseudo(n == 0)
		}
		if !ok {
			return false
		}
	}
	return n > 0
}

func (s *selectorReader) element(tag string) bool {
	switch tag {
	case "html":
		s.root = true
		return true
	case "body":
		tag = bodySelector
	case "div":
		tag = "div:where(:not(.tocsin-body))"
	case "a":
		tag = "span:where(.tocsin-link)"
	case "span":
		tag = "span:where(:not(.tocsin-link))"
	case "br", "hr", "img", "col":
	default:
		if !keptElements[tag] {
			return false
		}
	}
	s.out = append(s.out, tag...)
	return true
}

func (s *selectorReader) attribute() bool {
	s.skip()
	name := s.take()
	attr := strings.ToLower(name.text)
	switch attr {
	case "class", "id", "width", "height", "align", "valign", "bgcolor", "dir":
	default:
		return false
	}
	if name.kind != cssWord {
		return false
	}
	s.out = append(append(s.out, '['), attr...)
	s.skip()
	op := s.take()
	if op.is(']') {
		s.out = append(s.out, ']')
		return true
	}
	if op.kind == cssMark && strings.IndexByte("~|^$*", op.mark) >= 0 {
		s.out = append(s.out, op.mark)
		if next := s.take(); !next.is('=') {
			return false
		}
	} else if !op.is('=') {
		return false
	}
	s.skip()
	value := s.take()
	if value.kind != cssWord && value.kind != cssString && value.kind != cssNumber {
		return false
	}
	text := value.text + value.unit
	if text == "" || len(text) > 60 || isOurs(text) || strings.ContainsFunc(text, func(c rune) bool {
		return !(c < 0x80 && isNameByte(byte(c))) && !strings.ContainsRune(" %#.", c)
	}) {
		return false
	}
	if attr == "id" {
		if !op.is('=') && !op.is('^') {
			return false
		}
		text = idPrefix + text
	}
	s.out = append(append(append(s.out, `="`...), text...), `"]`...)
	s.skip()
	return s.take().is(']')
}

// pseudo reads a pseudo-class about the place in the tree. Those about the reader (hover, visited) are out: what is shown must not
// change under the analyst's pointer. So are those that count, and pseudo-elements, which make up text.
func (s *selectorReader) pseudo(first bool) bool {
	t := s.take()
	if t.kind != cssWord {
		return false
	}
	switch name := strings.ToLower(t.text); name {
	case "root":
		s.root = first
		return first
	case "link", "any-link":
		if first {
			s.out = append(s.out, "span:where(.tocsin-link)"...)
		}
		return true
	case "first-child", "last-child", "only-child", "empty":
		s.out = append(append(s.out, ':'), name...)
		return true
	}
	return false
}

// idPrefix stands before every id of the message, so that none is ever one of the document around it.
const idPrefix = "m-"

// isName reports a class or id that needs no escapes.
func isName(s string) bool {
	if s == "" || len(s) > 64 || isDigit(s[0]) || s[0] == '-' && (len(s) == 1 || isDigit(s[1])) {
		return false
	}
	for i := range len(s) {
		if s[i] >= 0x80 || !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

// isOurs reports names that this package uses for its own marks; a message may neither wear nor restyle them.
func isOurs(name string) bool { return strings.Contains(strings.ToLower(name), "tocsin") }
