package email

// maxOpen bounds the open elements the HTML reader tracks. Browsers stop at 512; deeper ones are counted but not styled.
const maxOpen = 4096

// element is one open element.
type element struct {
	name   string
	look   look
	decls  *declarations // nil for none; shared, never changed
	before int           // the open element of the same name below it, plus one
	wall   int           // the nearest element at or below that end tags do not reach across
	anchor int           // the link this text stands on, plus one
	keys   []selector
	count  int // list items so far
	closed bool
}

// openElements is the stack of open elements with what HTML's tree construction (HTML Standard section 13.2.6) does that matters for
// styles: end tags close what they name, not across table cells; some start tags close others; formatting
// elements go on after the block they stand in is closed. Every operation is constant time or paid for by a push.
type openElements struct {
	all     []element
	last    map[string]int // top-most open element of a name, plus one
	skipped map[string]int // elements of a name not tracked because of depth
	around  scope          // what is open, for ancestor selectors; nil when no rule asks
	floor   int            // end tags do not reach below it
	repaint int            // looks that may still be computed again
}

func newOpenElements(deep bool) *openElements {
	o := &openElements{last: map[string]int{}, repaint: 1 << 16}
	if deep {
		o.around = scope{}
	}
	o.all = append(o.all, element{look: plainLook})
	return o
}

func (o *openElements) top() *element { return &o.all[len(o.all)-1] }

// push opens e; false means that it is too deep to be tracked.
func (o *openElements) push(e element) bool {
	if len(o.all) >= maxOpen {
		if o.skipped == nil {
			o.skipped = map[string]int{}
		}
		if n := o.skipped[e.name]; n > 0 || len(o.skipped) < maxOpen {
			o.skipped[e.name] = n + 1
		}
		return false
	}
	at := len(o.all)
	e.before = o.last[e.name]
	o.last[e.name] = at + 1
	e.wall = o.top().wall
	if isWall(e.name) {
		e.wall = at
	}
	if o.around != nil {
		for _, k := range e.keys {
			o.around[k]++
		}
	}
	o.all = append(o.all, e)
	return true
}

func isWall(name string) bool {
	switch name {
	case "table", "td", "th", "caption", "template", "object", "marquee", "applet":
		return true
	}
	return false
}

// find is the place of the open element that an end tag of this name closes, or 0.
func (o *openElements) find(name string) int {
	at := o.last[name] - 1
	if at < 1 || at < o.floor {
		return 0
	}
	switch name {
	case "table", "td", "th", "tr", "tbody", "thead", "tfoot", "caption", "template":
		// Table parts close across cells, but not out of the table they are in.
		if name != "table" && o.last["table"]-1 > at {
			return 0
		}
		return at
	}
	if wall := o.top().wall; at < wall {
		return 0
	}
	return at
}

// end handles an end tag and reports whether it closed anything.
func (o *openElements) end(name string) bool {
	if n := o.skipped[name]; n > 0 {
		if o.skipped[name] = n - 1; n == 1 {
			delete(o.skipped, name)
		}
		return false
	}
	at := o.find(name)
	if at == 0 {
		return false
	}
	if isFormatting(name) {
		o.endFormatting(at)
	} else {
		o.cut(at)
	}
	return true
}

// cut closes everything from at up. Formatting elements among it that were not closed themselves open again, except those
// inside a table cell that ends.
func (o *openElements) cut(at int) {
	const maxAgain = 12
	var again []element
	for i := len(o.all) - 1; i >= at; i-- {
		e := &o.all[i]
		o.forget(e)
		if i > at && !e.closed && e.wall < at && isFormatting(e.name) && len(again) < maxAgain {
			again = append(again, *e)
		}
	}
	o.all = o.all[:at]
	for i := len(again) - 1; i >= 0; i-- {
		e := again[i]
		e.look = o.top().look.under(e.decls)
		o.push(e)
	}
}

