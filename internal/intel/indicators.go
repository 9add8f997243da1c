package intel

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Kind of an indicator.
type Kind uint8

const (
	URL    Kind = iota + 1
	Domain      // with its subdomains
	IP          // an address or a network
	Hash        // MD5, SHA-1 or SHA-256 of a file
	Sender      // a mail address
)

func (k Kind) String() string {
	return [...]string{"", "url", "domain", "ip", "hash", "sender"}[k]
}

// Indicator is something known to be bad, or good.
type Indicator struct {
	Kind    Kind
	Value   string // normalised: lower case, defanging undone
	Threat  string // "phish", a malware family, ...; "" when the source did not say
	Source  string // list it came from
	Good    bool
	Expires time.Time // zero: never
}

// Indicators is a set with fast look-up. About 100 octets an entry and the length of its value: a million entries fit in
// 150 MB. Fill it, then share it: look-ups may run together, additions may not run beside anything.
type Indicators struct {
	seed     maphash.Seed
	byHash   map[uint64]uint32
	collided map[string]uint32 // keys whose hash was taken by another
	entries  []entry
	arena    []byte // all keys, end to end
	threats  []string
	threatID map[string]uint32
	sources  []string
	sourceID map[string]uint32
	prefixes map[int]int // length of network prefix (IPv4 as mapped, 96..128) -> how many entries
}

type entry struct {
	offset  uint64
	expires int64 // Unix seconds, 0 never
	threat  uint32
	source  uint32
	length  uint16
	kind    Kind
	good    bool
}

const maxIndicator = 4096 // octets of a value; longer ones are refused

// NewIndicators returns an empty set.
func NewIndicators() *Indicators {
	return &Indicators{seed: maphash.MakeSeed(), byHash: map[uint64]uint32{}, collided: map[string]uint32{},
		threatID: map[string]uint32{}, sourceID: map[string]uint32{}, prefixes: map[int]int{}}
}

// Len is the number of different indicators.
func (x *Indicators) Len() int {
	if x == nil {
		return 0
	}
	return len(x.entries)
}

// Add takes one indicator in. Its kind is guessed when it is 0. The same kind and value again replaces what was known.
func (x *Indicators) Add(in Indicator) error {
	kind, value, err := normalise(in.Kind, in.Value)
	if err != nil {
		return err
	}
	e := entry{kind: kind, good: in.Good, threat: intern(in.Threat, &x.threats, x.threatID), source: intern(in.Source, &x.sources, x.sourceID)}
	if !in.Expires.IsZero() {
		e.expires = in.Expires.Unix()
	}
	key := string(rune('0'+kind)) + value
	if at, ok := x.find(key); ok {
		e.offset, e.length = x.entries[at].offset, x.entries[at].length
		x.entries[at] = e
		return nil
	}
	if kind == IP {
		x.prefixes[prefixBits(value)]++
	}
	e.offset, e.length = uint64(len(x.arena)), uint16(len(key))
	x.arena = append(x.arena, key...)
	at := uint32(len(x.entries))
	x.entries = append(x.entries, e)
	h := maphash.String(x.seed, key)
	if _, taken := x.byHash[h]; taken {
		x.collided[key] = at
	} else {
		x.byHash[h] = at
	}
	return nil
}

func intern(s string, list *[]string, ids map[string]uint32) uint32 {
	if id, ok := ids[s]; ok {
		return id
	}
	id := uint32(len(*list))
	*list = append(*list, s)
	ids[s] = id
	return id
}

func (x *Indicators) find(key string) (uint32, bool) {
	if at, ok := x.byHash[maphash.String(x.seed, key)]; ok {
		e := &x.entries[at]
		if string(x.arena[e.offset:e.offset+uint64(e.length)]) == key {
			return at, true
		}
	}
	at, ok := x.collided[key]
	return at, ok
}

func (x *Indicators) get(kind Kind, value string, now time.Time) (Indicator, bool) {
	at, ok := x.find(string(rune('0'+kind)) + value)
	if !ok {
		return Indicator{}, false
	}
	e := x.entries[at]
	if e.expires != 0 && now.Unix() >= e.expires {
		return Indicator{}, false
	}
	if kind == IP {
		value = showNetwork(value)
	}
	in := Indicator{Kind: e.kind, Value: value, Threat: x.threats[e.threat], Source: x.sources[e.source], Good: e.good}
	if e.expires != 0 {
		in.Expires = time.Unix(e.expires, 0).UTC()
	}
	return in, true
}

