package scan

import (
	"unicode/utf16"
)

// maxNTFSRecords bounds how many records of the master file table are read.
const maxNTFSRecords = 20_000

// ntfs reads the files of an NTFS volume from its master file table, record by record: names and octets, without the folders they lie in.
// (The format is not published; it is the same in all drivers that read it.) False when it is none.
func (s *session) ntfs(f *file, d disk, base int64, boot []byte, v *inventory) bool {
	cluster := int64(le16(boot, 11)) * int64(boot[13])
	if cluster < 512 || cluster > 2<<20 {
		return false
	}
	size := int64(int8(boot[64]))
	if size < 0 {
		size = 1 << min(-size, 20)
	} else {
		size *= cluster
	}
	if size < 512 || size > 16<<10 {
		return false
	}
	start := base + le64(boot, 48)%(1<<40)*cluster
	first := make([]byte, size)
	_, _ = d.ReadAt(first, start)
	table, ok := ntfsRecord(first, base, cluster)
	if !ok || table.runs == nil {
		return false
	}
	if table.size > maxNTFSRecords*size {
		s.defect("file-limit-files", f.way)
		table.size = maxNTFSRecords * size
	}
	if !s.take(f, table.size) {
		return true
	}
	r := runReader{d: d, runs: table.runs, left: table.size}
	b := make([]byte, size)
	for n := 0; !s.over(); n++ { // the first are the file system's own
		if !readFull(&r, b) {
			break
		}
		node, ok := ntfsRecord(b, base, cluster)
		if own := n < 16 || n < 64 && node.name[:min(1, len(node.name))] == "$"; !ok || own || node.folder || node.name == "" {
			continue
		}
		s.onDisk(f, resident{d, b}, &node, v)
	}
	return true
}

func readFull(r *runReader, b []byte) bool {
	for len(b) > 0 {
		n, err := r.Read(b)
		if err != nil {
			return false
		}
		b = b[n:]
	}
	return true
}

// residentAt is the place of octets that stand in the record itself.
const residentAt = int64(1) << 60

// resident reads the record where a piece says so, else the disk.
type resident struct {
	disk
	record []byte
}

func (r resident) ReadAt(p []byte, at int64) (int, error) {
	if at >= residentAt {
		return copy(p, r.record[min(at-residentAt, int64(len(r.record))):]), nil
	}
	return r.disk.ReadAt(p, at)
}

// ntfsRecord reads one record: its best name and the pieces of its unnamed data. The record's own copy of the ends of sectors is put back.
func ntfsRecord(b []byte, base, cluster int64) (n node, ok bool) {
	if string(b[:4]) != "FILE" || le16(b, 22)&1 == 0 {
		return n, false
	}
	fix, count := int(le16(b, 4)), int(le16(b, 6))
	for i := 1; i < count && fix+2*i+2 <= len(b) && i*512 <= len(b); i++ {
		copy(b[i*512-2:i*512], b[fix+2*i:fix+2*i+2])
	}
	n.folder = le16(b, 22)&2 != 0
	for at := int(le16(b, 20)); at+24 <= len(b); {
		kind, size := le32(b, at), int(le32(b, at+4))
		if kind == 0xFFFFFFFF || size < 24 || at+size > len(b) {
			break
		}
		a := b[at : at+size]
		away := a[8] != 0
		switch {
		case kind == 0x30 && !away:
			if from := int(le16(a, 20)); from+66 <= size {
				length, space := int(a[from+64]), a[from+65]
				if name := a[from+66:]; 2*length <= len(name) && (n.name == "" || space != 2) {
					n.name = wideName(name[:2*length])
				}
			}
		case kind == 0x80 && a[9] == 0 && !away:
			from := int64(le16(a, 20))
			n.size = min(int64(le32(a, 16)), max(0, int64(size)-from))
			n.runs = []run{{residentAt + int64(at) + from, n.size}}
		case kind == 0x80 && a[9] == 0 && size >= 64:
			if from := int(le16(a, 32)); le16(a, 12)&0x4001 == 0 && from <= size { // neither compressed nor encrypted
				n.size = le64(a, 48)
				n.runs = ntfsRuns(a[from:], base, cluster)
			} else {
				n.size = -1
			}
		}
		at += size
	}
	return n, true
}

func wideName(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = le16(b, 2*i)
	}
	return string(utf16.Decode(units))
}

// ntfsRuns reads a list of pieces: each begins with how many octets its length and its distance from the one before take.
func ntfsRuns(b []byte, base, cluster int64) []run {
	var out []run
	at := int64(0)
	for len(b) > 0 && b[0] != 0 && len(out) < 4096 {
		n, m := int(b[0]&15), int(b[0]>>4)
		if n == 0 || n > 6 || m > 6 || 1+n+m > len(b) {
			break
		}
		length, distance := int64(0), int64(0)
		for i := n; i >= 1; i-- {
			length = length<<8 | int64(b[i])
		}
		for i := n + m; i > n; i-- {
			distance = distance<<8 | int64(b[i])
		}
		if m > 0 && b[n+m]&0x80 != 0 {
			distance -= 1 << (8 * m)
		}
		at += distance
		r := run{base + at*cluster, min(length, 1<<40/cluster) * cluster}
		if m == 0 || at < 0 || at > 1<<44/cluster {
			r.at = -1
		}
		out = append(out, r)
		b = b[1+n+m:]
	}
	return out
}
