package kql

import (
	"math"
	"time"
)

// Values of a row come as the columns say: text, whole numbers, real ones, times, truth. These read one; null, and a value of another type, is
// the zero value.

// Integer reads a whole number. A real one loses its fraction, as sums and averages over whole numbers are real.
func Integer(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case float64:
		if !math.IsNaN(v) { // an average of nothing
			return int64(v)
		}
	}
	return 0
}

// Text reads a text.
func Text(v any) string {
	s, _ := v.(string)
	return s
}

// Moment reads a time, in UTC.
func Moment(v any) time.Time {
	t, _ := v.(time.Time)
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// Truth reads a truth value.
func Truth(v any) bool {
	b, _ := v.(bool)
	return b
}
