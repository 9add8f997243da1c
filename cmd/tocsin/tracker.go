package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/api"
)

// trackerCommand goes through a running server. Whoever tracks a query is a person in the pages, or a token of theirs.
type trackerCommand struct {
	List trackerListCommand `cmd:"" help:"Tracked queries, or with --noteworthy and --trending what those find."`
	Run  trackerRunCommand  `cmd:"" help:"Run a tracked query now, as its owner; its schedule stays."`
}

type trackerListCommand struct {
	actionFlags
	Noteworthy bool   `help:"Questions worth asking now, with what they find in a day, a week and a month."`
	Trending   string `help:"What is new or grows: day, week or month." placeholder:"PERIOD"`
	JSON       bool   `name:"json" help:"The answer of the API."`
}

// Run lists trackers.
func (c trackerListCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	switch {
	case c.Noteworthy && c.Trending != "":
		return errors.New("--noteworthy or --trending, not both")
	case c.Noteworthy:
		return c.noteworthy(ctx, d, out)
	case c.Trending != "":
		return c.trending(ctx, d, out)
	}
	all, err := trackedQueries(ctx, d)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, all)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "Query\tOwner\tEvery\tLooks back\tAlert\tCount\tLast run\tNext run\tStanding")
	for i := range all {
		t := &all[i]
		count, last, next := "-", "never", "-"
		if t.Last != nil {
			last = t.Last.At.UTC().Format(time.RFC3339)
			if t.Last.Error == "" {
				count = fmt.Sprint(t.Last.Count)
			}
		}
		if t.Next != nil {
			next = t.Next.UTC().Format(time.RFC3339)
		}
		alerts := strings.ToLower(t.Condition)
		if t.Condition != "Never" {
			alerts += fmt.Sprintf(" %d", t.Threshold)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", visible(t.Name), visible(t.Owner), time.Duration(t.EverySeconds)*time.Second, time.Duration(t.WindowSeconds)*time.Second, alerts, count, last, next, visible(trackerStanding(t)))
	}
	return w.Flush()
}

func trackedQueries(ctx context.Context, d desk) ([]api.Tracked, error) {
	var all []api.Tracked
	err := d.ask(ctx, http.MethodGet, "/trackers/tracked", nil, &all)
	return all, err
}

// trackerStanding is what a tracker does now, the worst first.
func trackerStanding(t *api.Tracked) string {
	switch {
	case t.Stopped != "":
		return "stopped: " + t.Stopped
	case !t.On:
		return "off"
	case t.Last != nil && t.Last.Error != "":
		return "failed: " + t.Last.Error
	case t.Held:
		return "over its threshold"
	case t.Waiting != "":
		return "waits: " + t.Waiting
	}
	return "runs"
}

func (c trackerListCommand) noteworthy(ctx context.Context, d desk, out stdout) error {
	var got api.Noteworthy
	if err := d.ask(ctx, http.MethodGet, "/trackers/noteworthy", nil, &got); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, got)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "24 h\t7 days\t30 days\tWorth a look")
	for i := range got.Entries {
		e := &got.Entries[i]
		title := visible(e.Title)
		if e.Told != nil {
			title += fmt.Sprintf(" (%s of the feed %s)", e.Told.Kind, visible(e.Source))
		}
		switch {
		case e.Over:
			fmt.Fprintf(w, "-\t-\t-\t%s (its time is past)\n", title)
		case e.Error != "":
			fmt.Fprintf(w, "-\t-\t-\t%s (%s)\n", title, visible(e.Error))
		default:
			fmt.Fprintf(w, "%d\t%d\t%d\t%s\n", e.Figures[0].Value, e.Figures[1].Value, e.Figures[2].Value, title)
		}
	}
	return w.Flush()
}

func (c trackerListCommand) trending(ctx context.Context, d desk, out stdout) error {
	var got api.Trending
	if err := d.ask(ctx, http.MethodGet, "/trackers/trending?"+url.Values{"period": {c.Trending}}.Encode(), nil, &got); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, got)
	}
	if !got.Enough {
		_, err := fmt.Fprintln(out, got.Say)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "What\tNow\tExpected\tBefore\tChance\tIn\tValue")
	for i := range got.Groups {
		g := &got.Groups[i]
		for j := range g.Trends {
			t := &g.Trends[j]
			kind := "grows"
			if t.New {
				kind = "new"
			}
			fmt.Fprintf(w, "%s\t%d\t%.1f\t%s\t%.2g\t%s\t%s\n", kind, t.Arithmetic.Count, t.Arithmetic.Expected, strings.Trim(fmt.Sprint(t.Arithmetic.Past), "[]"), t.Arithmetic.Chance, g.Key, visible(t.Label))
		}
	}
	return w.Flush()
}

type trackerRunCommand struct {
	actionFlags
	Query string `arg:"" help:"Name of the saved query, or id of the tracker."`
	JSON  bool   `name:"json" help:"The answer of the API."`
}

// Run runs a tracked query.
func (c trackerRunCommand) Run(ctx context.Context, out stdout) error {
	d, err := c.server()
	if err != nil {
		return err
	}
	all, err := trackedQueries(ctx, d)
	if err != nil {
		return err
	}
	var found []api.Tracked
	for _, t := range all {
		if t.ID == c.Query || strings.EqualFold(t.Name, c.Query) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 1:
	case 0:
		return fmt.Errorf("no tracked query %q; tocsin tracker list shows them", c.Query)
	default:
		return fmt.Errorf("several people track a query %q; name one by its id (--json shows it)", c.Query)
	}
	var t api.Tracked
	if err := d.ask(ctx, http.MethodPost, "/trackers/tracked/"+url.PathEscape(found[0].ID)+"/run", nil, &t); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(out, t)
	}
	if t.Last.Error != "" {
		return errors.New(t.Last.Error)
	}
	_, err = fmt.Fprintf(out, "%d rows in the %s before %s; %s\n", t.Last.Count, time.Duration(t.WindowSeconds)*time.Second, t.Last.Slot.UTC().Format(time.RFC3339), trackerStanding(&t))
	return err
}
