package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// accounts is the part of Store that changes operators and keeps what belongs to them.
type accounts interface {
	// ChangeOperator keeps name, roles, disabled and Changed; ErrLastAdministrator when nobody could manage operators any more.
	ChangeOperator(ctx context.Context, o Operator) error
	RevokeToken(ctx context.Context, id string) error

	PutInvitation(ctx context.Context, hash, operatorID string, expires time.Time) error
	Invitation(ctx context.Context, hash string) (operatorID string, expires time.Time, err error)
	TakeInvitation(ctx context.Context, hash string, now time.Time, operatorID, phc string) error

	BeginSession(ctx context.Context, f SessionFacts) error
	SeeSession(ctx context.Context, id, address string, at time.Time) error
	SessionByID(ctx context.Context, id string) (SessionFacts, error)
	SessionsSince(ctx context.Context, operatorID string, began, seen time.Time) ([]SessionFacts, error)
	EndSession(ctx context.Context, id string) error
	EndSessions(ctx context.Context, operatorID, except string) error
}

// SessionFacts is what is shown of a session.
type SessionFacts struct {
	ID         string // UUIDv7; no secret
	OperatorID string
	Device     string // as the browser calls itself, at most 300 octets
	Address    string // of the last request
	Began      time.Time
	Seen       time.Time // last request, to the minute
}

const (
	inviteLife = 7 * 24 * time.Hour
	tokenLife  = 90 * 24 * time.Hour
	// MaxTokenLife is how long a token made over the API works at most.
	MaxTokenLife = 365 * 24 * time.Hour
	maxDevice    = 300
	maxName      = 200
)

// May is what the token may do now: what its operator may, within its scopes.
func (t Token) May(o Operator) []Permission {
	all := Granted(o.Roles)
	if t.Scopes == nil {
		return all
	}
	return slices.DeleteFunc(all, func(p Permission) bool { return p != SignedIn && p != Enrol && !slices.Contains(t.Scopes, p) })
}

// MakeToken makes an API token for the operator and returns the secret, which is not kept. The token may do all that its operator may.
func (g *Gate) MakeToken(ctx context.Context, email, name string, life time.Duration) (string, error) {
	o, err := g.store.OperatorByEmail(ctx, fold(email))
	if err != nil {
		return "", fmt.Errorf("%s: %w", email, err)
	}
	secret, _, err := g.makeToken(ctx, o, name, life, nil)
	return secret, err
}

// MakeScopedToken makes a token for the principal's own operator. Scopes must be among the permissions that the principal has; life 0 means 90 days.
func (g *Gate) MakeScopedToken(ctx context.Context, p *Principal, name string, scopes []Permission, life time.Duration) (string, Token, error) {
	if life == 0 {
		life = tokenLife
	}
	if life < time.Hour || life > MaxTokenLife {
		return "", Token{}, invalid("a token works for an hour at least and a year at most")
	}
	if len(scopes) == 0 {
		return "", Token{}, invalid("say what the token may do: at least one permission")
	}
	for _, s := range scopes {
		if !p.May(s) || s == Public {
			return "", Token{}, invalid("a token cannot have the permission %q: you do not have it yourself", s)
		}
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	return g.makeToken(ctx, p.Operator, name, life, slices.Compact(scopes))
}

func (g *Gate) makeToken(ctx context.Context, o Operator, name string, life time.Duration, scopes []Permission) (string, Token, error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > 100 {
		return "", Token{}, invalid("a token needs a name of 1 to 100 characters that says what it is for")
	}
	secret := newSecret(tokenPrefix)
	t := Token{ID: newID(), OperatorID: o.ID, Name: name, Hash: hash(secret), Created: g.now(), Scopes: scopes}
	if life > 0 {
		t.Expires = g.now().Add(life)
	}
	if err := g.store.AddToken(ctx, t); err != nil {
		return "", Token{}, err
	}
	return secret, t, g.Write(ctx, Record{Action: ActTokenMade, Subject: o.Email}, map[string]any{"name": name, "scopes": scopes, "expires": t.Expires})
}

// Tokens lists the tokens of one operator that were not revoked, oldest first; of everybody when operatorID is "".
func (g *Gate) Tokens(ctx context.Context, operatorID string) ([]Token, error) {
	all, err := g.store.Tokens(ctx)
	return slices.DeleteFunc(all, func(t Token) bool { return t.Revoked || operatorID != "" && t.OperatorID != operatorID }), err
}

// RevokeToken ends a token: one's own, with OperatorManage anybody's. Another's is as if it were not there.
func (g *Gate) RevokeToken(ctx context.Context, p *Principal, id string) error {
	all, err := g.store.Tokens(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(t Token) bool { return t.ID == id && !t.Revoked })
	if i < 0 || all[i].OperatorID != p.Operator.ID && !p.May(OperatorManage) {
		return ErrNoToken
	}
	if err := g.store.RevokeToken(ctx, id); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActTokenRevoked, Subject: g.emailOf(ctx, all[i].OperatorID)}, map[string]string{"name": all[i].Name})
}

