package kql

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/event"
)

// Letters, digits and marks make terms; everything else separates them. Kusto's documentation speaks of alphanumeric
// characters; marks count as such, so that decomposed accents do not split a word.
const (
	termChars   = `\pL\pN\pM`
	termBefore  = `(?:^|[^` + termChars + `])`
	termAfter   = `(?:$|[^` + termChars + `])`
	unixEpoch   = "62135596800000000" // microseconds from 0001-01-01, where bins begin
	ticksInDay  = "864000000000"
	duckISO     = `'%Y-%m-%dT%H:%M:%S.%f0Z'`
	duckISODate = `'\d{4}-\d{1,2}-\d{1,2}(?:[T ] *\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?'`
	duckOctet   = `(?:25[0-5]|2[0-4]\d|1?\d?\d)`
	duckZone    = `':\d{1,2}(?:\.\d+)?[+-]\d{2}(?::?\d{2})?$'`
)

func fn(name string, args ...string) string { return name + "(" + strings.Join(args, ", ") + ")" }

func (d duckdb) call(e *exprs, c *call, filter bool) operand {
	if op, ok := d.dynamicCall(e, c); ok {
		return op
	}
	a := make([]string, len(c.args))
	ops := make([]operand, len(c.args))
	for i, x := range c.args {
		ops[i] = e.expr(x)
		a[i] = ops[i].sql
	}
	plain := func(sql string) operand { return operand{sql: sql, typ: c.typ} }
	switch c.op {
	case opEq, opNe, opLt, opLe, opGt, opGe:
		return plain(d.compare(c, a, filter))
	case opIn:
		in := a[0] + " IN (" + strings.Join(a[1:], ", ") + ")"
		if slices.ContainsFunc(c.args, nullable) && !filter {
			in = "coalesce(" + in + ", false)"
		}
		return plain("(" + in + ")")
	case opIs:
		if c.args[0].typeOf() == event.Dynamic {
			return plain("(" + d.text(ops[0], "NULL") + " IS NULL)")
		}
		return plain("(" + a[0] + " IS NULL)")
	case opConvert:
		return d.convert(ops[0], c.typ)
	case opChance, opNarrow, opStop, opPairValue, opJSONType, opIPFirst, opIPLast:
		return plain(d.rowCall(e, c, ops))
	case opCase:
		return d.choose(c, ops)
	case opCoalesce:
		return d.coalesce(c, ops)
	case opAdd, opSub, opMul, opDiv, opMod, opNeg, opDtDiff, opDtAdd, opDtSub, opTsMul, opTsDiv, opTsRate, opRound, opAbs, opCeiling, opBin:
		return plain(d.arithmetic(c, ops))
	case opStartOf, opDatePart, opDayOfWeek, opDateDiff, opFormat, opDateAdd:
		return plain(d.dates(e, c, a))
	}
	if sql, ok := d.textCall(e, c, a); ok {
		return plain(sql)
	}
	if op, ok := d.nativeCall(c, ops); ok {
		return op
	}
	if sql, ok := duckTemplate(c, a); ok {
		return plain(sql)
	}
	panic(fmt.Sprintf("kql: no DuckDB operation %s", c.op))
}

// compare follows Kusto's nulls: beside a value, null is unequal; two nulls compare to null.
func (d duckdb) compare(c *call, a []string, filter bool) string {
	x, y := a[0], a[1]
	n := 0
	for _, arg := range c.args {
		if nullable(arg) {
			n++
		}
	}
	plain := "(" + x + " " + string(c.op) + " " + y + ")"
	if c.op == opEq {
		plain = "(" + x + " = " + y + ")"
	}
	if c.op == opNe {
		plain = "(" + x + " <> " + y + ")"
	}
	if n == 0 || c.op != opEq && c.op != opNe || c.op == opEq && filter {
		return plain
	}
	one := "coalesce(" + plain + ", false)"
	if c.op == opNe {
		one = "(" + x + " IS DISTINCT FROM " + y + ")"
	}
	if n == 1 {
		return one
	}
	return "(CASE WHEN " + x + " IS NULL AND " + y + " IS NULL THEN NULL ELSE " + one + " END)"
}

