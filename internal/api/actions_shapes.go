package api

import (
	"time"

	"tocsin/internal/remediate"
)

// ActionQuery is which mail an action is about: what Explorer shows for it, all pages.
type ActionQuery struct {
	View string     `json:"view,omitempty" enum:"all,malware,phish,submissions" default:"all"`
	Q    string     `json:"q,omitempty" maxLength:"20000" doc:"Filter as KQL over EmailEvents"`
	From *time.Time `json:"from,omitempty" doc:"Start, included; absent: open"`
	To   *time.Time `json:"to,omitempty" doc:"End, excluded; absent: open"`
}

// ActionEvent names one email event: one message to one recipient.
type ActionEvent struct {
	NetworkMessageID string `json:"network_message_id" maxLength:"100"`
	Recipient        string `json:"recipient" maxLength:"1000"`
}

// ActionAsk asks for an action, or for its plan. Give a query, events, or an incident alone: then it is about all of its mail.
type ActionAsk struct {
	Kind     string        `json:"kind" enum:"Move to junk,Move to deleted items,Soft delete,Hard delete,Move to inbox,Quarantine,Release"`
	Name     string        `json:"name,omitempty" maxLength:"200" doc:"What people call it; the kind when it is empty"`
	Reason   string        `json:"reason,omitempty" maxLength:"2000" doc:"Why; needed for the action, not for its plan"`
	Query    *ActionQuery  `json:"query,omitempty"`
	Events   []ActionEvent `json:"events,omitempty" maxItems:"10000"`
	Plan     string        `json:"plan,omitempty" maxLength:"100" doc:"Digest of the plan that was looked at: 409 when the list is another one now"`
	Incident string        `json:"incident,omitempty" maxLength:"100" doc:"Id of the incident that it belongs to"`
	Look     bool          `json:"look,omitempty" doc:"With a plan: ask the mailboxes of the first 200 targets, 10 s at most, what their owners did with it"`
}

type actionAskInput struct{ Body ActionAsk }

// ActionPlan is what an action would do. Nothing is kept of it.
type ActionPlan struct {
	Kind             string           `json:"kind"`
	Digest           string           `json:"digest" doc:"Of the list; give it back as plan"`
	Targets          int              `json:"targets" doc:"Email events that match"`
	Possible         int              `json:"possible" doc:"Of those, how many can be acted on"`
	Messages         int              `json:"messages" doc:"Different messages among the possible ones"`
	Mailboxes        int              `json:"mailboxes" doc:"Mailboxes that would be touched"`
	PriorityAccounts int              `json:"priority_accounts" doc:"Priority accounts among them"`
	Already          int              `json:"already" doc:"Lie where they should go, as far as is known; they are looked at and left"`
	Impossible       []ActionObstacle `json:"impossible" doc:"What stands in the way of the others, most first"`
	Locations        []ActionLocation `json:"locations" doc:"Latest delivery locations of all of them, most first"`
	Approvals        int              `json:"approvals" doc:"Other people who have to agree; 0: it runs at once"`
	Rule             string           `json:"rule" doc:"Which line of the approval policy says so"`
	Undoable         bool             `json:"undoable" doc:"It can be undone afterwards"`
	Looked           *ActionLooked    `json:"looked,omitempty" doc:"What the mailboxes say; absent when they were not asked"`
	Sample           []ActionTarget   `json:"sample" doc:"100 of the targets, by mailbox; those that can be acted on first"`
}

// ActionLooked is what mailboxes say of targets before anything is done, as far as Message-IDs tell: no copy is proven yet.
type ActionLooked struct {
	Asked     int `json:"asked" doc:"Targets whose mailbox answered"`
	Unasked   int `json:"unasked" doc:"Others that can be acted on: too many, or no answer in time"`
	Nowhere   int `json:"nowhere" doc:"Of those asked: no folder has it"`
	Read      int `json:"read"`
	Answered  int `json:"answered"`
	Forwarded int `json:"forwarded"`
	Flagged   int `json:"flagged"`
}

// ActionObstacle is a reason why nothing can be done, and for how many.
type ActionObstacle struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// ActionLocation is a place and how many events are there.
type ActionLocation struct {
	Location string `json:"location" doc:"As LatestDeliveryLocation; empty: unknown"`
	Count    int    `json:"count"`
}

