package kql

import (
	"math"
	"time"

	"tocsin/internal/event"
)

// arithmetic types + - * / % as Kusto does: integers give long, a real makes it real, and datetimes and timespans
// combine as one expects.
func arithmetic(at Span, o string, l, r scalar) scalar {
	a, z := l.typeOf(), r.typeOf()
	// A dynamic operand is read as what stands beside it.
	switch {
	case a == event.Dynamic && z != event.Dynamic && z != event.String && z != event.Bool:
		l, a = convert(l, wide(z)), wide(z)
	case z == event.Dynamic && a != event.Dynamic && a != event.String && a != event.Bool:
		r, z = convert(r, wide(a)), wide(a)
	}
	make := func(k op, t event.Type, args ...scalar) scalar { return fold(&call{k, t, args}) }
	switch {
	case numeric(a) && numeric(z):
		t := event.Long
		if a == event.Real || z == event.Real {
			t = event.Real
		}
		return make(op(o), t, l, r)
	case a == event.Datetime && z == event.Datetime && o == "-":
		return make(opDtDiff, event.Timespan, l, r)
	case a == event.Datetime && z == event.Timespan && o == "+":
		return make(opDtAdd, event.Datetime, l, r)
	case a == event.Timespan && z == event.Datetime && o == "+":
		return make(opDtAdd, event.Datetime, r, l)
	case a == event.Datetime && z == event.Timespan && o == "-":
		return make(opDtSub, event.Datetime, l, r)
	case a == event.Timespan && z == event.Timespan && (o == "+" || o == "-" || o == "%"):
		return make(op(o), event.Timespan, l, r)
	case a == event.Timespan && z == event.Timespan && o == "/":
		return make(opTsRate, event.Real, l, r)
	case a == event.Timespan && numeric(z) && o == "*":
		return make(opTsMul, event.Timespan, l, r)
	case numeric(a) && z == event.Timespan && o == "*":
		return make(opTsMul, event.Timespan, r, l)
	case a == event.Timespan && numeric(z) && o == "/":
		return make(opTsDiv, event.Timespan, l, r)
	}
	hint := ""
	if a == event.String && z == event.String && o == "+" {
		hint = "; to join text use strcat(...)"
	} else if a == event.Dynamic && z == event.Dynamic {
		hint = "; convert them: tolong(...) or todouble(...)"
	}
	fail(at, "'%s' is not defined for %s and %s%s", o, article(a), article(z), hint)
	return nil
}

// fold computes an operation on constants at once, where that is exact and short. Time ranges become plain bounds this way.
func fold(c *call) scalar {
	var v [2]any
	if len(c.args) > 2 {
		return c
	}
	for i, a := range c.args {
		k, ok := a.(*constant)
		if !ok {
			return c
		}
		if k.value == nil {
			return zero(c.typ)
		}
		v[i] = k.value
	}
	switch x := v[0].(type) {
	case int64:
		if c.op == opNeg && x != math.MinInt64 {
			return &constant{c.typ, -x}
		}
		if y, ok := v[1].(int64); ok {
			if n, ok := foldLong(c, x, y); ok {
				return &constant{c.typ, n}
			}
		}
		if y, ok := v[1].(float64); ok && c.op == opTsMul {
			if f := float64(x) * y; math.Abs(f) < 9e18 {
				return &constant{c.typ, int64(f)}
			}
		}
	case float64:
		if c.op == opNeg {
			return &constant{c.typ, -x}
		}
	case time.Time:
		switch y := v[1].(type) {
		case int64:
			if c.op == opDtSub && y != math.MinInt64 {
				y = -y
			} else if c.op != opDtAdd {
				return c
			}
			if math.Abs(float64(y)) < 100*365*float64(day) {
				return &constant{c.typ, x.Add(Ticks(y)).Truncate(time.Microsecond)}
			}
		case time.Time:
			if d := x.Sub(y); c.op == opDtDiff && d > math.MinInt64 && d < math.MaxInt64 {
				return &constant{c.typ, int64(d / 100)}
			}
		}
	}
	return c
}

func foldLong(c *call, x, y int64) (int64, bool) {
	if c.typ != event.Long && c.typ != event.Timespan {
		return 0, false
	}
	switch c.op {
	case opAdd:
		n := x + y
		return n, (n > x) == (y > 0)
	case opSub:
		n := x - y
		return n, (n < x) == (y > 0)
	case opMul, opTsMul:
		if x == 0 || y == 0 {
			return 0, true
		}
		n := x * y
		return n, n/y == x && !(x == math.MinInt64 && y == -1)
	}
	return 0, false
}

// convert changes the type of x; what can't be converted becomes null, or empty text.
func convert(x scalar, to event.Type) scalar {
	if x.typeOf() == to {
		return x
	}
	if c, ok := x.(*constant); ok {
		if c.value == nil {
			return zero(to)
		}
		if v, ok := convertConstant(c, to); ok {
			return v
		}
	}
	return &call{opConvert, to, []scalar{x}}
}

func convertConstant(c *constant, to event.Type) (scalar, bool) {
	switch v := c.value.(type) {
	case int64:
		switch {
		case to == event.Long && c.typ == event.Int, to == event.Int && c.typ == event.Long && v == int64(int32(v)):
			return &constant{to, v}, true
		case to == event.Real && integer(c.typ):
			return &constant{to, float64(v)}, true
		case to == event.String && integer(c.typ):
			return text(literalText(&Literal{Type: event.Long, Value: v})), v != math.MinInt64
		case to == event.String && c.typ == event.Timespan:
			return text(formatTimespan(v)), true
		}
	case bool:
		if to == event.String {
			return text(literalText(&Literal{Type: event.Bool, Value: v})), true
		}
	case time.Time:
		if to == event.String {
			return text(formatDatetime(v)), true
		}
	case string:
		if c.typ == event.String && to == event.Datetime {
			if p, ok := parseDatetime(v); ok {
				return &constant{to, p}, true
			}
		}
	}
	return nil, false
}
