package scan

import (
	"bytes"
	"path"
	"strings"

	"tocsin/internal/email"
)

// A document since Office 2007 ([ECMA-376]) is a web of parts: each part X has its relations in _rels/X.rels, and a relation with
// TargetMode="External" points out of the document. Macros, objects and pictures are parts like any other.

const (
	maxRelations   = 20_000
	maxPart        = 8 << 20 // octets of one XML part that are read
	maxDocPictures = 60      // of one document that are looked at
)

// relation is one entry of a .rels part.
type relation struct {
	from     string // the part that has it, small letters
	id       string
	kind     string // the end of its Type: "hyperlink", "attachedTemplate"
	target   string
	external bool
}

type ooxml struct {
	document
	relations []relation
	leads     map[[2]string]bool // kind of relation and the part that it leads to
	texts     map[string]string  // of relations that are links: what stands on them
	started   []string           // procedures that the document names to be run
	book      workbook
	pictures  int
}

// openOOXML looks into docx, xlsx, pptx and their kin.
func openOOXML(s *session, f *file) {
	parts, whole := readParts(f.content)
	if !whole {
		s.defect("file-office-broken", f.way)
	}
	d := &ooxml{document: document{s: s, f: f, parts: parts}, texts: map[string]string{}, leads: map[[2]string]bool{}}
	for i := range d.parts {
		if p := &d.parts[i]; strings.HasSuffix(p.low, ".rels") {
			d.readRelations(p)
		}
		if d.parts[i].locked {
			s.defect("file-document-locked", f.way)
		}
	}
	for i := range d.parts {
		if s.over() {
			break
		}
		d.xmlPart(&d.parts[i])
	}
	for i := range d.parts {
		if s.over() {
			break
		}
		d.binaryPart(&d.parts[i])
	}
	s.workbook(f, &d.book)
	for i := range d.relations {
		d.relate(&d.relations[i])
	}
}

func (d *ooxml) readRelations(p *part) {
	dir, base := path.Split(p.low)
	from := path.Join(path.Dir(path.Clean(dir)), strings.TrimSuffix(base, ".rels"))
	x := newXML(d.read(p, maxPart))
	for x.next() {
		if x.kind != xmlStart || x.name != "Relationship" {
			continue
		}
		if len(d.relations) >= maxRelations {
			d.s.defect("file-limit-links", d.f.way)
			return
		}
		kind := x.attr("Type")
		r := relation{from: from, id: x.attr("Id"), kind: kind[strings.LastIndexByte(kind, '/')+1:],
			target: x.attr("Target"), external: strings.EqualFold(x.attr("TargetMode"), "External")}
		d.relations = append(d.relations, r)
		if !r.external {
			to := strings.ToLower(r.target)
			if !strings.HasPrefix(to, "/") {
				to = path.Join(path.Dir(from), to)
			}
			d.leads[[2]string{r.kind, strings.TrimLeft(path.Clean(to), "/")}] = true
		}
	}
}

// relate reports where a relation points.
func (d *ooxml) relate(r *relation) {
	if !r.external {
		return
	}
	s, f := d.s, d.f
	switch r.kind {
	case "hyperlink":
		s.hyperlink(f, r.target, d.texts[r.from+"\x00"+r.id])
	case "attachedTemplate":
		s.remote(f, "template", r.target)
	case "oleObject", "package", "control":
		s.remote(f, "object", strings.TrimSuffix(r.target, "!"))
	case "frame":
		s.remote(f, "frame", r.target)
	case "subDocument", "aFChunk":
		s.remote(f, "document", r.target)
	case "image", "video", "audio", "media":
		s.remote(f, "picture", r.target)
	case "externalLinkPath", "externalLink", "xlExternalLinkPath", "xlPathMissing", "xlStartup", "xlLibrary":
		s.remote(f, "workbook", r.target)
	default:
		s.remote(f, "data", r.target)
	}
}

