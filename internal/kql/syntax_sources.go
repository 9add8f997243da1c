package kql

import "tocsin/internal/event"

type (
	// Lambda is a function: let f = (a:string, b:long = 3, T:(Col:string), U:(*)) { ... }. It can stand only in a let.
	Lambda struct {
		Span
		View   bool // stands for a table where names are matched by a wildcard
		Params []*Param
		Body   *Tree
	}
	// Declared is the name and type of a column.
	Declared struct {
		Span
		Name string
		Type event.Type
	}
	// Param of a function: a scalar of a type, or a table that has some columns or (*) any.
	Param struct {
		Declared
		Default *Literal // nil: none
		Table   bool
		Columns []Declared // of a table; nil: any
	}
	// DataTable is datatable(Name:type, ...) [value, ...].
	DataTable struct {
		Span
		Columns []Declared
		Values  []Expr
	}
	// Range is range Name from From to To step Step.
	Range struct {
		Span
		Name           string
		From, To, Step Expr
	}
	// ExternalData is externaldata(Name:type, ...) [uri, ...] with (name=value, ...).
	ExternalData struct {
		Span
		Columns []Declared
		URIs    []Expr
		With    []Property
	}
	// Wildcard is a set of tables by the pattern of their names.
	Wildcard struct {
		Span
		Pattern string
	}
	// SearchSource is a search that begins a pipeline.
	SearchSource struct {
		Span
		Search *Search
	}
	// Find looks for rows in several tables.
	Find struct {
		Span
		WithSource string
		Inputs     []Expr // nil: every table
		Pred       Expr
		Project    []FindColumn // nil: project-smart
		Pack       bool         // with Project: the rest goes into a bag
	}
)

// FindColumn is a column that find gives. Type is "" when none was written.
type FindColumn = Declared

func (*Lambda) expr()       {}
func (*DataTable) expr()    {}
func (*Range) expr()        {}
func (*ExternalData) expr() {}
func (*Wildcard) expr()     {}
func (*SearchSource) expr() {}
func (*Find) expr()         {}

type (
	// Search keeps the rows in which something stands. Kind is as written, "" when it was not.
	Search struct {
		Span
		Kind   string
		Inputs []Expr // nil: what comes in, or every table
		Pred   Expr
	}
	// Invoke gives the table to a function, as its first argument.
	Invoke struct {
		Span
		Call *Call
	}
	// As names the table for what follows.
	As struct {
		Span
		Name string
	}
	// GetSchema replaces the table by the list of its columns.
	GetSchema struct{ Span }
)

func (*Search) operator()    {}
func (*Invoke) operator()    {}
func (*As) operator()        {}
func (*GetSchema) operator() {}
