package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/indicator"
	"tocsin/internal/indicatorstore"
	"tocsin/internal/policy"
)

// Local answers the API's routes in this process, for commands of this machine when no server holds the data folder: what a command
// does then is what the server would do, with the same checks and records.
type Local struct {
	Token   string // of the local command line
	handler http.Handler
	close   func() error
}

var _ http.RoundTripper = (*Local)(nil)

// OpenLocal opens the case store and its like: policy, entries, settings of mailboxes, rules, and the indicators. It works beside another process.
func OpenLocal(ctx context.Context, c Config) (*Local, error) {
	p, err := OpenPeople(ctx, c)
	if err != nil {
		return nil, err
	}
	desk, err := policy.Open(ctx, p.Store, c.Decider(), time.Now)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	rules, err := newRulebook(ctx, p.Store, c, time.Now)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	known, err := indicatorstore.Open(ctx, c.path(knownFile))
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	indicators, err := indicator.Open(ctx, known, indicator.Options{Bare: true, Good: c.knownGood()})
	if err != nil {
		return nil, errors.Join(err, known.Close(), p.Close())
	}
	server := api.New(api.Deps{Version: api.Version, Gate: p.Gate, Journal: p.Store, Audit: p.Notary, AuditKept: c.Audit.Retention, Sessions: p.Store.Sessions(), Desk: desk, Rules: rules, Known: &api.Known{Desk: indicators}})
	return &Local{Token: p.Gate.LocalToken(), handler: server.Handler(), close: func() error { return errors.Join(known.Close(), p.Close()) }}, nil
}

// Local answers for the opened stores. Its Close closes nothing.
func (a *App) Local() *Local {
	return &Local{Token: a.gate.LocalToken(), handler: a.api.Handler(), close: func() error { return nil }}
}

// Close closes what OpenLocal opened.
func (l *Local) Close() error { return l.close() }

// RoundTrip asks the handler, without a wire between.
func (l *Local) RoundTrip(r *http.Request) (*http.Response, error) {
	// What a client sends is not quite what a server reads.
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	l.handler.ServeHTTP(w, in)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answer) Header() http.Header         { return w.header }
func (w *answer) WriteHeader(status int)      { w.status = status }
func (w *answer) Write(p []byte) (int, error) { return w.body.Write(p) }
