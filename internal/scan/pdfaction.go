package scan

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf16"

	"tocsin/internal/email"
)

// interesting are the words of dictionaries that do something.
var interesting = []string{"/URI", "/JavaScript", "/JS", "/Launch", "/GoTo", "/SubmitForm", "/ImportData", "/EmbeddedFile", "/EF", "/RichMedia", "/Flash",
	"/XFA", "/OpenAction", "/AA", "/Image", "/Link"}

// examine looks at every object, whether or not a page leads to it: readers differ in what they reach.
func (p *pdf) examine() {
	for i, spot := range p.order {
		if i%16 == 0 && p.s.over() {
			return
		}
		if !p.mentions(spot, interesting...) {
			continue
		}
		o := p.load(spot)
		d, isDict := o.value.(pdfDict)
		if !isDict && spot.place.in == nil {
			// "1 0 obj" inside a string cuts an object in two: look at the one before.
			for j := i - 1; j >= 0 && j > i-20; j-- {
				if before, ok := p.load(p.order[j]).value.(pdfDict); ok {
					p.walk(before, 0)
					break
				}
			}
		}
		p.walk(o.value, 0)
		if o.isStream {
			p.stream(o, d)
		}
	}
}

// walk looks for actions in a value, references not followed: what they lead to is met by itself.
func (p *pdf) walk(v any, depth int) {
	if depth > maxPDFDepth {
		return
	}
	switch v := v.(type) {
	case pdfArray:
		for _, e := range v {
			p.walk(e, depth+1)
		}
	case pdfDict:
		p.action(v)
		p.opens(v)
		for _, k := range sortedKeys(v) {
			p.walk(v[k], depth+1)
		}
	}
}

// action takes in one action dictionary (section 12.6) or file specification (section 7.11).
func (p *pdf) action(d pdfDict) {
	kind, _ := p.resolve(d["S"]).(pdfName)
	if u := p.text(d["URI"]); u != "" && kind != "URI" {
		p.addLink(u, "a")
	}
	switch kind {
	case "URI":
		p.addLink(p.text(d["URI"]), "a")
	case "Launch":
		p.s.fact(p.f, "pdf-launch", oneLine(p.target(d)))
	case "GoToR", "GoToE":
		if t := p.target(d); strings.Contains(t, "://") {
			p.addLink(t, "a")
		} else if isShare(t) {
			p.s.fact(p.f, "pdf-share", oneLine(t))
		}
	case "SubmitForm":
		if t := p.target(d); t != "" && !strings.HasPrefix(strings.ToLower(t), "mailto:") {
			p.addLink(t, "form")
			p.s.fact(p.f, "pdf-sends-form", oneLine(t))
		}
	case "ImportData":
		p.s.fact(p.f, "pdf-import", oneLine(p.target(d)))
	}
	if js, ok := d["JS"]; ok {
		p.javascript(js)
	}
	if ef, ok := p.resolve(d["EF"]).(pdfDict); ok {
		p.embedded(d, ef)
	}
	switch sub, _ := p.resolve(d["Subtype"]).(pdfName); sub {
	case "RichMedia", "Flash", "3D":
		p.s.fact(p.f, "pdf-rich-media", string(sub))
	}
	if _, ok := d["XFA"]; ok {
		p.s.fact(p.f, "pdf-xfa", "")
	}
}

// opens reports what happens without a click: /OpenAction and /AA (section 12.6.3).
func (p *pdf) opens(d pdfDict) {
	check := func(v any) {
		a, _ := p.resolve(v).(pdfDict)
		switch kind, _ := p.resolve(a["S"]).(pdfName); kind {
		case "URI", "Launch", "SubmitForm", "GoToR", "GoToE", "ImportData":
			p.s.fact(p.f, "pdf-opens", oneLine(string(kind)+" "+p.text(a["URI"])+p.target(a)))
		case "JavaScript":
			p.javascript(a["JS"])
			if code := p.code(a["JS"]); loudScript(code) {
				p.s.fact(p.f, "pdf-opens", "a script")
			}
		}
	}
	if v, ok := d["OpenAction"]; ok {
		check(v)
	}
	if aa, ok := p.resolve(d["AA"]).(pdfDict); ok {
		for _, k := range sortedKeys(aa) {
			if k == "O" || k == "WP" || k == "DS" || k == "PO" || k == "PV" { // when a page or the document opens or is left
				check(aa[k])
			}
		}
	}
}

