package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Store keeps operators, their tokens and the link of the first administrator. What does not exist is ErrNotFound.
type Store interface {
	OperatorByEmail(ctx context.Context, email string) (Operator, error)
	OperatorByID(ctx context.Context, id string) (Operator, error)
	Operators(ctx context.Context) ([]Operator, error)
	// AddOperator answers ErrExists when the address is taken.
	AddOperator(ctx context.Context, o Operator) error
	// SetPassword keeps a new PHC string. changed is zero when only the costs changed, and sessions then go on.
	SetPassword(ctx context.Context, id, phc string, changed time.Time) error
	MarkSignIn(ctx context.Context, id string, at time.Time) error

	AddToken(ctx context.Context, t Token) error
	TokenByHash(ctx context.Context, hash string) (Token, error)
	Tokens(ctx context.Context) ([]Token, error)
	MarkToken(ctx context.Context, id string, at time.Time) error

	// PutSetup replaces every set-up link by this one.
	PutSetup(ctx context.Context, hash string, expires time.Time) error
	SetupExpiry(ctx context.Context, hash string) (time.Time, error)
	// TakeSetup adds the first operator and uses the link up, both or neither. It answers ErrSetupLink when the link is
	// not there, is over at the time now, or somebody is an operator already.
	TakeSetup(ctx context.Context, hash string, now time.Time, first Operator) error

	accounts
	factors
	identities
	keyring
}

// Token is an API token of an operator, without the secret.
type Token struct {
	ID         string
	OperatorID string
	Name       string
	Hash       string // SHA-256 of the secret, hex
	Created    time.Time
	Used       time.Time // last use, to the minute; zero when never
	Expires    time.Time // zero: never
	Revoked    bool
	Scopes     []Permission // what it may do at most; nil: all that its operator may
}

// Gate is where people and programs prove who they are. Make one with NewGate.
type Gate struct {
	store    Store
	journal  Journal
	hasher   *Hasher
	throttle *Throttle
	slowed   slowed
	now      func() time.Time
	local    [sha256.Size]byte // hash of this run's local token; zero when there is none
	hasLocal bool
	key      [32]byte // seals secrets
	hasKey   bool
	whom     string // whose sign-in needs a second factor

	federation Federation
	breakGlass []string // whom passwords and keys are for; empty: everybody
}

// NewGate returns a gate over the stores.
func NewGate(s Store, j Journal, h *Hasher, now func() time.Time) *Gate {
	return &Gate{store: s, journal: j, hasher: h, throttle: NewThrottle(now), now: now}
}

// Lengths of what people choose.
const (
	MinPassword = 12 // characters
	MaxPassword = 1024
	setupLife   = 24 * time.Hour
	tokenPrefix = "tocsin_"
)

// SignIn checks an email address and a password. Whatever is wrong, the answer is ErrCredentials and takes the same time. For an
// operator with a second factor the right password is answered ErrFactorNeeded.
func (g *Gate) SignIn(ctx context.Context, email, password, address string) (Operator, error) {
	return g.SignInWith(ctx, email, password, "", address)
}

// SignInWith is SignIn with a code of the operator's second factor; it is looked at only when the password is right and there is one.
func (g *Gate) SignInWith(ctx context.Context, email, password, code, address string) (Operator, error) {
	email = fold(email)
	if err := g.throttle.Try(email, address); err != nil {
		return Operator{}, errors.Join(err, g.recordSlowed(ctx, email, address))
	}
	o, err := g.store.OperatorByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Operator{}, err
	}
	ok, outdated, err := g.hasher.Check(ctx, o.Password, password)
	if err != nil {
		return Operator{}, err
	}
	if !ok || o.Disabled {
		err := g.Write(ctx, Record{Operator: email, Via: "session", Address: address, Action: ActSignInRefused}, nil)
		return Operator{}, errors.Join(ErrCredentials, err)
	}
	if err := g.localOnly(o); err != nil {
		return Operator{}, errors.Join(err, g.refusedLocal(ctx, o, address, err))
	}
	if o.Factor {
		// A right password alone forgives no wrong ones, and is none itself.
		g.throttle.TakeBack(email, address)
		if strings.TrimSpace(code) == "" {
			return Operator{}, ErrFactorNeeded
		}
		if err := g.CheckFactor(ctx, o, code, address); err != nil {
			return Operator{}, errors.Join(err, g.refusedCode(ctx, o, address, err))
		}
	}
	g.throttle.Succeeded(email, address)
	if outdated {
		phc, err := g.hasher.Hash(ctx, password)
		if err == nil {
			err = g.store.SetPassword(ctx, o.ID, phc, time.Time{})
		}
		if err != nil && !errors.Is(err, ErrBusy) { // busy: next time will do
			return Operator{}, err
		}
	}
	return o, g.signedIn(ctx, o, address, nil)
}

// Resume returns the operator of a session that began at the given time. The session is over when the operator is
// gone, disabled, or has had the password or the roles changed since.
func (g *Gate) Resume(ctx context.Context, id string, since time.Time) (Operator, error) {
	o, err := g.store.OperatorByID(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Operator{}, ErrNotSignedIn
	}
	if err != nil {
		return Operator{}, err
	}
	if o.Disabled || o.Changed.After(since) {
		return Operator{}, ErrNotSignedIn
	}
	return o, nil
}

