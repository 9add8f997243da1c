package kql

import (
	"math"
	"strconv"
	"strings"

	"tocsin/internal/event"
)

// dynamicCall writes operations on arrays, objects and JSON. They look at the shape of their arguments rather than at
// finished SQL: a path into parse_json(x) is one extraction, an element of split(x) never becomes JSON.
func (d duckdb) dynamicCall(e *exprs, c *call) (operand, bool) {
	json := func(sql string) (operand, bool) { return operand{sql: sql, typ: c.typ, rep: repJSON}, true }
	plain := func(sql string) (operand, bool) { return operand{sql: sql, typ: c.typ}, true }
	list := func(sql string) (operand, bool) { return operand{sql: sql, typ: c.typ, rep: repStrings}, true }
	switch c.op {
	case opMember, opElement:
		return d.path(e, c), true
	case opConvert:
		// The text of a path needs no detour through JSON.
		if p, ok := c.args[0].(*call); ok && (p.op == opMember || p.op == opElement) {
			return d.convert(d.path(e, p), c.typ), true
		}
	case opCast:
		return d.castOnly(e.expr(c.args[0]), c.typ), true
	case opParseJSON:
		s := e.expr(c.args[0]).sql
		// What is no JSON is a string.
		return json("coalesce(TRY_CAST(nullif(" + s + ", '') AS JSON), CASE WHEN " + s + " <> '' THEN to_json(" + s + ") END)")
	case opSplit:
		return list(fn("string_split", e.expr(c.args[0]).sql, e.expr(c.args[1]).sql))
	case opExtractAll:
		found := fn("regexp_extract_all", e.expr(c.args[0]).sql, e.expr(c.args[1]).sql, "1")
		return list("(CASE WHEN len(" + found + ") > 0 THEN list_slice(" + found + ", 1, " + strconv.Itoa(maxList) + ") END)")
	case opSplitAt:
		all, at := e.expr(c.args[0]).sql, e.expr(c.args[1]).sql
		return list("(CASE WHEN " + at + " >= 0 AND " + at + " < len(" + all + ") THEN list_slice(" + all + ", " + at + " + 1, " + at + " + 1) ELSE CAST([] AS VARCHAR[]) END)")
	case opEdges:
		return plain(duckEdged(e.expr(c.args[0]).sql, true, true))
	case opWhole:
		s := d.text(e.expr(c.args[0]), "NULL")
		number := "TRY_CAST(" + s + " AS DOUBLE)"
		return plain("coalesce(TRY_CAST(CASE WHEN regexp_full_match(" + s + `, '\s*[-+]?\d+\s*') THEN ` + s + " END AS BIGINT), TRY_CAST(CASE WHEN trunc(" + number + ") = " + number + " THEN " + number + " END AS BIGINT))")
	case opArrayLength:
		x := e.expr(c.args[0])
		if x.rep == repStrings {
			return plain(fn("len", x.sql))
		}
		if x.rep == repText {
			return plain("CAST(NULL AS BIGINT)")
		}
		return plain("(CASE json_type(" + x.sql + ") WHEN 'ARRAY' THEN CAST(json_array_length(" + x.sql + ") AS BIGINT) END)")
	case opPackArray, opPackBag:
		return d.packed(e, c)
	case opBagKeys:
		x := e.expr(c.args[0])
		return list("(CASE json_type(" + d.json(x) + ") WHEN 'OBJECT' THEN json_keys(" + d.json(x) + ") END)")
	case opStrcatList:
		if _, ok := c.args[1].(*constant); !ok { // DuckDB takes no separator of a row
			return d.nativeCall(&call{inGo("strcat_list"), c.typ, c.args}, []operand{e.expr(c.args[0]), e.expr(c.args[1])})
		}
		return plain("coalesce(array_to_string(" + d.strings(e.expr(c.args[0])) + ", " + e.expr(c.args[1]).sql + "), '')")
	case opURL:
		return json(duckURL(e.expr(c.args[0]).sql))
	case opInArray:
		return plain("coalesce(list_contains(" + d.strings(e.expr(c.args[1])) + ", " + e.expr(c.args[0]).sql + "), false)")
	case opHasAnyArray, opHasAllArray:
		words := d.strings(e.expr(c.args[1]))
		if _, ok := c.args[1].(*listQuery); !ok { // whose words are marked already
			words = "list_transform(" + words + ", lambda w: " + duckEdged("w", true, true) + ")"
		}
		test := "contains(p.text, w))) > 0"
		if c.op == opHasAllArray {
			test = "NOT contains(p.text, w))) = 0"
		}
		// The outer list is there so that the text is marked once, not once a word, and no sub-query stands in a lambda.
		both := "struct_pack(text := " + duckMarked(e.expr(c.args[0]).sql) + ", words := " + words + ")"
		return plain("list_extract(list_transform([" + both + "], lambda p: len(list_filter(p.words, lambda w: " + test + "), 1)")
	}
	return operand{}, false
}

