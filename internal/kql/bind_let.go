package kql

import (
	"strconv"

	"tocsin/internal/event"
)

// namedScalar binds a name that is no column.
func (b *binder) namedScalar(x *Name, m *meaning) scalar {
	if b.meansTable(m) {
		fail(x.Span, "'%s' is a table; a single value is needed here", x.Name)
	}
	switch {
	case m.scalar != nil:
		return b.useScalar(x.Span, x.Name, m.scalar)
	case m.lambda() != nil:
		return b.callScalar(&Call{Span: x.Span, Name: x.Name}, m, &scope{})
	}
	var v scalar
	b.under(m.before, func() { v = b.scalar(m.let.X, &scope{}) })
	return v
}

// useScalar puts the value of a parameter where its name stands. What it is made of counts each time, so that functions
// which use a parameter twice cannot grow without bound.
func (b *binder) useScalar(at Span, name string, v *scalarValue) scalar {
	if v.row && b.level != v.level {
		fail(at, "'%s' is another value in every row here, so it can't be used in a query inside the function; join the two tables instead", name)
	}
	b.scalars += v.scalars
	b.nodes += v.nodes
	b.count(at)
	b.countNodes(at)
	return v.x
}

// callScalar binds the call of a function that gives a value.
func (b *binder) callScalar(x *Call, m *meaning, sc *scope) scalar {
	if b.meansTable(m) {
		fail(x.Span, "'%s' gives a table; a single value is needed here, such as toscalar(%s)", x.Name, x.Name+"(...)")
	}
	f := m.lambda()
	names := b.arguments(x, m, sc, nil)
	var v scalar
	b.under(names, func() {
		b.define(f.Body.Lets)
		v = b.scalar(f.Body.Body, &scope{})
	})
	return v
}

// callTable binds the call of a function that gives a table. first is the table that invoke hands to it.
func (b *binder) callTable(x *Call, m *meaning, first *tableValue) *relation {
	f := m.lambda()
	names := b.arguments(x, m, &scope{}, first)
	var rel *relation
	b.under(names, func() {
		b.define(f.Body.Lets)
		rel = b.table(f.Body.Body)
	})
	rel.name, rel.hidden = "", nil
	return rel
}

// arguments binds those of a call where it stands, and returns what the function's body sees.
func (b *binder) arguments(x *Call, m *meaning, sc *scope, first *tableValue) *meaning {
	f := m.lambda()
	given := b.match(x, f, first != nil)
	out := m.before
	for i, p := range f.Params {
		one := &meaning{before: out, name: p.Name}
		switch {
		case p.Table && i == 0 && first != nil:
			first.columns = p.Columns
			one.table = b.checkTable(x.Span, x.Name, p, first)
		case p.Table:
			if !b.tabular(given[i]) {
				fail(given[i].Pos(), "'%s' needs a table for '%s' here, this is a single value", x.Name, p.Name)
			}
			one.table = b.checkTable(given[i].Pos(), x.Name, p, &tableValue{x: given[i], names: b.names, columns: p.Columns})
		default:
			one.scalar = b.scalarArgument(x, p, given[i], sc)
		}
		out = one
	}
	return out
}

// match orders the arguments of a call as the function declares them; nil where the default is taken.
func (b *binder) match(x *Call, f *Lambda, piped bool) []Expr {
	out := make([]Expr, len(f.Params))
	set := make([]bool, len(f.Params))
	next := 0
	if piped {
		if len(f.Params) == 0 || !f.Params[0].Table {
			fail(x.Span, "'%s' takes no table, so invoke has nothing to give it to", x.Name)
		}
		set[0], next = true, 1
	}
	for i, a := range x.Args {
		at := next
		if x.Names != nil && x.Names[i] != "" {
			at = f.index(x.Names[i])
			if at < 0 {
				fail(a.Pos(), "'%s' has no parameter '%s'%s", x.Name, x.Names[i], didYouMean(x.Names[i], f.names()))
			}
		} else {
			next++
		}
		if at >= len(f.Params) {
			fail(a.Pos(), "'%s' takes %s, not %d", x.Name, f.takes(piped), len(x.Args))
		}
		if set[at] {
			fail(a.Pos(), "'%s' is given '%s' twice", x.Name, f.Params[at].Name)
		}
		out[at], set[at] = a, true
	}
	for i, p := range f.Params {
		if !set[i] && p.Default == nil {
			fail(x.Span, "'%s' takes %s, not %d; '%s' is missing", x.Name, f.takes(piped), len(x.Args), p.Name)
		}
	}
	return out
}

func (f *Lambda) index(name string) int {
	for i, p := range f.Params {
		if p.Name == name {
			return i
		}
	}
	return -1
}

func (f *Lambda) names() []string {
	var out []string
	for _, p := range f.Params {
		out = append(out, p.Name)
	}
	return out
}

// takes says how many arguments a call has.
func (f *Lambda) takes(piped bool) string {
	most, least := len(f.Params), 0
	for _, p := range f.Params {
		if p.Default == nil {
			least++
		}
	}
	if piped {
		most, least = most-1, least-1
	}
	switch {
	case most == 0:
		return "no arguments"
	case least < most:
		return strconv.Itoa(least) + " to " + strconv.Itoa(most) + " arguments"
	case most == 1:
		return "1 argument"
	}
	return strconv.Itoa(most) + " arguments"
}

