package kql

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"tocsin/internal/event"
)

func text(s string) *constant          { return &constant{event.String, s} }
func long(n int64) *constant           { return &constant{event.Long, n} }
func null(t event.Type) scalar         { return zero(t) }
func not(x scalar) scalar              { return &call{opNot, event.Bool, []scalar{x}} }
func numeric(t event.Type) bool        { return t == event.Int || t == event.Long || t == event.Real }
func integer(t event.Type) bool        { return t == event.Int || t == event.Long }
func test(o op, args ...scalar) scalar { return &call{o, event.Bool, args} }

// zero is the null of a type; a string's is empty.
func zero(t event.Type) scalar {
	if t == event.String {
		return text("")
	}
	return &constant{typ: t}
}

// article names a type in a sentence.
func article(t event.Type) string {
	if t == event.Int {
		return "an int"
	}
	return "a " + string(t)
}

// condition binds an expression that must be true or false.
func (b *binder) condition(x Expr, sc *scope) scalar {
	c := b.scalar(x, sc)
	if c.typeOf() != event.Bool {
		hint := ""
		if c.typeOf() == event.Dynamic {
			hint = "; convert it: tobool(...)"
		}
		fail(x.Pos(), "expected a condition that is true or false, this is %s%s", article(c.typeOf()), hint)
	}
	return c
}

// scalar binds an expression that gives one value.
func (b *binder) scalar(x Expr, sc *scope) scalar {
	b.count(x.Pos())
	switch x := x.(type) {
	case *Literal:
		if x.Value == nil {
			return zero(x.Type)
		}
		return &constant{x.Type, x.Value}
	case *Name:
		return b.named(x, sc)
	case *Negative:
		return b.negative(x, sc)
	case *Binary:
		return b.binary(x, sc)
	case *Logic:
		o := opAnd
		if x.Op == "or" {
			o = opOr
		}
		args := make([]scalar, len(x.X))
		for i, y := range x.X {
			args[i] = b.condition(y, sc)
		}
		return &call{o, event.Bool, args}
	case *In:
		return b.in(x, sc)
	case *Between:
		return b.between(x, sc)
	case *Call:
		return b.call(x, sc)
	case *Member:
		return b.member(x, sc)
	case *Index:
		base, at := b.scalar(x.X, sc), b.scalar(x.At, sc)
		if base.typeOf() != event.Dynamic {
			fail(x.At.Pos(), "%s has no elements; parse text with parse_json(...) or split(...) first", article(base.typeOf()))
		}
		switch {
		case at.typeOf() == event.String:
			return &call{opMember, event.Dynamic, []scalar{base, at}}
		case integer(at.typeOf()):
			return &call{opElement, event.Dynamic, []scalar{base, at}}
		}
		fail(x.At.Pos(), "an index is a number or a string, this is %s", article(at.typeOf()))
	case *Star:
		fail(x.Span, "'*' can't stand here; name the column")
	case *Typeof:
		fail(x.Span, "typeof can't stand here")
	}
	if b.tabular(x) {
		fail(x.Pos(), "a table can't stand where a single value is needed")
	}
	fail(x.Pos(), "this expression is not supported yet")
	return nil
}

func (b *binder) named(x *Name, sc *scope) scalar {
	if sc.rel != nil {
		if c := sc.rel.lookup(x.Name); c != nil {
			return &ref{c}
		}
	}
	if m := b.find(x.Name); m != nil {
		return b.namedScalar(x, m)
	}
	if sc.rel != nil {
		if v := sc.rel.legacy.column(b, x.Name); v != nil {
			return v
		}
	}
	if _, ok := event.TableNamed(x.Name); ok {
		fail(x.Span, "'%s' is a table; a single value is needed here", x.Name)
	}
	if strings.HasPrefix(x.Name, "$") {
		fail(x.Span, "%s can stand only in the condition of a join", x.Name)
	}
	var names []string
	if sc.rel != nil {
		for _, f := range sc.rel.fields {
			names = append(names, f.name)
		}
	}
	names = append(names, b.known()...)
	if sc.rel == nil {
		fail(x.Span, "there is nothing named '%s' here%s", x.Name, didYouMean(x.Name, names))
	}
	failColumn(x.Span, x.Name, "there is no column '%s' here%s", x.Name, didYouMean(x.Name, names))
	return nil
}

