package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/feed"
	"tocsin/internal/indicator"
	"tocsin/internal/stix"
)

// Feeds is what the routes about feeds, and about what Tocsin tells others, need.
type Feeds struct {
	Desk *feed.Desk
	// Hits says what a feed would have hit in the mail of the last days.
	Hits func(ctx context.Context, s feed.Settings, secret *string, id string, days int) (FeedHits, error)
	// Indicators are those that the TAXII server hands out.
	Indicators *indicator.Desk
}

// hitDays is how far back a feed is held against stored mail.
const hitDays = 30

func (s *Server) declareFeeds() {
	add(s, auth.IntelligenceRead, "GET /feeds", quick, "Where indicators and threats of others come from, and how it stands with each", s.feeds)
	add(s, auth.IntelligenceRead, "GET /feeds/{id}", quick, "One feed with its last runs", s.feed)
	add(s, auth.IntelligenceRead, "GET /feeds/{id}/stix", streaming, "The STIX objects that it brought, as one bundle", s.feedObjects, withFile(mediaSTIX))
	add(s, auth.FeedsEdit, "POST /feeds", quick, "Set a feed up; audited", s.addFeed, withStepUp)
	add(s, auth.FeedsEdit, "PUT /feeds/{id}", quick, "Change it; audited", s.changeFeed, withStepUp)
	add(s, auth.FeedsEdit, "DELETE /feeds/{id}", asking, "Remove it; indicators that it brought are retired; audited", s.removeFeed, with204, withStepUp)
	add(s, auth.FeedsEdit, "POST /feeds/{id}/run", quick, "Read it now; audited", s.runFeed)
	add(s, auth.FeedsEdit, "POST /feeds/try", asking, "Connect, read the beginning and say what was found; audited", s.tryFeed)
	add(s, auth.FeedsEdit, "POST /feeds/hits", learning, "What it would have hit in the mail of the last 30 days; audited", s.feedHits)
	s.declareSTIX()
}

// mediaSTIX is the media type of STIX 2.1 (section 1.6.9 of TAXII 2.1).
const mediaSTIX = "application/stix+json;version=2.1"

// feedProblem gives errors of package feed their status; nil for others.
func feedProblem(err error) error {
	var wrong *feed.Wrong
	var fail *feed.Failure
	switch {
	case errors.Is(err, feed.ErrNotFound):
		return huma.NewError(http.StatusNotFound, feed.ErrNotFound.Error())
	case errors.Is(err, feed.ErrOutdated), errors.Is(err, feed.ErrBusy), errors.Is(err, feed.ErrFull):
		return huma.NewError(http.StatusConflict, err.Error())
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.As(err, &fail):
		return huma.NewError(http.StatusUnprocessableEntity, "the feed cannot be read: "+fail.Why)
	}
	return nil
}

func (s *Server) feeds(ctx context.Context, _ *Nothing) (*Reply[[]Feed], error) {
	all, err := s.deps.Feeds.Desk.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Feed, len(all))
	for i := range all {
		out[i] = s.mayShow(ctx, shownFeed(&all[i]))
	}
	return &Reply[[]Feed]{out}, nil
}

// mayShow leaves out of an address what may be a key, for those who may not set feeds up.
func (s *Server) mayShow(ctx context.Context, f Feed) Feed {
	if auth.From(ctx).May(auth.FeedsEdit) {
		return f
	}
	if u, err := url.Parse(f.URL); err == nil {
		u.RawQuery = ""
		f.URL = u.String()
	}
	f.User, f.Header = "", ""
	return f
}

func (s *Server) feed(ctx context.Context, in *feedInput) (*Reply[FeedDetail], error) {
	f, runs, err := s.deps.Feeds.Desk.Feed(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := FeedDetail{Feed: s.mayShow(ctx, shownFeed(&f)), Runs: make([]FeedRun, len(runs))}
	for i := range runs {
		out.Runs[i] = shownRun(&runs[i])
	}
	return &Reply[FeedDetail]{out}, nil
}

// noteFeed writes what was done to a feed into the audit log: its settings, never its password.
func (s *Server) noteFeed(ctx context.Context, act auth.Action, id string, detail any) error {
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: id}, detail)
}

