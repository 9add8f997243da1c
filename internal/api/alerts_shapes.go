package api

import (
	"time"

	"tocsin/internal/alert"
)

// Alert is something found that asks for a person.
type Alert struct {
	ID         string     `json:"id"`
	Time       time.Time  `json:"time" doc:"When it was raised"`
	Title      string     `json:"title"`
	Severity   string     `json:"severity" enum:"Informational,Low,Medium,High"`
	Category   string     `json:"category"`
	Source     string     `json:"source" doc:"What kind of thing raised it"`
	Policy     string     `json:"policy" doc:"Which one: its name"`
	Link       string     `json:"link" doc:"Path of its page in Tocsin; empty: none"`
	Detail     string     `json:"detail" doc:"Why it was raised"`
	Query      string     `json:"query" doc:"KQL that found it; empty: none"`
	From       *time.Time `json:"from,omitempty"`
	To         *time.Time `json:"to,omitempty"`
	Count      int64      `json:"count" doc:"That it found"`
	Status     string     `json:"status" enum:"New,In progress,Resolved"`
	Techniques []string   `json:"techniques" doc:"MITRE ATT&CK ids"`
	Last       time.Time  `json:"last" doc:"When it was raised last"`
	Times      int        `json:"times" doc:"It was raised so often while it was open"`
	Fell       *time.Time `json:"fell,omitempty" doc:"Since when what raised it is no longer so"`
	Owner      string     `json:"owner" doc:"Address of who works on it; empty: nobody"`
	Note       string     `json:"note"`
	Incident   string     `json:"incident" doc:"Id of the incident that was opened with it; empty: none"`
	Changed    *time.Time `json:"changed,omitempty"`
	By         string     `json:"by" doc:"Who changed it last"`
	Resolved   *time.Time `json:"resolved,omitempty"`
	Revision   int64      `json:"revision" doc:"Give it back with a change"`
}

// AlertPiece is one thing that an alert is about. What does not apply is empty.
type AlertPiece struct {
	Type             string     `json:"type" enum:"MailMessage,Mailbox,User,Url,File,Ip"`
	Impacted         bool       `json:"impacted" doc:"It suffered from it; otherwise it only has to do with it"`
	Time             *time.Time `json:"time,omitempty"`
	NetworkMessageID string     `json:"network_message_id"`
	Account          string     `json:"account" doc:"Address; of a message its recipient"`
	Subject          string     `json:"subject"`
	URL              string     `json:"url"`
	FileName         string     `json:"file_name"`
	SHA256           string     `json:"sha256"`
	IP               string     `json:"ip"`
	Family           string     `json:"family"`
}

// ExplorerLink is where Explorer shows what was found.
type ExplorerLink struct {
	View string     `json:"view"`
	Q    string     `json:"q" doc:"Filter as KQL"`
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}

// AlertDetail is one alert with what it is about.
type AlertDetail struct {
	Alert
	EvidenceList  []AlertPiece  `json:"evidence" doc:"100 at most"`
	More          int           `json:"more" doc:"Pieces of evidence that are not kept"`
	Explorer      *ExplorerLink `json:"explorer,omitempty" doc:"Absent: the query is more than a filter over EmailEvents"`
	IncidentLabel string        `json:"incident_label"`
}

// AlertPage is one page of the list.
type AlertPage struct {
	Alerts   []Alert        `json:"alerts"`
	Next     string         `json:"next" doc:"Cursor; empty on the last page"`
	Statuses map[string]int `json:"statuses" doc:"How many have each status, whatever the filter"`
	Open     map[string]int `json:"open" doc:"How many of those that are not resolved have each severity"`
}

type alertsInput struct {
	Status   []string  `query:"status,explode" maxItems:"3" enum:"New,In progress,Resolved"`
	Severity []string  `query:"severity,explode" maxItems:"4" enum:"Informational,Low,Medium,High"`
	Source   []string  `query:"source,explode" maxItems:"10"`
	Owner    string    `query:"owner" maxLength:"320" doc:"Address; me for one's own, none for those without"`
	Text     string    `query:"text" maxLength:"200" doc:"Part of title, policy or reason"`
	Link     string    `query:"link" maxLength:"2000" doc:"Path of what raised it"`
	Message  string    `query:"message" maxLength:"100" doc:"Network message id among its evidence"`
	From     time.Time `query:"from" doc:"Of when it was raised"`
	To       time.Time `query:"to"`
	Cursor   string    `query:"cursor" maxLength:"200"`
	Limit    int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type alertInput struct {
	ID string `path:"id" format:"uuid"`
}

// AlertChange changes an alert. What is absent stays.
type AlertChange struct {
	Revision int64   `json:"revision" doc:"That was looked at: 409 when somebody changed it since"`
	Status   *string `json:"status,omitempty" enum:"New,In progress,Resolved"`
	Note     *string `json:"note,omitempty" maxLength:"4000"`
	Owner    *string `json:"owner,omitempty" maxLength:"320" doc:"me for whoever asks; empty for nobody"`
}

type alertChangeInput struct {
	ID   string `path:"id" format:"uuid"`
	Body AlertChange
}

// AlertSeen says which revision of an alert was looked at.
type AlertSeen struct {
	Revision int64 `json:"revision" doc:"409 when somebody changed it since"`
}

type alertIncidentInput struct {
	ID   string `path:"id" format:"uuid"`
	Body AlertSeen
}

func alertOf(a *alert.Alert) Alert {
	return Alert{
		ID: a.ID, Time: a.Time, Title: a.Title, Severity: string(a.Severity), Category: a.Category, Source: a.Source, Policy: a.Policy, Link: a.Link, Detail: a.Detail, Query: a.Query,
		From: maybeTime(a.From), To: maybeTime(a.To), Count: a.Count, Status: string(a.Status), Techniques: list(a.Techniques), Last: a.Last, Times: a.Times, Fell: maybeTime(a.Fell),
		Owner: a.Owner, Note: a.Note, Incident: a.Incident, Changed: maybeTime(a.Changed), By: a.By, Resolved: maybeTime(a.Resolved), Revision: a.Revision,
	}
}
