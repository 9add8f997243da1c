package email

import (
	"strings"
	"unicode/utf8"
)

// decodeWords reads the encoded words in an unfolded header value (RFC 2047) and turns raw 8-bit text into
// UTF-8; hint is the charset to try for the latter. It reads what senders really write, and what they write to
// dodge subject rules: wrong or missing padding, characters and base64 groups split between words, spaces inside
// words, words without an end, words glued to text or inside quoted strings, unknown charsets. problem is the
// defect id of the worst thing that had to be forgiven, "" when nothing was.
func decodeWords(s, hint string) (text, problem string) {
	if !strings.Contains(s, "=?") {
		return rawText(s, hint), ""
	}
	d := wordDecoder{s: s, hint: hint}
	d.run()
	return d.out.String(), d.problem
}

type wordDecoder struct {
	s       string
	hint    string
	out     strings.Builder
	problem string

	// The run of adjacent words of one charset that is being collected: they are decoded together, because
	// senders split characters between words.
	charset string
	bytes   []byte
	base64  []byte // characters of unfinished base64 groups

	endAt   int // cached place of the next "?=", len(s) when none
	startAt int // cached place of the next "=?"
}

// word is one encoded word: s[start:end].
type word struct {
	start, end int
	charset    string
	encoding   byte
	text       string
	problem    string
}

func (d *wordDecoder) run() {
	d.endAt, d.startAt = -1, -1
	at := 0 // text before it is written
	inRun := false
	for pos := 0; ; {
		start := d.nextStart(pos)
		if start >= len(d.s) {
			break
		}
		w, ok := d.word(start)
		if !ok {
			pos = start + 1
			continue
		}
		between := d.s[at:w.start]
		if !inRun || strings.TrimLeft(between, " \t\r\n") != "" {
			d.flush()
			d.out.WriteString(rawText(between, d.hint))
		}
		d.add(w)
		inRun = true
		at, pos = w.end, w.end
	}
	d.flush()
	d.out.WriteString(rawText(d.s[at:], d.hint))
}

func (d *wordDecoder) note(id string) {
	if id != "" && d.problem == "" {
		d.problem = id
	}
}

// nextStart and nextEnd find the next "=?" and "?=" at or after pos. They remember the last answer, so that a
// value of nothing but starts stays linear.
func (d *wordDecoder) nextStart(pos int) int {
	if d.startAt < pos {
		d.startAt = indexAt(d.s, "=?", pos)
	}
	return d.startAt
}

func (d *wordDecoder) nextEnd(pos int) int {
	if d.endAt < pos {
		d.endAt = indexAt(d.s, "?=", pos)
	}
	return d.endAt
}

func indexAt(s, sep string, pos int) int {
	if pos < len(s) {
		if i := strings.Index(s[pos:], sep); i >= 0 {
			return pos + i
		}
	}
	return len(s)
}

// word reads the encoded word at start.
func (d *wordDecoder) word(start int) (word, bool) {
	s := d.s
	w := word{start: start}
	i := start + 2
	limit := min(len(s), i+100)
	q := strings.IndexByte(s[i:limit], '?')
	if q < 0 {
		return w, false
	}
	w.charset = strings.TrimSpace(s[i : i+q])
	if strings.ContainsAny(w.charset, "=<>\"@,;") {
		return w, false
	}
	i += q + 1
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if i >= len(s) {
		return w, false
	}
	w.encoding = s[i] &^ 0x20
	i++
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if w.encoding != 'B' && w.encoding != 'Q' || i >= len(s) || s[i] != '?' {
		return w, false
	}
	i++
	end := d.nextEnd(i)
	// An end that lies behind the start of another word is that word's, not this one's.
	if next := d.nextStart(i); next < end && (end == len(s) || wordStarts(s, next)) {
		if cut := strings.IndexAny(s[i:next], " \t"); cut >= 0 || end < len(s) {
			end = len(s)
		}
	}
	if end < len(s) {
		w.text, w.end = s[i:end], end+2
		return w, true
	}
	w.problem = "word-unfinished"
	n := i
	for n < len(s) && !isSpace(s[n]) && s[n] != '"' && s[n] != '<' && !(n > i && strings.HasPrefix(s[n:], "=?")) {
		n++
	}
	w.text, w.end = strings.TrimSuffix(s[i:n], "?"), n
	return w, true
}

// wordStarts reports whether s[i:] has the form of the start of an encoded word.
func wordStarts(s string, i int) bool {
	rest := s[i+2 : min(len(s), i+102)]
	q := strings.IndexByte(rest, '?')
	return q > 0 && q+2 < len(rest) && strings.IndexByte("bBqQ", rest[q+1]) >= 0 && rest[q+2] == '?'
}

// add puts a word to the run it continues, or starts a new run.
func (d *wordDecoder) add(w word) {
	d.note(w.problem)
	if !strings.EqualFold(w.charset, d.charset) || (w.encoding == 'Q' && len(d.base64) > 0) {
		d.flush()
	}
	d.charset = w.charset
	if w.encoding == 'Q' {
		if strings.ContainsAny(w.text, " \t") {
			d.note("word-space")
		}
		d.bytes = appendQ(d.bytes, w.text)
		return
	}
	groups := 0
	padded := false
	for i := 0; i < len(w.text); i++ {
		switch v := base64Values[w.text[i]]; {
		case v < 64:
			if padded { // data after padding starts a new group
				d.flushBase64()
				padded = false
			}
			d.base64 = append(d.base64, w.text[i])
			groups++
		case v == b64Pad:
			padded = true
		default:
			d.note("word-bad-base64")
		}
	}
	if padded {
		d.flushBase64()
	}
	if groups%4 != 0 && !padded || strings.HasSuffix(w.text, "===") {
		d.note("word-bad-base64")
	}
}

func (d *wordDecoder) flushBase64() {
	if len(d.base64) > 0 {
		out, _ := decodeBase64(d.base64)
		d.bytes = append(d.bytes, out...)
		d.base64 = d.base64[:0]
	}
}

// flush writes the run.
func (d *wordDecoder) flush() {
	d.flushBase64()
	if len(d.bytes) == 0 {
		return
	}
	text, fit := toUTF8(d.bytes, d.charset)
	if fit == charsetUnknown {
		d.note("word-unknown-charset")
	}
	d.out.WriteString(text)
	d.bytes = d.bytes[:0]
}

// appendQ decodes the Q encoding.
func appendQ(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			dst = append(dst, ' ')
		case c == '=' && i+2 < len(s) && hexValue(s[i+1]) < 16 && hexValue(s[i+2]) < 16:
			dst = append(dst, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// rawText is text outside encoded words as UTF-8.
func rawText(s, hint string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, _ := toUTF8([]byte(s), hint)
	return text
}
