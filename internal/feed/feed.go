// Package feed brings indicators and threats from other organisations in, on a schedule.
//
// A feed is a place that an administrator chose: a STIX file, a collection of a TAXII 2.1 server, a MISP instance or a MISP feed, a list of
// lines or of cells. A run asks it for what is new since the last run, keeps every STIX object as it came, and hands on what can be looked
// for in mail. When a feed is due, how it stood after its last run and how far it was read are kept, so a restart changes nothing.
//
// A feed is a stranger who may be wrong, slow, broken or taken over. What it sends is bounded in size, count and time; a row that is none is
// refused with the reason; a feed that fails is asked again later and later, and says in plain words since when it is silent. Its address
// may lead to private networks only when the feed says so, never through a redirect to another host. Its password is sealed, and nothing
// gives it back.
package feed

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/internal/stix"
)

// Kind of a feed.
type Kind string

// The kinds.
const (
	STIX     Kind = "stix"      // a bundle at an address
	TAXII    Kind = "taxii"     // a collection of a TAXII 2.1 server
	MISP     Kind = "misp"      // the REST API of a MISP instance
	MISPFeed Kind = "misp-feed" // manifest.json and events at an address
	CSV      Kind = "csv"
	Text     Kind = "text" // a value a line
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{STIX, TAXII, MISP, MISPFeed, CSV, Text} }

// How a feed is signed in to.
const (
	AuthNone   = "none"
	AuthBasic  = "basic"  // user and password
	AuthBearer = "bearer" // a token in Authorization
	AuthHeader = "header" // a key in a header of its own; MISP wants Authorization
)

// Settings of a feed: what an administrator chooses.
type Settings struct {
	Name       string        `json:"name"`
	Kind       Kind          `json:"kind"`
	URL        string        `json:"url"`
	Collection string        `json:"collection,omitempty"` // TAXII: its id
	Root       string        `json:"root,omitempty"`       // TAXII: address of the API root that has it
	Auth       string        `json:"auth"`
	User       string        `json:"user,omitempty"`
	Header     string        `json:"header,omitempty"`
	Private    bool          `json:"private,omitempty"` // may lead to private addresses, and be asked without TLS
	Every      time.Duration `json:"every"`
	Enabled    bool          `json:"enabled"`
	Whole      bool          `json:"whole,omitempty"` // the list is all there is: what it does not name any more is retired

	Confidence int      `json:"confidence"` // 0 to 100; of what says nothing of its own
	TLP        stix.TLP `json:"tlp,omitempty"`
	Days       int      `json:"days"` // how long something is valid that says nothing of its own; 0: until it is withdrawn
	State      string   `json:"state"`
	Tags       []string `json:"tags,omitempty"`
	Threat     string   `json:"threat,omitempty"`

	Columns Columns `json:"columns,omitzero"` // CSV and text
	Events  bool    `json:"events,omitempty"` // MISP: ask for events instead of attributes
	Filter  string  `json:"filter,omitempty"` // MISP: only what has one of these tags, separated by commas
}

// Columns say where in a line what stands. A column is named as in the head of the list, or by its number from 1.
type Columns struct {
	Separator  string    `json:"separator,omitempty"` // one character; "\t" is a tab; default a comma
	Head       bool      `json:"head,omitempty"`      // the first line names columns
	Comment    string    `json:"comment,omitempty"`   // lines that begin with it are none; default #
	Value      string    `json:"value,omitempty"`
	Type       string    `json:"type,omitempty"`
	Threat     string    `json:"threat,omitempty"`
	Confidence string    `json:"confidence,omitempty"`
	Tags       string    `json:"tags,omitempty"`
	Until      string    `json:"until,omitempty"`
	About      string    `json:"about,omitempty"` // description
	Of         stix.Kind `json:"of,omitempty"`    // what all values are; "" guesses
}

// Feed is one that is set up.
type Feed struct {
	ID string // letters, digits and hyphens, made of the first name; indicators name it as their source
	Settings
	Sealed  string // password or key; "" for none
	Version int64
	Created time.Time
	By      string // who set it up
	Health
}

// Source is the name under which indicators of the feed are kept.
func (f *Feed) Source() string { return "feed " + f.ID }

// Health is how it stands with a feed.
type Health struct {
	Next      time.Time // when it is due; zero: never
	Last      time.Time // last run
	Good      time.Time // last run that went well
	Delivered time.Time // last run that brought anything new
	Failures  int       // runs in a row that failed
	Problem   string    // of the last run, in words; "" when it went well
	Cursor    string    // how far it was read: JSON, of the kind
	Items     int64     // indicators that it brought, over all runs
	Objects   int64     // STIX objects kept
	Running   bool      // filled by Desk
}

