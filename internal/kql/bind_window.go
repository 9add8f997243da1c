package kql

import "tocsin/internal/event"

// windowFunction describes a function that looks at other rows. params as in function.
type windowFunction struct {
	params string
	bind   func(w *windowCall) scalar
}

// windowCall is a call of one, with the relation whose plan it adds to.
type windowCall struct {
	fcall
	b    *binder
	rel  *relation
	runs []*column // where numbering begins anew
}

var windowFunctions map[string]windowFunction

func init() { // it binds scalars, which look it up
	windowFunctions = map[string]windowFunction{
		"row_number":         {"?lb", rowNumber},
		"row_cumsum":         {"n?b", rowCumsum},
		"row_rank_dense":     {"a?b", rowRankDense},
		"row_rank_min":       {"a?b", rowRankMin},
		"prev":               {"a?la", neighbour(winLag)},
		"next":               {"a?la", neighbour(winLead)},
		"row_window_session": {"tpp?b", rowSession},
	}
}

// windowCall binds a call of a window function. Every row set has an order only when it was sorted or serialized.
func (b *binder) windowCall(x *Call, f windowFunction, sc *scope) scalar {
	if !sc.windows || sc.rel == nil {
		fail(x.Span, "%s looks at other rows; it can stand in where, extend, project and serialize", x.Name)
	}
	if !sc.rel.serialized {
		fail(x.Span, "%s needs rows in an order; put '| sort by ...' or '| serialize' before", x.Name)
	}
	kinds := paramKinds(x, f.params)
	w := &windowCall{b: b, rel: sc.rel}
	w.fcall = fcall{at: x.Span, name: x.Name, nodes: x.Args}
	for i, a := range x.Args {
		w.args = append(w.args, argument(x.Name, a, kinds[i], b.scalar(a, sc)))
	}
	b.serial(sc.rel, x.Span)
	w.runs = sc.rel.runs()
	return f.bind(w)
}

// serial numbers the rows of rel, so that all that looks at their order sees the same one.
func (b *binder) serial(rel *relation, at Span) {
	if rel.serial != nil {
		return
	}
	col := b.addWindow(rel, at, windowItem{fn: winNumber, col: &column{typ: event.Long}}, nil)
	b.orderBy(rel, at, []orderKey{{col: col}})
	rel.serial = col
}

// addWindow puts a column that looks at other rows on top of rel's plan. Rows that differ in more are kept apart, too.
func (b *binder) addWindow(rel *relation, at Span, it windowItem, more []*column) *column {
	by := append(rel.runs(), more...)
	rel.plan = b.add(at, &window{in: rel.plan, by: by, keys: rel.keys, items: []windowItem{it}})
	return it.col
}

func (w *windowCall) window(fn windowFn, typ event.Type, args ...scalar) *ref {
	it := windowItem{fn: fn, col: &column{typ: typ}, args: args}
	w.rel.plan = w.b.add(w.at, &window{in: w.rel.plan, by: w.runs, keys: w.rel.keys, items: []windowItem{it}})
	return &ref{it.col}
}

// column computes x as a column of the plan.
func (w *windowCall) column(x scalar) *ref {
	c := &compute{in: w.rel.plan}
	col := c.column(x)
	w.b.finish(w.rel, w.at, c)
	return &ref{col}
}

// restart lets everything begin anew where argument i is true.
func (w *windowCall) restart(i int) {
	if i >= len(w.args) {
		return
	}
	begins := w.column(choice(w.args[i], long(1), long(0)))
	w.runs = append(append([]*column(nil), w.runs...), w.window(winSum, event.Long, begins).col)
}

func rowNumber(w *windowCall) scalar {
	start := scalar(long(1))
	if len(w.args) > 0 {
		start = w.args[0]
		if k, ok := start.(*constant); !ok || k.value == nil {
			fail(w.nodes[0].Pos(), "the first number is a literal, such as 1")
		}
	}
	w.restart(1)
	number := w.window(winNumber, event.Long)
	return arithmetic(w.at, "+", number, arithmetic(w.at, "-", start, long(1)))
}

