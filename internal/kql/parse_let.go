package kql

import (
	"slices"

	"tocsin/internal/event"
)

// tree reads statements and the query at their end: a whole text, or the body of a function, which ends before its brace.
func (p *parser) tree(body bool) *Tree {
	t := &Tree{}
	seen := map[string]bool{}
	name := func(at Span, n string) {
		if seen[n] {
			fail(at, "'%s' is defined twice", n)
		}
		seen[n] = true
	}
	for {
		for p.accept(";") {
		}
		what := ""
		switch {
		case p.is("let") && (p.peek(1).kind == tName || p.peek(1).text == "["):
			if p.lets++; p.lets > maxLets {
				fail(p.tok().Span, "a query has at most %d let statements", maxLets)
			}
			l := p.let()
			name(l.Span, l.Name)
			t.Lets = append(t.Lets, l)
			what = "a let statement"
		case p.is("declare") && p.peek(1).text == "query_parameters":
			if len(t.Lets) > 0 {
				fail(p.tok().Span, "declare query_parameters stands before the let statements")
			}
			p.i += 2
			for _, d := range p.params("the parameters") {
				if d.Table {
					fail(d.Span, "a parameter of a query is a single value")
				}
				name(d.Span, d.Name)
				t.Params = append(t.Params, d)
			}
			what = "the parameters"
		case !body && p.is("set") && p.peek(1).kind == tName:
			t.Sets = append(t.Sets, p.set())
			what = "a set statement"
		default:
			p.query(t, body)
			return t
		}
		if p.tok().kind != tEOF && !p.is("}") {
			p.expect(";", "after "+what)
		}
	}
}

// query reads the expression at the end of the statements.
func (p *parser) query(t *Tree, body bool) {
	if body && p.is("}") {
		fail(p.tok().Span, "the function has no value; before its closing brace stands a query or a value")
	}
	if p.tok().kind == tEOF && !body {
		if len(t.Lets)+len(t.Params)+len(t.Sets) > 0 {
			fail(p.tok().Span, "after the let statements a query is missing, such as: EmailEvents | take 10")
		}
		fail(p.tok().Span, "the query is empty; it begins with a table, such as: EmailEvents | take 10")
	}
	if p.peek(1).kind == tName {
		switch p.tok().text {
		case "set":
			fail(p.tok().Span, "set can stand only at the beginning of a query, outside functions")
		case "alias", "restrict", "pattern", "declare":
			fail(p.tok().Span, "the statement '%s' is not supported; a query may begin with let, set and declare query_parameters", p.tok().text)
		}
	}
	t.Body = p.pipe()
	noStar(t.Body)
	for p.accept(";") {
	}
}

// set reads set name, or set name = value.
func (p *parser) set() Property {
	start := p.tok().Start
	p.i++
	s := Property{Name: p.name("the name of an option").Name}
	if p.accept("=") {
		s.X = p.expr()
	}
	s.Span = p.from(start)
	return s
}

func (p *parser) let() *Let {
	start := p.tok().Start
	p.i++
	n := p.name("a name after let")
	p.expect("=", "after the name of a let statement")
	var x Expr
	if p.lambdaAhead() {
		x = p.lambda()
	} else {
		x = p.pipe()
		noStar(x)
	}
	return &Let{Span: p.from(start), Name: n.Name, X: x}
}

// lambdaAhead tells whether a function follows: brackets, and a brace behind the one that closes them.
func (p *parser) lambdaAhead() bool {
	i := p.i
	if p.is("view") {
		i++
	}
	if p.toks[i].text != "(" {
		return false
	}
	depth := 0
	for ; p.toks[i].kind != tEOF; i++ {
		if p.toks[i].kind == tPunct {
			switch p.toks[i].text {
			case "(":
				depth++
			case ")":
				depth--
			}
		}
		if depth == 0 {
			return p.toks[i+1].kind == tPunct && p.toks[i+1].text == "{"
		}
	}
	return false
}

