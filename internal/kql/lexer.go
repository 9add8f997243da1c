package kql

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/event"
)

type tokenKind int

const (
	tEOF tokenKind = iota
	tName
	tLiteral
	tPunct
)

// token is a word of the query. text is the name or punctuation; lit is set for literals; typed marks those
// written as datetime(...), long(...) and so on.
type token struct {
	Span
	kind  tokenKind
	text  string
	lit   *Literal
	typed bool
}

// lexer cuts the text from pos on into tokens.
type lexer struct {
	src string
	pos int
	out []token
}

// lex returns the tokens of src[from:]; the last one is tEOF.
func lex(src string, from int) []token {
	if len(src) > maxSource {
		fail(Span{}, "the query is %d bytes long; at most %d are read", len(src), maxSource)
	}
	if !utf8.ValidString(src) {
		for i, r := range src {
			if r == utf8.RuneError {
				if _, n := utf8.DecodeRuneInString(src[i:]); n == 1 {
					fail(Span{i, i}, "the query is not valid UTF-8 here")
				}
			}
		}
	}
	l := &lexer{src: src, pos: from}
	for l.next() {
	}
	return append(l.out, token{Span: Span{len(src), len(src)}, kind: tEOF, text: "end of query"})
}

func isLetter(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (l *lexer) at(i int) byte {
	if l.pos+i < len(l.src) {
		return l.src[l.pos+i]
	}
	return 0
}

func (l *lexer) emit(t token, start int) {
	t.Span = Span{start, l.pos}
	if t.lit != nil {
		t.lit.Span = t.Span
	}
	l.out = append(l.out, t)
}

// next reads one token; false at the end.
func (l *lexer) next() bool {
	l.space()
	if l.pos >= len(l.src) {
		return false
	}
	start := l.pos
	c := l.at(0)
	switch {
	case l.stringStart():
		hidden := c == 'h' || c == 'H'
		s := l.str()
		l.emit(token{kind: tLiteral, lit: &Literal{Type: event.String, Value: s, Hidden: hidden}}, start)
	case isLetter(c) || c == '$' && isLetter(l.at(1)):
		l.word(start)
	case isDigit(c):
		l.number(start)
	default:
		l.punct(start)
	}
	return true
}

func (l *lexer) space() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "//"):
			if n := strings.IndexByte(l.src[l.pos:], '\n'); n >= 0 {
				l.pos += n + 1
			} else {
				l.pos = len(l.src)
			}
		// What editors and web pages leave behind between words.
		case strings.HasPrefix(l.src[l.pos:], "\u00a0"), strings.HasPrefix(l.src[l.pos:], "\ufeff"):
			_, n := utf8.DecodeRuneInString(l.src[l.pos:])
			l.pos += n
		default:
			return
		}
	}
}

// stringStart tells whether a string literal begins here: quotes, after an optional h and an optional @, or a fence.
func (l *lexer) stringStart() bool {
	i := 0
	if c := l.at(i); c == 'h' || c == 'H' {
		i++
	}
	if l.at(i) == '@' {
		i++
		return l.at(i) == '"' || l.at(i) == '\''
	}
	rest := l.src[l.pos+i:]
	return l.at(i) == '"' || l.at(i) == '\'' || strings.HasPrefix(rest, "```") || strings.HasPrefix(rest, "~~~")
}

