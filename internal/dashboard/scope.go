package dashboard

import (
	"fmt"
	"strings"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// MaxMembers is how many addresses a filter by people holds: it stands in the addresses of links.
const MaxMembers = 400

// maxFilter is the longest such filter, in octets. Explorer takes 20,000 with everything else.
const maxFilter = 12_000

// scope is which mail an answer is about.
type scope struct {
	now              time.Time
	before, from, to time.Time // the period before is [before, from)
	step             time.Duration
	starts           []time.Time
	mail             []string // conditions over EmailEvents
	people           []string // addresses that the filter leaves; nil: all
	domain           string
}

func (d *Dashboard) scope(from, to time.Time, f Filter) (scope, error) {
	s := scope{now: d.opt.Now().UTC().Truncate(time.Microsecond), from: from.UTC(), to: to.UTC()}
	if to.IsZero() {
		s.to = s.now
	}
	if from.IsZero() {
		s.from = s.to.Add(-Usual)
	}
	s.from, s.to = s.from.Truncate(time.Microsecond), s.to.Truncate(time.Microsecond)
	length := s.to.Sub(s.from)
	if length <= 0 {
		return s, &WrongError{"to", fmt.Sprintf("the range ends (%s) before it begins (%s)", s.to.Format(time.RFC3339), s.from.Format(time.RFC3339))}
	}
	if length > Longest {
		return s, &WrongError{"from", "the range is longer than 90 days; choose a later start"}
	}
	s.before = s.from.Add(-length)
	s.step = stepOf(length)
	for t := s.from.Truncate(s.step); t.Before(s.to); t = t.Add(s.step) {
		s.starts = append(s.starts, t)
	}
	return s, d.narrow(&s, f)
}

// stepOf is the length of a bucket: a day from four days on, so that bars are days.
func stepOf(length time.Duration) time.Duration {
	switch {
	case length > 4*24*time.Hour:
		return 24 * time.Hour
	case length > 12*time.Hour:
		return time.Hour
	}
	return hunt.Bucket(time.Unix(0, 0), time.Unix(0, 0).Add(length))
}

func (d *Dashboard) narrow(s *scope, f Filter) error {
	if f.Domain != "" {
		s.domain = strings.ToLower(f.Domain)
		s.mail = append(s.mail, "RecipientDomain =~ "+kql.Quote(s.domain))
	}
	if f.Department == "" && f.Group == "" {
		return nil
	}
	if d.opt.People == nil {
		return &WrongError{"department", "there is no directory, so departments and groups are not known"}
	}
	addresses := d.opt.People.Members(f.Department, f.Group)
	size := 0
	for _, a := range addresses {
		size += len(a) + 4
	}
	switch {
	case len(addresses) == 0:
		return &WrongError{"department", "the directory knows nobody in this department and group"}
	case len(addresses) > MaxMembers || size > maxFilter:
		return &WrongError{"department", fmt.Sprintf("%d addresses are more than a filter holds (%d); choose a smaller group, or a domain", len(addresses), MaxMembers)}
	}
	s.people = addresses
	s.mail = append(s.mail, "RecipientEmailAddress in~ "+quoted(addresses))
	return nil
}

// quoted is a list of texts in brackets.
func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = kql.Quote(s)
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// persons is the filter as a condition over another table's column of addresses, "" when there is none.
func (s *scope) persons(column string) string {
	var all []string
	if s.domain != "" {
		all = append(all, column+" endswith "+kql.Quote("@"+s.domain))
	}
	if s.people != nil {
		all = append(all, column+" in~ "+quoted(s.people))
	}
	return strings.Join(all, " and ")
}

// datetime is a KQL literal.
func datetime(t time.Time) string {
	return "datetime(" + t.UTC().Format("2006-01-02T15:04:05.999999Z") + ")"
}

// between is the condition of a range of time.
func between(from, to time.Time) string {
	return "Timestamp >= " + datetime(from) + " and Timestamp < " + datetime(to)
}

func where(conditions ...string) string {
	var b strings.Builder
	for _, c := range conditions {
		if c != "" {
			b.WriteString("\n| where ")
			b.WriteString(c)
		}
	}
	return b.String()
}

// bucket finds the place of a bucket's start; -1 when it is none of the range.
func (s *scope) bucket(t time.Time) int {
	if len(s.starts) == 0 {
		return -1
	}
	i := int(t.Sub(s.starts[0]) / s.step)
	if i < 0 || i >= len(s.starts) {
		return -1
	}
	return i
}
