package native

import (
	"math"
	"slices"
	"strconv"
)

var numberFunctions = map[string]function{
	"binary_shift_left":  pure('l', func(a args) any { return shift(a, func(n int64, by uint) int64 { return n << by }) }),
	"binary_shift_right": pure('l', func(a args) any { return shift(a, func(n int64, by uint) int64 { return n >> by }) }),
	"range_long":         pure('d', rangeLong),
	"range_real":         pure('d', rangeReal),
	"percentilew":        pure('n', percentileWeighted),
}

func shift(a args, f func(int64, uint) int64) any {
	n, ok1 := a.long(0)
	by, ok2 := a.long(1)
	if !ok1 || !ok2 || by < 0 {
		return nil
	}
	return f(n, uint(by%64))
}

func rangeLong(a args) any {
	start, ok1 := a.long(0)
	stop, ok2 := a.long(1)
	step, ok3 := a.long(2)
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	return steps(start, stop, step, func(n int64) string { return strconv.FormatInt(n, 10) })
}

func rangeReal(a args) any {
	start, ok1 := a.real(0)
	stop, ok2 := a.real(1)
	step, ok3 := a.real(2)
	if !ok1 || !ok2 || !ok3 || step == 0 || math.IsNaN(start+stop+step) || math.IsInf(start, 0) {
		return nil
	}
	out := []string{}
	for i := 0; i < maxElements; i++ {
		f := start + float64(i)*step
		if step > 0 && f > stop || step < 0 && f < stop {
			break
		}
		out = append(out, realText(f))
	}
	return array(out)
}

// percentileWeighted takes a list of values, one of weights, and the percentile from 0 to 1: the value at which the weights
// of those up to it reach that part of all weights.
func percentileWeighted(a args) any {
	values, ok1 := a[0].([]any)
	weights, ok2 := a[1].([]any)
	p, ok3 := a.real(2)
	if !ok1 || !ok2 || !ok3 || len(values) != len(weights) {
		return nil
	}
	type item struct{ value, weight float64 }
	items := make([]item, 0, len(values))
	total := 0.0
	for i := range values {
		v, ok1 := args(values).real(i)
		w, ok2 := args(weights).real(i)
		if ok1 && ok2 && w > 0 && !math.IsNaN(v) {
			items = append(items, item{v, w})
			total += w
		}
	}
	if len(items) == 0 {
		return nil
	}
	slices.SortFunc(items, func(x, y item) int {
		switch {
		case x.value < y.value:
			return -1
		case x.value > y.value:
			return 1
		}
		return 0
	})
	sum := 0.0
	for _, it := range items {
		if sum += it.weight; sum >= p*total {
			return it.value
		}
	}
	return items[len(items)-1].value
}
