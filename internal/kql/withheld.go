package kql

import (
	"fmt"
	"slices"

	"tocsin/internal/event"
)

// hiddenColumn is a column that this compilation may not read.
type hiddenColumn struct {
	table *event.Table
	name  string
	why   string
}

// withhold reports whether a column stays out of its table, and remembers why. What repeats a withheld column is withheld too.
func (b *binder) withhold(t *event.Table, c *event.Column) bool {
	if b.opts.Withheld == nil {
		return false
	}
	stored := c
	if c.Alias != "" {
		if s, ok := t.Column(c.Alias); ok {
			stored = s
		}
	}
	why := b.opts.Withheld(stored)
	if why == "" {
		return false
	}
	h := hiddenColumn{t, c.Name, why}
	if !slices.Contains(b.hidden, h) {
		b.hidden = append(b.hidden, h)
	}
	return true
}

// whyHidden is why a name that is no column where it stands may not be read, "" when it is simply not there.
func (b *binder) whyHidden(name string) string {
	for _, h := range b.hidden {
		if h.name == name {
			return h.why
		}
	}
	return ""
}

// failColumn fails over a name that is no column where it stands.
func failColumn(at Span, name, format string, args ...any) {
	panic(problem{at: at.Start, end: at.End, msg: fmt.Sprintf(format, args...), column: name})
}

// explainWithheld is deferred: a failure over a column that was withheld says so instead of that there is none.
func (b *binder) explainWithheld() {
	p := recover()
	if p == nil {
		return
	}
	if pr, ok := p.(problem); ok && pr.column != "" {
		if why := b.whyHidden(pr.column); why != "" {
			pr.msg = why
		}
		panic(pr)
	}
	panic(p)
}

// leftOut lists, as Table.Column, what is missing from tables that are in the result with all their other columns.
func (b *binder) leftOut(rel *relation) []string {
	var out []string
	for _, h := range b.hidden {
		whole := rel.lookup(h.name) == nil
		for i := range h.table.Columns {
			name := h.table.Columns[i].Name
			hidden := slices.ContainsFunc(b.hidden, func(o hiddenColumn) bool { return o.table == h.table && o.name == name })
			whole = whole && (hidden || rel.lookup(name) != nil)
		}
		if whole {
			out = append(out, h.table.Name+"."+h.name)
		}
	}
	return out
}
