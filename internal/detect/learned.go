package detect

import (
	"math"
	"strings"

	"tocsin/internal/detect/model"
	"tocsin/internal/intel"
)

// Bounds of what a local model may say. Alone it never names a threat: it needs another sign of at least FlagScore-maxLearned points.
const (
	maxLearned  = 38 // points for
	minLearned  = 6  // at the model's own threshold
	maxOrdinary = 8  // points against
	fullMargin  = 7  // log-odds above the threshold from which maxLearned is given
	strongSign  = 30 // a signal of so many points, or a sum of twice that, is not spoken against
	topFeatures = 6  // named in the evidence
)

// learnable are the threats that a model can be trained for. Malware is not among them: files are looked into, not guessed at.
var learnable = [2]Threat{Phish, Spam}

// SetModel exchanges the local model for a threat (Phish or Spam); nil means none. Messages being judged finish with the old one.
func (j *Judge) SetModel(t Threat, m *model.Model) {
	for i, have := range learnable {
		if have == t {
			j.learned[i].Store(m)
		}
	}
}

// Model returns the local model in use for a threat, nil when there is none.
func (j *Judge) Model(t Threat) *model.Model {
	for i, have := range learnable {
		if have == t {
			return j.learned[i].Load()
		}
	}
	return nil
}

// learned asks the local models. signals are what detectors and rules said, with all repeats: a model hears each but once. It returns
// the features of the message when anybody wants them, and what the models say.
func (f *Facts) learned(signals []Signal) (model.Vector, []Signal) {
	var models [len(learnable)]*model.Model
	any := f.judge.features
	for i := range models {
		models[i] = f.judge.learned[i].Load()
		any = any || models[i] != nil
	}
	if !any {
		return nil, nil
	}
	heard := settled(signals, nil)
	v := f.features(heard)
	var out []Signal
	for i, m := range models {
		if m == nil {
			continue
		}
		score := m.Score(v)
		switch {
		case score >= m.Threshold:
			k := kinds["learned"]
			out = append(out, Signal{ID: k.ID, Technology: k.Technology, Threat: learnable[i], Weight: learnedWeight(score - m.Threshold), Claim: k.Claim,
				Evidence: f.reasons(m, v, heard, score, 1)})
		case score < m.Ordinary && Sum(signals, learnable[i]) > 0 && !strongly(signals):
			k := kinds["learned-ordinary"]
			weight := -int(math.Round(maxOrdinary * min(1, (m.Ordinary-score+1)/fullMargin)))
			out = append(out, Signal{ID: k.ID, Threat: learnable[i], Weight: weight, Claim: k.Claim, Evidence: f.reasons(m, v, heard, score, -1)})
		}
	}
	return v, out
}

// learnedWeight grades a score by how far it lies above the threshold.
func learnedWeight(margin float64) int {
	return minLearned + int(math.Round((maxLearned-minLearned)*min(1, margin/fullMargin)))
}

// strongly says that something speaks so clearly that likeness to ordinary mail counts for nothing.
func strongly(signals []Signal) bool {
	for i := range signals {
		s := &signals[i]
		if s.Weight >= strongSign || s.Weight > 0 && s.Threat == Malware {
			return true
		}
	}
	return Sum(signals, Phish) >= 2*strongSign || Sum(signals, Spam) >= 2*strongSign
}

// reasons names what weighed most in the direction of sign. Words are told together.
func (f *Facts) reasons(m *model.Model, v model.Vector, signals []Signal, score float64, sign float64) string {
	g := features{names: map[model.Feature]string{}}
	g.gather(f, signals)
	var told []string
	for _, c := range m.Explain(v) {
		if c.Points*sign <= 0 || g.names[c.Feature] == "" {
			continue
		}
		if told = append(told, Clean(g.names[c.Feature], 60)); len(told) == topFeatures {
			break
		}
	}
	chance := 100 * m.Probability(score)
	if chance > 99.9 {
		chance = 99.9
	}
	return say("%.1f%% of mail like this was called bad; mostly by: ", chance) + strings.Join(told, "; ")
}

// LearnGroup names who sent a message, for measuring a model on senders that it did not see.
func LearnGroup(c *Context) string {
	if len(c.Message.From) == 0 {
		return ""
	}
	return intel.OrgDomain(c.Message.From[0].Domain)
}
