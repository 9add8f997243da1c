package scan

import (
	"bytes"
	"io"
	"strings"
)

// Bounds of every file system that is walked, whatever its own sizes claim.
const (
	maxFolders     = 1000
	maxFolderDepth = 32
	maxFolderBytes = 1 << 20 // of one folder's list of entries
	sectorSize     = 512
)

// disk is a disk image that can be read anywhere: one in memory, or one that is put together from blocks.
type disk interface {
	io.ReaderAt
	Size() int64
}

// node is one entry of a folder of any file system.
type node struct {
	name   string
	folder bool
	at     int64 // where it begins, in the terms of its file system
	size   int64
	runs   []run // pieces, where the file system says them in the entry
}

// run is a piece of a file: octets of the disk, or zeros when at is negative.
type run struct{ at, size int64 }

// openDisk reads a disk image as whatever it holds.
func openDisk(s *session, f *file) {
	var v inventory
	found := false
	if strings.HasPrefix(string(f.content), "conectix") || footerOf(f.content) != nil {
		d, ok := newVHD(f.content)
		if !ok {
			s.defect("file-broken-disk", f.way)
			return
		}
		found = s.volumes(f, d, &v)
	} else if f.Kind == "vhdx" {
		d, ok := newVHDX(f.content)
		if !ok {
			s.defect("file-broken-disk", f.way)
			return
		}
		found = s.volumes(f, d, &v)
	} else {
		seen := map[run]bool{} // files by their octets: one disk may carry several trees of names
		found = s.udf(f, seen, &v)
		if !found && marksUDF(f.content) {
			s.defect("file-not-opened", f.way)
		}
		found = s.iso(f, seen, &v) || found
		if !found {
			found = s.volumes(f, bytes.NewReader(f.content), &v)
		}
	}
	if !found {
		s.fact(f, "file-not-opened", "a disk image without a file system that is known")
		s.defect("file-not-opened", f.way)
		return
	}
	s.takeStock(f, "disk image", &v)
}

// volumes looks for file systems on a disk: one without partitions, or those of its partition table.
func (s *session) volumes(f *file, d disk, v *inventory) bool {
	if s.volume(f, d, 0, v) {
		return true
	}
	found := false
	for _, at := range partitions(d) {
		if s.over() {
			break
		}
		found = s.volume(f, d, at, v) || found
	}
	return found
}

func (s *session) volume(f *file, d disk, at int64, v *inventory) bool {
	f.sealed = true // malware engines open ISO and UDF alone
	var boot [sectorSize]byte
	if n, _ := d.ReadAt(boot[:], at); n < sectorSize {
		return false
	}
	if string(boot[3:11]) == "NTFS    " {
		return s.ntfs(f, d, at, boot[:], v)
	}
	return s.fat(f, d, at, boot[:], v)
}

// partitions reads a partition table: the four entries of the classic one, or those of GPT (UEFI 2.10, section 5.3).
func partitions(d disk) []int64 {
	var b [sectorSize]byte
	if n, _ := d.ReadAt(b[:], 0); n < sectorSize || le16(b[:], 510) != 0xAA55 {
		return nil
	}
	var out []int64
	for i := range 4 {
		e := b[446+16*i:]
		switch e[4] {
		case 0:
		case 0xEE:
			return append(out, guidPartitions(d)...)
		default:
			out = append(out, int64(le32(e, 8))*sectorSize)
		}
	}
	return out
}

func guidPartitions(d disk) []int64 {
	var b [sectorSize]byte
	if n, _ := d.ReadAt(b[:], sectorSize); n < sectorSize || string(b[:8]) != "EFI PART" {
		return nil
	}
	at, size := le64(b[:], 72), int64(le32(b[:], 84))
	if at > d.Size()/sectorSize || size < 128 || size > 4096 {
		return nil
	}
	var out []int64
	for i := range int64(16) {
		var e [48]byte
		if n, _ := d.ReadAt(e[:], at*sectorSize+i*size); n < len(e) {
			break
		}
		if first := le64(e[:], 32); first > 0 && first < d.Size()/sectorSize {
			out = append(out, first*sectorSize)
		}
	}
	return out
}

// walk visits the folders of a file system from root on, each once, within the bounds. A folder is known by node.at. visit takes in the files of
// one folder and returns the folders in it.
func (s *session) walk(f *file, root node, visit func(dir node) []node) {
	type level struct {
		node
		depth int
	}
	todo := []level{{root, 0}}
	met := map[int64]bool{root.at: true} // visited or in todo
	for len(todo) > 0 && !s.over() {
		dir := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range visit(dir.node) {
			if met[n.at] || dir.depth == maxFolderDepth || len(met) > maxFolders {
				s.defect("file-disk-loop", f.way)
				continue
			}
			met[n.at] = true
			todo = append(todo, level{n, dir.depth + 1})
		}
	}
}

// onDisk takes in one file whose pieces are known.
func (s *session) onDisk(f *file, d disk, n *node, v *inventory) {
	name := baseName(n.name)
	if n.size < 0 || n.size > s.lim.File || n.size > s.bytes {
		s.defect("file-limit-bytes", f.way+" > "+name)
		s.listed(f, name, n.size)
		v.add(name, extension(name), "")
		return
	}
	content, whole, err := s.unpack(f, &runReader{d: d, runs: n.runs, left: n.size})
	if err != nil {
		s.defect("file-broken-disk", f.way+" > "+name)
	}
	if !whole && len(content) == 0 && n.size > 0 {
		s.listed(f, name, n.size)
		v.add(name, extension(name), "")
		return
	}
	v.add(name, extension(name), s.child(f, name, content))
}

// runReader reads the pieces of a file in their order.
type runReader struct {
	d    disk
	runs []run
	left int64
}

func (r *runReader) Read(p []byte) (int, error) {
	for len(r.runs) > 0 && r.runs[0].size <= 0 {
		r.runs = r.runs[1:]
	}
	if r.left <= 0 {
		return 0, io.EOF
	}
	if len(r.runs) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := int(min(int64(len(p)), r.left, r.runs[0].size))
	if r.runs[0].at < 0 {
		clear(p[:n])
	} else {
		var err error
		if n, err = r.d.ReadAt(p[:n], r.runs[0].at); n == 0 {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		r.runs[0].at += int64(n)
	}
	r.runs[0].size -= int64(n)
	r.left -= int64(n)
	return n, nil
}

// entries reads the list of a folder, at most maxFolderBytes of it. It counts as unpacked.
func (s *session) entries(f *file, d disk, runs []run, size int64) []byte {
	if size > maxFolderBytes {
		s.defect("file-disk-loop", f.way)
	}
	size = min(size, maxFolderBytes, d.Size())
	if !s.take(f, size) {
		return nil
	}
	b := make([]byte, size)
	n, _ := io.ReadFull(&runReader{d: d, runs: append([]run(nil), runs...), left: size}, b)
	return b[:n]
}
