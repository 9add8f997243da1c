package indicator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/intel"
)

// HuntState of a search backwards.
type HuntState string

const (
	Queued    HuntState = "queued"
	Running   HuntState = "running"
	Done      HuntState = "done"
	Failed    HuntState = "failed"
	Cancelled HuntState = "cancelled"
)

// Over reports whether nothing more will happen.
func (s HuntState) Over() bool { return s == Done || s == Failed || s == Cancelled }

// HuntSpec says what is looked for, and where. Its JSON is in the database of installations that are upgraded: add fields, never change
// their meaning. One of IDs, Source, and After with UpTo names the indicators; none: all that are at work.
type HuntSpec struct {
	IDs     []int64   `json:"ids,omitempty"`
	Source  string    `json:"source,omitempty"`
	After   int64     `json:"after,omitempty"` // changed by batches later than this,
	UpTo    int64     `json:"up_to,omitempty"` // up to this
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Rejudge bool      `json:"rejudge,omitempty"` // judge what was found again, so that the policy may act
	Quiet   bool      `json:"quiet,omitempty"`   // raise no alert
	Names   string    `json:"names,omitempty"`   // what is looked for, in words
}

// Bounds of a search.
const (
	MaxHuntIDs    = 1000
	MaxHuntWindow = 366 * 24 * time.Hour
	MaxSightings  = 2000   // indicators that are told one by one; more are counted
	maxPlaces     = 500    // different values of the mail that one sighting names
	maxFound      = 20_000 // values of the mail that are kept while it is looked
	MaxHunted     = 10_000 // messages that are judged again
)

// Check says what is wrong with a spec before it becomes a search.
func (s *HuntSpec) Check(now time.Time) error {
	switch {
	case !s.Since.Before(s.Until):
		return &Wrong{"since", errors.New("the time asked for is empty")}
	case s.Until.Sub(s.Since) > MaxHuntWindow+time.Hour:
		return &Wrong{"since", fmt.Errorf("at most %d days at once", int(MaxHuntWindow/(24*time.Hour)))}
	case len(s.IDs) > MaxHuntIDs:
		return &Wrong{"ids", fmt.Errorf("%d indicators; at most %d, or those of a source", len(s.IDs), MaxHuntIDs)}
	}
	return nil
}

// sought are the rows that a spec names.
func (s *HuntSpec) sought() Range {
	return Range{IDs: s.IDs, Source: s.Source, After: s.After, UpTo: s.UpTo, Live: s.IDs == nil && s.UpTo == 0}
}

// Hunt is one search backwards and how far it is.
type Hunt struct {
	ID        string
	State     HuntState
	Spec      HuntSpec
	Automatic bool
	Trigger   string // why: "indicators changed", or the operator's own reason
	By        string
	Created   time.Time
	Started   time.Time
	Ended     time.Time
	Cancel    bool
	Counts    HuntCounts
	Step      int    // pieces of work that are done
	Run       string // that judges what was found again
	Alert     string
	Error     string
}

// HuntCounts of a search. Messages, people and clicks are each counted once, whatever number of indicators they have.
type HuntCounts struct {
	Steps      int           `json:"steps"`      // pieces of work in all
	Indicators int64         `json:"indicators"` // looked for
	Values     int64         `json:"values"`     // different values of the mail that were compared
	Hits       int64         `json:"hits"`       // indicators that were seen
	Told       int64         `json:"told"`       // of those, sightings that are kept
	Messages   int64         `json:"messages"`
	Events     int64         `json:"events"`
	People     int64         `json:"people"`
	Clicks     int64         `json:"clicks"`
	More       bool          `json:"more"` // there is more than could be kept: the counts are the least it is
	Worked     time.Duration `json:"worked"`
	Slice      time.Duration `json:"slice"` // how much time one piece of work covers
}

// Found is a value of the mail that an indicator fits.
type Found struct {
	Indicator int64
	Place     string // see places
	Value     string
}

