package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/mailout"
	"tocsin/internal/mailout/mailouttest"
)

func mailing(b *mailouttest.Inbox) setting {
	return func(c *app.Config, _ *app.Options) {
		c.Outgoing = app.Outgoing{Server: b.Address, TLS: mailout.NoTLS, From: "Security team <security@harbour.test>"}
	}
}

func TestLettersAreSentOnce(t *testing.T) {
	t.Parallel()
	b := mailouttest.Start(t)
	s := open(t, mailing(b))
	chief := s.as(t, auth.SecurityAdministrator)
	s.as(t, auth.SecurityOperator).get(t, "/letters").problem(http.StatusForbidden)

	b.Answer(&smtp.SMTPError{Code: 450, Message: "come again"}, nil)
	l := mailout.Letter{Key: "a", Purpose: mailout.SubmissionResult, To: "ada@harbour.test", Subject: "Thank you", Text: "It was bad.\n"}
	for range 2 {
		if err := s.Letters().Queue(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	state := func(n int) api.LetterLine {
		t.Helper()
		page := ok[api.LetterPage](chief.get(t, "/letters"))
		if len(page.Letters) != n {
			t.Fatalf("%+v", page)
		}
		return page.Letters[0]
	}
	comes(t, "it was not tried", func() bool { return state(1).Tries > 0 })
	if l := state(1); l.State != "Waiting" || !strings.Contains(l.Error, "come again") {
		t.Errorf("%+v", l)
	}
	// It outlives the server, and the pause after a try.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	b.Answer(nil, nil)
	s = open(t, mailing(b), func(c *app.Config, _ *app.Options) { c.Data = s.dir })
	chief = s.as(t, auth.SecurityAdministrator)
	comes(t, "it was not sent", func() bool { return state(1).State == "Sent" })
	if got := b.Letters(); len(got) != 1 || got[0].To != l.To {
		t.Errorf("%+v", got)
	}

	b.Answer(&smtp.SMTPError{Code: 550, Message: "nobody here"}, nil)
	l.Key = "b"
	if err := s.Letters().Queue(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	comes(t, "the refusal is not seen", func() bool { return state(2).State == "Refused" })
	l.Key, l.To = "c", "nobody"
	if err := s.Letters().Queue(t.Context(), l); err == nil {
		t.Error("a letter to nobody was taken")
	}
}

func TestWithoutAServerNoLetterIsTaken(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.Letters().Queue(t.Context(), mailout.Letter{Key: "a", Purpose: "x", To: "a@b.test", Subject: "x", Text: "x"}); !errors.Is(err, mailout.ErrOff) {
		t.Error(err)
	}
}
