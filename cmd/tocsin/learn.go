package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/detect"
)

// learnCommand works on the case store itself, beside a running server or without one; a server follows within seconds.
type learnCommand struct {
	Status   learnStatusCommand   `cmd:"" help:"What there is to learn from, and what was learned."`
	Label    learnLabelCommand    `cmd:"" help:"Say what a message is."`
	Train    learnTrainCommand    `cmd:"" help:"Train now; the result stays in shadow."`
	Activate learnActivateCommand `cmd:"" help:"Let the model in shadow speak, if it passes its false-positive check."`
	Reset    learnResetCommand    `cmd:"" help:"Silence and forget the models."`
	Evaluate learnEvaluateCommand `cmd:"" help:"Show how well a model learns from folders of mail, without any store."`
}

type learnStatusCommand struct{ settings }

func (c learnStatusCommand) Run(ctx context.Context, out stdout) error {
	return c.withLearner(ctx, func(ctx context.Context, l *app.Learner) error {
		s, err := l.Status(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%d examples; called phish %d, spam %d, good %d. A first training needs %d bad and %d good.\n", s.Examples, s.Phish, s.Spam, s.Good, s.NeedBad, s.NeedGood)
		if len(s.Models) == 0 {
			_, err := fmt.Fprintln(out, "No model yet.")
			return err
		}
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "THREAT\tSTATE\tTRAINED\tBAD\tGOOD\tFEATURES\tCHECK")
		for _, m := range s.Models {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", m.Threat, m.State, m.Trained.Format(time.RFC3339), m.Bad, m.Good, m.Features, m.Check)
		}
		return w.Flush()
	})
}

type learnLabelCommand struct {
	settings
	Reporter string `help:"The person who reported it; default: you decide, as an analyst." placeholder:"ADDRESS"`
	ID       string `arg:"" name:"id" help:"Network message id."`
	Label    string `arg:"" help:"phish, spam, good, or none to take it back." enum:"phish,spam,good,none"`
}

func (c learnLabelCommand) Run(ctx context.Context) error {
	label := c.Label
	if label == "none" {
		label = ""
	}
	return c.withLearner(ctx, func(ctx context.Context, l *app.Learner) error { return l.Label(ctx, c.ID, label, c.Reporter) })
}

type learnTrainCommand struct{ settings }

func (c learnTrainCommand) Run(ctx context.Context, out stdout) error {
	return c.withLearner(ctx, func(ctx context.Context, l *app.Learner) error {
		said, err := l.Train(ctx, true)
		for _, line := range said {
			fmt.Fprintln(out, line)
		}
		return err
	})
}

type learnActivateCommand struct {
	settings
	Threat string `arg:"" optional:"" help:"Phish or Spam." enum:"Phish,Spam" default:"Phish"`
	Reason string `help:"Why, for the audit log."`
}

func (c learnActivateCommand) Run(ctx context.Context, out stdout) error {
	return c.withLearner(ctx, func(ctx context.Context, l *app.Learner) error {
		said, err := l.Activate(ctx, detect.Threat(c.Threat), c.Reason)
		if err == nil {
			_, err = fmt.Fprintf(out, "%s; it speaks now\n", said)
		}
		return err
	})
}

type learnResetCommand struct {
	settings
	Everything bool   `help:"Also the examples and labels."`
	Reason     string `help:"Why, for the audit log."`
}

func (c learnResetCommand) Run(ctx context.Context) error {
	return c.withLearner(ctx, func(ctx context.Context, l *app.Learner) error { return l.Reset(ctx, c.Everything, c.Reason) })
}

// withLearner opens the stores for f, which acts as the local command line in the audit log.
func (s settings) withLearner(ctx context.Context, f func(context.Context, *app.Learner) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	l, stores, err := app.OpenLearner(ctx, cfg)
	if err != nil {
		return err
	}
	local := &auth.Principal{Operator: auth.Operator{Email: "local command line"}, Via: "local"}
	return errors.Join(f(auth.With(ctx, local), l), stores.Close())
}
