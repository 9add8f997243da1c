package kql

import "tocsin/internal/event"

// Dialect is what differs between SQL engines. The generator writes the standard skeleton (SELECT, JOIN, GROUP BY,
// UNION ALL, ORDER BY, LIMIT); names, types, functions and the few clauses that are not standard come from here.
// Implementations live in this package, so that all SQL is in one place.
type Dialect interface {
	// Name of the engine.
	Name() string
	// placeholder writes the n-th argument, from 1.
	placeholder(n int) string
	// table and column write what is read from the store. A string column must not give NULL.
	table(t *event.Table) string
	column(g *generator, c *event.Column) operand
	// constant writes a literal, as an argument with its type.
	constant(g *generator, c *constant) operand
	// call writes an operation other than and, or, not. filter tells that the result only decides whether a row stays.
	call(e *exprs, c *call, filter bool) operand
	// aggregate writes an aggregate function; order is the order of the input's rows, if it has one.
	aggregate(e *exprs, a aggItem, order []orderKey) operand
	// pack writes an aggregate that takes a.outs from one row, and unpack opens element i of its result.
	pack(e *exprs, a aggItem) string
	unpack(sql string, i int, as operand) operand
	// list writes an aggregate that gathers strings.
	list(o operand) operand
	// onePer is a clause behind SELECT that keeps one row of each key.
	onePer(keys []string) string
	// expand writes expressions for the select list that give a row for every element of lists, as n says: the elements, the
	// position, and whether there is an element at all.
	expand(g *generator, lists []operand, n *expand) (items []operand, index, present operand)
	// over writes an aggregate function over the rows that partition says, for every row.
	over(e *exprs, a aggItem, partition string) operand
	// spread writes an expression for the select list that gives a row for every element of a JSON array (see rowSet.text),
	// opened the value of such an element, and numbers a row for every number below n.
	spread(json string, t event.Type) string
	opened(sql string, t event.Type) operand
	numbers(n string) string
	// series writes a table with the column name: from, from + step, ... up to to.
	series(g *generator, from, to, step string, t event.Type, name string) string
	// json writes any form of a dynamic value as JSON.
	json(o operand) string
	// result writes a value the way Statement promises it.
	result(o operand) string
}
