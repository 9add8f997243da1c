package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// Again is the latest judgement after delivery, when there was one that came to something else than the one before.
type Again struct {
	At         time.Time       `json:"at"`
	Source     string          `json:"source" doc:"What made it be judged again"`
	Verdict    Verdict         `json:"verdict" doc:"As of then, with its signals"`
	Decision   string          `json:"decision" doc:"What was decided: Phish ZAP, Malware ZAP, Spam ZAP, Verdict changed"`
	Action     string          `json:"action" doc:"What is to be done; None when nothing is"`
	Pending    bool            `json:"pending" doc:"Decided and not carried out yet"`
	Watched    bool            `json:"watched" doc:"Nothing is done only because the policy watches"`
	Priority   bool            `json:"priority" doc:"Stricter, because the recipient is a priority account"`
	Reason     string          `json:"reason" doc:"Why, in one sentence"`
	OrgPolicy  string          `json:"org_policy" doc:"Entry of the organisation that decided; empty when none did"`
	UserPolicy string          `json:"user_policy" doc:"Setting of the mailbox that decided; empty when none did"`
	Policy     string          `json:"policy" doc:"Kind of policy that decided"`
	PolicyID   string          `json:"policy_id"`
	Came       []detect.Signal `json:"came" doc:"Signals that were not there at delivery"`
	Gone       []detect.Signal `json:"gone" doc:"Signals of delivery that are not there any more"`
}

// latest returns the newest judgement after delivery, nil when there was none. at is the verdict of delivery.
func (s *Server) latest(ctx context.Context, e *event.EmailEvent, at *Verdict) (*Again, error) {
	var out *Again
	carried := false // a newer row says that somebody acted on it
	// Whoever moves mail writes rows of his own between those of judgements: they have no run.
	err := s.ask(ctx, fmt.Sprintf(`EmailPostDeliveryEvents
| where NetworkMessageId == %s and RecipientEmailAddress == %s
| sort by Timestamp desc
| take %d
| project Timestamp, Action, ActionType, ActionTrigger, ActionResult, ThreatTypes, AdditionalFields`, kql.Quote(e.NetworkMessageId), kql.Quote(e.RecipientEmailAddress), maxTimeline), func(row []any) error {
		var again event.Rejudged
		if out != nil || json.Unmarshal([]byte(word(row[6])), &again) != nil || again.Run == "" {
			carried = carried || out == nil && word(row[4]) == "Success"
			return nil
		}
		d := &again.Decided
		when, _ := row[0].(time.Time)
		out = &Again{
			At: when, Source: word(row[3]), Decision: word(row[2]), Action: word(row[1]), Pending: word(row[4]) == "Pending" && !carried, Watched: d.Watched, Priority: d.Priority,
			Reason: d.Reason, OrgPolicy: again.Org, UserPolicy: again.User, Policy: again.Policy, PolicyID: again.PolicyID,
			Verdict: Verdict{
				ThreatTypes: values(word(row[5])), PhishConfidence: again.Confidence, Scores: again.Scores, Thresholds: at.Thresholds,
				Signals: []detect.Signal{}, DetectionTechnologies: []string{}, ThreatNames: []string{},
			},
		}
		v := &out.Verdict
		if v.Scores == nil {
			v.Scores = map[string]int{}
		}
		for _, n := range v.Scores {
			v.Score = max(v.Score, n)
		}
		var signals []detect.Signal
		if len(again.Signals) > 0 && json.Unmarshal(again.Signals, &signals) == nil {
			v.Signals = list(signals)
		}
		out.Came, out.Gone = without(v.Signals, at.Signals), without(at.Signals, v.Signals)
		return nil
	})
	return out, err
}

// without returns the signals of a whose id and threat b does not have.
func without(a, b []detect.Signal) []detect.Signal {
	type key struct {
		id     string
		threat detect.Threat
	}
	there := map[key]bool{}
	for _, s := range b {
		there[key{s.ID, s.Threat}] = true
	}
	out := []detect.Signal{}
	for _, s := range a {
		if !there[key{s.ID, s.Threat}] {
			out = append(out, s)
		}
	}
	return out
}
