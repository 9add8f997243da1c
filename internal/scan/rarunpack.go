package scan

import (
	"encoding/binary"
	"slices"
)

// rarUnpacker undoes the compression of RAR 5. What was unpacked is the dictionary, so the memory it takes is that of the files, whatever the
// archive asks for. Filters change copies: those of one file may cover at most four times its octets.
type rarUnpacker struct {
	window  []byte // of all files of a solid group
	lengths [306 + 64 + 16 + 44]byte
	main    rarCode
	far     rarCode
	low     rarCode
	rep     rarCode
	old     [4]int
	last    int
	tables  bool
	filters []rarFilter
}

type rarFilter struct{ kind, start, length, channels int }

// rarBits reads bits, most significant first. Behind the end it reads zeros; short says so.
type rarBits struct {
	b     []byte
	at    int // in bits
	limit int
}

func (r *rarBits) peek() uint32 { // 16 bits
	i := r.at >> 3
	var v uint32
	if i+3 <= len(r.b) {
		v = uint32(r.b[i])<<16 | uint32(r.b[i+1])<<8 | uint32(r.b[i+2])
	} else {
		for k := range 3 {
			v <<= 8
			if i+k < len(r.b) {
				v |= uint32(r.b[i+k])
			}
		}
	}
	return v >> (8 - r.at&7) & 0xFFFF
}

func (r *rarBits) bits(n int) int {
	v := 0
	for n > 16 {
		v = v<<16 | int(r.peek())
		r.at += 16
		n -= 16
	}
	v = v<<n | int(r.peek()>>(16-n))
	r.at += n
	return v
}

// rarCode is a canonical Huffman code of at most 15 bits.
type rarCode struct {
	limit   [16]uint32 // behind the last code of each length, left-aligned to 15 bits
	first   [16]int
	symbols []uint16
}

func (c *rarCode) init(lengths []byte) {
	var count [16]int
	for _, n := range lengths {
		count[n&15]++
	}
	count[0] = 0
	limit, first := uint32(0), 0
	for n := 1; n < 16; n++ {
		c.first[n] = first
		limit += uint32(count[n]) << (15 - n)
		c.limit[n] = limit
		first += count[n]
	}
	c.symbols = slices.Grow(c.symbols[:0], first)[:first]
	next := c.first
	for i, n := range lengths {
		if n &= 15; n != 0 {
			c.symbols[next[n]] = uint16(i)
			next[n]++
		}
	}
}

// read returns the next symbol, -1 when there is none.
func (c *rarCode) read(r *rarBits) int {
	v := r.peek() >> 1
	for n := 1; n < 16; n++ {
		if v < c.limit[n] {
			r.at += n
			low := uint32(0)
			if n > 1 {
				low = c.limit[n-1]
			}
			if i := c.first[n] + int((v-low)>>(15-n)); i < len(c.symbols) {
				return int(c.symbols[i])
			}
			return -1
		}
	}
	return -1
}

// file unpacks one file of size octets. most bounds the window of a solid group.
func (u *rarUnpacker) file(packed []byte, size int, solid bool, most int, over func() bool) ([]byte, error) {
	if !solid {
		u.window, u.old, u.last, u.tables = nil, [4]int{}, 0, false
		clear(u.lengths[:])
	}
	if len(u.window)+size > most {
		return nil, errRarTooMuch
	}
	begin := len(u.window)
	u.filters = u.filters[:0]
	end := begin + size
	for len(u.window) < end {
		r, rest, last, err := u.block(packed)
		if err != nil {
			return nil, err
		}
		if err := u.decode(r, end, over); err != nil {
			return nil, err
		}
		if packed = rest; last {
			break
		}
	}
	if len(u.window) < end {
		return nil, errRarData
	}
	return u.filtered(begin, end)
}

// block reads the header of a block of codes.
func (u *rarUnpacker) block(b []byte) (r *rarBits, rest []byte, last bool, err error) {
	if len(b) < 3 {
		return nil, nil, false, errRarData
	}
	flags, sum := b[0], b[1]
	octets := int(flags>>3&3) + 1
	if octets == 4 || len(b) < 2+octets {
		return nil, nil, false, errRarData
	}
	check, size := 0x5A^flags, 0
	for i, c := range b[2 : 2+octets] {
		check ^= c
		size |= int(c) << (8 * i)
	}
	if b = b[2+octets:]; check != sum || size == 0 || size > len(b) {
		return nil, nil, false, errRarData
	}
	r = &rarBits{b: b[:size], limit: (size-1)*8 + int(flags&7) + 1}
	if flags&0x80 != 0 {
		if err := u.readTables(r); err != nil {
			return nil, nil, false, err
		}
	}
	if !u.tables {
		return nil, nil, false, errRarData
	}
	return r, b[size:], flags&0x40 != 0, nil
}

