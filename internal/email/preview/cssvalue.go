package preview

import (
	"strconv"
	"strings"
)

// traits say what the value of one property may hold. Words, numbers and colours load nothing and run nothing; what could is a
// function or an address, and of the functions only those with known arguments are written.
type traits struct {
	words     string  // the only words allowed, with a space around each; "" for any
	most      float64 // in px; 0 allows no number outside of colours
	least     float64 // 0 allows nothing negative, which would draw over what stands before
	noColours bool
	commas    bool
	families  bool // names of fonts: strings and commas
	sums      bool // calc() and its kin, for sizes only: the result is never negative
	gradient  bool
	slash     bool
}

const (
	maxNest = 6 // brackets in one another
	// maxSize is the largest size in px that anything may have: more pushes the rest of the message out of sight.
	maxSize    = 10_000
	maxPercent = 500
)

func words(list string) traits {
	return traits{words: " " + list + " inherit initial unset ", noColours: true}
}

// size is a width or a height.
func size() traits {
	return traits{most: maxSize, noColours: true, sums: true}
}

// lengths are numbers and words.
func lengths(most float64) traits { return traits{most: most, noColours: true} }

// spacing may be a little negative: it moves letters, not boxes.
func spacing() traits { return traits{most: 200, least: -20, noColours: true} }

// indent may be negative as far as a list's bullet hangs out.
func indent() traits { return traits{most: 1000, least: -60, noColours: true} }

// line is a width, a style and a colour.
func line() traits { return traits{most: 200} }

func colour() traits { return traits{} }

func shadow() traits { return traits{most: 40, least: -40, commas: true} }

// allowed are the properties that are kept. Nothing here loads, moves out of the flow, covers, animates or makes up text.
var allowed = allowedProperties()

func allowedProperties() map[string]traits {
	m := map[string]traits{
		"color": colour(), "background-color": colour(), "background": {gradient: true, most: maxSize, commas: true, slash: true},
		"background-image": {words: " none initial inherit ", gradient: true},
		"border-radius":    {most: maxSize, noColours: true, slash: true}, "border-spacing": lengths(200), "border-collapse": words("collapse separate"),
		"caption-side": words("top bottom"), "empty-cells": words("show hide"), "table-layout": words("auto fixed"),
		"box-shadow": shadow(), "text-shadow": shadow(), "box-sizing": words("border-box content-box"),
		"width": size(), "min-width": size(), "max-width": size(), "height": size(), "min-height": size(), "max-height": size(),
		"font":        {most: 1000, noColours: true, families: true, slash: true},
		"font-family": {noColours: true, families: true},
		"font-size":   {most: 400, noColours: true, sums: true}, "font-weight": lengths(1000), "font-style": words("normal italic oblique"),
		"font-variant": words("normal small-caps"), "font-stretch": lengths(200), "line-height": lengths(1000),
		"letter-spacing": spacing(), "word-spacing": spacing(), "text-indent": indent(), "text-align": words("left right center justify start end"),
		"text-decoration": line(), "text-decoration-line": words("none underline overline line-through"), "text-decoration-color": colour(),
		"text-decoration-style": words("solid double dotted dashed wavy"), "text-decoration-thickness": lengths(50),
		"text-transform": words("none capitalize uppercase lowercase"), "vertical-align": lengths(200), "direction": words("ltr rtl"),
		"white-space": words("normal nowrap pre pre-wrap pre-line break-spaces"), "word-break": words("normal break-all keep-all break-word"),
		"word-wrap": words("normal break-word"), "overflow-wrap": words("normal break-word anywhere"), "hyphens": words("none manual auto"),
		"list-style-position": words("inside outside"), "float": words("left right none"), "clear": words("left right both none"),
		"visibility": words("visible hidden collapse"), "opacity": {words: " inherit initial ", most: 1, noColours: true},
		"display": words("none block inline inline-block list-item table inline-table table-row table-cell table-row-group table-header-group " +
			"table-footer-group table-column table-column-group table-caption"),
	}
	const bullets = "none disc circle square decimal lower-alpha upper-alpha lower-latin upper-latin lower-roman upper-roman"
	m["list-style"], m["list-style-type"] = words(bullets+" inside outside"), words(bullets)
	for _, name := range [...]string{"overflow", "overflow-x", "overflow-y"} {
		m[name] = words("visible hidden auto scroll")
	}
	for _, name := range [...]string{"border", "border-color", "border-style", "border-width"} {
		m[name] = line()
	}
	for _, side := range [...]string{"top", "right", "bottom", "left"} {
		m["border-"+side], m["border-"+side+"-color"], m["border-"+side+"-style"], m["border-"+side+"-width"] = line(), line(), line(), line()
		m["margin-"+side], m["padding-"+side] = lengths(2000), lengths(2000)
	}
	for _, corner := range [...]string{"top-left", "top-right", "bottom-left", "bottom-right"} {
		m["border-"+corner+"-radius"] = lengths(maxSize)
	}
	m["margin"], m["padding"] = lengths(2000), lengths(2000)
	return m
}

