package kql

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/event"
)

// diffParts and dateParts are the units of datetime_diff and datetime_part, singular and lower case, with their spellings.
var (
	diffParts = map[string]string{
		"year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day", "hour": "hour", "minute": "minute",
		"second": "second", "millisecond": "millisecond", "microsecond": "microsecond", "nanosecond": "nanosecond",
	}
	dateParts = map[string]string{
		"year": "year", "quarter": "quarter", "month": "month", "week_of_year": "week_of_year", "weekofyear": "week_of_year",
		"day": "day", "dayofyear": "dayofyear", "day_of_year": "dayofyear", "hour": "hour", "minute": "minute", "second": "second",
		"millisecond": "millisecond", "microsecond": "microsecond", "nanosecond": "nanosecond",
	}
)

func datePartName(c fcall, known map[string]string) string {
	name := strings.ToLower(c.word(0))
	if u, ok := known[name]; ok {
		return u
	}
	fail(c.nodes[0].Pos(), "%s has no part '%s'; there are %s", c.name, name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	return ""
}

// formatToken is a run of one letter in a format of format_datetime, or a separator.
var formatToken = regexp.MustCompile(`^(?:yyyy|yy|MM|M|dd|d|HH|H|hh|h|mm|m|ss|s|tt|f{1,7}|[ /\-:,._\[\]])`)

// formatTokens splits a format of format_datetime; ok is false at what is no part of one.
func formatTokens(format string) (out []string, rest string, ok bool) {
	for format != "" {
		t := formatToken.FindString(format)
		if t == "" {
			return out, format, false
		}
		out, format = append(out, t), format[len(t):]
	}
	return out, "", true
}

func checkFormat(at Span, format string) string {
	if _, rest, ok := formatTokens(format); !ok {
		fail(at, "format_datetime does not know %q; it knows yyyy yy MM M dd d HH H hh h mm m ss s f (to fffffff) tt and the separators / - : , . _ [ ] and space", rest)
	}
	return format
}

// groups counts the groups of a regular expression that is known to be valid.
func groups(re string) int { return regexp.MustCompile(re).NumSubexp() }

// jsonConstant writes a constant as JSON.
func jsonConstant(c *constant) string {
	switch v := c.value.(type) {
	case string:
		if c.typ == event.Dynamic {
			return v
		}
		return jsonString(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		if c.typ == event.Timespan {
			return jsonString(formatTimespan(v))
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return jsonReal(v)
	case time.Time:
		return jsonString(formatDatetime(v))
	}
	return "null"
}
