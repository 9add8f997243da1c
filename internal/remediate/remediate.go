// Package remediate takes mail out of mailboxes, puts it back, and can prove both.
//
// An action is one decision of a person or a policy about a frozen list of targets: email events, each one message of one recipient. It
// waits for the approvals that the approval policy asks for, then every mailbox is worked on by a durable job of its own. A target is
// found in the mailbox by its Message-ID and then proven to be the message by its digest, because senders choose Message-IDs. What is
// about to be done to a copy is written down before it is done (an intent), and what was done after it (a receipt): so a process that dies
// in between neither does it twice nor forgets it, and the receipt is enough to undo it. Later checks look whether the state still holds;
// a copy that came back is drift.
//
// Providers speak to mailbox systems: package imap here, others later behind the same two interfaces. Everything else is the same for all.
package remediate

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what an action does to a message, in the field's words.
type Kind string

// The kinds of actions.
const (
	MoveToJunk    Kind = "Move to junk"
	MoveToDeleted Kind = "Move to deleted items"
	MoveToInbox   Kind = "Move to inbox"
	Quarantine    Kind = "Quarantine"  // taken out of the mailbox and held by Tocsin, from where it can be released
	SoftDelete    Kind = "Soft delete" // taken out of the mailbox; Tocsin keeps what undo needs
	HardDelete    Kind = "Hard delete" // taken out of the mailbox for good; what Tocsin kept of it is removed too
	Release       Kind = "Release"     // from quarantine to where it belongs
	Undo          Kind = "Undo"        // what the receipts of another action say, backwards
)

// Kinds lists the kinds that a person can ask for about messages, in the order of screens.
func Kinds() []Kind {
	return []Kind{MoveToJunk, MoveToDeleted, SoftDelete, HardDelete, MoveToInbox, Quarantine, Release}
}

// Removes reports whether the mail is out of its reader's sight afterwards.
func (k Kind) Removes() bool { return k == SoftDelete || k == HardDelete || k == Quarantine }

// Undoable reports whether the receipts of the kind lead back.
func (k Kind) Undoable() bool { return k != HardDelete && k != Undo }

// Place is where a copy lies, in the words of EmailEvents.LatestDeliveryLocation.
type Place string

// The places.
const (
	Inbox       Place = "Inbox/folder"
	Junk        Place = "Junk folder"
	Deleted     Place = "Deleted items folder"
	Quarantined Place = "Quarantine"
	Removed     Place = "Removed" // soft or hard deleted: in no folder
	Outside     Place = "On-premises/external"
	Undelivered Place = "Failed"
	Dropped     Place = "Dropped"
)

// Goal is the place a kind leads to. Undo has none of its own.
func (k Kind) Goal() Place {
	switch k {
	case MoveToJunk:
		return Junk
	case MoveToDeleted:
		return Deleted
	case MoveToInbox, Release:
		return Inbox
	case Quarantine:
		return Quarantined
	case SoftDelete, HardDelete:
		return Removed
	}
	return ""
}

// State of an action.
type State string

// The states. Waiting is the only one in which approvals count; from Done on nothing more happens, except a retry of what failed.
const (
	Waiting   State = "Waiting for approval"
	Queued    State = "Queued"
	Running   State = "Running"
	Done      State = "Done"
	Partly    State = "Partly done" // some targets failed
	Failed    State = "Failed"      // all of them
	Rejected  State = "Rejected"
	Expired   State = "Expired" // nobody approved in time
	Cancelled State = "Cancelled"
)

// Over reports whether no work is left.
func (s State) Over() bool { return s != Waiting && s != Queued && s != Running }

