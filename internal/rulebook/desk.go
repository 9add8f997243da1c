package rulebook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/detect"
)

// Desk holds the rules at work, and is where they are changed. It is safe for concurrent use.
type Desk struct {
	store Store
	now   func() time.Time
	state atomic.Pointer[State]
	load  sync.Mutex // one load at a time
	files []file     // as they were last taken, guarded by load
	tests tests

	// Changed is called after another set came to work through the store, but not for the first. It must be quick. Set it before use.
	Changed func(before, now *State)
}

// file is one rule of a folder.
type file struct {
	origin Origin
	text   string
	rule   *detect.RuleFile
	fs     fs.FS
}

// Open reads files and store. A file that is wrong is an error; an own rule that is wrong is set aside and told by State.Problems.
func Open(ctx context.Context, s Store, sources []Source, now func() time.Time) (*Desk, error) {
	d := &Desk{store: s, now: now}
	return d, d.Reload(ctx, sources, func(*State) error { return nil })
}

// State returns what is at work.
func (d *Desk) State() *State { return d.state.Load() }

// Set returns the compiled rules at work.
func (d *Desk) Set() *detect.RuleSet { return d.state.Load().Set }

// Store returns the store, for reading.
func (d *Desk) Store() Store { return d.store }

// Reload reads the files again and takes them up, unless one is wrong or also refuses. Changed is not called.
func (d *Desk) Reload(ctx context.Context, sources []Source, also func(*State) error) error {
	d.load.Lock()
	defer d.load.Unlock()
	files, err := read(sources)
	if err != nil {
		return err
	}
	next, err := d.compose(ctx, files)
	if err != nil {
		return err
	}
	if err := also(next); err != nil {
		return err
	}
	d.files = files
	d.state.Store(next)
	return nil
}

// Refresh takes up what was decided, here or in another process, and reports whether anything was.
func (d *Desk) Refresh(ctx context.Context) (bool, error) {
	d.load.Lock()
	defer d.load.Unlock()
	generation, err := d.store.RuleGeneration(ctx)
	if err != nil {
		return false, err
	}
	before := d.state.Load()
	if before.Generation == generation {
		return false, nil
	}
	next, err := d.compose(ctx, d.files)
	if err != nil {
		return false, err
	}
	d.state.Store(next)
	if d.Changed != nil {
		d.Changed(before, next)
	}
	return true, nil
}

// read parses the files of every source. Two of the same id are an error.
func read(sources []Source) ([]file, error) {
	var out []file
	seen := map[string]string{}
	for _, s := range sources {
		names, err := fs.Glob(s.FS, "*.yaml")
		if err != nil {
			return nil, err
		}
		slices.Sort(names)
		for _, name := range names {
			text, err := fs.ReadFile(s.FS, name)
			if err != nil {
				return nil, fmt.Errorf("rule %s: %w", name, err)
			}
			rule, err := detect.ParseRule(name, text)
			if err != nil {
				return nil, fmt.Errorf("rule %w; tocsin rules test tells more", err)
			}
			if other, have := seen[rule.ID]; have {
				return nil, fmt.Errorf("rule %s: id %q is taken by %s", name, rule.ID, other)
			}
			seen[rule.ID] = fmt.Sprintf("the %s rule %s", s.Origin, name)
			out = append(out, file{s.Origin, string(text), rule, s.FS})
		}
	}
	return out, nil
}

func (d *Desk) compose(ctx context.Context, files []file) (*State, error) {
	// The number is read first: a version that comes between is taken up twice, never missed.
	generation, err := d.store.RuleGeneration(ctx)
	if err != nil {
		return nil, err
	}
	latest, err := d.store.LatestRules(ctx)
	if err != nil {
		return nil, err
	}
	s, err := compose(files, latest)
	if err != nil {
		return nil, err
	}
	s.Generation, s.Since = generation, d.now().UTC()
	return s, nil
}

