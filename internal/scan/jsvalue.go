package scan

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxJSDepth  = 12      // expressions in expressions
	maxJSString = 4 << 20 // octets of one value
	maxJSNames  = 5_000
)

// jsReader works out the constant strings of a script: literals put together with "+", join, reverse and the decoding functions of browsers.
// It runs nothing: loops, calls of the script's own functions and everything that depends on the page are unknown.
type jsReader struct {
	t    []jsToken
	env  map[string]string // names with a constant value
	list map[string][]string
	size int64 // octets made so far

	decoded bool            // the last value was put through something that hides text
	hidden  map[string]bool // names whose value was
}

func (r *jsReader) is(i int, text string) bool {
	return i < len(r.t) && r.t[i].kind != 's' && r.t[i].text == text
}

// value reads the expression at i. It returns where it ends; ok says that its value is known.
func (r *jsReader) value(i, depth int) (v string, next int, ok bool) {
	v, next, ok = r.term(i, depth)
	for ok && r.is(next, "+") && r.size < maxJSString {
		more, after, known := r.term(next+1, depth)
		if !known {
			return v, next, true // the constant beginning
		}
		v += more
		r.size += int64(len(v))
		next = after
	}
	return v, next, ok
}

func (r *jsReader) term(i, depth int) (v string, next int, ok bool) {
	if i >= len(r.t) || depth > maxJSDepth {
		return "", i, false
	}
	t := r.t[i]
	switch {
	case t.kind == 's':
		v, next, ok = t.text, i+1, true
	case t.kind == 'n':
		v, next, ok = strconv.FormatFloat(t.num, 'f', -1, 64), i+1, true
	case r.is(i, "("):
		if v, next, ok = r.value(i+1, depth+1); ok && r.is(next, ")") {
			next++
		} else {
			return "", i, false
		}
	case r.is(i, "["):
		return r.array(i, depth)
	case t.kind == 'i':
		if v, next, ok = r.call(i, depth); !ok {
			if list, have := r.list[t.text]; have {
				return r.listMethods(list, i+1, depth)
			}
			v, ok = r.env[t.text]
			r.decoded = r.decoded || r.hidden[t.text]
			next = i + 1
			if ok && r.is(next, "(") {
				return "", i, false
			}
		}
	}
	if !ok {
		return "", i, false
	}
	return r.methods(v, next, depth)
}

// call reads atob("..."), unescape, decodeURIComponent, String.fromCharCode and the like.
func (r *jsReader) call(i, depth int) (v string, next int, ok bool) {
	for (r.is(i, "window") || r.is(i, "self") || r.is(i, "globalThis") || r.is(i, "String")) && r.is(i+1, ".") && i+2 < len(r.t) {
		i += 2
	}
	if r.is(i, "new") {
		i++
	}
	if !r.is(i+1, "(") {
		return "", i, false
	}
	name := r.t[i].text
	switch name {
	case "atob", "unescape", "decodeURIComponent", "decodeURI", "String", "escape":
		arg, after, known := r.value(i+2, depth+1)
		if !known || !r.is(after, ")") {
			return "", i, false
		}
		r.size += int64(len(arg))
		r.decoded = true
		return decodeWith(name, arg), after + 1, true
	case "fromCharCode", "fromCodePoint":
		numbers, after := r.numbers(i + 2)
		if len(numbers) == 0 {
			return "", i, false
		}
		var b strings.Builder
		for _, n := range numbers {
			b.WriteRune(rune(n))
		}
		r.decoded = true
		return b.String(), after, true
	}
	return "", i, false
}

func decodeWith(name, arg string) string {
	switch name {
	case "atob":
		return string(looseBase64(arg))
	case "unescape", "decodeURIComponent", "decodeURI":
		return unpercent(arg)
	}
	return arg
}

