package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/detect"
)

type rulesListCommand struct {
	settings
	remoteFlags
	Search     string `help:"Part of id, title, description or author."`
	Origin     string `help:"Only shipped, folder or own." enum:"shipped,folder,own," default:""`
	Threat     string `help:"Only Malware, Phish or Spam." enum:"Malware,Phish,Spam," default:""`
	Technology string `help:"Only of this detection technology."`
	Severity   string `help:"Only of this severity." enum:"informational,low,medium,high," default:""`
	State      string `help:"Only on, off or wrong." enum:"on,off,wrong," default:""`
	Format     string `help:"table, csv or json." enum:"table,csv,json" default:"table"`
}

func (c rulesListCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		q := url.Values{}
		for key, value := range map[string]string{"search": c.Search, "origin": c.Origin, "threat": c.Threat, "technology": c.Technology, "severity": c.Severity, "state": c.State} {
			if value != "" {
				q.Set(key, value)
			}
		}
		var all api.Rules
		if err := d.ask(ctx, http.MethodGet, "/rules?"+q.Encode(), nil, &all); err != nil {
			return err
		}
		p := newPrinter(c.Format, 0, out, errs, plainTerminal(out))
		if err := p.head(textColumns("Id", "State", "Origin", "Threat", "Weight", "Severity", "Technology", "Samples", "Title")); err != nil {
			return err
		}
		for _, r := range all.Rules {
			state := "off"
			switch {
			case r.Error != "":
				state = "wrong"
			case r.Enabled:
				state = "on"
			}
			samples := fmt.Sprint(r.Samples)
			if r.Failed > 0 {
				samples = fmt.Sprintf("%d of %d fail", r.Failed, r.Samples)
			}
			if err := p.row([]any{r.ID, state, r.Origin, r.Threat, fmt.Sprint(r.Weight), r.Severity, r.Technology, samples, r.Title}); err != nil {
				return err
			}
		}
		return p.end("")
	})
}

type rulesShowCommand struct {
	settings
	remoteFlags
	ID      string `arg:"" help:"Id of the rule."`
	JSON    bool   `name:"json" help:"The answer of the API."`
	History bool   `help:"Every change: who, when, why."`
}

func (c rulesShowCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		if c.History {
			return d.ruleHistory(ctx, out, c.ID, c.JSON)
		}
		r, err := d.rule(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(out, r)
		}
		return showRule(out, r)
	})
}

func showRule(out io.Writer, r api.Rule) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	state := "off"
	if r.Enabled {
		state = "on"
	}
	origin := r.Origin
	if r.Under != "" {
		origin += ", in place of the " + r.Under + " rule"
	}
	weight := fmt.Sprint(r.Weight)
	if r.WeightWas != nil {
		weight += fmt.Sprintf(" (written: %d)", *r.WeightWas)
	}
	for _, line := range [][2]string{{"state", state}, {"origin", origin}, {"weight", weight}, {"samples", fmt.Sprintf("%d, %d fail", r.Samples, r.Failed)}} {
		fmt.Fprintf(w, "# %s\t%s\n", line[0], line[1])
	}
	if r.Changed != nil {
		fmt.Fprintf(w, "# changed\t%s by %s: %s\n", r.Changed.UTC().Format(time.RFC3339), visible(r.ChangedBy), visible(r.ChangeCause))
	}
	if r.Error != "" {
		fmt.Fprintf(w, "# error\t%s\n", visible(r.Error))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(r.Text, "\n"), "\n")
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, visible(line)); err != nil {
			return err
		}
	}
	return nil
}

func (d desk) rule(ctx context.Context, id string) (r api.Rule, err error) {
	return r, d.ask(ctx, http.MethodGet, "/rules/"+url.PathEscape(id), nil, &r)
}

func (d desk) ruleHistory(ctx context.Context, out io.Writer, id string, raw bool) error {
	all, err := versions(ctx, d, "/rules/"+url.PathEscape(id), func(p *api.RuleVersions) ([]api.RuleVersion, int64) { return p.Versions, p.Next })
	if err != nil {
		return err
	}
	if raw {
		return writeJSON(out, all)
	}
	for _, v := range all {
		fmt.Fprintf(out, "%s (%s)\n", versionLine(v.Version, v.At, v.By, v.Reason), v.What)
	}
	return nil
}

