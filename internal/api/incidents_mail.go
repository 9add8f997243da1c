package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/incident"
)

// intakeOf freezes the mail that goes into an incident. where is the place of the request's part.
func (s *Server) intakeOf(ctx context.Context, where string, in *IncidentMailAsk) (incident.Intake, error) {
	var out incident.Intake
	if in.Live && in.Query == nil {
		return out, &refused{location: where + ".live", msg: "only a query can be asked again; picked mail is a list"}
	}
	events, question, err := s.frozen(ctx, in.Query, in.Events)
	if err != nil {
		return out, err
	}
	if len(events) > incident.MaxMessages {
		return out, &refused{location: where + ".query", msg: fmt.Sprintf("more than %d messages match; narrow the filter", incident.MaxMessages)}
	}
	if len(events) == 0 && !in.Live {
		return out, &refused{location: where + ".query", msg: "no message matches"}
	}
	out.Picks = picksOf(events)
	if in.Query != nil {
		out.Say = "by a query"
	}
	if in.Live {
		id, err := newID()
		if err != nil {
			return out, err
		}
		q := in.Query
		out.Live = &incident.Live{ID: id, Name: strings.Join(strings.Fields(in.Name), " "), View: q.View, Q: q.Q, KQL: question}
		if q.From != nil {
			out.Live.From = q.From.UTC()
		}
		if q.To != nil {
			out.Live.To = q.To.UTC()
		}
	}
	return out, nil
}

func picksOf(events []event.EmailEvent) []incident.Pick {
	out := make([]incident.Pick, len(events))
	for i := range events {
		e := &events[i]
		out[i] = incident.Pick{NetworkMessageID: e.NetworkMessageId, Recipient: e.RecipientEmailAddress, At: e.Timestamp}
	}
	return out
}

func huntPicks(in []incident.Pick) []hunt.Pick {
	out := make([]hunt.Pick, len(in))
	for i, p := range in {
		out[i] = hunt.Pick{ID: p.NetworkMessageID, Recipient: p.Recipient}
	}
	return out
}

// incidentEvents is all of its mail with what an action needs.
func (s *Server) incidentEvents(ctx context.Context, id string) ([]event.EmailEvent, error) {
	picks, err := s.deps.Incidents.Store.Messages(ctx, incident.MessageFilter{Incident: id})
	if err != nil {
		return nil, err
	}
	return s.deps.Explorer.Picked(ctx, huntPicks(picks))
}

// mayActFor looks whether an action can belong to an incident, and gives its id.
func (s *Server) mayActFor(ctx context.Context, ref string, id *string) error {
	i, err := s.deps.Incidents.Store.Incident(ctx, ref)
	switch {
	case err != nil:
		return &refused{location: "body.incident", msg: err.Error()}
	case !auth.From(ctx).May(auth.IncidentWork):
		return &forbidden{need: auth.IncidentWork, why: "acting inside an incident"}
	case i.Into != "":
		return &incident.Pointer{Number: i.Number, Into: i.Root}
	}
	*id = i.ID
	return nil
}

func (s *Server) putIncidentMail(ctx context.Context, in *incidentMailInput) (*Reply[IncidentTaken], error) {
	intake, err := s.intakeOf(ctx, "body", &in.Body)
	if err != nil {
		return nil, err
	}
	return s.put(ctx, in.ID, intake)
}

// put keeps mail, writes it down and shows the incident.
func (s *Server) put(ctx context.Context, id string, intake incident.Intake) (*Reply[IncidentTaken], error) {
	t, err := s.deps.Incidents.Store.Put(ctx, id, intake, s.actor(ctx))
	if err != nil {
		return nil, err
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	out := IncidentTaken{Added: t.Added, Already: t.Already, Total: t.Total}
	detail := map[string]any{"added": t.Added, "already": t.Already, "total": t.Total}
	if intake.Live != nil {
		out.QueryID = intake.Live.ID
		detail["query"] = intake.Live.KQL
	}
	if err := s.noteIncident(ctx, auth.ActIncidentMail, &i, "", detail); err != nil {
		return nil, err
	}
	shown, err := s.shownIncident(ctx, i)
	if err != nil {
		return nil, err
	}
	out.Incident = shown.Body
	return &Reply[IncidentTaken]{out}, nil
}

func (s *Server) removeIncidentMail(ctx context.Context, in *incidentPickedInput) (*Reply[IncidentRemoved], error) {
	picks := make([]incident.Pick, len(in.Body.Events))
	for i, e := range in.Body.Events {
		picks[i] = incident.Pick{NetworkMessageID: strings.ToLower(e.NetworkMessageID), Recipient: e.Recipient}
	}
	n, err := s.deps.Incidents.Store.Remove(ctx, in.ID, picks, s.actor(ctx))
	if err != nil {
		return nil, err
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.noteIncident(ctx, auth.ActIncidentMail, &i, "", map[string]any{"removed": n, "total": i.Messages}); err != nil {
		return nil, err
	}
	shown, err := s.shownIncident(ctx, i)
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentRemoved]{IncidentRemoved{n, shown.Body}}, nil
}

// seal writes what a cursor holds, unseal reads it.
func seal(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func unseal(cursor string, to any) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		return &refused{location: "query.cursor", msg: "this is no cursor of this list; ask for the first page again"}
	}
	return nil
}

