package api

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/indicator"
	"tocsin/internal/intel"
)

// Known is what the installation knows to be bad.
type Known struct {
	Desk   *indicator.Desk
	Hunter *indicator.Hunter
	Start  func(ctx context.Context, h indicator.Hunt) (indicator.Hunt, error)
	Common float64 // percent
}

// seenWindow is how far back it is looked unless somebody says otherwise.
const seenWindow = 30 * 24 * time.Hour

func (s *Server) declareIndicators() {
	add(s, auth.IntelligenceRead, "GET /indicators", asking, "Indicators, the newest first", s.indicators)
	add(s, auth.IntelligenceRead, "GET /indicators/sources", asking, "Where indicators come from, with counts", s.indicatorSources)
	add(s, auth.IntelligenceRead, "GET /indicators/{id}", quick, "One indicator with its history", s.indicator)
	add(s, auth.IntelligenceRead, "GET /indicators/{id}/seen", asking, "How much of the mail has it", s.indicatorSeen)
	add(s, auth.ExplorerExport, "GET /indicators/export", streaming, "Indicators as CSV; audited", s.indicatorExport, withFile("text/csv"))
	add(s, auth.IntelligenceEdit, "POST /indicators/try", asking, "What values would hit in the mail of the last 30 days; nothing is kept", s.indicatorTry, withLongBody)
	add(s, auth.IntelligenceEdit, "POST /indicators", asking, "Add indicators; audited", s.indicatorAdd, withLongBody)
	add(s, auth.IntelligenceEdit, "PUT /indicators", asking, "Confirm, suspect, retire, release or change indicators; audited", s.indicatorChange, withLongBody)
	add(s, auth.IntelligenceRead, "GET /retro-hunts", quick, "Searches for indicators in stored mail, the newest first", s.retroHunts)
	add(s, auth.IntelligenceEdit, "POST /retro-hunts", quick, "Search stored mail for indicators; judging what is found again needs rejudge.run too; audited", s.retroHuntStart)
	add(s, auth.IntelligenceRead, "GET /retro-hunts/{id}", quick, "One search and how far it is", s.retroHunt)
	add(s, auth.IntelligenceEdit, "DELETE /retro-hunts/{id}", quick, "Cancel a search; what it found stays; audited", s.retroHuntCancel, with204)
	add(s, auth.IntelligenceRead, "GET /retro-hunts/{id}/sightings", quick, "Indicators that were seen", s.sightings)
}

func (s *Server) indicatorRow(in *indicator.Indicator) IndicatorRow {
	return IndicatorRow{
		ID: in.ID, Kind: in.Kind.String(), Value: in.Value, Threat: in.Threat, Source: in.Source, SourceRef: in.SourceRef, Confidence: in.Confidence, TLP: string(in.TLP), Tags: list(in.Tags),
		State: string(in.State), Now: in.At(s.deps.Now()), Good: in.Good, Description: in.Description, ValidFrom: maybeTime(in.ValidFrom), ValidUntil: maybeTime(in.ValidUntil),
		Created: in.Created, Updated: in.Updated, By: in.By, Held: in.Held, Released: in.Released, Pinned: in.Pinned,
	}
}

func (s *Server) indicators(ctx context.Context, in *indicatorListInput) (*Reply[IndicatorPage], error) {
	rows, next, err := s.deps.Known.Desk.List(ctx, in.filter(), in.Before, in.Limit)
	out := IndicatorPage{Indicators: make([]IndicatorRow, len(rows)), Next: next}
	for i := range rows {
		out.Indicators[i] = s.indicatorRow(&rows[i])
	}
	return &Reply[IndicatorPage]{out}, err
}

func (s *Server) indicatorSources(ctx context.Context, _ *Nothing) (*Reply[IndicatorSources], error) {
	counts, err := s.deps.Known.Desk.Sources(ctx)
	set := s.deps.Known.Desk.Set()
	out := IndicatorSources{Sources: []IndicatorSource{}, AtWork: set.Len(), Memory: set.Memory(), Common: s.deps.Known.Common}
	for _, c := range counts {
		out.Sources = append(out.Sources, IndicatorSource{Source: c.Source, Suspicious: c.Suspicious, Confirmed: c.Confirmed, Retired: c.Retired, Held: c.Held})
	}
	return &Reply[IndicatorSources]{out}, err
}

