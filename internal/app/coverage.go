package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tocsin/internal/api"
	"tocsin/internal/hunt"
	watch "tocsin/internal/ingest/imap"
	"tocsin/internal/kql"
)

// coverageLife is how long one answer serves everybody: it reads whole columns.
const coverageLife = 10 * time.Second

type coverageCache struct {
	mu   sync.Mutex
	last api.Coverage
}

// Coverage says what the figures are about, and where they have gaps.
func (a *App) Coverage(ctx context.Context) (api.Coverage, error) {
	a.coverage.mu.Lock()
	defer a.coverage.mu.Unlock()
	now := a.opt.Now().UTC()
	if now.Sub(a.coverage.last.AsOf) < coverageLife {
		return a.coverage.last, nil
	}
	c := api.Coverage{AsOf: now, Sources: []api.Source{}}
	stats, err := a.events.Stats(ctx)
	if err != nil {
		return api.Coverage{}, err
	}
	if t := stats.Table("EmailEvents"); t.Rows > 0 {
		c.Oldest, c.Newest = &t.Oldest, &t.Newest
	}
	if c.Mailboxes, err = a.explorer.Mailboxes(ctx, hunt.Request{}); err != nil {
		return api.Coverage{}, err
	}
	progress, err := a.pipeline.Progress(ctx)
	if err != nil {
		return api.Coverage{}, err
	}
	c.PendingJobs = progress.Waiting
	if c.Sources, err = a.sources(ctx, now); err != nil {
		return api.Coverage{}, err
	}
	c.Watched = a.watchedSources()
	if c.Watched == nil {
		c.Watched = []api.WatchedSystem{}
	}
	a.coverage.last = c
	return c, nil
}

// sources are those that sent mail and those that listen for it.
func (a *App) sources(ctx context.Context, now time.Time) ([]api.Source, error) {
	q, err := kql.Parse("EmailEvents | summarize Last = max(Timestamp) by Connectors | sort by Connectors asc | take 200")
	if err != nil {
		return nil, err
	}
	stmt, err := kql.Compile(q, kql.Options{Now: now}, a.events.Dialect())
	if err != nil {
		return nil, err
	}
	listening := map[string]bool{}
	if l := a.listening.Load(); l != nil {
		for _, m := range l.mail {
			listening[m.name] = true
		}
	}
	out := []api.Source{}
	var last, name int
	for i, col := range stmt.Columns {
		switch col.Name {
		case "Last":
			last = i
		case "Connectors":
			name = i
		}
	}
	err = a.events.Query(ctx, stmt, func(row []any) error {
		s := api.Source{State: "idle"}
		s.Name, _ = row[name].(string)
		s.Kind = a.kindOf(s.Name)
		if at, ok := row[last].(time.Time); ok {
			s.LastEvent, s.LagSeconds = &at, now.Sub(at).Seconds()
		}
		if listening[s.Name] {
			s.State = "listening"
			delete(listening, s.Name)
		}
		out = append(out, s)
		return nil
	})
	for _, name := range []string{"smtp", "lmtp", "milter"} {
		if listening[name] {
			out = append(out, api.Source{Name: name, Kind: a.kindOf(name), State: "listening"})
		}
	}
	for _, w := range a.watchers {
		out = watchedIn(out, w.Status())
	}
	return out, err
}

// kindOf tells copies over LMTP from mail that is handed on.
func (a *App) kindOf(source string) string {
	if source == proxied && a.cfg.LMTP.Next != "" {
		return "lmtp-proxy"
	}
	return source
}

// watchedIn marks the source of watched mailboxes: it listens, or has failed when no mailbox can be read.
func watchedIn(out []api.Source, s watch.Status) []api.Source {
	state := "listening"
	if s.Mailboxes > 0 && s.Unread == s.Mailboxes {
		state = "failed"
	}
	for i := range out {
		if out[i].Name == watch.Source {
			if out[i].State != "failed" {
				out[i].State = state
			}
			return out
		}
	}
	return append(out, api.Source{Name: watch.Source, Kind: watch.Source, State: state})
}

// measure makes the figures of the road visible to Prometheus.
func (a *App) measure() {
	figure := func(name, help string, f func() float64) {
		a.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, f))
	}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	figure("tocsin_intake_accepted_total", "Messages accepted, duplicates included.", func() float64 { return float64(a.intake.Counts().Accepted) })
	figure("tocsin_intake_duplicates_total", "Messages that were there already.", func() float64 { return float64(a.intake.Counts().Duplicates) })
	figure("tocsin_intake_failed_total", "Messages that could not be accepted.", func() float64 { return float64(a.intake.Counts().Failed) })
	a.waited = waitedFor()
	a.handing = heldUp()
	a.metrics.MustRegister(a.waited, a.handing)
	progress := func(f func(waiting, judged, unjudged, delayed int64) int64) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			p, err := a.pipeline.Progress(ctx)
			if err != nil {
				a.log.Warn("metrics: progress", "err", err)
				return -1
			}
			return float64(f(p.Waiting, p.Judged, p.Unjudged, p.Delayed))
		}
	}
	a.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tocsin_messages_waiting", Help: "Accepted messages whose events are not stored yet; -1 when it cannot be read."},
		progress(func(waiting, _, _, _ int64) int64 { return waiting })))
	figure("tocsin_messages_judged_total", "Messages judged.", progress(func(_, judged, _, _ int64) int64 { return judged }))
	figure("tocsin_messages_unjudged_total", "Messages listed without a judgement because a step failed.", progress(func(_, _, unjudged, _ int64) int64 { return unjudged }))
	figure("tocsin_messages_delayed_total", "Times a message waited because a store was away.", progress(func(_, _, _, delayed int64) int64 { return delayed }))
}
