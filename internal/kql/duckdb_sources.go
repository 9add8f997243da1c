package kql

import "tocsin/internal/event"

// spread writes an expression for the select list that gives a row for every element of a JSON array of rowSet.
func (duckdb) spread(json string, t event.Type) string {
	elem := map[event.Type]string{event.Int: "INTEGER", event.Long: "BIGINT", event.Timespan: "BIGINT", event.Datetime: "BIGINT", event.Bool: "BOOLEAN", event.Real: "DOUBLE"}[t]
	if elem == "" {
		elem = "VARCHAR"
	}
	return "unnest(from_json(" + cast(json, "VARCHAR") + `, '["` + elem + `"]'))`
}

// opened turns such an element into a value.
func (duckdb) opened(sql string, t event.Type) operand {
	op := operand{sql: sql, typ: t, simple: true}
	switch t {
	case event.Datetime:
		op.sql = "make_timestamp(" + sql + ")"
	case event.Dynamic:
		op.sql, op.rep = cast(sql, "JSON"), repJSON
	}
	return op
}

func (duckdb) numbers(n string) string { return "unnest(range(" + cast(n, "BIGINT") + "))" }

// series writes a table of from, from + step, ... up to to. Whole numbers are counted with 128 bits, so that none overflows.
func (duckdb) series(g *generator, from, to, step string, t event.Type, name string) string {
	value := func(x string) string { return cast(x, "HUGEINT") }
	steps, result := "(b - a) // s", "CAST(a + i * s AS BIGINT)"
	switch t {
	case event.Real:
		value = func(x string) string { return cast(x, "DOUBLE") }
		steps, result = "floor((b - a) / s)", "a + i * s"
	case event.Datetime: // in ticks
		from, to = "epoch_us("+from+") * 10", "epoch_us("+to+") * 10"
		result = "make_timestamp(CAST((a + i * s) // 10 AS BIGINT))"
	}
	ends := "SELECT " + value(from) + " AS a, " + value(to) + " AS b, " + value(step) + " AS s"
	count := "CASE WHEN s = 0 THEN error('the step of range is zero') WHEN s > 0 AND b < a OR s < 0 AND b > a THEN 0 " +
		"WHEN " + steps + " >= " + cast(g.arg(int64(maxRange)), "BIGINT") + " THEN error('range gives too many rows') ELSE " + steps + " + 1 END"
	return "(SELECT " + result + " AS " + name + " FROM (SELECT a, s, unnest(range(CAST(n AS BIGINT))) AS i FROM (SELECT a, s, " + count + " AS n FROM (" + ends + "))))"
}
