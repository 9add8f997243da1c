package detect

import "strings"

// skimmed is the text of a condition cut into tokens, without CEL. It is enough to see what stands joined by "&&" at its top (gate),
// and which phrases it writes out. What is not read in the same way by CEL for sure is odd, and nothing is concluded from it.
type skimmed []token

type token struct {
	kind tokenKind
	text string // of a string, what it says; otherwise as written
}

type tokenKind uint8

const (
	odd   tokenKind = iota // strings with escapes
	word                   // names and whole numbers
	quote                  // a plain string
	mark                   // one character of punctuation, or "&&", "||"
)

// skim cuts up a CEL expression; nil when it does not end well, or holds strings with prefixes or three quotes.
func skim(src string) skimmed {
	out := make(skimmed, 0, len(src)/8)
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
		case strings.HasPrefix(src[i:], "//"):
			n := strings.IndexByte(src[i:], '\n')
			if n < 0 {
				return out
			}
			i += n
		case c == '"' || c == '\'':
			if strings.HasPrefix(src[i:], `"""`) || strings.HasPrefix(src[i:], `'''`) {
				return nil
			}
			n, plain := stringEnd(src, i)
			if n < 0 {
				return nil
			}
			if plain {
				out = append(out, token{quote, src[i+1 : n]})
			} else {
				out = append(out, token{kind: odd})
			}
			i = n + 1
		case wordByte(c) || c == '_':
			n := i + 1
			for n < len(src) && (wordByte(src[n]) || src[n] == '_') {
				n++
			}
			if n < len(src) && (src[n] == '"' || src[n] == '\'') { // r"", b""
				return nil
			}
			out = append(out, token{word, src[i:n]})
			i = n
		case strings.HasPrefix(src[i:], "&&"), strings.HasPrefix(src[i:], "||"):
			out = append(out, token{mark, src[i : i+2]})
			i += 2
		default:
			out = append(out, token{mark, src[i : i+1]})
			i++
		}
	}
	return out
}

// stringEnd returns where the string that starts at i has its closing quote, -1 when it has none in its line; plain says that it holds
// no escapes.
func stringEnd(src string, i int) (end int, plain bool) {
	plain = true
	for n := i + 1; n < len(src); n++ {
		switch src[n] {
		case src[i]:
			return n, plain
		case '\\':
			plain = false
			n++
		case '\n', '\r':
			return -1, false
		}
	}
	return -1, false
}

// is reports whether the tokens are these, as written; "" stands for any plain string.
func (t skimmed) is(want ...string) bool {
	if len(t) != len(want) {
		return false
	}
	for i := range t {
		if want[i] == "" && t[i].kind != quote || want[i] != "" && (t[i].kind == quote || t[i].kind == odd || t[i].text != want[i]) {
			return false
		}
	}
	return true
}

// depth returns by how much token i opens (1) or closes (-1) brackets.
func (t skimmed) depth(i int) int {
	if t[i].kind == mark {
		switch t[i].text {
		case "(", "[", "{":
			return 1
		case ")", "]", "}":
			return -1
		}
	}
	return 0
}

// split cuts at a mark that stands outside of all brackets; false when the brackets do not fit, or it stands nowhere.
func (t skimmed) split(at string) ([]skimmed, bool) {
	var parts []skimmed
	depth, start := 0, 0
	for i := range t {
		if depth += t.depth(i); depth < 0 {
			return nil, false
		}
		if depth == 0 && t[i].kind == mark && t[i].text == at {
			parts = append(parts, t[start:i])
			start = i + 1
		}
	}
	return append(parts, t[start:]), depth == 0 && start > 0
}

// inBrackets returns what stands in the brackets that the first token opens, when the last one closes them.
func (t skimmed) inBrackets() (skimmed, bool) {
	if len(t) < 2 || t.depth(0) != 1 {
		return nil, false
	}
	depth := 0
	for i := range t {
		if depth += t.depth(i); depth == 0 {
			return t[1:i], i == len(t)-1
		}
	}
	return nil, false
}

// writtenOut returns the strings of a list "[...]"; false when it is none, or one of them is worked out.
func (t skimmed) writtenOut() ([]string, bool) {
	inner, ok := t.inBrackets()
	if !ok || t[0].text != "[" {
		return nil, false
	}
	out := make([]string, 0, len(inner)/2+1)
	for i := range inner {
		switch {
		case i%2 == 0 && inner[i].kind == quote:
			out = append(out, inner[i].text)
		case i%2 == 1 && inner[i].kind == mark && inner[i].text == ",":
		default:
			return nil, false
		}
	}
	return out, true
}
