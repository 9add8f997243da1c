package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/incident"
	"tocsin/internal/kql"
)

func (s *Server) declareAlerts() {
	add(s, auth.AlertRead, "GET /alerts", quick, "What was found and asks for a person, the newest first", s.alerts)
	add(s, auth.AlertRead, "GET /alerts/{id}", quick, "One alert with what it is about", s.alert)
	add(s, auth.AlertWork, "PUT /alerts/{id}", quick, "Take it, write a note, resolve it or open it again; audited", s.putAlert)
	add(s, auth.IncidentWork, "POST /alerts/{id}/incident", planning, "Open an incident with it and the mail that it found; needs alert.work too; audited", s.alertIncident)
}

func (s *Server) alerts(ctx context.Context, in *alertsInput) (*Reply[AlertPage], error) {
	f := alert.Filter{
		Statuses: words[alert.Status](in.Status), Severities: words[alert.Severity](in.Severity), Sources: in.Source, Owner: in.Owner, Text: in.Text, Link: in.Link,
		Message: strings.ToLower(in.Message), From: in.From, To: in.To, Limit: in.Limit + 1,
	}
	switch in.Owner {
	case "me":
		f.Owner = auth.From(ctx).Operator.Email
	case "none":
		f.Owner = "-"
	}
	at, id, err := cursorOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	f.Before = alert.Place{Time: at, ID: id}
	list, err := s.deps.Alerts.Store.Alerts(ctx, f)
	if err != nil {
		return nil, err
	}
	out := AlertPage{Alerts: []Alert{}, Statuses: map[string]int{}, Open: map[string]int{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := &list[in.Limit-1]
		out.Next = cursor(last.Time, last.ID)
	}
	for i := range list {
		out.Alerts = append(out.Alerts, alertOf(&list[i]))
	}
	counts, err := s.deps.Alerts.Store.Counts(ctx)
	for _, status := range alert.Statuses() {
		out.Statuses[string(status)] = counts.Status[status]
	}
	for _, severity := range alert.Severities() {
		out.Open[string(severity)] = counts.Severity[severity]
	}
	return &Reply[AlertPage]{out}, err
}

// cursor is the place of a row in a list by time and id; cursorOf reads it.
func cursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 10) + " " + id))
}

func cursorOf(text string) (at time.Time, id string, err error) {
	p, err := submissionPlace(text)
	return p.Updated, p.ID, err
}

func (s *Server) alert(ctx context.Context, in *alertInput) (*Reply[AlertDetail], error) {
	a, err := s.deps.Alerts.Store.Alert(ctx, strings.ToLower(in.ID))
	if err != nil {
		return nil, err
	}
	return s.alertDetail(ctx, &a), nil
}

func (s *Server) alertDetail(ctx context.Context, a *alert.Alert) *Reply[AlertDetail] {
	out := AlertDetail{Alert: alertOf(a), EvidenceList: []AlertPiece{}, More: a.More, Explorer: explorerLink(a.Query, a.From, a.To)}
	for i := range a.Evidence {
		e := &a.Evidence[i]
		out.EvidenceList = append(out.EvidenceList, AlertPiece{
			Type: e.Type, Impacted: e.Impacted, Time: maybeTime(e.Time), NetworkMessageID: e.NetworkMessageID, Account: e.Account, Subject: e.Subject, URL: e.URL, FileName: e.FileName,
			SHA256: e.SHA256, IP: e.IP, Family: e.Family,
		})
	}
	if a.Incident != "" {
		if i, err := s.deps.Incidents.Store.Incident(ctx, a.Incident); err == nil {
			out.IncidentLabel = incident.Label(i.Number)
		}
	}
	return &Reply[AlertDetail]{out}
}

// explorerLink is where Explorer shows the mail that a query is about; nil when the query is more than a filter over EmailEvents.
func explorerLink(query string, from, to time.Time) *ExplorerLink {
	q, err := kql.Parse(query)
	if err != nil {
		return nil
	}
	filter := hunt.ExplorerFilter(q)
	if filter == "" {
		return nil
	}
	return &ExplorerLink{View: "all", Q: filter, From: maybeTime(from), To: maybeTime(to)}
}

func (s *Server) putAlert(ctx context.Context, in *alertChangeInput) (*Reply[AlertDetail], error) {
	b := &in.Body
	who := auth.From(ctx).Operator.Email
	c := alert.Change{Note: b.Note, Owner: b.Owner, By: who, At: s.deps.Now(), From: b.Revision}
	if b.Status != nil {
		status := alert.Status(*b.Status)
		c.Status = &status
	}
	if b.Owner != nil && *b.Owner == "me" {
		c.Owner = &who
	} else if b.Owner != nil && *b.Owner != "" {
		if err := s.isColleague(ctx, *b.Owner); err != nil {
			return nil, err
		}
	}
	a, err := s.deps.Alerts.Store.Change(ctx, strings.ToLower(in.ID), c)
	if err != nil {
		return nil, err
	}
	return s.alertDetail(ctx, &a), s.noteAlert(ctx, &a)
}

