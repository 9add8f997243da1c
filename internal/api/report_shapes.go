package api

import (
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/reports"
)

// ReportKinds are the reports that whoever asks may see.
type ReportKinds struct {
	Reports []reports.ReportKind `json:"reports"`
}

// ReportScope is which report, of which time, about whom.
type ReportScope struct {
	Name       string    `path:"name" maxLength:"50"`
	From       time.Time `query:"from" doc:"Start, RFC 3339, included; absent: 7 days before the end. At most 90 days before it"`
	To         time.Time `query:"to" doc:"End, RFC 3339, excluded; absent: now"`
	Department string    `query:"department" maxLength:"200" doc:"Only mail to people of this department of the directory"`
	Group      string    `query:"group" maxLength:"200" doc:"Only mail to people of this group of the directory"`
	Domain     string    `query:"domain" maxLength:"253" doc:"Only mail to recipients of this domain"`
	Split      string    `query:"split" maxLength:"30" doc:"How the chart is split; absent: the usual way"`
}

type reportFileInput struct {
	ReportScope
	Format string `query:"format" enum:"pdf,csv" default:"pdf"`
	Table  string `query:"table" maxLength:"30" doc:"Of a CSV file: which table; absent: the first"`
	Zone   string `query:"zone" maxLength:"60" doc:"Of a PDF: IANA name of the time zone of its times; absent: UTC"`
}

// ReportOrder is a report that is sent to people on a schedule.
type ReportOrder struct {
	ID      string           `json:"id"`
	Name    string           `json:"name" doc:"Stands in the subject"`
	Report  string           `json:"report" doc:"Name of a report; dashboard: the figures of the dashboard"`
	To      []string         `json:"to" doc:"Addresses"`
	Rhythm  string           `json:"rhythm" enum:"daily,weekly,monthly"`
	Weekday string           `json:"weekday" enum:"Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday" doc:"Of a weekly one"`
	Day     int              `json:"day" doc:"Of a monthly one, 1 to 31; a shorter month has it on its last day"`
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

// ReportOrders are all of them.
type ReportOrders struct {
	Schedules []ReportOrder `json:"schedules"`
	Sends     bool          `json:"sends" doc:"Outgoing mail is set up"`
	Domains   []string      `json:"domains" doc:"To which reports may go, beside the addresses of operators"`
}

// ReportOrderDraft is what somebody says of a schedule.
type ReportOrderDraft struct {
	Name    string           `json:"name" minLength:"1" maxLength:"100"`
	Report  string           `json:"report" maxLength:"50"`
	To      []string         `json:"to" minItems:"1" maxItems:"50" doc:"Addresses of the organisation's domains, or of operators"`
	Rhythm  string           `json:"rhythm" enum:"daily,weekly,monthly"`
	Weekday string           `json:"weekday,omitempty" enum:"Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday" doc:"Of a weekly one"`
	Day     int              `json:"day,omitempty" minimum:"0" maximum:"31" doc:"Of a monthly one"`
	Hour    int              `json:"hour" minimum:"0" maximum:"23"`
	Zone    string           `json:"zone" maxLength:"60"`
	Filter  dashboard.Filter `json:"filter"`
	On      bool             `json:"on"`
	Version int64            `json:"version,omitempty" doc:"That was looked at: 409 when there is a newer one"`
}

type reportOrderInput struct{ Body ReportOrderDraft }

type reportOrderChangeInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body ReportOrderDraft
}

type reportOrderOneInput struct {
	ID string `path:"id" maxLength:"100"`
}

// ReportLetter is a letter as it would be sent now.
type ReportLetter struct {
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html" doc:"A whole document. Show it in a frame with an empty sandbox"`
	Files   []string `json:"files" doc:"Names of the files that come with it"`
}