func (g *Gate) emailOf(ctx context.Context, id string) string {
	o, err := g.store.OperatorByID(ctx, id)
	if err != nil {
		return id
	}
	return o.Email
}

// Operators lists everybody, by address.
func (g *Gate) Operators(ctx context.Context) ([]Operator, error) { return g.store.Operators(ctx) }

// Operator returns one.
func (g *Gate) Operator(ctx context.Context, id string) (Operator, error) {
	return g.store.OperatorByID(ctx, id)
}

// Invite adds an operator without a password and makes the link with which they choose one.
func (g *Gate) Invite(ctx context.Context, email, name string, roles []Role) (o Operator, secret string, expires time.Time, err error) {
	if roles, err = tidyRoles(roles); err != nil {
		return o, "", expires, err
	}
	if o, err = g.AddOperator(ctx, email, name, "", roles); err != nil {
		return o, "", expires, err
	}
	secret, expires, err = g.InviteAgain(ctx, o.ID)
	return o, secret, expires, err
}

// InviteAgain makes a new link for an operator: a first password, or another one after the old was forgotten. Earlier links stop working.
func (g *Gate) InviteAgain(ctx context.Context, id string) (secret string, expires time.Time, err error) {
	o, err := g.store.OperatorByID(ctx, id)
	if err != nil {
		return "", expires, err
	}
	if o.Disabled {
		return "", expires, invalid("%s is disabled; enable the operator first", o.Email)
	}
	secret, expires = newSecret(""), g.now().Add(inviteLife)
	if err := g.store.PutInvitation(ctx, hash(secret), o.ID, expires); err != nil {
		return "", expires, err
	}
	return secret, expires, g.Write(ctx, Record{Action: ActInvited, Subject: o.Email}, nil)
}

// Invited says whose link this is and until when it works.
func (g *Gate) Invited(ctx context.Context, secret, address string) (Operator, time.Time, error) {
	if err := g.throttle.Try("invitation", address); err != nil {
		return Operator{}, time.Time{}, err
	}
	id, at, err := g.store.Invitation(ctx, hash(secret))
	if errors.Is(err, ErrNotFound) || err == nil && !g.now().Before(at) {
		return Operator{}, at, ErrInvitation
	}
	if err != nil {
		return Operator{}, at, err
	}
	g.throttle.Succeeded("invitation", address)
	o, err := g.store.OperatorByID(ctx, id)
	if errors.Is(err, ErrNotFound) || o.Disabled {
		return Operator{}, at, ErrInvitation
	}
	return o, at, err
}

// AcceptInvitation keeps the password of an invited operator; the link is used up, and earlier sessions end.
func (g *Gate) AcceptInvitation(ctx context.Context, secret, password, address string) (Operator, error) {
	o, _, err := g.Invited(ctx, secret, address)
	if err != nil {
		return Operator{}, err
	}
	if err := checkPassword(password, o.Email, o.Name); err != nil {
		return Operator{}, err
	}
	phc, err := g.hasher.Hash(ctx, password)
	if err != nil {
		return Operator{}, err
	}
	if err := g.store.TakeInvitation(ctx, hash(secret), g.now(), o.ID, phc); err != nil {
		return Operator{}, err
	}
	by := Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActInvitationUsed, Subject: o.Email}
	if err := g.Write(ctx, by, nil); err != nil {
		return Operator{}, err
	}
	return g.store.OperatorByID(ctx, o.ID)
}

// Change says what to change about an operator; nil leaves it as it is.
type Change struct {
	Name     *string
	Roles    []Role
	Disabled *bool
}

// ChangeOperator changes name, roles or whether the operator may sign in. Sessions end when rights change. Nobody disables themselves,
// and the last Global Administrator who can sign in stays one.
func (g *Gate) ChangeOperator(ctx context.Context, by *Principal, id string, c Change) (Operator, error) {
	before, err := g.store.OperatorByID(ctx, id)
	if err != nil {
		return Operator{}, err
	}
	o := before
	o.Changed = time.Time{}
	if c.Name != nil {
		if o.Name = strings.TrimSpace(*c.Name); o.Name == "" || utf8.RuneCountInString(o.Name) > maxName {
			return Operator{}, invalid("a name has 1 to %d characters", maxName)
		}
	}
	if c.Roles != nil {
		if o.Roles, err = tidyRoles(c.Roles); err != nil {
			return Operator{}, err
		}
	}
	if c.Disabled != nil {
		o.Disabled = *c.Disabled
	}
	if o.Disabled && by.Operator.ID == o.ID {
		return Operator{}, invalid("nobody can disable themselves; ask another Global Administrator")
	}
	same := slices.Equal(before.Roles, o.Roles) && before.Disabled == o.Disabled
	if same && before.Name == o.Name {
		return before, nil
	}
	if !same {
		o.Changed = g.now()
	}
	if err := g.store.ChangeOperator(ctx, o); err != nil {
		return Operator{}, err
	}
	type state struct {
		Name     string `json:"name"`
		Roles    []Role `json:"roles"`
		Disabled bool   `json:"disabled"`
	}
	err = g.Write(ctx, Record{Action: ActOperatorChanged, Subject: o.Email}, map[string]state{
		"before": {before.Name, before.Roles, before.Disabled}, "after": {o.Name, o.Roles, o.Disabled},
	})
	if err != nil {
		return Operator{}, err
	}
	return g.store.OperatorByID(ctx, id)
}

