package kql

import (
	"slices"
	"strings"

	"tocsin/internal/event"
)

// parser reads tokens by recursive descent. It fails by panic(problem), which the package's entry points catch.
type parser struct {
	src   string
	toks  []token
	i     int
	depth int
	lets  int
	terms bool // Column:"term" may stand, as in search
}

func parseTree(src string) *Tree {
	p := &parser{src: src, toks: lex(src, 0)}
	t := p.tree(false)
	p.end()
	return t
}

// parseOperators reads text that holds operators only: "| where ... | take 5".
func parseOperators(src string) []Operator { return parseOperatorsAt(src, 0) }

func parseOperatorsAt(src string, from int) []Operator {
	p := &parser{src: src, toks: lex(src, from)}
	if !p.accept("|") && p.tok().kind != tEOF {
		fail(p.tok().Span, "expected | before an operator, found %s", p.found())
	}
	if p.tok().kind == tEOF && p.i == 0 {
		return nil
	}
	ops := p.operators()
	p.end()
	return ops
}

func (p *parser) end() {
	if p.tok().kind != tEOF && p.i > 0 && p.toks[p.i-1].text == ";" {
		fail(p.tok().Span, "one query at a time: only let statements may stand before it, and nothing after it")
	}
	if p.tok().kind != tEOF {
		fail(p.tok().Span, "unexpected %s; operators are separated by |", p.found())
	}
}

func (p *parser) tok() token { return p.toks[p.i] }

func (p *parser) peek(n int) token { return p.toks[min(p.i+n, len(p.toks)-1)] }

// is tells whether the next token is this word or punctuation.
func (p *parser) is(text string) bool {
	t := p.tok()
	return (t.kind == tName || t.kind == tPunct) && t.text == text
}

func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.i++
		return true
	}
	return false
}

func (p *parser) expect(text, where string) token {
	t := p.tok()
	if !p.accept(text) {
		fail(t.Span, "expected %s %s, found %s", text, where, p.found())
	}
	return t
}

// found names the next token for an error.
func (p *parser) found() string {
	switch t := p.tok(); {
	case t.kind == tEOF:
		return "the end of the query"
	case t.kind == tLiteral && t.lit.Type == event.String:
		return "a string"
	case t.kind == tLiteral:
		return "a " + string(t.lit.Type) + " value"
	default:
		return "'" + t.text + "'"
	}
}

// prevEnd is where the last token read ended.
func (p *parser) prevEnd() int {
	if p.i == 0 {
		return p.tok().Start
	}
	return p.toks[p.i-1].End
}

func (p *parser) from(start int) Span { return Span{start, p.prevEnd()} }

// enter guards recursion; use as: defer p.enter()().
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxDepth {
		fail(p.tok().Span, "the query is nested more than %d deep", maxDepth)
	}
	return func() { p.depth-- }
}

// name reads an identifier, plain or in brackets: ['my column'].
func (p *parser) name(what string) *Name {
	t := p.tok()
	if t.kind == tName && !strings.HasPrefix(t.text, "$") {
		p.i++
		return &Name{Span: t.Span, Name: t.text}
	}
	if n := p.bracketed(); n != nil {
		return n
	}
	fail(t.Span, "expected %s, found %s", what, p.found())
	return nil
}

// bracketed reads ['name'] or ["name"]; nil when there is none.
func (p *parser) bracketed() *Name {
	t := p.tok()
	if !p.is("[") || p.peek(1).kind != tLiteral || p.peek(1).lit.Type != event.String || p.peek(2).text != "]" {
		return nil
	}
	s := p.peek(1).lit.Value.(string)
	p.i += 3
	if s == "" {
		fail(t.Span, "a name can't be empty")
	}
	return &Name{Span: p.from(t.Start), Name: s}
}

// pipe reads an expression with any operators that follow it. What nests in it is counted by expr and tableOperand.
func (p *parser) pipe() Expr {
	start := p.tok().Start
	x := p.source()
	if !p.accept("|") {
		return x
	}
	noStar(x)
	ops := p.operators()
	return &Pipe{Span: p.from(start), Source: x, Ops: ops}
}

// noStar refuses * where a value or a table stands.
func noStar(x Expr) {
	if _, ok := x.(*Star); ok {
		fail(x.Pos(), "expected a value or a table, found *")
	}
}

