package lmtp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/ingest/smtp"
)

// Bounds of what the next server may say.
const (
	maxLine  = 4 << 10
	maxLines = 200
	maxText  = 300
	// together is how many commands are sent before their answers are read: their answers must fit into what the network buffers.
	together = 50
)

var errNonsense = errors.New("the mailbox server's answer cannot be read")

// next is a connection to the mailbox server. A library was turned down: the one at hand makes CRLF of what is something else, keeps answers
// by the text of a recipient, and waits for each before it sends the next command. After an error it is closed.
type next struct {
	conn    net.Conn
	r       *bufio.Reader
	w       *bufio.Writer
	timeout time.Duration
	ext     map[string]bool // what it offers, upper case
	dead    bool
}

// dial connects, and says hello.
func dial(ctx context.Context, c *Config) (*next, error) {
	network, address := "tcp", c.Next
	if path, ok := strings.CutPrefix(c.Next, "unix:"); ok {
		network, address = "unix", path
	}
	conn, err := (&net.Dialer{Timeout: c.DialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n := &next{conn: conn, r: bufio.NewReaderSize(conn, maxLine), w: bufio.NewWriter(conn), timeout: c.DialTimeout, ext: map[string]bool{}}
	defer n.until(ctx)()
	if r, _, err := n.answer(); err != nil || r.Code != 220 {
		return nil, n.refused("greets", r, err)
	}
	r, lines, err := n.command("LHLO " + c.Domain)
	if err != nil || r.Code != 250 {
		return nil, n.refused("answers LHLO", r, err)
	}
	for _, l := range lines {
		word, _, _ := strings.Cut(strings.TrimSpace(l), " ")
		n.ext[strings.ToUpper(word)] = true
	}
	n.timeout = c.NextTimeout
	return n, nil
}

func (n *next) refused(what string, r smtp.Reply, err error) error {
	n.close()
	if err != nil {
		return err
	}
	return fmt.Errorf("the mailbox server %s with %d %s", what, r.Code, r.Text)
}

// until ends what waits for the network when ctx ends. Call what it returns afterwards.
func (n *next) until(ctx context.Context) (stop func()) {
	cancel := context.AfterFunc(ctx, func() { _ = n.conn.Close() })
	return func() {
		if !cancel() {
			n.dead = true
		}
	}
}

func (n *next) close() {
	n.dead = true
	_ = n.conn.Close()
}

// quit says goodbye without waiting for an answer.
func (n *next) quit() {
	if !n.dead {
		_ = n.conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = n.conn.Write([]byte("QUIT\r\n"))
	}
	n.close()
}

// command says one thing and reads the answer.
func (n *next) command(line string) (smtp.Reply, []string, error) {
	if err := n.send(line); err != nil {
		return smtp.Reply{}, nil, err
	}
	return n.answer()
}

func (n *next) send(lines ...string) error {
	_ = n.conn.SetWriteDeadline(time.Now().Add(n.timeout))
	for _, l := range lines {
		if strings.ContainsAny(l, "\r\n\x00") {
			return n.broken(errors.New("a line end in an address"))
		}
		_, _ = n.w.WriteString(l + "\r\n")
	}
	if err := n.w.Flush(); err != nil {
		return n.broken(err)
	}
	return nil
}

func (n *next) broken(err error) error {
	n.close()
	return err
}

// answer reads one answer of one or more lines (RFC 5321 section 4.2). lines are those after the first.
func (n *next) answer() (r smtp.Reply, lines []string, err error) {
	if err := n.conn.SetReadDeadline(time.Now().Add(n.timeout)); err != nil {
		return r, nil, n.broken(err)
	}
	var words []string
	for i := 0; ; i++ {
		raw, err := n.r.ReadSlice('\n')
		if err != nil {
			return r, nil, n.broken(err)
		}
		line := strings.TrimRight(string(raw), "\r\n")
		code, last, ok := parseCode(line)
		if !ok || i > 0 && code != r.Code || i == maxLines {
			return r, nil, n.broken(errNonsense)
		}
		r.Code = code
		text := clean(line[min(4, len(line)):])
		if i > 0 {
			lines = append(lines, text)
		}
		enhanced, rest, _ := strings.Cut(text, " ")
		if isEnhanced(enhanced) {
			r.Enhanced, text = enhanced, rest
		}
		if text != "" {
			words = append(words, text)
		}
		if last {
			break
		}
	}
	r.Text = strings.Join(words, " ")
	for len(r.Text) > maxText || !utf8.ValidString(r.Text) {
		r.Text = strings.ToValidUTF8(r.Text[:min(len(r.Text), maxText)], "")
	}
	return r, lines, nil
}

func parseCode(line string) (code int, last, ok bool) {
	if len(line) < 3 {
		return 0, false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		code = code*10 + int(c-'0')
	}
	return code, len(line) == 3 || line[3] == ' ', code >= 200 && code <= 599 && (len(line) == 3 || line[3] == ' ' || line[3] == '-')
}

// clean takes control characters out: the text goes to the mail system's log, and perhaps to a sender.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
}

// isEnhanced reports whether a word is a code of RFC 3463: class.subject.detail.
func isEnhanced(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[0] != "2" && parts[0] != "4" && parts[0] != "5" {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) == 0 || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}

// mail is the command that begins a message. size is 0 when it is not known yet; eight: it holds octets above 127.
func (n *next) mail(from string, utf8 bool, size int, eight bool) string {
	line := "MAIL FROM:<" + from + ">"
	if size > 0 && n.ext["SIZE"] {
		line += fmt.Sprintf(" SIZE=%d", size)
	}
	if eight && n.ext["8BITMIME"] {
		line += " BODY=8BITMIME"
	}
	if utf8 && n.ext["SMTPUTF8"] {
		line += " SMTPUTF8"
	}
	return line
}

// envelope begins a message anew and returns the answer for every recipient. An answer to MAIL that is no success is that of all.
func (n *next) envelope(mail string, rcpts []string, reset bool) ([]smtp.Reply, error) {
	lines := []string{mail}
	if reset {
		lines = []string{"RSET", mail}
	}
	var begun smtp.Reply
	for _, l := range lines { // the answer to RSET says nothing
		var err error
		if begun, _, err = n.command(l); err != nil {
			return nil, err
		}
	}
	out := make([]smtp.Reply, 0, len(rcpts))
	if begun.Code < 200 || begun.Code > 299 {
		for range rcpts {
			out = append(out, begun)
		}
		return out, nil
	}
	step := 1
	if n.ext["PIPELINING"] {
		step = together
	}
	for at := 0; at < len(rcpts); at += step {
		group := rcpts[at:min(at+step, len(rcpts))]
		commands := make([]string, len(group))
		for i, to := range group {
			commands[i] = "RCPT TO:<" + to + ">"
		}
		if err := n.send(commands...); err != nil {
			return nil, err
		}
		for range group {
			r, _, err := n.answer()
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// data hands the message over and returns an answer for each of the recipients that were let in; those before an error are in out. begun: the
// server may have taken it, whatever the error is.
func (n *next) data(raw []byte, recipients int) (out []smtp.Reply, begun bool, err error) {
	r, _, err := n.command("DATA")
	if err != nil {
		return nil, false, err
	}
	if r.Code != 354 {
		for range recipients {
			out = append(out, r)
		}
		return out, false, nil
	}
	_ = n.conn.SetWriteDeadline(time.Now().Add(5 * n.timeout))
	writeContent(n.w, raw)
	if err := n.w.Flush(); err != nil {
		return nil, true, n.broken(err)
	}
	for range recipients {
		r, _, err := n.answer()
		if err != nil {
			return out, true, err
		}
		out = append(out, r)
	}
	return out, true, nil
}

// writeContent writes a message with its end (RFC 5321 section 4.5.2). A line feed alone becomes a whole line end: a server that takes it for
// one would otherwise find an end of the message in its middle.
func writeContent(w *bufio.Writer, raw []byte) {
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		line, rest := raw, []byte(nil)
		if end >= 0 {
			line, rest = raw[:end], raw[end+1:]
		}
		if len(line) > 0 && line[0] == '.' {
			_ = w.WriteByte('.')
		}
		_, _ = w.Write(line)
		if len(line) == 0 || line[len(line)-1] != '\r' {
			_ = w.WriteByte('\r')
		}
		_ = w.WriteByte('\n')
		raw = rest
	}
	_, _ = w.WriteString(".\r\n")
}
