package email

import (
	"sort"
	"strconv"
	"strings"
)

// maxParams bounds the pieces that are read of one field.
const maxParams = 500

// params is a field of the form "value; name=value; ..." (RFC 2045 section 5.1, RFC 2183).
type params struct {
	value    string            // lower case, without comments
	values   map[string]string // names in lower case; decoded (RFC 2231, RFC 2047)
	problems []string          // defect ids
}

func (p *params) problem(id string) {
	for _, have := range p.problems {
		if have == id {
			return
		}
	}
	p.problems = append(p.problems, id)
}

// piece is one name=value of a parameter that RFC 2231 split up: name*0*=value.
type piece struct {
	name     string
	index    int
	extended bool // percent-encoded; the first one starts with charset'language'
	value    string
}

// parseParams reads a field as senders write them: missing semicolons, missing or unclosed quotes, spaces in
// unquoted values, comments. Whatever cannot be read is stepped over, never the rest of the field with it.
func parseParams(s string) params {
	s = strings.TrimSpace(s)
	var p params
	i := 0
	for i < len(s) && !strings.ContainsRune("; \t\"(,", rune(s[i])) && s[i] != '=' {
		i++
	}
	if i < len(s) && s[i] == '=' { // no value, parameters at once
		i = 0
	}
	p.value = strings.ToLower(s[:i])
	var pieces []piece
	for n := 0; i < len(s); n++ {
		if n >= maxParams {
			p.problem("limit-params")
			break
		}
		var name, value string
		var ok bool
		start := i
		name, i = paramName(s, i)
		if i >= len(s) || s[i] != '=' {
			if name != "" {
				if strings.HasPrefix(name, "/") && !strings.Contains(p.value, "/") {
					p.value += strings.ToLower(name) // "text /html"
				}
				p.problem("param-malformed")
			} else if i < len(s) && i == start {
				i++ // a byte that starts nothing
			}
			continue
		}
		value, i, ok = paramValue(s, i+1, &p)
		if !ok {
			p.problem("param-malformed")
		}
		if name == "" {
			p.problem("param-malformed")
			continue
		}
		pieces = append(pieces, newPiece(name, value))
	}
	p.assemble(pieces)
	return p
}

// paramName reads a name at i, after separators and comments; the place after it and its white space.
func paramName(s string, i int) (string, int) {
	for i < len(s) && (s[i] == ';' || s[i] == ',' || isSpace(s[i])) {
		i++
	}
	if i < len(s) && s[i] == '(' {
		i = skipComment(s, i)
		return "", i
	}
	start := i
	for i < len(s) && s[i] != '=' && s[i] != ';' && s[i] != '"' && !isSpace(s[i]) {
		i++
	}
	name := s[start:i]
	k := i
	for k < len(s) && isSpace(s[k]) {
		k++
	}
	if k < len(s) && s[k] == '=' {
		i = k
	}
	if i < len(s) && s[i] == '"' { // a quoted string where a name belongs
		_, i, _ = quoted(s, i)
	}
	return strings.ToLower(name), i
}

// paramValue reads the value at i. It ends at the semicolon, or where white space is followed by the next name=.
func paramValue(s string, i int, p *params) (value string, next int, ok bool) {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) && s[i] == '"' {
		v, i, closed := quoted(s, i)
		if !closed {
			p.problem("param-unclosed-quote")
			// The quote was meant to close before the next parameter.
			if k := strings.IndexByte(v, ';'); k >= 0 && strings.Contains(v[k:], "=") {
				return v[:k], i - (len(v) - k), true
			}
			return v, i, true
		}
		junk := i
		for i < len(s) && s[i] != ';' && s[i] != '(' && !isSpace(s[i]) && s[i] != ',' {
			i++
		}
		if i > junk {
			if strings.IndexByte(s[junk:i], '=') >= 0 {
				return v, junk, true // name="value"other=...: only the semicolon is missing
			}
			p.problem("param-text-after-quote")
		}
		return v, i, true
	}
	start := i
	if strings.HasPrefix(s[i:], "'") {
		if k := strings.IndexByte(s[i+1:], '\''); k >= 0 && (i+k+2 == len(s) || s[i+k+2] == ';') {
			p.problem("param-single-quotes")
			return s[i+1 : i+1+k], i + k + 2, true
		}
	}
	for i < len(s) && s[i] != ';' {
		if isSpace(s[i]) {
			k := i
			for k < len(s) && isSpace(s[k]) {
				k++
			}
			if k == len(s) || s[k] == ';' || s[k] == '(' || startsParam(s[k:]) {
				return s[start:i], k, true
			}
			p.problem("param-unquoted-space")
			i = k
			continue
		}
		if s[i] == '(' && i > start && isSpace(s[i-1]) {
			break
		}
		i++
	}
	return strings.TrimSpace(s[start:i]), i, true
}