type rulesEnableCommand struct {
	settings
	remoteFlags
	Reason string   `short:"r" required:"" help:"Why; shown in the history."`
	Weight int      `help:"Of a rule from a file: points instead of those written; 0 is as written."`
	IDs    []string `arg:"" name:"id" help:"Ids of rules."`
}

func (c rulesEnableCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		return d.switchRules(ctx, out, c.IDs, true, c.Weight, c.Reason)
	})
}

type rulesDisableCommand struct {
	settings
	remoteFlags
	Reason string   `short:"r" required:"" help:"Why; shown in the history."`
	IDs    []string `arg:"" name:"id" help:"Ids of rules."`
}

func (c rulesDisableCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		return d.switchRules(ctx, out, c.IDs, false, 0, c.Reason)
	})
}

func (d desk) switchRules(ctx context.Context, out io.Writer, ids []string, on bool, weight int, reason string) error {
	for _, id := range ids {
		r, err := d.rule(ctx, id)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if err := d.ask(ctx, http.MethodPut, "/rules/"+url.PathEscape(id)+"/state", api.RuleSwitch{Enabled: on, Weight: weight, Version: r.Version, Reason: reason}, &r); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		fmt.Fprintf(out, "%s is %s, %d points\n", r.ID, map[bool]string{true: "on", false: "off"}[r.Enabled], r.Weight)
	}
	return nil
}

type rulesAddCommand struct {
	settings
	remoteFlags
	Reason string   `short:"r" required:"" help:"Why; shown in the history."`
	Off    bool     `help:"Keep them turned off."`
	Files  []string `arg:"" name:"file" help:"Rule files (*.yaml)." type:"existingfile"`
}

func (c rulesAddCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		for _, path := range c.Files {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			id := detect.RuleID(text)
			if id == "" {
				return fmt.Errorf("%s: the rule has no id; its first line is id: small-letters-and-hyphens", path)
			}
			if err := d.addRule(ctx, out, id, string(text), !c.Off, c.Reason); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	})
}

// addRule keeps a text, after its samples were tried.
func (d desk) addRule(ctx context.Context, out io.Writer, id, text string, on bool, reason string) error {
	var tried api.RuleTried
	if err := d.ask(ctx, http.MethodPost, "/rules/test", api.RuleTry{Text: text}, &tried); err != nil {
		return err
	}
	for _, s := range tried.Samples {
		if s.Problem != "" {
			return fmt.Errorf("%s: %s", s.Name, s.Problem)
		}
	}
	var now api.Rules
	if err := d.ask(ctx, http.MethodGet, "/rules?search="+url.QueryEscape(id), nil, &now); err != nil {
		return err
	}
	draft := api.RuleDraft{Text: text, Enabled: on, Reason: reason}
	for _, r := range now.Rules {
		if r.ID == id {
			draft.Version = r.Version
		}
	}
	var r api.Rule
	if err := d.ask(ctx, http.MethodPut, "/rules/"+url.PathEscape(id), draft, &r); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is %s, %d points, %d samples\n", r.ID, map[bool]string{true: "on", false: "off"}[r.Enabled], r.Weight, r.Samples)
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "  line %d: %s\n", w.Line, visible(w.Message))
	}
	return nil
}

type rulesRemoveCommand struct {
	settings
	remoteFlags
	Reason string   `short:"r" required:"" help:"Why; shown in the history."`
	IDs    []string `arg:"" name:"id" help:"Ids of rules."`
}

func (c rulesRemoveCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		for _, id := range c.IDs {
			r, err := d.rule(ctx, id)
			if err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			q := url.Values{"version": {fmt.Sprint(r.Version)}, "reason": {c.Reason}}
			if err := d.ask(ctx, http.MethodDelete, "/rules/"+url.PathEscape(id)+"?"+q.Encode(), nil, nil); err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			fmt.Fprintf(out, "removed what was decided about %s\n", id)
		}
		return nil
	})
}
