package tracker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// world is an event store with mail that a test made.
type world struct {
	store  *duckdb.Store
	runner *hunt.Runner
	x      *hunt.Explorer
	now    time.Time
	n      int
	batch  event.Batch
}

// noon is a Wednesday.
var noon = time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{MemoryLimit: 256 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &world{store: store, now: noon}
	clock := func() time.Time { return w.now }
	w.runner, w.x = hunt.NewRunner(store, hunt.RunnerOptions{Now: clock}), hunt.New(store, clock)
	return w
}

// mail adds n events at an instant; change makes each what the test is about.
func (w *world) mail(n int, at time.Time, change func(*event.EmailEvent)) {
	for range n {
		w.n++
		e := event.EmailEvent{
			Timestamp: at, NetworkMessageId: fmt.Sprintf("m%d", w.n), RecipientEmailAddress: "ann@harbour.example", RecipientDomain: "harbour.example", EmailDirection: "Inbound",
			SenderFromDomain: "usual.example", Subject: "hello", DeliveryAction: "Delivered", DeliveryLocation: "Inbox/folder", LatestDeliveryLocation: "Inbox/folder", LastEventExecutionTime: at,
		}
		if change != nil {
			change(&e)
		}
		w.batch.Emails = append(w.batch.Emails, e)
	}
}

func (w *world) flush(t *testing.T) {
	t.Helper()
	if err := w.store.Append(t.Context(), w.batch); err != nil {
		t.Fatal(err)
	}
	w.batch = event.Batch{}
}

// Ask is tracker.Asker.
func (w *world) Ask(ctx context.Context, query string, each func(row []any)) error {
	q, err := kql.Parse(query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	s, err := kql.Compile(q, kql.Options{Now: w.now}, w.store.Dialect())
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return w.store.Query(ctx, s, func(row []any) error { each(row); return nil })
}
