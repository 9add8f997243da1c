package email

import (
	"bytes"
	"strings"
)

// content gathers what the parts hold: text, links, files.
type content struct {
	*reader
	text, html      []string
	visible, hidden []string
	inner           []string // what an embedded message shows, for messages that show nothing themselves
	links           map[linkKey]struct{}
	cids            map[string]struct{} // Content-IDs that the HTML shows
}

// linkKey is what makes two links the same.
type linkKey struct {
	url, text string
	where     Where
}

// place is where in the tree a part stands.
type place struct {
	embedded bool   // inside another message or a container
	within   string // its name or path
	shown    bool   // not the alternative that a reader would be spared
}

// collect walks the tree and fills Parts, Text, HTML, Visible, Hidden, Links, Attachments and Language.
func (c *content) collect() {
	m := c.m
	c.links = make(map[linkKey]struct{}, 16)
	if strings.Contains(m.Subject, ".") {
		c.keep(textLinks(m.Subject, "", InSubject, c.b), place{})
	}
	for i := range m.Headers {
		switch m.Headers[i].Key {
		case "List-Unsubscribe", "List-Help", "List-Subscribe", "X-Unsubscribe":
			c.keep(textLinks(m.Headers[i].Value, "", InHeader, c.b), place{})
		}
	}
	c.list(m.Root)
	c.walk(m.Root, place{shown: true})
	for i := range m.Attachments { // only now is all the HTML known that may show one
		m.Attachments[i].Inline = c.isInline(m.Attachments[i].Part)
	}
	m.Text = strings.Join(c.text, "\n")
	m.HTML = strings.Join(c.html, "\n")
	m.Visible = strings.Join(c.visible, "\n")
	m.Hidden = strings.Join(c.hidden, "\n")
	if m.Visible == "" && m.Text == "" && m.HTML == "" {
		m.Visible = strings.Join(c.inner, "\n")
	}
	m.Language = language(m.Visible)
}

// list puts the parts in document order.
func (c *content) list(p *Part) {
	c.m.Parts = append(c.m.Parts, p)
	if p.ContentID != "" {
		c.cids = map[string]struct{}{}
	}
	for _, child := range p.Children {
		c.list(child)
	}
}

// walk reads one part and what is below it.
func (c *content) walk(p *Part, in place) {
	if c.b.expired() {
		return
	}
	switch {
	case isMessage(p.Type):
		c.attachment(p, in.within)
		in.embedded, in.within = true, placeName(p)
	case strings.HasPrefix(p.Type, "multipart/") && len(p.Children) > 0:
		if p.Type == "multipart/alternative" {
			c.alternatives(p, in)
			return
		}
	default:
		c.leaf(p, in)
		if len(p.Children) > 0 {
			c.contents(p, in)
			return
		}
	}
	for _, child := range p.Children {
		c.walk(child, in)
	}
}

// placeName is what Attachment.Within calls a container.
func placeName(p *Part) string {
	switch {
	case p.Filename != "":
		return p.Filename
	case p.Path != "":
		return p.Path
	}
	return p.Type
}

// contents reads what was found inside a leaf: uuencoded files, what a TNEF container holds, or what is signed. The
// text of a container at the top is text of the message, because Outlook shows it in place of the MIME part's; so is
// what is signed.
func (c *content) contents(p *Part, in place) {
	sub := in
	signed := mayHoldSigned(p)
	sub.embedded = in.embedded || !signed
	if signed || isTNEF(p) {
		sub.within = placeName(p)
	}
	for _, child := range p.Children {
		if body, _ := isBody(child); body && isTNEF(p) {
			c.walk(child, in)
			continue
		}
		c.walk(child, sub)
	}
}

// alternatives reads a multipart/alternative. All of them count for text and links, since readers differ in which
// they show; for Visible the one that most would choose does: the last with HTML, else the last with text.
func (c *content) alternatives(p *Part, in place) {
	best, rank := -1, 0
	for i, child := range p.Children {
		if n := displayRank(child); n > 0 && n >= rank {
			best, rank = i, n
		}
	}
	for i, child := range p.Children {
		sub := in
		sub.shown = in.shown && (i == best || child.Type == "text/calendar")
		c.walk(child, sub)
	}
}

// displayRank is 2 for a part that can be shown as HTML, 1 for one that can be shown as text, 0 for neither and for one that is empty.
func displayRank(p *Part) int {
	switch {
	case len(p.Children) == 0 && !hasText(p.Content):
		return 0
	case p.Type == "text/html":
		return 2
	case isBodyText(p.Type):
		return 1
	case isMessage(p.Type):
		return 0
	}
	best := 0
	for _, child := range p.Children {
		best = max(best, displayRank(child))
	}
	return best
}

// isBodyText reports whether a reader shows the type as running text.
func isBodyText(mediaType string) bool {
	switch mediaType {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html", "text/x-plain",
		"text/unknown", "text/markdown", "text/x-markdown", "text/x-html", "text/ascii":
		return true
	}
	return false
}

// isBody reports whether a leaf is part of the message's text rather than a file. asFile is true when readers also
// offer it as one.
func isBody(p *Part) (body, asFile bool) {
	if !isBodyText(p.Type) || p.Disposition == "attachment" {
		return false, true
	}
	if p.Filename == "" || p.Parent == nil || p.Parent.Type == "multipart/alternative" || isMessage(p.Parent.Type) {
		return true, false
	}
	if p.Parent.Type == "multipart/related" && p.Parent.Children[0] == p {
		return true, false
	}
	// A named text in the middle of a message is shown in place by some readers and offered as a file by all.
	return p.Disposition == "inline" || p.Parent.Children[0] == p, true
}

