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
	// RemoveRule takes one rule out and returns the whole script as it was before, to put it back. ErrGone: the rule is not there any more.
	RemoveRule(ctx context.Context, r MailboxRule) (before string, err error)
	// PutBack makes a script what it was before RemoveRule.
	PutBack(ctx context.Context, script, before string) error
	// SignOut ends the sessions of the mailbox's owner. ErrCannot.
	SignOut(ctx context.Context) error
}

// FolderReader is an extra power of a Mailbox: what lies in one folder, for folders that people put reports into.
type FolderReader interface {
	// Folder returns copies in the folder that people see as name (in any case, below the inbox or not), oldest first, at most limit: those
	// that came after the copy with the ID after, or all for "" and for an ID that means nothing there any more. A folder that is not
	// there holds nothing. SHA256 is empty.
	Folder(ctx context.Context, name, after string, limit int) ([]Copy, error)
}

// MailboxRule is something a mailbox does with mail by itself.
type MailboxRule struct {
	ID     string // of the provider
	Script string // name of the script it stands in
	Text   string // as written; hostile
	Why    string // "forwards to outside@example.net", "hides mail about invoices"; "" when nothing is wrong with it
}
