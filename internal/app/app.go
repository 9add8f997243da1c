// Package app is Tocsin put together: settings, wiring, and the life from start to stop.
//
// New opens the stores and connects every part, and starts nothing; Run starts what listens and works, waits until its
// context ends, finishes what is accepted and returns; Close releases the stores. The command line and the end-to-end tests use
// the same three steps, so what is tested is what runs.
package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"tocsin/internal/alert"
	"tocsin/internal/api"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/blobstore"
	"tocsin/internal/campaign"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/detonate"
	"tocsin/internal/directory"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/feed"
	"tocsin/internal/hunt"
	"tocsin/internal/hunt/lists"
	"tocsin/internal/ingest"
	watch "tocsin/internal/ingest/imap"
	"tocsin/internal/mailauth"
	"tocsin/internal/policy"
	"tocsin/internal/rejudge"
	"tocsin/internal/rulebook"
	"tocsin/internal/scan"
	"tocsin/internal/scan/yara"
	"tocsin/internal/threat"
	"tocsin/ui"
)

// Options of New beside the settings. Zero fields mean the default.
type Options struct {
	Command string       // who holds the data folder, for other processes: "serve", "import"
	Demo    bool         // the mail is invented
	Upkeep  bool         // forget what is too old, every hour; judge delivered mail again after changes
	Log     *slog.Logger // default: discard
	Console io.Writer    // where the address and the set-up link are written; default: nowhere
	// Resolver answers DNS questions instead of this machine's name servers.
	Resolver mailauth.Resolver
	// Now is the clock of sign-ins, sessions and questions; default time.Now.
	Now func() time.Time
	// Passwords are the costs of hashing them; default auth.DefaultParams.
	Passwords auth.Params
	// Grace is how long a stop waits for answers under way before it breaks them off; default 10 s.
	Grace time.Duration
	// Settle is how long after a change delivered mail is judged again, so that changes that come together are one; default 30 s.
	Settle time.Duration
	// MailSystems reach mailboxes, beside those of the settings.
	MailSystems []MailSystem
	// Places says where addresses are, before the file of the settings; nil: that file alone.
	Places Places
	// CheckAfter is when the result of an action is looked at again; default remediate.CheckAfter.
	CheckAfter []time.Duration
}

// watched is how often a queue is looked into while somebody watches what its jobs do.
const watched = 200 * time.Millisecond

// Places knows where addresses are. *ingest.GeoFile is one.
type Places interface {
	ingest.Geo
	Place(addr netip.Addr) (ingest.Place, bool)
}

// App is a Tocsin with open stores.
type App struct {
	cfg Config
	opt Options
	log *slog.Logger

	folder     *folder
	cases      *casestore.Store
	blobs      *blobstore.Store
	events     *duckdb.Store
	batcher    *eventstore.Batcher
	geo        *ingest.GeoFile // nil: the settings name none
	places     Places          // nil: nobody knows where addresses are
	judge      *detect.Judge
	memory     *casestore.Memory // nil: nothing is remembered
	directory  *directory.Directory
	desk       *policy.Desk
	rules      *rulebook.Desk
	supply     supply
	engines    []scan.Engine
	watched    *engineWatch
	lab        *detonate.Lab
	again      *rejudge.Worker
	acting     *acting
	submitted  *submissions
	alerts     *alert.Desk
	trackers   *trackers
	indicators known
	campaigns  *campaign.Desk
	outgoing   *outgoing
	reportPost *reportPost
	held       *held
	feeds      *feed.Desk
	late       atomic.Pointer[context.Context] // ends when the process stops; nil before Work
	intake     *ingest.Intake
	deliveries *ingest.Deliveries // nil: nothing is handed on
	watchers   []*watch.Watcher   // of mailboxes that are only read
	pipeline   *ingest.Pipeline
	jobs       *river.Client[*sql.Tx]
	explorer   *hunt.Explorer
	threats    *threat.Desk
	hunter     *hunt.Runner
	gate       *auth.Gate
	notary     *audit.Notary
	learner    *Learner
	collect    *collector // nil when learning.collect is false
	api        *api.Server
	metrics    *prometheus.Registry
	waited     *prometheus.HistogramVec // mail systems, for the milter's answer
	handing    *prometheus.HistogramVec // mail, by the LMTP proxy
	coverage   coverageCache

	listening atomic.Pointer[listeners] // nil while Run does not serve
}

