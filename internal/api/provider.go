package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/auth/oidc"
)

// keyProvider is the issuer at whose provider the session began; "" for others.
const keyProvider = "provider"

// What a person goes to the provider for.
const (
	toSignIn = "sign-in"
	toStepUp = "step-up"
	toLink   = "link"
)

var (
	errNoProvider = errors.New("sign-in through a provider is not set up here")
	errFlow       = &auth.ProviderRefused{Msg: "this answer is not to a sign-in that this browser began in the last ten minutes; begin again"}
)

func (s *Server) declareProvider() {
	add(s, auth.Public, "GET /session/ways", quick, "Which ways to sign in there are", s.getWays)
	add(s, auth.Public, "POST /session/provider/begin", quick, "Where to send the browser to sign in at the provider, to show that it is still the same person, or to link one's account", s.beginProvider)
	add(s, auth.Public, "POST /session/provider", asking, "What the provider sent the browser back with; signs in, steps up or links; audited", s.finishProvider)
	add(s, auth.SignedIn, "DELETE /account/provider", quick, "Unlink one's account from the provider; audited", s.unlinkProvider, with204, withStepUp)
}

// Ways are the ways to sign in.
type Ways struct {
	Password string `json:"password" enum:"on,break-glass" doc:"break-glass: for emergency accounts alone"`
	Provider string `json:"provider" doc:"What the OpenID Connect provider is called; empty: there is none"`
	Keys     bool   `json:"keys" doc:"Security keys and passkeys can be used: the public address has a host name"`
}

func (s *Server) getWays(context.Context, *Nothing) (*Reply[Ways], error) {
	w := Ways{Password: "on", Keys: s.deps.Keys != nil}
	if s.deps.Gate.LocalOff() {
		w.Password = "break-glass"
	}
	if s.deps.Provider != nil {
		w.Provider = s.deps.Provider.Name()
	}
	return &Reply[Ways]{w}, nil
}

// ProviderBegin is what somebody wants of the provider.
type ProviderBegin struct {
	Purpose  string `json:"purpose" enum:"sign-in,step-up,link"`
	Next     string `json:"next,omitempty" maxLength:"1500" doc:"Path of the page to open afterwards"`
	Password string `json:"password,omitempty" maxLength:"1024" doc:"One's own, to link"`
}

type providerBeginInput struct{ Body ProviderBegin }

// ProviderAddress is where to send the browser.
type ProviderAddress struct {
	URL string `json:"url"`
}

type providerAddressReply struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      ProviderAddress
}

// providerFlow is what the browser keeps meanwhile, sealed.
type providerFlow struct {
	Flow    oidc.Flow `json:"flow"`
	Purpose string    `json:"purpose"`
	Next    string    `json:"next"`
	Session string    `json:"session"` // that steps up or links
}

func (s *Server) beginProvider(ctx context.Context, in *providerBeginInput) (*providerAddressReply, error) {
	if s.deps.Provider == nil {
		return nil, errNoProvider
	}
	f := providerFlow{Purpose: in.Body.Purpose, Next: local(in.Body.Next)}
	if f.Purpose != toSignIn {
		p, err := s.person(ctx)
		if err != nil {
			return nil, err
		}
		f.Session = p.Session
		switch {
		case f.Purpose == toStepUp && !p.Provider:
			return nil, &refused{location: "body.purpose", msg: "this session did not begin at the provider; show your own second factor"}
		case f.Purpose == toLink && s.stale(p):
			return nil, errStepUp()
		case f.Purpose == toLink:
			if err := s.deps.Gate.CheckPassword(ctx, p, in.Body.Password); err != nil {
				return nil, err
			}
		}
	}
	address, flow, err := s.deps.Provider.Begin(ctx, f.Purpose != toSignIn)
	if err != nil {
		return nil, err
	}
	f.Flow = flow
	cookie, err := s.flows.seal(providerCookie, f)
	return &providerAddressReply{s.flowSet(providerCookie, cookie), ProviderAddress{address}}, err
}

