package kql

import (
	"fmt"
	"strings"
	"time"
)

// Chart is how a query asks to be drawn: its render operator.
type Chart struct {
	Kind       string              // as written: table, columnchart, timechart, ...
	Properties map[string][]string // by name in lower case, values as text
}

// Chart returns what the render at the end of q says, ok false when there is none.
func (q *Query) Chart() (c Chart, ok bool) {
	body, isPipe := q.tree.Body.(*Pipe)
	if !isPipe || len(body.Ops) == 0 {
		return c, false
	}
	r, ok := body.Ops[len(body.Ops)-1].(*Render)
	if !ok {
		return c, false
	}
	c = Chart{Kind: r.Kind, Properties: map[string][]string{}}
	for _, p := range r.With {
		var values []string
		for _, x := range append([]Expr{p.X}, p.More...) {
			values = append(values, propertyText(x))
		}
		c.Properties[strings.ToLower(p.Name)] = values
	}
	return c, true
}

// propertyText is a name as it is, a literal as the text that it stands for, anything else as KQL.
func propertyText(x Expr) string {
	switch x := x.(type) {
	case *Name:
		return x.Name
	case *Literal:
		switch v := x.Value.(type) {
		case nil:
			return ""
		case string:
			return v
		case time.Time:
			return v.UTC().Format(time.RFC3339Nano)
		default:
			return fmt.Sprint(v)
		}
	}
	p := &printer{}
	p.expr(x, 0)
	return p.b.String()
}
