package sieve

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Bounds of one answer of a server.
const (
	maxAnswer = MaxScript + 64<<10 // octets
	maxLines  = 1000
	maxWords  = 20 // of a line
)

// Refusal is a server's NO or BYE.
type Refusal struct {
	Bye  bool
	Code string // RFC 5804 section 1.3, in upper case: NONEXISTENT, QUOTA, AUTH-TOO-WEAK, TRYLATER; "" for none
	Text string // hostile
}

func (e *Refusal) Error() string { return fmt.Sprintf("the server says %.200q", e.Text) }

// ErrAnswer is an answer that is none.
var ErrAnswer = errors.New("the server sent what cannot be read")

// Client is one connection to a ManageSieve server. It is used by one goroutine. After an error that is no *Refusal it is of no use.
type Client struct {
	ctx     context.Context // ends every command
	stop    func() bool
	conn    net.Conn
	in      *bufio.Reader
	bound   *io.LimitedReader
	timeout time.Duration
	sasl    []string
	starts  bool // STARTTLS is offered
}

// Dial connects to host:port and reads what the server can. When ctx ends, so does every command of the client. secure nil: without TLS; implicit: TLS from the first octet, else STARTTLS.
func Dial(ctx context.Context, address string, secure *tls.Config, implicit bool, timeout time.Duration) (*Client, error) {
	conn, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &Client{ctx: ctx, timeout: timeout}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	c.use(conn)
	c.begin()
	if secure != nil && implicit {
		c.use(tls.Client(conn, secure))
	}
	if err = c.greeting(); err == nil && secure != nil && !implicit {
		err = c.startTLS(secure)
	}
	if err != nil {
		c.stop()
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) use(conn net.Conn) {
	c.conn, c.bound = conn, &io.LimitedReader{R: conn}
	c.in = bufio.NewReader(c.bound)
}

// begin allows for one command.
func (c *Client) begin() {
	c.bound.N = maxAnswer
	_ = c.conn.SetDeadline(time.Now().Add(c.timeout))
}

func (c *Client) greeting() error {
	c.begin()
	lines, err := c.answer()
	if err != nil {
		return err
	}
	c.sasl, c.starts = nil, false
	for _, l := range lines {
		switch {
		case strings.EqualFold(l[0], "SASL") && len(l) > 1:
			c.sasl = strings.Fields(strings.ToUpper(l[1]))
		case strings.EqualFold(l[0], "STARTTLS"):
			c.starts = true
		}
	}
	return nil
}

func (c *Client) startTLS(secure *tls.Config) error {
	if !c.starts {
		return errors.New("the server offers no STARTTLS")
	}
	if _, err := c.ask("STARTTLS\r\n"); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // what was said before the handshake anybody may have said
		return ErrAnswer
	}
	conn := tls.Client(c.conn, secure)
	if err := conn.Handshake(); err != nil {
		return err
	}
	c.use(conn)
	return c.greeting() // RFC 5804 section 2.2
}

// Offers reports whether a SASL mechanism can be used.
func (c *Client) Offers(mechanism string) bool {
	for _, s := range c.sasl {
		if s == mechanism {
			return true
		}
	}
	return false
}

// Authenticate signs in with a mechanism that needs one message.
func (c *Client) Authenticate(mechanism string, message []byte) error {
	_, err := c.ask("AUTHENTICATE " + quote(mechanism) + " " + quote(base64.StdEncoding.EncodeToString(message)) + "\r\n")
	return err
}

// Script is the name of a script and whether mail is sorted by it.
type Script struct {
	Name   string
	Active bool
}

// Scripts lists those of the mailbox.
func (c *Client) Scripts() ([]Script, error) {
	lines, err := c.ask("LISTSCRIPTS\r\n")
	var out []Script
	for _, l := range lines {
		out = append(out, Script{l[0], len(l) > 1 && strings.EqualFold(l[1], "ACTIVE")})
	}
	return out, err
}

// Get reads a script.
func (c *Client) Get(name string) (string, error) {
	lines, err := c.ask("GETSCRIPT " + quote(name) + "\r\n")
	if err == nil && len(lines) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return lines[0][0], nil
}

