package scan

import (
	"strings"
	"unicode/utf16"
)

// fatVolume is a FAT file system (Microsoft's fatgen103): FAT12, FAT16 or FAT32 by the number of clusters.
type fatVolume struct {
	d        disk
	table    int64 // where the allocation table begins
	data     int64 // where cluster 2 begins
	cluster  int64 // octets
	clusters int64
	bits     int
}

// fat reads a FAT file system, false when it is none.
func (s *session) fat(f *file, d disk, base int64, boot []byte, v *inventory) bool {
	sector, per := int64(le16(boot, 11)), int64(boot[13])
	reserved, tables, rootEntries := int64(le16(boot, 14)), int64(boot[16]), int64(le16(boot, 17))
	total, tableSize := int64(le16(boot, 19)), int64(le16(boot, 22))
	if boot[0] != 0xEB && boot[0] != 0xE9 || sector < 512 || sector > 4096 || sector&(sector-1) != 0 || per == 0 || per&(per-1) != 0 || reserved == 0 || tables == 0 || tables > 4 {
		return false
	}
	if total == 0 {
		total = int64(le32(boot, 32))
	}
	root := int64(0)
	if tableSize == 0 {
		tableSize, root = int64(le32(boot, 36)), int64(le32(boot, 44))
	}
	first := reserved + tables*tableSize
	rootSectors := (rootEntries*32 + sector - 1) / sector
	u := fatVolume{d: d, table: base + reserved*sector, data: base + (first+rootSectors)*sector, cluster: per * sector, bits: 16}
	u.clusters = min((total-first-rootSectors)/per, (d.Size()-u.data)/u.cluster+1)
	switch {
	case u.clusters <= 0 || tableSize == 0:
		return false
	case root != 0:
		u.bits = 32
	case (total-first-rootSectors)/per < 4085:
		u.bits = 12
	}
	start := node{folder: true, at: root}
	if root == 0 {
		start.size, start.runs = rootEntries*32, []run{{base + first*sector, rootEntries * 32}}
	}
	s.walk(f, start, func(dir node) (folders []node) {
		if dir.runs == nil {
			dir.runs, dir.size = u.chain(dir.at, maxFolderBytes)
		}
		for _, n := range fatList(s.entries(f, d, dir.runs, dir.size)) {
			switch {
			case s.over():
				return nil
			case n.folder && n.at >= 2:
				folders = append(folders, n)
			case !n.folder:
				if n.size > 0 && n.size <= s.lim.File {
					n.runs, _ = u.chain(n.at, n.size)
				}
				s.onDisk(f, d, &n, v)
			}
		}
		return folders
	})
	return true
}

// chain follows the allocation table from a cluster on, for at most size octets: a loop ends there too.
func (u *fatVolume) chain(cluster, size int64) (runs []run, total int64) {
	for n := int64(0); cluster >= 2 && cluster < u.clusters+2 && total < size && n <= u.clusters; n++ {
		at := u.data + (cluster-2)*u.cluster
		if k := len(runs) - 1; k >= 0 && runs[k].at+runs[k].size == at {
			runs[k].size += u.cluster
		} else {
			runs = append(runs, run{at, u.cluster})
		}
		total += u.cluster
		cluster = u.next(cluster)
	}
	return runs, total
}

func (u *fatVolume) next(cluster int64) int64 {
	var b [4]byte
	switch u.bits {
	case 12:
		_, _ = u.d.ReadAt(b[:2], u.table+cluster*3/2)
		return int64(le16(b[:], 0)>>(4*(cluster&1))) & 0xFFF
	case 16:
		_, _ = u.d.ReadAt(b[:2], u.table+cluster*2)
		return int64(le16(b[:], 0))
	}
	_, _ = u.d.ReadAt(b[:4], u.table+cluster*4)
	return int64(le32(b[:], 0) & 0x0FFFFFFF)
}

// fatList reads the entries of a folder, long names included.
func fatList(b []byte) []node {
	var out []node
	var long [20 * 13]uint16
	pieces := 0
	for ; len(b) >= 32; b = b[32:] {
		e := b[:32]
		switch {
		case e[0] == 0:
			return out
		case e[0] == 0xE5:
			pieces = 0
			continue
		case e[11] == 0x0F: // a piece of a long name, the last one first
			if n := int(e[0] & 0x1F); n >= 1 && n <= 20 {
				if e[0]&0x40 != 0 {
					pieces = n
				}
				for i, at := range [...]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
					long[(n-1)*13+i] = le16(e, at)
				}
			}
			continue
		case e[11]&0x08 != 0: // the volume's name
			pieces = 0
			continue
		}
		name := strings.TrimRight(string(e[:8]), " ")
		if ext := strings.TrimRight(string(e[8:11]), " "); ext != "" {
			name += "." + ext
		}
		if pieces > 0 {
			units := long[:pieces*13]
			for i, u := range units {
				if u == 0 {
					units = units[:i]
					break
				}
			}
			name = string(utf16.Decode(units))
		}
		pieces = 0
		if name == "." || name == ".." {
			continue
		}
		out = append(out, node{name: name, folder: e[11]&0x10 != 0, at: int64(le16(e, 20))<<16 | int64(le16(e, 26)), size: int64(le32(e, 28))})
	}
	return out
}
