package kql

import "tocsin/internal/event"

// meaning is what a name stands for. Meanings form a chain; each sees only those before it, so nothing can mean itself.
type meaning struct {
	before *meaning
	name   string
	let    *Let         // bound anew wherever it is used, with the names before it
	scalar *scalarValue // a parameter
	table  *tableValue  // a parameter, or the table that "as" named
	kind   event.Type   // a parameter of which only the type is known yet; "table" for a table
}

const kindTable event.Type = "table"

// scalarValue is the bound argument of a parameter. Where the parameter is used the value is, so its size counts again.
type scalarValue struct {
	x              scalar
	scalars, nodes int
	row            bool // it reads columns of the row in which the function is called
	level          int  // the sub-query in which it is called
}

// tableValue is the argument of a parameter that is a table. Every use needs columns of its own, so it is bound again.
type tableValue struct {
	x       Expr
	names   *meaning   // what x sees
	columns []Declared // those that may be named; nil: all
	first   *relation  // bound already, for the first use
}

// find looks a name up.
func (b *binder) find(name string) *meaning {
	for m := b.names; m != nil; m = m.before {
		if m.name == name {
			return m
		}
	}
	return nil
}

// lambda is the function that m stands for, or nil.
func (m *meaning) lambda() *Lambda {
	if m == nil || m.let == nil {
		return nil
	}
	f, _ := m.let.X.(*Lambda)
	return f
}

// under runs f where only names and those before it can be seen.
func (b *binder) under(names *meaning, f func()) {
	was := b.names
	b.names = names
	f()
	b.names = was
}

// define adds a let statement to what can be seen.
func (b *binder) define(lets []*Let) {
	for _, l := range lets {
		b.names = &meaning{before: b.names, name: l.Name, let: l}
	}
}

// known lists the names that can be seen, for didYouMean.
func (b *binder) known() []string {
	var out []string
	for m := b.names; m != nil; m = m.before {
		out = append(out, m.name)
	}
	return out
}

// tabular tells whether x is a table rather than a value.
func (b *binder) tabular(x Expr) bool {
	switch x := x.(type) {
	case *Pipe, *UnionSource, *Print, *DataTable, *Range, *ExternalData, *SearchSource, *Find, *Wildcard:
		return true
	case *Member:
		return elsewhere(x) != ""
	case *Call:
		m := b.find(x.Name)
		if m.lambda() != nil {
			return b.meansTable(m)
		}
		return m == nil && (x.Name == "table" || elsewhere(x) != "" || notHere(x.Name) != "")
	case *Name:
		if m := b.find(x.Name); m != nil {
			return b.meansTable(m)
		}
		_, ok := event.TableNamed(x.Name)
		return ok || event.Elsewhere(x.Name) || notHere(x.Name) != ""
	}
	return false
}

// meansTable tells whether a name stands for a table, or for a function that gives one. It is the same wherever it is used.
func (b *binder) meansTable(m *meaning) bool {
	if m.let == nil {
		return m.table != nil || m.kind == kindTable
	}
	if yes, ok := b.tables[m.let]; ok {
		return yes
	}
	yes := false
	b.under(m.before, func() {
		f := m.lambda()
		if f == nil {
			yes = b.tabular(m.let.X)
			return
		}
		for _, p := range f.Params {
			k := p.Type
			if p.Table {
				k = kindTable
			}
			b.names = &meaning{before: b.names, name: p.Name, kind: k}
		}
		b.define(f.Body.Lets)
		yes = b.tabular(f.Body.Body)
	})
	if b.tables == nil {
		b.tables = map[*Let]bool{}
	}
	b.tables[m.let] = yes
	return yes
}

// isView tells whether m stands beside the tables where names are matched by a wildcard.
func (m *meaning) isView() bool {
	f := m.lambda()
	return f != nil && f.View
}
