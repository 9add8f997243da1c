package api

import (
	"context"

	"tocsin/internal/auth"
)

func (s *Server) declareOperators() {
	add(s, auth.OperatorManage, "GET /operators", quick, "Everybody who can sign in, and the roles", s.getOperators)
	add(s, auth.OperatorManage, "POST /operators", quick, "Add an operator; the answer has a link to choose a password with; audited", s.postOperator, withStepUp)
	add(s, auth.OperatorManage, "PUT /operators/{id}", quick, "Change name, roles, or whether they may sign in; audited", s.putOperator, withStepUp)
	add(s, auth.OperatorManage, "POST /operators/{id}/invitation", quick, "A new link to choose a password with; audited", s.postInvitation, withStepUp)
	add(s, auth.SessionManage, "DELETE /operators/{id}/sessions", quick, "End all sessions of an operator; audited", s.endOperatorSessions, with204, withStepUp)
	add(s, auth.Public, "GET /invitations/{token}", quick, "Whose link is it, and is it good", s.getInvitation)
	add(s, auth.Public, "POST /invitations/{token}", quick, "Choose the password; sign in afterwards; audited", s.acceptInvitation, with204)
}

func (s *Server) getOperators(ctx context.Context, _ *Nothing) (*Reply[Operators], error) {
	out := Operators{Operators: []OperatorLine{}, Roles: []RoleLine{}}
	all, err := s.deps.Gate.Operators(ctx)
	if err != nil {
		return nil, err
	}
	sessions, tokens, err := s.belongings(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		out.Operators = append(out.Operators, operatorLine(o, sessions[o.ID], tokens[o.ID]))
	}
	for _, r := range auth.Roles() {
		out.Roles = append(out.Roles, RoleLine{Name: string(r), Group: r.Group(), Permissions: texts(auth.Granted([]auth.Role{r}))})
	}
	return &Reply[Operators]{out}, nil
}

// belongings counts sessions and working tokens by operator.
func (s *Server) belongings(ctx context.Context) (sessions, tokens map[string]int, err error) {
	sessions, tokens = map[string]int{}, map[string]int{}
	open, err := s.deps.Gate.Sessions(ctx, "", s.deps.SessionIdle, s.deps.SessionLife)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range open {
		sessions[f.OperatorID]++
	}
	kept, err := s.deps.Gate.Tokens(ctx, "")
	for _, t := range kept {
		if t.Expires.IsZero() || s.deps.Now().Before(t.Expires) {
			tokens[t.OperatorID]++
		}
	}
	return sessions, tokens, err
}

func operatorLine(o auth.Operator, sessions, tokens int) OperatorLine {
	state := "active"
	switch {
	case o.Disabled:
		state = "disabled"
	case o.Password == "" && o.SignedIn.IsZero() && tokens > 0:
		state = "tokens"
	case o.Password == "" && o.SignedIn.IsZero():
		state = "invited"
	}
	return OperatorLine{
		ID: o.ID, Email: o.Email, Name: o.Name, Roles: texts(o.Roles), State: state,
		Factor: o.Factor, Linked: o.Linked, Created: o.Created.UTC(), SignedIn: optional(o.SignedIn), Sessions: sessions, Tokens: tokens,
	}
}

// oneOperator is the line of an operator, as it is now.
func (s *Server) oneOperator(ctx context.Context, o auth.Operator) (OperatorLine, error) {
	sessions, tokens, err := s.belongings(ctx)
	return operatorLine(o, sessions[o.ID], tokens[o.ID]), err
}

func roleNames(names []string) []auth.Role {
	out := make([]auth.Role, len(names))
	for i, n := range names {
		out[i] = auth.Role(n)
	}
	return out
}

func (s *Server) postOperator(ctx context.Context, in *newOperatorInput) (*Reply[Invited], error) {
	o, secret, until, err := s.deps.Gate.Invite(ctx, in.Body.Email, in.Body.Name, roleNames(in.Body.Roles))
	if err != nil {
		return nil, err
	}
	return &Reply[Invited]{Invited{Operator: operatorLine(o, 0, 0), Path: "/invitation#" + secret, Expires: until.UTC()}}, nil
}

func (s *Server) putOperator(ctx context.Context, in *operatorChangeInput) (*Reply[OperatorLine], error) {
	o, err := s.deps.Gate.ChangeOperator(ctx, auth.From(ctx), in.ID, auth.Change{Name: &in.Body.Name, Roles: roleNames(in.Body.Roles), Disabled: &in.Body.Disabled})
	if err != nil {
		return nil, err
	}
	line, err := s.oneOperator(ctx, o)
	return &Reply[OperatorLine]{line}, err
}

func (s *Server) postInvitation(ctx context.Context, in *idInput) (*Reply[Invited], error) {
	secret, until, err := s.deps.Gate.InviteAgain(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	o, err := s.deps.Gate.Operator(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	line, err := s.oneOperator(ctx, o)
	return &Reply[Invited]{Invited{Operator: line, Path: "/invitation#" + secret, Expires: until.UTC()}}, err
}

func (s *Server) endOperatorSessions(ctx context.Context, in *idInput) (*struct{}, error) {
	return nil, s.deps.Gate.EndSessions(ctx, in.ID, auth.From(ctx).Session)
}

func (s *Server) getInvitation(ctx context.Context, in *invitationInput) (*Reply[InvitationPage], error) {
	o, until, err := s.deps.Gate.Invited(ctx, in.Token, address(ctx))
	if err != nil {
		return nil, err
	}
	return &Reply[InvitationPage]{InvitationPage{Organisation: s.organisation(), Email: o.Email, Name: o.Name, Expires: until.UTC()}}, nil
}

// acceptInvitation does not sign in: an operator who has a second factor and forgot the password must still show it.
func (s *Server) acceptInvitation(ctx context.Context, in *invitationPost) (*struct{}, error) {
	_, err := s.deps.Gate.AcceptInvitation(ctx, in.Token, in.Body.Password, address(ctx))
	return nil, err
}
