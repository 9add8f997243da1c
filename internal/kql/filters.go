package kql

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"tocsin/internal/event"
)

// PredicateOp is the verb of a filter chip.
type PredicateOp string

const (
	Is            PredicateOp = "is" // one of Values; for a list column and for dynamic: holds one of Values as a term
	IsNot         PredicateOp = "is not"
	Contains      PredicateOp = "contains" // one of Values, any case
	NotContains   PredicateOp = "not contains"
	StartsWith    PredicateOp = "starts with" // one of Values, any case
	NotStartsWith PredicateOp = "not starts with"
	Exists        PredicateOp = "exists" // no Values
	NotExists     PredicateOp = "not exists"
	Greater       PredicateOp = ">" // exactly one value
	Less          PredicateOp = "<"
	GreaterEqual  PredicateOp = ">="
	LessEqual     PredicateOp = "<="
	InNetwork     PredicateOp = "in network" // one of Values, each an IPv4 network such as 10.0.0.0/8
	Raw           PredicateOp = ""           // a condition that is no chip; only Text counts
)

// Predicate is one filter chip. Values are texts: numbers in decimal, true or false, datetimes in RFC 3339.
type Predicate struct {
	Column string
	Op     PredicateOp
	Values []string
	Text   string // the condition as canonical KQL; FromPredicates reads it only for Raw
	Span   Span   // where it stands in the query's text; not read by FromPredicates
}

// Filters is a query that only filters, taken apart.
type Filters struct {
	Table      string
	Predicates []Predicate
	Rest       []string // conditions that are no chips, as canonical KQL
}

// Filters takes q apart when it is a hunting table followed by nothing but where operators; otherwise ok is false.
func (q *Query) Filters() (f Filters, ok bool) {
	body := asPipe(q.tree.Body)
	name, isName := body.Source.(*Name)
	if !isName || len(q.tree.Lets)+len(q.tree.Params)+len(q.tree.Sets) > 0 {
		return f, false
	}
	table, found := event.TableNamed(name.Name)
	if !found {
		return f, false
	}
	f.Table = table.Name
	for _, op := range body.Ops {
		w, isWhere := op.(*Where)
		if !isWhere {
			return Filters{}, false
		}
		conds := []Expr{w.Cond}
		if l, isLogic := w.Cond.(*Logic); isLogic && l.Op == "and" {
			conds = l.X
		}
		for _, c := range conds {
			p, simple := predicate(table, c)
			text := conditionText(c)
			if !simple {
				f.Rest = append(f.Rest, text)
				continue
			}
			p.Text, p.Span = text, c.Pos()
			f.Predicates = append(f.Predicates, p)
		}
	}
	return f, true
}

// conditionText prints a condition so that it can stand beside others joined by "and".
func conditionText(x Expr) string {
	p := &printer{}
	p.expr(x, rankAnd+1)
	return p.b.String()
}

// predicate reads a condition as a chip: exactly the forms that FromPredicates writes, and a few that mean the same.
func predicate(t *event.Table, x Expr) (Predicate, bool) {
	if c, ok := x.(*Call); ok {
		return callPredicate(t, c)
	}
	p, ok := comparison(t, x)
	if !ok {
		p, ok = alternatives(t, x)
	}
	return p, ok
}

// chipColumn finds the column that an expression names.
func chipColumn(t *event.Table, x Expr) (*event.Column, bool) {
	n, ok := x.(*Name)
	if !ok {
		return nil, false
	}
	return t.Column(n.Name)
}

