package indicator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/intel"
)

// Most is how many indicators that are not retired an installation holds.
const Most = 10_000_000

// Options of a Desk.
type Options struct {
	Good *KnownGood       // what must not be hit; nil: nothing
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: discard
	// Bare keeps no set in memory: for commands that only read and change the store.
	Bare bool
	// Cache is a file that keeps the set for a quick start; "": none. It is believed only when it is of the store's last batch.
	Cache string
	// Set is called with every new set to judge with. It must not wait.
	Set func(*intel.Indicators)
	// Changed is called after what counts changed: batches later than after, up to upTo.
	Changed func(why string, after, upTo int64)
}

// Desk is where indicators are taken in, changed and asked for. It is safe for concurrent use.
type Desk struct {
	store Store
	opt   Options

	set    atomic.Pointer[intel.Indicators]
	mu     sync.Mutex        // one change of the set at a time
	next   *intel.Indicators // what lists that are being taken in make of the set; nil: none is
	takes  int               // how many lists are being taken in
	number int64             // of the last batch that is in the set, or in next
	taking sync.Map          // sources that are being taken in
}

// Open reads every indicator into memory.
func Open(ctx context.Context, s Store, o Options) (*Desk, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Good == nil {
		o.Good = &KnownGood{}
	}
	d := &Desk{store: s, opt: o}
	if o.Bare {
		d.set.Store(intel.NewIndicators())
		return d, nil
	}
	if d.recall(ctx) {
		return d, nil
	}
	return d, d.Load(ctx)
}

// cacheFrom is from how many indicators on the cache is worth its file.
const cacheFrom = 100_000

// recall reads the set from the cache.
func (d *Desk) recall(ctx context.Context) bool {
	if d.opt.Cache == "" {
		return false
	}
	f, err := os.Open(d.opt.Cache)
	if err != nil {
		return false
	}
	defer f.Close()
	_, last, err := d.store.Count(ctx)
	if err != nil {
		return false
	}
	set, number, err := intel.ReadSet(f)
	if err != nil || number != last {
		return false
	}
	d.number = number
	d.use(set)
	return true
}

