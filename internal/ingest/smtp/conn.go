package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"tocsin/internal/ingest"
)

const (
	// inBuffer is what is read ahead, and the longest command. RFC 5321 section 4.5.3.1.4 says 512 octets and lets
	// extensions add to it.
	inBuffer = 16 << 10
	// maxForgotten bounds the rest of an overlong command that is passed over.
	maxForgotten = 1 << 20
	// maxMistakes in a row end a connection: who speaks another protocol will not learn this one.
	maxMistakes = 10
)

// conn is one admitted connection. One goroutine serves it; Shutdown only looks at what mu guards.
type conn struct {
	s    *Server
	raw  net.Conn // as accepted
	addr netip.Addr

	rw         net.Conn // raw, or TLS over it
	r          *bufio.Reader
	w          *bufio.Writer
	tlsVersion string

	helo     string
	onward   Session   // nil: copies are kept, nothing is handed on
	forward  forwarded // what the client told of its own
	tx       transaction
	messages int
	mistakes int
	until    time.Time // while content is read: when it must be there

	mu      sync.Mutex
	idle    bool // waits for a command outside of a transaction
	leaving bool // no new transaction
}

// transaction is what was said since MAIL.
type transaction struct {
	open    bool
	from    string
	rcpts   []string
	held    int64 // octets of the envelope, of the server's budget
	binary  bool
	chunks  *spool // of BDAT; nil before the first chunk
	refused *Reply // what was answered to a chunk; the others share its fate
}

func newConn(s *Server, nc net.Conn, addr netip.Addr) *conn {
	c := &conn{s: s, raw: nc, addr: addr}
	if s.cfg.Onward != nil {
		c.onward = s.cfg.Onward.Session()
	}
	c.speak(nc)
	return c
}

// speak goes on over rw. Whatever was read ahead before is forgotten.
func (c *conn) speak(rw net.Conn) {
	c.rw = rw
	c.r = bufio.NewReaderSize(feed{c}, inBuffer)
	c.w = bufio.NewWriter(drain{c})
}

// feed reads for a connection. Before it waits for the client, the client gets the answers that it may be waiting for;
// until then they are gathered, as RFC 2920 asks of servers.
type feed struct{ c *conn }

func (f feed) Read(p []byte) (int, error) {
	c := f.c
	if err := c.w.Flush(); err != nil {
		return 0, err
	}
	if !c.until.IsZero() {
		until := time.Now().Add(c.s.cfg.Timeout)
		if c.until.Before(until) {
			until = c.until
		}
		if err := c.rw.SetReadDeadline(until); err != nil {
			return 0, err
		}
	}
	return c.rw.Read(p)
}

// drain writes for a connection.
type drain struct{ c *conn }

func (d drain) Write(p []byte) (int, error) {
	if err := d.c.rw.SetWriteDeadline(time.Now().Add(d.c.s.cfg.Timeout)); err != nil {
		return 0, err
	}
	return d.c.rw.Write(p)
}

// rest is called before a command is waited for. It returns false when there shall be no more.
func (c *conn) rest() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving && !c.tx.open {
		return false
	}
	c.idle = !c.tx.open
	return c.rw.SetReadDeadline(time.Now().Add(c.s.cfg.Timeout)) == nil
}

// wake is called when the waiting is over. It returns false when there shall be no more.
func (c *conn) wake() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = false
	return !c.leaving || c.tx.open
}

// finishUp makes the connection end as soon as no transaction is under way: at once when it is idle.
func (c *conn) finishUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	if c.idle {
		_ = c.raw.SetReadDeadline(time.Unix(1, 0))
	}
}

// errBye ends a connection after its last answer.
var errBye = errors.New("the connection ends")

