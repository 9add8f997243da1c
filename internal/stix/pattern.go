package stix

import (
	"fmt"
	"strconv"
	"strings"
)

// Expression is a parsed pattern (section 9): what a SIEM would look for.
type Expression struct {
	Op    string // "and", "or", "followedby", "[]" (one observation, its comparison below), "test", "qualified"
	Parts []*Expression
	Test  *Test  // of "test"
	Note  string // of "qualified": the qualifier in words of the pattern
	Alone bool   // of "qualified": it asks for nothing more when one observation is enough
}

// Test is one comparison.
type Test struct {
	Type   string   // of the object: "url"
	Path   []string // of the property: "hashes", "SHA-256"; "*" for any of a list
	Not    bool
	Op     string // "=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"
	Values []string
}

// String writes the test as it stood.
func (t *Test) String() string {
	s := t.Type + ":" + strings.Join(t.Path, ".")
	if t.Op == "EXISTS" {
		return "EXISTS " + s
	}
	if t.Not {
		s += " NOT"
	}
	value := ""
	if len(t.Values) > 0 {
		value = cut(t.Values[0])
	}
	if len(t.Values) > 1 {
		value = fmt.Sprintf("(%s and %d more)", value, len(t.Values)-1)
	}
	return s + " " + t.Op + " " + value
}

// ParsePattern reads a pattern of STIX. An error is a *PatternError.
func ParsePattern(s string) (*Expression, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &patternParser{tokens: tokens}
	e, err := p.observations(0)
	if err != nil {
		return nil, err
	}
	if p.peek().kind != 0 {
		return nil, p.wrong("nothing more is expected here")
	}
	return e, nil
}

type patternParser struct {
	tokens []token
	at     int
	depth  int
}

func (p *patternParser) peek() token { return p.tokens[p.at] }

func (p *patternParser) take() token {
	t := p.tokens[p.at]
	if t.kind != 0 {
		p.at++
	}
	return t
}

func (p *patternParser) word(w string) bool {
	if t := p.peek(); t.kind == 'w' && strings.EqualFold(t.text, w) {
		p.at++
		return true
	}
	return false
}

func (p *patternParser) sign(c byte) error {
	if p.peek().kind != c {
		return p.wrong(fmt.Sprintf("%q is missing", c))
	}
	p.at++
	return nil
}

func (p *patternParser) wrong(why string) error { return &PatternError{p.peek().at, why} }

// deeper guards the recursion.
func (p *patternParser) deeper() error {
	if p.depth++; p.depth > maxNesting {
		return p.wrong(fmt.Sprintf("it is nested deeper than %d levels", maxNesting))
	}
	return nil
}

// levels are the joins of observations, the loosest first (section 9.4).
var levels = []string{"followedby", "or", "and"}

// observations reads what is joined at a level, or a single observation below the last one.
func (p *patternParser) observations(level int) (*Expression, error) {
	if level == len(levels) {
		return p.observation()
	}
	first, err := p.observations(level + 1)
	if err != nil {
		return nil, err
	}
	out := &Expression{Op: levels[level], Parts: []*Expression{first}}
	for p.word(levels[level]) {
		next, err := p.observations(level + 1)
		if err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, next)
	}
	if len(out.Parts) == 1 {
		return first, nil
	}
	return out, nil
}

func (p *patternParser) observation() (*Expression, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var out *Expression
	switch p.peek().kind {
	case '[':
		p.at++
		e, err := p.comparisons()
		if err != nil {
			return nil, err
		}
		if err := p.sign(']'); err != nil {
			return nil, err
		}
		out = &Expression{Op: "[]", Parts: []*Expression{e}}
	case '(':
		p.at++
		e, err := p.observations(0)
		if err != nil {
			return nil, err
		}
		if err := p.sign(')'); err != nil {
			return nil, err
		}
		out = e
	default:
		return nil, p.wrong(`an observation begins with "["`)
	}
	return p.qualifiers(out)
}

