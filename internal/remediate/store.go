package remediate

import (
	"context"
	"time"

	"tocsin/internal/event"
)

// Store keeps actions and everything that happens to their targets. Each method is one transaction, durable when it returns. What has to
// be worked on gets its durable jobs in the same transaction.
type Store interface {
	// Create keeps a new action in the state Waiting or Queued with its frozen targets. Targets whose Cause another action has are left out.
	// ErrNothing when none is left.
	Create(ctx context.Context, a Action, targets []Target) (Action, error)
	Action(ctx context.Context, id string) (Action, error)
	Actions(ctx context.Context, f ActionFilter) ([]Action, error)
	Targets(ctx context.Context, f TargetFilter) ([]Target, error)
	// Answer adds an answer by the rules of Action.Answer. A request whose time is up becomes Expired: ErrOver.
	Answer(ctx context.Context, id string, x Approval) (Action, error)
	// Cancel ends an action: what is not begun is cancelled, what is begun is finished. ErrOver when it is over.
	Cancel(ctx context.Context, id string, now time.Time) (Action, error)
	// Withdraw cancels targets of a waiting action, by Seq, and says why. When none is left to do, the action is Cancelled. ErrOver when it does
	// not wait any more.
	Withdraw(ctx context.Context, id string, seqs []int, why string, now time.Time) (Action, error)
	// Retry makes failed targets of an action that is over To do again, with all their tries. ErrNoRetry when there are none.
	Retry(ctx context.Context, id string, now time.Time) (Action, error)
	// Expire ends the requests that nobody answered in time, and returns them.
	Expire(ctx context.Context, now time.Time) ([]Action, error)

	Work
	Checks
}

// Work is what a Worker needs of the store.
type Work interface {
	// Begin notes that an action is at work.
	Begin(ctx context.Context, id string, now time.Time) error
	// Open returns the targets of one mailbox that are not final, or not told, by Seq.
	Open(ctx context.Context, id, mailbox string) ([]Target, error)
	// Intend keeps Intents and Digest, and what they hold, and makes the target Working. ErrOver when it is final: somebody cancelled it.
	Intend(ctx context.Context, t Target) error
	// Later keeps tries, error, next try and intents.
	Later(ctx context.Context, t []Target) error
	// Finish keeps outcome, receipt, error and At. ErrOver when it is final already.
	Finish(ctx context.Context, t Target) error
	// Told notes that the event store knows these targets, by Seq. When none of the mailbox is open any more, its first check is due at
	// check (zero: never); when none of the action is, the action ends.
	Told(ctx context.Context, id, mailbox string, seqs []int, now, check time.Time) error

	// Held lists what is kept of a message that was taken out of a mailbox, oldest first.
	Held(ctx context.Context, mailbox, message string) ([]Holding, error)
	// Drop forgets it. forget is called for octets that nothing else holds, before the transaction ends.
	Drop(ctx context.Context, mailbox, message string, forget func(sha256 string) error) error
}

// Checks is what later checks need of the store.
type Checks interface {
	// Due returns mailboxes whose check is due, longest waiting first.
	Due(ctx context.Context, now time.Time, limit int) ([]Due, error)
	// Newest returns the target that touched a message in a mailbox last.
	Newest(ctx context.Context, mailbox, message string) (action string, seq int, err error)
	// SaveCheck keeps the receipt with its new check.
	SaveCheck(ctx context.Context, t Target, drifted bool) error
	// Checked notes that a check of a mailbox is over, and when the next one is due (zero: never).
	Checked(ctx context.Context, d Due, next time.Time) error
	// Postpone makes a check due later: the mail system cannot be had.
	Postpone(ctx context.Context, d Due, until time.Time) error
}

// Due is one mailbox of one action that has to be looked at again.
type Due struct {
	Action  string
	Mailbox string
	N       int       // which of the checks, from 0
	At      time.Time // since when it is due
}

// Holding is what Tocsin keeps of one copy that it took out of a mailbox.
type Holding struct {
	SHA256 string
	Action string
	Seq    int
	Kind   Kind
	From   Copy // where and how it lay
	At     time.Time
}

// ActionFilter chooses actions, newest first. Empty fields choose all.
type ActionFilter struct {
	States   []State
	Kind     Kind
	ByID     string // asked for by this operator
	NotByID  string // not asked for by this operator, and not answered by them
	Incident string
	Before   string // id: older ones
	Limit    int
}

// TargetFilter chooses targets of one action, by Seq.
type TargetFilter struct {
	Action   string
	Seqs     []int // at most 500; nil: all
	Outcomes []Outcome
	Drifted  bool
	Mailbox  string
	Message  string // network message id
	After    int    // Seq; -1 for the first page
	Limit    int    // 0: all
}

// Events is the event store for those who act.
type Events interface {
	// Note appends rows and then lets the events follow. Doing it again changes nothing.
	Note(ctx context.Context, list []Noted) error
	// Pending returns decisions of the time since that nobody carried out: the newest row of its event, with ActionResult Pending.
	Pending(ctx context.Context, since time.Time, limit int) ([]Pending, error)
}

// Noted is a row, and where the message is since.
type Noted struct {
	Row      event.PostDelivery
	Location Place  // becomes LatestDeliveryLocation; "" leaves it
	Action   string // becomes LatestDeliveryAction; "" leaves it
}

// Pending is a decision of a run that judged again, and the event that it is about.
type Pending struct {
	Event    Event
	ReportID string
	Type     string // "Phish ZAP"
	Action   string // "Moved to quarantine", "Moved to junk folder"
	Run      string // id of the run
	Trigger  string // why that run was
	At       time.Time
}

// Vault keeps the octets of copies that were taken out of mailboxes, by SHA-256.
type Vault interface {
	// Put returns when the octets survive a crash. Putting them again is harmless.
	Put(ctx context.Context, sha256 string, raw []byte) error
	// Get returns them, or ErrNoBytes.
	Get(ctx context.Context, sha256 string) ([]byte, error)
	// Forget removes them. Removing what is not there is no error.
	Forget(ctx context.Context, sha256 string) error
}

// Mail is the store of mail as it came in.
type Mail interface {
	// Get returns the bytes of a message, or ErrNoBytes.
	Get(ctx context.Context, sha256 string) ([]byte, error)
}