// person is who asks, when it is somebody in a browser who may do more than set a second factor up.
func (s *Server) person(ctx context.Context) (*auth.Principal, error) {
	p := auth.From(ctx)
	if p == nil || !p.May(auth.SignedIn) {
		return nil, auth.ErrNotSignedIn
	}
	return bySession(ctx)
}

// ProviderAnswer is the query that the provider sent the browser back with.
type ProviderAnswer struct {
	State       string `json:"state" maxLength:"200"`
	Code        string `json:"code,omitempty" maxLength:"4000"`
	Issuer      string `json:"iss,omitempty" maxLength:"1000"`
	Error       string `json:"error,omitempty" maxLength:"200"`
	Description string `json:"error_description,omitempty" maxLength:"2000"`
}

type providerAnswerInput struct{ Body ProviderAnswer }

// ProviderDone is what came of it.
type ProviderDone struct {
	Purpose string  `json:"purpose" enum:"sign-in,step-up,link"`
	Next    string  `json:"next" doc:"Path of the page to open"`
	Session Session `json:"session"`
}

type providerDoneReply struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      ProviderDone
}

func (s *Server) finishProvider(ctx context.Context, in *providerAnswerInput) (*providerDoneReply, error) {
	if s.deps.Provider == nil {
		return nil, errNoProvider
	}
	var f providerFlow
	cookie := flowOf(ctx, providerCookie)
	if !s.flows.open(providerCookie, cookie, &f) {
		return nil, errFlow
	}
	succeeded, err := s.deps.Gate.TrySlowly("provider "+f.Flow.State, address(ctx))
	if err != nil {
		return nil, err
	}
	id, err := s.deps.Provider.Finish(ctx, f.Flow, oidc.Answer(in.Body))
	if err != nil {
		var no *auth.ProviderRefused
		if errors.As(err, &no) {
			err = errors.Join(err, s.deps.Gate.RefusedByProvider(ctx, auth.Identity{}, address(ctx), no.Msg))
		}
		return nil, err
	}
	if !s.flows.spend(cookie) {
		return nil, errFlow
	}
	session, err := s.byIdentity(ctx, f, id)
	if err != nil {
		return nil, err
	}
	succeeded()
	return &providerDoneReply{s.flowSet(providerCookie, ""), ProviderDone{Purpose: f.Purpose, Next: f.Next, Session: session.Body}}, nil
}

// byIdentity does what the person went to the provider for.
func (s *Server) byIdentity(ctx context.Context, f providerFlow, id auth.Identity) (*Reply[Session], error) {
	if f.Purpose == toSignIn {
		o, err := s.deps.Gate.SignInByProvider(ctx, id, address(ctx))
		if err != nil {
			return nil, err
		}
		return s.beginWith(ctx, o, proof{at: provenAt(id), provider: id.Issuer})
	}
	p, err := s.person(ctx)
	if err != nil {
		return nil, err
	}
	if p.Session != f.Session {
		return nil, errFlow
	}
	if f.Purpose == toLink {
		if err := s.deps.Gate.LinkProvider(ctx, p, id); err != nil {
			return nil, err
		}
		return s.session(ctx, p.Operator, p.Permissions), nil
	}
	if err := s.deps.Gate.StepUpByProvider(ctx, p, id); err != nil {
		return nil, err
	}
	return s.shown(ctx, p)
}

// longAgo is when a second factor was shown, for one that counts at sign-in and not as fresh.
var longAgo = time.UnixMicro(1)

// provenAt is when a second factor was shown at the provider: an old session there, or one of unknown age, is no fresh factor here.
func provenAt(id auth.Identity) time.Time {
	switch {
	case !id.Factor:
		return time.Time{}
	case id.Proven.IsZero():
		return longAgo
	}
	return id.Proven
}

func (s *Server) unlinkProvider(ctx context.Context, _ *Nothing) (*struct{}, error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.UnlinkProvider(ctx, p)
}
