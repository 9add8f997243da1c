package scan

import (
	"bytes"
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/ccitt"

	"tocsin/internal/email"
)

const (
	maxPDFPictures = 24      // decoded of one document
	maxPDFText     = 1 << 20 // octets of one page's operators
)

// readPages reads what the first pages say, and whether a link covers one.
func (p *pdf) readPages() {
	for i, spot := range p.order {
		if i%16 == 0 && p.s.over() {
			return
		}
		if !p.mentions(spot, "/Page") {
			continue
		}
		d, _ := p.load(spot).value.(pdfDict)
		if kind, _ := p.resolve(d["Type"]).(pdfName); kind != "Page" {
			continue
		}
		if p.pages++; p.pages > p.s.lim.Pages {
			p.s.defect("file-limit-pages", p.f.way)
			return
		}
		p.page(d)
	}
}

func (p *pdf) page(d pdfDict) {
	box := p.rect(p.inherited(d, "MediaBox"))
	if box.Empty() {
		box = image.Rect(0, 0, 612, 792)
	}
	for i, v := range p.list(d["Annots"]) {
		if i == 200 {
			break
		}
		a, _ := p.resolve(v).(pdfDict)
		action, _ := p.resolve(a["A"]).(pdfDict)
		u := p.text(action["URI"])
		if u == "" || email.HostOf(u) == "" {
			continue
		}
		r := p.rect(a["Rect"]).Intersect(box)
		if 100*r.Dx()*r.Dy() >= 55*box.Dx()*box.Dy() {
			p.whole = u
		}
	}
	if p.s.text.Len() < p.s.lim.Text {
		p.pageText(d)
	}
}

// inherited looks a page attribute up, in its parents too (section 7.7.3.4).
func (p *pdf) inherited(d pdfDict, key pdfName) any {
	for range 8 {
		if v, ok := d[key]; ok {
			return v
		}
		var ok bool
		if d, ok = p.resolve(d["Parent"]).(pdfDict); !ok {
			return nil
		}
	}
	return nil
}

func (p *pdf) rect(v any) image.Rectangle {
	var n [4]int
	list := p.list(v)
	if len(list) < 4 {
		return image.Rectangle{}
	}
	for i := range n {
		n[i] = int(max(-20_000, min(20_000, p.number(list[i], 0))))
	}
	return image.Rect(n[0], n[1], n[2], n[3])
}

// pageText says what a page's text operators show.
func (p *pdf) pageText(d pdfDict) {
	var content []byte
	for _, v := range p.contents(d["Contents"]) {
		if len(content) > maxPDFText {
			break
		}
		b, rest := p.data(v)
		if rest == "" {
			content = append(append(content, b[:min(len(b), maxPDFText)]...), '\n')
		}
	}
	resources, _ := p.resolve(p.inherited(d, "Resources")).(pdfDict)
	t := pdfText{p: p, fonts: map[pdfName]*pdfFont{}, draw: newPDFDraw()}
	t.show(content, resources, 0)
	text := strings.TrimSpace(t.out.String())
	p.words += len(strings.Fields(text))
	p.s.say(text)
	if img := t.draw.picture(); img != nil && p.drawn < 4 {
		p.drawn++
		p.pictures++
		p.s.codesIn(p.f, img)
	}
}

// contents are the content streams of a page, in order.
func (p *pdf) contents(v any) []*pdfObject {
	var out []*pdfObject
	add := func(v any) {
		if r, ok := v.(pdfRef); ok && len(out) < 100 {
			if o := p.get(r.num); o != nil && o.isStream {
				out = append(out, o)
			}
		}
	}
	add(v)
	if list, ok := p.resolve(v).(pdfArray); ok {
		for _, e := range list {
			add(e)
		}
	}
	return out
}

