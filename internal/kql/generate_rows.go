package kql

import (
	"strings"

	"tocsin/internal/event"
)

// window writes columns that look at other rows.
func (g *generator) window(n *window, need *colSet) *block {
	var items []windowItem
	below, reads := &colSet{}, &colSet{}
	own := map[*column]bool{}
	for _, it := range n.items {
		own[it.col] = true
		if need.has[it.col] {
			items = append(items, it)
		}
	}
	for _, c := range need.list {
		if !own[c] {
			below.add(c)
		}
	}
	if len(items) == 0 {
		return g.gen(n.in, below)
	}
	reads.add(n.by...)
	reads.add(orderCols(n.keys)...)
	for _, it := range items {
		reads.reads(it.args...)
		if it.agg != nil {
			reads.reads(it.agg.args...)
			if it.agg.cond != nil {
				reads.reads(it.agg.cond)
			}
		}
	}
	below.add(reads.list...)
	b := g.open(g.gen(n.in, below), below, reads, true)
	env := map[*column]operand{}
	for c, op := range b.env {
		env[c] = op
	}
	for _, it := range items {
		env[it.col] = g.windowItem(n, it, b.env)
	}
	b.env, b.windows = env, true
	return b
}

func (g *generator) windowItem(n *window, it windowItem, env map[*column]operand) operand {
	out := operand{typ: it.col.typ}
	var parts []string
	if len(n.by) > 0 {
		var by []string
		for _, c := range n.by {
			by = append(by, env[c].sql)
		}
		parts = append(parts, "PARTITION BY "+strings.Join(by, ", "))
	}
	e := &exprs{g, env, false}
	if it.fn == winAggregate {
		return g.d.over(e, *it.agg, strings.Join(parts, " "))
	}
	if len(n.keys) > 0 {
		var by []string
		for _, k := range n.keys {
			by = append(by, env[k.col].sql+orderWords(k))
		}
		parts = append(parts, "ORDER BY "+strings.Join(by, ", "))
	}
	var args []string
	for i, x := range it.args {
		op := e.expr(x)
		if x.typeOf() == event.Dynamic {
			op.sql, op.rep = g.d.json(op), repJSON
		}
		if i == 0 {
			out.rep = op.rep
		}
		args = append(args, op.sql)
	}
	if it.fn == winSum || it.fn == winMax {
		parts = append(parts, "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")
	}
	out.sql = fn(string(it.fn), args...) + " OVER (" + strings.Join(parts, " ") + ")"
	if out.typ == event.String {
		out.sql = "coalesce(" + out.sql + ", '')"
	}
	return out
}

// expand writes a row for every element of lists.
func (g *generator) expand(n *expand, need *colSet) *block {
	below, reads := &colSet{}, &colSet{}
	own := map[*column]bool{}
	for _, l := range n.lists {
		own[l.col] = true
		reads.reads(l.x)
	}
	for _, c := range need.list {
		if !own[c] && c != n.index && c != n.present {
			below.add(c)
		}
	}
	below.add(reads.list...)
	b := g.open(g.gen(n.in, below), below, reads, true)
	var lists []operand
	for _, l := range n.lists {
		lists = append(lists, g.expr(b.env, l.x))
	}
	items, index, present := g.d.expand(g, lists, n)
	env := map[*column]operand{}
	for c, op := range b.env {
		env[c] = op
	}
	b.env, b.must = env, nil
	for i, l := range n.lists {
		b.env[l.col] = items[i]
		b.must = append(b.must, l.col)
	}
	at := n.index
	if at == nil && n.present != nil { // what makes a row of empty lists, too
		at = &column{typ: event.Long}
	}
	if at != nil {
		b.env[at] = index
		b.must = append(b.must, at)
	}
	if n.present != nil {
		b.env[n.present] = present
	}
	return b
}
