package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/hunt"
	"tocsin/internal/incident"
	"tocsin/internal/threat"
)

func (s *Server) declareThreats() {
	add(s, auth.IntelligenceRead, "GET /threats", asking, "Known threats, those that were seen first", s.threats)
	add(s, auth.IntelligenceRead, "GET /threats/about", quick, "What is known under a name that the product shows", s.threatAbout)
	add(s, auth.IntelligenceRead, "GET /threats/trends", asking, "Articles to read now: threats that are new or growing here, then the newest", s.threatTrends)
	add(s, auth.IntelligenceRead, "GET /threats/{id}", quick, "One threat with its article", s.threat)
	add(s, auth.IntelligenceRead, "GET /threats/{id}/seen", asking, "Mail of the threat: how much, who, clicked, still there, campaigns, incidents", s.threatSeen)
}

// Limits of lists of threats.
const (
	mostThreats  = 500
	mostTags     = 40
	seenBack     = 30 * 24 * time.Hour
	seenMessages = 500 // whose incidents are looked for
)

// resolved is the range with its ends, and the start of the one before.
func (in ThreatRange) resolved(now time.Time) (from, to, before time.Time) {
	from, to = in.From, in.To
	if to.IsZero() {
		to = now.UTC().Add(time.Second).Truncate(time.Second)
	}
	if from.IsZero() {
		from = to.Add(-seenBack)
	}
	return from, to, from.Add(-to.Sub(from))
}

// compared reports whether mail is kept from before on: without it nothing can be called new.
func (s *Server) compared(ctx context.Context, before time.Time) (bool, error) {
	if s.deps.Coverage == nil {
		return false, nil
	}
	c, err := s.deps.Coverage(ctx)
	return c.Oldest != nil && !c.Oldest.After(before), err
}

// tally counts mail by threat in [from, to) and in the range before.
func (s *Server) tally(ctx context.Context, l *threat.Library, from, to, before time.Time) (map[string]threat.Count, *hunt.Marks, error) {
	m, err := s.deps.Explorer.Marks(ctx, hunt.Request{From: before, To: to}, from)
	if err != nil {
		return nil, nil, err
	}
	marks := make([]threat.Mark, len(m.Rows))
	for i, r := range m.Rows {
		marks[i] = threat.Mark(r)
	}
	return l.Tally(marks), m, nil
}

func (s *Server) threats(ctx context.Context, in *threatsInput) (*Reply[Threats], error) {
	l := s.deps.Threats.Library()
	from, to, before := in.resolved(s.deps.Now())
	counts, m, err := s.tally(ctx, l, from, to, before)
	if err != nil {
		return nil, err
	}
	out := Threats{Threats: []ThreatLine{}, Total: len(l.All()), Kinds: map[string]int{}, Tags: []ThreatTag{}, From: from, To: to, Cut: m.Cut, Asked: asked(m.Answer)}
	if out.Compared, err = s.compared(ctx, before); err != nil {
		return nil, err
	}
	tags := map[string]int{}
	for _, t := range l.All() {
		out.Kinds[string(t.Kind)]++
		if counts[t.ID].Events > 0 {
			out.Seen++
		}
		for _, tag := range t.Tags {
			tags[tag]++
		}
	}
	for tag, n := range tags {
		out.Tags = append(out.Tags, ThreatTag{tag, n})
	}
	slices.SortFunc(out.Tags, func(a, b ThreatTag) int { return cmp.Or(b.Threats-a.Threats, cmp.Compare(a.Tag, b.Tag)) })
	out.Tags = out.Tags[:min(len(out.Tags), mostTags)]
	found := l.Find(in.Search, threat.Kind(in.Kind), in.Tag)
	if in.Seen {
		found = slices.DeleteFunc(found, func(t *threat.Threat) bool { return counts[t.ID].Events == 0 })
	}
	slices.SortStableFunc(found, func(a, b *threat.Threat) int { return cmp.Compare(counts[b.ID].Events, counts[a.ID].Events) })
	out.Found = len(found)
	for _, t := range found[:min(len(found), mostThreats)] {
		out.Threats = append(out.Threats, ThreatLine{briefOf(t), s.countOf(t, counts[t.ID])})
	}
	return &Reply[Threats]{out}, nil
}

func (s *Server) threatAbout(_ context.Context, in *threatAboutInput) (*Reply[ThreatAbout], error) {
	l := s.deps.Threats.Library()
	found := l.About(in.Name)
	if len(found) == 0 {
		found = l.About(s.claimedBy(in.Name))
	}
	return &Reply[ThreatAbout]{ThreatAbout{Name: in.Name, Threats: briefs(found)}}, nil
}

// claimedBy is the id of the signal or rule that claims this sentence, which is how FirstSignal names it; "" when none does.
func (s *Server) claimedBy(claim string) string {
	for _, k := range detect.Kinds() {
		if k.Claim == claim {
			return k.ID
		}
	}
	for _, r := range s.deps.Rules.State().Rules {
		if r.File != nil && r.File.Title == claim {
			return r.ID
		}
	}
	return ""
}

func briefs(of []*threat.Threat) []ThreatBrief {
	out := make([]ThreatBrief, len(of))
	for i, t := range of {
		out[i] = briefOf(t)
	}
	return out
}

func (s *Server) threatTrends(ctx context.Context, in *threatTrendsInput) (*Reply[ThreatTrends], error) {
	l := s.deps.Threats.Library()
	from, to, before := in.resolved(s.deps.Now())
	counts, m, err := s.tally(ctx, l, from, to, before)
	if err != nil {
		return nil, err
	}
	out := ThreatTrends{Trends: []ThreatTrend{}, From: from, To: to, Cut: m.Cut, Asked: asked(m.Answer)}
	if out.Compared, err = s.compared(ctx, before); err != nil {
		return nil, err
	}
	for _, t := range l.Trends(counts, out.Compared, in.Limit) {
		out.Trends = append(out.Trends, ThreatTrend{briefOf(t.Threat), string(t.Why), s.countOf(t.Threat, t.Count)})
	}
	return &Reply[ThreatTrends]{out}, nil
}

