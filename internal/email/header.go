package email

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// vitalBytes is how much of the fields named in vital is still kept after a header block has reached its
// limit: padding must not push the fields that decide how a message is read out of sight.
const vitalBytes = 64 << 10

// fieldSpan is one field in the raw bytes.
type fieldSpan struct {
	start, nameEnd, colon, end int
}

// headerBlock is one block of fields. plain holds each field's value unfolded but not decoded, which is what
// structured fields must be read from: decoding first would let an encoded word bring its own commas and brackets.
type headerBlock struct {
	fields []Header
	plain  []string
}

// get returns the undecoded value of the topmost field with the canonical key.
func (h *headerBlock) get(key string) (string, bool) {
	for i := range h.fields {
		if h.fields[i].Key == key {
			return h.plain[i], true
		}
	}
	return "", false
}

// line returns where the content of the line at pos ends and where the next line starts. A line ends with LF,
// CR LF (also when the CR was doubled on the way) or a CR alone; bare tells of the last.
func (s *splitter) line(pos int) (end, next int, bare bool) {
	nl := s.lineFeed(pos)
	cr := bytes.IndexByte(s.raw[pos:nl], '\r')
	if cr < 0 {
		return nl, min(nl+1, len(s.raw)), false
	}
	end = pos + cr
	k := end + 1
	for k < nl && k-end < 4 && s.raw[k] == '\r' {
		k++
	}
	if k == nl {
		if nl < len(s.raw) {
			return end, nl + 1, false
		}
		if k == end+1 {
			return end, nl, s.hasLF
		}
	}
	return end, end + 1, s.hasLF
}

// lineFeed is the position of the first LF at or after pos, or the length of the bytes.
func (s *splitter) lineFeed(pos int) int { return s.lf.find(s.raw, "\n", pos) }

// search remembers the answer of one search: every place from "from" to "at" has the same next one. It keeps a
// reader that looks ahead, or looks for several things at once, from going over the bytes again and again.
type search struct {
	from, at int
	done     bool
}

// find is the position of sep at or after pos, or the length of b.
func (f *search) find(b []byte, sep string, pos int) int {
	if f.done && f.from <= pos && pos <= f.at {
		return f.at
	}
	f.from, f.at, f.done = pos, len(b), true
	if pos < len(b) {
		if i := bytes.Index(b[pos:], []byte(sep)); i >= 0 {
			f.at = pos + i
		}
	}
	return f.at
}

