package kql

import (
	"slices"
	"strings"

	"tocsin/internal/event"
)

func (p *parser) where(start int) Operator {
	cond := p.expr()
	return &Where{Span: p.from(start), Cond: cond}
}

// named reads Name = expr, or expr.
func (p *parser) named() Named {
	start := p.tok().Start
	if names := p.compoundNames(); names != nil {
		x := p.expr()
		return Named{Span: p.from(start), Names: names, X: x}
	}
	name := ""
	save := p.i
	if n := p.tok(); n.kind == tName && p.peek(1).text == "=" && p.peek(1).kind == tPunct {
		p.i += 2
		name = n.text
	} else if n := p.bracketed(); n != nil {
		if p.accept("=") {
			name = n.Name
		} else {
			p.i = save
		}
	}
	x := p.expr()
	return Named{Span: p.from(start), Name: name, X: x}
}

func (p *parser) namedList() []Named {
	items := []Named{p.named()}
	for p.accept(",") {
		if len(items) == maxColumns {
			fail(p.tok().Span, "an operator lists at most %d columns", maxColumns)
		}
		items = append(items, p.named())
	}
	return items
}

func (p *parser) count(start int) Operator {
	op := &Count{}
	if p.accept("as") {
		op.As = p.name("a column name after as").Name
	}
	op.Span = p.from(start)
	return op
}

// pattern reads a column name or a pattern such as Sender*: words, numbers and stars that touch each other.
func (p *parser) pattern() Pattern {
	start := p.tok().Start
	if n := p.bracketed(); n != nil {
		return Pattern{Span: n.Span, Text: n.Name, Plain: true}
	}
	text := ""
	for end := -1; ; {
		t := p.tok()
		number := t.kind == tLiteral && end >= 0 && isDigit(p.src[t.Start]) // Name*1
		if end >= 0 && t.Start != end || t.kind != tName && t.text != "*" && !number {
			break
		}
		text += p.src[t.Start:t.End]
		end = t.End
		p.i++
	}
	if text == "" {
		fail(p.tok().Span, "expected a column name or a pattern such as Sender*, found %s", p.found())
	}
	return Pattern{Span: p.from(start), Text: text, Plain: !strings.Contains(text, "*")}
}

