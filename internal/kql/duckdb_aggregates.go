package kql

import (
	"fmt"
	"strings"

	"tocsin/internal/event"
)

// further writes the aggregates beside the common ones; x is the first argument, filter the clause of the condition.
func (d duckdb) further(e *exprs, a aggItem, x operand, order []orderKey, filter string) operand {
	out := operand{typ: a.col.typ}
	switch a.fn {
	case aggStdevP:
		out.sql = duckSpread("stddev_pop", filter, x)
	case aggVarianceP:
		out.sql = duckSpread("var_pop", filter, x)
	case aggCovariance:
		out.sql = duckSpread("covar_samp", filter, x, e.expr(a.args[1]))
	case aggCovarianceP:
		out.sql = duckSpread("covar_pop", filter, x, e.expr(a.args[1]))
	case aggAllAnd:
		out.sql = "bit_and(" + x.sql + ")" + filter
	case aggAllOr:
		out.sql = "bit_or(" + x.sql + ")" + filter
	case aggAllXor:
		out.sql = "bit_xor(" + x.sql + ")" + filter
	case aggListNulls:
		elem := d.jsonOf(x)
		if nullable(a.args[0]) {
			elem = "coalesce(" + elem + ", CAST('null' AS JSON))"
		}
		out.rep = repJSON
		out.sql = "coalesce(to_json(list_slice(list(" + elem + orderClause(e, order) + ")" + filter + ", 1, " + cast(e.arg(int64(maxList)), "BIGINT") + ")), CAST('[]' AS JSON))"
	case aggBag:
		out.rep = repJSON
		out.sql = d.distinctJSON(e, a, x, filter, "make_bag")
	case aggPercentiles, aggPercentilesW, aggPercentileW:
		return d.percentiles(e, a, x, filter)
	default:
		panic(fmt.Sprintf("kql: no DuckDB aggregate %s", a.fn))
	}
	return out
}

// distinctJSON gathers different dynamic values and hands them to a native function with the largest size of its result.
func (d duckdb) distinctJSON(e *exprs, a aggItem, x operand, filter, name string) string {
	most := cast(e.arg(int64(maxList)), "BIGINT")
	size := most
	if len(a.args) > 1 {
		size = e.expr(a.args[1]).sql
	}
	list := "to_json(list_slice(list_sort(list(DISTINCT " + d.json(x) + ")" + filter + "), 1, " + most + "))"
	return cast(fn("kql_"+name, cast(list, "VARCHAR"), size), "JSON")
}

// percentiles writes one or several percentiles of the nearest rank. With weights the values are gathered: DuckDB has no
// such aggregate.
func (d duckdb) percentiles(e *exprs, a aggItem, x operand, filter string) operand {
	value := func(p scalar) operand {
		return operand{sql: "quantile_disc(" + big(x) + ", " + e.expr(p).sql + ")" + filter, typ: wide(x.typ)}
	}
	rest := a.args[1:]
	if a.fn != aggPercentiles {
		rest = a.args[2:]
		w := cast(e.expr(a.args[1]).sql, "DOUBLE")
		keep := x.sql + " IS NOT NULL AND " + w + " > 0"
		if a.cond != nil {
			keep += " AND " + e.expr(a.cond).sql
		}
		keep = " FILTER (WHERE " + keep + ")"
		values, weights := "list("+cast(x.sql, "DOUBLE")+")"+keep, "list("+w+")"+keep
		most := fmt.Sprintf("count(*)%s > %d", keep, maxList)
		value = func(p scalar) operand {
			sql := "(CASE WHEN " + most + " THEN error('a weighted percentile takes at most 1,048,576 rows of a group') ELSE " +
				fn("kql_percentilew", values, weights, e.expr(p).sql) + " END)"
			return operand{sql: "TRY_CAST(" + sql + " AS " + duckTypes[wide(x.typ)] + ")", typ: wide(x.typ)}
		}
	}
	if a.fn == aggPercentileW {
		return value(rest[0])
	}
	parts := make([]string, len(rest))
	for i, p := range rest {
		parts[i] = d.jsonOf(value(p))
	}
	return operand{sql: "(CASE WHEN count(" + x.sql + ")" + filter + " > 0 THEN " + fn("json_array", parts...) + " END)", typ: event.Dynamic, rep: repJSON}
}

// duckSpread writes a measure of how far values lie apart, 0 where there are none. DuckDB ends the query where the result is
// no number; here it is NaN then, as one value that is none makes all.
func duckSpread(name, filter string, ops ...operand) string {
	var wild, args []string
	for _, o := range ops {
		x := o.sql
		if o.typ == event.Real {
			wild = append(wild, "NOT isfinite("+x+") OR abs("+x+") > 1e150")
			x = "(CASE WHEN isfinite(" + x + ") AND abs(" + x + ") <= 1e150 THEN " + x + " END)"
		}
		args = append(args, x)
	}
	sql := "coalesce(" + fn(name, args...) + filter + ", 0)"
	if wild == nil {
		return sql
	}
	return "(CASE WHEN bool_or(" + strings.Join(wild, " OR ") + ")" + filter + " THEN CAST('NaN' AS DOUBLE) ELSE " + sql + " END)"
}

// orderClause is the order in which an aggregate gathers its values.
func orderClause(e *exprs, order []orderKey) string {
	var keys []string
	for _, k := range order {
		keys = append(keys, e.env[k.col].sql+orderWords(k))
	}
	if keys == nil {
		return ""
	}
	return " ORDER BY " + strings.Join(keys, ", ")
}
