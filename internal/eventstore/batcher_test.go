package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
)

// recorder is a store that keeps the sizes of its appends and refuses messages whose id starts with "bad".
type recorder struct {
	mu      sync.Mutex
	appends []int
	ids     map[string]int
	gate    chan struct{} // when set, every append takes one token
}

func (r *recorder) Append(_ context.Context, b event.Batch) error {
	if r.gate != nil {
		<-r.gate
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range b.Emails {
		if strings.HasPrefix(e.NetworkMessageId, "bad") {
			return &eventstore.RowError{Table: "EmailEvents", Key: e.NetworkMessageId, Err: errors.New("no good")}
		}
	}
	if r.ids == nil {
		r.ids = map[string]int{}
	}
	for _, e := range b.Emails {
		r.ids[e.NetworkMessageId]++
	}
	r.appends = append(r.appends, len(b.Emails))
	return nil
}

func one(id string) event.Batch {
	return event.Batch{Emails: []event.EmailEvent{{NetworkMessageId: id}}}
}

func TestBatcherGathersManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 100, Wait: time.Second})
		var wg sync.WaitGroup
		for i := range 250 {
			wg.Go(func() {
				if err := b.Append(t.Context(), one(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if len(r.ids) != 250 {
			t.Errorf("stored %d of 250", len(r.ids))
		}
		if len(r.appends) != 3 {
			t.Errorf("250 rows of 250 callers took appends of %v; want 100, 100, 50", r.appends)
		}
	})
}

func TestBatcherWritesALoneRowAfterWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 1000, Wait: 300 * time.Millisecond})
		start := time.Now()
		if err := b.Append(t.Context(), one("a")); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("a lone row took %v; want Wait", took)
		}
		b.Close()
	})
}

// An urgent row is written at once, and takes with it what has gathered.
func TestBatcherHurries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 1000, Wait: 300 * time.Millisecond, Hurry: 4 * time.Millisecond})
		start := time.Now()
		patient := make(chan time.Duration, 1)
		go func() {
			if err := b.Append(t.Context(), one("a")); err != nil {
				t.Error(err)
			}
			patient <- time.Since(start)
		}()
		time.Sleep(50 * time.Millisecond)
		if err := b.Urgent().Append(t.Context(), one("b")); err != nil {
			t.Fatal(err)
		}
		if took, first := time.Since(start), <-patient; took != 54*time.Millisecond || first != took || len(r.appends) != 1 {
			t.Errorf("the urgent row took %v, the one before it %v, in %d writes", took, first, len(r.appends))
		}
		start = time.Now()
		if err := b.Urgent().Append(t.Context(), one("c")); err != nil || time.Since(start) != 4*time.Millisecond {
			t.Errorf("alone it took %v, %v", time.Since(start), err)
		}
		b.Close()
	})
}

func TestBatcherSingsOutTheBadRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		var committed int
		b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 64, Wait: time.Second, Committed: func(b event.Batch) { committed += len(b.Emails) }})
		errs := make([]error, 64)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				id := fmt.Sprint("m", i)
				if i%20 == 13 {
					id = fmt.Sprint("bad", i)
				}
				errs[i] = b.Append(t.Context(), one(id))
			})
		}
		wg.Wait()
		b.Close()
		for i, err := range errs {
			if bad := i%20 == 13; bad != (err != nil) {
				t.Errorf("caller %d: %v", i, err)
			} else if bad && !strings.Contains(err.Error(), fmt.Sprint("bad", i)) {
				t.Errorf("caller %d: %q does not name its row", i, err)
			}
		}
		if committed != 61 {
			t.Errorf("Committed saw %d rows, want 61", committed)
		}
		for id, n := range r.ids {
			if n != 1 {
				t.Errorf("%s written %d times", id, n)
			}
		}
	})
}

func TestBatcherPushesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan struct{})}
		b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 5, Wait: time.Millisecond, Queue: 20})
		var mu sync.Mutex
		returned := 0
		for i := range 100 {
			go func() {
				if err := b.Append(t.Context(), one(fmt.Sprint(i))); err == nil {
					mu.Lock()
					returned++
					mu.Unlock()
				}
			}()
		}
		synctest.Wait()
		time.Sleep(time.Hour) // the store stands still: nothing may be acknowledged, and a waiting caller can give up
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Append(ctx, one("late")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a full queue answered %v", err)
		}
		if returned != 0 {
			t.Errorf("%d callers were told their rows are stored", returned)
		}
		close(r.gate)
		time.Sleep(time.Minute)
		synctest.Wait()
		if returned != 100 || len(r.ids) != 100 {
			t.Errorf("after the stall: %d acknowledged, %d stored", returned, len(r.ids))
		}
		b.Close()
	})
}

func TestBatcherCloseFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 1000, Wait: time.Hour})
		got := make(chan error, 1)
		go func() { got <- b.Append(t.Context(), one("a")) }()
		synctest.Wait()
		b.Close()
		if err := <-got; err != nil || r.ids["a"] != 1 {
			t.Errorf("close lost the row: %v %v", err, r.ids)
		}
		if err := b.Append(t.Context(), one("b")); !errors.Is(err, eventstore.ErrClosed) {
			t.Errorf("append after close: %v", err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
	})
}

func TestBatcherTakesABatchLargerThanItsQueue(t *testing.T) {
	r := &recorder{}
	b := eventstore.NewBatcher(r, eventstore.BatcherOptions{Rows: 5, Queue: 10})
	big := event.Batch{Emails: make([]event.EmailEvent, 50)}
	if err := b.Append(t.Context(), big); err != nil {
		t.Fatal(err)
	}
	b.Close()
}

func TestIDTime(t *testing.T) {
	for _, c := range []struct {
		id   string
		want string
	}{
		{"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "2022-02-22T19:22:22Z"}, // RFC 9562, appendix A.6
		{"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "2022-02-22T19:22:22Z"},
		{"017f22e2-79b0-4cc3-98c4-dc0c0c07398f", ""}, // version 4
		{"017f22e2-79b0-7cc3-98c4", ""},
		{"g17f22e2-79b0-7cc3-98c4-dc0c0c07398f", ""},
		{"", ""},
	} {
		got, ok := eventstore.IDTime(c.id)
		if ok != (c.want != "") || ok && got.Format(time.RFC3339) != c.want {
			t.Errorf("IDTime(%q) = %v, %v; want %q", c.id, got, ok, c.want)
		}
	}
}
