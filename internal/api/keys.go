package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/auth/passkey"
)

var (
	errNoKeys = errors.New("security keys cannot be used here: http.public_url in the settings has to be an https address with a host name")
	errKey    = &refused{location: "body", msg: "this is no answer to a question of the last ten minutes; try again"}
)

func (s *Server) declareKeys() {
	add(s, auth.Public, "POST /session/key/begin", quick, "The question to a key: after the password, or without one to a passkey of anybody", s.beginSignInByKey)
	add(s, auth.Public, "POST /session/key", quick, "Sign in with the answer of a key; audited", s.signInByKey)
	add(s, auth.SignedIn, "POST /session/step-up/key/begin", quick, "The question to one's own keys", s.beginStepUpByKey)
	add(s, auth.SignedIn, "POST /session/step-up/key", quick, "Show a key again, for what asks for a fresh second factor; the session gets another cookie; audited", s.stepUpByKey)
	add(s, auth.Enrol, "POST /account/keys/begin", quick, "Begin to add a security key or passkey", s.beginKey, withStepUp)
	add(s, auth.Enrol, "POST /account/keys", quick, "Add it; with the first second factor come recovery codes, which are shown once; audited", s.addKey)
	add(s, auth.SignedIn, "PUT /account/keys/{id}", quick, "Give one's own key another name", s.renameKey)
	add(s, auth.SignedIn, "DELETE /account/keys/{id}", quick, "Remove one's own key; audited", s.removeKey, with204, withStepUp)
}

// KeyLine is one security key or passkey.
type KeyLine struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Made    time.Time  `json:"made"`
	Used    *time.Time `json:"used" nullable:"true" doc:"Last use"`
	Suspect bool       `json:"suspect" doc:"Its counter went back: there may be a copy, and it is not accepted any more"`
}

func keyLine(k auth.Key) KeyLine {
	return KeyLine{ID: k.ID, Name: k.Name, Made: k.Made.UTC(), Used: optional(k.Used), Suspect: k.Suspect}
}

// KeyQuestion is what the browser asks a key.
type KeyQuestion struct {
	Options anyObject `json:"options" doc:"PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON of WebAuthn"`
}

// anyObject is an object whose shape is WebAuthn's, not ours.
type anyObject json.RawMessage

type keyQuestionReply struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      KeyQuestion
}

// keyFlow is what the browser keeps meanwhile, sealed.
type keyFlow struct {
	Note     passkey.Note `json:"note"`
	Operator string       `json:"operator"` // "" for a passkey of anybody
	Since    time.Time    `json:"since"`
}

// The kinds of flows: an answer to one is none to another.
const (
	keyAdds    = "key adds"
	keySignsIn = "key signs in"
	keyFinds   = "key finds"
	keyStepsUp = "key steps up"
)

// question seals the note into the cookie.
func (s *Server) question(kind, operator string, options json.RawMessage, n passkey.Note, err error) (*keyQuestionReply, error) {
	if err != nil {
		return nil, err
	}
	cookie, err := s.flows.seal(kind, keyFlow{Note: n, Operator: operator, Since: s.deps.Now()})
	return &keyQuestionReply{s.flowSet(keyCookie, cookie), KeyQuestion{anyObject(options)}}, err
}

// KeySignIn is a right password before a key, or nothing for a passkey.
type KeySignIn struct {
	Email    string `json:"email,omitempty" maxLength:"254"`
	Password string `json:"password,omitempty" maxLength:"1024"`
}

type keySignInInput struct{ Body KeySignIn }

