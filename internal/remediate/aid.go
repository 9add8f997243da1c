package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// DeedKind is what first aid does in a mailbox.
type DeedKind string

// The kinds.
const (
	RuleRemoved   DeedKind = "Rule removed"
	RulePutBack   DeedKind = "Rule put back"
	SessionsEnded DeedKind = "Signed out everywhere"
)

// DeedState says how a deed went.
type DeedState string

// The states.
const (
	DeedBegun   DeedState = "Begun"   // written down, and perhaps done
	DeedDone    DeedState = "Done"    // and seen
	DeedFailed  DeedState = "Failed"  // not done
	DeedUnclear DeedState = "Unclear" // perhaps done: nobody can see any more
)

// Deed is one thing that first aid did, or tried to do, in a mailbox.
type Deed struct {
	ID      string // UUIDv7
	Mailbox string // lower case
	Kind    DeedKind
	State   DeedState
	By      string // email address
	ByID    string
	Reason  string
	System  string // name of the provider
	Rule    string // as written; hostile
	Why     string // what was wrong with it
	Change  ScriptChange
	Of      string // put back: the removal
	PutBack string // removal: the deed that put it back
	Say     string // why it failed, or is unclear
	At      time.Time
	Ended   time.Time // zero: not yet
}

// AidStore keeps deeds. Each method is durable when it returns.
type AidStore interface {
	BeginDeed(ctx context.Context, d Deed) error
	// EndDeed keeps State, Say and Ended of a deed that is begun. A put back that is done is noted at its removal.
	EndDeed(ctx context.Context, d Deed) error
	// Deed returns one with its change. ErrNoDeed.
	Deed(ctx context.Context, id string) (Deed, error)
	// Deeds returns the newest of a mailbox, newest first, without their changes.
	Deeds(ctx context.Context, mailbox string, limit int) ([]Deed, error)
	// OpenDeeds returns those that are begun, with their changes; of one mailbox, or of all when it is "".
	OpenDeeds(ctx context.Context, mailbox string, limit int) ([]Deed, error)
}

// Errors of first aid that callers tell apart.
var (
	ErrNoSystem  = errors.New("no mail system of the settings reaches this mailbox")
	ErrNoRules   = errors.New("the mail system of this mailbox shows no mail rules to Tocsin; for Dovecot and Cyrus, set sieve: (ManageSieve) in mailboxes")
	ErrNoDeed    = errors.New("nothing of the kind was done in this mailbox")
	ErrNotToBack = errors.New("only a rule that was removed can be put back, and only once")
)

// SystemError is an error of a mail system before anything was begun.
type SystemError struct {
	System string
	Err    error
}

func (e *SystemError) Error() string { return e.Err.Error() }
func (e *SystemError) Unwrap() error { return e.Err }

// Bounds of first aid.
const (
	MaxRules  = 2000 // of a mailbox that are shown; more are said to be there
	openDeeds = 100
)

// Asker is who asks for a deed, and why. Record writes the audit log: a deed is told there before it is done, and when it failed.
type Asker struct {
	By, ByID, Reason string
	Record           func(ctx context.Context, d Deed) error
}

// Aid is first aid for mailboxes that somebody broke into.
//
// It writes down what it is going to do, does it, and looks. What a crash or a lost connection left open is looked at when somebody looks at the mailbox
// again, and at the next start.
type Aid struct {
	Store    AidStore
	Provider func(mailbox string) Provider // nil: none reaches it
	Now      func() time.Time

	mu   sync.Mutex
	busy map[string]*turn
}

// turn is the queue of a mailbox: who works there, and who waits.
type turn struct {
	mu sync.Mutex
	n  int
}

// alone runs f while nobody else works on the mailbox through this Aid.
func (a *Aid) alone(mailbox string, f func() error) error {
	a.mu.Lock()
	if a.busy == nil {
		a.busy = map[string]*turn{}
	}
	t := a.busy[mailbox]
	if t == nil {
		t = &turn{}
		a.busy[mailbox] = t
	}
	t.n++
	a.mu.Unlock()
	t.mu.Lock()
	defer func() {
		t.mu.Unlock()
		a.mu.Lock()
		if t.n--; t.n == 0 {
			delete(a.busy, mailbox)
		}
		a.mu.Unlock()
	}()
	return f()
}

// in opens a mailbox for first aid.
func (a *Aid) in(ctx context.Context, mailbox string, f func(system string, m FirstAid) error) error {
	p := a.Provider(mailbox)
	if p == nil {
		return ErrNoSystem
	}
	m, err := p.Open(ctx, mailbox)
	if err != nil {
		return &SystemError{p.Name(), err}
	}
	defer func() { _ = m.Close() }()
	aid, can := m.(FirstAid)
	if !can {
		return ErrNoRules
	}
	return f(p.Name(), aid)
}