func (s *Server) threat(_ context.Context, in *ThreatInput) (*Reply[ThreatArticle], error) {
	l := s.deps.Threats.Library()
	t, ok := l.ByID(in.ID)
	if !ok {
		return nil, threat.ErrNotFound
	}
	out := ThreatArticle{ThreatBrief: briefOf(t), Sections: []ThreatSection{}, Detections: s.detectionsOf(t), Related: briefs(l.Near(t)), Filter: t.Filter()}
	for _, sec := range t.Sections {
		section := ThreatSection{Title: sec.Title, Blocks: []ThreatBlock{}}
		for _, b := range sec.Blocks {
			block := ThreatBlock{Kind: string(b.Kind), Spans: []ThreatSpan{}, KQL: b.KQL}
			for _, p := range b.Spans {
				block.Spans = append(block.Spans, ThreatSpan(p))
			}
			section.Blocks = append(section.Blocks, block)
		}
		out.Sections = append(out.Sections, section)
	}
	return &Reply[ThreatArticle]{out}, nil
}

// detectionsOf are the parts of the judge that an article names, those that count first.
func (s *Server) detectionsOf(t *threat.Threat) []ThreatDetection {
	out := []ThreatDetection{}
	for _, name := range t.Technologies {
		out = append(out, ThreatDetection{ID: name, Kind: "technology", Title: name, Counted: true})
	}
	kinds := detect.Kinds()
	st := s.deps.Rules.State()
	for i, id := range slices.Concat(t.Signals, t.Detections) {
		d := ThreatDetection{ID: id, Kind: "rule", Counted: i < len(t.Signals)}
		if k := slices.IndexFunc(kinds, func(k detect.Kind) bool { return k.ID == id }); k >= 0 {
			d.Kind, d.Title, d.Threat = "signal", kinds[k].Claim, string(kinds[k].Threat)
		} else if r, ok := st.Rule(id); ok && r.File != nil {
			d.Title, d.Threat, d.Missing = r.File.Title, string(r.File.Threat), !r.Enabled
		} else {
			d.Title, d.Missing = id, true
		}
		out = append(out, d)
	}
	return out
}

func (s *Server) threatSeen(ctx context.Context, in *threatSeenInput) (*Reply[ThreatSeen], error) {
	t, ok := s.deps.Threats.Library().ByID(in.ID)
	if !ok {
		return nil, threat.ErrNotFound
	}
	from, to, before := in.resolved(s.deps.Now())
	out := ThreatSeen{Filter: t.Filter(), From: from, To: to, Campaigns: []ThreatCampaign{}, Incidents: []ThreatIncident{}}
	if out.Filter == "" {
		return &Reply[ThreatSeen]{out}, nil
	}
	out.StillFilter = out.Filter + "\n| where " + hunt.Readable
	x := s.deps.Explorer
	now, err := x.Seen(ctx, hunt.Request{Query: out.Filter, From: from, To: to})
	if err != nil {
		return nil, err
	}
	ever, err := x.Ever(ctx, hunt.Request{Query: out.Filter})
	if err != nil {
		return nil, err
	}
	out.Asked = asked(now.Answer)
	out.Events, out.Messages, out.People, out.Still, out.Clicks, out.Clickers, out.ClicksKQL = now.Events, now.Messages, now.People, now.Still, now.Clicks, now.Clickers, now.ClicksKQL
	out.First, out.Last, out.Ever = instant(ever.First), instant(ever.Last), ever.Events
	if out.Compared, err = s.compared(ctx, before); err != nil {
		return nil, err
	}
	if ever.Events > now.Events {
		earlier, err := x.Ever(ctx, hunt.Request{Query: out.Filter, From: before, To: from})
		if err != nil {
			return nil, err
		}
		out.Before = earlier.Events
	}
	if now.Events == 0 {
		return &Reply[ThreatSeen]{out}, nil
	}
	messages, campaigns, err := x.SeenIn(ctx, hunt.Request{Query: out.Filter, From: from, To: to}, seenMessages)
	if err != nil {
		return nil, err
	}
	for _, c := range campaigns {
		out.Campaigns = append(out.Campaigns, ThreatCampaign(c))
	}
	out.Incidents, err = s.incidentsWith(ctx, messages)
	return &Reply[ThreatSeen]{out}, err
}

// incidentsWith are ten incidents that hold one of the messages, newest first, for whoever may see incidents.
func (s *Server) incidentsWith(ctx context.Context, messages []string) ([]ThreatIncident, error) {
	out := []ThreatIncident{}
	if !auth.From(ctx).May(auth.IncidentRead) || s.deps.Incidents == nil {
		return out, nil
	}
	holders, err := s.deps.Incidents.Store.Holders(ctx, "", messages, mostHolders)
	if err != nil {
		return nil, err
	}
	numbers := map[string]int64{}
	for _, h := range holders {
		i, err := s.deps.Incidents.Store.Incident(ctx, h.Incident)
		if err != nil {
			return nil, err
		}
		if _, twice := numbers[i.ID]; twice {
			continue
		}
		numbers[i.ID] = i.Number
		out = append(out, ThreatIncident{ID: i.ID, Label: incident.Label(i.Number), Name: i.Name, Status: string(i.Status)})
	}
	slices.SortFunc(out, func(a, b ThreatIncident) int { return cmp.Compare(numbers[b.ID], numbers[a.ID]) })
	return out[:min(len(out), 10)], nil
}
