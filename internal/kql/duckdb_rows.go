package kql

import (
	"strconv"
	"strings"

	"tocsin/internal/event"
)

func (d duckdb) expand(g *generator, lists []operand, n *expand) (items []operand, index, present operand) {
	var lengths []string
	for _, l := range lists {
		item, sql := d.elements(l, n.pairs)
		if n.limit >= 0 {
			sql = "list_slice(" + sql + ", 1, " + cast(g.arg(n.limit), "BIGINT") + ")"
		}
		lengths = append(lengths, "len("+sql+")")
		item.sql = "unnest(" + sql + ")" // those of a select list run in parallel, and the shorter end in nulls
		items = append(items, item)
	}
	longest := lengths[0]
	if len(lengths) > 1 {
		longest = fn("greatest", lengths...)
	}
	present = operand{sql: "(" + longest + " > 0)", typ: event.Bool}
	if n.present != nil {
		longest = "greatest(" + longest + ", 1)"
	}
	return items, operand{sql: "unnest(range(" + longest + "))", typ: event.Long}, present
}

// elements writes a dynamic value as the list of what mv-expand makes of it, and says how its elements are held.
func (d duckdb) elements(o operand, pairs bool) (item operand, sql string) {
	item = operand{typ: event.Dynamic, rep: repText}
	switch o.rep {
	case repText:
		return item, "[" + o.sql + "]"
	case repStrings:
		return item, "coalesce(" + o.sql + ", [CAST(NULL AS VARCHAR)])"
	}
	item.rep = repJSON
	value := "json_extract(" + o.sql + ", " + duckPointer("k") + ")"
	property := "json_object(k, " + value + ")"
	if pairs {
		property = "json_array(k, " + value + ")"
	}
	return item, "(CASE json_type(" + o.sql + ") WHEN 'ARRAY' THEN json_extract(" + o.sql + ", '$[*]') WHEN 'OBJECT' THEN " +
		"list_transform(json_keys(" + o.sql + "), lambda k: " + property + ") ELSE [" + o.sql + "] END)"
}

func (d duckdb) over(e *exprs, a aggItem, partition string) operand {
	a.over = " OVER (" + partition + ")"
	return d.aggregate(e, a, nil)
}

// castOnly reads an element as a value of a type that it already has. Text is not parsed, except as a datetime or timespan:
// JSON has no other form for them.
func (d duckdb) castOnly(o operand, to event.Type) operand {
	var kinds []string
	switch to {
	case event.Int, event.Long, event.Real:
		kinds = []string{"'BIGINT'", "'UBIGINT'", "'HUGEINT'", "'DOUBLE'"}
	case event.Bool:
		kinds = []string{"'BOOLEAN'"}
	case event.Datetime, event.Timespan:
		kinds = []string{"'VARCHAR'"}
	default:
		return d.convert(o, to)
	}
	out := d.convert(o, to)
	text := to == event.Datetime || to == event.Timespan
	switch {
	case o.rep == repJSON:
		out.sql = "(CASE WHEN json_type(" + o.sql + ") IN (" + strings.Join(kinds, ", ") + ") THEN " + out.sql + " END)"
	case !text:
		out.sql = cast("NULL", duckTypes[to])
	}
	return out
}

func (d duckdb) rowCall(e *exprs, c *call, ops []operand) string {
	switch c.op {
	case opChance:
		return "random()"
	case opPairValue:
		all := func(group string) string {
			return "regexp_extract_all(" + ops[0].sql + ", " + ops[1].sql + ", " + group + ")"
		}
		return "coalesce(list_extract(" + all("2") + ", list_position(" + all("1") + ", " + ops[2].sql + ")), '')"
	case opJSONType:
		return d.jsonType(ops[0])
	case opIPFirst, opIPLast:
		return duckIPv4End(ops[0].sql, c.op == opIPLast)
	case opStop:
		return "error(" + ops[0].sql + ")"
	}
	if c.typ == event.Real {
		return ops[0].sql
	}
	return "TRY_CAST(" + ops[0].sql + " AS " + duckTypes[c.typ] + ")"
}

