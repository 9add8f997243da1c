// Package event is the schema of what happened: the hunting tables as Go types, in one place.
//
// The tables and their columns carry the names of Microsoft's advanced-hunting schema, so that existing queries and
// people's habits work. One row of EmailEvents is one message to one recipient (an email event). The struct
// tags are the single source for the store's DDL, the query language's binder, Explorer's filters and the
// documentation of columns. Strings are never null: an absent value is "".
package event

import (
	"encoding/json"
	"time"
)

// EmailEvent is one message to one recipient. Key: NetworkMessageId and RecipientEmailAddress.
type EmailEvent struct {
	Timestamp              time.Time `kql:"datetime" doc:"When the message entered the organisation (UTC). TimeGenerated is the same instant"`
	NetworkMessageId       string    `kql:"string,id" doc:"Tocsin's own UUIDv7 of the message, shared by all its recipients; its time is Timestamp"`
	InternetMessageId      string    `kql:"string" doc:"Message-ID header with angle brackets, as sent"`
	SenderMailFromAddress  string    `kql:"string" doc:"Envelope sender (MAIL FROM)"`
	SenderMailFromDomain   string    `kql:"string,facet" doc:"Domain of the envelope sender"`
	SenderFromAddress      string    `kql:"string,facet" doc:"Address of the From header"`
	SenderFromDomain       string    `kql:"string,facet" doc:"Domain of the From header"`
	SenderDisplayName      string    `kql:"string,facet" doc:"Display name of the From header"`
	SenderObjectId         string    `kql:"string" doc:"Directory id of an internal sender"`
	SenderIPv4             string    `kql:"string,facet,ip" doc:"Last relaying server outside the organisation, IPv4"`
	SenderIPv6             string    `kql:"string,facet,ip" doc:"The same, IPv6"`
	RecipientEmailAddress  string    `kql:"string,facet" doc:"Recipient of this event"`
	RecipientDomain        string    `kql:"string,facet" doc:"Domain of the recipient"`
	RecipientObjectId      string    `kql:"string" doc:"Directory id of the recipient"`
	Subject                string    `kql:"string" doc:"Subject, decoded"`
	EmailClusterId         int64     `kql:"long,facet" doc:"Shared by messages of like content"`
	EmailDirection         string    `kql:"string,facet" values:"Inbound,Outbound,Intra-org,Unknown" doc:"Direction seen from the organisation"`
	DeliveryAction         string    `kql:"string,facet" values:"Delivered,Junked,Blocked,Replaced" doc:"What was done at delivery"`
	DeliveryLocation       string    `kql:"string,facet" values:"Inbox/folder,Junk folder,Deleted items folder,Quarantine,Failed,Dropped,On-premises/external" doc:"Where it went at delivery"`
	LatestDeliveryAction   string    `kql:"string,facet" doc:"Latest action of Tocsin or an operator"`
	LatestDeliveryLocation string    `kql:"string,facet" values:"Inbox/folder,Junk folder,Deleted items folder,Quarantine,Removed,Failed,Dropped,On-premises/external" doc:"Latest known place; Removed: soft or hard deleted, in no folder (Tocsin)"`
	LatestThreatTypes      string    `kql:"string,facet,list" values:"Malware,Phish,Spam" doc:"Verdicts of the latest judgement; ThreatTypes are those at delivery (Tocsin)"`
	ThreatTypes            string    `kql:"string,facet,list" values:"Malware,Phish,Spam" doc:"Verdicts, comma separated; empty when clean"`
	ThreatNames            string    `kql:"string,facet,list" doc:"Malware family or name of the threat"`
	ThreatClassification   string    `kql:"string,facet" doc:"Finer class of the threat"`
	DetectionMethods       string    `kql:"string" doc:"JSON: threat to array of detection technologies"`
	DetectionTechnologies  string    `kql:"string,facet,list" doc:"Detection technologies, at delivery, heaviest first, comma separated (Tocsin)"`

	LatestDetectionTechnologies string `kql:"string,facet,list" doc:"Those of the latest judgement that found a threat; DetectionTechnologies are those at delivery (Tocsin)"`

	ConfidenceLevel        string    `kql:"string" doc:"JSON by verdict: Phish High or Normal, Spam as spam confidence level"`
	PhishConfidence        string    `kql:"string,facet" values:"Normal,High" doc:"Confidence of a phish verdict (Tocsin)"`
	ThreatScore            int32     `kql:"int" doc:"Score of the verdict, 0 to 100 (Tocsin)"`
	BulkComplaintLevel     int32     `kql:"int,facet" doc:"Bulk level, 0 to 9"`
	EmailAction            string    `kql:"string,facet" doc:"Final action in words"`
	EmailActionPolicy      string    `kql:"string,facet" doc:"Kind of policy that decided"`
	EmailActionPolicyGuid  string    `kql:"string" doc:"Id of that policy"`
	AuthenticationDetails  string    `kql:"string" doc:"JSON with SPF, DKIM, DMARC, CompAuth"`
	AuthSPF                string    `kql:"string,facet" doc:"SPF result (Tocsin)"`
	AuthDKIM               string    `kql:"string,facet" doc:"Best DKIM result (Tocsin)"`
	AuthDMARC              string    `kql:"string,facet" doc:"DMARC result (Tocsin)"`
	AttachmentCount        int32     `kql:"int" doc:"Number of attachments"`
	UrlCount               int32     `kql:"int" doc:"Number of URLs"`
	EmailLanguage          string    `kql:"string,facet" doc:"Language of the visible text, ISO 639-1"`
	EmailSize              int64     `kql:"long" doc:"Octets"`
	Connectors             string    `kql:"string,facet" doc:"Source that took the message in"`
	ExchangeTransportRule  string    `kql:"string" doc:"Mail-flow rule that acted"`
	OrgLevelAction         string    `kql:"string,facet" values:"Allow,Block" doc:"Override of the organisation"`
	OrgLevelPolicy         string    `kql:"string,facet" doc:"Which override of the organisation"`
	UserLevelAction        string    `kql:"string,facet" values:"Allow,Block" doc:"Override of the mailbox"`
	UserLevelPolicy        string    `kql:"string,facet" doc:"Which override of the mailbox"`
	DistributionList       string    `kql:"string,facet" doc:"List through which the recipient got it"`
	ForwardingInformation  string    `kql:"string" doc:"JSON array of forwardings"`
	IsFirstContact         bool      `kql:"bool" doc:"Nobody in the organisation had contact with the sender before; false too while too little mail was seen to say so"`
	To                     []string  `kql:"dynamic" doc:"Addresses of the To header"`
	Cc                     []string  `kql:"dynamic" doc:"Addresses of the Cc header"`
	Context                string    `kql:"string" doc:"More context"`
	SenderCountry          string    `kql:"string,facet" doc:"Country of the sender IP, ISO 3166-1 alpha-2; empty without a GeoIP file (Tocsin)"`
	ReplyToAddress         string    `kql:"string,facet" doc:"First Reply-To address (Tocsin)"`
	FirstSignal            string    `kql:"string,facet" doc:"Claim of the heaviest signal (Tocsin)"`
	Signals                string    `kql:"string,facet,list" doc:"Ids of the signals that spoke for a threat, heaviest first, comma separated (Tocsin)"`
	Defects                string    `kql:"string,facet,list" doc:"Ids of what was broken in the message, comma separated (Tocsin)"`
	RawSHA256              string    `kql:"string" doc:"SHA-256 of the message as received; names the stored bytes (Tocsin)"`
	IsPriorityAccount      bool      `kql:"bool" doc:"The recipient is a priority account (Tocsin)"`
	LastEventExecutionTime time.Time `kql:"datetime" doc:"When this row last changed"`
	AdditionalFields       string    `kql:"string,content" doc:"JSON: signals and everything else needed to explain the verdict"`
	ReportId               string    `kql:"string" doc:"Row id"`
}

