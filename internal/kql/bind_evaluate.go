package kql

import (
	"slices"
	"strings"

	"tocsin/internal/event"
)

// maxProbed bounds the columns that may come of data, maxProbes how often a query may ask for them.
const (
	maxProbed = 200
	maxProbes = 8
)

// evaluate calls a plug-in. What most of them give depends on data: Options.Probe asks the store for it while the query is
// bound, unless the query says itself which columns there are.
func (b *binder) evaluate(rel *relation, op *Evaluate) *relation {
	rel.ordering = ordering{}
	switch op.Name {
	case "bag_unpack":
		return b.bagUnpack(rel, op)
	case "pivot":
		return b.pivot(rel, op)
	case "narrow":
		return b.narrow(rel, op)
	case "ipv4_lookup":
		return b.ipv4Lookup(rel, op)
	}
	fail(op.Span, "the plug-in '%s' is not supported; there are bag_unpack, pivot, narrow and ipv4_lookup", op.Name)
	return nil
}

// arguments puts the arguments of a plug-in into the places of its parameters; what is left out is nil.
func (op *Evaluate) arguments(required int, params ...string) []Expr {
	out := make([]Expr, len(params))
	for i, a := range op.Args {
		at := i
		if a.Name != "" {
			at = slices.Index(params, a.Name)
			if at < 0 {
				fail(a.Span, "%s has no parameter '%s'; there are %s", op.Name, a.Name, strings.Join(params, ", "))
			}
		}
		if at >= len(params) {
			fail(a.Span, "%s takes at most %d arguments", op.Name, len(params))
		}
		if out[at] != nil {
			fail(a.Span, "%s has '%s' twice", op.Name, params[at])
		}
		out[at] = a.X
	}
	for i, x := range out[:required] {
		if x == nil {
			fail(op.Span, "%s needs '%s'", op.Name, params[i])
		}
	}
	return out
}

// columnArgument is a column of rel that an argument names.
func columnArgument(rel *relation, x Expr) (string, *column) {
	n, ok := x.(*Name)
	if !ok {
		fail(x.Pos(), "expected the name of a column")
	}
	c := rel.lookup(n.Name)
	if c == nil {
		unknownColumn(n.Span, n.Name, rel)
	}
	return n.Name, c
}

// literal is the value of an argument that has to be a literal of a type; nil when it was left out.
func (b *binder) literal(x Expr, typ event.Type) any {
	if x == nil {
		return nil
	}
	k, ok := b.scalar(x, &scope{}).(*constant)
	if !ok || k.typ != typ || k.value == nil {
		fail(x.Pos(), "expected a literal %s here", typ)
	}
	return k.value
}

// probe runs a plan while the query is being bound, and returns its rows.
func (b *binder) probe(rel *relation, at Span, of string) [][]any {
	if b.opts.Probe == nil {
		fail(at, "the columns that %s gives depend on the data; name them: evaluate %s(...) : (Name:type, ...)", of, of)
	}
	if b.probes++; b.probes > maxProbes {
		fail(at, "the data is asked for columns more than %d times; name them: evaluate %s(...) : (Name:type, ...)", maxProbes, of)
	}
	plan := rel.plan
	if b.optimise {
		plan = narrowJoins(pushFilters(plan))
	}
	o := b.opts
	o.Limit = 0
	g := &generator{d: b.dialect, opts: o, optimise: b.optimise}
	rows, err := b.opts.Probe(g.statement(&relation{plan: plan, fields: rel.fields}))
	if err != nil {
		panic(probeError{err})
	}
	b.bare = b.bare || len(rows) == 0
	return rows
}

// probeError carries an error of Options.Probe to the caller of Compile as it is.
type probeError struct{ err error }

