package kql

import (
	"math"
	"time"

	"tocsin/internal/event"
)

// maxSeries bounds the arrays of make-series, as in Kusto.
const maxSeries = 1 << 20

const seriesTooLong = "make-series: an array would hold more than 1048576 values; take a larger step or a shorter range"

// axis is the axis of a make-series. Values stand in bins that are counted from origin on.
type axis struct {
	x, from, to, step scalar // from and to may be nil
	origin            scalar
	bins              scalar // the number of bins up to the end; nil when there is no end
}

// makeSeries groups by the axis' bins, then gathers the bins of a group into arrays. Bins without rows are counted, not made:
// every row of the first grouping knows how many stand empty before it and behind it.
func (b *binder) makeSeries(rel *relation, op *MakeSeries) *relation {
	a := b.axis(rel, op)
	c := &compute{in: rel.plan}
	at := c.column(a.x)
	b.finish(rel, op.Span, c)
	a.x = &ref{at}
	inside := []scalar{not(test(opIs, a.x))}
	if a.from != nil {
		inside = append(inside, test(opGe, a.x, a.from))
	}
	if a.to != nil {
		inside = append(inside, test(opLt, a.x, a.to))
	}
	rel.plan = b.add(op.Span, &filter{rel.plan, &call{opAnd, event.Bool, inside}})

	agg := &aggregate{in: rel.plan}
	names := newNamer()
	out := &relation{}
	by := b.groups(rel, op.By, agg, names, out)
	bin := &column{typ: event.Long}
	agg.by = append(agg.by, item{bin, a.bin(a.x)})
	after := &compute{}
	var series []field
	var defaults []scalar
	for _, sa := range op.Aggs {
		n := len(series)
		b.aggregateItem(rel, sa.Named, agg, after, func(name string, explicit bool, col *column) {
			series = append(series, field{names.name(name, sa.Span, explicit), col})
		})
		for _, f := range series[n:] {
			if !numeric(f.col.typ) && f.col.typ != event.Timespan {
				fail(sa.X.Pos(), "make-series needs aggregates that give numbers, this gives %s", article(f.col.typ))
			}
			defaults = append(defaults, b.seriesDefault(sa, f.col.typ))
		}
	}
	out.plan = b.add(op.Span, agg)
	after.in = out.plan
	b.finish(out, op.Span, after)

	before, behind := b.gaps(out, op.Span, a, bin, by)
	gather := &aggregate{in: out.plan}
	for _, g := range by {
		gather.by = append(gather.by, item{g, &ref{g}})
	}
	add := func(name string, fn aggFn, args ...scalar) {
		col := &column{typ: event.Dynamic}
		gather.aggs = append(gather.aggs, aggItem{fn: fn, col: col, args: args})
		out.fields = append(out.fields, field{name, col})
	}
	empty := scalar(long(0)) // what stands for a series of no rows at all
	if op.NonEmpty {
		empty = a.bins
	}
	for i, f := range series {
		add(f.name, aggSeries, &ref{f.col}, &ref{bin}, before, behind, defaults[i], empty)
	}
	name := op.On.Name
	if name == "" {
		name = autoName(op.On.X)
	}
	add(names.name(name, op.On.Span, name != ""), aggAxis, a.origin, a.step, &ref{bin}, before, behind, empty)
	count := &column{typ: event.Long}
	gather.aggs = append(gather.aggs, aggItem{fn: aggCount, col: count})
	out.plan = b.add(op.Span, gather)
	if len(by) == 0 && !op.NonEmpty {
		out.plan = b.add(op.Span, &filter{out.plan, test(opGt, &ref{count}, long(0))})
	}
	return out
}

// groups binds what stands behind "by" and gives the columns their names.
func (b *binder) groups(rel *relation, list []Named, agg *aggregate, names *namer, out *relation) []*column {
	var by []*column
	for _, it := range b.bindItems(list, &scope{rel: rel}) {
		notDynamic(it.X.Pos(), "by", it.x.typeOf())
		col := &column{typ: it.x.typeOf()}
		if r, ok := it.x.(*ref); ok {
			col = r.col
		}
		agg.by = append(agg.by, item{col, it.x})
		out.fields = append(out.fields, field{names.name(it.name, it.Span, it.explicit), col})
		by = append(by, col)
	}
	return by
}

