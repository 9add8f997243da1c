package api

import (
	"time"

	"tocsin/internal/submission"
)

// Submission is one reported message.
type Submission struct {
	ID       string     `json:"id"`
	Type     string     `json:"type" enum:"Phish,Malware,Spam,Not junk" doc:"What the first reporter says it is"`
	State    string     `json:"state" enum:"New,In triage,Closed"`
	Result   string     `json:"result" doc:"Phishing, Malware, Spam, Not junk, Simulation, Unknown; empty before it is closed"`
	Note     string     `json:"note"`
	Owner    string     `json:"owner" doc:"Address of who works on it; empty for nobody"`
	Created  time.Time  `json:"created" doc:"First report"`
	Updated  time.Time  `json:"updated" doc:"Last report or change of state"`
	Closed   *time.Time `json:"closed,omitempty"`
	ClosedBy string     `json:"closed_by"`
	Revision int64      `json:"revision" doc:"Give it back with a change"`

	Match            string     `json:"match" enum:"Exact,Likely,None" doc:"Exact: the bytes are those of the delivered message"`
	How              string     `json:"how" doc:"What was compared"`
	NetworkMessageID string     `json:"network_message_id" doc:"The delivered message; empty without a match"`
	Recipient        string     `json:"recipient" doc:"One recipient of it"`
	MessageID        string     `json:"internet_message_id"`
	Sender           string     `json:"sender"`
	SenderName       string     `json:"sender_name"`
	Subject          string     `json:"subject"`
	Date             *time.Time `json:"date,omitempty"`
	Bytes            bool       `json:"bytes" doc:"The bytes as reported are kept"`
	OnlyQuoted       bool       `json:"only_quoted" doc:"The report quotes the message; its bytes were never here"`

	Verdict   SubmissionVerdict `json:"verdict"`
	Reports   int               `json:"reports"`
	Reporters int               `json:"reporters" doc:"Different people"`
	Unproven  int               `json:"unproven" doc:"Reports whose sender is not proven"`
}

// SubmissionVerdict is what Tocsin's judge said last of the reported message.
type SubmissionVerdict struct {
	At      *time.Time         `json:"at,omitempty" doc:"Absent: it was not judged"`
	Threats []string           `json:"threat_types" doc:"Empty: clean, when it was judged"`
	Score   int                `json:"score"`
	Signals []SubmissionSignal `json:"signals" doc:"Heaviest first"`
	Note    string             `json:"note"`
}

// SubmissionSignal is one reason of a verdict.
type SubmissionSignal struct {
	ID       string `json:"id"`
	Claim    string `json:"claim"`
	Evidence string `json:"evidence"`
	Weight   int    `json:"weight"`
}

// SubmissionReport is what one person sent.
type SubmissionReport struct {
	At       time.Time  `json:"at"`
	Reporter string     `json:"reporter" doc:"Address; anybody can write it unless proven"`
	Name     string     `json:"name"`
	Proven   bool       `json:"proven"`
	Proof    string     `json:"proof" doc:"By what, or why not"`
	Inside   bool       `json:"inside" doc:"Of the organisation"`
	Via      string     `json:"via" enum:"Mail,Folder,API"`
	Type     string     `json:"type"`
	Comment  string     `json:"comment"`
	Form     string     `json:"form" enum:"Attached,Quoted,Moved to folder,Named"`
	Mailbox  string     `json:"mailbox"`
	Answer   string     `json:"answer" doc:"Result that the reporter was told, or that nobody was told because answers are off for them"`
	Answered *time.Time `json:"answered,omitempty" doc:"Absent: no mail went out"`
}

// SubmissionDetail is one submission with its reports.
type SubmissionDetail struct {
	Submission
	ReportList []SubmissionReport `json:"report_list" doc:"Oldest first, 200 at most"`
	CanLook    bool               `json:"can_look" doc:"Whoever asks may read the reported message"`
	WhyNot     string             `json:"why_not"`
	Labelled   string             `json:"labelled,omitempty" doc:"After closing: what the local model was told, or why not"`
}

