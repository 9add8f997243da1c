package kql

import (
	"slices"

	"tocsin/internal/event"
)

// mathFunctions are those of one real, and the operations on bits.
var mathFunctions = func() map[string]function {
	out := map[string]function{
		"pi":    {op: "pi", typ: event.Real},
		"atan2": {params: "rr", naming: nameFirst, op: "atan2", typ: event.Real},
		"pow":   {params: "rr", naming: nameFirst, op: "pow", typ: event.Real},
		"rand":  {params: "?l", naming: nameFirst, bind: random},
		"isnan": {params: "r", op: "isnan", typ: event.Bool}, "isinf": {params: "r", op: "isinf", typ: event.Bool},
		"isfinite": {params: "r", op: "isfinite", typ: event.Bool},
		"min_of":   {params: "aaa*", bind: extreme("least")}, "max_of": {params: "aaa*", bind: extreme("greatest")},
		"binary_and":         {params: "ll", naming: nameFirst, op: "binary_and", typ: event.Long},
		"binary_or":          {params: "ll", naming: nameFirst, op: "binary_or", typ: event.Long},
		"binary_xor":         {params: "ll", naming: nameFirst, op: "binary_xor", typ: event.Long},
		"binary_not":         {params: "l", naming: nameFirst, op: "binary_not", typ: event.Long},
		"binary_shift_left":  {params: "ll", naming: nameFirst, op: inGo("binary_shift_left"), typ: event.Long},
		"binary_shift_right": {params: "ll", naming: nameFirst, op: inGo("binary_shift_right"), typ: event.Long},
		"bitset_count_ones":  {params: "l", naming: nameFirst, op: "bitset_count_ones", typ: event.Long},
	}
	for _, name := range []string{"acos", "asin", "atan", "cos", "sin", "tan", "exp", "exp2", "exp10", "log", "log2", "log10", "sqrt", "gamma", "loggamma"} {
		out[name] = function{params: "r", naming: nameFirst, op: op(name), typ: event.Real}
	}
	for _, name := range []string{"cot", "degrees", "radians", "sign"} {
		out[name] = function{params: "r", op: op(name), typ: event.Real}
	}
	return out
}()

// random is a real from 0 to 1, or a whole number below the argument.
func random(c fcall) scalar {
	if len(c.args) == 0 {
		return &call{"rand", event.Real, nil}
	}
	return &call{"rand below", event.Real, c.args}
}

// drawn tells whether x is different every time it is computed.
func drawn(x scalar) bool {
	c, ok := x.(*call)
	return ok && (c.op == "rand" || c.op == "rand below" || c.op == "new_guid" || slices.ContainsFunc(c.args, drawn))
}

// extreme is the smallest or largest of several values; nulls are passed over.
func extreme(o op) func(fcall) scalar {
	return func(c fcall) scalar {
		if len(c.args) > 64 {
			fail(c.nodes[64].Pos(), "%s takes at most 64 arguments", c.name)
		}
		t := common(c.name, c.args, c.nodes)
		orderable(c.nodes[0].Pos(), c.name, t)
		for i := range c.args {
			c.args[i] = convert(c.args[i], t)
		}
		return &call{o, t, c.args}
	}
}
