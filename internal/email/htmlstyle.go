package email

// style fills the element's declarations: attributes, sheets, inline style. Most elements have none, or those of an inline style
// that others have too.
func (r *htmlReader) style(e *element, attr *attributes) {
	var d declarations
	r.presentation(&d, e, attr)
	if v := attr.get("style"); v != "" {
		inline := &r.inline(v).decls
		if d.which == 0 {
			e.decls = inline
			return
		}
		d.add(inline, 0)
	}
	if d.which != 0 {
		own := d // only now does it need a place of its own
		e.decls = &own
	}
}

// presentation adds what the element's kind, its attributes and the style sheets declare.
func (r *htmlReader) presentation(d *declarations, e *element, attr *attributes) {
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
	if len(attr.list) == 0 && r.sheet.count == 0 {
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
		id, classes := attr.get("id"), firstFields(attr.get("class"), maxClassesTried)
		if r.sheet.deep {
			e.keys = append(make([]selector, 0, len(classes)+2), selector{byTag, e.name})
			if id != "" {
				e.keys = append(e.keys, selector{byID, id})
			}
			for _, c := range classes {
				e.keys = append(e.keys, selector{byClass, c})
			}
		}
		r.sheet.apply(d, e.name, id, classes, r.open.around)
	}
}

// styleText is what one style attribute says.
type styleText struct {
	decls declarations
	loads bool // it may hold addresses
}

// inline reads a style attribute. Senders repeat the same few on every cell, so the last ones are remembered.
func (r *htmlReader) inline(style string) *styleText {
	if s, ok := r.styles[style]; ok {
		return s
	}
	s := &styleText{loads: mayLoad(style)}
	s.decls.declare(style, fromInline)
	if len(r.styles) >= maxStyles {
		clear(r.styles)
	}
	if r.styles == nil {
		r.styles = make(map[string]*styleText, 32)
	}
	r.styles[style] = s
	return s
}