func (s *Server) indicator(ctx context.Context, in *indicatorInput) (*Reply[IndicatorDetail], error) {
	one, history, err := s.deps.Known.Desk.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := IndicatorDetail{IndicatorRow: s.indicatorRow(&one), History: []IndicatorEvent{}, Others: []IndicatorRow{}}
	for _, e := range history {
		out.History = append(out.History, IndicatorEvent(e))
	}
	same, err := s.deps.Known.Desk.Find(ctx, one.Kind, one.Value)
	for i := range same {
		if same[i].ID != in.ID {
			out.Others = append(out.Others, s.indicatorRow(&same[i]))
		}
	}
	return &Reply[IndicatorDetail]{out}, err
}

func seenOf(in *indicator.Sighting, from, to time.Time) IndicatorSeen {
	return IndicatorSeen{
		Indicator: in.Indicator, Kind: in.Kind, Value: in.Value, Threat: in.Threat, Source: in.Source, Messages: in.Messages, Events: in.Events, People: in.People, InMailbox: in.InMailbox, Clicks: in.Clicks,
		First: maybeTime(in.First), Last: maybeTime(in.Last), As: list(in.As), KQL: in.Query, More: in.More,
		Explorer: ExplorerLink{View: "all", Q: in.Query, From: maybeTime(from), To: maybeTime(to)},
	}
}

func (s *Server) indicatorSeen(ctx context.Context, in *indicatorSeenInput) (*Reply[IndicatorSeen], error) {
	from, to := s.window(maybeTime(in.From), maybeTime(in.To), seenWindow)
	seen, err := s.deps.Known.Hunter.Seen(ctx, in.ID, from, to)
	if err != nil {
		return nil, err
	}
	return &Reply[IndicatorSeen]{seenOf(&seen, from, to)}, nil
}

// drafts are the indicators of a body.
func (b *NewIndicators) drafts() ([]indicator.Indicator, error) {
	out := make([]indicator.Indicator, len(b.Indicators))
	for i, d := range b.Indicators {
		kind, err := intel.ParseKind(d.Kind)
		if err != nil {
			return nil, err
		}
		in := indicator.Indicator{Kind: kind, Value: d.Value, Threat: b.Threat, Confidence: b.Confidence, TLP: indicator.TLP(b.TLP), Tags: b.Tags, State: indicator.State(b.State), Good: b.Good, Description: b.Description}
		if b.ValidFrom != nil {
			in.ValidFrom = *b.ValidFrom
		}
		if b.ValidUntil != nil {
			in.ValidUntil = *b.ValidUntil
		}
		out[i] = in
	}
	return out, nil
}

func (s *Server) indicatorTry(ctx context.Context, in *newIndicatorsInput) (*Reply[IndicatorTries], error) {
	items, err := in.Body.drafts()
	if err != nil {
		return nil, err
	}
	from, to := s.window(nil, nil, seenWindow)
	tries, err := s.deps.Known.Hunter.Try(ctx, items[:min(len(items), indicator.MaxPreview)], from, to)
	if err != nil {
		return nil, err
	}
	out := IndicatorTries{Tries: make([]IndicatorTry, len(tries)), From: from, To: to}
	for i := range tries {
		t := &tries[i]
		one := IndicatorTry{Indicator: s.indicatorRow(&t.Indicator), Refused: t.Refused, Held: t.Why, There: []string{}, Seen: seenOf(&t.Seen, from, to)}
		if t.Refused != "" {
			one.Indicator.Kind, one.Indicator.State = cmp.Or(in.Body.Indicators[i].Kind, "url"), "suspicious"
		}
		for _, e := range t.Exists {
			if e.State != indicator.Retired && !slices.Contains(one.There, e.Source) {
				one.There = append(one.There, e.Source)
			}
		}
		out.Tries[i] = one
	}
	return &Reply[IndicatorTries]{out}, nil
}

