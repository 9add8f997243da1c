package mailauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// DNS is the Resolver of production. It exists beside net.Resolver because SPF macros build names with any octet in them (RFC
// 7208 section 7), which net.Resolver refuses to ask for, and because a mail stream asks the same few
// questions over and over: answers are kept for their TTL, within bounds. It may be used from many goroutines.
type DNS struct {
	servers []string
	timeout time.Duration
	now     func() time.Time

	mu    sync.Mutex
	cache map[question]answer
}

type question struct {
	name string
	kind uint16
}

type answer struct {
	records []dns.RR
	err     error
	until   time.Time
}

const (
	maxCached    = 50_000
	maxTTL       = time.Hour
	missTTL      = time.Minute // of names that do not exist and of failures
	queryTimeout = 3 * time.Second
	maxChain     = 8 // CNAMEs followed inside one answer
	udpSize      = 1232
)

var _ Resolver = (*DNS)(nil)

// NewDNS asks the given servers (host:port), or those of /etc/resolv.conf when there are none.
func NewDNS(servers ...string) (*DNS, error) {
	if len(servers) == 0 {
		const file = "/etc/resolv.conf"
		conf, err := dns.ClientConfigFromFile(file)
		if err != nil {
			return nil, fmt.Errorf("finding name servers: %w", err)
		}
		for _, s := range conf.Servers {
			servers = append(servers, net.JoinHostPort(s, conf.Port))
		}
		if len(servers) == 0 {
			return nil, fmt.Errorf("%s names no server", file)
		}
	}
	for _, s := range servers {
		if _, err := netip.ParseAddrPort(s); err != nil {
			return nil, fmt.Errorf("name server %q: want an address and a port, as 192.0.2.1:53", s)
		}
	}
	return &DNS{servers: servers, timeout: queryTimeout, now: time.Now, cache: map[question]answer{}}, nil
}

// LookupTXT returns one string a record, its pieces joined.
func (d *DNS) LookupTXT(ctx context.Context, name string) ([]string, error) {
	records, err := d.ask(ctx, name, dns.TypeTXT)
	var out []string
	for _, r := range records {
		if txt, ok := r.(*dns.TXT); ok {
			out = append(out, unescape(strings.Join(txt.Txt, "")))
		}
	}
	return out, orMissing(name, len(out), err)
}

// LookupMX returns the mail exchangers as they came; a null MX (RFC 7505) has host ".".
func (d *DNS) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := d.ask(ctx, name, dns.TypeMX)
	var out []*net.MX
	for _, r := range records {
		if mx, ok := r.(*dns.MX); ok {
			out = append(out, &net.MX{Host: mx.Mx, Pref: mx.Preference})
		}
	}
	return out, orMissing(name, len(out), err)
}

// LookupIPAddr returns IPv4 and IPv6 addresses. A literal address is its own answer.
func (d *DNS) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []net.IPAddr{{IP: net.IP(ip.AsSlice())}}, nil
	}
	var out []net.IPAddr
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		records, err := d.ask(ctx, host, kind)
		if err != nil && !missing(err) {
			return nil, err
		}
		for _, r := range records {
			switch a := r.(type) {
			case *dns.A:
				out = append(out, net.IPAddr{IP: a.A})
			case *dns.AAAA:
				out = append(out, net.IPAddr{IP: a.AAAA})
			}
		}
	}
	return out, orMissing(host, len(out), nil)
}

// LookupAddr returns the names of an address, fully qualified.
func (d *DNS) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	arpa, err := dns.ReverseAddr(addr)
	if err != nil {
		return nil, &net.DNSError{Err: "unreadable address", Name: addr, IsNotFound: true}
	}
	records, err := d.ask(ctx, arpa, dns.TypePTR)
	var out []string
	for _, r := range records {
		if ptr, ok := r.(*dns.PTR); ok {
			out = append(out, ptr.Ptr)
		}
	}
	return out, orMissing(addr, len(out), err)
}

