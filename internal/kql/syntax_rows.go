package kql

import "tocsin/internal/event"

// Operators that take text apart, expand and gather values, or look at rows in their order.
type (
	// ParseText is parse: it takes text apart by a pattern. Where drops the rows that do not have it.
	ParseText struct {
		Span
		Where   bool
		Kind    string // simple, regex or relaxed; "" is simple
		Flags   string // of a regular expression
		X       Expr
		Pattern []ParsePart
	}
	// ParseKV takes "key=value, ..." apart. Pair and KV are nil when any character may separate.
	ParseKV struct {
		Span
		X               Expr
		Keys            []TypedName
		Pair, KV, Regex *Literal
		Quotes, Escapes []*Literal
		Greedy          bool
	}
	// MvApply expands like MvExpand and runs Sub over the rows of each input row.
	MvApply struct {
		Span
		Items     []Expansion
		ItemIndex string
		Limit     Expr
		Sub       []Operator
	}
	// Partition runs Sub over the rows of each value of a column.
	Partition struct {
		Span
		By  *Name
		Sub []Operator
	}
	// MakeSeries makes arrays of aggregates along an axis.
	MakeSeries struct {
		Span
		NonEmpty bool
		Aggs     []SeriesAgg
		On       Named
		From, To Expr // may be nil
		Step     Expr
		By       []Named
	}
	// TopNested groups level by level.
	TopNested struct {
		Span
		Levels []NestedLevel
	}
	// TopHitters is the most frequent values, or those with the largest sum of By.
	TopHitters struct {
		Span
		N  Expr
		X  Named
		By Expr // may be nil
	}
	// Sample keeps N rows, by chance.
	Sample struct {
		Span
		N Expr
	}
	// SampleDistinct keeps N different values.
	SampleDistinct struct {
		Span
		N Expr
		X Named
	}
	// Serialize fixes the order of rows; Items are added as by extend.
	Serialize struct {
		Span
		Items []Named
	}
	// Evaluate calls a plug-in. Schema is nil when none was written; Star tells that it began with "*".
	Evaluate struct {
		Span
		Name   string
		Args   []Named
		Schema []TypedName
		Star   bool
	}
)

func (*ParseText) operator()      {}
func (*ParseKV) operator()        {}
func (*MvApply) operator()        {}
func (*Partition) operator()      {}
func (*MakeSeries) operator()     {}
func (*TopNested) operator()      {}
func (*TopHitters) operator()     {}
func (*Sample) operator()         {}
func (*SampleDistinct) operator() {}
func (*Serialize) operator()      {}
func (*Evaluate) operator()       {}

// ParsePart is a piece of a pattern: "*", a text, or a column that takes what stands there.
type ParsePart struct {
	Span
	Text   *Literal // nil: a column, or "*" when Column is nil too
	Column *TypedName
}

// TypedName is a name with a type; Type is "" when none was written.
type TypedName struct {
	Span
	Name string
	Type event.Type
}

// SeriesAgg is an aggregate of make-series; Default is nil when none was written.
type SeriesAgg struct {
	Named
	Default Expr
}

// NestedLevel is one level of top-nested. N and Others may be nil.
type NestedLevel struct {
	Span
	N      Expr
	X      Named
	Others Expr
	Agg    Named
	Asc    bool
}