// compose puts decisions on top of files and compiles what is on.
func compose(files []file, latest []Version) (*State, error) {
	s := &State{byID: map[string]int{}}
	decided := make(map[string]*Version, len(latest))
	for i := range latest {
		decided[latest[i].ID] = &latest[i]
	}
	for _, f := range files {
		r := Rule{ID: f.rule.ID, Origin: f.origin, Text: f.text, File: f.rule, Base: f.text, Under: f.origin, Enabled: true}
		if v := decided[r.ID]; v != nil {
			r.decide(v)
			delete(decided, r.ID)
		}
		s.Rules = append(s.Rules, r)
	}
	for _, v := range decided {
		if v.Removed || v.Text == "" { // or of a file that is gone
			continue
		}
		r := Rule{ID: v.ID, Enabled: true}
		r.decide(v)
		s.Rules = append(s.Rules, r)
	}
	slices.SortFunc(s.Rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	var on []detect.RuleFile
	for i := range s.Rules {
		s.byID[s.Rules[i].ID] = i
		if f := s.Rules[i].atWork(files); f != nil {
			on = append(on, *f)
		}
	}
	s.Set = detect.BuildRules(on)
	if p := s.Set.Problems(); len(p) > 0 {
		return nil, fmt.Errorf("rule %w; tocsin rules test tells more", p[0])
	}
	return s, nil
}

// decide applies a version to the rule of its id.
func (r *Rule) decide(v *Version) {
	r.Latest = *v
	if v.Removed {
		return
	}
	r.Enabled, r.Weight = v.Enabled, v.Weight
	if v.Text == "" {
		return
	}
	r.Origin, r.Text, r.Weight = Own, v.Text, 0
	f, errs := detect.CheckRule(v.ID+".yaml", []byte(v.Text))
	r.File = f
	if len(errs) > 0 {
		r.Error = errs[0]
	}
}

// atWork is what of a rule is compiled; nil when it is off. An own text that is wrong leaves the file's at work.
func (r *Rule) atWork(files []file) *detect.RuleFile {
	switch {
	case !r.Enabled:
		return nil
	case r.Error != nil:
		for i := range files {
			if files[i].rule.ID == r.ID {
				return files[i].rule
			}
		}
		return nil
	case r.Weight != 0:
		f := *r.File
		f.Weight = r.Weight
		return &f
	}
	return r.File
}

// Put keeps a text as the rule of its id.
func (d *Desk) Put(ctx context.Context, w Who, id, text string, enabled bool, from int64, reason string) (Version, error) {
	if err := d.fits(id, text); err != nil {
		return Version{}, err
	}
	if r, have := d.State().Rule(id); (!have || r.Origin != Own) && d.own() >= MaxOwn {
		return Version{}, &Wrong{Field: "text", Err: fmt.Errorf("there are %d own rules already; remove some", MaxOwn)}
	}
	return d.add(ctx, w, Version{ID: id, Text: text, Enabled: enabled}, from, reason)
}

func (d *Desk) own() (n int) {
	for _, r := range d.State().Rules {
		if r.Origin == Own {
			n++
		}
	}
	return n
}

// fits reports what is wrong with a text as the rule of an id.
func (d *Desk) fits(id, text string) error {
	f, errs := detect.CheckRule(id+".yaml", []byte(text))
	if len(errs) > 0 {
		return &Wrong{Field: "text", Err: errs[0], Errors: errs}
	}
	if f.ID != id {
		return &Wrong{Field: "text", Err: fmt.Errorf("the text says id %q; want %q", f.ID, id)}
	}
	return nil
}

// Switch turns a rule on or off, and gives a file's rule another weight; 0 is the weight as written.
func (d *Desk) Switch(ctx context.Context, w Who, id string, enabled bool, weight int, from int64, reason string) (Version, error) {
	r, ok := d.State().Rule(id)
	if !ok {
		return Version{}, ErrNotFound
	}
	v := Version{ID: id, Enabled: enabled, Weight: weight}
	switch {
	case weight < -50 || weight > 100:
		return Version{}, &Wrong{Field: "weight", Err: fmt.Errorf("weight %d: want points from -50 to 100; 0 is the weight as written", weight)}
	case r.Origin == Own && weight != 0:
		return Version{}, &Wrong{Field: "weight", Err: errors.New("the weight of an own rule stands in its text")}
	case weight > 0 && r.File.Technology == "":
		return Version{}, &Wrong{Field: "weight", Err: errors.New("the rule names no technology, so it can only speak against a threat; give it less than 0")}
	case r.Origin == Own:
		v.Text = r.Text
		if enabled {
			if err := d.fits(id, v.Text); err != nil {
				return Version{}, err
			}
		}
	}
	return d.add(ctx, w, v, from, reason)
}

// Remove forgets what was decided about a rule: an own one goes, a file's is as the file has it. The history stays.
func (d *Desk) Remove(ctx context.Context, w Who, id string, from int64, reason string) (Version, error) {
	r, ok := d.State().Rule(id)
	if !ok {
		return Version{}, ErrNotFound
	}
	if r.Standing() == 0 {
		return Version{}, &Wrong{Field: "id", Err: errors.New("the rule is as its file has it; turn it off instead")}
	}
	return d.add(ctx, w, Version{ID: id, Enabled: true, Removed: true}, from, reason)
}

func (d *Desk) add(ctx context.Context, w Who, v Version, from int64, reason string) (Version, error) {
	if v.Reason = strings.TrimSpace(reason); v.Reason == "" {
		return v, &Wrong{Field: "reason", Err: errors.New("say why; the next administrator will want to know")}
	}
	v.At, v.By, v.Via = d.now().UTC().Truncate(time.Microsecond), w.Name, w.Via
	v, err := d.store.AddRuleVersion(ctx, v, from)
	if err != nil {
		return v, err
	}
	_, err = d.Refresh(ctx)
	return v, err
}

// Instead compiles what is at work with a text in place of the rule of its id, which is on then. Nothing is kept.
func (d *Desk) Instead(text string) (*detect.RuleSet, *detect.RuleFile, error) {
	id := detect.RuleID([]byte(text))
	if id == "" {
		return nil, nil, &Wrong{Field: "text", Err: errors.New("the rule has no id; its first line is id: small-letters-and-hyphens")}
	}
	f, errs := detect.CheckRule(id+".yaml", []byte(text))
	if len(errs) > 0 {
		return nil, nil, &Wrong{Field: "text", Err: errs[0], Errors: errs}
	}
	var on []detect.RuleFile
	for _, r := range d.Set().Rules() {
		if r.ID != id {
			on = append(on, r)
		}
	}
	set := detect.BuildRules(append(on, *f))
	if p := set.Problems(); len(p) > 0 {
		return nil, nil, &Wrong{Field: "text", Err: p[0], Errors: p}
	}
	return set, f, nil
}