func (d duckdb) packed(e *exprs, c *call) (operand, bool) {
	texts := c.op == opPackArray
	var plain, json []string
	for i, x := range c.args {
		o := e.expr(x)
		texts = texts && x.typeOf() == event.String
		plain = append(plain, o.sql)
		if c.op == opPackBag && i%2 == 0 {
			json = append(json, o.sql)
		} else {
			json = append(json, d.jsonOf(o))
		}
	}
	switch {
	case texts:
		return operand{sql: "[" + strings.Join(plain, ", ") + "]", typ: c.typ, rep: repStrings}, true
	case c.op == opPackArray:
		return operand{sql: fn("json_array", json...), typ: c.typ, rep: repJSON}, true
	}
	return operand{sql: fn("json_object", json...), typ: c.typ, rep: repJSON}, true
}

// path writes x.a["b"][0].
func (d duckdb) path(e *exprs, c *call) operand {
	var steps []scalar
	base := scalar(c)
	for {
		p, ok := base.(*call)
		if !ok || p.op != opMember && p.op != opElement {
			break
		}
		steps = append([]scalar{p.args[1]}, steps...)
		base = p.args[0]
	}
	var o operand
	if p, ok := base.(*call); ok && p.op == opParseJSON {
		o = operand{sql: "TRY_CAST(" + e.expr(p.args[0]).sql + " AS JSON)", typ: event.Dynamic, rep: repJSON}
	} else if ok && p.op == opURL && urlPart(steps[0]) != "" {
		o = operand{sql: duckURLPart(e.expr(p.args[0]).sql, urlPart(steps[0])), typ: event.Dynamic, rep: repText}
		steps = steps[1:]
	} else {
		o = e.expr(base)
	}
	for len(steps) > 0 {
		if o.rep == repStrings || o.rep == repText {
			o = d.listStep(e, o, steps[0])
			steps = steps[1:]
			continue
		}
		n := constantSteps(steps)
		if n == 0 {
			o = operand{sql: "json_extract(" + o.sql + ", " + dynamicStep(e, steps[0]) + ")", typ: event.Dynamic, rep: repJSON}
			steps = steps[1:]
			continue
		}
		o = operand{sql: "json_extract(" + o.sql + ", " + cast(e.arg(jsonPath(steps[:n])), "VARCHAR") + ")", typ: event.Dynamic, rep: repJSON}
		steps = steps[n:]
	}
	return o
}

// listStep takes an element of a list of strings; text has no elements.
func (d duckdb) listStep(e *exprs, o operand, step scalar) operand {
	out := operand{sql: "CAST(NULL AS VARCHAR)", typ: event.Dynamic, rep: repText}
	if o.rep == repText || !integer(step.typeOf()) {
		return out
	}
	i := e.expr(step).sql
	if k, ok := step.(*constant); ok && k.value != nil {
		n := k.value.(int64)
		if n >= 0 && n < math.MaxInt64 {
			n++
		}
		i = cast(e.arg(n), "BIGINT")
	} else {
		i = "(CASE WHEN " + i + " < 0 THEN " + i + " ELSE " + i + " + 1 END)"
	}
	out.sql = "list_extract(" + o.sql + ", " + i + ")"
	return out
}

// constantSteps counts the steps at the beginning that one JSON path can hold.
func constantSteps(steps []scalar) int {
	for i, s := range steps {
		k, ok := s.(*constant)
		if !ok || k.value == nil {
			return i
		}
		if name, ok := k.value.(string); ok && (name == "" || name == "*" || strings.ContainsAny(name, "\"\\\x00")) {
			return i
		}
	}
	return len(steps)
}

func jsonPath(steps []scalar) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range steps {
		switch v := s.(*constant).value.(type) {
		case string:
			b.WriteString(`."` + v + `"`)
		case int64:
			if v < 0 {
				b.WriteString("[#" + strconv.FormatInt(v, 10) + "]")
			} else {
				b.WriteString("[" + strconv.FormatInt(v, 10) + "]")
			}
		}
	}
	return b.String()
}

// dynamicStep writes the path of one step that is known only when the query runs.
func dynamicStep(e *exprs, s scalar) string {
	x := e.expr(s).sql
	if s.typeOf() == event.String {
		return duckPointer(x)
	}
	return "(CASE WHEN " + x + " < 0 THEN '$[#' || " + x + " || ']' ELSE '$[' || " + x + " || ']' END)"
}

