package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/tracker"
)

// Trackers is what keeps an eye on what changes.
type Trackers struct {
	Clock *tracker.Clock
	Board *tracker.Board
	Asker tracker.Asker
}

func (s *Server) declareTrackers() {
	add(s, auth.HuntRun, "GET /trackers/noteworthy", asking, "Questions worth asking now, with what they find", s.noteworthy)
	add(s, auth.HuntRun, "GET /trackers/trending", asking, "What is new or grows, against the organisation's own past", s.trending)
	add(s, auth.HuntRun, "GET /trackers/tracked", quick, "Saved queries that run on a schedule: one's own and those over shared queries", s.trackedAll)
	add(s, auth.HuntSave, "POST /trackers/tracked", quick, "Track a saved query; audited", s.postTracked)
	add(s, auth.HuntRun, "GET /trackers/tracked/{id}", quick, "One of them", s.trackedOne)
	add(s, auth.HuntRun, "GET /trackers/tracked/{id}/history", quick, "What its runs counted, oldest first", s.trackedHistory)
	add(s, auth.HuntSave, "PUT /trackers/tracked/{id}", quick, "Change its schedule and threshold, switch it on or off: one's own; with hunt.manage anybody's; audited", s.putTracked)
	add(s, auth.HuntSave, "DELETE /trackers/tracked/{id}", quick, "Stop tracking, and forget its counts; the saved query stays; audited", s.deleteTracked, with204)
	add(s, auth.HuntSave, "POST /trackers/tracked/{id}/run", streaming, "Run it now, as its owner; its schedule stays; audited", s.runTracked)
}

func (s *Server) noteworthy(ctx context.Context, _ *Nothing) (*Reply[Noteworthy], error) {
	got, err := s.deps.Trackers.Board.Noteworthy(ctx)
	if err != nil {
		return nil, err
	}
	out := Noteworthy{To: got.To, Entries: []NoteworthyEntry{}, Refused: list(got.Refused)}
	for i := range got.Entries {
		out.Entries = append(out.Entries, notedOf(&got.Entries[i]))
	}
	return &Reply[Noteworthy]{out}, nil
}

func notedOf(e *tracker.Noted) NoteworthyEntry {
	out := NoteworthyEntry{
		ID: e.ID, Title: e.Title, Why: e.Why, Article: e.Article, Threat: e.Threat, Technique: e.Technique, Query: e.Query, Added: maybeTime(e.Added), Expires: maybeTime(e.Expires),
		Source: e.Source, Over: e.Over, Error: e.Hits.Error, Days: list(e.Hits.Days), Figures: []TrackerFigure{},
	}
	if t := e.Told; t != nil {
		out.Told = &NoteworthyTold{Feed: t.Feed, Kind: t.Kind, TLP: t.TLP, Labels: list(t.Labels), Names: []NoteworthyName{}, Counts: t.Counts}
		for _, n := range t.Names {
			out.Told.Names = append(out.Told.Names, NoteworthyName(n))
		}
	}
	if e.Over || e.Hits.Error != "" {
		return out
	}
	for i, n := range []int64{e.Hits.Day, e.Hits.Week, e.Hits.Month} {
		out.Figures = append(out.Figures, figureOf(n, &e.Hits.Questions[i]))
	}
	return out
}

func figureOf(n int64, q *tracker.Question) TrackerFigure {
	out := TrackerFigure{Value: n, KQL: q.Query, From: q.From, To: q.To}
	if q.Explorer != "" {
		out.Explorer = &ExplorerLink{View: "all", Q: q.Explorer, From: maybeTime(q.From), To: maybeTime(q.To)}
	}
	return out
}

