package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// maxTimeline bounds the audit records and post-delivery events of one page.
const maxTimeline = 500

func (s *Server) emailTimeline(ctx context.Context, in *emailInput) (*Reply[Timeline], error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, err
	}
	events, err := s.beforeDelivery(ctx, e)
	if err != nil {
		return nil, err
	}
	after, err := s.afterDelivery(ctx, e)
	if err != nil {
		return nil, err
	}
	looks, err := s.looks(ctx, e)
	if err != nil {
		return nil, err
	}
	reports, err := s.reported(ctx, e.NetworkMessageId)
	if err != nil {
		return nil, err
	}
	events = append(append(append(events, after...), looks...), reports...)
	// What happened at the same instant stays in the order in which it must have happened.
	slices.SortStableFunc(events, func(a, b TimelineEvent) int { return a.Time.Compare(b.Time) })
	return &Reply[Timeline]{Timeline{Events: events}}, nil
}

// beforeDelivery is the way of the message into the organisation, from its own headers and its row.
func (s *Server) beforeDelivery(ctx context.Context, e *event.EmailEvent) ([]TimelineEvent, error) {
	var out []TimelineEvent
	m, _, err := s.message(ctx, e)
	switch {
	case err == nil:
		if !m.Date.IsZero() {
			out = append(out, TimelineEvent{Time: m.Date.UTC(), Kind: "sent", Title: "Written", Detail: "as the Date header claims", Source: "the sender", Tone: "neutral"})
		}
		if way := hops(m.Hops, s.deps.Own, e.Timestamp); len(way) > 0 {
			out = append(out, summary(way, e.Timestamp))
		}
	case errors.Is(err, ErrRawGone), errors.Is(err, ErrRawDamaged): // the row still tells the rest
	default:
		return nil, err
	}
	from := e.SenderIPv4 + e.SenderIPv6
	detail := "by " + e.Connectors
	if from != "" {
		detail += ", from " + from
	}
	out = append(out,
		TimelineEvent{Time: e.Timestamp, Kind: "received", Title: "Received", Detail: detail, Source: "Tocsin", Tone: "neutral"},
		TimelineEvent{Time: e.Timestamp, Kind: "judged", Title: judged(e), Detail: e.FirstSignal, Source: "Tocsin", Tone: judgedTone(e)},
		TimelineEvent{Time: e.Timestamp, Kind: "delivered", Title: delivered(e), Detail: e.EmailActionPolicy, Source: "policy", Tone: deliveredTone(e)},
	)
	return out, nil
}

// summary is one entry for all hops: how many, how long, what was odd.
func summary(way []Hop, received time.Time) TimelineEvent {
	at, oddities := received, 0
	var first, last *time.Time
	for i := range way {
		oddities += len(way[i].Odd)
		if t := way[i].Time; t != nil {
			if first == nil {
				first = t
			}
			last = t
		}
	}
	detail := fmt.Sprintf("%d servers", len(way))
	if len(way) == 1 {
		detail = "1 server"
	}
	if first != nil && last.After(*first) {
		detail += ", " + roundly(last.Sub(*first))
	}
	if last != nil && !last.After(received) {
		at = *last
	}
	tone := "neutral"
	if oddities > 0 {
		tone = "warn"
		detail += fmt.Sprintf("; %d odd things, see headers", oddities)
	}
	return TimelineEvent{Time: at, Kind: "hops", Title: "On the way", Detail: detail, Source: "Received headers", Tone: tone}
}

func judged(e *event.EmailEvent) string {
	if e.ThreatTypes == "" {
		return fmt.Sprintf("Judged clean (score %d)", e.ThreatScore)
	}
	what := e.ThreatTypes
	if e.PhishConfidence != "" {
		what += ", " + strings.ToLower(e.PhishConfidence) + " confidence"
	}
	return fmt.Sprintf("Judged %s (score %d)", what, e.ThreatScore)
}

func judgedTone(e *event.EmailEvent) string {
	if e.ThreatTypes != "" {
		return "bad"
	}
	return "good"
}

func delivered(e *event.EmailEvent) string {
	if e.DeliveryLocation == "" {
		return e.DeliveryAction
	}
	return e.DeliveryAction + ": " + e.DeliveryLocation
}

func deliveredTone(e *event.EmailEvent) string {
	switch {
	case e.DeliveryAction == "Blocked":
		return "blocked"
	case e.DeliveryAction == "Junked":
		return "junked"
	case e.ThreatTypes != "":
		return "bad"
	}
	return "neutral"
}