// qualifiers reads what stands behind an observation (section 9.3).
func (p *patternParser) qualifiers(e *Expression) (*Expression, error) {
	for range maxNesting {
		q := &Expression{Op: "qualified", Parts: []*Expression{e}}
		switch {
		case p.word("within"):
			n := p.take()
			if n.kind != 'n' || !p.word("seconds") {
				return nil, p.wrong("write WITHIN 300 SECONDS")
			}
			q.Note, q.Alone = "WITHIN "+n.text+" SECONDS", true
		case p.word("repeats"):
			n := p.take()
			if n.kind != 'n' || !p.word("times") {
				return nil, p.wrong("write REPEATS 5 TIMES")
			}
			times, err := strconv.ParseFloat(n.text, 64)
			q.Note, q.Alone = "REPEATS "+n.text+" TIMES", err == nil && times <= 1
		case p.word("start"):
			from := p.take()
			if from.kind != 't' || !p.word("stop") {
				return nil, p.wrong("write START t'2026-11-01T00:00:00Z' STOP t'2026-11-02T00:00:00Z'")
			}
			to := p.take()
			if to.kind != 't' {
				return nil, p.wrong("STOP is followed by a time, as t'2026-11-02T00:00:00Z'")
			}
			q.Note = "START " + cut(from.text) + " STOP " + cut(to.text)
		default:
			return e, nil
		}
		e = q
	}
	return nil, p.wrong("too many qualifiers")
}

// comparisons reads what is joined by OR; AND binds closer (section 9.4).
func (p *patternParser) comparisons() (*Expression, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	any := &Expression{Op: "or"}
	for {
		all := &Expression{Op: "and"}
		for {
			e, err := p.comparison()
			if err != nil {
				return nil, err
			}
			all.Parts = append(all.Parts, e)
			if !p.word("and") {
				break
			}
		}
		if len(all.Parts) == 1 {
			all = all.Parts[0]
		}
		any.Parts = append(any.Parts, all)
		if !p.word("or") {
			break
		}
	}
	if len(any.Parts) == 1 {
		return any.Parts[0], nil
	}
	return any, nil
}

func (p *patternParser) comparison() (*Expression, error) {
	if p.peek().kind == '(' {
		p.at++
		e, err := p.comparisons()
		if err != nil {
			return nil, err
		}
		return e, p.sign(')')
	}
	t := &Test{}
	t.Not = p.word("not")
	exists := p.word("exists")
	if err := p.path(t); err != nil {
		return nil, err
	}
	if exists {
		t.Op = "EXISTS"
		return &Expression{Op: "test", Test: t}, nil
	}
	if p.word("not") {
		t.Not = true
	}
	if err := p.operator(t); err != nil {
		return nil, err
	}
	return &Expression{Op: "test", Test: t}, nil
}

// path reads type:property.property[*].'name' (section 9.7).
func (p *patternParser) path(t *Test) error {
	w := p.take()
	if w.kind != 'w' {
		p.at = max(0, p.at-1)
		return p.wrong("a type of object is missing, such as url:value")
	}
	t.Type = w.text
	if err := p.sign(':'); err != nil {
		return err
	}
	for {
		w := p.take()
		if w.kind != 'w' && w.kind != 's' {
			return p.wrong("the name of a property is missing")
		}
		t.Path = append(t.Path, w.text)
		for p.peek().kind == '[' {
			p.at++
			n := p.take()
			if n.kind != '*' && n.kind != 'n' {
				return p.wrong("a place in a list is a number or *")
			}
			if err := p.sign(']'); err != nil {
				return err
			}
			t.Path = append(t.Path, "*")
		}
		if len(t.Path) > maxNesting {
			return p.wrong("the path is too long")
		}
		if p.peek().kind != '.' {
			return nil
		}
		p.at++
	}
}

func (p *patternParser) operator(t *Test) error {
	w := p.take()
	switch w.kind {
	case '=':
		t.Op = "="
	case '!':
		t.Op = "!="
	case '<', '>':
		t.Op = w.text
	case 'l':
		t.Op = "<="
	case 'g':
		t.Op = ">="
	case 'w':
		t.Op = strings.ToUpper(w.text)
	}
	switch t.Op {
	case "IN":
		return p.set(t)
	case "=", "!=", "<", ">", "<=", ">=", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET":
		v, err := p.constant()
		t.Values = []string{v}
		return err
	}
	return &PatternError{w.at, "a comparison is missing, such as = 'value'"}
}

func (p *patternParser) set(t *Test) error {
	if err := p.sign('('); err != nil {
		return err
	}
	for {
		v, err := p.constant()
		if err != nil {
			return err
		}
		t.Values = append(t.Values, v)
		if p.peek().kind != ',' {
			return p.sign(')')
		}
		p.at++
	}
}

func (p *patternParser) constant() (string, error) {
	w := p.take()
	switch {
	case strings.IndexByte("sthbn", w.kind) >= 0 && w.kind != 0, w.kind == 'w' && (strings.EqualFold(w.text, "true") || strings.EqualFold(w.text, "false")):
		return w.text, nil
	}
	return "", &PatternError{w.at, "a value is missing, such as 'text' or 5"}
}
