package app

import (
	"context"
	"encoding/json"
	"iter"

	"tocsin/internal/feed"
	"tocsin/internal/stix"
	"tocsin/internal/threat"
)

// feedThreats hands what feeds say of threats to the library of them. The desk of it is opened later than that of feeds.
type feedThreats struct{ app *App }

var _ feed.Threats = feedThreats{}

// threatKinds are what objects of STIX are in the library.
var threatKinds = map[string]threat.Kind{
	"malware": threat.Family, "tool": threat.Family, "intrusion-set": threat.Actor, "threat-actor": threat.Actor, "campaign": threat.Campaign, "attack-pattern": threat.Technique,
}

// TakeThreats brings in all that a source says now.
func (f feedThreats) TakeThreats(ctx context.Context, source string, objects iter.Seq2[*stix.Object, error]) error {
	var list []threat.Told
	for o, err := range objects {
		if err != nil {
			return err
		}
		var more struct {
			Deprecated bool     `json:"x_mitre_deprecated"`
			Aliases    []string `json:"x_mitre_aliases"`
		}
		_ = json.Unmarshal(o.Raw, &more) // what ATT&CK says beside the specification
		kind, ok := threatKinds[o.Type]
		if !ok || o.Name == "" || more.Deprecated {
			continue
		}
		list = append(list, threat.Told{Ref: o.ID, Kind: kind, Name: o.Name, Aliases: append(o.Aliases, more.Aliases...), Attack: o.ATTACK(), Tags: o.Labels, Description: o.Description, Updated: o.Modified})
	}
	got, err := f.app.threats.Take(ctx, source, true, list)
	for _, why := range got.Refused {
		f.app.log.Debug("a threat of a feed is refused", "source", source, "why", why)
	}
	return err
}
