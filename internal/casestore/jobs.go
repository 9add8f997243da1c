package casestore

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

// JobConfig is what the queue client is built from. Workers of every package are added to Workers before.
type JobConfig struct {
	Workers  *river.Workers
	Queues   map[string]river.QueueConfig // nil: a client that only inserts
	Periodic []*river.PeriodicJob
	Logger   *slog.Logger // nil: discard
}

// Jobs makes the client of the durable job queue in this database. The caller starts and stops it, before Close.
//
// The queue is polled: SQLite cannot wake another connection, River's listener would poll too, and one writer
// connection is better spent on jobs.
func (s *Store) Jobs(c JobConfig) (*river.Client[*sql.Tx], error) {
	logger := c.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	client, err := river.NewClient(riversqlite.New(s.writer), &river.Config{
		Workers:             c.Workers,
		Queues:              c.Queues,
		PeriodicJobs:        c.Periodic,
		Logger:              logger,
		PollOnly:            true,
		SkipUnknownJobCheck: c.Workers == nil,
		FetchCooldown:       20 * time.Millisecond,
		// A look at an empty queue costs a millisecond of processor, all day long. A queue that somebody waits for sets its own.
		FetchPollInterval: time.Second,
		// A finished job has nothing to say that messages and events do not; keep the table small.
		CompletedJobRetentionPeriod: 10 * time.Minute,
		DiscardedJobRetentionPeriod: 30 * 24 * time.Hour,
		// Jobs of a process that died are revived at start (ReviveJobs). This is for a goroutine that hangs.
		RescueStuckJobsAfter: time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return client, nil
}

// ReviveJobs makes the jobs that a dead process left "running" available again, at once instead of after the rescue
// time, and returns how many. Call it after taking the data folder's lock and before starting the client: it
// relies on nobody else working on this database.
func (s *Store) ReviveJobs(ctx context.Context) (int64, error) {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE river_job SET state = ? WHERE state = ?`),
		string(rivertype.JobStateAvailable), string(rivertype.JobStateRunning))
	if err != nil {
		return 0, fmt.Errorf("revive jobs: %w", err)
	}
	return res.RowsAffected()
}