// unpercent undoes %xx and %uxxxx; what is neither stays.
func unpercent(s string) string {
	if !strings.Contains(s, "%u") {
		if v, err := url.PathUnescape(s); err == nil {
			return v
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '%' && i+6 <= len(s) && s[i+1]|0x20 == 'u' {
			if v, err := strconv.ParseUint(s[i+2:i+6], 16, 32); err == nil {
				b.WriteRune(rune(v))
				i += 6
				continue
			}
		}
		if s[i] == '%' && i+3 <= len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// numbers reads "1,2,3)" or "1,2,3]": next is behind the bracket.
func (r *jsReader) numbers(i int) (list []float64, next int) {
	for i < len(r.t) {
		sign := 1.0
		if r.is(i, "-") {
			sign = -1
			i++
		}
		if i >= len(r.t) || r.t[i].kind != 'n' {
			return nil, i
		}
		list = append(list, sign*r.t[i].num)
		i++
		switch {
		case r.is(i, ","):
			i++
			if r.is(i, "]") {
				return list, i + 1
			}
		case r.is(i, ")") || r.is(i, "]"):
			return list, i + 1
		default:
			return nil, i
		}
	}
	return nil, i
}

// array reads ["a","b"] with what is done to it: .join(""), .reverse().join("").
func (r *jsReader) array(i, depth int) (v string, next int, ok bool) {
	list, next, ok := r.strings(i, depth)
	if !ok {
		return "", i, false
	}
	return r.listMethods(list, next, depth)
}

// strings reads an array of known strings.
func (r *jsReader) strings(i, depth int) (list []string, next int, ok bool) {
	if !r.is(i, "[") {
		return nil, i, false
	}
	i++
	for !r.is(i, "]") {
		v, after, known := r.value(i, depth+1)
		if !known || after >= len(r.t) || len(list) > 50_000 {
			return nil, i, false
		}
		list = append(list, v)
		i = after
		if r.is(i, ",") {
			i++
		} else if !r.is(i, "]") {
			return nil, i, false
		}
	}
	return list, i + 1, true
}

func (r *jsReader) listMethods(list []string, i, depth int) (v string, next int, ok bool) {
	for r.is(i, ".") && i+3 < len(r.t) && r.is(i+2, "(") {
		switch r.t[i+1].text {
		case "reverse":
			turned := make([]string, len(list))
			for j, s := range list {
				turned[len(list)-1-j] = s
			}
			list, i = turned, i+4
			r.decoded = true
		case "join":
			sep, after, known := r.value(i+3, depth+1)
			if r.is(i+3, ")") {
				sep, after, known = ",", i+3, true
			}
			total := 0
			for _, s := range list {
				total += len(s) + len(sep)
			}
			if !known || !r.is(after, ")") || total > maxJSString {
				return "", i, false
			}
			r.size += int64(total)
			r.decoded = true
			return r.methods(strings.Join(list, sep), after+1, depth)
		default:
			return "", i, false
		}
	}
	if r.is(i, "[") && i+2 < len(r.t) && r.t[i+1].kind == 'n' && r.is(i+2, "]") {
		if n := int(r.t[i+1].num); n >= 0 && n < len(list) {
			return r.methods(list[n], i+3, depth)
		}
	}
	return "", i, false
}

// methods applies what scripts do to strings to hide them.
func (r *jsReader) methods(v string, i, depth int) (string, int, bool) {
	for steps := 0; steps < 20 && r.is(i, ".") && i+3 < len(r.t) && r.is(i+2, "("); steps++ {
		switch r.t[i+1].text {
		case "split":
			sep, after, known := r.value(i+3, depth+1)
			if !known || !r.is(after, ")") || len(v) > 1<<20 {
				return v, i, true
			}
			r.size += int64(len(v)) * 16
			if r.size > 16*maxJSString {
				return v, i, true
			}
			w, after, ok := r.listMethods(strings.Split(v, sep), after+1, depth)
			if !ok {
				return v, i, true
			}
			return w, after, true
		case "replace", "replaceAll":
			from, after, known := r.value(i+3, depth+1)
			if !known || !r.is(after, ",") {
				return v, i, true
			}
			to, after, known := r.value(after+1, depth+1)
			if !known || !r.is(after, ")") || from == "" || len(to) > len(from)+8 {
				return v, i, true
			}
			v, i = strings.ReplaceAll(v, from, to), after+1
			r.decoded = true
		case "toString", "trim", "toLowerCase", "concat":
			if !r.is(i+3, ")") {
				return v, i, true
			}
			i += 4
		case "substr", "substring", "slice":
			numbers, after := r.numbers(i + 3)
			if len(numbers) == 0 {
				return v, i, true
			}
			from, to := clampIndex(numbers[0], len(v)), len(v)
			if len(numbers) > 1 {
				to = clampIndex(numbers[1], len(v))
				if r.t[i+1].text == "substr" {
					to = min(len(v), from+to)
				}
			}
			v, i = v[min(from, to):max(from, to)], after
		default:
			return v, i, true
		}
		r.size += int64(len(v))
		if r.size > 16*maxJSString {
			break
		}
	}
	return v, i, true
}

func clampIndex(n float64, length int) int { return int(max(0, min(float64(length), n))) }

// readable says that b is text a script or page would be made of.
func readable(b []byte) bool {
	if len(b) == 0 || !utf8.Valid(b[:min(len(b), 4096)]) && !utf8.Valid(b[:max(0, min(len(b), 4096)-3)]) {
		return false
	}
	odd := 0
	for _, c := range b[:min(len(b), 4096)] {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			odd++
		}
	}
	return odd*50 < min(len(b), 4096)
}
