package indicator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/intel"
)

// take is one list on its way into the store.
type take struct {
	Taken
	d      *Desk
	source string
	now    time.Time
	good   *KnownGood // as it is now; asked for when the first row needs it
	by     string     // the person who gives the list; "": the source itself
	note   string
	live   int64

	waiting []waiting
	seen    bitmap // ids that the list names

	first, last int64 // numbers of the batches
	keepIDs     bool
	ids         map[int]int64 // place in the list -> id
}

type waiting struct {
	at int
	Row
}

// chunk is how many items are compared with the store, and kept, together.
const chunk = 4000

func (t *take) begin(ctx context.Context) (err error) {
	t.live, _, err = t.d.store.Count(ctx)
	if t.keepIDs {
		t.ids = map[int]int64{}
	}
	return err
}

func (t *take) add(ctx context.Context, at int, in Indicator) error {
	r, err := check(in, t.source, t.now)
	if err != nil {
		t.refuse(at, in.Value, err)
		return nil
	}
	t.waiting = append(t.waiting, waiting{at, r})
	if len(t.waiting) < chunk {
		return nil
	}
	return t.flush(ctx)
}

// flush compares what waits with the store, and keeps what differs.
func (t *take) flush(ctx context.Context) error {
	if len(t.waiting) == 0 {
		return nil
	}
	defer func() { t.waiting = t.waiting[:0] }()
	prints := make([]intel.Fingerprint, 0, len(t.waiting))
	last := make(map[intel.Fingerprint]int, len(t.waiting)) // a value that is listed twice counts as it stands last
	for i := range t.waiting {
		fp := t.waiting[i].Fingerprint
		if _, twice := last[fp]; !twice {
			prints = append(prints, fp)
		}
		last[fp] = i
	}
	held, err := t.d.store.Held(ctx, t.source, prints)
	if err != nil {
		return err
	}
	there := make(map[intel.Fingerprint]*Row, len(held))
	for i := range held {
		there[held[i].Fingerprint] = &held[i]
	}
	b := Batch{At: second(t.now)}
	var at []int // place in the list of each new row
	for i := range t.waiting {
		w := &t.waiting[i]
		if last[w.Fingerprint] != i {
			continue
		}
		if old := there[w.Fingerprint]; old != nil {
			t.seen.add(old.ID)
			if t.keepIDs {
				t.ids[w.at] = old.ID
			}
			t.change(ctx, &b, w, old)
			continue
		}
		if t.live >= Most {
			t.refuse(w.at, w.Value, fmt.Errorf("the installation holds %d indicators, which is the most; retire others", Most))
			continue
		}
		t.live++
		t.hold(ctx, &w.Row)
		w.By = t.by
		if t.by != "" || w.Held != "" {
			b.Events = append(b.Events, RowEvent{Index: len(b.New), Event: Event{At: b.At, By: t.who(), What: "added", Note: t.said(&w.Row)}})
		}
		b.New, at = append(b.New, w.Row), append(at, w.at)
		if w.State == Retired {
			t.Withdrawn++
		} else {
			t.Added++
		}
	}
	return t.keep(ctx, &b, at)
}

func (t *take) who() string {
	if t.by != "" {
		return t.by
	}
	return t.source
}

func (t *take) said(r *Row) string {
	switch {
	case r.Held != "" && t.note != "":
		return t.note + "; held back: it " + r.Held
	case r.Held != "":
		return "held back: it " + r.Held
	}
	return clean(t.note, maxDescription)
}

