package kql

import (
	"fmt"
	"strings"

	"tocsin/internal/event"
)

// further writes the aggregates beside the common ones; x is the first argument, filter the clause of the condition.
func (d duckdb) further(e *exprs, a aggItem, x operand, order []orderKey, filter string) operand {
	out := operand{typ: a.col.typ}
	second := func() string { return e.expr(a.args[1]).sql }
	switch a.fn {
	case aggStdevP:
		out.sql = "coalesce(stddev_pop(" + x.sql + ")" + filter + ", 0)"
	case aggVarianceP:
		out.sql = "coalesce(var_pop(" + x.sql + ")" + filter + ", 0)"
	case aggCovariance:
		out.sql = "coalesce(covar_samp(" + x.sql + ", " + second() + ")" + filter + ", 0)"
	case aggCovarianceP:
		out.sql = "coalesce(covar_pop(" + x.sql + ", " + second() + ")" + filter + ", 0)"
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
			return operand{sql: cast(sql, duckTypes[wide(x.typ)]), typ: wide(x.typ)}
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
