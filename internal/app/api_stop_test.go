package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// TestStopEndsLiveViews: a view would wait for ever; a stop does not.
func TestStopEndsLiveViews(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *app.Config, o *app.Options) { o.Grace = 2 * time.Minute })
	views := []*stream{s.as(t, auth.SecurityReader).watch(t), s.as(t, auth.SecurityReader).watch(t)}
	began := time.Now()
	if err := s.halt(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the stop took %v", took)
	}
	for _, v := range views {
		if name, _ := v.next(t); name != "" || v.lines.Err() != nil {
			t.Errorf("after the stop: %q, %v", name, v.lines.Err())
		}
	}
}

// TestStopBreaksOffWhatDoesNotEnd: after the grace, questions are interrupted, and their clients are told.
func TestStopBreaksOffWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *app.Config, o *app.Options) { o.Grace = 100 * time.Millisecond })
	s.crowd(t)
	c := s.as(t, auth.SecurityOperator)
	type end struct {
		lines []string
		err   error
	}
	streamed, asked := make(chan end, 1), make(chan end, 1)
	go func() {
		res, err := c.ask(context.WithoutCancel(t.Context()), http.MethodPost, "/hunt", api.HuntAsk{Query: endless})
		if err != nil {
			streamed <- end{err: err}
			return
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		streamed <- end{strings.Split(strings.TrimSpace(string(raw)), "\n"), err}
	}()
	go func() {
		res, err := c.ask(context.WithoutCancel(t.Context()), http.MethodPost, "/hunt", api.HuntAsk{Query: endless})
		if err != nil {
			asked <- end{err: err}
			return
		}
		_ = res.Body.Close() // this client does not even read
		asked <- end{}
	}()
	s.begun(t, 2)
	began := time.Now()
	if err := s.halt(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the stop took %v", took)
	}
	got := <-streamed
	<-asked
	if got.err != nil || len(got.lines) != 2 {
		t.Fatalf("%v, %q", got.err, got.lines)
	}
	var last api.HuntLine
	if err := json.Unmarshal([]byte(got.lines[1]), &last); err != nil || last.Done != nil || last.Error != api.ErrStopping.Error() {
		t.Errorf("last line %s, %v", got.lines[1], err)
	}
	if strings.Contains(s.log.String(), "did not stop in time") {
		t.Errorf("log: %s", s.log)
	}
}

// TestStopWhileEverybodyAsks: who has an answer can rely on it. What was accepted is there after the next start, once.
func TestStopWhileEverybodyAsks(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityAdministrator)
	var accepted sync.Map
	var letters, answers atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				subject := fmt.Sprintf("letter %d.%d", w, i)
				path, body := "/import", simple(subject)
				if w%2 == 1 {
					path, body = "/explorer/filter", []byte(`{"kql":"EmailEvents"}`)
				}
				res, err := c.ask(context.WithoutCancel(t.Context()), http.MethodPost, path, body)
				if err != nil {
					return // refused or cut: the port is closed
				}
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				switch {
				case res.StatusCode == http.StatusOK && err == nil:
					answers.Add(1)
					if path == "/import" {
						accepted.Store(subject, true)
						letters.Add(1)
					}
				case res.StatusCode != http.StatusServiceUnavailable:
					t.Errorf("%s: %s", path, res.Status)
				}
			}
		})
	}
	for late := time.After(time.Minute); letters.Load() < 15 || answers.Load() < 40; {
		select {
		case <-late:
			t.Fatal("nothing is answered")
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := s.halt(); err != nil {
		t.Error(err)
	}
	close(stop)
	wg.Wait()

	again := open(t, func(c *app.Config, _ *app.Options) { c.Data = s.dir })
	if err := again.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	m := &month{site: again, reader: again.as(t, auth.SecurityReader)}
	for _, r := range m.rows(t, 1000, quietly) {
		found[r.Subject]++
	}
	accepted.Range(func(subject, _ any) bool {
		if found[subject.(string)] != 1 {
			t.Errorf("%s was accepted and is there %d times", subject, found[subject.(string)])
		}
		return true
	})
}

// TestSessionsOutliveARestart, and grants and the local token do not.
func TestSessionsOutliveARestart(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, simple("one"), "bob@harbour.test")
	s.operator(t, "ada@harbour.test", auth.SecurityReader, auth.Preview)
	ada, local := s.nobody().signIn(t, "ada@harbour.test"), s.localToken(t)
	grant := ok[api.Content](ada.post(t, "/emails/"+id+"/content", api.Reason{Reason: "ticket 1"})).Grant
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "local-token")); !os.IsNotExist(err) {
		t.Errorf("the local token is still in the folder: %v", err)
	}
	again := open(t, func(c *app.Config, _ *app.Options) { c.Data = s.dir })
	if again.link() != "" {
		t.Error("a set-up link although there is an operator")
	}
	ada.site = again
	ada.get(t, "/emails/"+id).want(http.StatusOK)
	ada.get(t, "/emails/"+id+"/preview/"+grant).problem(http.StatusNotFound)
	again.nobody().with("Authorization", "Bearer "+local).post(t, "/hunt", api.HuntAsk{Query: "EmailEvents"}).problem(http.StatusUnauthorized)
}

// TestOverTLS: the same server with a certificate, spoken to over HTTP/2 as browsers do.
func TestOverTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	roots := certificate(t, dir)
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.HTTP.Certificate, c.HTTP.Key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	s.client.Transport = transport
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") {
		t.Fatal(s.url)
	}
	s.operator(t, "ada@harbour.test", auth.SecurityOperator)
	in := s.nobody().post(t, "/session", api.SignIn{Email: "ada@harbour.test", Password: password}).want(http.StatusOK)
	if c := setCookie(t, in); !c.Secure || in.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("cookie %+v, %v", c, in.header)
	}
	ada := s.nobody().with("Cookie", cookie(t, in).String())
	res, err := ada.ask(t.Context(), http.MethodGet, "/explorer/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.ProtoMajor != 2 {
		t.Errorf("spoken over %s", res.Proto)
	}
	view := &stream{lines: bufio.NewScanner(res.Body), body: res.Body}
	s.take(t, simple("one"), "bob@harbour.test")
	view.arrived(t, 1)
	if _, rows, last := answer(t, ada.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | project Subject"})); len(rows) != 1 || last.Done == nil {
		t.Errorf("%v %+v", rows, last)
	}
	ada.get(t, "/explorer/export").want(http.StatusOK)
	if err := s.halt(); err != nil {
		t.Error(err)
	}
	for name := "ping"; name != ""; {
		name, _ = view.next(t)
	}
}

// certificate writes cert.pem and key.pem for 127.0.0.1, and returns who trusts them.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		var b bytes.Buffer
		if err := pem.Encode(&b, block); err != nil {
			t.Fatal(err)
		}
		if name == "cert.pem" {
			pool.AppendCertsFromPEM(b.Bytes())
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pool
}
