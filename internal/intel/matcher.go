package intel

import "slices"

// Matcher finds many phrases in a text in one pass. Phrases and text are compared after Fold, and a phrase only counts when it starts
// and ends at a word's edge; a phrase ending in "*" may go on inside the word. So only the starts of words are tried, in a tree of
// the phrases: nearly every word of a text leaves the tree after two or three bytes, whatever the number of phrases. The tree is
// small and quickly built, which counts at every start of the program. A Matcher is never changed after NewMatcher and may be used
// by many goroutines.
type Matcher struct {
	class [256]uint8 // byte to column; column 0 is every byte in no phrase
	width int
	pairs []int32 // the first two bytes of a phrase, class*width+class -> node, 0 for none
	ones  []int32 // phrases of one byte: class -> node, 0 for none
	nodes []matchNode
	hits  []hit
}

// matchNode is one byte of phrases, behind those of its parents.
type matchNode struct {
	child   int32  // first of the bytes that may follow, 0 for none
	sibling int32  // next byte that may stand here, 0 for none
	hit     int32  // first index in hits of the phrases that end here, -1 for none
	follow  uint32 // set of the lowest five bits of the bytes that may follow: most words end here, without a look at the children
	b       byte
}

type hit struct {
	phrase int32
	next   int32 // the next hit that ends in the same node, -1 for none
	prefix bool  // ended in "*"
}

// Match is one phrase found.
type Match struct {
	Phrase     int // index into the phrases given to NewMatcher
	Start, End int // in the folded text
}

// NewMatcher builds the tree. Phrases that fold to nothing never match.
func NewMatcher(phrases []string) *Matcher {
	m := &Matcher{width: 1, nodes: make([]matchNode, 1, 4*len(phrases)+1), hits: make([]hit, 0, len(phrases))}
	var folded []byte // all phrases, one behind the other
	ends := make([]int, len(phrases))
	prefix := make([]bool, len(phrases))
	var one []byte
	for i, p := range phrases {
		if n := len(p); n > 0 && p[n-1] == '*' {
			p, prefix[i] = p[:n-1], true
		}
		one = AppendFold(one[:0], p)
		for _, b := range one {
			if m.class[b] == 0 {
				m.class[b] = uint8(m.width)
				m.width++
			}
		}
		folded = append(folded, one...)
		ends[i] = len(folded)
	}
	m.pairs, m.ones = make([]int32, m.width*m.width), make([]int32, m.width)
	start := 0
	for i, end := range ends {
		if start < end {
			m.add(folded[start:end], hit{phrase: int32(i), next: -1, prefix: prefix[i]})
		}
		start = end
	}
	m.nodes = slices.Clip(m.nodes)
	return m
}

func (m *Matcher) add(p []byte, h hit) {
	top, rest := &m.ones[m.class[p[0]]], p[1:]
	if len(rest) > 0 {
		top, rest = &m.pairs[int(m.class[p[0]])*m.width+int(m.class[p[1]])], p[2:]
	}
	if *top == 0 {
		*top = m.node(0)
	}
	at := *top
	for _, b := range rest {
		next := m.nodes[at].child
		for next != 0 && m.nodes[next].b != b {
			next = m.nodes[next].sibling
		}
		if next == 0 {
			next = m.node(b)
			m.nodes[next].sibling, m.nodes[at].child = m.nodes[at].child, next
			m.nodes[at].follow |= 1 << (b & 31)
		}
		at = next
	}
	// behind those that end here already: they are found in the order of phrases
	m.hits = append(m.hits, h)
	last := &m.nodes[at].hit
	for *last >= 0 {
		last = &m.hits[*last].next
	}
	*last = int32(len(m.hits) - 1)
}

func (m *Matcher) node(b byte) int32 {
	m.nodes = append(m.nodes, matchNode{hit: -1, b: b})
	return int32(len(m.nodes) - 1)
}

// Find calls found for every match in folded (a result of Fold), in the order of their ends, the longest first where several end in one
// place, until it returns false.
func (m *Matcher) Find(folded []byte, found func(Match) bool) {
	var room [8]Match
	waiting := room[:0] // found at words before, but they end behind the start of this one
	for i := 0; i < len(folded); {
		for len(waiting) > 0 && waiting[0].End <= i {
			if !found(waiting[0]) {
				return
			}
			waiting = append(waiting[:0], waiting[1:]...)
		}
		if c := m.class[folded[i]]; c != 0 {
			if at := m.ones[c]; at != 0 {
				waiting = m.ending(waiting, at, folded, i, i+1)
			}
			if i+1 < len(folded) {
				if at := m.pairs[int(c)*m.width+int(m.class[folded[i+1]])]; at != 0 {
					waiting = m.follow(waiting, at, folded, i)
				}
			}
		}
		for i < len(folded) && folded[i] != ' ' {
			i++
		}
		i++
	}
	for _, w := range waiting {
		if !found(w) {
			return
		}
	}
}

// follow walks down the tree from the node behind the first two bytes of a word.
func (m *Matcher) follow(waiting []Match, at int32, folded []byte, start int) []Match {
	for end := start + 2; ; end++ {
		n := &m.nodes[at]
		if n.hit >= 0 {
			waiting = m.ending(waiting, at, folded, start, end)
		}
		if end == len(folded) {
			return waiting
		}
		b := folded[end]
		if n.follow>>(b&31)&1 == 0 {
			return waiting
		}
		at = n.child
		for at != 0 && m.nodes[at].b != b {
			at = m.nodes[at].sibling
		}
		if at == 0 {
			return waiting
		}
	}
}

// ending takes in the phrases that end in a node.
func (m *Matcher) ending(waiting []Match, at int32, folded []byte, start, end int) []Match {
	edge := end == len(folded) || folded[end] == ' '
	for h := m.nodes[at].hit; h >= 0; h = m.hits[h].next {
		if !edge && !m.hits[h].prefix {
			continue
		}
		i := len(waiting)
		for i > 0 && waiting[i-1].End > end {
			i--
		}
		waiting = slices.Insert(waiting, i, Match{Phrase: int(m.hits[h].phrase), Start: start, End: end})
	}
	return waiting
}
