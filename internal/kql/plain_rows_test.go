package kql

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/internal/event"
)

// rowOperator writes operators that expand, parse, rank or number rows, in forms that have one answer.
func (w *writer) rowOperator() string {
	text := w.pick(event.String)
	number := w.pick(event.Int, event.Long)
	if text == "" || number == "" {
		return "where true"
	}
	switch w.below(10) {
	case 0:
		a, b := w.fresh(), w.fresh()
		w.add(a, event.String, b, event.Long)
		return fmt.Sprintf("parse%s %s with %s:string \"-\" %s:long", w.oneOf("", " kind=relaxed", "-where"), text, a, b)
	case 1:
		a, b := w.fresh(), w.fresh()
		w.add(a, event.String, b, event.Long)
		return fmt.Sprintf("mv-expand %s = split(%s, \" \") to typeof(string), %s = pack_array(1, %s, 3) to typeof(long)", a, text, b, number)
	case 2:
		return w.apply(text)
	case 3:
		n, order := w.fresh(), w.order()
		w.add(n, event.Long)
		return order + fmt.Sprintf(" | extend %s = row_number(%d, %s != prev(%s))", n, w.below(3), text, text)
	case 4:
		n, order := w.fresh(), w.order()
		w.add(n, event.Long)
		return order + " | extend " + n + " = " + strings.ReplaceAll(w.oneOf("row_cumsum(tolong(@))", "tolong(prev(@, 1, 0))", "tolong(next(@))", "row_rank_dense(@)", "row_rank_min(@, @ > 1)"), "@", number)
	case 5:
		return w.series(text)
	case 6:
		a, b := w.fresh(), w.fresh()
		w.cols = []writerCol{{a, event.String}, {b, event.Long}}
		return fmt.Sprintf("top-nested %s of %s = %s%s by %s = count()", w.oneOf("1", "2", ""), a, text, "", b)
	case 7:
		a, b := w.fresh(), w.fresh()
		w.cols = []writerCol{{a, event.String}, {b, event.Long}}
		return fmt.Sprintf("top-hitters 2 of %s | project %s = %s, %s = approximate_count_%s", text, a, text, b, text)
	case 8:
		return fmt.Sprintf("partition by %s (%s | take %d)", text, w.order(), w.below(3))
	}
	a, b := w.fresh(), w.fresh()
	w.cols = []writerCol{{text, event.String}, {a, event.Long}, {b, event.Long}}
	return fmt.Sprintf("project %s, Kind = iff(%s > 1, \"%s\", \"%s\") | evaluate pivot(Kind) : (%s: string, %s: long, %s: long)", text, number, a, b, text, a, b)
}

func (w *writer) add(pairs ...any) {
	w.cols = slices.Clone(w.cols)
	for i := 0; i < len(pairs); i += 2 {
		w.cols = append(w.cols, writerCol{pairs[i].(string), pairs[i+1].(event.Type)})
	}
}

// order sorts by every column, so that equal rows are all that can change places.
func (w *writer) order() string {
	var keys []string
	for _, c := range w.cols {
		keys = append(keys, c.name+w.oneOf(" asc", " desc"))
	}
	return "sort by " + strings.Join(keys, ", ")
}

func (w *writer) apply(text string) string {
	x := w.fresh()
	n := w.fresh()
	list := fmt.Sprintf("mv-apply %s = split(%s, \" \") to typeof(string) on ", x, text)
	switch w.below(4) {
	case 0:
		w.add(x, event.String)
		return list + fmt.Sprintf("(where %s != \"a\" | top 1 by %s asc)", x, x)
	case 1:
		w.add(n, event.Long)
		return list + fmt.Sprintf("(where %s in (\"a\", \"x-1\") | summarize %s = count())", x, n)
	case 2:
		w.add(x, event.String, n, event.Long)
		return list + fmt.Sprintf("(summarize %s = count() by %s)", n, x)
	}
	w.add(n, event.String)
	return list + fmt.Sprintf("(take 1 | summarize %s = strcat_array(make_list(%s), \"+\"))", n, x)
}

func (w *writer) series(text string) string {
	axis := w.pick(event.Datetime)
	if axis == "" {
		return "where true"
	}
	n := w.fresh()
	ends := w.oneOf("", " from ago(3d)", " from ago(2d) to now()", " to now()")
	w.cols = []writerCol{{text, event.String}, {axis, event.Datetime}, {n, event.Long}}
	return fmt.Sprintf("make-series %s = count() on %s%s step 6h by %s | mv-expand %s to typeof(datetime), %s to typeof(long)", n, axis, ends, text, axis, n)
}
