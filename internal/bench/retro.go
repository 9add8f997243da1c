package bench

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/indicator"
	"tocsin/internal/indicatorstore"
	"tocsin/internal/intel"
)

// RetroHunt measures a search of the whole month for indicators: for known ones of which some are in the mail, and for ten. It prints how
// long each takes.
func RetroHunt(ctx context.Context, w io.Writer, o Options, known int) error {
	store, o, done, err := scratch(ctx, w, o)
	if err != nil {
		return err
	}
	defer done()
	dir, err := os.MkdirTemp("", "tocsin-bench-indicators-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	kept, err := indicatorstore.Open(ctx, filepath.Join(dir, "indicators.sqlite"))
	if err != nil {
		return err
	}
	defer kept.Close()
	now := func() time.Time { return end }
	desk, err := indicator.Open(ctx, kept, indicator.Options{Now: now})
	if err != nil {
		return err
	}
	started := time.Now()
	if _, err := desk.Take(ctx, "bench", true, invented(known)); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s indicators taken in %.0f s, %d MB in memory\n", thousands(int64(known)), time.Since(started).Seconds(), desk.Set().Memory()/1_000_000)
	for _, c := range []struct {
		name string
		spec indicator.HuntSpec
	}{{"all", indicator.HuntSpec{}}, {"ten", indicator.HuntSpec{IDs: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}}} {
		c.spec.Since, c.spec.Until = end.Add(-days*24*time.Hour), end
		hunts := &oneHunt{h: indicator.Hunt{ID: c.name, State: indicator.Queued, Spec: c.spec}}
		hunter := indicator.Hunter{Desk: desk, Store: hunts, Query: store.Hunt, Dialect: store.Dialect, Yield: func(context.Context) {}, Now: now}
		started := time.Now()
		for over := false; !over; {
			if over, err = hunter.Work(ctx, c.name); err != nil {
				return err
			}
		}
		n := hunts.h.Counts
		fmt.Fprintf(w, "looking for %s: %.1f s; %s values compared, %d indicators seen in %s messages to %s people\n", c.name, time.Since(started).Seconds(), thousands(n.Values), n.Hits, thousands(n.Messages), thousands(n.People))
	}
	fmt.Fprintf(w, "peak memory of the process %s\n", peak())
	return nil
}

// invented is a list of which the first ten are in the invented mail.
func invented(n int) iter.Seq2[indicator.Indicator, error] {
	return func(yield func(indicator.Indicator, error) bool) {
		for i := range n {
			in := indicator.Indicator{Kind: intel.Domain, Value: fmt.Sprintf("host-%d.some-longer-name.test", i), Threat: "bench"}
			switch {
			case i < 10:
				in.Value = []string{"invoice-budget0.example.com", "payment-status0.example.net", "meeting-request0.example.org", "report-holiday0.example", "urgent-training0.example.com", "delivery-network0.example.net", "account-server0.example.org", "update-office0.example", "security-customer0.example.com", "order-quarter0.example.net"}[i]
			case i%3 == 0:
				in.Kind, in.Value = intel.URL, "https://"+in.Value+"/login"
			case i%3 == 1:
				in.Kind, in.Value = intel.Hash, fmt.Sprintf("%064x", i)
			}
			if !yield(in, nil) {
				return
			}
		}
	}
}

// oneHunt keeps one search in memory.
type oneHunt struct {
	h     indicator.Hunt
	found []indicator.Found
	seen  []indicator.Sighting
}

func (o *oneHunt) Hunt(context.Context, string) (indicator.Hunt, error) { return o.h, nil }
func (o *oneHunt) Hunts(context.Context, string, int) ([]indicator.Hunt, error) {
	return []indicator.Hunt{o.h}, nil
}
func (o *oneHunt) CancelHunt(context.Context, string, time.Time) error { return nil }

func (o *oneHunt) SaveHunt(_ context.Context, h indicator.Hunt, found []indicator.Found, seen []indicator.Sighting) (bool, error) {
	o.h, o.found, o.seen = h, append(o.found, found...), append(o.seen, seen...)
	return false, nil
}

func (o *oneHunt) Found(context.Context, string, int) ([]indicator.Found, error) {
	return append([]indicator.Found(nil), o.found...), nil
}

func (o *oneHunt) Sightings(context.Context, string, int64, int) ([]indicator.Sighting, error) {
	return o.seen, nil
}
