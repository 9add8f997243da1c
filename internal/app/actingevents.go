package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/kql"
	"tocsin/internal/remediate"
)

// actedEvents is the event store for those who act.
type actedEvents struct{ laterEvents }

var _ remediate.Events = actedEvents{}

// Note appends the rows, and when they are durable lets the events follow.
func (l actedEvents) Note(ctx context.Context, list []remediate.Noted) error {
	var b event.Batch
	var patches []eventstore.Patch
	for i := range list {
		r := &list[i].Row
		b.PostDelivery = append(b.PostDelivery, *r)
		if list[i].Location != "" {
			patches = append(patches, eventstore.Patch{
				NetworkMessageID: r.NetworkMessageId, Recipient: r.RecipientEmailAddress, At: r.Timestamp,
				LatestDeliveryLocation: string(list[i].Location), LatestDeliveryAction: list[i].Action,
			})
		}
	}
	if err := l.store.Append(ctx, b); err != nil {
		return fmt.Errorf("append what was done: %w", err)
	}
	if err := l.store.Patch(ctx, patches); err != nil {
		return fmt.Errorf("patch events: %w", err)
	}
	return nil
}

// pendingAtOnce is how many messages one look-up is about.
const pendingAtOnce = 400

// Pending returns decisions that nobody carried out.
func (l actedEvents) Pending(ctx context.Context, since time.Time, limit int) ([]remediate.Pending, error) {
	var all []remediate.Pending
	err := l.ask(ctx, fmt.Sprintf(`EmailPostDeliveryEvents | where Timestamp >= datetime(%s)
| summarize arg_max(Timestamp, ActionType, Action, ActionResult, ActionTrigger, AdditionalFields, ReportId) by NetworkMessageId, RecipientEmailAddress
| where ActionResult == "Pending"
| sort by Timestamp asc, ReportId asc | take %d
| project NetworkMessageId, RecipientEmailAddress, Timestamp, ActionType, Action, ActionTrigger, AdditionalFields, ReportId`, since.UTC().Format(time.RFC3339Nano), limit), func(row []any) {
		s := func(i int) string { v, _ := row[i].(string); return v }
		at, _ := row[2].(time.Time)
		var x event.Rejudged
		if json.Unmarshal([]byte(s(6)), &x) != nil || x.Run == "" {
			return
		}
		all = append(all, remediate.Pending{
			Event: remediate.Event{NetworkMessageID: s(0), Recipient: s(1)}, At: at, Type: s(3), Action: s(4), Trigger: s(5), Run: x.Run, ReportID: s(7),
		})
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return l.filled(ctx, all)
}

// filled adds the events that decisions are about. What has none any more is left out.
func (l actedEvents) filled(ctx context.Context, all []remediate.Pending) ([]remediate.Pending, error) {
	type key struct{ id, recipient string }
	events := map[key]remediate.Event{}
	for part := range slices.Chunk(all, pendingAtOnce) {
		quoted := make([]string, len(part))
		for i := range part {
			quoted[i] = kql.Quote(part[i].Event.NetworkMessageID)
		}
		err := l.ask(ctx, "EmailEvents | where NetworkMessageId in ("+strings.Join(quoted, ", ")+") | project NetworkMessageId, RecipientEmailAddress, Timestamp, InternetMessageId, Subject, SenderFromAddress, EmailDirection, LatestThreatTypes, LatestDeliveryLocation, IsPriorityAccount, RawSHA256, Delivered = iff(DeliveryAction == \"Replaced\", tostring(parse_json(AdditionalFields).decided.delivered), \"\")", func(row []any) {
			s := func(i int) string { v, _ := row[i].(string); return v }
			at, _ := row[2].(time.Time)
			priority, _ := row[9].(bool)
			events[key{s(0), s(1)}] = remediate.Event{
				NetworkMessageID: s(0), Recipient: s(1), Date: at, InternetMessageID: s(3), Subject: s(4), SenderFrom: s(5), Direction: s(6), Threats: s(7),
				Place: remediate.Place(s(8)), Priority: priority, RawSHA256: s(10), Delivered: s(11),
			}
		})
		if err != nil {
			return nil, err
		}
	}
	out := all[:0]
	for _, p := range all {
		if e, have := events[key{p.Event.NetworkMessageID, p.Event.Recipient}]; have {
			p.Event = e
			out = append(out, p)
		}
	}
	return out, nil
}

// recordAction writes down an action that nobody in particular asked for.
func (a *App) recordAction(ctx context.Context, x *remediate.Action) error {
	return a.gate.Write(ctx, auth.Record{Operator: x.By, Via: "automatic", Action: auth.ActActionAsked, Subject: x.ID, Reason: x.Reason}, struct {
		Kind      remediate.Kind `json:"kind"`
		Targets   int            `json:"targets"`
		Mailboxes int            `json:"mailboxes"`
		Approvals int            `json:"approvals"`
	}{x.Kind, x.Counts.Targets, x.Counts.Mailboxes, x.Needs})
}

// recordExpiry writes down that nobody answered a request.
func (a *App) recordExpiry(ctx context.Context, x *remediate.Action) error {
	return a.gate.Write(ctx, auth.Record{Operator: "Tocsin", Via: "automatic", Action: auth.ActActionExpired, Subject: x.ID}, nil)
}

// recordRecanted writes down that a request lost what nobody wants any more.
func (a *App) recordRecanted(ctx context.Context, x *remediate.Action) error {
	return a.gate.Write(ctx, auth.Record{Operator: "Tocsin", Via: "automatic", Action: auth.ActActionCancelled, Subject: x.ID, Reason: "its verdict was taken back"}, struct {
		Todo      int `json:"left"`
		Cancelled int `json:"cancelled"`
	}{x.Counts.Todo, x.Counts.Cancelled})
}
