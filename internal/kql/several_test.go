package kql

import (
	"slices"
	"strings"
	"testing"
)

// bindSeveral makes a relation of the columns that a call of several values gives over a source.
func bindSeveral(t *testing.T, s *store, source, expr string) ([]string, []string) {
	t.Helper()
	q, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := Parse("print " + expr)
	if err != nil {
		t.Fatal(err)
	}
	x := asPipe(probe.tree.Body).Source.(*Print).Items[0].X.(*Call)
	b := &binder{opts: Options{Now: now}}
	rel := b.bindTree(q.tree)
	cols, values, ok := b.several(x, &scope{rel: rel})
	if !ok {
		t.Fatalf("%s gives no several values", expr)
	}
	out := &relation{}
	add := &compute{in: rel.plan}
	var names []string
	for i, c := range cols {
		col := &column{typ: c.typ}
		add.items = append(add.items, item{col, values[i]})
		out.fields = append(out.fields, field{c.of(x), col})
		names = append(names, c.of(x)+":"+string(c.typ))
	}
	out.plan = add
	st := (&generator{d: DuckDB()}).statement(out)
	rows, err := s.run(st)
	if err != nil {
		t.Fatalf("%v\n%s", err, st.SQL)
	}
	return names, rows[0]
}

// The columns of functions that give several values, with Kusto's names and the examples of its documentation.
func TestSeveralValues(t *testing.T) {
	s := openStore(t)
	for _, c := range []struct{ source, expr, names, row string }{
		{
			`print x = dynamic([23, 46, 23, 87, 4, 8, 3, 75, 2, 56, 13, 75, 32, 16, 29])`, `series_stats(x)`,
			"series_stats_x_min:real, series_stats_x_min_idx:long, series_stats_x_max:real, series_stats_x_max_idx:long, series_stats_x_avg:real, series_stats_x_stdev:real, series_stats_x_variance:real",
			"2 | 8 | 87 | 3 | 32.8 | 28.503633854 | 812.457142857",
		},
		{
			`print y = dynamic([1, 2, 3])`, `series_fit_line(y)`,
			"series_fit_line_y_rsquare:real, series_fit_line_y_slope:real, series_fit_line_y_variance:real, series_fit_line_y_rvariance:real, series_fit_line_y_interception:real, series_fit_line_y_line_fit:dynamic",
			"1 | 1 | 1 | 0 | 0 | [1.0,2.0,3.0]",
		},
		{
			`print y = dynamic([1, 3, 5, 1, 3, 5, 1, 9, 5, 1, 3, 5])`, `series_decompose(y, 3, "none")`,
			"series_decompose_y_baseline:dynamic, series_decompose_y_seasonal:dynamic, series_decompose_y_trend:dynamic, series_decompose_y_residual:dynamic",
			"[1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0] | [1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0] | [0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0] | [0.0,0.0,0.0,0.0,0.0,0.0,0.0,6.0,0.0,0.0,0.0,0.0]",
		},
		{
			`print array1 = dynamic([1, 3, 4, 5, 2]), array2 = dynamic(["a", "b", "c", "d", "e"])`, `array_sort_asc(array1, array2)`,
			"array1_sorted:dynamic, array2_sorted:dynamic", `[1,2,3,4,5] | ["a","e","b","c","d"]`,
		},
		{`print a = dynamic([2, null, 1])`, `array_sort_desc(a, false)`, "a_sorted:dynamic", "[null,2,1]"},
		{`print a = 1`, `array_sort_asc(dynamic([2, 1]))`, "array0_sorted:dynamic", "[1,2]"},
	} {
		names, row := bindSeveral(t, s, c.source, c.expr)
		if got := strings.Join(names, ", "); got != c.names {
			t.Errorf("%s has the columns\n%s, not\n%s", c.expr, got, c.names)
		}
		if got := strings.Join(row, " | "); got != c.row {
			t.Errorf("%s gives\n%s, not\n%s", c.expr, got, c.row)
		}
	}
	for name, f := range functions {
		if f.outputs != nil && slices.ContainsFunc(f.outputs, func(o output) bool { return o.name == "" || o.typ == "" }) {
			t.Errorf("%s has a column without a name or type", name)
		}
	}
}