// serve speaks with the client until one of them has enough.
func (c *conn) serve() {
	defer c.leave()
	defer func() {
		if r := recover(); r != nil {
			c.s.cfg.Logger.Error("a connection was given up", "source", c.s.cfg.Source, "client", c.addr, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			c.say(421, "4.3.0", "Something went wrong here")
		}
		_ = c.w.Flush()
	}()
	word := "ESMTP"
	if c.s.cfg.LMTP {
		word = "LMTP"
	}
	c.say(220, "", c.s.cfg.Domain+" "+word)
	for {
		line, err := c.command()
		switch {
		case errors.Is(err, errOverlong):
			err = c.mistake(500, "5.5.2", "Line is too long")
		case err == nil:
			err = c.obey(line)
		}
		if err != nil {
			return
		}
	}
}

var errOverlong = errors.New("the line is too long")

// command reads the next command. Its errors have been answered, except errOverlong, after which the next can be read.
func (c *conn) command() (string, error) {
	if !c.rest() {
		return "", c.bye("4.3.2", "Shutting down")
	}
	line, err := c.r.ReadSlice('\n')
	for rest := 0; errors.Is(err, bufio.ErrBufferFull); rest += len(line) {
		if rest > maxForgotten {
			return "", c.bye("4.7.0", "Far too long a line")
		}
		if line, err = c.r.ReadSlice('\n'); err == nil {
			err = errOverlong
		}
	}
	awake := c.wake()
	switch {
	case !awake:
		return "", c.bye("4.3.2", "Shutting down")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", c.bye("4.4.2", "Nothing was said for too long")
	case err != nil:
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
}

// say writes an answer, to be sent when the client is waited for. code is the one of RFC 3463, "" for none.
func (c *conn) say(code int, enhanced, text string) {
	if enhanced != "" {
		text = enhanced + " " + text
	}
	_, _ = fmt.Fprintf(c.w, "%d %s\r\n", code, text)
}

// answer says what a message's fate is.
func (c *conn) answer(r Reply) { c.say(r.Code, r.Enhanced, r.Text) }

// bye says why the connection ends.
func (c *conn) bye(enhanced, text string) error {
	c.say(421, enhanced, text)
	return errBye
}

// mistake answers what could not be understood.
func (c *conn) mistake(code int, enhanced, text string) error {
	c.say(code, enhanced, text)
	if c.mistakes++; c.mistakes >= maxMistakes {
		return c.bye("4.7.0", "Too many mistakes")
	}
	return nil
}

// reset ends the transaction.
func (c *conn) reset() {
	if c.tx.chunks != nil {
		c.tx.chunks.drop()
	}
	c.s.budget.give(c.tx.held)
	c.tx, c.forward = transaction{}, forwarded{}
	if c.onward != nil {
		c.onward.Reset()
	}
}

func (c *conn) help() string {
	if c.onward != nil {
		return "Mail is checked here and handed on to the mailboxes"
	}
	return "Copies of mail are taken in here, and nothing is sent on"
}

// leave ends what the connection holds.
func (c *conn) leave() {
	c.reset()
	if c.onward != nil {
		c.onward.Close()
	}
}

// obey does what a line asks for. An error ends the connection.
func (c *conn) obey(line string) error {
	verb, arg := splitCommand(line)
	switch verb {
	case "EHLO", "HELO", "LHLO":
		return c.hello(verb, arg)
	case "MAIL":
		return c.mail(arg)
	case "RCPT":
		return c.rcpt(arg)
	case "DATA":
		return c.data(arg)
	case "BDAT":
		return c.bdat(arg)
	case "STARTTLS":
		return c.startTLS(arg)
	case "XFORWARD":
		return c.xforward(arg)
	case "RSET":
		c.reset()
		c.say(250, "2.0.0", "OK")
	case "NOOP":
		c.say(250, "2.0.0", "OK")
	case "VRFY":
		c.say(252, "2.5.0", "Not verified, send some mail")
	case "HELP":
		c.say(214, "2.0.0", c.help())
	case "QUIT":
		c.say(221, "2.0.0", "Bye")
		return errBye
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "HOST:", "USER-AGENT:", "CONTENT-TYPE:":
		// A browser that some page made call here: what it sends next would be read as commands.
		c.s.cfg.Logger.Warn("a web client was cut off", "source", c.s.cfg.Source, "client", c.addr)
		c.say(554, "5.7.0", "This is not a web server")
		return errBye
	default:
		return c.mistake(500, "5.5.1", "Command is not known")
	}
	return nil
}

func (c *conn) hello(verb, arg string) error {
	if c.s.cfg.LMTP != (verb == "LHLO") {
		if c.s.cfg.LMTP {
			return c.mistake(500, "5.5.1", "This is LMTP, say LHLO")
		}
		return c.mistake(500, "5.5.1", "This is SMTP, say EHLO")
	}
	name, _, _ := strings.Cut(arg, " ")
	if name == "" {
		return c.mistake(501, "5.5.4", "Say who you are: "+verb+" and a name")
	}
	c.reset() // RFC 5321 section 4.1.4: as if RSET had been said
	c.helo, c.mistakes = name, 0
	if verb == "HELO" {
		c.say(250, "", c.s.cfg.Domain)
		return nil
	}
	lines := []string{c.s.cfg.Domain, "PIPELINING", fmt.Sprintf("SIZE %d", c.s.cfg.MaxSize), "8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES",
		fmt.Sprintf("LIMITS MAILMAX=%d RCPTMAX=%d", c.s.cfg.MaxMessages, c.s.cfg.MaxRecipients), // RFC 9422
	}
	switch {
	case c.onward == nil:
		lines = append(lines, "BINARYMIME", "SMTPUTF8")
	case c.onward.UTF8(c.s.ctx):
		lines = append(lines, "SMTPUTF8")
	}
	if c.onward != nil {
		lines = append(lines, "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE")
	}
	if c.s.tls != nil && c.tlsVersion == "" {
		lines = append(lines, "STARTTLS")
	}
	for i, l := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		_, _ = fmt.Fprintf(c.w, "250%s%s\r\n", sep, l)
	}
	return nil
}

// startTLS is RFC 3207. Nothing that was said in the clear is remembered.
func (c *conn) startTLS(arg string) error {
	switch {
	case c.s.tls == nil || c.tlsVersion != "":
		return c.mistake(503, "5.5.1", "TLS is not offered")
	case arg != "":
		return c.mistake(501, "5.5.4", "STARTTLS stands alone")
	case c.r.Buffered() > 0:
		// Somebody on the way may have put commands behind it, to be obeyed as if they had come over TLS.
		c.s.cfg.Logger.Warn("commands stood behind STARTTLS", "source", c.s.cfg.Source, "client", c.addr)
		c.say(554, "5.5.1", "Nothing may follow STARTTLS")
		return errBye
	}
	c.say(220, "2.0.0", "Go ahead")
	if err := c.w.Flush(); err != nil {
		return err
	}
	over := tls.Server(c.raw, c.s.tls)
	ctx, cancel := context.WithTimeout(c.s.ctx, min(c.s.cfg.Timeout, time.Minute))
	defer cancel()
	if err := over.HandshakeContext(ctx); err != nil {
		c.s.cfg.Logger.Warn("TLS could not be agreed on", "source", c.s.cfg.Source, "client", c.addr, "err", err)
		return err
	}
	c.reset()
	c.helo, c.mistakes = "", 0
	c.tlsVersion = tls.VersionName(over.ConnectionState().Version)
	c.speak(over)
	return nil
}

func (c *conn) mail(arg string) error {
	if c.tx.refused != nil {
		c.reset() // RFC 3030 wants RSET after a refused chunk; not everybody knows
	}
	switch {
	case c.helo == "":
		return c.mistake(503, "5.5.1", "Say hello first")
	case c.tx.open:
		return c.mistake(503, "5.5.1", "A message is under way already")
	case c.s.cfg.RequireTLS && c.tlsVersion == "":
		return c.mistake(530, "5.7.0", "Say STARTTLS first")
	case c.messages >= c.s.cfg.MaxMessages:
		return c.bye("4.7.0", "Too many messages in one connection, open another")
	}
	from, rest, err := parsePath(arg, "FROM:")
	if err != nil {
		return c.mistake(501, "5.1.7", "MAIL FROM:<address>, please")
	}
	params, err := parseMailParams(rest)
	switch {
	case errors.Is(err, errParam):
		return c.mistake(555, "5.5.4", "MAIL has a parameter that is not offered here")
	case err != nil:
		return c.mistake(501, "5.5.4", "MAIL has a parameter that can't be read")
	case params.binary && c.onward != nil:
		return c.mistake(555, "5.5.4", "BINARYMIME is not offered here")
	case params.size > c.s.cfg.MaxSize:
		c.s.failed.Add(1)
		c.answer(c.explain(fmt.Errorf("%w: %d octets were announced", ingest.ErrTooLarge, params.size)))
		return nil
	}
	c.tx = transaction{open: true, from: from, binary: params.binary}
	if c.onward != nil {
		c.onward.Begin(from, params.utf8)
	}
	c.mistakes = 0
	c.say(250, "2.1.0", "OK")
	return nil
}

// rcptCost is what a recipient costs beyond its text.
const rcptCost = 16

func (c *conn) rcpt(arg string) error {
	switch {
	case !c.tx.open:
		// Not counted as a mistake: a client that pipelines says this once for each recipient of a refused MAIL.
		c.say(503, "5.5.1", "Say MAIL first")
		return nil
	case c.tx.chunks != nil || c.tx.refused != nil:
		return c.mistake(503, "5.5.1", "The content is under way already")
	case len(c.tx.rcpts) >= c.s.cfg.MaxRecipients:
		c.say(452, "4.5.3", "Too many recipients, send the message again for the others")
		return nil
	}
	to, rest, err := parsePath(arg, "TO:")
	switch {
	case err != nil, to == "":
		c.say(501, "5.1.3", "RCPT TO:<address>, please")
		return nil
	case rest != "":
		return c.mistake(555, "5.5.4", "RCPT has a parameter that is not offered here")
	}
	cost := int64(len(to)) + rcptCost
	if !c.s.budget.take(cost) {
		c.say(452, "4.3.1", "Too much mail at the same time, try again")
		return nil
	}
	r := Reply{250, "2.1.5", "OK"}
	if c.onward != nil {
		r = c.onward.Recipient(c.s.ctx, to)
	}
	if r.Code < 200 || r.Code > 299 {
		c.s.budget.give(cost)
		c.answer(r)
		return nil
	}
	c.tx.held += cost
	c.tx.rcpts = append(c.tx.rcpts, to)
	c.mistakes = 0
	c.answer(r)
	return nil
}

// ready reports whether content may come, and says why not.
func (c *conn) ready() bool {
	switch {
	case !c.tx.open:
		c.say(503, "5.5.1", "Say MAIL first")
	case len(c.tx.rcpts) == 0:
		c.say(503, "5.5.1", "Say RCPT first")
	default:
		return true
	}
	return false
}

func (c *conn) data(arg string) error {
	switch {
	case arg != "":
		return c.mistake(501, "5.5.4", "DATA stands alone")
	case !c.ready():
		return nil
	case c.tx.chunks != nil || c.tx.refused != nil:
		return c.mistake(503, "5.5.1", "Go on with BDAT")
	case c.tx.binary:
		return c.mistake(503, "5.5.1", "BINARYMIME needs BDAT")
	}
	c.say(354, "", "Go ahead, end with a line that holds a single dot")
	content := c.newSpool()
	defer content.drop()
	c.until = time.Now().Add(c.s.cfg.ContentTimeout)
	err := copyContent(c.r, content.write)
	c.until = time.Time{}
	if err != nil {
		return c.cutShort(err)
	}
	c.finish(content)
	return nil
}

// bdat takes one chunk (RFC 3030). Its octets follow the command, whatever is thought of it.
func (c *conn) bdat(arg string) error {
	size, last, err := parseChunk(arg)
	if errors.Is(err, errBadChunk) {
		// Where the next command begins is anybody's guess.
		c.say(501, "5.5.4", "BDAT with the number of octets, please")
		return errBye
	}
	write := func([]byte) {}
	usable := err == nil && c.tx.open && len(c.tx.rcpts) > 0 && c.tx.refused == nil
	if usable {
		if c.tx.chunks == nil {
			c.tx.chunks = c.newSpool()
		}
		write = c.tx.chunks.write
	}
	if err := c.chunk(size, write); err != nil {
		return c.cutShort(err)
	}
	switch {
	case err != nil:
		return c.mistake(501, "5.5.4", "BDAT with the number of octets and perhaps LAST, please")
	case !c.ready():
		return nil
	case last:
		c.finish(c.tx.chunks)
	case c.tx.refused != nil:
		c.answer(*c.tx.refused)
	case c.tx.chunks.err != nil:
		r := c.explain(c.tx.chunks.err)
		c.tx.refused = &r
		c.answer(r)
	default:
		c.say(250, "2.0.0", fmt.Sprintf("%d octets", size))
	}
	return nil
}

func (c *conn) chunk(size int64, write func([]byte)) error {
	c.until = time.Now().Add(c.s.cfg.ContentTimeout)
	defer func() { c.until = time.Time{} }()
	for size > 0 {
		part, err := c.r.Peek(int(min(size, max(1, int64(c.r.Buffered())))))
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		write(part)
		size -= int64(len(part))
		_, _ = c.r.Discard(len(part))
	}
	return nil
}

func (c *conn) newSpool() *spool { return &spool{budget: &c.s.budget, max: c.s.cfg.MaxSize} }

// cutShort ends a connection whose content did not come to its end. Nothing of it is taken in: what came is not what
// was sent, and the client will offer it again.
func (c *conn) cutShort(err error) error {
	c.s.failed.Add(1)
	c.s.cfg.Logger.Warn("a message ended in the middle", "source", c.s.cfg.Source, "client", c.addr, "err", err)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return c.bye("4.4.2", "The message did not come to its end in time")
	}
	return err
}
