package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"tocsin/internal/event"
)

// BatcherOptions sets how a Batcher gathers rows. Zero fields take the defaults.
type BatcherOptions struct {
	Rows  int           // write when this many rows have gathered; default 2,000, at most 5,000 are useful
	Wait  time.Duration // or when the first of them has waited this long; default 250 ms
	Hurry time.Duration // how long rows wait for others when somebody waits for them (Urgent); default 5 ms
	Queue int           // rows that may wait before Append blocks; default 20,000

	// Committed, when set, is called after every write that succeeded, from the writing goroutine: it must be quick
	// and must not call Append. The batch is only valid during the call.
	Committed func(b event.Batch)
}

// Appender is the part of Store that a Batcher writes to.
type Appender interface {
	Append(ctx context.Context, b event.Batch) error
}

// Batcher gathers the batches of many callers into few large writes, because a columnar store pays for each commit, not
// for each row. One goroutine writes. Append returns after the commit that holds the caller's rows, so "accepted" still
// means durable. When the store is slow (a checkpoint can take seconds) the queue fills and Append blocks: intake slows
// down, nothing is lost.
//
// When a write fails, the callers' batches in it are written again in halves, down to the one that cannot be
// written: only its caller gets the error.
type Batcher struct {
	store Appender
	opts  BatcherOptions
	queue chan *pending
	rows  *semaphore.Weighted // rows in the queue and in the running write

	mu     sync.RWMutex // held for reading while a pending is put in the queue, for writing to close it
	closed bool
	done   chan struct{}
}

type pending struct {
	batch  event.Batch
	rows   int
	urgent bool
	done   chan error
}

var _ Appender = (*Batcher)(nil)

// NewBatcher starts a Batcher before s. It does not close s.
func NewBatcher(s Appender, o BatcherOptions) *Batcher {
	if o.Rows <= 0 {
		o.Rows = 2000
	}
	if o.Wait <= 0 {
		o.Wait = 250 * time.Millisecond
	}
	if o.Hurry <= 0 {
		o.Hurry = 5 * time.Millisecond
	}
	if o.Queue <= 0 {
		o.Queue = 20_000
	}
	o.Queue = max(o.Queue, o.Rows)
	b := &Batcher{
		store: s,
		opts:  o,
		queue: make(chan *pending),
		rows:  semaphore.NewWeighted(int64(o.Queue)),
		done:  make(chan struct{}),
	}
	go b.run()
	return b
}

// Append writes batch together with others' and returns when it is durable. It blocks while the queue is full. When
// ctx ends first it returns ctx's error; rows already handed over are still written then, which is harmless
// because appending again changes nothing. The caller must not change batch before Append returns, nor afterwards when
// ctx ended.
func (b *Batcher) Append(ctx context.Context, batch event.Batch) error {
	return b.append(ctx, batch, false)
}

// Urgent is the same Batcher for rows that a mail system waits for: they are written with what has gathered, at once. When many do
// so, they gather while the write before them runs.
func (b *Batcher) Urgent() Appender { return urgently{b} }

type urgently struct{ b *Batcher }

func (u urgently) Append(ctx context.Context, batch event.Batch) error {
	return u.b.append(ctx, batch, true)
}

func (b *Batcher) append(ctx context.Context, batch event.Batch, urgent bool) error {
	n := Rows(batch)
	if n == 0 {
		return ctx.Err()
	}
	weight := int64(min(n, b.opts.Queue)) // one huge batch may fill the queue, not block for ever
	if err := b.rows.Acquire(ctx, weight); err != nil {
		return err
	}
	p := &pending{batch: batch, rows: n, urgent: urgent, done: make(chan error, 1)}
	if err := b.enqueue(ctx, p); err != nil {
		b.rows.Release(weight)
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Batcher) enqueue(ctx context.Context, p *pending) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return ErrClosed
	}
	select {
	case b.queue <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what is queued and waits for it. Append returns ErrClosed from then on.
func (b *Batcher) Close() error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.queue)
	}
	b.mu.Unlock()
	<-b.done
	return nil
}

// run gathers and hands over to a writer goroutine, so that gathering goes on while a write runs.
func (b *Batcher) run() {
	defer close(b.done)
	writes := make(chan []*pending)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for w := range writes {
			b.write(w)
		}
	}()
	for {
		group, more := b.gather()
		if len(group) > 0 {
			writes <- group
		}
		if !more {
			break
		}
	}
	close(writes)
	<-finished
}

// gather waits for a first batch and collects more until there are enough rows, or the first or an urgent one has waited long enough.
func (b *Batcher) gather() (group []*pending, more bool) {
	p, ok := <-b.queue
	if !ok {
		return nil, false
	}
	group, rows, hurry := append(group, p), p.rows, p.urgent
	wait := b.opts.Wait
	if hurry {
		wait = min(wait, b.opts.Hurry)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for rows < b.opts.Rows {
		select {
		case p, ok := <-b.queue:
			if !ok {
				return group, false
			}
			group, rows = append(group, p), rows+p.rows
			if p.urgent && !hurry {
				hurry = true
				timer.Reset(min(b.opts.Wait, b.opts.Hurry))
			}
		case <-timer.C:
			return group, true
		}
	}
	return group, true
}

// write stores group in one append or, when that fails, in halves. It tells every caller how it went.
func (b *Batcher) write(group []*pending) {
	var all event.Batch
	if len(group) == 1 {
		all = group[0].batch
	} else {
		for _, p := range group {
			merge(&all, p.batch)
		}
	}
	// The callers' contexts must not cancel each other's rows: the write has none of its own.
	err := b.store.Append(context.Background(), all)
	switch {
	case err == nil:
		if b.opts.Committed != nil {
			b.opts.Committed(all)
		}
	case len(group) == 1:
		err = fmt.Errorf("append %s: %w", describe(group[0].batch), err)
	case errors.Is(err, ErrClosed):
		// No half can do better.
	default:
		half := len(group) / 2
		b.write(group[:half])
		b.write(group[half:])
		return
	}
	for _, p := range group {
		b.rows.Release(int64(min(p.rows, b.opts.Queue)))
		p.done <- err
	}
}

// describe names the messages of a batch, so that a refused one can be found.
func describe(b event.Batch) string {
	seen := map[string]bool{}
	var first string
	note := func(id string) {
		if len(seen) == 0 {
			first = id
		}
		seen[id] = true
	}
	for i := range b.Emails {
		note(b.Emails[i].NetworkMessageId)
	}
	for i := range b.Urls {
		note(b.Urls[i].NetworkMessageId)
	}
	for i := range b.Attachments {
		note(b.Attachments[i].NetworkMessageId)
	}
	for i := range b.PostDelivery {
		note(b.PostDelivery[i].NetworkMessageId)
	}
	for i := range b.Clicks {
		note(b.Clicks[i].NetworkMessageId)
	}
	for i := range b.Campaigns {
		note(b.Campaigns[i].NetworkMessageId)
	}
	for i := range b.Submissions {
		note(b.Submissions[i].NetworkMessageId)
	}
	if len(seen) == 1 {
		return fmt.Sprintf("message %q (%d rows)", first, Rows(b))
	}
	return fmt.Sprintf("message %q and %d others (%d rows)", first, len(seen)-1, Rows(b))
}
