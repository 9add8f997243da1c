package scan

import (
	"bytes"
	"encoding/ascii85"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/tiff/lzw"
)

// undo reads r to its end or to what may still be unpacked, and counts it. What came before an error is kept: readers of PDF show it too.
// guess is how many octets will come, 0 when nothing is known.
func (s *session) undo(f *file, r io.Reader, guess int) []byte {
	most := min(s.lim.File, s.bytes)
	var b bytes.Buffer
	b.Grow(int(max(0, min(int64(guess), most))) + bytes.MinRead)
	n, _ := io.Copy(&b, io.LimitReader(r, most+1))
	if n > most {
		s.defect("file-limit-bytes", f.way)
		b.Truncate(int(most))
	}
	s.bytes -= min(n, most)
	return b.Bytes()
}

// unfilter undoes the filters of a stream (ISO 32000-1 section 7.4). rest names the picture format it ends in ("DCTDecode", "JPXDecode",
// "CCITTFaxDecode", "JBIG2Decode", or one that is not known), "" when all were undone.
func (p *pdf) unfilter(d pdfDict, raw []byte) (out []byte, rest pdfName) {
	filters := p.list(p.first(d, "Filter", "F"))
	parms := p.list(p.first(d, "DecodeParms", "DP"))
	for i, v := range filters {
		if i == 8 || p.s.over() {
			return raw, "Crypt"
		}
		name, _ := p.resolve(v).(pdfName)
		var parm pdfDict
		if i < len(parms) {
			parm, _ = p.resolve(parms[i]).(pdfDict)
		}
		switch name {
		case "FlateDecode", "Fl":
			raw = p.predict(p.inflate(raw, samples(p, d)), parm)
		case "LZWDecode", "LZW":
			raw = p.predict(p.s.undo(p.f, lzw.NewReader(bytes.NewReader(raw), lzw.MSB, 8), 2*len(raw)), parm)
		case "ASCIIHexDecode", "AHx":
			l := pdfLexer{b: append([]byte{'<'}, raw...)}
			raw = []byte(l.hex())
		case "ASCII85Decode", "A85":
			raw = bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("<~"))
			if end := bytes.Index(raw, []byte("~")); end >= 0 {
				raw = raw[:end]
			}
			raw = p.s.undo(p.f, ascii85.NewDecoder(bytes.NewReader(raw)), len(raw))
		case "RunLengthDecode", "RL":
			raw = p.runLength(raw)
		case "Crypt":
		default:
			return raw, name
		}
	}
	return raw, ""
}

// samples is how many octets the samples of a picture take, by what its dictionary claims; 0 for anything else.
func samples(p *pdf, d pdfDict) int {
	w, h := p.number(p.first(d, "Width", "W"), 0), p.number(p.first(d, "Height", "H"), 0)
	if w < 1 || h < 1 || w > 1<<16 || h > 1<<16 {
		return 0
	}
	colours, _ := p.colours(p.first(d, "ColorSpace", "CS"), 0)
	bits := int(p.number(p.first(d, "BitsPerComponent", "BPC"), 8))
	return (int(w)*colours*min(max(bits, 1), 16)/8 + 2) * int(h) // a row of a predictor is one octet longer
}

// inflate undoes FlateDecode. guess is how many octets will come; it is believed as far as the packed ones can hold it.
func (p *pdf) inflate(raw []byte, guess int) []byte {
	const most = 1032 // octets one octet of deflate can hold
	if guess = min(guess, most*len(raw)); guess == 0 {
		guess = 3 * len(raw)
	}
	raw = bytes.TrimLeft(raw, "\r\n")
	if z, err := zlib.NewReader(bytes.NewReader(raw)); err == nil {
		return p.s.undo(p.f, z, guess)
	}
	if len(raw) > 2 {
		return p.s.undo(p.f, flate.NewReader(bytes.NewReader(raw[2:])), guess)
	}
	return nil
}

// runLength undoes RunLengthDecode (section 7.4.5).
func (p *pdf) runLength(raw []byte) []byte {
	most := int(min(p.s.lim.File, p.s.bytes))
	var out []byte
	for i := 0; i < len(raw) && raw[i] != 128; {
		n := int(raw[i])
		i++
		if n < 128 {
			end := min(len(raw), i+n+1)
			out = append(out, raw[i:end]...)
			i = end
		} else if i < len(raw) {
			for range 257 - n {
				out = append(out, raw[i])
			}
			i++
		}
		if len(out) > most {
			p.s.defect("file-limit-bytes", p.f.way)
			out = out[:most]
			break
		}
	}
	p.s.bytes -= int64(len(out))
	return out
}

// predict undoes the PNG and TIFF predictors (section 7.4.4.4), in place.
func (p *pdf) predict(b []byte, parm pdfDict) []byte {
	kind := int(p.number(parm["Predictor"], 1))
	if kind < 2 {
		return b
	}
	colours, bits := int(p.number(parm["Colors"], 1)), int(p.number(parm["BitsPerComponent"], 8))
	columns := int(p.number(parm["Columns"], 1))
	if colours < 1 || colours > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1<<20 {
		return b
	}
	size := max(1, colours*bits/8)
	row := (colours*bits*columns + 7) / 8
	if kind == 2 {
		if bits == 8 {
			for at := 0; at+row <= len(b); at += row {
				for i := at + size; i < at+row; i++ {
					b[i] += b[i-size]
				}
			}
		}
		return b
	}
	out := b[:0]
	prior := make([]byte, row)
	for at := 0; at < len(b); at += row + 1 {
		line := b[at+1 : min(len(b), at+1+row)]
		unPNG(b[at], line, prior, size)
		copy(prior, line)
		out = append(out, line...)
	}
	return out
}

// unPNG undoes one filtered line (PNG, section 9.2).
func unPNG(kind byte, line, prior []byte, size int) {
	for i := range line {
		var left, corner int
		if i >= size {
			left, corner = int(line[i-size]), int(prior[i-size])
		}
		up := int(prior[i])
		switch kind {
		case 1:
			line[i] += byte(left)
		case 2:
			line[i] += byte(up)
		case 3:
			line[i] += byte((left + up) / 2)
		case 4:
			guess := left + up - corner
			a, b, c := abs(guess-left), abs(guess-up), abs(guess-corner)
			switch {
			case a <= b && a <= c:
				line[i] += byte(left)
			case b <= c:
				line[i] += byte(up)
			default:
				line[i] += byte(corner)
			}
		}
	}
}
