package ingest

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/casestore"
)

// Counts are figures since this process started.
type Counts struct {
	Accepted   int64 // answered with a receipt, duplicates included
	Duplicates int64
	Failed     int64 // answered with an error
}

// Counts returns what Accept answered.
func (in *Intake) Counts() Counts {
	return Counts{Accepted: in.accepted.Load(), Duplicates: in.duplicates.Load(), Failed: in.failed.Load()}
}

// Progress is how far the judging is.
type Progress struct {
	Waiting  int64 // accepted messages whose events are not stored yet; what is missing in every answer about the last minutes
	Judged   int64 // since this process started
	Unjudged int64 // since then: listed with a defect because a step of the judgement failed
	Delayed  int64 // since then: put off because a store was away
	// JudgeTime is the mean processor time of one message, parsing and judging; 0 before the first.
	JudgeTime time.Duration
}

// Progress returns how far the judging is.
func (p *Pipeline) Progress(ctx context.Context) (Progress, error) {
	waiting, err := p.cfg.Ledger.JobsWaiting(ctx, Queue)
	if err != nil {
		return Progress{}, err
	}
	s := Progress{Waiting: waiting, Judged: p.judged.Load(), Unjudged: p.unjudged.Load(), Delayed: p.delayed.Load()}
	if s.Judged > 0 {
		s.JudgeTime = time.Duration(p.judgeNanos.Load() / s.Judged)
	}
	return s, nil
}

// Recover brings back what a dead process left behind: its running jobs, and messages whose job got lost (nothing in Tocsin
// loses one; an operator who empties the queue does). The messages that it was judging when it died become suspects. Call it once,
// while the data folder is locked and before the queue is started. It returns how many jobs of each kind it brought back.
func (p *Pipeline) Recover(ctx context.Context, jobs Jobs) (revived, renewed int64, err error) {
	if err := p.suspect(ctx); err != nil {
		return 0, 0, err
	}
	if revived, err = p.cfg.Ledger.ReviveJobs(ctx); err != nil {
		return 0, 0, err
	}
	renewed, err = renew(ctx, p.cfg.Ledger, jobs)
	return revived, renewed, err
}

// suspect counts the last process's death against the messages it was judging, and loads who is under suspicion.
func (p *Pipeline) suspect(ctx context.Context) (err error) {
	if p.cfg.Judging == "" {
		return nil
	}
	sums, err := readBlackbox(p.cfg.Judging)
	if err != nil {
		return err
	}
	if p.suspects, err = p.cfg.Ledger.SuspectMessages(ctx, sums); err != nil {
		return err
	}
	p.judging, err = openBlackbox(p.cfg.Judging, p.cfg.Loaded)
	return err
}

// renew makes jobs for messages that have neither events nor a job.
func renew(ctx context.Context, ledger *casestore.Store, jobs Jobs) (renewed int64, err error) {
	for {
		const step = 1000
		lost, err := ledger.MessagesWithoutWork(ctx, Job{}.Kind(), step)
		if err != nil || len(lost) == 0 {
			return renewed, err
		}
		params := make([]river.InsertManyParams, len(lost))
		for i, m := range lost {
			params[i].Args = Job{
				SHA256: m.SHA256, NetworkMessageID: m.NetworkMessageID, Time: m.Time.UnixMicro(), Source: m.Source, Recipients: m.Recipients,
			}
		}
		err = ledger.InTx(ctx, func(tx *sql.Tx) error {
			_, err := jobs.InsertManyFastTx(ctx, tx, params)
			return err
		})
		if err != nil {
			return renewed, fmt.Errorf("renew lost jobs: %w", err)
		}
		renewed += int64(len(lost))
		if len(lost) < step {
			return renewed, nil
		}
	}
}
