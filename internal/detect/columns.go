package detect

import (
	"encoding/json"
	"slices"
	"strings"
)

// ThreatTypes is the column of that name: the threats, comma separated; "" when there is none.
func (v *Verdict) ThreatTypes() string {
	words := make([]string, len(v.Threats))
	for i, t := range v.Threats {
		words[i] = string(t)
	}
	return strings.Join(words, ", ")
}

// DetectionMethods is the column of that name: JSON of each named threat with the technologies that found it, heaviest first; "" when there is
// none.
func (v *Verdict) DetectionMethods() string {
	found := map[Threat][]Technology{}
	for _, s := range v.Signals {
		if s.Weight > 0 && s.Technology != "" && v.Is(s.Threat) && !slices.Contains(found[s.Threat], s.Technology) {
			found[s.Threat] = append(found[s.Threat], s.Technology)
		}
	}
	if len(found) == 0 {
		return ""
	}
	b, err := json.Marshal(found)
	if err != nil {
		panic(err) // strings alone
	}
	return string(b)
}
