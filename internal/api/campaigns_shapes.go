package api

import "time"

type campaignsInput struct {
	From   time.Time `query:"from" required:"true" doc:"Start, RFC 3339, included"`
	To     time.Time `query:"to" required:"true" doc:"End, RFC 3339, excluded"`
	Type   []string  `query:"type" enum:"Malware,Phish,Spam" maxItems:"3" doc:"Gravest threat"`
	Text   string    `query:"text" maxLength:"200" doc:"In the name, in what it imitates, in the domain of a sender; or its id"`
	Only   []string  `query:"only" enum:"inboxed,clicked,still,targets" maxItems:"4" doc:"Campaigns with at least one such delivery"`
	Sort   string    `query:"sort" enum:"name,type,first,last,messages,recipients,inboxed,junked,blocked,clicked,removed,in_junk,still,targets" default:"last"`
	Asc    bool      `query:"asc" doc:"Smallest first"`
	Cursor string    `query:"cursor" maxLength:"200" doc:"Next of the page before"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// CampaignPage is one page of campaigns.
type CampaignPage struct {
	Campaigns []CampaignLine   `json:"campaigns"`
	Total     int64            `json:"total" doc:"Campaigns that the filter leaves"`
	Next      string           `json:"next" doc:"Cursor of the next page; empty on the last"`
	Coverage  CampaignCoverage `json:"coverage"`
	Asked
}

// CampaignLine is one campaign; counts are of its mail within the range.
type CampaignLine struct {
	ID         string     `json:"id"`
	Name       string     `json:"name" doc:"What its mail says it is about, or what an operator calls it"`
	From       string     `json:"from" doc:"Who sends it: 12 senders, or the domain"`
	Type       string     `json:"type"`
	Subtype    string     `json:"subtype" doc:"What it imitates or carries"`
	First      time.Time  `json:"first"`
	Last       time.Time  `json:"last"`
	Messages   int64      `json:"messages"`
	Recipients int64      `json:"recipients"`
	Deliveries int64      `json:"deliveries" doc:"One message to one recipient; the following count these"`
	Inboxed    int64      `json:"inboxed" doc:"Put into the inbox at delivery"`
	Junked     int64      `json:"junked"`
	Blocked    int64      `json:"blocked"`
	Clicked    int64      `json:"clicked"`
	Removed    int64      `json:"removed"`
	InJunk     int64      `json:"in_junk" doc:"In a junk folder now"`
	Still      int64      `json:"still" doc:"In an inbox now, or another folder that is not junk"`
	Targets    int64      `json:"targets" doc:"Priority accounts among the recipients"`
	Explorer   ScopeLinks `json:"explorer" doc:"Explorer's view of its mail"`
}

// ScopeLinks is a view of Explorer.
type ScopeLinks struct {
	View string     `json:"view"`
	Q    string     `json:"q"`
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}

// CampaignCoverage says what the figures cannot show.
type CampaignCoverage struct {
	Clicks  bool   `json:"clicks" doc:"Clicks on links are recorded"`
	Missing string `json:"missing" doc:"What is not seen, in a sentence; empty when all is"`
}

// CampaignFigure is a number, how it was found, and the view of Explorer that shows what was counted.
type CampaignFigure struct {
	Value    int64      `json:"value"`
	Unit     string     `json:"unit" enum:"deliveries,messages,mailboxes" doc:"What is counted; Explorer counts all three"`
	KQL      string     `json:"kql"`
	Explorer ScopeLinks `json:"explorer"`
}

type campaignInput struct {
	ID   string `path:"id" maxLength:"40" pattern:"^c[0-9a-f]{1,16}$"`
	Node string `query:"node" maxLength:"600" doc:"Only mail that passes a node of the flow: its stage, a colon, its value"`
}

// CampaignDetail is one campaign.
type CampaignDetail struct {
	ID        string                    `json:"id" doc:"Another than was asked for when it was merged"`
	Name      string                    `json:"name"`
	From      string                    `json:"from"`
	Type      string                    `json:"type"`
	Subtype   string                    `json:"subtype"`
	First     time.Time                 `json:"first"`
	Last      time.Time                 `json:"last"`
	Merged    bool                      `json:"merged" doc:"The one that was asked for is part of this"`
	Explorer  ScopeLinks                `json:"explorer" doc:"The mail that the figures are about"`
	Figures   map[string]CampaignFigure `json:"figures" doc:"messages, recipients, deliveries; inboxed, junked and blocked add up to deliveries; removed, in_junk and still are now; clicked, reported, targets"`
	Flow      CampaignFlow              `json:"flow"`
	Lists     []CampaignValues          `json:"lists"`
	People    CampaignPeople            `json:"people"`
	Reasons   []CampaignReason          `json:"reasons" doc:"Why its messages belong together, most messages first"`
	Related   []CampaignRelated         `json:"related"`
	Decisions []CampaignDecision        `json:"decisions" doc:"What operators decided, newest first"`
	Coverage  CampaignCoverage          `json:"coverage"`
	Asked
}

// CampaignFlow is the way of all its mail.
type CampaignFlow struct {
	Total int64              `json:"total"`
	Nodes []CampaignFlowNode `json:"nodes"`
	Edges []CampaignFlowEdge `json:"edges"`
	KQL   string             `json:"kql"`
}

// CampaignFlowNode is a place on it.
type CampaignFlowNode struct {
	Stage string `json:"stage" enum:"sender,payload,delivery,click,now"`
	Name  string `json:"name" doc:"The value; * for all that have no node of their own"`
	CampaignFigure
}

// CampaignFlowEdge leads from one node to another, by their places in the list.
type CampaignFlowEdge struct {
	From  int   `json:"from"`
	To    int   `json:"to"`
	Value int64 `json:"value"`
}

// CampaignValues is one list of values.
type CampaignValues struct {
	Key      string          `json:"key" enum:"sender,sender_domain,ip,ipv6,display_name,subject,url_host,url,file,family"`
	Distinct int64           `json:"distinct"`
	Values   []CampaignValue `json:"values"`
}

// CampaignValue is one value and the messages that have it.
type CampaignValue struct {
	Text  string `json:"text"`
	Label string `json:"label" doc:"A name of it: of a file"`
	CampaignFigure
}

// CampaignPeople are the recipients.
type CampaignPeople struct {
	Departments []CampaignDepartment `json:"departments"`
	Top         []CampaignReader     `json:"top" doc:"Those who clicked, and whose inbox has it still, first"`
	More        bool                 `json:"more" doc:"There are more recipients than were looked at"`
}

// CampaignDepartment is how a department was hit; empty name: not in the directory, or without one.
type CampaignDepartment struct {
	Name       string      `json:"name"`
	People     int         `json:"people"`
	Deliveries int64       `json:"deliveries"`
	Inboxed    int64       `json:"inboxed"`
	Clicked    int64       `json:"clicked"`
	Reported   int64       `json:"reported"`
	InJunk     int64       `json:"in_junk"`
	Still      int64       `json:"still"`
	Explorer   *ScopeLinks `json:"explorer,omitempty" doc:"Absent when there are too many people for a filter"`
}

// CampaignReader is one recipient.
type CampaignReader struct {
	Address    string `json:"address"`
	Name       string `json:"name"`
	Department string `json:"department"`
	Priority   bool   `json:"priority"`
	Deliveries int64  `json:"deliveries"`
	Inboxed    int64  `json:"inboxed"`
	Clicked    int64  `json:"clicked"`
	Reported   int64  `json:"reported"`
	InJunk     int64  `json:"in_junk"`
	Still      int64  `json:"still"`
}

// CampaignReason is a likeness and how many messages it was told of.
type CampaignReason struct {
	Text     string `json:"text"`
	Messages int64  `json:"messages"`
}

// CampaignRelated is another campaign and what it shares.
type CampaignRelated struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Shares []string `json:"shares" doc:"In words"`
}

// CampaignDecision is what an operator decided.
type CampaignDecision struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" enum:"split,merge,rename"`
	Say      string     `json:"say" doc:"In a sentence"`
	Campaign string     `json:"campaign" doc:"The other campaign that it is about; empty: none"`
	Note     string     `json:"note"`
	By       string     `json:"by"`
	At       time.Time  `json:"at"`
	Undone   *time.Time `json:"undone,omitempty"`
	UndoneBy string     `json:"undone_by"`
	Why      string     `json:"why" doc:"It was undone"`
	CanUndo  bool       `json:"can_undo"`
}

