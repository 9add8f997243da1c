package api

import (
	"context"

	"tocsin/internal/hunt"
)

func (s *Server) search(ctx context.Context, in *searchInput) (*Reply[SearchHit], error) {
	f, err := s.deps.Explorer.Search(ctx, hunt.Request{}, in.Q)
	if err != nil {
		return nil, err
	}
	return &Reply[SearchHit]{SearchHit{Kind: string(f.Kind), Q: f.Query, Matches: f.Matches}}, nil
}
