package kql

import "tocsin/internal/event"

// furtherAggregates are those that are seen less often.
var furtherAggregates = map[string]aggFunction{
	"stdevp":         {fn: aggStdevP, prefix: "stdevp", params: "a", check: spread},
	"stdevpif":       {fn: aggStdevP, prefix: "stdevpif", params: "ab", cond: 1, check: spread},
	"variancep":      {fn: aggVarianceP, prefix: "variancep", params: "a", check: spread},
	"variancepif":    {fn: aggVarianceP, prefix: "variancepif", params: "ab", cond: 1, check: spread},
	"covariance":     {fn: aggCovariance, prefix: "covariance", params: "rr", check: spread},
	"covarianceif":   {fn: aggCovariance, prefix: "covarianceif", params: "rrb", cond: 2, check: spread},
	"covariancep":    {fn: aggCovarianceP, prefix: "covariancep", params: "rr", check: spread},
	"covariancepif":  {fn: aggCovarianceP, prefix: "covariancepif", params: "rrb", cond: 2, check: spread},
	"binary_all_and": {fn: aggAllAnd, params: "a", check: whole},
	"binary_all_or":  {fn: aggAllOr, params: "a", check: whole},
	"binary_all_xor": {fn: aggAllXor, params: "a", check: whole},

	"make_list_with_nulls": {fn: aggListNulls, prefix: "list", params: "a", check: always(event.Dynamic)},
	"make_bag":             {fn: aggBag, prefix: "bag", params: "d?l", check: always(event.Dynamic)},
	"make_bag_if":          {fn: aggBag, prefix: "bag", params: "db?l", cond: 1, check: always(event.Dynamic)},
	"make_dictionary":      {fn: aggBag, prefix: "dictionary", params: "d?l", check: always(event.Dynamic)},

	"percentiles_array":  {fn: aggPercentiles, prefix: "percentiles", params: "aaa*", check: arrayOf(percentileType)},
	"percentilew":        {fn: aggPercentileW, params: "anr", check: weighted},
	"percentilesw_array": {fn: aggPercentilesW, prefix: "percentiles", params: "anaa*", check: arrayOf(weighted)},
}

// whole is the type of a whole number.
func whole(at Span, name string, t event.Type) event.Type {
	if !integer(t) {
		fail(at, "%s needs whole numbers, this is %s", name, article(t))
	}
	return t
}

// maxList is the largest number of elements that an aggregate gathers, as in Kusto.
const maxList = 1 << 20

// gathers tells whether an aggregate makes an array or a bag, whose size a second argument limits.
func gathers(fn aggFn) bool { return fn == aggList || fn == aggSet || fn == aggBag }

// arrayOf makes dynamic of what check passes.
func arrayOf(check func(Span, string, event.Type) event.Type) func(Span, string, event.Type) event.Type {
	return func(at Span, name string, t event.Type) event.Type {
		check(at, name, t)
		return event.Dynamic
	}
}

// weighted is the type of a percentile of weighted numbers.
func weighted(at Span, name string, t event.Type) event.Type {
	if !numeric(t) {
		fail(at, "%s needs numbers, this is %s", name, article(t))
	}
	return wide(t)
}

// parts reads the percentiles among the arguments from the i-th on, which are literals or one literal array, as parts of 1.
func parts(x *Call, i int, args []scalar) []scalar {
	var out []scalar
	for ; i < len(args); i++ {
		at := x.Args[i].Pos()
		k, ok := args[i].(*constant)
		if !ok || k.value == nil {
			fail(at, "%s needs literal numbers here", x.Name)
		}
		list := []scalar{k}
		if k.typ == event.Dynamic {
			list = arrayElements(at, k)
		}
		for _, v := range list {
			f, ok := convert(v, event.Real).(*constant)
			if !ok || !numeric(v.typeOf()) || f.value == nil || !(f.value.(float64) >= 0 && f.value.(float64) <= 100) {
				fail(at, "a percentile lies between 0 and 100")
			}
			out = append(out, &constant{event.Real, f.value.(float64) / 100})
		}
	}
	if len(out) == 0 || len(out) > maxArguments {
		fail(x.Span, "%s needs between 1 and %d percentiles", x.Name, maxArguments)
	}
	return out
}