// Action is one decision about a frozen list of targets.
type Action struct {
	ID        string // UUIDv7
	Kind      Kind
	Name      string // what people call it
	Reason    string // why, as its author gave it
	State     State
	By        string // email address of who asked, or the name of what did ("Phish ZAP")
	ByID      string // operator id; "" for automation
	Automatic bool   // a policy asked, not a person
	Unread    bool   // leaves alone what was read already
	Query     string // KQL that the targets were chosen by; "" when they were picked one by one
	Incident  string // id of the incident it belongs to, "" for none
	Undoes    string // id of the action that it undoes, "" for none
	Undone    string // id of the action that undoes it, "" for none
	Created   time.Time
	Started   time.Time // zero: not yet
	Ended     time.Time // zero: not yet
	Expires   time.Time // of the request for approval
	Needs     int       // approvals that it needs; 0: none
	Why       string    // which line of the approval policy asks for them
	Policy    int64     // version of the approval policy that was asked; 0: that of the settings
	Approvals []Approval
	Cancel    bool // somebody wants it to end; what is begun is finished
	Counts    Counts
}

// Approval is one person's answer.
type Approval struct {
	By      string // email address
	ByID    string
	At      time.Time
	Yes     bool
	Comment string
}

// Counts of targets by outcome. Drifted ones are also counted by their outcome.
type Counts struct {
	Targets   int
	Mailboxes int
	Todo      int // To do, Working
	Done      int // Done, Already so
	NotFound  int
	Skipped   int // Different, Impossible
	Failed    int
	Cancelled int
	Drifted   int // a check found it again
}

// Of is the counter of an outcome.
func (c *Counts) Of(o Outcome) *int {
	switch o {
	case Succeeded, AlreadySo:
		return &c.Done
	case NotFound:
		return &c.NotFound
	case Different, Impossible:
		return &c.Skipped
	case FailedTarget:
		return &c.Failed
	case CancelledOut:
		return &c.Cancelled
	}
	return &c.Todo
}

// End is the state of an action whose targets are all final.
func (c *Counts) End(cancelled bool) State {
	bad := c.Failed + c.Skipped
	switch {
	case cancelled && c.Cancelled > 0:
		return Cancelled
	case bad == 0:
		return Done
	case c.Done+c.NotFound == 0:
		return Failed
	}
	return Partly
}

// Outcome of one target.
type Outcome string

// The outcomes. Todo and Working are not final.
const (
	Todo         Outcome = "To do"
	Working      Outcome = "Working"
	Succeeded    Outcome = "Done"
	AlreadySo    Outcome = "Already so" // it was where it should go
	NotFound     Outcome = "Not found"  // no copy in any folder
	Different    Outcome = "Different"  // a message with this Message-ID is there, but it is another one
	Impossible   Outcome = "Impossible" // no provider reaches the mailbox, or it cannot do this
	FailedTarget Outcome = "Failed"     // the tries are used up; a person may retry
	CancelledOut Outcome = "Cancelled"  // before it was done
)

// Final reports whether nothing more happens by itself.
func (o Outcome) Final() bool { return o != Todo && o != Working }

// Message says which message a target is. Its JSON is kept with actions: add fields, never change their meaning.
type Message struct {
	NetworkMessageID  string    `json:"network_message_id"`
	InternetMessageID string    `json:"internet_message_id"` // with angle brackets; "" when it has none
	RawSHA256         string    `json:"raw_sha256"`          // names the stored bytes
	Digest            string    `json:"digest,omitempty"`    // of Digest over the stored bytes; or of the message as it was handed on; "" until a worker has read it
	Date              time.Time `json:"date"`                // when it entered the organisation
	Subject           string    `json:"subject"`
	SenderFrom        string    `json:"sender_from"`
	Direction         string    `json:"direction,omitempty"` // EmailDirection
	Threats           string    `json:"threats,omitempty"`   // LatestThreatTypes, when the list was frozen
	Place             Place     `json:"place,omitempty"`     // LatestDeliveryLocation then
}

