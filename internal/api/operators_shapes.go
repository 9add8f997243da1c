package api

import (
	"time"

	"tocsin/internal/auth"
)

// OperatorLine is one operator in the list.
type OperatorLine struct {
	ID       string     `json:"id" doc:"UUIDv7"`
	Email    string     `json:"email"`
	Name     string     `json:"name"`
	Roles    []string   `json:"roles" doc:"Names of roles, groups first"`
	State    string     `json:"state" enum:"active,invited,tokens,disabled" doc:"invited: no password yet, never signed in; tokens: no password and API tokens; disabled: may not sign in, and tokens do not work"`
	Factor   bool       `json:"factor" doc:"A second factor is set up"`
	Linked   bool       `json:"linked" doc:"Signs in through the provider"`
	Created  time.Time  `json:"created"`
	SignedIn *time.Time `json:"signed_in" nullable:"true" doc:"Last sign-in"`
	Sessions int        `json:"sessions" doc:"That are not over"`
	Tokens   int        `json:"tokens" doc:"API tokens that work"`
}

// RoleLine is a role and what it gives.
type RoleLine struct {
	Name        string   `json:"name"`
	Group       bool     `json:"group" doc:"One of the four groups; the others are given on top"`
	Permissions []string `json:"permissions"`
}

// Operators is everybody, and the roles there are.
type Operators struct {
	Operators []OperatorLine `json:"operators" doc:"By address"`
	Roles     []RoleLine     `json:"roles"`
}

// NewOperator is somebody to add.
type NewOperator struct {
	Email string   `json:"email" maxLength:"254" minLength:"3"`
	Name  string   `json:"name" maxLength:"200" doc:"Empty: the part before the @"`
	Roles []string `json:"roles" minItems:"1" maxItems:"20"`
}

type newOperatorInput struct{ Body NewOperator }

// Invited is a link with which an operator chooses a password. It is shown once.
type Invited struct {
	Operator OperatorLine `json:"operator"`
	Path     string       `json:"path" doc:"Of the page, with the secret in the fragment; put the server's address before it"`
	Expires  time.Time    `json:"expires"`
}

// OperatorChange is what an operator is to be. Sessions end when roles or disabled change.
type OperatorChange struct {
	Name     string   `json:"name" minLength:"1" maxLength:"200"`
	Roles    []string `json:"roles" minItems:"1" maxItems:"20"`
	Disabled bool     `json:"disabled"`
}

type operatorChangeInput struct {
	ID   string `path:"id" maxLength:"36"`
	Body OperatorChange
}

type idInput struct {
	ID string `path:"id" maxLength:"36"`
}

// InvitationPage is what the page behind an invitation shows before the form is sent.
type InvitationPage struct {
	Organisation Organisation `json:"organisation"`
	Email        string       `json:"email"`
	Name         string       `json:"name"`
	Expires      time.Time    `json:"expires"`
}

type invitationInput struct {
	Token string `path:"token" maxLength:"100" doc:"From the fragment of the link"`
}

// ChosenPassword is the form behind an invitation.
type ChosenPassword struct {
	Password string `json:"password" maxLength:"1024" minLength:"12"`
}

type invitationPost struct {
	Token string `path:"token" maxLength:"100"`
	Body  ChosenPassword
}

// SessionLine is one session.
type SessionLine struct {
	ID         string    `json:"id"`
	OperatorID string    `json:"operator_id"`
	Email      string    `json:"email"`
	Device     string    `json:"device" doc:"As the browser calls itself; whoever has the session chose these words"`
	Address    string    `json:"address" doc:"Of the last request"`
	Began      time.Time `json:"began"`
	Seen       time.Time `json:"seen" doc:"Last request, to the minute"`
	This       bool      `json:"this" doc:"The session that asks"`
}

type sessionsInput struct {
	Whose string `query:"whose" enum:"own,all" default:"own" doc:"all needs sessions.manage"`
}

// TokenLine is an API token without its secret.
type TokenLine struct {
	ID         string     `json:"id"`
	OperatorID string     `json:"operator_id"`
	Email      string     `json:"email"`
	Name       string     `json:"name"`
	Scopes     []string   `json:"scopes" doc:"Permissions; it may do what is here and what its operator may"`
	Everything bool       `json:"everything" doc:"Without scopes: it may do all that its operator may"`
	Created    time.Time  `json:"created"`
	Used       *time.Time `json:"used" nullable:"true" doc:"Last use, to the minute"`
	Expires    *time.Time `json:"expires" nullable:"true"`
	Expired    bool       `json:"expired"`
}

type tokensInput struct {
	Whose string `query:"whose" enum:"own,all" default:"own" doc:"all needs operators.manage"`
}

// NewToken is a token to make.
type NewToken struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100" doc:"What it is for"`
	Scopes []string `json:"scopes" minItems:"1" maxItems:"60" doc:"Permissions, each of which the operator has"`
	Days   int      `json:"days,omitempty" minimum:"0" maximum:"365" doc:"How long it works; 0 or absent: 90"`
}

type newTokenInput struct{ Body NewToken }

// TokenMade is a new token with its secret, which is shown once.
type TokenMade struct {
	Token  TokenLine `json:"token"`
	Secret string    `json:"secret"`
}

// PasswordChange is an operator's own.
type PasswordChange struct {
	Old string `json:"old" minLength:"1" maxLength:"1024"`
	New string `json:"new" minLength:"12" maxLength:"1024"`
}

type passwordInput struct{ Body PasswordChange }

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (s *Server) tokenLine(t auth.Token, email string) TokenLine {
	return TokenLine{
		ID: t.ID, OperatorID: t.OperatorID, Email: email, Name: t.Name, Scopes: texts(t.Scopes), Everything: t.Scopes == nil, Created: t.Created.UTC(),
		Used: optional(t.Used), Expires: optional(t.Expires), Expired: !t.Expires.IsZero() && !s.deps.Now().Before(t.Expires),
	}
}
