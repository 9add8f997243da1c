package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"tocsin/internal/auth"
	"tocsin/internal/incident"
	"tocsin/internal/mailout"
	"tocsin/internal/paper"
)

// Incidents are the cases that people keep.
type Incidents struct {
	Store  incident.Store
	Clocks incident.Clocks
	// Operators lists everybody, to say who can own an incident or be mentioned.
	Operators func(ctx context.Context) ([]auth.Operator, error)
	// Letters tells those who are mentioned; nil: nobody is told.
	Letters mailout.Queue
	Printer *paper.Printer
}

func (s *Server) declareIncidents() {
	add(s, auth.IncidentRead, "GET /incidents", quick, "Incidents, page by page", s.incidents)
	add(s, auth.IncidentRead, "GET /incidents/counts", quick, "How many incidents each value of a filter would show", s.incidentCounts)
	add(s, auth.IncidentRead, "GET /incidents/options", quick, "What can be chosen for an incident: severities, classifications, owners, tags, clocks", s.incidentOptions)
	add(s, auth.IncidentWork, "POST /incidents", planning, "Open an incident, with mail or without; audited", s.openIncident, withLongBody)
	add(s, auth.IncidentWork, "POST /incidents/bulk", asking, "Change up to 500 incidents, or merge them into one; audited", s.bulkIncidents)
	add(s, auth.IncidentRead, "GET /incidents/{id}", quick, "One incident", s.incident)
	add(s, auth.IncidentWork, "PUT /incidents/{id}", quick, "Change what is given of an incident; audited", s.changeIncident, withLongBody)
	add(s, auth.IncidentWork, "POST /incidents/{id}/messages", planning, "Put mail into an incident: a list that stays, and the query too when it shall be asked again; audited", s.putIncidentMail, withLongBody)
	add(s, auth.IncidentWork, "POST /incidents/{id}/messages/remove", quick, "Take mail out of an incident's list; no mailbox is touched; audited", s.removeIncidentMail, withLongBody)
	add(s, auth.IncidentRead, "GET /incidents/{id}/messages", asking, "Its mail as it is now, page by page", s.incidentEmails)
	add(s, auth.IncidentRead, "GET /incidents/{id}/summary", asking, "What its mail has in common, and where it is now", s.incidentSummary)
	add(s, auth.IncidentRead, "GET /incidents/{id}/entities", asking, "People, links, files and other values of its mail, page by page", s.incidentThings)
	add(s, auth.IncidentRead, "GET /incidents/{id}/queries", quick, "Queries that stay with it", s.incidentQueries)
	add(s, auth.IncidentRead, "GET /incidents/{id}/queries/{query}", asking, "What one of them matches now, and what of that is new", s.incidentMatches)
	add(s, auth.IncidentWork, "POST /incidents/{id}/queries/{query}/take", planning, "Put what it matches now into the incident; audited", s.takeIncidentMatches)
	add(s, auth.IncidentWork, "DELETE /incidents/{id}/queries/{query}", quick, "Keep a query no longer; the mail it brought stays; audited", s.dropIncidentQuery, with204)
	s.declareIncidentWork()
	s.declareIncidentFiles()
}

// actor is who asks, and when.
func (s *Server) actor(ctx context.Context) incident.Actor {
	p := auth.From(ctx)
	return incident.Actor{ID: p.Operator.ID, Email: p.Operator.Email, At: s.deps.Now().UTC().Truncate(time.Microsecond)}
}

// colleagues are the operators who may work on incidents, by name.
func (s *Server) colleagues(ctx context.Context) ([]incident.Person, error) {
	all, err := s.deps.Incidents.Operators(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]incident.Person, 0, len(all))
	for _, o := range all {
		if !o.Disabled && slices.Contains(auth.Granted(o.Roles), auth.IncidentWork) {
			out = append(out, incident.Person{ID: o.ID, Email: o.Email, Name: o.Name})
		}
	}
	slices.SortFunc(out, func(a, b incident.Person) int {
		return cmp.Or(strings.Compare(strings.ToLower(cmp.Or(a.Name, a.Email)), strings.ToLower(cmp.Or(b.Name, b.Email))), strings.Compare(a.Email, b.Email))
	})
	return out, nil
}

