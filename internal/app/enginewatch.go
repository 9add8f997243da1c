package app

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/casestore"
	"tocsin/internal/detonate"
	"tocsin/internal/scan"
	"tocsin/internal/scan/clamav"
	"tocsin/internal/scan/page"
	"tocsin/internal/scan/yara"
)

// How often an engine that nobody asks is asked how it is, and how long that may take. Whoever looks at the page may have it asked
// again after probeFresh.
const (
	probeEvery = time.Minute
	probeFresh = 10 * time.Second
	probeTime  = 5 * time.Second
)

// engineWatch knows how it stands with the engines that are set up; nil entries are not.
type engineWatch struct {
	since                     time.Time
	clamav, yara, cape, pages *monitor
	rules                     int
	aside                     []yara.Problem
}

// watchEngines puts a monitor in front of every engine, in place.
func watchEngines(engines []scan.Engine, aside []yara.Problem, l *detonate.Lab, now func() time.Time) *engineWatch {
	w := &engineWatch{since: now().UTC(), aside: aside}
	for i, e := range engines {
		m := &monitor{now: now}
		switch e := e.(type) {
		case *clamav.Client:
			m.probe, w.clamav = e.Version, m
		case *yara.Rules:
			m.steady, w.yara, w.rules = true, m, e.Len()
			m.heard(nil) // they are compiled
		}
		engines[i] = monitored{e, m}
	}
	for i, s := range l.Sandboxes {
		w.cape = &monitor{now: now}
		if v, ok := s.(interface {
			Version(context.Context) (string, error)
		}); ok {
			w.cape.probe = v.Version
		}
		l.Sandboxes[i] = monitoredSandbox{s, w.cape}
	}
	if l.Pages != nil {
		w.pages = &monitor{now: now, steady: true}
		if v, ok := l.Pages.(*page.Visitor); ok {
			w.pages.probe = v.Version
		}
		l.Pages = monitoredPages{l.Pages, w.pages}
	}
	return w
}

