package native

import (
	"math"
	"strconv"
)

// point is one element of a series. What is no number is not there.
type point struct {
	f     float64
	whole bool
	there bool
}

func (p point) text() string {
	switch {
	case !p.there:
		return "null"
	case p.whole && math.Abs(p.f) < 1<<53:
		return strconv.FormatInt(int64(p.f), 10)
	}
	return realText(p.f)
}

// series reads an array of numbers.
func series(v string) (out []point, ok bool) {
	list, ok := elements(v)
	if !ok {
		return nil, false
	}
	out = make([]point, len(list))
	for i, e := range list {
		f, whole, ok := number(e)
		out[i] = point{f, whole, ok}
	}
	return out, true
}

func points(list []point) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.text()
	}
	return array(out)
}

func reals(list []float64) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = realText(f)
	}
	return array(out)
}

// seriesFunctions work element by element, or make one number of a series.
var seriesFunctions = func() map[string]function {
	out := map[string]function{
		"series_sum":                 aggregated(func(x []float64) any { return fsum(x) }),
		"series_product":             aggregated(func(x []float64) any { return product(x) }),
		"series_magnitude":           aggregated(func(x []float64) any { return math.Sqrt(dot(x, x)) }),
		"series_dot_product":         pure('n', seriesDot),
		"series_cosine_similarity":   pure('n', seriesCosine),
		"series_pearson_correlation": pure('n', seriesPearson),
		"series_stats":               pure('d', func(a args) any { return seriesStats(a, false) }),
		"series_stats_dynamic":       pure('d', func(a args) any { return seriesStats(a, true) }),
	}
	for name, f := range map[string]func(x, y float64) float64{
		"add":      func(x, y float64) float64 { return x + y },
		"subtract": func(x, y float64) float64 { return x - y },
		"multiply": func(x, y float64) float64 { return x * y },
	} {
		out["series_"+name] = elementwise(func(x, y point) string {
			return point{f(x.f, y.f), x.whole && y.whole, true}.text()
		})
	}
	for name, f := range map[string]func(x, y float64) float64{
		"divide": func(x, y float64) float64 { return x / y }, "pow": math.Pow,
	} {
		out["series_"+name] = elementwise(func(x, y point) string { return realText(f(x.f, y.f)) })
	}
	for name, f := range map[string]func(x, y float64) bool{
		"equals": func(x, y float64) bool { return x == y }, "not_equals": func(x, y float64) bool { return x != y },
		"greater": func(x, y float64) bool { return x > y }, "greater_equals": func(x, y float64) bool { return x >= y },
		"less": func(x, y float64) bool { return x < y }, "less_equals": func(x, y float64) bool { return x <= y },
	} {
		out["series_"+name] = elementwise(func(x, y point) string { return strconv.FormatBool(f(x.f, y.f)) })
	}
	for name, f := range map[string]func(float64) float64{
		"abs": math.Abs, "ceiling": math.Ceil, "floor": math.Floor,
		"sign": func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			}
			return x
		},
	} {
		out["series_"+name] = mapped(func(p point) point { return point{f(p.f), p.whole, true} })
	}
	for name, f := range map[string]func(float64) float64{
		"acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "cos": math.Cos, "sin": math.Sin, "tan": math.Tan,
		"exp": math.Exp, "log": math.Log,
	} {
		out["series_"+name] = mapped(func(p point) point { return point{f(p.f), false, true} })
	}
	return out
}()

// elementwise combines two series, or one and a number that stands for all elements.
func elementwise(f func(x, y point) string) function {
	return pure('d', func(a args) any {
		x, ok1 := series(a.json(0))
		y, ok2 := series(a.json(1))
		if !ok1 && !ok2 {
			return nil
		}
		one := func(i int) point {
			v, whole, ok := number(a.json(i))
			return point{v, whole, ok}
		}
		at := func(list []point, ok bool, one point, i int) point {
			switch {
			case !ok:
				return one
			case i < len(list):
				return list[i]
			}
			return point{}
		}
		ox, oy := one(0), one(1)
		out := make([]string, max(len(x), len(y)))
		for i := range out {
			p, q := at(x, ok1, ox, i), at(y, ok2, oy, i)
			out[i] = "null"
			if p.there && q.there {
				out[i] = f(p, q)
			}
		}
		return array(out)
	})
}

