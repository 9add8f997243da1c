package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"tocsin/internal/stix"
)

// Options of a Desk.
type Options struct {
	Store   Store
	Taker   Taker
	Threats Threats // nil: nobody wants them
	Sealer  Sealer
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: discard
	// Start has a feed run in the background; nil: Begin runs it at once.
	Start func(ctx context.Context, id, by string) error
	// RunTime is how long one run may take; default 1 h.
	RunTime time.Duration
	// Changed is called after a feed was added, changed, removed or run.
	Changed func(id string)
}

// Desk is where feeds are set up and run. It is safe for concurrent use.
type Desk struct {
	o       Options
	running sync.Map // ids
}

// New returns a desk.
func New(o Options) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.RunTime == 0 {
		o.RunTime = time.Hour
	}
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	return &Desk{o: o}
}

func (d *Desk) shown(f Feed) Feed {
	_, f.Running = d.running.Load(f.ID)
	return f
}

// Feeds lists all, by name.
func (d *Desk) Feeds(ctx context.Context) ([]Feed, error) {
	all, err := d.o.Store.Feeds(ctx)
	for i := range all {
		all[i] = d.shown(all[i])
	}
	return all, err
}

// Feed returns one with its last runs.
func (d *Desk) Feed(ctx context.Context, id string) (Feed, []Run, error) {
	f, err := d.o.Store.Feed(ctx, id)
	if err != nil {
		return f, nil, err
	}
	runs, err := d.o.Store.Runs(ctx, id, 50)
	return d.shown(f), runs, err
}

// Objects yields every STIX object of a feed, the newest version of each.
func (d *Desk) Objects(ctx context.Context, id string) iter.Seq2[*stix.Object, error] {
	return d.o.Store.Objects(ctx, id, 0, nil)
}

// Add sets a feed up. secret is its password or key, "" for none.
func (d *Desk) Add(ctx context.Context, s Settings, secret, by string) (Feed, error) {
	if err := s.Check(); err != nil {
		return Feed{}, err
	}
	if err := checkSecret(&s, secret, false); err != nil {
		return Feed{}, err
	}
	all, err := d.o.Store.Feeds(ctx)
	if err != nil {
		return Feed{}, err
	}
	if len(all) >= MaxFeeds {
		return Feed{}, ErrFull
	}
	f := Feed{ID: freeID(s.Name, all), Settings: s, Created: d.o.Now().UTC(), By: by}
	f.Next = f.Created
	f.Sealed = d.seal(f.ID, &s, secret)
	if f, err = d.o.Store.PutFeed(ctx, f); err != nil {
		return f, err
	}
	d.o.Changed(f.ID)
	return d.shown(f), nil
}

// about binds a secret to the feed and to where it is sent: a row that is changed by hand to another host does not open.
func about(id string, s *Settings) string {
	host := s.URL
	if i := strings.Index(host, "://"); i >= 0 {
		scheme, rest := host[:i], host[i+3:]
		if j := strings.IndexAny(rest, "/?"); j >= 0 {
			rest = rest[:j]
		}
		host = scheme + "://" + strings.ToLower(rest)
	}
	return "feed " + id + " " + host
}

func (d *Desk) seal(id string, s *Settings, secret string) string {
	if secret == "" || s.Auth == AuthNone {
		return ""
	}
	return d.o.Sealer.Seal(about(id, s), secret)
}

func checkSecret(s *Settings, secret string, kept bool) error {
	switch {
	case s.Auth != AuthNone && secret == "" && !kept:
		return &Wrong{"secret", "give the password or key that it is signed in to with"}
	case len(secret) > 4096 || strings.ContainsAny(secret, "\r\n\x00"):
		return &Wrong{"secret", "this is no password or key: it is too long or has line ends"}
	}
	return nil
}

// freeID makes a short name of letters, digits and hyphens that no other feed has.
func freeID(name string, all []Feed) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	id := strings.Trim(b.String(), "-")
	if id == "" {
		id = "feed"
	}
	for n := 1; ; n++ {
		try := id
		if n > 1 {
			try = fmt.Sprintf("%s-%d", id, n)
		}
		if !slices.ContainsFunc(all, func(f Feed) bool { return f.ID == try }) {
			return try
		}
	}
}

