package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/internal/auth"
	"tocsin/internal/incident"
)

func (s *Server) declareIncidentsOf() {
	add(s, auth.IncidentRead, "GET /emails/{nmid}/incidents", quick, "Incidents that hold it, whichever recipient's, newest first", s.incidentsOf)
}

// mostHolders is how many incidents are named for one message.
const mostHolders = 50

type incidentsOfInput struct {
	NMID string `path:"nmid" format:"uuid" doc:"NetworkMessageId"`
}

func (s *Server) incidentsOf(ctx context.Context, in *incidentsOfInput) (*Reply[IncidentMembers], error) {
	holders, err := s.deps.Incidents.Store.Holders(ctx, "", []string{strings.ToLower(in.NMID)}, mostHolders)
	if err != nil {
		return nil, err
	}
	all := make([]incident.Incident, 0, len(holders))
	for _, h := range holders {
		i, err := s.deps.Incidents.Store.Incident(ctx, h.Incident)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b incident.Incident) int { return cmp.Compare(b.Number, a.Number) })
	out, err := s.shownIncidents(ctx, all)
	if err != nil {
		return nil, err
	}
	return &Reply[IncidentMembers]{IncidentMembers{out}}, nil
}
