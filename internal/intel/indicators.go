package intel

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Kind of an indicator.
type Kind uint8

const (
	URL     Kind = iota + 1
	Domain       // with its subdomains
	IP           // an address or a network
	Hash         // MD5, SHA-1 or SHA-256 of a file
	Sender       // a mail address
	Subject      // words of a subject, see Pattern
)

var kindNames = [...]string{"", "url", "domain", "ip", "hash", "sender", "subject"}

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{URL, Domain, IP, Hash, Sender, Subject} }

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// ParseKind reads a kind as people and feeds write it; "" is 0, which means that the value tells.
func ParseKind(s string) (Kind, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		return 0, nil
	case "url", "uri", "link":
		return URL, nil
	case "domain", "host", "hostname", "fqdn":
		return Domain, nil
	case "ip", "cidr", "ipv4", "ipv6", "network":
		return IP, nil
	case "hash", "md5", "sha1", "sha256", "file":
		return Hash, nil
	case "sender", "email", "address":
		return Sender, nil
	case "subject":
		return Subject, nil
	}
	return 0, fmt.Errorf("%q is no kind; the kinds are url, domain, ip, hash, sender and subject", clip(s))
}

// Indicator is something known to be bad, or good.
type Indicator struct {
	Kind       Kind
	Value      string // normalised: lower case, defanging undone
	Threat     string // "phish", a malware family, ...; "" when the source did not say
	Source     string // list it came from
	Good       bool
	Suspicious bool      // somebody suspects it, nobody confirmed it
	Confidence uint8     // of the source, 0 to 100; 0: the source did not say
	From       time.Time // zero: always
	Expires    time.Time // zero: never
}

// Indicators is a set with fast look-up. It keeps no values: 20 octets an entry in a table that is filled to four fifths, so that five
// million take 125 MB, whatever their length. What stands for a value is its Fingerprint. A value may be there once for each source; a
// look-up answers with the strongest that holds at its time. Fill it, then share it: look-ups may run together, additions may not run
// beside anything (see Clone).
type Indicators struct {
	table    table
	facts    []facts // index 0 is no facts
	factID   map[facts]uint32
	threats  texts
	sources  texts
	kinds    [len(kindNames)]int // how many of each
	prefixes map[int]int         // length of network prefix (IPv4 as mapped, 96..128) -> how many entries
	patterns *patterns
}

// facts is what entries have in common.
type facts struct {
	from       int64 // Unix seconds, rounded up to an hour; 0: always
	threat     uint32
	source     uint32
	kind       Kind
	confidence uint8
	good       bool
	suspicious bool
}

// maxFacts bounds how many different facts, threats and sources are told apart. Beyond, an entry has no threat's name.
const maxFacts = 1 << 20

// NewIndicators returns an empty set.
func NewIndicators() *Indicators {
	return &Indicators{facts: make([]facts, 1), factID: map[facts]uint32{}, prefixes: map[int]int{}, patterns: newPatterns()}
}

// Reserve makes room for n more entries, so that filling does not move them.
func (x *Indicators) Reserve(n int) { x.table.reserve(x.table.used + n) }

// Len is the number of different indicators.
func (x *Indicators) Len() int {
	if x == nil {
		return 0
	}
	return x.table.len() + x.patterns.len()
}

// Memory is how many octets the table takes.
func (x *Indicators) Memory() int { return x.table.memory() }

// Clone returns a copy that can be changed while x is asked.
func (x *Indicators) Clone() *Indicators {
	c := *x
	c.table = x.table.clone()
	c.facts = slices.Clone(x.facts)
	c.factID = maps.Clone(x.factID)
	c.threats, c.sources = x.threats.clone(), x.sources.clone()
	c.prefixes = maps.Clone(x.prefixes)
	c.patterns = x.patterns.clone()
	return &c
}

// Add takes one indicator in. Its kind is guessed when it is 0. The same kind, value and source again replaces what was known.
func (x *Indicators) Add(in Indicator) error {
	kind, value, err := Normalise(in.Kind, in.Value)
	if err != nil {
		return err
	}
	in.Kind, in.Value = kind, value
	x.Put(in, FingerprintOf(kind, value))
	return nil
}

// Put is Add for an indicator whose value is normalised and whose fingerprint is known. Only subjects and networks need the value.
func (x *Indicators) Put(in Indicator, fp Fingerprint) {
	if in.Kind == Subject {
		if x.patterns.put(in) {
			x.kinds[Subject]++
		}
		return
	}
	until := uint32(0)
	if !in.Expires.IsZero() {
		until = uint32(min(max(in.Expires.Unix(), 1), 1<<32-1))
	}
	fresh := x.table.put(fp, x.intern(&in), until, func(a, b uint32) bool { return x.facts[a].source == x.facts[b].source })
	if !fresh {
		return
	}
	x.kinds[in.Kind]++
	if in.Kind == IP {
		x.prefixes[prefixBits(in.Value)]++
	}
}

// Remove takes out what a source says of a value, and reports whether it was there. value is needed for subjects and networks.
func (x *Indicators) Remove(kind Kind, value, source string, fp Fingerprint) bool {
	if kind == Subject {
		if !x.patterns.remove(value, source) {
			return false
		}
		x.kinds[Subject]--
		return true
	}
	id, ok := x.sources.ids[source]
	if !ok || !x.table.remove(fp, func(f uint32) bool { return x.facts[f].source == id }) {
		return false
	}
	x.kinds[kind]--
	if kind == IP {
		x.prefixes[prefixBits(value)]--
	}
	return true
}

