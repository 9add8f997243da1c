package app

import (
	"cmp"
	"context"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/api"
	"tocsin/internal/dashboard"
	"tocsin/internal/detect"
	"tocsin/internal/directory"
	"tocsin/internal/mailauth"
	"tocsin/internal/rulebook"
)

// newDashboard connects the first page with what it looks at.
func (a *App) newDashboard(checker *mailauth.Checker) *api.Dashboard {
	board := dashboard.New(dashboard.Options{
		Store: questions{a.events}, Now: a.opt.Now, Log: a.log, Known: a.knownToDashboard, People: dashboardPeople{a.directory},
		Posture: a.posture, DMARC: publishes(checker),
		Desk: a.cases.DashboardDesk(a.cfg.Incidents.clocks()), Triage: a.cfg.Submissions.Triage,
		Alerts: unresolved{a.alerts.Store},
	})
	return &api.Dashboard{Board: board, Layouts: a.cases}
}

// unresolved are the alerts in the dashboard's words.
type unresolved struct{ alert.Store }

func (o unresolved) Newest(ctx context.Context, limit int) (list []dashboard.Attended, open int64, err error) {
	counts, err := o.Counts(ctx)
	if err != nil {
		return nil, 0, err
	}
	left := []alert.Status{alert.New, alert.InProgress}
	for _, s := range left {
		open += int64(counts.Status[s])
	}
	all, err := o.Alerts(ctx, alert.Filter{Statuses: left, Limit: limit})
	for i := range all {
		a := &all[i]
		list = append(list, dashboard.Attended{Time: a.Last, Title: a.Title, Severity: string(a.Severity), Category: a.Category, Count: a.Count, Page: "/alerts?open=" + a.ID})
	}
	return list, open, err
}

// knownToDashboard is the coverage in the dashboard's words.
func (a *App) knownToDashboard(ctx context.Context) (dashboard.Known, error) {
	c, err := a.Coverage(ctx)
	if err != nil {
		return dashboard.Known{}, err
	}
	k := dashboard.Known{Pending: c.PendingJobs, GeoIP: a.places != nil, Files: a.cfg.Engines.ClamAV.Address != "" || a.cfg.Engines.YARA.Folder != "" || a.cfg.Engines.CAPE.URL != ""}
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

// publishes asks DNS for what domains publish; nil where DNS is not asked.
func publishes(c *mailauth.Checker) func(ctx context.Context, domain string) (string, error) {
	if c.Resolver == nil {
		return nil
	}
	return c.Published
}

// posture is how this installation stands. Engines are not asked for it: the watch asks them every minute.
func (a *App) posture(context.Context) (dashboard.Posture, error) {
	p := dashboard.Posture{Watching: a.desk.Book().Policy().Mode == detect.Watch}
	for _, d := range a.cfg.Organisation.Domains {
		p.Domains = append(p.Domains, strings.ToLower(d))
	}
	for _, e := range []struct {
		name string
		m    *monitor
	}{{"ClamAV", a.watched.clamav}, {"YARA", a.watched.yara}, {"CAPE", a.watched.cape}, {"Page visits", a.watched.pages}} {
		if e.m == nil {
			continue
		}
		s := e.m.state(api.Engine{Value: e.name})
		one := dashboard.EngineState{Name: e.name, Away: s.State == "away", Problem: s.Problem}
		if s.Since != nil {
			one.Since = *s.Since
		}
		p.Engines = append(p.Engines, one)
	}
	for _, r := range a.rules.State().Rules {
		if r.Origin != rulebook.Own || !r.Enabled || r.File == nil || r.Error != nil {
			continue
		}
		p.Rules = append(p.Rules, dashboard.RuleState{ID: r.ID, Title: r.File.Title, Since: r.Latest.At, Weight: cmp.Or(r.Weight, r.File.Weight)})
	}
	return p, nil
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
