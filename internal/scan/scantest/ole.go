// Package scantest builds files for tests of package scan and of those who use it: documents with macros, objects and links, as small as the
// formats allow and harmless in what they say. It writes what the readers read, from the same specifications, and shares no code with
// them, so that one mistake does not hide another.
package scantest

import (
	"encoding/binary"
	"sort"
	"strings"
	"unicode/utf16"
)

// Stream is one stream of a compound file, or a storage with a class id when Data is nil.
type Stream struct {
	Path  string // names from the root, "/" between them
	Data  []byte
	CLSID [16]byte // of a storage
}

const (
	sectorSize = 512
	miniSize   = 64
	endOfChain = 0xFFFFFFFE
	freeSector = 0xFFFFFFFF
	noEntry    = 0xFFFFFFFF
)

type oleNode struct {
	name     string
	kind     byte
	data     []byte
	clsid    [16]byte
	children []*oleNode
	id       uint32
	start    uint32
	right    uint32
}

// OLE writes a compound file ([MS-CFB]) of version 3. Storages come from the paths.
func OLE(streams ...Stream) []byte {
	root := &oleNode{name: "Root Entry", kind: 5}
	for _, s := range streams {
		at := root
		names := strings.Split(s.Path, "/")
		for i, name := range names {
			if name == "" { // the root itself
				at.clsid = s.CLSID
				break
			}
			last := i == len(names)-1
			next := at.child(name)
			if next == nil {
				next = &oleNode{name: name, kind: 1}
				at.children = append(at.children, next)
			}
			if last && s.Data != nil {
				next.kind, next.data = 2, s.Data
			} else if last {
				next.clsid = s.CLSID
			}
			at = next
		}
	}
	w := &oleWriter{}
	w.add(root)
	return w.write()
}

func (n *oleNode) child(name string) *oleNode {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

type oleWriter struct {
	nodes   []*oleNode
	sectors []byte
	fat     []uint32
	mini    []byte
	miniFAT []uint32
}

// add numbers a node and its children; brothers hang to the right of each other.
func (w *oleWriter) add(n *oleNode) {
	n.id, n.right = uint32(len(w.nodes)), noEntry
	w.nodes = append(w.nodes, n)
	sort.SliceStable(n.children, func(i, j int) bool { return len(n.children[i].name) < len(n.children[j].name) })
	for i, c := range n.children {
		w.add(c)
		if i > 0 {
			n.children[i-1].right = c.id
		}
	}
}

// put writes data into sectors and returns the first.
func (w *oleWriter) put(data []byte) uint32 {
	if len(data) == 0 {
		return endOfChain
	}
	start := uint32(len(w.fat))
	for len(data) > 0 {
		n := min(sectorSize, len(data))
		w.sectors = append(w.sectors, data[:n]...)
		w.sectors = append(w.sectors, make([]byte, sectorSize-n)...)
		w.fat = append(w.fat, uint32(len(w.fat)+1))
		data = data[n:]
	}
	w.fat[len(w.fat)-1] = endOfChain
	return start
}

func (w *oleWriter) putMini(data []byte) uint32 {
	start := uint32(len(w.miniFAT))
	for len(data) > 0 {
		n := min(miniSize, len(data))
		w.mini = append(w.mini, data[:n]...)
		w.mini = append(w.mini, make([]byte, miniSize-n)...)
		w.miniFAT = append(w.miniFAT, uint32(len(w.miniFAT)+1))
		data = data[n:]
	}
	w.miniFAT[len(w.miniFAT)-1] = endOfChain
	return start
}

func (w *oleWriter) write() []byte {
	le := binary.LittleEndian
	for _, n := range w.nodes[1:] {
		switch {
		case n.kind != 2:
		case len(n.data) == 0:
			n.start = endOfChain
		case len(n.data) < 4096:
			n.start = w.putMini(n.data)
		default:
			n.start = w.put(n.data)
		}
	}
	root := w.nodes[0]
	root.data = w.mini
	root.start = w.put(w.mini)
	miniStart := w.put(table(w.miniFAT))
	var dir []byte
	for _, n := range w.nodes {
		dir = append(dir, n.entry()...)
	}
	dirStart := w.put(dir)
	fatSectors := 1
	for fatSectors*sectorSize/4 < len(w.fat)+fatSectors {
		fatSectors++
	}
	header := make([]byte, sectorSize)
	copy(header, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	le.PutUint16(header[24:], 0x3E)
	le.PutUint16(header[26:], 3)
	le.PutUint16(header[28:], 0xFFFE)
	le.PutUint16(header[30:], 9)
	le.PutUint16(header[32:], 6)
	le.PutUint32(header[44:], uint32(fatSectors))
	le.PutUint32(header[48:], dirStart)
	le.PutUint32(header[56:], 4096)
	le.PutUint32(header[60:], miniStart)
	le.PutUint32(header[64:], uint32((len(w.miniFAT)*4+sectorSize-1)/sectorSize))
	le.PutUint32(header[68:], endOfChain)
	for i := range 109 {
		v := uint32(freeSector)
		if i < fatSectors {
			v = uint32(len(w.fat) + i)
		}
		le.PutUint32(header[76+4*i:], v)
	}
	for range fatSectors {
		w.fat = append(w.fat, 0xFFFFFFFD)
	}
	fat := table(w.fat)
	for len(fat) < fatSectors*sectorSize {
		fat = append(fat, 0xFF)
	}
	return append(append(header, w.sectors...), fat...)
}

func table(t []uint32) []byte {
	var out []byte
	for _, v := range t {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

// entry is the node's 128 octets of directory.
func (n *oleNode) entry() []byte {
	le := binary.LittleEndian
	b := make([]byte, 128)
	units := utf16.Encode([]rune(n.name))
	for i, u := range units {
		le.PutUint16(b[2*i:], u)
	}
	le.PutUint16(b[64:], uint16(2*len(units)+2))
	b[66], b[67] = n.kind, 1
	le.PutUint32(b[68:], noEntry)
	le.PutUint32(b[72:], n.right)
	le.PutUint32(b[76:], noEntry)
	if len(n.children) > 0 {
		le.PutUint32(b[76:], n.children[0].id)
	}
	copy(b[80:], n.clsid[:])
	le.PutUint32(b[116:], n.start)
	le.PutUint64(b[120:], uint64(len(n.data)))
	return b
}

// UTF16 is s in little-endian UTF-16.
func UTF16(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}
