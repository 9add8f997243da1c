package main

import (
	"context"
	"errors"
	"fmt"

	"tocsin/internal/detect"
	"tocsin/internal/ingest"
	"tocsin/internal/ingest/files"
)

type explainCommand struct {
	Config string `help:"YAML file with settings: the organisation, trusted servers." placeholder:"FILE" type:"path"`
	DNS    bool   `name:"dns" help:"Ask DNS, for SPF, DKIM and DMARC."`
	File   string `arg:"" help:"One message; - is standard input."`
}

// Run tells a person what spoke for and against the message, and what the policy makes of it.
func (c explainCommand) Run(ctx context.Context, out stdout) error {
	examiner, cfg, err := newExaminer(c.Config, c.DNS)
	if err != nil {
		return err
	}
	var first *files.Message
	more := errors.New("more than one message")
	err = files.Walk(ctx, []string{c.File}, files.Visitor{
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
	x, err := examiner.Examine(ctx, first.Raw, ingest.Envelope{Source: "explain", FileTime: first.File.Modified})
	if err != nil {
		return err
	}
	for _, id := range x.Defects {
		fmt.Fprintf(out, "The step %s failed on this message: a bug worth a report.\n", id)
	}
	return detect.Explain(out, x.Context, x.Verdict, cfg.Decider().Decide(x.Verdict, x.Context))
}
