package rejudge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/event"
)

// Words of EmailPostDeliveryEvents.
const (
	actionQuarantine = "Moved to quarantine"
	actionJunk       = "Moved to junk folder"
	actionNone       = "None"

	typeChanged = "Verdict changed"

	// ResultPending says that something was decided and not carried out yet: a mailbox has not been touched.
	ResultPending = "Pending"
	// ResultPolicy says that nothing is done about a threat: the policy only watches, an override allows it, or it lies where nothing
	// has to be done any more.
	ResultPolicy = "AdminPolicy"
)

// prior is what was known of one email event before.
type prior struct {
	side    Side
	signals []detect.Signal
	known   bool   // the treatment was noted
	last    string // row id of the last judgement after delivery
	latest  string // LatestThreatTypes of the event
}

// priorOf reads the newest judgement of the event: that at delivery, or the last one since.
func priorOf(e *event.EmailEvent, x *event.Extra, after []event.PostDelivery) prior {
	p := prior{side: Side{Threats: e.ThreatTypes, Confidence: e.PhishConfidence, Score: int(e.ThreatScore), Location: e.LatestDeliveryLocation}, latest: e.LatestThreatTypes}
	_ = json.Unmarshal(x.Signals, &p.signals) // what cannot be read shows as signals that came
	switch {
	case x.Decided != nil:
		p.side.Treatment, p.side.Watched, p.side.Reason, p.known = x.Decided.Treatment, x.Decided.Watched, x.Decided.Reason, true
	case e.EmailActionPolicy == "" && e.OrgLevelAction == "":
		p.side.Treatment, p.known = string(detect.Deliver), true
	}
	for i := range after {
		r := &after[i]
		if r.RecipientEmailAddress != e.RecipientEmailAddress {
			continue
		}
		var j event.Rejudged
		if json.Unmarshal([]byte(r.AdditionalFields), &j) != nil || j.Run == "" {
			continue
		}
		p.side.Threats, p.side.Confidence, p.side.Treatment, p.side.Watched, p.side.Reason = r.ThreatTypes, j.Confidence, j.Decided.Treatment, j.Decided.Watched, j.Decided.Reason
		p.side.Score = 0
		for _, n := range j.Scores {
			p.side.Score = max(p.side.Score, n)
		}
		p.known, p.last, p.signals = true, r.ReportId, nil
		_ = json.Unmarshal(j.Signals, &p.signals)
	}
	return p
}

// sideOf is a judgement as it would be now.
func sideOf(v *detect.Verdict, d *detect.Decision, location string) Side {
	return Side{
		Threats: v.ThreatTypes(), Confidence: string(v.Confidence), Score: v.Score, Treatment: string(d.Treatment), Watched: d.Watched,
		Location: location, Reason: d.Reason,
	}
}

// changeOf compares two states; "" when nothing that counts differs. known says that the treatment before is known.
func changeOf(a, b *Side, known bool) Change {
	switch {
	case a.Threats == "" && b.Threats != "":
		return NowFlagged
	case a.Threats != "" && b.Threats == "":
		return NoLonger
	case a.Threats != b.Threats || a.Confidence != b.Confidence:
		return VerdictChanged
	case known && (a.Treatment != b.Treatment || a.Watched != b.Watched):
		return ActionChanged
	}
	return ""
}

// concerns reports whether a change comes to or goes from the threat; "" concerns all.
func concerns(t detect.Threat, a, b *Side) bool {
	return t == "" || strings.Contains(a.Threats, string(t)) || strings.Contains(b.Threats, string(t))
}

// strict orders the places of a mailbox by how far mail there is from its reader. What has no place in it is out of reach.
var strict = map[string]int{string(detect.Inbox): 1, string(detect.JunkFolder): 2}

// zap decides what is to be done about a delivered message.
func zap(d *detect.Decision, place string) (kind, action, result string) {
	want, what := 0, actionNone
	switch d.Treatment {
	case detect.Junk:
		want, what = 2, actionJunk
	case detect.ToQuarantine, detect.Reject, detect.Drop, detect.Replace: // what is delivered can only be taken out whole
		want, what = 3, actionQuarantine
	}
	at, reachable := strict[place]
	switch {
	case want == 0 && d.Policy == "" && d.OrgLevelAction == "" && d.UserLevelAction == "":
		return typeChanged, actionNone, "" // harmless
	case want == 0, !reachable, want <= at:
		return typeChanged, actionNone, ResultPolicy
	case d.Watched:
		return zapKind(d), actionNone, ResultPolicy
	}
	return zapKind(d), what, ResultPending
}