func (s *Server) trending(ctx context.Context, in *trendingInput) (*Reply[Trending], error) {
	got, err := tracker.Trending(ctx, s.deps.Trackers.Asker, tracker.PeriodNamed(in.Period), s.deps.Now())
	if err != nil {
		return nil, err
	}
	out := Trending{
		Period: got.Period.Name, From: got.Now.From, To: got.Now.To, Past: []TrendSpan{}, Empty: got.Empty, Oldest: maybeTime(got.Oldest), Enough: got.Enough, Say: got.Say, All: arithmeticOf(&got.All),
		AllFigure: figureOf(got.All.Count, &got.Counting), Groups: []TrendGroup{},
	}
	for _, p := range got.Past {
		out.Past = append(out.Past, TrendSpan(p))
	}
	for i := range got.Groups {
		g := &got.Groups[i]
		group := TrendGroup{Key: g.Key, Title: g.Title, Compared: g.Compared, Most: g.Most, Trends: []Trend{}}
		for j := range g.Trends {
			t := &g.Trends[j]
			group.Trends = append(group.Trends, Trend{Value: t.Value, Label: t.Label, New: t.New, Arithmetic: arithmeticOf(&t.Arithmetic), Figure: figureOf(t.Count, &t.Question)})
		}
		out.Groups = append(out.Groups, group)
	}
	return &Reply[Trending]{out}, nil
}

func arithmeticOf(a *tracker.Arithmetic) TrendArithmetic {
	return TrendArithmetic{Count: a.Count, Past: list(a.Past), Expected: a.Expected, Spread: a.Spread, Chance: a.Chance}
}

// seenTracked are the trackers that whoever asks may see: their own, those over queries that they may read; administrators see all.
func (s *Server) seenTracked(ctx context.Context) ([]tracker.Tracked, error) {
	who := auth.From(ctx)
	all, err := s.deps.Trackers.Clock.Store.AllTracked(ctx)
	if err != nil {
		return nil, err
	}
	queries, err := s.deps.Shelf.SavedQueries(ctx, who.Operator.ID)
	if err != nil {
		return nil, err
	}
	readable := map[string]bool{}
	for i := range queries {
		readable[queries[i].ID] = true
	}
	out := all[:0]
	for _, t := range all {
		if readable[t.QueryID] || t.OwnerID == who.Operator.ID && t.OwnerID != "" || who.May(auth.HuntManage) {
			out = append(out, t)
		}
	}
	return out, nil
}

func (s *Server) seeTracked(ctx context.Context, id string) (tracker.Tracked, error) {
	who := auth.From(ctx)
	t, err := s.deps.Trackers.Clock.Store.Tracked(ctx, id)
	if err != nil || t.OwnerID == who.Operator.ID && t.OwnerID != "" || who.May(auth.HuntManage) {
		return t, err
	}
	if q, err := s.deps.Shelf.SavedQuery(ctx, t.QueryID); err != nil || !q.Readable(who.Operator.ID) {
		return tracker.Tracked{}, tracker.ErrNotFound
	}
	return t, nil
}

// changeableTracked returns a tracker that whoever asks may change.
func (s *Server) changeableTracked(ctx context.Context, id string) (tracker.Tracked, error) {
	who := auth.From(ctx)
	t, err := s.seeTracked(ctx, id)
	if err == nil && (t.OwnerID != who.Operator.ID || t.OwnerID == "") && !who.May(auth.HuntManage) {
		return t, &forbidden{need: auth.HuntManage, why: "changing what somebody else tracks"}
	}
	return t, err
}

