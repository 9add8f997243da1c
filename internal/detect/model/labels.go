package model

import (
	"cmp"
	"slices"
)

// Sources of an opinion, and what each is worth: an analyst decides, a reporter is believed half.
const (
	Analyst  = "analyst"
	Reporter = "reporter"
)

// Labels of an opinion.
const (
	LabelPhish = "phish"
	LabelSpam  = "spam"
	LabelGood  = "good"
)

// Opinion is what one person said of one message.
type Opinion struct {
	Label  string
	Source string
	Who    string
}

// Bounds of what reporters can teach.
const (
	reporterWeight = 0.5
	reporterShare  = 0.1 // of all that is known of one kind, one reporter gives no more
)

// Agree makes one label of the opinions of one message. Analysts overrule reporters; when the ones that count do not agree, the message
// teaches nothing (ok is false). who is the reporter it rests on, "" when it rests on an analyst or on several reporters.
func Agree(all []Opinion) (label string, weight float64, who string, ok bool) {
	analyst := slices.ContainsFunc(all, func(o Opinion) bool { return o.Source == Analyst })
	people := 0
	for _, o := range all {
		if analyst && o.Source != Analyst {
			continue
		}
		if people++; people == 1 {
			label, who = o.Label, o.Who
		} else if o.Label != label {
			return "", 0, "", false
		}
	}
	switch {
	case people == 0:
		return "", 0, "", false
	case analyst:
		return label, 1, "", true
	case people > 1:
		return label, min(1, reporterWeight*float64(people)), "", true
	}
	return label, reporterWeight, who, true
}

// Taught is an example and the one reporter it rests on, if it does.
type Taught struct {
	Example
	Who string
}

// Bound holds each reporter's part of either kind to a tenth of its weight, by making that reporter's examples lighter; a reporter who
// alone has labelled is worth nothing. The result is ordered by key.
func Bound(all []Taught) []Example {
	out := make([]Example, 0, len(all))
	for _, bad := range [2]bool{true, false} {
		total := 0.0
		by := map[string]float64{}
		for _, t := range all {
			if t.Bad == bad {
				total += t.Weight
				if t.Who != "" {
					by[t.Who] += t.Weight
				}
			}
		}
		for i := range all {
			t := &all[i]
			if t.Bad != bad {
				continue
			}
			e := t.Example
			if sum := by[t.Who]; t.Who != "" && sum > 0 {
				// x may stay so that x <= share*(others+x).
				most := reporterShare / (1 - reporterShare) * (total - sum)
				e.Weight *= min(1, most/sum)
			}
			if e.Weight > 0 {
				out = append(out, e)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Example) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