// Change changes the settings of a feed. secret nil keeps the password, which is only possible while it is sent to the same host.
func (d *Desk) Change(ctx context.Context, id string, version int64, s Settings, secret *string) (before, after Feed, err error) {
	if before, err = d.o.Store.Feed(ctx, id); err != nil {
		return before, after, err
	}
	if before.Version != version {
		return before, after, ErrOutdated
	}
	if err := s.Check(); err != nil {
		return before, after, err
	}
	after = before
	after.Settings = s
	plain := ""
	switch {
	case secret != nil:
		plain = *secret
	case before.Sealed != "" && s.Auth != AuthNone:
		if about(id, &s) != about(id, &before.Settings) {
			return before, after, &Wrong{"secret", "the address leads to another host; give the password or key again"}
		}
		after.Sealed = before.Sealed
	}
	if err := checkSecret(&s, plain, after.Sealed != "" && secret == nil); err != nil {
		return before, after, err
	}
	if secret != nil || s.Auth == AuthNone {
		after.Sealed = d.seal(id, &s, plain)
	}
	if elsewhere(&before.Settings, &s) { // what was read elsewhere says nothing of here
		after.Cursor = ""
	}
	if after.Enabled && !before.Enabled || elsewhere(&before.Settings, &s) {
		after.Next = d.o.Now().UTC()
	}
	if after, err = d.o.Store.PutFeed(ctx, after); err != nil {
		return before, after, err
	}
	if elsewhere(&before.Settings, &s) {
		if err := d.o.Store.PutReports(ctx, id, nil); err != nil {
			return before, after, err
		}
	}
	if err := d.o.Store.PutHealth(ctx, id, after.Health, nil); err != nil {
		return before, after, err
	}
	d.o.Changed(id)
	return before, d.shown(after), nil
}

func elsewhere(a, b *Settings) bool {
	return a.URL != b.URL || a.Kind != b.Kind || a.Collection != b.Collection || a.Root != b.Root || a.Events != b.Events || a.Filter != b.Filter || a.Columns != b.Columns || a.Whole != b.Whole ||
		a.Days != b.Days || a.TLP != b.TLP || a.Confidence != b.Confidence || a.State != b.State || a.Threat != b.Threat || !slices.Equal(a.Tags, b.Tags)
}

// Remove takes a feed away. What only it brought is retired.
func (d *Desk) Remove(ctx context.Context, id string) (Feed, error) {
	f, err := d.o.Store.Feed(ctx, id)
	if err != nil {
		return f, err
	}
	if _, busy := d.running.LoadOrStore(id, true); busy {
		return f, ErrBusy
	}
	defer d.running.Delete(id)
	none := func(func(Item, error) bool) {}
	if _, err := d.o.Taker.Take(ctx, f.Source(), true, none); err != nil {
		return f, err
	}
	if d.o.Threats != nil && f.Objects > 0 {
		if err := d.o.Threats.TakeThreats(ctx, f.Source(), func(func(*stix.Object, error) bool) {}); err != nil {
			return f, err
		}
	}
	if err := d.o.Store.RemoveFeed(ctx, id); err != nil {
		return f, err
	}
	d.o.Changed(id)
	return f, nil
}

// Due lists the feeds that are to be run now.
func (d *Desk) Due(ctx context.Context) ([]string, error) { return d.o.Store.Due(ctx, d.o.Now()) }

// Begin has a feed run soon, by somebody's wish; whether it is switched on does not matter.
func (d *Desk) Begin(ctx context.Context, id, by string) error {
	if _, err := d.o.Store.Feed(ctx, id); err != nil {
		return err
	}
	if _, busy := d.running.Load(id); busy {
		return ErrBusy
	}
	if d.o.Start != nil {
		return d.o.Start(ctx, id, by)
	}
	_, err := d.Run(ctx, id, by)
	return err
}

// Run reads a feed. The error says that it could not even be tried; what went wrong on the way is in the run.
func (d *Desk) Run(ctx context.Context, id, by string) (Run, error) {
	if _, busy := d.running.LoadOrStore(id, true); busy {
		return Run{}, ErrBusy
	}
	defer d.running.Delete(id)
	f, err := d.o.Store.Feed(ctx, id)
	if err != nil {
		return Run{}, err
	}
	d.o.Changed(id)
	defer d.o.Changed(id)
	started := d.o.Now().UTC()
	r := Run{ID: started.UnixMicro(), Feed: id, At: started, By: by}
	reading, stop := context.WithTimeout(ctx, d.o.RunTime)
	s, err := d.read(reading, &f, &r)
	stop()
	if ctx.Err() != nil && err != nil { // the process stops: this was no failure of the feed, and it stays due
		return r, ctx.Err()
	}
	r.Took = d.o.Now().Sub(started)
	h := d.health(ctx, &f, &r, s, err)
	return r, d.o.Store.PutHealth(context.WithoutCancel(ctx), id, h, &r)
}