// gather puts the bins of a group into an array: for each the default as often as bins stand empty before it, its value,
// and the default for those behind it.
func (d duckdb) gather(e *exprs, a aggItem) operand {
	out := operand{typ: event.Dynamic, rep: repJSON}
	arg := func(i int) string { return e.expr(a.args[i]).sql }
	times := func(what, n string) string { return "repeat([" + what + "], " + n + ")" }
	var sql string
	if a.fn == aggSeries {
		value, other := e.expr(a.args[0]), e.expr(a.args[4])
		v, o := d.seriesValue(value), d.seriesValue(other)
		piece := "list_concat(" + times(o, arg(2)) + ", [" + v + "], " + times(o, arg(3)) + ")"
		sql = "coalesce(flatten(list(" + piece + " ORDER BY " + arg(1) + ")), " + times(o, arg(5)) + ")"
	} else {
		first, last := "min("+arg(2)+" - "+arg(3)+")", "max("+arg(2)+" + "+arg(4)+")"
		n := &column{typ: event.Long}
		at := &axis{x: a.args[0], origin: a.args[0], step: a.args[1]}
		inner := &exprs{e.generator, map[*column]operand{n: {sql: "n", typ: event.Long, simple: true}}, false}
		value := d.jsonOf(inner.expr(at.value(&ref{n})))
		sql = "list_transform(range(coalesce(" + first + ", 0), coalesce(" + last + " + 1, " + arg(5) + ")), lambda n: " + value + ")"
	}
	out.sql = "to_json(" + sql + ")"
	return out
}

// seriesValue writes an element of an array; JSON has no NaN of its own.
func (d duckdb) seriesValue(o operand) string {
	if o.typ == event.Real {
		return "CASE WHEN " + o.sql + " IS NULL THEN CAST('null' AS JSON) WHEN isfinite(" + o.sql + ") THEN to_json(" + o.sql + ") WHEN isnan(" + o.sql + ") THEN to_json('NaN') ELSE to_json(CASE WHEN " + o.sql + " > 0 THEN 'Infinity' ELSE '-Infinity' END) END"
	}
	if o.typ == event.Timespan {
		return d.jsonOf(o)
	}
	return o.sql
}

// jsonType names the type of a dynamic value in the language's words.
func (d duckdb) jsonType(o operand) string {
	if o.rep != repJSON {
		if o.rep == repStrings {
			return "CASE WHEN " + o.sql + " IS NULL THEN '' ELSE 'dynamic' END"
		}
		return "CASE WHEN " + o.sql + " IS NULL THEN '' ELSE 'string' END"
	}
	return "(CASE json_type(" + o.sql + ") WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'bool' WHEN 'BIGINT' THEN 'long' WHEN 'UBIGINT' THEN " +
		"CASE WHEN TRY_CAST(json_extract_string(" + o.sql + ", '$') AS BIGINT) IS NULL THEN 'real' ELSE 'long' END WHEN 'HUGEINT' THEN 'real' WHEN 'DOUBLE' THEN 'real' " +
		"WHEN 'ARRAY' THEN 'dynamic' WHEN 'OBJECT' THEN 'dynamic' ELSE '' END)"
}

// duckIPv4End writes the first or last address of an IPv4 network, or the address itself, as a number.
func duckIPv4End(ip string, last bool) string {
	addr := "split_part(" + ip + ", '/', 1)"
	number := "0"
	for i := 1; i <= 4; i++ {
		number = "(" + number + " * 256 + CAST(split_part(" + addr + ", '.', " + strconv.Itoa(i) + ") AS BIGINT))"
	}
	size := "(CAST(1 AS BIGINT) << (32 - coalesce(TRY_CAST(nullif(split_part(" + ip + ", '/', 2), '') AS INTEGER), 32)))"
	end := "(" + number + " - " + number + " % " + size + ")"
	if last {
		end = "(" + end + " + " + size + " - 1)"
	}
	return "(CASE WHEN regexp_full_match(" + ip + ", '" + duckOctet + `(?:\.` + duckOctet + `){3}(?:/(?:3[0-2]|[12]?\d))?') THEN ` + end + " END)"
}
