package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/event"
)

// open returns the event and bytes of a message that the operator wants to look into, after checking that they may and
// writing down that they did. Nothing is shown when it cannot be written down.
func (s *Server) open(ctx context.Context, in *reasonInput, action auth.Action) (*event.EmailEvent, []byte, error) {
	return s.openFor(ctx, in, action, nil)
}

// openFor is open for a part of a message: which returns what else is written down, and refuses what is no part of it.
func (s *Server) openFor(ctx context.Context, in *reasonInput, action auth.Action, which func(raw []byte) (map[string]string, error)) (*event.EmailEvent, []byte, error) {
	e, err := s.deps.Explorer.Event(ctx, in.ID, in.Recipient)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.deps.Explorer.Recipients(ctx, in.ID, maxRecipients)
	if err != nil {
		return nil, nil, err
	}
	if need := needed(all); !auth.From(ctx).May(need) {
		return nil, nil, &forbidden{need: need, why: "a recipient has this mail; looking into it"}
	}
	if e.RawSHA256 == "" {
		return nil, nil, ErrRawGone
	}
	raw, err := s.deps.Raw.Get(ctx, e.RawSHA256)
	if err != nil {
		return nil, nil, err
	}
	noted := map[string]string{}
	if which != nil {
		if noted, err = which(raw); err != nil {
			return nil, nil, err
		}
	}
	noted["sha256"], noted["subject"] = e.RawSHA256, e.Subject
	err = s.deps.Gate.Write(ctx, auth.Record{Action: action, Subject: e.NetworkMessageId, Recipient: e.RecipientEmailAddress, Reason: in.Body.Reason}, noted)
	return e, raw, err
}

func (s *Server) emailDownload(ctx context.Context, in *reasonInput) (*huma.StreamResponse, error) {
	e, raw, err := s.open(ctx, in, auth.ActDownload)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.zip"`, e.NetworkMessageId))
		out := patient(w)
		err := writeZip(out, e.NetworkMessageId+".eml", e.Timestamp, raw, zipPassword)
		if err == nil {
			err = out.flush()
		}
		if err != nil {
			s.deps.Log.Warn("download broke off", "message", e.NetworkMessageId, "err", err)
		}
	}}, nil
}

// recorded is what the client shows about the audit record of this look.
func (s *Server) recorded(ctx context.Context, reason string) Recorded {
	return Recorded{By: auth.From(ctx).Operator.Email, At: s.deps.Now().UTC().Truncate(time.Second), Reason: reason}
}
