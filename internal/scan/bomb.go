package scan

import (
	"fmt"
	"io"
)

var archiveKinds = set(`zip gz bz2 xz zst lz tar cab 7z rar iso udf img vhd vhdx`)

// What makes a bomb: this much comes out, and so many times of what went in. Text, tables and logs shrink to a tenth or fiftieth; what shrinks
// to less is made of one octet, to tire out or to slip past whoever looks into it.
const (
	bombBytes = 32 << 20
	bombRatio = 250
)

// weigh opens f by open. When it is the outermost archive, what came out of it and of those inside is held against its size. A bomb of many
// layers stops at the limits like a large honest archive does; its ratio tells them apart.
func (s *session) weigh(f *file, open func()) {
	if !f.archive || s.inArchive {
		open()
		return
	}
	s.inArchive, s.unpacked = true, 0
	open()
	s.inArchive = false
	if s.unpacked >= min(bombBytes, s.lim.File) && s.unpacked/bombRatio >= int64(len(f.content)) {
		s.fact(f, "archive-bomb", fmt.Sprintf("%d KB hold more than %d MB", (len(f.content)+1023)>>10, s.unpacked>>20))
	}
}

// maxSkim is how much is unpacked and thrown away to tell a bomb from an archive that is only large, in octets of one outermost archive.
const maxSkim = 256 << 20

// skim reads on where a file of f is larger than what is kept of it, until it is known whether f holds as much as a bomb does. Archives that
// are too large to be one are not read on.
func (s *session) skim(f *file, r io.Reader) {
	want := bombRatio * int64(len(f.content))
	if want > maxSkim {
		return
	}
	buf := make([]byte, 64<<10)
	for s.unpacked < want && !s.over() {
		for range step / len(buf) {
			got, err := r.Read(buf)
			s.unpacked += int64(max(0, got))
			if err != nil || got <= 0 {
				return
			}
		}
	}
}
