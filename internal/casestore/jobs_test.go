package casestore

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
)

type countArgs struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

func (countArgs) Kind() string { return "count" }

// BenchmarkJobs measures what River itself costs on SQLite: jobs inserted 256 a transaction, worked by workers
// that do nothing.
func BenchmarkJobs(b *testing.B) {
	for _, workers := range []int{100, 500} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			s, err := Open(b.Context(), b.TempDir()+"/cases.sqlite")
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			var done atomic.Int64
			ws := river.NewWorkers()
			river.AddWorker(ws, river.WorkFunc(func(context.Context, *river.Job[countArgs]) error {
				done.Add(1)
				return nil
			}))
			jobs, err := s.Jobs(JobConfig{Workers: ws, Queues: map[string]river.QueueConfig{"default": {MaxWorkers: workers}}})
			if err != nil {
				b.Fatal(err)
			}
			if err := jobs.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			const group = 256
			start := time.Now()
			for i := 0; i < b.N; i += group {
				var params []river.InsertManyParams
				for j := range min(group, b.N-i) {
					params = append(params, river.InsertManyParams{Args: countArgs{N: i + j, Text: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}})
				}
				if err := s.InTx(b.Context(), func(tx *sql.Tx) error {
					_, err := jobs.InsertManyFastTx(b.Context(), tx, params)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
			inserted := time.Since(start)
			for done.Load() < int64(b.N) {
				time.Sleep(time.Millisecond)
			}
			worked := time.Since(start)
			if err := jobs.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/inserted.Seconds(), "inserted/s")
			b.ReportMetric(float64(b.N)/worked.Seconds(), "worked/s")
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "completed/s")
		})
	}
}
