package scan

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// pdfText collects what the text operators of content streams show (ISO 32000-1 section 9.4), in the order they stand.
type pdfText struct {
	p     *pdf
	out   strings.Builder
	font  *pdfFont
	fonts map[pdfName]*pdfFont
	gap   bool // the next text begins a line or a word
	line  bool
	forms int
	draw  pdfDraw
}

// pdfFont turns character codes into text.
type pdfFont struct {
	wide  bool              // codes of two octets
	codes map[uint32]string // from its ToUnicode map
}

const (
	maxOperators = 200_000 // of one page
	maxPageText  = 64 << 10
	maxFontCodes = 20_000 // of one font's map
)

// show runs through operators. Forms drawn by "Do" are shown in place.
func (t *pdfText) show(content []byte, resources pdfDict, depth int) {
	l := pdfLexer{b: content}
	var args []any
	for n := 0; n < maxOperators && t.out.Len() < maxPageText; n++ {
		l.items = 0
		v, ok := l.token(0)
		if !ok {
			return
		}
		op, isWord := v.(pdfWord)
		if !isWord {
			if len(args) < 16 {
				args = append(args, v)
			}
			continue
		}
		t.draw.operator(op, args)
		switch op {
		case "BI":
			l.at = t.p.inlineImage(content, l.at)
		case "Do":
			if name, ok := last(args).(pdfName); ok && depth < 4 {
				t.form(resources, name, depth)
			}
		case "Tf":
			if len(args) >= 2 {
				name, _ := args[len(args)-2].(pdfName)
				t.useFont(resources, name)
			}
		case "Tj", "'", "\"":
			if op != "Tj" {
				t.line = true
			}
			if s, ok := last(args).(pdfString); ok {
				t.write(s)
			}
		case "TJ":
			list, _ := last(args).(pdfArray)
			for _, e := range list {
				switch e := e.(type) {
				case pdfString:
					t.write(e)
				case float64:
					if e < -180 { // thousandths of the font's size, to the right
						t.gap = true
					}
				}
			}
		case "Td", "TD":
			if y, _ := last(args).(float64); y != 0 {
				t.line = true
			} else {
				t.gap = true
			}
		case "T*":
			t.line = true
		case "Tm", "ET":
			t.gap = true
			if op == "ET" {
				t.line = true
			}
		}
		args = args[:0]
		if n%1024 == 1023 && t.p.s.over() {
			return
		}
	}
}

func last(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[len(args)-1]
}

func (t *pdfText) form(resources pdfDict, name pdfName, depth int) {
	objects, _ := t.p.resolve(resources["XObject"]).(pdfDict)
	ref, ok := objects[name].(pdfRef)
	if t.forms++; !ok || t.forms > 100 {
		return
	}
	o := t.p.get(ref.num)
	if o == nil || !o.isStream {
		return
	}
	d, _ := o.value.(pdfDict)
	if sub, _ := t.p.resolve(d["Subtype"]).(pdfName); sub != "Form" {
		return
	}
	if b, rest := t.p.data(o); rest == "" {
		if own, ok := t.p.resolve(d["Resources"]).(pdfDict); ok {
			resources = own
		}
		keep := t.draw.state
		if m, ok := t.p.resolve(d["Matrix"]).(pdfArray); ok {
			t.draw.operator("cm", m)
		}
		t.show(b[:min(len(b), maxPDFText)], resources, depth+1)
		t.draw.state = keep
	}
}

func (t *pdfText) useFont(resources pdfDict, name pdfName) {
	if f, ok := t.fonts[name]; ok {
		t.font = f
		return
	}
	fonts, _ := t.p.resolve(resources["Font"]).(pdfDict)
	d, _ := t.p.resolve(fonts[name]).(pdfDict)
	f := &pdfFont{}
	if sub, _ := t.p.resolve(d["Subtype"]).(pdfName); sub == "Type0" {
		f.wide = true
	}
	if ref, ok := d["ToUnicode"].(pdfRef); ok {
		if o := t.p.get(ref.num); o != nil && o.isStream {
			if b, rest := t.p.data(o); rest == "" {
				f.read(b[:min(len(b), 256<<10)])
			}
		}
	}
	if len(t.fonts) < 200 {
		t.fonts[name] = f
	}
	t.font = f
}

// read takes in a ToUnicode map (section 9.10.3).
func (f *pdfFont) read(b []byte) {
	f.codes = map[uint32]string{}
	l := pdfLexer{b: b}
	var args []any
	for len(f.codes) < maxFontCodes {
		l.items = 0
		v, ok := l.token(0)
		if !ok {
			return
		}
		w, isWord := v.(pdfWord)
		if !isWord {
			if len(args) < 1000 {
				args = append(args, v)
			}
			continue
		}
		switch w {
		case "endcodespacerange":
			if s, ok := last(args).(pdfString); ok {
				f.wide = len(s) == 2
			}
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				from, _ := args[i].(pdfString)
				to, _ := args[i+1].(pdfString)
				f.codes[code(from)] = utf16BE(string(to))
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				f.readRange(args[i], args[i+1], args[i+2])
			}
		}
		args = args[:0]
	}
}

func (f *pdfFont) readRange(from, to, what any) {
	a, _ := from.(pdfString)
	z, _ := to.(pdfString)
	first, end := code(a), code(z)
	for c := first; c <= end && c-first < 4096 && len(f.codes) < maxFontCodes; c++ {
		switch w := what.(type) {
		case pdfString:
			s := []byte(w)
			if len(s) == 0 {
				return
			}
			s[len(s)-1] += byte(c - first)
			f.codes[c] = utf16BE(string(s))
		case pdfArray:
			if int(c-first) >= len(w) {
				return
			}
			s, _ := w[c-first].(pdfString)
			f.codes[c] = utf16BE(string(s))
		}
	}
}

func code(s pdfString) uint32 {
	var c uint32
	for i := range min(len(s), 4) {
		c = c<<8 | uint32(s[i])
	}
	return c
}

// write adds shown text.
func (t *pdfText) write(s pdfString) {
	if t.out.Len() > 0 {
		if t.line {
			t.out.WriteByte('\n')
		} else if t.gap {
			t.out.WriteByte(' ')
		}
	}
	t.line, t.gap = false, false
	f := t.font
	if f == nil {
		f = &pdfFont{}
	}
	width := 1
	if f.wide {
		width = 2
	}
	for i := 0; i+width <= len(s) && t.out.Len() < maxPageText; i += width {
		c := code(s[i : i+width])
		if text, ok := f.codes[c]; ok {
			t.out.WriteString(text)
			continue
		}
		if f.wide { // without a map its codes are numbers of glyphs
			continue
		}
		if c < utf8.RuneSelf {
			if c >= ' ' {
				t.out.WriteByte(byte(c))
			}
			continue
		}
		t.out.WriteRune(charmap.Windows1252.DecodeByte(byte(c)))
	}
}