func (b *binder) negative(x *Negative, sc *scope) scalar {
	v := b.scalar(x.X, sc)
	switch t := v.typeOf(); t {
	case event.Int, event.Long:
		return fold(&call{opNeg, event.Long, []scalar{v}})
	case event.Real, event.Timespan:
		return fold(&call{opNeg, t, []scalar{v}})
	}
	fail(x.X.Pos(), "a minus needs a number or a timespan, this is %s", article(v.typeOf()))
	return nil
}

func (b *binder) member(x *Member, sc *scope) scalar {
	if n, ok := x.X.(*Name); ok && strings.HasPrefix(n.Name, "$") {
		fail(x.Span, "%s can stand only in the condition of a join", n.Name)
	}
	base := b.scalar(x.X, sc)
	if base.typeOf() != event.Dynamic {
		fail(x.Span, "%s has no members; JSON in text is opened by parse_json(...)", article(base.typeOf()))
	}
	return &call{opMember, event.Dynamic, []scalar{base, text(x.Name)}}
}

func (b *binder) binary(x *Binary, sc *scope) scalar {
	if isStar(x.X) {
		return b.anyColumn(x, sc)
	}
	l, r := b.scalar(x.X, sc), b.scalar(x.Y, sc)
	switch x.Op {
	case "+", "-", "*", "/", "%":
		return arithmetic(x.Span, x.Op, l, r)
	case "==", "!=", "<", "<=", ">", ">=":
		return compare(x.Span, op(x.Op), l, r)
	case "=~", "!~":
		eq := test(opEq, lower(b.str(x.X, l, x.Op)), lower(b.str(x.Y, r, x.Op)))
		if x.Op == "!~" {
			return not(eq)
		}
		return eq
	case "matches regex":
		checkRegex(x.Y.Pos(), r)
		return test(opMatches, b.str(x.X, l, x.Op), b.str(x.Y, r, x.Op))
	}
	return b.word(x.Op, b.str(x.X, l, x.Op), b.str(x.Y, r, x.Op))
}

// word builds has, contains and their kin from two strings.
func (b *binder) word(name string, l, r scalar) scalar {
	negated := strings.HasPrefix(name, "!")
	name = strings.TrimPrefix(name, "!")
	kind, exact := strings.CutSuffix(name, "_cs")
	if !exact {
		l, r = lower(l), lower(r)
	}
	out := test(op(kind), l, r)
	if negated {
		return not(out)
	}
	return out
}

// str accepts a string, or a dynamic value as its text.
func (b *binder) str(at Expr, x scalar, what string) scalar {
	switch x.typeOf() {
	case event.String:
		return x
	case event.Dynamic:
		return convert(x, event.String)
	}
	fail(at.Pos(), "'%s' compares text, this is %s; convert it: tostring(...)", what, article(x.typeOf()))
	return nil
}

// lower folds a string for comparison regardless of case.
func lower(x scalar) scalar {
	if c, ok := x.(*constant); ok {
		return text(foldText(c.value.(string)))
	}
	return &call{opFold, event.String, []scalar{x}}
}

// foldText lower-cases character by character, exactly as the stores' lower() does, so that both sides of a
// comparison are folded alike.
func foldText(s string) string { return strings.Map(unicode.ToLower, s) }

