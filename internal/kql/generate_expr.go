package kql

import (
	"strings"

	"tocsin/internal/event"
)

// exprs writes expressions over the columns of one block.
type exprs struct {
	*generator
	env map[*column]operand
	// filter is set while an expression decides only whether a row stays: null is then as good as false.
	filter bool
}

func (g *generator) expr(env map[*column]operand, x scalar) operand {
	return (&exprs{g, env, false}).expr(x)
}

// conditions writes what a WHERE joins by AND.
func (g *generator) conditions(env map[*column]operand, x scalar) []string {
	var out []string
	for _, c := range conjuncts(x) {
		out = append(out, (&exprs{g, env, true}).expr(c).sql)
	}
	return out
}

// conjuncts takes a condition apart at its "and".
func conjuncts(x scalar) []scalar {
	if c, ok := x.(*call); ok && c.op == opAnd {
		var out []scalar
		for _, a := range c.args {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	return []scalar{x}
}

func (e *exprs) expr(x scalar) operand {
	switch x := x.(type) {
	case *ref:
		op, ok := e.env[x.col]
		if !ok {
			panic("kql: a column is read that its block does not have")
		}
		return op
	case *constant:
		return e.d.constant(e.generator, x)
	case *inQuery:
		return e.inQuery(x)
	case *listQuery:
		return e.listQuery(x)
	case *valueQuery:
		return e.valueQuery(x)
	case *call:
		switch x.op {
		case opAnd, opOr:
			return e.logic(x)
		case opNot:
			inner := &exprs{e.generator, e.env, false}
			return operand{sql: "(NOT " + inner.expr(x.args[0]).sql + ")", typ: event.Bool}
		}
		inner := *e
		inner.filter = false
		op := e.d.call(&inner, x, e.filter)
		op.typ = x.typ
		checkSize(op.sql)
		return op
	}
	panic("kql: unknown expression")
}

// checkSize stops a query whose SQL grows out of hand: some operations write an operand several times.
func checkSize(sql string) {
	if len(sql) > maxSQL {
		fail(Span{}, "the query is too large: its expressions are nested too deeply")
	}
}

// checkDepth stops a query whose SQL nests deeper than engines read. Nothing that is written nests without brackets.
func checkDepth(sql string) {
	depth := 0
	for i := range len(sql) {
		switch sql[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		}
		if depth > maxSQLDepth {
			fail(Span{}, "the query is too large: its expressions or steps are nested too deeply")
		}
	}
}

func (e *exprs) logic(x *call) operand {
	if len(x.args) == 0 { // an empty list: nothing is in it, and all of it holds
		return e.expr(&constant{event.Bool, x.op == opAnd})
	}
	words := map[op]string{opAnd: " AND ", opOr: " OR "}
	parts := make([]string, len(x.args))
	for i, a := range x.args {
		parts[i] = e.expr(a).sql
	}
	return operand{sql: "(" + strings.Join(parts, words[x.op]) + ")", typ: event.Bool}
}

// listQuery writes a sub-query that gives one list.
func (e *exprs) listQuery(x *listQuery) operand {
	need := &colSet{}
	need.reads(x.x)
	b := e.gen(x.plan, need)
	if b.closed() {
		b = e.wrap(b, need)
	}
	b.order = nil
	list := e.d.list(e.generator.expr(b.env, x.x))
	return operand{sql: "(" + e.selectSQL(b, []string{list.sql}, e.alias) + ")", typ: event.Dynamic, rep: list.rep}
}

// valueQuery writes a sub-query that gives one value.
func (e *exprs) valueQuery(x *valueQuery) operand {
	need := &colSet{}
	need.reads(x.x)
	b := e.gen(x.plan, need)
	if b.closed() {
		need.add(orderCols(b.order)...)
		b = e.wrap(b, need)
	}
	b.limit = 1
	value := e.generator.expr(b.env, x.x)
	sql := "(" + e.selectSQL(b, []string{value.sql}, func(c *column) string { return b.env[c].sql }) + ")"
	if value.typ == event.String {
		sql = "coalesce(" + sql + ", '')"
	}
	return operand{sql: sql, typ: value.typ, rep: value.rep}
}

// inQuery writes a test against the rows of a sub-query. Nulls of the sub-query match nothing.
func (e *exprs) inQuery(x *inQuery) operand {
	need := &colSet{}
	need.reads(x.cols...)
	b := e.gen(x.plan, need)
	if b.closed() {
		b = e.wrap(b, need)
	}
	b.order = nil
	var left, right []string
	texts := true
	for i := range x.x {
		l, r := e.expr(x.x[i]), e.generator.expr(b.env, x.cols[i])
		left, right = append(left, l.sql), append(right, r.sql)
		texts = texts && l.typ == event.String && r.typ == event.String
		if r.typ != event.String {
			b.where = append(b.where, r.sql+" IS NOT NULL")
		}
	}
	row := left[0]
	if len(left) > 1 {
		row = "(" + strings.Join(left, ", ") + ")"
	}
	in := row + " IN (" + e.selectSQL(b, right, e.alias) + ")"
	switch {
	case x.not && texts:
		in = row + " NOT" + strings.TrimPrefix(in, row)
	case x.not:
		in = "NOT coalesce(" + in + ", false)"
	case !texts && !e.filter:
		in = "coalesce(" + in + ", false)"
	}
	return operand{sql: "(" + in + ")", typ: event.Bool}
}

// aggregate writes a GROUP BY. Results that come from one row together are packed by the dialect and opened in an
// outer block.
func (g *generator) aggregate(n *aggregate, need *colSet) *block {
	var aggs []aggItem
	for i, a := range n.aggs {
		var outs []item
		for _, o := range a.outs {
			if need.has[o.col] {
				outs = append(outs, o)
			}
		}
		keep := a.outs
		a.outs = outs
		if len(n.by) == 0 && i == len(n.aggs)-1 && len(aggs) == 0 && a.col == nil && len(outs) == 0 {
			a.outs = keep[:1] // one aggregate has to stay, or there would be as many rows as came in
			aggs = append(aggs, a)
			continue
		}
		if len(outs) > 0 || a.col != nil && need.has[a.col] || len(n.by) == 0 && i == len(n.aggs)-1 && len(aggs) == 0 {
			aggs = append(aggs, a)
		}
	}
	reads, uses := &colSet{}, map[*column]int{}
	use := func(xs ...scalar) {
		for _, x := range xs {
			one := &colSet{}
			one.reads(x)
			for _, c := range one.list {
				uses[c]++
			}
			reads.add(one.list...)
		}
	}
	for _, by := range n.by {
		use(by.x)
	}
	for _, a := range aggs {
		use(a.args...)
		if a.cond != nil {
			use(a.cond)
		}
		for _, o := range a.outs {
			use(o.x)
		}
	}
	b := g.gen(n.in, reads)
	wrap := b.closed()
	for _, c := range reads.list {
		wrap = wrap || uses[c] > 1 && !b.env[c].simple
	}
	if wrap {
		b = g.wrap(b, reads)
	}
	return g.groupBlock(n, aggs, b)
}

func (g *generator) groupBlock(n *aggregate, aggs []aggItem, b *block) *block {
	in := b.env
	env := map[*column]operand{}
	order := b.order
	e := &exprs{g, in, false}
	for _, by := range n.by {
		op := e.expr(by.x)
		op.simple = false
		if _, twice := env[by.col]; !twice {
			b.groups = append(b.groups, by.col)
		}
		env[by.col] = op
	}
	type packed struct {
		col  *column
		outs []item
	}
	var packs []packed
	all := &colSet{}
	for _, a := range aggs {
		if a.col != nil {
			env[a.col] = g.d.aggregate(e, a, order)
			all.add(a.col)
		}
		if len(a.outs) > 0 {
			p := &column{typ: event.Dynamic}
			env[p] = operand{sql: g.d.pack(e, a)}
			all.add(p)
			packs = append(packs, packed{p, a.outs})
		}
	}
	if len(n.by) == 0 {
		b.must = all.list[:1]
	}
	all.add(b.groups...)
	b.env, b.grouped, b.order = env, true, nil
	if len(packs) == 0 {
		return b
	}
	outer := g.wrap(b, all)
	for _, p := range packs {
		for i, o := range p.outs {
			op := g.d.unpack(outer.env[p.col].sql, i, g.expr(in, o.x))
			outer.env[o.col] = op
		}
	}
	return outer
}
