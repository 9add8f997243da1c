package kql

import (
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/event"
)

// leg is one input of a union, with what withsource calls it: a table by its name, anything else by its place.
type leg struct {
	rel    *relation
	source string
}

// legs binds the inputs of a union. With fuzzy, tables that are not there are left out, and a note says so.
func (b *binder) legs(left *relation, inputs []Expr, fuzzy bool) []leg {
	var out []leg
	add := func(r *relation) {
		source := r.name
		if source == "" {
			source = "union_arg" + strconv.Itoa(len(out))
		}
		out = append(out, leg{r, source})
	}
	if left != nil {
		add(left)
	}
	leftOut := func(name string) {
		b.notes = append(b.notes, "union leaves out '"+name+"', which is not here")
	}
	for _, x := range inputs {
		if w, ok := x.(*Wildcard); ok {
			names := b.matching(w.Pattern)
			if len(names) == 0 && !fuzzy {
				fail(w.Span, "there is no table like '%s' here", w.Pattern)
			}
			if len(names) == 0 {
				leftOut(w.Pattern)
			}
			for _, n := range names {
				add(b.table(&Name{Span: w.Span, Name: n}))
			}
			continue
		}
		if name := b.absent(x); fuzzy && name != "" {
			leftOut(name)
			continue
		}
		add(b.table(x))
	}
	if len(out) == 0 {
		fail(inputs[0].Pos(), "none of these tables is here")
	}
	return out
}

// matching lists the tables and views whose names match a pattern. A star alone is every table that has rows: those that
// nothing fills would only add columns.
func (b *binder) matching(pattern string) []string {
	var out, views []string
	tables := event.Schema()
	if pattern == "*" {
		tables = event.Tables()
	}
	for _, t := range tables {
		if wildcard(pattern, t.Name) && b.find(t.Name) == nil {
			out = append(out, t.Name)
		}
	}
	for m := b.names; m != nil; m = m.before {
		if m.isView() && wildcard(pattern, m.name) && b.find(m.name) == m {
			views = append(views, m.name)
		}
	}
	slices.Reverse(views)
	return append(out, views...)
}

// absent is the table at the beginning of x that is not here, or "".
func (b *binder) absent(x Expr) string {
	switch x := x.(type) {
	case *Pipe:
		return b.absent(x.Source)
	case *Call:
		m := b.find(x.Name)
		if m.lambda() != nil {
			return ""
		}
		if l, ok := first(x.Args).(*Literal); ok && m == nil && x.Name == "table" && l.Type == event.String {
			return b.absent(&Name{Name: l.Value.(string)})
		}
		if m == nil && (notHere(x.Name) != "" || elsewhere(x) != "") {
			return x.Name
		}
	case *Member:
		return elsewhere(x)
	case *Name:
		m := b.find(x.Name)
		if m == nil {
			if _, ok := event.TableNamed(x.Name); !ok {
				return x.Name
			}
		} else if m.let != nil && m.lambda() == nil {
			name := ""
			b.under(m.before, func() { name = b.absent(m.let.X) })
			return name
		}
	}
	return ""
}

func first(list []Expr) Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func (b *binder) union(left *relation, op *Union) *relation {
	return b.combine(op.Span, b.legs(left, op.Inputs, op.Fuzzy), op.Kind == "inner", op.WithSource)
}

// combine makes one table of several. Columns of one name and several types stand side by side, as Name_type, in the order
// in which they came.
func (b *binder) combine(at Span, legs []leg, inner bool, withSource string) *relation {
	in := map[string]int{} // how many inputs have a name
	order := map[string][]event.Type{}
	for _, l := range legs {
		for _, f := range l.rel.fields {
			in[f.name]++
			if !slices.Contains(order[f.name], f.col.typ) {
				order[f.name] = append(order[f.name], f.col.typ)
			}
		}
	}
	u := &union{}
	out := &relation{}
	names := newNamer()
	give := func(name string, typ event.Type) {
		col := &column{typ: typ}
		u.cols = append(u.cols, col)
		out.fields = append(out.fields, field{name, col})
	}
	if withSource != "" {
		names.taken[withSource] = true
		give(withSource, event.String)
	}
	type key struct {
		name string
		typ  event.Type
	}
	var keys []key
	seen := map[key]bool{}
	for name := range in {
		names.taken[name] = true
	}
	for _, l := range legs {
		for _, f := range l.rel.fields {
			for _, typ := range order[f.name] {
				k := key{f.name, typ}
				if seen[k] || inner && in[f.name] < len(legs) {
					continue
				}
				seen[k] = true
				keys = append(keys, k)
				name := f.name
				if withSource == name || len(order[f.name]) > 1 {
					name = names.free(f.name + "_" + string(typ))
				}
				give(name, typ)
			}
		}
	}
	for _, l := range legs {
		var row []scalar
		if withSource != "" {
			row = append(row, text(l.source))
		}
		have := map[string]*column{}
		for _, f := range l.rel.fields {
			have[f.name] = f.col
		}
		for _, k := range keys {
			if c := have[k.name]; c != nil && c.typ == k.typ {
				row = append(row, &ref{c})
			} else {
				row = append(row, null(k.typ))
			}
		}
		u.in, u.maps = append(u.in, l.rel.plan), append(u.maps, row)
	}
	if len(out.fields) > maxColumns {
		fail(at, "a table has at most %d columns", maxColumns)
	}
	out.plan = b.add(at, u)
	return out
}

// several lists the names that a union gave to a column of several types, for an error.
func several(rel *relation, name string) string {
	var out []string
	for _, f := range rel.fields {
		if t, ok := strings.CutPrefix(f.name, name+"_"); ok && string(f.col.typ) == strings.TrimRight(t, "0123456789") {
			out = append(out, "'"+f.name+"'")
		}
	}
	if len(out) < 2 {
		return ""
	}
	return strings.Join(out, " and ")
}
