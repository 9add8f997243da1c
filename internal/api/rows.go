package api

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// Value turns a value of the event store into what JSON carries, written as Kusto writes it: datetimes as RFC 3339 in
// UTC, timespans as [-][d.]hh:mm:ss[.fffffff], dynamic values as JSON, numbers that JSON has no word for as text.
func Value(v any) any {
	switch v := v.(type) {
	case time.Time:
		return Datetime(v)
	case time.Duration:
		return Timespan(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strings.TrimPrefix(fmt.Sprint(v), "+")
		}
	case json.RawMessage:
		if len(v) == 0 {
			return nil
		}
	}
	return v
}

// Datetime writes RFC 3339 in UTC, with as many digits of the second as there are.
func Datetime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Timespan writes a duration as Kusto does: [-][d.]hh:mm:ss[.fffffff], in ticks of 100 ns.
func Timespan(d time.Duration) string {
	sign := ""
	ticks := d / 100
	if ticks < 0 {
		sign, ticks = "-", -ticks
	}
	const second = 10_000_000
	days, rest := ticks/(86400*second), ticks%(86400*second)
	s := rest / second
	out := fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	if days > 0 {
		out = fmt.Sprintf("%d.%s", days, out)
	}
	if f := rest % second; f > 0 {
		out += fmt.Sprintf(".%07d", f)
	}
	return sign + out
}
