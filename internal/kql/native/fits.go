package native

import (
	"math"
	"strconv"
)

// fitFunctions draw lines through series.
var fitFunctions = map[string]function{
	"series_fit_line":           pure('d', func(a args) any { return fitLine(a, false) }),
	"series_fit_line_dynamic":   pure('d', func(a args) any { return fitLine(a, true) }),
	"series_fit_2lines":         pure('d', func(a args) any { return fitTwoLines(a, false) }),
	"series_fit_2lines_dynamic": pure('d', func(a args) any { return fitTwoLines(a, true) }),
}

// line is a fit of y = slope*x + start over x = 1, 2, 3, ...
type line struct {
	slope, start, variance, residual, rsquare float64
}

// fit is the line of least squares through the points that are there; there must be one.
func fit(x []point) line {
	var n, sx, sy float64
	for i, p := range x {
		if p.there {
			n++
			sx += float64(i + 1)
			sy += p.f
		}
	}
	mx, my := sx/n, sy/n
	var xx, xy, yy float64
	for i, p := range x {
		if p.there {
			dx, dy := float64(i+1)-mx, p.f-my
			xx += dx * dx
			xy += dx * dy
			yy += dy * dy
		}
	}
	var l line
	if xx > 0 {
		l.slope = xy / xx
	}
	l.start = my - l.slope*mx
	rest := max(yy-l.slope*xy, 0)
	if n > 1 {
		l.variance, l.residual = yy/(n-1), rest/(n-1)
	}
	if l.rsquare = 1; yy > 0 {
		l.rsquare = 1 - rest/yy
	}
	return l
}

func (l line) at(i int) float64 { return l.slope*float64(i+1) + l.start }

func (l line) points(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = l.at(i)
	}
	return out
}

// numeric reads a series that has at least one number.
func numeric(v string) ([]point, bool) {
	x, ok := series(v)
	if !ok {
		return nil, false
	}
	for _, p := range x {
		if p.there && !math.IsNaN(p.f) && !math.IsInf(p.f, 0) {
			return x, true
		}
	}
	return nil, false
}

func fitLine(a args, asBag bool) any {
	x, ok := numeric(a.json(0))
	if !ok {
		return nil
	}
	l := fit(x)
	list := []member{
		{"rsquare", realText(l.rsquare)}, {"slope", realText(l.slope)}, {"variance", realText(l.variance)},
		{"rvariance", realText(l.residual)}, {"interception", realText(l.start)}, {"line_fit", reals(l.points(len(x)))},
	}
	return arrayOrBag(list, asBag)
}

func arrayOrBag(list []member, asBag bool) any {
	if asBag {
		return bag(list)
	}
	var out []string
	for _, m := range list {
		out = append(out, m.value)
	}
	return array(out)
}

// sums of the points so far, from which the squares that a line leaves are found at once.
type sums struct{ n, x, y, xx, xy, yy float64 }

func (s sums) minus(t sums) sums {
	return sums{s.n - t.n, s.x - t.x, s.y - t.y, s.xx - t.xx, s.xy - t.xy, s.yy - t.yy}
}

func (s sums) rest() float64 {
	if s.n < 1 {
		return 0
	}
	xx, xy, yy := s.xx-s.x*s.x/s.n, s.xy-s.x*s.y/s.n, s.yy-s.y*s.y/s.n
	if xx <= 0 {
		return max(yy, 0)
	}
	return max(yy-xy*xy/xx, 0)
}

// fitTwoLines splits the series where two lines fit best.
func fitTwoLines(a args, asBag bool) any {
	x, ok := numeric(a.json(0))
	if !ok || len(x) < 4 {
		return nil
	}
	all := make([]sums, len(x)+1)
	for i, p := range x {
		s := all[i]
		if p.there {
			f := float64(i + 1)
			s = sums{s.n + 1, s.x + f, s.y + p.f, s.xx + f*f, s.xy + f*p.f, s.yy + p.f*p.f}
		}
		all[i+1] = s
	}
	split, best := 0, math.Inf(1)
	for i := 2; i <= len(x)-2; i++ {
		if rest := all[i].rest() + all[len(x)].minus(all[i]).rest(); rest < best && all[i].n > 0 && all[i].n < all[len(x)].n {
			split, best = i, rest
		}
	}
	if split == 0 {
		return nil
	}
	left, right, whole := fit(x[:split]), fit(x[split:]), fit(x)
	n := all[len(x)].n
	rsquare := 1.0
	if whole.variance > 0 {
		rsquare = 1 - best/(whole.variance*(n-1))
	}
	list := []member{
		{"rsquare", realText(rsquare)}, {"split_idx", strconv.Itoa(split)}, {"variance", realText(whole.variance)},
		{"rvariance", realText(best / (n - 1))}, {"line_fit", reals(append(left.points(split), right.points(len(x)-split)...))},
	}
	if asBag {
		return bag(append(list, member{"right", bag(side("", right))}, member{"left", bag(side("", left))}))
	}
	return arrayOrBag(append(append(list, side("right_", right)...), side("left_", left)...), false)
}

func side(prefix string, l line) []member {
	return []member{
		{prefix + "rsquare", realText(l.rsquare)}, {prefix + "slope", realText(l.slope)}, {prefix + "interception", realText(l.start)},
		{prefix + "variance", realText(l.variance)}, {prefix + "rvariance", realText(l.residual)},
	}
}
