package native

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var textFunctions = map[string]function{
	"extract_all":     memo('d', extractAll),
	"has_any_index":   memo('l', hasAnyIndex),
	"indexof":         pure('l', indexOf),
	"indexof_regex":   memo('l', indexOfRegex),
	"isascii":         pure('b', func(a args) any { return isASCII(a.text(0)) }),
	"replace_strings": memo('s', replaceStrings),
	"reverse":         pure('s', reverse),
	"strrep":          pure('s', repeat),
	"translate":       memo('s', translate),
	"format_bytes":    pure('s', formatBytes),
	"codepoints":      pure('d', codepoints),
	"make_string":     pure('s', makeString),
	"to_utf8":         pure('d', toUTF8),
	"tohex":           pure('s', toHex),
	"toguid":          pure('s', toGUID),
}

// pattern compiles a regular expression that the compiler has checked; nil when it is none.
func (k *kept) pattern(re string) *regexp.Regexp {
	return k.of(re, func(s string) any { r, _ := regexp.Compile(s); return r }).(*regexp.Regexp)
}

// extractAll takes a regular expression, a text and an array of groups, by number or name; null stands for all groups.
func extractAll(a args, m *kept) any {
	re := m.pattern(a.text(0))
	if re == nil {
		return nil
	}
	var groups []int
	if list, ok := elements(a.json(2)); ok {
		for _, g := range list {
			n := -1
			if name, ok := unquote(g); ok {
				n = re.SubexpIndex(name)
			} else if i, err := strconv.Atoi(g); err == nil {
				n = i
			}
			if n < 1 || n > re.NumSubexp() {
				return nil
			}
			groups = append(groups, n)
		}
	} else {
		for g := 1; g <= re.NumSubexp(); g++ {
			groups = append(groups, g)
		}
	}
	s := a.text(1)
	var out []string
	for _, at := range re.FindAllStringSubmatchIndex(s, maxElements) {
		var row []string
		for _, g := range groups {
			v := `""`
			if at[2*g] >= 0 {
				v = quote(s[at[2*g]:at[2*g+1]])
			}
			row = append(row, v)
		}
		if len(row) == 1 {
			out = append(out, row[0])
		} else {
			out = append(out, array(row))
		}
	}
	if out == nil {
		return nil
	}
	return array(out)
}

func isTerm(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// hasTerm tells whether word stands in text where its ends are ends of terms, as the operator has does. Both are folded.
func hasTerm(text, word string) bool {
	if word == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(word)
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if !(i > 0 && isTerm(first) && isTerm(before)) && !(i+len(word) < len(text) && isTerm(last) && isTerm(after)) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		from = i + size
	}
}

// HasTerm is the operator has outside of a query: text has word as whole terms, whatever the case.
func HasTerm(text, word string) bool { return hasTerm(fold(text), fold(word)) }

func fold(s string) string { return strings.Map(unicode.ToLower, s) }

// hasAnyIndex is the position of the first element of an array that text has.
func hasAnyIndex(a args, m *kept) any {
	words := m.of(a.json(1), func(s string) any {
		list, _ := elements(s)
		for i := range list {
			list[i] = fold(plainText(list[i]))
		}
		return list
	}).([]string)
	text := fold(a.text(0))
	for i, w := range words {
		if w != "" && hasTerm(text, w) {
			return int64(i)
		}
	}
	return int64(-1)
}

// window is the part of a text, in characters, that a search with a start and a length looks at.
func window(s []rune, start, length int64) (from, to int64) {
	n := int64(len(s))
	if start < 0 {
		start = max(start+n, 0)
	}
	start = min(start, n)
	if length < 0 || length > n-start {
		return start, n
	}
	return start, start + length
}

// indexOf is indexof with a length and an occurrence.
func indexOf(a args) any {
	start, ok1 := a.longOr(2, 0)
	length, ok2 := a.longOr(3, -1)
	occurrence, ok3 := a.longOr(4, 1)
	if !ok1 || !ok2 || !ok3 || length < -1 || occurrence < 0 {
		return nil
	}
	s := []rune(a.text(0))
	from, to := window(s, start, length)
	part, word := string(s[from:to]), a.text(1)
	for at := 0; at <= len(part); {
		i := strings.Index(part[at:], word)
		if i < 0 {
			break
		}
		i += at
		if occurrence--; occurrence <= 0 {
			return from + int64(utf8.RuneCountInString(part[:i]))
		}
		_, size := utf8.DecodeRuneInString(part[i:])
		at = i + max(size, 1)
	}
	return int64(-1)
}