func (s *Server) incidentEmails(ctx context.Context, in *incidentEmailsInput) (*Reply[IncidentEmails], error) {
	f := incident.MessageFilter{Incident: in.ID, Recipient: in.Recipient, Limit: in.Limit + 1}
	if in.Cursor != "" {
		if err := unseal(in.Cursor, &f.Before); err != nil {
			return nil, err
		}
	}
	picks, err := s.deps.Incidents.Store.Messages(ctx, f)
	if err != nil {
		return nil, err
	}
	out := IncidentEmails{Gone: []string{}}
	if len(picks) > in.Limit {
		picks = picks[:in.Limit]
		out.Next = seal(picks[in.Limit-1])
	}
	found, err := s.deps.Explorer.Rows(ctx, huntPicks(picks))
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].Timestamp.IsZero() {
			found[i].Timestamp = picks[i].At
			out.Gone = append(out.Gone, picks[i].NetworkMessageID)
		}
	}
	out.Rows = rows(found)
	return &Reply[IncidentEmails]{out}, nil
}

// derived looks at all mail of an incident.
func (s *Server) derived(ctx context.Context, id string, kinds ...hunt.Entity) (*hunt.Derived, error) {
	picks, err := s.deps.Incidents.Store.Messages(ctx, incident.MessageFilter{Incident: id})
	if err != nil {
		return nil, err
	}
	return s.deps.Explorer.Derive(ctx, huntPicks(picks), kinds...)
}

// summaryTop is how many values of each kind a summary shows.
const summaryTop = 10

