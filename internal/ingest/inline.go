package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/scan"
)

// Delivered and failed, in the words of Decision, for mail that nobody judged in time.
var (
	// LateDelivered is what became of mail that went on unjudged.
	LateDelivered = Decision{Action: string(detect.Delivered), Location: string(detect.Inbox), EmailAction: "No action taken"}
	// LateDeferred is what became of mail whose sender was told to try again.
	LateDeferred = Decision{Action: string(detect.Blocked), Location: string(detect.Failed), EmailAction: "Defer message"}
)

var (
	// ErrLate: the deadline passed. The message is judged behind it.
	ErrLate = errors.New("not judged in time")
	// ErrNotStored: the judgement could not be made durable in time.
	ErrNotStored = errors.New("the judgement was not stored in time")
)

// Ruling is a message at the moment of its judgement, before anything of it is stored.
type Ruling struct {
	Job        *Job
	Raw        []byte         // as it came; not to be changed or kept
	Message    *email.Message // nil when it could not be read
	Verdict    detect.Verdict
	Judged     bool // there is a verdict
	Direction  detect.Direction
	Answers    []scan.Answer
	Recipients []string   // lower case
	Decisions  []Decision // of the policy, one a recipient
}

// Inline is one message whose source waits for the judgement before it answers. It is made before Accept, so that whoever judges the
// message, the source itself or the queue, finds it.
type Inline struct {
	p   *Pipeline
	key string
	// act turns what the policy decided into what will be done; that is stored. It may be called again when storing failed.
	act func(Ruling) []Decision

	turn chan struct{} // taken by whoever judges
	done chan struct{} // closed when the events are stored
	once sync.Once     // closes done

	mu       sync.Mutex
	begun    bool      // somebody reads the message
	ruled    bool      // act was called, and its answer is being stored
	left     bool      // the source answered without a judgement
	instead  *Decision // what it did then; nil: as the job says
	finished bool
}

// inlines are the messages whose sources wait, by SHA-256 and recipients, until their jobs were done. The same bytes may be on their way to
// different recipients at the same time.
type inlines struct {
	mu  sync.Mutex
	all map[string]*Inline
}

func inlineKey(sum string, recipients []string) string {
	return sum + " " + strings.Join(recipients, " ")
}

func (w *inlines) of(j *Job) *Inline {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[inlineKey(j.SHA256, j.Recipients)]
}

func (w *inlines) forget(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, key)
}

// Expect says that the source of these bytes for these recipients will wait for their judgement. Call it before Accept, with an envelope that
// says what is done otherwise (Envelope.Otherwise), and then Now or Leave. act is not asked when the source has a Treatment.
func (p *Pipeline) Expect(raw []byte, recipients []string, act func(Ruling) []Decision) *Inline {
	hash := sha256.Sum256(raw)
	key := inlineKey(hex.EncodeToString(hash[:]), Envelope{Recipients: recipients}.clean().Recipients)
	in := &Inline{p: p, key: key, act: act, turn: make(chan struct{}, 1), done: make(chan struct{})}
	p.inline.mu.Lock()
	defer p.inline.mu.Unlock()
	p.inline.all[in.key] = in
	return in
}

// Leave is for a message that was not accepted: there is no job that would come for it.
func (in *Inline) Leave() { in.p.inline.forget(in.key) }

// Now judges the message by the same road as the queue, and returns nil when what act answered is stored. ErrLate comes at the deadline when
// nothing was decided by then; then the message is judged behind it, with otherwise as what was done. What is decided and not stored yet
// has grace longer. ctx should live as long as the source: it ends the work too.
func (in *Inline) Now(ctx context.Context, j Job, deadline time.Time, grace time.Duration) error {
	work, cancel := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() {
		defer cancel()
		if err := in.p.process(work, j, in); err != nil {
			failed <- err
		}
	}()
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-in.done:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	in.mu.Lock()
	ruled, begun := in.ruled, in.begun
	if !ruled {
		in.left, in.act = true, nil
	}
	in.mu.Unlock()
	if !ruled {
		if !begun {
			cancel() // it still waits for its turn; the queue does it
		}
		return ErrLate
	}
	timer.Reset(grace)
	select {
	case <-in.done:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ErrNotStored
	}
}

// Answered tells what the source did without a judgement, after Now failed.
func (in *Inline) Answered(d Decision) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.left, in.act, in.instead = true, nil, &d
}

func (in *Inline) begin() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.begun = true
}

func (in *Inline) isFinished() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.finished
}

// stored lets the source answer: the events are durable.
func (in *Inline) stored() { in.once.Do(func() { close(in.done) }) }

// finish says that the ledger knows too, and nobody need judge the message again.
func (in *Inline) finish() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.finished, in.act = true, nil // act holds the source's message
}

// ask lets the source say what will be done. It is false when the source no longer waits.
func (in *Inline) ask(r Ruling) (d []Decision, ok bool, err error) {
	in.mu.Lock()
	if in.left {
		in.mu.Unlock()
		return nil, false, nil
	}
	in.ruled = true
	act := in.act
	in.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			in.mu.Lock()
			in.ruled = false
			in.mu.Unlock()
			d, ok, err = nil, false, fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return act(r), true, nil
}

// Treatment says what is done with mail of a source whose client asks again until it has an answer: one decision a recipient, in their order;
// nil for those to whom the message went on unjudged. It is asked whoever judges the message, and again after a crash, and must then
// say the same; an error puts the message off.
type Treatment func(ctx context.Context, r Ruling) ([]*Decision, error)