func (p *parser) projectNames(start int, name string) Operator {
	op := &ProjectNames{Op: name}
	for {
		pat := p.pattern()
		if op.Op == "project-reorder" {
			switch {
			case p.accept("asc"):
				pat.Order = "asc"
			case p.accept("desc"):
				pat.Order = "desc"
			case strings.HasPrefix(p.tok().text, "granny"):
				fail(p.tok().Span, "the orders granny-asc and granny-desc are not supported yet")
			}
			pat.Span = p.from(pat.Start)
		}
		op.Patterns = append(op.Patterns, pat)
		if len(op.Patterns) > maxColumns {
			fail(pat.Span, "an operator lists at most %d columns", maxColumns)
		}
		if !p.accept(",") {
			break
		}
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) projectRename(start int) Operator {
	op := &ProjectRename{}
	for {
		at := p.tok().Start
		n := p.name("a new column name")
		p.expect("=", "after the new name; project-rename New = Old")
		old := p.name("the column to rename")
		op.Items = append(op.Items, Named{Span: p.from(at), Name: n.Name, X: old})
		if !p.accept(",") {
			break
		}
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) summarize(start int) Operator {
	op := &Summarize{}
	for p.is("hint") && p.peek(1).text == "." {
		p.hint()
	}
	if !p.is("by") {
		op.Aggs = p.namedList()
	}
	if p.accept("by") {
		op.By = p.namedList()
	}
	op.Span = p.from(start)
	return op
}

// hint skips hint.strategy=shuffle and the like: they are about speed in another engine.
func (p *parser) hint() {
	p.i += 2
	p.name("the name of the hint")
	p.expect("=", "after the name of the hint")
	if p.tok().kind != tName && p.tok().kind != tLiteral {
		fail(p.tok().Span, "expected the value of the hint, found %s", p.found())
	}
	p.i++
}

func (p *parser) sortKey() SortKey {
	start := p.tok().Start
	k := SortKey{X: p.expr()}
	if p.accept("asc") {
		k.Asc = true
	} else {
		p.accept("desc")
	}
	if p.accept("nulls") {
		switch {
		case p.accept("first"):
			k.Nulls = "first"
		case p.accept("last"):
			k.Nulls = "last"
		default:
			fail(p.tok().Span, "expected first or last after nulls, found %s", p.found())
		}
	}
	k.Span = p.from(start)
	return k
}

func (p *parser) sort(start int) Operator {
	p.expect("by", "after sort")
	op := &Sort{Keys: []SortKey{p.sortKey()}}
	for p.accept(",") {
		op.Keys = append(op.Keys, p.sortKey())
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) top(start int) Operator {
	n := p.expr()
	p.expect("by", "after the number of rows; top 10 by Column")
	op := &Top{N: n, Keys: []SortKey{p.sortKey()}}
	if p.is(",") {
		fail(p.tok().Span, "top orders by one expression; for several write: sort by A, B | take N")
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) take(start int) Operator {
	n := p.expr()
	return &Take{Span: p.from(start), N: n}
}

func (p *parser) distinct(start int) Operator {
	if p.accept("*") {
		return &Distinct{Span: p.from(start)}
	}
	items := p.namedList()
	return &Distinct{Span: p.from(start), Items: items}
}

// joinKindNames are the kinds of join that can be written.
var joinKindNames = []string{
	"innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "rightsemi", "leftanti", "rightanti", "anti", "leftantisemi", "rightantisemi",
}

func (p *parser) join(start int, name string) Operator {
	op := &Join{Lookup: name == "lookup"}
	for {
		if p.is("kind") && p.peek(1).text == "=" {
			p.i += 2
			kind := p.name("the kind of join")
			if op.Kind = kind.Name; !slices.Contains(joinKindNames, kind.Name) {
				fail(kind.Span, "there is no join kind '%s'; there are %s", kind.Name, strings.Join(joinKindNames, ", "))
			}
		} else if p.is("hint") && p.peek(1).text == "." {
			p.hint()
		} else {
			break
		}
	}
	op.Right = p.tableOperand("join")
	if t := p.tok(); !p.accept("on") {
		fail(t.Span, "expected on and the columns to join by, found %s", p.found())
	}
	op.On = []Expr{p.expr()}
	for p.accept(",") {
		op.On = append(op.On, p.expr())
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) union(start int) *Union {
	op := &Union{}
	for p.tok().kind == tName && p.peek(1).text == "=" {
		at := p.tok()
		p.i += 2
		v := p.tok()
		if at.text == "withsource" && p.is("[") {
			op.WithSource = p.name("a column name").Name
			continue
		}
		if v.kind != tName && v.kind != tLiteral {
			fail(v.Span, "expected a value for %s, found %s", at.text, p.found())
		}
		p.i++
		switch at.text {
		case "kind":
			op.Kind = v.text
			if v.text != "inner" && v.text != "outer" {
				fail(v.Span, "the kind of a union is inner or outer")
			}
		case "withsource":
			op.WithSource = v.text
			if v.kind == tLiteral {
				fail(v.Span, "expected a column name for withsource")
			}
		case "isfuzzy":
			if v.kind != tLiteral || v.lit.Type != event.Bool {
				fail(v.Span, "isfuzzy is true or false")
			}
			op.Fuzzy = v.lit.Value == true
		default:
			fail(at.Span, "union has no parameter '%s'; there are kind, withsource and isfuzzy", at.text)
		}
	}
	for p.is("hint") && p.peek(1).text == "." {
		p.hint()
	}
	op.Inputs = p.tables("union")
	op.Span = p.from(start)
	return op
}

func (p *parser) render(start int) Operator {
	op := &Render{Kind: p.name("a kind of chart").Name}
	property := func() bool {
		if p.tok().kind != tName || p.peek(1).text != "=" {
			return false
		}
		at := p.tok()
		p.i += 2
		prop := Property{Name: at.text, X: p.expr()}
		for p.is(",") && p.peek(2).text != "=" { // ycolumns=a, b
			p.i++
			prop.More = append(prop.More, p.expr())
		}
		prop.Span = p.from(at.Start)
		op.With = append(op.With, prop)
		return true
	}
	for property() {
	}
	if p.accept("with") {
		p.expect("(", "after with")
		for property() {
			p.accept(",")
		}
		p.expect(")", "after the properties of render")
	}
	op.Span = p.from(start)
	return op
}
