package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// guard is the only way out for the browser: a proxy on loopback that refuses addresses inside. The browser resolves nothing itself.
type guard struct {
	cfg    *Config
	server *http.Server
	addr   string
	left   atomic.Int64 // octets that may still come in
	plain  *http.Transport
}

// errInside says that a host leads to an address that strangers must not reach through us.
var errInside = errors.New("leads to an address inside the network")

func newGuard(cfg *Config) (*guard, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("page: proxy: %w", err)
	}
	g := &guard{cfg: cfg, addr: l.Addr().String()}
	g.left.Store(cfg.Bytes)
	g.plain = &http.Transport{DialContext: g.dial, DisableKeepAlives: true, ResponseHeaderTimeout: cfg.Timeout, Proxy: nil}
	g.server = &http.Server{Handler: g, ReadHeaderTimeout: cfg.Timeout, MaxHeaderBytes: 64 << 10}
	go func() { _ = g.server.Serve(l) }() // ends with close
	return g, nil
}

func (g *guard) close() {
	_ = g.server.Close()
	g.plain.CloseIdleConnections()
}

// dial connects to a public address of the host. The address that was checked is the one that is dialled: a name that answers differently
// the second time gains nothing.
func (g *guard) dial(ctx context.Context, network, target string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	addrs, err := g.cfg.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	err = errInside
	for _, a := range addrs {
		a = a.Unmap()
		if !g.cfg.Allow(a) {
			continue
		}
		var c net.Conn
		if c, err = (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", host, err)
}

// Public reports whether an address is one of the open internet (RFC 6890: no private, shared, loopback, link-local, test,
// multicast or reserved one).
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.Zone() != "" {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

var notPublic = func() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		g.tunnel(w, r)
		return
	}
	if r.URL.Scheme != "http" || r.URL.Host == "" {
		http.Error(w, "only http and https", http.StatusForbidden)
		return
	}
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.Header.Del("Proxy-Connection")
	out.Header.Del("Proxy-Authorization")
	res, err := g.plain.RoundTrip(out)
	if err != nil {
		http.Error(w, "not reached", http.StatusBadGateway)
		return
	}
	defer func() { _ = res.Body.Close() }()
	for k, v := range res.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, &metered{res.Body, g})
}

func (g *guard) tunnel(w http.ResponseWriter, r *http.Request) {
	out, err := g.dial(r.Context(), "tcp", r.URL.Host)
	if err != nil {
		http.Error(w, "not reached", http.StatusBadGateway)
		return
	}
	defer func() { _ = out.Close() }()
	hijack, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	in, buf, err := hijack.Hijack()
	if err != nil {
		return
	}
	defer func() { _ = in.Close() }()
	end := time.Now().Add(g.cfg.Timeout)
	_, _ = in.SetDeadline(end), out.SetDeadline(end)
	if _, err := in.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(out, buf)
		_ = out.Close()
	}()
	_, _ = io.Copy(in, &metered{out, g})
	_ = in.Close()
	<-done
}

// metered ends a stream when the visit has taken all it may.
type metered struct {
	io.Reader
	g *guard
}

func (m *metered) Read(p []byte) (int, error) {
	if m.g.left.Load() <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := m.Reader.Read(p)
	m.g.left.Add(-int64(n))
	return n, err
}