func callPredicate(t *event.Table, c *Call) (Predicate, bool) {
	if len(c.Args) == 0 {
		return Predicate{}, false
	}
	if c.Name == "not" && len(c.Args) == 1 {
		p, ok := predicate(t, c.Args[0])
		switch {
		case !ok:
		case p.Op == Is && len(p.Values) > 1:
			p.Op = IsNot
			return p, true
		case p.Op == Contains && len(p.Values) > 1:
			p.Op = NotContains
			return p, true
		case p.Op == StartsWith && len(p.Values) > 1:
			p.Op = NotStartsWith
			return p, true
		}
		return Predicate{}, false
	}
	col, ok := chipColumn(t, c.Args[0])
	if !ok {
		return Predicate{}, false
	}
	p := Predicate{Column: col.Name}
	hasText := col.Type == event.String || col.Type == event.Dynamic
	switch {
	case c.Name == "isnotempty" && len(c.Args) == 1 && hasText, c.Name == "isnotnull" && len(c.Args) == 1 && !hasText:
		p.Op = Exists
	case c.Name == "isempty" && len(c.Args) == 1 && hasText, c.Name == "isnull" && len(c.Args) == 1 && !hasText:
		p.Op = NotExists
	case c.Name == "ipv4_is_in_range" && len(c.Args) == 2 && col.Type == event.String:
		s, isText := textOf(c.Args[1])
		if _, err := network(s); !isText || err != nil {
			return p, false
		}
		p.Op, p.Values = InNetwork, []string{s}
	default:
		return p, false
	}
	return p, true
}

func textOf(x Expr) (string, bool) {
	l, ok := x.(*Literal)
	if !ok || l.Type != event.String {
		return "", false
	}
	s, ok := l.Value.(string)
	return s, ok
}

// terms tells whether "is" means has: list columns and dynamic ones hold several values.
func terms(c *event.Column) bool { return c.List || c.Type == event.Dynamic }

func comparison(t *event.Table, x Expr) (Predicate, bool) {
	switch x := x.(type) {
	case *Binary:
		col, ok := chipColumn(t, x.X)
		if !ok {
			return Predicate{}, false
		}
		v, ok := valueOf(col, x.Y)
		if !ok {
			return Predicate{}, false
		}
		p := Predicate{Column: col.Name, Values: []string{v}}
		isText := col.Type == event.String || col.Type == event.Dynamic
		op, ok := map[string]PredicateOp{
			"==": Is, "!=": IsNot, "has": Is, "!has": IsNot, "contains": Contains, "!contains": NotContains, "startswith": StartsWith,
			"!startswith": NotStartsWith, ">": Greater, "<": Less, ">=": GreaterEqual, "<=": LessEqual,
		}[x.Op]
		switch {
		case !ok:
		case x.Op == "==" || x.Op == "!=":
			// In a column of several values, equality is another question than the chip's, except for none at all.
			ok = !terms(col) || v == "" && col.Type == event.String
		case x.Op == "has" || x.Op == "!has":
			ok = terms(col) && v != ""
		case op == Greater || op == Less || op == GreaterEqual || op == LessEqual:
			ok = !isText && col.Type != event.Bool
		default:
			ok = isText
		}
		p.Op = op
		return p, ok
	case *In:
		col, ok := chipColumn(t, x.X)
		if !ok || len(x.List) < 2 {
			return Predicate{}, false
		}
		p := Predicate{Column: col.Name}
		switch {
		case x.Op == "in" && !terms(col), x.Op == "has_any" && terms(col):
			p.Op = Is
		case x.Op == "!in" && !terms(col):
			p.Op = IsNot
		default:
			return p, false
		}
		for _, e := range x.List {
			v, ok := valueOf(col, e)
			if !ok || v == "" && terms(col) {
				return p, false
			}
			p.Values = append(p.Values, v)
		}
		return p, true
	}
	return Predicate{}, false
}

// alternatives reads several values of an operator that takes only one: A contains "x" or A contains "y".
func alternatives(t *event.Table, x Expr) (Predicate, bool) {
	l, ok := x.(*Logic)
	if !ok || l.Op != "or" {
		return Predicate{}, false
	}
	var out Predicate
	for i, y := range l.X {
		p, ok := predicate(t, y)
		if !ok || len(p.Values) != 1 || p.Op != Contains && p.Op != StartsWith && p.Op != InNetwork {
			return p, false
		}
		if i == 0 {
			out = p
			continue
		}
		if p.Column != out.Column || p.Op != out.Op {
			return p, false
		}
		out.Values = append(out.Values, p.Values[0])
	}
	return out, true
}