// New opens the stores in the data folder and connects every part. When it fails, nothing stays open.
func New(ctx context.Context, c Config, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Console == nil {
		o.Console = io.Discard
	}
	if o.Passwords == (auth.Params{}) {
		o.Passwords = auth.DefaultParams
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Settle <= 0 {
		o.Settle = 30 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = stopAnswers
	}
	a := &App{cfg: c, opt: o, log: o.Log, metrics: prometheus.NewRegistry()}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	c := a.cfg
	if a.folder, err = openFolder(c.Data, a.opt.Command); err != nil {
		return err
	}
	if a.cases, err = casestore.Open(ctx, c.path(caseFile)); err != nil {
		return err
	}
	url := c.Mail.URL
	if url == "" {
		url = c.path(mailFolder)
	}
	if a.desk, err = policy.Open(ctx, a.cases, c.Decider(), a.opt.Now); err != nil {
		return err
	}
	if err = a.openRules(ctx); err != nil {
		return err
	}
	if a.blobs, err = blobstore.Open(ctx, url); err != nil {
		return err
	}
	store := duckdb.Options{
		MemoryLimit: c.Events.Memory, Threads: c.Events.Threads, GuestMemory: c.Hunting.Memory, SpillLimit: c.Hunting.Disk,
	}
	if c.GeoIP.File != "" {
		if a.geo, err = ingest.OpenGeo(c.GeoIP.File); err != nil {
			return fmt.Errorf("config: geoip.file: %w", err)
		}
		a.places = a.geo
	}
	if a.opt.Places != nil {
		a.places = a.opt.Places
	}
	if a.places != nil {
		store.Locate = locator(a.places)
	}
	store.Log = a.log
	if a.events, err = duckdb.Open(ctx, c.Data, store); err != nil {
		return err
	}
	return a.connect(ctx)
}

// connect wires the road of a message and what asks about it.
func (a *App) connect(ctx context.Context) (err error) {
	c := a.cfg
	a.batcher = eventstore.NewBatcher(a.events, eventstore.BatcherOptions{})
	checker, err := NewChecker(c, a.opt.Resolver)
	if err != nil {
		return err
	}
	if a.judge, err = newJudge(c, a.rules.Set(), nil, c.Learning.Collect); err != nil {
		return err
	}
	if err = a.openKnown(ctx); err != nil {
		return err
	}
	a.directory = c.newDirectory(a.cases, a.opt.Now, func(source string, err error) { a.log.Warn("directory", "source", source, "err", err) })
	if err := a.directory.Load(ctx); err != nil {
		return err
	}
	var aside []yara.Problem
	if a.engines, aside, err = c.Engines.scanners(); err != nil {
		return err
	}
	for _, p := range aside {
		a.log.Warn("a file of YARA rules is set aside", "file", p.File, "line", p.Line, "why", p.Text)
	}
	if a.lab, err = c.Engines.lab(a.cases, a.opt.Now); err != nil {
		return err
	}
	a.watched = watchEngines(a.engines, aside, a.lab, a.opt.Now)
	pipeline := ingest.PipelineConfig{
		Blobs: a.blobs, Ledger: a.cases, Events: a.batcher, Urgent: a.batcher.Urgent(), Judge: a.judge, Auth: checker,
		Org: a.directory.Organisation,
		Own: c.Own().Network, Decide: decider(a.desk.Book), Logger: a.log, CPU: c.Intake.Workers,
		Refused: func(err error) bool {
			var row *eventstore.RowError
			return errors.As(err, &row)
		},
		Stored:  func(b event.Batch) { a.arrived(b) },
		Engines: a.engines, Treatments: a.treatments(),
		Judging: c.path(judgingFile),
	}
	if c.Memory.Enabled {
		if a.memory, err = a.cases.Memory(casestore.MemoryOptions{Keep: c.Memory.Keep, Threads: c.Memory.Threads}); err != nil {
			return err
		}
		pipeline.Memory = a.memory
	}
	if a.places != nil {
		pipeline.Geo = a.places
	}
	if c.Learning.Collect {
		a.collect = newCollector(a.cases, c.Learning.Examples, a.log)
		pipeline.Learn = a.collect.take
	}
	if !a.lab.Idle() {
		pipeline.Late, pipeline.Done = a.lab, a.try
	}
	if c.Campaigns.Enabled {
		if pipeline.Campaigns, err = ingest.OpenCampaigns(context.Background(), a.cases); err != nil {
			return err
		}
	}
	if err := a.openCampaigns(ctx, pipeline.Campaigns); err != nil {
		return err
	}
	if err := a.openSubmissions(ctx); err != nil {
		return err
	}
	pipeline.Reports = a.reports()
	a.openAlerts()
	a.pipeline = ingest.NewPipeline(pipeline)

	if err := a.openActing(ctx); err != nil {
		return err
	}
	a.outgoing = newOutgoing(a)
	if err := a.openQuarantine(); err != nil {
		return err
	}
	if err := a.openFeeds(); err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &feedWorker{app: a})
	river.AddWorker(workers, &postWorker{app: a})
	river.AddWorker(workers, &spreadWorker{app: a})
	river.AddWorker(workers, &visitWorker{app: a})
	a.pipeline.Register(workers)
	river.AddWorker(workers, &retentionWorker{app: a})
	river.AddWorker(workers, &learningWorker{app: a})
	river.AddWorker(workers, &detonationWorker{app: a})
	river.AddWorker(workers, &retroHuntWorker{app: a})
	a.again = a.newAgain()
	river.AddWorker(workers, &againWorker{app: a})
	river.AddWorker(workers, &reportRoundWorker{app: a})
	jobs := casestore.JobConfig{
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			ingest.Queue:       ingest.QueueConfig(),
			river.QueueDefault: {MaxWorkers: 2},
			zapQueue:           {MaxWorkers: 1},
			huntQueue:          {MaxWorkers: 1, FetchPollInterval: watched},
			whatIfQueue:        {MaxWorkers: 1, FetchPollInterval: watched},
			labQueue:           {MaxWorkers: 2},
			actionQueue:        {MaxWorkers: c.Remediate.Workers, FetchPollInterval: watched},
			letterQueue:        {MaxWorkers: 2},
			feedQueue:          {MaxWorkers: 2},
		},
		Logger: slog.New(calmer{a.log.Handler()}),
	}
	if a.opt.Upkeep {
		jobs.Periodic = []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(time.Hour),
			func() (river.JobArgs, *river.InsertOpts) { return retention{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}),
			river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) { return learningRound{}, nil }, nil),
			river.NewPeriodicJob(river.PeriodicInterval(reportEvery), func() (river.JobArgs, *river.InsertOpts) { return reportRound{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})}
	}
	a.jobs, err = a.cases.Jobs(jobs)
	if err != nil {
		return err
	}
	a.desk.Changed = func(*policy.State, *policy.State) { a.judgeAgain("policy changed") }
	a.rules.Changed = a.rulesChanged
	a.intake = ingest.NewIntake(a.blobs, a.cases, a.jobs, ingest.IntakeOptions{MaxSize: int(c.Intake.MaxMessage)})
	if a.watchers, err = a.newWatchers(); err != nil {
		return err
	}
	a.explorer = hunt.New(questions{a.events}, a.opt.Now)
	if a.threats, err = threat.Open(ctx, a.cases); err != nil {
		return err
	}
	approved, err := lists.New(c.Hunting.ExternalData)
	if err != nil {
		return err
	}
	a.hunter = hunt.NewRunner(questions{a.events}, hunt.RunnerOptions{Now: a.opt.Now, Limits: c.Hunting.limits(), Lists: approved})
	if a.gate, err = c.newGate(a.cases, a.opt.Passwords, a.opt.Now); err != nil {
		return err
	}
	a.openTrackers()
	if a.notary, err = c.notary(ctx, a.cases, a.gate, a.opt.Now, a.log); err != nil {
		return err
	}
	if a.learner, err = newLearner(c, a.cases, a.blobs, a.gate, a.judge, checker, a.opt.Now, a.log); err != nil {
		return err
	}
	a.learner.changed = a.judgeAgain
	a.submitted.desk.Label = a.labelReported
	a.measure()

	provider, err := c.provider(a.opt.Now)
	if err != nil {
		return err
	}
	proxies, err := networks(c.HTTP.TrustedProxies)
	if err != nil {
		return err
	}
	printer := c.Incidents.printer() // one for all: it lays out one page at a time
	deps := api.Deps{
		Version: api.Version, Demo: a.opt.Demo,
		Organisation: api.Organisation{Name: c.Organisation.Name, Domains: c.Organisation.Domains},
		Own:          c.Own(),
		Provider:     provider, Keys: c.keySite(),
		Gate: a.gate, Journal: a.cases, Audit: a.notary, AuditKept: c.Audit.Retention, Sessions: a.cases.Sessions(), SessionIdle: c.Sessions.Idle, SessionLife: c.Sessions.Life, Preferences: a.cases,
		Explorer: a.explorer, Events: questions{a.events}, Raw: rawMail{a.blobs}, Intake: mailIn{a.intake}, Visits: a.cases, Learner: a.learner, MaxMail: c.Intake.MaxMessage,
		Hunter: a.hunter, Samples: hunt.NewSamples(questions{a.events}, a.opt.Now), Shelf: a.cases, History: a.cases, HuntMost: c.Hunting.PerOperator, HuntTurns: max(1, c.Hunting.Concurrent-1),
		Directory: a.directory,
		Desk:      a.desk, Rules: a.rules, Threats: a.threats, Runs: a, Supply: a.Supply, Engines: a.engineStates, RejudgeWindow: c.Rejudge.Window,
		Acting:     &api.Acting{Store: a.acting.store, Planner: a.acting.planner, Approvals: a.acting.approvals, Operators: a.cases.Operators, Provider: a.provider},
		Incidents:  &api.Incidents{Store: a.cases.Incidents(), Clocks: c.Incidents.clocks(), Operators: a.cases.Operators, Letters: a.outgoing, Printer: printer},
		Quarantine: a.quarantineDeps(),
		Aid:        a.aidDeps(),
		Feeds:      a.feedDeps(), TAXIIMost: c.TAXII.Most,
		Known:     &api.Known{Desk: a.indicators.desk, Hunter: a.indicators.hunter, Start: a.StartHunt, Common: c.Indicators.Common},
		Letters:   a.outgoing.store,
		Outgoing:  a.outgoing,
		Campaigns: a.campaigns,
		Submitted: &api.Submitted{Desk: a.submitted.desk, Vault: submittedBytes{a.submitted.vault}, Address: c.Submissions.Address, Folders: c.Submissions.Folders},
		Dashboard: a.newDashboard(checker),
		Alerts:    a.alerts,
		Trackers:  &api.Trackers{Clock: a.trackers.clock, Board: a.trackers.board, Asker: ownQuestions{a}},
		Coverage:  a.Coverage, Ready: a.notReady,
		Metrics: a.metrics, Secure: c.Secure(), PublicOrigin: strings.TrimSuffix(c.HTTP.PublicURL, "/"), TrustedProxies: proxies,
		Log: a.log, Now: a.opt.Now,
	}
	deps.Reports = a.newReports(deps.Dashboard.Board, printer)
	if files, built := ui.Files(); built {
		deps.UI = files
	}
	a.api = api.New(deps)
	return nil
}

