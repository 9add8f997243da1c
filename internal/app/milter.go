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

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/internal/ingest/milter"
	"tocsin/internal/ingest/treatment"
)

// Milter judges mail at delivery, at the question of Postfix or Sendmail.
type Milter struct {
	Listen      string        `koanf:"listen"`   // host:port or unix:/path; empty: off
	Allow       []string      `koanf:"allow"`    // networks that may connect
	Deadline    time.Duration `koanf:"deadline"` // how long the mail system waits for a judgement
	Late        string        `koanf:"late"`     // accept or tempfail, when the deadline passes
	Broken      string        `koanf:"broken"`   // accept or tempfail, when a message cannot be stored
	JunkHeader  string        `koanf:"junk_header"`
	Connections int           `koanf:"connections"`
}

func defaultMilter() Milter {
	return Milter{Allow: []string{"127.0.0.0/8", "::1/128"}, Deadline: 8 * time.Second, Late: "accept", Broken: "tempfail", JunkHeader: "X-Spam-Flag: YES", Connections: 500}
}

// maxDeadline is well below what mail systems wait at the end of a message (5 minutes), and what senders do (10).
const maxDeadline = 2 * time.Minute

func (m Milter) validate() error {
	if m.Listen != "" {
		if path, ok := strings.CutPrefix(m.Listen, "unix:"); ok {
			if path == "" || len(path) > 100 {
				return errors.New("listen: want unix: and a path of at most 100 characters")
			}
		} else if err := checkListen(m.Listen); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	if _, err := networks(m.Allow); err != nil {
		return fmt.Errorf("allow: %w", err)
	}
	for _, c := range [][2]string{{"late", m.Late}, {"broken", m.Broken}} {
		if c[1] != "accept" && c[1] != "tempfail" {
			return fmt.Errorf("%s: %q: want accept or tempfail", c[0], c[1])
		}
	}
	if m.Deadline < 100*time.Millisecond || m.Deadline > maxDeadline {
		return fmt.Errorf("deadline: %s: want 100ms to %s", m.Deadline, maxDeadline)
	}
	if m.Connections < 1 || m.Connections > 10_000 {
		return fmt.Errorf("connections: %d: want 1 to 10,000", m.Connections)
	}
	if name, value := m.junk(); name == "" || value == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) ||
		strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("junk_header: %q: want a header field like X-Spam-Flag: YES", m.JunkHeader)
	}
	return nil
}

func (m Milter) junk() (name, value string) {
	name, value, _ = strings.Cut(m.JunkHeader, ":")
	return strings.TrimSpace(name), strings.TrimSpace(value)
}

// listenMilter opens the milter's port or socket; nil when it is off.
func (a *App) listenMilter(ctx context.Context) (*mailListener, error) {
	c := a.cfg.Milter
	if c.Listen == "" {
		return nil, nil
	}
	allowed, err := networks(c.Allow)
	if err != nil {
		return nil, err
	}
	var l net.Listener
	if path, ok := strings.CutPrefix(c.Listen, "unix:"); ok {
		l, err = listenSocket(ctx, path)
	} else {
		l, err = listenOn(ctx, "milter.listen", c.Listen)
	}
	if err != nil {
		return nil, err
	}
	name, value := c.junk()
	server := milter.New(milter.Config{
		Allowed: allowed, Deadline: c.Deadline, Late: treatment.Answer(c.Late), Broken: treatment.Answer(c.Broken), JunkName: name, JunkValue: value,
		MaxSize: a.cfg.Intake.MaxMessage, MaxConnections: c.Connections, Logger: a.log,
		Observe: func(outcome string, waited time.Duration) {
			a.waited.WithLabelValues(outcome).Observe(waited.Seconds())
		},
	}, a.intake, a.pipeline)
	return &mailListener{name: "milter", listener: l, server: server}, nil
}

// listenSocket listens on a Unix socket that everybody may connect to who gets into its folder: the mail system runs as a user of its own.
// A socket that a dead process left is taken over.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
		if err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("milter.listen: another process listens on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("milter.listen: cannot replace the socket: %w", err)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("milter.listen: cannot listen on %s: %s", path, listenReason(err))
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(fmt.Errorf("milter.listen: %w", err), l.Close())
	}
	return l, nil
}

// waitedFor is how long mail systems waited for their answer.
func waitedFor() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tocsin_milter_seconds", Help: "Time from the end of a message to the milter's answer, by what it was: deliver, junk, quarantine, replace, reject, drop, late, broken.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 8, 10, 20},
	}, []string{"outcome"})
}

// checkMilter looks whether the milter could listen, and says what its settings mean where that is easily missed.
func checkMilter(ctx context.Context, c Config, running bool) []Finding {
	m := c.Milter
	if m.Listen == "" {
		return nil
	}
	var out []Finding
	about := "milter.listen " + m.Listen
	if path, ok := strings.CutPrefix(m.Listen, "unix:"); ok {
		f := Finding{about, Good, "its folder is there", ""}
		dir := path[:strings.LastIndexByte(path, '/')+1]
		if info, err := os.Stat(dir + "."); err != nil || !info.IsDir() {
			f = Finding{about, Bad, "the folder of the socket is not there", "make it, and let the mail system's user into it"}
		}
		out = append(out, f)
	} else {
		out = append(out, checkPort(ctx, "milter.listen", m.Listen, running))
	}
	if c.Policy.Mode != "act" {
		out = append(out, Finding{"milter", Good, "the settings file's policy only watches: mail gets a header field and is delivered", ""})
	}
	if c.DNS.Enabled && m.Deadline < 2*time.Second {
		out = append(out, Finding{"milter.deadline " + m.Deadline.String(), Warn, "a slow name server alone may take longer, and mail goes on unjudged then", "give it at least 2s"})
	}
	return out
}
