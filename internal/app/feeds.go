package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/feed"
	"tocsin/internal/hunt"
	"tocsin/internal/indicator"
	"tocsin/internal/intel"
	"tocsin/internal/stix"
)

// TAXII is what the TAXII server tells others.
type TAXII struct {
	Most string `koanf:"most"` // narrowest TLP: clear, green or amber; empty: there is no server
}

func (t TAXII) validate() error {
	if !slices.Contains([]string{"", "clear", "green", "amber"}, t.Most) {
		return fmt.Errorf("config: taxii.most: %q is no level that leaves the house; clear, green or amber, or empty for no server", t.Most)
	}
	return nil
}

// feedQueue works on runs of feeds. They wait for other people's servers most of the time.
const feedQueue = "feeds"

// feedsEvery is how often feeds that are due are looked for.
const feedsEvery = 2 * time.Second

// feedRun is the durable job of one run. There is one of a feed at a time.
type feedRun struct {
	Feed string `json:"feed" river:"unique"`
	By   string `json:"by"`
}

// Kind names the job in the database.
func (feedRun) Kind() string { return "feed" }

// InsertOpts: what fails is tried again when the feed is due, and by no other rule.
func (feedRun) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: feedQueue, MaxAttempts: 30, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

type feedWorker struct {
	river.WorkerDefaults[feedRun]
	app *App
}

// Timeout: none, because a run has its own.
func (*feedWorker) Timeout(*river.Job[feedRun]) time.Duration { return -1 }

// Work reads the feed. A stop of the process breaks it off; the next one goes on.
func (w *feedWorker) Work(ctx context.Context, j *river.Job[feedRun]) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(w.app.working(), stop)()
	_, err := w.app.feeds.Run(ctx, j.Args.Feed, j.Args.By)
	switch {
	case errors.Is(err, feed.ErrNotFound), errors.Is(err, feed.ErrBusy), err == nil:
		return nil
	case ctx.Err() != nil:
		return river.JobSnooze(time.Second)
	}
	w.app.log.Error("a run of a feed could not be kept", "feed", j.Args.Feed, "err", err)
	return nil // it is due again
}

// openFeeds puts the desk of feeds together.
func (a *App) openFeeds() error {
	key, err := secretKey(a.cfg.Data)
	if err != nil {
		return err
	}
	seal, err := auth.NewSeal(key, "feeds")
	if err != nil {
		return err
	}
	a.feeds = feed.New(feed.Options{Store: a.cases.Feeds(), Taker: feedTaker{a.indicators.desk}, Threats: feedThreats{a}, Sealer: seal, Now: a.opt.Now, Log: a.log, Start: a.beginFeed, Changed: a.feedChanged})
	return nil
}