// isColleague refuses an owner who could not work on it.
func (s *Server) isColleague(ctx context.Context, address string) error {
	all, err := s.colleagues(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		if strings.EqualFold(p.Email, address) {
			return nil
		}
	}
	return &refused{location: "body.owner", msg: fmt.Sprintf("%q is no operator who may work on alerts", address)}
}

func (s *Server) noteAlert(ctx context.Context, a *alert.Alert) error {
	act := auth.ActAlertChanged
	if a.Status == alert.Resolved {
		act = auth.ActAlertResolved
	}
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: a.ID, Reason: a.Note}, struct {
		Title    string `json:"title"`
		Status   string `json:"status"`
		Owner    string `json:"owner,omitempty"`
		Incident string `json:"incident,omitempty"`
	}{a.Title, string(a.Status), a.Owner, a.Incident})
}

// alertIncident opens an incident with an alert: its title and reason, and the mail that its query finds now, or else the messages that it names.
func (s *Server) alertIncident(ctx context.Context, in *alertIncidentInput) (*Reply[AlertDetail], error) {
	who := auth.From(ctx)
	if !who.May(auth.AlertWork) {
		return nil, &forbidden{need: auth.AlertWork, why: "working on alerts"}
	}
	a, err := s.deps.Alerts.Store.Alert(ctx, strings.ToLower(in.ID))
	switch {
	case err != nil:
		return nil, err
	case a.Revision != in.Body.Revision:
		return nil, &alert.Outdated{Now: a.Revision}
	case a.Incident != "":
		return nil, huma.NewError(http.StatusConflict, "there is an incident with this alert already")
	}
	mail, err := s.alertMail(ctx, &a)
	if err != nil {
		return nil, err
	}
	about := a.Detail
	if a.Query != "" {
		about += "\n\nWhat was asked:\n\n" + fence(a.Query)
	}
	if len(about) > 20_000 {
		about = a.Detail
	}
	name := []rune(a.Title)
	made, err := s.openIncident(ctx, &newIncidentInput{Body: NewIncident{Name: string(name[:min(len(name), 200)]), Severity: string(a.Severity), Description: about, Mail: mail}})
	if err != nil {
		return nil, err
	}
	c := alert.Change{Incident: &made.Body.ID, By: who.Operator.Email, At: s.deps.Now(), From: a.Revision}
	if a.Status == alert.New {
		status := alert.InProgress
		c.Status = &status
	}
	if a, err = s.deps.Alerts.Store.Change(ctx, a.ID, c); err != nil {
		return nil, err
	}
	return s.alertDetail(ctx, &a), s.noteAlert(ctx, &a)
}

func fence(text string) string { return "```\n" + text + "\n```" }

// alertMail is what an incident begins with: nil when the alert names no mail that is there.
func (s *Server) alertMail(ctx context.Context, a *alert.Alert) (*IncidentMailAsk, error) {
	if link := explorerLink(a.Query, a.From, a.To); link != nil {
		ask := &IncidentMailAsk{Query: &ActionQuery{View: link.View, Q: link.Q, From: link.From, To: link.To}}
		events, _, err := s.frozen(ctx, ask.Query, nil)
		if err == nil && len(events) > 0 && len(events) <= incident.MaxMessages {
			return ask, nil
		}
	}
	var picks []hunt.Pick
	for i := range a.Evidence {
		if e := &a.Evidence[i]; e.NetworkMessageID != "" && e.Account != "" {
			picks = append(picks, hunt.Pick{ID: e.NetworkMessageID, Recipient: e.Account})
		}
	}
	if len(picks) == 0 {
		return nil, nil
	}
	there, err := s.deps.Explorer.Picked(ctx, picks)
	if err != nil || len(there) == 0 {
		return nil, err
	}
	ask := &IncidentMailAsk{}
	for i := range there {
		ask.Events = append(ask.Events, ActionEvent{NetworkMessageID: there[i].NetworkMessageId, Recipient: there[i].RecipientEmailAddress})
	}
	return ask, nil
}

// alertProblem gives errors of package alert their status; nil for others.
func alertProblem(err error) huma.StatusError {
	var (
		wrong    *alert.Wrong
		outdated *alert.Outdated
	)
	switch {
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.As(err, &outdated):
		return huma.NewError(http.StatusConflict, outdated.Error())
	case errors.Is(err, alert.ErrOpen):
		return huma.NewError(http.StatusConflict, alert.ErrOpen.Error())
	case errors.Is(err, alert.ErrNotFound):
		return huma.NewError(http.StatusNotFound, alert.ErrNotFound.Error())
	}
	return nil
}
