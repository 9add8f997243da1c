package api

import (
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/event"
)

type emailInput struct {
	ID        string `path:"nmid" format:"uuid" doc:"Network message id"`
	Recipient string `query:"recipient" maxLength:"320" doc:"Which recipient's event; absent: the first by address"`
}

// EmailEvent is every column of one email event, and what became of it.
type EmailEvent struct {
	event.EmailEvent
	EmailClusterId string `json:"EmailClusterId" doc:"A 64-bit number as text"`
	Outcome        string `json:"outcome" enum:"blocked,junked,replaced,removed,delivered_threat,delivered"`
}

// Email is everything known of one email event without opening its content.
type Email struct {
	Event        EmailEvent  `json:"event"`
	Recipients   []Recipient `json:"recipients" doc:"Everybody who got the message, by address"`
	Verdict      Verdict     `json:"verdict" doc:"At delivery"`
	Again        *Again      `json:"again,omitempty" doc:"The latest judgement after delivery; absent when there was none"`
	Policy       Policy      `json:"policy"`
	Auth         MailAuth    `json:"auth"`
	Defects      []Defect    `json:"defects" doc:"What was broken in the message"`
	RawAvailable bool        `json:"raw_available" doc:"The bytes are still kept"`
	Can          Can         `json:"can"`
}

// Recipient is one recipient's event of the message.
type Recipient struct {
	RecipientEmailAddress  string `json:"RecipientEmailAddress"`
	Outcome                string `json:"outcome" enum:"blocked,junked,replaced,removed,delivered_threat,delivered"`
	DeliveryAction         string `json:"DeliveryAction"`
	LatestDeliveryLocation string `json:"LatestDeliveryLocation"`
}

// Verdict with the signals it is the sum of.
type Verdict struct {
	ThreatTypes           []string        `json:"threat_types"`
	PhishConfidence       string          `json:"phish_confidence"`
	Score                 int             `json:"score" doc:"0 to 100"`
	Scores                map[string]int  `json:"scores" doc:"By threat type"`
	Thresholds            Thresholds      `json:"thresholds"`
	Signals               []detect.Signal `json:"signals" doc:"By falling weight"`
	DetectionTechnologies []string        `json:"detection_technologies"`
	ThreatNames           []string        `json:"threat_names"`
}

// Thresholds of the score.
type Thresholds struct {
	Flag int `json:"flag" doc:"A threat type is named from here on"`
	High int `json:"high" doc:"Phish confidence is High from here on"`
}

// Policy is what was done with the message at delivery, and why.
type Policy struct {
	Action        string `json:"action" doc:"Delivery action"`
	Location      string `json:"location" doc:"Delivery location"`
	EmailAction   string `json:"email_action" doc:"In words"`
	Policy        string `json:"policy" doc:"Kind of policy that decided"`
	PolicyID      string `json:"policy_id"`
	OrgOverride   string `json:"org_override" doc:"Override of the organisation: Allow, Block or empty"`
	OrgPolicy     string `json:"org_policy"`
	UserOverride  string `json:"user_override"`
	UserPolicy    string `json:"user_policy"`
	TransportRule string `json:"transport_rule"`
	Reason        string `json:"reason" doc:"Why, in one sentence; empty when there was nothing to decide"`
	Watched       bool   `json:"watched" doc:"Delivered only because the policy watches"`
	Priority      bool   `json:"priority" doc:"Stricter, because the recipient is a priority account"`
}

// MailAuth is who really sent the message.
type MailAuth struct {
	SPF       AuthCheck   `json:"spf"`
	DKIM      []AuthCheck `json:"dkim" doc:"One a signature"`
	DMARC     AuthCheck   `json:"dmarc"`
	ARC       AuthCheck   `json:"arc"`
	Aligned   bool        `json:"aligned" doc:"SPF or DKIM passed for a domain aligned with From"`
	AlignedBy string      `json:"aligned_by"`
	Policy    string      `json:"policy" doc:"DMARC policy of the domain; empty without a record"`
	CompAuth  string      `json:"comp_auth,omitempty" doc:"Composite authentication, when a source reported one"`
}

