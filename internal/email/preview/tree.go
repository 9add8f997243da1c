package preview

// openTag is one element of the new document that is not closed yet.
type openTag struct {
	from  string // the element of the message
	to    string // what was written for it
	attr  string // as written, to open the element again
	is    trait
	link  int  // number of the link it stands for, or 0
	again bool // a format element that HTML opens again when a block ended around it
	ended bool // its end tag came while a block was open inside; it ends with that block
}

// top is the trait of the innermost open element.
func (r *renderer) top() trait {
	if len(r.open) == 0 {
		return 0
	}
	return r.open[len(r.open)-1].is
}

// place writes something that is no element with content: where only parts of a table may stand, into a cell of its own.
func (r *renderer) place(s string) {
	r.cell()
	r.elements++
	r.out.WriteString(s)
}

// cell opens a cell when the place is one where only parts of a table may stand. A browser would move what stands there to before
// the table; it is shown where the message has it.
func (r *renderer) cell() {
	is := r.top()
	if is&tableParts == 0 {
		return
	}
	if is&rowTrait == 0 {
		r.write(openTag{from: "tr", to: "tr", is: rowTrait})
	}
	r.write(openTag{from: "td", to: "td", is: cellTrait})
}

// write writes a start tag and remembers it.
func (r *renderer) write(e openTag) {
	if e.is&rowTrait != 0 {
		r.plain.row()
	} else if e.is&cellTrait != 0 {
		r.plain.cell()
	} else if isBlock(e.to) {
		r.plain.line(1)
	}
	r.elements++
	r.out.WriteString("<" + e.to + e.attr + ">")
	r.open = append(r.open, e)
}

// push opens an element where HTML allows it, after closing what it closes.
func (r *renderer) push(from, to string, attr attributes, link int) {
	e := openTag{from: from, to: to, is: traitOf(to), link: link, again: traitOf(to) == formatTrait || from == "a"}
	if r.deep > 0 {
		r.deep++
		return
	}
	switch {
	case e.is&(sectionTrait|rowTrait|cellTrait) != 0:
		if !r.tablePart(e) {
			return
		}
	case e.is&tableTrait != 0 && r.top()&tableParts != 0:
		r.closeTo(r.innermost(tableTrait))
		r.blockStart(e)
	case r.top()&tableParts != 0:
		if (e.again || e.is == inlineTrait || from == "center" || from == "form") && link == 0 {
			return // what it does in a browser happens outside of the table, to nothing
		}
		r.cell()
	default:
		r.blockStart(e)
	}
	if len(r.open) >= maxDepth {
		r.deep++
		return
	}
	e.attr = r.kept(to, attr)
	r.write(e)
}

// innermost is the place of the innermost open element with one of the traits, -1 when there is none.
func (r *renderer) innermost(is trait) int {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].is&is != 0 {
			return i
		}
	}
	return -1
}

// tablePart closes what ends when a part of a table begins, and opens the row that a cell needs. A part outside of any table is none.
func (r *renderer) tablePart(e openTag) bool {
	table := r.innermost(tableTrait)
	if table < 0 {
		return false
	}
	keep := table + 1 // what of table, section and row stays open
	if keep < len(r.open) && r.open[keep].is&sectionTrait != 0 && e.is&sectionTrait == 0 && e.to != "caption" {
		keep++
	}
	inRow := keep < len(r.open) && r.open[keep].is&rowTrait != 0 && e.is&cellTrait != 0 && e.to != "caption"
	if inRow {
		keep++
	}
	r.closeTo(keep)
	if e.is&cellTrait != 0 && e.to != "caption" && !inRow {
		r.write(openTag{from: "tr", to: "tr", is: rowTrait})
	}
	return true
}

