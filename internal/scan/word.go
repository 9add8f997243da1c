package scan

import (
	"encoding/binary"
	"strings"

	"tocsin/internal/email"
)

// maxWordText is how much text of an old Word document is read, in characters.
const maxWordText = 1 << 20

// openWord reads the text, fields and template of a Word 97 document ([MS-DOC]). locked says that the text is encrypted.
func openWord(s *session, f *file, c *compound) (locked bool) {
	main := c.readPath("WordDocument", s.lim.File)
	le := binary.LittleEndian
	if len(main) < 0x200 {
		c.broken = true
		return false
	}
	flags := le.Uint16(main[0x0A:])
	if flags&0x0100 != 0 { // fEncrypted
		return true
	}
	table := "0Table"
	if flags&0x0200 != 0 {
		table = "1Table"
	}
	tables := c.readPath(table, s.lim.File)
	if t := assocTemplate(slice(tables, le.Uint32(main[0x19A:]), le.Uint32(main[0x19E:]))); t != "" {
		s.remote(f, "template", t)
	}
	s.wordText(f, pieces(main, slice(tables, le.Uint32(main[0x1A2:]), le.Uint32(main[0x1A6:]))))
	return false
}

// slice returns size octets at offset, nil when they are not there.
func slice(b []byte, offset, size uint32) []byte {
	if end := uint64(offset) + uint64(size); end <= uint64(len(b)) {
		return b[offset:end]
	}
	return nil
}

// assocTemplate is the second string of SttbfAssoc ([MS-DOC] section 2.9.275): the template.
func assocTemplate(b []byte) string {
	le := binary.LittleEndian
	if len(b) < 6 || le.Uint16(b) != 0xFFFF {
		return ""
	}
	extra := int(le.Uint16(b[4:]))
	b = b[6:]
	for n := 0; n < 2 && len(b) >= 2; n++ {
		size := 2 * int(le.Uint16(b))
		b = b[2:]
		if size > len(b) {
			return ""
		}
		if n == 1 {
			return utf16Text(b[:size])
		}
		b = b[min(size+extra, len(b)):]
	}
	return ""
}

// pieces puts the text together from its piece table (Clx, [MS-DOC] section 2.9.38).
func pieces(main, clx []byte) string {
	le := binary.LittleEndian
	for len(clx) >= 3 && clx[0] == 1 { // Prc: formatting
		clx = clx[min(3+int(le.Uint16(clx[1:])), len(clx)):]
	}
	if len(clx) < 5 || clx[0] != 2 {
		return ""
	}
	table := clx[5:min(uint64(len(clx)), 5+uint64(le.Uint32(clx[1:])))]
	n := (len(table) - 4) / 12
	var out strings.Builder
	for i := 0; i < n && out.Len() < maxWordText; i++ {
		chars := int64(le.Uint32(table[4*i+4:])) - int64(le.Uint32(table[4*i:]))
		if chars <= 0 {
			continue
		}
		chars = min(chars, maxWordText)
		at := le.Uint32(table[4*(n+1)+8*i+2:])
		if at&0x40000000 != 0 { // one octet a character
			from := int64(at&0x3FFFFFFF) / 2
			if from < int64(len(main)) {
				out.WriteString(email.ReadCodePage(main[from:min(from+chars, int64(len(main)))], 1252))
			}
		} else if from := int64(at); from < int64(len(main)) {
			out.WriteString(utf16Text(main[from:min(from+2*chars, int64(len(main)))]))
		}
	}
	return out.String()
}

// wordText walks the characters of a text: 0x13, 0x14 and 0x15 begin, divide and end a field.
func (s *session) wordText(f *file, text string) {
	var fields fieldStack
	var shown strings.Builder
	for len(text) > 0 {
		i := strings.IndexAny(text, "\x13\x14\x15")
		run := text
		if i >= 0 {
			run = text[:i]
		}
		if fields.hidden() {
			fields.instruct(run)
		} else {
			fields.show(run)
			if shown.Len() < s.lim.Text {
				shown.WriteString(run)
			}
		}
		if i < 0 {
			break
		}
		switch text[i] {
		case 0x13:
			fields.begin()
		case 0x14:
			fields.separate()
		case 0x15:
			instruction, result := fields.end()
			s.field(f, instruction, result)
		}
		text = text[i+1:]
	}
	s.say(plainControls(shown.String()))
}

// plainControls turns the marks of Word and Excel in a text (ends of cells, breaks, places of pictures) into line ends.
func plainControls(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7F {
			return '\n'
		}
		return r
	}, s)
}