// FindHost looks host and its parents up, nearest first.
func (x *Indicators) FindHost(host string, now time.Time) (Indicator, bool) {
	if x.Len() == 0 {
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
	if x.Len() == 0 {
		return Indicator{}, false
	}
	_, value, err := normalise(URL, raw)
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
	if x.Len() == 0 || !ip.IsValid() {
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
	if x.Len() == 0 || hex == "" {
		return Indicator{}, false
	}
	return x.get(Hash, strings.ToLower(hex), now)
}

// FindSender looks a mail address up.
func (x *Indicators) FindSender(addr string, now time.Time) (Indicator, bool) {
	if x.Len() == 0 || addr == "" {
		return Indicator{}, false
	}
	return x.get(Sender, strings.ToLower(addr), now)
}

var refang = strings.NewReplacer("hxxp", "http", "hXXp", "http", "[.]", ".", "(.)", ".", "[:]", ":", "[://]", "://", "[@]", "@", "[at]", "@")

// normalise gives kind and comparable value. IPs become prefixes of 128-bit addresses, so that one look-up path serves both families.
func normalise(kind Kind, value string) (Kind, string, error) {
	v := refang.Replace(strings.TrimSpace(value))
	if v == "" {
		return 0, "", errors.New("empty value")
	}
	if len(v) > maxIndicator {
		return 0, "", fmt.Errorf("value of %d octets; at most %d", len(v), maxIndicator)
	}
	if kind == 0 {
		kind = guess(v)
	}
	switch kind {
	case URL:
		u, err := url.Parse(v)
		if err != nil || u.Host == "" {
			return 0, "", fmt.Errorf("%q is not a URL with a host", v)
		}
		u.Scheme, u.Host, u.Fragment, u.RawFragment, u.User = strings.ToLower(u.Scheme), strings.ToLower(u.Host), "", "", nil
		if u.Scheme == "http" || u.Scheme == "https" {
			u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, ":80"), ":443")
			u.Scheme = "http" // the same page
		}
		if u.Path == "" {
			u.Path = "/"
		}
		return kind, u.String(), nil
	case Domain:
		v = strings.ToLower(strings.Trim(strings.TrimPrefix(v, "*"), "."))
		if !strings.Contains(v, ".") || strings.ContainsAny(v, " /@:") {
			return 0, "", fmt.Errorf("%q is not a domain", v)
		}
		return kind, v, nil
	case IP:
		p, err := netip.ParsePrefix(v)
		if err != nil {
			a, err := netip.ParseAddr(strings.Trim(v, "[]"))
			if err != nil {
				return 0, "", fmt.Errorf("%q is neither an IP address nor a network like 192.0.2.0/24", v)
			}
			a = a.WithZone("")
			p = netip.PrefixFrom(a, a.BitLen())
		}
		bits := p.Bits()
		if p.Addr().Is4() {
			bits += 96
		}
		return kind, netip.PrefixFrom(netip.AddrFrom16(p.Addr().As16()), bits).Masked().String(), nil
	case Hash:
		v = strings.ToLower(v)
		if len(v) != 32 && len(v) != 40 && len(v) != 64 || strings.Trim(v, "0123456789abcdef") != "" {
			return 0, "", fmt.Errorf("%q is not a file hash: want 32, 40 or 64 hex digits", v)
		}
		return kind, v, nil
	case Sender:
		v = strings.ToLower(strings.Trim(v, "<>"))
		if strings.Count(v, "@") != 1 {
			return 0, "", fmt.Errorf("%q is not a mail address", v)
		}
		return kind, v, nil
	}
	return 0, "", fmt.Errorf("%q is no URL, domain, IP address, file hash or mail address", value)
}

// prefixBits reads the length of a network in the form of normalise (which netip.ParsePrefix refuses for mapped IPv4).
func prefixBits(value string) int {
	bits, _ := strconv.Atoi(value[strings.LastIndexByte(value, '/')+1:])
	return bits
}

// showNetwork writes a network of normalise the way people do: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32.
func showNetwork(value string) string {
	host, _, _ := strings.Cut(value, "/")
	bits := prefixBits(value)
	a, err := netip.ParseAddr(host)
	if err != nil {
		return value
	}
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	if bits == a.BitLen() {
		return a.String()
	}
	return netip.PrefixFrom(a, bits).String()
}

