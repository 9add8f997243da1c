package kql

import (
	"cmp"
	"strconv"

	"tocsin/internal/event"
)

// binder turns the syntax tree into a plan: it knows what every name means and what type every expression has.
type binder struct {
	opts     Options
	dialect  Dialect
	optimise bool
	probes   int
	bare     bool // the data gave some evaluate no columns
	windows  bool // some step looks at other rows
	names    *meaning
	nodes    int
	scalars  int
	level    int // how many tables are being bound inside each other
	notes    []string
	tables   map[*Let]bool // whether it stands for a table
	sets     map[Expr]*rowSet
	bytes    int // of tables of constants
	hidden   []hiddenColumn
}

// scope is what a scalar expression can refer to.
type scope struct {
	rel *relation // columns; nil: none
	agg *aggregate
	// windows allows functions that look at other rows, such as prev. Binding one adds a step to rel's plan.
	windows bool
}

func (b *binder) bindTree(t *Tree) *relation {
	b.options(t.Sets)
	b.parameters(t.Params)
	b.define(t.Lets)
	if !b.tabular(t.Body) {
		if n, ok := t.Body.(*Name); ok && b.find(n.Name) == nil {
			b.unknownTable(n)
		}
		if c, ok := t.Body.(*Call); ok && b.find(c.Name) == nil && !builtin(c.Name) {
			b.noFunction(c)
		}
		fail(t.Body.Pos(), "a query gives a table, this is a single value; to see it, write: print x = ...")
	}
	return b.table(t.Body)
}

// add counts plan nodes, so that lets that use each other can't grow without bound.
func (b *binder) add(at Span, n node) node {
	b.nodes++
	b.countNodes(at)
	switch n.(type) {
	case *window:
		b.windows = true
	case *aggregate, *filter:
		if _, isFilter := n.(*filter); (!isFilter || b.windows) && groupings(n) > maxGroupings {
			fail(at, "the query groups what is grouped already, or filters what it has compared with other rows, more than %d times over", maxGroupings)
		}
	}
	return n
}

func (b *binder) countNodes(at Span) {
	if b.nodes > maxPlan {
		fail(at, "the query is too large: more than %d steps after every let is expanded", maxPlan)
	}
}

// count counts bound expressions, for the same reason.
func (b *binder) count(at Span) {
	if b.scalars++; b.scalars > maxScalars {
		fail(at, "the query is too large: more than %d expressions after every let is expanded", maxScalars)
	}
}

// groupings counts how many groupings stand on top of each other in n, at most. A window over parts of the rows is as dear
// to plan as one, once there is a filter above it.
func groupings(n node) int {
	most, _ := grouped(n)
	return most
}

// grouped also counts the windows that no filter stands above yet.
func grouped(n node) (most, windows int) {
	for _, in := range n.inputs() {
		m, w := grouped(in)
		most, windows = max(most, m), max(windows, w)
	}
	switch n := n.(type) {
	case *aggregate:
		most++
	case *window:
		if len(n.by) > 0 {
			windows++
		}
	case *filter:
		most, windows = max(most+windows, groupingsIn(n.cond)), 0
	case *compute:
		for _, it := range n.items {
			most = max(most, groupingsIn(it.x))
		}
	}
	return most, windows
}

// groupingsIn counts those in the sub-queries of x.
func groupingsIn(x scalar) int {
	most := 0
	switch x := x.(type) {
	case *call:
		for _, a := range x.args {
			most = max(most, groupingsIn(a))
		}
	case *inQuery:
		most = groupings(x.plan)
	case *listQuery:
		most = groupings(x.plan)
	case *valueQuery:
		most = groupings(x.plan)
	}
	return most
}

// table binds a tabular expression.
func (b *binder) table(x Expr) *relation {
	if b.level++; b.level > maxTables { // what a row holds can't be seen from inside
		fail(x.Pos(), "the query is too large: its functions and tables are nested more than %d deep", maxTables)
	}
	defer func() { b.level-- }()
	switch x := x.(type) {
	case *Pipe:
		return b.pipeline(x)
	case *UnionSource:
		return b.union(nil, x.Union)
	case *Print:
		return b.print(x)
	case *Name:
		return b.tableNamed(x)
	}
	return b.made(x)
}

func (b *binder) tableNamed(x *Name) *relation {
	if m := b.find(x.Name); m != nil {
		return b.tableMeant(x, m)
	}
	t, ok := event.TableNamed(x.Name)
	if !ok {
		b.unknownTable(x)
	}
	s := &scan{table: t, cols: map[*column]*event.Column{}}
	rel := &relation{plan: b.add(x.Span, s), name: t.Name}
	for i := range t.Columns {
		c := &t.Columns[i]
		if b.withhold(t, c) {
			continue
		}
		col := &column{typ: c.Type, uuid: c.ID && !c.Later}
		s.cols[col] = c
		if c.Name == "Timestamp" {
			s.time = col
		}
		rel.fields = append(rel.fields, field{c.Name, col})
	}
	rel.legacy = legacyOf(t, rel)
	return rel
}

