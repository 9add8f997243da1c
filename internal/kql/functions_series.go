package kql

import (
	"slices"

	"tocsin/internal/event"
)

func columns(typ event.Type, names ...string) []output {
	var out []output
	for _, n := range names {
		out = append(out, output{name: n, typ: typ})
	}
	return out
}

var (
	statColumns = []output{
		{name: "min", typ: event.Real}, {name: "min_idx", typ: event.Long}, {name: "max", typ: event.Real}, {name: "max_idx", typ: event.Long}, {name: "avg", typ: event.Real}, {name: "stdev", typ: event.Real}, {name: "variance", typ: event.Real},
	}
	lineColumns = append(columns(event.Real, "rsquare", "slope", "variance", "rvariance", "interception"), output{name: "line_fit", typ: event.Dynamic})
	twoColumns  = slices.Concat(
		[]output{{name: "rsquare", typ: event.Real}, {name: "split_idx", typ: event.Long}, {name: "variance", typ: event.Real}, {name: "rvariance", typ: event.Real}, {name: "line_fit", typ: event.Dynamic}},
		columns(event.Real, "right_rsquare", "right_slope", "right_interception", "right_variance", "right_rvariance"),
		columns(event.Real, "left_rsquare", "left_slope", "left_interception", "left_variance", "left_rvariance"),
	)
	periodColumns  = columns(event.Dynamic, "periods", "scores")
	partColumns    = columns(event.Dynamic, "baseline", "seasonal", "trend", "residual")
	anomalyColumns = columns(event.Dynamic, "ad_flag", "ad_score", "baseline")
)

// seriesFunctions work on arrays of numbers. All are native.
var seriesFunctions = func() map[string]function {
	dyn := func(name, params string, naming naming) function {
		return function{params: params, naming: naming, op: inGo(name), typ: event.Dynamic}
	}
	several := func(name, params string, cols []output) function {
		return function{params: params, op: inGo(name), typ: event.Dynamic, outputs: cols}
	}
	out := map[string]function{
		"series_stats":              several("series_stats", "d?b", statColumns),
		"series_fit_line":           several("series_fit_line", "d", lineColumns),
		"series_fit_2lines":         several("series_fit_2lines", "d", twoColumns),
		"series_periods_detect":     several("series_periods_detect", "drrl", periodColumns),
		"series_periods_validate":   several("series_periods_validate", "drr*", periodColumns),
		"series_stats_dynamic":      dyn("series_stats_dynamic", "d?b", ""),
		"series_fit_line_dynamic":   dyn("series_fit_line_dynamic", "d", ""),
		"series_fit_2lines_dynamic": dyn("series_fit_2lines_dynamic", "d", ""),
		"series_fill_const":         dyn("series_fill_const", "dz?z", nameFirst),
		"series_fill_forward":       dyn("series_fill_forward", "d?z", nameFirst),
		"series_fill_backward":      dyn("series_fill_backward", "d?z", nameFirst),
		"series_fill_linear":        dyn("series_fill_linear", "d?zbz", nameFirst),
		"series_fir":                dyn("series_fir", "dd?bb", nameFirst),
		"series_iir":                dyn("series_iir", "ddd", nameFirst),
		"series_seasonal":           dyn("series_seasonal", "d?l", ""),
		"series_outliers": {params: "d?srrr", naming: nameFirst, bind: func(c fcall) scalar {
			c.oneOf(1, "ctukey", "tukey")
			return &call{inGo("series_outliers"), event.Dynamic, c.args}
		}},
		"series_decompose":           decomposition("series_decompose", "d?lslr", partColumns, 2, -1),
		"series_decompose_anomalies": decomposition("series_decompose_anomalies", "d?rlslsr", anomalyColumns, 3, 5),
		"series_decompose_forecast":  decomposition("series_decompose_forecast", "dl?lsr", partColumns, 3, -1),
		"series_sum":                 {params: "d", op: inGo("series_sum"), typ: event.Real},
		"series_product":             {params: "d", op: inGo("series_product"), typ: event.Real},
		"series_magnitude":           {params: "d", op: inGo("series_magnitude"), typ: event.Real},
		"series_dot_product":         {params: "zz", op: inGo("series_dot_product"), typ: event.Real},
		"series_cosine_similarity":   {params: "dd", op: inGo("series_cosine_similarity"), typ: event.Real},
		"series_pearson_correlation": {params: "dd", op: inGo("series_pearson_correlation"), typ: event.Real},
	}
	for _, name := range []string{
		"add", "subtract", "multiply", "divide", "pow", "equals", "not_equals", "greater", "greater_equals", "less", "less_equals",
	} {
		out["series_"+name] = function{params: "aa", bind: twoSeries}
	}
	for _, name := range []string{"abs", "acos", "asin", "atan", "ceiling", "cos", "exp", "floor", "log", "sign", "sin", "tan"} {
		out["series_"+name] = dyn("series_"+name, "d", "")
	}
	return out
}()

// twoSeries combines two series, or one and a number.
func twoSeries(c fcall) scalar {
	if numeric(c.args[0].typeOf()) && numeric(c.args[1].typeOf()) {
		fail(c.at, "one side of %s must be an array", c.name)
	}
	for i := range c.args {
		c.args[i] = argument(c.name, c.nodes[i], 'z', c.args[i])
	}
	return &call{inGo(c.name), event.Dynamic, c.args}
}

// decomposition checks the kind of trend and the test of anomalies, where there is one.
func decomposition(name, params string, cols []output, trend, method int) function {
	return function{
		params: params, outputs: cols,
		bind: func(c fcall) scalar {
			c.oneOf(trend, "avg", "linefit", "none")
			if method > 0 {
				c.oneOf(method, "ctukey", "tukey")
			}
			return &call{inGo(name), event.Dynamic, c.args}
		},
	}
}

// oneOf checks that argument i, where it is given and known now, is one of some words.
func (c fcall) oneOf(i int, words ...string) {
	if i >= len(c.args) {
		return
	}
	if !slices.Contains(words, c.word(i)) {
		fail(c.nodes[i].Pos(), "%s knows %s here", c.name, quoted(words))
	}
}

func quoted(words []string) string {
	out := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			out += " and "
		default:
			out += ", "
		}
		out += "'" + w + "'"
	}
	return out
}
