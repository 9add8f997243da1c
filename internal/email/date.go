package email

import (
	"strings"
	"time"
)

var months = map[string]time.Month{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

// zones are the names of RFC 5322 section 4.3 and those that mail still carries, in minutes east of UTC. Names that
// several countries use (IST, CST) are read as mail programs use them.
var zones = map[string]int{
	"ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "edt": -240, "est": -300, "cdt": -300, "cst": -360, "mdt": -360, "mst": -420,
	"pdt": -420, "pst": -480, "akdt": -480, "akst": -540, "hst": -600, "ast": -240, "adt": -180, "brt": -180, "bst": 60,
	"cet": 60, "met": 60, "cest": 120, "mest": 120, "eet": 120, "eest": 180, "msk": 180, "ist": 330, "sgt": 480, "hkt": 480,
	"jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "sast": 120, "wib": 420, "west": 60,
}

// ParseDate reads a date as mail carries it: RFC 5322 section 3.3, the obsolete forms of section 4.3, and what
// programs write instead (asctime, RFC 3339, missing seconds or zone, month and day in either order, a weekday
// that is wrong). The result is UTC; a missing or unknown zone is read as UTC. It is false when there is no
// date or it cannot exist.
func ParseDate(s string) (time.Time, bool) {
	if len(s) > 200 {
		s = s[:200]
	}
	s = strings.TrimSpace(stripComments(s))
	if len(s) > 10 && s[4] == '-' && s[10] == 'T' {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && t.Year() > 0 {
			return t.UTC(), true
		}
	}
	d := dateFields{zone: -1 << 20}
	for i, tok := range dateTokens(s) {
		if !d.take(tok) && (i > 0 || strings.ContainsAny(tok, "0123456789")) { // a weekday in another language may come first
			return time.Time{}, false
		}
	}
	return d.time()
}

// dateTokens cuts a date at white space, commas and dashes between numbers and names (01-Jan-2020), but keeps the
// sign of a zone.
func dateTokens(s string) []string {
	tokens := make([]string, 0, 8)
	for _, f := range strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r' || c == '\n' }) {
		if year, month, day, ok := yearFirst(f); ok {
			tokens = append(tokens, day, month.String(), year)
			continue
		}
		k := strings.IndexByte(f, '-')
		switch {
		case k > 0 && !strings.Contains(f, ":"):
			tokens = append(tokens, strings.FieldsFunc(f, func(c rune) bool { return c == '-' })...)
		case strings.Contains(f, "/") && !strings.Contains(f, ":"):
			return nil // 01/02/2020 means two things
		default:
			tokens = append(tokens, f)
		}
	}
	return tokens
}

// yearFirst reads 2020-01-31, the one order of nothing but numbers that means one thing.
func yearFirst(f string) (year string, month time.Month, day string, ok bool) {
	if len(f) < 6 || !digits(f[:4]) {
		return "", 0, "", false
	}
	ymd := strings.FieldsFunc(f, func(c rune) bool { return c == '-' || c == '/' || c == '.' })
	if len(ymd) != 3 || len(ymd[0]) != 4 || !digits(ymd[1]) {
		return "", 0, "", false
	}
	m := number(ymd[1])
	return ymd[0], time.Month(m), ymd[2], m >= 1 && m <= 12
}

type dateFields struct {
	day, year          int
	month              time.Month
	hour, minute, sec  int
	haveTime           bool
	pm, am             bool
	zone               int
	haveYear, fourYear bool
}