// axis binds the axis, its ends and its step.
func (b *binder) axis(rel *relation, op *MakeSeries) *axis {
	a := &axis{x: b.scalar(op.On.X, &scope{rel: rel})}
	typ := a.x.typeOf()
	switch typ {
	case event.Int:
		typ = event.Long
		a.x = convert(a.x, typ)
	case event.Long, event.Real, event.Timespan, event.Datetime:
	default:
		fail(op.On.X.Pos(), "the axis of make-series is a datetime, a timespan or a number, this is %s", article(typ))
	}
	end := func(x Expr) scalar {
		if x == nil {
			return nil
		}
		v := b.scalar(x, &scope{})
		if t := v.typeOf(); t != typ && !(numeric(t) && numeric(typ)) && t != event.Dynamic {
			fail(x.Pos(), "the ends of the axis are of its type, %s; this is %s", typ, article(t))
		}
		return convert(v, typ)
	}
	a.from, a.to = end(op.From), end(op.To)
	step := b.scalar(op.Step, &scope{})
	want := typ
	if typ == event.Datetime {
		want = event.Timespan
	}
	if t := step.typeOf(); t != want && !(numeric(t) && numeric(want)) {
		fail(op.Step.Pos(), "the step of an axis of %s is a %s, this is %s", typ, want, article(t))
	}
	k, ok := convert(step, want).(*constant)
	if !ok || k.value == nil || negativeOrZero(k) {
		fail(op.Step.Pos(), "the step is a literal above zero, such as 1d")
	}
	a.step = k
	a.origin = a.from
	if a.origin == nil {
		switch typ {
		case event.Datetime:
			a.origin = &constant{typ, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}
		case event.Real:
			a.origin = &constant{typ, 0.0}
		default:
			a.origin = &constant{typ, int64(0)}
		}
	}
	if op.NonEmpty && (a.from == nil || a.to == nil) {
		fail(op.Span, "kind=nonempty needs both ends: on Column from ... to ... step ...")
	}
	if a.to != nil {
		// The end itself is outside: its bin counts only when the end lies behind the bin's beginning.
		last := a.bin(a.to)
		whole := test(opEq, a.value(last), a.to)
		a.bins = choice(whole, last, arithmetic(op.Span, "+", last, long(1)))
	}
	a.checkLength(op)
	return a
}

func negativeOrZero(k *constant) bool {
	switch v := k.value.(type) {
	case int64:
		return v <= 0
	case float64:
		return !(v > 0) || math.IsInf(v, 0)
	}
	return true
}

// checkLength refuses at once what is known to be too long.
func (a *axis) checkLength(op *MakeSeries) {
	from, ok1 := a.from.(*constant)
	to, ok2 := a.to.(*constant)
	if !ok1 || !ok2 || from.value == nil || to.value == nil {
		return
	}
	step := a.step.(*constant)
	var bins float64
	switch lo := from.value.(type) {
	case time.Time:
		bins = float64(to.value.(time.Time).Sub(lo)/100) / float64(step.value.(int64))
	case int64:
		bins = (float64(to.value.(int64)) - float64(lo)) / float64(step.value.(int64))
	case float64:
		bins = (to.value.(float64) - lo) / step.value.(float64)
	}
	if bins > maxSeries {
		fail(op.Step.Pos(), "%s", seriesTooLong)
	}
}

// distance is how far x is from the origin: ticks, or a number.
func (a *axis) distance(x scalar) scalar {
	if x.typeOf() == event.Datetime {
		return fold(&call{opDtDiff, event.Timespan, []scalar{x, a.origin}})
	}
	return fold(&call{opSub, x.typeOf(), []scalar{x, a.origin}})
}

