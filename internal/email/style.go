package email

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// This file knows as much CSS as it takes to tell shown text from hidden: the declarations that hide, where they
// come from (inline style, presentational attributes, simple selectors in <style>) and how they cascade.

// property is one CSS property that can hide text.
type property uint8

const (
	cssDisplay    property = iota // 1: none, 0: anything else
	cssVisibility                 // 1: hidden or collapse
	cssOpacity                    // 0 to 1
	cssFontSize                   // px; with unit em: a factor of the parent's
	cssColor                      // 0xRRGGBB or one of the colour words below
	cssBackground                 // as cssColor
	cssHeight                     // px
	cssWidth                      // px
	cssMaxHeight                  // px
	cssMaxWidth                   // px
	cssOverflow                   // 1: hidden or clip
	cssPosition                   // 1: absolute or fixed
	cssLeft                       // px, the furthest negative of left, top, right, bottom
	cssShift                      // px, the furthest negative of text-indent and the margins
	cssClip                       // 1: clipped or scaled to nothing
	cssWhiteSpace                 // 1: line breaks kept
	cssProperties
)

// Colours that are not one.
const (
	colourTransparent = -1
	colourUnknown     = -2 // an image, a gradient, or a word we do not know
	colourInherit     = -3
)

// Where a declaration comes from; a later one of the same or a higher priority wins.
const (
	fromBrowser    = 1
	fromAttribute  = 2
	fromSheet      = 1 << 4
	fromInline     = 1 << 20
	fromImportance = 1 << 22
)

type declared struct {
	priority int32 // 0: not declared
	em       bool
	value    float64
}

// declarations are the properties set on one element.
type declarations struct {
	which uint32 // a bit for each property that is declared
	of    [cssProperties]declared
}

func (d *declarations) set(p property, priority int32, v float64, em bool) {
	if d.of[p].priority <= priority {
		d.of[p] = declared{priority, em, v}
		d.which |= 1 << p
	}
}

// add sets what other declares, its priorities raised by more.
func (d *declarations) add(other *declarations, more int32) {
	for left := other.which; left != 0; left &= left - 1 {
		p := property(bits.TrailingZeros32(left))
		v := &other.of[p]
		d.set(p, v.priority+more, v.value, v.em)
	}
}

func (d *declarations) get(p property) (float64, bool) {
	return d.of[p].value, d.of[p].priority != 0
}

// look is what an element's text looks like, as far as hiding goes. It is inherited.
type look struct {
	gone      bool // nothing inside can be seen, whatever it declares
	invisible bool // visibility: hidden, which a child may undo
	faint     bool // text colour too near the background
	pre       bool
	size      float64 // px
	colour    float64
	behind    float64 // background colour
}

var plainLook = look{size: 16, colour: 0, behind: 0xFFFFFF}

func (l *look) hidden() bool { return l.gone || l.invisible || l.faint || l.size < unreadable }

const unreadable = 4 // px: no smaller font can be read, nor what a box of this height or width leaves of its text

const offScreen = -500 // px: nothing on a page is moved this far except to hide it

// under is the look of an element with declarations d inside one that looks like l.
func (l look) under(d *declarations) look {
	if d == nil || d.which == 0 {
		return l
	}
	on := func(p property) bool { v, ok := d.get(p); return ok && v == 1 }
	tiny := func(p property) bool { v, ok := d.get(p); return ok && v <= unreadable }
	far := func(p property) bool { v, ok := d.get(p); return ok && v <= offScreen }
	if on(cssDisplay) || on(cssClip) || far(cssShift) || on(cssPosition) && far(cssLeft) {
		l.gone = true
	}
	if v, ok := d.get(cssOpacity); ok && v < 0.05 {
		l.gone = true
	}
	if on(cssOverflow) && (tiny(cssMaxHeight) || tiny(cssHeight) || tiny(cssMaxWidth) || tiny(cssWidth)) {
		l.gone = true
	}
	if v, ok := d.get(cssVisibility); ok {
		l.invisible = v == 1
	}
	if v, ok := d.get(cssWhiteSpace); ok {
		l.pre = v == 1
	}
	if v, ok := d.get(cssFontSize); ok {
		if d.of[cssFontSize].em {
			v *= l.size
		}
		l.size = v
	}
	l.recolour(d)
	return l
}

func (l *look) recolour(d *declarations) {
	changed := false
	if v, ok := d.get(cssColor); ok && v != colourInherit && v != colourUnknown {
		l.colour, changed = v, true
	}
	if v, ok := d.get(cssBackground); ok && v != colourInherit && v != colourTransparent {
		l.behind, changed = v, true
	}
	if changed {
		l.faint = l.colour == colourTransparent || l.behind != colourUnknown && contrast(l.colour, l.behind) < faintContrast
	}
}