// change makes of an old row what the source says now. What people decided stays, unless it is a person who says it.
func (t *take) change(ctx context.Context, b *Batch, w *waiting, old *Row) {
	r := *old
	says := w.Digest != old.Digest
	comes := old.State == Retired && w.State != Retired && (!old.Pinned || t.by != "")
	if !says && !comes {
		t.Same++
		return
	}
	id, created, state := old.ID, old.Created, old.State
	pinned, released := old.Pinned, old.Released
	r = w.Row
	r.ID, r.Created, r.Pinned, r.Released, r.By = id, created, pinned, released, t.by
	if t.by == "" && pinned {
		r.State = state
	}
	if t.by != "" {
		r.Pinned = false
	}
	t.hold(ctx, &r)
	what := "changed by its source"
	switch {
	case r.State != state && state == Retired:
		what = "listed again: " + string(r.State)
	case r.State != state:
		what = string(r.State)
	case t.by != "":
		what = "changed"
	}
	if r.State != state || t.by != "" || r.Held != "" && old.Held == "" {
		b.Events = append(b.Events, RowEvent{ID: id, Event: Event{At: b.At, By: t.who(), What: what, Note: t.said(&r)}})
	}
	b.Changed = append(b.Changed, r)
	if r.State == Retired && state != Retired {
		t.Withdrawn++
	} else {
		t.Changed++
	}
}

// hold keeps a row back that would hit what must not be hit.
func (t *take) hold(ctx context.Context, r *Row) {
	r.Held = ""
	if r.Good || r.Released || r.State == Retired {
		return
	}
	if t.good == nil {
		t.good = t.d.opt.Good.With(ctx)
	}
	if why := t.good.Why(r.Kind, r.Value); why != "" {
		r.Held = why
		t.Held++
		t.warn("%s is held back: it %s", r.Value, why)
	}
}

// keep saves a batch.
func (t *take) keep(ctx context.Context, b *Batch, at []int) error {
	if len(b.New)+len(b.Changed) == 0 {
		return nil
	}
	n, err := t.d.store.Save(ctx, b)
	if err != nil {
		return fmt.Errorf("keep indicators of %s: %w", t.source, err)
	}
	if t.first == 0 {
		t.first = n
		t.d.begin()
	}
	t.last = n
	t.d.follow(n, b.New, b.Changed)
	for i := range b.New {
		t.seen.add(b.New[i].ID)
		if t.keepIDs && i < len(at) {
			t.ids[at[i]] = b.New[i].ID
		}
	}
	return nil
}

// errNothing guards against a source that answers with an empty list by mistake.
var errNothing = errors.New("the list is empty, so nothing of this source was retired; retire it by hand if that is meant")

// retire ends what the source does not list any more.
func (t *take) retire(ctx context.Context) error {
	if t.Added+t.Changed+t.Same+t.Withdrawn == 0 && t.RefusedCount > 0 {
		t.warn("%v", errNothing)
		return nil
	}
	var ids []int64
	err := t.d.store.Each(ctx, Range{Source: t.source, Live: true}, false, func(r *Row) error {
		if !r.Pinned && !t.seen.has(r.ID) {
			ids = append(ids, r.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		rows, err := t.d.store.Rows(ctx, ids[:n])
		if err != nil {
			return err
		}
		ids = ids[n:]
		b := Batch{At: second(t.now), Changed: rows}
		for i := range rows {
			rows[i].State, rows[i].Updated = Retired, b.At
			b.Events = append(b.Events, RowEvent{ID: rows[i].ID, Event: Event{At: b.At, By: t.source, What: string(Retired), Note: "its source does not list it any more"}})
		}
		if err := t.keep(ctx, &b, nil); err != nil {
			return err
		}
		t.Retired += len(rows)
	}
	return nil
}

// bitmap is a set of ids: an eighth of an octet for each id up to the highest.
type bitmap struct{ words []uint64 }

func (b *bitmap) add(id int64) {
	i := int(id >> 6)
	if i >= len(b.words) {
		b.words = append(b.words, make([]uint64, max(i+1-len(b.words), len(b.words)/2))...)
	}
	b.words[i] |= 1 << (id & 63)
}

func (b *bitmap) has(id int64) bool {
	i := int(id >> 6)
	return i < len(b.words) && b.words[i]>>(id&63)&1 == 1
}