func (d duckdb) choose(c *call, ops []operand) operand {
	var b strings.Builder
	b.WriteString("(CASE")
	value := func(o operand) string {
		if c.typ == event.Dynamic {
			return d.json(o)
		}
		return o.sql
	}
	for i := 0; i+1 < len(ops); i += 2 {
		b.WriteString(" WHEN " + ops[i].sql + " THEN " + value(ops[i+1]))
	}
	b.WriteString(" ELSE " + value(ops[len(ops)-1]) + " END)")
	out := operand{sql: b.String(), typ: c.typ}
	if c.typ == event.Dynamic {
		out.rep = repJSON
	}
	return out
}

func (d duckdb) coalesce(c *call, ops []operand) operand {
	out := operand{typ: c.typ}
	parts := make([]string, len(ops))
	for i, o := range ops {
		parts[i] = o.sql
		switch {
		case c.typ == event.String && len(ops) > 1:
			parts[i] = "nullif(" + o.sql + ", '')"
		case c.typ == event.Dynamic:
			out.rep = repJSON
			parts[i] = "nullif(" + cast(d.json(o), "VARCHAR") + ", 'null')"
		}
	}
	if c.typ == event.String {
		parts = append(parts, "''")
	}
	out.sql = fn("coalesce", parts...)
	if c.typ == event.Dynamic {
		out.sql = cast(out.sql, "JSON")
	}
	return out
}

// big widens an int, so that sums of ints do not overflow.
func big(o operand) string {
	if o.typ == event.Int {
		return cast(o.sql, "BIGINT")
	}
	return o.sql
}

func (d duckdb) arithmetic(c *call, ops []operand) string {
	x := big(ops[0])
	if c.typ == event.Real && ops[0].typ != event.Real {
		x = cast(x, "DOUBLE")
	}
	y := ""
	if len(ops) > 1 {
		y = big(ops[1])
		if c.typ == event.Real && ops[1].typ != event.Real && c.op != opRound {
			y = cast(y, "DOUBLE")
		}
	}
	switch c.op {
	case opAdd, opSub, opMul:
		return fits(c.typ, "("+x+" "+string(c.op)+" "+y+")")
	case opDiv:
		if c.typ == event.Real {
			return "(" + x + " / " + y + ")"
		}
		return fits(c.typ, "("+x+" // "+y+")")
	case opMod: // never negative
		rest := fits(c.typ, "("+x+" % "+y+")")
		return "(" + rest + " + CASE WHEN " + rest + " < 0 THEN " + fits(c.typ, "abs("+y+")") + " ELSE 0 END)"
	case opNeg:
		return fits(c.typ, "(-"+x+")")
	case opDtDiff:
		return "((epoch_us(" + x + ") - epoch_us(" + y + ")) * 10)"
	case opDtAdd:
		return fits(c.typ, "("+x+" + to_microseconds("+y+" // 10))")
	case opDtSub:
		return fits(c.typ, "("+x+" - to_microseconds("+y+" // 10))")
	case opTsMul:
		if integer(ops[1].typ) {
			return fits(c.typ, "("+x+" * "+y+")")
		}
		return "TRY_CAST(trunc(" + x + " * " + y + ") AS BIGINT)"
	case opTsDiv:
		return "TRY_CAST(trunc(" + cast(x, "DOUBLE") + " / " + y + ") AS BIGINT)"
	case opTsRate:
		return "(" + x + " / " + y + ")"
	case opRound:
		return fits(event.Long, "round("+x+", "+cast(y, "INTEGER")+")")
	case opAbs:
		return fits(c.typ, "abs("+x+")")
	case opCeiling:
		if integer(c.typ) {
			return x
		}
		return "ceil(" + x + ")"
	case opBin: // into bins without a size nothing falls
		if _, ok := c.args[1].(*constant); !ok && c.typ != event.Datetime {
			y = "(CASE WHEN " + y + " > 0 THEN " + y + " END)"
		}
		switch c.typ {
		case event.Real:
			return "(floor(" + x + " / " + y + ") * " + y + ")"
		case event.Datetime: // not finer than datetimes are; greatest alone would make a null 1
			y = "(CASE WHEN " + y + " > 0 THEN greatest(" + y + " // 10, 1) END)"
			return "make_timestamp(epoch_us(" + x + ") - (epoch_us(" + x + ") + " + unixEpoch + ") % " + y + ")"
		}
		return fits(c.typ, "("+x+" - (("+x+" % "+y+") + "+y+") % "+y+")")
	}
	panic("kql: no arithmetic " + string(c.op))
}

