package email

import (
	"net/url"
	"strconv"
	"strings"
)

// links records what a reader can follow on this element and makes it the holder of the text inside.
func (r *htmlReader) links(e *element, attr *attributes) {
	switch e.name {
	case "a":
		e.anchor = 0
		if n := r.addURL("a", orElse(attr.get("href"), attr.get("xlink:href"))); n > 0 {
			r.pending[n-1].label = &textWriter{limit: maxLinkText}
			e.anchor = n
		}
	case "area":
		if n := r.addURL("area", attr.get("href")); n > 0 {
			r.pending[n-1].Text = clipText(strings.TrimSpace(attr.get("alt")))
		}
	case "form":
		r.addURL("form", attr.get("action"))
	case "button", "input":
		if n := r.addURL("form", attr.get("formaction")); n > 0 {
			if e.name == "input" {
				r.pending[n-1].Text = clipText(strings.TrimSpace(attr.get("value")))
				return
			}
			r.pending[n-1].label = &textWriter{limit: maxLinkText}
			e.anchor = n
		}
	default:
		if strings.HasPrefix(e.name, "v:") { // VML: shapes with href can be clicked in Outlook
			if n := r.addURL("a", attr.get("href")); n > 0 {
				r.pending[n-1].label = &textWriter{limit: maxLinkText}
				e.anchor = n
			}
		}
	}
}

func clipText(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxLinkText)], "")
}

// loads records what this element would load or send by itself.
func (r *htmlReader) loads(name string, attr *attributes) {
	if len(attr.list) == 0 {
		return
	}
	for _, key := range [...]string{"src", "lowsrc", "dynsrc", "poster", "data", "background", "ping", "manifest"} {
		if v := attr.get(key); v != "" {
			switch key {
			case "background", "ping":
				r.addURL(key, v)
			case "data":
				if name == "object" {
					r.addURL(name, v)
				}
			default:
				r.addURL(name, v)
			}
		}
	}
	for _, key := range [...]string{"srcset", "imagesrcset"} {
		if v := attr.get(key); v != "" {
			for i, one := range strings.SplitN(v, ", ", maxSrcset) {
				if f := firstFields(one, 1); len(f) > 0 && i < maxSrcset-1 {
					r.addURL(name, f[0])
				}
			}
		}
	}
	switch name {
	case "link", "use", "image", "feimage", "script", "mpath", "textpath":
		r.addURL(name, orElse(attr.get("href"), attr.get("xlink:href")))
	case "base":
		if r.base == nil {
			if u, err := url.Parse(cleanURL(attr.get("href"))); err == nil && u.IsAbs() && u.Host != "" {
				r.base = u
			}
		}
	case "meta":
		if strings.EqualFold(strings.TrimSpace(attr.get("http-equiv")), "refresh") {
			r.addURL("meta", refreshURL(attr.get("content")))
		}
	case "animate", "set":
		if n := strings.ToLower(attr.get("attributename")); n == "href" || n == "xlink:href" {
			r.addURL("a", orElse(attr.get("to"), attr.get("values")))
		}
	}
	if v := attr.get("style"); v != "" && r.inline(v).loads {
		r.cssLoads(v)
	}
}

// refreshURL takes the address out of a refresh value: "0; url='https://example.test/'".
func refreshURL(content string) string {
	i := strings.IndexAny(content, ";,")
	if i < 0 {
		return ""
	}
	s := strings.TrimSpace(content[i+1:])
	if len(s) >= 3 && strings.EqualFold(s[:3], "url") {
		if t := strings.TrimSpace(s[3:]); strings.HasPrefix(t, "=") {
			s = strings.TrimSpace(t[1:])
		}
	}
	if s != "" && (s[0] == '\'' || s[0] == '"') {
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return s[1 : 1+end]
		}
		return s[1:]
	}
	return s
}

// mayLoad is a cheap look before cssLoads.
func mayLoad(css string) bool {
	return hasFold(css, "url") || hasFold(css, "@import") || strings.IndexByte(css, '\\') >= 0
}

