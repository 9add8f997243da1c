package scan

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"tocsin/internal/email"
)

// file is one file while it is looked into.
type file struct {
	email.Attachment
	content []byte
	way     string // names from the message down, " > " between them
	depth   int    // containers around it
	archive bool   // it is opened as one
	sealed  bool   // programs that open files do not get at what is inside without what Tocsin knows
}

// session is the work on one message: what may still be spent, and where findings go. It is used by one goroutine.
type session struct {
	ctx        context.Context
	lim        Limits
	m          *email.Message
	deadline   time.Time
	stopped    bool
	files      int   // that may still be looked at
	bytes      int64 // that may still be unpacked
	report     Report
	text       strings.Builder
	seen       map[string]bool // facts: id, way
	opened     map[string]bool // SHA-256 of files that were looked into
	links      map[string]bool
	passwords  []password // that the message names, of candidates
	looked     bool       // passwords are searched for
	lookedText int        // when text was this long
	idle       int        // reads that gave nothing
	inflater   io.Reader  // used by one file at a time
	pixels     int64      // decoded so far
	pictures   int        // decoded so far
	inArchive  bool
	unpacked   int64 // octets that came out of the outermost archive and those in it
	held       int   // octets of Report.Held
	worth      []int // of each of Report.Held
}

func newSession(ctx context.Context, m *email.Message, lim Limits) *session {
	lim = lim.withDefaults()
	return &session{ctx: ctx, lim: lim, m: m, deadline: time.Now().Add(lim.Time), files: lim.Files, bytes: lim.Bytes,
		seen: map[string]bool{}, opened: map[string]bool{}, links: map[string]bool{}}
}

// opener looks into one file. It reports through s, and goes down by s.child.
type opener func(s *session, f *file)

// openerOf tells who looks into which kind of file (email.Attachment.Kind), nil when nobody does.
func openerOf(kind string) opener {
	switch kind {
	case "doc", "xls", "ppt", "vsd", "pub", "ole", "msg", "encrypted-office":
		return openOLE
	case "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "vsdx":
		return openOOXML
	case "odt", "ods", "odp", "odg":
		return openODF
	case "rtf":
		return openRTF
	case "one":
		return openOneNote
	case "xml":
		return openXMLFile
	case "zip":
		return openZip
	case "gz", "bz2", "xz", "zst", "lz":
		return openPacked
	case "tar":
		return openTar
	case "cab":
		return openCab
	case "7z":
		return open7z
	case "rar":
		return openRar
	case "eml", "mht":
		return openMail
	case "lnk":
		return openShortcut
	case "url", "desktop", "library-ms", "searchconnector-ms", "settingcontent-ms", "application", "scf":
		return openLinkFile
	case "iso", "udf", "img", "vhd", "vhdx":
		return openDisk
	case "vmdk", "wim", "dmg", "ace", "arj", "lzh", "lz4", "z":
		return openNothing
	case "html", "xhtml", "svg":
		return openPage
	case "ics":
		return openICS
	case "pdf":
		return openPDF
	case "png", "jpg", "gif", "bmp", "webp":
		return openPicture
	}
	return nil
}

// open looks into f with the opener of its kind. A panic in it is a defect of the message: the other files are still looked at.
func (s *session) open(f *file) {
	if s.over() || s.opened[f.SHA256] {
		return
	}
	s.opened[f.SHA256] = true
	kind := f.Kind
	o := openerOf(kind)
	if o == nil && isActiveMime(f.content) {
		o = openActiveMime
	}
	if o == nil {
		kind = disguisedKind(f)
		o = openerOf(kind)
	}
	if o == nil {
		return
	}
	f.archive = archiveKinds[kind]
	s.weigh(f, func() { s.guard(f.way, func() { o(s, f) }) })
}

// guard runs do and turns a panic into a defect.
func (s *session) guard(way string, do func()) {
	defer func() {
		if p := recover(); p != nil {
			s.defect("file-internal-error", way+": "+fmt.Sprint(p))
		}
	}()
	do()
}

// inMessage looks at what needs no file: text that draws a code, HTML that does.
func (s *session) inMessage() {
	s.guard("message text", s.inBody)
}

// child takes in one file that stands inside f: it is listed as an attachment and looked into. The caller has paid for its octets by take
// or unpack. It returns the kind of the file, "" when it was not taken.
func (s *session) child(f *file, name string, content []byte) string {
	if s.over() {
		return ""
	}
	if s.files--; s.files < 0 {
		s.defect("file-limit-files", f.way)
		s.stopped = true
		return ""
	}
	c := &file{Attachment: email.NewAttachment(name, "", s.within(f), content), content: content, way: f.way + " > " + name, depth: f.depth + 1, sealed: f.sealed}
	c.Way = c.way
	if f.archive {
		s.unpacked += int64(len(content))
	}
	s.m.Attachments = append(s.m.Attachments, c.Attachment)
	s.hold(c)
	if c.depth > s.lim.Depth {
		s.defect("file-limit-depth", c.way)
		return c.Kind
	}
	s.open(c)
	return c.Kind
}

// take asks for n octets to unpack into. At the limit it says no and records the defect.
func (s *session) take(f *file, n int64) bool {
	if n > s.lim.File || n > s.bytes {
		s.defect("file-limit-bytes", f.way)
		return false
	}
	s.bytes -= n
	return true
}

// over reports whether to stop: the time is up or the context ended. It records the defect itself.
func (s *session) over() bool {
	if !s.stopped && (s.ctx.Err() != nil || time.Now().After(s.deadline)) {
		s.stopped = true
		s.defect("file-limit-time", "")
	}
	return s.stopped
}

// fact reports an observation about f; the first of each (id, f) counts.
func (s *session) fact(f *file, id, detail string) {
	key := id + "\x00" + f.way
	if s.seen[key] || len(s.report.Facts) >= maxFacts {
		return
	}
	s.seen[key] = true
	s.report.Facts = append(s.report.Facts, Fact{ID: id, File: f.way, Detail: detail})
}

// maxLinks is how many links of files are kept for one message.
const maxLinks = 500

// link keeps addresses that a reader of f can follow, each once.
func (s *session) link(f *file, where email.Where, links ...email.Link) {
	for _, l := range links {
		key := string(where) + " " + l.URL
		if s.links[key] {
			continue
		}
		if len(s.links) >= maxLinks {
			s.defect("file-limit-links", f.way)
			return
		}
		s.links[key] = true
		l.Where, l.Part = where, f.way
		s.m.Links = append(s.m.Links, l)
	}
}

// say keeps text that f shows to a reader.
func (s *session) say(text string) {
	if room := s.lim.Text - s.text.Len(); room > 0 && text != "" {
		s.text.WriteString(strings.ToValidUTF8(text[:min(len(text), room)], "\uFFFD"))
		s.text.WriteByte('\n')
	}
}

// maxDefects bounds what files add to Message.Defects.
const maxDefects = 50

// defect records that something could not be read.
func (s *session) defect(id, where string) {
	n := 0
	for _, d := range s.m.Defects {
		if d.ID == id && d.Where == where {
			return
		}
		if strings.HasPrefix(d.ID, "file-") {
			n++
		}
	}
	if n < maxDefects {
		s.m.Defects = append(s.m.Defects, email.Defect{ID: id, Where: where})
	}
}
