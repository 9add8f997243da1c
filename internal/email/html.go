package email

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

const (
	maxLinkText  = 1 << 10 // octets of what a reader sees on one link
	maxPending   = 20_000  // links looked at before the allowance picks
	maxDataURL   = 200     // octets kept of a data: address
	maxScriptURL = 4 << 10 // octets kept of a javascript: address
	maxURL       = 64 << 10
	maxSrcset    = 64
)

// readHTML reads one HTML document the way a mail client shows it: scripts do not run, nothing is loaded, the window is a desktop's. It
// works on the token stream alone, in one pass (two when there are style sheets) and linear time; the parser of x/net/html
// refuses deep nesting and costs more than hostile mail deserves.
//
// visible is the text in the order of the document, with line ends where blocks end, tabs between table cells, "[...]" for an
// image's alternative text and the labels of form fields. hidden is text that a reader does not see: display:none, no size, no
// opacity, its background's colour, moved off the page, a template, only for Outlook; and each word that holds characters without
// width, with those written as "[U+200B]". Title and comments are in neither. links are what can be followed and what would be
// loaded, see Link. Relative addresses are resolved when there is a <base>; mailto:, tel:, cid: and fragments are left out.
func readHTML(doc string, part string, lim *budget) (visible, hidden string, links []Link) {
	r := &htmlReader{lim: lim, part: part}
	if hasFold(doc, "<style") {
		r.readSheets(doc)
	}
	r.open = newOpenElements(r.sheet.deep)
	r.read(doc)
	return r.finish()
}

type htmlReader struct {
	lim   *budget
	part  string
	sheet styleSheet
	open  *openElements
	base  *url.URL

	shown, unseen, outlook textWriter
	inOutlook              bool
	aside                  bool // the last text was not hidden
	sawBody                bool

	pending []pendingLink
}

type pendingLink struct {
	Link
	label *textWriter // nil when Text is final
}

// readSheets collects the rules of every style element; one at the end of the document holds for its beginning too.
func (r *htmlReader) readSheets(doc string) {
	z := html.NewTokenizer(strings.NewReader(doc))
	inStyle := false
	for !r.lim.expired() {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			inStyle = string(name) == "style"
			if string(name) == "noscript" {
				z.NextIsNotRawText()
			}
		case html.TextToken:
			if inStyle {
				r.sheet.add(string(z.Raw()))
			}
		default:
			inStyle = false
		}
	}
}

func (r *htmlReader) read(doc string) {
	z := html.NewTokenizer(strings.NewReader(doc))
	raw := "" // the element whose raw text comes next
	for !r.lim.expired() {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			r.text(z, raw)
			raw = ""
		case html.StartTagToken:
			raw = r.start(z, false)
		case html.SelfClosingTagToken:
			raw = r.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.end(string(name))
			raw = ""
		case html.CommentToken:
			r.comment(z.Text())
		}
	}
}

func (r *htmlReader) text(z *html.Tokenizer, raw string) {
	switch raw {
	case "script", "title", "iframe", "noembed", "noframes":
		return
	case "style":
		r.cssLoads(string(z.Raw()))
		return
	}
	r.write(string(z.Text()))
}

// write adds text where it belongs: what the reader sees, or not; and to the label of the link it stands on.
func (r *htmlReader) write(s string) {
	e := r.open.top()
	w := r.writer(e)
	if w == &r.unseen {
		if r.aside { // what was shown in between parts hidden words
			w.endWord()
			w.space = true
		}
		r.aside = false
		w.text(s, e.look.pre)
		return
	}
	r.aside = true
	w.text(s, e.look.pre)
	if e.anchor > 0 {
		if l := r.pending[e.anchor-1].label; l != nil {
			l.text(s, false)
		}
		return
	}
	if mayHoldLink(s) {
		scanLinks(s, func(raw string) bool {
			r.addText(raw)
			return !r.lim.expired()
		})
	}
}

func (r *htmlReader) writer(e *element) *textWriter {
	switch {
	case e.look.hidden():
		return &r.unseen
	case r.inOutlook:
		return &r.outlook
	}
	return &r.shown
}

// breakLine ends the line in the text that is being written to and in the one that is shown.
func (r *htmlReader) breakLine(n int) {
	w := r.writer(r.open.top())
	w.breakLine(n)
	r.unseen.breakLine(1)
	if l := r.label(r.open.top().anchor); l != nil && w != &r.unseen {
		l.endWord()
		l.space = true
	}
}

// attributes are those of one start tag that matter here; the first of a name counts, as in browsers.
type attributes struct {
	of map[string]string
}

func (a attributes) get(name string) string { return a.of[name] }

func (a attributes) has(name string) bool { _, ok := a.of[name]; return ok }