func indexOfRegex(a args, m *kept) any {
	start, ok1 := a.longOr(2, 0)
	length, ok2 := a.longOr(3, -1)
	occurrence, ok3 := a.longOr(4, 1)
	re := m.pattern(a.text(1))
	if !ok1 || !ok2 || !ok3 || start < 0 || length < -1 || occurrence < 0 || re == nil {
		return nil
	}
	s := []rune(a.text(0))
	from, to := window(s, start, length)
	part := string(s[from:to])
	found := re.FindAllStringIndex(part, int(min(max(occurrence, 1), maxElements)))
	if int64(len(found)) < max(occurrence, 1) {
		return int64(-1)
	}
	return from + int64(utf8.RuneCountInString(part[:found[len(found)-1][0]]))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// replaceStrings replaces several texts: all that the first of them matches, then what the second matches in the rest, and so
// on. What has been matched is not looked at again.
func replaceStrings(a args, m *kept) any {
	type rule struct {
		from, to string
	}
	rules := m.of(a.json(1)+"\x00"+a.json(2), func(string) any {
		from, _ := elements(a.json(1))
		to, _ := elements(a.json(2))
		out := []rule{}
		for i, f := range from {
			word, ok := unquote(f)
			if !ok || word == "" || i >= len(to) {
				continue
			}
			r := rule{word, word}
			if text, ok := unquote(to[i]); ok { // what is no text replaces nothing
				r.to = text
			}
			out = append(out, r)
		}
		return out
	}).([]rule)
	type piece struct {
		text string
		done bool
	}
	pieces := []piece{{a.text(0), false}}
	size := 0
	for _, r := range rules {
		var next []piece
		for _, p := range pieces {
			if p.done {
				next = append(next, p)
				continue
			}
			for i, part := range strings.Split(p.text, r.from) {
				if i > 0 {
					size += len(r.to)
					bound(size)
					next = append(next, piece{r.to, true})
				}
				if part != "" {
					next = append(next, piece{part, false})
				}
			}
		}
		pieces = next
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

func reverse(a args) any {
	r := []rune(a.text(0))
	slices.Reverse(r)
	return string(r)
}

// repeat is strrep: at most 1024 times.
func repeat(a args) any {
	n, ok := a.long(1)
	if !ok || n < 1 {
		return ""
	}
	n = min(n, 1024)
	s, between := a.text(0), a.text(2)
	bound(int(n) * (len(s) + len(between)))
	return strings.TrimSuffix(strings.Repeat(s+between, int(n)), between)
}

// translate exchanges characters; the last one of the replacements stands for all that are missing.
func translate(a args, m *kept) any {
	table := m.of(a.text(0)+"\x00"+a.text(1), func(string) any {
		out := map[rune]rune{}
		to := []rune(a.text(1))
		for i, r := range []rune(a.text(0)) {
			if _, twice := out[r]; twice {
				continue
			}
			out[r] = -1
			if len(to) > 0 {
				out[r] = to[min(i, len(to)-1)]
			}
		}
		return out
	}).(map[rune]rune)
	return strings.Map(func(r rune) rune {
		if t, ok := table[r]; ok {
			return t
		}
		return r
	}, a.text(2))
}

var byteUnits = []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}

func formatBytes(a args) any {
	f, ok := a.real(0)
	digits, ok1 := a.longOr(1, 0)
	if !ok || !ok1 || math.IsNaN(f) || math.IsInf(f, 0) {
		return ""
	}
	at := 0
	if want := a.text(2); want != "" {
		if at = slices.Index(byteUnits, want); at < 0 {
			return ""
		}
		f /= math.Pow(1024, float64(at))
	} else {
		for at < len(byteUnits)-1 && math.Abs(f) >= 1024 {
			f /= 1024
			at++
		}
	}
	s := strconv.FormatFloat(f, 'f', int(min(max(digits, 0), 15)), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s + " " + byteUnits[at]
}

func codepoints(a args) any {
	var out []string
	for _, r := range a.text(0) {
		out = append(out, strconv.Itoa(int(r)))
	}
	return array(out)
}

func toUTF8(a args) any {
	s := a.text(0)
	out := make([]string, len(s))
	for i := range len(s) {
		out[i] = strconv.Itoa(int(s[i]))
	}
	return array(out)
}

// makeString takes numbers and arrays of numbers.
func makeString(a args) any {
	var b strings.Builder
	for i := range a {
		list, ok := elements(a.json(i))
		if !ok {
			list = []string{a.json(i)}
		}
		for _, v := range list {
			n, err := strconv.ParseInt(v, 10, 32)
			if err != nil || !utf8.ValidRune(rune(n)) {
				return ""
			}
			b.WriteRune(rune(n))
		}
		bound(b.Len())
	}
	return b.String()
}

// toHex takes a number, how wide it is in bits, and the least number of digits.
func toHex(a args) any {
	n, ok := a.long(0)
	bits, _ := a.long(1)
	least, _ := a.longOr(2, 0)
	if !ok {
		return ""
	}
	u := uint64(n)
	if bits == 32 {
		u = uint64(uint32(n))
	}
	s := strconv.FormatUint(u, 16)
	return strings.Repeat("0", max(int(min(max(least, 0), 16))-len(s), 0)) + s
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$`)

// toGUID writes a guid the usual way: a guid is kept as its text.
func toGUID(a args) any {
	s := strings.ToLower(strings.Trim(trimSpace(a.text(0)), "{}()"))
	if !guid.MatchString(s) {
		return ""
	}
	s = strings.ReplaceAll(s, "-", "")
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
