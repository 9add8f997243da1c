package incident

import (
	"context"
	"time"
)

// Filter is which incidents a list shows. Zero fields ask for nothing.
type Filter struct {
	Status         []Status
	Severity       []Severity
	Owner          string // email address; NoOwner for those without
	OwnerID        string // operator id
	Tag            string
	Classification Classification
	Text           string // in number, name, description and tags
	Overdue        bool
	Mentions       string // operator id: a note mentions them
	Merged         bool   // also those that were merged into another
	Sort           Sort
	Desc           bool
	Cursor         string
	Limit          int
	Now            time.Time // of Overdue and of due dates
	Clocks         Clocks
}

// NoOwner as Filter.Owner asks for incidents that nobody has.
const NoOwner = "none"

// Sort is a column that a list is ordered by; the number breaks ties.
type Sort string

// The sorts.
const (
	ByNumber   Sort = "number"
	ByCreated  Sort = "created"
	ByUpdated  Sort = "updated"
	BySeverity Sort = "severity"
	ByStatus   Sort = "status"
	ByName     Sort = "name"
	ByOwner    Sort = "owner"
	ByDue      Sort = "due"
	ByMessages Sort = "messages"
	ByActivity Sort = "last_activity"
)

// Page is one page of a list.
type Page struct {
	Incidents []Incident
	Next      string // cursor of the next page, "" on the last
	Total     int    // that match
}

// Counted is a value and how many incidents have it.
type Counted struct {
	Value string
	Count int
}

// Counts say how many incidents each value of a filter would show: every group with all other filters in force.
type Counts struct {
	Status, Severity, Owner, Tag, Classification []Counted
	Overdue, Mine, Mentions, All                 int
}

// Sums are what an incident has beside its mail.
type Sums struct{ Notes, OpenTasks, DoneTasks, Queries, Merged, Actions, OpenActions int }

// Intake is mail that goes into an incident.
type Intake struct {
	Picks []Pick
	Live  *Live  // keep the question too; nil: the list alone
	Of    string // id of a kept question whose new matches these are
	Say   string // what the timeline says of where they came from
}

// Taken is what came of it.
type Taken struct {
	Added   int
	Already int // were in it
	Total   int // email events in it now
}

// MessageFilter is which email events of an incident a page shows, newest first.
type MessageFilter struct {
	Incident  string
	Recipient string
	Before    Pick // the last of the page before; zero: the first page
	Limit     int  // 0: all
}

// Holder is an incident that holds some of the messages that were asked for.
type Holder struct {
	Incident string // its root's id
	Message  string
}

// Shared is an incident and how many recipients it shares with another.
type Shared struct {
	Incident string
	People   int
}

// EntryFilter is which lines of a timeline a page shows, newest first.
type EntryFilter struct {
	Incident string
	Notes    bool // only notes
	System   bool // all but notes
	Before   int64
	Limit    int
}

// Store keeps incidents. Ids of incidents are ids or numbers as ParseNumber reads them. What changes an incident that was merged into
// another is refused with *Pointer; what asks about one is answered with what was merged into it.
type Store interface {
	// Create keeps a new incident with its first mail, and gives it its number.
	Create(ctx context.Context, i Incident, in Intake, by Actor) (Incident, error)
	Incident(ctx context.Context, id string) (Incident, error)
	List(ctx context.Context, f Filter) (Page, error)
	// Counts counts for the operator with the id.
	Counts(ctx context.Context, f Filter, operatorID string) (Counts, error)
	Sums(ctx context.Context, ids []string) (map[string]Sums, error)
	Change(ctx context.Context, id string, c Change, by Actor) (Incident, error)
	// Tags lists tags that are in use, most used first.
	Tags(ctx context.Context, limit int) ([]Counted, error)

	Put(ctx context.Context, id string, in Intake, by Actor) (Taken, error)
	Remove(ctx context.Context, id string, picks []Pick, by Actor) (int, error)
	Messages(ctx context.Context, f MessageFilter) ([]Pick, error)
	// Recipients lists who got the mail, most first, then by address; after is the last of the page before.
	Recipients(ctx context.Context, id string, after Counted, limit int) ([]Counted, error)
	Queries(ctx context.Context, id string) ([]Live, error)
	DropQuery(ctx context.Context, id, query string, by Actor) error

	Timeline(ctx context.Context, f EntryFilter) ([]Entry, error)
	// Log writes a line that belongs to no other change.
	Log(ctx context.Context, id string, e Entry) error
	AddNote(ctx context.Context, n Note, mentions []Person, by Actor) (Note, error)
	EditNote(ctx context.Context, id, note, text string, mentions []Person, by Actor) (Note, error)
	RemoveNote(ctx context.Context, id, note string, by Actor) error
	Tasks(ctx context.Context, id string) ([]Task, error)
	AddTask(ctx context.Context, t Task, by Actor) (Task, error)
	ChangeTask(ctx context.Context, id string, t Task, by Actor) (Task, error)
	RemoveTask(ctx context.Context, id, task string, by Actor) error

	Merge(ctx context.Context, id, into, reason string, by Actor) (Incident, error)
	Separate(ctx context.Context, id, reason string, by Actor) (Incident, error)
	// Members lists what was merged into an incident, itself first.
	Members(ctx context.Context, id string) ([]Incident, error)
	// Holders says which other incidents hold messages, at most limit pairs.
	Holders(ctx context.Context, not string, messages []string, limit int) ([]Holder, error)
	// Shared lists incidents that share recipients with this one, most first.
	Shared(ctx context.Context, id string, limit int) ([]Shared, error)
}
