package native

import (
	"math"
	"math/cmplx"
	"slices"
	"strconv"
)

// decomposeFunctions find periods in series and what does not follow them.
var decomposeFunctions = map[string]function{
	"series_outliers":            pure('d', seriesOutliers),
	"series_periods_detect":      pure('d', periodsDetect),
	"series_periods_validate":    pure('d', periodsValidate),
	"series_seasonal":            pure('d', seriesSeasonal),
	"series_decompose":           pure('d', seriesDecompose),
	"series_decompose_anomalies": pure('d', decomposeAnomalies),
	"series_decompose_forecast":  pure('d', decomposeForecast),
}

// quantile interpolates between the two nearest values of a sorted list.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// customScale makes the scores over the 10th to 90th percentile comparable to those of Tukey's test, as Kusto does it: under a
// normal distribution both are 1.5 at the same value. The figure is the one that Kusto's own results have in them.
const customScale = 2.77260560550791

// scores measures how far each point lies beyond the percentiles from lo to hi, in multiples of their distance.
func scores(x []point, lo, hi float64) []float64 {
	var sorted []float64
	for _, p := range x {
		if p.there && !math.IsNaN(p.f) {
			sorted = append(sorted, p.f)
		}
	}
	out := make([]float64, len(x))
	if len(sorted) == 0 {
		return out
	}
	slices.Sort(sorted)
	low, high := quantile(sorted, lo), quantile(sorted, hi)
	up, down := scaleOf(lo, hi)
	for i, p := range x {
		switch {
		case !p.there || math.IsNaN(p.f):
		case p.f > high:
			out[i] = (p.f - high) / (high - low) * up
		case p.f < low:
			out[i] = (p.f - low) / (high - low) * down
		}
	}
	return out
}

