package preview

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/email"

	nethtml "golang.org/x/net/html"
)

// renderer writes the new document while it reads the old one's tokens once.
type renderer struct {
	m        *email.Message
	o        Options
	limit    int // octets of out and css together
	p        Preview
	out      strings.Builder
	css      strings.Builder // of the message, filtered and scoped
	plain    plainWriter
	numbers  map[string]int
	bodyAttr attributes
	media    string // condition of the style element that is being read; "-" for one that is no CSS
	open     []openTag
	elements int // written so far
	deep     int // elements that were not written because too many are open
	images   int // octets of pictures so far
	pixels   int // their area
	base     *url.URL

	value, prelude []cssToken // buffers
	ruleCount      int
}

func newRenderer(m *email.Message, o Options, limit int) *renderer {
	return &renderer{m: m, o: o, limit: limit, numbers: map[string]int{}, bodyAttr: attributes{}}
}

// full reports that the document has reached its size.
func (r *renderer) full() bool {
	if r.out.Len()+r.css.Len() > r.limit || r.elements > maxElements {
		r.p.Truncated = true
	}
	return r.p.Truncated
}

// html reads an HTML document.
func (r *renderer) html(doc string) {
	if len(doc) > maxSource {
		doc = doc[:maxSource]
		defer func() { r.p.Truncated = true }()
	}
	z := nethtml.NewTokenizer(strings.NewReader(doc))
	raw := ""
	for !r.full() {
		switch kind := z.Next(); kind {
		case nethtml.ErrorToken:
			return
		case nethtml.TextToken:
			r.textToken(string(z.Text()), raw)
			raw = ""
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			tag, attr := r.tag(z)
			if tag == "svg" {
				r.p.Removed.Objects++
				r.place(box("vector picture, not shown"))
			}
			if (tag == "svg" || tag == "math") && kind == nethtml.StartTagToken {
				tag, attr, kind = r.foreign(z, tag)
			}
			raw = ""
			switch kind {
			case nethtml.EndTagToken:
				r.end(tag)
			case nethtml.ErrorToken: // the next round sees it again, or that the document is full
			default:
				if tag == "noscript" {
					z.NextIsNotRawText()
				}
				raw = r.start(tag, attr)
			}
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			r.end(string(name))
			raw = ""
		}
	}
	r.rest(z)
}

// rest reads what the document has no room for. Its text and its addresses are still told: a message must not hide what matters
// behind what does not.
func (r *renderer) rest(z *nethtml.Tokenizer) {
	skip := false
	for !r.plain.full() {
		switch z.Next() {
		case nethtml.ErrorToken:
			return
		case nethtml.TextToken:
			if !skip {
				r.plain.text(string(z.Text()))
			}
			skip = false
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			tag, attr := r.tag(z)
			switch tag {
			case "script", "style", "title", "iframe", "noembed", "noframes":
				skip = true
			case "noscript":
				z.NextIsNotRawText()
			case "a", "area":
				r.link(attr["href"])
			case "form":
				r.link(attr["action"])
			default:
				if to, ok := renamed(tag); ok && isBlock(to) || tag == "br" {
					r.plain.line(1)
				}
			}
		case nethtml.EndTagToken:
			skip = false
		}
	}
}

type attributes map[string]string

// tag reads a tag's name and attributes.
func (r *renderer) tag(z *nethtml.Tokenizer) (string, attributes) {
	name, more := z.TagName()
	tag := string(name)
	if !more {
		return tag, nil
	}
	return tag, r.attributes(z)
}

// attributes reads a tag's attributes, the first of each name, and counts event handlers and backgrounds.
func (r *renderer) attributes(z *nethtml.Tokenizer) attributes {
	a := make(attributes, 4)
	for n := 0; ; n++ {
		key, val, more := z.TagAttr()
		if len(key) > 0 && len(key) <= 40 && n < 256 {
			k := string(key)
			if strings.HasPrefix(k, "on") && len(k) > 3 {
				r.p.Removed.EventHandlers++
			} else if _, twice := a[k]; !twice {
				a[k] = strings.ToValidUTF8(string(val), "\uFFFD")
				if k == "background" && len(val) > 0 {
					r.p.Removed.RemoteStyles++
				}
			}
		}
		if !more {
			return a
		}
	}
}

// textToken writes text, or drops the raw text of an element that is not shown.
func (r *renderer) textToken(s, raw string) {
	switch raw {
	case "script", "title", "iframe", "noembed", "noframes":
		return
	case "style":
		if r.media != "-" {
			r.sheet(s, r.media)
		}
		return
	}
	r.plain.text(s)
	if (r.top()&tableParts != 0 || r.out.Len() == 0) && isBlank(s) {
		return
	}
	r.cell()
	r.marked(s, r.inLink() > 0)
}

// isBlank reports text that takes no room of its own between parts of a table: white space, and the no-break spaces that careless
// templates leave there.
func isBlank(s string) bool { return strings.TrimFunc(s, unicode.IsSpace) == "" }

