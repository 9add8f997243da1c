package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/files"
)

type explainCommand struct {
	judgedBy
	File string `arg:"" help:"One message; - is standard input."`
}

// Run tells a person what spoke for and against the message, and what the policy makes of it.
func (c explainCommand) Run(ctx context.Context, out stdout) error {
	judge, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.explain(ctx, out, judge), judge.close())
}

func (c explainCommand) explain(ctx context.Context, out io.Writer, judge judging) error {
	var first *files.Message
	more := errors.New("more than one message")
	err := files.Walk(ctx, []string{c.File}, files.Visitor{
		Message: func(m files.Message) error {
			if first != nil {
				return more
			}
			first = &m
			return m.Err
		},
		FileDone: func(_ *files.File, err error) error { return err },
	})
	switch {
	case errors.Is(err, more):
		return fmt.Errorf("%s holds several messages; tocsin scan judges them all", c.File)
	case err != nil:
		return fmt.Errorf("%s: %w", c.File, err)
	case first == nil:
		return fmt.Errorf("%s holds no message", c.File)
	}
	x, known, err := judge.examine(ctx, first.Raw, ingest.Envelope{Source: "explain", FileTime: first.File.Modified})
	if err != nil {
		return err
	}
	if c.Data != "" {
		said := "it was not taken in there"
		if known != nil {
			said = fmt.Sprintf("taken in there %s as %s", known.FirstSeen.UTC().Format("2006-01-02 15:04 UTC"), known.NetworkMessageID)
		}
		fmt.Fprintf(out, "Judged as the server on %s would now; %s.\n\n", visible(c.Data), said)
	}
	for _, id := range x.Defects {
		fmt.Fprintf(out, "The step %s failed on this message: a bug worth a report.\n", id)
	}
	return detect.Explain(out, x.Context, x.Verdict, judge.decide(&x)...)
}
