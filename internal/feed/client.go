package feed

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/outbound"
)

// Limits of one exchange.
const (
	answerTime   = 60 * time.Second // until the answer begins
	bodyTime     = 10 * time.Minute // of one answer
	maxRedirects = 3
	maxSmall     = 4 << 20   // octets of an answer that only describes
	maxLarge     = 512 << 20 // of one that brings what is wanted
)

// client talks to one feed.
type client struct {
	http   *http.Client
	s      *Settings
	secret string
	now    func() time.Time
}

// newClient makes the client of a feed. It holds no connection after close.
func newClient(s *Settings, secret string, now func() time.Time) *client {
	c := &client{s: s, secret: secret, now: now}
	c.http = &http.Client{
		Timeout: bodyTime,
		Transport: &http.Transport{
			DialContext: outbound.Strict(s.Private), TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: answerTime, MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns: 2, IdleConnTimeout: 10 * time.Second, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
		// A redirect may change the path. It does not lead to another host: that would be an address that nobody chose, and would get the key.
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			was := via[0].URL
			switch {
			case len(via) > maxRedirects:
				return &Failure{Why: "it redirects too often"}
			case !strings.EqualFold(req.URL.Hostname(), was.Hostname()):
				return &Failure{Why: fmt.Sprintf("it redirects to another host, %s; if that is right, give that address", req.URL.Host)}
			case was.Scheme == "https" && req.URL.Scheme != "https":
				return &Failure{Why: "it redirects to an address without TLS"}
			case req.URL.Port() != was.Port() && !(was.Scheme == "http" && was.Port() == "" && req.URL.Port() == ""):
				return &Failure{Why: fmt.Sprintf("it redirects to another port, %s; if that is right, give that address", req.URL.Host)}
			}
			c.sign(req)
			return nil
		},
	}
	return c
}

func (c *client) close() { c.http.CloseIdleConnections() }

func (c *client) sign(req *http.Request) {
	switch c.s.Auth {
	case AuthBasic:
		req.SetBasicAuth(c.s.User, c.secret)
	case AuthBearer:
		req.Header.Set("Authorization", "Bearer "+c.secret)
	case AuthHeader:
		req.Header.Set(c.s.Header, c.secret)
	}
}

// Failure is why a feed could not be read, in words for an administrator.
type Failure struct {
	Why    string
	Status int           // of HTTP; 0 when there was no answer
	Wait   time.Duration // what the other side asked for; 0: nothing
	Err    error         // what is behind it; may be nil
}

func (e *Failure) Error() string { return e.Why }
func (e *Failure) Unwrap() error { return e.Err }

// request is one question.
type request struct {
	method, url, accept string
	body                []byte
	headers             map[string]string
	limit               int64
}

// answer is one answer, whose body is open.
type answer struct {
	*http.Response
	body io.Reader // bounded
	stop context.CancelFunc
}

func (a *answer) close() {
	_ = a.Body.Close()
	a.stop()
}

// ask asks, and turns everything but a good answer (200, or 304 where it was asked for) into a *Failure.
func (c *client) ask(ctx context.Context, q request) (*answer, error) {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	ctx, stop := context.WithTimeout(ctx, bodyTime)
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, body)
	if err != nil {
		stop()
		return nil, &Failure{Why: "its address cannot be asked", Err: err}
	}
	req.Header.Set("User-Agent", "Tocsin")
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	for k, v := range q.headers {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	c.sign(req)
	res, err := c.http.Do(req)
	if err != nil {
		stop()
		return nil, c.unreachable(ctx, req.URL, err)
	}
	if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNotModified && q.headers != nil {
		return &answer{res, &bounded{r: res.Body, left: q.limit, limit: q.limit}, stop}, nil
	}
	defer stop()
	defer func() { _ = res.Body.Close() }()
	return nil, c.refusal(res)
}

// bounded fails when more than its limit comes.
type bounded struct {
	r           io.Reader
	left, limit int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &Failure{Why: fmt.Sprintf("it sends more than %d MiB, which is the most that is read at once", b.limit>>20)}
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &Failure{Why: "the connection broke off in the middle of the answer", Err: err}
	}
	return n, err
}

// unreachable says why there was no answer. Addresses may hold keys, so only hosts are named.
func (c *client) unreachable(ctx context.Context, u *url.URL, err error) error {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	say := func(format string, a ...any) error { return &Failure{Why: fmt.Sprintf(format, a...), Err: err} }
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		rec  tls.RecordHeaderError
		out  interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, outbound.ErrInside):
		return say("%s is a private address; mark the feed as one of your own network if that is meant", u.Hostname())
	case errors.Is(ctx.Err(), context.Canceled):
		return say("it was stopped")
	case errors.As(err, &dns):
		return say("there is no host %s", u.Hostname())
	case errors.As(err, &cert):
		return say("the certificate of %s is not trusted: %v", u.Host, cert.Err)
	case errors.As(err, &rec):
		return say("%s does not speak TLS; is it http:// instead of https://?", u.Host)
	case errors.As(err, &out) && out.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return say("%s did not answer in time", u.Host)
	case strings.Contains(err.Error(), "refused"):
		return say("nothing listens at %s", u.Host)
	}
	return say("%s cannot be reached", u.Host)
}

// refusal says what an answer that is none means.
func (c *client) refusal(res *http.Response) error {
	f := &Failure{Status: res.StatusCode}
	key := "the key or password"
	if c.s.Auth == AuthNone {
		key = "a key or password"
	}
	switch res.StatusCode {
	case http.StatusUnauthorized:
		f.Why = "it does not accept " + key + " (401)"
		if c.s.Auth == AuthNone {
			f.Why = "it wants " + key + " (401)"
		}
	case http.StatusForbidden:
		f.Why = "whoever has this key may not read this (403)"
	case http.StatusNotFound, http.StatusGone:
		f.Why = fmt.Sprintf("there is nothing at this address (%d)", res.StatusCode)
	case http.StatusNotAcceptable, http.StatusUnsupportedMediaType:
		f.Why = fmt.Sprintf("it does not speak this version of the protocol (%d)", res.StatusCode)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.Wait = retryAfter(res.Header.Get("Retry-After"), c.now())
		f.Why = fmt.Sprintf("it asks to be left alone for a while (%d)", res.StatusCode)
		if f.Wait > 0 {
			f.Why = fmt.Sprintf("it asks to be left alone for %s (%d)", f.Wait.Round(time.Second), res.StatusCode)
		}
	default:
		f.Why = fmt.Sprintf("it answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
		if res.StatusCode >= 500 {
			f.Why = fmt.Sprintf("it has a fault of its own (%d)", res.StatusCode)
		}
	}
	return f
}

// retryAfter reads the field (RFC 9110 section 10.2.3): seconds, or a time. At most a day is believed.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
		d = time.Duration(min(max(n, 0), 1<<20)) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}

// small reads an answer that only describes something.
func (c *client) small(ctx context.Context, q request) ([]byte, http.Header, error) {
	q.limit = maxSmall
	if q.method == "" {
		q.method = http.MethodGet
	}
	a, err := c.ask(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	defer a.close()
	raw, err := io.ReadAll(a.body)
	return raw, a.Header, err
}
