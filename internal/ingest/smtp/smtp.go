// Package smtp takes journal copies in over SMTP (RFC 5321) and LMTP (RFC 2033).
//
// A mail system that keeps its own delivery sends Tocsin a copy of every message: Postfix with always_bcc or an LMTP
// transport, Exchange and Microsoft 365 with journal reports, Google Workspace with journaling or routing rules. The
// server answers "250" only when the message is durable, "451" or "452" when it could not be made so, and then the
// sender's queue keeps it: no message is ever between the two. It never relays and never writes mail: whatever
// recipient is named, the message ends here. The one exception is LMTP with an Onward (package lmtp): then mail is handed on to the mailbox
// server behind, and its answers are passed back.
//
// The content of these messages was written by strangers, and where it ends is decided by one rule only: a line that
// holds a single dot, between two CRLF (RFC 5321 section 4.1.1.4). A server that is generous there lets one message
// be read as two ("SMTP smuggling"); one that loses its place waits for an end that has passed, and the message never
// arrives. That is why the protocol is spoken here and not by a library: content.go is short enough to be proven.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/ingest"
)

// Accepter takes messages in; they are durable when it returns nil. It returns soon after ctx has ended.
type Accepter interface {
	Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error)
}

var _ Accepter = (*ingest.Intake)(nil)

// Config of a server. Zero fields mean the default.
type Config struct {
	LMTP   bool
	Source string // name of the source; default "smtp" or "lmtp"
	Domain string // name in the greeting; default "tocsin"

	// Allowed are the networks that may hand over mail; default loopback and private addresses. They are the
	// organisation's own mail servers, so the real sender is looked for in Received.
	Allowed []netip.Prefix
	// Reports says that the clients send journal reports, which are unwrapped. Leave it off where plain copies come
	// in: a stranger's mail can look like a report.
	Reports bool
	// Journals are the addresses that copies are sent to. They are no recipients of the message; when none is left,
	// its headers name them.
	Journals []string

	// Onward, of LMTP alone, hands mail on and answers for it; the Accepter is not asked then, and Reports and Journals do not count.
	Onward Onward

	CertFile, KeyFile string // PEM files for STARTTLS, read again when they change; "" means no TLS
	RequireTLS        bool

	MaxSize        int64         // octets of one message; default 100 MiB
	MaxRecipients  int           // of one message; default 10,000
	MaxMessages    int           // of one connection; default 10,000
	MaxConnections int           // at the same time; default 200
	MaxPerIP       int           // of one address at the same time; default 50
	MaxBuffered    int64         // octets of all messages being received; default 512 MiB, at least twice MaxSize
	Timeout        time.Duration // for one command, and for silence in the middle of a message; default 5 min
	ContentTimeout time.Duration // for the whole content of a message, or one chunk of it; default 30 min
	AcceptTimeout  time.Duration // for making a message durable; default 2 min
	Logger         *slog.Logger  // nil: discard
}

func (c *Config) setDefaults() {
	if c.Source == "" {
		c.Source = "smtp"
		if c.LMTP {
			c.Source = "lmtp"
		}
	}
	if c.Domain == "" {
		c.Domain = "tocsin"
	}
	if len(c.Allowed) == 0 {
		c.Allowed = privateNetworks()
	}
	positive(&c.MaxSize, 100<<20)
	positive(&c.MaxRecipients, 10_000)
	positive(&c.MaxMessages, 10_000)
	positive(&c.MaxConnections, 200)
	positive(&c.MaxPerIP, 50)
	positive(&c.MaxBuffered, 512<<20)
	// While its buffer grows, the largest message is there nearly twice: it must fit in alone, or it never would.
	c.MaxBuffered = max(c.MaxBuffered, 2*c.MaxSize+firstBuffer)
	positive(&c.Timeout, 5*time.Minute)
	positive(&c.ContentTimeout, 30*time.Minute)
	positive(&c.AcceptTimeout, 2*time.Minute)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Journals = slices.Clone(c.Journals) // the caller's list stays as it is
	for i, j := range c.Journals {
		c.Journals[i] = strings.ToLower(strings.Trim(j, "<> "))
	}
}

