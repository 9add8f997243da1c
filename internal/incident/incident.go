// Package incident is a case that people keep: what happened, who works on it, which mail it is about, what was said and done.
//
// Mail comes into an incident as a snapshot: a frozen list of email events, which stays what it was when mail is judged again or forgotten.
// The question that made the list can stay with it and is asked again later: what matches then and is not in the list can be taken in.
// Everything else about that mail (people, links, files, places) is asked of the event store when somebody looks; nothing of it is kept
// twice. Every change writes a line of the timeline in the same transaction. An incident that is merged into another becomes a pointer: its
// mail, notes, tasks and timeline are shown there, nothing is moved, and so it can be separated again.
package incident

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Incident is one case.
type Incident struct {
	ID     string // UUIDv7
	Number int64  // from 1, without gaps: what people say
	Name   string
	State
	Author, AuthorID string // who opened it: email address and operator id
	Created, Updated time.Time
	Acknowledged     time.Time // when somebody first took it up: an owner or another status; zero: nobody yet
	Resolved         time.Time // zero: it is open
	ResolvedBy       string
	Into             string    // id of the incident that it was merged into, "" for none
	Root             string    // id of the one at the end of such links: its own when it is not merged
	Version          int64     // rises with every change of State or Name
	Messages         int       // email events in it and in what was merged into it
	People           int       // recipients among them
	First, Last      time.Time // of that mail; zero: there is none
}

// State is what people set.
type State struct {
	Severity       Severity
	Status         Status
	Owner, OwnerID string // email address and operator id; "" for none
	Classification Classification
	Determination  Determination
	Tags           []string // sorted
	Description    string
	Closing        string // what was said when it was resolved
}

// Label is how people write the number: INC-0147.
func Label(number int64) string { return fmt.Sprintf("INC-%04d", number) }

// ParseNumber reads 147, 0147, INC-0147 or inc-147; 0 when it is none of these.
func ParseNumber(s string) int64 {
	s = strings.TrimSpace(s)
	if len(s) > 4 && strings.EqualFold(s[:4], "INC-") {
		s = s[4:]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || len(s) > 12 {
		return 0
	}
	return n
}

// Actor is who does something, and when.
type Actor struct {
	ID    string // operator id; "" for automation
	Email string // or the name of what acts
	At    time.Time
}

// Pick names one email event, and when it came in.
type Pick struct {
	NetworkMessageID string
	Recipient        string
	At               time.Time // of the message
}

// Live is a question that stays with an incident.
type Live struct {
	ID       string
	Incident string
	Name     string
	View     string    // Explorer's view
	Q        string    // its filter, as KQL
	From, To time.Time // zero: open
	KQL      string    // all of that as one query, when it was kept
	Author   string
	Added    time.Time
	Asked    time.Time // when what it matched was last taken in
}

// Note is what somebody said.
type Note struct {
	ID               string
	Incident         string
	Author, AuthorID string
	At, Edited       time.Time
	Text             string
	Removed          bool // by its author; the text is gone
	Mentions         []string
}

// Task is something to be done.
type Task struct {
	ID             string
	Incident       string
	Title          string
	Owner, OwnerID string
	Due            time.Time // zero: none
	Done           time.Time // zero: it is open
	DoneBy         string
	Author         string
	Created        time.Time
	Version        int64
}

// Entry is one line of the timeline.
type Entry struct {
	Seq      int64 // rises, over all incidents
	Incident string
	At       time.Time
	By, ByID string
	Kind     Kind
	Say      string // one sentence without its subject: "set the severity to High"
	Subject  string // id of the note, task, action, query or incident that it is about
	Changes  []Changed
	Count    int   // of messages
	Note     *Note // of the kind Noted
}

// Changed is one field before and after.
type Changed struct {
	Field string `json:"field"` // as in the API
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// Kind of an entry.
type Kind string

// The kinds.
const (
	Opened        Kind = "created"
	Edited        Kind = "changed"
	MailAdded     Kind = "messages added"
	MailRemoved   Kind = "messages removed"
	QueryKept     Kind = "query kept"
	QueryDropped  Kind = "query dropped"
	Noted         Kind = "note"
	NoteEdited    Kind = "note edited"
	NoteRemoved   Kind = "note removed"
	TaskAdded     Kind = "task added"
	TaskChanged   Kind = "task changed"
	TaskDone      Kind = "task done"
	TaskRemoved   Kind = "task removed"
	ActionAsked   Kind = "action asked for"
	ActionDecided Kind = "action decided" // approved, rejected, expired, cancelled, tried again
	ActionOver    Kind = "action over"
	ActionDrift   Kind = "action drifted"
	Merged        Kind = "merged"
	Separated     Kind = "separated"
	Exported      Kind = "exported"
)

// Limits.
const (
	MaxName        = 200 // characters
	MaxDescription = 20_000
	MaxNote        = 20_000
	MaxTitle       = 500
	MaxTags        = 30
	MaxTag         = 60
	MaxMessages    = 50_000 // email events of one incident, with what was merged into it
	MaxQueries     = 20     // of one incident
	MaxNotes       = 5_000
	MaxTasks       = 500
	MaxMerged      = 200 // incidents merged into one
	MaxBulk        = 500
	MaxMentions    = 20 // of one note
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("there is no such incident")
	ErrNoNote   = errors.New("there is no such note")
	ErrNoTask   = errors.New("there is no such task")
	ErrNoQuery  = errors.New("there is no such query in this incident")
	ErrNotYours = errors.New("only who wrote a note changes or removes it")
	ErrFull     = errors.New("this incident holds as much as one can")
	ErrItself   = errors.New("an incident cannot be merged into itself, nor into one that is merged into it")
	ErrUnmerged = errors.New("this incident is not merged into another")
)

// Pointer says that an incident was merged: the other one is to be changed.
type Pointer struct {
	Number int64  // of the incident that was to be changed
	Into   string // id of the one to change instead
}

func (e *Pointer) Error() string {
	return Label(e.Number) + " was merged into another incident; change that one, or separate them first"
}

// Outdated says that somebody else changed it since.
type Outdated struct{ Version int64 }

func (e *Outdated) Error() string {
	return "somebody else changed this in the meantime; look at it again before you change it"
}

// Wrong is an input that cannot be.
type Wrong struct {
	Field string // in the words of the API
	Say   string
}

func (e *Wrong) Error() string { return e.Field + ": " + e.Say }