// fits makes a result that its type can't hold null, so that one row can't end a query. Reals have infinities for that.
// What may fail stands in it alone: DuckDB computes what is written twice once, and outside. It does not take sub-queries
// in it; beside one an overflow does end the query.
func fits(t event.Type, sql string) string {
	if t == event.Real || strings.Contains(sql, "(SELECT ") {
		return sql
	}
	return "TRY(" + sql + ")"
}

func (d duckdb) dates(e *exprs, c *call, a []string) string {
	word := func() string { return c.args[0].(*constant).value.(string) }
	switch c.op {
	case opStartOf:
		steps := map[string]string{"day": "to_days", "week": "to_weeks", "month": "to_months", "year": "to_years"}[word()]
		start := "date_trunc('" + word() + "', " + a[1] + ")"
		if word() == "week" { // Kusto's week begins on Sunday
			start = "(date_trunc('week', " + a[1] + " + INTERVAL 1 DAY) - INTERVAL 1 DAY)"
		}
		if k, ok := c.args[2].(*constant); !ok || k.value != int64(0) {
			return fits(c.typ, cast("("+start+" + "+steps+"("+cast(a[2], "INTEGER")+"))", "TIMESTAMP"))
		}
		return cast(start, "TIMESTAMP")
	case opDatePart:
		part := map[string]string{
			"dayofyear": "doy", "week_of_year": "week", "millisecond": "milliseconds", "microsecond": "microseconds", "nanosecond": "microseconds",
		}[word()]
		if part == "" {
			part = word()
		}
		sql := "date_part('" + part + "', " + a[1] + ")"
		switch word() {
		case "millisecond":
			sql = "(" + sql + " % 1000)"
		case "microsecond":
			sql = "(" + sql + " % 1000000)"
		case "nanosecond":
			sql = "(" + sql + " % 1000000 * 1000)"
		}
		return cast(sql, "INTEGER")
	case opDayOfWeek:
		return "date_part('dow', " + a[0] + ")"
	case opDateAdd:
		return duckDateAdd(word(), a[1], a[2])
	case opDateDiff:
		if word() == "nanosecond" {
			return "((epoch_us(" + a[1] + ") - epoch_us(" + a[2] + ")) * 1000)"
		}
		if word() == "week" { // weeks begin on Sunday, the year 1 began on a Monday
			week := func(x string) string {
				return "(((epoch_us(" + x + ") + " + unixEpoch + ") // 86400000000 + 1) // 7)"
			}
			return "(" + week(a[1]) + " - " + week(a[2]) + ")"
		}
		return "date_diff('" + word() + "', " + a[2] + ", " + a[1] + ")"
	}
	return duckFormat(e, a[0], c.args[1].(*constant).value.(string))
}

// duckFormat writes a datetime in a checked format of format_datetime. Fractions of a second are cut from their six
// digits; the rest is strftime's.
func duckFormat(e *exprs, x, format string) string {
	tokens, _, _ := formatTokens(format)
	codes := map[string]string{
		"yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I",
		"mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "tt": "%p", "ffffff": "%f", "fffffff": "%f0",
	}
	var parts []string
	run := ""
	end := func() {
		if run != "" {
			parts = append(parts, "strftime("+x+", "+cast(e.arg(run), "VARCHAR")+")")
		}
		run = ""
	}
	for _, t := range tokens {
		code, ok := codes[t]
		switch {
		case ok:
			run += code
		case t[0] == 'f':
			end()
			parts = append(parts, "left(strftime("+x+", '%f'), "+strconv.Itoa(len(t))+")")
		default:
			run += t
		}
	}
	end()
	if len(parts) == 0 {
		return "''"
	}
	return "coalesce(" + strings.Join(parts, " || ") + ", '')"
}