// bin is the number of the bin in which x stands.
func (a *axis) bin(x scalar) scalar {
	d := a.distance(x)
	begin := &call{opBin, d.typeOf(), []scalar{d, a.step}}
	if d.typeOf() == event.Real {
		return convert(&call{opRound, event.Real, []scalar{&call{opDiv, event.Real, []scalar{begin, a.step}}, long(0)}}, event.Long)
	}
	return &call{opDiv, event.Long, []scalar{begin, a.step}}
}

// value is where bin n begins.
func (a *axis) value(n scalar) scalar {
	switch a.x.typeOf() {
	case event.Datetime:
		return &call{opDtAdd, event.Datetime, []scalar{a.origin, &call{opTsMul, event.Timespan, []scalar{a.step, n}}}}
	case event.Timespan:
		return &call{opAdd, event.Timespan, []scalar{a.origin, &call{opTsMul, event.Timespan, []scalar{a.step, n}}}}
	}
	t := a.x.typeOf()
	return &call{opAdd, t, []scalar{a.origin, &call{opMul, t, []scalar{a.step, convert(n, t)}}}}
}

// gaps tells for the row of each bin how many bins without rows stand before it, and, in the last row, behind it.
func (b *binder) gaps(rel *relation, at Span, a *axis, bin *column, by []*column) (before, behind scalar) {
	last, next := &column{typ: event.Long}, &column{typ: event.Long}
	lo, hi := &column{typ: event.Long}, &column{typ: event.Long}
	keys := []orderKey{{col: bin}}
	rel.plan = b.add(at, &window{in: rel.plan, by: by, keys: keys, items: []windowItem{
		{fn: winLag, col: last, args: []scalar{&ref{bin}, long(1)}},
		{fn: winLead, col: next, args: []scalar{&ref{bin}, long(1)}},
		{fn: winAggregate, col: lo, agg: &aggItem{fn: aggMin, col: lo, args: []scalar{&ref{bin}}}},
		{fn: winAggregate, col: hi, agg: &aggItem{fn: aggMax, col: hi, args: []scalar{&ref{bin}}}},
	}})
	number := func(o op, x, y scalar) scalar { return &call{o, event.Long, []scalar{x, y}} }
	first := scalar(&ref{bin})
	begin := scalar(&ref{lo})
	if a.from != nil {
		first, begin = long(0), long(0)
	}
	end := number(opAdd, &ref{hi}, long(1))
	rest := scalar(long(0))
	if a.bins != nil {
		end, rest = a.bins, number(opSub, number(opSub, a.bins, long(1)), &ref{bin})
	}
	before = number(opSub, &ref{bin}, choice(test(opIs, &ref{last}), first, number(opAdd, &ref{last}, long(1))))
	behind = choice(test(opIs, &ref{next}), rest, long(0))
	tooLong := test(opGt, number(opSub, end, begin), long(maxSeries))
	before = choice(tooLong, &call{opStop, event.Long, []scalar{text(seriesTooLong)}}, before)
	c := &compute{in: rel.plan}
	before, behind = &ref{c.column(before)}, &ref{c.column(behind)}
	b.finish(rel, at, c)
	return before, behind
}

// seriesDefault is what stands where there are no rows.
func (b *binder) seriesDefault(a SeriesAgg, typ event.Type) scalar {
	if a.Default == nil {
		return convert(long(0), typ)
	}
	v := b.scalar(a.Default, &scope{})
	k, ok := v.(*constant)
	if !ok || !(numeric(k.typ) || k.typ == typ || k.value == nil) {
		fail(a.Default.Pos(), "the default of an array of numbers is a literal number, or null such as real(null)")
	}
	if k.value == nil {
		return null(typ)
	}
	if typ == event.Timespan && k.typ != typ {
		return &constant{typ, int64(0)}
	}
	if k.typ == event.Real && typ != event.Real {
		fail(a.Default.Pos(), "the default of an array of whole numbers is a whole number")
	}
	return convert(k, typ)
}
