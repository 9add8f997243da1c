package api

import (
	"context"
	"errors"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// filter turns a filter's one form into the other. A filter that is wrong is an answer here, not a failure: the client asks
// while a person is still typing.
func (s *Server) filter(ctx context.Context, in *filterInput) (*Reply[Filter], error) {
	ask := in.Body
	out := Filter{KQL: ask.KQL, Chips: []Chip{}}
	if ask.KQL == "" {
		conditions := make([]hunt.Condition, len(ask.Chips))
		for i, c := range ask.Chips {
			conditions[i] = hunt.Condition{Field: c.Field, Op: hunt.Operator(c.Op), Values: c.Values}
		}
		query, err := s.deps.Explorer.FilterOf(conditions)
		if err != nil {
			return refusedFilter(out, err)
		}
		out.KQL = query
	}
	conditions, err := s.deps.Explorer.Conditions(out.KQL)
	if err != nil {
		return refusedFilter(out, err)
	}
	for _, c := range conditions {
		chip := Chip{Field: c.Field, Op: string(c.Op), Values: list(c.Values)}
		if c.Field == "CampaignId" {
			names, err := s.deps.Explorer.CampaignNames(ctx, c.Values)
			if err != nil {
				return nil, err
			}
			for _, id := range c.Values {
				chip.Names = append(chip.Names, names[id])
			}
		}
		out.Chips = append(out.Chips, chip)
	}
	return &Reply[Filter]{out}, nil
}

func refusedFilter(out Filter, err error) (*Reply[Filter], error) {
	var query *kql.Error
	var input *hunt.InputError
	switch {
	case errors.As(err, &query):
		out.Error = defectOf(query)
	case errors.As(err, &input):
		out.Error = &FilterDefect{Line: 1, Column: 1, Message: input.Msg}
	default:
		return nil, err
	}
	return &Reply[Filter]{out}, nil
}

// defectOf is what is wrong with a query, in the API's words.
func defectOf(e *kql.Error) *FilterDefect {
	return &FilterDefect{Line: e.Line, Column: e.Column, Offset: e.Offset, End: e.End, Message: e.Msg, Table: e.Table}
}
