package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/incident"
	"tocsin/internal/indicator"
	"tocsin/internal/stix"
)

// indicatorID names an indicator to others. Its last 62 bits are the number of the row, so that it is found again without a search; the
// others are of what it says, so that two installations never give the same id.
func indicatorID(in *indicator.Indicator, organisation string) string {
	sum := sha256.Sum256([]byte(organisation + "\n" + in.Source + "\n" + in.Kind.String() + "\n" + in.Value))
	var u uuid.UUID
	copy(u[:8], sum[:8])
	binary.BigEndian.PutUint64(u[8:], uint64(in.ID)&(1<<62-1)|1<<63) // the variant of RFC 9562 section 4.1
	u[6] = u[6]&0x0f | 0x50                                          // named, as version 5
	return "indicator--" + u.String()
}

// indicatorRow is the number in such an id; 0 when it is none.
func indicatorRow(id string) int64 {
	text, ok := strings.CutPrefix(id, "indicator--")
	if !ok {
		return 0
	}
	u, err := uuid.Parse(text)
	if err != nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(u[8:]) & (1<<62 - 1))
}

// tellsOn says whether an indicator may be told at a level: it is bad, at work or just retired, and its TLP allows it. One that people of
// this installation added without a TLP counts as amber, like one of a feed.
func tellsOn(in *indicator.Indicator, level stix.TLP) bool {
	return !in.Good && in.Held == "" && stix.TLP(in.TLP).Within(level)
}

// taxiiIndicators reads the indicators of a collection in the order in which they changed. The mark of the next page is the number of a
// batch of changes and a place in it.
func (s *Server) taxiiIndicators(ctx context.Context, c *taxiiCollection, q taxiiAsk) (taxiiPage, error) {
	desk := s.deps.Feeds.Indicators
	if q.ids != nil {
		return s.taxiiIndicatorsByID(ctx, c, q)
	}
	batch, skip, err := taxiiMark(q.next)
	if err != nil {
		return taxiiPage{}, err
	}
	if q.types != nil && !slices.Contains(q.types, "indicator") {
		return taxiiPage{}, nil
	}
	last, err := desk.Last(ctx)
	if err != nil {
		return taxiiPage{}, err
	}
	var p taxiiPage
	until := time.Now().Add(asking / 3)
	for ; batch < last && p.next == ""; batch, skip = batch+1, 0 {
		if batch%64 == 0 && time.Now().After(until) {
			p.next = fmt.Sprintf("%d.0", batch)
			break
		}
		n := 0
		err := desk.Each(ctx, indicator.Range{After: batch, UpTo: batch + 1}, func(in *indicator.Indicator) error {
			if n++; n <= skip || !tellsOn(in, c.level) || !in.Updated.After(q.after) || in.State == indicator.Retired && q.after.IsZero() {
				return nil
			}
			if len(p.objects) == q.limit {
				p.next = fmt.Sprintf("%d.%d", batch, n-1)
				return errEnoughTold
			}
			o, err := s.taxiiIndicator(in, c.level)
			if err == nil && (q.exact == nil || slices.Contains(q.exact, o.version)) {
				p.objects = append(p.objects, o)
			}
			return err
		})
		if err != nil && !errors.Is(err, errEnoughTold) {
			return p, err
		}
	}
	slices.SortStableFunc(p.objects, func(a, b taxiiObject) int { return a.added.Compare(b.added) })
	return p, nil
}

var errEnoughTold = errors.New("enough for one page")

func taxiiMark(next string) (batch int64, skip int, err error) {
	if next == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(next, ".")
	batch, err1 := strconv.ParseInt(a, 10, 64)
	skip, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || batch < 0 || skip < 0 {
		return 0, 0, &errTAXII{http.StatusBadRequest, "next is not what this server gave"}
	}
	return batch, skip, nil
}

func (s *Server) taxiiIndicatorsByID(ctx context.Context, c *taxiiCollection, q taxiiAsk) (taxiiPage, error) {
	var p taxiiPage
	for _, id := range q.ids {
		row := indicatorRow(id)
		if row == 0 {
			continue
		}
		in, _, err := s.deps.Feeds.Indicators.Get(ctx, row)
		if errors.Is(err, indicator.ErrNotFound) {
			continue
		}
		if err != nil {
			return p, err
		}
		if !tellsOn(&in, c.level) {
			continue
		}
		o, err := s.taxiiIndicator(&in, c.level)
		if err != nil {
			return p, err
		}
		if q.wants(&o) {
			p.objects = append(p.objects, o)
		}
	}
	return p, nil
}

