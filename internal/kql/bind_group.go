package kql

import "tocsin/internal/event"

// steps applies the operators of a sub-query one after the other.
func (b *binder) steps(rel *relation, ops []Operator) *relation {
	for _, op := range ops {
		group, old := rel.group, rel.legacy
		rel = b.operator(rel, op)
		rel.group, rel.name, rel.legacy = group, "", legacyAfter(op, old, rel.legacy)
		if len(rel.fields) > maxColumns {
			fail(op.Pos(), "a table has at most %d columns", maxColumns)
		}
	}
	return rel
}

// rowOperator applies the operators of syntax_rows.go.
func (b *binder) rowOperator(rel *relation, op Operator) *relation {
	switch op := op.(type) {
	case *ParseText:
		return b.parseText(rel, op)
	case *ParseKV:
		return b.parseKV(rel, op)
	case *MvApply:
		return b.mvApply(rel, op)
	case *Partition:
		return b.partition(rel, op)
	case *MakeSeries:
		return b.makeSeries(rel, op)
	case *TopNested:
		return b.topNested(rel, op)
	case *TopHitters:
		return b.topHitters(rel, op)
	case *Sample:
		n := b.rows(op.N)
		b.shuffle(rel, op.Span)
		b.first(rel, op.Span, n)
		rel.ordering = ordering{}
		return rel
	case *SampleDistinct:
		n := b.rows(op.N)
		rel = b.distinct(rel, &Distinct{Span: op.Span, Items: []Named{op.X}})
		b.first(rel, op.Span, n)
		return rel
	case *Serialize:
		rel.serialized = true
		if len(op.Items) > 0 {
			return b.extend(rel, &Extend{Span: op.Span, Items: op.Items})
		}
		return rel
	case *Evaluate:
		return b.evaluate(rel, op)
	}
	fail(op.Pos(), "this operator is not supported yet")
	return nil
}

// keepRows keeps the rows for which cond holds. Where runs without rows count, the others are marked, not dropped.
func (b *binder) keepRows(rel *relation, at Span, cond scalar) {
	if rel.group != nil && rel.group.present != nil {
		c := &compute{in: rel.plan}
		rel.group.present = c.column(and(&ref{rel.group.present}, cond))
		rel.plan = b.add(at, c)
		return
	}
	rel.plan = b.add(at, &filter{rel.plan, cond})
}

// first keeps n rows, of each run.
func (b *binder) first(rel *relation, at Span, n int64) {
	if rel.group == nil {
		rel.plan = b.add(at, &limit{rel.plan, n})
		return
	}
	number := b.addWindow(rel, at, windowItem{fn: winNumber, col: &column{typ: event.Long}}, nil)
	b.keepRows(rel, at, test(opLe, &ref{number}, long(n)))
}

// shuffle puts rows in an order by chance.
func (b *binder) shuffle(rel *relation, at Span) {
	c := &compute{in: rel.plan}
	chance := &column{typ: event.Real}
	c.items = append(c.items, item{chance, &call{opChance, event.Real, nil}})
	rel.plan = b.add(at, c)
	keys := []orderKey{{col: chance}}
	rel.plan = b.add(at, &order{rel.plan, keys})
	rel.ordering = ordering{keys: keys}
}

// into makes an aggregate one of each run. What belongs to the run or to the outer row goes through it.
func (g *grouping) into(agg *aggregate) {
	if g == nil {
		return
	}
	grouped := len(agg.by) > 0
	taken := map[*column]bool{}
	by := func(c *column) {
		if !taken[c] {
			taken[c] = true
			agg.by = append(agg.by, item{c, &ref{c}})
		}
	}
	for _, it := range agg.by {
		taken[it.col] = true
	}
	for _, c := range g.by {
		by(c)
	}
	switch {
	case g.present == nil:
	case grouped:
		by(g.present)
	default: // one row a run, whether it has rows or not
		for i := range agg.aggs {
			cond := scalar(&ref{g.present})
			if agg.aggs[i].cond != nil {
				cond = and(cond, agg.aggs[i].cond)
			}
			agg.aggs[i].cond = cond
		}
		g.present = nil
	}
	moved := map[*column]*column{}
	for _, place := range g.columns() {
		old := *place
		if taken[old] {
			continue
		}
		if moved[old] == nil {
			moved[old] = &column{typ: old.typ, uuid: old.uuid}
			agg.aggs = append(agg.aggs, aggItem{fn: aggAny, col: moved[old], args: []scalar{&ref{old}}})
		}
		*place = moved[old]
	}
}

// emptyRuns tells whether a run without rows may give a row: one that counts what is not there.
func emptyRuns(ops []Operator) bool {
	for _, op := range ops {
		switch op := op.(type) {
		case *Count:
			return true
		case *Summarize:
			if len(op.By) == 0 {
				return true
			}
		}
	}
	return false
}

// subQuery binds the operators of a sub-query over rel, whose group says which rows belong together.
func (b *binder) subQuery(rel *relation, at Span, ops []Operator) *relation {
	for _, op := range ops {
		switch op.(type) {
		case *Where, *Extend, *Project, *ProjectNames, *ProjectRename, *Summarize, *Sort, *Top, *Take, *Count, *Distinct, *MvExpand, *Render,
			*ParseText, *ParseKV, *TopHitters, *Sample, *SampleDistinct, *Serialize:
		case *MvApply, *Partition:
			if rel.group.present != nil {
				fail(op.Pos(), "a query inside a query can't come before summarize without by, or count")
			}
		default:
			fail(op.Pos(), "this operator can't stand in the query of mv-apply or partition; there can be where, extend, project, parse, summarize, distinct, sort, top, take and the like")
		}
	}
	rel = b.steps(rel, ops)
	if g := rel.group; g.present != nil {
		rel.plan = b.add(at, &filter{rel.plan, &ref{g.present}})
		g.present = nil
	}
	return rel
}

