// Package native holds the functions of the query language that DuckDB's SQL does not have, written in Go: arrays and
// bags, addresses, encodings, time series.
//
// The compiler (internal/kql) writes calls of them as kql_<name>(...) into its SQL; the store registers them when it
// opens its database. They are pure: what they return depends on their arguments alone. Values come as the compiler keeps
// them: text, whole numbers, reals, datetimes in UTC, timespans as ticks of 100 ns, and dynamic values as their JSON. What a
// function can't make sense of gives null, never an error, so that one row can't end a query; only a value beyond
// MaxValue does.
package native

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Prefix stands before the name of a function in SQL.
const Prefix = "kql_"

// MaxValue is the largest value in bytes that a function returns. The store's memory limit does not count Go's memory.
const MaxValue = 16 << 20

// maxElements of a list, as in Kusto.
const maxElements = 1 << 20

// function computes one row. It may be stateful within one chunk of rows: make returns a new one for each.
type function struct {
	result byte // s text, d dynamic, l whole number, n real, t datetime, b condition
	make   func() func(a args) any
}

// pure is a function without state between rows.
func pure(result byte, run func(a args) any) function {
	return function{result, func() func(a args) any { return run }}
}

// tooLarge is what bound panics with.
type tooLarge struct{}

// bound stops a function whose value would grow beyond MaxValue. It is asked before memory is taken.
func bound(size int) {
	if size < 0 || size > MaxValue {
		panic(tooLarge{})
	}
}

// functions by name, without Prefix.
var functions = func() map[string]function {
	all := map[string]function{}
	for _, family := range []map[string]function{
		arrayFunctions, bagFunctions, setFunctions, textFunctions, encodingFunctions, parseFunctions,
		addressFunctions, timeFunctions, numberFunctions, seriesFunctions, filterFunctions, fitFunctions, decomposeFunctions,
	} {
		for name, f := range family {
			if _, twice := all[name]; twice {
				panic("native: two functions named " + name)
			}
			all[name] = f
		}
	}
	return all
}()

// Function is a function as a store registers it.
type Function struct {
	Name   string // with Prefix
	Result byte   // s text, d dynamic as its JSON, l whole number, n real, t datetime, b condition
	// Chunk gives what computes the rows of one chunk. A row's arguments are nil (null), string, int32, int64, float64, bool, time.Time or
	// []any; so is its result.
	Chunk func() func(row []any) (any, error)
}

// Functions are all functions, by name. locate says where an address is, and may be nil: geo_info_from_ip_address then gives null.
func Functions(locate func(addr string) (Place, bool)) []Function {
	all := maps.Clone(functions)
	all["geo_info_from_ip_address"] = geoInfo(locate)
	var out []Function
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		out = append(out, Function{Prefix + name, f.result, func() func([]any) (any, error) {
			run := f.make()
			return func(row []any) (any, error) { return call(name, f.result, run, row) }
		}})
	}
	return out
}

// Place is what is known of where an address is.
type Place struct {
	Country, State, City string
	Latitude, Longitude  float64
	Coordinates          bool // whether the latter two are known
}

// call runs one row. A panic must not reach the database's own code, which would end the process.
func call(name string, result byte, run func(a args) any, row []any) (out any, err error) {
	defer func() {
		switch recover().(type) {
		case nil:
		case tooLarge:
			out, err = nil, fmt.Errorf("%s would give a value of more than %d MB", name, MaxValue>>20)
		default:
			out, err = nil, fmt.Errorf("%s failed on a value", name)
		}
	}()
	out = run(row)
	switch v := out.(type) {
	case string:
		bound(len(v))
	case nil:
		if result == 's' { // text is never null
			return "", nil
		}
	}
	return out, nil
}

// args are the arguments of one row; nil is null.
type args []any

func (a args) has(i int) bool { return i < len(a) && a[i] != nil }

// text is argument i, empty when it is null or not there.
func (a args) text(i int) string {
	if i < len(a) {
		if s, ok := a[i].(string); ok {
			return s
		}
	}
	return ""
}

// json is the JSON of argument i; "null" when there is none.
func (a args) json(i int) string {
	if s := trimSpace(a.text(i)); s != "" {
		return s
	}
	return "null"
}

func (a args) long(i int) (int64, bool) {
	if i >= len(a) {
		return 0, false
	}
	switch v := a[i].(type) {
	case int64:
		return v, true
	case int32:
		return int64(v), true
	}
	return 0, false
}

// longOr is argument i, or other when it is not given.
func (a args) longOr(i int, other int64) (n int64, ok bool) {
	if i >= len(a) {
		return other, true
	}
	return a.long(i)
}

func (a args) real(i int) (float64, bool) {
	if i >= len(a) {
		return 0, false
	}
	switch v := a[i].(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case int32:
		return float64(v), true
	}
	return 0, false
}

func (a args) boolean(i int, other bool) bool {
	if i < len(a) {
		if v, ok := a[i].(bool); ok {
			return v
		}
	}
	return other
}

func (a args) time(i int) (time.Time, bool) {
	if i < len(a) {
		if t, ok := a[i].(time.Time); ok {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
