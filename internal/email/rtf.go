package email

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// rtfPreload is the text that every compressed RTF may refer back to ([MS-OXRTFCP] section 2.1.2.1).
const rtfPreload = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` + "\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

const (
	rtfCompressed   = 0x75465a4c // "LZFu"
	rtfUncompressed = 0x414c454d // "MELA"
)

// decompressRTF undoes the compression of [MS-OXRTFCP], writing at most limit bytes. Whatever could be read is
// returned; ok is false when it ended before its end.
func decompressRTF(b []byte, limit int) (out []byte, ok bool) {
	if len(b) < 16 {
		return nil, false
	}
	size := min(int(binary.LittleEndian.Uint32(b[4:])), limit)
	kind := binary.LittleEndian.Uint32(b[8:])
	b = b[16:]
	switch kind {
	case rtfUncompressed:
		return b[:min(len(b), size)], true
	case rtfCompressed:
	default:
		return nil, false
	}
	size = min(size, 9*len(b)) // a reference of two bytes makes at most 17, with its share of a control byte
	var dict [4096]byte
	at := copy(dict[:], rtfPreload)
	out = make([]byte, 0, size)
	for len(b) > 0 {
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8; bit++ {
			if len(out) >= size {
				return out, true
			}
			if control>>bit&1 == 0 {
				if len(b) == 0 {
					return out, false
				}
				out = append(out, b[0])
				dict[at] = b[0]
				at = (at + 1) & 4095
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out, false
			}
			ref := int(b[0])<<8 | int(b[1])
			b = b[2:]
			from, n := ref>>4, ref&15+2
			if from == at {
				return out, true
			}
			for ; n > 0 && len(out) < size; n-- {
				c := dict[from]
				from = (from + 1) & 4095
				dict[at] = c
				at = (at + 1) & 4095
				out = append(out, c)
			}
		}
	}
	return out, false
}

// rtfGroup is the state that a closing brace restores.
type rtfGroup struct {
	skip    bool // nothing of this group is shown
	htmltag bool // the group holds HTML source
	htmlrtf bool // RTF that stands for HTML which is there too
	uc      int  // how many characters follow a \u for readers without Unicode
}

// rtfReader takes the text out of RTF.
type rtfReader struct {
	s        []byte
	i        int
	group    rtfGroup
	stack    []rtfGroup
	out      strings.Builder
	bytes    []byte // in the code page, not yet decoded
	units    []uint16
	charset  string
	fromHTML bool
	drop     int // characters to skip after \u
}

const rtfDepth = 1000

// readRTF returns the HTML that the RTF was made from ([MS-OXRTFEX]), or else its plain text, in which the
// target of a hyperlink field stands in angle brackets.
func readRTF(s []byte) (text string, isHTML bool) {
	r := rtfReader{s: s, charset: "windows-1252", group: rtfGroup{uc: 1}}
	for r.i < len(r.s) {
		switch c := r.s[r.i]; c {
		case '{':
			r.i++
			if len(r.stack) < rtfDepth {
				r.stack = append(r.stack, r.group)
			}
		case '}':
			r.i++
			if n := len(r.stack); n > 0 {
				r.group, r.stack = r.stack[n-1], r.stack[:n-1]
			}
			r.drop = 0
		case '\\':
			r.control()
		case '\r', '\n', 0:
			r.i++
		default:
			r.i++
			r.emit(c)
		}
	}
	r.flush()
	return r.out.String(), r.fromHTML
}

// shown reports whether text at this place belongs to the result.
func (r *rtfReader) shown() bool {
	return !r.group.skip && (r.group.htmltag || !r.group.htmlrtf)
}

func (r *rtfReader) emit(c byte) {
	if r.drop > 0 {
		r.drop--
		return
	}
	if r.shown() {
		r.flushUnits()
		r.bytes = append(r.bytes, c)
	}
}

func (r *rtfReader) flushUnits() {
	if len(r.units) > 0 {
		r.out.WriteString(string(utf16.Decode(r.units)))
		r.units = r.units[:0]
	}
}

func (r *rtfReader) flush() {
	r.flushUnits()
	if len(r.bytes) > 0 {
		text, _ := toUTF8(r.bytes, r.charset)
		r.out.WriteString(text)
		r.bytes = r.bytes[:0]
	}
}

// control reads a control word or symbol at i.
func (r *rtfReader) control() {
	s := r.s
	r.i++
	if r.i >= len(s) {
		return
	}
	c := s[r.i]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		r.i++
		switch c {
		case '\'':
			if r.i+1 < len(s) && hexValue(s[r.i]) < 16 && hexValue(s[r.i+1]) < 16 {
				r.emit(hexValue(s[r.i])<<4 | hexValue(s[r.i+1]))
				r.i += 2
			}
		case '\\', '{', '}':
			r.emit(c)
		case '~':
			r.rune(0xa0)
		case '_':
			r.emit('-')
		case '*':
			r.destination()
		case '\r', '\n':
			r.emit('\n')
		}
		return
	}
	word, arg := r.word()
	switch word {
	case "par", "line", "sect", "page":
		r.emit('\n')
	case "tab":
		r.emit('\t')
	case "row":
		r.emit('\n')
	case "cell":
		r.emit('\t')
	case "lquote":
		r.rune(0x2018)
	case "rquote":
		r.rune(0x2019)
	case "ldblquote":
		r.rune(0x201c)
	case "rdblquote":
		r.rune(0x201d)
	case "bullet":
		r.rune(0x2022)
	case "endash":
		r.rune(0x2013)
	case "emdash":
		r.rune(0x2014)
	case "u":
		r.unicode(arg)
	case "uc":
		if n, err := strconv.Atoi(arg); err == nil {
			r.group.uc = max(0, min(n, 16))
		}
	case "ansicpg":
		if n, err := strconv.Atoi(arg); err == nil && n > 0 {
			r.flush()
			r.charset = codepageName(n)
		}
	case "fromhtml":
		r.fromHTML = true
	case "htmlrtf":
		r.group.htmlrtf = arg != "0"
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object":
		r.group.skip = true
	case "bin":
		if n, err := strconv.Atoi(arg); err == nil && n > 0 {
			r.i = min(len(s), r.i+min(n, len(s)))
		}
	}
}

// word reads a control word, its number and the space that ends it.
func (r *rtfReader) word() (word, arg string) {
	s := r.s
	start := r.i
	for r.i < len(s) && s[r.i]|0x20 >= 'a' && s[r.i]|0x20 <= 'z' && r.i-start < 32 {
		r.i++
	}
	word = string(s[start:r.i])
	start = r.i
	if r.i < len(s) && s[r.i] == '-' {
		r.i++
	}
	for r.i < len(s) && s[r.i] >= '0' && s[r.i] <= '9' && r.i-start < 12 {
		r.i++
	}
	arg = string(s[start:r.i])
	if r.i < len(s) && s[r.i] == ' ' {
		r.i++
	}
	return word, arg
}

// destination handles \*: a group that readers skip unless they know it.
func (r *rtfReader) destination() {
	for r.i < len(r.s) && (r.s[r.i] == '\r' || r.s[r.i] == '\n') {
		r.i++
	}
	if r.i >= len(r.s) || r.s[r.i] != '\\' {
		r.group.skip = true
		return
	}
	r.i++
	switch word, _ := r.word(); word {
	case "htmltag":
		r.group.htmltag = true
	case "fldinst":
		if r.fromHTML {
			r.group.skip = true
			break
		}
		r.fieldTarget()
		r.group.skip = true
	default:
		r.group.skip = true
	}
}

// fieldTarget writes the target of a field instruction like HYPERLINK "https://..." that follows.
func (r *rtfReader) fieldTarget() {
	inst := r.s[r.i:min(len(r.s), r.i+4096)]
	k := strings.Index(string(inst), "HYPERLINK")
	if k < 0 {
		return
	}
	rest := string(inst[k+len("HYPERLINK"):])
	if end := strings.IndexByte(rest, '}'); end >= 0 {
		rest = rest[:end]
	}
	if q := strings.IndexByte(rest, '"'); q >= 0 {
		rest = rest[q+1:]
		if q := strings.IndexByte(rest, '"'); q >= 0 {
			rest = rest[:q]
		}
	}
	if rest = strings.TrimSpace(rest); rest != "" && r.shown() {
		for i := 0; i < len(rest); i++ {
			if i == 0 {
				r.emit('<')
			}
			r.emit(rest[i])
		}
		r.emit('>')
		r.emit(' ')
	}
}

// rune writes a character that the code page may lack.
func (r *rtfReader) rune(c uint16) {
	if r.drop > 0 {
		r.drop--
		return
	}
	if r.shown() {
		r.flush()
		r.units = append(r.units, c)
	}
}

// unicode reads \uN; the characters after it, which stand for it in the code page, are dropped.
func (r *rtfReader) unicode(arg string) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return
	}
	if r.shown() {
		if len(r.bytes) > 0 {
			r.flush()
		}
		r.units = append(r.units, uint16(n))
	}
	r.drop = r.group.uc
}

// ReadCompressedRTF reads a message body as Outlook keeps it ([MS-OXRTFCP]): the HTML that it was made from, or else its plain text. At most
// limit octets are unpacked; whole is false when the data ended before its end.
func ReadCompressedRTF(b []byte, limit int) (text string, isHTML, whole bool) {
	raw, whole := decompressRTF(b, min(limit, maxRTF))
	text, isHTML = readRTF(raw)
	return text, isHTML, whole
}