// arrived tells open screens about new events.
func (a *App) arrived(b event.Batch) {
	if len(b.PostDelivery) > 0 {
		a.acting.late.Store(true)
	}
	if len(b.PostDelivery)+len(b.Clicks)+len(b.Submissions) > 0 {
		a.api.Hub().Happened()
	}
	var newest time.Time
	for i := range b.Emails {
		if t := b.Emails[i].Timestamp; t.After(newest) {
			newest = t
		}
	}
	a.api.Hub().Arrived(len(b.Emails), newest)
}

// Intake takes messages in.
func (a *App) Intake() *ingest.Intake { return a.intake }

// Cases is the case store.
func (a *App) Cases() *casestore.Store { return a.cases }

// Memory is who wrote to whom; nil when nothing is remembered.
func (a *App) Memory() *casestore.Memory { return a.memory }

// Directory is the people of the organisation.
func (a *App) Directory() *directory.Directory { return a.directory }

// Events is the event store.
func (a *App) Events() eventstore.Store { return a.events }

// Alerts raises alerts and keeps them.
func (a *App) Alerts() *alert.Desk { return a.alerts }

// Hunter runs hunting queries.
func (a *App) Hunter() *hunt.Runner { return a.hunter }

// Gate is where operators prove who they are.
func (a *App) Gate() *auth.Gate { return a.gate }

