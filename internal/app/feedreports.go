package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/feed"
	"tocsin/internal/indicator"
	"tocsin/internal/intel"
	"tocsin/internal/threat"
	"tocsin/internal/tracker"
)

// reportLife is how long what a feed told is worth asking for.
const reportLife = 90 * 24 * time.Hour

// feedReports are the feeds that tell of what happened elsewhere.
func (a *App) feedReports(ctx context.Context) ([]tracker.Source, error) {
	all, err := a.feeds.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	var out []tracker.Source
	for i := range all {
		if k := all[i].Kind; k != feed.CSV && k != feed.Text {
			out = append(out, toldBy{a, &all[i]})
		}
	}
	return out, nil
}

// feedChanged has the noteworthy entries made anew.
func (a *App) feedChanged(string) {
	if a.trackers != nil {
		a.trackers.board.Forget()
	}
}

// toldBy makes noteworthy entries of what a feed tells.
type toldBy struct {
	app  *App
	feed *feed.Feed
}

var _ tracker.Source = toldBy{}

// Name is the feed's.
func (t toldBy) Name() string { return t.feed.Name }

// Noteworthy lists its reports.
func (t toldBy) Noteworthy(ctx context.Context) ([]tracker.Entry, error) {
	reports, err := t.app.feeds.Reports(ctx, t.feed.ID)
	if err != nil {
		return nil, err
	}
	lib, now := t.app.threats.Library(), t.app.opt.Now()
	var out []tracker.Entry
	for i := range reports {
		if now.Sub(reports[i].Published) >= reportLife { // a feed may bring ten years of them: what is over was never news here
			continue
		}
		if e := entryOf(t.feed, &reports[i], lib); e.Query != "" {
			out = append(out, e)
		}
	}
	return out, nil
}

// entryOf makes an entry of a report. One that names indicators is seen where they are; otherwise where engines gave one of its names.
func entryOf(f *feed.Feed, r *feed.Report, lib *threat.Library) tracker.Entry {
	sum := sha256.Sum256([]byte(r.Ref))
	e := tracker.Entry{ID: "feed-" + f.ID + "-" + hex.EncodeToString(sum[:6]), Title: title(r.Name), Article: r.Text, Added: r.Published, Expires: r.Published.Add(reportLife)}
	told := &tracker.Told{Feed: f.ID, Kind: r.Kind, TLP: string(r.TLP), Labels: r.Labels}
	e.Told = told
	var words []string
	for _, n := range r.Names {
		known := threatOf(lib, n)
		name := tracker.Name{Type: n.Type, Name: n.Name, Attack: n.Attack}
		if known != nil {
			name.Threat = known.ID
		}
		told.Names = append(told.Names, name)
		switch {
		case n.Type == "attack-pattern":
			if e.Technique == "" {
				e.Technique = n.Attack
			}
			continue
		case e.Threat == "":
			e.Threat = name.Threat
		}
		words = append(append(words, n.Name), n.Aliases...)
		if known != nil {
			words = append(append(words, known.Names...), known.Aliases...)
		}
	}
	e.Query, told.Counts = reportQuestion(r, words)
	e.Why, _, _ = strings.Cut(r.Text, "\n\n")
	if r := []rune(e.Why); len(r) > 300 {
		e.Why = string(r[:299]) + "…"
	}
	if e.Why == "" {
		e.Why = fmt.Sprintf("%s of %s. %s", r.Kind, r.Published.UTC().Format("2 January 2006"), told.Counts)
	}
	if e.Article == "" {
		e.Article = e.Why
	}
	return e
}

// title cuts a name to the octets that an entry may have.
func title(name string) string {
	const most = 200
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most-3], "") + "…"
}

// threatOf finds the article about something that a report names.
func threatOf(lib *threat.Library, n feed.Named) *threat.Threat {
	for _, name := range []string{n.Name, n.Attack} {
		if found := lib.About(name); len(found) > 0 && (found[0].Kind == threat.Technique) == (n.Type == "attack-pattern") {
			return found[0]
		}
	}
	return nil
}

// shortName is the length below which a name is a word of other names too.
const shortName = 4

// reportQuestion is what a report asks, and what it counts in words.
func reportQuestion(r *feed.Report, words []string) (query, counts string) {
	var list []intel.Indicator
	for _, w := range r.Wanted {
		if kind, err := intel.ParseKind(string(w.Kind)); err == nil {
			list = append(list, intel.Indicator{Kind: kind, Value: w.Value})
		}
	}
	if query, n := indicator.MailWith(list); query != "" {
		counts = "Counts email events with its one indicator that is seen in mail."
		if n > 1 {
			counts = fmt.Sprintf("Counts email events with one of its %d indicators that are seen in mail.", n)
		}
		if more := len(list) - n + r.More; more > 0 {
			counts = fmt.Sprintf("Counts email events with one of the first %d of its %d indicators that are seen in mail.", n, n+more)
		}
		return query, counts
	}
	var named []string
	for _, w := range words {
		if len([]rune(w)) >= shortName {
			named = append(named, w)
		}
	}
	if len(named) == 0 {
		return "", ""
	}
	t := threat.Threat{Kind: threat.Family, Names: named}
	return t.Filter(), "It names no indicator that is seen in mail; counts email events with a threat in which one of its names was found."
}
