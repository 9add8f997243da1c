package stix

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of one pattern.
const (
	maxPattern = 256 << 10 // octets
	maxTokens  = 60_000
	maxNesting = 64
)

// token is a piece of a pattern (section 9.5).
type token struct {
	kind byte // 'w' word, 's' text, 'n' number, 't' 'h' 'b' text with that prefix, or the sign itself; 0: the end
	text string
	at   int // octets from the beginning
}

// signs of more than one octet; they stand as one letter.
var signs = []struct {
	text string
	kind byte
}{{"!=", '!'}, {"<>", '!'}, {"==", '='}, {"<=", 'l'}, {">=", 'g'}}

// PatternError says where a pattern is wrong.
type PatternError struct {
	At  int // octets from the beginning
	Why string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("the pattern at character %d: %s", e.At+1, e.Why)
}

// lex cuts a pattern into tokens. The last one has kind 0.
func lex(s string) ([]token, error) {
	if len(s) > maxPattern {
		return nil, &PatternError{0, fmt.Sprintf("it is longer than %d KiB", maxPattern>>10)}
	}
	if !utf8.ValidString(s) {
		return nil, &PatternError{0, "it is not UTF-8"}
	}
	var out []token
	for i := 0; i < len(s); {
		if len(out) == maxTokens {
			return nil, &PatternError{i, "it is too long"}
		}
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return nil, &PatternError{i, "the comment does not end"}
			}
			i += end + 4
			continue
		case strings.HasPrefix(s[i:], "//"):
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				end = len(s) - i
			}
			i += end
			continue
		case c == '\'':
			text, n, err := quoted(s, i)
			if err != nil {
				return nil, err
			}
			out = append(out, token{'s', text, i})
			i = n
			continue
		case (c == 't' || c == 'h' || c == 'b') && i+1 < len(s) && s[i+1] == '\'':
			text, n, err := quoted(s, i+1)
			if err != nil {
				return nil, err
			}
			out = append(out, token{c, text, i})
			i = n
			continue
		case letter(c):
			n := i + 1
			for n < len(s) && (letter(s[n]) || digit(s[n]) || s[n] == '-') {
				n++
			}
			out = append(out, token{'w', s[i:n], i})
			i = n
			continue
		case digit(c) || (c == '-' || c == '+') && i+1 < len(s) && digit(s[i+1]):
			n := i + 1
			for n < len(s) && (digit(s[n]) || s[n] == '.') {
				n++
			}
			out = append(out, token{'n', s[i:n], i})
			i = n
			continue
		}
		t, err := sign(s, i)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		i += len(t.text)
	}
	return append(out, token{at: len(s)}), nil
}

func sign(s string, i int) (token, error) {
	for _, two := range signs {
		if strings.HasPrefix(s[i:], two.text) {
			return token{two.kind, two.text, i}, nil
		}
	}
	if strings.IndexByte("[]()=<>,.:*", s[i]) >= 0 {
		return token{s[i], s[i : i+1], i}, nil
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return token{}, &PatternError{i, fmt.Sprintf("%q does not belong there", r)}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// quoted reads a text in single quotes that begins at i; a backslash takes the meaning from what follows.
func quoted(s string, i int) (text string, after int, err error) {
	var b strings.Builder
	for n := i + 1; n < len(s); n++ {
		switch s[n] {
		case '\\':
			if n++; n < len(s) {
				b.WriteByte(s[n])
			}
		case '\'':
			return b.String(), n + 1, nil
		default:
			b.WriteByte(s[n])
		}
	}
	return "", 0, &PatternError{i, "the text in quotes does not end"}
}

// Quote writes a text as a constant of a pattern.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
