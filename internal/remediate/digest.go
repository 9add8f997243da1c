package remediate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// digestFields are the header fields that travel unchanged from the sender to the mailbox. Trace fields (Received, Return-Path,
// Delivered-To, Authentication-Results, X-...) are added or rewritten on the way and say nothing of whether it is the same message.
var digestFields = map[string]bool{
	"from": true, "to": true, "cc": true, "reply-to": true, "date": true, "subject": true, "message-id": true, "in-reply-to": true,
	"mime-version": true, "content-type": true, "content-transfer-encoding": true,
}

// Digest names the content of a message, the same for the bytes that came in and for the copy in a mailbox: SHA-256 in hex over the fields
// that senders write, by name, with unfolded values (RFC 5322 section 2.2.3), and over the body. Fields of one name are in their order; the
// order of names is the transport's, which may change it (RFC 5322 section 3.6). Line ends are read alike, and
// empty lines at the end do not count (RFC 6376 section 3.4.3). Two messages of the same digest are the same for every reader; a
// message that a gateway rewrote has another one.
func Digest(raw []byte) string {
	h := sha256.New()
	if bytes.HasPrefix(raw, []byte("From ")) { // an mbox line is no field
		if i := bytes.IndexByte(raw, '\n'); i >= 0 {
			raw = raw[i+1:]
		}
	}
	var name string
	var value strings.Builder
	var fields [][2]string
	flush := func() {
		if digestFields[name] {
			fields = append(fields, [2]string{name, strings.Join(strings.Fields(value.String()), " ")})
		}
		name = ""
		value.Reset()
	}
	for len(raw) > 0 {
		var line []byte
		line, raw = cutLine(raw)
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			value.WriteByte(' ')
			value.Write(line)
			continue
		}
		flush()
		before, after, found := bytes.Cut(line, []byte(":"))
		if found {
			name = strings.ToLower(strings.TrimSpace(string(before)))
			value.Write(after)
		}
	}
	flush()
	slices.SortStableFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for _, f := range fields {
		h.Write([]byte(f[0] + ":" + f[1] + "\n"))
	}
	h.Write([]byte{'\n'})
	empty := 0
	for len(raw) > 0 {
		var line []byte
		line, raw = cutLine(raw)
		if len(line) == 0 {
			empty++
			continue
		}
		for ; empty > 0; empty-- {
			h.Write([]byte{'\n'})
		}
		h.Write(line)
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// cutLine takes the next line off, without its LF or CRLF.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}
