package scan

import (
	"bytes"
	"strings"

	"tocsin/internal/email"
)

// maxMails bounds how many messages of one file are read.
const maxMails = 50

// openMail reads a message that is attached as a file, or a folder of them (mbox, RFC 4155): its files are files of this message, its links are
// links in an attachment, and its text is text that the reader is shown. Messages that are parts of this message were read with it.
func openMail(s *session, f *file) {
	if f.Part != nil && (strings.HasPrefix(f.Part.Type, "message/") || len(f.Part.Children) > 0) {
		return
	}
	rest := f.content
	for n := 0; len(rest) > 0 && !s.over(); n++ {
		if n == maxMails {
			s.defect("file-limit-files", f.way)
			return
		}
		one := rest
		rest = nil
		if bytes.HasPrefix(one, []byte("From ")) {
			if i := bytes.Index(one, []byte("\nFrom ")); i >= 0 {
				one, rest = one[:i+1], one[i+1:]
			}
		}
		s.mail(f, one)
	}
}

func (s *session) mail(f *file, raw []byte) {
	if !s.take(f, int64(len(raw))) {
		return
	}
	m := email.Parse(raw, email.Limits{Parts: 200, Nesting: max(1, s.lim.Depth-f.depth), DecodedBytes: int(min(s.lim.File, s.bytes)), Links: maxLinks, Time: s.lim.Time / 2})
	s.say(m.Subject)
	s.say(m.Visible)
	for _, l := range m.Links {
		if l.Where == email.InBody || l.Where == email.InSubject {
			s.link(f, email.InAttachment, l)
		}
	}
	var v inventory
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if a.Part == nil || strings.HasPrefix(a.Part.Type, "message/") {
			continue
		}
		if !s.take(f, int64(len(a.Part.Content))) {
			break
		}
		name := a.Name
		if name == "" && a.Inline {
			name = a.Part.ContentID
		}
		v.add(name, a.Extension, s.child(f, baseName(name), a.Part.Content))
	}
	s.takeStock(f, "message", &v)
	for _, d := range m.Defects {
		if strings.HasPrefix(d.ID, "limit-") || d.ID == "internal-error" {
			s.defect("file-mail-cut", f.way)
		}
	}
}