// cssLoads records url(...) and @import "..." of a style text.
func (r *htmlReader) cssLoads(css string) {
	if !mayLoad(css) {
		return
	}
	css = cssUnescape(css)
	for rest := css; ; {
		i := indexFold(rest, "url(")
		if i < 0 {
			break
		}
		rest = strings.TrimLeft(rest[i+4:], " \t\r\n\f")
		stop := byte(')')
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			stop, rest = rest[0], rest[1:]
		}
		end := strings.IndexByte(rest, stop)
		if end < 0 { // never closed: it reaches to the end
			r.addURL("css", rest[:min(len(rest), maxScriptURL)])
			break
		}
		r.addURL("css", rest[:end])
		rest = rest[end:]
	}
	for rest := css; ; {
		i := indexFold(rest, "@import")
		if i < 0 {
			return
		}
		rest = strings.TrimLeft(rest[i+7:], " \t\r\n\f")
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			continue
		}
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return
		}
		r.addURL("css", rest[1:1+end])
		rest = rest[1+end:]
	}
}

// addURL notes one address and returns its place in pending plus one, or 0 when it is none that leads anywhere.
func (r *htmlReader) addURL(tag, raw string) int {
	u := cleanURL(raw)
	if u == "" || u[0] == '#' {
		return 0
	}
	switch scheme := schemeOf(u); scheme {
	case "mailto", "tel", "sms", "callto", "cid", "mid", "about", "x-apple-data-detectors":
		return 0
	case "data":
		if len(u) > maxDataURL {
			u = strings.ToValidUTF8(u[:maxDataURL], "") + "…"
		}
	case "javascript", "vbscript", "livescript":
		if len(u) > maxScriptURL {
			u = strings.ToValidUTF8(u[:maxScriptURL], "") + "…"
		}
	case "":
		u = r.resolve(u)
	}
	return r.note(tag, u)
}

// note keeps an address for pick and returns its place plus one.
func (r *htmlReader) note(tag, u string) int {
	if len(u) > maxURL {
		u = strings.ToValidUTF8(u[:maxURL], "")
	}
	if len(r.pending) >= maxPending {
		r.lim.defect("limit-links", r.part)
		return 0
	}
	r.pending = append(r.pending, pendingLink{Link: Link{URL: u, Where: InBody, Tag: tag, Part: r.part}})
	return len(r.pending)
}

// resolve makes a relative address absolute when the document names a base.
func (r *htmlReader) resolve(u string) string {
	if r.base == nil || len(u) > maxScriptURL {
		return u
	}
	rel, err := url.Parse(strings.ReplaceAll(u, "\\", "/"))
	if err != nil {
		return u
	}
	return r.base.ResolveReference(rel).String()
}

// firstFields is strings.Fields for the first n of them.
func firstFields(s string, n int) []string {
	var list []string
	for f := range strings.FieldsSeq(s) {
		if len(list) == n {
			break
		}
		list = append(list, f)
	}
	return list
}

func itoa(n int) string { return strconv.Itoa(n) }

// hasFold reports whether s contains the lower-case ASCII word, in any case.
func hasFold(s, word string) bool { return indexFold(s, word) >= 0 }

// indexFold is strings.Index for a lower-case ASCII word, in any case; linear for words that do not begin like themselves.
func indexFold(s, word string) int {
	first := word[0]
	letter := first >= 'a' && first <= 'z'
	for at := 0; at+len(word) <= len(s); at++ {
		if !letter {
			i := strings.IndexByte(s[at:], first)
			if i < 0 || at+i+len(word) > len(s) {
				return -1
			}
			at += i
		} else if s[at]|0x20 != first {
			continue
		}
		if strings.EqualFold(s[at:at+len(word)], word) {
			return at
		}
	}
	return -1
}

// lastIndexFold is strings.LastIndex for a lower-case ASCII word that does not begin with a letter, in any case.
func lastIndexFold(s, word string) int {
	for {
		i := strings.LastIndexByte(s, word[0])
		if i < 0 || len(s)-i >= len(word) && strings.EqualFold(s[i:i+len(word)], word) {
			return i
		}
		s = s[:i]
	}
}