// Progress says how far the judging is.
func (a *App) Progress(ctx context.Context) (ingest.Progress, error) { return a.pipeline.Progress(ctx) }

// Close releases everything that New opened. Call it after Run or Work returned.
func (a *App) Close() error {
	var errs []error
	if a.intake != nil {
		a.intake.Close()
	}
	if a.pipeline != nil {
		errs = append(errs, a.pipeline.Close())
	}
	if a.deliveries != nil {
		a.deliveries.Close()
	}
	errs = append(errs, closeEngines(a.engines))
	if a.acting != nil && a.acting.notes != nil {
		a.acting.notes.wait()
	}
	if a.batcher != nil {
		errs = append(errs, a.batcher.Close())
	}
	if a.events != nil {
		errs = append(errs, a.events.Close())
	}
	if a.geo != nil {
		errs = append(errs, a.geo.Close())
	}
	if a.blobs != nil {
		errs = append(errs, a.blobs.Close())
	}
	if a.acting != nil && a.acting.vault != nil {
		errs = append(errs, a.acting.vault.Close())
	}
	if a.submitted != nil && a.submitted.vault != nil {
		errs = append(errs, a.submitted.vault.Close())
	}
	if a.memory != nil {
		errs = append(errs, a.memory.Close())
	}
	errs = append(errs, a.indicators.close())
	if a.cases != nil {
		errs = append(errs, a.signLast(), a.cases.Close())
	}
	if a.folder != nil {
		errs = append(errs, a.folder.close())
	}
	return errors.Join(errs...)
}

// Org is the organisation as the judge knows it.
func (c Config) Org() detect.Organisation {
	org := detect.Organisation{Name: c.Organisation.Name}
	for _, d := range c.Organisation.Domains {
		org.Domains = append(org.Domains, strings.ToLower(d))
	}
	for _, p := range c.Organisation.People {
		org.People = append(org.People, detect.Person{Name: p.Name, Address: strings.ToLower(p.Address), Department: p.Department, Priority: p.Priority})
	}
	return org
}

// Own are the organisation's servers. Entries were checked with the settings.
func (c Config) Own() api.OwnServers {
	var o api.OwnServers
	for _, s := range c.Organisation.Servers {
		if ps, err := networks([]string{s}); err == nil {
			o.Networks = append(o.Networks, ps...)
			continue
		}
		o.Hosts = append(o.Hosts, strings.ToLower(strings.TrimSuffix(s, ".")))
	}
	for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"} {
		o.Private = append(o.Private, netip.MustParsePrefix(private))
	}
	return o
}
