package app

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/ingest"
)

// offerAtOnce is how many messages are offered together, so that they share commits.
const offerAtOnce = 256

// Offer takes in the messages that from offers, many at a time, and returns how many were taken in.
func Offer(ctx context.Context, in *ingest.Intake, from func(offer func(raw []byte, env ingest.Envelope) error) error) (int64, error) {
	var taken atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(offerAtOnce)
	err := from(func(raw []byte, env ingest.Envelope) error {
		g.Go(func() error {
			_, err := in.Accept(ctx, raw, env)
			if err == nil {
				taken.Add(1)
			}
			return err
		})
		return ctx.Err()
	})
	if e := g.Wait(); e != nil { // the first failure, of which ctx's end was only the echo
		err = e
	}
	return taken.Load(), err
}

// Judged waits until everything that was accepted is judged and stored.
func (a *App) Judged(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		p, err := a.pipeline.Progress(ctx)
		if err != nil || p.Waiting == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
