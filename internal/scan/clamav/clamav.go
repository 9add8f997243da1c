// Package clamav asks ClamAV's daemon about octets.
//
// clamd listens on a Unix or TCP socket and takes octets by INSTREAM: chunks with their length in front, an empty one at
// the end (clamd(8)). Sessions (IDSESSION) are kept and used again, at most Config.Connections of them; every question has
// a time limit. A daemon that is away costs one failed connection and then nothing for a while, so that mail does not wait
// for it; its absence is an error to the caller, who shows it.
package clamav

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"tocsin/internal/scan"
)

var _ scan.Engine = (*Client)(nil)

// Config says where clamd is. Zero fields mean the default.
type Config struct {
	Address     string        // "unix:/run/clamav/clamd.ctl", "tcp:127.0.0.1:3310"; without a prefix a path or host:port
	Connections int           // questions at the same time; default 4
	Timeout     time.Duration // of one question, waiting for a free connection included; default 10 s
	MaxSize     int           // octets sent; longer content is not asked about; default 25 MiB, clamd's StreamMaxLength
	Rest        time.Duration // how long a daemon that could not be reached is left alone; default 5 s
}

// ErrTooLarge says that content is longer than Config.MaxSize or than what clamd takes.
var ErrTooLarge = errors.New("longer than ClamAV is asked to scan")

// Client asks one clamd. It is safe for concurrent use.
type Client struct {
	cfg           Config
	network, addr string
	slots         chan struct{}

	mu   sync.Mutex
	idle []*session
	away time.Time // not asked before
	why  error
}

// session is one connection in IDSESSION mode.
type session struct {
	conn net.Conn
	in   *bufio.Reader
	used time.Time
}

// idleLimit is shorter than clamd's own (IdleTimeout, 30 s), so that a kept session is rarely a dead one.
const idleLimit = 20 * time.Second

// New prepares a client; nothing is connected yet.
func New(c Config) (*Client, error) {
	network, addr, ok := strings.Cut(c.Address, ":")
	switch {
	case ok && (network == "unix" || network == "tcp"):
	case strings.HasPrefix(c.Address, "/"):
		network, addr = "unix", c.Address
	default:
		network, addr = "tcp", c.Address
	}
	if network == "tcp" {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return nil, fmt.Errorf("ClamAV address %q: want unix:/path or tcp:host:port", c.Address)
		}
	} else if addr == "" {
		return nil, fmt.Errorf("ClamAV address %q: want unix:/path or tcp:host:port", c.Address)
	}
	if c.Connections <= 0 {
		c.Connections = 4
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MaxSize <= 0 {
		c.MaxSize = 25 << 20
	}
	if c.Rest <= 0 {
		c.Rest = 5 * time.Second
	}
	return &Client{cfg: c, network: network, addr: addr, slots: make(chan struct{}, c.Connections)}, nil
}

// Name is "ClamAV".
func (c *Client) Name() string { return "ClamAV" }

// Kind is scan.KindSignatures.
func (c *Client) Kind() scan.Kind { return scan.KindSignatures }

// ReadsMail is true: clamd unpacks messages and what is in them.
func (c *Client) ReadsMail() bool { return true }

