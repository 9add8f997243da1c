package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

type huntCommand struct {
	settings
	remoteFlags
	Check  bool   `help:"Only compile; say what is wrong."`
	Saved  string `help:"Run a saved query, by name or id; tocsin hunt saved lists them." placeholder:"NAME"`
	File   string `short:"f" help:"Read the query from a file; - is standard input." placeholder:"FILE"`
	From   string `help:"Start of every table, included: 2026-05-01, 2026-05-01T08:30:00Z, or 7d for seven days ago." placeholder:"TIME"`
	To     string `help:"End of every table, excluded; as --from." placeholder:"TIME"`
	Limit  int    `help:"At most so many rows; 0: all, in a table the first 1000." placeholder:"N"`
	Format string `help:"table, csv or json." enum:"table,csv,json" default:"table"`
	Query  string `arg:"" optional:"" help:"KQL over the event tables, such as EmailEvents; - is standard input."`
}

// Exit statuses of hunt, beside 0 and 130.
const (
	exitWrong   = 1 // the query is wrong, or something failed
	exitTable   = 2 // only a table is missing
	exitCut     = 3
	exitLimited = 4
)

// Help is what --help says beside the flags.
func (huntCommand) Help() string {
	return `Rows go to standard output: as a table, as CSV (RFC 4180, with a head line), or as a JSON array of objects. Datetimes are
RFC 3339 in UTC, timespans d.hh:mm:ss.fffffff, nulls empty (null in JSON). What must be known beside the rows goes to standard error.

Without a server the query has the machine to itself: its answer may be of any length and take any time. A server has limits; what
they cut off is said.

Exit status: 0 all rows were printed, or as many as --limit; 1 the query is wrong (line, column and reason on standard error), or something
failed; 2 the query is right and reads a table that this installation does not collect; 3 the server's limit cut the answer: what was
printed is right and not all; 4 a limit of time, memory or concurrent queries ended the query; 130 interrupted.`
}

func (c huntCommand) Run(ctx context.Context, in stdin, out stdout, errs stderr) error {
	text := ""
	err := c.run(ctx, in, out, errs, &text)
	var wrong *wrongQuery
	var ke *kql.Error
	if errors.As(err, &ke) {
		wrong = &wrongQuery{line: ke.Line, column: ke.Column, msg: ke.Msg, table: ke.Table}
	}
	if errors.As(err, &wrong) || wrong != nil {
		wrong.text = text
		code := exitWrong
		if wrong.table != "" {
			code = exitTable
		}
		return &exit{code: code, err: wrong, detail: wrong.place()}
	}
	var limit *hunt.LimitError
	if errors.As(err, &limit) {
		return &exit{code: exitLimited, err: limit}
	}
	var cut cutShort
	if errors.As(err, &cut) {
		return &exit{code: exitCut, err: cut}
	}
	return err
}

// run leaves the text of the query in text, for whoever tells what is wrong with it.
func (c huntCommand) run(ctx context.Context, in io.Reader, out, errs io.Writer, text *string) error {
	if c.Query == savedWord {
		return c.listSaved(ctx, out, errs)
	}
	ask, err := c.narrow(time.Now())
	if err != nil {
		return err
	}
	var saved string
	if *text, saved, err = c.text(ctx, in); err != nil {
		return err
	}
	ask.Query = *text
	q, err := kql.Parse(*text)
	if err != nil {
		return err
	}
	if c.Check {
		// Which lists may be read is for who answers to say.
		anyList := func(kql.ExternalRef) ([][]any, error) { return nil, nil }
		unseen := func(*kql.Statement) ([][]any, error) { return nil, hunt.ErrUnseen }
		st, err := kql.Compile(q, kql.Options{External: anyList, Probe: unseen}, kql.DuckDB())
		if errors.Is(err, hunt.ErrUnseen) {
			return notes(errs, []string{err.Error()}, nil)
		}
		if err != nil {
			return err
		}
		return notes(errs, hunt.Notes(st), nil)
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
	p := newPrinter(c.Format, c.Limit, w, errs, plainTerminal(out))
	if server != nil {
		err = server.hunt(ctx, ask, saved, p, errs)
	} else {
		err = huntHere(ctx, cfg, ask, p, errs)
	}
	return errors.Join(err, w.Flush())
}

// text is the query; saved is its id when a server keeps it.
func (c huntCommand) text(ctx context.Context, in io.Reader) (text, saved string, err error) {
	switch {
	case c.Saved != "":
		return c.savedText(ctx)
	case c.File != "" && c.Query != "":
		return "", "", errors.New("give a query or a file, not both")
	case c.File == "-", c.Query == "-", c.File == "" && c.Query == "" && !plainTerminal(in):
		b, err := io.ReadAll(io.LimitReader(in, 1<<20+1)) // one more than a query may have
		if err == nil && len(bytes.TrimSpace(b)) == 0 {
			err = errNoText
		}
		return strings.TrimPrefix(string(b), "\ufeff"), "", err
	case c.File != "":
		b, err := os.ReadFile(c.File)
		return strings.TrimPrefix(string(b), "\ufeff"), "", err
	case c.Query == "":
		return "", "", errNoText
	}
	return c.Query, "", nil
}

var errNoText = errors.New(`give a query, as in: tocsin hunt "EmailEvents | summarize count() by ThreatTypes"`)

// narrow is what the flags ask for.
func (c huntCommand) narrow(now time.Time) (ask hunt.Ask, err error) {
	if c.Limit < 0 || c.Limit > 10_000_000 {
		return ask, fmt.Errorf("--limit: %d is out of bounds; 1 to 10000000, or 0 for all", c.Limit)
	}
	ask = hunt.Ask{Rows: int64(c.Limit), Content: true}
	if ask.From, err = when("--from", c.From, now); err != nil {
		return ask, err
	}
	if ask.To, err = when("--to", c.To, now); err != nil {
		return ask, err
	}
	if !ask.From.IsZero() && !ask.To.IsZero() && !ask.From.Before(ask.To) {
		return ask, fmt.Errorf("--to: the range ends (%s) before it begins (%s)", ask.To.Format(time.RFC3339), ask.From.Format(time.RFC3339))
	}
	return ask, nil
}

// when reads a time: a date, RFC 3339, or how long ago it was.
func when(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.Add(-time.Duration(n) * 24 * time.Hour).UTC(), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%s: %q is no time; write 2026-05-01, 2026-05-01T08:30:00Z, or 7d, 12h, 30m for so long ago", flag, s)
}
