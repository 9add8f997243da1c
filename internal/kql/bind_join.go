package kql

import (
	"strconv"

	"tocsin/internal/event"
)

var joinKinds = map[string]joinKind{
	"": joinInnerUnique, "innerunique": joinInnerUnique, "inner": joinInner, "leftouter": joinLeftOuter, "rightouter": joinRightOuter,
	"fullouter": joinFullOuter,
}

func (b *binder) join(left *relation, op *Join) *relation {
	right := b.table(op.Right)
	on := b.joinKeys(left, right, op.On)
	kind, swap, semi, anti := op.Kind, false, false, false
	switch kind {
	case "leftsemi":
		semi = true
	case "leftanti", "anti", "leftantisemi":
		anti = true
	case "rightsemi":
		semi, swap = true, true
	case "rightanti", "rightantisemi":
		anti, swap = true, true
	}
	if op.Lookup && kind != "" && kind != "leftouter" && kind != "inner" {
		fail(op.Span, "lookup has the kinds leftouter and inner, not '%s'", kind)
	}
	if semi || anti {
		if swap {
			left, right = right, left
		}
		q := &inQuery{plan: right.plan, not: anti}
		for _, p := range on {
			if swap {
				p.left, p.right = p.right, p.left
			}
			q.x, q.cols = append(q.x, p.left), append(q.cols, p.right)
		}
		left.plan, left.ordering = b.add(op.Span, &filter{left.plan, q}), ordering{}
		return left
	}
	k := joinKinds[kind] // the parser knows no others
	if op.Lookup && kind == "" {
		k = joinLeftOuter
	}
	j := &join{kind: k, left: left.plan, right: right.plan, on: on}
	if op.Lookup {
		right.fields = withoutKeys(right.fields, on)
	}
	// The side that may have no partner: its strings become empty, not null.
	if k == joinRightOuter || k == joinFullOuter {
		j.outer = append(j.outer, absent(left.fields)...)
	}
	if k == joinLeftOuter || k == joinFullOuter {
		j.outer = append(j.outer, absent(right.fields)...)
	}
	return &relation{plan: b.add(op.Span, j), fields: sideBySide(left.fields, right.fields), legacy: legacyJoined(k, left.legacy, right.legacy)}
}

// sideBySide are the columns of both sides. Those of the right whose names are taken get a number.
func sideBySide(left, right []field) []field {
	taken := newNamer()
	for _, f := range left {
		taken.taken[f.name] = true
	}
	own := map[string]bool{}
	for _, f := range right {
		own[f.name] = true
	}
	fields := left
	for _, f := range right {
		name := f.name
		for i := 1; taken.taken[name] || name != f.name && own[name]; i++ {
			name = f.name + strconv.Itoa(i)
		}
		taken.taken[name] = true
		fields = append(fields, field{name, f.col})
	}
	return fields
}

func withoutKeys(fields []field, on []joinPair) []field {
	var out []field
	for _, f := range fields {
		key := false
		for _, p := range on {
			r, ok := p.right.(*ref)
			key = key || ok && r.col == f.col
		}
		if !key {
			out = append(out, f)
		}
	}
	return out
}

// absent replaces the string columns of fields by ones that are empty where the join found no row.
func absent(fields []field) []item {
	var out []item
	made := map[*column]*column{}
	for i, f := range fields {
		if f.col.typ != event.String {
			continue
		}
		if made[f.col] == nil {
			made[f.col] = &column{typ: event.String}
			out = append(out, item{made[f.col], &call{opCoalesce, event.String, []scalar{&ref{f.col}}}})
		}
		fields[i].col = made[f.col]
	}
	return out
}

// joinKeys binds "on A, $left.B == $right.C".
func (b *binder) joinKeys(left, right *relation, on []Expr) []joinPair {
	var out []joinPair
	for _, x := range on {
		switch x := x.(type) {
		case *Name:
			l, r := left.lookup(x.Name), right.lookup(x.Name)
			if l == nil {
				unknownColumn(x.Span, x.Name, left)
			}
			if r == nil {
				failColumn(x.Span, x.Name, "there is no column '%s' on the right side of the join", x.Name)
			}
			out = append(out, joinPair{&ref{l}, &ref{r}})
			checkKeys(x.Span, out[len(out)-1])
			continue
		case *Binary:
			if x.Op == "==" {
				l, _ := sideOf(x.X)
				r, _ := sideOf(x.Y)
				if l == "$right" && r == "$left" {
					out = append(out, joinPair{b.side(left, x.Y), b.side(right, x.X)})
				} else if l == "$left" && r == "$right" {
					out = append(out, joinPair{b.side(left, x.X), b.side(right, x.Y)})
				} else {
					break
				}
				checkKeys(x.Span, out[len(out)-1])
				continue
			}
		case *Logic:
			if x.Op == "and" {
				out = append(out, b.joinKeys(left, right, x.X)...)
				continue
			}
		}
		fail(x.Pos(), "expected a column that both sides have, or $left.A == $right.B")
	}
	return out
}

// sideOf takes $left.Name, or $left["Name"], apart.
func sideOf(x Expr) (side, name string) {
	switch x := x.(type) {
	case *Member:
		if n, ok := x.X.(*Name); ok {
			return n.Name, x.Name
		}
	case *Index:
		n, ok := x.X.(*Name)
		if l, isText := x.At.(*Literal); ok && isText && l.Type == event.String {
			return n.Name, l.Value.(string)
		}
	}
	return "", ""
}

func (b *binder) side(rel *relation, x Expr) scalar {
	_, name := sideOf(x)
	col := rel.lookup(name)
	if col == nil {
		unknownColumn(x.Pos(), name, rel)
	}
	return &ref{col}
}

func checkKeys(at Span, p joinPair) {
	l, r := p.left.typeOf(), p.right.typeOf()
	if l == event.Dynamic || r == event.Dynamic {
		fail(at, "the columns of a join can't be dynamic; convert them first: extend Key = tostring(...)")
	}
	if l != r && !(numeric(l) && numeric(r)) {
		fail(at, "the columns of a join must have the same type; these are %s and %s", l, r)
	}
}
