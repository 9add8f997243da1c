package submission

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/email"
)

// quotedDate reads the date of a quoted head: as mail carries it, or with the words of some language ("Montag, 3. November 2026 10:15").
// zoned says that it has a zone; else it is the reader's local time. It is the zero time when it cannot be told: 03/04/2026 is two days.
func quotedDate(s string) (t time.Time, zoned bool) {
	s = cut(s, 200)
	if strings.Contains(s, "+") || strings.HasSuffix(strings.TrimSpace(s), "Z") || strings.Contains(s, "GMT") || strings.Contains(s, "UTC") {
		if t, ok := email.ParseDate(s); ok && t.Year() > 1990 {
			return t, true
		}
	}
	d := fieldsOf(strings.ToLower(s))
	if d.year == 0 || d.month == 0 || d.day == 0 {
		return time.Time{}, false
	}
	if d.pm && d.hour < 12 {
		d.hour += 12
	}
	t = time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, 0, 0, time.UTC)
	if t.Day() != d.day {
		return time.Time{}, false
	}
	return t, false
}

type dateFields struct {
	year, month, day, hour, minute int
	pm                             bool
}

// fieldsOf finds the parts of a date in a text in lower case.
func fieldsOf(s string) (d dateFields) {
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ':' })
	var numbers []int
	for _, w := range words[:min(len(words), 24)] {
		switch {
		case strings.Contains(w, ":"):
			d.clock(w)
		case w == "pm" || w == "下午" || w == "午後" || w == "오후":
			d.pm = true
		case w[0] >= '0' && w[0] <= '9':
			numbers = append(numbers, d.numeral(w)...)
		case d.month == 0:
			d.month = monthOf(w)
		}
	}
	d.order(numbers)
	return d
}

func (d *dateFields) clock(w string) {
	h, rest, _ := strings.Cut(w, ":")
	m, _, _ := strings.Cut(rest, ":")
	d.pm = d.pm || strings.HasSuffix(w, "pm")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(strings.TrimRight(m, "apm"))
	if err1 == nil && err2 == nil && hour < 24 && minute < 60 && hour >= 0 && minute >= 0 {
		d.hour, d.minute = hour, minute
	}
}

// numeral reads "3", "3rd", "2026" and "2026年11月3日".
func (d *dateFields) numeral(w string) (out []int) {
	n, digits := 0, 0
	flush := func(unit rune) {
		if digits > 0 && digits <= 4 {
			switch unit {
			case '年', '년':
				d.year = n
			case '月', '월':
				d.month = n
			case '日', '일':
				d.day = n
			default:
				out = append(out, n)
			}
		}
		n, digits = 0, 0
	}
	for _, r := range w {
		if r >= '0' && r <= '9' {
			if digits++; digits <= 4 {
				n = n*10 + int(r-'0')
			}
			continue
		}
		flush(r)
	}
	flush(0)
	return out
}

// order says which number is what. Day and month in figures count only where they cannot be exchanged.
func (d *dateFields) order(numbers []int) {
	rest := numbers[:0:0]
	for i, n := range numbers {
		if n >= 1990 && n <= 2199 && d.year == 0 {
			d.year = n
			if i == 0 && len(numbers) >= 3 && d.month == 0 { // 2026-11-03
				d.month, d.day = numbers[1], numbers[2]
			}
			continue
		}
		rest = append(rest, n)
	}
	if d.day != 0 || len(rest) == 0 {
		d.check()
		return
	}
	a := rest[0]
	switch {
	case d.month != 0:
		d.day = a
	case len(rest) < 2:
	case a > 12 && rest[1] <= 12, a == rest[1]:
		d.day, d.month = a, rest[1]
	case rest[1] > 12 && a <= 12:
		d.month, d.day = a, rest[1]
	}
	d.check()
}

func (d *dateFields) check() {
	if d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 {
		d.month, d.day = 0, 0
	}
}

func monthOf(w string) int {
	if len(w) < 3 {
		return 0
	}
	for _, m := range months {
		if strings.HasPrefix(w, m[0]) {
			n, _ := strconv.Atoi(m[1])
			return n
		}
	}
	return 0
}
