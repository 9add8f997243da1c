package feed

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"tocsin/internal/stix"
)

// threatTypes are the objects that tell of threats; relationships join them (sections 4 and 5 of STIX 2.1).
var threatTypes = []string{"malware", "tool", "intrusion-set", "threat-actor", "campaign", "attack-pattern"}

// readSTIX reads a bundle at an address.
func readSTIX(ctx context.Context, s *session) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		r, done, err := s.open(ctx, "application/stix+json;version=2.1, application/json;q=0.9, */*;q=0.5")
		if err != nil {
			yield(Item{}, err)
			return
		}
		defer done()
		gather := s.gathering(ctx)
		for o, err := range stix.Read(r, stix.Limits{}, nil) {
			if err := gather.add(o, err); err != nil {
				yield(Item{}, err)
				return
			}
		}
		if err := gather.flush(); err != nil {
			yield(Item{}, err)
			return
		}
		s.indicators(ctx, yield)
	}
}

// gathering keeps objects as they come, in batches.
type gathering struct {
	s    *session
	ctx  context.Context
	some []*stix.Object
}

func (s *session) gathering(ctx context.Context) *gathering { return &gathering{s: s, ctx: ctx} }

// add keeps an object, notes one that is refused, or returns an error that ends the reading.
func (g *gathering) add(o *stix.Object, err error) error {
	var no *stix.Refused
	if errors.As(err, &no) {
		g.s.refuse(no.Number, no.ID, no.Why)
		return nil
	}
	if err != nil {
		return err
	}
	g.s.objects++
	if g.some = append(g.some, o); len(g.some) < objectBatch {
		return nil
	}
	return g.flush()
}

func (g *gathering) flush() error {
	if len(g.some) == 0 {
		return nil
	}
	fresh, err := g.s.shelf.PutObjects(g.ctx, g.s.f.ID, g.s.run, g.some)
	g.s.newObjects += fresh
	g.some = nil
	return err
}

// indicators yields what the indicators of this reading look for. false: nobody wants more.
func (s *session) indicators(ctx context.Context, yield func(Item, error) bool) bool {
	known := s.markings(ctx)
	names := map[string]string{}
	for o, err := range s.shelf.Objects(ctx, s.f.ID, s.run, []string{"indicator"}) {
		if err != nil {
			yield(Item{}, err)
			return false
		}
		for _, it := range s.understood(ctx, o, known, names) {
			if !yield(it, nil) {
				return false
			}
		}
	}
	return true
}

// markings finds the definitions of markings that the feed holds.
func (s *session) markings(ctx context.Context) func(id string) (stix.Marking, bool) {
	marks := map[string]stix.Marking{}
	return func(id string) (stix.Marking, bool) {
		if m, have := marks[id]; have {
			return m, true
		}
		o, err := s.shelf.Object(ctx, s.f.ID, id)
		if err != nil {
			marks[id] = stix.Marking{}
			return stix.Marking{}, false
		}
		marks[id] = o.Definition
		return o.Definition, true
	}
}

// understood are the items of one indicator (section 4.7).
func (s *session) understood(ctx context.Context, o *stix.Object, known func(string) (stix.Marking, bool), names map[string]string) []Item {
	refuse := func(err error) []Item {
		s.refuse(0, strings.TrimSpace(o.Name+" "+o.ID), err)
		return nil
	}
	if o.PatternType != "stix" {
		s.ignored++
		s.note("patterns of the type %s are not read; those of STIX are", o.PatternType)
		return nil
	}
	wanted, notes, err := stix.Understand(o.Pattern)
	if err != nil {
		if errors.Is(err, stix.ErrNotUnderstood) {
			s.ignored++
		}
		return refuse(err)
	}
	for _, n := range notes {
		s.note("%s: %s", o.ID, n)
	}
	it := Item{Ref: o.ID, TLP: stix.TLPOf(o.Markings, known), Tags: tags(o), Description: tidy(firstOf(o.Name, o.Description), 500), From: o.ValidFrom, Until: o.ValidUntil}
	if o.Confidence != nil {
		it.Confidence = *o.Confidence
	}
	if !it.Until.IsZero() && !it.Until.After(it.From) {
		it.From = time.Time{}
	}
	for _, t := range o.IndicatorTypes {
		it.Good = it.Good || t == "benign"
	}
	if it.Threat, err = s.threatOf(ctx, o, names); err != nil {
		return refuse(err)
	}
	if o.Revoked {
		it.State = Retired
	}
	out := make([]Item, len(wanted))
	for i, w := range wanted {
		out[i] = it
		out[i].Wanted = w
	}
	return out
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func tags(o *stix.Object) []string {
	var out []string
	for _, t := range append(slices.Clone(o.Labels), o.IndicatorTypes...) {
		if t = tidy(t, 60); t != "" && len(out) < 10 && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// threatOf is the name of what an indicator indicates (section 5.1: "indicates").
func (s *session) threatOf(ctx context.Context, o *stix.Object, names map[string]string) (string, error) {
	related, err := s.shelf.Related(ctx, s.f.ID, o.ID, "indicates")
	if err != nil {
		return "", err
	}
	best := ""
	for _, r := range related {
		if r.Revoked {
			continue
		}
		name, had := names[r.Target]
		if !had {
			if to, err := s.shelf.Object(ctx, s.f.ID, r.Target); err == nil && slices.Contains(threatTypes, to.Type) {
				name = tidy(to.Name, 120)
			}
			if len(names) < 100_000 {
				names[r.Target] = name
			}
		}
		if name != "" && (best == "" || strings.HasPrefix(r.Target, "malware--")) {
			best = name
		}
	}
	return best, nil
}

// memory holds the objects of a trial.
type memory struct {
	byID map[string]*stix.Object
	from map[string][]*stix.Object
}

func newMemory() *memory {
	return &memory{map[string]*stix.Object{}, map[string][]*stix.Object{}}
}

func (m *memory) PutObjects(_ context.Context, _ string, _ int64, list []*stix.Object) (int, error) {
	for _, o := range list {
		if old := m.byID[o.ID]; old != nil && !o.Modified.After(old.Modified) {
			continue
		}
		m.byID[o.ID] = o
		if o.Type == "relationship" {
			m.from[o.Source] = append(m.from[o.Source], o)
		}
	}
	return len(list), nil
}

func (m *memory) Objects(_ context.Context, _ string, _ int64, types []string) iter.Seq2[*stix.Object, error] {
	return func(yield func(*stix.Object, error) bool) {
		for _, o := range m.byID {
			if slices.Contains(types, o.Type) && !yield(o, nil) {
				return
			}
		}
	}
}

func (m *memory) Object(_ context.Context, _, id string) (*stix.Object, error) {
	if o := m.byID[id]; o != nil {
		return o, nil
	}
	return nil, ErrNotFound
}

func (m *memory) Related(_ context.Context, _, source, how string) (out []*stix.Object, _ error) {
	for _, o := range m.from[source] {
		if o.Relationship == how {
			out = append(out, o)
		}
	}
	return out, nil
}
