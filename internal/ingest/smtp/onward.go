package smtp

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"tocsin/internal/ingest"
)

// Reply is an answer: code, enhanced code (RFC 3463; "" for none) and text of one line.
type Reply struct {
	Code     int
	Enhanced string
	Text     string
}

// Onward hands mail on to a mailbox server instead of keeping a copy, and answers as that server does.
type Onward interface {
	// Session is the way onward of one client's connection.
	Session() Session
}

// Session is used by one goroutine.
type Session interface {
	// UTF8 reports whether the mailbox server takes addresses and headers in UTF-8 (RFC 6531).
	UTF8(ctx context.Context) bool
	// Begin begins a message.
	Begin(from string, utf8 bool)
	// Recipient answers for one recipient; codes from 200 to 299 let it in.
	Recipient(ctx context.Context, to string) Reply
	// Deliver answers for a whole message, once for each of env.Recipients, in their order (RFC 2033 section 4.2).
	Deliver(ctx context.Context, raw []byte, env ingest.Envelope) []Reply
	// Reset forgets the message that was begun.
	Reset()
	Close()
}

// forwarded is what a mail system tells of its own client before a message (Postfix's XFORWARD).
type forwarded struct {
	addr           netip.Addr
	name, helo, id string
	local          bool // it began in the mail system itself
	known          bool
}

// xforward reads what a mail system tells of its own client (Postfix, XFORWARD_README): attributes as xtext, "[UNAVAILABLE]" for none.
// Whoever may connect may say it.
func (c *conn) xforward(arg string) error {
	switch {
	case c.onward == nil:
		return c.mistake(500, "5.5.1", "Command is not known")
	case c.tx.open:
		return c.mistake(503, "5.5.1", "Not in the middle of a message")
	}
	f := c.forward
	for word := range strings.FieldsSeq(arg) {
		name, value, found := strings.Cut(word, "=")
		value, err := fromXtext(value)
		if !found || err != nil {
			return c.mistake(501, "5.5.4", "XFORWARD with name=value, please")
		}
		if value == "[UNAVAILABLE]" || value == "[TEMPUNAVAIL]" {
			value = ""
		}
		switch strings.ToUpper(name) {
		case "ADDR":
			if value, _ = cutPrefixFold(value, "IPV6:"); value == "" {
				f.addr = netip.Addr{}
			} else if f.addr, err = netip.ParseAddr(value); err != nil {
				return c.mistake(501, "5.5.4", "XFORWARD ADDR is no address")
			}
			f.addr = f.addr.Unmap().WithZone("")
		case "NAME":
			f.name = value
		case "HELO":
			f.helo = value
		case "IDENT":
			f.id = value
		case "SOURCE":
			f.local = strings.EqualFold(value, "LOCAL")
		case "PORT", "PROTO":
		default:
			return c.mistake(501, "5.5.4", "XFORWARD has an attribute that is not offered here")
		}
	}
	f.known = true
	c.forward = f
	c.mistakes = 0
	c.say(250, "2.0.0", "OK")
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

var errXtext = errors.New("no xtext")

// fromXtext reads xtext (RFC 3461 section 4): +HH is an octet.
func fromXtext(s string) (string, error) {
	if !strings.Contains(s, "+") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '+' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", errXtext
		}
		hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
		if hi < 0 || lo < 0 {
			return "", errXtext
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// deliver hands a message on, and answers for every recipient.
func (c *conn) deliver(raw []byte) {
	replies := c.onward.Deliver(c.s.ctx, raw, c.envelope())
	taken := true
	for i := range c.tx.rcpts {
		r := Reply{451, "4.3.0", "Something went wrong here, try again"}
		if i < len(replies) {
			r = replies[i]
		}
		taken = taken && r.Code < 400
		c.answer(r)
	}
	if taken {
		c.s.received.Add(1)
	} else {
		c.s.failed.Add(1)
	}
}
