package email

import "bytes"

// S/MIME signs in two ways (RFC 8551 section 3.5): beside the text, as multipart/signed, or around it, as CMS SignedData
// (RFC 5652 section 5.1) that holds the signed entity. The latter is no encryption, only wrapping: Outlook and others show what is
// inside as if it were the message, while a reader that stops at the outer layer sees one opaque file.

// oidSignedData is 1.2.840.113549.1.7.2 as encoded.
var oidSignedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

const (
	berInteger  = 0x02
	berOctets   = 0x04
	berOID      = 0x06
	berSequence = 0x30
	berSet      = 0x31
	berContext0 = 0xa0
	berPieces   = 0x24 // an OCTET STRING in pieces

	berDepth = 12
)

// mayHoldSigned reports whether the part may be S/MIME signed data that holds what it signs: by its type, or by its name where
// gateways lost the type (RFC 8551 section 3.9). The smime-type parameter is only the sender's word; the content decides.
func mayHoldSigned(p *Part) bool {
	switch p.Type {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return true
	case "application/octet-stream":
		return extensionOf(p.Filename) == "p7m"
	}
	return false
}

// openSigned reads the entity that an opaque signature holds as the child of p.
func (r *reader) openSigned(p *Part, nesting int) {
	content, signed, broken := signedContent(p.Content)
	if !signed {
		return
	}
	if broken {
		r.b.defect("smime-broken", p.Path)
	}
	if content == nil {
		return
	}
	if p.Depth >= r.b.lim.Depth || nesting >= r.b.lim.Nesting {
		r.b.defect("limit-nesting", p.Path)
		return
	}
	if child := r.newPart(p); child != nil {
		r.split(content, child, nesting+1, false)
	}
}

// signedContent returns the content of CMS SignedData. signed is false when the bytes are something else; content is nil when they
// hold none, as lists of certificates and detached signatures do; broken says that they cannot be read in full.
func signedContent(b []byte) (content []byte, signed, broken bool) {
	var r berReader
	info, _, ok := r.value(b, berSequence)
	if !ok {
		return nil, false, false
	}
	oid, info, ok := r.value(info, berOID)
	if !ok || !bytes.Equal(oid, oidSignedData) {
		return nil, false, false
	}
	data := r.inside(info, berContext0)
	data = r.inside(data, berSequence)
	data = r.behind(data, berInteger) // version
	data = r.behind(data, berSet)     // digest algorithms
	data = r.inside(data, berSequence)
	data = r.behind(data, berOID) // type of the content
	if len(data) == 0 {
		return nil, true, r.broken
	}
	content = r.octets(r.inside(data, berContext0), 0)
	return content, true, r.broken
}

// berReader takes values encoded by X.690's Basic Encoding Rules apart. What is cut short or is not what it should be is noted, and
// as much as can be is returned.
type berReader struct {
	broken bool
}

// inside is what the value that b starts with holds, behind what stands after it.
func (r *berReader) inside(b []byte, tag byte) []byte {
	v, _, ok := r.value(b, tag)
	r.broken = r.broken || !ok
	return v
}

func (r *berReader) behind(b []byte, tag byte) []byte {
	_, rest, ok := r.value(b, tag)
	r.broken = r.broken || !ok
	return rest
}

// octets reads an OCTET STRING, which may come in pieces that come in pieces themselves.
func (r *berReader) octets(b []byte, depth int) []byte {
	if v, _, ok := r.value(b, berOctets); ok {
		return v
	}
	pieces, _, ok := r.value(b, berPieces)
	if !ok || depth > berDepth {
		r.broken = true
		return nil
	}
	content := []byte{}
	for len(pieces) > 0 {
		piece, rest, ok := r.value(pieces, berOctets)
		if !ok {
			if _, rest, ok = r.value(pieces, berPieces); !ok {
				r.broken = true
				break
			}
			piece = r.octets(pieces, depth+1)
		}
		content = append(content, piece...)
		pieces = rest
	}
	return content
}

// value reads the value that b starts with if it has the tag, and what stands behind it. A value that is cut short is returned as far
// as it goes.
func (r *berReader) value(b []byte, tag byte) (value, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil, false
	}
	head, size, definite, ok := berLength(b)
	if !ok {
		return nil, nil, false
	}
	if definite {
		end := min(len(b), head+size)
		r.broken = r.broken || end < head+size
		return b[head:end], b[end:], true
	}
	n := berEnd(b[head:], 0)
	r.broken = r.broken || head+n+2 > len(b)
	return b[head : head+n], b[min(len(b), head+n+2):], true
}

// berLength reads the header of the value at the start of b: its own size, and the size of the value when that is given.
func berLength(b []byte) (head, size int, definite, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f { // tags of several bytes do not occur in CMS
		return 0, 0, false, false
	}
	n := int(b[1])
	switch {
	case n < 0x80:
		return 2, n, true, true
	case n == 0x80:
		return 2, 0, false, b[0]&0x20 != 0
	}
	n &= 0x7f
	if n > 4 || len(b) < 2+n {
		return 0, 0, false, false
	}
	for _, c := range b[2 : 2+n] {
		if size >= 1<<22 { // more than a message can have
			size = 1 << 22
		}
		size = size<<8 | int(c)
	}
	return 2 + n, size, true, true
}

// berEnd is the length of a value of indefinite length: up to its end mark, or to the end of the bytes.
func berEnd(b []byte, depth int) int {
	at := 0
	for at+1 < len(b) {
		if b[at] == 0 && b[at+1] == 0 {
			return at
		}
		head, size, definite, ok := berLength(b[at:])
		if !ok || depth > berDepth {
			return len(b)
		}
		if at += head; definite {
			at += min(size, len(b)-at)
		} else {
			at = min(len(b), at+berEnd(b[at:], depth+1)+2)
		}
	}
	return len(b)
}