func (b *binder) unknownTable(x *Name) {
	if event.Elsewhere(x.Name) {
		panic(problem{at: x.Start, msg: "this installation does not collect " + x.Name, table: x.Name})
	}
	var names []string
	for _, t := range event.Schema() {
		names = append(names, t.Name)
	}
	names = append(names, b.known()...)
	if why := notHere(x.Name); why != "" {
		fail(x.Span, "this installation has no '%s': %s", x.Name, why)
	}
	panic(problem{at: x.Start, msg: "there is no table '" + x.Name + "' here" + didYouMean(x.Name, names), table: x.Name})
}

func (b *binder) print(x *Print) *relation {
	rel := &relation{plan: b.add(x.Span, &oneRow{})}
	c := &compute{in: rel.plan}
	for i, it := range x.Items {
		if it.Names != nil {
			fail(it.Span, "several names for one expression can't stand in print; write: print x = ... | extend (a, b) = f(x)")
		}
		v := b.scalar(it.X, &scope{})
		name := it.Name
		if name == "" {
			name = "print_" + strconv.Itoa(i)
		}
		if rel.lookup(name) != nil {
			fail(it.Span, "there are two columns named '%s'", name)
		}
		col := &column{typ: v.typeOf()}
		c.items = append(c.items, item{col, v})
		rel.fields = append(rel.fields, field{name, col})
	}
	rel.plan = b.add(x.Span, c)
	return rel
}

// operator applies one operator. The relation given to it is not used again, and may be changed.
func (b *binder) operator(rel *relation, op Operator) *relation {
	switch op := op.(type) {
	case *Where:
		cond := b.condition(op.Cond, &scope{rel: rel, windows: true})
		b.keepRows(rel, op.Span, cond)
		return rel
	case *Extend:
		return b.extend(rel, op)
	case *Project:
		return b.project(rel, op.Span, op.Items)
	case *ProjectNames:
		return b.projectNames(rel, op)
	case *ProjectRename:
		return b.projectRename(rel, op)
	case *Summarize:
		return b.summarize(rel, op)
	case *Sort:
		b.sort(rel, op.Span, op.Keys)
		return rel
	case *Top:
		n := b.rows(op.N)
		b.sort(rel, op.Span, op.Keys)
		b.first(rel, op.Span, n)
		return rel
	case *Take:
		b.first(rel, op.Span, b.rows(op.N))
		return rel
	case *Count:
		col := &column{typ: event.Long}
		agg := &aggregate{in: rel.plan, aggs: []aggItem{{fn: aggCount, col: col}}}
		rel.group.into(agg)
		rel.plan = b.add(op.Span, agg)
		rel.fields, rel.ordering = []field{{cmp.Or(op.As, "Count"), col}}, ordering{}
		return rel
	case *Distinct:
		return b.distinct(rel, op)
	case *Join:
		return b.join(rel, op)
	case *Union:
		return b.union(rel, op)
	case *MvExpand:
		return b.mvExpand(rel, op)
	case *Render:
		return rel
	case *Search:
		return b.search(rel, op)
	case *GetSchema:
		return b.getSchema(rel, op)
	case *As, *Invoke:
		fail(op.Pos(), "as and invoke can't stand in this query inside another operator; put it into a let")
	}
	return b.rowOperator(rel, op)
}

// rows reads a number of rows.
func (b *binder) rows(x Expr) int64 {
	c, ok := b.scalar(x, &scope{}).(*constant)
	if ok && (c.typ == event.Long || c.typ == event.Int) && c.value != nil {
		if n := c.value.(int64); n >= 0 {
			return n
		}
	}
	fail(x.Pos(), "expected a number of rows, such as 100")
	return 0
}

// bound is a computed item before it has found its name.
type bound struct {
	Named
	x        scalar
	name     string
	explicit bool // written by the author, or a plain column: a clash is an error
}

// bindItems binds a list of named expressions and gives each a name; first is added to in order.
func (b *binder) bindItems(items []Named, sc *scope) []bound {
	out := make([]bound, 0, len(items))
	for _, it := range items {
		if _, ok := it.X.(*Star); ok {
			fail(it.Span, "'*' can't stand here")
		}
		if all, ok := b.severalItems(it, sc); ok {
			out = append(out, all...)
			continue
		}
		one := bound{Named: it, x: b.scalar(it.X, sc), name: it.Name, explicit: it.Name != ""}
		if it.Name == "" {
			named := ifExists(it.X, sc)
			one.name = autoName(named)
			_, one.explicit = named.(*Name)
		}
		out = append(out, one)
	}
	return out
}

