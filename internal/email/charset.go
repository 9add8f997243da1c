package email

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// charsetFit says how well a declared charset described the bytes.
type charsetFit int

const (
	charsetFits     charsetFit = iota
	charsetUnknown             // no such charset; UTF-8 or windows-1252 was read instead
	charsetWrong               // the bytes are not in the declared charset, another one was read
	charsetMismatch            // declared ASCII or Latin-1, but the bytes are UTF-8
	charsetMissing             // none was declared, and the bytes are not UTF-8
)

// defect is the id for a fit that broke a rule, "" for none.
func (f charsetFit) defect() string {
	switch f {
	case charsetUnknown:
		return "charset-unknown"
	case charsetWrong:
		return "charset-wrong"
	case charsetMismatch:
		return "charset-mismatch"
	case charsetMissing:
		return "charset-missing"
	}
	return ""
}

// charsetAliases are names seen in mail that neither the WHATWG nor the IANA list has, and those that these
// lists read in a way that is wrong for mail.
var charsetAliases = map[string]encoding.Encoding{
	"cp932": japanese.ShiftJIS, "ms932": japanese.ShiftJIS, "windows-932": japanese.ShiftJIS, "shiftjis": japanese.ShiftJIS, "x-ms-cp932": japanese.ShiftJIS,
	"eucjp": japanese.EUCJP, "jis": japanese.ISO2022JP, "iso-2022-jp-ms": japanese.ISO2022JP, "cp50220": japanese.ISO2022JP, "cp50221": japanese.ISO2022JP,
	"iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP, "iso-2022-jp-3": japanese.ISO2022JP,
	"gb2312": simplifiedchinese.GB18030, "gb_2312-80": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "x-gbk": simplifiedchinese.GB18030,
	"cp936": simplifiedchinese.GB18030, "windows-936": simplifiedchinese.GB18030, "gb-2312": simplifiedchinese.GB18030, "euc-cn": simplifiedchinese.GB18030,
	"hz-gb-2312": simplifiedchinese.HZGB2312, "hz": simplifiedchinese.HZGB2312,
	"cp950": traditionalchinese.Big5, "windows-950": traditionalchinese.Big5, "big-5": traditionalchinese.Big5, "big5hkscs": traditionalchinese.Big5, "chinesebig5": traditionalchinese.Big5,
	"cp949": korean.EUCKR, "uhc": korean.EUCKR, "ks_c_5601": korean.EUCKR, "euckr": korean.EUCKR, "x-windows-949": korean.EUCKR,
	"cp437": charmap.CodePage437, "ibm437": charmap.CodePage437, "cp850": charmap.CodePage850, "ibm850": charmap.CodePage850,
	"cp852": charmap.CodePage852, "ibm852": charmap.CodePage852, "cp855": charmap.CodePage855, "ibm855": charmap.CodePage855,
	"cp858": charmap.CodePage858, "cp860": charmap.CodePage860, "cp862": charmap.CodePage862, "cp863": charmap.CodePage863,
	"cp865": charmap.CodePage865, "cp866": charmap.CodePage866, "cp037": charmap.CodePage037, "cp1047": charmap.CodePage1047,
	"cp874": charmap.Windows874, "mac-roman": charmap.Macintosh, "x-macroman": charmap.Macintosh, "macroman": charmap.Macintosh, "mac-cyrillic": charmap.MacintoshCyrillic,
	"utf-32": utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "utf-32le": utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), "utf-32be": utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
	"utf-16": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf16": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"ucs-2": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "iso-10646-ucs-2": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"iso8859-8-i": charmap.ISO8859_8I, "8859-8-i": charmap.ISO8859_8I, "iso-8859-8i": charmap.ISO8859_8I,
	"windows-cp1252": charmap.Windows1252, "win-1251": charmap.Windows1251, "win1251": charmap.Windows1251, "cp-1251": charmap.Windows1251,
	"koi8": charmap.KOI8R, "koi8r": charmap.KOI8R,
}

// charsetName brings a declared name into its usual form: quotes, a language (RFC 2231 section 5) and what stands
// behind the name are taken off.
func charsetName(label string) string {
	name := strings.ToLower(strings.Trim(label, "\"' \t\r\n;,<>="))
	name = strings.TrimPrefix(name, "charset=")
	if i := strings.IndexAny(name, "*;, \t\"'"); i > 0 {
		name = name[:i]
	}
	return name
}

// isUTF8Name and isLatinName report whether a name means UTF-8 or one of the sets that senders write without
// thinking: ASCII and Latin-1, which are both read as windows-1252.
func isUTF8Name(name string) bool {
	switch name {
	case "utf-8", "utf8", "utf_8", "unicode-1-1-utf-8", "utf-8-mac", "x-utf-8", "utf-8n", "csutf8", "65001", "cp65001", "utf8mb4", "utf", "utf-8-sig":
		return true
	}
	return false
}

