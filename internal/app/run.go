package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/api"
)

// How long a stop waits for what is under way: answers, running judgements.
const (
	stopAnswers = 10 * time.Second
	stopCut     = 5 * time.Second  // for answers that were broken off to notice
	stopQueue   = 10 * time.Second // what is accepted and not begun yet
	stopJobs    = 20 * time.Second
)

// How long a client may take for one request to arrive, and for an answer to be taken. Routes that need more, or less, say so
// themselves. Without the first, a body that never comes would hold its connection for ever; without the second, the time that
// one answer was given would still run while the next one on the same connection is written.
const (
	readTime  = 30 * time.Second
	writeTime = time.Minute
)

// policyEvery is how often changes of the policy by other processes are looked for.
const policyEvery = time.Second

// listeners are the open ports of a running server.
type listeners struct {
	http net.Listener
	mail []mailListener
}

// Run serves until ctx ends, finishes what is accepted, and returns nil. A port that cannot be listened on is an error before
// anything was started. beside runs while the server is up; its error stops the server.
func (a *App) Run(ctx context.Context, beside ...func(context.Context) error) error {
	ports, err := a.listen(ctx)
	if err != nil {
		return err
	}
	err = a.Work(ctx, func(ctx context.Context) error { return a.serve(ctx, ports, beside) })
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Work judges accepted mail while f runs, and returns f's error. Mail that is not judged when f returns is judged before Work
// returns, or, when that takes longer than stopQueue, by the next process that works with the folder.
func (a *App) Work(ctx context.Context, f func(context.Context) error) error {
	revived, renewed, err := a.pipeline.Recover(ctx, a.jobs)
	if err != nil {
		return err
	}
	if revived+renewed > 0 {
		a.log.Info("going on where the last process stopped", "messages", revived+renewed)
	}
	if err := a.learner.Refresh(ctx); err != nil {
		return err
	}
	if a.collect != nil {
		collecting, stop := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		go func() { defer close(done); a.collect.run(collecting) }()
		defer func() { stop(); <-done }()
	}
	late, stopLate := context.WithCancel(ctx)
	defer stopLate()
	a.late.Store(&late)
	// The queue outlives ctx: it is stopped in order below, not cut off.
	if err := a.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	var watching sync.WaitGroup
	watching.Go(func() { a.desk.Watch(late, policyEvery, a.log) })
	watching.Go(func() { a.watchSupply(late) })
	watching.Go(func() { a.watched.run(late) })
	watching.Go(func() { a.followDirectory(late) })
	watching.Go(func() { a.followActing(late) })
	watching.Go(func() { a.followHeld(late) })
	watching.Go(func() { a.settleAid(late) })
	watching.Go(func() { a.followSubmissions(late) })
	watching.Go(func() { a.followAlerts(late) })
	watching.Go(func() { a.notary.Run(late) })
	for _, w := range a.watchers {
		watching.Go(func() { w.Run(late) })
	}
	err = f(ctx)
	stopLate()
	watching.Wait()
	a.drain(context.WithoutCancel(ctx))
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopJobs)
	defer cancel()
	if e := a.jobs.Stop(stop); e != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopJobs)
		defer cancel()
		if e := a.jobs.StopAndCancel(hard); e != nil { // they run again at the next start
			a.log.Warn("judging did not stop in time", "err", e)
		}
	}
	return err
}

// drain waits until everything accepted is judged, for a while.
func (a *App) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopQueue)
	defer cancel()
	if err := a.Judged(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("waiting for the last judgements", "err", err)
	}
}

