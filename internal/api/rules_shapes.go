package api

import (
	"cmp"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/rulebook"
)

// RuleLine is one rule in a list.
type RuleLine struct {
	ID          string     `json:"id"`
	Title       string     `json:"title" doc:"What it claims"`
	Threat      string     `json:"threat" doc:"Malware, Phish or Spam; empty when the text cannot be read"`
	Technology  string     `json:"technology"`
	Severity    string     `json:"severity" doc:"informational, low, medium or high"`
	Weight      int        `json:"weight" doc:"Points at work"`
	WeightWas   *int       `json:"weight_was" nullable:"true" doc:"Points as written, when another weight was given"`
	Attack      []string   `json:"attack" doc:"ATT&CK techniques"`
	Origin      string     `json:"origin" enum:"shipped,folder,own"`
	Under       string     `json:"under" enum:"shipped,folder," doc:"Of an own rule that stands before a file's: where that one comes from"`
	Enabled     bool       `json:"enabled"`
	Samples     int        `json:"samples"`
	Failed      int        `json:"failed" doc:"Samples on which it does not do what it must"`
	Error       string     `json:"error" doc:"Why it is not at work; empty when nothing is wrong"`
	Version     int64      `json:"version" doc:"What a change must name; 0 while nothing was decided in the product"`
	Changed     *time.Time `json:"changed" nullable:"true" doc:"When it was last decided about in the product"`
	ChangedBy   string     `json:"changed_by"`
	ChangeCause string     `json:"change_cause"`
}

func lineOf(r *rulebook.Rule, t rulebook.Tested) RuleLine {
	out := RuleLine{ID: r.ID, Attack: []string{}, Origin: string(r.Origin), Enabled: r.Enabled, Samples: t.Samples, Failed: t.Failed, Version: r.Standing()}
	if f := r.File; f != nil {
		out.Title, out.Threat, out.Technology, out.Severity, out.Weight, out.Attack = f.Title, string(f.Threat), string(f.Technology), f.Severity, f.Weight, list(f.Attack)
		if r.Weight != 0 {
			was := f.Weight
			out.Weight, out.WeightWas = r.Weight, &was
		}
	}
	if r.Origin == rulebook.Own {
		out.Under = string(r.Under)
	}
	if r.Error != nil {
		out.Error = r.Error.Error()
	}
	if v := &r.Latest; v.Number > 0 {
		out.Changed, out.ChangedBy, out.ChangeCause = &v.At, v.By, v.Reason
	}
	return out
}

// Rules is a list, by id.
type Rules struct {
	Rules   []RuleLine `json:"rules"`
	Total   int        `json:"total" doc:"How many there are without a filter"`
	AtWork  int        `json:"at_work" doc:"How many judge mail"`
	Problem string     `json:"problem" doc:"Why the files as they are now were not taken; empty: they were"`
}

type rulesInput struct {
	Search     string `query:"search" maxLength:"200" doc:"Part of id, title, description or author"`
	Origin     string `query:"origin" enum:"shipped,folder,own" doc:"Absent: all"`
	Threat     string `query:"threat" enum:"Malware,Phish,Spam"`
	Technology string `query:"technology" maxLength:"80"`
	Severity   string `query:"severity" enum:"informational,low,medium,high"`
	State      string `query:"state" enum:"on,off,wrong" doc:"wrong: its text or a sample fails"`
}

// RuleHits is how often rules spoke.
type RuleHits struct {
	Since time.Time        `json:"since"`
	Known bool             `json:"known" doc:"false: this process has no events to count"`
	Hits  map[string]int64 `json:"hits" doc:"Messages by id of the rule; absent: none"`
}

// RuleProblem is one thing that is wrong, or unwise, in the text of a rule.
type RuleProblem struct {
	Line    int    `json:"line" doc:"From 1; 0: the whole text"`
	Column  int    `json:"column" doc:"From 1, in characters; 0: the whole line"`
	Message string `json:"message"`
}

