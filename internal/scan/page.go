package scan

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/net/html"

	"tocsin/internal/email"
)

// Bounds of one page, with everything that it writes itself.
const (
	maxPage     = 4 << 20 // octets of one layer
	maxLayers   = 40      // documents and scripts that were decoded
	maxPageDeep = 3       // layers in layers
	maxLiterals = 20_000  // strings of scripts that are looked at
)

// page is what is learned of one HTML or SVG file: what it shows, asks, runs and builds. Pages hide themselves: a script holds the real
// page in base64 and writes it when it runs. Nothing is run here; constant strings are put together and decoded, a few layers deep.
type page struct {
	s       *session
	f       *file
	svg     bool
	readers []string // addresses of the recipients, lower case

	layers   int
	literals int
	shown    strings.Builder // visible text
	decoded  string          // how the page was decoded, "" when it does not decode itself
	password bool            // asks for one
	inputs   int
	sendsTo  []string // where input goes
	redirect string
	frame    string
	reader   string // a recipient's address hidden in the page
	scripts  int
	busy     bool // a script does more than count visits
	away     bool // a link, script or the like leads to a site
	foreign  bool // SVG with HTML in it
	garbled  string
	built    string // kind and name of a file that a script builds
	name     string // download name
	idents   map[string]bool
	blobSize int               // of the largest literal of unreadable octets
	files    map[[32]byte]bool // SHA-256 of files that were found
}

// openPage looks into an HTML, XHTML or SVG file.
func openPage(s *session, f *file) {
	p := &page{s: s, f: f, svg: f.Kind == "svg", idents: map[string]bool{}, files: map[[32]byte]bool{}}
	for _, list := range [...][]email.Address{s.m.To, s.m.Cc} {
		for _, a := range list[:min(len(list), 5)] {
			if len(a.Addr) > 5 {
				p.readers = append(p.readers, strings.ToLower(a.Addr))
			}
		}
	}
	p.layer(pageText(f.content[:min(len(f.content), maxPage)]), 0, "")
	p.report()
}

// pageText is the document as UTF-8. UTF-16 is met in pages that want to get past filters.
func pageText(b []byte) string {
	little := bytes.HasPrefix(b, []byte{0xFF, 0xFE})
	if little || bytes.HasPrefix(b, []byte{0xFE, 0xFF}) {
		u := make([]uint16, len(b)/2-1)
		for i := range u {
			x, y := b[2+2*i], b[3+2*i]
			if little {
				x, y = y, x
			}
			u[i] = uint16(x)<<8 | uint16(y)
		}
		return string(utf16.Decode(u))
	}
	return strings.ToValidUTF8(string(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))), "\uFFFD")
}

// layer reads one document: the file itself, or one that a script would write. how says by what means it was decoded, "" for neither.
func (p *page) layer(doc string, depth int, how string) {
	if p.layers++; p.layers > maxLayers || depth > maxPageDeep || p.s.over() {
		return
	}
	if how != "" && p.decoded == "" {
		p.decoded = how
	}
	visible, _, links := email.ReadHTML(doc, p.f.way, email.Limits{Links: 300})
	p.s.say(visible)
	if p.shown.Len() < 64<<10 {
		p.shown.WriteString(visible)
		p.shown.WriteByte('\n')
	}
	for _, l := range links {
		switch l.Tag {
		case "a", "area", "form", "text":
			if strings.HasPrefix(l.URL, "data:") {
				continue // what it holds is looked at
			}
			p.away = p.away || l.Host != ""
			p.s.link(p.f, email.InAttachment, l)
		}
	}
	p.s.htmlCodes(p.f, doc)
	p.tags(doc, depth)
}

// tags runs through the markup.
func (p *page) tags(doc string, depth int) {
	z := html.NewTokenizer(strings.NewReader(doc))
	z.SetMaxBuf(maxPage)
	raw := ""
	for n := 0; n < 500_000; n++ {
		if n%2048 == 2047 && p.s.over() {
			return
		}
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			text := z.Raw()
			switch {
			case raw == "script":
				p.script(string(text), depth)
			case len(text) >= 200:
				p.stored(strings.TrimSpace(string(text)), depth)
			}
			raw = ""
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			raw = string(name)
			attrs := map[string]string{}
			for more && len(attrs) < 64 {
				var k, v []byte
				k, v, more = z.TagAttr()
				if _, have := attrs[string(k)]; !have {
					attrs[string(k)] = string(v)
				}
			}
			p.element(raw, attrs, depth)
		case html.CommentToken:
			raw = ""
		}
	}
}

