package email

import (
	"strings"
)

// maxAddresses bounds how many mailboxes are read of one field.
const maxAddresses = 10000

// addressReader reads an address list (RFC 5322 section 3.4 and the obsolete forms of 4.4) the way mailers really
// write it. It never fails: whatever is not an address becomes a name, whatever could be an address is kept.
type addressReader struct {
	s        string
	i        int
	hint     string // charset of raw 8-bit names
	author   bool   // a field that names who wrote, so rarely more than one mailbox
	nested   int
	out      []Address
	problems []string // defect ids

	// The mailbox being read.
	phrase  strings.Builder // words before the angle bracket, decoded of quotes but not of encoded words
	held    string          // a name before a comma that belongs to the next mailbox
	comment string
	quoted  bool // the phrase holds a quoted string
	angles  int
}

// parseAddresses returns the mailboxes in an unfolded, undecoded field value, and the ids of the rules it broke.
// author is true for fields that name who wrote the message.
func parseAddresses(s, hint string, author bool) ([]Address, []string) {
	r := addressReader{s: s, hint: hint, author: author}
	r.list()
	return r.out, r.problems
}

func (r *addressReader) problem(id string) {
	for _, have := range r.problems {
		if have == id {
			return
		}
	}
	r.problems = append(r.problems, id)
}