// faintContrast is the contrast ratio (WCAG 2.2, 1 to 21) under which text counts as the colour of its background. Pale but
// readable footers lie at 1.6 (#ccc on white) and above; #eee on white is 1.16.
const faintContrast = 1.2

func contrast(a, b float64) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c float64) float64 {
	n := int(c)
	return 0.2126*linear[n>>16&0xFF] + 0.7152*linear[n>>8&0xFF] + 0.0722*linear[n&0xFF]
}

// linear is the light of each value of a colour channel (WCAG 2.2, relative luminance).
var linear = func() (t [256]float64) {
	for v := range t {
		f := float64(v) / 255
		if t[v] = f / 12.92; f > 0.04045 {
			t[v] = math.Pow((f+0.055)/1.055, 2.4)
		}
	}
	return t
}()

// declare adds the declarations of one style text. priority is that of the place it stands in.
func (d *declarations) declare(style string, priority int32) {
	eachDeclaration(style, func(name, value string) {
		p := priority
		if bang := strings.LastIndexByte(value, '!'); bang >= 0 {
			if strings.TrimSpace(value[bang+1:]) == "important" {
				p += fromImportance
			}
			value = strings.TrimSpace(value[:bang])
		}
		d.property(name, value, p)
	})
}

// eachDeclaration cuts a style text at the semicolons outside of quotes, brackets and comments and calls f with
// lower-case, unescaped names and values.
func eachDeclaration(style string, f func(name, value string)) {
	style = cutComments(style)
	for len(style) > 0 {
		end := cssUntil(style, ';')
		decl := style[:end]
		style = style[min(end+1, len(style)):]
		colon := strings.IndexByte(decl, ':')
		if colon <= 0 {
			continue
		}
		name, value := decl[:colon], decl[colon+1:]
		if strings.IndexByte(decl, '\\') >= 0 {
			name, value = cssUnescape(name), cssUnescape(value)
		}
		f(strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value)))
	}
}

// cssUntil is the place of the first stop outside of quotes and brackets, or the length of s.
func cssUntil(s string, stop byte) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote || c == '\n' {
				quote = 0
			}
		case c == stop && depth == 0:
			return i
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case (c == ')' || c == ']' || c == '}') && depth > 0:
			depth--
		}
	}
	return len(s)
}

func cutComments(s string) string {
	if !strings.Contains(s, "/*") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		before, rest, ok := strings.Cut(s, "/*")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteByte(' ') // a comment parts words
		if _, s, ok = strings.Cut(rest, "*/"); !ok {
			return b.String()
		}
	}
}

// cssUnescape undoes backslash escapes (CSS Syntax 3 section 4.3.7).
func cssUnescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		j := i + 1
		for j < len(s) && j < i+7 && isHex(s[j]) {
			j++
		}
		if j == i+1 {
			if s[j] != '\n' {
				b.WriteByte(s[j])
			}
			i = j
			continue
		}
		n, err := strconv.ParseUint(s[i+1:j], 16, 32)
		if err != nil || n == 0 || n > 0x10FFFF {
			n = 0xFFFD
		}
		b.WriteRune(rune(n))
		if j < len(s) && (s[j] == ' ' || s[j] == '\t' || s[j] == '\n') {
			j++
		}
		i = j - 1
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// property reads one declaration that can hide.
func (d *declarations) property(name, value string, p int32) {
	flag := func(q property, on bool) {
		v := 0.0
		if on {
			v = 1
		}
		d.set(q, p, v, false)
	}
	length := func(q property) {
		if v, em, ok := cssLength(value); ok && !em {
			d.set(q, p, v, false)
		} else if value == "auto" || value == "none" {
			d.set(q, p, math.MaxInt32, false)
		}
	}
	switch name {
	case "display":
		flag(cssDisplay, value == "none")
	case "visibility":
		flag(cssVisibility, value == "hidden" || value == "collapse")
	case "opacity":
		if v, ok := cssNumber(value); ok {
			d.set(cssOpacity, p, v, false)
		}
	case "filter", "-ms-filter":
		if strings.Contains(value, "opacity(0") && !strings.Contains(value, "opacity(0.") || strings.Contains(value, "opacity=0)") {
			d.set(cssOpacity, p, 0, false)
		}
	case "font-size":
		d.fontSize(value, p)
	case "font":
		for _, f := range firstFields(value, 32) {
			f, _, _ = strings.Cut(f, "/")
			if v, em, ok := cssLength(f); ok && strings.ContainsAny(f, "0123456789") && (v < 100 || strings.HasSuffix(f, "px")) && !isFontWeight(f) {
				d.set(cssFontSize, p, v, em)
				break
			}
		}
	case "color", "-webkit-text-fill-color":
		d.set(cssColor, p, cssColour(value), false)
	case "background-color":
		d.set(cssBackground, p, cssColour(value), false)
	case "background", "background-image":
		d.background(name, value, p)
	case "height":
		length(cssHeight)
	case "width":
		length(cssWidth)
	case "max-height":
		length(cssMaxHeight)
	case "max-width":
		length(cssMaxWidth)
	case "overflow", "overflow-x", "overflow-y":
		flag(cssOverflow, value == "hidden" || value == "clip")
	case "position":
		flag(cssPosition, value == "absolute" || value == "fixed")
	case "left", "top", "right", "bottom":
		d.furthest(cssLeft, value, p)
	case "text-indent", "margin-left", "margin-top":
		d.furthest(cssShift, value, p)
	case "margin":
		for _, f := range firstFields(value, 4) {
			d.furthest(cssShift, f, p)
		}
	case "clip":
		flag(cssClip, isEmptyClip(value))
	case "clip-path":
		flag(cssClip, strings.HasPrefix(value, "inset(50%") || strings.HasPrefix(value, "inset(100%") || strings.HasPrefix(value, "circle(0"))
	case "transform", "-webkit-transform", "-ms-transform":
		flag(cssClip, strings.HasPrefix(value, "scale(0)") || strings.HasPrefix(value, "scale(0,") || strings.Contains(value, "translate(-9999"))
	case "white-space":
		flag(cssWhiteSpace, strings.HasPrefix(value, "pre") || value == "break-spaces")
	}
}

