package ingest

import (
	"bytes"
	"net/mail"
	"strings"
	"time"
)

// maxHeaderScan bounds the search for dates. It is more than a parsed header may have.
const maxHeaderScan = 256 << 10

// earliest is the oldest time that is believed. Internet mail with dates is older, spam with broken clocks far more common.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// headerTime is when a message without a known envelope entered: the topmost readable Received date, else the Date
// field, else the time of its file, else now. A date before 1990 or in the future is no better than none. It reads only
// the top header block, and on its own rather than through email.Parse: the time is part of the id, and must not move
// when the parser learns to read more dates.
func headerTime(raw []byte, file, now time.Time) time.Time {
	var date time.Time
	for name, value := range topFields(raw) {
		switch {
		case strings.EqualFold(name, "Received"):
			if t := receivedDate(value); sane(t, now) {
				return t
			}
		case strings.EqualFold(name, "Date") && date.IsZero():
			date = parseDate(value)
		}
	}
	switch {
	case sane(date, now):
		return date
	case sane(file, now):
		return file.UTC()
	}
	return now
}

// receivedDate reads what follows the last semicolon of a Received field (RFC 5321 section 4.4); comments may hold some too, and
// a parenthesis that is never closed must not swallow the date.
func receivedDate(value string) time.Time {
	for _, v := range []string{dropComments(value), value} {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			if t := parseDate(v[i+1:]); !t.IsZero() {
				return t
			}
		}
	}
	return time.Time{}
}

func sane(t, now time.Time) bool { return !t.Before(earliest) && !t.After(now) }

// topFields yields name and unfolded value of the fields of the top header block, in order. A leading mbox "From " line
// is passed over.
func topFields(raw []byte) func(yield func(name, value string) bool) {
	return func(yield func(string, string) bool) {
		raw := raw[:min(len(raw), maxHeaderScan)]
		var name string
		var value []byte
		first := true
		for len(raw) > 0 {
			line := raw
			if i := bytes.IndexByte(raw, '\n'); i >= 0 {
				line, raw = raw[:i], raw[i+1:]
			} else {
				raw = nil
			}
			line = bytes.TrimSuffix(line, []byte{'\r'})
			if len(line) == 0 {
				break
			}
			if line[0] == ' ' || line[0] == '\t' {
				value = append(append(value, ' '), bytes.TrimLeft(line, " \t")...)
				continue
			}
			if name != "" && !yield(name, string(value)) {
				return
			}
			name, value = "", nil
			if i := bytes.IndexByte(line, ':'); i > 0 && (!first || !bytes.HasPrefix(line, []byte("From "))) {
				name, value = string(bytes.TrimRight(line[:i], " \t")), bytes.Clone(line[i+1:])
			}
			first = false
		}
		if name != "" {
			yield(name, string(value))
		}
	}
}

// parseDate reads the date-time of RFC 5322 section 3.3 and the forms that broken programs write. Zero when unreadable.
func parseDate(s string) time.Time {
	s = strings.Join(strings.Fields(dropComments(s)), " ")
	if s == "" || len(s) > 100 {
		return time.Time{}
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t.UTC()
	}
	if _, rest, ok := strings.Cut(s, ","); ok { // an unknown day name
		s = strings.TrimSpace(rest)
	}
	for _, layout := range [...]string{
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05",
		"2-Jan-2006 15:04:05 -0700", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006",
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// dropComments removes parenthesised comments (RFC 5322 section 3.2.2), nested ones too.
func dropComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
