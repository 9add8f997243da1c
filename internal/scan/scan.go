// Package scan looks into files: archives in archives, documents with macros, pages that build other files, pictures
// that hold a QR code.
//
// What a mail carries is as hostile as the mail. So everything here is bounded (Limits), nothing is executed, nothing
// is fetched, no file is written, and a file that cannot be read is a defect of its message, never an error. Scanning is
// a function of the bytes: engines that need a socket or a process (ClamAV, YARA, a sandbox) stand in packages below.
//
// What is found is said in facts, by the ids of Kinds; whether a fact speaks for a threat is package detect's to say.
package scan

import (
	"context"
	"strings"
	"time"

	"tocsin/internal/email"
)

// Limits bound what Open does for one message, whatever it holds. Zero fields mean the default.
type Limits struct {
	Depth  int           // files in files; default 8
	Files  int           // files that are opened or listed; default 1000
	Bytes  int64         // octets unpacked, all files together; default 128 MiB
	File   int64         // octets unpacked of one file; default 32 MiB
	Pixels int           // of one picture that is decoded; default 16 million
	Pages  int           // of one document; default 200
	Text   int           // octets of text kept; default 64 KiB
	Time   time.Duration // wall clock; default 3 s; what is left unread is a defect
	Hold   Hold          // which inner files Report.Held keeps the octets of; default none
}

func (l Limits) withDefaults() Limits {
	fill(&l.Depth, 8)
	fill(&l.Files, 1000)
	fill(&l.Bytes, 128<<20)
	fill(&l.File, 32<<20)
	fill(&l.Pixels, 16_000_000)
	fill(&l.Pages, 200)
	fill(&l.Text, 64<<10)
	fill(&l.Time, 3*time.Second)
	return l
}

func fill[N int | int64 | time.Duration](p *N, v N) {
	if *p <= 0 {
		*p = v
	}
}

// Report is what Open found beside what it added to the message.
type Report struct {
	Facts []Fact // in the order they were found, each (ID, File) once; at most maxFacts
	Text  string // what documents say to a reader, at most Limits.Text octets
	Held  []Held // inner files with their octets, as Limits.Hold asks
}

// maxFacts bounds Report.Facts.
const maxFacts = 200

// Fact is one observation about a file.
type Fact struct {
	ID     string // one of Kinds
	File   string // the way to the file from the message: "offer.zip > offer.iso > offer.lnk"
	Detail string // the values seen, one line; hostile text, "" when the id says it all
}

// Has returns the first fact with the id.
func (r *Report) Has(id string) (Fact, bool) {
	for _, f := range r.Facts {
		if f.ID == id {
			return f, true
		}
	}
	return Fact{}, false
}

// Open looks into every file of m, and into what it finds there. It appends the inner files to m.Attachments (with Within), the links
// of documents to m.Links (InAttachment, InQRCode) and what could not be read to m.Defects ("file-..."; email.DefectText tells what
// each means). It never fails; when ctx ends it stops, as when the time is up. It must not be called twice for one message.
func Open(ctx context.Context, m *email.Message, lim Limits) Report {
	s := newSession(ctx, m, lim)
	s.inMessage()
	for i := range len(m.Attachments) { // not those that are appended
		a := &m.Attachments[i]
		if a.Part == nil {
			continue
		}
		s.open(&file{Attachment: *a, content: a.Part.Content, way: a.Name})
	}
	s.report.Text = strings.TrimSpace(s.text.String())
	return s.report
}
