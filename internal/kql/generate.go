package kql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

// generator writes a plan as SQL. Every column of the plan gets a short alias of its own (c1, c2, ...), so names that
// people choose never reach the SQL. Literals become arguments: while the text is being put together an argument is a
// mark, and the marks are numbered at the end, in the order in which they stand.
type generator struct {
	d        Dialect
	opts     Options
	optimise bool
	args     []any
	aliases  map[*column]string
	tables   []string
	froms    int
	sets     map[*rowSet][]string // the arguments of their columns
}

// rep is how a dialect holds a dynamic value in SQL.
type rep int

const (
	repPlain   rep = iota // not dynamic
	repJSON               // JSON text
	repStrings            // a list of strings
	repText               // one string
)

// operand is a piece of SQL with the type of its value. simple ones cost nothing to repeat.
type operand struct {
	sql    string
	typ    event.Type
	rep    rep
	simple bool
}

// colSet is a set of columns that keeps the order in which they came.
type colSet struct {
	list []*column
	has  map[*column]bool
}

func (s *colSet) add(cols ...*column) {
	if s.has == nil {
		s.has = map[*column]bool{}
	}
	for _, c := range cols {
		if !s.has[c] {
			s.has[c] = true
			s.list = append(s.list, c)
		}
	}
}

// reads adds the columns that expressions read, in the order in which they stand.
func (s *colSet) reads(xs ...scalar) {
	for _, x := range xs {
		switch x := x.(type) {
		case *ref:
			s.add(x.col)
		case *call:
			s.reads(x.args...)
		case *inQuery:
			s.reads(x.x...)
		}
	}
}

func (s *colSet) clone() *colSet {
	out := &colSet{}
	out.add(s.list...)
	return out
}

// block is a SELECT that is still being put together.
type block struct {
	from  string
	env   map[*column]operand
	where []string
	// order is the order of the rows. It is written down only where it has an effect: with a limit, and at the end.
	order    []orderKey
	limit    int64 // -1: none
	groups   []*column
	grouped  bool
	distinct string    // dialect's clause that keeps one row a key
	must     []*column // columns that have to be selected: those that multiply rows
	windows  bool      // some column looks at other rows
}

// closed tells that rows are final, so a condition can't be added.
func (b *block) closed() bool {
	return b.grouped || b.limit >= 0 || b.distinct != "" || len(b.must) > 0 || b.windows
}

func (g *generator) alias(c *column) string {
	if g.aliases == nil {
		g.aliases = map[*column]string{}
	}
	if g.aliases[c] == "" {
		g.aliases[c] = "c" + strconv.Itoa(len(g.aliases)+1)
	}
	return g.aliases[c]
}

// arg adds an argument and returns the mark that stands for it.
func (g *generator) arg(v any) string {
	g.args = append(g.args, v)
	return "\x00" + strconv.Itoa(len(g.args)-1) + "\x00"
}

// number replaces the marks by placeholders and returns the arguments in their order.
func (g *generator) number(sql string) (string, []any) {
	var b strings.Builder
	var args []any
	seen := map[string]int{}
	parts := strings.Split(sql, "\x00")
	for i, p := range parts {
		if i%2 == 0 {
			b.WriteString(p)
			continue
		}
		if seen[p] == 0 {
			n, err := strconv.Atoi(p)
			if err != nil {
				panic("kql: text of a query reached the SQL")
			}
			args = append(args, g.args[n])
			seen[p] = len(args)
		}
		b.WriteString(g.d.placeholder(seen[p]))
	}
	return b.String(), args
}

// statement writes the whole query.
func (g *generator) statement(rel *relation) *Statement {
	st := &Statement{}
	need := &colSet{}
	for _, f := range rel.fields {
		need.add(f.col)
		st.Columns = append(st.Columns, Column{f.name, f.col.typ})
	}
	b := g.gen(rel.plan, need)
	if b.closed() {
		need.add(orderCols(b.order)...)
		b = g.wrap(b, need)
	}
	if g.opts.Limit > 0 {
		b.limit = int64(g.opts.Limit)
	}
	list := make([]string, len(rel.fields))
	for i, f := range rel.fields {
		list[i] = g.d.result(b.env[f.col]) + " AS r" + strconv.Itoa(i+1)
	}
	sql := g.selectSQL(b, list, func(c *column) string { return b.env[c].sql })
	checkSize(sql)
	checkDepth(sql)
	st.SQL, st.Args = g.number(sql)
	st.Tables = g.tables
	return st
}

