package kql

import "tocsin/internal/event"

// legacy is what a relation still knows of columns under names of old, which no list of its columns shows. It is lost where the
// rows of the table are: by summarize, distinct, union and whatever picks columns.
type legacy struct {
	table *event.Table
	rel   *relation // the columns of the table as they were read
}

// column returns what stands for an old name; nil when there is no such name.
func (l *legacy) column(b *binder, name string) scalar {
	if l == nil {
		return nil
	}
	for _, c := range l.table.Legacy {
		if c.Name == name {
			x := parseTree("print " + c.Expr).Body.(*Print).Items[0].X
			return b.scalar(x, &scope{rel: l.rel})
		}
	}
	return nil
}

// legacyOf is what a table that was just read knows.
func legacyOf(t *event.Table, rel *relation) *legacy {
	if len(t.Legacy) == 0 {
		return nil
	}
	return &legacy{t, &relation{plan: rel.plan, fields: append([]field(nil), rel.fields...)}}
}

// legacyAfter is what remains after an operator; join decided for itself.
func legacyAfter(op Operator, before, after *legacy) *legacy {
	switch op := op.(type) {
	case *Where, *Extend, *Sort, *Top, *Take, *ProjectRename, *MvExpand, *Render, *ParseText, *ParseKV, *Serialize, *Sample:
		return before
	case *ProjectNames:
		if op.Op != "project-keep" {
			return before
		}
	case *Join:
		return after
	}
	return nil
}

// legacyJoined is what remains of two sides: those whose rows all have a partner, because texts are null where there is none.
func legacyJoined(kind joinKind, left, right *legacy) *legacy {
	if left != nil && kind != joinRightOuter && kind != joinFullOuter {
		return left
	}
	if right != nil && kind != joinLeftOuter && kind != joinFullOuter {
		return right
	}
	return nil
}
