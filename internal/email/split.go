package email

import (
	"bytes"
	"strconv"
	"strings"
)

// reader holds what all splitters of one message share. Encoded messages in messages get a splitter of their own.
type reader struct {
	b     *budget
	m     *Message
	plain []string // of the outermost header block, beside Message.Headers
}

// splitter cuts one run of bytes into the parts of the entity that starts at its front. It goes over the bytes
// once, with a stack of the multiparts that stand open (RFC 2046 section 5.1): a delimiter line of any of them
// ends all that were opened after it, so a lost closing delimiter costs nothing but a defect. Parts are offsets
// into the bytes; nothing is copied.
type splitter struct {
	*reader
	raw   []byte
	hasLF bool

	frames    []frame
	leaf      *Part
	leafStart int
	nesting   int // messages around the bytes

	lf, lfDashes, crDashes search // for "\n", "\n--" and "\r--"

	spans []fieldSpan
	cuts  []int
}

// frame is a container that stands open: a multipart, or, with an empty boundary, an embedded message.
type frame struct {
	part     *Part
	boundary string
	start    int // of the body
	epilogue int // where the text after the closing delimiter starts
	closed   bool
	message  bool
}

// split reads raw as the entity of part. nesting counts the messages around it.
func (r *reader) split(raw []byte, part *Part, nesting int, message bool) {
	s := &splitter{reader: r, raw: raw, nesting: nesting}
	s.hasLF = s.lineFeed(0) < len(raw)
	s.run(s.open(part, 0, message))
}

// run goes from delimiter to delimiter until the bytes end.
func (s *splitter) run(pos int) {
	for !s.b.expired() {
		d, ok := s.nextDelimiter(pos)
		if !ok {
			break
		}
		s.closeLeaf(d.start)
		s.popTo(d.frame, d.start)
		f := &s.frames[d.frame]
		if len(f.part.Children) == 0 {
			s.checkPreamble(f, d.start)
		}
		if d.closing {
			f.closed, f.epilogue, pos = true, d.next, d.next
			continue
		}
		if d.next >= len(s.raw) { // the bytes were cut inside the delimiter: no part starts here
			s.b.defect("multipart-unclosed", f.part.Path)
			f.closed, f.epilogue = true, d.next
			break
		}
		if f.closed {
			s.b.defect("multipart-reopened", f.part.Path)
			f.closed = false
		}
		child := s.newPart(f.part)
		if child == nil {
			f.closed, f.epilogue = true, len(s.raw)
			break
		}
		if f.part.Type == "multipart/digest" {
			child.Type = "message/rfc822"
		}
		pos = s.open(child, d.next, false)
	}
	s.closeLeaf(len(s.raw))
	s.popTo(-1, len(s.raw))
}

// open reads the header of p at pos, puts the containers that start there on the stack and returns where to
// look for the next delimiter.
func (s *splitter) open(p *Part, pos int, message bool) int {
	for {
		pos = s.readHeader(p, pos, message)
		switch {
		case strings.HasPrefix(p.Type, "multipart/"):
			boundary := p.Params["boundary"]
			if boundary == "" {
				boundary = s.guessBoundary(pos)
				s.b.defect("multipart-no-boundary", p.Path)
			}
			if boundary != "" && s.mayDescend(p) {
				s.frames = append(s.frames, frame{part: p, boundary: boundary, start: pos})
				return pos
			}
		case isMessage(p.Type) && !isEncoded(p.Encoding) && s.mayDescend(p) && s.mayNest(p):
			if child := s.newPart(p); child != nil {
				child.Embedded = true
				s.frames = append(s.frames, frame{part: p, start: pos, message: true})
				p, message = child, true
				continue
			}
		}
		s.leaf, s.leafStart = p, pos
		return pos
	}
}

// isMessage reports whether a part of the type holds a whole message (RFC 2046 section 5.2.1, RFC 6532).
func isMessage(mediaType string) bool {
	return mediaType == "message/rfc822" || mediaType == "message/global" || mediaType == "message/news"
}

func isEncoded(encoding string) bool {
	return encoding == "base64" || encoding == "quoted-printable" || encoding == "x-uuencode"
}

func (s *splitter) mayDescend(p *Part) bool {
	if p.Depth < s.b.lim.Depth {
		return true
	}
	s.b.defect("limit-depth", p.Path)
	p.Truncated = true
	return false
}

