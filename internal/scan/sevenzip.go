package scan

import (
	"errors"
	"hash/crc32"
	"strings"
	"unicode/utf16"
)

// 7z archives (7zFormat.txt of the LZMA SDK). The library that reads them allocates what the header asks for, gigabytes in a header of a
// hundred octets, so headers are read here: every count is held against the octets that are there, and the sizes of files against
// what may be unpacked, before anything is allocated.
const sevenSignature = "7z\xBC\xAF\x27\x1C"

// Property ids.
const (
	sevenEnd = iota
	sevenHeader
	sevenArchive
	sevenAdditional
	sevenStreams
	sevenFiles
	sevenPack
	sevenUnpack
	sevenSubStreams
	sevenSize
	sevenCRC
	sevenFolder
	sevenUnpackSize
	sevenNumStreams
	sevenEmptyStream
	sevenEmptyFile
	sevenAnti
	sevenNames
	sevenEncoded = 0x17
)

const (
	maxSevenFolders = 4096
	maxSevenCoders  = 8
)

var (
	errSeven      = errors.New("not a 7z header")
	errSevenLimit = errors.New("more than is read")
)

// sevenFolderInfo is one block of packed streams and how they become one.
type sevenFolderInfo struct {
	coders []sevenCoder
	binds  [][2]int // in, out
	packed []int    // in streams that are read from the archive
	sizes  []int64  // of out streams
	first  int      // of its packed streams, among all
	files  []int64  // sizes of the files in it
	sums   []uint32 // their checksums, 0 when not said
	crc    uint32   // of the whole, 0 when not said
}

type sevenCoder struct {
	id         string
	in, out    int
	properties []byte
}

// sevenStreamInfo is where streams lie.
type sevenStreamInfo struct {
	at      int64
	sizes   []int64
	folders []sevenFolderInfo
}

// sevenFile is one name.
type sevenFile struct {
	name  string
	empty bool
}

// sevenReader reads a header: numbers that end behind the octets are errors.
type sevenReader struct {
	b   []byte
	err error
}

