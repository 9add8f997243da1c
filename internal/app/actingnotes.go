package app

import (
	"context"
	"sync"
	"time"

	"tocsin/internal/remediate"
)

// noteTogether puts what several mailboxes have to tell at the same time into one write of the event store: each of them is a commit.
type noteTogether struct {
	remediate.Events

	mu      sync.Mutex
	waiting []*note
	writing bool
	writers sync.WaitGroup
}

// wait returns when nothing is being written any more.
func (n *noteTogether) wait() { n.writers.Wait() }

// note is what one mailbox has to tell.
type note struct {
	list []remediate.Noted
	done chan error
}

// Note waits until the rows are durable, or ctx ends; they are written all the same.
func (n *noteTogether) Note(ctx context.Context, list []remediate.Noted) error {
	mine := &note{list, make(chan error, 1)}
	n.mu.Lock()
	n.waiting = append(n.waiting, mine)
	if !n.writing {
		n.writing = true
		n.writers.Go(n.write)
	}
	n.mu.Unlock()
	select {
	case err := <-mine.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noteLinger is how long a write waits for others to come with it.
const noteLinger = 20 * time.Millisecond

// write writes until nobody waits. It is not ended with the one who began it: others rely on it.
func (n *noteTogether) write() {
	for {
		time.Sleep(noteLinger)
		n.mu.Lock()
		all := n.waiting
		n.waiting = nil
		if len(all) == 0 {
			n.writing = false
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
		var list []remediate.Noted
		for _, x := range all {
			list = append(list, x.list...)
		}
		err := n.Events.Note(context.Background(), list)
		for _, x := range all {
			x.done <- err
		}
	}
}
