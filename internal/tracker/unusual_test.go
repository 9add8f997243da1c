package tracker

import (
	"math"
	"testing"
)

// TestCompareKnownAnswers holds the formula to values worked out apart from it: by hand where that is possible, otherwise by adding up the
// probabilities of the negative binomial distribution one by one, from pmf(0) = p^r and pmf(i+1) = pmf(i)·(i+r)/(i+1)·(1−p).
func TestCompareKnownAnswers(t *testing.T) {
	t.Parallel()
	sum := func(r, m float64, k int64) float64 { // P(X < k)
		p := r / (r + m)
		pmf, total := math.Pow(p, r), 0.0
		for i := range k {
			total += pmf
			pmf *= (float64(i) + r) / (float64(i) + 1) * (1 - p)
		}
		return total
	}
	for name, c := range map[string]struct {
		count    int64
		past     []int64
		expected float64
		variance float64
		chance   float64
	}{
		// S = 0, n = 8: m = 1/16, r = 1/2, p = 8/9. P(X >= 1) = 1 - sqrt(8/9) by hand.
		"never seen, once now":  {1, make([]int64, 8), 0.0625, 0.0625 + 0.0625*0.0625/0.5, 1 - math.Sqrt(8.0/9)},
		"never seen, three now": {3, make([]int64, 8), 0.0625, 0.0625 + 0.0625*0.0625/0.5, 1 - sum(0.5, 0.0625, 3)},
		// S = 80, n = 8, no scatter: the rate's own uncertainty rules. m = 10.0625, r = S + 1/2.
		"steady, no change": {10, []int64{10, 10, 10, 10, 10, 10, 10, 10}, 10.0625, 10.0625 + 10.0625*10.0625/80.5, 1 - sum(80.5, 10.0625, 10)},
		"steady, doubled":   {20, []int64{10, 10, 10, 10, 10, 10, 10, 10}, 10.0625, 10.0625 + 10.0625*10.0625/80.5, 1 - sum(80.5, 10.0625, 20)},
		// In bursts: 0 and 20 by turns, s² = 800/7, v = s²·9/8 = 128.57: twenty is no news there.
		"bursts":  {20, []int64{0, 20, 0, 20, 0, 20, 0, 20}, 10.0625, 800.0 / 7 * 9 / 8, 1 - sum(10.0625*10.0625/(800.0/7*9/8-10.0625), 10.0625, 20)},
		"none":    {0, []int64{5, 5, 5}, 15.5 / 3, 15.5/3 + 15.5/9, 1},
		"no past": {50, nil, 0, 0, 1},
	} {
		a := Compare(c.count, c.past)
		if math.Abs(a.Expected-c.expected) > 1e-9 || math.Abs(a.Spread*a.Spread-c.variance) > 1e-9 || math.Abs(a.Chance-c.chance) > 1e-9 {
			t.Errorf("%s: expected %g spread² %g chance %g; want %g, %g, %g", name, a.Expected, a.Spread*a.Spread, a.Chance, c.expected, c.variance, c.chance)
		}
	}
	// Far out the tail keeps its digits, where one minus a sum has none left: the first term is all that counts there.
	a := Compare(100, []int64{10, 10, 10, 10, 10, 10, 10, 10})
	if a.Chance <= 0 || a.Chance > 1e-40 || !a.Grown() {
		t.Errorf("%g", a.Chance)
	}
	for count, want := range map[int64]bool{4: false, 20: false, 26: true} {
		a := Compare(count, []int64{10, 10, 10, 10, 10, 10, 10, 10})
		if a.Grown() != want {
			t.Errorf("%d against ten a week: grown %v, chance %g", count, a.Grown(), a.Chance)
		}
	}
	// Huge counts end, and more is never less unusual.
	last := 1.0
	for _, count := range []int64{1_000_000, 1_100_000, 1_500_000, 3_000_000} {
		a := Compare(count, []int64{900_000, 1_000_000, 1_100_000, 950_000})
		if math.IsNaN(a.Chance) || a.Chance > last {
			t.Errorf("%d: %g after %g", count, a.Chance, last)
		}
		last = a.Chance
	}
}
