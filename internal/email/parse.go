package email

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Parse reads one message. It always returns a Message: what could not be read, and every limit of lim that was
// reached, stands in its Defects. Fields of the result point into raw, which must not change afterwards. The same
// bytes and limits give the same Message, except when Limits.Time ran out. Safe for use by many goroutines.
func Parse(raw []byte, lim Limits) (m *Message) {
	b := newBudget(lim)
	m = &Message{Size: len(raw)}
	defer func() {
		// A mistake in this package must cost one message its details, not the process. Fuzzing calls read
		// directly, so that it sees the panic.
		if v := recover(); v != nil {
			b.full = false
			b.defect("internal-error", fmt.Sprint(v))
			if m.Root == nil {
				m.Root = &Part{Type: "text/plain"}
			}
			if len(m.Parts) == 0 {
				m.Parts = []*Part{m.Root}
			}
			m.Defects = b.defects
		}
	}()
	m.read(raw, b)
	return m
}

// read fills the message.
func (m *Message) read(raw []byte, b *budget) {
	r := &reader{b: b, m: m}
	m.Root = &Part{}
	r.split(raw, m.Root, 0, true)
	r.checkNULs(raw)
	r.headerFields()
	c := &content{reader: r}
	c.collect()
	m.Defects = b.defects
}

// checkNULs records NUL bytes, which end a text for programs written in C and for nobody else.
func (r *reader) checkNULs(raw []byte) {
	if hasNUL(raw) {
		r.b.defect("nul-byte", "")
	}
}

// headerFields fills what Message keeps of the outermost header.
func (r *reader) headerFields() {
	m := r.m
	hint := ""
	if m.Root != nil {
		hint = m.Root.Charset
	}
	returnPath := false
	for i := range m.Headers {
		h, plain := &m.Headers[i], r.plain[i]
		switch h.Key {
		case "From":
			m.From = append(m.From, r.addresses(h.Key, plain, hint)...)
		case "Reply-To":
			m.ReplyTo = append(m.ReplyTo, r.addresses(h.Key, plain, hint)...)
		case "To":
			m.To = append(m.To, r.addresses(h.Key, plain, hint)...)
		case "Cc":
			m.Cc = append(m.Cc, r.addresses(h.Key, plain, hint)...)
		case "Bcc":
			m.Bcc = append(m.Bcc, r.addresses(h.Key, plain, hint)...)
		case "Sender":
			if list := r.addresses(h.Key, plain, hint); m.Sender == (Address{}) && len(list) > 0 {
				m.Sender = list[0]
			}
		case "Return-Path":
			if !returnPath {
				returnPath = true
				m.ReturnPath = cleanAddress(plain)
			}
		case "Subject":
			if m.Subject == "" {
				m.Subject = h.Value
			}
		case "Date":
			if m.Date.IsZero() {
				t, ok := ParseDate(plain)
				if !ok {
					r.b.defect("date-unreadable", h.Key)
				}
				m.Date = t
			}
		case "Message-Id":
			if m.MessageID == "" {
				m.MessageID = messageID(h.Value)
			}
		case "In-Reply-To":
			m.InReplyTo = append(m.InReplyTo, messageIDs(h.Value)...)
		case "References":
			m.References = append(m.References, messageIDs(h.Value)...)
		case "Received":
			m.Hops = append(m.Hops, parseHop(h.Value))
		}
	}
	linkDelays(m.Hops)
	r.checkFields()
}

func (r *reader) addresses(key, plain, hint string) []Address {
	list, problems := parseAddresses(plain, hint, key == "From" || key == "Sender" || key == "Reply-To")
	for _, id := range problems {
		r.b.defect(id, key)
	}
	return list
}

// checkFields records fields that must be there and are not (RFC 5322 section 3.6).
func (r *reader) checkFields() {
	m := r.m
	if _, ok := m.Lookup("Date"); !ok {
		r.b.defect("header-missing", "Date")
	}
	if _, ok := m.Lookup("From"); !ok {
		r.b.defect("header-missing", "From")
	} else if len(m.From) > 1 {
		r.b.defect("from-several", "From")
	} else if len(m.From) == 0 || m.From[0].Domain == "" {
		r.b.defect("from-unreadable", "From")
	}
}

// messageID returns the first <...> of a value, or the value itself when there is none.
func messageID(v string) string {
	if i := strings.IndexByte(v, '<'); i >= 0 {
		if k := strings.IndexByte(v[i:], '>'); k > 0 {
			return v[i : i+k+1]
		}
	}
	return strings.TrimSpace(v)
}

// messageIDs returns every <...> of a value, or its words when there is none.
func messageIDs(v string) []string {
	const most = 1000
	var ids []string
	for rest := v; len(ids) < most; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		k := strings.IndexByte(rest[i:], '>')
		if k < 0 {
			break
		}
		ids = append(ids, rest[i:i+k+1])
		rest = rest[i+k+1:]
	}
	if ids == nil {
		for _, f := range strings.Fields(v) {
			if strings.Contains(f, "@") && len(ids) < most {
				ids = append(ids, f)
			}
		}
	}
	return ids
}

// attachment lists a part as a file.
func (c *content) attachment(p *Part, within string) {
	a := NewAttachment(p.Filename, p.Type, within, p.Content)
	a.Part = p
	c.m.Attachments = append(c.m.Attachments, a)
}

// NewAttachment describes a file by its name, the media type it was declared to be ("" when nobody did), the name of the file or
// message it stands in, and its octets.
func NewAttachment(name, declared, within string, content []byte) Attachment {
	a := Attachment{Name: name, Declared: declared, Size: len(content), Within: within, Extension: extensionOf(name)}
	a.Type, a.Kind = fileType(content, name, declared)
	m5, s1, s2 := md5.Sum(content), sha1.Sum(content), sha256.Sum256(content)
	var buf [2 * (16 + 20 + 32)]byte
	hex.Encode(buf[:32], m5[:])
	hex.Encode(buf[32:72], s1[:])
	hex.Encode(buf[72:], s2[:])
	all := string(buf[:])
	a.MD5, a.SHA1, a.SHA256 = all[:32], all[32:72], all[72:]
	return a
}
