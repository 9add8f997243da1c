package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/ingest"
	"tocsin/internal/kql"
	"tocsin/internal/mailauth"
	"tocsin/internal/rejudge"
)

// Examine makes the message's job again from its ledger line and events, and examines it as the road does.
func (r rereader) Examine(ctx context.Context, m rejudge.Message, d *rejudge.Delivered, auth *mailauth.Results, x *event.Extra) (rejudge.Examined, error) {
	raw, err := r.app.blobs.Get(ctx, m.SHA256)
	switch {
	case errors.Is(err, blobstore.ErrNotFound), errors.Is(err, blobstore.ErrCorrupt):
		return rejudge.Examined{}, rejudge.ErrNoBytes
	case err != nil:
		return rejudge.Examined{}, fmt.Errorf("read message: %w", err)
	}
	e := &d.Events[0]
	j := ingest.Job{
		SHA256: m.SHA256, NetworkMessageID: m.NetworkMessageID, Time: m.Time.UnixMicro(), Source: m.Source,
		Helo: x.Helo, MailFrom: e.SenderMailFromAddress, MailFromKnown: x.MailFromKnown,
	}
	// The last server outside, as it was found then: it is no own one, or there was no other.
	j.ClientIP, _ = netip.ParseAddr(e.SenderIPv4 + e.SenderIPv6)
	for i := range d.Events {
		j.Recipients = append(j.Recipients, d.Events[i].RecipientEmailAddress)
	}
	slices.Sort(j.Recipients)
	got, err := r.examiner().ExamineStored(ctx, raw, j, auth)
	if err != nil {
		return rejudge.Examined{}, err
	}
	out := rejudge.Examined{Context: got.Context, Verdict: got.Verdict}
	if got.Trace != nil {
		out.Trace = *got.Trace
	}
	return out, nil
}

// remember tells memory what messages are now.
func (a *App) remember(ctx context.Context, traces []any) error {
	if a.memory == nil {
		return nil
	}
	list := make([]casestore.Trace, len(traces))
	for i := range traces {
		list[i] = traces[i].(casestore.Trace)
	}
	return a.memory.Remember(ctx, list...)
}

// laterEvents is the event store for runs.
type laterEvents struct{ store *duckdb.Store }

var _ rejudge.Events = laterEvents{}

const deliveredColumns = "NetworkMessageId, RecipientEmailAddress, Timestamp, InternetMessageId, SenderMailFromAddress, SenderFromAddress, SenderIPv4, SenderIPv6, Subject, EmailDirection, " +
	"LatestDeliveryLocation, ThreatTypes, LatestThreatTypes, PhishConfidence, EmailActionPolicy, OrgLevelAction, AdditionalFields, ThreatScore"

// Delivered reads the events of messages, and what happened to them since.
func (l laterEvents) Delivered(ctx context.Context, ids []string) (map[string]*rejudge.Delivered, error) {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = kql.Quote(id)
	}
	in := strings.Join(quoted, ", ")
	out := map[string]*rejudge.Delivered{}
	of := func(id string) *rejudge.Delivered {
		if out[id] == nil {
			out[id] = &rejudge.Delivered{}
		}
		return out[id]
	}
	span := ""
	first, last := eventstore.IDTime(ids[0])
	if last {
		newest := first
		for _, id := range ids {
			if t, ok := eventstore.IDTime(id); ok {
				if t.Before(first) {
					first = t
				}
				if t.After(newest) {
					newest = t
				}
			}
		}
		span = fmt.Sprintf("| where Timestamp between (datetime(%s) .. datetime(%s)) ", first.Format(time.RFC3339Nano), newest.Add(time.Millisecond).Format(time.RFC3339Nano))
	}
	err := l.ask(ctx, "EmailEvents "+span+"| where NetworkMessageId in ("+in+") | project "+deliveredColumns, func(row []any) {
		s := func(i int) string { v, _ := row[i].(string); return v }
		at, _ := row[2].(time.Time)
		score, _ := row[17].(int64)
		d := of(s(0))
		d.Events = append(d.Events, event.EmailEvent{
			NetworkMessageId: s(0), RecipientEmailAddress: s(1), Timestamp: at, InternetMessageId: s(3), SenderMailFromAddress: s(4), SenderFromAddress: s(5),
			SenderIPv4: s(6), SenderIPv6: s(7), Subject: s(8), EmailDirection: s(9), LatestDeliveryLocation: s(10), ThreatTypes: s(11), LatestThreatTypes: s(12),
			PhishConfidence: s(13), EmailActionPolicy: s(14), OrgLevelAction: s(15), AdditionalFields: s(16), ThreatScore: int32(score),
		})
	})
	if err != nil {
		return nil, err
	}
	err = l.ask(ctx, "EmailPostDeliveryEvents | where NetworkMessageId in ("+in+") | project NetworkMessageId, RecipientEmailAddress, Timestamp, Action, ActionType, ActionResult, ThreatTypes, AdditionalFields, ReportId", func(row []any) {
		s := func(i int) string { v, _ := row[i].(string); return v }
		at, _ := row[2].(time.Time)
		d := of(s(0))
		d.After = append(d.After, event.PostDelivery{
			NetworkMessageId: s(0), RecipientEmailAddress: s(1), Timestamp: at, Action: s(3), ActionType: s(4), ActionResult: s(5), ThreatTypes: s(6), AdditionalFields: s(7), ReportId: s(8),
		})
	})
	for _, d := range out {
		slices.SortFunc(d.Events, func(a, b event.EmailEvent) int {
			return cmp.Compare(a.RecipientEmailAddress, b.RecipientEmailAddress)
		})
		slices.SortStableFunc(d.After, func(a, b event.PostDelivery) int {
			return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.ReportId, b.ReportId))
		})
	}
	return out, err
}

func (l laterEvents) ask(ctx context.Context, text string, each func(row []any)) error {
	q, err := kql.Parse(text)
	if err != nil {
		return fmt.Errorf("own query %q: %w", text, err)
	}
	stmt, err := kql.Compile(q, kql.Options{Now: time.Now()}, l.store.Dialect())
	if err != nil {
		return fmt.Errorf("own query %q: %w", text, err)
	}
	return l.store.Query(ctx, stmt, func(row []any) error { each(row); return nil })
}

// Decide appends the rows, and when they are durable lets the events' latest verdict follow.
func (l laterEvents) Decide(ctx context.Context, list []rejudge.Later) error {
	var b event.Batch
	patches := make([]eventstore.Patch, 0, len(list))
	for i := range list {
		r := &list[i].Row
		if r.ReportId != "" {
			b.PostDelivery = append(b.PostDelivery, *r)
		}
		patches = append(patches, eventstore.Patch{NetworkMessageID: r.NetworkMessageId, Recipient: r.RecipientEmailAddress, At: r.Timestamp, LatestThreatTypes: &list[i].Threats, LatestDetectionTechnologies: list[i].Technologies})
	}
	if len(b.PostDelivery) > 0 {
		if err := l.store.Append(ctx, b); err != nil {
			return fmt.Errorf("append decisions: %w", err)
		}
	}
	if err := l.store.Patch(ctx, patches); err != nil {
		return fmt.Errorf("patch events: %w", err)
	}
	return nil
}
