package native

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// JSON is handled as text: a function takes an array apart into the texts of its elements and joins them again, so a number
// keeps its digits and a bag the order of its keys. What comes in is valid JSON; what is not must still not do harm.

func trimSpace(s string) string { return strings.Trim(s, " \t\r\n") }

// valueEnd returns the end of the JSON value that begins at i.
func valueEnd(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			i = stringEnd(s, i)
			if depth == 0 {
				return i
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
			if depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(s)
}

func stringEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
		i++
	}
	return i
}

// elements takes an array apart; ok is false when s is none.
func elements(s string) (out []string, ok bool) {
	s = trimSpace(s)
	if len(s) < 2 || s[0] != '[' {
		return nil, false
	}
	out = []string{}
	for i := skipSpace(s, 1); i < len(s) && s[i] != ']'; {
		end := valueEnd(s, i)
		if end == i { // not JSON
			return nil, false
		}
		out = append(out, s[i:end])
		i = skipSpace(s, end)
		if i < len(s) && s[i] == ',' {
			i = skipSpace(s, i+1)
		}
	}
	return out, true
}

// member is a property of a bag; value is JSON.
type member struct{ key, value string }

// members takes a bag apart; ok is false when s is none.
func members(s string) (out []member, ok bool) {
	s = trimSpace(s)
	if len(s) < 2 || s[0] != '{' {
		return nil, false
	}
	out = []member{}
	for i := skipSpace(s, 1); i < len(s) && s[i] != '}'; {
		if s[i] != '"' {
			return nil, false
		}
		end := stringEnd(s, i)
		key, _ := unquote(s[i:end])
		i = skipSpace(s, end)
		if i >= len(s) || s[i] != ':' {
			return nil, false
		}
		i = skipSpace(s, i+1)
		end = valueEnd(s, i)
		if end == i {
			return nil, false
		}
		out = append(out, member{key, s[i:end]})
		i = skipSpace(s, end)
		if i < len(s) && s[i] == ',' {
			i = skipSpace(s, i+1)
		}
	}
	return out, true
}

// unquote returns the text of a JSON string; ok is false when s is another value.
func unquote(s string) (text string, ok bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1], true
	}
	return text, json.Unmarshal([]byte(s), &text) == nil
}

func quote(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] < 0x7f
	}
	if plain {
		return `"` + s + `"`
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// array joins JSON values. The size is checked before the text is made.
func array(items []string) string {
	size := 2 + len(items)
	for _, it := range items {
		size += len(it)
	}
	bound(size)
	return "[" + strings.Join(items, ",") + "]"
}

func texts(items []string) string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = quote(s)
	}
	return array(out)
}

func bag(list []member) string {
	items := make([]string, len(list))
	size := 2
	for i, m := range list {
		items[i] = quote(m.key) + ":" + m.value
		size += len(items[i]) + 1
	}
	bound(size)
	return "{" + strings.Join(items, ",") + "}"
}

// plainText is a value as text: that of a string, the JSON of anything else, nothing for null.
func plainText(v string) string {
	if s, ok := unquote(v); ok {
		return s
	}
	if v == "null" {
		return ""
	}
	return compact(v)
}

// compact takes out the white space between the parts of a value.
func compact(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch s[i] {
		case '"':
			end := stringEnd(s, i)
			b.WriteString(s[i:end])
			i = end
			continue
		case ' ', '\t', '\r', '\n':
		default:
			b.WriteByte(s[i])
		}
		i++
	}
	return b.String()
}

// same is a text that two equal values share.
func same(v string) string {
	if s, ok := unquote(v); ok {
		return `"` + s
	}
	return compact(v)
}

// number reads a JSON number. Texts that stand for a number, such as "NaN", are none but NaN and the infinities, which
// JSON can't write otherwise.
func number(v string) (f float64, whole, ok bool) {
	switch v {
	case `"NaN"`:
		return math.NaN(), false, true
	case `"Infinity"`:
		return math.Inf(1), false, true
	case `"-Infinity"`:
		return math.Inf(-1), false, true
	case "":
		return 0, false, false
	}
	if c := v[0]; c != '-' && (c < '0' || c > '9') {
		return 0, false, false
	}
	f, err := strconv.ParseFloat(v, 64)
	return f, !strings.ContainsAny(v, ".eE"), err == nil
}

// realText writes a real as JSON, always so that it is seen to be one.
func realText(f float64) string {
	switch {
	case math.IsNaN(f):
		return `"NaN"`
	case math.IsInf(f, 1):
		return `"Infinity"`
	case math.IsInf(f, -1):
		return `"-Infinity"`
	}
	if a := math.Abs(f); a != 0 && (a < 1e-5 || a >= 1e15) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