// duckURLPattern takes a URL apart: scheme, user, password, host, port, path, query, fragment (RFC 3986, appendix B,
// with the authority opened up).
const duckURLPattern = `^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$`

var urlGroups = map[string]int{"Scheme": 1, "Username": 2, "Password": 3, "Host": 4, "Port": 5, "Path": 6, "Fragment": 8}

func urlPart(step scalar) string {
	if k, ok := step.(*constant); ok {
		if s, ok := k.value.(string); ok && urlGroups[s] > 0 {
			return s
		}
	}
	return ""
}

func duckURLPart(url, part string) string {
	return "regexp_extract(" + url + ", '" + duckURLPattern + "', " + strconv.Itoa(urlGroups[part]) + ")"
}

func duckURL(url string) string {
	var args []string
	for _, part := range []string{"Scheme", "Host", "Port", "Path", "Username", "Password"} {
		args = append(args, "'"+part+"'", duckURLPart(url, part))
	}
	query := "regexp_extract(" + url + ", '" + duckURLPattern + "', 7)"
	params := "list_distinct(list_transform(list_filter(string_split(" + query + ", '&'), lambda p: p <> ''), lambda p: split_part(p, '=', 1)))"
	value := "list_extract(list_transform(list_filter(string_split(" + query + ", '&'), lambda p: split_part(p, '=', 1) = k), lambda p: substring(p, length(k) + 2)), -1)"
	args = append(args, "'Query Parameters'", "to_json(map_from_entries(list_transform("+params+", lambda k: struct_pack(k := k, v := "+value+"))))",
		"'Fragment'", duckURLPart(url, "Fragment"))
	return fn("json_object", args...)
}

// text writes the text of a value; null gives otherwise.
func (d duckdb) text(o operand, otherwise string) string {
	sql := o.sql
	switch o.typ {
	case event.String:
		return sql
	case event.Dynamic:
		switch o.rep {
		case repJSON:
			sql = "json_extract_string(" + sql + ", '$')"
			// A path that was just taken can be read as text at once.
			if inner, ok := strings.CutPrefix(o.sql, "json_extract("); ok {
				sql = "json_extract_string(" + inner
			}
		case repStrings:
			sql = cast("to_json("+sql+")", "VARCHAR")
		}
	case event.Datetime:
		sql = "strftime(" + sql + ", " + duckISO + ")"
	case event.Timespan:
		sql = duckSpanText(sql)
	default:
		sql = cast(sql, "VARCHAR")
	}
	if otherwise == "NULL" {
		return sql
	}
	return "coalesce(" + sql + ", " + otherwise + ")"
}

// duckSpanText writes ticks as [-][d.]hh:mm:ss[.fffffff].
func duckSpanText(t string) string {
	a := "abs(" + t + ")"
	two := func(per, mod string) string {
		return "lpad(CAST(" + a + " // " + per + " % " + mod + " AS VARCHAR), 2, '0')"
	}
	return "(CASE WHEN " + t + " < 0 THEN '-' ELSE '' END || CASE WHEN " + a + " >= " + ticksInDay + " THEN CAST(" + a + " // " + ticksInDay + " AS VARCHAR) || '.' ELSE '' END || " +
		two("36000000000", "24") + " || ':' || " + two("600000000", "60") + " || ':' || " + two("10000000", "60") +
		" || CASE WHEN " + a + " % 10000000 > 0 THEN '.' || lpad(CAST(" + a + " % 10000000 AS VARCHAR), 7, '0') ELSE '' END)"
}

// convert changes the type of a value; what does not convert is null, or empty text.
func (d duckdb) convert(o operand, to event.Type) operand {
	out := operand{typ: to}
	switch {
	case to == event.String:
		out.sql = d.text(o, "''")
	case to == event.Dynamic:
		out.rep = repJSON
		if o.typ == event.String {
			out.rep, out.sql = repText, o.sql
		} else {
			out.sql = d.jsonOf(o)
		}
	case o.typ == event.Dynamic:
		out.sql = d.fromText(d.text(o, "NULL"), to, true)
	case o.typ == event.String:
		out.sql = d.fromText(o.sql, to, false)
	default:
		out.sql = d.between(o, to)
	}
	return out
}

