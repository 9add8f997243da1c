package detect

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// A gate says, without CEL, that a condition cannot hold. Most rules are about something that a message does not even mention, and CEL
// takes microseconds to find that out. The gate is made of the parts of a condition that are joined by "&&" at its top and are cheap
// to ask: written-out phrases, plain facts of the message, signals. One of them that is false makes the whole condition false in CEL
// as well, whatever the other parts say, even where they would fail.
type gate []need

// need is one part of a gate; it returns false when the condition cannot hold.
type need func(f *Facts) bool

// gateOf reads the gate of a checked condition. Parts it does not understand are left to CEL.
func (p *phrases) gateOf(e ast.Expr) gate {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		var g gate
		for _, arg := range e.AsCall().Args() {
			g = append(g, p.gateOf(arg)...)
		}
		return g
	}
	if n := p.needOf(e); n != nil {
		return gate{n}
	}
	return nil
}

func (g gate) open(f *Facts) bool {
	for _, n := range g {
		if !n(f) {
			return false
		}
	}
	return true
}

// needOf understands msg.says, mentions, head_says, files_say and links_contain with written-out phrases, msg.is_list and its like, has_signal, the first
// condition of exists on links and attachments (that there are some), their "!" and "||".
func (p *phrases) needOf(e ast.Expr) need {
	switch e.Kind() {
	case ast.SelectKind:
		if read := plainFacts[msgField(e)]; read != nil {
			return read
		}
	case ast.ComprehensionKind:
		return someOf(e.AsComprehension())
	case ast.CallKind:
		return p.needOfCall(e.AsCall())
	}
	return nil
}

func (p *phrases) needOfCall(c ast.CallExpr) need {
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalNot:
		if read := plainFacts[msgField(args[0])]; read != nil {
			return func(f *Facts) bool { return !read(f) }
		}
	case operators.LogicalOr: // each side must have a need of its own: then one of them must hold
		var sides []gate
		for _, arg := range args {
			side := p.gateOf(arg)
			if len(side) == 0 {
				return nil
			}
			sides = append(sides, side)
		}
		return func(f *Facts) bool { return slices.ContainsFunc(sides, func(g gate) bool { return g.open(f) }) }
	case operators.In: // has_signal
		if args[0].Kind() == ast.LiteralKind && args[1].Kind() == ast.IdentKind && args[1].AsIdent() == "signals" {
			id, _ := args[0].AsLiteral().Value().(string)
			return func(f *Facts) bool { return slices.ContainsFunc(f.raised, func(s Signal) bool { return s.ID == id }) }
		}
	case "says", "mentions", "head_says", "files_say", "links_contain":
		if !c.IsMemberFunction() || c.Target().Kind() != ast.IdentKind || c.Target().AsIdent() != "msg" {
			return nil
		}
		written, ok := writtenOut(args[0])
		switch {
		case !ok:
			return nil
		case c.FunctionName() == "links_contain":
			return linkNeed(written)
		}
		return p.phraseNeed(phrasePlaces[c.FunctionName()], written)
	}
	return nil
}

// writtenOut returns the strings of a list; false when one of them is worked out.
func writtenOut(list ast.Expr) ([]string, bool) {
	if list.Kind() != ast.ListKind {
		return nil, false
	}
	var out []string
	for _, e := range list.AsList().Elements() {
		if e.Kind() != ast.LiteralKind {
			return nil, false
		}
		s, ok := e.AsLiteral().Value().(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func (p *phrases) phraseNeed(where place, written []string) need {
	ids := make([]int, len(written))
	for i, s := range written {
		ids[i] = p.add(s)
	}
	return func(f *Facts) bool {
		h := p.hits(f)
		return slices.ContainsFunc(ids, func(i int) bool { return h.has(i, where) })
	}
}

func linkNeed(pieces []string) need {
	for i, s := range pieces {
		pieces[i] = strings.ToLower(s)
	}
	return func(f *Facts) bool {
		text := f.linkText()
		return slices.ContainsFunc(pieces, func(s string) bool { return strings.Contains(text, s) })
	}
}

// plainFacts are the fields of msg that a gate can read.
var plainFacts = map[string]need{
	"is_list":       func(f *Facts) bool { return f.list },
	"is_reply":      func(f *Facts) bool { return len(f.Message.InReplyTo) > 0 },
	"html_only":     func(f *Facts) bool { return f.htmlOnly },
	"foreign_links": func(f *Facts) bool { return f.foreign },
}

// msgField is "subject" for msg.subject, "" for anything else.
func msgField(e ast.Expr) string {
	if e.Kind() != ast.SelectKind {
		return ""
	}
	s := e.AsSelect()
	if s.IsTestOnly() || s.Operand().Kind() != ast.IdentKind || s.Operand().AsIdent() != "msg" {
		return ""
	}
	return s.FieldName()
}

// someOf is for exists: nothing exists in an empty list. exists starts from false, all from true.
func someOf(c ast.ComprehensionExpr) need {
	if c.AccuInit().Kind() != ast.LiteralKind || c.AccuInit().AsLiteral().Value() != false {
		return nil
	}
	switch msgField(c.IterRange()) {
	case "links":
		return func(f *Facts) bool { return len(f.links) > 0 }
	case "attachments":
		return func(f *Facts) bool { return len(f.Message.Attachments) > 0 }
	}
	return nil
}