func (l *lexer) str() string {
	start := l.pos
	if c := l.at(0); c == 'h' || c == 'H' {
		l.pos++
	}
	if f := l.src[l.pos:min(l.pos+3, len(l.src))]; f == "```" || f == "~~~" {
		n := strings.Index(l.src[l.pos+3:], f)
		if n < 0 {
			fail(Span{start, start}, "this multi-line string is not closed; it ends with %s", f)
		}
		s := l.src[l.pos+3 : l.pos+3+n]
		l.pos += n + 6
		return s
	}
	verbatim := l.at(0) == '@'
	if verbatim {
		l.pos++
	}
	quote := l.at(0)
	l.pos++
	var b strings.Builder
	for {
		if l.pos >= len(l.src) || l.at(0) == '\n' {
			fail(Span{start, start}, "this string is not closed; it ends with %c, on the same line (```...``` may hold several)", quote)
		}
		switch c := l.at(0); {
		case c == quote && verbatim && l.at(1) == quote:
			b.WriteByte(quote)
			l.pos += 2
		case c == quote:
			l.pos++
			return b.String()
		case c == '\\' && !verbatim:
			l.escape(&b)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
}

func (l *lexer) escape(b *strings.Builder) {
	start := l.pos
	c := l.at(1)
	if i := strings.IndexByte(`\"'ntrabfv`, c); i >= 0 && c != 0 {
		b.WriteByte("\\\"'\n\t\r\a\b\f\v"[i])
		l.pos += 2
		return
	}
	if '0' <= c && c <= '7' { // one to three octal digits
		n := rune(0)
		l.pos++
		for i := 0; i < 3 && '0' <= l.at(0) && l.at(0) <= '7'; i++ {
			n = n*8 + rune(l.at(0)-'0')
			l.pos++
		}
		b.WriteRune(n)
		return
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	end := l.pos + 2 + digits
	if digits == 0 || end > len(l.src) {
		fail(Span{start, start}, `unknown escape in a string; a backslash is written \\, or use a verbatim string: @"..."`)
	}
	n, err := strconv.ParseUint(l.src[l.pos+2:end], 16, 32)
	if err != nil || !utf8.ValidRune(rune(n)) {
		fail(Span{start, start}, "this escape needs %d hexadecimal digits of a Unicode character", digits)
	}
	b.WriteRune(rune(n))
	l.pos = end
}

// word reads a name, or a typed literal such as datetime(2024-01-31).
func (l *lexer) word(start int) {
	l.pos++
	for isLetter(l.at(0)) || isDigit(l.at(0)) {
		l.pos++
	}
	name := l.src[start:l.pos]
	switch name {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		l.emit(token{kind: tLiteral, lit: &Literal{Type: event.Bool, Value: name[0]|0x20 == 't'}}, start)
		return
	case "guid", "decimal":
		// What stands inside would be read as a wrong number. A guid is kept as its text.
		if strings.HasPrefix(strings.TrimLeft(l.src[l.pos:], " \t"), "(") {
			if name == "guid" {
				l.space()
				l.typed(start, name, event.String)
				return
			}
			fail(Span{start, start}, "values of type %s are not supported yet", name)
		}
	}
	if typ, ok := typeNames[name]; ok && typ != event.Dynamic && typ != event.String {
		save := l.pos
		l.space()
		if l.at(0) == '(' {
			l.typed(start, name, typ)
			return
		}
		l.pos = save
	}
	l.emit(token{kind: tName, text: name}, start)
}

var typeNames = map[string]event.Type{
	"string": event.String, "datetime": event.Datetime, "date": event.Datetime, "bool": event.Bool, "boolean": event.Bool,
	"int": event.Int, "long": event.Long, "real": event.Real, "double": event.Real, "timespan": event.Timespan,
	"time": event.Timespan, "dynamic": event.Dynamic,
}

// typed reads the raw text of name(...), whose inside follows its own rules: datetime(2024-01-31 10:00).
func (l *lexer) typed(start int, name string, typ event.Type) {
	l.pos++
	l.space()
	inner := l.pos
	var raw string
	if l.stringStart() {
		raw = l.str()
		l.space()
	} else {
		n := strings.IndexAny(l.src[l.pos:], ")\n")
		if n < 0 || l.src[l.pos+n] != ')' {
			fail(Span{start, start}, "this %s literal is not closed; it ends with )", name)
		}
		raw = strings.TrimSpace(l.src[l.pos : l.pos+n])
		l.pos += n
	}
	if l.at(0) != ')' {
		fail(Span{l.pos, l.pos}, "this %s literal is not closed; it ends with )", name)
	}
	l.pos++
	lit := &Literal{Type: typ}
	switch {
	case name == "guid":
		v, ok := guidText(raw)
		if !ok {
			fail(Span{inner, inner}, "%q is not a guid such as 74be27de-1e4e-49d9-b579-fe0b331d3642", raw)
		}
		lit.Value = v
	case raw != "null":
		v, ok := parseTyped(typ, raw)
		if !ok {
			hint := ""
			if typ == event.Int || typ == event.Long || typ == event.Real || typ == event.Bool {
				hint = "; to convert a value, use to" + name + "()"
			}
			fail(Span{inner, inner}, "%q is not a valid %s%s", raw, typ, hint)
		}
		lit.Value = v
	}
	l.emit(token{kind: tLiteral, lit: lit, typed: true}, start)
}

func (l *lexer) number(start int) {
	if l.at(0) == '0' && (l.at(1) == 'x' || l.at(1) == 'X') {
		l.pos += 2
		for isLetter(l.at(0)) || isDigit(l.at(0)) {
			l.pos++
		}
		n, err := strconv.ParseUint(l.src[start+2:l.pos], 16, 64)
		if err != nil {
			fail(Span{start, start}, "%q is not a hexadecimal number of at most 64 bits", l.src[start:l.pos])
		}
		l.emit(token{kind: tLiteral, lit: &Literal{Type: event.Long, Value: int64(n)}}, start)
		return
	}
	for isDigit(l.at(0)) {
		l.pos++
	}
	whole := true
	// "1." is a real, but in "1..5" and "[0].Name" the dot is a word of its own.
	if c := l.at(1); l.at(0) == '.' && (isDigit(c) || c != '.' && (!isLetter(c) || l.exponent(1))) {
		whole = false
		l.pos++
		for isDigit(l.at(0)) {
			l.pos++
		}
	}
	if l.exponent(0) {
		whole = false
		l.pos += 2
		for isDigit(l.at(0)) {
			l.pos++
		}
	}
	end := l.pos
	for isLetter(l.at(0)) || isDigit(l.at(0)) {
		l.pos++
	}
	text, unit := l.src[start:end], l.src[end:l.pos]
	lit := &Literal{}
	switch {
	case unit != "":
		ticks, ok := parseUnits(text, unit)
		if !ok {
			fail(Span{start, start}, "%q is neither a number nor a timespan such as 30m, 12h or 7d", text+unit)
		}
		lit.Type, lit.Value = event.Timespan, ticks
	case whole:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			fail(Span{start, start}, "%s does not fit a long (64 bits)", text)
		}
		lit.Type, lit.Value = event.Long, n
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			fail(Span{start, start}, "%s does not fit a real (64 bits)", text)
		}
		lit.Type, lit.Value = event.Real, f
	}
	l.emit(token{kind: tLiteral, lit: lit}, start)
}

// exponent tells whether an exponent such as e10 or E-3 begins i bytes ahead.
func (l *lexer) exponent(i int) bool {
	if c := l.at(i); c != 'e' && c != 'E' {
		return false
	}
	return isDigit(l.at(i+1)) || (l.at(i+1) == '+' || l.at(i+1) == '-') && isDigit(l.at(i+2))
}

// punct reads punctuation, and the negated word operators such as !contains and !in~, which are one word.
func (l *lexer) punct(start int) {
	c := l.at(0)
	if c == '!' && isLetter(l.at(1)) {
		l.pos++
		for isLetter(l.at(0)) || isDigit(l.at(0)) {
			l.pos++
		}
		if l.src[start:l.pos] == "!in" && l.at(0) == '~' {
			l.pos++
		}
		l.emit(token{kind: tPunct, text: l.src[start:l.pos]}, start)
		return
	}
	two := l.src[l.pos:min(l.pos+2, len(l.src))]
	switch two {
	case "==", "!=", "<>", "<=", ">=", "=~", "!~", "..", "=>":
		l.pos += 2
		l.emit(token{kind: tPunct, text: two}, start)
		return
	}
	if strings.IndexByte("|;,.()[]{}<>=+-*/%:~", c) < 0 {
		r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
		if strings.ContainsRune("“”„‘’", r) {
			fail(Span{start, start}, "unexpected character %q; text stands in straight quotes: \"...\"", r)
		}
		fail(Span{start, start}, "unexpected character %q", r)
	}
	l.pos++
	l.emit(token{kind: tPunct, text: l.src[start:l.pos]}, start)
}

// Ticks of 100 ns.
const (
	tick   = int64(1)
	micro  = 10 * tick
	milli  = 1000 * micro
	second = 1000 * milli
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

var timeUnits = map[string]int64{
	"d": day, "day": day, "days": day, "h": hour, "hr": hour, "hrs": hour, "hour": hour, "hours": hour,
	"m": minute, "min": minute, "minute": minute, "minutes": minute, "s": second, "sec": second, "second": second, "seconds": second,
	"ms": milli, "milli": milli, "millis": milli, "millisec": milli, "millisecond": milli, "milliseconds": milli,
	"micro": micro, "micros": micro, "microsec": micro, "microsecond": micro, "microseconds": micro, "tick": tick, "ticks": tick,
	"nano": nano, "nanos": nano, "nanosec": nano, "nanosecond": nano, "nanoseconds": nano,
}

// nano marks units shorter than a tick: a hundred of them make one.
const nano = int64(0)

// parseUnits reads a number with a unit as ticks.
func parseUnits(number, unit string) (int64, bool) {
	per, ok := timeUnits[unit]
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err == nil && per == nano:
		return n / 100, true
	case err == nil:
		t := n * per
		return t, t/per == n
	}
	f, err := strconv.ParseFloat(number, 64)
	if per == nano {
		f /= 100
	} else {
		f *= float64(per)
	}
	// Not cut but rounded: 0.3s is 3,000,000 ticks, although 0.3 is a little less.
	return int64(math.Round(f)), err == nil && math.Abs(f) < 9e18
}

// parseTimespan reads 7d, 1.02:03:04.5, 02:03, or a bare number of days.
func parseTimespan(s string) (int64, bool) {
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	t, ok := parseSpan(s)
	if neg {
		t = -t
	}
	return t, ok
}

func parseSpan(s string) (int64, bool) {
	if i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != ' ' }); i < 0 {
		return parseUnits(s, "d")
	} else if s[i] != ':' {
		return parseUnits(strings.TrimSpace(s[:i]), s[i:])
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, false
	}
	total := int64(0)
	if d, h, ok := strings.Cut(parts[0], "."); ok {
		n, err := strconv.ParseUint(d, 10, 24)
		if err != nil {
			return 0, false
		}
		total, parts[0] = int64(n)*day, h
	}
	for i, per := range []int64{hour, minute, second}[:len(parts)] {
		text, fraction, _ := strings.Cut(parts[i], ".")
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil || n > 59 || i == 0 && n > 23 || fraction != "" && (per != second || len(fraction) > 7) {
			return 0, false
		}
		total += int64(n) * per
		if fraction != "" {
			f, err := strconv.ParseUint((fraction + "0000000")[:7], 10, 32)
			if err != nil {
				return 0, false
			}
			total += int64(f)
		}
	}
	return total, true
}

