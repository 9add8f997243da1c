package tracker_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/tracker"
)

// TestShippedEntries holds every entry to what a reader needs, and runs its query.
func TestShippedEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail(3, noon.Add(-time.Hour), func(e *event.EmailEvent) { e.DetectionTechnologies = "Mail bombing, Bulk" })
	w.mail(4, noon.Add(-3*24*time.Hour), func(e *event.EmailEvent) { e.DetectionTechnologies = "Mail bombing" })
	w.mail(5, noon.Add(-20*24*time.Hour), func(e *event.EmailEvent) { e.DetectionTechnologies = "Mail bombing" })
	w.mail(1, noon, func(e *event.EmailEvent) { e.DetectionTechnologies = "Mail bombing" }) // the end is excluded
	w.flush(t)
	b := &tracker.Board{Runner: w.runner, Now: func() time.Time { return w.now }}
	got, err := b.Noteworthy(t.Context())
	if err != nil || len(got.Entries) < 15 {
		t.Fatal(len(got.Entries), err)
	}
	for _, e := range got.Entries {
		if e.Hits.Error != "" || e.Over || e.Hits.Questions[2].Explorer == "" || e.Technique == "" || len(e.Article) < 2*len(e.Why)/2+40 || !e.Expires.After(e.Added) {
			t.Errorf("%s: %q over %v, Explorer %q", e.ID, e.Hits.Error, e.Over, e.Hits.Questions[2].Explorer)
		}
		for i, n := range []int64{e.Hits.Day, e.Hits.Week, e.Hits.Month} {
			if i < 2 && n == 0 {
				continue
			}
			q := e.Hits.Questions[i]
			c, err := w.x.Count(t.Context(), hunt.Request{Query: q.Explorer, From: q.From, To: q.To})
			if err != nil || c.Events != n {
				t.Errorf("%s: Explorer counts %v of %d (%v)", e.ID, c, n, err)
			}
		}
		if e.ID == "mail-bombing" && (e.Hits.Day != 3 || e.Hits.Week != 7 || e.Hits.Month != 12 || e.Hits.Days[29] != 3 || e.Hits.Days[27] != 4 || e.Hits.Days[10] != 5) {
			t.Errorf("%+v", e.Hits)
		}
	}
	w.now = noon.AddDate(3, 0, 0)
	if got, err = b.Noteworthy(t.Context()); err != nil || !got.Entries[0].Over || got.Entries[0].Hits.Month != 0 {
		t.Errorf("%+v %v", got.Entries[0], err)
	}
}

// TestCountIsWhatTheScreenShows counts queries of every shape as their screen does.
func TestCountIsWhatTheScreenShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail(3, noon.Add(-time.Hour), nil)
	w.mail(2, noon.Add(-30*time.Hour), func(e *event.EmailEvent) { e.Subject = "old" })
	w.flush(t)
	for query, want := range map[string]int64{
		"EmailEvents": 3,
		"// words\nEmailEvents | where Subject == \"hello\" // more":                              3,
		"let x = 1;\nEmailEvents | extend y = x | project Subject, y":                             3,
		"EmailEvents | summarize count() by Subject":                                              1,
		"EmailEvents | summarize count() by bin(Timestamp, 1h) | render timechart":                1,
		"EmailEvents | where Subject in ((EmailEvents | distinct Subject)) | sort by Subject asc": 3,
		"EmailEvents | count":                     1,
		"EmailEvents | where Subject == \"none\"": 0,
	} {
		q, err := tracker.Ask(query, noon.Add(-24*time.Hour), noon)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, err := q.Count(t.Context(), w.runner, false); err != nil || n != want {
			t.Errorf("%s: %d, not %d (%v)", query, n, want, err)
		}
	}
}

// brings is a source.
type brings struct {
	entries []tracker.Entry
	err     error
}

func (brings) Name() string                                          { return "a feed" }
func (b brings) Noteworthy(context.Context) ([]tracker.Entry, error) { return b.entries, b.err }

func TestSourcesAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := tracker.Entry{ID: "from-a-feed", Title: "T", Why: "W", Article: "W", Query: "EmailUrlInfo | summarize count() by UrlDomain", Source: "Tocsin"}
	with := func(change func(*tracker.Entry)) tracker.Entry {
		e := good
		change(&e)
		return e
	}
	b := &tracker.Board{Runner: w.runner, Now: func() time.Time { return w.now }, Sources: func(context.Context) ([]tracker.Source, error) {
		return []tracker.Source{
			brings{entries: []tracker.Entry{
				good, good, with(func(e *tracker.Entry) { e.ID = "../x" }), with(func(e *tracker.Entry) { e.ID, e.Query = "broken", "EmailEvents | where" }),
				with(func(e *tracker.Entry) { e.ID, e.Article = "long", strings.Repeat("x", 1<<20) }), with(func(e *tracker.Entry) { e.ID, e.Query = "wrong", "NoTable" }), with(func(e *tracker.Entry) { e.ID = "mail-bombing" }),
			}},
			brings{err: errors.New("it is away")},
		}, nil
	}}
	got, err := b.Noteworthy(t.Context())
	if err != nil || len(got.Refused) != 6 || len(got.Entries) != len(tracker.Shipped())+2 {
		t.Fatalf("%d %q %v", len(got.Entries), got.Refused, err)
	}
	for _, e := range got.Entries {
		if slices.ContainsFunc(tracker.Shipped(), func(s tracker.Entry) bool { return s.ID == e.ID }) {
			continue
		}
		if e.Source != "a feed" || (e.ID == "wrong") != (e.Hits.Error != "") || e.Hits.Questions[0].Explorer != "" && e.ID != "wrong" {
			t.Errorf("%+v", e)
		}
	}
}
