package kql

import (
	"regexp"
	"slices"
	"strings"

	"tocsin/internal/event"
)

// between stands between the columns of a row where a term is looked for in all of them; it ends every term.
const betweenColumns = "\x1f"

// search binds search: a union of its tables, of which the rows stay that the predicate finds.
func (b *binder) search(left *relation, op *Search) *relation {
	inputs := op.Inputs
	if left == nil && inputs == nil {
		inputs = []Expr{&Wildcard{Span: op.Span, Pattern: "*"}}
	}
	rel := b.combine(op.Span, b.legs(left, inputs, false), false, "$table")
	b.keepFound(op.Span, op.Pred, rel, op.Kind == "case_sensitive")
	return rel
}

// keepFound filters rel by the predicate of search and find.
func (b *binder) keepFound(at Span, pred Expr, rel *relation, exact bool) {
	t := &finding{b: b, rel: rel, exact: exact}
	b.joinColumns(rel, at)
	cond := b.condition(t.condition(pred), &scope{rel: rel})
	rel.plan, rel.all = b.add(at, &filter{rel.plan, cond}), nil
}

// joinColumns computes the text of all columns once, however many terms are looked for in it.
func (b *binder) joinColumns(rel *relation, at Span) {
	c := &compute{in: rel.plan}
	raw := c.column(joined(b.searched(rel, at, false)))
	rel.plan = b.add(at, c)
	c = &compute{in: rel.plan}
	rel.all = &[2]*column{raw, c.column(lower(&ref{raw}))}
	rel.plan = b.add(at, c)
}

// searched are the columns that are looked into, as text: those of text and dynamic values, and numbers too.
func (b *binder) searched(rel *relation, at Span, textOnly bool) []scalar {
	var cols []scalar
	for _, f := range rel.fields {
		if t := f.col.typ; t == event.String || t == event.Dynamic || numeric(t) && !textOnly {
			b.count(at)
			if cols = append(cols, convert(&ref{f.col}, event.String)); len(cols) > maxArguments {
				fail(at, "the table has more than %d columns to look into; name those that matter", maxArguments)
			}
		}
	}
	return cols
}

// finding rewrites the predicate of search and find as an ordinary condition.
type finding struct {
	b     *binder
	rel   *relation
	exact bool // comparisons of text regard case
}

func (t *finding) condition(x Expr) Expr {
	switch x := x.(type) {
	case *Literal:
		if x.Type == event.String {
			return t.term(&Star{Span: x.Span}, x, x.Value.(string))
		}
	case *Star:
		return &Literal{Span: x.Span, Type: event.Bool, Value: true}
	case *Name:
		if t.rel.lookup(x.Name) == nil && t.b.find(x.Name) != nil && !t.b.tabular(x) {
			if c, ok := t.b.scalar(x, &scope{}).(*constant); ok && c.typ == event.String {
				return t.term(&Star{Span: x.Span}, x, c.value.(string))
			}
		}
	case *Logic:
		out := &Logic{Span: x.Span, Op: x.Op}
		for _, y := range x.X {
			out.X = append(out.X, t.condition(y))
		}
		return out
	case *Call:
		if x.Name == "not" && len(x.Args) == 1 && x.Names == nil {
			return &Call{Span: x.Span, Name: x.Name, Args: []Expr{t.condition(x.Args[0])}}
		}
	case *Binary:
		if x.Op == ":" {
			return t.term(x.X, x.Y, t.b.constantText(x.Y, "a term"))
		}
		if n, ok := x.X.(*Name); ok && t.rel.lookup(n.Name) == nil {
			if names := several(t.rel, n.Name); names != "" {
				fail(n.Span, "the column '%s' has several types in these tables; say which: %s", n.Name, names)
			}
		}
		return &Binary{Span: x.Span, Op: t.operator(x.Op), X: x.X, Y: x.Y}
	case *In:
		if t.exact && strings.HasSuffix(x.Op, "~") {
			out := *x
			out.Op = strings.TrimSuffix(x.Op, "~")
			return &out
		}
	}
	return x
}

// operator is op, or what it is called where case counts.
func (t *finding) operator(op string) string {
	switch {
	case !t.exact:
	case op == "=~":
		return "=="
	case op == "!~":
		return "!="
	case wordOperator(op) && !strings.HasSuffix(op, "_cs"):
		return op + "_cs"
	}
	return op
}