// Action is one decision about a frozen list of email events.
type Action struct {
	ID         string           `json:"id"`
	Kind       string           `json:"kind"`
	Name       string           `json:"name"`
	Reason     string           `json:"reason"`
	State      string           `json:"state" enum:"Waiting for approval,Queued,Running,Done,Partly done,Failed,Rejected,Expired,Cancelled"`
	Over       bool             `json:"over" doc:"No work is left"`
	By         string           `json:"by" doc:"Who asked: an address, or what did (Phish ZAP)"`
	Automatic  bool             `json:"automatic" doc:"A policy asked, not a person"`
	Mine       bool             `json:"mine" doc:"Whoever asks this is its author"`
	MayApprove bool             `json:"may_approve" doc:"Whoever asks this may answer it"`
	Query      string           `json:"query" doc:"KQL by which the list was made; empty when it was picked"`
	Incident   string           `json:"incident"`
	Undoes     string           `json:"undoes" doc:"Id of the action that it undoes"`
	Undone     string           `json:"undone" doc:"Id of the action that undoes it"`
	Undoable   bool             `json:"undoable" doc:"It can be undone now"`
	Retryable  bool             `json:"retryable" doc:"Something failed that can be tried again"`
	Cancelling bool             `json:"cancelling" doc:"Somebody wants it to end; what is begun is finished"`
	Created    time.Time        `json:"created"`
	Started    *time.Time       `json:"started" nullable:"true"`
	Ended      *time.Time       `json:"ended" nullable:"true"`
	Expires    *time.Time       `json:"expires" nullable:"true" doc:"When the request for approval does"`
	Needs      int              `json:"needs" doc:"Approvals that it needs"`
	Rule       string           `json:"rule" doc:"Which line of the approval policy asks for them"`
	Approvals  []ActionApproval `json:"approvals"`
	Counts     ActionCounts     `json:"counts"`
	Progress   float64          `json:"progress" doc:"0 to 1"`
}

// ActionApproval is one person's answer.
type ActionApproval struct {
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Yes     bool      `json:"yes"`
	Comment string    `json:"comment"`
}

// ActionCounts are targets by outcome.
type ActionCounts struct {
	Targets   int `json:"targets"`
	Mailboxes int `json:"mailboxes"`
	Todo      int `json:"todo"`
	Done      int `json:"done"`
	NotFound  int `json:"not_found"`
	Skipped   int `json:"skipped" doc:"Impossible, or another message with the same Message-ID"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
	Drifted   int `json:"drifted" doc:"Done, and found again by a later check"`
}

// ActionPage is one page of actions, newest first.
type ActionPage struct {
	Actions []Action `json:"actions"`
	Next    string   `json:"next" doc:"Cursor of the next page; empty on the last"`
	Waiting int      `json:"waiting" doc:"Requests that wait for whoever asks this; at most 100 are counted"`
}

type actionsInput struct {
	State    string `query:"state" enum:"waiting,running,over," default:"" doc:"waiting for approval; queued or running; over"`
	Kind     string `query:"kind" maxLength:"40" doc:"As in an action"`
	Mine     bool   `query:"mine" doc:"Only those one asked for"`
	ForMe    bool   `query:"for_me" doc:"Only those that wait for one's own answer"`
	Incident string `query:"incident" maxLength:"100"`
	Cursor   string `query:"cursor" maxLength:"100"`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type actionInput struct {
	ID string `path:"id" maxLength:"100"`
}

// ActionWords are what somebody says when they decide.
type ActionWords struct {
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why. Needed to reject and to undo"`
}

type actionWordsInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body ActionWords
}

