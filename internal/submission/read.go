package submission

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/remediate"
)

// Original is a message that a report is about, as the report holds it. All its texts are hostile.
type Original struct {
	Raw       []byte // nil when it was only quoted, or saved by a mail program without its bytes
	Form      Form
	MessageID string
	From      string // address, lower case; "" when only a name is there
	FromName  string
	Subject   string
	Date      time.Time // zero when nothing readable says
	Zoned     bool      // Date has its zone: a quoted one is somebody's local time
	Digest    string    // of remediate.Digest; "" without Raw
	Quoted    string    // its text, when it was only quoted
}

// Reading is what a report says.
type Reading struct {
	Originals []Original
	More      int    // attached messages beyond MaxOriginals, which nobody looked at
	Comment   string // what the reporter wrote above
	Type      Type   // "" when the report does not say
	Machine   string // why it is no report of a person, "" when nothing says so: it gets no answer
	Drop      bool   // an answer of a machine, or a bounce: no report at all
}

// headLimits are enough to know a message by its head.
var headLimits = email.Limits{Parts: 1, Links: 1, Time: 200 * time.Millisecond}

// maxRounds is how many reports of reports are opened.
const maxRounds = 3

// Read takes the originals out of a report that was sent to address. nullPath says that its envelope sender is known and empty. It never
// fails: a report without a message has no Originals.
func Read(m *email.Message, nullPath bool, address string) Reading {
	r := Reading{Type: typeOf(m.Subject), Comment: ""}
	r.Machine, r.Drop = machine(m, nullPath)
	if r.Drop {
		return r
	}
	r.attached(m, address, 0)
	text := firstNonEmpty(m.Text, m.Visible)
	if len(r.Originals) > 0 {
		r.Comment = cut(strings.TrimSpace(text), MaxComment)
		return r
	}
	for _, t := range []string{m.Text, m.Visible} {
		if q, ok := ReadInline(t); ok {
			r.Originals = []Original{q.original()}
			r.Comment = cut(q.Above, MaxComment)
			return r
		}
	}
	r.Comment = cut(strings.TrimSpace(text), MaxComment)
	return r
}

// attached takes messages that stand directly in the report: what is inside them is theirs.
func (r *Reading) attached(m *email.Message, address string, round int) {
	for _, p := range m.Parts {
		if p.Embedded || len(p.Content) == 0 || p == m.Root && p.Type != "message/rfc822" {
			continue
		}
		raw, ok := messageIn(p)
		if !ok {
			continue
		}
		if len(r.Originals) >= MaxOriginals {
			r.More++
			continue
		}
		if raw == nil { // saved by Outlook
			o, ok := fromOutlook(p.Content)
			if ok {
				r.Originals = append(r.Originals, o)
			}
			continue
		}
		inner := email.Parse(raw, headLimits)
		if round < maxRounds && address != "" && sentTo(inner, address) {
			// A report of a report: somebody forwarded what they had sent here before.
			before := len(r.Originals)
			r.attached(email.Parse(raw, email.Limits{}), address, round+1)
			if len(r.Originals) > before {
				continue
			}
		}
		o := FromRaw(raw, inner)
		if slices.ContainsFunc(r.Originals, func(have Original) bool { return have.Digest != "" && have.Digest == o.Digest }) {
			continue
		}
		r.Originals = append(r.Originals, o)
	}
}

// messageIn returns the bytes of a message that a part holds; nil and true for one that Outlook saved.
func messageIn(p *email.Part) (raw []byte, ok bool) {
	name := strings.ToLower(p.Filename)
	switch {
	case p.Type == "message/rfc822" || p.Type == "message/global":
		return p.Content, looksLikeMessage(p.Content)
	case strings.HasSuffix(name, ".eml"):
		return p.Content, looksLikeMessage(p.Content)
	case strings.HasSuffix(name, ".msg") || p.Type == "application/vnd.ms-outlook":
		return nil, bytes.HasPrefix(p.Content, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1})
	}
	return nil, false
}

