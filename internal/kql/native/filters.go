package native

import "math"

// filterFunctions fill and smooth series.
var filterFunctions = map[string]function{
	"series_fill_const":    pure('d', fillConst),
	"series_fill_forward":  pure('d', func(a args) any { return fillFrom(a, false) }),
	"series_fill_backward": pure('d', func(a args) any { return fillFrom(a, true) }),
	"series_fill_linear":   pure('d', fillLinear),
	"series_fir":           pure('d', fir),
	"series_iir":           pure('d', iir),
}

// missing tells which elements of a series are to be filled: those equal to the placeholder in argument i, by default null.
func missing(a args, i int, list []string) []bool {
	mark := "null"
	if i < len(a) {
		mark = a.json(i)
	}
	f, _, isNumber := number(mark)
	out := make([]bool, len(list))
	for j, v := range list {
		g, _, ok := number(v)
		out[j] = v == mark || isNumber && ok && (f == g || math.IsNaN(f) && math.IsNaN(g))
	}
	return out
}

func fillConst(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	for i, gone := range missing(a, 2, list) {
		if gone {
			list[i] = a.json(1)
		}
	}
	return array(list)
}

func fillFrom(a args, backward bool) any {
	list, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	gone := missing(a, 1, list)
	last := -1
	for k := range list {
		i := k
		if backward {
			i = len(list) - 1 - k
		}
		switch {
		case !gone[i]:
			last = i
		case last >= 0:
			list[i] = list[last]
		}
	}
	return array(list)
}

// fillLinear draws lines over what is missing. The ends get the nearest value, unless argument 2 is false; a series of nothing
// gets the constant in argument 3.
func fillLinear(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return nil
	}
	gone := missing(a, 1, list)
	edges := a.boolean(2, true)
	constant := "0.0"
	if len(a) > 3 {
		constant = a.json(3)
	}
	whole := true
	for i, v := range list {
		if _, w, ok := number(v); !gone[i] && ok && !w {
			whole = false
		}
	}
	last := -1
	for i := 0; i <= len(list); i++ {
		if i < len(list) && gone[i] {
			continue
		}
		for j := last + 1; j < i; j++ {
			switch {
			case last < 0 && i == len(list):
				list[j] = constant
			case last < 0 || i == len(list):
				near := i
				if last >= 0 {
					near = last
				}
				if edges {
					list[j] = list[near]
				}
			default:
				from, _, ok1 := number(list[last])
				to, _, ok2 := number(list[i])
				if ok1 && ok2 {
					f := from + (to-from)*float64(j-last)/float64(i-last)
					if whole {
						f = math.Trunc(f)
					}
					list[j] = point{f, whole, true}.text()
				}
			}
		}
		last = i
	}
	return array(list)
}

// zeros reads a series with 0 for what is no number.
func zeros(v string) ([]float64, bool) {
	x, ok := series(v)
	out := make([]float64, len(x))
	for i, p := range x {
		if p.there {
			out[i] = p.f
		}
	}
	return out, ok
}

// maxWork bounds the steps of what takes more than time in proportion to the series.
const maxWork = 1 << 28

// fir weighs each element and those before it by a filter. What lies before the series counts as 0.
func fir(a args) any {
	x, ok1 := zeros(a.json(0))
	w, ok2 := zeros(a.json(1))
	if !ok1 || !ok2 || len(w) == 0 || len(x)*len(w) > maxWork {
		return nil
	}
	negative := false
	for _, f := range w {
		negative = negative || f < 0
	}
	sum := 1.0
	if a.boolean(2, !negative) {
		if negative {
			return nil
		}
		sum = fsum(w)
	}
	shift := 0
	if a.boolean(3, false) {
		shift = (len(w) - 1) / 2
	}
	out := make([]float64, len(x))
	for i := range x {
		for j, f := range w {
			if at := i - j + shift; at >= 0 && at < len(x) {
				out[i] += f * x[at]
			}
		}
		out[i] /= sum
	}
	return reals(out)
}

// iir is the recursive filter of numerators b and denominators a.
func iir(a args) any {
	x, ok1 := zeros(a.json(0))
	num, ok2 := zeros(a.json(1))
	den, ok3 := zeros(a.json(2))
	if !ok1 || !ok2 || !ok3 || len(den) == 0 || den[0] == 0 || len(x)*(len(num)+len(den)) > maxWork {
		return nil
	}
	out := make([]float64, len(x))
	for i := range x {
		s := 0.0
		for j, f := range num {
			if i >= j {
				s += f * x[i-j]
			}
		}
		for j := 1; j < len(den) && j <= i; j++ {
			s -= den[j] * out[i-j]
		}
		out[i] = s / den[0]
	}
	return reals(out)
}
