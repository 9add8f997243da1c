package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/api"
	watch "tocsin/internal/ingest/imap"
	"tocsin/internal/remediate/imap"
)

// Watching takes mail in from mailboxes, by reading them.
type Watching struct {
	Watch            bool          `koanf:"watch"`
	Watched          []string      `koanf:"watched"`           // addresses; empty: all people of the directory
	Folders          []string      `koanf:"folders"`           // empty: INBOX
	Since            time.Duration `koanf:"since"`             // how far back mailboxes are read that are new; 0: only what comes
	Poll             time.Duration `koanf:"poll"`              // 0: a minute
	Idle             int           `koanf:"idle"`              // mailboxes with a connection of their own, the first ones
	WatchConnections int           `koanf:"watch_connections"` // for the others; 0: 4
}

// Bounds of the settings.
const (
	maxIdle    = 1000
	maxPollers = 200
)

func (w Watching) validate(m Mailboxes) error {
	switch {
	case !w.Watch && (len(w.Watched) > 0 || len(w.Folders) > 0 || w.Since > 0 || w.Idle > 0):
		return errors.New("watch: is not true, but the folders to watch are set; write watch: true")
	case m.ReadOnly && !w.Watch:
		return errors.New("read_only: nothing is read either; write watch: true, or leave this mail system out")
	case w.Poll != 0 && (w.Poll < time.Second || w.Poll > time.Hour):
		return fmt.Errorf("poll: %s is out of bounds; 1s to 1h", w.Poll)
	case w.Idle < 0 || w.Idle > maxIdle:
		return fmt.Errorf("idle: %d is out of bounds; 0 to %d", w.Idle, maxIdle)
	case w.WatchConnections < 0 || w.WatchConnections > maxPollers:
		return fmt.Errorf("watch_connections: %d is out of bounds; 1 to %d", w.WatchConnections, maxPollers)
	case len(w.Folders) > 20:
		return fmt.Errorf("folders: %d are too many; 20 at most", len(w.Folders))
	}
	for _, a := range w.Watched {
		if !strings.Contains(a, "@") {
			return fmt.Errorf("watched: %q is not an address", a)
		}
	}
	return nil
}

// newWatchers makes those of the settings. They do not connect yet.
func (a *App) newWatchers() (out []*watch.Watcher, err error) {
	for _, m := range a.cfg.Mailboxes {
		if !m.Watch {
			continue
		}
		o, err := m.options(a.cfg)
		if err != nil {
			return nil, fmt.Errorf("mailboxes: %s: %w", m.Name, err)
		}
		o.Connections = m.Idle + cmp.Or(m.WatchConnections, 4) // its own: a watch must not wait for actions, or they for it
		o.Sieve = ""
		p, err := imap.New(o)
		if err != nil {
			return nil, fmt.Errorf("mailboxes: %s: %w", m.Name, err)
		}
		out = append(out, watch.New(watch.Config{
			System: m.Name, Mailboxes: func() []string { return a.toWatch(m) }, Folders: m.Folders, ReadOnly: m.ReadOnly, Since: m.Since, Poll: m.Poll, Idle: m.Idle, Pollers: m.WatchConnections,
			Now: a.opt.Now, Logger: a.log,
		}, p, a.intake, a.cases))
	}
	return out, nil
}

// toWatch are the mailboxes of a system that are watched: those that are named, else all people whose address lies in its domains, priority accounts
// first.
func (a *App) toWatch(m Mailboxes) []string {
	if len(m.Watched) > 0 {
		return m.Watched
	}
	domains := m.domains(a.cfg)
	org := a.directory.Organisation()
	var first, rest []string
	for i := range org.People {
		address := strings.ToLower(org.People[i].Address)
		_, domain, _ := strings.Cut(address, "@")
		switch {
		case !slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, domain) }):
		case org.People[i].Priority:
			first = append(first, address)
		default:
			rest = append(rest, address)
		}
	}
	return append(first, rest...)
}

// watchedSources says how the watched mail systems are.
func (a *App) watchedSources() (out []api.WatchedSystem) {
	for _, w := range a.watchers {
		s := w.Status()
		x := api.WatchedSystem{Name: s.System, Mailboxes: s.Mailboxes, Listening: s.Listening, Unread: s.Unread, Taken: s.Taken, Known: s.Known, Skipped: s.Skipped,
			Behind: s.Behind, Looked: s.Oldest, LastMail: s.Newest, Errors: []api.WatchError{}}
		for _, e := range s.Errors {
			x.Errors = append(x.Errors, api.WatchError{Mailbox: e.Mailbox, Text: e.Text})
		}
		out = append(out, x)
	}
	return out
}

// checkMailboxes looks whether the mail systems can be reached, and signs in to one mailbox of each.
func checkMailboxes(ctx context.Context, c Config) (out []Finding) {
	for _, m := range c.Mailboxes {
		about := "mailboxes " + m.Name
		address := ""
		for _, p := range c.Organisation.People {
			if address == "" && slices.ContainsFunc(m.domains(c), func(d string) bool { return strings.HasSuffix(strings.ToLower(p.Address), "@"+strings.ToLower(d)) }) {
				address = p.Address
			}
		}
		if len(m.Watched) > 0 {
			address = m.Watched[0]
		}
		switch {
		case address != "":
			out = append(out, checkMailbox(ctx, c, m, about, address))
		case m.Watch:
			out = append(out, Finding{about, Good, "watched; whose mailboxes, the directory says", ""})
		default:
			out = append(out, Finding{about, Warn, "nobody tried whether it lets Tocsin in: no person of its domains is in the settings", "name one under organisation.people"})
		}
	}
	return out
}

func checkMailbox(ctx context.Context, c Config, m Mailboxes, about, address string) Finding {
	const fix = "check address, tls and the user's password of this mail system; docs/guide/mailboxes.md says what it must be able to do"
	o, err := m.options(c)
	if err != nil {
		return Finding{about, Bad, err.Error(), fix}
	}
	p, err := imap.New(o)
	if err != nil {
		return Finding{about, Bad, err.Error(), fix}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := p.Read(ctx, address)
	if err != nil {
		return Finding{about, Bad, err.Error(), fix}
	}
	defer func() { _ = r.Close() }()
	for _, f := range append(slices.Clone(m.Folders), "INBOX") {
		if _, err := r.Look(ctx, f); err != nil {
			return Finding{about, Bad, err.Error(), "name folders that are there, as the server writes them"}
		}
	}
	if !m.Watch {
		return Finding{about, Good, "the mailbox " + address + " can be opened", ""}
	}
	can, err := r.CanIdle(ctx)
	switch {
	case err != nil:
		return Finding{about, Bad, err.Error(), fix}
	case !can && m.Idle > 0:
		return Finding{about, Warn, "watched, but the server does not tell of new mail (no IDLE): mailboxes are looked at in turn", ""}
	}
	return Finding{about, Good, "watched; the mailbox " + address + " can be read", ""}
}
