package kql

import "tocsin/internal/event"

// column is one column of a plan: an identity, not a name. Names live in the binder's scopes only, so renaming,
// reordering and dropping columns leave no trace in the plan.
type column struct {
	typ event.Type
	// uuid marks a column that carries a UUIDv7 whose time is the row's Timestamp.
	uuid bool
}

// scalar is a bound expression; every one has a type. A string is never null.
type scalar interface{ typeOf() event.Type }

type (
	// ref reads a column.
	ref struct{ col *column }
	// constant is a literal; value as in Literal.
	constant struct {
		typ   event.Type
		value any
	}
	// call applies an operation. The operations are listed at op.
	call struct {
		op   op
		typ  event.Type
		args []scalar
	}
	// inQuery is x in (sub-query): the row of x equals some row of cols.
	inQuery struct {
		x    []scalar
		plan node
		cols []scalar // over plan
		not  bool
	}
	// valueQuery is the value of x in the first row of plan; null, or an empty text, when there is no row.
	valueQuery struct {
		plan node
		x    scalar
	}
	// listQuery is the values of x, a string over plan, as a dynamic array.
	listQuery struct {
		plan node
		x    scalar
	}
)

func (r *ref) typeOf() event.Type        { return r.col.typ }
func (c *constant) typeOf() event.Type   { return c.typ }
func (c *call) typeOf() event.Type       { return c.typ }
func (*inQuery) typeOf() event.Type      { return event.Bool }
func (*listQuery) typeOf() event.Type    { return event.Dynamic }
func (q *valueQuery) typeOf() event.Type { return q.x.typeOf() }

// op names an operation. Dialects must know every one; a string operand or result is never null.
type op string

const (
	opAnd op = "and" // any number of bool
	opOr  op = "or"
	opNot op = "not"

	opEq op = "=="  // two of comparable type
	opNe op = "!="  //
	opLt op = "<"   //
	opLe op = "<="  //
	opGt op = ">"   //
	opGe op = ">="  //
	opIn op = "in"  // x and any number of values
	opIs op = "is?" // null test of a value that is no string

	opFold        op = "fold" // string to lower case, for comparisons regardless of case
	opContains    op = "contains"
	opStartsWith  op = "startswith"
	opEndsWith    op = "endswith"
	opHas         op = "has"     // second argument stands in the first as whole terms
	opHasAny      op = "has_any" // some of the further arguments, which are constants
	opHasPrefix   op = "hasprefix"
	opHasSuffix   op = "hassuffix"
	opMatches     op = "matches"
	opEdges       op = "edges"         // a string as has_any and has_all look for it
	opInArray     op = "in array"      // x, dynamic array
	opHasAnyArray op = "has_any array" // folded x, dynamic array or a listQuery of opEdges
	opHasAllArray op = "has_all array"

	opAdd    op = "+" // numbers of the result's type; also ticks
	opSub    op = "-"
	opMul    op = "*"
	opDiv    op = "/"
	opMod    op = "%"
	opNeg    op = "neg"
	opDtDiff op = "datetime-datetime" // timespan
	opDtAdd  op = "datetime+timespan"
	opDtSub  op = "datetime-timespan"
	opTsMul  op = "timespan*real"
	opTsDiv  op = "timespan/real"
	opTsRate op = "timespan/timespan" // real

	opBin       op = "bin" // numbers or timespans; or datetime by timespan
	opStartOf   op = "startof"
	opDatePart  op = "datepart"
	opDayOfWeek op = "dayofweek" // long, Sunday 0
	opDateDiff  op = "datediff"
	opFormat    op = "format_datetime"
	opDateAdd   op = "datetime_add" // unit, how many, datetime
	opMakeSpan  op = "days to timespan"

	opCase     op = "case"     // condition, value, ..., otherwise
	opCoalesce op = "coalesce" // first that is not null; for strings not empty
	opConvert  op = "convert"  // to the call's type
	opWhole    op = "whole"    // the whole number that a dynamic value is; null for any other value
	opCast     op = "cast"     // a dynamic value that is of the call's type; null for any other value

	opStrlen     op = "strlen"
	opUpper      op = "upper"
	opLower      op = "lower"
	opStrcat     op = "strcat"
	opSubstring  op = "substring"
	opIndexOf    op = "indexof"
	opReplace    op = "replace_string"
	opReplaceRE  op = "replace_regex"
	opTrim       op = "trim"
	opExtract    op = "extract"
	opPairValue  op = "pair value"  // text, regular expression of a key and a value, key: the value of its first match with that key
	opExtractAll op = "extract_all" // text, regular expression of one group: an array of texts, null when there is no match
	opCountOf    op = "countof"
	opCountOfRE  op = "countof regex"
	opSplit      op = "split"
	opSplitAt    op = "split at" // array, index: an array of that element alone, or empty
	opURL        op = "parse_url"
	opStrcatList op = "strcat_array"

	opParseJSON   op = "parse_json"
	opMember      op = "member"  // dynamic, key
	opElement     op = "element" // dynamic, index
	opArrayLength op = "array_length"
	opPackArray   op = "pack_array"
	opPackBag     op = "bag_pack"
	opBagKeys     op = "bag_keys"

	opJSONType  op = "json type"  // the type of a dynamic value, as text; empty for null
	opIPFirst   op = "ipv4 first" // of an IPv4 network as text: its first address as a number
	opIPLast    op = "ipv4 last"
	opIPInRange op = "ipv4_is_in_range"
	opIP6In     op = "ipv6_is_in_range" // text, first and last address of the range as 32 hexadecimal digits
	opRound     op = "round"
	opAbs       op = "abs"
	opFloor     op = "floor"
	opCeiling   op = "ceiling"
	opChance    op = "chance" // a number by chance, from 0 up to 1
	opNarrow    op = "narrow" // a whole number of more bits than its type has; null when it does not fit
	opStop      op = "stop"   // ends the query with a sentence
)

// node is one step of a relational plan.
type node interface{ inputs() []node }

type (
	// scan reads a hunting table.
	scan struct {
		table *event.Table
		cols  map[*column]*event.Column
		time  *column // Timestamp; nil when the table has none
		where []scalar
	}
	// oneRow is a table of one row without columns.
	oneRow struct{}
	// filter keeps rows.
	filter struct {
		in   node
		cond scalar
	}
	// compute adds columns.
	compute struct {
		in    node
		items []item
	}
	// aggregate groups. by columns and results are new columns.
	aggregate struct {
		in   node
		by   []item
		aggs []aggItem
	}
	// order sorts.
	order struct {
		in   node
		keys []orderKey
	}
	// limit keeps n rows.
	limit struct {
		in node
		n  int64
	}
	// join of two tables whose columns stay what they are, except that those of a side that may be missing are
	// replaced: outer lists the replacements.
	join struct {
		kind        joinKind
		left, right node
		on          []joinPair
		also        scalar // a further condition; may be nil
		outer       []item
		// gives are the columns of each side, once the optimiser has asked for them.
		gives *[2]map[*column]bool
	}
	// union appends tables; row i of maps tells how to compute cols from input i.
	union struct {
		in   []node
		cols []*column
		maps [][]scalar
	}
)

type item struct {
	col *column
	x   scalar
}

// aggItem is one aggregate function. cond, when set, chooses the rows it sees.
type aggItem struct {
	fn   aggFn
	col  *column
	args []scalar
	cond scalar
	// outs are further results of arg_max, arg_min and take_any, all taken from the same row.
	outs []item
	over string // set by a dialect for its own use
}

type aggFn string

const (
	aggCount      aggFn = "count"
	aggDCount     aggFn = "dcount" // may be off by a few in a million
	aggDistinct   aggFn = "count_distinct"
	aggSum        aggFn = "sum"
	aggAvg        aggFn = "avg"
	aggMin        aggFn = "min"
	aggMax        aggFn = "max"
	aggArgMax     aggFn = "arg_max"
	aggArgMin     aggFn = "arg_min"
	aggAny        aggFn = "take_any"
	aggList       aggFn = "make_list"
	aggSet        aggFn = "make_set"
	aggPercentile aggFn = "percentile"
	aggStdev      aggFn = "stdev"
	aggVariance   aggFn = "variance"
	aggSeries     aggFn = "series" // value, bin, empty bins before, empty bins behind, default, length when there is no row
	aggAxis       aggFn = "axis"   // origin, step, bin, empty bins before, empty bins behind, length when there is no row

	aggStdevP       aggFn = "stdevp"
	aggVarianceP    aggFn = "variancep"
	aggCovariance   aggFn = "covariance"
	aggCovarianceP  aggFn = "covariancep"
	aggAllAnd       aggFn = "binary_all_and"
	aggAllOr        aggFn = "binary_all_or"
	aggAllXor       aggFn = "binary_all_xor"
	aggListNulls    aggFn = "make_list_with_nulls"
	aggBag          aggFn = "make_bag"
	aggPercentiles  aggFn = "percentiles_array"  // value, any number of reals from 0 to 1
	aggPercentileW  aggFn = "percentilew"        // value, weight, a real from 0 to 1
	aggPercentilesW aggFn = "percentilesw_array" // value, weight, any number of reals from 0 to 1
)

type orderKey struct {
	col        *column
	desc       bool
	nullsFirst bool
}

type joinKind string

const (
	joinInnerUnique joinKind = "innerunique"
	joinInner       joinKind = "inner"
	joinLeftOuter   joinKind = "leftouter"
	joinRightOuter  joinKind = "rightouter"
	joinFullOuter   joinKind = "fullouter"
)

type joinPair struct{ left, right scalar }

func (*scan) inputs() []node        { return nil }
func (*oneRow) inputs() []node      { return nil }
func (n *filter) inputs() []node    { return []node{n.in} }
func (n *compute) inputs() []node   { return []node{n.in} }
func (n *aggregate) inputs() []node { return []node{n.in} }
func (n *order) inputs() []node     { return []node{n.in} }
func (n *limit) inputs() []node     { return []node{n.in} }
func (n *join) inputs() []node      { return []node{n.left, n.right} }
func (n *union) inputs() []node     { return n.in }

// field is a named column of a scope.
type field struct {
	name string
	col  *column
}

// relation is a plan with the names of its columns, in order.
type relation struct {
	plan   node
	fields []field
	ordering
	group *grouping // in the sub-query of mv-apply or partition
	name  string    // of the table, where it is one or was given one
	// hidden are columns that go along and can't be named: those of a function's table that it does not declare.
	hidden map[*column]bool
	// all is the text of all columns, as it is and folded, where a search looks into it more than once.
	all    *[2]*column
	legacy *legacy // nil: no column has a name of old
}

func (r *relation) lookup(name string) *column {
	for _, f := range r.fields {
		if f.name == name && !r.hidden[f.col] {
			return f.col
		}
	}
	return nil
}

func (r *relation) index(name string) int {
	for i, f := range r.fields {
		if f.name == name {
			return i
		}
	}
	return -1
}

// columnsOf adds the columns that x reads to set. Sub-queries of x read no column of the outer plan.
func columnsOf(set map[*column]bool, xs ...scalar) {
	for _, x := range xs {
		switch x := x.(type) {
		case *ref:
			set[x.col] = true
		case *call:
			columnsOf(set, x.args...)
		case *inQuery:
			columnsOf(set, x.x...)
		}
	}
}