// scaleOf is the factor above and below for percentiles from lo to hi.
func scaleOf(lo, hi float64) (up, down float64) {
	switch {
	case lo == 0.25 && hi == 0.75:
		return 1, 1
	case lo == 0.1 && hi == 0.9:
		return customScale, customScale
	}
	z := func(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
	fence := 4 * z(0.75) // where Tukey's score is 1.5
	return 1.5 * (z(hi) - z(lo)) / (fence - z(hi)), 1.5 * (z(hi) - z(lo)) / (fence + z(lo))
}

// seriesOutliers takes the kind, a value to ignore and the percentiles.
func seriesOutliers(a args) any {
	x, ok := series(a.json(0))
	if !ok {
		return nil
	}
	if ignore, ok := a.real(2); ok {
		for i, p := range x {
			if p.f == ignore {
				x[i] = point{}
			}
		}
	}
	lo, hi := 0.1, 0.9
	if a.text(1) == "tukey" {
		lo, hi = 0.25, 0.75
	} else {
		if f, ok := a.real(3); ok {
			lo = f / 100
		}
		if f, ok := a.real(4); ok {
			hi = f / 100
		}
		if !(lo >= 0.02 && hi <= 0.98 && lo < hi) {
			return nil
		}
	}
	return reals(scores(x, lo, hi))
}

// autocorrelation of x, with the mean in place of what is missing, for every lag up to half its length. It is the geometric
// mean of the estimates with and without correction for the shorter overlap.
func autocorrelation(x []point) []float64 {
	v, _ := values(x)
	n := len(x)
	if len(v) == 0 {
		return make([]float64, n/2+1)
	}
	m := mean(v)
	size := 1
	for size < 2*n {
		size *= 2
	}
	f := make([]complex128, size)
	for i, p := range x {
		if p.there {
			f[i] = complex(p.f-m, 0)
		}
	}
	fourier(f, false)
	for i, c := range f {
		f[i] = complex(real(c)*real(c)+imag(c)*imag(c), 0)
	}
	fourier(f, true)
	out := make([]float64, n/2+1)
	if total := real(f[0]); total > 1e-12*float64(size) {
		for k := range out {
			out[k] = real(f[k]) / total * math.Sqrt(float64(n)/float64(n-k))
		}
	}
	return out
}

// fourier transforms f, whose length is a power of two, in place; inverse does not divide by the length.
func fourier(f []complex128, inverse bool) {
	n := len(f)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			f[i], f[j] = f[j], f[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		angle := 2 * math.Pi / float64(size)
		if !inverse {
			angle = -angle
		}
		roots := make([]complex128, size/2)
		for i := range roots {
			roots[i] = cmplx.Rect(1, angle*float64(i))
		}
		for start := 0; start < n; start += size {
			for i, w := range roots {
				x, y := f[start+i], f[start+i+size/2]*w
				f[start+i], f[start+i+size/2] = x+y, x-y
			}
		}
	}
}

// leastPeriod is the shortest period that is looked for.
const leastPeriod = 4

// peak is the score of a period: its autocorrelation where that is a peak and more than chance would give.
func peak(r []float64, n, k int) float64 {
	if k < leastPeriod || 2*k >= n {
		return 0
	}
	s := r[k]
	if k+1 < len(r) && r[k+1] > s || r[k-1] > s || s < 1.96/math.Sqrt(float64(n)) {
		return 0
	}
	return min(s, 1)
}

type period struct {
	length int
	score  float64
}

// periods finds up to most periods between lo and hi, the strongest first. Multiples of a period do not count, nor what is
// left of it at other lags.
func periods(x []point, lo, hi float64, most int) []period {
	var out []period
	candidates := peaks(x, lo, hi)
	rest := x
	for _, c := range candidates {
		if len(out) == most {
			break
		}
		known, divides := false, len(out) == 0
		for _, p := range out {
			known = known || c.length%p.length == 0
			divides = divides || p.length%c.length == 0
		}
		if known || !divides && peak(autocorrelation(rest), len(x), c.length) == 0 {
			continue
		}
		out = append(out, c)
		rest = without(rest, c.length)
	}
	return out
}

// peaks are all periods with a score, the strongest first; at most a hundred, so that a noisy series takes no more time.
func peaks(x []point, lo, hi float64) []period {
	r := autocorrelation(x)
	var out []period
	for k := leastPeriod; k < len(r); k++ {
		if f := float64(k); f < lo || f > hi {
			continue
		}
		if s := peak(r, len(x), k); s > 0 {
			out = append(out, period{k, s})
		}
	}
	slices.SortStableFunc(out, func(a, b period) int {
		switch {
		case a.score > b.score+1e-9:
			return -1
		case b.score > a.score+1e-9:
			return 1
		}
		return a.length - b.length
	})
	return out[:min(len(out), 100)]
}

// without subtracts the mean of each phase of a period.
func without(x []point, length int) []point {
	sum, n := make([]float64, length), make([]float64, length)
	for i, p := range x {
		if p.there {
			sum[i%length] += p.f
			n[i%length]++
		}
	}
	out := slices.Clone(x)
	for i := range out {
		if out[i].there {
			out[i].f -= sum[i%length] / n[i%length]
		}
	}
	return out
}

func periodsDetect(a args) any {
	x, ok := numeric(a.json(0))
	lo, ok1 := a.real(1)
	hi, ok2 := a.real(2)
	most, ok3 := a.long(3)
	if !ok || !ok1 || !ok2 || !ok3 || most < 1 || most > 1000 {
		return nil
	}
	found := periods(x, lo, hi, int(most))
	lengths, values := make([]float64, most), make([]float64, most)
	for i, p := range found {
		lengths[i], values[i] = float64(p.length), p.score
	}
	return array([]string{reals(lengths), reals(values)})
}

func periodsValidate(a args) any {
	x, ok := numeric(a.json(0))
	if !ok {
		return nil
	}
	r := autocorrelation(x)
	var lengths, values []float64
	for i := 1; i < len(a); i++ {
		f, ok := a.real(i)
		if !ok {
			return nil
		}
		score := 0.0
		if k := math.Round(f); k >= leastPeriod && k <= float64(len(x))/2 {
			score = peak(r, len(x), int(k))
		}
		lengths, values = append(lengths, f), append(values, score)
	}
	return array([]string{reals(lengths), reals(values)})
}

// seasonal is the median of each phase of the first learn points, repeated over all.
func seasonal(x []point, length, learn int) []float64 {
	out := make([]float64, len(x))
	for phase := range min(length, len(x)) {
		var v []float64
		for i := phase; i < learn; i += length {
			if x[i].there {
				v = append(v, x[i].f)
			}
		}
		if len(v) == 0 {
			continue
		}
		slices.Sort(v)
		m := quantile(v, 0.5)
		for i := phase; i < len(x); i += length {
			out[i] = m
		}
	}
	return out
}

// detected is the period of x when its score reaches the threshold; 0 when there is none. A trend would hide it, and is taken
// out first.
func detected(x []point, threshold float64) int {
	if known, _ := values(x); len(known) == 0 {
		return 0
	}
	level, l := slices.Clone(x), fit(x)
	for i := range level {
		level[i].f -= l.at(i)
	}
	if found := periods(level, leastPeriod, float64(len(x))/2, 1); len(found) > 0 && found[0].score >= threshold {
		return found[0].length
	}
	return 0
}

// seasonThreshold is the score from which on a period counts when nobody says otherwise.
const seasonThreshold = 0.6

func seriesSeasonal(a args) any {
	x, ok := numeric(a.json(0))
	length, given := a.longOr(1, -1)
	if !ok || !given {
		return nil
	}
	if length == -1 {
		length = int64(detected(x, seasonThreshold))
	}
	if length <= 0 {
		return reals(make([]float64, len(x)))
	}
	return reals(seasonal(x, int(min(length, int64(len(x)))), len(x)))
}

// parts of a decomposed series.
type parts struct {
	baseline, seasonal, trend []float64
	residual                  []point
}

// decompose follows the documented order: the season from the first points, the trend of what is left, the rest. ok is false
// when an argument makes no sense.
func decompose(x []point, length int64, trend string, test int64, threshold float64) (p parts, ok bool) {
	if test < 0 || test >= int64(len(x)) || length < -1 {
		return p, false
	}
	learn := len(x) - int(test)
	if length == -1 {
		length = int64(detected(x[:learn], threshold))
	}
	p.seasonal, p.trend = make([]float64, len(x)), make([]float64, len(x))
	if length > 0 {
		p.seasonal = seasonal(x, int(min(length, int64(len(x)))), learn)
	}
	level := slices.Clone(x)
	for i := range level {
		level[i].f -= p.seasonal[i]
	}
	known, _ := values(level[:learn])
	switch {
	case len(known) == 0:
		return p, false
	case trend == "avg":
		m := mean(known)
		for i := range p.trend {
			p.trend[i] = m
		}
	case trend == "linefit":
		p.trend = fit(level[:learn]).points(len(x))
	case trend != "none":
		return p, false
	}
	p.baseline, p.residual = make([]float64, len(x)), slices.Clone(x)
	largest := 0.0
	for _, q := range x {
		largest = max(largest, math.Abs(q.f))
	}
	for i := range x {
		p.baseline[i] = p.seasonal[i] + p.trend[i]
		p.residual[i].f -= p.baseline[i]
		p.residual[i].whole = false
		if math.Abs(p.residual[i].f) < 1e-12*largest { // what arithmetic leaves of nothing is no anomaly
			p.residual[i].f = 0
		}
	}
	return p, true
}

// decomposition reads the arguments from i on: seasonality, trend, and threshold at the end; test points are given.
func decomposition(a args, season, trend, test, threshold int) (parts, bool) {
	var p parts
	x, ok := numeric(a.json(0))
	length, ok1 := a.longOr(season, -1)
	points := int64(0)
	ok2 := true
	if test > 0 {
		points, ok2 = a.longOr(test, 0)
	}
	least := seasonThreshold
	if f, ok := a.real(threshold); ok {
		least = f
	}
	kind := "avg"
	if a.has(trend) {
		kind = a.text(trend)
	}
	if !ok || !ok1 || !ok2 {
		return p, false
	}
	return decompose(x, length, kind, points, least)
}

// seriesDecompose gives baseline, seasonal, trend and residual.
func seriesDecompose(a args) any {
	p, ok := decomposition(a, 1, 2, 3, 4)
	if !ok {
		return nil
	}
	return p.text()
}

func (p parts) text() string {
	return array([]string{reals(p.baseline), reals(p.seasonal), reals(p.trend), points(p.residual)})
}

// decomposeAnomalies gives ad_flag, ad_score and baseline.
func decomposeAnomalies(a args) any {
	p, ok := decomposition(a, 2, 3, 4, 6)
	if !ok {
		return nil
	}
	threshold := 1.5
	if f, ok := a.real(1); ok {
		threshold = f
	}
	lo, hi := 0.1, 0.9
	if a.text(5) == "tukey" {
		lo, hi = 0.25, 0.75
	}
	score := scores(p.residual, lo, hi)
	flags := make([]string, len(score))
	for i, s := range score {
		flag := 0
		switch {
		case s > threshold:
			flag = 1
		case s < -threshold:
			flag = -1
		}
		flags[i] = strconv.Itoa(flag)
	}
	return array([]string{array(flags), reals(score), reals(p.baseline)})
}

// decomposeForecast learns from all but the last points; its baseline is the forecast.
func decomposeForecast(a args) any {
	p, ok := decomposition(a, 2, 3, 1, 4)
	if !ok {
		return nil
	}
	return p.text()
}