// answered replaces what the policy decided by what is done: as the source's Treatment or the waiting source says, or, when nobody waits, as
// the job says. raw is nil when the message could not be read.
func (p *Pipeline) answered(ctx context.Context, f *findings, raw []byte, in *Inline) error {
	otherwise, treat := f.job.Otherwise, p.cfg.Treatments[f.job.Source]
	if otherwise == nil && treat == nil {
		return nil
	}
	if len(f.recipients) == 0 {
		f.describe() // the message was not read
	}
	decided := make([]Decision, len(f.recipients))
	for i := range decided {
		decided[i] = f.decision(i)
	}
	r := Ruling{Job: &f.job, Raw: raw, Message: f.m, Verdict: f.verdict, Judged: f.judged, Answers: f.answers, Recipients: f.recipients, Decisions: decided}
	if f.context != nil {
		r.Direction = f.context.Direction
	}
	if treat != nil {
		done, err := p.treated(ctx, treat, r)
		if err != nil {
			return err
		}
		for i, d := range done {
			if d == nil {
				f.miss(i, decided, &LateDelivered)
			} else {
				decided[i] = *d
			}
		}
		f.decisions = decided
		return nil
	}
	if in != nil {
		done, ok, err := in.ask(r)
		switch {
		case err != nil:
			p.cfg.Logger.Error("deciding on a message failed", "message", f.job.NetworkMessageID, "err", err)
		case ok && len(done) == len(decided):
			f.decisions = done
			return nil
		}
		in.mu.Lock()
		if in.instead != nil {
			otherwise = in.instead
		}
		in.mu.Unlock()
	}
	for i := range decided {
		f.miss(i, decided, otherwise)
	}
	f.decisions = decided
	return nil
}

// treated asks a Treatment. When it fails by itself the policy's word counts, as if nobody had asked: no message may be put off for ever.
func (p *Pipeline) treated(ctx context.Context, treat Treatment, r Ruling) (out []*Decision, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p.cfg.Logger.Error("deciding on a message failed", "message", r.Job.NetworkMessageID, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			out, err = nil, nil
		}
	}()
	if out, err = treat(ctx, r); err != nil {
		return nil, fmt.Errorf("decide on message: %w", err)
	}
	return out[:min(len(out), len(r.Decisions))], nil
}

// miss exchanges a decision that came too late for what was done instead.
func (f *findings) miss(i int, decided []Decision, instead *Decision) {
	if f.missed == nil {
		f.missed = make([]Decision, len(decided))
		for k := range f.missed {
			f.missed[k].Action = string(detect.Delivered) // nothing was missed
		}
	}
	d, why := &decided[i], "judged too late to act at delivery"
	if f.job.OutOfReach {
		why = "its mailbox can only be read"
	} else {
		f.missed[i] = *d
	}
	d.Action, d.Location, d.EmailAction = instead.Action, instead.Location, instead.EmailAction
	if d.Why.Reason != "" {
		d.Why.Reason += "; "
	}
	d.Why.Reason += why
}

// lateRun names, in PostDelivery.AdditionalFields, what decided: no run that judged again.
const lateRun = "late"

// late are the rows for mail that was delivered before its judgement: what the policy would have done is to be done now (ZAP). Their time is
// the message's, so that a job that runs again makes the same rows.
func (f *findings) late(emails []event.EmailEvent) (out []event.PostDelivery) {
	for i := range f.missed {
		d, e := &f.missed[i], &emails[i]
		action := "Moved to quarantine"
		switch {
		case e.DeliveryLocation != string(detect.Inbox), e.EmailDirection == string(detect.Outbound), d.Action == string(detect.Delivered):
			continue
		case d.Action == string(detect.Junked):
			action = "Moved to junk folder"
		}
		extra := event.Rejudged{Scores: f.extra.Scores, Signals: f.extra.Signals, Confidence: string(f.verdict.Confidence), Decided: d.Why,
			Policy: d.Policy, PolicyID: d.PolicyID, Org: d.OrgPolicy, User: d.UserPolicy, Run: lateRun}
		out = append(out, event.PostDelivery{
			Timestamp: e.Timestamp, NetworkMessageId: e.NetworkMessageId, InternetMessageId: e.InternetMessageId,
			Action: action, ActionType: zapKind(d), ActionTrigger: "ZAP: judged too late to act at delivery", ActionResult: "Pending",
			RecipientEmailAddress: e.RecipientEmailAddress, SourceLocation: e.DeliveryLocation, DeliveryLocation: e.DeliveryLocation,
			ThreatTypes: e.ThreatTypes, DetectionMethods: e.DetectionMethods, SenderFromAddress: e.SenderFromAddress, EmailDirection: e.EmailDirection,
			AdditionalFields: text(extra), ReportId: event.RowID(e.NetworkMessageId, "zap", e.RecipientEmailAddress, lateRun),
		})
	}
	return out
}

// zapKind is the kind of ZAP by the policy that decided; a block entry counts as phish.
func zapKind(d *Decision) string {
	switch {
	case d.Policy == "Antimalware", d.Policy == "Safe Attachments":
		return "Malware ZAP"
	case strings.HasPrefix(d.Policy, "Anti-phishing"), d.Policy == "Antispam phishing", d.OrgAction == "Block":
		return "Phish ZAP"
	}
	return "Spam ZAP"
}