// EmailUrl is one URL of one message. Key: NetworkMessageId, Url and UrlLocation.
type EmailUrl struct {
	Timestamp        time.Time `kql:"datetime" doc:"Time of the message"`
	NetworkMessageId string    `kql:"string,id" doc:"Message"`
	Url              string    `kql:"string" doc:"Full URL as written"`
	UrlDomain        string    `kql:"string,facet" doc:"Host of the URL"`
	UrlLocation      string    `kql:"string,facet" values:"Body,Subject,Header,Attachment,QRCode" doc:"Where it stood"`
	UrlText          string    `kql:"string,content" doc:"What the reader saw on it (Tocsin)"`
	UrlTarget        string    `kql:"string" doc:"URL behind known rewriters (Tocsin)"`
	ReportId         string    `kql:"string" doc:"Row id"`
}

// EmailAttachment is one file of one email event. Key: NetworkMessageId, RecipientEmailAddress and ReportId.
type EmailAttachment struct {
	Timestamp             time.Time `kql:"datetime" doc:"Time of the message"`
	NetworkMessageId      string    `kql:"string,id" doc:"Message"`
	SenderFromAddress     string    `kql:"string,facet" doc:"Address of the From header"`
	SenderDisplayName     string    `kql:"string" doc:"Display name of the From header"`
	SenderObjectId        string    `kql:"string" doc:"Directory id of an internal sender"`
	RecipientEmailAddress string    `kql:"string,facet" doc:"Recipient"`
	RecipientObjectId     string    `kql:"string" doc:"Directory id of the recipient"`
	FileName              string    `kql:"string,facet" doc:"Name as sent"`
	FileExtension         string    `kql:"string,facet" doc:"Extension of the name"`
	FileType              string    `kql:"string,facet" doc:"Detected type"`
	SHA256                string    `kql:"string,facet" doc:"SHA-256, lower-case hex"`
	SHA1                  string    `kql:"string" doc:"SHA-1 (Tocsin)"`
	MD5                   string    `kql:"string" doc:"MD5 (Tocsin)"`
	FileSize              int64     `kql:"long" doc:"Octets"`
	Within                string    `kql:"string" doc:"Containing file or message (Tocsin)"`
	ThreatTypes           string    `kql:"string,facet,list" doc:"Verdict on the file"`
	ThreatNames           string    `kql:"string,facet,list" doc:"Malware name"`
	DetectionMethods      string    `kql:"string" doc:"JSON: threat to array of detection technologies"`
	ReportId              string    `kql:"string" doc:"Row id"`
}

