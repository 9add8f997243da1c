package tracker_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/tracker"
)

// TestTrendingKnownAnswers makes nine weeks of mail in which it is known what is new, what grew and what only looks so.
func TestTrendingKnownAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	week := func(i int) time.Time { return noon.Add(-time.Duration(i)*7*24*time.Hour - 24*time.Hour) } // within the i-th week before now
	named := func(n string) func(*event.EmailEvent) {
		return func(e *event.EmailEvent) { e.ThreatNames, e.ThreatTypes = n, "Malware" }
	}
	from := func(d string) func(*event.EmailEvent) {
		return func(e *event.EmailEvent) { e.SenderFromDomain = d }
	}
	for i := 1; i <= 8; i++ {
		w.mail(40, week(i), nil)
		w.mail(10, week(i), from("steady.example"))
		w.mail(20*(i%2), week(i), from("bursts.example"))
		w.mail(2, week(i), named("Old Family"))
	}
	w.mail(1, week(9).Add(-6*24*time.Hour), nil) // the store begins before the eighth week before
	w.mail(40, week(0), nil)
	w.mail(26, week(0), from("steady.example"))
	w.mail(20, week(0), from("bursts.example"))
	w.mail(4, week(0), from("fresh.example"))
	w.mail(2, week(0), from("rare.example")) // too few to tell
	w.mail(9, week(0), func(e *event.EmailEvent) { e.EmailDirection, e.SenderFromDomain = "Outbound", "sent.example" })
	w.mail(3, week(0), named("New Family, Old Family"))             // two in one text
	w.mail(3, noon.Add(-time.Minute), named("New Family Reloaded")) // a name that begins like another
	w.mail(50, noon.Add(time.Minute), from("tomorrow.example"))     // after now
	for i := range 5 {
		w.batch.Attachments = append(w.batch.Attachments, event.EmailAttachment{Timestamp: week(0), NetworkMessageId: fmt.Sprint("m", i+1), RecipientEmailAddress: "ann@harbour.example", FileType: "svg", ReportId: fmt.Sprint(i)})
	}
	w.flush(t)
	got, err := tracker.Trending(t.Context(), w, tracker.PeriodNamed("week"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Enough || got.Say != "" || len(got.Past) != 8 || got.Empty != 0 || !got.Now.To.Equal(noon) || got.All.Count != 40+26+20+4+2+9+3+3 {
		t.Errorf("%+v", got)
	}
	var lines []string
	for _, g := range got.Groups {
		for _, x := range g.Trends {
			kind := "grows"
			if x.New {
				kind = "new"
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %d", g.Key, x.Value, kind, x.Count))
			// The number is that of the question, asked as the screens do.
			n, _, err := x.Question.Count(t.Context(), w.runner, false)
			if err != nil || n != x.Count {
				t.Errorf("%s: its question counts %d, not %d (%v)", lines[len(lines)-1], n, x.Count, err)
			}
			if x.Question.Explorer != "" {
				c, err := w.x.Count(t.Context(), hunt.Request{Query: x.Question.Explorer, From: x.Question.From, To: x.Question.To})
				if err != nil || c.Events != x.Count {
					t.Errorf("%s: Explorer counts %+v (%v)", lines[len(lines)-1], c, err)
				}
			}
		}
	}
	want := []string{"families New Family new 3", "families New Family Reloaded new 3", "senders fresh.example new 4", "senders steady.example grows 26", "files svg new 5"}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	// steady.example: ten in each of eight weeks, then 26; the chance is worked out in TestCompareKnownAnswers' way.
	s := got.Groups[4].Trends[1]
	if !slices.Equal(s.Past, []int64{10, 10, 10, 10, 10, 10, 10, 10}) || math.Abs(s.Expected-10.0625) > 1e-9 || s.Chance > 1e-4 || s.Chance < 1e-6 {
		t.Errorf("%+v", s.Arithmetic)
	}
}

func TestTrendingNeedsHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trending := func(period string) *tracker.Trends {
		t.Helper()
		got, err := tracker.Trending(t.Context(), w, tracker.PeriodNamed(period), w.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got.Groups {
			if !got.Enough && len(g.Trends) > 0 {
				t.Errorf("%s has trends without a past: %+v", g.Key, g.Trends)
			}
		}
		return got
	}
	if got := trending("week"); got.Enough || !strings.Contains(got.Say, "no mail yet") || !strings.Contains(got.Say, "28 days") {
		t.Errorf("%q", got.Say)
	}
	w.mail(5, noon.Add(-10*24*time.Hour), nil)
	w.mail(50, noon.Add(-time.Hour), func(e *event.EmailEvent) { e.SenderFromDomain = "new.example" })
	w.flush(t)
	if got := trending("week"); got.Enough || !strings.Contains(got.Say, "There are 10 days of mail, and 28 are needed") {
		t.Errorf("%q", got.Say)
	}
	// Old enough, but with weeks in which nothing was collected: they say nothing about what is usual.
	w.mail(1, noon.Add(-60*24*time.Hour), nil)
	w.flush(t)
	if got := trending("week"); got.Enough || got.Empty != 6 || !strings.Contains(got.Say, "hold no mail") {
		t.Errorf("%d %q", got.Empty, got.Say)
	}
	for i := 1; i <= 8; i++ {
		w.mail(5, noon.Add(-time.Duration(i)*7*24*time.Hour-time.Hour), nil)
	}
	w.flush(t)
	if got := trending("week"); !got.Enough || len(got.Groups[4].Trends) != 1 {
		t.Errorf("%q %+v", got.Say, got.Groups[4])
	}
	// A day is compared with the same days of the weeks before; what came on another day is not new.
	w.mail(30, noon.Add(-5*24*time.Hour), func(e *event.EmailEvent) { e.SenderFromDomain = "friday.example" })
	w.mail(30, noon.Add(-time.Hour), func(e *event.EmailEvent) { e.SenderFromDomain = "friday.example" })
	w.flush(t)
	got := trending("day")
	if !got.Enough || len(got.Past) != 8 {
		t.Fatalf("%+v", got)
	}
	for _, x := range got.Groups[4].Trends {
		if x.New != (x.Value == "new.example") || x.Value == "friday.example" && x.Past[7] != 0 {
			t.Errorf("%+v", x)
		}
	}
}
