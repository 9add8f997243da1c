// Package dnstest is a DNS server for tests: it speaks the real protocol on a loopback port of its own, so that code under
// test asks as it does in production, and answers from a zone written down in the test. Names can
// also fail (SERVFAIL) or stay silent, as real ones do.
package dnstest

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Name is what one name answers.
type Name struct {
	TXT   []string
	A     []string // IPv4 or IPv6 addresses
	MX    []MX
	PTR   []string
	CNAME string
	Fail  bool // answer SERVFAIL
	Mute  bool // do not answer at all
}

// MX is one mail exchanger.
type MX struct {
	Preference uint16
	Host       string
}

// Zone maps names without final dot, in any case, to their answers. Names that are not in it do not exist.
type Zone map[string]Name

// Server answers from a zone until the test ends.
type Server struct {
	mu   sync.Mutex
	zone map[string]Name
	addr string
}

// Start serves the zone on loopback over UDP and TCP.
func Start(t testing.TB, zone Zone) *Server {
	t.Helper()
	s := &Server{zone: map[string]Name{}}
	for name, n := range zone {
		s.zone[strings.ToLower(strings.TrimSuffix(name, "."))] = n
	}
	pc, l := listen(t)
	s.addr = pc.LocalAddr().String()
	for _, server := range []*dns.Server{{PacketConn: pc, Handler: dns.HandlerFunc(s.answer)}, {Listener: l, Handler: dns.HandlerFunc(s.answer)}} {
		ready, done := make(chan struct{}), make(chan struct{})
		server.NotifyStartedFunc = func() { close(ready) }
		go func() { defer close(done); _ = server.ActivateAndServe() }() // its error is that it was shut down
		<-ready
		t.Cleanup(func() {
			if err := server.Shutdown(); err != nil {
				t.Errorf("stopping the DNS server: %v", err)
			}
			<-done
		})
	}
	return s
}

// listen takes a port that is free for both UDP and TCP.
func listen(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	for try := 0; ; try++ {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("DNS server: %v", err)
		}
		l, err := net.Listen("tcp", pc.LocalAddr().String())
		if err == nil {
			return pc, l
		}
		_ = pc.Close()
		if try == 100 {
			t.Fatalf("DNS server: %v", err)
		}
	}
}

// Addr is where the server listens, as host:port.
func (s *Server) Addr() string { return s.addr }

func (s *Server) answer(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative, m.RecursionAvailable = true, true
	if len(q.Question) != 1 {
		m.Rcode = dns.RcodeFormatError
		_ = w.WriteMsg(m)
		return
	}
	question := q.Question[0]
	name := question.Name
	for hops := 0; ; hops++ {
		s.mu.Lock()
		n, ok := s.zone[plain(name)]
		s.mu.Unlock()
		switch {
		case n.Mute:
			return
		case n.Fail || hops > 8:
			m.Rcode, m.Answer = dns.RcodeServerFailure, nil
		case !ok:
			m.Rcode = dns.RcodeNameError
		case n.CNAME != "":
			m.Answer = append(m.Answer, &dns.CNAME{Hdr: header(name, dns.TypeCNAME), Target: dns.Fqdn(n.CNAME)})
			name = dns.Fqdn(n.CNAME)
			continue
		default:
			m.Answer = append(m.Answer, records(name, question.Qtype, n)...)
		}
		break
	}
	size := dns.MinMsgSize
	if o := q.IsEdns0(); o != nil {
		size = int(o.UDPSize())
	}
	if w.RemoteAddr().Network() == "udp" {
		m.Truncate(size)
	}
	_ = w.WriteMsg(m) // the asker is gone: nobody to tell
}

// plain is a name in the zone's form: lower case, no final dot, escapes of the presentation form undone.
func plain(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+3 < len(name) {
			if n, err := strconv.ParseUint(name[i+1:i+4], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		b.WriteByte(name[i])
	}
	return strings.ToLower(strings.TrimSuffix(b.String(), "."))
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: 60}
}

func records(name string, kind uint16, n Name) (out []dns.RR) {
	switch kind {
	case dns.TypeTXT:
		for _, txt := range n.TXT {
			out = append(out, &dns.TXT{Hdr: header(name, kind), Txt: pieces(txt)})
		}
	case dns.TypeA:
		for _, a := range n.A {
			if ip := net.ParseIP(a).To4(); ip != nil {
				out = append(out, &dns.A{Hdr: header(name, kind), A: ip})
			}
		}
	case dns.TypeAAAA:
		for _, a := range n.A {
			if ip := net.ParseIP(a); ip != nil && ip.To4() == nil {
				out = append(out, &dns.AAAA{Hdr: header(name, kind), AAAA: ip})
			}
		}
	case dns.TypeMX:
		for _, mx := range n.MX {
			out = append(out, &dns.MX{Hdr: header(name, kind), Preference: mx.Preference, Mx: dns.Fqdn(mx.Host)})
		}
	case dns.TypePTR:
		for _, p := range n.PTR {
			out = append(out, &dns.PTR{Hdr: header(name, kind), Ptr: dns.Fqdn(p)})
		}
	}
	return out
}

// pieces cuts a text into the strings of at most 255 octets that a TXT record holds.
func pieces(s string) []string {
	const most = 255
	var out []string
	for len(s) > most {
		out, s = append(out, escape(s[:most])), s[most:]
	}
	return append(out, escape(s))
}

// escape writes a string in the presentation form, in which package dns reads backslashes as escapes.
func escape(s string) string {
	return strings.ReplaceAll(s, `\`, `\\`)
}
