package kql

import (
	"strconv"
	"strings"
)

// nothing is a table that nothing fills: no rows, with columns of the right types. What would narrow them is left out, and the
// engine sees at once that there is nothing to read.
func (g *generator) nothing(n *scan, need *colSet) *block {
	var list []string
	env := map[*column]operand{}
	for _, c := range need.list {
		col, ok := n.cols[c]
		if !ok {
			continue
		}
		op := g.d.constant(g, null(col.Type).(*constant))
		name := "e" + strconv.Itoa(len(list)+1)
		list = append(list, op.sql+" AS "+name)
		env[c] = operand{name, op.typ, op.rep, true}
	}
	if len(list) == 0 {
		list = []string{"1 AS one"}
	}
	b := g.source("(SELECT " + strings.Join(list, ", ") + " WHERE false)")
	b.env = env
	return b
}
