package scan

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// openCab reads a Microsoft cabinet ([MS-CAB]). Folders that are stored or packed by MSZIP are unpacked; of others (LZX, Quantum) only
// the names are read.
func openCab(s *session, f *file) {
	b := f.content
	if len(b) < 36 || string(b[:4]) != "MSCF" {
		openNothing(s, f)
		return
	}
	files, folders, flags := int(le16(b, 28)), int(le16(b, 26)), le16(b, 30)
	at := 36
	perFolder, perData := 0, 0
	if flags&4 != 0 && len(b) >= 40 {
		perFolder, perData = int(b[38]), int(b[39])
		at += 4 + int(le16(b, 36))
	}
	for range 2 * (int(flags&1) + int(flags>>1&1)) { // names of the cabinets before and behind
		n := bytes.IndexByte(b[min(at, len(b)):], 0)
		if n < 0 {
			s.defect("file-broken-archive", f.way)
			return
		}
		at += n + 1
	}
	first := at // of the folders
	var v inventory
	contents := map[int][]byte{} // by folder
	for i, at := 0, int(le32(b, 16)); i < files && at+16 < len(b) && !s.over(); i++ {
		size, start, folder := int64(le32(b, at)), int64(le32(b, at+4)), int(le16(b, at+8))
		n := bytes.IndexByte(b[at+16:min(len(b), at+16+512)], 0)
		if n < 0 {
			s.defect("file-broken-archive", f.way)
			break
		}
		path := string(b[at+16 : at+16+n])
		at += 16 + n + 1
		if odd := nameTricks(path); odd != "" {
			s.fact(f, "archive-name-trick", quoted(path)+": "+odd)
		}
		content, done := contents[folder]
		if !done && folder < folders {
			content = s.cabFolder(f, first+folder*(8+perFolder), perData)
			contents[folder] = content
		}
		name := baseName(path)
		if start+size > int64(len(content)) {
			s.listed(f, name, size)
			v.add(name, extension(name), "")
			continue
		}
		v.add(name, extension(name), s.child(f, name, content[start:start+size:start+size]))
	}
	s.takeStock(f, "archive", &v)
}

// cabFolder unpacks the folder that is described at at; what cannot be read is left out, with a defect.
func (s *session) cabFolder(f *file, at, perData int) []byte {
	b := f.content
	if at+8 > len(b) {
		s.defect("file-broken-archive", f.way)
		return nil
	}
	method := le16(b, at+6) & 15
	if method > 1 {
		s.fact(f, "file-not-opened", "a cabinet packed by LZX or Quantum")
		s.defect("file-not-opened", f.way)
		return nil
	}
	content, whole, err := s.unpack(f, &cabReader{b: b, at: int(le32(b, at)), left: int(le16(b, at+4)), per: perData, packed: method == 1})
	if err != nil {
		s.defect("file-broken-archive", f.way)
	}
	if !whole && err == nil {
		return nil
	}
	return content
}

// cabReader reads the data blocks of a folder.
type cabReader struct {
	b       []byte
	at      int
	left    int // blocks
	per     int // octets that the writer keeps in each block
	packed  bool
	out     []byte
	history []byte // MSZIP: each block may repeat what the one before made
}

var errCab = errors.New("broken data")

func (c *cabReader) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.left == 0 {
			return 0, io.EOF
		}
		c.left--
		if c.at < 0 || c.at+8+c.per > len(c.b) {
			return 0, errCab
		}
		size, unpacked := int(le16(c.b, c.at+4)), int(le16(c.b, c.at+6))
		from := c.at + 8 + c.per
		if from+size > len(c.b) || unpacked > 32<<10 {
			return 0, errCab
		}
		data := c.b[from : from+size]
		c.at = from + size
		if c.out = data; !c.packed {
			continue
		}
		if size < 2 || string(data[:2]) != "CK" {
			return 0, errCab
		}
		out := make([]byte, unpacked)
		n, err := io.ReadFull(flate.NewReaderDict(bytes.NewReader(data[2:]), c.history), out)
		if c.out = out[:n]; err != nil && n == 0 && unpacked > 0 {
			return 0, errCab
		}
		c.history = out[:n]
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}
