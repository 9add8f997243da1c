package app

import (
	"context"
	"slices"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/tracker"
)

// trackers is what keeps an eye on what changes.
type trackers struct {
	clock *tracker.Clock
	board *tracker.Board
}

// openTrackers connects trackers with hunting, the operators and the alerts.
func (a *App) openTrackers() {
	a.trackers = &trackers{
		clock: &tracker.Clock{
			Store: a.cases.Trackers(), Shelf: a.cases, Runner: a.hunter, Operators: trackerOwners{a}, Alerts: a.alerts, Now: a.opt.Now, Log: a.log, Stopped: a.trackerStopped,
		},
		board: &tracker.Board{Sources: a.feedReports, Runner: a.hunter, Now: a.opt.Now},
	}
}

// trackerOwners are the operators as trackers see them.
type trackerOwners struct{ app *App }

// Owner returns what an operator may now.
func (o trackerOwners) Owner(ctx context.Context, id string) (tracker.Owner, error) {
	who, err := o.app.gate.Operator(ctx, id)
	may := auth.Granted(who.Roles)
	return tracker.Owner{
		Email: who.Email, Disabled: who.Disabled, MayTrack: slices.Contains(may, auth.HuntRun) && slices.Contains(may, auth.HuntSave), Content: slices.Contains(may, auth.EmailPreview),
	}, err
}

// trackerStopped records that a tracker stopped by itself.
func (a *App) trackerStopped(ctx context.Context, t tracker.Tracked, why string) {
	r := auth.Record{Operator: "Tocsin", Via: "automatic", Action: auth.ActTrackerStopped, Subject: t.ID, Reason: why}
	if err := a.gate.Write(ctx, r, map[string]string{"name": t.Name, "owner": t.Owner}); err != nil {
		a.log.Error("that a tracked query stopped is not recorded", "tracker", t.ID, "err", err)
	}
}

// ownQuestions answers the questions that trends ask.
type ownQuestions struct{ app *App }

// Ask runs a query over the event store.
func (o ownQuestions) Ask(ctx context.Context, query string, each func(row []any)) error {
	return laterEvents{o.app.events}.ask(ctx, query, each)
}

// trackersEvery is how often it is looked which tracked queries are due.
const trackersEvery = 5 * time.Second

// followTrackers runs tracked queries when they are due, and forgets old runs, until ctx ends.
func (a *App) followTrackers(ctx context.Context) {
	every := time.NewTicker(trackersEvery)
	defer every.Stop()
	forgot := time.Time{}
	for {
		if _, err := a.trackers.clock.Round(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("tracked queries wait", "err", err)
		}
		if now := a.opt.Now(); now.Sub(forgot) >= time.Hour && ctx.Err() == nil {
			forgot = now
			if err := a.cases.Trackers().ForgetRuns(ctx, now.Add(-tracker.HistoryLife)); err != nil {
				a.log.Warn("old runs of tracked queries stay", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}
