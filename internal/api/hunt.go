package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// hunt runs a query and sends its rows as they come, one line of JSON each.
func (s *Server) hunt(ctx context.Context, in *huntInput) (*huma.StreamResponse, error) {
	q, err := kql.Parse(in.Body.Query)
	if err != nil {
		return nil, err
	}
	stmt, err := kql.Compile(q, kql.Options{Now: s.deps.Now(), From: in.Body.From, To: in.Body.To, Probe: hunt.Probe(ctx, s.deps.Events, time.Minute)}, s.deps.Events.Dialect())
	if err != nil {
		return nil, err
	}
	if !in.Body.Check {
		if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActQuery, Subject: in.Body.Query}, nil); err != nil {
			return nil, err
		}
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/x-ndjson")
		client := patient(w)
		defer func() { _ = client.flush() }() // a client that went away is nobody's trouble
		out := json.NewEncoder(client)
		out.SetEscapeHTML(false)
		if out.Encode(HuntLine{Columns: HuntColumns(stmt)}) != nil || in.Body.Check {
			return
		}
		began := time.Now()
		line := HuntLine{Row: make([]any, len(stmt.Columns))}
		done := HuntDone{}
		var gone error
		err := s.deps.Events.Query(r.Context(), stmt, func(row []any) error {
			for i, v := range row {
				line.Row[i] = Value(v)
			}
			done.Rows++
			gone = out.Encode(line)
			return gone
		})
		done.TookMS = time.Since(began).Milliseconds()
		switch {
		case gone != nil || r.Context().Err() != nil && !errors.Is(context.Cause(r.Context()), ErrStopping):
		case err != nil:
			var status huma.StatusError
			if p := s.problem(r.Context(), "post-hunt", err); errors.As(p, &status) {
				_ = out.Encode(HuntLine{Error: p.Error()})
			}
		default:
			_ = out.Encode(HuntLine{Done: &done})
		}
	}}, nil
}

// HuntColumns heads the rows of a statement.
func HuntColumns(stmt *kql.Statement) []HuntColumn {
	out := make([]HuntColumn, len(stmt.Columns))
	for i, c := range stmt.Columns {
		out[i] = HuntColumn{Name: c.Name, Type: string(c.Type)}
	}
	return out
}