func (s *Server) beginSignInByKey(ctx context.Context, in *keySignInInput) (*keyQuestionReply, error) {
	if s.deps.Keys == nil {
		return nil, errNoKeys
	}
	if in.Body.Email == "" {
		options, n, err := s.deps.Keys.BeginFind()
		return s.question(keyFinds, "", options, n, err)
	}
	_, err := s.deps.Gate.SignIn(ctx, in.Body.Email, in.Body.Password, address(ctx))
	if err == nil {
		return nil, auth.ErrNoFactor
	}
	if !errors.Is(err, auth.ErrFactorNeeded) {
		return nil, err
	}
	o, _, _, err := s.deps.Gate.FactorsOf(ctx, in.Body.Email)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Gate.Keys(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	options, n, err := s.deps.Keys.BeginShow(o, keys, false)
	return s.question(keySignsIn, o.ID, options, n, err)
}

// KeyAnswer is what a key answered, as PublicKeyCredential.toJSON writes it.
type KeyAnswer struct {
	Credential anyObject `json:"credential"`
}

type keyAnswerInput struct{ Body KeyAnswer }

// MarshalJSON writes the object as it came.
func (a anyObject) MarshalJSON() ([]byte, error) { return json.RawMessage(a).MarshalJSON() }

// UnmarshalJSON keeps the object as it comes.
func (a *anyObject) UnmarshalJSON(raw []byte) error {
	return (*json.RawMessage)(a).UnmarshalJSON(raw)
}

// Schema says that its shape is WebAuthn's.
func (anyObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "As the browser's WebAuthn API gives it"}
}

type sessionReply struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Session
}

func (s *Server) signInByKey(ctx context.Context, in *keyAnswerInput) (*sessionReply, error) {
	if s.deps.Keys == nil {
		return nil, errNoKeys
	}
	var f keyFlow
	cookie := flowOf(ctx, keyCookie)
	finds := s.flows.open(keyFinds, cookie, &f)
	if !finds && !s.flows.open(keySignsIn, cookie, &f) {
		return nil, errKey
	}
	succeeded, err := s.deps.Gate.TrySlowly("key "+cookie[:min(len(cookie), 40)], address(ctx))
	if err != nil {
		return nil, err
	}
	o, shown, err := s.answered(ctx, f, in.Body.Credential, finds)
	if err != nil {
		return nil, s.refusedKey(ctx, o, err)
	}
	if !s.flows.spend(cookie) {
		return nil, errKey
	}
	if o, err = s.deps.Gate.SignInByKey(ctx, o.ID, f.Since, shown, address(ctx)); err != nil {
		return nil, err
	}
	succeeded()
	at := longAgo
	if shown.Verified {
		at = s.deps.Now()
	}
	session, err := s.beginWith(ctx, o, proof{at: at})
	if err != nil {
		return nil, err
	}
	return &sessionReply{s.flowSet(keyCookie, ""), session.Body}, nil
}

// answered checks the answer of a key and says whose it is.
func (s *Server) answered(ctx context.Context, f keyFlow, answer []byte, finds bool) (auth.Operator, auth.Shown, error) {
	find := func(id string) (auth.Operator, []auth.Key, error) {
		o, err := s.deps.Gate.Operator(ctx, id)
		if err != nil {
			return auth.Operator{}, nil, err
		}
		keys, err := s.deps.Gate.Keys(ctx, o.ID)
		return o, keys, err
	}
	if finds {
		return s.deps.Keys.FinishFind(f.Note, answer, find)
	}
	o, keys, err := find(f.Operator)
	if err != nil {
		return auth.Operator{}, auth.Shown{}, err
	}
	shown, err := s.deps.Keys.FinishShow(o, keys, f.Note, answer)
	return o, shown, err
}

// refusedKey records an answer that proved nothing; why stands in the server's log alone.
func (s *Server) refusedKey(ctx context.Context, o auth.Operator, err error) error {
	var no *passkey.Refused
	if !errors.As(err, &no) {
		return err
	}
	s.deps.Log.Info("a security key was refused", "operator", o.Email, "address", address(ctx), "why", no.Err)
	return errors.Join(auth.ErrKeyRefused, s.deps.Gate.RefusedKey(ctx, o, address(ctx)))
}

// withKeys is who asks, in a session, where keys can be used.
func (s *Server) withKeys(ctx context.Context) (*auth.Principal, error) {
	if s.deps.Keys == nil {
		return nil, errNoKeys
	}
	return bySession(ctx)
}

// keyFlow is the question of this kind that the session was asked, and the cookie that carries it.
func (s *Server) keyFlow(ctx context.Context, kind string, p *auth.Principal) (f keyFlow, cookie string, err error) {
	cookie = flowOf(ctx, keyCookie)
	if !s.flows.open(kind, cookie, &f) || f.Operator != p.Session {
		return f, "", errKey
	}
	return f, cookie, nil
}

