package smtp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestConnectionLimits(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"total":       {Config{MaxConnections: 2}, "421 4.3.2"},
		"per address": {Config{MaxPerIP: 2}, "421 4.7.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s, addr := start(t, c.cfg, &recorder{})
			first, second := greeted(t, addr), greeted(t, addr)
			third := dial(t, addr)
			third.want(c.want)
			third.ends()
			if got := s.Counts(); got.Refused != 1 || got.Connections != 2 {
				t.Errorf("counts %+v", got)
			}
			first.say("QUIT", "221") // the place is free again
			first.ends()
			eventually(t, "the place is free", func() bool { return s.Counts().Connections == 1 })
			greeted(t, addr)
			_ = second.Close() // also when nobody says goodbye
			eventually(t, "the place is free", func() bool { return s.Counts().Connections == 1 })
			greeted(t, addr)
		})
	}
}

// One address at its limit does not keep another out.
func TestLimitIsPerAddress(t *testing.T) {
	s, addr := start(t, Config{MaxPerIP: 1}, &recorder{})
	greeted(t, addr)
	dial(t, addr).want("421 4.7.0")
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Skip("this system has one loopback address:", err)
	}
	defer c.Close()
	over(t, c).want("220")
	if n := s.Counts().Connections; n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestAllowedNetworks(t *testing.T) {
	for _, c := range []struct {
		allowed []string
		want    string
	}{
		{nil, "220"},
		{[]string{"192.0.2.0/24"}, "554 5.7.1"},
		{[]string{"192.0.2.0/24", "127.0.0.1/32"}, "220"},
		{[]string{"::1/128"}, "554 5.7.1"},
	} {
		var cfg Config
		for _, p := range c.allowed {
			cfg.Allowed = append(cfg.Allowed, netip.MustParsePrefix(p))
		}
		s, addr := start(t, cfg, &recorder{})
		p := dial(t, addr)
		p.want(c.want)
		if c.want != "220" {
			p.ends()
			if n := s.Counts(); n != (Counts{Refused: 1}) {
				t.Errorf("counts %+v", n)
			}
		}
	}
	s := &Server{cfg: Config{Allowed: privateNetworks()}}
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "172.31.0.1": true, "172.32.0.1": false, "192.168.1.1": true, "127.9.9.9": true, "::1": true, "fd00::1": true,
		"203.0.113.5": false, "2001:db8::1": false, "0.0.0.0": false, "::ffff:10.0.0.1": true, "::ffff:203.0.113.5": false, "fe80::1%eth0": false,
	} {
		a := addrOf(net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), 25)))
		if s.allowed(a) != want {
			t.Errorf("%s: %v", addr, !want)
		}
	}
}

