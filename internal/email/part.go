package email

import (
	"strings"
	"unicode/utf8"
)

// readHeader reads the header block of p at pos, fills what it says about the body and returns where that starts.
func (s *splitter) readHeader(p *Part, pos int, message bool) int {
	spans, body := s.scanHeader(pos, p.Path, message)
	h := s.fields(spans, p.Path, message)
	p.Headers = h.fields
	if p.Parent == nil {
		s.m.Headers, s.plain = h.fields, h.plain
	}
	s.readContentType(p, &h)
	if v, ok := h.get("Content-Transfer-Encoding"); ok {
		p.Encoding = s.encodingName(v, p.Path)
	}
	var disposition params
	if v, ok := h.get("Content-Disposition"); ok {
		disposition = parseParams(v)
		s.paramDefects(&disposition, "Content-Disposition", p.Path)
		switch d := disposition.value; {
		case d == "inline" || d == "attachment":
			p.Disposition = d
		case d == "" && disposition.values["filename"] == "":
		default: // RFC 2183 section 2.8: an unknown one is an attachment
			p.Disposition = "attachment"
		}
	}
	p.Filename = s.filename(p, &disposition)
	if v, ok := h.get("Content-Id"); ok {
		p.ContentID = strings.TrimSpace(strings.Trim(strings.TrimSpace(v), "<>"))
	}
	s.countOnce(p, &h)
	return body
}

// charsetHint looks ahead for the charset that the message declares for its body, because senders who put raw
// 8-bit bytes into the header nearly always mean that one.
func (s *splitter) charsetHint(spans []fieldSpan) string {
	for _, f := range spans {
		if f.nameEnd-f.start != len("Content-Type") || !strings.EqualFold(string(s.raw[f.start:f.nameEnd]), "Content-Type") {
			continue
		}
		var v strings.Builder
		unfold(&v, s.raw[f.colon+1:min(f.end, f.colon+1000)])
		ps := parseParams(v.String())
		return ps.values["charset"]
	}
	return ""
}

// readContentType sets Type, Params and Charset. Where the field cannot be read, what it holds decides: a
// boundary makes it a multipart, a name a file, and else the default of RFC 2045 section 5.2 stands.
func (s *splitter) readContentType(p *Part, h *headerBlock) {
	fallback := p.Type
	if fallback == "" {
		fallback = "text/plain"
	}
	p.Type = fallback
	v, ok := h.get("Content-Type")
	if !ok {
		return
	}
	ct := parseParams(v)
	if !validType(ct.value) {
		// The first field that can be read wins.
		for i := range h.fields {
			if h.fields[i].Key == "Content-Type" {
				if again := parseParams(h.plain[i]); validType(again.value) {
					ct = again
					break
				}
			}
		}
	}
	s.paramDefects(&ct, "Content-Type", p.Path)
	p.Params = ct.values
	p.Charset = strings.ToLower(ct.values["charset"])
	switch {
	case validType(ct.value):
		p.Type = ct.value
		return
	case ct.values["boundary"] != "" && !strings.Contains(ct.value, "/"):
		p.Type = "multipart/mixed"
	case ct.value == "text" || ct.value == "plain":
		p.Type = "text/plain"
	case ct.value == "html":
		p.Type = "text/html"
	case ct.values["name"] != "":
		p.Type = "application/octet-stream"
	}
	s.b.defect("content-type-unreadable", p.Path)
}

// validType reports whether a media type has two names and nothing that cannot stand in one.
func validType(t string) bool {
	major, minor, ok := strings.Cut(t, "/")
	if !ok || major == "" || minor == "" {
		return false
	}
	for i := 0; i < len(t); i++ {
		if c := t[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"[]?=`, c) >= 0 {
			return false
		}
	}
	return strings.IndexByte(minor, '/') < 0
}

// encodingName returns the name in a Content-Transfer-Encoding field: lower case, without comments, quotes and
// what follows it, with the usual misspellings put right.
func (s *splitter) encodingName(v, path string) string {
	name := strings.ToLower(strings.TrimSpace(stripComments(v)))
	name = strings.Trim(name, "\"' \t;")
	if i := strings.IndexAny(name, " \t;,"); i >= 0 {
		name = name[:i]
	}
	switch name {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable":
		if len(name) != len(v) && !strings.EqualFold(v, name) {
			s.b.defect("encoding-decorated", path)
		}
	case "7-bit", "7bits", "7 bit":
		name = "7bit"
	case "8-bit", "8bits", "utf-8", "utf8":
		name = "8bit"
	case "base-64", "b64", "b", "base64encoded":
		name = "base64"
		s.b.defect("encoding-unknown", path)
	case "quotedprintable", "quoted_printable", "qp", "q":
		name = "quoted-printable"
		s.b.defect("encoding-unknown", path)
	case "uuencode", "x-uuencode", "x-uue", "uue", "uucp":
		name = "x-uuencode"
	default:
		s.b.defect("encoding-unknown", path)
	}
	return name
}