func (s *splitter) mayNest(p *Part) bool {
	n := s.nesting
	for i := range s.frames {
		if s.frames[i].message {
			n++
		}
	}
	if n < s.b.lim.Nesting {
		return true
	}
	s.b.defect("limit-nesting", p.Path)
	p.Truncated = true
	return false
}

// newPart makes the next child of parent, or returns nil at the limit.
func (r *reader) newPart(parent *Part) *Part {
	if r.b.parts <= 1 { // one is the root's
		r.b.defect("limit-parts", parent.Path)
		return nil
	}
	r.b.parts--
	path := strconv.Itoa(len(parent.Children) + 1)
	if parent.Path != "" {
		path = parent.Path + "." + path
	}
	p := &Part{Path: path, Parent: parent, Depth: parent.Depth + 1, Type: "text/plain", Embedded: parent.Embedded}
	parent.Children = append(parent.Children, p)
	return p
}

// closeLeaf ends the open leaf, if there is one, before end.
func (s *splitter) closeLeaf(end int) {
	if s.leaf == nil {
		return
	}
	p := s.leaf
	s.leaf = nil
	end = max(end, s.leafStart)
	s.finish(p, s.raw[s.leafStart:end:end], s.depthOfMessages())
}

func (s *splitter) depthOfMessages() int {
	n := s.nesting
	for i := range s.frames {
		if s.frames[i].message {
			n++
		}
	}
	return n
}

// popTo ends all containers above the frame with the given index; they end before end.
func (s *splitter) popTo(index, end int) {
	for len(s.frames)-1 > index {
		f := s.frames[len(s.frames)-1]
		s.frames = s.frames[:len(s.frames)-1]
		body := s.raw[f.start:max(end, f.start):max(end, f.start)]
		switch {
		case f.message:
			f.part.Content = body
		case len(f.part.Children) == 0 && !f.closed:
			s.recoverMultipart(f.part, body)
		case !f.closed:
			s.b.defect("multipart-unclosed", f.part.Path)
		case hasText(s.raw[min(f.epilogue, max(end, f.start)):max(end, f.start)]):
			s.b.defect("multipart-epilogue", f.part.Path)
		}
	}
}

// recoverMultipart reads a multipart whose declared delimiter never came. A reader that knows no better shows
// its body, so it must not be lost: it may have been transfer-encoded against the rules, may use another
// delimiter than it declared, or is plain text.
func (s *splitter) recoverMultipart(p *Part, body []byte) {
	s.b.defect("multipart-no-parts", p.Path)
	if isEncoded(p.Encoding) {
		body = s.decodeBody(p, body)
		s.b.defect("multipart-encoded", p.Path)
		if s.splitBody(p, body, p.Params["boundary"]) {
			return
		}
	}
	again := splitter{raw: body}
	if b := again.guessBoundary(0); b != "" && b != p.Params["boundary"] && s.splitBody(p, body, b) {
		s.b.defect("multipart-wrong-boundary", p.Path)
		return
	}
	if !hasText(body) {
		return
	}
	if child := s.newPart(p); child != nil {
		if looksHTML(body) {
			child.Type = "text/html"
		}
		s.finish(child, body, s.depthOfMessages())
	}
}

// splitBody cuts a multipart's body at a boundary, if it occurs at all.
func (s *splitter) splitBody(p *Part, body []byte, boundary string) bool {
	if boundary == "" || !bytes.Contains(body, []byte("--"+boundary)) {
		return false
	}
	t := &splitter{reader: s.reader, raw: body, nesting: s.depthOfMessages()}
	t.hasLF = t.lineFeed(0) < len(body)
	t.frames = []frame{{part: p, boundary: boundary}}
	d, ok := t.nextDelimiter(0)
	if !ok || d.closing {
		return false
	}
	t.run(0)
	return true
}

// guessBoundary returns the boundary that the body at pos seems to use: that of the first line which starts
// with two dashes and is followed by a header field.
func (s *splitter) guessBoundary(pos int) string {
	for range 100 {
		ls, ok := s.nextDashes(pos)
		if !ok {
			return ""
		}
		end, next, _ := s.line(ls)
		line := trimRight(s.raw[ls+2 : max(end, ls+2)])
		if s.isDelimiter(ls) {
			return ""
		}
		if n := len(line); n > 0 && n <= 200 && !bytes.ContainsAny(line, " \t") && s.headerFollows(next) {
			return string(line)
		}
		pos = next
	}
	return ""
}

