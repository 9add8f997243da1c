package remediate

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Limits of a look before an action.
const (
	MaxPeeked = 200              // targets
	PeekTime  = 10 * time.Second // for all of them
	peekers   = 4                // mailboxes at once
)

// Peeked is what mailboxes say of the targets of a plan before anything is done: as far as Message-IDs tell, since no copy is proven yet.
type Peeked struct {
	Asked   int              // targets whose mailbox answered
	Unasked int              // others that can be acted on: there are too many, or their mailbox did not answer in time
	Nowhere int              // of those asked: no folder has it
	Flags   map[int][]string // by Seq: the flags of all copies together, sorted; none for what is nowhere
}

// Peek asks the mailboxes of the first MaxPeeked targets that can be acted on. A mailbox that does not answer is left out; nothing is changed.
func Peek(ctx context.Context, provider func(mailbox string) Provider, targets []Target) Peeked {
	ctx, cancel := context.WithTimeout(ctx, PeekTime)
	defer cancel()
	out, wanted := Peeked{Flags: map[int][]string{}}, 0
	boxes := map[string][]*Target{}
	var order []string
	for i := range targets {
		t := &targets[i]
		if t.Outcome == Impossible {
			continue
		}
		if wanted == MaxPeeked {
			out.Unasked++
			continue
		}
		wanted++
		if boxes[t.Mailbox] == nil {
			order = append(order, t.Mailbox)
		}
		boxes[t.Mailbox] = append(boxes[t.Mailbox], t)
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	next := make(chan string)
	for range min(peekers, len(order)) {
		wait.Go(func() {
			for mailbox := range next {
				peekInto(ctx, provider(mailbox), mailbox, boxes[mailbox], func(seq int, copies []Copy) {
					mu.Lock()
					defer mu.Unlock()
					out.Asked++
					if len(copies) == 0 {
						out.Nowhere++
						return
					}
					flags := []string{}
					for _, c := range copies {
						flags = append(flags, c.Flags...)
					}
					slices.Sort(flags)
					out.Flags[seq] = slices.Compact(flags)
				})
			}
		})
	}
	for _, mailbox := range order {
		select {
		case next <- mailbox:
		case <-ctx.Done():
		}
	}
	close(next)
	wait.Wait()
	out.Unasked += wanted - out.Asked
	return out
}

// peekInto asks one mailbox; after the first error it asks no more.
func peekInto(ctx context.Context, p Provider, mailbox string, list []*Target, found func(seq int, copies []Copy)) {
	if p == nil || ctx.Err() != nil {
		return
	}
	mb, err := p.Open(ctx, mailbox)
	if err != nil {
		return
	}
	defer mb.Close()
	for _, t := range list {
		copies, err := mb.Find(ctx, t.Message)
		if err != nil {
			return
		}
		found(t.Seq, copies[:min(len(copies), maxCopies)])
	}
}
