package detect

import (
	"net/url"
	"strings"

	"tocsin/internal/intel"
)

// maxPhones bounds the telephone numbers read from one text.
const maxPhones = 20

// phoneNumbers finds what a reader would dial: nine to fifteen digits (E.164 allows no more) in groups, or behind a plus. Letters that
// stand in for digits to get past filters ("8O8", "l8OO") are read as the digits. Dates, amounts, addresses and
// numbers of orders and accounts, which are written in one piece, are left out. The numbers are returned as digits, "+" kept.
func phoneNumbers(text string) []string {
	text = cut(text, maxBody)
	var out []string
	for i := 0; i < len(text) && len(out) < maxPhones; {
		c := text[i]
		if c != '+' && c != '(' && (c < '0' || c > '9') || i > 0 && (wordByte(text[i-1]) || strings.IndexByte(`.,-/#:=_@`, text[i-1]) >= 0) {
			i++
			continue
		}
		number, end := phoneAt(text, i)
		if number != "" {
			out = append(out, number)
		}
		i = max(end, i+1)
	}
	return out
}

// phoneAt reads one number that starts at i, "" when it is none, and where it ends.
func phoneAt(text string, i int) (string, int) {
	var number []byte
	groups, gap := 1, 0
	longest, run := 0, 0
	if text[i] == '+' {
		number = append(number, '+')
		i++
	}
	start := i
scan:
	for ; i < len(text) && i-start < 40; i++ {
		c := text[i]
		switch {
		case c >= '0' && c <= '9', (c == 'O' || c == 'o' || c == 'l' || c == 'I') && len(number) > 0 && i+1 < len(text) && besideDigit(text, i):
			if gap > 0 && len(number) > 0 {
				groups, run = groups+1, 0
			}
			gap = 0
			run++
			longest = max(longest, run)
			switch c {
			case 'O', 'o':
				c = '0'
			case 'l', 'I':
				c = '1'
			}
			number = append(number, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/':
			if gap++; gap > 3 {
				break scan
			}
		case strings.HasPrefix(text[i:], "\u00a0"):
			i++
			if gap++; gap > 3 {
				break scan
			}
		case strings.HasPrefix(text[i:], "\u2011"), strings.HasPrefix(text[i:], "\u2013"): // hyphens of word processors
			i += 2
			if gap++; gap > 3 {
				break scan
			}
		default:
			break scan
		}
	}
	if i < len(text) && gap == 0 && (wordByte(text[i]) || text[i] == ',' && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9' || text[i] == '@' || text[i] == ':') {
		return "", i // a code, an amount, a time
	}
	digits := len(number)
	plus := digits > 0 && number[0] == '+'
	if plus {
		digits--
	}
	switch {
	case digits < 9 || digits > 15, !plus && groups < 2, !plus && longest > 8, yearFirst(number):
		return "", i
	}
	return string(number), i
}

func besideDigit(text string, i int) bool {
	digit := func(j int) bool { return j >= 0 && j < len(text) && text[j] >= '0' && text[j] <= '9' }
	return digit(i-1) || digit(i+1)
}

// yearFirst tells a date and time like 2026-11-10 09.12 from a number.
func yearFirst(number []byte) bool {
	return len(number) >= 12 && (string(number[:2]) == "20" || string(number[:2]) == "19") && number[4] <= '1'
}

// urlParts are the parts of an address behind its host, as written.
type urlParts struct{ path, query, fragment string }

// partsOf cuts an address without refusing what a browser would take.
func partsOf(s string) urlParts {
	s = cut(s, maxURL)
	_, after, ok := strings.Cut(s, "://")
	if !ok {
		_, after, _ = strings.Cut(s, ":")
	}
	var p urlParts
	after, p.fragment, _ = strings.Cut(after, "#")
	after, p.query, _ = strings.Cut(after, "?")
	if i := strings.IndexAny(after, `/\`); i >= 0 {
		p.path = after[i:]
	}
	return p
}

// redirectOf returns the first address of another site that stands in the query or path of an address, decoded once or twice; "" when
// there is none. What a page does with it is not known, but most that carry one go there.
func redirectOf(s string) string {
	p := partsOf(s)
	own := intel.OrgDomain(intel.DomainOf(s))
	try := func(v string) string {
		for range 3 { // as it is, decoded once, decoded twice
			if i := strings.Index(v, "://"); i > 0 {
				for _, scheme := range [...]string{"https", "http"} {
					if j := i - len(scheme); j >= 0 && strings.EqualFold(v[j:i], scheme) {
						if h := intel.DomainOf(v[j:]); strings.Contains(h, ".") && intel.OrgDomain(h) != own {
							return v[j:]
						}
						break
					}
				}
			}
			d, err := url.PathUnescape(v)
			if err != nil || d == v {
				return ""
			}
			v = d
		}
		return ""
	}
	for part := range strings.SplitSeq(p.query, "&") {
		if r := try(part); r != "" {
			return r
		}
	}
	// "https://a.example/amp/s/b.example/x", the way of caches, carries no scheme
	if r := try(p.path); r != "" {
		return r
	}
	for _, mark := range [...]string{"/amp/s/", "/amp/"} {
		if _, rest, ok := strings.Cut(p.path, mark); ok {
			if h := intel.DomainOf("https://" + rest); strings.Contains(h, ".") && intel.OrgDomain(h) != own {
				return "https://" + rest
			}
		}
	}
	return try(p.fragment)
}

// target is where a link really leads.
func (l *link) target() string {
	if l.Target != "" {
		return l.Target
	}
	return l.URL
}
