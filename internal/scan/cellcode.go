package scan

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

const (
	maxCells  = 120_000 // of one document; the largest code has 31,329 modules
	maxNested = 256     // open elements
)

// cellCodes reads codes that HTML draws with coloured cells: tables, rows of small boxes, boxes at fixed places.
func (s *session) cellCodes(f *file, doc string) {
	if strings.Count(doc, "></")+strings.Count(doc, "> </")+strings.Count(doc, "&nbsp;</")+strings.Count(doc, "/>") < 200 {
		return
	}
	c := cellReader{sheet: map[string]bool{}}
	c.readSheet(doc)
	c.read(doc, s.over)
	for _, d := range c.drawings() {
		if t, ok := readDots(d); ok {
			s.fact(f, "qr-drawn", "with coloured cells")
			s.code(f, t)
			return
		}
	}
}

// box is one element without text: a cell of a row, or a box at a fixed place.
type box struct {
	parent int // number of the element around it
	dark   bool
	span   int // columns, 0 when not given
	width  int // pixels, 0 when not given
	x, y   int
	high   int
	fixed  bool
}

// openElement is one that is not closed yet.
type openElement struct {
	name  string
	id    int
	box   box
	dark  bool // colour that shows through
	plain bool // holds neither text nor elements so far
	cell  bool
}

type cellReader struct {
	sheet map[string]bool // class -> dark, for classes with a background
	boxes []box
	stack []openElement
	ids   int
}

// readSheet notes which classes have a dark or light background. Anything but ".class {" is left out.
func (c *cellReader) readSheet(doc string) {
	for range 20 {
		i := indexFold(doc, "<style")
		if i < 0 {
			return
		}
		doc = doc[i+6:]
		end := indexFold(doc, "</style")
		if end < 0 {
			end = len(doc)
		}
		for rule := range strings.SplitSeq(doc[:min(end, 64<<10)], "}") {
			selector, body, ok := strings.Cut(rule, "{")
			if !ok {
				continue
			}
			if dark, ok := background(body); ok {
				for one := range strings.SplitSeq(selector, ",") {
					one = strings.TrimSpace(one)
					if i := strings.LastIndexByte(one, '.'); i >= 0 && len(c.sheet) < 200 {
						c.sheet[one[i+1:]] = dark
					} else if one == "td" || one == "i" || one == "b" || one == "span" {
						c.sheet["<"+one] = dark
					}
				}
			}
		}
		doc = doc[end:]
	}
}

func (c *cellReader) read(doc string, over func() bool) {
	z := html.NewTokenizer(strings.NewReader(doc))
	z.SetMaxBuf(1 << 20)
	for n := 0; len(c.boxes) < maxCells; n++ {
		if n%4096 == 0 && over() {
			return
		}
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if len(c.stack) > 0 && c.stack[len(c.stack)-1].plain && strings.Trim(string(z.Text()), " \t\r\n\u00a0") != "" {
				c.stack[len(c.stack)-1].plain = false
			}
		case html.StartTagToken:
			c.start(z, false)
		case html.SelfClosingTagToken:
			c.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			c.end(string(name))
		}
	}
}

func (c *cellReader) start(z *html.Tokenizer, closed bool) {
	raw, more := z.TagName()
	name := string(raw)
	switch name {
	case "br", "img", "hr", "input", "meta", "link", "col", "wbr":
		return
	case "tr", "td", "th": // end tags may be left out
		for len(c.stack) > 0 {
			top := c.stack[len(c.stack)-1].name
			if !(top == "td" || top == "th" || name == "tr" && top == "tr") {
				break
			}
			c.end(top)
		}
	}
	c.ids++
	e := openElement{name: name, id: c.ids, plain: true}
	if n := len(c.stack); n > 0 {
		e.dark = c.stack[n-1].dark
		e.box.parent = c.stack[n-1].id
		c.stack[n-1].plain = false
	}
	if dark, ok := c.sheet["<"+name]; ok {
		e.dark = dark
	}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "bgcolor", "fill", "class", "colspan", "width", "height", "x", "y", "style":
			c.attribute(&e, string(key), string(value))
		}
	}
	switch name {
	case "td", "th", "span", "div", "i", "b", "u", "s", "em", "p", "li", "a", "font", "rect":
		e.cell = true
	}
	if len(c.stack) < maxNested {
		c.stack = append(c.stack, e)
		if closed {
			c.end(name)
		}
	}
}

func (c *cellReader) attribute(e *openElement, key, value string) {
	switch key {
	case "bgcolor":
		if dark, ok := darkColour(value); ok {
			e.dark = dark
		}
	case "fill":
		if e.name == "rect" {
			if dark, ok := darkColour(value); ok {
				e.dark = dark
			}
		}
	case "class":
		for one := range strings.FieldsSeq(value) {
			if dark, ok := c.sheet[one]; ok {
				e.dark = dark
			}
		}
	case "colspan":
		e.box.span = pixels(value)
	case "width":
		e.box.width = pixels(value)
	case "height":
		e.box.high = pixels(value)
	case "x", "y":
		if e.name == "rect" {
			e.box.fixed = true
			if key == "x" {
				e.box.x = pixels(value)
			} else {
				e.box.y = pixels(value)
			}
		}
	case "style":
		if dark, ok := background(value); ok {
			e.dark = dark
		}
		for one := range strings.SplitSeq(value, ";") {
			k, v, _ := strings.Cut(one, ":")
			switch strings.ToLower(strings.TrimSpace(k)) {
			case "width":
				e.box.width = pixels(v)
			case "height":
				e.box.high = pixels(v)
			case "left":
				e.box.x = pixels(v)
			case "top":
				e.box.y = pixels(v)
			case "position":
				e.box.fixed = strings.Contains(v, "absolute") || strings.Contains(v, "fixed")
			}
		}
	}
}