// leaf reads a part without parts.
func (c *content) leaf(p *Part, in place) {
	body, file := isBody(p)
	if strings.HasPrefix(p.Type, "multipart/") && p.Truncated {
		body, file = false, true
	}
	if body && !p.Truncated || body && p.Disposition != "attachment" {
		c.body(p, in)
	}
	if p.Parent == nil && len(p.Content) == 0 && len(p.Headers) == 0 {
		return
	}
	switch p.Type {
	case "text/calendar", "application/ics":
		c.calendar(p, in)
	case "message/delivery-status", "text/rfc822-headers", "message/disposition-notification":
		text, _ := toUTF8(p.Content, p.Charset)
		c.keep(textLinks(text, p.Path, InAttachment, c.b), in)
	case "message/external-body":
		c.externalBody(p, in)
	}
	if file {
		c.attachment(p, in.within)
	}
}

// isInline reports whether the HTML shows the file: it names the part, or the part is an image that is there to be shown.
func (c *content) isInline(p *Part) bool {
	if p.ContentID != "" {
		if _, ok := c.cids[p.ContentID]; ok {
			return true
		}
	}
	return p.Disposition == "inline" && strings.HasPrefix(p.Type, "image/") ||
		p.Disposition != "attachment" && p.Parent != nil && p.Parent.Type == "multipart/related" && strings.HasPrefix(p.Type, "image/")
}

// body reads a text part.
func (c *content) body(p *Part, in place) {
	text := c.decodeText(p)
	where := InBody
	switch {
	case strings.HasSuffix(p.Type, "html"):
		c.noteCIDs(text)
		visible, hidden, links := readHTML(text, p.Path, c.b)
		c.keep(links, in)
		if in.embedded {
			if in.shown {
				c.inner = appendText(c.inner, visible)
			}
			return
		}
		if p.Type != "text/html" {
			return // a rendering for watches and carousels, beside the real one
		}
		c.html = appendText(c.html, text)
		c.hidden = appendText(c.hidden, hidden)
		if in.shown {
			c.visible = appendText(c.visible, visible)
		}
		return
	case p.Type == "text/plain" && len(p.Children) > 0:
		if _, rest := splitUU(p.Content); rest != nil {
			text, _ = toUTF8(rest, p.Charset)
		}
	case p.Type == "text/enriched" || p.Type == "text/richtext":
		text = stripEnriched(text)
	}
	text = lineFeeds(text)
	c.keep(textLinks(text, p.Path, where, c.b), in)
	if in.embedded {
		if in.shown {
			c.inner = appendText(c.inner, text)
		}
		return
	}
	c.text = appendText(c.text, text)
	if in.shown {
		c.visible = appendText(c.visible, text)
	}
}

func appendText(list []string, text string) []string {
	if text == "" {
		return list
	}
	return append(list, text)
}

// keep adds links once per URL, place and text. Those inside embedded messages and containers count as found
// in an attachment.
func (c *content) keep(links []Link, in place) {
	for _, l := range links {
		if in.embedded && l.Where == InBody {
			l.Where = InAttachment
		}
		k := linkKey{l.URL, l.Text, l.Where}
		if _, ok := c.links[k]; ok {
			continue
		}
		if len(c.m.Links) >= c.b.lim.Links {
			c.b.defect("limit-links", l.Part)
			return
		}
		c.links[k] = struct{}{}
		c.m.Links = append(c.m.Links, l)
	}
}

// noteCIDs collects the Content-IDs that a document refers to (RFC 2392), when any part has one.
func (c *content) noteCIDs(html string) {
	if c.cids == nil {
		return
	}
	for n := 0; n < 10000; n++ {
		i := strings.Index(html, "cid:")
		if i < 0 {
			return
		}
		html = html[i+len("cid:"):]
		end := strings.IndexAny(html[:min(len(html), 300)], "\"'> \t\r\n)")
		if end > 0 {
			c.cids[unescapeCID(html[:end])] = struct{}{}
		}
	}
}

func unescapeCID(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	return string(appendPercent(nil, s))
}

// lineFeeds makes every line end an LF.
func lineFeeds(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\r')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		b.WriteByte('\n')
		s = s[i+1:]
		if strings.HasPrefix(s, "\n") {
			s = s[1:]
		}
	}
}

// stripEnriched takes the commands off text/enriched (RFC 1896): "<bold>", "<<" for a bracket.
func stripEnriched(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if strings.HasPrefix(s, "<") {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		end := strings.IndexByte(s[:min(len(s), 64)], '>')
		if end < 0 {
			b.WriteByte('<')
			continue
		}
		s = s[end+1:]
	}
}

// externalBody keeps the address of a message/external-body (RFC 2017), which a reader fetches by a click.
func (c *content) externalBody(p *Part, in place) {
	if url := strings.Join(strings.Fields(p.Params["url"]), ""); url != "" {
		links := textLinks(url, p.Path, InBody, c.b)
		c.keep(links, in)
	}
}

func hasNUL(b []byte) bool { return bytes.IndexByte(b, 0) >= 0 }
