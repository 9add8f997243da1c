package kql

import "strings"

// statements writes what stands before the query of t.
func (p *printer) statements(t *Tree) {
	for _, s := range t.Sets {
		p.w("set ", s.Name) // a plain word, as it was read
		if s.X != nil {
			p.w(" = ")
			p.expr(s.X, 0)
		}
		p.end()
	}
	if len(t.Params) > 0 {
		p.w("declare query_parameters(")
		list(p, t.Params, p.param)
		p.w(")")
		p.end()
	}
	for _, l := range t.Lets {
		p.w("let ", ident(l.Name), " = ")
		if f, ok := l.X.(*Lambda); ok {
			p.lambda(f)
		} else {
			p.pipe(l.X)
		}
		p.end()
	}
}

// end ends a statement.
func (p *printer) end() { p.w(";\n", strings.Repeat("    ", p.indent)) }

func (p *printer) lambda(f *Lambda) {
	if f.View {
		p.w("view ")
	}
	p.w("(")
	list(p, f.Params, p.param)
	p.w(") {")
	p.indent++
	p.w("\n", strings.Repeat("    ", p.indent))
	p.statements(f.Body)
	p.pipe(f.Body.Body)
	p.indent--
	p.w("\n", strings.Repeat("    ", p.indent), "}")
}

func (p *printer) param(d *Param) {
	if !d.Table {
		p.declared(d.Declared)
		if d.Default != nil {
			p.w(" = ", literalText(d.Default))
		}
		return
	}
	p.w(ident(d.Name), ":(")
	if d.Columns == nil {
		p.w("*")
	}
	list(p, d.Columns, p.declared)
	p.w(")")
}

func (p *printer) declared(d Declared) {
	p.w(ident(d.Name))
	if d.Type != "" {
		p.w(":", string(d.Type))
	}
}

// made writes an operator that begins a pipeline; false when x is none.
func (p *printer) made(x Expr) bool {
	switch x := x.(type) {
	case *DataTable:
		p.w("datatable(")
		list(p, x.Columns, p.declared)
		p.w(") [")
		list(p, x.Values, func(v Expr) { p.expr(v, 0) })
		p.w("]")
	case *Range:
		p.w("range ", ident(x.Name), " from ")
		p.expr(x.From, 0)
		p.w(" to ")
		p.expr(x.To, 0)
		p.w(" step ")
		p.expr(x.Step, 0)
	case *ExternalData:
		p.w("externaldata(")
		list(p, x.Columns, p.declared)
		p.w(") [")
		list(p, x.URIs, func(v Expr) { p.expr(v, 0) })
		p.w("]")
		if len(x.With) > 0 {
			p.w(" with (")
			list(p, x.With, func(pr Property) {
				p.w(ident(pr.Name), "=")
				p.expr(pr.X, 0)
			})
			p.w(")")
		}
	case *SearchSource:
		p.search(x.Search)
	case *Find:
		p.find(x)
	default:
		return false
	}
	return true
}

func (p *printer) search(s *Search) {
	p.w("search ")
	if s.Kind != "" {
		p.w("kind=", s.Kind, " ")
	}
	if s.Inputs != nil {
		p.w("in (")
		list(p, s.Inputs, p.operand)
		p.w(") ")
	}
	p.expr(s.Pred, 0)
}

func (p *printer) find(f *Find) {
	p.w("find ")
	if f.WithSource != "" {
		p.w("withsource=", ident(f.WithSource), " ")
	}
	if f.Inputs != nil {
		p.w("in (")
		list(p, f.Inputs, p.operand)
		p.w(") ")
	}
	p.w("where ")
	p.expr(f.Pred, 0)
	if f.Project == nil {
		return
	}
	p.w(" project ")
	list(p, f.Project, p.declared)
	if f.Pack {
		if len(f.Project) > 0 {
			p.w(", ")
		}
		p.w("pack_all()")
	}
}

// piped writes the operators of this file; false when op is none.
func (p *printer) piped(op Operator) bool {
	switch op := op.(type) {
	case *Search:
		p.search(op)
	case *Invoke:
		p.w("invoke ")
		p.expr(op.Call, 0)
	case *As:
		p.w("as ", ident(op.Name))
	case *GetSchema:
		p.w("getschema")
	default:
		return false
	}
	return true
}

// arguments writes those of a call, with their names.
func (p *printer) arguments(x *Call) {
	for i, a := range x.Args {
		if i > 0 {
			p.w(", ")
		}
		if x.Names != nil && x.Names[i] != "" {
			p.w(x.Names[i], " = ")
		}
		p.element(a, len(x.Args) == 1)
	}
}
