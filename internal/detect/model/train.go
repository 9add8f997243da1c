package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Example is one message whose kind is known.
type Example struct {
	Key    string // of the message; examples are ordered by it
	Group  string // who sent it: to measure, whole groups are left out
	Vector Vector
	Bad    bool
	Weight float64 // how much is thought of whoever says so; 1 for an analyst
}

// Options of Train. Zero fields mean the default.
type Options struct {
	Threat         string
	Trained        time.Time
	FalsePositives float64 // the most good mail, as a share, that may score above Threshold; default 0.005
	Caps           Caps    // default DefaultCaps; 0: the family is not used
	Without        []Family
	MaxFeatures    int // kept in the model, the commonest first; default 40000
}

// stage is one step of learning.
type stage struct {
	families []Family
	recalled bool
	penalty  float64
	sweeps   int
}

// stages are the order in which families learn: each what those before it left unexplained. Recalled families have two weights only
// (recall); in the others every feature has its own, and penalty is the weight of half their squared norm: the more, the more often must
// a feature prove itself.
var stages = []stage{
	{[]Family{Identity, Authentication, Links, Files, Signals, Pairs, Looks}, false, 0.3, 30},
	{[]Family{Wording}, true, 0.01, 20},
	{[]Family{Markup}, true, 0.01, 20},
	{[]Family{Phrases}, true, 0.01, 20},
	{[]Family{Shapes}, true, 0.01, 20},
	{[]Family{Structure}, false, 10, 30},
}

// DefaultCaps lets evidence speak freely, likeness and words together with it, and the manner of writing hardly.
func DefaultCaps() Caps {
	return Caps{Identity: 6, Authentication: 6, Structure: 0.1, Links: 6, Files: 6, Signals: 12, Pairs: 6, Phrases: 8, Markup: 8, Shapes: 4, Wording: 4, Looks: 2}
}

const (
	leastShapes  = 8 // of bad ones, for a shape: mailers share them
	leastSeen    = 2 // examples that a feature must stand in
	maxToll      = 1e4
	parts        = 5     // of the examples, each left out once to measure
	stray        = 0.001 // share of one kind in which a feature may stand and still count as the other kind's own
	recalledDown = -0.5  // weight of what stands in good mail alone: fixed, for who writes ordinary words buys nothing with them
)

// Errors of Train.
var (
	ErrOneKind = errors.New("a model needs examples of both kinds")
)

// Train learns from examples. Both kinds weigh the same in total, however many there are.
func Train(examples []Example, o Options) (*Model, error) {
	if o.FalsePositives <= 0 {
		o.FalsePositives = 0.005
	}
	if o.Caps == (Caps{}) {
		o.Caps = DefaultCaps()
	}
	if o.MaxFeatures <= 0 || o.MaxFeatures > maxFileFeatures {
		o.MaxFeatures = 40000
	}
	set := slices.Clone(examples)
	slices.SortStableFunc(set, func(a, b Example) int { return cmp.Compare(a.Key, b.Key) })
	set = slices.CompactFunc(set, func(a, b Example) bool { return a.Key == b.Key })
	m, err := fit(set, o)
	if err != nil {
		return nil, err
	}
	if err := m.measure(set, o); err != nil {
		return nil, err
	}
	return m, nil
}

// measure sets scale and thresholds by scores of models that did not see the sender of what they score.
func (m *Model) measure(set []Example, o Options) error {
	scores := make([]float64, len(set))
	for p := range parts {
		var rest []Example
		for _, e := range set {
			if part(e) != p {
				rest = append(rest, e)
			}
		}
		if len(rest) == len(set) {
			continue
		}
		other, err := fit(rest, o)
		if errors.Is(err, ErrOneKind) {
			return fmt.Errorf("%w, and each from several senders", ErrOneKind)
		} else if err != nil {
			return err
		}
		for i, e := range set {
			if part(e) == p {
				scores[i] = other.Score(e.Vector)
			}
		}
	}
	var good, bad []float64
	for i, e := range set {
		if e.Bad {
			bad = append(bad, scores[i])
		} else {
			good = append(good, scores[i])
		}
	}
	// A model of all examples may score a little higher than those of parts do: its own scores bound the threshold too.
	var own []float64
	for _, e := range set {
		if !e.Bad {
			own = append(own, m.Score(e.Vector))
		}
	}
	m.Threshold, m.FalsePositives = max(threshold(good, o.FalsePositives), threshold(own, o.FalsePositives)), o.FalsePositives
	slices.Sort(bad)
	m.Ordinary = min(bad[len(bad)/200], m.Threshold)
	m.Slope, m.Offset = platt(scores, set)
	return nil
}

// part tells which fifth an example belongs to: by its sender, so that no sender is on both sides.
func part(e Example) int {
	g := e.Group
	if g == "" {
		g = e.Key
	}
	return int(uint32(NewFeature(0, 0, "part", g)) % parts)
}

