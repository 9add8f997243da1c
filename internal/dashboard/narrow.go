package dashboard

import (
	"context"
	"time"
)

// Narrowed is a filter as conditions, for figures that are made elsewhere.
type Narrowed struct{ s scope }

// Narrow reads a filter; what it cannot be is a *WrongError.
func (d *Dashboard) Narrow(f Filter) (Narrowed, error) {
	var n Narrowed
	err := d.narrow(&n.s, f)
	return n, err
}

// Mail are conditions over EmailEvents.
func (n *Narrowed) Mail() []string { return n.s.mail }

// People is the condition over another table's column of addresses, "" when nothing is narrowed.
func (n *Narrowed) People(column string) string { return n.s.persons(column) }

// Cover is what figures from a time on rest on.
func (d *Dashboard) Cover(ctx context.Context, from time.Time) (Coverage, error) {
	x := answering{Dashboard: d, scope: scope{from: from, before: from, now: d.opt.Now().UTC()}, out: &Board{}}
	err := x.look(ctx)
	return x.out.Coverage, err
}