// read does the work of a run.
func (d *Desk) read(ctx context.Context, f *Feed, r *Run) (*session, error) {
	s := &session{f: f, now: r.At, shelf: d.o.Store, run: r.ID, taker: d.o.Taker}
	if f.Cursor != "" {
		s.cursor = json.RawMessage(f.Cursor)
	}
	secret := ""
	if f.Sealed != "" {
		var err error
		if secret, err = d.o.Sealer.Open(about(f.ID, &f.Settings), f.Sealed); err != nil {
			return s, &Failure{Why: "its password does not open with the key of this installation; give it again", Err: err}
		}
	}
	s.c = newClient(&f.Settings, secret, d.o.Now)
	defer s.c.close()
	whole := f.Whole && (f.Kind == STIX || f.Kind == CSV || f.Kind == Text)
	var broken error
	n := 0
	t, err := d.o.Taker.Take(ctx, f.Source(), whole, func(yield func(Item, error) bool) {
		for it, err := range s.items(ctx) {
			if err != nil {
				broken = err
			}
			if !yield(it, err) || err != nil {
				return
			}
			n++
		}
		if whole && n == 0 { // an empty list would retire everything: rather the other side has a fault
			broken = &Failure{Why: "it is empty, so nothing was retired; remove the feed if that is meant"}
			yield(Item{}, broken)
		}
	})
	r.Added, r.Changed, r.Same, r.Retired, r.Withdrawn = t.Added, t.Changed, t.Same, t.Retired, t.Withdrawn
	r.Objects, r.NewObjects, r.Ignored, r.Unchanged = s.objects, s.newObjects, s.ignored, s.unchanged
	r.Refused = append(s.refused, t.Refused[:min(len(t.Refused), maxRefusals-len(s.refused))]...)
	r.RefusedCount = s.refusedN + t.RefusedCount
	for _, w := range t.Warnings {
		s.note("%s", w)
	}
	r.Notes = s.notes
	switch {
	case errors.Is(broken, errUnchanged):
		return s, nil
	case broken != nil:
		return s, broken
	case err != nil:
		return s, err
	}
	if err := d.tellThreats(ctx, f, s); err != nil {
		return s, err
	}
	err = d.tellReports(ctx, f, s)
	r.Notes = s.notes
	if err != nil {
		return s, err
	}
	return s, s.late
}

// tellThreats hands on what the feed says of families, actors, campaigns and techniques, when it said anything new.
func (d *Desk) tellThreats(ctx context.Context, f *Feed, s *session) error {
	if d.o.Threats == nil || s.newObjects == 0 {
		return nil
	}
	return d.o.Threats.TakeThreats(ctx, f.Source(), func(yield func(*stix.Object, error) bool) {
		for o, err := range d.o.Store.Objects(ctx, f.ID, 0, threatTypes) {
			if err == nil && o.Revoked {
				continue
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	})
}

// health is how the feed stands after a run. A feed that fails is asked again after 5 minutes, then after twice that each time, and
// never more often than its schedule says, nor before the time that it asked for.
func (d *Desk) health(ctx context.Context, f *Feed, r *Run, s *session, err error) Health {
	h := f.Health
	h.Last, h.Items = r.At, f.Items+int64(r.Added)
	if s != nil && s.next != nil {
		if raw, e := json.Marshal(s.next); e == nil {
			h.Cursor = string(raw)
		}
	}
	if n, e := d.o.Store.CountObjects(context.WithoutCancel(ctx), f.ID); e == nil {
		h.Objects = n
	}
	if r.Added+r.Changed+r.Retired+r.Withdrawn+r.NewObjects > 0 {
		h.Delivered = r.At
	}
	if err == nil {
		h.Good, h.Failures, h.Problem = r.At, 0, ""
		h.Next = r.At.Add(f.Every)
		if s.again {
			h.Next = r.At
		}
		return h
	}
	fail := words(err)
	h.Failures++
	h.Problem, r.Problem = fail.Why, fail.Why
	wait := MinEvery << min(h.Failures-1, 10)
	h.Next = r.At.Add(max(min(wait, f.Every), fail.Wait))
	d.o.Log.Warn("feed could not be read", "feed", f.ID, "why", fail.Why, "failures", h.Failures)
	return h
}
