package api

import (
	"time"

	"tocsin/internal/rejudge"
)

// Supply is what the judge works with, as far as files give it.
type Supply struct {
	Rules    int        `json:"rules" doc:"At work"`
	Reloaded *time.Time `json:"reloaded" nullable:"true" doc:"When changed files were last taken up; null: as read at the start"`
	Problem  string     `json:"problem" doc:"Why the files as they are now were not taken; those from before are at work. Empty: they are"`
}

// Judging is the state of the judge.
type Judging struct {
	Supply  Supply        `json:"supply"`
	Policy  PolicyInForce `json:"policy"`
	Running []JudgingRun  `json:"running" doc:"Runs that judge mail again, at work or waiting"`
}

// JudgingRun is one run that judges mail again: a rejudge (ZAP), or a what-if.
type JudgingRun struct {
	ID        string        `json:"id"`
	Kind      string        `json:"kind" enum:"rejudge,whatif"`
	State     string        `json:"state" enum:"queued,running,done,failed,cancelled"`
	Automatic bool          `json:"automatic" doc:"Nobody asked for it: something changed"`
	Reason    string        `json:"reason" doc:"What started it"`
	By        string        `json:"by"`
	Since     time.Time     `json:"since" doc:"Mail of this time and later"`
	Until     time.Time     `json:"until"`
	Threat    string        `json:"threat" doc:"Only changes that come to or go from this threat; empty: all"`
	DryRun    bool          `json:"dry_run" doc:"Nothing is written down but the results"`
	Tries     string        `json:"tries" doc:"Of a what-if: what it tries, in words"`
	Created   time.Time     `json:"created"`
	Started   *time.Time    `json:"started" nullable:"true"`
	Ended     *time.Time    `json:"ended" nullable:"true"`
	Progress  float64       `json:"progress" doc:"0 to 1"`
	Rate      float64       `json:"rate" doc:"Messages a second at work"`
	Counts    JudgingCounts `json:"counts"`
	Error     string        `json:"error" doc:"Why it failed"`
}

// JudgingCounts of a run. Messages are messages; the others are email events, one a recipient.
type JudgingCounts struct {
	Total           int64            `json:"total" doc:"Messages in the time asked for"`
	Messages        int64            `json:"messages" doc:"Looked at so far"`
	Events          int64            `json:"events"`
	NowFlagged      int64            `json:"now_flagged"`
	NoLongerFlagged int64            `json:"no_longer_flagged"`
	VerdictChanged  int64            `json:"verdict_changed" doc:"Threat or confidence, with the two above"`
	ActionChanged   int64            `json:"action_changed"`
	Actions         map[string]int64 `json:"actions" doc:"By treatment before and after: 'deliver -> quarantine'"`
	Decided         int64            `json:"decided" doc:"ZAP: actions that are decided and not yet carried out"`
	Noted           int64            `json:"noted" doc:"ZAP: changes that ask for no action"`
	Contradicts     int64            `json:"contradicts" doc:"Changes against what people decided about the message"`
	Missing         int64            `json:"missing" doc:"Messages whose bytes or events are not kept any more"`
	Broken          int64            `json:"broken" doc:"Messages that could not be judged again in full"`
	Results         int64            `json:"results" doc:"Kept with the run"`
	Unkept          int64            `json:"unkept" doc:"Beyond what is kept; only counted"`
}

func runOf(r *rejudge.Run) JudgingRun {
	c := &r.Counts
	out := JudgingRun{
		ID: r.ID, Kind: string(r.Kind), State: string(r.State), Automatic: r.Automatic, Reason: r.Trigger, By: r.By, Since: r.Spec.Since, Until: r.Spec.Until,
		Threat: string(r.Spec.Threat), DryRun: r.Spec.DryRun, Tries: r.Spec.Tries(), Created: r.Created, Error: r.Error,
		Counts: JudgingCounts{
			Total: c.Total, Messages: c.Messages, Events: c.Events, NowFlagged: c.NowFlagged, NoLongerFlagged: c.NoLonger, VerdictChanged: c.Verdict,
			ActionChanged: c.Action, Actions: c.Actions, Decided: c.Decided, Noted: c.Noted, Contradicts: c.Contradicts, Missing: c.Missing, Broken: c.Broken,
			Results: c.Results, Unkept: c.Unkept,
		},
	}
	if out.Counts.Actions == nil {
		out.Counts.Actions = map[string]int64{}
	}
	if !r.Started.IsZero() {
		out.Started = &r.Started
	}
	if !r.Ended.IsZero() {
		out.Ended = &r.Ended
	}
	if c.Total > 0 {
		out.Progress = min(1, float64(c.Messages)/float64(c.Total))
	}
	if r.State == rejudge.Done {
		out.Progress = 1
	}
	if c.Worked > 0 {
		out.Rate = float64(c.Messages) / c.Worked.Seconds()
	}
	return out
}

