package indicator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/intel"
	"tocsin/internal/kql"
)

// fill counts the mail that has the values of a sighting.
func (w *Hunter) fill(ctx context.Context, s *Sighting, found []Found, since, until time.Time) error {
	s.As = []string{}
	var clicked []string
	for _, f := range found {
		if len(s.As) < 20 && !slices.Contains(s.As, f.Value) {
			s.As = append(s.As, f.Value)
		}
		if p, ok := placeNamed(f.Place); ok && p.table == "UrlClickEvents" {
			clicked = append(clicked, f.Value)
		}
	}
	s.Query = mailOf(found, since, until)
	if s.Query == "" {
		return nil
	}
	err := w.ask(ctx, s.Query+"\n| where "+within(since, until)+`
| summarize Messages = count_distinct(NetworkMessageId), Events = count(), People = count_distinct(RecipientEmailAddress), InMailbox = countif(LatestDeliveryLocation in ("Inbox/folder", "Junk folder")), First = min(Timestamp), Last = max(Timestamp)`, func(row []any) error {
		s.Messages, s.Events, s.People, s.InMailbox = kql.Integer(row[0]), kql.Integer(row[1]), kql.Integer(row[2]), kql.Integer(row[3])
		s.First, _ = row[4].(time.Time)
		s.Last, _ = row[5].(time.Time)
		return nil
	})
	if err != nil || len(clicked) == 0 {
		return err
	}
	p, _ := placeNamed("click")
	return w.ask(ctx, "UrlClickEvents\n| where "+within(since, until)+"\n| where "+p.having(clicked)+"\n| count", func(row []any) error {
		s.Clicks = kql.Integer(row[0])
		return nil
	})
}

// Preview is what indicators would hit.
type Preview struct {
	Indicator Indicator // as it would be kept
	Why       string    // why it would be held back: "would hit ..."; "" when it would not
	Refused   string    // why it is no indicator
	Exists    []Indicator
	Seen      Sighting
}

// MaxPreview is how many indicators are tried at once.
const MaxPreview = 50

// Try says what indicators would hit in the mail of a range, without keeping anything. One that is in the store already is looked for too.
func (w *Hunter) Try(ctx context.Context, items []Indicator, since, until time.Time) ([]Preview, error) {
	if len(items) == 0 || len(items) > MaxPreview {
		return nil, &Wrong{"indicators", fmt.Errorf("%d indicators; 1 to %d are tried at once", len(items), MaxPreview)}
	}
	good := w.Desk.opt.Good.With(ctx)
	out := make([]Preview, len(items))
	s := &sought{set: intel.NewIndicators(), few: []Row{}}
	rows := make([]Row, len(items))
	for i, in := range items {
		r, err := check(in, Manual, w.Now())
		if err != nil {
			out[i].Refused, out[i].Indicator = err.Error(), Indicator{Kind: in.Kind, Value: clean(in.Value, 200)}
			continue
		}
		rows[i], out[i].Indicator = r, r.Indicator
		if !r.Good {
			out[i].Why = good.Why(r.Kind, r.Value)
		}
		same, err := w.Desk.store.Same(ctx, r.Fingerprint)
		if err != nil {
			return nil, err
		}
		for _, o := range same {
			out[i].Exists = append(out[i].Exists, o.Indicator)
		}
		p := r.plain(w.Now())
		p.From, p.Expires, p.Good, p.Source = noTime, noTime, false, fmt.Sprint(i)
		s.set.Put(p, r.Fingerprint)
		s.few = append(s.few, r)
	}
	found := make([][]Found, len(items))
	if err := w.seek(ctx, s, since, until, func(place, value string, in intel.Indicator) {
		for i := range rows {
			if rows[i].Value == "" {
				continue
			}
			if _, normal, err := intel.Normalise(rows[i].Kind, rows[i].Value); err == nil && rows[i].Kind == in.Kind && fits(normal, in) && len(found[i]) < maxPlaces {
				found[i] = append(found[i], Found{Place: place, Value: value})
			}
		}
	}); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Refused != "" {
			continue
		}
		in := &out[i].Indicator
		out[i].Seen = Sighting{Kind: in.Kind.String(), Value: in.Value, Threat: in.Threat, Source: in.Source, Now: in.At(w.Now()), More: len(found[i]) >= maxPlaces}
		if err := w.fill(ctx, &out[i].Seen, found[i], since, until); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fits reports whether a hit is of the indicator with this normal value.
func fits(normal string, in intel.Indicator) bool {
	_, other, err := intel.Normalise(in.Kind, in.Value)
	return err == nil && other == normal
}

// Seen says how much of the mail of a range has one indicator.
func (w *Hunter) Seen(ctx context.Context, id int64, since, until time.Time) (Sighting, error) {
	in, _, err := w.Desk.Get(ctx, id)
	if err != nil {
		return Sighting{}, err
	}
	in.State, in.Good, in.ValidFrom, in.ValidUntil = Confirmed, false, noTime, noTime
	got, err := w.Try(ctx, []Indicator{in}, since, until)
	if err != nil {
		return Sighting{}, err
	}
	if got[0].Refused != "" {
		return Sighting{}, errors.New(got[0].Refused)
	}
	s := got[0].Seen
	s.Indicator = id
	return s, nil
}

// seek compares the values of every place of a range at once.
func (w *Hunter) seek(ctx context.Context, s *sought, since, until time.Time, hit func(place, value string, in intel.Indicator)) error {
	for i := range places {
		p := &places[i]
		if !p.wanted(s.set) {
			continue
		}
		err := w.ask(ctx, p.question(s, since, until), func(row []any) error {
			value, _ := row[0].(string)
			if in, ok := p.find(s.set, value); ok {
				hit(p.name, value, in)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CommonValues returns the values that at least a share of the messages of a range have: senders, domains, servers, hosts of links, and
// subjects. It is what KnownGood.Common asks.
func (w *Hunter) CommonValues(ctx context.Context, share float64, since, until time.Time) ([]Common, error) {
	var total int64
	if err := w.ask(ctx, "EmailEvents\n| where "+within(since, until)+"\n| summarize count_distinct(NetworkMessageId)", func(row []any) error {
		total = kql.Integer(row[0])
		return nil
	}); err != nil {
		return nil, err
	}
	least := int64(float64(total) * share)
	if total < 500 || least < 5 { // of so little mail, nothing is much
		return nil, nil
	}
	var out []Common
	for _, q := range []struct {
		table, column string
		kind          intel.Kind
	}{
		{"EmailEvents", "SenderFromAddress", intel.Sender}, {"EmailEvents", "SenderFromDomain", intel.Domain}, {"EmailEvents", "SenderIPv4", intel.IP}, {"EmailEvents", "SenderIPv6", intel.IP},
		{"EmailEvents", "Subject", intel.Subject}, {"EmailUrlInfo", "UrlDomain", intel.Domain}, {"EmailUrlInfo", "Url", intel.URL},
	} {
		err := w.ask(ctx, fmt.Sprintf("%s\n| where %s\n| where %s != \"\"\n| summarize Messages = dcount(NetworkMessageId) by %s\n| where Messages >= %d\n| top 500 by Messages", q.table, within(since, until), q.column, q.column, least), func(row []any) error {
			value, _ := row[0].(string)
			out = append(out, Common{Kind: q.kind, Value: value, Share: float64(kql.Integer(row[1])) / float64(total)})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
