package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tocsin/internal/auth"
	"tocsin/internal/dashboard"
	"tocsin/internal/directory"
)

// Layouts keeps how operators arranged the dashboard.
type Layouts interface {
	DashboardLayout(ctx context.Context, operatorID string) (json.RawMessage, error)
	PutDashboardLayout(ctx context.Context, operatorID string, body json.RawMessage) error
}

// maxChoices is how many departments, and groups, the filter offers.
const maxChoices = 1000

func (s *Server) dashboardOptions(_ context.Context, _ *Nothing) (*Reply[DashboardOptions], error) {
	choices := func(in []directory.Counted) []DashboardChoice {
		out := make([]DashboardChoice, 0, min(len(in), maxChoices))
		for _, c := range in[:min(len(in), maxChoices)] {
			out = append(out, DashboardChoice{Name: c.Name, People: c.People, Large: c.People > dashboard.MaxMembers})
		}
		return out
	}
	out := DashboardOptions{Departments: choices(s.deps.Directory.Departments()), Groups: choices(s.deps.Directory.Groups()), Domains: []DashboardChoice{}}
	for _, d := range s.deps.Organisation.Domains {
		out.Domains = append(out.Domains, DashboardChoice{Name: d})
	}
	return &Reply[DashboardOptions]{out}, nil
}

func (s *Server) dashboardLayout(ctx context.Context, _ *Nothing) (*Reply[DashboardLayout], error) {
	out := DashboardLayout{}
	kept, err := s.deps.Dashboard.Layouts.DashboardLayout(ctx, auth.From(ctx).Operator.ID)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		if err := json.Unmarshal(kept, &out); err != nil {
			return nil, fmt.Errorf("dashboard layout: %w", err)
		}
	}
	out.Widgets = whole(out.Widgets)
	return &Reply[DashboardLayout]{out}, nil
}

func (s *Server) putDashboardLayout(ctx context.Context, in *dashboardLayoutInput) (*Reply[DashboardLayout], error) {
	if auth.From(ctx).Operator.ID == "" {
		return nil, &refused{location: "header.Authorization", msg: "the local command line has no dashboard"}
	}
	in.Body.Widgets = whole(in.Body.Widgets)
	raw, err := json.Marshal(in.Body)
	if err != nil {
		return nil, fmt.Errorf("dashboard layout: %w", err)
	}
	if err := s.deps.Dashboard.Layouts.PutDashboardLayout(ctx, auth.From(ctx).Operator.ID, raw); err != nil {
		return nil, err
	}
	return &Reply[DashboardLayout]{in.Body}, nil
}

// whole is a layout with every widget once: the first place of each that there is, then those that it does not name.
func whole(in []DashboardPlace) []DashboardPlace {
	out := []DashboardPlace{}
	has := func(key string) bool {
		return slices.ContainsFunc(out, func(p DashboardPlace) bool { return p.Key == key })
	}
	for _, p := range in {
		if slices.Contains(dashboard.Places(), p.Key) && !has(p.Key) {
			out = append(out, p)
		}
	}
	for _, key := range dashboard.Places() {
		if !has(key) {
			out = append(out, DashboardPlace{Key: key})
		}
	}
	return out
}
