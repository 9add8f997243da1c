package detect

import (
	"errors"
	"fmt"
	"strings"
)

// Action is what was done at delivery.
type Action string

const (
	Delivered Action = "Delivered"
	Junked    Action = "Junked"
	Blocked   Action = "Blocked"
	Replaced  Action = "Replaced" // a malicious attachment was exchanged for a notice
)

// Location is where the message went.
type Location string

const (
	Inbox      Location = "Inbox/folder"
	JunkFolder Location = "Junk folder"
	Quarantine Location = "Quarantine"
	Failed     Location = "Failed"  // refused: the sender knows
	Dropped    Location = "Dropped" // taken and thrown away
	External   Location = "On-premises/external"
)

// Treatment is what a policy says to do.
type Treatment string

const (
	Deliver      Treatment = "deliver"
	Junk         Treatment = "junk"
	ToQuarantine Treatment = "quarantine"
	Replace      Treatment = "replace" // only for malware
	Reject       Treatment = "reject"
	Drop         Treatment = "drop"
)

// treatments tells what each Treatment comes to: action, place, and EmailAction in the words of the hunting schema.
var treatments = map[Treatment]struct {
	action Action
	place  Location
	words  string
}{
	Deliver:      {Delivered, Inbox, "No action taken"},
	Junk:         {Junked, JunkFolder, "Move message to junk mail folder"},
	ToQuarantine: {Blocked, Quarantine, "Send to quarantine"},
	Replace:      {Replaced, Inbox, "Replace attachment"},
	Reject:       {Blocked, Failed, "Reject message"},
	Drop:         {Blocked, Dropped, "Delete message"},
}

// Effect is what a treatment comes to, in the words of the hunting schema: DeliveryAction, DeliveryLocation and EmailAction.
func (t Treatment) Effect() (Action, Location, string) {
	e := treatments[t]
	return e.action, e.place, e.words
}

// Mode of a policy.
type Mode string

const (
	Watch Mode = "watch" // judge and record; deliver everything
	Act   Mode = "act"
)

// Policy turns verdicts into actions. It is data: an administrator edits it, Validate says what is wrong with it.
type Policy struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Mode      Mode       `json:"mode"`
	Malware   Treatment  `json:"malware"`
	PhishHigh Treatment  `json:"phish_high"`
	Phish     Treatment  `json:"phish"`
	SpamHigh  Treatment  `json:"spam_high"` // score from HighScore on
	Spam      Treatment  `json:"spam"`
	Bulk      Treatment  `json:"bulk"`
	BulkFrom  int        `json:"bulk_from"` // bulk level from which Bulk applies, 1..9; 0: never
	Priority  Strictness `json:"priority"`
	Overrides []Override `json:"overrides"`
}

// Strictness is what is stricter for priority accounts, where a mistake costs most. It concerns malware and phish; spam and bulk are
// for everybody the same.
type Strictness struct {
	Points int  `json:"points"` // a threat counts from so many points less, 0..MaxStrictness
	Step   bool `json:"step"`   // what would be delivered goes to junk, and what would go to junk to quarantine
}

// MaxStrictness bounds Strictness.Points: below that hardly anything speaks for a threat.
const MaxStrictness = 20

// stricter is the treatment one step up, where there is one.
var stricter = map[Treatment]Treatment{Deliver: Junk, Junk: ToQuarantine}

// DefaultPolicy is the policy of a new installation: it knows what it would do, and only watches.
func DefaultPolicy() Policy {
	return Policy{ID: "default", Name: "Default", Mode: Watch, Malware: ToQuarantine, PhishHigh: ToQuarantine, Phish: Junk, SpamHigh: Junk, Spam: Junk, Bulk: Deliver, Priority: Strictness{Step: true}}
}

// Decision is what happens to the message, in the words of the EmailEvents table.
type Decision struct {
	Action         Action   `json:"action"`
	Location       Location `json:"location"`
	EmailAction    string   `json:"email_action"`
	Policy         string   `json:"policy"` // kind of policy that decided; "" when nothing had to be decided
	PolicyID       string   `json:"policy_id"`
	OrgLevelAction string   `json:"org_level_action"` // "Allow", "Block" or ""
	OrgLevelPolicy string   `json:"org_level_policy"`
	OrgLevelKind   string   `json:"org_level_kind,omitempty"` // kind of the entry that decided: OverrideURL, ...

	UserLevelAction string `json:"user_level_action"` // "Allow", "Block" or ""; of one recipient alone
	UserLevelPolicy string `json:"user_level_policy"`
	Priority        bool   `json:"priority,omitempty"` // the recipient is a priority account, and that made it stricter

	Treatment Treatment `json:"treatment"` // what the policy says; in watch mode it is not what was done
	Watched   bool      `json:"watched"`   // treated as delivered only because the policy watches
	Reason    string    `json:"reason"`    // one sentence for people
}

// Plain reports whether there was nothing to decide: no threat, no override, nothing to explain.
func (d *Decision) Plain() bool {
	return d.Policy == "" && d.OrgLevelAction == "" && d.UserLevelAction == "" && !strings.Contains(d.Reason, "; ")
}

