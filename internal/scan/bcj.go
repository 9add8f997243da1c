package scan

import "io"

// x86Reader undoes the filter for x86 programs that 7-Zip and xz put before compression: the targets of calls and jumps, which were made
// absolute so that they repeat, are made relative again. (liblzma, simple/x86.c describes it.)
type x86Reader struct {
	in         io.Reader
	buf        []byte // read, from ready on not yet filtered
	ready, out int
	at         uint32 // position of buf[0]
	mask       uint32
	last       uint32 // position of the last call
	begun      bool
	err        error
}

func (x *x86Reader) Read(p []byte) (int, error) {
	if !x.begun {
		x.begun, x.buf, x.last = true, make([]byte, 0, 64<<10), ^uint32(4)
	}
	for x.out == x.ready {
		if x.err != nil {
			if x.ready == len(x.buf) {
				return 0, x.err
			}
			x.ready = len(x.buf) // the last few octets are never changed
			break
		}
		x.at += uint32(x.ready)
		x.buf = x.buf[:copy(x.buf, x.buf[x.ready:])]
		x.ready, x.out = 0, 0
		n, err := x.in.Read(x.buf[len(x.buf):cap(x.buf)])
		x.buf = x.buf[:len(x.buf)+n]
		x.err = err
		x.ready = x.filter()
		if n == 0 && err == nil && x.ready == 0 {
			return 0, nil
		}
	}
	n := copy(p, x.buf[x.out:x.ready])
	x.out += n
	return n, nil
}

// filter changes buf and says how much of it is done.
func (x *x86Reader) filter() int {
	b := x.buf
	if len(b) < 5 {
		return 0
	}
	if x.at-x.last > 5 {
		x.last = x.at - 5
	}
	i := 0
	for i <= len(b)-5 {
		if b[i] != 0xE8 && b[i] != 0xE9 {
			i++
			continue
		}
		here := x.at + uint32(i)
		gap := here - x.last
		x.last = here
		if gap > 5 {
			x.mask = 0
		} else {
			for range gap {
				x.mask = x.mask & 0x77 << 1
			}
		}
		if top := b[i+4]; (top == 0 || top == 0xFF) && 0x17>>(x.mask>>1&7)&1 != 0 && x.mask>>1 < 0x10 {
			v := x.target(le32(b, i+1), here+5)
			b[i+1], b[i+2], b[i+3] = byte(v), byte(v>>8), byte(v>>16)
			b[i+4] = ^(byte(v>>24)&1 - 1)
			i += 5
			x.mask = 0
			continue
		} else if top == 0 || top == 0xFF {
			x.mask |= 0x10
		}
		x.mask |= 1
		i++
	}
	return i
}

// target makes one target relative. The mask says which octets of it may belong to another call.
func (x *x86Reader) target(v, behind uint32) uint32 {
	for range 8 {
		d := v - behind
		if x.mask == 0 {
			return d
		}
		n := [8]uint32{0, 1, 2, 2, 3, 3, 3, 3}[x.mask>>1&7]
		if top := byte(d >> (24 - n*8)); top != 0 && top != 0xFF {
			return d
		}
		v = d ^ (1<<(32-n*8) - 1)
	}
	return v - behind
}

// bcj2 undoes the four-stream filter of 7-Zip: the main stream, the targets of calls, those of jumps, and a range coder that says which
// opcodes have one. All streams are in memory; most bounds the result.
func bcj2(main, calls, jumps, coder []byte, most int64) []byte {
	if len(coder) < 5 {
		return nil
	}
	var probs [2 + 256]uint32
	for i := range probs {
		probs[i] = 1024
	}
	var code uint32
	for _, c := range coder[1:5] {
		code = code<<8 | uint32(c)
	}
	coder = coder[5:]
	width := ^uint32(0)
	out := make([]byte, 0, min(most, int64(len(main)+len(calls)+len(jumps))))
	prev := byte(0)
	for len(main) > 0 && int64(len(out)) < most {
		b := main[0]
		main = main[1:]
		out = append(out, b)
		call, jump := b == 0xE8, b == 0xE9
		long := prev == 0x0F && b&0xF0 == 0x80
		if !call && !jump && !long {
			prev = b
			continue
		}
		p := &probs[257]
		switch {
		case call:
			p = &probs[prev]
		case jump:
			p = &probs[256]
		}
		prev = b
		bound := width >> 11 * *p
		if code < bound {
			width = bound
			*p += (2048 - *p) >> 5
		} else {
			width, code = width-bound, code-bound
			*p -= *p >> 5
			from := &jumps
			if call {
				from = &calls
			}
			if len(*from) < 4 {
				return out
			}
			v := uint32((*from)[0])<<24 | uint32((*from)[1])<<16 | uint32((*from)[2])<<8 | uint32((*from)[3])
			*from = (*from)[4:]
			v -= uint32(len(out)) + 4
			out = append(out, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
			prev = byte(v >> 24)
		}
		if width < 1<<24 {
			if len(coder) == 0 {
				return out
			}
			code = code<<8 | uint32(coder[0])
			coder = coder[1:]
			width <<= 8
		}
	}
	return out
}
