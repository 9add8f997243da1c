// Package passkey is WebAuthn (Web Authentication, level 3): security keys and passkeys prove by a signature that they are there, and, by a
// PIN, a finger or a face, that it is their owner who holds them.
//
// A ceremony has two halves. The first makes a challenge and the options for the browser, and a note of them that its caller keeps where
// nobody can change it; the second checks what the browser answered: type, challenge, origin, the name of the site, user presence and
// verification, the signature, the counter. Nothing is kept here. A site has one name, the host of its public address: a key answers to no
// other, which is what makes it safe against pages that look alike.
package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tocsin/internal/auth"
)

// Site is who keys prove themselves to.
type Site struct{ w *webauthn.WebAuthn }

// New returns the site with this public address. It has to be https with a host name; http only for localhost, as browsers demand.
func New(origin, name string) (*Site, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost") {
		return nil, fmt.Errorf("%q has no host name that security keys could be bound to", origin)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: strings.ToLower(u.Hostname()), RPDisplayName: name, RPOrigins: []string{u.Scheme + "://" + u.Host}, AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil, fmt.Errorf("security keys: %w", err)
	}
	return &Site{w}, nil
}

// Note is what has to be kept between the two halves.
type Note json.RawMessage

// MarshalJSON is the note as it is.
func (n Note) MarshalJSON() ([]byte, error) { return json.RawMessage(n).MarshalJSON() }

// UnmarshalJSON keeps the note as it is.
func (n *Note) UnmarshalJSON(raw []byte) error { return (*json.RawMessage)(n).UnmarshalJSON(raw) }

// BeginAdd makes the options to add a key with. Keys that the operator has are not offered again.
func (s *Site) BeginAdd(o auth.Operator, have []auth.Key) (options json.RawMessage, n Note, err error) {
	u := owner{o, credentials(have)}
	var known []protocol.CredentialDescriptor
	for _, c := range u.credentials {
		known = append(known, c.Descriptor())
	}
	made, session, err := s.w.BeginRegistration(u, webauthn.WithExclusions(known), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
	}))
	if err != nil {
		return nil, nil, fmt.Errorf("security keys: %w", err)
	}
	return both(made.Response, session)
}

// FinishAdd checks the answer of a new key. Credential and Body of the key are set.
func (s *Site) FinishAdd(o auth.Operator, n Note, answer []byte) (k auth.Key, verified bool, err error) {
	defer guard(&err)
	session, err := read(n)
	if err != nil {
		return k, false, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return k, false, refused(err)
	}
	c, err := s.w.CreateCredential(owner{o, nil}, session, parsed)
	if err != nil {
		return k, false, refused(err)
	}
	// How it was attested is not asked for, and would only be kept.
	c.Attestation = webauthn.CredentialAttestation{}
	body, err := json.Marshal(c)
	return auth.Key{Credential: base64.RawURLEncoding.EncodeToString(c.ID), Body: body}, c.Flags.UserVerified, err
}

// BeginShow makes the options to show one of these keys with. With verify, the key has to check that it is its owner.
func (s *Site) BeginShow(o auth.Operator, have []auth.Key, verify bool) (options json.RawMessage, n Note, err error) {
	if len(have) == 0 {
		return nil, nil, auth.ErrNoFactor
	}
	asked, session, err := s.w.BeginLogin(owner{o, credentials(have)}, webauthn.WithUserVerification(verification(verify)))
	if err != nil {
		return nil, nil, fmt.Errorf("security keys: %w", err)
	}
	session.AllowedCredentialIDs = nil // they are looked up again, and the note stays short
	return both(asked.Response, session)
}

// BeginFind makes the options to sign in with any passkey of this site, whoever's it is. It has to check that it is its owner.
func (s *Site) BeginFind() (options json.RawMessage, n Note, err error) {
	asked, session, err := s.w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, fmt.Errorf("security keys: %w", err)
	}
	return both(asked.Response, session)
}

func verification(must bool) protocol.UserVerificationRequirement {
	if must {
		return protocol.VerificationRequired
	}
	return protocol.VerificationPreferred
}

// FinishShow checks the answer to BeginShow.
func (s *Site) FinishShow(o auth.Operator, have []auth.Key, n Note, answer []byte) (shown auth.Shown, err error) {
	defer guard(&err)
	session, err := read(n)
	if err != nil {
		return shown, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return shown, refused(err)
	}
	c, err := s.w.ValidateLogin(owner{o, credentials(have)}, session, parsed)
	if err != nil {
		return shown, refused(err)
	}
	return proven(have, c, parsed)
}

// FinishFind checks the answer to BeginFind. find returns an operator by id, with their keys.
func (s *Site) FinishFind(n Note, answer []byte, find func(id string) (auth.Operator, []auth.Key, error)) (o auth.Operator, shown auth.Shown, err error) {
	defer guard(&err)
	session, err := read(n)
	if err != nil {
		return o, shown, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return o, shown, refused(err)
	}
	var have []auth.Key
	_, c, err := s.w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		var err error
		if o, have, err = find(string(handle)); err != nil {
			return nil, err
		}
		return owner{o, credentials(have)}, nil
	}, session, parsed)
	if err != nil {
		return o, shown, refused(err)
	}
	shown, err = proven(have, c, parsed)
	return o, shown, err
}

func proven(have []auth.Key, c *webauthn.Credential, parsed *protocol.ParsedCredentialAssertionData) (auth.Shown, error) {
	id := base64.RawURLEncoding.EncodeToString(c.ID)
	for _, k := range have {
		if k.Credential != id {
			continue
		}
		out := auth.Shown{Key: k, Back: c.Authenticator.CloneWarning, Verified: parsed.Response.AuthenticatorData.Flags.HasUserVerified()}
		c.Authenticator.CloneWarning = false // the key itself keeps that
		var err error
		out.Key.Body, err = json.Marshal(c)
		return out, err
	}
	return auth.Shown{}, auth.ErrKeyRefused
}

// refused hides what exactly was wrong from who asks: the owner of a key cannot mend it, and others learn from it.
func refused(err error) error { return &Refused{err} }

// Refused is an answer that proves nothing. Err is for the log.
type Refused struct{ Err error }

func (e *Refused) Error() string { return auth.ErrKeyRefused.Error() }
func (e *Refused) Unwrap() error { return auth.ErrKeyRefused }

// guard turns a panic of the library on a hostile answer into a refusal.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = refused(fmt.Errorf("panic: %v", p))
	}
}

func both(options any, session *webauthn.SessionData) (json.RawMessage, Note, error) {
	raw, err := json.Marshal(options)
	note, more := json.Marshal(session)
	return raw, note, errors.Join(err, more)
}

func read(n Note) (session webauthn.SessionData, err error) {
	return session, json.Unmarshal(n, &session)
}

// owner is an operator as the library wants one.
type owner struct {
	operator    auth.Operator
	credentials []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.operator.ID) }
func (o owner) WebAuthnName() string                       { return o.operator.Email }
func (o owner) WebAuthnDisplayName() string                { return o.operator.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

func credentials(keys []auth.Key) []webauthn.Credential {
	var out []webauthn.Credential
	for _, k := range keys {
		var c webauthn.Credential
		if json.Unmarshal(k.Body, &c) == nil {
			out = append(out, c)
		}
	}
	return out
}