// valueOf is the text of a literal that suits a column.
func valueOf(c *event.Column, x Expr) (string, bool) {
	l, ok := x.(*Literal)
	if !ok || l.Value == nil || l.Hidden {
		return "", false
	}
	switch v := l.Value.(type) {
	case string:
		return v, l.Type == event.String && (c.Type == event.String || c.Type == event.Dynamic)
	case bool:
		return strconv.FormatBool(v), c.Type == event.Bool
	case int64:
		return strconv.FormatInt(v, 10), l.Type == event.Long && (c.Type == event.Int || c.Type == event.Long)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), c.Type == event.Real
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), c.Type == event.Datetime
	}
	return "", false
}

// literalFor is the literal of a chip's value.
func literalFor(c *event.Column, s string) (*Literal, error) {
	l := &Literal{Type: c.Type}
	ok := true
	var err error
	switch c.Type {
	case event.String, event.Dynamic:
		l.Type, l.Value = event.String, s
	case event.Bool:
		l.Value, err = strconv.ParseBool(s)
		ok = s == "true" || s == "false"
	case event.Int, event.Long:
		l.Type = event.Long
		l.Value, err = strconv.ParseInt(s, 10, 64)
	case event.Real:
		l.Value, err = strconv.ParseFloat(s, 64)
	case event.Datetime:
		l.Value, ok = parseDatetime(s)
	default:
		ok = false
	}
	if err != nil || !ok {
		return nil, fmt.Errorf("%s: %q is not %s", c.Name, s, article(c.Type))
	}
	return l, nil
}

func network(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return p, fmt.Errorf("%q is not an IPv4 network such as 10.0.0.0/8", s)
	}
	return p, nil
}

// FromPredicates writes the canonical query of a set of chips: the table, then one where a chip. Filters reads it back
// to the same chips. The error names the chip that can't be written.
func FromPredicates(table string, ps []Predicate) (string, error) {
	t, ok := event.TableNamed(table)
	if !ok {
		return "", fmt.Errorf("there is no table %q", table)
	}
	q := &Query{tree: &Tree{Body: &Pipe{Source: &Name{Name: t.Name}}}}
	for _, p := range ps {
		if p.Op == Raw {
			// Parsed on its own, so that it can't change what stands beside it.
			piped, err := q.Pipe("| where " + p.Text)
			if err != nil {
				return "", fmt.Errorf("condition %q: %w", p.Text, err)
			}
			if len(asPipe(piped.tree.Body).Ops) != len(asPipe(q.tree.Body).Ops)+1 {
				return "", fmt.Errorf("condition %q: holds more than a condition", p.Text)
			}
			q = piped
			continue
		}
		x, err := p.expr(t)
		if err != nil {
			return "", err
		}
		body := *asPipe(q.tree.Body)
		body.Ops = append(append([]Operator(nil), body.Ops...), &Where{Cond: x})
		q = &Query{tree: &Tree{Body: &body}}
	}
	if len(asPipe(q.tree.Body).Ops) == 0 {
		return t.Name, nil
	}
	return q.String(), nil
}