// run asks the engines now and then until ctx ends, so that "since" is true when nobody looks and no mail comes.
func (w *engineWatch) run(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		w.ask(ctx, probeFresh)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ask asks those that were not asked for a while, side by side.
func (w *engineWatch) ask(ctx context.Context, fresh time.Duration) {
	var wg sync.WaitGroup
	for _, m := range []*monitor{w.clamav, w.cape, w.pages} {
		if m != nil && m.probe != nil {
			wg.Go(func() { m.ask(ctx, fresh) })
		}
	}
	wg.Wait()
}

// monitor counts what one engine is asked, and notes since when it answers or does not.
type monitor struct {
	now    func() time.Time
	probe  func(context.Context) (string, error) // asks for the version; nil: it is not asked
	steady bool                                  // a question without an answer says nothing about the engine, only the probe does

	asking sync.Mutex // one probe at a time

	mu                   sync.Mutex
	asked, found, failed int64
	away                 bool
	since, checked       time.Time // zero: never
	probed               time.Time
	problem, version     string
}

// ask has the probe look, unless that was done lately.
func (m *monitor) ask(ctx context.Context, fresh time.Duration) {
	m.asking.Lock()
	defer m.asking.Unlock()
	m.mu.Lock()
	late := m.probed.IsZero() || m.now().Sub(m.probed) >= fresh
	m.mu.Unlock()
	if !late {
		return
	}
	probing, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	version, err := m.probe(probing)
	if ctx.Err() != nil {
		return // the asker went away; that says nothing
	}
	m.mu.Lock()
	m.probed = m.now()
	if err == nil {
		m.version = version
	}
	m.mu.Unlock()
	m.heard(err)
}

// heard notes that the engine answered, or why it did not.
func (m *monitor) heard(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now().UTC()
	if away := err != nil; m.since.IsZero() || away != m.away {
		m.since, m.away = now, away
	}
	m.checked, m.problem = now, ""
	if err != nil {
		m.problem = oneLine(err)
	}
}

// answered counts one question. What is too large for the engine, or broken off by the asker, says nothing about it.
func (m *monitor) answered(ctx context.Context, threat bool, err error) {
	m.mu.Lock()
	m.asked++
	if threat {
		m.found++
	}
	if err != nil {
		m.failed++
	}
	m.mu.Unlock()
	if m.steady || ctx.Err() != nil || errors.Is(err, clamav.ErrTooLarge) || errors.Is(err, scan.ErrGone) {
		return
	}
	m.heard(err)
}

// monitored is an engine with a monitor in front.
type monitored struct {
	scan.Engine
	m *monitor
}

func (e monitored) Scan(ctx context.Context, content []byte) (string, error) {
	threat, err := e.Engine.Scan(ctx, content)
	e.m.answered(ctx, threat != "", err)
	return threat, err
}

// Close frees what the engine holds.
func (e monitored) Close() error {
	if c, ok := e.Engine.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

type monitoredSandbox struct {
	scan.Sandbox
	m *monitor
}

func (s monitoredSandbox) Submit(ctx context.Context, name string, content []byte) (string, error) {
	id, err := s.Sandbox.Submit(ctx, name, content)
	s.m.answered(ctx, false, err)
	return id, err
}

func (s monitoredSandbox) Result(ctx context.Context, id string) (scan.Answer, bool, error) {
	a, done, err := s.Sandbox.Result(ctx, id)
	if ctx.Err() == nil && !errors.Is(err, scan.ErrGone) {
		s.m.heard(err)
	}
	return a, done, err
}

type monitoredPages struct {
	detonate.Visitor
	m *monitor
}

func (p monitoredPages) Visit(ctx context.Context, link string) (page.Seen, error) {
	seen, err := p.Visitor.Visit(ctx, link)
	p.m.answered(ctx, false, err)
	return seen, err
}

// state is what the monitor knows; of nil, that the engine is off.
func (m *monitor) state(e api.Engine) api.Engine {
	e.State, e.Aside = "off", []api.EngineAside{}
	if m == nil {
		e.Value = ""
		return e
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	when := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	e.Missing, e.State = "", "answering"
	switch {
	case m.since.IsZero():
		e.State = "unknown"
	case m.away:
		e.State = "away"
	}
	e.Since, e.Checked, e.Problem, e.Version = when(m.since), when(m.checked), m.problem, m.version
	e.Asked, e.Found, e.Failed = m.asked, m.found, m.failed
	return e
}

// engineStates says how it stands with every engine, after asking those that were not asked lately.
func (a *App) engineStates(ctx context.Context) (api.Engines, error) {
	w, c := a.watched, a.cfg.Engines
	w.ask(ctx, probeFresh)
	kept, err := a.cases.AnswerCounts(ctx)
	if err != nil {
		return api.Engines{}, err
	}
	out := api.Engines{Since: w.since}
	if out.Queue, err = a.cases.JobsWaiting(ctx, labQueue); err != nil {
		return out, err
	}
	clam := w.clamav.state(api.Engine{Key: "clamav", Name: "ClamAV", Setting: "engines.clamav.address", Value: c.ClamAV.Address})
	clam.Version, clam.Signatures = clamVersion(clam.Version)
	rules := w.yara.state(api.Engine{Key: "yara", Name: "YARA", Setting: "engines.yara.folder", Value: c.YARA.Folder, Missing: missingYARA()})
	rules.Rules = w.rules
	for _, p := range w.aside {
		rules.Aside = append(rules.Aside, api.EngineAside{File: p.File, Line: p.Line, Why: p.Text})
	}
	late := func(e api.Engine, n casestore.AnswerCount) api.Engine {
		e.Kept, e.Found, e.Waiting = n.Answers, n.Found, n.Waiting
		return e
	}
	out.Engines = []api.Engine{
		clam, rules,
		late(w.cape.state(api.Engine{Key: "cape", Name: "CAPE", Setting: "engines.cape.url", Value: c.CAPE.URL}), kept[scan.KindSandbox]),
		late(w.pages.state(api.Engine{Key: "pages", Name: "Page visits", Setting: "engines.pages.enabled", Value: "true", Missing: missingBrowser(c.Pages.Browser)}), kept[scan.KindPage]),
	}
	return out, nil
}

func missingYARA() string {
	if yara.Built {
		return ""
	}
	return yara.ErrNotBuilt.Error()
}

func missingBrowser(path string) string {
	if path == "" {
		path = "chromium"
	}
	if _, err := exec.LookPath(path); err != nil {
		return "Chromium is not found as " + path + "; install it, or name it in engines.pages.browser"
	}
	return ""
}

// clamVersion takes "ClamAV 1.4.3/27800/Thu Nov 26 08:30:00 2026" apart: the version, and when the signatures were made. What has
// another form stays as it is.
func clamVersion(said string) (version string, signatures *time.Time) {
	parts := strings.SplitN(said, "/", 3)
	version = strings.TrimPrefix(parts[0], "ClamAV ")
	if len(parts) < 3 {
		return version, nil
	}
	t, err := time.Parse(time.ANSIC, strings.TrimSpace(parts[2]))
	if err != nil {
		return strings.TrimPrefix(said, "ClamAV "), nil
	}
	return version + ", signatures " + parts[1], &t
}
