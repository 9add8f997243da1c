package app

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

// learningRound is the hourly job that trains the local model when enough was said since.
type learningRound struct{}

// Kind names the job in the database.
func (learningRound) Kind() string { return "learning" }

// InsertOpts lets a failed round be: the next one comes within the hour.
func (learningRound) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

type learningWorker struct {
	river.WorkerDefaults[learningRound]
	app *App
}

// Timeout leaves room for training on all examples.
func (*learningWorker) Timeout(*river.Job[learningRound]) time.Duration { return 50 * time.Minute }

// Work trains, or finds that it is too early.
func (w *learningWorker) Work(ctx context.Context, _ *river.Job[learningRound]) error {
	return w.app.learner.Upkeep(ctx)
}

// followModels takes up what other processes activated or reset.
func (a *App) followModels(ctx context.Context) {
	every := time.NewTicker(15 * time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if err := a.learner.Refresh(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("local model", "err", err)
			}
		}
	}
}