// isKind reports whether a relation of the kind leads to the part.
func (d *ooxml) isKind(p *part, kind string) bool { return d.leads[[2]string{kind, p.low}] }

// xmlPart reads a part that holds text, fields or settings.
func (d *ooxml) xmlPart(p *part) {
	name := p.low
	base := path.Base(name)
	xml := strings.HasSuffix(name, ".xml")
	switch {
	case strings.HasSuffix(name, ".rels"), strings.HasPrefix(name, "docprops/"):
	case !xml && name == "xl/workbook.bin":
		d.book.readWorkbook12(d.read(p, maxPart), d.macroSheets(p))
	case !xml && strings.HasSuffix(name, ".bin") && (strings.HasPrefix(name, "xl/macrosheets/") || d.isKind(p, "xlMacrosheet")):
		d.book.readSheet12(d.read(p, maxPart))
	case !xml && base == "sharedstrings.bin":
		d.s.say(strings12(d.read(p, maxPart), d.s.lim.Text))
	case !xml:
	case strings.HasPrefix(name, "xl/macrosheets/"):
		d.macroSheet(d.read(p, maxPart))
	case strings.HasPrefix(name, "xl/externallinks/"):
		d.externalLink(d.read(p, maxPart))
	case name == "xl/workbook.xml":
		d.workbookXML(p)
	case name == "xl/connections.xml":
		d.connections(d.read(p, maxPart))
	case strings.HasPrefix(name, "xl/worksheets/"):
		d.worksheet(d.read(p, maxPart))
	case base == "sharedstrings.xml", strings.HasPrefix(name, "ppt/slides/"), strings.HasPrefix(name, "ppt/notesslides/"), strings.HasPrefix(name, "ppt/slidemasters/"):
		d.plainText(p)
	case strings.Contains(base, "customui"), strings.HasPrefix(name, "customui"):
		if v := xmlAttrs(d.read(p, maxPart), "customUI")("onLoad"); v != "" {
			d.started = append(d.started, strings.ToLower(v[strings.LastIndexAny(v, "!.")+1:]))
		}
	case strings.HasPrefix(name, "word/") && wordParts[strings.TrimRight(strings.TrimSuffix(base, ".xml"), "0123456789")], d.isKind(p, "officeDocument"):
		d.wordText(p)
	}
}

// wordParts are the parts of a Word document with text in them.
var wordParts = set("document header footer footnotes endnotes comments glossary")

// wordText reads runs of text and the fields in them, which may be spread over many runs.
func (d *ooxml) wordText(p *part) {
	var fields fieldStack
	var shown, onLink strings.Builder
	link := ""
	x := newXML(d.read(p, maxPart))
	in := ""
	for n := 0; x.next(); n++ {
		if n%4096 == 4095 && d.s.over() {
			break
		}
		switch x.kind {
		case xmlText:
			switch {
			case in == "instrText" || in == "t" && fields.hidden():
				fields.instruct(unescapeXML(x.text))
			case in == "t":
				t := unescapeXML(x.text)
				fields.show(t)
				if link != "" && onLink.Len() < 500 {
					onLink.WriteString(t)
				}
				if shown.Len() < d.s.lim.Text {
					shown.WriteString(t)
				}
			}
		case xmlEnd:
			in = ""
			switch x.name {
			case "p":
				shown.WriteByte('\n')
			case "hyperlink":
				if link != "" {
					d.texts[p.low+"\x00"+link] = onLink.String()
				}
				link = ""
				onLink.Reset()
			}
		default:
			in = x.name
			switch x.name {
			case "hyperlink":
				if len(d.texts) < maxLinks {
					link = x.attr("id")
				}
			case "fldSimple":
				d.s.field(d.f, x.attr("instr"), "")
			case "fldChar":
				switch x.attr("fldCharType") {
				case "begin":
					fields.begin()
				case "separate":
					fields.separate()
				case "end":
					instruction, result := fields.end()
					d.s.field(d.f, instruction, result)
				}
			}
		}
	}
	for len(fields.open) > 0 {
		instruction, result := fields.end()
		d.s.field(d.f, instruction, result)
	}
	d.s.say(shown.String())
}

