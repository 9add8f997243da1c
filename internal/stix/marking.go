package stix

import (
	"encoding/json"
	"slices"
	"strings"
)

// TLP is a level of the Traffic Light Protocol (FIRST, version 2.0): who may be told. The levels are ordered, the widest first.
type TLP string

// The levels. TLPNone is what nobody marked.
const (
	TLPNone        TLP = ""
	TLPClear       TLP = "clear"
	TLPGreen       TLP = "green"
	TLPAmber       TLP = "amber"
	TLPAmberStrict TLP = "amber+strict"
	TLPRed         TLP = "red"
)

// TLPs are the levels that can be chosen, the widest first.
func TLPs() []TLP { return []TLP{TLPClear, TLPGreen, TLPAmber, TLPAmberStrict, TLPRed} }

// Within reports whether what is marked t may be told where limit is the most that is told. What nobody marked counts as amber: it was
// given to this organisation, and nobody said that it may go further.
func (t TLP) Within(limit TLP) bool { return t.rank() <= limit.rank() }

func (t TLP) rank() int {
	if t == TLPNone {
		t = TLPAmber
	}
	return slices.Index(TLPs(), t)
}

// Narrower is the narrower of two levels. One that nobody set does not count.
func Narrower(a, b TLP) TLP {
	switch {
	case a == TLPNone:
		return b
	case b == TLPNone || a.rank() >= b.rank():
		return a
	}
	return b
}

// ParseTLP reads a level as people and feeds write it: "TLP:AMBER+STRICT", "tlp:white", "green". ok is false for anything else.
func ParseTLP(s string) (TLP, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.Trim(strings.TrimPrefix(strings.TrimPrefix(s, "tlp"), ":"), `"= `)
	switch s {
	case "white", "unlimited": // of version 1.0 (section 7.2.1.4)
		return TLPClear, true
	case "amber-strict", "ambrestrict", "amber strict":
		return TLPAmberStrict, true
	}
	t := TLP(s)
	return t, slices.Contains(TLPs(), t)
}

// Marking is what a marking-definition says (section 7.2).
type Marking struct {
	TLP       TLP
	Statement string
}

// extensionTLP2 is the extension that TLP 2.0 is written with (OASIS, cti-stix-common-objects).
const extensionTLP2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// tlpIDs are the ids that everybody uses: those of TLP 2.0, and those of 1.0 that section 7.2.1.4 fixes.
var tlpIDs = map[string]TLP{
	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": TLPClear,
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": TLPGreen,
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": TLPAmber,
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": TLPAmberStrict,
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": TLPRed,

	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": TLPClear,
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": TLPGreen,
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": TLPAmber,
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": TLPRed,
}

// written are the ids that Tocsin writes: version 2.0.
var written = map[TLP]string{
	TLPClear:       "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	TLPGreen:       "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	TLPAmber:       "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	TLPAmberStrict: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	TLPRed:         "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// TLPOf is the narrowest level among markings. known finds the definitions that are not those of everybody; it may be nil.
func TLPOf(markings []string, known func(id string) (Marking, bool)) TLP {
	out := TLPNone
	for _, id := range markings {
		t, ok := tlpIDs[id]
		if !ok && known != nil {
			m, _ := known(id)
			t = m.TLP
		}
		out = Narrower(out, t)
	}
	return out
}

func readMarking(raw json.RawMessage) Marking {
	var m struct {
		ID         string `json:"id"`
		Name       string `json:"name"`
		Kind       string `json:"definition_type"`
		Definition struct {
			TLP       string `json:"tlp"`
			Statement string `json:"statement"`
		} `json:"definition"`
		Extensions map[string]json.RawMessage `json:"extensions"`
	}
	_ = json.Unmarshal(raw, &m) // Check looked
	out := Marking{TLP: tlpIDs[m.ID], Statement: m.Definition.Statement}
	if out.TLP == TLPNone {
		var two struct {
			TLP string `json:"tlp_2_0"`
		}
		_ = json.Unmarshal(m.Extensions[extensionTLP2], &two)
		for _, s := range []string{two.TLP, m.Definition.TLP, m.Name} {
			if t, ok := ParseTLP(s); ok {
				out.TLP = t
				break
			}
		}
	}
	return out
}

// markingObject is the definition of a level, as TLP 2.0 publishes it.
func markingObject(t TLP) map[string]any {
	return map[string]any{
		"type": "marking-definition", "spec_version": "2.1", "id": written[t], "created": "2022-10-01T00:00:00.000Z", "name": "TLP:" + strings.ToUpper(string(t)),
		"extensions": map[string]any{extensionTLP2: map[string]any{"extension_type": "property-extension", "tlp_2_0": string(t)}},
	}
}
