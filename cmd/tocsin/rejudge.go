package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
)

type rejudgeCommand struct {
	settings
	remoteFlags
	Since  span   `help:"How far back: 48h, 7d; at most 30d." default:"48h"`
	Threat string `help:"Only changes that come to or go from Malware, Phish or Spam." enum:"Malware,Phish,Spam," default:""`
	DryRun bool   `help:"Only say what would be decided."`
	Reason string `short:"r" help:"Why; shown with the run."`
	Format string `help:"Of the messages that changed: table, csv or json." enum:"table,csv,json" default:"table"`
}

// Run judges delivered mail again and shows what changed.
func (c rejudgeCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return withRuns(ctx, c.settings, c.remoteFlags, errs, func(ctx context.Context, d desk) error {
		since := time.Now().Add(-time.Duration(c.Since)).UTC()
		ask := api.RejudgeAsk{Since: &since, Threat: c.Threat, DryRun: c.DryRun, Reason: c.Reason}
		return d.follow(ctx, "/rejudge", ask, c.Format, out, errs)
	})
}

type whatIfCommand struct {
	settings
	remoteFlags
	Rule   string   `help:"File with a rule." type:"existingfile" placeholder:"FILE"`
	Policy string   `help:"YAML file with keys of a policy, as under policy: in the settings; the rest stays as it is." type:"existingfile" placeholder:"FILE"`
	Block  []string `help:"A block entry: sender=, domain=, ip=, url= or file= and the value." placeholder:"KIND=VALUE" sep:"none"`
	Allow  []string `help:"An allow entry." placeholder:"KIND=VALUE" sep:"none"`
	Since  span     `help:"How far back; at most 30d." default:"30d"`
	Threat string   `help:"Only changes that come to or go from Malware, Phish or Spam." enum:"Malware,Phish,Spam," default:""`
	Format string   `help:"Of the messages that would change: table, csv or json." enum:"table,csv,json" default:"table"`
}

// Run tries a rule, entries or a policy on stored mail. Nothing is changed by it.
func (c whatIfCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	since := time.Now().Add(-time.Duration(c.Since)).UTC()
	ask := api.WhatIfAsk{Since: &since, Threat: c.Threat}
	if c.Rule == "" && c.Policy == "" && len(c.Block)+len(c.Allow) == 0 {
		return errors.New("give --rule, --policy, --block or --allow")
	}
	if c.Rule != "" {
		raw, err := os.ReadFile(c.Rule)
		if err != nil {
			return err
		}
		ask.Rule = string(raw)
	}
	block, err := drafts(c.Block, "Block", "what-if", false, 0)
	if err != nil {
		return err
	}
	allow, err := drafts(c.Allow, "Allow", "what-if", false, 0)
	if err != nil {
		return err
	}
	ask.Entries = slices.Concat(block, allow)
	return withRuns(ctx, c.settings, c.remoteFlags, errs, func(ctx context.Context, d desk) error {
		if c.Policy != "" {
			var now api.PolicyInForce
			if err := d.ask(ctx, http.MethodGet, "/policy", nil, &now); err != nil {
				return err
			}
			p, err := readPolicy(c.Policy, now.Policy)
			if err != nil {
				return err
			}
			ask.Policy = &p
		}
		return d.follow(ctx, "/whatif", ask, c.Format, out, errs)
	})
}

// withRuns opens the desk with something behind it that works runs: the server, or this process with all stores.
func withRuns(ctx context.Context, s settings, r remoteFlags, errs io.Writer, f func(context.Context, desk) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	server, err := findRemote(r.Server, r.Token, cfg)
	if err != nil {
		return err
	}
	if server != nil {
		return f(ctx, desk{*server, cfg})
	}
	if _, err := os.Stat(cfg.Data); err != nil {
		return fmt.Errorf("there is no data folder %s; tocsin import or tocsin serve makes one", cfg.Data)
	}
	a, err := app.New(ctx, cfg, app.Options{Command: "rejudge", Log: quiet(errs)})
	if err != nil {
		return err
	}
	err = a.Work(ctx, func(ctx context.Context) error { return f(ctx, localDesk(a.Local(), cfg)) })
	return errors.Join(err, a.Close())
}