// textCall writes the operations on text.
func (d duckdb) textCall(e *exprs, c *call, a []string) (string, bool) {
	switch c.op {
	case opFold, opLower:
		return fn("lower", a[0]), true
	case opUpper:
		return fn("upper", a[0]), true
	case opContains:
		return fn("contains", a...), true
	case opStartsWith:
		return fn("starts_with", a...), true
	case opEndsWith:
		return fn("suffix", a...), true
	case opHas, opHasPrefix, opHasSuffix:
		return d.has(e, c, a), true
	case opHasAny:
		return d.hasAny(e, c, a), true
	case opMatches:
		return fn("regexp_matches", a...), true
	case opStrlen:
		return fn("length", a[0]), true
	case opStrcat:
		return fn("concat", a...), true
	case opSubstring:
		for i := range a[1:] {
			a[i+1] = duckPosition(c.args[i+1], a[i+1])
		}
		from := "(CASE WHEN " + a[1] + " < 0 THEN greatest(length(" + a[0] + ") + " + a[1] + ", 0) + 1 ELSE " + a[1] + " + 1 END)"
		if len(a) == 3 {
			return "coalesce(substring(" + a[0] + ", " + from + ", greatest(" + a[2] + ", 0)), '')", true
		}
		return "coalesce(substring(" + a[0] + ", " + from + "), '')", true
	case opIndexOf:
		if len(a) == 2 {
			return "(strpos(" + a[0] + ", " + a[1] + ") - 1)", true
		}
		from := duckPosition(c.args[2], a[2])
		from = "(CASE WHEN " + from + " < 0 THEN greatest(length(" + a[0] + ") + " + from + ", 0) ELSE " + from + " END)"
		found := "strpos(substring(" + a[0] + ", " + from + " + 1), " + a[1] + ")"
		return "(CASE WHEN " + found + " = 0 THEN -1 ELSE " + found + " + " + from + " - 1 END)", true
	case opReplace:
		return fn("replace", a...), true
	case opReplaceRE:
		return fn("regexp_replace", a[0], a[1], a[2], "'g'"), true
	case opTrim:
		return fn("regexp_replace", a[0], a[1], "''", "'g'"), true
	case opExtract:
		return "coalesce(" + fn("regexp_extract", a[2], a[0], cast(a[1], "INTEGER")) + ", '')", true
	case opCountOf:
		return d.countOf(c, a), true
	case opCountOfRE:
		return fn("len", fn("regexp_extract_all", a...)), true
	case opIPInRange:
		return d.ipInRange(e, c, a), true
	case opIP6In:
		x := duckIPv6(a[0])
		return "(" + x + " >= " + a[1] + " AND " + x + " <= " + a[2] + ")", true
	}
	return "", false
}

// has writes the term tests. For a literal a cheap search for the text runs first; only rows that have it meet the
// regular expression which looks at its ends. For what the row brings there is no regular expression to be had: making
// one takes a millisecond. Both texts are marked instead, see duckMarked.
func (d duckdb) has(e *exprs, c *call, a []string) string {
	before, after := c.op != opHasSuffix, c.op != opHasPrefix
	k, ok := c.args[1].(*constant)
	if !ok {
		return fn("contains", duckMarked(a[0]), duckEdged(a[1], before, after))
	}
	needle := k.value.(string)
	first, _ := utf8.DecodeRuneInString(needle)
	last, _ := utf8.DecodeLastRuneInString(needle)
	pattern := regexp.QuoteMeta(needle)
	if before && termRune(first) {
		pattern = termBefore + pattern
	}
	if after && termRune(last) {
		pattern += termAfter
	}
	contains := fn("contains", a...)
	if needle == "" || pattern == regexp.QuoteMeta(needle) {
		return contains
	}
	// DuckDB tries the sides of an AND in either order to see which is cheaper; of a CASE it does not.
	return "(CASE WHEN " + contains + " THEN regexp_matches(" + a[0] + ", " + cast(e.arg(pattern), "VARCHAR") + ") ELSE false END)"
}