// attributes reads a tag's attributes into the reader's one map.
func readAttributes(z *html.Tokenizer) attributes {
	a := attributes{}
	for n := 0; ; n++ {
		key, val, more := z.TagAttr()
		if len(key) > 0 && len(key) <= 64 && n < 512 {
			if a.of == nil {
				a.of = make(map[string]string, 8)
			}
			if _, twice := a.of[string(key)]; !twice {
				a.of[string(key)] = string(val)
			}
		}
		if !more {
			return a
		}
	}
}

// start handles a start tag and returns its name when raw text follows.
func (r *htmlReader) start(z *html.Tokenizer, selfClosing bool) (raw string) {
	nameBytes, more := z.TagName()
	name := string(nameBytes)
	var attr attributes
	if more {
		attr = readAttributes(z)
	}
	switch name {
	case "noscript":
		z.NextIsNotRawText() // scripts do not run in a mail client, so its content is shown
	case "body", "html":
		if name == "body" && r.sawBody || name == "html" && r.open.last["html"] > 0 {
			r.loads(name, attr)
			return ""
		}
		r.sawBody = r.sawBody || name == "body"
	case "head":
		return ""
	case "image":
		if !r.open.foreign() {
			name = "img"
		}
	}
	foreign := r.open.foreign()
	if foreign && breaksOut(name) {
		r.open.leaveForeign()
		foreign = false
	}
	if !foreign {
		r.open.begin(name)
	}
	e := element{name: name}
	r.style(&e, attr)
	e.look = r.open.top().look.under(&e.decls)
	e.anchor = r.open.top().anchor
	if isPreformatted(name) {
		e.look.pre = true
	}
	if n := lineBreaks(name); n > 0 {
		r.breakLine(n)
	}
	r.loads(name, attr)
	r.links(&e, attr)
	r.mark(&e, attr)
	if !isVoid(name) && !(selfClosing && (foreign || name == "svg" || name == "math")) {
		r.open.push(e)
	}
	switch name {
	case "script", "style", "title", "iframe", "noembed", "noframes", "xmp", "textarea", "plaintext":
		return name
	}
	return ""
}

func isPreformatted(name string) bool {
	switch name {
	case "pre", "textarea", "xmp", "plaintext", "listing":
		return true
	}
	return false
}

// style fills the element's declarations: attributes, sheets, inline style.
func (r *htmlReader) style(e *element, attr attributes) {
	d := &e.decls
	switch e.name {
	case "a":
		if attr.has("href") {
			d.set(cssColor, fromBrowser, 0x0000EE, false)
		}
	case "template", "datalist", "script", "style", "title", "desc", "metadata":
		d.set(cssDisplay, fromImportance<<1, 1, false)
	case "dialog":
		if !attr.has("open") {
			d.set(cssDisplay, fromBrowser, 1, false)
		}
	case "font":
		if attr.has("size") {
			d.set(cssFontSize, fromAttribute, 13, false)
		}
	case "mark":
		d.set(cssBackground, fromBrowser, 0xFFFF00, false)
		d.set(cssColor, fromBrowser, 0, false)
	}
	if len(attr.of) == 0 && r.sheet.count == 0 {
		return
	}
	if attr.has("hidden") {
		d.set(cssDisplay, fromAttribute, 1, false)
	}
	if v := attr.get("bgcolor"); v != "" {
		d.set(cssBackground, fromAttribute, attributeColour(v), false)
	}
	if v := attr.get("background"); v != "" {
		d.set(cssBackground, fromAttribute, colourUnknown, false)
	}
	if v := attr.get("color"); v != "" && e.name == "font" {
		d.set(cssColor, fromAttribute, attributeColour(v), false)
	}
	if v := attr.get("text"); v != "" && e.name == "body" {
		d.set(cssColor, fromAttribute, attributeColour(v), false)
	}
	if r.sheet.count > 0 {
		id, classes := attr.get("id"), strings.Fields(attr.get("class"))
		if r.sheet.deep {
			e.keys = append(e.keys, e.name)
			if id != "" {
				e.keys = append(e.keys, "#"+id)
			}
			for _, c := range classes[:min(len(classes), maxClassesTried)] {
				e.keys = append(e.keys, "."+c)
			}
		}
		r.sheet.apply(d, e.name, id, classes, r.open.around)
	}
	if v := attr.get("style"); v != "" {
		d.declare(v, fromInline)
	}
}

