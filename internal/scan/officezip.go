package scan

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"strings"
)

// Office documents since 2007 are zip archives of parts (APPNOTE.TXT, ECMA-376 part 2). Word and Excel offer to repair a document whose list
// of parts is broken, and senders of phishing break it on purpose. So the list is read as it is, and where it is broken the parts
// themselves are.

const maxParts = 10_000

// part is one file in such a zip.
type part struct {
	name   string // with "/" and without one before it
	low    string // the same in small letters
	method uint16
	packed []byte // the octets as they are stored
	locked bool
}

// readParts lists the parts. whole is false when the list of parts is broken or has too many.
func readParts(b []byte) (parts []part, whole bool) {
	parts, whole = centralParts(b)
	if len(parts) == 0 {
		parts, whole = localParts(b), false
	}
	return parts, whole
}

// centralParts walks the central directory (APPNOTE.TXT section 4.3.12).
func centralParts(b []byte) (parts []part, whole bool) {
	le := binary.LittleEndian
	tail := b[max(0, len(b)-66_000):]
	end := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if end < 0 || end+22 > len(tail) {
		return nil, false
	}
	size, at := int64(le.Uint32(tail[end+12:])), int64(le.Uint32(tail[end+16:]))
	end += len(b) - len(tail)
	shift := int64(end) - size - at // octets before the archive
	if shift < 0 || at+shift > int64(len(b)) {
		shift = 0
	}
	for at += shift; at+46 <= int64(end) && string(b[at:at+4]) == "PK\x01\x02"; {
		h := b[at:]
		n, extra, comment := int64(le.Uint16(h[28:])), int64(le.Uint16(h[30:])), int64(le.Uint16(h[32:]))
		if at+46+n > int64(len(b)) || len(parts) >= maxParts {
			return parts, false
		}
		p := part{name: partName(h[46 : 46+n]), method: le.Uint16(h[10:]), locked: le.Uint16(h[8:])&1 != 0}
		p.low = strings.ToLower(p.name)
		from := int64(le.Uint32(h[42:])) + shift
		if from+30 <= int64(len(b)) && string(b[from:from+4]) == "PK\x03\x04" {
			from += 30 + int64(le.Uint16(b[from+26:])) + int64(le.Uint16(b[from+28:]))
			if to := from + int64(le.Uint32(h[20:])); to <= int64(len(b)) {
				p.packed = b[from:to]
			}
		}
		whole = true
		parts = append(parts, p)
		at += 46 + n + extra + comment
	}
	return parts, whole
}

// localParts finds the parts by their own headers (section 4.3.7). Each reaches to the next; what inflates ends by itself.
func localParts(b []byte) []part {
	le := binary.LittleEndian
	var parts []part
	mark := []byte("PK\x03\x04")
	for at := bytes.Index(b, mark); at >= 0 && len(parts) < maxParts; {
		next := bytes.Index(b[at+4:], mark)
		end := len(b)
		if next >= 0 {
			next += at + 4
			end = next
		}
		if h := b[at:end]; len(h) > 30 {
			n, extra := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
			if 30+n+extra <= len(h) {
				p := part{name: partName(h[30 : 30+n]), method: le.Uint16(h[8:]), packed: h[30+n+extra:], locked: le.Uint16(h[6:])&1 != 0}
				p.low = strings.ToLower(p.name)
				if size := uint64(le.Uint32(h[18:])); size > 0 && size < uint64(len(p.packed)) {
					p.packed = p.packed[:size]
				}
				parts = append(parts, p)
			}
		}
		at = next
	}
	return parts
}

func partName(b []byte) string {
	s := strings.ToValidUTF8(string(b[:min(len(b), 1024)]), "\uFFFD")
	return strings.TrimLeft(strings.ReplaceAll(s, `\`, "/"), "/")
}

// document is an open zip of parts.
type document struct {
	s     *session
	f     *file
	parts []part
}

// find returns the part of a name in small letters, nil when there is none.
func (d *document) find(low string) *part {
	for i := range d.parts {
		if d.parts[i].low == low {
			return &d.parts[i]
		}
	}
	return nil
}

// read unpacks a part, at most limit octets of it. What came before an error is returned.
func (d *document) read(p *part, limit int64) []byte {
	if p == nil || p.packed == nil || d.s.over() {
		return nil
	}
	var r io.Reader = bytes.NewReader(p.packed)
	switch p.method {
	case 0:
	case 8:
		fr := flate.NewReader(r)
		defer fr.Close()
		r = fr
	default:
		d.s.defect("file-office-broken", d.f.way+" > "+p.name)
		return nil
	}
	limit = min(limit, d.s.lim.File, d.s.bytes)
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(out)) > limit {
		d.s.defect("file-limit-bytes", d.f.way+" > "+p.name)
		out = out[:max(limit, 0)]
	} else if err != nil {
		d.s.defect("file-office-broken", d.f.way+" > "+p.name)
	}
	d.s.bytes -= int64(len(out))
	return out
}