// ActionTarget is one email event of an action.
type ActionTarget struct {
	Seq              int          `json:"seq"`
	NetworkMessageID string       `json:"network_message_id"`
	Recipient        string       `json:"recipient"`
	Mailbox          string       `json:"mailbox" doc:"That the recipient's address belongs to"`
	Priority         bool         `json:"priority"`
	Subject          string       `json:"subject"`
	Sender           string       `json:"sender"`
	Time             time.Time    `json:"time" doc:"Of the message"`
	Location         string       `json:"location" doc:"Latest location when the list was frozen"`
	Outcome          string       `json:"outcome" enum:"To do,Working,Done,Already so,Not found,Different,Impossible,Failed,Cancelled"`
	Say              string       `json:"say" doc:"Why, in one sentence; empty when there is nothing to say"`
	Tries            int          `json:"tries" doc:"That failed"`
	NextTry          *time.Time   `json:"next_try" nullable:"true"`
	At               *time.Time   `json:"at" nullable:"true" doc:"When its outcome became final"`
	Drifted          bool         `json:"drifted"`
	Marks            []string     `json:"marks,omitempty" enum:"read,answered,forwarded,flagged" doc:"What its owner did with it, in a plan that looked"`
	Receipt          *ActionProof `json:"receipt,omitempty" doc:"What was done; absent when nothing was"`
}

// ActionProof is a receipt.
type ActionProof struct {
	At       time.Time     `json:"at"`
	Provider string        `json:"provider"`
	From     string        `json:"from" doc:"Location of the first copy before"`
	To       string        `json:"to"`
	Steps    []ActionStep  `json:"steps"`
	Checks   []ActionCheck `json:"checks"`
}

// ActionStep is what was done to one copy.
type ActionStep struct {
	Did  string      `json:"did" enum:"moved,removed,put back,forgotten,left"`
	From *ActionCopy `json:"from,omitempty"`
	To   *ActionCopy `json:"to,omitempty"`
	Held bool        `json:"held" doc:"Tocsin keeps its octets"`
}

// ActionCopy is a copy as it lay in a folder.
type ActionCopy struct {
	ID       string     `json:"id" doc:"Of the mail system"`
	Folder   string     `json:"folder"`
	Location string     `json:"location"`
	Flags    []string   `json:"flags"`
	Received *time.Time `json:"received" nullable:"true"`
	Size     int64      `json:"size"`
	SHA256   string     `json:"sha256"`
}

// ActionCheck is a later look whether the state still holds.
type ActionCheck struct {
	AfterSeconds int64     `json:"after_seconds"`
	At           time.Time `json:"at"`
	Holds        bool      `json:"holds"`
	Where        string    `json:"where" doc:"Folder in which it was found again"`
}

// ActionTargets is one page of targets.
type ActionTargets struct {
	Targets []ActionTarget `json:"targets"`
	Next    int            `json:"next" doc:"Give it as after; -1 on the last page"`
}