func problemsOf(all []*detect.RuleError) []RuleProblem {
	out := make([]RuleProblem, len(all))
	for i, e := range all {
		out[i] = RuleProblem{Line: e.Line, Column: e.Column, Message: e.Msg}
	}
	return out
}

// RuleSampleResult is what a rule, and the whole judge, said about one message.
type RuleSampleResult struct {
	Name       string          `json:"name"`
	Why        string          `json:"why" doc:"Of a sample: what its writer says about it"`
	Want       *bool           `json:"want" nullable:"true" doc:"Whether the rule must match; null for a message that was only tried"`
	Matched    bool            `json:"matched"`
	Problem    string          `json:"problem" doc:"What is wrong; empty when nothing is"`
	Evidence   string          `json:"evidence" doc:"What the rule saw"`
	Subject    string          `json:"subject"`
	Threats    []string        `json:"threat_types" doc:"Of the whole judge"`
	Confidence string          `json:"phish_confidence"`
	Score      int             `json:"score"`
	Signals    []detect.Signal `json:"signals" doc:"Everything that spoke"`
}

func resultOf(r *detect.SampleResult, sample *detect.RuleSample) RuleSampleResult {
	out := RuleSampleResult{
		Name: r.Name, Matched: r.Got, Problem: r.Problem, Evidence: r.Evidence, Threats: []string{}, Confidence: string(r.Verdict.Confidence),
		Score: r.Verdict.Score, Signals: list(r.Verdict.Signals),
	}
	for _, t := range r.Verdict.Threats {
		out.Threats = append(out.Threats, string(t))
	}
	if sample != nil {
		want := r.Want
		out.Want, out.Why = &want, sample.Why
	}
	return out
}

// Rule is everything about one rule.
type Rule struct {
	RuleLine
	Text           string             `json:"text"`
	Base           string             `json:"base" doc:"Text of the file that an own one stands before; empty when there is none"`
	Description    string             `json:"description"`
	Author         string             `json:"author"`
	References     []string           `json:"references"`
	FalsePositives []string           `json:"false_positives"`
	When           string             `json:"when"`
	Evidence       string             `json:"evidence"`
	Problems       []RuleProblem      `json:"problems"`
	Warnings       []RuleProblem      `json:"warnings"`
	Results        []RuleSampleResult `json:"results" doc:"Of its samples, with all rules at work"`
}

type ruleInput struct {
	ID string `path:"id" maxLength:"60"`
}

type ruleDeleteInput struct {
	ID      string `path:"id" maxLength:"60"`
	Version int64  `query:"version" minimum:"0" doc:"Version that was looked at; 409 when there is a newer one"`
	Reason  string `query:"reason" maxLength:"500"`
}

// RuleDraft is the text of an own rule.
type RuleDraft struct {
	Text    string `json:"text" maxLength:"262144"`
	Enabled bool   `json:"enabled"`
	Version int64  `json:"version" minimum:"0" doc:"Version that was edited, 0 for a new one; 409 when there is a newer one"`
	Reason  string `json:"reason" maxLength:"500" doc:"Why; shown in the history"`
}

type rulePutInput struct {
	ID   string `path:"id" maxLength:"60"`
	Body RuleDraft
}

// RuleSwitch turns a rule on or off.
type RuleSwitch struct {
	Enabled bool   `json:"enabled"`
	Weight  int    `json:"weight,omitempty" minimum:"-50" maximum:"100" doc:"Of a rule from a file: points instead of those written; 0: as written"`
	Version int64  `json:"version" minimum:"0" doc:"Version that was looked at; 409 when there is a newer one"`
	Reason  string `json:"reason" maxLength:"500"`
}

type ruleSwitchInput struct {
	ID   string `path:"id" maxLength:"60"`
	Body RuleSwitch
}