// selectSQL writes a block with its select list; by tells how to name a column in ORDER BY.
func (g *generator) selectSQL(b *block, list []string, by func(*column) string) string {
	var s strings.Builder
	s.WriteString("SELECT " + b.distinct + strings.Join(list, ", "))
	if b.from != "" {
		s.WriteString(" FROM " + b.from)
	}
	if len(b.where) > 0 {
		s.WriteString(" WHERE " + strings.Join(b.where, " AND "))
	}
	if len(b.groups) > 0 {
		s.WriteString(" GROUP BY ")
		for i := range b.groups {
			if i > 0 {
				s.WriteString(", ")
			}
			s.WriteString(strconv.Itoa(i + 1))
		}
	}
	if len(b.order) > 0 {
		s.WriteString(" ORDER BY ")
		for i, k := range b.order {
			if i > 0 {
				s.WriteString(", ")
			}
			s.WriteString(by(k.col) + orderWords(k))
		}
	}
	if b.limit >= 0 {
		s.WriteString(" LIMIT " + g.arg(b.limit))
	}
	return s.String()
}

func orderWords(k orderKey) string {
	out := " ASC"
	if k.desc {
		out = " DESC"
	}
	if k.nullsFirst {
		return out + " NULLS FIRST"
	}
	return out + " NULLS LAST"
}

func orderCols(keys []orderKey) []*column {
	var out []*column
	for _, k := range keys {
		out = append(out, k.col)
	}
	return out
}

// render writes a block as a sub-query that gives at least the columns of need, and returns those it gives.
func (g *generator) render(b *block, need *colSet) (string, []*column) {
	cols := &colSet{}
	cols.add(b.groups...) // GROUP BY counts positions
	for _, c := range need.list {
		if _, ok := b.env[c]; ok {
			cols.add(c)
		}
	}
	cols.add(b.must...)
	inner := *b
	if b.limit < 0 {
		inner.order = nil
	} else {
		cols.add(orderCols(b.order)...)
	}
	var list []string
	for _, c := range cols.list {
		list = append(list, b.env[c].sql+" AS "+g.alias(c))
	}
	if len(list) == 0 {
		list = []string{"1 AS one"}
	}
	return g.selectSQL(&inner, list, g.alias), cols.list
}

// wrap makes a block the source of a new one.
func (g *generator) wrap(b *block, need *colSet) *block {
	need = need.clone()
	need.add(orderCols(b.order)...)
	sql, cols := g.render(b, need)
	checkSize(sql)
	out := g.source("(" + sql + ")")
	out.order = b.order
	for _, c := range cols {
		op := b.env[c]
		out.env[c] = operand{g.alias(c), op.typ, op.rep, true}
	}
	return out
}

func (g *generator) source(from string) *block {
	g.froms++
	return &block{from: from + " AS t" + strconv.Itoa(g.froms), env: map[*column]operand{}, limit: -1}
}

// open makes a block to which expressions over the columns of reads can be added: rows still open where rows is set,
// and none of those columns a computation that would be repeated.
func (g *generator) open(b *block, need, reads *colSet, rows bool) *block {
	wrap := b.grouped || b.distinct != "" || len(b.must) > 0 || rows && b.closed()
	for _, c := range reads.list {
		wrap = wrap || !b.env[c].simple
	}
	if wrap {
		return g.wrap(b, need)
	}
	return b
}

// gen writes node so that it gives the columns of need.
func (g *generator) gen(n node, need *colSet) *block {
	switch n := n.(type) {
	case *oneRow:
		return &block{env: map[*column]operand{}, limit: -1}
	case *scan:
		return g.scan(n, need)
	case *filter:
		reads := &colSet{}
		reads.reads(n.cond)
		need = need.clone()
		need.add(reads.list...)
		b := g.open(g.gen(n.in, need), need, reads, true)
		b.where = append(b.where, g.conditions(b.env, n.cond)...)
		return b
	case *compute:
		return g.compute(n, need)
	case *aggregate:
		return g.aggregate(n, need)
	case *order:
		need = need.clone()
		need.add(orderCols(n.keys)...)
		b := g.gen(n.in, need)
		if b.limit >= 0 {
			b = g.wrap(b, need)
		}
		b.order = n.keys
		return b
	case *limit:
		b := g.gen(n.in, need)
		if b.limit >= 0 || b.distinct != "" || len(b.must) > 0 {
			b = g.wrap(b, need)
		}
		b.limit = n.n
		return b
	case *join:
		return g.join(n, need)
	case *union:
		return g.union(n, need)
	case *expand:
		return g.expand(n, need)
	case *window:
		return g.window(n, need)
	case *values:
		return g.values(n, need)
	case *series:
		return g.series(n, need)
	}
	panic(fmt.Sprintf("kql: no SQL for %T", n))
}

func (g *generator) scan(n *scan, need *colSet) *block {
	if !slices.Contains(g.tables, n.table.Name) {
		g.tables = append(g.tables, n.table.Name)
	}
	need = need.clone()
	need.reads(n.where...)
	if n.time != nil {
		need.add(n.time)
	}
	if !n.table.Collected {
		return g.nothing(n, need)
	}
	b := g.source(g.d.table(n.table))
	for _, c := range need.list {
		if col, ok := n.cols[c]; ok {
			b.env[c] = g.d.column(g, col)
		}
	}
	from, to := g.opts.From, g.opts.To
	where := n.where
	if n.time != nil {
		if g.optimise {
			where = append(idRanges(n), where...)
		}
		at := func(o op, t time.Time) {
			if !t.IsZero() {
				// The end of the range is open: what is cut off below a microsecond must not cut off a row.
				c := test(o, &ref{n.time}, &constant{event.Datetime, ceilMicro(t)})
				b.where = append(b.where, g.conditions(b.env, c)...)
			}
		}
		at(opGe, from)
		at(opLt, to)
	}
	for _, w := range where {
		b.where = append(b.where, g.conditions(b.env, w)...)
	}
	return b
}