// SubmissionPage is one page of the list.
type SubmissionPage struct {
	Submissions []Submission   `json:"submissions"`
	Next        string         `json:"next" doc:"Cursor; empty on the last page"`
	States      map[string]int `json:"states" doc:"How many are in each state, whatever the filter"`
}

type submissionsInput struct {
	State    []string  `query:"state,explode" maxItems:"3" enum:"New,In triage,Closed"`
	Type     []string  `query:"type,explode" maxItems:"4" enum:"Phish,Malware,Spam,Not junk"`
	Result   []string  `query:"result,explode" maxItems:"6" enum:"Phishing,Malware,Spam,Not junk,Simulation,Unknown"`
	Match    string    `query:"match" enum:"Exact,Likely,None"`
	Reporter string    `query:"reporter" maxLength:"320" doc:"Part of an address"`
	Owner    string    `query:"owner" maxLength:"320" doc:"Address; me for one's own, none for those without"`
	Text     string    `query:"text" maxLength:"200" doc:"Part of subject or sender"`
	Message  string    `query:"message" maxLength:"100" doc:"Network message id"`
	From     time.Time `query:"from" doc:"Of the last report or change"`
	To       time.Time `query:"to"`
	Cursor   string    `query:"cursor" maxLength:"200"`
	Limit    int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type submissionInput struct {
	ID string `path:"id" format:"uuid"`
}

// SubmissionNew reports a delivered message.
type SubmissionNew struct {
	NetworkMessageID string `json:"network_message_id" format:"uuid"`
	Recipient        string `json:"recipient,omitempty" maxLength:"320" doc:"Whose copy; absent: the first"`
	Type             string `json:"type" enum:"Phish,Malware,Spam,Not junk"`
	Comment          string `json:"comment,omitempty" maxLength:"4000"`
	Reporter         string `json:"reporter,omitempty" maxLength:"320" doc:"The person for whom it is reported; absent: whoever asks. They hear of the result"`
}

type submissionNewInput struct{ Body SubmissionNew }

type submissionRawInput struct {
	Type     string `query:"type" enum:"Phish,Malware,Spam,Not junk" default:"Phish"`
	Comment  string `query:"comment" maxLength:"4000"`
	Reporter string `query:"reporter" maxLength:"320" doc:"The person for whom it is reported; absent: whoever asks"`
	RawBody  []byte `contentType:"message/rfc822"`
}

// SubmissionChange changes a submission. What is absent stays.
type SubmissionChange struct {
	Revision int64   `json:"revision" doc:"That was looked at: 409 when somebody changed it since"`
	State    *string `json:"state,omitempty" enum:"New,In triage,Closed"`
	Result   *string `json:"result,omitempty" enum:"Phishing,Malware,Spam,Not junk,Simulation,Unknown" doc:"Needed to close"`
	Note     *string `json:"note,omitempty" maxLength:"4000" doc:"May go to the reporters"`
	Owner    *string `json:"owner,omitempty" maxLength:"320" doc:"me for whoever asks; empty for nobody"`
	Label    bool    `json:"label,omitempty" doc:"With a result: tell the local model too. Needs email.label"`
}

type submissionChangeInput struct {
	ID   string `path:"id" format:"uuid"`
	Body SubmissionChange
}

type submissionReasonInput struct {
	ID   string `path:"id" format:"uuid"`
	Body Reason
}

// SubmissionContent is what a reported message says, as text.
type SubmissionContent struct {
	Plain     string        `json:"plain" doc:"All text, with invisible characters written out"`
	Links     []ContentLink `json:"links"`
	Quoted    bool          `json:"quoted" doc:"It is what the reporter quoted, not the message"`
	Truncated bool          `json:"truncated"`
	Recorded  Recorded      `json:"recorded"`
}

// SubmissionAnswers are what reporters are told.
type SubmissionAnswers struct {
	Revision     int64             `json:"revision" doc:"0: as shipped. Give it back with a change"`
	At           *time.Time        `json:"at,omitempty" readOnly:"true"`
	By           string            `json:"by,omitempty" readOnly:"true"`
	Answer       bool              `json:"answer" doc:"Reporters hear of results"`
	OptOut       []string          `json:"opt_out" maxItems:"10000" doc:"Addresses that want no answers"`
	Subject      string            `json:"subject" maxLength:"300"`
	Texts        map[string]string `json:"texts" doc:"By result; empty for no answer"`
	SignOff      string            `json:"sign_off" maxLength:"8000"`
	Placeholders []Placeholder     `json:"placeholders,omitempty" readOnly:"true"`
	Address      string            `json:"address,omitempty" readOnly:"true" doc:"That users report to; empty: none"`
	Folders      []string          `json:"folders,omitempty" readOnly:"true" doc:"That are watched"`
}

// Placeholder of a text.
type Placeholder struct {
	Name  string `json:"name"`
	Means string `json:"means"`
}

type submissionAnswersInput struct{ Body SubmissionAnswers }

type submissionTimeInput struct {
	From time.Time `query:"from"`
	To   time.Time `query:"to"`
}

type submissionChartInput struct {
	Split string    `query:"split" enum:"SubmissionType,Result,ReporterEmailAddress,SubmissionSource,MatchLevel,ThreatTypes,IsReporterProven" default:"SubmissionType"`
	From  time.Time `query:"from" required:"true"`
	To    time.Time `query:"to" required:"true"`
}

// SubmissionMetrics are figures of reports.
type SubmissionMetrics struct {
	Reports       int                  `json:"reports"`
	Open          int                  `json:"open" doc:"Submissions that wait for somebody, whenever they came"`
	OldestNew     *time.Time           `json:"oldest_new,omitempty" doc:"First report of the oldest that nobody took"`
	TriageSeconds int64                `json:"triage_seconds" doc:"Median from the first report to closing; 0: none was closed"`
	Days          []SubmissionDay      `json:"days" doc:"UTC; days without reports are left out"`
	Results       []SubmissionShare    `json:"results" doc:"Submissions by result; an empty name for those that are open"`
	Types         []SubmissionShare    `json:"types" doc:"Reports by type"`
	Reporters     []SubmissionReporter `json:"reporters" doc:"With the most proven reports"`
}

// SubmissionDay counts one day.
type SubmissionDay struct {
	Day     string `json:"day"`
	Reports int    `json:"reports"`
}

// SubmissionShare is one part of a whole.
type SubmissionShare struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// SubmissionReporter is how often one person's reports were right.
type SubmissionReporter struct {
	Reporter string `json:"reporter"`
	Reports  int    `json:"reports"`
	Right    int    `json:"right"`
	Wrong    int    `json:"wrong" doc:"The others are open, or their result says neither"`
}

func submissionOf(x *submission.Submission) Submission {
	out := Submission{
		ID: x.ID, Type: string(x.Type), State: string(x.State), Result: string(x.Result), Note: x.Note, Owner: x.Owner, Created: x.Created, Updated: x.Updated, Closed: maybeTime(x.Closed), ClosedBy: x.ClosedBy,
		Revision: x.Revision, Match: string(x.Match), How: x.How, NetworkMessageID: x.NetworkMessageID, Recipient: x.Recipient, MessageID: x.InternetMessageID, Sender: x.Sender, SenderName: x.SenderName,
		Subject: x.Subject, Date: maybeTime(x.Date), Bytes: x.SHA256 != "", OnlyQuoted: x.SHA256 == "" && x.Quoted != "", Reports: x.Reports, Reporters: x.Reporters, Unproven: x.Unproven,
		Verdict: SubmissionVerdict{At: maybeTime(x.Judged.At), Threats: values(x.Judged.Threats), Score: x.Judged.Score, Signals: []SubmissionSignal{}, Note: x.Judged.Note},
	}
	for _, s := range x.Judged.Signals {
		out.Verdict.Signals = append(out.Verdict.Signals, SubmissionSignal(s))
	}
	return out
}

func reportOf(r *submission.Report) SubmissionReport {
	return SubmissionReport{
		At: r.At, Reporter: r.Reporter, Name: r.Name, Proven: r.Proven, Proof: r.Proof, Inside: r.Inside, Via: string(r.Via), Type: string(r.Type), Comment: r.Comment, Form: string(r.Form), Mailbox: r.Mailbox,
		Answer: r.Answer, Answered: maybeTime(r.Answered),
	}
}
