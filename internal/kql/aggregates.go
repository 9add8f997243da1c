package kql

import (
	"fmt"
	"maps"
	"strings"

	"tocsin/internal/event"
)

// aggFunction describes an aggregate. params as in function; a trailing condition of the ...if forms is written 'b'.
type aggFunction struct {
	fn     aggFn
	prefix string // of the automatic name; "" names it after the argument alone
	params string
	cond   int // index of the condition argument; 0: none, except for countif
	check  func(at Span, name string, t event.Type) event.Type
}

func (a aggFunction) autoName(x *Call) string {
	if len(x.Args) == 0 {
		return a.prefix + "_"
	}
	first := autoName(x.Args[0])
	switch {
	case a.fn == aggPercentile || a.fn == aggPercentileW:
		if n := len(x.Args); n >= 2 {
			if l, ok := x.Args[n-1].(*Literal); ok {
				return "percentile_" + first + "_" + strings.ReplaceAll(literalText(l), ".", "_")
			}
		}
		return "percentile_" + first
	case a.fn == aggArgMax || a.fn == aggArgMin:
		if first != "" {
			return first
		}
		return a.prefix + "_"
	case a.prefix == "":
		return first
	}
	return a.prefix + "_" + first
}

func always(t event.Type) func(Span, string, event.Type) event.Type {
	return func(Span, string, event.Type) event.Type { return t }
}

func same(_ Span, _ string, t event.Type) event.Type { return t }

// summable is the type of a sum.
func summable(at Span, name string, t event.Type) event.Type {
	switch t {
	case event.Int, event.Long:
		return event.Long
	case event.Real, event.Timespan:
		return t
	}
	fail(at, "%s needs numbers or timespans, this is %s", name, article(t))
	return ""
}

func average(at Span, name string, t event.Type) event.Type {
	switch t {
	case event.Int, event.Long, event.Real:
		return event.Real
	case event.Timespan, event.Datetime:
		return t
	}
	fail(at, "%s needs numbers, timespans or datetimes, this is %s", name, article(t))
	return ""
}

func spread(at Span, name string, t event.Type) event.Type {
	if !numeric(t) {
		fail(at, "%s needs numbers, this is %s", name, article(t))
	}
	return event.Real
}

func orderable(at Span, name string, t event.Type) event.Type {
	if t == event.Dynamic {
		fail(at, "%s needs a value with an order, this is dynamic; convert it: tostring(...) or tolong(...)", name)
	}
	return t
}

// aggregates are all aggregates, those of the two tables.
var aggregates = func() map[string]aggFunction {
	out := maps.Clone(commonAggregates)
	maps.Copy(out, furtherAggregates)
	return out
}()