// take reads one token; false when it cannot be part of a date.
func (d *dateFields) take(tok string) bool {
	low := strings.ToLower(strings.TrimRight(tok, "."))
	switch {
	case low == "":
		return true
	case strings.Contains(low, ":"):
		return d.clock(low)
	case low == "am" || low == "pm":
		d.am, d.pm = low == "am", low == "pm"
		return true
	case (low[0] == '+' || low[0] == '-') && len(low) > 1 && digits(low[1:]):
		return d.offset(low)
	case digits(low):
		return d.number(low)
	}
	if len(low) >= 3 {
		if m, ok := months[low[:3]]; ok && d.month == 0 && strings.HasPrefix(m.String(), strings.ToUpper(low[:1])+low[1:]) {
			d.month = m
			return true
		}
		if low == "sept" && d.month == 0 {
			d.month = time.September
			return true
		}
		switch low[:3] {
		case "mon", "tue", "wed", "thu", "fri", "sat", "sun":
			return true
		}
	}
	if z, ok := zones[low]; ok {
		if d.zone == -1<<20 { // "+0200 GMT": the offset counts
			d.zone = z
		}
		return true
	}
	for _, prefix := range []string{"gmt", "utc"} { // GMT+0200
		if rest, ok := strings.CutPrefix(low, prefix); ok && len(rest) > 1 && (rest[0] == '+' || rest[0] == '-') && digits(rest[1:]) {
			return d.offset(rest)
		}
	}
	// Unknown words (a military or local zone name) mean nothing, as RFC 5322 section 4.3 asks, once there is a time.
	return d.haveTime && len(low) <= 40
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func number(s string) int {
	n := 0
	for i := 0; i < len(s) && n < 1<<20; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// clock reads 15:04, 15:04:05, 15:04:05.678 and the same with a zone glued to it.
func (d *dateFields) clock(s string) bool {
	if k := strings.IndexAny(s, "+-"); k > 0 {
		if !digits(s[k+1:]) || !d.offset(s[k:]) {
			return false
		}
		s = s[:k]
	}
	for _, half := range []string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(s, half); ok {
			d.am, d.pm = half == "am", half == "pm"
			s = rest
		}
	}
	fields := strings.Split(s, ":")
	if len(fields) < 2 || len(fields) > 3 || d.haveTime {
		return false
	}
	if len(fields) == 3 {
		if k := strings.IndexByte(fields[2], '.'); k > 0 {
			fields[2] = fields[2][:k]
		}
	}
	var v [3]int
	for i, f := range fields {
		if !digits(f) || len(f) > 2 {
			return false
		}
		v[i] = number(f)
	}
	d.hour, d.minute, d.sec, d.haveTime = v[0], v[1], v[2], true
	return d.hour < 25 && d.minute < 60 && d.sec < 61
}

// offset reads +hhmm, +hmm and +hh.
func (d *dateFields) offset(s string) bool {
	n := number(s[1:])
	if len(s) <= 3 {
		n *= 100
	}
	if len(s) > 5 {
		n = number(s[1:5])
	}
	minutes := n/100*60 + n%100
	if minutes > 24*60 {
		minutes = 0 // a zone that cannot be means none
	}
	if s[0] == '-' {
		minutes = -minutes
	}
	d.zone = minutes
	return true
}

// number places a number: the day is the first that can be one, the year the rest.
func (d *dateFields) number(s string) bool {
	n := number(s)
	switch {
	case len(s) >= 5:
		return d.haveTime && d.haveYear
	case d.day == 0 && (len(s) <= 2 || len(s) == 3 && s[0] == '0') && n >= 1 && n <= 31:
		d.day = n
		return true
	case !d.haveYear:
		d.haveYear, d.year = true, n
		switch { // RFC 5322 section 4.3
		case len(s) <= 2 && n < 50:
			d.year += 2000
		case len(s) <= 3 || n >= 100 && n < 200: // years counted from 1900
			d.year += 1900
		}
		return true
	}
	return d.haveTime // a zone that lost its sign, or a counter behind the date
}

func (d *dateFields) time() (time.Time, bool) {
	if d.day == 0 || d.month == 0 || !d.haveYear || d.year < 1900 || d.year > 9999 {
		return time.Time{}, false
	}
	hour := d.hour
	if d.pm && hour < 12 {
		hour += 12
	} else if d.am && hour == 12 {
		hour = 0
	}
	if time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Day() != d.day { // 30 Feb
		return time.Time{}, false
	}
	t := time.Date(d.year, d.month, d.day, hour, d.minute, d.sec, 0, time.UTC)
	if d.zone != -1<<20 {
		t = t.Add(-time.Duration(d.zone) * time.Minute)
	}
	return t, true
}
