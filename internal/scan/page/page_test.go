package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// site answers as a phishing page does: a redirect by the server, one by a script, a form, a download, a request to the inside.
func site(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var inside atomic.Int64
	mux := http.NewServeMux()
	page := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, body)
		})
	}
	mux.Handle("/go", http.RedirectHandler("/hop", http.StatusFound))
	page("/hop", `<script>setTimeout(() => location.replace("/login"), 100)</script>`)
	page("/login", `<title>Mailbox</title><h1>Sign in to Northwind</h1><p style="display:none">unseen</p><form action="https://collect.example/p"><input name=u><input type=password name=p></form>`)
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="invoice.zip"`)
		_, _ = w.Write([]byte("PK"))
	})
	page("/probe", `<title>p</title><img src="http://inside.test/secret"><script>fetch("http://inside.test/secret")</script>`)
	mux.HandleFunc("/secret", func(http.ResponseWriter, *http.Request) { inside.Add(1) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(20 * time.Second):
		}
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for r.Context().Err() == nil {
			if _, err := fmt.Fprintf(w, "<p>%s</p>", strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv, &inside
}

// names resolves every name to loopback, and "inside.test" to an address that looks like one of the house.
type names struct{}

func (names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host == "inside.test" {
		return []netip.Addr{netip.MustParseAddr("127.0.0.2")}, nil
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func visitor(t *testing.T, c Config) *Visitor {
	t.Helper()
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("Chromium is not installed (Debian package chromium)")
	}
	c.Browser, c.Resolver, c.NoSandbox = bin, names{}, true
	c.Allow = func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.1") }
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// at is path of srv under a name.
func at(srv *httptest.Server, host, path string) string {
	return "http://" + host + srv.URL[strings.LastIndexByte(srv.URL, ':'):] + path
}

func TestVisitSeesWhereItLeadsAndWhatItAsks(t *testing.T) {
	srv, _ := site(t)
	s, err := visitor(t, Config{Settle: time.Second}).Visit(t.Context(), at(srv, "bait.test", "/go"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{at(srv, "bait.test", "/go"), at(srv, "bait.test", "/hop"), at(srv, "bait.test", "/login")}
	if d := cmp.Diff(want, s.Chain); d != "" {
		t.Error(d)
	}
	if s.Final != want[2] || s.Status != 200 || s.Title != "Mailbox" || s.Passwords != 1 || s.Fields != 2 || len(s.Actions) != 1 || s.Actions[0] != "https://collect.example/p" {
		s.Screenshot = nil
		t.Errorf("seen: %+v", s)
	}
	if !strings.Contains(s.Text, "Sign in to Northwind") || strings.Contains(s.Text, "unseen") {
		t.Errorf("text %q", s.Text)
	}
	if _, err := png.Decode(bytes.NewReader(s.Screenshot)); err != nil {
		t.Errorf("screenshot of %d octets: %v", len(s.Screenshot), err)
	}
}

func TestVisitReachesNothingInside(t *testing.T) {
	srv, inside := site(t)
	v := visitor(t, Config{Settle: time.Second})
	if s, err := v.Visit(t.Context(), at(srv, "bait.test", "/probe")); err != nil || s.Title != "p" {
		t.Errorf("title %q, %v", s.Title, err)
	}
	if _, err := v.Visit(t.Context(), at(srv, "inside.test", "/secret")); err == nil && inside.Load() > 0 {
		t.Error("a page inside was opened")
	}
	if inside.Load() > 0 {
		t.Errorf("%d requests reached the inside", inside.Load())
	}
}

func TestVisitIsBounded(t *testing.T) {
	srv, _ := site(t)
	began := time.Now()
	_, err := visitor(t, Config{Timeout: 4 * time.Second}).Visit(t.Context(), at(srv, "bait.test", "/slow"))
	if err == nil || time.Since(began) > 15*time.Second {
		t.Errorf("slow page: %v after %s", err, time.Since(began))
	}
	s, err := visitor(t, Config{Timeout: 10 * time.Second, Bytes: 1 << 20, Settle: 100 * time.Millisecond}).Visit(t.Context(), at(srv, "bait.test", "/endless"))
	t.Logf("endless page: %v, %d octets of text", err, len(s.Text))
	if len(s.Text) > maxText {
		t.Errorf("%d octets of text", len(s.Text))
	}
}

func TestVisitDoesNotDownload(t *testing.T) {
	srv, _ := site(t)
	s, err := visitor(t, Config{Settle: 500 * time.Millisecond}).Visit(t.Context(), at(srv, "bait.test", "/file"))
	if err != nil || s.Download != "invoice.zip" {
		t.Errorf("file %q, %v", s.Download, err)
	}
}

func TestWhatIsNotVisited(t *testing.T) {
	v, err := New(Config{NoSandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"file:///etc/passwd", "javascript:alert(1)", "chrome://version", "mailto:a@b.example", "/path", "http:", "data:text/html,x"} {
		if _, err := v.Visit(t.Context(), link); !errors.Is(err, ErrScheme) {
			t.Errorf("%s: %v", link, err)
		}
	}
	for addr, want := range map[string]bool{"8.8.8.8": true, "10.1.2.3": false, "127.0.0.1": false, "169.254.169.254": false, "::1": false, "fe80::1": false, "2606:4700::1": true,
		"::ffff:192.168.1.1": false, "100.64.0.1": false, "0.0.0.0": false, "64:ff9b::a00:1": false} {
		if got := Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s public: %v", addr, got)
		}
	}
}