func isLatinName(name string) bool {
	switch name {
	case "", "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "ansi_x3.4-1968",
		"ansi", "7bit", "8bit", "646", "iso-8859", "us", "usascii", "iso8859_1", "8859-1", "default", "cp-1252", "win-1252", "x-ansi":
		return true
	}
	return false
}

// findEncoding returns the encoding of a name, nil when it is unknown or cannot be decoded.
func findEncoding(name string) encoding.Encoding {
	if e, ok := charsetAliases[name]; ok {
		return e
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	if rest, ok := strings.CutPrefix(name, "cp-"); ok {
		if e, ok := charsetAliases["cp"+rest]; ok {
			return e
		}
	}
	for _, prefix := range []string{"x-", "cs", "windows-", "win-", "cp"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if e, ok := charsetAliases[rest]; ok {
				return e
			}
			if strings.HasPrefix(rest, "125") {
				if e, err := htmlindex.Get("windows-" + rest); err == nil {
					return e
				}
			}
		}
	}
	if rest, ok := strings.CutPrefix(name, "8859-"); ok {
		if e, err := htmlindex.Get("iso-8859-" + rest); err == nil {
			return e
		}
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// toUTF8 reads bytes in the declared charset as UTF-8. When the name is unknown or the bytes do not fit it, they are
// read as UTF-8, and failing that as windows-1252, which fits any bytes. The result is always valid UTF-8.
func toUTF8(b []byte, label string) (string, charsetFit) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	name := charsetName(label)
	switch {
	case isUTF8Name(name):
		if utf8.Valid(b) {
			return string(b), charsetFits
		}
		return brokenUTF8(b), charsetWrong
	case isLatinName(name):
		if ascii := asciiOnly(b); ascii || utf8.Valid(b) {
			if ascii || name == "" {
				return string(b), charsetFits
			}
			return string(b), charsetMismatch
		}
		if name == "" {
			return brokenUTF8(b), charsetMissing
		}
		return decodeWith(charmap.Windows1252, b), charsetFits
	case strings.HasSuffix(name, "utf-7") || name == "utf7":
		return decodeUTF7(b), charsetFits
	case name == "iso-2022-kr":
		return decodeWith(korean.EUCKR, shiftOut(b)), charsetFits
	}
	e := findEncoding(name)
	if e == nil {
		return guess(b), charsetUnknown
	}
	if strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") || strings.HasPrefix(name, "ucs-") {
		if bytes.IndexByte(b[:min(len(b), 64)], 0) < 0 && utf8.Valid(b) && !hasUTF16Mark(b) {
			return string(b), charsetWrong // a label that was never true: the bytes are plain text
		}
	}
	if e == japanese.ISO2022JP && !asciiOnly(b) {
		// A 7-bit charset with 8-bit bytes: one of the two other Japanese ones was meant.
		if text := decodeWith(japanese.EUCJP, b); !garbled(text) {
			return text, charsetWrong
		}
		e = japanese.ShiftJIS
	}
	text := decodeWith(e, b)
	if strings.Contains(text, "\uFFFD") {
		if utf8.Valid(b) {
			return string(b), charsetWrong
		}
		if garbled(text) {
			return brokenUTF8(b), charsetWrong
		}
	}
	return text, charsetFits
}

// garbled reports whether decoding failed for more than a tenth of the text that is not ASCII.
func garbled(text string) bool {
	bad := strings.Count(text, "\uFFFD")
	if bad == 0 {
		return false
	}
	good := 0
	for _, c := range text {
		if c >= 0x80 && c != 0xfffd {
			good++
		}
	}
	return bad*9 > good
}

func hasUTF16Mark(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))
}

func asciiOnly(b []byte) bool {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if (b[i]|b[i+1]|b[i+2]|b[i+3]|b[i+4]|b[i+5]|b[i+6]|b[i+7])&0x80 != 0 {
			return false
		}
	}
	for ; i < len(b); i++ {
		if b[i] >= 0x80 {
			return false
		}
	}
	return true
}

// guess reads bytes of an unknown charset.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return brokenUTF8(b)
}

// brokenUTF8 reads bytes that are not valid UTF-8 and have no better charset. When most of what is not ASCII forms
// UTF-8 characters (damaged text, or pieces of two charsets in one), those stand and the other bytes are read as
// windows-1252; else all is in the East Asian charset that it looks like, or windows-1252.
func brokenUTF8(b []byte) string {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		if r, n := utf8.DecodeRune(b[i:]); r == utf8.RuneError && n == 1 {
			bad++
			i++
		} else {
			good++
			i += n
		}
	}
	if good <= 2*bad {
		if e := guessEastAsian(b); e != nil {
			return decodeWith(e, b)
		}
		return decodeWith(charmap.Windows1252, b)
	}
	var out strings.Builder
	out.Grow(len(b) + 2*bad)
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(b[i])
		}
		out.WriteRune(r)
		i += n
	}
	return out.String()
}

