package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/incident"
	"tocsin/internal/mailout"
)

func (s *Server) declareIncidentWork() {
	add(s, auth.IncidentRead, "GET /incidents/{id}/timeline", quick, "Everything that happened in it, newest first", s.incidentTimeline)
	add(s, auth.IncidentWork, "POST /incidents/{id}/notes", quick, "Write a note; audited", s.addIncidentNote, withLongBody)
	add(s, auth.IncidentWork, "PUT /incidents/{id}/notes/{note}", quick, "Change one's own note; audited", s.editIncidentNote, withLongBody)
	add(s, auth.IncidentWork, "DELETE /incidents/{id}/notes/{note}", quick, "Remove one's own note; audited", s.removeIncidentNote, with204)
	add(s, auth.IncidentRead, "GET /incidents/{id}/tasks", quick, "Its tasks", s.incidentTasks)
	add(s, auth.IncidentWork, "POST /incidents/{id}/tasks", quick, "Add a task; audited", s.addIncidentTask)
	add(s, auth.IncidentWork, "PUT /incidents/{id}/tasks/{task}", quick, "Change or finish a task; audited", s.changeIncidentTask)
	add(s, auth.IncidentWork, "DELETE /incidents/{id}/tasks/{task}", quick, "Remove a task; audited", s.removeIncidentTask, with204)
	add(s, auth.IncidentWork, "POST /incidents/{id}/merge", quick, "Merge it into another, which then shows what is in it; audited", s.mergeIncident)
	add(s, auth.IncidentWork, "POST /incidents/{id}/separate", quick, "Make a merged incident one of its own again; audited", s.separateIncident)
	add(s, auth.IncidentRead, "GET /incidents/{id}/members", quick, "Incidents that were merged into it", s.incidentMembers)
	add(s, auth.IncidentRead, "GET /incidents/{id}/related", asking, "Incidents that share files, campaigns, links, senders or recipients with it", s.relatedIncidents)
}

func (s *Server) incidentTimeline(ctx context.Context, in *incidentTimelineInput) (*Reply[IncidentTimeline], error) {
	f := incident.EntryFilter{Incident: in.ID, Notes: in.Only == "notes", System: in.Only == "system", Before: in.Before, Limit: in.Limit + 1}
	all, err := s.deps.Incidents.Store.Timeline(ctx, f)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	out := IncidentTimeline{Entries: []IncidentEntry{}}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		out.Next = all[in.Limit-1].Seq
	}
	for i := range all {
		out.Entries = append(out.Entries, timelineEntry(ctx, &all[i], names))
	}
	return &Reply[IncidentTimeline]{out}, nil
}

func timelineEntry(ctx context.Context, e *incident.Entry, names map[string]string) IncidentEntry {
	x := IncidentEntry{Seq: e.Seq, Incident: e.Incident, At: e.At, By: e.By, ByName: names[e.By], Kind: string(e.Kind), Say: e.Say, Subject: e.Subject, Changes: []IncidentFieldWas{}, Count: e.Count}
	for _, c := range e.Changes {
		x.Changes = append(x.Changes, IncidentFieldWas(c))
	}
	if e.Note != nil {
		n := noteOf(ctx, e.Note)
		x.Note = &n
	}
	return x
}

func noteOf(ctx context.Context, n *incident.Note) IncidentNote {
	me := auth.From(ctx).Operator.ID
	return IncidentNote{ID: n.ID, Author: n.Author, At: n.At, Edited: maybeTime(n.Edited), Text: n.Text, Removed: n.Removed, Mine: n.AuthorID != "" && n.AuthorID == me, Mentions: list(n.Mentions)}
}

// words are a note's text, and who it names.
func (s *Server) words(ctx context.Context, in *IncidentWords) (string, []incident.Person, error) {
	text := strings.TrimSpace(in.Text)
	if text == "" {
		return "", nil, &refused{location: "body.text", msg: "write something"}
	}
	people, err := s.colleagues(ctx)
	return text, incident.Mentions(text, people), err
}

