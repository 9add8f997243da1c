package kql

import (
	"strconv"

	"tocsin/internal/event"
)

// output is one column of a function that gives several values.
type output struct {
	name string
	typ  event.Type
	// whole tells that name is all of the column's name; else it stands behind the name of the call and its first argument.
	whole bool
}

// of is the name Kusto gives to the column when the author gives none: series_stats_x_min.
func (o output) of(x *Call) string {
	if o.whole {
		return o.name
	}
	return x.Name + "_" + autoName(x.Args[0]) + "_" + o.name
}

// several binds a call of a function that gives several values, such as series_stats, and returns its columns with the
// expression of each. ok is false for any other call, which is then not bound.
func (b *binder) several(x *Call, sc *scope) (cols []output, values []scalar, ok bool) {
	f := functions[x.Name]
	switch {
	case x.Name == "array_sort_asc" || x.Name == "array_sort_desc":
		cols, values = sortedArrays(x, b.apply(x, f, sc).(*call))
		return cols, values, true
	case f.outputs == nil:
		return nil, nil, false
	}
	all := b.apply(x, f, sc)
	for i, o := range f.outputs {
		cols = append(cols, o)
		values = append(values, element(all, i, o.typ))
	}
	return cols, values, true
}

func element(x scalar, i int, t event.Type) scalar {
	return convert(&call{opElement, event.Dynamic, []scalar{x, long(int64(i))}}, t)
}

// sortedArrays are the columns of array_sort_asc, one an array. A single one is the value itself.
func sortedArrays(x *Call, all *call) (cols []output, values []scalar) {
	n := len(all.args) - 2 // before the arrays stand two settings
	for i := range n {
		name := autoName(x.Args[i])
		if name == "" {
			name = "array" + strconv.Itoa(i)
		}
		v := scalar(all)
		if n > 1 {
			v = element(all, i, event.Dynamic)
		}
		cols, values = append(cols, output{name + "_sorted", event.Dynamic, true}), append(values, v)
	}
	return cols, values
}