// owner finds the operator with the address; the zero Person for none.
func (s *Server) owner(ctx context.Context, field, email string) (incident.Person, error) {
	if email = strings.TrimSpace(email); email == "" {
		return incident.Person{}, nil
	}
	people, err := s.colleagues(ctx)
	if err != nil {
		return incident.Person{}, err
	}
	for _, p := range people {
		if strings.EqualFold(p.Email, email) {
			return p, nil
		}
	}
	return incident.Person{}, &refused{location: "body." + field, msg: fmt.Sprintf("%s is no operator who may work on incidents", email)}
}

// names are what operators are called, by address: everybody's, those who left too.
func (s *Server) names(ctx context.Context) (map[string]string, error) {
	all, err := s.deps.Incidents.Operators(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(all))
	for _, o := range all {
		out[o.Email] = o.Name
	}
	return out, nil
}

// shownIncidents are incidents as a client sees them.
func (s *Server) shownIncidents(ctx context.Context, of []incident.Incident) ([]Incident, error) {
	ids := make([]string, len(of))
	for i := range of {
		ids[i] = of[i].ID
	}
	sums, err := s.deps.Incidents.Store.Sums(ctx, ids)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	p, now := auth.From(ctx), s.deps.Now()
	out := make([]Incident, len(of))
	for n := range of {
		i := &of[n]
		due, sum := s.deps.Incidents.Clocks.Of(i, now), sums[i.ID]
		out[n] = Incident{
			ID: i.ID, Number: i.Number, Label: incident.Label(i.Number), Name: i.Name, Severity: i.Severity.String(), Status: string(i.Status), Owner: i.Owner, OwnerName: names[i.Owner],
			Mine: i.OwnerID != "" && i.OwnerID == p.Operator.ID, Classification: string(i.Classification), Determination: string(i.Determination), Tags: list(i.Tags), Description: i.Description, Closing: i.Closing,
			CreatedBy: i.Author, Created: i.Created, Updated: i.Updated, Acknowledged: maybeTime(i.Acknowledged), Resolved: maybeTime(i.Resolved), ResolvedBy: i.ResolvedBy, MergedInto: i.Into, Version: i.Version,
			Messages: i.Messages, People: i.People, FirstActivity: maybeTime(i.First), LastActivity: maybeTime(i.Last),
			Due:     IncidentDue{maybeTime(due.Acknowledge), due.AcknowledgeLate, maybeTime(due.Resolve), due.ResolveLate, maybeTime(due.Next), due.Overdue},
			Counts:  IncidentCounts{sum.Notes, sum.OpenTasks, sum.DoneTasks, sum.Queries, sum.Merged, sum.Actions, sum.OpenActions},
			MayWork: i.Into == "" && p.May(auth.IncidentWork),
		}
	}
	return out, nil
}

func (s *Server) shownIncident(ctx context.Context, i incident.Incident) (*Reply[Incident], error) {
	out, err := s.shownIncidents(ctx, []incident.Incident{i})
	if err != nil {
		return nil, err
	}
	return &Reply[Incident]{out[0]}, nil
}

// incidentFilter is the filter in the words of package incident. none is true when nothing can match: whoever asks has no id.
func (s *Server) incidentFilter(ctx context.Context, in *IncidentFilter) (f incident.Filter, none bool) {
	p := auth.From(ctx)
	f = incident.Filter{Owner: in.Owner, Tag: in.Tag, Classification: incident.Classification(in.Classification), Text: in.Text, Overdue: in.Overdue, Merged: in.Merged, Now: s.deps.Now(), Clocks: s.deps.Incidents.Clocks}
	for _, v := range in.Status {
		f.Status = append(f.Status, incident.Status(v))
	}
	for _, v := range in.Severity {
		f.Severity = append(f.Severity, incident.ParseSeverity(v))
	}
	if in.Mine {
		f.OwnerID, none = p.Operator.ID, p.Operator.ID == ""
	}
	if in.MentioningMe {
		f.Mentions, none = p.Operator.ID, p.Operator.ID == ""
	}
	return f, none
}

func (s *Server) incidents(ctx context.Context, in *incidentsInput) (*Reply[IncidentPage], error) {
	f, none := s.incidentFilter(ctx, &in.IncidentFilter)
	if none {
		return &Reply[IncidentPage]{IncidentPage{Incidents: []Incident{}}}, nil
	}
	f.Sort, f.Desc, f.Cursor, f.Limit = incident.Sort(in.Sort), in.Desc, in.Cursor, in.Limit
	page, err := s.deps.Incidents.Store.List(ctx, f)
	if err != nil {
		return nil, err
	}
	out, err := s.shownIncidents(ctx, page.Incidents)
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentPage]{IncidentPage{Incidents: out, Next: page.Next, Total: page.Total}}, nil
}

