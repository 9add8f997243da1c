// Package alert is what asks for a person: something that a tracker, a search backwards or another watcher found, with why it was raised.
//
// An alert says what was asked (KQL and a range of time), how much it found, and which messages, people, links or files it is about. Whoever
// raises one gives it a key: while an alert with that key is open, raising it again adds to it and makes no second one. People take it, write
// a note, open an incident with it and resolve it; a resolved alert stays as it is, and the next one with its key is a new alert. Every alert
// and what it is about are rows for hunting too (AlertInfo, AlertEvidence). Alerts do nothing to mail.
package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/event"
)

// Severity of an alert, in the field's words.
type Severity string

// The severities.
const (
	Informational Severity = "Informational"
	Low           Severity = "Low"
	Medium        Severity = "Medium"
	High          Severity = "High"
)

// Severities lists them, the gravest last.
func Severities() []Severity { return []Severity{Informational, Low, Medium, High} }

// Rank is 1 for Informational to 4 for High; 0 for what is no severity.
func (s Severity) Rank() int { return slices.Index(Severities(), s) + 1 }

// Status says what people did with an alert.
type Status string

// The statuses.
const (
	New        Status = "New"
	InProgress Status = "In progress"
	Resolved   Status = "Resolved"
)

// Statuses lists them in order.
func Statuses() []Status { return []Status{New, InProgress, Resolved} }

// Alert is something found that a person should look at.
type Alert struct {
	ID       string // UUIDv7
	Key      string // what makes it the same thing while it is open
	Time     time.Time
	Title    string // what was found, in a few words
	Severity Severity
	Category string // kind of threat or stage of the attack: Phish, Malware, Spam, SuspiciousActivity, ...
	Source   string // what kind of thing raised it: "Tracked query", "Retro-hunt"
	Policy   string // which one: its name
	Link     string // of its page in Tocsin, beginning with "/"; "" for none
	Detail   string // why it was raised, in a sentence
	Query    string // KQL that found it; "" when no query did
	From, To time.Time
	Count    int64 // that it found
	Status   Status

	Techniques []string // MITRE ATT&CK ids
	Evidence   []Evidence

	Last     time.Time // when it was raised last
	Times    int       // it was raised so often while it was open
	Fell     time.Time // since when what raised it is no longer so; zero: it still is, or nobody can tell
	Owner    string    // address of who works on it; "" for nobody
	Note     string
	Incident string // id of the incident that was opened with it
	Changed  time.Time
	By       string // who changed it last
	Resolved time.Time
	Revision int64 // rises with every change by a person
	More     int   // pieces of evidence that are not kept
}

// Evidence is one thing that an alert is about. What is empty does not apply.
type Evidence struct {
	Type             string    `json:"type"` // one of EvidenceTypes
	Impacted         bool      `json:"impacted,omitempty"`
	Time             time.Time `json:"time,omitzero"`
	NetworkMessageID string    `json:"network_message_id,omitempty"`
	Account          string    `json:"account,omitempty"` // of a mail: its recipient
	Subject          string    `json:"subject,omitempty"` // hostile
	URL              string    `json:"url,omitempty"`     // or a domain
	FileName         string    `json:"file_name,omitempty"`
	SHA256           string    `json:"sha256,omitempty"`
	IP               string    `json:"ip,omitempty"`
	Family           string    `json:"family,omitempty"` // name of the threat
}

// EvidenceTypes are the kinds of evidence, in the words of AlertEvidence.EntityType.
func EvidenceTypes() []string { return []string{"MailMessage", "Mailbox", "User", "Url", "File", "Ip"} }

// Key tells pieces of evidence of one alert apart: a short digest.
func (e *Evidence) Key() string {
	return event.RowID("", e.Type, e.NetworkMessageID, e.Account, e.URL, e.SHA256, e.FileName, e.IP, e.Family)
}

// Limits of an alert. Texts are cut to these octets.
const (
	MaxEvidence = 100
	MaxNote     = 4000
	maxTitle    = 300
	maxText     = 2000
	maxQuery    = 210_000 // as long as a saved query may be, and a little
	maxValue    = 2000
	maxKey      = 300
)

// Tidy checks an alert that is about to be raised, cuts what is too long and fills what was left out.
func (a *Alert) Tidy(now time.Time) error {
	switch {
	case a.Key == "" || len(a.Key) > maxKey:
		return fmt.Errorf("alert: a key of 1 to %d octets is needed", maxKey)
	case a.Title == "":
		return errors.New("alert: a title is needed")
	case a.Source == "":
		return errors.New("alert: say what kind of thing raises it (Source)")
	case a.Link != "" && (!strings.HasPrefix(a.Link, "/") || strings.HasPrefix(a.Link, "//")):
		return fmt.Errorf("alert: the link %q does not lead into Tocsin", a.Link)
	case len(a.Query) > maxQuery:
		return fmt.Errorf("alert: a query has at most %d octets", maxQuery)
	}
	if a.Severity == "" {
		a.Severity = Medium
	} else if a.Severity.Rank() == 0 {
		return fmt.Errorf("alert: %q is no severity", a.Severity)
	}
	if a.Category == "" {
		a.Category = "SuspiciousActivity"
	}
	if a.Time.IsZero() {
		a.Time = now
	}
	a.Time, a.From, a.To = micro(a.Time), micro(a.From), micro(a.To)
	a.Title, a.Category, a.Source, a.Policy, a.Detail, a.Link = cut(a.Title, maxTitle), cut(a.Category, 100), cut(a.Source, 100), cut(a.Policy, maxTitle), cut(a.Detail, maxText), cut(a.Link, maxText)
	a.Status, a.Last, a.Times, a.Revision = New, a.Time, 1, 1
	return a.tidyEvidence()
}

