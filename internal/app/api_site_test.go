package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(providerFolder)
		os.Exit(code)
	}))
}

// site is a whole Tocsin on stores of its own, which answers on a loopback port: what these tests know of it they ask over HTTP, as
// the screens and programs do.
type site struct {
	*app.App
	dir     string
	url     string
	clock   *clock
	log     *text // at level debug
	console *text
	client  *http.Client
	halt    func() error // stops, closes, and says how that went; the second time it only says
}

// setting changes how a site is made.
type setting func(*app.Config, *app.Options)

// acting lets the policy do what it says, so that some mail is kept from its recipients.
func acting(c *app.Config, _ *app.Options) { c.Policy.Mode = "act" }

// open starts a site that ends with the test.
func open(t testing.TB, settings ...setting) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), clock: &clock{}, log: &text{}, console: &text{}}
	c := app.Defaults()
	c.Data, c.HTTP.Listen, c.DNS.Enabled = s.dir, "127.0.0.1:0", false
	c.Organisation = app.Organisation{Name: "Harbour", Domains: []string{"harbour.test"}, Servers: []string{"mx.harbour.test"}}
	c.Events.Threads = 2
	o := app.Options{
		Command: "test", Console: s.console, Now: s.clock.now, Passwords: auth.Params{Memory: 8, Passes: 1, Threads: 1},
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range settings {
		change(&c, &o)
	}
	s.dir = c.Data
	var err error
	if s.App, err = app.New(t.Context(), c, o); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	holder, held, err := casestore.HolderOf(s.dir)
	if err != nil || !held {
		t.Fatalf("nobody holds %s: %v", s.dir, err)
	}
	s.url = holder.Address
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.halt(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// run serves until the site is halted, and returns when it is up.
func (s *site) run(t testing.TB) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, func(ctx context.Context) error {
			close(up)
			<-ctx.Done()
			return nil
		})
	}()
	s.halt = sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-ended, s.Close())
	})
	select {
	case <-up:
	case err := <-ended:
		ended <- err
		t.Fatal(errors.Join(err, s.halt()))
	}
}

// clock runs with the real one, and ahead of it as far as a test moves it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// text is what is written to it, by many at once.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// caller is somebody who asks: nobody in particular, a program with a token, a browser with a session.
type caller struct {
	site   *site
	header http.Header
}

func (s *site) nobody() caller { return caller{s, http.Header{}} }

// with is the same caller, who sends one header more.
func (c caller) with(name, value string) caller {
	h := c.header.Clone()
	h.Set(name, value)
	return caller{c.site, h}
}

// as is a program with the token of an operator who has these roles.
func (s *site) as(t testing.TB, roles ...auth.Role) caller {
	t.Helper()
	return s.nobody().with("Authorization", "Bearer "+s.token(t, roles...))
}

// token makes an operator with these roles, unless there is one, and a token.
func (s *site) token(t testing.TB, roles ...auth.Role) string {
	t.Helper()
	name := "nobody"
	for _, r := range roles {
		name += "." + strings.ReplaceAll(strings.ToLower(string(r)), " ", "-")
	}
	email := name + "@harbour.test"
	if _, err := s.Gate().AddOperator(t.Context(), email, "", "", roles); err != nil && !errors.Is(err, auth.ErrExists) {
		t.Fatal(err)
	}
	secret, err := s.Gate().MakeToken(t.Context(), email, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// reply is a whole answer.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// send asks for a path (below /api/v1 unless it begins with "//") and reads the whole answer. A body that is not bytes goes as JSON.
func (c caller) send(t testing.TB, method, path string, body any) reply {
	t.Helper()
	res, err := c.ask(t.Context(), method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{t, res.StatusCode, res.Header, raw}
}

// ask is send for answers that do not end.
func (c caller) ask(ctx context.Context, method, path string, body any) (*http.Response, error) {
	rest, whole := strings.CutPrefix(path, "//")
	at := c.site.url + api.Prefix + path
	if whole {
		at = c.site.url + "/" + rest
	}
	var content io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	case io.Reader:
		content = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		content, kind = bytes.NewReader(raw), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, at, content)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, values := range c.header {
		req.Header[name] = values
		if name == "Host" {
			req.Host = values[0]
		}
	}
	return c.site.client.Do(req)
}

// get asks with name, value pairs as the query.
func (c caller) get(t testing.TB, path string, pairs ...string) reply {
	t.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Add(pairs[i], pairs[i+1])
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return c.send(t, http.MethodGet, path, nil)
}

func (c caller) post(t testing.TB, path string, body any) reply {
	t.Helper()
	return c.send(t, http.MethodPost, path, body)
}

// want fails unless the answer has the status.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("answered %d %s, want %d", r.status, r.body, status)
	}
	return r
}

// problem fails unless the answer is a problem (RFC 9457) with the status, and returns it.
func (r reply) problem(status int) problem {
	r.t.Helper()
	r.want(status)
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" {
		r.t.Errorf("a %d came as %q: %s", status, kind, r.body)
	}
	p := decode[problem](r)
	if p.Status != status || p.Detail == "" {
		r.t.Errorf("problem %s", r.body)
	}
	return p
}

type problem struct {
	Status int
	Detail string
	Errors []struct {
		Message  string
		Location string
		Value    json.RawMessage
	}
}

// decode reads an answer of 200.
func decode[T any](r reply) T {
	r.t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("%v in %s", err, r.body)
	}
	return v
}

// ok is decode of an answer that must be 200.
func ok[T any](r reply) T {
	r.t.Helper()
	return decode[T](r.want(http.StatusOK))
}

// take takes a message in, waits until it is judged, and returns its network message id.
func (s *site) take(t testing.TB, raw []byte, to ...string) string {
	t.Helper()
	got, err := s.Intake().Accept(t.Context(), raw, ingest.Envelope{Source: "smtp", MailFrom: "bounce@sender.test", MailFromKnown: true, Recipients: to, Time: s.clock.now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	return got.NetworkMessageID
}

// letter is a message of these header lines and this text; CRLF as on the wire.
func letter(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// simple is an unremarkable letter.
func simple(subject string) []byte {
	return letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: "+subject, "Message-ID: <"+url.QueryEscape(subject)+"@sender.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000", "", "Shall we meet at noon?")
}

// localToken is what the running server left in the data folder for this machine's command line.
func (s *site) localToken(t testing.TB) string {
	t.Helper()
	secret, err := app.LocalToken(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
