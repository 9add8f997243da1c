package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/incident"
	"tocsin/internal/quarantine"
	"tocsin/internal/remediate"
	"tocsin/internal/submission"
)

// DashboardLayout returns how an operator arranged the dashboard, as it was put; nil when they did not.
func (s *Store) DashboardLayout(ctx context.Context, operatorID string) (json.RawMessage, error) {
	var body string
	err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT body FROM dashboard_layouts WHERE operator_id = ?`), operatorID).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return json.RawMessage(body), wrap("dashboard layout", err)
}

// PutDashboardLayout keeps it.
func (s *Store) PutDashboardLayout(ctx context.Context, operatorID string, body json.RawMessage) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO dashboard_layouts (operator_id, body) VALUES (?, ?) ON CONFLICT (operator_id) DO UPDATE SET body = excluded.body`), operatorID, string(body))
	return wrap("dashboard layout", err)
}

// DashboardDesk counts what people work on, for the dashboard.
type DashboardDesk struct {
	s      *Store
	clocks incident.Clocks
}

var _ dashboard.Desk = (*DashboardDesk)(nil)

// DashboardDesk returns it. Incidents are late by these clocks.
func (s *Store) DashboardDesk(clocks incident.Clocks) *DashboardDesk {
	return &DashboardDesk{s, clocks}
}

// WaitingActions counts actions that wait for approval.
func (d *DashboardDesk) WaitingActions(ctx context.Context, soon time.Time) (q dashboard.Queue, err error) {
	var oldest, due int64
	err = d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*), coalesce(min(created), 0), coalesce(min(CASE WHEN expires > 0 THEN expires END), 0),
		coalesce(sum(CASE WHEN expires > 0 AND expires < ? THEN 1 ELSE 0 END), 0) FROM actions WHERE state = ?`), micros(soon), string(remediate.Waiting)).Scan(&q.Count, &oldest, &due, &q.Soon)
	q.Oldest, q.Due = fromMicros(oldest), fromMicros(due)
	return q, wrap("waiting actions", err)
}

// UntriagedReports counts submissions that nobody took up.
func (d *DashboardDesk) UntriagedReports(ctx context.Context, late time.Time) (q dashboard.Queue, err error) {
	var oldest int64
	err = d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*), coalesce(min(created), 0), coalesce(sum(CASE WHEN created < ? THEN 1 ELSE 0 END), 0) FROM submissions WHERE state = ?`),
		micros(late), string(submission.New)).Scan(&q.Count, &oldest, &q.Late)
	q.Oldest = fromMicros(oldest)
	return q, wrap("untriaged reports", err)
}

// ReleaseRequests counts people who wait for an answer.
func (d *DashboardDesk) ReleaseRequests(ctx context.Context) (q dashboard.Queue, err error) {
	var oldest int64
	err = d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*), coalesce(min(asked), 0) FROM quarantine_requests WHERE state = ?`), string(quarantine.Open)).Scan(&q.Count, &oldest)
	q.Oldest = fromMicros(oldest)
	return q, wrap("release requests", err)
}

// openIncidents is the filter that the list of incidents has by itself.
func (d *DashboardDesk) openIncidents(now time.Time) incident.Filter {
	return incident.Filter{Status: []incident.Status{incident.Active, incident.InProgress}, Sort: incident.ByCreated, Limit: 5, Now: now, Clocks: d.clocks}
}

// UnownedIncidents counts open incidents of high severity that nobody has.
func (d *DashboardDesk) UnownedIncidents(ctx context.Context, now time.Time) (q dashboard.Queue, err error) {
	f := d.openIncidents(now)
	f.Severity, f.Owner = []incident.Severity{incident.High}, incident.NoOwner
	page, err := d.s.Incidents().List(ctx, f)
	if err != nil {
		return q, err
	}
	q.Count = int64(page.Total)
	for i := range page.Incidents {
		x := &page.Incidents[i]
		q.Names = append(q.Names, incident.Label(x.Number)+" "+x.Name)
		if i == 0 {
			q.Oldest, q.Due = x.Created, d.clocks.Of(x, now).Next
		}
	}
	f.Overdue = true
	if page, err = d.s.Incidents().List(ctx, f); err != nil {
		return q, err
	}
	q.Late = int64(page.Total)
	return q, nil
}

// OpenIncidents counts open incidents by severity, gravest first.
func (d *DashboardDesk) OpenIncidents(ctx context.Context, now time.Time) ([]dashboard.IncidentCount, error) {
	out := make([]dashboard.IncidentCount, len(incident.Severities()))
	for i, s := range incident.Severities() {
		out[i].Severity = s.String()
	}
	count := func(f incident.Filter, to func(c *dashboard.IncidentCount) *int64) error {
		c, err := d.s.Incidents().Counts(ctx, f, "")
		if err != nil {
			return err
		}
		for _, s := range c.Severity {
			for i := range out {
				if out[i].Severity == s.Value {
					*to(&out[i]) = int64(s.Count)
				}
			}
		}
		return nil
	}
	all, unowned, overdue := d.openIncidents(now), d.openIncidents(now), d.openIncidents(now)
	unowned.Owner, overdue.Overdue = incident.NoOwner, true
	return out, errors.Join(
		count(all, func(c *dashboard.IncidentCount) *int64 { return &c.Open }),
		count(unowned, func(c *dashboard.IncidentCount) *int64 { return &c.Unowned }),
		count(overdue, func(c *dashboard.IncidentCount) *int64 { return &c.Overdue }))
}

// ActionStates counts actions by state.
func (d *DashboardDesk) ActionStates(ctx context.Context, from, to time.Time) (map[string]int64, error) {
	out := map[string]int64{}
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT state, count(*) FROM actions WHERE ended = 0 OR ended >= ? AND ended < ? GROUP BY state`), micros(from), micros(to))
	if err != nil {
		return nil, wrap("actions", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return nil, wrap("actions", err)
		}
		out[state] = n
	}
	return out, wrap("actions", rows.Err())
}
