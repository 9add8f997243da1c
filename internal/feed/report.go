package feed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/stix"
)

// Report is what a feed tells of something that happened: a STIX report, grouping or campaign (sections 4.16, 4.4 and 4.2), or a MISP event. All
// text in it is a stranger's: it is text, and nothing in it is markup.
type Report struct {
	Ref       string // its id at the feed
	Kind      string // "Report", "Grouping", "Campaign" or "MISP event"
	Name      string
	Text      string    // paragraphs; "" for none
	Published time.Time // never later than the run that brought it
	TLP       stix.TLP
	Labels    []string      // report_types, threat level, tags
	Names     []Named       // families, actors, campaigns and techniques
	Wanted    []stix.Wanted // indicators of it that can be looked for in mail
	More      int           // indicators that are left out, because there are too many
}

// Named is something that a report names.
type Named struct {
	Type    string   // of STIX: malware, tool, intrusion-set, threat-actor, campaign, attack-pattern
	Name    string   // "" when only the id is told
	Aliases []string `json:",omitempty"`
	Attack  string   `json:",omitempty"` // id of MITRE ATT&CK
}

// Bounds of what is told.
const (
	MaxReports    = 20 // of a feed: the newest
	maxCandidates = 10 * MaxReports
	maxToldName   = 200  // characters
	maxToldText   = 4000 // characters
	maxRefs       = 2000 // references of one report that are followed
	maxNames      = 30
	maxLabels     = 10
	maxValues     = 50     // indicators of one report
	maxJoins      = 20_000 // relationships that are looked through for the indicators of campaigns
	maxGathered   = 2000   // MISP events of one run that are gathered
)

// name adds a thing that the report names. Twice the same is once.
func (r *Report) name(n Named) {
	n.Name = tidy(strings.TrimSpace(n.Name), 120)
	if n.Name == "" && n.Attack == "" || len(r.Names) >= maxNames {
		return
	}
	if !slices.ContainsFunc(r.Names, func(o Named) bool {
		return strings.EqualFold(o.Name, n.Name) && (o.Attack == n.Attack || o.Type == n.Type)
	}) {
		r.Names = append(r.Names, n)
	}
}

func (r *Report) label(text string) {
	if text = tidy(strings.TrimSpace(text), 60); text != "" && len(r.Labels) < maxLabels && !slices.Contains(r.Labels, text) {
		r.Labels = append(r.Labels, text)
	}
}

func (r *Report) want(w stix.Wanted) {
	switch {
	case slices.Contains(r.Wanted, w):
	case len(r.Wanted) >= maxValues:
		r.More++
	default:
		r.Wanted = append(r.Wanted, w)
	}
}

func (r *Report) unwant(w stix.Wanted) {
	r.Wanted = slices.DeleteFunc(r.Wanted, func(o stix.Wanted) bool { return o == w })
}

// asks reports whether there is anything to look for in mail: an indicator, or a name that engines give.
func (r *Report) asks() bool {
	return len(r.Wanted) > 0 || slices.ContainsFunc(r.Names, func(n Named) bool { return n.Type != "attack-pattern" && n.Name != "" })
}

// newest keeps the newest reports that ask for anything, newest first. without is how many ask for nothing.
func newest(list []Report) (out []Report, without int) {
	for _, r := range list {
		if r.asks() {
			out = append(out, r)
		} else {
			without++
		}
	}
	slices.SortFunc(out, func(a, b Report) int { return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(a.Ref, b.Ref)) })
	return out[:min(len(out), MaxReports)], without
}

// paragraphs tidies a longer text, and keeps its paragraphs.
func paragraphs(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.TrimSpace(manyLines.ReplaceAllString(text, "\n\n"))
	if r := []rune(text); len(r) > maxToldText {
		return string(r[:maxToldText-1]) + "…"
	}
	return text
}

var manyLines = regexp.MustCompile(`\n[ \n]*\n`)

// past is a time that is not later than the run.
func (s *session) past(t ...time.Time) time.Time {
	for _, t := range t {
		if !t.IsZero() && t.Before(s.now) {
			return t.UTC()
		}
	}
	return s.now
}

// Reports lists what a feed tells, newest first.
func (d *Desk) Reports(ctx context.Context, id string) ([]Report, error) {
	return d.o.Store.Reports(ctx, id)
}

// tellReports keeps the newest of what the feed tells.
func (d *Desk) tellReports(ctx context.Context, f *Feed, s *session) error {
	had, err := d.o.Store.Reports(ctx, f.ID)
	if err != nil {
		return err
	}
	var told []Report
	switch f.Kind {
	case STIX, TAXII:
		if s.newObjects == 0 && len(had) > 0 {
			return nil
		}
		if told, err = s.stixReports(ctx, d.o.Store); err != nil {
			return err
		}
	case MISP, MISPFeed:
		if len(s.events) == 0 {
			return nil
		}
		told = s.mispReports(had)
	default:
		return nil
	}
	kept, without := newest(told)
	if without > 0 {
		s.note("reports that name nothing that is seen in mail, and so are not shown under Noteworthy: %d", without)
	}
	return d.o.Store.PutReports(ctx, f.ID, kept)
}

