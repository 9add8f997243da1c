package api

import (
	"time"

	"tocsin/internal/indicator"
	"tocsin/internal/intel"
)

// IndicatorRow is one value as one source tells it.
type IndicatorRow struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind" enum:"url,domain,ip,hash,sender,subject"`
	Value       string     `json:"value" doc:"As it is, not defanged"`
	Threat      string     `json:"threat" doc:"Malware family, campaign, or a word like phish; empty: the source did not say"`
	Source      string     `json:"source"`
	SourceRef   string     `json:"source_ref" doc:"What the source calls it"`
	Confidence  int        `json:"confidence" doc:"0 to 100; 0: the source did not say"`
	TLP         string     `json:"tlp" doc:"clear, green, amber, amber+strict or red; empty: the source did not say"`
	Tags        []string   `json:"tags"`
	State       string     `json:"state" enum:"suspicious,confirmed,retired"`
	Now         string     `json:"now" enum:"at work,held back,expired,not valid yet,retired" doc:"What it does now"`
	Good        bool       `json:"good" doc:"Known to be good: silences others on the same value"`
	Description string     `json:"description"`
	ValidFrom   *time.Time `json:"valid_from" nullable:"true"`
	ValidUntil  *time.Time `json:"valid_until" nullable:"true"`
	Created     time.Time  `json:"created"`
	Updated     time.Time  `json:"updated"`
	By          string     `json:"by" doc:"Operator who added or last changed it; empty: its source"`
	Held        string     `json:"held" doc:"Why it is held back, after 'it': would hit ...; empty: it is not"`
	Released    bool       `json:"released" doc:"A person looked, and lets it match"`
	Pinned      bool       `json:"pinned" doc:"A person chose its state: its source does not change it any more"`
}

// IndicatorPage is a part of the list.
type IndicatorPage struct {
	Indicators []IndicatorRow `json:"indicators"`
	Next       int64          `json:"next" doc:"Give it as before for what follows; 0: that is all. A page can be empty and have more behind it: a rare value is searched for in parts"`
}

// IndicatorSource is how much a source has.
type IndicatorSource struct {
	Source     string `json:"source"`
	Suspicious int64  `json:"suspicious"`
	Confirmed  int64  `json:"confirmed"`
	Retired    int64  `json:"retired"`
	Held       int64  `json:"held"`
}

// IndicatorSources are all of them.
type IndicatorSources struct {
	Sources []IndicatorSource `json:"sources"`
	AtWork  int               `json:"at_work" doc:"Different values that mail is judged with"`
	Memory  int               `json:"memory" doc:"Octets that they take"`
	Common  float64           `json:"common" doc:"Share of the mail in percent from which on an indicator that would hit it is held back; 0: never"`
}

// IndicatorEvent is one line of a history.
type IndicatorEvent struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"`
	Note string    `json:"note"`
}

// IndicatorDetail is one indicator with its history, oldest first, and what other sources say of the same value.
type IndicatorDetail struct {
	IndicatorRow
	History []IndicatorEvent `json:"history"`
	Others  []IndicatorRow   `json:"others"`
}

// IndicatorSeen is how much of the mail has it.
type IndicatorSeen struct {
	Indicator int64        `json:"indicator"`
	Kind      string       `json:"kind"`
	Value     string       `json:"value"`
	Threat    string       `json:"threat"`
	Source    string       `json:"source"`
	Messages  int64        `json:"messages"`
	Events    int64        `json:"events" doc:"One a recipient"`
	People    int64        `json:"people"`
	InMailbox int64        `json:"in_mailbox" doc:"Events that still lie in a mailbox"`
	Clicks    int64        `json:"clicks"`
	First     *time.Time   `json:"first" nullable:"true"`
	Last      *time.Time   `json:"last" nullable:"true"`
	As        []string     `json:"as" doc:"Values of the mail that it fits, the first of them"`
	KQL       string       `json:"kql"`
	Explorer  ExplorerLink `json:"explorer" doc:"Shows exactly these events"`
	More      bool         `json:"more" doc:"There are more values than the query names: the counts are the least it is"`
}

