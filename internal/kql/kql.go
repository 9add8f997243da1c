// Package kql is the question language: Kusto (KQL) over the hunting tables, compiled to SQL.
//
// A query is a pipeline: a table, then operators joined by "|", each taking a table and giving one. The text goes
// through four stages, each in its own files. The lexer and parser (lexer.go, parse*.go) build a syntax tree
// (syntax.go) whose nodes all know where they stand in the text. The binder (bind*.go, functions.go, aggregates.go)
// looks every name up in event.Tables, gives every expression a type and builds a relational plan (plan.go) in which
// a column is an identity, not a name: renaming, reordering and dropping columns leave no trace in the plan. The
// generator (generate.go) asks each plan node only for the columns that are needed and nests SELECT blocks; all that
// differs between SQL engines stands behind Dialect (dialect.go, duckdb*.go). What SQL has no function for is written in
// Go in package native, which the store registers. The meaning is Kusto's, down to its nulls; what is not supported is
// refused with its position, never guessed. Every literal of a query travels as a bound argument: the only identifiers
// in the SQL are those of the schema.
package kql

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/event"
)

// Limits on a query, so that no text can exhaust the machine while it is compiled.
const (
	maxSource    = 1 << 20   // bytes of text
	maxDepth     = 100       // nesting of expressions and queries
	maxOperators = 200       // operators of one pipeline
	maxLets      = 500       // let statements
	maxPlan      = 1000      // plan nodes after every let is expanded
	maxGroupings = 16        // groupings, or filters of windows, on top of each other: DuckDB plans twice as long for each, 4 s for 24
	maxTables    = 2000      // tables inside tables after every let is expanded
	maxScalars   = 500_000   // bound expressions after every let is expanded
	maxColumns   = 2000      // columns of one intermediate table
	maxRows      = 200_000   // rows of a datatable or of a list from elsewhere
	maxRange     = 1_000_000 // rows of range
	maxArguments = 1000      // arguments of one call
	maxSQL       = 4 << 20   // bytes of SQL
	maxSQLDepth  = 900       // nesting of SQL; engines stop at 1000
)

// Error says what is wrong with a query and where.
type Error struct {
	Line   int // 1-based
	Column int // 1-based, in Unicode code points
	Offset int // 0-based, in bytes
	End    int // where the wrong part ends, as Offset; 0: only its start is known
	Msg    string
	// Table is set when the only thing wrong is that the query reads this table, which the installation does not have.
	Table string
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// problem is an Error before its line and column are known. It travels by panic inside one package call and never
// leaves it.
type problem struct {
	at     int
	end    int // 0: not known
	msg    string
	table  string
	column string // a name that is no column where it stands
}

func fail(at Span, format string, args ...any) {
	panic(problem{at: at.Start, end: at.End, msg: fmt.Sprintf(format, args...)})
}

// catch turns a problem into an *Error; other panics go on.
func catch(src string, err *error) {
	switch p := recover().(type) {
	case nil:
	case problem:
		*err = newError(src, p)
	case probeError:
		*err = p.err
	default:
		panic(p)
	}
}

func newError(src string, p problem) *Error {
	at := min(max(p.at, 0), len(src))
	before := src[:at]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	end := min(p.end, len(src))
	if end <= at {
		end = 0
	}
	return &Error{
		End:    end,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[lineStart:]) + 1,
		Offset: at,
		Msg:    p.msg,
		Table:  p.table,
	}
}

// Query is a parsed query. It is immutable and may be shared.
type Query struct {
	src  string
	tree *Tree
}

// Parse reads a query. The error is always an *Error.
func Parse(src string) (q *Query, err error) {
	defer catch(src, &err)
	return &Query{src: src, tree: parseTree(src)}, nil
}

// Pipe returns a copy of q with operators appended: ops is text like "| where X == 1 | summarize count()". It is
// parsed on its own, so whatever it holds can only add operators, never change those of q. A syntax error's position
// is relative to ops; an error found later, by Compile, counts ops as the lines that follow q's text.
func (q *Query) Pipe(ops string) (out *Query, err error) {
	defer catch(ops, &err)
	operators := parseOperators(ops)
	src := q.src + "\n" + ops
	shifted := parseOperatorsAt(src, len(q.src)+1)
	if len(shifted) != len(operators) {
		panic("kql: operators changed with their position")
	}
	body := *asPipe(q.tree.Body)
	body.Ops = append(append([]Operator(nil), body.Ops...), shifted...)
	body.End = len(src)
	if len(body.Ops) > maxOperators {
		fail(Span{}, "a query has at most %d operators", maxOperators)
	}
	tree := *q.tree
	tree.Body = &body
	return &Query{src: src, tree: &tree}, nil
}

