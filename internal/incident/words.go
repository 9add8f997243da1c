package incident

import "slices"

// Severity of an incident. Its number is its order.
type Severity int

// The severities.
const (
	Informational Severity = iota + 1
	Low
	Medium
	High
)

var severityNames = []string{"", "Informational", "Low", "Medium", "High"}

// Severities lists them, gravest first.
func Severities() []Severity { return []Severity{High, Medium, Low, Informational} }

func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return ""
	}
	return severityNames[s]
}

// ParseSeverity reads a name; 0 when there is none such.
func ParseSeverity(name string) Severity {
	if name == "" {
		return 0
	}
	return Severity(max(0, slices.Index(severityNames, name)))
}

// Status of an incident.
type Status string

// The statuses. Acknowledged is who is no longer Active, or has an owner.
const (
	Active     Status = "Active"
	InProgress Status = "In progress"
	Resolved   Status = "Resolved"
)

// Statuses lists them.
func Statuses() []Status { return []Status{Active, InProgress, Resolved} }

// Classification says whether it was what it looked like. An incident is resolved with one.
type Classification string

// The classifications.
const (
	NotSet        Classification = "Not set"
	TruePositive  Classification = "True positive"
	Expected      Classification = "Informational, expected activity"
	FalsePositive Classification = "False positive"
)

// Determination says what it was.
type Determination string

// Undetermined is the determination of what has no classification.
const Undetermined Determination = "Not set"

// Meaning is a classification and the determinations that go with it.
type Meaning struct {
	Classification Classification
	Determinations []Determination
}

// Meanings lists every classification but Not set, in the order of screens.
func Meanings() []Meaning {
	return []Meaning{
		{TruePositive, []Determination{"Phishing", "Malware", "Compromised account", "Multi-stage attack", "Malicious user activity", "Unwanted software", "Spam", "Other"}},
		{Expected, []Determination{"Security testing", "Line-of-business application", "Confirmed activity", "Other"}},
		{FalsePositive, []Determination{"Not malicious", "Not enough data to validate", "Other"}},
	}
}

// Fits reports whether the determination goes with the classification.
func Fits(c Classification, d Determination) bool {
	if c == NotSet {
		return d == Undetermined
	}
	for _, m := range Meanings() {
		if m.Classification == c {
			return slices.Contains(m.Determinations, d)
		}
	}
	return false
}
