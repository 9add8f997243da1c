package scan

import (
	"fmt"
	"strings"

	"tocsin/internal/email"
)

const (
	maxICS      = 8 << 20 // octets of one calendar file
	maxICSLines = 200_000
	maxICSFiles = 20
)

// icsField is one content line (RFC 5545 section 3.1).
type icsField struct {
	name   string // upper case
	params string // as written
	value  string
}

// param is the value of a parameter, "" when it is not there.
func (f icsField) param(name string) string {
	for part := range strings.SplitSeq(f.params, ";") {
		k, v, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// openICS looks into an invitation. What a reader sees of it is text of the message already (package email); here are its organiser, its
// method and the files that stand in it.
func openICS(s *session, f *file) {
	method, organiser, name, files, events, place := "", "", "", 0, 0, false
	icsFields(pageText(f.content[:min(len(f.content), maxICS)]), func(c icsField) bool {
		switch c.name {
		case "METHOD":
			method = strings.ToUpper(strings.TrimSpace(c.value))
		case "BEGIN":
			if strings.EqualFold(strings.TrimSpace(c.value), "VEVENT") {
				events++
			}
		case "ORGANIZER":
			if organiser == "" {
				organiser = strings.ToLower(strings.TrimSpace(c.value))
				organiser = strings.TrimPrefix(organiser, "mailto:")
				name = c.param("CN")
			}
		case "LOCATION":
			v := strings.TrimSpace(c.value)
			place = place || v != "" && !isWeb(v)
		case "ATTACH":
			if files++; files <= maxICSFiles {
				s.icsFile(f, c)
			}
		case "X-ALT-DESC", "DESCRIPTION":
			if strings.Contains(c.value, "data:image/") || len(c.value) > 2000 && strings.Contains(c.value, "<") {
				s.htmlCodes(f, icsText(c.value))
			}
		case "X-WR-CALDESC", "X-WR-CALNAME":
			s.say(icsText(c.value[:min(len(c.value), 2000)]))
		}
		return !s.over()
	})
	if events == 0 && method == "" {
		return
	}
	if !place {
		s.fact(f, "calendar-no-place", "")
	}
	if name != "" {
		organiser = fmt.Sprintf("%q %s", cutName(name), orElse(organiser, "nobody"))
	}
	s.fact(f, "calendar-invitation", oneLine(fmt.Sprintf("%s from %s", orElse(method, "PUBLISH"), orElse(organiser, "nobody"))))
}

// cutName is the organiser's name as far as anybody reads it.
func cutName(s string) string {
	if len(s) > 100 {
		s = strings.ToValidUTF8(s[:100], "")
	}
	return s
}

// icsFile takes in a file that an invitation carries (RFC 5545 section 3.8.1.1), or the address of one.
func (s *session) icsFile(f *file, c icsField) {
	if !strings.EqualFold(c.param("ENCODING"), "BASE64") && !strings.EqualFold(c.param("VALUE"), "BINARY") {
		if isWeb(c.value) {
			u := strings.TrimSpace(c.value)
			target := email.Unwrap(u)
			s.link(f, email.InAttachment, email.Link{URL: u, Target: target, Host: email.HostOf(target), Tag: "a"})
		}
		return
	}
	if !s.take(f, int64(len(c.value))) {
		return
	}
	name := orElse(c.param("FILENAME"), orElse(c.param("X-FILENAME"), orElse(c.param("X-APPLE-FILENAME"), "attachment")))
	if content := looseBase64(c.value); len(content) > 0 {
		s.child(f, oneLine(name), content)
	}
}

// icsFields calls each with the content lines, unfolded, until it returns false.
func icsFields(text string, each func(icsField) bool) {
	var line strings.Builder
	n := 0
	emit := func() bool {
		if line.Len() == 0 {
			return true
		}
		f, ok := icsLine(line.String())
		line.Reset()
		return !ok || each(f)
	}
	for next := range strings.SplitSeq(text, "\n") {
		if n++; n > maxICSLines {
			return
		}
		next = strings.TrimSuffix(next, "\r")
		if next != "" && (next[0] == ' ' || next[0] == '\t') {
			line.WriteString(next[1:])
			continue
		}
		if !emit() {
			return
		}
		line.WriteString(next)
	}
	emit()
}

// icsLine cuts a line into name, parameters and value; a colon in quotes does not count.
func icsLine(line string) (icsField, bool) {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if quoted {
				continue
			}
			name, params, _ := strings.Cut(line[:i], ";")
			return icsField{strings.ToUpper(strings.TrimSpace(name)), params, line[i+1:]}, len(name) <= 64
		}
	}
	return icsField{}, false
}

// icsText undoes the escapes of a text value (section 3.3.11).
func icsText(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
}