// AuthCheck is one method's result.
type AuthCheck struct {
	Result string `json:"result" doc:"RFC 8601: none, pass, fail, softfail, neutral, policy, temperror, permerror"`
	Domain string `json:"domain"`
	Detail string `json:"detail"`
	Origin string `json:"origin" doc:"checked, reported, unknown"`
}

// Defect is a broken rule of the mail formats, in words.
type Defect struct {
	ID    string `json:"id"`
	Where string `json:"where"`
	Text  string `json:"text"`
}

// Can tells the client which buttons work, and why not.
type Can struct {
	Preview  bool   `json:"preview"`
	Download bool   `json:"download"`
	Why      string `json:"why" doc:"Empty when both are true"`
}

// EmailHeaders is the header block and the way of the message.
type EmailHeaders struct {
	Headers []HeaderField `json:"headers" doc:"As they stood, top first"`
	Raw     string        `json:"raw" doc:"The block as sent, invalid octets replaced"`
	Hops    []Hop         `json:"hops" doc:"Oldest first"`
	Cut     bool          `json:"cut" doc:"A limit cut headers or raw"`
}

// HeaderField is one field.
type HeaderField struct {
	Name  string `json:"name"`
	Value string `json:"value" doc:"Unfolded and decoded"`
	Raw   string `json:"raw"`
	Odd   string `json:"odd" doc:"What is strange about it; empty when nothing is"`
}

// Hop is one server the message went through, as that server wrote it down.
type Hop struct {
	From     string     `json:"from" doc:"Name the client gave"`
	FromName string     `json:"from_name" doc:"Reverse name the server saw"`
	FromIP   string     `json:"from_ip"`
	By       string     `json:"by"`
	With     string     `json:"with"`
	TLS      string     `json:"tls"`
	Time     *time.Time `json:"time" nullable:"true"`
	DelayMS  int64      `json:"delay_ms" doc:"Since the hop before; negative when clocks disagree"`
	Trusted  bool       `json:"trusted" doc:"Written by one of the organisation's own servers, so it is evidence; others are claims"`
	Odd      []string   `json:"odd" doc:"What is strange about it, in words"`
}

// Timeline is everything that happened to an email event, oldest first.
type Timeline struct {
	Events []TimelineEvent `json:"events"`
}

// TimelineEvent is one thing that happened.
type TimelineEvent struct {
	Time   time.Time `json:"time"`
	Kind   string    `json:"kind" enum:"sent,hops,received,judged,delivered,rejudged,post_delivery,click,content,download,reported"`
	Title  string    `json:"title"`
	Detail string    `json:"detail"`
	Source string    `json:"source" doc:"Who says so"`
	Tone   string    `json:"tone" enum:"neutral,good,warn,bad,blocked,junked,removed"`
}

// EmailURLs is every link of the message.
type EmailURLs struct {
	URLs []EmailURL `json:"urls"`
}

// EmailURL is one link.
type EmailURL struct {
	URL      string   `json:"url" doc:"As written. Never make a link of it"`
	Defanged string   `json:"defanged"`
	Target   string   `json:"target" doc:"Behind known rewriters"`
	Domain   string   `json:"domain"`
	Text     string   `json:"text" doc:"What the reader sees on it"`
	Location string   `json:"location" enum:"Body,Subject,Header,Attachment,QRCode"`
	Tag      string   `json:"tag" doc:"HTML element that holds it"`
	Signals  []string `json:"signals" doc:"Ids of signals whose evidence names it"`

	Visit *LinkVisit `json:"visit,omitempty" doc:"What was seen when its page was opened; absent: it was not"`
}

// LinkVisit is what was seen when the page of a link was opened, apart from its reader.
type LinkVisit struct {
	At      time.Time `json:"at"`
	Way     []string  `json:"way" doc:"Addresses it led over, the last is where it ended. Never make links of them"`
	Threat  string    `json:"threat" doc:"What is wrong with the page; empty: nothing was found"`
	Details string    `json:"details" doc:"What was there, in words"`
	Failed  string    `json:"failed" doc:"Why nothing was seen; empty: something was"`
	Picture bool      `json:"picture" doc:"POST /emails/{nmid}/picture shows the page"`
}

