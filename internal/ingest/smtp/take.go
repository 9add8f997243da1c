package smtp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tocsin/internal/ingest"
)

// finish offers a message whose content is complete, answers, and ends the transaction. LMTP wants an answer for every
// recipient (RFC 2033 section 4.2); all share one fate, because the message is stored once for all of them.
func (c *conn) finish(content *spool) {
	c.messages++
	r := Reply{250, "2.0.0", "OK, it is kept"}
	switch {
	case c.tx.refused != nil:
		c.s.failed.Add(1)
		r = *c.tx.refused
	default:
		err := content.err
		if err == nil {
			if c.onward != nil {
				c.deliver(content.b)
				c.reset()
				return
			}
			err = c.take(content.b)
		}
		if err != nil {
			c.s.failed.Add(1)
			r = c.explain(err)
		} else {
			c.s.received.Add(1)
		}
	}
	if c.s.cfg.LMTP {
		for range c.tx.rcpts {
			c.answer(r)
		}
	} else {
		c.answer(r)
	}
	c.reset()
}

// take makes a message durable. A bug on the way there must not cost more than one answer.
func (c *conn) take(raw []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(c.s.ctx, c.s.cfg.AcceptTimeout)
	defer cancel()
	_, err = c.s.in.Accept(ctx, raw, c.envelope())
	return err
}

func (c *conn) envelope() ingest.Envelope {
	env := ingest.Envelope{
		Source:        c.s.cfg.Source,
		ClientIP:      c.addr,
		OwnClient:     true,
		Helo:          c.helo,
		MailFrom:      c.tx.from,
		MailFromKnown: true,
		TLS:           c.tlsVersion,
		Time:          time.Now(),
		Journal:       c.s.cfg.Reports,
	}
	if f := c.forward; f.known && !f.local {
		env.ClientIP, env.OwnClient, env.Helo, env.ClientName, env.TLS = f.addr, !f.addr.IsValid(), f.helo, f.name, ""
	}
	env.QueueID = c.forward.id
	for _, r := range c.tx.rcpts {
		if !slices.Contains(c.s.cfg.Journals, strings.ToLower(r)) {
			env.Recipients = append(env.Recipients, r)
		}
	}
	return env
}

func (c *conn) tooLarge() Reply {
	return Reply{552, "5.3.4", fmt.Sprintf("Message is larger than %d octets", c.s.cfg.MaxSize)}
}

// explain turns an error into what the client may know: whether to try again, never how we are built.
func (c *conn) explain(err error) Reply {
	c.s.cfg.Logger.Warn("message not taken in", "source", c.s.cfg.Source, "client", c.addr, "mail_from", c.tx.from, "err", err)
	switch {
	case errors.Is(err, ingest.ErrTooLarge):
		return c.tooLarge()
	case errors.Is(err, errBusy):
		return Reply{451, "4.3.2", "Too much mail at the same time, try again"}
	case errors.Is(err, ingest.ErrFull):
		return Reply{452, "4.3.1", "Disk is full, try again later"}
	}
	return Reply{451, "4.3.0", "Could not store the message, try again"}
}