// looksLikeMessage: its first line is a header field (RFC 5322 section 2.2) or an mbox line. Anything can be called .eml.
func looksLikeMessage(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), "\r\n")
	line, _, _ := bytes.Cut(b[:min(len(b), 4096)], []byte("\n"))
	if bytes.HasPrefix(line, []byte("From ")) {
		return true
	}
	name, _, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) == 0 {
		return false
	}
	for _, c := range bytes.TrimRight(name, " \t") {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// FromRaw describes an original of which the bytes are there. m is what a parse of it says.
func FromRaw(raw []byte, m *email.Message) Original {
	o := Original{Raw: raw, Form: Attached, MessageID: cut(m.MessageID, maxName*3), Subject: cut(m.Subject, MaxSubject), Date: m.Date, Zoned: true, Digest: remediate.Digest(raw)}
	from := m.Sender
	if len(m.From) > 0 {
		from = m.From[0]
	}
	o.From, o.FromName = strings.ToLower(cut(from.Addr, maxName)), cut(from.Name, maxName)
	return o
}

func sentTo(m *email.Message, address string) bool {
	for _, list := range [][]email.Address{m.To, m.Cc} {
		for _, a := range list {
			if _, ok := Addressed(a.Addr, address); ok {
				return true
			}
		}
	}
	return false
}

// Addressed reports whether a recipient is the address for reports, also with a tag behind a plus sign (RFC 5233), which may name the type:
// report+spam@example.com.
func Addressed(recipient, address string) (Type, bool) {
	local, domain, ok := strings.Cut(strings.ToLower(strings.TrimSpace(recipient)), "@")
	ownLocal, ownDomain, ok2 := strings.Cut(strings.ToLower(address), "@")
	if !ok || !ok2 || domain != ownDomain {
		return "", false
	}
	if local == ownLocal {
		return "", true
	}
	tag, found := strings.CutPrefix(local, ownLocal+"+")
	if !found {
		return "", false
	}
	return typeWord(tag), true
}

// typeOf reads what report buttons put at the front of the subject: "1|", "2|", "3|" (Microsoft Learn, "User reported settings", section
// "Message submission format"), or a word in brackets.
func typeOf(subject string) Type {
	s := strings.TrimSpace(subject)
	switch {
	case strings.HasPrefix(s, "1|"):
		return Spam
	case strings.HasPrefix(s, "2|"):
		return NotJunk
	case strings.HasPrefix(s, "3|"):
		return Phish
	case strings.HasPrefix(s, "["):
		if word, _, found := strings.Cut(s[1:], "]"); found && len(word) <= 30 {
			return typeWord(word)
		}
	}
	return ""
}

// typeWord is the type that a word names, "" for none.
func typeWord(s string) Type {
	s = strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	switch s {
	case "phish", "phishing":
		return Phish
	case "spam", "junk":
		return Spam
	case "malware", "virus":
		return Malware
	case "notjunk", "notspam", "notphish", "clean", "good", "ham":
		return NotJunk
	}
	return ""
}

// machine says why a message is not of a person (RFC 3834 sections 2 and 5), and whether it is no report at all.
func machine(m *email.Message, nullPath bool) (why string, drop bool) {
	auto, _ := m.Lookup("Auto-Submitted")
	auto, _, _ = strings.Cut(strings.ToLower(auto), ";")
	auto = strings.TrimSpace(auto)
	precedence, _ := m.Lookup("Precedence")
	_, response := m.Lookup("X-Autoreply")
	switch {
	case auto == "auto-replied", response, strings.EqualFold(strings.TrimSpace(precedence), "auto_reply"):
		return "it is an automatic answer", true
	case m.Root.Type == "multipart/report" && m.Root.Params["report-type"] != "feedback-report":
		return "it is a bounce", true
	case nullPath && !hasMessage(m):
		return "it has no sender to answer", true
	case nullPath:
		return "it has no sender to answer", false
	case auto != "" && auto != "no": // a report button may call itself that; an answer of Tocsin that comes back does
		return "a machine sent it", !hasMessage(m)
	case strings.EqualFold(strings.TrimSpace(precedence), "list"):
		return "it came over a list", false
	}
	return "", false
}

func hasMessage(m *email.Message) bool {
	return slices.ContainsFunc(m.Parts, func(p *email.Part) bool { return !p.Embedded && p.Type == "message/rfc822" })
}

func firstNonEmpty(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// cut is the start of s, at most n octets and whole characters, without NUL, which stores refuse.
func cut(s string, n int) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
