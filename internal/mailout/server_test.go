package mailout

import (
	"context"
	"errors"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tocsin/internal/email"
	"tocsin/internal/mailout/mailouttest"
)

func letter() Letter {
	return Letter{Key: "digest/2026-05-20/ada@kestrelquay.example", Purpose: QuarantineDigest, To: "ada@kestrelquay.example", Subject: "Zurückgehalten: 2 Nachrichten",
		Text: "Grüße\n.\nvon uns\n", HTML: "<p>Grüße</p>"}
}

func TestSend(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := mailouttest.Start(t)
	s := Server{Address: b.Address, TLS: NoTLS, From: "Security team <security@kestrelquay.example>", User: "tocsin", PasswordFile: password}
	at := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	for range 2 {
		if err := s.Send(t.Context(), letter(), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Greet(t.Context()); err != nil {
		t.Error(err)
	}
	got := b.Letters()
	if len(got) != 2 || got[0].From != "security@kestrelquay.example" || got[0].To != "ada@kestrelquay.example" {
		t.Fatalf("%+v", got)
	}
	m, again := email.Parse(got[0].Raw, email.Limits{}), email.Parse(got[1].Raw, email.Limits{})
	if m.Subject != letter().Subject || m.MessageID == "" || m.MessageID != again.MessageID || len(m.Defects) > 0 {
		t.Errorf("subject %q, ids %q and %q, defects %v", m.Subject, m.MessageID, again.MessageID, m.Defects)
	}
	for _, want := range []string{"Auto-Submitted: auto-generated\r\n", "From: \"Security team\" <security@kestrelquay.example>\r\n", "Gr=C3=BC=C3=9Fe\r\n.\r\nvon uns", "<p>Gr=C3=BC=C3=9Fe</p>"} {
		if !strings.Contains(string(got[0].Raw), want) {
			t.Errorf("%q is not in\n%s", want, got[0].Raw)
		}
	}
}

func TestSendRefused(t *testing.T) {
	b := mailouttest.Start(t)
	s := Server{Address: b.Address, TLS: NoTLS, From: "security@kestrelquay.example"}
	send := func() (final bool) {
		t.Helper()
		err := s.Send(t.Context(), letter(), time.Now())
		var refused *RefusedError
		if err == nil {
			t.Fatal("taken")
		}
		return errors.As(err, &refused)
	}
	b.Answer(&smtp.SMTPError{Code: 550, Message: "nobody here"}, nil)
	if !send() {
		t.Error("a 550 is not final")
	}
	b.Answer(&smtp.SMTPError{Code: 450, Message: "later"}, nil)
	if send() {
		t.Error("a 450 is final")
	}
	b.Answer(nil, &smtp.SMTPError{Code: 554, Message: "spam"})
	if !send() {
		t.Error("a 554 after the data is not final")
	}
	s.TLS = StartTLS
	if send() || !strings.Contains(s.Send(t.Context(), letter(), time.Now()).Error(), "STARTTLS") {
		t.Error("a server without STARTTLS was spoken to in clear")
	}
	s.TLS, s.User, s.PasswordFile = NoTLS, "tocsin", filepath.Join(t.TempDir(), "none")
	if send() {
		t.Error("a password file that is missing is final")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(ctx, letter(), time.Now()); err == nil {
		t.Error("sent after the end")
	}
}

func TestWrongLetters(t *testing.T) {
	for name, change := range map[string]func(*Letter){
		"no key":                 func(l *Letter) { l.Key = "" },
		"no purpose":             func(l *Letter) { l.Purpose = "" },
		"two addresses":          func(l *Letter) { l.To = "a@b.example, c@d.example" },
		"a name":                 func(l *Letter) { l.To = "Ada <ada@b.example>" },
		"a header in the person": func(l *Letter) { l.To = "ada@b.example\r\nBcc: x@y.example" },
		"a header in a subject":  func(l *Letter) { l.Subject = "Hello\r\nBcc: x@y.example" },
		"no subject":             func(l *Letter) { l.Subject = "" },
		"no text":                func(l *Letter) { l.Text = " \n" },
		"too long":               func(l *Letter) { l.Text = strings.Repeat("x", maxBody+1) },
		"not UTF-8":              func(l *Letter) { l.Text = "\xff" },
	} {
		l := letter()
		change(&l)
		if _, err := l.Compose(mail.Address{Address: "a@b.example"}, time.Now()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestWrongServers(t *testing.T) {
	good := Server{Address: "smtp.example.com:465", TLS: TLS, From: "a@b.example"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Server){
		"no port":              func(s *Server) { s.Address = "smtp.example.com" },
		"no sender":            func(s *Server) { s.From = "" },
		"clear to another":     func(s *Server) { s.TLS = NoTLS },
		"unknown TLS":          func(s *Server) { s.TLS = "yes" },
		"user without a word":  func(s *Server) { s.User = "tocsin" },
		"a word without a use": func(s *Server) { s.PasswordFile = "/etc/x" },
	} {
		s := good
		change(&s)
		if s.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
