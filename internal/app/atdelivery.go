package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"
)

// AtDelivery is how mail is judged while its mail system waits: over the milter protocol, or on its way through the LMTP proxy.
type AtDelivery struct {
	Deadline    time.Duration `koanf:"deadline"` // how long the mail system waits for a judgement
	Late        string        `koanf:"late"`     // accept or tempfail, when the deadline passes
	Broken      string        `koanf:"broken"`   // accept or tempfail, when a message cannot be stored
	JunkHeader  string        `koanf:"junk_header"`
	Connections int           `koanf:"connections"`
}

func defaultAtDelivery() AtDelivery {
	return AtDelivery{Deadline: 8 * time.Second, Late: "accept", Broken: "tempfail", JunkHeader: "X-Spam-Flag: YES", Connections: 500}
}

// maxDeadline is well below what mail systems wait at the end of a message (5 minutes), and what senders do (10).
const maxDeadline = 2 * time.Minute

func (d AtDelivery) validate() error {
	for _, c := range [][2]string{{"late", d.Late}, {"broken", d.Broken}} {
		if c[1] != "accept" && c[1] != "tempfail" {
			return fmt.Errorf("%s: %q: want accept or tempfail", c[0], c[1])
		}
	}
	if d.Deadline < 100*time.Millisecond || d.Deadline > maxDeadline {
		return fmt.Errorf("deadline: %s: want 100ms to %s", d.Deadline, maxDeadline)
	}
	if d.Connections < 1 || d.Connections > 10_000 {
		return fmt.Errorf("connections: %d: want 1 to 10,000", d.Connections)
	}
	if name, value := d.junk(); name == "" || value == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) ||
		strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("junk_header: %q: want a header field like X-Spam-Flag: YES", d.JunkHeader)
	}
	return nil
}

func (d AtDelivery) junk() (name, value string) {
	name, value, _ = strings.Cut(d.JunkHeader, ":")
	return strings.TrimSpace(name), strings.TrimSpace(value)
}

// checkAtDelivery says what the settings mean where that is easily missed. key is that of the group: "milter".
func checkAtDelivery(c Config, key string, d AtDelivery) (out []Finding) {
	if c.Policy.Mode != "act" {
		out = append(out, Finding{key, Good, "the settings file's policy only watches: mail gets a header field and is delivered", ""})
	}
	if c.DNS.Enabled && d.Deadline < 2*time.Second {
		out = append(out, Finding{key + ".deadline " + d.Deadline.String(), Warn, "a slow name server alone may take longer, and mail goes on unjudged then", "give it at least 2s"})
	}
	return out
}

// socketPath is the path of an address that names a Unix socket; ok is false for host:port.
func socketPath(address string) (path string, ok bool) { return strings.CutPrefix(address, "unix:") }

// checkListenOrSocket checks host:port or unix:/path.
func checkListenOrSocket(address string) error {
	if path, ok := socketPath(address); ok {
		if path == "" || len(path) > 100 {
			return errors.New("want unix: and a path of at most 100 characters")
		}
		return nil
	}
	return checkListen(address)
}

// checkSocket looks whether a socket could be made.
func checkSocket(about, path string) Finding {
	dir := path[:strings.LastIndexByte(path, '/')+1]
	if info, err := os.Stat(dir + "."); err != nil || !info.IsDir() {
		return Finding{about, Bad, "the folder of the socket is not there", "make it, and let the mail system's user into it"}
	}
	return Finding{about, Good, "its folder is there", ""}
}

// listenSocket listens on a Unix socket that everybody may connect to who gets into its folder: the mail system runs as a user of its own.
// A socket that a dead process left is taken over.
func listenSocket(ctx context.Context, key, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
		if err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("%s: another process listens on %s", key, path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("%s: cannot replace the socket: %w", key, err)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %s", key, path, listenReason(err))
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", key, err), l.Close())
	}
	return l, nil
}
