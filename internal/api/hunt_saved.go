package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

// errNoShelf answers who is no operator: nobody would own the query.
var errNoShelf = &refused{location: "header.Authorization", msg: "the local command line keeps no queries; use a token of an operator"}

// notYours refuses a change of what somebody else saved.
func notYours() error {
	return &forbidden{need: auth.HuntManage, why: "changing what somebody else saved"}
}

func (s *Server) huntQueries(ctx context.Context, _ *Nothing) (*Reply[[]HuntSaved], error) {
	me := auth.From(ctx).Operator.ID
	all, err := s.deps.Shelf.SavedQueries(ctx, me)
	if err != nil {
		return nil, err
	}
	out := make([]HuntSaved, len(all))
	for i, q := range all {
		out[i] = saved(q, me)
	}
	return &Reply[[]HuntSaved]{out}, nil
}

func saved(q hunt.Saved, me string) HuntSaved {
	return HuntSaved{
		ID: q.ID, Name: q.Name, Description: q.Description, Folder: q.Folder, Query: q.Query, Shared: q.Shared,
		Owner: q.Owner, Own: q.OwnerID == me, Created: q.Created, Updated: q.Updated, Revision: q.Revision,
	}
}

// tidied is a query as it is kept: names without the space around them that nobody sees.
func (h HuntSave) tidied() (HuntSave, error) {
	h.Name, h.Folder, h.Description = strings.Join(strings.Fields(h.Name), " "), strings.Join(strings.Fields(h.Folder), " "), strings.TrimSpace(h.Description)
	if h.Name == "" {
		return h, &refused{location: "body.name", msg: "give the query a name"}
	}
	return h, nil
}

func (s *Server) huntSave(ctx context.Context, in *huntSaveInput) (*Reply[HuntSaved], error) {
	who := auth.From(ctx)
	if who.Operator.ID == "" {
		return nil, errNoShelf
	}
	b, err := in.Body.tidied()
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	now := s.deps.Now().UTC().Truncate(time.Microsecond) // as it is kept
	q := hunt.Saved{
		ID: id.String(), Name: b.Name, Description: b.Description, Folder: b.Folder, Query: b.Query, Shared: b.Shared,
		OwnerID: who.Operator.ID, Owner: who.Operator.Email, Created: now, Updated: now, Revision: 1,
	}
	if err := s.deps.Shelf.AddSavedQuery(ctx, q); err != nil {
		return nil, err
	}
	return &Reply[HuntSaved]{saved(q, who.Operator.ID)}, s.recordSaved(ctx, auth.ActQuerySaved, q)
}

// readable returns a saved query that the operator may see; administrators may see all.
func (s *Server) readable(ctx context.Context, id string) (hunt.Saved, error) {
	who := auth.From(ctx)
	q, err := s.deps.Shelf.SavedQuery(ctx, id)
	if err == nil && !q.Readable(who.Operator.ID) && !who.May(auth.HuntManage) {
		return hunt.Saved{}, hunt.ErrNoQuery
	}
	return q, err
}

// changeable returns a saved query that the operator may change.
func (s *Server) changeable(ctx context.Context, id string) (hunt.Saved, error) {
	who := auth.From(ctx)
	q, err := s.readable(ctx, id)
	if err == nil && (q.OwnerID != who.Operator.ID || who.Operator.ID == "") && !who.May(auth.HuntManage) {
		return hunt.Saved{}, notYours()
	}
	return q, err
}

func (s *Server) huntChange(ctx context.Context, in *huntChangeInput) (*Reply[HuntSaved], error) {
	q, err := s.changeable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b, err := in.Body.tidied()
	if err != nil {
		return nil, err
	}
	q.Name, q.Description, q.Folder, q.Query, q.Shared = b.Name, b.Description, b.Folder, b.Query, b.Shared
	q.Updated, q.Revision = s.deps.Now().UTC().Truncate(time.Microsecond), in.Body.Revision
	if q, err = s.deps.Shelf.ChangeSavedQuery(ctx, q); err != nil {
		return nil, err
	}
	return &Reply[HuntSaved]{saved(q, auth.From(ctx).Operator.ID)}, s.recordSaved(ctx, auth.ActQuerySaved, q)
}

func (s *Server) huntRemove(ctx context.Context, in *huntSavedInput) (*Nothing, error) {
	q, err := s.changeable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Shelf.RemoveSavedQuery(ctx, q.ID); err != nil {
		return nil, err
	}
	return nil, s.recordSaved(ctx, auth.ActQueryRemoved, q)
}

func (s *Server) recordSaved(ctx context.Context, act auth.Action, q hunt.Saved) error {
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: q.ID}, struct {
		Name     string `json:"name"`
		Owner    string `json:"owner"`
		Shared   bool   `json:"shared"`
		Revision int64  `json:"revision"`
	}{q.Name, q.Owner, q.Shared, q.Revision})
}

// huntSavedRun runs a query as it is kept now. It answers as hunt does.
func (s *Server) huntSavedRun(ctx context.Context, in *huntSavedRunInput) (*huma.StreamResponse, error) {
	q, err := s.readable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	ask := hunt.Ask{Query: q.Query, From: b.From, To: b.To, Rows: int64(b.Limit), Content: auth.From(ctx).May(auth.EmailPreview)}
	return s.huntRun(ctx, huntAsk{Ask: ask, id: b.ID, saved: q.ID})
}
