package hunt

import (
	"context"
	"slices"
	"strings"

	"tocsin/internal/detect"
	"tocsin/internal/event"
)

// targetColumns are what an action on mailboxes needs of an event.
var targetColumns = []string{
	"Timestamp", "NetworkMessageId", "InternetMessageId", "RecipientEmailAddress", "Subject", "SenderFromAddress", "EmailDirection", "LatestThreatTypes",
	"LatestDeliveryLocation", "IsPriorityAccount", "RawSHA256", "DeliveryAction",
}

// Targets returns the events of r, newest first, with the columns that an action needs; at most limit and one more, which tells that
// there are more. Those that were delivered changed also have AdditionalFields, which say how. kql is the question in one text, with its view
// and its range of time.
func (x *Explorer) Targets(ctx context.Context, r Request, limit int) (events []event.EmailEvent, question string, err error) {
	base, err := x.base(r)
	if err != nil {
		return nil, "", err
	}
	s, err := sortOf(Page{})
	if err != nil {
		return nil, "", err
	}
	decode := decoderFor[event.EmailEvent](targetColumns)
	for p := (Page{}); len(events) <= limit; {
		n := min(exportPage, limit+1-len(events))
		part, err := x.slice(ctx, base, s, p, int64(n))
		if err != nil {
			return nil, "", err
		}
		q, err := s.page(part, p, targetColumns, n)
		if err != nil {
			return nil, "", err
		}
		got := 0
		err = x.run(ctx, q, func(row []any) error {
			var e event.EmailEvent
			decode(&e, row)
			events = append(events, e)
			if got++; got == n {
				p.Cursor = s.cursor(row[len(targetColumns):])
			}
			return nil
		})
		if err != nil {
			return nil, "", err
		}
		if got < n {
			break
		}
	}
	return events, base.String(), x.changed(ctx, events)
}

// changed fills in AdditionalFields where a message was delivered changed. They are long, so nobody else gets them.
func (x *Explorer) changed(ctx context.Context, events []event.EmailEvent) error {
	at := map[Pick]int{}
	var ids []string
	for i := range events {
		if events[i].DeliveryAction == string(detect.Replaced) {
			at[Pick{events[i].NetworkMessageId, events[i].RecipientEmailAddress}] = i
			ids = append(ids, events[i].NetworkMessageId)
		}
	}
	slices.Sort(ids)
	return x.named(ctx, slices.Compact(ids), []string{"NetworkMessageId", "RecipientEmailAddress", "AdditionalFields"}, func(e event.EmailEvent) {
		if i, found := at[Pick{e.NetworkMessageId, e.RecipientEmailAddress}]; found {
			events[i].AdditionalFields = e.AdditionalFields
		}
	})
}

// Pick names one email event.
type Pick struct{ ID, Recipient string }

// Picked returns the events with these names, in any order. What there is none of is left out.
func (x *Explorer) Picked(ctx context.Context, picks []Pick) (events []event.EmailEvent, err error) {
	wanted := map[Pick]bool{}
	var ids []string
	for _, p := range picks {
		p.ID = strings.ToLower(p.ID)
		if !wanted[p] {
			wanted[p] = true
			ids = append(ids, p.ID)
		}
	}
	if err := x.named(ctx, ids, targetColumns, func(e event.EmailEvent) {
		if wanted[Pick{e.NetworkMessageId, e.RecipientEmailAddress}] {
			events = append(events, e)
		}
	}); err != nil {
		return nil, err
	}
	return events, x.changed(ctx, events)
}

// named gives the events of messages to take, with these columns.
func (x *Explorer) named(ctx context.Context, ids, columns []string, take func(e event.EmailEvent)) error {
	decode := decoderFor[event.EmailEvent](columns)
	return x.about(ctx, emailEvents.Name, ids, "| project "+joinColumns(columns), func(row []any) error {
		var e event.EmailEvent
		decode(&e, row)
		take(e)
		return nil
	})
}

// spanOf is the time that ids speak of; all time, when one of them speaks of none.
func spanOf(ids []string) (r Request) {
	for _, id := range ids {
		from, to := idTime(id)
		if from.IsZero() {
			return Request{}
		}
		if r.From.IsZero() || from.Before(r.From) {
			r.From = from
		}
		if to.After(r.To) {
			r.To = to
		}
	}
	return r
}
