package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// gate is the listener that go-smtp sees: it lets in who is allowed, up to the limits, and keeps an eye on every
// connection.
type gate struct {
	net.Listener
	s *Server

	mu       sync.Mutex
	perIP    map[netip.Addr]int
	conns    map[*wire]struct{}
	draining bool
}

// Accept returns the next connection that may speak. The others get one line that says why not.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		w, refusal := g.admit(c)
		if refusal == "" {
			return w, nil
		}
		g.s.refused.Add(1)
		g.s.cfg.Logger.Warn("connection refused", "source", g.s.cfg.Source, "client", c.RemoteAddr(), "answer", refusal)
		// The line fits into the socket's empty buffer, so this does not hold up the next caller.
		_ = c.SetDeadline(time.Now().Add(time.Second))
		_, _ = c.Write([]byte(refusal + "\r\n"))
		_ = c.Close()
	}
}

func (g *gate) admit(c net.Conn) (*wire, string) {
	w := &wire{Conn: c, gate: g, addr: addrOf(c.RemoteAddr())}
	if w.addr.IsValid() && !g.allowed(w.addr) { // a Unix socket has no address; its file mode decides
		return nil, "554 5.7.1 This address may not hand over mail here"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.draining:
		return nil, "421 4.3.2 Shutting down"
	case len(g.conns) >= g.s.cfg.MaxConnections:
		return nil, "421 4.3.2 Too many connections, try again later"
	case g.perIP[w.addr] >= g.s.cfg.MaxPerIP:
		return nil, "421 4.7.0 Too many connections from your address, try again later"
	}
	g.perIP[w.addr]++
	if g.conns == nil {
		g.conns = map[*wire]struct{}{}
	}
	g.conns[w] = struct{}{}
	return w, ""
}

func (g *gate) allowed(a netip.Addr) bool {
	for _, p := range g.s.cfg.Allowed {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func (g *gate) release(w *wire) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, w)
	if g.perIP[w.addr]--; g.perIP[w.addr] <= 0 {
		delete(g.perIP, w.addr)
	}
}

func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

func (g *gate) drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draining = true
}

func (g *gate) closeAll() {
	g.mu.Lock()
	conns := make([]*wire, 0, len(g.conns))
	for w := range g.conns {
		conns = append(conns, w)
	}
	g.mu.Unlock()
	for _, w := range conns {
		_ = w.Close()
	}
}

func addrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// wire is one admitted connection.
type wire struct {
	net.Conn
	gate     *gate
	addr     netip.Addr // invalid for a Unix socket
	messages atomic.Int64
	ended    atomic.Bool
	closed   sync.Once
}

// Read notes when the client's side has ended.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.ended.Store(true)
	}
	return n, err
}

// Close also gives the place back.
func (w *wire) Close() error {
	w.closed.Do(func() { w.gate.release(w) })
	return w.Conn.Close()
}

// gone reports whether the client has ended its side: reading said so, or the end already waits in the socket (under
// TLS the goodbye is read by the TLS layer and does not show here).
func (w *wire) gone() bool { return w.ended.Load() || atEnd(w.Conn) }

// wireOf finds the wire under a connection, through TLS.
func wireOf(c net.Conn) *wire {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	w, _ := c.(*wire)
	return w
}

func newCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return c, nil
}

// get returns the pair, read again when a file is newer (looked at once a minute). A pair that can't be read leaves the old one in use:
// a half-written renewal must not stop the mail.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.cert != nil && now.Sub(c.checked) < time.Minute {
		return c.cert, nil
	}
	c.checked = now
	changed, err := newest(c.certFile, c.keyFile)
	if err == nil && (c.cert == nil || changed.After(c.changed)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.cert, c.changed = &pair, changed
		}
	}
	if c.cert == nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return c.cert, nil
}

func newest(files ...string) (time.Time, error) {
	var t time.Time
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return t, err
		}
		if info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	if t.IsZero() {
		return t, errors.New("no time of change")
	}
	return t, nil
}