func checkRegex(at Span, x scalar) {
	if c, ok := x.(*constant); ok && c.typ == event.String {
		if _, err := regexp.Compile(c.value.(string)); err != nil {
			fail(at, "not a valid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
}

// comparable gives both sides the same type, as Kusto would, or fails.
func comparable(at Span, name string, l, r scalar) (scalar, scalar) {
	a, z := l.typeOf(), r.typeOf()
	equality := name == "==" || name == "!="
	switch {
	case a == event.Dynamic && z == event.Dynamic:
		if equality {
			return convert(l, event.String), convert(r, event.String)
		}
	case a == z:
		if a != event.String || equality {
			return l, r
		}
		fail(at, "'%s' does not order text; text can be compared by == or startswith", name)
	case numeric(a) && numeric(z):
		return l, r
	case a == event.Dynamic:
		return beside(l, z, equality), r
	case z == event.Dynamic:
		return l, beside(r, a, equality)
	case equality:
		if c, ok := asType(r, a); ok {
			return l, c
		}
		if c, ok := asType(l, z); ok {
			return c, r
		}
	}
	fail(at, "%s and %s can't be compared by '%s'; convert one of them, for example with %s", article(a), article(z), name, converter(a, z))
	return nil, nil
}

func converter(a, z event.Type) string {
	for _, t := range []event.Type{a, z} {
		switch t {
		case event.Datetime:
			return "todatetime(...)"
		case event.Timespan:
			return "totimespan(...)"
		case event.Int, event.Long, event.Real:
			return "tolong(...)"
		case event.Bool:
			return "tobool(...)"
		}
	}
	return "tostring(...)"
}

// beside reads a dynamic value so that it can be compared with a value of type t. A number keeps its fraction: 1.5 is not 1.
func beside(x scalar, t event.Type, equality bool) scalar {
	switch {
	case !integer(t):
		return convert(x, t)
	case equality:
		return &call{opWhole, event.Long, []scalar{x}}
	}
	return convert(x, event.Real)
}

// wide is the type a dynamic value is read as beside a value of type t.
func wide(t event.Type) event.Type {
	if t == event.Int {
		return event.Long
	}
	return t
}

// asType turns a constant into one of another type where Kusto does so by itself: IsClickedThrough == "0", Url == 1.
func asType(x scalar, to event.Type) (*constant, bool) {
	c, ok := x.(*constant)
	if !ok || c.value == nil {
		return nil, false
	}
	switch v := c.value.(type) {
	case string:
		if to == event.Int {
			to = event.Long
		}
		parsed, ok := parseTyped(to, strings.TrimSpace(v))
		return &constant{to, parsed}, ok && c.typ == event.String && to != event.Dynamic
	case int64:
		if to == event.Bool && integer(c.typ) {
			return &constant{event.Bool, v != 0}, true
		}
	}
	if to == event.String && (numeric(c.typ) || c.typ == event.Bool) {
		return text(literalText(&Literal{Type: wide(c.typ), Value: c.value})), true
	}
	return nil, false
}

func compare(at Span, o op, l, r scalar) scalar {
	l, r = comparable(at, string(o), l, r)
	return test(o, l, r)
}

func (b *binder) between(x *Between, sc *scope) scalar {
	v, lo, hi := b.scalar(x.X, sc), b.scalar(x.Lo, sc), b.scalar(x.Hi, sc)
	// With a timespan as its end, a datetime range is as long as that.
	if lo.typeOf() == event.Datetime && hi.typeOf() == event.Timespan {
		hi = arithmetic(x.Hi.Pos(), "+", lo, hi)
	}
	if drawn(v) { // it would be drawn for each end
		fail(x.X.Pos(), "give the random value a name with extend before between")
	}
	if v.typeOf() == event.String {
		fail(x.X.Pos(), "between needs numbers, datetimes or timespans, this is a string")
	}
	out := test(opAnd, compare(x.Lo.Pos(), opGe, v, lo), compare(x.Hi.Pos(), opLe, v, hi))
	if x.Not {
		return not(out)
	}
	return out
}

// in binds in, has_any and has_all over a list, a dynamic array or a sub-query.
func (b *binder) in(x *In, sc *scope) scalar {
	v := b.scalar(x.X, sc)
	words := x.Op == "has_any" || x.Op == "has_all"
	fold := words || strings.HasSuffix(x.Op, "~")
	negated := strings.HasPrefix(x.Op, "!")
	if words || fold {
		v = b.str(x.X, v, x.Op)
	}
	if fold {
		v = lower(v)
	}
	var out scalar
	if len(x.List) == 1 && b.isTable(x.List[0], sc) {
		if words {
			return b.wordsOfTable(x, v)
		}
		return b.inTable(x, v, fold, negated)
	}
	var values, tests []scalar
	for _, e := range x.List {
		y := b.scalar(e, sc)
		switch c, isConst := y.(*constant); {
		case y.typeOf() == event.Dynamic && isConst:
			values = append(values, arrayElements(e.Pos(), c)...)
		case y.typeOf() == event.Dynamic:
			tests = append(tests, arrayTest(x.Op, fold, v, y))
		default:
			values = append(values, y)
		}
	}
	if words {
		any := &call{opHasAny, event.Bool, []scalar{v}} // those that are known now
		for _, y := range values {
			s := lower(b.str(x.List[0], y, x.Op))
			if _, ok := s.(*constant); ok && x.Op == "has_any" {
				any.args = append(any.args, s)
			} else {
				tests = append(tests, test(opHas, v, s))
			}
		}
		if len(any.args) > 1 {
			tests = append(tests, any)
		}
		o := opOr
		if x.Op == "has_all" {
			o = opAnd
		}
		return &call{o, event.Bool, tests}
	}
	tests = append(tests, b.membership(x, v, values, fold)...)
	if out = test(opOr, tests...); len(tests) == 1 {
		out = tests[0]
	}
	if negated {
		return not(out)
	}
	return out
}

// isTable tells whether the right side of in is a table, which a column of the same name hides.
func (b *binder) isTable(x Expr, sc *scope) bool {
	if n, ok := x.(*Name); ok && sc.rel != nil && sc.rel.lookup(n.Name) != nil {
		return false
	}
	return b.tabular(x)
}

func (b *binder) inTable(x *In, v scalar, fold, negated bool) scalar {
	sub := b.table(x.List[0])
	col := scalar(&ref{sub.fields[0].col})
	if fold {
		col = lower(b.str(x.List[0], col, x.Op))
	}
	v, col = comparable(x.Span, "==", v, col)
	q := &inQuery{x: []scalar{v}, plan: sub.plan, cols: []scalar{col}, not: negated}
	return q
}

// wordsOfTable tests v for the values of a sub-query's first column.
func (b *binder) wordsOfTable(x *In, v scalar) scalar {
	sub := b.table(x.List[0])
	words := lower(b.str(x.List[0], &ref{sub.fields[0].col}, x.Op))
	list := &listQuery{plan: sub.plan, x: &call{opEdges, event.String, []scalar{words}}}
	if x.Op == "has_all" {
		return test(opHasAllArray, v, list)
	}
	return test(opHasAnyArray, v, list)
}

// membership tests v against values, grouped by the type each comparison needs.
func (b *binder) membership(x *In, v scalar, values []scalar, fold bool) []scalar {
	type group struct {
		v    scalar
		args []scalar
	}
	groups := map[event.Type]*group{}
	var order []event.Type
	for _, y := range values {
		if fold {
			y = lower(b.str(x.List[0], y, x.Op))
		}
		l, r := comparable(x.Span, "==", v, y)
		t := l.typeOf()
		if groups[t] == nil {
			groups[t] = &group{v: l}
			order = append(order, t)
		}
		groups[t].args = append(groups[t].args, r)
	}
	var out []scalar
	for _, t := range order {
		out = append(out, &call{opIn, event.Bool, append([]scalar{groups[t].v}, groups[t].args...)})
	}
	return out
}

func arrayTest(name string, fold bool, v, array scalar) scalar {
	o := opInArray
	switch name {
	case "has_any":
		o = opHasAnyArray
	case "has_all":
		o = opHasAllArray
	}
	if o == opInArray && v.typeOf() != event.String {
		v = convert(v, event.String)
	}
	if fold { // the array is folded as its JSON text
		array = &call{opParseJSON, event.Dynamic, []scalar{&call{opFold, event.String, []scalar{convert(array, event.String)}}}}
	}
	return test(o, v, array)
}

// arrayElements spreads a constant dynamic array.
func arrayElements(at Span, c *constant) []scalar {
	if c.value == nil {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(c.value.(string)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		fail(at, "this dynamic value is not valid JSON")
	}
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	var out []scalar
	for _, it := range items {
		switch it := it.(type) {
		case string:
			out = append(out, text(it))
		case bool:
			out = append(out, &constant{event.Bool, it})
		case json.Number:
			if n, err := it.Int64(); err == nil {
				out = append(out, long(n))
			} else if f, err := it.Float64(); err == nil {
				out = append(out, &constant{event.Real, f})
			} else {
				fail(at, "%s is not a number that fits 64 bits", it)
			}
		case nil:
		default:
			fail(at, "a list holds strings, numbers or true and false; this one holds an array or object")
		}
	}
	return out
}
