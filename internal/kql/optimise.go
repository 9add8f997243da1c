package kql

import (
	"encoding/hex"
	"strings"
	"time"

	"tocsin/internal/event"
)

// pushFilters moves conditions down to where the rows come from: past computations that they do not use, below orders,
// into the sides of joins, down to scans. Engines do this too, but a scan that knows its conditions can derive a time
// range from an id.
func pushFilters(n node) node {
	switch n := n.(type) {
	case *filter:
		in := pushFilters(n.in)
		var stay []scalar // together, so that thousands of conditions are not thousands of steps
		for _, c := range conjuncts(n.cond) {
			c = pushInside(c)
			out := push(in, c)
			if f, ok := out.(*filter); ok && f.in == in {
				stay = append(stay, c)
			} else {
				in = out
			}
		}
		switch len(stay) {
		case 0:
			return in
		case 1:
			return &filter{in, stay[0]}
		}
		return &filter{in, &call{opAnd, event.Bool, stay}}
	case *compute:
		return &compute{pushFilters(n.in), n.items}
	case *aggregate:
		return &aggregate{pushFilters(n.in), n.by, n.aggs}
	case *order:
		return &order{pushFilters(n.in), n.keys}
	case *limit:
		return &limit{pushFilters(n.in), n.n}
	case *join:
		out := *n
		out.left, out.right = pushFilters(n.left), pushFilters(n.right)
		return &out
	case *union:
		out := &union{cols: n.cols, maps: n.maps}
		for _, in := range n.in {
			out.in = append(out.in, pushFilters(in))
		}
		return out
	case *expand:
		out := *n
		out.in = pushFilters(n.in)
		return &out
	case *window:
		out := *n
		out.in = pushFilters(n.in)
		return &out
	}
	return n
}

// pushInside optimises the sub-queries of a condition.
func pushInside(x scalar) scalar {
	switch x := x.(type) {
	case *call:
		args := make([]scalar, len(x.args))
		for i, a := range x.args {
			args[i] = pushInside(a)
		}
		return &call{x.op, x.typ, args}
	case *inQuery:
		out := *x
		out.plan = pushFilters(x.plan)
		return &out
	case *listQuery:
		return &listQuery{pushFilters(x.plan), x.x}
	case *valueQuery:
		return &valueQuery{pushFilters(x.plan), x.x}
	}
	return x
}

// push puts one condition on top of n, or as far below as its meaning allows.
func push(n node, cond scalar) node {
	used := map[*column]bool{}
	columnsOf(used, cond)
	switch n := n.(type) {
	case *scan:
		out := *n
		out.where = append(append([]scalar(nil), n.where...), cond)
		return &out
	case *filter:
		return &filter{push(n.in, cond), n.cond}
	case *compute:
		if !touches(used, n.items) {
			return &compute{push(n.in, cond), n.items}
		}
	case *order:
		return &order{push(n.in, cond), n.keys}
	case *expand:
		if !n.owns(used) {
			out := *n
			out.in = push(n.in, cond)
			return &out
		}
	case *aggregate:
		for _, by := range n.by {
			if r, ok := by.x.(*ref); ok && r.col == by.col {
				delete(used, by.col)
			}
		}
		// Without groups there is a row even when no row comes in, so nothing may be filtered below.
		if len(used) == 0 && len(n.by) > 0 && !isConstantTest(cond) {
			return &aggregate{push(n.in, cond), n.by, n.aggs}
		}
	case *join:
		if out := pushJoin(n, cond, used); out != nil {
			return out
		}
	}
	return &filter{n, cond}
}

func isConstantTest(cond scalar) bool {
	used := map[*column]bool{}
	columnsOf(used, cond)
	return len(used) == 0
}

func touches(used map[*column]bool, items []item) bool {
	for _, it := range items {
		if used[it.col] {
			return true
		}
	}
	return false
}

