package api

import (
	"time"

	"tocsin/internal/dashboard"
)

type dashboardInput struct {
	Widgets    []string  `query:"widgets" maxItems:"20" enum:"needs,summary,protection,weekly,malware,insights,targeted,origin,flow,reported,work,attention,campaigns" doc:"Comma separated; absent: all. Widgets that are asked for together share their questions; each may be asked for alone, to refresh it"`
	From       time.Time `query:"from" doc:"Start, RFC 3339, included; absent: 7 days before the end. At most 90 days before it"`
	To         time.Time `query:"to" doc:"End, RFC 3339, excluded; absent: now"`
	Department string    `query:"department" maxLength:"200" doc:"Only mail to people of this department of the directory"`
	Group      string    `query:"group" maxLength:"200" doc:"Only mail to people of this group of the directory"`
	Domain     string    `query:"domain" maxLength:"253" doc:"Only mail to recipients of this domain"`
}

// DashboardOptions are what the dashboard can be narrowed to.
type DashboardOptions struct {
	Departments []DashboardChoice `json:"departments" doc:"By name; 1,000 at most"`
	Groups      []DashboardChoice `json:"groups" doc:"By name; 1,000 at most"`
	Domains     []DashboardChoice `json:"domains" doc:"Of the organisation"`
}

// DashboardChoice is one of them.
type DashboardChoice struct {
	Name   string `json:"name"`
	People int    `json:"people" doc:"That the directory knows"`
	Large  bool   `json:"large" doc:"More people than a filter holds: it cannot be chosen"`
}

// DashboardLayout is how an operator arranged the dashboard.
type DashboardLayout struct {
	Widgets []DashboardPlace `json:"widgets" maxItems:"20" doc:"In order. Widgets that are not named follow in the order of a new page"`
	Filter  dashboard.Filter `json:"filter"`
}

// DashboardPlace is one widget of a layout.
type DashboardPlace struct {
	Key    string `json:"key" enum:"needs,summary,protection,weekly,malware,insights,trends,targeted,origin,flow,reported,work,attention,campaigns"`
	Hidden bool   `json:"hidden"`
	Wide   bool   `json:"wide" doc:"Takes the whole width"`
}

type dashboardLayoutInput struct{ Body DashboardLayout }

// DashboardChanged is the data of the event "changed" of the dashboard's stream: something that its figures rest on changed, and it is worth
// asking again. At most one in five seconds.
type DashboardChanged struct {
	Mail bool `json:"mail" doc:"Mail came in, or something happened to mail"`
	Work bool `json:"work" doc:"Somebody changed something: an action, a report, an incident, the policy"`
}

// DashboardLetter is a letter with the figures of the week that is sent to chosen people.
type DashboardLetter struct {
	ID      string           `json:"id"`
	Name    string           `json:"name" doc:"Stands in the subject"`
	To      []string         `json:"to" doc:"Addresses"`
	Weekday string           `json:"weekday" enum:"Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday"`
	Hour    int              `json:"hour" doc:"0 to 23, in the zone"`
	Zone    string           `json:"zone" doc:"IANA name of a time zone"`
	Filter  dashboard.Filter `json:"filter"`
	On      bool             `json:"on"`
	Next    *time.Time       `json:"next" nullable:"true" doc:"When it is sent next; null while it is off"`
	Last    *time.Time       `json:"last" nullable:"true" doc:"When it was made last; null: never"`
	Problem string           `json:"problem" doc:"Why the last one was not made; empty when it was"`
	By      string           `json:"by" doc:"Who changed it last"`
	At      time.Time        `json:"at"`
	Version int64            `json:"version"`
}

// DashboardLetters are all of them.
type DashboardLetters struct {
	Letters []DashboardLetter `json:"letters"`
	Sends   bool              `json:"sends" doc:"Outgoing mail is set up"`
	Domains []string          `json:"domains" doc:"To which letters may go, beside the addresses of operators"`
}

// DashboardLetterDraft is what somebody says of a letter.
type DashboardLetterDraft struct {
	Name    string           `json:"name" minLength:"1" maxLength:"100"`
	To      []string         `json:"to" minItems:"1" maxItems:"50" doc:"Addresses of the organisation's domains, or of operators"`
	Weekday string           `json:"weekday" enum:"Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday"`
	Hour    int              `json:"hour" minimum:"0" maximum:"23"`
	Zone    string           `json:"zone" maxLength:"60"`
	Filter  dashboard.Filter `json:"filter"`
	On      bool             `json:"on"`
	Version int64            `json:"version,omitempty" doc:"That was looked at: 409 when there is a newer one"`
}

type dashboardLetterInput struct{ Body DashboardLetterDraft }

type dashboardLetterChangeInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body DashboardLetterDraft
}

type dashboardLetterOneInput struct {
	ID string `path:"id" maxLength:"100"`
}

// DashboardLetterText is a letter as it would be sent now.
type DashboardLetterText struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html" doc:"A whole document. Show it in a frame with an empty sandbox"`
}
