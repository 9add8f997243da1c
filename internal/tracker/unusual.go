package tracker

import "math"

// Arithmetic says how unusual a count is against those of the periods before it.
type Arithmetic struct {
	Count    int64
	Past     []int64 // of the periods before, oldest first
	Expected float64 // of a period like those
	Spread   float64 // standard deviation around it
	Chance   float64 // of a count at least as high as Count, if nothing changed
}

// Compare works it out. The model: counts of a period follow a negative binomial distribution whose mean is what the past says, and whose
// variance is the greater of two. One is that of a Poisson count whose rate is itself only known from n periods with S events in all (a
// Gamma distribution of shape S+1/2 and rate n, Jeffreys' prior): m + m²/(S+1/2). The other is what the past really scattered, s²(1+1/n):
// what comes in bursts may come in a burst again. With no event in the past the mean is 1/(2n), not zero.
//
//	m = (S + 1/2) / n
//	v = max(m + m²/(S + 1/2), s²·(1 + 1/n))
//	r = m² / (v − m)
//	Chance = P(X ≥ Count) = I(m/(r+m); Count, r), the regularized incomplete beta function (DLMF 8.17)
//
// Without a past nothing is unusual: Chance is 1.
func Compare(count int64, past []int64) Arithmetic {
	a := Arithmetic{Count: count, Past: past, Chance: 1}
	n := float64(len(past))
	if n == 0 {
		return a
	}
	var sum float64
	for _, c := range past {
		sum += float64(c)
	}
	mean, squares := sum/n, 0.0
	for _, c := range past {
		squares += (float64(c) - mean) * (float64(c) - mean)
	}
	m := (sum + 0.5) / n
	v := m + m*m/(sum+0.5)
	if n > 1 {
		v = max(v, squares/(n-1)*(1+1/n))
	}
	a.Expected, a.Spread = m, math.Sqrt(v)
	r := m * m / (v - m)
	if count > 0 {
		a.Chance = incompleteBeta(m/(r+m), float64(count), r)
	}
	return a
}

// incompleteBeta is the regularized incomplete beta function I(x; a, b) for 0 <= x <= 1 and positive a and b: DLMF 8.17.22, the continued
// fraction by Lentz's method, with 8.17.4 where it converges faster.
func incompleteBeta(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - incompleteBeta(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny, rounds = 1e-300, 10_000
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	out := d
	for i := 1; i <= rounds; i++ {
		k := float64(i)
		even := k * (b - k) * x / ((a + 2*k - 1) * (a + 2*k))
		d = 1 / away(1+even*d)
		c = away(1 + even/c)
		out *= c * d
		odd := -(a + k) * (a + b + k) * x / ((a + 2*k) * (a + 2*k + 1))
		d = 1 / away(1+odd*d)
		c = away(1 + odd/c)
		step := c * d
		out *= step
		if math.Abs(step-1) < 1e-12 {
			break
		}
	}
	return min(max(front*out, 0), 1)
}

// What counts as grown. One value in a thousand looks so by chance alone; with some hundreds of values on a screen that is a few false ones in
// a year of weeks, and the least count and the factor keep those away that would matter to nobody.
const (
	maxChance = 0.001
	minFactor = 1.5
	minGrown  = 5 // events
	minNew    = 3
)

// Grown reports whether a count is high enough above its past to say so.
func (a *Arithmetic) Grown() bool {
	return a.Count >= minGrown && a.Chance <= maxChance && float64(a.Count) >= minFactor*a.Expected
}