// mark writes what an element itself shows: line ends, list marks, alternative text, labels of form fields.
func (r *htmlReader) mark(e *element, attr attributes) {
	// What is drawn by the element, not its text, is not hidden by font size or colour.
	seen := !e.look.gone && !e.look.invisible
	say := func(s string) {
		if strings.TrimSpace(s) == "" {
			return
		}
		w := &r.unseen
		if seen {
			w = &r.shown
			if r.inOutlook {
				w = &r.outlook
			}
		}
		w.text("["+s+"]", false)
		if l := r.label(e.anchor); l != nil && w != &r.unseen {
			l.text("["+s+"]", false)
		}
	}
	switch e.name {
	case "br":
		r.br()
	case "td", "th":
		r.writer(r.open.top()).cell()
	case "li":
		r.listItem()
	case "img":
		say(attr.get("alt"))
	case "input":
		switch strings.ToLower(attr.get("type")) {
		case "hidden", "checkbox", "radio", "range", "color":
		case "image":
			say(attr.get("alt"))
		case "submit", "button", "reset":
			say(attr.get("value"))
		case "password":
			say(orElse(attr.get("placeholder"), "password"))
		default:
			say(orElse(attr.get("value"), attr.get("placeholder")))
		}
	case "textarea":
		say(attr.get("placeholder"))
	case "optgroup", "option":
		say(attr.get("label"))
	}
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

func (r *htmlReader) label(anchor int) *textWriter {
	if anchor <= 0 {
		return nil
	}
	return r.pending[anchor-1].label
}

func (r *htmlReader) br() {
	w := r.writer(r.open.top())
	w.endWord()
	if w.lines < 2 {
		w.lines++
	}
	w.space, w.tab = false, false
	if l := r.label(r.open.top().anchor); l != nil {
		l.space = true
	}
}

func (r *htmlReader) listItem() {
	mark := "• "
	list := r.open.top()
	if list.name == "ol" {
		list.count++
		mark = itoa(list.count) + ". "
	}
	r.writer(list).item(mark)
}

func (r *htmlReader) end(name string) {
	switch name {
	case "html", "body", "head":
		return // what follows still belongs to the body
	case "br":
		r.br()
		return
	case "p":
		if r.open.find("p") == 0 {
			r.breakLine(2)
			return
		}
	}
	n := lineBreaks(name)
	if n > 0 {
		r.breakLine(n)
		r.shown.mark, r.unseen.mark, r.outlook.mark = "", "", ""
	}
	if r.open.end(name) && n > 0 {
		r.breakLine(n)
	}
}

// comment reads the content of conditional comments for Outlook (Word draws its mail and honours them). Markup there neither closes nor
// changes what stands outside.
func (r *htmlReader) comment(text []byte) {
	if r.inOutlook || !bytes.HasPrefix(text, []byte("[if")) {
		return
	}
	end := bytes.Index(text, []byte("]>"))
	if end < 0 {
		return
	}
	condition := strings.ToLower(string(text[3:min(end, 200)]))
	inner := text[end+2:]
	if len(inner) < 8 || strings.Contains(condition, "!") {
		return
	}
	r.inOutlook = true
	n, floor := len(r.open.all), r.open.floor
	r.open.floor = n
	r.read(string(inner))
	r.open.cutTo(n)
	r.open.floor = floor
	r.inOutlook = false
	r.outlook.breakLine(1)
}

// finish puts the texts together and picks the links.
func (r *htmlReader) finish() (visible, hidden string, links []Link) {
	visible = r.shown.String()
	hidden = r.unseen.String()
	only := r.outlook.String()
	if visible == "" {
		visible, only = only, ""
	}
	var more []string
	checks := 0
	for line := range strings.SplitSeq(only, "\n") {
		if line = strings.TrimSpace(line); len(line) < 4 {
			continue
		}
		// Outlook's copy of a button says what everybody's button says.
		if checks++; checks <= 64 && strings.Contains(visible, line) {
			continue
		}
		more = append(more, line)
	}
	more = append(more, r.shown.noted...)
	if len(more) > 0 {
		if hidden != "" {
			hidden += "\n"
		}
		hidden += strings.Join(more, "\n")
	}
	return visible, hidden, r.pick()
}

// pick drops repeats and keeps what the allowance lets through, links that can be followed first. Where the same address is both
// followed and loaded, it counts as followed.
func (r *htmlReader) pick() []Link {
	type key struct{ url, text string }
	seen := make(map[key]int, len(r.pending))
	var all []Link
	for i := range r.pending {
		l := r.pending[i].Link
		if w := r.pending[i].label; w != nil {
			l.Text = w.String()
		}
		k := key{l.URL, l.Text}
		if at, ok := seen[k]; ok {
			if isFollowed(l.Tag) && !isFollowed(all[at].Tag) {
				all[at].Tag = l.Tag
			}
			continue
		}
		seen[k] = len(all)
		all = append(all, l)
	}
	keep := make([]bool, len(all))
	for _, followable := range [2]bool{true, false} {
		for i := range all {
			if isFollowed(all[i].Tag) == followable {
				keep[i] = r.lim.takeLink(r.part)
				if !keep[i] {
					break
				}
			}
		}
	}
	links := all[:0]
	for i := range all {
		if keep[i] {
			l := all[i]
			l.Target = unwrap(l.URL)
			l.Host = hostOf(l.Target)
			links = append(links, l)
		}
	}
	return links
}

func isFollowed(tag string) bool {
	return tag == "a" || tag == "area" || tag == "form" || tag == "text"
}
