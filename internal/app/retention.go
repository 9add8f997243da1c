package app

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/alert"
	"tocsin/internal/hunt"
	"tocsin/internal/ingest"
)

// retention is the hourly job that forgets what is too old.
type retention struct{}

// Kind names the job in the database.
func (retention) Kind() string { return "retention" }

// InsertOpts lets a failed round be: the next one comes within the hour.
func (retention) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

type retentionWorker struct {
	river.WorkerDefaults[retention]
	app *App
}

// Timeout leaves the first round after a long pause its time.
func (*retentionWorker) Timeout(*river.Job[retention]) time.Duration { return 50 * time.Minute }

// Work forgets events, bytes, sessions and runs of queries that are over.
func (w *retentionWorker) Work(ctx context.Context, _ *river.Job[retention]) error {
	a, now := w.app, time.Now()
	if keep := a.cfg.Retention.Events; keep > 0 {
		n, err := a.events.Retain(ctx, now.Add(-keep))
		if err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		if n > 0 {
			a.log.Info("forgot old events", "rows", n, "older_than", keep)
		}
	}
	if n, err := a.expireQuarantine(ctx); err != nil {
		return fmt.Errorf("end what was in quarantine too long: %w", err)
	} else if n > 0 {
		a.log.Info("ended what was in quarantine too long", "entries", n, "older_than", a.cfg.Quarantine.Keep)
	}
	if err := a.held.store.Forget(ctx, now.Add(-a.cfg.Quarantine.Keep-heldSlack)); err != nil {
		return fmt.Errorf("forget digests and requests: %w", err)
	}
	if keep := a.cfg.Retention.Mail; keep > 0 {
		needed, err := a.neededByQuarantine(ctx)
		if err != nil {
			return fmt.Errorf("look what quarantine needs: %w", err)
		}
		n, err := a.blobs.Retain(ctx, now.Add(-keep), needed)
		if err != nil {
			return fmt.Errorf("forget mail: %w", err)
		}
		if n > 0 {
			a.log.Info("forgot the bytes of old mail", "messages", n, "older_than", keep)
		}
	}
	if a.memory != nil {
		if _, err := a.memory.Forget(ctx, now); err != nil {
			return err
		}
	}
	if err := a.cases.ForgetPrints(ctx, now.Add(-ingest.KinWindow)); err != nil {
		return fmt.Errorf("forget fingerprints: %w", err)
	}
	if err := a.cases.ForgetAnswers(ctx, now.Add(-ingest.KinWindow)); err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	if err := a.cases.Alerts().ForgetAlerts(ctx, now.Add(-alert.Life)); err != nil {
		return fmt.Errorf("forget alerts: %w", err)
	}
	if err := a.cases.ForgetDeliveries(ctx, now.Add(-ingest.DeliveryMemory)); err != nil {
		return err
	}
	if keep := a.cfg.Audit.Retention; keep > 0 {
		n, err := a.notary.Retain(ctx, now.Add(-keep))
		if err != nil {
			return fmt.Errorf("forget audit records: %w", err)
		}
		if n > 0 {
			a.log.Info("forgot old audit records", "records", n, "older_than", keep)
		}
	}
	if _, err := a.cases.Sessions().RemoveExpired(ctx, now); err != nil {
		return fmt.Errorf("forget sessions: %w", err)
	}
	if err := a.cases.ForgetSessions(ctx, now.Add(-a.cfg.Sessions.Life)); err != nil {
		return fmt.Errorf("forget sessions: %w", err)
	}
	if err := a.cases.ForgetPast(ctx, now.Add(-hunt.HistoryLife)); err != nil {
		return fmt.Errorf("forget what was hunted: %w", err)
	}
	if err := a.cases.ForgetRuns(ctx, now.Add(-runLife)); err != nil {
		return fmt.Errorf("forget what was judged again: %w", err)
	}
	if err := a.cases.RetroHunts().ForgetHunts(ctx, now.Add(-runLife)); err != nil {
		return fmt.Errorf("forget retro-hunts: %w", err)
	}
	if err := a.outgoing.store.Forget(ctx, now.Add(-lettersKept)); err != nil {
		return err
	}
	if err := a.forgetHeld(ctx, now); err != nil {
		return fmt.Errorf("forget what was taken out: %w", err)
	}
	if err := a.forgetSubmissions(ctx, now); err != nil {
		return fmt.Errorf("forget submissions: %w", err)
	}
	return nil
}

// runLife is how long runs that judged mail again are kept with their results.
const runLife = 90 * 24 * time.Hour