// plainText says what stands in <t> elements, and looks at what clicks on a slide do.
func (d *ooxml) plainText(p *part) {
	var out strings.Builder
	x := newXML(d.read(p, maxPart))
	in := false
	for n := 0; x.next() && out.Len() < d.s.lim.Text; n++ {
		if n%4096 == 4095 && d.s.over() {
			break
		}
		switch {
		case x.kind == xmlText && in:
			out.WriteString(unescapeXML(x.text))
		case x.kind == xmlStart:
			in = x.name == "t" && !x.empty
			if x.name == "hlinkClick" || x.name == "hlinkHover" {
				if a := x.attr("action"); strings.HasPrefix(strings.ToLower(a), "ppaction://program") {
					d.s.fact(d.f, "program-address", a+" "+d.targetOf(p, x.attr("id")))
				}
			}
		case x.kind == xmlEnd:
			if x.name == "p" || x.name == "si" {
				out.WriteByte('\n')
			}
			in = false
		}
	}
	d.s.say(out.String())
}

func (d *ooxml) targetOf(p *part, id string) string {
	for i := range d.relations {
		if r := &d.relations[i]; r.from == p.low && r.id == id {
			return r.target
		}
	}
	return ""
}

// binaryPart takes out macros, objects, documents and pictures.
func (d *ooxml) binaryPart(p *part) {
	s, f := d.s, d.f
	name, ext := p.low, path.Ext(p.low)
	switch {
	case ext == ".xml" || ext == ".rels", strings.Contains(name, "printersettings"), name == "xl/workbook.bin", strings.HasPrefix(name, "xl/worksheets/"), strings.HasPrefix(name, "xl/macrosheets/"),
		strings.HasPrefix(name, "xl/") && ext == ".bin" && !strings.HasPrefix(path.Base(name), "vba") && !strings.Contains(name, "embed") && !strings.Contains(name, "activex") && !d.isKind(p, "vbaProject") && !d.isKind(p, "oleObject"):
		return
	case ext == ".bin" || d.isKind(p, "vbaProject") || d.isKind(p, "oleObject"):
		d.bin(p)
	case strings.Contains(name, "/embeddings/") || d.isKind(p, "package") || d.isKind(p, "aFChunk"):
		if b := d.read(p, s.lim.File); len(b) > 0 {
			if a := email.NewAttachment(path.Base(p.name), "", "", b); runs(a) {
				s.fact(f, "embedded-program", path.Base(p.name)+" ("+a.Kind+")")
			}
			s.child(f, path.Base(p.name), b)
		}
	case strings.Contains(name, "/media/"):
		switch ext {
		case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp":
			if d.pictures++; d.pictures > maxDocPictures {
				s.defect("file-limit-files", f.way)
				return
			}
			if b := d.read(p, s.lim.File); len(b) > 0 {
				s.child(f, path.Base(p.name), b)
			}
		}
	}
}

// bin looks at a binary part: a macro project, an object, or a control with its settings.
func (d *ooxml) bin(p *part) {
	s, f := d.s, d.f
	b := d.read(p, s.lim.File)
	c := openCompound(b)
	if c == nil {
		if strings.HasSuffix(p.low, "vbaproject.bin") && len(b) > 0 {
			s.defect("file-macro-broken", f.way)
		}
		if bytes.HasPrefix(b, []byte("MZ")) {
			s.packed(f, path.Base(p.name), b)
		}
		return
	}
	if projects := s.oleProjects(f, c); len(projects) > 0 {
		s.macros(f, projects, d.started)
		if c.broken {
			s.defect("file-macro-broken", f.way)
		}
		return
	}
	if strings.Contains(p.low, "activex") {
		s.fact(f, "activex-object", path.Base(p.name))
		return
	}
	s.child(f, path.Base(p.name), b)
}