// threshold returns the lowest score that at most share of the scores reach. With too few scores to tell it lies above all of them.
func threshold(scores []float64, share float64) float64 {
	s := slices.Clone(scores)
	slices.Sort(s)
	allowed := int(share * float64(len(s)))
	return math.Nextafter(s[len(s)-1-allowed], math.Inf(1))
}

// columns are the examples by feature, for the coordinate steps.
type columns struct {
	features []Feature
	rows     [][]int32 // of each feature: which examples have it
}

// fit finds the weights, stage by stage.
func fit(set []Example, o Options) (*Model, error) {
	m := &Model{Threat: o.Threat, Trained: o.Trained, Caps: o.Caps, Slope: 1}
	for _, f := range o.Without {
		m.Caps[f] = 0
	}
	var sumBad, sumGood float64
	for _, e := range set {
		if e.Bad {
			m.Bad++
			sumBad += e.Weight
		} else {
			m.Good++
			sumGood += e.Weight
		}
	}
	if sumBad <= 0 || sumGood <= 0 {
		return nil, ErrOneKind
	}
	n := float64(len(set))
	weight, label, score := make([]float64, len(set)), make([]float64, len(set)), make([]float64, len(set))
	value := make([]float64, len(set))
	for i, e := range set {
		label[i], weight[i] = -1, e.Weight*n/2/sumGood
		if e.Bad {
			label[i], weight[i] = 1, e.Weight*n/2/sumBad
		}
	}
	all := arrange(set, m.Caps, o.MaxFeatures)
	for k, stage := range stages {
		c := all.of(stage.families)
		var w []float64
		if stage.recalled {
			w = m.recall(c, set, stage.families[0], stage.sweeps, stage.penalty, weight, label, score)
		} else {
			for i := range value {
				value[i] = 1
			}
			w = descend(c, stage.sweeps, stage.penalty, value, weight, label, score, &m.Bias)
		}
		m.keep(c.features, w)
		m.settle()
		if k < len(stages)-1 {
			for i, e := range set {
				score[i] = m.Score(e.Vector)
			}
		}
	}
	return m, nil
}

// recall gives one weight to all features of a family that stand in bad mail and hardly in good mail, and another to those of good mail.
// Nothing else is learned of them: a word that stands in both says nothing, however uneven the shares, and what was never seen dilutes
// the rest. To fit the weight, an example does not count as having been seen itself.
func (m *Model) recall(c columns, set []Example, f Family, sweeps int, penalty float64, weight, label, score []float64) []float64 {
	w := make([]float64, len(c.features))
	mostGood, mostBad := int(stray*float64(m.Good)), int(stray*float64(m.Bad))
	least := leastSeen
	if f == Shapes {
		least = leastShapes
	}
	own := func(x Feature, bad, good int) float64 {
		switch {
		case bad >= least && good <= mostGood && x.Sign() != Lowers:
			return 1
		case good >= leastSeen && bad <= mostBad && x.Sign() != Raises:
			return recalledDown
		}
		return 0
	}
	found := make([]float64, len(set))
	for j, rows := range c.rows {
		bad, good := 0, 0
		for _, i := range rows {
			if label[i] > 0 {
				bad++
			} else {
				good++
			}
		}
		w[j] = own(c.features[j], bad, good)
		for _, i := range rows {
			b, g := bad, good
			if label[i] > 0 {
				b--
			} else {
				g--
			}
			if own(c.features[j], b, g) > 0 {
				found[i]++
			}
		}
	}
	every := make([]int32, len(set))
	for i, e := range set {
		every[i] = int32(i)
		found[i] *= share(f, e.Vector.count(f))
		if e.Vector.Has(Unbacked) {
			found[i] = max(0, found[i]-tolled(f))
		}
	}
	up := 0.0
	for range sweeps {
		up += descend(columns{[]Feature{NewFeature(f, Raises, "found", "")}, [][]int32{every}}, 1, penalty, found, weight, label, score, &m.Bias)[0]
	}
	m.Toll[f] = min(tolled(f)*up, maxToll)
	for j := range w {
		if w[j] > 0 {
			w[j] = up
		}
	}
	return w
}

// tolled is how many features of the family do not count in a message without structural evidence.
func tolled(f Family) float64 {
	switch f {
	case Phrases, Markup:
		return tollShare * fullText
	case Shapes:
		return tollShare * fullShapes
	}
	return fullWords // all of them
}

// count returns how many features are of a family.
func (v Vector) count(f Family) int {
	n := 0
	for _, x := range v {
		if x.Family() == f {
			n++
		}
	}
	return n
}

func (c columns) of(families []Family) columns {
	var out columns
	for i, f := range c.features {
		if slices.Contains(families, f.Family()) {
			out.features, out.rows = append(out.features, f), append(out.rows, c.rows[i])
		}
	}
	return out
}