// idle reports properties whose loss changes nothing that matters: they are for other programs, or refine what is kept. They are
// not counted, so that the count speaks of what a message tried.
func idle(name string) bool {
	switch name {
	case "-moz-binding":
		return false
	case "text-size-adjust", "text-rendering", "cursor", "outline", "transition", "page-break-before", "page-break-after", "page-break-inside", "orphans", "widows",
		"background-position", "background-repeat", "background-size", "background-attachment", "background-clip", "background-origin", "font-smoothing",
		"tab-interval", "layout-grid-mode", "page", "color-scheme", "supported-color-schemes", "object-fit", "interpolation-mode", "line-break", "tab-stops",
		"text-underline-offset", "text-justify", "text-autospace", "panose-1", "size", "font-feature-settings", "punctuation-wrap", "text-underline", "zoom":
		return true
	}
	for _, prefix := range [...]string{"mso-", "-webkit-", "-ms-", "-o-", "-moz-", "-premailer-", "--", "yahoo-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// valueWriter writes one value anew out of its tokens.
type valueWriter struct {
	b     []byte
	is    traits
	nest  [maxNest]group
	depth int
	from  int // where the value begins in b
}

// group is what a bracket belongs to.
type group uint8

const (
	plainValue group = iota
	colourArgs
	sumArgs
	gradientArgs
)

func (w *valueWriter) group() group {
	if w.depth == 0 {
		return plainValue
	}
	return w.nest[w.depth-1]
}

// write appends the value to b when every token is allowed.
func (is traits) write(b []byte, value []cssToken) ([]byte, bool) {
	w := valueWriter{b: b, is: is, from: len(b)}
	for _, t := range value {
		if t.kind != cssSpace && !w.token(t) {
			return b, false
		}
	}
	for ; w.depth > 0; w.depth-- {
		w.b = append(w.b, ')')
	}
	return w.b, len(w.b) > w.from
}

func (w *valueWriter) token(t cssToken) bool {
	switch t.kind {
	case cssWord:
		return w.word(strings.ToLower(t.text))
	case cssNumber:
		return w.number(t)
	case cssHash:
		return w.hash(strings.ToLower(t.text))
	case cssString:
		if !w.is.families || w.depth > 0 {
			return false
		}
		w.put(quotedFamily(t.text))
		return true
	case cssFunction:
		return w.open(t.text)
	case cssMark:
		return w.mark(t.mark)
	}
	return false
}

// put appends s with a space before it where one is needed to keep it apart.
func (w *valueWriter) put(s string) {
	if len(w.b) > w.from && w.b[len(w.b)-1] != '(' {
		w.b = append(w.b, ' ')
	}
	w.b = append(w.b, s...)
}

func (w *valueWriter) word(s string) bool {
	if !isPlainWord(s) {
		if !w.is.families || w.depth > 0 {
			return false
		}
		w.put(quotedFamily(s))
		return true
	}
	switch w.group() {
	case colourArgs:
		if s != "none" {
			return false
		}
	case sumArgs:
		return false
	case plainValue:
		if w.is.words != "" && !strings.Contains(w.is.words, " "+s+" ") {
			return false
		}
	}
	w.put(s)
	return true
}

func isPlainWord(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '-' && (i == 0 || !isDigit(c) && c != '_') {
			return false
		}
	}
	return true
}

func (w *valueWriter) number(t cssToken) bool {
	if len(t.text) > 16 || strings.ContainsAny(t.text, "eE") {
		return false
	}
	n, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		return false
	}
	switch g := w.group(); {
	case g == colourArgs:
		if t.unit != "" && t.unit != "%" && t.unit != "deg" {
			return false
		}
	case g == gradientArgs:
		if px, ok := inPixels(n, t.unit); !ok || px > maxSize || px < -maxSize {
			return false
		}
	default:
		px, ok := inPixels(n, t.unit)
		least := w.is.least
		if g == sumArgs {
			least = -w.is.most
		}
		if !ok || w.is.most == 0 || px > w.is.most || px < least || t.unit == "%" && (n > maxPercent || n < -maxPercent) {
			return false
		}
	}
	if n == 0 {
		t.text = "0" // "-0" as well
	}
	w.put(strings.TrimPrefix(t.text, "+") + t.unit)
	return true
}

