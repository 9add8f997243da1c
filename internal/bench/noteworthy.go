package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
	"tocsin/internal/indicator"
	"tocsin/internal/intel"
	"tocsin/internal/tracker"
)

// reported is a feed that reports as much as is ever shown, each report with as many indicators as are ever asked for.
type reported struct{}

// Name of the feed.
func (reported) Name() string { return "bench" }

// Noteworthy makes 20 entries.
func (reported) Noteworthy(context.Context) ([]tracker.Entry, error) {
	var out []tracker.Entry
	for n := range 20 {
		var list []intel.Indicator
		for i := range 12 {
			list = append(list, intel.Indicator{Kind: intel.Domain, Value: fmt.Sprintf("d%d-%d.unseen.example", n, i)}, intel.Indicator{Kind: intel.URL, Value: fmt.Sprintf("https://u%d-%d.unseen.example/%d", n, i, i)},
				intel.Indicator{Kind: intel.Sender, Value: fmt.Sprintf("s%d-%d@unseen.example", n, i)}, intel.Indicator{Kind: intel.Hash, Value: fmt.Sprintf("%064x", n*100+i)})
		}
		query, asked := indicator.MailWith(list)
		if asked < len(list) {
			return nil, fmt.Errorf("bench: a question takes %d of %d indicators", asked, len(list))
		}
		out = append(out, tracker.Entry{ID: fmt.Sprintf("report-%d", n), Title: "Report", Why: "Made", Query: query, Told: &tracker.Told{Kind: "Report"}, Added: end.Add(-time.Duration(n) * time.Hour)})
	}
	return out, nil
}

// noteworthy are the questions of the page of noteworthy entries, without and with what feeds report.
func noteworthy(w io.Writer, store *duckdb.Store) []question {
	now := func() time.Time { return end }
	runner := hunt.NewRunner(store, hunt.RunnerOptions{Now: now})
	ask := func(sources ...tracker.Source) func(context.Context) error {
		return func(ctx context.Context) error {
			b := &tracker.Board{Runner: runner, Now: now, Sources: func(context.Context) ([]tracker.Source, error) { return sources, nil }}
			got, err := b.Noteworthy(ctx)
			if err != nil {
				return err
			}
			if len(got.Refused) > 0 {
				return errors.New(got.Refused[0])
			}
			late := 0
			for i := range got.Entries {
				if e := got.Entries[i].Hits.Error; e != "" && got.Entries[i].Told == nil {
					return fmt.Errorf("%s: %s", got.Entries[i].ID, e)
				} else if e != "" {
					late++
				}
			}
			if late > 0 {
				fmt.Fprintf(w, "noteworthy: not counted in the time that they have: %d of the reports\n", late)
			}
			return nil
		}
	}
	return []question{{"noteworthy, what ships", ask()}, {"noteworthy, with 20 reports", ask(reported{})}}
}
