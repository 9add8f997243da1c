package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

type huntCommand struct {
	settings
	remoteFlags
	Check  bool   `help:"Only compile; say what is wrong."`
	Saved  string `help:"Run a saved query, by name or id; tocsin hunt saved lists them." placeholder:"NAME"`
	File   string `short:"f" help:"Read the query from a file; - is standard input." placeholder:"FILE"`
	Format string `help:"table, csv or json." enum:"table,csv,json" default:"table"`
	Query  string `arg:"" optional:"" help:"KQL over EmailEvents, EmailUrlInfo, EmailAttachmentInfo, EmailPostDeliveryEvents, UrlClickEvents."`
}

// wrongQuery is a query that does not compile. It ends the command with status 1, or 2 when only a table is missing.
type wrongQuery struct {
	line, column int
	msg, table   string
}

func (e *wrongQuery) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.msg)
}

func (c huntCommand) Run(ctx context.Context, out stdout, errs stderr) error {
	err := c.run(ctx, out, errs)
	var wrong *wrongQuery
	var ke *kql.Error
	if errors.As(err, &ke) {
		wrong = &wrongQuery{ke.Line, ke.Column, ke.Msg, ke.Table}
	}
	if errors.As(err, &wrong) || wrong != nil {
		if wrong.table != "" {
			return &exit{code: 2, err: wrong}
		}
		return &exit{code: 1, err: wrong}
	}
	return err
}

func (c huntCommand) run(ctx context.Context, out, errs io.Writer) error {
	if c.Query == savedWord {
		return c.listSaved(ctx, out, errs)
	}
	text, saved, err := c.text(ctx)
	if err != nil {
		return err
	}
	q, err := kql.Parse(text)
	if err != nil {
		return err
	}
	// Which lists may be read is for who answers to say.
	anyList := func(kql.ExternalRef) ([][]any, error) { return nil, nil }
	if _, err := kql.Compile(q, kql.Options{External: anyList}, kql.DuckDB()); err != nil || c.Check {
		return err
	}
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	server, err := findRemote(c.Server, c.Token, cfg)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	p := newPrinter(c.Format, w, errs)
	if server != nil {
		err = server.hunt(ctx, text, saved, p)
	} else {
		err = huntHere(ctx, cfg, errs, hunt.Ask{Query: text, Content: true}, p)
	}
	return errors.Join(err, w.Flush())
}

// text is the query; saved is its id when a server keeps it.
func (c huntCommand) text(ctx context.Context) (text, saved string, err error) {
	switch {
	case c.Saved != "":
		return c.savedText(ctx)
	case c.File != "" && c.Query != "":
		return "", "", errors.New("give a query or a file, not both")
	case c.File == "-":
		b, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
		return string(b), "", err
	case c.File != "":
		b, err := os.ReadFile(c.File)
		return strings.TrimPrefix(string(b), "\ufeff"), "", err
	case c.Query == "":
		return "", "", errors.New(`give a query, as in: tocsin hunt "EmailEvents | summarize count() by ThreatTypes"`)
	}
	return c.Query, "", nil
}

// huntHere asks the stores in the data folder.
func huntHere(ctx context.Context, cfg app.Config, errs io.Writer, ask hunt.Ask, p printer) error {
	if _, err := os.Stat(cfg.Data); err != nil {
		return fmt.Errorf("there is no data folder %s; tocsin import or tocsin serve makes one", cfg.Data)
	}
	a, err := app.New(ctx, cfg, app.Options{Command: "hunt", Log: quiet(errs)})
	if err != nil {
		return err
	}
	err = func() error {
		h, err := a.Hunter().Prepare(ctx, ask)
		if err != nil {
			return err
		}
		done, err := a.Hunter().Run(ctx, "", h, &rowsOf{to: p})
		if err != nil {
			return err
		}
		return p.end(done.Cut)
	}()
	return errors.Join(err, a.Close())
}

// rowsOf prints an answer of this process as one of a server.
type rowsOf struct {
	to  printer
	row []any
}

func (r *rowsOf) Head(columns []kql.Column) error {
	r.row = make([]any, len(columns))
	return r.to.head(api.HuntColumns(columns))
}

func (r *rowsOf) Row(values []any) error {
	for i, v := range values {
		r.row[i] = api.Value(v)
	}
	return r.to.row(r.row)
}

// hunt asks a server, which sends a line a row. What it keeps under an id it runs itself.
func (r *remote) hunt(ctx context.Context, text, saved string, p printer) error {
	path, ask := "/hunt", any(api.HuntAsk{Query: text})
	if saved != "" {
		path, ask = "/hunt/queries/"+saved+"/run", api.HuntSavedRun{}
	}
	raw, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	body, err := r.post(ctx, path, "application/json", raw)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := json.NewDecoder(body)
	lines.UseNumber()
	for {
		var line api.HuntLine
		if err := lines.Decode(&line); err != nil {
			return fmt.Errorf("server %s broke off its answer: %w", r.url, err)
		}
		switch {
		case line.Error != "":
			return fmt.Errorf("server %s: %s", r.url, line.Error)
		case line.Done != nil:
			return p.end(line.Done.Cut)
		case line.Columns != nil:
			err = p.head(line.Columns)
		default:
			err = p.row(line.Row)
		}
		if err != nil {
			return err
		}
	}
}
