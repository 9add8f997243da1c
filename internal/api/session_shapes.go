package api

import "time"

// Reply is a JSON answer.
type Reply[T any] struct{ Body T }

// Nothing is an input without parameters.
type Nothing struct{}

// Operator is who is signed in, as the client may know them.
type Operator struct {
	ID    string   `json:"id" doc:"UUIDv7"`
	Email string   `json:"email"`
	Name  string   `json:"name"`
	Roles []string `json:"roles" doc:"Names of roles, groups first"`
}

// Organisation this installation works for.
type Organisation struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains" doc:"Accepted domains, lower case"`
}

// Session is the answer to everything that begins or shows a session.
type Session struct {
	Operator     Operator     `json:"operator"`
	Permissions  []string     `json:"permissions" doc:"Sorted; what to show and what to grey out"`
	MustEnrol    bool         `json:"must_enrol" doc:"Nothing may be done before a second factor is set up"`
	Organisation Organisation `json:"organisation"`
	Version      string       `json:"version"`
	Demo         bool         `json:"demo" doc:"The mail is invented"`
	Time         time.Time    `json:"time" doc:"Clock of the server, UTC"`
	SignOutURL   string       `json:"sign_out_url" doc:"Where to send the browser after signing out, to sign out at the provider too; empty: nowhere"`
}

// SignIn is what a person types in.
type SignIn struct {
	Email    string `json:"email" maxLength:"254" minLength:"1"`
	Password string `json:"password" maxLength:"1024" minLength:"1"`
	Code     string `json:"code,omitempty" maxLength:"40" doc:"Of the second factor, or a recovery code; asked for with a problem of the type urn:tocsin:problem:second-factor-needed"`
}

type signInInput struct {
	Body SignIn
}

// SetupPage is what the page behind the one-time link shows before the form is sent.
type SetupPage struct {
	Organisation Organisation `json:"organisation"`
	Expires      time.Time    `json:"expires" doc:"When the link stops working"`
}

type setupInput struct {
	Token string `path:"token" maxLength:"100" doc:"From the fragment of the link on the console"`
}

// FirstAdministrator is the form behind the one-time link.
type FirstAdministrator struct {
	Email    string `json:"email" maxLength:"254" minLength:"3"`
	Name     string `json:"name" maxLength:"200" minLength:"1"`
	Password string `json:"password" maxLength:"1024" minLength:"12" doc:"At least 12 characters"`
}

type setupPost struct {
	Token string `path:"token" maxLength:"100"`
	Body  FirstAdministrator
}

// Preferences of one operator.
type Preferences struct {
	Theme           string   `json:"theme" enum:"auto,light,dark"`
	Zone            string   `json:"zone" enum:"utc,local"`
	NavPinned       bool     `json:"nav_pinned"`
	Density         string   `json:"density" enum:"normal,compact"`
	ExplorerColumns []string `json:"explorer_columns" maxItems:"100" doc:"Columns of the email grid in order; empty for the usual ones"`
}

type preferencesInput struct {
	Body Preferences
}