// PostDelivery is something that happened to an email event after delivery. Key: ReportId.
type PostDelivery struct {
	Timestamp             time.Time `kql:"datetime" doc:"When it was done"`
	NetworkMessageId      string    `kql:"string,id,later" doc:"Message"`
	InternetMessageId     string    `kql:"string" doc:"Message-ID header"`
	Action                string    `kql:"string,facet" doc:"What was done: Moved to quarantine, Quarantine release, ..."`
	ActionType            string    `kql:"string,facet" values:"Phish ZAP,Malware ZAP,Spam ZAP,Verdict changed,Manual remediation,Automated remediation,Quarantine release,User moved" doc:"Kind of action"`
	ActionTrigger         string    `kql:"string,facet" doc:"Who started it"`
	ActionResult          string    `kql:"string,facet" values:"Pending,Success,Error,AdminPolicy" doc:"Pending: decided, not yet carried out. AdminPolicy: left alone, because of the policy, an override or the place"`
	RecipientEmailAddress string    `kql:"string,facet" doc:"Recipient"`
	DeliveryLocation      string    `kql:"string,facet" doc:"Place after the action"`
	SourceLocation        string    `kql:"string,facet" doc:"Place before the action"`
	ThreatTypes           string    `kql:"string,facet,list" doc:"Verdict at that time"`
	DetectionMethods      string    `kql:"string" doc:"JSON: threat to array of detection technologies"`
	SenderFromAddress     string    `kql:"string,facet" doc:"Address of the From header"`
	EmailDirection        string    `kql:"string,facet" doc:"Direction"`
	AdditionalFields      string    `kql:"string,content" doc:"JSON: signals, scores and reason of a judgement after delivery, or the receipt of an action (Tocsin)"`
	ReportId              string    `kql:"string" doc:"Row id"`
}

// UrlClick is one click on a rewritten link. Key: ReportId and Timestamp.
type UrlClick struct {
	Timestamp        time.Time `kql:"datetime" doc:"When it was clicked"`
	Url              string    `kql:"string" doc:"URL clicked"`
	ActionType       string    `kql:"string,facet" values:"ClickAllowed,ClickBlocked,ClickBlockedByTenantPolicy,UrlErrorPage,UrlScanInProgress" doc:"Verdict of the click"`
	AccountUpn       string    `kql:"string,facet" doc:"Who clicked"`
	Workload         string    `kql:"string,facet" doc:"Email, Teams, Office"`
	NetworkMessageId string    `kql:"string,id,later" doc:"Message that held the link"`
	ThreatTypes      string    `kql:"string,facet,list" doc:"Verdict at click time"`
	DetectionMethods string    `kql:"string" doc:"JSON: threat to array of detection technologies"`
	IPAddress        string    `kql:"string,facet,ip" doc:"Address of the device"`
	IsClickedThrough bool      `kql:"bool" doc:"The person went on past the warning"`
	UrlChain         string    `kql:"string" doc:"JSON array of redirects"`
	AppName          string    `kql:"string,facet" doc:"Application"`
	AppVersion       string    `kql:"string" doc:"Its version"`
	SourceId         string    `kql:"string" doc:"Id of the source object"`
	ReportId         string    `kql:"string" doc:"Row id"`
}