// Target is one email event of an action: one message of one recipient.
type Target struct {
	Action    string
	Seq       int // within the action, from 0
	Message   Message
	Recipient string // address of the event
	Mailbox   string // address of the mailbox it lies in: aliases are resolved when the list is frozen
	Priority  bool   // the recipient is a priority account
	Outcome   Outcome
	Tries     int
	Next      time.Time // not before; zero: at once
	Error     string    // of the last try, in a sentence that may be shown
	Intents   []Step    // about to be done; empty before and after, kept when it failed in between
	Receipt   *Receipt  // what was done; nil before
	At        time.Time // when its outcome became final; zero: it is not
	Told      bool      // the event store knows its outcome
	Cause     string    // ReportId of the EmailPostDeliveryEvents row that asked for it, "" for people
}

// Copy is one copy of a message in a folder of a mailbox.
type Copy struct {
	ID       string    `json:"id"`     // of the provider: enough to find this copy again. Never one that another message gets later
	Folder   string    `json:"folder"` // as people see it
	Place    Place     `json:"place"`
	Flags    []string  `json:"flags,omitempty"` // IMAP's words: \Seen, \Answered, \Flagged, $Forwarded, ...; sorted
	Received time.Time `json:"received"`        // IMAP INTERNALDATE
	Size     int64     `json:"size"`            // octets
	SHA256   string    `json:"sha256"`          // of the octets as they lie there
}

// Step is one thing that is done to one copy: it is moved (From and To), removed (From alone) or put back (To alone). A step with neither
// forgets octets that were held.
type Step struct {
	From Copy   `json:"from,omitzero"`  // zero when it is put back
	To   Copy   `json:"to,omitzero"`    // zero when it is removed; in an intent only Place, Folder and what is wanted are known
	Held string `json:"held,omitempty"` // SHA-256 of the octets that Tocsin keeps of it, before they were removed
	Stay bool   `json:"stay,omitempty"` // it lies where it should: nothing is done to it
	Did  bool   `json:"did,omitempty"`  // in an intent: done already
}

// Receipt proves what was done to a target.
type Receipt struct {
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
	Steps    []Step    `json:"steps"`
	From     Place     `json:"from"` // of the first copy
	To       Place     `json:"to"`
	Checks   []Check   `json:"checks,omitempty"`
}

// Check is a later look whether the state still holds.
type Check struct {
	After time.Duration `json:"after"` // which of the checks it was
	At    time.Time     `json:"at"`
	Holds bool          `json:"holds"`
	Where string        `json:"where,omitempty"` // folder in which it was found again
	Place Place         `json:"place,omitempty"` // of that folder
}

// CheckAfter says when the state of a finished target is looked at again.
var CheckAfter = []time.Duration{time.Hour, 24 * time.Hour}

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("there is no such action")
	ErrOwn      = errors.New("nobody approves their own request")
	ErrTwice    = errors.New("you answered this request already")
	ErrOver     = errors.New("this request was decided already")
	ErrNoUndo   = errors.New("a hard delete cannot be undone")
	ErrNothing  = errors.New("no message matches")
	ErrNoBytes  = errors.New("the bytes are not kept any more")
	ErrReason   = errors.New("say why: whoever approves it, or looks at it later, reads the reason")
	ErrUndone   = errors.New("this action was undone already")
	ErrNotYet   = errors.New("this action is still at work; wait until it is over, or cancel it")
	ErrNoRetry  = errors.New("nothing failed that could be tried again")
)

// Limits of one action.
const (
	MaxTargets = 50_000
	MaxTries   = 8
)

// Backoff is how long a target waits after its n-th failed try (from 1): 5 s, doubled each time, at most 10 minutes.
func Backoff(n int) time.Duration {
	d := 5 * time.Second
	for i := 1; i < n && d < 10*time.Minute; i++ {
		d *= 2
	}
	return min(d, 10*time.Minute)
}

// Wrong is a request that cannot be.
type Wrong struct {
	Field string // in the words of the API
	Say   string // what is wrong and what would be right
}

func (e *Wrong) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Say) }