func (r *addressReader) list() {
	s := r.s
	for r.i < len(s) && len(r.out) < maxAddresses {
		switch c := s[r.i]; c {
		case ',', ';':
			r.end(c)
			r.i++
		case '(':
			next := skipComment(s, r.i)
			text := strings.TrimSpace(strings.TrimSuffix(s[min(r.i+1, next):next], ")"))
			if text != "" {
				r.comment = strings.ReplaceAll(text, `\`, "")
			}
			r.i = next
		case '"':
			v, next, closed := quoted(s, r.i)
			if !closed {
				r.problem("address-unclosed-quote")
				// The rest may still hold the address.
				if k := strings.LastIndexByte(v, '<'); k >= 0 {
					v, next = v[:k], next-(len(v)-k)
				}
			}
			if next < len(s) && s[next] == '@' { // "quoted local part"@domain
				end := r.addressEnd(next)
				r.phrase.WriteString(s[r.i:end])
				r.i = end
				break
			}
			r.quoted = true
			r.phrase.WriteString(v)
			r.i = max(next, r.i+1)
		case '<':
			r.angle()
		case ':':
			r.group()
		case '=':
			// An encoded word is one token, whatever separators senders left in it.
			if n := wordLength(s[r.i:]); n > 0 {
				r.phrase.WriteString(s[r.i : r.i+n])
				r.i += n
				break
			}
			fallthrough
		default:
			r.phrase.WriteByte(c)
			r.i++
		}
	}
	if r.i < len(s) {
		r.problem("limit-addresses")
	}
	r.end(0)
	if r.held != "" {
		r.add("", "")
	}
}

// wordLength is the length of the encoded word that s starts with, 0 for none.
func wordLength(s string) int {
	if !strings.HasPrefix(s, "=?") || !wordStarts(s, 0) {
		return 0
	}
	text := strings.IndexByte(s[2:], '?') + 2 + 3
	for i := text; i+1 < len(s); i++ {
		if s[i] == '?' && s[i+1] == '=' {
			return i + 2
		}
		if isSpace(s[i]) || s[i] == '<' {
			return 0
		}
	}
	return 0
}

// addressEnd returns where an address that goes on at i ends.
func (r *addressReader) addressEnd(i int) int {
	for i < len(r.s) && strings.IndexByte(" \t,;<>()\"", r.s[i]) < 0 {
		i++
	}
	return i
}

// group handles a colon: the name of a group stands before it, or it is text like "mailto:".
func (r *addressReader) group() {
	name := strings.TrimSpace(r.phrase.String())
	switch {
	case strings.EqualFold(name, "mailto"), strings.EqualFold(name, "smtp"):
		r.problem("address-malformed")
		r.phrase.Reset()
	case name != "" && !strings.Contains(name, "@") && !r.quoted || r.quoted && name != "":
		r.phrase.Reset()
		r.quoted = false
	default:
		r.phrase.WriteByte(':')
	}
	r.i++
}

// angle reads <address> at i. The phrase before it is its name.
func (r *addressReader) angle() {
	s, open := r.s, r.i
	inner, next, closed := r.bracket(open + 1)
	r.i = next
	if !closed {
		r.problem("address-unclosed-angle")
	}
	if list := innerList(inner); list != nil { // <a@example.com, b@example.com>
		r.problem("address-malformed")
		name := r.name()
		for _, one := range list {
			r.angles++
			r.add(name, cleanAddress(one))
			name = ""
		}
		return
	}
	addr := cleanAddress(inner)
	if addr == "" && strings.TrimSpace(inner) != "" || !strings.Contains(addr, "@") && r.anotherAngle() {
		// Not an address: a name in angle brackets, as in "<John> <john@example.com>".
		r.phrase.WriteString(s[open:next])
		return
	}
	if addr == "" && strings.TrimSpace(r.phrase.String()) == "" && r.comment == "" && r.held == "" {
		r.phrase.Reset()
		return
	}
	if r.angles++; r.angles == 2 {
		r.problem("address-two-angles")
	}
	if strings.ContainsAny(addr, ",;") {
		r.problem("address-malformed")
	}
	r.add(r.name(), addr)
}

// bracket returns the text from i to the closing angle bracket. Where that is missing the text ends at the next
// separator or opening bracket.
func (r *addressReader) bracket(i int) (inner string, next int, closed bool) {
	s := r.s
	rest := s[i:min(len(s), i+2000)]
	quote := false
	separator := -1
	for k := 0; k < len(rest); k++ {
		switch c := rest[k]; {
		case c == '\\' && quote:
			k++
		case c == '"' && (quote || strings.IndexByte(rest[k+1:], '"') >= 0):
			quote = !quote
		case quote:
		case c == '>':
			return rest[:k], i + k + 1, true
		case c == '<':
			if separator >= 0 {
				k = separator
			}
			return rest[:k], i + k, false
		case separator < 0 && (c == ',' || c == ';'):
			separator = k
		}
	}
	if separator < 0 {
		separator = len(rest)
	}
	return rest[:separator], i + separator, false
}

// innerList cuts a list of addresses that stands inside one pair of angle brackets; nil when it is a single
// address, perhaps with a source route (RFC 5322 section 4.4).
func innerList(inner string) []string {
	if strings.HasPrefix(inner, "@") || strings.Count(inner, "@") < 2 {
		return nil
	}
	list := strings.FieldsFunc(inner, func(c rune) bool { return c == ',' || c == ';' })
	for _, one := range list {
		if !strings.Contains(one, "@") {
			return nil
		}
	}
	if len(list) < 2 {
		return nil
	}
	return list
}

// anotherAngle reports whether the same mailbox goes on with another angle bracket.
func (r *addressReader) anotherAngle() bool {
	rest := r.s[r.i:min(len(r.s), r.i+1000)]
	k := strings.IndexAny(rest, "<,;")
	return k >= 0 && rest[k] == '<'
}

// name takes the phrase read so far as a display name.
func (r *addressReader) name() string {
	raw := strings.TrimSpace(r.phrase.String())
	r.phrase.Reset()
	r.quoted = false
	name := raw
	if strings.Contains(raw, "=?") || !isASCII(raw) {
		name, _ = decodeWords(raw, r.hint)
	}
	name = strings.TrimSpace(name)
	for len(name) >= 2 && (name[0] == '"' && name[len(name)-1] == '"' || name[0] == '\'' && name[len(name)-1] == '\'') {
		name = strings.TrimSpace(name[1 : len(name)-1])
	}
	return name
}

// add appends a mailbox.
func (r *addressReader) add(name, addr string) {
	if r.held != "" {
		if name = r.held + ", " + name; name == r.held+", " {
			name = r.held
		}
		r.held = ""
	}
	if name == "" && r.comment != "" {
		name, _ = decodeWords(r.comment, r.hint)
	}
	r.comment = ""
	r.out = append(r.out, makeAddress(name, addr))
}

// end closes the mailbox before a separator, 0 at the end of the field.
func (r *addressReader) end(sep byte) {
	defer func() { r.angles, r.comment = 0, "" }()
	raw := strings.TrimSpace(r.phrase.String())
	wasQuoted := r.quoted
	if raw == "" || r.angles > 0 && strings.Trim(raw, "<>\"'.) ") == "" {
		if raw == "" && r.comment != "" && r.angles > 0 && r.out[len(r.out)-1].Name == "" {
			r.out[len(r.out)-1].Name, _ = decodeWords(r.comment, r.hint)
		}
		r.phrase.Reset()
		r.quoted = false
		if r.angles == 0 && strings.Contains(r.comment, "@") {
			r.inside(r.comment)
		}
		return
	}
	if r.angles > 0 {
		r.problem("address-text-after-angle")
	}
	name, addr := splitBare(raw)
	if (sep == ',' || sep == ';' && r.author) && r.angles == 0 && (addr == "" || wasQuoted) && r.joinsNext(wasQuoted) {
		r.problem("address-unquoted-comma")
		if name = r.name(); r.held != "" && name != r.held && name != "" {
			name = r.held + ", " + name
		}
		r.held = name
		return
	}
	if addr == "" {
		r.nameOnly(raw)
		return
	}
	r.phrase.Reset()
	if name != "" {
		r.problem("address-malformed")
		r.phrase.WriteString(name)
		name = r.name()
	}
	r.quoted = false
	r.add(name, addr)
}

// nameOnly keeps a mailbox in which no address was found: it may be hidden in an encoded word or a comment.
func (r *addressReader) nameOnly(raw string) {
	if text, _ := decodeWords(raw, r.hint); strings.Contains(raw, "=?") && strings.Contains(text, "@") && !strings.Contains(text, "=?") {
		r.phrase.Reset()
		r.quoted = false
		r.problem("address-in-word")
		r.inside(text)
		return
	}
	if strings.Contains(r.comment, "@") {
		inner := addressReader{s: r.comment, hint: r.hint}
		inner.list()
		if len(inner.out) == 1 && inner.out[0].Addr != "" && inner.out[0].Name == "" {
			r.problem("address-malformed")
			r.comment = ""
			r.add(r.name(), inner.out[0].Addr)
			return
		}
	}
	name := r.name()
	if name == "" {
		return
	}
	r.problem("address-malformed")
	r.add(name, "")
}

// inside reads the mailboxes in text that should have been a name or a comment.
func (r *addressReader) inside(text string) {
	inner := addressReader{s: text, hint: r.hint, nested: r.nested + 1}
	if inner.nested > 2 {
		return
	}
	inner.list()
	r.comment = ""
	for _, a := range inner.out {
		r.add(a.Name, a.Addr)
	}
}

// joinsNext reports whether the text after the comma at i is an address in angle brackets, or words and then one:
// then what stood before the comma was part of its name. Only in a field of authors may the name before the comma
// be quoted, or nothing stand between comma and bracket; among recipients that is a mailbox that lost its address.
func (r *addressReader) joinsNext(wasQuoted bool) bool {
	rest := r.s[r.i+1 : min(len(r.s), r.i+400)]
	if r.author {
		rest = strings.TrimLeft(rest, ", \t")
		if strings.HasPrefix(rest, `"`) {
			if _, next, closed := quoted(rest, 0); closed {
				rest = rest[next:]
			}
		}
		k := strings.IndexAny(rest, "<,;@")
		return k >= 0 && (rest[k] == '<' || rest[k] == ',' && strings.Contains(rest, "<"))
	}
	k := strings.IndexAny(rest, "<,;@\"")
	return !wasQuoted && k > 0 && rest[k] == '<' && strings.TrimSpace(rest[:k]) != ""
}

// splitBare finds the address in text without angle brackets: the word with an at sign. The rest is the name.
func splitBare(raw string) (name, addr string) {
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return "", ""
	}
	// White space around the at sign and dots is obsolete but legal.
	left := strings.TrimRight(raw[:at], " \t")
	right := strings.TrimLeft(raw[at+1:], " \t")
	right = closeDots(right)
	from := len(left)
	if strings.HasSuffix(left, `"`) {
		if k := strings.LastIndexByte(left[:len(left)-1], '"'); k >= 0 {
			from = k
		}
	} else {
		for from > 0 && !isSpace(left[from-1]) && strings.IndexByte("<>[]\"(", left[from-1]) < 0 {
			from--
		}
		if from+1 < len(left) && left[from] == '\'' { // 'ann@example.com' is quoted, o'brien@example.com is not
			from++
		}
	}
	to := 0
	for to < len(right) && !isSpace(right[to]) && strings.IndexByte("<>\"')", right[to]) < 0 {
		to++
	}
	addr = cleanAddress(left[from:] + "@" + right[:to])
	if addr == "" {
		return raw, ""
	}
	name = strings.TrimSpace(strings.Trim(left[:from]+" "+right[to:], " \t<>[]\"'"))
	return name, addr
}

// closeDots takes the white space off that stands around the dots of a domain (RFC 5322 section 4.4).
func closeDots(s string) string {
	if !strings.Contains(s, " .") && !strings.Contains(s, "\t.") {
		return s
	}
	words := strings.Fields(s)
	var b strings.Builder
	for i, w := range words {
		if i > 0 && w[0] != '.' && !strings.HasSuffix(words[i-1], ".") {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

// cleanAddress takes comments, routes, white space and "mailto:" off an address. It returns "" when nothing that
// could be one is left.
func cleanAddress(s string) string {
	s = strings.TrimSpace(stripComments(s))
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		if k := strings.IndexByte(s, ':'); k >= 0 {
			s = strings.TrimSpace(s[k+1:])
		}
	}
	if strings.Contains(s, "=?") {
		s, _ = decodeWords(s, "")
	}
	if strings.HasPrefix(s, `"`) && strings.Contains(s, `"@`) {
		return validUTF8(s)
	}
	s = strings.Trim(s, " \t<>\"'")
	if strings.ContainsAny(s, " \t") {
		if !strings.Contains(s, "@") {
			return ""
		}
		fields := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' })
		// "john @ example . com" is obsolete; "Free money x@example.com" is a name in the wrong place.
		joined := strings.Join(fields, "")
		at := strings.IndexByte(joined, '@')
		spaced := true
		for i := 1; i < len(fields); i++ {
			a, b := fields[i-1], fields[i]
			if !strings.HasSuffix(a, "@") && !strings.HasSuffix(a, ".") && !strings.HasPrefix(b, "@") && !strings.HasPrefix(b, ".") {
				spaced = false
			}
		}
		if spaced && at > 0 {
			return validUTF8(joined)
		}
		for _, f := range fields {
			if strings.Contains(f, "@") {
				return validUTF8(f)
			}
		}
	}
	return validUTF8(s)
}

// makeAddress fills an Address; Domain goes without the dot that may close a domain.
func makeAddress(name, addr string) Address {
	a := Address{Name: validUTF8(name)}
	if addr == "" {
		return a
	}
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		a.Addr = addr
		return a
	}
	domain := strings.ToLower(addr[at+1:])
	a.Addr, a.Domain = addr[:at+1]+domain, strings.TrimSuffix(domain, ".")
	return a
}