// fromText reads text as a value. A JSON number with a fraction is cut to a whole one where that is asked for; text
// of that kind is not.
func (d duckdb) fromText(s string, to event.Type, json bool) string {
	switch to {
	case event.Int, event.Long:
		cut := ""
		if json {
			cut = " ELSE TRY_CAST(trunc(TRY_CAST(" + s + " AS DOUBLE)) AS " + duckTypes[to] + ")"
		}
		return "(CASE WHEN regexp_full_match(" + s + `, '\s*[-+]?\d+\s*') THEN TRY_CAST(` + s + " AS " + duckTypes[to] + ")" + cut + " END)"
	case event.Real:
		return "TRY_CAST(" + s + " AS DOUBLE)"
	case event.Bool:
		return "(CASE lower(trim(" + s + ")) WHEN 'true' THEN true WHEN '1' THEN true WHEN 'false' THEN false WHEN '0' THEN false END)"
	case event.Datetime:
		return duckDatetime(s)
	case event.Timespan:
		return duckSpan(s)
	}
	panic("kql: no conversion of text to " + string(to))
}

// duckDates are the forms of a datetime beside ISO 8601, as in timeLayouts, with a year of four digits and of two. The store
// would read a year of two digits as one of four, in the first century.
var duckLongDates, duckShortDates = duckDates("%m/%d/%Y ", "%a, %d %b %Y ", "%d %b %Y "), duckDates("%a, %d %b %y ", "%d %b %y ", "%A, %d-%b-%y ", "%d-%b-%y ")

func duckDates(dates ...string) string {
	var out []string
	for _, date := range dates {
		out = append(out, "'"+date+"%H:%M:%S'", "'"+date+"%H:%M'")
	}
	return strings.Join(out, ", ")
}

// duckDatetime reads text as a datetime. Which offset a named zone has, other than that of UTC, is not guessed.
func duckDatetime(s string) string {
	s = "regexp_replace(trim(" + s + "), ' GMT$', '')"
	return "(CASE WHEN NOT regexp_full_match(" + s + ", " + duckISODate + ") THEN CASE " +
		"WHEN regexp_full_match(" + s + `, '\d{8}') THEN try_strptime(` + s + ", '%Y%m%d') " +
		"WHEN regexp_matches(" + s + `, '(^|\D)\d{4}(\D|$)') THEN try_strptime(` + s + ", [" + duckLongDates + ", '%m/%d/%Y', '%Y-%m', '%Y']) " +
		"WHEN regexp_matches(" + s + ", '[- ]') THEN try_strptime(" + s + ", [" + duckShortDates + "]) END " +
		"WHEN regexp_matches(" + s + ", " + duckZone + ") THEN timezone('UTC', TRY_CAST(" + s + " AS TIMESTAMPTZ)) ELSE TRY_CAST(" + s + " AS TIMESTAMP) END)"
}

// duckSpan reads [-][d.]hh:mm[:ss[.fffffff]] as ticks.
func duckSpan(s string) string {
	const re = `'^\s*(-?)(?:(\d{1,7})\.)?([01]?\d|2[0-3]):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d{1,7}))?)?\s*$'`
	part := func(i int, per string) string {
		return "coalesce(TRY_CAST(nullif(regexp_extract(" + s + ", " + re + ", " + strconv.Itoa(i) + "), '') AS BIGINT), 0) * " + per
	}
	fraction := "CAST(rpad(regexp_extract(" + s + ", " + re + ", 6), 7, '0') AS BIGINT)"
	return "(CASE WHEN regexp_matches(" + s + ", " + re + ") THEN (CASE WHEN regexp_extract(" + s + ", " + re + ", 1) = '-' THEN -1 ELSE 1 END) * (" +
		part(2, ticksInDay) + " + " + part(3, "36000000000") + " + " + part(4, "600000000") + " + " + part(5, "10000000") + " + " + fraction + ") END)"
}

// between converts between types that are neither text nor dynamic.
func (d duckdb) between(o operand, to event.Type) string {
	x := o.sql
	if o.typ == event.Datetime && to != event.Bool { // as ticks since 0001-01-01
		x = "((epoch_us(" + x + ") + " + unixEpoch + ") * 10)"
	}
	switch to {
	case event.Bool:
		if o.typ == event.Datetime || o.typ == event.Timespan {
			return "CAST(NULL AS BOOLEAN)"
		}
		return "(" + x + " <> 0)"
	case event.Datetime:
		if o.typ == event.Bool {
			return "CAST(NULL AS TIMESTAMP)"
		}
		return fits(to, "make_timestamp(TRY_CAST("+x+" AS BIGINT) // 10 - "+unixEpoch+")")
	}
	if o.typ == event.Real {
		x = "trunc(" + x + ")"
		if to == event.Real {
			x = o.sql
		}
	}
	return "TRY_CAST(" + x + " AS " + duckTypes[to] + ")"
}