// A Unix socket is guarded by its file mode; there is no address to look at.
func TestUnixSocket(t *testing.T) {
	in := &recorder{}
	s, err := New(Config{LMTP: true, Allowed: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, MaxPerIP: 1}, in)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lmtp")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no Unix sockets here:", err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	var peers []*peer
	for range 3 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		p := over(t, c)
		p.want("220")
		peers = append(peers, p)
	}
	p := peers[2]
	p.say("LHLO x", "250")
	p.envelope("a@b.test", "c@d.test")
	p.say("DATA", "354")
	p.say("x\r\n.", "250")
	if env := in.only(t).env; env.ClientIP.IsValid() || env.Source != "lmtp" {
		t.Errorf("envelope %+v", env)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// flaky is a listener that fails a few times, as one does when files run out.
type flaky struct {
	net.Listener
	mu    sync.Mutex
	fails int
}

func (f *flaky) Accept() (net.Conn, error) {
	f.mu.Lock()
	f.fails--
	fails := f.fails
	f.mu.Unlock()
	if fails >= 0 {
		return nil, errors.New("accept: too many open files")
	}
	return f.Listener.Accept()
}

func TestAcceptFailsForAWhile(t *testing.T) {
	s, err := New(Config{}, &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(&flaky{Listener: l, fails: 3}) }()
	greeted(t, l.Addr().String())
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A listener that somebody else closed is told, and Shutdown ends one that waits to try again.
func TestServeEnds(t *testing.T) {
	s, err := New(Config{}, &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	closed := listen()
	_ = closed.Close()
	if err := s.Serve(closed); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(&flaky{Listener: listen(), fails: 1 << 30}) }()
	for range 2 { // twice does no harm
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	late := listen()
	if err := s.Serve(late); err != nil {
		t.Errorf("after Shutdown: %v", err)
	}
	if _, err := net.Dial("tcp", late.Addr().String()); err == nil {
		t.Error("the listener that came too late is open")
	}
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"TLS without a certificate": {RequireTLS: true},
		"a certificate not there":   {CertFile: filepath.Join(t.TempDir(), "none.pem"), KeyFile: "none"},
	} {
		if _, err := New(cfg, &recorder{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// slowly makes an intake that waits until it is released, and says when it was entered.
func slowly() (in *recorder, entered, release chan struct{}) {
	entered, release = make(chan struct{}, 100), make(chan struct{})
	return &recorder{before: func(ctx context.Context, _ []byte) error {
		entered <- struct{}{}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}, entered, release
}

// At shutdown idle clients are sent away at once, transactions come to their end and are answered, and no new one
// begins.
func TestShutdownLetsFinish(t *testing.T) {
	in, entered, release := slowly()
	s, err := New(Config{}, in)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	addr := l.Addr().String()

	idle, silent := greeted(t, addr), dial(t, addr)
	silent.want("220")
	storing, sending, chunking, begun := greeted(t, addr), greeted(t, addr), greeted(t, addr), greeted(t, addr)
	for _, p := range []*peer{storing, sending, chunking, begun} {
		p.envelope("a@b.test", "c@d.test")
	}
	storing.say("DATA", "354")
	storing.send("storing\r\n.\r\nMAIL FROM:<another@one>\r\n")
	<-entered
	sending.say("DATA", "354")
	sending.send("send")
	chunking.send("BDAT 5\r\nchunk")
	chunking.want("250")

	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stopped <- s.Shutdown(ctx)
	}()
	idle.want("421 4.3.2")
	idle.ends()
	silent.want("421 4.3.2")
	silent.ends()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("the listener is open")
	}
	sending.send("ing\r\n.\r\n")
	chunking.send("BDAT 3 LAST\r\ning")
	begun.say("RSET", "250") // and with that it is idle
	begun.want("421 4.3.2")
	begun.ends()
	<-entered
	<-entered
	select {
	case <-stopped:
		t.Error("did not wait for the transactions")
	default:
	}
	close(release)
	for _, p := range []*peer{storing, sending, chunking} {
		p.want("250", "421 4.3.2")
		p.ends()
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got := s.Counts(); got != (Counts{Received: 3}) {
		t.Errorf("counts %+v", got)
	}
}

// Clients that do not come to an end, and an intake that does not, are cut off when the time is up. Nothing of theirs
// was answered.
func TestShutdownCutsOff(t *testing.T) {
	in, entered, _ := slowly()
	s, err := New(Config{}, in)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	stalled, storing := greeted(t, l.Addr().String()), greeted(t, l.Addr().String())
	stalled.envelope("a@b.test", "c@d.test")
	stalled.say("DATA", "354")
	storing.envelope("a@b.test", "c@d.test")
	storing.say("DATA", "354")
	storing.send("x\r\n.\r\n")
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if d := time.Since(begin); d > patience/2 {
		t.Errorf("took %v", d)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	stalled.ends()
	if rest, _ := io.ReadAll(storing.r); len(rest) > 0 && !bytes.HasPrefix(rest, []byte("451")) {
		t.Errorf("answered %q", rest)
	}
	if got := s.Counts(); got != (Counts{Failed: 2}) || len(in.all()) != 0 {
		t.Errorf("counts %+v", got)
	}
}

// While clients send as fast as they can, the server stops: whatever was answered with 250 was taken in, and nothing
// else was, save for answers that got lost.
func TestShutdownUnderLoad(t *testing.T) {
	h := build(t, t.TempDir())
	s, err := New(Config{}, h.intake)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	const clients, enough = 8, 30
	var (
		mu   sync.Mutex
		kept int
		wg   sync.WaitGroup
		full = make(chan struct{})
	)
	for k := range clients {
		wg.Go(func() {
			p := dial(t, l.Addr().String())
			for i := k; ; i += clients {
				p.send0("EHLO x\r\nMAIL FROM:<a@sender.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n" + string(stuff(letter(i))) + ".\r\n")
				for {
					r, err := p.reply()
					if err != nil || r[:3] == "421" {
						return
					}
					if r == "250 2.0.0 OK, it is kept\r\n" {
						break
					}
				}
				mu.Lock()
				if kept++; kept == enough {
					close(full)
				}
				mu.Unlock()
			}
		})
	}
	<-full
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	wg.Wait()
	if got := s.Counts(); got.Received != int64(kept) || got.Connections != 0 {
		t.Errorf("%d answers came, counts %+v", kept, got)
	}
	if rows := h.judge(t); len(rows) != kept {
		t.Errorf("%d events, %d were answered with 250", len(rows), kept)
	}
}

// send0 sends to a server that may be gone.
func (p *peer) send0(s string) { _, _ = p.Write([]byte(s)) }
