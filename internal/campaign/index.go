package campaign

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
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
	bands      = 8 // of the sketch: two texts meet when one band of four samples is the same
	fileKeys   = 4 // files that a message can be found by
	perSlot    = 1 + bands + 2 + fileKeys
	maxAtKey   = 64   // members looked at for one key, the newest before the message
	maxSteps   = 4096 // of one search for a key, with members that came later or have another key
	maxMatches = 50
)

// Index finds the like ones among the messages of the last days. It holds at most the number of messages that it was made for, and
// forgets the oldest first. It may be used by many goroutines.
//
// Messages lie in a ring of slots. Under each key a chain leads from the newest to the oldest; a slot that was overwritten has a higher
// number than the one before it in the chain, which is how a chain ends, so forgetting costs nothing.
type Index struct {
	size int
	seed uint64 // nobody outside can aim at a bucket
	down int    // shift from a hash to its bucket

	mu    sync.RWMutex
	live  int
	next  int    // slot that is written next
	seq   uint64 // number of the newest
	slots []slot
	heads []uint32 // by bucket: one more than the newest entry, 0 for none
	links []uint32 // by entry, which is slot*perSlot and the number of the key: one more than the next older entry
	tags  []uint8  // by entry: more of the hash
}

// NewIndex makes an index of at most size messages; each takes about a third of a kilobyte.
func NewIndex(size int) *Index {
	width := bits.Len(uint(size)*4 - 1)
	return &Index{size: size, seed: rand.Uint64(), down: 64 - width, heads: make([]uint32, 1<<width)}
}

// Len returns the number of members.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.live
}

// keysOf appends the places of the index where a print stands: what it shares with those that it could be like.
func keysOf(keys []uint64, p *Print) []uint64 {
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
		keys = append(keys, p.Page^1<<40)
	}
	if p.Subject != 0 {
		keys = append(keys, p.Subject^2<<40)
	}
	for _, f := range p.Files[:min(len(p.Files), fileKeys)] {
		keys = append(keys, f^3)
	}
	return keys
}

// place is where a key stands: its bucket, and what tells most of the others there apart.
func (x *Index) place(key uint64) (bucket uint64, tag uint8) {
	h := (key ^ x.seed) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	return h >> x.down, uint8(h)
}

// Add takes m in, or exchanges the member with its id.
func (x *Index) Add(m *Member) {
	short := narrow(&m.Print)
	var room [perSlot]uint64
	keys := keysOf(append(room[:0], idKey(m.ID)), &short)
	s := pack(m, &short)
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.find(m.ID); old != nil {
		old.dead = true
		x.live--
	}
	x.seq++
	s.seq = x.seq
	at := x.next
	switch {
	case at < len(x.slots):
		if !x.slots[at].dead {
			x.live--
		}
		x.slots[at] = s
	default:
		x.slots = append(grow(x.slots, 1, x.size), s)
		x.links = append(grow(x.links, perSlot, x.size), make([]uint32, perSlot)...)
		x.tags = append(grow(x.tags, perSlot, x.size), make([]uint8, perSlot)...)
	}
	x.next = (at + 1) % x.size
	x.live++
	for i, k := range keys {
		bucket, tag := x.place(k)
		e := at*perSlot + i
		x.links[e], x.tags[e] = x.heads[bucket], tag
		x.heads[bucket] = uint32(e + 1)
	}
}

// grow doubles a list that is full, to no more than it will ever hold.
func grow[T any](list []T, per, size int) []T {
	if len(list) < cap(list) {
		return list
	}
	return append(make([]T, 0, min(max(2*len(list), 64*per), size*per)), list...)
}

// walk calls f for the members at a key, newest first, until it returns false.
func (x *Index) walk(key uint64, f func(*slot) bool) {
	bucket, tag := x.place(key)
	last := x.seq
	for e, n := x.heads[bucket], 0; e != 0 && n < maxSteps; n++ {
		at := int(e - 1)
		s := &x.slots[at/perSlot]
		if s.seq > last || !s.dead && x.tags[at] == tag && !f(s) {
			return
		}
		last, e = s.seq, x.links[at]
	}
}

// Family is the family of a message that is remembered.
func (x *Index) Family(id string) (family int64, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if s := x.find(id); s != nil {
		return s.family, true
	}
	return 0, false
}

// Move changes families: a message in moved is in the family there, and everything else of the family from, unless that is 0, in to.
func (x *Index) Move(moved map[string]int64, from, to int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.slots {
		s := &x.slots[i]
		if s.dead || len(s.texts) == 0 {
			continue
		}
		if f, ok := moved[s.id()]; ok {
			s.family = f
		} else if from != 0 && s.family == from {
			s.family = to
		}
	}
}

// find returns the slot of a message, nil when it is not known.
func (x *Index) find(id string) (found *slot) {
	x.walk(idKey(id), func(s *slot) bool {
		if s.id() == id {
			found = s
		}
		return found == nil
	})
	return found
}

// like is a member that a print is like.
type like struct {
	*slot
	likeness Likeness
}

// Find returns the members that p belongs together with, most like first, at most maxMatches. Only messages of before at, and not those
// older than since, and never the message id itself: so the answer for a message is the same when it is asked again later, as long as
// the index still knows them.
func (x *Index) Find(p *Print, id string, since, at time.Time) []Match {
	short := narrow(p)
	var room [perSlot]uint64
	var other Print
	from, to := since.UnixMicro(), at.UnixMicro()
	x.mu.RLock()
	defer x.mu.RUnlock()
	var found []like
	seen := map[*slot]struct{}{}
	for _, k := range keysOf(room[:0], &short) {
		n := 0
		x.walk(k, func(s *slot) bool {
			if s.at < from || s.at > to || s.at == to && s.id() >= id || s.id() == id {
				return true
			}
			if _, twice := seen[s]; !twice {
				seen[s] = struct{}{}
				s.print(&other)
				if l := Compare(&short, &other); l.Points >= Kin {
					found = append(found, like{s, l})
				}
			}
			n++
			return n < maxAtKey
		})
	}
	slices.SortFunc(found, func(a, b like) int {
		return cmp.Or(cmp.Compare(b.likeness.Points, a.likeness.Points), cmp.Compare(b.at, a.at), cmp.Compare(a.id(), b.id()))
	})
	found = found[:min(len(found), maxMatches)]
	out := make([]Match, len(found))
	for i, f := range found {
		out[i] = Match{f.member(), f.likeness}
	}
	return out
}
