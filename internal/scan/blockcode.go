package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"golang.org/x/net/html"
)

// Codes drawn with characters get past whatever looks at pictures alone.

const (
	maxBlockText = 1 << 20 // octets of text searched for drawn codes
	maxBlockSide = 1200    // dots across or down one drawing
	maxDrawings  = 16      // of one message
)

// glyph is what one character draws: 2 by 4 dots, bit 2*row+column set where it is dark.
type glyph uint8

const (
	solid glyph = 0xFF
	top   glyph = 0x0F
	low   glyph = 0xF0
	left  glyph = 0x55
	right glyph = 0xAA
)

// glyphOf tells what a character draws; ok is false for those that belong to no drawing.
func glyphOf(r rune) (g glyph, ok bool) {
	switch {
	case r == ' ' || r == 0xA0 || r >= 0x2000 && r <= 0x200A || r == 0x3000:
		return 0, true
	case r >= 0x2580 && r <= 0x259F:
		return blockGlyphs[r-0x2580], true
	case r >= 0x2800 && r <= 0x28FF: // braille
		var out glyph
		for i, bit := range [8]int{0, 2, 4, 1, 3, 5, 6, 7} {
			if (r-0x2800)>>i&1 != 0 {
				out |= 1 << bit
			}
		}
		return out, true
	case r == 0x25A0 || r == 0x2B1B || r == 0x25FC || r == 0x25FE || r == 0x1F532:
		return solid, true
	case r == 0x25A1 || r == 0x2B1C || r == 0x25FB || r == 0x25FD || r == 0x1F533:
		return 0, true
	case r == '#' || r == '@' || r == 'X' || r == '1' || r == '*':
		return solid, true
	case r == '0' || r == '.' || r == '_' || r == '-':
		return 0, true
	}
	return 0, false
}

// blockGlyphs are U+2580 to U+259F.
var blockGlyphs = [32]glyph{top, 0xC0, low, 0xF0, low, low, 0xFC, 0xFF, solid, solid, solid, left, left, left, left, left,
	right, 0, solid, solid, top, right, low & left, low & right, top & left, left | low, top&left | low&right, top | left, top | right, top & right, top&right | low&left, right | low}

// mayDraw is a cheap look: text with many block characters or runs of signs.
func mayDraw(text string) bool {
	return strings.Count(text, "\xe2\x96") >= 60 || strings.Count(text, "\xe2\xac") >= 200 || strings.Count(text, "\xe2\xa0")+strings.Count(text, "\xe2\xa1")+strings.Count(text, "\xe2\xa2")+strings.Count(text, "\xe2\xa3") >= 60 ||
		strings.Count(text, "##") >= 60 || strings.Count(text, "@@") >= 60 || strings.Count(text, "XX") >= 60 || strings.Count(text, "11") >= 60 && strings.Count(text, "00") >= 60 || strings.Count(text, "**") >= 80 ||
		strings.Count(text, "\U0001F532") >= 200
}

// blockCodes reads the codes that text draws with characters.
func (s *session) blockCodes(f *file, text string) {
	text = text[:min(len(text), maxBlockText)]
	if !mayDraw(text) {
		return
	}
	var drawing []string
	drawings := 0
	flush := func() {
		if len(drawing) >= 5 && drawings < maxDrawings && !s.over() {
			drawings++
			if t, ok := readDrawing(drawing); ok {
				s.fact(f, "qr-drawn", "with characters")
				s.code(f, t)
			}
		}
		drawing = drawing[:0]
	}
	blank := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		for strings.HasPrefix(line, ">") { // quoted
			line = strings.TrimPrefix(line[1:], " ")
		}
		switch {
		case strings.TrimSpace(line) == "":
			if blank++; blank > 1 && len(drawing) > 0 && strings.TrimSpace(drawing[0]) != "" {
				flush()
			} else if len(drawing) > 0 {
				drawing = append(drawing, line)
			}
		case drawsOnly(line):
			blank = 0
			drawing = append(drawing, line)
		default:
			blank = 0
			flush()
		}
	}
	flush()
}

// drawsOnly says that a line holds nothing but drawing characters.
func drawsOnly(line string) bool {
	n := 0
	for _, r := range line {
		if _, ok := glyphOf(r); !ok {
			return false
		}
		n++
	}
	return n >= 5
}

// readDrawing turns lines into dots and reads the code in them. A blank line between lines of text that e-mail programs put there doubles
// every row; so a drawing of which every second line is blank is read without those.
func readDrawing(lines []string) (string, bool) {
	if halved := everySecond(lines); halved != nil {
		if t, ok := readDots(dotsOf(halved)); ok {
			return t, true
		}
	}
	return readDots(dotsOf(lines))
}

func everySecond(lines []string) []string {
	var out []string
	for i, l := range lines {
		if i%2 == 0 {
			out = append(out, l)
		} else if strings.TrimSpace(l) != "" {
			return nil
		}
	}
	return out
}

// dots is a drawing, true where something is drawn.
type dots struct {
	w, h int
	on   []bool
}

func (d *dots) at(x, y int) bool { return x >= 0 && y >= 0 && x < d.w && y < d.h && d.on[y*d.w+x] }

