package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"

	"tocsin/internal/ingest/smtp"
)

// mailListener is one open port for mail and what serves it.
type mailListener struct {
	name     string // "smtp", "lmtp", "milter"
	listener net.Listener
	server   mailServer
}

type mailServer interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// listenMail opens the ports that take mail in.
func (a *App) listenMail(ctx context.Context) (out []mailListener, err error) {
	defer func() {
		if err != nil {
			for _, m := range out {
				_ = m.listener.Close()
			}
		}
	}()
	for _, kind := range []struct {
		name string
		cfg  Listener
	}{{"smtp", a.cfg.SMTP}, {proxied, a.cfg.LMTP.Listener}} {
		if kind.cfg.Listen == "" {
			continue
		}
		allowed, err := networks(kind.cfg.Allow)
		if err != nil {
			return out, err
		}
		cfg := smtp.Config{
			LMTP: kind.name == proxied, Source: kind.name, Allowed: allowed, Reports: kind.cfg.Reports, Journals: kind.cfg.Journals,
			CertFile: kind.cfg.Certificate, KeyFile: kind.cfg.Key, RequireTLS: kind.cfg.RequireTLS,
			MaxSize: a.cfg.Intake.MaxMessage, Logger: a.log,
		}
		proxy := a.newProxy()
		if cfg.LMTP && proxy != nil {
			cfg.Onward, cfg.MaxConnections, cfg.MaxPerIP = proxy, a.cfg.LMTP.Connections, a.cfg.LMTP.Connections
		}
		server, err := smtp.New(cfg, a.intake)
		if err != nil {
			return out, fmt.Errorf("config: %s: %w", kind.name, err)
		}
		l, err := listenOn(ctx, kind.name+".listen", kind.cfg.Listen)
		if err != nil {
			return out, err
		}
		m := mailListener{name: kind.name, listener: l, server: server}
		if cfg.Onward != nil {
			m.server = proxyServer{server, proxy}
		}
		out = append(out, m)
	}
	m, err := a.listenMilter(ctx)
	if m != nil {
		out = append(out, *m)
	}
	return out, err
}

// serve takes mail in until ctx ends, and finishes the transactions under way.
func (m mailListener) serve(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- m.server.Serve(m.listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("%s: %w", m.name, errors.Join(errors.New("the listener ended"), err))
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopAnswers)
	defer cancel()
	_ = m.server.Shutdown(stop) // what did not finish in time is offered again by its sender
	return <-done
}

// stdlog is net/http's logger on top of ours.
func stdlog(l *slog.Logger) *log.Logger { return slog.NewLogLogger(l.Handler(), slog.LevelWarn) }

// calmer passes on what is at least a warning: the job queue tells at length how it is, and reports each of its loops that a stop
// interrupts as an error.
type calmer struct{ slog.Handler }

// Handle leaves out what only says that the queue was stopped.
func (c calmer) Handle(ctx context.Context, r slog.Record) error {
	stopped := false
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && errors.Is(err, context.Canceled) || a.Value.String() == context.Canceled.Error() {
			stopped = true
		}
		return !stopped
	})
	if stopped {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

// Enabled leaves out what is less than a warning.
func (c calmer) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && c.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the threshold.
func (c calmer) WithAttrs(attrs []slog.Attr) slog.Handler { return calmer{c.Handler.WithAttrs(attrs)} }

// WithGroup keeps the threshold.
func (c calmer) WithGroup(name string) slog.Handler { return calmer{c.Handler.WithGroup(name)} }
