// Package auth decides who may do what in Tocsin, and writes down who did.
//
// An operator is a person who signs in; roles give permissions, and every route of the API names the one permission it
// needs. A person proves who they are with a password (argon2id) and is then known by a session cookie; a program
// shows an API token. Both are kept only as hashes. Guessing is slowed down by account and by address, in the same time
// for accounts that exist and accounts that do not. Whatever touches mail or rights leaves a record in the audit log,
// through one function.
package auth

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Errors of this package. They are safe to show.
var (
	ErrCredentials = errors.New("the email address or the password is wrong")
	ErrNotSignedIn = errors.New("you are not signed in")
	ErrDisabled    = errors.New("this operator may not sign in any more; a Global Administrator can change that")
	ErrNotFound    = errors.New("there is no such operator")
	ErrExists      = errors.New("an operator with this email address exists already")
	ErrSetupLink   = errors.New("this set-up link is used, expired or wrong; restart tocsin serve for a new one")
	ErrBusy        = errors.New("too many sign-ins at once; try again in a moment")
)

// Errors of changes to operators and of what belongs to them.
var (
	ErrLastAdministrator = errors.New("this is the last Global Administrator who can sign in; give the role to somebody else first")
	ErrInvitation        = errors.New("this link is used, expired or wrong; ask a Global Administrator for a new one")
	ErrNoSession         = errors.New("there is no such session, or it is over")
	ErrNoToken           = errors.New("there is no such token")
)

// TooSoon says that sign-in is slowed down for this account or address.
type TooSoon struct{ RetryAfter time.Duration }

func (e *TooSoon) Error() string {
	return "too many failed sign-ins; try again in " + e.RetryAfter.Round(time.Second).String()
}

// Operator is a person who signs in to Tocsin.
type Operator struct {
	ID       string // UUIDv7
	Email    string // lower case, unique
	Name     string
	Roles    []Role
	Password string // PHC string of argon2id; "" when the operator has no password (tokens only)
	Disabled bool
	Factor   bool // a second factor is set up and confirmed
	Linked   bool // an identity of the provider is theirs
	Created  time.Time
	Changed  time.Time // when password or roles last changed; older sessions end
	SignedIn time.Time // last sign-in, zero when never
}

// Principal is who makes a request: an operator by session or token, or this machine's own command line.
type Principal struct {
	Operator    Operator
	Permissions []Permission // sorted
	Via         string       // "session", "token", "local"
	Address     string       // of the client, without port
	Session     string       // id of the session; "" for others
	Shown       time.Time    // when the session last showed a second factor; zero: never
	Provider    bool         // the session began at the OpenID Connect provider
	MustEnrol   bool         // a second factor is required and not set up: nothing else may be done
}

// May reports whether the principal has the permission.
func (p *Principal) May(need Permission) bool {
	if need == Public {
		return true
	}
	if p == nil {
		return false
	}
	_, found := slices.BinarySearch(p.Permissions, need)
	return found
}

type principalKey struct{}

// With returns a context that carries the principal.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns the principal of the request, nil when nobody is signed in.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}