// Campaign says that one email event belongs to a campaign. Key: NetworkMessageId and RecipientEmailAddress.
type Campaign struct {
	Timestamp             time.Time `kql:"datetime" doc:"Time of the message"`
	CampaignName          string    `kql:"string,facet" doc:"Name of the campaign"`
	CampaignId            string    `kql:"string,facet" doc:"Id of the campaign"`
	CampaignType          string    `kql:"string,facet" values:"Malware,Phish,Spam" doc:"Gravest threat of the message"`
	CampaignSubtype       string    `kql:"string,facet" doc:"What the campaign imitates or carries: a brand, a malware family"`
	NetworkMessageId      string    `kql:"string,id" doc:"Message; joins EmailEvents"`
	RecipientEmailAddress string    `kql:"string,facet" doc:"Recipient"`
	Likeness              string    `kql:"string" doc:"Why the message belongs to the campaign (Tocsin)"`
	OriginalCampaignId    string    `kql:"string" doc:"The campaign it was in before a person merged that into another; CampaignId when nobody did (Tocsin)"`
	ReportId              string    `kql:"string" doc:"Row id"`
}

// UserSubmission is one report of a message, or the result of a submission. Key: ReportId. The field has these as operations of its audit log
// (UserSubmission, AdminSubmission, UserSubmissionTriage) and no table of hunting; the table is Tocsin's.
type UserSubmission struct {
	Timestamp             time.Time `kql:"datetime" doc:"When it was reported, or closed"`
	ActionType            string    `kql:"string,facet" values:"UserSubmission,AdminSubmission,UserSubmissionTriage" doc:"Reported by a user, reported by an operator, closed with a result"`
	SubmissionId          string    `kql:"string" doc:"The submission: all reports of one message"`
	SubmissionType        string    `kql:"string,facet" values:"Phish,Malware,Spam,Not junk" doc:"What the reporter says it is; of a result: what the first one said"`
	SubmissionSource      string    `kql:"string,facet" values:"Mail,Folder,API" doc:"The way it came in"`
	ReporterEmailAddress  string    `kql:"string,facet" doc:"Who reported it; of a result: who closed it"`
	IsReporterProven      bool      `kql:"bool" doc:"It is proven that the reporter sent it"`
	Result                string    `kql:"string,facet" values:"Phishing,Malware,Spam,Not junk,Simulation,Unknown" doc:"Only of UserSubmissionTriage"`
	MatchLevel            string    `kql:"string,facet" values:"Exact,Likely,None" doc:"How sure it is which delivered message it is"`
	NetworkMessageId      string    `kql:"string,id,later" doc:"The delivered message; empty without a match"`
	RecipientEmailAddress string    `kql:"string,facet" doc:"Recipient of it"`
	InternetMessageId     string    `kql:"string" doc:"Message-ID header, as reported"`
	SenderFromAddress     string    `kql:"string,facet" doc:"Address of the From header, as reported"`
	Subject               string    `kql:"string" doc:"Subject, as reported"`
	ThreatTypes           string    `kql:"string,facet,list" doc:"What Tocsin's judge said of it at that time"`
	ReportId              string    `kql:"string" doc:"Row id"`
}

// Alert is something found that asks for a person. Key: AlertId.
type Alert struct {
	Timestamp        time.Time `kql:"datetime" doc:"When the alert was raised"`
	AlertId          string    `kql:"string" doc:"Id of the alert; joins AlertInfo and AlertEvidence"`
	Title            string    `kql:"string,facet" doc:"What was found"`
	Category         string    `kql:"string,facet" doc:"Kind of threat or stage of the attack"`
	Severity         string    `kql:"string,facet" values:"Informational,Low,Medium,High" doc:"As it was raised"`
	ServiceSource    string    `kql:"string,facet" doc:"Product that raised the alert: Tocsin"`
	DetectionSource  string    `kql:"string,facet" doc:"What kind of thing raised it: a tracked query, a retro-hunt"`
	AttackTechniques string    `kql:"string" doc:"JSON array of MITRE ATT&CK techniques"`
	ReportId         string    `kql:"string" doc:"Row id (Tocsin)"`
}