func guess(v string) Kind {
	if strings.Contains(v, "://") {
		return URL
	}
	if _, err := netip.ParseAddr(strings.Trim(v, "[]")); err == nil {
		return IP
	}
	if _, err := netip.ParsePrefix(v); err == nil {
		return IP
	}
	if n := len(v); (n == 32 || n == 40 || n == 64) && strings.Trim(strings.ToLower(v), "0123456789abcdef") == "" {
		return Hash
	}
	if strings.Contains(v, "@") {
		return Sender
	}
	if strings.Contains(v, ".") && !strings.ContainsAny(v, " /") {
		return Domain
	}
	return 0
}

// LineError is a line of a list that could not be taken in.
type LineError struct {
	List string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.List, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Load reads a list named source: one value a line with "#" comments, or CSV whose first line names columns out of type,
// value, threat, source, verdict ("bad" or "good") and expires (RFC 3339 or YYYY-MM-DD); only value is needed. Kinds
// are guessed where they are not given; defanged values are understood. Lines that cannot be read are left out and
// returned, at most 100 of them; err is set when the reader failed or the columns make no sense.
func (x *Indicators) Load(r io.Reader, source string) (added int, bad []*LineError, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(512)
	first, _, _ := strings.Cut(string(head), "\n")
	note := func(line int, err error) {
		if len(bad) < 100 {
			bad = append(bad, &LineError{source, line, err})
		}
	}
	if isHeader(first) {
		return x.loadCSV(br, source, note, &bad)
	}
	sc := bufio.NewScanner(br)
	sc.Buffer(nil, 2*maxIndicator)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if i := strings.Index(line, " #"); i >= 0 {
			line = strings.TrimSpace(line[:i])
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if err := x.Add(Indicator{Value: line, Source: source}); err != nil {
			note(n, err)
			continue
		}
		added++
	}
	if err := sc.Err(); err != nil {
		return added, bad, fmt.Errorf("%s: %w", source, err)
	}
	return added, bad, nil
}

func isHeader(line string) bool {
	for _, c := range strings.Split(strings.ToLower(line), ",") {
		if strings.Trim(strings.TrimSpace(c), `"`) == "value" {
			return true
		}
	}
	return false
}

func (x *Indicators) loadCSV(r io.Reader, source string, note func(int, error), bad *[]*LineError) (int, []*LineError, error) {
	cr := csv.NewReader(r)
	cr.FieldsPerRecord, cr.ReuseRecord, cr.TrimLeadingSpace, cr.LazyQuotes = -1, true, true, true
	head, err := cr.Read()
	if err != nil {
		return 0, *bad, fmt.Errorf("%s: %w", source, err)
	}
	column := map[string]int{}
	for i, c := range head {
		column[strings.ToLower(strings.TrimSpace(c))] = i
	}
	added := 0
	for {
		row, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return added, *bad, nil
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			note(pe.Line, pe.Err)
			continue
		}
		if err != nil {
			return added, *bad, fmt.Errorf("%s: %w", source, err)
		}
		line, _ := cr.FieldPos(0)
		cell := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		in, err := fromRow(cell, source)
		if err == nil {
			err = x.Add(in)
		}
		if err != nil {
			note(line, err)
			continue
		}
		added++
	}
}

func fromRow(cell func(string) string, source string) (Indicator, error) {
	in := Indicator{Value: strings.Clone(cell("value")), Threat: strings.Clone(cell("threat")), Source: source}
	if s := cell("source"); s != "" {
		in.Source = strings.Clone(s)
	}
	switch v := strings.ToLower(cell("verdict")); v {
	case "", "bad", "malicious":
	case "good", "benign", "allow":
		in.Good = true
	default:
		return in, fmt.Errorf("verdict %q: want bad or good", v)
	}
	switch t := strings.ToLower(cell("type")); t {
	case "":
	case "url":
		in.Kind = URL
	case "domain", "host", "hostname", "fqdn":
		in.Kind = Domain
	case "ip", "cidr", "ipv4", "ipv6", "network":
		in.Kind = IP
	case "hash", "md5", "sha1", "sha256", "file":
		in.Kind = Hash
	case "sender", "email", "address":
		in.Kind = Sender
	default:
		return in, fmt.Errorf("type %q: want url, domain, ip, hash or sender", t)
	}
	if e := cell("expires"); e != "" {
		t, err := time.Parse(time.RFC3339, e)
		if err != nil {
			t, err = time.Parse(time.DateOnly, e)
		}
		if err != nil {
			return in, fmt.Errorf("expires %q: want 2026-01-31 or 2026-01-31T00:00:00Z", e)
		}
		in.Expires = t
	}
	return in, nil
}
