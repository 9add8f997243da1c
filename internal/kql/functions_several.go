package kql

import "tocsin/internal/event"

// output is one column of a function that gives several values.
type output struct {
	name string // as Kusto appends it to the name of the call: series_stats_x_min
	typ  event.Type
}

// several binds a call of a function that gives several values, such as series_stats, and returns its columns with the
// expression of each. ok is false for any other call, which is then not bound.
func (b *binder) several(x *Call, sc *scope) (cols []output, values []scalar, ok bool) {
	f := functions[x.Name]
	if f.outputs == nil {
		return nil, nil, false
	}
	all := b.apply(x, f, sc)
	for i, o := range f.outputs {
		values = append(values, convert(&call{opElement, event.Dynamic, []scalar{all, long(int64(i))}}, o.typ))
	}
	return f.outputs, values, true
}

func outputNames(list []output) []string {
	var out []string
	for _, o := range list {
		out = append(out, o.name)
	}
	return out
}