type actionTargetsInput struct {
	ID      string   `path:"id" maxLength:"100"`
	Outcome []string `query:"outcome" doc:"Only these outcomes"`
	Drifted bool     `query:"drifted" doc:"Only those that drifted"`
	Mailbox string   `query:"mailbox" maxLength:"1000"`
	After   int      `query:"after" minimum:"-1" default:"-1"`
	Limit   int      `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// ApprovalSettings say who has to agree before mail is touched: the first rule that fits decides; what none fits needs one approval.
type ApprovalSettings struct {
	Rules        []ApprovalRule `json:"rules" maxItems:"100"`
	ExpiresHours int            `json:"expires_hours" minimum:"0" maximum:"720" doc:"A request that nobody answers ends after so long; 0: 72"`
}

// ApprovalRule fits when all of its conditions do.
type ApprovalRule struct {
	Name      string   `json:"name" minLength:"1" maxLength:"200" doc:"Said to people who wait"`
	Kinds     []string `json:"kinds" maxItems:"20" doc:"Empty: any. Undo is one too"`
	Mailboxes int      `json:"mailboxes" minimum:"0" doc:"At least so many"`
	Priority  bool     `json:"priority" doc:"Only with a priority account among them"`
	Source    string   `json:"source" enum:"any,person,policy" doc:"Who asks"`
	Approvals int      `json:"approvals" minimum:"0" maximum:"5" doc:"Other people who have to agree; 0: it runs at once"`
}

// ApprovalsInForce is the approval policy of now.
type ApprovalsInForce struct {
	Policy   ApprovalSettings `json:"policy"`
	Version  int64            `json:"version" doc:"0: never edited in the product"`
	At       *time.Time       `json:"at" nullable:"true"`
	By       string           `json:"by"`
	Reason   string           `json:"reason"`
	Settings ApprovalSettings `json:"settings" doc:"What the settings say; it decides only while the version is 0"`
}

// ApprovalsChange makes another approval policy.
type ApprovalsChange struct {
	Policy  ApprovalSettings `json:"policy"`
	Version int64            `json:"version" minimum:"0" doc:"Version that was edited; 409 when there is a newer one"`
	Reason  string           `json:"reason" maxLength:"2000" doc:"Why; needed"`
}

type approvalsInput struct{ Body ApprovalsChange }

// ApprovalVersions is the history of the approval policy, newest first.
type ApprovalVersions struct {
	Versions []ApprovalVersion `json:"versions"`
	Next     int64             `json:"next" doc:"Give it as below; 0 on the last page"`
}

// ApprovalVersion is one state of it.
type ApprovalVersion struct {
	Version int64            `json:"version"`
	At      time.Time        `json:"at"`
	By      string           `json:"by"`
	Via     string           `json:"via"`
	Reason  string           `json:"reason"`
	Policy  ApprovalSettings `json:"policy"`
}

type approvalVersionsInput struct {
	Below int64 `query:"below" minimum:"0"`
	Limit int   `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// ApprovalQuestion asks who would have to approve something.
type ApprovalQuestion struct {
	Kind      string            `json:"kind" enum:"Move to junk,Move to deleted items,Soft delete,Hard delete,Move to inbox,Quarantine,Release,Undo"`
	Mailboxes int               `json:"mailboxes" minimum:"0" maximum:"1000000"`
	Priority  int               `json:"priority,omitempty" minimum:"0" maximum:"1000000" doc:"Priority accounts among them"`
	Automatic bool              `json:"automatic,omitempty" doc:"A policy asks, not a person"`
	By        string            `json:"by,omitempty" maxLength:"254" doc:"Address of the person who asks; whoever asks this question when it is empty"`
	Policy    *ApprovalSettings `json:"policy,omitempty" doc:"Try this one instead of the one in force"`
}

type approvalQuestionInput struct{ Body ApprovalQuestion }

// ApprovalAnswer says who would have to approve it.
type ApprovalAnswer struct {
	Approvals int              `json:"approvals"`
	Rule      string           `json:"rule" doc:"Which line says so"`
	Expires   int              `json:"expires_hours"`
	Could     []ApprovalPerson `json:"could" doc:"Operators who could answer, by name"`
	Enough    bool             `json:"enough" doc:"There are that many"`
	Say       string           `json:"say" doc:"The answer in one sentence"`
}

// ApprovalPerson is an operator who may approve.
type ApprovalPerson struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func maybeTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func approvalSettings(p remediate.ApprovalPolicy) ApprovalSettings {
	out := ApprovalSettings{Rules: make([]ApprovalRule, len(p.Rules)), ExpiresHours: int(p.Expires / time.Hour)}
	for i, r := range p.Rules {
		x := ApprovalRule{Name: r.Name, Kinds: []string{}, Mailboxes: r.Mailboxes, Priority: r.Priority, Source: "any", Approvals: r.Approvals}
		for _, k := range r.Kinds {
			x.Kinds = append(x.Kinds, string(k))
		}
		if r.Automatic != nil {
			x.Source = "person"
			if *r.Automatic {
				x.Source = "policy"
			}
		}
		out.Rules[i] = x
	}
	return out
}

// Policy returns the settings as a policy decides by them.
func (s ApprovalSettings) Policy() remediate.ApprovalPolicy {
	p := remediate.ApprovalPolicy{Expires: time.Duration(s.ExpiresHours) * time.Hour, Rules: make([]remediate.ApprovalRule, len(s.Rules))}
	for i, r := range s.Rules {
		x := remediate.ApprovalRule{Name: r.Name, Mailboxes: r.Mailboxes, Priority: r.Priority, Approvals: r.Approvals}
		for _, k := range r.Kinds {
			x.Kinds = append(x.Kinds, remediate.Kind(k))
		}
		if r.Source == "person" || r.Source == "policy" {
			automatic := r.Source == "policy"
			x.Automatic = &automatic
		}
		p.Rules[i] = x
	}
	return p
}
