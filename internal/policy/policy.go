// Package policy keeps what an organisation decided about judged mail, and brings every change to the running judge at once.
//
// Three things decide beside the verdict: the policy (what to do per threat and confidence), the allow and block entries of the
// organisation, and the settings of single mailboxes. package detect says how they decide; this package says who may change what into
// what, keeps who did it when and why, and holds the one detect.Book that is in force. The settings file gives the first policy; once it
// is edited in the product, the store rules. A change is always a new Book, never an edit in place: a message is decided by one state of
// things. Every change raises a number in the store, which each process that judges looks at once a second.
package policy

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
)

// Version is one state of the policy. Overrides stand apart, as entries.
type Version struct {
	Number int64 // from 1; 0 is the settings file's
	At     time.Time
	By     string // address of the operator, or "local command line"
	Via    string // "session", "token", "local"
	Reason string
	Policy detect.Policy
}

// Entry is one line of the allow and block list.
type Entry struct {
	detect.Override
	Updated   time.Time
	UpdatedBy string
	Revision  int64 // from 1
}

// Filter chooses entries. Zero fields choose all.
type Filter struct {
	Kind   detect.OverrideKind
	Allow  *bool
	State  string    // "active", "expired" or "" for both
	Search string    // part of value, reason or author, in any case
	Now    time.Time // for State
	After  EntryKey  // last entry of the page before
	Limit  int
}

// EntryKey is the place of an entry in lists, which are newest first.
type EntryKey struct {
	Created time.Time
	ID      string
}

// Store keeps all of it. Every change raises Generation in the same transaction.
type Store interface {
	PolicyGeneration(ctx context.Context) (int64, error)

	// LatestPolicy returns the newest version, or ErrNotFound while the policy was never edited.
	LatestPolicy(ctx context.Context) (Version, error)
	// PolicyVersions returns versions below the given number, newest first; 0 is no bound.
	PolicyVersions(ctx context.Context, below int64, limit int) ([]Version, error)
	PolicyVersion(ctx context.Context, number int64) (Version, error)
	// AddPolicyVersion keeps v as the version after from, else *Outdated.
	AddPolicyVersion(ctx context.Context, v Version, from int64) (Version, error)

	AllEntries(ctx context.Context) ([]Entry, error)
	// Entries returns a page, and how many match in all.
	Entries(ctx context.Context, f Filter) ([]Entry, int64, error)
	Entry(ctx context.Context, id string) (Entry, error)
	// EntryOf returns the entry for a value.
	EntryOf(ctx context.Context, kind detect.OverrideKind, value string) (Entry, error)
	// AddEntries keeps new entries, all or none. One that expired before now makes room; another is *Same.
	AddEntries(ctx context.Context, e []Entry, now time.Time) error
	// ChangeEntry replaces the revision that e names by the next; kind and value stay.
	ChangeEntry(ctx context.Context, e Entry) (Entry, error)
	RemoveEntry(ctx context.Context, id string) error

	AllMailboxes(ctx context.Context) ([]detect.Mailbox, error)
	// Mailboxes returns settings by address, after the given one, whose address holds search.
	Mailboxes(ctx context.Context, search, after string, limit int) ([]detect.Mailbox, error)
	Mailbox(ctx context.Context, address string) (detect.Mailbox, error)
	PutMailbox(ctx context.Context, m detect.Mailbox) error
	RemoveMailbox(ctx context.Context, address string) error
}

// ErrNotFound says that what was asked for by its key is not there.
var ErrNotFound = errors.New("there is no such entry")

// Outdated says that somebody else was faster.
type Outdated struct{ Now int64 }

func (e *Outdated) Error() string {
	return fmt.Sprintf("somebody changed it in the meantime: it is at revision %d now; look at that first", e.Now)
}

// Same says that there is an entry for the value already.
type Same struct{ Entry Entry }

func (e *Same) Error() string {
	return fmt.Sprintf("there is %s entry for %s %s already (%s); change that one", article(e.Entry.Allow), e.Entry.Kind, detect.Clean(e.Entry.Value, 200), detect.Clean(e.Entry.Reason, 200))
}

func article(allow bool) string {
	if allow {
		return "an allow"
	}
	return "a block"
}

// Wrong is an input that cannot be. Field is where, in the words of the API.
type Wrong struct {
	Field string
	Err   error
}

func (e *Wrong) Error() string { return e.Err.Error() }
func (e *Wrong) Unwrap() error { return e.Err }

// MaxEntries bounds the list. It is looked up by value, so its length costs memory, not time.
const MaxEntries = 200_000

// Tidy is the value of an entry as it is kept: without blanks, defanging and brackets, in lower case where case says nothing.
func Tidy(kind detect.OverrideKind, value string) string {
	v := strings.Trim(email.Refang(strings.TrimSpace(value)), "<>")
	switch kind {
	case detect.OverrideDomain:
		v = strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(v, "."), "*."), "@"))
	case detect.OverrideURL:
		if !strings.Contains(v, "/") {
			v = strings.ToLower(strings.TrimPrefix(v, "*."))
		}
	case detect.OverrideSender, detect.OverrideFile:
		v = strings.ToLower(v)
	case detect.OverrideIP:
		if p, err := netip.ParsePrefix(v); err == nil {
			return p.Masked().String()
		}
		if a, err := netip.ParseAddr(v); err == nil {
			return a.Unmap().WithZone("").String()
		}
	}
	return v
}

// Effect says in one sentence what an entry does.
func Effect(o *detect.Override) string {
	what := map[detect.OverrideKind]string{
		detect.OverrideSender: "Mail from " + o.Value, detect.OverrideDomain: "Mail from " + o.Value + " and the domains below it",
		detect.OverrideIP: "Mail that " + o.Value + " sends", detect.OverrideURL: "Mail with links to " + o.Value, detect.OverrideFile: "Mail with this file",
	}[o.Kind]
	what = detect.Clean(what, 300)
	switch {
	case !o.Allow:
		return what + " goes to quarantine."
	case o.Kind == detect.OverrideFile:
		return what + " is not malware, as long as all its other files are allowed too."
	case o.Kind == detect.OverrideURL:
		return what + " is delivered, as long as all its other links are allowed too, unless it is malware."
	case o.Unproven || o.Kind == detect.OverrideIP:
		return what + " is delivered, unless it is malware."
	}
	return what + " is delivered when authentication proves the sender, unless it is malware."
}
