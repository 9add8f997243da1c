package scan

import (
	"path"
	"strings"
)

// An OpenDocument file ([ODF 1.3] parts 1 and 3) is a zip: content.xml with the text, Basic/LIBRARY/MODULE.xml with macros, and in
// META-INF/manifest.xml which parts are encrypted. An event listener says which macro runs when.

// openODF looks into odt, ods, odp and odg.
func openODF(s *session, f *file) {
	parts, whole := readParts(f.content)
	if !whole {
		s.defect("file-office-broken", f.way)
	}
	d := &document{s: s, f: f, parts: parts}
	var started []string
	pictures := 0
	if p := d.find("meta-inf/manifest.xml"); p != nil {
		if m := newXML(d.read(p, maxPart)); m.has("encryption-data") {
			s.lockedDocument(f)
			return
		}
	}
	for _, name := range [...]string{"content.xml", "styles.xml", "meta.xml"} {
		if p := d.find(name); p != nil {
			started = append(started, d.odfText(p, name == "content.xml")...)
		}
	}
	var project vbaProject
	for i := range d.parts {
		p := &d.parts[i]
		if s.over() {
			return
		}
		switch ext := path.Ext(p.low); {
		case strings.HasPrefix(p.low, "basic/") && ext == ".xml" && len(project.modules) < maxModules:
			if source := basicSource(d.read(p, maxMacroCode)); source != "" {
				project.modules = append(project.modules, vbaModule{name: path.Base(p.name), source: source})
			}
		case strings.HasPrefix(p.low, "scripts/") && ext != "" && ext != ".xml":
			s.fact(f, "macro-document", p.name)
		case strings.HasPrefix(p.low, "object ") && !strings.Contains(p.low, "/"), strings.HasPrefix(p.low, "objectreplacements/"):
		case strings.HasPrefix(p.low, "pictures/") && (ext == ".png" || ext == ".jpg" || ext == ".jpeg" || ext == ".gif" || ext == ".bmp" || ext == ".webp"):
			if pictures++; pictures <= maxDocPictures {
				if b := d.read(p, s.lim.File); len(b) > 0 {
					s.child(f, path.Base(p.name), b)
				}
			}
		case ext == ".bin" || ext == "" && strings.HasPrefix(p.low, "object "):
			if b := d.read(p, s.lim.File); openCompound(b) != nil {
				s.child(f, path.Base(p.name), b)
			}
		}
	}
	s.macros(f, []vbaProject{project}, started)
}

// has reports whether an element of the name is there.
func (x *xmlScanner) has(name string) bool {
	for x.next() {
		if x.kind == xmlStart && x.name == name {
			return true
		}
	}
	return false
}

// odfText says the text of a part and reports links. It returns the macros that events start, in small letters.
func (d *document) odfText(p *part, say bool) (started []string) {
	s, f := d.s, d.f
	var out, onLink strings.Builder
	link, inText := "", 0
	x := newXML(d.read(p, maxPart))
	for n := 0; x.next(); n++ {
		if n%4096 == 4095 && s.over() {
			break
		}
		switch x.kind {
		case xmlText:
			if inText > 0 && out.Len() < s.lim.Text {
				t := unescapeXML(x.text)
				out.WriteString(t)
				if link != "" {
					onLink.WriteString(t)
				}
			}
		case xmlEnd:
			switch x.full {
			case "text:p", "text:h":
				inText = max(0, inText-1)
				out.WriteByte('\n')
			case "text:a":
				s.hyperlink(f, link, onLink.String())
				link = ""
				onLink.Reset()
			}
		default:
			href := x.attr("href")
			switch x.full {
			case "text:p", "text:h":
				if !x.empty {
					inText++
				}
			case "text:a":
				link = href
			case "draw:a", "form:button":
				s.hyperlink(f, href, "")
			case "draw:image":
				s.remote(f, "picture", href)
			case "draw:object", "draw:object-ole", "draw:plugin", "draw:applet", "draw:floating-frame", "text:section-source":
				s.remote(f, "object", href)
			case "meta:template", "table:table-source", "table:cell-range-source":
				s.remote(f, "data", href)
			case "office:dde-source", "text:dde-connection-decl":
				s.dde(f, x.attr("dde-application")+"|"+x.attr("dde-topic")+"|"+x.attr("dde-item"))
			case "script:event-listener", "presentation:event-listener":
				if m := macroName(href); m != "" && len(started) < 100 && startsODF(x.attr("event-name")) {
					started = append(started, m)
				}
			}
		}
	}
	if say {
		s.say(out.String())
	}
	return started
}

// startsODF reports whether an event comes without anybody clicking.
func startsODF(event string) bool {
	event = event[strings.LastIndexByte(event, ':')+1:]
	switch strings.ToLower(event) {
	case "load", "load-finished", "loadfinished", "view-created", "new", "focus", "mouseover", "unload", "prepare-unload", "activate", "visarea-changed", "layout-finished":
		return true
	}
	return false
}

// macroName is the procedure in "vnd.sun.star.script:Standard.Module1.Main?language=Basic&location=document".
func macroName(href string) string {
	rest, ok := strings.CutPrefix(href, "vnd.sun.star.script:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	return strings.ToLower(rest[strings.LastIndexAny(rest, ".$")+1:])
}

// basicSource is the text of a module.
func basicSource(b []byte) string {
	x := newXML(b)
	var out strings.Builder
	in := false
	for x.next() {
		switch {
		case x.kind == xmlStart:
			in = x.name == "module"
		case x.kind == xmlText && in:
			out.WriteString(unescapeXML(x.text))
		}
	}
	return out.String()
}