// severalItems binds an expression of several values, or one that was given names in brackets.
func (b *binder) severalItems(it Named, sc *scope) ([]bound, bool) {
	var rs []result
	if c, ok := it.X.(*Call); ok {
		cols, values, several := b.several(c, sc)
		for i := range cols {
			rs = append(rs, result{name: cols[i].of(c), x: values[i]})
		}
		if several && it.Name != "" { // a name given to several columns is the first one's
			rs[0].name, rs[0].explicit = it.Name, true
		}
	}
	if rs == nil && it.Names == nil {
		return nil, false
	}
	if rs == nil {
		rs = []result{{x: b.scalar(it.X, sc)}}
	}
	var out []bound
	for _, r := range named(it, rs) {
		out = append(out, bound{Named: it, x: r.x, name: r.name, explicit: r.explicit})
	}
	return out, true
}

// namer gives the columns of one table their names.
type namer struct {
	taken  map[string]bool
	serial int
}

func newNamer() *namer { return &namer{taken: map[string]bool{}} }

// name claims want, or the next free name derived from it.
func (n *namer) name(want string, at Span, explicit bool) string {
	if want == "" {
		for {
			n.serial++
			if s := "Column" + strconv.Itoa(n.serial); !n.taken[s] {
				n.taken[s] = true
				return s
			}
		}
	}
	if n.taken[want] && explicit {
		fail(at, "there is already a column '%s'; give this one another name: name = ...", want)
	}
	return n.free(want)
}

// free claims want, with a number after it when it is taken.
func (n *namer) free(want string) string {
	s := want
	for i := 1; n.taken[s]; i++ {
		s = want + strconv.Itoa(i)
	}
	n.taken[s] = true
	return s
}

// column makes a computed item part of c, or finds the column it simply repeats.
func (c *compute) column(x scalar) *column {
	if r, ok := x.(*ref); ok {
		return r.col
	}
	col := &column{typ: x.typeOf()}
	c.items = append(c.items, item{col, x})
	return col
}

// finish puts c on top of the plan when it computes anything.
func (b *binder) finish(rel *relation, at Span, c *compute) {
	if len(c.items) > 0 {
		rel.plan = b.add(at, c)
	}
}

func (b *binder) extend(rel *relation, op *Extend) *relation {
	items := b.bindItems(op.Items, &scope{rel: rel, windows: true})
	c := &compute{in: rel.plan}
	names := newNamer()
	for _, f := range rel.fields {
		names.taken[f.name] = true
	}
	own := map[string]bool{}
	for _, it := range items {
		col := c.column(it.x)
		if it.name != "" && own[it.name] && it.explicit {
			fail(it.Span, "extend computes '%s' twice", it.name)
		}
		if i := rel.index(it.name); i >= 0 && !own[it.name] {
			rel.fields[i].col = col
			own[it.name] = true
			continue
		}
		name := names.name(it.name, it.Span, false)
		own[name] = true
		rel.fields = append(rel.fields, field{name, col})
	}
	b.finish(rel, op.Span, c)
	return rel
}

func (b *binder) project(rel *relation, at Span, list []Named) *relation {
	items := b.bindItems(list, &scope{rel: rel, windows: true})
	c := &compute{in: rel.plan}
	names := newNamer()
	fields := make([]field, 0, len(items))
	for _, it := range items {
		col := c.column(it.x)
		fields = append(fields, field{names.name(it.name, it.Span, it.explicit), col})
	}
	b.finish(rel, at, c)
	rel.fields = fields
	return rel
}

func (b *binder) distinct(rel *relation, op *Distinct) *relation {
	if op.Items != nil {
		rel = b.project(rel, op.Span, op.Items)
	}
	agg := &aggregate{in: rel.plan}
	for i, f := range rel.fields {
		at := op.Span
		if i < len(op.Items) {
			at = op.Items[i].X.Pos()
		}
		notDynamic(at, "distinct", f.col.typ)
		agg.by = append(agg.by, item{f.col, &ref{f.col}})
	}
	rel.ordering = ordering{}
	if len(agg.by) > 0 {
		rel.group.into(agg)
		rel.plan = b.add(op.Span, agg)
	}
	return rel
}

// notDynamic refuses to compare dynamic values as wholes: what makes two of them equal or one the greater is not defined.
func notDynamic(at Span, what string, t event.Type) {
	if t == event.Dynamic {
		fail(at, "%s needs values that can be compared, this is dynamic; convert it: tostring(...)", what)
	}
}

// sort orders rel. Without a direction Kusto sorts downwards; nulls come last downwards and first upwards.
func (b *binder) sort(rel *relation, at Span, keys []SortKey) {
	c := &compute{in: rel.plan}
	o := &order{}
	for _, k := range keys {
		x := b.scalar(k.X, &scope{rel: rel})
		if _, ok := x.(*constant); ok {
			fail(k.Span, "sorting by a constant has no effect; name a column")
		}
		notDynamic(k.X.Pos(), "sort", x.typeOf())
		o.keys = append(o.keys, orderKey{
			col:        c.column(x),
			desc:       !k.Asc,
			nullsFirst: k.Nulls == "first" || k.Nulls == "" && k.Asc,
		})
	}
	b.finish(rel, at, c)
	o.in = rel.plan
	rel.plan = b.add(at, o)
	rel.ordering = ordering{serialized: true, keys: o.keys}
}