func (s *Server) addFeed(ctx context.Context, in *newFeedInput) (*Reply[Feed], error) {
	f, err := s.deps.Feeds.Desk.Add(ctx, in.Body.settings(), in.Body.Secret, auth.From(ctx).Operator.Email)
	if err != nil {
		return nil, err
	}
	return &Reply[Feed]{shownFeed(&f)}, s.noteFeed(ctx, auth.ActFeedAdded, f.ID, &f.Settings)
}

func (s *Server) changeFeed(ctx context.Context, in *feedChangeInput) (*Reply[Feed], error) {
	before, after, err := s.deps.Feeds.Desk.Change(ctx, in.ID, in.Body.Version, in.Body.settings(), in.Body.Secret)
	if err != nil {
		return nil, err
	}
	return &Reply[Feed]{shownFeed(&after)}, s.noteFeed(ctx, auth.ActFeedChanged, after.ID, map[string]any{"before": &before.Settings, "after": &after.Settings, "secret_changed": in.Body.Secret != nil})
}

func (s *Server) removeFeed(ctx context.Context, in *feedInput) (*struct{}, error) {
	f, err := s.deps.Feeds.Desk.Remove(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.noteFeed(ctx, auth.ActFeedRemoved, f.ID, &f.Settings)
}

// runFeed begins a run; it goes on when whoever asked has gone.
func (s *Server) runFeed(ctx context.Context, in *feedInput) (*Reply[Feed], error) {
	if err := s.deps.Feeds.Desk.Begin(ctx, in.ID, auth.From(ctx).Operator.Email); err != nil {
		return nil, err
	}
	f, _, err := s.deps.Feeds.Desk.Feed(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[Feed]{shownFeed(&f)}, s.noteFeed(ctx, auth.ActFeedRun, f.ID, nil)
}

func (s *Server) tryFeed(ctx context.Context, in *feedTrialInput) (*Reply[FeedTrial], error) {
	set := in.Body.settings()
	if err := s.noteFeed(ctx, auth.ActFeedTried, in.Body.ID, &set); err != nil { // the server connects to where somebody says
		return nil, err
	}
	t, err := s.deps.Feeds.Desk.Try(ctx, set, in.Body.Secret, in.Body.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[FeedTrial]{shownTrial(&t)}, nil
}

func (s *Server) feedHits(ctx context.Context, in *feedTrialInput) (*Reply[FeedHits], error) {
	set := in.Body.settings()
	if err := s.noteFeed(ctx, auth.ActFeedTried, in.Body.ID, &set); err != nil {
		return nil, err
	}
	h, err := s.deps.Feeds.Hits(ctx, set, in.Body.Secret, in.Body.ID, hitDays)
	if err != nil {
		return nil, err
	}
	return &Reply[FeedHits]{h}, nil
}

func (s *Server) feedObjects(ctx context.Context, in *feedInput) (*huma.StreamResponse, error) {
	f, _, err := s.deps.Feeds.Desk.Feed(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.sendSTIX(f.ID, func(ctx context.Context, w http.ResponseWriter) error {
		var broken error
		_, err := stix.WriteBundle(patient(w), func(yield func(json.RawMessage) bool) {
			for o, err := range s.deps.Feeds.Desk.Objects(ctx, f.ID) {
				if err != nil {
					broken = err
					return
				}
				if !yield(o.Raw) {
					return
				}
			}
		})
		return errors.Join(err, broken)
	}), nil
}

// sendSTIX answers a bundle as a file.
func (s *Server) sendSTIX(name string, write func(context.Context, http.ResponseWriter) error) *huma.StreamResponse {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, name)
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", mediaSTIX)
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.stix.json"`, name))
		if err := write(r.Context(), w); err != nil {
			s.deps.Log.Warn("STIX bundle broke off", "name", name, "err", err)
			panic(http.ErrAbortHandler) // half a bundle must not look like a whole one
		}
	}}
}

// tlps are the levels that a bundle can be marked with.
var tlps = func() []string {
	var out []string
	for _, t := range stix.TLPs() {
		out = append(out, string(t))
	}
	return out
}()

// chosenTLP reads the level of a request.
func chosenTLP(s string) (stix.TLP, error) {
	if !slices.Contains(tlps, s) {
		return "", &refused{location: "query.tlp", msg: "choose a TLP: " + strings.Join(tlps, ", ")}
	}
	return stix.TLP(s), nil
}