func positive[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

func privateNetworks() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// Server is one listener's worth of SMTP or LMTP.
type Server struct {
	cfg    Config
	in     Accepter
	tls    *tls.Config // nil: none
	budget budget

	ctx    context.Context // ends when Shutdown stops waiting
	cancel context.CancelFunc
	stop   chan struct{} // closed when Shutdown begins

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	perIP     map[netip.Addr]int
	stopping  bool
	working   sync.WaitGroup // one for each of conns

	received, failed, refused atomic.Int64
	refusalLogged             atomic.Int64 // unix seconds
}

// New prepares a server. It reads the certificate, so that a wrong path is told at start.
func New(c Config, in Accepter) (*Server, error) {
	c.setDefaults()
	if c.RequireTLS && c.CertFile == "" {
		return nil, errors.New("smtp: TLS is required but no certificate is configured")
	}
	if c.Onward != nil && !c.LMTP {
		return nil, errors.New("smtp: only LMTP hands mail on")
	}
	s := &Server{
		cfg: c, in: in, budget: budget{max: c.MaxBuffered}, stop: make(chan struct{}),
		listeners: map[net.Listener]struct{}{}, conns: map[*conn]struct{}{}, perIP: map[netip.Addr]int{},
	}
	if c.CertFile != "" {
		cert, err := newCertificate(c.CertFile, c.KeyFile, c.Logger)
		if err != nil {
			return nil, fmt.Errorf("smtp: %w", err)
		}
		s.tls = &tls.Config{GetCertificate: cert.get, MinVersion: tls.VersionTLS12}
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Serve answers connections of l until Shutdown, and closes l. It returns nil after Shutdown; connections may still
// be open then, Shutdown waits for them.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	stopping := s.stopping
	if !stopping {
		s.listeners[l] = struct{}{}
	}
	s.mu.Unlock()
	defer func() { _ = l.Close() }()
	if stopping {
		return nil
	}
	if err := ingest.Connections(l, s.cfg.Source, s.cfg.Logger, s.stop, s.isStopping, s.meet); err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	return nil
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// meet lets a connection in, or tells it in one line why not.
func (s *Server) meet(nc net.Conn) {
	c, refusal := s.admit(nc)
	if refusal == "" {
		go func() {
			defer s.release(c)
			c.serve()
		}()
		return
	}
	n := s.refused.Add(1)
	// A scanner must not fill the disk with our complaints about it.
	if now := time.Now().Unix(); s.refusalLogged.Swap(now) != now {
		s.cfg.Logger.Warn("connection refused", "source", s.cfg.Source, "client", nc.RemoteAddr(), "answer", refusal, "refused_so_far", n)
	}
	// The line fits into the socket's empty buffer, so this does not hold up the next caller.
	_ = nc.SetDeadline(time.Now().Add(time.Second))
	_, _ = nc.Write([]byte(refusal + "\r\n"))
	_ = nc.Close()
}

func (s *Server) admit(nc net.Conn) (*conn, string) {
	addr := addrOf(nc.RemoteAddr())
	if addr.IsValid() && !s.allowed(addr) { // a Unix socket has no address; its file mode decides
		return nil, "554 5.7.1 This address may not hand over mail here"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping:
		return nil, "421 4.3.2 Shutting down"
	case len(s.conns) >= s.cfg.MaxConnections:
		return nil, "421 4.3.2 Too many connections, try again later"
	case addr.IsValid() && s.perIP[addr] >= s.cfg.MaxPerIP:
		return nil, "421 4.7.0 Too many connections from your address, try again later"
	}
	c := newConn(s, nc, addr)
	s.perIP[addr]++
	s.conns[c] = struct{}{}
	s.working.Add(1)
	return c, ""
}

func (s *Server) allowed(a netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.Allowed, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (s *Server) release(c *conn) {
	_ = c.rw.Close() // TLS says goodbye
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.perIP[c.addr]--; s.perIP[c.addr] <= 0 {
		delete(s.perIP, c.addr)
	}
	s.working.Done()
}

func addrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// Shutdown closes the listener, says goodbye to idle clients and lets transactions finish. When ctx ends first, it cuts
// off what is left and returns as soon as the Accepter does. A message that was not answered by then may have been taken
// in; its sender will offer it again, and it is the same message.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stop)
	}
	var err error
	for l := range s.listeners {
		if cerr := l.Close(); cerr != nil && !errors.Is(cerr, net.ErrClosed) {
			err = errors.Join(err, cerr)
		}
	}
	for c := range s.conns {
		c.finishUp()
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		s.working.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.cancel()
		s.mu.Lock()
		for c := range s.conns {
			_ = c.raw.Close()
		}
		s.mu.Unlock()
		<-done
	}
	s.cancel()
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	return nil
}

// Counts are figures since the server was made.
type Counts struct {
	Received    int64 // messages that are durable, answered with 250
	Failed      int64 // messages that were begun and not taken in
	Refused     int64 // connections that were not let in
	Connections int   // open now
}

// Counts returns figures.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	open := len(s.conns)
	s.mu.Unlock()
	return Counts{s.received.Load(), s.failed.Load(), s.refused.Load(), open}
}
