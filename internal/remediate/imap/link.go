package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/remediate"
)

// errTooMuch is the guard's: the server sent more than an answer can need.
var errTooMuch = errors.New("more than an answer can need")

// guard stands between the library and the network. It counts what the server sends against a budget, and it alone sets deadlines: the
// library's own begin with an answer's first octet, so a silent server would hold it for ever.
type guard struct {
	net.Conn
	left   atomic.Int64 // octets that may still come
	failed atomic.Pointer[error]
}

func (g *guard) Read(b []byte) (int, error) {
	left := g.left.Load()
	if left <= 0 {
		return 0, g.fail(errTooMuch)
	}
	n, err := g.Conn.Read(b[:min(int64(len(b)), left)])
	g.left.Add(-int64(n))
	if err != nil {
		return n, g.fail(err)
	}
	return n, nil
}

func (g *guard) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	if err != nil {
		return n, g.fail(err)
	}
	return n, nil
}

// fail keeps the first error: the library loses its kind.
func (g *guard) fail(err error) error {
	g.failed.CompareAndSwap(nil, &err)
	return err
}

// SetDeadline and its kin are the library's wishes, and not followed.
func (g *guard) SetDeadline(time.Time) error      { return nil }
func (g *guard) SetReadDeadline(time.Time) error  { return nil }
func (g *guard) SetWriteDeadline(time.Time) error { return nil }

// allow lets one command have so many octets and so much time.
func (g *guard) allow(octets int64, d time.Duration) {
	g.left.Store(octets)
	_ = g.Conn.SetDeadline(time.Now().Add(d))
}

// link is one connection.
type link struct {
	p      *Provider
	guard  *guard
	client *imapclient.Client
	dead   bool // closed from our side

	changed chan struct{} // the server told of messages that came or went
}

// options let the library tell of what the server says unasked.
func (l *link) options(c *tls.Config) *imapclient.Options {
	return &imapclient.Options{TLSConfig: c, UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
		if d.NumMessages == nil {
			return
		}
		select {
		case l.changed <- struct{}{}:
		default:
		}
	}}}
}

// Octets that the answer to a command may have, beside what it is about.
const (
	small   = 128 << 10
	listing = 4 << 20
)

// dial connects and waits for the greeting. Its errors are ErrOverloaded, but for certificates that are not believed: those are not mended by waiting.
func (p *Provider) dial(ctx context.Context) (*link, error) {
	limit := min(p.o.Timeout, 30*time.Second)
	dialer := net.Dialer{Timeout: limit}
	conn, err := dialer.DialContext(ctx, "tcp", p.o.Address)
	if err != nil {
		return nil, overloaded(p.o.Name+" cannot be reached", err)
	}
	g := &guard{Conn: conn}
	g.allow(small, limit)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	l := &link{p: p, guard: g, changed: make(chan struct{}, 1)}
	switch p.o.TLS {
	case TLSImplicit:
		secure := tls.Client(g, p.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, l.unsafe(err)
		}
		l.client = imapclient.New(secure, l.options(nil))
	case TLSStart:
		if l.client, err = imapclient.NewStartTLS(g, l.options(p.tls)); err != nil {
			_ = conn.Close()
			return nil, l.unsafe(err)
		}
	default:
		l.client = imapclient.New(g, l.options(nil))
	}
	if err := l.client.WaitGreeting(); err != nil {
		l.close()
		return nil, overloaded(p.o.Name+" does not greet", err)
	}
	return l, nil
}

// unsafe says why there is no TLS.
func (l *link) unsafe(err error) error {
	var cert *tls.CertificateVerificationError
	var no *goimap.Error
	switch {
	case errors.As(err, &cert):
		return fmt.Errorf("the certificate of %s is not believed; name its authority with ca: %w", l.p.o.Name, err)
	case errors.As(err, &no):
		return fmt.Errorf("%s refuses STARTTLS: %w", l.p.o.Name, err)
	}
	return overloaded(l.p.o.Name+" does not finish the TLS handshake", err)
}