func (s *Server) indicatorAdd(ctx context.Context, in *newIndicatorsInput) (*Reply[IndicatorsAdded], error) {
	items, err := in.Body.drafts()
	if err != nil {
		return nil, err
	}
	got, ids, err := s.deps.Known.Desk.Add(ctx, indicator.Who{Name: who(ctx).Name}, in.Body.Reason, items)
	if err != nil {
		return nil, err
	}
	out := IndicatorsAdded{Added: got.Added, Changed: got.Changed, Same: got.Same, Held: got.Held, Refused: []IndicatorRefusal{}, Warnings: list(got.Warnings), IDs: ids}
	for _, r := range got.Refused {
		out.Refused = append(out.Refused, IndicatorRefusal(r))
	}
	var values []string
	for i := range items[:min(len(items), 100)] {
		values = append(values, items[i].Value)
	}
	return &Reply[IndicatorsAdded]{out}, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActIndicatorAdded, Subject: fmt.Sprintf("%d indicators", got.Added+got.Changed), Reason: in.Body.Reason}, struct {
		Values  []string `json:"values"`
		Added   int      `json:"added"`
		Changed int      `json:"changed"`
		Held    int      `json:"held"`
	}{values, got.Added, got.Changed, got.Held})
}

func (s *Server) indicatorChange(ctx context.Context, in *indicatorChangeInput) (*Reply[IndicatorPage], error) {
	b := &in.Body
	c := indicator.Change{State: indicator.State(b.State), Release: b.Release, Hold: b.Hold, Confidence: b.Confidence, Threat: b.Threat, Tags: b.Tags, ValidUntil: b.ValidUntil, Note: b.Reason}
	if b.Forever {
		c.ValidUntil = new(time.Time)
	}
	if b.TLP != nil {
		tlp := indicator.TLP(*b.TLP)
		c.TLP = &tlp
	}
	rows, err := s.deps.Known.Desk.Apply(ctx, indicator.Who{Name: who(ctx).Name}, b.IDs, c)
	if err != nil {
		return nil, err
	}
	out := IndicatorPage{Indicators: []IndicatorRow{}}
	var values []string
	for i := range rows {
		if len(values) < 100 {
			values = append(values, rows[i].Value)
		}
		if i < 500 {
			out.Indicators = append(out.Indicators, s.indicatorRow(&rows[i]))
		}
	}
	return &Reply[IndicatorPage]{out}, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActIndicatorChanged, Subject: fmt.Sprintf("%d indicators", len(rows)), Reason: b.Reason}, struct {
		Values  []string `json:"values"`
		State   string   `json:"state,omitempty"`
		Release bool     `json:"release,omitempty"`
	}{values, b.State, b.Release})
}

// indicatorExport sends the list as CSV, in the form that indicators.files reads.
func (s *Server) indicatorExport(ctx context.Context, in *indicatorExportInput) (*huma.StreamResponse, error) {
	f := in.filter()
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActExport, Subject: "indicators"}, f); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="tocsin-indicators-`+s.deps.Now().UTC().Format("20060102-150405")+`.csv"`)
		out := patient(w)
		c := csv.NewWriter(out)
		err := c.Write([]string{"type", "value", "threat", "verdict", "state", "confidence", "from", "expires", "source", "tlp", "tags", "held", "description"})
		for next, more := int64(0), true; err == nil && more; {
			var rows []indicator.Indicator
			if rows, next, err = s.deps.Known.Desk.List(r.Context(), f, next, 5000); err != nil {
				break
			}
			for i := range rows {
				if err = c.Write(indicatorLine(&rows[i])); err != nil {
					break
				}
			}
			more = next > 0
		}
		c.Flush()
		if err = errors.Join(err, c.Error()); err == nil {
			err = out.flush()
		}
		if err != nil {
			if r.Context().Err() == nil {
				s.deps.Log.Error("export of indicators broke off", "err", err)
			}
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

func indicatorLine(in *indicator.Indicator) []string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	verdict := "bad"
	if in.Good {
		verdict = "good"
	}
	return []string{in.Kind.String(), in.Value, in.Threat, verdict, string(in.State), strconv.Itoa(in.Confidence), at(in.ValidFrom), at(in.ValidUntil), in.Source, string(in.TLP), strings.Join(in.Tags, ","), in.Held, in.Description}
}

// indicatorProblem gives errors of package indicator their status; nil for others.
func indicatorProblem(err error) huma.StatusError {
	var wrong *indicator.Wrong
	switch {
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Error(), &huma.ErrorDetail{Message: wrong.Error(), Location: "body." + wrong.Field})
	case errors.Is(err, indicator.ErrNotFound):
		return huma.NewError(http.StatusNotFound, "there is no such indicator, or retro-hunt")
	case errors.Is(err, indicator.ErrBusy):
		return huma.NewError(http.StatusConflict, err.Error())
	}
	return nil
}
