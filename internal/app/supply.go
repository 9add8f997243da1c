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
)

// supplyEvery is how often the files of rules and indicators are looked at.
const supplyEvery = 3 * time.Second

// supply is what the administrator's files give the judge: rules and indicators, which may change while it works.
type supply struct {
	mu     sync.Mutex
	seen   string    // fingerprint of the files that were read last, well or not
	loaded time.Time // when what works now was read
	failed string    // why the files as they are now were not taken, "" when they were
}

// fingerprint says which files there are, and how large and how old: enough to know that something changed.
func fingerprint(c Config) string {
	var b strings.Builder
	files := append([]string{}, c.Indicators.Files...)
	if c.Rules.Folder != "" {
		found, _ := filepath.Glob(filepath.Join(c.Rules.Folder, "*.yaml"))
		files = append(files, found...)
	}
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
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := fingerprint(a.cfg)
		// A file that is being written is left until it has stayed the same for one round.
		if now == last {
			a.reload(now)
		}
		last = now
	}
}

// reload reads rules and indicators again when their files changed. Both are taken or none: files that are wrong are told, and what
// worked goes on.
func (a *App) reload(now string) {
	s := &a.supply
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == now {
		return
	}
	s.seen = now
	set, err := loadRules(a.cfg.Rules.Folder)
	if err == nil {
		known, e := indicators(a.cfg.Indicators.Files)
		if err = e; err == nil {
			a.judge.SetRules(set)
			a.judge.SetIndicators(known)
		}
	}
	if err != nil {
		s.failed = oneLine(err)
		a.log.Error("changed rules or indicators are wrong; those from before stay at work", "err", s.failed)
		return
	}
	s.failed, s.loaded = "", a.opt.Now().UTC()
	a.log.Info("took up changed rules and indicators", "rules", len(set.Rules()))
	a.judgeAgain("rules or indicators changed")
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