// marked writes text with its bare addresses numbered, unless it stands on a link.
func (r *renderer) marked(s string, onLink bool) {
	at := 0
	if onLink {
		r.label(s)
	} else {
		email.ScanLinks(s, func(start, end int) bool {
			if n := r.link(s[start:end]); n > 0 {
				r.escaped(s[at:start])
				r.out.WriteString(`<span class="tocsin-link">`)
				r.escaped(s[start:end])
				r.out.WriteString(badge(n) + `</span>`)
				r.elements += 2
				at = end
			}
			return !r.full()
		})
	}
	r.escaped(s[at:])
}

// escaped writes text. Control and direction characters become marks: the latter turn "exe.fdp" into "pdf.exe".
func (r *renderer) escaped(s string) {
	for len(s) > 0 && !r.full() {
		// An octet may take five: "&#34;". A step that fits keeps the document at its size.
		step := max(16, min(4<<10, (r.limit-r.out.Len()-r.css.Len())/5))
		from := strings.IndexFunc(s[:min(len(s), step)], isControl)
		if from < 0 {
			from = min(len(s), step)
			for from < len(s) && !utf8.RuneStart(s[from]) {
				from++
			}
			r.out.WriteString(html.EscapeString(strings.ToValidUTF8(s[:from], "\uFFFD")))
			s = s[from:]
			continue
		}
		r.out.WriteString(html.EscapeString(strings.ToValidUTF8(s[:from], "\uFFFD")))
		c, size := utf8.DecodeRuneInString(s[from:])
		s = s[from+size:]
		n := 1
		for ; strings.HasPrefix(s, string(c)); s = s[size:] {
			n++
		}
		r.p.Removed.Controls += n
		r.elements++
		r.out.WriteString(controlMark(c, n))
	}
}

func controlMark(c rune, n int) string {
	if n == 1 {
		return fmt.Sprintf(`<span class="tocsin-control">U+%04X</span>`, c)
	}
	return fmt.Sprintf(`<span class="tocsin-control">U+%04X x %d</span>`, c, n)
}

// isControl reports characters that have no place in text that is only shown.
func isControl(c rune) bool {
	switch {
	case c == '\t' || c == '\n' || c == '\r' || c == '\f':
		return false
	case c < ' ', c >= 0x7F && c < 0xA0, c >= 0x202A && c <= 0x202E, c >= 0x2066 && c <= 0x2069:
		return true
	}
	return false
}

// start writes what stands for a start tag and returns the name when raw text follows that needs a decision.
func (r *renderer) start(tag string, attr attributes) (raw string) {
	if strings.IndexByte(tag, ':') > 0 {
		tag = "span" // o:p and the like
	}
	switch tag {
	case "script":
		r.p.Removed.Scripts++
		return tag
	case "style":
		r.media = attr["media"]
		if kind := strings.TrimSpace(attr["type"]); kind != "" && !strings.EqualFold(kind, "text/css") {
			r.media = "-"
		}
		return tag
	case "title", "noembed", "noframes":
		return tag
	case "iframe", "frame":
		r.frame(attr)
		return tag
	case "frameset":
	case "object", "embed", "applet", "audio", "video", "canvas", "portal":
		r.object(tag, attr)
	case "meta", "link", "base", "source", "track", "param", "bgsound":
		r.headElement(tag, attr)
	case "img", "image":
		r.image(attr)
	case "form":
		r.formStart(attr)
	case "input", "textarea", "select", "option", "button", "keygen":
		return r.field(tag, attr)
	case "a", "area":
		r.anchor(tag, attr)
	case "body", "html":
		for name, value := range attr {
			if _, twice := r.bodyAttr[name]; !twice {
				r.bodyAttr[name] = value
			}
		}
	case "bdo":
		r.p.Removed.Controls++
		r.push(tag, "span", attr, 0)
		r.place(`<span class="tocsin-control">bdo</span>`)
	case "br", "hr", "wbr", "col":
		r.void(tag, attr)
	default:
		if to, ok := renamed(tag); ok {
			r.push(tag, to, attr, 0)
		}
	}
	return ""
}

// void writes an element without content.
func (r *renderer) void(tag string, attr attributes) {
	switch {
	case tag == "col":
		if table := r.innermost(tableTrait); table >= 0 {
			r.closeTo(table + 1)
			r.elements++
			r.out.WriteString("<col" + r.kept(tag, attr) + ">")
		}
		return
	case r.top()&tableParts != 0 && tag != "hr":
		return
	}
	if tag == "hr" && r.deep == 0 {
		r.cell()
		r.blockStart(openTag{from: tag, to: tag, is: traitOf(tag)})
	}
	r.place("<" + tag + r.kept(tag, attr) + ">")
	if tag != "wbr" {
		r.plain.line(1)
	}
}

// text renders a plain text message.
func (r *renderer) text(s string) {
	r.out.WriteString(`<div class="tocsin-text">`)
	r.plain.literal(s)
	cut := len(s) > r.limit
	if cut {
		s = strings.ToValidUTF8(s[:r.limit], "")
	}
	r.marked(s, false)
	r.out.WriteString(`</div>`)
	r.p.Truncated = r.p.Truncated || cut
}