// delimiter is one delimiter line.
type delimiter struct {
	frame       int // which it belongs to
	start, next int // where the part before it ends; where the line after it starts
	closing     bool
}

// nextDelimiter finds the next delimiter line at or after pos, which must be the start of a line.
func (s *splitter) nextDelimiter(pos int) (delimiter, bool) {
	if len(s.frames) == 0 {
		return delimiter{}, false
	}
	for {
		ls, ok := s.nextDashes(pos)
		if !ok {
			return delimiter{}, false
		}
		if d, ok := s.match(ls); ok {
			return d, true
		}
		pos = ls + 2
	}
}

// nextDashes finds the next line at or after pos that starts with two dashes.
func (s *splitter) nextDashes(pos int) (int, bool) {
	raw := s.raw
	if pos == 0 && bytes.HasPrefix(raw, []byte("--")) {
		return 0, true
	}
	from := max(pos-1, 0)
	at := min(s.lfDashes.find(raw, "\n--", from), s.crDashes.find(raw, "\r--", from))
	return at + 1, at < len(raw)
}

// match reads the line at ls, which starts with two dashes, as a delimiter of one of the open multiparts: the
// innermost that is still open wins, then one that was closed already.
func (s *splitter) match(ls int) (delimiter, bool) {
	rest := s.raw[ls+2:]
	found, near := delimiter{frame: -1}, -1
	for i := len(s.frames) - 1; i >= 0; i-- {
		f := &s.frames[i]
		if f.boundary == "" || len(rest) < len(f.boundary) || string(rest[:len(f.boundary)]) != f.boundary {
			continue
		}
		tail := rest[len(f.boundary):]
		closing := false
		n, ok := blankLine(tail)
		if !ok && bytes.HasPrefix(tail, []byte("--")) {
			n, ok = blankLine(tail[2:])
			n, closing = n+2, true
		}
		if !ok {
			near = i
			continue
		}
		if f.closed && closing {
			continue
		}
		d := delimiter{frame: i, start: ls, next: ls + 2 + len(f.boundary) + n, closing: closing}
		if !f.closed {
			found = d
			break
		}
		if found.frame < 0 {
			found = d
		}
	}
	if found.frame < 0 {
		if near >= 0 && !s.frames[near].closed {
			s.b.defect("boundary-trailing-text", s.frames[near].part.Path)
		}
		return delimiter{}, false
	}
	// The line end before the dashes belongs to the delimiter.
	if ls > 0 {
		found.start--
		if s.raw[ls-1] == '\n' && ls > 1 && s.raw[ls-2] == '\r' {
			found.start--
		} else if s.raw[ls-1] == '\r' && s.hasLF {
			s.b.defect("bare-cr", s.frames[found.frame].part.Path)
		}
	}
	return found, true
}

func (s *splitter) isDelimiter(pos int) bool {
	if !bytes.HasPrefix(s.raw[pos:], []byte("--")) {
		return false
	}
	_, ok := s.match(pos)
	return ok
}

// blankLine returns how many bytes the rest of a line takes, its end included, when it is nothing but white space.
func blankLine(b []byte) (int, bool) {
	for i, c := range b {
		switch c {
		case ' ', '\t':
		case '\n':
			return i + 1, true
		case '\r':
			for j := i + 1; j < len(b) && j < i+4; j++ {
				if b[j] == '\n' {
					return j + 1, true
				}
				if b[j] != '\r' {
					break
				}
			}
			return i + 1, true
		default:
			return 0, false
		}
	}
	return len(b), true
}

// checkPreamble complains about text above the first delimiter, which no MIME reader shows, unless it is the
// customary sentence for readers without MIME.
func (s *splitter) checkPreamble(f *frame, end int) {
	text := s.raw[f.start:max(end, f.start)]
	if !hasText(text) {
		return
	}
	head := strings.ToLower(string(text[:min(len(text), 600)]))
	if len(text) < 600 && (strings.Contains(head, "mime") || strings.Contains(head, "multi-part") || strings.Contains(head, "multipart")) {
		return
	}
	s.b.defect("multipart-preamble", f.part.Path)
}

// hasText reports whether there is anything but white space and NULs.
func hasText(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) && c != 0 {
			return true
		}
	}
	return false
}

// looksHTML reports whether the bytes start like an HTML document.
func looksHTML(b []byte) bool {
	head := bytes.ToLower(trimLeft(b[:min(len(b), 512)]))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) ||
		bytes.Contains(head, []byte("<body"))
}