// decodeWith runs a decoder; what it cannot read becomes U+FFFD.
func decodeWith(e encoding.Encoding, b []byte) string {
	if table, ok := e.(*charmap.Charmap); ok {
		return decodeTable(table, b)
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	if !utf8.Valid(out) {
		return string(bytes.ToValidUTF8(out, []byte("\uFFFD")))
	}
	return string(out)
}

// decodeTable decodes a charset of single octets. It counts first: the text can be three times as long, and a buffer that grows to it
// twice that.
func decodeTable(table *charmap.Charmap, b []byte) string {
	size := 0
	for _, c := range b {
		if c < utf8.RuneSelf {
			size++
		} else {
			size += utf8.RuneLen(table.DecodeByte(c))
		}
	}
	var out strings.Builder
	out.Grow(size)
	plain := table.DecodeByte('A') == 'A' // not EBCDIC
	for i := 0; i < len(b); {
		n := i
		for plain && n < len(b) && b[n] < utf8.RuneSelf {
			n++
		}
		out.Write(b[i:n])
		if i = n; i < len(b) {
			out.WriteRune(table.DecodeByte(b[i]))
			i++
		}
	}
	return out.String()
}

// decodeUTF7 decodes RFC 2152: "+base64-" stands for UTF-16, "+-" for a plus. The text between is ASCII;
// 8-bit bytes there are read as windows-1252.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	out.Grow(len(b))
	for i := 0; i < len(b); {
		c := b[i]
		if c != '+' {
			n := i
			for n < len(b) && b[n] != '+' {
				n++
			}
			out.WriteString(guess(b[i:n]))
			i = n
			continue
		}
		i++
		n := i
		for n < len(b) && base64Values[b[n]] < 64 {
			n++
		}
		if n == i {
			out.WriteByte('+')
			if i < len(b) && b[i] == '-' {
				i++
			}
			continue
		}
		writeUTF16(&out, b[i:n])
		i = n
		if i < len(b) && b[i] == '-' {
			i++
		}
	}
	return out.String()
}

// writeUTF16 writes the text that base64 characters encode in big-endian UTF-16. Bits that make no whole unit are padding.
func writeUTF16(out *strings.Builder, code []byte) {
	group, bits := uint32(0), 0
	var high rune // a surrogate that waits for its other half
	for _, c := range code {
		group = group<<6 | uint32(base64Values[c])
		if bits += 6; bits < 16 {
			continue
		}
		bits -= 16
		unit := rune(group >> bits & 0xFFFF)
		if high != 0 {
			if r := utf16.DecodeRune(high, unit); r != utf8.RuneError {
				out.WriteRune(r)
				high = 0
				continue
			}
			out.WriteRune(utf8.RuneError)
			high = 0
		}
		if unit >= 0xD800 && unit < 0xDC00 {
			high = unit
			continue
		}
		out.WriteRune(unit) // the second half of a pair alone becomes U+FFFD
	}
	if high != 0 {
		out.WriteRune(utf8.RuneError)
	}
}

// shiftOut turns ISO-2022-KR (RFC 1557) into EUC-KR: between SO and SI the high bit is set.
func shiftOut(b []byte) []byte {
	out := make([]byte, 0, len(b))
	b = bytes.TrimPrefix(b, []byte("\x1b$)C"))
	shifted := false
	for _, c := range b {
		switch {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > 0x20 && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return out
}

// metaCharset finds the charset that an HTML document declares about itself in its first 4096 bytes
// (a meta element), "" when there is none.
func metaCharset(b []byte) string {
	head := b[:min(len(b), 4096)]
	for {
		i := bytes.Index(head, []byte("<"))
		if i < 0 {
			return ""
		}
		head = head[i+1:]
		if len(head) < 5 || !bytes.EqualFold(head[:4], []byte("meta")) {
			continue
		}
		tag := head
		if k := bytes.IndexByte(tag, '>'); k >= 0 {
			tag = tag[:k]
		}
		low := bytes.ToLower(tag)
		k := bytes.Index(low, []byte("charset"))
		if k < 0 {
			continue
		}
		rest := bytes.TrimLeft(low[k+len("charset"):], " \t\r\n")
		if len(rest) == 0 || rest[0] != '=' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n\"'")
		if k := bytes.IndexAny(rest, "\"'; \t\r\n/>"); k >= 0 {
			rest = rest[:k]
		}
		return string(rest)
	}
}

// decodeText returns a text part's content as UTF-8.
func (r *reader) decodeText(p *Part) string {
	b := p.Content
	label := p.Charset
	if label == "" || charsetName(label) == "x-unknown" || charsetName(label) == "unknown" || charsetName(label) == "unknown-8bit" {
		if p.Type == "text/html" {
			if meta := metaCharset(b); meta != "" && !strings.HasPrefix(meta, "utf-16") {
				label = meta
			}
		}
		if hasUTF16Mark(b) {
			label = "utf-16"
		}
	}
	text, fit := toUTF8(b, label)
	if id := fit.defect(); id != "" {
		r.b.defect(id, p.Path)
	}
	if fit == charsetMissing {
		if hint := r.wordCharset(); hint != "" {
			if again, fit := toUTF8(b, hint); fit != charsetUnknown && !strings.Contains(again, "\uFFFD") {
				return again
			}
		}
	}
	return text
}
