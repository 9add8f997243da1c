package scan

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"tocsin/internal/email"
)

// RTF holds objects as hexadecimal digits in a group with \objdata. Word reads over almost anything between the digits, so writers who hide
// from scanners put words, spaces and groups there; this reader skips what Word skips, and counts it.

const (
	maxRTFGroups  = 2000  // depth that is followed; what is deeper is read at that depth
	maxRTFObjects = 200   // objects taken out of one file
	muchNoise     = 40    // words and groups inside the digits from which on they are taken to be hidden
	maxRTFField   = 16384 // octets of one field or template
)

type rtfPlace byte

const (
	rtfText rtfPlace = iota
	rtfSkip
	rtfObject
	rtfTemplate
	rtfInstruction
	rtfClass
)

// rtfState is what a closing brace restores.
type rtfState struct {
	place rtfPlace
	star  bool // the group started with \*
	uc    int
}

type rtfScanner struct {
	s     *session
	f     *file
	lex   *email.RTFLexer
	now   rtfState
	stack []rtfState
	drop  int // characters that stand for a \u and are read over

	digits  []byte // octets of the object that is read
	half    int    // a digit that waits for its second, -1 when none
	noise   int
	objects int
	room    int64 // digits that may still be kept
	updates bool  // the object that is read asks to be opened with the document
	value   []byte
	text    strings.Builder
	octets  []byte // of text, in the code page, not yet decoded
	page    int    // the code page
}

// openRTF looks for objects, templates and links, and says the text.
func openRTF(s *session, f *file) {
	r := &rtfScanner{s: s, f: f, lex: email.NewRTFLexer(f.content), half: -1, page: 1252, now: rtfState{uc: 1}, room: min(s.lim.File, s.bytes)}
	steps := 0
	for t, ok := r.lex.Next(); ok; t, ok = r.lex.Next() {
		if steps++; steps%(1<<16) == 0 && s.over() {
			return
		}
		switch t.Kind {
		case email.RTFOpen:
			r.drop = 0
			if len(r.stack) < maxRTFGroups {
				r.stack = append(r.stack, r.now)
			} else {
				s.defect("file-office-broken", f.way)
			}
			r.now.star = false
			if r.now.place == rtfObject {
				r.noise++
			}
		case email.RTFClose:
			r.drop = 0
			r.close()
		case email.RTFWord:
			r.word(t)
		case email.RTFSymbol:
			r.symbol(t.Char)
		case email.RTFHex:
			if r.now.place == rtfObject {
				r.noise++
			} else {
				r.char(t.Char)
			}
		default:
			r.char(t.Char)
		}
	}
	for len(r.stack) > 0 { // a file that ends inside an object still opens in Word
		r.close()
	}
	r.decode()
	s.say(r.text.String())
}

// decode takes over the octets of text that were read.
func (r *rtfScanner) decode() {
	if len(r.octets) > 0 {
		r.text.WriteString(email.ReadCodePage(r.octets, r.page))
		r.octets = r.octets[:0]
	}
}

// close ends a group, and what was gathered in it when its parent gathers something else.
func (r *rtfScanner) close() {
	n := len(r.stack)
	if n == 0 {
		return
	}
	was := r.now.place
	r.now, r.stack = r.stack[n-1], r.stack[:n-1]
	if was == r.now.place {
		return
	}
	value := string(r.value)
	switch was {
	case rtfObject:
		r.object()
		return
	case rtfTemplate:
		r.s.remote(r.f, "template", value)
	case rtfInstruction:
		r.s.field(r.f, value, "")
	case rtfClass:
	default:
		return
	}
	r.value = r.value[:0]
}

// char takes one character of text.
func (r *rtfScanner) char(c byte) {
	if r.now.place != rtfObject && r.drop > 0 {
		r.drop--
		return
	}
	switch r.now.place {
	case rtfText:
		if r.text.Len()+len(r.octets) < r.s.lim.Text {
			r.octets = append(r.octets, c)
		}
	case rtfObject:
		d := hexValue(c)
		if d < 0 {
			return
		}
		if r.half < 0 {
			r.half = d
			return
		}
		if r.room > 0 {
			r.room--
			r.digits = append(r.digits, byte(r.half<<4|d))
		}
		r.half = -1
	case rtfTemplate, rtfInstruction, rtfClass:
		if len(r.value) < maxRTFField {
			r.value = append(r.value, c)
		}
	}
}

func (r *rtfScanner) symbol(c byte) {
	switch c {
	case '*':
		r.now.star = true
	case '\\', '{', '}':
		r.char(c)
	case '\r', '\n':
		r.char('\n')
	}
}

