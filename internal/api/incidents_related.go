package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tocsin/internal/hunt"
	"tocsin/internal/incident"
)

// What is looked at to find related incidents.
const (
	likeValues   = 25     // values of each kind: those that most of the incident's mail has
	likeCommon   = 2_000  // messages: a value that more have says nothing
	likeMessages = 20_000 // of each kind, newest first
	likeShown    = 20     // incidents
	likeReasons  = 12     // of one incident
)

// likenesses are the kinds of things that two incidents can share, and what one of them is worth.
var likenesses = []struct {
	entity hunt.Entity
	kind   string
	points int
	say    string
}{
	{hunt.Files, "file", 40, "the same file in"},
	{hunt.CampaignsOf, "campaign", 35, "the same campaign in"},
	{hunt.Hosts, "url_host", 25, "links to the same host in"},
	{hunt.Senders, "sender", 25, "the same sender of"},
}

// relatedIncidents scores incidents by what their mail shares with this one's: the messages themselves, files, campaigns, hosts of links, senders, and
// recipients. What half the organisation's mail has counts for nothing.
func (s *Server) relatedIncidents(ctx context.Context, in *incidentInput) (*Reply[IncidentRelated], error) {
	store := s.deps.Incidents.Store
	i, err := store.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	picks, err := store.Messages(ctx, incident.MessageFilter{Incident: i.ID})
	if err != nil {
		return nil, err
	}
	out := IncidentRelated{Related: []RelatedIncident{}}
	if len(picks) == 0 {
		out.Say = "There is no mail in this incident by which others could be found."
		return &Reply[IncidentRelated]{out}, nil
	}
	found := likes{of: map[string]*like{}}
	if err := s.sameMessages(ctx, i.Root, picks, &found); err != nil {
		return nil, err
	}
	d, err := s.deps.Explorer.Derive(ctx, huntPicks(picks))
	if err != nil {
		return nil, err
	}
	for _, k := range likenesses {
		values := make([]string, 0, likeValues)
		labels := map[string]string{}
		for _, t := range d.Things[k.entity][:min(len(d.Things[k.entity]), likeValues)] {
			values = append(values, t.Value)
			labels[t.Value] = t.Label
		}
		carriers, more, err := s.deps.Explorer.Carriers(ctx, k.entity, values, likeCommon, likeMessages)
		if err != nil {
			return nil, err
		}
		if more {
			out.Say = "So much mail shares something with this incident that older incidents may be missing here."
		}
		if err := s.sameValues(ctx, i.Root, k.kind, k.points, k.say, carriers, labels, &found); err != nil {
			return nil, err
		}
	}
	shared, err := store.Shared(ctx, i.ID, 100)
	if err != nil {
		return nil, err
	}
	for _, x := range shared {
		part := min(i.People, max(1, x.People))
		found.add(x.Incident, IncidentLikeness{Kind: "recipient", Count: x.People, Say: fmt.Sprintf("%s got mail of both", people(x.People))}, 20*part/max(1, i.People))
	}
	out.Related, err = s.rankedLikes(ctx, &found)
	return &Reply[IncidentRelated]{out}, err
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}

// like is what another incident shares.
type like struct {
	points  int
	reasons []IncidentLikeness
	weights []int
}

type likes struct{ of map[string]*like }

func (l *likes) add(id string, why IncidentLikeness, points int) {
	x := l.of[id]
	if x == nil {
		x = &like{}
		l.of[id] = x
	}
	x.points += points
	x.reasons, x.weights = append(x.reasons, why), append(x.weights, points)
}

func (s *Server) sameMessages(ctx context.Context, root string, picks []incident.Pick, found *likes) error {
	ids := make([]string, len(picks))
	for n, p := range picks {
		ids[n] = p.NetworkMessageID
	}
	slices.Sort(ids)
	holders, err := s.deps.Incidents.Store.Holders(ctx, root, slices.Compact(ids), likeMessages)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, h := range holders {
		count[h.Incident]++
	}
	for id, n := range count {
		found.add(id, IncidentLikeness{Kind: "message", Count: n, Say: messages(n) + " in both"}, 60)
	}
	return nil
}

func (s *Server) sameValues(ctx context.Context, root, kind string, points int, say string, carriers []hunt.Carrier, labels map[string]string, found *likes) error {
	values := map[string][]string{}
	for _, c := range carriers {
		values[c.Message] = append(values[c.Message], c.Value)
	}
	ids := make([]string, 0, len(values))
	for id := range values {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	slices.Reverse(ids) // newest first
	holders, err := s.deps.Incidents.Store.Holders(ctx, root, ids, likeMessages)
	if err != nil {
		return err
	}
	count := map[[2]string]int{}
	for _, h := range holders {
		for _, v := range values[h.Message] {
			count[[2]string{h.Incident, v}]++
		}
	}
	for key, n := range count {
		found.add(key[0], IncidentLikeness{Kind: kind, Value: key[1], Label: labels[key[1]], Count: n, Say: say + " " + messages(n)}, points)
	}
	return nil
}

// rankedLikes are the incidents that share most, with their reasons.
func (s *Server) rankedLikes(ctx context.Context, found *likes) ([]RelatedIncident, error) {
	ids := make([]string, 0, len(found.of))
	for id := range found.of {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(found.of[b].points-found.of[a].points, cmp.Compare(b, a)) })
	ids = ids[:min(len(ids), likeShown)]
	list := make([]incident.Incident, len(ids))
	for n, id := range ids {
		var err error
		if list[n], err = s.deps.Incidents.Store.Incident(ctx, id); err != nil {
			return nil, err
		}
	}
	shown, err := s.shownIncidents(ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]RelatedIncident, len(ids))
	for n, id := range ids {
		x := found.of[id]
		order := make([]int, len(x.reasons))
		for k := range order {
			order[k] = k
		}
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(x.weights[b]-x.weights[a], x.reasons[b].Count-x.reasons[a].Count, cmp.Compare(x.reasons[a].Kind, x.reasons[b].Kind), cmp.Compare(x.reasons[a].Value, x.reasons[b].Value))
		})
		out[n] = RelatedIncident{Incident: shown[n], Score: min(100, max(1, x.points)), Reasons: []IncidentLikeness{}}
		for _, k := range order[:min(len(order), likeReasons)] {
			out[n].Reasons = append(out[n].Reasons, x.reasons[k])
		}
	}
	return out, nil
}
