package kql

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"

	"tocsin/internal/event"
)

// slot is a property that bag_unpack makes a column of.
type slot struct {
	key, name string
	typ       event.Type
}

// bagUnpack makes columns of the properties of an object.
func (b *binder) bagUnpack(rel *relation, op *Evaluate) *relation {
	args := op.arguments(1, "Column", "OutputColumnPrefix", "columnsConflict", "ignoredProperties")
	name, bag := columnArgument(rel, args[0])
	if bag.typ != event.Dynamic {
		fail(args[0].Pos(), "bag_unpack needs an object, this is %s; open it first: extend %s = parse_json(%s)", article(bag.typ), ident(name), ident(name))
	}
	prefix, _ := b.literal(args[1], event.String).(string)
	conflict, _ := b.literal(args[2], event.String).(string)
	switch conflict {
	case "", "error", "replace_source", "keep_source":
	default:
		fail(args[2].Pos(), "columnsConflict is error, replace_source or keep_source, not %q", conflict)
	}
	ignored := b.ignoredProperties(args[3])
	source := slices.DeleteFunc(slices.Clone(rel.fields), func(f field) bool { return f.name == name })
	var slots []slot
	var order []string // of the columns, where the query says it
	if op.Schema == nil {
		slots = b.probeSlots(rel, op.Span, bag, prefix)
	} else {
		slots, order = schemaSlots(op, source, prefix, conflict)
	}
	rel.fields = slices.Clone(source)
	c := &compute{in: rel.plan}
	for _, s := range slots {
		if slices.Contains(ignored, s.key) {
			continue
		}
		x := convert(&call{opMember, event.Dynamic, []scalar{&ref{bag}, text(s.key)}}, s.typ)
		if i := rel.index(s.name); i >= 0 {
			switch conflict {
			case "replace_source":
				rel.fields[i].col = c.column(x)
			case "keep_source":
			default:
				fail(op.Span, "bag_unpack finds a property '%s', and there is a column of that name; add a prefix, bag_unpack(%s, \"p_\"), or columnsConflict = \"keep_source\"", s.key, ident(name))
			}
			continue
		}
		rel.fields = append(rel.fields, field{s.name, c.column(x)})
	}
	b.finish(rel, op.Span, c)
	if order != nil && !op.Star {
		var fields []field
		for _, name := range order {
			if col := rel.lookup(name); col != nil {
				fields = append(fields, field{name, col})
			}
		}
		rel.fields = fields
	}
	if len(rel.fields) == 0 {
		fail(op.Span, "bag_unpack leaves no column: there is no property in the data")
	}
	return rel
}

// schemaSlots are the properties that a schema asks for, and all its columns in order. Those that the table has are no
// properties.
func schemaSlots(op *Evaluate, source []field, prefix, conflict string) (slots []slot, order []string) {
	for _, c := range op.Schema {
		order = append(order, c.Name)
		if i := slices.IndexFunc(source, func(f field) bool { return f.name == c.Name }); i >= 0 && conflict != "replace_source" {
			if source[i].col.typ != c.Type {
				fail(c.Span, "'%s' is a column already, and is %s", c.Name, article(source[i].col.typ))
			}
			continue
		}
		key, ok := strings.CutPrefix(c.Name, prefix)
		if !ok {
			fail(c.Span, "'%s' does not begin with %q, as all columns of this bag_unpack do", c.Name, prefix)
		}
		slots = append(slots, slot{key, c.Name, c.Type})
	}
	return slots, order
}

func (b *binder) ignoredProperties(x Expr) []string {
	s, _ := b.literal(x, event.Dynamic).(string)
	if s == "" {
		return nil
	}
	var out []string
	if json.Unmarshal([]byte(s), &out) != nil {
		fail(x.Pos(), "the properties to ignore are an array of names: dynamic([\"a\", \"b\"])")
	}
	return out
}