func (a *Alert) tidyEvidence() error {
	seen := map[string]bool{}
	var kept []Evidence
	for _, e := range a.Evidence {
		if !slices.Contains(EvidenceTypes(), e.Type) {
			return fmt.Errorf("alert: evidence of the type %q; there are %s", e.Type, strings.Join(EvidenceTypes(), ", "))
		}
		e.Time = micro(e.Time)
		for _, s := range []*string{&e.NetworkMessageID, &e.Account, &e.Subject, &e.URL, &e.FileName, &e.SHA256, &e.IP, &e.Family} {
			*s = cut(*s, maxValue)
		}
		if k := e.Key(); !seen[k] {
			seen[k] = true
			kept = append(kept, e)
		}
	}
	if over := len(kept) - MaxEvidence; over > 0 {
		kept, a.More = kept[:MaxEvidence], a.More+over
	}
	a.Evidence = kept
	return nil
}

func micro(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

// cut shortens s to at most n octets, at a character, and mends what is no UTF-8.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("there is no such alert")
	ErrOpen     = errors.New("a newer alert about the same is open; work with that one")
	ErrFull     = fmt.Errorf("%d alerts are open, which is as many as can be; resolve some first", MaxOpen)
)

// Life is how long resolved alerts are kept that stand in no incident.
const Life = 400 * 24 * time.Hour

// MaxOpen bounds the open alerts of an installation, so that something that raises without end is seen and fills nothing.
const MaxOpen = 20_000

// Outdated says that somebody else changed it meanwhile.
type Outdated struct{ Now int64 }

func (e *Outdated) Error() string {
	return "somebody else changed this alert meanwhile; look at it again"
}

// Wrong is a request that cannot be.
type Wrong struct {
	Field string // in the words of the API
	Say   string
}

func (e *Wrong) Error() string { return e.Say }

// Filter of a list of alerts. Empty fields do not filter.
type Filter struct {
	Statuses   []Status
	Severities []Severity
	Sources    []string
	Owner      string // exact; "-" for those without
	Text       string // part of title, policy or detail
	Link       string // exact: of what raised it
	Message    string // network message id in its evidence
	From, To   time.Time
	Before     Place // behind this one in the list; zero: from the start
	Limit      int
}

// Place is where an alert stands in the list, the newest first.
type Place struct {
	Time time.Time
	ID   string
}

// Change is what a person does to an alert. nil fields stay.
type Change struct {
	Status   *Status
	Note     *string
	Owner    *string
	Incident *string
	By       string
	At       time.Time
	From     int64 // revision that was seen
}

// Apply checks a change and makes it.
func (c *Change) Apply(a *Alert) error {
	switch {
	case a.Revision != c.From:
		return &Outdated{a.Revision}
	case c.Status != nil && !slices.Contains(Statuses(), *c.Status):
		return &Wrong{"status", fmt.Sprintf("%q is no status of an alert", string(*c.Status))}
	case c.Note != nil && len(*c.Note) > MaxNote:
		return &Wrong{"note", fmt.Sprintf("it is longer than %d characters", MaxNote)}
	}
	a.Revision++
	a.Changed, a.By = micro(c.At), c.By
	if c.Note != nil {
		a.Note = *c.Note
	}
	if c.Owner != nil {
		a.Owner = *c.Owner
	}
	if c.Incident != nil {
		a.Incident = *c.Incident
	}
	if c.Status != nil && *c.Status != a.Status {
		a.Status, a.Resolved = *c.Status, time.Time{}
		switch a.Status {
		case Resolved:
			a.Resolved = a.Changed
		case InProgress:
			if a.Owner == "" {
				a.Owner = c.By
			}
		}
	}
	return nil
}

// Counts say how many open alerts there are.
type Counts struct {
	Status   map[Status]int
	Severity map[Severity]int // of those that are not resolved
}

// Store keeps alerts.
type Store interface {
	// Raise keeps a, or adds it to the open alert with its key; ErrFull when there are too many open ones.
	Raise(ctx context.Context, a Alert) (now Alert, isNew bool, err error)
	// Rest notes that what raised the open alert with the key is no longer so; false when there is none, or it is noted already.
	Rest(ctx context.Context, key string, at time.Time) (bool, error)
	Alert(ctx context.Context, id string) (Alert, error)
	Alerts(ctx context.Context, f Filter) ([]Alert, error) // without evidence
	// Change answers ErrNotFound, *Outdated, *Wrong or, when it would open one beside another with its key, ErrOpen.
	Change(ctx context.Context, id string, c Change) (Alert, error)
	Counts(ctx context.Context) (Counts, error)

	// Untold returns alerts that the event store does not know whole, with only the evidence that it lacks; Told marks what was in it.
	Untold(ctx context.Context, limit int) ([]Untold, error)
	Told(ctx context.Context, list []Untold) error
}

// Untold is what the event store does not know of an alert.
type Untold struct {
	Alert Alert
	Info  bool // the alert itself
}
