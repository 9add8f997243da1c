package kql

import (
	"tocsin/internal/event"
)

// dynamicFunctions are those on arrays and bags beside the common ones in functions.go.
var dynamicFunctions = map[string]function{
	"array_concat":       {params: "dd*", op: inGo("array_concat"), typ: event.Dynamic},
	"array_iff":          {params: "djj", op: inGo("array_iff"), typ: event.Dynamic},
	"array_iif":          {params: "djj", op: inGo("array_iff"), typ: event.Dynamic},
	"array_index_of":     {params: "dj?lll", op: inGo("array_index_of"), typ: event.Long},
	"arraylength":        {params: "d", op: opArrayLength, typ: event.Long},
	"array_reverse":      {params: "d", op: inGo("array_reverse"), typ: event.Dynamic},
	"array_rotate_left":  {params: "dl", op: inGo("array_rotate_left"), typ: event.Dynamic},
	"array_rotate_right": {params: "dl", op: inGo("array_rotate_right"), typ: event.Dynamic},
	"array_shift_left":   {params: "dl?j", op: inGo("array_shift_left"), typ: event.Dynamic},
	"array_shift_right":  {params: "dl?j", op: inGo("array_shift_right"), typ: event.Dynamic},
	"array_slice":        {params: "dll", op: inGo("array_slice"), typ: event.Dynamic},
	"array_split":        {params: "dz", op: inGo("array_split"), typ: event.Dynamic},
	"array_sort_asc":     {params: "da*", bind: sortArrays(false)},
	"array_sort_desc":    {params: "da*", bind: sortArrays(true)},
	"array_sum":          {params: "d", op: inGo("array_sum"), typ: event.Real},
	"repeat":             {params: "jl", naming: "repeat", op: inGo("repeat"), typ: event.Dynamic},
	"range":              {params: "aa?a", bind: rangeOf},
	"zip":                {params: "ddd*", op: inGo("zip"), typ: event.Dynamic},

	"bag_merge":       {params: "ddd*", op: inGo("bag_merge"), typ: event.Dynamic},
	"bag_remove_keys": {params: "dd", op: inGo("bag_remove_keys"), typ: event.Dynamic},
	"bag_has_key":     {params: "ds", op: inGo("bag_has_key"), typ: event.Bool},
	"bag_set_key":     {params: "dsj", op: inGo("bag_set_key"), typ: event.Dynamic},
	"bag_zip":         {params: "dd", op: inGo("bag_zip"), typ: event.Dynamic},
	"pack_dictionary": {params: "saa*", bind: packBag},
	"treepath":        {params: "d", naming: "tree", op: inGo("treepath"), typ: event.Dynamic},
	"dynamic_to_json": {params: "j", op: inGo("dynamic_to_json"), typ: event.String},
	"gettype":         {params: "a", naming: "type", bind: typeName},

	"set_union":       {params: "ddd*", op: inGo("set_union"), typ: event.Dynamic},
	"set_intersect":   {params: "ddd*", op: inGo("set_intersect"), typ: event.Dynamic},
	"set_difference":  {params: "ddd*", op: inGo("set_difference"), typ: event.Dynamic},
	"set_equals":      {params: "dd", op: inGo("set_equals"), typ: event.Bool},
	"set_has_element": {params: "dj", op: inGo("set_has_element"), typ: event.Bool},
	"jaccard_index":   {params: "dd", op: inGo("jaccard_index"), typ: event.Dynamic},
}

// sortArrays sorts the first array and the others alike; a bool at the end says whether nulls stand last.
func sortArrays(desc bool) func(fcall) scalar {
	return func(c fcall) scalar {
		args := []scalar{&constant{event.Bool, desc}, &constant{event.Bool, true}}
		for i, a := range c.args {
			if i > 0 && i == len(c.args)-1 && a.typeOf() == event.Bool {
				args[1] = a
				break
			}
			args = append(args, argument(c.name, c.nodes[i], 'd', a))
		}
		if len(args) > 66 {
			fail(c.nodes[64].Pos(), "%s takes at most 64 arrays", c.name)
		}
		return &call{inGo("array_sort"), event.Dynamic, args}
	}
}

// typeName is the name of a type: of the value in a dynamic one, else it is known now.
func typeName(c fcall) scalar {
	if t := c.args[0].typeOf(); t != event.Dynamic {
		return text(string(t))
	}
	return &call{inGo("gettype"), event.String, c.args}
}

// rangeOf makes an array of equally spaced values.
func rangeOf(c fcall) scalar {
	t := c.args[0].typeOf()
	kind, name, step := byte('l'), "range_long", scalar(long(1))
	switch {
	case t == event.Datetime:
		kind, name, step = 't', "range_datetime", &constant{event.Timespan, hour}
	case t == event.Timespan:
		kind, name, step = 'p', "range_timespan", &constant{event.Timespan, hour}
	default:
		for _, a := range c.args {
			if a.typeOf() == event.Real {
				kind, name = 'r', "range_real"
			}
		}
	}
	args := []scalar{argument(c.name, c.nodes[0], kind, c.args[0]), argument(c.name, c.nodes[1], kind, c.args[1]), step}
	if len(c.args) == 3 {
		if kind == 't' {
			kind = 'p'
		}
		args[2] = argument(c.name, c.nodes[2], kind, c.args[2])
	}
	if kind == 'r' {
		args[2] = convert(args[2], event.Real)
	}
	return &call{inGo(name), event.Dynamic, args}
}

// packColumns binds pack_all, bag_pack_columns and pack_array(*), which speak of the columns by name.
func (b *binder) packColumns(x *Call, sc *scope) (scalar, bool) {
	switch {
	case x.Name == "pack_all":
		paramKinds(x, "?b")
		bag := &call{opPackBag, event.Dynamic, nil}
		for _, f := range columnsHere(x, sc) {
			bag.args = append(bag.args, text(f.name), &ref{f.col})
		}
		if len(x.Args) == 1 && b.flag(x.Args[0], sc) {
			return &call{inGo("bag_drop_empty"), event.Dynamic, []scalar{bag}}, true
		}
		return bag, true
	case x.Name == "bag_pack_columns":
		paramKinds(x, "aa*")
		bag := &call{opPackBag, event.Dynamic, nil}
		for _, a := range x.Args {
			n, ok := a.(*Name)
			if !ok {
				fail(a.Pos(), "bag_pack_columns takes names of columns; for other values use bag_pack('name', value)")
			}
			bag.args = append(bag.args, text(n.Name), b.scalar(a, sc))
		}
		return bag, true
	case x.Name == "pack_array" && len(x.Args) == 1 && isStar(x.Args[0]):
		list := &call{opPackArray, event.Dynamic, nil}
		for _, f := range columnsHere(x, sc) {
			list.args = append(list.args, &ref{f.col})
		}
		return list, true
	}
	return nil, false
}

func columnsHere(x *Call, sc *scope) []field {
	if sc.rel == nil || len(sc.rel.fields) == 0 {
		fail(x.Span, "there are no columns to pack here")
	}
	return sc.rel.fields
}

// flag binds an argument that must be true or false now.
func (b *binder) flag(x Expr, sc *scope) bool {
	k, ok := b.condition(x, sc).(*constant)
	if !ok || k.value == nil {
		fail(x.Pos(), "expected true or false here")
	}
	return k.value.(bool)
}
