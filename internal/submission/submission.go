// Package submission is what users report: mail that they think is an attack, or that was taken for one and is none.
//
// A report comes as a message to an address (the original attached, or quoted below a line like "Forwarded message"), as a message that
// somebody moved into a watched folder of their mailbox, or over the API. Reading takes the originals out of it; matching finds, for each, the
// email event that it is: proven by the digest of its bytes, likely by sender, subject, time and reporter, or none. All reports of one
// message come together in one submission, which a person triages and closes with a result; those who reported it hear of it when they
// want to and when it is proven that they sent the report. Everything in a report is hostile: who it comes from, what it attaches and
// what it quotes.
package submission

import (
	"errors"
	"fmt"
	"time"
)

// Type is what the reporter says the message is, in the field's words.
type Type string

// The types.
const (
	Phish   Type = "Phish"
	Spam    Type = "Spam"
	Malware Type = "Malware"
	NotJunk Type = "Not junk"
)

// Via is the way a report came in.
type Via string

// The ways.
const (
	ByMail   Via = "Mail"
	ByFolder Via = "Folder"
	ByAPI    Via = "API"
)

// State of a submission.
type State string

// The states.
const (
	New      State = "New"
	InTriage State = "In triage"
	Closed   State = "Closed"
)

// States lists them in order.
func States() []State { return []State{New, InTriage, Closed} }

// Result is what a person found when closing it.
type Result string

// The results.
const (
	Phishing   Result = "Phishing"
	IsMalware  Result = "Malware"
	IsSpam     Result = "Spam"
	Clean      Result = "Not junk"
	Simulation Result = "Simulation" // of the organisation's own training
	Unknown    Result = "Unknown"
)

// Results lists them in the order of screens.
func Results() []Result { return []Result{Phishing, IsMalware, IsSpam, Clean, Simulation, Unknown} }

// Right reports whether a report of this type was right when this is the result, and whether that can be said at all.
func (r Result) Right(t Type) (right, known bool) {
	switch r {
	case Phishing, IsMalware, IsSpam, Simulation:
		return t != NotJunk, true
	case Clean:
		return t == NotJunk, true
	}
	return false, false
}

// Match says how sure it is which delivered message a report is about.
type Match string

// The matches.
const (
	Exact   Match = "Exact"  // the bytes are those of the delivered message (remediate.Digest)
	Likely  Match = "Likely" // sender, subject, time and recipient fit; the bytes are not there to compare, or differ
	NoMatch Match = "None"
)

// Submission is one reported message with all its reports.
type Submission struct {
	ID       string // UUIDv7
	Key      string // what makes reports come together: the delivered message, else the digest, else what was quoted
	Type     Type   // of the first report
	State    State
	Result   Result // "" before it is closed
	Note     string // of who closed it
	Owner    string // email address; "" for nobody
	Created  time.Time
	Updated  time.Time // of the last report or change
	Closed   time.Time // zero: it is not
	ClosedBy string
	Revision int64 // rises with every change by a person

	Match            Match
	How              string // what was compared, in a sentence
	NetworkMessageID string // of the delivered message; "" without a match
	Recipient        string // one recipient of it: the first reporter when they are one

	InternetMessageID string
	Sender            string // address of From; "" when only a name was quoted
	SenderName        string
	Subject           string
	Date              time.Time // of the message; zero when nothing readable says
	SHA256            string    // of the original's bytes as reported, kept by Tocsin; "" when it was only quoted
	Quoted            string    // text of an original that was only quoted, cut

	Judged Judged

	Reports   int
	Reporters int // different people
	Unproven  int // reports whose sender is not proven
}

// Judged is what Tocsin's judge says of the original.
type Judged struct {
	At      time.Time `json:"at,omitzero"` // zero: it was not judged
	Threats string    `json:"threats"`     // in the words of ThreatTypes; "" is clean
	Score   int       `json:"score"`
	Signals []Signal  `json:"signals,omitempty"` // heaviest first, few
	Note    string    `json:"note,omitempty"`    // why there is no verdict
}

// Signal is one reason of a verdict.
type Signal struct {
	ID       string `json:"id"`
	Claim    string `json:"claim"`
	Evidence string `json:"evidence,omitempty"` // hostile
	Weight   int    `json:"weight"`
}

// Report is what one person sent about one message.
type Report struct {
	Key        string // makes the same report come in once
	Submission string
	At         time.Time
	Reporter   string // email address, lower case; hostile unless Proven
	Name       string // display name; hostile
	Proven     bool   // it is proven that the reporter sent it
	Proof      string // by what, or why not
	Inside     bool   // the reporter's domain is the organisation's
	Via        Via
	Type       Type
	Comment    string // what the reporter wrote; hostile, cut
	Form       Form
	Mailbox    string // and folder, for ByFolder
	SHA256     string // of the report's own bytes, kept by Tocsin; "" for one without
	Mute       bool   // no answer goes out: it came from a machine, or nobody can be answered
	Answered   time.Time
	Answer     string // Result that the reporter was told
}

// Form is how a report carried the original.
type Form string

// The forms.
const (
	Attached Form = "Attached"
	Quoted   Form = "Quoted"
	Moved    Form = "Moved to folder"
	Named    Form = "Named" // by its id
)

// Limits. Texts of strangers are cut to these, in octets.
const (
	MaxOriginals = 20 // of one report; what is more is counted
	MaxComment   = 4000
	MaxQuoted    = 16 << 10
	MaxSubject   = 1000
	MaxNote      = 4000
	maxName      = 320
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("there is no such submission")
	ErrNothing  = errors.New("there is no message in this report that could be looked at")
	ErrNoBytes  = errors.New("the bytes of the reported message are not kept")
)

// Outdated says that somebody else changed it meanwhile.
type Outdated struct{ Now int64 }

func (e *Outdated) Error() string {
	return "somebody else changed this submission meanwhile; look at it again"
}

// Wrong is a request that cannot be.
type Wrong struct {
	Field string // in the words of the API
	Say   string // what is wrong and what would be right
}

func (e *Wrong) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Say) }
