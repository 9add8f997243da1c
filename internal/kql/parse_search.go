package kql

// search reads [kind=...] [in (tables)] predicate. source tells that nothing comes in.
func (p *parser) search(start int, source bool) *Search {
	s := &Search{}
	if p.is("kind") && p.peek(1).text == "=" {
		p.i += 2
		t := p.tok()
		switch t.text {
		case "default", "case_insensitive", "case_sensitive":
			s.Kind = t.text
			p.i++
		default:
			fail(t.Span, "the kind of a search is case_insensitive or case_sensitive")
		}
	}
	if t := p.tok(); p.is("in") && p.peek(1).text == "(" {
		if !source {
			fail(t.Span, "search in (...) names its own tables; it can stand only at the beginning of a query")
		}
		s.Inputs = p.inputs("search")
	}
	s.Pred = p.predicate()
	s.Span = p.from(start)
	return s
}

// inputs reads in (tables).
func (p *parser) inputs(of string) []Expr {
	p.i++
	p.expect("(", "after in")
	out := p.tables(of)
	p.expect(")", "after the tables of "+of)
	return out
}

// predicate reads the condition of search and find, in which Column:"term" may stand.
func (p *parser) predicate() Expr {
	was := p.terms
	p.terms = true
	x := p.expr()
	p.terms = was
	return x
}

func (p *parser) find(start int) Expr {
	f := &Find{}
	if p.is("withsource") && p.peek(1).text == "=" {
		p.i += 2
		f.WithSource = p.name("a column name").Name
	}
	if p.is("in") && p.peek(1).text == "(" {
		f.Inputs = p.inputs("find")
		if !p.is("where") {
			fail(p.tok().Span, "expected where and a condition after the tables of find, found %s", p.found())
		}
	}
	p.accept("where")
	f.Pred = p.predicate()
	switch {
	case p.is("project") && p.peek(1).text == "-" && p.peek(2).text == "smart":
		p.i += 3
	case p.accept("project"):
		p.findColumns(f)
	}
	f.Span = p.from(start)
	return f
}

func (p *parser) findColumns(f *Find) {
	f.Project = []FindColumn{}
	for {
		t := p.tok()
		if t.text == "pack_all" && p.peek(1).text == "(" && p.peek(2).text == ")" {
			p.i += 3
			f.Pack = true
			return
		}
		if t.text == "pack" && p.peek(1).text == "(" && p.peek(2).text == "*" && p.peek(3).text == ")" {
			p.i += 4
			f.Pack = true
			return
		}
		c := FindColumn{Name: p.name("a column name").Name}
		if p.accept(":") {
			c.Type = p.typeName()
		}
		c.Span = p.from(t.Start)
		f.Project = append(f.Project, c)
		if len(f.Project) > maxColumns {
			fail(c.Span, "an operator lists at most %d columns", maxColumns)
		}
		if !p.accept(",") {
			return
		}
	}
}