// Sighting is an indicator that was seen, with how much of the mail has it.
type Sighting struct {
	Seq       int64     `json:"seq"`
	Indicator int64     `json:"indicator"`
	Kind      string    `json:"kind"`
	Value     string    `json:"value"`
	Threat    string    `json:"threat"`
	Source    string    `json:"source"`
	Now       string    `json:"now"` // what it does, see Indicator.At
	Messages  int64     `json:"messages"`
	Events    int64     `json:"events"` // a recipient each
	People    int64     `json:"people"`
	InMailbox int64     `json:"in_mailbox"` // events that still lie in a mailbox
	Clicks    int64     `json:"clicks"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	As        []string  `json:"as"`    // the values of the mail, the first of them
	Query     string    `json:"query"` // the mail, as a filter of Explorer
	More      bool      `json:"more"`  // there are more values than the query names
}

// HuntStore keeps searches.
type HuntStore interface {
	Hunt(ctx context.Context, id string) (Hunt, error)
	// Hunts returns searches, newest first, before the id.
	Hunts(ctx context.Context, before string, limit int) ([]Hunt, error)
	// SaveHunt keeps how far a search is, with what it found since the last time. It leaves Cancel as it is and returns it.
	SaveHunt(ctx context.Context, h Hunt, found []Found, seen []Sighting) (cancel bool, err error)
	CancelHunt(ctx context.Context, id string, now time.Time) error
	Found(ctx context.Context, id string, limit int) ([]Found, error)
	Sightings(ctx context.Context, id string, after int64, limit int) ([]Sighting, error)
}

// sought is what is looked for, ready to be compared with the mail.
type sought struct {
	set   *intel.Indicators
	few   []Row // all of them, when they are few: the questions name them then
	count int64
	rng   Range
	all   bool // what is at work, not a part of it
}

// fewest is up to how many indicators the questions name.
const fewest = 200

// gather reads what a range names into a set of its own, in which validity does not count: what is looked for is the value.
func (d *Desk) gather(ctx context.Context, r Range) (*sought, error) {
	s := &sought{set: intel.NewIndicators(), rng: r}
	if r.Live && r.Source == "" {
		s.set, s.all = d.Set(), true
		s.count = int64(s.set.Len())
		if s.count > fewest {
			return s, nil
		}
		s.set = intel.NewIndicators()
		s.count = 0
	}
	now := d.opt.Now()
	err := d.store.Each(ctx, r, false, func(row *Row) error {
		if row.Good || s.all && row.Held != "" {
			return nil
		}
		if s.count++; s.count <= fewest {
			s.few = append(s.few, *row)
		}
		in := row.plain(now)
		in.From, in.Expires, in.Suspicious, in.Confidence, in.Threat, in.Source = time.Time{}, time.Time{}, false, 0, "", ""
		s.set.Put(in, row.Fingerprint)
		return nil
	})
	if s.count > fewest {
		s.few = nil
	}
	return s, err
}

// who returns the indicators of the range that stand behind a hit.
func (d *Desk) who(ctx context.Context, s *sought, in intel.Indicator) ([]Row, error) {
	kind, normal, err := intel.Normalise(in.Kind, in.Value)
	if err != nil {
		return nil, nil
	}
	rows, err := d.store.Same(ctx, intel.FingerprintOf(kind, normal))
	if err != nil {
		return nil, err
	}
	out := rows[:0]
	for _, r := range rows {
		if !r.Good && s.rng.holds(&r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// holds reports whether a row is in the range, as far as the row can tell.
func (r *Range) holds(row *Row) bool {
	switch {
	case r.IDs != nil:
		for _, id := range r.IDs {
			if id == row.ID {
				return true
			}
		}
		return false
	case r.Source != "" && row.Source != r.Source, r.Live && row.State == Retired:
		return false
	}
	return true
}
