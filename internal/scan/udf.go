package scan

import (
	"bytes"
	"unicode/utf16"
)

// udfVolume is a UDF disk as far as Windows mounts it (ECMA-167, OSTA UDF 2.60): one partition of the plain kind.
type udfVolume struct {
	d    disk
	part int64 // where the partition begins
	root int64 // block of its file entry
}

// Tags of descriptors (ECMA-167 3/7.2 and 4/7.2).
const (
	udfAnchor    = 2
	udfPartition = 5
	udfLogical   = 6
	udfEnd       = 8
	udfFileSet   = 256
	udfIdent     = 257
	udfFileEntry = 261
	udfExtended  = 266
)

// udf reads a UDF disk, false when it is none.
func (s *session) udf(f *file, seen map[run]bool, v *inventory) bool {
	u, ok := openUDF(f.content)
	if !ok {
		return false
	}
	done := map[int64]bool{} // entries of files
	s.walk(f, node{at: u.root}, func(dir node) (folders []node) {
		n, ok := u.entry(dir.at)
		if !ok {
			s.defect("file-broken-disk", f.way)
			return nil
		}
		for _, child := range udfList(s.entries(f, u.d, n.runs, n.size)) {
			switch {
			case s.over():
				return nil
			case child.folder:
				folders = append(folders, child)
			case !done[child.at]:
				done[child.at] = true
				s.udfFile(f, &u, child, seen, v)
			}
		}
		return folders
	})
	return true
}

// udfFile takes in the file that an entry of a folder names.
func (s *session) udfFile(f *file, u *udfVolume, child node, seen map[run]bool, v *inventory) {
	entry, ok := u.entry(child.at)
	if !ok {
		s.defect("file-broken-disk", f.way)
		s.listed(f, baseName(child.name), 0)
		v.add(baseName(child.name), extension(child.name), "")
		return
	}
	entry.name = child.name
	if len(entry.runs) > 0 {
		seen[run{entry.runs[0].at, entry.size}] = true
	}
	s.onDisk(f, u.d, &entry, v)
}

// marksUDF says that a disk claims to hold UDF, in the sectors where it would say so (2/9.1).
func marksUDF(b []byte) bool {
	for n := 16; n < 24 && (n+1)*isoSector <= len(b); n++ {
		if id := string(b[n*isoSector+1 : n*isoSector+6]); id == "NSR02" || id == "NSR03" {
			return true
		}
	}
	return false
}

// openUDF follows the anchor at sector 256 to the volume, the partition, the file set and the root.
func openUDF(b []byte) (u udfVolume, ok bool) {
	u.d = bytes.NewReader(b)
	anchor := sector(b, 256, udfAnchor)
	if anchor == nil {
		return u, false
	}
	size, at := int64(le32(anchor, 16)), int64(le32(anchor, 20))
	var files int64 = -1
	for i := range min(size/isoSector, 64) {
		d := sector(b, at+i, 0)
		if d == nil {
			break
		}
		switch le16(d, 0) {
		case udfPartition:
			u.part = int64(le32(d, 188)) * isoSector
		case udfLogical:
			if le32(d, 212) != isoSector {
				return u, false
			}
			files = int64(le32(d, 248+4))
		case udfEnd:
			i = size
		}
	}
	if files < 0 || u.part == 0 {
		return u, false
	}
	set := sector(b, u.part/isoSector+files, udfFileSet)
	if set == nil {
		return u, false
	}
	u.root = int64(le32(set, 404))
	return u, true
}

// sector returns a sector whose descriptor has the tag; any that is one when tag is 0.
func sector(b []byte, n int64, tag uint16) []byte {
	if n < 0 || (n+1)*isoSector > int64(len(b)) {
		return nil
	}
	d := b[n*isoSector : (n+1)*isoSector]
	var sum byte // of the tag, without itself (3/7.2.3)
	for i, c := range d[:16] {
		if i != 4 {
			sum += c
		}
	}
	if id := le16(d, 0); sum != d[4] || id == 0 || tag != 0 && id != tag {
		return nil
	}
	return d
}

// entry reads the file entry in a block of the partition: size and pieces.
func (u *udfVolume) entry(block int64) (n node, ok bool) {
	b := make([]byte, isoSector)
	if got, _ := u.d.ReadAt(b, u.part+block*isoSector); got < isoSector {
		return n, false
	}
	d := sector(b, 0, 0)
	if d == nil {
		return n, false
	}
	at := 176
	switch le16(d, 0) {
	case udfFileEntry:
	case udfExtended:
		at = 216
	default:
		return n, false
	}
	n.folder = d[27] == 4
	n.size = le64(d, 56)
	skip, length := int64(le32(d, at-8)), int64(le32(d, at-4))
	from := int64(at) + skip
	if skip > isoSector || length > isoSector || from+length > isoSector {
		return n, false
	}
	descs := d[from : from+length]
	here := u.part + block*isoSector
	switch le16(d, 34) & 7 {
	case 0: // short
		for ; len(descs) >= 8; descs = descs[8:] {
			n.add(u, le32(descs, 0), le32(descs, 4))
		}
	case 1: // long
		for ; len(descs) >= 16; descs = descs[16:] {
			n.add(u, le32(descs, 0), le32(descs, 4))
		}
	case 3: // the octets stand here
		n.runs = []run{{here + from, length}}
	default:
		return n, false
	}
	return n, true
}

// add appends a piece; the two highest bits of a length say whether it is recorded.
func (n *node) add(u *udfVolume, length, block uint32) {
	r := run{u.part + int64(block)*isoSector, int64(length & 0x3FFFFFFF)}
	if length>>30 != 0 {
		r.at = -1
	}
	n.runs = append(n.runs, r)
}

// udfList reads the entries of a folder (file identifier descriptors, 4/14.4).
func udfList(b []byte) []node {
	var out []node
	for len(b) >= 38 && le16(b, 0) == udfIdent {
		name, use := int(b[19]), int(le16(b, 36))
		size := 38 + use + name
		if size > len(b) {
			break
		}
		flags := b[18]
		if flags&0x0C == 0 && name > 0 { // not the folder above, not deleted
			out = append(out, node{name: udfName(b[38+use : size]), folder: flags&2 != 0, at: int64(le32(b, 24))})
		}
		size = (size + 3) &^ 3
		if size > len(b) {
			break
		}
		b = b[size:]
	}
	return out
}

// udfName reads a compressed Unicode name (OSTA UDF 2.1.1): octets or pairs of them, high first.
func udfName(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	var units []uint16
	switch b[0] {
	case 8, 254:
		for _, c := range b[1:] {
			units = append(units, uint16(c))
		}
	default:
		for i := 1; i+1 < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
	}
	return string(utf16.Decode(units))
}