// RuleMessage is a message to try a rule on.
type RuleMessage struct {
	Message    string            `json:"message" maxLength:"1048576" doc:"The whole message, headers first"`
	Auth       map[string]string `json:"auth,omitempty" doc:"What was checked: spf, dkim, dmarc, policy. Absent: nothing is known"`
	Recipients []string          `json:"recipients,omitempty" maxItems:"100" doc:"Absent: To and Cc"`
	Domains    []string          `json:"domains,omitempty" maxItems:"100" doc:"Of the organisation; absent: that of the first recipient"`
	Direction  string            `json:"direction,omitempty" enum:"Inbound,Outbound,Intra-org"`
}

// RuleTry asks what is wrong with a text and what it does.
type RuleTry struct {
	Text     string        `json:"text" maxLength:"262144"`
	Check    bool          `json:"check,omitempty" doc:"Only compile"`
	Messages []RuleMessage `json:"messages,omitempty" maxItems:"10"`
}

type ruleTryInput struct {
	Body RuleTry
}

// RuleTried is the answer.
type RuleTried struct {
	ID       string             `json:"id" doc:"As the text has it; empty when it cannot be read"`
	Title    string             `json:"title"`
	Problems []RuleProblem      `json:"problems" doc:"Why it cannot be used; empty: it can"`
	Warnings []RuleProblem      `json:"warnings"`
	Samples  []RuleSampleResult `json:"samples"`
	Messages []RuleSampleResult `json:"messages"`
}

// RuleVersion is one state of what was decided about a rule.
type RuleVersion struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Via     string    `json:"via" doc:"session, token or local"`
	Reason  string    `json:"reason"`
	Text    string    `json:"text" doc:"Empty: as the file has it"`
	Enabled bool      `json:"enabled"`
	Weight  int       `json:"weight" doc:"0: as written"`
	Removed bool      `json:"removed" doc:"Nothing was decided any more"`
	What    string    `json:"what" doc:"What changed, in words"`
}

// RuleVersions is a page of the history, newest first.
type RuleVersions struct {
	Versions []RuleVersion `json:"versions"`
	Next     int64         `json:"next" doc:"'below' of the next page; 0 when this is the last"`
}

type ruleVersionsInput struct {
	ID    string `path:"id" maxLength:"60"`
	Below int64  `query:"below" minimum:"0" doc:"Only older versions than this"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func versionOf(v *rulebook.Version, before *rulebook.Version) RuleVersion {
	return RuleVersion{
		Version: v.Number, At: v.At, By: v.By, Via: v.Via, Reason: v.Reason, Text: v.Text, Enabled: v.Enabled, Weight: v.Weight, Removed: v.Removed, What: whatChanged(v, before),
	}
}

// whatChanged says in words what a version did. before is nil for the first.
func whatChanged(v, before *rulebook.Version) string {
	was := rulebook.Version{Enabled: true}
	if before != nil && !before.Removed {
		was = *before
	}
	var what string
	add := func(s string) {
		if what != "" {
			s = ", " + s
		}
		what += s
	}
	switch {
	case v.Removed:
		return "removed what was decided"
	case v.Text != "" && was.Text == "":
		add("text of its own")
	case v.Text != was.Text && v.Text == "":
		add("back to the file's text")
	case v.Text != was.Text:
		add("text changed")
	}
	if v.Enabled != was.Enabled {
		add(map[bool]string{true: "turned on", false: "turned off"}[v.Enabled])
	}
	if v.Weight != was.Weight {
		add("weight changed")
	}
	return cmp.Or(what, "kept as it was")
}

// RuleSignal is a built-in signal that a rule can ask for.
type RuleSignal struct {
	ID     string `json:"id"`
	Threat string `json:"threat"`
	Claim  string `json:"claim"`
}

// RuleLanguage is what a rule can say.
type RuleLanguage struct {
	detect.RuleLanguage
	Signals []RuleSignal `json:"signals" doc:"For has_signal"`
}
