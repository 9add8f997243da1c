package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/casestore"
	"tocsin/internal/remediate"
)

// actionQueue holds the jobs of actions on mailboxes.
const actionQueue = "actions"

// remediationStore is the store of actions with its jobs.
type remediationStore struct{ *casestore.Remediation }

// spread is the durable job that makes the jobs of an action's mailboxes.
type spread struct {
	Action string `json:"action"`
}

// Kind names the job in the database.
func (spread) Kind() string { return "action-spread" }

// InsertOpts lets it be tried as often as a store may be away.
func (spread) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 30_000} }

type spreadWorker struct {
	river.WorkerDefaults[spread]
	app *App
}

// spreadAtOnce is how many jobs are made in one transaction: others want to write too.
const spreadAtOnce = 500

// Work makes jobs until every mailbox has one.
func (w *spreadWorker) Work(ctx context.Context, j *river.Job[spread]) error {
	for {
		n, err := w.app.acting.store.Enlist(ctx, j.Args.Action, spreadAtOnce)
		if err != nil {
			w.app.log.Warn("an action waits", "action", j.Args.Action, "err", err)
			return river.JobSnooze(5 * time.Second)
		}
		if n < spreadAtOnce {
			return nil
		}
	}
}

// visit is the durable job of one mailbox of an action.
type visit struct {
	Action  string `json:"action"`
	Mailbox string `json:"mailbox"`
}

// Kind names the job in the database.
func (visit) Kind() string { return "action-mailbox" }

// InsertOpts lets it be tried as often as a mail system may be away. How often one message is tried is counted with it.
func (visit) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 30_000} }

type visitWorker struct {
	river.WorkerDefaults[visit]
	app *App
}

// Timeout: none, because Work comes back by itself after a few minutes.
func (*visitWorker) Timeout(*river.Job[visit]) time.Duration { return -1 }

// Work goes on with the mailbox until nothing is left, or says when to come again.
func (w *visitWorker) Work(ctx context.Context, j *river.Job[visit]) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(w.app.working(), stop)()
	turn, err := w.app.acting.worker.Work(ctx, j.Args.Action, j.Args.Mailbox)
	switch {
	case err != nil && ctx.Err() == nil:
		w.app.log.Warn("a mailbox waits", "action", j.Args.Action, "mailbox", j.Args.Mailbox, "err", err)
		return river.JobSnooze(10 * time.Second)
	case err != nil:
		return river.JobSnooze(time.Millisecond)
	case turn.Over:
		return nil
	}
	return river.JobSnooze(max(turn.Wait, time.Millisecond))
}

const (
	// actingEvery is how often requests that expire and checks that are due are looked for.
	actingEvery = time.Second
	// checksAtOnce is how many mailboxes one round checks, and how many of them at a time.
	checksAtOnce, checksParallel = 64, 4
	// purgeEvery is how often decisions are looked for that nobody has carried out; after a run that judged again, at once.
	purgeEvery = 10 * time.Minute
	// purgeLate is how soon after another look mail is looked for that was judged too late, or in a watched mailbox.
	purgeLate = 5 * time.Second
	// purgeBack is how far back they are looked for: a run decides about mail of up to 30 days, but it does so now.
	purgeBack = 7 * 24 * time.Hour
)

// followActing does what is due by the clock, until ctx ends.
func (a *App) followActing(ctx context.Context) {
	every := time.NewTicker(actingEvery)
	defer every.Stop()
	var purged time.Time
	a.wantPurge()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.acting.purge:
			purged = time.Now()
			a.carryOut(ctx)
		case <-every.C:
			a.actingRound(ctx)
			if since := time.Since(purged); since > purgeEvery || since > purgeLate && a.acting.late.Swap(false) {
				a.wantPurge()
			}
		}
	}
}

// wantPurge has decisions looked for soon.
func (a *App) wantPurge() {
	select {
	case a.acting.purge <- struct{}{}:
	default: // somebody wants it already
	}
}

// actingRound ends requests whose time is up and makes the checks that are due.
func (a *App) actingRound(ctx context.Context) {
	now := a.opt.Now()
	complain := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			a.log.Warn(what, "err", err)
		}
	}
	expired, err := a.acting.store.Expire(ctx, now)
	complain("requests for approval", err)
	for i := range expired {
		complain("audit log", a.recordExpiry(ctx, &expired[i]))
	}
	complain("approval policy", a.acting.approvals.Load(ctx))
	due, err := a.acting.store.Due(ctx, now, checksAtOnce)
	complain("checks of actions", err)
	var all sync.WaitGroup
	turns := make(chan struct{}, checksParallel)
	for _, d := range due {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			if ctx.Err() == nil {
				_, err := a.acting.worker.Check(ctx, d)
				complain("check of an action", err)
			}
		})
	}
	all.Wait()
}

// carryOut makes actions of what judging again has decided.
func (a *App) carryOut(ctx context.Context) {
	if len(a.acting.systems)+len(a.acting.own) == 0 || len(a.cfg.Remediate.ZAP) == 0 {
		return // decided, and somebody else's to carry out
	}
	since := a.opt.Now().Add(-purgeBack)
	recanted, err := a.acting.planner.Recant(ctx, a.acting.worker.Events, since)
	if err != nil && ctx.Err() == nil {
		a.log.Error("what is not wanted any more still waits", "err", err)
	}
	for i := range recanted {
		if err := a.recordRecanted(ctx, &recanted[i]); err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("audit log", "err", err)
		}
	}
	made, err := a.acting.planner.Purge(ctx, a.acting.worker.Events, a.cfg.Remediate.zap(), since)
	if err != nil && ctx.Err() == nil {
		a.log.Error("what judging again decided is not carried out", "err", err)
	}
	for i := range made {
		if err := a.recordAction(ctx, &made[i]); err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("audit log", "err", err)
		}
	}
}

// forgetHeld forgets what was taken out so long ago that nobody may put it back any more.
func (a *App) forgetHeld(ctx context.Context, now time.Time) error {
	keep := a.cfg.Remediate.Keep
	if keep <= 0 {
		return nil
	}
	for {
		n, err := a.acting.store.ForgetHeld(ctx, now.Add(-keep), now.Add(-max(keep, a.cfg.Quarantine.Keep)-heldSlack), 200, func(sum string) error { return a.acting.vault.Delete(ctx, sum) })
		if err != nil || n == 0 {
			return err
		}
	}
}

var _ remediate.Store = (*remediationStore)(nil)