func ceilMicro(t time.Time) time.Time {
	if c := t.Truncate(time.Microsecond); c.Before(t) {
		return c.Add(time.Microsecond)
	}
	return t
}

func (g *generator) compute(n *compute, need *colSet) *block {
	below, reads := &colSet{}, &colSet{}
	own := map[*column]bool{}
	for _, it := range n.items {
		own[it.col] = true
		if need.has[it.col] {
			reads.reads(it.x)
		}
	}
	for _, c := range need.list {
		if !own[c] {
			below.add(c)
		}
	}
	below.add(reads.list...)
	b := g.open(g.gen(n.in, below), below, reads, false)
	env := b.env
	b.env = map[*column]operand{}
	for c, op := range env {
		b.env[c] = op
	}
	for _, it := range n.items {
		if need.has[it.col] {
			b.env[it.col] = g.expr(env, it.x)
		}
	}
	return b
}

// join writes a join of two sub-queries.
func (g *generator) join(n *join, need *colSet) *block {
	need = need.clone()
	for _, it := range n.outer {
		if need.has[it.col] {
			need.reads(it.x)
		}
	}
	leftKeys, rightKeys := &colSet{}, &colSet{}
	for _, p := range n.on {
		leftKeys.reads(p.left)
		rightKeys.reads(p.right)
	}
	need.add(leftKeys.list...)
	need.add(rightKeys.list...)
	if n.also != nil {
		need.reads(n.also)
	}
	left, right := g.gen(n.left, need), g.gen(n.right, need)
	if n.kind == joinInnerUnique && !unique(n.left, leftKeys.has) {
		left = g.open(left, need, leftKeys, true)
		var keys []string
		for _, c := range leftKeys.list {
			keys = append(keys, left.env[c].sql)
		}
		left.distinct = g.d.onePer(keys)
	}
	left, right = g.wrap(left, need), g.wrap(right, need)
	words := map[joinKind]string{joinInnerUnique: "INNER", joinInner: "INNER", joinLeftOuter: "LEFT", joinRightOuter: "RIGHT", joinFullOuter: "FULL"}
	env := left.env
	for c, op := range right.env {
		env[c] = op
	}
	var on []string
	for _, p := range n.on {
		on = append(on, g.expr(env, p.left).sql+" = "+g.expr(env, p.right).sql)
	}
	if n.also != nil {
		on = append(on, g.conditions(env, n.also)...)
	}
	out := &block{env: env, limit: -1}
	out.from = left.from + " " + words[n.kind] + " JOIN " + right.from + " ON " + strings.Join(on, " AND ")
	for _, it := range n.outer {
		if need.has[it.col] {
			op := g.expr(env, it.x)
			op.simple = true
			env[it.col] = op
		}
	}
	return out
}

// unique tells whether the rows of n differ in the columns of keys.
func unique(n node, keys map[*column]bool) bool {
	switch n := n.(type) {
	case *filter:
		return unique(n.in, keys)
	case *compute:
		return unique(n.in, keys)
	case *order:
		return unique(n.in, keys)
	case *limit:
		return unique(n.in, keys)
	case *aggregate:
		for _, by := range n.by {
			if !keys[by.col] {
				return false
			}
		}
		return true
	}
	return false
}

func (g *generator) union(n *union, need *colSet) *block {
	var used []int
	for i, c := range n.cols {
		if need.has[c] {
			used = append(used, i)
		}
	}
	var parts []string
	for i, in := range n.in {
		below := &colSet{}
		for _, u := range used {
			below.reads(n.maps[i][u])
		}
		b := g.gen(in, below)
		if b.closed() { // so that the list can be freely chosen
			b = g.wrap(b, below)
		}
		b.order = nil
		var list []string
		for _, u := range used {
			op := g.expr(b.env, n.maps[i][u])
			if op.typ == event.Dynamic {
				op.sql = g.d.json(op)
			}
			list = append(list, op.sql+" AS "+g.alias(n.cols[u]))
		}
		if len(list) == 0 {
			list = []string{"1 AS one"}
		}
		parts = append(parts, "("+g.selectSQL(b, list, g.alias)+")")
	}
	out := g.source("(" + strings.Join(parts, " UNION ALL ") + ")")
	for _, u := range used {
		c := n.cols[u]
		op := operand{g.alias(c), c.typ, repPlain, true}
		if c.typ == event.Dynamic {
			op.rep = repJSON
		}
		out.env[c] = op
	}
	return out
}