// probeSlots asks for the properties of bag and the types of their values. A property with values of several types is dynamic.
func (b *binder) probeSlots(rel *relation, at Span, bag *column, prefix string) []slot {
	key, kind := &column{typ: event.Dynamic}, &column{typ: event.String}
	p := &relation{plan: rel.plan}
	p.plan = b.add(at, &filter{p.plan, not(test(opIs, &ref{bag}))})
	e := &expand{in: p.plan, limit: -1, lists: []item{{key, &call{opBagKeys, event.Dynamic, []scalar{&ref{bag}}}}}}
	p.plan = b.add(at, e)
	c := &compute{in: p.plan}
	name := c.column(convert(&ref{key}, event.String))
	b.finish(p, at, c)
	c = &compute{in: p.plan}
	c.items = append(c.items, item{kind, &call{opJSONType, event.String, []scalar{&call{opMember, event.Dynamic, []scalar{&ref{bag}, &ref{name}}}}}})
	// What is no object has no keys, and gives one row with null.
	b.finish(p, at, c)
	p.plan = b.add(at, &filter{p.plan, not(test(opIs, &ref{key}))})
	p.plan = b.add(at, &aggregate{in: p.plan, by: []item{{name, &ref{name}}, {kind, &ref{kind}}}})
	p.plan = b.add(at, &limit{p.plan, maxProbed*8 + 1})
	p.fields = []field{{"Key", name}, {"Type", kind}}
	types := map[string]event.Type{}
	for _, row := range b.probe(p, at, "bag_unpack") {
		k, _ := row[0].(string)
		s, _ := row[1].(string)
		t := event.Type(s)
		switch have, seen := types[k]; {
		case t == "" && !seen:
			types[k] = ""
		case t == "":
		case have == "":
			types[k] = t
		case have != t:
			types[k] = event.Dynamic
		}
	}
	if len(types) > maxProbed {
		fail(at, "bag_unpack finds more than %d properties; name those that you need: evaluate bag_unpack(...) : (*, Name:type, ...)", maxProbed)
	}
	var out []slot
	for k, t := range types {
		if t == "" { // only nulls
			t = event.Dynamic
		}
		out = append(out, slot{k, prefix + k, t})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// pivot makes columns of the values of a column.
func (b *binder) pivot(rel *relation, op *Evaluate) *relation {
	if len(op.Args) == 0 {
		fail(op.Span, "pivot needs the column whose values become columns")
	}
	for _, a := range op.Args {
		if a.Name != "" {
			fail(a.Span, "the arguments of pivot have no names")
		}
	}
	_, turn := columnArgument(rel, op.Args[0].X)
	call := &Call{Span: op.Span, Name: "count"}
	rest := op.Args[1:]
	if len(rest) > 0 {
		if c, ok := rest[0].X.(*Call); ok {
			if _, known := aggregates[c.Name]; !known {
				fail(c.Span, "expected an aggregate such as sum(...), or a column")
			}
			call, rest = c, rest[1:]
		}
	}
	value := convert(&ref{turn}, event.String)
	agg := &aggregate{}
	out := &relation{}
	names := newNamer()
	group := func(name string, col *column, at Span) {
		notDynamic(at, "pivot", col.typ)
		agg.by = append(agg.by, item{col, &ref{col}})
		out.fields = append(out.fields, field{names.name(name, at, true), col})
	}
	if len(rest) > 0 {
		for _, a := range rest {
			name, col := columnArgument(rel, a.X)
			group(name, col, a.Span)
		}
	} else {
		used := b.readBy(rel, call)
		for _, f := range rel.fields {
			if f.col != turn && !used[f.col] {
				group(f.name, f.col, op.Span)
			}
		}
	}
	c := &compute{in: rel.plan}
	key := &ref{c.column(value)}
	b.finish(rel, op.Span, c)
	values, schema := b.pivotValues(rel, op, key, out)
	agg.in = rel.plan
	after := &compute{}
	for _, v := range values {
		n := len(agg.aggs)
		b.aggregateItem(rel, Named{Span: op.Span, X: call}, agg, after, func(_ string, _ bool, col *column) {
			out.fields = append(out.fields, field{names.free(v), col})
		})
		if len(agg.aggs) != n+1 || len(agg.aggs[n].outs) > 0 {
			fail(call.Span, "pivot takes one aggregate that gives one value")
		}
		only := scalar(test(opEq, key, text(v)))
		if agg.aggs[n].cond != nil {
			only = and(only, agg.aggs[n].cond)
		}
		agg.aggs[n].cond = only
	}
	if len(out.fields) == 0 {
		fail(op.Span, "pivot leaves no column: there is no value in the data")
	}
	if len(agg.by)+len(agg.aggs) > 0 {
		out.plan = b.add(op.Span, agg)
	}
	after.in = out.plan
	b.finish(out, op.Span, after)
	checkSchema(out, schema)
	return out
}

// readBy are the columns that an aggregate reads.
func (b *binder) readBy(rel *relation, c *Call) map[*column]bool {
	used := map[*column]bool{}
	for _, a := range c.Args {
		if !isStar(a) {
			columnsOf(used, b.scalar(a, &scope{rel: rel}))
		}
	}
	return used
}

// pivotValues are the values that become columns: those of the schema that are no columns yet, or those in the data.
func (b *binder) pivotValues(rel *relation, op *Evaluate, key *ref, out *relation) (values []string, schema []TypedName) {
	if op.Schema != nil {
		if op.Star {
			fail(op.Span, "pivot names its columns one by one, without *")
		}
		for _, c := range op.Schema {
			if out.lookup(c.Name) == nil {
				values = append(values, c.Name)
			}
		}
		return values, op.Schema
	}
	p := &relation{plan: b.add(op.Span, &aggregate{in: rel.plan, by: []item{{key.col, key}}})}
	p.plan = b.add(op.Span, &limit{p.plan, maxProbed + 1})
	p.fields = []field{{"Value", key.col}}
	for _, row := range b.probe(p, op.Span, "pivot") {
		s, _ := row[0].(string)
		values = append(values, s)
	}
	if len(values) > maxProbed {
		fail(op.Span, "pivot finds more than %d values; filter before it, or name the columns: evaluate pivot(...) : (Name:type, ...)", maxProbed)
	}
	sort.Strings(values)
	return values, nil
}

// checkSchema refuses a schema that a plug-in does not give, and puts the columns in its order.
func checkSchema(rel *relation, schema []TypedName) {
	if schema == nil {
		return
	}
	var fields []field
	for _, c := range schema {
		col := rel.lookup(c.Name)
		if col == nil || col.typ != c.Type {
			found := "not there"
			if col != nil {
				found = article(col.typ)
			}
			fail(c.Span, "the column '%s' is %s, not %s", c.Name, found, article(c.Type))
		}
		fields = append(fields, field{c.Name, col})
	}
	rel.fields = fields
}
