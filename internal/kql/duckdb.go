package kql

import (
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

// DuckDB returns the dialect of DuckDB 1.x with its json extension. Columns of type dynamic may be stored as JSON, as
// JSON text or as VARCHAR[].
func DuckDB() Dialect { return duckdb{} }

type duckdb struct{}

var _ Dialect = duckdb{}

func (duckdb) Name() string             { return "duckdb" }
func (duckdb) placeholder(n int) string { return "$" + strconv.Itoa(n) }

// duckIdent quotes a name of the schema.
func duckIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func (duckdb) table(t *event.Table) string { return duckIdent(t.Name) }

func (d duckdb) column(g *generator, c *event.Column) operand {
	switch {
	case c.Alias != "":
		return operand{duckIdent(c.Alias), c.Type, repPlain, true}
	case c.Field == nil:
		op := d.constant(g, &constant{event.String, c.Const})
		op.simple = true
		return op
	case c.Type == event.Dynamic:
		return operand{"CAST(" + duckIdent(c.Name) + " AS JSON)", c.Type, repJSON, true}
	}
	return operand{duckIdent(c.Name), c.Type, repPlain, true}
}

// duckTypes are the types of arguments and results.
var duckTypes = map[event.Type]string{
	event.String: "VARCHAR", event.Int: "INTEGER", event.Long: "BIGINT", event.Real: "DOUBLE", event.Bool: "BOOLEAN",
	event.Datetime: "TIMESTAMP", event.Timespan: "BIGINT", event.Dynamic: "JSON",
}

func cast(sql, typ string) string { return "CAST(" + sql + " AS " + typ + ")" }

func (d duckdb) constant(g *generator, c *constant) operand {
	op := operand{typ: c.typ, simple: true}
	if c.typ == event.Dynamic {
		op.rep = repJSON
	}
	if c.value == nil {
		op.sql = cast("NULL", duckTypes[c.typ])
		return op
	}
	if t, ok := c.value.(time.Time); ok {
		// As a number, so that no driver or session time zone has a say.
		op.sql = "make_timestamp(" + cast(g.arg(t.UnixMicro()), "BIGINT") + ")"
		return op
	}
	op.sql = cast(g.arg(c.value), duckTypes[c.typ])
	return op
}

func (duckdb) list(o operand) operand {
	return operand{sql: "coalesce(list(" + o.sql + "), CAST([] AS VARCHAR[]))", typ: event.Dynamic, rep: repStrings}
}

func (duckdb) onePer(keys []string) string { return "DISTINCT ON (" + strings.Join(keys, ", ") + ") " }

func (d duckdb) result(o operand) string {
	switch {
	case o.typ != event.Dynamic:
		return o.sql
	case o.rep == repJSON:
		// Compact, as Kusto prints it; a JSON null is null.
		return "nullif(json_extract(" + o.sql + ", '$')::VARCHAR, 'null')"
	}
	return cast(d.json(o), "VARCHAR")
}

func (duckdb) json(o operand) string {
	switch o.rep {
	case repStrings, repText:
		return "to_json(" + o.sql + ")"
	}
	return o.sql
}

// jsonOf writes any value as the JSON it has inside an array or object.
func (d duckdb) jsonOf(o operand) string {
	switch o.typ {
	case event.Dynamic:
		return d.json(o)
	case event.Datetime, event.Timespan:
		return "to_json(" + d.text(o, "NULL") + ")"
	case event.Real:
		return duckRealJSON(o.sql)
	}
	return "to_json(" + o.sql + ")"
}

// duckRealJSON writes a real as JSON, which has no infinities and no NaN: they are texts, which read as reals again.
func duckRealJSON(x string) string {
	return "(CASE WHEN NOT isfinite(" + x + ") THEN to_json(CASE WHEN isnan(" + x + ") THEN 'NaN' WHEN " + x + " > 0 THEN 'Infinity' ELSE '-Infinity' END) ELSE to_json(" + x + ") END)"
}

// strings writes a dynamic value as a list of the texts of its elements; a value that is no array is a list of one.
func (d duckdb) strings(o operand) string {
	switch o.rep {
	case repStrings:
		return o.sql
	case repText:
		return "[" + o.sql + "]"
	}
	return "(CASE json_type(" + o.sql + ") WHEN 'ARRAY' THEN " + cast(o.sql, "VARCHAR[]") + " ELSE [" + d.text(o, "NULL") + "] END)"
}

// duckPointer writes a JSON pointer to the property whose name is the SQL expression k.
func duckPointer(k string) string {
	return "'/' || replace(replace(" + k + ", '~', '~0'), '/', '~1')"
}

func (d duckdb) aggregate(e *exprs, a aggItem, order []orderKey) operand {
	filter := ""
	if a.cond != nil {
		filter = " FILTER (WHERE " + e.expr(a.cond).sql + ")"
	}
	filter += a.over
	out := operand{typ: a.col.typ}
	if a.fn == aggCount {
		out.sql = "count(*)" + filter
		return out
	}
	if a.fn == aggSeries || a.fn == aggAxis {
		return d.gather(e, a)
	}
	x := e.expr(a.args[0])
	switch a.fn {
	case aggDCount, aggDistinct:
		if x.typ == event.Dynamic {
			x.sql = d.text(x, "NULL")
		}
		if a.fn == aggDCount && x.typ == event.String {
			// A set of 64-bit hashes takes a fraction of the memory of the texts; even among ten million, two
			// different ones share a hash once in 300,000 queries. approx_count_distinct is off by up to 18 %.
			x.sql = "hash(" + x.sql + ")"
		}
		out.sql = "count(DISTINCT " + x.sql + ")" + filter
	case aggSum:
		// Sums of whole numbers grow to 128 bits; what does not fit at the end is null.
		out.sql = "TRY_CAST(coalesce(sum(" + x.sql + ")" + filter + ", 0) AS " + duckTypes[a.col.typ] + ")"
	case aggAvg:
		switch a.col.typ {
		case event.Datetime:
			out.sql = "make_timestamp(" + cast("avg(epoch_us("+x.sql+"))"+filter, "BIGINT") + ")"
		case event.Timespan:
			out.sql = "TRY_CAST(trunc(avg(" + x.sql + ")" + filter + ") AS BIGINT)"
		default:
			out.sql = "coalesce(avg(" + x.sql + ")" + filter + ", CAST('NaN' AS DOUBLE))"
		}
	case aggMin, aggArgMin:
		out.sql = d.present("min("+x.sql+")"+filter, a.col.typ)
	case aggMax, aggArgMax:
		out.sql = d.present("max("+x.sql+")"+filter, a.col.typ)
	case aggAny:
		if x.typ == event.Dynamic {
			x.sql, out.rep = d.json(x), repJSON
		}
		out.sql = d.present("any_value("+x.sql+")"+filter, a.col.typ)
	case aggStdev:
		out.sql = duckSpread("stddev_samp", filter, x)
	case aggVariance:
		out.sql = duckSpread("var_samp", filter, x)
	case aggPercentile:
		out.sql = "quantile_disc(" + big(x) + ", " + e.expr(a.args[1]).sql + ")" + filter
	case aggList, aggSet:
		return d.collect(e, a, x, order)
	default:
		return d.further(e, a, x, order, filter)
	}
	return out
}

// collect writes make_list and make_set. Nulls are left out; a set is sorted, so that it is the same every time.
func (d duckdb) collect(e *exprs, a aggItem, x operand, order []orderKey) operand {
	out := operand{typ: event.Dynamic, rep: repJSON}
	elem := x.sql
	switch {
	case x.typ == event.String || x.rep == repText:
		out.rep = repStrings
	case x.typ == event.Datetime || x.typ == event.Timespan:
		elem, out.rep = d.text(x, "NULL"), repStrings
	case x.typ == event.Dynamic:
		elem = d.json(x)
	}
	keep := elem + " IS NOT NULL"
	if x.typ == event.Dynamic && x.rep == repJSON {
		keep = d.text(x, "NULL") + " IS NOT NULL"
	}
	if a.cond != nil {
		keep += " AND " + e.expr(a.cond).sql
	}
	if a.fn == aggSet && x.typ == event.Dynamic && x.rep != repText { // the elements of arrays count one by one
		out.sql = d.distinctJSON(e, a, x, " FILTER (WHERE "+keep+")", "array_distinct")
		return out
	}
	var sql string
	if a.fn == aggSet {
		sql = "list_sort(list(DISTINCT " + elem + ") FILTER (WHERE " + keep + "))"
	} else {
		sql = "list(" + elem + orderClause(e, order) + ") FILTER (WHERE " + keep + ")"
	}
	size := cast(e.arg(int64(maxList)), "BIGINT")
	if len(a.args) > 1 {
		size = e.expr(a.args[1]).sql
	}
	sql = "list_slice(" + sql + ", 1, " + size + ")"
	if x.typ == event.Real {
		sql = "list_transform(" + sql + ", lambda v: " + duckRealJSON("v") + ")"
	}
	if out.rep == repStrings {
		out.sql = "coalesce(" + sql + ", CAST([] AS VARCHAR[]))"
	} else {
		out.sql = "coalesce(to_json(" + sql + "), CAST('[]' AS JSON))"
	}
	return out
}

// pack takes the row of the largest or smallest key as a struct.
func (d duckdb) pack(e *exprs, a aggItem) string {
	var fields []string
	for i, o := range a.outs {
		op := e.expr(o.x)
		fields = append(fields, "v"+strconv.Itoa(i)+" := "+op.sql)
	}
	row := "struct_pack(" + strings.Join(fields, ", ") + ")"
	filter := ""
	if a.cond != nil {
		filter = " FILTER (WHERE " + e.expr(a.cond).sql + ")"
	}
	any := "any_value(" + row + ")" + filter
	switch a.fn {
	case aggArgMax, aggArgMin: // where every key is null, some row is taken
		return "coalesce(" + string(a.fn) + "(" + row + ", " + e.expr(a.args[0]).sql + ")" + filter + ", " + any + ")"
	}
	return any
}

func (d duckdb) unpack(sql string, i int, as operand) operand {
	as.sql = d.present("struct_extract("+sql+", 'v"+strconv.Itoa(i)+"')", as.typ)
	as.simple = true
	return as
}

// present makes a null string empty.
func (duckdb) present(sql string, t event.Type) string {
	if t == event.String {
		return "coalesce(" + sql + ", '')"
	}
	return sql
}

// nullable tells whether x may be null.
func nullable(x scalar) bool {
	if c, ok := x.(*constant); ok {
		return c.value == nil
	}
	return x.typeOf() != event.String
}