// fieldName returns the length of the field name the line starts with and the place of its colon; ok is false
// when it does not start with one. White space before the colon is forgiven (RFC 5322 section 4.5).
func fieldName(line []byte) (nameEnd, colon int, ok bool) {
	for i, c := range line {
		switch {
		case c == ':':
			return i, i, i > 0
		case c > ' ' && c < 0x7f:
		case (c == ' ' || c == '\t') && i > 0:
			rest := bytes.TrimLeft(line[i:min(len(line), i+64)], " \t")
			if len(rest) == 0 || rest[0] != ':' {
				return 0, 0, false
			}
			return i, i + bytes.IndexByte(line[i:], ':'), true
		default:
			return 0, 0, false
		}
		if i > 500 {
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// known are fields that tell a header line from a line of text which happens to hold a colon.
var known = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "date": true, "sender": true, "received": true,
	"message-id": true, "reply-to": true, "return-path": true, "mime-version": true, "references": true,
	"in-reply-to": true, "precedence": true, "importance": true, "organization": true, "errors-to": true,
	"delivered-to": true, "dkim-signature": true, "thread-topic": true, "thread-index": true, "priority": true,
}

// vital are the fields that are kept even when they stand behind the header limit.
var vital = map[string]bool{
	"Content-Type": true, "Content-Transfer-Encoding": true, "Content-Disposition": true, "Content-Id": true,
	"From": true, "To": true, "Cc": true, "Subject": true, "Date": true, "Reply-To": true, "Sender": true, "Message-Id": true,
}

// headerFollows reports whether one of the next lines, before a blank one, is surely a header field.
func (s *splitter) headerFollows(pos int) bool {
	for range 8 {
		if pos >= len(s.raw) {
			return false
		}
		end, next, _ := s.line(pos)
		line := s.raw[pos:end]
		if len(line) == 0 {
			return false
		}
		if n, _, ok := fieldName(line[:min(len(line), 128)]); ok {
			var low [64]byte
			if n > len(low) {
				return false
			}
			name := lowerInto(low[:0], line[:n])
			if known[string(name)] || bytes.HasPrefix(name, []byte("content-")) || bytes.HasPrefix(name, []byte("x-")) ||
				bytes.HasPrefix(name, []byte("list-")) || bytes.HasPrefix(name, []byte("arc-")) {
				return true
			}
		}
		pos = next
	}
	return false
}

func lowerInto(dst, src []byte) []byte {
	for _, c := range src {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// scanHeader finds the fields of the header block at pos, and where its body starts. top says that the block
// opens a message rather than a body part. The spans are valid until the next call.
func (s *splitter) scanHeader(pos int, path string, top bool) (spans []fieldSpan, body int) {
	raw, lim := s.raw, &s.b.lim
	s.spans = s.spans[:0]
	if top {
		pos = s.skipPrologue(pos, path)
	}
	start, lines, extra := pos, 0, 0
	keep, over := false, false // keep: the last field seen is in spans
	for pos < len(raw) && !s.b.expired() {
		end, next, bare := s.line(pos)
		line := raw[pos:end]
		lines++
		if bare {
			s.b.defect("bare-cr", path)
		}
		if !over && (next-start > lim.HeaderBytes || lines > lim.HeaderLines) {
			over = true
			s.b.defect("limit-header", path)
		}
		switch nameEnd, colon, isField := fieldName(line); {
		case len(line) == 0:
			if bare && s.headerFollows(next) {
				break
			}
			return s.spans, next
		case line[0] == ' ' || line[0] == '\t':
			if len(bytes.TrimLeft(line, " \t")) == 0 && !s.continues(next) {
				s.b.defect("header-blank-with-space", path)
				return s.spans, next
			}
			if len(s.spans) == 0 {
				s.b.defect("header-starts-folded", path)
			} else if keep && !over {
				s.spans[len(s.spans)-1].end = next
			}
		case line[0] == '-' && len(s.frames) > 0 && s.isDelimiter(pos):
			s.b.defect("header-no-blank-line", path)
			return s.spans, pos
		case isField:
			if nameEnd != colon {
				s.b.defect("header-space-before-colon", path)
			}
			keep = true
			if over {
				if keep = vital[canonicalKey(string(line[:nameEnd]))] && extra < vitalBytes; keep {
					extra += len(line)
				}
			}
			if keep {
				s.spans = append(s.spans, fieldSpan{pos, pos + nameEnd, pos + colon, next})
			}
		case s.headerFollows(next), keep && len(s.spans) > 0 && s.emptyField():
			// A folded line that lost its indentation, or rubbish between two fields.
			s.b.defect("header-line-broken", path)
			if keep && !over && len(s.spans) > 0 {
				s.spans[len(s.spans)-1].end = next
			}
		default:
			s.b.defect("header-no-blank-line", path)
			return s.spans, pos
		}
		pos = next
	}
	if len(raw) > start {
		s.b.defect("header-no-body", path)
	}
	return s.spans, len(raw)
}

// emptyField reports whether the last field has no value yet: then a line that is no field must be its value.
func (s *splitter) emptyField() bool {
	f := s.spans[len(s.spans)-1]
	return len(trimSpace(s.raw[f.colon+1:f.end])) == 0
}

// continues reports whether the header block goes on at pos after a line of white space.
func (s *splitter) continues(pos int) bool {
	if pos >= len(s.raw) {
		return false
	}
	end, _, _ := s.line(pos)
	line := s.raw[pos:end]
	if len(line) == 0 {
		return true
	}
	if line[0] == ' ' || line[0] == '\t' {
		return len(bytes.TrimLeft(line[:min(len(line), 256)], " \t")) > 0
	}
	_, _, ok := fieldName(line)
	return ok
}

// skipPrologue steps over what may stand above a message's first field: a byte order mark, the "From " line of
// an mbox, blank lines.
func (s *splitter) skipPrologue(pos int, path string) int {
	raw := s.raw
	if bytes.HasPrefix(raw[pos:], []byte("\xef\xbb\xbf")) {
		s.b.defect("byte-order-mark", path)
		pos += 3
	}
	p := pos
	for range 64 {
		if p >= len(raw) {
			return pos
		}
		end, next, _ := s.line(p)
		if end == p {
			p = next
			continue
		}
		break
	}
	if p > pos && p < len(raw) && s.headerFollows(p) {
		s.b.defect("header-leading-blank-line", path)
		pos = p
	}
	if bytes.HasPrefix(raw[pos:], []byte("From ")) || bytes.HasPrefix(raw[pos:], []byte(">From ")) {
		end, next, _ := s.line(pos)
		if _, _, isField := fieldName(raw[pos:end]); !isField { // "From : ann@example.com" is one
			pos = next
		}
	}
	return pos
}

// fields makes the block from the spans: one string holds all names and values, cut into substrings. top says that
// the block opens a message.
func (s *splitter) fields(spans []fieldSpan, path string, top bool) headerBlock {
	if len(spans) == 0 {
		return headerBlock{}
	}
	size := 0
	for _, f := range spans {
		size += f.nameEnd - f.start + min(f.end-f.colon, s.b.lim.HeaderBytes)
	}
	var all strings.Builder
	all.Grow(size)
	cuts := s.cuts[:0]
	for _, f := range spans {
		all.Write(s.raw[f.start:f.nameEnd])
		cuts = append(cuts, all.Len())
		unfold(&all, s.raw[f.colon+1:min(f.end, f.colon+1+s.b.lim.HeaderBytes)])
		cuts = append(cuts, all.Len())
	}
	s.cuts = cuts
	text := all.String()
	block := headerBlock{fields: make([]Header, len(spans)), plain: make([]string, len(spans))}
	at := 0
	for i, f := range spans {
		name, value := text[at:cuts[2*i]], text[cuts[2*i]:cuts[2*i+1]]
		at = cuts[2*i+1]
		key := canonicalKey(name)
		block.plain[i] = value
		block.fields[i] = Header{Name: name, Key: key, Value: s.decodeField(value, key, spans, top), Raw: s.raw[f.start:f.end:f.end]}
	}
	return block
}

// decodeField returns the value with encoded words read and as valid UTF-8.
func (s *splitter) decodeField(value, key string, spans []fieldSpan, top bool) string {
	hint := ""
	if isASCII(value) {
		if !strings.Contains(value, "=?") {
			return value
		}
	} else if utf8.ValidString(value) {
		s.b.defect("header-utf8", key)
	} else {
		s.b.defect("header-8bit", key)
		if top {
			hint = s.charsetHint(spans)
		}
	}
	v, problem := decodeWords(value, hint)
	if problem != "" {
		s.b.defect(problem, key)
	}
	return v
}

// unfold appends the value without its line ends: each, with the white space around it, becomes one space.
func unfold(dst *strings.Builder, value []byte) {
	value = trimSpace(value)
	for {
		i := indexBreak(value)
		if i < 0 {
			dst.Write(value)
			return
		}
		dst.Write(trimRight(value[:i]))
		dst.WriteByte(' ')
		value = trimLeft(value[i:])
	}
}

func indexBreak(b []byte) int {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		i = len(b)
	}
	if j := bytes.IndexByte(b[:i], '\r'); j >= 0 {
		return j
	}
	if i == len(b) {
		return -1
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimLeft(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func trimSpace(b []byte) []byte { return trimRight(trimLeft(b)) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// canonicalKey is the form of a field name for comparing: each word capitalised, the rest lower case.
func canonicalKey(name string) string {
	upper := true
	for i := 0; i < len(name); i++ {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			b := []byte(name)
			upper = true
			for j, c := range b {
				if upper && 'a' <= c && c <= 'z' {
					b[j] = c - 'a' + 'A'
				} else if !upper && 'A' <= c && c <= 'Z' {
					b[j] = c - 'A' + 'a'
				}
				upper = c == '-'
			}
			return string(b)
		}
		upper = c == '-'
	}
	return name
}
