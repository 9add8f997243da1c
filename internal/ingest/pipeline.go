package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/blobstore"
	"tocsin/internal/campaign"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// Authenticator checks who sent a message.
type Authenticator interface {
	Check(ctx context.Context, m *email.Message, raw []byte, env mailauth.Envelope) mailauth.Results
}

// Judge judges a message.
type Judge interface {
	Judge(ctx context.Context, c *detect.Context) detect.Verdict
}

// Decision is what a policy makes of a verdict for one recipient, in the words of the event tables.
type Decision struct {
	Action      string // DeliveryAction
	Location    string // DeliveryLocation
	EmailAction string
	Policy      string
	PolicyID    string
	OrgAction   string // OrgLevelAction and OrgLevelPolicy, when an override of the organisation decided
	OrgPolicy   string
	UserAction  string // UserLevelAction and UserLevelPolicy, when the recipient's own settings did
	UserPolicy  string
	Why         event.Decided // what has no column
}

// Events takes event rows. Append returns when they are durable; appending the same rows again changes nothing. It is called by
// hundreds of goroutines with one message each, and is expected to gather them.
type Events interface {
	Append(ctx context.Context, b event.Batch) error
}

// Geo tells the country of an address: ISO 3166-1 alpha-2, "" when unknown.
type Geo interface {
	Country(addr netip.Addr) string
}

// PipelineConfig is what a Pipeline works with. Blobs, Ledger, Judge and Events must be set.
type PipelineConfig struct {
	Blobs  Blobs
	Ledger *casestore.Store
	Events Events
	Urgent Events // for mail that a mail system waits for; nil: Events
	Judge  Judge
	Auth   Authenticator // nil: nothing is known of the sender
	Decide Decider       // nil: only watch, everything was delivered
	// Treatments are, by source, those that hand mail on themselves; see Treatment.
	Treatments map[string]Treatment
	Org        func() detect.Organisation // asked for every message; nil: nothing is known of the organisation
	Own        func(netip.Addr) bool      // addresses of the organisation's own servers; nil: private and loopback ones
	Geo        Geo                        // nil: no countries
	Engines    []scan.Engine              // asked about every message; nil: none
	Late       Late                       // nil: nobody answers later
	Campaigns  *Campaigns                 // nil: every message is judged by itself
	Memory     *casestore.Memory          // who wrote to whom; nil: nothing is remembered
	Reports    Reports                    // takes mail to the address for reports; nil: there is none
	Limits     email.Limits
	Scan       scan.Limits
	Logger     *slog.Logger // nil: discard

	// Refused reports whether an error of Events means that this row will never be taken, as opposed to a store that is
	// away for a while. nil: never.
	Refused func(error) bool
	// Stored is called after every message whose events were stored, with the rows. It must be quick.
	Stored func(event.Batch)
	// Learn is called with every message that was judged and has features (detect.Options.Features). It must be quick and keep neither.
	Learn func(networkMessageID string, c *detect.Context, v *detect.Verdict, d []Decision)
	// Done is called after every message that was judged in full and whose events were stored. It must be quick.
	Done func(Judged)
	// Judging is the path of the file that tells after a crash which messages were being judged. "": they are not known,
	// and a message that takes the process down is tried for ever.
	Judging string

	CPU    int // messages parsed or judged at the same time; default: the number of processors
	Loaded int // messages in memory at the same time, most of them waiting for DNS; default 64
}

// Pipeline judges accepted messages: it works the jobs that Intake made. It is safe for concurrent use.
type Pipeline struct {
	cfg     PipelineConfig
	cpu     chan struct{}
	loaded  chan struct{}
	alone   chan struct{} // taken while a suspect is judged
	settled *group[settle]
	inline  inlines

	judging  *blackbox      // nil before Recover, and without PipelineConfig.Judging
	suspects map[string]int // how often the process died while these were judged; read only after Recover

	judged, unjudged, delayed atomic.Int64
	judgeNanos                atomic.Int64
}

