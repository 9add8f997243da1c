package treatment

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/ingest"
)

// Why an attachment is not exchanged; the message is held then.
var (
	errNoFile = errors.New("no attachment could be named as the harmful one")
	errPlace  = errors.New("the attachment could not be cut out of the message")
)

// maxDepth bounds multiparts in multiparts; package email reads as deep.
const maxDepth = 32

// span is the place of one leaf part in the raw message.
type span struct {
	path       string // as email.Part.Path
	start, end int    // its header and body, without the line end before the next boundary
}

// Field is a header field of a message whose body was exchanged; "" takes it out.
type Field struct{ Name, Value string }

// Exchange makes a body without the harmful attachments of a message; see Cut. handed is the digest of the message with it.
func Exchange(raw []byte, r *ingest.Ruling) (body []byte, changed []Field, handed string, err error) {
	if body, changed, err = Cut(raw, r.Message, Harmful(r), r.Job.NetworkMessageID); err != nil {
		return nil, nil, "", err
	}
	return body, changed, digest(raw, body, changed), nil
}

// Cut makes a body without the attachments that have one of these SHA-256: each is a text that says what was there. changed are header fields
// to change, when the whole body was the attachment. The new message is read again, and what should be gone must be gone: a part that two
// readers see in different places is never taken for removed.
func Cut(raw []byte, m *email.Message, sums []string, id string) (body []byte, changed []Field, err error) {
	if m == nil || len(sums) == 0 {
		return nil, nil, errNoFile
	}
	start := bodyStart(raw)
	if start < 0 {
		return nil, nil, errPlace
	}
	byPath, whole := map[string]*email.Attachment{}, (*email.Attachment)(nil)
	for _, a := range offered(m) {
		if !slices.Contains(sums, a.SHA256) {
			continue
		}
		if byPath[a.Part.Path] = a; a.Part.Parent == nil {
			whole = a
		}
	}
	if len(byPath) == 0 {
		return nil, nil, errNoFile
	}
	var out []byte
	if whole != nil {
		body = []byte(notice(whole, id))
		changed = []Field{{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "8bit"}, {"Content-Disposition", ""}}
		out = append([]byte("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"), body...)
	} else {
		at, done := start, 0
		for _, s := range leaves(raw, start) {
			a := byPath[s.path]
			if a == nil || s.start < at {
				continue
			}
			body = append(body, raw[at:s.start]...)
			body = append(body, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-Disposition: inline\r\n\r\n"+notice(a, id)...)
			at = s.end
			done++
		}
		if done != len(byPath) {
			return nil, nil, errPlace
		}
		body = append(body, raw[at:]...)
		out = append(append(out, raw[:start]...), body...)
	}
	for _, left := range email.Parse(out, email.Limits{}).Attachments {
		if slices.Contains(sums, left.SHA256) {
			return nil, nil, errPlace
		}
	}
	return body, changed, nil
}

// Harmful are the SHA-256 of the attachments to take out: those that a malware signal or an engine names, and when none is named, all that
// are offered as files.
func Harmful(r *ingest.Ruling) []string {
	if r.Message == nil {
		return nil
	}
	var files, named []string
	for _, a := range offered(r.Message) {
		files = append(files, a.SHA256)
		if isNamed(a, r) {
			named = append(named, a.SHA256)
		}
	}
	if len(named) > 0 {
		return named
	}
	return files
}

// offered are the attachments that a reader can open as files.
func offered(m *email.Message) (out []*email.Attachment) {
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if a.Part == nil || a.Part.Embedded || a.Within != "" || a.Inline && strings.HasPrefix(a.Type, "image/") {
			continue
		}
		out = append(out, a)
	}
	return out
}

func isNamed(a *email.Attachment, r *ingest.Ruling) bool {
	for i := range r.Verdict.Signals {
		s := &r.Verdict.Signals[i]
		if s.Threat == detect.Malware && s.Weight > 0 && (a.Name != "" && strings.Contains(s.Evidence, a.Name) || strings.Contains(s.Evidence, a.SHA256)) {
			return true
		}
	}
	for i := range r.Answers {
		x := &r.Answers[i]
		if x.Threat != "" && (x.SHA256 == a.SHA256 || a.Name != "" && (x.File == a.Name || strings.HasPrefix(x.File, a.Name+" > "))) {
			return true
		}
	}
	return false
}

