package auth

import (
	"context"
	"errors"
	"net/mail"
	"slices"
	"time"
)

// Identity is somebody as an OpenID Connect provider knows them. Issuer and subject together are who it is; an address is only what is said
// of them, and can be given to somebody else.
type Identity struct {
	Issuer, Subject string
	Email           string // lower case
	EmailVerified   bool
	Name            string
	Groups          []string
	Proven          time.Time // when they last signed in there; zero: not said
	Factor          bool      // with a second factor
}

// Link is what is kept of an operator's identity.
type Link struct {
	Issuer, Subject string
	Since           time.Time
}

// ProviderRefused says why somebody is not let in by way of the provider. It is safe to show.
type ProviderRefused struct{ Msg string }

func (e *ProviderRefused) Error() string { return e.Msg }

// ProviderDown says that the provider does not answer as it should. Err is for the log.
type ProviderDown struct {
	Name string
	Err  error
}

func (e *ProviderDown) Error() string {
	return e.Name + " does not answer as it should; try again in a moment, or look at tocsin doctor"
}
func (e *ProviderDown) Unwrap() error { return e.Err }

// Errors of sign-in through a provider. They are safe to show.
var (
	ErrLinked   = errors.New("this identity belongs to another operator, or you have another one already")
	ErrNoLink   = errors.New("no identity of a provider is linked")
	ErrLocalOff = errors.New("passwords and security keys are turned off here; sign in through your organisation's provider")
)

// identities is the part of Store that keeps who is who at a provider.
type identities interface {
	// IdentityOwner answers ErrNotFound for an identity that is linked with nobody.
	IdentityOwner(ctx context.Context, issuer, subject string) (operatorID string, err error)
	// LinkIdentity also ends an invitation of the operator; ErrLinked when either has another partner.
	LinkIdentity(ctx context.Context, operatorID string, l Link) error
	// AddLinked adds an operator with an identity, both or neither.
	AddLinked(ctx context.Context, o Operator, l Link) error
	// LinkOf answers ErrNoLink.
	LinkOf(ctx context.Context, operatorID string) (Link, error)
	// Unlink forgets the identities of an operator.
	Unlink(ctx context.Context, operatorID string) error
}

// GroupRoles are the roles that a group of the provider gives.
type GroupRoles struct {
	Group string
	Roles []Role
}

// Federation says what identities of the provider may do.
type Federation struct {
	Name   string
	Issuer string
	Groups []GroupRoles // empty: roles are given in Tocsin
	Create bool         // make operators at their first sign-in
}

// SetFederation lets identities of a provider in.
func (g *Gate) SetFederation(f Federation) { g.federation = f }

// SetBreakGlass leaves passwords and keys to these addresses alone; nil: to everybody.
func (g *Gate) SetBreakGlass(emails []string) {
	g.breakGlass = nil
	for _, e := range emails {
		g.breakGlass = append(g.breakGlass, fold(e))
	}
}

// LocalOff reports whether passwords and keys are for emergencies alone.
func (g *Gate) LocalOff() bool { return len(g.breakGlass) > 0 }

// localOnly refuses operators who may not sign in without the provider.
func (g *Gate) localOnly(o Operator) error {
	if g.LocalOff() && !slices.Contains(g.breakGlass, o.Email) {
		return ErrLocalOff
	}
	return nil
}

func (g *Gate) refusedLocal(ctx context.Context, o Operator, address string, why error) error {
	return g.Write(ctx, Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActSignInRefused}, map[string]string{"why": why.Error()})
}

// SignInByProvider lets an identity in that the provider vouches for: a known one, one whose address an administrator added, or a new one
// where that is wanted. Roles follow its groups, and are taken away with them.
func (g *Gate) SignInByProvider(ctx context.Context, id Identity, address string) (Operator, error) {
	o, err := g.admit(ctx, id, address)
	var no *ProviderRefused
	if errors.As(err, &no) || errors.Is(err, ErrDisabled) {
		return Operator{}, errors.Join(err, g.RefusedByProvider(ctx, id, address, err.Error()))
	}
	if err != nil {
		return Operator{}, err
	}
	return o, g.signedIn(ctx, o, address, map[string]string{"by": g.federation.Name, "issuer": id.Issuer, "subject": id.Subject})
}

