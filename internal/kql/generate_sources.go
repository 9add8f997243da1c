package kql

import "strings"

// values writes a table of constants. Each column that is needed travels as one argument.
func (g *generator) values(n *values, need *colSet) *block {
	var list, opened []string
	b := g.source("")
	at := b.from
	for i, c := range n.cols {
		if !need.has[c] {
			continue
		}
		name := g.alias(c)
		list = append(list, g.d.spread(g.shared(n.rows, i), c.typ)+" AS "+name)
		op := g.d.opened(name, c.typ)
		opened = append(opened, op.sql+" AS "+name)
		op.sql = name
		b.env[c] = op
	}
	if len(list) == 0 {
		list = []string{g.d.numbers(g.arg(int64(n.rows.n))) + " AS one"}
		opened = []string{"one"}
	}
	b.from = "(SELECT " + strings.Join(opened, ", ") + " FROM (SELECT " + strings.Join(list, ", ") + "))" + at
	return b
}

// shared is the argument that holds column i of r; where r is used twice it is sent once.
func (g *generator) shared(r *rowSet, i int) string {
	if g.sets == nil {
		g.sets = map[*rowSet][]string{}
	}
	if g.sets[r] == nil {
		g.sets[r] = make([]string, len(r.types))
	}
	if g.sets[r][i] == "" {
		g.sets[r][i] = g.arg(r.text(i))
	}
	return g.sets[r][i]
}

func (g *generator) series(n *series, _ *colSet) *block {
	name := g.alias(n.col)
	b := g.source("")
	none := map[*column]operand{}
	b.from = g.d.series(g, g.expr(none, n.from).sql, g.expr(none, n.to).sql, g.expr(none, n.step).sql, n.col.typ, name) + b.from
	b.env[n.col] = operand{name, n.col.typ, repPlain, true}
	return b
}
