package intel

import (
	"sort"
)

// Matcher finds many phrases in a text in one pass (Aho and Corasick, 1975). Phrases and text are compared after Fold, and
// a phrase only counts when it starts and ends at a word's edge; a phrase ending in "*" may go on inside the word. It
// is a complete automaton over the bytes that occur in phrases: one table look-up a byte of text, whatever the
// number of phrases. A Matcher is never changed after NewMatcher and may be used by many goroutines.
type Matcher struct {
	class   [256]uint8 // byte to column; column 0 is every byte in no phrase
	width   int
	next    []int32 // state*width+class -> state
	out     []int32 // state -> first index in hits of phrases that end here, -1 for none
	hits    []hit
	suffix  []int32 // state -> nearest shorter state with output, 0 for none
	lengths []int32 // phrase -> folded length
}

type hit struct {
	phrase int32
	prefix bool // ended in "*"
	more   bool // the next hit in the slice ends in the same state
}

// Match is one phrase found.
type Match struct {
	Phrase     int // index into the phrases given to NewMatcher
	Start, End int // in the folded text
}

// NewMatcher builds the automaton. Phrases that fold to nothing never match.
func NewMatcher(phrases []string) *Matcher {
	m := &Matcher{width: 1, lengths: make([]int32, len(phrases))}
	folded := make([]string, len(phrases))
	prefix := make([]bool, len(phrases))
	for i, p := range phrases {
		if n := len(p); n > 0 && p[n-1] == '*' {
			p, prefix[i] = p[:n-1], true
		}
		folded[i] = Fold(p)
		m.lengths[i] = int32(len(folded[i]))
		for j := 0; j < len(folded[i]); j++ {
			if b := folded[i][j]; m.class[b] == 0 {
				m.class[b] = uint8(m.width)
				m.width++
			}
		}
	}
	m.next = make([]int32, m.width)
	ends := map[int32][]hit{}
	for i, p := range folded {
		if p == "" {
			continue
		}
		state := int32(0)
		for j := 0; j < len(p); j++ {
			at := int(state)*m.width + int(m.class[p[j]])
			if m.next[at] == 0 {
				m.next[at] = int32(len(m.next) / m.width)
				m.next = append(m.next, make([]int32, m.width)...)
			}
			state = m.next[at]
		}
		ends[state] = append(ends[state], hit{phrase: int32(i), prefix: prefix[i]})
	}
	m.finish(ends)
	return m
}

// finish turns the trie into a complete automaton, breadth first.
func (m *Matcher) finish(ends map[int32][]hit) {
	states := len(m.next) / m.width
	fail := make([]int32, states)
	m.suffix = make([]int32, states)
	m.out = make([]int32, states)
	for s := range m.out {
		m.out[s] = -1
	}
	keys := make([]int32, 0, len(ends))
	for s := range ends {
		keys = append(keys, s)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	for _, s := range keys {
		m.out[s] = int32(len(m.hits))
		for i, h := range ends[s] {
			h.more = i < len(ends[s])-1
			m.hits = append(m.hits, h)
		}
	}
	queue := make([]int32, 0, states)
	for c := 0; c < m.width; c++ {
		if s := m.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for i := 0; i < len(queue); i++ {
		s := queue[i]
		f := fail[s]
		if m.out[f] >= 0 {
			m.suffix[s] = f
		} else {
			m.suffix[s] = m.suffix[f]
		}
		for c := 0; c < m.width; c++ {
			at := int(s)*m.width + c
			t := m.next[at]
			through := m.next[int(f)*m.width+c]
			if t == 0 {
				m.next[at] = through
				continue
			}
			fail[t] = through
			queue = append(queue, t)
		}
	}
}

// Find calls found for every match in folded (a result of Fold), in the order of their ends, until it returns false.
func (m *Matcher) Find(folded []byte, found func(Match) bool) {
	state := int32(0)
	for i, b := range folded {
		state = m.next[int(state)*m.width+int(m.class[b])]
		for s := state; s != 0; s = m.suffix[s] {
			at := m.out[s]
			if at < 0 {
				continue
			}
			for {
				h := m.hits[at]
				start, end := i+1-int(m.lengths[h.phrase]), i+1
				if (start == 0 || folded[start-1] == ' ') && (h.prefix || end == len(folded) || folded[end] == ' ') {
					if !found(Match{Phrase: int(h.phrase), Start: start, End: end}) {
						return
					}
				}
				if !h.more {
					break
				}
				at++
			}
		}
	}
}
