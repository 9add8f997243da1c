package email

import (
	"bytes"
	"strings"
)

// uuFile is one file in uuencoded text: "begin 644 name", lines of up to 45 octets, "end".
type uuFile struct {
	name    string
	content []byte
}

// uuLine is the length of the longest encoded line worth decoding: a length byte for 63 octets, their 84
// characters, and some room for the check characters that old encoders append.
const uuLine = 100

// splitUU takes the uuencoded files out of text. rest is the text without them; it is nil when there are none.
// A file is only taken when its first line decodes, so that prose with the word "begin" stays text.
func splitUU(text []byte) (files []uuFile, rest []byte) {
	at := 0
	for pos := 0; pos < len(text) && len(files) < 100; {
		i := bytes.Index(text[pos:], []byte("begin "))
		if i < 0 {
			break
		}
		i += pos
		pos = i + len("begin ")
		if i > 0 && text[i-1] != '\n' {
			continue
		}
		name, body, ok := uuBegin(text, i)
		if !ok {
			continue
		}
		content, next, ok := uuBody(text, body)
		if !ok {
			continue
		}
		files = append(files, uuFile{name, content})
		rest = append(rest, text[at:i]...)
		at, pos = next, next
	}
	if len(files) == 0 {
		return nil, nil
	}
	return files, append(rest, text[at:]...)
}

// uuBegin reads the line "begin <octal mode> <name>" at i.
func uuBegin(text []byte, i int) (name string, body int, ok bool) {
	line, body := cutLine(text, i)
	fields := bytes.SplitN(line[len("begin "):min(len(line), 1000)], []byte(" "), 2)
	if len(fields) != 2 || len(fields[0]) < 3 || len(fields[0]) > 5 {
		return "", 0, false
	}
	for _, c := range fields[0] {
		if c < '0' || c > '7' {
			return "", 0, false
		}
	}
	return strings.TrimSpace(string(fields[1])), body, true
}

// cutLine returns the line at i and where the next one starts.
func cutLine(text []byte, i int) (line []byte, next int) {
	next = len(text)
	if k := bytes.IndexByte(text[i:], '\n'); k >= 0 {
		next = i + k + 1
	}
	return bytes.TrimRight(text[i:next], "\r\n"), next
}

// uuBody decodes the lines from i to "end". It stops before the first line that is not encoded data; ok is
// false when that is the first one.
func uuBody(text []byte, i int) (content []byte, next int, ok bool) {
	for lines := 0; i < len(text); lines++ {
		line, after := cutLine(text, i)
		trimmed := bytes.TrimRight(line, " \t")
		switch {
		case bytes.Equal(trimmed, []byte("end")):
			return content, after, lines > 0
		case len(trimmed) == 0 || len(trimmed) == 1 && (trimmed[0] == '`'):
			// The zero-length line before "end".
			if end, k := cutLine(text, after); bytes.Equal(bytes.TrimRight(end, " \t"), []byte("end")) {
				return content, k, lines > 0
			}
			return content, i, lines > 0
		}
		var good bool
		if content, good = appendUULine(content, line); !good {
			return content, i, lines > 0
		}
		i = after
	}
	return content, len(text), len(content) > 0
}

// appendUULine decodes one line. Characters that trailing white space was stripped from count as zero.
func appendUULine(dst, line []byte) ([]byte, bool) {
	if len(line) == 0 || len(line) > uuLine || line[0] < ' ' || line[0] > '`' {
		return dst, false
	}
	n := int(line[0]-' ') & 63
	data := line[1:]
	need := (n + 2) / 3 * 4
	if n == 0 || len(data) > need+4 || len(data) < need-4 {
		return dst, false
	}
	var group [4]byte
	for k := 0; n > 0; k += 4 {
		for j := range group {
			group[j] = 0
			if k+j < len(data) {
				c := data[k+j]
				if c < ' ' || c > '`' {
					return dst, false
				}
				group[j] = (c - ' ') & 63
			}
		}
		three := [3]byte{group[0]<<2 | group[1]>>4, group[1]<<4 | group[2]>>2, group[2]<<6 | group[3]}
		m := min(n, 3)
		dst = append(dst, three[:m]...)
		n -= m
	}
	return dst, true
}

// openUU makes parts of the files that stand uuencoded in a text part.
func (r *reader) openUU(p *Part) {
	if p.Type != "text/plain" || !bytes.Contains(p.Content, []byte("begin ")) {
		return
	}
	files, _ := splitUU(p.Content)
	for _, f := range files {
		r.b.defect("uuencode-inline", p.Path)
		if !r.container(p, validUTF8(baseName(f.name)), "application/octet-stream", f.content) {
			return
		}
	}
}

// container adds a file that was found inside the content of a part, and reports whether there was room for it.
func (r *reader) container(p *Part, name, mediaType string, content []byte) bool {
	child := r.newPart(p)
	if child == nil {
		return false
	}
	child.Embedded, child.Type, child.Filename = true, mediaType, name
	child.Disposition = "attachment"
	if len(content) > r.b.decoded {
		r.b.defect("limit-decoded", child.Path)
		content, child.Truncated = content[:r.b.decoded], true
	}
	r.b.decoded -= len(content)
	child.Content = content
	return true
}

// baseName takes the folders off a file name of any system.
func baseName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && i+1 < len(name) {
		return name[i+1:]
	}
	return name
}
