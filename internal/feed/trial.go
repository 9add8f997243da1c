package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/stix"
)

// Bounds of a trial.
const (
	trialItems = 2000
	trialRows  = 50
	trialTime  = 50 * time.Second
	hitItems   = 500_000 // of a question what a feed would have hit
)

// Trial is what came of trying a feed. Nothing of it is kept.
type Trial struct {
	Good         bool
	Problem      string // why it could not be read, in words
	Field        string // of the settings that the problem is about; "" when it is not known
	Found        []string
	Collections  []Collection // of a TAXII server, to choose from
	Rows         []Row        // the first ones
	Counts       map[stix.Kind]int
	Items        int // read in the trial
	More         bool
	Objects      int
	Ignored      int
	RefusedCount int
	Refused      []Refusal
	Notes        []string
	Took         time.Duration
}

// Row is one entry, as a preview shows it.
type Row struct {
	Kind       stix.Kind
	Value      string
	Threat     string
	Confidence int
	TLP        stix.TLP
	State      string
	Until      time.Time
	Tags       []string
	Good       bool
}

// Try reads the beginning of a feed with settings that need not be kept. id names the feed whose password is used when secret is nil; "" for
// none.
func (d *Desk) Try(ctx context.Context, set Settings, secret *string, id string) (Trial, error) {
	ctx, stop := context.WithTimeout(ctx, trialTime)
	defer stop()
	t := Trial{Counts: map[stix.Kind]int{}}
	s, err := d.trying(ctx, &set, secret, id, trialItems)
	if err != nil {
		return t, err
	}
	defer s.c.close()
	started := d.o.Now()
	if set.Kind == TAXII {
		t.Collections, err = s.collections(ctx)
		if err == nil && set.Collection == "" {
			t.Good = len(t.Collections) > 0
			if s.say("%d collections", len(t.Collections)); !t.Good {
				t.Problem = "it has no collections that this key may read"
			}
			t.Found, t.Notes, t.Took = s.found, s.notes, d.o.Now().Sub(started)
			return t, nil
		}
		if set.Collection != "" && set.Root == "" {
			for _, c := range t.Collections {
				if c.ID == set.Collection {
					s.f.Root = c.Root
				}
			}
		}
	}
	if err == nil {
		err = s.taste(ctx, &t)
	}
	t.Objects, t.Ignored, t.RefusedCount, t.Refused, t.Notes, t.Took = s.objects, s.ignored, s.refusedN, s.refused[:min(len(s.refused), trialRows)], s.notes, d.o.Now().Sub(started)
	if err == nil {
		err = s.late
	}
	if err != nil && (t.Items == 0 || !errors.Is(ctx.Err(), context.DeadlineExceeded)) {
		f := words(err)
		t.Problem, t.Field = f.Why, field(f)
		return t, nil
	}
	t.Good, t.Found = true, append(s.found, t.sum(err != nil))
	return t, nil
}

// trying makes a session that keeps nothing.
func (d *Desk) trying(ctx context.Context, set *Settings, secret *string, id string, most int) (*session, error) {
	if set.Every == 0 {
		set.Every = time.Hour
	}
	if set.Name == "" {
		set.Name = "trial"
	}
	enabled := set.Enabled
	set.Enabled = false
	if err := set.Check(); err != nil {
		return nil, err
	}
	set.Enabled = enabled
	plain := ""
	if secret != nil {
		plain = *secret
	} else if id != "" {
		f, err := d.o.Store.Feed(ctx, id)
		if err != nil {
			return nil, err
		}
		if f.Sealed != "" && set.Auth != AuthNone {
			if about(id, set) != about(id, &f.Settings) {
				return nil, &Wrong{"secret", "the address leads to another host; give the password or key again"}
			}
			if plain, err = d.o.Sealer.Open(about(id, &f.Settings), f.Sealed); err != nil {
				return nil, &Wrong{"secret", "the password does not open with the key of this installation; give it again"}
			}
		}
	}
	if err := checkSecret(set, plain, false); err != nil {
		return nil, err
	}
	f := &Feed{ID: "trial", Settings: *set}
	return &session{f: f, c: newClient(&f.Settings, plain, d.o.Now), now: d.o.Now().UTC(), shelf: newMemory(), taker: d.o.Taker, most: most}, nil
}

// taste reads the first entries.
func (s *session) taste(ctx context.Context, t *Trial) error {
	for it, err := range s.items(ctx) {
		if err != nil {
			return err
		}
		t.Items++
		t.Counts[it.Kind]++
		if len(t.Rows) < trialRows {
			t.Rows = append(t.Rows, Row{it.Kind, tidy(it.Value, 300), tidy(it.Threat, 120), it.Confidence, it.TLP, it.State, it.Until, it.Tags, it.Good})
		}
	}
	t.More = t.Items+s.refusedN >= s.most
	return nil
}

func (t *Trial) sum(slow bool) string {
	out := fmt.Sprintf("%d entries", t.Items)
	if t.More || slow {
		out = fmt.Sprintf("more than %d entries; the trial stopped there", t.Items)
	}
	if t.RefusedCount > 0 {
		out += fmt.Sprintf(", %d refused", t.RefusedCount)
	}
	if t.Objects > 0 {
		out += fmt.Sprintf(", of %d STIX objects", t.Objects)
	}
	return out
}

// field is the setting that a failure is about.
func field(f *Failure) string {
	switch f.Status {
	case 401, 403:
		return "secret"
	case 0:
		return ""
	}
	return "url"
}

// Gather reads a feed for the question what it would have hit, and gives every entry to each. more says that there are more than are read.
func (d *Desk) Gather(ctx context.Context, set Settings, secret *string, id string, each func(Item) error) (n int, more bool, err error) {
	s, err := d.trying(ctx, &set, secret, id, hitItems)
	if err != nil {
		return 0, false, err
	}
	defer s.c.close()
	for it, err := range s.items(ctx) {
		if err != nil {
			return n, false, words(err)
		}
		if it.State == Retired || it.Good {
			continue
		}
		n++
		if err := each(it); err != nil {
			return n, false, err
		}
	}
	if s.late != nil && n == 0 {
		return n, false, words(s.late)
	}
	return n, n+s.refusedN >= hitItems || s.late != nil, nil
}
