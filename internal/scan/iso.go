package scan

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

const isoSector = 2048

// isoTree is one of the trees of names of an ISO 9660 disk (ECMA-119): the plain one with its Rock Ridge names, or that of Joliet.
type isoTree struct {
	root   []byte // directory record
	joliet bool
}

// iso reads an ISO 9660 disk. Both trees are read, since each may hold files that the other lacks; what both hold counts once.
func (s *session) iso(f *file, seen map[run]bool, v *inventory) bool {
	trees := isoTrees(f.content)
	if len(trees) == 0 {
		return false
	}
	for i := len(trees) - 1; i >= 0; i-- {
		s.isoTree(f, trees[i], seen, v)
	}
	return true
}

// isoTrees reads the volume descriptors (section 8).
func isoTrees(b []byte) []isoTree {
	var out []isoTree
	for n := 16; n < 16+32 && (n+1)*isoSector <= len(b); n++ {
		d := b[n*isoSector : (n+1)*isoSector]
		if string(d[1:6]) != "CD001" {
			break
		}
		escape := string(d[88:91])
		switch {
		case d[0] == 255:
			return out
		case d[0] == 1:
			out = append(out, isoTree{root: d[156:190]})
		case d[0] == 2 && (escape == "%/@" || escape == "%/C" || escape == "%/E"):
			out = append(out, isoTree{root: d[156:190], joliet: true})
		}
	}
	return out
}

// isoTree walks a tree.
func (s *session) isoTree(f *file, t isoTree, seen map[run]bool, v *inventory) {
	d := bytes.NewReader(f.content)
	root := isoRun(t.root)
	s.walk(f, node{at: root.at, size: root.size}, func(dir node) (folders []node) {
		list := s.entries(f, d, []run{{dir.at, dir.size}}, dir.size)
		for at := 0; at+33 < len(list) && !s.over(); {
			n := int(list[at])
			if n == 0 { // records do not cross sectors
				at = (at/isoSector + 1) * isoSector
				continue
			}
			if n < 34 || at+n > len(list) {
				s.defect("file-broken-disk", f.way)
				break
			}
			r := list[at : at+n]
			at += n
			name, ok := isoName(r, t.joliet)
			if !ok {
				continue
			}
			where := isoRun(r)
			if r[25]&2 != 0 {
				folders = append(folders, node{at: where.at, size: where.size})
				continue
			}
			if seen[where] && where.size > 0 {
				continue
			}
			seen[where] = true
			s.onDisk(f, d, &node{name: name, size: where.size, runs: []run{where}}, v)
		}
		return folders
	})
}

func isoRun(r []byte) run {
	return run{int64(le32(r, 2)) * isoSector, int64(le32(r, 10))}
}

// isoName is the name of a record; false for the folder itself and the one above it.
func isoName(r []byte, joliet bool) (string, bool) {
	n := int(r[32])
	if 33+n > len(r) || n == 0 || n == 1 && r[33] < 2 {
		return "", false
	}
	raw := r[33 : 33+n]
	if joliet {
		units := make([]uint16, 0, n/2)
		for i := 0; i+1 < n; i += 2 {
			units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		return withoutVersion(string(utf16.Decode(units))), true
	}
	if long := rockRidge(r[min(len(r), 33+n+(n+1)%2):]); long != "" {
		return long, true
	}
	return withoutVersion(string(raw)), true
}

func withoutVersion(name string) string {
	if i := strings.LastIndexByte(name, ';'); i > 0 {
		name = name[:i]
	}
	return strings.TrimRight(name, ".")
}

// rockRidge is the name in the NM entries of the system use area (IEEE P1282 section 4.1.4).
func rockRidge(b []byte) string {
	var name strings.Builder
	for len(b) >= 5 {
		n := int(b[2])
		if n < 4 || n > len(b) {
			break
		}
		if b[0] == 'N' && b[1] == 'M' && n > 5 && b[4]&6 == 0 {
			name.Write(b[5:n])
		}
		b = b[n:]
	}
	return name.String()
}