// timeLayouts are the forms of a datetime: ISO 8601, the American short form, and those of RFC 822 and RFC 850. What
// stands in a column is read by the dialects, in the same forms.
var timeLayouts = []string{
	"2006-1-2", "2006-1-2T15:4", "2006-1-2T15:4Z07:00", "2006-1-2T15:4Z0700", "2006-1-2T15:4Z07",
	"2006-1-2T15:4:5", "2006-1-2T15:4:5Z07:00", "2006-1-2T15:4:5Z0700", "2006-1-2T15:4:5Z07",
	"20060102", "2006-01", "2006", "1/2/2006", "1/2/2006T15:4", "1/2/2006T15:4:5",
	"Mon, 2 Jan 2006 15:4:5", "Mon, 2 Jan 2006 15:4", "2 Jan 2006 15:4:5", "2 Jan 2006 15:4",
	"Mon, 2 Jan 06 15:4:5", "Mon, 2 Jan 06 15:4", "2 Jan 06 15:4:5", "2 Jan 06 15:4",
	"Monday, 2-Jan-06 15:4:5", "Monday, 2-Jan-06 15:4", "2-Jan-06 15:4:5", "2-Jan-06 15:4",
}

// parseDatetime reads a datetime (UTC without a zone), to the microsecond, which is what stores keep.
func parseDatetime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	// Of the names of zones only that of UTC is one: which offset EST has is for people to say.
	if rest, ok := strings.CutSuffix(s, " GMT"); ok {
		s = rest
	}
	if date, clock, ok := strings.Cut(s, " "); ok && strings.ContainsAny(date, "-/") && strings.Trim(date, "0123456789-/") == "" {
		s = date + "T" + strings.TrimLeft(clock, " ")
	}
	for _, layout := range timeLayouts {
		// Timespans count 64 bits of ticks from the year 1 on, and datetimes end with the year 9999.
		if t, err := time.Parse(layout, s); err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
			return t.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}

