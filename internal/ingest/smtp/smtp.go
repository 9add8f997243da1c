// Package smtp takes journal copies in over SMTP (RFC 5321) and LMTP (RFC 2033).
//
// A mail system that keeps its own delivery sends Tocsin a copy of every message: Postfix with always_bcc or an LMTP
// transport, Exchange and Microsoft 365 with journal reports, Google Workspace with journaling or routing rules. The server answers "250" only when the message
// is durable, "451" or "452" when it could not be made so, and then the sender's queue keeps it: no message is ever
// between the two. It never relays and never writes mail: whatever recipient is named, the message ends here.
package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"tocsin/internal/ingest"
)

// Accepter takes messages in; it is durable when it returns.
type Accepter interface {
	Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error)
}

var _ Accepter = (*ingest.Intake)(nil)

// Config of a server. Zero fields mean the default.
type Config struct {
	LMTP   bool
	Source string // name of the source; default "smtp" or "lmtp"
	Domain string // name in the greeting; default "tocsin"

	// Allowed are the networks that may hand over mail; default loopback and private addresses. They are the organisation's own
	// mail servers, so the real sender is looked for in Received.
	Allowed []netip.Prefix
	// Reports says that the clients send journal reports, which are unwrapped. Leave it off where plain copies come
	// in: a stranger's mail can look like a report.
	Reports bool
	// Journals are the addresses that copies are sent to. They are no recipients of the message; when none is left,
	// its headers name them.
	Journals []string

	CertFile, KeyFile string // PEM files for STARTTLS, read again when they change; "" means no TLS
	RequireTLS        bool

	MaxSize        int64         // octets of one message; default 100 MiB
	MaxRecipients  int           // of one message; default 10,000
	MaxMessages    int           // of one connection; default 10,000
	MaxConnections int           // at the same time; default 200
	MaxPerIP       int           // of one address at the same time; default 50
	MaxBuffered    int64         // octets of all messages being received; default 512 MiB
	Timeout        time.Duration // for one command, and for the whole content of a message; default 5 min
	AcceptTimeout  time.Duration // for making a message durable; default 2 min
	Logger         *slog.Logger  // nil: discard
}

// maxLine bounds a line, of commands and of content. RFC 5321 section 4.5.3.1.6 says 1,000; programs that write HTML in one
// line do not care, and a copy that is refused is lost to the analyst.
const maxLine = 8 << 20

// Server is one listener's worth of SMTP or LMTP.
type Server struct {
	cfg    Config
	in     Accepter
	server *gosmtp.Server
	gate   *gate

	buffered                  atomic.Int64
	received, failed, refused atomic.Int64
}

// New prepares a server. It reads the certificate, so that a wrong path is told at start.
func New(c Config, in Accepter) (*Server, error) {
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
	if c.MaxSize <= 0 {
		c.MaxSize = 100 << 20
	}
	if c.MaxRecipients <= 0 {
		c.MaxRecipients = 10_000
	}
	if c.MaxMessages <= 0 {
		c.MaxMessages = 10_000
	}
	if c.MaxConnections <= 0 {
		c.MaxConnections = 200
	}
	if c.MaxPerIP <= 0 {
		c.MaxPerIP = 50
	}
	if c.MaxBuffered <= 0 {
		c.MaxBuffered = 512 << 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Minute
	}
	if c.AcceptTimeout <= 0 {
		c.AcceptTimeout = 2 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for i, j := range c.Journals {
		c.Journals[i] = strings.ToLower(j)
	}
	if c.RequireTLS && c.CertFile == "" {
		return nil, errors.New("smtp: TLS is required but no certificate is configured")
	}
	s := &Server{cfg: c, in: in}
	s.gate = &gate{s: s, perIP: map[netip.Addr]int{}}
	g := gosmtp.NewServer(gosmtp.BackendFunc(s.session))
	g.LMTP = c.LMTP
	g.Domain = c.Domain
	g.MaxRecipients = c.MaxRecipients
	g.MaxMessageBytes = c.MaxSize
	g.MaxLineLength = int(min(c.MaxSize, maxLine))
	g.ReadTimeout, g.WriteTimeout = c.Timeout, c.Timeout
	g.EnableSMTPUTF8 = true
	g.EnableBINARYMIME = true
	g.ErrorLog = logger{c.Logger}
	if c.CertFile != "" {
		cert, err := newCertificate(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("smtp: %w", err)
		}
		g.TLSConfig = &tls.Config{GetCertificate: cert.get, MinVersion: tls.VersionTLS12}
	}
	s.server = g
	return s, nil
}

func privateNetworks() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// Serve answers connections of l until Shutdown, and closes l. It returns nil after Shutdown.
func (s *Server) Serve(l net.Listener) error {
	s.gate.Listener = l
	if err := s.server.Serve(s.gate); err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	return nil
}

// Shutdown closes the listener, lets transactions finish, and when ctx ends closes what is left. A message
// that was not answered by then may have been taken in; its sender will offer it again, and it is the same message.
func (s *Server) Shutdown(ctx context.Context) error {
	s.gate.drain()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		s.gate.closeAll()
		err = nil
	}
	if errors.Is(err, net.ErrClosed) || errors.Is(err, gosmtp.ErrServerClosed) {
		err = nil
	}
	return err
}

// Counts are figures since the server was made.
type Counts struct {
	Received    int64 // messages answered with 250
	Failed      int64 // messages answered with an error
	Refused     int64 // connections that were not let in
	Connections int   // open now
}

