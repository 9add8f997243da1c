package model

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
)

// Labelled is an example of an evaluation: which set it comes from, and whether that set may be learned from at all.
type Labelled struct {
	Example
	Set  string
	Held bool // only ever tested
	Made bool // invented mail: counted by itself, not among all good mail
}

// Rates is how much of one set is found at a threshold, as shares.
type Rates struct {
	Set    string
	Bad    bool
	Held   bool
	Tested int
	Own    float64    // at the threshold that the model chose for itself
	At     [3]float64 // at Strict, and at the two of allowed
}

// Evaluation is how a model does on the half of the examples that it was not trained on.
type Evaluation struct {
	Model   *Model
	Tested  []string // keys
	Sets    []Rates  // by name
	All     [2]Rates // of all good and of all bad, without what is Made
	Allowed [2]float64
}

// GoodScores are the scores of good mail that was tested.
type GoodScores struct {
	Real []float64 // all of it that is not Made
	Held []float64 // those of them that are never learned from
	Made []float64
}

// Add notes the score of a good message.
func (g *GoodScores) Add(l Labelled, score float64) {
	if l.Made {
		g.Made = append(g.Made, score)
		return
	}
	g.Real = append(g.Real, score)
	if l.Held {
		g.Held = append(g.Held, score)
	}
}

// Strict is the lowest threshold that keeps three promises at once: 1% of all real good mail, 4% of the real good mail that is never
// learned from, and 1% of invented good mail are found at most.
func (g *GoodScores) Strict() float64 {
	t := math.Inf(-1)
	for _, limit := range []struct {
		scores []float64
		share  float64
	}{{g.Real, 0.01}, {g.Held, 0.04}, {g.Made, 0.01}} {
		if len(limit.scores) > 0 {
			t = max(t, threshold(limit.scores, limit.share))
		}
	}
	return t
}

// allowed false-positive rates at which an evaluation reads off what is caught.
var allowed = [2]float64{0.01, 0.001}

// Evaluate splits examples in two halves by a hash of their key and of split, trains on one and tests on the other; examples that are
// Held are tested only. Thresholds of Rates.At are read off all tested good examples that are not Made: they say how well scores part
// the two kinds, while Own says what would have come out.
func Evaluate(all []Labelled, split string, o Options) (Evaluation, error) {
	var train []Example
	var test []Labelled
	for _, l := range all {
		if !l.Held && NewFeature(0, 0, split, l.Key)&1 == 0 {
			train = append(train, l.Example)
		} else {
			test = append(test, l)
		}
	}
	m, err := Train(train, o)
	if err != nil {
		return Evaluation{}, err
	}
	scores := make([]float64, len(test))
	var good GoodScores
	for i, l := range test {
		scores[i] = m.Score(l.Vector)
		if !l.Bad {
			good.Add(l, scores[i])
		}
	}
	if len(good.Real) == 0 {
		return Evaluation{}, ErrOneKind
	}
	e := Evaluation{Model: m, Allowed: allowed}
	for _, l := range test {
		e.Tested = append(e.Tested, l.Key)
	}
	limits := [4]float64{m.Threshold, good.Strict(), threshold(good.Real, allowed[0]), threshold(good.Real, allowed[1])}
	e.All[1].Bad = true
	e.All[0].Set, e.All[1].Set = "all good", "all bad"
	sets := map[string]*Rates{}
	for i, l := range test {
		r := sets[l.Set]
		if r == nil {
			r = &Rates{Set: l.Set, Bad: l.Bad, Held: l.Held}
			sets[l.Set] = r
		}
		r.count(scores[i], limits)
		if !l.Made {
			kind := &e.All[0]
			if l.Bad {
				kind = &e.All[1]
			}
			kind.count(scores[i], limits)
		}
	}
	for _, r := range sets {
		e.Sets = append(e.Sets, r.shares())
	}
	sort.Slice(e.Sets, func(i, j int) bool { return e.Sets[i].Set < e.Sets[j].Set })
	e.All[0], e.All[1] = e.All[0].shares(), e.All[1].shares()
	return e, nil
}

func (r *Rates) count(score float64, limits [4]float64) {
	r.Tested++
	for i, p := range []*float64{&r.Own, &r.At[0], &r.At[1], &r.At[2]} {
		if score >= limits[i] {
			*p++
		}
	}
}

func (r Rates) shares() Rates {
	n := float64(max(r.Tested, 1))
	r.Own /= n
	for i := range r.At {
		r.At[i] /= n
	}
	return r
}

// Write prints the evaluation as a table.
func (e Evaluation) Write(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "trained on %d bad and %d good, %d features\n%-24s%-6s%8s%12s%12s%12s%12s\n", e.Model.Bad, e.Model.Good, e.Model.Len(),
		"set", "kind", "tested", "found", "strict", fmt.Sprintf("at %g%%", 100*e.Allowed[0]), fmt.Sprintf("at %g%%", 100*e.Allowed[1])); err != nil {
		return err
	}
	for _, r := range append(slices.Clone(e.Sets), e.All[0], e.All[1]) {
		kind := "good"
		if r.Bad {
			kind = "bad"
		}
		if r.Held {
			kind += "*"
		}
		if _, err := fmt.Fprintf(w, "%-24s%-6s%8d%11.2f%%%11.2f%%%11.2f%%%11.2f%%\n", r.Set, kind, r.Tested, 100*r.Own, 100*r.At[0], 100*r.At[1], 100*r.At[2]); err != nil {
			return err
		}
	}
	return nil
}