// afterDelivery is what was done to the message, and clicks on its links by this recipient.
func (s *Server) afterDelivery(ctx context.Context, e *event.EmailEvent) ([]TimelineEvent, error) {
	var out []TimelineEvent
	id, recipient := kql.Quote(e.NetworkMessageId), kql.Quote(e.RecipientEmailAddress)
	err := s.ask(ctx, fmt.Sprintf(`EmailPostDeliveryEvents
| where NetworkMessageId == %s and RecipientEmailAddress == %s
| sort by Timestamp asc
| take %d
| project Timestamp, Action, ActionType, ActionTrigger, ActionResult, SourceLocation, DeliveryLocation, ThreatTypes, AdditionalFields`, id, recipient, maxTimeline), func(row []any) error {
		kind, action, result := word(row[2]), word(row[1]), word(row[4])
		detail := []string{}
		var again event.Rejudged
		if err := json.Unmarshal([]byte(word(row[8])), &again); err == nil && again.Run != "" {
			at, _ := row[0].(time.Time)
			out = append(out, rejudged(at, word(row[3]), kind, action, result, word(row[5]), word(row[7]), &again))
			return nil
		}
		if from, to := word(row[5]), word(row[6]); from != "" || to != "" {
			detail = append(detail, strings.Trim(from+" → "+to, " "))
		}
		if result != "" {
			detail = append(detail, result)
		}
		tone := "removed"
		switch {
		case result != "" && !strings.EqualFold(result, "Success"):
			tone = "bad"
		case kind == "Quarantine release", kind == "User moved":
			tone = "warn"
		}
		at, _ := row[0].(time.Time)
		out = append(out, TimelineEvent{Time: at, Kind: "post_delivery", Title: strings.Trim(kind+": "+action, ": "), Detail: strings.Join(detail, "; "), Source: word(row[3]), Tone: tone})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.ask(ctx, fmt.Sprintf(`UrlClickEvents
| where NetworkMessageId == %s and AccountUpn =~ %s
| sort by Timestamp asc
| take %d
| project Timestamp, Url, ActionType, IPAddress, IsClickedThrough`, id, recipient, maxTimeline), func(row []any) error {
		tone, title := "warn", "Link clicked: "+word(row[2])
		if through, _ := row[4].(bool); through {
			tone, title = "bad", title+", went on past the warning"
		}
		at, _ := row[0].(time.Time)
		out = append(out, TimelineEvent{Time: at, Kind: "click", Title: title, Detail: word(row[1]), Source: word(row[3]), Tone: tone})
		return nil
	})
	return out, err
}

// rejudged is a judgement after delivery, in words: what was decided is not done yet.
func rejudged(at time.Time, source, kind, action, result, place, threats string, again *event.Rejudged) TimelineEvent {
	e := TimelineEvent{Time: at, Kind: "rejudged", Source: source, Tone: "warn"}
	verdict := "clean"
	if threats != "" {
		verdict = threats
	}
	switch result {
	case "Pending":
		e.Title = kind + ": " + action + ", decided and not yet carried out"
		e.Detail = "judged " + verdict + "; still in " + place
	case "":
		e.Title, e.Detail, e.Tone = "Judged again: "+verdict, "was "+orClean(again.Before)+"; nothing is to be done", "good"
	default:
		e.Title, e.Detail, e.Tone = "Judged again: "+verdict, "was "+orClean(again.Before)+"; it stays in "+place, "bad"
	}
	if again.Decided.Reason != "" {
		e.Detail += "; " + again.Decided.Reason
	}
	return e
}

func orClean(threats string) string {
	if threats == "" {
		return "clean"
	}
	return threats
}

// ask runs a query that this package wrote.
func (s *Server) ask(ctx context.Context, text string, each func(row []any) error) error {
	q, err := kql.Parse(text)
	if err != nil {
		return fmt.Errorf("own query %q: %s", text, err) // not %w: it is not the client's mistake
	}
	stmt, err := kql.Compile(q, kql.Options{Now: s.deps.Now()}, s.deps.Events.Dialect())
	if err != nil {
		return fmt.Errorf("own query %q: %s", text, err)
	}
	return s.deps.Events.Query(ctx, stmt, each)
}

func word(v any) string {
	s, _ := v.(string)
	return s
}

// looks is who opened or downloaded the message, from the audit log.
func (s *Server) looks(ctx context.Context, e *event.EmailEvent) ([]TimelineEvent, error) {
	records, err := s.deps.Journal.About(ctx, e.NetworkMessageId, maxTimeline)
	if err != nil {
		return nil, err
	}
	var out []TimelineEvent
	for _, r := range records {
		kind, title := "content", "Content looked at"
		switch r.Action {
		case auth.ActContent:
		case auth.ActDownload:
			kind, title = "download", "Downloaded"
		default:
			continue
		}
		out = append(out, TimelineEvent{Time: r.At, Kind: kind, Title: title, Detail: r.Reason, Source: r.Operator, Tone: "neutral"})
	}
	return out, nil
}