// IndicatorDraft is what a person gives.
type IndicatorDraft struct {
	Kind  string `json:"kind,omitempty" enum:"url,domain,ip,hash,sender,subject" doc:"Left out: the value tells"`
	Value string `json:"value" maxLength:"4096" doc:"Defanged values are understood"`
}

// NewIndicators are values that a person adds, with what is said of all of them.
type NewIndicators struct {
	Indicators  []IndicatorDraft `json:"indicators" minItems:"1" maxItems:"5000"`
	Threat      string           `json:"threat,omitempty" maxLength:"120"`
	Confidence  int              `json:"confidence,omitempty" minimum:"0" maximum:"100"`
	TLP         string           `json:"tlp,omitempty" enum:"clear,green,amber,amber+strict,red"`
	Tags        []string         `json:"tags,omitempty" maxItems:"20"`
	State       string           `json:"state,omitempty" enum:"suspicious,confirmed"`
	Good        bool             `json:"good,omitempty"`
	Description string           `json:"description,omitempty" maxLength:"2000"`
	ValidFrom   *time.Time       `json:"valid_from,omitempty"`
	ValidUntil  *time.Time       `json:"valid_until,omitempty"`
	Reason      string           `json:"reason,omitempty" maxLength:"500" doc:"Stands in the history and in the audit log"`
}

