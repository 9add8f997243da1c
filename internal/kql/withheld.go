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

// explainColumn is deferred: a failure over a column that was withheld says so instead of that there is none, and one over a
// column that data would have given says that there is no data.
func (b *binder) explainColumn() {
	p := recover()
	if p == nil {
		return
	}
	if pr, ok := p.(problem); ok && pr.column != "" {
		if why := b.whyHidden(pr.column); why != "" {
			pr.msg = why
		} else if b.bare {
			pr.msg += "; evaluate met no rows, which would have given it columns. Look further back in time, or name them: evaluate bag_unpack(...) : (*, Name:type)"
		}
		panic(pr)
	}
	panic(p)
}

// refuseNamed refuses a query that compiled and still names a withheld column. Some words pass over columns that are not there
// (column_ifexists, find, a union whose other side has a column of the name), and would answer another question without a word.
// It goes by the words of the text, so it also refuses a column of the same name of another table. A query that gives the name to
// something of its own is left alone.
func (b *binder) refuseNamed(src string) {
	if len(b.hidden) == 0 {
		return
	}
	words := lex(src, 0)
	own := map[string]bool{}
	for i, w := range words[:len(words)-1] {
		if next := words[i+1]; w.kind == tName && next.kind == tPunct && (next.text == "=" || next.text == ":") {
			own[w.text] = true
		}
	}
	quoted := slices.ContainsFunc(words, func(w token) bool {
		return w.kind == tName && (w.text == "column_ifexists" || w.text == "columnifexists")
	})
	for i, w := range words {
		name, before := w.text, ""
		if i > 0 {
			before = words[i-1].text
		}
		if w.kind == tLiteral && w.lit.Type == event.String && (quoted || before == "[") {
			name, _ = w.lit.Value.(string)
		} else if w.kind != tName {
			continue
		}
		if why := b.whyHidden(name); why != "" && !own[name] && before != "." {
			fail(w.Span, "%s", why)
		}
	}
}

// searches reports whether a query looks through columns that it does not name.
func searches(src string) bool {
	words := lex(src, 0)
	for i, w := range words {
		star := w.kind == tPunct && w.text == "*" && i > 0 && words[i-1].kind == tName && words[i-1].text == "where"
		if star || w.kind == tName && (w.text == "search" || w.text == "find") {
			return true
		}
	}
	return false
}

// leftOut lists, as Table.Column, what is missing from tables that are in the result with all their other columns, or that are
// searched in all of them.
func (b *binder) leftOut(src string, rel *relation) []string {
	if len(b.hidden) == 0 {
		return nil
	}
	all := searches(src)
	var out []string
	for _, h := range b.hidden {
		whole := all || rel.lookup(h.name) == nil
		for i := range h.table.Columns {
			name := h.table.Columns[i].Name
			hidden := slices.ContainsFunc(b.hidden, func(o hiddenColumn) bool { return o.table == h.table && o.name == name })
			whole = whole && (all || hidden || rel.lookup(name) != nil)
		}
		if whole {
			out = append(out, h.table.Name+"."+h.name)
		}
	}
	return out
}