// Run is one run of a feed.
type Run struct {
	ID                            int64
	Feed                          string
	At                            time.Time
	Took                          time.Duration
	By                            string // who asked for it; "" the schedule
	Added, Changed, Same, Retired int
	Withdrawn                     int // that the feed says are none any more
	Objects, NewObjects           int
	Ignored                       int // what is nothing that is seen in mail
	RefusedCount                  int
	Refused                       []Refusal // the first of them
	Notes                         []string
	Unchanged                     bool // the other side said that nothing changed
	Problem                       string
}

// Refusal is a row that is no indicator, and why.
type Refusal struct {
	At    int    `json:"at"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

// Item is one thing to look for, as a feed says it.
type Item struct {
	stix.Wanted // Kind "" is to be guessed
	Threat      string
	Ref         string // of the feed: an id
	Confidence  int
	TLP         stix.TLP
	Tags        []string
	State       string // "suspicious", "confirmed" or "retired"
	Good        bool
	Description string
	From, Until time.Time
}

// States that a feed gives what it brings.
const (
	Suspicious = "suspicious"
	Confirmed  = "confirmed"
	Retired    = "retired"
)

// Taken is what came of handing items on.
type Taken struct {
	Added, Changed, Same, Retired int // Retired are those that a whole list does not name any more
	Withdrawn                     int // that the source says are none any more
	RefusedCount                  int
	Refused                       []Refusal
	Warnings                      []string
}

// Taker keeps indicators. whole says that source has nothing else.
type Taker interface {
	Take(ctx context.Context, source string, whole bool, items iter.Seq2[Item, error]) (Taken, error)
	// Check says what kind a value is, or why it is no indicator.
	Check(kind stix.Kind, value string) (stix.Kind, error)
}

// Threats keeps what feeds say of families, actors, campaigns and techniques. objects are all that source says now: the newest versions of
// malware, tool, intrusion-set, threat-actor, campaign and attack-pattern that are not revoked. What it said before and not now has ended.
type Threats interface {
	TakeThreats(ctx context.Context, source string, objects iter.Seq2[*stix.Object, error]) error
}

// Sealer keeps secrets. about is what one belongs to: it does not open for anything else.
type Sealer interface {
	Seal(about, text string) string
	Open(about, sealed string) (string, error)
}

// Store keeps feeds, runs and objects. It is safe for concurrent use.
type Store interface {
	Feeds(ctx context.Context) ([]Feed, error) // by name
	Feed(ctx context.Context, id string) (Feed, error)
	// PutFeed adds a feed (Version 0) or changes the settings of the version that was read; ErrOutdated when it changed since.
	PutFeed(ctx context.Context, f Feed) (Feed, error)
	RemoveFeed(ctx context.Context, id string) error
	// PutHealth keeps how a feed stands, and a run of it, which may be nil.
	PutHealth(ctx context.Context, id string, h Health, r *Run) error
	Runs(ctx context.Context, feed string, most int) ([]Run, error) // newest first
	// Due lists the feeds that are switched on and due.
	Due(ctx context.Context, now time.Time) ([]string, error)

	// PutObjects keeps STIX objects of a run by id and "modified". Of several versions the one with the latest time is the newest.
	PutObjects(ctx context.Context, feed string, run int64, objects []*stix.Object) (fresh int, err error)
	// Objects yields the newest version of objects of a feed, by id. run 0 means all; otherwise those that the run named, and indicators
	// about which it named a relationship.
	Objects(ctx context.Context, feed string, run int64, types []string) iter.Seq2[*stix.Object, error]
	// Object returns the newest version, ErrNotFound when there is none.
	Object(ctx context.Context, feed, id string) (*stix.Object, error)
	// Related returns the newest relationships of a kind that begin at an object.
	Related(ctx context.Context, feed, source, how string) ([]*stix.Object, error)
	CountObjects(ctx context.Context, feed string) (int64, error)
	// Newest returns objects of some types by when they were changed, the newest first. It may return revoked ones.
	Newest(ctx context.Context, feed string, types []string, most int) ([]*stix.Object, error)

	// PutReports replaces what a feed tells; Reports lists it, newest first.
	PutReports(ctx context.Context, feed string, all []Report) error
	Reports(ctx context.Context, feed string) ([]Report, error)
}

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("there is no such feed")
	ErrOutdated = errors.New("somebody else changed this feed in the meantime; look at it again before you change it")
	ErrBusy     = errors.New("this feed is being read already; wait until it is done")
	ErrFull     = fmt.Errorf("there are %d feeds, which is the most", MaxFeeds)
)

// Wrong is a setting that cannot be. Field is where, in the words of the API.
type Wrong struct{ Field, Say string }

func (e *Wrong) Error() string { return e.Say }

// Bounds.
const (
	MaxFeeds = 200
	MinEvery = 5 * time.Minute
	MaxEvery = 31 * 24 * time.Hour
	MaxDays  = 3650
)

// Check says what is wrong with settings.
func (s *Settings) Check() error {
	s.Name = strings.Join(strings.Fields(s.Name), " ")
	if s.Auth == "" {
		s.Auth = AuthNone
	}
	if s.State == "" {
		s.State = Suspicious
	}
	switch {
	case s.Name == "" || len(s.Name) > 120:
		return &Wrong{"name", "give the feed a name of at most 120 characters"}
	case !slices.Contains(Kinds(), s.Kind):
		return &Wrong{"kind", fmt.Sprintf("%q is no kind of feed; stix, taxii, misp, misp-feed, csv or text", string(s.Kind))}
	case s.Every < MinEvery || s.Every > MaxEvery:
		return &Wrong{"every", "a feed is asked every 5 minutes to 31 days"}
	case s.Confidence < 0 || s.Confidence > 100:
		return &Wrong{"confidence", "the confidence is between 0 and 100"}
	case s.Days < 0 || s.Days > MaxDays:
		return &Wrong{"days", "what it brings is valid for 1 to 3650 days, or 0 until it is withdrawn"}
	case s.State != Suspicious && s.State != Confirmed:
		return &Wrong{"state", "what it brings is suspicious or confirmed"}
	case s.TLP != stix.TLPNone && !slices.Contains(stix.TLPs(), s.TLP):
		return &Wrong{"tlp", "the TLP is clear, green, amber, amber+strict or red"}
	case len(s.Tags) > 10 || slices.ContainsFunc(s.Tags, func(t string) bool { return t == "" || len(t) > 60 }):
		return &Wrong{"tags", "at most 10 tags of at most 60 characters"}
	case len(s.Threat) > 120:
		return &Wrong{"threat", "the name of the threat has at most 120 characters"}
	case !slices.Contains([]string{AuthNone, AuthBasic, AuthBearer, AuthHeader}, s.Auth):
		return &Wrong{"auth", "it signs in with none, basic, bearer or header"}
	case s.Auth == AuthBasic && (s.User == "" || strings.Contains(s.User, ":")):
		return &Wrong{"user", "a user name without a colon belongs to the password"}
	case s.Auth == AuthHeader && s.Header == "":
		return &Wrong{"header", "name the header that carries the key, such as X-Api-Key"}
	case strings.ContainsAny(s.Header+s.User, "\r\n\x00") || strings.ContainsAny(s.Header, " :\t()<>@,;\\\"/[]?={}") || len(s.Header) > 100:
		return &Wrong{"header", "this is no name of a header"}
	case s.Kind == TAXII && s.Enabled && s.Collection == "":
		return &Wrong{"collection", "choose a collection of the server; the test lists them"}
	}
	if err := checkURL("url", s.URL, s.Private, s.Auth != AuthNone); err != nil {
		return err
	}
	if s.Kind == TAXII && s.Root != "" {
		if err := checkURL("root", s.Root, s.Private, s.Auth != AuthNone); err != nil {
			return err
		}
		if !sameHost(s.URL, s.Root) {
			return &Wrong{"root", "the API root is on another host than the address; give its own address instead"}
		}
	}
	return s.Columns.check(s.Kind)
}

func checkURL(field, s string, private, secret bool) error {
	u, err := url.Parse(s)
	switch {
	case len(s) > 2000:
		return &Wrong{field, "the address is too long"}
	case err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return &Wrong{field, "give an address such as https://feeds.example/list.txt"}
	case u.User != nil:
		return &Wrong{field, "leave name and password out of the address; there are fields for them"}
	case u.Scheme == "http" && !private && secret:
		return &Wrong{field, "a password is not sent without TLS; use https://, or mark the feed as one of your own network"}
	case u.Fragment != "":
		return &Wrong{field, "leave out what stands behind #"}
	}
	return nil
}

func sameHost(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && strings.EqualFold(x.Host, y.Host) && x.Scheme == y.Scheme
}

func (c *Columns) check(k Kind) error {
	if k != CSV && k != Text {
		return nil
	}
	if c.Separator == `\t` || c.Separator == "tab" {
		c.Separator = "\t"
	}
	switch {
	case k == CSV && c.Value == "":
		return &Wrong{"columns.value", "say which column holds the value: its name in the head, or its number from 1"}
	case c.Separator != "" && (len([]rune(c.Separator)) != 1 || strings.ContainsAny(c.Separator, "\r\n\"")):
		return &Wrong{"columns.separator", "cells are separated by one character, such as , or ;"}
	case len(c.Comment) > 10:
		return &Wrong{"columns.comment", "comments begin with at most 10 characters"}
	case c.Of != "" && !slices.Contains(kinds, c.Of):
		return &Wrong{"columns.of", "values are url, domain, ip, hash, sender or subject, or empty to guess"}
	}
	return nil
}

var kinds = []stix.Kind{stix.URL, stix.Domain, stix.IP, stix.Hash, stix.Sender, stix.Subject}
