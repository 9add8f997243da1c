package hunt

import (
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/kql"
)

// Condition is one chip of a filter. A filter holds when all its conditions do.
type Condition struct {
	Field  string // column; "" for Raw
	Op     Operator
	Values []string // several mean any of them; for Raw the one condition, as KQL
}

// chipOps are the operators of chips in both languages: the API's and KQL's.
var chipOps = []struct {
	chip Operator
	kql  kql.PredicateOp
}{
	{Is, kql.Is}, {IsNot, kql.IsNot}, {Contains, kql.Contains}, {NotContains, kql.NotContains},
	{StartsWith, kql.StartsWith}, {NotStartsWith, kql.NotStartsWith}, {Exists, kql.Exists}, {NotExists, kql.NotExists},
	{Greater, kql.Greater}, {Less, kql.Less}, {AtLeast, kql.GreaterEqual}, {AtMost, kql.LessEqual}, {InNetwork, kql.InNetwork}, {Raw, kql.Raw},
}

// Conditions reads a filter as chips. What chips cannot say is one Raw condition at the end. A wrong query is an
// *InputError that holds a *kql.Error where its text is at fault.
func (x *Explorer) Conditions(query string) ([]Condition, error) {
	q, err := parseFilter(query)
	if err != nil {
		return nil, err
	}
	if _, err := kql.Compile(q, kql.Options{Now: x.now()}, x.store.Dialect()); err != nil {
		return nil, queryError(err)
	}
	f, _ := q.Filters() // parseFilter has seen that it is one
	out := make([]Condition, 0, len(f.Predicates)+1)
	for _, p := range f.Predicates {
		for _, o := range chipOps {
			if o.kql == p.Op {
				out = append(out, Condition{Field: p.Column, Op: o.chip, Values: p.Values})
			}
		}
	}
	var rest []string
	for _, r := range f.Rest {
		if c, ok := campaignCondition(r); ok {
			out = append(out, c)
		} else {
			rest = append(rest, r)
		}
	}
	if len(rest) > 0 {
		out = append(out, Condition{Op: Raw, Values: []string{strings.Join(rest, " and ")}})
	}
	return out, nil
}

// FilterOf writes chips as KQL, which Conditions reads back. A chip that cannot be written is an *InputError that names it.
func (x *Explorer) FilterOf(conditions []Condition) (string, error) {
	ps := make([]kql.Predicate, len(conditions))
	for i, c := range conditions {
		if c.Field == campaignField.Name {
			var err error
			if ps[i], err = campaignPredicate(c); err != nil {
				return "", err
			}
			continue
		}
		p := kql.Predicate{Column: c.Field, Values: c.Values}
		known := false
		for _, o := range chipOps {
			if o.chip == c.Op {
				p.Op, known = o.kql, true
			}
		}
		if !known {
			return "", inputError("chips", "there is no operator %q", c.Op)
		}
		if c.Op == Raw {
			if len(c.Values) != 1 {
				return "", inputError("chips", "a KQL condition is one text, not %d", len(c.Values))
			}
			p = kql.Predicate{Op: kql.Raw, Text: c.Values[0]}
		}
		ps[i] = p
	}
	query, err := kql.FromPredicates(emailEvents.Name, ps)
	if err != nil {
		return "", chipError(err)
	}
	q, err := parseFilter(query)
	if err != nil {
		return "", err
	}
	if _, err := kql.Compile(q, kql.Options{Now: x.now()}, x.store.Dialect()); err != nil {
		return "", chipError(err)
	}
	return query, nil
}

// chipError tells what is wrong with a chip without a place in a text that nobody wrote.
func chipError(err error) error {
	msg := err.Error()
	var ke *kql.Error
	if errors.As(err, &ke) {
		msg = strings.Replace(msg, ke.Error(), ke.Msg, 1)
	}
	return &InputError{Field: "chips", Msg: msg}
}

// parseFilter reads a filter: EmailEvents, or EmailEvents followed by where operators.
func parseFilter(src string) (*kql.Query, error) {
	if strings.TrimSpace(src) == "" {
		src = emailEvents.Name
	}
	q, err := kql.Parse(src)
	if err != nil {
		return nil, queryError(err)
	}
	if f, ok := q.Filters(); !ok || f.Table != emailEvents.Name {
		why := &kql.Error{Line: 1, Column: 1, Msg: fmt.Sprintf("Explorer's filter is %s followed by where operators only", emailEvents.Name)}
		return nil, queryError(why)
	}
	return q, nil
}

// maxFilter is the longest filter that fits an address, in octets.
const maxFilter = 20_000

// ExplorerFilter is a query as Explorer's filter, in canonical text; "" when it is more than a filter over EmailEvents, or too long.
func ExplorerFilter(q *kql.Query) string {
	f, ok := q.Filters()
	if !ok || f.Table != emailEvents.Name {
		return ""
	}
	if s := q.String(); len(s) <= maxFilter {
		return s
	}
	return ""
}
