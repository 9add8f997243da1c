package model_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tocsin/internal/detect/model"
)

// invent makes n examples: bad mail has two of the bad words and often a bad signal, good mail the good ones; both share the rest.
func invent(n int) []model.Example {
	r := rand.New(rand.NewPCG(1, 2))
	var out []model.Example
	for i := range n {
		bad := i%3 == 0
		var f []model.Feature
		word := func(w string) { f = append(f, model.NewFeature(model.Wording, model.Either, "word", w)) }
		for range 30 {
			word(fmt.Sprint("common", r.IntN(200)))
		}
		kind := "good"
		if bad {
			kind = "bad"
			if r.IntN(4) > 0 {
				f = append(f, model.NewFeature(model.Signals, model.Raises, "signal", "link-shortener"))
			}
		}
		for range 4 {
			word(fmt.Sprint(kind, r.IntN(20)))
		}
		f = append(f, model.NewFeature(model.Signals, model.Lowers, "signal", fmt.Sprint("against", r.IntN(2))))
		out = append(out, model.Example{Key: fmt.Sprintf("%06d", i), Group: fmt.Sprint(kind, r.IntN(30)), Vector: model.NewVector(f), Bad: bad, Weight: 1})
	}
	return out
}

var options = model.Options{Threat: "Phish", Trained: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), FalsePositives: 0.01}

func trained(t testing.TB, examples []model.Example) (*model.Model, []byte) {
	t.Helper()
	m, err := model.Train(examples, options)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return m, raw
}

func TestSameExamplesSameOctets(t *testing.T) {
	examples := invent(600)
	_, first := trained(t, examples)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
	_, second := trained(t, append(examples, examples[:50]...)) // repeats do not count
	if !bytes.Equal(first, second) {
		t.Error("the order of the examples changed the model")
	}
}