// tidyRoles puts roles into their order, each once, and refuses none and unknown ones.
func tidyRoles(roles []Role) ([]Role, error) {
	var out []Role
	for _, r := range Roles() {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	for _, r := range roles {
		if !slices.Contains(out, r) {
			return nil, invalid("there is no role %q", string(r))
		}
	}
	if len(out) == 0 {
		return nil, invalid("an operator needs at least one role")
	}
	return out, nil
}

// BeginSession keeps what is shown of a new session and returns its id.
func (g *Gate) BeginSession(ctx context.Context, operatorID, device, address string) (SessionFacts, error) {
	if len(device) > maxDevice {
		device = device[:maxDevice]
	}
	now := g.now()
	f := SessionFacts{ID: newID(), OperatorID: operatorID, Device: strings.ToValidUTF8(device, "�"), Address: address, Began: now, Seen: now}
	return f, g.store.BeginSession(ctx, f)
}

// Sessions lists sessions that are not over: of one operator, or of everybody when operatorID is "".
func (g *Gate) Sessions(ctx context.Context, operatorID string, idle, life time.Duration) ([]SessionFacts, error) {
	now := g.now()
	return g.store.SessionsSince(ctx, operatorID, now.Add(-life), now.Add(-idle-time.Minute))
}

// SessionGoesOn reports whether a session was not ended. One without an id is from before sessions had them, and is over.
func (g *Gate) SessionGoesOn(ctx context.Context, id, operatorID string) (bool, error) {
	f, err := g.store.SessionByID(ctx, id)
	if errors.Is(err, ErrNoSession) {
		return false, nil
	}
	return err == nil && f.OperatorID == operatorID, err
}

// SeeSession keeps when and from where a session was last used.
func (g *Gate) SeeSession(ctx context.Context, id, address string) error {
	return g.store.SeeSession(ctx, id, address, g.now())
}

// EndSession ends a session: one's own, with SessionManage anybody's. Another's is as if it were not there.
func (g *Gate) EndSession(ctx context.Context, p *Principal, id string) error {
	f, err := g.store.SessionByID(ctx, id)
	if err != nil {
		return err
	}
	if f.OperatorID != p.Operator.ID && !p.May(SessionManage) {
		return ErrNoSession
	}
	if err := g.store.EndSession(ctx, id); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActSessionEnded, Subject: g.emailOf(ctx, f.OperatorID)}, map[string]string{"session": id, "device": f.Device, "address": f.Address})
}

// CloseSession ends the caller's session without a record of its own: who signs out leaves another.
func (g *Gate) CloseSession(ctx context.Context, id string) error { return g.store.EndSession(ctx, id) }

// EndSessions ends all sessions of an operator but one; except may be "".
func (g *Gate) EndSessions(ctx context.Context, operatorID, except string) error {
	o, err := g.store.OperatorByID(ctx, operatorID)
	if err != nil {
		return err
	}
	if err := g.store.EndSessions(ctx, operatorID, except); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActSessionEnded, Subject: o.Email}, map[string]string{"session": "all", "except": except})
}

// ChangePassword checks the old password, keeps the new one, and ends every session that began before now. The caller's own goes on
// only when it is begun anew.
func (g *Gate) ChangePassword(ctx context.Context, p *Principal, old, fresh string) (Operator, error) {
	o, err := g.checkOwn(ctx, p, old)
	if err != nil {
		return Operator{}, err
	}
	if old == fresh {
		return Operator{}, invalid("the new password is the old one")
	}
	if err := checkPassword(fresh, o.Email, o.Name); err != nil {
		return Operator{}, err
	}
	phc, err := g.hasher.Hash(ctx, fresh)
	if err != nil {
		return Operator{}, err
	}
	if err := g.store.SetPassword(ctx, o.ID, phc, g.now()); err != nil {
		return Operator{}, err
	}
	if err := g.store.EndSessions(ctx, o.ID, ""); err != nil {
		return Operator{}, err
	}
	return o, g.Write(ctx, Record{Action: ActPassword, Subject: o.Email}, nil)
}

// checkOwn asks the principal for their password, as slowly as a sign-in.
func (g *Gate) checkOwn(ctx context.Context, p *Principal, password string) (Operator, error) {
	o, err := g.store.OperatorByID(ctx, p.Operator.ID)
	if err != nil {
		return Operator{}, err
	}
	if err := g.throttle.Try(o.Email, p.Address); err != nil {
		return Operator{}, err
	}
	ok, _, err := g.hasher.Check(ctx, o.Password, password)
	if err != nil {
		return Operator{}, err
	}
	if !ok {
		return Operator{}, invalid("your present password is not this one")
	}
	g.throttle.Succeeded(o.Email, p.Address)
	return o, nil
}