func orMissing(name string, found int, err error) error {
	if err == nil && found == 0 {
		return &net.DNSError{Err: "no such record", Name: name, IsNotFound: true}
	}
	return err
}

func (d *DNS) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	fqdn, err := wireName(name)
	if err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: name, IsNotFound: true}
	}
	q := question{fqdn, kind}
	d.mu.Lock()
	a, ok := d.cache[q]
	d.mu.Unlock()
	if ok && d.now().Before(a.until) {
		return a.records, a.err
	}
	a = d.exchange(ctx, q)
	if ctx.Err() != nil {
		return a.records, a.err // our own hurry is nobody else's answer
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.cache) >= maxCached {
		clear(d.cache) // rare, and cheaper to read than an eviction order
	}
	d.cache[q] = a
	return a.records, a.err
}

// exchange asks the servers one after another until one of them answers the question.
func (d *DNS) exchange(ctx context.Context, q question) answer {
	m := new(dns.Msg)
	m.SetQuestion(q.name, q.kind)
	m.SetEdns0(udpSize, false)
	last := errors.New("no server answered")
	for _, server := range d.servers {
		in, err := d.once(ctx, m, server)
		if err != nil {
			last = err
			continue
		}
		switch in.Rcode {
		case dns.RcodeSuccess:
			records, ttl := chain(in.Answer, q)
			return answer{records: records, until: d.now().Add(ttl)}
		case dns.RcodeNameError:
			return answer{until: d.now().Add(missTTL), err: &net.DNSError{Err: "no such name", Name: q.name, Server: server, IsNotFound: true}}
		}
		last = fmt.Errorf("server answered %s", dns.RcodeToString[in.Rcode])
	}
	var timeout net.Error
	return answer{until: d.now().Add(missTTL / 6), err: &net.DNSError{Err: last.Error(), Name: q.name,
		IsTimeout: errors.As(last, &timeout) && timeout.Timeout(), IsTemporary: true}}
}

func (d *DNS) once(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	udp := dns.Client{Net: "udp", UDPSize: udpSize}
	in, _, err := udp.ExchangeContext(ctx, m, server)
	if err == nil && in.Truncated {
		tcp := dns.Client{Net: "tcp"}
		in, _, err = tcp.ExchangeContext(ctx, m, server)
	}
	return in, err
}

// chain follows the CNAMEs that the server put into its answer, and gives the records and the shortest TTL on the way.
func chain(answers []dns.RR, q question) (out []dns.RR, ttl time.Duration) {
	name, ttl := plainName(q.name), maxTTL
	for range maxChain {
		next := ""
		for _, r := range answers {
			h := r.Header()
			if plainName(h.Name) != name {
				continue
			}
			ttl = min(ttl, time.Duration(h.Ttl)*time.Second)
			if h.Rrtype == q.kind {
				out = append(out, r)
			} else if c, ok := r.(*dns.CNAME); ok {
				next = plainName(c.Target)
			}
		}
		if len(out) > 0 || next == "" {
			break
		}
		name = next
	}
	if len(out) == 0 {
		ttl = min(ttl, missTTL)
	}
	return out, ttl
}

// wireName turns raw octets into the presentation form that package dns packs: everything but letters, digits, hyphen,
// underscore and the dots between labels is escaped (RFC 1035 section 5.1).
func wireName(name string) (string, error) {
	name = strings.TrimSuffix(name, ".")
	var b strings.Builder
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return "", errors.New("no domain name: a label is empty or longer than 63 octets")
		}
		for i := range len(label) {
			c := label[i]
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				b.WriteByte(c)
				continue
			}
			fmt.Fprintf(&b, `\%03d`, c)
		}
		b.WriteByte('.')
	}
	if len(name) > 253 {
		return "", errors.New("no domain name: longer than 253 octets")
	}
	return b.String(), nil
}

// plainName is a name for comparing: package dns writes some octets in more than one way.
func plainName(s string) string { return strings.ToLower(unescape(s)) }

// unescape undoes the presentation form of TXT strings: \DDD and \X.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}