// operators reads operators separated by |, the first | being read already.
func (p *parser) operators() []Operator {
	var ops []Operator
	for {
		ops = append(ops, p.operator())
		if len(ops) > maxOperators {
			fail(ops[len(ops)-1].Pos(), "a query has at most %d operators", maxOperators)
		}
		if !p.accept("|") {
			return ops
		}
	}
}

// source reads what a pipeline begins with: an expression, or an operator that makes a table.
func (p *parser) source() Expr {
	t, after := p.tok(), p.peek(1)
	if t.kind == tName && (after.kind != tPunct || strings.Contains("([+-*", after.text)) {
		switch t.text {
		case "union":
			p.i++
			u := p.union(t.Start)
			return &UnionSource{Span: u.Span, Union: u}
		case "print":
			p.i++
			items := p.namedList()
			return &Print{Span: p.from(t.Start), Items: items}
		case "materialize":
			// A promise to compute once what is used twice. The rows are the same without it.
			if after.text == "(" {
				return p.materialize()
			}
		case "evaluate":
			fail(t.Span, "'%s' is not supported yet", t.text)
		}
	}
	if x := p.made(); x != nil {
		return x
	}
	return p.expr()
}

// materialize reads materialize(query) as the query.
func (p *parser) materialize() Expr {
	defer p.enter()()
	p.i += 2
	x := p.pipe()
	p.expect(")", "after the query of materialize")
	return x
}

// later lists operators of the language that are not there yet, so that they are not mistaken for a slip.
var later = []string{
	"facet", "fork", "scan", "reduce", "assert-schema",
	"graph-match", "make-graph", "graph-to-table", "macro-expand", "execute-and-cache",
}

// operatorNames lists the operators that are there.
var operatorNames = []string{
	"as", "count", "distinct", "extend", "filter", "getschema", "invoke", "join", "limit", "lookup", "mv-expand", "mvexpand", "order", "project",
	"project-away", "project-keep", "project-rename", "project-reorder", "render", "search", "sort", "summarize", "take", "top", "union", "where",
	"evaluate", "make-series", "mv-apply", "parse", "parse-kv", "parse-where", "partition", "sample", "sample-distinct", "serialize",
	"top-hitters", "top-nested",
}

func (p *parser) operator() Operator {
	name, at := p.operatorName()
	start := at.Start
	switch name {
	case "where", "filter":
		return p.where(start)
	case "extend":
		items := p.namedList()
		return &Extend{Span: p.from(start), Items: items}
	case "project":
		items := p.namedList()
		return &Project{Span: p.from(start), Items: items}
	case "project-away", "project-keep", "project-reorder":
		return p.projectNames(start, name)
	case "project-rename":
		return p.projectRename(start)
	case "summarize":
		return p.summarize(start)
	case "sort", "order":
		return p.sort(start)
	case "top":
		return p.top(start)
	case "take", "limit":
		return p.take(start)
	case "count":
		return p.count(start)
	case "distinct":
		return p.distinct(start)
	case "join", "lookup":
		return p.join(start, name)
	case "union":
		return p.union(start)
	case "mv-expand", "mvexpand":
		return p.mvExpand(start)
	case "render":
		return p.render(start)
	case "search":
		return p.search(start, false)
	case "invoke":
		return p.invoke(start)
	case "as":
		return p.as(start)
	case "getschema":
		return &GetSchema{Span: p.from(start)}
	case "consume":
		fail(at, "consume runs a query without giving its rows; leave it out, or count them: | count")
	case "find", "print", "range", "datatable", "externaldata":
		fail(at, "'%s' makes a table of its own; it can stand only at the beginning of a query", name)
	}
	if op := p.rowOperator(name, start); op != nil {
		return op
	}
	if slices.Contains(later, name) {
		fail(at, "operator '%s' is not supported yet", name)
	}
	fail(at, "there is no operator '%s'%s", name, didYouMean(name, operatorNames))
	return nil
}

// operatorName reads a name that may hold hyphens, such as project-away.
func (p *parser) operatorName() (string, Span) {
	t := p.tok()
	if t.kind != tName {
		fail(t.Span, "expected an operator such as where or summarize, found %s", p.found())
	}
	p.i++
	name, end := t.text, t.End
	for p.is("-") && p.tok().Start == end && p.peek(1).kind == tName && p.peek(1).Start == end+1 {
		name, end = name+"-"+p.peek(1).text, p.peek(1).End
		p.i += 2
	}
	return name, Span{t.Start, end}
}