func (s *Server) incidentCounts(ctx context.Context, in *incidentCountsInput) (*Reply[IncidentFacets], error) {
	f, none := s.incidentFilter(ctx, &in.IncidentFilter)
	if none {
		return &Reply[IncidentFacets]{IncidentFacets{Status: []IncidentValueCount{}, Severity: []IncidentValueCount{}, Owner: []IncidentValueCount{}, Tag: []IncidentValueCount{}, Classification: []IncidentValueCount{}}}, nil
	}
	c, err := s.deps.Incidents.Store.Counts(ctx, f, auth.From(ctx).Operator.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentFacets]{IncidentFacets{
		All: c.All, Status: valueCounts(c.Status), Severity: valueCounts(c.Severity), Owner: valueCounts(c.Owner), Tag: valueCounts(c.Tag), Classification: valueCounts(c.Classification),
		Overdue: c.Overdue, Mine: c.Mine, MentioningMe: c.Mentions,
	}}, nil
}

func valueCounts(in []incident.Counted) []IncidentValueCount {
	out := make([]IncidentValueCount, len(in))
	for i, c := range in {
		out[i] = IncidentValueCount(c)
	}
	return out
}

// optionTags is how many tags are offered.
const optionTags = 200

func (s *Server) incidentOptions(ctx context.Context, _ *Nothing) (*Reply[IncidentOptions], error) {
	people, err := s.colleagues(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := s.deps.Incidents.Store.Tags(ctx, optionTags)
	if err != nil {
		return nil, err
	}
	out := IncidentOptions{Severities: []string{}, Statuses: []string{}, Classifications: []IncidentMeaning{}, Owners: []IncidentPerson{}, Tags: valueCounts(tags), Clocks: []IncidentClock{}}
	for _, v := range incident.Severities() {
		out.Severities = append(out.Severities, v.String())
		c := s.deps.Incidents.Clocks[v]
		out.Clocks = append(out.Clocks, IncidentClock{v.String(), int64(c.Acknowledge / time.Second), int64(c.Resolve / time.Second)})
	}
	for _, v := range incident.Statuses() {
		out.Statuses = append(out.Statuses, string(v))
	}
	for _, m := range incident.Meanings() {
		x := IncidentMeaning{Classification: string(m.Classification)}
		for _, d := range m.Determinations {
			x.Determinations = append(x.Determinations, string(d))
		}
		out.Classifications = append(out.Classifications, x)
	}
	me := auth.From(ctx).Operator.ID
	for _, p := range people {
		out.Owners = append(out.Owners, IncidentPerson{p.Email, p.Name, p.ID == me})
	}
	return &Reply[IncidentOptions]{out}, nil
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("id: %w", err)
	}
	return id.String(), nil
}

func (s *Server) openIncident(ctx context.Context, in *newIncidentInput) (*Reply[Incident], error) {
	by, b := s.actor(ctx), &in.Body
	owner, err := s.owner(ctx, "owner", b.Owner)
	if err != nil {
		return nil, err
	}
	i := incident.Incident{Author: by.Email, AuthorID: by.ID, Created: by.At, Updated: by.At}
	i.Status, i.Classification, i.Determination = incident.Active, incident.NotSet, incident.Undetermined
	severity := incident.ParseSeverity(b.Severity)
	c := incident.Change{Name: &b.Name, Severity: &severity, Tags: &b.Tags, Description: &b.Description}
	if owner.ID != "" {
		c.Owner = &owner
	}
	if _, err := c.Apply(&i, by); err != nil {
		return nil, err
	}
	var intake incident.Intake
	if b.Mail != nil {
		if intake, err = s.intakeOf(ctx, "body.mail", b.Mail); err != nil {
			return nil, err
		}
	}
	if i.ID, err = newID(); err != nil {
		return nil, err
	}
	if i, err = s.deps.Incidents.Store.Create(ctx, i, intake, by); err != nil {
		return nil, err
	}
	err = s.noteIncident(ctx, auth.ActIncidentOpened, &i, "", map[string]any{"severity": i.Severity.String(), "messages": i.Messages, "owner": i.Owner})
	if err != nil {
		return nil, err
	}
	return s.shownIncident(ctx, i)
}

