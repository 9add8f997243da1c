package duckdb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/eventstore/storetest"
	"tocsin/internal/kql"
)

// crowded is a store whose rows are far more than its memory holds.
func crowded(t *testing.T) *duckdb.Store {
	t.Helper()
	dir := t.TempDir()
	tight := duckdb.Options{MemoryLimit: 256 << 20, Threads: 2, SpillLimit: 2 << 30, CheckpointBytes: 256 << 10}
	s, err := duckdb.Open(t.Context(), dir, tight)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", filepath.Join(dir, duckdb.Name)+"?storage_compatibility_version=latest")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO "EmailEvents" BY NAME
		SELECT TIMESTAMP '2026-01-01' + INTERVAL 1 SECOND * i AS "Timestamp", 'm' || i AS "NetworkMessageId", 'user' || (i % 1000) || '@harbour.test' AS "RecipientEmailAddress",
			(['Inbound','Outbound','Intra-org'])[1 + i % 3] AS "EmailDirection", 'subject ' || hash(i) AS "Subject", i || repeat(' many words', 150) AS "AdditionalFields"
		FROM range(300000) t(i)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = duckdb.Open(t.Context(), dir, tight); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func statement(t *testing.T, query string) *kql.Statement {
	t.Helper()
	q, err := kql.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	st, err := kql.Compile(q, kql.Options{Now: storetest.Base}, kql.DuckDB())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// host asks and writes what intake and Explorer do until done is closed, and reports how often. Every one must succeed, and soon.
func host(t *testing.T, s *duckdb.Store, done <-chan struct{}) (times int, longest time.Duration) {
	t.Helper()
	ask := statement(t, "EmailEvents | summarize count() by EmailDirection")
	for n := 0; ; n++ {
		select {
		case <-done:
			return n, longest
		default:
		}
		began := time.Now()
		e := storetest.Mail(n)
		e.AdditionalFields = fmt.Sprint("written beside ", time.Now().UnixNano())
		e.NetworkMessageId = fmt.Sprint("beside-", time.Now().UnixNano())
		if err := s.Append(t.Context(), event.Batch{Emails: []event.EmailEvent{e}}); err != nil {
			t.Errorf("append %d: %v", n, err)
		}
		rows := 0
		if err := s.Query(t.Context(), ask, func([]any) error { rows++; return nil }); err != nil || rows < 3 {
			t.Errorf("question %d: %d rows, %v", n, rows, err)
		}
		longest = max(longest, time.Since(began))
	}
}

const crossing = `EmailEvents | join kind=inner EmailEvents on EmailDirection | where Subject !contains Subject1 `

// TestHuntsLeaveRoom: whatever people ask, intake and Explorer go on, and what needs too much ends alone.
func TestHuntsLeaveRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills the memory of a store many times over")
	}
	s := crowded(t)
	for _, q := range []struct {
		name, query string
		want        error // nil: it ends by itself or is stopped below, with rows or without
	}{
		{"a list of everything", `EmailEvents | summarize make_list(AdditionalFields)`, eventstore.ErrMemory},
		{"sets of everything", `EmailEvents | summarize make_set(AdditionalFields) by EmailDirection`, eventstore.ErrMemory},
		{"whole rows", `EmailEvents | summarize arg_max(Timestamp, *) by NetworkMessageId`, eventstore.ErrMemory},
		{"everything with everything", crossing + `| summarize max(strcat(Subject, Subject1))`, nil},
		{"rows of everything with everything", crossing, nil},
		{"a sort of whole rows", `EmailEvents | sort by Subject asc`, nil},
		{"a percentile and distinct texts", `EmailEvents | summarize percentile(EmailSize, 95), dcount(Subject), dcount(AdditionalFields)`, nil},
	} {
		t.Run(q.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			done := make(chan struct{})
			var err error
			st := statement(t, q.query)
			go func() {
				defer close(done)
				err = s.Hunt(ctx, st, func([]any) error { return ctx.Err() })
			}()
			times, longest := host(t, s, done)
			if times == 0 {
				t.Log("it was over before anything else was asked")
			}
			t.Logf("%v; beside it %d appends and questions, the longest pair %s", err, times, longest)
			switch {
			case q.want != nil && !errors.Is(err, q.want):
				t.Errorf("got %v, want %v", err, q.want)
			case q.want == nil && err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, eventstore.ErrMemory):
				t.Errorf("got %v", err)
			}
		})
	}
	// The store is none the worse.
	if _, err := s.Stats(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestHuntsEndWithTheirContext: nothing that can be asked goes on for long when nobody waits for it.
func TestHuntsEndWithTheirContext(t *testing.T) {
	s := crowded(t)
	for _, query := range []string{
		crossing + `| summarize max(strcat(Subject, Subject1))`,
		crossing + `| sort by Subject asc`,
		`EmailEvents | sort by AdditionalFields asc, Subject desc`,
		`EmailEvents | extend w = split(AdditionalFields, " ") | mv-expand w | summarize count() by tostring(w), Subject`,
		`EmailEvents | where AdditionalFields matches regex "(many|words|no)+ .*(x|y|z)$" and Subject matches regex "(a|b|c)+d"`,
		`EmailEvents | summarize dcount(AdditionalFields) by RecipientEmailAddress | join kind=inner EmailEvents on RecipientEmailAddress | distinct Subject, AdditionalFields`,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		st := statement(t, query)
		done := make(chan error, 1)
		go func() { done <- s.Hunt(ctx, st, func([]any) error { return nil }) }()
		time.AfterFunc(300*time.Millisecond, cancel)
		<-ctx.Done()
		began := time.Now()
		err := <-done
		if took := time.Since(began); took > 5*time.Second { // a second, on a machine that does nothing else
			t.Errorf("%s: went on for %s", query, took)
		} else {
			t.Logf("%s: over after %s: %v", query, took.Round(time.Millisecond), err)
		}
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, eventstore.ErrMemory) {
			t.Errorf("%s: %v", query, err)
		}
		cancel()
	}
}