// image looks for codes in a picture of the document.
func (p *pdf) image(o *pdfObject, d pdfDict) {
	w, h := int(p.number(p.first(d, "Width", "W"), 0)), int(p.number(p.first(d, "Height", "H"), 0))
	if w < minSide || h < minSide || w > 1<<16 || h > 1<<16 {
		return
	}
	if p.pictures++; p.pictures > maxPDFPictures {
		p.s.defect("file-limit-pixels", p.f.way)
		return
	}
	if p.s.over() {
		return
	}
	filters := p.list(p.first(d, "Filter", "F"))
	last := pdfName("")
	if len(filters) > 0 {
		last, _ = p.resolve(filters[len(filters)-1]).(pdfName)
	}
	switch last {
	case "DCTDecode", "DCT":
		b, _ := p.data(o)
		p.s.look(p.f, "jpg", b)
		return
	case "JPXDecode", "JBIG2Decode":
		p.s.defect("file-picture-not-read", p.f.way)
		return
	}
	if !p.s.takePixels(p.f, image.Config{Width: w, Height: h, ColorModel: color.GrayModel}, false) {
		return
	}
	b, rest := p.data(o)
	if rest == "CCITTFaxDecode" || rest == "CCF" {
		b, w = p.fax(d, b, h)
		d, rest = pdfDict{"BitsPerComponent": 1.0}, ""
	}
	if rest == "" {
		if img := p.raster(d, b, w, h); img != nil {
			p.s.codesIn(p.f, img)
			return
		}
	}
	if !p.s.over() {
		p.s.defect("file-picture-not-read", p.f.way)
	}
}

// fax undoes CCITTFaxDecode (section 7.4.6), which scanners write. Whether a set bit is dark does not matter: codes are looked for both ways.
func (p *pdf) fax(d pdfDict, b []byte, h int) (out []byte, w int) {
	var parm pdfDict
	for _, v := range p.list(p.first(d, "DecodeParms", "DP")) {
		if one, ok := p.resolve(v).(pdfDict); ok {
			parm = one
		}
	}
	group := ccitt.Group3
	if p.number(parm["K"], 0) < 0 {
		group = ccitt.Group4
	}
	w = int(p.number(parm["Columns"], 1728))
	if w < minSide || w > 1<<16 {
		return nil, minSide
	}
	r := ccitt.NewReader(bytes.NewReader(b), ccitt.MSB, group, w, h, &ccitt.Options{Align: p.resolve(parm["EncodedByteAlign"]) == true})
	return p.s.undo(p.f, r, (w+7)/8*min(h, 8*len(b))), w // a row takes a bit at least
}

// raster turns samples into gray: 1 or 8 bits, gray, RGB, CMYK or a palette (section 8.9).
func (p *pdf) raster(d pdfDict, b []byte, w, h int) image.Image {
	bits := int(p.number(p.first(d, "BitsPerComponent", "BPC"), 8))
	if p.resolve(p.first(d, "ImageMask", "IM")) == true {
		bits = 1
	}
	colours, palette := p.colours(p.first(d, "ColorSpace", "CS"), 0)
	inverted := false
	if decode := p.list(p.first(d, "Decode", "D")); len(decode) >= 2 {
		inverted = p.number(decode[0], 0) > p.number(decode[1], 1)
	}
	row := (w*colours*bits + 7) / 8
	if bits == 16 { // the higher octet of each sample is enough
		b, bits, row = higherOctets(b), 8, w*colours
	}
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 || bits < 8 && colours != 1 || len(b) < row {
		return nil
	}
	h = min(h, len(b)/row)
	g := image.NewGray(image.Rect(0, 0, w, h))
	table := tonesOf(bits, palette, inverted)
	for y := range h {
		line, out := b[y*row:(y+1)*row], g.Pix[y*w:(y+1)*w]
		switch {
		case colours == 1:
			table.row(out, line, bits)
		case colours == 3:
			for x := range out {
				q := line[3*x : 3*x+3 : 3*x+3]
				out[x] = byte((uint32(luma.r)*uint32(q[0]) + uint32(luma.g)*uint32(q[1]) + uint32(luma.b)*uint32(q[2])) >> 10)
			}
		default:
			for x := range out {
				q := line[4*x : 4*x+4 : 4*x+4]
				out[x] = byte(max(0, 255-(306*int(q[0])+601*int(q[1])+117*int(q[2]))>>10-int(q[3])))
			}
		}
		if inverted && colours != 1 {
			for x, v := range out {
				out[x] = 255 - v
			}
		}
	}
	return g
}

func higherOctets(b []byte) []byte {
	out := make([]byte, len(b)/2)
	for i := range out {
		out[i] = b[2*i]
	}
	return out
}

// tones are the gray of each sample of one component, and for samples of one bit the gray of the eight in an octet.
type tones struct {
	of    [256]byte
	eight [256][8]byte
}