// zapKind is the kind of ZAP by what decided. A block entry has none of its own in the field: a file counts as malware, and everything
// else as phish.
func zapKind(d *detect.Decision) string {
	switch {
	case d.OrgLevelAction == "Block" && d.OrgLevelKind == string(detect.OverrideFile):
		return "Malware ZAP"
	case d.OrgLevelAction == "Block":
		return "Phish ZAP"
	case d.Policy == "Antimalware", d.Policy == "Safe Attachments":
		return "Malware ZAP"
	case strings.HasPrefix(d.Policy, "Anti-phishing"), d.Policy == "Antispam phishing":
		return "Phish ZAP"
	}
	return "Spam ZAP"
}

// later makes the row of a decision.
func later(r *Run, e *event.EmailEvent, p *prior, v *detect.Verdict, d *detect.Decision, now Side, signals []SignalChange, at time.Time) Later {
	kind, action, result := zap(d, e.LatestDeliveryLocation)
	extra := event.Rejudged{
		Scores: map[string]int{}, Confidence: now.Confidence, Before: p.side.Threats, Policy: d.Policy, PolicyID: d.PolicyID,
		Org: d.OrgLevelPolicy, User: d.UserLevelPolicy, Run: r.ID,
		Decided: event.Decided{Reason: d.Reason, Treatment: string(d.Treatment), Watched: d.Watched, Priority: d.Priority, OrgKind: d.OrgLevelKind},
	}
	if len(v.Signals) > 0 {
		extra.Signals = json.RawMessage(text(v.Signals))
	}
	for t, n := range v.Scores {
		extra.Scores[string(t)] = n
	}
	for _, s := range signals {
		mark := "-"
		if s.Came {
			mark = "+"
		}
		extra.Changes = append(extra.Changes, mark+s.ID)
	}
	return Later{Threats: now.Threats, Technologies: technologies(v), Row: event.PostDelivery{
		Timestamp: at, NetworkMessageId: e.NetworkMessageId, InternetMessageId: e.InternetMessageId,
		Action: action, ActionType: kind, ActionTrigger: trigger(r), ActionResult: result,
		RecipientEmailAddress: e.RecipientEmailAddress, SourceLocation: e.LatestDeliveryLocation, DeliveryLocation: e.LatestDeliveryLocation,
		ThreatTypes: now.Threats, DetectionMethods: v.DetectionMethods(), SenderFromAddress: e.SenderFromAddress, EmailDirection: e.EmailDirection,
		AdditionalFields: text(extra),
		// The row before is part of the name, so that a verdict that goes and comes again is told again, and one that stays never is.
		ReportId: event.RowID(e.NetworkMessageId, "zap", e.RecipientEmailAddress, action, now.Threats, now.Confidence, now.Treatment, fmt.Sprint(now.Watched), p.last),
	}}
}

// technologies are what found a threat, as a column has them; "" when nothing did.
func technologies(v *detect.Verdict) string {
	if len(v.Threats) == 0 {
		return ""
	}
	names := make([]string, len(v.Technologies))
	for i, t := range v.Technologies {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

// trigger is who started it, in the field's word and ours.
func trigger(r *Run) string {
	if r.Automatic {
		return "ZAP: " + r.Trigger
	}
	return "ZAP: started by " + r.By
}

// maxSignals bounds the signals of one result.
const maxSignals = 40

// differ lists the signals that came or went.
func differ(before, after []detect.Signal) []SignalChange {
	out := []SignalChange{}
	only := func(a, b []detect.Signal, came bool) {
		for _, s := range a {
			if len(out) < maxSignals && !slices.ContainsFunc(b, func(o detect.Signal) bool { return o.ID == s.ID && o.Threat == s.Threat }) {
				out = append(out, SignalChange{ID: s.ID, Came: came, Threat: s.Threat, Weight: s.Weight, Claim: s.Claim})
			}
		}
	}
	only(after, before, true)
	only(before, after, false)
	return out
}

// stance is what people decided about an event: a side of +1 a threat, -1 harmless, 0 nothing.
type stance struct {
	side  int
	words string
}

// stanceOf reads it from what they did by hand. The newest counts.
func stanceOf(recipient string, after []event.PostDelivery) (s stance) {
	for i := range after {
		r := &after[i]
		if r.RecipientEmailAddress != recipient || r.ActionResult != "" && r.ActionResult != "Success" {
			continue
		}
		switch r.ActionType {
		case "Manual remediation":
			s = stance{1, "somebody took it out by hand: " + r.Action}
			if r.Action == "Moved to inbox" || r.Action == "Put back" {
				s = stance{-1, "somebody put it back by hand: " + r.Action}
			}
		case "Quarantine release":
			s = stance{-1, "somebody released it from quarantine"}
		}
	}
	return s
}

// contradicts says how a change speaks against what people decided, "" when it does not.
func contradicts(c Change, o stance) string {
	if c == NowFlagged && o.side < 0 || c == NoLonger && o.side > 0 {
		return o.words
	}
	return ""
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("rejudge: %T as JSON: %v", v, err))
	}
	return string(b)
}
