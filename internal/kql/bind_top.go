package kql

import "tocsin/internal/event"

// topHitters is the most frequent values, or those with the largest sum. Kusto estimates them; these are exact.
func (b *binder) topHitters(rel *relation, op *TopHitters) *relation {
	n := b.rows(op.N)
	if op.X.Names != nil {
		fail(op.X.Span, "several names for one expression can't stand here")
	}
	name := op.X.Name
	if name == "" {
		name = autoName(op.X.X)
	}
	agg := Named{Span: op.Span, Name: "approximate_count_" + name, X: &Call{Span: op.Span, Name: "count"}}
	if op.By != nil {
		agg = Named{Span: op.By.Pos(), Name: "approximate_sum_" + autoName(op.By), X: &Call{Span: op.By.Pos(), Name: "sum", Args: []Expr{op.By}}}
	}
	group := rel.group
	rel = b.summarize(rel, &Summarize{Span: op.Span, Aggs: []Named{agg}, By: []Named{op.X}})
	rel.group = group
	// Values that are as frequent are told apart by themselves, so that the answer is the same every time.
	keys := []orderKey{{col: rel.fields[1].col, desc: true}, {col: rel.fields[0].col}}
	b.orderBy(rel, op.Span, keys)
	b.first(rel, op.Span, n)
	return rel
}

// topNested groups level by level. A level's aggregate is computed over all rows of its group, and those groups stay that
// rank high enough among their siblings. With "others" the rows of the rest form one more group.
func (b *binder) topNested(rel *relation, op *TopNested) *relation {
	out := &relation{}
	names := newNamer()
	var path []*column // what tells the groups of the levels so far apart
	final := &aggregate{}
	var keys []orderKey
	for i, l := range op.Levels {
		if l.Others != nil && i < len(op.Levels)-1 {
			fail(l.Others.Pos(), "'with others' is supported at the last level only")
		}
		level := b.nestedLevel(rel, l, path)
		path = append(path, level.path...)
		name := l.X.Name
		if name == "" {
			name = autoName(l.X.X)
		}
		name = names.name(name, l.Span, name != "")
		value := l.Agg.Name
		if value == "" {
			value = "aggregated_" + name
		}
		result := &column{typ: level.value.typ}
		final.aggs = append(final.aggs, aggItem{fn: aggAny, col: result, args: []scalar{&ref{level.value}}})
		out.fields = append(out.fields, field{name, level.label}, field{names.name(value, l.Span, l.Agg.Name != ""), result})
		keys = append(keys, orderKey{col: result, desc: !l.Asc, nullsFirst: l.Asc}, orderKey{col: level.label})
	}
	final.in = rel.plan
	for _, c := range path {
		final.by = append(final.by, item{c, &ref{c}})
	}
	out.plan = b.add(op.Span, final)
	b.orderBy(out, op.Span, keys)
	out.ordering = ordering{}
	return out
}

type nested struct {
	label, value *column
	path         []*column
}

// nestedAggregates are those that Kusto allows at a level.
var nestedAggregates = map[aggFn]bool{aggSum: true, aggCount: true, aggMax: true, aggMin: true, aggDCount: true, aggAvg: true, aggPercentile: true}

func (b *binder) nestedLevel(rel *relation, l NestedLevel, path []*column) nested {
	if l.X.Names != nil || l.Agg.Names != nil {
		fail(l.Span, "several names for one expression can't stand here")
	}
	x := b.scalar(l.X.X, &scope{rel: rel})
	notDynamic(l.X.X.Pos(), "top-nested", x.typeOf())
	c := &compute{in: rel.plan}
	label := c.column(x)
	b.finish(rel, l.Span, c)
	value := b.nestedValue(rel, l, append(append([]*column(nil), path...), label))
	if l.N == nil {
		if l.Others != nil {
			fail(l.Others.Pos(), "without a number of values there are no others")
		}
		return nested{label, value, []*column{label}}
	}
	n := b.rows(l.N)
	rank := &column{typ: event.Long}
	keys := []orderKey{{col: value, desc: !l.Asc}, {col: label}}
	rel.plan = b.add(l.Span, &window{in: rel.plan, by: path, keys: keys, items: []windowItem{{fn: winRank, col: rank}}})
	top := test(opLe, &ref{rank}, long(n))
	if l.Others == nil {
		rel.plan = b.add(l.Span, &filter{rel.plan, top})
		return nested{label, value, []*column{label}}
	}
	others := b.scalar(l.Others, &scope{})
	if _, ok := others.(*constant); !ok || others.typeOf() != x.typeOf() {
		fail(l.Others.Pos(), "what the others are called is a literal of the column's type, %s", x.typeOf())
	}
	c = &compute{in: rel.plan}
	isTop := c.column(top)
	label = c.column(choice(top, &ref{label}, others))
	b.finish(rel, l.Span, c)
	own := []*column{isTop, label} // a value that is called like the others is not one of them
	return nested{label, b.nestedValue(rel, l, append(append([]*column(nil), path...), own...)), own}
}

// nestedValue computes a level's aggregate for every row, over the rows that have the same path.
func (b *binder) nestedValue(rel *relation, l NestedLevel, path []*column) *column {
	agg, after := &aggregate{}, &compute{}
	var value *column
	b.aggregateItem(rel, l.Agg, agg, after, func(_ string, _ bool, col *column) {
		if value != nil {
			fail(l.Agg.Span, "an aggregate of top-nested gives one value")
		}
		value = col
	})
	w := &window{in: rel.plan, by: path}
	for i := range agg.aggs {
		if a := &agg.aggs[i]; !nestedAggregates[a.fn] || len(a.outs) > 0 {
			fail(l.Agg.X.Pos(), "top-nested ranks by sum, count, max, min, dcount, avg and percentile")
		}
		w.items = append(w.items, windowItem{fn: winAggregate, col: agg.aggs[i].col, agg: &agg.aggs[i]})
	}
	if len(w.items) > 0 {
		rel.plan = b.add(l.Span, w)
	}
	after.in = rel.plan
	b.finish(rel, l.Span, after)
	return value
}