// duckPosition keeps a position in a text within bounds that no text reaches: DuckDB fails on those beyond 32 bits.
func duckPosition(x scalar, sql string) string {
	const most = 1_000_000_000
	if k, ok := x.(*constant); ok && k.value != nil && k.value.(int64) >= -most && k.value.(int64) <= most {
		return sql
	}
	return fmt.Sprintf("least(greatest(%s, -%d), %d)", sql, most, most)
}

// hasAny writes the search for one of many terms. A regular expression takes DuckDB ten milliseconds to make, since there
// are thousands of letters, and hardly more when it has many alternatives; so there is one for up to a hundred terms.
func (d duckdb) hasAny(e *exprs, c *call, a []string) string {
	var tests []string
	groups := map[[2]string][]string{} // by what has to stand before and after
	var order [][2]string
	for i, arg := range c.args[1:] {
		if len(c.args) <= 3 {
			tests = append(tests, d.has(e, &call{opHas, c.typ, []scalar{c.args[0], arg}}, []string{a[0], a[i+1]}))
			continue
		}
		needle := arg.(*constant).value.(string)
		first, _ := utf8.DecodeRuneInString(needle)
		last, _ := utf8.DecodeLastRuneInString(needle)
		var ends [2]string
		if termRune(first) {
			ends[0] = termBefore
		}
		if termRune(last) {
			ends[1] = termAfter
		}
		if groups[ends] == nil {
			order = append(order, ends)
		}
		groups[ends] = append(groups[ends], regexp.QuoteMeta(needle))
	}
	for _, ends := range order {
		for words := range slices.Chunk(groups[ends], 100) {
			pattern := ends[0] + "(?:" + strings.Join(words, "|") + ")" + ends[1]
			tests = append(tests, fn("regexp_matches", a[0], cast(e.arg(pattern), "VARCHAR")))
		}
	}
	return "(" + strings.Join(tests, " OR ") + ")"
}

// duckMark stands on both sides of every character that separates terms.
func duckMark(x string) string {
	return "regexp_replace(" + x + ", '([^" + termChars + "])', '\x01\\1\x01', 'g')"
}

// duckMarked marks a text that is searched for terms: where a term begins or ends there is a mark.
func duckMarked(x string) string { return "('\x01' || " + duckMark(x) + " || '\x01')" }

// duckEdged marks a text that is looked for, so that it is found in a marked one only where its ends are ends of terms.
func duckEdged(x string, before, after bool) string {
	out := duckMark(x)
	if before {
		out = "CASE WHEN regexp_matches(" + x + ", '^[" + termChars + "]') THEN '\x01' ELSE '' END || " + out
	}
	if after {
		out += " || CASE WHEN regexp_matches(" + x + ", '[" + termChars + "]$') THEN '\x01' ELSE '' END"
	}
	return "(" + out + ")"
}

func termRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// countOf counts plain text, overlaps included.
func (d duckdb) countOf(c *call, a []string) string {
	needle := c.args[1].(*constant).value.(string)
	n := utf8.RuneCountInString(needle)
	if n == 0 {
		return "CAST(0 AS BIGINT)"
	}
	runes := []rune(needle)
	overlaps := false
	for i := 1; i < n; i++ {
		overlaps = overlaps || string(runes[i:]) == string(runes[:n-i])
	}
	if !overlaps {
		return "((length(" + a[0] + ") - length(replace(" + a[0] + ", " + a[1] + ", ''))) // " + strconv.Itoa(n) + ")"
	}
	return fmt.Sprintf("len(list_filter(range(1, length(%s) - %d), lambda i: substring(%s, i, %d) = %s))", a[0], n-2, a[0], n, a[1])
}