// do runs one command within its bounds and puts its error into the words of the contract. what names the step: "moving the copy".
func (l *link) do(ctx context.Context, what string, octets int64, d time.Duration, f func(c *imapclient.Client) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.guard.allow(octets, d)
	stop := context.AfterFunc(ctx, func() { _ = l.guard.Conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if r := recover(); r != nil {
			l.close()
			err = fmt.Errorf("%s: %s sent what cannot be read (%v)", what, l.p.o.Name, r)
		}
		if !stop() { // cancelled, perhaps with half an answer read
			l.close()
			err = context.Cause(ctx)
		}
	}()
	if err = f(l.client); err == nil {
		return nil
	}
	var no *goimap.Error
	if errors.As(err, &no) {
		return l.said(what, no)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ours *remediateError
	if errors.As(err, &ours) {
		return err
	}
	l.close() // whatever else went wrong, what comes next on this connection belongs to something else
	return l.broken(what, err)
}

// broken tells a server that is away from one that is there and answers nonsense, slowly or not at all in this mailbox: the first is waited
// for, the second counts as a try, or an action would never end.
func (l *link) broken(what string, err error) error {
	cause := l.guard.failed.Load()
	var timeout net.Error
	switch {
	case errors.Is(err, errTooMuch):
		return fmt.Errorf("%s: %s sent %w", what, l.p.o.Name, errTooMuch)
	case cause == nil || errors.Is(*cause, net.ErrClosed): // the library gave up reading
		return fmt.Errorf("%s: %s sent what cannot be read (%.200s)", what, l.p.o.Name, err)
	case errors.Is(*cause, errTooMuch):
		return fmt.Errorf("%s: %s sent %w", what, l.p.o.Name, errTooMuch)
	case errors.As(*cause, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: %s did not answer in time", what, l.p.o.Name)
	}
	ctx, stop := context.WithTimeout(context.Background(), min(l.p.o.Timeout, 10*time.Second))
	defer stop()
	again, e := l.p.dial(ctx)
	l.p.answered(e)
	if e != nil {
		return overloaded(what+": the connection to "+l.p.o.Name+" broke", *cause)
	}
	again.close()
	return fmt.Errorf("%s: %s broke the connection (%w)", what, l.p.o.Name, *cause)
}

// said puts the server's refusal into the words of the contract, by its response code (RFC 5530).
func (l *link) said(what string, no *goimap.Error) error {
	say := fmt.Sprintf("%s: %s says %q", what, l.p.o.Name, cut(no.Text))
	switch no.Code {
	case goimap.ResponseCodeUnavailable, goimap.ResponseCodeInUse, goimap.ResponseCodeLimit, goimap.ResponseCodeServerBug:
		return &remediateError{say, remediate.ErrOverloaded, no}
	case goimap.ResponseCodeCannot, goimap.ResponseCodeNoPerm:
		return &remediateError{say, remediate.ErrCannot, no}
	case "EXPUNGEISSUED":
		return &remediateError{say, remediate.ErrGone, no}
	}
	return &remediateError{say, nil, no}
}

// remediateError is a sentence with what it is in the words of the contract, if anything, and what the server said.
type remediateError struct {
	say  string
	kind error
	no   *goimap.Error
}

func (e *remediateError) Error() string { return e.say }
func (e *remediateError) Unwrap() []error {
	var out []error
	if e.kind != nil {
		out = append(out, e.kind)
	}
	if e.no != nil {
		out = append(out, e.no)
	}
	return out
}

func overloaded(say string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &remediateError{fmt.Sprintf("%s (%.200s)", say, err), remediate.ErrOverloaded, nil}
}

func gone(folder string) error {
	return &remediateError{fmt.Sprintf("the copy in %q is not there any more", cut(folder)), remediate.ErrGone, nil}
}

func cannot(say string) error { return &remediateError{say, remediate.ErrCannot, nil} }

// code is the response code of a refusal; "" when the error is something else.
func code(err error) goimap.ResponseCode {
	var no *goimap.Error
	if errors.As(err, &no) {
		return no.Code
	}
	return ""
}

// refused reports whether the server said NO, and the connection goes on.
func refused(err error) bool {
	var no *goimap.Error
	return errors.As(err, &no)
}

// cut shortens what others wrote.
func cut(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}

// logout is polite for a second.
func (l *link) logout() {
	l.guard.allow(small, time.Second)
	if !l.dead && l.guard.failed.Load() == nil {
		_ = l.client.Logout().Wait()
	}
	l.close()
}

func (l *link) close() {
	l.dead = true
	_ = l.guard.Conn.SetDeadline(time.Now().Add(time.Second))
	_ = l.client.Close()
}
