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
	"tocsin/internal/mailout"
	"tocsin/internal/reports"
)

// ReportPost makes and sends the reports that are ordered.
type ReportPost interface {
	// Write makes the letter of an order, with its files, about the time before until.
	Write(ctx context.Context, o reports.Order, until time.Time) (mailout.Letter, error)
	// SendTo sends it, as it is now, to one person.
	SendTo(ctx context.Context, o reports.Order, address string) error
	// Allowed says whether letters may go to an address.
	Allowed(ctx context.Context) (func(address string) bool, error)
	Sends() bool
}

func (s *Server) declareReportOrders() {
	add(s, auth.ReportSchedule, "GET /report-schedules", quick, "Reports, and figures of the dashboard, that are sent to people on a schedule", s.reportOrders)
	add(s, auth.ReportSchedule, "POST /report-schedules", quick, "Add one; audited", s.addReportOrder)
	add(s, auth.ReportSchedule, "PUT /report-schedules/{id}", quick, "Change one; audited", s.changeReportOrder)
	add(s, auth.ReportSchedule, "DELETE /report-schedules/{id}", quick, "Remove one; audited", s.removeReportOrder, with204)
	add(s, auth.ReportSchedule, "GET /report-schedules/{id}/preview", asking, "Its letter as it would be sent now", s.previewReportOrder)
	add(s, auth.ReportSchedule, "POST /report-schedules/preview", asking, "The letter of one that is not kept yet, as it would be sent now", s.previewReportDraft)
	add(s, auth.ReportSchedule, "POST /report-schedules/{id}/send", asking, "Send it, as it is now, to oneself; audited", s.sendReportOrder, with204)
}

func reportOrderOf(o reports.Order) ReportOrder {
	return ReportOrder{
		ID: o.ID, Name: o.Name, Report: o.Report, To: list(o.To), Rhythm: o.Rhythm, Weekday: o.Weekday.String(), Day: max(1, o.Day), Hour: o.Hour, Zone: o.Zone, Filter: o.Filter, On: o.On,
		Next: maybeTime(o.Due), Last: maybeTime(o.Last), Problem: o.Problem, By: o.By, At: o.At.UTC(), Version: o.Version,
	}
}

func (s *Server) reportOrders(ctx context.Context, _ *Nothing) (*Reply[ReportOrders], error) {
	all, err := s.deps.Reports.Orders.ReportOrders(ctx)
	if err != nil {
		return nil, err
	}
	out := ReportOrders{Schedules: make([]ReportOrder, len(all)), Sends: s.deps.Reports.Post.Sends(), Domains: list(s.deps.Organisation.Domains)}
	for i, o := range all {
		out.Schedules[i] = reportOrderOf(o)
	}
	return &Reply[ReportOrders]{out}, nil
}

// order is what somebody says of a schedule, checked.
func (s *Server) order(ctx context.Context, id string, d ReportOrderDraft) (reports.Order, error) {
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	o := reports.Order{ID: id, Name: d.Name, Report: d.Report, To: d.To, Rhythm: d.Rhythm, Day: d.Day, Hour: d.Hour, Zone: d.Zone, Filter: d.Filter, On: d.On, By: auth.From(ctx).Operator.Email, At: now}
	o.Weekday = time.Weekday(max(0, slices.IndexFunc(weekdays, func(w time.Weekday) bool { return w.String() == d.Weekday })))
	if kind, ok := reports.KindOf(d.Report); ok && kind.Submitted && !auth.From(ctx).May(auth.SubmissionRead) {
		return o, &forbidden{need: auth.SubmissionRead, why: "what people reported"}
	}
	may, err := s.deps.Reports.Post.Allowed(ctx)
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
	_, err = s.deps.Dashboard.Board.Narrow(o.Filter)
	return o, err
}

var weekdays = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}

func (s *Server) addReportOrder(ctx context.Context, in *reportOrderInput) (*Reply[ReportOrder], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	o, err := s.order(ctx, id.String(), in.Body)
	if err != nil {
		return nil, err
	}
	o.Version = 1
	if err := s.deps.Reports.Orders.AddReportOrder(ctx, o); err != nil {
		return nil, err
	}
	return &Reply[ReportOrder]{reportOrderOf(o)}, s.recordOrder(ctx, auth.ActScheduleAdded, o)
}

func (s *Server) changeReportOrder(ctx context.Context, in *reportOrderChangeInput) (*Reply[ReportOrder], error) {
	o, err := s.order(ctx, in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	if o, err = s.deps.Reports.Orders.ChangeReportOrder(ctx, o, in.Body.Version); err != nil {
		return nil, err
	}
	return &Reply[ReportOrder]{reportOrderOf(o)}, s.recordOrder(ctx, auth.ActScheduleChanged, o)
}

func (s *Server) removeReportOrder(ctx context.Context, in *reportOrderOneInput) (*Nothing, error) {
	o, err := s.deps.Reports.Orders.ReportOrder(ctx, in.ID)
	if err == nil {
		err = s.deps.Reports.Orders.RemoveReportOrder(ctx, in.ID)
	}
	if err != nil {
		return nil, err
	}
	return nil, s.recordOrder(ctx, auth.ActScheduleRemoved, o)
}

func (s *Server) previewReportOrder(ctx context.Context, in *reportOrderOneInput) (*Reply[ReportLetter], error) {
	o, err := s.deps.Reports.Orders.ReportOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.reportLetter(ctx, o)
}

func (s *Server) previewReportDraft(ctx context.Context, in *reportOrderInput) (*Reply[ReportLetter], error) {
	o, err := s.order(ctx, "", in.Body)
	if err != nil {
		return nil, err
	}
	return s.reportLetter(ctx, o)
}

func (s *Server) reportLetter(ctx context.Context, o reports.Order) (*Reply[ReportLetter], error) {
	l, err := s.deps.Reports.Post.Write(ctx, o, s.deps.Now())
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, f := range l.Files {
		names = append(names, f.Name)
	}
	return &Reply[ReportLetter]{ReportLetter{Subject: l.Subject, Text: l.Text, HTML: l.HTML, Files: names}}, nil
}

func (s *Server) sendReportOrder(ctx context.Context, in *reportOrderOneInput) (*Nothing, error) {
	o, err := s.deps.Reports.Orders.ReportOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	me := auth.From(ctx).Operator.Email
	if auth.From(ctx).Operator.ID == "" {
		return nil, &refused{location: "header.Authorization", msg: "the local command line has no address"}
	}
	if err := s.deps.Reports.Post.SendTo(ctx, o, me); err != nil {
		return nil, err
	}
	o.To = []string{me}
	return nil, s.recordOrder(ctx, auth.ActScheduleSent, o)
}

func (s *Server) recordOrder(ctx context.Context, act auth.Action, o reports.Order) error {
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: o.ID}, struct {
		Name    string           `json:"name"`
		Report  string           `json:"report"`
		To      []string         `json:"to"`
		On      bool             `json:"on"`
		Filter  dashboard.Filter `json:"filter"`
		Version int64            `json:"version"`
	}{o.Name, o.Report, o.To, o.On, o.Filter, o.Version})
}

// reportProblem is the status of what reports and the dashboard refuse; nil for everything else.
func reportProblem(err error) huma.StatusError {
	var (
		wrong    *dashboard.WrongError
		outdated *reports.OutdatedError
	)
	switch {
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.As(err, &outdated):
		return huma.NewError(http.StatusConflict, outdated.Error())
	case errors.Is(err, reports.ErrNoOrder):
		return huma.NewError(http.StatusNotFound, reports.ErrNoOrder.Error())
	}
	return nil
}
