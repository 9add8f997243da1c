package kql

import (
	"strings"

	"tocsin/internal/event"
)

// nativePrefix begins the name of an operation that is written in Go, in package native.
const nativePrefix = "native "

func inGo(name string) op { return op(nativePrefix + name) }

// nativeCall writes a call of a function in package native, which the store has registered.
func (d duckdb) nativeCall(c *call, ops []operand) (operand, bool) {
	name, ok := strings.CutPrefix(string(c.op), nativePrefix)
	if !ok {
		return operand{}, false
	}
	args := make([]string, len(ops))
	for i, o := range ops {
		args[i] = o.sql
		if o.typ == event.Dynamic {
			args[i] = cast(d.json(o), "VARCHAR") // the driver would take JSON apart
		}
	}
	out := operand{sql: fn("kql_"+name, args...), typ: c.typ}
	if c.typ == event.Dynamic {
		out.sql, out.rep = cast(out.sql, "JSON"), repJSON
	}
	return out, true
}

// duckTemplates are operations that one expression of DuckDB computes; {0} is the first argument. Functions that fail outside
// of their domain are kept inside it: there the result is null, or as Kusto's documentation says.
var duckTemplates = map[op]string{
	"pi":   "pi()",
	"acos": "(CASE WHEN {0} BETWEEN -1 AND 1 THEN acos({0}) END)", "asin": "(CASE WHEN {0} BETWEEN -1 AND 1 THEN asin({0}) END)",
	"atan": "atan({0})", "atan2": "atan2({0}, {1})",
	"cos": "(CASE WHEN isfinite({0}) THEN cos({0}) END)", "sin": "(CASE WHEN isfinite({0}) THEN sin({0}) END)",
	"tan": "(CASE WHEN isfinite({0}) THEN tan({0}) END)", "cot": "(CASE WHEN isfinite({0}) AND {0} <> 0 THEN cot({0}) END)",
	"exp": "exp({0})", "exp2": "pow(CAST(2 AS DOUBLE), {0})", "exp10": "pow(CAST(10 AS DOUBLE), {0})",
	"log":      "(CASE WHEN {0} > 0 THEN ln({0}) WHEN {0} = 0 THEN CAST('-Infinity' AS DOUBLE) END)",
	"log2":     "(CASE WHEN {0} > 0 THEN log2({0}) WHEN {0} = 0 THEN CAST('-Infinity' AS DOUBLE) END)",
	"log10":    "(CASE WHEN {0} > 0 THEN log10({0}) WHEN {0} = 0 THEN CAST('-Infinity' AS DOUBLE) END)",
	"sqrt":     "(CASE WHEN {0} >= 0 THEN sqrt({0}) END)",
	"gamma":    "(CASE WHEN {0} > 0 OR {0} < floor({0}) OR {0} > floor({0}) THEN gamma({0}) END)",
	"loggamma": "(CASE WHEN {0} > 0 OR {0} < floor({0}) OR {0} > floor({0}) THEN lgamma({0}) END)",
	"pow":      "pow({0}, {1})", "sign": "CAST(sign({0}) AS DOUBLE)", "degrees": "degrees({0})", "radians": "radians({0})",
	"rand": "random()", "rand below": "(CASE WHEN {0} > 0 THEN floor(random() * {0}) END)",
	"isnan": "isnan({0})", "isinf": "isinf({0})", "isfinite": "isfinite({0})",
	"binary_and": "({0} & {1})", "binary_or": "({0} | {1})", "binary_xor": "xor({0}, {1})", "binary_not": "(~{0})",
	"bitset_count_ones": "CAST(bit_count({0}) AS BIGINT)",
	"string_size":       "strlen({0})", "regex_quote": "regexp_escape({0})", "new_guid": "CAST(uuid() AS VARCHAR)",
	"hash_md5": "md5({0})", "hash_sha1": "sha1({0})", "hash_sha256": "sha256({0})",
}

// duckLists are those of any number of arguments.
var duckLists = map[op]string{"least": "least", "greatest": "greatest", "strcat_delim": "concat_ws"}

func duckTemplate(c *call, a []string) (string, bool) {
	if name, ok := duckLists[c.op]; ok {
		return fn(name, a...), true
	}
	t, ok := duckTemplates[c.op]
	if !ok {
		return "", false
	}
	pairs := []string{}
	for i, s := range a {
		pairs = append(pairs, "{"+string(rune('0'+i))+"}", s)
	}
	return strings.NewReplacer(pairs...).Replace(t), true
}

// duckDateAdd moves a datetime by so many units.
func duckDateAdd(unit, n, x string) string {
	small := func(times string) string { return "TRY_CAST(" + n + times + " AS INTEGER)" }
	step := map[string]string{
		"year": "to_years(" + small("") + ")", "quarter": "to_months(" + small(" * 3") + ")", "month": "to_months(" + small("") + ")",
		"week": "to_days(" + small(" * 7") + ")", "day": "to_days(" + small("") + ")", "hour": "to_hours(" + n + ")", "minute": "to_minutes(" + n + ")",
		"second": "to_microseconds(" + n + " * 1000000)", "millisecond": "to_microseconds(" + n + " * 1000)",
		"microsecond": "to_microseconds(" + n + ")", "nanosecond": "to_microseconds(" + n + " // 1000)",
	}[unit]
	return fits(event.Datetime, cast("("+x+" + "+step+")", "TIMESTAMP"))
}
