package ingest

import (
	"context"
	"runtime/debug"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/scan"
)

// exam is the one way in which a message is examined: on the road, by the commands that judge without stores, and when delivered mail
// is judged again. Whoever runs one fills the findings' job and organisation before.
type exam struct {
	judge  Judge
	auth   Authenticator     // nil: nothing is known of the sender
	memory *casestore.Memory // nil: nothing is known of the past
	limits email.Limits
	scan   scan.Limits
	kin    *Campaigns // nil: the message is judged by itself
	ask    []scan.Engine
	late   Late // nil: nobody answers later

	// turn waits for the processor; nil: nobody else wants it.
	turn func(ctx context.Context) (release func(), err error)
	// failed hears of a step that a bug ended. nil: nobody does.
	failed func(defect string, cause any, stack []byte)

	// Of the last run: time to read the message and its files, and to judge it, without waiting for DNS; and whether there is a verdict.
	parsed, judged time.Duration
	complete       bool
}

// run fills f from the raw bytes: message, sender, files, authentication, context, verdict. A message that cannot be read leaves f.m
// nil. A bug that a message sets off costs the step it happened in and becomes a defect of the message; the error is only ctx's.
func (x *exam) run(ctx context.Context, f *findings, raw []byte) error {
	release, err := x.wait(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	ok := x.step(f, event.DefectParse, func() {
		f.m = email.Parse(raw, x.limits)
		f.describe()
	})
	if ok {
		x.step(f, event.DefectFiles, func() {
			lim := x.scan
			lim.Hold = holdFor(x.ask)
			f.files = scan.Open(ctx, f.m, lim)
		})
	}
	release()
	x.parsed, x.judged, x.complete = time.Since(start), 0, false
	if !ok {
		f.m = nil
		return nil
	}
	if x.auth != nil {
		x.step(f, event.DefectAuth, func() {
			f.auth = x.auth.Check(ctx, f.m, raw, f.envelope())
			f.authKnown = true
		})
	}
	x.step(f, event.DefectMemory, func() {
		if err := f.recall(ctx, x.memory); err != nil && ctx.Err() == nil && x.failed != nil {
			x.failed(event.DefectMemory, err, nil)
		}
	})
	if len(x.ask) > 0 {
		x.step(f, event.DefectEngine, func() { f.answers = ask(ctx, x.ask, f.m, raw, f.files.Held) })
		f.files.Held = nil // nobody else wants the octets
	}
	if x.late != nil {
		x.step(f, event.DefectEngine, func() { f.answers = append(f.answers, x.late.Answers(ctx, f.m)...) })
	}
	if d := unanswered(f.answers); d != "" {
		f.defects = append(f.defects, d)
	}
	if release, err = x.wait(ctx); err != nil {
		return err
	}
	defer release()
	start = time.Now()
	x.complete = x.step(f, event.DefectJudge, f.describeContext)
	if x.complete && x.kin != nil {
		x.step(f, event.DefectPartial, func() { x.kin.find(f) })
	}
	if x.complete {
		x.complete = x.step(f, event.DefectJudge, func() { f.verdict = x.judge.Judge(ctx, f.context) })
	}
	x.judged = time.Since(start)
	return nil
}

func (x *exam) wait(ctx context.Context) (release func(), err error) {
	if x.turn == nil {
		return func() {}, nil
	}
	return x.turn(ctx)
}

// step runs one step. A panic becomes a defect of the message: a bug must not cost the mail.
func (x *exam) step(f *findings, defect string, do func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			f.defects = append(f.defects, defect)
			if x.failed != nil {
				x.failed(defect, r, debug.Stack())
			}
		}
	}()
	do()
	return true
}
