package api

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// hunt runs a query and sends its rows as they come, one line of JSON each.
func (s *Server) hunt(ctx context.Context, in *huntInput) (*huma.StreamResponse, error) {
	h, err := s.deps.Hunter.Prepare(ctx, hunt.Ask{Query: in.Body.Query, From: in.Body.From, To: in.Body.To, Rows: in.Body.Rows, Check: in.Body.Check})
	if err != nil {
		return nil, err
	}
	operatorID := ""
	if !in.Body.Check {
		if p := auth.From(ctx); p != nil {
			operatorID = p.Operator.ID
		}
		if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActQuery, Subject: in.Body.Query}, nil); err != nil {
			return nil, err
		}
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/x-ndjson")
		client := patient(w)
		defer func() { _ = client.flush() }() // a client that went away is nobody's trouble
		lines := &huntLines{notes: h.Notes, out: json.NewEncoder(client)}
		lines.out.SetEscapeHTML(false)
		if in.Body.Check {
			_ = lines.Head(h.Statement.Columns)
			return
		}
		done, err := s.deps.Hunter.Run(r.Context(), operatorID, h, lines)
		switch {
		case lines.gone != nil || r.Context().Err() != nil && !errors.Is(context.Cause(r.Context()), ErrStopping):
		case err != nil:
			var status huma.StatusError
			if p := s.problem(r.Context(), "post-hunt", err); errors.As(p, &status) {
				_ = lines.send(HuntLine{Error: p.Error()})
			}
		default:
			_ = lines.send(HuntLine{Done: &HuntDone{Rows: done.Rows, Cut: done.Cut, TookMS: done.Took.Milliseconds()}})
		}
	}}, nil
}

// huntLines sends an answer as lines of JSON.
type huntLines struct {
	notes []string
	out   *json.Encoder
	line  HuntLine
	gone  error // the client went away
}

var _ hunt.Sink = (*huntLines)(nil)

func (l *huntLines) Head(columns []kql.Column) error {
	l.line.Row = make([]any, len(columns))
	return l.send(HuntLine{Columns: HuntColumns(columns), Notes: l.notes})
}

func (l *huntLines) Row(values []any) error {
	for i, v := range values {
		l.line.Row[i] = Value(v)
	}
	return l.send(l.line)
}

func (l *huntLines) send(line HuntLine) error {
	l.gone = l.out.Encode(line)
	return l.gone
}

// HuntColumns heads the rows of an answer.
func HuntColumns(columns []kql.Column) []HuntColumn {
	out := make([]HuntColumn, len(columns))
	for i, c := range columns {
		out[i] = HuntColumn{Name: c.Name, Type: string(c.Type)}
	}
	return out
}