// AlertEvidence is one thing that an alert names: a message, mailbox, person, link, file or address. Key: ReportId.
type AlertEvidence struct {
	Timestamp          time.Time `kql:"datetime" doc:"When the alert was raised"`
	AlertId            string    `kql:"string" doc:"Id of the alert; joins AlertInfo and AlertEvidence"`
	Title              string    `kql:"string" doc:"Title"`
	Categories         string    `kql:"string" doc:"JSON array of categories"`
	AttackTechniques   string    `kql:"string" doc:"JSON array of MITRE ATT&CK techniques"`
	ServiceSource      string    `kql:"string" doc:"Product that raised the alert"`
	DetectionSource    string    `kql:"string,facet" doc:"Technology or sensor that found it"`
	EntityType         string    `kql:"string,facet" values:"MailMessage,Mailbox,User,Url,File,Ip" doc:"User, Mailbox, MailMessage, MailCluster, Url, File, Ip, Machine, Process, ..."`
	EvidenceRole       string    `kql:"string,facet" values:"Impacted,Related" doc:"Impacted or Related"`
	EvidenceDirection  string    `kql:"string" doc:"Source or Destination of a connection"`
	FileName           string    `kql:"string" doc:"Name of the file"`
	FolderPath         string    `kql:"string" doc:"Folder of the file"`
	SHA1               string    `kql:"string" doc:"SHA-1 of the file"`
	SHA256             string    `kql:"string" doc:"SHA-256 of the file"`
	FileSize           int64     `kql:"long" doc:"Octets"`
	ThreatFamily       string    `kql:"string,facet" doc:"Malware family"`
	RemoteIP           string    `kql:"string,facet,ip" doc:"Address that was seen"`
	RemoteUrl          string    `kql:"string,facet" doc:"URL or host name that was seen"`
	AccountName        string    `kql:"string" doc:"Name with which the account signs in, without domain"`
	AccountDomain      string    `kql:"string" doc:"Domain of the account"`
	AccountSid         string    `kql:"string" doc:"Security identifier of the account"`
	AccountObjectId    string    `kql:"string" doc:"Directory id of the account"`
	AccountUpn         string    `kql:"string,facet" doc:"User principal name of the account, mostly its mail address"`
	DeviceId           string    `kql:"string" doc:"Id of the device"`
	DeviceName         string    `kql:"string" doc:"Full name of the device"`
	LocalIP            string    `kql:"string" doc:"Address of the device"`
	NetworkMessageId   string    `kql:"string,id,later" doc:"Message; joins EmailEvents"`
	EmailSubject       string    `kql:"string" doc:"Subject of the mail"`
	Application        string    `kql:"string" doc:"Application that was seen"`
	ApplicationId      int32     `kql:"int" doc:"Id of the application"`
	OAuthApplicationId string    `kql:"string" doc:"Id of the application that acted with a token"`
	ProcessCommandLine string    `kql:"string" doc:"Command line of the process"`
	RegistryKey        string    `kql:"string" doc:"Registry key"`
	RegistryValueName  string    `kql:"string" doc:"Name of the registry value"`
	RegistryValueData  string    `kql:"string" doc:"Data of the registry value"`
	AdditionalFields   string    `kql:"string" doc:"JSON with the whole entity"`
	Severity           string    `kql:"string,facet" values:"Informational,Low,Medium,High" doc:"Informational, Low, Medium or High"`
	CloudResource      string    `kql:"string" doc:"Name of the resource in the cloud"`
	CloudPlatform      string    `kql:"string" doc:"Cloud that holds it: Azure, AWS, GCP"`
	ResourceType       string    `kql:"string" doc:"Kind of resource in the cloud"`
	ResourceID         string    `kql:"string" doc:"Id of the resource in the cloud"`
	SubscriptionId     string    `kql:"string" doc:"Subscription in the cloud"`
	ReportId           string    `kql:"string" doc:"Row id (Tocsin)"`
}

