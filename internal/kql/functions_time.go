package kql

import (
	"regexp"
	"time"
	_ "time/tzdata" // for machines without the database of time zones
	"unicode"

	"tocsin/internal/event"
)

// timeFunctions make, move and format datetimes and timespans, beside those in functions.go.
var timeFunctions = map[string]function{
	"weekofyear": datePart("week_of_year"),
	"datepart": {params: "st", bind: func(c fcall) scalar {
		return &call{opDatePart, event.Int, []scalar{text(datePartName(c, dateParts)), c.args[1]}}
	}},
	"datetime_add": {params: "slt", bind: func(c fcall) scalar {
		return &call{opDateAdd, event.Datetime, []scalar{text(datePartName(c, diffParts)), c.args[1], c.args[2]}}
	}},
	"make_datetime":                    {params: "a?llllr", bind: makeDatetime},
	"make_timespan":                    {params: "a?aaa", bind: makeTimespan},
	"unixtime_seconds_todatetime":      unixTime(1),
	"unixtime_milliseconds_todatetime": unixTime(1e3),
	"unixtime_microseconds_todatetime": unixTime(1e6),
	"unixtime_nanoseconds_todatetime":  unixTime(1e9),
	"format_timespan":                  {params: "ps", naming: nameFirst, bind: formatSpan},
	"datetime_utc_to_local":            {params: "ts", bind: zoned("datetime_utc_to_local")},
	"datetime_local_to_utc":            {params: "ts", bind: zoned("datetime_local_to_utc")},
	"bin_at":                           {params: "aaa", naming: nameFirst, bind: binAt},
	"around":                           {params: "aaa", bind: around},
}

func makeDatetime(c fcall) scalar {
	switch len(c.args) {
	case 1:
		return convert(c.args[0], event.Datetime)
	case 2:
		fail(c.at, "make_datetime takes year, month and day, and then hour, minute and second")
	}
	c.args[0] = argument(c.name, c.nodes[0], 'l', c.args[0])
	return &call{inGo("make_datetime"), event.Datetime, c.args}
}

func makeTimespan(c fcall) scalar {
	if len(c.args) == 1 {
		return convert(c.args[0], event.Timespan)
	}
	for i := range c.args {
		kind := byte('l')
		if i == len(c.args)-1 && i >= 2 {
			kind = 'r'
		}
		c.args[i] = argument(c.name, c.nodes[i], kind, c.args[i])
	}
	return &call{inGo("make_timespan"), event.Timespan, c.args}
}

func unixTime(perSecond int64) function {
	return function{params: "n", bind: func(c fcall) scalar {
		return &call{inGo("unixtime"), event.Datetime, []scalar{c.args[0], long(perSecond)}}
	}}
}

var spanFormat = regexp.MustCompile(`^(?:d{1,8}|hh?|HH?|mm?|ss?|f{1,7}|F{1,7}|[ /\-:,._\[\]])`)

// formatSpan checks the format; native code reads it by runs of one letter.
func formatSpan(c fcall) scalar {
	last := byte(0)
	for rest := c.word(1); rest != ""; {
		t := spanFormat.FindString(rest)
		if t == "" || t[0] == last && unicode.IsLetter(rune(last)) {
			fail(c.nodes[1].Pos(), "format_timespan does not know %q; it knows d (to dddddddd) h hh H HH m mm s ss f (to fffffff) F (to FFFFFFF) and the separators / - : , . _ [ ] and space", rest)
		}
		last, rest = t[0], rest[len(t):]
	}
	return &call{inGo("format_timespan"), event.String, c.args}
}

func zoned(name string) func(fcall) scalar {
	return func(c fcall) scalar {
		zone := c.word(1)
		if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
			fail(c.nodes[1].Pos(), "there is no time zone %q; write one such as 'US/Pacific' or 'Europe/Vienna'", zone)
		}
		return &call{op(nativePrefix + name), event.Datetime, c.args}
	}
}

// binAt is bin, counted from a point of the author's.
func binAt(c fcall) scalar {
	x, step, from := c.args[0], c.args[1], c.args[2]
	if x.typeOf() == event.Datetime != (from.typeOf() == event.Datetime) || x.typeOf() == event.Timespan != (from.typeOf() == event.Timespan) {
		fail(c.nodes[2].Pos(), "the fixed point of bin_at has the type of the value: %s", article(x.typeOf()))
	}
	rest := arithmetic(c.at, "-", x, from)
	return arithmetic(c.at, "+", bin(fcall{at: c.at, name: c.name, args: []scalar{rest, step}, nodes: c.nodes[:2]}), from)
}

// around tells whether a value is at most so far from another.
func around(c fcall) scalar {
	x, middle, far := c.args[0], c.args[1], c.args[2]
	if drawn(x) {
		fail(c.nodes[0].Pos(), "give the random value a name with extend before around")
	}
	return test(opAnd, compare(c.at, opGe, x, arithmetic(c.at, "-", middle, far)), compare(c.at, opLe, x, arithmetic(c.at, "+", middle, far)))
}