func (s *Server) trackedAll(ctx context.Context, _ *Nothing) (*Reply[[]Tracked], error) {
	all, err := s.seenTracked(ctx)
	if err != nil {
		return nil, err
	}
	out := []Tracked{}
	for i := range all {
		t, err := s.shownTracked(ctx, &all[i])
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return &Reply[[]Tracked]{out}, nil
}

func (s *Server) trackedOne(ctx context.Context, in *trackedInput) (*Reply[Tracked], error) {
	t, err := s.seeTracked(ctx, in.ID)
	return s.answerTracked(ctx, t, err)
}

func (s *Server) answerTracked(ctx context.Context, t tracker.Tracked, err error) (*Reply[Tracked], error) {
	if err != nil {
		return nil, err
	}
	out, err := s.shownTracked(ctx, &t)
	return &Reply[Tracked]{out}, err
}

// recentRuns is how many counts a row of the list draws.
const recentRuns = 48

// shownTracked is a tracker with its trend: the counts a day and a week before its last run.
func (s *Server) shownTracked(ctx context.Context, t *tracker.Tracked) (Tracked, error) {
	who := auth.From(ctx)
	out := trackedOf(t)
	out.Own = t.OwnerID == who.Operator.ID && t.OwnerID != ""
	out.CanChange = (out.Own || who.May(auth.HuntManage)) && who.May(auth.HuntSave)
	if q, err := s.deps.Shelf.SavedQuery(ctx, t.QueryID); err == nil && (q.Readable(who.Operator.ID) || who.May(auth.HuntManage)) {
		out.Name, out.Query = q.Name, q.Query
	} else if err != nil && !errors.Is(err, hunt.ErrNoQuery) {
		return out, err
	}
	if t.Last.Slot.IsZero() {
		return out, nil
	}
	if asked, err := tracker.Ask(out.Query, t.Last.From, t.Last.Slot); err == nil && out.Query != "" && t.Last.Error == "" {
		f := figureOf(t.Last.Count, &asked)
		out.Figure = &f
	}
	const day = 24 * time.Hour
	runs, err := s.deps.Trackers.Clock.Store.Runs(ctx, t.ID, t.Last.Slot.Add(-7*day-t.Every), t.Last.Slot.Add(time.Microsecond), 2000)
	if err != nil {
		return out, err
	}
	out.DayBefore, out.WeekBefore = countAt(runs, t.Last.Slot.Add(-day), t.Every), countAt(runs, t.Last.Slot.Add(-7*day), t.Every)
	for _, r := range runs[max(0, len(runs)-recentRuns):] {
		if r.Error == "" {
			out.Recent = append(out.Recent, r.Count)
		}
	}
	return out, nil
}

// countAt is the count of the run nearest to an instant and less than a step away; nil when there is none.
func countAt(runs []tracker.Run, at time.Time, step time.Duration) *int64 {
	var best *tracker.Run
	for i := range runs {
		r := &runs[i]
		if away := r.Slot.Sub(at).Abs(); r.Error == "" && away < step && (best == nil || away < best.Slot.Sub(at).Abs()) {
			best = r
		}
	}
	if best == nil {
		return nil
	}
	return &best.Count
}

func (s *Server) trackedHistory(ctx context.Context, in *trackedHistoryInput) (*Reply[TrackedHistory], error) {
	t, err := s.seeTracked(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	to := in.To
	if to.IsZero() {
		to = s.deps.Now().Add(time.Minute)
	}
	from := in.From
	if from.IsZero() {
		from = to.Add(-tracker.HistoryLife)
	}
	runs, err := s.deps.Trackers.Clock.Store.Runs(ctx, t.ID, from, to, in.Limit)
	if err != nil {
		return nil, err
	}
	out := TrackedHistory{Runs: []TrackedRun{}}
	for i := range runs {
		out.Runs = append(out.Runs, *trackedRunOf(&runs[i]))
	}
	return &Reply[TrackedHistory]{out}, nil
}

// into puts what somebody asks for into a tracker.
func (b *TrackedAsk) into(t *tracker.Tracked) error {
	t.Every, t.Window = time.Duration(b.EverySeconds)*time.Second, time.Duration(b.WindowSeconds)*time.Second
	t.Condition, t.Threshold, t.Severity, t.Category, t.On = tracker.Condition(b.Condition), b.Threshold, alert.Severity(b.Severity), b.Category, b.On
	return t.Check()
}

func (s *Server) postTracked(ctx context.Context, in *trackedNewInput) (*Reply[Tracked], error) {
	who := auth.From(ctx)
	if who.Operator.ID == "" {
		return nil, errNoShelf
	}
	q, err := s.readable(ctx, in.Body.QueryID)
	if err != nil {
		return nil, err
	}
	if !q.Readable(who.Operator.ID) {
		return nil, &refused{location: "body.query_id", msg: "a tracker runs as you, and this query is not shared with you"}
	}
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	t := tracker.Tracked{QueryID: q.ID, Name: q.Name, OwnerID: who.Operator.ID, Owner: who.Operator.Email, Created: now, Updated: now}
	if err := in.Body.into(&t); err != nil {
		return nil, err
	}
	if t.ID, err = newID(); err != nil {
		return nil, err
	}
	t.Next = t.First(now)
	store := s.deps.Trackers.Clock.Store
	if err := store.AddTracked(ctx, t); err != nil {
		return nil, err
	}
	if err := s.noteTracked(ctx, auth.ActTrackerSaved, &t); err != nil {
		return nil, err
	}
	t, err = store.Tracked(ctx, t.ID)
	return s.answerTracked(ctx, t, err)
}

func (s *Server) noteTracked(ctx context.Context, act auth.Action, t *tracker.Tracked) error {
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: t.ID}, struct {
		Name      string `json:"name"`
		Query     string `json:"query"`
		Owner     string `json:"owner"`
		Every     string `json:"every"`
		Window    string `json:"window"`
		Condition string `json:"condition"`
		Threshold int64  `json:"threshold"`
		On        bool   `json:"on"`
	}{t.Name, t.QueryID, t.Owner, t.Every.String(), t.Window.String(), string(t.Condition), t.Threshold, t.On})
}