// target is the file or address that an action leads to (section 7.11.2): a string, or a dictionary with several spellings.
func (p *pdf) target(d pdfDict) string {
	for _, v := range []any{d["F"], d["Win"], d["URL"]} {
		switch v := p.resolve(v).(type) {
		case pdfString:
			return decodePDFText(v)
		case pdfDict:
			for _, k := range [...]pdfName{"UF", "F", "DOS", "Unix"} {
				if t := p.text(v[k]); t != "" {
					if params := p.text(v["P"]); params != "" {
						t += " " + params
					}
					return t
				}
			}
		}
	}
	return ""
}

// isShare says that a file name leads to another computer: opening it sends the reader's log-on there.
func isShare(name string) bool {
	return strings.HasPrefix(name, `\\`) || strings.HasPrefix(name, "//") || strings.HasPrefix(strings.ToLower(name), "file://")
}

// text is a string value for people.
func (p *pdf) text(v any) string {
	s, _ := p.resolve(v).(pdfString)
	return decodePDFText(s)
}

// decodePDFText reads a text string (section 7.9.2.2): UTF-16, UTF-8 or Latin-1.
func decodePDFText(s pdfString) string {
	switch {
	case strings.HasPrefix(string(s), "\xFE\xFF"):
		return utf16BE(string(s[2:]))
	case strings.HasPrefix(string(s), "\xEF\xBB\xBF"):
		return strings.ToValidUTF8(string(s[3:]), "\uFFFD")
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			r := make([]rune, len(s))
			for j := range len(s) {
				r[j] = rune(s[j])
			}
			return string(r)
		}
	}
	return string(s)
}

func utf16BE(s string) string {
	u := make([]uint16, len(s)/2)
	for i := range u {
		u[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return string(utf16.Decode(u))
}

func (p *pdf) addLink(u, tag string) {
	u = strings.TrimSpace(u)
	if u == "" || len(u) > 8<<10 {
		return
	}
	low := strings.ToLower(u)
	if strings.HasPrefix(low, "mailto:") || strings.HasPrefix(low, "tel:") {
		return
	}
	target := email.Unwrap(u)
	host := email.HostOf(target)
	if host != "" {
		p.links++
	}
	p.s.link(p.f, email.InAttachment, email.Link{URL: u, Target: target, Host: host, Tag: tag})
}

// embedded takes in a file that the document carries.
func (p *pdf) embedded(spec, ef pdfDict) {
	name := p.text(p.first(spec, "UF", "F", "DOS"))
	for _, k := range [...]pdfName{"UF", "F", "DOS", "Unix"} {
		ref, ok := ef[k].(pdfRef)
		if !ok {
			continue
		}
		o := p.get(ref.num)
		if o == nil || !o.isStream {
			return
		}
		if content, rest := p.data(o); rest == "" && len(content) > 0 {
			name = path.Base(strings.ReplaceAll(oneLine(name), `\`, "/"))
			p.s.fact(p.f, "pdf-holds-file", name)
			p.s.child(p.f, name, content)
		}
		return
	}
}

// stream looks at pictures.
func (p *pdf) stream(o *pdfObject, d pdfDict) {
	sub, _ := p.resolve(d["Subtype"]).(pdfName)
	if sub == "Image" {
		p.image(o, d)
	}
}

// code is the text of a script, from a string or a stream.
func (p *pdf) code(v any) string {
	if r, ok := v.(pdfRef); ok {
		if o := p.get(r.num); o != nil && o.isStream {
			b, rest := p.data(o)
			if rest != "" {
				return ""
			}
			return decodePDFText(pdfString(b[:min(len(b), 256<<10)]))
		}
	}
	return p.text(v)
}

// javascript grades a script. Forms compute fields and print with scripts; few others are met in honest documents.
func (p *pdf) javascript(v any) {
	code := p.code(v)
	if code == "" {
		return
	}
	if loudScript(code) {
		p.s.fact(p.f, "pdf-script", fmt.Sprintf("%d characters: %s", len(code), oneLine(code)))
	} else {
		p.s.fact(p.f, "pdf-form-script", oneLine(code))
	}
	for _, l := range email.ReadText(code[:min(len(code), 256<<10)], p.f.way, email.Limits{Links: 50}) {
		if strings.Contains(l.URL, "://") {
			p.addLink(l.URL, "a")
		}
	}
}

// loud are calls of scripts that reach out of the document or build themselves.
var loud = []string{"eval(", "unescape(", "launchurl", "geturl", "exportdataobject", "submitform", "importdataobject", "util.printf", "collab.", "fromcharcode",
	"app.openDoc", "getannots", "spawn", "activexobject", "soap.", "net.http", "%u9090", "syncannotscan", "xfa.host"}

func loudScript(code string) bool {
	low := strings.ToLower(code)
	for _, w := range loud {
		if strings.Contains(low, strings.ToLower(w)) {
			return true
		}
	}
	return len(code) > 60_000
}
