package milter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-milter"

	"tocsin/internal/ingest"
)

// acceptTime bounds making a message durable. Sendmail gives up on a milter after 5 minutes at the end of a message, Postfix too.
const acceptTime = time.Minute

// errTwice: the same bytes under the same queue id and second were here before. The sender tries again, under another.
var errTwice = errors.New("the mail system sent the same message twice")

// decide takes the message in, has it judged, and does what was decided. outcome is a word for the figures.
func (x *session) decide(start time.Time, m *milter.Modifier) (milter.Response, string, error) {
	raw, head := x.raw(start)
	p := &plan{x: x, raw: raw, head: head}
	in := x.s.judge.Expect(raw, x.tx.rcpts, p.rule)
	ctx, cancel := context.WithTimeout(x.s.ctx, acceptTime)
	receipt, err := x.s.in.Accept(ctx, raw, x.envelope(start))
	cancel()
	if err == nil && receipt.Job == nil {
		err = errTwice
	}
	if err != nil {
		in.Leave()
		x.s.cfg.Logger.Warn("message not taken in", "source", x.s.cfg.Source, "queue_id", x.tx.queueID, "mail_from", x.tx.from, "err", err)
		return response(x.s.cfg.Broken), "broken", nil
	}
	err = in.Now(x.s.ctx, *receipt.Job, start.Add(x.s.cfg.Deadline), x.s.cfg.Grace)
	switch {
	case errors.Is(err, ingest.ErrLate):
		x.s.cfg.Logger.Warn("message was not judged in time", "source", x.s.cfg.Source, "message", receipt.NetworkMessageID, "queue_id", x.tx.queueID, "answer", string(x.s.cfg.Late))
		return response(x.s.cfg.Late), "late", nil
	case err != nil:
		in.Answered(decision(x.s.cfg.Broken))
		x.s.cfg.Logger.Warn("message could not be judged now", "source", x.s.cfg.Source, "message", receipt.NetworkMessageID, "queue_id", x.tx.queueID, "err", err)
		return response(x.s.cfg.Broken), "broken", nil
	}
	return p.carryOut(m)
}

// raw is the message as it came, below a Received field as the mail system is about to write it: with the client, and with the queue id,
// which makes every delivery a message of its own. head is where the message itself begins.
func (x *session) raw(now time.Time) (raw []byte, head int) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from %s (%s [%s])\r\n\tby %s (Tocsin milter) with %s id %s;\r\n\t%s\r\n", word(x.helo), word(x.name), address(x), word(x.server), with(x),
		word(x.tx.queueID), now.Format(time.RFC1123Z))
	head = b.Len()
	// With the option for leading spaces, values begin as they were written. A mail system without it cuts one space off each.
	kept := false
	for _, f := range x.tx.fields {
		kept = kept || strings.HasPrefix(f.value, " ") || strings.HasPrefix(f.value, "\t")
	}
	for _, f := range x.tx.fields {
		b.WriteString(f.name)
		b.WriteByte(':')
		if !kept {
			b.WriteByte(' ')
		}
		b.WriteString(crlf(f.value))
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	b.Write(x.tx.body.Bytes())
	return b.Bytes(), head
}

// crlf turns the line ends inside a folded value into those of mail.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// word is what a client or mail system called itself, fit for a Received field.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune("()[]<>;,\\\"", r) {
			return -1
		}
		return r
	}, s[:min(len(s), 255)])
	if s == "" {
		return "unknown"
	}
	return s
}

func address(x *session) string {
	switch {
	case !x.client.IsValid():
		return "127.0.0.1" // a Unix socket or the mail system's own command line
	case x.client.Is6():
		return "IPv6:" + x.client.String()
	}
	return x.client.String()
}

func with(x *session) string {
	w := "ESMTP"
	if x.tls != "" {
		w += "S"
	}
	if x.user != "" {
		w += "A"
	}
	return w
}