// NewPipeline prepares a pipeline. Add it to the queue's workers with Register, call Recover before the queue is started, and
// Close it after the queue has stopped.
func NewPipeline(c PipelineConfig) *Pipeline {
	if c.CPU <= 0 {
		c.CPU = runtime.NumCPU()
	}
	if c.Loaded <= 0 {
		c.Loaded = 64
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Own == nil {
		c.Own = private
	}
	if c.Org == nil {
		c.Org = func() detect.Organisation { return detect.Organisation{} }
	}
	if c.Decide == nil {
		c.Decide = watch
	}
	p := &Pipeline{cfg: c, cpu: make(chan struct{}, c.CPU), loaded: make(chan struct{}, c.Loaded), alone: make(chan struct{}, 1), inline: inlines{all: map[string]*Inline{}}}
	p.settled = newGroup(groupOptions{items: 1024, weight: 1024, linger: 20 * time.Millisecond}, func(done []settle) []error {
		err := p.note(done)
		errs := make([]error, len(done))
		for i := range errs {
			errs[i] = err
		}
		return errs
	})
	return p
}

// private is who counts as an own server when nobody says.
func private(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }

// Decider applies the policy: one decision for each of c.Recipients, in their order.
type Decider func(v detect.Verdict, c *detect.Context) []Decision

// watch is the decision of an installation that only looks on: the mail system delivered.
func watch(detect.Verdict, *detect.Context) []Decision { return nil }

// watched is the decision for recipients for whom nobody decided.
var watched = Decision{Action: "Delivered", Location: "Inbox/folder", EmailAction: "No action taken"}

// Close waits for the last notes to the ledger.
func (p *Pipeline) Close() error {
	p.settled.close()
	if p.judging == nil {
		return nil
	}
	return p.judging.close()
}

// QueueConfig is how many jobs run at the same time. They are many because a job spends its life waiting for commits that it
// shares with others; what needs the processor or memory is bounded by PipelineConfig.
func QueueConfig() river.QueueConfig {
	return river.QueueConfig{MaxWorkers: 500, FetchPollInterval: 100 * time.Millisecond}
}

// Register adds the pipeline to the workers of the job queue.
func (p *Pipeline) Register(w *river.Workers) { river.AddWorker(w, &worker{p: p}) }

type worker struct {
	river.WorkerDefaults[Job]
	p *Pipeline
}

// Timeout is generous: an append waits out the event store's checkpoints.
func (w *worker) Timeout(*river.Job[Job]) time.Duration { return 10 * time.Minute }

// Work judges one message. A store that is away makes the job wait and try again for ever; a message that can't be
// judged is listed as such. So no job is ever given up.
func (w *worker) Work(ctx context.Context, j *river.Job[Job]) error {
	err := w.p.Process(ctx, j.Args)
	if err == nil {
		w.p.inline.forget(inlineKey(j.Args.SHA256, j.Args.Recipients))
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err() // shutting down, or the time is up: River runs it again
	}
	w.p.delayed.Add(1)
	w.p.cfg.Logger.Warn("message waits", "message", j.Args.NetworkMessageID, "err", err)
	// Spread out, so that a store that comes back is not met by everybody at once.
	return river.JobSnooze(5*time.Second + rand.N(10*time.Second))
}

// Process judges one message and stores its events. It returns an error only when a store failed; then it should be
// called again.
func (p *Pipeline) Process(ctx context.Context, j Job) error {
	return p.process(ctx, j, p.inline.of(&j))
}

// process judges one message; in is who waits for it, nil: nobody.
func (p *Pipeline) process(ctx context.Context, j Job, in *Inline) error {
	if in != nil {
		if err := acquire(ctx, in.turn); err != nil {
			return err
		}
		defer func() { <-in.turn }()
		if in.isFinished() {
			return nil
		}
	}
	if reports := p.forReports(&j); len(reports) > 0 {
		r, err := p.reported(ctx, j, reports)
		if err != nil {
			return err
		}
		if len(j.Recipients) == 0 {
			return p.onlyReport(ctx, j, r, in)
		}
	}
	out, err := p.examine(ctx, j, in)
	if err != nil {
		return err
	}
	store := p.cfg.Events
	if in != nil && p.cfg.Urgent != nil {
		store = p.cfg.Urgent
	}
	err = store.Append(ctx, out.batch)
	if err != nil && p.cfg.Refused != nil && p.cfg.Refused(err) {
		p.cfg.Logger.Error("event store refused a row", "message", j.NetworkMessageID, "err", err)
		p.unjudged.Add(1)
		out.batch = essentials(out.batch)
		err = store.Append(ctx, out.batch)
	}
	if err != nil {
		return fmt.Errorf("store events: %w", err)
	}
	if in != nil {
		in.stored()
	}
	if err := p.settled.do(ctx, settle{j.SHA256, out.member, out.trace}, 1); err != nil {
		return fmt.Errorf("note as done: %w", err)
	}
	if in != nil {
		in.finish()
	}
	if p.cfg.Stored != nil {
		p.cfg.Stored(out.batch)
	}
	if p.cfg.Done != nil && out.message != nil {
		p.cfg.Done(Judged{NetworkMessageID: j.NetworkMessageID, SHA256: j.SHA256, At: j.at(), Message: out.message, Verdict: out.verdict})
	}
	return nil
}

// maxSuspicions is how often the process may die while a message is judged before the message is listed unread: once in company,
// and then alone. Most that die with the process are innocent bystanders.
const maxSuspicions = 4

// outcome is what becomes of one message.
type outcome struct {
	batch   event.Batch
	member  *campaign.Member // to remember; nil: nothing
	trace   *casestore.Trace // the same; nil: nothing
	message *email.Message   // nil when it could not be read, and when nobody waits for it: hundreds wait for commits
	verdict detect.Verdict
}

// Judged is a message whose events are stored.
type Judged struct {
	NetworkMessageID string
	SHA256           string
	At               time.Time
	Message          *email.Message
	Verdict          detect.Verdict
}

// examine turns a job into event rows, and what to remember of the message.
func (p *Pipeline) examine(ctx context.Context, j Job, in *Inline) (outcome, error) {
	suspicions := p.suspects[j.SHA256]
	if suspicions > 0 {
		if err := acquire(ctx, p.alone); err != nil {
			return outcome{}, err
		}
		defer func() { <-p.alone }()
	}
	if err := acquire(ctx, p.loaded); err != nil {
		return outcome{}, err
	}
	defer func() { <-p.loaded }()
	if in != nil {
		in.begin()
	}

	raw, err := p.cfg.Blobs.Get(ctx, j.SHA256)
	f := &findings{job: j, org: p.cfg.Org(), own: p.cfg.Own, geo: p.cfg.Geo, now: time.Now().UTC(), size: len(raw)}
	switch {
	case errors.Is(err, blobstore.ErrNotFound):
		return p.unread(ctx, f, in, event.DefectRawMissing, err)
	case errors.Is(err, blobstore.ErrCorrupt):
		return p.unread(ctx, f, in, event.DefectRawDamaged, err)
	case err != nil:
		return outcome{}, fmt.Errorf("read message: %w", err)
	case suspicions >= maxSuspicions:
		return p.unread(ctx, f, in, event.DefectSuspect, errors.New("the process ended each time this message was judged"))
	}
	if err := p.watched(ctx, f, raw); err != nil {
		return outcome{}, err
	}
	if suspicions > 0 {
		// Before its events are stored, so that a message that has a full row is never listed as unread.
		if err := p.cfg.Ledger.ClearMessage(ctx, j.SHA256); err != nil {
			return outcome{}, err
		}
	}
	if err := p.answered(ctx, f, raw, in); err != nil {
		return outcome{}, err
	}
	out := outcome{batch: f.rows(), member: f.member(), trace: f.trace(p.cfg.Memory)}
	if p.cfg.Done != nil {
		out.message, out.verdict = f.m, f.verdict
	}
	return out, nil
}

// watched judges a message while the file of those being judged holds it.
func (p *Pipeline) watched(ctx context.Context, f *findings, raw []byte) error {
	if p.judging != nil {
		release, err := p.judging.hold(f.job.SHA256)
		if err != nil {
			return err
		}
		defer release()
	}
	return p.judge(ctx, f, raw)
}

// judge fills f. The steps that need the processor take turns; looking up DNS in between does not hold one.
func (p *Pipeline) judge(ctx context.Context, f *findings, raw []byte) error {
	x := p.exam()
	x.failed = func(defect string, cause any, stack []byte) {
		p.unjudged.Add(1)
		p.cfg.Logger.Error("judging a message failed", "message", f.job.NetworkMessageID, "step", defect, "panic", fmt.Sprint(cause), "stack", string(stack))
	}
	if err := x.run(ctx, f, raw); err != nil {
		return err
	}
	if f.m == nil {
		return nil
	}
	f.judged = x.complete
	if x.complete {
		x.step(f, event.DefectJudge, func() { f.decisions = p.cfg.Decide(f.verdict, f.context) })
		if p.cfg.Learn != nil && f.verdict.Features != nil {
			p.cfg.Learn(f.job.NetworkMessageID, f.context, &f.verdict, f.decisions)
		}
	}
	for _, n := range f.verdict.Notes {
		p.cfg.Logger.Warn("a detector or rule failed on a message", "message", f.job.NetworkMessageID, "kind", n.ID, "note", n.Text)
	}
	if len(f.verdict.Notes) > 0 {
		f.defects = append(f.defects, event.DefectPartial)
	}
	p.judged.Add(1)
	p.judgeNanos.Add(int64(x.parsed + x.judged))
	return ctx.Err() // a judgement that was cut short by shutdown is not the message's verdict
}

// exam is how this pipeline examines one message.
func (p *Pipeline) exam() *exam {
	return &exam{
		judge: p.cfg.Judge, auth: p.cfg.Auth, memory: p.cfg.Memory, limits: p.cfg.Limits, scan: p.cfg.Scan, kin: p.cfg.Campaigns, ask: p.cfg.Engines, late: p.cfg.Late,
		turn: func(ctx context.Context) (func(), error) { return func() { <-p.cpu }, acquire(ctx, p.cpu) },
	}
}

// Busy reports whether a message that just came is being judged. Work that can wait lets it go first.
func (p *Pipeline) Busy() bool { return len(p.loaded) > 0 }

// Examiner examines messages by the rules and in the turns of this pipeline, for work beside the road.
func (p *Pipeline) Examiner() Examiner {
	return Examiner{Judge: p.cfg.Judge, Auth: p.cfg.Auth, Org: p.cfg.Org(), Own: p.cfg.Own, Memory: p.cfg.Memory, Limits: p.cfg.Limits, Scan: p.cfg.Scan, turn: p.exam().turn, Campaigns: p.cfg.Campaigns, Engines: p.cfg.Engines, Late: p.cfg.Late}
}

// unread lists a message without having read it.
func (p *Pipeline) unread(ctx context.Context, f *findings, in *Inline, defect string, err error) (outcome, error) {
	p.unjudged.Add(1)
	p.cfg.Logger.Error("message can't be judged", "message", f.job.NetworkMessageID, "sha256", f.job.SHA256, "defect", defect, "err", err)
	f.defects = append(f.defects, defect)
	if err := p.answered(ctx, f, nil, in); err != nil {
		return outcome{}, err
	}
	return outcome{batch: f.rows()}, nil
}

func acquire(ctx context.Context, sem chan struct{}) error {
	select {
	case sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
