package kql

import (
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

// function describes a scalar function of the language.
//
// params has one letter an argument: s text, S anything that has a text, l integer, n number, r number as a real,
// t datetime, p timespan, b condition, d dynamic, z dynamic or a number, as dynamic, j anything as dynamic, a anything.
// What follows "?" may be left out; "*" repeats the letter before it.
// A dynamic value is converted to what the parameter asks for.
type function struct {
	params string
	naming naming
	typ    event.Type
	op     op                 // with typ: the call is this operation
	bind   func(fcall) scalar // instead of op
	// outputs are the columns of a function that gives several values at once, such as series_stats. Its value is a
	// dynamic array of them in this order; see several.
	outputs []output
}

// fcall is a call whose arguments are bound and of the right types.
type fcall struct {
	at    Span
	name  string
	args  []scalar
	nodes []Expr
	now   time.Time
}

// word returns argument i, which must be a constant string.
func (c fcall) word(i int) string {
	if k, ok := c.args[i].(*constant); ok && k.typ == event.String {
		return k.value.(string)
	}
	fail(c.nodes[i].Pos(), "%s needs a literal string here", c.name)
	return ""
}

func conversion(to event.Type) function {
	return function{params: "a", naming: nameFirst, bind: func(c fcall) scalar { return convert(c.args[0], to) }}
}

func startOf(unit string) function {
	return function{params: "t?l", naming: nameFirst, bind: func(c fcall) scalar {
		return &call{opStartOf, event.Datetime, []scalar{text(unit), c.args[0], offset(c, 1)}}
	}}
}

// endOf is the last microsecond before the next one starts.
func endOf(unit string) function {
	return function{params: "t?l", bind: func(c fcall) scalar {
		next := &call{opAdd, event.Long, []scalar{offset(c, 1), long(1)}}
		start := &call{opStartOf, event.Datetime, []scalar{text(unit), c.args[0], fold(next)}}
		return &call{opDtSub, event.Datetime, []scalar{start, &constant{event.Timespan, micro}}}
	}}
}

func offset(c fcall, i int) scalar {
	if i < len(c.args) {
		return c.args[i]
	}
	return long(0)
}

func datePart(unit string) function {
	return function{params: "t", bind: func(c fcall) scalar {
		return &call{opDatePart, event.Int, []scalar{text(unit), c.args[0]}}
	}}
}

var jsonFunction = function{params: "s", naming: nameFirst, bind: parseJSON}

// functions are all scalar functions, from the families' tables.
var functions = func() map[string]function {
	out := map[string]function{}
	for _, family := range []map[string]function{
		commonFunctions, mathFunctions, timeFunctions, textFunctions, dynamicFunctions, ipFunctions, seriesFunctions,
	} {
		maps.Copy(out, family)
	}
	return out
}()

// commonFunctions are those that most queries use.
var commonFunctions = map[string]function{
	"now": {params: "?p", bind: func(c fcall) scalar {
		now := &constant{event.Datetime, c.now.UTC().Truncate(time.Microsecond)}
		if len(c.args) == 0 {
			return now
		}
		return fold(&call{opDtAdd, event.Datetime, []scalar{now, c.args[0]}})
	}},
	"ago": {params: "p", bind: func(c fcall) scalar {
		return fold(&call{opDtSub, event.Datetime, []scalar{&constant{event.Datetime, c.now.UTC().Truncate(time.Microsecond)}, c.args[0]}})
	}},
	"bin": {params: "aa", naming: nameFirst, bind: bin}, "floor": {params: "aa", naming: nameFirst, bind: bin},
	"startofday": startOf("day"), "startofweek": startOf("week"), "startofmonth": startOf("month"), "startofyear": startOf("year"),
	"endofday": endOf("day"), "endofweek": endOf("week"), "endofmonth": endOf("month"), "endofyear": endOf("year"),
	"datetime_diff": {params: "stt", bind: func(c fcall) scalar {
		return &call{opDateDiff, event.Long, []scalar{text(datePartName(c, diffParts)), c.args[1], c.args[2]}}
	}},
	"datetime_part": {params: "st", bind: func(c fcall) scalar {
		return &call{opDatePart, event.Int, []scalar{text(datePartName(c, dateParts)), c.args[1]}}
	}},
	"hourofday": datePart("hour"), "dayofmonth": datePart("day"), "dayofyear": datePart("dayofyear"), "monthofyear": datePart("month"),
	"getmonth": datePart("month"), "getyear": datePart("year"), "week_of_year": datePart("week_of_year"),
	"dayofweek": {params: "t", bind: func(c fcall) scalar {
		return &call{opTsMul, event.Timespan, []scalar{&constant{event.Timespan, day}, &call{opDayOfWeek, event.Long, c.args}}}
	}},
	"format_datetime": {params: "ts", naming: nameFirst, bind: func(c fcall) scalar {
		return &call{opFormat, event.String, []scalar{c.args[0], text(checkFormat(c.nodes[1].Pos(), c.word(1)))}}
	}},

	"isempty":    {params: "a", bind: isEmpty},
	"isnotempty": {params: "a", bind: func(c fcall) scalar { return not(isEmpty(c)) }}, "notempty": {params: "a", bind: func(c fcall) scalar { return not(isEmpty(c)) }},
	"isnull":    {params: "a", bind: isNull},
	"isnotnull": {params: "a", bind: func(c fcall) scalar { return not(isNull(c)) }}, "notnull": {params: "a", bind: func(c fcall) scalar { return not(isNull(c)) }},
	"not": {params: "b", bind: func(c fcall) scalar { return not(c.args[0]) }},
	"iff": {params: "baa", bind: choose}, "iif": {params: "baa", bind: choose},
	"case":     {params: "baa*", bind: choose},
	"coalesce": {params: "aaa*", bind: coalesce},

	"tostring": conversion(event.String), "toint": conversion(event.Int), "tolong": conversion(event.Long),
	"todouble": conversion(event.Real), "toreal": conversion(event.Real), "todatetime": conversion(event.Datetime),
	"tobool": conversion(event.Bool), "toboolean": conversion(event.Bool), "totimespan": conversion(event.Timespan), "totime": conversion(event.Timespan),
	"parse_json": jsonFunction, "parsejson": jsonFunction, "todynamic": jsonFunction, "toobject": jsonFunction,

	"strlen":  {params: "s", naming: "strlen", op: opStrlen, typ: event.Long},
	"tolower": {params: "S", op: opLower, typ: event.String}, "toupper": {params: "S", op: opUpper, typ: event.String},
	"strcat":    {params: "SS*", op: opStrcat, typ: event.String},
	"substring": {params: "Sl?l", op: opSubstring, typ: event.String},
	"indexof": {params: "SS?lll", bind: func(c fcall) scalar {
		if len(c.args) > 3 {
			return &call{inGo("indexof"), event.Long, c.args}
		}
		return &call{opIndexOf, event.Long, c.args}
	}},
	"replace_string": {params: "sss", op: opReplace, typ: event.String},
	"replace_regex":  {params: "sss", bind: regexAt(1, opReplaceRE, event.String)},
	"trim":           {params: "ss", bind: trim("both")}, "trim_start": {params: "ss", bind: trim("start")}, "trim_end": {params: "ss", bind: trim("end")},
	// The sign of the order of two texts by code point.
	"strcmp": {params: "ss", bind: func(c fcall) scalar {
		return &call{opCase, event.Long, []scalar{test(opLt, c.args[0], c.args[1]), long(-1), test(opGt, c.args[0], c.args[1]), long(1), long(0)}}
	}},
	"split":        {params: "Ss?l", naming: nameFirst, bind: split},
	"countof":      {params: "ss?s", bind: countOf},
	"extract":      {params: "sls?a", bind: extract},
	"strcat_array": {params: "ds", op: opStrcatList, typ: event.String},
	"parse_url":    {params: "s", op: opURL, typ: event.Dynamic},

	"array_length": {params: "d", op: opArrayLength, typ: event.Long},
	"pack_array":   {params: "aa*", bind: packArray},
	"bag_pack":     {params: "saa*", bind: packBag}, "pack": {params: "saa*", bind: packBag},
	"bag_keys": {params: "d", op: opBagKeys, typ: event.Dynamic},

	"ipv4_is_in_range": {params: "ss", op: opIPInRange, typ: event.Bool},
	"ipv6_is_in_range": {params: "ss", bind: ipv6Range},
	"ipv4_is_private": {params: "s", bind: func(c fcall) scalar {
		var tests []scalar
		for _, net := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} {
			tests = append(tests, test(opIPInRange, c.args[0], text(net)))
		}
		return test(opOr, tests...)
	}},
	"round": {params: "n?l", naming: nameFirst, bind: func(c fcall) scalar {
		return &call{opRound, wide(c.args[0].typeOf()), []scalar{c.args[0], offset(c, 1)}}
	}},
	"abs": {params: "a", naming: nameFirst, bind: func(c fcall) scalar {
		if c.args[0].typeOf() == event.Timespan {
			return &call{opAbs, event.Timespan, c.args}
		}
		x := argument(c.name, c.nodes[0], 'n', c.args[0])
		return &call{opAbs, wide(x.typeOf()), []scalar{x}}
	}},
	"ceiling": {params: "n", naming: nameFirst, bind: func(c fcall) scalar {
		return &call{opCeiling, wide(c.args[0].typeOf()), c.args}
	}},
}

// call binds a call of a function or, where one may stand, of an aggregate.
func (b *binder) call(x *Call, sc *scope) scalar {
	if _, ok := aggregates[x.Name]; ok {
		if sc.agg == nil {
			fail(x.Span, "%s is an aggregate; it can stand only in summarize", x.Name)
		}
		return b.aggregate(x, "", sc)[0].x
	}
	if m := b.find(x.Name); m != nil {
		if m.lambda() != nil {
			return b.callScalar(x, m, sc)
		}
		fail(x.Span, "'%s' is a value, not a function", x.Name)
	}
	if x.Names != nil {
		fail(x.Span, "%s takes its arguments in order, without names", x.Name)
	}
	if w, ok := windowFunctions[x.Name]; ok {
		return b.windowCall(x, w, sc)
	}
	if v := b.rowCall(x, sc); v != nil {
		return v
	}
	if packed, ok := b.packColumns(x, sc); ok {
		return packed
	}
	f, ok := functions[x.Name]
	if why, known := refused[x.Name]; known && !ok {
		fail(x.Span, "%s is not supported: %s", x.Name, why)
	}
	if !ok {
		if notHere(x.Name) != "" {
			b.noFunction(x)
		}
		fail(x.Span, "function '%s' is not supported yet%s", x.Name, didYouMean(x.Name, slices.Sorted(maps.Keys(functions))))
	}
	if f.outputs != nil {
		fail(x.Span, "%s gives several values and can stand only by itself in extend, project or print", x.Name)
	}
	return b.apply(x, f, sc)
}

// apply binds the arguments of x and calls f on them.
func (b *binder) apply(x *Call, f function, sc *scope) scalar {
	if len(x.Args) > maxArguments {
		fail(x.Args[maxArguments].Pos(), "a function takes at most %d arguments", maxArguments)
	}
	kinds := paramKinds(x, f.params)
	args := make([]scalar, len(x.Args))
	for i, a := range x.Args {
		if t, ok := a.(*Typeof); ok && strings.HasPrefix(x.Name, "extract") {
			args[i] = text(string(t.Type))
			continue
		}
		args[i] = argument(x.Name, a, kinds[i], b.scalar(a, sc))
	}
	c := fcall{at: x.Span, name: x.Name, args: args, nodes: x.Args, now: b.opts.Now}
	if f.bind != nil {
		return f.bind(c)
	}
	return &call{f.op, f.typ, args}
}

// toScalar binds toscalar(query): the first column of the first row.
func (b *binder) toScalar(x *Call, sc *scope) scalar {
	paramKinds(x, "a")
	if !b.isTable(x.Args[0], sc) {
		return b.scalar(x.Args[0], sc)
	}
	rel := b.table(x.Args[0])
	return &valueQuery{plan: rel.plan, x: &ref{rel.fields[0].col}}
}

// paramKinds gives the letter of each argument of x, or fails when there are too few or too many.
func paramKinds(x *Call, params string) string {
	required := strings.IndexByte(params, '?')
	letters := strings.ReplaceAll(params, "?", "")
	if required < 0 {
		required = len(strings.TrimSuffix(letters, "*"))
		if strings.HasSuffix(letters, "*") {
			required--
		}
	}
	most := len(letters)
	if rest, ok := strings.CutSuffix(letters, "*"); ok {
		letters = rest
		for len(letters) < len(x.Args) {
			letters += rest[len(rest)-1:]
		}
		most = max(len(x.Args), required)
	}
	if n := len(x.Args); n < required || n > most {
		want := strconv.Itoa(required)
		switch {
		case strings.HasSuffix(params, "*"):
			want = "at least " + want
		case most != required:
			want += " to " + strconv.Itoa(most)
		}
		word := "arguments"
		if strings.HasSuffix(want, "1") {
			word = "argument"
		}
		fail(x.Span, "%s takes %s %s, not %d", x.Name, want, word, n)
	}
	return letters
}

// argument converts a value to what a parameter asks for.
func argument(name string, at Expr, kind byte, x scalar) scalar {
	t := x.typeOf()
	dynamic := t == event.Dynamic
	var want string
	switch kind {
	case 'a':
		return x
	case 'S':
		return convert(x, event.String)
	case 's':
		if dynamic || t == event.String {
			return convert(x, event.String)
		}
		want = "text"
	case 'l':
		if dynamic || integer(t) {
			return convert(x, event.Long)
		}
		want = "a whole number"
	case 'n':
		if dynamic {
			return convert(x, event.Real)
		}
		if numeric(t) {
			return x
		}
		want = "a number"
	case 'r':
		if dynamic || numeric(t) {
			return convert(x, event.Real)
		}
		want = "a number"
	case 'j':
		return convert(x, event.Dynamic)
	case 'z':
		if dynamic || numeric(t) {
			return convert(x, event.Dynamic)
		}
		want = "an array or a number"
	case 't':
		if dynamic || t == event.Datetime {
			return convert(x, event.Datetime)
		}
		want = "a datetime"
	case 'p':
		if dynamic || t == event.Timespan {
			return convert(x, event.Timespan)
		}
		want = "a timespan such as 7d"
	case 'b':
		if t == event.Bool {
			return x
		}
		want = "a condition"
	case 'd':
		if dynamic {
			return x
		}
		want = "an array or object (text is opened by parse_json)"
	}
	fail(at.Pos(), "%s needs %s here, this is %s", name, want, article(t))
	return nil
}

func bin(c fcall) scalar {
	x, step := c.args[0], c.args[1]
	a, z := x.typeOf(), step.typeOf()
	if k, ok := step.(*constant); ok {
		switch v := k.value.(type) {
		case int64:
			if v <= 0 {
				fail(c.nodes[1].Pos(), "the size of a bin is above zero")
			}
		case float64:
			if !(v > 0) {
				fail(c.nodes[1].Pos(), "the size of a bin is above zero")
			}
		}
	}
	switch {
	case numeric(a) && numeric(z):
		t := event.Long
		if a == event.Real || z == event.Real {
			t = event.Real
		}
		return &call{opBin, t, []scalar{convert(x, t), convert(step, t)}}
	case (a == event.Datetime || a == event.Timespan) && z == event.Timespan:
		return &call{opBin, a, []scalar{x, step}}
	}
	fail(c.at, "%s can't put %s into bins of %s", c.name, article(a), article(z))
	return nil
}

func isEmpty(c fcall) scalar {
	switch x := c.args[0]; x.typeOf() {
	case event.String:
		return test(opEq, x, text(""))
	case event.Dynamic:
		return test(opEq, convert(x, event.String), text(""))
	}
	return isNull(c)
}

func isNull(c fcall) scalar {
	if c.args[0].typeOf() == event.String { // a string is never null
		return &constant{event.Bool, false}
	}
	return test(opIs, c.args[0])
}

// choose binds iff and case.
func choose(c fcall) scalar {
	if len(c.args)%2 == 0 {
		fail(c.at, "case takes pairs of condition and value, and at the end the value otherwise")
	}
	for i := 0; i+1 < len(c.args); i += 2 {
		if c.args[i].typeOf() != event.Bool {
			fail(c.nodes[i].Pos(), "expected a condition, this is %s", article(c.args[i].typeOf()))
		}
	}
	var values []scalar
	var nodes []Expr
	for i := range c.args {
		if i%2 == 1 || i == len(c.args)-1 {
			values, nodes = append(values, c.args[i]), append(nodes, c.nodes[i])
		}
	}
	t := common(c.name, values, nodes)
	for i := range c.args {
		if i%2 == 1 || i == len(c.args)-1 {
			c.args[i] = convert(c.args[i], t)
		}
	}
	return &call{opCase, t, c.args}
}

func coalesce(c fcall) scalar {
	t := common(c.name, c.args, c.nodes)
	for i := range c.args {
		c.args[i] = convert(c.args[i], t)
	}
	return &call{opCoalesce, t, c.args}
}

// common is the one type of alternatives: the widest number, or what stands beside dynamic.
func common(name string, values []scalar, nodes []Expr) event.Type {
	var t event.Type
	for i, v := range values {
		switch a := v.typeOf(); {
		case t == "" || t == event.Dynamic:
			t = a
		case a == t || a == event.Dynamic:
		case numeric(a) && numeric(t):
			if a == event.Real || t == event.Real {
				t = event.Real
			} else {
				t = event.Long
			}
		default:
			fail(nodes[i].Pos(), "the values of %s must have one type; before stood %s, this is %s", name, article(t), article(a))
		}
	}
	return t
}

