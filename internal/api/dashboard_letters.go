package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"tocsin/internal/auth"
	"tocsin/internal/dashboard"
)

// DashboardPost makes and sends the letters of the dashboard.
type DashboardPost interface {
	// Write makes a letter of the seven days before until.
	Write(ctx context.Context, o dashboard.LetterOrder, until time.Time) (dashboard.Letter, error)
	// SendTo sends a letter, as it is now, to one person.
	SendTo(ctx context.Context, o dashboard.LetterOrder, address string) error
	// Allowed says whether letters may go to an address.
	Allowed(ctx context.Context) (func(address string) bool, error)
	Sends() bool
}

func (s *Server) declareDashboardLetters() {
	add(s, auth.ReportsSend, "GET /dashboard/letters", quick, "Letters with the figures of the week", s.dashboardLetters)
	add(s, auth.ReportsSend, "POST /dashboard/letters", quick, "Add one; audited", s.addDashboardLetter)
	add(s, auth.ReportsSend, "PUT /dashboard/letters/{id}", quick, "Change one; audited", s.changeDashboardLetter)
	add(s, auth.ReportsSend, "DELETE /dashboard/letters/{id}", quick, "Remove one; audited", s.removeDashboardLetter, with204)
	add(s, auth.ReportsSend, "GET /dashboard/letters/{id}/preview", asking, "One as it would be sent now", s.previewDashboardLetter)
	add(s, auth.ReportsSend, "POST /dashboard/letters/{id}/send", asking, "Send one, as it is now, to oneself; audited", s.sendDashboardLetter, with204)
}

func letterLineOf(o dashboard.LetterOrder) DashboardLetter {
	return DashboardLetter{
		ID: o.ID, Name: o.Name, To: list(o.To), Weekday: o.Weekday.String(), Hour: o.Hour, Zone: o.Zone, Filter: o.Filter, On: o.On,
		Next: maybeTime(o.Due), Last: maybeTime(o.Last), Problem: o.Problem, By: o.By, At: o.At.UTC(), Version: o.Version,
	}
}

func (s *Server) dashboardLetters(ctx context.Context, _ *Nothing) (*Reply[DashboardLetters], error) {
	all, err := s.deps.Dashboard.Letters.LetterOrders(ctx)
	if err != nil {
		return nil, err
	}
	out := DashboardLetters{Letters: make([]DashboardLetter, len(all)), Sends: s.deps.Dashboard.Post.Sends(), Domains: list(s.deps.Organisation.Domains)}
	for i, o := range all {
		out.Letters[i] = letterLineOf(o)
	}
	return &Reply[DashboardLetters]{out}, nil
}

// order is what somebody says of a letter, checked.
func (s *Server) order(ctx context.Context, id string, d DashboardLetterDraft) (dashboard.LetterOrder, error) {
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	o := dashboard.LetterOrder{ID: id, Name: d.Name, To: d.To, Hour: d.Hour, Zone: d.Zone, Filter: d.Filter, On: d.On, By: auth.From(ctx).Operator.Email, At: now}
	o.Weekday = time.Weekday(slices.IndexFunc(weekdays, func(w time.Weekday) bool { return w.String() == d.Weekday }))
	may, err := s.deps.Dashboard.Post.Allowed(ctx)
	if err != nil {
		return o, err
	}
	if err := o.Check(may); err != nil {
		return o, err
	}
	if o.On {
		if o.Due, err = o.Next(now); err != nil {
			return o, err
		}
	}
	// A filter that cannot be is better refused now than found in a letter that was not made.
	_, err = s.deps.Dashboard.Board.Board(ctx, dashboard.Ask{Widgets: []string{dashboard.WorkWidget}, Filter: o.Filter})
	return o, err
}

var weekdays = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}

func (s *Server) addDashboardLetter(ctx context.Context, in *dashboardLetterInput) (*Reply[DashboardLetter], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	o, err := s.order(ctx, id.String(), in.Body)
	if err != nil {
		return nil, err
	}
	o.Version = 1
	if err := s.deps.Dashboard.Letters.AddLetterOrder(ctx, o); err != nil {
		return nil, err
	}
	return &Reply[DashboardLetter]{letterLineOf(o)}, s.recordLetter(ctx, auth.ActLetterAdded, o)
}

func (s *Server) changeDashboardLetter(ctx context.Context, in *dashboardLetterChangeInput) (*Reply[DashboardLetter], error) {
	o, err := s.order(ctx, in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	if o, err = s.deps.Dashboard.Letters.ChangeLetterOrder(ctx, o, in.Body.Version); err != nil {
		return nil, err
	}
	return &Reply[DashboardLetter]{letterLineOf(o)}, s.recordLetter(ctx, auth.ActLetterChanged, o)
}

func (s *Server) removeDashboardLetter(ctx context.Context, in *dashboardLetterOneInput) (*Nothing, error) {
	o, err := s.deps.Dashboard.Letters.LetterOrder(ctx, in.ID)
	if err == nil {
		err = s.deps.Dashboard.Letters.RemoveLetterOrder(ctx, in.ID)
	}
	if err != nil {
		return nil, err
	}
	return nil, s.recordLetter(ctx, auth.ActLetterRemoved, o)
}

func (s *Server) previewDashboardLetter(ctx context.Context, in *dashboardLetterOneInput) (*Reply[DashboardLetterText], error) {
	o, err := s.deps.Dashboard.Letters.LetterOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	l, err := s.deps.Dashboard.Post.Write(ctx, o, s.deps.Now())
	if err != nil {
		return nil, err
	}
	return &Reply[DashboardLetterText]{DashboardLetterText{Subject: l.Subject, Text: l.Text, HTML: l.HTML}}, nil
}

func (s *Server) sendDashboardLetter(ctx context.Context, in *dashboardLetterOneInput) (*Nothing, error) {
	o, err := s.deps.Dashboard.Letters.LetterOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	me := auth.From(ctx).Operator.Email
	if auth.From(ctx).Operator.ID == "" {
		return nil, &refused{location: "header.Authorization", msg: "the local command line has no address"}
	}
	if err := s.deps.Dashboard.Post.SendTo(ctx, o, me); err != nil {
		return nil, err
	}
	o.To = []string{me}
	return nil, s.recordLetter(ctx, auth.ActLetterSent, o)
}

func (s *Server) recordLetter(ctx context.Context, act auth.Action, o dashboard.LetterOrder) error {
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: o.ID}, struct {
		Name    string           `json:"name"`
		To      []string         `json:"to"`
		On      bool             `json:"on"`
		Filter  dashboard.Filter `json:"filter"`
		Version int64            `json:"version"`
	}{o.Name, o.To, o.On, o.Filter, o.Version})
}

// dashboardProblem is the status of what the dashboard refuses; nil for everything else.
func dashboardProblem(err error) huma.StatusError {
	var (
		wrong    *dashboard.WrongError
		outdated *dashboard.OutdatedError
	)
	switch {
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.As(err, &outdated):
		return huma.NewError(http.StatusConflict, outdated.Error())
	case errors.Is(err, dashboard.ErrNoLetter):
		return huma.NewError(http.StatusNotFound, dashboard.ErrNoLetter.Error())
	}
	return nil
}
