package kql

import (
	"strings"

	"tocsin/internal/event"
)

// maxParts bounds the pattern of parse and the keys of parse-kv.
const maxParts = 200

// parseOp reads parse and parse-where: parse kind=regex flags=i Column with * "text" Name:type ...
func (p *parser) parseOp(start int, where bool) Operator {
	op := &ParseText{Where: where}
	if p.is("kind") && p.peek(1).text == "=" {
		p.i += 2
		k := p.name("the kind of parse")
		switch k.Name {
		case "simple", "regex", "relaxed":
			op.Kind = k.Name
		default:
			fail(k.Span, "the kind of parse is simple, regex or relaxed, not '%s'", k.Name)
		}
		if p.is("flags") && p.peek(1).text == "=" {
			p.i += 2
			f := p.name("flags such as i or Ui")
			if strings.Trim(f.Name, "imsU") != "" {
				fail(f.Span, "the flags of parse are i, m, s and U, not '%s'", f.Name)
			}
			if op.Kind != "regex" {
				fail(f.Span, "flags belong to kind=regex")
			}
			op.Flags = f.Name
		}
	}
	op.X = p.expr()
	p.expect("with", "after the text to parse")
	for t := p.tok(); t.kind != tEOF && t.text != "|" && t.text != ")" && t.text != ";" || t.kind == tLiteral; t = p.tok() {
		part := ParsePart{}
		switch {
		case p.accept("*"):
		case t.kind == tLiteral && t.lit.Type == event.String && t.lit.Value != nil:
			p.i++
			lit := *t.lit
			part.Text = &lit
		case t.kind == tName || p.is("["):
			c := p.typedName("a column name")
			part.Column = &c
		default:
			fail(t.Span, "expected a text in quotes, a column or *, found %s", p.found())
		}
		part.Span = p.from(t.Start)
		op.Pattern = append(op.Pattern, part)
		if len(op.Pattern) > maxParts {
			fail(t.Span, "a pattern has at most %d parts", maxParts)
		}
	}
	if len(op.Pattern) == 0 {
		fail(p.tok().Span, "expected a text in quotes, a column or *, found %s", p.found())
	}
	op.Span = p.from(start)
	return op
}

// parseKV reads parse-kv Column as (Key:type, ...) with (pair_delimiter=",", kv_delimiter="=").
func (p *parser) parseKV(start int) Operator {
	op := &ParseKV{X: p.expr()}
	p.expect("as", "after the text to parse")
	p.expect("(", "before the keys")
	for {
		op.Keys = append(op.Keys, p.typedName("a key"))
		if len(op.Keys) > maxParts {
			fail(p.tok().Span, "parse-kv lists at most %d keys", maxParts)
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "after the keys")
	if p.accept("with") {
		p.expect("(", "after with")
		for {
			p.kvParameter(op)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")", "after the parameters of parse-kv")
	}
	op.Span = p.from(start)
	return op
}

func (p *parser) kvParameter(op *ParseKV) {
	n := p.name("a parameter such as pair_delimiter")
	p.expect("=", "after the name of the parameter")
	t := p.tok()
	if n.Name == "greedy" {
		if t.kind != tLiteral || t.lit.Type != event.Bool {
			fail(t.Span, "greedy is true or false")
		}
		p.i++
		op.Greedy = t.lit.Value == true
		return
	}
	if t.kind != tLiteral || t.lit.Type != event.String || t.lit.Value == "" {
		fail(t.Span, "expected a text in quotes, found %s", p.found())
	}
	p.i++
	lit := *t.lit
	switch n.Name {
	case "pair_delimiter":
		op.Pair = &lit
	case "kv_delimiter":
		op.KV = &lit
	case "regex":
		op.Regex = &lit
	case "quote":
		op.Quotes = append(op.Quotes, &lit)
	case "escape":
		op.Escapes = append(op.Escapes, &lit)
	default:
		fail(n.Span, "parse-kv has no parameter '%s'; there are pair_delimiter, kv_delimiter, quote, escape, greedy and regex", n.Name)
	}
}
