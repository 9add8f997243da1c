package email

import "strings"

const (
	maxCalendarText = 1 << 20 // octets shown of one invitation, about
	maxCalendarLine = 8 << 20 // octets of one line, which may hold the invitation as HTML
)

// calendar reads what a mail program shows of an invitation (RFC 5545): summary, place, description, address.
// It counts as visible text, and its links as links in the body, because a reader meets them there.
func (c *content) calendar(p *Part, in place) {
	text, _ := toUTF8(p.Content, p.Charset)
	var b, page strings.Builder
	cut := calendarLines(lineFeeds(text), func(line string) bool {
		if b.Len() > maxCalendarText || c.b.expired() {
			return false
		}
		name, value, ok := calendarField(line)
		if !ok {
			return true
		}
		switch name {
		case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT":
			b.WriteString(calendarText(value))
			b.WriteByte('\n')
		case "URL", "ATTACH", "CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK":
			c.keep(textLinks(value, p.Path, InBody, c.b), in)
		case "X-ALT-DESC":
			text, hidden, links := readHTML(calendarText(value), p.Path, c.b)
			c.keep(links, in)
			page.WriteString(text) // programs that can show it do not show the description
			page.WriteByte('\n')
			if !in.embedded {
				c.hidden = appendText(c.hidden, hidden)
			}
		}
		return true
	})
	if cut || b.Len() > maxCalendarText {
		c.b.defect("limit-text", p.Path)
	}
	if alt := strings.TrimSpace(page.String()); alt != "" && !sameWords(b.String(), alt) && b.Len()+len(alt) <= maxCalendarText {
		b.WriteString(alt)
		b.WriteByte('\n')
	}
	shown := strings.TrimSpace(b.String())
	c.keep(textLinks(shown, p.Path, InBody, c.b), in)
	if in.shown && shown != "" {
		if in.embedded {
			c.inner = appendText(c.inner, shown)
		} else {
			c.visible = appendText(c.visible, shown)
		}
	}
}

// calendarLines calls each with the content lines, unfolded (RFC 5545 section 3.1), until it returns false. cut says that one was so
// long that its rest was left out.
func calendarLines(text string, each func(line string) bool) (cut bool) {
	var folded strings.Builder
	line, started := "", false
	for next := range strings.SplitSeq(text, "\n") {
		if next != "" && (next[0] == ' ' || next[0] == '\t') && started {
			if folded.Len() == 0 {
				folded.WriteString(line)
			}
			if folded.Len() < maxCalendarLine {
				folded.WriteString(next[1:])
			} else {
				cut = true
			}
			continue
		}
		if folded.Len() > 0 {
			line = folded.String()
			folded.Reset()
		}
		if started && !each(line) {
			return cut
		}
		line, started = next, true
	}
	if folded.Len() > 0 {
		line = folded.String()
	}
	each(line)
	return cut
}

// calendarField cuts a content line into its name, in upper case, and its value; parameters are dropped.
func calendarField(line string) (name, value string, ok bool) {
	end := strings.IndexAny(line, ":;")
	if end <= 0 || end > 64 {
		return "", "", false
	}
	name = strings.ToUpper(line[:end])
	inQuote := false
	for i := end; i < len(line); i++ {
		switch line[i] {
		case '"':
			inQuote = !inQuote
		case ':':
			if !inQuote {
				return name, line[i+1:], true
			}
		}
	}
	return "", "", false
}

// calendarText undoes the escapes of a TEXT value (RFC 5545 section 3.3.11).
func calendarText(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if s[i] == 'n' || s[i] == 'N' {
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// sameWords says that the words of alt all stand in text in their order, as when a program writes the description a second time.
func sameWords(text, alt string) bool {
	return strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(alt), " "))
}
