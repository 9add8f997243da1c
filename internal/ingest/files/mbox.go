package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// mbox splits an mbox file (RFC 4155 describes the family). Messages begin at a "From " line. What is such a line and what is a sentence
// in a letter nobody ever agreed on, so a separator must stand at the start or after an empty line, end in a date, and be followed by
// a header field. Lines quoted as ">From " (mboxo) and ">>From " (mboxrd) lose one ">". A Content-Length field (mboxcl) is
// not believed: whoever wrote the message may have written it, to hide the next message in this one.
//
// The file is streamed: memory is bounded by the size limit of one message, whatever the file holds.
type mbox struct {
	r   *bufio.Reader
	pos int64 // offset of the next unread octet
	max int

	begin   int64  // offset of the separator that was just read
	pending bool   // a separator was read, its message not yet
	carry   []byte // the line after a separator, read ahead
	ended   bool
}

func newMbox(r *bufio.Reader, position int64, maxSize int) *mbox {
	return &mbox{r: r, pos: position, max: maxSize}
}

// line returns the next line with its end, or a first part of a very long one. It is valid until the next call.
func (m *mbox) line() ([]byte, error) {
	if m.carry != nil {
		l := m.carry
		m.carry = nil
		m.pos += int64(len(l))
		return l, nil
	}
	l, err := m.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if len(l) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	m.pos += int64(len(l))
	return l, err
}

// next returns the next message, or io.EOF.
func (m *mbox) next() (Message, error) {
	if m.ended {
		return Message{}, io.EOF
	}
	if !m.pending {
		m.begin = m.pos
	}
	msg := Message{Offset: m.begin}
	var (
		raw     bytes.Buffer
		size    int64 // of the message, also beyond the limit
		blank   = !m.pending
		start   = true // at the beginning of a line
		skipped bool
	)
	m.pending = false
	for {
		at := m.pos
		l, err := m.line()
		if errors.Is(err, io.EOF) {
			m.ended = true
			break
		} else if err != nil {
			return Message{}, err
		}
		if start && blank && isSeparator(l) {
			sep := bytes.Clone(l)
			separates, err := m.fieldFollows()
			if err != nil {
				return Message{}, err
			}
			if separates {
				if size == 0 && !skipped {
					m.begin, msg.Offset = at, at // the first separator of the file
					blank, start = false, true
					skipped = true
					continue
				}
				m.begin, m.pending = at, true
				break
			}
			l = sep
		}
		whole := l[len(l)-1] == '\n'
		blank = start && isBlank(l)
		if start {
			l = unquote(l)
		}
		start = whole
		size += int64(len(l))
		if size <= int64(m.max)+maxBlankLine {
			raw.Write(l)
		}
	}
	if size == 0 && m.ended {
		return Message{}, io.EOF
	}
	msg.End = m.pos
	if m.pending {
		msg.End = m.begin
	}
	// The empty line is the mailbox's, also after the last message: a message must be the same octets, and with that the
	// same message, before and after the next one was appended.
	msg.Raw = dropBlankLine(raw.Bytes())
	if size > int64(m.max)+maxBlankLine || len(msg.Raw) > m.max {
		msg.Raw, msg.Err = nil, fmt.Errorf("%w: %d octets, the limit is %d", ErrTooLarge, size, m.max)
	}
	return msg, nil
}

// fieldFollows reads ahead one line after a separator and reports whether it is a header field. An mbox may also quote the
// separator of an older one there, and a message without any header ends at once.
func (m *mbox) fieldFollows() (bool, error) {
	l, err := m.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
		return false, err
	}
	if len(l) > 0 {
		m.carry = bytes.Clone(l)
	}
	return len(l) == 0 || fieldName(l) != "" || bytes.HasPrefix(l, []byte(">From ")), nil
}

// isSeparator reports whether a line is "From sender date": a time of day and a year must be in it, as in
// "From a@x.test Sat Jan  3 01:05:34 1996".
func isSeparator(l []byte) bool {
	if !bytes.HasPrefix(l, []byte("From ")) || len(l) > 1000 {
		return false
	}
	words := bytes.Fields(l)
	clock, year := false, false
	for _, w := range words[1:] {
		switch {
		case isClock(w):
			clock = true
		case len(w) == 4 && digits(w) && (w[0] == '1' || w[0] == '2'):
			year = true
		}
	}
	return clock && year
}

// isClock reports whether a word is a time of day: 1:05, 01:05 or 01:05:34.
func isClock(w []byte) bool {
	parts := bytes.Split(w, []byte{':'})
	if len(w) > 8 || len(parts) < 2 || len(parts) > 3 {
		return false
	}
	for i, p := range parts {
		if len(p) > 2 || len(p) < 2 && (i > 0 || len(p) == 0) || !digits(p) {
			return false
		}
	}
	return true
}

func digits(w []byte) bool {
	for _, c := range w {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func isBlank(l []byte) bool {
	return len(l) == 1 && l[0] == '\n' || len(l) == 2 && l[0] == '\r' && l[1] == '\n'
}

func unquote(l []byte) []byte {
	if l[0] != '>' {
		return l
	}
	if bytes.HasPrefix(bytes.TrimLeft(l, ">"), []byte("From ")) {
		return l[1:]
	}
	return l
}

const maxBlankLine = 2 // octets

func dropBlankLine(raw []byte) []byte {
	switch {
	case bytes.HasSuffix(raw, []byte("\n\r\n")):
		return raw[:len(raw)-2]
	case bytes.HasSuffix(raw, []byte("\n\n")):
		return raw[:len(raw)-1]
	}
	return raw
}
