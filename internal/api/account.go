package api

import (
	"context"
	"time"

	"tocsin/internal/auth"
)

func (s *Server) declareAccount() {
	add(s, auth.SignedIn, "GET /sessions", quick, "Sessions: one's own; with sessions.manage everybody's", s.getSessions)
	add(s, auth.SignedIn, "DELETE /sessions/{id}", quick, "End a session: one's own; with sessions.manage anybody's; audited", s.endSession, with204)
	add(s, auth.SignedIn, "GET /tokens", quick, "API tokens: one's own; with operators.manage everybody's", s.getTokens)
	add(s, auth.SignedIn, "POST /tokens", quick, "Make an API token; the secret is shown once; audited", s.postToken, withStepUp)
	add(s, auth.SignedIn, "DELETE /tokens/{id}", quick, "Revoke an API token: one's own; with operators.manage anybody's; audited", s.revokeToken, with204)
	add(s, auth.SignedIn, "POST /account/password", quick, "Change one's own password; all other sessions end; audited", s.postPassword)
}

// bySession refuses tokens: what makes new ways in asks for a person.
func bySession(ctx context.Context) (*auth.Principal, error) {
	p := auth.From(ctx)
	if p.Via != "session" {
		return nil, &refused{location: "header.Authorization", msg: "an API token cannot do this; sign in"}
	}
	return p, nil
}

// addresses names operators by id.
func (s *Server) addresses(ctx context.Context) (map[string]string, error) {
	all, err := s.deps.Gate.Operators(ctx)
	names := make(map[string]string, len(all))
	for _, o := range all {
		names[o.ID] = o.Email
	}
	return names, err
}

// whose is the operator to list for: oneself, or "" for everybody with the permission.
func whose(ctx context.Context, asked string, need auth.Permission) (string, error) {
	p := auth.From(ctx)
	if asked != "all" && p.Operator.ID != "" {
		return p.Operator.ID, nil
	}
	if !p.May(need) {
		return "", &forbidden{need: need, why: "seeing those of others"}
	}
	return "", nil
}

func (s *Server) getSessions(ctx context.Context, in *sessionsInput) (*Reply[[]SessionLine], error) {
	out := []SessionLine{}
	id, err := whose(ctx, in.Whose, auth.SessionManage)
	if err != nil {
		return nil, err
	}
	names, err := s.addresses(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Gate.Sessions(ctx, id, s.deps.SessionIdle, s.deps.SessionLife)
	for _, f := range all {
		out = append(out, SessionLine{
			ID: f.ID, OperatorID: f.OperatorID, Email: names[f.OperatorID], Device: f.Device, Address: f.Address,
			Began: f.Began.UTC(), Seen: f.Seen.UTC(), This: f.ID == auth.From(ctx).Session,
		})
	}
	return &Reply[[]SessionLine]{out}, err
}

func (s *Server) endSession(ctx context.Context, in *idInput) (*struct{}, error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.EndSession(ctx, p, in.ID)
}

func (s *Server) getTokens(ctx context.Context, in *tokensInput) (*Reply[[]TokenLine], error) {
	out := []TokenLine{}
	id, err := whose(ctx, in.Whose, auth.OperatorManage)
	if err != nil {
		return nil, err
	}
	names, err := s.addresses(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Gate.Tokens(ctx, id)
	for _, t := range all {
		out = append(out, s.tokenLine(t, names[t.OperatorID]))
	}
	return &Reply[[]TokenLine]{out}, err
}

func (s *Server) postToken(ctx context.Context, in *newTokenInput) (*Reply[TokenMade], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	scopes := make([]auth.Permission, len(in.Body.Scopes))
	for i, v := range in.Body.Scopes {
		scopes[i] = auth.Permission(v)
	}
	secret, t, err := s.deps.Gate.MakeScopedToken(ctx, p, in.Body.Name, scopes, time.Duration(in.Body.Days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	return &Reply[TokenMade]{TokenMade{Token: s.tokenLine(t, p.Operator.Email), Secret: secret}}, nil
}

func (s *Server) revokeToken(ctx context.Context, in *idInput) (*struct{}, error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.RevokeToken(ctx, p, in.ID)
}

func (s *Server) postPassword(ctx context.Context, in *passwordInput) (*Reply[Session], error) {
	p, err := bySession(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.deps.Gate.ChangePassword(ctx, p, in.Body.Old, in.Body.New)
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, o, o.Factor && !s.stale(p))
}
