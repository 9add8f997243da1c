package scan

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsToken is one token of a script (ECMA-262 section 12), as far as a look at it needs.
type jsToken struct {
	kind byte   // 'i' identifier, 's' string, 'n' number, 'p' punctuator
	text string // of a string: escapes undone
	num  float64
}

const maxJSTokens = 400_000

// jsTokens cuts a script into tokens. It never fails: what is no token is left out.
func jsTokens(code string) []jsToken {
	out := make([]jsToken, 0, min(len(code)/6+8, 100_000))
	for i := 0; i < len(code) && len(out) < maxJSTokens; {
		c := code[i]
		switch {
		case c <= ' ':
			i++
		case c == '/' && i+1 < len(code) && code[i+1] == '/':
			i = lineEnd(code, i)
		case c == '/' && i+1 < len(code) && code[i+1] == '*':
			end := strings.Index(code[i+2:], "*/")
			if end < 0 {
				return out
			}
			i += end + 4
		case c == '"' || c == '\'' || c == '`':
			var text string
			text, i = jsString(code, i+1, c)
			out = append(out, jsToken{kind: 's', text: text})
		case c >= '0' && c <= '9':
			end := i + 1
			for end < len(code) && isIdentifier(code[end]) || end < len(code) && code[end] == '.' && end+1 < len(code) && code[end+1] >= '0' && code[end+1] <= '9' {
				end++
			}
			out = append(out, jsToken{kind: 'n', text: code[i:end], num: jsNumber(code[i:end])})
			i = end
		case isIdentifier(c):
			end := i + 1
			for end < len(code) && isIdentifier(code[end]) {
				end++
			}
			out = append(out, jsToken{kind: 'i', text: code[i:end]})
			i = end
		case c == '/' && regexMayFollow(out):
			i = regexEnd(code, i)
			out = append(out, jsToken{kind: 'p', text: "/"})
		default:
			n := 1
			if strings.HasPrefix(code[i:], "==") || strings.HasPrefix(code[i:], "=>") || strings.HasPrefix(code[i:], "+=") || strings.HasPrefix(code[i:], "!=") {
				n = 2
			}
			out = append(out, jsToken{kind: 'p', text: code[i : i+n]})
			i += n
		}
	}
	return out
}

func lineEnd(s string, i int) int {
	if end := strings.IndexByte(s[i:], '\n'); end >= 0 {
		return i + end + 1
	}
	return len(s)
}

func isIdentifier(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= utf8.RuneSelf
}

// regexMayFollow tells a regular expression from a division by what stands before.
func regexMayFollow(before []jsToken) bool {
	if len(before) == 0 {
		return true
	}
	t := before[len(before)-1]
	return t.kind == 'p' && t.text != ")" && t.text != "]" && t.text != "}" || t.kind == 'i' && (t.text == "return" || t.text == "typeof")
}

func regexEnd(code string, i int) int {
	inClass := false
	for i++; i < len(code); i++ {
		switch code[i] {
		case '\\':
			i++
		case '[':
			inClass = true
		case ']':
			inClass = false
		case '\n':
			return i
		case '/':
			if !inClass {
				for i++; i < len(code) && isIdentifier(code[i]); i++ {
				}
				return i
			}
		}
	}
	return len(code)
}

func jsNumber(s string) float64 {
	if len(s) > 2 && s[0] == '0' && (s[1]|0x20 == 'x' || s[1]|0x20 == 'b' || s[1]|0x20 == 'o') {
		v, _ := strconv.ParseInt(strings.ToLower(s), 0, 64)
		return float64(v)
	}
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// jsString reads up to the closing quote and undoes escapes. A line end closes a string, but not a template.
func jsString(code string, i int, quote byte) (string, int) {
	start := i
	for i < len(code) && code[i] != quote && code[i] != '\\' && (code[i] != '\n' || quote == '`') {
		i++
	}
	if i >= len(code) || code[i] == quote {
		return code[start:i], i + 1
	}
	if code[i] == '\n' {
		return code[start:i], i
	}
	var b strings.Builder
	b.WriteString(code[start:i])
	for i < len(code) {
		c := code[i]
		i++
		switch {
		case c == quote:
			return b.String(), i
		case c == '\n' && quote != '`':
			return b.String(), i
		case c != '\\' || i >= len(code):
			b.WriteByte(c)
			continue
		}
		c = code[i]
		i++
		switch c {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'b', 'v', 'f', '\n', '\r':
		case 'x':
			i += hexEscape(&b, code[i:], 2)
		case 'u':
			i += hexEscape(&b, code[i:], 4)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v := int(c - '0')
			for n := 0; n < 2 && i < len(code) && code[i] >= '0' && code[i] <= '7'; n++ {
				v = v*8 + int(code[i]-'0')
				i++
			}
			b.WriteRune(rune(v))
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), i
}

// hexEscape writes the character of n hex digits, or of "{...}", and returns how long they are.
func hexEscape(b *strings.Builder, s string, n int) int {
	skip := 0
	if n == 4 && strings.HasPrefix(s, "{") {
		n = strings.IndexByte(s[:min(len(s), 10)], '}') - 1
		s, skip = s[1:], 2
	}
	if n <= 0 || len(s) < n {
		return 0
	}
	v, err := strconv.ParseUint(s[:n], 16, 32)
	if err != nil {
		return 0
	}
	b.WriteRune(rune(v))
	return n + skip
}