type pictureInput struct {
	ID        string `path:"nmid" format:"uuid"`
	Recipient string `query:"recipient" maxLength:"320"`
	Body      struct {
		Reason
		Target string `json:"target" maxLength:"65536" doc:"'target' of the link"`
	}
}

// PagePicture is what a visited page looked like.
type PagePicture struct {
	PNG      []byte   `json:"png"`
	Recorded Recorded `json:"recorded"`
}

// EmailAttachments is the tree of files in the message.
type EmailAttachments struct {
	Attachments []Attachment `json:"attachments"`
}

// Attachment is one file; what is inside it are its children.
type Attachment struct {
	Name     string       `json:"name"`
	Type     string       `json:"type" doc:"Media type from the content"`
	Kind     string       `json:"kind" doc:"Short: pdf, docx, zip, exe"`
	Declared string       `json:"declared" doc:"Media type as declared"`
	Size     int64        `json:"size" doc:"Octets"`
	MD5      string       `json:"md5"`
	SHA1     string       `json:"sha1"`
	SHA256   string       `json:"sha256"`
	Within   string       `json:"within" doc:"Containing file or message; empty when directly in the message"`
	Inline   bool         `json:"inline"`
	Children []Attachment `json:"children"`
}

// Similar is mail like this one.
type Similar struct {
	By    string     `json:"by" doc:"cluster, subject and sender, or empty when there is nothing to compare by"`
	Count int64      `json:"count"`
	Rows  []EmailRow `json:"rows"`
	KQL   string     `json:"kql" doc:"Opens the same in Explorer"`
}

// Reason is why somebody looks into mail. It is kept in the audit log.
type Reason struct {
	Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"For the audit log: a ticket number, or a sentence"`
}

type reasonInput struct {
	ID        string `path:"nmid" format:"uuid"`
	Recipient string `query:"recipient" maxLength:"320"`
	Body      Reason
}

// Content is what the message says, made harmless.
type Content struct {
	Grant    string        `json:"grant" doc:"Opens the preview document for this session, for ten minutes"`
	Plain    string        `json:"plain" doc:"All text, hidden text too, with invisible characters written out"`
	Source   string        `json:"source" doc:"The HTML as text; empty when there is none"`
	Removed  Removed       `json:"removed"`
	Links    []ContentLink `json:"links"`
	Recorded Recorded      `json:"recorded"`

	FromText  bool `json:"from_text" doc:"Made from the plain text part; there is no HTML"`
	Truncated bool `json:"truncated" doc:"The message is longer than a preview may be"`
}

// Removed counts what the preview left out.
type Removed struct {
	Scripts      int `json:"scripts" doc:"Scripts and script addresses"`
	Events       int `json:"events" doc:"Event handler attributes"`
	Forms        int `json:"forms"`
	Fields       int `json:"fields" doc:"Form fields, shown as boxes"`
	Frames       int `json:"frames"`
	Objects      int `json:"objects" doc:"Plug-ins, audio, video, vector pictures"`
	RemoteImages int `json:"remote_images" doc:"Pictures that would have been loaded, trackers included"`
	Trackers     int `json:"trackers" doc:"Of these, no larger than 3 by 3"`
	InlineImages int `json:"inline_images" doc:"Pictures in the message that were not shown: missing, too large, or no pictures"`
	RemoteStyles int `json:"remote_styles" doc:"Style sheets, fonts and backgrounds that would have been loaded"`
	Styles       int `json:"styles" doc:"Style declarations that could do more than style"`
	Redirects    int `json:"redirects"`
	Controls     int `json:"controls" doc:"Control and direction characters, shown as marks"`
}

// ContentLink is one link of the preview; the document shows only its number.
type ContentLink struct {
	N        int    `json:"n"`
	URL      string `json:"url"`
	Defanged string `json:"defanged"`
	Text     string `json:"text"`
	Domain   string `json:"domain"`
}

// Recorded is the audit record of this look.
type Recorded struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

type previewInput struct {
	ID    string `path:"nmid" format:"uuid"`
	Grant string `path:"grant" maxLength:"100"`
}
