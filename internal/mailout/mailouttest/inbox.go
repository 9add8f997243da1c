// Package mailouttest is a mail server for tests of what Tocsin sends. It takes letters on loopback and keeps them for the test to
// read, and it refuses them, for now or for good, when the test says so.
package mailouttest

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Inbox is a mail server on loopback without TLS that keeps what it is given. It takes mail with and without a sign-in; the only user
// is "tocsin" with the password "secret word".
type Inbox struct {
	Address string // host:port

	mu         sync.Mutex
	letters    []Letter
	rcpt, data error
}

// Letter that came.
type Letter struct {
	From, To string // of the envelope; the last recipient
	Raw      []byte
}

// Start a server that the test's end stops.
func Start(t testing.TB) *Inbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Inbox{Address: l.Addr().String()}
	s := smtp.NewServer(b)
	s.Domain, s.AllowInsecureAuth, s.EnableSMTPUTF8 = "relay.example", true, true
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return b
}

// Letters that came, oldest first.
func (b *Inbox) Letters() []Letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.letters)
}

// Answer sets what recipients and messages are answered with from now on; nil takes them. Errors are *smtp.SMTPError.
func (b *Inbox) Answer(rcpt, data error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rcpt, b.data = rcpt, data
}

// NewSession implements smtp.Backend.
func (b *Inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{inbox: b}, nil }

type session struct {
	inbox    *Inbox
	from, to string
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "tocsin" || password != "secret word" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	return s.inbox.rcpt
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	if s.inbox.data == nil {
		s.inbox.letters = append(s.inbox.letters, Letter{s.from, s.to, raw})
	}
	return s.inbox.data
}

// Reset implements smtp.Session.
func (s *session) Reset() {}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }
