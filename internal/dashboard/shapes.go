package dashboard

import (
	"slices"
	"time"
)

// The widgets, in the order of a new page.
const (
	NeedsWidget      = "needs"
	SummaryWidget    = "summary"
	ProtectionWidget = "protection"
	WeeklyWidget     = "weekly"
	MalwareWidget    = "malware"
	InsightsWidget   = "insights"
	TargetedWidget   = "targeted"
	OriginWidget     = "origin"
	FlowWidget       = "flow"
	ReportedWidget   = "reported"
	WorkWidget       = "work"
	AttentionWidget  = "attention"
	CampaignsWidget  = "campaigns"
	TrendsWidget     = "trends" // articles about threats: the page asks for them elsewhere
)

// Widgets lists those that this package answers.
func Widgets() []string {
	return []string{NeedsWidget, SummaryWidget, ProtectionWidget, WeeklyWidget, InsightsWidget, TargetedWidget, AttentionWidget, MalwareWidget, OriginWidget, CampaignsWidget, FlowWidget, ReportedWidget, WorkWidget}
}

// Places lists all that a page can show, in the order of a new page.
func Places() []string {
	out := Widgets()
	i := slices.Index(out, CampaignsWidget) + 1
	return slices.Insert(out, i, TrendsWidget)
}

// Board is the answer: the widgets that were asked for.
type Board struct {
	From         time.Time `json:"from" doc:"Included"`
	To           time.Time `json:"to" doc:"Excluded"`
	PreviousFrom time.Time `json:"previous_from" doc:"Start of the period before; it ends at from"`
	AsOf         time.Time `json:"as_of"`
	TookMS       int64     `json:"took_ms"`
	Coverage     Coverage  `json:"coverage"`
	Failed       []Failure `json:"failed" doc:"Widgets that could not be answered, and why"`

	Needs      *Needs         `json:"needs,omitempty"`
	Summary    *ThreatSummary `json:"summary,omitempty"`
	Protection *Protection    `json:"protection,omitempty"`
	Weekly     *Detections    `json:"weekly,omitempty"`
	Malware    *MalwareBoard  `json:"malware,omitempty"`
	Insights   *Insights      `json:"insights,omitempty"`
	Targeted   *Targeted      `json:"targeted,omitempty"`
	Origin     *Origin        `json:"origin,omitempty"`
	Flow       *Flow          `json:"flow,omitempty"`
	Reported   *Reported      `json:"reported,omitempty"`
	Work       *Work          `json:"work,omitempty"`
	Attention  *Attention     `json:"attention,omitempty"`
	Campaigns  *CampaignBoard `json:"campaigns,omitempty"`
}

// Failure is a widget without an answer.
type Failure struct {
	Widget string `json:"widget"`
	Text   string `json:"text" doc:"One sentence for people"`
}

// Needs is what needs a person now. It looks at the last 90 days whatever the range is, with the filters in force where the event store is asked.
type Needs struct {
	Items  []Need   `json:"items" doc:"Those that are above zero, most urgent first. Empty: nothing waits"`
	Unread []string `json:"unread" doc:"Keys of those that whoever asks may not see"`
}

// Need is one of them.
type Need struct {
	Key     string     `json:"key" enum:"delivered_threats,waiting_actions,untriaged_reports,unowned_incidents,silent_sources,release_requests"`
	Label   string     `json:"label" doc:"What the number counts, in words that follow it"`
	Figure  Figure     `json:"figure"`
	Oldest  *time.Time `json:"oldest" nullable:"true" doc:"Since when the oldest waits; null: not known"`
	Due     *time.Time `json:"due" nullable:"true" doc:"When the next one is late, or ends by itself; null: never"`
	Late    bool       `json:"late" doc:"Due has passed for at least one"`
	Details []Detail   `json:"details" doc:"clicked (of delivered_threats), today (of waiting_actions: those that end today), late (of untriaged_reports)"`
	Names   []string   `json:"names" doc:"What it is about, at most 5: sources, incidents"`
}

// ThreatSummary is the threat management summary.
type ThreatSummary struct {
	BucketSeconds int64       `json:"bucket_seconds"`
	Starts        []time.Time `json:"starts"`
	Cards         []Card      `json:"cards" doc:"malware_blocked, phish_blocked, reported, zero_day_malware, advanced_phish, malicious_urls, in this order"`
}

// Protection is the threat protection status: the same mail three times.
type Protection struct {
	Total      Figure `json:"total" doc:"All mail with a threat"`
	Threats    Trend  `json:"threats" doc:"malware, phish, spam. Mail with two threats counts in both"`
	Technology Trend  `json:"technology" doc:"Detection technologies, most first, then none (not said). Mail that several found counts for each"`
	Outcome    Trend  `json:"outcome" doc:"blocked, junked, replaced, removed, delivered_threat, delivered (found harmless or released since). They add up to the total"`
}

// Detections are the figures of a week, or of the range: each counts recipients. They are a funnel: stopped, delivered and removed are parts of scanned.
type Detections struct {
	BucketSeconds int64       `json:"bucket_seconds"`
	Starts        []time.Time `json:"starts"`
	Cards         []Card      `json:"cards" doc:"scanned, stopped, advanced, delivered, removed, in this order"`
}

