package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

// cutShort is an answer that is right and not whole. The words stand on standard error already.
type cutShort struct{}

func (cutShort) Error() string { return "" }

// huntHere asks the stores in the data folder. Nobody else waits for them.
func huntHere(ctx context.Context, cfg app.Config, ask hunt.Ask, p printer, errs io.Writer) error {
	if _, err := os.Stat(cfg.Data); err != nil {
		return fmt.Errorf("there is no data folder %s; tocsin import or tocsin serve makes one", cfg.Data)
	}
	cfg.Hunting = cfg.Hunting.Unbounded()
	a, err := app.New(ctx, cfg, app.Options{Command: "hunt", Log: quiet(errs)})
	if err != nil {
		return err
	}
	err = func() error {
		check := ask
		check.Check = true
		if _, err := a.Hunter().Prepare(ctx, check); err != nil {
			return err
		}
		if err := a.Gate().Write(asLocal(ctx), auth.Record{Action: auth.ActQuery, Subject: ask.Query}, nil); err != nil {
			return err
		}
		h, err := a.Hunter().Prepare(ctx, ask)
		if err != nil {
			return err
		}
		if err := notes(errs, h.Notes, nil); err != nil {
			return err
		}
		done, err := a.Hunter().Run(ctx, h, &rowsOf{to: p})
		if err != nil {
			return err
		}
		return p.end(done.Cut)
	}()
	return errors.Join(err, a.Close())
}

// notes says what must be known beside the rows.
func notes(errs io.Writer, notes, withheld []string) error {
	for _, n := range notes {
		if err := remark(errs, visible(n)); err != nil {
			return err
		}
	}
	for _, c := range withheld {
		if err := remark(errs, visible(c)+" is left out: it quotes messages, and the permission email.preview is missing"); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf prints an answer of this process as one of a server.
type rowsOf struct {
	to  printer
	row []any
}

var _ hunt.Sink = (*rowsOf)(nil)

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
func (r *remote) hunt(ctx context.Context, ask hunt.Ask, saved string, p printer, errs io.Writer) error {
	path, question := "/hunt", any(api.HuntAsk{Query: ask.Query, From: ask.From, To: ask.To, Limit: int(ask.Rows)})
	if saved != "" {
		path, question = "/hunt/queries/"+saved+"/run", api.HuntSavedRun{From: ask.From, To: ask.To, Limit: int(ask.Rows)}
	}
	raw, err := json.Marshal(question)
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
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("server %s broke off its answer: %w", r.url, err)
		}
		switch {
		case line.Error != "":
			return r.ended(line)
		case line.Done != nil:
			err := p.end(line.Done.Cut)
			if err == nil && line.Done.Cut != "" && line.Done.Rows != ask.Rows {
				err = cutShort{} // fewer than asked for
			}
			return err
		case line.Columns != nil:
			if err = notes(errs, line.Notes, line.Withheld); err == nil {
				err = p.head(line.Columns)
			}
		default:
			err = p.row(line.Row)
		}
		if err != nil {
			return err
		}
	}
}

// ended is why a server broke a query off.
func (r *remote) ended(line api.HuntLine) error {
	switch limit := hunt.Limit(line.Reason); limit {
	case hunt.LimitTime, hunt.LimitMemory, hunt.LimitBusy, hunt.LimitValue:
		return &hunt.LimitError{Limit: limit, Msg: line.Error}
	}
	return fmt.Errorf("server %s: %s", r.url, line.Error)
}
