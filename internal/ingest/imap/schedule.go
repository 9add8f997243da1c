package imap

import "container/heap"

// schedule holds the mailboxes that wait for their turn, the next one first.
type schedule struct{ h boxes }

func (s *schedule) push(b *box) { heap.Push(&s.h, b) }
func (s *schedule) pop()        { heap.Pop(&s.h) }

// first is the next one; nil: none waits.
func (s *schedule) first() *box {
	if len(s.h) == 0 {
		return nil
	}
	return s.h[0]
}

type boxes []*box

func (h boxes) Len() int           { return len(h) }
func (h boxes) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h boxes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *boxes) Push(x any)        { *h = append(*h, x.(*box)) }
func (h *boxes) Pop() any {
	n := len(*h) - 1
	b := (*h)[n]
	(*h)[n] = nil
	*h = (*h)[:n]
	return b
}