// asPipe gives a tabular expression the shape of a pipeline, possibly one without operators.
func asPipe(x Expr) *Pipe {
	if p, ok := x.(*Pipe); ok {
		return p
	}
	return &Pipe{Span: x.Pos(), Source: x}
}

// String returns the canonical text of the query: one operator a line, without comments. It parses to the same tree.
func (q *Query) String() string { return printTree(q.tree) }

// Options of a compilation.
type Options struct {
	Now      time.Time // what now() and ago() refer to, the same in the whole query; zero: the time of the call
	From, To time.Time // pushed into every table scan as Timestamp >= From and Timestamp < To; zero: open
	Limit    int       // at most so many rows; 0: no limit
	// Probe runs a statement while a query is compiled, for operators whose columns depend on data, such as evaluate
	// bag_unpack; Rows makes one of a store. It gives at most some thousand short rows. Its error is Compile's. Without it such
	// a query has to name its columns.
	Probe func(*Statement) ([][]any, error)
	// External reads the lists of externaldata. It is called while a query is compiled, once for each place in the text, and
	// its error is shown as it is. nil: no list is approved.
	External func(ExternalRef) ([][]any, error)
	// Withheld says why a column may not be read, "" when it may; nil: all may. A table as a whole comes without such
	// columns, and a query that names one is refused with this text.
	Withheld func(*event.Column) string
}

// Rows makes a Probe of a store's way to run a statement, in which each is called with every row, and the row reused.
func Rows(query func(s *Statement, each func(row []any) error) error) func(*Statement) ([][]any, error) {
	return func(s *Statement) ([][]any, error) {
		var out [][]any
		err := query(s, func(row []any) error {
			out = append(out, append([]any(nil), row...))
			return nil
		})
		return out, err
	}
}

// Column of a result.
type Column struct {
	Name string
	Type event.Type
}

// Statement is a compiled query. Values of the result have these SQL types: string VARCHAR (never NULL), int INTEGER,
// long BIGINT, real DOUBLE, bool BOOLEAN, datetime TIMESTAMP (UTC, microseconds), timespan BIGINT (ticks of 100 ns, see
// Ticks), dynamic VARCHAR holding compact JSON.
type Statement struct {
	SQL     string
	Args    []any // string, int64, float64, bool, time.Time
	Columns []Column
	Tables  []string // hunting tables that are read, each once
	Notes   []string // what a reader of the answer has to know: tables that were left out, options that have no effect
	// Withheld are the columns that were left out of a table of which everything else is in the result.
	Withheld []string
}

// Ticks turns a timespan of a result into a duration; what lies outside time.Duration's 292 years is cut to its ends.
func Ticks(n int64) time.Duration {
	const most = int64(1<<63-1) / 100
	return time.Duration(min(max(n, -most), most) * 100)
}

// Compile binds q against event.Tables and writes it as one SQL statement. The error is an *Error, or that of Options.Probe.
func Compile(q *Query, o Options, d Dialect) (st *Statement, err error) {
	return compile(q, o, d, true)
}

// compile can leave out every rewriting that only makes a query faster, for the tests that compare both.
func compile(q *Query, o Options, d Dialect, optimise bool) (st *Statement, err error) {
	defer catch(q.src, &err)
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	b := &binder{opts: o, dialect: d, optimise: optimise}
	defer b.explainColumn()
	rel := b.bindTree(q.tree)
	b.refuseNamed(q.src)
	if optimise {
		rel.plan = narrowJoins(pushFilters(rel.plan))
	}
	g := &generator{d: d, opts: o, optimise: optimise}
	st = g.statement(rel)
	st.Notes = b.notes
	st.Withheld = b.leftOut(q.src, rel)
	return st, nil
}

// Quote returns s as a KQL string literal.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"':
			b.WriteString(`\"`)
		case '\\':
			b.WriteString(`\\`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			// Bidirectional controls would make a query read other than it runs.
			if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
