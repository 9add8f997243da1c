package lmtp

import (
	"bytes"
	"context"
	"slices"

	"tocsin/internal/ingest/smtp"
)

// session is one client's connection, and the one to the mailbox server that belongs to it. It is kept between messages.
type session struct {
	p    *Proxy
	next *next // nil or dead: there is none

	from  string
	utf8  bool
	begun bool        // the mailbox server has heard of this message
	stale bool        // it has heard of another that was given up
	mail  *smtp.Reply // its answer to MAIL, when it was no success
	rcpts []string    // that it let in since
}

var _ smtp.Session = (*session)(nil)

// away is the answer while the mailbox server cannot be had.
var away = smtp.Reply{Code: 451, Enhanced: "4.4.1", Text: "The mailbox server does not answer, try again later"}

// lost is the answer when the mailbox server was lost while it had the message.
var lost = smtp.Reply{Code: 451, Enhanced: "4.4.2", Text: "The mailbox server was lost in the middle of the message, try again"}

// UTF8 asks the mailbox server when it is not known.
func (s *session) UTF8(ctx context.Context) bool {
	if utf8, known := s.p.takesUTF8(); known {
		return utf8
	}
	if s.connect(ctx) != nil {
		return false
	}
	utf8, _ := s.p.takesUTF8()
	return utf8
}

// connect sees to it that there is a connection.
func (s *session) connect(ctx context.Context) error {
	if s.next != nil && !s.next.dead {
		return nil
	}
	s.begun, s.stale, s.mail, s.rcpts = false, false, nil, nil
	n, err := dial(ctx, &s.p.cfg)
	if err != nil {
		s.p.cfg.Logger.Warn("the mailbox server cannot be reached", "next", s.p.cfg.Next, "err", err)
		return err
	}
	s.p.offers(n)
	s.next = n
	return nil
}

// Begin begins a message. The mailbox server hears of it with the first recipient.
func (s *session) Begin(from string, utf8 bool) { s.from, s.utf8 = from, utf8 }

// Recipient asks the mailbox server.
func (s *session) Recipient(ctx context.Context, to string) smtp.Reply {
	kept := s.next != nil && !s.next.dead
	r, err := s.recipient(ctx, to)
	if err != nil && kept && len(s.rcpts) == 0 { // a kept connection may have ended long ago
		r, err = s.recipient(ctx, to)
	}
	if err != nil {
		return away
	}
	return r
}

func (s *session) recipient(ctx context.Context, to string) (smtp.Reply, error) {
	if err := s.connect(ctx); err != nil {
		return smtp.Reply{}, err
	}
	defer s.next.until(ctx)()
	if !s.begun {
		if s.stale {
			if _, _, err := s.next.command("RSET"); err != nil {
				return smtp.Reply{}, err
			}
		}
		r, _, err := s.next.command(s.next.mail(s.from, s.utf8, 0, true))
		if err != nil {
			return smtp.Reply{}, err
		}
		s.begun, s.stale, s.mail, s.rcpts = true, false, nil, nil
		if !success(r) {
			s.mail = &r
		}
	}
	if s.mail != nil {
		return *s.mail, nil
	}
	r, _, err := s.next.command("RCPT TO:<" + to + ">")
	if err != nil {
		return smtp.Reply{}, err
	}
	if success(r) {
		s.rcpts = append(s.rcpts, to)
	}
	return r, nil
}

func success(r smtp.Reply) bool { return r.Code >= 200 && r.Code < 300 }

// Reset forgets the message. The mailbox server is told with the next one.
func (s *session) Reset() {
	s.stale = s.stale || s.begun
	s.from, s.utf8, s.begun, s.mail, s.rcpts = "", false, false, nil, nil
}

// Close says goodbye to the mailbox server.
func (s *session) Close() {
	if s.next != nil {
		s.next.quit()
	}
}

// hand hands a message to the mailbox server for these recipients, which it let in before, and returns its answers. Before the message itself
// is on its way, a connection that broke is made anew once.
func (s *session) hand(ctx context.Context, raw []byte, rcpts []string) []smtp.Reply {
	for try := 0; ; try++ {
		kept := s.next != nil && !s.next.dead
		out, begun, err := s.handOnce(ctx, raw, rcpts)
		if err == nil {
			return out
		}
		if kept && !begun && try == 0 && ctx.Err() == nil {
			continue
		}
		s.p.cfg.Logger.Warn("the mailbox server did not finish a message", "next", s.p.cfg.Next, "err", err)
		what := away
		if begun {
			what = lost
		}
		for len(out) < len(rcpts) {
			out = append(out, what)
		}
		return out
	}
}

func (s *session) handOnce(ctx context.Context, raw []byte, rcpts []string) (out []smtp.Reply, begun bool, err error) {
	if err := s.connect(ctx); err != nil {
		return nil, false, err
	}
	defer s.next.until(ctx)()
	if s.begun && s.mail == nil && slices.Equal(s.rcpts, rcpts) {
		out, begun, err = s.next.data(raw, len(rcpts))
		s.begun = false
		return out, begun, err
	}
	eight := bytes.ContainsFunc(raw, func(r rune) bool { return r > 127 })
	answers, err := s.next.envelope(s.next.mail(s.from, s.utf8, len(raw), eight), rcpts, s.begun)
	if err != nil {
		return nil, false, err
	}
	s.begun = true
	let := 0
	for _, r := range answers {
		if success(r) {
			let++
		}
	}
	if let == 0 {
		return answers, false, nil
	}
	taken, begun, err := s.next.data(raw, let)
	s.begun = false
	for i := range answers { // what was let in has its answer now, in the same order
		if !success(answers[i]) {
			continue
		}
		if len(taken) == 0 {
			if err != nil {
				answers[i] = lost
			}
			continue
		}
		answers[i], taken = taken[0], taken[1:]
	}
	if err != nil && begun {
		return answers, true, err
	}
	return answers, begun, err
}