func mapped(f func(point) point) function {
	return pure('d', func(a args) any {
		x, ok := series(a.json(0))
		if !ok {
			return nil
		}
		for i, p := range x {
			if p.there {
				x[i] = f(p)
			}
		}
		return points(x)
	})
}

// aggregated makes one number of a series all of whose elements are numbers; null of any other.
func aggregated(f func([]float64) any) function {
	return pure('n', func(a args) any {
		x, ok := series(a.json(0))
		if !ok {
			return nil
		}
		v, ok := values(x)
		if !ok {
			return nil
		}
		return f(v)
	})
}

// values are the numbers of a series; ok is false when some element is none.
func values(x []point) (out []float64, ok bool) {
	ok = true
	for _, p := range x {
		if p.there {
			out = append(out, p.f)
		}
		ok = ok && p.there
	}
	return out, ok
}

func fsum(x []float64) float64 {
	s := 0.0
	for _, f := range x {
		s += f
	}
	return s
}

func product(x []float64) float64 {
	s := 1.0
	for _, f := range x {
		s *= f
	}
	return s
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i := range min(len(x), len(y)) {
		s += x[i] * y[i]
	}
	return s
}

func seriesDot(a args) any {
	x, ok1 := series(a.json(0))
	y, ok2 := series(a.json(1))
	spread := func(i int, n int) []point {
		f, _, ok := number(a.json(i))
		out := make([]point, n)
		for j := range out {
			out[j] = point{f, false, ok}
		}
		return out
	}
	switch {
	case ok1 && !ok2:
		y = spread(1, len(x))
	case ok2 && !ok1:
		x = spread(0, len(y))
	}
	if len(x) == 0 || len(y) == 0 {
		return nil
	}
	s := 0.0
	for i := range min(len(x), len(y)) {
		if x[i].there && y[i].there {
			s += x[i].f * y[i].f
		}
	}
	return s
}

// pair reads two series of the same length, all numbers.
func pair(a args) (x, y []float64, ok bool) {
	p, ok1 := series(a.json(0))
	q, ok2 := series(a.json(1))
	x, ok3 := values(p)
	y, ok4 := values(q)
	return x, y, ok1 && ok2 && ok3 && ok4 && len(x) == len(y) && len(x) > 0
}

func seriesCosine(a args) any {
	x, y, ok := pair(a)
	if !ok {
		return nil
	}
	return dot(x, y) / math.Sqrt(dot(x, x)*dot(y, y))
}

func seriesPearson(a args) any {
	x, y, ok := pair(a)
	if !ok {
		return nil
	}
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

func mean(x []float64) float64 { return fsum(x) / float64(len(x)) }

// variance is that of a sample.
func variance(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	m, s := mean(x), 0.0
	for _, f := range x {
		s += (f - m) * (f - m)
	}
	return s / float64(len(x)-1)
}

// seriesStats gives min, min_idx, max, max_idx, avg, stdev and variance, and as a bag also sum and len. Elements that are no
// finite number make all null, unless they are to be passed over.
func seriesStats(a args, asBag bool) any {
	x, ok := series(a.json(0))
	if !ok {
		return nil
	}
	ignore := a.boolean(1, false)
	var finite []float64
	least, most := -1, -1
	for i, p := range x {
		if !p.there || math.IsNaN(p.f) || math.IsInf(p.f, 0) {
			if !ignore {
				finite = nil
				break
			}
			continue
		}
		finite = append(finite, p.f)
		if least < 0 || p.f < x[least].f {
			least = i
		}
		if most < 0 || p.f > x[most].f {
			most = i
		}
	}
	names := []string{"min", "min_idx", "max", "max_idx", "avg", "stdev", "variance", "sum", "len"}
	out := make([]string, len(names))
	for i := range out {
		out[i] = "null"
	}
	if len(finite) > 0 {
		v := variance(finite)
		out = []string{
			realText(x[least].f), strconv.Itoa(least), realText(x[most].f), strconv.Itoa(most), realText(mean(finite)),
			realText(math.Sqrt(v)), realText(v), realText(fsum(finite)), strconv.Itoa(len(x)),
		}
	}
	if !asBag {
		return array(out[:7])
	}
	var list []member
	for i, name := range names {
		list = append(list, member{name, out[i]})
	}
	return bag(list)
}
