package preview

import (
	"strings"

	nethtml "golang.org/x/net/html"
)

// foreign leaves out what is inside an SVG or MathML element, to the tag that ends it. HTML has many ways out of foreign content
// besides its end tag, and inside of it other rules for raw text: a reader that knows fewer of them than browsers do can be made to
// swallow the message that the browser shows. What ends it by being an HTML tag is returned, to be handled as such.
func (r *renderer) foreign(z *nethtml.Tokenizer, name string) (tag string, attr attributes, kind nethtml.TokenType) {
	z.AllowCDATA(true)
	defer z.AllowCDATA(false)
	inside := 0 // elements in which HTML may stand
	raw := false
	for depth := 1; ; {
		switch kind = z.Next(); kind {
		case nethtml.ErrorToken:
			return "", nil, kind
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			tag, attr = r.tag(z)
			if inside == 0 {
				if breaksOut(tag, attr) {
					return tag, attr, kind
				}
				z.NextIsNotRawText()
			}
			r.foreignTag(tag, attr)
			raw = tag == "script" || tag == "style"
			if kind == nethtml.StartTagToken {
				if tag == name {
					depth++
				} else if isIntegrationPoint(tag) {
					inside++
				}
			}
		case nethtml.EndTagToken:
			raw = false
			b, _ := z.TagName()
			switch tag = string(b); {
			case tag == name:
				if depth--; depth == 0 {
					return "", nil, kind
				}
				inside = 0
			case inside > 0 && isIntegrationPoint(tag):
				inside--
			case inside == 0 && (tag == "p" || tag == "br" || r.isOpen(tag)):
				return tag, nil, kind
			}
		case nethtml.TextToken:
			s := string(z.Text())
			if raw {
				break
			}
			r.plain.text(s)
			if name == "math" && !isBlank(s) {
				r.cell()
				r.marked(s, r.inLink() > 0)
			}
		}
		if r.full() {
			return "", nil, nethtml.ErrorToken
		}
	}
}

// foreignTag notes what an element inside of foreign content would have done.
func (r *renderer) foreignTag(tag string, attr attributes) {
	href := attr["href"]
	if href == "" {
		href = attr["xlink:href"]
	}
	switch tag {
	case "script":
		r.p.Removed.Scripts++
	case "a":
		if n := r.link(href); n > 0 {
			r.place(badge(n))
		}
	case "image", "feimage", "use":
		if href != "" && !strings.HasPrefix(href, "#") && !strings.HasPrefix(href, "data:") {
			r.p.Removed.RemoteImages++
		}
	}
}

// breaksOut reports the tags that end foreign content (HTML section 13.2.6.5).
func breaksOut(tag string, attr attributes) bool {
	switch tag {
	case "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i",
		"img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul",
		"var":
		return true
	case "font":
		for _, name := range [...]string{"color", "face", "size"} {
			if _, ok := attr[name]; ok {
				return true
			}
		}
	}
	return false
}

// isIntegrationPoint reports foreign elements whose content is HTML again.
func isIntegrationPoint(tag string) bool {
	switch tag {
	case "foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext":
		return true
	}
	return false
}

func (r *renderer) isOpen(tag string) bool {
	for _, e := range r.open {
		if e.from == tag {
			return true
		}
	}
	return false
}
