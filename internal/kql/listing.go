package kql

import (
	"maps"
	"slices"
	"strings"
)

// Function is a function of the language, for whoever completes a query.
type Function struct {
	Name      string
	Signature string // as in substring(string, long, [long])
	Aggregate bool
}

// Functions lists what can be called, by name; aggregates come after scalar functions.
func Functions() []Function {
	var out []Function
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		out = append(out, Function{Name: name, Signature: signature(name, functions[name].params)})
	}
	for _, name := range slices.Sorted(maps.Keys(aggregates)) {
		out = append(out, Function{Name: name, Signature: signature(name, aggregates[name].params), Aggregate: true})
	}
	return out
}

// parameterWords name the letters of params.
var parameterWords = map[rune]string{
	's': "string", 'S': "string", 'l': "long", 'n': "number", 't': "datetime", 'p': "timespan", 'b': "bool", 'd': "dynamic", 'a': "any",
}

// signature writes params for people.
func signature(name, params string) string {
	var words []string
	optional := false
	for _, r := range params {
		switch word, known := parameterWords[r]; {
		case r == '?':
			optional = true
		case r == '*':
			words = append(words, "...")
		case !known:
			words = append(words, "any")
		case optional:
			words = append(words, "["+word+"]")
		default:
			words = append(words, word)
		}
	}
	return name + "(" + strings.Join(words, ", ") + ")"
}