func TestModelTellsKindsApart(t *testing.T) {
	m, raw := trained(t, invent(900))
	wrong := 0
	for _, e := range invent(900) {
		if (m.Score(e.Vector) >= m.Threshold) != e.Bad {
			wrong++
		}
	}
	if wrong > 45 {
		t.Errorf("%d of 900 are on the wrong side", wrong)
	}
	loaded, err := model.Load(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range invent(100) {
		if m.Score(e.Vector) != loaded.Score(e.Vector) {
			t.Fatal("a loaded model scores otherwise")
		}
	}
	if again, _ := loaded.Bytes(); !bytes.Equal(raw, again) {
		t.Error("a loaded model is written otherwise")
	}
}

// TestExplanationAddsUp checks that what is shown is what counted, whether or not a family is held back.
func TestExplanationAddsUp(t *testing.T) {
	o := options
	for _, limit := range []float64{0.3, 2, 50} {
		o.Caps = model.Caps{model.Signals: 6, model.Wording: limit}
		m, err := model.Train(invent(600), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range invent(300) {
			for _, v := range []model.Vector{e.Vector, model.NewVector(append(slices.Clone(e.Vector), model.Unbacked))} {
				sum, words := m.Bias, 0.0
				for _, c := range m.Explain(v) {
					sum += c.Points
					if c.Feature.Family() == model.Wording {
						words += c.Points
					}
				}
				if math.Abs(sum-m.Score(v)) > 1e-6 {
					t.Fatalf("shown %g, counted %g", sum, m.Score(v))
				}
				if math.Abs(words) > limit+1e-9 {
					t.Fatalf("words gave %g, more than %g", words, limit)
				}
				if v.Has(model.Unbacked) && words > 0 {
					t.Fatal("words spoke for the threat without structural evidence")
				}
			}
		}
	}
}

func TestSignsHold(t *testing.T) {
	examples := invent(600)
	for i := range examples { // everybody says that a suspicious signal is a good sign
		examples[i].Bad = !examples[i].Bad
	}
	m, _ := trained(t, examples)
	if w := m.Weight(model.NewFeature(model.Signals, model.Raises, "signal", "link-shortener")); w < 0 {
		t.Errorf("labels taught that it is a good sign: %g", w)
	}
}

func TestAgree(t *testing.T) {
	a, r := model.Analyst, model.Reporter
	for _, c := range []struct {
		opinions []model.Opinion
		label    string
		weight   float64
		ok       bool
	}{
		{nil, "", 0, false},
		{[]model.Opinion{{"phish", r, "x"}}, "phish", 0.5, true},
		{[]model.Opinion{{"phish", r, "x"}, {"phish", r, "y"}}, "phish", 1, true},
		{[]model.Opinion{{"phish", r, "x"}, {"good", r, "y"}}, "", 0, false},
		{[]model.Opinion{{"phish", r, "x"}, {"good", a, "y"}}, "good", 1, true},
		{[]model.Opinion{{"phish", a, "x"}, {"good", a, "y"}}, "", 0, false},
	} {
		if label, weight, _, ok := model.Agree(c.opinions); label != c.label || weight != c.weight || ok != c.ok {
			t.Errorf("%v: %s %g %v", c.opinions, label, weight, ok)
		}
	}
}

// TestOneReporterTeachesLittle lets one person report hundreds of messages.
func TestOneReporterTeachesLittle(t *testing.T) {
	var all []model.Taught
	for i := range 1000 {
		x := model.Taught{Example: model.Example{Key: fmt.Sprintf("%04d", i), Bad: true, Weight: 0.5}, Who: "mallory@x.example"}
		if i < 100 {
			x.Who, x.Weight = "", 1
		}
		all = append(all, x)
	}
	theirs, total := 0.0, 0.0
	for _, e := range model.Bound(all) {
		total += e.Weight
		if e.Key >= "0100" {
			theirs += e.Weight
		}
	}
	if theirs > 0.1001*total {
		t.Errorf("one reporter gives %.1f of %.1f", theirs, total)
	}
	if got := model.Bound(all[100:]); len(got) != 0 {
		t.Errorf("a lone reporter taught %d examples", len(got))
	}
}

func TestTrainNeedsBothKinds(t *testing.T) {
	var good []model.Example
	for _, e := range invent(100) {
		if !e.Bad {
			good = append(good, e)
		}
	}
	if _, err := model.Train(good, options); !errors.Is(err, model.ErrOneKind) {
		t.Errorf("got %v", err)
	}
	if _, err := model.Train(nil, options); !errors.Is(err, model.ErrOneKind) {
		t.Errorf("got %v", err)
	}
	one := invent(60)
	for i := range one {
		one[i].Group = map[bool]string{true: "b", false: "g"}[one[i].Bad]
	}
	if _, err := model.Train(one, options); err != nil && !errors.Is(err, model.ErrOneKind) {
		t.Errorf("got %v", err)
	}
}

func TestVectorRoundTrip(t *testing.T) {
	for _, e := range invent(50) {
		got, err := model.DecodeVector(e.Vector.Encode())
		if err != nil || !slices.Equal(got, e.Vector) {
			t.Fatalf("%v: %v", e.Vector, err)
		}
	}
}

// TestStrict holds three kinds of good mail to their limits: the strictest of them decides.
func TestStrict(t *testing.T) {
	for _, c := range []struct {
		real, held, made int // messages of 100 each that score 9, 8 and 7; the rest score 1
		want             float64
	}{{0, 0, 0, 1}, {1, 0, 0, 1}, {2, 0, 0, 1}, {3, 0, 0, 9}, {0, 2, 0, 1}, {0, 4, 0, 8}, {0, 5, 0, 8}, {0, 0, 1, 1}, {0, 0, 2, 7}, {3, 5, 2, 9}} {
		var g model.GoodScores
		for i := range 100 {
			score := func(n int, high float64) float64 {
				if i < n {
					return high
				}
				return 1
			}
			g.Add(model.Labelled{}, score(c.real, 9))
			g.Add(model.Labelled{Held: true}, score(c.held, 8))
			g.Add(model.Labelled{Held: true, Made: true}, score(c.made, 7))
		}
		if got := g.Strict(); got <= c.want || got > c.want+0.001 {
			t.Errorf("%+v: %g", c, got)
		}
	}
}

// FuzzLoad loads hostile model files. The checksum is made right, so that what stands behind it is reached.
func FuzzLoad(f *testing.F) {
	_, raw := trained(f, invent(60))
	f.Add(raw[:len(raw)-32], []byte{1, 5, 5})
	f.Add([]byte("tocsin model 3\n\x02\x00\x00\x00{}"), []byte{1})
	f.Fuzz(func(t *testing.T, body, vector []byte) {
		v, err := model.DecodeVector(vector)
		if err != nil {
			v = model.NewVector([]model.Feature{model.Unbacked, model.NewFeature(model.Wording, model.Either, "word", "bad1")})
		}
		sum := sha256.Sum256(body)
		m, err := model.Load(append(slices.Clone(body), sum[:]...))
		if err != nil {
			return
		}
		if s := m.Score(v); math.IsNaN(s) || math.IsInf(s, 0) {
			t.Fatalf("score %g", s)
		}
		if p := m.Probability(m.Score(v)); !(p >= 0 && p <= 1) {
			t.Fatalf("probability %g", p)
		}
		m.Explain(v)
	})
}
