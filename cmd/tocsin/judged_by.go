package main

import (
	"context"
	"os"

	"tocsin/internal/app"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/ingest"
)

// judgedBy are the flags of commands that judge mail and store nothing.
type judgedBy struct {
	Config string `help:"YAML file with settings: the organisation, trusted servers. With --data, the server's." placeholder:"FILE" type:"path"`
	Data   string `help:"Judge as the server on this data folder would: with the rules, entries, people and models that were decided there, and what it remembers. It may be running." placeholder:"DIR" type:"path"`
	DNS    bool   `name:"dns" help:"Ask DNS, for SPF, DKIM and DMARC. Without it, only what trusted servers noted is known; with --data, the settings decide."`
}

// judging judges one message after the other.
type judging struct {
	examine func(ctx context.Context, raw []byte, env ingest.Envelope) (x ingest.Examined, known *casestore.Message, err error)
	book    *detect.Book
	each    bool // decide for each recipient
	close   func() error
}

// open prepares the judge: that of the settings file, about whose organisation nothing is known without one, or that of a data folder.
func (j judgedBy) open(ctx context.Context) (judging, error) {
	flags := map[string]any{}
	switch {
	case j.Data == "":
		flags["dns.enabled"] = j.DNS
	case j.DNS:
		flags["dns.enabled"] = true
	}
	if j.Data != "" {
		flags["data"] = j.Data
	}
	cfg, err := app.Load(j.Config, os.Environ(), flags)
	if err != nil {
		return judging{}, err
	}
	if j.Data != "" {
		s, err := app.OpenStandIn(ctx, cfg)
		if err != nil {
			return judging{}, err
		}
		return judging{examine: s.Examine, book: s.Book, each: true, close: s.Close}, nil
	}
	x, err := newExaminer(cfg)
	if err != nil {
		return judging{}, err
	}
	return judging{
		examine: func(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Examined, *casestore.Message, error) {
			got, err := x.Examine(ctx, raw, env)
			return got, nil, err
		},
		book: detect.NewBook(cfg.Decider(), nil), close: func() error { return nil },
	}, nil
}

// decide says what the policy makes of the message: one decision for each recipient, or one for nobody in particular.
func (j judging) decide(x *ingest.Examined) []detect.Decision {
	if j.each && len(x.Context.Recipients) > 0 {
		return j.book.DecideEach(x.Verdict, x.Context)
	}
	return []detect.Decision{j.book.Decide(x.Verdict, x.Context)}
}

// newExaminer judges with the settings alone.
func newExaminer(cfg app.Config) (*ingest.Examiner, error) {
	checker, err := app.NewChecker(cfg, nil)
	if err != nil {
		return nil, err
	}
	judge, err := app.NewJudge(cfg)
	if err != nil {
		return nil, err
	}
	engines, err := app.NewEngines(cfg)
	if err != nil {
		return nil, err
	}
	return &ingest.Examiner{Judge: judge, Auth: checker, Org: cfg.Org(), Own: cfg.Own().Network, Engines: engines}, nil
}
