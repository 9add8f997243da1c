// Package detect judges one message.
//
// Detectors and rules look at a Context (the message, how it came, what is known of the organisation and of the
// world) and speak in signals: one observed fact each, for or against, with a weight and evidence a person can
// read. A Verdict is the sum of its signals and nothing else, so that every verdict can be explained from
// them. What is done with the message is then the policy's decision, never the detector's.
package detect

import (
	"time"

	"tocsin/internal/detect/model"
	"tocsin/internal/email"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// Threat is what a message can be; a message can be several.
type Threat string

const (
	Malware Threat = "Malware"
	Phish   Threat = "Phish"
	Spam    Threat = "Spam"
)

// Confidence of a phish verdict.
type Confidence string

const (
	Normal Confidence = "Normal"
	High   Confidence = "High"
)

// Technology is which kind of protection found something: the closed list of the field.
type Technology string

const (
	AdvancedFilter                   Technology = "Advanced filter"
	GeneralFilter                    Technology = "General filter"
	Bulk                             Technology = "Bulk"
	Campaign                         Technology = "Campaign"
	DomainReputation                 Technology = "Domain reputation"
	IPReputation                     Technology = "IP reputation"
	FileDetonation                   Technology = "File detonation"
	FileDetonationReputation         Technology = "File detonation reputation"
	FileReputation                   Technology = "File reputation"
	AntimalwareProtection            Technology = "Antimalware protection"
	FingerprintMatching              Technology = "Fingerprint matching"
	ImpersonationBrand               Technology = "Impersonation brand"
	ImpersonationDomain              Technology = "Impersonation domain"
	ImpersonationUser                Technology = "Impersonation user"
	MailboxIntelligenceImpersonation Technology = "Mailbox intelligence impersonation"
	MailBombing                      Technology = "Mail bombing"
	MixedAnalysisDetection           Technology = "Mixed analysis detection"
	SpoofDMARC                       Technology = "Spoof DMARC"
	SpoofExternalDomain              Technology = "Spoof external domain"
	SpoofIntraOrg                    Technology = "Spoof intra-org"
	URLDetonation                    Technology = "URL detonation"
	URLDetonationReputation          Technology = "URL detonation reputation"
	URLMaliciousReputation           Technology = "URL malicious reputation"
)

// Signal is one observed fact. Weight is in points of the threat's score: positive speaks for the threat, negative against it.
type Signal struct {
	ID         string     `json:"id"`         // stable, kebab case: "brand-display-name"; rules use their file's id
	Technology Technology `json:"technology"` // "" for signals against
	Threat     Threat     `json:"threat"`
	Weight     int        `json:"weight"`
	Claim      string     `json:"claim"`    // one short sentence: "Display name uses a brand, sender domain does not"
	Evidence   string     `json:"evidence"` // the fact, with the values seen; hostile text, never markup
	Message    string     `json:"message,omitempty" doc:"Network message id of the other message that it speaks of"`
}

// Score thresholds of the default policy, in points; a score is clamped to 0..100.
const (
	FlagScore = 40 // a threat type is named from here on
	HighScore = 70 // phish confidence High from here on
)

// Verdict is the judgement of one message.
type Verdict struct {
	Threats      []Threat       `json:"threat_types"`           // in the order Malware, Phish, Spam; never nil
	Confidence   Confidence     `json:"phish_confidence"`       // "" unless Phish
	Score        int            `json:"score"`                  // the highest of Scores, 0..100
	Scores       map[Threat]int `json:"scores"`                 // 0..100 each
	Technologies []Technology   `json:"detection_technologies"` // of the signals that carried a named threat, heaviest first; never nil
	ThreatNames  []string       `json:"threat_names"`           // malware families and the like; never nil
	BulkLevel    int            `json:"bulk_level"`             // 0..9
	Signals      []Signal       `json:"signals"`                // by falling weight, then id; never nil
	Notes        []Note         `json:"notes"`                  // what went wrong while judging; never nil
	Features     model.Vector   `json:"-"`                      // what a local model learns from; nil unless asked for (Options.Features) or judged by
}

// Note says that a part of the judgement did not take place.
type Note struct {
	ID   string `json:"id"`   // "engine": a detector failed; "rule": a rule failed; "deadline": judging was stopped
	Text string `json:"text"` // who and why, for the administrator
}

// Is reports whether the verdict names the threat.
func (v Verdict) Is(t Threat) bool {
	for _, have := range v.Threats {
		if have == t {
			return true
		}
	}
	return false
}

// Direction of a message, from the organisation's point of view.
type Direction string

const (
	Inbound  Direction = "Inbound"
	Outbound Direction = "Outbound"
	IntraOrg Direction = "Intra-org"
)

// Organisation is what the judge knows of the people it works for. The judge keeps indexes of its slices: a change is a new
// Organisation with new slices, never an edit in place.
type Organisation struct {
	Name    string
	Domains []string // own accepted domains, lower case
	People  []Person // protected users and the rest of the directory; priority accounts marked

	priority map[string]bool // addresses and aliases of priority accounts; nil: not indexed
}

// Person is one of the organisation's people, most of them protected users.
type Person struct {
	Name       string
	Address    string
	Department string
	Title      string
	Priority   bool
	Aliases    []string // further addresses of the mailbox
	Private    []string // addresses outside that this person is known to write from
	Ordinary   bool     // stands in the directory only: the name is watched, less closely than those of protected people
}

// Kin is a message of the last days that this one belongs together with (package campaign).
type Kin struct {
	NetworkMessageID string
	At               time.Time
	Sender           string   // registrable domain of its From field
	Threats          []Threat // of its verdict
	Sure             bool     // that verdict stands without the help of likeness
	Points           int      // how like, 60..100
	SameFile         bool
	Why              string // for people: "same file, 27 of 32 text samples alike"
}

// Context is all a judgement may depend on.
type Context struct {
	Message    *email.Message
	Envelope   mailauth.Envelope
	Recipients []string // envelope recipients, lower case; else To and Cc
	Auth       mailauth.Results
	Direction  Direction
	Org        Organisation
	Files      scan.Report   // what was found inside the files; its links and files are in Message
	Engines    []scan.Answer // what malware engines, sandboxes and visited pages say
	Past       Past          // what is remembered of sender and recipients
	Kin        []Kin         // messages of the last days that this one is like
	Now        time.Time
}
