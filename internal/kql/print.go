package kql

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

// printTree writes the canonical text of a tree.
func printTree(t *Tree) string {
	p := &printer{}
	p.statements(t)
	p.pipe(t.Body)
	return p.b.String()
}

type printer struct {
	b      strings.Builder
	indent int
}

func (p *printer) w(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

// pipe writes a tabular expression, one operator a line.
func (p *printer) pipe(x Expr) {
	pipe, ok := x.(*Pipe)
	if !ok {
		p.source(x)
		return
	}
	switch pipe.Source.(type) {
	case *Name, *UnionSource, *Print, *Call, *DataTable, *Range, *ExternalData, *SearchSource, *Find:
		p.source(pipe.Source)
	default:
		p.nested(pipe.Source)
	}
	for _, op := range pipe.Ops {
		p.line("| ")
		p.operator(op)
	}
}

func (p *printer) line(begin string) {
	p.w("\n", strings.Repeat("    ", p.indent), begin)
}

// source writes what is no pipeline.
func (p *printer) source(x Expr) {
	switch x := x.(type) {
	case *UnionSource:
		p.union(x.Union)
	case *Print:
		p.w("print ")
		list(p, x.Items, p.named)
	default:
		if !p.made(x) {
			p.expr(x, 0)
		}
	}
}

// nested writes a tabular expression in parentheses.
func (p *printer) nested(x Expr) {
	p.w("(")
	p.indent++
	p.pipe(x)
	p.indent--
	p.w(")")
}

// operand writes the table of a join or union.
func (p *printer) operand(x Expr) {
	switch x := x.(type) {
	case *Name:
		p.w(ident(x.Name))
	case *Wildcard:
		p.w(x.Pattern)
	default:
		p.nested(x)
	}
}

func list[T any](p *printer, items []T, each func(T)) {
	for i, it := range items {
		if i > 0 {
			p.w(", ")
		}
		each(it)
	}
}

func (p *printer) named(n Named) {
	switch {
	case n.Name != "":
		p.w(ident(n.Name), " = ")
	case n.Names != nil:
		p.w("(")
		list(p, n.Names, func(s string) { p.w(ident(s)) })
		p.w(") = ")
	}
	p.expr(n.X, 0)
}

func (p *printer) sortKey(k SortKey) {
	p.expr(k.X, 0)
	if k.Asc {
		p.w(" asc")
	} else {
		p.w(" desc")
	}
	if k.Nulls != "" {
		p.w(" nulls ", k.Nulls)
	}
}

func (p *printer) operator(op Operator) {
	switch op := op.(type) {
	case *Where:
		p.w("where ")
		p.expr(op.Cond, 0)
	case *Extend:
		p.w("extend ")
		list(p, op.Items, p.named)
	case *Project:
		p.w("project ")
		list(p, op.Items, p.named)
	case *ProjectNames:
		p.w(op.Op, " ")
		list(p, op.Patterns, p.pattern)
	case *ProjectRename:
		p.w("project-rename ")
		list(p, op.Items, p.named)
	case *Summarize:
		p.w("summarize")
		if len(op.Aggs) > 0 {
			p.w(" ")
			list(p, op.Aggs, p.named)
		}
		if len(op.By) > 0 {
			p.w(" by ")
			list(p, op.By, p.named)
		}
	case *Sort:
		p.w("sort by ")
		list(p, op.Keys, p.sortKey)
	case *Top:
		p.w("top ")
		p.expr(op.N, 0)
		p.w(" by ")
		list(p, op.Keys, p.sortKey)
	case *Take:
		p.w("take ")
		p.expr(op.N, 0)
	case *Count:
		p.w("count")
		if op.As != "" {
			p.w(" as ", ident(op.As))
		}
	case *Distinct:
		p.w("distinct ")
		if op.Items == nil {
			p.w("*")
		}
		list(p, op.Items, p.named)
	case *Join:
		p.join(op)
	case *Union:
		p.union(op)
	case *MvExpand:
		p.mvExpand(op)
	case *Render:
		p.render(op)
	default:
		if !p.rowOperator(op) {
			p.piped(op)
		}
	}
}

func (p *printer) pattern(pat Pattern) {
	if pat.Plain {
		p.w(ident(pat.Text))
	} else {
		p.w(pat.Text)
	}
	if pat.Order != "" {
		p.w(" ", pat.Order)
	}
}

func (p *printer) join(op *Join) {
	if op.Lookup {
		p.w("lookup ")
	} else {
		p.w("join ")
	}
	if op.Kind != "" {
		p.w("kind=", op.Kind, " ")
	}
	p.operand(op.Right)
	p.w(" on ")
	list(p, op.On, func(x Expr) { p.expr(x, 0) })
}

func (p *printer) union(op *Union) {
	p.w("union ")
	if op.Kind != "" {
		p.w("kind=", op.Kind, " ")
	}
	if op.WithSource != "" {
		p.w("withsource=", ident(op.WithSource), " ")
	}
	if op.Fuzzy {
		p.w("isfuzzy=true ")
	}
	list(p, op.Inputs, p.operand)
}

func (p *printer) render(op *Render) {
	p.w("render ", ident(op.Kind))
	if len(op.With) > 0 {
		p.w(" with (")
		list(p, op.With, func(pr Property) {
			p.w(pr.Name, "=")
			p.expr(pr.X, 0)
			for _, x := range pr.More {
				p.w(", ")
				p.expr(x, 0)
			}
		})
		p.w(")")
	}
}

// Ranks of expressions, as the parser reads them; an operand of lower rank than its place needs parentheses.
const (
	rankOr = iota + 1
	rankAnd
	rankEqual
	rankOrder
	rankSum
	rankProduct
	rankWord
	rankSign
	rankPath
)

func rank(x Expr) int {
	switch x := x.(type) {
	case *Logic:
		if x.Op == "or" {
			return rankOr
		}
		return rankAnd
	case *In, *Between:
		return rankEqual
	case *Binary:
		switch x.Op {
		case "==", "!=", "=~", "!~":
			return rankEqual
		case ":":
			return rankWord
		case "<", "<=", ">", ">=":
			return rankOrder
		case "+", "-":
			return rankSum
		case "*", "/", "%":
			return rankProduct
		}
		return rankWord
	case *Negative:
		return rankSign
	case *Pipe, *UnionSource, *Print, *DataTable, *Range, *ExternalData, *SearchSource, *Find:
		return -1
	case *Literal:
		if negative(x) {
			return rankSign
		}
	}
	return rankPath
}

func negative(l *Literal) bool {
	switch v := l.Value.(type) {
	case int64:
		return v < 0
	case float64:
		return v < 0 || math.IsInf(v, 0) || math.IsNaN(v)
	}
	return false
}

func (p *printer) expr(x Expr, least int) {
	r := rank(x)
	if r < 0 { // a query
		p.nested(x)
		return
	}
	if r < least {
		p.w("(")
		p.expr(x, 0)
		p.w(")")
		return
	}
	switch x := x.(type) {
	case *Name:
		p.w(ident(x.Name))
	case *Literal:
		p.w(literalText(x))
	case *Negative:
		p.w("-")
		// A sign before a literal belongs to the literal, so that -(5) stays what it is.
		if l, ok := x.X.(*Literal); ok && !negative(l) {
			p.w("(")
			p.expr(l, 0)
			p.w(")")
			return
		}
		p.expr(x.X, rankSign)
	case *Binary:
		left, right := r, r+1
		if r == rankEqual || r == rankOrder || r == rankWord {
			left = r + 1
		}
		p.expr(x.X, left)
		if x.Op == ":" {
			p.w(x.Op)
		} else {
			p.w(" ", x.Op, " ")
		}
		p.expr(x.Y, right)
	case *Logic:
		for i, y := range x.X {
			if i > 0 {
				p.w(" ", x.Op, " ")
			}
			p.expr(y, r+1)
		}
	case *In:
		p.expr(x.X, r+1)
		p.w(" ", x.Op, " (")
		list(p, x.List, func(e Expr) { p.element(e, len(x.List) == 1) })
		p.w(")")
	case *Between:
		p.expr(x.X, r+1)
		if x.Not {
			p.w(" !between (")
		} else {
			p.w(" between (")
		}
		p.expr(x.Lo, rankSum)
		p.w(" .. ")
		p.expr(x.Hi, rankSum)
		p.w(")")
	case *Call:
		p.w(x.Name, "(")
		p.arguments(x)
		p.w(")")
	case *Member:
		p.expr(x.X, rankPath)
		p.w(".", x.Name) // whatever the word: behind a dot none is reserved
	case *Index:
		p.expr(x.X, rankPath)
		p.w("[")
		p.expr(x.At, 0)
		p.w("]")
	case *Star:
		p.w("*")
	case *Typeof:
		p.w("typeof(", string(x.Type), ")")
	}
}

// element writes an element of a list. A query that is alone there needs no parentheses; beside others its own commas would be
// those of the list.
func (p *printer) element(x Expr, alone bool) {
	switch x.(type) {
	case *Pipe, *Print, *UnionSource, *SearchSource, *Find, *Range:
		if !alone {
			p.nested(x)
			return
		}
	}
	p.indent++
	p.pipe(x)
	p.indent--
}

// reserved words would be read as something else where a name stands.
var reserved = map[string]bool{
	"true": true, "false": true, "and": true, "or": true, "in": true, "between": true, "by": true, "on": true, "asc": true, "desc": true,
	"nulls": true, "matches": true, "has": true, "contains": true, "startswith": true, "endswith": true, "hasprefix": true,
	"hassuffix": true, "has_cs": true, "contains_cs": true, "startswith_cs": true, "endswith_cs": true, "hasprefix_cs": true, "hassuffix_cs": true,
	"has_any": true, "has_all": true, "not": true, "union": true, "print": true, "let": true, "search": true, "find": true,
	"externaldata": true, "datatable": true, "evaluate": true, "range": true, "materialize": true, "toscalar": true, "kind": true, "hint": true,
	"withsource": true, "isfuzzy": true, "with_itemindex": true, "bagexpansion": true, "to": true, "limit": true, "like": true, "notlike": true,
	"set": true, "declare": true, "alias": true, "restrict": true, "pattern": true, "with": true, "null": true,
	"granny": true, "typeof": true, "of": true, "from": true, "step": true, "default": true, "as": true, "flags": true,
}

// ident writes a name, in brackets when it would not read as one.
func ident(s string) string {
	plain := s != "" && isLetter(s[0]) && !reserved[s] && typeNames[s] == ""
	for i := range len(s) {
		plain = plain && (isLetter(s[i]) || isDigit(s[i]))
	}
	if plain || s == "$left" || s == "$right" {
		return s
	}
	return "[" + Quote(s) + "]"
}

func literalText(l *Literal) string {
	if l.Value == nil {
		return string(l.Type) + "(null)"
	}
	switch v := l.Value.(type) {
	case string:
		switch {
		case l.Type == event.Dynamic:
			return "dynamic(" + v + ")"
		case l.Hidden:
			return "h" + Quote(v)
		}
		return Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		switch l.Type {
		case event.Timespan:
			return timespanText(v)
		case event.Int:
			return fmt.Sprintf("int(%d)", v)
		}
		if v == math.MinInt64 {
			return fmt.Sprintf("long(%d)", v)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return realText(v)
	case time.Time:
		return "datetime(" + v.UTC().Format("2006-01-02T15:04:05.999999Z") + ")"
	}
	return "?"
}

func realText(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "real(" + strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)) + ")"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func timespanText(v int64) string {
	for _, u := range []struct {
		ticks int64
		name  string
	}{{day, "d"}, {hour, "h"}, {minute, "m"}, {second, "s"}, {milli, "ms"}, {micro, "microsecond"}} {
		if v%u.ticks == 0 && v != 0 {
			return strconv.FormatInt(v/u.ticks, 10) + u.name
		}
	}
	return strconv.FormatInt(v, 10) + "tick"
}

// formatDatetime writes a datetime as Kusto does: always 7 decimals.
func formatDatetime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000") + "0Z"
}

// formatTimespan writes ticks as Kusto does: [-][d.]hh:mm:ss[.fffffff].
func formatTimespan(t int64) string {
	sign, u := "", uint64(t)
	if t < 0 {
		sign, u = "-", -u
	}
	days := ""
	if d := u / uint64(day); d > 0 {
		days = fmt.Sprintf("%d.", d)
	}
	out := fmt.Sprintf("%s%s%02d:%02d:%02d", sign, days, u/uint64(hour)%24, u/uint64(minute)%60, u/uint64(second)%60)
	if f := u % uint64(second); f > 0 {
		out += fmt.Sprintf(".%07d", f)
	}
	return out
}

// jsonString writes a JSON string without the escapes for HTML that encoding/json adds.
func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func jsonReal(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return jsonString(strings.Trim(strconv.FormatFloat(v, 'g', -1, 64), "+"))
	}
	return realText(v)
}
