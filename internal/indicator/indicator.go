// Package indicator is the desk of what is known to be bad, or good: URLs, domains, addresses, networks, file hashes, senders and subject
// patterns, from lists of the settings, from feeds, and from people.
//
// An indicator is one value as one source tells it. It is suspicious until somebody is sure, confirmed while it counts in full, and
// retired when it counts no more; nothing is forgotten, so that an old verdict can be explained. What would hit far too much (a large
// public domain, one's own servers, a value that is in many messages) is taken in and held back until a person has looked. The desk
// keeps the rows in a Store and, beside them, the set in memory that mail is judged with (intel.Indicators); a change is in that set
// before it is answered. Hunt looks for indicators backwards, in mail that was stored before they were known.
package indicator

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/intel"
)

// State of an indicator.
type State string

const (
	Suspicious State = "suspicious" // suspected: counts half
	Confirmed  State = "confirmed"
	Retired    State = "retired" // matches nothing any more
)

// TLP is who an indicator may be shown to (Traffic Light Protocol 2.0); "" when the source did not say.
type TLP string

const (
	Clear       TLP = "clear"
	Green       TLP = "green"
	Amber       TLP = "amber"
	AmberStrict TLP = "amber+strict"
	Red         TLP = "red"
)

// TLPs lists them, the most open first.
func TLPs() []TLP { return []TLP{Clear, Green, Amber, AmberStrict, Red} }

// ParseTLP reads a label with or without "TLP:"; white is the older word for clear.
func ParseTLP(s string) (TLP, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	t = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(t, "tlp"), ":"))
	switch {
	case t == "":
		return "", nil
	case t == "white":
		return Clear, nil
	case slices.Contains(TLPs(), TLP(t)):
		return TLP(t), nil
	}
	return "", fmt.Errorf("%q is no TLP label; there are clear, green, amber, amber+strict and red", clip(s, 40))
}

// The sources that are no feeds.
const (
	Manual   = "manual"          // people of this installation
	Settings = "indicator files" // indicators.files of the settings
)

// Indicator is one value as one source tells it.
type Indicator struct {
	ID          int64      // of this installation; 0: not kept yet
	Kind        intel.Kind // 0: the value tells
	Value       string     // as people read it, not defanged
	Threat      string     // malware family, campaign, or a word like "phish"
	Source      string     // Manual, Settings or the name of a feed
	SourceRef   string     // what the source calls it
	Confidence  int        // 0 to 100; 0: the source did not say
	TLP         TLP
	Tags        []string
	State       State // "": Confirmed when the source is sure (Confidence is 0 or at least Sure), else Suspicious
	Good        bool  // known to be good: silences others on the same value
	Description string
	ValidFrom   time.Time // zero: always
	ValidUntil  time.Time // zero: for ever
	Created     time.Time
	Updated     time.Time
	By          string // operator who added or last changed it; "" when the source did

	Held     string // why it is held back and matches nothing; "": it is not
	Released bool   // a person looked at the reason, and lets it match
	Pinned   bool   // a person chose its state: the source does not change it any more
}

// Sure is the confidence from which an indicator without a state is confirmed.
const Sure = 50

// At says what an indicator does at a time.
func (in *Indicator) At(now time.Time) string {
	switch {
	case in.State == Retired:
		return "retired"
	case in.Held != "":
		return "held back"
	case !in.ValidUntil.IsZero() && !now.Before(in.ValidUntil):
		return "expired"
	case !in.ValidFrom.IsZero() && now.Before(in.ValidFrom):
		return "not valid yet"
	}
	return "at work"
}

// Bounds of what a source may say.
const (
	maxThreat      = 120
	maxRef         = 300
	maxTags        = 20
	maxTag         = 60
	maxDescription = 2000
)

// Row is an indicator with what a store finds it by.
type Row struct {
	Indicator
	Fingerprint intel.Fingerprint
	Digest      int64 // of what its source says of it
}