// Seen is what a mailbox does by itself, and what can be done about those who are signed in.
type Seen struct {
	System  string
	Rules   []MailboxRule // those that are suspicious first, else as they stand
	More    int           // that are not shown
	SignOut error         // why sessions cannot be ended; nil: they can
}

// Look reads the rules of a mailbox, and ends what was left open there.
func (a *Aid) Look(ctx context.Context, mailbox string) (out Seen, err error) {
	err = a.alone(mailbox, func() error {
		return a.in(ctx, mailbox, func(system string, m FirstAid) error {
			if err := a.settle(ctx, mailbox, m); err != nil {
				return err
			}
			rules, err := m.Rules(ctx)
			if err != nil {
				return &SystemError{system, err}
			}
			slices.SortStableFunc(rules, func(x, y MailboxRule) int { return order(x) - order(y) })
			if len(rules) > MaxRules {
				rules, out.More = rules[:MaxRules], len(rules)-MaxRules
			}
			out.System, out.Rules, out.SignOut = system, rules, m.CanSignOut()
			return nil
		})
	})
	return out, err
}

func order(r MailboxRule) int {
	if r.Why != "" {
		return 0
	}
	return 1
}

// Remove takes a rule out. id, script and version are those of the rule that somebody saw: ErrChanged when the script is another since.
func (a *Aid) Remove(ctx context.Context, mailbox string, seen MailboxRule, who Asker) (Deed, error) {
	d := a.deed(mailbox, RuleRemoved, who)
	err := a.work(ctx, &d, who, func(m FirstAid) error {
		rules, err := m.Rules(ctx)
		if err != nil {
			return &SystemError{d.System, err}
		}
		i := slices.IndexFunc(rules, func(r MailboxRule) bool {
			return r.ID == seen.ID && r.Script == seen.Script && r.Version == seen.Version
		})
		if i < 0 {
			return ErrChanged
		}
		d.Rule, d.Why = shown(rules[i].Text), shown(rules[i].Why)
		return d.before(m.RemoveRule(ctx, rules[i], a.keep(ctx, &d, who)))
	})
	return d, err
}

// PutBack undoes a removal.
func (a *Aid) PutBack(ctx context.Context, mailbox, id string, who Asker) (Deed, error) {
	d := a.deed(mailbox, RulePutBack, who)
	err := a.work(ctx, &d, who, func(m FirstAid) error {
		was, err := a.Store.Deed(ctx, id) // after what was open is settled
		switch {
		case err != nil:
			return err
		case was.Mailbox != mailbox:
			return ErrNoDeed
		case was.Kind != RuleRemoved || was.State != DeedDone || was.PutBack != "":
			return ErrNotToBack
		}
		d.Rule, d.Why, d.Of = was.Rule, was.Why, was.ID
		return d.before(m.PutBack(ctx, was.Change, a.keep(ctx, &d, who)))
	})
	return d, err
}

// SignOut ends the sessions of the mailbox's owner.
func (a *Aid) SignOut(ctx context.Context, mailbox string, who Asker) (Deed, error) {
	d := a.deed(mailbox, SessionsEnded, who)
	err := a.work(ctx, &d, who, func(m FirstAid) error {
		if err := m.CanSignOut(); err != nil {
			return err
		}
		if err := a.keep(ctx, &d, who)(ScriptChange{}); err != nil {
			return err
		}
		return m.SignOut(ctx)
	})
	return d, err
}

// before marks an error of the mail system that came before anything was written down.
func (d *Deed) before(err error) error {
	if err != nil && d.At.IsZero() {
		return &SystemError{d.System, err}
	}
	return err
}

// maxShown is how much of a rule stands in the history, in octets. The script is kept whole.
const maxShown = 20_000

