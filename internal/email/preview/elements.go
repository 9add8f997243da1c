package preview

import (
	"html"
	"strconv"
	"strings"
)

// trait is what the HTML standard says about where an element may stand and what it closes. The writer follows these rules itself,
// so that the tree a browser builds from the new document is the tree that was written, with nothing left to be repaired: mending a
// broken tree is where filters and browsers come to see two different documents.
type trait uint16

const (
	tableTrait   trait = 1 << iota // table
	sectionTrait                   // thead, tbody, tfoot
	rowTrait                       // tr
	cellTrait                      // td, th, caption: what is inside does not reach out
	blockTrait                     // ends a paragraph
	formatTrait                    // reaches across blocks: b, font and the like
	inlineTrait                    // ends with the block it stands in: span, sub
	headingTrait
	itemTrait // li, dt, dd
	listTrait // ul, ol, dl
)

const (
	tableParts = tableTrait | sectionTrait | rowTrait // nothing but more of the table may stand right inside
	barrier    = tableParts | cellTrait               // end tags do not reach across
)

// keptElements are written as they are.
var keptElements = map[string]bool{
	"table": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "td": true, "th": true, "caption": true,
	"div": true, "p": true, "span": true, "center": true, "blockquote": true, "pre": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
	"ul": true, "ol": true, "li": true, "dl": true, "dt": true, "dd": true,
	"b": true, "strong": true, "i": true, "em": true, "u": true, "s": true, "strike": true, "big": true, "small": true, "code": true, "tt": true, "font": true,
	"del": true, "ins": true, "sub": true, "sup": true,
}

// voidElements are written too; they have no content.
var voidElements = [...]string{"br", "hr", "wbr", "col", "img"}

// renamed is the element written for one of the message; false for those of which only the content stays.
func renamed(tag string) (string, bool) {
	switch tag {
	case "label", "output", "ruby", "rt", "blink", "slot", "nobr", "cite", "q", "abbr", "acronym", "mark", "dfn", "time", "var", "samp", "kbd", "a", "bdi":
		return "span", true
	case "details", "summary", "dialog", "fieldset", "legend", "marquee", "search", "hgroup", "noscript",
		"section", "article", "header", "footer", "main", "nav", "aside", "figure", "figcaption", "address", "form":
		return "div", true
	case "menu", "dir":
		return "ul", true
	case "xmp", "plaintext", "listing":
		return "pre", true
	}
	return tag, keptElements[tag]
}

func traitOf(tag string) trait {
	switch tag {
	case "table":
		return tableTrait | blockTrait
	case "thead", "tbody", "tfoot":
		return sectionTrait
	case "tr":
		return rowTrait
	case "td", "th", "caption":
		return cellTrait
	case "li", "dt", "dd":
		return itemTrait | blockTrait
	case "ul", "ol", "dl":
		return listTrait | blockTrait
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return headingTrait | blockTrait
	case "div", "p", "center", "blockquote", "pre", "hr":
		return blockTrait
	case "b", "strong", "i", "em", "u", "s", "strike", "big", "small", "code", "tt", "font":
		return formatTrait
	}
	return inlineTrait
}

func isBlock(tag string) bool {
	return traitOf(tag)&(blockTrait|rowTrait|sectionTrait) != 0 || tag == "caption"
}

// Names of attributes that only this package sets: none of a message has a space in it.
const (
	ownClass = " class"
	ownTitle = " title"
)

// attributesOf are the attributes kept on each element, besides class, id, style, dir, lang and hidden. All of them only say how it
// looks.
var attributesOf = map[string]string{
	"table": "width height align bgcolor border bordercolor cellpadding cellspacing",
	"thead": "align valign bgcolor", "tbody": "align valign bgcolor", "tfoot": "align valign bgcolor", "tr": "height align valign bgcolor",
	"td": "width height align valign bgcolor colspan rowspan nowrap", "th": "width height align valign bgcolor colspan rowspan nowrap",
	"caption": "align", "col": "width align valign span", "div": "align", "p": "align",
	"h1": "align", "h2": "align", "h3": "align", "h4": "align", "h5": "align", "h6": "align",
	"hr": "width size color align noshade", "br": "clear", "font": "color face size",
	"img": "alt width height align border hspace vspace", "ol": "start type", "ul": "type", "li": "type value",
}

