package threat

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tocsin/internal/kql/native"
)

// Mark is one way in which mail was marked, and how much mail was marked just so: no email event is in two.
type Mark struct {
	Names, Signals, Technologies string // as the columns have them
	Events                       int64  // in the range
	Before                       int64  // in the range of the same length before it
	First, Last                  time.Time
}

// Count is how much mail of a threat there was.
type Count struct {
	Events, Before int64
	First, Last    time.Time // in both ranges
}

// Tally adds the marks up by threat: for each id as many events as its Filter finds in the range. What was not seen is left out.
func (l *Library) Tally(marks []Mark) map[string]Count {
	out := map[string]Count{}
	known := map[[2]string][]*Threat{} // column and value to threats
	// of is every threat that the value of a column shows.
	of := func(column, value string, words func(*Threat) []string) []*Threat {
		if value == "" {
			return nil
		}
		key := [2]string{column, value}
		found, ok := known[key]
		if !ok {
			for _, t := range l.all {
				if slices.ContainsFunc(words(t), func(w string) bool { return native.HasTerm(value, w) }) {
					found = append(found, t)
				}
			}
			known[key] = found
		}
		return found
	}
	words := map[*Threat][]string{}
	for _, t := range l.all {
		words[t] = t.words()
	}
	names := func(t *Threat) []string { return words[t] }
	signals := func(t *Threat) []string { return t.Signals }
	technologies := func(t *Threat) []string { return t.Technologies }
	for _, m := range marks {
		counted := map[*Threat]bool{}
		count := func(found []*Threat) {
			for _, t := range found {
				if counted[t] {
					continue
				}
				counted[t] = true
				c := out[t.ID]
				c.Events, c.Before = c.Events+m.Events, c.Before+m.Before
				if c.First.IsZero() || m.First.Before(c.First) {
					c.First = m.First
				}
				if m.Last.After(c.Last) {
					c.Last = m.Last
				}
				out[t.ID] = c
			}
		}
		// A list is looked at value by value: thousands of combinations are made of a few hundred.
		count(of("ThreatNames", m.Names, names))
		for s := range strings.SplitSeq(m.Signals, ", ") {
			count(of("Signals", s, signals))
		}
		for s := range strings.SplitSeq(m.Technologies, ", ") {
			count(of("LatestDetectionTechnologies", s, technologies))
		}
	}
	return out
}

// Why a threat stands among the trends.
type Why string

// The reasons, the most urgent first.
const (
	New     Why = "new"     // seen in the range, not in the one before
	Growing Why = "growing" // at least twice as much as in the range before
	Seen    Why = "seen"
	Newest  Why = "newest" // not seen; the article is new
)

// Trend is a threat that somebody should read about now.
type Trend struct {
	Threat *Threat
	Why    Why
	Count  Count
}

// Trends chooses n threats: new ones, then growing, then those seen, each by the number of events, then the newest articles. Where the
// time before is not known (compared is false) nothing is called new or growing.
func (l *Library) Trends(counts map[string]Count, compared bool, n int) []Trend {
	all := make([]Trend, 0, len(l.all))
	for _, t := range l.all {
		c, why := counts[t.ID], Newest
		switch {
		case compared && c.Events > 0 && c.Before == 0:
			why = New
		case compared && c.Events >= 3 && c.Events >= 2*c.Before:
			why = Growing
		case c.Events > 0:
			why = Seen
		case t.Filter() == "" || !t.Shipped():
			continue
		}
		all = append(all, Trend{t, why, c})
	}
	rank := []Why{New, Growing, Seen, Newest}
	slices.SortStableFunc(all, func(a, b Trend) int {
		return cmp.Or(slices.Index(rank, a.Why)-slices.Index(rank, b.Why), cmp.Compare(b.Count.Events, a.Count.Events), b.Threat.Updated.Compare(a.Threat.Updated))
	})
	return all[:min(n, len(all))]
}