// term looks for a term in x, a column or all of them. Stars in it stand for any text.
func (t *finding) term(x, at Expr, term string) Expr {
	word := strings.Trim(term, "*")
	lead, trail := strings.HasPrefix(term, "*"), strings.HasSuffix(term, "*")
	op := "has"
	switch {
	case strings.Contains(word, "*"):
		var parts []string
		for _, p := range strings.Split(term, "*") {
			parts = append(parts, regexp.QuoteMeta(p))
		}
		re := `\b` + strings.Join(parts, ".*") + `\b`
		if !t.exact {
			re = "(?i)" + re
		}
		return &Binary{Span: at.Pos(), Op: "matches regex", X: x, Y: &Literal{Span: at.Pos(), Type: event.String, Value: re}}
	case lead && trail, word == "":
		op = "contains"
	case lead:
		op = "hassuffix"
	case trail:
		op = "hasprefix"
	}
	return &Binary{Span: at.Pos(), Op: t.operator(op), X: x, Y: &Literal{Span: at.Pos(), Type: event.String, Value: word}}
}

// anyColumn binds * has "term" and its kin: some column has it. Text, dynamic values and numbers are looked into.
func (b *binder) anyColumn(x *Binary, sc *scope) scalar {
	if sc.rel == nil {
		fail(x.X.Pos(), "'*' stands for the columns of a table, and there is none here")
	}
	r := b.scalar(x.Y, sc)
	term := b.str(x.Y, r, x.Op)
	if strings.HasPrefix(x.Op, "!") {
		fail(x.X.Pos(), "'%s' over all columns is said as not(* %s ...)", x.Op, strings.TrimPrefix(x.Op, "!"))
	}
	switch strings.TrimSuffix(x.Op, "_cs") {
	case "has", "hasprefix", "hassuffix", "contains":
		// What ends terms can't be in the middle of one, so the columns can be searched as one text.
		if c, ok := term.(*constant); ok && !strings.Contains(c.value.(string), betweenColumns) {
			all := sc.rel.all
			switch {
			case all == nil:
				return b.word(x.Op, joined(b.searched(sc.rel, x.Span, false)), term)
			case strings.HasSuffix(x.Op, "_cs"):
				return b.word(x.Op, &ref{all[0]}, term)
			}
			return test(op(x.Op), &ref{all[1]}, lower(term))
		}
	case "==", "=~", "startswith", "endswith", "matches regex":
	default:
		fail(x.X.Pos(), "'%s' can't look into all columns; name the column", x.Op)
	}
	var any []scalar
	for _, c := range b.searched(sc.rel, x.Span, x.Op == "==" || x.Op == "=~") {
		any = append(any, b.comparison(x, c, term))
	}
	return &call{opOr, event.Bool, any}
}

// comparison binds x between two strings.
func (b *binder) comparison(x *Binary, l, r scalar) scalar {
	switch x.Op {
	case "==":
		return test(opEq, l, r)
	case "=~":
		return test(opEq, lower(l), lower(r))
	case "matches regex":
		checkRegex(x.Y.Pos(), r)
		return test(opMatches, l, r)
	}
	return b.word(x.Op, l, r)
}

// joined is one text of many.
func joined(cols []scalar) scalar {
	var args []scalar
	for i, c := range cols {
		if i > 0 {
			args = append(args, text(betweenColumns))
		}
		args = append(args, c)
	}
	if len(args) == 0 {
		return text("")
	}
	return &call{opStrcat, event.String, args}
}

// findRows binds find: the rows of its tables that the predicate finds, with the columns that it speaks of.
func (b *binder) findRows(x *Find) *relation {
	inputs := x.Inputs
	if inputs == nil {
		inputs = []Expr{&Wildcard{Span: x.Span, Pattern: "*"}}
	}
	legs := b.legs(nil, inputs, false)
	f := &finder{b: b, x: x}
	anywhere := f.mentions(x.Pred, legs)
	legs = slices.DeleteFunc(legs, func(l leg) bool {
		return !anywhere && len(f.named) > 0 && !slices.ContainsFunc(f.named, func(n string) bool { return l.rel.lookup(n) != nil })
	})
	if len(legs) == 0 {
		fail(x.Span, "none of these tables has a column that the condition names")
	}
	f.columns(legs)
	for i := range legs {
		legs[i].rel = f.leg(legs[i].rel, legs)
	}
	source := x.WithSource
	if source == "" {
		source = "source_"
	}
	return b.combine(x.Span, legs, false, source)
}

type finder struct {
	b     *binder
	x     *Find
	named []string // columns that the predicate names, in order
	keep  []FindColumn
	pack  bool
}