func (u *rarUnpacker) readTables(r *rarBits) error {
	var pre [20]byte
	for i := 0; i < len(pre); i++ {
		n := r.bits(4)
		if n == 15 {
			if zeros := r.bits(4); zeros > 0 {
				i += zeros + 1
				continue
			}
		}
		pre[i] = byte(n)
	}
	var code rarCode
	code.init(pre[:])
	for i := 0; i < len(u.lengths); {
		s := code.read(r)
		if s < 0 || r.at > r.limit {
			return errRarData
		}
		if s < 16 {
			u.lengths[i] = byte(s)
			i++
			continue
		}
		n := 0
		if s&1 == 0 {
			n = r.bits(3) + 3
		} else {
			n = r.bits(7) + 11
		}
		value := byte(0)
		if s < 18 {
			if i == 0 {
				return errRarData
			}
			value = u.lengths[i-1]
		}
		for ; n > 0 && i < len(u.lengths); n-- {
			u.lengths[i] = value
			i++
		}
	}
	u.main.init(u.lengths[:306])
	u.far.init(u.lengths[306:370])
	u.low.init(u.lengths[370:386])
	u.rep.init(u.lengths[386:])
	u.tables = true
	return nil
}

// decode reads the codes of a block until the file is full.
func (u *rarUnpacker) decode(r *rarBits, end int, over func() bool) error {
	for n := 1; r.at < r.limit && len(u.window) < end; n++ {
		if n&0xFFFF == 0 && over() {
			return errRarTooMuch
		}
		s := u.main.read(r)
		switch {
		case s < 0:
			return errRarData
		case s < 256:
			u.window = append(u.window, byte(s))
			continue
		case s == 256:
			if !u.filter(r) {
				return errRarData
			}
			continue
		case s == 257:
		case s < 262:
			i := s - 258
			far := u.old[i]
			copy(u.old[1:i+1], u.old[:i])
			u.old[0] = far
			slot := u.rep.read(r)
			if slot < 0 {
				return errRarData
			}
			u.last = slotLength(r, slot)
		default:
			u.last = slotLength(r, s-262)
			if !u.distance(r) {
				return errRarData
			}
		}
		far, length := u.old[0], min(u.last, end-len(u.window))
		if far <= 0 || far > len(u.window) {
			if length > 0 {
				return errRarData
			}
			continue
		}
		for range length {
			u.window = append(u.window, u.window[len(u.window)-far])
		}
	}
	return nil
}

func slotLength(r *rarBits, slot int) int {
	if slot < 8 {
		return slot + 2
	}
	n := slot/4 - 1
	return (4|slot&3)<<n + r.bits(n) + 2
}

// distance reads how far back a match lies.
func (u *rarUnpacker) distance(r *rarBits) bool {
	slot := u.far.read(r)
	if slot < 0 {
		return false
	}
	far := 1
	if slot < 4 {
		far += slot
	} else {
		n := slot/2 - 1
		far += (2 | slot&1) << n
		if n >= 4 {
			if n > 4 {
				far += r.bits(n-4) << 4
			}
			low := u.low.read(r)
			if low < 0 {
				return false
			}
			far += low
		} else {
			far += r.bits(n)
		}
	}
	for _, more := range [...]int{0x100, 0x2000, 0x40000} {
		if far > more {
			u.last++
		}
	}
	copy(u.old[1:], u.old[:3])
	u.old[0] = far
	return true
}

// filter reads which octets that will come are to be changed afterwards, and how.
func (u *rarUnpacker) filter(r *rarBits) bool {
	number := func() int {
		n, v := r.bits(2)+1, 0
		for i := range n {
			v |= r.bits(8) << (8 * i)
		}
		return v
	}
	f := rarFilter{start: len(u.window) + number(), length: number(), kind: r.bits(3)}
	if f.kind == 0 {
		f.channels = r.bits(5) + 1
	}
	if len(u.filters) >= 8192 {
		return false
	}
	u.filters = append(u.filters, f)
	return true
}

// filtered returns a copy of a file with its filters done.
func (u *rarUnpacker) filtered(begin, end int) ([]byte, error) {
	if len(u.filters) == 0 {
		return slices.Clone(u.window[begin:end]), nil
	}
	out := slices.Clone(u.window[begin:end])
	left := 4*len(out) + 1<<20
	for _, f := range u.filters {
		from := f.start - begin
		if from < 0 || f.length < 0 || f.length > len(out)-from || from > len(out) {
			return nil, errRarData
		}
		if left -= f.length; left < 0 {
			return nil, errRarTooMuch
		}
		b := out[from : from+f.length]
		switch f.kind {
		case 0:
			in, i := slices.Clone(b), 0
			for ch := range f.channels {
				c := byte(0)
				for k := ch; k < len(b); k += f.channels {
					c -= in[i]
					i++
					b[k] = c
				}
			}
		case 1, 2:
			relative(b, from, f.kind == 2)
		case 3:
			for i := 0; i+4 <= len(b); i += 4 {
				if b[i+3] == 0xEB {
					v := (uint32(b[i]) | uint32(b[i+1])<<8 | uint32(b[i+2])<<16) - uint32(from+i)/4
					b[i], b[i+1], b[i+2] = byte(v), byte(v>>8), byte(v>>16)
				}
			}
		default:
			return nil, errRarData
		}
	}
	return out, nil
}

// relative makes the targets of x86 calls relative again.
func relative(b []byte, at int, jumps bool) {
	const size = 1 << 24
	for i := 0; i+5 <= len(b); i++ {
		if b[i] != 0xE8 && !(jumps && b[i] == 0xE9) {
			continue
		}
		here := int32((at + i + 1) % size)
		v := int32(le32(b, i+1))
		switch {
		case v < 0 && v+here >= 0:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(v+size))
		case v >= 0 && v < size:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(v-here))
		}
		i += 4
	}
}