var commonAggregates = map[string]aggFunction{
	"count":            {fn: aggCount, prefix: "count", check: always(event.Long)},
	"countif":          {fn: aggCount, prefix: "countif", params: "b", check: always(event.Long)},
	"dcount":           {fn: aggDCount, prefix: "dcount", params: "a?l", check: always(event.Long)},
	"dcountif":         {fn: aggDCount, prefix: "dcountif", params: "ab?l", cond: 1, check: always(event.Long)},
	"count_distinct":   {fn: aggDistinct, prefix: "count_distinct", params: "a", check: always(event.Long)},
	"count_distinctif": {fn: aggDistinct, prefix: "count_distinctif", params: "ab", cond: 1, check: always(event.Long)},
	"sum":              {fn: aggSum, prefix: "sum", params: "a", check: summable},
	"sumif":            {fn: aggSum, prefix: "sumif", params: "ab", cond: 1, check: summable},
	"avg":              {fn: aggAvg, prefix: "avg", params: "a", check: average},
	"avgif":            {fn: aggAvg, prefix: "avgif", params: "ab", cond: 1, check: average},
	"min":              {fn: aggMin, prefix: "min", params: "a", check: orderable},
	"minif":            {fn: aggMin, prefix: "minif", params: "ab", cond: 1, check: orderable},
	"max":              {fn: aggMax, prefix: "max", params: "a", check: orderable},
	"maxif":            {fn: aggMax, prefix: "maxif", params: "ab", cond: 1, check: orderable},
	"stdev":            {fn: aggStdev, prefix: "stdev", params: "a", check: spread},
	"stdevif":          {fn: aggStdev, prefix: "stdevif", params: "ab", cond: 1, check: spread},
	"variance":         {fn: aggVariance, prefix: "variance", params: "a", check: spread},
	"varianceif":       {fn: aggVariance, prefix: "varianceif", params: "ab", cond: 1, check: spread},
	"make_list":        {fn: aggList, prefix: "list", params: "a?l", check: always(event.Dynamic)},
	"makelist":         {fn: aggList, prefix: "list", params: "a?l", check: always(event.Dynamic)},
	"make_list_if":     {fn: aggList, prefix: "list", params: "ab?l", cond: 1, check: always(event.Dynamic)},
	"make_set":         {fn: aggSet, prefix: "set", params: "a?l", check: always(event.Dynamic)},
	"makeset":          {fn: aggSet, prefix: "set", params: "a?l", check: always(event.Dynamic)},
	"make_set_if":      {fn: aggSet, prefix: "set", params: "ab?l", cond: 1, check: always(event.Dynamic)},
	"take_any":         {fn: aggAny, params: "a*", check: same},
	"any":              {fn: aggAny, prefix: "any", params: "a*", check: same},
	"take_anyif":       {fn: aggAny, params: "ab", cond: 1, check: same},
	"anyif":            {fn: aggAny, prefix: "anyif", params: "ab", cond: 1, check: same},
	"percentiles":      {fn: aggPercentile, prefix: "percentile", params: "ann*", check: percentileType},
	"percentile":       {fn: aggPercentile, prefix: "percentile", params: "an", check: percentileType},
	"arg_max":          {fn: aggArgMax, prefix: "max", params: "aa*", check: orderable},
	"arg_min":          {fn: aggArgMin, prefix: "min", params: "aa*", check: orderable},
}

func percentileType(at Span, name string, t event.Type) event.Type {
	switch t {
	case event.Int, event.Long:
		return event.Long
	case event.Real, event.Timespan, event.Datetime:
		return t
	}
	fail(at, "%s needs numbers, timespans or datetimes, this is %s", name, article(t))
	return ""
}

// result is one column that an aggregate gives.
type result struct {
	name     string
	x        scalar
	explicit bool
}

// aggregate binds a call of an aggregate, adds it to the scope's aggregate node and returns the columns it gives.
// given is the name that the author wrote for it.
func (b *binder) aggregate(x *Call, given string, sc *scope) []result {
	a := aggregates[x.Name]
	inner := &scope{rel: sc.rel} // aggregates do not nest
	if x.Name == "percentiles" {
		return b.percentiles(x, given, sc)
	}
	if a.fn == aggArgMax || a.fn == aggArgMin || a.fn == aggAny && (len(x.Args) > 1 && a.cond == 0 || len(x.Args) == 1 && isStar(x.Args[0])) {
		return b.rowAggregate(x, a, given, inner, sc.agg)
	}
	params := a.params
	if a.fn == aggAny {
		params = strings.ReplaceAll(params, "*", "")
	}
	kinds := paramKinds(x, params)
	it := aggItem{fn: a.fn}
	var first event.Type
	for i, e := range x.Args {
		if isStar(e) {
			fail(e.Pos(), "%s(*) is not part of the language", x.Name)
		}
		v := argument(x.Name, e, kinds[i], b.scalar(e, inner))
		if i == 0 {
			first = v.typeOf()
		}
		switch {
		case kinds[i] == 'b':
			it.cond = v
		case i > 0 && a.fn == aggDCount: // the accuracy of an estimate; the count here is exact
		default:
			it.args = append(it.args, v)
		}
	}
	at := x.Span
	if len(x.Args) > 0 {
		at = x.Args[0].Pos()
	}
	it.col = &column{typ: a.check(at, x.Name, first)}
	switch {
	case a.fn == aggPercentile, gathers(a.fn) && len(it.args) == 2:
		b.constantArgument(x, a, it)
	case a.fn == aggPercentileW || a.fn == aggPercentilesW:
		it.args = append(it.args[:2:2], parts(x, 2, it.args)...)
	case a.fn == aggPercentiles:
		it.args = append(it.args[:1:1], parts(x, 1, it.args)...)
	}
	sc.agg.aggs = append(sc.agg.aggs, it)
	name, explicit := given, given != ""
	if !explicit {
		name = autoName(x)
	}
	return []result{{name, &ref{it.col}, explicit}}
}

