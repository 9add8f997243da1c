package files

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

type kind int

const (
	kindOther kind = iota
	kindMessage
	kindMbox
)

// sniffSize is how much of a file is looked at.
const sniffSize = 64 << 10

// sniff looks at the start of a file without consuming it. A file that can't be read to the end of that start, but far
// enough to see what it is, has no error yet: what stands before the damage shall be read.
func sniff(r *bufio.Reader) (kind, error) {
	head, err := r.Peek(sniffSize)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if k := kindOf(head); k != kindOther {
		return k, nil
	}
	return kindOther, err
}

func kindOf(head []byte) kind {
	first, rest, _ := bytes.Cut(head, []byte{'\n'})
	if isSeparator(first) {
		if next, _, _ := bytes.Cut(rest, []byte{'\n'}); fieldName(next) != "" || bytes.HasPrefix(next, []byte(">From ")) {
			return kindMbox
		}
	}
	if looksLikeMail(head) {
		return kindMessage
	}
	return kindOther
}

// known fields: one of them among the first lines makes a block of "word: value" lines a mail rather than YAML or a log.
var known = map[string]bool{
	"received": true, "return-path": true, "delivered-to": true, "from": true, "to": true, "subject": true, "date": true,
	"message-id": true, "mime-version": true, "content-type": true, "reply-to": true, "sender": true, "cc": true,
	"dkim-signature": true, "authentication-results": true, "arc-seal": true, "x-original-to": true, "x-received": true, "envelope-to": true,
}

// looksLikeMail wants header fields from the first line on, two that mail has among them (one, when the block ends after it).
func looksLikeMail(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	mail, lines := 0, 0
	for len(head) > 0 && lines < 200 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		lines++
		if len(line) == 0 {
			break
		}
		if lines > 1 && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		if lines == 1 && bytes.HasPrefix(line, []byte("From ")) {
			continue // an mbox line without a date before a single message
		}
		name := fieldName(line)
		if name == "" {
			// A broken line in the middle of a header is common in spam; at the start it is another kind of file.
			if mail == 0 {
				return false
			}
			continue
		}
		if known[name] {
			if mail++; mail >= 2 {
				return true
			}
		}
	}
	return mail >= 1
}

// fieldName returns the name of a header field line (RFC 5322 section 2.2) in lower case, "" when it is none.
func fieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 100 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t") // obsolete syntax allows space before the colon
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return string(bytes.ToLower(name))
}
