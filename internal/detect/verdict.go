package detect

import (
	"cmp"
	"fmt"
	"slices"
)

// order of threats in a verdict.
var threats = [...]Threat{Malware, Phish, Spam}

// maxCarry is the most that signs of phishing count towards Spam.
const maxCarry = 30

// Combine makes the verdict of what was observed. This is the only place where signals meet, and whatever it decides it
// says as a signal of its own, so that for each threat the weights of the verdict's signals add up to its score before it is
// held between 0 and 100. The rules, in order:
//
//  1. A signal that speaks against no threat in particular speaks against each of Phish and Spam that has anything for it.
//  2. Wording and looks alone never flag: when all that speaks for a threat is of one weak family, "one-kind-of-evidence"
//     takes the sum below FlagScore. In mass mail that says openly what it is ("open-bulk") the two weak families together are not
//     enough either: offers are loud.
//  3. Phishing that falls short of FlagScore counts towards Spam, where Spam has something of its own: "phish-signs".
//
// names are malware families. families tells the family of signals that are not in the catalogue (rules); nil means Rule.
func Combine(signals []Signal, names []string, bulk int, families func(id string) Family) Verdict {
	v := Verdict{Threats: []Threat{}, Scores: map[Threat]int{}, Technologies: []Technology{}, ThreatNames: []string{}, Notes: []Note{}}
	v.Signals = settled(signals, families)
	if s, ok := carry(v.Signals); ok {
		v.Signals = append(v.Signals, s)
	}
	slices.SortStableFunc(v.Signals, func(a, b Signal) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Threat, b.Threat))
	})
	for _, t := range threats {
		score := max(0, min(100, Sum(v.Signals, t)))
		v.Scores[t] = score
		v.Score = max(v.Score, score)
		if score >= FlagScore {
			v.Threats = append(v.Threats, t)
		}
	}
	if v.Is(Phish) {
		v.Confidence = Normal
		if v.Scores[Phish] >= HighScore {
			v.Confidence = High
		}
	}
	for _, s := range v.Signals {
		if s.Weight > 0 && s.Technology != "" && v.Is(s.Threat) && !slices.Contains(v.Technologies, s.Technology) {
			v.Technologies = append(v.Technologies, s.Technology)
		}
	}
	if v.Is(Malware) {
		for _, n := range names {
			if !slices.Contains(v.ThreatNames, n) {
				v.ThreatNames = append(v.ThreatNames, n)
			}
		}
	}
	v.BulkLevel = max(0, min(9, bulk))
	return v
}

// settled gives each signal to the threats it bears on, once, and holds wording and looks that stand alone. families may be nil.
func settled(signals []Signal, families func(id string) Family) []Signal {
	out := spread(signals)
	for _, t := range []Threat{Phish, Spam} {
		if s, ok := limitWeak(out, t, families); ok {
			out = append(out, s)
		}
	}
	return out
}

// Sum adds the weights of the signals of one threat, before it is held between 0 and 100.
func Sum(signals []Signal, t Threat) int {
	sum := 0
	for _, s := range signals {
		if s.Threat == t {
			sum += s.Weight
		}
	}
	return sum
}

// spread gives signals without a threat to every threat they bear on, and drops repeats of (id, threat): the first stays.
func spread(signals []Signal) []Signal {
	out := make([]Signal, 0, len(signals)+4)
	add := func(s Signal) {
		for i := range out {
			if out[i].ID == s.ID && out[i].Threat == s.Threat {
				return
			}
		}
		out = append(out, s)
	}
	has := map[Threat]bool{}
	for _, s := range signals {
		if s.Threat != "" {
			has[s.Threat] = has[s.Threat] || s.Weight > 0
			add(s)
		}
	}
	for _, s := range signals {
		if s.Threat != "" {
			continue
		}
		for _, t := range []Threat{Phish, Spam} {
			if has[t] || t == Phish && !has[Spam] {
				s.Threat = t
				add(s)
			}
		}
	}
	return out
}

func limitWeak(signals []Signal, t Threat, families func(string) Family) (Signal, bool) {
	var only Family
	open := false
	for _, s := range signals {
		open = open || s.ID == "open-bulk"
	}
	for _, s := range signals {
		if s.Threat != t || s.Weight <= 0 {
			continue
		}
		f := Rule
		if k, ok := kinds[s.ID]; ok {
			f = k.Family
		} else if families != nil {
			f = families(s.ID)
		}
		if !weak[f] || only != "" && only != f && !open {
			return Signal{}, false
		}
		only = f
	}
	sum := Sum(signals, t)
	if only == "" || sum < FlagScore {
		return Signal{}, false
	}
	k := kinds["one-kind-of-evidence"]
	return Signal{ID: k.ID, Threat: t, Weight: FlagScore - 1 - sum, Claim: k.Claim,
		Evidence: fmt.Sprintf("everything that speaks for %s is wording or looks; held below %d", t, FlagScore)}, true
}

func carry(signals []Signal) (Signal, bool) {
	phish, spam := Sum(signals, Phish), Sum(signals, Spam)
	if phish <= 0 || phish >= FlagScore || spam <= 0 {
		return Signal{}, false
	}
	k := kinds["phish-signs"]
	return Signal{ID: k.ID, Threat: Spam, Technology: k.Technology, Weight: min(phish, maxCarry), Claim: k.Claim,
		Evidence: fmt.Sprintf("%d points for Phish, below %d", phish, FlagScore)}, true
}
