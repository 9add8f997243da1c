package campaign

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Member is one message that an Index knows.
type Member struct {
	ID         string // network message id
	At         time.Time
	Family     int64    // shared by messages that belong together: the campaign's number
	Name       string   // of the campaign, given by its first message
	Sender     string   // registrable domain of the From field
	Threats    string   // as in ThreatTypes, comma separated; "" when it was judged harmless
	Sure       bool     // the verdict stands without the help of likeness
	Recipients []string // at most MaxRecipients; only of messages with a threat
	Print      Print
}

// MaxRecipients is how many recipients of one message are remembered.
const MaxRecipients = 100

// Match is a member that a print is like.
type Match struct {
	*Member
	Likeness Likeness
}

// Bounds of an Index.
const (
	bands      = 8  // of the sketch: two texts meet when one band of four samples is the same
	maxAtKey   = 64 // members found at one key; older ones give way
	maxMatches = 50
)

// Index finds the like ones among the messages of the last days. It holds at most the number of messages that it was made for, and
// forgets the oldest first: harmless ones a window after their time, bad ones a longer one. It may be used by many goroutines.
type Index struct {
	size int

	mu    sync.RWMutex
	byID  map[string]*Member
	keys  map[uint64][]*Member
	order []*Member // as added; a ring
	next  int
}

// NewIndex makes an index of at most size messages; each takes about half a kilobyte.
func NewIndex(size int) *Index {
	return &Index{size: size, byID: map[string]*Member{}, keys: map[uint64][]*Member{}}
}

// Len returns the number of members.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byID)
}

// keysOf are the places of the index where a print stands: what it shares with those that it could be like.
func keysOf(p *Print) []uint64 {
	keys := make([]uint64, 0, bands+2+len(p.Files))
	if p.Words != [bins]uint32{} {
		const rows = bins / bands
		for b := range bands {
			h := uint64(b + 1)
			for _, w := range p.Words[b*rows : (b+1)*rows] {
				h = (h ^ uint64(w)) * 0x9e3779b97f4a7c15
			}
			keys = append(keys, h)
		}
	}
	if p.Page != 0 {
		keys = append(keys, p.Page^1)
	}
	if p.Subject != 0 {
		keys = append(keys, p.Subject^2)
	}
	for _, f := range p.Files {
		keys = append(keys, f^3)
	}
	return keys
}

// Add takes m in, or exchanges the member with its id. m must not be changed afterwards.
func (x *Index) Add(m *Member) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.byID[m.ID]; old != nil {
		x.drop(old)
	}
	if len(x.order) < x.size {
		x.order = append(x.order, m)
	} else {
		if old := x.order[x.next]; x.byID[old.ID] == old {
			x.drop(old)
		}
		x.order[x.next] = m
		x.next = (x.next + 1) % x.size
	}
	x.byID[m.ID] = m
	for _, k := range keysOf(&m.Print) {
		list := x.keys[k]
		if len(list) >= maxAtKey {
			list = slices.Delete(list, 0, 1)
		}
		x.keys[k] = append(list, m)
	}
}

func (x *Index) drop(m *Member) {
	delete(x.byID, m.ID)
	for _, k := range keysOf(&m.Print) {
		list := slices.DeleteFunc(x.keys[k], func(o *Member) bool { return o == m })
		if len(list) == 0 {
			delete(x.keys, k)
		} else {
			x.keys[k] = list
		}
	}
}

// Member returns the message with the id, nil when it is not known.
func (x *Index) Member(id string) *Member {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.byID[id]
}

// Find returns the members that p belongs together with, most like first, at most maxMatches. Only messages of before at, and not those
// older than since, and never the message id itself: so the answer for a message is the same when it is asked again later, as long as
// the index still knows them.
func (x *Index) Find(p *Print, id string, since, at time.Time) []Match {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var out []Match
	seen := map[*Member]bool{}
	for _, k := range keysOf(p) {
		for _, m := range x.keys[k] {
			if seen[m] || m.ID == id || m.At.Before(since) || m.At.After(at) || m.At.Equal(at) && m.ID > id {
				continue
			}
			seen[m] = true
			if l := Compare(p, &m.Print); l.Points >= Kin {
				out = append(out, Match{m, l})
			}
		}
	}
	slices.SortFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Likeness.Points, a.Likeness.Points), b.At.Compare(a.At), strings.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), maxMatches)]
}
