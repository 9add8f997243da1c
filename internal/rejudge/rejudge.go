// Package rejudge judges mail again that was judged before: to find out what must be done about delivered mail now that more is known
// (ZAP, zero-hour auto purge), and to see what a rule, a list entry or a policy would have done before it is switched on (what-if).
//
// Both are runs: durable, one message after the other in the order of time, with a cursor, so that a run goes on after a crash where it
// was. A message is read again from its raw bytes; what was found out about its sender at delivery is taken from its event, because keys
// and records change. A rejudge run appends what it decided to the event store, and of the event only the newest threats follow; a what-if
// run changes nothing at all. Results are kept with the run, message by message, with what changed and why. Live mail goes first.
package rejudge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
)

// Kind of a run.
type Kind string

const (
	Rejudge Kind = "rejudge"
	WhatIf  Kind = "whatif"
)

// State of a run.
type State string

const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Over reports whether nothing more will happen.
func (s State) Over() bool { return s == Done || s == Failed || s == Cancelled }

// Spec is what a run does. Its JSON is in the database of installations that are upgraded: add fields, never change their meaning.
type Spec struct {
	Since  time.Time     `json:"since"`             // messages of this time and later,
	Until  time.Time     `json:"until"`             // and before this one
	Threat detect.Threat `json:"threat,omitempty"`  // only changes that come to or go from this threat
	DryRun bool          `json:"dry_run,omitempty"` // of a rejudge run: decide, keep the results, append nothing
	// Messages are the network message ids of the messages to judge again; none: all of the time.
	Messages []string `json:"messages,omitempty"`

	// Candidate of a what-if run: one or more of these on top of what is in force.
	Rule    string            `json:"rule,omitempty"` // text of a rule; one of the same id is replaced
	Policy  *detect.Policy    `json:"policy,omitempty"`
	Entries []detect.Override `json:"entries,omitempty"` // added to the list
	Without []string          `json:"without,omitempty"` // ids of entries that are taken off it
}

// MaxMessages is how many messages a run can name.
const MaxMessages = 10_000

// MaxWindow is how far back a run reaches at most. One that names its messages reaches as far as their bytes are kept.
const MaxWindow = 30 * 24 * time.Hour

// Run is one run and how far it is.
type Run struct {
	ID        string
	Kind      Kind
	State     State
	Spec      Spec
	Automatic bool   // nobody asked for it by name: something changed
	Trigger   string // why: "rules changed", or the operator's own reason
	By, Via   string
	Created   time.Time
	Started   time.Time
	Ended     time.Time
	Cancel    bool // somebody wants it to end
	Counts    Counts
	Cursor    Cursor
	Error     string // why it failed
}

// Cursor is the last message that is done with.
type Cursor struct {
	At     time.Time
	SHA256 string
}

// Counts of a run. Messages are messages; the others are email events, one a recipient.
type Counts struct {
	Total       int64            `json:"total"`    // messages in the time asked for
	Messages    int64            `json:"messages"` // looked at so far
	Events      int64            `json:"events"`   // looked at so far
	NowFlagged  int64            `json:"now_flagged"`
	NoLonger    int64            `json:"no_longer_flagged"`
	Verdict     int64            `json:"verdict_changed"` // threat or confidence, with the two above
	Action      int64            `json:"action_changed"`
	Actions     map[string]int64 `json:"actions"`     // "deliver -> quarantine": how many
	Decided     int64            `json:"decided"`     // ZAP: actions that are to be carried out
	Noted       int64            `json:"noted"`       // ZAP: changes that ask for no action
	Contradicts int64            `json:"contradicts"` // changes against what people decided about the message
	Missing     int64            `json:"missing"`     // messages whose bytes or events are not kept any more
	Broken      int64            `json:"broken"`      // messages that could not be judged again
	Results     int64            `json:"results"`     // kept with the run
	Unkept      int64            `json:"unkept"`      // beyond MaxResults, only counted
	Worked      time.Duration    `json:"worked"`      // time at work
}

// MaxResults bounds what is kept with one run. More is counted.
const MaxResults = 10_000

// Change says how a message changed.
type Change string

const (
	NowFlagged     Change = "now flagged"
	NoLonger       Change = "no longer flagged"
	VerdictChanged Change = "verdict changed"
	ActionChanged  Change = "action changed"
)

// Result is one message that changed, for the recipients for whom it changed alike.
type Result struct {
	Seq              int64          `json:"seq"` // order in the run
	NetworkMessageID string         `json:"network_message_id"`
	Time             time.Time      `json:"time"`
	Sender           string         `json:"sender"`
	Subject          string         `json:"subject"`
	Recipients       []string       `json:"recipients"` // the first of them
	Count            int            `json:"count"`      // how many there are
	Change           Change         `json:"change"`
	Before           Side           `json:"before"`
	After            Side           `json:"after"`
	Signals          []SignalChange `json:"signals"`            // that came or went
	Decision         string         `json:"decision,omitempty"` // ZAP: "Phish ZAP: Moved to quarantine (Pending)"
	Contradicts      string         `json:"contradicts,omitempty"`
}

// Side is one state of a message.
type Side struct {
	Threats    string `json:"threat_types"`
	Confidence string `json:"phish_confidence"`
	Score      int    `json:"score"`
	Treatment  string `json:"treatment"` // what the policy says; "" when that was not noted
	Watched    bool   `json:"watched"`   // and only says, because it watches
	Location   string `json:"location"`
	Reason     string `json:"reason"`
}

// SignalChange is a signal that is there on one side only.
type SignalChange struct {
	ID     string        `json:"id"`
	Came   bool          `json:"came"` // false: it went
	Threat detect.Threat `json:"threat"`
	Weight int           `json:"weight"`
	Claim  string        `json:"claim"`
}

