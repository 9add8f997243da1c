package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/files"
)

type importCommand struct {
	settings
	remoteFlags
	Again  bool     `help:"Read files again that were read before; mail that is there is not added twice."`
	Source string   `help:"Name of the source, shown with each message." default:"import"`
	Paths  []string `arg:"" name:"path" help:"Mail: .eml, mbox, Maildir, folders of them, packed ones; - is standard input."`
}

func (c importCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	server, err := findRemote(c.Server, c.Token, cfg)
	if err != nil {
		return err
	}
	bar := newProgress(errs)
	o := files.Options{Source: c.Source, Again: c.Again, MaxSize: int(cfg.Intake.MaxMessage), Progress: func(s files.Summary) { showImport(bar, s) }}
	var sum files.Summary
	if server != nil {
		o.Parallel = 32
		sum, err = files.Import(ctx, server, c.Paths, o)
	} else {
		sum, err = importHere(ctx, cfg, errs, c.Paths, o)
	}
	bar.done()
	if c.Server == "" {
		err = errors.Join(err, c.record(context.WithoutCancel(ctx), sum))
	}
	for _, e := range sum.Errors {
		fmt.Fprintf(errs, "tocsin: %s: %v\n", visible(e.Name), e.Err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, verdictOf(sum))
	if sum.Failed > 0 {
		return fmt.Errorf("%d could not be read or taken in", sum.Failed)
	}
	if sum.Messages == 0 && sum.Unchanged == 0 {
		return errors.New("no mail there; name .eml files, mbox files or Maildir folders")
	}
	return nil
}

// record writes down that this machine's command line took mail in: one record, whatever the number of messages. Another machine's
// server writes one a message, under the name of the token's owner.
func (c importCommand) record(ctx context.Context, sum files.Summary) error {
	return c.withGate(ctx, func(ctx context.Context, p *app.People) error {
		return p.Gate.Write(ctx, auth.Record{Action: auth.ActImport, Subject: c.Source}, struct {
			Messages int64    `json:"messages"`
			Paths    []string `json:"paths"`
		}{int64(sum.Messages), c.Paths})
	})
}

// importHere takes mail into the stores of the data folder and waits until it is judged.
func importHere(ctx context.Context, cfg app.Config, errs io.Writer, paths []string, o files.Options) (sum files.Summary, err error) {
	a, err := app.New(ctx, cfg, app.Options{Command: "import", Log: quiet(errs)})
	if err != nil {
		return sum, err
	}
	o.Ledger = a.Cases()
	o.Waiting = func(ctx context.Context) (int64, error) {
		p, err := a.Progress(ctx)
		return p.Waiting, err
	}
	err = a.Work(ctx, func(ctx context.Context) error {
		sum, err = files.Import(ctx, a.Intake(), paths, o)
		return err
	})
	return sum, errors.Join(err, a.Close())
}

var _ files.Accepter = (*remote)(nil)

// Accept offers one message to the server.
func (r *remote) Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error) {
	q := url.Values{"source": {env.Source}}
	if at := env.FileTime; !at.IsZero() {
		q.Set("file_time", at.UTC().Format(time.RFC3339))
	}
	body, err := r.post(ctx, "/import?"+q.Encode(), "message/rfc822", raw)
	if err != nil {
		return ingest.Receipt{}, err
	}
	defer body.Close()
	var got api.Imported
	if err := json.NewDecoder(io.LimitReader(body, 1<<16)).Decode(&got); err != nil {
		return ingest.Receipt{}, fmt.Errorf("server %s: %w", r.url, err)
	}
	return ingest.Receipt{NetworkMessageID: got.NetworkMessageID, Duplicate: got.Duplicate}, nil
}

// showImport tells how far an import is.
func showImport(p *progress, s files.Summary) {
	line := verdictOf(s)
	if s.Waiting > 0 {
		line += fmt.Sprintf(", %d to judge", s.Waiting)
	}
	p.show("", line)
}

func verdictOf(s files.Summary) string {
	line := fmt.Sprintf("%d messages (%d new, %d known) from %d files", s.Messages, s.Messages-s.Duplicates, s.Duplicates, s.Files)
	if s.Unchanged > 0 {
		line += fmt.Sprintf(", %d files unchanged", s.Unchanged)
	}
	if s.NotMail > 0 {
		line += fmt.Sprintf(", %d not mail", s.NotMail)
	}
	if s.Failed > 0 {
		line += fmt.Sprintf(", %d failed", s.Failed)
	}
	if s.Elapsed > 0 {
		line += fmt.Sprintf(", %.0f a second", s.Rate())
	}
	return line
}