// decideVerdict chooses by what the verdict names: malware before phish before spam before bulk. points is by how much earlier
// malware and phish count, for a priority account; 0 for everybody else.
func (p Policy) decideVerdict(v Verdict, points int) Decision {
	d := Decision{PolicyID: p.ID}
	from := ""
	reaches := func(t Threat, score int) bool {
		if v.Scores[t] >= score {
			return true
		}
		// What is held below the threshold because it is wording and looks alone stays there, for whomever it is.
		if points > 0 && v.Scores[t] >= score-points && !v.held(t) {
			from = fmt.Sprintf(", from %d on for a priority account", score-points)
			d.Priority = true
			return true
		}
		return false
	}
	named := func(what string, score int) string { return fmt.Sprintf("%s, score %d%s", what, score, from) }
	switch {
	case v.Is(Malware) || reaches(Malware, FlagScore):
		d.Treatment, d.Policy, d.Reason = p.Malware, "Antimalware", named("Malware", v.Scores[Malware])
		if p.Malware == Replace {
			d.Policy = "Safe Attachments"
		}
	case v.Is(Phish) && v.Confidence == High || reaches(Phish, HighScore):
		d.Treatment, d.Policy, d.Reason = p.PhishHigh, phishPolicy(v), named("Phish with high confidence", v.Scores[Phish])
	case v.Is(Phish) || reaches(Phish, FlagScore):
		d.Treatment, d.Policy, d.Reason = p.Phish, phishPolicy(v), named("Phish", v.Scores[Phish])
	case v.Is(Spam) && v.Scores[Spam] >= HighScore:
		d.Treatment, d.Policy, d.Reason = p.SpamHigh, "Antispam high-confidence", named("Spam with high confidence", v.Scores[Spam])
	case v.Is(Spam):
		d.Treatment, d.Policy, d.Reason = p.Spam, "Antispam", named("Spam", v.Scores[Spam])
	case p.BulkFrom > 0 && v.BulkLevel >= p.BulkFrom:
		d.Treatment, d.Policy, d.Reason = p.Bulk, "Antispam bulk mail", fmt.Sprintf("Bulk level %d, from %d on", v.BulkLevel, p.BulkFrom)
	default:
		return Decision{Treatment: Deliver, Reason: fmt.Sprintf("No threat is named: score %d, under %d", v.Score, FlagScore)}
	}
	return d
}

// held reports whether the threat's score was held below the threshold because all that speaks for it is of one weak kind.
func (v Verdict) held(t Threat) bool {
	for i := range v.Signals {
		if v.Signals[i].Threat == t && v.Signals[i].ID == "one-kind-of-evidence" {
			return true
		}
	}
	return false
}

// phishPolicy names the kind of policy by the technology that weighed most.
func phishPolicy(v Verdict) string {
	for _, s := range v.Signals {
		if s.Threat != Phish || s.Weight <= 0 {
			continue
		}
		switch s.Technology {
		case ImpersonationDomain:
			return "Anti-phishing domain impersonation"
		case ImpersonationUser:
			return "Anti-phishing user impersonation"
		case MailboxIntelligenceImpersonation:
			return "Anti-phishing graph impersonation"
		case SpoofDMARC, SpoofExternalDomain, SpoofIntraOrg:
			return "Anti-phishing spoof"
		}
		break
	}
	return "Antispam phishing"
}

// Validate says everything that is wrong, one error a field ("overrides[2].value: ..."), joined; nil when the policy is fit.
func (p Policy) Validate() error {
	var errs []error
	fail := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	if p.ID == "" {
		fail("id", "is missing")
	}
	if p.Mode != Watch && p.Mode != Act {
		fail("mode", "%q: want %q or %q", p.Mode, Watch, Act)
	}
	for _, t := range []struct {
		field string
		value Treatment
	}{{"malware", p.Malware}, {"phish_high", p.PhishHigh}, {"phish", p.Phish}, {"spam_high", p.SpamHigh}, {"spam", p.Spam}, {"bulk", p.Bulk}} {
		if _, ok := treatments[t.value]; !ok {
			fail(t.field, "%q: want deliver, junk, quarantine, reject, drop or (malware only) replace", t.value)
		} else if t.value == Replace && t.field != "malware" {
			fail(t.field, "replace exchanges a malicious attachment, so it is for malware only")
		}
	}
	if p.Priority.Points < 0 || p.Priority.Points > MaxStrictness {
		fail("priority.points", "%d: want 0 to %d points", p.Priority.Points, MaxStrictness)
	}
	if p.BulkFrom < 0 || p.BulkFrom > 9 {
		fail("bulk_from", "%d: want a bulk level from 1 to 9, or 0 for never", p.BulkFrom)
	}
	seen := map[string]int{}
	for i := range p.Overrides {
		o := &p.Overrides[i]
		at := fmt.Sprintf("overrides[%d]", i)
		if err := o.Validate(); err != nil {
			fail(at, "%v", err)
		}
		key := string(o.Kind) + " " + strings.ToLower(o.Value)
		if j, have := seen[key]; have {
			fail(at, "%s %s stands in overrides[%d] too", o.Kind, Clean(o.Value, maxValue), j)
		}
		seen[key] = i
	}
	return errors.Join(errs...)
}
