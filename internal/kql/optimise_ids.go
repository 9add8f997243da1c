package kql

import (
	"time"

	"tocsin/internal/event"
)

// Rows that are joined by a message id are of one message, whose time is in the id: what one side says of its time holds
// for the other side, too. A store that keeps its rows by time then reads a slice of the other table, not all of it. What
// is told of a message later (clicks, actions after delivery) is later than the id, and so bounds it from one side only.

// span is a range of time in which message ids lie: from lo on, before hi; zero is open.
type span struct{ lo, hi time.Time }

func (s span) open() bool { return s.lo.IsZero() && s.hi.IsZero() }

// slack is how far the times of two rows of one message may lie apart: an id holds milliseconds, a row microseconds.
const slack = 2 * time.Millisecond

// narrowJoins carries the ranges of time over every join, and into sub-queries, by message id.
func narrowJoins(n node) node {
	switch n := n.(type) {
	case *scan:
		out := *n
		out.where = nil
		for _, w := range n.where {
			out.where = append(out.where, narrowInside(w, n))
		}
		for _, w := range out.where {
			if q, ok := w.(*inQuery); ok && !q.not {
				for i := range q.x {
					if l, r := columnOf(q.x[i]), columnOf(q.cols[i]); l != nil && r != nil {
						out = *narrowed(&out, l, idSpan(q.plan, r)).(*scan)
					}
				}
			}
		}
		return &out
	case *filter:
		in := narrowJoins(n.in)
		return &filter{in, narrowInside(n.cond, in)}
	case *compute:
		return &compute{narrowJoins(n.in), n.items}
	case *aggregate:
		return &aggregate{narrowJoins(n.in), n.by, n.aggs}
	case *order:
		return &order{narrowJoins(n.in), n.keys}
	case *limit:
		return &limit{narrowJoins(n.in), n.n}
	case *window:
		out := *n
		out.in = narrowJoins(n.in)
		return &out
	case *expand:
		out := *n
		out.in = narrowJoins(n.in)
		return &out
	case *union:
		out := &union{cols: n.cols, maps: n.maps}
		for _, in := range n.in {
			out.in = append(out.in, narrowJoins(in))
		}
		return out
	case *join:
		return narrowJoin(n)
	}
	return n
}

func narrowJoin(n *join) node {
	out := *n
	out.gives = nil
	out.left, out.right = narrowJoins(n.left), narrowJoins(n.right)
	for _, p := range n.on {
		l, r := columnOf(p.left), columnOf(p.right)
		if l == nil || r == nil {
			continue
		}
		left, right := idSpan(out.left, l), idSpan(out.right, r)
		// Rows without a partner have to stay on the side that an outer join keeps.
		if n.kind == joinInner || n.kind == joinInnerUnique || n.kind == joinRightOuter {
			out.left = narrowed(out.left, l, right)
		}
		if n.kind == joinInner || n.kind == joinInnerUnique || n.kind == joinLeftOuter {
			out.right = narrowed(out.right, r, left)
		}
	}
	return &out
}

// narrowInside narrows the sub-queries of a condition over outer: of their rows only those with an id of outer matter.
func narrowInside(x scalar, outer node) scalar {
	switch x := x.(type) {
	case *call:
		args := make([]scalar, len(x.args))
		for i, a := range x.args {
			args[i] = narrowInside(a, outer)
		}
		return &call{x.op, x.typ, args}
	case *inQuery:
		out := *x
		out.plan = narrowJoins(x.plan)
		for i := range x.x {
			if l, r := columnOf(x.x[i]), columnOf(x.cols[i]); l != nil && r != nil {
				out.plan = narrowed(out.plan, r, idSpan(outer, l))
			}
		}
		return &out
	case *listQuery:
		return &listQuery{narrowJoins(x.plan), x.x}
	case *valueQuery:
		return &valueQuery{narrowJoins(x.plan), x.x}
	}
	return x
}

func columnOf(x scalar) *column {
	if r, ok := x.(*ref); ok {
		return r.col
	}
	return nil
}

