package api

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/indicator"
)

func huntOf(h *indicator.Hunt) RetroHunt {
	c := &h.Counts
	out := RetroHunt{
		ID: h.ID, State: string(h.State), Automatic: h.Automatic, Names: h.Spec.Names, Reason: h.Trigger, By: h.By, Since: h.Spec.Since, Until: h.Spec.Until, Rejudge: h.Spec.Rejudge,
		Created: h.Created, Started: maybeTime(h.Started), Ended: maybeTime(h.Ended), Run: h.Run, Alert: h.Alert, Error: h.Error,
		Counts: RetroHuntCounts{Indicators: c.Indicators, Values: c.Values, Hits: c.Hits, Messages: c.Messages, Events: c.Events, People: c.People, Clicks: c.Clicks, More: c.More, Seconds: c.Worked.Seconds()},
	}
	switch {
	case h.State == indicator.Done:
		out.Progress = 1
	case c.Steps > 0:
		out.Progress = min(1, float64(h.Step)/float64(c.Steps))
	}
	return out
}

func (s *Server) retroHunts(ctx context.Context, in *retroHuntsInput) (*Reply[RetroHunts], error) {
	hunts, err := s.deps.Known.Hunter.Store.Hunts(ctx, in.Cursor, in.Limit)
	out := RetroHunts{Hunts: make([]RetroHunt, len(hunts))}
	for i := range hunts {
		out.Hunts[i] = huntOf(&hunts[i])
	}
	if n := len(hunts); n == in.Limit {
		out.Next = hunts[n-1].ID
	}
	return &Reply[RetroHunts]{out}, err
}

func (s *Server) retroHunt(ctx context.Context, in *retroHuntInput) (*Reply[RetroHunt], error) {
	h, err := s.deps.Known.Hunter.Store.Hunt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[RetroHunt]{huntOf(&h)}, nil
}

func (s *Server) retroHuntStart(ctx context.Context, in *newRetroHuntInput) (*Reply[RetroHunt], error) {
	b, w := &in.Body, who(ctx)
	if b.Rejudge && !auth.From(ctx).May(auth.RejudgeRun) {
		return nil, &forbidden{need: auth.RejudgeRun, why: "judging what is found again"}
	}
	names, err := s.huntNames(ctx, b)
	if err != nil {
		return nil, err
	}
	h := indicator.Hunt{Trigger: cmp.Or(b.Reason, "started by "+w.Name), By: w.Name, Spec: indicator.HuntSpec{IDs: b.IDs, Source: b.Source, Rejudge: b.Rejudge, Names: names}}
	h.Spec.Since, h.Spec.Until = s.window(b.Since, b.Until, seenWindow)
	if h, err = s.deps.Known.Start(ctx, h); err != nil {
		return nil, err
	}
	return &Reply[RetroHunt]{huntOf(&h)}, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActRetroHunt, Subject: h.ID, Reason: h.Trigger}, struct {
		For     string    `json:"for"`
		Since   time.Time `json:"since"`
		Until   time.Time `json:"until"`
		Rejudge bool      `json:"rejudge,omitempty"`
	}{names, h.Spec.Since, h.Spec.Until, h.Spec.Rejudge})
}

// huntNames says in words what is looked for, and refuses what there is not.
func (s *Server) huntNames(ctx context.Context, b *NewRetroHunt) (string, error) {
	switch {
	case len(b.IDs) > 0 && b.Source != "":
		return "", &indicator.Wrong{Field: "source", Err: fmt.Errorf("give indicators or a source, not both")}
	case len(b.IDs) > 0:
		var names []string
		for _, id := range b.IDs[:min(3, len(b.IDs))] {
			in, _, err := s.deps.Known.Desk.Get(ctx, id)
			if err != nil {
				return "", err
			}
			names = append(names, in.Value)
		}
		if n := len(b.IDs) - len(names); n > 0 {
			names = append(names, fmt.Sprintf("%d more", n))
		}
		return strings.Join(names, ", "), nil
	case b.Source != "":
		return "everything of " + b.Source, nil
	}
	return "everything at work", nil
}

func (s *Server) retroHuntCancel(ctx context.Context, in *retroHuntInput) (*Nothing, error) {
	h, err := s.deps.Known.Hunter.Store.Hunt(ctx, in.ID)
	if err != nil || h.State.Over() {
		return nil, err
	}
	if err := s.deps.Known.Hunter.Store.CancelHunt(ctx, in.ID, s.deps.Now()); err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActRunCancelled, Subject: in.ID}, nil)
}

func (s *Server) sightings(ctx context.Context, in *sightingsInput) (*Reply[Sightings], error) {
	h, err := s.deps.Known.Hunter.Store.Hunt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	seen, err := s.deps.Known.Hunter.Store.Sightings(ctx, in.ID, in.After, in.Limit)
	out := Sightings{Sightings: make([]IndicatorSeen, len(seen))}
	for i := range seen {
		out.Sightings[i] = seenOf(&seen[i], h.Spec.Since, h.Spec.Until)
	}
	if n := len(seen); n == in.Limit {
		out.Next = seen[n-1].Seq
	}
	return &Reply[Sightings]{out}, err
}