func (x *Indicators) intern(in *Indicator) uint32 {
	f := facts{kind: in.Kind, confidence: in.Confidence, good: in.Good, suspicious: in.Suspicious, threat: x.threats.id(in.Threat), source: x.sources.id(in.Source)}
	if !in.From.IsZero() {
		f.from = in.From.Add(time.Hour - 1).Truncate(time.Hour).Unix()
	}
	id, ok := x.factID[f]
	if !ok && len(x.facts) >= maxFacts {
		f.threat, f.confidence, f.from = x.threats.id(""), f.confidence/25*25, 0
		id, ok = x.factID[f]
	}
	if !ok {
		id = uint32(len(x.facts))
		x.facts = append(x.facts, f)
		x.factID[f] = id
	}
	return id
}

// stronger says whether a speaks before b: what is good silences, then what is confirmed, then who is surer.
func (f *facts) stronger(b *facts) bool {
	switch {
	case f.good != b.good:
		return f.good
	case f.suspicious != b.suspicious:
		return !f.suspicious
	}
	return f.confidence > b.confidence
}

func (x *Indicators) get(kind Kind, value string, now time.Time) (Indicator, bool) {
	var best *facts
	var until uint32
	at := now.Unix()
	x.table.each(FingerprintOf(kind, value), func(f, expires uint32) {
		e := &x.facts[f]
		if e.kind == kind && (expires == 0 || at < int64(expires)) && (e.from == 0 || at >= e.from) && (best == nil || e.stronger(best)) {
			best, until = e, expires
		}
	})
	if best == nil {
		return Indicator{}, false
	}
	if kind == IP {
		value = ShowNetwork(value)
	}
	return x.indicator(best, value, until), true
}

func (x *Indicators) indicator(f *facts, value string, until uint32) Indicator {
	in := Indicator{Kind: f.kind, Value: value, Threat: x.threats.list[f.threat], Source: x.sources.list[f.source], Good: f.good, Suspicious: f.suspicious, Confidence: f.confidence}
	if f.from != 0 {
		in.From = time.Unix(f.from, 0).UTC()
	}
	if until != 0 {
		in.Expires = time.Unix(int64(until), 0).UTC()
	}
	return in
}

// FindHost looks host and its parents up, nearest first.
func (x *Indicators) FindHost(host string, now time.Time) (Indicator, bool) {
	if x == nil || x.kinds[Domain] == 0 {
		return Indicator{}, false
	}
	for h := host; strings.Contains(h, "."); _, h, _ = strings.Cut(h, ".") {
		if in, ok := x.get(Domain, h, now); ok {
			return in, true
		}
	}
	return Indicator{}, false
}

// FindURL looks the URL up as written, without its fragment, and without its query.
func (x *Indicators) FindURL(raw string, now time.Time) (Indicator, bool) {
	if x == nil || x.kinds[URL] == 0 {
		return Indicator{}, false
	}
	_, value, err := Normalise(URL, raw)
	if err != nil {
		return Indicator{}, false
	}
	if in, ok := x.get(URL, value, now); ok {
		return in, true
	}
	if bare, _, cut := strings.Cut(value, "?"); cut {
		return x.get(URL, bare, now)
	}
	return Indicator{}, false
}

// FindIP looks the address and every listed network around it up, narrowest first.
func (x *Indicators) FindIP(ip netip.Addr, now time.Time) (Indicator, bool) {
	if x == nil || x.kinds[IP] == 0 || !ip.IsValid() {
		return Indicator{}, false
	}
	ip = netip.AddrFrom16(ip.WithZone("").As16())
	for bits := 128; bits >= 0; bits-- {
		if x.prefixes[bits] == 0 {
			continue
		}
		p, err := ip.Prefix(bits)
		if err != nil {
			continue
		}
		if in, ok := x.get(IP, p.String(), now); ok {
			return in, true
		}
	}
	return Indicator{}, false
}

// FindHash looks a file hash up (any of the three kinds, hex).
func (x *Indicators) FindHash(hex string, now time.Time) (Indicator, bool) {
	if x == nil || x.kinds[Hash] == 0 || hex == "" {
		return Indicator{}, false
	}
	return x.get(Hash, strings.ToLower(hex), now)
}

// FindSender looks a mail address up.
func (x *Indicators) FindSender(addr string, now time.Time) (Indicator, bool) {
	if x == nil || x.kinds[Sender] == 0 || addr == "" {
		return Indicator{}, false
	}
	return x.get(Sender, strings.ToLower(addr), now)
}

// FindSubject returns the strongest pattern that a subject fits.
func (x *Indicators) FindSubject(subject string, now time.Time) (Indicator, bool) {
	if x == nil || x.kinds[Subject] == 0 {
		return Indicator{}, false
	}
	return x.patterns.find(subject, now)
}

// texts numbers strings.
type texts struct {
	list []string
	ids  map[string]uint32
}

func (t *texts) id(s string) uint32 {
	if id, ok := t.ids[s]; ok {
		return id
	}
	if t.ids == nil {
		t.ids, t.list = map[string]uint32{"": 0}, []string{""}
		if s == "" {
			return 0
		}
	}
	if len(t.list) >= maxFacts {
		return 0
	}
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "")
		if id, ok := t.ids[s]; ok {
			return id
		}
	}
	s = strings.Clone(s)
	id := uint32(len(t.list))
	t.list = append(t.list, s)
	t.ids[s] = id
	return id
}

func (t texts) clone() texts {
	return texts{list: slices.Clone(t.list), ids: maps.Clone(t.ids)}
}

// Has reports whether there are indicators of a kind.
func (x *Indicators) Has(k Kind) bool { return x != nil && int(k) < len(x.kinds) && x.kinds[k] > 0 }
