package indicator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tocsin/internal/intel"
	"tocsin/internal/kql"
)

// Hunter works searches backwards. It asks the store for the different values of the mail, a slice of time after the other, and compares
// them with a set in memory: what that costs depends on the mail, and hardly on the number of indicators. Then it counts the mail of each
// indicator that was seen. What is done is saved after every piece, so that a search goes on after a restart where it was.
type Hunter struct {
	Desk  *Desk
	Store HuntStore
	// Query runs a compiled question, and Dialect is what it is compiled for.
	Query   func(ctx context.Context, s *kql.Statement, each func(row []any) error) error
	Dialect func() kql.Dialect
	// Alert tells people what was found; nil: nobody is told. It is called once a search, and again after a crash: it must know the search.
	Alert func(ctx context.Context, h Hunt, top []Sighting) (id string, err error)
	// Rejudge has messages judged again and returns the run. Called again for the same search it may return another run.
	Rejudge func(ctx context.Context, h Hunt, messages []string) (run string, err error)
	// Yield lets work that cannot wait go first.
	Yield func(ctx context.Context)
	Now   func() time.Time
	Log   *slog.Logger
}

const (
	turn       = 5 * time.Minute     // how long one call of Work lasts at most
	longSlice  = 31 * 24 * time.Hour // when the questions name what is looked for
	shortSlice = 24 * time.Hour
	together   = 10 // sightings that are counted in one piece of work
	namedOnce  = 500
)

