// Package bench measures whether Explorer keeps its promise: the first screen of a month of mail, on two processors, before the
// analyst looks up from the mouse.
//
// It invents a store of any size with the cardinalities of real mail (popularity by Zipf's law, ids that are times, links
// and attachments beside the messages), asks every question that Explorer asks, each of them many times, and prints
// how long the middle and the slow ones took.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
)

// Options of a measurement. Zero fields take the defaults.
type Options struct {
	Rows  int64          // email events; default 1,000,000
	Runs  int            // of each question; default 12
	Dir   string         // folder of the scratch store; default: a temporary one, which is removed. A store that is there is used as it is
	Store duckdb.Options // settings of the store
}

// Result is the times of one question.
type Result struct {
	Name     string
	P50, P95 time.Duration
	Max      time.Duration
}

// Explorer makes a store of invented mail, asks Explorer's questions, and writes a table of how long they took to w.
func Explorer(ctx context.Context, w io.Writer, o Options) error {
	_, err := Run(ctx, w, o)
	return err
}

// end is when the invented mail ends, so that equal options measure equal stores.
var end = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// Run is Explorer, and returns what it measured.
func Run(ctx context.Context, w io.Writer, o Options) ([]Result, error) {
	store, o, done, err := scratch(ctx, w, o)
	if err != nil {
		return nil, err
	}
	defer done()
	results, err := measure(ctx, hunt.New(store, func() time.Time { return end }), o.Runs)
	if err != nil {
		return nil, err
	}
	return results, tell(w, results, o.Runs)
}

// tell writes the table of how long questions took.
func tell(w io.Writer, results []Result, runs int) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "question\tp50 ms\tp95 ms\tmax ms\t")
	for _, r := range results {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t\n", r.Name, millis(r.P50), millis(r.P95), millis(r.Max))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d runs each; peak memory of the process %s\n", runs, peak())
	return err
}

// scratch opens the store that is measured, and makes it first when it is not there. done closes it, and removes what nobody asked to keep.
func scratch(ctx context.Context, w io.Writer, o Options) (store *duckdb.Store, _ Options, done func(), err error) {
	o.Rows = cmp.Or(o.Rows, 1_000_000)
	o.Runs = cmp.Or(o.Runs, 12)
	if o.Rows < 1000 || o.Runs < 1 {
		return nil, o, nil, fmt.Errorf("bench: %d rows and %d runs; at least 1000 and 1 are needed", o.Rows, o.Runs)
	}
	tidy := func() {}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
			return nil, o, nil, err
		}
		tidy = func() { _ = os.RemoveAll(o.Dir) }
	}
	defer func() {
		if err != nil {
			tidy()
		}
	}()
	if err := prepare(ctx, w, o); err != nil {
		return nil, o, nil, err
	}
	resetPeak()
	if store, err = duckdb.Open(ctx, o.Dir, o.Store); err != nil {
		return nil, o, nil, err
	}
	stats, err := store.Stats(ctx)
	if err != nil {
		return nil, o, nil, errors.Join(err, store.Close())
	}
	fmt.Fprintf(w, "%s events, %s URLs, %s attachments, %s clicks; %d MiB on disk; %s; %d processors\n",
		thousands(stats.Table("EmailEvents").Rows), thousands(stats.Table("EmailUrlInfo").Rows), thousands(stats.Table("EmailAttachmentInfo").Rows), thousands(stats.Table("UrlClickEvents").Rows),
		stats.Bytes>>20, stats.Engine, runtime.GOMAXPROCS(0))
	return store, o, func() {
		_ = store.Close()
		tidy()
	}, nil
}

func prepare(ctx context.Context, w io.Writer, o Options) error {
	if s, err := duckdb.Open(ctx, o.Dir, o.Store); err != nil {
		return err
	} else {
		stats, err := s.Stats(ctx)
		if cerr := s.Close(); err != nil || cerr != nil {
			return cmp.Or(err, cerr)
		}
		switch have := stats.Table("EmailEvents").Rows; have {
		case o.Rows:
			fmt.Fprintf(w, "using the store in %s\n", o.Dir)
			return nil
		case 0:
		default:
			return fmt.Errorf("bench: %s holds %d events, not %d: name another folder", o.Dir, have, o.Rows)
		}
	}
	started := time.Now()
	err := generate(ctx, o.Dir, o.Rows, end, func(done int64) {
		if done%2_500_000 == 0 {
			fmt.Fprintf(w, "made %s of %s events\n", thousands(done), thousands(o.Rows))
		}
	})
	fmt.Fprintf(w, "made %s events in %.0f s\n", thousands(o.Rows), time.Since(started).Seconds())
	return err
}

// question is one thing to measure.
type question struct {
	name string
	ask  func(ctx context.Context) error
}

// facets are the columns of Explorer's facet panel.
var facets = []string{"SenderFromDomain", "RecipientEmailAddress", "DetectionTechnologies", "ThreatTypes", "LatestDeliveryLocation"}

func measure(ctx context.Context, x *hunt.Explorer, runs int) ([]Result, error) {
	questions, err := prepareQuestions(ctx, x)
	if err != nil {
		return nil, err
	}
	return times(ctx, questions, runs)
}

