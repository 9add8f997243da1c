package model

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Model is what was learned. It is not changed after it was made, so any number of goroutines may use it.
type Model struct {
	Threat  string    // what "bad" meant: "Phish", "Spam"
	Trained time.Time // as given to Train
	Bad     int       // examples
	Good    int

	Bias float64
	Caps Caps
	Toll Caps // of copies in a message without structural evidence, in log-odds: so much does not count

	// A probability is 1/(1+exp(-(Slope*score+Offset))): Platt's scaling, fitted on senders that were left out.
	Slope, Offset float64
	// Threshold is the score from which no more than FalsePositives of the good examples, of senders that were left out, are found.
	Threshold      float64
	FalsePositives float64
	// Ordinary is the score below which hardly any bad example lies: one in two hundred.
	Ordinary float64

	features []Feature // rising
	weights  []float32
	index    map[Feature]float32
}

// Len returns how many features have a weight.
func (m *Model) Len() int { return len(m.features) }

// Weight of a feature, 0 when nothing was learned of it.
func (m *Model) Weight(f Feature) float64 { return float64(m.index[f]) }

// Caps are the most that a family adds or takes away, in log-odds.
type Caps [families]float64

// Score is the log-odds that the message is bad, not yet scaled to a probability.
func (m *Model) Score(v Vector) float64 {
	score := m.Bias
	unbacked := v.Has(Unbacked)
	for len(v) > 0 {
		n, f := v.first()
		sum := 0.0
		for _, x := range v[:n] {
			sum += float64(m.index[x])
		}
		score += m.held(sum*share(f, n), f, unbacked)
		v = v[n:]
	}
	return score
}

// first returns the length and the family of the features of one family that v begins with.
func (v Vector) first() (n int, f Family) {
	f = v[0].Family()
	for n < len(v) && v[n].Family() == f {
		n++
	}
	return n, f
}

// held bounds what a family gives. Without structural evidence, manner and single words do not speak for the threat at all, and copies
// of known mail only when much of them is known.
func (m *Model) held(x float64, f Family, unbacked bool) float64 {
	if unbacked && x > 0 {
		switch f {
		case Phrases, Markup, Shapes:
			x = max(0, x-m.Toll[f])
		case Wording, Structure:
			return 0
		}
	}
	return held(x, m.Caps[f])
}

// Has reports whether the message has the feature.
func (v Vector) Has(f Feature) bool {
	_, ok := slices.BinarySearch(v, f)
	return ok
}

func held(x, most float64) float64 { return max(-most, min(most, x)) }

// Of words and phrases the share that is known counts, not the number: a text of few words counts as one of fullWords, and
// so with the runs of a text or of tags, and with shapes.
const (
	fullText   = 40
	fullShapes = 8
	fullWords  = 60
	tollShare  = 0.2
)

// share is what one of n features of the family counts.
func share(f Family, n int) float64 {
	switch f {
	case Wording:
		return fullWords / float64(max(n, fullWords))
	case Phrases, Markup:
		return fullText / float64(max(n, fullText))
	case Shapes:
		return fullShapes / float64(max(n, fullShapes))
	}
	return 1
}

// Probability that a message with this score is bad, as far as the examples go.
func (m *Model) Probability(score float64) float64 { return sigmoid(m.Slope*score + m.Offset) }

// Contribution is what one feature gave to a score.
type Contribution struct {
	Feature Feature
	Points  float64 // log-odds
}

// Explain returns what each feature gave, the strongest first. With Bias they add up to the score: when a family is held back, each of
// its features is, in proportion.
func (m *Model) Explain(v Vector) []Contribution {
	var out []Contribution
	unbacked := v.Has(Unbacked)
	for len(v) > 0 {
		n, f := v.first()
		sum := 0.0
		for _, x := range v[:n] {
			sum += float64(m.index[x])
		}
		part := share(f, n)
		if sum != 0 {
			part = m.held(sum*part, f, unbacked) / sum
		}
		for _, x := range v[:n] {
			if w := float64(m.index[x]); w*part != 0 {
				out = append(out, Contribution{x, w * part})
			}
		}
		v = v[n:]
	}
	slices.SortStableFunc(out, func(a, b Contribution) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Points), math.Abs(a.Points)), cmp.Compare(a.Feature, b.Feature))
	})
	return out
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func (m *Model) buildIndex() {
	m.index = make(map[Feature]float32, len(m.features))
	for i, f := range m.features {
		m.index[f] = m.weights[i]
	}
}
