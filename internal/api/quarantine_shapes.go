package api

import "time"

// QuarantineFilter says which entries: what is empty chooses all.
type QuarantineFilter struct {
	State     string    `query:"state" json:"state,omitempty" enum:"held,asked,released,deleted,expired,all" default:"held" doc:"asked: held, and its recipient asks for release"`
	Text      string    `query:"text" json:"text,omitempty" maxLength:"300" doc:"Stands in sender, recipient or subject"`
	Recipient string    `query:"recipient" json:"recipient,omitempty" maxLength:"1000" doc:"A part of the address"`
	Sender    string    `query:"sender" json:"sender,omitempty" maxLength:"1000" doc:"A part of the address"`
	Subject   string    `query:"subject" json:"subject,omitempty" maxLength:"300" doc:"A part of it"`
	Threat    string    `query:"threat" json:"threat,omitempty" enum:"Malware,Phish,Spam," default:"" doc:"Latest verdict"`
	Priority  bool      `query:"priority" json:"priority,omitempty" doc:"Only priority accounts"`
	From      time.Time `query:"from" json:"from,omitempty,omitzero" doc:"Held since then or later"`
	To        time.Time `query:"to" json:"to,omitempty,omitzero" doc:"Held since before then"`
}

type quarantineInput struct {
	QuarantineFilter
	Sort   string `query:"sort" enum:"since,received,recipient,sender,subject,threat" default:"since"`
	Desc   bool   `query:"desc" default:"true" doc:"Largest and newest first"`
	Cursor string `query:"cursor" maxLength:"65536"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// QuarantinePage is one page of what is or was in quarantine.
type QuarantinePage struct {
	Entries []QuarantineEntry `json:"entries"`
	Next    string            `json:"next" doc:"Cursor of the next page; empty on the last"`
}

// QuarantineEntry is one message to one recipient.
type QuarantineEntry struct {
	NetworkMessageID string             `json:"network_message_id"`
	Recipient        string             `json:"recipient"`
	State            string             `json:"state" enum:"held,asked,released,deleted,expired"`
	Since            time.Time          `json:"since" doc:"When it was last put into quarantine"`
	Received         time.Time          `json:"received"`
	Expires          *time.Time         `json:"expires" nullable:"true" doc:"When it is deleted by itself; null when it is not held any more"`
	Sender           string             `json:"sender"`
	SenderName       string             `json:"sender_name"`
	Subject          string             `json:"subject"`
	Threats          string             `json:"threats" doc:"Latest verdict"`
	PhishConfidence  string             `json:"phish_confidence"`
	FirstSignal      string             `json:"first_signal" doc:"What spoke against it most"`
	Policy           string             `json:"policy" doc:"Kind of policy that held it at delivery"`
	Override         string             `json:"override" doc:"Entry or setting that decided"`
	Reason           string             `json:"reason" doc:"Why, in a sentence"`
	MovedBy          string             `json:"moved_by" doc:"What put it there after delivery; empty when it was stopped at delivery"`
	MovedFor         string             `json:"moved_for" doc:"Who asked for that, or why"`
	Location         string             `json:"location" doc:"Where it is now, as LatestDeliveryLocation"`
	LatestAction     string             `json:"latest_action"`
	Priority         bool               `json:"priority"`
	Outbound         bool               `json:"outbound"`
	Size             int64              `json:"size" doc:"Octets"`
	Attachments      int64              `json:"attachments"`
	URLs             int64              `json:"urls"`
	InternetID       string             `json:"internet_message_id"`
	Request          *QuarantineRequest `json:"request,omitempty" doc:"Its recipient asked for it"`
}

// QuarantineRequest is a recipient's wish to have a message.
type QuarantineRequest struct {
	State    string     `json:"state" enum:"Release asked,Released,Refused,Gone"`
	Asked    time.Time  `json:"asked"`
	Note     string     `json:"note" doc:"As the recipient wrote it"`
	Answered *time.Time `json:"answered" nullable:"true"`
	By       string     `json:"by"`
	Reason   string     `json:"reason"`
	Told     bool       `json:"told" doc:"The answer was sent"`
}

// QuarantineSummary says how much is held.
type QuarantineSummary struct {
	Held      int64  `json:"held"`
	Malware   int64  `json:"malware" doc:"Of those held"`
	Expiring  int64  `json:"expiring" doc:"Of those held, within three days"`
	Asked     int    `json:"asked" doc:"Requests for release that wait for an answer"`
	KeepHours int64  `json:"keep_hours" doc:"How long mail is held"`
	Digest    string `json:"digest" doc:"When recipients are told each day; empty: never"`
}

// QuarantineAsk is about entries that are held: give a filter or events.
type QuarantineAsk struct {
	Filter *QuarantineFilter `json:"filter,omitempty" doc:"All that match, of those that are held"`
	Events []ActionEvent     `json:"events,omitempty" maxItems:"1000"`
	Name   string            `json:"name,omitempty" maxLength:"200" doc:"What people call the action"`
	Reason string            `json:"reason,omitempty" maxLength:"2000" doc:"Why; needed for the action, not for its plan"`
	Plan   string            `json:"plan,omitempty" maxLength:"100" doc:"Digest of the plan that was looked at: 409 when the list is another one now"`
}

// QuarantineRelease releases mail.
type QuarantineRelease struct {
	QuarantineAsk
	FalsePositive bool `json:"false_positive,omitempty" doc:"Also say that it is good, for the local model to learn from; at most 500 messages"`
}

// QuarantinePlanAsk asks what would be done.
type QuarantinePlanAsk struct {
	QuarantineAsk
	Kind string `json:"kind" enum:"Release,Hard delete"`
}

type (
	quarantinePlanInput    struct{ Body QuarantinePlanAsk }
	quarantineReleaseInput struct{ Body QuarantineRelease }
	quarantineDeleteInput  struct{ Body QuarantineAsk }
	quarantineRefuseInput  struct{ Body QuarantineRefusal }
)

// QuarantineRefusal answers requests for release with no.
type QuarantineRefusal struct {
	Events []ActionEvent `json:"events" minItems:"1" maxItems:"200"`
	Reason string        `json:"reason" maxLength:"1000" doc:"Why; the people who asked read it"`
}

// QuarantineRefused says how many requests were answered.
type QuarantineRefused struct {
	Refused int `json:"refused"`
	Over    int `json:"over" doc:"Were answered already, or there was none"`
}

type releaseLinkInput struct {
	Token string `path:"token" maxLength:"2048" doc:"What the link of a digest ends with"`
}

type releaseAskInput struct {
	Token string `path:"token" maxLength:"2048" doc:"What the link of a digest ends with"`
	Body  struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"What the security team should know"`
	}
}

// ReleaseLink is the message that the link of a digest is about.
type ReleaseLink struct {
	Organisation string    `json:"organisation"`
	Sender       string    `json:"sender"`
	SenderName   string    `json:"sender_name"`
	Subject      string    `json:"subject"`
	Since        time.Time `json:"since"`
	Threats      string    `json:"threats"`
	State        string    `json:"state" enum:"held,asked,refused,released,gone,malware" doc:"held: it may be asked for"`
	Reason       string    `json:"reason" doc:"Why it was refused"`
}
