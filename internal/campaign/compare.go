package campaign

import (
	"fmt"
	"strings"
)

// Likeness of two prints, in points. From Kin on they belong together.
type Likeness struct {
	Points   int // 0..100
	SameFile bool
	Reasons  []string // for people, weightiest first: "same file", "27 of 32 text samples alike"
}

// Kin is the likeness from which two messages belong together. It takes two features that agree, one of them the text, the page or a
// file: what a mailing keeps. A subject, a sender's name or a site alone is shared by strangers.
const Kin = 60

// leastAlike is the share of the sketch from which texts are said to be alike: half of the runs of three words are the same.
const leastAlike = bins / 2

// Compare tells how like two prints are, and why.
func Compare(a, b *Print) Likeness {
	var l Likeness
	add := func(points int, format string, args ...any) {
		l.Points += points
		l.Reasons = append(l.Reasons, fmt.Sprintf(format, args...))
	}
	if n := common(a.Files, b.Files); n > 0 {
		l.SameFile = true
		add(50, "%s", plural(n, "same file", "same files"))
	}
	if n := a.alikeWords(b); n >= leastAlike {
		add(20+(n-leastAlike)*35/(bins-leastAlike), "%d of %d text samples alike", n, bins)
	}
	if a.Page != 0 && a.Page == b.Page {
		add(30, "same page layout")
	}
	if n := common(a.Shapes, b.Shapes); n > 0 {
		add(20*n/max(len(a.Shapes), len(b.Shapes))+5, "%s", plural(n, "link of the same form", "links of the same form"))
	}
	if n := common(a.Hosts, b.Hosts); n > 0 {
		add(10, "%s", plural(n, "same link target", "same link targets"))
	}
	if a.Subject != 0 && a.Subject == b.Subject {
		add(20, "same subject, numbers and names aside")
	}
	if a.Name != 0 && a.Name == b.Name {
		add(10, "same sender name")
	}
	l.Points = min(l.Points, 100)
	return l
}

// String says why, for people.
func (l Likeness) String() string { return strings.Join(l.Reasons, ", ") }

func (p *Print) alikeWords(q *Print) int {
	n := 0
	for i, w := range p.Words {
		if w != 0 && w == q.Words[i] {
			n++
		}
	}
	return n
}

// common counts what two sorted sets share.
func common[T uint32 | uint64](a, b []T) int {
	n := 0
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			a, b = a[1:], b[1:]
			n++
		}
	}
	return n
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf("%d %s", n, more)
}
