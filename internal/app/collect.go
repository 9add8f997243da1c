package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/ingest"
)

// collector gathers features of delivered mail beside the road, and writes them in batches. It takes so many in every slot of time that
// about a month of mail fits among the examples; what is above, or comes while a write takes long, is left out.
type collector struct {
	cases *casestore.Store
	log   *slog.Logger
	slot  int // messages taken in one slotTime

	mu      sync.Mutex
	began   time.Time
	taken   int
	waiting []casestore.LearnExample
}

const (
	slotTime     = 10 * time.Minute
	collectBatch = 256
	collectEvery = 5 * time.Second
	maxWaiting   = 2048
)

func newCollector(cases *casestore.Store, examples int, log *slog.Logger) *collector {
	return &collector{cases: cases, log: log, slot: max(20, examples/2/(30*24*6))}
}

// take notes one judged message, if it counts: inbound, delivered to all, and no threat named.
func (c *collector) take(nmid string, at *detect.Context, v *detect.Verdict, d []ingest.Decision) {
	if at.Direction != detect.Inbound || len(v.Threats) > 0 {
		return
	}
	for i := range d {
		if d[i].Action != "Delivered" {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.began) >= slotTime {
		c.began, c.taken = now, 0
	}
	if c.taken >= c.slot || len(c.waiting) >= maxWaiting {
		return
	}
	c.taken++
	c.waiting = append(c.waiting, casestore.LearnExample{ID: nmid, At: at.Now, Sender: detect.LearnGroup(at), Delivered: true, Features: v.Features.Encode()})
}

// run writes until ctx ends, and then what is left.
func (c *collector) run(ctx context.Context) {
	every := time.NewTicker(collectEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			c.flush(ctx)
		case <-ctx.Done():
			c.flush(context.WithoutCancel(ctx))
			return
		}
	}
}

func (c *collector) flush(ctx context.Context) {
	c.mu.Lock()
	all := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for len(all) > 0 {
		n := min(len(all), collectBatch)
		if err := c.cases.AddLearnExamples(ctx, all[:n]); err != nil {
			c.log.Warn("examples for the local model were not kept", "messages", len(all), "err", err)
			return
		}
		all = all[n:]
	}
}