// inPixels is about how large n is, and whether the unit is known.
func inPixels(n float64, unit string) (px float64, ok bool) {
	switch unit {
	case "", "px", "deg":
		return n, true
	case "pt":
		return n * 4 / 3, true
	case "em", "rem", "pc":
		return n * 16, true
	case "ex", "ch":
		return n * 8, true
	case "%":
		return n / 100, true // of what is not known here; maxPercent bounds it
	case "in":
		return n * 96, true
	case "cm":
		return n * 37.8, true
	case "mm":
		return n * 3.78, true
	case "vw", "vh", "vmin", "vmax":
		return n * 12, true
	}
	return 0, false
}

func (w *valueWriter) hash(s string) bool {
	if w.is.noColours || w.group() == sumArgs || w.group() == colourArgs || len(s) != 3 && len(s) != 4 && len(s) != 6 && len(s) != 8 {
		return false
	}
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok {
			return false
		}
	}
	w.put("#" + s)
	return true
}

func (w *valueWriter) open(name string) bool {
	var g group
	switch name {
	case "rgb", "rgba", "hsl", "hsla":
		if w.is.noColours || w.group() == sumArgs || w.group() == colourArgs {
			return false
		}
		g = colourArgs
	case "calc", "min", "max", "clamp":
		if !w.is.sums || w.group() != plainValue && w.group() != sumArgs {
			return false
		}
		g = sumArgs
	case "linear-gradient", "radial-gradient":
		if !w.is.gradient || w.depth > 0 {
			return false
		}
		g = gradientArgs
	default:
		return false
	}
	w.put(name + "(")
	return w.push(g)
}

func (w *valueWriter) push(g group) bool {
	if w.depth == maxNest {
		return false
	}
	w.nest[w.depth] = g
	w.depth++
	return true
}

func (w *valueWriter) mark(c byte) bool {
	g := w.group()
	switch c {
	case ')':
		if w.depth == 0 {
			return false
		}
		w.depth--
		w.b = append(w.b, ')')
		return true
	case ',':
		if g == plainValue && !w.is.families && !w.is.commas {
			return false
		}
		w.b = append(w.b, ',')
		return true
	case '/':
		if g == gradientArgs || g == plainValue && !w.is.slash {
			return false
		}
	case '+', '-', '*':
		if g != sumArgs {
			return false
		}
	case '(':
		if g != sumArgs || !w.push(sumArgs) {
			return false
		}
	default:
		return false
	}
	w.put(string(c))
	return true
}

// quotedFamily keeps the letters of a font's name that can stand between quotes and mean nothing else. What is left of a name in
// another script is a name that no font has, which is what such a name is on most machines.
func quotedFamily(s string) string {
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == ' ' || c == '-' || c == '_' {
			return c
		}
		return -1
	}, s[:min(len(s), 60)]))
	if s == "" {
		s = "x"
	}
	return "'" + s + "'"
}