func (s *Server) beginStepUpByKey(ctx context.Context, _ *Nothing) (*keyQuestionReply, error) {
	p, err := s.withKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Gate.Keys(ctx, p.Operator.ID)
	if err != nil {
		return nil, err
	}
	options, n, err := s.deps.Keys.BeginShow(p.Operator, keys, true)
	return s.question(keyStepsUp, p.Session, options, n, err)
}

func (s *Server) stepUpByKey(ctx context.Context, in *keyAnswerInput) (*sessionReply, error) {
	p, err := s.withKeys(ctx)
	if err != nil {
		return nil, err
	}
	f, cookie, err := s.keyFlow(ctx, keyStepsUp, p)
	if err != nil {
		return nil, err
	}
	succeeded, err := s.deps.Gate.TrySlowly("code "+p.Operator.ID, p.Address)
	if err != nil {
		return nil, err
	}
	f.Operator = p.Operator.ID
	_, shown, err := s.answered(ctx, f, in.Body.Credential, false)
	if err != nil {
		return nil, s.refusedKey(ctx, p.Operator, err)
	}
	if !s.flows.spend(cookie) {
		return nil, errKey
	}
	if err := s.deps.Gate.StepUpByKey(ctx, p, shown); err != nil {
		return nil, err
	}
	succeeded()
	session, err := s.shown(ctx, p)
	if err != nil {
		return nil, err
	}
	return &sessionReply{s.flowSet(keyCookie, ""), session.Body}, nil
}

func (s *Server) beginKey(ctx context.Context, in *ownPasswordInput) (*keyQuestionReply, error) {
	p, err := s.withKeys(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Gate.CheckPassword(ctx, p, in.Body.Password); err != nil {
		return nil, err
	}
	have, err := s.deps.Gate.Keys(ctx, p.Operator.ID)
	if err != nil {
		return nil, err
	}
	options, n, err := s.deps.Keys.BeginAdd(p.Operator, have)
	return s.question(keyAdds, p.Session, options, n, err)
}

// NewKey is a key to add.
type NewKey struct {
	Name       string    `json:"name" minLength:"1" maxLength:"60"`
	Credential anyObject `json:"credential"`
}

type newKeyInput struct{ Body NewKey }

// KeyAdded is a new key, and with the first second factor its recovery codes.
type KeyAdded struct {
	Key   KeyLine  `json:"key"`
	Codes []string `json:"codes" doc:"Shown once; empty when there was a second factor before"`
}

type keyAddedReply struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      KeyAdded
}

func (s *Server) addKey(ctx context.Context, in *newKeyInput) (*keyAddedReply, error) {
	p, err := s.withKeys(ctx)
	if err != nil {
		return nil, err
	}
	f, cookie, err := s.keyFlow(ctx, keyAdds, p)
	if err != nil {
		return nil, err
	}
	k, verified, err := s.deps.Keys.FinishAdd(p.Operator, f.Note, in.Body.Credential)
	if err != nil {
		return nil, s.refusedKey(ctx, p.Operator, err)
	}
	if !s.flows.spend(cookie) {
		return nil, errKey
	}
	k.Name = in.Body.Name
	first := !p.Operator.Factor
	k, codes, err := s.deps.Gate.AddKey(ctx, p, k)
	if err != nil {
		return nil, err
	}
	if first { // the session showed its factor by making it
		at := longAgo
		if verified {
			at = s.deps.Now()
		}
		if err := s.shownAt(ctx, at); err != nil {
			return nil, err
		}
	}
	return &keyAddedReply{s.flowSet(keyCookie, ""), KeyAdded{Key: keyLine(k), Codes: codes}}, nil
}

// KeyName is what a key is to be called.
type KeyName struct {
	Name string `json:"name" minLength:"1" maxLength:"60"`
}

type keyNameInput struct {
	ID   string `path:"id" maxLength:"36"`
	Body KeyName
}

func (s *Server) renameKey(ctx context.Context, in *keyNameInput) (*Reply[KeyLine], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.deps.Gate.RenameKey(ctx, p, in.ID, in.Body.Name)
	return &Reply[KeyLine]{keyLine(k)}, err
}

func (s *Server) removeKey(ctx context.Context, in *idInput) (*struct{}, error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.RemoveKey(ctx, p, in.ID)
}
