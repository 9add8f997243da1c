package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"tocsin/internal/email"
)

// fileDataStore marks an embedded file in a OneNote section ([MS-ONESTORE] section 2.6.13): the GUID, a 64-bit length, 12 octets, the file.
var fileDataStore = []byte{0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45, 0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC}

const maxNotes = 200 // embedded files of one section

// openOneNote takes the embedded files out of a section and tells when one of them runs.
func openOneNote(s *session, f *file) {
	var files [][]byte
	for b := f.content; len(files) < maxNotes; {
		i := bytes.Index(b, fileDataStore)
		if i < 0 {
			break
		}
		b = b[i+len(fileDataStore):]
		if len(b) < 20 {
			break
		}
		size := binary.LittleEndian.Uint64(b)
		data := b[20:]
		if size > uint64(len(data)) {
			s.defect("file-office-broken", f.way)
			size = uint64(len(data))
		}
		if size > 0 {
			files = append(files, data[:size])
		}
		if b = data[size:]; len(files) == maxNotes && bytes.Contains(b, fileDataStore) {
			s.defect("file-limit-files", f.way)
		}
	}
	names, kinds, unnamed := noteNames(f.content), make([]string, len(files)), 0
	for i, data := range files {
		kinds[i] = email.NewAttachment("", "", "", data[:min(len(data), 64<<10)]).Kind
		if picture(kinds[i]) { // pasted, not attached: those have no names
			unnamed++
		}
	}
	known := len(names) == len(files)-unnamed // else it is not known which name is whose
	for i, data := range files {
		name := fmt.Sprintf("file%d.%s", i+1, kinds[i])
		if known && !picture(kinds[i]) {
			name, names = names[0], names[1:]
		}
		s.packed(f, name, data)
	}
	for _, n := range names {
		if runs(email.NewAttachment(n, "", "", nil)) {
			s.fact(f, "embedded-program", n)
		}
	}
}

func picture(kind string) bool {
	switch kind {
	case "png", "jpg", "gif", "bmp", "tif", "webp", "emf", "wmf":
		return true
	}
	return false
}

// noteNames finds names of files: strings in UTF-16 behind their length in octets that end in an extension, each once.
func noteNames(b []byte) []string {
	var out []string
	seen := map[string]bool{}
	for i := 4; i+8 <= len(b) && len(out) < maxNotes; i++ {
		if b[i+1] != 0 || b[i] < ' ' || b[i-1] != 0 || b[i-2] != 0 {
			continue
		}
		size := int(binary.LittleEndian.Uint32(b[i-4:]))
		if size < 8 || size > 520 || size%2 != 0 || i+size > len(b) {
			continue
		}
		name := utf16Text(b[i : i+size])
		if n := 2 * len([]rune(name)); n != size && n != size-2 {
			continue
		}
		ext := path.Ext(name)
		if len(ext) < 3 || len(ext) > 6 || strings.ContainsAny(name, "<>\r\n\t") || seen[name] {
			continue
		}
		if strings.IndexFunc(ext[1:], func(r rune) bool { return r > 127 || notBlob(r) || r == '+' || r == '/' || r == '=' || r == ',' }) >= 0 || strings.Contains(ext, " ") {
			continue
		}
		seen[name] = true
		out = append(out, lastName(name))
		i += size - 1
	}
	return out
}