// noteIncident writes what was done to an incident into the audit log.
func (s *Server) noteIncident(ctx context.Context, act auth.Action, i *incident.Incident, reason string, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["incident"], detail["name"] = incident.Label(i.Number), i.Name
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: i.ID, Reason: reason}, detail)
}

func (s *Server) incident(ctx context.Context, in *incidentInput) (*Reply[Incident], error) {
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.shownIncident(ctx, i)
}

// changeOf is a change in the words of package incident.
func (s *Server) changeOf(ctx context.Context, in *IncidentChange) (incident.Change, error) {
	c := incident.Change{Version: in.Version, Name: in.Name, Tags: in.Tags, AddTags: in.AddTags, RemoveTags: in.RemoveTags, Description: in.Description, Closing: in.Closing,
		Classification: (*incident.Classification)(in.Classification), Determination: (*incident.Determination)(in.Determination), Status: (*incident.Status)(in.Status)}
	if in.Severity != nil {
		severity := incident.ParseSeverity(*in.Severity)
		c.Severity = &severity
	}
	if in.Owner != nil {
		owner, err := s.owner(ctx, "owner", *in.Owner)
		if err != nil {
			return c, err
		}
		c.Owner = &owner
	}
	return c, nil
}

func (s *Server) changeIncident(ctx context.Context, in *incidentChangeInput) (*Reply[Incident], error) {
	c, err := s.changeOf(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	i, err := s.changed(ctx, in.ID, c)
	if err != nil {
		return nil, err
	}
	return s.shownIncident(ctx, i)
}

func (s *Server) changed(ctx context.Context, id string, c incident.Change) (incident.Incident, error) {
	i, err := s.deps.Incidents.Store.Change(ctx, id, c, s.actor(ctx))
	if err != nil {
		return i, err
	}
	return i, s.noteIncident(ctx, auth.ActIncidentChanged, &i, i.Closing, map[string]any{
		"severity": i.Severity.String(), "status": i.Status, "owner": i.Owner, "classification": i.Classification, "determination": i.Determination, "tags": i.Tags, "version": i.Version,
	})
}

func (s *Server) bulkIncidents(ctx context.Context, in *incidentBulkInput) (*Reply[IncidentBulkDone], error) {
	b := &in.Body
	if (b.Change == nil) == (b.MergeInto == "") {
		return nil, &refused{location: "body.change", msg: "give a change, or the incident to merge into"}
	}
	var c incident.Change
	var err error
	if b.Change != nil {
		if c, err = s.changeOf(ctx, b.Change); err != nil {
			return nil, err
		}
		c.Version = 0
	}
	out := IncidentBulkDone{Failed: []IncidentObstacle{}}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(b.IDs))) {
		if b.Change != nil {
			_, err = s.changed(ctx, id, c)
		} else {
			_, err = s.merged(ctx, id, b.MergeInto, b.Reason)
		}
		if err == nil {
			out.Done++
			continue
		}
		if incidentProblem(err) == nil { // nothing that the others would not meet too
			return nil, err
		}
		out.Failed = append(out.Failed, IncidentObstacle{id, err.Error()})
	}
	return &Reply[IncidentBulkDone]{out}, nil
}

// incidentProblem gives errors of package incident their status; nil for others.
func incidentProblem(err error) huma.StatusError {
	var (
		wrong    *incident.Wrong
		pointer  *incident.Pointer
		outdated *incident.Outdated
	)
	switch {
	case errors.As(err, &wrong):
		where := "body."
		if wrong.Field == "cursor" || wrong.Field == "sort" {
			where = "query."
		}
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: where + wrong.Field})
	case errors.As(err, &pointer), errors.As(err, &outdated), errors.Is(err, incident.ErrUnmerged), errors.Is(err, incident.ErrItself), errors.Is(err, incident.ErrFull):
		return huma.NewError(http.StatusConflict, err.Error())
	case errors.Is(err, incident.ErrNotYours):
		return huma.NewError(http.StatusForbidden, err.Error())
	}
	for _, known := range []error{incident.ErrNotFound, incident.ErrNoNote, incident.ErrNoTask, incident.ErrNoQuery} {
		if errors.Is(err, known) {
			return huma.NewError(http.StatusNotFound, known.Error())
		}
	}
	return nil
}
