package kql

import (
	"strings"

	"tocsin/internal/event"
)

// rowOperator reads the operators of syntax_rows.go; nil for any other name.
func (p *parser) rowOperator(name string, start int) Operator {
	switch name {
	case "parse", "parse-where":
		return p.parseOp(start, name == "parse-where")
	case "parse-kv":
		return p.parseKV(start)
	case "mv-apply":
		return p.mvApply(start)
	case "partition":
		return p.partition(start)
	case "make-series":
		return p.makeSeries(start)
	case "top-nested":
		return p.topNested(start)
	case "top-hitters":
		return p.topHitters(start)
	case "sample":
		n := p.expr()
		return &Sample{Span: p.from(start), N: n}
	case "sample-distinct":
		n := p.expr()
		p.expect("of", "after the number of values; sample-distinct 10 of Column")
		x := p.named()
		return &SampleDistinct{Span: p.from(start), N: n, X: x}
	case "serialize":
		op := &Serialize{}
		if t := p.tok(); t.kind != tEOF && t.text != "|" && t.text != ")" && t.text != ";" {
			op.Items = p.namedList()
		}
		op.Span = p.from(start)
		return op
	case "evaluate":
		return p.evaluate(start)
	}
	return nil
}

// compoundNames reads "(a, b) =", several names for one expression; nil when there are none.
func (p *parser) compoundNames() []string {
	save := p.i
	if !p.accept("(") {
		return nil
	}
	var names []string
	for p.tok().kind == tName && !strings.HasPrefix(p.tok().text, "$") || p.is("[") {
		if p.is("[") {
			n := p.bracketed()
			if n == nil {
				break
			}
			names = append(names, n.Name)
		} else {
			names = append(names, p.tok().text)
			p.i++
		}
		if len(names) > maxColumns {
			fail(p.tok().Span, "an operator lists at most %d columns", maxColumns)
		}
		if p.accept(")") {
			if p.accept("=") {
				return names
			}
			break
		}
		if !p.accept(",") {
			break
		}
	}
	p.i = save
	return nil
}

// subQuery reads the operators of a query inside an operator: ( where ... | take 1 ).
func (p *parser) subQuery(of string) []Operator {
	defer p.enter()()
	p.expect("(", "before the query of "+of)
	p.accept("|")
	ops := p.operators()
	p.expect(")", "after the query of "+of)
	return ops
}

// expansions reads what mv-expand and mv-apply expand.
func (p *parser) expansions() []Expansion {
	var out []Expansion
	for {
		e := Expansion{Named: p.named()}
		if p.accept("to") {
			t := p.tok()
			x, ok := p.expr().(*Typeof)
			if !ok {
				fail(t.Span, "expected typeof(type) after to")
			}
			e.To = x.Type
			e.Span = p.from(e.Start)
		}
		out = append(out, e)
		if len(out) > maxColumns {
			fail(e.Span, "an operator lists at most %d columns", maxColumns)
		}
		if !p.accept(",") {
			return out
		}
	}
}

