package ingest

import (
	"context"
	"sync"
	"time"
)

// group gathers the items of concurrent callers and commits them together: the first waits for nobody, those
// that come while a commit runs go into the next one. So a lone caller has the latency of one commit and a crowd
// shares its cost.
type group[T any] struct {
	opts   groupOptions
	commit func([]T) []error
	queue  chan *waiting[T]

	mu     sync.RWMutex // held for reading while an item is put in the queue, for writing to close it
	closed bool
	done   chan struct{}
}

type groupOptions struct {
	items  int           // of one commit
	weight int           // of one commit; a single item may weigh more
	linger time.Duration // after a commit with company: how long the next waits for more
}

type waiting[T any] struct {
	item   T
	weight int
	done   chan error
}

func newGroup[T any](o groupOptions, commit func([]T) []error) *group[T] {
	g := &group[T]{opts: o, commit: commit, queue: make(chan *waiting[T]), done: make(chan struct{})}
	go g.run()
	return g
}

// do hands item over and waits for its commit.
func (g *group[T]) do(ctx context.Context, item T, weight int) error {
	w := &waiting[T]{item: item, weight: weight, done: make(chan error, 1)}
	if err := g.enqueue(ctx, w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *group[T]) enqueue(ctx context.Context, w *waiting[T]) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return ErrClosed
	}
	select {
	case g.queue <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *group[T]) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.mu.Unlock()
	<-g.done
}

// run gathers in this goroutine and commits in another, so that callers queue up in the next group while one is
// written.
func (g *group[T]) run() {
	defer close(g.done)
	var (
		commits  = make(chan []*waiting[T])
		finished = make(chan struct{})
	)
	go func() {
		defer close(finished)
		for batch := range commits {
			g.flush(batch)
		}
	}()
	defer func() { close(commits); <-finished }()

	var carry *waiting[T] // did not fit into the last group
	crowded := false
	for {
		if carry == nil {
			w, ok := <-g.queue
			if !ok {
				return
			}
			carry = w
		}
		batch, weight := []*waiting[T]{carry}, carry.weight
		carry = nil

		var linger <-chan time.Time
		var timer *time.Timer
		if crowded {
			timer = time.NewTimer(g.opts.linger)
			linger = timer.C
		}
		ready := commits // offered at once unless lingering
		if linger != nil {
			ready = nil
		}
		in := g.queue
		for sent := false; !sent; {
			if len(batch) >= g.opts.items || carry != nil {
				in, ready = nil, commits
			}
			select {
			case w, ok := <-in:
				switch {
				case !ok:
					in, ready = nil, commits
				case weight+w.weight > g.opts.weight:
					carry = w
				default:
					batch, weight = append(batch, w), weight+w.weight
				}
			case <-linger:
				linger, ready = nil, commits
			case ready <- batch:
				sent = true
			}
		}
		if timer != nil {
			timer.Stop()
		}
		crowded = len(batch) > 1
	}
}

func (g *group[T]) flush(batch []*waiting[T]) {
	items := make([]T, len(batch))
	for i, w := range batch {
		items[i] = w.item
	}
	for i, err := range g.commit(items) {
		batch[i].done <- err
	}
}