// Counts returns figures.
func (s *Server) Counts() Counts {
	return Counts{s.received.Load(), s.failed.Load(), s.refused.Load(), s.gate.open()}
}

func (s *Server) session(c *gosmtp.Conn) (gosmtp.Session, error) {
	w := wireOf(c.Conn())
	if w == nil {
		return nil, errors.New("connection did not come through the gate")
	}
	return &session{s: s, conn: c, wire: w}, nil
}

// session is one connection's state. go-smtp calls its methods one after the other. After STARTTLS it is made anew.
type session struct {
	s    *Server
	conn *gosmtp.Conn
	wire *wire

	from  string
	rcpts []string
	size  int64
}

var _ gosmtp.LMTPSession = (*session)(nil)

func (x *session) Reset()        { x.from, x.rcpts, x.size = "", nil, 0 }
func (x *session) Logout() error { return nil }

func (x *session) Mail(from string, opts *gosmtp.MailOptions) error {
	if x.s.cfg.RequireTLS {
		if _, ok := x.conn.TLSConnectionState(); !ok {
			return &gosmtp.SMTPError{Code: 530, EnhancedCode: gosmtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}
		}
	}
	if x.wire.messages.Load() >= int64(x.s.cfg.MaxMessages) {
		return &gosmtp.SMTPError{Code: 421, EnhancedCode: gosmtp.EnhancedCode{4, 7, 0}, Message: "Too many messages in one connection, open another"}
	}
	x.from = from
	if opts != nil {
		x.size = opts.Size
	}
	return nil
}

func (x *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	x.rcpts = append(x.rcpts, to)
	return nil
}

// Data takes one message; what it returns is the answer.
func (x *session) Data(r io.Reader) error {
	x.wire.messages.Add(1)
	err := x.take(r)
	if err != nil {
		x.s.failed.Add(1)
		return x.answer(err)
	}
	x.s.received.Add(1)
	return nil
}

// LMTPData answers for each recipient. All share one fate: the message is stored once for all of them.
func (x *session) LMTPData(r io.Reader, status gosmtp.StatusCollector) error {
	err := x.Data(r)
	for _, to := range x.rcpts {
		status.SetStatus(to, err)
	}
	return err
}

var (
	errBusy = errors.New("too many octets are being received at the same time")
	errGone = errors.New("the client went away in the middle of the message")
)

func (x *session) take(r io.Reader) error {
	raw, done, err := x.read(r)
	defer done()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), x.s.cfg.AcceptTimeout)
	defer cancel()
	_, err = x.s.in.Accept(ctx, raw, x.envelope())
	return err
}

// read takes the content into memory, counted against MaxBuffered until done is called.
func (x *session) read(r io.Reader) (raw []byte, done func(), err error) {
	var held int64
	done = func() { x.s.buffered.Add(-held) }
	var b bytes.Buffer
	b.Grow(int(min(max(x.size, 0), 1<<20)) + bytes.MinRead)
	for {
		const step = 64 << 10
		held += step
		if x.s.buffered.Add(step) > x.s.cfg.MaxBuffered {
			return nil, done, errBusy
		}
		n, err := io.CopyN(&b, r, step)
		if errors.Is(err, io.EOF) {
			held -= step - n
			x.s.buffered.Add(n - step)
			break
		} else if err != nil {
			return nil, done, err
		}
	}
	// A chunk (BDAT) that is cut short by a disconnect looks complete from here.
	if _, chunked := r.(*io.PipeReader); chunked && x.wire.gone() {
		return nil, done, errGone
	}
	return b.Bytes(), done, nil
}

func (x *session) envelope() ingest.Envelope {
	env := ingest.Envelope{
		Source:        x.s.cfg.Source,
		ClientIP:      x.wire.addr,
		OwnClient:     true,
		Helo:          x.conn.Hostname(),
		MailFrom:      x.from,
		MailFromKnown: true,
		Time:          time.Now(),
		Journal:       x.s.cfg.Reports,
	}
	if state, ok := x.conn.TLSConnectionState(); ok {
		env.TLS = tls.VersionName(state.Version)
	}
	for _, r := range x.rcpts {
		if !slices.Contains(x.s.cfg.Journals, strings.ToLower(r)) {
			env.Recipients = append(env.Recipients, r)
		}
	}
	return env
}

// answer turns an error into what the client may know: whether to try again, never how we are built.
func (x *session) answer(err error) error {
	var se *gosmtp.SMTPError
	switch {
	case errors.As(err, &se):
		return se
	case errors.Is(err, ingest.ErrTooLarge):
		return gosmtp.ErrDataTooLarge
	case errors.Is(err, errBusy):
		return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 3, 2}, Message: "Too much mail at the same time, try again"}
	}
	x.s.cfg.Logger.Warn("message not taken in", "source", x.s.cfg.Source, "client", x.wire.addr, "err", err)
	if errors.Is(err, ingest.ErrFull) {
		return &gosmtp.SMTPError{Code: 452, EnhancedCode: gosmtp.EnhancedCode{4, 3, 1}, Message: "Disk is full, try again later"}
	}
	return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 3, 0}, Message: "Could not store the message, try again"}
}

// logger passes go-smtp's messages on.
type logger struct{ l *slog.Logger }

func (l logger) Printf(format string, v ...any) { l.l.Warn(fmt.Sprintf(format, v...)) }
func (l logger) Println(v ...any)               { l.l.Warn(strings.TrimSpace(fmt.Sprintln(v...))) }

// certificate is a key pair that is read again when its files change.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	cert    *tls.Certificate
	changed time.Time
	checked time.Time
}