// Close keeps the set for the next start, when it is large. What cannot be kept is read from the store then.
func (d *Desk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	set := d.set.Load()
	if d.opt.Cache == "" || set == nil {
		return nil
	}
	if set.Len() < cacheFrom || d.takes > 0 {
		if err := os.Remove(d.opt.Cache); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("indicators: %w", err)
		}
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(d.opt.Cache), ".indicators-*")
	if err != nil {
		return fmt.Errorf("indicators: %w", err)
	}
	err = errors.Join(set.WriteSet(f, d.number), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), d.opt.Cache)
	}
	if err != nil {
		return fmt.Errorf("keep the set of indicators: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// Set is what mail is judged with now. Do not change it.
func (d *Desk) Set() *intel.Indicators { return d.set.Load() }

// Load makes the set anew from the store, and exchanges it when it is whole.
func (d *Desk) Load(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, last, err := d.store.Count(ctx)
	if err != nil {
		return err
	}
	set, now := intel.NewIndicators(), d.opt.Now()
	set.Reserve(int(min(n, Most)))
	err = d.store.Each(ctx, Range{Live: true}, false, func(r *Row) error {
		if in, ok := r.entry(now); ok {
			set.Put(in, r.Fingerprint)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read indicators: %w", err)
	}
	d.number = last
	d.use(set)
	return nil
}

func (d *Desk) use(set *intel.Indicators) {
	d.set.Store(set)
	if d.opt.Set != nil {
		d.opt.Set(set)
	}
}

// apply brings rows that changed into a copy of the set, and exchanges it.
func (d *Desk) apply(rows []Row, number int64) {
	if d.opt.Bare {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	set, now := d.set.Load().Clone(), d.opt.Now()
	for i := range rows {
		put(set, &rows[i], now)
		if d.next != nil {
			put(d.next, &rows[i], now)
		}
	}
	d.number = max(d.number, number)
	d.use(set)
}

// begin makes room for what a list changes: beside the set at work, so that mail is judged with the old one until the list is in.
func (d *Desk) begin() {
	if d.opt.Bare {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.takes++; d.next == nil {
		d.next = d.set.Load().Clone()
	}
}

// follow brings rows of a list into the next set.
func (d *Desk) follow(number int64, lists ...[]Row) {
	if d.opt.Bare {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.opt.Now()
	for _, rows := range lists {
		for i := range rows {
			put(d.next, &rows[i], now)
		}
	}
	d.number = max(d.number, number)
}

// end puts the next set to work.
func (d *Desk) end() {
	if d.opt.Bare {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	set := d.next
	if d.takes--; d.takes > 0 {
		set = d.next.Clone()
	} else {
		d.next = nil
	}
	d.use(set)
}

func put(set *intel.Indicators, r *Row, now time.Time) {
	if in, ok := r.entry(now); ok {
		set.Put(in, r.Fingerprint)
		return
	}
	p := r.plain(now)
	set.Remove(p.Kind, p.Value, p.Source, r.Fingerprint)
}

// Taken is what came of a list.
type Taken struct {
	Added, Changed, Same, Retired int
	Withdrawn                     int       // that the source says are none any more; Retired are those that it does not list any more
	Held                          int       // of those added or changed, held back until a person has looked
	Refused                       []Refusal // the first of them
	RefusedCount                  int
	Warnings                      []string
}

// Refusal is an item that is no indicator, and why.
type Refusal struct {
	At    int // its place in the list, from 1
	Value string
	Why   string
}

// maxRefusals is how many refusals are told one by one, and maxWarnings how many warnings.
const (
	maxRefusals = 100
	maxWarnings = 20
)

func (t *Taken) refuse(at int, value string, err error) {
	if t.RefusedCount++; len(t.Refused) < maxRefusals {
		t.Refused = append(t.Refused, Refusal{at, clean(value, 200), err.Error()})
	}
}

func (t *Taken) warn(format string, args ...any) {
	if len(t.Warnings) < maxWarnings {
		t.Warnings = append(t.Warnings, fmt.Sprintf(format, args...))
	}
}

// Take brings in what a source lists. Items that say the same as before change nothing. whole says that the list is all the source has:
// what it does not list any more is retired, unless a person pinned it. An error of the list itself ends it, and nothing is retired then;
// what was taken in before stays. An item that is no indicator is refused, and the others go on.
func (d *Desk) Take(ctx context.Context, source string, whole bool, items iter.Seq2[Indicator, error]) (Taken, error) {
	if source = clean(source, 120); source == "" {
		return Taken{}, &Wrong{"source", errors.New("a source needs a name")}
	}
	if _, busy := d.taking.LoadOrStore(source, true); busy {
		return Taken{}, ErrBusy
	}
	defer d.taking.Delete(source)
	t := take{d: d, source: source, now: d.opt.Now()}
	if err := t.begin(ctx); err != nil {
		return t.Taken, err
	}
	n, err := 0, error(nil)
	for in, e := range items {
		if n++; e != nil {
			err = e
			break
		}
		if err = t.add(ctx, n, in); err != nil {
			break
		}
	}
	if err == nil {
		err = t.flush(ctx)
	}
	if err == nil && whole {
		err = t.retire(ctx)
	}
	d.taken(&t)
	return t.Taken, err
}

// taken puts what came of a list to work, and tells who wants to know.
func (d *Desk) taken(t *take) {
	if t.last == 0 {
		return
	}
	d.end()
	if d.opt.Changed != nil {
		d.opt.Changed(fmt.Sprintf("indicators of %s changed", t.source), t.first-1, t.last)
	}
}

// Who changes something.
type Who struct{ Name string }

// Add takes in what a person gives. An item that is there already is changed to what was given. The ids are in the order of the items, 0
// for those that were refused.
func (d *Desk) Add(ctx context.Context, by Who, note string, items []Indicator) (Taken, []int64, error) {
	t := take{d: d, source: Manual, now: d.opt.Now(), by: by.Name, note: note, keepIDs: true}
	if err := t.begin(ctx); err != nil {
		return t.Taken, nil, err
	}
	defer func() { d.taken(&t) }()
	for i, in := range items {
		if err := t.add(ctx, i+1, in); err != nil {
			return t.Taken, nil, err
		}
	}
	if err := t.flush(ctx); err != nil {
		return t.Taken, nil, err
	}
	ids := make([]int64, len(items))
	for at, id := range t.ids {
		ids[at-1] = id
	}
	return t.Taken, ids, nil
}

// Change is what a person decides about indicators. Nil fields stay.
type Change struct {
	State      State // "": stays
	Release    bool  // let them match although they were held back
	Hold       string
	Confidence *int
	Threat     *string
	TLP        *TLP
	Tags       *[]string
	ValidUntil *time.Time
	Note       string
}

// MaxChange is how many indicators one change covers.
const MaxChange = 10_000

// Apply changes indicators, all or none, and returns how they are now.
func (d *Desk) Apply(ctx context.Context, by Who, ids []int64, c Change) ([]Indicator, error) {
	if len(ids) == 0 || len(ids) > MaxChange {
		return nil, &Wrong{"ids", fmt.Errorf("%d indicators; want 1 to %d", len(ids), MaxChange)}
	}
	rows, err := d.store.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(rows) < len(ids) {
		return nil, ErrNotFound
	}
	now := second(d.opt.Now())
	b := Batch{At: now}
	for i := range rows {
		r := rows[i]
		what, err := c.on(&r, by)
		if err != nil {
			return nil, err
		}
		if len(what) == 0 {
			continue
		}
		r.Updated, r.By = now, by.Name
		b.Changed = append(b.Changed, r)
		b.Events = append(b.Events, RowEvent{ID: r.ID, Event: Event{At: now, By: by.Name, What: strings.Join(what, ", "), Note: clean(c.Note, maxDescription)}})
		rows[i] = r
	}
	if len(b.Changed) > 0 {
		last, err := d.store.Save(ctx, &b)
		if err != nil {
			return nil, err
		}
		d.apply(b.Changed, last)
		if d.opt.Changed != nil {
			d.opt.Changed("indicators changed", last-1, last)
		}
	}
	out := make([]Indicator, len(rows))
	for i := range rows {
		out[i] = rows[i].Indicator
	}
	return out, nil
}

// on changes one row and says what it did, in words.
func (c *Change) on(r *Row, _ Who) (what []string, err error) {
	switch c.State {
	case "":
	case Suspicious, Confirmed, Retired:
		if r.State != c.State {
			what = append(what, string(c.State))
		}
		r.State, r.Pinned = c.State, true
	default:
		return nil, &Wrong{"state", fmt.Errorf("state %q: want suspicious, confirmed or retired", clip(string(c.State), 40))}
	}
	if c.Release && r.Held != "" {
		what, r.Held, r.Released = append(what, "released, although it "+r.Held), "", true
	}
	if c.Hold != "" && r.Held == "" {
		r.Held, r.Released = clean(c.Hold, maxRef), false
		what = append(what, "held back")
	}
	if c.Confidence != nil && *c.Confidence != r.Confidence {
		if *c.Confidence < 0 || *c.Confidence > 100 {
			return nil, &Wrong{"confidence", fmt.Errorf("confidence %d: want 0 to 100", *c.Confidence)}
		}
		r.Confidence = *c.Confidence
		what = append(what, fmt.Sprintf("confidence %d", r.Confidence))
	}
	if c.Threat != nil && clean(*c.Threat, maxThreat) != r.Threat {
		r.Threat = clean(*c.Threat, maxThreat)
		what = append(what, "threat "+r.Threat)
	}
	if c.TLP != nil && *c.TLP != r.TLP {
		if r.TLP, err = ParseTLP(string(*c.TLP)); err != nil {
			return nil, &Wrong{"tlp", err}
		}
		what = append(what, "TLP "+string(r.TLP))
	}
	if c.Tags != nil {
		in := Indicator{Kind: r.Kind, Value: r.Value, Tags: *c.Tags}
		checked, err := check(in, r.Source, r.Created)
		if err != nil {
			return nil, &Wrong{"tags", err}
		}
		if strings.Join(checked.Tags, ",") != strings.Join(r.Tags, ",") {
			r.Tags = checked.Tags
			what = append(what, "tags "+strings.Join(r.Tags, ", "))
		}
	}
	if c.ValidUntil != nil && !second(*c.ValidUntil).Equal(r.ValidUntil) {
		r.ValidUntil = second(*c.ValidUntil)
		if r.ValidUntil.IsZero() {
			what = append(what, "valid without end")
		} else {
			what = append(what, "valid until "+r.ValidUntil.Format(time.RFC3339))
		}
	}
	if r.Source == Manual {
		r.Digest = r.digest()
	}
	return what, nil
}

// Get returns one indicator with its history, oldest first.
func (d *Desk) Get(ctx context.Context, id int64) (Indicator, []Event, error) {
	rows, err := d.store.Rows(ctx, []int64{id})
	if err != nil {
		return Indicator{}, nil, err
	}
	if len(rows) == 0 {
		return Indicator{}, nil, ErrNotFound
	}
	in := rows[0].Indicator
	list, err := d.store.History(ctx, id, 500)
	if err != nil {
		return Indicator{}, nil, err
	}
	by := in.Source
	if in.Source == Manual && in.By != "" {
		by = in.By
	}
	if len(list) == 0 || list[0].What != "added" {
		list = append([]Event{{At: in.Created, By: by, What: "added"}}, list...)
	}
	return in, list, nil
}

// List returns indicators, newest first. next is 0 at the end.
func (d *Desk) List(ctx context.Context, f Filter, before int64, limit int) ([]Indicator, int64, error) {
	if f.Now.IsZero() {
		f.Now = d.opt.Now()
	}
	rows, next, err := d.store.List(ctx, f, before, limit)
	out := make([]Indicator, len(rows))
	for i := range rows {
		out[i] = rows[i].Indicator
	}
	return out, next, err
}

// Find returns what every source says of exactly this value, retired ones with it.
func (d *Desk) Find(ctx context.Context, kind intel.Kind, value string) ([]Indicator, error) {
	kind, normal, err := intel.Normalise(kind, value)
	if err != nil {
		return nil, &Wrong{"value", err}
	}
	rows, err := d.store.Same(ctx, intel.FingerprintOf(kind, normal))
	out := make([]Indicator, len(rows))
	for i := range rows {
		out[i] = rows[i].Indicator
	}
	return out, err
}

// Each calls f for every indicator of a range, in the order of ids. It is for exports: nothing is kept in memory.
func (d *Desk) Each(ctx context.Context, r Range, f func(*Indicator) error) error {
	return d.store.Each(ctx, r, true, func(row *Row) error { return f(&row.Indicator) })
}

// Sources returns how much each source has.
func (d *Desk) Sources(ctx context.Context) ([]SourceCount, error) { return d.store.Sources(ctx) }