// startsParam reports whether the text starts with one of the parameter names that fields really have and "=".
func startsParam(s string) bool {
	k := strings.IndexByte(s[:min(len(s), 24)], '=')
	if k <= 0 {
		return false
	}
	name := strings.ToLower(strings.TrimSpace(s[:k]))
	if j := strings.IndexByte(name, '*'); j > 0 {
		name = name[:j]
	}
	switch name {
	case "charset", "boundary", "name", "filename", "format", "delsp", "type", "method", "size", "protocol", "micalg",
		"report-type", "reply-type", "start", "smime-type", "creation-date", "modification-date", "read-date", "access-type":
		return true
	}
	return false
}

// quoted reads a quoted string at i. A backslash quotes only a quote or a backslash, for senders who put
// Windows paths between quotes.
func quoted(s string, i int) (value string, next int, closed bool) {
	i++
	start := i
	plain := true
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			v := s[start:i]
			if !plain {
				v = unquote(v)
			}
			return v, i + 1, true
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				plain = false
				i++
			}
		}
	}
	return s[start:], len(s), false
}

func unquote(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// skipComment returns the place after the comment at i; comments nest.
func skipComment(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// stripComments removes the comments of a structured field.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch s[i] {
		case '"':
			_, next, _ := quoted(s, i)
			b.WriteString(s[i:next])
			i = next
		case '(':
			i = skipComment(s, i)
			b.WriteByte(' ')
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

// newPiece takes the RFC 2231 marks off a name.
func newPiece(name, value string) piece {
	pc := piece{name: name, index: -1, value: value}
	if strings.HasSuffix(pc.name, "*") {
		pc.name, pc.extended = pc.name[:len(pc.name)-1], true
	}
	if k := strings.LastIndexByte(pc.name, '*'); k > 0 {
		if n, err := strconv.Atoi(pc.name[k+1:]); err == nil && n >= 0 && n < 1<<20 {
			pc.name, pc.index = pc.name[:k], n
		}
	}
	return pc
}

// assemble joins the pieces to whole parameters. Of a name that stands both plain and extended the extended
// one counts (RFC 5987 section 4.2, and what mail clients do); of repeated ones the first.
func (p *params) assemble(pieces []piece) {
	if len(pieces) == 0 {
		return
	}
	p.values = make(map[string]string, len(pieces))
	var split []piece
	for _, pc := range pieces {
		switch {
		case pc.index >= 0:
			split = append(split, pc)
		case pc.extended:
			v := p.extended([]piece{pc})
			if old, ok := p.values[pc.name]; ok && old != v {
				p.problem("param-conflict")
			}
			p.values[pc.name] = v
		default:
			v := pc.value
			if strings.Contains(v, "=?") {
				v, _ = decodeWords(v, "")
			}
			v = validUTF8(v)
			if old, ok := p.values[pc.name]; !ok {
				p.values[pc.name] = v
			} else if old != v {
				p.problem("param-conflict")
			}
		}
	}
	sort.SliceStable(split, func(i, j int) bool {
		if split[i].name != split[j].name {
			return split[i].name < split[j].name
		}
		return split[i].index < split[j].index
	})
	for len(split) > 0 {
		n := 1
		for n < len(split) && split[n].name == split[0].name {
			n++
		}
		run := split[:n]
		for i := range run {
			if run[i].index != i {
				p.problem("param-continuation-gap")
				break
			}
		}
		name, v := run[0].name, p.extended(run)
		if old, ok := p.values[name]; ok && old != v {
			p.problem("param-conflict")
		}
		p.values[name] = v
		split = split[n:]
	}
}

// extended joins the pieces of one parameter and decodes them: charset'language'percent-encoded. Senders who
// mix RFC 2231 with encoded words are read too.
func (p *params) extended(run []piece) string {
	var raw []byte
	charset := ""
	any, last := false, -1
	for i, pc := range run {
		if pc.index >= 0 && pc.index == last {
			p.problem("param-conflict")
			continue
		}
		last = pc.index
		v := pc.value
		if pc.extended {
			if i == 0 {
				if cs, rest, ok := strings.Cut(v, "'"); ok {
					if _, text, ok := strings.Cut(rest, "'"); ok {
						charset, v = cs, text
					} else {
						v = rest
					}
				} else {
					p.problem("param-no-charset")
				}
			}
			any = true
			raw = appendPercent(raw, v)
			continue
		}
		raw = append(raw, v...)
	}
	if !any && strings.Contains(string(raw), "=?") {
		v, _ := decodeWords(string(raw), "")
		return validUTF8(v)
	}
	v, _ := toUTF8(raw, charset)
	if strings.HasPrefix(v, "=?") {
		v, _ = decodeWords(v, "")
	}
	return v
}

// appendPercent decodes %XX; a percent sign that starts none stays.
func appendPercent(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := hexValue(s[i+1]), hexValue(s[i+2]); hi < 16 && lo < 16 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}