func dotsOf(lines []string) *dots {
	w := 0
	for _, l := range lines {
		w = max(w, utf8.RuneCountInString(l))
	}
	d := &dots{w: min(2*w, maxBlockSide), h: min(4*len(lines), maxBlockSide)}
	d.on = make([]bool, d.w*d.h)
	for i, l := range lines {
		x := 0
		for _, r := range l {
			g, _ := glyphOf(r)
			for bit := range 8 {
				if px, py := x+bit%2, 4*i+bit/2; g>>bit&1 != 0 && px < d.w && py < d.h {
					d.on[py*d.w+px] = true
				}
			}
			x += 2
		}
	}
	return d
}

// readDots reads the code that a drawing consists of: as drawn, then with light and dark exchanged, as terminals show codes.
func readDots(d *dots) (string, bool) {
	if t, ok := d.read(false); ok {
		return t, true
	}
	return d.read(true)
}

// read finds the size of a module in each direction from the upper left corner mark, 7 modules wide and high, and samples the code.
func (d *dots) read(inverted bool) (string, bool) {
	x0, y0, x1, y1, ok := d.box(func(x, y int) bool { return d.at(x, y) })
	if !ok {
		return "", false
	}
	dark := func(x, y int) bool { return d.at(x, y) }
	if inverted {
		bx0, by0, bx1, by1 := x0, y0, x1, y1
		dark = func(x, y int) bool { return x >= bx0 && x <= bx1 && y >= by0 && y <= by1 && !d.at(x, y) }
		if x0, y0, x1, y1, ok = d.box(dark); !ok {
			return "", false
		}
	}
	across, down := 0, 0
	for x := x0; x <= x1 && dark(x, y0); x++ {
		across++
	}
	for y := y0; y <= y1 && dark(x0, y); y++ {
		down++
	}
	if across < 7 || down < 7 {
		return "", false
	}
	mw, mh := float64(across)/7, float64(down)/7
	n := int(float64(x1-x0+1)/mw + 0.5)
	rows := int(float64(y1-y0+1)/mh + 0.5)
	if n < 21 || n > 177 || n%4 != 1 || abs(n-rows) > 1 {
		return "", false
	}
	bits, err := gozxing.NewSquareBitMatrix(n)
	if err != nil {
		return "", false
	}
	for y := range n {
		for x := range n {
			if dark(x0+int((float64(x)+0.5)*mw), y0+int((float64(y)+0.5)*mh)) {
				bits.Set(x, y)
			}
		}
	}
	return decodeModules(bits)
}

// box is the smallest rectangle around what on is true for.
func (d *dots) box(on func(x, y int) bool) (x0, y0, x1, y1 int, ok bool) {
	x0, y0, x1, y1 = d.w, d.h, -1, -1
	for y := range d.h {
		for x := range d.w {
			if on(x, y) {
				x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
			}
		}
	}
	return x0, y0, x1, y1, x1 >= x0
}

// mayDrawHTML is a cheap look at markup for characters that draw, written out or as references.
func mayDrawHTML(doc string) bool {
	return mayDraw(doc) || strings.Count(doc, "&#960") >= 60 || strings.Count(doc, "&#961") >= 60 || strings.Count(doc, "&#x258") >= 60 || strings.Count(doc, "&#x259") >= 60 || strings.Count(doc, "&block;") >= 60
}

// htmlLines is the text of a document with its white space and line ends kept, as <pre> shows it.
func htmlLines(doc string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(doc))
	z.SetMaxBuf(maxBlockText)
	pre := 0
	for b.Len() < maxBlockText {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			t := string(z.Text())
			if pre == 0 {
				t = strings.NewReplacer("\r", "", "\n", "").Replace(t)
			}
			b.WriteString(t)
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "pre", "textarea":
				pre++
				b.WriteByte('\n')
			case "br", "p", "div", "tr", "li":
				b.WriteByte('\n')
			case "script", "style":
				z.Next()
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "pre" || string(name) == "textarea" {
				pre = max(0, pre-1)
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// inBody looks for codes in the text and HTML of the message itself.
func (s *session) inBody() {
	m := s.m
	f := &file{way: "message text"}
	s.blockCodes(f, m.Text)
	if m.HTML == "" {
		return
	}
	s.htmlCodes(f, m.HTML)
}

// htmlCodes looks for codes that a document draws, or carries as pictures in its addresses.
func (s *session) htmlCodes(f *file, doc string) {
	if mayDrawHTML(doc) {
		s.blockCodes(f, htmlLines(doc))
	}
	s.cellCodes(f, doc)
	s.dataPictures(f, doc)
}

// dataPictures decodes the pictures in data: addresses (RFC 2397).
func (s *session) dataPictures(f *file, doc string) {
	const prefix = "data:image/"
	for range maxPictures {
		i := indexFold(doc, prefix)
		if i < 0 || s.over() {
			return
		}
		doc = doc[i+len(prefix):]
		head, _, ok := strings.Cut(doc[:min(len(doc), 100)], ",")
		if !ok || !strings.Contains(strings.ToLower(head), ";base64") {
			continue
		}
		doc = doc[len(head)+1:]
		end := strings.IndexAny(doc, "\"')>")
		if end < 0 {
			end = len(doc)
		}
		if int64(end) > s.lim.File || end < 100 {
			continue
		}
		content := looseBase64(doc[:end])
		doc = doc[end:]
		sum := sha256.Sum256(content)
		if key := hex.EncodeToString(sum[:]); s.opened[key] {
			continue
		} else {
			s.opened[key] = true
		}
		s.look(f, pictureKind(content), content)
	}
}