// times asks each question so often, and once more before.
func times(ctx context.Context, questions []question, runs int) ([]Result, error) {
	var out []Result
	for _, q := range questions {
		times := make([]time.Duration, 0, runs)
		for i := range runs + 1 {
			started := time.Now()
			if err := q.ask(ctx); err != nil {
				return nil, fmt.Errorf("%s: %w", q.name, err)
			}
			if i > 0 { // the first one warms the cache
				times = append(times, time.Since(started))
			}
		}
		slices.Sort(times)
		out = append(out, Result{q.name, quantile(times, 0.5), quantile(times, 0.95), times[len(times)-1]})
	}
	return out, nil
}

func prepareQuestions(ctx context.Context, x *hunt.Explorer) ([]question, error) {
	week := hunt.Request{From: end.Add(-7 * 24 * time.Hour), To: end}
	month := hunt.Request{From: end.Add(-days * 24 * time.Hour), To: end}
	first, err := x.Emails(ctx, month, hunt.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(first.Rows) == 0 {
		return nil, fmt.Errorf("bench: the store has no mail before %s", end)
	}
	cursor := ""
	for range 49 {
		p, err := x.Emails(ctx, month, hunt.Page{Cursor: cursor})
		if err != nil {
			return nil, err
		}
		if p.Next == "" {
			break
		}
		cursor = p.Next
	}
	with := func(r hunt.Request, filter string) hunt.Request {
		r.Query = "EmailEvents | where " + filter
		return r
	}
	chart := func(r hunt.Request, split string) func(context.Context) error {
		return func(ctx context.Context) error { _, err := x.Chart(ctx, r, split); return err }
	}
	page := func(r hunt.Request, p hunt.Page) func(context.Context) error {
		return func(ctx context.Context) error { _, err := x.Emails(ctx, r, p); return err }
	}
	facet := func(r hunt.Request, f string) func(context.Context) error {
		return func(ctx context.Context) error { _, err := x.Facet(ctx, r, f, false, 10); return err }
	}
	urls := func(r hunt.Request) func(context.Context) error {
		return func(ctx context.Context) error { _, err := x.URLs(ctx, r, 50); return err }
	}
	screen := func(r hunt.Request) func(context.Context) error {
		return func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.Go(func() error { return chart(r, "outcome")(ctx) })
			g.Go(func() error { return page(r, hunt.Page{})(ctx) })
			for _, f := range facets {
				g.Go(func() error { return facet(r, f)(ctx) })
			}
			return g.Wait()
		}
	}
	phish := with(month, `ThreatTypes has "Phish"`)
	id := first.Rows[0].NetworkMessageId
	recipient := first.Rows[0].RecipientEmailAddress
	out := []question{
		{"first screen, 7 days", screen(week)},
		{"first screen, 30 days", screen(month)},
		{"first screen, phish, 30 days", screen(phish)},
		{"chart by outcome, 7 days", chart(week, "outcome")},
		{"chart by outcome, 30 days", chart(month, "outcome")},
		{"chart by sender domain, 30 days", chart(month, "SenderFromDomain")},
	}
	for _, f := range facets {
		out = append(out, question{"facet " + f + ", 30 days", facet(month, f)})
	}
	return append(out,
		question{"count, 30 days", func(ctx context.Context) error { _, err := x.Count(ctx, month); return err }},
		question{"page 1, 30 days", page(month, hunt.Page{})},
		question{"page 50, 30 days", page(month, hunt.Page{Cursor: cursor})},
		question{"page 1 by score, 30 days", page(month, hunt.Page{Sort: "ThreatScore"})},
		question{"page 1 by subject, 30 days", page(month, hunt.Page{Sort: "Subject", Asc: true})},
		question{"subject contains, page 1, 30 days", page(with(month, `Subject contains "invoice"`), hunt.Page{})},
		question{"subject contains a rare word, 30 days", page(with(month, `Subject contains "zzqx"`), hunt.Page{})},
		question{"one recipient, page 1, 30 days", page(with(month, "RecipientEmailAddress == \""+recipient+"\""), hunt.Page{})},
		question{"one message by id", func(ctx context.Context) error { _, err := x.Event(ctx, id, recipient); return err }},
		question{"search a URL domain, 30 days", func(ctx context.Context) error {
			_, err := x.Search(ctx, month, first.Rows[0].SenderFromDomain)
			return err
		}},
		question{"URLs, 7 days", urls(week)},
		question{"URLs, 30 days", urls(month)},
		question{"URLs of phish, 30 days", urls(phish)},
		question{"export 100,000 rows", func(ctx context.Context) error {
			_, err := x.Export(ctx, io.Discard, month, hunt.ExportOptions{Format: hunt.CSV, Max: 100_000})
			return err
		}},
	), nil
}

// quantile is the nearest-rank quantile of sorted times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// resetPeak makes Linux forget the peak of the memory used so far, which was the generator's.
func resetPeak() {
	runtime.GC()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // elsewhere peak says that it does not know
}

// peak is the most memory that this process held since resetPeak.
func peak() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown (it is read from Linux's /proc)"
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return fmt.Sprintf("%d MiB", kb>>10)
		}
	}
	return "unknown"
}