// settle puts the weights in order.
func (m *Model) settle() {
	m.buildIndex()
	slices.Sort(m.features)
	for i, f := range m.features {
		m.weights[i] = m.index[f]
	}
}

func (m *Model) keep(features []Feature, w []float64) {
	for i, f := range features {
		if x := float32(w[i]); x != 0 {
			m.features = append(m.features, f)
			m.weights = append(m.weights, x)
		}
	}
}

// arrange lists the features worth a weight: seen often enough, and the commonest when there are too many.
func arrange(set []Example, caps Caps, most int) columns {
	count := map[Feature]int32{}
	for _, e := range set {
		for _, f := range e.Vector {
			count[f]++
		}
	}
	var all []Feature
	for f, n := range count {
		if n >= leastSeen && caps[f.Family()] > 0 {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b Feature) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	all = all[:min(len(all), most)]
	slices.Sort(all)
	place := make(map[Feature]int, len(all))
	rows := make([][]int32, len(all))
	for i, f := range all {
		place[f] = i
		rows[i] = make([]int32, 0, count[f])
	}
	for i, e := range set {
		for _, f := range e.Vector {
			if p, ok := place[f]; ok {
				rows[p] = append(rows[p], int32(i))
			}
		}
	}
	return columns{all, rows}
}

// descend finds the weights by cyclic coordinate descent: for each feature in turn one bounded Newton step (Genkin, Lewis and
// Madigan, "Large-Scale Bayesian Logistic Regression for Text Categorization", 2007, CLG), cut off where the sign does not allow it.
// It changes score, what the examples have so far, and bias unless that is nil.
func descend(c columns, sweeps int, penalty float64, value, weight, label, score []float64, bias *float64) []float64 {
	w := make([]float64, len(c.features))
	trust := make([]float64, len(c.features))
	for i := range trust {
		trust[i] = 1
	}
	biasTrust := 1.0
	for range sweeps {
		moved := 0.0
		if bias != nil {
			var g, h float64
			for i := range score {
				p := sigmoid(-label[i] * score[i])
				g -= weight[i] * label[i] * p
				h += weight[i] * p * (1 - p)
			}
			d := held(-g/(h+1e-6), biasTrust)
			biasTrust = max(2*math.Abs(d), biasTrust/2)
			*bias += d
			for i := range score {
				score[i] += d
			}
		}
		for j, rows := range c.rows {
			g, h := penalty*w[j], penalty
			for _, i := range rows {
				p := sigmoid(-label[i] * score[i])
				g -= weight[i] * label[i] * p * value[i]
				h += weight[i] * p * (1 - p) * value[i] * value[i]
			}
			next := w[j] + held(-g/h, trust[j])
			switch c.features[j].Sign() {
			case Raises:
				next = max(next, 0)
			case Lowers:
				next = min(next, 0)
			case Proves:
				next = max(next, Proof)
			}
			d := next - w[j]
			trust[j] = max(2*math.Abs(d), trust[j]/2)
			if d == 0 {
				continue
			}
			w[j] = next
			moved = max(moved, math.Abs(d))
			for _, i := range rows {
				score[i] += d * value[i]
			}
		}
		if moved < 1e-3 {
			break
		}
	}
	return w
}

// platt fits a probability to scores (Platt 1999, with the targets and the damping of Lin, Lin and Weng 2007), by Newton's method.
func platt(scores []float64, set []Example) (slope, offset float64) {
	var bad, good float64
	for _, e := range set {
		if e.Bad {
			bad++
		} else {
			good++
		}
	}
	hi, lo := (bad+1)/(bad+2), 1/(good+2)
	slope, offset = 1, 0
	loss := func(a, b float64) float64 {
		sum := 0.0
		for i, e := range set {
			t := lo
			if e.Bad {
				t = hi
			}
			x := a*scores[i] + b
			sum += math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) - t*x
		}
		return sum
	}
	now := loss(slope, offset)
	for range 50 {
		var ga, gb, haa, hab, hbb float64
		for i, e := range set {
			t := lo
			if e.Bad {
				t = hi
			}
			s := scores[i]
			p := sigmoid(slope*s + offset)
			d := p * (1 - p)
			ga += (p - t) * s
			gb += p - t
			haa += d * s * s
			hab += d * s
			hbb += d
		}
		haa, hbb = haa+1e-9, hbb+1e-9
		det := haa*hbb - hab*hab
		if math.Abs(ga)+math.Abs(gb) < 1e-6 || det <= 0 {
			break
		}
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-6; step /= 2 {
			if l := loss(slope+step*da, offset+step*db); l < now {
				slope, offset, now = slope+step*da, offset+step*db, l
				break
			}
		}
		if step <= 1e-6 {
			break
		}
	}
	if slope <= 0 || math.IsNaN(slope) || math.IsNaN(offset) {
		return 1, 0 // scores of left-out senders say nothing; the threshold keeps the model quiet
	}
	return slope, offset
}
