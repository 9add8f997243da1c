package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/auth"
)

// The session cookie, and what a session holds: who, since when (microseconds), and when last seen (seconds).
const (
	sessionCookie = "tocsin_session"
	keyOperator   = "operator"
	keySince      = "since"
	keySeen       = "seen"
	keySession    = "id" // of auth.SessionFacts
)

func (s *Server) getSession(ctx context.Context, _ *Nothing) (*Reply[Session], error) {
	who := auth.From(ctx)
	if who == nil {
		return nil, auth.ErrNotSignedIn
	}
	return s.session(ctx, who.Operator, who.Permissions), nil
}

func (s *Server) postSession(ctx context.Context, in *signInInput) (*Reply[Session], error) {
	o, err := s.deps.Gate.SignInWith(ctx, in.Body.Email, in.Body.Password, in.Body.Code, address(ctx))
	if errors.Is(err, auth.ErrFactorNeeded) || errors.Is(err, auth.ErrCode) {
		return nil, s.factorNeeded(ctx, in.Body.Email, err)
	}
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, o, o.Factor)
}

func (s *Server) deleteSession(ctx context.Context, _ *Nothing) (*struct{}, error) {
	if auth.From(ctx).Via != "session" {
		return nil, &refused{location: "header.Authorization", msg: "an API token cannot sign out; it is revoked instead"}
	}
	if err := s.sessions.Destroy(ctx); err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	if err := s.deps.Gate.CloseSession(ctx, auth.From(ctx).Session); err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActSignOut}, nil)
}

func (s *Server) getSetup(ctx context.Context, in *setupInput) (*Reply[SetupPage], error) {
	at, err := s.deps.Gate.SetupExpiry(ctx, in.Token, address(ctx))
	if err != nil {
		return nil, err
	}
	return &Reply[SetupPage]{SetupPage{Organisation: s.organisation(), Expires: at}}, nil
}

func (s *Server) postSetup(ctx context.Context, in *setupPost) (*Reply[Session], error) {
	o, err := s.deps.Gate.Setup(ctx, in.Token, in.Body.Email, in.Body.Name, in.Body.Password, address(ctx))
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, o, false)
}

// proof is what began a session beside a password.
type proof struct {
	at       time.Time // when a second factor was shown; zero: none was
	provider string    // the issuer at whose provider it began; "" for none
}

// begin starts a session. shown says that a second factor was shown just now.
func (s *Server) begin(ctx context.Context, o auth.Operator, shown bool) (*Reply[Session], error) {
	var p proof
	if shown {
		p.at = s.deps.Now()
	}
	return s.beginWith(ctx, o, p)
}

// beginWith starts a session under a fresh token, whatever cookie the browser had before (session fixation).
func (s *Server) beginWith(ctx context.Context, o auth.Operator, p proof) (*Reply[Session], error) {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return nil, fmt.Errorf("renew session: %w", err)
	}
	if old := s.sessions.GetString(ctx, keySession); old != "" { // the one that this browser had
		if err := s.deps.Gate.CloseSession(ctx, old); err != nil {
			return nil, err
		}
	}
	facts, err := s.deps.Gate.BeginSession(ctx, o.ID, device(ctx), address(ctx))
	if err != nil {
		return nil, err
	}
	now := facts.Began
	s.sessions.Put(ctx, keySession, facts.ID)
	s.sessions.Put(ctx, keyOperator, o.ID)
	s.sessions.Put(ctx, keySince, now.UnixMicro())
	s.sessions.Put(ctx, keySeen, now.Unix())
	s.sessions.Put(ctx, keyProvider, p.provider)
	s.sessions.Remove(ctx, keyFactor)
	if !p.at.IsZero() {
		s.sessions.Put(ctx, keyFactor, p.at.UnixMicro())
	}
	may := auth.Granted(o.Roles)
	if s.mustEnrol(o, !p.at.IsZero()) {
		may = []auth.Permission{auth.Enrol}
	}
	return s.session(ctx, o, may), nil
}

// mustEnrol reports whether a session may do nothing but set up a second factor. One that showed a factor elsewhere need not.
func (s *Server) mustEnrol(o auth.Operator, shown bool) bool {
	return s.deps.Gate.NeedsFactor(o) && !o.Factor && !shown
}

func (s *Server) session(ctx context.Context, o auth.Operator, may []auth.Permission) *Reply[Session] {
	signOut := ""
	if s.deps.Provider != nil && s.sessions.GetString(ctx, keyProvider) != "" {
		signOut = s.deps.Provider.SignOutURL(ctx)
	}
	return &Reply[Session]{Session{
		MustEnrol:    len(may) == 1 && may[0] == auth.Enrol,
		Operator:     Operator{ID: o.ID, Email: o.Email, Name: o.Name, Roles: texts(o.Roles)},
		Permissions:  texts(may),
		Organisation: s.organisation(),
		Version:      s.deps.Version,
		Demo:         s.deps.Demo,
		Time:         s.deps.Now().UTC(),
		SignOutURL:   signOut,
	}}
}

func (s *Server) organisation() Organisation {
	return Organisation{Name: s.deps.Organisation.Name, Domains: texts(s.deps.Organisation.Domains)}
}

// texts copies a list of string-like values; never nil.
func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

func (s *Server) getPreferences(ctx context.Context, _ *Nothing) (*Reply[Preferences], error) {
	p := Preferences{Theme: "auto", Zone: "utc", Density: "normal", ExplorerColumns: []string{}}
	kept, err := s.deps.Preferences.Preferences(ctx, auth.From(ctx).Operator.ID)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		if err := json.Unmarshal(kept, &p); err != nil {
			return nil, fmt.Errorf("preferences: %w", err)
		}
	}
	return &Reply[Preferences]{p}, nil
}

func (s *Server) putPreferences(ctx context.Context, in *preferencesInput) (*Reply[Preferences], error) {
	if auth.From(ctx).Operator.ID == "" {
		return nil, &refused{location: "header.Authorization", msg: "the local command line has no preferences"}
	}
	if in.Body.ExplorerColumns == nil {
		in.Body.ExplorerColumns = []string{}
	}
	raw, err := json.Marshal(in.Body)
	if err != nil {
		return nil, fmt.Errorf("preferences: %w", err)
	}
	if err := s.deps.Preferences.PutPreferences(ctx, auth.From(ctx).Operator.ID, raw); err != nil {
		return nil, err
	}
	return &Reply[Preferences]{in.Body}, nil
}