// partition runs a query over the rows of each value of a column.
func (b *binder) partition(rel *relation, op *Partition) *relation {
	key := rel.lookup(op.By.Name)
	if key == nil {
		unknownColumn(op.By.Span, op.By.Name, rel)
	}
	notDynamic(op.By.Span, "partition", key.typ)
	outer := rel.group
	group := &grouping{by: []*column{key}, outer: outer}
	if outer != nil {
		group.by = append(group.by, outer.by...)
	}
	if emptyRuns(op.Sub) { // a value has rows when its query begins
		c := &compute{in: rel.plan}
		group.present = c.column(&constant{event.Bool, true})
		rel.plan = b.add(op.Span, c)
	}
	rel.group = group
	rel = b.subQuery(rel, op.Span, op.Sub)
	rel.group, rel.ordering = outer, ordering{}
	return rel
}

// expansion binds what mv-expand and mv-apply expand; fields are those of rel with the elements in their places.
func (b *binder) expansion(rel *relation, at Span, of string, items []Expansion, e *expand, index string, limit Expr) {
	sc := &scope{rel: rel, windows: true}
	e.limit = -1
	if limit != nil {
		e.limit = b.rows(limit)
	}
	var names []string
	for _, it := range items {
		if it.Names != nil {
			fail(it.Span, "several names for one expression can't stand here")
		}
		x := b.scalar(it.X, sc)
		if x.typeOf() != event.Dynamic {
			fail(it.X.Pos(), "%s needs an array, this is %s; text becomes one by split(Column, \", \") or parse_json(Column)", of, article(x.typeOf()))
		}
		e.lists = append(e.lists, item{&column{typ: event.Dynamic}, x})
		name := it.Name
		if name == "" {
			name = autoName(it.X)
		}
		names = append(names, name)
	}
	if index != "" && e.index == nil {
		e.index = &column{typ: event.Long}
	}
	e.in = rel.plan
	rel.plan = b.add(at, e)
	c := &compute{in: rel.plan}
	free := newNamer()
	for _, f := range rel.fields {
		free.taken[f.name] = true
	}
	set := func(name string, col *column) {
		if i := rel.index(name); i >= 0 {
			rel.fields[i].col = col
			return
		}
		rel.fields = append(rel.fields, field{free.name(name, at, false), col})
	}
	for i, it := range items {
		col := e.lists[i].col
		if it.To != "" && it.To != event.Dynamic {
			col = c.column(&call{opCast, it.To, []scalar{&ref{col}}})
		}
		set(names[i], col)
	}
	b.finish(rel, at, c)
	if index != "" {
		set(index, e.index)
	}
}

func (b *binder) mvExpand(rel *relation, op *MvExpand) *relation {
	e := &expand{pairs: op.Kind == "array"}
	was := rel.ordering
	if was.serialized { // elements follow in their order
		e.index = &column{typ: event.Long}
	}
	if rel.group != nil && rel.group.present != nil {
		e.present = &column{typ: event.Bool}
	}
	b.expansion(rel, op.Span, "mv-expand", op.Items, e, op.ItemIndex, op.Limit)
	if e.present != nil {
		b.keepRows(rel, op.Span, &ref{e.present})
	}
	rel.ordering = ordering{}
	if was.serialized {
		b.orderBy(rel, op.Span, append(append([]orderKey(nil), was.keys...), orderKey{col: e.index}))
	}
	return rel
}

// orderBy says in which order the rows are from here on.
func (b *binder) orderBy(rel *relation, at Span, keys []orderKey) {
	rel.plan = b.add(at, &order{rel.plan, keys})
	rel.ordering = ordering{serialized: true, keys: keys}
}

// mvApply expands every row and runs a query over the rows that come of it.
func (b *binder) mvApply(rel *relation, op *MvApply) *relation {
	outer := rel.group
	row := &column{typ: event.Long}
	rel.plan = b.add(op.Span, &window{in: rel.plan, items: []windowItem{{fn: winNumber, col: row}}})
	rel.ordering = ordering{}
	group := &grouping{by: []*column{row}, outer: outer}
	e := &expand{index: &column{typ: event.Long}}
	if emptyRuns(op.Sub) {
		e.present = &column{typ: event.Bool}
		group.present = e.present
	}
	before := append([]field(nil), rel.fields...)
	b.expansion(rel, op.Span, "mv-apply", op.Items, e, op.ItemIndex, op.Limit)
	for _, f := range before { // an expanded column stands for the one that it came of
		if rel.lookup(f.name) == f.col {
			group.keep = append(group.keep, f)
		}
	}
	rel.group = group
	b.orderBy(rel, op.Span, []orderKey{{col: e.index}})
	rel = b.subQuery(rel, op.Span, op.Sub)
	fields := group.keep
	for _, f := range rel.fields {
		at := -1
		for i, k := range fields {
			if k.name == f.name {
				at = i
			}
		}
		if at >= 0 {
			fields[at] = f
			continue
		}
		fields = append(fields, f)
	}
	rel.fields, rel.group, rel.ordering = fields, outer, ordering{}
	return rel
}
