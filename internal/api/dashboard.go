package api

import (
	"context"
	"errors"

	"tocsin/internal/auth"
	"tocsin/internal/dashboard"
)

// Dashboard is what the first page needs.
type Dashboard struct {
	Board   *dashboard.Dashboard
	Layouts Layouts
}

func (s *Server) declareDashboard() {
	add(s, auth.ExplorerRead, "GET /dashboard", asking, "Figures of the dashboard, widget by widget", s.dashboard)
	add(s, auth.ExplorerRead, "GET /dashboard/options", quick, "What it can be narrowed to: departments, groups, domains", s.dashboardOptions)
	add(s, auth.ExplorerRead, "GET /dashboard/layout", quick, "How the operator arranged it", s.dashboardLayout)
	add(s, auth.ExplorerRead, "PUT /dashboard/layout", quick, "Keep how the operator arranged it", s.putDashboardLayout)
	add(s, auth.ExplorerRead, "GET /dashboard/live", streaming, "Server-sent events when the figures changed: changed, ping", s.dashboardLive, withEvents)
}

// sight is what whoever asks may see.
func sight(p *auth.Principal) dashboard.Sight {
	return dashboard.Sight{
		Actions: p.May(auth.ActionRead), Reports: p.May(auth.SubmissionRead), Incidents: p.May(auth.IncidentRead), Quarantine: p.May(auth.QuarantineRead),
		Policy: p.May(auth.PolicyRead), Rules: p.May(auth.RulesRead), Content: p.May(auth.EmailPreview),
	}
}

func (s *Server) dashboard(ctx context.Context, in *dashboardInput) (*Reply[dashboard.Board], error) {
	b, err := s.deps.Dashboard.Board.Board(ctx, dashboard.Ask{
		Widgets: in.Widgets, From: in.From, To: in.To, Filter: dashboard.Filter{Department: in.Department, Group: in.Group, Domain: in.Domain}, May: sight(auth.From(ctx)),
	})
	var wrong *dashboard.WrongError
	if errors.As(err, &wrong) {
		return nil, &refused{location: "query." + wrong.Field, msg: wrong.Say}
	}
	if err != nil {
		return nil, err
	}
	return &Reply[dashboard.Board]{*b}, nil
}
