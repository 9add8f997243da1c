// Package quarantine lets the people whose mail is held have a word about it: a digest says what was held, a signed link asks for one message,
// and an operator's answer comes back by mail. What is held, and what became of it, is not kept here: the event store says it (package hunt).
// Here is only what people said: who asked for which message, who answered what, and which messages a digest has told about.
package quarantine

import (
	"context"
	"errors"
	"time"
)

// State of a request for release.
type State string

// The states. Open is the only one that waits for somebody.
const (
	Open     State = "Release asked"
	Released State = "Released" // the message is in a mailbox, whoever put it there
	Refused  State = "Refused"  // by an operator, with a reason
	Gone     State = "Gone"     // deleted or expired before anybody answered
)

// Request is one person's wish to have a message that is held. There is one for a message and recipient, however often it is asked.
type Request struct {
	Message   string // network message id
	Recipient string
	Asked     time.Time
	Note      string // what the person wrote; hostile
	State     State
	Answered  time.Time // zero while it is open
	By        string    // who refused
	Reason    string    // why, for the person
	Told      bool      // the person was told
}

// Limits.
const (
	MaxNote   = 500  // characters of what a person writes
	MaxReason = 1000 // characters of an answer
	MaxOpen   = 1000 // requests that wait; more are refused until some are answered
)

// Errors.
var (
	ErrNoRequest = errors.New("nobody asks for this message any more")
	ErrTooMany   = errors.New("too many requests wait for an answer; try again tomorrow")
)

// Key names one message of one recipient.
type Key struct{ Message, Recipient string }

// Store keeps requests, and which messages a digest has told about. Each method is one transaction, durable when it returns.
type Store interface {
	// Ask keeps a request unless there is one for the message and recipient, and returns the one that stands. fresh says that it is new. One
	// that was answered before since does not count: the message was held again.
	Ask(ctx context.Context, r Request, since time.Time) (stands Request, fresh bool, err error)
	// Requests returns those of the keys that there are.
	Requests(ctx context.Context, keys []Key) (map[Key]Request, error)
	// Waiting returns open requests, oldest first.
	Waiting(ctx context.Context, limit int) ([]Request, error)
	CountOpen(ctx context.Context) (int, error)
	// Answer ends an open request. ErrNoRequest when it is not open.
	Answer(ctx context.Context, r Request) error
	// Untold returns answered requests whose person does not know, oldest first.
	Untold(ctx context.Context, limit int) ([]Request, error)
	Told(ctx context.Context, k Key) error

	// Listed returns which of the keys a digest has told about.
	Listed(ctx context.Context, keys []Key) (map[Key]bool, error)
	// List notes that a digest tells about them.
	List(ctx context.Context, keys []Key, at time.Time) error
	// Forget removes what was listed, and requests that were answered, before a time.
	Forget(ctx context.Context, before time.Time) error
	// DigestDay returns the last day whose digests were all queued ("2026-05-20"); "" when there was none.
	DigestDay(ctx context.Context) (string, error)
	SetDigestDay(ctx context.Context, day string) error
}
