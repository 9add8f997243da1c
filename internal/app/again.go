package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"tocsin/internal/api"
	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/rejudge"
)

// Queues of the runs that judge mail again. Each works one run at a time: they share the processor with the mail that comes in.
const (
	zapQueue    = "rejudge"
	whatIfQueue = "whatif"
)

// again is the durable job of one run.
type again struct {
	Run string `json:"run"`
}

// Kind names the job in the database.
func (again) Kind() string { return "judge-again" }

// InsertOpts lets it be tried as often as a store may be away.
func (again) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 30_000} }

type againWorker struct {
	river.WorkerDefaults[again]
	app *App
}

// Timeout: none, because Work comes back by itself after a few minutes.
func (*againWorker) Timeout(*river.Job[again]) time.Duration { return -1 }

// Work goes on with the run until it is over, the time of one turn is up, or the process stops.
func (w *againWorker) Work(ctx context.Context, j *river.Job[again]) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(w.app.working(), stop)()
	over, err := w.app.again.Work(ctx, j.Args.Run)
	switch {
	case err != nil && ctx.Err() == nil:
		w.app.log.Warn("judging again waits", "run", j.Args.Run, "err", err)
		return river.JobSnooze(10 * time.Second)
	case over:
		w.app.wantPurge() // what was decided is carried out
		return nil
	}
	return river.JobSnooze(time.Millisecond)
}

// working is the context of work that ends before the accepted mail is finished.
func (a *App) working() context.Context {
	if p := a.late.Load(); p != nil {
		return *p
	}
	return context.Background()
}

// newAgain wires what judges again.
func (a *App) newAgain() *rejudge.Worker {
	return &rejudge.Worker{
		Store: a.cases, Ledger: a.cases, Events: laterEvents{a.events}, Examiner: rereader{a}, Book: a.desk.Book,
		Candidate: a.candidate, Remember: a.remember, Yield: a.yield, Now: a.opt.Now, Log: a.log,
	}
}

// yieldMost is how long one message waits for live mail, so that a run ends on a busy day too.
const yieldMost = time.Second

// yield waits while live mail is being judged.
func (a *App) yield(ctx context.Context) {
	for deadline := time.Now().Add(yieldMost); a.pipeline.Busy() && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

var _ api.Runs = (*App)(nil)

// Runs returns the store of runs.
func (a *App) Runs() rejudge.Store { return a.cases }

// Start makes a run of a spec and puts it into the queue; both or none. An automatic run that waits already takes the place of another:
// ErrWaits.
func (a *App) Start(ctx context.Context, r rejudge.Run) (rejudge.Run, error) {
	now := a.opt.Now().UTC().Truncate(time.Microsecond)
	if err := r.Spec.Check(r.Kind, now); err != nil {
		return r, err
	}
	if r.Kind == rejudge.WhatIf { // what is wrong with it is said now, not when its turn comes
		if _, err := a.candidate(ctx, &r.Spec); err != nil {
			return r, err
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return r, fmt.Errorf("id: %w", err)
	}
	r.ID, r.State, r.Created = id.String(), rejudge.Queued, now
	opts := &river.InsertOpts{Queue: zapQueue}
	if r.Kind == rejudge.WhatIf {
		opts.Queue = whatIfQueue
	}
	if r.Automatic {
		opts.ScheduledAt = time.Now().Add(a.opt.Settle) // changes come in groups
	}
	err = a.cases.InTx(ctx, func(tx *sql.Tx) error {
		added, err := a.cases.AddRun(ctx, tx, r)
		if err != nil {
			return err
		}
		if !added {
			return errWaits
		}
		_, err = a.jobs.InsertTx(ctx, tx, again{Run: r.ID}, opts)
		return err
	})
	return r, err
}

// errWaits says that an automatic run waits already, which will do what another would.
var errWaits = errors.New("a run waits already")

// judgeAgain has the mail of the last days judged again, because something changed.
func (a *App) judgeAgain(why string) {
	if !a.cfg.Rejudge.Automatic || a.cfg.Rejudge.Window <= 0 || !a.opt.Upkeep {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	now := a.opt.Now().UTC()
	_, err := a.Start(ctx, rejudge.Run{
		Kind: rejudge.Rejudge, Automatic: true, Trigger: why, By: "Tocsin", Via: "automatic",
		Spec: rejudge.Spec{Since: now.Add(-a.cfg.Rejudge.Window), Until: now.Add(a.opt.Settle + time.Minute)},
	})
	if err != nil && !errors.Is(err, errWaits) {
		a.log.Error("delivered mail is not judged again", "why", why, "err", err)
	}
}

// candidate makes of a spec what would decide.
func (a *App) candidate(_ context.Context, s *rejudge.Spec) (out rejudge.Setup, err error) {
	state := a.desk.State()
	parts := detect.Policies{Policy: state.Book.Policy(), Entries: state.Book.Entries(), Mailboxes: state.Book.Mailboxes()}
	if s.Policy != nil {
		parts.Policy = *s.Policy
		parts.Policy.ID, parts.Policy.Name, parts.Policy.Overrides = "candidate", "Candidate", nil
		if err := parts.Policy.Validate(); err != nil {
			return out, &rejudge.Wrong{Field: "policy", Err: err}
		}
	}
	if len(s.Entries)+len(s.Without) > 0 {
		parts.Entries = parts.Entries.With(s.Entries, s.Without)
	}
	out.Book = parts.Book()
	if s.Rule == "" {
		return out, nil
	}
	set, _, err := a.rules.Instead(s.Rule)
	if err != nil {
		return out, &rejudge.Wrong{Field: "rule", Err: err}
	}
	judge, err := newJudge(a.cfg, set, a.indicators.desk.Set(), false)
	if err != nil {
		return out, err
	}
	for _, t := range learnThreats { // only the rule is new
		judge.SetModel(t.threat, a.judge.Model(t.threat))
	}
	out.Judge = judge
	return out, nil
}

// rereader reads stored mail again, in the turns of the pipeline.
type rereader struct{ app *App }

var _ rejudge.Examiner = rereader{}

// examiner is that of the pipeline.
func (r rereader) examiner() ingest.Examiner { return r.app.pipeline.Examiner() }
