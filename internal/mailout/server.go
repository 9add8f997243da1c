package mailout

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tocsin/internal/outbound"
)

// How the connection to the server is secured.
const (
	TLS      = "tls"      // from the first octet (RFC 8314)
	StartTLS = "starttls" // asked for, and insisted on (RFC 3207)
	NoTLS    = "none"     // for this machine alone
)

// Server is the mail server that takes Tocsin's letters (RFC 6409).
type Server struct {
	Address      string // host:port
	TLS          string // one of the above
	CA           string // PEM file; "": the machine's
	User         string // "": no sign-in
	PasswordFile string
	From         string // "Name <address>"
}

// sendTime bounds one letter.
const sendTime = time.Minute

// Check says what is wrong with the settings. It does not connect.
func (s Server) Check() error {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil || host == "" {
		return fmt.Errorf("server: %q is not host:port; write smtp.example.com:465", s.Address)
	}
	if _, err := mail.ParseAddress(s.From); err != nil {
		return fmt.Errorf("from: %q is not an address; write Security team <security@example.com>", s.From)
	}
	ip := net.ParseIP(host)
	switch s.TLS {
	case TLS, StartTLS:
	case NoTLS:
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("tls: none is for a server on this machine; %s is another", host)
		}
	default:
		return fmt.Errorf("tls: %q is unknown; one of tls, starttls, none", s.TLS)
	}
	if (s.User == "") != (s.PasswordFile == "") {
		return errors.New("user and password_file belong together")
	}
	return nil
}

// RefusedError means that the server will not take the letter, now or later.
type RefusedError struct{ Err error }

func (r *RefusedError) Error() string { return r.Err.Error() }

// Unwrap gives the server's answer.
func (r *RefusedError) Unwrap() error { return r.Err }

// Send hands one letter over and returns when the server has it. A *RefusedError is final; any other error is worth another try.
func (s Server) Send(ctx context.Context, l Letter, at time.Time) error {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return &RefusedError{err}
	}
	raw, err := l.Compose(*from, at)
	if err != nil {
		return &RefusedError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	c, err := s.connect(ctx, domain(from))
	if err != nil {
		return fmt.Errorf("mail server %s: %w", s.Address, err)
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	defer func() { _ = c.Close() }()
	// Bounces go to the team, and a server of submission wants to see who it is (RFC 6409, section 6.1).
	if err := answer(c.Mail(from.Address, &smtp.MailOptions{UTF8: !ascii(from.Address + l.To)})); err != nil {
		return err
	}
	if err := answer(c.Rcpt(l.To, nil)); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := bytes.NewReader(raw).WriteTo(w); err != nil {
		return err
	}
	if err := answer(w.Close()); err != nil {
		return err
	}
	_ = c.Quit()
	return nil
}

// Greet connects, signs in, and sends nothing.
func (s Server) Greet(ctx context.Context) error {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	c, err := s.connect(ctx, domain(from))
	if err != nil {
		return err
	}
	return c.Quit()
}

func domain(a *mail.Address) string { return a.Address[strings.LastIndexByte(a.Address, '@')+1:] }

// answer tells a refusal from what may pass.
func answer(err error) error {
	var e *smtp.SMTPError
	if errors.As(err, &e) && e.Code >= 500 {
		return &RefusedError{err}
	}
	return err
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// connect opens a connection that is secured and signed in as the settings say, and greets with a name.
func (s Server) connect(ctx context.Context, name string) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		if conf.RootCAs, err = outbound.Roots(s.CA); err != nil {
			return nil, err
		}
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c, err := s.secure(ctx, conn, conf)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c.CommandTimeout, c.SubmissionTimeout = sendTime, sendTime
	if err := c.Hello(name); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := s.signIn(c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (s Server) secure(ctx context.Context, conn net.Conn, conf *tls.Config) (*smtp.Client, error) {
	switch s.TLS {
	case TLS:
		t := tls.Client(conn, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return smtp.NewClient(t), nil
	case StartTLS:
		return smtp.NewClientStartTLS(conn, conf)
	}
	return smtp.NewClient(conn), nil
}

func (s Server) signIn(c *smtp.Client) error {
	if s.User == "" {
		return nil
	}
	password, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return err
	}
	return c.Auth(sasl.NewPlainClient("", s.User, strings.TrimRight(string(password), "\r\n")))
}