// expr is the condition of a chip.
func (p Predicate) expr(t *event.Table) (Expr, error) {
	c, ok := t.Column(p.Column)
	if !ok {
		return nil, fmt.Errorf("%s has no column %q", t.Name, p.Column)
	}
	name := &Name{Name: c.Name}
	isText := c.Type == event.String || c.Type == event.Dynamic
	if p.Op == Exists || p.Op == NotExists {
		if len(p.Values) > 0 {
			return nil, fmt.Errorf("%s %s takes no value", c.Name, p.Op)
		}
		f := map[PredicateOp]string{Exists: "isnotempty", NotExists: "isempty"}[p.Op]
		if !isText {
			f = map[PredicateOp]string{Exists: "isnotnull", NotExists: "isnull"}[p.Op]
		}
		return &Call{Name: f, Args: []Expr{name}}, nil
	}
	if len(p.Values) == 0 {
		return nil, fmt.Errorf("%s %s needs a value", c.Name, p.Op)
	}
	lits := make([]Expr, len(p.Values))
	for i, v := range p.Values {
		l, err := literalFor(c, v)
		if err != nil {
			return nil, err
		}
		lits[i] = l
	}
	switch p.Op {
	case Is, IsNot:
		return p.membership(c, name, lits)
	case Contains, NotContains, StartsWith, NotStartsWith:
		if !isText {
			return nil, fmt.Errorf("%s is %s; '%s' is for text", c.Name, article(c.Type), p.Op)
		}
		word := map[PredicateOp]string{Contains: "contains", NotContains: "contains", StartsWith: "startswith", NotStartsWith: "startswith"}[p.Op]
		negated := p.Op == NotContains || p.Op == NotStartsWith
		if len(lits) == 1 {
			if negated {
				word = "!" + word
			}
			return &Binary{Op: word, X: name, Y: lits[0]}, nil
		}
		return anyOf(lits, negated, func(l Expr) Expr { return &Binary{Op: word, X: name, Y: l} }), nil
	case Greater, Less, GreaterEqual, LessEqual:
		if isText || c.Type == event.Bool {
			return nil, fmt.Errorf("%s is %s and has no order", c.Name, article(c.Type))
		}
		if len(lits) > 1 {
			return nil, fmt.Errorf("%s %s takes one value", c.Name, p.Op)
		}
		return &Binary{Op: string(p.Op), X: name, Y: lits[0]}, nil
	case InNetwork:
		if c.Type != event.String {
			return nil, fmt.Errorf("%s is %s and holds no address", c.Name, article(c.Type))
		}
		for _, v := range p.Values {
			if _, err := network(v); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
		}
		one := func(l Expr) Expr { return &Call{Name: "ipv4_is_in_range", Args: []Expr{name, l}} }
		if len(lits) == 1 {
			return one(lits[0]), nil
		}
		return anyOf(lits, false, one), nil
	}
	return nil, fmt.Errorf("there is no filter %q", p.Op)
}

func anyOf(lits []Expr, negated bool, one func(Expr) Expr) Expr {
	l := &Logic{Op: "or"}
	for _, x := range lits {
		l.X = append(l.X, one(x))
	}
	if negated {
		return &Call{Name: "not", Args: []Expr{l}}
	}
	return l
}

// membership is the condition of "is" and "is not".
func (p Predicate) membership(c *event.Column, name *Name, lits []Expr) (Expr, error) {
	negated := p.Op == IsNot
	sign := ""
	if negated {
		sign = "!"
	}
	switch {
	case !terms(c) && len(lits) > 1:
		return &In{Op: sign + "in", X: name, List: lits}, nil
	case !terms(c) || len(lits) == 1 && p.Values[0] == "" && c.Type == event.String:
		op := "=="
		if negated {
			op = "!="
		}
		return &Binary{Op: op, X: name, Y: lits[0]}, nil
	}
	for _, v := range p.Values {
		if v == "" {
			return nil, fmt.Errorf("%s: an empty value can't be one of several; use '%s'", c.Name, NotExists)
		}
	}
	if len(lits) == 1 {
		return &Binary{Op: sign + "has", X: name, Y: lits[0]}, nil
	}
	in := &In{Op: "has_any", X: name, List: lits}
	if negated {
		return &Call{Name: "not", Args: []Expr{in}}, nil
	}
	return in, nil
}
