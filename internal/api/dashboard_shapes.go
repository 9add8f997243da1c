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