// beginFeed puts a run into the queue. One that just ended may still stand in its way for a moment; one that waits there is as good.
func (a *App) beginFeed(ctx context.Context, id, by string) error {
	for try := 0; ; try++ {
		res, err := a.jobs.Insert(ctx, feedRun{id, by}, nil)
		if err != nil || !res.UniqueSkippedAsDuplicate || try == 20 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// followFeeds has feeds read that are due, until ctx ends.
func (a *App) followFeeds(ctx context.Context) {
	if !a.opt.Upkeep {
		return
	}
	every := time.NewTicker(feedsEvery)
	defer every.Stop()
	for {
		if err := a.readDue(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("feeds that are due could not be begun", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

func (a *App) readDue(ctx context.Context) error {
	ids, err := a.feeds.Due(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := a.jobs.Insert(ctx, feedRun{Feed: id}, nil); err != nil {
			return err
		}
	}
	return nil
}

// feedTaker hands what feeds bring to the desk of indicators.
type feedTaker struct{ desk *indicator.Desk }

var _ feed.Taker = feedTaker{}

// Check says what kind a value is.
func (feedTaker) Check(kind stix.Kind, value string) (stix.Kind, error) {
	want, err := intel.ParseKind(string(kind))
	if err != nil {
		return "", err
	}
	k, _, err := intel.Normalise(want, value)
	return stix.Kind(k.String()), err
}

// Take brings items in.
func (t feedTaker) Take(ctx context.Context, source string, whole bool, items iter.Seq2[feed.Item, error]) (feed.Taken, error) {
	got, err := t.desk.Take(ctx, source, whole, func(yield func(indicator.Indicator, error) bool) {
		for it, err := range items {
			if !yield(indicatorOf(&it), err) {
				return
			}
		}
	})
	out := feed.Taken{Added: got.Added, Changed: got.Changed, Same: got.Same, Retired: got.Retired, Withdrawn: got.Withdrawn, RefusedCount: got.RefusedCount, Warnings: got.Warnings}
	for _, r := range got.Refused {
		out.Refused = append(out.Refused, feed.Refusal(r))
	}
	return out, err
}

func indicatorOf(it *feed.Item) indicator.Indicator {
	kind, _ := intel.ParseKind(string(it.Kind)) // Check made it
	return indicator.Indicator{Kind: kind, Value: it.Value, Threat: it.Threat, SourceRef: it.Ref, Confidence: it.Confidence, TLP: indicator.TLP(it.TLP), Tags: it.Tags, State: indicator.State(it.State), Good: it.Good,
		Description: it.Description, ValidFrom: it.From, ValidUntil: it.Until}
}

func (a *App) feedDeps() *api.Feeds {
	return &api.Feeds{Desk: a.feeds, Hits: a.feedHits, Indicators: a.indicators.desk}
}

// widePercent is the share of the mail from which one indicator is too wide.
const widePercent = 0.5

// hitsShown is how many values are told.
const hitsShown = 100

// feedHits holds what a feed brings against the mail of the last days.
func (a *App) feedHits(ctx context.Context, s feed.Settings, secret *string, id string, days int) (api.FeedHits, error) {
	now := a.opt.Now().UTC()
	out := api.FeedHits{Days: days, From: now.AddDate(0, 0, -days), Hits: []api.FeedHit{}}
	set := intel.NewIndicators()
	var err error
	out.Read, out.More, err = a.feeds.Gather(ctx, s, secret, id, func(it feed.Item) error {
		kind, err := intel.ParseKind(string(it.Kind))
		if err != nil {
			return nil
		}
		return set.Add(intel.Indicator{Kind: kind, Value: it.Value, Threat: it.Threat, Source: "feed"})
	})
	if err != nil {
		return out, err
	}
	if out.Mail, err = a.explorer.MessagesSince(ctx, out.From); err != nil {
		return out, err
	}
	wide := map[string]bool{}
	err = a.explorer.Meetings(ctx, out.From, func(m hunt.Met) error {
		in, met := meet(set, &m, now)
		if !met {
			return nil
		}
		h := api.FeedHit{Kind: in.Kind.String(), Indicator: in.Value, Column: m.Column, Value: m.Value, Threat: in.Threat, Messages: m.Messages, First: m.First, Last: m.Last}
		if out.Mail > 0 {
			h.Percent = float64(m.Messages) * 100 / float64(out.Mail)
		}
		if h.Percent > widePercent {
			wide[in.Kind.String()+in.Value] = true
		}
		out.Values++
		out.Messages += m.Messages
		if out.Hits = append(out.Hits, h); len(out.Hits) >= 4*hitsShown {
			out.Hits = mostHit(out.Hits)
		}
		return nil
	})
	out.Wide, out.Hits = len(wide), mostHit(out.Hits)
	return out, err
}

func mostHit(list []api.FeedHit) []api.FeedHit {
	slices.SortFunc(list, func(a, b api.FeedHit) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), strings.Compare(a.Column, b.Column), strings.Compare(a.Value, b.Value))
	})
	return list[:min(len(list), hitsShown)]
}