func isFontWeight(f string) bool { return len(f) == 3 && strings.HasSuffix(f, "00") }

func (d *declarations) fontSize(value string, p int32) {
	switch value {
	case "xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "initial", "unset":
		d.set(cssFontSize, p, 16, false)
	case "smaller", "larger", "inherit":
		d.set(cssFontSize, p, 1, true)
	default:
		if v, em, ok := cssLength(value); ok {
			d.set(cssFontSize, p, v, em)
		}
	}
}

// furthest keeps the most negative length of several properties of the same priority.
func (d *declarations) furthest(q property, value string, p int32) {
	v, em, ok := cssLength(firstField(value))
	if !ok {
		return
	}
	if em {
		v *= 16
	}
	if have, set := d.get(q); set && d.of[q].priority == p && have < v {
		return
	}
	d.set(q, p, v, false)
}

func (d *declarations) background(name, value string, p int32) {
	if strings.Contains(value, "url(") || strings.Contains(value, "gradient(") {
		d.set(cssBackground, p, colourUnknown, false)
		return
	}
	if name == "background-image" {
		return
	}
	for len(value) > 0 {
		end := cssUntil(value, ' ')
		word := value[:end]
		value = value[min(end+1, len(value)):]
		if c := cssColour(word); c != colourUnknown {
			d.set(cssBackground, p, c, false)
			return
		}
	}
}

func isEmptyClip(value string) bool {
	inner, ok := strings.CutPrefix(value, "rect(")
	if !ok || len(inner) > 100 {
		return false
	}
	for _, f := range strings.FieldsFunc(strings.TrimSuffix(inner, ")"), func(r rune) bool { return r == ',' || r == ' ' }) {
		if v, _, ok := cssLength(f); !ok || v > 1 {
			return false
		}
	}
	return true
}

func firstField(s string) string {
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return s[:i]
	}
	return s
}

func cssNumber(s string) (float64, bool) {
	pct := strings.HasSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	if pct {
		v /= 100
	}
	return v, true
}

// cssLength reads a length in px. em reports that it is a factor of the font size instead. A bare number counts as px, as mail
// clients take it.
func cssLength(s string) (v float64, em, ok bool) {
	i := 0
	for i < len(s) && i < 24 && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || i == 0 && (s[i] == '-' || s[i] == '+')) {
		i++
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, false, false
	}
	switch s[i:] {
	case "", "px":
		return v, false, true
	case "pt":
		return v * 4 / 3, false, true
	case "em", "ex", "ch":
		return v, true, true
	case "%":
		return v / 100, true, true
	case "rem":
		return v * 16, false, true
	case "in":
		return v * 96, false, true
	case "cm":
		return v * 37.8, false, true
	case "mm":
		return v * 3.78, false, true
	case "pc":
		return v * 16, false, true
	case "vw", "vh", "vmin", "vmax":
		return v * 8, false, true
	}
	return 0, false, false
}
