package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

// huntHistory lists what the operator ran, newest first.
func (s *Server) huntHistory(ctx context.Context, in *huntHistoryInput) (*Reply[HuntHistory], error) {
	before, err := pastKey(in.Cursor)
	if err != nil {
		return nil, err
	}
	past, err := s.deps.History.PastRuns(ctx, auth.From(ctx).Operator.ID, before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := HuntHistory{Runs: make([]HuntPast, len(past))}
	for i, p := range past {
		out.Runs[i] = HuntPast{ID: p.ID, At: p.At, Query: p.Query, Rows: p.Rows, TookMS: p.Took.Milliseconds(), Outcome: p.Outcome, Error: p.Error}
	}
	if n := len(past); n == in.Limit {
		out.Next = strconv.FormatInt(past[n-1].At.UnixMicro(), 10) + "." + past[n-1].ID
	}
	return &Reply[HuntHistory]{out}, nil
}

// pastKey reads the cursor of a page: time in microseconds, a dot, id.
func pastKey(cursor string) (hunt.PastKey, error) {
	if cursor == "" {
		return hunt.PastKey{}, nil
	}
	at, id, found := strings.Cut(cursor, ".")
	us, err := strconv.ParseInt(at, 10, 64)
	if !found || err != nil {
		return hunt.PastKey{}, &refused{location: "query.cursor", msg: "this is no cursor; use 'next' of the page before"}
	}
	return hunt.PastKey{At: time.UnixMicro(us).UTC(), ID: id}, nil
}

// huntForget clears the operator's history. The audit log keeps what it has.
func (s *Server) huntForget(ctx context.Context, _ *Nothing) (*Nothing, error) {
	if err := s.deps.History.ClearPast(ctx, auth.From(ctx).Operator.ID); err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActHistoryCleared}, nil)
}
