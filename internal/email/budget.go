package email

import "time"

const (
	defaultDepth        = 32
	defaultParts        = 1000
	defaultHeaderBytes  = 256 << 10
	defaultHeaderLines  = 2000
	defaultNesting      = 8
	defaultDecodedBytes = 256 << 20
	defaultLinks        = 2000
	defaultTime         = 5 * time.Second

	// maxDefects bounds Message.Defects: a mail of nothing but mistakes must not become a second mail of complaints.
	maxDefects = 200
	// clockEvery is how many calls of expired share one look at the clock.
	clockEvery = 64
)

// budget is what one Parse may still spend, shared by everything that reads the same message, and the place
// where defects are collected. It is used by one goroutine.
type budget struct {
	lim      Limits // no zero fields
	deadline time.Time
	late     bool
	ticks    int

	parts   int // parts that may still be made
	decoded int // octets that may still be decoded
	links   int // links that may still be kept

	defects []Defect
	full    bool
	seen    map[Defect]struct{}
}

// withDefaults fills the zero fields.
func (l Limits) withDefaults() Limits {
	fill := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	fill(&l.Depth, defaultDepth)
	fill(&l.Parts, defaultParts)
	fill(&l.HeaderBytes, defaultHeaderBytes)
	fill(&l.HeaderLines, defaultHeaderLines)
	fill(&l.Nesting, defaultNesting)
	fill(&l.DecodedBytes, defaultDecodedBytes)
	fill(&l.Links, defaultLinks)
	if l.Time <= 0 {
		l.Time = defaultTime
	}
	return l
}

func newBudget(lim Limits) *budget {
	lim = lim.withDefaults()
	return &budget{
		lim:      lim,
		deadline: time.Now().Add(lim.Time),
		parts:    lim.Parts,
		decoded:  lim.DecodedBytes,
		links:    lim.Links,
	}
}

// expired reports whether the message's time is up. It is cheap enough for inner loops (it looks at the clock
// once in clockEvery calls), stays true once true, and records the defect itself.
func (b *budget) expired() bool {
	if b.late {
		return true
	}
	b.ticks++
	if b.ticks%clockEvery != 0 {
		return false
	}
	if time.Now().After(b.deadline) {
		b.late = true
		b.defect("limit-time", "")
	}
	return b.late
}

// takeLink asks to keep one more link. At the limit it says no and records the defect.
func (b *budget) takeLink(where string) bool {
	if b.links <= 0 {
		b.defect("limit-links", where)
		return false
	}
	b.links--
	return true
}

// defect records a broken rule or a reached limit and its place (see Defect). The same id at the same place is
// kept once; after maxDefects the rest are dropped and "limit-defects" says so.
func (b *budget) defect(id, where string) {
	if b.full {
		return
	}
	d := Defect{ID: id, Where: where}
	if len(b.defects) < 8 {
		for _, have := range b.defects {
			if have == d {
				return
			}
		}
	} else {
		if b.seen == nil {
			b.seen = make(map[Defect]struct{}, 32)
			for _, have := range b.defects {
				b.seen[have] = struct{}{}
			}
		}
		if _, ok := b.seen[d]; ok {
			return
		}
		b.seen[d] = struct{}{}
	}
	if len(b.defects) == maxDefects-1 {
		b.full = true
		d = Defect{ID: "limit-defects"}
	}
	b.defects = append(b.defects, d)
}
