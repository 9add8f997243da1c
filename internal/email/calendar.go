package email

import "strings"

// maxCalendarText bounds what is shown of one invitation.
const maxCalendarText = 1 << 20

// calendar reads what a mail program shows of an invitation (RFC 5545): summary, place, description, address.
// It counts as visible text, and its links as links in the body, because a reader meets them there.
func (c *content) calendar(p *Part, in place) {
	text, _ := toUTF8(p.Content, p.Charset)
	var b strings.Builder
	for _, line := range calendarLines(text) {
		if b.Len() > maxCalendarText || c.b.expired() {
			break
		}
		name, value, ok := calendarField(line)
		if !ok {
			continue
		}
		switch name {
		case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT":
			b.WriteString(calendarText(value))
			b.WriteByte('\n')
		case "URL", "ATTACH", "CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK":
			c.keep(textLinks(value, p.Path, InBody, c.b), in)
		case "X-ALT-DESC":
			_, hidden, links := readHTML(calendarText(value), p.Path, c.b)
			c.keep(links, in)
			if !in.embedded {
				c.hidden = appendText(c.hidden, hidden)
			}
		}
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

// calendarLines unfolds the content lines (RFC 5545 section 3.1).
func calendarLines(text string) []string {
	lines := strings.Split(lineFeeds(text), "\n")
	out := lines[:0]
	var folded strings.Builder
	flush := func() {
		if folded.Len() > 0 {
			out[len(out)-1] = folded.String()
			folded.Reset()
		}
	}
	for _, line := range lines {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(out) > 0 {
			if folded.Len() == 0 {
				folded.WriteString(out[len(out)-1])
			}
			folded.WriteString(line[1:])
			continue
		}
		flush()
		out = append(out, line)
	}
	flush()
	return out
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
