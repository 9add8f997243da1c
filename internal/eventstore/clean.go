package eventstore

import (
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/event"
)

// CleanString returns s as a store may keep it: valid UTF-8 (each run of broken bytes becomes one U+FFFD) without NUL,
// which becomes U+2400 SYMBOL FOR NULL so that its place stays visible. Most strings come back untouched.
func CleanString(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\u2400")
	}
	return s
}

// Rows is the number of rows in a batch.
func Rows(b event.Batch) int {
	return len(b.Emails) + len(b.Urls) + len(b.Attachments) + len(b.PostDelivery) + len(b.Clicks) + len(b.Campaigns) + len(b.Submissions) + len(b.Alerts) + len(b.Evidence)
}

// merge appends the rows of b to a.
func merge(a *event.Batch, b event.Batch) {
	a.Emails = append(a.Emails, b.Emails...)
	a.Urls = append(a.Urls, b.Urls...)
	a.Attachments = append(a.Attachments, b.Attachments...)
	a.PostDelivery = append(a.PostDelivery, b.PostDelivery...)
	a.Clicks = append(a.Clicks, b.Clicks...)
	a.Campaigns = append(a.Campaigns, b.Campaigns...)
	a.Submissions = append(a.Submissions, b.Submissions...)
	a.Alerts = append(a.Alerts, b.Alerts...)
	a.Evidence = append(a.Evidence, b.Evidence...)
}

// IDTime returns the time inside a UUIDv7 (RFC 9562, section 5.7), to the millisecond, and whether id is one.
func IDTime(id string) (time.Time, bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[14] != '7' || id[18] != '-' || id[23] != '-' {
		return time.Time{}, false
	}
	var ms int64
	for i := range 13 {
		if i == 8 {
			continue
		}
		c := id[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return time.Time{}, false
		}
		ms = ms<<4 | int64(c)
	}
	return time.UnixMilli(ms).UTC(), true
}