// Scan asks clamd about content.
func (c *Client) Scan(ctx context.Context, content []byte) (threat string, err error) {
	if len(content) > c.cfg.MaxSize {
		return "", ErrTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	reply, err := c.ask(ctx, func(s *session) error { return s.stream(content) })
	if err != nil {
		return "", err
	}
	return threatIn(reply)
}

// Version tells clamd's version and that of its signatures: "ClamAV 1.4.6/27800/Thu Nov 26 2026".
func (c *Client) Version(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return c.ask(ctx, func(s *session) error {
		_, err := s.conn.Write([]byte("zVERSION\x00"))
		return err
	})
}

// threatIn reads "stream: Win.Test.EICAR_HDB-1 FOUND".
func threatIn(reply string) (string, error) {
	reply = strings.TrimPrefix(reply, "stream: ")
	switch {
	case reply == "OK":
		return "", nil
	case strings.HasSuffix(reply, " FOUND"):
		return strings.TrimSuffix(reply, " FOUND"), nil
	case strings.Contains(reply, "size limit exceeded"):
		return "", ErrTooLarge
	}
	return "", fmt.Errorf("ClamAV answers %q", reply)
}

// ask sends one command and reads its reply. A kept session may have died in the meantime: then a new one is tried, once.
func (c *Client) ask(ctx context.Context, send func(*session) error) (string, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return "", fmt.Errorf("ClamAV is busy: %w", ctx.Err())
	}
	for {
		s, kept, err := c.session(ctx)
		if err != nil {
			return "", err
		}
		reply, err := s.exchange(ctx, send)
		if err == nil {
			c.keep(s, reply)
			return reply, nil
		}
		_ = s.conn.Close()
		late := errors.Is(err, os.ErrDeadlineExceeded) // the connection has ctx's deadline and may be the first to notice
		if !kept || late || ctx.Err() != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			} else if late {
				err = context.DeadlineExceeded
			}
			return "", fmt.Errorf("ClamAV at %s: %w", c.addr, err)
		}
	}
}

// session takes a kept session or opens one.
func (c *Client) session(ctx context.Context) (s *session, kept bool, err error) {
	now := time.Now()
	c.mu.Lock()
	for len(c.idle) > 0 && s == nil {
		last := len(c.idle) - 1
		s, c.idle = c.idle[last], c.idle[:last]
		if now.Sub(s.used) > idleLimit {
			_ = s.conn.Close()
			s = nil
		}
	}
	away, why := now.Before(c.away), c.why
	c.mu.Unlock()
	if s != nil {
		return s, true, nil
	}
	if away {
		return nil, false, why
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, c.network, c.addr)
	if err != nil {
		err = fmt.Errorf("ClamAV cannot be reached: %w", err)
		c.mu.Lock()
		c.away, c.why = now.Add(c.cfg.Rest), err
		c.mu.Unlock()
		return nil, false, err
	}
	s = &session{conn: conn, in: bufio.NewReaderSize(conn, 1024)}
	if _, err := conn.Write([]byte("zIDSESSION\x00")); err != nil {
		_ = conn.Close()
		return nil, false, fmt.Errorf("ClamAV at %s: %w", c.addr, err)
	}
	return s, false, nil
}

// keep holds a session for the next question, except after an error: clamd closes it then.
func (c *Client) keep(s *session, reply string) {
	if strings.HasSuffix(reply, "ERROR") {
		_ = s.conn.Close()
		return
	}
	s.used = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, s)
}

// Close closes the kept sessions.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.idle {
		_, _ = s.conn.Write([]byte("zEND\x00")) // a courtesy
		_ = s.conn.Close()
	}
	c.idle = nil
	return nil
}

// maxReply bounds a reply, in octets.
const maxReply = 4096

func (s *session) exchange(ctx context.Context, send func(*session) error) (string, error) {
	deadline, _ := ctx.Deadline()
	if err := s.conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	sendErr := send(s) // clamd may answer "limit exceeded" and close while we still send: its reply says more
	var reply []byte
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			if sendErr != nil {
				err = sendErr
			}
			if errors.Is(err, io.EOF) {
				err = errors.New("it closed the connection without an answer")
			}
			return "", err
		}
		if b == 0 {
			break
		}
		if reply = append(reply, b); len(reply) > maxReply {
			return "", errors.New("its answer does not end")
		}
	}
	_, text, ok := strings.Cut(string(reply), ": ") // the number of the question in the session
	if !ok {
		text = string(reply)
	}
	return strings.TrimSpace(text), nil
}

// chunk is how much is sent with one length.
const chunk = 256 << 10

func (s *session) stream(content []byte) error {
	head := []byte("zINSTREAM\x00")
	for {
		n := min(len(content), chunk)
		head = binary.BigEndian.AppendUint32(head, uint32(n))
		parts := net.Buffers{head, content[:n]}
		if _, err := parts.WriteTo(s.conn); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		content, head = content[n:], nil
	}
}