// ErrNotFound says that there is no such run.
var ErrNotFound = errors.New("there is no such run")

// ErrTooMany says that enough runs wait already.
var ErrTooMany = errors.New("enough such runs are waiting already; cancel one, or wait")

// Wrong is a request that cannot be. Field is where, in the words of the API.
type Wrong struct {
	Field string
	Err   error
}

func (e *Wrong) Error() string { return e.Err.Error() }
func (e *Wrong) Unwrap() error { return e.Err }

// Store keeps runs and their results.
type Store interface {
	Run(ctx context.Context, id string) (Run, error)
	// Runs returns runs of a kind ("" for all), newest first, before the id.
	Runs(ctx context.Context, kind Kind, before string, limit int) ([]Run, error)
	// SaveRun keeps how far a run is, together with the results since the last time. It leaves Cancel as it is and returns it.
	SaveRun(ctx context.Context, r Run, results []Result) (cancel bool, err error)
	// CancelRun asks a run to end, and ends it at once when it was not begun.
	CancelRun(ctx context.Context, id string, now time.Time) error
	// Results returns results after seq, of one change or ("") of all.
	Results(ctx context.Context, id string, change Change, contradicting bool, after int64, limit int) ([]Result, error)
}

// Message is a message of the ledger.
type Message struct {
	SHA256           string
	NetworkMessageID string
	Time             time.Time
	Source           string
}

// Ledger lists the messages that were taken in.
type Ledger interface {
	CountBetween(ctx context.Context, since, until time.Time) (int64, error)
	// MessagesBetween returns messages in the order of time and hash, after the cursor.
	MessagesBetween(ctx context.Context, since, until time.Time, after Cursor, limit int) ([]Message, error)
	// MessagesNamed returns those of the named messages that have events, in any order.
	MessagesNamed(ctx context.Context, ids []string) ([]Message, error)
}

// Delivered is what the event store knows of one message: an event a recipient, and what happened after delivery.
type Delivered struct {
	Events []event.EmailEvent
	After  []event.PostDelivery // oldest first
}

// Later changes events after delivery.
type Later struct {
	Row     event.PostDelivery
	Threats string // becomes LatestThreatTypes
	// Technologies become LatestDetectionTechnologies; those of a message that became harmless stay, and say what found it.
	Technologies string
}

// Events reads and appends.
type Events interface {
	Delivered(ctx context.Context, ids []string) (map[string]*Delivered, error)
	// Decide appends rows and then lets the latest verdicts follow. Doing it again changes nothing.
	Decide(ctx context.Context, l []Later) error
}

// Examiner reads a message again.
type Examiner interface {
	// Examine returns ErrNoBytes when the message is not kept any more.
	Examine(ctx context.Context, m Message, d *Delivered, auth *mailauth.Results, x *event.Extra) (Examined, error)
}

// Examined is a message that was read again.
type Examined struct {
	Context *detect.Context
	Verdict detect.Verdict
	Trace   any // what memory keeps of it, for Worker.Remember; nil: nothing
}

// ErrNoBytes says that the bytes of a message are gone or damaged.
var ErrNoBytes = errors.New("the bytes of the message are not kept any more")

// Judge judges a context again.
type Judge interface {
	Judge(ctx context.Context, c *detect.Context) detect.Verdict
}

// Setup is what decides: the judge and the policies.
type Setup struct {
	Judge Judge // nil: the verdict stays
	Book  *detect.Book
}

// Candidate makes of a what-if spec what would decide. It is called once for each process that works on the run.
type Candidate func(ctx context.Context, s *Spec) (Setup, error)

// check refuses windows that are none.
func (s *Spec) check(now time.Time) error {
	switch {
	case !s.Since.Before(s.Until):
		return &Wrong{"since", errors.New("the time asked for is empty")}
	case len(s.Messages) > MaxMessages:
		return &Wrong{"messages", fmt.Errorf("%d messages; at most %d", len(s.Messages), MaxMessages)}
	case len(s.Messages) == 0 && now.Sub(s.Since) > MaxWindow+time.Hour:
		return &Wrong{"since", fmt.Errorf("%s is too far back; at most %d days", s.Since.Format(time.RFC3339), int(MaxWindow/(24*time.Hour)))}
	}
	switch s.Threat {
	case "", detect.Malware, detect.Phish, detect.Spam:
		return nil
	}
	return &Wrong{"threat", fmt.Errorf("%q: want Malware, Phish or Spam", detect.Clean(string(s.Threat), 40))}
}

// Check says what is wrong with a spec before it becomes a run.
func (s *Spec) Check(kind Kind, now time.Time) error {
	if kind == WhatIf && s.Rule == "" && s.Policy == nil && len(s.Entries) == 0 && len(s.Without) == 0 {
		return &Wrong{"rule", errors.New("give a rule, a policy or entries to try")}
	}
	return s.check(now)
}

// Tries says in words what a what-if run tries, "" for other runs.
func (s *Spec) Tries() string {
	var parts []string
	if s.Rule != "" {
		parts = append(parts, "rule "+cmp.Or(detect.RuleID([]byte(s.Rule)), "without an id"))
	}
	if s.Policy != nil {
		parts = append(parts, "another policy")
	}
	for i := range s.Entries {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("%d more entries", len(s.Entries)-i))
			break
		}
		e, what := &s.Entries[i], "block"
		if e.Allow {
			what = "allow"
		}
		parts = append(parts, what+" "+string(e.Kind)+" "+detect.Clean(e.Value, 200))
	}
	if n := len(s.Without); n == 1 {
		parts = append(parts, "without one entry")
	} else if n > 1 {
		parts = append(parts, fmt.Sprintf("without %d entries", n))
	}
	return strings.Join(parts, ", ")
}
