// Package stixtest looks at STIX that Tocsin writes: what the specification forbids and does no harm when it comes in, so that the reader lets it
// pass.
package stixtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// orders are pairs of times of which the second is not before the first.
var orders = [][2]string{{"valid_from", "valid_until"}, {"first_seen", "last_seen"}, {"first_observed", "last_observed"}, {"created", "modified"}}

// Strict says what is wrong with an object beside what stix.Check says: lists and hashes without anything (section 2.7), times in the wrong order.
func Strict(raw json.RawMessage) (wrong []error) {
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return []error{err}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch v := all[name].(type) {
		case []any:
			if len(v) == 0 {
				wrong = append(wrong, fmt.Errorf("%s: lists without anything are left out", name))
			}
		case map[string]any:
			if name == "hashes" && len(v) == 0 {
				wrong = append(wrong, fmt.Errorf("%s: it names no digest", name))
			}
		}
	}
	at := func(name string) time.Time {
		text, _ := all[name].(string)
		t, _ := time.Parse(time.RFC3339Nano, text)
		return t
	}
	for _, o := range orders {
		a, b := at(o[0]), at(o[1])
		if !a.IsZero() && !b.IsZero() && (b.Before(a) || o[1] == "valid_until" && !b.After(a)) {
			wrong = append(wrong, fmt.Errorf("%s: it is before %s", o[1], o[0]))
		}
	}
	return wrong
}
