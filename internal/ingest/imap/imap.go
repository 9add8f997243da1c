// Package imap takes mail in from mailboxes that can only be read: it watches folders over IMAP and takes in what arrives there.
//
// A folder numbers its messages upwards (RFC 3501 section 2.3.1.1), so how far it is taken in is one number, which is written down after the
// messages below it are durable. After a crash the last few are read again and known by their bytes: no gap, and no double. A folder that
// got new numbers (another UIDVALIDITY) is read anew from the beginning of the watch, and what was there is known too.
//
// The first few mailboxes have a connection of their own, on which the server tells of new mail at once (IDLE, RFC 2177); the others are
// looked at in turn over a few. How a mailbox is reached and signed in to is internal/remediate/imap's; mail that turns out to be bad is taken
// out by an action, as if it had been judged too late at delivery, where the system lets Tocsin act.
package imap

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
	"tocsin/internal/remediate/imap"
)

// Source is the name of this source.
const Source = "imap"

// Accepter takes messages in; they are durable when it returns nil.
type Accepter interface {
	Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error)
}

// Ledger keeps how far folders are taken in.
type Ledger interface {
	WatchedFolders(ctx context.Context, system string) ([]casestore.WatchedFolder, error)
	SaveWatchedFolders(ctx context.Context, list []casestore.WatchedFolder) error
}

var (
	_ Accepter = (*ingest.Intake)(nil)
	_ Ledger   = (*casestore.Store)(nil)
)

// Config of one watched mail system. Zero fields mean the default.
type Config struct {
	System    string          // its name
	Mailboxes func() []string // addresses, in the order in which they get a connection of their own; asked now and then
	Folders   []string        // of each; default INBOX
	ReadOnly  bool            // what is found bad stays where it is
	Since     time.Duration   // how far back a mailbox is read that was not watched before; 0: only what comes
	Poll      time.Duration   // how often a mailbox is looked at; default 1 min
	Idle      int             // mailboxes with a connection of their own; 0: none
	Pollers   int             // connections for the others; default 4
	Pause     time.Duration   // after an error in a mailbox, doubled up to LongestPause; default 1 s
	Now       func() time.Time
	Logger    *slog.Logger // nil: discard
}

// LongestPause is how long a mailbox that cannot be read is left alone at most.
const LongestPause = 5 * time.Minute

