package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Key is a security key or a passkey (WebAuthn) of an operator.
type Key struct {
	ID         string // UUIDv7
	OperatorID string
	Credential string          // its id as the key knows it, base64url; unique
	Name       string          // as its owner calls it
	Body       json.RawMessage // public key, counter and flags, as package passkey keeps them
	Made       time.Time
	Used       time.Time // zero: never
	Suspect    bool      // its counter went back once; it opens nothing any more
}

// MostKeys is how many keys an operator can have.
const MostKeys = 10

// Errors of security keys. They are safe to show.
var (
	ErrNoKey      = errors.New("there is no such security key")
	ErrKeyThere   = errors.New("this security key is added already")
	ErrKeyRefused = errors.New("this security key is not accepted")
	ErrKeySuspect = errors.New("the counter of this security key went back, so there may be a copy of it; it is not accepted any more. Sign in another way and remove it under My account")
)

// keyring is the part of Store that keeps security keys.
type keyring interface {
	// AddKey keeps a key, and the hashes of recovery codes unless they are nil, both or neither. ErrKeyThere when somebody has it.
	AddKey(ctx context.Context, k Key, hashes []string) error
	// KeysOf lists the keys of an operator, oldest first.
	KeysOf(ctx context.Context, operatorID string) ([]Key, error)
	// UseKey keeps what changed in use: counter and flags, when, and whether it is suspect.
	UseKey(ctx context.Context, k Key) error
	RenameKey(ctx context.Context, id, name string) error
	// RemoveKey also forgets the recovery codes when no factor is left.
	RemoveKey(ctx context.Context, operatorID, id string) error
}

// Keys lists the keys of an operator, oldest first.
func (g *Gate) Keys(ctx context.Context, operatorID string) ([]Key, error) {
	return g.store.KeysOf(ctx, operatorID)
}

// AddKey keeps a key that was proven to be there. With the first factor come recovery codes, which are not kept.
func (g *Gate) AddKey(ctx context.Context, p *Principal, k Key) (Key, []string, error) {
	have, err := g.store.KeysOf(ctx, p.Operator.ID)
	if err != nil {
		return Key{}, nil, err
	}
	if len(have) >= MostKeys {
		return Key{}, nil, invalid("you have %d security keys; remove one first", len(have))
	}
	if k.Name, err = keyName(k.Name); err != nil {
		return Key{}, nil, err
	}
	codes, hashes := []string{}, []string(nil)
	if !p.Operator.Factor {
		codes, hashes = g.newCodes()
	}
	k.ID, k.OperatorID, k.Made = newID(), p.Operator.ID, g.now()
	if err := g.store.AddKey(ctx, k, hashes); err != nil {
		return Key{}, nil, err
	}
	return k, codes, g.Write(ctx, Record{Action: ActKeyAdded, Subject: p.Operator.Email}, map[string]string{"name": k.Name, "key": k.ID})
}

func keyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 60 {
		return "", invalid("give the key a name of 1 to 60 characters by which you know it again")
	}
	return name, nil
}

// ownKey finds a key of the principal. Another's is as if it were not there.
func (g *Gate) ownKey(ctx context.Context, p *Principal, id string) (Key, int, error) {
	all, err := g.store.KeysOf(ctx, p.Operator.ID)
	if err != nil {
		return Key{}, 0, err
	}
	i := slices.IndexFunc(all, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, 0, ErrNoKey
	}
	return all[i], len(all), nil
}

// RenameKey gives one's own key another name.
func (g *Gate) RenameKey(ctx context.Context, p *Principal, id, name string) (Key, error) {
	k, _, err := g.ownKey(ctx, p, id)
	if err != nil {
		return Key{}, err
	}
	if k.Name, err = keyName(name); err != nil {
		return Key{}, err
	}
	return k, g.store.RenameKey(ctx, id, k.Name)
}

// RemoveKey removes one's own key. The last factor of somebody who must have one stays.
func (g *Gate) RemoveKey(ctx context.Context, p *Principal, id string) error {
	k, n, err := g.ownKey(ctx, p, id)
	if err != nil {
		return err
	}
	app, _, err := g.Factor(ctx, p.Operator.ID)
	if err != nil {
		return err
	}
	if n == 1 && app.IsZero() && g.NeedsFactor(p.Operator) {
		return invalid("this is your last second factor, and this installation wants one of you; add another first")
	}
	if err := g.store.RemoveKey(ctx, p.Operator.ID, id); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActKeyRemoved, Subject: p.Operator.Email}, map[string]string{"name": k.Name, "key": k.ID})
}

// Shown is what a key proved.
type Shown struct {
	Key      Key  // with what changed in use
	Back     bool // its counter went back
	Verified bool // the key checked that it is its owner: by a PIN, a finger, a face
}

// UseKey takes what a key of the operator proved, and keeps what changed. A key whose counter went back once is refused from then on.
func (g *Gate) UseKey(ctx context.Context, o Operator, s Shown, address string) error {
	k := s.Key
	by := Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Subject: o.Email}
	detail := map[string]string{"name": k.Name, "key": k.ID}
	if k.Suspect || s.Back {
		by.Action = ActKeySuspect
		k.Suspect = true
		return errors.Join(ErrKeySuspect, g.store.UseKey(ctx, k), g.Write(ctx, by, detail))
	}
	k.Used = g.now()
	return g.store.UseKey(ctx, k)
}

// RefusedKey records an answer of a key that proved nothing.
func (g *Gate) RefusedKey(ctx context.Context, o Operator, address string) error {
	by := Record{OperatorID: o.ID, Operator: o.Email, Via: "session", Address: address, Action: ActCodeRefused, Subject: o.Email}
	if o.ID == "" {
		by.Operator = "security key"
	}
	return g.Write(ctx, by, map[string]string{"why": ErrKeyRefused.Error()})
}

// SignInByKey lets an operator in who showed a key: after the password, or a passkey that checked its owner alone.
func (g *Gate) SignInByKey(ctx context.Context, operatorID string, since time.Time, s Shown, address string) (Operator, error) {
	o, err := g.store.OperatorByID(ctx, operatorID)
	if err != nil {
		return Operator{}, err
	}
	if o.Disabled || o.Changed.After(since) {
		return Operator{}, ErrCredentials
	}
	if err := g.localOnly(o); err != nil {
		return Operator{}, errors.Join(err, g.refusedLocal(ctx, o, address, err))
	}
	if err := g.UseKey(ctx, o, s, address); err != nil {
		return Operator{}, err
	}
	g.throttle.Succeeded(codeKey(o), address)
	return o, g.signedIn(ctx, o, address, map[string]string{"key": s.Key.ID, "name": s.Key.Name})
}

// StepUpByKey takes a key from somebody who is signed in.
func (g *Gate) StepUpByKey(ctx context.Context, p *Principal, s Shown) error {
	if err := g.UseKey(ctx, p.Operator, s, p.Address); err != nil {
		return err
	}
	return g.Write(ctx, Record{Action: ActStepUp, Subject: p.Operator.Email}, map[string]string{"key": s.Key.ID, "name": s.Key.Name})
}

// FactorsOf says which second factors an operator has, for the question after a right password.
func (g *Gate) FactorsOf(ctx context.Context, email string) (o Operator, key, app bool, err error) {
	if o, err = g.store.OperatorByEmail(ctx, fold(email)); err != nil {
		return o, false, false, err
	}
	all, err := g.store.KeysOf(ctx, o.ID)
	if err != nil {
		return o, false, false, err
	}
	since, _, err := g.Factor(ctx, o.ID)
	return o, len(all) > 0, !since.IsZero(), err
}
