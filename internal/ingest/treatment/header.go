package treatment

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/remediate"
)

// Handed is the digest of a message whose attachments with these SHA-256 were exchanged (Cut): by it the copy in the mailbox is known again.
func Handed(raw []byte, m *email.Message, sums []string, id string) (string, error) {
	body, changed, err := Cut(raw, m, sums, id)
	if err != nil {
		return "", err
	}
	return digest(raw, body, changed), nil
}

// digest of a message with another body and changed fields.
func digest(raw, body []byte, changed []Field) string {
	header, _ := Split(raw)
	drop := map[string]bool{}
	var out []byte
	for _, f := range changed {
		drop[strings.ToLower(f.Name)] = true
		if f.Value != "" {
			out = append(out, f.Name+": "+f.Value+"\r\n"...)
		}
	}
	return remediate.Digest(append(AppendHeader(out, header, drop), body...))
}

// Split cuts a message before its body; the empty line belongs to the header.
func Split(raw []byte) (header, body []byte) {
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			break
		}
		if line := raw[at : at+end]; len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return raw[:at+end+1], raw[at+end+1:]
		}
		at += end + 1
	}
	return raw, nil
}

// AppendHeader copies header fields, with their folded lines, but for those in drop (lower-case names), and folded lines of no field: they
// would go on what stands above.
func AppendHeader(out, header []byte, drop map[string]bool) []byte {
	dropping := true
	for line := range bytes.Lines(header) {
		if line[0] != ' ' && line[0] != '\t' {
			name, _, found := bytes.Cut(line, []byte{':'})
			dropping = found && drop[strings.ToLower(string(bytes.TrimRight(name, " \t")))]
		}
		if !dropping {
			out = append(out, line...)
		}
	}
	return out
}
