package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// public makes a server that browsers reach under another name, over TLS, through a proxy.
func public(c *app.Config, _ *app.Options) { c.HTTP.PublicURL = "https://tocsin.harbour.test/" }

// TestOtherSitesCannotAct: a page that an operator looks at meanwhile must not make their browser do anything here.
func TestOtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	s := open(t, public)
	s.operator(t, "ada@harbour.test", auth.GlobalAdministrator)
	ada := s.nobody().signIn(t, "ada@harbour.test")
	for _, c := range []struct {
		name, value string
		refused     bool
	}{
		{"Sec-Fetch-Site", "cross-site", true},
		{"Sec-Fetch-Site", "same-site", true}, // another program under the same domain
		{"Sec-Fetch-Site", "same-origin", false},
		{"Sec-Fetch-Site", "none", false},
		{"Origin", "https://evil.test", true},
		{"Origin", "null", true},
		{"Origin", "https://tocsin.harbour.test.evil.test", true},
		{"Origin", "http://tocsin.harbour.test", true},
		{"Origin", "https://tocsin.harbour.test", false},
		{"Origin", s.url, false},
		{"User-Agent", "curl", false}, // no browser: no cookies that it did not mean to send
	} {
		from := ada.with(c.name, c.value)
		for _, at := range []string{"POST /explorer/filter", "POST /hunt", "PUT /preferences", "POST /session", "POST /import", "DELETE /session"} {
			method, path, _ := strings.Cut(at, " ")
			if method == http.MethodDelete && !c.refused {
				continue
			}
			r := from.send(t, method, path, nil)
			if refused := r.status == http.StatusForbidden; refused != c.refused {
				t.Errorf("%s: %s with %s: %d %s", at, c.name, c.value, r.status, r.body)
			} else if refused {
				r.problem(http.StatusForbidden)
			}
		}
		if got := from.get(t, "/preferences").status; got != http.StatusOK { // a page elsewhere cannot read the answer
			t.Errorf("GET with %s %s: %d", c.name, c.value, got)
		}
	}
	if got := ada.get(t, "/preferences").status; got != http.StatusOK {
		t.Errorf("signed out from elsewhere: %d", got)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	for _, site := range []struct {
		name   string
		s      *site
		secure bool
	}{{"plain", open(t), false}, {"behind TLS", open(t, public), true}} {
		s := site.s
		s.operator(t, "ada@harbour.test", auth.SecurityReader)
		in := s.nobody().post(t, "/session", api.SignIn{Email: "ada@harbour.test", Password: password}).want(http.StatusOK)
		if c := setCookie(t, in); c.Secure != site.secure {
			t.Errorf("%s: cookie %+v", site.name, c)
		}
		ada := s.nobody().with("Cookie", cookie(t, in).String())
		for _, path := range []string{"/preferences", "/nothing", "/explorer/facet", "/emails/x/headers", "//", "//explorer?q=x", "//healthz", "//readyz", "//metrics", "//api/openapi.json", "//assets/none.js"} {
			h := ada.get(t, path).header
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "SAMEORIGIN",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s has %s %q", site.name, path, name, h.Get(name))
				}
			}
			if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src '") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("%s: %s has the policy %q", site.name, path, csp)
			}
			if (h.Get("Strict-Transport-Security") != "") != site.secure {
				t.Errorf("%s: %s has Strict-Transport-Security %q", site.name, path, h.Get("Strict-Transport-Security"))
			}
			if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
				t.Errorf("%s: %s has %v", site.name, path, h)
			}
			if cache := h.Get("Cache-Control"); strings.HasPrefix(path, "/") && !strings.Contains(cache, "no-store") && path != "//metrics" {
				t.Errorf("%s: %s may be kept: %q", site.name, path, cache)
			}
		}
	}
}

