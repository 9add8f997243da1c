package api

import (
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/policy"
)

// PolicySettings say what is done with judged mail. Treatments are deliver, junk, quarantine, reject, drop; for malware also replace.
type PolicySettings struct {
	Mode      string         `json:"mode" enum:"watch,act" doc:"watch: judge and record, deliver everything; act: do what the rest says"`
	Malware   string         `json:"malware" enum:"deliver,junk,quarantine,replace,reject,drop"`
	PhishHigh string         `json:"phish_high" enum:"deliver,junk,quarantine,reject,drop" doc:"Phish with high confidence"`
	Phish     string         `json:"phish" enum:"deliver,junk,quarantine,reject,drop"`
	SpamHigh  string         `json:"spam_high" enum:"deliver,junk,quarantine,reject,drop" doc:"Spam with high confidence"`
	Spam      string         `json:"spam" enum:"deliver,junk,quarantine,reject,drop"`
	Bulk      string         `json:"bulk" enum:"deliver,junk,quarantine,reject,drop"`
	BulkFrom  int            `json:"bulk_from" minimum:"0" maximum:"9" doc:"Bulk level from which mail counts as bulk; 0: never"`
	Priority  PolicyPriority `json:"priority" doc:"What is stricter for priority accounts"`
}

// PolicyPriority is what is stricter for priority accounts. It concerns malware and phish.
type PolicyPriority struct {
	Points int  `json:"points" minimum:"0" maximum:"20" doc:"A threat counts from so many points less"`
	Step   bool `json:"step" doc:"One step stricter: junk instead of delivery, quarantine instead of junk"`
}

func policySettings(p detect.Policy) PolicySettings {
	return PolicySettings{
		Mode: string(p.Mode), Malware: string(p.Malware), PhishHigh: string(p.PhishHigh), Phish: string(p.Phish), SpamHigh: string(p.SpamHigh),
		Spam: string(p.Spam), Bulk: string(p.Bulk), BulkFrom: p.BulkFrom, Priority: PolicyPriority{p.Priority.Points, p.Priority.Step},
	}
}

// Policy returns the settings as a policy decides by them.
func (p PolicySettings) Policy() detect.Policy {
	d := detect.DefaultPolicy()
	d.Mode, d.Malware, d.PhishHigh, d.Phish = detect.Mode(p.Mode), detect.Treatment(p.Malware), detect.Treatment(p.PhishHigh), detect.Treatment(p.Phish)
	d.SpamHigh, d.Spam, d.Bulk, d.BulkFrom = detect.Treatment(p.SpamHigh), detect.Treatment(p.Spam), detect.Treatment(p.Bulk), p.BulkFrom
	d.Priority = detect.Strictness{Points: p.Priority.Points, Step: p.Priority.Step}
	return d
}

// PolicyInForce is what decides now.
type PolicyInForce struct {
	Policy    PolicySettings `json:"policy"`
	Version   int64          `json:"version" doc:"0: never edited in the product, the settings file decides"`
	Source    string         `json:"source" enum:"settings,product" doc:"Where it was written"`
	At        *time.Time     `json:"at" nullable:"true" doc:"When it was last edited in the product"`
	By        string         `json:"by"`
	Reason    string         `json:"reason"`
	Settings  PolicySettings `json:"settings" doc:"What the settings file says; it decides only while the version is 0"`
	Since     time.Time      `json:"since" doc:"When the running judge took it up"`
	Entries   int            `json:"entries" doc:"Allow and block entries, expired ones too"`
	Mailboxes int            `json:"mailboxes" doc:"Mailboxes with settings of their own"`
}

// PolicyChange makes another policy.
type PolicyChange struct {
	Policy  PolicySettings `json:"policy"`
	Version int64          `json:"version" minimum:"0" doc:"Version that was edited; 409 when there is a newer one"`
	Reason  string         `json:"reason" maxLength:"500" doc:"Why; shown in the history"`
}

type policyInput struct {
	Body PolicyChange
}

// PolicyVersion is one state of the policy, and what it changed.
type PolicyVersion struct {
	Version int64          `json:"version"`
	At      time.Time      `json:"at"`
	By      string         `json:"by"`
	Via     string         `json:"via" doc:"session, token or local"`
	Reason  string         `json:"reason"`
	Policy  PolicySettings `json:"policy"`
	Changes []PolicyField  `json:"changes" doc:"Against the version before, or the settings file as it is now"`
}

// PolicyField is one setting that differs.
type PolicyField struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// PolicyVersions is a page of the history, newest first.
type PolicyVersions struct {
	Versions []PolicyVersion `json:"versions"`
	Next     int64           `json:"next" doc:"'below' of the next page; 0 when this is the last"`
}

type policyVersionsInput struct {
	Below int64 `query:"below" minimum:"0" doc:"Only older versions than this"`
	Limit int   `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// Entry is one line of the allow and block list.
type Entry struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" enum:"sender,domain,ip,url,file"`
	Value     string     `json:"value"`
	Action    string     `json:"action" enum:"Allow,Block"`
	Unproven  bool       `json:"unproven" doc:"An allowed sender counts even when nothing proves it"`
	Reason    string     `json:"reason"`
	By        string     `json:"by"`
	Created   time.Time  `json:"created"`
	Updated   time.Time  `json:"updated"`
	UpdatedBy string     `json:"updated_by"`
	Expires   *time.Time `json:"expires" nullable:"true" doc:"null: never"`
	Expired   bool       `json:"expired"`
	Effect    string     `json:"effect" doc:"What it does, in one sentence"`
	Revision  int64      `json:"revision"`
}