// JudgingRuns is a page of runs, newest first.
type JudgingRuns struct {
	Runs []JudgingRun `json:"runs"`
	Next string       `json:"next" doc:"'cursor' of the next page; empty when this is the last"`
}

type runsInput struct {
	Cursor string `query:"cursor" maxLength:"36"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type runInput struct {
	ID string `path:"id" maxLength:"36"`
}

// RejudgeAsk has delivered mail judged again.
type RejudgeAsk struct {
	Since  *time.Time `json:"since,omitempty" nullable:"true" doc:"Mail of this time and later; absent: as far back as the settings say (48 h)"`
	Until  *time.Time `json:"until,omitempty" nullable:"true" doc:"Absent: now"`
	Threat string     `json:"threat,omitempty" enum:"Malware,Phish,Spam" doc:"Only changes that come to or go from this threat"`
	DryRun bool       `json:"dry_run,omitempty" doc:"Only say what would be decided"`
	Reason string     `json:"reason,omitempty" maxLength:"500"`
}

type rejudgeInput struct {
	Body RejudgeAsk
}

// WhatIfAsk tries a rule, entries or a policy on stored mail. Several together are tried as one.
type WhatIfAsk struct {
	Since   *time.Time      `json:"since,omitempty" nullable:"true" doc:"Absent: 30 days back, which is the most"`
	Until   *time.Time      `json:"until,omitempty" nullable:"true" doc:"Absent: now"`
	Threat  string          `json:"threat,omitempty" enum:"Malware,Phish,Spam" doc:"Only changes that come to or go from this threat"`
	Rule    string          `json:"rule,omitempty" maxLength:"262144" doc:"Text of a rule (YAML); it replaces one of the same id"`
	Policy  *PolicySettings `json:"policy,omitempty"`
	Entries []EntryDraft    `json:"entries,omitempty" maxItems:"100" doc:"Added to the list"`
	Without []string        `json:"without,omitempty" maxItems:"100" doc:"Ids of entries that are taken off the list"`
	Reason  string          `json:"reason,omitempty" maxLength:"500"`
}

type whatIfInput struct {
	Body WhatIfAsk
}

// JudgingSide is one state of a message.
type JudgingSide struct {
	ThreatTypes     []string `json:"threat_types"`
	PhishConfidence string   `json:"phish_confidence"`
	Score           int      `json:"score"`
	Treatment       string   `json:"treatment" doc:"What the policy says; empty when that was not noted"`
	Watched         bool     `json:"watched" doc:"The policy watches and only says it"`
	Location        string   `json:"location"`
	Reason          string   `json:"reason" doc:"One sentence"`
}

// JudgingResult is one message that changed, for the recipients for whom it changed alike.
type JudgingResult struct {
	Seq              int64                  `json:"seq"`
	NetworkMessageID string                 `json:"network_message_id"`
	Time             time.Time              `json:"time"`
	Sender           string                 `json:"sender"`
	Subject          string                 `json:"subject"`
	Recipients       []string               `json:"recipients" doc:"The first of them"`
	RecipientCount   int                    `json:"recipient_count"`
	Change           string                 `json:"change" enum:"now flagged,no longer flagged,verdict changed,action changed"`
	Before           JudgingSide            `json:"before"`
	After            JudgingSide            `json:"after"`
	Signals          []rejudge.SignalChange `json:"signals" doc:"That came or went"`
	Decision         string                 `json:"decision" doc:"ZAP: what was decided"`
	Contradicts      string                 `json:"contradicts" doc:"What people decided that speaks against the change; empty: nothing"`
}

func sideShape(s rejudge.Side) JudgingSide {
	return JudgingSide{ThreatTypes: values(s.Threats), PhishConfidence: s.Confidence, Score: s.Score, Treatment: s.Treatment, Watched: s.Watched, Location: s.Location, Reason: s.Reason}
}

// JudgingResults is a page, in the order of the messages' time.
type JudgingResults struct {
	Results []JudgingResult `json:"results"`
	Next    int64           `json:"next" doc:"'after' of the next page; 0 when this is the last so far"`
}

type resultsInput struct {
	ID          string `path:"id" maxLength:"36"`
	Change      string `query:"change" enum:"now flagged,no longer flagged,verdict changed,action changed" doc:"Absent: all"`
	Contradicts bool   `query:"contradicts" doc:"Only changes against what people decided"`
	After       int64  `query:"after" minimum:"0"`
	Limit       int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}
