package kql

// rowOperator writes the operators of syntax_rows.go; false for any other.
func (p *printer) rowOperator(op Operator) bool {
	switch op := op.(type) {
	case *ParseText:
		p.parseOp(op)
	case *ParseKV:
		p.parseKV(op)
	case *MvApply:
		p.w("mv-apply ")
		p.expansions(op.ItemIndex, op.Items, op.Limit)
		p.w(" on ")
		p.subQuery(op.Sub)
	case *Partition:
		p.w("partition by ", ident(op.By.Name), " ")
		p.subQuery(op.Sub)
	case *MakeSeries:
		p.makeSeries(op)
	case *TopNested:
		for i, l := range op.Levels {
			if i > 0 {
				p.w(", ")
			}
			p.nestedLevel(l)
		}
	case *TopHitters:
		p.w("top-hitters ")
		p.expr(op.N, 0)
		p.w(" of ")
		p.named(op.X)
		if op.By != nil {
			p.w(" by ")
			p.expr(op.By, 0)
		}
	case *Sample:
		p.w("sample ")
		p.expr(op.N, 0)
	case *SampleDistinct:
		p.w("sample-distinct ")
		p.expr(op.N, 0)
		p.w(" of ")
		p.named(op.X)
	case *Serialize:
		p.w("serialize")
		if len(op.Items) > 0 {
			p.w(" ")
			list(p, op.Items, p.named)
		}
	case *Evaluate:
		p.evaluate(op)
	default:
		return false
	}
	return true
}

// subQuery writes operators in parentheses.
func (p *printer) subQuery(ops []Operator) {
	p.w("(")
	p.indent++
	for i, op := range ops {
		if i > 0 {
			p.line("| ")
		}
		p.operator(op)
	}
	p.indent--
	p.w(")")
}

func (p *printer) mvExpand(op *MvExpand) {
	p.w("mv-expand ")
	if op.Kind != "" {
		p.w("kind=", op.Kind, " ")
	}
	p.expansions(op.ItemIndex, op.Items, op.Limit)
}

func (p *printer) expansions(index string, items []Expansion, limit Expr) {
	if index != "" {
		p.w("with_itemindex=", ident(index), " ")
	}
	list(p, items, func(e Expansion) {
		p.named(e.Named)
		if e.To != "" {
			p.w(" to typeof(", string(e.To), ")")
		}
	})
	if limit != nil {
		p.w(" limit ")
		p.expr(limit, 0)
	}
}

func (p *printer) typedName(n TypedName) {
	p.w(ident(n.Name))
	if n.Type != "" {
		p.w(":", string(n.Type))
	}
}

func (p *printer) parseOp(op *ParseText) {
	p.w("parse")
	if op.Where {
		p.w("-where")
	}
	if op.Kind != "" {
		p.w(" kind=", op.Kind)
	}
	if op.Flags != "" {
		p.w(" flags=", op.Flags)
	}
	p.w(" ")
	p.expr(op.X, 0)
	p.w(" with")
	for _, part := range op.Pattern {
		p.w(" ")
		switch {
		case part.Text != nil:
			p.w(literalText(part.Text))
		case part.Column != nil:
			p.typedName(*part.Column)
		default:
			p.w("*")
		}
	}
}

func (p *printer) parseKV(op *ParseKV) {
	p.w("parse-kv ")
	p.expr(op.X, 0)
	p.w(" as (")
	list(p, op.Keys, p.typedName)
	p.w(")")
	sep := " with ("
	write := func(name, value string) {
		p.w(sep, name, "=", value)
		sep = ", "
	}
	for _, param := range []struct {
		name string
		lits []*Literal
	}{{"pair_delimiter", []*Literal{op.Pair}}, {"kv_delimiter", []*Literal{op.KV}}, {"regex", []*Literal{op.Regex}}, {"quote", op.Quotes}, {"escape", op.Escapes}} {
		for _, l := range param.lits {
			if l != nil {
				write(param.name, literalText(l))
			}
		}
	}
	if op.Greedy {
		write("greedy", "true")
	}
	if sep == ", " {
		p.w(")")
	}
}

func (p *printer) makeSeries(op *MakeSeries) {
	p.w("make-series ")
	if op.NonEmpty {
		p.w("kind=nonempty ")
	}
	list(p, op.Aggs, func(a SeriesAgg) {
		p.named(a.Named)
		if a.Default != nil {
			p.w(" default = ")
			p.expr(a.Default, 0)
		}
	})
	p.w(" on ")
	p.named(op.On)
	for _, part := range []struct {
		word string
		x    Expr
	}{{"from", op.From}, {"to", op.To}, {"step", op.Step}} {
		if part.x != nil {
			p.w(" ", part.word, " ")
			p.expr(part.x, 0)
		}
	}
	if len(op.By) > 0 {
		p.w(" by ")
		list(p, op.By, p.named)
	}
}

func (p *printer) nestedLevel(l NestedLevel) {
	p.w("top-nested ")
	if l.N != nil {
		p.expr(l.N, 0)
		p.w(" ")
	}
	p.w("of ")
	p.named(l.X)
	if l.Others != nil {
		p.w(" with others = ")
		p.expr(l.Others, 0)
	}
	p.w(" by ")
	p.named(l.Agg)
	if l.Asc {
		p.w(" asc")
	} else {
		p.w(" desc")
	}
}

func (p *printer) evaluate(op *Evaluate) {
	p.w("evaluate ", ident(op.Name), "(")
	for i, a := range op.Args {
		if i > 0 {
			p.w(", ")
		}
		if a.Name != "" {
			p.w(ident(a.Name), " = ")
		}
		p.expr(a.X, 0) // a query in parentheses, so that its commas are not those of the arguments
	}
	p.w(")")
	if op.Schema == nil {
		return
	}
	p.w(" : (")
	if op.Star {
		p.w("*")
		if len(op.Schema) > 0 {
			p.w(", ")
		}
	}
	list(p, op.Schema, p.typedName)
	p.w(")")
}