func shown(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

func (a *Aid) deed(mailbox string, kind DeedKind, who Asker) Deed {
	return Deed{ID: uuid.Must(uuid.NewV7()).String(), Mailbox: mailbox, Kind: kind, By: who.By, ByID: who.ByID, Reason: strings.TrimSpace(who.Reason)}
}

// keep writes a deed down, and tells the audit log, before it is done.
func (a *Aid) keep(ctx context.Context, d *Deed, who Asker) func(ScriptChange) error {
	return func(x ScriptChange) error {
		d.Change, d.State, d.At = x, DeedBegun, a.Now().UTC().Truncate(time.Microsecond)
		if err := a.Store.BeginDeed(ctx, *d); err != nil {
			d.State = ""
			return err
		}
		if err := who.Record(ctx, *d); err != nil {
			return errors.Join(err, a.close(ctx, d, DeedFailed, "It could not be written into the audit log, so it was not done."))
		}
		return nil
	}
}

// closing is how long a deed may take to be looked at and closed after its request was given up.
const closing = 20 * time.Second

// work does one deed and looks whether it was done. Once it was begun its state says how it went; an error is one of before, or of the stores.
func (a *Aid) work(ctx context.Context, d *Deed, who Asker, do func(m FirstAid) error) error {
	if d.Reason == "" {
		return &Wrong{"reason", ErrReason.Error()}
	}
	return a.alone(d.Mailbox, func() error {
		return a.in(ctx, d.Mailbox, func(system string, m FirstAid) error {
			d.System = system
			if err := a.settle(ctx, d.Mailbox, m); err != nil {
				return err
			}
			err := do(m)
			if d.State != DeedBegun { // nothing was begun
				return err
			}
			ctx, done := context.WithTimeout(context.WithoutCancel(ctx), closing) // whoever asked may be gone; what was begun is looked at
			defer done()
			if err := a.judge(ctx, d, m, err); err != nil || d.State == DeedDone || d.State == DeedBegun {
				return err
			}
			return who.Record(ctx, *d)
		})
	})
}

// judge looks at what became of a deed that was begun, and closes it unless the mail system cannot be had. did is the error of doing it.
func (a *Aid) judge(ctx context.Context, d *Deed, m FirstAid, did error) error {
	if d.Kind == SessionsEnded {
		switch {
		case did == nil:
			return a.close(ctx, d, DeedDone, "")
		case errors.Is(did, ErrCannot):
			return a.close(ctx, d, DeedFailed, sentence(did))
		}
		return a.close(ctx, d, DeedUnclear, "Nobody knows whether it was done. Sign out again; twice does no harm. "+sentence(did))
	}
	now, err := m.Script(ctx, d.Change.Script)
	switch {
	case errors.Is(err, ErrGone):
		return a.close(ctx, d, DeedUnclear, "The script is not there any more.")
	case err != nil: // later: settle
		d.Say = "The connection to the mail system was lost. Look at the mailbox again to see whether it was done."
		return nil
	case same(now, d.Change.After):
		return a.close(ctx, d, DeedDone, "")
	case same(now, d.Change.Before):
		if did == nil {
			did = errors.New("it said yes and changed nothing")
		}
		return a.close(ctx, d, DeedFailed, sentence(did))
	}
	return a.close(ctx, d, DeedUnclear, "Somebody else changed the script in the same moment. Look at the rules as they are now.")
}

// same compares scripts. Servers may write line ends in their own way.
func same(a, b string) bool {
	return strings.ReplaceAll(a, "\r\n", "\n") == strings.ReplaceAll(b, "\r\n", "\n")
}

func (a *Aid) close(ctx context.Context, d *Deed, s DeedState, say string) error {
	d.State, d.Say, d.Ended = s, say, a.Now().UTC().Truncate(time.Microsecond)
	if err := a.Store.EndDeed(ctx, *d); err != nil {
		return fmt.Errorf("first aid in %s: %w", d.Mailbox, err)
	}
	return nil
}

var errStopped = errors.New("Tocsin was stopped, or lost the connection, before it was done")

// settle looks at deeds that were left open, oldest last: a later change hides what an earlier one did.
func (a *Aid) settle(ctx context.Context, mailbox string, m FirstAid) error {
	open, err := a.Store.OpenDeeds(ctx, mailbox, openDeeds)
	if err != nil {
		return err
	}
	for i := range open {
		d := &open[i]
		if err := a.judge(ctx, d, m, errStopped); err != nil {
			return err
		}
	}
	return nil
}

// Settle looks at everything that was left open. Mailboxes that cannot be reached now are looked at when somebody looks at them.
func (a *Aid) Settle(ctx context.Context) error {
	open, err := a.Store.OpenDeeds(ctx, "", openDeeds)
	if err != nil {
		return err
	}
	var errs []error
	seen := map[string]bool{}
	for _, d := range open {
		if seen[d.Mailbox] {
			continue
		}
		seen[d.Mailbox] = true
		errs = append(errs, a.alone(d.Mailbox, func() error {
			return a.in(ctx, d.Mailbox, func(_ string, m FirstAid) error { return a.settle(ctx, d.Mailbox, m) })
		}))
	}
	return errors.Join(errs...)
}