// mentions collects the columns that the predicate names, and tells whether it looks into all columns as well.
func (f *finder) mentions(x Expr, legs []leg) bool {
	anywhere := false
	walk := func(list ...Expr) {
		for _, y := range list {
			anywhere = f.mentions(y, legs) || anywhere
		}
	}
	switch x := x.(type) {
	case *Literal:
		return x.Type == event.String
	case *Star:
		return true
	case *Name:
		if slices.ContainsFunc(legs, func(l leg) bool { return l.rel.lookup(x.Name) != nil }) {
			if !slices.Contains(f.named, x.Name) {
				f.named = append(f.named, x.Name)
			}
			return false
		}
		return f.b.find(x.Name) != nil
	case *Logic:
		walk(x.X...)
	case *Binary:
		walk(x.X)
		f.mentions(x.Y, legs)
	case *Negative:
		walk(x.X)
	case *Between:
		walk(x.X)
		f.mentions(x.Lo, legs)
		f.mentions(x.Hi, legs)
	case *In:
		walk(x.X)
		for _, y := range x.List {
			f.mentions(y, legs)
		}
	case *Member:
		walk(x.X)
	case *Index:
		walk(x.X)
	case *Call:
		if x.Name == "not" {
			walk(x.Args...)
			break
		}
		for _, y := range x.Args {
			f.mentions(y, legs)
		}
	}
	return anywhere
}

// columns decides which columns the answer has: those that project names, or those of the predicate and those that all
// tables have; the rest is packed.
func (f *finder) columns(legs []leg) {
	f.keep, f.pack = f.x.Project, f.x.Pack
	if f.x.Project != nil {
		for _, c := range f.keep {
			f.checkColumn(c, legs)
		}
		return
	}
	for _, fd := range legs[0].rel.fields {
		everywhere := true
		for _, l := range legs {
			c := l.rel.lookup(fd.name)
			everywhere = everywhere && c != nil && c.typ == fd.col.typ
		}
		if everywhere || slices.Contains(f.named, fd.name) {
			f.keep = append(f.keep, FindColumn{Name: fd.name})
		}
	}
	for _, n := range f.named {
		if !f.keeps(n) {
			f.keep = append(f.keep, FindColumn{Name: n})
		}
	}
	for _, l := range legs {
		f.pack = f.pack || slices.ContainsFunc(l.rel.fields, func(fd field) bool { return !f.keeps(fd.name) })
	}
}

func (f *finder) keeps(name string) bool {
	return slices.ContainsFunc(f.keep, func(c FindColumn) bool { return c.Name == name })
}

// checkColumn refuses a projected column that no table has, or that has several types while none was written.
func (f *finder) checkColumn(c FindColumn, legs []leg) {
	var typ event.Type
	for _, l := range legs {
		col := l.rel.lookup(c.Name)
		switch {
		case col == nil:
		case typ != "" && typ != col.typ && c.Type == "":
			fail(c.Span, "the column '%s' has several types in these tables; write which is wanted: %s:%s", c.Name, c.Name, typ)
		default:
			typ = col.typ
		}
	}
	if typ == "" {
		fail(c.Span, "none of these tables has a column '%s'", c.Name)
	}
}

// leg filters one table and gives it the columns of the answer.
func (f *finder) leg(rel *relation, legs []leg) *relation {
	over := &relation{plan: rel.plan, fields: slices.Clone(rel.fields)}
	missing := &compute{in: rel.plan}
	typeOf := func(name string) event.Type {
		for _, l := range legs {
			if c := l.rel.lookup(name); c != nil {
				return c.typ
			}
		}
		return event.String
	}
	for _, n := range f.named {
		if over.lookup(n) == nil {
			over.fields = append(over.fields, field{n, missing.column(null(typeOf(n)))})
		}
	}
	f.b.finish(over, f.x.Span, missing)
	f.b.keepFound(f.x.Span, f.x.Pred, over, false)
	c := &compute{in: over.plan}
	out := &relation{}
	for _, k := range f.keep {
		col := rel.lookup(k.Name)
		switch {
		case col == nil && k.Type == "" && f.x.Project == nil:
			continue
		case col == nil && k.Type == "":
			col = c.column(null(typeOf(k.Name)))
		case col == nil:
			col = c.column(null(k.Type))
		case k.Type != "" && k.Type != col.typ:
			col = c.column(convert(&ref{col}, k.Type))
		}
		out.fields = append(out.fields, field{k.Name, col})
	}
	if f.pack {
		var args []scalar
		for _, fd := range rel.fields {
			if !f.keeps(fd.name) {
				args = append(args, text(fd.name), &ref{fd.col})
			}
		}
		out.fields = append(out.fields, field{"pack_", c.column(&call{opPackBag, event.Dynamic, args})})
	}
	out.plan = over.plan
	f.b.finish(out, f.x.Span, c)
	return out
}