func (s *Server) putTracked(ctx context.Context, in *trackedChangeInput) (*Reply[Tracked], error) {
	t, err := s.changeableTracked(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	before, wasOn := t.Every, t.On && t.Stopped == ""
	if err := in.Body.into(&t); err != nil {
		return nil, err
	}
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	t.Revision, t.Updated = in.Body.Revision, now
	if t.On {
		t.Stopped = ""
		if !wasOn || t.Every != before {
			t.Next = t.First(now) // what passed while it was off is not made up
		}
	}
	if t, err = s.deps.Trackers.Clock.Store.ChangeTracked(ctx, t); err != nil {
		return nil, err
	}
	if err := s.noteTracked(ctx, auth.ActTrackerSaved, &t); err != nil {
		return nil, err
	}
	return s.answerTracked(ctx, t, nil)
}

func (s *Server) deleteTracked(ctx context.Context, in *trackedInput) (*Nothing, error) {
	t, err := s.changeableTracked(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Trackers.Clock.Store.RemoveTracked(ctx, t.ID); err != nil {
		return nil, err
	}
	return nil, s.noteTracked(ctx, auth.ActTrackerRemoved, &t)
}

func (s *Server) runTracked(ctx context.Context, in *trackedInput) (*Reply[Tracked], error) {
	t, err := s.changeableTracked(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.noteTracked(ctx, auth.ActTrackerRun, &t); err != nil {
		return nil, err
	}
	if t, err = s.deps.Trackers.Clock.RunNow(ctx, t); err != nil {
		return nil, err
	}
	return s.answerTracked(ctx, t, nil)
}

// trackerProblem gives errors of package tracker their status; nil for others.
func trackerProblem(err error) huma.StatusError {
	var (
		wrong    *tracker.Wrong
		outdated *tracker.Outdated
	)
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return huma.NewError(http.StatusConflict, wrong.Say)
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.As(err, &outdated), errors.Is(err, tracker.ErrTwice), errors.Is(err, tracker.ErrFull):
		return huma.NewError(http.StatusConflict, err.Error())
	case errors.Is(err, tracker.ErrNotFound):
		return huma.NewError(http.StatusNotFound, tracker.ErrNotFound.Error())
	}
	return nil
}