func (c *Config) setDefaults() {
	if len(c.Folders) == 0 {
		c.Folders = []string{"INBOX"}
	}
	c.Poll = cmp.Or(c.Poll, time.Minute)
	c.Pollers = cmp.Or(c.Pollers, 4)
	c.Pause = cmp.Or(c.Pause, time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// Watcher watches the mailboxes of one mail system.
type Watcher struct {
	cfg    Config
	system *imap.Provider
	in     Accepter
	ledger Ledger

	mu        sync.Mutex
	boxes     map[string]*box
	waiting   schedule
	wake      chan struct{} // closed and made anew when waiting changes
	listening int
	taken     int64
	known     int64
	skipped   int64
	newest    time.Time
}

// box is one watched mailbox.
type box struct {
	address string
	folders map[string]casestore.WatchedFolder // touched by whoever has the box
	due     time.Time
	pause   time.Duration
	idle    bool // has a connection of its own
	noIdle  bool // the server does not tell of new mail
	gone    bool // is not to be watched any more

	looked time.Time // last time that all was read; guarded by Watcher.mu, as what follows
	behind int
	err    string
}

// New makes a watcher. The provider should be its own: it keeps Idle+Pollers connections.
func New(c Config, system *imap.Provider, in Accepter, ledger Ledger) *Watcher {
	c.setDefaults()
	return &Watcher{cfg: c, system: system, in: in, ledger: ledger, boxes: map[string]*box{}, wake: make(chan struct{})}
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	known := map[string]map[string]casestore.WatchedFolder{}
	for {
		list, err := w.ledger.WatchedFolders(ctx, w.cfg.System)
		if err == nil {
			for _, f := range list {
				if known[f.Mailbox] == nil {
					known[f.Mailbox] = map[string]casestore.WatchedFolder{}
				}
				known[f.Mailbox][f.Folder] = f
			}
			break
		}
		w.cfg.Logger.Warn("how far the mailboxes are read is not known yet", "system", w.cfg.System, "err", err)
		if !sleep(ctx, w.cfg.Poll) {
			return
		}
	}
	var working sync.WaitGroup
	defer working.Wait()
	for range w.cfg.Pollers {
		working.Go(func() { w.poll(ctx) })
	}
	for {
		w.assign(ctx, known, &working)
		if !sleep(ctx, min(w.cfg.Poll, 10*time.Second)) {
			return
		}
	}
}

// assign takes up mailboxes that are new, and gives some a connection of their own.
func (w *Watcher) assign(ctx context.Context, known map[string]map[string]casestore.WatchedFolder, working *sync.WaitGroup) {
	wanted := map[string]bool{}
	var order []string
	for _, a := range w.cfg.Mailboxes() {
		if a = strings.ToLower(strings.TrimSpace(a)); a != "" && !wanted[a] {
			wanted[a] = true
			order = append(order, a)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for a, b := range w.boxes {
		if !wanted[a] {
			b.gone = true // whoever has it lets it go
			delete(w.boxes, a)
		}
	}
	for _, a := range order {
		b := w.boxes[a]
		if b == nil {
			b = &box{address: a, folders: maps.Clone(known[a])} // should it come back later, a little is read again, and known
			if b.folders == nil {
				b.folders = map[string]casestore.WatchedFolder{}
			}
			w.boxes[a] = b
			if w.listening >= w.cfg.Idle {
				w.put(b, w.cfg.Now())
				continue
			}
			w.listening++
			b.idle = true
			working.Go(func() { w.listen(ctx, b) })
		}
	}
}

// put lets a mailbox wait for its turn. The lock must be held.
func (w *Watcher) put(b *box, due time.Time) {
	if b.gone {
		return
	}
	b.due = due
	w.waiting.push(b)
	close(w.wake)
	w.wake = make(chan struct{})
}

// take waits for the mailbox whose turn it is; nil: ctx ended.
func (w *Watcher) take(ctx context.Context) *box {
	for {
		w.mu.Lock()
		wake, wait := w.wake, time.Hour
		if b := w.waiting.first(); b != nil {
			if wait = b.due.Sub(w.cfg.Now()); wait <= 0 {
				w.waiting.pop()
				w.mu.Unlock()
				if b.gone {
					continue
				}
				return b
			}
		}
		w.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// poll looks at mailboxes in turn.
func (w *Watcher) poll(ctx context.Context) {
	for {
		b := w.take(ctx)
		if b == nil {
			return
		}
		err := w.visit(ctx, b)
		if ctx.Err() != nil {
			return
		}
		again := w.cfg.Poll
		if err != nil {
			again = w.pauseOf(b, err)
		}
		w.mu.Lock()
		w.put(b, w.cfg.Now().Add(again))
		w.mu.Unlock()
	}
}

func (w *Watcher) visit(ctx context.Context, b *box) error {
	r, err := w.system.Read(ctx, b.address)
	if err != nil {
		return w.saw(b, err)
	}
	defer func() { _ = r.Close() }() // it was only read
	return w.saw(b, w.read(ctx, r, b))
}

// listen keeps a connection to one mailbox. When the server does not tell of new mail, the mailbox waits for its turn like the others.
func (w *Watcher) listen(ctx context.Context, b *box) {
	for ctx.Err() == nil {
		err := w.listenOnce(ctx, b)
		w.mu.Lock()
		if b.noIdle || b.gone {
			w.listening--
			b.idle = false
			w.put(b, w.cfg.Now().Add(w.cfg.Poll))
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		if !sleep(ctx, w.pauseOf(b, err)) {
			return
		}
	}
}

func (w *Watcher) listenOnce(ctx context.Context, b *box) error {
	r, err := w.system.Read(ctx, b.address)
	if err != nil {
		return w.saw(b, err)
	}
	defer func() { _ = r.Close() }()
	can, err := r.CanIdle(ctx)
	if err != nil {
		return w.saw(b, err)
	}
	for {
		if err := w.saw(b, w.read(ctx, r, b)); err != nil {
			return err
		}
		w.mu.Lock()
		b.noIdle = !can
		gone := b.gone
		w.mu.Unlock()
		if !can || gone {
			return nil
		}
		if err := r.Idle(ctx, w.cfg.Poll); err != nil {
			return w.saw(b, err)
		}
	}
}

// saw notes how a visit ended.
func (w *Watcher) saw(b *box, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		b.looked, b.err, b.pause, b.behind = w.cfg.Now(), "", 0, 0
		return nil
	}
	b.err = err.Error()
	return err
}

// pauseOf is how long a mailbox is left alone after an error.
func (w *Watcher) pauseOf(b *box, err error) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.pause = min(max(2*b.pause, w.cfg.Pause), LongestPause)
	w.cfg.Logger.Warn("mailbox could not be read", "system", w.cfg.System, "mailbox", b.address, "err", err, "again_in", b.pause)
	return b.pause
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Status says how a watched mail system is.
type Status struct {
	System    string
	Mailboxes int        // that are watched
	Listening int        // of them, with a connection of their own
	Unread    int        // of them, that could not be read up to now or at the last try
	Taken     int64      // messages taken in since the start
	Known     int64      // of them, that were there already
	Skipped   int64      // messages that were too large
	Behind    int        // messages that are seen and not taken in yet
	Oldest    *time.Time // when the mailbox was read that waits longest; nil: one of them never
	Newest    *time.Time // when the last message was taken in
	Errors    []Trouble  // of mailboxes that cannot be read, at most ten
}

// Trouble is a mailbox that cannot be read, and why in words.
type Trouble struct{ Mailbox, Text string }

const maxTroubles = 10

// Status says how it is now.
func (w *Watcher) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Status{System: w.cfg.System, Mailboxes: len(w.boxes), Listening: w.listening, Taken: w.taken, Known: w.known, Skipped: w.skipped}
	if !w.newest.IsZero() {
		newest := w.newest
		s.Newest = &newest
	}
	never := len(w.boxes) == 0
	for _, b := range w.boxes {
		s.Behind += b.behind
		if b.looked.IsZero() {
			never = true
		}
		if b.err != "" {
			s.Errors = append(s.Errors, Trouble{b.address, b.err})
		}
		if b.err != "" || b.looked.IsZero() {
			s.Unread++
		}
		if looked := b.looked; s.Oldest == nil || looked.Before(*s.Oldest) {
			s.Oldest = &looked
		}
	}
	if never {
		s.Oldest = nil
	}
	slices.SortFunc(s.Errors, func(a, b Trouble) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	s.Errors = s.Errors[:min(len(s.Errors), maxTroubles)]
	return s
}
