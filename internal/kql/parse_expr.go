package kql

import (
	"math"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

// expr reads a scalar expression. Precedence, loosest first: or; and; equality, in, between (not chained); order (not
// chained); + -; * / %; word operators such as has; sign; path.
func (p *parser) expr() Expr {
	defer p.enter()()
	return p.logic("or", func() Expr { return p.logic("and", p.equality) })
}

func (p *parser) logic(op string, operand func() Expr) Expr {
	start := p.tok().Start
	x := operand()
	if !p.is(op) {
		return x
	}
	l := &Logic{Op: op, X: []Expr{x}}
	for p.accept(op) {
		l.X = append(l.X, operand())
	}
	l.Span = p.from(start)
	return l
}

func (p *parser) equality() Expr {
	start := p.tok().Start
	x := p.relation()
	op := p.tok()
	switch op.text {
	case "==", "!=", "<>", "=~", "!~":
		if op.kind != tPunct {
			return x
		}
		p.i++
		y := p.relation()
		text := op.text
		if text == "<>" {
			text = "!="
		}
		return &Binary{Span: p.from(start), Op: text, X: x, Y: y}
	case "in", "!in", "!in~", "has_any", "has_all":
		p.i++
		text := op.text
		if text == "in" && p.is("~") && p.tok().Start == op.End {
			p.i++
			text = "in~"
		}
		list := p.list(text)
		return &In{Span: p.from(start), Op: text, X: x, List: list}
	case "between", "!between":
		p.i++
		p.expect("(", "after "+op.text)
		lo := p.sum()
		p.expect("..", "between the two ends; x between (low .. high)")
		hi := p.sum()
		p.expect(")", "after the upper end")
		return &Between{Span: p.from(start), Not: op.text == "!between", X: x, Lo: lo, Hi: hi}
	case "=":
		if op.kind == tPunct {
			if _, ok := x.(*Name); ok {
				fail(op.Span, "'=' names an expression; to compare, write == (same case) or =~ (any case)")
			}
		}
	case "like", "!like", "notlike":
		fail(op.Span, "there is no operator '%s'; use contains, startswith or matches regex", op.text)
	}
	if op.kind == tPunct && len(op.text) > 2 && op.text[0] == '!' && !wordOperator(op.text) {
		fail(op.Span, "there is no operator '%s'; write not(...)", op.text)
	}
	return x
}

// list reads (a, b, ...), where an element may be a query.
func (p *parser) list(op string) []Expr {
	t := p.tok()
	if !p.is("(") {
		// A bare name of a list or table is common and means the same.
		if t.kind == tName {
			return []Expr{p.sum()}
		}
		fail(t.Span, "expected a list in parentheses after %s, found %s", op, p.found())
	}
	p.i++
	var out []Expr
	if p.is(")") {
		fail(p.tok().Span, "the list of %s is empty", op)
	}
	for {
		out = append(out, p.pipe())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "after the list of "+op)
	return out
}

func (p *parser) relation() Expr {
	start := p.tok().Start
	x := p.sum()
	switch op := p.tok(); op.text {
	case "<", "<=", ">", ">=":
		p.i++
		y := p.sum()
		return &Binary{Span: p.from(start), Op: op.text, X: x, Y: y}
	}
	return x
}

func (p *parser) sum() Expr {
	return p.chain(func() Expr { return p.chain(p.word, "*", "/", "%") }, "+", "-")
}

// chain reads operands joined by operators of the same rank, left first.
func (p *parser) chain(operand func() Expr, ops ...string) Expr {
	start := p.tok().Start
	x := operand()
	for n := 0; ; n++ {
		op := p.tok()
		found := false
		for _, o := range ops {
			found = found || op.kind == tPunct && op.text == o
		}
		if !found {
			return x
		}
		if n == maxDepth {
			fail(op.Span, "an expression chains at most %d operators of one rank", maxDepth)
		}
		p.i++
		y := operand()
		x = &Binary{Span: p.from(start), Op: op.text, X: x, Y: y}
	}
}

// wordOperator tells whether op is a comparison of strings that is written as a word, such as has or !contains_cs.
func wordOperator(op string) bool {
	switch strings.TrimSuffix(strings.TrimPrefix(op, "!"), "_cs") {
	case "has", "contains", "startswith", "endswith", "hasprefix", "hassuffix":
		return true
	}
	return false
}

func (p *parser) word() Expr {
	start := p.tok().Start
	x := p.sign()
	op := p.tok()
	switch {
	case (op.kind == tPunct || op.kind == tName) && wordOperator(op.text):
		p.i++
		y := p.sign()
		return &Binary{Span: p.from(start), Op: op.text, X: x, Y: y}
	case p.terms && op.kind == tPunct && op.text == ":":
		p.i++
		y := p.sign()
		return &Binary{Span: p.from(start), Op: ":", X: x, Y: y}
	case op.kind == tName && op.text == "matches":
		p.i++
		p.expect("regex", "after matches")
		y := p.sign()
		return &Binary{Span: p.from(start), Op: "matches regex", X: x, Y: y}
	}
	return x
}

func (p *parser) sign() Expr {
	t := p.tok()
	if t.kind == tPunct && (t.text == "-" || t.text == "+") {
		defer p.enter()()
		p.i++
		x := p.sign()
		noStar(x)
		if t.text == "+" {
			return x
		}
		if l, ok := x.(*Literal); ok {
			switch v := l.Value.(type) {
			case int64:
				if v == math.MinInt64 {
					break
				}
				return &Literal{Span: p.from(t.Start), Type: l.Type, Value: -v}
			case float64:
				return &Literal{Span: p.from(t.Start), Type: l.Type, Value: -v}
			}
		}
		return &Negative{Span: p.from(t.Start), X: x}
	}
	return p.path()
}

// path reads a primary followed by .name, ["key"] and [index].
func (p *parser) path() Expr {
	start := p.tok().Start
	x := p.primary()
	for n := 0; ; n++ {
		if n == maxDepth {
			fail(p.tok().Span, "a path has at most %d steps", maxDepth)
		}
		switch {
		case p.is("."):
			p.i++
			if p.is("[") { // a.["x"] is a["x"]
				continue
			}
			if p.tok().kind == tLiteral && p.tok().lit.Type == event.Bool { // a.true
				fail(p.tok().Span, "expected a name after the dot; write [\"true\"]")
			}
			m := p.name("a name after the dot")
			if p.is("(") && elsewhere(x) != "" {
				failElsewhere(x)
			}
			x = &Member{Span: p.from(start), X: x, Name: m.Name}
		case p.is("["):
			p.i++
			at := p.expr()
			p.expect("]", "after the index")
			x = &Index{Span: p.from(start), X: x, At: at}
		default:
			return x
		}
	}
}

func (p *parser) primary() Expr {
	t := p.tok()
	switch {
	case t.kind == tLiteral:
		p.i++
		lit := *t.lit
		if s, ok := lit.Value.(string); ok && lit.Type == event.String {
			var b strings.Builder
			b.WriteString(s)
			for n := p.tok(); n.kind == tLiteral && n.lit.Type == event.String && !n.typed; n = p.tok() { // "a" "b" is "ab"
				b.WriteString(n.lit.Value.(string))
				lit.Hidden = lit.Hidden || n.lit.Hidden
				p.i++
			}
			lit.Value, lit.Span = b.String(), p.from(t.Start)
		}
		return &lit
	case p.is("("):
		p.i++
		x := p.pipe()
		noStar(x)
		p.expect(")", "to close the bracket")
		return x
	case p.is("*"):
		p.i++
		return &Star{Span: t.Span}
	case p.is("["):
		if n := p.bracketed(); n != nil {
			return n
		}
	case t.kind == tName:
		p.i++
		if t.text == "dynamic" && p.is("(") {
			return p.dynamic(t.Start)
		}
		if t.text == "typeof" && p.is("(") {
			return p.typeof(t.Start)
		}
		if p.is("(") {
			return p.call(t)
		}
		if t.text == "not" {
			fail(t.Span, "not needs parentheses: not(...)")
		}
		return &Name{Span: t.Span, Name: t.text}
	}
	fail(t.Span, "expected an expression, found %s", p.found())
	return nil
}

func (p *parser) call(name token) Expr {
	if strings.HasPrefix(name.text, "$") {
		fail(name.Span, "%s is not a function", name.text)
	}
	p.i++
	c := &Call{Name: name.text}
	if !p.is(")") {
		for {
			if t := p.tok(); t.kind == tName && p.peek(1).kind == tPunct && p.peek(1).text == "=" {
				p.i += 2
				c.Names = append(c.Names, make([]string, len(c.Args)-len(c.Names))...)
				c.Names = append(c.Names, t.text)
			}
			c.Args = append(c.Args, p.pipe())
			if !p.accept(",") {
				break
			}
		}
	}
	if c.Names != nil {
		c.Names = append(c.Names, make([]string, len(c.Args)-len(c.Names))...)
	}
	if p.is("=") {
		fail(p.tok().Span, "'=' gives a name to an argument of a function defined by let: f(name = value); to compare, write ==")
	}
	p.expect(")", "after the arguments of "+name.text)
	c.Span = p.from(name.Start)
	return c
}

func (p *parser) typeof(start int) Expr {
	p.i++
	t := p.tok()
	typ, ok := typeNames[t.text]
	if t.kind != tName || !ok {
		fail(t.Span, "expected a type such as string, long or datetime, found %s", p.found())
	}
	p.i++
	p.expect(")", "after the type")
	return &Typeof{Span: p.from(start), Type: typ}
}

// dynamic reads a dynamic literal and keeps it as compact JSON.
func (p *parser) dynamic(start int) Expr {
	p.i++
	var b strings.Builder
	p.jsonValue(&b)
	p.expect(")", "to close the dynamic literal")
	lit := &Literal{Span: p.from(start), Type: event.Dynamic, Value: b.String()}
	if b.String() == "null" {
		lit.Value = nil
	}
	return lit
}

func (p *parser) jsonValue(b *strings.Builder) {
	defer p.enter()()
	t := p.tok()
	p.i++
	switch {
	case t.kind == tName && t.text == "null":
		b.WriteString("null")
	case t.kind == tPunct && t.text == "-" && p.tok().kind == tLiteral && !p.tok().typed:
		b.WriteByte('-')
		jsonLiteral(b, p.tok())
		p.i++
	case t.kind == tLiteral:
		jsonLiteral(b, t)
	case t.text == "[":
		b.WriteByte('[')
		for n := 0; !p.is("]"); n++ {
			if n > 0 {
				p.expect(",", "between the elements of an array")
				b.WriteByte(',')
			}
			p.jsonValue(b)
		}
		p.i++
		b.WriteByte(']')
	case t.text == "{":
		b.WriteByte('{')
		for n := 0; !p.is("}"); n++ {
			if n > 0 {
				p.expect(",", "between the properties of an object")
				b.WriteByte(',')
			}
			k := p.tok()
			if k.kind != tLiteral || k.lit.Type != event.String {
				fail(k.Span, "expected a property name in quotes, found %s", p.found())
			}
			p.i++
			jsonLiteral(b, k)
			p.expect(":", "after the name of a property")
			b.WriteByte(':')
			p.jsonValue(b)
		}
		p.i++
		b.WriteByte('}')
	default:
		p.i--
		fail(t.Span, "expected a JSON value in a dynamic literal, found %s", p.found())
	}
}

func jsonLiteral(b *strings.Builder, t token) {
	switch v := t.lit.Value.(type) {
	case nil:
		b.WriteString("null")
	case string:
		b.WriteString(jsonString(v))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		b.WriteString(jsonReal(v))
	case time.Time:
		b.WriteString(jsonString(formatDatetime(v)))
	case int64:
		if t.lit.Type == event.Timespan {
			b.WriteString(jsonString(formatTimespan(v)))
		} else {
			b.WriteString(strconv.FormatInt(v, 10))
		}
	}
}