// percentiles gives a column for each of its numbers; a name given to several is the first one's.
func (b *binder) percentiles(x *Call, given string, sc *scope) []result {
	paramKinds(x, aggregates[x.Name].params)
	var out []result
	for i, p := range x.Args[1:] {
		if i > 0 {
			given = ""
		}
		out = append(out, b.aggregate(&Call{Span: x.Span, Name: "percentile", Args: []Expr{x.Args[0], p}}, given, sc)...)
	}
	return out
}

func isStar(x Expr) bool { _, ok := x.(*Star); return ok }

// constantArgument checks the literal argument of percentile, make_list and make_set.
func (b *binder) constantArgument(x *Call, a aggFunction, it aggItem) {
	at := x.Args[len(x.Args)-1].Pos()
	c, ok := it.args[1].(*constant)
	if !ok || c.value == nil {
		fail(at, "%s needs a literal number here", x.Name)
	}
	if a.fn != aggPercentile {
		if c.value.(int64) <= 0 {
			fail(at, "the largest size of a list is above zero")
		}
		it.args[1] = long(min(c.value.(int64), maxList))
		return
	}
	f, ok := convert(c, event.Real).(*constant)
	if !ok || !(f.value.(float64) >= 0 && f.value.(float64) <= 100) {
		fail(at, "a percentile lies between 0 and 100")
	}
	it.args[1] = &constant{event.Real, f.value.(float64) / 100}
}

// rowAggregate binds arg_max, arg_min and take_any of several columns: all their results come from one row.
func (b *binder) rowAggregate(x *Call, a aggFunction, given string, inner *scope, agg *aggregate) []result {
	paramKinds(x, a.params)
	it := aggItem{fn: a.fn}
	var out []result
	args := x.Args
	if a.fn != aggAny {
		key := b.scalar(args[0], inner)
		it.col = &column{typ: a.check(args[0].Pos(), x.Name, key.typeOf())}
		it.args = []scalar{key}
		name, explicit := given, given != ""
		if !explicit {
			name = autoName(x)
		}
		out = append(out, result{name, &ref{it.col}, explicit})
		args = args[1:]
	}
	skip := map[*column]bool{}
	for _, by := range agg.by {
		skip[by.col] = true
	}
	if len(it.args) > 0 { // the key is there already, under its own or the given name
		if r, ok := it.args[0].(*ref); ok {
			skip[r.col] = true
		}
	}
	add := func(name string, v scalar) {
		explicit := false
		switch {
		case a.fn == aggAny && len(out) == 0 && given != "": // a name given to several columns is the first one's
			name, explicit = given, true
		case a.prefix == "any":
			name = "any_" + name
		}
		col := &column{typ: v.typeOf()}
		it.outs = append(it.outs, item{col, v})
		out = append(out, result{name, &ref{col}, explicit})
	}
	for i, e := range args {
		if !isStar(e) {
			name := autoName(e)
			if name == "" {
				name = fmt.Sprintf("%s_arg%d", autoName(x), i+1)
			}
			add(name, b.scalar(e, inner))
			continue
		}
		for _, f := range inner.rel.fields {
			if !skip[f.col] {
				add(f.name, &ref{f.col})
			}
		}
	}
	agg.aggs = append(agg.aggs, it)
	return out
}

