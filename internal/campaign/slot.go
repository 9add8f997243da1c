package campaign

import (
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// slot is a Member as an Index keeps it, in as little room as that takes: a hundred thousand of them are held. What is compared is shorter
// than in a Print: of each hash the last half.
type slot struct {
	seq    uint64 // higher for what was added later
	at     int64  // microseconds
	family int64
	sets   string // as Print.appendSets
	texts  string // id, name, sender, threats and recipients, each with a zero octet behind it
	words  [bins]uint16
	page   uint32
	title  uint32
	name   uint32
	sure   bool
	dead   bool // exchanged
}

// narrow is p as a slot keeps it.
func narrow(p *Print) Print {
	q := *p
	for i, w := range q.Words {
		q.Words[i] = uint32(uint16(w))
	}
	q.Page, q.Subject, q.Name = uint64(uint32(p.Page)), uint64(uint32(p.Subject)), uint64(uint32(p.Name))
	return q
}

func idKey(id string) uint64 { return xxhash.Sum64String(id) }

// pack makes a slot of a member and its narrow print.
func pack(m *Member, p *Print) slot {
	s := slot{at: m.At.UnixMicro(), family: m.Family, page: uint32(p.Page), title: uint32(p.Subject), name: uint32(p.Name), sure: m.Sure}
	for i, w := range p.Words {
		s.words[i] = uint16(w)
	}
	var room [512]byte
	b := p.appendSets(room[:0])
	sets := len(b)
	add := func(text string) {
		b = append(append(b, strings.ReplaceAll(text, "\x00", "")...), 0)
	}
	for _, text := range [...]string{m.ID, m.Name, m.Sender, m.Threats} {
		add(text)
	}
	for _, r := range m.Recipients[:min(len(m.Recipients), MaxRecipients)] {
		add(r)
	}
	all := string(b) // one piece of memory for both
	s.sets, s.texts = all[:sets], all[sets:]
	return s
}

func (s *slot) id() string {
	id, _, _ := strings.Cut(s.texts, "\x00")
	return id
}

// print reads the print into p, whose lists are used again.
func (s *slot) print(p *Print) {
	for i, w := range s.words {
		p.Words[i] = uint32(w)
	}
	p.Page, p.Subject, p.Name = uint64(s.page), uint64(s.title), uint64(s.name)
	p.Shapes, p.Hosts, p.Files = p.Shapes[:0], p.Hosts[:0], p.Files[:0]
	b := s.sets
	for _, list := range [...]*[]uint32{&p.Shapes, &p.Hosts} {
		n := int(b[0])
		for b = b[1:]; n > 0; n-- {
			*list = append(*list, uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24)
			b = b[4:]
		}
	}
	n := int(b[0])
	for b = b[1:]; n > 0; n-- {
		var v uint64
		for i := range 8 {
			v |= uint64(b[i]) << (8 * i)
		}
		p.Files = append(p.Files, v)
		b = b[8:]
	}
}

// member is the member, with its narrow print.
func (s *slot) member() *Member {
	m := &Member{At: time.UnixMicro(s.at).UTC(), Family: s.family, Sure: s.sure}
	s.print(&m.Print)
	rest := s.texts
	next := func() (text string) {
		text, rest, _ = strings.Cut(rest, "\x00")
		return text
	}
	m.ID, m.Name, m.Sender, m.Threats = next(), next(), next(), next()
	for rest != "" {
		m.Recipients = append(m.Recipients, next())
	}
	return m
}
