package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/stix"
)

// Bounds of one run.
const (
	maxItems    = 5_000_000
	maxRefusals = 100
	maxNotes    = 20
	maxPages    = 10_000
	objectBatch = 500
)

// session is one reading of a feed: a run, or a trial that keeps nothing.
type session struct {
	f      *Feed
	c      *client
	now    time.Time
	shelf  objects
	run    int64
	cursor json.RawMessage // how far the last run read; nil: from the beginning
	most   int             // items after which a trial stops; 0: all
	taker  Taker

	// what comes of it
	next       any  // cursor to keep when what was read is kept; nil: as it was
	unchanged  bool // the other side said that nothing changed
	again      bool // there is more; go on at once
	objects    int
	newObjects int
	ignored    int
	refused    []Refusal
	refusedN   int
	notes      []string
	found      []string // what a trial says it found
	collection []Collection
	events     map[string]*gathered // MISP events by UUID, without those of a trial
	late       error                // what went wrong after a part that can be kept
}

// objects is where the STIX objects of a reading lie.
type objects interface {
	PutObjects(ctx context.Context, feed string, run int64, list []*stix.Object) (fresh int, err error)
	Objects(ctx context.Context, feed string, run int64, types []string) iter.Seq2[*stix.Object, error]
	Object(ctx context.Context, feed, id string) (*stix.Object, error)
	Related(ctx context.Context, feed, source, how string) ([]*stix.Object, error)
}

func (s *session) refuse(at int, value string, why error) {
	if s.refusedN++; len(s.refused) < maxRefusals {
		s.refused = append(s.refused, Refusal{at, tidy(value, 200), tidy(why.Error(), 300)})
	}
}

func (s *session) note(format string, a ...any) {
	if len(s.notes) < maxNotes {
		s.notes = append(s.notes, tidy(fmt.Sprintf(format, a...), 300))
	}
}

func (s *session) say(format string, a ...any) { s.found = append(s.found, fmt.Sprintf(format, a...)) }

// tidy makes one short line of what a stranger wrote.
func tidy(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// item fills in what the feed's settings say where the item says nothing.
func (s *session) item(it Item) Item {
	set := &s.f.Settings
	if it.Confidence == 0 {
		it.Confidence = set.Confidence
	}
	it.TLP = stix.Narrower(it.TLP, stix.TLPNone)
	if it.TLP == stix.TLPNone {
		it.TLP = set.TLP
	}
	if it.State == "" {
		it.State = set.State
	}
	if it.Threat == "" {
		it.Threat = set.Threat
	}
	if it.Until.IsZero() && set.Days > 0 && it.State != Retired {
		from := it.From
		if from.IsZero() || set.Whole { // of a list that is read whole each time, what still stands there is still meant
			from = s.now.Truncate(24 * time.Hour)
		}
		it.Until = from.AddDate(0, 0, set.Days)
	}
	it.Tags = append(append([]string{}, set.Tags...), it.Tags...)
	return it
}

// source reads feeds of one kind. It yields items; a *stix.Refused or rowError among the errors is about one row, any other is the end.
type source func(ctx context.Context, s *session) iter.Seq2[Item, error]

func sourceOf(k Kind) source {
	switch k {
	case STIX:
		return readSTIX
	case TAXII:
		return readTAXII
	case MISP:
		return readMISP
	case MISPFeed:
		return readMISPFeed
	case CSV, Text:
		return readList
	}
	return func(context.Context, *session) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			yield(Item{}, fmt.Errorf("%q is no kind of feed", string(k)))
		}
	}
}

// items are what the feed brings, without what Tocsin would refuse.
func (s *session) items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		n := 0
		for it, err := range sourceOf(s.f.Kind)(ctx, s) {
			if err != nil {
				yield(Item{}, err)
				return
			}
			n++
			if n > maxItems {
				yield(Item{}, &Failure{Why: fmt.Sprintf("it has more than %d entries, which is the most of one run", maxItems)})
				return
			}
			kind, err := s.taker.Check(it.Kind, it.Value)
			if err != nil {
				s.refuse(n, it.Value, err)
				continue
			}
			it.Kind = kind
			if !yield(s.item(it), nil) {
				return
			}
			if s.most > 0 && n >= s.most {
				return
			}
		}
	}
}

// words makes a failure of any error, so that people read a sentence and never the name of a type.
func words(err error) *Failure {
	var f *Failure
	var no *stix.Refused
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &no), errors.Is(err, stix.ErrNotSTIX):
		return &Failure{Why: err.Error(), Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Why: "it took too long and was stopped", Err: err}
	case errors.Is(err, context.Canceled):
		return &Failure{Why: "it was stopped; it goes on at the next run", Err: err}
	}
	return &Failure{Why: "what it sends cannot be read: " + tidy(err.Error(), 300), Err: err}
}