// pushJoin puts a condition into the side that it speaks about, where that side always has a row.
func pushJoin(n *join, cond scalar, used map[*column]bool) node {
	if len(used) == 0 || touches(used, n.outer) {
		return nil
	}
	if n.gives == nil {
		n.gives = &[2]map[*column]bool{provides(n.left), provides(n.right)}
	}
	left, right := n.gives[0], n.gives[1]
	out := *n
	all := func(set map[*column]bool) bool {
		for c := range used {
			if !set[c] {
				return false
			}
		}
		return true
	}
	switch {
	case all(left) && (n.kind == joinInner || n.kind == joinLeftOuter):
	case all(left) && n.kind == joinInnerUnique:
		// Which row of a key is kept is not defined, but it is chosen before the condition; only conditions on the key
		// itself give the same rows before and after.
		keys := map[*column]bool{}
		for _, p := range n.on {
			columnsOf(keys, p.left)
		}
		if !all(keys) {
			return nil
		}
	case all(right) && (n.kind == joinInner || n.kind == joinInnerUnique || n.kind == joinRightOuter):
		out.right = push(n.right, cond)
		return &out
	default:
		return nil
	}
	out.left = push(n.left, cond)
	return &out
}

// provides lists the columns that n gives.
func provides(n node) map[*column]bool {
	out := map[*column]bool{}
	switch n := n.(type) {
	case *scan:
		for c := range n.cols {
			out[c] = true
		}
	case *values:
		for _, c := range n.cols {
			out[c] = true
		}
	case *series:
		out[n.col] = true
	case *aggregate:
		for _, by := range n.by {
			out[by.col] = true
		}
		for _, a := range n.aggs {
			out[a.col] = true
			for _, o := range a.outs {
				out[o.col] = true
			}
		}
		return out
	case *union:
		for _, c := range n.cols {
			out[c] = true
		}
		return out
	case *compute:
		for _, it := range n.items {
			out[it.col] = true
		}
	case *join:
		for _, it := range n.outer {
			out[it.col] = true
		}
	case *expand:
		for _, l := range n.lists {
			out[l.col] = true
		}
		if n.index != nil {
			out[n.index] = true
		}
		if n.present != nil {
			out[n.present] = true
		}
	case *window:
		for _, it := range n.items {
			out[it.col] = true
		}
	}
	for _, in := range n.inputs() {
		for c := range provides(in) {
			out[c] = true
		}
	}
	return out
}

// idRanges derives a time range from conditions on a UUIDv7: rows with that id have the id's time, to the millisecond.
func idRanges(s *scan) []scalar {
	var out []scalar
	for _, w := range s.where {
		c, ok := w.(*call)
		if !ok || c.op != opEq && c.op != opIn || len(c.args) < 2 {
			continue
		}
		x := c.args[0]
		values := c.args[1:]
		if _, ok := x.(*constant); ok && c.op == opEq {
			x, values = values[0], c.args[:1]
		}
		if f, ok := x.(*call); ok && f.op == opFold {
			x = f.args[0]
		}
		r, ok := x.(*ref)
		if !ok || !r.col.uuid {
			continue
		}
		lo, hi, ok := idTimes(values)
		if !ok {
			continue
		}
		at := func(o op, t time.Time) scalar { return test(o, &ref{s.time}, &constant{event.Datetime, t}) }
		out = append(out, at(opGe, lo.Add(-time.Millisecond)), at(opLt, hi.Add(2*time.Millisecond)))
	}
	return out
}

// idTimes is the range of the times of ids; false when one of them is no UUIDv7.
func idTimes(ids []scalar) (lo, hi time.Time, ok bool) {
	for i, x := range ids {
		c, isConst := x.(*constant)
		if !isConst || c.typ != event.String {
			return lo, hi, false
		}
		t, isID := uuidTime(c.value.(string))
		if !isID {
			return lo, hi, false
		}
		if i == 0 || t.Before(lo) {
			lo = t
		}
		if i == 0 || t.After(hi) {
			hi = t
		}
	}
	return lo, hi, len(ids) > 0
}

// uuidTime is the time in a UUIDv7 (RFC 9562, section 5.7).
func uuidTime(s string) (time.Time, bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return time.Time{}, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 || b[6]>>4 != 7 || b[8]>>6 != 2 {
		return time.Time{}, false
	}
	ms := int64(b[0])<<40 | int64(b[1])<<32 | int64(b[2])<<24 | int64(b[3])<<16 | int64(b[4])<<8 | int64(b[5])
	return time.UnixMilli(ms).UTC(), true
}