func (r *sevenReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *sevenReader) octet() byte {
	if len(r.b) == 0 {
		r.fail(errSeven)
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *sevenReader) take(n int64) []byte {
	if n < 0 || n > int64(len(r.b)) {
		r.fail(errSeven)
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// number reads a number: the leading ones of the first octet say how many follow. It is at most 2^62.
func (r *sevenReader) number() int64 {
	first := r.octet()
	v := uint64(0)
	mask := byte(0x80)
	for i := range 8 {
		if first&mask == 0 {
			v |= uint64(first&(mask-1)) << (8 * i)
			break
		}
		v |= uint64(r.octet()) << (8 * i)
		mask >>= 1
	}
	return int64(min(v, 1<<62))
}

// count reads a number of things that take at least one bit each of what follows, or of which there are at most most.
func (r *sevenReader) count(most int) int {
	n := r.number()
	if n > int64(most) {
		r.fail(errSevenLimit)
		return 0
	}
	return int(n)
}

// bits reads one bit for each of n.
func (r *sevenReader) bits(n int) []bool {
	b := r.take(int64(n+7) / 8)
	if r.err != nil {
		return nil
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = b[i/8]&(0x80>>(i%8)) != 0
	}
	return out
}

// sums reads checksums: which are there, then they.
func (r *sevenReader) sums(n int) []uint32 {
	out := make([]uint32, n)
	var there []bool
	all := r.octet() != 0
	if !all {
		there = r.bits(n)
	}
	for i := range out {
		if r.err == nil && (all || there[i]) {
			if b := r.take(4); b != nil {
				out[i] = le32(b, 0)
			}
		}
	}
	return out
}

// streams reads StreamsInfo. most is how many files there may be.
func (r *sevenReader) streams(most int) sevenStreamInfo {
	var si sevenStreamInfo
	for r.err == nil {
		switch r.octet() {
		case sevenEnd:
			return si
		case sevenPack:
			r.pack(&si)
		case sevenUnpack:
			r.unpack(&si)
		case sevenSubStreams:
			r.subStreams(&si, most)
		default:
			r.fail(errSeven)
		}
	}
	return si
}

func (r *sevenReader) pack(si *sevenStreamInfo) {
	si.at = r.number()
	n := r.count(4 * maxSevenFolders)
	for r.err == nil {
		switch r.octet() {
		case sevenEnd:
			return
		case sevenSize:
			si.sizes = make([]int64, min(n, len(r.b)))
			for i := range si.sizes {
				si.sizes[i] = r.number()
			}
		case sevenCRC:
			r.sums(n)
		default:
			r.fail(errSeven)
		}
	}
}

func (r *sevenReader) unpack(si *sevenStreamInfo) {
	if r.octet() != sevenFolder {
		r.fail(errSeven)
	}
	n := r.count(maxSevenFolders)
	if r.octet() != 0 { // external
		r.fail(errSeven)
	}
	streams := 0
	for i := 0; i < n && r.err == nil; i++ {
		f := r.folder()
		f.first = streams
		streams += len(f.packed)
		si.folders = append(si.folders, f)
	}
	if r.octet() != sevenUnpackSize {
		r.fail(errSeven)
	}
	for i := range si.folders {
		f := &si.folders[i]
		outs := 0
		for _, c := range f.coders {
			outs += c.out
		}
		for range outs {
			f.sizes = append(f.sizes, r.number())
		}
		f.files = []int64{f.size()}
	}
	for r.err == nil {
		switch r.octet() {
		case sevenEnd:
			return
		case sevenCRC:
			for i, sum := range r.sums(len(si.folders)) {
				si.folders[i].crc = sum
			}
		default:
			r.fail(errSeven)
		}
	}
}

func (r *sevenReader) folder() sevenFolderInfo {
	var f sevenFolderInfo
	ins, outs := 0, 0
	for range r.count(maxSevenCoders) {
		flags := r.octet()
		c := sevenCoder{id: string(r.take(int64(flags & 15))), in: 1, out: 1}
		if flags&0x10 != 0 {
			c.in, c.out = r.count(4), r.count(4)
		}
		if flags&0x20 != 0 {
			c.properties = r.take(r.number())
		}
		ins, outs = ins+c.in, outs+c.out
		f.coders = append(f.coders, c)
	}
	if r.err != nil || outs == 0 || ins < outs-1 {
		r.fail(errSeven)
		return f
	}
	bound := map[int]bool{}
	for range outs - 1 {
		pair := [2]int{r.count(ins - 1), r.count(outs - 1)}
		bound[pair[0]] = true
		f.binds = append(f.binds, pair)
	}
	packed := ins - (outs - 1)
	if packed == 1 {
		for i := range ins {
			if !bound[i] {
				f.packed = append(f.packed, i)
				break
			}
		}
		return f
	}
	for range packed {
		f.packed = append(f.packed, r.count(ins-1))
	}
	return f
}

// mainOut is the out stream that no other coder reads.
func (f *sevenFolderInfo) mainOut() int {
	for i := len(f.sizes) - 1; i >= 0; i-- {
		read := false
		for _, b := range f.binds {
			read = read || b[1] == i
		}
		if !read {
			return i
		}
	}
	return 0
}

func (f *sevenFolderInfo) size() int64 {
	if i := f.mainOut(); i < len(f.sizes) {
		return f.sizes[i]
	}
	return 0
}

// fits reports whether content has the checksums that are said.
func (f *sevenFolderInfo) fits(content []byte) bool {
	if int64(len(content)) != f.size() || f.crc != 0 && crc32.ChecksumIEEE(content) != f.crc {
		return false
	}
	for i, sum := range f.sums {
		if f.files[i] > int64(len(content)) || sum != 0 && crc32.ChecksumIEEE(content[:f.files[i]]) != sum {
			return false
		}
		content = content[f.files[i]:]
	}
	return true
}

func (f *sevenFolderInfo) encrypted() bool {
	for _, c := range f.coders {
		if c.id == sevenAES {
			return true
		}
	}
	return false
}

func (r *sevenReader) subStreams(si *sevenStreamInfo, most int) {
	total := 0
	counts := make([]int, len(si.folders))
	for i := range counts {
		counts[i] = 1
	}
	id := r.octet()
	if id == sevenNumStreams {
		for i := range counts {
			counts[i] = r.count(most)
			if total += counts[i]; total > most {
				r.fail(errSevenLimit)
				return
			}
		}
		id = r.octet()
	}
	for i := range si.folders {
		f := &si.folders[i]
		f.files = nil
		rest := f.size()
		for j := 0; j < counts[i]; j++ {
			size := rest
			if j < counts[i]-1 {
				size = 0
				if id == sevenSize {
					size = min(r.number(), rest)
				}
			}
			rest -= size
			f.files = append(f.files, size)
		}
	}
	if id == sevenSize {
		id = r.octet()
	}
	for r.err == nil && id != sevenEnd {
		if id != sevenCRC {
			r.fail(errSeven)
			return
		}
		unknown := 0
		for i := range si.folders {
			if counts[i] != 1 || si.folders[i].crc == 0 {
				unknown += counts[i]
			}
		}
		sums := r.sums(unknown)
		for i := range si.folders {
			if f := &si.folders[i]; counts[i] != 1 || f.crc == 0 {
				f.sums, sums = sums[:counts[i]], sums[counts[i]:]
			}
		}
		id = r.octet()
	}
}

// files reads FilesInfo as far as names and empty streams go.
func (r *sevenReader) files(most int) []sevenFile {
	n := r.count(most)
	out := make([]sevenFile, n)
	for r.err == nil {
		id := r.octet()
		if id == sevenEnd {
			return out
		}
		field := sevenReader{b: r.take(r.number())}
		switch id {
		case sevenEmptyStream:
			for i, empty := range field.bits(n) {
				out[i].empty = empty
			}
		case sevenNames:
			if field.octet() != 0 {
				continue
			}
			for i := range out {
				out[i].name = field.name()
			}
		}
	}
	return out
}

// name reads UTF-16 up to a zero.
func (r *sevenReader) name() string {
	var units []uint16
	for len(r.b) >= 2 {
		u := le16(r.b, 0)
		r.b = r.b[2:]
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// sevenHeaderOf finds the header of an archive: what stands at the end of the file, by the start header (32 octets).
func sevenHeaderOf(b []byte) (header, streams []byte, err error) {
	i := strings.Index(string(b[:min(len(b), 1<<20)]), sevenSignature)
	if i < 0 || i+32 > len(b) {
		return nil, nil, errSeven
	}
	b = b[i:]
	at, size := 32+le64(b, 12), le64(b, 20)
	if at > int64(len(b)) || size > int64(len(b))-at {
		return nil, nil, errSeven
	}
	header = b[at : at+size]
	if crc32.ChecksumIEEE(header) != le32(b, 28) {
		return nil, nil, errSeven
	}
	return header, b[32:at], nil
}
