package kql

import (
	"slices"
	"strings"
)

// made reads an operator that makes a table and begins a pipeline; nil when the next word is none.
func (p *parser) made() Expr {
	t, after := p.tok(), p.peek(1)
	if t.kind != tName {
		return nil
	}
	opens := after.kind == tName || after.kind == tLiteral || after.kind == tPunct && strings.Contains("([*", after.text)
	switch t.text {
	case "search":
		if opens {
			p.i++
			s := p.search(t.Start, true)
			return &SearchSource{Span: s.Span, Search: s}
		}
	case "find":
		if opens {
			p.i++
			return p.find(t.Start)
		}
	case "datatable", "externaldata":
		if after.text == "(" && after.kind == tPunct {
			p.i++
			if t.text == "datatable" {
				return p.dataTable(t.Start)
			}
			return p.externalData(t.Start)
		}
	case "range":
		if after.kind == tName || after.text == "[" && p.peek(4).text == "from" {
			p.i++
			return p.rangeSource(t.Start)
		}
	}
	return nil
}

func (p *parser) dataTable(start int) Expr {
	d := &DataTable{Columns: p.schema()}
	p.expect("[", "before the values of a datatable")
	for !p.is("]") {
		if len(d.Values) >= maxRows*len(d.Columns) {
			fail(p.tok().Span, "a datatable has at most %d rows", maxRows)
		}
		d.Values = append(d.Values, p.value())
		if !p.accept(",") { // one may stand behind the last
			break
		}
	}
	at := p.expect("]", "after the values of a datatable")
	if n := len(d.Values) % len(d.Columns); n != 0 {
		fail(at.Span, "the last row has %d of %d values; a datatable needs one for every column", n, len(d.Columns))
	}
	d.Span = p.from(start)
	return d
}

// value reads an element of a datatable. Almost all are literals that stand alone; those need no descent.
func (p *parser) value() Expr {
	t, after := p.tok(), p.peek(1)
	if t.kind == tLiteral && after.kind == tPunct && (after.text == "," || after.text == "]") {
		p.i++
		return t.lit
	}
	return p.expr()
}

func (p *parser) rangeSource(start int) Expr {
	r := &Range{Name: p.name("the name of the column").Name}
	p.expect("from", "and the first value; range x from 1 to 10 step 1")
	r.From = p.expr()
	p.expect("to", "and the last value; range x from 1 to 10 step 1")
	r.To = p.expr()
	p.expect("step", "and the distance between two values; range x from 1 to 10 step 1")
	r.Step = p.expr()
	r.Span = p.from(start)
	return r
}

func (p *parser) externalData(start int) Expr {
	d := &ExternalData{Columns: p.schema()}
	p.expect("[", "before the addresses of externaldata")
	for !p.is("]") {
		if len(d.URIs) == maxURIs {
			fail(p.tok().Span, "externaldata reads at most %d addresses", maxURIs)
		}
		d.URIs = append(d.URIs, p.expr())
		if !p.accept(",") && !p.accept(";") {
			break
		}
	}
	at := p.expect("]", "after the addresses of externaldata")
	if len(d.URIs) == 0 {
		fail(at.Span, "externaldata needs an address: externaldata(Url:string) [\"https://lists.example/urls.txt\"]")
	}
	if p.accept("with") {
		p.expect("(", "after with")
		for !p.is(")") {
			t := p.tok()
			name := p.name("the name of a property").Name
			p.expect("=", "after the name of a property")
			d.With = append(d.With, Property{Name: name, X: p.expr()})
			d.With[len(d.With)-1].Span = p.from(t.Start)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")", "after the properties of externaldata")
	}
	d.Span = p.from(start)
	return d
}

// tables reads the tables of a union, search or find; a name may hold stars.
func (p *parser) tables(of string) []Expr {
	var out []Expr
	for {
		if len(out) == maxArguments {
			fail(p.tok().Span, "%s reads at most %d tables", of, maxArguments)
		}
		t, after := p.tok(), p.peek(1)
		if t.text == "*" && t.kind == tPunct || t.kind == tName && after.kind == tPunct && after.text == "*" && after.Start == t.End {
			pat := p.pattern()
			out = append(out, &Wildcard{Span: pat.Span, Pattern: pat.Text})
		} else {
			out = append(out, p.tableOperand(of))
		}
		if !p.accept(",") {
			return out
		}
	}
}

// beginners are words that are no functions: what follows them in parentheses is theirs.
var beginners = []string{"union", "print", "search", "find", "range"}

// tableOperand reads the other table of a join or union: a name, a call, or a pipeline in parentheses.
func (p *parser) tableOperand(of string) Expr {
	if p.accept("(") {
		defer p.enter()()
		x := p.pipe()
		p.expect(")", "after the table of "+of)
		return x
	}
	if p.tok().kind == tName && p.peek(1).kind == tPunct && p.peek(1).text == "(" {
		if p.is("materialize") {
			return p.materialize()
		}
		if x := p.made(); x != nil {
			return x
		}
		if t := p.tok(); slices.Contains(beginners, t.text) {
			fail(t.Span, "'%s' begins a query of its own; put that in parentheses", t.text)
		}
		return p.path()
	}
	return p.name("a table, or a query in parentheses,")
}

func (p *parser) invoke(start int) Operator {
	t := p.tok()
	if t.kind != tName || p.peek(1).text != "(" {
		fail(t.Span, "expected the call of a function, such as f(), found %s", p.found())
	}
	p.i++
	c, ok := p.call(t).(*Call)
	if !ok {
		fail(t.Span, "expected the call of a function, such as f()")
	}
	return &Invoke{Span: p.from(start), Call: c}
}

func (p *parser) as(start int) Operator {
	for p.is("hint") && p.peek(1).text == "." {
		p.hint()
	}
	n := p.name("a name for the table")
	return &As{Span: p.from(start), Name: n.Name}
}
