package feed

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/internal/stix"
)

// mispGalaxy is what an event says of itself in the words of a galaxy (draft-dulaunoy-misp-galaxy-format).
type mispGalaxy struct {
	Clusters []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"GalaxyCluster"`
}

// gathered is an event of this run. One that is read by its attributes is a part of the whole, and adds to what is known of it.
type gathered struct {
	Report
	whole bool
	gone  []stix.Wanted // withdrawn
}

// gather notes an event, nil in a trial. Of very many the newest are kept.
func (s *session) gather(e *mispEvent) *gathered {
	if s.most > 0 || e.UUID == "" || len(e.UUID) > 60 {
		return nil
	}
	g := s.events[e.UUID]
	if g == nil {
		if s.events == nil {
			s.events = map[string]*gathered{}
		}
		if len(s.events) >= maxGathered {
			old := slices.SortedFunc(maps.Keys(s.events), func(a, b string) int {
				return cmp.Or(s.events[a].Published.Compare(s.events[b].Published), cmp.Compare(a, b))
			})
			for _, id := range old[:maxGathered/2] {
				delete(s.events, id)
			}
		}
		g = &gathered{Report: Report{Ref: e.UUID, Kind: "MISP event", Name: tidy(firstOf(strings.TrimSpace(e.Info), e.UUID), maxToldName), TLP: stix.TLPNone}}
		s.events[e.UUID] = g
		if level := map[number]string{1: "high", 2: "medium", 3: "low"}[e.Threat]; level != "" {
			g.label("threat level " + level)
		}
		for _, t := range e.Tags {
			g.tag(t.Name)
		}
		for _, galaxy := range e.Galaxies {
			for _, c := range galaxy.Clusters {
				g.tag("misp-galaxy:" + c.Type + `="` + c.Value + `"`)
			}
		}
	}
	if day, err := time.Parse(time.DateOnly, e.Date); err == nil {
		g.Published = s.past(day)
	} else if e.At > 0 && time.Unix(int64(e.At), 0).After(g.Published) {
		g.Published = s.past(time.Unix(int64(e.At), 0))
	}
	return g
}

// gatherAttribute notes what an attribute says of its event.
func (s *session) gatherAttribute(a *mispAttribute, e *mispEvent, wanted []stix.Wanted) {
	g := s.gather(e)
	if g == nil {
		return
	}
	if e.Date == "" && e.At == 0 && a.At > 0 && time.Unix(int64(a.At), 0).After(g.Published) {
		g.Published = s.past(time.Unix(int64(a.At), 0))
	}
	if !g.whole {
		for _, t := range a.Tags { // those of the event stand here too
			g.tag(t.Name)
		}
	}
	for _, w := range wanted {
		kind, err := s.taker.Check(w.Kind, w.Value)
		w.Kind = kind
		switch {
		case err != nil:
		case a.Deleted:
			g.gone = append(g.gone, w)
			g.unwant(w)
		case a.ToIDS:
			g.want(w)
		}
	}
}

// tag reads a tag of an event: its TLP, a name in a galaxy, or a word.
func (r *Report) tag(text string) {
	if t, ok := stix.ParseTLP(text); ok && strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), "tlp") {
		r.TLP = stix.Narrower(r.TLP, t)
		return
	}
	if n, ok := mispNamed(text); ok {
		r.name(n)
		return
	}
	r.label(text)
}

// mispNamed reads a tag such as misp-galaxy:mitre-attack-pattern="Spearphishing Attachment - T1566.001".
func mispNamed(tag string) (Named, bool) {
	galaxy, name, ok := strings.Cut(strings.TrimSpace(tag), "=")
	galaxy, found := strings.CutPrefix(strings.ToLower(galaxy), "misp-galaxy:")
	if !ok || !found {
		return Named{}, false
	}
	n := Named{Name: strings.Trim(name, `" `)}
	if i := strings.LastIndex(n.Name, " - "); i > 0 && attackID(n.Name[i+3:]) {
		n.Name, n.Attack = n.Name[:i], n.Name[i+3:]
	}
	words := strings.Split(galaxy, "-")
	has := func(list ...string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return slices.Contains(words, w) })
	}
	switch {
	case strings.Contains(galaxy, "attack-pattern"):
		n.Type = "attack-pattern"
	case strings.Contains(galaxy, "intrusion-set"):
		n.Type = "intrusion-set"
	case strings.Contains(galaxy, "threat-actor"):
		n.Type = "threat-actor"
	case strings.Contains(galaxy, "campaign"):
		n.Type = "campaign"
	case has("malware", "malpedia", "ransomware", "stealer", "banker", "rat", "botnet", "backdoor", "android"):
		n.Type = "malware"
	case has("tool"):
		n.Type = "tool"
	default:
		return n, false
	}
	return n, n.Name != ""
}

// attackID reports whether text has the form of an id of MITRE ATT&CK: T1566.001, S0367, G0007.
func attackID(text string) bool {
	return len(text) >= 5 && len(text) <= 9 && strings.ContainsRune("TSGC", rune(text[0])) && strings.Trim(text[1:], "0123456789.") == ""
}

// mispReports are the events that were told before with those of this run.
func (s *session) mispReports(had []Report) []Report {
	all := map[string]Report{}
	for _, r := range had {
		all[r.Ref] = r
	}
	for id, g := range s.events {
		r := g.Report
		if r.TLP == stix.TLPNone {
			r.TLP = s.f.TLP
		}
		if old, ok := all[id]; ok && !g.whole {
			for _, w := range old.Wanted {
				if !slices.Contains(g.gone, w) {
					r.want(w)
				}
			}
			for _, n := range old.Names {
				r.name(n)
			}
			for _, l := range old.Labels {
				r.label(l)
			}
			if old.Published.After(r.Published) {
				r.Published = old.Published
			}
			r.More += old.More
		}
		all[id] = r
	}
	return slices.Collect(maps.Values(all))
}