func (p *page) element(name string, attrs map[string]string, depth int) {
	switch name {
	case "input", "textarea", "select":
		kind := strings.ToLower(strings.TrimSpace(attrs["type"]))
		if kind == "password" || isPasswordName(attrs["name"]) || isPasswordName(attrs["placeholder"]) {
			p.password = true
		}
		switch kind {
		case "hidden", "submit", "button", "checkbox", "radio", "search", "image", "reset":
		default:
			p.inputs++
		}
		p.hidesReader(attrs["value"])
	case "form":
		if a := strings.TrimSpace(attrs["action"]); email.HostOf(a) != "" {
			p.sendsTo = append(p.sendsTo, a)
		}
	case "meta":
		if strings.EqualFold(strings.TrimSpace(attrs["http-equiv"]), "refresh") {
			delay, target, _ := strings.Cut(attrs["content"], ";")
			if i := indexFold(target, "url"); i >= 0 {
				target = strings.Trim(strings.TrimLeft(target[i+3:], " \t="), "\"' ")
			}
			if strings.TrimSpace(delay) == "" || pixels(delay) <= 15 {
				p.goes(target, depth)
			}
		}
	case "iframe", "frame", "embed", "object":
		src := orElse(attrs["src"], attrs["data"])
		if isWeb(src) && p.frame == "" && !isHarmlessFrame(src) && attrs["width"] != "1" && attrs["width"] != "0" && attrs["height"] != "0" && !strings.Contains(attrs["style"], "display:none") {
			p.frame = src
			p.linkTo(src)
		}
		if doc := attrs["srcdoc"]; doc != "" {
			p.layer(doc, depth+1, "")
		}
	case "foreignobject":
		p.foreign = p.foreign || p.svg
	case "a":
		if d := attrs["download"]; d != "" {
			p.name = d
		}
	case "script":
		if src := orElse(attrs["src"], orElse(attrs["href"], attrs["xlink:href"])); src != "" {
			p.scripts++
			p.away = p.away || isWeb(src)
			if isWeb(src) && !isKnownScript(src) {
				p.busy = true
			}
		}
	}
	for _, k := range sortedAttrs(attrs) {
		v := attrs[k]
		switch {
		case len(k) > 2 && strings.HasPrefix(k, "on") && len(v) > 3:
			p.script(v, depth)
		case len(v) > 11 && strings.EqualFold(v[:11], "javascript:"):
			p.script(unpercent(v[11:]), depth)
		case len(v) > 5 && strings.EqualFold(v[:5], "data:"):
			p.dataURL(v, depth)
		case len(v) >= 400 && k != "style" && k != "d" && k != "points":
			p.stored(v, depth)
		}
	}
}

// dataURL decodes an address that holds a document or a file (RFC 2397).
func (p *page) dataURL(v string, depth int) {
	head, body, ok := strings.Cut(v, ",")
	head = strings.ToLower(head)
	if !ok || strings.HasPrefix(head, "data:font") {
		return
	}
	var b []byte
	if strings.Contains(head, "base64") {
		b = looseBase64(unpercent(body))
	} else {
		b = []byte(unpercent(body))
	}
	switch {
	case strings.Contains(head, "svg"):
		if bytes.Contains(bytes.ToLower(b), []byte("<script")) {
			p.layer(string(b), depth+1, "")
		}
	case strings.HasPrefix(head, "data:image"): // codes in it were looked for
	default:
		p.examine(b, depth, "data:")
	}
}

// stored looks at text that may be octets for a script to unpack.
func (p *page) stored(v string, depth int) {
	if isBase64(v) {
		p.examine(looseBase64(v), depth, "base64")
	}
}

