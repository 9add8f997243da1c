package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/alert"
	"tocsin/internal/indicator"
	"tocsin/internal/indicatorstore"
	"tocsin/internal/intel"
	"tocsin/internal/kql"
	"tocsin/internal/rejudge"
)

// known is what the installation knows to be bad, and the search backwards for it.
type known struct {
	store  *indicatorstore.Store
	desk   *indicator.Desk
	hunter *indicator.Hunter

	mu     sync.Mutex // of what is common in the mail, which costs a question or six
	common []indicator.Common
	asked  time.Time
}

// openKnown opens the indicators and lets the judge follow them.
func (a *App) openKnown(ctx context.Context) (err error) {
	k := &a.indicators
	if k.store, err = indicatorstore.Open(ctx, a.cfg.path(knownFile)); err != nil {
		return err
	}
	k.hunter = &indicator.Hunter{
		Store: a.cases.RetroHunts(), Query: a.askKnown, Dialect: a.events.Dialect, Alert: a.raiseHunt, Rejudge: a.rejudgeHunt, Yield: a.yield, Now: a.opt.Now, Log: a.log,
	}
	good := a.cfg.knownGood()
	if a.cfg.Indicators.Common > 0 {
		good.Common = a.commonValues
	}
	k.desk, err = indicator.Open(ctx, k.store, indicator.Options{Good: good, Now: a.opt.Now, Log: a.log, Set: a.judge.SetIndicators, Changed: a.indicatorsChanged, Cache: a.cfg.path(knownCache)})
	if err != nil {
		return err
	}
	k.hunter.Desk = k.desk
	list, err := listed(a.cfg.Indicators.Files)
	if err != nil {
		return err
	}
	return a.takeListed(ctx, list)
}

// knownGood is what an indicator must not hit, as far as the settings and the shipped lists tell.
func (c Config) knownGood() *indicator.KnownGood {
	own := c.Own()
	good := &indicator.KnownGood{Own: own.Network, Networks: own.Networks}
	for _, d := range c.Organisation.Domains {
		good.Domains = append(good.Domains, strings.ToLower(d))
	}
	return good
}

// close keeps the set for the next start, and releases the store.
func (k *known) close() error {
	if k.store == nil {
		return nil
	}
	var errs []error
	if k.desk != nil {
		errs = append(errs, k.desk.Close())
	}
	return errors.Join(append(errs, k.store.Close())...)
}

// askKnown runs a question as one that nobody bounded: a search must not take the memory of those who look at screens.
func (a *App) askKnown(ctx context.Context, s *kql.Statement, each func(row []any) error) error {
	return questions{a.events}.Hunt(ctx, s, each)
}

// listed reads the administrator's lists whole, before anything is changed: one wrong line, and none is taken.
func listed(files []string) (out []indicator.Indicator, err error) {
	err = readIndicators(files, func(in intel.Indicator) error {
		if _, _, err := intel.Normalise(in.Kind, in.Value); err != nil {
			return err
		}
		one := indicator.Indicator{Kind: in.Kind, Value: in.Value, Threat: in.Threat, SourceRef: in.Source, Confidence: int(in.Confidence), Good: in.Good, ValidFrom: in.From, ValidUntil: in.Expires, State: indicator.Confirmed}
		if in.Suspicious {
			one.State = indicator.Suspicious
		}
		out = append(out, one)
		return nil
	})
	return out, err
}

func (a *App) takeListed(ctx context.Context, list []indicator.Indicator) error {
	got, err := a.indicators.desk.Take(ctx, indicator.Settings, true, each(list))
	if err != nil {
		return fmt.Errorf("config: indicators.files: %w", err)
	}
	for _, w := range got.Warnings {
		a.log.Warn("indicators.files", "indicator", w)
	}
	return nil
}

func each(list []indicator.Indicator) iter.Seq2[indicator.Indicator, error] {
	return func(yield func(indicator.Indicator, error) bool) {
		for _, in := range list {
			if !yield(in, nil) {
				return
			}
		}
	}
}

// commonFor is how long it is believed what much of the mail has.
const commonFor = time.Hour

// commonWindow is the mail that is looked at for it.
const commonWindow = 30 * 24 * time.Hour

func (a *App) commonValues(ctx context.Context) ([]indicator.Common, error) {
	k := &a.indicators
	k.mu.Lock()
	defer k.mu.Unlock()
	now := a.opt.Now()
	if !k.asked.IsZero() && now.Sub(k.asked) < commonFor {
		return k.common, nil
	}
	list, err := k.hunter.CommonValues(ctx, a.cfg.Indicators.Common/100, now.Add(-commonWindow), now)
	if err == nil {
		k.common, k.asked = list, now
	}
	return list, err
}

// huntQueue is the queue of searches backwards. One at a time: they read much.
const huntQueue = "retro-hunt"

// retroHunt is the durable job of one search.
type retroHunt struct {
	Hunt string `json:"hunt"`
}

// Kind names the job in the database.
func (retroHunt) Kind() string { return "retro-hunt" }

// InsertOpts lets it be tried as often as a store may be away.
func (retroHunt) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 30_000, Queue: huntQueue}
}

type retroHuntWorker struct {
	river.WorkerDefaults[retroHunt]
	app *App
}

// Timeout: none, because Work comes back by itself after a few minutes.
func (*retroHuntWorker) Timeout(*river.Job[retroHunt]) time.Duration { return -1 }