// check makes a row of what a source says, or says why it is no indicator.
func check(in Indicator, source string, now time.Time) (Row, error) {
	kind, normal, err := intel.Normalise(in.Kind, in.Value)
	if err != nil {
		return Row{}, err
	}
	in.Kind, in.Source, in.Value = kind, source, shown(kind, in.Value, normal)
	in.Threat, in.SourceRef, in.Description = clean(in.Threat, maxThreat), clean(in.SourceRef, maxRef), clean(in.Description, maxDescription)
	if in.Confidence < 0 || in.Confidence > 100 {
		return Row{}, fmt.Errorf("confidence %d: want 0 to 100", in.Confidence)
	}
	if in.TLP, err = ParseTLP(string(in.TLP)); err != nil {
		return Row{}, err
	}
	tags := make([]string, 0, min(len(in.Tags), maxTags))
	for _, t := range in.Tags {
		if t = strings.TrimSpace(strings.ReplaceAll(clean(t, maxTag), ",", " ")); t != "" && len(tags) < maxTags && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	in.Tags = tags
	in.ValidFrom, in.ValidUntil = second(in.ValidFrom), second(in.ValidUntil)
	if !in.ValidFrom.IsZero() && !in.ValidUntil.IsZero() && !in.ValidFrom.Before(in.ValidUntil) {
		return Row{}, errors.New("it ends before it begins: valid until must be after valid from")
	}
	switch in.State {
	case "":
		if in.State = Suspicious; in.Confidence == 0 || in.Confidence >= Sure {
			in.State = Confirmed
		}
	case Suspicious, Confirmed, Retired:
	default:
		return Row{}, fmt.Errorf("state %q: want suspicious, confirmed or retired", clip(string(in.State), 40))
	}
	in.Created, in.Updated = second(now), second(now)
	r := Row{Indicator: in, Fingerprint: intel.FingerprintOf(kind, normal)}
	r.Digest = r.digest()
	return r, nil
}

// shown is a value as people read it: refanged, tidied, but a URL as it was written.
func shown(kind intel.Kind, written, normal string) string {
	switch kind {
	case intel.URL:
		return clean(intel.Refang(written), 4096)
	case intel.IP:
		return intel.ShowNetwork(normal)
	}
	return normal
}

// digest changes when the source says something else. It covers nothing that people decide.
func (r *Row) digest() int64 {
	h := fnv.New64a()
	for _, s := range []string{r.Value, r.Threat, r.SourceRef, string(r.TLP), string(r.State), r.Description, strings.Join(r.Tags, ","), strconv.Itoa(r.Confidence), strconv.FormatBool(r.Good), stamp(r.ValidFrom), stamp(r.ValidUntil)} {
		_, _ = h.Write([]byte(s))
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum64())
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}

func second(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// entry is the row as the set in memory takes it; false when it must not match.
func (r *Row) entry(now time.Time) (intel.Indicator, bool) {
	if r.State == Retired || r.Held != "" || !r.ValidUntil.IsZero() && !now.Before(r.ValidUntil) {
		return intel.Indicator{}, false
	}
	return r.plain(now), true
}

// plain is the row as an entry, whatever its state.
func (r *Row) plain(now time.Time) intel.Indicator {
	in := intel.Indicator{Kind: r.Kind, Value: r.Value, Threat: r.Threat, Source: r.Source, Good: r.Good, Suspicious: r.State == Suspicious, Confidence: uint8(r.Confidence), Expires: r.ValidUntil}
	if r.ValidFrom.After(now) {
		in.From = r.ValidFrom
	}
	if r.Kind == intel.IP { // the set reads the length of the network from the normal form
		_, in.Value, _ = intel.Normalise(intel.IP, r.Value)
	}
	return in
}

// clean makes one line of somebody's text, without what is not drawn, at most n octets long.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return clip(strings.TrimSpace(s), n)
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// ErrNotFound says that there is no such indicator, or hunt.
var ErrNotFound = errors.New("there is no such indicator")

// ErrBusy says that the same source is being taken in already.
var ErrBusy = errors.New("this source is being taken in already; wait until it is done")

// Wrong is a request that cannot be. Field is where, in the words of the API.
type Wrong struct {
	Field string
	Err   error
}

func (e *Wrong) Error() string { return e.Err.Error() }
func (e *Wrong) Unwrap() error { return e.Err }

// Event is one line of an indicator's history.
type Event struct {
	At   time.Time
	By   string // operator, or the source
	What string // "added", "confirmed", "retired", ...
	Note string
}

// Filter of a list. Zero fields: all.
type Filter struct {
	Kind    intel.Kind
	State   State
	Source  string
	Threat  string // exact, without regard to case
	Tag     string
	Text    string // stands in the value; a whole value is found at once
	Held    bool   // only what is held back
	Good    *bool
	Live    bool      // only what matches at Now
	Expired bool      // only what has run out at Now
	Now     time.Time // for the two above
}

// SourceCount is how much a source has.
type SourceCount struct {
	Source                               string
	Suspicious, Confirmed, Retired, Held int64
	Updated                              time.Time // when it last changed anything
}

// Batch is changes that are kept together.
type Batch struct {
	New     []Row // ID is filled in
	Changed []Row // whole rows, by ID
	Events  []RowEvent
	At      time.Time
}

// RowEvent is a line of history: of the row with this ID, or, when it is 0, of the New row at Index.
type RowEvent struct {
	ID    int64
	Index int
	Event
}

// Store keeps indicators. It is safe for concurrent use; Save is one transaction.
type Store interface {
	// Held returns the rows of a source with these fingerprints, in any order.
	Held(ctx context.Context, source string, prints []intel.Fingerprint) ([]Row, error)
	// Save keeps a batch and returns its number: batches are numbered in their order.
	Save(ctx context.Context, b *Batch) (number int64, err error)
	Rows(ctx context.Context, ids []int64) ([]Row, error)
	History(ctx context.Context, id int64, limit int) ([]Event, error)
	// List returns indicators, newest first, with ids below before (0: from the newest); more says that the search stopped before all was
	// looked at or given, and next is where it goes on.
	List(ctx context.Context, f Filter, before int64, limit int) (rows []Row, next int64, err error)
	// Same returns what every source says of a value.
	Same(ctx context.Context, fp intel.Fingerprint) ([]Row, error)
	Sources(ctx context.Context) ([]SourceCount, error)
	// Each calls f for every row that a Range names, in the order of ids. The row is reused. Only what matching needs is filled in,
	// unless whole.
	Each(ctx context.Context, r Range, whole bool, f func(*Row) error) error
	Count(ctx context.Context) (live int64, last int64, err error) // rows that are not retired; number of the last batch
}

// Range names rows. Zero fields: all.
type Range struct {
	Source string
	After  int64 // changed by a batch later than this number
	UpTo   int64 // and not later than this one
	Live   bool  // not retired
	IDs    []int64
}