// narrow makes a row of every value: the row's number, the column's name and the value as text.
func (b *binder) narrow(rel *relation, op *Evaluate) *relation {
	op.arguments(0)
	if op.Schema != nil {
		fail(op.Span, "the columns of narrow are always the same; leave them out")
	}
	row, at := &column{typ: event.Long}, &column{typ: event.Long}
	rel.plan = b.add(op.Span, &window{in: rel.plan, items: []windowItem{{fn: winNumber, col: row}}})
	var names []string
	var values []scalar
	for _, f := range rel.fields {
		names = append(names, jsonString(f.name))
		values = append(values, convert(&ref{f.col}, event.String))
	}
	value := &column{typ: event.Dynamic}
	e := &expand{in: rel.plan, index: at, limit: -1, lists: []item{{value, &call{opPackArray, event.Dynamic, values}}}}
	rel.plan = b.add(op.Span, e)
	c := &compute{in: rel.plan}
	list := &constant{event.Dynamic, "[" + strings.Join(names, ",") + "]"}
	rel.fields = []field{
		{"Row", c.column(arithmetic(op.Span, "-", &ref{row}, long(1)))},
		{"Column", c.column(convert(&call{opElement, event.Dynamic, []scalar{list, &ref{at}}}, event.String))},
		{"Value", c.column(convert(&ref{value}, event.String))},
	}
	b.finish(rel, op.Span, c)
	return rel
}

// ipv4Lookup joins a table of networks by the address in a column. Networks are ranges of numbers, and of two networks one
// holds the other or they have nothing in common.
func (b *binder) ipv4Lookup(rel *relation, op *Evaluate) *relation {
	if op.Schema != nil {
		fail(op.Span, "the columns of ipv4_lookup are those of both tables; leave them out")
	}
	var args []Expr
	unmatched := false
	for _, a := range op.Args {
		if a.Name == "return_unmatched" {
			unmatched = b.literal(a.X, event.Bool).(bool)
			continue
		}
		if a.Name != "" {
			fail(a.Span, "ipv4_lookup has no parameter '%s'; there is return_unmatched", a.Name)
		}
		args = append(args, a.X)
	}
	if n := len(args); n > 3 {
		if k, ok := args[n-1].(*Literal); ok {
			unmatched, args = b.literal(k, event.Bool).(bool), args[:n-1]
		}
	}
	if len(args) < 3 {
		fail(op.Span, "ipv4_lookup takes a table, the column of the address, and the column of the network in that table")
	}
	right := b.table(args[0])
	_, address := columnArgument(rel, args[1])
	_, network := columnArgument(right, args[2])
	for i, c := range []*column{address, network} {
		if c.typ != event.String {
			fail(args[i+1].Pos(), "an address is text, this is %s", article(c.typ))
		}
	}
	var on []joinPair
	for _, x := range args[3:] {
		name, l := columnArgument(rel, x)
		r := right.lookup(name)
		if r == nil {
			fail(x.Pos(), "there is no column '%s' in the table of networks", name)
		}
		pair := joinPair{&ref{l}, &ref{r}}
		checkKeys(x.Pos(), pair)
		on = append(on, pair)
	}
	ends := func(r *relation, c *column) (first, last *column) {
		add := &compute{in: r.plan}
		first = add.column(&call{opIPFirst, event.Long, []scalar{&ref{c}}})
		last = add.column(&call{opIPLast, event.Long, []scalar{&ref{c}}})
		b.finish(r, op.Span, add)
		return first, last
	}
	first, last := ends(rel, address)
	low, high := ends(right, network)
	j := &join{kind: joinInner, left: rel.plan, right: right.plan, on: on}
	j.also = and(test(opLe, &ref{first}, &ref{high}), test(opLe, &ref{low}, &ref{last}))
	right.fields = withoutKeys(right.fields, on)
	if unmatched {
		j.kind = joinLeftOuter
		j.outer = absent(right.fields)
	}
	return &relation{plan: b.add(op.Span, j), fields: sideBySide(rel.fields, right.fields)}
}
