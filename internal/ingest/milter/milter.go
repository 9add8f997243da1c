// Package milter judges mail at delivery, for Postfix and Sendmail, over the milter protocol.
//
// A message is taken in first, durably, and then judged by the same road as every other (ingest.Pipeline.Expect); the mail system waits
// for it, at most until a deadline. What the policy decided is done by the mail system at the word of this server: header fields,
// recipients taken out, a body with the attachment exchanged, a refusal. What was decided is stored before the answer is given, so mail
// that Tocsin holds in quarantine is never only in its memory.
//
// The protocol is spoken by github.com/emersion/go-milter. It sets no times, no limits on connections and none on memory, and keeps all
// header fields of a connection in a map; so each connection here has a server of its own over a guarded connection.
package milter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-milter"

	"tocsin/internal/ingest"
	"tocsin/internal/ingest/treatment"
)

// Config of a server. Zero fields mean the default.
type Config struct {
	Source  string         // name of the source; default "milter"
	Allowed []netip.Prefix // networks that may connect; default loopback. A Unix socket's folder decides for itself

	Deadline time.Duration    // from the end of the message to the judgement; default 8 s
	Grace    time.Duration    // longer, for storing what was decided; default 10 s
	Late     treatment.Answer // when the deadline passes; default Accept
	Broken   treatment.Answer // when the message cannot be stored; default TempFail

	// JunkName and JunkValue are the header field by which the mailbox server files junk; default X-Spam-Flag: YES.
	JunkName, JunkValue string

	MaxSize        int64         // octets of one message; default 100 MiB
	MaxRecipients  int           // of one message; default 10,000
	MaxConnections int           // at the same time; default 500
	MaxBuffered    int64         // octets of all messages being received; default 512 MiB
	Timeout        time.Duration // silence of the mail system; default 10 min: it keeps the connection as long as its client does
	Logger         *slog.Logger  // nil: discard

	// Observe is called after every answer, with what it was and how long the mail system waited from the end of the message. It must be quick.
	Observe func(outcome string, waited time.Duration)
}

func (c *Config) setDefaults() {
	if c.Source == "" {
		c.Source = "milter"
	}
	if len(c.Allowed) == 0 {
		c.Allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	if c.Late == "" {
		c.Late = treatment.Accept
	}
	if c.Broken == "" {
		c.Broken = treatment.TempFail
	}
	if c.JunkName == "" {
		c.JunkName, c.JunkValue = "X-Spam-Flag", "YES"
	}
	positive(&c.Deadline, 8*time.Second)
	positive(&c.Grace, 10*time.Second)
	positive(&c.MaxSize, 100<<20)
	positive(&c.MaxRecipients, 10_000)
	positive(&c.MaxConnections, 500)
	positive(&c.MaxBuffered, 512<<20)
	c.MaxBuffered = max(c.MaxBuffered, 3*c.MaxSize) // the largest message must fit in alone, while its buffer grows too
	positive(&c.Timeout, 10*time.Minute)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(string, time.Duration) {}
	}
}