// RefusedByProvider records a refused sign-in through the provider. id may know nothing yet.
func (g *Gate) RefusedByProvider(ctx context.Context, id Identity, address, why string) error {
	who := id.Email
	if who == "" {
		who = g.federation.Name
	}
	detail := map[string]string{"why": why, "issuer": g.federation.Issuer}
	if id.Subject != "" {
		detail["subject"] = id.Subject
	}
	return g.Write(ctx, Record{Operator: who, Via: "session", Address: address, Action: ActSignInRefused}, detail)
}

// signedIn keeps and records that somebody signed in.
func (g *Gate) signedIn(ctx context.Context, o Operator, address string, detail any) error {
	if err := g.store.MarkSignIn(ctx, o.ID, g.now()); err != nil {
		return err
	}
	return g.Write(ctx, Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActSignIn}, detail)
}

func (g *Gate) admit(ctx context.Context, id Identity, address string) (Operator, error) {
	if id.Issuer != g.federation.Issuer || id.Subject == "" {
		return Operator{}, &ProviderRefused{"this identity is of another provider"}
	}
	roles, mapped := g.rolesOf(id.Groups), len(g.federation.Groups) > 0
	o, err := g.owner(ctx, id, roles)
	if err != nil {
		return Operator{}, err
	}
	if o.Disabled {
		return Operator{}, ErrDisabled
	}
	if mapped && !slices.Equal(roles, o.Roles) {
		if o, err = g.followGroups(ctx, o, roles, address); err != nil {
			return Operator{}, err
		}
	}
	switch {
	case mapped && len(roles) == 0:
		return Operator{}, g.noGroup()
	case g.NeedsFactor(o) && !id.Factor:
		return Operator{}, &ProviderRefused{"this installation wants a second factor of you, and " + g.federation.Name + " did not say that you showed one"}
	}
	return o, nil
}

func (g *Gate) noGroup() error {
	return &ProviderRefused{"none of your groups at " + g.federation.Name + " has a role in Tocsin; ask who looks after them"}
}

// owner finds whose identity it is. An address never takes over an account that somebody uses: it only links one that was added for them
// and that nobody has signed in to, and only when the provider verified it.
func (g *Gate) owner(ctx context.Context, id Identity, roles []Role) (Operator, error) {
	owner, err := g.store.IdentityOwner(ctx, id.Issuer, id.Subject)
	if err == nil {
		return g.store.OperatorByID(ctx, owner)
	}
	if !errors.Is(err, ErrNotFound) {
		return Operator{}, err
	}
	if a, err := mail.ParseAddress(id.Email); err != nil || a.Address != id.Email {
		return Operator{}, &ProviderRefused{g.federation.Name + " does not say which email address is yours"}
	}
	if !id.EmailVerified {
		return Operator{}, &ProviderRefused{g.federation.Name + " does not say that it verified " + id.Email + " to be yours"}
	}
	l := Link{Issuer: id.Issuer, Subject: id.Subject, Since: g.now()}
	o, err := g.store.OperatorByEmail(ctx, id.Email)
	switch {
	case errors.Is(err, ErrNotFound):
		return g.create(ctx, id, l, roles)
	case err != nil:
		return Operator{}, err
	case o.Disabled:
		return Operator{}, ErrDisabled
	}
	tokens, err := g.Tokens(ctx, o.ID)
	if err != nil {
		return Operator{}, err
	}
	if o.Password != "" || o.Factor || !o.SignedIn.IsZero() || len(tokens) > 0 {
		return Operator{}, &ProviderRefused{"there is an account with the address " + id.Email + " already; sign in to it as before, and link " + g.federation.Name + " under My account"}
	}
	if len(g.federation.Groups) > 0 && len(roles) == 0 {
		return Operator{}, g.noGroup()
	}
	return o, g.link(ctx, o, l)
}

func (g *Gate) create(ctx context.Context, id Identity, l Link, roles []Role) (Operator, error) {
	if !g.federation.Create {
		return Operator{}, &ProviderRefused{id.Email + " is no operator here; ask a Global Administrator to add you"}
	}
	if len(roles) == 0 {
		return Operator{}, g.noGroup()
	}
	o, err := g.newOperator(ctx, id.Email, id.Name, "", roles)
	if err != nil {
		return Operator{}, err
	}
	if err := g.store.AddLinked(ctx, o, l); err != nil {
		return Operator{}, err
	}
	return o, g.Write(ctx, Record{Operator: g.federation.Name, Via: "session", Action: ActOperatorAdded, Subject: o.Email},
		map[string]any{"roles": roles, "issuer": l.Issuer, "subject": l.Subject})
}

