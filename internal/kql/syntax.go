package kql

import "tocsin/internal/event"

// Span is a piece of the query's text: bytes Start up to End.
type Span struct{ Start, End int }

// Pos returns the span itself, so that every node that embeds one has it.
func (s Span) Pos() Span { return s }

// Tree is a whole query, or the body of a function: statements, and the expression at the end.
type Tree struct {
	Sets   []Property // set statements; X is nil where no value was given
	Params []*Param   // declare query_parameters
	Lets   []*Let
	Body   Expr
}

// Let names a scalar, a table or a function: X is a *Lambda then.
type Let struct {
	Span
	Name string
	X    Expr
}

// Expr is a scalar or tabular expression; the binder knows which is allowed where.
type Expr interface {
	Pos() Span
	expr()
}

type (
	// Name refers to a column, a table or a let.
	Name struct {
		Span
		Name string
	}
	// Literal is a constant. Value is nil for a typed null; otherwise string, int64 (int, long, timespan in ticks),
	// float64, bool, time.Time, or for dynamic its compact JSON as string.
	Literal struct {
		Span
		Type   event.Type
		Value  any
		Hidden bool // h"...": not to be shown in logs
	}
	// Negative is -X.
	Negative struct {
		Span
		X Expr
	}
	// Binary is X Op Y for comparisons, string operators and arithmetic.
	Binary struct {
		Span
		Op   string
		X, Y Expr
	}
	// Logic is a chain of "and" or of "or", kept flat so that a thousand alternatives are not a thousand deep.
	Logic struct {
		Span
		Op string
		X  []Expr
	}
	// In is X Op (List) for in, !in, in~, !in~, has_any and has_all.
	In struct {
		Span
		Op   string
		X    Expr
		List []Expr
	}
	// Between is X between (Lo .. Hi).
	Between struct {
		Span
		Not       bool
		X, Lo, Hi Expr
	}
	// Call of a function or aggregate. Names are those given to the arguments, "" where none was; nil: none at all.
	Call struct {
		Span
		Name  string
		Args  []Expr
		Names []string
	}
	// Member is X.Name on a dynamic value, or $left.Name in a join.
	Member struct {
		Span
		X    Expr
		Name string
	}
	// Index is X[At] on a dynamic value.
	Index struct {
		Span
		X, At Expr
	}
	// Star is "*" where all columns are meant.
	Star struct{ Span }
	// Typeof is typeof(type).
	Typeof struct {
		Span
		Type event.Type
	}
	// Pipe is a tabular source with operators.
	Pipe struct {
		Span
		Source Expr
		Ops    []Operator
	}
	// UnionSource is a union that begins a pipeline.
	UnionSource struct {
		Span
		Union *Union
	}
	// Print makes one row.
	Print struct {
		Span
		Items []Named
	}
)

func (*Name) expr()        {}
func (*Literal) expr()     {}
func (*Negative) expr()    {}
func (*Binary) expr()      {}
func (*Logic) expr()       {}
func (*In) expr()          {}
func (*Between) expr()     {}
func (*Call) expr()        {}
func (*Member) expr()      {}
func (*Index) expr()       {}
func (*Star) expr()        {}
func (*Typeof) expr()      {}
func (*Pipe) expr()        {}
func (*UnionSource) expr() {}
func (*Print) expr()       {}

// Named is an expression with the name given to it; Name is "" when none was.
type Named struct {
	Span
	Name  string
	Names []string // several names for one expression: (a, b) = f()
	X     Expr
}

// Operator is one step of a pipeline.
type Operator interface {
	Pos() Span
	operator()
}

type (
	// Where keeps the rows for which Cond is true.
	Where struct {
		Span
		Cond Expr
	}
	// Extend adds or replaces columns.
	Extend struct {
		Span
		Items []Named
	}
	// Project makes exactly these columns.
	Project struct {
		Span
		Items []Named
	}
	// ProjectNames is project-away, project-keep and project-reorder: columns by name or pattern.
	ProjectNames struct {
		Span
		Op       string
		Patterns []Pattern
	}
	// ProjectRename gives columns new names.
	ProjectRename struct {
		Span
		Items []Named
	}
	// Summarize groups.
	Summarize struct {
		Span
		Aggs, By []Named
	}
	// Sort orders.
	Sort struct {
		Span
		Keys []SortKey
	}
	// Top is Sort and Take in one.
	Top struct {
		Span
		N    Expr
		Keys []SortKey
	}
	// Take keeps N rows.
	Take struct {
		Span
		N Expr
	}
	// Count replaces the table by its number of rows, in a column named As, or Count when that is "".
	Count struct {
		Span
		As string
	}
	// Distinct keeps different rows; Items is nil for "*".
	Distinct struct {
		Span
		Items []Named
	}
	// Join is join or lookup. Kind is as written, "" when it was not.
	Join struct {
		Span
		Lookup bool
		Kind   string
		Right  Expr
		On     []Expr
	}
	// Union appends tables.
	Union struct {
		Span
		Kind       string // outer or inner; "" is outer
		WithSource string // name of a column that tells the table
		Fuzzy      bool   // tables that are not there are left out
		Inputs     []Expr
	}
	// MvExpand makes a row of every element.
	MvExpand struct {
		Span
		Kind      string // "array" makes [key, value] of an object's properties; "" is "bag"
		Items     []Expansion
		ItemIndex string // name of a column with the element's index
		Limit     Expr
	}
	// Render is kept for who draws the result; it does not change rows.
	Render struct {
		Span
		Kind string
		With []Property
	}
)

func (*Where) operator()         {}
func (*Extend) operator()        {}
func (*Project) operator()       {}
func (*ProjectNames) operator()  {}
func (*ProjectRename) operator() {}
func (*Summarize) operator()     {}
func (*Sort) operator()          {}
func (*Top) operator()           {}
func (*Take) operator()          {}
func (*Count) operator()         {}
func (*Distinct) operator()      {}
func (*Join) operator()          {}
func (*Union) operator()         {}
func (*MvExpand) operator()      {}
func (*Render) operator()        {}

// Pattern is a column name in which "*" stands for anything. Order is "", "asc" or "desc" (project-reorder).
type Pattern struct {
	Span
	Text  string
	Plain bool // a name in brackets: "*" is not special
	Order string
}

// SortKey is one key of an order. Nulls is "", "first" or "last".
type SortKey struct {
	Span
	X     Expr
	Asc   bool
	Nulls string
}

// Expansion is one column of mv-expand; To is "" without typeof.
type Expansion struct {
	Named
	To event.Type
}

// Property is name=value of render; More holds the values after the first (ycolumns=a, b).
type Property struct {
	Span
	Name string
	X    Expr
	More []Expr
}