func (b *binder) scalarArgument(x *Call, p *Param, given Expr, sc *scope) *scalarValue {
	v := &scalarValue{level: b.level}
	scalars, nodes := b.scalars, b.nodes
	if given == nil {
		v.x = b.fit(p.Default.Span, x.Name, p, b.scalar(p.Default, &scope{}))
	} else {
		if b.isTable(given, sc) {
			fail(given.Pos(), "'%s' needs a single value for '%s' here, this is a table", x.Name, p.Name)
		}
		v.x = b.fit(given.Pos(), x.Name, p, b.scalar(given, sc))
	}
	v.scalars, v.nodes = b.scalars-scalars, b.nodes-nodes
	used := map[*column]bool{}
	columnsOf(used, v.x)
	v.row = len(used) > 0
	return v
}

// fit gives an argument the type of its parameter. Numbers widen, dynamic values are read as what is asked for.
func (b *binder) fit(at Span, name string, p *Param, v scalar) scalar {
	t := v.typeOf()
	switch {
	case t == p.Type, p.Type == event.Dynamic, t == event.Dynamic:
	case integer(t) && numeric(p.Type):
	default:
		fail(at, "'%s' needs %s for '%s' here, this is %s", name, article(p.Type), p.Name, article(t))
	}
	return convert(v, p.Type)
}

// checkTable binds the argument of a table parameter, which must have the declared columns.
func (b *binder) checkTable(at Span, name string, p *Param, v *tableValue) *tableValue {
	if v.columns == nil {
		return v
	}
	rel := b.bindValue(v)
	for _, d := range v.columns {
		c := rel.lookup(d.Name)
		if c == nil {
			fail(at, "'%s' needs a table with the column '%s' for '%s', and this one has none", name, d.Name, p.Name)
		}
		if c.typ != d.Type {
			fail(at, "'%s' needs a table whose column '%s' is %s, here it is %s", name, d.Name, article(d.Type), article(c.typ))
		}
	}
	v.first = rel
	return v
}

// useTable binds the argument of a table parameter for one use.
func (b *binder) useTable(v *tableValue) *relation {
	rel := v.first
	v.first = nil
	if rel == nil {
		rel = b.bindValue(v)
	}
	if v.columns == nil {
		return rel
	}
	shown := map[*column]bool{}
	for _, d := range v.columns {
		shown[rel.lookup(d.Name)] = true
	}
	rel.hidden = map[*column]bool{}
	for _, f := range rel.fields {
		if !shown[f.col] {
			rel.hidden[f.col] = true
		}
	}
	return rel
}

func (b *binder) bindValue(v *tableValue) *relation {
	var rel *relation
	b.under(v.names, func() { rel = b.table(v.x) })
	return rel
}

// pipeline binds a source and its operators. What is handed on by invoke, or named by as, is the query up to there, bound
// again wherever the function or the name uses it.
func (b *binder) pipeline(x *Pipe) *relation {
	outer := b.names
	upTo := func(i int) *tableValue {
		return &tableValue{x: &Pipe{Span: x.Span, Source: x.Source, Ops: x.Ops[:i]}, names: outer}
	}
	first := -1 // the last invoke: what stands before it is bound by it
	for i, op := range x.Ops {
		if _, ok := op.(*Invoke); ok {
			first = i
		}
	}
	var rel *relation
	if first < 0 {
		rel = b.table(x.Source)
	}
	for i, op := range x.Ops {
		if as, ok := op.(*As); ok {
			b.names = &meaning{before: b.names, name: as.Name, table: upTo(i)}
			if rel != nil {
				rel.name = as.Name
			}
			continue
		}
		switch {
		case i < first:
			continue
		case i == first:
			rel = b.invoke(op.(*Invoke), upTo(i))
		default:
			legacy := rel.legacy
			rel = b.operator(rel, op)
			rel.name, rel.legacy = "", legacyAfter(op, legacy, rel.legacy)
		}
		if len(rel.fields) > maxColumns {
			fail(op.Pos(), "a table has at most %d columns", maxColumns)
		}
	}
	b.names = outer
	return rel
}

func (b *binder) invoke(op *Invoke, in *tableValue) *relation {
	m := b.find(op.Call.Name)
	if m.lambda() == nil {
		b.noFunction(op.Call)
	}
	if !b.meansTable(m) {
		fail(op.Call.Span, "'%s' gives a single value; invoke needs a function that gives a table", op.Call.Name)
	}
	return b.callTable(op.Call, m, in)
}

// parameters gives those of declare query_parameters their values.
func (b *binder) parameters(list []*Param) {
	for _, p := range list {
		if p.Default == nil {
			fail(p.Span, "the parameter '%s' has no value; give it one: %s:%s = ...", p.Name, p.Name, p.Type)
		}
		v := &scalarValue{x: b.fit(p.Default.Span, "declare query_parameters", p, b.scalar(p.Default, &scope{}))}
		b.names = &meaning{before: b.names, name: p.Name, scalar: v}
	}
}
