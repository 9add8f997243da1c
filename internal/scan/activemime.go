package scan

import (
	"bytes"
	"encoding/base64"
)

// Word keeps macros of a document that it saves as a web page or as one XML file in a wrapper of its own: "ActiveMime", some fields, and a
// deflated compound file. In XML it stands as base64, and so do the binary parts of a document that is saved as flat XML.

const activeMime = "ActiveMime"

func isActiveMime(b []byte) bool { return bytes.HasPrefix(b, []byte(activeMime)) }

// openActiveMime looks into a file that is such a wrapper ("editdata.mso" of a web page).
func openActiveMime(s *session, f *file) { s.activeMime(f, f.content) }

// activeMime unwraps a macro project. Where the deflated part starts differs between versions; it is the first zlib header.
func (s *session) activeMime(f *file, b []byte) {
	head := b[:min(len(b), 0x400)]
	for at := len(activeMime); at+1 < len(head); at++ {
		if head[at] == 0x78 && (head[at+1] == 0x01 || head[at+1] == 0x9C || head[at+1] == 0xDA || head[at+1] == 0x5E) {
			if out := s.unzlib(f, b[at:]); openCompound(out) != nil {
				s.child(f, "macros.bin", out)
			}
			return
		}
	}
}

// openXMLFile looks for wrapped macros and compound files in an XML document.
func openXMLFile(s *session, f *file) {
	b := f.content
	for n := 0; n < 50 && !s.over(); n++ {
		at := -1
		for _, mark := range [...]string{"QWN0aXZlTWltZ", "0M8R4KGxGuE"} { // ActiveMime, and the magic of a compound file
			if i := bytes.Index(b, []byte(mark)); i >= 0 && (at < 0 || i < at) {
				at = i
			}
		}
		if at < 0 {
			return
		}
		b = b[at:]
		end := bytes.IndexByte(b, '<')
		if end < 0 {
			end = len(b)
		}
		data := make([]byte, 0, end*3/4)
		if !s.take(f, int64(cap(data))) {
			return
		}
		text := bytes.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, b[:end])
		data, err := base64.StdEncoding.AppendDecode(data, text[:len(text)&^3])
		if err != nil && len(data) < 512 {
			s.defect("file-office-broken", f.way)
		}
		b = b[end:]
		if isActiveMime(data) {
			s.activeMime(f, data)
		} else if openCompound(data) != nil {
			s.child(f, "object.bin", data)
		}
	}
}