func (c *cellReader) end(name string) {
	for i := len(c.stack) - 1; i >= 0 && i >= len(c.stack)-8; i-- {
		if c.stack[i].name != name {
			continue
		}
		e := c.stack[i]
		c.stack = c.stack[:i]
		if e.cell && e.plain {
			e.box.dark = e.dark
			c.boxes = append(c.boxes, e.box)
		}
		return
	}
}

// drawings puts boxes together: those at fixed places, and rows of cells, as many as stand below each other.
func (c *cellReader) drawings() []*dots {
	var out []*dots
	if d := c.placed(); d != nil {
		out = append(out, d)
	}
	var rows [][]box
	for i := 0; i < len(c.boxes); {
		j := i + 1
		for j < len(c.boxes) && c.boxes[j].parent == c.boxes[i].parent {
			j++
		}
		rows = append(rows, c.boxes[i:j])
		i = j
	}
	unit := 0 // the narrowest cell
	for _, b := range c.boxes {
		if b.width > 0 && (unit == 0 || b.width < unit) {
			unit = b.width
		}
	}
	var group [][]bool
	flush := func() {
		if len(group) >= 21 && len(out) < 8 {
			out = append(out, dotsOfRows(group))
		}
		group = nil
	}
	for _, row := range rows {
		line := expand(row, unit)
		if len(line) < 21 || len(group) > 0 && len(line) != len(group[0]) {
			flush()
		}
		if len(line) >= 21 && len(line) <= 200 {
			group = append(group, line)
		}
	}
	flush()
	return out
}

// expand writes a row out module by module: cells over several columns, or several times as wide as the narrowest.
func expand(row []box, unit int) []bool {
	var line []bool
	for _, b := range row {
		n := max(1, b.span)
		if b.span == 0 && unit > 0 && b.width > unit {
			n = b.width / unit
		}
		for range min(n, 200) {
			if len(line) > 200 {
				return nil
			}
			line = append(line, b.dark)
		}
	}
	return line
}

func dotsOfRows(rows [][]bool) *dots {
	rows = rows[:min(len(rows), 400)]
	d := &dots{w: len(rows[0]), h: len(rows)}
	for _, r := range rows {
		d.on = append(d.on, r...)
	}
	return d
}

// placed draws the dark boxes that stand at fixed places.
func (c *cellReader) placed() *dots {
	x0, y0, x1, y1, n, unit := 1<<20, 1<<20, 0, 0, 0, 1<<20
	for _, b := range c.boxes {
		if b.fixed && b.dark && b.width > 0 && b.high > 0 {
			n++
			x0, y0, x1, y1, unit = min(x0, b.x), min(y0, b.y), max(x1, b.x+b.width), max(y1, b.y+b.high), min(unit, b.width, b.high)
		}
	}
	if n < 40 || (x1-x0)/unit > 200 || (y1-y0)/unit > 200 {
		return nil
	}
	d := &dots{w: (x1 - x0) / unit, h: (y1 - y0) / unit}
	d.on = make([]bool, d.w*d.h)
	for _, b := range c.boxes {
		if !b.fixed || !b.dark || b.width <= 0 || b.high <= 0 {
			continue
		}
		for y := (b.y - y0) / unit; y < min(d.h, (b.y-y0+b.high)/unit); y++ {
			for x := (b.x - x0) / unit; x < min(d.w, (b.x-x0+b.width)/unit); x++ {
				d.on[y*d.w+x] = true
			}
		}
	}
	return d
}

// pixels reads the number that a length begins with, 0 when there is none; at most 100,000.
func pixels(s string) int {
	s = strings.TrimSpace(s)
	n := 0
	for n < len(s) && n < 5 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, _ := strconv.Atoi(s[:n])
	return v
}

// background tells whether a style sets a dark or a light background.
func background(style string) (dark, ok bool) {
	i := indexFold(style, "background")
	if i < 0 {
		return false, false
	}
	_, value, found := strings.Cut(style[i:], ":")
	if !found {
		return false, false
	}
	value, _, _ = strings.Cut(value, ";")
	return darkColour(value)
}

// darkColour reads a CSS colour; ok is false for one that is not understood.
func darkColour(s string) (dark, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimSpace(strings.TrimSuffix(s, "!important"))
	var r, g, b int64
	switch {
	case s == "black" || s == "navy" || s == "darkblue" || s == "maroon" || s == "darkgreen" || s == "purple" || s == "indigo":
		return true, true
	case s == "white" || s == "transparent" || s == "none" || s == "yellow" || s == "ivory" || s == "snow":
		return false, true
	case strings.HasPrefix(s, "rgb"):
		_, list, _ := strings.Cut(s, "(")
		list, _, _ = strings.Cut(list, ")")
		parts := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' || c == '/' })
		if len(parts) < 3 {
			return false, false
		}
		r, g, b = int64(pixels(parts[0])), int64(pixels(parts[1])), int64(pixels(parts[2]))
	default:
		s, _, _ = strings.Cut(s, " ")
		s = strings.TrimPrefix(s, "#")
		if len(s) == 3 {
			s = string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
		}
		v, err := strconv.ParseInt(s, 16, 32)
		if len(s) != 6 || err != nil {
			return false, false
		}
		r, g, b = v>>16, v>>8&255, v&255
	}
	return 306*r+601*g+117*b < 128*1024, true
}
