package detect

import (
	"time"

	"tocsin/internal/intel"
)

// Past is what was remembered of sender and recipients when the message came. Everything in it is from before the message: from
// days before its own, or, for mail that your people sent, from before its very time. Without Known nothing follows from
// the rest. docs/design/memory.md says what is remembered and for how long.
type Past struct {
	Known    bool      // somebody remembers
	Since    time.Time // first day on record: in a young memory everybody is a stranger
	Days     int       // different days with mail before the message's
	People   int       // outside addresses on record, counted up to a bound
	Outbound bool      // mail of your own people is on record too, of the days before the message

	Sender   Acquaintance // the organisation with the address in From
	Mailbox  Acquaintance // the one recipient who knows that address best
	ReplyTo  Acquaintance // the organisation with the first address in Reply-To, when it is not the one in From
	Site     Site         // the registrable domain of From
	Usual    []Usual      // what the display name normally writes from to these recipients, other than From; the most used first
	Thread   Thread       // the newest message on record of those that this one answers
	Floods   []Flood      // recipients with much new mail within the hour
	Partners *Partners    // domains that your people write to; nil: none
}

// Acquaintance is how well one side knows an outside address. Only mail without a threat counts, and a day with a threat from there
// counts for nothing.
type Acquaintance struct {
	Address string
	First   time.Time // first day that counts; zero: none
	Last    time.Time
	In      int // days with mail from there
	Out     int // days on which one's own people wrote there
	Bad     int // days with a threat from there
}

// Stranger says that there was no mail either way.
func (a Acquaintance) Stranger() bool { return a.In == 0 && a.Out == 0 }

// Known says that this is somebody: one's own people wrote there, or mail came on several days over two weeks and none of
// it was a threat.
func (a Acquaintance) Known() bool {
	return a.Out > 0 || a.In >= 3 && a.Bad == 0 && a.Last.Sub(a.First) >= 14*24*time.Hour
}

// longstanding says that mail has gone to and fro for a month and more.
func (a Acquaintance) longstanding() bool {
	return a.Bad == 0 && a.Last.Sub(a.First) >= 30*24*time.Hour && (a.Out >= 2 || a.In >= 5)
}

// Site is what is usual for mail of one outside domain.
type Site struct {
	Domain   string
	First    time.Time
	Days     int      // days with mail from it that was no threat
	Out      int      // days on which your people wrote there
	Aligned  int      // days on which authentication proved the domain
	Failed   int      // days on which it was checked and proved nothing
	DKIM     []string // domains whose signatures pass on its mail, at most 16
	Networks []string // that its mail comes from: "192.0.2.0/24", "2001:db8:7::/48"; at most 64
	Replies  []string // registrable domains that its mail wants answers at, at most 16
}

// authenticates says that the domain's mail normally proves itself.
func (s Site) authenticates() bool { return s.Aligned >= 5 && s.Failed*10 <= s.Aligned }

// Usual is an address that a display name normally writes from.
type Usual struct {
	Name    string
	Mailbox string // whose correspondent it is
	Acquaintance
}

// Participant of a thread. Name is folded, its words sorted; "" when it was not written.
type Participant struct{ Name, Address string }

// Thread is a message on record that the judged one says it answers.
type Thread struct {
	Found        bool
	ID           string // Message-ID, as the answer names it
	Own          bool   // one of your people sent it
	At           time.Time
	Participants []Participant // sender and recipients outside, at most 20
}

// Flood is how much came to one mailbox in the hour before the message.
type Flood struct {
	Mailbox string
	Signups int     // newsletters and confirmations from senders that were new to the mailbox
	Senders int     // different domains of those
	Usual   float64 // newsletters and confirmations an hour in the days before
}

// Partners are the outside domains that your people write to most. Made once and shared; safe for many readers.
type Partners struct {
	domains    map[string]bool
	lookalikes *intel.Lookalikes
}

// NewPartners prepares domains, which are registrable ones.
func NewPartners(domains []string) *Partners {
	p := &Partners{domains: make(map[string]bool, len(domains)), lookalikes: intel.NewLookalikes("", domains)}
	for _, d := range domains {
		p.domains[d] = true
	}
	return p
}

// Find says which partner's domain a host imitates.
func (p *Partners) Find(host string) (intel.Imitation, bool) {
	if p == nil || p.domains[intel.OrgDomain(host)] {
		return intel.Imitation{}, false
	}
	return p.lookalikes.Find(host)
}

// NameKey is a display name as memory keeps it: folded, its words sorted, so that "Berg, Anna" and "Anna Berg" are one. It is ""
// for names of fewer than two words: a first name alone is everybody's.
func NameKey(name string) string {
	key := nameKey(intel.Fold(cut(name, 200)))
	for i := range len(key) {
		if key[i] == ' ' {
			return key
		}
	}
	return ""
}

// SiteOf is the registrable domain of an address, lower case; "" when there is none.
func SiteOf(address string) string { return intel.OrgDomain(intel.DomainOf(address)) }
