package native

import (
	"fmt"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // zones of datetime_utc_to_local, on machines without them

	"math/bits"
)

const (
	ticksPerSecond = 10_000_000
	ticksPerDay    = 86400 * ticksPerSecond
)

var timeFunctions = map[string]function{
	"make_datetime":         pure('t', makeDatetime),
	"make_timespan":         pure('l', makeTimespan),
	"unixtime":              pure('t', unixTime),
	"format_timespan":       pure('s', formatTimespan),
	"datetime_utc_to_local": memo('t', func(a args, m *kept) any { return shiftZone(a, m, true) }),
	"datetime_local_to_utc": memo('t', func(a args, m *kept) any { return shiftZone(a, m, false) }),
	"range_datetime":        pure('d', rangeDatetime),
	"range_timespan":        pure('d', rangeTimespan),
}

// makeDatetime takes year, month, day, hour, minute and second, the latter with a fraction.
func makeDatetime(a args) any {
	var v [5]int64
	limits := [5][2]int64{{1, 9999}, {1, 12}, {1, 31}, {0, 23}, {0, 59}}
	for i := range v {
		other := int64(0)
		if i < 3 {
			other = -1
		}
		n, ok := a.longOr(i, other)
		if !ok || n < limits[i][0] || n > limits[i][1] {
			return nil
		}
		v[i] = n
	}
	second := 0.0
	if len(a) > 5 {
		f, ok := a.real(5)
		if !ok || !(f >= 0 && f < 60) {
			return nil
		}
		second = f
	}
	micros := int64(math.Round(second*ticksPerSecond)) / 10
	t := time.Date(int(v[0]), time.Month(v[1]), int(v[2]), int(v[3]), int(v[4]), 0, 0, time.UTC)
	if t.Day() != int(v[2]) {
		return nil
	}
	return t.Add(time.Duration(micros) * time.Microsecond)
}

// makeTimespan takes hour and minute, hour, minute and second, or day before those.
func makeTimespan(a args) any {
	days := int64(0)
	if len(a) == 4 {
		d, ok := a.long(0)
		if !ok || d < 0 || d > 10_000_000 {
			return nil
		}
		days, a = d, a[1:]
	}
	h, ok1 := a.long(0)
	m, ok2 := a.long(1)
	if !ok1 || !ok2 || h < 0 || h > 23 || m < 0 || m > 59 {
		return nil
	}
	s := 0.0
	if len(a) > 2 {
		f, ok := a.real(2)
		if !ok || !(f >= 0 && f < 60) {
			return nil
		}
		s = f
	}
	return days*ticksPerDay + (h*3600+m*60)*ticksPerSecond + int64(math.Round(s*ticksPerSecond))
}

// unixTime takes a number and how many of it make a second.
func unixTime(a args) any {
	per, ok := a.long(1)
	if !ok || per < 1 || per > 1e9 {
		return nil
	}
	var micros int64
	if n, ok := a.long(0); ok && per <= 1_000_000 {
		hi, lo := bits.Mul64(uint64(max(n, -n)), uint64(1_000_000/per))
		if hi != 0 || lo > 1<<62 || n == math.MinInt64 {
			return nil
		}
		if micros = int64(lo); n < 0 {
			micros = -micros
		}
	} else if ok {
		micros = n / (per / 1_000_000)
	} else {
		f, ok := a.real(0)
		f = f / float64(per) * 1e6
		if !ok || !(math.Abs(f) < 1e18) {
			return nil
		}
		micros = int64(math.Round(f))
	}
	t := time.UnixMicro(micros).UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return nil
	}
	return t
}

// formatTimespan takes a timespan and a format whose parts the compiler has checked.
func formatTimespan(a args) any {
	n, ok := a.long(0)
	if !ok {
		return ""
	}
	var b strings.Builder
	u := uint64(n)
	if n < 0 {
		b.WriteByte('-')
		u = -u
	}
	format := a.text(1)
	for i := 0; i < len(format); {
		c := format[i]
		run := i
		for run < len(format) && format[run] == c {
			run++
		}
		width := run - i
		i = run
		fraction := fmt.Sprintf("%07d", u%ticksPerSecond)
		switch c {
		case 'd':
			fmt.Fprintf(&b, "%0*d", width, u/ticksPerDay)
		case 'h', 'H':
			fmt.Fprintf(&b, "%0*d", width, u/ticksPerSecond/3600%24)
		case 'm':
			fmt.Fprintf(&b, "%0*d", width, u/ticksPerSecond/60%60)
		case 's':
			fmt.Fprintf(&b, "%0*d", width, u/ticksPerSecond%60)
		case 'f':
			b.WriteString(fraction[:min(width, 7)])
		case 'F':
			b.WriteString(strings.TrimRight(fraction[:min(width, 7)], "0"))
		default:
			b.WriteString(strings.Repeat(string(c), width))
		}
	}
	return b.String()
}

func zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return z
}

// shiftZone turns UTC into the clock of a zone, or back. A time that the clock skips is read by the offset before, and one
// that it has twice is the first.
func shiftZone(a args, m *kept, toLocal bool) any {
	t, ok := a.time(0)
	z := m.of(a.text(1), func(s string) any { return zone(s) }).(*time.Location)
	if !ok || z == nil {
		return nil
	}
	if toLocal {
		t = t.In(z)
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), z).UTC()
}

// steps calls f with start, start+step, ... up to stop, at most maxElements times.
func steps(start, stop, step int64, f func(int64) string) any {
	if step == 0 {
		return nil
	}
	out := []string{}
	for n := start; len(out) < maxElements && (step > 0 && n <= stop || step < 0 && n >= stop); {
		out = append(out, f(n))
		next := n + step
		if (next > n) != (step > 0) { // beyond 64 bits
			break
		}
		n = next
	}
	return array(out)
}

// rangeDatetime has a step of ticks; datetimes have microseconds.
func rangeDatetime(a args) any {
	start, ok1 := a.time(0)
	stop, ok2 := a.time(1)
	step, ok3 := a.long(2)
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	return steps(start.UnixMicro(), stop.UnixMicro(), step/10, func(n int64) string {
		return `"` + time.UnixMicro(n).UTC().Format("2006-01-02T15:04:05.0000000Z") + `"`
	})
}

func rangeTimespan(a args) any {
	start, ok1 := a.long(0)
	stop, ok2 := a.long(1)
	step, ok3 := a.long(2)
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	return steps(start, stop, step, func(n int64) string { return `"` + spanText(n) + `"` })
}

// spanText writes ticks as [-][d.]hh:mm:ss[.fffffff].
func spanText(n int64) string {
	s := ""
	u := uint64(n)
	if n < 0 {
		s, u = "-", -u
	}
	if d := u / ticksPerDay; d > 0 {
		s += fmt.Sprint(d) + "."
	}
	s += fmt.Sprintf("%02d:%02d:%02d", u/ticksPerSecond/3600%24, u/ticksPerSecond/60%60, u/ticksPerSecond%60)
	if f := u % ticksPerSecond; f > 0 {
		s += fmt.Sprintf(".%07d", f)
	}
	return s
}
