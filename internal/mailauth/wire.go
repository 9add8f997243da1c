package mailauth

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
)

// wireForm is the message as it crossed SMTP: CRLF line ends and no mbox separator line. Signatures are computed over
// that form (RFC 6376 section 3.4), while files and journals often hold bare line feeds.
func wireForm(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		if i := bytes.IndexByte(raw, '\n'); i >= 0 {
			raw = raw[i+1:]
		}
	}
	return email.CRLF(raw)
}

// field is one header field of the wire form: raw with its folding and final CRLF.
type field struct {
	name string // lower case, no white space
	raw  string
}

func (f field) value() string {
	_, v, _ := strings.Cut(f.raw, ":")
	return v
}

// fields splits the header of the wire form, and returns what follows the empty line. Beyond the limits the rest of the
// header is not looked at: signatures over it then fail, which is the safe side.
func fields(wire []byte) (header []field, body []byte) {
	rest := wire
	read := 0
	for len(rest) > 0 && len(header) < maxHeaderFields && read < maxHeaderOctets {
		if bytes.HasPrefix(rest, []byte("\r\n")) {
			return header, rest[2:]
		}
		end := fieldEnd(rest)
		line := string(rest[:end])
		rest, read = rest[end:], read+end
		name, _, ok := strings.Cut(line, ":")
		if !ok {
			continue // not a field; nothing can have signed it
		}
		if !strings.HasSuffix(line, "\r\n") {
			line += "\r\n"
		}
		header = append(header, field{name: strings.ToLower(strings.TrimRight(name, " \t")), raw: line})
	}
	if i := bytes.Index(rest, []byte("\r\n\r\n")); i >= 0 {
		return header, rest[i+4:]
	}
	return header, nil
}

// fieldEnd finds the end of the first field: the first line feed that no white space follows.
func fieldEnd(b []byte) int {
	at := 0
	for {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return len(b)
		}
		at += i + 1
		if at >= len(b) || b[at] != ' ' && b[at] != '\t' {
			return at
		}
	}
}

// relaxedField is the "relaxed" header canonicalisation of RFC 6376 section 3.4.2, without the final CRLF.
func relaxedField(raw string) string {
	name, value, _ := strings.Cut(raw, ":")
	return strings.ToLower(strings.TrimRight(name, " \t")) + ":" + strings.TrimSpace(squeeze(unfold(value)))
}

func unfold(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", ""), "\n", "")
}

// squeeze reduces each run of spaces and tabs to one space.
func squeeze(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for i := range len(s) {
		if s[i] == ' ' || s[i] == '\t' {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteByte(s[i])
	}
	if blank {
		b.WriteByte(' ')
	}
	return b.String()
}

// canonicalBody is the body after the simple or relaxed canonicalisation of RFC 6376 sections 3.4.3 and 3.4.4.
func canonicalBody(body []byte, relaxed bool) []byte {
	if relaxed {
		var out bytes.Buffer
		out.Grow(len(body))
		for line := range bytes.SplitSeq(body, []byte("\r\n")) {
			out.WriteString(strings.TrimRight(squeeze(string(line)), " "))
			out.WriteString("\r\n")
		}
		body = out.Bytes()
	}
	end := len(body)
	for end >= 2 && body[end-2] == '\r' && body[end-1] == '\n' {
		end -= 2
	}
	if end == 0 {
		if relaxed {
			return nil
		}
		return []byte("\r\n")
	}
	return append(body[:end:end], '\r', '\n')
}