// Work goes on with a search. It returns true when the search is over, and false when there is more to do: after a while, or when ctx ended.
func (w *Hunter) Work(ctx context.Context, id string) (over bool, err error) {
	h, err := w.Store.Hunt(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	if err != nil || h.State.Over() {
		return err == nil, err
	}
	s, err := w.Desk.gather(ctx, h.Spec.sought())
	if err != nil {
		return false, err
	}
	if h.State == Queued {
		h.State, h.Started = Running, w.Now().UTC()
		h.Counts.Indicators, h.Counts.Slice = s.count, shortSlice
		if s.few != nil {
			h.Counts.Slice = longSlice
		}
		h.Counts.Steps = len(w.slices(&h)) * len(places)
		if h.Cancel, err = w.Store.SaveHunt(ctx, h, nil, nil); err != nil {
			return false, err
		}
	}
	found, err := w.Store.Found(ctx, id, maxFound)
	if err != nil {
		return false, err
	}
	one := &hunting{w: w, h: &h, s: s, found: found, slices: w.slices(&h)}
	for deadline := time.Now().Add(turn); ; {
		if h.Cancel {
			return w.end(ctx, &h, Cancelled, nil)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false, nil
		}
		w.Yield(ctx)
		began := time.Now()
		fresh, seen, more, err := one.step(ctx)
		var wrong *kql.Error
		if errors.As(err, &wrong) {
			return w.end(ctx, &h, Failed, err)
		}
		if err != nil {
			return false, err
		}
		h.Counts.Worked += time.Since(began)
		if !more {
			return w.finish(ctx, one)
		}
		h.Step++
		if h.Cancel, err = w.Store.SaveHunt(ctx, h, fresh, seen); err != nil {
			return false, err
		}
	}
}

func (w *Hunter) end(ctx context.Context, h *Hunt, s HuntState, why error) (over bool, err error) {
	h.State, h.Ended = s, w.Now().UTC()
	if why != nil {
		h.Error = clip(why.Error(), 500)
	}
	_, err = w.Store.SaveHunt(ctx, *h, nil, nil)
	return err == nil, err
}

// slices cuts the time of a search, newest first: what matters most is found first.
func (w *Hunter) slices(h *Hunt) (out [][2]time.Time) {
	length := h.Counts.Slice
	if length <= 0 {
		length = shortSlice
	}
	for until := h.Spec.Until; h.Spec.Since.Before(until); {
		since := until.Add(-length)
		if since.Before(h.Spec.Since) {
			since = h.Spec.Since
		}
		out = append(out, [2]time.Time{since, until})
		until = since
	}
	return out
}

// ask runs a question written in KQL.
func (w *Hunter) ask(ctx context.Context, question string, each func(row []any) error) error {
	q, err := kql.Parse(question)
	if err != nil {
		return err
	}
	st, err := kql.Compile(q, kql.Options{Now: w.Now()}, w.Dialect())
	if err != nil {
		return err
	}
	return w.Query(ctx, st, each)
}

// hunting is one search while it is worked on.
type hunting struct {
	w      *Hunter
	h      *Hunt
	s      *sought
	slices [][2]time.Time
	found  []Found
	by     []int64 // indicators that were found, in the order of ids; set when looking is over
}

// step does one piece: a place in a slice of time, then the counts of some indicators. more is false when there is none left.
func (o *hunting) step(ctx context.Context) (fresh []Found, seen []Sighting, more bool, err error) {
	looking := len(o.slices) * len(places)
	if o.h.Step < looking {
		slice, p := o.slices[o.h.Step/len(places)], &places[o.h.Step%len(places)]
		fresh, err = o.look(ctx, p, slice[0], slice[1])
		return fresh, nil, true, err
	}
	if o.by == nil {
		for _, f := range o.found {
			o.by = append(o.by, f.Indicator)
		}
		slices.Sort(o.by)
		o.by = slices.Compact(o.by)
		o.h.Counts.Hits = int64(len(o.by))
		if len(o.by) > MaxSightings {
			o.by, o.h.Counts.More = o.by[:MaxSightings], true
		}
		o.h.Counts.Told = int64(len(o.by))
		o.h.Counts.Steps = looking + (len(o.by)+together-1)/together
	}
	at := (o.h.Step - looking) * together
	if at >= len(o.by) {
		return nil, nil, false, nil
	}
	for i := at; i < min(at+together, len(o.by)); i++ {
		s, err := o.count(ctx, o.by[i])
		if err != nil {
			return nil, nil, false, err
		}
		s.Seq = int64(i + 1)
		seen = append(seen, s)
	}
	return nil, seen, true, nil
}

// look compares the values of a place in a slice of time.
func (o *hunting) look(ctx context.Context, p *place, since, until time.Time) (fresh []Found, err error) {
	if !p.wanted(o.s.set) {
		return nil, nil
	}
	var hits []hit
	n := int64(0)
	err = o.w.ask(ctx, p.question(o.s, since, until), func(row []any) error {
		value, _ := row[0].(string)
		n++
		if in, ok := p.find(o.s.set, value); ok && !in.Good && len(hits) < maxFound {
			hits = append(hits, hit{value, in})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	have := make(map[Found]bool, len(o.found))
	for _, f := range o.found {
		have[f] = true
	}
	for _, x := range hits {
		rows, err := o.w.Desk.who(ctx, o.s, x.in)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			f := Found{rows[i].ID, p.name, x.value}
			if have[f] {
				continue
			}
			if len(o.found)+len(fresh) >= maxFound {
				o.h.Counts.More = true
				break
			}
			have[f] = true
			fresh = append(fresh, f)
		}
	}
	o.h.Counts.Values += n
	o.found = append(o.found, fresh...)
	return fresh, nil
}

// count tells how much mail has an indicator.
func (o *hunting) count(ctx context.Context, id int64) (Sighting, error) {
	var found []Found
	for _, f := range o.found {
		if f.Indicator == id {
			found = append(found, f)
		}
	}
	rows, err := o.w.Desk.store.Rows(ctx, []int64{id})
	if err != nil {
		return Sighting{}, err
	}
	s := Sighting{Indicator: id}
	if len(rows) > 0 {
		r := &rows[0]
		s.Kind, s.Value, s.Threat, s.Source, s.Now = r.Kind.String(), r.Value, r.Threat, r.Source, r.At(o.w.Now())
	}
	if len(found) > maxPlaces {
		found, s.More = found[:maxPlaces], true
	}
	return s, o.w.fill(ctx, &s, found, o.h.Spec.Since, o.h.Spec.Until)
}

// hit is a value of the mail and what it fits.
type hit struct {
	value string
	in    intel.Indicator
}

// finish tells what was found, and has it judged again.
func (w *Hunter) finish(ctx context.Context, o *hunting) (over bool, err error) {
	h := o.h
	messages, err := w.total(ctx, o)
	if err != nil {
		return false, err
	}
	if len(messages) > 0 && h.Spec.Rejudge && h.Run == "" && w.Rejudge != nil {
		if h.Run, err = w.Rejudge(ctx, *h, messages); err != nil {
			return false, fmt.Errorf("have what was found judged again: %w", err)
		}
		if _, err := w.Store.SaveHunt(ctx, *h, nil, nil); err != nil {
			return false, err
		}
	}
	if h.Counts.Messages > 0 && !h.Spec.Quiet && h.Alert == "" && w.Alert != nil {
		top, err := w.Store.Sightings(ctx, h.ID, 0, 50)
		if err != nil {
			return false, err
		}
		if h.Alert, err = w.Alert(ctx, *h, top); err != nil {
			return false, fmt.Errorf("raise the alert of a retro-hunt: %w", err)
		}
	}
	return w.end(ctx, h, Done, nil)
}

// total counts messages and people over all indicators, each once, and returns the ids of the messages.
func (w *Hunter) total(ctx context.Context, o *hunting) (messages []string, err error) {
	ids := map[string]bool{}
	by := map[string][]string{}
	for _, f := range o.found {
		by[f.Place] = append(by[f.Place], f.Value)
	}
	o.h.Counts.Clicks = 0
	for i := range places {
		p := &places[i]
		for part := range slices.Chunk(by[p.name], namedOnce) {
			err := w.ask(ctx, p.table+"\n| where "+within(o.h.Spec.Since, o.h.Spec.Until)+"\n| where "+p.having(part)+"\n| summarize Rows = count() by NetworkMessageId", func(row []any) error {
				if p.table == "UrlClickEvents" {
					o.h.Counts.Clicks += kql.Integer(row[1])
				}
				if id, _ := row[0].(string); id != "" {
					if ids[id] = true; len(ids) > MaxHunted {
						delete(ids, id)
						o.h.Counts.More = true
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	for id := range ids {
		messages = append(messages, id)
	}
	slices.Sort(messages)
	people, events, there := map[string]bool{}, int64(0), map[string]bool{}
	for part := range slices.Chunk(messages, namedOnce) {
		err := w.ask(ctx, "EmailEvents\n| where NetworkMessageId in ("+quoted(part)+")\n| project NetworkMessageId, RecipientEmailAddress", func(row []any) error {
			id, _ := row[0].(string)
			to, _ := row[1].(string)
			people[strings.ToLower(to)], there[id] = true, true
			events++
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	o.h.Counts.Messages, o.h.Counts.Events, o.h.Counts.People = int64(len(there)), events, int64(len(people))
	return messages, nil
}
