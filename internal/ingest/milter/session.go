package milter

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-milter"

	"tocsin/internal/ingest"
	"tocsin/internal/ingest/treatment"
)

// session is one connection of the mail system, which is one of its client: several messages may come over it.
type session struct {
	s    *Server
	conn *guarded

	// Of the client. Only the connection's goroutine reads and writes these.
	client     netip.Addr
	name, helo string
	tls, user  string
	server     string // the mail system's own name

	tx transaction

	mu      sync.Mutex
	busy    bool // an answer is being found
	closing bool
}

// transaction is one message while it comes.
type transaction struct {
	from    string
	rcpts   []string // as the mail system writes them, which is how they must be taken out
	queueID string
	fields  []field
	body    bytes.Buffer
	size    int64 // octets that are counted in Server.buffered
	failed  *milter.CustomResponse
}

// field is one header field, with the white space before its value and with LF inside folds.
type field struct{ name, value string }

var _ milter.Milter = (*session)(nil)

// reset forgets the message.
func (x *session) reset() {
	x.s.buffered.Add(-x.tx.size)
	x.tx = transaction{}
}

// note takes up what the mail system tells beside the protocol. The library keeps only those of the last command.
func (x *session) note(m *milter.Modifier) {
	for name, value := range m.Macros {
		switch strings.Trim(name, "{}") {
		case "i":
			x.tx.queueID = value
		case "j":
			x.server = value
		case "tls_version":
			x.tls = value
		case "auth_authen":
			x.user = value
		case "client_name":
			x.known(value)
		}
	}
}

// known keeps a host name; Postfix and Sendmail write other words for one that they could not verify.
func (x *session) known(name string) {
	if name != "unknown" && !strings.HasPrefix(name, "[") {
		x.name = name
	}
}

// Connect is a client of the mail system.
func (x *session) Connect(host, _ string, _ uint16, addr net.IP, m *milter.Modifier) (milter.Response, error) {
	x.reset()
	x.client, x.name, x.helo, x.tls, x.user = netip.Addr{}, "", "", "", ""
	if a, ok := netip.AddrFromSlice(addr); ok {
		x.client = a.Unmap()
	}
	x.known(host)
	x.note(m)
	return milter.RespContinue, nil
}

// Helo is the client's name for itself. It comes again after STARTTLS, with what that agreed on.
func (x *session) Helo(name string, m *milter.Modifier) (milter.Response, error) {
	x.helo = name
	x.note(m)
	return milter.RespContinue, nil
}

// MailFrom begins a message.
func (x *session) MailFrom(from string, m *milter.Modifier) (milter.Response, error) {
	x.reset()
	x.user = ""
	x.tx.from = from
	x.note(m)
	return milter.RespContinue, nil
}

// RcptTo is one recipient.
func (x *session) RcptTo(to string, m *milter.Modifier) (milter.Response, error) {
	x.note(m)
	if len(x.tx.rcpts) >= x.s.cfg.MaxRecipients {
		return milter.NewResponseStr(byte(milter.ActReplyCode), "452 4.5.3 Too many recipients for one message"), nil
	}
	if !x.grow(len(to)) {
		return milter.RespTempFail, nil
	}
	x.tx.rcpts = append(x.tx.rcpts, to)
	return milter.RespContinue, nil
}

// Header is one field. The mail system does not wait for an answer to it (OptNoHeaderReply).
func (x *session) Header(name, value string, m *milter.Modifier) (milter.Response, error) {
	clear(m.Headers) // the library's own copy, which would grow with every message of the connection
	if x.grow(len(name) + len(value) + 64) {
		x.tx.fields = append(x.tx.fields, field{name, value})
	}
	return nil, nil
}

// Headers is the end of the header.
func (x *session) Headers(textproto.MIMEHeader, *milter.Modifier) (milter.Response, error) {
	return milter.RespContinue, nil
}

// BodyChunk is a piece of the body.
func (x *session) BodyChunk(chunk []byte, _ *milter.Modifier) (milter.Response, error) {
	if x.grow(len(chunk)) {
		x.tx.body.Write(chunk)
	}
	return milter.RespContinue, nil
}

// grow counts octets of the message. False: there is no room for it, and what came is forgotten.
func (x *session) grow(n int) bool {
	if x.tx.failed != nil {
		return false
	}
	x.tx.size += int64(n)
	all := x.s.buffered.Add(int64(n))
	switch {
	case x.tx.size > x.s.cfg.MaxSize:
		x.tx.failed = reply(fmt.Sprintf("552 5.3.4 Message is larger than %d octets", x.s.cfg.MaxSize))
	case all > x.s.cfg.MaxBuffered:
		x.tx.failed = reply("451 4.3.2 Too much mail at the same time, try again")
	default:
		return true
	}
	x.tx.fields, x.tx.body = nil, bytes.Buffer{}
	x.s.buffered.Add(-x.tx.size)
	x.tx.size = 0
	return false
}

// Body is the end of the message.
func (x *session) Body(m *milter.Modifier) (resp milter.Response, err error) {
	x.note(m)
	if !x.begin() {
		return nil, net.ErrClosed
	}
	start := time.Now()
	outcome := "broken"
	defer func() {
		if r := recover(); r != nil {
			x.s.cfg.Logger.Error("answering the mail system failed", "source", x.s.cfg.Source, "queue_id", x.tx.queueID, "panic", fmt.Sprint(r))
			resp, err = response(x.s.cfg.Broken), nil
		}
		x.s.answers.Add(1)
		x.s.cfg.Observe(outcome, time.Since(start))
		x.reset()
		x.end()
	}()
	if x.tx.failed != nil {
		return x.tx.failed, nil
	}
	resp, outcome, err = x.decide(start, m)
	return resp, err
}

// Abort ends the message before its end.
func (x *session) Abort(*milter.Modifier) error {
	x.reset()
	return nil
}

// begin says that an answer is being found; false: the server is shutting down.
func (x *session) begin() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy = !x.closing
	return x.busy
}

// end says that the answer is found. When the server is shutting down, the connection ends after it was written.
func (x *session) end() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy = false
}

func (x *session) closeWhenIdle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closing = true
	x.conn.leave.Store(true)
	if !x.busy {
		_ = x.conn.SetReadDeadline(time.Now()) // wakes a read that waits; should it fail, the connection is gone
	}
}

// envelope is what the mail system knows of the message.
func (x *session) envelope(now time.Time) ingest.Envelope {
	late := ingest.LateDelivered
	if x.s.cfg.Late == treatment.TempFail {
		late = ingest.LateDeferred
	}
	return ingest.Envelope{
		Source: x.s.cfg.Source, ClientIP: x.client, Helo: x.helo, MailFrom: x.tx.from, MailFromKnown: true, TLS: x.tls,
		Recipients: x.tx.rcpts, Time: now, ClientName: x.name, AuthUser: x.user, QueueID: x.tx.queueID, Otherwise: &late,
	}
}

func response(a treatment.Answer) milter.Response {
	if a == treatment.Accept {
		return milter.RespAccept
	}
	return reply("451 4.7.1 " + treatment.Later)
}

func decision(a treatment.Answer) ingest.Decision {
	if a == treatment.Accept {
		return ingest.LateDelivered
	}
	return ingest.LateDeferred
}

// reply is an answer to the client in its own words: code, enhanced code, text without line ends and percent signs.
func reply(text string) *milter.CustomResponse {
	return milter.NewResponseStr(byte(milter.ActReplyCode), strings.ReplaceAll(text, "%", ""))
}
