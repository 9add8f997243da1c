package api

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/rejudge"
)

func (s *Server) declareJudging() {
	add(s, auth.PolicyRead, "GET /judging", quick, "What the judge works with, and what judges mail again", s.judging)
	add(s, auth.PolicyRead, "GET /engines", quick, "Malware engines, sandbox and page visits: what is set up, and how each stands", s.engines)
	add(s, auth.PolicyRead, "GET /rejudge", quick, "Runs that judged delivered mail again, newest first", s.judgingRuns(rejudge.Rejudge))
	add(s, auth.RejudgeRun, "POST /rejudge", quick, "Judge delivered mail again, and decide what is to be done about it; audited", s.startRejudge)
	add(s, auth.PolicyRead, "GET /rejudge/{id}", quick, "One run and how far it is", s.judgingRun(rejudge.Rejudge))
	add(s, auth.RejudgeRun, "DELETE /rejudge/{id}", quick, "Cancel a run; what it decided stays; audited", s.cancelJudging(rejudge.Rejudge), with204)
	add(s, auth.PolicyRead, "GET /rejudge/{id}/results", quick, "Messages that changed", s.judgingResults(rejudge.Rejudge))
	add(s, auth.PolicyRead, "GET /whatif", quick, "What was tried on stored mail, newest first", s.judgingRuns(rejudge.WhatIf))
	add(s, auth.WhatIfRun, "POST /whatif", quick, "Try a rule, entries or a policy on stored mail; nothing is changed by it; audited", s.startWhatIf, withLongBody)
	add(s, auth.PolicyRead, "GET /whatif/{id}", quick, "One run and how far it is", s.judgingRun(rejudge.WhatIf))
	add(s, auth.WhatIfRun, "DELETE /whatif/{id}", quick, "Cancel a run; audited", s.cancelJudging(rejudge.WhatIf), with204)
	add(s, auth.PolicyRead, "GET /whatif/{id}/results", quick, "Messages with before and after, and the signals that changed", s.judgingResults(rejudge.WhatIf))
}

func (s *Server) judging(ctx context.Context, _ *Nothing) (*Reply[Judging], error) {
	runs, err := s.deps.Runs.Runs().Runs(ctx, "", "", 100)
	if err != nil {
		return nil, err
	}
	out := Judging{Supply: s.deps.Supply(), Policy: s.inForce(), Running: []JudgingRun{}}
	for i := range runs {
		if !runs[i].State.Over() {
			out.Running = append(out.Running, runOf(&runs[i]))
		}
	}
	return &Reply[Judging]{out}, nil
}

func (s *Server) judgingRuns(kind rejudge.Kind) func(context.Context, *runsInput) (*Reply[JudgingRuns], error) {
	return func(ctx context.Context, in *runsInput) (*Reply[JudgingRuns], error) {
		runs, err := s.deps.Runs.Runs().Runs(ctx, kind, in.Cursor, in.Limit)
		if err != nil {
			return nil, err
		}
		out := JudgingRuns{Runs: make([]JudgingRun, len(runs))}
		for i := range runs {
			out.Runs[i] = runOf(&runs[i])
		}
		if n := len(runs); n == in.Limit {
			out.Next = runs[n-1].ID
		}
		return &Reply[JudgingRuns]{out}, nil
	}
}

// findRun returns a run of a kind.
func (s *Server) findRun(ctx context.Context, kind rejudge.Kind, id string) (rejudge.Run, error) {
	r, err := s.deps.Runs.Runs().Run(ctx, id)
	if err == nil && r.Kind != kind {
		err = rejudge.ErrNotFound
	}
	return r, err
}

func (s *Server) judgingRun(kind rejudge.Kind) func(context.Context, *runInput) (*Reply[JudgingRun], error) {
	return func(ctx context.Context, in *runInput) (*Reply[JudgingRun], error) {
		r, err := s.findRun(ctx, kind, in.ID)
		if err != nil {
			return nil, err
		}
		return &Reply[JudgingRun]{runOf(&r)}, nil
	}
}

func (s *Server) cancelJudging(kind rejudge.Kind) func(context.Context, *runInput) (*Nothing, error) {
	return func(ctx context.Context, in *runInput) (*Nothing, error) {
		r, err := s.findRun(ctx, kind, in.ID)
		if err != nil || r.State.Over() {
			return nil, err
		}
		if err := s.deps.Runs.Runs().CancelRun(ctx, in.ID, s.deps.Now()); err != nil {
			return nil, err
		}
		return nil, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActRunCancelled, Subject: in.ID}, nil)
	}
}