// paramDefects turns what was wrong with a field's parameters into defects.
func (s *splitter) paramDefects(ps *params, field, path string) {
	for _, id := range ps.problems {
		if path == "" {
			s.b.defect(id, field)
		} else {
			s.b.defect(id, path+" "+field)
		}
	}
}

// filename returns the part's name without its path. Content-Disposition wins over Content-Type; when both
// name the part and disagree, readers will too, so that is a defect.
func (s *splitter) filename(p *Part, disposition *params) string {
	name, other := disposition.values["filename"], p.Params["name"]
	if name == "" {
		name, other = other, ""
	}
	if name == "" {
		return ""
	}
	if other != "" && other != name {
		s.b.defect("filename-conflict", p.Path)
	}
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && i+1 < len(name) {
		s.b.defect("filename-path", p.Path)
		name = name[i+1:]
	}
	name = strings.TrimSpace(name)
	if strings.IndexByte(name, 0) >= 0 {
		s.b.defect("filename-nul", p.Path)
	}
	return validUTF8(name)
}

// single are the fields that may stand once only (RFC 5322 section 3.6, RFC 2045).
var single = map[string]bool{
	"From": true, "Sender": true, "Reply-To": true, "To": true, "Cc": true, "Bcc": true, "Message-Id": true,
	"In-Reply-To": true, "References": true, "Subject": true, "Date": true, "Mime-Version": true,
	"Content-Type": true, "Content-Transfer-Encoding": true, "Content-Disposition": true, "Content-Id": true,
}

// countOnce records fields that stand more often than they may.
func (s *splitter) countOnce(p *Part, h *headerBlock) {
	var have [16]int // as many as single has names
	n := 0
next:
	for i := range h.fields {
		key := h.fields[i].Key
		if !single[key] {
			continue
		}
		for _, first := range have[:n] {
			if h.fields[first].Key != key {
				continue
			}
			if h.plain[first] == h.plain[i] {
				s.b.defect("header-repeated", join(p.Path, key))
			} else {
				s.b.defect("header-conflict", join(p.Path, key))
			}
			continue next
		}
		have[n] = i
		n++
	}
}

// join makes the place of a field of a part.
func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + " " + field
}

// finish decodes a leaf's body and opens what is inside it: an encoded message, a TNEF container, uuencoded files.
func (s *splitter) finish(p *Part, body []byte, nesting int) {
	p.Content = s.decodeBody(p, body)
	switch {
	case isMessage(p.Type) && !p.Truncated:
		if nesting >= s.b.lim.Nesting {
			s.b.defect("limit-nesting", p.Path)
			return
		}
		if isEncoded(p.Encoding) {
			s.b.defect("message-encoded", p.Path)
		}
		if child := s.newPart(p); child != nil {
			child.Embedded = true
			s.split(p.Content, child, nesting+1, true)
		}
	case isTNEF(p):
		s.openTNEF(p, nesting)
	case mayHoldSigned(p):
		s.openSigned(p, nesting)
	case strings.HasPrefix(p.Type, "text/") && p.Disposition != "attachment":
		s.openUU(p)
	}
}

// decodeBody undoes the transfer encoding within what the message may still decode.
func (s *splitter) decodeBody(p *Part, body []byte) []byte {
	var out []byte
	where := p.Path
	switch p.Encoding {
	case "base64":
		if max := s.b.decoded/3*4 + 4; len(body) > 2*max {
			body = body[:2*max]
		}
		var bad int
		if out, bad = decodeBase64(body); bad >= 0 {
			s.b.defect("base64-illegal-byte", where)
			if strings.HasPrefix(p.Type, "text/") {
				out = withFooter(out, body, bad)
			}
		}
	case "quoted-printable":
		var bad int
		if out, bad = decodeQP(body); bad >= 0 {
			s.b.defect("qp-illegal", where)
		}
	case "x-uuencode":
		if files, _ := splitUU(body); len(files) > 0 {
			out = files[0].content
			if p.Filename == "" {
				p.Filename = validUTF8(files[0].name)
			}
		} else {
			s.b.defect("uuencode-empty", where)
			out = body
		}
	default:
		out = body
	}
	if len(out) > s.b.decoded {
		s.b.defect("limit-decoded", where)
		p.Truncated = true
		out = out[:s.b.decoded]
	}
	s.b.decoded -= len(out)
	return out
}

// validUTF8 returns the text with every byte that is not UTF-8 read as windows-1252.
func validUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	v, _ := toUTF8([]byte(text), "")
	return v
}
