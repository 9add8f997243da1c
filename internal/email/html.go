package email

import (
	"net/url"
	"strings"
)

const (
	maxHTMLText  = 32 << 20 // octets of what one document shows, and of what it hides
	maxLinkText  = 1 << 10  // octets of what a reader sees on one link
	maxPending   = 20_000   // links looked at before the allowance picks
	maxDataURL   = 200      // octets kept of a data: address
	maxScriptURL = 4 << 10  // octets kept of a javascript: address
	maxURL       = 64 << 10
	maxSrcset    = 64
	maxStyles    = 128 // different style attributes remembered
)

// ReadHTML reads a document that does not stand in a message: what a reader would see of it, what not, and the links in it, with lim's
// bounds on text, links and time. Links name part as their place.
func ReadHTML(doc, part string, lim Limits) (visible, hidden string, links []Link) {
	return readHTML(doc, part, newBudget(lim))
}

// ReadText finds the links in a text that does not stand in a message.
func ReadText(text, part string, lim Limits) []Link {
	return textLinks(text, part, InAttachment, newBudget(lim))
}

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
	r.shown.limit, r.unseen.limit, r.outlook.limit = maxHTMLText, maxHTMLText, maxHTMLText
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
	attrs                  attributes // of the current tag
	styles                 map[string]*styleText

	pending []pendingLink
}

type pendingLink struct {
	Link
	label *textWriter // nil when Text is final
}

// readSheets collects the rules of every style element; one at the end of the document holds for its beginning too. What stands
// behind the last one need not be looked at.
func (r *htmlReader) readSheets(doc string) {
	last := lastIndexFold(doc, "<style")
	z := htmlScanner{doc: doc}
	inStyle := false
	for (inStyle || z.at <= last) && !r.lim.expired() {
		switch z.next() {
		case tokenEnd:
			return
		case tokenStart:
			name := z.name()
			inStyle = name == "style"
			if name == "noscript" {
				z.skipRaw()
			}
		case tokenText:
			if inStyle {
				r.sheet.add(z.source())
			}
		default:
			inStyle = false
		}
	}
}

func (r *htmlReader) read(doc string) {
	z := &htmlScanner{doc: doc}
	raw := "" // the element whose raw text comes next
	for !r.lim.expired() {
		switch z.next() {
		case tokenEnd:
			return
		case tokenText:
			r.text(z, raw)
			raw = ""
		case tokenStart:
			raw = r.start(z, false)
		case tokenVoid:
			raw = r.start(z, true)
		case tokenClose:
			r.end(z.name())
			raw = ""
		case tokenComment:
			r.comment(z.data, z.cut)
		}
	}
}

func (r *htmlReader) text(z *htmlScanner, raw string) {
	switch raw {
	case "style":
		r.cssLoads(z.source())
		fallthrough
	case "script", "title", "iframe", "noembed", "noframes":
		// Never closed, they hide the rest of the document from readers but not from word filters; so does a comment.
		if z.cut || raw == "noframes" {
			r.tagless(z.data)
		}
		return
	}
	r.write(z.text())
}

// tagless adds the text of markup that is not shown to what is hidden.
func (r *htmlReader) tagless(doc string) {
	z := htmlScanner{doc: doc}
	r.unseen.breakLine(1)
	for !r.lim.expired() {
		switch z.next() {
		case tokenEnd:
			return
		case tokenText:
			if !z.isRaw {
				r.unseen.text(z.text(), false)
			}
		case tokenStart, tokenVoid, tokenClose:
			name := z.name()
			if lineBreaks(name) > 0 || name == "br" {
				r.unseen.breakLine(1)
			}
			if name != "script" && name != "style" {
				z.skipRaw()
			}
		}
	}
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
		ScanLinks(s, func(start, end int) bool {
			r.addText(s[start:end])
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

// attributes are those of one start tag that matter here, their values with references resolved.
type attributes struct {
	list []htmlAttr
}

func (a *attributes) get(name string) string {
	for i := range a.list {
		if a.list[i].key == name {
			return a.list[i].value
		}
	}
	return ""
}

func (a *attributes) has(name string) bool {
	for i := range a.list {
		if a.list[i].key == name {
			return true
		}
	}
	return false
}

// read fills a with the attributes of the tag that z stands on.
func (a *attributes) read(z *htmlScanner) {
	a.list = a.list[:0]
	for _, attr := range z.attrs {
		a.list = append(a.list, htmlAttr{attr.key, attributeValue(attr.value)})
	}
}

// start handles a start tag and returns its name when raw text follows.
func (r *htmlReader) start(z *htmlScanner, selfClosing bool) (raw string) {
	name := z.name()
	attr := &r.attrs
	attr.read(z)
	switch name {
	case "noscript":
		z.skipRaw() // scripts do not run in a mail client, so its content is shown
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
	if foreign {
		z.skipRaw() // "<svg><title>" is an element like any other, as is "<svg><style>"
	} else {
		r.open.begin(name)
	}
	e := element{name: name}
	r.style(&e, attr)
	e.look = r.open.top().look.under(e.decls)
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
	if foreign && !selfClosing && (name == "style" || name == "script") {
		return name
	}
	return z.raw
}

func isPreformatted(name string) bool {
	switch name {
	case "pre", "textarea", "xmp", "plaintext", "listing":
		return true
	}
	return false
}

// mark writes what an element itself shows: line ends, list marks, alternative text, labels of form fields.
func (r *htmlReader) mark(e *element, attr *attributes) {
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
func (r *htmlReader) comment(text string, cut bool) {
	if !strings.HasPrefix(text, "[if") {
		if cut {
			r.tagless(text)
		}
		return
	}
	if r.inOutlook {
		return
	}
	end := strings.Index(text, "]>")
	if end < 0 {
		return
	}
	condition := strings.ToLower(text[3:min(end, 200)])
	inner := text[end+2:]
	if len(inner) < 8 || strings.Contains(condition, "!") {
		return
	}
	r.inOutlook = true
	n, floor := len(r.open.all), r.open.floor
	r.open.floor = n
	r.read(inner)
	r.open.cutTo(n)
	r.open.floor = floor
	r.inOutlook = false
	r.outlook.breakLine(1)
}

// finish puts the texts together and picks the links.
func (r *htmlReader) finish() (visible, hidden string, links []Link) {
	visible = r.shown.String()
	hidden = r.unseen.String()
	if r.shown.full() || r.unseen.full() || r.outlook.full() {
		r.lim.defect("limit-text", r.part)
	}
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
			l.URL, l.Text = strings.Clone(l.URL), strings.Clone(l.Text) // a link that is kept must not keep the document
			l.Target, l.Host = follow(l.URL)
			links = append(links, l)
		}
	}
	return links
}

func isFollowed(tag string) bool {
	return tag == "a" || tag == "area" || tag == "form" || tag == "text"
}