// idSpan is where the ids in a column of n lie, as far as n's conditions tell.
func idSpan(n node, c *column) span {
	switch n := n.(type) {
	case *scan:
		return scanSpan(n, c)
	case *compute:
		for _, it := range n.items {
			if it.col == c {
				if from := columnOf(it.x); from != nil {
					return idSpan(n.in, from)
				}
				return span{}
			}
		}
	case *aggregate:
		from := groupColumn(n, c)
		if from == nil {
			return span{}
		}
		return idSpan(n.in, from)
	case *join:
		if touches(map[*column]bool{c: true}, n.outer) {
			return span{}
		}
		if provides(n.left)[c] {
			return idSpan(n.left, c)
		}
		return idSpan(n.right, c)
	case *union:
		return span{}
	}
	for _, in := range n.inputs() { // of the rest each has one, and makes no ids
		if provides(in)[c] {
			return idSpan(in, c)
		}
	}
	return span{}
}

// groupColumn is the column below an aggregate that c repeats.
func groupColumn(n *aggregate, c *column) *column {
	for _, by := range n.by {
		if by.col == c {
			return columnOf(by.x)
		}
	}
	return nil
}

func scanSpan(s *scan, c *column) span {
	var out span
	col, ok := s.cols[c]
	if !ok || !col.ID || s.time == nil {
		return out
	}
	for _, w := range s.where {
		o, t, ok := timeBound(s, w)
		switch {
		case !ok:
		case (o == opGe || o == opGt) && !col.Later && t.After(out.lo):
			out.lo = t
		case (o == opLt || o == opLe) && (out.hi.IsZero() || t.Before(out.hi)):
			out.hi = t
		}
	}
	return out
}

// timeBound reads a condition that compares the row's time with a constant, the time on the left.
func timeBound(s *scan, w scalar) (op, time.Time, bool) {
	c, ok := w.(*call)
	if !ok || len(c.args) != 2 {
		return "", time.Time{}, false
	}
	x, y := c.args[0], c.args[1]
	o := c.op
	if _, ok := x.(*constant); ok {
		x, y = y, x
		o = map[op]op{opGe: opLe, opGt: opLt, opLe: opGe, opLt: opGt}[o]
	}
	k, ok := y.(*constant)
	if columnOf(x) != s.time || !ok || k.typ != event.Datetime || k.value == nil {
		return "", time.Time{}, false
	}
	return o, k.value.(time.Time), true
}

// narrowed drops rows of n whose id in c lies outside of s. It changes nothing where rows that are dropped would be missed
// by something else.
func narrowed(n node, c *column, s span) node {
	if s.open() {
		return n
	}
	switch n := n.(type) {
	case *scan:
		return narrowScan(n, c, s)
	case *filter:
		return &filter{narrowed(n.in, c, s), n.cond}
	case *order:
		return &order{narrowed(n.in, c, s), n.keys}
	case *expand:
		out := *n
		out.in = narrowed(n.in, c, s)
		return &out
	case *compute:
		for _, it := range n.items {
			if it.col == c {
				if c = columnOf(it.x); c == nil {
					return n
				}
				break
			}
		}
		return &compute{narrowed(n.in, c, s), n.items}
	case *aggregate:
		if from := groupColumn(n, c); from != nil {
			return &aggregate{narrowed(n.in, from, s), n.by, n.aggs}
		}
	case *join:
		return narrowSide(n, c, s)
	}
	return n
}

// narrowSide narrows the side of a join that c comes from, where every row of that side that is dropped takes its joined
// rows with it and no others.
func narrowSide(n *join, c *column, s span) node {
	if touches(map[*column]bool{c: true}, n.outer) {
		return n
	}
	out := *n
	out.gives = nil
	left := provides(n.left)[c]
	switch {
	case left && (n.kind == joinInner || n.kind == joinLeftOuter):
		out.left = narrowed(n.left, c, s)
	case !left && (n.kind == joinInner || n.kind == joinInnerUnique || n.kind == joinRightOuter):
		out.right = narrowed(n.right, c, s)
	}
	return &out
}

func narrowScan(n *scan, c *column, s span) node {
	col, ok := n.cols[c]
	if !ok || !col.ID || n.time == nil {
		return n
	}
	out := *n
	out.where = append([]scalar(nil), n.where...)
	at := func(o op, t time.Time) {
		out.where = append(out.where, test(o, &ref{n.time}, &constant{event.Datetime, t}))
	}
	if !s.lo.IsZero() {
		at(opGe, s.lo.Add(-slack))
	}
	if !s.hi.IsZero() && !col.Later {
		at(opLt, s.hi.Add(slack))
	}
	return &out
}