// Put writes a script. The server refuses one that it does not understand. Whether it is active does not change.
func (c *Client) Put(name, script string) error {
	if len(script) > MaxScript {
		return fmt.Errorf("a script of %d octets; at most %d", len(script), MaxScript)
	}
	_, err := c.ask("PUTSCRIPT " + quote(name) + " {" + strconv.Itoa(len(script)) + "+}\r\n" + script + "\r\n")
	return err
}

// Close signs out.
func (c *Client) Close() error {
	c.timeout = min(c.timeout, time.Second)
	_, _ = c.ask("LOGOUT\r\n")
	c.stop()
	return c.conn.Close()
}

// quote makes a string of the protocol: a literal, which may hold anything.
func quote(s string) string { return "{" + strconv.Itoa(len(s)) + "+}\r\n" + s }

func (c *Client) ask(command string) ([][]string, error) {
	c.begin()
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c.conn, command); err != nil {
		return nil, err
	}
	return c.answer()
}

// answer reads lines up to OK, NO or BYE (RFC 5804 section 1.2). A challenge of SASL is refused and counts as NO.
func (c *Client) answer() ([][]string, error) { return readAnswer(c.in) }

func readAnswer(in *bufio.Reader) (out [][]string, err error) {
	for range maxLines {
		words, plain, err := readLine(in)
		if err != nil {
			return nil, err
		}
		if len(words) == 0 {
			continue
		}
		state := ""
		if plain {
			state = strings.ToUpper(words[0])
		}
		switch state {
		case "OK":
			return out, nil
		case "NO", "BYE":
			r := &Refusal{Bye: state == "BYE"}
			for i, w := range words[1:] {
				if w == "(" && i+2 < len(words) && r.Code == "" {
					r.Code = strings.ToUpper(words[i+2])
				}
			}
			if last := words[len(words)-1]; len(words) > 1 && last != ")" {
				r.Text = last
			}
			return nil, r
		}
		out = append(out, words)
	}
	return nil, ErrAnswer
}

// readLine reads the strings, atoms and brackets of one line. plain: it begins with an atom.
func readLine(in *bufio.Reader) (out []string, plain bool, err error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return nil, false, err
		}
		var s string
		switch b {
		case ' ', '\r':
			continue
		case '\n':
			return out, plain, nil
		case '(', ')':
			s = string(b)
		case '"':
			if s, err = readQuoted(in); err != nil {
				return nil, false, err
			}
		case '{':
			if s, err = readLiteral(in); err != nil {
				return nil, false, err
			}
		default:
			if len(out) == 0 {
				plain = true
			}
			if s, err = readAtom(in, b); err != nil {
				return nil, false, err
			}
		}
		if len(out) == maxWords {
			return nil, false, ErrAnswer
		}
		out = append(out, s)
	}
}

func readQuoted(in *bufio.Reader) (string, error) {
	var s strings.Builder
	for {
		b, err := in.ReadByte()
		switch {
		case err != nil:
			return "", err
		case b == '"':
			return s.String(), nil
		case b == '\\':
			if b, err = in.ReadByte(); err != nil {
				return "", err
			}
		}
		s.WriteByte(b)
	}
}

func readAtom(in *bufio.Reader, first byte) (string, error) {
	s := []byte{first}
	for {
		b, err := in.ReadByte()
		if err != nil {
			return "", err
		}
		if strings.IndexByte(" \r\n()\"{", b) >= 0 {
			return string(s), in.UnreadByte()
		}
		s = append(s, b)
	}
}

// readLiteral reads {n} or {n+}, a line end and n octets.
func readLiteral(in *bufio.Reader) (string, error) {
	var head []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return "", err
		}
		if b == '\n' {
			break
		}
		if head = append(head, b); len(head) > 20 {
			return "", ErrAnswer
		}
	}
	digits, found := strings.CutSuffix(strings.TrimSuffix(string(head), "\r"), "}")
	n, err := strconv.ParseUint(strings.TrimSuffix(digits, "+"), 10, 32)
	if err != nil || !found || n > MaxScript {
		return "", ErrAnswer
	}
	var s strings.Builder // grows as octets come
	if _, err := io.CopyN(&s, in, int64(n)); err != nil {
		return "", err
	}
	return s.String(), nil
}
