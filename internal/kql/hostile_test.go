package kql

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// hostileRows are rows whose values lie at the ends of what their types hold.
var hostileRows = []string{
	`{"l": 9223372036854775807, "r": 1e308, "t": "9999-12-31T23:59:59", "p": "9999999.23:59:59", "b": true, "s": "x", "d": [1, "a", null]}`,
	`{"l": -9223372036854775808, "r": -1e308, "t": "0001-01-01T00:00:00", "p": "-9999999.23:59:59", "b": false, "s": "", "d": {"a": {"b": 1}}}`,
	`{"l": -1, "r": -1.5, "t": "1969-12-31T23:59:59.999999", "p": "-00:00:01", "b": true, "s": "1.2.3.4/33", "d": "text"}`,
	`{"l": 0, "r": 0.0, "t": "2026-05-20T00:00:00", "p": "00:00:00", "b": false, "s": "[1, 2", "d": []}`,
	`{"l": 1000000000000, "r": "NaN", "t": "2026-05-20", "p": "1.00:00:00", "b": true, "s": "(é日%", "d": [1e300, -1e300, 0]}`,
	`{"l": 3, "r": "Infinity", "t": "x", "p": "x", "s": "::1", "d": [[1], {"a": 1}, true]}`,
	`{}`,
}

// hostileValues are an expression of each kind of argument over hostileRows.
var hostileValues = map[byte]string{
	's': "tostring(v.s)", 'S': "tostring(v.s)", 'l': "tolong(v.l)", 'n': "todouble(v.r)", 'r': "todouble(v.r)", 't': "todatetime(v.t)", 'p': "totimespan(v.p)",
	'b': "tobool(v.b)", 'd': "v.d", 'z': "v.d", 'j': "v.s",
}

// anyValues are what an argument that takes anything is tried with.
var anyValues = []string{"tolong(v.l)", "todouble(v.r)", "todatetime(v.t)", "totimespan(v.p)", "tostring(v.s)", "v.d"}

// answers runs a query, and fails the test when a row ends it; false when the query is none.
func answers(s *store, src string) bool {
	s.t.Helper()
	st, err := compileText(src)
	if err != nil {
		return false
	}
	if _, err := s.run(st); err != nil {
		s.t.Errorf("%s\n%.600v", src, err)
	}
	return true
}

// TestNoRowEndsAnAggregate is TestNoRowEndsAQuery for aggregates, by group and over all rows.
func TestNoRowEndsAnAggregate(t *testing.T) {
	s := openStore(t)
	for _, row := range hostileRows {
		s.load("EmailEvents", `{"Subject": `+jsonString(row)+`, "NetworkMessageId": "m"}`)
	}
	ran := 0
	for _, name := range slices.Sorted(maps.Keys(aggregates)) {
		letters := strings.NewReplacer("?", "", "*", "").Replace(aggregates[name].params)
		for n := range len(letters) + 1 {
			for _, any := range anyValues {
				for _, last := range []string{"", "50", "dynamic([0, 100])"} {
					var args []string
					for i := range n {
						arg := hostileValues[letters[i]]
						switch {
						case i == n-1 && last != "":
							arg = last
						case letters[i] == 'a':
							arg = any
						}
						args = append(args, arg)
					}
					src := "EmailEvents | extend v = parse_json(Subject) | summarize x = " + name + "(" + strings.Join(args, ", ") + ")"
					for _, by := range []string{"", " by y = tostring(v.s)"} {
						if answers(s, src+by) {
							ran++
						}
					}
				}
			}
		}
	}
	if ran < 500 {
		t.Errorf("only %d queries ran", ran)
	}
}

// TestNoRowEndsAQuery: whatever stands in a row, every function of the language gives a value of its type or null.
func TestNoRowEndsAQuery(t *testing.T) {
	s := openStore(t)
	for _, row := range hostileRows {
		s.load("EmailEvents", `{"Subject": `+jsonString(row)+`, "NetworkMessageId": "m"}`)
	}
	ran := 0
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		f := functions[name]
		letters := strings.NewReplacer("?", "", "*", "").Replace(f.params)
		for n := range len(letters) + 1 {
			// What takes anything is tried with each type alone, and what wants literals is tried with some.
			for _, any := range anyValues {
				for _, word := range []string{"", `"day"`, `"(a)"`, `"1.2.3.0/24"`, `"hh"`, `"US/Pacific"`} {
					var args []string
					for i := range n {
						arg := hostileValues[letters[i]]
						switch {
						case letters[i] == 'a':
							arg = any
						case letters[i] == 's' && word != "":
							arg = word
						}
						args = append(args, arg)
					}
					src := "EmailEvents | extend v = parse_json(Subject) | project x = " + name + "(" + strings.Join(args, ", ") + ")"
					if answers(s, src) {
						ran++
					}
					if !strings.Contains(letters[:n], "s") {
						break
					}
				}
				if !strings.Contains(letters[:n], "a") {
					break
				}
			}
		}
	}
	if ran < 800 {
		t.Errorf("only %d calls ran", ran)
	}
}