func (s *Server) addIncidentNote(ctx context.Context, in *incidentNoteInput) (*Reply[IncidentNote], error) {
	text, mentions, err := s.words(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	n, err := s.deps.Incidents.Store.AddNote(ctx, incident.Note{ID: id, Incident: in.ID, Text: text}, mentions, s.actor(ctx))
	if err != nil {
		return nil, err
	}
	s.tellMentioned(ctx, &n)
	return s.noted(ctx, &n, "written")
}

// tellMentioned writes to the operators whom a note names, once for each note. The note stands, whether or not they can be told: they have
// it in their list.
func (s *Server) tellMentioned(ctx context.Context, n *incident.Note) {
	if s.deps.Incidents.Letters == nil || len(n.Mentions) == 0 {
		return
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, n.Incident)
	if err != nil {
		s.deps.Log.Warn("a mention was not told", "incident", n.Incident, "err", err)
		return
	}
	var letters []mailout.Letter
	for _, to := range n.Mentions {
		if to == n.Author {
			continue
		}
		text := fmt.Sprintf("%s mentioned you in %s.\n\n", n.Author, incident.Label(i.Number))
		if s.deps.PublicOrigin != "" {
			text += s.deps.PublicOrigin + "/incidents/" + fmt.Sprint(i.Number) + "\n\n"
		}
		// Neither the note nor the incident's name: they may quote what should not leave Tocsin.
		letters = append(letters, mailout.Letter{
			Key: fmt.Sprintf("mention/%s/%x", n.ID, sha256.Sum256([]byte(to))), Purpose: mailout.IncidentMention, To: to,
			Subject: "You were mentioned in " + incident.Label(i.Number), Text: text + "The note is in Tocsin.\n",
		})
	}
	if len(letters) == 0 {
		return
	}
	if err := s.deps.Incidents.Letters.Queue(ctx, letters...); err != nil && !errors.Is(err, mailout.ErrOff) {
		s.deps.Log.Warn("a mention was not told", "incident", n.Incident, "err", err)
	}
}

// noted writes down that a note was written or changed, and shows it.
func (s *Server) noted(ctx context.Context, n *incident.Note, what string) (*Reply[IncidentNote], error) {
	i, err := s.deps.Incidents.Store.Incident(ctx, n.Incident)
	if err != nil {
		return nil, err
	}
	if err := s.noteIncident(ctx, auth.ActIncidentNote, &i, "", map[string]any{"note": n.ID, "what": what, "mentions": n.Mentions}); err != nil {
		return nil, err
	}
	return &Reply[IncidentNote]{noteOf(ctx, n)}, nil
}

func (s *Server) editIncidentNote(ctx context.Context, in *incidentNoteEditInput) (*Reply[IncidentNote], error) {
	text, mentions, err := s.words(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	n, err := s.deps.Incidents.Store.EditNote(ctx, in.ID, in.Note, text, mentions, s.actor(ctx))
	if err != nil {
		return nil, err
	}
	s.tellMentioned(ctx, &n)
	return s.noted(ctx, &n, "changed")
}

func (s *Server) removeIncidentNote(ctx context.Context, in *incidentNoteIDInput) (*Nothing, error) {
	if err := s.deps.Incidents.Store.RemoveNote(ctx, in.ID, in.Note, s.actor(ctx)); err != nil {
		return nil, err
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.noteIncident(ctx, auth.ActIncidentNote, &i, "", map[string]any{"note": in.Note, "what": "removed"})
}

func (s *Server) taskOf(t *incident.Task, names map[string]string) IncidentTask {
	return IncidentTask{
		ID: t.ID, Title: t.Title, Owner: t.Owner, OwnerName: names[t.Owner], Due: maybeTime(t.Due), Overdue: t.Done.IsZero() && !t.Due.IsZero() && s.deps.Now().After(t.Due),
		Done: maybeTime(t.Done), DoneBy: t.DoneBy, Author: t.Author, Created: t.Created, Version: t.Version,
	}
}

func (s *Server) incidentTasks(ctx context.Context, in *incidentInput) (*Reply[IncidentTasks], error) {
	all, err := s.deps.Incidents.Store.Tasks(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	out := IncidentTasks{Tasks: make([]IncidentTask, len(all))}
	for i := range all {
		out.Tasks[i] = s.taskOf(&all[i], names)
	}
	return &Reply[IncidentTasks]{out}, nil
}

// draft is a task as it is kept.
func (s *Server) draft(ctx context.Context, in *IncidentTaskDraft) (t incident.Task, err error) {
	t.Title = strings.Join(strings.Fields(in.Title), " ")
	if t.Title == "" {
		return t, &refused{location: "body.title", msg: "say what is to be done"}
	}
	p, err := s.owner(ctx, "owner", in.Owner)
	if err != nil {
		return t, err
	}
	t.Owner, t.OwnerID, t.Version = p.Email, p.ID, in.Version
	if in.Due != nil {
		t.Due = in.Due.UTC().Truncate(time.Microsecond)
	}
	if in.Done {
		t.Done = s.deps.Now()
	}
	return t, nil
}

// tasked writes down that a task was changed, and shows it.
func (s *Server) tasked(ctx context.Context, t *incident.Task, what string) (*Reply[IncidentTask], error) {
	i, err := s.deps.Incidents.Store.Incident(ctx, t.Incident)
	if err != nil {
		return nil, err
	}
	if err := s.noteIncident(ctx, auth.ActIncidentTask, &i, "", map[string]any{"task": t.ID, "title": t.Title, "what": what, "owner": t.Owner, "done": !t.Done.IsZero()}); err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentTask]{s.taskOf(t, names)}, nil
}

func (s *Server) addIncidentTask(ctx context.Context, in *incidentTaskInput) (*Reply[IncidentTask], error) {
	t, err := s.draft(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	if t.ID, err = newID(); err != nil {
		return nil, err
	}
	t.Incident, t.Done = in.ID, time.Time{}
	if t, err = s.deps.Incidents.Store.AddTask(ctx, t, s.actor(ctx)); err != nil {
		return nil, err
	}
	return s.tasked(ctx, &t, "added")
}

func (s *Server) changeIncidentTask(ctx context.Context, in *incidentTaskEditInput) (*Reply[IncidentTask], error) {
	t, err := s.draft(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	t.ID = in.Task
	if t, err = s.deps.Incidents.Store.ChangeTask(ctx, in.ID, t, s.actor(ctx)); err != nil {
		return nil, err
	}
	return s.tasked(ctx, &t, "changed")
}

func (s *Server) removeIncidentTask(ctx context.Context, in *incidentTaskIDInput) (*Nothing, error) {
	if err := s.deps.Incidents.Store.RemoveTask(ctx, in.ID, in.Task, s.actor(ctx)); err != nil {
		return nil, err
	}
	i, err := s.deps.Incidents.Store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.noteIncident(ctx, auth.ActIncidentTask, &i, "", map[string]any{"task": in.Task, "what": "removed"})
}

func (s *Server) mergeIncident(ctx context.Context, in *incidentMergeInput) (*Reply[Incident], error) {
	i, err := s.merged(ctx, in.ID, in.Body.Into, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return s.shownIncident(ctx, i)
}

func (s *Server) merged(ctx context.Context, id, into, reason string) (incident.Incident, error) {
	reason = strings.TrimSpace(reason)
	i, err := s.deps.Incidents.Store.Merge(ctx, id, into, reason, s.actor(ctx))
	if err != nil {
		return i, err
	}
	return i, s.noteIncident(ctx, auth.ActIncidentMerged, &i, reason, map[string]any{"merged": id})
}

func (s *Server) separateIncident(ctx context.Context, in *incidentReasonInput) (*Reply[Incident], error) {
	reason := strings.TrimSpace(in.Body.Reason)
	i, err := s.deps.Incidents.Store.Separate(ctx, in.ID, reason, s.actor(ctx))
	if err != nil {
		return nil, err
	}
	if err := s.noteIncident(ctx, auth.ActIncidentMerged, &i, reason, map[string]any{"separated": true}); err != nil {
		return nil, err
	}
	return s.shownIncident(ctx, i)
}

func (s *Server) incidentMembers(ctx context.Context, in *incidentInput) (*Reply[IncidentMembers], error) {
	all, err := s.deps.Incidents.Store.Members(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.shownIncidents(ctx, all[1:])
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentMembers]{IncidentMembers{out}}, nil
}