func (s *Server) incidentSummary(ctx context.Context, in *incidentInput) (*Reply[IncidentSummary], error) {
	started := time.Now()
	d, err := s.derived(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := IncidentSummary{Events: d.Events, Messages: d.Messages, Missing: d.Missing, Outcomes: []OutcomeCount{}, Entities: []IncidentThings{}}
	for _, o := range hunt.Outcomes {
		n := d.Outcomes[o.Key]
		out.Outcomes = append(out.Outcomes, OutcomeCount{string(o.Key), o.Label, n})
	}
	out.Still = still(d)
	out.Threats = d.Outcomes[hunt.DeliveredThreat]
	for _, t := range d.Things[hunt.Recipients] {
		if t.Priority {
			out.Priority++
		}
	}
	for _, kind := range hunt.Entities() {
		out.Entities = append(out.Entities, thingsOf(d, kind, thingKey{}, summaryTop))
	}
	out.TookMS = time.Since(started).Milliseconds()
	return &Reply[IncidentSummary]{out}, nil
}

// thingKey is where a page of things ends.
type thingKey struct {
	Events int    `json:"n"`
	Value  string `json:"v"`
}

func thingsOf(d *hunt.Derived, kind hunt.Entity, after thingKey, limit int) IncidentThings {
	all := d.Things[kind]
	out := IncidentThings{Kind: string(kind), Total: len(all), Top: []IncidentThing{}}
	for _, e := range d.Cut {
		out.More = out.More || e == kind
	}
	for _, t := range all {
		if after.Events > 0 && (t.Events > after.Events || t.Events == after.Events && t.Value <= after.Value) {
			continue
		}
		if len(out.Top) == limit {
			last := out.Top[limit-1]
			out.Next = seal(thingKey{last.Events, last.Value})
			break
		}
		out.Top = append(out.Top, IncidentThing{t.Value, t.Label, t.Events, t.Messages, t.Still, t.Priority, maybeTime(t.First), maybeTime(t.Last)})
	}
	return out
}

func (s *Server) incidentThings(ctx context.Context, in *incidentThingsInput) (*Reply[IncidentThings], error) {
	var after thingKey
	if in.Cursor != "" {
		if err := unseal(in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	d, err := s.derived(ctx, in.ID, hunt.Entity(in.Kind))
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentThings]{thingsOf(d, hunt.Entity(in.Kind), after, in.Limit)}, nil
}

func liveOf(q *incident.Live) IncidentQuery {
	return IncidentQuery{ID: q.ID, Name: q.Name, View: q.View, Q: q.Q, From: maybeTime(q.From), To: maybeTime(q.To), KQL: q.KQL, Author: q.Author, Added: q.Added, Asked: q.Asked}
}

func (s *Server) incidentQueries(ctx context.Context, in *incidentInput) (*Reply[IncidentQueries], error) {
	all, err := s.deps.Incidents.Store.Queries(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := IncidentQueries{Queries: make([]IncidentQuery, len(all))}
	for i := range all {
		out.Queries[i] = liveOf(&all[i])
	}
	return &Reply[IncidentQueries]{out}, nil
}

// askAgain asks a kept question. fresh is what is not in the incident, newest first.
func (s *Server) askAgain(ctx context.Context, id, query string) (q incident.Live, matches int, fresh []incident.Pick, err error) {
	all, err := s.deps.Incidents.Store.Queries(ctx, id)
	if err != nil {
		return q, 0, nil, err
	}
	for i := range all {
		if all[i].ID == query {
			q = all[i]
		}
	}
	if q.ID == "" {
		return q, 0, nil, incident.ErrNoQuery
	}
	ask := ActionQuery{View: q.View, Q: q.Q, From: maybeTime(q.From), To: maybeTime(q.To)}
	events, _, err := s.deps.Explorer.Targets(ctx, ask.request(ctx), incident.MaxMessages)
	if err != nil {
		return q, 0, nil, err
	}
	have, err := s.deps.Incidents.Store.Messages(ctx, incident.MessageFilter{Incident: id})
	if err != nil {
		return q, 0, nil, err
	}
	known := make(map[hunt.Pick]bool, len(have))
	for _, p := range huntPicks(have) {
		known[p] = true
	}
	for _, p := range picksOf(events) {
		if !known[hunt.Pick{ID: p.NetworkMessageID, Recipient: p.Recipient}] {
			fresh = append(fresh, p)
		}
	}
	return q, len(events), fresh, nil
}

// freshSample is how many new matches are shown.
const freshSample = 100

func (s *Server) incidentMatches(ctx context.Context, in *incidentQueryInput) (*Reply[IncidentMatches], error) {
	q, n, fresh, err := s.askAgain(ctx, in.ID, in.Query)
	if err != nil {
		return nil, err
	}
	sample, err := s.deps.Explorer.Rows(ctx, huntPicks(fresh[:min(len(fresh), freshSample)]))
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentMatches]{IncidentMatches{
		Query: liveOf(&q), Matches: min(n, incident.MaxMessages), More: n > incident.MaxMessages, Fresh: len(fresh), Sample: rows(sample),
	}}, nil
}

func (s *Server) takeIncidentMatches(ctx context.Context, in *incidentQueryInput) (*Reply[IncidentTaken], error) {
	q, n, fresh, err := s.askAgain(ctx, in.ID, in.Query)
	if err != nil {
		return nil, err
	}
	if n > incident.MaxMessages {
		return nil, fmt.Errorf("%w: more than %d messages match; narrow the query", incident.ErrFull, incident.MaxMessages)
	}
	say := "by its query"
	if q.Name != "" {
		say = fmt.Sprintf("by the query %q", q.Name)
	}
	return s.put(ctx, in.ID, incident.Intake{Picks: fresh, Of: q.ID, Say: say})
}

func (s *Server) dropIncidentQuery(ctx context.Context, in *incidentQueryInput) (*Nothing, error) {
	if err := s.deps.Incidents.Store.DropQuery(ctx, in.ID, in.Query, s.actor(ctx)); err != nil {
		return nil, err
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.noteIncident(ctx, auth.ActIncidentMail, &i, "", map[string]any{"query_dropped": in.Query})
}
