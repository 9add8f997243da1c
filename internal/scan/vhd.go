package scan

import (
	"encoding/binary"
	"io"
)

// vhd is a virtual hard disk (Virtual Hard Disk Image Format Specification 1.0): fixed, or dynamic, whose blocks are put together as they are
// read. Numbers are big-endian. A disk that only holds changes to another one is read as if the other were empty.
type vhd struct {
	b      []byte
	size   int64
	block  int64   // octets; 0 for a fixed disk
	table  []int64 // where each block's bitmap stands, -1 for one of zeros
	bitmap int64   // octets of a bitmap
}

func footerOf(b []byte) []byte {
	if len(b) >= 512 && string(b[len(b)-512:len(b)-504]) == "conectix" {
		return b[len(b)-512:]
	}
	return nil
}

func newVHD(b []byte) (*vhd, bool) {
	foot := footerOf(b)
	if foot == nil && len(b) >= 512 {
		foot = b[:512]
	}
	if len(foot) < 512 {
		return nil, false
	}
	be := binary.BigEndian
	v := &vhd{b: b, size: int64(min(be.Uint64(foot[48:]), 1<<44))}
	if kind := be.Uint32(foot[60:]); kind == 2 {
		v.size = min(v.size, int64(len(b)))
		return v, true
	}
	at := be.Uint64(foot[16:])
	if at > uint64(len(b)) || uint64(len(b))-at < 1024 || string(b[at:at+8]) != "cxsparse" {
		return nil, false
	}
	head := b[at:]
	v.block = int64(be.Uint32(head[32:]))
	entries := int64(be.Uint32(head[28:]))
	table := be.Uint64(head[16:])
	if v.block < 4096 || v.block&(v.block-1) != 0 || table > uint64(len(b)) {
		return nil, false
	}
	v.bitmap = (v.block/sectorSize/8 + sectorSize - 1) / sectorSize * sectorSize
	entries = min(entries, (int64(len(b))-int64(table))/4)
	for i := range entries {
		e := be.Uint32(b[int64(table)+4*i:])
		where := int64(e) * sectorSize
		if e == 0xFFFFFFFF || where > int64(len(b)) {
			where = -1
		}
		v.table = append(v.table, where)
	}
	return v, true
}

func (v *vhd) Size() int64 { return v.size }

// ReadAt reads zeros where nothing is recorded.
func (v *vhd) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at >= v.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), v.size-at)]
	if v.block == 0 {
		return copy(p, v.b[at:]), nil
	}
	done := 0
	for done < len(p) {
		i, in := at/v.block, at%v.block
		n := int(min(int64(len(p)-done), v.block-in))
		if i >= int64(len(v.table)) {
			return done, io.EOF
		}
		from := v.table[i] + v.bitmap + in
		piece := p[done : done+n]
		clear(piece)
		if v.table[i] >= 0 && from < int64(len(v.b)) {
			copy(piece, v.b[from:])
		}
		done += n
		at += int64(n)
	}
	return done, nil
}

// Ids of [MS-VHDX] sections 2.2.3.2 and 2.6.2, as they stand in a file.
const (
	vhdxBlocks   = "\x66\x77\xC2\x2D\x23\xF6\x00\x42\x9D\x64\x11\x5E\x9B\xFD\x4A\x08"
	vhdxMetadata = "\x06\xA2\x7C\x8B\x90\x47\x9A\x4B\xB8\xFE\x57\x5F\x05\x0F\x88\x6E"
	vhdxFile     = "\x37\x67\xA1\xCA\x36\xFA\x43\x4D\xB3\xB6\x33\xF0\xAA\x44\xE7\x6B"
	vhdxSize     = "\x24\x42\xA5\x2F\x1B\xCD\x76\x48\xB2\x11\x5D\xBE\xD8\x3B\xF4\xB8"
	vhdxSector   = "\x1D\xBF\x41\x81\x6F\xA9\x09\x47\xBA\x47\xF2\x33\xA8\xFA\xAB\x5F"
)

// newVHDX reads the newer kind of virtual disk: regions, metadata, and where each block stands. What the log of a disk that was not closed
// would change is not changed.
func newVHDX(b []byte) (*vhd, bool) {
	const regions = 192 << 10
	blocks, meta := []byte(nil), []byte(nil)
	for i := range 32 {
		at := regions + 16 + 32*i
		if at+32 > len(b) {
			break
		}
		from, size := le64(b, at+16), int64(le32(b, at+24))
		if from > int64(len(b)) {
			continue
		}
		region := b[from:min(int64(len(b)), from+size)]
		switch string(b[at : at+16]) {
		case vhdxBlocks:
			blocks = region
		case vhdxMetadata:
			meta = region
		}
	}
	v := &vhd{b: b}
	sector := int64(sectorSize)
	for i := range 32 {
		at := 32 + 32*i
		if at+32 > len(meta) {
			break
		}
		from := int64(le32(meta, at+16))
		if from+8 > int64(len(meta)) {
			continue
		}
		switch string(meta[at : at+16]) {
		case vhdxFile:
			v.block = int64(le32(meta, int(from)))
		case vhdxSize:
			v.size = min(le64(meta, int(from)), 1<<44)
		case vhdxSector:
			sector = int64(le32(meta, int(from)))
		}
	}
	if v.block < 1<<20 || v.block > 256<<20 || sector != 512 && sector != 4096 {
		return nil, false
	}
	ratio := (int64(1) << 23) * sector / v.block // blocks between two bitmaps
	for i := int64(0); 8*i+8 <= int64(len(blocks)) && int64(len(v.table))*v.block < v.size; i++ {
		if (i+1)%(ratio+1) == 0 {
			continue
		}
		e := le64(blocks, int(8*i))
		where := e &^ 0xFFFFF
		if state := e & 7; state < 6 || where > int64(len(b)) {
			where = -1
		}
		v.table = append(v.table, where)
	}
	return v, true
}