// isPasswordName says that a field's name is a word for password in one of several languages.
func isPasswordName(s string) bool {
	s = strings.ToLower(s)
	for _, w := range [...]string{"passw", "passwd", "pwd", "senha", "contrase", "kennwort", "mot de passe", "motdepasse", "wachtwoord", "haslo", "hasło"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return s == "pass" || s == "pw"
}

// goes notes where the page sends its reader by itself.
func (p *page) goes(target string, depth int) {
	target = strings.TrimSpace(target)
	if len(target) > 5 && strings.EqualFold(target[:5], "data:") {
		p.dataURL(target, depth)
		return
	}
	if email.HostOf(target) == "" || !isWeb(target) {
		return
	}
	if p.redirect == "" {
		p.redirect = target
	}
	p.linkTo(target)
	p.hidesReader(target)
}

func (p *page) linkTo(u string) {
	if len(u) > 8<<10 {
		return
	}
	target := email.Unwrap(u)
	p.s.link(p.f, email.InAttachment, email.Link{URL: u, Target: target, Host: email.HostOf(target), Tag: "a"})
}

// hidesReader notes that a recipient's address stands in a value, as it is or in base64.
func (p *page) hidesReader(v string) {
	if p.reader != "" || len(v) < 6 || len(v) > 64<<10 {
		return
	}
	low := strings.ToLower(v)
	for _, r := range p.readers {
		if strings.Contains(low, r) || len(v) >= 8 && strings.Contains(v, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(r)), "=")) {
			p.reader = r
		}
	}
}

// report grades what was seen. One strong fact is enough to doubt a page; weak ones only inform.
func (p *page) report() {
	s, f := p.s, p.f
	if p.password {
		s.fact(f, "page-asks-password", oneLine(orElse(strings.Join(p.sendsTo[:min(len(p.sendsTo), 2)], " "), "a field for a password")))
	} else if p.inputs > 0 && len(p.sendsTo) > 0 {
		s.fact(f, "page-sends-input", oneLine(p.sendsTo[0]))
	}
	if p.decoded != "" {
		s.fact(f, "page-decodes-itself", p.decoded)
	} else if p.garbled != "" {
		s.fact(f, "page-garbled-script", p.garbled)
	}
	if p.redirect != "" {
		s.fact(f, "page-redirects", oneLine(p.redirect))
	}
	if p.frame != "" {
		s.fact(f, "page-frames-site", oneLine(p.frame))
	}
	if p.reader != "" && (p.scripts > 0 || p.inputs > 0 || p.redirect != "") {
		s.fact(f, "page-names-reader", p.reader)
	}
	saves := p.idents["createObjectURL"] || p.idents["msSaveBlob"] || p.idents["msSaveOrOpenBlob"]
	switch {
	case p.built != "":
		s.fact(f, "page-builds-file", oneLine(p.built))
	case saves && p.idents["Blob"] && p.blobSize >= 1024:
		s.fact(f, "page-builds-unknown", oneLine(fmt.Sprintf("%d octets %s", p.blobSize, p.name)))
	}
	if p.onlyShows() {
		s.fact(f, "page-only-shows", "")
	}
	switch {
	case p.svg && p.scripts > 0 && (p.busy || p.redirect != ""):
		s.fact(f, "svg-script", p.identList())
	case p.scripts > 0:
		s.fact(f, "page-runs-script", p.identList())
	}
	if p.foreign && (p.inputs > 0 || p.frame != "" || p.scripts > 0) {
		s.fact(f, "svg-holds-page", "")
	}
}

// onlyShows says that nothing in the page reaches beyond it. Building a small file of text, as the export buttons of reports do, is harmless.
func (p *page) onlyShows() bool {
	if p.password || p.decoded != "" || p.garbled != "" || p.redirect != "" || p.frame != "" || p.reader != "" || p.built != "" || p.foreign || p.away ||
		len(p.sendsTo) > 0 || p.blobSize >= 1024 {
		return false
	}
	for _, w := range [...]string{"eval", "Function", "atob", "unescape", "location", "fetch", "XMLHttpRequest", "sendBeacon", "WebSocket", "ajax", "ActiveXObject",
		"importScripts", "CryptoJS", "subtle", "msSaveBlob", "msSaveOrOpenBlob"} {
		if p.idents[w] {
			return false
		}
	}
	return true
}

// identList names what scripts of the page call.
func (p *page) identList() string {
	var out []string
	for _, w := range reaching {
		if p.idents[w] {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func isWeb(u string) bool {
	u = strings.TrimSpace(u)
	return len(u) > 8 && (strings.EqualFold(u[:7], "http://") || strings.EqualFold(u[:8], "https://") || strings.HasPrefix(u, "//"))
}
