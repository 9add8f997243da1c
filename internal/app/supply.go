package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/rulebook"
	"tocsin/rules"
)

// supplyEvery is how often the files of rules and indicators are looked at.
const supplyEvery = 3 * time.Second

// supply is what the administrator's files give the judge: rules and indicators, which may change while it works.
type supply struct {
	mu     sync.Mutex
	seen   string    // fingerprint of the files that were read last, well or not
	rules  string    // that of the rules alone
	loaded time.Time // when what works now was read
	failed string    // why the files as they are now were not taken, "" when they were
}

// fingerprint says which files there are, and how large and how old: enough to know that something changed.
func fingerprint(c Config) string { return fingerprintOf(c.Indicators.Files) + ruleFiles(c) }

// ruleFiles is the fingerprint of the rules alone.
func ruleFiles(c Config) string {
	var files []string
	if c.Rules.Folder != "" {
		found, _ := filepath.Glob(filepath.Join(c.Rules.Folder, "*.yaml"))
		files = append(files, found...)
	}
	return fingerprintOf(files)
}

func fingerprintOf(files []string) string {
	var b strings.Builder
	for _, path := range files {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		} else {
			fmt.Fprintf(&b, "%s gone\n", path)
		}
	}
	return b.String()
}

// watchSupply takes up changed rules and indicators until ctx ends.
func (a *App) watchSupply(ctx context.Context) {
	tick := time.NewTicker(supplyEvery)
	defer tick.Stop()
	last, failed := "", false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := a.rules.Refresh(ctx) // what other processes decided
		if err != nil && !failed && ctx.Err() == nil {
			a.log.Warn("changes of rules cannot be read; what was at work stays", "err", err)
		}
		failed = err != nil
		now := fingerprint(a.cfg)
		// A file that is being written is left until it has stayed the same for one round.
		if now == last {
			a.reload(ctx, now)
		}
		last = now
	}
}

// reload reads rules and indicators again when their files changed. Both are taken or none: files that are wrong are told, and what
// worked goes on.
func (a *App) reload(ctx context.Context, now string) {
	s := &a.supply
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == now {
		return
	}
	s.seen = now
	sources, err := bookSources(a.cfg.Rules.Folder)
	if err == nil {
		err = a.rules.Reload(ctx, sources, func(next *rulebook.State) error {
			list, err := listed(a.cfg.Indicators.Files)
			if err != nil {
				return err
			}
			a.judge.SetRules(next.Set)
			return a.takeListed(ctx, list)
		})
	}
	if err != nil {
		s.failed = oneLine(err)
		a.log.Error("changed rules or indicators are wrong; those from before stay at work", "err", s.failed)
		return
	}
	s.failed, s.loaded = "", a.opt.Now().UTC()
	a.log.Info("took up changed rules and indicators", "rules", len(a.rules.Set().Rules()))
	if rules := ruleFiles(a.cfg); rules != s.rules {
		s.rules = rules
		a.judgeAgain("rules changed")
	}
}

// openRules reads the rules: those that ship, those of the folder, and what was decided about them in the product.
func (a *App) openRules(ctx context.Context) error {
	a.supply.rules = ruleFiles(a.cfg)
	a.supply.seen = fingerprint(a.cfg) // before they are read: what changes in between is read again
	var err error
	if a.rules, err = newRulebook(ctx, a.cases, a.cfg, a.opt.Now); err != nil {
		return err
	}
	for _, p := range a.rules.State().Problems() {
		a.log.Error("a rule that was written in the product is wrong and is left out", "err", p.Error())
	}
	return nil
}

func newRulebook(ctx context.Context, s rulebook.Store, c Config, now func() time.Time) (*rulebook.Desk, error) {
	sources, err := bookSources(c.Rules.Folder)
	if err != nil {
		return nil, err
	}
	return rulebook.Open(ctx, s, sources, now)
}

// bookSources names the files of rules.
func bookSources(dir string) ([]rulebook.Source, error) {
	folders, err := ruleSources(dir)
	if err != nil {
		return nil, err
	}
	out := []rulebook.Source{{Origin: rulebook.Shipped, FS: rules.FS}} // whole: people read and try them
	for _, f := range folders[1:] {
		out = append(out, rulebook.Source{Origin: rulebook.Folder, FS: f})
	}
	return out, nil
}

// rulesChanged exchanges the judge's rules after a decision in the product. Messages being judged finish with the old ones.
func (a *App) rulesChanged(_, now *rulebook.State) {
	a.judge.SetRules(now.Set)
	a.log.Info("took up changed rules", "rules", len(now.Set.Rules()))
	a.judgeAgain("rules changed")
}

// Supply says what the judge works with.
func (a *App) Supply() api.Supply {
	a.supply.mu.Lock()
	defer a.supply.mu.Unlock()
	out := api.Supply{Rules: len(a.judge.Rules().Rules()), Problem: a.supply.failed}
	if t := a.supply.loaded; !t.IsZero() {
		out.Reloaded = &t
	}
	return out
}
