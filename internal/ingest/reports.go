package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/blobstore"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
)

// Reports takes what users report by mail. Such mail is no attack on the organisation: it has no event, and nothing is remembered of it.
type Reports interface {
	// For says whether mail to this recipient is a report.
	For(recipient string) bool
	// Take takes a report. It is called again, also after a crash, until it returns nil.
	Take(ctx context.Context, r Reported) error
}

// Reported is a message to the address for reports.
type Reported struct {
	Raw       []byte
	SHA256    string
	Message   *email.Message
	Recipient string // as in the envelope
	At        time.Time
	AuthUser  string
	NullPath  bool              // the envelope sender is known, and empty
	Auth      *mailauth.Results // nil: nobody checked
}

// forReports takes the recipients that reports go to out of a job. Only an envelope counts: a header can be written by anybody.
func (p *Pipeline) forReports(j *Job) (reports []string) {
	if p.cfg.Reports == nil || !slices.ContainsFunc(j.Recipients, p.cfg.Reports.For) {
		return nil
	}
	rest := make([]string, 0, len(j.Recipients))
	for _, r := range j.Recipients {
		if !p.cfg.Reports.For(r) {
			rest = append(rest, r)
		} else {
			reports = append(reports, r)
		}
	}
	j.Recipients = rest
	return reports
}

// report hands a message to who takes reports.
func (p *Pipeline) report(ctx context.Context, j Job, recipient string) error {
	if err := acquire(ctx, p.loaded); err != nil {
		return err
	}
	defer func() { <-p.loaded }()
	raw, err := p.cfg.Blobs.Get(ctx, j.SHA256)
	switch {
	case errors.Is(err, blobstore.ErrNotFound), errors.Is(err, blobstore.ErrCorrupt), p.suspects[j.SHA256] >= maxSuspicions:
		p.cfg.Logger.Error("a report can't be read", "sha256", j.SHA256, "err", err)
		return nil
	case err != nil:
		return fmt.Errorf("read report: %w", err)
	}
	if p.judging != nil {
		release, err := p.judging.hold(j.SHA256)
		if err != nil {
			return err
		}
		defer release()
	}
	f := &findings{job: j, org: p.cfg.Org(), own: p.cfg.Own, now: time.Now().UTC(), size: len(raw)}
	x := p.exam()
	x.failed = func(defect string, cause any, stack []byte) {
		p.cfg.Logger.Error("reading a report failed", "sha256", j.SHA256, "step", defect, "panic", fmt.Sprint(cause), "stack", string(stack))
	}
	release, err := x.wait(ctx)
	if err != nil {
		return err
	}
	ok := x.step(f, event.DefectParse, func() {
		f.m = email.Parse(raw, x.limits)
		f.describe()
	})
	release()
	if !ok {
		f.m = email.Parse(nil, x.limits)
	}
	r := Reported{Raw: raw, SHA256: j.SHA256, Message: f.m, Recipient: recipient, At: j.at(), AuthUser: j.AuthUser, NullPath: f.mailKnown && f.mailFrom == ""}
	if x.auth != nil && ok {
		x.step(f, event.DefectAuth, func() {
			got := x.auth.Check(ctx, f.m, raw, f.envelope())
			r.Auth = &got
		})
	}
	if err := ctx.Err(); err != nil {
		return err // a check that was cut short proves nothing, for or against
	}
	if err := p.cfg.Reports.Take(ctx, r); err != nil {
		return fmt.Errorf("take report: %w", err)
	}
	return nil
}

// reported takes a report, and tells the source that hands mail on itself to deliver it as addressed. It returns what the source may be asked
// when the message is nothing else.
func (p *Pipeline) reported(ctx context.Context, j Job, recipients []string) (Ruling, error) {
	r := Ruling{Job: &j, Recipients: make([]string, len(recipients)), Decisions: slices.Repeat([]Decision{watched}, len(recipients))}
	for i, to := range recipients {
		r.Recipients[i] = Recipient(to)
	}
	if err := p.report(ctx, j, recipients[0]); err != nil {
		return r, err
	}
	if treat := p.cfg.Treatments[j.Source]; treat != nil {
		if _, err := treat(ctx, r); err != nil {
			return r, fmt.Errorf("deliver report: %w", err)
		}
	}
	return r, nil
}

// onlyReport ends the way of a message that is nothing but a report: its source delivers it as addressed.
func (p *Pipeline) onlyReport(ctx context.Context, j Job, r Ruling, in *Inline) error {
	if in != nil {
		_, _, err := in.ask(r)
		if err != nil {
			p.cfg.Logger.Error("deciding on a report failed", "sha256", j.SHA256, "err", err)
		}
		in.stored()
	}
	if err := p.settled.do(ctx, settle{sum: j.SHA256}, 1); err != nil {
		return fmt.Errorf("note as done: %w", err)
	}
	if in != nil {
		in.finish()
	}
	return nil
}
