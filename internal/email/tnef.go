package email

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// TNEF is the container (usually "winmail.dat") in which Outlook and Exchange send what MIME has no words for; a
// mail program of theirs shows its text instead of the MIME part's, and nobody else sees it ([MS-OXTNEF]).

const (
	tnefSignature = 0x223e9f78

	attBody       = 0x0002800c
	attOemCode    = 0x00069007
	attMsgProps   = 0x00069003
	attRendData   = 0x00069002
	attTitle      = 0x00018010
	attData       = 0x0006800f
	attAttachment = 0x00069005

	propBody        = 0x1000
	propRTF         = 0x1009
	propHTML        = 0x1013
	propDisplayName = 0x3001
	propAttachData  = 0x3701
	propAttachName  = 0x3704
	propAttachLong  = 0x3707
	propAttachTag   = 0x370e
	propAttachCID   = 0x3712

	maxRTF    = 32 << 20 // octets of a body as RTF, which two octets of it can make seventeen of
	tnefFiles = 200      // files read of one container
	tnefProps = 20000    // properties read of one block
)

// tnefFile is one attachment of a container.
type tnefFile struct {
	title, long, tag, cid string
	data                  []byte
	object                bool // data is an object: 16 bytes of class id and, for a message, another TNEF
}

// tnef is what a container holds.
type tnef struct {
	codepage string
	text     string
	html     []byte
	rtf      []byte // compressed
	files    []tnefFile
	broken   bool
}

func isTNEF(p *Part) bool {
	switch p.Type {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	}
	return len(p.Content) > 6 && binary.LittleEndian.Uint32(p.Content) == tnefSignature
}

// parseTNEF reads a container; false when the bytes are none.
func parseTNEF(b []byte) (t tnef, ok bool) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != tnefSignature {
		return t, false
	}
	t.codepage = "windows-1252"
	b = b[6:]
	for len(b) > 0 {
		if len(b) < 11 {
			t.broken = t.broken || hasText(b)
			break
		}
		id, size := binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint32(b[5:])
		b = b[9:]
		cut := uint64(size) > uint64(len(b))
		if cut {
			t.broken = true
			size = uint32(len(b))
		}
		t.attribute(id, b[:size])
		if cut || len(b) < int(size)+2 {
			break
		}
		b = b[size+2:] // the checksum is not worth refusing a file for
	}
	return t, true
}

func (t *tnef) attribute(id uint32, v []byte) {
	switch id {
	case attOemCode:
		if len(v) >= 4 {
			if cp := binary.LittleEndian.Uint32(v); cp > 0 && cp < 66000 {
				t.codepage = codePageName(int(cp))
			}
		}
	case attBody:
		t.text, _ = toUTF8(trimNUL(v), t.codepage)
	case attMsgProps:
		t.readProps(v, func(prop uint16, kind uint16, v []byte) {
			switch prop {
			case propBody:
				t.text = t.stringProp(kind, v)
			case propHTML:
				if kind == 0x1f {
					t.html = []byte(t.stringProp(kind, v))
				} else {
					t.html = v
				}
			case propRTF:
				t.rtf = v
			}
		})
	case attRendData:
		if len(t.files) < tnefFiles {
			t.files = append(t.files, tnefFile{})
		} else {
			t.broken = true
		}
	case attTitle, attData, attAttachment:
		if len(t.files) == 0 { // without the mark that starts a file
			t.files = append(t.files, tnefFile{})
		}
		f := &t.files[len(t.files)-1]
		switch id {
		case attTitle:
			f.title, _ = toUTF8(trimNUL(v), t.codepage)
		case attData:
			f.data = v
		default:
			t.fileProps(f, v)
		}
	}
}

func (t *tnef) fileProps(f *tnefFile, v []byte) {
	t.readProps(v, func(prop uint16, kind uint16, v []byte) {
		switch prop {
		case propAttachLong:
			f.long = t.stringProp(kind, v)
		case propAttachName, propDisplayName:
			if f.title == "" {
				f.title = t.stringProp(kind, v)
			}
		case propAttachTag:
			f.tag = strings.ToLower(t.stringProp(kind, v))
		case propAttachCID:
			f.cid = strings.Trim(t.stringProp(kind, v), "<>")
		case propAttachData:
			f.data, f.object = v, kind == 0x0d
		}
	})
}

// stringProp reads a string property.
func (t *tnef) stringProp(kind uint16, v []byte) string {
	if kind == 0x1f {
		units := make([]uint16, 0, len(v)/2)
		for i := 0; i+1 < len(v); i += 2 {
			u := binary.LittleEndian.Uint16(v[i:])
			if u == 0 {
				break
			}
			units = append(units, u)
		}
		return string(utf16.Decode(units))
	}
	s, _ := toUTF8(trimNUL(v), t.codepage)
	return s
}

func trimNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