// endFormatting closes a formatting element. Blocks that were opened inside it stay open without its style (the adoption agency
// algorithm); other formatting elements do too.
func (o *openElements) endFormatting(at int) {
	if at == len(o.all)-1 {
		o.cut(at)
		return
	}
	e := &o.all[at]
	e.closed, e.decls, e.anchor = true, nil, 0
	for i := at; i < len(o.all) && o.repaint > 0; i++ {
		o.repaint--
		o.all[i].look = o.all[i-1].look.under(o.all[i].decls)
		if i > at && !isLinkHolder(o.all[i].name) {
			o.all[i].anchor = o.all[i-1].anchor
		}
	}
	o.setLast(e.name, e.before) // find only ever returns the top-most of a name
}

// setLast notes where the top-most open element of a name is now, 0 for nowhere.
func (o *openElements) setLast(name string, at int) {
	if at == 0 {
		delete(o.last, name) // a page may invent any number of names
		return
	}
	o.last[name] = at
}

// forget takes an element that leaves the stack out of the indexes.
func (o *openElements) forget(e *element) {
	if !e.closed {
		o.setLast(e.name, e.before)
	}
	if o.around != nil {
		for _, k := range e.keys {
			o.around[k]--
		}
	}
}

// cutTo closes everything above the length n without opening anything again.
func (o *openElements) cutTo(n int) {
	for len(o.all) > n {
		o.forget(o.top())
		o.all = o.all[:len(o.all)-1]
	}
}

// begin closes what the start tag of name closes by itself.
func (o *openElements) begin(name string) {
	switch name {
	case "td", "th":
		o.closeCell()
	case "tr":
		o.closeCell()
		o.closeInTable("tr")
	case "tbody", "thead", "tfoot":
		o.closeCell()
		for _, n := range [...]string{"tr", "tbody", "thead", "tfoot"} {
			o.closeInTable(n)
		}
	case "li":
		o.closeUpTo("li", "ul", "ol")
	case "dt", "dd":
		o.closeUpTo("dt", "dl", "")
		o.closeUpTo("dd", "dl", "")
	case "option", "optgroup":
		o.closeUpTo("option", "select", "")
	case "a", "button", "nobr":
		if o.find(name) != 0 {
			o.end(name)
		}
	}
	if closesParagraph(name) && o.find("p") != 0 {
		o.cut(o.find("p"))
	}
}

func (o *openElements) closeCell() {
	o.closeInTable("td")
	o.closeInTable("th")
}

// closeInTable closes the open element of the name when it belongs to the innermost table.
func (o *openElements) closeInTable(name string) {
	at := o.last[name] - 1
	if at < 1 || at < o.floor || at < o.last["table"]-1 {
		return
	}
	o.cut(at)
}

// closeUpTo closes the open element of the name unless a container of its kind was opened since.
func (o *openElements) closeUpTo(name, container, other string) {
	at := o.find(name)
	if at == 0 || o.last[container]-1 > at || other != "" && o.last[other]-1 > at {
		return
	}
	o.cut(at)
}

// foreign reports whether the open element stands in SVG or MathML, where "/>" closes, and not in one of the elements there that hold
// HTML again.
func (o *openElements) foreign() bool {
	at := max(o.last["svg"], o.last["math"])
	return at > max(o.floor, 1) && o.last["foreignobject"] < at && o.last["annotation-xml"] < at && o.last["desc"] < at && o.last["title"] < at
}

// leaveForeign closes SVG and MathML, as the HTML tags of breaksOut do.
func (o *openElements) leaveForeign() {
	o.cut(max(o.last["svg"], o.last["math"]) - 1)
}

func breaksOut(name string) bool {
	switch name {
	case "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img",
		"li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var":
		return true
	}
	return false
}

func isFormatting(name string) bool {
	switch name {
	case "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u":
		return true
	}
	return false
}

func isLinkHolder(name string) bool { return name == "a" || name == "button" }

func closesParagraph(name string) bool {
	switch name {
	case "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "dt", "dd", "fieldset", "figcaption", "figure",
		"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext",
		"pre", "section", "summary", "ul", "xmp":
		return true
	}
	return false
}

func isVoid(name string) bool {
	switch name {
	case "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}

// lineBreaks is how many line ends an element owes before and behind itself.
func lineBreaks(name string) int {
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote", "listing", "xmp", "plaintext", "figure":
		return 2
	case "address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dt", "fieldset", "figcaption", "footer",
		"form", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "option", "section", "summary", "table", "tbody", "tfoot", "thead", "tr",
		"textarea", "iframe":
		return 1
	}
	return 0
}
