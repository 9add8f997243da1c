package casestore

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/internal/submission"
)

func TestSubmissions(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := s.Submissions()
	ctx := t.Context()
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	take := func(id, key, report, reporter string, when time.Time, proven bool) (submission.Submission, bool) {
		t.Helper()
		x := submission.Submission{ID: id, Key: key, Type: submission.Phish, State: submission.New, Created: when, Updated: when, Match: submission.NoMatch, Subject: "Parcel_50%", SHA256: "s" + key}
		got, added, err := d.Take(ctx, x, submission.Report{Key: report, At: when, Reporter: reporter, Proven: proven, Type: submission.Phish, Via: submission.ByMail, Form: submission.Attached, SHA256: "r" + report})
		if err != nil {
			t.Fatal(err)
		}
		return got, added
	}
	take("1", "a", "r1", "ann@x.example", at, true)
	take("2", "a", "r2", "bob@x.example", at.Add(time.Minute), false)
	if x, added := take("3", "a", "r2", "bob@x.example", at.Add(time.Hour), false); added || x.ID != "1" || x.Reports != 2 || x.Reporters != 2 || x.Unproven != 1 || !x.Updated.Equal(at.Add(time.Minute)) {
		t.Errorf("%v %+v", added, x)
	}
	take("4", "b", "r3", "ann@x.example", at.Add(2*time.Minute), true)
	if n, err := d.UnprovenSince(ctx, at); err != nil || n != 1 {
		t.Errorf("%d unproven, %v", n, err)
	}

	list := func(f submission.Filter) (out []string) {
		t.Helper()
		if f.Limit == 0 {
			f.Limit = 10
		}
		all, err := d.Submissions(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			out = append(out, x.ID)
		}
		return out
	}
	for name, c := range map[string]struct {
		f    submission.Filter
		want []string
	}{
		"all":          {submission.Filter{}, []string{"4", "1"}},
		"one":          {submission.Filter{Limit: 1}, []string{"4"}},
		"behind it":    {submission.Filter{Before: submission.Place{Updated: at.Add(2 * time.Minute), ID: "4"}}, []string{"1"}},
		"reporter":     {submission.Filter{Reporter: "BOB@"}, []string{"1"}},
		"text":         {submission.Filter{Text: "parcel_50%"}, []string{"4", "1"}},
		"no wild card": {submission.Filter{Text: "parcel%50"}, nil},
		"nobody's":     {submission.Filter{Owner: "-"}, []string{"4", "1"}},
		"state":        {submission.Filter{States: []submission.State{submission.Closed}}, nil},
		"time":         {submission.Filter{From: at.Add(90 * time.Second)}, []string{"4"}},
	} {
		if got := list(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}

	closed, spam, unknown := submission.Closed, submission.IsSpam, submission.Unknown
	var outdated *submission.Outdated
	var wrong *submission.Wrong
	if _, err := d.Change(ctx, "1", submission.Change{State: &closed, Result: &spam, From: 7}); !errors.As(err, &outdated) {
		t.Errorf("an old revision: %v", err)
	}
	if _, err := d.Change(ctx, "1", submission.Change{State: &closed, From: 1}); !errors.As(err, &wrong) {
		t.Errorf("closed without a result: %v", err)
	}
	x, err := d.Change(ctx, "1", submission.Change{State: &closed, Result: &spam, By: "eve@x.example", At: at.Add(time.Hour), From: 1})
	if err != nil || x.State != closed || x.Revision != 2 {
		t.Fatalf("%+v, %v", x, err)
	}
	untold, err := d.Untold(ctx, 10)
	if err != nil || len(untold) != 4 || !untold[3].Closing {
		t.Fatalf("%d to tell, %v", len(untold), err)
	}
	if err := d.Told(ctx, untold); err != nil {
		t.Fatal(err)
	}
	if again, err := d.Untold(ctx, 10); err != nil || len(again) != 0 {
		t.Errorf("told again: %+v, %v", again, err)
	}
	waits, err := d.Unanswered(ctx, 10)
	if err != nil || len(waits) != 2 {
		t.Fatalf("%d to answer, %v", len(waits), err)
	}
	for _, w := range waits {
		if err := d.Answered(ctx, w.Report.Key, w.Submission.Result, at); err != nil {
			t.Fatal(err)
		}
	}
	if waits, err = d.Unanswered(ctx, 10); err != nil || len(waits) != 0 {
		t.Errorf("%d to answer again, %v", len(waits), err)
	}

	// What nobody could tell opens again with the next report, if that is proven.
	if _, err := d.Change(ctx, "4", submission.Change{State: &closed, Result: &unknown, At: at.Add(time.Hour), From: 1}); err != nil {
		t.Fatal(err)
	}
	if x, _ := take("5", "b", "r4", "cat@x.example", at.Add(2*time.Hour), false); x.State != closed {
		t.Errorf("a report that is not proven opened it: %+v", x)
	}
	if x, _ := take("6", "b", "r5", "dan@x.example", at.Add(3*time.Hour), true); x.State != submission.New || x.Result != "" {
		t.Errorf("%+v", x)
	}

	m, err := d.Metrics(ctx, at.Add(-time.Hour), at.Add(24*time.Hour), 10)
	if err != nil || m.Reports != 5 || m.Open != 1 || fmt.Sprint(m.Days) != "[{2026-11-03 5}]" || m.Triage != time.Hour || len(m.Reporters) != 2 || m.Reporters[0] != (submission.Accuracy{Reporter: "ann@x.example", Reports: 2, Right: 1}) {
		t.Errorf("%+v, %v", m, err)
	}

	var dropped []string
	n, err := d.ForgetSubmissions(ctx, at.Add(48*time.Hour), 10, func(sum string) error { dropped = append(dropped, sum); return nil })
	if err != nil || n != 1 {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	if slices.Sort(dropped); !slices.Equal(dropped, []string{"rr1", "rr2", "sa"}) {
		t.Errorf("dropped %v", dropped)
	}
	if _, err := d.Submission(ctx, "1"); !errors.Is(err, submission.ErrNotFound) {
		t.Error(err)
	}

	if _, err := d.Settings(ctx); !errors.Is(err, submission.ErrNotFound) {
		t.Error(err)
	}
	if saved, err := d.SaveSettings(ctx, submission.DefaultSettings(), 0); err != nil || saved.Revision != 1 {
		t.Errorf("%+v, %v", saved, err)
	}
	if _, err := d.SaveSettings(ctx, submission.DefaultSettings(), 0); !errors.As(err, &outdated) {
		t.Error(err)
	}
}