// Work goes on with the search until it is over, the time of one turn is up, or the process stops.
func (w *retroHuntWorker) Work(ctx context.Context, j *river.Job[retroHunt]) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(w.app.working(), stop)()
	over, err := w.app.indicators.hunter.Work(ctx, j.Args.Hunt)
	switch {
	case err != nil && ctx.Err() == nil:
		w.app.log.Warn("a retro-hunt waits", "hunt", j.Args.Hunt, "err", err)
		return river.JobSnooze(10 * time.Second)
	case over:
		return nil
	}
	return river.JobSnooze(time.Millisecond)
}

// Indicators is the desk of what is known.
func (a *App) Indicators() *indicator.Desk { return a.indicators.desk }

// StartHunt keeps a search and puts it into the queue; both or none.
func (a *App) StartHunt(ctx context.Context, h indicator.Hunt) (indicator.Hunt, error) {
	now := a.opt.Now().UTC().Truncate(time.Microsecond)
	if err := h.Spec.Check(now); err != nil {
		return h, err
	}
	h.ID, h.State, h.Created = newID(now), indicator.Queued, now
	opts := &river.InsertOpts{}
	if h.Automatic {
		opts.ScheduledAt = time.Now().Add(a.opt.Settle) // changes come in groups
	}
	hunts := a.cases.RetroHunts()
	err := a.cases.InTx(ctx, func(tx *sql.Tx) error {
		if h.Automatic {
			if widened, err := hunts.WidenHunt(ctx, tx, h.Spec.UpTo, h.Spec.Until); err != nil || widened {
				return err
			}
		}
		if err := hunts.AddHunt(ctx, tx, h); err != nil {
			return err
		}
		_, err := a.jobs.InsertTx(ctx, tx, retroHunt{Hunt: h.ID}, opts)
		return err
	})
	return h, err
}

// indicatorsChanged looks for changed indicators in the mail of the last days, and has what they touch judged again, and nothing else.
func (a *App) indicatorsChanged(why string, after, upTo int64) {
	if !a.cfg.Rejudge.Automatic || a.cfg.Rejudge.Window <= 0 || !a.opt.Upkeep || a.jobs == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	now := a.opt.Now().UTC()
	_, err := a.StartHunt(ctx, indicator.Hunt{Automatic: true, Trigger: why, By: "Tocsin", Spec: indicator.HuntSpec{
		After: after, UpTo: upTo, Since: now.Add(-a.cfg.Rejudge.Window), Until: now.Add(a.opt.Settle + time.Minute), Rejudge: true, Names: why,
	}})
	if err != nil {
		a.log.Error("delivered mail is not searched for changed indicators", "why", why, "err", err)
	}
}

// rejudgeHunt has the messages that a search found judged again. The policy decides what is done.
func (a *App) rejudgeHunt(ctx context.Context, h indicator.Hunt, messages []string) (string, error) {
	why := "indicators changed"
	if !h.Automatic {
		why = "retro-hunt: " + h.Trigger
	}
	r, err := a.Start(ctx, rejudge.Run{Kind: rejudge.Rejudge, Automatic: h.Automatic, Trigger: why, By: h.By, Via: "retro-hunt",
		Spec: rejudge.Spec{Since: h.Spec.Since, Until: h.Spec.Until, Messages: messages}})
	if errors.Is(err, rejudge.ErrTooMany) {
		return "", err
	}
	return r.ID, err
}

// raiseHunt tells people what a search found.
func (a *App) raiseHunt(ctx context.Context, h indicator.Hunt, top []indicator.Sighting) (string, error) {
	out := alert.Alert{
		Key: "retro-hunt " + h.ID, Title: fmt.Sprintf("Known-bad values in %d stored messages", h.Counts.Messages), Severity: alert.Medium, Category: "Phish", Source: "Retro-hunt",
		Policy: h.Spec.Names, Link: "/intelligence/retro-hunts?hunt=" + h.ID, From: h.Spec.Since, To: h.Spec.Until, Count: h.Counts.Events,
		Detail: fmt.Sprintf("%d of the indicators that were looked for are in mail to %d people; %d clicks on their links are on record.", h.Counts.Hits, h.Counts.People, h.Counts.Clicks),
	}
	still, work := int64(0), 0
	for i := range top {
		s := &top[i]
		if s.Now != "at work" { // it was retired, or nobody looked yet: mail with it is judged again, and nobody is woken
			continue
		}
		work++
		still += s.InMailbox
		if out.Query == "" {
			out.Query = s.Query
		}
		e := alert.Evidence{Time: s.Last, Family: s.Threat}
		switch s.Kind {
		case "url", "domain":
			e.Type, e.URL = "Url", s.Value
		case "ip":
			e.Type, e.IP = "Ip", s.Value
		case "hash":
			if len(s.Value) != 64 {
				continue
			}
			e.Type, e.SHA256 = "File", s.Value
		case "sender":
			e.Type, e.Account = "User", s.Value
		default:
			continue
		}
		out.Evidence = append(out.Evidence, e)
	}
	if work == 0 {
		return "", nil
	}
	switch {
	case h.Counts.Clicks > 0:
		out.Severity = alert.High
	case still == 0:
		out.Severity = alert.Low
	}
	id, _, err := a.alerts.Raise(ctx, out)
	return id, err
}

// knownSet reads the indicators of a data folder for a command that works without the server; nil without any.
func knownSet(ctx context.Context, c Config) (_ *intel.Indicators, err error) {
	path := c.path(knownFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return indicators(c.Indicators.Files)
	}
	store, err := indicatorstore.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	desk, err := indicator.Open(ctx, store, indicator.Options{Cache: c.path(knownCache)})
	if err != nil {
		return nil, err
	}
	return desk.Set(), nil
}