func entryOf(e policy.Entry, now time.Time) Entry {
	out := Entry{
		ID: e.ID, Kind: string(e.Kind), Value: e.Value, Action: "Block", Unproven: e.Unproven, Reason: e.Reason, By: e.By, Created: e.Created,
		Updated: e.Updated, UpdatedBy: e.UpdatedBy, Effect: policy.Effect(&e.Override), Revision: e.Revision,
	}
	if e.Allow {
		out.Action = "Allow"
	}
	if !e.Expires.IsZero() {
		out.Expires, out.Expired = &e.Expires, !now.Before(e.Expires)
	}
	return out
}

// EntryPage is a page of the list, newest first.
type EntryPage struct {
	Entries []Entry `json:"entries"`
	Total   int64   `json:"total" doc:"How many match in all"`
	Next    string  `json:"next" doc:"'cursor' of the next page; empty when this is the last"`
}

type entriesInput struct {
	Kind   string `query:"kind" enum:"sender,domain,ip,url,file" doc:"Absent: all"`
	Action string `query:"action" enum:"Allow,Block" doc:"Absent: both"`
	State  string `query:"state" enum:"active,expired" doc:"Absent: both"`
	Search string `query:"search" maxLength:"200" doc:"Part of value, reason or author"`
	Cursor string `query:"cursor" maxLength:"80"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type entryInput struct {
	ID string `path:"id" maxLength:"36"`
}

// EntryDraft is what somebody wants on the list: one kind, one or more values.
type EntryDraft struct {
	Kind     string     `json:"kind" enum:"sender,domain,ip,url,file"`
	Values   []string   `json:"values" minItems:"1" maxItems:"1000" doc:"Defanged ones are understood"`
	Action   string     `json:"action" enum:"Allow,Block" doc:"Allow needs policy.edit"`
	Unproven bool       `json:"unproven,omitempty" doc:"Of an allowed sender or domain: count it even when nothing proves it"`
	Reason   string     `json:"reason" maxLength:"500"`
	Expires  *time.Time `json:"expires,omitempty" nullable:"true" doc:"Absent: never"`
}

type entryAddInput struct {
	Body EntryDraft
}

// EntryAsk is what somebody thinks of putting on the list.
type EntryAsk struct {
	Kind     string   `json:"kind" enum:"sender,domain,ip,url,file"`
	Values   []string `json:"values" minItems:"1" maxItems:"100"`
	Action   string   `json:"action" enum:"Allow,Block"`
	Unproven bool     `json:"unproven,omitempty"`
}

type entryCheckInput struct {
	Body EntryAsk
}

// EntryCheck says what one value would mean.
type EntryCheck struct {
	Given   string `json:"given"`
	Value   string `json:"value" doc:"As it would be kept; empty when it cannot be"`
	Effect  string `json:"effect" doc:"What it would do, in one sentence"`
	Problem string `json:"problem" doc:"Why it cannot be an entry; empty when it can"`
	Same    *Entry `json:"same,omitempty" doc:"The entry that is there for it already; an expired one makes room"`
}

type entryRemoveInput struct {
	ID     string `path:"id" maxLength:"36"`
	Reason string `query:"reason" maxLength:"500" doc:"Why, for the audit log; absent: the reason of the entry"`
}

// EntryChange is everything of an entry that can change; what it is about cannot.
type EntryChange struct {
	Action   string     `json:"action" enum:"Allow,Block"`
	Unproven bool       `json:"unproven,omitempty"`
	Reason   string     `json:"reason" maxLength:"500"`
	Expires  *time.Time `json:"expires,omitempty" nullable:"true" doc:"Absent: never"`
	Revision int64      `json:"revision" minimum:"1" doc:"Revision that was edited; 409 when there is a newer one"`
}

type entryChangeInput struct {
	ID   string `path:"id" maxLength:"36"`
	Body EntryChange
}

// MailboxSettings are one person's own.
type MailboxSettings struct {
	SafeSenders    []string `json:"safe_senders" maxItems:"1024" doc:"Their mail is not junk, when authentication proves them"`
	SafeDomains    []string `json:"safe_domains" maxItems:"1024"`
	BlockedSenders []string `json:"blocked_senders" maxItems:"1024" doc:"Their mail goes to junk"`
	BlockedDomains []string `json:"blocked_domains" maxItems:"1024"`
	JunkOff        bool     `json:"junk_off" doc:"Nothing is moved to the junk folder"`
}

// Mailbox is the settings of one mailbox.
type Mailbox struct {
	Address string `json:"address"`
	MailboxSettings
	Updated time.Time `json:"updated"`
	By      string    `json:"by"`
}

func mailboxOf(m detect.Mailbox) Mailbox {
	return Mailbox{Address: m.Address, Updated: m.Updated, By: m.By, MailboxSettings: MailboxSettings{
		SafeSenders: list(m.SafeSenders), SafeDomains: list(m.SafeDomains), BlockedSenders: list(m.BlockedSenders), BlockedDomains: list(m.BlockedDomains), JunkOff: m.JunkOff,
	}}
}

// MailboxPage is a page of mailboxes that have settings, by address.
type MailboxPage struct {
	Mailboxes []Mailbox `json:"mailboxes"`
	Next      string    `json:"next" doc:"'after' of the next page; empty when this is the last"`
}

type mailboxesInput struct {
	Search string `query:"search" maxLength:"200" doc:"Part of the address"`
	After  string `query:"after" maxLength:"320"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type mailboxInput struct {
	Address string `path:"address" maxLength:"320"`
}

type mailboxPutInput struct {
	Address string `path:"address" maxLength:"320"`
	Body    MailboxSettings
}