func (g *Gate) link(ctx context.Context, o Operator, l Link) error {
	if err := g.store.LinkIdentity(ctx, o.ID, l); err != nil {
		return err
	}
	r := Record{Action: ActProviderLinked, Subject: o.Email}
	if From(ctx) == nil {
		r.OperatorID, r.Operator, r.Via = o.ID, o.Email, "session"
	}
	return g.Write(ctx, r, map[string]string{"issuer": l.Issuer, "subject": l.Subject})
}

// rolesOf are the roles that these groups give, in their order.
func (g *Gate) rolesOf(groups []string) []Role {
	var out []Role
	for _, r := range Roles() {
		for _, m := range g.federation.Groups {
			if slices.Contains(m.Roles, r) && slices.Contains(groups, m.Group) && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// followGroups gives the roles of somebody's groups and takes the others away; earlier sessions end, and tokens may only what is left.
func (g *Gate) followGroups(ctx context.Context, o Operator, roles []Role, address string) (Operator, error) {
	before := o.Roles
	if o.Roles, o.Changed = roles, g.now(); o.Roles == nil {
		o.Roles = []Role{}
	}
	err := g.store.ChangeOperator(ctx, o)
	if errors.Is(err, ErrLastAdministrator) {
		return Operator{}, &ProviderRefused{"your groups at " + g.federation.Name + " would take the last Global Administrator away; " + err.Error()}
	}
	if err != nil {
		return Operator{}, err
	}
	by := Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActOperatorChanged, Subject: o.Email}
	return o, g.Write(ctx, by, map[string]any{"before": before, "after": o.Roles, "by": "groups at " + g.federation.Name})
}

// LinkProvider links the principal's operator with an identity that they just proved to be theirs.
func (g *Gate) LinkProvider(ctx context.Context, p *Principal, id Identity) error {
	return g.link(ctx, p.Operator, Link{Issuer: id.Issuer, Subject: id.Subject, Since: g.now()})
}

// UnlinkProvider forgets the principal's identity. Who has no password would be locked out.
func (g *Gate) UnlinkProvider(ctx context.Context, p *Principal) error {
	l, err := g.store.LinkOf(ctx, p.Operator.ID)
	if err != nil {
		return err
	}
	if p.Operator.Password == "" {
		return invalid("you have no password here, so %s is your only way in", g.federation.Name)
	}
	if err := g.store.Unlink(ctx, p.Operator.ID); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActProviderUnlinked, Subject: p.Operator.Email}, map[string]string{"issuer": l.Issuer, "subject": l.Subject})
}

// LinkOf returns the identity of an operator, ErrNoLink when there is none.
func (g *Gate) LinkOf(ctx context.Context, operatorID string) (Link, error) {
	return g.store.LinkOf(ctx, operatorID)
}

// StepUpByProvider takes an identity that was just asked anew from somebody who signed in with it.
func (g *Gate) StepUpByProvider(ctx context.Context, p *Principal, id Identity) error {
	owner, err := g.store.IdentityOwner(ctx, id.Issuer, id.Subject)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	detail := map[string]string{"by": g.federation.Name, "issuer": id.Issuer, "subject": id.Subject}
	if owner != p.Operator.ID {
		detail["why"] = "another identity"
		return errors.Join(&ProviderRefused{"that is somebody else at " + g.federation.Name + "; sign in there as yourself"},
			g.Write(ctx, Record{Action: ActCodeRefused, Subject: p.Operator.Email}, detail))
	}
	return g.Write(ctx, Record{Action: ActStepUp, Subject: p.Operator.Email}, detail)
}

// CheckPassword asks the principal for their password, as slowly as a sign-in.
func (g *Gate) CheckPassword(ctx context.Context, p *Principal, password string) error {
	_, err := g.checkOwn(ctx, p, password)
	return err
}

// TrySlowly counts an attempt of an address, and refuses when there were too many that did not succeed. key tells attempts apart.
func (g *Gate) TrySlowly(key, address string) (succeeded func(), err error) {
	if err := g.throttle.Try(key, address); err != nil {
		return nil, err
	}
	return func() { g.throttle.Succeeded(key, address) }, nil
}