// MalwareBoard is malware over time and its families.
type MalwareBoard struct {
	Trend    Trend    `json:"trend" doc:"Malware split by outcome"`
	Families []Ranked `json:"families" doc:"Most first, 10 at most. A family that is new here has previous 0"`
	Unnamed  Figure   `json:"unnamed" doc:"Malware without a name"`
}

// Targeted is who gets the most threats.
type Targeted struct {
	People []Ranked `json:"people" doc:"Most first, 10 at most; the label is the name, when the directory knows it. Details: clicked, delivered, priority (1 for a priority account)"`
}

// Origin is where mail comes from.
type Origin struct {
	Known     bool     `json:"known" doc:"Countries are known: a GeoIP file is set, or was when mail came in. When not, coverage has the gap geoip"`
	Countries []Ranked `json:"countries" doc:"Of mail from outside by country of the sender's address, ISO 3166-1 alpha-2; all of them, most threats first. The figure counts threats; details: malware, all"`
	Addresses []Ranked `json:"addresses" doc:"Addresses (IPv4, IPv6) that sent the most threats, 10 at most"`
	Unplaced  Figure   `json:"unplaced" doc:"Threats whose country is not known"`
}

// Flow is sent and received mail.
type Flow struct {
	Total Figure `json:"total"`
	Trend Trend  `json:"trend" doc:"inbound, outbound, intra-org, unknown. They add up to the total"`
}

// Reported is what users reported.
type Reported struct {
	Total   Figure   `json:"total" doc:"Reports, not email events"`
	Trend   Trend    `json:"trend" doc:"Reports by what the reporter says it is"`
	Results []Ranked `json:"results" doc:"Reports of the range by result: Phishing, Malware, Spam, Not junk, Simulation, Unknown, and open. They add up to the total"`
	Mail    Figure   `json:"mail" doc:"Email events of messages that were reported"`
}

// Work is what people and policies do: the action centre and the incidents.
type Work struct {
	Actions   []Ranked `json:"actions" doc:"Actions on mailboxes by state: waiting, running, and those that ended in the range: done, partly, failed, expired, rejected, cancelled"`
	Incidents []Ranked `json:"incidents" doc:"Open incidents by severity: High, Medium, Low, Informational. Details: unowned, overdue"`
	Unread    []string `json:"unread" doc:"actions, incidents: what whoever asks may not see"`
}

// Attention is what was found last and needs a look.
type Attention struct {
	Kind  string     `json:"kind" enum:"alerts,mail" doc:"alerts; mail: delivered threats, while no alert is open"`
	Items []Attended `json:"items" doc:"Newest first, 10 at most"`
	Total Figure     `json:"total"`
}

// Attended is one of them.
type Attended struct {
	Time     time.Time      `json:"time"`
	Title    string         `json:"title"`
	Severity string         `json:"severity" enum:"High,Medium,Low,Informational"`
	Category string         `json:"category"`
	Count    int64          `json:"count" doc:"Email events"`
	Page     string         `json:"page" doc:"Where it is looked at, as path and query"`
	Explorer *ExplorerState `json:"explorer,omitempty"`
}

// CampaignBoard is the campaigns of the range.
type CampaignBoard struct {
	Active  int64            `json:"active" doc:"Campaigns with mail in the range"`
	Reached int64            `json:"reached" doc:"Of them, with mail that still lies in an inbox"`
	Rows    []ActiveCampaign `json:"rows" doc:"Largest first, 10 at most"`
	KQL     string           `json:"kql"`
}

// ActiveCampaign is one of them.
type ActiveCampaign struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Mail    Figure    `json:"mail"`
	Inboxed Figure    `json:"inboxed" doc:"Of it, what lies in an inbox and is held to be a threat"`
	People  int64     `json:"people" doc:"Recipients"`
}

// Insights are findings, gravest first.
type Insights struct {
	Findings []Finding `json:"findings"`
	Looked   []Looked  `json:"looked" doc:"Every kind there is, whether it found something or not"`
}

// Looked is a kind of finding.
type Looked struct {
	Kind string `json:"kind"`
	Doc  string `json:"doc" doc:"How it is computed"`
	Held string `json:"held" doc:"Why it could not be computed; empty when it was"`
}

// Finding is one insight: what was found, why it matters, and what to do.
type Finding struct {
	Kind     string   `json:"kind"`
	Severity string   `json:"severity" enum:"High,Medium,Low,Informational"`
	Title    string   `json:"title" doc:"Short; without the number"`
	Text     string   `json:"text" doc:"One or two sentences with the number: what was found and why it matters"`
	Figure   Figure   `json:"figure"`
	Unit     string   `json:"unit" doc:"What the number counts"`
	Examples []Ranked `json:"examples" doc:"What stands behind it, at most 5"`
	Do       []Deed   `json:"do" doc:"What to do, best first; never empty"`
}

// Deed is a recommended action.
type Deed struct {
	Label    string         `json:"label" doc:"What the button says"`
	Why      string         `json:"why,omitempty" doc:"One sentence"`
	Page     string         `json:"page,omitempty" doc:"Page of Tocsin, as path and query"`
	Explorer *ExplorerState `json:"explorer,omitempty"`
}