func parseJSON(c fcall) scalar {
	// A dynamic argument was turned into text on the way; it is JSON already.
	if k, ok := c.args[0].(*call); ok && k.op == opConvert && k.args[0].typeOf() == event.Dynamic {
		return k.args[0]
	}
	return &call{opParseJSON, event.Dynamic, c.args}
}

func regexAt(i int, o op, t event.Type) func(fcall) scalar {
	return func(c fcall) scalar {
		c.word(i)
		checkRegex(c.nodes[i].Pos(), c.args[i])
		return &call{o, t, c.args}
	}
}

// trim takes matches of a regular expression off the ends.
func trim(side string) func(fcall) scalar {
	return func(c fcall) scalar {
		re := c.word(0)
		checkRegex(c.nodes[0].Pos(), c.args[0])
		pattern := map[string]string{
			"start": "^(?:" + re + ")+",
			"end":   "(?:" + re + ")+$",
			"both":  "^(?:" + re + ")+|(?:" + re + ")+$",
		}[side]
		checkRegex(c.nodes[0].Pos(), text(pattern))
		return &call{opTrim, event.String, []scalar{c.args[1], text(pattern)}}
	}
}

func split(c fcall) scalar {
	list := &call{opSplit, event.Dynamic, c.args[:2]}
	if len(c.args) == 2 {
		return list
	}
	return &call{opSplitAt, event.Dynamic, []scalar{list, c.args[2]}}
}

func countOf(c fcall) scalar {
	kind := "normal"
	if len(c.args) == 3 {
		kind = c.word(2)
	}
	switch kind {
	case "normal":
		c.word(1)
		return &call{opCountOf, event.Long, c.args[:2]}
	case "regex":
		return regexAt(1, opCountOfRE, event.Long)(fcall{at: c.at, name: c.name, args: c.args[:2], nodes: c.nodes})
	}
	fail(c.nodes[2].Pos(), "the kind of countof is 'normal' or 'regex'")
	return nil
}

func extract(c fcall) scalar {
	c.word(0)
	checkRegex(c.nodes[0].Pos(), c.args[0])
	group, ok := c.args[1].(*constant)
	if !ok || group.value == nil || group.value.(int64) < 0 {
		fail(c.nodes[1].Pos(), "the number of the group is a literal: 0 for the whole match, 1 for the first group")
	}
	if n := groups(c.word(0)); group.value.(int64) > int64(n) {
		fail(c.nodes[1].Pos(), "the regular expression has only %d groups in brackets", n)
	}
	x := scalar(&call{opExtract, event.String, c.args[:3]})
	if len(c.args) == 4 {
		to, ok := c.nodes[3].(*Typeof)
		if !ok {
			fail(c.nodes[3].Pos(), "expected a type here, such as typeof(long)")
		}
		return convert(x, to.Type)
	}
	return x
}

func packArray(c fcall) scalar {
	var parts []string
	for _, a := range c.args {
		k, ok := a.(*constant)
		if !ok {
			return &call{opPackArray, event.Dynamic, c.args}
		}
		parts = append(parts, jsonConstant(k))
	}
	return &constant{event.Dynamic, "[" + strings.Join(parts, ",") + "]"}
}

func packBag(c fcall) scalar {
	if len(c.args)%2 != 0 {
		fail(c.at, "%s takes pairs of name and value", c.name)
	}
	for i := 0; i < len(c.args); i += 2 {
		c.args[i] = argument(c.name, c.nodes[i], 's', c.args[i])
	}
	return &call{opPackBag, event.Dynamic, c.args}
}

// ipv6Range turns the literal range into its first and last address. IPv4 addresses stand for ::ffff:a.b.c.d, as in
// Kusto.
func ipv6Range(c fcall) scalar {
	if _, ok := c.args[1].(*constant); !ok {
		return amongTexts("ipv6_is_in_any_range")(c)
	}
	p, err := netip.ParsePrefix(c.word(1))
	if err != nil {
		addr, err := netip.ParseAddr(c.word(1))
		if err != nil {
			fail(c.nodes[1].Pos(), "%q is not a network such as 2001:db8::/32", c.word(1))
		}
		p = netip.PrefixFrom(addr.WithZone(""), addr.BitLen())
	}
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	lo, hi := p.Masked().Addr().As16(), p.Masked().Addr().As16()
	for i := bits; i < 128; i++ {
		hi[i/8] |= 0x80 >> (i % 8)
	}
	return test(opIP6In, c.args[0], text(hex.EncodeToString(lo[:])), text(hex.EncodeToString(hi[:])))
}
