package app

import (
	"context"

	"tocsin/internal/api"
	"tocsin/internal/dashboard"
	"tocsin/internal/directory"
)

// newDashboard connects the first page with what it looks at.
func (a *App) newDashboard() *api.Dashboard {
	return &api.Dashboard{
		Board: dashboard.New(dashboard.Options{
			Store: questions{a.events}, Now: a.opt.Now, Log: a.log, Known: a.knownToDashboard, People: dashboardPeople{a.directory},
		}),
		Layouts: a.cases,
	}
}

// knownToDashboard is the coverage in the dashboard's words.
func (a *App) knownToDashboard(ctx context.Context) (dashboard.Known, error) {
	c, err := a.Coverage(ctx)
	if err != nil {
		return dashboard.Known{}, err
	}
	k := dashboard.Known{Pending: c.PendingJobs, GeoIP: a.geo != nil, Files: a.cfg.Engines.ClamAV.Address != "" || a.cfg.Engines.YARA.Folder != "" || a.cfg.Engines.CAPE.URL != ""}
	if c.Oldest != nil && c.Newest != nil {
		k.Oldest, k.Newest = *c.Oldest, *c.Newest
	}
	for _, s := range c.Sources {
		one := dashboard.Source{Name: s.Name, Listening: s.State == "listening", Failed: s.State == "failed"}
		if s.LastEvent != nil {
			one.Last = *s.LastEvent
		}
		k.Sources = append(k.Sources, one)
	}
	return k, nil
}

// dashboardPeople is the directory in the dashboard's words.
type dashboardPeople struct{ *directory.Directory }

var _ dashboard.People = dashboardPeople{}

// Name is what a person is called.
func (p dashboardPeople) Name(address string) string {
	e, err := p.Person(address)
	if err != nil {
		return ""
	}
	return e.Name
}