func positive[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Server answers the mail systems of one listener.
type Server struct {
	cfg   Config
	in    treatment.Accepter
	judge treatment.Judge

	ctx    context.Context // ends when Shutdown stops waiting
	cancel context.CancelFunc

	mu       sync.Mutex
	listener net.Listener
	sessions map[*session]struct{}
	stopping bool
	working  sync.WaitGroup // one for each of sessions

	buffered         atomic.Int64 // octets of messages being received
	answers, refused atomic.Int64
	refusalLogged    atomic.Int64 // unix seconds
}

// New prepares a server.
func New(c Config, in treatment.Accepter, j treatment.Judge) *Server {
	c.setDefaults()
	s := &Server{cfg: c, in: in, judge: j, sessions: map[*session]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Serve answers connections of l until Shutdown, and closes l. It returns nil after Shutdown.
func (s *Server) Serve(l net.Listener) error {
	defer func() { _ = l.Close() }()
	s.mu.Lock()
	s.listener = l
	stopping := s.stopping
	s.mu.Unlock()
	if stopping {
		return nil
	}
	if err := ingest.Connections(l, s.cfg.Source, s.cfg.Logger, s.ctx.Done(), s.isStopping, s.meet); err != nil {
		return fmt.Errorf("milter: %w", err)
	}
	return nil
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// meet serves a connection, or closes it: the protocol has no word to say why, and the mail system does what it does without a milter.
func (s *Server) meet(nc net.Conn) {
	why := ""
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		addr := a.AddrPort().Addr().Unmap().WithZone("")
		if !slices.ContainsFunc(s.cfg.Allowed, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			why = "not in milter.allow"
		}
	}
	x := &session{s: s}
	x.conn = &guarded{Conn: nc, timeout: s.cfg.Timeout, closed: func() { s.release(x) }}
	s.mu.Lock()
	switch {
	case s.stopping:
		why = "shutting down"
	case why == "" && len(s.sessions) >= s.cfg.MaxConnections:
		why = fmt.Sprintf("%d connections are open", len(s.sessions))
	}
	if why == "" {
		s.sessions[x] = struct{}{}
		s.working.Add(1)
	}
	s.mu.Unlock()
	if why != "" {
		n := s.refused.Add(1)
		if now := time.Now().Unix(); s.refusalLogged.Swap(now) != now {
			s.cfg.Logger.Warn("connection refused", "source", s.cfg.Source, "client", nc.RemoteAddr(), "reason", why, "refused_so_far", n)
		}
		_ = nc.Close()
		return
	}
	one := milter.Server{
		NewMilter: func() milter.Milter { return x },
		Actions:   milter.OptAddHeader | milter.OptChangeHeader | milter.OptChangeBody | milter.OptRemoveRcpt,
		Protocol:  milter.OptHeaderLeadingSpace | milter.OptNoHeaderReply | milter.OptNoUnknown | milter.OptNoData,
	}
	_ = one.Serve(&single{conn: x.conn}) // returns at once, with the end of the listener; the session goes on
}

func (s *Server) release(x *session) {
	x.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sessions[x]; ok {
		delete(s.sessions, x)
		s.working.Done()
	}
}

// Shutdown closes the listener and idle connections, and lets messages finish whose end has come. When ctx ends first, it cuts off what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	var err error
	if s.listener != nil {
		if e := s.listener.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = fmt.Errorf("milter: %w", e)
		}
	}
	open := make([]*session, 0, len(s.sessions))
	for x := range s.sessions {
		open = append(open, x)
	}
	s.mu.Unlock()
	for _, x := range open {
		x.closeWhenIdle()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.working.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.cancel()
		for _, x := range open {
			_ = x.conn.Conn.Close() // its own goroutine notices, and lets go of the message
		}
		<-done
	}
	s.cancel()
	return err
}

// Counts are figures since the server was made.
type Counts struct {
	Answered    int64 // messages
	Refused     int64 // connections that were not let in
	Connections int   // open now
}

// Counts returns figures.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counts{s.answers.Load(), s.refused.Load(), len(s.sessions)}
}

// guarded is a connection that does not wait for ever.
type guarded struct {
	net.Conn
	timeout time.Duration
	once    sync.Once
	closed  func()
	leave   atomic.Bool // nothing more is read
}

func (g *guarded) Read(b []byte) (int, error) {
	if err := g.SetReadDeadline(time.Now().Add(g.timeout)); err != nil {
		return 0, err
	}
	if g.leave.Load() { // it may have been set before the deadline was
		return 0, io.EOF
	}
	return g.Conn.Read(b)
}

func (g *guarded) Write(b []byte) (int, error) {
	if err := g.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	return g.Conn.Write(b)
}

// Close tells the server once, whoever closes it.
func (g *guarded) Close() error {
	err := g.Conn.Close()
	g.once.Do(g.closed)
	return err
}

// single is a listener with one connection.
type single struct {
	conn net.Conn
	gone bool
}

func (l *single) Accept() (net.Conn, error) {
	if l.gone {
		return nil, net.ErrClosed
	}
	l.gone = true
	return l.conn, nil
}

func (l *single) Close() error   { return nil }
func (l *single) Addr() net.Addr { return l.conn.LocalAddr() }
