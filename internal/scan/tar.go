package scan

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
)

// openTar reads a tar archive. Sizes and holes that a header claims cost nothing until they are unpacked, which is bounded.
func openTar(s *session, f *file) {
	r := tar.NewReader(bytes.NewReader(f.content))
	var v inventory
	for !s.over() {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if !errors.Is(err, tar.ErrInsecurePath) {
				s.defect("file-broken-archive", f.way)
				break
			}
		}
		if odd := nameTricks(h.Name); odd != "" {
			s.fact(f, "archive-name-trick", quoted(h.Name)+": "+odd)
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse, '\x00', tar.TypeCont:
		default:
			if s.files--; s.files < 0 { // a million folders are no less work
				s.defect("file-limit-files", f.way)
				s.stopped = true
			}
			continue
		}
		name := baseName(h.Name)
		if h.Size > s.lim.File || h.Size > s.bytes {
			s.defect("file-limit-bytes", f.way+" > "+name)
			s.listed(f, name, h.Size)
			v.add(name, extension(name), "")
			if h.Size > int64(len(f.content)) { // a hole: stepping over it would make it
				break
			}
			continue
		}
		content, whole, err := s.unpack(f, r)
		if err != nil {
			s.defect("file-broken-archive", f.way+" > "+name)
		}
		if !whole && len(content) == 0 {
			s.listed(f, name, h.Size)
			v.add(name, extension(name), "")
			continue
		}
		v.add(name, extension(name), s.child(f, name, content))
	}
	s.takeStock(f, "archive", &v)
}