// notice is the text in the place of an attachment. The name was chosen by a stranger.
func notice(a *email.Attachment, id string) string {
	name := detect.Clean(a.Name, 100)
	if name == "" {
		name = "a file without a name"
	}
	return fmt.Sprintf("An attachment was removed from this message because it looks harmful.\r\n\r\nFile: %s\r\nSize: %d bytes\r\nSHA-256: %s\r\nNumber: %s\r\n\r\n"+
		"If you expected this file, tell your security team the number above. Please do not ask\r\nthe sender to send it again.\r\n", name, a.Size, a.SHA256, id)
}

// bodyStart is where the body begins, -1 when there is none.
func bodyStart(raw []byte) int {
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return -1
}

// leaves finds the leaf parts of a multipart message, in their order, in one pass over its lines (RFC 2046 section 5.1).
func leaves(raw []byte, start int) []span {
	type open struct {
		boundary string
		path     string
		parts    int
	}
	var (
		stack []open
		out   []span
		leaf  = -1 // place in out of the part being read
	)
	push := func(header []byte, path string) bool {
		b := boundary(header)
		if b == "" || len(stack) == maxDepth {
			return false
		}
		stack = append(stack, open{boundary: b, path: path})
		return true
	}
	if !push(raw[:start], "") {
		return nil
	}
	for at := start; at < len(raw); {
		end := len(raw)
		if i := bytes.IndexByte(raw[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := bytes.TrimRight(raw[at:end], " \t\r\n")
		level, closes := -1, false
		if bytes.HasPrefix(line, []byte("--")) {
			for i := len(stack) - 1; i >= 0 && level < 0; i-- {
				rest, ok := bytes.CutPrefix(line[2:], []byte(stack[i].boundary))
				if closes = string(rest) == "--"; ok && (closes || len(rest) == 0) {
					level = i
				}
			}
		}
		if level < 0 {
			at = end
			continue
		}
		if leaf >= 0 {
			out[leaf].end = max(out[leaf].start, lineEnd(raw, at))
			leaf = -1
		}
		stack = stack[:level+1]
		at = end
		if closes {
			stack = stack[:level]
			if level == 0 {
				break
			}
			continue
		}
		if len(out) == maxParts {
			return nil
		}
		top := &stack[level]
		top.parts++
		path := strconv.Itoa(top.parts)
		if top.path != "" {
			path = top.path + "." + path
		}
		head := headerLength(raw[at:])
		if !push(raw[at:at+head], path) {
			out = append(out, span{path: path, start: at, end: len(raw)})
			leaf = len(out) - 1
			continue
		}
		at += head
	}
	return out
}

// maxPartHeader is how much of a part may be its header: without a bound, many parts without an end of theirs would read the rest each time.
const maxPartHeader = 64 << 10

// headerLength is the length of a part's header with the empty line after it.
func headerLength(part []byte) int {
	if bytes.HasPrefix(part, []byte("\r\n")) {
		return 2
	}
	part = part[:min(len(part), maxPartHeader)]
	if i := bytes.Index(part, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return len(part)
}

// maxParts is what package email reads of one message too.
const maxParts = 1000

// lineEnd is the place before the line end that stands before at: it belongs to the boundary.
func lineEnd(raw []byte, at int) int {
	if at >= 2 && raw[at-2] == '\r' && raw[at-1] == '\n' {
		return at - 2
	}
	return at
}

// boundary is that of a multipart header, "" of others.
func boundary(header []byte) string {
	for _, line := range strings.Split(unfold(header), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "Content-Type") {
			continue
		}
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(value))
		if err != nil || !strings.HasPrefix(kind, "multipart/") {
			return ""
		}
		return params["boundary"]
	}
	return ""
}

func unfold(header []byte) string {
	return strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(string(header))
}