// fixedSize is how many bytes a property of a fixed size takes, padding included; 0 for the variable ones.
func fixedSize(kind uint16) int {
	switch kind {
	case 0x01:
		return 0
	case 0x02, 0x03, 0x04, 0x0a, 0x0b:
		return 4
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8
	case 0x48:
		return 16
	}
	return 0
}

// readProps calls each for the properties of a block ([MS-OXTNEF] section 2.1.3.4). Of a property with several
// values each is called once a value.
func (t *tnef) readProps(b []byte, each func(prop, kind uint16, v []byte)) {
	if len(b) < 4 {
		return
	}
	count := binary.LittleEndian.Uint32(b)
	b = b[4:]
	take := func(n int) []byte {
		if n < 0 || n > len(b) {
			t.broken = true
			v := b
			b = nil
			return v
		}
		v := b[:n]
		b = b[n:]
		return v
	}
	length := func() int {
		if len(b) < 4 {
			b, t.broken = nil, true
			return 0
		}
		n := binary.LittleEndian.Uint32(take(4))
		if uint64(n) > uint64(len(b)) {
			t.broken = true
			return len(b)
		}
		return int(n)
	}
	for n := 0; n < int(min(count, tnefProps)) && len(b) >= 4; n++ {
		kind, prop := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		b = b[4:]
		if prop >= 0x8000 { // named: a GUID, then a number or a name
			take(16)
			if length() == 0 || len(b) < 4 {
				take(min(4, len(b)))
			} else {
				size := length()
				take(min((size+3)&^3, len(b)))
			}
		}
		many, base := kind&0x1000 != 0, kind&^uint16(0x1000)
		values := 1
		if fixed := fixedSize(base); fixed > 0 {
			if many {
				values = length()
			}
			for ; values > 0 && len(b) > 0; values-- {
				each(prop, base, take(min(fixed, len(b))))
			}
			continue
		}
		if base == 0x01 {
			continue
		}
		for values = length(); values > 0 && len(b) > 0; values-- {
			size := length()
			v := take(size)
			take(min((size+3)&^3-size, len(b)))
			each(prop, base, v)
		}
	}
}

// openTNEF makes parts of what a container holds: its text in the form that Outlook would show, and its files.
func (r *reader) openTNEF(p *Part, nesting int) {
	t, ok := parseTNEF(p.Content)
	if !ok || t.broken {
		r.b.defect("tnef-broken", p.Path)
	}
	if !ok {
		return
	}
	if p.Depth >= r.b.lim.Depth || nesting >= r.b.lim.Nesting {
		r.b.defect("limit-nesting", p.Path)
		return
	}
	html, text := t.html, t.text
	if len(html) == 0 && len(t.rtf) > 0 {
		raw, ok := decompressRTF(t.rtf, min(r.b.decoded, maxRTF))
		if len(raw) == maxRTF {
			r.b.defect("limit-decoded", p.Path)
		}
		if !ok {
			r.b.defect("rtf-broken", p.Path)
		}
		if body, isHTML := readRTF(raw); isHTML {
			html = []byte(body)
		} else if text == "" || strings.Contains(body, "://") {
			text = body
		}
	}
	if len(html) > 0 {
		charset := "utf-8"
		if len(t.html) > 0 {
			charset = ""
			if metaCharset(html) == "" {
				charset = t.codepage
			}
		}
		r.tnefText(p, "text/html", charset, html)
	} else if text != "" {
		r.tnefText(p, "text/plain", "utf-8", []byte(text))
	}
	for i := range t.files {
		f := &t.files[i]
		name := f.long
		if name == "" {
			name = f.title
		}
		mediaType := f.tag
		if !validType(mediaType) {
			mediaType = "application/octet-stream"
		}
		data := f.data
		if f.object && len(data) > 16 {
			data = data[16:]
			if binary.LittleEndian.Uint32(append(data[:min(4, len(data)):min(4, len(data))], 0, 0, 0, 0)) == tnefSignature {
				mediaType = "application/ms-tnef"
			}
		}
		if len(data) == 0 && name == "" {
			continue
		}
		if isMessage(mediaType) && nesting < r.b.lim.Nesting {
			if child := r.newPart(p); child != nil {
				child.Embedded, child.Type, child.Filename, child.Disposition = true, mediaType, validUTF8(baseName(name)), "attachment"
				child.Content = data
				if inner := r.newPart(child); inner != nil {
					r.split(data, inner, nesting+1, true)
				}
			}
			continue
		}
		if !r.container(p, validUTF8(baseName(name)), mediaType, data) {
			return
		}
		child := p.Children[len(p.Children)-1]
		child.ContentID = f.cid
		if mediaType == "application/ms-tnef" {
			r.openTNEF(child, nesting+1)
		}
	}
}

// tnefText adds the text of a container.
func (r *reader) tnefText(p *Part, mediaType, charset string, content []byte) {
	if !r.container(p, "", mediaType, content) {
		return
	}
	child := p.Children[len(p.Children)-1]
	child.Disposition, child.Charset = "", charset
}