func (p *parser) lambda() Expr {
	defer p.enter()()
	start := p.tok().Start
	l := &Lambda{View: p.accept("view")}
	l.Params = p.params("the parameters of a function")
	if l.View && len(l.Params) > 0 {
		fail(l.Params[0].Span, "a view takes no parameters")
	}
	p.expect("{", "before the body of a function")
	l.Body = p.tree(true)
	if len(l.Body.Params) > 0 {
		fail(l.Body.Params[0].Span, "declare query_parameters can stand only at the beginning of a query")
	}
	for _, b := range l.Body.Lets {
		if i := slices.IndexFunc(l.Params, func(q *Param) bool { return q.Name == b.Name }); i >= 0 {
			fail(b.Span, "'%s' is a parameter of this function already", b.Name)
		}
	}
	p.expect("}", "after the body of a function")
	l.Span = p.from(start)
	return l
}

// params reads (a:string, b:long = 3, T:(Col:string), U:(*)).
func (p *parser) params(of string) []*Param {
	p.expect("(", "before "+of)
	var out []*Param
	for !p.is(")") {
		if len(out) > 0 {
			p.expect(",", "between "+of)
		}
		if len(out) == maxArguments {
			fail(p.tok().Span, "a function takes at most %d arguments", maxArguments)
		}
		d := p.param()
		if i := slices.IndexFunc(out, func(q *Param) bool { return q.Name == d.Name }); i >= 0 {
			fail(d.Span, "there are two parameters named '%s'", d.Name)
		}
		if n := len(out); n > 0 {
			switch last := out[n-1]; {
			case d.Table && !last.Table:
				fail(d.Span, "parameters that are tables stand before those that are single values")
			case d.Default == nil && last.Default != nil:
				fail(d.Span, "parameters without a default value stand before those that have one")
			}
		}
		out = append(out, d)
	}
	p.expect(")", "after "+of)
	return out
}

func (p *parser) param() *Param {
	start := p.tok().Start
	d := &Param{}
	d.Name = p.name("the name of a parameter").Name
	p.expect(":", "between the name and the type of a parameter")
	if p.is("(") {
		d.Table = true
		if p.peek(1).text == "*" && p.peek(2).text == ")" {
			p.i += 3
		} else {
			d.Columns = p.schema()
		}
		if p.is("=") {
			fail(p.tok().Span, "a table has no default value")
		}
	} else {
		d.Type = p.typeName()
		if p.accept("=") {
			at := p.tok()
			l, ok := p.expr().(*Literal)
			if !ok {
				fail(at.Span, "a default value is a literal, such as 5, \"text\" or datetime(null)")
			}
			d.Default = l
		}
	}
	d.Span = p.from(start)
	return d
}

// schema reads (Name:type, ...), the columns of a table.
func (p *parser) schema() []Declared {
	p.expect("(", "before the columns of a table")
	var out []Declared
	seen := map[string]bool{}
	for {
		start := p.tok().Start
		n := p.name("the name of a column")
		p.expect(":", "between the name and the type of a column")
		typ := p.typeName()
		if seen[n.Name] {
			fail(n.Span, "there are two columns named '%s'", n.Name)
		}
		if len(out) == maxColumns {
			fail(n.Span, "a table has at most %d columns", maxColumns)
		}
		seen[n.Name] = true
		out = append(out, Declared{p.from(start), n.Name, typ})
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "after the columns of a table")
	return out
}

func (p *parser) typeName() event.Type {
	t := p.tok()
	typ, ok := typeNames[t.text]
	if t.kind != tName || !ok {
		if t.text == "guid" || t.text == "decimal" {
			fail(t.Span, "values of type %s are not supported; take string or real", t.text)
		}
		fail(t.Span, "expected a type such as string, long or datetime, found %s", p.found())
	}
	p.i++
	return typ
}
