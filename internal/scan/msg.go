package scan

import (
	"strings"

	"tocsin/internal/email"
)

// A message that Outlook saved ([MS-OXMSG]) is a compound file: a stream for each property, named by the property's number and type, and a
// storage for each attachment. A message in it is a storage with the same inside.

const maxMSGBody = 4 << 20

// openMSG reads the message and those attached to it.
func openMSG(s *session, f *file, c *compound) { s.readMSG(f, c, "", f.depth) }

func (s *session) readMSG(f *file, c *compound, prefix string, depth int) {
	if s.over() {
		return
	}
	if depth > s.lim.Depth {
		s.defect("file-limit-depth", f.way)
		return
	}
	s.say(c.property(prefix, "0037"))
	body := c.property(prefix, "1000")
	html := string(c.readPath(prefix+"__substg1.0_10130102", maxMSGBody))
	if html == "" {
		html = c.property(prefix, "1013")
	}
	if packed := c.readPath(prefix+"__substg1.0_10090102", maxMSGBody); html == "" && len(packed) > 0 {
		text, isHTML, whole := email.ReadCompressedRTF(packed, int(min(s.lim.File, s.bytes)))
		if !whole {
			s.defect("file-office-broken", f.way)
		}
		if s.bytes -= int64(len(text)); isHTML {
			html = text
		} else if body == "" {
			body = text
		}
	}
	if html != "" {
		visible, _, links := email.ReadHTML(html, f.way, email.Limits{Links: maxLinks})
		s.say(visible)
		s.link(f, email.InAttachment, links...)
	} else {
		s.say(body)
		s.link(f, email.InAttachment, email.ReadText(body, f.way, email.Limits{Links: maxLinks})...)
	}
	for i := range c.entries {
		e := &c.entries[i]
		rest, ok := strings.CutPrefix(e.path, prefix)
		if !ok || e.kind != oleStorage || !strings.HasPrefix(rest, "__attach_version1.0_") || strings.Contains(rest, "/") {
			continue
		}
		s.msgAttachment(f, c, e.path+"/", depth)
	}
}

func (s *session) msgAttachment(f *file, c *compound, prefix string, depth int) {
	if c.storage(prefix+"__substg1.0_3701000D") != nil {
		inner := prefix + "__substg1.0_3701000D/"
		if c.find(inner+"__properties_version1.0") != nil {
			s.readMSG(f, c, inner, depth+1)
		}
		return
	}
	data := c.readPath(prefix+"__substg1.0_37010102", s.lim.File)
	name := c.property(prefix, "3707")
	for _, other := range [...]string{"3704", "3001"} {
		if name == "" {
			name = c.property(prefix, other)
		}
	}
	if name == "" {
		name = "attachment"
	}
	s.packed(f, lastName(name), data)
}

// property reads a string property, in UTF-16 or in the system's code page.
func (c *compound) property(prefix, id string) string {
	if b := c.readPath(prefix+"__substg1.0_"+id+"001F", maxMSGBody); b != nil {
		return utf16Text(b)
	}
	text, _, _ := strings.Cut(email.ReadCodePage(c.readPath(prefix+"__substg1.0_"+id+"001E", maxMSGBody), 1252), "\x00")
	return text
}
