package scan

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/email"
)

// attached is one file of a made-up mail.
type attached struct {
	name    string
	content []byte
}

// mailWith makes a mail with files.
func mailWith(text string, files ...attached) *email.Message {
	var b strings.Builder
	b.WriteString("From: Files <files@letters.example>\r\nTo: maren.okafor@northwindharbour.example\r\nSubject: The file\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
	b.WriteString(text)
	for _, f := range files {
		fmt.Fprintf(&b, "\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", f.name, base64.StdEncoding.EncodeToString(f.content))
	}
	b.WriteString("\r\n--b--\r\n")
	return email.Parse([]byte(b.String()), email.Limits{})
}

// look opens the files of a made-up mail.
func look(t testing.TB, lim Limits, text string, files ...attached) (*email.Message, Report) {
	t.Helper()
	m := mailWith(text, files...)
	return m, Open(context.Background(), m, lim)
}

// inner lists the files that were found inside, as "name kind".
func inner(m *email.Message) []string {
	var out []string
	for i := range m.Attachments {
		if a := &m.Attachments[i]; a.Part == nil {
			out = append(out, a.Name+" "+a.Kind)
		}
	}
	return out
}

func factIDs(r Report) []string {
	var out []string
	for _, f := range r.Facts {
		out = append(out, f.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// defectIDs are those of files.
func defectIDs(m *email.Message) []string {
	var out []string
	for _, d := range m.Defects {
		if strings.HasPrefix(d.ID, "file-") {
			out = append(out, d.ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
