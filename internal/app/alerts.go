package app

import (
	"context"
	"errors"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
)

// openAlerts connects what raises and keeps alerts.
func (a *App) openAlerts() {
	a.alerts = &alert.Desk{Store: a.cases.Alerts(), Events: alertRows{a}, NewID: newID, Now: a.opt.Now, Log: a.log}
}

// alertRows is the event store for those who raise alerts.
type alertRows struct{ app *App }

// AppendAlerts writes rows for hunting. One row that will never be taken must not hold up the others.
func (r alertRows) AppendAlerts(ctx context.Context, infos []event.Alert, pieces []event.AlertEvidence) error {
	err := r.app.events.Append(ctx, event.Batch{Alerts: infos, Evidence: pieces})
	var refused *eventstore.RowError
	if !errors.As(err, &refused) {
		return err
	}
	one := func(b event.Batch, id string) error {
		err := r.app.events.Append(ctx, b)
		if errors.As(err, &refused) {
			r.app.log.Error("event store refused an alert", "alert", id, "err", err)
			return nil
		}
		return err
	}
	for i := range infos {
		if err := one(event.Batch{Alerts: infos[i : i+1]}, infos[i].AlertId); err != nil {
			return err
		}
	}
	for i := range pieces {
		if err := one(event.Batch{Evidence: pieces[i : i+1]}, pieces[i].AlertId); err != nil {
			return err
		}
	}
	return nil
}

// tellAlertsEvery is how often it is looked whether alerts wait to be told: those that a crash or a busy store left behind.
const tellAlertsEvery = 30 * time.Second

// followAlerts tells hunting of alerts that wait, until ctx ends.
func (a *App) followAlerts(ctx context.Context) {
	every := time.NewTicker(tellAlertsEvery)
	defer every.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = a.alerts.Tell(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("alerts wait to be told to hunting", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}