// ipInRange compares networks as numbers: DuckDB's inet extension can't be counted on. Of two prefixes the shorter
// counts; text that is no IPv4 address gives null.
func (d duckdb) ipInRange(e *exprs, c *call, a []string) string {
	number := func(ip string) string {
		addr := "split_part(" + ip + ", '/', 1)"
		part := func(i int) string {
			return "CAST(split_part(" + addr + ", '.', " + strconv.Itoa(i) + ") AS BIGINT)"
		}
		return "(CASE WHEN regexp_full_match(" + ip + ", '" + duckOctet + `(?:\.` + duckOctet + `){3}(?:/(?:3[0-2]|[12]?\d))?') THEN ((` + part(1) + " * 256 + " + part(2) + ") * 256 + " + part(3) + ") * 256 + " + part(4) + " END)"
	}
	prefix := func(ip string) string {
		return "coalesce(TRY_CAST(nullif(split_part(" + ip + ", '/', 2), '') AS BIGINT), 32)"
	}
	keep := "(32 - least(" + prefix(a[0]) + ", " + prefix(a[1]) + "))"
	sql := "((" + number(a[0]) + " >> " + keep + ") = (" + number(a[1]) + " >> " + keep + "))"
	if k, ok := c.args[1].(*constant); ok {
		if start := octets(k.value.(string)); start != "" {
			// Whole octets of the network are a prefix of the text, which needs no arithmetic to rule a row out.
			mark := cast(e.arg(start), "VARCHAR")
			sql = "(CASE WHEN starts_with(" + a[0] + ", " + mark + ") OR contains(" + a[0] + ", '/') THEN " + sql +
				" WHEN " + number(a[0]) + " IS NULL THEN NULL ELSE false END)"
		}
	}
	return sql
}

// octets returns the text with which every address in a network begins: "10.1." for 10.1.0.0/16; "" when there is none.
func octets(cidr string) string {
	addr, bits, ok := strings.Cut(cidr, "/")
	n, err := strconv.Atoi(bits)
	parts := strings.Split(addr, ".")
	if !ok || err != nil || n < 8 || n > 32 || len(parts) != 4 {
		return ""
	}
	for _, p := range parts {
		if v, err := strconv.ParseUint(p, 10, 8); err != nil || strconv.FormatUint(v, 10) != p {
			return ""
		}
	}
	return strings.Join(parts[:min(n/8, 3)], ".") + "."
}

// duckIPv6 writes an address as 32 hexadecimal digits, an IPv4 address as ::ffff:a.b.c.d; null for what is none.
func duckIPv6(x string) string {
	groups := func(part string) string {
		return "list_filter(string_split(split_part(" + x + ", '::', " + part + "), ':'), lambda g: g <> '')"
	}
	l, r := groups("1"), groups("2")
	all := "(CASE WHEN contains(" + x + ", '::') THEN " + l + " || list_transform(range(8 - len(" + l + ") - len(" + r + ")), lambda z: '0') || " + r +
		" ELSE string_split(" + x + ", ':') END)"
	v6 := "(CASE WHEN len(" + all + ") = 8 THEN lower(array_to_string(list_transform(" + all + ", lambda g: lpad(g, 4, '0')), '')) END)"
	v4 := "'00000000000000000000ffff' || array_to_string(list_transform(string_split(" + x + ", '.'), lambda g: lpad(lower(to_hex(CAST(g AS INTEGER))), 2, '0')), '')"
	return "(CASE WHEN regexp_full_match(" + x + ", '" + duckOctet + `(?:\.` + duckOctet + "){3}') THEN " + v4 +
		" WHEN regexp_full_match(" + x + ", '[0-9A-Fa-f:]{2,39}') AND contains(" + x + ", ':') THEN " + v6 + " END)"
}