// parseTyped reads the inside of a typed literal.
func parseTyped(typ event.Type, s string) (any, bool) {
	switch typ {
	case event.Datetime:
		return some(parseDatetime(s))
	case event.Timespan:
		return some(parseTimespan(s))
	case event.Bool:
		switch strings.ToLower(s) {
		case "true", "1":
			return true, true
		case "false", "0":
			return false, true
		}
		return nil, false
	case event.Real:
		if strings.Trim(strings.ToLower(s), "+-0123456789.e") != "" {
			switch strings.ToLower(s) {
			case "nan", "inf", "+inf", "-inf":
			default:
				return nil, false
			}
		}
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	case event.Int, event.Long:
		bits := 64
		if typ == event.Int {
			bits = 32
		}
		digits, base := s, 10
		if rest, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
			digits, base = rest, 16
		}
		n, err := strconv.ParseInt(digits, base, bits)
		return n, err == nil
	}
	return nil, false
}

// guidText is a guid as tostring writes it; null is empty, as with any text.
func guidText(s string) (string, bool) {
	if s == "null" {
		return "", true
	}
	digits := strings.ToLower(strings.ReplaceAll(s, "-", ""))
	if len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", false
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:], true
}

func some[T any](v T, ok bool) (any, bool) { return v, ok }