// IndicatorRefusal is a value that is no indicator.
type IndicatorRefusal struct {
	At    int    `json:"at" doc:"Its place in the list, from 1"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

// IndicatorsAdded is what came of it.
type IndicatorsAdded struct {
	Added    int                `json:"added"`
	Changed  int                `json:"changed"`
	Same     int                `json:"same" doc:"There already, and nothing new was said"`
	Held     int                `json:"held" doc:"Held back until somebody looks"`
	Refused  []IndicatorRefusal `json:"refused"`
	Warnings []string           `json:"warnings"`
	IDs      []int64            `json:"ids" doc:"In the order of the values; 0: refused"`
}

// IndicatorTry says what one value would hit.
type IndicatorTry struct {
	Indicator IndicatorRow  `json:"indicator"`
	Refused   string        `json:"refused" doc:"Why it is no indicator; empty: it is one"`
	Held      string        `json:"held" doc:"Why it would be held back, after 'it'; empty: it would not"`
	There     []string      `json:"there" doc:"Sources that have it already"`
	Seen      IndicatorSeen `json:"seen"`
}

// IndicatorTries is what values would hit.
type IndicatorTries struct {
	Tries []IndicatorTry `json:"tries"`
	From  time.Time      `json:"from"`
	To    time.Time      `json:"to"`
}

// IndicatorChange is what a person decides. What is left out stays.
type IndicatorChange struct {
	IDs        []int64    `json:"ids" minItems:"1" maxItems:"10000"`
	State      string     `json:"state,omitempty" enum:"suspicious,confirmed,retired"`
	Release    bool       `json:"release,omitempty" doc:"Let those that are held back match"`
	Hold       string     `json:"hold,omitempty" maxLength:"300" doc:"Hold them back, for this reason"`
	Confidence *int       `json:"confidence,omitempty" minimum:"0" maximum:"100"`
	Threat     *string    `json:"threat,omitempty" maxLength:"120"`
	TLP        *string    `json:"tlp,omitempty" maxLength:"20"`
	Tags       *[]string  `json:"tags,omitempty" maxItems:"20"`
	ValidUntil *time.Time `json:"valid_until,omitempty"`
	Forever    bool       `json:"forever,omitempty" doc:"Valid without end"`
	Reason     string     `json:"reason,omitempty" maxLength:"500"`
}

// RetroHunt is one search backwards for indicators.
type RetroHunt struct {
	ID        string          `json:"id"`
	State     string          `json:"state" enum:"queued,running,done,failed,cancelled"`
	Automatic bool            `json:"automatic" doc:"Nobody asked for it: indicators changed"`
	Names     string          `json:"names" doc:"What is looked for, in words"`
	Reason    string          `json:"reason"`
	By        string          `json:"by"`
	Since     time.Time       `json:"since"`
	Until     time.Time       `json:"until"`
	Rejudge   bool            `json:"rejudge" doc:"What is found is judged again, so that the policy may act"`
	Created   time.Time       `json:"created"`
	Started   *time.Time      `json:"started" nullable:"true"`
	Ended     *time.Time      `json:"ended" nullable:"true"`
	Progress  float64         `json:"progress" doc:"0 to 1"`
	Counts    RetroHuntCounts `json:"counts"`
	Run       string          `json:"run" doc:"Id of the run that judges what was found again; empty: none"`
	Alert     string          `json:"alert" doc:"Id of the alert that it raised; empty: none"`
	Error     string          `json:"error" doc:"Why it failed"`
}

// RetroHuntCounts of a search. Messages, people and clicks are each counted once, whatever number of indicators they have.
type RetroHuntCounts struct {
	Indicators int64   `json:"indicators" doc:"Looked for"`
	Values     int64   `json:"values" doc:"Different values of the mail that were compared"`
	Hits       int64   `json:"hits" doc:"Indicators that were seen"`
	Messages   int64   `json:"messages"`
	Events     int64   `json:"events"`
	People     int64   `json:"people"`
	Clicks     int64   `json:"clicks"`
	More       bool    `json:"more" doc:"There is more than could be kept: the counts are the least it is"`
	Seconds    float64 `json:"seconds" doc:"At work"`
}

// RetroHunts is a part of the list, newest first.
type RetroHunts struct {
	Hunts []RetroHunt `json:"hunts"`
	Next  string      `json:"next"`
}

// Sightings is a part of what was seen.
type Sightings struct {
	Sightings []IndicatorSeen `json:"sightings"`
	Next      int64           `json:"next"`
}

// NewRetroHunt asks for a search. One of ids and source says what for; neither: all that is at work.
type NewRetroHunt struct {
	IDs     []int64    `json:"ids,omitempty" maxItems:"1000"`
	Source  string     `json:"source,omitempty" maxLength:"120"`
	Since   *time.Time `json:"since,omitempty" doc:"Default: 30 days ago"`
	Until   *time.Time `json:"until,omitempty" doc:"Default: now"`
	Rejudge bool       `json:"rejudge,omitempty" doc:"Judge what is found again, so that the policy may act; needs rejudge.run"`
	Reason  string     `json:"reason,omitempty" maxLength:"500"`
}

// IndicatorFilter is which indicators are meant. It is exported so that its fields are read as parameters.
type IndicatorFilter struct {
	Kind    string `query:"kind" enum:"url,domain,ip,hash,sender,subject"`
	State   string `query:"state" enum:"suspicious,confirmed,retired"`
	Now     string `query:"now" enum:"live,held,expired" doc:"live: at work now"`
	Source  string `query:"source" maxLength:"120"`
	Threat  string `query:"threat" maxLength:"120"`
	Tag     string `query:"tag" maxLength:"60"`
	Text    string `query:"text" maxLength:"4096" doc:"A whole value, or a part of one"`
	Verdict string `query:"verdict" enum:"bad,good"`
}

func (in *IndicatorFilter) filter() indicator.Filter {
	f := indicator.Filter{State: indicator.State(in.State), Source: in.Source, Threat: in.Threat, Tag: in.Tag, Text: in.Text, Live: in.Now == "live", Held: in.Now == "held", Expired: in.Now == "expired"}
	f.Kind, _ = intel.ParseKind(in.Kind)
	if in.Verdict != "" {
		good := in.Verdict == "good"
		f.Good = &good
	}
	return f
}

type indicatorListInput struct {
	IndicatorFilter
	Before int64 `query:"before" minimum:"0"`
	Limit  int   `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type indicatorExportInput struct {
	IndicatorFilter
}

type indicatorInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type indicatorSeenInput struct {
	ID   int64     `path:"id" minimum:"1"`
	From time.Time `query:"from" doc:"Default: 30 days ago"`
	To   time.Time `query:"to" doc:"Default: now"`
}

type newIndicatorsInput struct {
	Body NewIndicators
}

type indicatorChangeInput struct {
	Body IndicatorChange
}

type retroHuntsInput struct {
	Cursor string `query:"cursor" maxLength:"40"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type retroHuntInput struct {
	ID string `path:"id" maxLength:"40"`
}

type sightingsInput struct {
	ID    string `path:"id" maxLength:"40"`
	After int64  `query:"after" minimum:"0"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type newRetroHuntInput struct {
	Body NewRetroHunt
}
