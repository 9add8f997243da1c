package hunt

import (
	"context"
	"strings"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// targetColumns are what an action on mailboxes needs of an event.
var targetColumns = []string{
	"Timestamp", "NetworkMessageId", "InternetMessageId", "RecipientEmailAddress", "Subject", "SenderFromAddress", "EmailDirection", "LatestThreatTypes",
	"LatestDeliveryLocation", "IsPriorityAccount", "RawSHA256",
}

// Targets returns the events of r, newest first, with the columns that an action needs; at most limit and one more, which tells that
// there are more. kql is the question in one text, with its view and its range of time.
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
	return events, base.String(), nil
}

// Pick names one email event.
type Pick struct{ ID, Recipient string }

// pickedAtOnce is how many messages one question is about.
const pickedAtOnce = 400

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
	decode := decoderFor[event.EmailEvent](targetColumns)
	for len(ids) > 0 {
		n := min(len(ids), pickedAtOnce)
		var r Request
		quoted := make([]string, n)
		timed := true
		for i, id := range ids[:n] {
			quoted[i] = kql.Quote(id)
			from, to := idTime(id)
			if from.IsZero() {
				timed = false
				continue
			}
			if r.From.IsZero() || from.Before(r.From) {
				r.From = from
			}
			if to.After(r.To) {
				r.To = to
			}
		}
		if !timed {
			r.From, r.To = time.Time{}, time.Time{}
		}
		base, err := x.base(r)
		if err != nil {
			return nil, err
		}
		q, err := pipe(base, "| where NetworkMessageId in (%s) | project %s", strings.Join(quoted, ", "), joinColumns(targetColumns))
		if err != nil {
			return nil, err
		}
		err = x.run(ctx, q, func(row []any) error {
			var e event.EmailEvent
			decode(&e, row)
			if wanted[Pick{e.NetworkMessageId, e.RecipientEmailAddress}] {
				events = append(events, e)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return events, nil
}
