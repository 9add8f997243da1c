package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/api"
)

// indicatorCommand goes through the running server, or works on the store when none runs.
type indicatorCommand struct {
	Add    indicatorAddCommand    `cmd:"" help:"Add indicators; mail is judged with them at once."`
	List   indicatorListCommand   `cmd:"" help:"Show indicators, the newest first."`
	Find   indicatorFindCommand   `cmd:"" help:"What every source says of a value."`
	Retire indicatorRetireCommand `cmd:"" help:"Retire indicators: they match nothing any more."`
}

type indicatorAddCommand struct {
	settings
	remoteFlags
	Values      []string `arg:"" optional:"" help:"URLs, domains, addresses, networks, file hashes, senders; defanged ones are understood."`
	File        string   `short:"f" help:"Read values from a file, one a line; - is standard input." placeholder:"FILE"`
	Kind        string   `help:"What the values are; the value tells, but for subjects." enum:"url,domain,ip,hash,sender,subject," default:""`
	Suspicious  bool     `help:"Only suspected: counts half."`
	Good        bool     `help:"Known to be good: silences other sources on the same value."`
	Threat      string   `help:"Malware family, or a word like phish."`
	Confidence  int      `help:"0 to 100." default:"0"`
	TLP         string   `name:"tlp" help:"clear, green, amber, amber+strict or red." enum:"clear,green,amber,amber+strict,red," default:""`
	Tag         []string `help:"A tag; may be given more than once." sep:"none"`
	For         span     `help:"How long they are valid: 30d, 12h; default without end."`
	Description string   `help:"More about them."`
	Reason      string   `short:"r" help:"Why; stands in the history and in the audit log."`
}

func (c indicatorAddCommand) Run(ctx context.Context, in stdin, out stdout) error {
	values, err := c.values(in)
	if err != nil {
		return err
	}
	if len(values) == 0 {
		return errors.New("give values, or --file")
	}
	ask := api.NewIndicators{Threat: c.Threat, Confidence: c.Confidence, TLP: c.TLP, Tags: c.Tag, State: "confirmed", Good: c.Good, Description: c.Description, Reason: c.Reason}
	if c.Suspicious {
		ask.State = "suspicious"
	}
	if c.For > 0 {
		until := time.Now().Add(time.Duration(c.For)).UTC()
		ask.ValidUntil = &until
	}
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		refused := 0
		for len(values) > 0 {
			n := min(5000, len(values))
			ask.Indicators = nil
			for _, v := range values[:n] {
				ask.Indicators = append(ask.Indicators, api.IndicatorDraft{Kind: c.Kind, Value: v})
			}
			values = values[n:]
			var got api.IndicatorsAdded
			if err := d.ask(ctx, http.MethodPost, "/indicators", ask, &got); err != nil {
				return err
			}
			fmt.Fprintf(out, "%d added, %d changed, %d were there already\n", got.Added, got.Changed, got.Same)
			for _, w := range got.Warnings {
				fmt.Fprintln(out, visible(w))
			}
			for _, r := range got.Refused {
				fmt.Fprintf(out, "refused: %s: %s\n", visible(r.Value), visible(r.Why))
			}
			refused += len(got.Refused)
		}
		if refused > 0 {
			return errSilent
		}
		return nil
	})
}

func (c indicatorAddCommand) values(in stdin) ([]string, error) {
	values := c.Values
	if c.File == "" {
		return values, nil
	}
	var r io.Reader = in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	for sc := bufio.NewScanner(r); ; {
		if !sc.Scan() {
			return values, sc.Err()
		}
		if line := strings.TrimSpace(sc.Text()); line != "" && line[0] != '#' {
			values = append(values, line)
		}
	}
}

type indicatorListCommand struct {
	settings
	remoteFlags
	Kind   string `help:"Only of this kind." enum:"url,domain,ip,hash,sender,subject," default:""`
	State  string `help:"Only suspicious, confirmed or retired." enum:"suspicious,confirmed,retired," default:""`
	Now    string `help:"Only live, held or expired." enum:"live,held,expired," default:""`
	Source string `help:"Only of this source."`
	Threat string `help:"Only of this threat."`
	Tag    string `help:"Only with this tag."`
	Text   string `help:"A whole value, or a part of one."`
	Limit  int    `help:"At most so many." default:"1000"`
	Format string `help:"table, csv or json." enum:"table,csv,json" default:"table"`
}

func (c indicatorListCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	q := url.Values{"limit": {strconv.Itoa(min(500, max(1, c.Limit)))}}
	for key, value := range map[string]string{"kind": c.Kind, "state": c.State, "now": c.Now, "source": c.Source, "threat": c.Threat, "tag": c.Tag, "text": c.Text} {
		if value != "" {
			q.Set(key, value)
		}
	}
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		p := newPrinter(c.Format, 0, out, errs, plainTerminal(out))
		if err := p.head(textColumns("Id", "Kind", "Value", "State", "Now", "Threat", "Source", "Confidence", "Valid until", "Held")); err != nil {
			return err
		}
		for left := c.Limit; left > 0; {
			var page api.IndicatorPage
			if err := d.ask(ctx, http.MethodGet, "/indicators?"+q.Encode(), nil, &page); err != nil {
				return err
			}
			for _, i := range page.Indicators[:min(left, len(page.Indicators))] {
				until := ""
				if i.ValidUntil != nil {
					until = i.ValidUntil.UTC().Format(time.RFC3339)
				}
				if err := p.row([]any{strconv.FormatInt(i.ID, 10), i.Kind, i.Value, i.State, i.Now, i.Threat, i.Source, strconv.Itoa(i.Confidence), until, i.Held}); err != nil {
					return err
				}
				left--
			}
			if page.Next == 0 {
				break
			}
			q.Set("before", strconv.FormatInt(page.Next, 10))
		}
		return p.end("")
	})
}

type indicatorFindCommand struct {
	settings
	remoteFlags
	Value  string `arg:"" help:"A whole value; defanged ones are understood."`
	Format string `help:"table, csv or json." enum:"table,csv,json" default:"table"`
}

func (c indicatorFindCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	return indicatorListCommand{settings: c.settings, remoteFlags: c.remoteFlags, Text: c.Value, Limit: 200, Format: c.Format}.Run(ctx, out, errs)
}

type indicatorRetireCommand struct {
	settings
	remoteFlags
	IDs    []int64 `arg:"" name:"id" help:"Ids, as list and find show them."`
	Reason string  `short:"r" help:"Why; stands in the history and in the audit log."`
}

func (c indicatorRetireCommand) Run(ctx context.Context, out stdout) error {
	return withDesk(ctx, c.settings, c.remoteFlags, func(d desk) error {
		if err := d.ask(ctx, http.MethodPut, "/indicators", api.IndicatorChange{IDs: c.IDs, State: "retired", Reason: c.Reason}, nil); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d retired\n", len(c.IDs))
		return nil
	})
}