func tonesOf(bits int, palette *[256]byte, inverted bool) *tones {
	t := &tones{}
	for n := range 1 << bits {
		v := byte(n * 255 / (1<<bits - 1))
		if palette != nil {
			v = palette[n]
		}
		if inverted {
			v = 255 - v
		}
		t.of[n] = v
	}
	if bits == 1 {
		for n := range t.eight {
			for i := range 8 {
				t.eight[n][i] = t.of[n>>(7-i)&1]
			}
		}
	}
	return t
}

// row turns the packed samples of one row to gray. Pages from scanners come with one bit a sample, and with many millions of them.
func (t *tones) row(out, line []byte, bits int) {
	switch bits {
	case 8:
		for x := range out {
			out[x] = t.of[line[x]]
		}
	case 1:
		i := 0
		for ; i+8 <= len(out); i += 8 {
			*(*[8]byte)(out[i:]) = t.eight[line[i/8]]
		}
		if i < len(out) {
			copy(out[i:], t.eight[line[i/8]][:])
		}
	default:
		for x := range out {
			out[x] = t.of[line[x*bits/8]>>(8-bits-x*bits%8)&(1<<bits-1)]
		}
	}
}

// colours is the number of components of a colour space, and its palette in gray when it has one.
func (p *pdf) colours(v any, depth int) (n int, palette *[256]byte) {
	if depth > 4 {
		return 1, nil
	}
	switch v := p.resolve(v).(type) {
	case pdfName:
		switch v {
		case "DeviceRGB", "RGB", "CalRGB", "Lab":
			return 3, nil
		case "DeviceCMYK", "CMYK":
			return 4, nil
		}
	case pdfArray:
		if len(v) == 0 {
			return 1, nil
		}
		switch name, _ := p.resolve(v[0]).(pdfName); {
		case name == "ICCBased" && len(v) > 1:
			profile, _ := p.resolve(v[1]).(pdfDict)
			if n := int(p.number(profile["N"], 1)); n == 3 || n == 4 {
				return n, nil
			}
		case (name == "Indexed" || name == "I") && len(v) > 3:
			return 1, p.palette(v, depth)
		case name == "CalRGB" || name == "Lab" || name == "DeviceRGB":
			return 3, nil
		case name == "DeviceCMYK":
			return 4, nil
		case name == "DeviceN" && len(v) > 1:
			if names := p.list(v[1]); len(names) == 3 || len(names) == 4 {
				return len(names), nil
			}
		}
	}
	return 1, nil
}

func (p *pdf) palette(v pdfArray, depth int) *[256]byte {
	n, _ := p.colours(v[1], depth+1)
	table := p.octets(v[3])
	if r, ok := v[3].(pdfRef); ok && len(table) == 0 {
		if o := p.get(r.num); o != nil && o.isStream {
			table, _ = p.data(o)
		}
	}
	var out [256]byte
	for i := 0; i < 256 && (i+1)*n <= len(table); i++ {
		q := table[i*n:]
		switch n {
		case 3:
			out[i] = luma.of(uint32(q[0]), uint32(q[1]), uint32(q[2]), 255)
		case 4:
			out[i] = byte(max(0, 255-(306*int(q[0])+601*int(q[1])+117*int(q[2]))>>10-int(q[3])))
		default:
			out[i] = q[0]
		}
	}
	return &out
}

// inlineImage reads a picture that stands in the operators themselves (section 8.9.7): at is behind "BI". It returns where to go on.
func (p *pdf) inlineImage(b []byte, at int) int {
	l := pdfLexer{b: b, at: at}
	d := pdfDict{}
	for {
		k, ok := l.token(0)
		if !ok {
			return len(b)
		}
		if w, isWord := k.(pdfWord); isWord && w == "ID" {
			break
		}
		name, isName := k.(pdfName)
		v, ok := l.value(0)
		if !ok {
			return len(b)
		}
		if isName && len(d) < 40 {
			d[name] = v
		}
	}
	start := min(len(b), l.at+1)
	end := bytes.Index(b[start:], []byte("EI"))
	for tries := 0; end >= 0 && tries < 50; tries++ {
		e := start + end
		if e > 0 && isPDFSpace(b[e-1]) && (e+2 == len(b) || isPDFSpace(b[e+2])) {
			break
		}
		next := bytes.Index(b[e+2:], []byte("EI"))
		if next < 0 {
			end = -1
			break
		}
		end += 2 + next
	}
	if end < 0 {
		return len(b)
	}
	p.image(&pdfObject{value: d, stream: b[start : start+end], isStream: true}, d)
	return start + end + 2
}