func rowCumsum(w *windowCall) scalar {
	x := w.args[0]
	typ := x.typeOf()
	w.restart(1)
	zero := convert(long(0), typ)
	sum := w.window(winSum, typ, w.column(x))
	// Sums of whole numbers grow to 128 bits; what does not fit is null.
	return &call{opCase, typ, []scalar{test(opIs, sum), zero, &call{opNarrow, typ, []scalar{sum}}}}
}

// changes tells for every row whether x differs from the row before, and gives the row's number.
func (w *windowCall) changes() (changed scalar, number *ref) {
	x := w.column(w.args[0])
	notDynamic(w.nodes[0].Pos(), w.name, x.typeOf())
	w.restart(1)
	number = w.window(winNumber, event.Long)
	before := w.window(winLag, x.typeOf(), x, long(1))
	first := test(opEq, number, long(1))
	return &call{opOr, event.Bool, []scalar{first, not(test(opEq, x, before))}}, number
}

func rowRankDense(w *windowCall) scalar {
	changed, _ := w.changes()
	sum := w.window(winSum, event.Long, w.column(choice(changed, long(1), long(0))))
	return &call{opNarrow, event.Long, []scalar{sum}}
}

func rowRankMin(w *windowCall) scalar {
	changed, number := w.changes()
	return w.window(winMax, event.Long, w.column(choice(changed, number, null(event.Long))))
}

// neighbour binds prev and next.
func neighbour(fn windowFn) func(*windowCall) scalar {
	return func(w *windowCall) scalar {
		x := w.column(w.args[0])
		args := []scalar{x, long(1)}
		if len(w.args) > 1 {
			k, ok := w.args[1].(*constant)
			if !ok || k.value == nil || k.value.(int64) < 0 {
				fail(w.nodes[1].Pos(), "the distance of the row is a literal number such as 1")
			}
			args[1] = k
		}
		switch {
		case len(w.args) > 2:
			other := w.args[2]
			if t := other.typeOf(); t != x.typeOf() && !(numeric(t) && numeric(x.typeOf())) {
				fail(w.nodes[2].Pos(), "%s of %s can't give %s where there is no row", w.name, article(x.typeOf()), article(t))
			}
			args = append(args, convert(other, x.typeOf()))
		case x.typeOf() == event.String:
			args = append(args, text(""))
		}
		return w.window(fn, x.typeOf(), args...)
	}
}

// rowSession gives each row the first value of its session. A session ends where two rows are too far apart. That it also
// ends when it gets too long can't be told from pairs of rows; a query that has such a session fails when it runs.
func rowSession(w *windowCall) scalar {
	x := w.column(w.args[0])
	all := w.runs
	before := w.window(winLag, event.Datetime, x, long(1))
	number := w.window(winNumber, event.Long)
	w.runs = all
	begins := []scalar{test(opEq, number, long(1)), test(opIs, before),
		test(opGe, x, &call{opDtAdd, event.Datetime, []scalar{before, w.args[2]}})}
	if len(w.args) > 3 {
		begins = append(begins, w.args[3])
	}
	session := w.window(winSum, event.Long, w.column(choice(&call{opOr, event.Bool, begins}, long(1), long(0))))
	w.runs = append(append([]*column(nil), all...), session.col)
	first := w.window(winFirst, event.Datetime, x)
	long := test(opGe, x, &call{opDtAdd, event.Datetime, []scalar{first, w.args[1]}})
	return w.column(choice(long, &call{opStop, event.Datetime, []scalar{text(sessionTooLong)}}, first)) // by itself, so that nothing makes null of it
}

const sessionTooLong = "row_window_session: a session is longer than its largest distance from the first row; sessions are ended by the gap between two rows here"
