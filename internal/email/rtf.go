package email

import (
	"encoding/binary"
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
	lex      *RTFLexer
	group    rtfGroup
	stack    []rtfGroup
	out      strings.Builder
	bytes    []byte // in the code page, not yet decoded
	units    []uint16
	page     int // the code page
	fromHTML bool
	star     bool // the last piece was \*
	drop     int  // characters to skip after \u
}

const rtfDepth = 1000

// readRTF returns the HTML that the RTF was made from ([MS-OXRTFEX]), or else its plain text, in which the
// target of a hyperlink field stands in angle brackets.
func readRTF(s []byte) (text string, isHTML bool) {
	r := rtfReader{lex: NewRTFLexer(s), page: 1252, group: rtfGroup{uc: 1}}
	for t, ok := r.lex.Next(); ok; t, ok = r.lex.Next() {
		if r.star {
			r.star = false
			if t.Kind == RTFWord {
				r.destination(string(t.Word))
				continue
			}
			r.group.skip = true
		}
		switch t.Kind {
		case RTFOpen:
			if len(r.stack) < rtfDepth {
				r.stack = append(r.stack, r.group)
			}
		case RTFClose:
			if n := len(r.stack); n > 0 {
				r.group, r.stack = r.stack[n-1], r.stack[:n-1]
			}
			r.drop = 0
		case RTFWord:
			r.word(t)
		case RTFSymbol:
			r.symbol(t.Char)
		default:
			r.emit(t.Char)
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
		r.out.WriteString(ReadCodePage(r.bytes, r.page))
		r.bytes = r.bytes[:0]
	}
}

func (r *rtfReader) symbol(c byte) {
	switch c {
	case '\\', '{', '}':
		r.emit(c)
	case '~':
		r.rune(0xa0)
	case '_':
		r.emit('-')
	case '*':
		r.star = true
	case '\r', '\n':
		r.emit('\n')
	}
}

func (r *rtfReader) word(t RTFToken) {
	switch string(t.Word) {
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
		if !t.Plain {
			r.unicode(uint16(t.Number))
		}
	case "uc":
		if !t.Plain {
			r.group.uc = max(0, min(t.Number, 16))
		}
	case "ansicpg":
		if t.Number > 0 {
			r.flush()
			r.page = t.Number
		}
	case "fromhtml":
		r.fromHTML = true
	case "htmlrtf":
		r.group.htmlrtf = t.Plain || t.Number != 0
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object":
		r.group.skip = true
	case "bin":
		r.lex.Binary(t.Number)
	}
}

// destination is for the word behind \*: a group that readers skip unless they know it.
func (r *rtfReader) destination(word string) {
	switch word {
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
	inst := r.lex.ahead(4096)
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

// unicode takes \uN; the characters after it, which stand for it in the code page, are dropped.
func (r *rtfReader) unicode(n uint16) {
	if r.shown() {
		if len(r.bytes) > 0 {
			r.flush()
		}
		r.units = append(r.units, n)
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