func (s *Server) taxiiIndicator(in *indicator.Indicator, level stix.TLP) (taxiiObject, error) {
	own := stix.TLP(in.TLP)
	if own == stix.TLPNone {
		own = level
	}
	b := stix.NewBundle(own)
	author := stix.Author(b, s.toldBy())
	id := indicatorID(in, s.toldBy())
	b.Put(stix.Single{ID: id, Created: in.Created, Modified: in.Updated, Tags: in.Tags, Revoked: in.State == indicator.Retired, Source: in.Source, Ref: in.SourceRef,
		Known: stix.Known{Wanted: stix.Wanted{Kind: stix.Kind(in.Kind.String()), Value: in.Value}, Threat: in.Threat, Confidence: in.Confidence, Description: in.Description, From: in.ValidFrom, Until: in.ValidUntil}}, author)
	all, err := b.Objects()
	if err != nil {
		return taxiiObject{}, err
	}
	return taxiiObject{id, "indicator", stix.FormatTime(in.Updated), in.Updated, all[len(all)-1]}, nil
}

// sharedMost is how many incidents a collection holds, the newest ones, and sharedMail how many messages are told of each.
const sharedMost = 200

// taxiiIncidents reads the incidents that have a TLP tag within the level, in the order in which they changed. The mark of the next page is
// the time and id of an incident and a place among its objects.
func (s *Server) taxiiIncidents(ctx context.Context, c *taxiiCollection, q taxiiAsk) (taxiiPage, error) {
	var p taxiiPage
	shared, err := s.sharedIncidents(ctx, c.level)
	if err != nil {
		return p, err
	}
	from, skip := "", 0
	if q.next != "" {
		at := strings.LastIndexByte(q.next, '.')
		if at < 0 {
			return p, &errTAXII{http.StatusBadRequest, "next is not what this server gave"}
		}
		if skip, err = strconv.Atoi(q.next[at+1:]); err != nil {
			return p, &errTAXII{http.StatusBadRequest, "next is not what this server gave"}
		}
		from = q.next[:at]
	}
	for i := range shared {
		place := fmt.Sprintf("%d.%s", shared[i].Updated.UnixMicro(), shared[i].ID)
		if !shared[i].Updated.After(q.after) || len(place) < len(from) || len(place) == len(from) && place < from {
			continue
		}
		story, err := s.incidentStory(ctx, &shared[i].Incident, shared[i].level)
		if err != nil {
			return p, err
		}
		raw, err := stix.Tell(story).Objects()
		if err != nil {
			return p, err
		}
		for n, r := range raw {
			if place == from && n < skip {
				continue
			}
			if len(p.objects) == q.limit {
				p.next = fmt.Sprintf("%s.%d", place, n)
				return p, nil
			}
			o, err := stix.Parse(r)
			if err != nil {
				return p, err
			}
			version := o.Modified
			if version.IsZero() {
				version = shared[i].Updated
			}
			t := taxiiObject{o.ID, o.Type, stix.FormatTime(version), shared[i].Updated, r}
			if q.wants(&t) {
				p.objects = append(p.objects, t)
			}
		}
	}
	return p, nil
}

type sharedIncident struct {
	incident.Incident
	level stix.TLP
}

// sharedIncidents are those with a tag of TLP that allows the level, by when they changed.
func (s *Server) sharedIncidents(ctx context.Context, level stix.TLP) ([]sharedIncident, error) {
	var out []sharedIncident
	for _, l := range stix.TLPs() {
		if !l.Within(level) {
			break
		}
		page, err := s.deps.Incidents.Store.List(ctx, incident.Filter{Tag: "TLP:" + strings.ToUpper(string(l)), Sort: incident.Sort("updated"), Desc: true, Limit: sharedMost, Now: s.deps.Now(), Clocks: s.deps.Incidents.Clocks})
		if err != nil {
			return nil, err
		}
		for _, i := range page.Incidents {
			if t := tagLevel(i.Tags); t.Within(level) { // the narrowest tag counts
				out = append(out, sharedIncident{i, t})
			}
		}
	}
	slices.SortFunc(out, func(a, b sharedIncident) int {
		return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(out, func(a, b sharedIncident) bool { return a.ID == b.ID }), nil
}

func tagLevel(tags []string) stix.TLP {
	out := stix.TLPNone
	for _, tag := range tags {
		if l, ok := stix.ParseTLP(tag); ok && len(tag) > 3 && strings.EqualFold(tag[:3], "tlp") {
			out = stix.Narrower(out, l)
		}
	}
	return out
}