// Bearer returns who shows an API token or this run's local token. Anything unknown is ErrNotSignedIn.
func (g *Gate) Bearer(ctx context.Context, secret string) (*Principal, error) {
	sum := sha256.Sum256([]byte(secret))
	if g.hasLocal && subtle.ConstantTimeCompare(sum[:], g.local[:]) == 1 {
		return &Principal{Operator: Operator{Email: "local command line"}, Permissions: localPermissions, Via: "local"}, nil
	}
	if !strings.HasPrefix(secret, tokenPrefix) {
		return nil, ErrNotSignedIn
	}
	t, err := g.store.TokenByHash(ctx, hex.EncodeToString(sum[:]))
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNotSignedIn
	}
	if err != nil {
		return nil, err
	}
	now := g.now()
	if t.Revoked || !t.Expires.IsZero() && !now.Before(t.Expires) {
		return nil, ErrNotSignedIn
	}
	o, err := g.store.OperatorByID(ctx, t.OperatorID)
	if err != nil || o.Disabled {
		return nil, errors.Join(ErrNotSignedIn, err)
	}
	if now.Sub(t.Used) > time.Minute {
		if err := g.store.MarkToken(ctx, t.ID, now); err != nil {
			return nil, err
		}
	}
	return &Principal{Operator: o, Permissions: t.May(o), Via: "token"}, nil
}

// localPermissions is what the commands of this machine (import, hunt, incident, policy, list, rejudge, whatif, audit) need from the server that holds the stores. Sorted. Whoever can read
// the token can read the stores too, so hunting withholds nothing; no route opens for EmailPreview alone. It sees actions and touches
// no mailbox: who does that, and who approves it, is a person with a name.
var localPermissions = []Permission{ActionRead, AuditRead, EmailPreview, HuntRun, IncidentRead, IntelligenceEdit, IntelligenceRead, MailImport, PolicyBlock, PolicyEdit, PolicyRead, RejudgeRun, RulesEdit, RulesRead, WhatIfRun}

// LocalToken makes the secret with which this machine's command line speaks to this run of the server. Call it once, before
// serving.
func (g *Gate) LocalToken() string {
	secret := newSecret("local_")
	g.local, g.hasLocal = sha256.Sum256([]byte(secret)), true
	return secret
}

// AddOperator adds a person. password may be "": such an operator can only have tokens.
func (g *Gate) AddOperator(ctx context.Context, email, name, password string, roles []Role) (Operator, error) {
	o, err := g.newOperator(ctx, email, name, password, roles)
	if err != nil {
		return Operator{}, err
	}
	if err := g.store.AddOperator(ctx, o); err != nil {
		return Operator{}, err
	}
	return o, g.Write(ctx, Record{Action: ActOperatorAdded, Subject: o.Email}, map[string][]Role{"roles": roles})
}

// SetupLink makes the one-time secret for the first administrator, or returns "" when there is an operator already.
func (g *Gate) SetupLink(ctx context.Context) (secret string, expires time.Time, err error) {
	have, err := g.store.Operators(ctx)
	if err != nil || len(have) > 0 {
		return "", time.Time{}, err
	}
	secret, expires = newSecret(""), g.now().Add(setupLife)
	if err := g.store.PutSetup(ctx, hash(secret), expires); err != nil {
		return "", time.Time{}, err
	}
	return secret, expires, g.Write(ctx, Record{Operator: "tocsin serve", Via: "console", Action: ActSetupLink}, nil)
}

// SetupExpiry says until when a set-up link works; ErrSetupLink when it does not.
func (g *Gate) SetupExpiry(ctx context.Context, secret, address string) (time.Time, error) {
	if err := g.throttle.Try("set-up link", address); err != nil {
		return time.Time{}, err
	}
	at, err := g.store.SetupExpiry(ctx, hash(secret))
	if errors.Is(err, ErrNotFound) || err == nil && !g.now().Before(at) {
		return time.Time{}, ErrSetupLink
	}
	if err == nil {
		g.throttle.Succeeded("set-up link", address)
	}
	return at, err
}

// Setup makes the first administrator. Being the only one, they get every role.
func (g *Gate) Setup(ctx context.Context, secret, email, name, password, address string) (Operator, error) {
	if _, err := g.SetupExpiry(ctx, secret, address); err != nil {
		return Operator{}, err
	}
	if password == "" {
		return Operator{}, invalid("choose a password")
	}
	o, err := g.newOperator(ctx, email, name, password, []Role{GlobalAdministrator, SearchAndPurge, Preview, Approve})
	if err != nil {
		return Operator{}, err
	}
	o.SignedIn = g.now()
	if err := g.store.TakeSetup(ctx, hash(secret), g.now(), o); err != nil {
		return Operator{}, err
	}
	who := Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address}
	who.Action, who.Subject = ActOperatorAdded, o.Email
	if err := g.Write(ctx, who, map[string][]Role{"roles": o.Roles}); err != nil {
		return Operator{}, err
	}
	who.Action, who.Subject = ActSignIn, ""
	return o, g.Write(ctx, who, nil)
}

// Invalid says what is wrong with something a person chose.
type Invalid struct{ Msg string }

func (e *Invalid) Error() string { return e.Msg }

func invalid(format string, args ...any) error { return &Invalid{Msg: fmt.Sprintf(format, args...)} }

func (g *Gate) newOperator(ctx context.Context, email, name, password string, roles []Role) (Operator, error) {
	email, name = fold(email), strings.TrimSpace(name)
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 254 {
		return Operator{}, invalid("%q is not an email address", email)
	}
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	if len(roles) == 0 {
		return Operator{}, invalid("an operator needs at least one role")
	}
	now := g.now()
	o := Operator{ID: newID(), Email: email, Name: name, Roles: roles, Created: now, Changed: now}
	if password == "" {
		return o, nil
	}
	if err := checkPassword(password, email, name); err != nil {
		return Operator{}, err
	}
	var err error
	o.Password, err = g.hasher.Hash(ctx, password)
	return o, err
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// newSecret has 256 random bits.
func newSecret(prefix string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