func (s *Server) judgingResults(kind rejudge.Kind) func(context.Context, *resultsInput) (*Reply[JudgingResults], error) {
	return func(ctx context.Context, in *resultsInput) (*Reply[JudgingResults], error) {
		if _, err := s.findRun(ctx, kind, in.ID); err != nil {
			return nil, err
		}
		page, err := s.deps.Runs.Runs().Results(ctx, in.ID, rejudge.Change(in.Change), in.Contradicts, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		out := JudgingResults{Results: make([]JudgingResult, len(page))}
		for i, r := range page {
			out.Results[i] = JudgingResult{
				Seq: r.Seq, NetworkMessageID: r.NetworkMessageID, Time: r.Time, Sender: r.Sender, Subject: r.Subject, Recipients: list(r.Recipients), RecipientCount: r.Count,
				Change: string(r.Change), Before: sideShape(r.Before), After: sideShape(r.After), Signals: list(r.Signals), Decision: r.Decision, Contradicts: r.Contradicts,
			}
		}
		if n := len(page); n == in.Limit {
			out.Next = page[n-1].Seq
		}
		return &Reply[JudgingResults]{out}, nil
	}
}

// window is the time that somebody asked for.
func (s *Server) window(since, until *time.Time, back time.Duration) (from, to time.Time) {
	now := s.deps.Now().UTC()
	from, to = now.Add(-back), now.Add(time.Second)
	if since != nil {
		from = since.UTC()
	}
	if until != nil {
		to = until.UTC()
	}
	return from, to
}

func (s *Server) startRejudge(ctx context.Context, in *rejudgeInput) (*Reply[JudgingRun], error) {
	b, w := &in.Body, who(ctx)
	r := rejudge.Run{Kind: rejudge.Rejudge, Trigger: cmp.Or(b.Reason, "started by "+w.Name), By: w.Name, Via: w.Via}
	r.Spec.Since, r.Spec.Until = s.window(b.Since, b.Until, s.deps.RejudgeWindow)
	r.Spec.Threat, r.Spec.DryRun = detect.Threat(b.Threat), b.DryRun
	return s.startRun(ctx, r, auth.ActRejudged)
}

func (s *Server) startWhatIf(ctx context.Context, in *whatIfInput) (*Reply[JudgingRun], error) {
	b, w := &in.Body, who(ctx)
	r := rejudge.Run{Kind: rejudge.WhatIf, Trigger: cmp.Or(b.Reason, "started by "+w.Name), By: w.Name, Via: w.Via}
	r.Spec.Since, r.Spec.Until = s.window(b.Since, b.Until, rejudge.MaxWindow)
	r.Spec.Threat, r.Spec.Rule, r.Spec.Without = detect.Threat(b.Threat), b.Rule, b.Without
	if b.Policy != nil {
		p := b.Policy.Policy()
		r.Spec.Policy = &p
	}
	for i, e := range b.Entries {
		made, err := s.deps.Desk.Entries(w, draft(e.Kind, e.Values, e.Action, e.Unproven, cmp.Or(e.Reason, "what-if"), e.Expires))
		if err != nil {
			return nil, &rejudge.Wrong{Field: fmt.Sprintf("entries[%d]", i), Err: err}
		}
		for _, m := range made {
			m.Created = time.Time{} // as if it had stood there all the time
			r.Spec.Entries = append(r.Spec.Entries, m.Override)
		}
	}
	return s.startRun(ctx, r, auth.ActWhatIf)
}

func (s *Server) startRun(ctx context.Context, r rejudge.Run, act auth.Action) (*Reply[JudgingRun], error) {
	r, err := s.deps.Runs.Start(ctx, r)
	if err != nil {
		return nil, err
	}
	out := runOf(&r)
	return &Reply[JudgingRun]{out}, s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: r.ID, Reason: r.Trigger}, struct {
		Since  time.Time `json:"since"`
		Until  time.Time `json:"until"`
		Threat string    `json:"threat,omitempty"`
		DryRun bool      `json:"dry_run,omitempty"`
		Tries  string    `json:"tries,omitempty"`
	}{out.Since, out.Until, out.Threat, out.DryRun, out.Tries})
}
