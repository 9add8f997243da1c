package remediate

import (
	"context"
	"errors"
	"time"
)

// Errors of providers. Anything else is tried again.
var (
	ErrNoMailbox  = errors.New("there is no such mailbox")                       // final
	ErrCannot     = errors.New("this mail system cannot do that")                // final
	ErrRefused    = errors.New("the mail system refused Tocsin's sign-in")       // tried again, and told to the administrator
	ErrGone       = errors.New("the copy is not there any more")                 // of Stat, Fetch, Move, Remove
	ErrOverloaded = errors.New("the mail system asks to wait, or cannot be had") // tried again without counting as a try
)

// Provider reaches the mailboxes of one mail system. It is safe for concurrent use.
type Provider interface {
	Name() string // "imap": stands in receipts
	// Open signs in to one mailbox, by its address. ErrNoMailbox, ErrRefused, ErrOverloaded.
	Open(ctx context.Context, address string) (Mailbox, error)
}

// Mailbox is one open mailbox. It is used by one goroutine and must be closed.
//
// Every method checks that the copy it is about is still the one that was found: an ID that the mail system gave to another message since
// (IMAP: another UIDVALIDITY) is ErrGone.
type Mailbox interface {
	// Find returns the copies that may be the message, in all folders but those of other people: those with its Message-ID, or, when it has
	// none, those with its date and sender. They are candidates: the caller proves them by the digest of what Fetch returns. SHA256 is empty.
	Find(ctx context.Context, m Message) ([]Copy, error)
	// Stat looks at a copy again: its flags may have changed. ErrGone.
	Stat(ctx context.Context, c Copy) (Copy, error)
	// Fetch returns the octets of a copy, without marking it as read, and the copy with SHA256 and Size. ErrGone.
	Fetch(ctx context.Context, c Copy) (raw []byte, as Copy, err error)
	// Move puts a copy into the folder of the place (or into the named folder, when it is not empty), flags and time of arrival kept, and
	// returns it as it lies there. It is one step of the mail system where it can do that (RFC 6851), else copy and remove.
	Move(ctx context.Context, c Copy, place Place, folder string) (Copy, error)
	// Remove takes a copy out for good, and only this copy (RFC 4315 UID EXPUNGE). Where the mail system cannot do that: ErrCannot.
	Remove(ctx context.Context, c Copy) error
	// Append puts octets into the folder of the place (or into the named one) with flags and time of arrival. SHA256 of the result is that of raw.
	Append(ctx context.Context, raw []byte, place Place, folder string, flags []string, received time.Time) (Copy, error)
	Close() error
}

// FirstAid is an extra power of a Mailbox: what an attacker who got in leaves behind, and how to end what they do.
type FirstAid interface {
	// Rules lists what the mailbox does with mail by itself (Sieve, RFC 5228).
	Rules(ctx context.Context) ([]MailboxRule, error)
	// RemoveRule takes one rule out. Before it does, keep is told of the script as it was and as it will be; the error of keep ends it with
	// nothing done. ErrGone: the rule or its script is not there any more. ErrChanged: the script is another than the one with r.Version.
	RemoveRule(ctx context.Context, r MailboxRule, keep func(ScriptChange) error) error
	// PutBack puts what a change took out back where it stood, and leaves what was changed elsewhere in the script since. keep as above.
	// ErrGone: the script is not there any more. ErrChanged: the place where it stood cannot be found.
	PutBack(ctx context.Context, out ScriptChange, keep func(ScriptChange) error) error
	// Script reads a script. ErrGone.
	Script(ctx context.Context, name string) (string, error)
	// CanSignOut says whether the mail system can end sessions: nil, or a sentence why not (ErrCannot). It does not ask the mail system.
	CanSignOut() error
	// SignOut ends the sessions of the mailbox's owner. ErrCannot.
	SignOut(ctx context.Context) error
}

// ErrChanged is a script that others changed since somebody looked at it.
var ErrChanged = errors.New("the mail rules were changed since they were looked at; look again")

// FolderReader is an extra power of a Mailbox: what lies in one folder, for folders that people put reports into.
type FolderReader interface {
	// Folder returns copies in the folder that people see as name (in any case, below the inbox or not), oldest first, at most limit: those
	// that came after the copy with the ID after, or all for "" and for an ID that means nothing there any more. A folder that is not
	// there holds nothing. SHA256 is empty.
	Folder(ctx context.Context, name, after string, limit int) ([]Copy, error)
}

// MailboxRule is something a mailbox does with mail by itself.
type MailboxRule struct {
	ID      string // of the provider
	Script  string // name of the script it stands in
	Version string // of that script: another when one octet of it is
	Text    string // as written; hostile
	Why     string // "forwards to outside@example.net", "hides mail about invoices"; "" when nothing is wrong with it
}

// ScriptChange is one rewriting of a script. After is Before with one piece taken out or put in at At.
type ScriptChange struct {
	Script        string
	Before, After string // whole, octet for octet; hostile
	At            int    // octets from the start
}