// Batch is what one or more messages add to the store; it is appended whole or not at all.
type Batch struct {
	Emails       []EmailEvent
	Urls         []EmailUrl
	Attachments  []EmailAttachment
	PostDelivery []PostDelivery
	Clicks       []UrlClick
	Campaigns    []Campaign
	Submissions  []UserSubmission
	Alerts       []Alert
	Evidence     []AlertEvidence
}

// Extra is the shape of EmailEvent.AdditionalFields.
type Extra struct {
	Signals json.RawMessage `json:"signals,omitempty"` // array of detect.Signal
	Scores  map[string]int  `json:"scores,omitempty"`
	Auth    json.RawMessage `json:"auth,omitempty"` // mailauth.Results, when the sender was checked
	Source  string          `json:"source,omitempty"`

	Helo          string `json:"helo,omitempty"`            // name that the sending server gave
	MailFromKnown bool   `json:"mail_from_known,omitempty"` // the envelope sender is known, even when it is empty
	ClientName    string `json:"client_name,omitempty"`     // verified host name of the client
	AuthUser      string `json:"auth_user,omitempty"`       // who signed in to send it
	QueueID       string `json:"queue_id,omitempty"`        // of the mail system
	TLS           string `json:"tls,omitempty"`             // version of the connection it came over

	Decided *Decided `json:"decided,omitempty"` // nil when nothing had to be decided
}

// Reason says why it was decided so, "" when nothing had to be.
func (x *Extra) Reason() string {
	if x.Decided == nil {
		return ""
	}
	return x.Decided.Reason
}

// Delivered is the digest of the message as its recipient got it, "" when that is as it came.
func (x *Extra) Delivered() string {
	if x.Decided == nil {
		return ""
	}
	return x.Decided.Delivered
}

// Decided is what a policy decided for one recipient, where no column says it.
type Decided struct {
	Reason    string `json:"reason,omitempty"`    // one sentence for people
	Treatment string `json:"treatment,omitempty"` // what the policy says: deliver, junk, quarantine, ...; when it only watches, not what was done
	Watched   bool   `json:"watched,omitempty"`   // delivered only because the policy watches
	Priority  bool   `json:"priority,omitempty"`  // stricter because the recipient is a priority account
	OrgKind   string `json:"org_kind,omitempty"`  // kind of the allow or block entry that decided
	Delivered string `json:"delivered,omitempty"` // remediate.Digest of the message as it was handed on, when that is not as it came
}

// Rejudged is the shape of PostDelivery.AdditionalFields of a judgement after delivery.
type Rejudged struct {
	Signals    json.RawMessage `json:"signals,omitempty"` // array of detect.Signal
	Scores     map[string]int  `json:"scores,omitempty"`
	Confidence string          `json:"phish_confidence,omitempty"`
	Before     string          `json:"before"`            // verdict before, in the words of ThreatTypes
	Changes    []string        `json:"changes,omitempty"` // signals that came (+id) or went (-id)
	Decided    Decided         `json:"decided"`
	Policy     string          `json:"policy,omitempty"` // kind of policy that decided
	PolicyID   string          `json:"policy_id,omitempty"`
	Org        string          `json:"org,omitempty"`  // OrgLevelPolicy, when an override of the organisation decided
	User       string          `json:"user,omitempty"` // UserLevelPolicy, when the recipient's own settings did
	Run        string          `json:"run,omitempty"`  // id of the run that judged again
}

// Acted is the shape of PostDelivery.AdditionalFields of an action on a mailbox, and of a later look at what it left.
type Acted struct {
	Action  string `json:"action_id"`
	Kind    string `json:"kind"`              // "Soft delete"
	Name    string `json:"name,omitempty"`    // what people call it
	Reason  string `json:"reason,omitempty"`  // as its author gave it
	Outcome string `json:"outcome"`           // "Done", "Already so", "Not found", ...
	Error   string `json:"error,omitempty"`   // one sentence, when it was not done
	Mailbox string `json:"mailbox,omitempty"` // that the copies lay in
	Copies  int    `json:"copies"`            // that something was done to
	From    string `json:"from,omitempty"`    // folder of the first
	To      string `json:"to,omitempty"`      // folder it is in now
	Held    bool   `json:"held,omitempty"`    // Tocsin keeps what undo or release needs
	Undoes  string `json:"undoes,omitempty"`  // id of the action that was undone
}