// TestInterfaceHasANonceOfItsOwn: the document names the nonce of its policy, and never the same twice.
func TestInterfaceHasANonceOfItsOwn(t *testing.T) {
	t.Parallel()
	s := open(t)
	seen := map[string]bool{}
	for _, path := range []string{"//", "//explorer", "//email/01890000-0000-7000-8000-000000000000", "//index.html", "//setup"} {
		r := s.nobody().get(t, path).want(http.StatusOK)
		policy := r.header.Get("Content-Security-Policy")
		m := regexp.MustCompile(`style-src 'self' 'nonce-([A-Za-z0-9_-]{22})'`).FindStringSubmatch(policy)
		if m == nil || !strings.HasPrefix(policy, "default-src 'self'; ") || !strings.Contains(policy, "object-src 'none'") || !strings.Contains(policy, "base-uri 'none'") || strings.Contains(policy, "script-src") {
			t.Fatalf("%s: %q", path, policy)
		}
		if seen[m[1]] {
			t.Errorf("%s: the nonce came before", path)
		}
		seen[m[1]] = true
		if !strings.Contains(string(r.body), `<meta name="csp-nonce" content="`+m[1]+`"`) || strings.Contains(string(r.body), "__CSP_NONCE__") {
			t.Errorf("%s: the document does not have its nonce: %.400s", path, r.body)
		}
		if kind := r.header.Get("Content-Type"); kind != "text/html; charset=utf-8" || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, r.header)
		}
	}
	if head := s.nobody().send(t, http.MethodHead, "//", nil).want(http.StatusOK); len(head.body) > 0 || !strings.Contains(head.header.Get("Content-Security-Policy"), "nonce-") {
		t.Errorf("HEAD: %v", head.header)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, path := range []string{"//healthz", "//readyz"} {
		if h := ok[api.Health](s.nobody().get(t, path)); h.Status != "ok" || h.Failed == nil || len(h.Failed) > 0 {
			t.Errorf("%s: %+v", path, h)
		}
	}
	if err := s.Events().Close(); err != nil {
		t.Fatal(err)
	}
	r := s.nobody().get(t, "//readyz").want(http.StatusServiceUnavailable)
	if h := decode[api.Health](r); h.Status != "not ready" || len(h.Failed) != 1 || h.Failed[0] != "the event store does not answer" {
		t.Errorf("without an event store: %s", r.body)
	}
	s.nobody().get(t, "//healthz").want(http.StatusOK)
	// What asks the store now is told that the server is on its way out, not that something broke.
	s.as(t, auth.SecurityReader).get(t, "/explorer/count").problem(http.StatusServiceUnavailable)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, simple("counted"), "bob@harbour.test")
	s.as(t, auth.SecurityReader).get(t, "/explorer/count").want(http.StatusOK)
	direct := s.nobody().get(t, "//metrics").want(http.StatusOK) // from this machine, without a proxy between
	for _, line := range []string{"tocsin_intake_accepted_total 1", "tocsin_messages_judged_total 1", "tocsin_messages_waiting 0", `tocsin_http_request_seconds_count{area="explorer",status="200"} 1`} {
		if !strings.Contains(string(direct.body), "\n"+line+"\n") {
			t.Errorf("no %q in the metrics", line)
		}
	}
	afar := func(c caller) caller { return c.with("X-Forwarded-For", "198.51.100.7") }
	if r := afar(s.nobody()).get(t, "//metrics"); r.header.Get("WWW-Authenticate") != "Bearer" || r.status != http.StatusUnauthorized {
		t.Errorf("from afar: %d %v", r.status, r.header)
	}
	afar(s.nobody()).get(t, "//metrics").problem(http.StatusUnauthorized)
	afar(s.as(t, auth.SecurityOperator)).get(t, "//metrics").problem(http.StatusForbidden)
	afar(s.as(t, auth.SecurityAdministrator)).get(t, "//metrics").want(http.StatusOK)
	s.nobody().with("Forwarded", "for=198.51.100.7").get(t, "//metrics").problem(http.StatusUnauthorized)
}

// TestPathsDoNotFillTheMetrics: whoever invents paths must not invent series.
func TestPathsDoNotFillTheMetrics(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, path := range []string{"/x1", "/x2/y", "//x3", "//api/v1/x4", "//../x5", "/session/x6"} {
		s.nobody().get(t, path)
	}
	body := string(s.nobody().get(t, "//metrics").body)
	for _, m := range regexp.MustCompile(`tocsin_http_request_seconds_count\{area="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		switch m[1] {
		case "unknown", "interface", "session":
		default:
			t.Errorf("area %q", m[1])
		}
	}
}