// summarize binds "summarize aggregates by groups". Its columns are the groups, then the aggregates.
func (b *binder) summarize(rel *relation, op *Summarize) *relation {
	if len(op.Aggs)+len(op.By) == 0 {
		fail(op.Span, "summarize needs an aggregate such as count(), or by and a column")
	}
	agg := &aggregate{in: rel.plan}
	names := newNamer()
	out := &relation{}
	for _, it := range b.bindItems(op.By, &scope{rel: rel}) {
		if _, ok := it.x.(*constant); ok && it.name == "" {
			fail(it.Span, "grouping by a constant has no effect; name a column")
		}
		notDynamic(it.X.Pos(), "summarize", it.x.typeOf())
		var col *column
		if r, ok := it.x.(*ref); ok {
			col = r.col
		} else {
			col = &column{typ: it.x.typeOf()}
		}
		agg.by = append(agg.by, item{col, it.x})
		out.fields = append(out.fields, field{names.name(it.name, it.Span, it.explicit), col})
	}
	// Expressions over aggregates, such as count() * 100, are computed from the aggregates' results.
	after := &compute{}
	for _, it := range op.Aggs {
		b.aggregateItem(rel, it, agg, after, func(name string, explicit bool, col *column) {
			out.fields = append(out.fields, field{names.name(name, it.Span, explicit), col})
		})
	}
	if len(agg.by)+len(agg.aggs) == 0 {
		fail(op.Span, "summarize needs an aggregate such as count()")
	}
	rel.group.into(agg)
	out.plan = b.add(op.Span, agg)
	after.in = out.plan
	b.finish(out, op.Span, after)
	return out
}

// onlyAggregates refuses a plain column beside an aggregate, such as count() + UrlCount.
func (b *binder) onlyAggregates(it Named, x scalar, agg *aggregate) {
	own := map[*column]bool{}
	for _, a := range agg.aggs {
		own[a.col] = true
		for _, o := range a.outs {
			own[o.col] = true
		}
	}
	for _, g := range agg.by {
		own[g.col] = true
	}
	used := map[*column]bool{}
	columnsOf(used, x)
	for c := range used {
		if !own[c] {
			fail(it.Span, "a column stands outside an aggregate here; put it into one, such as take_any(...), or after by")
		}
	}
}

// aggregateItem binds one aggregate, or an expression over aggregates, which after computes; add takes its columns.
func (b *binder) aggregateItem(rel *relation, it Named, agg *aggregate, after *compute, add func(name string, explicit bool, col *column)) {
	sc := &scope{rel: rel, agg: agg}
	if c, ok := it.X.(*Call); ok {
		if _, isAgg := aggregates[c.Name]; isAgg {
			for _, r := range named(it, b.aggregate(c, it.Name, sc)) {
				add(r.name, r.explicit, r.x.(*ref).col)
			}
			return
		}
	}
	n := len(agg.aggs)
	x := b.scalar(it.X, sc)
	b.onlyAggregates(it, x, agg)
	if len(agg.aggs) == n {
		if _, ok := x.(*constant); !ok {
			fail(it.Span, "summarize needs an aggregate here, such as count() or max(...); to group by this, write it after by")
		}
	}
	name := it.Name
	if name == "" {
		name = autoName(it.X)
	}
	for _, r := range named(it, []result{{name, x, it.Name != ""}}) {
		add(r.name, r.explicit, after.column(r.x))
	}
}

// named gives several results the names that were written for them: (a, b) = f(). Those that are left keep their own.
func named(it Named, rs []result) []result {
	if len(it.Names) > len(rs) {
		fail(it.Span, "there are %d names for %s", len(it.Names), plural(len(rs), "value"))
	}
	for i, name := range it.Names {
		rs[i].name, rs[i].explicit = name, true
	}
	return rs
}

func plural(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
