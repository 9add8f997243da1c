package api

import (
	"context"
	"errors"

	"tocsin/internal/auth"
)

// errNoRun answers who wants to stop what is over, or somebody else's.
var errNoRun = errors.New("there is no such running query of yours; it may be over")

// huntRunning lists what is being answered: one's own, and for administrators everybody's.
func (s *Server) huntRunning(ctx context.Context, _ *Nothing) (*Reply[[]HuntRun], error) {
	who := auth.From(ctx)
	out := []HuntRun{}
	for _, r := range s.runs.List(who.Operator.ID, who.May(auth.HuntManage)) {
		out = append(out, HuntRun{ID: r.ID, Query: r.Query, Started: r.Started, Rows: r.Rows(), Operator: r.Operator, Own: r.OperatorID == who.Operator.ID})
	}
	return &Reply[[]HuntRun]{out}, nil
}

// huntCancel stops a run. Stopping somebody else's leaves a record.
func (s *Server) huntCancel(ctx context.Context, in *huntIDInput) (*Nothing, error) {
	who := auth.From(ctx)
	run := s.runs.Find(in.ID)
	if run == nil || run.OperatorID != who.Operator.ID && !who.May(auth.HuntManage) {
		return nil, errNoRun
	}
	by := ""
	if run.OperatorID != who.Operator.ID {
		by = who.Operator.Email
		if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActQueryStopped, Subject: run.ID}, map[string]string{"operator": run.Operator}); err != nil {
			return nil, err
		}
	}
	run.Cancel(by)
	return nil, nil
}
