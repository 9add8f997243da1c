package email

import (
	"bytes"
	"encoding/binary"
)

const (
	b64Bad   = 0xff
	b64Space = 0xfe
	b64Pad   = 0xfd
)

// base64Values maps a byte to its six bits, or to one of the marks above.
var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = b64Bad
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	for _, c := range []byte(" \t\r\n") {
		t[c] = b64Space
	}
	t['='] = b64Pad
	return t
}()

// decodeBase64 decodes RFC 2045 section 6.8 as the most patient reader does: bytes outside the alphabet are
// stepped over, padding ends a group but not the data, a missing one is forgiven. bad is the offset of the first
// illegal byte, -1 when there is none; white space is legal. A message cut short only loses its last group.
func decodeBase64(src []byte) (out []byte, bad int) {
	bad = -1
	out = make([]byte, len(src)/4*3+11) // the fast path writes 8 bytes to keep 6
	t := &base64Values
	n, i := 0, 0
	var group uint32
	bits := 0
	for i < len(src) {
		if bits == 0 {
			for i+8 <= len(src) {
				s := src[i : i+8 : i+8]
				a, b, c, d := t[s[0]], t[s[1]], t[s[2]], t[s[3]]
				e, f, g, h := t[s[4]], t[s[5]], t[s[6]], t[s[7]]
				if (a|b|c|d|e|f|g|h)&0xc0 != 0 {
					break
				}
				v := uint64(a)<<58 | uint64(b)<<52 | uint64(c)<<46 | uint64(d)<<40 |
					uint64(e)<<34 | uint64(f)<<28 | uint64(g)<<22 | uint64(h)<<16
				binary.BigEndian.PutUint64(out[n:], v)
				n += 6
				i += 8
			}
			if i >= len(src) {
				break
			}
		}
		v := t[src[i]]
		i++
		switch {
		case v < 64:
			group = group<<6 | uint32(v)
			if bits += 6; bits == 24 {
				out[n], out[n+1], out[n+2] = byte(group>>16), byte(group>>8), byte(group)
				n += 3
				group, bits = 0, 0
			}
		case v == b64Pad:
			n += flushBits(out[n:], group, bits)
			group, bits = 0, 0
		case v == b64Bad && bad < 0:
			bad = i - 1
		}
	}
	n += flushBits(out[n:], group, bits)
	return out[:n:n], bad
}

// withFooter returns the text that src encodes together with the plain lines that mailing lists and gateways append to a body
// without asking how it is encoded; decoded like the rest, those would be garbage that costs the whole text its charset. It also
// returns src itself when that was never encoded. bad is the first illegal byte, out what src decodes to.
func withFooter(out, src []byte, bad int) []byte {
	from := bytes.LastIndexByte(src[:bad], '\n') + 1
	if pad := bytes.LastIndexByte(src[:from], '='); pad >= 0 { // words without a sign look like base64, but not behind its end
		if i := bytes.IndexByte(src[pad:], '\n'); i >= 0 {
			from = pad + i + 1
		}
	}
	if !isProse(src[from:]) {
		return out
	}
	text, _ := decodeBase64(src[:from])
	return append(text, src[from:]...)
}

// isProse reports whether text was never base64: it is full of illegal bytes, and what it decodes to is noise. Base64 that somebody
// sprinkled with illegal bytes, which patient readers step over, decodes to text.
func isProse(text []byte) bool {
	illegal, inLine := 0, false
	for _, c := range text {
		switch v := base64Values[c]; {
		case c == '\n' || c == '\r':
			inLine = false
		case v == b64Bad || v == b64Space && inLine:
			illegal++
		default:
			inLine = true
		}
	}
	if illegal == 0 || illegal < len(text)/20 {
		return false
	}
	decoded, _ := decodeBase64(text)
	control := 0
	for _, c := range decoded {
		if c < ' ' && c != 0 && c != '\t' && c != '\n' && c != '\r' && c != 0x1b { // NUL is of UTF-16, ESC of ISO-2022
			control++
		}
	}
	return control > len(decoded)/50 // noise has one in nine
}

// flushBits writes the whole octets of an unfinished group.
func flushBits(out []byte, group uint32, bits int) int {
	switch bits {
	case 12:
		out[0] = byte(group >> 4)
		return 1
	case 18:
		out[0], out[1] = byte(group>>10), byte(group>>2)
		return 2
	}
	return 0
}

// decodeQP decodes quoted-printable (RFC 2045 section 6.7). A "=" that starts no escape stays as it is, and bad
// is the offset of the first, -1 when there is none. White space at the end of a line is dropped, as the RFC asks.
func decodeQP(src []byte) (out []byte, bad int) {
	bad = -1
	out = make([]byte, 0, len(src))
	for at := 0; at < len(src); {
		end, next := len(src), len(src)
		if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
		}
		line := src[at:end]
		if len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		eol := src[at+len(line) : next]
		for len(line) > 0 && (line[len(line)-1] == ' ' || line[len(line)-1] == '\t') {
			line = line[:len(line)-1]
		}
		if len(line) > 0 && line[len(line)-1] == '=' {
			line, eol = line[:len(line)-1], nil
		}
		var wrong int
		if out, wrong = appendQP(out, line); wrong >= 0 && bad < 0 {
			bad = at + wrong
		}
		out = append(out, eol...)
		at = next
	}
	return out, bad
}

// appendQP decodes one line without its end.
func appendQP(out, line []byte) (_ []byte, bad int) {
	bad = -1
	for i := 0; ; {
		k := bytes.IndexByte(line[i:], '=')
		if k < 0 {
			return append(out, line[i:]...), bad
		}
		out = append(out, line[i:i+k]...)
		i += k
		if i+2 < len(line) {
			hi, lo := hexValue(line[i+1]), hexValue(line[i+2])
			if hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 3
				continue
			}
		}
		if bad < 0 {
			bad = i
		}
		out = append(out, '=')
		i++
	}
}

// hexValue is the value of a hexadecimal digit, 255 for any other byte.
func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
