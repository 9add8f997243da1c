package app

import (
	"context"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/indicator"
	"tocsin/internal/mailout"
)

// NewMonitor returns a look at one engine that probe stands for.
func NewMonitor(now func() time.Time, probe func(context.Context) (string, error)) func(context.Context) api.Engine {
	m := &monitor{now: now, probe: probe}
	return func(ctx context.Context) api.Engine {
		m.ask(ctx, probeFresh)
		return m.state(api.Engine{})
	}
}

// Letters queues Tocsin's own mail.
func (a *App) Letters() mailout.Queue { return a.outgoing }

// Round runs the tracked queries that are due.
func (a *App) Round(ctx context.Context) (int, error) { return a.trackers.clock.Round(ctx) }

// Seeker works searches backwards for indicators.
func (a *App) Seeker() *indicator.Hunter { return a.indicators.hunter }