// follow starts a run, shows how far it is, and prints what changed.
func (d desk) follow(ctx context.Context, path string, ask any, format string, out, errs io.Writer) error {
	var run api.JudgingRun
	if err := d.ask(ctx, http.MethodPost, path, ask, &run); err != nil {
		return err
	}
	bar := newProgress(errs)
	at := path + "/" + url.PathEscape(run.ID)
	for run.Ended == nil {
		select {
		case <-ctx.Done():
			bar.done()
			where := "in the server"
			if d.here {
				where = "when a server starts in this folder"
			}
			fmt.Fprintf(errs, "The run %s goes on %s.\n", run.ID, where)
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if err := d.ask(ctx, http.MethodGet, at, nil, &run); err != nil {
			return err
		}
		showRun(bar, &run)
	}
	bar.done()
	if run.State != "done" {
		return fmt.Errorf("the run ended as %s after %d of %d messages; %s", run.State, run.Counts.Messages, run.Counts.Total, run.Error)
	}
	if err := d.results(ctx, at, format, out, errs); err != nil {
		return err
	}
	_, err := fmt.Fprintln(errs, summaryOf(&run))
	return err
}

func (d desk) results(ctx context.Context, at, format string, out, errs io.Writer) error {
	p := newPrinter(format, 0, out, errs, plainTerminal(out))
	if err := p.head(textColumns("Time", "Change", "Before", "After", "Decision", "Sender", "Subject", "Recipients", "Signals", "Contradicts", "NetworkMessageId")); err != nil {
		return err
	}
	for after := int64(0); ; {
		var page api.JudgingResults
		if err := d.ask(ctx, http.MethodGet, fmt.Sprintf("%s/results?limit=500&after=%d", at, after), nil, &page); err != nil {
			return err
		}
		for i := range page.Results {
			r := &page.Results[i]
			var signals []string
			for _, s := range r.Signals {
				mark := "-"
				if s.Came {
					mark = "+"
				}
				signals = append(signals, mark+s.ID)
			}
			to := strings.Join(r.Recipients, " ")
			if n := r.RecipientCount - len(r.Recipients); n > 0 {
				to += fmt.Sprintf(" and %d more", n)
			}
			if err := p.row([]any{api.Datetime(r.Time), r.Change, sideWords(&r.Before), sideWords(&r.After), r.Decision, r.Sender, r.Subject, to, strings.Join(signals, " "), r.Contradicts, r.NetworkMessageID}); err != nil {
				return err
			}
		}
		if after = page.Next; after == 0 {
			return p.end("")
		}
	}
}

// sideWords is one state in a few words: "Phish (high) 82: quarantine".
func sideWords(s *api.JudgingSide) string {
	what := "clean"
	if len(s.ThreatTypes) > 0 {
		what = strings.Join(s.ThreatTypes, "+")
		if s.PhishConfidence != "" {
			what += " (" + strings.ToLower(s.PhishConfidence) + ")"
		}
	}
	what += fmt.Sprintf(" %d", s.Score)
	if s.Treatment != "" {
		what += ": " + s.Treatment
	}
	if s.Watched {
		what += ", watching"
	}
	return what
}

func summaryOf(r *api.JudgingRun) string {
	c := &r.Counts
	line := fmt.Sprintf("%d messages, %d events: %d now flagged, %d no longer, %d verdicts and %d actions changed", c.Messages, c.Events, c.NowFlagged, c.NoLongerFlagged, c.VerdictChanged, c.ActionChanged)
	if r.Kind == "rejudge" {
		what := "decided"
		if r.DryRun {
			what = "would be decided"
		}
		line += fmt.Sprintf("; %d actions %s, %d changes ask for none", c.Decided, what, c.Noted)
	}
	for _, more := range []struct {
		n    int64
		what string
	}{{c.Contradicts, "against what people decided"}, {c.Missing, "not kept any more"}, {c.Broken, "not judged in full"}, {c.Unkept, "changes only counted"}} {
		if more.n > 0 {
			line += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return line + fmt.Sprintf(" (%.0f messages a second)", r.Rate)
}

// showRun tells how far a run is.
func showRun(p *progress, r *api.JudgingRun) {
	const width = 30
	full := int(r.Progress * width)
	p.show(fmt.Sprintf("[%s%s] ", strings.Repeat("#", full), strings.Repeat(" ", width-full)),
		fmt.Sprintf("%s: %d of %d messages, %d changed", r.State, r.Counts.Messages, r.Counts.Total, r.Counts.Results+r.Counts.Unkept))
}