// kept writes the attributes that stay on an element, each with a space before it.
func (r *renderer) kept(tag string, attr attributes) string {
	if len(attr) == 0 {
		return ""
	}
	var b strings.Builder
	put := func(name, value string) {
		b.WriteString(" " + name + `="` + html.EscapeString(value) + `"`)
	}
	if class := strings.TrimSpace(classes(attr["class"]) + " " + attr[ownClass]); class != "" {
		put("class", class)
	}
	if id := attr["id"]; isName(id) && !isOurs(id) {
		put("id", idPrefix+id)
	}
	if style := r.style(attr["style"]); style != "" {
		put("style", strings.TrimSuffix(style, ";"))
	}
	if title := attr[ownTitle]; title != "" {
		put("title", title)
	}
	switch dir := strings.ToLower(attr["dir"]); dir {
	case "ltr", "rtl", "auto":
		put("dir", dir)
	}
	if lang := attr["lang"]; lang != "" && len(lang) < 24 && isName(lang) {
		put("lang", lang)
	}
	if _, ok := attr["hidden"]; ok {
		put("hidden", "")
	}
	for name := range strings.SplitSeq(attributesOf[tag], " ") {
		if v, ok := attr[name]; ok {
			if v, ok = attributeValue(name, strings.TrimSpace(v)); ok {
				put(name, v)
			}
		}
	}
	return b.String()
}

// classes keeps the class names that a style sheet of the message can name.
func classes(s string) string {
	if s == "" {
		return ""
	}
	var kept []string
	for name := range strings.FieldsSeq(s[:min(len(s), 1000)]) {
		if len(kept) < 20 && isName(name) && !isOurs(name) {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, " ")
}

// most is the largest number an attribute may have. Cells that span thousands of columns only slow the browser down.
var most = map[string]int{
	"border": 100, "cellpadding": 200, "cellspacing": 200, "hspace": 200, "vspace": 200, "colspan": 100, "rowspan": 200, "span": 100,
	"start": 1_000_000, "value": 1_000_000,
}

// attributeValue writes a value anew, or says that it is not allowed.
func attributeValue(name, v string) (string, bool) {
	switch name {
	case "alt":
		return clip(v, 300), true
	case "nowrap", "noshade":
		return "", true
	case "width", "height":
		number, percent := strings.CutSuffix(strings.TrimSuffix(strings.ToLower(v), "px"), "%")
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || !(n >= 0) || n > 5000 || percent && n > 100 || len(number) > 8 || strings.Trim(number, "0123456789.") != "" {
			return "", false
		}
		if percent {
			number += "%"
		}
		return number, true
	case "size":
		n, err := strconv.Atoi(v)
		return v, err == nil && n >= -7 && n <= 100 && len(v) < 4
	case "align", "valign", "clear":
		v = strings.ToLower(v)
		switch v {
		case "left", "right", "center", "justify", "middle", "top", "bottom", "absmiddle", "baseline", "texttop", "all", "both", "none":
			return v, true
		}
		return "", false
	case "bgcolor", "color", "bordercolor":
		v = strings.ToLower(v)
		return v, len(v) > 1 && len(v) < 25 && strings.Trim(strings.TrimPrefix(v, "#"), "abcdefghijklmnopqrstuvwxyz0123456789") == ""
	case "face":
		return fontFace(v)
	case "type":
		switch v {
		case "1", "a", "A", "i", "I", "disc", "circle", "square":
			return v, true
		}
		return "", false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(v, "px"))
	if err != nil || n < 0 || n > most[name] {
		return "", false
	}
	return strconv.Itoa(n), true
}

// fontFace keeps the names in a list of fonts.
func fontFace(v string) (string, bool) {
	v = strings.Map(func(c rune) rune {
		if c < 0x80 && (isNameByte(byte(c)) || c == ' ' || c == ',') {
			return c
		}
		return -1
	}, v[:min(len(v), 200)])
	return v, strings.Trim(v, " ,") != ""
}

// bodyAttributes are those of the element that stands for the message's body: it carries what an HTML body says with attributes.
func (r *renderer) bodyAttributes() string {
	attr := attributes{ownClass: "tocsin-body"}
	style := ""
	for name, value := range r.bodyAttr {
		switch name {
		case "class", "id", "style", "dir", "lang":
			attr[name] = value
		}
	}
	if v, ok := attributeValue("bgcolor", strings.TrimSpace(r.bodyAttr["bgcolor"])); ok {
		style += "background-color:" + cssFromLegacy(v) + ";"
	}
	if v, ok := attributeValue("color", strings.TrimSpace(r.bodyAttr["text"])); ok {
		style += "color:" + cssFromLegacy(v) + ";"
	}
	attr["style"] = style + attr["style"]
	return r.kept("div", attr)
}

// cssFromLegacy turns a colour of an attribute into one of a style: there the "#" is not left out.
func cssFromLegacy(v string) string {
	if len(v) == 6 && strings.Trim(v, "0123456789abcdef") == "" {
		return "#" + v
	}
	return v
}