// mvExpand reads mv-expand. Under its old name mvexpand it keeps 128 elements a row unless told otherwise.
func (p *parser) mvExpand(start int) Operator {
	op := &MvExpand{}
	for p.tok().kind == tName && p.peek(1).text == "=" {
		switch at := p.tok(); at.text {
		case "bagexpansion", "kind":
			p.i += 2
			v := p.name("array or bag")
			switch v.Name {
			case "array":
				op.Kind = "array"
			case "bag":
			default:
				fail(v.Span, "objects are expanded as bag or array, not '%s'", v.Name)
			}
			continue
		case "with_itemindex":
			p.i += 2
			op.ItemIndex = p.name("a column name").Name
			continue
		}
		break
	}
	op.Items = p.expansions()
	if p.accept("limit") {
		op.Limit = p.expr()
	} else if strings.HasPrefix(p.src[start:], "mvexpand") {
		op.Limit = &Literal{Span: p.from(start), Type: event.Long, Value: int64(128)}
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) mvApply(start int) Operator {
	op := &MvApply{}
	if p.is("with_itemindex") && p.peek(1).text == "=" {
		p.i += 2
		op.ItemIndex = p.name("a column name").Name
	}
	if (p.is("kind") || p.is("bagexpansion")) && p.peek(1).text == "=" && p.peek(2).text == "array" {
		fail(p.tok().Span, "mv-apply does not expand objects to arrays; begin its query with mv-expand kind=array")
	}
	op.Items = p.expansions()
	if p.accept("limit") {
		op.Limit = p.expr()
	}
	if t := p.tok(); !p.accept("on") {
		fail(t.Span, "expected on and a query in parentheses, found %s", p.found())
	}
	op.Sub = p.subQuery("mv-apply")
	op.Span = p.from(start)
	return op
}

func (p *parser) partition(start int) Operator {
	op := &Partition{}
	for p.is("hint") && p.peek(1).text == "." {
		p.hint()
	}
	p.expect("by", "after partition")
	op.By = p.name("the column to partition by")
	if p.is("{") {
		fail(p.tok().Span, "a query with a table of its own, in braces, is not supported in partition; write its operators in parentheses")
	}
	op.Sub = p.subQuery("partition")
	op.Span = p.from(start)
	return op
}

func (p *parser) makeSeries(start int) Operator {
	op := &MakeSeries{}
	for {
		if p.is("kind") && p.peek(1).text == "=" {
			p.i += 2
			if v := p.name("nonempty"); v.Name != "nonempty" {
				fail(v.Span, "the kind of make-series is nonempty, not '%s'", v.Name)
			}
			op.NonEmpty = true
		} else if p.is("hint") && p.peek(1).text == "." {
			p.hint()
		} else {
			break
		}
	}
	for {
		a := SeriesAgg{Named: p.named()}
		if p.accept("default") {
			p.expect("=", "after default")
			a.Default = p.expr()
			a.Span = p.from(a.Start)
		}
		op.Aggs = append(op.Aggs, a)
		if len(op.Aggs) > maxColumns {
			fail(a.Span, "an operator lists at most %d columns", maxColumns)
		}
		if !p.accept(",") {
			break
		}
	}
	if t := p.tok(); !p.accept("on") {
		fail(t.Span, "expected on and the column of the axis, found %s", p.found())
	}
	op.On = p.named()
	if in, ok := op.On.X.(*In); ok {
		fail(in.Span, "'in range(...)' is not supported in make-series; write: on Column from ... to ... step ...")
	}
	if p.accept("from") {
		op.From = p.expr()
	}
	if p.accept("to") {
		op.To = p.expr()
	}
	p.expect("step", "and the distance of two values")
	op.Step = p.expr()
	if p.accept("by") {
		op.By = p.namedList()
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) topNested(start int) Operator {
	op := &TopNested{}
	for {
		at := p.tok().Start
		l := NestedLevel{}
		if !p.is("of") {
			l.N = p.expr()
		}
		p.expect("of", "after the number of values; top-nested 5 of Column by count()")
		l.X = p.named()
		if p.accept("with") {
			p.expect("others", "after with")
			p.expect("=", "after others")
			l.Others = p.expr()
		}
		p.expect("by", "and an aggregate such as count()")
		l.Agg = p.named()
		if p.accept("asc") {
			l.Asc = true
		} else {
			p.accept("desc")
		}
		l.Span = p.from(at)
		op.Levels = append(op.Levels, l)
		if !p.accept(",") {
			break
		}
		t := p.tok()
		if name, _ := p.operatorName(); name != "top-nested" {
			fail(t.Span, "expected the next level: top-nested ...")
		}
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) topHitters(start int) Operator {
	n := p.expr()
	p.expect("of", "after the number of values; top-hitters 10 of Column")
	op := &TopHitters{N: n, X: p.named()}
	if p.accept("by") {
		op.By = p.expr()
	}
	op.Span = p.from(start)
	return op
}

// typedName reads Name or Name:type.
func (p *parser) typedName(what string) TypedName {
	n := p.name(what)
	out := TypedName{Span: n.Span, Name: n.Name}
	if p.accept(":") {
		t := p.tok()
		typ, ok := typeNames[t.text]
		if t.kind != tName || !ok {
			fail(t.Span, "expected a type such as string, long or datetime, found %s", p.found())
		}
		p.i++
		out.Type = typ
		out.Span = p.from(n.Start)
	}
	return out
}

func (p *parser) evaluate(start int) Operator {
	op := &Evaluate{}
	for p.is("hint") && p.peek(1).text == "." {
		p.hint()
	}
	op.Name = p.name("a plug-in such as bag_unpack").Name
	p.expect("(", "after the name of the plug-in")
	for !p.is(")") {
		at := p.tok().Start
		arg := Named{}
		if p.tok().kind == tName && p.peek(1).text == "=" {
			arg.Name = p.tok().text
			p.i += 2
		}
		arg.X = p.pipe()
		arg.Span = p.from(at)
		op.Args = append(op.Args, arg)
		if len(op.Args) > maxArguments {
			fail(arg.Span, "a plug-in takes at most %d arguments", maxArguments)
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "after the arguments of "+op.Name)
	if p.accept(":") {
		open := p.tok()
		p.expect("(", "before the columns that the plug-in gives")
		if p.is(")") {
			fail(open.Span, "the plug-in gives no column here; name them, such as (Name:string), or leave out the colon")
		}
		op.Schema = []TypedName{}
		if p.accept("*") {
			op.Star = true
			if !p.is(")") {
				p.expect(",", "after *")
			}
		}
		for !p.is(")") {
			c := p.typedName("a column name")
			if c.Type == "" {
				fail(c.Span, "'%s' needs a type here, such as %s:string", c.Name, c.Name)
			}
			op.Schema = append(op.Schema, c)
			if len(op.Schema) > maxColumns {
				fail(c.Span, "an operator lists at most %d columns", maxColumns)
			}
			if !p.accept(",") {
				break
			}
		}
		p.expect(")", "after the columns that the plug-in gives")
	}
	op.Span = p.from(start)
	return op
}