type campaignsOfInput struct {
	ID string `path:"nmid" format:"uuid" doc:"Network message id"`
}

// CampaignRefs are the campaigns of a message.
type CampaignRefs struct {
	Campaigns []CampaignRef `json:"campaigns"`
}

// CampaignRef names a campaign.
type CampaignRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type campaignSplitInput struct {
	ID   string `path:"id" maxLength:"40" pattern:"^c[0-9a-f]{1,16}$"`
	Body CampaignSplit
}

// CampaignSplit takes messages out of a campaign: those named, or those that have a value.
type CampaignSplit struct {
	Messages []string `json:"messages,omitempty" maxItems:"1000" doc:"Network message ids"`
	Field    string   `json:"field,omitempty" enum:"SenderFromAddress,SenderFromDomain,UrlDomain,SHA256,Subject," doc:"Instead of messages"`
	Value    string   `json:"value,omitempty" maxLength:"2000"`
	Name     string   `json:"name" maxLength:"120" doc:"Of the new campaign"`
	Note     string   `json:"note" minLength:"1" maxLength:"2000" doc:"Why"`
}

type campaignMergeInput struct {
	ID   string `path:"id" maxLength:"40" pattern:"^c[0-9a-f]{1,16}$"`
	Body CampaignMerge
}

// CampaignMerge makes a campaign part of another.
type CampaignMerge struct {
	Into string `json:"into" maxLength:"40" pattern:"^c[0-9a-f]{1,16}$"`
	Note string `json:"note" minLength:"1" maxLength:"2000" doc:"Why"`
}

type campaignNameInput struct {
	ID   string `path:"id" maxLength:"40" pattern:"^c[0-9a-f]{1,16}$"`
	Body CampaignName
}

// CampaignName is a new name.
type CampaignName struct {
	Name string `json:"name" minLength:"1" maxLength:"120"`
	Note string `json:"note" maxLength:"2000" doc:"Why"`
}

type campaignUndoInput struct {
	ID   string `path:"decision" maxLength:"40" doc:"Decision"`
	Body CampaignWhy
}

// CampaignWhy is a reason.
type CampaignWhy struct {
	Note string `json:"note" minLength:"1" maxLength:"2000" doc:"Why"`
}

// CampaignDecided is what came of a decision.
type CampaignDecided struct {
	Campaign string           `json:"campaign" doc:"The new campaign, the one that stays, or the one that it was about"`
	Decision CampaignDecision `json:"decision"`
}