// stixReports reads the newest reports, groupings and campaigns that the feed holds, with what of theirs it holds.
func (s *session) stixReports(ctx context.Context, store Store) ([]Report, error) {
	list, err := store.Newest(ctx, s.f.ID, []string{"report", "grouping", "campaign"}, maxCandidates)
	if err != nil {
		return nil, err
	}
	of, err := s.indicated(ctx, store, list)
	if err != nil {
		return nil, err
	}
	marks := s.markings(ctx)
	var out []Report
	for _, o := range list {
		if o.Revoked {
			continue
		}
		r, err := s.stixReport(ctx, o, of[o.ID], marks)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// indicated are the ids of indicators by the campaign that they indicate.
func (s *session) indicated(ctx context.Context, store Store, list []*stix.Object) (map[string][]string, error) {
	out := map[string][]string{}
	for _, o := range list {
		if o.Type == "campaign" {
			out[o.ID] = nil
		}
	}
	if len(out) == 0 {
		return out, nil
	}
	joins, err := store.Newest(ctx, s.f.ID, []string{"relationship"}, maxJoins)
	for _, j := range joins {
		if refs, ok := out[j.Target]; ok && !j.Revoked && j.Relationship == "indicates" && len(refs) < maxRefs {
			out[j.Target] = append(refs, j.Source)
		}
	}
	return out, err
}

var reportKinds = map[string]string{"report": "Report", "grouping": "Grouping", "campaign": "Campaign"}

func (s *session) stixReport(ctx context.Context, o *stix.Object, refs []string, marks func(string) (stix.Marking, bool)) (Report, error) {
	var more struct {
		Published string   `json:"published"`
		Types     []string `json:"report_types"`
		Context   string   `json:"context"`
		LastSeen  string   `json:"last_seen"`
		Refs      []string `json:"object_refs"`
	}
	_ = json.Unmarshal(o.Raw, &more) // it was checked when it came
	at := func(text string) time.Time { t, _ := stix.ParseTime(text); return t }
	r := Report{
		Ref: o.ID, Kind: reportKinds[o.Type], Name: tidy(firstOf(strings.TrimSpace(o.Name), strings.TrimSpace(more.Context), o.ID), maxToldName), Text: paragraphs(o.Description),
		Published: s.past(at(more.Published), at(more.LastSeen), o.Modified, o.Created), TLP: stix.TLPOf(o.Markings, marks),
	}
	if r.TLP == stix.TLPNone {
		r.TLP = s.f.TLP
	}
	for _, t := range append(append(more.Types, more.Context), o.Labels...) {
		r.label(t)
	}
	refs = append(refs, more.Refs...)
	if o.Type == "campaign" {
		r.name(named(o))
		for _, how := range []string{"uses", "attributed-to"} {
			joins, err := s.shelf.Related(ctx, s.f.ID, o.ID, how)
			if err != nil {
				return r, err
			}
			for _, j := range joins {
				if !j.Revoked {
					refs = append(refs, j.Target)
				}
			}
		}
	}
	return r, s.refer(ctx, &r, refs)
}

func named(o *stix.Object) Named {
	n := Named{Type: o.Type, Name: o.Name}
	for _, a := range o.Aliases {
		if a = tidy(strings.TrimSpace(a), 120); a != "" && a != o.Name && len(n.Aliases) < 10 {
			n.Aliases = append(n.Aliases, a)
		}
	}
	if ids := o.ATTACK(); len(ids) > 0 {
		n.Attack = tidy(ids[0], 20)
	}
	return n
}

// refer puts in what a report refers to and the feed holds: threats by name, indicators by what they look for.
func (s *session) refer(ctx context.Context, r *Report, refs []string) error {
	for _, id := range refs[:min(len(refs), maxRefs)] {
		kind, _, _ := strings.Cut(id, "--")
		if kind != "indicator" && !slices.Contains(threatTypes, kind) {
			continue
		}
		o, err := s.shelf.Object(ctx, s.f.ID, id)
		if errors.Is(err, ErrNotFound) || err == nil && o.Revoked {
			continue
		}
		if err != nil {
			return err
		}
		if kind != "indicator" {
			r.name(named(o))
			continue
		}
		if o.PatternType != "stix" || slices.Contains(o.IndicatorTypes, "benign") {
			continue
		}
		wanted, _, err := stix.Understand(o.Pattern)
		if err != nil {
			continue // the run refused it, with the reason
		}
		for _, w := range wanted {
			if w.Kind, err = s.taker.Check(w.Kind, w.Value); err == nil {
				r.want(w)
			}
		}
	}
	return nil
}
