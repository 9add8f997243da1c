package kql

import "tocsin/internal/event"

type (
	// window adds columns that are computed from rows in relation to each other.
	window struct {
		in    node
		by    []*column  // rows that differ here do not see each other
		keys  []orderKey // the order in which rows are seen; none: as they come
		items []windowItem
	}
	// windowItem is one column of a window. args begin with the value; lag and lead have the offset and perhaps what stands
	// in for a row that is not there behind it.
	windowItem struct {
		fn   windowFn
		col  *column
		args []scalar
		agg  *aggItem // of winAggregate
	}
	// expand makes a row of every element of its lists, in parallel. Of a null list there is one element, null; a row whose
	// lists are all empty gives no row, or with present one in which present is false.
	expand struct {
		in      node
		lists   []item
		pairs   bool    // properties of an object as [key, value], not {key: value}
		index   *column // position of the element, from 0; may be nil
		present *column // may be nil
		limit   int64   // at most so many elements a row; -1: all
	}
)

type windowFn string

const (
	winNumber    windowFn = "row_number"
	winRank      windowFn = "dense_rank"
	winSum       windowFn = "sum" // of the rows so far
	winMax       windowFn = "max"
	winFirst     windowFn = "first_value"
	winLag       windowFn = "lag"
	winLead      windowFn = "lead"
	winAggregate windowFn = "aggregate" // over all rows
)

func (n *window) inputs() []node { return []node{n.in} }
func (n *expand) inputs() []node { return []node{n.in} }

// owns tells whether n makes one of these columns.
func (n *expand) owns(used map[*column]bool) bool {
	return touches(used, n.lists) || n.index != nil && used[n.index] || n.present != nil && used[n.present]
}

// grouping says that the rows of a relation belong to many runs of a sub-query, all of which are planned at once: the rows
// of each input row of mv-apply, or of each value of partition.
type grouping struct {
	by []*column // rows of one run have equal values here
	// present is false in rows that are there only so that their run is not forgotten; nil: every row is.
	present *column
	keep    []field // columns of the outer row, the same in all rows of a run
	outer   *grouping
}

// columns lists what has to stay with every row, as places that can be set anew.
func (g *grouping) columns() []**column {
	var out []**column
	for i := range g.keep {
		out = append(out, &g.keep[i].col)
	}
	if o := g.outer; o != nil {
		for i := range o.by {
			out = append(out, &o.by[i])
		}
		if o.present != nil {
			out = append(out, &o.present)
		}
		out = append(out, o.columns()...)
	}
	return out
}

// runs is what tells the runs of r's sub-query apart; nil outside of one.
func (r *relation) runs() []*column {
	if r.group == nil {
		return nil
	}
	by := append([]*column(nil), r.group.by...)
	if r.group.present != nil {
		by = append(by, r.group.present)
	}
	return by
}

// ordering is what is known of the order of a relation's rows.
type ordering struct {
	serialized bool // window functions may be used
	keys       []orderKey
	serial     *column // numbers the rows in that order, once a window function has asked for it
}

// choice is iff(cond, yes, no).
func choice(cond, yes, no scalar) scalar {
	return &call{opCase, yes.typeOf(), []scalar{cond, yes, no}}
}

func and(a, b scalar) scalar { return &call{opAnd, event.Bool, []scalar{a, b}} }