func (r *rtfScanner) word(t email.RTFToken) {
	if r.now.place == rtfObject {
		r.noise++
	}
	star := r.now.star
	r.now.star = false
	switch string(t.Word) {
	case "objdata":
		r.now.place = rtfObject
		r.digits, r.half, r.noise = nil, -1, 0
	case "objupdate", "objautlink":
		r.updates = true
	case "object":
		r.updates = false
	case "template":
		r.now.place, r.value = rtfTemplate, r.value[:0]
	case "fldinst":
		r.now.place, r.value = rtfInstruction, r.value[:0]
	case "objclass":
		r.now.place, r.value = rtfClass, r.value[:0]
	case "bin":
		b := r.lex.Binary(t.Number)
		if r.now.place == rtfObject && int64(len(b)) <= r.room {
			r.room -= int64(len(b))
			r.digits = append(r.digits, b...)
		}
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "themedata", "datastore", "colorschememapping", "listtable", "revtbl":
		if r.now.place == rtfText {
			r.now.place = rtfSkip
		}
	case "uc":
		if !t.Plain {
			r.now.uc = max(0, min(t.Number, 16))
		}
	case "ansicpg":
		if t.Number > 0 {
			r.decode()
			r.page = t.Number
		}
	case "u":
		if !t.Plain && r.now.place != rtfObject {
			r.unicode(rune(uint16(t.Number)))
			r.drop = r.now.uc
		}
	case "par", "line", "row", "cell", "tab", "sect", "page":
		if r.now.place == rtfText {
			r.char('\n')
		}
	default:
		if star && (r.now.place == rtfText || r.now.place == rtfObject) { // a destination nobody knows
			r.now.place = rtfSkip
		}
	}
}

// unicode takes one character of \u.
func (r *rtfScanner) unicode(c rune) {
	switch r.now.place {
	case rtfText:
		if r.text.Len()+len(r.octets) < r.s.lim.Text {
			r.decode()
			r.text.WriteRune(c)
		}
	case rtfTemplate, rtfInstruction, rtfClass:
		if len(r.value) < maxRTFField {
			r.value = append(r.value, string(c)...)
		}
	}
}

// object looks at what the digits held: an OLE 1 object ([MS-OLEDS] section 2.2.4 and 2.2.5).
func (r *rtfScanner) object() {
	b, noise, updates := r.digits, r.noise, r.updates
	r.digits, r.noise, r.half = nil, 0, -1
	if len(b) < 12 {
		return
	}
	if r.objects >= maxRTFObjects {
		r.s.defect("file-limit-files", r.f.way)
		return
	}
	if r.room <= 0 {
		r.s.defect("file-limit-bytes", r.f.way)
	}
	r.objects++
	s, f := r.s, r.f
	class, topic, data := readOLE1(b)
	name := strings.ToLower(class)
	if noise >= muchNoise {
		s.fact(f, "rtf-hidden-object", strconv.Itoa(noise)+" words and groups between the digits of an object")
	}
	equation := strings.HasPrefix(name, "equation")
	if equation {
		s.fact(f, "equation-object", class)
		if updates || noise >= muchNoise {
			s.fact(f, "equation-exploit", "the equation opens with the document, or hides")
		}
	} else if updates && noise < muchNoise {
		s.fact(f, "rtf-opening-object", class)
	}
	if topic != "" {
		s.remote(f, "object", topic)
	}
	at := bytes.Index(data, []byte(oleMagic))
	if data == nil {
		at = bytes.Index(b, []byte(oleMagic))
		data = b
	}
	switch {
	case at >= 0:
		s.packed(f, objectName(class), data[at:])
	case name == "package":
		if file, inner := readPackage(data); inner != nil {
			s.packed(f, file, inner)
		}
	case equation:
		s.equationData(f, data)
	default:
		s.moniker(f, data)
		s.packed(f, objectName(class), data)
	}
}

func objectName(class string) string {
	for _, k := range [...][2]string{{"word.document", "object.doc"}, {"excel.sheet", "object.xls"}, {"powerpoint.", "object.ppt"}} {
		if strings.HasPrefix(strings.ToLower(class), k[0]) {
			return k[1]
		}
	}
	return "object.bin"
}

// readOLE1 reads the header of an object: version, format (1 linked, 2 embedded), class, topic, item, data. data is nil when the header
// does not fit.
func readOLE1(b []byte) (class, topic string, data []byte) {
	le := binary.LittleEndian
	format := le.Uint32(b[4:])
	b = b[8:]
	var parts [3]string
	for i := range parts {
		if len(b) < 4 {
			return parts[0], "", nil
		}
		n := uint64(le.Uint32(b))
		b = b[4:]
		if n > uint64(len(b)) || n > 4096 {
			return parts[0], "", nil
		}
		parts[i], _, _ = strings.Cut(email.ReadCodePage(b[:n], 1252), "\x00")
		b = b[n:]
	}
	if format == 1 {
		return parts[0], parts[1], b
	}
	if len(b) < 4 {
		return parts[0], "", nil
	}
	return parts[0], "", b[4:min(uint64(len(b)), 4+uint64(le.Uint32(b)))]
}
