package hunt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// slow is a store whose rows are given by a test.
type slow struct {
	rows func(ctx context.Context, each func([]any) error) error
}

func (s slow) Dialect() kql.Dialect { return kql.DuckDB() }
func (s slow) Hunt(ctx context.Context, _ *kql.Statement, each func([]any) error) error {
	return s.rows(ctx, each)
}

// kept is a sink that keeps everything.
type kept struct {
	columns []string
	rows    []string
}

func (k *kept) Head(columns []kql.Column) error {
	for _, c := range columns {
		k.columns = append(k.columns, c.Name)
	}
	return nil
}

func (k *kept) Row(values []any) error {
	k.rows = append(k.rows, fmt.Sprint(values...))
	return nil
}

// count gives n rows of one text.
func count(n int, text string) slow {
	return slow{func(_ context.Context, each func([]any) error) error {
		for range n {
			if err := each([]any{text}); err != nil {
				return err
			}
		}
		return nil
	}}
}

func runHunt(t *testing.T, r *hunt.Runner, a hunt.Ask) (*kept, hunt.Done, error) {
	t.Helper()
	h, err := r.Prepare(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	out := &kept{}
	done, err := r.Run(t.Context(), h, out)
	return out, done, err
}

func TestRunnerCutsWithAWord(t *testing.T) {
	for _, c := range []struct {
		name   string
		store  slow
		limits hunt.Limits
		ask    int64
		rows   int64
		cut    string
	}{
		{"all rows", count(3, "x"), hunt.Limits{Rows: 3}, 0, 3, ""},
		{"one too many", count(4, "x"), hunt.Limits{Rows: 3}, 0, 3, "only the first 3 rows are here"},
		{"asked for fewer", count(4, "x"), hunt.Limits{Rows: 3}, 2, 2, "only the first 2 rows are here"},
		{"asked for more", count(4, "x"), hunt.Limits{Rows: 3}, 9, 3, "only the first 3 rows are here"},
		{"thousands", count(1235, "x"), hunt.Limits{Rows: 1234}, 0, 1234, "only the first 1,234 rows are here"},
		{"any number", count(5000, "x"), hunt.Limits{Rows: -1, Bytes: -1}, 0, 5000, ""},
		{"any number, asked for fewer", count(5000, "x"), hunt.Limits{Rows: -1, Bytes: -1}, 7, 7, "only the first 7 rows are here"},
		{"too many bytes", count(9, strings.Repeat("x", 1<<20)), hunt.Limits{Bytes: 3 << 20}, 0, 2, "an answer holds 3 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, done, err := runHunt(t, hunt.NewRunner(c.store, hunt.RunnerOptions{Limits: c.limits}), hunt.Ask{Query: "print x = 'x'", Rows: c.ask})
			if err != nil || done.Rows != c.rows || int64(len(out.rows)) != c.rows || len(out.columns) != 1 {
				t.Fatalf("%v, %+v, %d rows", err, done, len(out.rows))
			}
			if (c.cut == "") != (done.Cut == "") || !strings.Contains(done.Cut, c.cut) {
				t.Errorf("cut %q, want %q", done.Cut, c.cut)
			}
		})
	}
}

func TestRunnerRefusesOneHugeRow(t *testing.T) {
	_, _, err := runHunt(t, hunt.NewRunner(count(1, strings.Repeat("x", 2<<20)), hunt.RunnerOptions{Limits: hunt.Limits{RowBytes: 1 << 20}}), hunt.Ask{Query: "print x = 'x'"})
	wantLimit(t, err, hunt.LimitValue)
}

func wantLimit(t *testing.T, err error, want hunt.Limit) {
	t.Helper()
	var limit *hunt.LimitError
	if !errors.As(err, &limit) || limit.Limit != want || limit.Msg == "" {
		t.Errorf("got %v, want the limit of %s", err, want)
	}
}

// waiting is a query that goes on until its context ends.
var waiting = slow{func(ctx context.Context, _ func([]any) error) error { <-ctx.Done(); return ctx.Err() }}

func TestRunnerStopsWhatTakesTooLong(t *testing.T) {
	r := hunt.NewRunner(waiting, hunt.RunnerOptions{Limits: hunt.Limits{Time: time.Hour}})
	_, done, err := runHunt(t, r, hunt.Ask{Query: "EmailEvents", Time: 5 * time.Millisecond})
	wantLimit(t, err, hunt.LimitTime)
	if done.Took < 5*time.Millisecond || done.Took > time.Minute {
		t.Errorf("took %s", done.Took)
	}
}

func TestRunnerSaysWhatMemoryWasMissing(t *testing.T) {
	short := slow{func(context.Context, func([]any) error) error { return fmt.Errorf("store: %w", hunt.ErrMemory) }}
	_, _, err := runHunt(t, hunt.NewRunner(short, hunt.RunnerOptions{}), hunt.Ask{Query: "EmailEvents"})
	wantLimit(t, err, hunt.LimitMemory)
}

func TestRunnerNamesWhatIsEmpty(t *testing.T) {
	h, err := hunt.NewRunner(count(0, ""), hunt.RunnerOptions{}).Prepare(t.Context(), hunt.Ask{Query: "EmailAttachmentInfo | join kind=leftouter DeviceFileEvents on SHA256"})
	if err != nil || len(h.Notes) != 1 || !strings.Contains(h.Notes[0], "nothing fills DeviceFileEvents") {
		t.Errorf("%v, %+v", err, h)
	}
}

func TestRunnerGivesTurns(t *testing.T) {
	r := hunt.NewRunner(waiting, hunt.RunnerOptions{Limits: hunt.Limits{Concurrent: 1, Wait: 10 * time.Millisecond}})
	h, err := r.Prepare(t.Context(), hunt.Ask{Query: "EmailEvents"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun, gone := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := r.Run(ctx, h, onHead{begun})
		gone <- err
	}()
	<-begun
	_, err = r.Run(t.Context(), h, &kept{})
	wantLimit(t, err, hunt.LimitBusy)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the first ended with %v", err)
	}
	if _, _, err := runHunt(t, r, hunt.Ask{Query: "EmailEvents", Time: time.Millisecond}); err == nil {
		t.Error("no error")
	} else {
		wantLimit(t, err, hunt.LimitTime) // it had its turn
	}
}

type onHead struct{ begun chan struct{} }

func (o onHead) Head([]kql.Column) error { close(o.begun); return nil }
func (o onHead) Row([]any) error         { return nil }

func TestRunnerNamesTheMistake(t *testing.T) {
	r := hunt.NewRunner(count(0, ""), hunt.RunnerOptions{})
	_, err := r.Prepare(t.Context(), hunt.Ask{Query: "EmailEvents\n| where Nothing == 1"})
	var wrong *kql.Error
	if !errors.As(err, &wrong) || wrong.Line != 2 || wrong.Column != 9 {
		t.Errorf("got %v", err)
	}
	now := time.Now()
	if _, err := r.Prepare(t.Context(), hunt.Ask{Query: "EmailEvents", From: now, To: now.Add(-time.Hour)}); err == nil {
		t.Error("a range that ends before it begins is no error")
	}
}
