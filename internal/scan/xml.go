package scan

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// xmlScanner walks the tags and texts of an XML part, in one pass and without building anything. It forgives what Office forgives and
// more: it looks for what is there and does not check. Entities of a document's own are not resolved; Office refuses those documents.
type xmlScanner struct {
	b     []byte
	i     int
	kind  xmlKind
	name  string // of the element, without its prefix
	full  string // with it
	attrs []byte // between the name and ">"
	text  []byte // raw
	empty bool   // <name/>
}

type xmlKind byte

const (
	xmlStart xmlKind = iota
	xmlEnd
	xmlText
)

// newXML takes a part as it stands in the zip: UTF-8, or UTF-16 with a mark.
func newXML(b []byte) *xmlScanner {
	big := bytes.HasPrefix(b, []byte("\xFE\xFF"))
	if big || bytes.HasPrefix(b, []byte("\xFF\xFE")) {
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			u := uint16(b[i]) | uint16(b[i+1])<<8
			if big {
				u = u<<8 | u>>8
			}
			units = append(units, u)
		}
		b = []byte(string(utf16.Decode(units)))
	}
	return &xmlScanner{b: b}
}

// next goes to the next tag or text; false at the end.
func (x *xmlScanner) next() bool {
	for x.i < len(x.b) {
		if x.b[x.i] != '<' {
			end := bytes.IndexByte(x.b[x.i:], '<')
			if end < 0 {
				end = len(x.b) - x.i
			}
			x.kind, x.text = xmlText, x.b[x.i:x.i+end]
			x.i += end
			return true
		}
		rest := x.b[x.i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			x.skip(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			x.kind = xmlText
			end := bytes.Index(rest, []byte("]]>"))
			if end < 0 {
				end = len(rest)
			}
			x.text = bytes.ReplaceAll(rest[9:max(9, end)], []byte("&"), []byte("&amp;"))
			x.i += min(end+3, len(rest))
			return true
		case len(rest) > 1 && (rest[1] == '!' || rest[1] == '?'):
			x.skip(rest, ">")
		default:
			x.tag(rest)
			return true
		}
	}
	return false
}

func (x *xmlScanner) skip(rest []byte, end string) {
	if n := bytes.Index(rest, []byte(end)); n >= 0 {
		x.i += n + len(end)
	} else {
		x.i = len(x.b)
	}
}

// tag reads <name attributes>, where ">" in quotes does not end it.
func (x *xmlScanner) tag(rest []byte) {
	end, quote := 1, byte(0)
	for ; end < len(rest); end++ {
		c := rest[end]
		if quote != 0 {
			if c == quote {
				quote = 0
			}
		} else if c == '"' || c == '\'' {
			quote = c
		} else if c == '>' {
			break
		}
	}
	x.i += min(end+1, len(rest))
	in := rest[1:min(end, len(rest))]
	x.kind, x.empty = xmlStart, false
	if len(in) > 0 && in[0] == '/' {
		x.kind, in = xmlEnd, in[1:]
	}
	if n := len(in); n > 0 && in[n-1] == '/' {
		x.empty, in = true, in[:n-1]
	}
	n := bytes.IndexAny(in, " \t\r\n")
	if n < 0 {
		n = len(in)
	}
	x.full = string(in[:min(n, 200)])
	x.name = x.full[strings.LastIndexByte(x.full, ':')+1:]
	x.attrs = in[n:]
}

// attr returns the value of an attribute, by its name without a prefix; "" when it is not there.
func (x *xmlScanner) attr(name string) string {
	a := x.attrs
	for len(a) > 0 {
		eq := bytes.IndexByte(a, '=')
		if eq < 0 {
			return ""
		}
		key := bytes.TrimSpace(a[:eq])
		a = bytes.TrimLeft(a[eq+1:], " \t\r\n")
		if len(a) == 0 || a[0] != '"' && a[0] != '\'' {
			return ""
		}
		end := bytes.IndexByte(a[1:], a[0])
		if end < 0 {
			end = len(a) - 1
		}
		if string(key[bytes.LastIndexByte(key, ':')+1:]) == name {
			return unescapeXML(a[1 : 1+end])
		}
		a = a[min(end+2, len(a)):]
	}
	return ""
}

// xmlAttrs finds the first element of a name and returns its attributes.
func xmlAttrs(b []byte, name string) func(string) string {
	x := newXML(b)
	for x.next() {
		if x.kind == xmlStart && x.name == name {
			return x.attr
		}
	}
	return func(string) string { return "" }
}

// unescapeXML resolves the five entities and numbers.
func unescapeXML(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	var out strings.Builder
	for len(b) > 0 {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			out.Write(b)
			break
		}
		out.Write(b[:i])
		b = b[i:]
		end := bytes.IndexByte(b[:min(len(b), 12)], ';')
		if end < 0 {
			out.WriteByte('&')
			b = b[1:]
			continue
		}
		if r, ok := entity(string(b[1:end])); ok {
			out.WriteRune(r)
		} else {
			out.Write(b[:end+1])
		}
		b = b[end+1:]
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

func entity(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}