// blockStart closes what ends by itself when an element begins (HTML section 13.2.6.4.7).
func (r *renderer) blockStart(e openTag) {
	if e.from == "a" {
		for i := len(r.open) - 1; i >= 0 && r.open[i].is&cellTrait == 0; i-- {
			if r.open[i].from == "a" {
				r.finish(i)
				break
			}
		}
		return
	}
	if e.is&itemTrait != 0 {
		for i := len(r.open) - 1; i >= 0 && r.open[i].is&(barrier|listTrait) == 0; i-- {
			if r.open[i].is&itemTrait != 0 && (r.open[i].to == "li") == (e.to == "li") {
				r.finish(i)
				break
			}
		}
	}
	if e.is&blockTrait == 0 {
		return
	}
	for i := len(r.open) - 1; i >= 0 && r.open[i].is&barrier == 0; i-- {
		if r.open[i].to == "p" {
			r.finish(i)
			break
		}
	}
	if e.is&headingTrait != 0 && r.top()&headingTrait != 0 {
		r.closeTo(len(r.open) - 1)
	}
}

// end handles an end tag.
func (r *renderer) end(tag string) {
	if tag == "br" { // HTML reads it as <br>
		r.start(tag, nil)
		return
	}
	to, ok := renamed(tag)
	if !ok && tag != "select" && tag != "button" {
		return
	}
	if r.deep > 0 {
		r.deep--
		return
	}
	is := traitOf(to)
	if is&barrier != 0 {
		r.endTablePart(tag)
		return
	}
	blocks := false
	for i := len(r.open) - 1; i >= 0 && r.open[i].is&barrier == 0; i-- {
		e := &r.open[i]
		if e.from == tag && !e.ended || is&headingTrait != 0 && e.is&headingTrait != 0 {
			switch {
			case !blocks || !e.again && e.is != inlineTrait:
				r.finish(i)
			case e.again:
				e.ended = true
				if e.link > 0 {
					r.out.WriteString(badge(e.link))
					e.link = 0
				}
			}
			return
		}
		if tag == "li" && e.is&listTrait != 0 {
			return
		}
		blocks = blocks || e.is&blockTrait != 0
	}
}

// endTablePart closes a table, or a part of the innermost one.
func (r *renderer) endTablePart(tag string) {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].from == tag {
			r.closeTo(i)
			return
		}
		if r.open[i].is&tableTrait != 0 {
			return
		}
	}
}

// finish closes the element at place i and all inside it, and opens those again that HTML does not end with a block.
func (r *renderer) finish(i int) {
	var again [maxAgain]openTag
	n := 0
	for j := len(r.open) - 1; j > i && n < maxAgain; j-- {
		if e := &r.open[j]; e.again && !e.ended {
			again[n] = *e
			n++
			e.link = 0 // the number comes where the link ends at last
		}
	}
	r.closeTo(i)
	for ; n > 0; n-- {
		r.write(again[n-1])
	}
}

// closeTo closes open elements until only n are left, and format elements around them whose end tag came early.
func (r *renderer) closeTo(n int) {
	for len(r.open) > n || len(r.open) > 0 && r.open[len(r.open)-1].ended {
		e := r.open[len(r.open)-1]
		r.open = r.open[:len(r.open)-1]
		if e.link > 0 {
			r.out.WriteString(badge(e.link))
		}
		r.out.WriteString("</" + e.to + ">")
		if e.is&rowTrait != 0 {
			r.plain.tab = false
		}
		if isBlock(e.to) {
			r.plain.line(1)
		}
	}
}

// inLink is the number of the link that text here stands on, or 0.
func (r *renderer) inLink() int {
	for i := len(r.open) - 1; i >= 0; i-- {
		if n := r.open[i].link; n > 0 {
			return n
		}
	}
	return 0
}

// label adds to what is seen on the innermost open link.
func (r *renderer) label(s string) {
	if n := r.inLink(); n > 0 {
		if l := &r.p.Links[n-1]; len(l.Text) < maxLabel {
			l.Text = clip(l.Text+" "+s[:min(len(s), 4*maxLabel)], maxLabel)
		}
	}
}