func (a *App) listen(ctx context.Context) (_ *listeners, err error) {
	l := &listeners{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.http, err = listenOn(ctx, "http.listen", a.cfg.HTTP.Listen); err != nil {
		return nil, err
	}
	l.mail, err = a.listenMail(ctx)
	return l, err
}

// listenOn opens host:port or unix:/path.
func listenOn(ctx context.Context, key, address string) (net.Listener, error) {
	if path, ok := socketPath(address); ok {
		return listenSocket(ctx, key, path)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %s", key, address, listenReason(err))
	}
	return l, nil
}

func (l *listeners) close() {
	if l.http != nil {
		_ = l.http.Close()
	}
	for _, m := range l.mail {
		_ = m.listener.Close()
	}
}

// serve answers on the open ports until ctx ends.
func (a *App) serve(ctx context.Context, ports *listeners, beside []func(context.Context) error) error {
	// Answers outlive ctx for the time that a stop gives them; cut ends them.
	answers, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	server := &http.Server{
		Handler:           a.api.Handler(),
		BaseContext:       func(net.Listener) context.Context { return answers },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10, // a filter in the address bar is long
		ErrorLog:          stdlog(a.log),
	}
	scheme := "http"
	if a.cfg.HTTP.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(a.cfg.HTTP.Certificate, a.cfg.HTTP.Key)
		if err != nil {
			ports.close()
			return fmt.Errorf("config: http.certificate: %w", err)
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		scheme = "https"
	}
	url := scheme + "://" + ports.http.Addr().String()
	if err := a.folder.announce(url, a.gate.LocalToken()); err != nil {
		ports.close()
		return err
	}
	if err := a.greet(ctx, url); err != nil {
		ports.close()
		return err
	}
	a.listening.Store(ports)
	defer a.listening.Store(nil)

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		var err error
		if server.TLSConfig != nil {
			err = server.ServeTLS(ports.http, "", "")
		} else {
			err = server.Serve(ports.http)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve HTTP: %w", err)
	})
	for _, m := range ports.mail {
		g.Go(func() error { return m.serve(ctx) })
	}
	g.Go(func() error { a.followModels(ctx); return nil })
	g.Go(func() error { a.followTrackers(ctx); return nil })
	for _, f := range beside {
		g.Go(func() error { return f(ctx) })
	}
	g.Go(func() error {
		<-ctx.Done()
		a.api.Hub().Close() // live views would wait for ever
		a.stopAnswering(context.WithoutCancel(ctx), server, cut)
		return nil
	})
	return g.Wait()
}

// stopAnswering lets answers under way finish for a while, then breaks them off. The stores close after it, so it returns only when
// no handler is at work, unless one does not notice for stopCut that it was broken off.
func (a *App) stopAnswering(ctx context.Context, server *http.Server, cut context.CancelCauseFunc) {
	shutdown := func(wait time.Duration) error {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		return server.Shutdown(ctx)
	}
	if shutdown(a.opt.Grace) == nil {
		return
	}
	cut(api.ErrStopping)
	if err := shutdown(stopCut); err != nil {
		a.log.Warn("answers did not stop in time", "err", errors.Join(err, server.Close()))
	}
}

// greet says on the console where to go; to whoever has no operator yet, with the one-time link.
func (a *App) greet(ctx context.Context, url string) error {
	public := url
	if a.cfg.HTTP.PublicURL != "" {
		public = a.cfg.HTTP.PublicURL
	}
	secret, expires, err := a.gate.SetupLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.opt.Console, "Tocsin listens on %s\n", public)
	if secret != "" {
		// In the fragment, so that the secret stays in the browser and out of every log.
		fmt.Fprintf(a.opt.Console, "Nobody can sign in yet. Make the first administrator here, until %s:\n  %s/setup#%s\n", expires.UTC().Format("2006-01-02 15:04 UTC"), public, secret)
	}
	return nil
}

// notReady lists what is missing before the server can do its work. Whoever asks is not signed in: the reasons go to the log.
func (a *App) notReady(ctx context.Context) []string {
	var out []string
	if a.listening.Load() == nil {
		out = append(out, "not all listeners are up")
	}
	if err := a.cases.Reader().PingContext(ctx); err != nil {
		a.log.Warn("case store is not ready", "err", err)
		out = append(out, "the case store does not answer")
	}
	if _, err := a.events.Stats(ctx); err != nil {
		a.log.Warn("event store is not ready", "err", err)
		out = append(out, "the event store does not answer")
	}
	return out
}
