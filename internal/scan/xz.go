package scan

import (
	"bytes"
	"errors"
	"io"
)

// xzReader reads an .xz file (The .xz File Format 1.2.0). Of filters, LZMA2 alone and x86 before it are known. Checks are stepped over: what
// does not fit them is still what a careless program would unpack. It is ours because the library lets the file choose the decoder's memory.
type xzReader struct {
	all   []byte
	in    *bytes.Reader
	block io.Reader
	check int   // octets of the check behind each block
	start int64 // of the block's data
	err   error
}

var (
	errXZ       = errors.New("not an .xz stream")
	errXZFilter = errors.New("a filter that is not known")
)

func newXZReader(b []byte) io.Reader {
	x := &xzReader{all: b, in: bytes.NewReader(b)}
	x.err = x.stream()
	return x
}

func (x *xzReader) Read(p []byte) (int, error) {
	for x.err == nil {
		if x.block == nil {
			x.err = x.next()
			continue
		}
		n, err := x.block.Read(p)
		switch {
		case err == io.EOF:
			x.block = nil
			if x.err = x.endBlock(); n == 0 {
				continue
			}
		case err != nil:
			x.err = err
		}
		return n, nil
	}
	return 0, x.err
}

// stream reads the header of a stream (section 2.1.1).
func (x *xzReader) stream() error {
	var h [12]byte
	if _, err := io.ReadFull(x.in, h[:]); err != nil || string(h[:6]) != "\xFD7zXZ\x00" {
		return errXZ
	}
	x.check = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[h[7]&15]
	return nil
}

// next reads the header of a block (section 3.1). At the index, which ends the blocks, it looks for another stream behind it.
func (x *xzReader) next() error {
	size, err := x.in.ReadByte()
	if err != nil {
		return errXZ
	}
	if size == 0 {
		return x.another()
	}
	h := make([]byte, int(size)*4+3)
	if _, err := io.ReadFull(x.in, h); err != nil {
		return errXZ
	}
	flags, h := h[0], h[1:]
	filters := int(flags&3) + 1
	for range int(flags>>6&1) + int(flags>>7&1) { // packed and unpacked size, where they are given
		if _, h, err = xzNumber(h); err != nil {
			return err
		}
	}
	x86 := false
	code := byte(0)
	for i := range filters {
		var id, n uint64
		if id, h, err = xzNumber(h); err != nil {
			return err
		}
		if n, h, err = xzNumber(h); err != nil || n > uint64(len(h)) {
			return errXZ
		}
		switch {
		case id == 0x21 && n == 1 && i == filters-1:
			code = h[0]
		case id == 4 && n == 0 && i == 0:
			x86 = true
		default:
			return errXZFilter
		}
		h = h[n:]
	}
	x.start = x.in.Size() - int64(x.in.Len())
	x.block = lzma2Reader(code, -1, x.in)
	if x86 {
		x.block = &x86Reader{in: x.block}
	}
	return nil
}

// endBlock steps over padding and check.
func (x *xzReader) endBlock() error {
	used := x.in.Size() - int64(x.in.Len()) - x.start
	skip := int((4-used%4)%4) + x.check
	if x.in.Len() < skip {
		return errXZ
	}
	_, err := x.in.Seek(int64(skip), io.SeekCurrent)
	return err
}

// another finds the stream behind the index and footer of this one; io.EOF when there is none.
func (x *xzReader) another() error {
	rest := x.all[len(x.all)-x.in.Len():]
	i := bytes.Index(rest, []byte("\xFD7zXZ\x00"))
	if i < 0 {
		return io.EOF
	}
	x.all = rest[i:]
	x.in = bytes.NewReader(x.all)
	return x.stream()
}

// xzNumber reads a number of variable length (section 1.2).
func xzNumber(b []byte) (uint64, []byte, error) {
	var v uint64
	for i := 0; i < 9 && i < len(b); i++ {
		v |= uint64(b[i]&0x7F) << (7 * i)
		if b[i] < 0x80 {
			return v, b[i+1:], nil
		}
	}
	return 0, nil, errXZ
}
